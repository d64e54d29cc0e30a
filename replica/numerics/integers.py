"""Laws of integer fields: sums of L sparse weights (trinomial), or their limit at p -> 0 (Skellam)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from replica.numerics import balls
from replica.numerics.functions import exact, is_ball, is_exact, stack, taken
from replica.numerics.quadrature import check_size
from replica.typing import Array, Integers, Number, Numbers

__all__ = ["IntegerLaw", "skellam", "trinomial"]


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
    axes : int
        Axes behind those of the batch: 1, or 2 where there is a law for each group of sites.
    """

    w: Integers
    weight: Numbers
    tilted: Numbers
    slope: Numbers | None = None
    axes: int = 1

    def take(self, index: Integers, shape: tuple[int, ...]) -> IntegerLaw:
        """The laws of the points `index` of a flattened batch of that shape."""
        weight, tilted, slope = (
            taken(rows, index, shape, self.axes) for rows in (self.weight, self.tilted, self.slope)
        )
        return IntegerLaw(self.w, weight, tilted, slope, self.axes)


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
    if is_ball(l):
        return _skellam_of_balls(exact(l))
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


def _skellam_of_balls(l: balls.Jet) -> IntegerLaw:
    """The law with what it leaves out: what is averaged with it grows at most as w^3 beyond its ends.

    As I_w(l) <= cosh(l) (l/2)^w/w!, and the terms of sum w^3 (l/2)^w/w! fall by a half beyond w = 2 l, what
    lies from w = R on is at most tail = 2 R^3 (l/2)^R/R!. It is added, eightfold and as a ball, to either
    end: that covers every function with abs(f(w)) <= 8 abs(w/R)^3 abs(f(R)) outside, and so on the other
    side.
    """
    import flint

    if l.gradient is not None:
        msg = "the law of W has no ball while l is an unknown"
        raise balls.BallError(msg)
    x, small = l.value, flint.arb(2) ** -(flint.ctx.prec + 10)
    reach, tail = 3 + int(2 * float(x.abs_upper())), flint.arb(1)
    while not 16 * reach**3 * tail < small:
        reach += 1
        tail = (x / 2) ** reach / flint.arb(reach).fac() if x != 0 else flint.arb(0)
    bessel = [x.bessel_i(flint.arb(w)) * (-x).exp() for w in range(reach + 2)]
    table = np.empty(2 * reach + 3, dtype=object)
    for i in range(table.size):
        table[i] = balls.Jet(bessel[abs(i - reach - 1)])
    before, here, after = table[:-2], table[1:-1], table[2:]
    rest = balls.Jet(flint.arb(0, (16 * reach**3 * tail).abs_upper()))
    end = np.array([0] * (2 * reach + 1), dtype=object)
    end[0] = end[-1] = rest
    weight, tilted, slope = here + end, before - after + end, (before + after) / 2 - here + end
    return IntegerLaw(np.arange(-reach, reach + 1), weight, tilted, slope)


def _skellam_table(load: Array, reach: int) -> Array:
    distinct, where = np.unique(load, return_inverse=True)  # a Bessel function costs 200 ns: once per value
    table = special.ive(np.abs(np.arange(-reach - 1, reach + 2)), distinct[:, None])
    return table[where.reshape(load.shape)]


@cache
def _skellam_reach(load: float) -> int:
    check_size(10 * load**0.5)
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
    check_size(float(L) ** 2 / 64)  # a convolution for each weight
    one = stack(p / 2, 1 - p, p / 2)
    fewer = np.array([p / p])
    for _ in range(int(L) - 1):
        fewer = np.convolve(fewer, one)
    zero = 0 * fewer[:1]
    wide = np.concatenate([zero, zero, fewer, zero, zero])
    # (2/l) w P_L(w) = P_(L-1)(w - 1) - P_(L-1)(w + 1), with l = p L
    return IntegerLaw(np.arange(-int(L), int(L) + 1), np.convolve(fewer, one), wide[:-2] - wide[2:])


def _trinomial_batch(p: Array, L: Integers) -> IntegerLaw:
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
