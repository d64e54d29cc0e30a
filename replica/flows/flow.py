"""Integration of flows, and the checks of what they start from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from replica.errors import ConvergenceError, ParameterError
from replica.typing import Array

__all__ = ["DIGITS", "flow", "numbers", "require"]

RTOL, ATOL = 1e-10, 1e-14
"""Relative and absolute error that the integration of a flow allows itself per step."""
DIGITS = 8
"""Significant digits that are good after an integration."""
LARGEST = 1e100
"""Rate above which a flow is not integrated: step sizes would overflow."""


def require(condition: ArrayLike, name: str, value: ArrayLike, allowed: str) -> None:
    """Raise `ParameterError` with the first value that is not allowed."""
    bad = ~np.broadcast_to(condition, np.shape(value))
    if np.any(bad):
        wrong = float(np.asarray(value, dtype=float)[bad].flat[0])
        msg = f"learning: {name} = {wrong:g} is not allowed; {name} is {allowed}"
        raise ParameterError(msg)


def numbers(name: str, value: ArrayLike) -> Array:
    """The value as an array of finite numbers."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        msg = f"learning: {name} must be a number or an array of numbers, not {value!r}"
        raise ParameterError(msg) from None
    require(np.isfinite(numbers), name, numbers, "a finite number")
    return numbers


def flow(rate: Callable[[Array], Array], start: Array, times: ArrayLike, what: str) -> Array:
    """Integrate dy/dt = rate(y) from t = 0; the states at `times`, shape ``(n, n_times)``."""
    times = np.atleast_1d(numbers("time", times))
    require(times >= 0, "time", times, ">= 0")
    require(np.diff(times, prepend=0.0) >= 0, "time", times, "given in increasing order")
    if times[-1] == 0:
        return np.repeat(start[:, None], len(times), axis=1)

    def bounded(t: float, y: Array) -> Array:
        with np.errstate(all="ignore"):
            change = rate(y)
        if not np.all(np.abs(change) < LARGEST):
            msg = f"{what}: the flow is above {LARGEST:g} at t = {t:g}; try smaller weights or moments"
            raise ConvergenceError(msg)
        return change

    done = solve_ivp(bounded, (0.0, times[-1]), start, "LSODA", times, rtol=RTOL, atol=ATOL)
    if not done.success:
        msg = f"{what}: the integration stopped at t = {done.t[-1] if len(done.t) else 0:g} ({done.message})"
        raise ConvergenceError(msg, done)
    return np.where(times == 0, start[:, None], done.y)
