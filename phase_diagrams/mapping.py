"""From a sweep to a phase diagram: the grid says what there is, the engine says where it ends.

Neighbours on the grid that differ show which boundary passes between them. Every boundary is then located
and traced as everywhere else, from the states of the grid; no coordinate of a line is a coordinate of the
grid. What the grid shows and no line explains is reported.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import ndimage

from phase_diagrams.diagram import CONVERGED, Axis, HeatMap, Line, PhaseDiagram, Region
from phase_diagrams.lines import boundary_line
from replica.errors import LocateError, ParameterError, ReplicaError, UnknownNameError
from replica.solving import Located, locate
from replica.solving.derivatives import jacobian
from replica.theory import Boundary, Coexistence, Fold, Phase, Theory, Zero

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Grid", "phase_map", "read"]

NEAR = 1.0
"""A boundary explains what the grid shows if it passes so close, in steps of the grid."""

SUPPORT = 1.5
"""A part of a line is drawn where the grid shows it this close; elsewhere other states are stable there."""

SEEDS = 5
"""Places of the grid from which a boundary is looked for before it is given up."""

SMALLEST = 4
"""Points of the smallest patch that is called a region."""

FINEST = 400
"""Largest number of values of a heat map along an axis; of a finer grid every so many are taken."""

ABSENT, UNSTABLE, METASTABLE, STABLE = range(4)

Edge: TypeAlias = tuple[int, int, int]
"""Two neighbours on the grid: the axis along which they differ, and the indices of the first."""


@dataclass(frozen=True)
class Grid:
    """A plane of a sweep, in memory: what each branch is at each point.

    Attributes
    ----------
    theory : Theory
        With the parameters that do not vary.
    names : (str, str)
        The parameters of the two axes.
    values : (array, array)
        Their values, increasing.
    branches : tuple of str
    state : array of int, shape (n_branch, nx, ny)
        0 absent, 1 unstable, 2 metastable, 3 stable.
    negative : dict of str to array of bool, shape (n_branch, nx, ny)
        Where ``replicon`` and ``entropy`` are negative, as far as the theory defines them.
    order : array, shape (n_order, n_branch, nx, ny)
        Order parameters; NaN where there is no state.
    compared : bool
        Whether all branches were compared; otherwise the only one counts as stable where it exists.
    threads : tuple of (int, int)
        Rows or columns that hold a state which exists nowhere else: the axis, and the index along it.
    """

    theory: Theory
    names: tuple[str, str]
    values: tuple[Any, Any]
    branches: tuple[str, ...]
    state: Any
    negative: Mapping[str, Any]
    order: Any
    compared: bool
    threads: tuple[tuple[int, int], ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Points along the two axes."""
        return len(self.values[0]), len(self.values[1])

    def index(self, x: Any, y: Any) -> Any:
        """Coordinates in steps of the grid, shape (n, 2)."""
        pairs = zip((x, y), self.values, strict=True)
        return np.stack([np.interp(v, axis, np.arange(len(axis))) for v, axis in pairs], axis=-1)

    def place(self, index: Any) -> Any:
        """Coordinates from steps of the grid, shape (n, 2)."""
        index = np.asarray(index, dtype=float)
        pairs = zip(index.T, self.values, strict=True)
        return np.stack([np.interp(i, np.arange(len(axis)), axis) for i, axis in pairs], axis=-1)


def read(data: xr.Dataset, theory: Theory, at: Mapping[str, float] | None = None) -> Grid:
    """Take a plane out of a sweep.

    Parameters
    ----------
    data : xarray.Dataset
        As `phase_diagrams.sweep.open_sweep` gives it.
    theory : Theory
        With the parameters that do not vary; its values of those that do are ignored.
    at : mapping of str to float, optional
        Values of further swept parameters at which to look; they are values of the grid.

    Raises
    ------
    ParameterError
        If the sweep has not two parameters left, or one of them is a whole number.
    """
    grid = [str(name) for name in data["status"].dims if name != "branch"]
    for name, value in (at or {}).items():
        if name not in grid:
            what = "swept parameter"
            raise UnknownNameError(what, name, grid)
        near = float(data[name].sel({name: value}, method="nearest"))
        if not math.isclose(near, value, rel_tol=1e-9, abs_tol=1e-12):
            message = f"the sweep has no point at {name} = {value:g}; the nearest is {near:g}"
            raise ParameterError(message)
        data = data.sel({name: value}, method="nearest")
        theory = theory.at(**{name: data[name].values.item()})
    names = [name for name in grid if name not in (at or {})]
    if len(names) != 2:
        message = f"a map has two axes, and this sweep goes over {', '.join(names)}; " + (
            "fix the others with -p NAME=VALUE" if len(names) > 2 else "sweep over two parameters"
        )
        raise ParameterError(message)
    for name in names:
        if theory.parameters()[name].metadata["integer"]:
            message = f"a map needs continuous axes; {name} is a whole number: fix it with -p {name}=VALUE"
            raise ParameterError(message)
        data = data.sortby(name)
    compared = "branch" in data.dims
    if not compared:
        data = data.expand_dims(branch=[data.attrs["branches"]])
    data = data.transpose("branch", *names)
    status = data["status"].values
    if (status < 0).any():
        missing = int(np.count_nonzero((status < 0).any(axis=0)))
        message = f"the sweep is not finished: {missing} points are missing; go on with it with --resume"
        raise ParameterError(message)
    state = data["state"].values if compared else np.where(status == 0, STABLE, ABSENT)
    negative = {
        name: (data[f"{name}_negative"].values == 1)
        for name in ("replicon", "entropy")
        if f"{name}_negative" in data
    }
    axes = (data[names[0]].values, data[names[1]].values)
    order = np.stack([data[name].values for name in theory.order])
    branches = tuple(map(str, data["branch"].values))
    return Grid(theory, (names[0], names[1]), axes, branches, state.copy(), negative, order, compared)


def phase_map(
    grid: Grid,
    *,
    heat: Any = None,
    label: str = "",
    contours: int = 0,
    stable: bool = False,
    provenance: Mapping[str, Any] | None = None,
) -> PhaseDiagram:
    """Make a phase diagram from a plane of a sweep, with refined boundaries.

    Parameters
    ----------
    grid : Grid
    heat : array, shape (nx, ny), optional
        What to show as a heat map.
    label : str
        What the heat map shows, in words.
    contours : int
        Largest number of its contour lines, which stand at round values.
    stable : bool
        Whether it is that of the stable branch at each point; then its contours end where the branch changes.
    provenance : mapping, optional
        Where the sweep comes from.

    Returns
    -------
    PhaseDiagram
        ``provenance["agreement"]`` says for every boundary how many pairs of neighbours of the grid it
        explains; ``provenance["notes"]`` what is left unexplained, a sentence each.

    Examples
    --------
    >>> from phase_diagrams.sweep import sweep
    >>> from replica.theories import BlumeCapel
    >>> grid = {"T": np.linspace(0.15, 0.7, 23), "D": np.linspace(0, 0.6, 25)}
    >>> data = sweep(BlumeCapel, grid, branch="all")
    >>> diagram = phase_map(read(data, BlumeCapel(T=0.5)))
    >>> for line in diagram.lines:
    ...     print(line.name, line.kind.value)
    continuous continuous
    first-order first-order
    spinodal spinodal
    >>> diagram.provenance["notes"]
    []
    """
    notes: list[str] = []
    grid = _without_threads(grid, notes)
    found = []
    for one in _features(grid):
        if len(one.edges) > 1:
            found.append(one)
            continue
        x, y = grid.place([_middle(one.edges[0])])[0]
        where = f"{grid.names[0]} = {x:.4g}, {grid.names[1]} = {y:.4g}"
        notes.append(f"{one.name}: one pair of neighbours differs, near {where}; not traced")
    traced = [_refined(grid, one) for one in found]
    lines = [line for one in traced for line in one.lines]
    owners = {edge: one for one in traced for edge in one.explained}
    for refined in traced:
        notes += refined.notes(grid)
    regions = _regions(grid, owners, notes)
    heat_map = None if heat is None else _heat_map(grid, heat, label, contours, whole=stable)
    about = grid.theory.parameters()
    axes = [
        Axis(
            name,
            f"{about[name].metadata['text'].partition(',')[0]} ${about[name].metadata['symbol']}$",
            limits=(float(values[0]), float(values[-1])),
        )
        for name, values in zip(grid.names, grid.values, strict=True)
    ]
    return PhaseDiagram(
        f"{grid.theory.name}-map",
        "",
        (axes[0], axes[1]),
        lines,
        [],
        regions,
        {
            **(provenance or {}),
            "model": grid.theory.at(**dict.fromkeys(grid.names)).describe(),
            "agreement": {one.feature.name: one.agreement for one in traced},
            "notes": notes,
        },
        heat_map=heat_map,
    )


def _heat_map(grid: Grid, heat: Any, label: str, contours: int, *, whole: bool) -> HeatMap:
    """Every so many values, and contours at equal distances."""
    heat = np.where(np.isfinite(heat), heat, np.nan)
    steps = [-(-n // FINEST) for n in grid.shape]
    x, y = (values[::step] for values, step in zip(grid.values, steps, strict=True))
    if np.isnan(heat).all():
        message = f"there is nothing to show: {label} has no finite value on the grid"
        raise ParameterError(message)
    low, high = float(np.nanmin(heat)), float(np.nanmax(heat))
    levels = _round_levels(low, high, contours) if contours and high > low else []
    shown, phase = (part[:: steps[0], :: steps[1]].T for part in (heat, grid.state.argmax(axis=0)))
    patches = phase.tolist() if whole else ()
    return HeatMap(label, x.tolist(), y.tolist(), shown.tolist(), levels, patches)


def _round_levels(low: float, high: float, count: int) -> list[float]:
    """At most so many equidistant round numbers between two others."""
    least = (high - low) / (count + 1)
    decade = 10.0 ** math.floor(math.log10(least))
    step = next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= least)
    first = math.floor(low / step) + 1
    return [float(f"{i * step:.12g}") for i in range(first, first + count) if low < i * step < high]


# --- what the grid shows ---------------------------------------------------------------------------


@dataclass
class Feature:
    """A boundary that the grid shows: where it must pass, and where it may."""

    boundary: Boundary
    name: str
    label: str
    edges: list[Edge] = field(default_factory=list)
    hints: list[Edge] = field(default_factory=list)


def _without_threads(grid: Grid, notes: list[str]) -> Grid:
    """Leave out states that exist on a single row or column only, such as a paramagnet at zero field."""
    state, threads = grid.state.copy(), []
    for b, name in enumerate(grid.branches):
        patches, count = ndimage.label(state[b] >= METASTABLE)
        for place in ndimage.find_objects(patches, count):
            sizes = [part.stop - part.start for part in place]
            if 1 in sizes and max(sizes) > 1:
                axis = sizes.index(1)
                at = place[axis].start
                where = f"{grid.names[axis]} = {grid.values[axis][at]:g}"
                notes.append(f"{name}: a state at {where} only, which has no area; not shown")
                state[b][place] = ABSENT
                threads.append((axis, at))
    if grid.compared:
        orphaned = (state < STABLE).all(axis=0) & (state == METASTABLE).any(axis=0)
        first = np.argmax(state == METASTABLE, axis=0)
        for b in range(len(state)):
            state[b][orphaned & (first == b)] = STABLE
    return dataclasses.replace(grid, state=state, threads=tuple(threads))


def _features(grid: Grid) -> Iterator[Feature]:
    """The boundaries between neighbours that differ, each with the pairs of neighbours that show it."""
    found: dict[tuple[Any, ...], Feature] = {}

    def add(boundary: Boundary, edges: Any, axis: int, *, hint: bool = False) -> None:
        name, boundary = _declared(grid, boundary)
        edges = edges & ~aside[axis]
        one = found.setdefault((name,), Feature(boundary, name, _label(grid, boundary)))
        (one.hints if hint else one.edges).extend((axis, int(i), int(j)) for i, j in np.argwhere(edges))

    theory = grid.theory
    present = grid.state >= METASTABLE
    thread = np.zeros(grid.shape, dtype=bool)  # nothing that separates a region from a thread is traced
    for axis, at in grid.threads:
        thread[(slice(None),) * axis + (at,)] = ~present[:, *((slice(None),) * axis + (at,))].any(axis=0)
    aside = [one | two for one, two in (_pairs(thread, axis) for axis in (0, 1))]
    for axis in (0, 1):
        one, two = _pairs(grid.state, axis)
        for a, first in enumerate(grid.branches):
            for b, second in enumerate(grid.branches):
                if a == b:
                    continue
                swap = (one[a] == STABLE) & (two[b] == STABLE)
                back = (two[a] == STABLE) & (one[b] == STABLE)
                # the trivial state gives way to the one that grows out of it
                grown = _explicit(theory, second) & (
                    (swap & (one[b] < METASTABLE)) | (back & (two[b] < METASTABLE))
                )
                if not _explicit(theory, first):
                    add(Zero(Phase(second), "stability"), grown, axis)
                if a < b:
                    other = _explicit(theory, first) & (
                        (swap & (two[a] < METASTABLE)) | (back & (one[a] < METASTABLE))
                    )
                    add(Coexistence(Phase(first), Phase(second)), (swap | back) & ~grown & ~other, axis)
        for b, name in enumerate(grid.branches):
            here, there = _pairs(present[b], axis)
            changes = here != there
            lost = changes & ((one[b] == ABSENT) | (two[b] == ABSENT))
            if not _explicit(theory, name):
                taken = _between_phases(one, two, b)
                add(Fold(name), lost & ~taken, axis)
                add(Fold(name), lost & taken, axis, hint=True)
            weak = changes & ((one[b] == UNSTABLE) | (two[b] == UNSTABLE)) & ~_between_phases(one, two, b)
            add(Zero(Phase(name), "stability"), weak, axis)
            for quantity, negative in grid.negative.items():
                minus, plus = _pairs(negative[b], axis)
                test = "log_rho" if quantity == "replicon" and hasattr(theory, "log_rho") else quantity
                kind = "stability" if quantity == "replicon" else "curve"
                add(Zero(Phase(name), test, kind), here & there & (minus != plus), axis)
    yield from (one for one in found.values() if one.edges)


def _pairs(values: Any, axis: int) -> tuple[Any, Any]:
    """Neighbours along one of the two axes of the grid, which are the last ones."""
    return (values[..., :-1, :], values[..., 1:, :]) if axis == 0 else (values[..., :-1], values[..., 1:])


def _explicit(theory: Theory, branch: str) -> bool:
    return theory.branch(branch).explicit


def _between_phases(one: Any, two: Any, b: int) -> Any:
    """Where a branch is the phase on one side of a pair, and another branch on the other side."""
    both = (one == STABLE).any(axis=0) & (two == STABLE).any(axis=0)
    return both & ((one[b] == STABLE) != (two[b] == STABLE))


def _declared(grid: Grid, boundary: Boundary) -> tuple[str, Boundary]:
    """The boundary as the theory declares it, with its name there; or a name of our own."""
    for name, line in grid.theory.lines.items():
        if _key(line) == _key(boundary):
            return name, line
    if isinstance(boundary, Fold):
        return f"end of {boundary.branch}", boundary
    if isinstance(boundary, Coexistence):
        return f"{boundary.first.branch} = {boundary.second.branch}", boundary
    return f"{boundary.test} of {boundary.phase.branch}", boundary


def _key(boundary: Boundary) -> Any:
    if isinstance(boundary, Fold):
        return boundary
    if isinstance(boundary, Coexistence):
        return frozenset((boundary.first, boundary.second))
    return boundary.phase, boundary.test


def _label(grid: Grid, boundary: Boundary) -> str:
    """What the legend says."""
    if isinstance(boundary, Fold):
        return f"spinodal of {boundary.branch}"
    if isinstance(boundary, Coexistence):
        return f"first order, {boundary.first.branch}/{boundary.second.branch}"
    branch = boundary.phase.branch
    words = {
        "stability": f"continuous, from {branch}",
        "entropy": f"entropy of {branch} = 0",
        "replicon": f"replicon of {branch} = 0",
        "log_rho": f"replicon of {branch} = 0",
    }
    return words.get(boundary.test, f"{boundary.test} of {branch} = 0")


# --- where it is -----------------------------------------------------------------------------------


@dataclass
class Traced:
    """A boundary of the grid, refined."""

    feature: Feature
    curves: list[Any]
    """Paths in steps of the grid, shape (n, 2)."""
    lines: list[Line]
    distances: Any
    reason: str = ""

    @property
    def agreement(self) -> dict[str, Any]:
        """How well the line explains the grid."""
        near = self.distances <= NEAR
        worst = float(np.max(self.distances)) if np.isfinite(self.distances).all() else None
        return {"pairs": len(near), "explained": int(near.sum()), "farthest in steps of the grid": worst}

    @property
    def explained(self) -> list[Edge]:
        """The pairs of neighbours between which the line passes."""
        return [edge for edge, away in zip(self.feature.edges, self.distances, strict=True) if away <= NEAR]

    def notes(self, grid: Grid) -> list[str]:
        """What the line does not explain, in a sentence."""
        far = np.flatnonzero(self.distances > NEAR)
        if not far.size:
            return []
        x, y = grid.place([_middle(self.feature.edges[far[np.argmax(self.distances[far])]])])[0]
        what = f"{self.feature.name}: {far.size} of {len(self.distances)} pairs of neighbours differ"
        near = f"near {grid.names[0]} = {x:.4g}, {grid.names[1]} = {y:.4g}"
        if not self.lines:
            return [f"{what}, and no line was found ({self.reason}); {near}"]
        return [f"{what} where no refined line passes between them, {near}"]


def _middle(edge: Edge) -> tuple[float, float]:
    axis, i, j = edge
    return (i + 0.5, float(j)) if axis == 0 else (float(i), j + 0.5)


def _refined(grid: Grid, feature: Feature) -> Traced:
    """Trace a boundary from the states of the grid, until every place that shows it is explained."""
    middles = np.array([_middle(edge) for edge in feature.edges])
    support = np.array([_middle(edge) for edge in (*feature.edges, *feature.hints)])
    distances = np.full(len(middles), np.inf)
    curves: list[Any] = []
    lines: list[Line] = []
    tried = np.zeros(len(middles), dtype=bool)
    reason = "no place to start from"
    for _ in range(SEEDS):
        open_ = np.flatnonzero((distances > NEAR) & ~tried)
        if not open_.size:
            break
        # the middle one of those that are left: far from the ends of the line
        seed = open_[np.argsort(middles[open_] @ [1.0, 1e-6])[open_.size // 2]]
        tried[seed] = True
        try:
            start = _start(grid, feature.boundary, feature.edges[seed])
            box = [(float(values[0]), float(values[-1])) for values in grid.values]
            line = boundary_line(
                grid.theory, feature.boundary, *grid.names, xlim=box[0], ylim=box[1], start=start
            )
        except ReplicaError as error:
            reason = str(error)
            continue
        name = feature.name if not lines else f"{feature.name} {len(lines) + 1}"
        line = dataclasses.replace(line, name=name, label=feature.label)
        line = _supported(grid, line, support)
        pieces = _pieces(grid, line)
        away = np.min([_distances(middles, piece) for piece in pieces], axis=0) if pieces else distances
        if not np.any(away[open_] <= NEAR):
            reason = "what was traced from there passes elsewhere"
            continue
        distances = np.minimum(distances, away)
        lines.append(line)
        curves += pieces
    return Traced(feature, curves, lines, distances, reason)


def _start(grid: Grid, boundary: Boundary, edge: Edge) -> Located:
    """Locate a boundary between two neighbours of the grid."""
    axis, i, j = edge
    ends = ((i, j), (i + 1, j) if axis == 0 else (i, j + 1))
    along, across = grid.names[axis], grid.names[1 - axis]
    here = grid.theory.at(**{across: float(grid.values[1 - axis][ends[0][1 - axis]])})
    low, high = (float(grid.values[axis][end[axis]]) for end in ends)
    guesses = _unknowns(grid, here, boundary, ends, along, (low, high))
    for z, value in itertools.product(guesses, (0.5 * (low + high), low, high)):
        if getattr(boundary, "test", "") == "log_rho" and value <= 0:
            continue
        point = locate(here, boundary, along, near=z, value=value)
        if point.located and low - (high - low) <= point.value <= high + (high - low):
            return dataclasses.replace(point, theory=point.theory.at(**{along: point.value}))
    problem = "it was not located there"
    raise LocateError(problem)


def _unknowns(
    grid: Grid,
    theory: Theory,
    boundary: Boundary,
    ends: Sequence[tuple[int, int]],
    along: str,
    values: tuple[float, float],
) -> list[Any]:
    """Unknowns of the augmented system to start from, from the states at the two neighbours; best first."""

    def state(branch: str) -> tuple[Any, float]:
        b = grid.branches.index(branch)
        order = sorted(zip(ends, values, strict=True), key=lambda pair: -grid.state[(b, *pair[0])])
        end, value = order[0]
        return grid.order[(slice(None), b, *end)], value

    if isinstance(boundary, Fold):
        x, value = state(boundary.branch)
        matrix = np.eye(len(x)) - np.asarray(jacobian(theory.at(**{along: value}), x))
        if not np.all(np.isfinite(matrix)):
            message = "the state of the grid is singular there"
            raise LocateError(message)
        return [np.concatenate([x, direction]) for direction in np.linalg.svd(matrix)[2][::-1]]
    phases = (boundary.first, boundary.second) if isinstance(boundary, Coexistence) else (boundary.phase,)
    parts = [state(phase.branch)[0] for phase in phases if not _explicit(theory, phase.branch)]
    return [np.concatenate([*parts, np.zeros(0)])]


def _supported(grid: Grid, line: Line, support: Any) -> Line:
    """Leave out the parts of a line that the grid does not show."""
    points = grid.index(line.x, line.y)
    missing = np.isnan(points).any(axis=1)
    away = np.full(len(points), np.inf)
    for i in map(int, np.flatnonzero(~missing)):
        away[i] = np.min(np.max(np.abs(support - points[i]), axis=1))
    # a point between two that are shown belongs to them: the steps along a line may exceed those of the grid
    near = away <= SUPPORT
    near |= np.append(near[1:], False) & np.append(False, near[:-1]) & ~missing
    x, y, status = [], [], []
    for i, keep in enumerate(near.tolist()):
        if keep:
            x.append(line.x[i])
            y.append(line.y[i])
            status.append(CONVERGED)
        elif status and status[-1] == CONVERGED:
            x.append(math.nan)
            y.append(math.nan)
            status.append(line.status[i] if missing[i] else "not seen on the grid")
    if status and status[-1] != CONVERGED:
        x, y, status = x[:-1], y[:-1], status[:-1]
    return dataclasses.replace(line, x=x, y=y, status=status)


def _pieces(grid: Grid, line: Line) -> list[Any]:
    """The connected parts of a line, in steps of the grid."""
    points = grid.index(line.x, line.y)
    runs = itertools.groupby(range(len(points)), key=lambda i: line.status[i] == CONVERGED)
    return [points[list(run)] for good, run in runs if good]


def _distances(points: Any, path: Any) -> Any:
    """Distance of points from a path, in steps of the grid along the worse axis."""
    return np.min(np.max(np.abs(_feet(points, path)[0] - points[:, None]), axis=2), axis=1)


def _feet(points: Any, path: Any) -> tuple[Any, Any]:
    """The nearest point of every segment of a path, shape (n, m, 2), and its place along the segment."""
    if len(path) == 1:
        return np.broadcast_to(path, (len(points), 1, 2)), np.zeros((len(points), 1))
    start, step = path[:-1], np.diff(path, axis=0)
    length = np.maximum(np.sum(step**2, axis=1), 1e-300)
    share = np.clip(np.einsum("nmk,mk->nm", points[:, None] - start, step) / length, 0, 1)
    return start + share[..., None] * step, share


# --- regions -----------------------------------------------------------------------------------------


def _regions(grid: Grid, owners: Mapping[Edge, Traced], notes: list[str]) -> list[Region]:
    """Connected patches of one phase with the same metastable states, in the outlines of refined lines."""
    weights = 4 ** np.arange(len(grid.branches))
    codes = np.tensordot(weights, np.where(grid.state >= METASTABLE, grid.state, 0), axes=1)
    patches: list[tuple[int, Any]] = []
    for code in np.unique(codes):
        labels, count = ndimage.label(codes == code)
        sizes = ndimage.sum_labels(np.ones_like(labels), labels, range(1, count + 1))
        places = ndimage.find_objects(labels, count)
        patches += [
            (int(size), labels == i + 1)
            for i, size in enumerate(np.atleast_1d(sizes))
            if size >= SMALLEST and min(part.stop - part.start for part in places[i]) > 1
        ]
    regions: list[Region] = []
    names: dict[str, int] = {}
    for _, inside in sorted(patches, key=lambda patch: -patch[0]):
        name, label = _titles(grid, inside)
        names[name] = names.get(name, 0) + 1
        # names are wider than they are high, so room to the left and right counts less
        scale = (0.6 / grid.shape[0], 1 / grid.shape[1])
        depth = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=scale)[1:-1, 1:-1]
        deepest = np.unravel_index(np.argmax(depth), depth.shape)
        at = tuple(float(v) for v in grid.place([deepest])[0])
        polygon = _outline(grid, inside, owners)
        shown = name if names[name] == 1 else f"{name} {names[name]}"
        if polygon is None:
            notes.append(f"region {shown}: a part of its boundary was not found, so it has no outline")
        regions.append(Region(shown, label, (at[0], at[1]), polygon))
    return regions


def _titles(grid: Grid, inside: Any) -> tuple[str, str]:
    """Name of a region, and what is written on it."""
    states = grid.state[:, inside].max(axis=1)
    phase = [name for name, state in zip(grid.branches, states, strict=True) if state == STABLE]
    others = [name for name, state in zip(grid.branches, states, strict=True) if state == METASTABLE]
    name = phase[0] if phase else ("no solution" if grid.compared else f"no {grid.branches[0]}")
    rows = [name]
    if others:
        rows.append(f"({', '.join(others)})")  # in brackets: metastable
    if phase and "replicon" in grid.negative:
        broken = grid.negative["replicon"][grid.branches.index(phase[0])][inside]
        if broken.mean() > 0.95:
            rows.append("RS unstable")
    return " ".join([name, *(["with", *others] if others else [])]), "\n".join(rows)


def _outline(grid: Grid, inside: Any, owners: Mapping[Edge, Traced]) -> list[tuple[float, float]] | None:
    """The outline of a patch along refined lines and the sides of the grid; None if a line is missing."""
    loop = _loop(inside)
    walls = [_wall(grid, inside, owners, step) for step in loop]
    if all(wall == walls[0] for wall in walls):
        runs = [(walls[0], loop)]
    else:
        turn = next(i for i in range(len(walls)) if walls[i] != walls[i - 1])
        loop, walls = loop[turn:] + loop[:turn], walls[turn:] + walls[:turn]
        numbered = itertools.groupby(range(len(loop)), key=lambda i: walls[i])
        runs = [(wall, [loop[i] for i in items]) for wall, items in numbered]
    lost = sum(len(steps) for wall, steps in runs if wall is None)
    if lost > max(4, 0.05 * len(loop)):
        return None
    corners: list[Any] = []
    for wall, steps in runs:
        start, end = np.array(steps[0][0]), np.array(steps[-1][1])
        if wall is None:
            continue  # a corner where lines meet, smaller than the grid resolves: bridged
        if wall == "side":
            limits = np.array(grid.shape) - 1
            corners += [
                np.clip(np.array(corner), 0, limits) for corner in (steps[0][0], *(s[1] for s in steps))
            ]
        elif isinstance(wall, tuple):
            axis, at = wall
            ends = np.array([start, end])
            ends[:, axis] = at
            corners += list(ends)
        else:
            corners += list(_stretch(wall, start, end))
    if len(corners) < 3:
        return None
    places = [tuple(map(float, place)) for place in grid.place(np.array(corners))]
    path = [place for place, _ in itertools.groupby(places)]
    return [(x, y) for x, y in path] if len(path) >= 3 else None


def _loop(inside: Any) -> list[tuple[tuple[float, float], tuple[float, float], Edge | None]]:
    """The outer border of a patch: steps from corner to corner, and the pair that each separates."""
    steps: dict[tuple[float, float], list[Any]] = {}
    padded = np.pad(inside, 1)
    nx, ny = inside.shape
    for i, j in np.argwhere(inside):
        i, j = int(i), int(j)
        corners = [(i - 0.5, j - 0.5), (i + 0.5, j - 0.5), (i + 0.5, j + 0.5), (i - 0.5, j + 0.5)]
        sides: list[tuple[int, int, Edge | None]] = [
            (i, j - 1, (1, i, j - 1) if j else None),
            (i + 1, j, (0, i, j) if i + 1 < nx else None),
            (i, j + 1, (1, i, j) if j + 1 < ny else None),
            (i - 1, j, (0, i - 1, j) if i else None),
        ]
        for k, (a, b, edge) in enumerate(sides):
            if not padded[a + 1, b + 1]:
                steps.setdefault(corners[k], []).append((corners[k], corners[(k + 1) % 4], edge))
    loops = []
    while steps:
        corner = next(iter(steps))
        loop = []
        while corner in steps:
            step = steps[corner].pop()
            if not steps[corner]:
                del steps[corner]
            loop.append(step)
            corner = step[1]
        loops.append(loop)
    return max(loops, key=len)


def _wall(grid: Grid, inside: Any, owners: Mapping[Edge, Traced], step: Any) -> Any:
    """What separates a patch from its neighbour: a side of the grid, or a curve (its identity)."""
    edge = step[2]
    if edge is None:
        return "side"
    axis, *place = edge
    for thread in grid.threads:
        if thread[0] == axis and place[axis] in (thread[1], thread[1] - 1):
            return thread
    traced = owners.get(edge)
    if traced is None or not traced.curves:
        return None
    number = _nearest_curve(traced, np.array([_middle(edge)]))
    return _Curve(traced.feature.name, number, traced.curves[number])


@dataclass(frozen=True)
class _Curve:
    """One connected curve of a traced boundary."""

    name: str
    number: int
    path: Any = field(compare=False)


def _nearest_curve(traced: Traced, point: Any) -> int:
    return int(np.argmin([_distances(point, curve)[0] for curve in traced.curves]))


def _stretch(wall: _Curve, start: Any, end: Any) -> Any:
    """The part of a curve between the points nearest to two corners, in that direction."""
    path = wall.path
    if len(path) == 1:
        return path
    places = []
    for corner in (start, end):
        feet, share = _feet(corner[None], path)
        best = int(np.argmin(np.sum((feet[0] - corner) ** 2, axis=1)))
        places.append((best + float(share[0, best]), feet[0, best]))
    (a, first), (b, last) = places
    closed = np.allclose(path[0], path[-1]) and np.allclose(start, end)
    if closed:
        return path
    low, high = min(a, b), max(a, b)
    inner = path[int(np.floor(low)) + 1 : int(np.ceil(high))]
    return np.concatenate([first[None], inner if a <= b else inner[::-1], last[None]])
