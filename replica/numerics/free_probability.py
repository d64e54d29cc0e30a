r"""R-transforms of symmetric matrices of random directions: what spins see of their couplings.

The R-transform of the spectrum of J is R(x) = z - 1/x, where x = E[1/(z - lambda)]. It starts with the mean
of the eigenvalues, R'(0) is their variance, and R of a sum of matrices that are free of each other is the sum
of their R. Without the diagonal of J, R(0) = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from replica.numerics.functions import exact, is_exact, log1p_lack
from replica.typing import Number

__all__ = ["Eigenvalues", "RTransform", "Rational", "Transformed"]


class Transformed(NamedTuple):
    """An R-transform at x: the value R, its derivatives, and two integrals from 0 to x.

    Attributes
    ----------
    value, slope, bend : float, array or mpmath number
        R, R' and R''.
    integral : float, array or mpmath number
        G, the integral of R.
    gain : float, array or mpmath number
        x R - G, the integral of x R': positive, and without cancellation at small x.
    """

    value: Number
    slope: Number
    bend: Number
    integral: Number
    gain: Number


class RTransform(Protocol):
    """What a theory asks of an R-transform."""

    @property
    def edge(self) -> Number:
        """X up to which it is known."""
        ...

    def at(self, x: Number) -> Transformed:
        """The transform at x >= 0, of the shape of x."""
        ...


@dataclass(frozen=True)
class Rational:
    r"""Sum of Wishart matrices and a Gaussian one, without diagonal.

        R(x) = sum_k alpha_k lambda_k [1/(1 - lambda_k x) - 1] + variance x

    Parameters
    ----------
    terms : tuple of (alpha_k, lambda_k)
        Loads and strengths: alpha N patterns of strength lambda are (lambda/N) sum xi_i xi_j.
    variance : float, array or mpmath number
        N times the variance of further independent couplings.

    Examples
    --------
    >>> hebb = Rational(((0.1, 1.0),))
    >>> print(f"{hebb.at(0.5).value:.12f} {hebb.at(0.5).slope:.12f}")  # alpha/(1 - x) - alpha and its slope
    0.100000000000 0.400000000000
    """

    terms: tuple[tuple[Number, Number], ...] = ()
    variance: Number = 0.0

    @property
    def edge(self) -> Number:
        """The first pole."""
        strengths = [strength for _, strength in self.terms]
        if not strengths:
            return np.inf
        largest = strengths[0]
        for one in strengths[1:]:
            largest = np.maximum(largest, one)
        with np.errstate(divide="ignore"):
            return 1 / largest

    def at(self, x: Number) -> Transformed:
        """The transform at x, of the shape to which x and the parameters broadcast."""
        with np.errstate(all="ignore"):  # at a pole, and beyond it
            return self._at(x)

    def _at(self, x: Number) -> Transformed:
        value, slope, bend = self.variance * x, self.variance + 0 * x, 0 * x
        integral = self.variance * x * x / 2
        gain = integral
        for load, strength in self.terms:
            rest = 1 - strength * x
            value = value + load * strength * strength * x / rest
            slope = slope + load * strength**2 / rest**2
            bend = bend + 2 * load * strength**3 / rest**3
            integral = integral + load * log1p_lack(-strength * x)
            gain = gain + load * log1p_lack(strength * x / rest)
        return Transformed(value, slope, bend, integral, gain)


@dataclass(frozen=True)
class Eigenvalues:
    r"""Matrix of given eigenvalues in random directions, without diagonal: their mean is subtracted.

    R is the root of E[(lambda - R)/u] = 0 with u = 1 + x (R - lambda), found by Newton's method, which meets
    it from below. Its derivatives follow from the same averages, and none of them cancels at small x.

    Parameters
    ----------
    values : tuple of float

    Examples
    --------
    Couplings of eigenvalues -1 and 1 (the random orthogonal model) have R = (sqrt(1 + 4 x^2) - 1)/(2 x):

    >>> print(f"{Eigenvalues((-1.0, 1.0)).at(0.5).value:.12f} {2**0.5 - 1:.12f}")
    0.414213562373 0.414213562373
    """

    values: tuple[float, ...]

    @property
    def edge(self) -> Number:
        """A finite number of eigenvalues has an R-transform for every x."""
        return np.inf

    def at(self, x: Number) -> Transformed:
        """The transform at x, of the shape of x."""
        with np.errstate(all="ignore"):  # far out, as 1/T at T = 0
            return self._at(x)

    def _at(self, x: Number) -> Transformed:
        if is_exact(x):
            import mpmath

            levels = np.array([exact(one) for one in self.values], dtype=object)
            small, rounds = mpmath.mpf(2) ** (8 - mpmath.mp.prec), 400
        else:
            levels, small, rounds = np.array(self.values), 4e-16, 200
        levels = levels - np.sum(levels) / levels.size
        top = np.max(levels)
        share = np.sum(levels == top) / exact(levels.size) if is_exact(x) else np.mean(levels == top)
        x = np.asarray(x)[..., None]
        tiny = x == 0
        # E[1/u] >= 1 at either of these: below the root, where Newton's method does not leave u > 0
        R = np.maximum(0 * x, np.where(tiny, 0 * x, top - (1 - share) / np.where(tiny, 1 + 0 * x, x)))
        for _ in range(rounds):
            u = 1 + x * (R - levels)
            step = _mean((levels - R) / u) / _mean(1 / u**2)
            R = R + step
            if np.all(np.abs(step) <= small * (1 + np.abs(R))):
                break
        u = 1 + x * (R - levels)
        e, d = 1 / u, (levels - R) / u
        square = _mean(e * e)
        slope = _mean(d * d) / square
        by_d, by_e = d * d - slope * e * (1 + x * d), e * (d - x * slope * e)
        bend = 2 * (_mean(d * by_d) - slope * _mean(e * by_e)) / square
        gain = _mean(log1p_lack(x * d))
        return Transformed(*(one[..., 0][()] for one in (R, slope, bend, x * R - gain, gain)))


def _mean(values: Number) -> Number:
    return np.sum(values, axis=-1, keepdims=True) / values.shape[-1]
