"""A phase diagram as data: it checks itself, survives JSON unchanged, and names what is wrong."""

import copy
import dataclasses
import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phase_diagrams
from phase_diagrams.diagram import (
    FORMAT,
    Axis,
    DiagramError,
    HeatMap,
    Images,
    Inset,
    Line,
    LineKind,
    PhaseDiagram,
    Point,
    Region,
)
from replica.errors import ReplicaError, UnknownNameError

NAN = float("nan")
OK = "converged"
AXES = Axis("alpha", r"load $\alpha$", limits=(0, 0.2)), Axis("T", "temperature $T$")


def make(**changes: Any) -> PhaseDiagram:
    """A diagram that uses every part, with the given fields changed."""
    parts: dict[str, Any] = {
        "name": "hopfield",
        "title": "Hopfield model",
        "axes": AXES,
        "lines": [
            Line("T_g", LineKind.CONTINUOUS, [0.0, 0.1, 0.2], [1.0, 1.3, 1.4], [OK] * 3, "$T_g$"),
            Line("T_M", LineKind.SPINODAL, [0.0, 0.1], [1.0, NAN], [OK, "iteration limit reached"]),
        ],
        "points": [Point("alpha_c", r"$\alpha_c$", 0.138, 0)],
        "regions": [Region("SG", "spin glass", (0.15, 0.5), [(0, 0), (0.2, 0), (0.2, 1)])],
        "provenance": {"model": "Hopfield", "settings": {"n": 3, "tolerances": [1e-9]}, "date": "2024-05-17"},
        "insets": [Inset((0.5, 0.5, 0.4, 0.3), (0.13, 0.14), (0, 0.1))],
    }
    return PhaseDiagram(**(parts | changes))


def through_json(diagram: PhaseDiagram) -> PhaseDiagram:
    return PhaseDiagram.from_json(json.loads(json.dumps(diagram.to_json(), allow_nan=False)))


def test_round_trip_is_exact() -> None:
    diagram = make(beside=[make(name="second", beside=[make(name="third")])])
    again = through_json(diagram)
    assert again == diagram
    assert hash(again) == hash(diagram)
    assert again.to_json() == diagram.to_json()
    assert again.beside[0].beside[0].name == "third"


def test_numbers_survive_to_the_last_digit() -> None:
    values = [0.1 + 0.2, math.pi, 1e-300, -0.0]
    line = Line("f", LineKind.CURVE, values, values, [OK] * 4)
    assert through_json(make(lines=[line])).line("f").x == tuple(values)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda diagram: pickle.loads(pickle.dumps(diagram))])
def test_copies_are_equal_although_nan_is_not(clone: Callable[[PhaseDiagram], PhaseDiagram]) -> None:
    diagram = make()
    assert clone(diagram) == diagram


def test_nan_is_null_and_nothing_else_is() -> None:
    line = make().to_json()["lines"][1]
    assert line == {
        "name": "T_M",
        "kind": "spinodal",
        "x": [0.0, 0.1],
        "y": [1.0, None],
        "status": [OK, "iteration limit reached"],
        "label": "",
        "points": [],
    }
    assert math.isnan(through_json(make()).line("T_M").y[1])


def test_keys_of_the_format() -> None:
    data = make().to_json()
    assert data["format"] == 1 < FORMAT
    assert set(data) == {
        *("format", "name", "title", "axes", "lines", "points"),
        *("regions", "provenance", "insets", "beside"),
    }


HEAT = HeatMap("$m$", [0, 0.1, 0.2], [0, 1], [[1, 0.5, NAN], [0.9, 0.4, 0.1]], [0.5], [[0, 0, 1], [0, 1, 1]])


def test_a_heat_map_makes_it_format_2() -> None:
    diagram = make(heat_map=HEAT, beside=[make(name="second")])
    data = diagram.to_json()
    assert data["format"] == 2 < FORMAT
    assert data["beside"][0]["format"] == 1
    assert data["heat_map"]["values"] == [[1.0, 0.5, None], [0.9, 0.4, 0.1]]
    again = through_json(diagram)
    assert again == diagram
    assert hash(again) == hash(diagram)
    assert pickle.loads(pickle.dumps(diagram)) == diagram
    assert "heat_map" not in make().to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [0, 0.2, 0.1]}, "x: the numbers must increase"),
        ({"x": [0]}, "x: expected at least two numbers, got 1"),
        ({"y": [0, NAN]}, r"y\[1\]: expected a finite number"),
        ({"levels": [1, 0]}, "levels: the numbers must increase"),
        ({"values": [[1, 2, 3]]}, "values: expected 2 rows of 3 numbers"),
        ({"values": [[1, 2, 3], [1, 2]]}, "values: expected 2 rows of 3 numbers"),
        ({"values": [[1, 2, 3], [1, 2, "x"]]}, r"values\[1\]\[2\]: expected a finite number"),
        ({"patches": [[1, 2, 3]]}, "patches: expected 2 rows of 3 numbers"),
        ({"label": 3}, "label: expected text"),
    ],
)
def test_heat_maps_check_themselves(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DiagramError, match=message):
        dataclasses.replace(HEAT, **change)
    data = make(heat_map=HEAT).to_json()
    data["heat_map"] |= {key: json.loads(json.dumps(value)) for key, value in change.items()}
    with pytest.raises(DiagramError, match=rf"heat_map\.{message}"):
        PhaseDiagram.from_json(data)


def test_a_heat_map_is_one() -> None:
    with pytest.raises(DiagramError, match="heat_map: expected HeatMap"):
        make(heat_map=3)


def test_line_kinds() -> None:
    assert [kind.value for kind in LineKind] == [
        "continuous",
        "first-order",
        "spinodal",
        "stability",
        "curve",
        "measured",
        "stable",
        "unstable",
    ]


def test_arrays_become_tuples() -> None:
    line = Line("f", LineKind.CURVE, np.arange(2.0), np.ones(2, int), [OK, OK])  # type: ignore[arg-type]
    assert (line.x, line.y) == ((0.0, 1.0), (1.0, 1.0))
    assert {type(value) for value in (*line.x, *line.y)} == {float}


def test_numpy_numbers_in_the_provenance() -> None:
    provenance = make(provenance={"n": np.int64(3), "t": np.float64(0.5), "s": (1, None, True)}).provenance
    assert json.dumps(provenance) == '{"n": 3, "t": 0.5, "s": [1, null, true]}'


def test_parts_are_frozen() -> None:
    diagram = make()
    parts = diagram, *diagram.axes, *diagram.lines, *diagram.points, *diagram.regions, *diagram.insets
    for part in parts:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, dataclasses.fields(part)[0].name, "other")  # type: ignore[arg-type]


def test_parts_by_name() -> None:
    diagram = make()
    assert diagram.line("T_M") is diagram.lines[1]
    assert diagram.point("alpha_c") is diagram.points[0]
    assert diagram.region("SG") is diagram.regions[0]


@pytest.mark.parametrize("what", ["line", "point", "region"])
def test_unknown_names_list_the_known_ones(what: str) -> None:
    known = {"line": "T_g, T_M", "point": "alpha_c", "region": "SG"}[what]
    with pytest.raises(UnknownNameError, match=f"unknown {what} 'nothing'.*{known}"):
        getattr(make(), what)("nothing")


CONSTRUCTIONS: list[tuple[Callable[[], object], str]] = [
    (lambda: Axis("", "x"), "name: expected text, got ''"),
    (lambda: Axis("x", "x", "cubic"), "scale: expected 'linear' or 'log', got 'cubic'"),  # type: ignore[arg-type]
    (lambda: Axis("x", "x", limits=(1, 1)), "limits: expected two different numbers, got 1.0 twice"),
    (
        lambda: Axis("x", "x", "log", (0, 1)),
        "limits: a logarithmic axis needs positive limits, got (0.0, 1.0)",
    ),
    (lambda: Line("a", LineKind.CURVE, [1], [1, 2], [OK]), "y: line 'a' has 2 of these and 1 of x; "),
    (lambda: Line("a", LineKind.CURVE, [1], [1], []), "status: line 'a' has 0 of these and 1 of x; "),
    (lambda: Line("a", LineKind.CURVE, [1], [1], "c"), "status: expected a list, got 'c'"),
    (lambda: Line("a", LineKind.CURVE, [1], [math.inf], [OK]), "y[0]: expected a finite number, got inf"),
    (
        lambda: Line("a", LineKind.CURVE, [1], [NAN], [OK]),
        "status[0]: 'converged' contradicts the point (1.0, nan)",
    ),
    (
        lambda: Line("a", LineKind.CURVE, [1], [1], ["lost"]),
        "status[0]: 'lost' contradicts the point (1.0, 1.0)",
    ),
    (lambda: Line("a", LineKind.CURVE, [True], [1], [OK]), "x[0]: expected a finite number, got True"),
    (lambda: Point("a", "a", NAN, 0), "x: expected a finite number, got nan"),
    (lambda: Point("a", "a", 10**400, 0), "x: expected a finite number, got 1000"),
    (lambda: Region("a", "a", (0, 0), [(0, 0), (1, 1)]), "polygon: expected at least three corners, got 2"),
    (lambda: Region("a", "a", (0, 0, 0)), "at: expected two numbers, got (0, 0, 0)"),  # type: ignore[arg-type]
    (lambda: Inset((0, 0, 0, 1), (0, 1), (0, 1)), "bounds: expected (x0, y0, width > 0, height > 0), got "),
    (lambda: make(axes=AXES[:1]), "axes: expected a horizontal and a vertical axis, got 1"),
    (lambda: make(lines=["T_g"]), "lines[0]: expected Line, got 'T_g'"),
    (lambda: make(points=[Point("a", "", 0, 0)] * 2), "points[1].name: 'a' stands twice; names must differ"),
    (
        lambda: make(provenance={"settings": {"step": math.inf}}),
        "provenance.settings.step: expected a finite",
    ),
    (
        lambda: make(provenance={"model": object()}),
        "provenance.model: expected text, a number, a list or an object",
    ),
    (lambda: make(provenance={1: "one"}), "provenance: keys must be text, got 1"),
    (
        lambda: make(axes=(Axis("alpha", "", "log"), AXES[1])),
        "regions[0].polygon[0]: 0.0 cannot stand on the logarithmic axis 'alpha'",
    ),
    (
        lambda: make(axes=(AXES[0], Axis("T", "", "log"))),
        "points[0]: 0.0 cannot stand on the logarithmic axis 'T'",
    ),
]


@pytest.mark.parametrize(
    ("construct", "message"), CONSTRUCTIONS, ids=[message for _, message in CONSTRUCTIONS]
)
def test_parts_check_themselves(construct: Callable[[], object], message: str) -> None:
    with pytest.raises(DiagramError) as caught:
        construct()
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, ReplicaError)
    assert isinstance(caught.value, ValueError)


def _delete(*path: str | int) -> Callable[[Any], None]:
    def damage(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return damage


def _put(value: object, *path: str | int) -> Callable[[Any], None]:
    def damage(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return damage


DAMAGE: list[tuple[Callable[[Any], None], str]] = [
    (_delete("format"), "format: missing"),
    (_put(True, "format"), "the diagram is written in format True; this version reads formats up to 7; "),
    (_put("1", "format"), "the diagram is written in format '1'; this version reads formats up to 7; "),
    (_delete("title"), "title: missing"),
    (_put(3, "title"), "title: expected text, got 3"),
    (_put(1, "colour"), "colour: unknown key; known: axes, beside, heat_map, images, insets, lines, name, "),
    (_put({}, "lines"), "lines: expected a list, got {}"),
    (_put("T_g", "lines", 1), "lines[1]: expected an object, got 'T_g'"),
    (_delete("lines", 1, "y"), "lines[1].y: missing"),
    (_put(1.0, "lines", 1, "y"), "lines[1].y: expected a list, got 1.0"),
    (_put([1.0], "lines", 1, "y"), "lines[1].y: line 'T_M' has 1 of these and 2 of x; lengths must be equal"),
    (_put("one", "lines", 1, "y", 0), "lines[1].y[0]: expected a finite number, got 'one'"),
    (_put(None, "lines", 0, "y", 2), "lines[0].status[2]: 'converged' contradicts the point (0.2, nan)"),
    (_put(0, "lines", 0, "status", 2), "lines[0].status[2]: expected text, got 0"),
    (
        _put("second-order", "lines", 0, "kind"),
        "lines[0].kind: unknown kind 'second-order'; known: continuous, ",
    ),
    (_put([], "lines", 0, "kind"), "lines[0].kind: unknown kind []; known: continuous, "),
    (_put("T_g", "lines", 1, "name"), "lines[1].name: 'T_g' stands twice; names must differ"),
    (_put("linear", "axes"), "axes: expected a list, got 'linear'"),
    (_delete("axes", 1), "axes: expected a horizontal and a vertical axis, got 1"),
    (_put([0, "one"], "axes", 0, "limits"), "axes[0].limits[1]: expected a finite number, got 'one'"),
    (_put(None, "points", 0, "x"), "points[0].x: expected a finite number, got None"),
    (_put([[0, 0], [1]], "regions", 0, "polygon"), "regions[0].polygon[1]: expected two numbers, got [1]"),
    (_put([], "provenance"), "provenance: expected an object, got []"),
    (_put([0, 1], "insets", 0, "bounds"), "insets[0].bounds: expected (x0, y0, width > 0, height > 0), got "),
    (_put([3], "beside"), "beside[0]: expected an object, got 3"),
    (_put(8, "beside", 0, "format"), "beside[0]: the diagram is written in format 8; "),
    (_delete("beside", 0, "lines", 0, "x"), "beside[0].lines[0].x: missing"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=[message for _, message in DAMAGE])
def test_damaged_content_is_named(damage: Callable[[Any], None], message: str) -> None:
    data = make(beside=[make(name="second")]).to_json()
    damage(data)
    with pytest.raises(DiagramError) as caught:
        PhaseDiagram.from_json(data)
    text = str(caught.value)
    assert text.startswith(message)
    assert "\n" not in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


@pytest.mark.parametrize("data", [None, 3, "diagram", [], [1, 2]])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(DiagramError, match="expected an object, got"):
        PhaseDiagram.from_json(data)


def test_images_make_it_format_4() -> None:
    diagram = make(lines=[], images=Images([[[0, 1], [2, 3]], [[4, 5], [6, -7]]], signed=True))
    data = json.loads(json.dumps(diagram.to_json()))
    assert data["format"] == 4 < FORMAT
    assert PhaseDiagram.from_json(data) == diagram
    assert data["images"]["tiles"][1] == [[4, 5], [6, -7]]


@pytest.mark.parametrize(
    ("tiles", "says"),
    [
        ([], "pictures of one size, at least one, got 0"),
        ([[[1, 2]], [[1]]], "got 2 of sizes"),
        ([[[1, NAN]]], r"tiles\[0\]\[0\]\[1\]: expected a finite number"),
        ([7], r"tiles\[0\]: expected a list"),
    ],
)
def test_images_of_no_use_are_refused(tiles: Any, says: str) -> None:
    with pytest.raises(DiagramError, match=says):
        Images(tiles)


def test_another_format_is_refused() -> None:
    with pytest.raises(DiagramError, match=r"written in format 8; this version reads formats up to 7; \w+"):
        PhaseDiagram.from_json(make().to_json() | {"format": 8})


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, phase_diagrams; phase_diagrams.PhaseDiagram, phase_diagrams.load_diagram; "
        "print([name for name in ('numpy', 'scipy', 'mpmath', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_public_names_load_on_demand() -> None:
    for name in phase_diagrams.__all__:
        assert getattr(phase_diagrams, name) is not None
    assert set(phase_diagrams.__all__) <= set(dir(phase_diagrams))
    assert phase_diagrams.PhaseDiagram is PhaseDiagram
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = phase_diagrams.nothing
