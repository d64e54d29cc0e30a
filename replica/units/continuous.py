"""Units whose potential is piecewise a parabola, in closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from scipy import special

from replica.numerics.functions import INVERSE_ROOT_2PI, H, is_exact, log, maximum, pdf, pi, tail_ratios
from replica.numerics.spins import TINY
from replica.typing import Array, Number
from replica.units.half_normal import sample_half_normal
from replica.units.landscape import Kink
from replica.units.unit import HALF_LINE, Averages, Moments, Unit, check_positive

__all__ = ["DoubleReLU", "Gaussian", "ReLU"]


@dataclass(frozen=True)
class Gaussian(Unit):
    """Gaussian unit on the real line; U(s) = gamma s^2/2 - g s.

    Examples
    --------
    >>> print(Gaussian().mean(0.3, 0.5, 0.1), Gaussian().response(0.3, 0.5, 0.1))
    0.6 2.0
    """

    g: Any = 0.0
    gamma: Any = 1.0
    name: ClassVar[str] = "gaussian"
    about: ClassVar[Mapping[str, str]] = {
        "domain": "real line",
        "potential": "U(s) = gamma s^2/2 - g s",
        "activation": "(b + g)/(gamma - a)",
        "mean": "(b + g)/(gamma - a)",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "gamma")

    def potential(self, x: Number) -> Number:
        return self.gamma * x**2 / 2 - self.g * x

    @property
    def curvature(self) -> Number:
        return self.gamma

    @property
    def tail(self) -> Number:
        return self.gamma

    def rescaled(self, energy: Number, length: Number) -> Unit:
        return Gaussian(self.g * length / energy, self.gamma * length**2 / energy)

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        return self.moments(loc, width, a, T)

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        return _Parabola(loc + self.g, width, self._stiffness(a), T)

    def _stiffness(self, a: Number) -> Number:
        if is_exact(a, *self._numbers.values()):
            return self.gamma - a
        return np.where(np.less(a, self.gamma), self.gamma - a, np.nan)[()]

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        A, field, logs = self.gamma - a, b + self.g, log_gaussian(self.gamma - a, T)
        return logs + field**2 / (2 * A * T), field / A, T / A + 0 * b, logs + 0.5 + 0 * b

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        A = self.gamma - a
        return (b + self.g) / A, 1 / A + 0 * b

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        A = self.gamma - a
        return (b + self.g) / A + np.sqrt(T / A) * rng.standard_normal(b.shape)


class _Parabola(Moments):
    """Moments of a Gaussian unit of stiffness A = gamma - a; a caller pays for what it reads."""

    def __init__(self, field: Number, width: Number, A: Number, T: Number) -> None:
        self.__dict__.update(field=field, width=width, A=A, T=T)

    @cached_property
    def second(self) -> Number:
        """E[b^2]/A."""
        return (self.field**2 + self.width**2) / self.A

    @cached_property
    def one(self) -> Number:
        """1 in the shape of the answers."""
        field = self.field
        return field / field if is_exact(field) and field else 1.0 + 0 * self.second

    @cached_property
    def logs(self) -> Number:
        """The part of ln Z that is not due to the field."""
        return log_gaussian(self.A, self.T)

    @property
    def free_energy(self) -> Number:
        return -self.second / 2 - self.T * self.logs

    @property
    def mean(self) -> Number:
        return self.field / self.A

    @property
    def square(self) -> Number:
        return self.second / self.A

    @property
    def response(self) -> Number:
        return self.one / self.A

    @property
    def response_square(self) -> Number:
        return self.one / self.A**2

    @property
    def entropy(self) -> Number:
        return cold_entropy(self.logs + self.one / 2, self.T)

    @property
    def mean2(self) -> Number:
        return 0 * self.one

    @property
    def mean3(self) -> Number:
        return 0 * self.one

    @property
    def square1(self) -> Number:
        return 2 * self.field / self.A**2

    @property
    def square2(self) -> Number:
        return 2 * self.one / self.A**2

    @property
    def cube1(self) -> Number:
        return 3 * self.second / self.A**2

    @property
    def hot_square(self) -> Number:
        return self.T * self.one / self.A**2


@dataclass(frozen=True)
class ReLU(Unit):
    """Rectified linear unit s >= 0; U(s) = gamma s^2/2 + theta s.

    Examples
    --------
    >>> print(ReLU(theta=1.5).mean(2.0, 0.5, 0.0))
    1.0
    >>> print(f"{ReLU(theta=1.5).mean(2.0, 0.5, 0.1):.12f}")
    1.014832970578
    """

    theta: Any = 0.0
    gamma: Any = 1.0
    name: ClassVar[str] = "relu"
    nodes: ClassVar[int] = 14
    domain: ClassVar[tuple[float, float]] = HALF_LINE  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "s >= 0",
        "potential": "U(s) = gamma s^2/2 + theta s",
        "activation": "max(0, b - theta)/(gamma - a)",
        "mean": "mu + s phi(mu/s)/Phi(mu/s), mu = (b - theta)/(gamma - a), s^2 = T/(gamma - a)",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "gamma")

    def potential(self, x: Number) -> Number:
        return self.gamma * x**2 / 2 + self.theta * x

    @property
    def curvature(self) -> Number:
        return self.gamma

    @property
    def tail(self) -> Number:
        return self.gamma

    @property
    def symmetric(self) -> bool:
        return False

    def rescaled(self, energy: Number, length: Number) -> Unit:
        return ReLU(self.theta * length / energy, self.gamma * length**2 / energy)

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        return self._cold(loc, width, a) if np.all(np.equal(T, 0)) else super().averages(loc, width, a, T)

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        return self._cold(loc, width, a) if np.all(np.equal(T, 0)) else super().moments(loc, width, a, T)

    def _cold(self, loc: Number, width: Number, a: Number) -> Moments:
        """The closed form at T = 0."""
        precise = is_exact(loc, width, a, *self._numbers.values())
        A = self.gamma - a if precise else np.where(np.less(a, self.gamma), self.gamma - a, np.nan)[()]
        width = maximum(width, 0 * width + TINY)
        u = (self.theta - loc) / width
        h0, h1, h2 = (H(k, u) for k in range(3))
        known = Averages(
            free_energy=-(width**2) * h2 / (2 * A),
            mean=width * h1 / A,
            square=width**2 * h2 / A**2,
            response=h0 / A,
            response_square=h0 / A**2,
            entropy=-np.inf + 0 * h0 if not precise else -np.inf,
        )
        return Moments.later(
            known,
            lambda: {
                "mean2": pdf(u) / (width * A),
                "mean3": pdf(u) / width * (u / width) / A,
                "square1": 2 * width * h1 / A**2,
                "square2": 2 * h0 / A**2,
                "cube1": 3 * width**2 * h2 / A**3,
                "hot_square": 0 * h0 / A,
            },
        )

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        return _half_gaussian(b - self.theta, self.gamma - a, T)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        A, field = self.gamma - a, b - self.theta
        return np.maximum(field, 0.0) / A, np.where(field > 0, 1 / A, 0.0)

    def _kinks(self, a: Array) -> list[Kink]:
        return [Kink(self.theta, 0.0, self.gamma - a)]

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        return _sample_half_gaussian(b - self.theta, self.gamma - a, T, rng)


@dataclass(frozen=True)
class DoubleReLU(Unit):
    """Two rectified linear units back to back (dReLU of Tubiana, Cocco and Monasson 2019).

    U(s) = gamma_plus s^2/2 + theta_plus s for s > 0 and gamma_minus s^2/2 + theta_minus s for s < 0. The unit
    is silent for theta_minus < b < theta_plus; where theta_minus > theta_plus it has two wells and jumps.

    Examples
    --------
    >>> unit = DoubleReLU(theta_plus=1.0, theta_minus=-1.0)
    >>> print(unit.mean([-3.0, 0.5, 3.0], 0.0, 0.0))
    [-2.  0.  2.]
    """

    theta_plus: Any = 0.0
    theta_minus: Any = 0.0
    gamma_plus: Any = 1.0
    gamma_minus: Any = 1.0
    name: ClassVar[str] = "double-relu"
    nodes: ClassVar[int] = 14
    breaks: ClassVar[tuple[float, ...]] = (0.0,)  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "real line",
        "potential": "U(s) = gamma_+ s^2/2 + theta_+ s for s > 0, gamma_- s^2/2 + theta_- s for s < 0",
        "activation": "max(0, b - theta_+)/(gamma_+ - a) + min(0, b - theta_-)/(gamma_- - a)",
        "mean": "mean of the two half Gaussians, weighted by their partition functions",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "gamma_plus")
        check_positive(self, "gamma_minus")

    def potential(self, x: Number) -> Number:
        up, down = np.maximum(x, 0.0), np.minimum(x, 0.0)
        return (
            self.gamma_plus * up**2 / 2
            + self.theta_plus * up
            + self.gamma_minus * down**2 / 2
            + self.theta_minus * down
        )

    @property
    def curvature(self) -> Number:
        return np.minimum(self.gamma_plus, self.gamma_minus)

    @property
    def tail(self) -> Number:
        return self.gamma_plus

    @property
    def symmetric(self) -> bool:
        return bool(
            np.all(np.equal(self.gamma_plus, self.gamma_minus))
            and np.all(np.equal(self.theta_plus, np.negative(self.theta_minus)))
        )

    def rescaled(self, energy: Number, length: Number) -> Unit:
        theta, gamma = length / energy, length**2 / energy
        return DoubleReLU(
            self.theta_plus * theta,
            self.theta_minus * theta,
            self.gamma_plus * gamma,
            self.gamma_minus * gamma,
        )

    def _sides(self, b: Array, a: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Field and stiffness on either side, the negative one mirrored."""
        return (b - self.theta_plus, self.gamma_plus - a), (self.theta_minus - b, self.gamma_minus - a)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        (log_up, up, var_up, s_up), (log_down, down, var_down, s_down) = (
            _half_gaussian(field, A, T) for field, A in self._sides(b, a)
        )
        share = special.expit(log_up - log_down)
        rest = special.expit(log_down - log_up)
        return (
            np.logaddexp(log_up, log_down),
            share * up - rest * down,
            share * var_up + rest * var_down + share * rest * (up + down) ** 2,
            share * s_up + rest * s_down + special.entr(share) + special.entr(rest),
        )

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        (up, A_up), (down, A_down) = self._sides(b, a)
        higher = np.maximum(up, 0) ** 2 / A_up >= np.maximum(down, 0) ** 2 / A_down
        s = np.where(higher, np.maximum(up, 0.0) / A_up, -np.maximum(down, 0.0) / A_down)
        slope = np.where(s > 0, 1 / A_up, np.where(s < 0, 1 / A_down, 0.0))
        return s, slope

    def _kinks(self, a: Array) -> list[Kink]:
        A_up, A_down = self.gamma_plus - a, self.gamma_minus - a
        two = np.asarray(self.theta_minus) > np.asarray(self.theta_plus)  # two wells, one jump between them
        root_up, root_down = np.sqrt(A_up), np.sqrt(A_down)
        middle = (self.theta_plus * root_down + self.theta_minus * root_up) / (root_up + root_down)
        jump = (middle - self.theta_plus) / A_up + (self.theta_minus - middle) / A_down
        return [
            Kink(np.where(two, middle, self.theta_plus), np.where(two, jump, 0.0), A_up),
            Kink(np.where(two, np.inf, self.theta_minus), 0.0 * a, A_down),
        ]

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        (up, A_up), (down, A_down) = self._sides(b, a)
        hot = np.where(T > 0, T, 1.0)
        gap = _half_gaussian(up, A_up, hot)[0] - _half_gaussian(down, A_down, hot)[0]
        above = np.where(T > 0, special.logit(rng.random(b.shape)) < gap, self._ground(b, a)[0] > 0)
        return np.where(
            above,
            _sample_half_gaussian(up, A_up, T, rng),
            -_sample_half_gaussian(down, A_down, T, rng),
        )


def log_gaussian(A: Number, T: Number) -> Number:
    """Logarithm of the Gaussian integral, (1/2) ln(2 pi T/A); its limit times T is 0."""
    if is_exact(A, T):
        return log(2 * pi(A) * T / A) / 2 if T else 0 * A
    return np.where(np.equal(T, 0), 0.0, 0.5 * np.log(2 * np.pi * np.where(np.equal(T, 0), 1.0, T) / A))[()]


def cold_entropy(entropy: Number, T: Number) -> Number:
    """The entropy of a continuous variable, which is -inf at T = 0."""
    if is_exact(entropy):
        return entropy if T else -np.inf
    return np.where(np.equal(T, 0), -np.inf, entropy)[()]


def _half_gaussian(field: Array, A: Array, T: Array) -> tuple[Array, ...]:
    """Ln Z, mean, variance and entropy of exp{-(A s^2/2 - field s)/T} on s >= 0."""
    width = np.sqrt(T / A)
    x = field / (A * width)
    with np.errstate(all="ignore"):
        scaled = special.erfcx(x * -math.sqrt(0.5)) / 2  # exp(x^2/2) Phi(x), infinite for x > 37
        reverse = INVERSE_ROOT_2PI / scaled  # phi/Phi
        mean = x + reverse
        variance = 1 - reverse * mean
        far = x < -5  # the differences cancel
        if np.any(far):
            first, second = tail_ratios(-x[far])
            mean, variance = np.array(mean), np.array(variance)
            mean[far], variance[far] = first, first * (second - first)
        high = x > 9  # Phi(x) = 1
        lost = np.where(high, x * x / 2, np.log(scaled))
        log_z = 0.5 * np.log(2 * np.pi * T / A)
        entropy = log_z + 0.5 + np.where(high, 0.0, lost - x * mean / 2)
        log_z = log_z + lost
    return log_z, width * mean, width**2 * variance, entropy


def _sample_half_gaussian(field: Array, A: Array, T: Array, rng: np.random.Generator) -> Array:
    """Normal variable of mean field/A and variance T/A, given that it is positive."""
    hot = np.where(T > 0, T, 1.0)
    width = np.sqrt(hot / A)
    drawn = width * sample_half_normal(field / (A * width), rng)
    return np.where(T > 0, drawn, np.maximum(field, 0.0) / A)
