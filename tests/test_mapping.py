"""Maps: every boundary that a grid shows is found, traced, and named; what is not found is said."""

import dataclasses
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from phase_diagrams.diagram import CONVERGED, LineKind, PhaseDiagram
from phase_diagrams.draw import HEAT, figure
from phase_diagrams.mapping import Grid, phase_map, read
from phase_diagrams.mapping.stored import map_of_sweep
from phase_diagrams.sweeping import sweep
from reference import reference
from replica.errors import ParameterError, UnknownNameError
from replica.solving import locate
from replica.theories import BlumeCapel, CurieWeiss, Hopfield, Mixtures, SherringtonKirkpatrick
from replica.theory import Theory
from replica.theory.boundaries import Kind

PLANES: dict[str, tuple[Theory, dict[str, Any]]] = {
    "hopfield": (
        Hopfield(alpha=0.1),
        {"alpha": np.linspace(0.004, 0.16, 40), "T": np.linspace(0.01, 1.45, 49)},
    ),
    "blume-capel": (BlumeCapel(T=0.5), {"T": np.linspace(0.1, 0.7, 31), "D": np.linspace(0, 0.6, 25)}),
    "curie-weiss": (CurieWeiss(T=0.5), {"T": np.linspace(0.1, 1.5, 29), "h": np.linspace(-0.6, 0.6, 25)}),
}


@cache
def plane(name: str) -> tuple[xr.Dataset, Grid]:
    theory, over = PLANES[name]
    data = sweep(theory, over, branch="all")
    return data, read(data, theory)


@cache
def mapped(name: str) -> PhaseDiagram:
    return phase_map(plane(name)[1])


KINDS = {
    "hopfield": {
        "first-order": LineKind.FIRST_ORDER,
        "glass": LineKind.CONTINUOUS,
        "spinodal": LineKind.SPINODAL,
        "stability": LineKind.STABILITY,
        "entropy of glass": LineKind.CURVE,
    },
    "blume-capel": {
        "end of paramagnet": LineKind.SPINODAL,
        "continuous": LineKind.CONTINUOUS,
        "first-order": LineKind.FIRST_ORDER,
        "spinodal": LineKind.SPINODAL,
    },
    "curie-weiss": {
        "first-order": LineKind.FIRST_ORDER,
        "end of up": LineKind.SPINODAL,
        "spinodal": LineKind.SPINODAL,
    },
}
REGIONS = {
    "hopfield": {"paramagnet", "glass", "glass with retrieval", "retrieval with glass"},
    "blume-capel": {
        *("ferromagnet", "paramagnet"),
        *("ferromagnet with paramagnet", "paramagnet with ferromagnet"),
    },
    "curie-weiss": {"up", "down", "up with down", "down with up"},
}


@pytest.mark.parametrize("name", PLANES)
def test_the_grid_and_the_lines_agree(name: str) -> None:
    diagram = mapped(name)
    assert {line.name: line.kind for line in diagram.lines} == KINDS[name]
    assert {region.name for region in diagram.regions} == REGIONS[name]
    for boundary, told in diagram.provenance["agreement"].items():
        assert told["explained"] == told["pairs"] > 1, boundary
        # a boundary passes between the two neighbours that it separates, so within half a step of the middle;
        # unless that is next to the tricritical point, where the grid does not tell the lines apart
        assert told["farthest in steps of the grid"] <= (0.7 if boundary == "continuous" else 0.5 + 1e-9)
    expected = (
        ["paramagnet: a state at h = 0 only, which has no area; not shown"] if name == "curie-weiss" else []
    )
    assert diagram.provenance["notes"] == expected


def test_lines_and_regions_go_on_to_the_tricritical_point_however_coarse_the_grid() -> None:
    diagram = mapped("blume-capel")
    place = [reference(f"blume_capel/tricritical/{name}").number for name in "TD"]
    for line in diagram.lines:
        assert Kind.TRICRITICAL in [point.kind for point in line.points]
        ends = [(line.x[0], line.y[0]), (line.x[-1], line.y[-1])]
        assert min(math.dist(end, place) for end in ends) < 1e-9, line.name
        assert set(line.status) == {CONVERGED}
    for region in diagram.regions:
        assert region.polygon is not None
        assert min(math.dist(corner, place) for corner in region.polygon) < 1e-9, region.name
    continuous, first = diagram.line("continuous"), diagram.line("first-order")
    assert min(continuous.x) == pytest.approx(place[0], abs=1e-9)
    assert max(first.x) == pytest.approx(place[0], abs=1e-9)


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("style", ["paper", "slides"])
def test_names_of_regions_stand_inside_the_frame_and_apart(name: str, style: str) -> None:
    made = figure(mapped(name), style=style)
    made.draw_without_rendering()
    frame = made.axes[0].bbox
    boxes = [
        text.get_window_extent()
        for text in made.axes[0].texts
        if text.get_text() in {region.label for region in mapped(name).regions}
    ]
    assert len(boxes) == len(mapped(name).regions)
    for i, box in enumerate(boxes):
        assert frame.x0 < box.x0 < box.x1 < frame.x1
        assert frame.y0 < box.y0 < box.y1 < frame.y1
        assert not box.count_overlaps(boxes[:i])


def test_where_replica_symmetry_is_broken_is_a_region_of_its_own() -> None:
    over = {"T": np.linspace(0.1, 1.3, 25), "h": np.linspace(0.02, 1.1, 19)}
    diagram = phase_map(
        read(sweep(SherringtonKirkpatrick, over, branch="all"), SherringtonKirkpatrick(T=0.5))
    )
    assert [line.kind for line in diagram.lines if line.name.startswith("log_rho")] == [LineKind.STABILITY]
    stable, broken = sorted((region.label, region.at[0]) for region in diagram.regions)
    assert (stable[0], broken[0]) == ("glass", "glass\nRS unstable")
    assert broken[1] < 0.7 < stable[1]
    assert all(region.polygon for region in diagram.regions)


def test_a_region_too_small_for_its_name_has_none() -> None:
    over = {"alpha": np.linspace(0.001, 0.16, 160), "T": np.linspace(0.01, 1.2, 120)}
    diagram = phase_map(read(sweep(Hopfield, over, branch="retrieval"), Hopfield(alpha=0.1)))
    small, *others = sorted(diagram.regions, key=lambda region: len(region.label))
    assert small.label == ""  # the corner in which replica symmetry is broken
    assert 0.12 < small.at[0] < 0.139
    assert small.at[1] < 0.03
    assert [region.label for region in others] == ["retrieval", "no retrieval"]


def test_axes_with_values_at_equal_ratios_are_logarithmic() -> None:
    over = {"alpha": np.geomspace(1e-3, 0.2, 16), "T": np.linspace(0.05, 1.2, 17)}
    diagram = phase_map(read(sweep(Hopfield, over, branch="all"), Hopfield(alpha=0.1)))
    assert [axis.scale for axis in diagram.axes] == ["log", "linear"]
    (region,) = (region for region in diagram.regions if region.name == "glass")
    assert 1e-3 < region.at[0] < 0.2


@pytest.mark.parametrize("name", PLANES)
def test_regions_have_the_area_that_the_grid_gives_them(name: str) -> None:
    diagram = mapped(name)
    (x0, x1), (y0, y1) = (axis.limits or (0, 1) for axis in diagram.axes)
    total = 0.0
    for region in diagram.regions:
        assert region.polygon is not None
        x, y = (np.array(values) for values in zip(*region.polygon, strict=True))
        total += abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        assert x0 <= region.at[0] <= x1
        assert y0 <= region.at[1] <= y1
    assert total == pytest.approx((x1 - x0) * (y1 - y0), rel=0.01)  # they cover the plane once


def test_lines_are_those_of_the_theory() -> None:
    diagram = mapped("hopfield")
    line = diagram.line("first-order")
    for i in range(0, len(line.x), 10):
        here = locate(Hopfield(alpha=line.x[i], T=0.0), "first-order", "T") if line.y[i] > 0.1 else None
        if here is not None and here.located:
            assert line.y[i] == pytest.approx(here.value, abs=1e-7)
    alpha, T = (np.array(part) for part in (diagram.line("glass").x, diagram.line("glass").y))
    np.testing.assert_allclose(T, 1 + np.sqrt(alpha), rtol=1e-9)  # exact (AGS 1985)
    line = mapped("blume-capel").line("continuous")
    T, D = np.array(line.x), np.array(line.y)
    inner = (D > 0.01) & (T > 0.12)
    np.testing.assert_allclose(np.exp(D / T)[inner], (2 * (1 - T) / T)[inner], rtol=1e-7)  # exact


def test_no_coordinate_of_a_line_is_one_of_the_grid() -> None:
    _, over = PLANES["hopfield"]
    for line in mapped("hopfield").lines:
        inside = [
            (x, y) for x, y in zip(line.x, line.y, strict=True) if 0.005 < x < 0.159 and 0.02 < y < 1.44
        ]
        assert len(inside) > 2
        assert not any(np.isin(x, over["alpha"]) and np.isin(y, over["T"]) for x, y in inside)


def test_what_cannot_be_found_is_said() -> None:
    _, grid = plane("blume-capel")
    state = grid.state.copy()
    state[0, 5:9, 3:7], state[1, 5:9, 3:7] = 0, 3  # a patch that no equation explains
    diagram = phase_map(dataclasses.replace(grid, state=state))
    notes = " ".join(diagram.provenance["notes"])
    assert "of " in notes
    assert "neighbours differ" in notes
    assert "has no outline" in notes
    patch = [region for region in diagram.regions if 0.18 < region.at[0] < 0.28 and region.at[1] < 0.17]
    assert [region.polygon for region in patch] == [None]
    told = diagram.provenance["agreement"]
    assert any(one["explained"] < one["pairs"] for one in told.values())


def test_one_branch_alone_has_a_map_too() -> None:
    theory, over = PLANES["blume-capel"]
    diagram = phase_map(read(sweep(theory, over, branch="ferromagnet"), theory))
    assert {region.name for region in diagram.regions} == {"ferromagnet", "no ferromagnet"}
    assert any(line.kind is LineKind.SPINODAL for line in diagram.lines)


def test_further_parameters_are_fixed() -> None:
    theory = Mixtures(n=3, T=0.1)
    data = sweep(theory, {"n": [1, 3], "T": np.linspace(0.05, 0.8, 16)}, branch="all")
    with pytest.raises(ParameterError, match="n is a whole number: fix it with -p n=VALUE"):
        read(data, theory)
    with pytest.raises(ParameterError, match="a map has two axes, and this sweep goes over T"):
        read(data, theory, {"n": 3})
    with pytest.raises(ParameterError, match="no point at n = 2; the nearest is"):
        read(data, theory, {"n": 2})
    with pytest.raises(UnknownNameError, match="unknown swept parameter 'm'"):
        read(data, theory, {"m": 2})


def test_an_unfinished_sweep_is_refused() -> None:
    data = plane("blume-capel")[0].copy(deep=True)
    data["status"][:, 3, 4] = -1
    with pytest.raises(ParameterError, match=r"not finished: 1 points are missing; .*--resume"):
        read(data, BlumeCapel(T=0.5))


def test_a_stored_sweep_is_mapped_as_one_in_memory(tmp_path: Path) -> None:
    theory, over = PLANES["blume-capel"]
    data = sweep(type(theory), over, branch="all", output=tmp_path / "run.nc")
    told = map_of_sweep(tmp_path / "run.nc", heat="m", branch="ferromagnet", provenance={"by": "me"})
    known = phase_map(read(data, theory), heat=data["m"].sel(branch="ferromagnet").values, label="")
    assert told.lines == known.lines
    assert told.regions == known.regions
    assert told.heat_map is not None
    assert known.heat_map is not None
    assert told.heat_map.label == "magnetisation $m$, ferromagnet"
    np.testing.assert_array_equal(told.heat_map.values, known.heat_map.values)
    assert told.provenance["by"] == "me"
    assert told.provenance["sweep"]["theory"] == "blume-capel"
    with pytest.raises(UnknownNameError, match="unknown variable of the sweep 'nothing'"):
        map_of_sweep(tmp_path / "run.nc", heat="nothing")
    with pytest.raises(UnknownNameError, match="unknown branch of the sweep 'nothing'"):
        map_of_sweep(tmp_path / "run.nc", heat="m", branch="nothing")
    data.close()


# --- heat maps -------------------------------------------------------------------------------------


def test_contours_stand_at_round_values_and_end_where_the_phase_changes() -> None:
    data, grid = plane("blume-capel")
    m = data["m"].where(data["state"] == 3).max("branch").values
    diagram = phase_map(grid, heat=m, label="$m$", contours=4, stable=True)
    heat = diagram.heat_map
    assert heat is not None
    assert heat.levels == (0.2, 0.4, 0.6, 0.8)
    assert np.shape(heat.values) == np.shape(heat.patches) == (25, 31)
    np.testing.assert_array_equal(heat.values, m.T)
    assert PhaseDiagram.from_json(diagram.to_json()) == diagram
    made = figure(diagram)
    ax, bar = made.axes
    assert bar.get_ylabel() == "$m$"
    assert ax.collections[0].get_cmap() is HEAT
    assert not ax.patches  # no fills: they would hide the colours
    contours = [one for one in ax.collections[1:] if len(one.get_paths())]
    assert contours
    T0, D1 = (
        0.1,
        0.5,
    )  # the first-order line at low temperature: m jumps from 1 to 0, and no contour follows it
    for one in contours:
        for path in one.get_paths():
            x, y = path.vertices.T
            assert not np.any((x < T0 + 0.05) & (np.abs(y - D1) < 0.02))


def test_large_grids_are_thinned_out() -> None:
    x, y = np.linspace(0.1, 0.7, 1201), np.linspace(0, 0.6, 25)
    data = sweep(BlumeCapel, {"T": x, "D": y}, branch="paramagnet")
    diagram = phase_map(read(data, BlumeCapel(T=0.5)), heat=data["free_energy"].values, label="f")
    assert diagram.heat_map is not None
    assert len(diagram.heat_map.x) == 301
    assert diagram.heat_map.x[1] == x[4]
    with pytest.raises(ParameterError, match="no finite value"):
        phase_map(read(data, BlumeCapel(T=0.5)), heat=np.full((1201, 25), math.nan), label="f")


def test_statuses_of_lines_are_kept() -> None:
    for name in PLANES:
        for line in mapped(name).lines:
            assert CONVERGED in line.status
            for x, status in zip(line.x, line.status, strict=True):
                assert math.isnan(x) == (status != CONVERGED)
