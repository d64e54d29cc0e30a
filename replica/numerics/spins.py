r"""Averages over quenched noise, accurate at every temperature, T = 0 included.

**Spins in a Gaussian field.** With :math:`h = \text{loc} + \text{width}\, z` the thermal noise of a spin is
logistic noise: :math:`\tanh(h/T) = \frac12\int du\, \mathrm{sech}^2(u)\, \mathrm{sign}(h - Tu)`. The Gaussian
average of a sign is an error function, so a finite temperature is the zero-temperature closed form averaged
over u. For wide fields (width/T > 2.5) a Gauss rule of the logistic weight needs 12 to 36 nodes; for narrow
ones the trapezoidal rule in z converges exponentially. Plain Gauss-Hermite quadrature is wrong at low
temperature and is not used (docs/performance.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from replica.numerics import balls
from replica.numerics.functions import (
    H,
    absolute,
    choose,
    erf,
    exact,
    exp,
    is_ball,
    is_exact,
    is_single,
    lag,
    log1p,
    log2cosh,
    maximum,
    pdf,
    sqrt,
    tanh,
)
from replica.numerics.quadrature import (
    LOGISTIC_NODES,
    NORMAL_STEPS,
    logistic_rule,
    logistic_rule_exact,
    normal_rule_exact,
    point_rule,
    trapezoidal_rule,
)
from replica.typing import Booleans, Number

__all__ = ["SpinAverages", "one_minus_rho", "spin_averages"]

TINY = 1e-100
"""Stands for a width of zero: the field is then sharp, and every formula takes its limit."""

NARROW = NORMAL_STEPS[-1][0]
"""Largest width/T at which a mean is taken over the field itself; beyond, over the thermal noise."""

_NARROW_RULES = ((0.0, np.inf), *NORMAL_STEPS)
_WIDE_RULES = (*((min(upper, 1e300), count) for upper, count in LOGISTIC_NODES), (np.inf, 1))
"""At T = 0 thermal noise has one node, at zero."""
_BORDERS = np.array([upper for upper, _ in (*_NARROW_RULES, *_WIDE_RULES)])

SMALLEST = 1e-9
"""An overlap below this is that of a paramagnet, where rounding is all that is left of it."""

_BLOCK = 1 << 14
"""Nodes times points per block, and at least 512 points: it stays inside the second-level cache."""


def spin_averages(loc: Number, width: Number, T: Number) -> SpinAverages:
    r"""Averages of a spin in the field loc + width z, z a standard Gaussian, at temperature T >= 0.

    Parameters
    ----------
    loc, width, T : float, array or mpmath number
        Mean and standard deviation of the field, temperature (J = k_B = 1); they broadcast.

    Returns
    -------
    SpinAverages
        Evaluated when asked for; each attribute has the broadcast shape.

    Notes
    -----
    Absolute error below 1e-13 in units of the natural size for T = 0 and 1e-5 <= T <= 10 (tests compare
    with mpmath). With mpmath numbers the same formulas run at the current precision, on trapezoidal rules.

    Examples
    --------
    >>> average = spin_averages(0.9, 0.4, 0.2)
    >>> print(f"{average.tanh:.12f} {average.susceptibility:.12f}")
    0.959273405573 0.221033166465
    >>> print(f"{spin_averages(0.9, 0.4, 0.0).tanh:.12f}")
    0.975551054690
    """
    return SpinAverages(loc, width, T)


@dataclass(frozen=True)
class SpinAverages:
    """See `spin_averages`. Attributes are computed on first use, so a caller pays for what it reads."""

    loc: Number
    width: Number
    T: Number

    @property
    def tanh(self) -> Number:
        """<tanh(h/T)>, the magnetisation."""
        return self._first[0]

    @property
    def susceptibility(self) -> Number:
        """C = <1 - tanh^2(h/T)>/T = d<tanh>/d loc; finite at T = 0."""
        known = self.__dict__.get("_second")
        return known[0] if known else self._first[1]

    @property
    def susceptibility_1(self) -> Number:
        """dC/d loc."""
        return self._second[1]

    @property
    def susceptibility_2(self) -> Number:
        """d^2 C/d loc^2 = 2 dC/d(width^2), by the heat equation."""
        return self._second[2]

    @property
    def sech4_over_T(self) -> Number:
        """<sech^4(h/T)>/T, which enters the replicon; finite at T = 0.

        From the second derivative, since (sech^2)'' = 4 sech^2 - 6 sech^4.
        """
        return (4 * self._second[0] - self.T**2 * self._second[2]) / 6

    @property
    def tanh2(self) -> Number:
        """<tanh^2(h/T)>, to rounding error also where it is small."""
        return choose(self.narrow, self._first[2], 1 - self.T * self.susceptibility)

    @property
    def excess(self) -> Number:
        r"""<tanh^2(h/T)> - (width/T)^2 <sech^4(h/T)> of a narrow field; NaN of a wide one.

        Where two replicas hardly overlap both terms are nearly the same. Integrating by parts in z, with
        x = h/T and (x tanh^2(x)/x^2)' - sech^4(x) = -(tanh(x)/x - sech^2(x))^2, the difference is

            (loc/T) <tanh^2(x)/x> - (width/T)^2 <(tanh(x)/x - sech^2(x))^2>

        without cancellation. At loc = 0 it is negative: a spin glass without field breaks replica symmetry.
        """
        odd, square = self._chords
        T = maximum(self.T, TINY)
        return self.loc / T * odd - (self.width / T) ** 2 * square

    def response_mismatch(self, C: Number) -> Number:
        """<1 - tanh^2>/T - C for a guess of C; of a narrow field as the difference of two overlaps."""
        overlap = self.tanh2
        small = (1 - self.T * C - overlap) / maximum(self.T, TINY)
        return choose(self.narrow & (overlap < 0.5), small, self.susceptibility - C)

    @property
    def narrow(self) -> Booleans:
        """Whether the field is narrow beside the temperature, so that small overlaps can be had."""
        return (self.T > 0) & (self.width <= NARROW * self.T)

    @property
    def log2cosh(self) -> Number:
        """T <ln 2cosh(h/T)>, minus the free energy of one spin; <|h|> at T = 0."""
        return self._energies[0]

    @property
    def entropy(self) -> Number:
        """<ln 2cosh(h/T) - (h/T) tanh(h/T)>, the entropy of one spin; 0 at T = 0."""
        entropy = self._energies[1]
        return entropy if is_exact(entropy) else np.where(np.equal(self.T, 0), 0.0, entropy)[()]

    def with_slopes(self) -> SpinAverages:
        """The same, values and their derivatives taken in one pass: for who reads both."""
        rows = self._mean(
            _smeared_all,
            lambda w, T: (1, 1 / w, 1, -2 / w**2, 2 / w**3),
            _bare_all,
            lambda T: (1, 1 / T, 1, -2 / T**2, 2 / T**3),
            odd=(True, False, False, True, False),
        )
        self.__dict__.update(_first=rows[:3], _second=(rows[1], *rows[3:]))
        return self

    @cached_property
    def _first(self) -> tuple[Number, ...]:
        return self._mean(
            lambda x, u: (_erf_over_root2(x), 2 * pdf(x), 0 * x),  # no small overlap in a wide field
            lambda w, T: (1, 1 / w, 1),
            lambda y: _with(tanh(y), lambda t: (t, _sech2(y), t * t)),
            lambda T: (1, 1 / T, 1),
            odd=(True, False, False),
        )

    @cached_property
    def _second(self) -> tuple[Number, ...]:
        def smeared(x: Number, u: Number) -> tuple[Number, ...]:
            density = pdf(x)
            slope = x * density
            return density, slope, x * slope - density

        def bare(y: Number) -> tuple[Number, ...]:
            t, s = tanh(y), _sech2(y)
            return s, t * s, s * (3 * t * t - 1)

        return self._mean(
            smeared,
            lambda w, T: (2 / w, -2 / w**2, 2 / w**3),
            bare,
            lambda T: (1 / T, -2 / T**2, 2 / T**3),
            odd=(False, True, False),
        )

    @cached_property
    def _energies(self) -> tuple[Number, ...]:
        def smeared(x: Number, u: Number) -> tuple[Number, ...]:
            # as u is odd, what it multiplies may lose the sign of the mean field, and with it what saturates
            side = 1 if is_ball(x) else np.where(np.sum(x, axis=-1, keepdims=True) < 0, -1, 1)
            return x * _erf_over_root2(x) + 2 * pdf(x), 2 * side * u * H(0, side * x)

        return self._mean(
            smeared,
            lambda w, T: (w, 1),
            lambda y: (log2cosh(y), _entropy(y)),
            lambda T: (T, 1),
            odd=(False, False),
        )

    @cached_property
    def _chords(self) -> tuple[Number, ...]:
        def bare(y: Number) -> tuple[Number, ...]:
            less = lag(y)
            return tanh(y) * (less + _sech2(y)), less * less  # tanh(y)/y = lag + sech^2

        return self._mean(None, None, bare, lambda T: (1, 1), odd=(False, False))

    def _mean(
        self, smeared: Any, smeared_units: Any, bare: Any, bare_units: Any, odd: tuple[bool, ...]
    ) -> tuple[Number, ...]:
        """Average several functions at once, over logistic noise u or over Gaussian z.

        ``smeared(x, u)`` are the Gaussian averages at noise u, with x = (loc - T u)/width; ``bare(y)`` the
        functions of the field itself, y = h/T; the units multiply the means. Odd ones vanish exactly at
        loc = 0. Without ``smeared`` the averages of wide fields are NaN.
        """
        if is_exact(self.loc, self.width, self.T):
            return self._mean_exact(smeared, smeared_units, bare, bare_units, odd)
        if is_single(self.loc, self.width, self.T):
            return self._mean_one(smeared, smeared_units, bare, bare_units, odd)
        loc, width, T = np.broadcast_arrays(
            *(np.asarray(value, dtype=float) for value in (self.loc, self.width, self.T))
        )
        shape = loc.shape
        loc, width, T = loc.ravel(), width.ravel(), T.ravel()
        out = np.full((len(odd), loc.size), np.nan)

        with np.errstate(all="ignore"):
            ratio = np.where(T == 0, np.inf, width / np.abs(T))
            rules = np.searchsorted(_BORDERS, ratio)  # NaN comes behind all of them
            for rule in np.flatnonzero(np.bincount(rules, minlength=_BORDERS.size)[: _BORDERS.size]):
                narrow = rule < len(_NARROW_RULES)
                if not (narrow or smeared):
                    continue
                nodes, weight = _rule(int(rule))
                for part in _blocks(rules == rule, nodes.size):
                    t = T[part]
                    if narrow:
                        values = bare((loc[part] / t)[:, None] + (width[part] / t)[:, None] * nodes)
                        units = bare_units(t)
                    else:
                        w = np.maximum(width[part], TINY)
                        values = smeared((loc[part] / w)[:, None] - (t / w)[:, None] * nodes, nodes)
                        units = smeared_units(w, t)
                    for row, value, unit in zip(out, values, units, strict=True):
                        row[part] = value @ weight * unit
        for row, is_odd in zip(out, odd, strict=True):
            if is_odd:
                row[loc == 0] = 0.0  # by symmetry; rounding must not break m = 0
        return tuple(row.reshape(shape)[()] for row in out)

    def _mean_one(
        self, smeared: Any, smeared_units: Any, bare: Any, bare_units: Any, odd: tuple[bool, ...]
    ) -> tuple[Number, ...]:
        """The same for one point: no search for where each rule applies."""
        loc, width, T = np.float64(self.loc), np.float64(self.width), np.float64(self.T)
        with np.errstate(all="ignore"):
            ratio = width / abs(T) if T else np.inf
            weight = None  # of one node, at zero
            if ratio <= NARROW:
                y: Any = loc / T
                if ratio > 0:
                    z, weight = trapezoidal_rule(next(step for upper, step in NORMAL_STEPS if ratio <= upper))
                    y = y + width / T * z
                values, units = bare(y), bare_units(T)
            elif smeared and width == width and ratio == ratio:
                w = maximum(width, np.float64(TINY))
                u: Any = np.float64(0.0)
                x: Any = loc / w
                if T:
                    u, weight = logistic_rule(next(n for upper, n in LOGISTIC_NODES if ratio <= upper))
                    x = x - T / w * u
                values, units = smeared(x, u), smeared_units(w, T)
            else:
                return (np.float64(np.nan),) * len(odd)
            means = values if weight is None else [value @ weight for value in values]
            means = [mean * unit for mean, unit in zip(means, units, strict=True)]
        for i, is_odd in enumerate(odd):
            if is_odd and loc == 0:
                means[i] = np.float64(0.0)
        return tuple(means)

    def _mean_exact(
        self, smeared: Any, smeared_units: Any, bare: Any, bare_units: Any, odd: tuple[bool, ...]
    ) -> tuple[Number, ...]:
        def one(loc: Any, width: Any, T: Any) -> tuple[Any, ...]:
            if is_ball(loc, width, T) and T > 0:  # with the errors of the rule; no sign is asked for
                means = balls.average(bare, loc / T, width / T)
                return tuple(mean * unit for mean, unit in zip(means, bare_units(T), strict=True))
            if (T == 0 or width > NARROW * T) and not smeared:
                return (exact(np.nan),) * len(odd)
            if T == 0 or width > 4 * T:
                u, weight = logistic_rule_exact() if T else point_rule()
                w = maximum(width, exact(TINY))
                # arrays first: an mpmath number in front of one spells it out before it gives way
                values, units = smeared((u * -T + loc) / w, u), smeared_units(w, T)
            else:
                z, weight = normal_rule_exact(width / T) if width else point_rule()
                values, units = bare((z * width + loc) / T), bare_units(T)
            means = tuple(np.sum(value * weight) * unit for value, unit in zip(values, units, strict=True))
            if is_ball(loc, width, T):
                return means
            return tuple(
                0 * mean if loc == 0 and zero else mean for mean, zero in zip(means, odd, strict=True)
            )

        return np.frompyfunc(one, 3, len(odd))(*(exact(value) for value in (self.loc, self.width, self.T)))


def _smeared_all(x: Number, u: Number) -> tuple[Number, ...]:
    density = pdf(x)
    slope = x * density
    return _erf_over_root2(x), 2 * density, 0 * x, slope, x * slope - density


def _bare_all(y: Number) -> tuple[Number, ...]:
    t, s = tanh(y), _sech2(y)
    square = t * t
    return t, s, square, t * s, s * (3 * square - 1)


class Weak(Protocol):
    """The spins of a layer, as far as a weak overlap of their replicas is concerned."""

    @property
    def tanh2(self) -> Number:
        """<tanh^2(h/T)>."""
        ...

    @property
    def excess(self) -> Number:
        """What it exceeds (width/T)^2 <sech^4(h/T)> by."""
        ...

    @property
    def narrow(self) -> Booleans:
        """Whether that can be had."""
        ...


def one_minus_rho(rho: Number, *layers: Weak, extra: Number = 0) -> Number:
    """The replicon of a saddle point, to rounding error also where replica symmetry hardly breaks.

    Parameters
    ----------
    rho : float, array or mpmath number
        As the theory writes it.
    *layers : SpinAverages or ComponentAverages
        The spins of each layer. At the saddle point rho is the product over the layers of
        (width/T)^2 <sech^4(h/T)>/<tanh^2(h/T)>, as the variance of a field is proportional to the overlap.
    extra : float, array or mpmath number
        What the variance is proportional to besides the overlap.

    Examples
    --------
    >>> spin = spin_averages(0.0, 1e-3, 1.0)
    >>> print(f"{one_minus_rho(0.0, spin):.9e}")
    -1.333325333e-12
    """
    value, weak = 0, True
    for layer in layers:
        overlap = layer.tanh2
        here = layer.narrow & (overlap > SMALLEST)
        own = (layer.excess + extra) / np.where(here, overlap + extra, 1)[()]
        value, weak = value + own - value * own, weak & here
    return np.where(weak, value, 1 - rho)[()]


def _sech2(y: Number) -> Number:
    """sech^2(y), to rounding error also where tanh(y) is 1."""
    if is_ball(y):
        return balls.function_of_all("sech2")(y)
    d = exp(-2 * absolute(y))
    return 4 * d / (1 + d) ** 2


def _entropy(y: Number) -> Number:
    """Ln 2cosh(y) - y tanh(y), without the cancellation at large y."""
    if is_ball(y):
        return balls.function_of_all("spin_entropy")(y)
    y = absolute(y)
    d = exp(-2 * y)
    return log1p(d) + 2 * y * d / (1 + d)


def _with(value: Any, function: Any) -> Any:
    return function(value)


def _erf_over_root2(x: Number) -> Number:
    return erf(x / (sqrt(exact(2.0)) if is_exact(x) else np.sqrt(2.0)))


def _rule(which: int) -> tuple[Any, Any]:
    """Nodes and weights of one of the rules, in z or in u."""
    if which < len(_NARROW_RULES):
        return trapezoidal_rule(_NARROW_RULES[which][1])
    return logistic_rule(_WIDE_RULES[which - len(_NARROW_RULES)][1])


def _blocks(mask: Any, nodes: int) -> Any:
    """Index arrays of some points each."""
    index, count = np.flatnonzero(mask), max(512, _BLOCK // nodes)
    for start in range(0, index.size, count):
        yield index[start : start + count]
