r"""Channels: how an output y depends on the sum z that a layer of weights gives, seen as units.

A channel has a loss U(z), which is -ln P(y|z) at temperature 1. Its field is the mean omega of z, its
quadratic term a > 0 the variance of z over the temperature:

    T ln Z(omega, a, T) = T ln int dz N(z; omega, T a) exp{-U(z)/T}
                     -> -min_z [U(z) + (z - omega)^2/(2a)] as T -> 0

`mean` is its derivative g by omega, (<z> - omega)/a, at T = 0 from the proximal operator; `response` that of
g, which is negative for convex losses. With these two a channel is averaged like any other unit.

Losses are those of the label y = 1, or of the value y = 0: a label y sees y z, a value z - y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy import special

from replica.numerics.functions import INVERSE_ROOT_2PI, log_cdf, pdf, tail_ratios
from replica.numerics.spins import TINY
from replica.typing import Array, Booleans, Number
from replica.units.landscape import Kink
from replica.units.potential import Potential
from replica.units.unit import Unit

__all__ = [
    "CHANNELS",
    "Absolute",
    "Bend",
    "Channel",
    "Hinge",
    "Logistic",
    "Loss",
    "Sign",
    "Square",
    "Step",
    "Taught",
    "Wall",
]


class Bend(NamedTuple):
    """A field at which an average bends on a scale of its own, at any temperature; see `Kink`."""

    field: Any
    scale: Any
    jump: Any = 0.0

    def width(self, T: Number) -> Array:
        """Width over which it bends."""
        return np.asarray(self.scale + 0 * T)


class Channel(Unit):
    """Base class of every channel; a subclass needs a `potential`, all else is computed from it.

    Attributes
    ----------
    labels : bool
        Whether outputs are labels -1 and +1; else they are values.

    Examples
    --------
    >>> class Quartic(Channel):
    ...     def potential(self, z):
    ...         return z**4 / 4
    >>> print(f"{Quartic().mean(2.0, 1.0, 0.0):.10f}")  # z + z^3 = 2, g = z - 2
    -1.0000000000
    """

    labels: ClassVar[bool] = False

    @property
    def curvature(self) -> Number:
        return np.inf

    @property
    def tail(self) -> Number:
        return None

    @property
    def inner(self) -> Unit:
        """The sum z itself, a unit in the field omega/a with the quadratic term -1/a."""
        return Potential(self.potential, domain=self.domain, breaks=self.breaks)

    def _confined(self, a: Number) -> tuple[Booleans, Number]:
        allowed = np.greater(a, 0)
        return allowed, np.where(allowed & np.isfinite(a), a, 1.0)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        logs, mean, variance, _ = self.inner._thermal(b / a, -1 / a, T)
        logs = logs - b**2 / (2 * a * T) - np.log(2 * np.pi * a * T) / 2
        return logs, (mean - b) / a, (variance / a - T) / a, 0 * b

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        return self._frozen(b, a)[1:]

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        z, slope = self.inner._ground(b / a, -1 / a)
        return self.potential(z) + (z - b) ** 2 / (2 * a), (z - b) / a, (slope / a - 1) / a

    def _kinks(self, a: Array) -> list[Any]:
        return [
            Kink(k.field * a, np.asarray(k.jump) / a, k.stiffness * a**2) for k in self.inner._kinks(-1 / a)
        ]


@dataclass(frozen=True)
class Loss(Channel):
    """A loss of one's own.

    Parameters
    ----------
    loss : callable
        U(z), elementwise.
    labels : bool
        Whether it is the loss of a label, as a function of y z; else of a value, as one of z - y.
    breaks : tuple of float
        Where it is not smooth.

    Examples
    --------
    >>> import numpy as np
    >>> mine = Loss(lambda z: np.maximum(1 - z, 0), labels=True, breaks=(1.0,))
    >>> print(f"{mine.averages(0.0, 1.0, 0.5, 0.0).mean:.8f} {Hinge().averages(0.0, 1.0, 0.5, 0.0).mean:.8f}")
    0.77103783 0.77103783
    """

    loss: Callable[[Any], Any]
    labels: bool = False  # type: ignore[misc]
    breaks: tuple[float, ...] = ()

    @cached_property
    def inner(self) -> Unit:
        return Potential(self.loss, breaks=self.breaks)

    def potential(self, x: Number) -> Number:
        return self.loss(x)


def _beyond(distance: Array, variance: Array) -> tuple[Array, Array, Array]:
    """Ln Phi(d/s) and its first two derivatives by d, s^2 the variance, without overflow on either side."""
    s = np.sqrt(variance)
    u = -distance / s
    hazard = np.sqrt(2 / np.pi) / special.erfcx(u / np.sqrt(2))
    excess = np.asarray(hazard - u)
    far = u > 2
    if np.any(far):
        excess[far] = tail_ratios(u[far])[0]
    return log_cdf(-u), hazard / s, -hazard * excess / variance


@dataclass(frozen=True)
class Step(Channel):
    """A label that is right by a margin: z > kappa; U = 0 there and infinite elsewhere.

    Examples
    --------
    >>> step = Step(kappa=0.5)
    >>> print(f"{step.mean(0.2, 0.3, 0.0):.12f} {step.mean(0.2, 0.3, 1.0):.12f}")
    1.000000000000 2.147384736812
    """

    kappa: Any = 0.0
    name: ClassVar[str] = "step"
    labels: ClassVar[bool] = True

    def potential(self, x: Number) -> Number:
        return np.where(np.greater(x, self.kappa), 0.0, np.inf)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        logs, first, second = _beyond(b - self.kappa, a * T)
        return logs, T * first, T**2 * second, 0 * b

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        short = np.maximum(self.kappa - b, 0.0)
        return short**2 / (2 * a), short / a, np.where(short > 0, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(self.kappa + 0 * a, 0.0, a)]


@dataclass(frozen=True)
class Sign(Channel):
    """A label that is the sign of z + noise, P(1|z) = Phi(z/sqrt(noise)), at temperature 1.

    Examples
    --------
    >>> print(f"{Sign().mean(0.2, 0.3, 1.0):.12f} {Sign(noise=0.1).mean(0.2, 0.3, 1.0):.12f}")
    1.060531475011 0.961438423122
    """

    noise: Any = 0.0
    name: ClassVar[str] = "sign"
    labels: ClassVar[bool] = True

    def potential(self, x: Number) -> Number:
        with np.errstate(divide="ignore", invalid="ignore"):
            return -log_cdf(x / np.sqrt(self.noise))

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        logs, first, second = _beyond(b, a * T + self.noise)
        return logs, T * first, T**2 * second, 0 * b

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        return (np.full(b.shape, np.nan),) * 3

    def _kinks(self, a: Array) -> list[Any]:
        return [Bend(0 * a, np.sqrt(a + self.noise))]


@dataclass(frozen=True)
class Square(Channel):
    """A value with Gaussian noise; U(z) = z^2/(2 noise), y = 0.

    Examples
    --------
    >>> print(Square().mean(1.0, 0.25, 0.0), Square().response(1.0, 0.25, 0.0))
    -0.8 -0.8
    """

    noise: Any = 1.0
    name: ClassVar[str] = "square"

    def potential(self, x: Number) -> Number:
        return x**2 / (2 * self.noise)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        energy, g, slope = self._frozen(b, a)
        logs = -energy / T + np.log(self.noise / (a + self.noise)) / 2
        return logs, g, T * slope, 0 * b

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        stiff = a + self.noise
        return b**2 / (2 * stiff), -b / stiff, -1 / stiff + 0 * b

    def _kinks(self, a: Array) -> list[Any]:
        return []


@dataclass(frozen=True)
class Absolute(Channel):
    """A value with many outliers; U(z) = |z|, y = 0.

    Examples
    --------
    >>> print(Absolute().mean(0.3, 0.5, 0.0), Absolute().mean(2.0, 0.5, 0.0))
    -0.6 -1.0
    """

    name: ClassVar[str] = "absolute"
    breaks: ClassVar[tuple[float, ...]] = (0.0,)  # type: ignore[misc]

    def potential(self, x: Number) -> Number:
        return np.abs(x)

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        size = np.abs(b)
        inside = size < a
        energy = np.where(inside, b**2 / (2 * a), size - a / 2)
        return energy, -np.clip(b / a, -1.0, 1.0), np.where(inside, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(-a, 0.0, a), Kink(a, 0.0, a)]


@dataclass(frozen=True)
class Hinge(Channel):
    """A label, and a loss for what is not right by a margin; U(z) = max(0, kappa - z).

    Examples
    --------
    >>> print(Hinge().mean(0.75, 0.5, 0.0), Hinge().mean(-1.0, 0.5, 0.0))
    0.5 1.0
    """

    kappa: Any = 1.0
    name: ClassVar[str] = "hinge"
    labels: ClassVar[bool] = True

    @property
    def breaks(self) -> tuple[float, ...]:  # type: ignore[override]
        return (float(self.kappa),)

    def potential(self, x: Number) -> Number:
        return np.maximum(self.kappa - x, 0.0)

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        short = self.kappa - b
        near = (short > 0) & (short < a)
        energy = np.where(near, short**2 / (2 * a), np.maximum(short - a / 2, 0.0))
        return energy, np.clip(short / a, 0.0, 1.0), np.where(near, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(self.kappa - a, 0.0, a), Kink(self.kappa + 0 * a, 0.0, a)]


@dataclass(frozen=True)
class Logistic(Channel):
    """A label of logistic regression; U(z) = ln(1 + exp(-z)).

    Examples
    --------
    >>> print(f"{Logistic().mean(0.5, 2.0, 0.0):.12f}")
    0.263619666853
    """

    name: ClassVar[str] = "logistic"
    labels: ClassVar[bool] = True

    def potential(self, x: Number) -> Number:
        return np.logaddexp(0.0, -x)

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        z = 0 * b  # z = b + a/(1 + e^z); from 0 Newton's method is monotonic, for either curvature
        for _ in range(100):
            wrong = special.expit(-z)
            step = (z - b - a * wrong) / (1 + a * wrong * (1 - wrong))
            z = z - step
            if np.all(np.abs(step) <= 1e-15 * (1 + np.abs(z))):
                break
        wrong = special.expit(-z)
        bend = wrong * (1 - wrong)
        return self.potential(z) + a * wrong**2 / 2, wrong, -bend / (1 + a * bend)

    def _kinks(self, a: Array) -> list[Any]:
        return [Bend(-a, 1.0 + 0 * a), Bend(0 * a, 1.0 + 0 * a)]


@dataclass(frozen=True)
class Wall(Channel):
    """A sum between two walls, |z| < kappa; U = 0 there and infinite elsewhere.

    Examples
    --------
    >>> print(f"{Wall(kappa=1.0).log_partition(0.0, 1.0, 1.0):.12f}")  # ln erf(1/sqrt 2)
    -0.381715146302
    """

    kappa: Any = 1.0
    name: ClassVar[str] = "wall"

    def potential(self, x: Number) -> Number:
        return np.where(np.less(np.abs(x), self.kappa), 0.0, np.inf)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        variance = a * T
        s, side = np.sqrt(variance), np.abs(b)
        near, far = (self.kappa - side) / s, -(self.kappa + side) / s
        top, bottom = log_cdf(near), log_cdf(far)
        logs = top + np.log1p(-np.exp(np.minimum(bottom - top, -TINY)))
        at_near, at_far = (np.exp(-(u**2) / 2 - logs) * INVERSE_ROOT_2PI for u in (near, far))
        first = (at_far - at_near) / s
        second = (far * at_far - near * at_near) / variance - first**2
        return logs, T * np.sign(b) * first, T**2 * second, 0 * b

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        short = np.maximum(np.abs(b) - self.kappa, 0.0)
        return short**2 / (2 * a), -np.sign(b) * short / a, np.where(short > 0, -1 / a, 0.0)

    def _kinks(self, a: Array) -> list[Any]:
        return [Kink(-self.kappa + 0 * a, 0.0, a), Kink(self.kappa + 0 * a, 0.0, a)]


@dataclass(frozen=True)
class Taught(Channel):
    """A channel whose labels a teacher has given: fields b have the weight 1 + share erf(slope b/sqrt 2).

    That is 2 P(1|b) for a teacher who says sign(z0 + noise), where z0 and b are Gaussian variables of mean 0.

    Examples
    --------
    >>> print(f"{Taught(Step(), slope=1e9).averages(0.0, 1.0, 1.0, 0.0).mean:.6f}")  # no field below 0
    0.000000
    """

    channel: Channel
    slope: Any
    share: Any = 1.0

    def __post_init__(self) -> None:
        """Its numbers are those of a state, and NaN where there is none."""

    def potential(self, x: Number) -> Number:
        return self.channel.potential(x)

    def _changed(self, change: Callable[[Any], Any]) -> Self:
        copy = super()._changed(change)
        copy.__dict__["channel"] = self.channel._changed(change)
        return copy

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(super().shape, self.channel.shape)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        return self.channel._thermal(b, a, T)

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        return self.channel._frozen(b, a)

    def _kinks(self, a: Array) -> list[Any]:
        slope = np.maximum(np.abs(self.slope), TINY) + 0 * a
        return [*self.channel._kinks(a), Bend(0 * a, 1 / slope)]

    def _tilt(self, b: Array) -> Array:
        column = self.column()
        return 1 - column.share + 2 * column.share * special.ndtr(column.slope * b)

    def _tilted(self, weight: Array, b: Array) -> Array:
        return weight * self._tilt(b)

    def _hermite(self, b: Array, z: Array, width: Array) -> tuple[Array, Array]:
        column = self.column()
        x = column.slope * b
        bell = 2 * column.share * column.slope * pdf(x) / np.maximum(self._tilt(b), 1e-300)
        towards = z / width
        return towards - bell, towards**2 - 1 / width**2 - bell * (2 * towards + column.slope * x)

    def _correct_narrow(self, *_: Any) -> None:
        """Differences by the mean of the field would move the teacher, too."""


CHANNELS: dict[str, type[Channel]] = {
    kind.name: kind for kind in (Step, Sign, Square, Absolute, Hinge, Logistic, Wall)
}
"""The channels with names on the command line."""
