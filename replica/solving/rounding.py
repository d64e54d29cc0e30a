"""Errors of roots in float64: the noise of the equations, measured, and what it does to the unknowns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica.errors import ParameterError
from replica.solving.derivatives import jacobian, jacobian_errors
from replica.theory import Theory
from replica.typing import Array, Number, Numbers

__all__ = [
    "TRIALS",
    "pseudo_inverse",
    "root_error",
    "roughness",
    "sizes",
    "state_error",
    "through",
    "value_error",
]

EPS = float(np.finfo(float).eps)

TRIALS = 4
"""Directions in which noise is looked for."""

NUDGES = 1e-11 * np.random.default_rng(20261130).uniform(-1, 1, size=(TRIALS, 64))
"""By how much of themselves the unknowns are moved: far beyond their last place, where nothing bends yet."""


PUSH = 1e-7
"""By which part of itself a control parameter is moved to see what its rounding comes to."""

STEEP = 100.0
"""Amplification of noise above which it is looked whether the equations bend over the error."""


def roughness(f: Callable[[Any], Any], y: Numbers, trials: int = TRIALS) -> Array:
    """Rounding noise of a function, seen in its values next to y.

    Over so short a way a smooth function is straight, from a kink in y as well, and
    f(y) - 2 f(y + d) + f(y + 2 d) is noise, twice as large as that of f or more. The largest of a few
    directions d counts.

    Parameters
    ----------
    f : callable
        Maps ``(n, *batch)`` to ``(k, *batch)``.
    y : array, shape (n, *batch)
        Where.
    trials : int
        Number of directions, at most 4.

    Returns
    -------
    array, shape (k, *batch)

    Examples
    --------
    >>> noise = roughness(lambda y: (1e3 + y) - 1e3, np.array([0.3]))
    >>> print(bool(1e-14 < noise[0] < 1e-12))
    True
    """
    return _probed(f, y, trials)[1]


def _probed(f: Callable[[Any], Any], y: Any, trials: int) -> tuple[Any, Any]:
    """The value of f, and its noise."""
    y = np.asarray(y, dtype=float)[:, None]
    nudges = np.resize(NUDGES[:trials], (trials, len(y))).T.reshape(len(y), -1, *(1,) * (y.ndim - 2))
    with np.errstate(all="ignore"):
        values = f(np.concatenate([y, y * (1 + nudges), y * (1 + 2 * nudges)], axis=1))
        here, near, far = values[:, :1], values[:, 1 : trials + 1], values[:, trials + 1 :]
        return here[:, 0], _largest(np.abs(far - 2 * near + here))


def root_error(
    f: Callable[[Any], Any], y: Numbers, slope: Number, noise: Number, *, slope_error: Number = 0.0
) -> Array:
    """Bound on the error of a root of f: what residual and noise come to through the inverse of the slope.

    Where the slope is nearly singular, f bends over that distance. It is then taken for a parabola along it,
    r + s d + k d^2, which has a root within r/s (1 + ...) if 4 k r < s^2, and none farther than
    (s + sqrt(s^2 + 4 k r))/(2 k) in any case: two roots that merge are known to the square root of the noise.

    Parameters
    ----------
    f : callable
        Maps ``(n, *batch)`` to ``(k, *batch)``, k >= n.
    y : array, shape (n, *batch)
        The root as it was found.
    slope : array, shape (k, n, *batch)
        Derivatives of f there.
    noise : array, shape (k, *batch)
        Of f.
    slope_error : array, shape (*batch)
        How far an entry of `slope` may be off.

    Returns
    -------
    array, shape (n, *batch)
        Infinite where the slope may be singular and f does not bend either, unless f is exact.

    Examples
    --------
    >>> flat = root_error(lambda y: 1e-8 * (y - 1), np.array([1.0]), np.array([[1e-8]]), np.array([1e-16]))
    >>> print(flat.round(12))
    [1.e-08]
    >>> near = np.array([1e-6])  # of the double root 0
    >>> print(root_error(lambda y: y * y, near, 2 * near[None], np.array([1e-20])).round(8))
    [1.e-06]
    """
    y = np.asarray(y, dtype=float)
    inverse, soft, singular = _inverted(slope, slope_error)
    with np.errstate(all="ignore"):
        here = f(y)
        linear = through(inverse, np.abs(here) + noise)
        step = linear * np.where(soft < 0, -1.0, 1.0)
        straight = np.einsum("ij...,j...->i...", slope, step)
        bent = np.abs(
            f(np.stack([y + step, y - step], axis=1)) - here[:, None] - straight[:, None] * _sides(y)
        )
        bent = _largest(np.maximum(bent - noise[:, None], 0.0))
        part = np.max(np.where(linear > 0, through(inverse, bent) / linear, 0.0), axis=0)
        factor = np.where(
            part < 0.25,
            np.where(singular, np.inf, 2 / (1 + np.sqrt(np.maximum(1 - 4 * part, 0.0)))),
            np.where(np.isinf(part), np.inf, (1 + np.sqrt(1 + 4 * part)) / (2 * part)),
        )
        return np.where(linear > 0, linear * factor, linear)


def state_error(theory: Theory, x: Numbers, *, trials: int = TRIALS) -> Array:
    """Bound on the errors of solutions of ``update(x) == x``, shape ``(n_order, *batch)``.

    From the residual, the measured noise of `update`, its Jacobian, and how well that is known.

    Examples
    --------
    >>> from replica.solving import solve
    >>> from replica.theories import Hopfield
    >>> for alpha in (0.1, 0.1379055664949):  # the second is 3e-14 from where the state ends
    ...     state = solve(Hopfield(alpha=alpha, T=0.0))
    ...     print(bool(state_error(state.theory, state.x)[0] < 1e-14))
    True
    False
    """
    x = np.asarray(x, dtype=float)
    n, batch = len(x), x.shape[1:]
    slope = jacobian(theory, x) - np.eye(n).reshape(n, n, *(1,) * len(batch))
    unit = sizes(x)  # in which a Jacobian is well scaled
    slope = slope * unit / unit[:, None]
    doubt = np.max(jacobian_errors(theory, x) * unit / unit[:, None], axis=(0, 1))

    def f(y: Any, index: Any = None) -> Any:
        part, per = (
            (theory, unit) if index is None else (theory.take(index, batch), unit.reshape(n, -1)[:, index])
        )
        per = per.reshape(n, *(1,) * (y.ndim - per.ndim), *per.shape[1:])
        return part.residual(y * per) / per

    y = x / unit
    here, noise = _probed(f, y, trials)
    if type(theory).mismatch is Theory.mismatch:
        noise = noise + 2 * EPS * np.abs(y)  # the difference of two rounded numbers, and rounded parameters
    else:
        noise = noise + _rounded_parameters(theory, x, here * unit) / unit
    with np.errstate(all="ignore"):
        inverse, _, singular = _inverted(slope, doubt)
        error = through(inverse, np.abs(here) + noise)
        steep = np.any(error > STEEP * np.max(noise, axis=0), axis=0) | singular
    where = np.flatnonzero(np.ravel(np.broadcast_to(steep, batch)))
    if where.size:
        if not batch:
            return unit * root_error(f, y, slope, noise, slope_error=doubt)
        flat = [np.broadcast_to(v, (*v.shape[: -len(batch)], *batch)) for v in (y, slope, noise)]
        flat = [v.reshape(*v.shape[: -len(batch)], -1)[..., where] for v in flat]
        doubts = np.broadcast_to(doubt, batch).ravel()[where]
        error.reshape(n, -1)[:, where] = root_error(lambda v: f(v, where), *flat, slope_error=doubts)
    return unit * error


def _rounded_parameters(theory: Theory, x: Numbers, here: Array) -> Array:
    """What the rounding of the control parameters comes to in the equations, which are `here` at x.

    The shape is ``(n_order, *batch)``.
    """
    total = np.zeros(np.shape(x))
    with np.errstate(all="ignore"):
        for name in theory.parameters():
            value = getattr(theory, name)
            if isinstance(value, float | np.ndarray) and np.any(value != 0):
                moved = _moved(theory, name, value).residual(x) - here
                total = total + np.where(np.isfinite(moved), np.abs(moved), 0.0)
    return EPS / PUSH * total


def _moved(theory: Theory, name: str, value: Number) -> Theory:
    """The theory with a parameter smaller by a small part of itself, which no domain forbids but [1, ...)."""
    try:
        return theory.at(**{name: value * (1 - PUSH)})
    except ParameterError:
        return theory


def sizes(x: Numbers) -> Array:
    """Units of the order parameters in which they are of order one; 1 for one that vanishes."""
    return np.where(np.abs(x) > 1e-12, np.abs(x), 1.0)


def value_error(f: Callable[[Any], Any], x: Numbers, error: Number) -> Array:
    """Bound on the errors of functions of a state that is known to an error, their own rounding included.

    Parameters
    ----------
    f : callable
        Maps ``(n, *batch)`` to ``(k, *batch)``.
    x, error : array, shape (n, *batch)

    Returns
    -------
    array, shape (k, *batch)

    Examples
    --------
    >>> print(value_error(lambda x: x**2, np.array([3.0]), np.array([1e-8])).round(10))
    [6.e-08]
    """
    x, error = np.asarray(x, dtype=float), np.asarray(error, dtype=float)
    n = len(x)
    known = np.isfinite(error)
    step = np.where(known, error, np.maximum(np.abs(x), 1.0) / 2)  # not known at all: does f depend on it?
    apart = np.eye(n).reshape(n, n, *(1,) * (x.ndim - 1)) * step[None]
    with np.errstate(all="ignore"):
        here = np.asarray(f(x))
        values = f(np.concatenate([x[:, None] + apart, x[:, None] - apart], axis=1)) - here[:, None]
        moved = np.fmax(*np.abs(values).reshape(len(here), 2, n, *x.shape[1:]).swapaxes(0, 1))
        moved = np.where(np.isnan(moved) & (step > 0), np.inf, moved)  # out of the domain on either side
        moved = np.where(known | ~(moved > 0), moved, np.inf)
        return np.sum(np.nan_to_num(moved, posinf=np.inf), axis=1) + roughness(f, x) + EPS * np.abs(here)


def _largest(values: Any) -> Any:
    """Largest over the second axis of what is in the domain; infinite where nothing is."""
    inside = np.isfinite(values)
    return np.where(inside.any(axis=1), np.max(np.where(inside, values, -np.inf), axis=1), np.inf)


def _sides(y: Any) -> Any:
    return np.array([1.0, -1.0]).reshape(1, 2, *(1,) * (y.ndim - 1))


def through(matrix: Numbers, errors: Numbers) -> Array:
    """What errors come to at most through a linear map, ``|matrix| @ errors``; exact input stays exact."""
    matrix, errors = np.abs(matrix), np.asarray(errors)
    with np.errstate(all="ignore"):
        terms = np.where(errors == 0, 0.0, matrix * errors)
        total = np.sum(terms, axis=1)
    return np.where(np.isnan(total), np.inf, total)


def pseudo_inverse(matrix: Numbers) -> Array:
    """Inverse of a matrix ``(k, n, *batch)``, square or not, as ``(n, k, *batch)``; NaN where not finite."""
    return _inverted(matrix, 0.0)[0]


def _inverted(slope: Any, slope_error: Any) -> tuple[Any, Any, Any]:
    """Inverse, shape ``(n, k, *batch)``, softest direction, and whether the slope may be singular."""
    square = np.moveaxis(np.asarray(slope, dtype=float), (0, 1), (-2, -1))
    regular = np.all(np.isfinite(square), axis=(-2, -1))
    u, s, v = np.linalg.svd(np.where(regular[..., None, None], square, 0.0), full_matrices=False)
    doubt = np.asarray(slope_error)[..., None] * np.sqrt(np.prod(square.shape[-2:])) + EPS * np.maximum(
        s[..., :1], 1.0
    )
    singular = s[..., -1] <= 2 * doubt[..., 0]
    with np.errstate(all="ignore"):
        inverse = np.einsum("...ji,...j,...kj->...ik", v, 1 / np.maximum(s - doubt, doubt), u)
        inverse = np.where(regular[..., None, None], inverse, np.nan)
    return np.moveaxis(inverse, (-2, -1), (0, 1)), np.moveaxis(v[..., -1, :], -1, 0), singular
