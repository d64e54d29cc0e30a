r"""Averages over quenched noise, accurate at every temperature, T = 0 included.

**Spins in a Gaussian field.** With :math:`h = \text{loc} + \text{width}\, z` the thermal noise of a spin is
logistic noise: :math:`\tanh(h/T) = \frac12\int du\, \mathrm{sech}^2(u)\, \mathrm{sign}(h - Tu)`. The Gaussian
average of a sign is an error function, so a finite temperature is the zero-temperature closed form averaged
over u. For wide fields (width/T > 2.5) a Gauss rule of the logistic weight needs 12 to 36 nodes; for narrow
ones the trapezoidal rule in z converges exponentially. Plain Gauss-Hermite quadrature is wrong at low
temperature and is not used (docs/performance.md).

**Integer fields.** Sums of L sparse weights, W = -L..L (trinomial) or its limit at sparsity p -> 0 (Skellam).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy import special

from replica.numerics.functions import (
    erf,
    exact,
    is_exact,
    log2cosh,
    maximum,
    pdf,
    sqrt,
    stack,
    tanh,
)
from replica.typing import Array, Integers, Number, Numbers

__all__ = [
    "IntegerLaw",
    "SpinAverages",
    "gauss_legendre",
    "kinked_rule",
    "normal_rule",
    "skellam",
    "spin_averages",
    "trinomial",
]

TINY = 1e-100
"""Stands for a width of zero: the field is then sharp, and every formula takes its limit."""

_NORMAL_STEPS = ((0.2, 0.55), (0.45, 0.42), (1.0, 0.22), (1.6, 0.14), (2.5, 0.09))
_LOGISTIC_NODES = ((4.0, 36), (8.0, 20), (np.inf, 12))
"""(Largest width/T, step) of the rules in z, and (largest width/T, nodes) of the rules in u: the measured
borders at which every average above, second derivatives included, reaches rounding error."""
_SMOOTH = 0.22
"""Step times sharpness at which the trapezoidal rule reaches rounding error for tanh(sharpness z)."""
_BLOCK = 512
"""Points per block: nodes times points then stay inside the second-level cache."""


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
    def log2cosh(self) -> Number:
        """T <ln 2cosh(h/T)>, minus the free energy of one spin; <|h|> at T = 0."""
        return self._energies[0]

    @property
    def entropy(self) -> Number:
        """<ln 2cosh(h/T) - (h/T) tanh(h/T)>, the entropy of one spin; 0 at T = 0."""
        entropy = self._energies[1]
        return entropy if is_exact(entropy) else np.where(np.equal(self.T, 0), 0.0, entropy)[()]

    @cached_property
    def _first(self) -> tuple[Number, ...]:
        return self._mean(
            lambda x, u: (_erf_over_root2(x), 2 * pdf(x)),
            lambda w, T: (1, 1 / w),
            lambda y: _with(tanh(y), lambda t: (t, 1 - t * t)),
            lambda T: (1, 1 / T),
            odd=(True, False),
        )

    @cached_property
    def _second(self) -> tuple[Number, ...]:
        def smeared(x: Number, u: Number) -> tuple[Number, ...]:
            density = pdf(x)
            slope = x * density
            return density, slope, x * slope - density

        def bare(t: Number) -> tuple[Number, ...]:
            square = t * t
            s = 1 - square
            return s, t * s, s * (3 * square - 1)

        return self._mean(
            smeared,
            lambda w, T: (2 / w, -2 / w**2, 2 / w**3),
            lambda y: bare(tanh(y)),
            lambda T: (1 / T, -2 / T**2, 2 / T**3),
            odd=(False, True, False),
        )

    @cached_property
    def _energies(self) -> tuple[Number, ...]:
        def smeared(x: Number, u: Number) -> tuple[Number, ...]:
            sign = _erf_over_root2(x)
            return x * sign + 2 * pdf(x), -u * sign

        return self._mean(
            smeared,
            lambda w, T: (w, 1),
            lambda y: _with(log2cosh(y), lambda v: (v, v - y * tanh(y))),
            lambda T: (T, 1),
            odd=(False, False),
        )

    def _mean(
        self, smeared: Any, smeared_units: Any, bare: Any, bare_units: Any, odd: tuple[bool, ...]
    ) -> tuple[Number, ...]:
        """Average several functions at once, over logistic noise u or over Gaussian z.

        ``smeared(x, u)`` are the Gaussian averages at noise u, with x = (loc - T u)/width; ``bare(y)`` the
        functions of the field itself, y = h/T; the units multiply the means. Odd ones vanish exactly at
        loc = 0.
        """
        if is_exact(self.loc, self.width, self.T):
            return self._mean_exact(smeared, smeared_units, bare, bare_units, odd)
        loc, width, T = np.broadcast_arrays(
            *(np.asarray(value, dtype=float) for value in (self.loc, self.width, self.T))
        )
        shape = loc.shape
        loc, width, T = loc.ravel(), width.ravel(), T.ravel()
        out = np.full((len(odd), loc.size), np.nan)

        def store(part: Any, values: Any, weight: Any, units: Any) -> None:
            for row, value, unit in zip(out, values, units, strict=True):
                row[part] = value @ weight * unit

        with np.errstate(all="ignore"):
            ratio = np.where(T == 0, np.inf, width / np.abs(T))
            lower = -1.0
            for upper, step in ((0.0, np.inf), *_NORMAL_STEPS):
                z, weight = _normal_rule(step)
                for part in _blocks((ratio > lower) & (ratio <= upper)):
                    t = T[part]
                    y = (loc[part] / t)[:, None] + (width[part] / t)[:, None] * z
                    store(part, bare(y), weight, bare_units(t))
                lower = upper
            for upper, count in _LOGISTIC_NODES:
                u, weight = _logistic_rule(count)
                for part in _blocks((ratio > lower) & (ratio <= upper)):
                    t, w = T[part], np.maximum(width[part], TINY)
                    x = (loc[part] / w)[:, None] - (t / w)[:, None] * u
                    store(part, smeared(x, u), weight, smeared_units(w, t))
                lower = upper
        for row, is_odd in zip(out, odd, strict=True):
            if is_odd:
                row[loc == 0] = 0.0  # by symmetry; rounding must not break m = 0
        return tuple(row.reshape(shape)[()] for row in out)

    def _mean_exact(
        self, smeared: Any, smeared_units: Any, bare: Any, bare_units: Any, odd: tuple[bool, ...]
    ) -> tuple[Number, ...]:
        def one(loc: Any, width: Any, T: Any) -> tuple[Any, ...]:
            if T == 0 or width > 4 * T:
                u, weight = _logistic_rule_exact() if T else (0 * _one(), _one())
                w = maximum(width, exact(TINY))
                values, units = smeared((loc - T * u) / w, u), smeared_units(w, T)
            else:
                z, weight = _normal_rule_exact(width / T) if width else (0 * _one(), _one())
                values, units = bare((loc + width * z) / T), bare_units(T)
            means = (np.sum(value * weight) * unit for value, unit in zip(values, units, strict=True))
            return tuple(
                0 * mean if loc == 0 and zero else mean for mean, zero in zip(means, odd, strict=True)
            )

        return np.frompyfunc(one, 3, len(odd))(*(exact(value) for value in (self.loc, self.width, self.T)))


def _with(value: Any, function: Any) -> Any:
    return function(value)


def _erf_over_root2(x: Number) -> Number:
    return erf(x / (sqrt(exact(2.0)) if is_exact(x) else np.sqrt(2.0)))


def _one() -> Any:
    return np.array([exact(1.0)], dtype=object)


def _blocks(mask: Any) -> Any:
    """Index arrays of at most `_BLOCK` points each."""
    index = np.flatnonzero(mask)
    for start in range(0, index.size, _BLOCK):
        yield index[start : start + _BLOCK]


@cache
def _logistic_rule(count: int) -> tuple[Array, Array]:
    """Gauss rule of sech^2(u)/2: Jacobi matrix with off-diagonal^2 = k^4/(4(4k^2-1)), nodes times pi."""
    k = np.arange(1, count)
    off = np.sqrt(k**4 / (4.0 * (4.0 * k**2 - 1.0)))
    nodes, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    nodes, weights = np.pi * nodes, vectors[0] ** 2
    return (nodes - nodes[::-1]) / 2, (weights + weights[::-1]) / 2  # exactly symmetric


@cache
def _normal_rule(step: float) -> tuple[Numbers, Numbers]:
    if np.isinf(step):  # a sharp field
        return np.zeros(1), np.ones(1)
    z = step * np.arange(-int(8.8 / step) - 1, int(8.8 / step) + 2)
    weight = np.exp(-0.5 * z * z)
    return z, weight / weight.sum()


def normal_rule(sharpness: Number) -> tuple[Numbers, Numbers]:
    """Nodes z and weights of the average over a standard Gaussian z of a function like tanh(sharpness z).

    The trapezoidal rule: its error falls exponentially with the step, at a rate set by the singularity
    nearest to the real axis. The rule is meant for functions whose nearest one is that of tanh(sharpness z).
    Their number grows with the sharpness, so this is for what `SpinAverages` does not have.

    Parameters
    ----------
    sharpness : float, array or mpmath number
        The largest one decides.

    Returns
    -------
    z, weight : arrays, shape (n,)

    Examples
    --------
    >>> z, weight = normal_rule(2.0)
    >>> print(f"{np.tanh(2 * z + 1) @ weight:.12f} {spin_averages(1.0, 2.0, 1.0).tanh:.12f}")
    0.352344437701 0.352344437701
    """
    if is_exact(sharpness):
        largest = max(np.ravel(sharpness))
        return _normal_rule_exact(largest) if largest else (0 * _one(), _one())
    largest = float(np.max(sharpness, initial=0.0))
    if largest == 0:
        return _normal_rule(np.inf)
    finest = _NORMAL_STEPS[0][1]
    return _normal_rule(finest * 2.0 ** -max(0, np.ceil(np.log2(largest * finest / _SMOOTH))))


def _logistic_rule_exact() -> tuple[Any, Any]:
    """Trapezoidal rule; the nearest pole of the weight is at i pi/2."""
    import mpmath

    log_error = mpmath.mp.prec * mpmath.log(2) + 10
    return _cached_rule("logistic", mpmath.mp.prec, mpmath.pi**2 / log_error, log_error / 2 + 5)


def _normal_rule_exact(ratio: Any) -> tuple[Any, Any]:
    """Trapezoidal rule; the nearest pole of tanh(h/T) is at i pi/(2 ratio)."""
    import mpmath

    log_error = mpmath.mp.prec * mpmath.log(2) + 10
    width = mpmath.mpf(2) ** mpmath.ceil(mpmath.log(maximum(ratio, exact(1e-3)), 2))  # few distinct rules
    step = min(mpmath.pi**2 / (width * log_error), mpmath.pi * mpmath.sqrt(2 / log_error))
    return _cached_rule("normal", mpmath.mp.prec, step, mpmath.sqrt(2 * log_error))


_rules: dict[Any, tuple[Any, Any]] = {}


def _cached_rule(kind: str, precision: int, step: Any, reach: Any) -> tuple[Any, Any]:
    import mpmath

    key = (kind, precision, str(step))
    if key not in _rules:
        count = int(mpmath.ceil(reach / step))
        x = np.array([step * i for i in range(-count, count + 1)], dtype=object)
        if kind == "normal":
            weight = np.array([mpmath.exp(-v * v / 2) for v in x], dtype=object)
        else:
            weight = np.array([mpmath.sech(v) ** 2 for v in x], dtype=object)
        _rules[key] = (x, weight / np.sum(weight))
    return _rules[key]


_BODY = np.array([0.0, 1.2, -1.2, 2.5, -2.5, 4.0, -4.0, 6.0, -6.0, 9.0, -9.0])
"""Edges of the panels that the Gaussian weight itself asks for."""
_LAYER = np.array([0.0, *(sign * x for x in (1.5, 4.0, 10.0, 30.0, 120.0, 600.0) for sign in (1, -1))])
"""Edges around a kink, in units of the width over which temperature rounds it."""


def gauss_legendre(edges: Array, count: int) -> tuple[Array, Array]:
    """Composite Gauss-Legendre rule: nodes and weights for panels between sorted edges, along the last axis.

    Examples
    --------
    >>> x, weight = gauss_legendre(np.array([0.0, 1.0, 3.0]), 4)
    >>> print(f"{np.sum(weight * x**5):.10f}")
    121.5000000000
    """
    node, weight = _legendre_rule(count)
    left, half = edges[..., :-1, None], np.diff(edges, axis=-1)[..., None] / 2
    shape = (*edges.shape[:-1], (edges.shape[-1] - 1) * count)
    return (left + half * (1 + node)).reshape(shape), (half * weight).reshape(shape)


@cache
def _legendre_rule(count: int) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(count)
    return node, weight


def kinked_rule(centre: Array, scale: Array, count: int = 20) -> tuple[Array, Array]:
    """Rule for the average over a standard Gaussian z of functions that bend or jump at known places.

    Parameters
    ----------
    centre, scale : array, shape (n_kinks, n)
        Where the function has a kink, and the width over which it is rounded, for n functions.
    count : int
        Nodes of a panel.

    Returns
    -------
    z, weight : array, shape (n, n_nodes)

    Examples
    --------
    >>> z, weight = kinked_rule(np.array([[0.3]]), np.array([[0.0]]))
    >>> print(f"{np.sum(weight * np.maximum(z - 0.3, 0)):.14f}")  # H_1(0.3)
    0.26676124211721
    """
    layers = centre[:, :, None] + scale[:, :, None] * _LAYER
    layers = np.where(np.isfinite(layers), layers, 0.0)
    number = layers.shape[1]
    flat = np.moveaxis(layers, 1, 0).reshape(number, -1)
    edges = np.clip(np.concatenate([np.tile(_BODY, (number, 1)), flat], axis=1), -9.0, 9.0)
    z, weight = gauss_legendre(np.sort(edges, axis=1), count)
    return z, weight * pdf(z)


@dataclass(frozen=True)
class IntegerLaw:
    r"""Law of an integer field W, on a finite support.

    Attributes
    ----------
    w : array, shape (n,)
        The values of W.
    weight : array, shape (*batch, n)
        P(W = w).
    tilted : array, shape (*batch, n)
        (2/l) w P(W = w), kept as a difference of probabilities so that l = 0 is a legal value.
    slope : array, shape (*batch, n) or None
        dP(W = w)/dl where l is continuous (Skellam); None at finite p, where L counts.
    """

    w: Integers
    weight: Numbers
    tilted: Numbers
    slope: Numbers | None = None


def skellam(l: Number) -> IntegerLaw:
    """Law of W at sparsity p -> 0: difference of two Poisson counts of mean l/2 each.

    P(w) = exp(-l) I_w(l) (Tubiana and Monasson 2017). The support is cut where the tail is below 1e-18
    (below the working precision for an mpmath `l`).

    Parameters
    ----------
    l : float, array of shape (*batch,), or mpmath number
        Mean number of non-zero weights among the strongly activated hidden units, l = pL >= 0.

    Examples
    --------
    >>> law = skellam(1.0)
    >>> print(f"{law.weight.sum():.12f} {(law.w**2 * law.weight).sum():.12f}")
    1.000000000000 1.000000000000
    """
    if is_exact(l):
        import mpmath

        reach = 2
        while mpmath.besseli(reach, l) * mpmath.exp(-l) > mpmath.eps / 100:
            reach += 1
        bessel = [mpmath.besseli(w, l) * mpmath.exp(-l) for w in range(reach + 3)]
        padded = np.array([bessel[abs(w)] for w in range(-reach - 1, reach + 2)], dtype=object)
    else:
        load = np.asarray(l, dtype=float)
        reach = _skellam_reach(float(np.max(load, initial=0.0, where=np.isfinite(load))))
        padded = _skellam_table(load, reach)
    before, here, after = padded[..., :-2], padded[..., 1:-1], padded[..., 2:]
    return IntegerLaw(np.arange(-reach, reach + 1), here, before - after, (before + after) / 2 - here)


def _skellam_table(load: Any, reach: int) -> Any:
    distinct, where = np.unique(load, return_inverse=True)  # a Bessel function costs 200 ns: once per value
    table = special.ive(np.abs(np.arange(-reach - 1, reach + 2)), distinct[:, None])
    return table[where.reshape(load.shape)]


@cache
def _skellam_reach(load: float) -> int:
    reach = 2
    while special.ive(reach, load) > 1e-19:
        reach += 1
    return reach


def trinomial(p: Number, L: int) -> IntegerLaw:
    """Law of W at finite sparsity: sum of L weights, each +1 or -1 with probability p/2, else 0.

    Parameters
    ----------
    p : float or mpmath number
        Probability that a weight is not zero, 0 < p <= 1.
    L : int
        Number of strongly activated hidden units, at least 1.

    Examples
    --------
    >>> print(trinomial(1.0, 1).w, trinomial(1.0, 1).weight)
    [-1  0  1] [0.5 0.  0.5]
    """
    if not is_exact(p) and (np.ndim(p) or np.ndim(L)):
        return _trinomial_batch(np.asarray(p, dtype=float), np.asarray(L))
    one = stack(p / 2, 1 - p, p / 2)
    fewer = np.array([p / p])
    for _ in range(int(L) - 1):
        fewer = np.convolve(fewer, one)
    zero = 0 * fewer[:1]
    wide = np.concatenate([zero, zero, fewer, zero, zero])
    # (2/l) w P_L(w) = P_(L-1)(w - 1) - P_(L-1)(w + 1), with l = p L
    return IntegerLaw(np.arange(-int(L), int(L) + 1), np.convolve(fewer, one), wide[:-2] - wide[2:])


def _trinomial_batch(p: Any, L: Any) -> IntegerLaw:
    p, L = np.broadcast_arrays(p, L)
    reach = int(L.max())
    weight = np.zeros((*p.shape, 2 * reach + 1))
    tilted = np.zeros_like(weight)
    for pair in {(float(a), int(b)) for a, b in zip(p.ravel(), L.ravel(), strict=True)}:
        law = trinomial(*pair)
        where = (p == pair[0]) & (pair[1] == L)
        inside = slice(reach - pair[1], reach + pair[1] + 1)
        weight[where, inside], tilted[where, inside] = law.weight, law.tilted
    return IntegerLaw(np.arange(-reach, reach + 1), weight, tilted)
