"""Priors between binary and Gaussian."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import exact, is_exact, log, ratio, sqrt
from replica.numerics.spins import spin_averages
from replica.typing import Array, Number
from replica.units.unit import Averages, Moments, Unit, check_positive

__all__ = ["Interpolating"]


@dataclass(frozen=True)
class Interpolating(Unit):
    r"""The prior of Barra, Genovese, Sollich and Tantari (2017), from binary to Gaussian.

    At T = 1 it is s = size (sqrt(omega) x + sqrt(1 - omega) e), x a standard Gaussian and e = -1 or +1 with
    equal chances; its potential is minus the logarithm of that density, and other temperatures act on the
    potential as they do for every unit.

    Examples
    --------
    >>> print(f"{Interpolating(omega=0.5).mean(0.3, 0.2, 1.0):.12f}")
    0.348497028526
    """

    omega: Any = 0.5
    size: Any = 1.0
    name: ClassVar[str] = "interpolating"
    about: ClassVar[Mapping[str, str]] = {
        "domain": "real line; -size, +size at omega = 0",
        "potential": "U(s) = s^2/(2 omega size^2) - ln cosh(sqrt(1 - omega) s/(omega size)) + constant",
        "activation": "that of its potential; jumps at b = 0 while omega < 1/(1 + a size^2)",
        "mean": "at T = 1 and size 1: [omega b + c tanh(c b/A)]/A, c = sqrt(1 - omega), A = 1 - omega a",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "size")
        if np.any(np.less(self.omega, 0) | np.greater(self.omega, 1)):
            msg = f"unit interpolating: omega = {float(np.max(self.omega)):g} must lie in [0, 1]"
            raise ParameterError(msg)

    @property
    def discrete(self) -> bool:
        return bool(np.all(np.equal(self.omega, 0)))

    @property
    def values(self) -> tuple[float, ...]:  # type: ignore[override]
        return (-float(self.size), float(self.size)) if self.discrete and not np.ndim(self.size) else ()

    @property
    def curvature(self) -> Number:
        return ratio(1.0 + 0 * self.size, self.omega * self.size**2)

    @property
    def tail(self) -> Number:
        return None if self.discrete else self.curvature

    @property
    def bounded(self) -> bool:
        return self.discrete

    @property
    def symmetric(self) -> bool:
        return True

    def potential(self, x: Number) -> Number:
        binary = np.equal(self.omega, 0)
        omega = np.where(binary, 1.0, self.omega)
        x, c = np.asarray(x) / self.size, np.sqrt(1 - omega)
        density = (x**2 + c**2) / (2 * omega) - _log_cosh(c * x / omega) + np.log(2 * math.pi * omega) / 2
        return np.where(binary, math.log(2), density + np.log(self.size))[()]

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        if not np.all(np.equal(T, 1)):
            return super().averages(loc, width, a, T)
        closed = self.closed_averages(loc, width, a)
        if is_exact(closed.mean):
            return closed
        return dataclasses.replace(closed, entropy=self._summed.averages(loc, width, a, 1.0).entropy)

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        if not np.all(np.equal(T, 1)):
            return super().moments(loc, width, a, T)
        known = self.averages(loc, width, a, T)
        return Moments.later(known, lambda: self._closed_slopes(known, loc, width, a))

    def _closed_slopes(self, known: Averages, loc: Number, width: Number, a: Number) -> dict[str, Number]:
        omega, size, one = self.omega, self.size, 1 - self.omega
        A = 1 - a * size**2 * omega
        # <s> = line b + bend tanh(bend b), of which the spin knows the second part
        line, bend = size**2 * omega / A, size * sqrt(one) / A
        spin = spin_averages(bend * loc, bend * width, 1.0 if not is_exact(known.mean) else exact(1.0))
        slope1, slope2 = spin.susceptibility_1, spin.susceptibility_2
        slope, t, quart = spin.susceptibility, spin.tanh, spin.sech4_over_T
        v = width**2
        # averages of b sech^2, b tanh sech^2 and b^2 sech^2 by partial integration
        moved = loc * slope + v * bend * slope1
        turned = -(loc * slope1 + v * bend * slope2) / 2
        twice = loc * moved + v * (slope + bend * (loc * slope1 + v * bend * slope2))
        line2 = 2 * slope + bend * (loc * slope1 + v * bend * slope2)
        cube = line**2 * (line * (loc**2 + v) + 2 * bend * (loc * t + v * bend * slope))
        cube = (
            cube + line * bend**2 * (1 - slope + line * twice + 2 * bend * turned) + bend**4 * (slope - quart)
        )
        return {
            "mean2": bend**3 * slope1,
            "mean3": bend**4 * slope2,
            "square1": 2 * (line**2 * loc + line * bend * (t + bend * moved)) - bend**3 * slope1,
            "square2": 2 * (line**2 + line * bend**2 * line2) - bend**4 * slope2,
            "cube1": 3 * cube,
            "hot_square": known.response_square,
        }

    def closed_averages(self, loc: Number, width: Number, a: Number) -> Averages:
        """Averages at T = 1 in closed form but for the entropy, which has none and is NaN here."""
        precise = is_exact(loc, width, a, *self._numbers.values())
        omega, size = self.omega, self.size
        gamma, one = a * size**2, 1 - self.omega
        A = (
            1 - gamma * omega
            if precise
            else np.where(np.less(a, self.curvature), 1 - gamma * omega, np.nan)[()]
        )
        c = sqrt(one)
        loc, width = loc * size, width * size
        spin = spin_averages(c * loc / A, c * width / A, 1.0 if not precise else exact(1.0))
        t, chi = spin.tanh, spin.susceptibility
        field_square, cross = loc**2 + width**2, loc * t + width**2 * c / A * chi
        variance = omega / A + one / A**2 * chi

        def free_energy() -> Number:
            quadratic = (gamma * one + omega * field_square) / (2 * A)
            return -(quadratic - log(A) / 2 + spin.log2cosh - log(2 + 0 * A))

        def response_square() -> Number:
            mixed = omega**2 / A**2 + 2 * omega * one / A**3 * chi
            return size**4 * (mixed + one**2 / A**4 * spin.sech4_over_T)

        return Averages.known(
            {
                "mean": size * (omega * loc / A + c / A * t),
                "square": size**2
                * (omega**2 * field_square / A**2 + 2 * omega * c / A**2 * cross + one / A**2 * (1 - chi)),
                "response": size**2 * variance,
                "entropy": np.full(np.shape(variance), np.nan)[()],
            },
            {"free_energy": free_energy, "response_square": response_square},
        )

    def entropy(self, b: Number, a: Number, T: Number) -> Number:
        return self._summed.entropy(b, a, T)

    @property
    def _summed(self) -> _Summed:
        copy = object.__new__(_Summed)
        copy.__dict__.update(self.parameters)
        return copy

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        if np.all(np.equal(T, 1)):
            omega, gamma, one = self.omega, a * self.size**2, 1 - self.omega
            A, c, h = 1 - gamma * omega, np.sqrt(one), b * self.size
            t = np.tanh(c * h / A)
            logs = (gamma * one + omega * h**2) / (2 * A) - np.log(A) / 2 + _log_cosh(c * h / A)
            mean = self.size * (omega * h + c * t) / A
            return logs, mean, self.size**2 * (omega / A + one / A**2 * (1 - t * t)), np.nan * logs
        return super()._thermal(b, a, T)


class _Summed(Interpolating):
    """The same prior without its closed forms, which do not include the entropy."""

    averages = Unit.averages
    entropy = Unit.entropy
    _thermal = Unit._thermal


def _log_cosh(y: Number) -> Number:
    size = np.abs(y)
    return size + np.log1p(np.exp(-2 * size)) - math.log(2)
