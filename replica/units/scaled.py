"""Any unit in other units of energy and length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from replica.numerics.functions import log
from replica.typing import Array, Number
from replica.units.landscape import Kink
from replica.units.unit import Averages, OnDemand, Unit

__all__ = ["Scaled", "scaled"]


def scaled(unit: Unit, energy: Number, length: Number) -> Unit:
    """The unit s' = s/length with potential U(length s')/energy, which sparse weights call for.

    Parameters
    ----------
    unit : Unit
    energy, length : float or array
        What energies and values of the unit are measured in.

    Returns
    -------
    Unit
        Of the same kind where there is one, as for a Gaussian; else a `Scaled`.

    Examples
    --------
    >>> from replica.units import ReLU, Spin
    >>> scaled(ReLU(theta=0.5), energy=0.25, length=0.5)
    ReLU(theta=1.0, gamma=1.0)
    >>> print(scaled(Spin(), energy=0.25, length=0.5))
    (spin)/0.5, U/0.25
    """
    known = unit.rescaled(energy, length)
    if known is not None:
        return known
    if np.all(np.equal(energy, 1)) and np.all(np.equal(length, 1)):
        return unit
    return Scaled(unit, energy, length)


@dataclass(frozen=True)
class Scaled(Unit):
    """The unit s' = s/length with the potential U(length s')/energy, with the closed forms of the unit s.

    Sparse weights call for it: in scaled variables a spin among the hidden units is +-1/sqrt(p). A field b',
    a quadratic term a' and a temperature T' act on s as energy b'/length, energy a'/length^2 and energy T'.

    Examples
    --------
    >>> from replica.units import Spin
    >>> unit = Scaled(Spin(), energy=0.25, length=0.5)
    >>> print(unit.values, f"{unit.mean(0.3, 0.0, 0.4):.9f} {Spin().mean(0.15, 0.0, 0.1) / 0.5:.9f}")
    (-2.0, 2.0) 1.810296507 1.810296507
    """

    unit: Unit
    energy: Any
    length: Any
    name: ClassVar[str] = "scaled"

    def __str__(self) -> str:
        return (
            f"({self.unit})/{float(self.length):.6g}, U/{float(self.energy):.6g}"
            if not self.shape
            else (f"({self.unit}), scaled")
        )

    def _changed(self, change: Callable[[Any], Any]) -> Self:
        return type(self)(self.unit._changed(change), change(self.energy), change(self.length))

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(self.unit.shape, np.shape(self.energy), np.shape(self.length))

    @property
    def domain(self) -> tuple[float, float]:  # type: ignore[override]
        low, high = self.unit.domain
        return low / float(np.max(self.length)), high / float(np.max(self.length))

    @property
    def values(self) -> tuple[float, ...]:  # type: ignore[override]
        return tuple(value / self.length for value in self.unit.values)

    @property
    def discrete(self) -> bool:
        return self.unit.discrete

    @property
    def bounded(self) -> bool:
        return self.unit.bounded

    @property
    def symmetric(self) -> bool:
        return self.unit.symmetric

    @property
    def curvature(self) -> Number:
        return self.unit.curvature * self._stiffness

    @property
    def tail(self) -> Number:
        return None if self.unit.tail is None else self.unit.tail * self._stiffness

    @property
    def _stiffness(self) -> Number:
        return self.length**2 / self.energy

    @property
    def _unit_length(self) -> Number:
        """What a continuous variable loses in ln Z and in its entropy."""
        return 0 * self.length if self.discrete else log(self.length)

    def potential(self, x: Number) -> Number:
        return self.unit.potential(self.length * np.asarray(x)) / self.energy

    def rescaled(self, energy: Number, length: Number) -> Unit:
        return Scaled(self.unit, self.energy * energy, self.length * length)

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        force = self.energy / self.length
        known = self.unit.averages(force * loc, force * width, a / self._stiffness, self.energy * T)
        return OnDemand(
            free_energy=lambda: known.free_energy / self.energy + T * self._unit_length,
            mean=lambda: known.mean / self.length,
            square=lambda: known.square / self.length**2,
            response=lambda: known.response / self._stiffness,
            response_square=lambda: known.response_square / self._stiffness**2,
            entropy=lambda: known.entropy - self._unit_length,
        )

    def entropy(self, b: Number, a: Number, T: Number) -> Number:
        b, a, T = self._fields(b, a, T)
        known = self.unit.entropy(self.energy / self.length * b, a / self._stiffness, self.energy * T)
        return known - self._unit_length

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        force = self.energy / self.length
        logs, mean, variance, entropy = self.unit._thermal(force * b, a / self._stiffness, self.energy * T)
        lost = self._unit_length
        return logs - lost, mean / self.length, variance / self.length**2, entropy - lost

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        s, slope = self.unit._ground(self.energy / self.length * b, a / self._stiffness)
        return s / self.length, slope / self._stiffness

    def _kinks(self, a: Array) -> list[Kink]:
        force = self.length / self.energy
        return [
            Kink(force * kink.field, kink.jump / self.length, kink.stiffness * self._stiffness)
            for kink in self.unit._kinks(a / self._stiffness)
        ]

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        known = self.unit._sample(self.energy / self.length * b, a / self._stiffness, self.energy * T, rng)
        return known / self.length
