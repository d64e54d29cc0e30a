"""A branch that folds, on a grid of control parameters: from coarse to fine.

Points of a coarse grid are solved from the start of the branch. Each finer grid is then begun where its
neighbours are: between two states by interpolation, beside one from that one. Between two points without a
state, and where no neighbour has one, a point is not iterated; it has the status of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from replica.solving.derivatives import determinant, jacobian, solve_linear
from replica.solving.solution import Solution, Status
from replica.solving.solvers import Newton, evaluated, largest, on_branch
from replica.theory import Theory
from replica.typing import Array, Integers
from replica.units import Unit

__all__ = ["is_grid", "solve_on_grid"]

SMALLEST = 4096
"""Points from which on a grid of two axes or more is refined; others are solved at once, which costs less."""

COARSE = 256
"""Points of the coarsest grid, about."""

BLOCK = 2048
"""Points that are iterated together."""

STEPS = 8
"""Newton steps from a neighbour; what has not converged then is solved from the start of the branch."""

CLEAR = 1e-6
"""Determinant of 1 - d update/dx above which a point is clearly on the near side of a fold."""


def is_grid(theory: Theory, branch: str) -> bool:
    """Whether a batch is a large grid, every parameter monotone along every axis, and the branch folds.

    And whether equations and Jacobian come in one pass; else it costs less to solve all points at once.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> theory = Hopfield(alpha=np.linspace(0.01, 0.2, 100), T=np.linspace(0.01, 1, 50)[:, None])
    >>> is_grid(theory, "retrieval"), is_grid(theory, "glass")
    (True, False)
    """
    shape = theory.batch
    if np.prod(shape, dtype=int) < SMALLEST or sum(n > 1 for n in shape) < 2:
        return False
    if branch not in theory.folding or theory.branch(branch).explicit:
        return False
    if type(theory).linearised is Theory.linearised:
        return False  # from a neighbour every step is one of Newton's, and here each would cost two passes
    for value in theory.numbers.values():
        if isinstance(value, Unit):
            if value.shape:
                return False
        elif np.ndim(value):
            values = np.asarray(value, dtype=float)
            steps = (np.diff(values, axis=axis) for axis in range(values.ndim))
            if not all(np.all(step >= 0) or np.all(step <= 0) for step in steps):
                return False
    first = theory.take(np.arange(1))
    with np.errstate(all="ignore"):
        return first.rank(branch, first.start(branch)) is None


def solve_on_grid(theory: Theory, branch: str, cold: Callable[[Theory], Solution]) -> Solution:
    """Solve every point of a grid on a branch that folds.

    A point is left out only where none of its neighbours on the grid has a state: an island of states that
    is smaller than an interval of the coarsest grid would be missed.

    Parameters
    ----------
    theory : Theory
        A batch for which `is_grid` is true.
    branch : str
    cold : callable
        Solves a batch from the start of the branch.

    Returns
    -------
    Solution
        Points that were left out are `Status.ABSENT`, without a residual.
    """
    for name in theory.carried:
        getattr(theory, name)  # once for all, not for every part
    grid = _Grid(theory, branch, cold)
    along = round(COARSE ** (1 / len([n for n in grid.shape if n > 1]))) + 1
    lines = [np.unique(np.linspace(0, n - 1, along).round().astype(int)) for n in grid.shape]
    grid.solve_cold(grid.numbers(lines).ravel())
    while any(np.any(np.diff(line) > 1) for line in lines):
        for axis, line in enumerate(lines):
            gaps = np.flatnonzero(np.diff(line) > 1)
            if gaps.size:
                between = (line[gaps] + line[gaps + 1]) // 2
                grid.fill(lines, axis, gaps, between)
                lines[axis] = np.sort(np.append(line, between))
    grid.finish()
    return grid.solution


class _Grid:
    """What is known so far of the points of a grid."""

    def __init__(self, theory: Theory, branch: str, cold: Callable[[Theory], Solution]) -> None:
        self.theory, self.branch, self.cold = theory, branch, cold
        self.shape = theory.batch
        self.all = np.arange(np.prod(self.shape)).reshape(self.shape)
        count = self.all.size
        self.x = np.full((len(theory.order), count), np.nan)
        self.residual = np.full(count, np.nan)
        self.status = np.full(count, Status.ABSENT.code, dtype=np.int8)
        self.iterations = np.zeros(count, dtype=int)
        self.tried = np.zeros(count, dtype=bool)

    @property
    def solution(self) -> Solution:
        """All of it."""
        shape = self.shape
        return Solution(
            self.theory,
            self.x.reshape(-1, *shape),
            self.residual.reshape(shape),
            self.status.reshape(shape),
            self.iterations.reshape(shape),
            self.branch,
        )

    def numbers(self, lines: list[Any]) -> Integers:
        """Numbers of the points in which lines of the grid meet."""
        return self.all[np.ix_(*lines)]

    def solve_cold(self, points: Integers) -> None:
        """Solve some points from the start of the branch; what they have then is final."""
        found = self.cold(self.theory.take(points, self.shape))
        self.x[:, points], self.residual[points], self.status[points] = found.x, found.residual, found.status
        self.iterations[points] += found.iterations
        self.tried[points] = True

    def solve_near(self, points: Integers, start: Array) -> None:
        """Solve some points from starts close to their states; what fails is no more than not found."""
        x, size, steps, good = from_near(self.theory, self.shape, points, self.branch, start)
        self.iterations[points] += steps
        done = points[good]
        self.x[:, done], self.residual[done], self.status[done] = x[:, good], size[good], 0
        self.tried[done] = True

    def finish(self) -> None:
        """Solve what has a state beside it, from there and else from the start; and so on."""
        near = np.zeros(self.all.size, dtype=bool)  # tried from a neighbour
        while True:
            source = np.full(self.shape, -1)
            for here, there in _sides(len(self.shape)):
                fresh = ~self.tried[self.all[here]] & (self.status[self.all[there]] == 0)
                source[here] = np.where(fresh, self.all[there], source[here])
            points = np.flatnonzero(source >= 0)
            if not points.size:
                return
            again = near[points]
            if again.all():
                self.solve_cold(points)
            else:
                points = points[~again]
                near[points] = True
                self.solve_near(points, self.x[:, source.ravel()[points]])

    def fill(self, lines: list[Any], axis: int, gaps: Integers, between: Integers) -> None:
        """Solve the points on new lines `between` those in front of and behind some gaps along an axis."""
        line = lines[axis]
        places = np.clip(gaps + np.arange(-1, 3)[:, None], 0, len(line) - 1)  # two on either side

        def points(along: Any) -> Any:
            numbers: Any = self.numbers([*lines[:axis], along, *lines[axis + 1 :]])
            return np.moveaxis(numbers, axis, -1)

        near: Any = np.stack([points(line[place]) for place in places])  # (4, *others, gaps)
        new, found = points(between), self.status[near] == 0
        found[[0, 3]] &= np.diff(places, axis=0)[[0, 2]].reshape(2, *(1,) * (near.ndim - 2), -1) > 0
        todo = found[1] | found[2]
        cubic = _interpolation(line[places], between)
        linear = np.zeros_like(cubic)
        linear[1:3] = _interpolation(line[places[1:3]], between)
        rule = np.where(found.all(axis=0), _spread_out(cubic, near), _spread_out(linear, near))
        alone = found[1] != found[2]
        rule = np.where(alone, found * np.array([0, 1, 1, 0]).reshape(4, *(1,) * alone.ndim), rule)
        if todo.any():
            states = np.where(found[:, todo], self.x[:, near[:, todo]], 0.0)
            self.solve_near(new[todo], np.sum(rule[:, todo] * states, axis=1))


def _spread_out(weights: Array, near: Integers) -> Array:
    """Weights by gap, for every point of the new lines."""
    rows: Any = weights.reshape(4, *(1,) * (near.ndim - 2), -1)
    return np.broadcast_to(rows, near.shape)


def _interpolation(places: Integers, between: Integers) -> Array:
    """Weights of Lagrange's interpolation from some places, shape ``(n, gaps)``, to one in between."""
    out = np.ones(places.shape)
    with np.errstate(all="ignore"):  # of places that are the same, where the line ends: not used
        for i in range(len(places)):
            for j in range(len(places)):
                if i != j:
                    out[i] *= (between - places[j]) / (places[i] - places[j])
    return out


def _sides(dimensions: int) -> Iterator[tuple[Any, Any]]:
    """Slices of an array and of what lies beside it, in every direction."""
    for axis in range(dimensions):
        before = (slice(None),) * axis
        yield (*before, slice(1, None)), (*before, slice(None, -1))
        yield (*before, slice(None, -1)), (*before, slice(1, None))


def from_near(
    theory: Theory, shape: tuple[int, ...], points: Integers, branch: str, start: Array
) -> tuple[Array, Array, Array, Array]:
    """Newton's method from close by: x, residual, steps, and whether that is a state on the branch.

    A point is given up as soon as a step is not shorter than that before, or the determinant of
    1 - d update/dx is not clearly positive.
    """
    x, size = np.array(start), np.full(points.size, np.nan)
    steps, good = np.zeros(points.size, dtype=int), np.zeros(points.size, dtype=bool)
    for first in range(0, points.size, BLOCK):
        block = slice(first, first + BLOCK)
        x[:, block], size[block], steps[block], good[block] = _block(
            theory, shape, points[block], branch, x[:, block]
        )
    return x, size, steps, good


@np.errstate(all="ignore")
def _block(theory: Theory, shape: Any, points: Integers, branch: str, start: Array) -> Any:
    solver = Newton()
    x, before = np.array(start), np.full(points.size, np.inf)
    steps, ended = np.zeros(points.size, dtype=int), np.zeros(points.size, dtype=bool)
    whole = theory.take(points, shape)
    active, here, part = np.arange(points.size), x, whole
    for _ in range(STEPS):
        values, slope = evaluated(part, here, slope=True)
        matrix = np.eye(len(x))[..., None] - (jacobian(part, here) if slope is None else slope)
        change = solve_linear(matrix, values)
        length = largest(change)
        sound = (length < before) & (determinant(matrix) > CLEAR)
        last = length <= solver.step_tol * (1.0 + largest(here))
        here = here + change
        steps[active] += 1
        done = active[sound & last]
        x[:, done], ended[done] = here[:, sound & last], True
        keep = np.flatnonzero(sound & ~last)
        if not keep.size:
            break
        here, before = here[:, keep], length[keep]
        if keep.size < active.size:
            active, part = active[keep], part.take(keep, (active.size,))
    size = largest(whole.residual(x))
    good = ended & (size <= solver.tol * (1.0 + largest(x))) & on_branch(whole, branch, x)[1]
    return x, size, steps, good
