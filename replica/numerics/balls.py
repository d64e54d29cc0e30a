r"""Balls: numbers with a proof, and their derivatives to second order.

A `Jet` is what a formula of a theory runs on where its result is to be certain: the value, the gradient and
the Hessian in all unknowns, each a ball of Arb, an interval that contains the number. One call of ``update``
gives the equations, their Jacobian and its derivatives. Rounding is inside the intervals, so what is
computed is true.

No number slips in that is not what it says. Parameters are the decimal numbers that were typed (`number`); a
float of sixteen digits in a formula is refused, as 1/3 in float64 is not 1/3; so is an mpmath number, which
is rounded. A comparison that the intervals leave open raises.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from replica.errors import ReplicaError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BallError", "Jet", "active", "average", "constant", "function", "number", "unknowns", "working"]

Ball: TypeAlias = Any
"""An ``arb`` of python-flint, which has no types."""

GUARD = 15
"""Significant digits from which on a float in a formula is a rounded number."""

_alone = threading.RLock()
"""The precision of python-flint is one for all threads: one of them at a time calculates with balls."""
_here = threading.local()


class BallError(ReplicaError, ArithmeticError):
    """What cannot be said with certainty: a comparison left open, or a function that has no ball."""


def active() -> bool:
    """Whether numbers are made balls now: inside `working`."""
    return getattr(_here, "depth", 0) > 0


@contextmanager
def working(digits: int) -> Iterator[None]:
    """Calculate with balls, to a number of decimal digits.

    Examples
    --------
    >>> with working(30):
    ...     print((number(0.1) / 3).value.str(20, radius=False))
    0.033333333333333333333
    """
    import flint

    with _alone:
        before, depth = flint.ctx.dps, getattr(_here, "depth", 0)
        flint.ctx.dps, _here.depth = digits, depth + 1
        try:
            yield
        finally:
            flint.ctx.dps, _here.depth = before, depth


def constant(value: Any) -> Ball:
    """The ball of a number: of a float the decimal number that it prints."""
    import flint

    if isinstance(value, flint.arb):
        return value
    if isinstance(value, int | np.integer):
        return flint.arb(int(value))
    if isinstance(value, float | np.floating):
        return flint.arb(repr(float(value)))
    if isinstance(value, str):
        return flint.arb(value)
    msg = f"a number of type {type(value).__name__} is rounded, and no ball"
    raise BallError(msg)


def number(value: Any) -> Jet:
    """A control parameter or a constant as it was typed, with no derivatives."""
    return value if isinstance(value, Jet) else Jet(constant(value))


def unknowns(values: Sequence[Ball]) -> np.ndarray[Any, Any]:
    """The unknowns of a system, each with its own direction of differentiation, as an object array."""
    import flint

    n = len(values)
    out = np.empty(n, dtype=object)
    for i, value in enumerate(values):
        out[i] = Jet(value, [flint.arb(int(i == j)) for j in range(n)], None)
    return out


class Jet:
    """A ball with its gradient and Hessian; None stands for zeros.

    Examples
    --------
    >>> with working(20):
    ...     (x,) = unknowns([constant(2)])
    ...     y = x**3 / 4
    ...     print(*(one.str(10, radius=False) for one in (y.value, y.gradient[0], y.hessian[0][0])))
    2.000000000 3.000000000 3.000000000
    """

    __slots__ = ("gradient", "hessian", "value")
    _ball_ = True

    def __init__(self, value: Ball, gradient: Any = None, hessian: Any = None) -> None:
        self.value, self.gradient, self.hessian = value, gradient, hessian

    def through(self, value: Ball, first: Ball, second: Ball) -> Jet:
        """The jet of a function of this one, from its value and its two derivatives."""
        g, h = self.gradient, self.hessian
        if g is None:
            return Jet(value)
        n = len(g)
        curved = [[second * g[i] * g[j] for j in range(i + 1)] for i in range(n)]
        if h is not None:
            curved = [[curved[i][j] + first * h[i][j] for j in range(i + 1)] for i in range(n)]
        return Jet(value, [first * one for one in g], curved)

    @property
    def curvature(self) -> Any:
        """The Hessian, its lower triangle, with zeros written out."""
        import flint

        n = len(self.gradient or ())
        return self.hessian or [[flint.arb(0)] * (i + 1) for i in range(n)]

    def __add__(self, other: Any) -> Any:
        other = _other(other)
        if other is NotImplemented:
            return other
        return Jet(
            self.value + other.value,
            _sum(self.gradient, other.gradient, _plus),
            _sum(self.hessian, other.hessian, _plus_rows),
        )

    __radd__ = __add__

    def __neg__(self) -> Jet:
        g, h = self.gradient, self.hessian
        return Jet(
            -self.value,
            None if g is None else [-one for one in g],
            None if h is None else [[-one for one in row] for row in h],
        )

    def __pos__(self) -> Jet:
        return self

    def __sub__(self, other: Any) -> Any:
        other = _other(other)
        return other if other is NotImplemented else self + (-other)

    def __rsub__(self, other: Any) -> Any:
        other = _other(other)
        return other if other is NotImplemented else other + (-self)

    def __mul__(self, other: Any) -> Any:
        other = _other(other)
        if other is NotImplemented:
            return other
        a, b, g, h = self.value, other.value, self.gradient, other.gradient
        if g is None and h is None:
            return Jet(a * b)
        if g is None or h is None:
            factor, moving = (a, other) if g is None else (b, self)
            return Jet(
                a * b,
                [factor * one for one in moving.gradient],
                None if moving.hessian is None else [[factor * one for one in row] for row in moving.hessian],
            )
        n, A, B = len(g), self.hessian, other.hessian
        curved = [[g[i] * h[j] + g[j] * h[i] for j in range(i + 1)] for i in range(n)]
        if A is not None:
            curved = [[curved[i][j] + b * A[i][j] for j in range(i + 1)] for i in range(n)]
        if B is not None:
            curved = [[curved[i][j] + a * B[i][j] for j in range(i + 1)] for i in range(n)]
        return Jet(a * b, [a * q + b * p for p, q in zip(g, h, strict=True)], curved)

    __rmul__ = __mul__

    def _inverse(self) -> Jet:
        one = 1 / self.value
        square = one * one
        return self.through(one, -square, 2 * square * one)

    def __truediv__(self, other: Any) -> Any:
        other = _other(other)
        return other if other is NotImplemented else self * other._inverse()

    def __rtruediv__(self, other: Any) -> Any:
        other = _other(other)
        return other if other is NotImplemented else other * self._inverse()

    def __pow__(self, power: Any) -> Any:
        if isinstance(power, Jet):
            return exp(power * log(self))
        if isinstance(power, int | np.integer) or (isinstance(power, float) and power.is_integer()):
            k, x = int(power), self.value
            first = k * _power(x, k - 1) if k else 0 * x
            second = k * (k - 1) * _power(x, k - 2) if k * (k - 1) else 0 * x
            return self.through(_power(x, k), first, second)
        if isinstance(power, float) and (2 * power).is_integer():
            return sqrt(self) ** int(2 * power)
        return NotImplemented

    def __rpow__(self, base: Any) -> Any:
        base = _other(base)
        return base if base is NotImplemented else exp(self * log(base))

    def __abs__(self) -> Jet:
        return -self if self < 0 else self

    def __bool__(self) -> bool:
        return self != 0

    def __eq__(self, other: object) -> Any:
        return self._compared(other, operator.eq, operator.ne)

    def __ne__(self, other: object) -> Any:
        return self._compared(other, operator.ne, operator.eq)

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, operator.lt, operator.ge)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, operator.le, operator.gt)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, operator.gt, operator.le)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, operator.ge, operator.lt)

    __hash__ = None  # type: ignore[assignment]

    def _compared(self, other: Any, yes: Callable[..., bool], no: Callable[..., bool]) -> Any:
        other = _other(other)
        if other is NotImplemented:
            return other
        if yes(self.value, other.value):
            return True
        if no(self.value, other.value):
            return False
        msg = f"whether {self.value.str(10)} is {yes.__name__} {other.value.str(10)} is not certain"
        raise BallError(msg)

    def __repr__(self) -> str:
        return f"<Jet {self.value.str(20)}>"


def _power(x: Ball, k: int) -> Ball:
    """A whole power; that of `arb` is a logarithm, and knows none of what may be 0."""
    if k < 0:
        return 1 / _power(x, -k)
    value = constant(1)
    for _ in range(k):
        value = value * x
    return value


def _sum(a: Any, b: Any, plus: Callable[[Any, Any], Any]) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return plus(a, b)


def _plus(a: Any, b: Any) -> Any:
    return [p + q for p, q in zip(a, b, strict=True)]


def _plus_rows(a: Any, b: Any) -> Any:
    return [_plus(p, q) for p, q in zip(a, b, strict=True)]


def _other(value: Any) -> Any:
    """The other operand: a whole number, or a float that is the short decimal number it prints."""
    if isinstance(value, Jet):
        return value
    if isinstance(value, bool | int | np.integer):
        return Jet(constant(int(value)))
    if isinstance(value, float | np.floating):
        digits = repr(float(value)).partition("e")[0].replace(".", "").replace("-", "").strip("0")
        if len(digits) >= GUARD or not np.isfinite(value):
            msg = f"{float(value)!r} in a formula is a rounded number: write it as a fraction of whole ones"
            raise BallError(msg)
        return Jet(constant(value))
    if isinstance(value, np.ndarray):
        return NotImplemented  # numpy hands its entries over one by one
    if hasattr(value, "_mpf_"):
        msg = "an mpmath number, which is rounded, has met a ball"
        raise BallError(msg)
    return NotImplemented


# -- functions ------------------------------------------------------------------------------------------


def function(name: str) -> Callable[..., Jet]:
    """The function of balls of that name; what has none says so when it is called."""
    found = FUNCTIONS.get(name)
    if found is not None:
        return found

    def missing(*_: Any) -> Jet:
        msg = f"the function {name} has no ball"
        raise BallError(msg)

    return missing


def sqrt(x: Jet) -> Jet:
    root = x.value.sqrt()
    if x.gradient is None:
        return Jet(root)
    return x.through(root, 1 / (2 * root), -1 / (4 * root * x.value))


def exp(x: Jet) -> Jet:
    value = x.value.exp()
    return x.through(value, value, value)


def expm1(x: Jet) -> Jet:
    value = x.value.exp()
    return x.through(x.value.expm1(), value, value)


def log(x: Jet) -> Jet:
    one = 1 / x.value
    return x.through(x.value.log(), one, -one * one)


def log1p(x: Jet) -> Jet:
    one = 1 / (1 + x.value)
    return x.through(x.value.log1p(), one, -one * one)


def log1p_lack(x: Jet) -> Jet:
    return x - log1p(x)


def tanh(x: Jet) -> Jet:
    t = x.value.tanh()
    slope = 1 - t * t
    return x.through(t, slope, -2 * t * slope)


def sinh(x: Jet) -> Jet:
    value = x.value.sinh()
    return x.through(value, x.value.cosh(), value)


def asinh(x: Jet) -> Jet:
    root = (1 + x.value * x.value).sqrt()
    return x.through(x.value.asinh(), 1 / root, -x.value / root**3)


def sech2(x: Jet) -> Jet:
    value, t = x.value.sech() ** 2, x.value.tanh()
    return x.through(value, -2 * t * value, value * (4 - 6 * value))


def log2cosh(x: Jet) -> Jet:
    """Ln 2cosh(x), an even function: it needs no sign."""
    value = (2 * x.value.cosh()).log()
    return x.through(value, x.value.tanh(), x.value.sech() ** 2)


def spin_entropy(x: Jet) -> Jet:
    """Ln 2cosh(x) - x tanh(x)."""
    return log2cosh(x) - x * tanh(x)


def erf(x: Jet) -> Jet:
    import flint

    slope = 2 * (-x.value * x.value).exp() / flint.arb.pi().sqrt()
    return x.through(x.value.erf(), slope, -2 * x.value * slope)


def pdf(x: Jet) -> Jet:
    value = _density(x.value)
    return x.through(value, -x.value * value, (x.value * x.value - 1) * value)


def log_cdf(x: Jet) -> Jet:
    tail = _tail(-x.value)
    slope = _density(x.value) / tail
    return x.through(tail.log(), slope, -slope * (x.value + slope))


def _density(x: Ball) -> Ball:
    import flint

    return (-x * x / 2).exp() / (2 * flint.arb.pi()).sqrt()


def _tail(x: Ball) -> Ball:
    import flint

    return (x / flint.arb(2).sqrt()).erfc() / 2


def H(k: int, x: Jet) -> Jet:
    """Truncated Gaussian moments; H_k' = -k H_(k-1), H_0' = -pdf."""
    y, p = x.value, _density(x.value)
    moments = [-y * p, p, _tail(y)]  # minus the slope of H_0, then H_(-1) and H_0
    moments += [p - y * moments[2], (1 + y * y) * moments[2] - y * p]
    first = -p if k == 0 else -k * moments[k + 1]
    second = (y * p, p, 2 * moments[2])[k]
    return x.through(moments[k + 2], first, second)


def absolute(x: Jet) -> Jet:
    return abs(x)


def maximum(a: Any, b: Any) -> Jet:
    a, b = _other(a), _other(b)
    return a if a >= b else b


FUNCTIONS: dict[str, Callable[..., Jet]] = {
    one.__name__: one
    for one in (sqrt, exp, expm1, log, log1p, log1p_lack, tanh, sinh, asinh, sech2, log2cosh, spin_entropy)
} | {one.__name__: one for one in (erf, pdf, log_cdf, absolute, maximum)}


def pi() -> Jet:
    """The number."""
    import flint

    return Jet(flint.arb.pi())


# -- averages --------------------------------------------------------------------------------------------


def average(functions: Callable[[Any], Any], loc: Jet, width: Jet) -> tuple[Jet, ...]:
    r"""Averages over a standard Gaussian z of functions of y = loc + width z, with their errors.

    The trapezoidal rule of step h over abs(z) <= R. The functions, and that is what is asked of them, are
    analytic and at most 8 (1 + abs(Re y)) where abs(Im y) <= pi/4, as tanh, sech^2 and ln 2cosh are. By
    Cauchy their derivatives f^(k) are at most C_k (1.2 + abs(Re y)), C_k = 8 k! (16/pi)^k, where
    abs(Im y) <= 3 pi/16, that is abs(Im z) <= a = 3 pi/(16 width). Derivatives of an average by loc and width
    are averages of z^j f^(k)(y), j <= k <= 2, and the error of each is at most

        C_k {3.2 [(1.5 + |loc|) (1 + a)^j + width (1 + a)^(j + 1)] e^(a^2/2)/(e^(2 pi a/h) - 1)
             + 0.8 (1.5 + |loc| + width) (R^2 + 2) e^(-R^2/2)}:

    the first term by the shift of the contour to Im z = +-a, with <(|z| + a)^m> <= 1.6 (1 + a)^m for m <= 3;
    the second by the tail of z^3, which decreases for z > 3. Nothing rests on the digits that come out.

    Parameters
    ----------
    functions : callable
        Takes an array of jets y, and returns an array for each function.
    loc, width : Jet
        In units of the temperature.

    Examples
    --------
    >>> with working(30):
    ...     (mean,) = average(lambda y: (function_of_all("tanh")(y),), number(4.5), number(2))
    ...     print(mean.value.str(20, radius=False))
    0.95927340557285780002
    """
    import flint

    arb = flint.arb
    if width.value.is_zero():  # a sharp field: <z> = 0, <z^2> = 1
        y = np.array([Jet(loc.value, [arb(1)])], dtype=object)
        sharp = [(v.value, v.gradient[0], v.curvature[0][0]) for (v,) in functions(y)]
        if loc.gradient is None and width.gradient is None:
            return tuple(Jet(f) for f, _, _ in sharp)
        return tuple(_composed(f, (g, 0 * g), (h, 0 * h, h), loc, width) for f, g, h in sharp)
    precision = flint.ctx.prec
    loc_size, width_size = (_upper(one.value) for one in (loc, width))
    log_error = precision * 0.7 + 10
    widest = (2 * log_error) ** 0.5
    strip = min(3 * 3.14159 / (16 * max(float(width_size), 1e-9)), widest)
    a = arb(repr(strip * 0.999))  # a number below the bound, whatever it is: the error is of this one
    if not (a * width_size < 3 * arb.pi() / 16):
        msg = "the width of a Gaussian average is not certain enough"
        raise BallError(msg)
    h = arb(repr(6.28 * strip / (log_error + strip * strip / 2)))
    count = int(1 + (widest + 1) / float(h))
    reach = h * count
    if count > MOST:
        msg = f"an average needs {2 * count + 1} nodes: the field is too sharp for {flint.ctx.dps} digits"
        raise BallError(msg)
    if not reach > 3:
        msg = "an average of too few digits"
        raise BallError(msg)
    near = (a * a / 2).exp() / ((2 * arb.pi() * a / h).exp() - 1)
    far = (reach * reach + 2) * (-reach * reach / 2).exp()
    base = arb("1.5") + loc_size

    def error(k: int, j: int) -> Ball:
        size = 8 * (1, 1, 2)[k] * (16 / arb.pi()) ** k
        shifted = base * (1 + a) ** j + width_size * (1 + a) ** (j + 1)
        bound = size * (arb("3.2") * shifted * near + arb("0.8") * (base + width_size) * far)
        return arb(0, _upper(bound))

    nodes = [h * j for j in range(-count, count + 1)]
    y = np.empty(len(nodes), dtype=object)
    one = arb(1)
    for i, z in enumerate(nodes):
        y[i] = Jet(loc.value + width.value * z, [one])
    factor = h / (2 * arb.pi()).sqrt()
    weights = [factor * (-z * z / 2).exp() for z in nodes]
    first = [w * z for w, z in zip(weights, nodes, strict=True)]
    second = [w * z for w, z in zip(first, nodes, strict=True)]
    moving = loc.gradient is not None or width.gradient is not None
    out = []
    for values in functions(y):
        value = _dot(weights, [v.value for v in values]) + error(0, 0)
        if not moving:
            out.append(Jet(value))
            continue
        slopes = [v.gradient[0] for v in values]
        curves = [v.curvature[0][0] for v in values]
        out.append(
            _composed(
                value,
                (_dot(weights, slopes) + error(1, 0), _dot(first, slopes) + error(1, 1)),
                (
                    _dot(weights, curves) + error(2, 0),
                    _dot(first, curves) + error(2, 1),
                    _dot(second, curves) + error(2, 2),
                ),
                loc,
                width,
            )
        )
    return tuple(out)


MOST = 1 << 15
"""Nodes of an average on either side."""


def function_of_all(name: str) -> Callable[..., Any]:
    """A function of balls, over object arrays."""
    return np.frompyfunc(function(name), 1, 1)


def _dot(weights: list[Ball], values: list[Ball]) -> Ball:
    import flint

    total = flint.arb(0)
    for w, v in zip(weights, values, strict=True):
        total += w * v
    return total


def _upper(value: Ball) -> Ball:
    return value.abs_upper()


def _composed(value: Ball, first: Any, second: Any, loc: Jet, width: Jet) -> Jet:
    """F(loc, width) as a jet in what loc and width depend on."""
    import flint

    n = len(loc.gradient or width.gradient)
    zeros = [flint.arb(0)] * n
    g, k = loc.gradient or zeros, width.gradient or zeros
    G = loc.hessian or [zeros[: i + 1] for i in range(n)]
    K = width.hessian or [zeros[: i + 1] for i in range(n)]
    (fa, fb), (faa, fab, fbb) = first, second
    gradient = [fa * p + fb * q for p, q in zip(g, k, strict=True)]
    hessian = [
        [
            fa * G[i][j]
            + fb * K[i][j]
            + faa * g[i] * g[j]
            + fab * (g[i] * k[j] + g[j] * k[i])
            + fbb * k[i] * k[j]
            for j in range(i + 1)
        ]
        for i in range(n)
    ]
    return Jet(value, gradient, hessian)
