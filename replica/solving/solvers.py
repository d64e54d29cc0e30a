"""Damped fixed-point iteration and safeguarded Newton, for one point and for a batch of any shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from replica.errors import ParameterError
from replica.solving.derivatives import determinant, jacobian, solve_linear
from replica.solving.solution import Solution, Status
from replica.theory import Theory
from replica.theory.base import required
from replica.typing import Numbers

__all__ = ["FixedPoint", "Newton", "Solver"]


PATIENCE = 4
"""Newton steps without halving the residual after which a point is given up."""


BLOCK = 16384
"""Points iterated together: enough to spread the cost of a call, few enough for the cache."""

FEW = 256
"""Points up to which it costs less to try all halvings of a step at once than one after the other."""

Step = Callable[[Theory, Any, Any, Any], tuple[Any, Any, Any, Any, Any]]
"""From a theory, x, its residual there and its Jacobian (None if not known): the next x, the length of the
full step, what is known there, and whether the determinant of 1 - Jacobian was negative here."""


class Solver(Protocol):
    """What a solver is: settings, and one method."""

    def run(self, theory: Theory, start: Numbers) -> Solution:
        """Solve ``theory.update(x) == x`` from `start`; never raises for a point that fails."""
        ...


def _check(tol: float, max_iterations: int) -> None:
    if not (tol > 0 and np.isfinite(tol)):
        msg = f"tol = {tol:g} is not allowed; it is a positive number such as 1e-12"
        raise ParameterError(msg)
    _check_count("max_iterations", max_iterations, 1)


def _check_count(name: str, value: int, least: int) -> None:
    if value != int(value) or value < least:
        msg = f"{name} = {value} is not allowed; it is a whole number of at least {least}"
        raise ParameterError(msg)


@dataclass(frozen=True)
class FixedPoint:
    """Damped iteration ``x <- (1 - damping) x + damping update(x)``.

    Simple and robust where it contracts; never converges where the map's slope is below 1 - 2/damping, and
    crawls next to a fold. Convergence is tested on the undamped residual.

    Parameters
    ----------
    damping : float
        Share of the new value, 0 < damping <= 1; 1 is the plain iteration.
    tol : float
        Largest allowed component of ``update(x) - x``, in units of 1 + max |x|.
    max_iterations : int

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> theory = Hopfield(alpha=0.1, T=0.1)
    >>> solution = FixedPoint(damping=0.5, tol=1e-10).run(theory, theory.state(m=1, q=1))
    >>> print(solution.outcome.value, f"{solution['m']:.9f}")
    converged 0.996750844
    """

    damping: float = 0.5
    tol: float = 1e-12
    max_iterations: int = 5000

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0 < self.damping <= 1:
            msg = f"damping = {self.damping:g} is not allowed; it is in (0, 1], 1 being undamped"
            raise ParameterError(msg)
        _check(self.tol, self.max_iterations)

    def run(self, theory: Theory, start: Numbers) -> Solution:
        """Iterate every point of the batch until it converges; finished points leave the work."""

        def step(part: Theory, x: Any, residual: Any, _: Any) -> tuple[Any, Any, Any, Any, Any]:
            moved, none = x + self.damping * residual, np.zeros(x.shape[1:])
            return moved, none, part.residual(moved), None, none > 0

        return _iterate(theory, start, lambda: step, self.tol, np.inf, self.max_iterations)


@dataclass(frozen=True)
class Newton:
    """Newton's method with step halving, after a few plain fixed-point steps that pick the branch.

    Parameters
    ----------
    tol : float
        Largest allowed component of the undamped ``update(x) - x``, in units of 1 + max |x|.
    max_iterations : int
    warmup : int
        Fixed-point steps before the first Newton step.
    step_tol : float
        Largest allowed last Newton step, in the same units: next to a fold a small residual is not yet a
        small error.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> theory = Hopfield(alpha=0.1, T=0.1)
    >>> solution = Newton().run(theory, theory.state(m=1, q=1))
    >>> print(solution.outcome.value, int(solution.iterations), f"{solution['m']:.12f}")
    converged 7 0.996750843849
    """

    tol: float = 1e-12
    max_iterations: int = 60
    warmup: int = 4
    step_tol: float = 1e-9

    def __post_init__(self) -> None:
        """Check the settings."""
        _check(self.tol, self.max_iterations)
        _check_count("warmup", self.warmup, 0)
        if not self.step_tol > 0:
            msg = f"step_tol = {self.step_tol:g} is not allowed; it is a positive number such as 1e-9"
            raise ParameterError(msg)

    def run(self, theory: Theory, start: Numbers, *, branch: str | None = None) -> Solution:
        """Solve every point of the batch; finished points leave the work.

        If it is known which folding branch is looked for, points that have lost it leave, too: those that
        have come down on another branch, and those at which the determinant of 1 - d update/dx has become
        negative, as it is on the far side of a fold: they are beyond what is left of it.
        """

        def steps() -> Step:
            warm = self.warmup

            def step(part: Theory, x: Any, residual: Any, slope: Any) -> tuple[Any, Any, Any, Any, Any]:
                nonlocal warm
                warm -= 1
                return _plain_or_newton(part, x, residual, slope, warm)

            return step

        required(theory)
        if np.ndim(start) == 1 and not theory.batch:
            return self._run_one(theory, start, branch)
        return _iterate(theory, start, steps, self.tol, self.step_tol, self.max_iterations, branch)

    @np.errstate(all="ignore")
    def _run_one(self, theory: Theory, start: Any, branch: str | None) -> Solution:
        """The same steps for one point, without the bookkeeping of a batch."""
        theory.check_double()
        branch = branch if branch in theory.folding else None
        x = np.array(start, dtype=float)
        best, stalled, last, beyond = np.inf, 0, np.inf, False
        residual, slope = theory.residual(x), None
        size, iteration, status = _largest_one(residual), 0, None
        while True:
            scale = 1.0 + _largest_one(x)
            if size <= self.tol * scale and last <= self.step_tol * scale:
                status = Status.CONVERGED
            elif not size < np.inf:
                status = Status.UNPHYSICAL
            elif branch is not None and not on_branch(theory, branch, x)[1]:
                status = Status.OTHER_BRANCH
            stalled = 0 if size < 0.5 * best or last == np.inf else stalled + 1
            best = size if size < 0.5 * best else best
            if status is None and (stalled > PATIENCE or beyond or iteration == self.max_iterations):
                status = Status.ITERATION_LIMIT
            if status is not None:
                break
            iteration += 1
            worse = iteration > self.warmup
            if not worse:
                moved, last = x + residual, np.inf
                after, ahead = evaluated(theory, moved, slope=iteration == self.warmup)
                worse = not (now := _largest_one(after)) < size
            if worse:
                matrix = _one(len(x)) - (jacobian(theory, x) if slope is None else slope)
                change = solve_linear(matrix, residual)
                fraction, last = 1.0, _largest_one(change)
                beyond = branch is not None and determinant(matrix) < 0
                for halvings in range(9):
                    moved = x + fraction * change
                    after, ahead = evaluated(theory, moved, slope=iteration >= self.warmup)
                    now = _largest_one(after)
                    if now <= 2.0 * size + 1e-9 or halvings == 8:
                        break
                    fraction /= 2
            x, residual, slope, size = moved, after, ahead, now
        if status is Status.UNPHYSICAL:
            x = np.full(len(x), np.nan)
        return Solution(theory, x, np.float64(size), np.int8(status.code), np.int64(iteration))


def _largest_one(vector: Any) -> float:
    """Largest absolute component of one vector; NaN stays NaN."""
    values = [abs(v) for v in vector.tolist()]
    total = sum(values)
    return max(values) if total == total else total


@cache
def _one(n: int) -> Any:
    return np.eye(n)


def evaluated(theory: Theory, x: Any, *, slope: bool) -> tuple[Any, Any]:
    """The residual and, if it is wanted and costs hardly more, the Jacobian; else None."""
    both = theory.linearised(x) if slope else None
    return (theory.residual(x), None) if both is None else (theory.within(x, both[0]), both[1])


def _plain_or_newton(
    theory: Theory, x: Any, residual: Any, slope: Any, warm: int
) -> tuple[Any, Any, Any, Any, Any]:
    """Newton step; or, in the warm-up, a plain step at the points that it brings closer."""
    if warm < 0:
        return _newton_step(theory, x, residual, slope, more=True)
    moved, length = x + residual, np.full(x.shape[1:], np.inf)
    turned = np.zeros(x.shape[1:], dtype=bool)
    after, ahead = evaluated(theory, moved, slope=not warm)
    newton = np.flatnonzero(~(largest(after) < largest(residual)))
    if newton.size:
        few = theory if newton.size == x.shape[1] else theory.take(newton)
        known = None if slope is None else slope[:, :, newton]
        moved[:, newton], length[newton], after[:, newton], there, turned[newton] = _newton_step(
            few, x[:, newton], residual[:, newton], known, more=not warm
        )
        if ahead is not None:
            ahead[:, :, newton] = there
    return moved, length, after, ahead, turned


def _newton_step(
    theory: Theory, x: Any, residual: Any, slope: Any, *, more: bool
) -> tuple[Any, Any, Any, Any, Any]:
    """Newton step, halved (up to eight times) at the points where it leaves the domain or gains nothing.

    With `more` the Jacobian at the new point is known, too, if it comes with the residual.
    """
    matrix = np.eye(len(x))[..., None] - (jacobian(theory, x) if slope is None else slope)
    change = solve_linear(matrix, residual)
    size = largest(residual)
    moved = x + change
    after, ahead = evaluated(theory, moved, slope=more)
    fraction = 1.0
    for halvings in range(8, 0, -1):
        worse = np.flatnonzero(~(largest(after) <= 2.0 * size + 1e-9))
        if not worse.size:
            break
        few = worse.size * halvings <= FEW  # all of them at once: the cost is that of the call
        fractions = fraction / 2.0 ** np.arange(1, 1 + (halvings if few else 1))
        tries = x[:, None, worse] + fractions[:, None] * change[:, None, worse]
        values, slopes = evaluated(
            theory.take(np.tile(worse, len(fractions))), tries.reshape(len(x), -1), slope=more
        )
        values = values.reshape(tries.shape)
        good = largest(values) <= 2.0 * size[worse] + 1e-9
        first = np.where(good.any(axis=0), np.argmax(good, axis=0), len(fractions) - 1)
        which = first, np.arange(worse.size)
        moved[:, worse], after[:, worse] = tries[:, *which], values[:, *which]
        if ahead is not None:
            ahead[:, :, worse] = slopes.reshape(len(x), *tries.shape)[:, :, *which]
        if few:
            break
        fraction /= 2
    return moved, largest(change), after, ahead, determinant(matrix) < 0


def largest(vector: Any) -> Any:
    """Largest absolute component; NaN stays NaN."""
    return np.max(np.abs(vector), axis=0)


def _iterate(
    theory: Theory,
    start: Any,
    step: Callable[[], Step],
    tol: float,
    step_tol: float,
    limit: int,
    branch: str | None = None,
) -> Solution:
    """Run an iteration over the flattened batch, block by block."""
    required(theory)
    theory.check_double()
    branch = branch if branch in theory.folding else None
    shape = np.broadcast_shapes(np.shape(start)[1:], theory.batch)
    n = len(start)
    x = np.array(np.broadcast_to(start, (n, *shape)), dtype=float).reshape(n, -1)
    residual = np.full(x.shape[1], np.nan)
    status = np.full(x.shape[1], Status.ITERATION_LIMIT.code, dtype=np.int8)
    iterations = np.zeros(x.shape[1], dtype=int)
    for first in range(0, x.shape[1], BLOCK):
        block = slice(first, min(first + BLOCK, x.shape[1]))
        points = theory.take(np.arange(block.start, block.stop), shape)
        x[:, block], residual[block], status[block], iterations[block] = _iterate_block(
            points, x[:, block], step(), tol, step_tol, limit, branch
        )
    x[:, status == Status.UNPHYSICAL.code] = np.nan
    return Solution(
        theory,
        x.reshape(n, *shape),
        residual.reshape(shape)[()],
        status.reshape(shape)[()],
        iterations.reshape(shape)[()],
    )


@np.errstate(all="ignore")  # what is not finite is outside of the domain
def _iterate_block(
    theory: Theory, x: Any, step: Step, tol: float, step_tol: float, limit: int, branch: str | None
) -> tuple[Any, Any, Any, Any]:
    """Iterate the points of a block, dropping them as they finish.

    A Newton iteration that has not halved its residual for `PATIENCE` steps has no root nearby and stops too.
    """
    count = x.shape[1]
    patience = PATIENCE if np.isfinite(step_tol) else limit
    size_out, iterations = np.full(count, np.nan), np.zeros(count, dtype=int)
    status = np.full(count, Status.ITERATION_LIMIT.code, dtype=np.int8)
    # of the points that are still iterated
    active, part, here, slope = np.arange(count), theory, x.copy(), None
    last = np.full(count, np.inf if np.isfinite(step_tol) else 0.0)
    best, stalled = np.full(count, np.inf), np.zeros(count, dtype=int)
    beyond = np.zeros(count, dtype=bool)
    residual = part.residual(x)
    for iteration in range(limit + 1):
        size = largest(residual)
        scale = 1.0 + largest(here)
        done = (size <= tol * scale) & (last <= step_tol * scale)
        lost = ~np.isfinite(size)
        better = size < 0.5 * best
        best = np.where(better, size, best)
        stalled = np.where(better | ~np.isfinite(last), 0, stalled + 1)
        gone = done | lost | (stalled > patience)
        if branch is not None:
            elsewhere = ~(gone | on_branch(part, branch, here)[1])
            gone |= elsewhere | beyond
            status[active[elsewhere]] = Status.OTHER_BRANCH.code
        if gone.any() or iteration == limit:
            status[active[done]] = Status.CONVERGED.code
            status[active[lost]] = Status.UNPHYSICAL.code
            left = active[gone] if iteration < limit else active
            which = gone if iteration < limit else slice(None)
            x[:, left], size_out[left], iterations[left] = here[:, which], size[which], iteration
            keep = np.flatnonzero(~gone)
            if not keep.size or iteration == limit:
                break
            active, residual, here = active[keep], residual[:, keep], here[:, keep]
            slope = None if slope is None else slope[:, :, keep]
            last, best, stalled = last[keep], best[keep], stalled[keep]
            part = theory.take(active)
        here, last, residual, slope, beyond = step(part, here, residual, slope)
    return x, size_out, status, iterations


def on_branch(theory: Theory, branch: str, x: Numbers) -> tuple[Numbers, Any]:
    """States, or their mirror images where those are on the branch; and whether they are on it."""
    here: Any = theory.belongs(branch, x)
    if here is True or here is np.True_:
        return x, here
    here = np.asarray(here, dtype=bool)
    if not here.all():
        other = theory.mirrored(x)
        if other is not None:
            mirror = ~here & np.asarray(theory.belongs(branch, other), dtype=bool)
            x, here = np.where(mirror, other, x), here | mirror
    return x, here
