"""Units with two values, in closed form: the averages of a spin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special

from replica.numerics.functions import ratio
from replica.numerics.spins import SpinAverages, spin_averages
from replica.typing import Array, Number
from replica.units.unit import Averages, Unit

__all__ = ["Bernoulli", "Spin"]


@dataclass(frozen=True)
class Spin(Unit):
    """Ising spin s = -1, +1 in a constant field g; U(s) = -g s.

    Examples
    --------
    >>> print(f"{Spin().mean(0.3, 0.0, 0.5):.12f}", Spin().ground(0.3, 0.0)[1])
    0.537049566998 1.0
    """

    g: Any = 0.0
    name: ClassVar[str] = "spin"
    values: ClassVar[tuple[float, ...]] = (-1.0, 1.0)  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "-1, +1",
        "potential": "U(s) = -g s",
        "activation": "sign(b + g)",
        "mean": "tanh((b + g)/T)",
    }

    def potential(self, x: Number) -> Number:
        return -self.g * x

    def rescaled(self, energy: Number, length: Number) -> Unit | None:
        return Spin(self.g / energy) if np.all(np.equal(length, 1)) else None

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        spin = spin_averages(loc + self.g, width, T)
        return _SpinLike(spin, T, shift=a / 2, size=1)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        y = (b + self.g) / T
        log_2cosh, variance, entropy = _two_values(y)
        return a / (2 * T) + log_2cosh, np.tanh(y), variance, entropy

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        return np.where(_heads(2 * (b + self.g), T, rng), 1.0, -1.0)


@dataclass(frozen=True)
class Bernoulli(Unit):
    """Neuron s = 0, 1 in a constant field g; U(s) = -g s.

    Examples
    --------
    >>> print(f"{Bernoulli(g=-0.2).mean(0.3, 0.0, 0.5):.12f}")
    0.549833997312
    """

    g: Any = 0.0
    name: ClassVar[str] = "bernoulli"
    values: ClassVar[tuple[float, ...]] = (0.0, 1.0)  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "0, 1",
        "potential": "U(s) = -g s",
        "activation": "1 if b + g + a/2 > 0, else 0",
        "mean": "1/(1 + exp(-(b + g + a/2)/T))",
    }

    def potential(self, x: Number) -> Number:
        return -self.g * x

    def rescaled(self, energy: Number, length: Number) -> Unit | None:
        return Bernoulli(self.g / energy) if np.all(np.equal(length, 1)) else None

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        field = (loc + self.g + a / 2) / 2  # s = (1 + spin)/2, and the spin feels half of it
        spin = spin_averages(field, width / 2, T)
        return _SpinLike(spin, T, shift=field, size=2)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        y = (b + self.g + a / 2) / (2 * T)
        log_2cosh, variance, entropy = _two_values(y)
        return y + log_2cosh, special.expit(2 * y), variance / 4, entropy

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        return np.where(_heads(b + self.g + a / 2, T, rng), 1.0, 0.0)


def _two_values(y: Array) -> tuple[Array, Array, Array]:
    """Ln 2cosh y, sech^2 y and the entropy ln 2cosh y - y tanh y, without cancellation for large |y|."""
    size = np.abs(y)
    e = np.exp(-2 * size)
    return size + np.log1p(e), 4 * e / (1 + e) ** 2, np.log1p(e) + 2 * size * e / (1 + e)


class _SpinLike(Averages):
    """Averages of (constant + spin)/size with a shifted energy; a caller pays for what it reads."""

    spin: SpinAverages
    T: Any
    shift: Any
    size: int

    def __init__(self, spin: SpinAverages, T: Number, shift: Number, size: int) -> None:
        self.__dict__.update(spin=spin, T=T, shift=shift, size=size)

    @property
    def mean(self) -> Number:
        tanh = self.spin.tanh
        return tanh if self.size == 1 else (1 + tanh) / 2

    @property
    def response(self) -> Number:
        return self.spin.susceptibility / self.size**2

    @property
    def square(self) -> Number:
        return (1 if self.size == 1 else self.mean) - self.T * self.response

    @property
    def free_energy(self) -> Number:
        return -(self.shift + self.spin.log2cosh)

    @property
    def response_square(self) -> Number:
        return ratio(self.spin.sech4_over_T / self.size**4, self.T)

    @property
    def entropy(self) -> Number:
        return self.spin.entropy


def _heads(field: Array, T: Array, rng: np.random.Generator) -> Array:
    """Whether a logistic threshold lies below the field; ties at T = 0 are broken downwards."""
    with np.errstate(divide="ignore"):
        return field > T * special.logit(rng.random(field.shape))
