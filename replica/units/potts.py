r"""Units of Q states, each of which feels a field of its own: the largest field wins, thermal noise added.

A soft maximum is the largest of fields with Gumbel noise: p_k = P(h_k + T g_k is the largest). Noise of
different states is independent, so what is left of an average over Q Gaussian fields of equal variance v is
one integral, for every Q and every T. With F the law of s z + T g (s^2 = v), f its density, and a field gap
on the first state,

    <p_1> = int f(y) F(y + gap)^(Q-1) dy

and d/dv = (1/2) d^2/dy^2 of F, as it is Gaussian in z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from replica.numerics.functions import exact, exp, is_exact, log_cdf, pdf
from replica.typing import Array, Number

__all__ = ["Potts", "PottsAverages"]

LEFT, RIGHT = 4.3, 40.0
"""Ends of Gumbel noise in double precision."""


@dataclass(frozen=True)
class PottsAverages:
    """Averages over fields, each of the broadcast shape.

    Attributes
    ----------
    first : float or array
        <p_1>, the share of units in the first state.
    response : float or array
        Sum of d<p_k>/dh_k over all states, (1 - sum <p_k^2>)/T; finite at T = 0.
    free_energy : float or array
        -T <ln sum_k exp(h_k/T)>; minus the largest field at T = 0.
    entropy : float or array
        Of one unit.
    square : float or array
        Sum of <(dp_k/dh_l)^2> over all pairs of states, times T; finite at T = 0.
    first_by, response_by : (float or array, float or array)
        Derivatives by the gap, and by the variance of the fields.
    """

    first: Number
    response: Number
    free_energy: Number
    entropy: Number
    square: Number
    first_by: tuple[Number, Number]
    response_by: tuple[Number, Number]


@dataclass(frozen=True)
class Potts:
    """A unit of Q states.

    Parameters
    ----------
    Q : int
        Number of states, from 2 on.

    Examples
    --------
    Two states are a spin in half the difference of the fields: tanh averaged over it.

    >>> from replica.numerics.spins import spin_averages
    >>> two = Potts(2).averages(gap=1.0, width=0.5, T=0.4)
    >>> spin = spin_averages(0.5, 0.5 / 2**0.5, 0.4)
    >>> print(f"{2 * two.first - 1:.12f} {spin.tanh:.12f}")
    0.687059513081 0.687059513081
    """

    Q: int

    def averages(self, gap: Number, width: Number, T: Number) -> PottsAverages:
        """Averages of a unit whose states feel independent Gaussian fields, the first one a gap more.

        Parameters
        ----------
        gap, width, T : float, array or mpmath number
            What the first state feels more in the mean; standard deviation of every field; temperature.
        """
        if is_exact(gap, width, T):
            function = np.frompyfunc(lambda *at: self._one(*map(exact, at)), 3, 9)
            rows = function(gap, width, T)
        else:
            shape = np.broadcast_shapes(*map(np.shape, (gap, width, T)))
            flat = (np.broadcast_to(np.asarray(one, dtype=float), shape).ravel() for one in (gap, width, T))
            with np.errstate(all="ignore"):
                found = [self._one(*at) for at in zip(*flat, strict=True)]
            rows = np.array(found, dtype=float).reshape(-1, 9).T.reshape(9, *shape)
        rows = [row[()] if isinstance(row, np.ndarray) else row for row in rows]
        first, response, free_energy, entropy, square, *slopes = rows
        return PottsAverages(
            first, response, free_energy, entropy, square, (slopes[0], slopes[1]), (slopes[2], slopes[3])
        )

    def _one(self, gap: Any, width: Any, T: Any) -> tuple[Any, ...]:
        law = _Law.of(self.Q, width, T)
        if law is None:
            return (gap * np.nan,) * 9
        Q, y, dy = self.Q, law.nodes, law.step
        F, f, f1, f2 = law.at(y)
        G, g, g1, g2 = law.at(y + gap)
        H, h, h1, h2 = law.at(y - gap)

        def power(base: Any, n: int) -> Any:
            return base**n if n >= 0 else 0 * base  # such a term has the factor 0

        def mean(values: Any) -> Any:
            return np.sum(values) * dy

        win = mean(f * power(G, Q - 1))
        own = (Q - 1) * mean(f * g * power(G, Q - 2))
        other = mean((Q - 2) * f * f * power(F, Q - 3) * H + f * power(F, Q - 2) * h)
        response = own + (Q - 1) * other
        by_gap = own
        by_v = (Q - 1) * mean(power(G, Q - 2) * (f * g1 - f1 * g)) / 2
        own_gap = (Q - 1) * mean(f * (g1 * power(G, Q - 2) + (Q - 2) * g * g * power(G, Q - 3)))
        own_v = (
            (Q - 1)
            / law.two
            * mean((f2 * g + f * g2) * power(G, Q - 2) + (Q - 2) * f * g * g1 * power(G, Q - 3))
        )
        other_gap = -mean((Q - 2) * f * f * power(F, Q - 3) * h + f * power(F, Q - 2) * h1)
        other_v = (
            mean(
                (Q - 2)
                * (
                    2 * f * f2 * power(F, Q - 3) * H
                    + (Q - 3) * f * f * f1 * power(F, Q - 4) * H
                    + f * f * power(F, Q - 3) * h1
                    + f * f1 * power(F, Q - 3) * h
                )
                + power(F, Q - 2) * (f2 * h + f * h2)
            )
            / law.two
        )
        bend = mean(
            f
            * (
                (Q - 2) * ((Q - 3) * power(F, Q - 4) * f * f + power(F, Q - 3) * f1) * H
                + 2 * (Q - 2) * power(F, Q - 3) * f * h
                + power(F, Q - 2) * h1
            )
        )
        response_v = own_v + (Q - 1) * other_v
        largest = mean((y + gap) * f * power(G, Q - 1)) + (Q - 1) * mean(y * f * power(F, Q - 2) * H)
        value = largest - T * law.euler
        entropy = (value - gap * win - width * width * response) / T if T else 0 * value
        square = (response - T * (own_gap + (Q - 1) * bend) - T * T * response_v) / 3
        return (
            win,
            response,
            -value,
            entropy,
            square,
            by_gap,
            by_v,
            own_gap + (Q - 1) * other_gap,
            response_v,
        )


@dataclass(frozen=True)
class _Law:
    """Law of a Gaussian field with Gumbel noise, and nodes on which its averages converge exponentially."""

    width: Any
    T: Any
    nodes: Any
    step: Any
    two: Any
    euler: Any

    @classmethod
    def of(cls, Q: int, width: Any, T: Any) -> _Law | None:
        """The law; None where there is neither field nor noise, or no number."""
        if not (width >= 0 and T >= 0 and width + T > 0):
            return None
        if is_exact(width, T):
            import mpmath

            digits = mpmath.mp.dps + 5
            gauss = mpmath.sqrt(2 * mpmath.pi**2 / (Q * mpmath.log(10) * digits))
            gumbel = mpmath.mpf("3.8") / digits
            span = mpmath.sqrt(2 * mpmath.log(10) * digits)
            left, right = mpmath.log(mpmath.log(10) * digits) + 1, mpmath.log(10) * digits
            two, euler = mpmath.mpf(2), +mpmath.euler
        else:
            gauss, gumbel, span, left, right = 0.6 / np.sqrt(Q), 0.24, 9.3, LEFT, RIGHT
            two, euler = 2.0, np.euler_gamma
        step = max(gauss * width, gumbel * T)
        low, high = -(span * width + left * T), span * width + right * T
        count = int((high - low) / step) + 2
        nodes = low + step * np.arange(count)
        return cls(width, T, nodes, step, two, euler)

    def at(self, y: Any) -> tuple[Any, Any, Any, Any]:
        """F, f, f' and f'' at the values y."""
        s, T = self.width, self.T
        if T == 0:
            return _gaussian(y, s, np.array([0 * s]), np.array([1 + 0 * s]))
        if s >= T:
            u, weight = _gumbel_rule(T)
            return _gaussian(y, s, T * u, weight)
        if s == 0:
            return _gumbel(y, T, np.array([0 * T]), np.array([1 + 0 * T]))
        z, weight = _normal_rule(T)
        return _gumbel(y, T, s * z, weight)


def _gaussian(y: Any, s: Any, shift: Any, weight: Any) -> tuple[Any, Any, Any, Any]:
    x = (y[:, None] - shift) / s
    density = pdf(x)
    below = exp(log_cdf(x)) if is_exact(s) else special.ndtr(x)
    rows = below, density / s, -x * density / s**2, (x * x - 1) * density / s**3
    return tuple(row @ weight for row in rows)


def _gumbel(y: Any, T: Any, shift: Any, weight: Any) -> tuple[Any, Any, Any, Any]:
    u = (y[:, None] - shift) / T
    t = exp(-u) if is_exact(T) else np.exp(np.minimum(-u, 600.0))
    G = exp(-t)
    if not is_exact(T):
        t = np.minimum(t, 1e3)  # where G is 0
    rows = G, t * G / T, (t * t - t) * G / T**2, (t**3 - 3 * t * t + t) * G / T**3
    return tuple(row @ weight for row in rows)


def _gumbel_rule(like: Any) -> tuple[Array, Array]:
    """Nodes and weights of standard Gumbel noise."""
    if is_exact(like):
        import mpmath

        digits = mpmath.mp.dps + 5
        step = mpmath.mpf("3.8") / digits
        low, high = -mpmath.log(mpmath.log(10) * digits) - 1, mpmath.log(10) * digits
    else:
        step, low, high = 0.25, -LEFT, RIGHT
    u = low + step * np.arange(int((high - low) / step) + 2)
    t = exp(-u)
    return u, t * exp(-t) * step


def _normal_rule(like: Any) -> tuple[Array, Array]:
    """Nodes and weights of a standard Gaussian, for functions that are analytic up to pi/2."""
    if is_exact(like):
        import mpmath

        digits = mpmath.mp.dps + 5
        step, span = mpmath.mpf("3.8") / digits, mpmath.sqrt(2 * mpmath.log(10) * digits)
    else:
        step, span = 0.25, 9.3
    z = step * np.arange(-int(span / step) - 1, int(span / step) + 2)
    return z, pdf(z) * step
