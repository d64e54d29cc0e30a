"""Special functions that read the same for float64 arrays and for mpmath numbers.

Every formula of a theory is written over these names. Given float64 arrays they are numpy and scipy; given
one float, the functions of `math`, which answer in a tenth of the time; given ``mpmath.mpf`` numbers (alone
or in object arrays) they work at mpmath's current precision; given balls (`replica.numerics.balls`), with
proof. That is how one formula serves a grid of a million points, a point that a person drags along, a
capacity with fifty digits, and one that is certified.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from replica.numerics import balls
from replica.typing import Array, Booleans, Number, Numbers

__all__ = [
    "H",
    "absolute",
    "asinh",
    "choose",
    "erf",
    "exact",
    "exp",
    "expm1",
    "is_ball",
    "is_exact",
    "is_single",
    "lag",
    "log",
    "log1p",
    "log1p_lack",
    "log2cosh",
    "log_cdf",
    "maximum",
    "pdf",
    "pi",
    "ratio",
    "sinh",
    "sqrt",
    "stack",
    "tail_ratios",
    "taken",
    "tanh",
]

_DOUBLE = frozenset({float, int, complex, np.float64, np.complex128})
_SINGLE = frozenset({float, np.float64})


def is_exact(*values: Number) -> bool:
    """Tell whether any of the values is an mpmath number, a ball, or an object array of them.

    Examples
    --------
    >>> import mpmath
    >>> is_exact(1.0), is_exact(1.0, mpmath.mpf(1))
    (False, True)
    """
    for value in values:  # asked at every operation: an array tells by its dtype, a float by its type
        kind = type(value)
        if kind is np.ndarray:
            if value.dtype.hasobject:
                return True
        elif kind not in _DOUBLE and (hasattr(value, "_mpf_") or kind is balls.Jet):
            return True
    return False


def is_ball(*values: Number) -> bool:
    """Tell whether any of the values is a ball, alone or the first of an object array."""
    return balls.active() and any(
        type(one.flat[0] if isinstance(one, np.ndarray) and one.size else one) is balls.Jet for one in values
    )


def is_single(*values: Number) -> bool:
    """Tell whether all of the values are floats, of Python or of numpy.

    Examples
    --------
    >>> is_single(1.0, np.float64(2.0)), is_single(1.0, np.zeros(2))
    (True, False)
    """
    return all(map(_SINGLE.__contains__, map(type, values)))


def exact(value: Number) -> Number:
    """Turn a float into the mpmath number with the decimal digits that the float prints.

    ``exact(0.3)`` is 3/10 at the current precision, which is what a person means by ``T=0.3``. Where balls
    are calculated with, it is the ball of that number.
    """
    import mpmath

    if isinstance(value, np.ndarray):
        return np.vectorize(exact, otypes=[object])(value)
    if balls.active():
        return balls.number(value)
    return value if is_exact(value) else mpmath.mpf(repr(float(value)))


FEW = 12
"""Numbers up to which a loop over floats costs less than one over short arrays."""

INVERSE_ROOT_2PI = 0.3989422804014327

_TAIL_TERMS = ((2.0, 3.0, 66), (3.0, 5.0, 40), (5.0, 8.0, 22), (8.0, 20.0, 13), (20.0, np.inf, 8))
"""Lower and upper end of x, and the terms of the continued fraction that give full precision there."""


def _joined(
    fast: Callable[..., Number],
    name: str | Callable[..., Number],
    doc: str,
    single: Callable[..., float] | None = None,
    arguments: int = 1,
) -> Callable[..., Number]:
    """Join a numpy function with its mpmath namesake, and with that of one float if there is one.

    What `math` refuses (the root of -1, an overflow) numpy answers. A single number stays one of numpy's, for
    which 1/0 is infinite.
    """
    called = name if isinstance(name, str) else name.__name__.strip("_").removesuffix("_exact")

    @cache
    def slow() -> Callable[..., Number]:
        import mpmath

        rounded = getattr(mpmath, name) if isinstance(name, str) else name
        certain = balls.function({"fabs": "absolute"}.get(called, called))

        def either(*values: Number) -> Number:
            return (certain if any(type(one) is balls.Jet for one in values) else rounded)(*values)

        return np.frompyfunc(either, arguments, 1)

    def function(*values: Number) -> Number:
        return slow()(*values) if is_exact(*values) else fast(*values)

    def one(x: Number) -> Number:
        kind = type(x)
        if kind is np.float64 or kind is float:
            try:
                return np.float64(single(x))  # type: ignore[misc]
            except (ValueError, OverflowError):
                return fast(x)
        return slow()(x) if is_exact(x) else fast(x)

    joined = function if single is None else one
    joined.__doc__ = doc
    return joined


def _log2cosh(x: Number) -> Number:
    size = np.abs(x)
    return size + np.log1p(np.exp(-2.0 * size))


def _log2cosh_exact(x: Number) -> Number:
    import mpmath

    return mpmath.log(2 * mpmath.cosh(x))


def _pdf_exact(x: Number) -> Number:
    import mpmath

    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def _log_cdf(x: Number) -> Number:
    """Complex numbers stand for a value and a derivative: their imaginary part is infinitesimal."""
    value = special.log_ndtr(np.real(x))
    if not np.iscomplexobj(x):
        return value
    return value + 1j * np.imag(x) * np.exp(-0.5 * np.real(x) ** 2 - value) * INVERSE_ROOT_2PI


def _log_cdf_exact(x: Number) -> Number:
    import mpmath

    with mpmath.extraprec(10):
        value = mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)
    return +value


def _maximum_exact(a: Number, b: Number) -> Number:
    return max(b, a)


def _log1p_lack(x: Number) -> Number:
    """Complex numbers stand for a value and a derivative."""
    r = x / (2 + x)  # ln(1 + x) = 2 artanh(r)
    near, series = np.abs(np.real(r)) < 0.2, 0.0 * r
    square = np.where(near, r * r, 0.0)
    for k in range(25, 1, -2):
        series = series * square + 1 / k
    return np.where(near, r * (x - 2 * series * square), x - np.log1p(np.where(near, 0.0, x)))[()]


def _log1p_lack_exact(x: Number) -> Number:
    import mpmath

    with mpmath.extraprec(int(20 + 2 * max(0, -mpmath.mag(x))) if x else 0):
        value = x - mpmath.log1p(x)
    return +value


def _lag(x: Number) -> Number:
    x = np.asarray(x, dtype=float)
    near, t = np.abs(x) < 0.5, np.tanh(x)
    u, series = np.where(near, 4.0 * x * x, 0.0), 0.0 * x
    for k in range(8, 0, -1):  # sinh(2x)/(2x) - 1 = u/3! + u^2/5! + ...
        series = (1.0 + series) * u / ((2 * k) * (2 * k + 1))
    far = np.where(near, 1.0, x)
    return np.where(near, series * (1.0 - t * t), t / far - (1.0 - t * t))[()]


def _lag_exact(x: Number) -> Number:
    import mpmath

    if not x:
        return 0 * x
    with mpmath.extraprec(int(20 + 2 * max(0, -mpmath.mag(x)))):
        t = mpmath.tanh(x)
        value = t / x - (1 - t * t)
    return +value


def _pdf(x: Number) -> Number:
    return np.exp(-0.5 * x * x) * INVERSE_ROOT_2PI


def _pdf_one(x: float) -> float:
    return math.exp(-0.5 * x * x) * INVERSE_ROOT_2PI


sqrt = _joined(np.sqrt, "sqrt", "Square root.", math.sqrt)
exp = _joined(np.exp, "exp", "Exponential.", math.exp)
expm1 = _joined(np.expm1, "expm1", "exp(x) - 1, accurate for small x.", math.expm1)
log = _joined(np.log, "log", "Natural logarithm.", math.log)
log1p = _joined(np.log1p, "log1p", "log(1 + x), accurate for small x.", math.log1p)
log1p_lack = _joined(_log1p_lack, _log1p_lack_exact, "x - log(1 + x), accurate for small x.")
tanh = _joined(np.tanh, "tanh", "Hyperbolic tangent.", math.tanh)
erf = _joined(special.erf, "erf", "Error function.", math.erf)
sinh = _joined(np.sinh, "sinh", "Hyperbolic sine.", math.sinh)
asinh = _joined(np.arcsinh, "asinh", "Inverse hyperbolic sine.", math.asinh)
log_cdf = _joined(_log_cdf, _log_cdf_exact, "Logarithm of the normal distribution function.")
absolute = _joined(np.abs, "fabs", "Absolute value.", abs)
lag = _joined(
    _lag, _lag_exact, "tanh(x)/x - sech^2(x): chord less slope of tanh, accurate for small x, >= 0."
)
log2cosh = _joined(_log2cosh, _log2cosh_exact, "ln(2 cosh x) without overflow.")
pdf = _joined(
    _pdf, _pdf_exact, "Density of the standard normal distribution, exp(-x^2/2)/sqrt(2 pi).", _pdf_one
)
_larger = _joined(np.maximum, _maximum_exact, "The larger of two numbers or arrays.", arguments=2)


def maximum(a: Number, b: Number) -> Number:
    """The larger of two numbers; NaN if one of them is."""
    if is_single(a, b):
        return a if a >= b or a != a else b
    return _larger(a, b)


def choose(condition: Booleans | bool, yes: Number, no: Number) -> Number:
    """``numpy.where`` that knows when it is asked about one number.

    Examples
    --------
    >>> choose(True, 1.0, 2.0), choose(np.array([True, False]), 1.0, 2.0)
    (1.0, array([1., 2.]))
    """
    if isinstance(condition, bool | np.bool_):
        return yes if condition else no
    chosen: Number = np.where(np.asarray(condition), yes, no)
    return chosen[()]


def ratio(a: Number, b: Number) -> Number:
    """``a / b`` for a >= 0, infinite where b = 0.

    Examples
    --------
    >>> float(ratio(1.0, 0.0))
    inf
    """
    if is_exact(a, b):
        import mpmath

        return a / b if b else mpmath.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(b, 0), np.inf, np.divide(a, b))[()]


def pi(like: Number) -> Number:
    """Pi in the arithmetic of ``like``."""
    if balls.active():
        return balls.pi()
    if is_exact(like):
        import mpmath

        return +mpmath.pi
    return np.pi


def H(k: int, x: Number) -> Number:
    r"""Truncated Gaussian moments :math:`H_k(x) = \int_x^\infty Dz\,(z-x)^k` for k = 0, 1, 2.

    ``H(0, x)`` is the normal tail, ``H(1, x) = pdf(x) - x H(0, x)``,
    ``H(2, x) = (1 + x^2) H(0, x) - x pdf(x)``. For x > 2 these differences cancel, and a continued
    fraction takes over; the relative error stays below 2e-13 down to underflow.

    Parameters
    ----------
    k : {0, 1, 2}
        The power.
    x : float, array or mpmath number
        The lower limit, any shape.

    Returns
    -------
    Same type and shape as `x`.

    References
    ----------
    Tubiana and Monasson, Phys. Rev. Lett. 118, 138301 (2017), define the same functions.

    Examples
    --------
    >>> print(float(H(0, 0.0)), float(H(2, 0.0)))
    0.5 0.5
    >>> print(f"{float(H(2, 10.0)):.12e}")
    1.452927695712e-25
    """
    if k not in (0, 1, 2):
        msg = f"H(k, x) is defined here for k = 0, 1, 2, not {k!r}"
        raise ValueError(msg)
    if is_exact(x):
        return _H_exact(k)(x)
    x = np.asarray(x, dtype=float)
    tail = special.ndtr(-x)
    if k == 0:
        return tail[()]
    with np.errstate(invalid="ignore", over="ignore"):
        direct = _pdf(x) - x * tail if k == 1 else (1.0 + x * x) * tail - x * _pdf(x)
    direct = np.asarray(direct)
    far = x > _TAIL_TERMS[0][0]
    if np.any(far):
        first, second = tail_ratios(x[far])
        direct[far] = tail[far] * first if k == 1 else tail[far] * first * second
    return direct[()]


def _tail_ratios(x: Array, terms: int) -> tuple[Array, Array]:
    """H_1/H_0 and H_2/H_1 for x > 2 from the repeated integrals of erfc, by backward recurrence.

    With z = x/sqrt2, i^n erfc / i^(n-1) erfc = 1 / (2 (z + (n + 1) * next ratio)), and
    H_k = k! 2^(k/2) i^k erfc(z) / 2. At large n a ratio changes slowly, so it begins at its own fixed point.
    """
    z = x / np.sqrt(2.0)
    ratio = 1 / (z + np.hypot(z, np.sqrt(2 * terms + 3)))
    if z.size <= FEW:  # the same operations on floats
        known = zip(z.ravel().tolist(), ratio.ravel().tolist(), strict=True)
        ratio = np.reshape([_recurred(at, value, terms) for at, value in known], z.shape)
    else:
        for n in range(terms, 2, -1):
            ratio *= n + 1
            ratio += z
            np.divide(0.5, ratio, out=ratio)
    second = 0.5 / (z + 3 * ratio)
    first = 0.5 / (z + 2 * second)
    return first * np.sqrt(2.0), second * np.sqrt(8.0)


def _recurred(z: float, ratio: float, terms: int) -> float:
    for n in range(terms, 2, -1):
        ratio = 0.5 / (ratio * (n + 1) + z)
    return ratio


def tail_ratios(x: Array) -> tuple[Array, Array]:
    """H_1/H_0 and H_2/H_1 for x > 2, where both tend to k/x and the differences that define H_k cancel.

    Examples
    --------
    >>> first, second = tail_ratios(np.array([10.0]))
    >>> print(f"{first[0]:.12f} {second[0]:.12f}")
    0.098093233963 0.194383033413
    """
    nearest, farthest = (np.min(x), np.max(x)) if np.size(x) else (np.inf, np.inf)
    for lower, upper, terms in _TAIL_TERMS:
        if lower < nearest and farthest <= upper:  # as always for a single number
            return _tail_ratios(x, terms)
    first, second = np.empty_like(x), np.empty_like(x)
    for lower, upper, terms in _TAIL_TERMS:
        far = (x > lower) & (x <= upper)
        if np.any(far):
            first[far], second[far] = _tail_ratios(x[far], terms)
    return first, second


@cache
def _H_exact(k: int) -> Callable[..., Number]:
    import mpmath

    def one(x: Number) -> Number:
        if type(x) is balls.Jet:
            return balls.H(k, x)
        with mpmath.extraprec(int(20 + 8 * max(0, mpmath.mag(x)))):
            tail = mpmath.erfc(x / mpmath.sqrt(2)) / 2
            if k == 0:
                value = tail
            elif k == 1:
                value = _pdf_exact(x) - x * tail
            else:
                value = (1 + x * x) * tail - x * _pdf_exact(x)
        return +value

    return np.frompyfunc(one, 1, 1)


def stack(*rows: Number) -> Numbers:
    """Order parameters side by side: shape ``(n_order, *batch)``, float64 or object.

    Examples
    --------
    >>> stack(1.0, np.zeros(3)).shape
    (2, 3)
    """
    if is_single(*rows):
        return np.array(rows, dtype=float)
    shapes = {np.shape(row) for row in rows}
    if len(shapes) == 1 and all(type(row) is np.ndarray and row.dtype == float for row in rows):
        return np.array(rows)
    shape = np.broadcast_shapes(*shapes)
    out = np.empty((len(rows), *shape), dtype=object if is_exact(*rows) else float)
    for i, row in enumerate(rows):
        out[i] = row
    return out


def taken(rows: Any, index: Any, shape: tuple[int, ...], axes: int = 0) -> Any:
    """What belongs to the points `index` of a flattened batch; what is the same at all of them stays so.

    Parameters
    ----------
    rows : array, shape (*part, *tail), or None
        Its leading axes broadcast to `shape`; the last `axes` of them are no axes of the batch.
    index : int or array of int
    shape : tuple of int
        Shape of the batch.

    Examples
    --------
    >>> print(taken(np.array([[10], [20]]), np.array([0, 5]), (2, 3)))
    [10 20]
    """
    own = np.shape(rows)[: np.ndim(rows) - axes]
    if not own:
        return rows
    if own == shape:
        return np.reshape(rows, (-1, *np.shape(rows)[len(own) :]))[index]
    places = np.unravel_index(index, shape)[-len(own) :]
    return np.asarray(rows)[tuple(place * (n > 1) for place, n in zip(places, own, strict=True))]
