"""Units with two values, in closed form: the averages of a spin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from scipy import special

from replica.numerics.functions import is_exact, ratio
from replica.numerics.quadrature import LOGISTIC_NODES, logistic_rule
from replica.numerics.spins import TINY, SpinAverages, spin_averages
from replica.typing import Array, Integers, Number
from replica.units.unit import Moments, Unit

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

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        spin = spin_averages(loc + self.g, width, T)
        return _SpinLike(spin, T, shift=a / 2, size=1)

    moments = averages

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

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        field = loc + self.g + a / 2  # s = (1 + spin)/2, and the spin feels half of it
        return _Neuron(spin_averages(field / 2, width / 2, T), T, shift=field / 2, size=2)

    moments = averages

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


class _SpinLike(Moments):
    """Moments of (constant + spin)/size with a shifted energy; a caller pays for what it reads."""

    spin: SpinAverages
    T: Any
    shift: Any
    size: int

    def __init__(self, spin: SpinAverages, T: Number, shift: Number, size: int) -> None:
        self.__dict__.update(spin=spin, T=T, shift=shift, size=size)

    @property
    def mean(self) -> Number:
        return self.spin.tanh

    @property
    def response(self) -> Number:
        return self.spin.susceptibility / self.size**2

    @property
    def square(self) -> Number:
        return 1 - self.T * self.response

    @property
    def free_energy(self) -> Number:
        return -(self.shift + self.spin.log2cosh)

    @property
    def response_square(self) -> Number:
        return ratio(self.spin.sech4_over_T / self.size**4, self.T)

    @property
    def entropy(self) -> Number:
        return self.spin.entropy

    @property
    def mean2(self) -> Number:
        return self.spin.susceptibility_1 / self.size**3

    @property
    def mean3(self) -> Number:
        return self.spin.susceptibility_2 / self.size**4

    @property
    def square1(self) -> Number:  # <s>^2 = 1 - T d<s>/db
        return -self.T * self.mean2

    @property
    def square2(self) -> Number:
        return -self.T * self.mean3

    @property
    def cube1(self) -> Number:
        return 3 * (self.response - self.hot_square)

    @property
    def hot_square(self) -> Number:
        return self.spin.sech4_over_T / self.size**4


FAINT = 0.03
"""Mean of a neuron below which it is not what is left of (1 + tanh)/2: small averages keep their digits."""


class _Neuron(_SpinLike):
    """Averages of a neuron, to nearly all digits also where it is hardly ever active."""

    @property
    def mean(self) -> Number:
        return self._unless_faint((1 + self.spin.tanh) / 2, 0)

    @property
    def square(self) -> Number:
        return self._unless_faint((1 + self.spin.tanh) / 2 - self.T * self.spin.susceptibility / 4, 1)

    @property
    def response(self) -> Number:
        return self._unless_faint(super().response, 2)

    @property
    def response_square(self) -> Number:
        return self._unless_faint(super().response_square, 3)

    @property
    def square1(self) -> Number:  # <s>^2 = <s> - T d<s>/db
        second = self.mean2  # read first, as in `Moments.by_loc`
        return self.response - self.T * second

    @property
    def square2(self) -> Number:
        return self.mean2 - self.T * self.mean3

    @property
    def cube1(self) -> Number:
        return 3 * (self.square1 / 2 - self.hot_square)

    def _unless_faint(self, value: Number, row: int) -> Number:
        if is_exact(value):
            return value
        index, rows = self._faint
        if index.size:
            value = np.array(value)
            value.reshape(-1)[index] = np.where(np.isnan(rows[row]), value.reshape(-1)[index], rows[row])
        return value if np.ndim(value) else value[()]

    @cached_property
    def _faint(self) -> tuple[Integers, Array]:
        """Where neurons are hardly ever active, in the flattened batch; and their averages there."""
        index = np.flatnonzero(np.ravel(self.spin.tanh) < 2 * FAINT - 1)
        fields = np.broadcast_arrays(
            *(np.asarray(v, float) for v in (self.spin.loc, self.spin.width, self.T))
        )
        loc, width, T = (field.ravel()[index] for field in fields)
        return index, faint_averages(2 * loc, 2 * width, T)


_LOGISTIC = 16.0
_STEEPEST = 0.6
_NEGLIGIBLE = 64.0
_AT_ONCE = 1 << 20


def faint_averages(loc: Array, width: Array, T: Array) -> Array:
    """Mean, square, response and its square of a neuron that is hardly ever active, shape (4, n).

    In the field b = loc + width z it is active with probability 1/(1 + exp(-b/T)). Its averages come from
    places far out in the Gaussian: the mean from z between 0 and width/T, the square from up to twice that,
    but neither from beyond z = -loc/width, where b changes sign. The trapezoidal rule runs over these
    places, in steps that suit the sharpness width/T. Where temperature hardly rounds the step of the neuron,
    the logistic rule in the noise of `replica.numerics.spins` keeps its digits in the tails as well.
    A row is NaN where the formula of `SpinAverages` is as good.
    """
    out = np.full((4, loc.size), np.nan)
    if not loc.size:
        return out
    with np.errstate(all="ignore"):
        width = np.maximum(width, TINY)
        sharpness, turn = np.where(T == 0, np.inf, width / T), -loc / width
        smeared = (T == 0) | ((sharpness >= _LOGISTIC) & (turn <= _STEEPEST * sharpness))
        smeared |= sharpness > _NEGLIGIBLE  # turn > 38: nothing is left of the Gaussian
        u, weight = logistic_rule(LOGISTIC_NODES[0][1])
        part = np.flatnonzero(smeared)
        x = turn[part, None] + 2 * u / sharpness[part, None]
        mean = special.ndtr(-x) @ weight
        lost = np.exp(-0.5 * x * x) @ weight / (np.sqrt(2 * np.pi) * sharpness[part])  # T response
        out[0, part], out[1, part] = mean, np.where(T[part] == 0, mean, mean - lost)
        step = 0.5 * 2.0 ** -np.maximum(0, np.ceil(np.log2(np.maximum(sharpness, 1e-3) / 0.88)))
        for one in np.unique(step[~smeared]):
            index = np.flatnonzero(~smeared & (step == one))
            first = np.clip(np.minimum(sharpness[index], turn[index]), 0.0, None) - 9.0
            last = np.clip(np.minimum(2 * sharpness[index], turn[index]), 0.0, None) + 9.0
            grid = one * np.arange(int(np.max(last - first) / one) + 2)
            for some in np.array_split(np.arange(index.size), 1 + index.size * grid.size // _AT_ONCE):
                at = index[some]
                z = first[some, None] + grid
                density = one * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
                active = special.expit((loc[at, None] + width[at, None] * z) / T[at, None])
                quiet = special.expit(-(loc[at, None] + width[at, None] * z) / T[at, None])
                moved = active * quiet / T[at, None]
                for row, values in enumerate((active, active**2, moved, moved**2)):
                    out[row, at] = np.sum(values * density, axis=1)
    return out


def _heads(field: Array, T: Array, rng: np.random.Generator) -> Array:
    """Whether a logistic threshold lies below the field; ties at T = 0 are broken downwards."""
    with np.errstate(divide="ignore"):
        return field > T * special.logit(rng.random(field.shape))
