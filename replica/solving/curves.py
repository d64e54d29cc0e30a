"""All branches of a theory along one control parameter: stable and unstable parts, and where they turn.

The named branches are solved for at some values of the parameter; from every state that no curve passes
through yet, one is traced in both directions, through its folds. Folds and branch points are roots of
augmented systems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from replica.errors import LocateError, ParameterError, ReplicaError
from replica.solving.continuation import Stepping, Stop, Trace, trace
from replica.solving.derivatives import jacobian, slope_by
from replica.solving.locate import Located, located
from replica.solving.search import solve
from replica.solving.solvers import Newton
from replica.solving.systems import System, refine
from replica.theory import Fold, Phase, Theory, Zero
from replica.theory.base import required
from replica.typing import Array, Booleans

__all__ = ["BRANCH_POINT", "FOLD", "Curves", "Stretch", "curves"]

END, LEAVES, MIRROR = "end of the range", "leaves the domain of its equations", "meets its mirror image"
"""Why a stretch ends; else it is the sentence of a `Stop`, or "meets" another branch."""

FOLD, BRANCH_POINT = "fold", "branch point"
"""Kinds of special points: a branch turns round, or another one grows out of it."""

SETTINGS = Stepping(largest=0.04, smallest=1e-6, points=300)
"""Steps of a curve that is looked at: a hundredth of a picture is no step."""

SEEDS = 33
"""Values of the parameter at which the named branches are solved for."""

GRID = 129
"""Points of a branch that is known in closed form."""

TRACES = 8
"""Curves that one named branch may consist of."""

SHORE = 1e-4
"""How near a curve is traced to the edge of the domain, in units of the range: derivatives end there."""

NEAR = 0.02
"""What counts as near, in scaled unknowns: half the largest step of a curve."""


@dataclass(frozen=True)
class Stretch:
    """A curve of states without a gap, through its folds; the special points on it are points of it.

    Attributes
    ----------
    branch : str
        The named branch on which it was met; two with "and" between them where it connects them.
    values : array, shape (n,)
        The control parameter.
    x : array, shape (n_order, n)
        The order parameters.
    unstable : array of int, shape (n,)
        Number of directions in which damped iteration of the equations leads away: eigenvalues of
        d update / dx with a real part above 1. -1 at special points, where one of them is 1, and where the
        derivatives are not known.
    special : mapping of int to (str, Located)
        Kind and place of the special points, by their index.
    ends : (str, str)
        Why it ends where it does, for either end.
    """

    branch: str
    values: Array
    x: Array
    unstable: Array = field(repr=False)
    special: dict[int, tuple[str, Located]] = field(repr=False)
    ends: tuple[str, str]

    @property
    def stable(self) -> Booleans:
        """Where damped iteration of the equations stays; shape (n,)."""
        return self.unstable == 0

    @property
    def parts(self) -> Iterator[tuple[slice, bool | None]]:
        """Pieces of one stability, from special point to special point; None where it is not known."""
        n = len(self.values)
        cuts = sorted({0, n - 1, *self.special})
        changes = [
            i + 1
            for i in range(n - 1)
            if min(self.unstable[i : i + 2]) >= 0 and self.stable[i] != self.stable[i + 1]
        ]
        cuts = sorted({*cuts, *changes})
        for first, last in pairwise(cuts):
            inner = self.unstable[first : last + 1]
            known = inner[inner >= 0]
            here = known[0] if first in changes and len(known) else np.median(known) if len(known) else None
            yield slice(first, last + 1), None if here is None else bool(here == 0)


@dataclass(frozen=True)
class Curves:
    """Every stretch that was found, and what was not: `notes` are sentences."""

    stretches: tuple[Stretch, ...]
    notes: tuple[str, ...] = ()


def curves(theory: Theory, parameter: str, low: float, high: float) -> Curves:
    """Trace all branches of a theory along one control parameter, stable and unstable parts.

    Only what is connected to a named branch within three times the range is found.

    Parameters
    ----------
    theory : Theory
        One point; the value of the parameter does not matter.
    parameter : str
    low, high : float
        The range.

    Raises
    ------
    ParameterError
        If the range is empty, or leaves the domain.
    LocateError
        If there is no state of any named branch in it.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> found = curves(Hopfield(alpha=0.0, T=0.0), "alpha", 0.05, 0.15)
    >>> for stretch in found.stretches:
    ...     print(stretch.branch, *(f"{kind} at {p.value:.10f}" for kind, p in stretch.special.values()))
    retrieval fold at 0.1379055665
    glass
    """
    required(theory)
    theory.check_varied(parameter)
    theory.check_double()
    theory.check_single(ignoring=parameter)
    theory.check(**{parameter: np.array([low, high])})
    if not low < high:
        msg = f"{theory.name}: the range of {parameter} from {low:g} to {high:g} is empty; give FROM below TO"
        raise ParameterError(msg)
    tracer = _Tracer(theory, parameter, low, high)
    middle = theory.at(**{parameter: 0.5 * (low + high)})
    stretches: list[Stretch] = []
    for name in sorted(middle.available, key=lambda name: not theory.branch(name).explicit):
        if theory.branch(name).explicit:
            stretches += tracer.explicit(name)
        else:
            stretches = tracer.with_branch(name, stretches)
    if not stretches:
        names = ", ".join(middle.available)
        msg = (
            f"{theory.name}: no state of {names} at any value of {parameter} from {low:g} to {high:g}; "
            "try another range"
        )
        raise LocateError(msg)
    stretches = [tracer.with_branch_points(one) for one in stretches]
    stretches = tracer.joined(stretches)
    order = list(middle.available)
    stretches.sort(key=lambda one: order.index(one.branch.split(" and ")[0]))
    return Curves(tuple(stretches), tuple(tracer.notes))


@dataclass
class _Tracer:
    """A theory and a range of one parameter; the curves in it, and what is to be said about them."""

    theory: Theory
    parameter: str
    low: float
    high: float
    notes: list[str] = field(default_factory=list)

    @property
    def span(self) -> float:
        return self.high - self.low

    def at(self, value: Any) -> Theory:
        return self.theory.at(**{self.parameter: value})

    @property
    def reach(self) -> tuple[float, float]:
        """The range and as much on either side, half-way to the edge of the domain at most.

        A fold there leads back into the range.
        """
        about, shore = self.theory.parameters()[self.parameter], SHORE * self.span
        return (
            max(self.low - self.span, 0.5 * (self.low + about.lower), about.lower + shore),
            min(self.high + self.span, 0.5 * (self.high + about.upper), about.upper - shore),
        )

    def ashore(self, value: Any) -> Any:
        """Whether a value is as near to the edge of the domain as curves are traced, or nearer."""
        low, high = self.reach
        return (value <= low) & (low > self.low) | (value >= high) & (high < self.high)

    # -- branches in closed form ---------------------------------------------------------------------------

    def explicit(self, name: str) -> list[Stretch]:
        """The stretches of a branch whose start is the state itself."""
        values = np.linspace(self.low, self.high, GRID)
        here, _ = self._exists(name, values)
        edges = []
        for i in np.flatnonzero(here[1:] != here[:-1]):
            inside, outside = (values[i], values[i + 1]) if here[i] else (values[i + 1], values[i])
            for _ in range(8):  # one ninth each time
                inner = np.linspace(inside, outside, 10)[1:-1]
                met = np.flatnonzero(~self._exists(name, inner)[0])
                last = met[0] if met.size else len(inner)
                both = np.array([inside, *inner, outside])
                inside, outside = both[last], both[last + 1]
            edges.append(inside)
        values = np.unique([*values, *edges])
        here, x = self._exists(name, values)
        stretches = []
        for run in _runs(here):
            if np.ptp(values[run]) < SHORE * self.span:  # a field of 0, say
                continue
            ends = tuple(
                END if values[i] in (self.low, self.high) or self.ashore(values[i]) else LEAVES
                for i in (run[0], run[-1])
            )
            stretches.append(self._stretch(name, values[run], x[:, run], {}, ends))
        return stretches

    def _exists(self, name: str, values: Any) -> tuple[Any, Any]:
        solution = solve(self.at(values), name, throw=False)
        shape = (len(self.theory.order), len(values))
        return np.broadcast_to(solution.success, shape[1:]), np.broadcast_to(solution.x, shape)

    # -- branches that are traced --------------------------------------------------------------------------

    def with_branch(self, name: str, known: list[Stretch]) -> list[Stretch]:
        """The known stretches, and those of a branch that none of them passes through."""
        values = np.linspace(self.low, self.high, SEEDS)
        solution = solve(self.at(values), name, throw=False)
        x = np.broadcast_to(solution.x, (len(solution.x), SEEDS))
        new = np.broadcast_to(solution.success, SEEDS) & ~self.ashore(values)
        known = list(known)
        for i, one in enumerate(known):
            met = new & self._passes(one, values, x)
            if met.any() and not self.theory.branches[one.branch.split(" and ")[0]].explicit:
                known[i] = replace(one, branch=_both(one.branch, name))
            new &= ~met
        for _ in range(TRACES):
            if not new.any():
                break
            seed = max(_runs(new), key=len)
            middle = seed[len(seed) // 2]
            new[middle] = False
            for one in self._followed(name, float(values[middle]), x[:, middle]):
                new &= ~self._passes(one, values, x)
                known.append(one)
        for run in _runs(new):
            ends = ", ".join(f"{values[i]:g}" for i in sorted({run[0], run[-1]}))
            self.notes.append(f"{name} at {self.parameter} = {ends}: the state was found, its curve was not")
        return known

    def _passes(self, stretch: Stretch, values: Any, x: Any) -> Any:
        """Whether a stretch passes through states x at some values; shape of `values`."""
        met = np.zeros(len(values), dtype=bool)
        known = np.all(np.isfinite(x), axis=0)
        size = np.maximum(np.max(np.abs(x), axis=0), 1.0)
        v = stretch.values
        pairs, starts = [], []
        for i in np.flatnonzero(known):
            for k in np.flatnonzero((v[:-1] - values[i]) * (v[1:] - values[i]) <= 0):
                share = (values[i] - v[k]) / (v[k + 1] - v[k]) if v[k + 1] != v[k] else 0.0
                guess = stretch.x[:, k] + share * (stretch.x[:, k + 1] - stretch.x[:, k])
                apart = np.max(np.abs(guess - x[:, i])) / size[i]
                if apart < 1e-9:
                    met[i] = True
                elif apart < NEAR:
                    pairs.append(i)
                    starts.append(guess)
        if pairs:
            at = np.array(pairs)
            exact = Newton(warmup=0).run(self.at(values[at]), np.array(starts).T)
            close = np.max(np.abs(exact.x - x[:, at]), axis=0) < 1e-6 * size[at]
            np.logical_or.at(met, at, close | ~exact.success)  # next to a fold, say: near is all there is
        return met

    def _followed(self, name: str, value: float, x: Any) -> list[Stretch]:
        """The stretches inside the range of the curve through a state."""
        n, (low, high) = len(x), self.reach
        ends = [END, END]
        points = np.append(x, [value, np.nan])[:, None]
        for side, to in enumerate((low, high)):
            if to == value:
                continue
            try:
                curve = self._traced(x, value, to)
            except ReplicaError as error:
                self.notes.append(f"{name} at {self.parameter} = {value:g}: {error}")
                return []
            more, mirrored = self._up_to_its_mirror_image(curve)
            ends[side] = MIRROR if mirrored else curve.stop.value
            if side == 0:
                more[n + 1] *= -1  # the direction of travel is the other one
                points = more[:, ::-1]
            else:
                points = np.concatenate([points[:, :-1], more], axis=1)
            if curve.stop is Stop.CLOSED and not mirrored:
                ends = [curve.stop.value, curve.stop.value]
                break
        return self._inside(name, points[n], points[:n], points[n + 1], ends)

    def _traced(self, x: Any, value: float, to: float) -> Trace:
        return trace(
            self.at(value),
            self.parameter,
            to,
            start=x,
            through_folds=True,
            within=self.reach,
            settings=SETTINGS,
        )

    def _odd(self, x: Any) -> int | None:
        """The order parameter that tells a state from its mirror image, if there is one."""
        image = None if self.parameter in self.theory.symmetry else self.theory.mirrored(np.asarray(x))
        apart = np.zeros(len(x)) if image is None else np.abs(image - x)
        return int(np.argmax(apart)) if np.max(apart) > 1e-6 else None

    def _up_to_its_mirror_image(self, curve: Trace) -> tuple[Any, bool]:
        """Points of a trace, shape (n_order + 2, n), up to a state that is its own mirror image."""
        points = np.concatenate([curve.x, curve.values[None], curve.tangent[-1:]])
        odd = self._odd(curve.x[:, 0])
        if odd is None:
            return points, False
        for k in np.flatnonzero(curve.x[odd, :-1] * curve.x[odd, 1:] <= 0):
            if k == 0:
                continue
            share = curve.x[odd, k] / (curve.x[odd, k] - curve.x[odd, k + 1])
            between = curve.x[:, k] + share * (curve.x[:, k + 1] - curve.x[:, k])
            image = self.theory.mirrored(between)
            if image is None or np.max(np.abs(image - between)) > NEAR:
                continue  # it vanishes here, and others that change sign with it do not
            one, two = points[:-1, k - 1], points[:-1, k]  # what is even depends on the square of what is odd
            squares = one[odd] ** 2, two[odd] ** 2
            met = two + (two - one) * squares[1] / (squares[0] - squares[1])
            met[:-1] = np.where(image == between, met[:-1], 0.0)
            return np.concatenate([points[:, : k + 1], np.append(met, np.nan)[:, None]], axis=1), True
        return points, False

    def _inside(self, name: str, values: Any, x: Any, travel: Any, why: Any) -> list[Stretch]:
        """What of a curve lies in the range, its folds among its points."""
        special: dict[int, tuple[str, Located]] = {}
        rows: list[tuple[float, Any]] = []
        for k in range(len(values)):
            rows.append((float(values[k]), x[:, k]))
            if k + 1 < len(values) and travel[k] * travel[k + 1] < 0:
                point = self._fold(name, values[k : k + 2], x[:, k : k + 2], travel[k : k + 2])
                if point is not None:
                    special[len(rows)] = FOLD, point
                    rows.append((point.value, point.x))
        stretches = []
        runs = list(_runs(np.array([self.low <= value <= self.high for value, _ in rows])))
        for run in runs:
            pieces = [rows[i] for i in run]
            offset, ends = run[0], [why[0], why[1]]
            if run[0] > 0:
                pieces, ends[0] = [self._edge(rows[run[0] - 1], rows[run[0]]), *pieces], ""
                offset -= 1
            if run[-1] < len(rows) - 1:
                pieces, ends[1] = [*pieces, self._edge(rows[run[-1] + 1], rows[run[-1]])], ""
            ends = [END if end in ("", Stop.BOUND.value) else end for end in ends]
            for side in (0, -1):
                if self.ashore(pieces[side][0]):
                    pieces, offset = self._landed(name, pieces, side, offset)
                    ends[side] = END
            if len(pieces) > 1:
                marks = {i - offset: special[i] for i in run if i in special}
                here, states = (np.array(column) for column in zip(*pieces, strict=True))
                stretches.append(self._stretch(name, here, states.T, marks, tuple(ends)))
        return stretches

    def _edge(self, outside: tuple[float, Any], inside: tuple[float, Any]) -> tuple[float, Any]:
        """Where a curve leaves the range."""
        bound = self.low if outside[0] < self.low else self.high
        share = (bound - inside[0]) / (outside[0] - inside[0])
        guess = inside[1] + share * (outside[1] - inside[1])
        exact = Newton(warmup=0).run(self.at(bound), guess)
        good = exact.success and np.max(np.abs(exact.x - guess)) < NEAR * max(1.0, np.max(np.abs(guess)))
        return (bound, exact.x) if good else inside

    def _landed(self, name: str, pieces: Any, side: int, offset: int) -> tuple[Any, int]:
        """The same points, and the state on the edge of the domain if there is one that they lead to."""
        value, x = pieces[side]
        bound = self.low if abs(value - self.low) < abs(value - self.high) else self.high
        for found in (
            Newton(warmup=0).run(self.at(bound), x),
            solve(self.at(bound), name, throw=False),
        ):
            if found.success and np.max(np.abs(found.x - x)) < NEAR * max(1.0, np.max(np.abs(x))):
                last = (bound, found.x)
                return ([last, *pieces], offset - 1) if side == 0 else ([*pieces, last], offset)
        return pieces, offset

    def _fold(self, name: str, values: Any, x: Any, travel: Any) -> Located | None:
        """The fold between two points of a curve; None at a turn where another branch is met."""
        near = int(np.argmin(np.abs(travel)))
        along = x[:, 1] - x[:, 0]
        along = along / np.linalg.norm(along)
        system = System(Fold(name), self.theory)
        z = np.concatenate([x[:, near], along])
        z, value, size, spread, good = refine(system, self.theory, self.parameter, z, float(values[near]))
        n = len(x)
        room = max(np.max(np.abs(along)), np.linalg.norm(x[:, 1] - x[:, 0])) + NEAR
        good = good and np.linalg.norm(z[:n] - x[:, near]) < room
        good = good and abs(value - values[near]) < NEAR * self.span + abs(values[1] - values[0])
        if good and self._crossed(value, z[:n]):
            return None
        low, high = sorted(map(float, values))
        if not good:
            self.notes.append(
                f"{name}: the fold near {self.parameter} = {values[near]:g} could not be located"
            )
            return None
        return located(system, self.theory, self.parameter, z, value, size, spread, True, (low, high))

    def _crossed(self, value: float, x: Any) -> bool:
        """Whether two curves cross in a state: there, equations and parameter leave two directions open."""
        theory = self.at(value)
        column = slope_by(theory, self.parameter, x, value, 1e-3 * self.span)[:, None] * self.span
        matrix = np.concatenate([jacobian(theory, x) - np.eye(len(x)), column], axis=1)
        sizes = np.linalg.svd(matrix, compute_uv=False)
        return bool(sizes[-1] < 1e-5 * max(1.0, sizes[0]))

    # -- what is on a stretch --------------------------------------------------------------------------

    def _stretch(self, name: str, values: Any, x: Any, special: Any, ends: Any) -> Stretch:
        unstable = self._unstable(values, x)
        unstable[list(special)] = -1
        return Stretch(name, values, x, unstable, special, ends)

    def _unstable(self, values: Any, x: Any) -> Any:
        """Number of directions that lead away, -1 where the derivatives are not known; shape (n,)."""
        n = len(x)
        with np.errstate(all="ignore"):
            slopes = np.broadcast_to(jacobian(self.at(values), x), (n, n, len(values)))
        slopes = np.moveaxis(slopes, -1, 0)
        known = np.all(np.isfinite(slopes), axis=(1, 2))
        count = np.full(len(values), -1)
        if known.any():
            count[known] = np.sum(np.linalg.eigvals(slopes[known]).real > 1 + 1e-10, axis=1)
        return count

    def with_branch_points(self, stretch: Stretch) -> Stretch:
        """The same stretch, with the points where the number of unstable directions changes."""
        name = stretch.branch.split(" and ")[0]
        system = System(Zero(Phase(name), "stability"), self.theory)
        explicit = self.theory.branch(name).explicit
        rows: list[tuple[float, Any]] = []
        marks: dict[int, tuple[str, Located]] = {}
        last = None  # the last point whose stability is known, unless a special point came in between
        for i in range(len(stretch.values)):
            here = stretch.unstable[i]
            if i in stretch.special:
                marks[len(rows)], last = stretch.special[i], None
            elif here >= 0:
                if last is not None and (here - stretch.unstable[last]) % 2:  # a real one: det changes sign
                    point = self._branch_point(system, explicit, stretch, last, i)
                    if point is not None:
                        while rows and (rows[-1][0] - point.value) * (stretch.values[i] - point.value) > 0:
                            rows.pop()
                        marks[len(rows)] = BRANCH_POINT, point
                        rows.append((point.value, point.x))
                last = i
            rows.append((float(stretch.values[i]), stretch.x[:, i]))
        values, x = np.array([value for value, _ in rows]), np.array([state for _, state in rows]).T
        return self._stretch(stretch.branch, values, x, marks, stretch.ends)

    def _branch_point(
        self, system: System, explicit: bool, stretch: Stretch, first: int, last: int
    ) -> Located | None:
        middle = (first + last) / 2
        low, high = sorted(float(stretch.values[i]) for i in (first, last))
        if low == high:
            return None
        x = 0.5 * (stretch.x[:, first] + stretch.x[:, last])
        value = 0.5 * (low + high) if middle else low
        out = refine(system, self.theory, self.parameter, np.zeros(0) if explicit else x, value)
        z, value, size, spread, good = out
        if not good or not low - 1e-9 <= value <= high + 1e-9:
            return None
        point = located(system, self.theory, self.parameter, z, value, size, spread, True, (low, high))
        if not np.max(np.abs(point.x - x)) < NEAR + np.max(np.abs(stretch.x[:, first] - stretch.x[:, last])):
            return None
        return point

    def joined(self, stretches: list[Stretch]) -> list[Stretch]:
        """The same stretches; one that ends next to a branch point of another one ends in it."""
        joints = [
            (one.branch, point)
            for one in stretches
            for kind, point in one.special.values()
            if kind == BRANCH_POINT
        ]
        out = []
        for one in stretches:
            for side in (0, -1):
                if one.ends[side] == END:
                    continue
                v, x = one.values[side], one.x[:, side]
                for other, point in joints:
                    apart = max(abs(point.value - v) / self.span, float(np.max(np.abs(point.x - x))))
                    if other == one.branch or not apart < NEAR:
                        continue
                    ends = list(one.ends)
                    ends[side] = f"meets {other}"
                    one = self._ending_in(one, side, point, (ends[0], ends[-1]))
                    break
            out.append(one)
        return out

    def _ending_in(self, stretch: Stretch, side: int, point: Located, ends: tuple[str, str]) -> Stretch:
        values, x, unstable, special = stretch.values, stretch.x, stretch.unstable, stretch.special
        if stretch.ends[side] == MIRROR:  # there already, to fewer digits
            values, x, unstable = values.copy(), x.copy(), unstable.copy()
        else:
            at = 0 if side == 0 else len(values)
            values, x, unstable = (
                np.insert(values, at, 0),
                np.insert(x, at, 0, axis=1),
                np.insert(unstable, at, 0),
            )
            special = {i + (side == 0): mark for i, mark in special.items()}
        values[side], x[:, side], unstable[side] = point.value, point.x, -1
        return Stretch(stretch.branch, values, x, unstable, special, ends)


def _runs(flags: Any) -> Iterable[Any]:
    """Indices of every run of true ones."""
    at = np.flatnonzero(flags)
    return [run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if run.size]


def _both(one: str, other: str) -> str:
    return one if other in one.split(" and ") else f"{one} and {other}"
