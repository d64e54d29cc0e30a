"""Derivatives by extrapolated differences, which estimate their own error."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from replica.theory import Theory
from replica.typing import Array

__all__ = ["explicit_slope", "jitter", "richardson", "room", "sharpest", "shifted"]


def richardson(
    f: Callable[[Any], Any], size: float, *, side: int = 0, rounding: float = 1e-15, noise: float = 0.0
) -> tuple[Any, Any]:
    """Derivative at 0 of a function of offsets, by extrapolated differences, and an estimate of its error.

    Differences of steps size/2^i, extrapolated; of all entries of the table the one that differs least from
    its neighbours, with the rounding of f added to its error.

    Parameters
    ----------
    f : callable
        Maps offsets, shape (k,), to values, shape (..., k).
    size : float
        The longest step.
    side : {0, 1, -1}
        Central differences, or one-sided ones: above or below 0 only.
    rounding, noise : float
        Error of the values, relative and absolute; the larger one counts.

    Returns
    -------
    value, error : arrays, shape (...)

    Examples
    --------
    >>> value, error = richardson(np.exp, 0.02)
    >>> print(f"{value:.12f} {bool(error < 1e-12)}")
    1.000000000000 True
    """
    step = size * 0.5 ** np.arange(10)
    ahead, behind = (step, -step) if side == 0 else (side * step, 0 * step)
    values = np.asarray(f(np.concatenate([ahead, behind])), dtype=float)
    column = (values[..., :10] - values[..., 10:]) / (ahead - behind)
    jitter = np.maximum(rounding * np.max(np.abs(values), axis=-1, keepdims=True), noise) / step
    best, error = column[..., -1], np.full(column.shape[:-1], np.inf)
    for order in range(1, 6):
        ratio = 4**order if side == 0 else 2**order
        finer = column[..., 1:] + (column[..., 1:] - column[..., :-1]) / (ratio - 1)
        gap = (
            np.maximum(np.abs(finer - column[..., 1:]), np.abs(finer - column[..., :-1]))
            + jitter[..., order:]
        )
        pick = np.argmin(gap, axis=-1)[..., None]
        least = np.take_along_axis(gap, pick, -1)[..., 0]
        best = np.where(least < error, np.take_along_axis(finer, pick, -1)[..., 0], best)
        error, column = np.minimum(least, error), finer
    return best, error


def sharpest(
    f: Callable[[Any], Any], sizes: Collection[float], least: float, **settings: Any
) -> tuple[Any, Any]:
    """`richardson` with the first of some sizes that sees anything: an error below `least`."""
    value, error = np.nan, np.inf
    with np.errstate(all="ignore"):
        for size in sizes:
            value, error = richardson(f, size, **settings)
            if np.all(error < least):
                break
    return value, error


def jitter(theory: Theory, x: Array) -> float:
    """Rounding of the free energy, as it shows between neighbouring numbers next to a stationary point.

    Its size says less where large terms cancel.
    """
    with np.errstate(all="ignore"):
        values = theory.free_energy(x[:, None] * (1 + 4e-16 * np.arange(-4, 5)))
    return float(np.nan_to_num(np.ptp(values)))


def shifted(x: Array, index: int, offsets: Array) -> Array:
    """Copies of order parameters with one of them moved, shape (n_order, k)."""
    moved = np.repeat(np.asarray(x)[:, None], len(offsets), axis=1)
    moved[index] += offsets
    return moved


def explicit_slope(
    theory: Theory, name: str, x: Array, *, side: int = 0, rounding: float = 1e-15
) -> tuple[Any, Any]:
    """Derivative of the free energy by a control parameter at fixed x, and an estimate of its error.

    By extrapolated differences inside the domain: one-sided at a bound, or if `side` says so.
    """
    value = float(getattr(theory, name))
    size = 0.05 * max(abs(value), 0.1)
    below, above = room(theory, name)
    side = 1 if below == 0 else -1 if above == 0 else side
    size = min(size, 0.5 * (above if side == 1 else below if side == -1 else min(below, above)))

    def f(offsets: Any) -> Any:
        return theory.at(**{name: value + offsets}).free_energy(x[:, None])

    noise = jitter(theory, x)
    return sharpest(f, (size, size / 10), 1e-9, side=side, rounding=rounding, noise=noise)


def room(theory: Theory, name: str) -> tuple[float, float]:
    """Distances of a parameter to the lower and upper end of its domain."""
    about, value = theory.parameters()[name], float(getattr(theory, name))
    return value - about.lower, about.upper - value
