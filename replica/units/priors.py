"""Priors of weights beyond the units of a layer: sparse ones, and those of convex penalties."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import log, sqrt
from replica.typing import Array, Number
from replica.units.channels import Bend
from replica.units.continuous import Gaussian
from replica.units.discrete import Spin
from replica.units.landscape import Kink
from replica.units.spherical import Spherical
from replica.units.unit import HALF_LINE, Unit

__all__ = ["PRIORS", "Box", "GaussBernoulli", "Laplace", "NonNegative"]


@dataclass(frozen=True)
class GaussBernoulli(Unit):
    """A weight that is 0, but for a share rho that is Gaussian; at temperature 1 only.

    Parameters
    ----------
    rho : float or array
        Share of weights that are not 0, in (0, 1].

    Examples
    --------
    >>> print(f"{GaussBernoulli(rho=0.1).mean(2.0, -3.0, 1.0):.12f}")
    0.041954925412
    """

    rho: Any = 0.1
    name: ClassVar[str] = "gauss-bernoulli"

    def __post_init__(self) -> None:
        if not np.all(np.greater(self.rho, 0) & np.less_equal(self.rho, 1)):
            msg = f"unit gauss-bernoulli: rho = {float(np.min(self.rho)):g} is not allowed; rho is in (0, 1]"
            raise ParameterError(msg)

    def potential(self, x: Number) -> Number:
        """Of the weights that are not 0; the others have a share of their own."""
        return x**2 / 2

    @property
    def curvature(self) -> Number:
        return 1.0

    @property
    def symmetric(self) -> bool:
        return True

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        if not np.all(T == 1):
            msg = "unit gauss-bernoulli: a weight that is 0 with some probability is known at T = 1 only"
            raise ParameterError(msg)
        A = 1 - a
        with np.errstate(divide="ignore"):
            zero, some = np.log(1 - self.rho) + 0 * b, np.log(self.rho / np.sqrt(A)) + b**2 / (2 * A)
        logs = np.logaddexp(zero, some)
        inside, outside = np.exp(some - logs), np.exp(zero - logs)
        mean = inside * b / A
        variance = inside * (1 / A + outside * (b / A) ** 2)
        return logs, mean, variance, logs - b * mean - a * (variance + mean**2) / 2

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        msg = "unit gauss-bernoulli: a weight that is 0 with some probability is known at T = 1 only"
        raise ParameterError(msg)

    def _kinks(self, a: Array) -> list[Any]:
        A = 1 - a  # beyond this field a weight is rather not 0
        with np.errstate(divide="ignore"):
            turn = sqrt(2 * A * np.maximum(log((1 - self.rho) * sqrt(A) / self.rho), 0.5))
        return [Bend(-turn, A / turn), Bend(turn, A / turn)]


@dataclass(frozen=True)
class Laplace(Unit):
    """A weight with the penalty U = gamma |w|.

    Examples
    --------
    >>> print(Laplace(gamma=0.5).mean(2.0, -3.0, 0.0), Laplace(gamma=0.5).mean(0.4, -3.0, 0.0))
    0.5 0.0
    """

    gamma: Any = 1.0
    name: ClassVar[str] = "laplace"
    breaks: ClassVar[tuple[float, ...]] = (0.0,)  # type: ignore[misc]

    def potential(self, x: Number) -> Number:
        return self.gamma * np.abs(x)

    @property
    def curvature(self) -> Number:
        return 0.0

    @property
    def symmetric(self) -> bool:
        return True

    def rescaled(self, energy: Number, length: Number) -> Unit:
        return Laplace(self.gamma * length / energy)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        beyond = np.maximum(np.abs(b) - self.gamma, 0.0)
        return np.sign(b) * beyond / -a, np.where(beyond > 0, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(side * self.gamma + 0 * a, 0.0, -a) for side in (-1.0, 1.0)]


@dataclass(frozen=True)
class NonNegative(Unit):
    """A weight that is not negative, with the penalty U = gamma w.

    Examples
    --------
    >>> print(NonNegative(gamma=0.5).mean(2.0, -3.0, 0.0), NonNegative().mean(-1.0, -3.0, 0.0))
    0.5 0.0
    """

    gamma: Any = 1.0
    name: ClassVar[str] = "non-negative"
    domain: ClassVar[tuple[float, float]] = HALF_LINE  # type: ignore[misc]

    def potential(self, x: Number) -> Number:
        return self.gamma * x

    @property
    def curvature(self) -> Number:
        return 0.0

    @property
    def symmetric(self) -> bool:
        return False

    def rescaled(self, energy: Number, length: Number) -> Unit:
        return NonNegative(self.gamma * length / energy)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        beyond = np.maximum(b - self.gamma, 0.0)
        return beyond / -a, np.where(beyond > 0, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(self.gamma + 0 * a, 0.0, -a)]


@dataclass(frozen=True)
class Box(Unit):
    """A weight between -1 and 1, all equally likely, without a penalty.

    Examples
    --------
    >>> print(Box().mean(0.3, -2.0, 0.0), Box().mean(2.0, -1.5, 0.0))
    0.15 1.0
    """

    name: ClassVar[str] = "box"
    domain: ClassVar[tuple[float, float]] = (-1.0, 1.0)  # type: ignore[misc]

    def potential(self, x: Number) -> Number:
        return 0.0 * x

    @property
    def curvature(self) -> Number:
        return math.inf

    @property
    def symmetric(self) -> bool:
        return True

    def rescaled(self, energy: Number, length: Number) -> Unit | None:
        return Box() if np.all(np.equal(length, 1)) else None

    def _confined(self, a: Number) -> tuple[Any, Number]:
        allowed = np.less(a, 0)  # beside a convex loss
        return allowed, np.where(allowed, a, -1.0)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        return np.clip(b / -a, -1.0, 1.0), np.where(np.abs(b) < -a, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(-a, 0.0, -a), Kink(a, 0.0, -a)]


PRIORS: dict[str, type[Unit]] = {
    kind.name: kind for kind in (Spin, Spherical, Gaussian, GaussBernoulli, Laplace, NonNegative, Box)
}
"""The priors with names on the command line."""
