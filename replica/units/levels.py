"""A unit with finitely many values, each with an energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import special

from replica.errors import ParameterError
from replica.numerics.functions import H, exact, is_exact, maximum, pdf
from replica.numerics.quadrature import normal_rule_exact, point_rule
from replica.numerics.spins import TINY
from replica.typing import Array, Number
from replica.units.landscape import Kink
from replica.units.unit import Averages, Moments, Unit, on_one_line, real

__all__ = ["Levels"]


@dataclass(frozen=True)
class Levels(Unit):
    """Unit with finitely many values; U(s) is a number for each of them.

    Parameters
    ----------
    values : sequence of float
        The values, -1, 0, 1 by default.
    energies : sequence of float or array
        U of each value, in the same order; left out, all are 0.

    Raises
    ------
    ParameterError
        For fewer than two values, the same value twice, or another number of energies.

    Examples
    --------
    >>> blume_capel = Levels((-1, 0, 1), (0.3, 0.0, 0.3))
    >>> print(blume_capel, f"{blume_capel.mean(0.68196449, 0.0, 0.4):.8f}")
    levels:energies=0.3/0/0.3 0.68196449
    """

    values: tuple[float, ...] = (-1.0, 0.0, 1.0)
    energies: tuple[Any, ...] = ()
    name: ClassVar[str] = "levels"
    about: ClassVar[Mapping[str, str]] = {
        "domain": "the values, -1, 0, 1 by default",
        "potential": "U(s) = the energy of each value, 0 by default",
        "activation": "the value of lowest U(s) - a s^2/2 - b s",
        "mean": "sum of s exp{-[U(s) - a s^2/2 - b s]/T}, divided by that of the weights",
    }

    def __post_init__(self) -> None:
        """Sort the values, which have to differ; energies are in the same order."""
        given = real(self.values)
        values = () if given is None else tuple(map(float, given.ravel()))
        if len(set(values)) < max(len(values), 2) or not np.all(np.isfinite(values)):
            told = _listed(values) if values else on_one_line(self.values)
            msg = f"unit levels: values = {told} must be two finite numbers or more, each given once"
            raise ParameterError(msg)
        array = isinstance(self.energies, np.ndarray) and self.energies.ndim != 0
        sequence = array or isinstance(self.energies, list | tuple)
        energies = tuple(self.energies) if sequence else (self.energies,)
        for energy in energies:
            if (number := real(energy)) is None or not np.all(np.isfinite(number)):
                msg = f"unit levels: an energy must be a finite real number, not {on_one_line(energy)}"
                raise ParameterError(msg)
        energies = energies or (0.0,) * len(values)
        if len(energies) != len(values):
            msg = (
                f"unit levels: {len(values)} values, {len(energies)} energies; give one energy for each value"
            )
            raise ParameterError(msg)
        order = sorted(range(len(values)), key=values.__getitem__)
        object.__setattr__(self, "values", tuple(values[i] for i in order))
        object.__setattr__(self, "energies", tuple(energies[i] for i in order))

    def potential(self, x: Number) -> Number:
        where = np.abs(np.asarray(x, dtype=float)[..., None] - np.array(self.values)).argmin(axis=-1)
        found: Number = 0.0
        for i, energy in enumerate(self.energies):
            found = np.where(where == i, energy, found)
        return found[()]

    @property
    def symmetric(self) -> bool:
        mirrored = zip(self.values, self.energies, self.values[::-1], self.energies[::-1], strict=True)
        return all(s == -t and bool(np.all(np.equal(e, f))) for s, e, t, f in mirrored)

    def __str__(self) -> str:
        told = [f"values={_listed(self.values)}"] if self.values != type(self).values else []
        if any(np.ndim(energy) for energy in self.energies):
            told.append(f"energies=array{self.shape}")
        elif any(self.energies):
            told.append(f"energies={_listed(self.energies)}")
        return f"levels:{','.join(told)}" if told else "levels"

    @property
    def _numbers(self) -> dict[Any, Any]:
        return dict(enumerate(self.energies))

    def _with(self, numbers: dict[Any, Any]) -> Self:
        energies = tuple(numbers.get(i, energy) for i, energy in enumerate(self.energies))
        others = {key: value for key, value in numbers.items() if isinstance(key, str)}
        return super()._with(others | {"energies": energies})

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        if is_exact(loc, width, a, T, *self.energies):
            return self._exact_moments(loc, width, a, T)
        return super().averages(loc, width, a, T)

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        if is_exact(loc, width, a, T, *self.energies):
            return self._exact_moments(loc, width, a, T)
        return super().moments(loc, width, a, T)

    def _exact_moments(self, *fields: Number) -> Moments:
        """Moments in mpmath numbers."""
        values = [exact(value) for value in self.values]

        def one(loc: Any, width: Any, a: Any, T: Any, *energies: Any) -> tuple[Any, ...]:
            own = [e - a * s * s / 2 for s, e in zip(values, energies, strict=True)]
            return _warm(values, own, loc, width, T) if T else _cold(values, own, loc, width)

        numbers = [exact(number) for number in (*fields, *self.energies)]
        return Moments(*np.frompyfunc(one, len(numbers), 12)(*numbers))

    def _energy(self, b: Array, a: Array) -> Array:
        """U(s) - a s^2/2 - b s of every value, along a first axis."""
        return np.stack([e - a * (s**2 / 2) - b * s for s, e in zip(self.values, self.energies, strict=True)])

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        logs = -self._energy(b, a) / T
        top = np.max(logs, axis=0)
        logs -= top
        weight = np.exp(logs)
        total = np.sum(weight, axis=0)
        weight /= total
        mean = np.tensordot(self.values, weight, axes=1)
        variance = sum(w * (s - mean) ** 2 for s, w in zip(self.values, weight, strict=True))
        log_total = np.log(total)
        return top + log_total, mean, variance, log_total - np.sum(weight * logs, axis=0)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        return np.array(self.values)[np.argmin(self._energy(b, a), axis=0)], 0 * b

    def _kinks(self, a: Array) -> list[Kink]:
        """The jumps along the lower convex hull of the energies, from the lowest value upwards."""
        s, e, last = np.array(self.values), self._energy(0 * a, a).T, len(self.values) - 1
        at, rows, found = np.zeros(a.shape, dtype=int), np.arange(a.size), []
        for _ in range(last):
            with np.errstate(all="ignore"):
                slope = (e - e[rows, at][:, None]) / (s - s[at][:, None])
            slope = np.where(np.arange(last + 1) > at[:, None], slope, np.inf)
            to = last - np.argmin(slope[:, ::-1], axis=-1)  # of equal slopes the farthest value
            done = at == last
            jump = np.where(done, 0.0, s[to] - s[at])
            found.append(Kink(np.where(done, np.inf, slope[rows, to]), jump))
            at = np.where(done, last, to)
        return found

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        weight = special.softmax(-self._energy(b, a) / np.where(T > 0, T, 1.0), axis=0)
        index = np.sum(np.cumsum(weight, axis=0) < rng.random(b.shape), axis=0)
        drawn = np.array(self.values)[np.minimum(index, len(self.values) - 1)]
        return np.where(T > 0, drawn, self._ground(b, a)[0])


def _warm(values: list[Any], energies: list[Any], loc: Any, width: Any, T: Any) -> tuple[Any, ...]:
    """Moments at T > 0 by the trapezoidal rule: ln Z has no singularity nearer than that of a spin."""
    import mpmath

    sharpness = width * (values[-1] - values[0]) / (2 * T)
    nodes, weight = normal_rule_exact(sharpness) if width else point_rule()
    rows = []
    for b in loc + width * nodes:
        logs = [(b * s - e) / T for s, e in zip(values, energies, strict=True)]
        top = max(logs)
        parts = [mpmath.exp(one - top) for one in logs]
        total = mpmath.fsum(parts)
        chance = [part / total for part in parts]
        mean = mpmath.fdot(chance, values)
        second, third, fourth = (mpmath.fdot(chance, [(s - mean) ** k for s in values]) for k in (2, 3, 4))
        log_z, slope = top + mpmath.log(total), second / T
        bend, twist = third / T**2, (fourth - 3 * second**2) / T**3  # second and third derivative of the mean
        rows.append(
            (
                *(-T * log_z, mean, mean**2, slope, slope**2, log_z - mpmath.fdot(chance, logs)),
                *(bend, twist, 2 * mean * slope, 2 * (slope**2 + mean * bend), 3 * mean**2 * slope),
                T * slope**2,
            )
        )
    return tuple(mpmath.fdot(weight, row) for row in zip(*rows, strict=True))


def _cold(values: list[Any], energies: list[Any], loc: Any, width: Any) -> tuple[Any, ...]:
    """Moments at T = 0, where <s> is a staircase: sums over its steps."""
    width, at = maximum(width, exact(TINY)), 0
    mean, square, energy = values[0], values[0] ** 2, energies[0] - loc * values[0]
    slopes = [0 * mean] * 7
    while at < len(values) - 1:
        steps = [
            ((e - energies[at]) / (s - values[at]), -s)
            for s, e in zip(values[at + 1 :], energies[at + 1 :], strict=True)
        ]
        field, low = min(steps)  # of equal fields the farthest value
        s, t, at = values[at], -low, values.index(-low)
        x = (field - loc) / width
        above, density = H(0, x), pdf(x) / width
        mean, square = mean + (t - s) * above, square + (t**2 - s**2) * above
        energy = energy - (t - s) * width * H(1, x)
        step = (
            *((t - s) * density, (t - s) * density * x / width, (t - s) * density * (x**2 - 1) / width**2),
            *((t**2 - s**2) * density, (t**2 - s**2) * density * x / width, (t**3 - s**3) * density),
            (t - s) ** 3 * density / 6,
        )
        slopes = [old + new for old, new in zip(slopes, step, strict=True)]
    response, *rest = slopes
    return energy, mean, square, response, exact(np.inf), 0 * mean, *rest


def _listed(numbers: tuple[Any, ...]) -> str:
    """Numbers as the command line writes them, with slashes between."""
    return "/".join(f"{float(number):.10g}" for number in numbers)
