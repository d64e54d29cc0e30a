"""Automatic diagrams: lines, regions and corners of theories whose diagrams are known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from console import replica
from phase_diagrams.diagram import Line, LineKind, PhaseDiagram
from phase_diagrams.draw import figure
from phase_diagrams.mapping import searching
from phase_diagrams.mapping.arrangement import FRAME, arrange, faces, inside, interior
from phase_diagrams.mapping.automatic import automatic_diagram
from phase_diagrams.mapping.states import check_axes, states_at
from phase_diagrams.storage.diagrams import load_diagram
from replica.errors import ParameterError, UnknownNameError
from replica.solving import find, solve
from replica.solving.systems import System, separations
from replica.theories import (
    THEORIES,
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    SherringtonKirkpatrick,
    SparseCoding,
    SpectralRBM,
    Spiked,
    ThresholdedHopfield,
)
from replica.theory import Boundary, Fold, Theory

DATA = Path(__file__).parents[1] / "examples" / "data"

PLANES: dict[str, tuple[Theory, str, str, dict[str, Any]]] = {
    "blume-capel": (BlumeCapel(T=0.5), "T", "D", {}),
    "curie-weiss": (CurieWeiss(T=0.5), "T", "h", {"ylim": (-0.6, 0.6), "points": 16}),
    "sk": (SherringtonKirkpatrick(T=0.5), "J0", "T", {"points": 16, "step": 0.04}),
    "hopfield": (
        Hopfield(alpha=0.1),
        "alpha",
        "T",
        {"xlim": (0, 0.16), "ylim": (0, 1.54), "points": 16, "step": 0.04},
    ),
    "spectral-rbm": (
        SpectralRBM(w=1.0, law="rademacher"),
        "T",
        "w",
        {"xlim": (0, 2), "ylim": (0, 3), "points": 12, "step": 0.05},
    ),
    "compositional": (
        Compositional(alpha=0.5, theta=1.5, g=-0.25),
        "theta",
        "g",
        {"xlim": (0, 2.5), "ylim": (-0.4, 0), "points": 12, "step": 0.05},
    ),
    "thresholded-hopfield": (
        ThresholdedHopfield(alpha=0.1, theta=0.5),
        "alpha",
        "theta",
        {"xlim": (0, 0.2), "ylim": (-1, 1), "points": 12, "step": 0.05},
    ),
    "spiked": (Spiked(gamma=1.0), "gamma", "T", {"ylim": (0, 2), "points": 12, "step": 0.05}),
}


@cache
def made(name: str) -> PhaseDiagram:
    theory, x, y, settings = PLANES[name]
    return automatic_diagram(theory, x, y, **settings)


def points(line: Line) -> Any:
    """The points of a line that were found, shape (2, n)."""
    both = np.array([line.x, line.y])
    return both[:, np.isfinite(both).all(axis=0)]


def holding(diagram: PhaseDiagram, x: float, y: float) -> list[str]:
    """Names of the regions that hold a point."""
    place = np.array([[x, y]])
    return [one.name for one in diagram.regions if one.polygon and inside(np.array(one.polygon), place)[0]]


LINES = {
    "blume-capel": {
        "continuous": "continuous",
        "first-order": "first-order",
        "spinodal": "spinodal",
        "end of paramagnet": "spinodal",  # declared by nobody
    },
    "curie-weiss": {"first-order": "first-order", "spinodal": "spinodal", "end of up": "spinodal"},
    "sk": {
        "glass": "continuous",
        "ferromagnet": "continuous",
        "mixed": "continuous",
        "stability": "stability",
    },
    "hopfield": {
        "glass": "continuous",
        "spinodal": "spinodal",
        "first-order": "first-order",
        "stability": "stability",
    },
    "spectral-rbm": {
        "paramagnet-glass": "continuous",
        "paramagnet-ferromagnet": "continuous",
        "ferromagnet-glass": "continuous",
        "stability": "stability",
    },
    "compositional": {
        "compositional-glass": "first-order",
        "ferromagnet-glass": "first-order",
        "ferromagnet-compositional": "continuous",
    },
    "thresholded-hopfield": {"spinodal": "spinodal", "retrieval = glass": "first-order"},
    "spiked": {  # nothing jumps: neither a spinodal nor a first-order line
        "glass": "continuous",
        "condensation": "continuous",
        "condensation-in-glass": "continuous",
        "stability": "stability",
    },
}
REGIONS = {
    "blume-capel": [
        *("ferromagnet", "ferromagnet with paramagnet"),
        *("paramagnet", "paramagnet with ferromagnet"),
    ],
    "curie-weiss": ["down or up", "down with up", "up with down"],
    "sk": ["ferromagnet", "ferromagnet 2", "glass", "paramagnet"],  # the second one is the mixed phase
    "hopfield": ["glass", "glass with retrieval", "paramagnet", "retrieval with glass"],
    "spectral-rbm": ["ferromagnet", "ferromagnet 2", "glass", "paramagnet"],
    "compositional": ["glass", "retrieval", "retrieval, l = 0"],
    "thresholded-hopfield": ["glass", "glass with retrieval", "retrieval with glass"],
    "spiked": ["glass", "paramagnet", "retrieval", "retrieval 2"],
}


@pytest.mark.parametrize("name", PLANES)
def test_lines_and_regions_are_those_that_are_known_and_nothing_is_left(name: str) -> None:
    diagram = made(name)
    assert {line.name: line.kind.value for line in diagram.lines} == LINES[name]
    assert sorted(region.name for region in diagram.regions) == REGIONS[name]
    assert diagram.provenance["notes"] == []


@pytest.mark.parametrize("name", PLANES)
def test_regions_divide_the_plane(name: str) -> None:
    diagram = made(name)
    (a, b), (c, d) = (axis.limits or (0, 0) for axis in diagram.axes)
    area = 0.0
    for region in diagram.regions:
        x, y = np.array(region.polygon).T
        area += 0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    assert area == pytest.approx((b - a) * (d - c), rel=1e-4)
    rng = np.random.default_rng(7)
    for x, y in zip(rng.uniform(a, b, 60), rng.uniform(c, d, 60), strict=True):
        assert len(holding(diagram, x, y)) == 1, (x, y)


@pytest.mark.parametrize("name", ["blume-capel", "sk", "hopfield"])
def test_regions_are_what_the_theory_has_there(name: str) -> None:
    theory, x, y, _ = PLANES[name]
    diagram = made(name)
    (a, b), (c, d) = (axis.limits or (0, 0) for axis in diagram.axes)
    rng = np.random.default_rng(3)
    places = np.array([rng.uniform(a, b, 80), rng.uniform(c, d, 80)])
    seen = states_at(theory, {x: places[0], y: places[1]})
    kinds, number = seen.classes
    wrong = 0
    for i, (here, there) in enumerate(places.T):
        (region,) = (diagram.region(one) for one in holding(diagram, here, there))
        kind = kinds[number[i]]
        same = (region.name.split()[0], tuple(region.metastable)) == (kind.phase, kind.metastable)
        wrong += not (
            same and ("RS unstable" in region.label or not region.label) >= (kind.phase in kind.broken)
        )
    assert wrong <= 1  # next to a line, which is drawn by chords


def test_blume_capel_is_exact() -> None:
    """The paramagnet loses its stability on one curve, as a transition and then as a spinodal."""
    diagram = made("blume-capel")
    tricritical = (1 / 3, 2 / 3 * math.log(2))
    for name in ("continuous", "end of paramagnet"):
        T, D = points(diagram.line(name))
        assert np.abs(D - T * np.log(2 * (1 - T) / T)).max() < 1e-9
        assert (T.min() >= 1 / 3 - 1e-9) if name == "continuous" else (T.max() <= 1 / 3 + 1e-9)
    for line in diagram.lines:
        ends = points(line)[:, [0, -1]].T
        assert min(np.abs(end - tricritical).max() for end in ends) < 1e-9
    assert np.abs(points(diagram.line("first-order"))[:, 0] - (0, 0.5)).max() < 1e-12
    assert diagram.point("T_c").x == pytest.approx(2 / 3, abs=1e-12)


def test_curie_weiss_is_exact() -> None:
    diagram = made("curie-weiss")
    for name, sign in (("spinodal", 1), ("end of up", -1)):
        T, h = points(diagram.line(name))
        m = np.sqrt(1 - np.minimum(T, 1))
        assert np.abs(h - sign * (m - T * np.arctanh(m))).max() < 1e-9
    T, h = points(diagram.line("first-order"))
    assert np.abs(h).max() < 1e-12
    assert T.max() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "stored", "others"),
    [
        (
            "sk",
            "sk",
            {"glass": "glass", "ferromagnet": "ferromagnet", "mixed": "mixed", "stability": "stability"},
        ),
        (
            "hopfield",
            "hopfield",
            {"glass": "T_g", "spinodal": "T_M", "first-order": "T_c", "stability": "T_R"},
        ),
        ("spectral-rbm", "spectral-rbm", {name: name for name in LINES["spectral-rbm"]}),
        ("compositional", "compositional", {name: name for name in LINES["compositional"]}),
    ],
)
def test_lines_are_those_of_the_catalogue(name: str, stored: str, others: dict[str, str]) -> None:
    """Points of the published diagram, found once more on the automatic line: equal to 1e-9."""
    theory, x, y, _ = PLANES[name]
    published, diagram = load_diagram(DATA / f"{stored}.json"), made(name)
    spans = np.array([[abs(np.subtract(*axis.limits))] for axis in diagram.axes if axis.limits])
    for mine, theirs in others.items():
        here, there = points(diagram.line(mine)) / spans, points(published.line(theirs))
        for place in (there / spans).T:
            assert away(here, place) < 3e-3, (mine, place)
        if mine in ("stability", "ferromagnet-compositional", "compositional-glass"):
            continue  # in the logarithm of T; at one value of g; a minimum at every point
        for at in there.T[len(there.T) // 4 :: len(there.T) // 2]:
            around = (at[1] - 0.02 * spans[1, 0], at[1] + 0.02 * spans[1, 0])
            met = find(theory.at(**{x: float(at[0])}), theory.lines[mine], y, span=around)
            if mine != "glass" or name != "sk":
                assert min(abs(one.value - at[1]) for one in met if one.located) < 1e-9, (mine, at)
    for line in diagram.lines:
        known = [max(pair) for pair, a in zip(line.uncertainty, line.x, strict=True) if a > 1e-3]
        assert np.nanmax(known) < 1e-9, line.name


def away(path: Any, place: Any) -> float:
    """Distance of a place from a path, shape (2, n)."""
    a, b = path.T[:-1], path.T[1:]
    length = np.maximum(np.sum((b - a) ** 2, axis=1), 1e-300)
    share = np.clip(np.sum((place - a) * (b - a), axis=1) / length, 0, 1)
    return float(np.min(np.hypot(*(a + share[:, None] * (b - a) - place).T)))


def test_a_parameter_whose_best_value_is_a_line_may_be_an_axis() -> None:
    """The best threshold is no state of its own; along the threshold the capacity is a line as any other."""
    check_axes(SparseCoding(alpha=0.1, a=0.1), "g", "alpha")
    with pytest.raises(ParameterError, match="l is minimised over"):
        check_axes(Compositional(alpha=0.5, theta=1.0, g=-0.2), "l")


def test_parts_of_lines_that_separate_nothing_are_left_out() -> None:
    """T = 1 is a transition where J0 < 1 only, T = J0 where J0 > 1."""
    diagram = made("sk")
    assert points(diagram.line("glass"))[0].max() == pytest.approx(1, abs=1e-9)
    assert points(diagram.line("ferromagnet"))[0].min() == pytest.approx(1, abs=1e-9)
    assert diagram.provenance["lines"]["glass"] == "traced, where it separates states"


def test_broken_replica_symmetry_is_marked() -> None:
    labels = {region.name: region.label for region in made("sk").regions}
    assert "RS unstable" in labels["glass"]
    assert "RS unstable" in labels["ferromagnet 2"]
    assert "RS unstable" not in labels["ferromagnet"] + labels["paramagnet"]
    assert any(made("hopfield").line("first-order").broken)


@dataclass(frozen=True)
class Bare(BlumeCapel):
    """The same model, of which nobody declared a line."""

    name: ClassVar[str] = "bare"
    lines: ClassVar[dict[str, Boundary]] = {}
    critical: ClassVar[None] = None


def test_a_state_that_grows_out_of_a_glass_has_no_spinodal() -> None:
    # it meets its mirror image there, and glasses are known by no formula
    assert find(Spiked(gamma=1.0, T=0.1), "spinodal", "gamma", span=(1, 2)) == []
    system = System(Fold("retrieval"), theory := Spiked(gamma=2.0, T=0.1))
    retrieved, frozen = (solve(theory, name).x for name in ("retrieval", "glass"))
    image = separations(system, theory, np.append(retrieved, [1.0, 0.0]))[-1]
    np.testing.assert_array_equal(image, [2 * retrieved[0], 0.0])
    glassy = System(Fold("glass"), theory)  # its states are their own images, and may fold
    assert len(separations(glassy, theory, np.append(frozen, [0.0, 1.0]))) == 1


def test_a_theory_that_declares_no_line_has_the_same_diagram() -> None:
    diagram, known = automatic_diagram(Bare(T=0.5), "T", "D"), made("blume-capel")
    assert sorted(line.kind.value for line in diagram.lines) == sorted(
        line.kind.value for line in known.lines
    )
    assert {region.name for region in diagram.regions} == {region.name for region in known.regions}
    assert diagram.provenance["notes"] == []
    names = {line.name for line in diagram.lines}
    assert names == {
        "stability of paramagnet",
        "ferromagnet = paramagnet",
        "end of ferromagnet",
        "end of paramagnet",
    }
    T, D = points(diagram.line("ferromagnet = paramagnet"))
    first = find(BlumeCapel(T=float(T[20])), "first-order", "D")
    assert min(abs(one.value - D[20]) for one in first) < 1e-9


def test_what_is_not_explained_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "features", lambda _: iter(()))
    diagram = automatic_diagram(BlumeCapel(T=0.5), "T", "D", lines=["first-order", "spinodal"], points=12)
    notes = " ".join(diagram.provenance["notes"])
    assert "of the map are" in notes
    assert "near T = " in notes
    result = replica("diagram curie-weiss -x T=0.2:1.5 -y h=-0.4:0.4 -o cw.json")
    assert result.exit_code == 3
    assert "not explained" in result.stderr


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("theory", "x", "y", "settings", "sentence"),
    [
        (BlumeCapel(T=0.5), "T", "T", {}, "two different parameters"),
        (BlumeCapel(T=0.5), "T", "Q", {}, "unknown parameter of blume-capel 'Q'"),
        (BlumeCapel(T=0.5), "T", "D", {"xlim": (-1, 1)}, "T = -1 is not allowed"),
        (BlumeCapel(T=np.array([0.1, 0.2]), D=np.array([0.1, 0.2])), "T", "D", {"lines": ["foo"]}, "'foo'"),
        (Compositional(alpha=0.5, theta=1.0, g=-0.2), "theta", "l", {}, "l is minimised over"),
    ],
)
def test_planes_that_are_none(
    theory: Theory, x: str, y: str, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=sentence):
        automatic_diagram(theory, x, y, **settings)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("blume-capel", "is a theory: its diagram needs a plane, such as -x T -y D"),
        ("hopfield -x alpha", "add -y NAME"),
        ("hopfield -p T=0.1", "-p T belongs to the diagram of a theory"),
        ("hopfield -x alpha=0:1:5 -y T", "give alpha=FROM:TO"),
        ("hopfield -x alpha -y alpha", "two different parameters"),
        ("sk-at -x h -y T", "sk-at is a diagram, no theory"),
        ("compositional -x theta -y l -p alpha=0.5 -p g=-0.2", "l is minimised over"),
    ],
)
def test_command_lines_that_cannot_be_followed(line: str, sentence: str) -> None:
    result = replica(f"diagram {line}")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_names_coincide_and_the_plane_decides() -> None:
    """Of hopfield there is a published diagram, too; other names of lines and parameters are understood."""
    assert "hopfield" in THEORIES
    result = replica("diagram ags -x load=0.01:0.03 -y T=1:1.3 -o d.json")
    assert result.exit_code == 0, result.stderr
    diagram = load_diagram("d.json")
    assert [line.name for line in diagram.lines] == ["glass"]
    assert diagram.provenance["command"].startswith("replica diagram ags")


def test_metastable_states_are_hatched() -> None:
    fig = figure(made("hopfield"))
    hatches = [patch.get_hatch() for patch in fig.axes[0].patches if patch.get_hatch()]
    assert (
        len(set(hatches)) == len(hatches) == 2
    )  # retrieval in the glass, the glass where there is retrieval
    stored = PhaseDiagram.from_json(made("hopfield").to_json())
    assert stored == made("hopfield")
    assert made("hopfield").to_json()["format"] == 6


# --- plane geometry --------------------------------------------------------------------------------------


def areas(*curves: Sequence[tuple[float, float]]) -> list[float]:
    return sorted(face.area for face in faces(arrange([np.array(curve) for curve in curves]))[0])


def test_curves_divide_the_square() -> None:
    ring = [(0.2, 0.2), (0.3, 0.2), (0.3, 0.3), (0.2, 0.3), (0.2, 0.2)]
    assert areas() == [1.0]
    assert areas([(0, 0.25), (1, 0.25)]) == [0.25, 0.75]
    assert areas([(0, 0.5), (0.5, 0.5)]) == [1.0]  # it ends freely
    assert areas([(0, 0.5), (1, 0.5)], [(0.5, 0.5), (0.5, 1)]) == [0.25, 0.25, 0.5]  # a corner of three
    assert areas(ring) == pytest.approx([0.01, 0.99])  # a hole
    assert areas([(0, 0), (1, 0)], [(0, 1), (1, 1)]) == [1.0]  # along the frame
    assert areas([(0, 0.5), (1, 0.5)], [(0, 0.5), (1, 0.5)]) == [0.5, 0.5]  # twice the same


def test_sides_of_an_edge_are_the_faces_beside_it() -> None:
    plan = arrange([np.array([[0, 0.25], [1, 0.25]]), np.array([[0.2, 0.6], [0.4, 0.6]])])
    found, sides = faces(plan)
    (left, right), (free, also) = sides[plan.owner == 0][0], sides[plan.owner == 1][0]
    assert (found[left].area, found[right].area) == (0.75, 0.25)  # against the clock
    assert free == also == left
    assert (sides[plan.owner == FRAME][:, 1] == -1).all()


def test_places_inside_of_a_path() -> None:
    crescent = np.array([[0, 0], [1, 0], [1, 1], [0.9, 0.1], [0, 0.05]])
    places = interior(crescent, 4)
    assert len(places) == 4
    assert inside(crescent, places).all()


def test_a_batch_of_states_is_a_loop_over_them() -> None:
    theory = Hopfield(alpha=0.1)
    alpha, T = np.array([0.01, 0.05, 0.1, 0.15]), np.array([0.2, 0.4, 0.1, 1.35])
    together = states_at(theory, {"alpha": alpha, "T": T})
    kinds, number = together.classes
    assert [str(kinds[i]).partition(" (")[0] for i in number] == [
        *("retrieval with glass", "glass with retrieval", "glass with retrieval", "glass"),
    ]
    for i, at in enumerate(zip(alpha, T, strict=True)):
        alone = solve(Hopfield(*map(float, at)), kinds[number[i]].phase)
        assert alone.x == pytest.approx(together.order[:, together.state[:, i].argmax(), i], abs=1e-9)


def test_kinds_of_lines_are_drawn() -> None:
    assert {line.kind for line in made("blume-capel").lines} == {
        LineKind.CONTINUOUS,
        LineKind.FIRST_ORDER,
        LineKind.SPINODAL,
    }
