"""Damped fixed-point iteration and safeguarded Newton, for one point and for a batch of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from replica.errors import ParameterError
from replica.solving.derivatives import jacobian, solve_linear
from replica.solving.solution import Solution, Status
from replica.theory import Theory

__all__ = ["FixedPoint", "Newton", "Solver"]


class Solver(Protocol):
    """What a solver is: settings, and one method."""

    def run(self, theory: Theory, start: Any) -> Solution:
        """Solve ``theory.update(x) == x`` from `start`; never raises for a point that fails."""
        ...


def _check(tol: float, max_iterations: int) -> None:
    if not (tol > 0 and np.isfinite(tol)):
        raise ParameterError(f"tol = {tol:g} is not allowed; it is a positive number such as 1e-12")
    if max_iterations < 1:
        raise ParameterError(f"max_iterations = {max_iterations} is not allowed; it is at least 1")


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
        Largest allowed component of ``update(x) - x``.
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
            raise ParameterError(f"damping = {self.damping:g} is not allowed; it is in (0, 1], 1 being undamped")
        _check(self.tol, self.max_iterations)

    def run(self, theory: Theory, start: Any) -> Solution:
        """Iterate every point of the batch until it converges; finished points leave the work."""

        def step(part: Theory, x: Any, residual: Any) -> tuple[Any, Any]:
            return x + self.damping * residual, np.zeros(x.shape[1:])

        return _iterate(theory, start, step, self.tol, np.inf, self.max_iterations)


@dataclass(frozen=True)
class Newton:
    """Newton's method with step halving, after a few plain fixed-point steps that pick the branch.

    Parameters
    ----------
    tol : float
        Largest allowed component of the undamped ``update(x) - x``.
    max_iterations : int
    warmup : int
        Fixed-point steps before the first Newton step.
    step_tol : float
        Largest allowed last Newton step: next to a fold a small residual is not yet a small error.

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

    def run(self, theory: Theory, start: Any) -> Solution:
        """Solve every point of the batch; finished points leave the work."""
        warm = self.warmup

        def step(part: Theory, x: Any, residual: Any) -> tuple[Any, Any]:
            nonlocal warm
            change, length = np.array(residual), np.full(x.shape[1:], np.inf)
            newton = np.arange(x.shape[1])
            if warm > 0:  # a plain step where it brings the point closer
                warm -= 1
                newton = newton[~(_size(part.residual(x + residual)) < _size(residual))]
            if newton.size:
                few, here = part.take(newton), x[:, newton]
                matrix = np.eye(len(x))[..., None] - jacobian(few, here)
                raw = solve_linear(matrix, residual[:, newton])
                change[:, newton], length[newton] = _halved(few, here, raw, residual[:, newton])
            return x + change, length

        return _iterate(theory, start, step, self.tol, self.step_tol, self.max_iterations)


def _halved(theory: Theory, x: Any, change: Any, residual: Any) -> tuple[Any, Any]:
    """Newton change, halved (up to eight times) at the points where it leaves the domain or gains nothing."""
    size = _size(residual)
    length = _size(change)
    fraction = np.ones(x.shape[1:])
    todo = np.arange(fraction.size)
    for _ in range(8):
        trial = x[:, todo] + fraction[todo] * change[:, todo]
        worse = ~(_size(theory.take(todo).residual(trial)) <= 2.0 * size[todo] + 1e-9)
        todo = todo[worse]
        if not todo.size:
            break
        fraction[todo] /= 2
    return fraction * change, length


def _size(vector: Any) -> Any:
    """Largest absolute component; NaN stays NaN."""
    return np.max(np.abs(vector), axis=0)


def _iterate(theory: Theory, start: Any, step: Any, tol: float, step_tol: float, limit: int) -> Solution:
    """Run an iteration over the flattened batch, dropping points as they finish."""
    shape = np.broadcast_shapes(np.shape(start)[1:], theory.batch)
    n = len(start)
    x = np.array(np.broadcast_to(start, (n, *shape)), dtype=float).reshape(n, -1)
    count = x.shape[1]
    if shape:
        theory_flat = theory.at(**{k: np.broadcast_to(v, shape) for k, v in theory.values.items() if np.ndim(v)})
    else:
        theory_flat = theory
    residual_out = np.full(count, np.nan)
    status = np.full(count, Status.ITERATION_LIMIT.code, dtype=np.int8)
    iterations = np.zeros(count, dtype=int)
    active = np.arange(count)
    last_step = np.full(count, np.inf if np.isfinite(step_tol) else 0.0)
    part = theory_flat.take(active)
    for iteration in range(limit + 1):
        here = x[:, active]
        residual = part.residual(here)
        size = _size(residual)
        residual_out[active] = size
        iterations[active] = iteration
        # at the start the step is unknown; a tiny residual far from a fold shows in the next step
        scale = 1.0 + _size(here)
        done = (size <= tol * scale) & (last_step[active] <= step_tol * scale)
        lost = ~np.isfinite(size)
        status[active[done]] = Status.CONVERGED.code
        status[active[lost]] = Status.UNPHYSICAL.code
        keep = ~(done | lost)
        if not keep.all():
            active, residual, here = active[keep], residual[:, keep], here[:, keep]
            part = theory_flat.take(active)
        if not active.size or iteration == limit:
            break
        x[:, active], last_step[active] = step(part, here, residual)
    x[:, status == Status.UNPHYSICAL.code] = np.nan
    return Solution(
        theory,
        x.reshape(n, *shape),
        residual_out.reshape(shape)[()],
        status.reshape(shape)[()],
        iterations.reshape(shape)[()],
    )
