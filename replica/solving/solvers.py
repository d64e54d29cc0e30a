"""Damped fixed-point iteration and safeguarded Newton, for one point and for a batch of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from replica.errors import ParameterError
from replica.solving.derivatives import jacobian, solve_linear
from replica.solving.solution import Solution, Status
from replica.theory import Theory
from replica.theory.base import required
from replica.typing import Numbers

__all__ = ["FixedPoint", "Newton", "Solver"]


PATIENCE = 4
"""Newton steps without halving the residual after which a point is given up."""


BLOCK = 16384
"""Points iterated together: enough to spread the cost of a call, few enough for the cache."""


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

        def step(part: Theory, x: Any, residual: Any) -> tuple[Any, Any, Any]:
            moved = x + self.damping * residual
            return moved, np.zeros(x.shape[1:]), part.residual(moved)

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

    def run(self, theory: Theory, start: Numbers) -> Solution:
        """Solve every point of the batch; finished points leave the work."""

        def steps() -> Any:
            warm = self.warmup

            def step(part: Theory, x: Any, residual: Any) -> tuple[Any, Any, Any]:
                nonlocal warm
                warm -= 1
                return _plain_or_newton(part, x, residual, plain=warm >= 0)

            return step

        return _iterate(theory, start, steps, self.tol, self.step_tol, self.max_iterations)


def _plain_or_newton(theory: Theory, x: Any, residual: Any, *, plain: bool) -> tuple[Any, Any, Any]:
    """Newton step; or, in the warm-up, a plain step at the points that it brings closer."""
    moved, length, after = x + residual, np.full(x.shape[1:], np.inf), np.full_like(residual, np.nan)
    newton = np.arange(x.shape[1])
    if plain:
        after = theory.residual(moved)
        newton = newton[~(_size(after) < _size(residual))]
    if newton.size:
        few = theory if newton.size == x.shape[1] else theory.take(newton)
        moved[:, newton], length[newton], after[:, newton] = _newton_step(
            few, x[:, newton], residual[:, newton]
        )
    return moved, length, after


def _newton_step(theory: Theory, x: Any, residual: Any) -> tuple[Any, Any, Any]:
    """Newton step, halved (up to eight times) at the points where it leaves the domain or gains nothing.

    Returns the new point, the length of the full step, and the residual at the new point.
    """
    change = solve_linear(np.eye(len(x))[..., None] - jacobian(theory, x), residual)
    size = _size(residual)
    moved = x + change
    after = theory.residual(moved)
    fraction = np.ones(x.shape[1:])
    for _ in range(8):
        worse = np.flatnonzero(~(_size(after) <= 2.0 * size + 1e-9))
        if not worse.size:
            break
        fraction[worse] /= 2
        moved[:, worse] = x[:, worse] + fraction[worse] * change[:, worse]
        after[:, worse] = theory.take(worse).residual(moved[:, worse])
    return moved, _size(change), after


def _size(vector: Any) -> Any:
    """Largest absolute component; NaN stays NaN."""
    return np.max(np.abs(vector), axis=0)


def _iterate(theory: Theory, start: Any, step: Any, tol: float, step_tol: float, limit: int) -> Solution:
    """Run an iteration over the flattened batch, block by block."""
    required(theory)
    theory.check_double()
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
            points, x[:, block], step(), tol, step_tol, limit
        )
    x[:, status == Status.UNPHYSICAL.code] = np.nan
    return Solution(
        theory,
        x.reshape(n, *shape),
        residual.reshape(shape)[()],
        status.reshape(shape)[()],
        iterations.reshape(shape)[()],
    )


def _iterate_block(
    theory: Theory, x: Any, step: Any, tol: float, step_tol: float, limit: int
) -> tuple[Any, Any, Any, Any]:
    """Iterate the points of a block, dropping them as they finish.

    A Newton iteration that has not halved its residual for `PATIENCE` steps has no root nearby and stops too.
    """
    count = x.shape[1]
    patience = PATIENCE if np.isfinite(step_tol) else limit
    size_out, iterations = np.full(count, np.nan), np.zeros(count, dtype=int)
    status = np.full(count, Status.ITERATION_LIMIT.code, dtype=np.int8)
    last_step = np.full(count, np.inf if np.isfinite(step_tol) else 0.0)
    best, stalled = np.full(count, np.inf), np.zeros(count, dtype=int)
    active, part = np.arange(count), theory
    residual = part.residual(x)
    for iteration in range(limit + 1):
        here = x[:, active]
        size = _size(residual)
        size_out[active], iterations[active] = size, iteration
        scale = 1.0 + _size(here)
        done = (size <= tol * scale) & (last_step[active] <= step_tol * scale)
        lost = ~np.isfinite(size)
        status[active[done]] = Status.CONVERGED.code
        status[active[lost]] = Status.UNPHYSICAL.code
        better = size < 0.5 * best[active]
        best[active[better]] = size[better]
        stalled[active] = np.where(better | ~np.isfinite(last_step[active]), 0, stalled[active] + 1)
        keep = ~(done | lost | (stalled[active] > patience))
        if not keep.all():
            active, residual, here = active[keep], residual[:, keep], here[:, keep]
            part = theory.take(active)
        if not active.size or iteration == limit:
            break
        x[:, active], last_step[active], residual = step(part, here, residual)
    return x, size_out, status, iterations
