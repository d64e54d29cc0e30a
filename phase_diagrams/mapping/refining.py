"""Where a boundary is: located and traced from the states of the grid, and compared with what it shows."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Line
from phase_diagrams.mapping.features import Feature, is_explicit
from phase_diagrams.mapping.grid import Edge, Grid, middle
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import LocateError, ReplicaError
from replica.solving import Located, locate
from replica.solving.derivatives import jacobian
from replica.solving.locate import find
from replica.solving.minimise import minimise
from replica.solving.systems import System, distinct
from replica.theory import Boundary, Coexistence, Fold, Theory
from replica.typing import Array, Booleans

__all__ = ["Refined", "distances", "feet", "hand_over", "refined", "start_between"]

NEAR = 1.0
"""A boundary explains what the grid shows if it passes so close, in steps of the grid."""

SUPPORT = 1.5
"""A part of a line is drawn where the grid shows it this close; elsewhere other states are stable there."""

SAME = 1e-6
"""Places that are so close, in steps of the grid, are one."""

SEEDS = 5
"""Places of the grid from which a boundary is looked for before it is given up."""


@dataclass
class Refined:
    """A boundary of the grid, refined."""

    feature: Feature
    curves: list[Array]
    """Paths in steps of the grid, shape (n, 2)."""
    special: list[Array]
    """For every path the special points of its line, shape (n, 2)."""
    lines: list[Line]
    distances: Array
    reason: str = ""

    @property
    def changes_phase(self) -> bool:
        """Whether it is a transition, and was found."""
        return bool(self.lines) and self.feature.boundary.kind in ("first-order", "continuous")

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
        x, y = grid.place([middle(self.feature.edges[far[np.argmax(self.distances[far])]])])[0]
        what = f"{self.feature.name}: {far.size} of {len(self.distances)} pairs of neighbours differ"
        near = f"near {grid.names[0]} = {x:.4g}, {grid.names[1]} = {y:.4g}"
        if not self.lines:
            return [f"{what}, and no line was found ({self.reason}); {near}"]
        return [f"{what} where no refined line passes between them, {near}"]


def refined(
    grid: Grid, feature: Feature, shown: Sequence[Edge], known: Sequence[Array] | None = None
) -> Refined:
    """Trace a boundary from the states of the grid, until every place that shows it is explained.

    `shown` are the pairs of neighbours of all boundaries. `known` are curves that explain some already, in
    steps of the grid; who gives them decides himself which parts of the lines to leave out.
    """
    middles = np.array([middle(edge) for edge in feature.edges])
    support = np.array([middle(edge) for edge in (*feature.edges, *feature.hints)])
    anything = np.array([middle(edge) for edge in shown])
    apart = np.min([np.full(len(middles), np.inf), *(distances(middles, one) for one in known or ())], axis=0)
    curves: list[Any] = []
    special: list[Any] = []
    lines: list[Line] = []
    tried = np.zeros(len(middles), dtype=bool)
    reason = "no place to start from"
    for _ in range(SEEDS):
        open_ = np.flatnonzero((apart > NEAR) & ~tried)
        if not open_.size:
            break
        # the middle one of those that are left: far from the ends of the line
        seed = open_[np.argsort(middles[open_] @ [1.0, 1e-6])[open_.size // 2]]
        tried[seed] = True
        try:
            start = start_between(grid, feature.boundary, feature.edges[seed])
            xlim, ylim = grid.frame
            line = boundary_line(
                grid.theory, feature.boundary, *grid.names, xlim=xlim, ylim=ylim, start=start
            )
        except ReplicaError as error:
            reason = str(error)
            continue
        name = feature.name if not lines else f"{feature.name} {len(lines) + 1}"
        line = dataclasses.replace(line, name=name, label=feature.label)
        if known is None:
            line = _supported(grid, line, support, anything)
        pieces = _pieces(grid, line)
        away = np.min([distances(middles, piece) for piece in pieces], axis=0) if pieces else apart
        if not np.any(away[open_] <= NEAR):
            reason = "what was traced from there passes elsewhere"
            continue
        apart = np.minimum(apart, away)
        lines.append(_with_own_points(grid, line, pieces))
        curves += pieces
        special += [_places(grid, lines[-1])] * len(pieces)
    return Refined(feature, curves, special, lines, apart, reason)


def hand_over(lines: Sequence[Refined]) -> None:
    """Give pairs of neighbours to the transition that passes between them.

    Next to the point in which two transitions meet the grid may be too coarse to tell which of them it shows.
    """
    for one, other in itertools.permutations([line for line in lines if line.changes_phase], 2):
        if not any(
            np.min(_apart(b, place), initial=np.inf) < SAME
            for a in one.special
            for b in other.special
            for place in a
        ):
            continue
        places = np.array([middle(edge) for edge in one.feature.edges])
        away = np.min([distances(places, curve) for curve in other.curves], axis=0)
        moved = (one.distances > NEAR) & (away <= NEAR)
        other.feature.edges += [edge for edge, go in zip(one.feature.edges, moved, strict=True) if go]
        other.distances = np.append(other.distances, away[moved])
        one.feature.edges = [edge for edge, go in zip(one.feature.edges, moved, strict=True) if not go]
        one.distances = one.distances[~moved]


def start_between(grid: Grid, boundary: Boundary, edge: Edge) -> Located:
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
        near = point.located and low - (high - low) <= point.value <= high + (high - low)
        if near:
            point = dataclasses.replace(point, theory=point.theory.at(**{along: point.value}))
            if isinstance(boundary, Fold) or distinct(System(boundary, point.theory), point.theory, point.z):
                return point  # a map shows where a state merges, too: the line leads to the fold
    if isinstance(boundary, Fold):  # Newton's method may not lead from there to the turn: the branch does
        for point in find(here, boundary, along, span=(low, high)):
            if point.located and low <= point.value <= high:
                return point
    problem = "it was not located there"
    raise LocateError(problem)


def _unknowns(
    grid: Grid,
    theory: Theory,
    boundary: Boundary,
    ends: Sequence[tuple[int, int]],
    along: str,
    values: tuple[float, float],
) -> list[Array]:
    """Unknowns of the augmented system to start from, from the states at the two neighbours; best first."""

    def state(branch: str) -> tuple[Array, float]:
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
    parts = []
    for phase in (
        (boundary.first, boundary.second) if isinstance(boundary, Coexistence) else (boundary.phase,)
    ):
        if phase.over:
            best = minimise(theory.at(**{along: state(phase.branch)[1]}), phase.branch, phase.over)
            parts.append(np.append(best.x, getattr(best.theory, phase.over)))
        elif not is_explicit(theory, phase.branch):
            parts.append(state(phase.branch)[0])
    return [np.concatenate([*parts, np.zeros(0)])]


def _supported(grid: Grid, line: Line, support: Array, anything: Array) -> Line:
    """Leave out the parts of a line that the grid does not show.

    Where a line ends in a special point others come closer to it than the grid can tell: there it is enough
    that the grid shows any boundary.
    """
    points = grid.index(line.x, line.y)
    missing: Any = np.isnan(points).any(axis=1)
    near, close = (_within_reach(points, places) for places in (support, anything))
    # a point between two that are shown belongs to them: the steps along a line may exceed those of the grid
    near |= np.append(near[1:], False) & np.append(False, near[:-1]) & ~missing
    ends = _places(grid, line)
    for order in (range(len(near)), range(len(near) - 1, -1, -1)):
        if near.any() and len(ends) and np.min(_apart(ends, points[order[0]])) < SAME:
            tail = list(itertools.takewhile(lambda i: not near[i], order))
            near[tail] = close[tail].all()
    known = line.uncertainty or [(math.nan, math.nan)] * len(line.x)
    flags = line.broken or (False,) * len(line.x)
    x, y, status, errors, broken = [], [], [], [], []
    for i, keep in enumerate(near.tolist()):
        if keep:
            x.append(line.x[i])
            y.append(line.y[i])
            status.append(CONVERGED)
            errors.append(known[i])
            broken.append(flags[i])
        elif status and status[-1] == CONVERGED:
            x.append(math.nan)
            y.append(math.nan)
            errors.append((math.nan, math.nan))
            status.append(line.status[i] if missing[i] else "not seen on the grid")
            broken.append(False)
    if status and status[-1] != CONVERGED:
        x, y, status, errors, broken = x[:-1], y[:-1], status[:-1], errors[:-1], broken[:-1]
    bounds = errors if line.uncertainty else ()
    return dataclasses.replace(line, x=x, y=y, status=status, uncertainty=bounds, broken=broken)


def _within_reach(points: Array, places: Array) -> Booleans:
    """Which points are close to one of some places; a missing one is not."""
    return np.array([bool(np.min(_apart(places, point)) <= SUPPORT) for point in points])


def _apart(points: Array, point: Array) -> Array:
    """Distances of points from one of them, in steps of the grid along the worse axis."""
    return np.max(np.abs(points - point), axis=1)


def _places(grid: Grid, line: Line) -> Array:
    """The special points of a line in steps of the grid, shape (n, 2)."""
    return grid.index([point.x for point in line.points], [point.y for point in line.points])


def _with_own_points(grid: Grid, line: Line, pieces: Sequence[Array]) -> Line:
    """The line with those of its special points that lie on the parts that are left."""
    if not line.points:
        return line
    away = np.min([distances(_places(grid, line), piece) for piece in pieces], axis=0)
    own = [point for point, far in zip(line.points, away, strict=True) if far <= 0.2]
    return dataclasses.replace(line, points=own)


def _pieces(grid: Grid, line: Line) -> list[Array]:
    """The connected parts of a line, in steps of the grid."""
    points = grid.index(line.x, line.y)
    runs = itertools.groupby(range(len(points)), key=lambda i: line.status[i] == CONVERGED)
    return [points[list(run)] for good, run in runs if good]


def distances(points: Array, path: Array) -> Array:
    """Distance of points from a path, in steps of the grid along the worse axis."""
    return np.min(np.max(np.abs(feet(points, path)[0] - points[:, None]), axis=2), axis=1)


def feet(points: Array, path: Array) -> tuple[Array, Array]:
    """The nearest point of every segment of a path, shape (n, m, 2), and its place along the segment."""
    if len(path) == 1:
        return np.broadcast_to(path, (len(points), 1, 2)), np.zeros((len(points), 1))
    start, step = path[:-1], np.diff(path, axis=0)
    length = np.maximum(np.sum(step**2, axis=1), 1e-300)
    share = np.clip(np.einsum("nmk,mk->nm", points[:, None] - start, step) / length, 0, 1)
    return start + share[..., None] * step, share
