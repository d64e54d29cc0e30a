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
_AT_ONCE = 1 << 14
"""Nodes times neurons taken together: arrays stay in a processor's cache."""


def faint_averages(loc: Array, width: Array, T: Array) -> Array:
    """Mean, square, response and its square of a neuron that is hardly ever active, shape (4, n).

    In the field b = loc + width z it is active with probability p = 1/(1 + exp(-b/T)). Where temperature
    hardly rounds its step at z = -loc/width, the logistic rule in the noise of `replica.numerics.spins` keeps
    the digits of the tails, too; else the trapezoidal rule does.
    A row is NaN where the formula of `SpinAverages` is as good.
    """
    out = np.full((4, loc.size), np.nan)
    if not loc.size:
        return out
    with np.errstate(all="ignore"):
        width = np.maximum(width, TINY)
        sharpness, turn = np.where(T == 0, np.inf, width / T), -loc / width
        steep = sharpness >= _LOGISTIC
        out[:, steep] = _steep(turn[steep], sharpness[steep], T[steep])
        out[:, ~steep] = _smooth(turn[~steep], sharpness[~steep], T[~steep])
    return out


def _steep(turn: Array, sharpness: Array, T: Array) -> Array:
    """Averages of p, p^2, p (1 - p)/T and its square over z, where p is nearly a step at z = `turn`.

    Far out, turn > 0.6 sharpness, the averages do not come from the step but from where the Gaussian has lost
    what p gains. A shift of z leads back to a step nearby: exp(s z) Dz is a Gaussian around s, and
    p exp(-s (z - turn)) = 1 - p, so that E p at a turn is exp(s^2/2 - s turn) E p at s - turn. Likewise
    E p (1 - p) becomes E p^2; and where turn > 1.4 s the square, with a shift of 2 s, a square.
    """
    far, beyond = turn > _STEEPEST * sharpness, turn > (2 - _STEEPEST) * sharpness
    if not far.any():
        mean, square, *_ = _step(turn, sharpness)
        return np.stack([mean, square, np.full_like(mean, np.nan), np.full_like(mean, np.nan)])
    near = np.where(far, np.where(beyond, 2 * sharpness - turn, sharpness - turn), turn)
    _, square_near, cubic, fourth, slope = _step(near, sharpness)
    known, known2 = _step(np.where(far, sharpness - turn, turn), sharpness)[:2]
    once = np.exp(np.where(far, sharpness * (sharpness / 2 - turn), 0.0))
    twice = np.exp(np.where(beyond, 2 * sharpness * (sharpness - turn), 0.0))
    square = np.where(beyond, twice * square_near, np.where(far, once * slope, square_near))
    moved = np.where(far, once * known2, np.nan) / T
    moved2 = np.where(beyond, twice * fourth, np.where(far, once * cubic, np.nan)) / T**2
    return np.stack([once * known, square, moved, moved2])


def _step(turn: Array, sharpness: Array) -> tuple[Array, ...]:
    """Averages of p, p^2, p^3 (1 - p), p^4 and p (1 - p) over z by the logistic rule in the noise.

    Powers of p are combinations of p and its derivatives by s z, which act on the Gaussian.
    """
    u, weight = logistic_rule(LOGISTIC_NODES[0][1] if np.any(np.isfinite(sharpness)) else 1)
    x = turn[:, None] + 2 * u / sharpness[:, None]
    bell = np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    mean, first, second = (
        special.ndtr(-x) @ weight,
        bell @ weight / sharpness,
        (x * bell) @ weight / sharpness**2,
    )
    third = ((x * x - 1) * bell) @ weight / sharpness**3
    first, second, third = (np.where(np.isinf(sharpness), 0.0, v) for v in (first, second, third))
    fourth = mean - 11 / 6 * first + second - third / 6
    return mean, mean - first, first / 3 - second / 2 + third / 6, fourth, first


def _smooth(turn: Array, sharpness: Array, T: Array) -> Array:
    """The same by the trapezoidal rule, in steps that suit the sharpness.

    The mean comes from z between 0 and the sharpness, the square from up to twice that, but neither from
    beyond the turn.
    """
    out = np.full((4, turn.size), np.nan)
    step = 0.5 * 2.0 ** (-np.maximum(0, np.ceil(4 * np.log2(np.maximum(sharpness, 1e-3) / 0.88))) / 4)
    for one in np.unique(step):
        index = np.flatnonzero(step == one)
        first = np.clip(np.minimum(sharpness[index], turn[index]), 0.0, None) - 9.0
        last = np.clip(np.minimum(2 * sharpness[index], turn[index]), 0.0, None) + 9.0
        grid = one * np.arange(int(np.max(last - first) / one) + 2)
        for some in np.array_split(np.arange(index.size), 1 + index.size * grid.size // _AT_ONCE):
            at = index[some]
            z = first[some, None] + grid
            density = one * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
            odds = np.exp(np.minimum(sharpness[at, None] * (turn[at, None] - z), 700.0))
            active = 1 / (1 + odds)
            moved = active * active * odds
            out[0, at] = np.einsum("ij,ij->i", active, density)
            out[1, at] = np.einsum("ij,ij,ij->i", active, active, density)
            out[2, at] = np.einsum("ij,ij->i", moved, density) / T[at]
            out[3, at] = np.einsum("ij,ij,ij->i", moved, moved, density) / T[at] ** 2
    return out


def _heads(field: Array, T: Array, rng: np.random.Generator) -> Array:
    """Whether a logistic threshold lies below the field; ties at T = 0 are broken downwards."""
    with np.errstate(divide="ignore"):
        return field > T * special.logit(rng.random(field.shape))
