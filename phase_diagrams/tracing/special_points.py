"""Special points that are met while a boundary is traced: where it ends, turns, or meets another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from phase_diagrams.diagram import Point
from phase_diagrams.diagram.outline import numbered
from replica.errors import ParameterError
from replica.solving.codimension_two import (
    SpecialPoint,
    cusp,
    edge,
    meeting,
    null_vector,
    quartic,
    tip,
    tricritical,
)
from replica.solving.continuation import Stop
from replica.solving.derivatives import determinant, jacobian
from replica.solving.search import solve
from replica.solving.systems import System, phases, separations
from replica.theory import Boundary, Coexistence, Fold, Phase, Theory, Zero
from replica.theory.boundaries import Kind
from replica.typing import Array

__all__ = ["Traced", "holds", "labelled", "solves", "special_points"]

TRANSITIONS = ("first-order", "continuous")
"""Kinds of boundaries at which the phase changes."""

LABELS = {
    Kind.CUSP: "cusp",
    Kind.CRITICAL: "critical end point",
    Kind.TRICRITICAL: "tricritical point",
    Kind.TRIPLE: "triple point",
}
"""What is written beside the marker; the others have a marker alone."""


@dataclass(frozen=True)
class Traced:
    """A boundary as a curve, and what is needed to look for special points on it.

    Attributes
    ----------
    system : System
    theory : Theory
    parameters : (str, str)
        The axes.
    y : array, shape (n, n_points)
        Unknowns of the system, then the two parameters.
    tangent : array, shape (2, n_points)
        Direction of the curve in the plane, in scaled parameters.
    stops : (Stop, Stop)
        Why it ends, at its first and at its last point.
    events : (str, str)
        The terminal event at either end, if one was met: "fold", "merging" or "transition".
    spans : (float, float)
        Natural sizes of the parameters.
    """

    system: System
    theory: Theory
    parameters: tuple[str, str]
    y: Array
    tangent: Array
    stops: tuple[Stop, Stop]
    events: tuple[str, str]
    spans: tuple[float, float]

    def at(self, index: int) -> Theory:
        """The theory at a point of the curve."""
        return self.theory.at(**dict(zip(self.parameters, map(float, self.y[-2:, index]), strict=True)))

    def z(self, index: int) -> Array:
        """The unknowns at a point of the curve."""
        return self.y[:-2, index]

    def distance(self, point: SpecialPoint, index: int) -> float:
        """From a located point to a point of the curve, in the plane."""
        apart = (np.array(point.values) - self.y[-2:, index]) / np.array(self.spans)
        return float(np.hypot(*apart))

    def length(self, first: int, last: int) -> float:
        """Length of the curve between two of its points, in the plane."""
        pieces = np.diff(self.y[-2:, max(first, 0) : last + 1], axis=1) / np.array(self.spans)[:, None]
        return float(np.sum(np.hypot(*pieces)))

    def between(self, first: int, last: int, start: SpecialPoint | None, end: SpecialPoint | None) -> Traced:
        """The part from one point of the curve to another, with the located points in which it ends now."""
        y, tangent = self.y[:, first : last + 1], self.tangent[:, first : last + 1]
        stops, events = list(self.stops), list(self.events)
        for index, point in ((0, start), (-1, end)):
            if point is not None:
                column = y[:, index].copy()
                column[-2:] = point.values
                place = 0 if index == 0 else y.shape[1]
                y = np.insert(y, place, column, axis=1)
                tangent = np.insert(tangent, place, tangent[:, index], axis=1)
                stops[index], events[index] = Stop.EVENT, ""
        return replace(self, y=y, tangent=tangent, stops=(stops[0], stops[1]), events=(events[0], events[1]))


def special_points(traced: Traced) -> tuple[Traced, list[SpecialPoint], tuple[SpecialPoint | None, ...]]:
    """The curve up to its tricritical points, its special points, and those in which its two ends lie.

    Ends come first: tricritical points, where the quartic term of a line on which a symmetric state loses its
    stability changes sign (beyond them the line is of the other kind); then where two states merge, where the
    state of a line ceases to exist, where a minimum reaches its edge. Then turning points and cusps, where
    the direction of the curve changes sign, and crossings with the other boundaries that the theory declares,
    where their conditions do. Each is located by its own augmented system; what does not converge next to
    where it was seen is no point.
    """
    traced, cuts = _of_its_kind(traced)
    ends = tuple(cut or _end(traced, index) for cut, index in zip(cuts, (0, -1), strict=True))
    found = [point for point in ends if point is not None]
    for candidates in (_turns(traced), _crossings(traced)):
        for point in candidates:
            if not any(_same(traced, point, other) for other in found):
                found.append(point)
    return traced, found, ends


def labelled(points: Iterable[SpecialPoint]) -> list[Point]:
    """Located points as parts of a diagram: named after their kind, numbered where there are several."""
    return numbered(
        Point(
            point.kind.value,
            LABELS.get(point.kind, ""),
            point.values[0] + 0.0,
            point.values[1] + 0.0,
            point.kind,
            point.uncertainties,
        )
        for point in points
    )


def _same(traced: Traced, one: SpecialPoint, two: SpecialPoint) -> bool:
    """Whether two points are one, as far as their uncertainties tell."""
    apart = np.abs(np.subtract(one.values, two.values))
    errors = np.add(one.uncertainties, two.uncertainties)
    return bool(np.all(apart <= 1e-6 * np.array(traced.spans) + 10 * errors))


# -- ends ---------------------------------------------------------------------------------------------------


def _end(traced: Traced, index: int) -> SpecialPoint | None:
    """The special point in which a curve ends, if it does."""
    if traced.y.shape[1] < 3:
        return None
    system, here, z = traced.system, traced.at(index), traced.z(index)
    stop, event = traced.stops[index], traced.events[index]
    point = None
    if event == "fold":
        point = _end_on_a_fold(traced, here, z)
        if not (point and point.located) and separations(system, here, z):
            point = _merging(traced, here, index)  # where states merge, each of them folds as well
    elif event == "merging":
        point = _merging(traced, here, index)
    elif event == "transition":
        point = _transition(traced, here, index)
    else:
        for phase, part in system.parts:
            if phase.over is None:
                continue
            about = here.parameters()[phase.over]
            lower = float(about.lower)
            if z[part.stop - 1] - lower <= 0.02 * np.ptp(about.typical):
                point = edge(system, here, traced.parameters, z, phase, lower)
        if point is None and stop is Stop.SMALL_STEP:
            merges = separations(system, here, z)
            point = _merging(traced, here, index) if merges else _transition(traced, here, index)
    last = traced.y.shape[1] - 1
    near = 10 * (traced.length(0, 1) if index == 0 else traced.length(last - 1, last)) + 0.02
    return point if point and point.located and traced.distance(point, index) < near else None


def _end_on_a_fold(traced: Traced, here: Theory, z: Any) -> SpecialPoint | None:
    """Where the state that the boundary is about ceases to exist."""
    system = traced.system
    candidates = []
    for phase, part in system.parts:
        if phase == Phase(phase.branch) and phase.branch in here.folding:
            x = z[part]
            size = abs(float(determinant(np.eye(len(x)) - jacobian(here, x))))
            candidates.append((size, phase.branch, null_vector(here, x)))
    if not candidates:
        return None
    _, branch, direction = min(candidates, key=lambda one: one[0])
    both = (system.boundary, Fold(branch))
    return meeting(Kind.SPINODAL, here, traced.parameters, both, [z], [direction])


def _merging(traced: Traced, here: Theory, index: int) -> SpecialPoint | None:
    """Where two states of a boundary become one: tricritical if one of them is symmetric, else a cusp."""
    system, boundary, n = traced.system, traced.system.boundary, traced.system.n
    before = 4 if index == 0 else -5
    before = before if traced.y.shape[1] >= 5 else -1 - index
    apart = separations(system, traced.at(before), traced.z(before))
    now = [float(np.max(np.abs(v))) for v in separations(system, here, traced.z(index))]
    closest = int(np.argmin(now))
    if isinstance(boundary, Coexistence):
        names = [phase.branch for phase in phases(boundary)]
        (_, _, one), (_, _, two) = system.states(here, traced.z(index))
        middle, kind = (np.asarray(one) + np.asarray(two)) / 2, Kind.CRITICAL
    else:
        own = phases(boundary)[0].branch
        names = [name for name, branch in here.branches.items() if branch.explicit and name != own]
        if not names:
            return None  # a state and its mirror image: nothing is known where they are one
        closest = int(np.argmin(now[: len(names)]))
        names = names[closest : closest + 1]
        middle, kind = traced.z(index)[:n], Kind.CUSP
    direction = apart[closest]
    if not np.any(direction):
        return None
    symmetric = [name for name in names if solves(traced.at(before), name)]
    if symmetric:
        return tricritical(here, traced.parameters, symmetric[0], direction)
    return cusp(here, traced.parameters, middle, direction, kind=kind)


def _transition(traced: Traced, here: Theory, index: int) -> SpecialPoint | None:
    """Where the state of a line goes over into an explicit one: there two conditions hold on the latter.

    The condition of the line, if it means something on the explicit state, and those of its own lines.
    """
    boundary = traced.system.boundary
    if not isinstance(boundary, Zero) or here.branch(boundary.phase.branch).explicit:
        return None
    known = [
        one
        for one in here.lines.values()
        if isinstance(one, Zero)
        and here.branch(one.phase.branch).explicit
        and not holds(one, traced.parameters)
    ]
    own = [replace(boundary, phase=replace(boundary.phase, branch=one.phase.branch)) for one in known[:1]]
    found = [
        meeting(_kind(boundary, two), here, traced.parameters, (one, two), [])
        for one, two in combinations(own + known, 2)
        if not _alike(one, two)
    ]
    located = [point for point in found if point.located]
    return min(located, key=lambda point: traced.distance(point, index)) if located else None


def solves(theory: Theory, branch: str) -> bool:
    """Whether an explicit branch is a solution here: the paramagnet is not, in a field."""
    if not theory.branch(branch).explicit:
        return False
    residual = theory.residual(np.asarray(theory.start(branch), dtype=float))
    return bool(np.all(np.abs(residual) < 1e-9))


def _changes(values: Any) -> Iterator[tuple[int, int]]:
    """Intervals in which a function on the curve changes sign; in its middle it may be zero at one point."""
    signs = np.sign(np.where(np.isfinite(values), values, np.nan))
    for i in range(len(signs) - 1):
        j = i + 2 if signs[i + 1] == 0 and i + 2 < len(signs) else i + 1
        if signs[i] * signs[j] < 0:
            yield i, j


# -- turns and cusps ----------------------------------------------------------------------------------------


def _turns(traced: Traced) -> Iterator[SpecialPoint]:
    """Where the curve turns round in one of the parameters."""
    system = traced.system
    for axis, name in enumerate(traced.parameters):
        along = np.where(np.abs(traced.tangent[axis]) > 1e-7, traced.tangent[axis], 0.0)
        for i, j in _changes(along):
            index = min(range(i, j + 1), key=lambda k: abs(along[k]))
            here, z = traced.at(index), traced.z(index)
            reach = 3 * traced.length(i - 1, j + 1) + 1e-6
            point = None
            if isinstance(system.boundary, Fold) and system.size == 2 * system.n:
                point = cusp(here, traced.parameters, z[: system.n], z[system.n :])
            if point is None or not point.located or traced.distance(point, index) > reach:
                point = tip(system, here, traced.parameters, z, name)
            if point.located and traced.distance(point, index) <= reach:
                yield point


# -- tricritical points -------------------------------------------------------------------------------------


def _of_its_kind(traced: Traced) -> tuple[Traced, tuple[SpecialPoint | None, ...]]:
    """The part of a line that is of its kind, and the tricritical points in which it ends.

    Where a symmetric state loses its stability, the transition is continuous if the quartic term of the free
    energy is positive. If it is negative, another state has taken over before, and the line is the spinodal
    of the symmetric one. Of several such parts the longest counts.
    """
    boundary = traced.system.boundary
    whole = traced, (None, None)
    if not (isinstance(boundary, Zero) and boundary.test == "stability"):
        return whole
    phase, sign = boundary.phase, {"continuous": -1.0, "spinodal": 1.0}.get(boundary.kind)
    if sign is None or phase.over or not traced.theory.branch(phase.branch).explicit:
        return whole
    held = [traced.at(i).at(**dict(phase.at)) for i in range(traced.y.shape[1])]
    even, odd = np.array([quartic(theory, phase.branch) for theory in held]).T
    with np.errstate(invalid="ignore"):
        odd = np.where(np.abs(even) < 1e-6 * (1 + np.abs(odd)), odd, np.nan)  # where there is the symmetry
    cuts: list[tuple[int, int, SpecialPoint]] = []
    for i, j in _changes(odd):
        point = tricritical(held[i], traced.parameters, phase.branch)
        if point.located and traced.distance(point, i) <= 2 * traced.length(i, j) + 1e-6:
            cuts.append((i, j, point))
    if not cuts:
        return whole
    starts = [0, *(j for _, j, _ in cuts)]
    stops = [*(i for i, _, _ in cuts), len(odd) - 1]
    points = [None, *(point for _, _, point in cuts), None]
    parts = [k for k in range(len(starts)) if np.nanmedian(odd[starts[k] : stops[k] + 1]) * sign > 0]
    if not parts:
        return whole
    best = max(parts, key=lambda k: traced.length(starts[k], stops[k]))
    return traced.between(starts[best], stops[best], points[best], points[best + 1]), (
        points[best],
        points[best + 1],
    )


# -- crossings ----------------------------------------------------------------------------------------------


def _crossings(traced: Traced) -> Iterator[SpecialPoint]:
    """Where another boundary that the theory declares holds as well."""
    own = traced.system.boundary
    for other in traced.theory.lines.values():
        if _alike(own, other) or isinstance(other, Fold) or holds(other, traced.parameters):
            continue
        shared = set(phases(own)) & set(phases(other))
        if not shared and not (own.kind in TRANSITIONS and other.kind in TRANSITIONS):
            continue  # lines about different states, whose crossing means nothing
        yield from _crossings_with(traced, own, other)


def _alike(one: Boundary, two: Boundary) -> bool:
    """Whether two boundaries are one, whatever it is called."""
    if isinstance(one, Zero) and isinstance(two, Zero):
        return (one.phase, one.test) == (two.phase, two.test)
    return one == two


def holds(boundary: Boundary, parameters: Sequence[str]) -> bool:
    """Whether a boundary holds an axis fixed, or is minimised over one."""
    return any(
        name in dict(phase.at) or name == phase.over for phase in phases(boundary) for name in parameters
    )


def _crossings_with(traced: Traced, own: Boundary, other: Boundary) -> Iterator[SpecialPoint]:
    both = System(own, traced.theory, other)
    states = _states_along(traced, both)
    if states is None:
        return
    plane = traced.theory.at(**dict(zip(traced.parameters, traced.y[-2:], strict=True)))
    directions = traced.y[traced.system.offset : -2]
    with np.errstate(all="ignore"):
        tests = both.residual(plane, np.concatenate([states, directions]))[-1]
    for i, j in _changes(tests):
        point = meeting(
            _kind(own, other),
            traced.at(i),
            traced.parameters,
            (own, other),
            [states[:, i]],
            [directions[:, i]] if len(directions) else [],
        )
        if point.located and traced.distance(point, i) <= 2 * traced.length(i, j) + 1e-6:
            yield point


def _kind(own: Boundary, other: Boundary) -> Kind:
    if own.kind in TRANSITIONS and other.kind in TRANSITIONS:
        return Kind.TRIPLE
    ending = isinstance(own, Fold) and Phase(own.branch) in phases(other)
    return Kind.SPINODAL if ending else Kind.CROSSING


def _states_along(traced: Traced, both: System) -> Any:
    """States of all phases along the curve: its own, and those of the other boundary in one batched call."""
    known = dict(traced.system.parts)
    plane = traced.theory.at(**dict(zip(traced.parameters, traced.y[-2:], strict=True)))
    rows = []
    for phase, _ in both.parts:
        if phase in known:
            rows.append(traced.y[known[phase]])
        elif phase.over is not None:
            return None  # a minimisation at every point; that line sees the crossing itself
        elif not traced.theory.branch(phase.branch).explicit:
            try:
                rows.append(solve(plane.at(**dict(phase.at)), phase.branch, throw=False).x)
            except ParameterError:
                return None  # this phase is not defined at the fixed parameters
    return np.concatenate([np.zeros((0, traced.y.shape[1])), *rows])
