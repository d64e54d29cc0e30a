r"""Units: what one visible or hidden variable can be, shared by the replica averages and by the samplers.

A unit s has a potential U(s). In a field b and with a quadratic term a its statistical weight at temperature
T is exp{-[U(s) - a s^2/2 - b s]/T}. Theories need ln Z and its cumulants in that field, the ground state
where T = 0, and all of them averaged over a Gaussian field; machines need samples. A unit written once
serves both.

`Spin`, `Bernoulli`, `Gaussian`, `ReLU`, `DoubleReLU` and `Interpolating` have closed forms. Any other unit is
its potential and nothing else: subclass `Unit`, or call `Potential` (docs/your_own_unit.md). Units: k_B = 1.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import special

from replica.averages import TINY, SpinAverages, kinked_rule, spin_averages
from replica.errors import ParameterError, UnknownNameError
from replica.functions import H, Number, exact, is_exact, log, maximum, pi, ratio, sqrt, tail_ratios
from replica.potentials import LARGEST_FIELD, Kink, Landscape, curvature_at_infinity, discrete_kinks, kinks_of

__all__ = [
    "UNITS",
    "Averages",
    "Bernoulli",
    "DoubleReLU",
    "Gaussian",
    "Interpolating",
    "Potential",
    "ReLU",
    "Spin",
    "Unit",
    "parse",
]

REAL_LINE = (-math.inf, math.inf)
HALF_LINE = (0.0, math.inf)
_FIELDS = 512
"""Gaussian fields whose averages are taken together."""


@dataclass(frozen=True)
class Averages:
    """Averages of one unit over a Gaussian field b; every attribute has the shape of the fields.

    Attributes
    ----------
    free_energy : float or array
        -T E[ln Z]; at T = 0 the mean energy of the ground state.
    mean, square : float or array
        E[<s>] and E[<s>^2].
    response : float or array
        E[var(s)]/T, the derivative of the mean by the field; finite at T = 0.
    response_square : float or array
        E[(var(s)/T)^2]; infinite at T = 0 where the ground state jumps.
    entropy : float or array
        E[ln Z + <energy>/T]; at T = 0 it is 0 for discrete units and -inf for continuous ones.
    """

    free_energy: Number
    mean: Number
    square: Number
    response: Number
    response_square: Number
    entropy: Number


class Unit:
    """Base class of every unit; a subclass needs a `potential`, all else is computed from it.

    Attributes
    ----------
    domain : (float, float)
        The interval on which the unit lives; the real line by default.
    values : tuple of float
        The values of a discrete unit; then `domain` does not count.
    breaks : tuple of float
        Points inside the domain where the potential is not smooth.

    Notes
    -----
    Where a closed form is missing, numbers are good to about 1e-11 for potentials that are smooth between the
    breaks (compare `Gaussian` with ``Potential(lambda x: x**2 / 2)``).

    Examples
    --------
    >>> class DoubleWell(Unit):
    ...     def potential(self, x):
    ...         return (x**2 - 1) ** 2
    >>> well = DoubleWell()
    >>> print(f"{well.mean(0.1, 0.0, 0.2):.10f}", well.curvature)
    0.4369673054 inf
    >>> energy, s = well.ground(0.1, 0.0)
    >>> print(f"{energy:.10f} {s:.10f}")
    -0.1006173766 1.0122731310
    """

    name: ClassVar[str] = ""
    about: ClassVar[Mapping[str, str]] = {}
    domain: tuple[float, float] = REAL_LINE
    values: tuple[float, ...] = ()
    breaks: tuple[float, ...] = ()

    # -- what a unit is --------------------------------------------------------------------------------

    def potential(self, x: Any) -> Any:
        """Potential U(x), elementwise on arrays."""
        raise NotImplementedError

    @property
    def discrete(self) -> bool:
        """Whether the unit takes finitely many values."""
        return bool(self.values)

    @property
    def bounded(self) -> bool:
        """Whether the unit cannot become large, whatever the field."""
        return self.discrete or (math.isfinite(self.domain[0]) and math.isfinite(self.domain[1]))

    @property
    def curvature(self) -> Any:
        """Curvature of U(x) for large x: the quadratic term a must stay below it.

        0 for a potential that grows more slowly than a parabola; inf for one that grows faster, and for a
        bounded unit.
        """
        if self.bounded:
            return math.inf
        return min(curvature_at_infinity(self.potential, end) for end in self.domain if math.isinf(end))

    @property
    def tail(self) -> Any:
        """Curvature kappa of U(x) ~ kappa x^2/2 for large positive x; None where there is no such tail."""
        if self.bounded or math.isfinite(self.domain[1]):
            return None
        kappa = curvature_at_infinity(self.potential, math.inf)
        return kappa if 0 < kappa < math.inf else None

    @property
    def symmetric(self) -> bool:
        """Whether s and -s are equally likely without a field."""
        low, high = self.domain
        points = np.array(self.values) if self.discrete else np.array([0.1, 0.35, 0.77, 1.3, 2.9])
        if self.discrete:
            if not np.array_equal(np.sort(points), np.sort(-points)):
                return False
        elif low != -high:
            return False
        else:
            points = points[points < high]
        return bool(np.allclose(self.potential(points), self.potential(-points), rtol=1e-12, atol=1e-12))

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the unit and their values."""
        if not dataclasses.is_dataclass(self):
            return {}
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape to which the parameters broadcast; () for one unit."""
        return np.broadcast_shapes(*(np.shape(value) for value in self._numbers.values()))

    @property
    def _numbers(self) -> dict[str, Any]:
        return {key: value for key, value in self.parameters.items() if _is_number(value)}

    def __str__(self) -> str:
        """As the command line writes it, such as ``relu:theta=1.5``."""
        head = self.name or type(self).__name__
        if not dataclasses.is_dataclass(self):
            return head
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        told = [
            f"{key}=array{np.shape(value)}" if np.ndim(value) else f"{key}={float(value):.10g}"
            for key, value in self._numbers.items()
            if np.ndim(value) or value != defaults[key]
        ]
        return f"{head}:{','.join(told)}" if told else head

    def _changed(self, change: Callable[[Any], Any]) -> Self:
        """Copy, unchecked, in which every number has been replaced by ``change(number)``."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__ | {key: change(value) for key, value in self._numbers.items()})
        copy.__dict__.pop("landscape", None)
        return copy

    def exact(self) -> Self:
        """Copy whose parameters are mpmath numbers at the current precision."""
        return self._changed(exact)

    def take(self, index: Any, shape: tuple[int, ...]) -> Self:
        """The units `index` of the flattened batch of that shape."""
        return self._changed(lambda v: np.broadcast_to(v, shape).ravel()[index] if np.ndim(v) else v)

    def column(self) -> Self:
        """Copy whose array parameters have one more axis, for nodes or for the values of W."""
        return self._changed(lambda v: np.expand_dims(v, -1) if np.ndim(v) else v)

    def scaled(self, energy: Any, length: Any) -> Unit:
        """The unit s' = s/length with potential U(length s')/energy, which sparse weights call for."""
        if np.all(np.equal(energy, 1)) and np.all(np.equal(length, 1)):
            return self
        msg = f"unit {self}: its scaled form is not known; give scaled parameters, or p = 1"
        raise ParameterError(msg)

    # -- one unit in a field ---------------------------------------------------------------------------

    def log_partition(self, b: Any, a: Any, T: Any) -> Any:
        """Logarithm of the sum (or integral) of exp{-[U(s) - a s^2/2 - b s]/T}, for T > 0.

        NaN where a is not below `curvature`: the integral diverges.
        """
        return self._warm(b, a, T, 0, None)

    def mean(self, b: Any, a: Any, T: Any) -> Any:
        """<s>; at T = 0 the ground state, which is the activation function."""
        return self._warm(b, a, T, 1, lambda b, a: self._ground(b, a)[0])

    def variance(self, b: Any, a: Any, T: Any) -> Any:
        """<s^2> - <s>^2; 0 at T = 0."""
        return self._warm(b, a, T, 2, lambda b, a: 0.0 * b)

    def second_moment(self, b: Any, a: Any, T: Any) -> Any:
        """<s^2>."""
        return self.variance(b, a, T) + self.mean(b, a, T) ** 2

    def response(self, b: Any, a: Any, T: Any) -> Any:
        """d<s>/db, which is var(s)/T; at T = 0 the slope of the activation function away from its jumps."""
        b, a, T = _arrays(b, a, T)
        warm = np.asarray(self._warm(b, a, T, 2, lambda b, a: self._ground(b, a)[1]))
        return (warm / np.where(T > 0, T, 1.0))[()]

    def entropy(self, b: Any, a: Any, T: Any) -> Any:
        """Ln Z + <energy>/T; at T = 0 it is 0 for a discrete unit and -inf for a continuous one."""
        return self._warm(b, a, T, 3, lambda b, a: np.full(b.shape, 0.0 if self.discrete else -np.inf))

    def ground(self, b: Any, a: Any) -> tuple[Any, Any]:
        """Energy and position of the minimum of U(s) - a s^2/2 - b s: the unit at T = 0."""
        b, a = _arrays(b, a)
        with np.errstate(all="ignore"):
            s = np.where(a < self.curvature, self._ground(b, a)[0], np.nan)
            return (self.potential(s) - a * s**2 / 2 - b * s)[()], s[()]

    def sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
        """Draw s from its distribution in the field b; the shape is that of the fields.

        At T = 0 the answer is the ground state.
        """
        b, a, T = _arrays(b, a, T)
        if np.all(T == 0):
            return self.ground(b, a)[1]
        self._check_confined(a)
        return self._sample(b, a, T, rng)[()]

    # -- averaged over a Gaussian field ----------------------------------------------------------------

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        """Averages over the field b = loc + width z, z a standard Gaussian.

        Parameters
        ----------
        loc, width, a, T : float or array
            They broadcast; T = 0 is the limit.

        Returns
        -------
        Averages
            NaN where a is not below `curvature`.

        Raises
        ------
        ParameterError
            For mpmath numbers, where no closed form is known.

        Notes
        -----
        Gauss-Legendre panels that are refined where the ground state jumps or bends, on the scale on which
        temperature rounds it: about 1e-13 in natural units, for T = 0 and for T >= 1e-5.

        Examples
        --------
        >>> average = ReLU(theta=0.5).averages(0.0, 1.0, 0.2, 0.05)
        >>> print(f"{average.mean:.12f} {average.response:.12f}")
        0.303996550299 0.386923416722
        """
        self._refuse_exact(loc, width, a, T)
        shape = np.broadcast_shapes(*(np.shape(v) for v in (loc, width, a, T)), self.shape)
        loc, width, a, T = (
            np.broadcast_to(np.asarray(v, dtype=float), shape).ravel() for v in (loc, width, a, T)
        )
        out = np.full((6, loc.size), np.nan)
        for first in range(0, loc.size, _FIELDS):
            part = np.arange(first, min(first + _FIELDS, loc.size))
            unit = self.take(part, shape) if self.shape else self
            with np.errstate(all="ignore"):
                out[:, part] = unit._average(loc[part], np.maximum(width[part], TINY), a[part], T[part])
        return Averages(*(row.reshape(shape)[()] for row in out))

    def _average(self, loc: Any, width: Any, a: Any, T: Any) -> Any:
        """Averages of a few hundred fields; arrays of one dimension, as are the unit's parameters."""
        allowed = a < self.curvature
        if type(self)._thermal is Unit._thermal and not self.discrete:
            # sums over a potential reach only so far; a solver that strays has left what is physical
            reach = LARGEST_FIELD + 300 * np.sqrt(T)
            allowed = allowed & (np.abs(loc) + 9 * width < reach) & (np.abs(a) < reach)
            loc, width, a = (
                np.where(allowed, value, safe) for value, safe in ((loc, 0.0), (width, 1.0), (a, 0.0))
            )
        kinks = self._kinks(np.where(allowed, a, 0.0))
        centre, scale = np.empty((2, len(kinks), loc.size))
        for i, kink in enumerate(kinks):
            centre[i], scale[i] = kink.field, kink.width(T)
        z, weight = kinked_rule((centre - loc) / width, scale / width)
        b = loc[:, None] + width[:, None] * z
        column = self.column()
        quad, t = np.broadcast_arrays(a[:, None], T[:, None])
        hot = np.broadcast_to(np.where(t > 0, t, 1.0), b.shape)
        quad = np.broadcast_to(quad, b.shape)
        rows: list[Any] = [np.full(loc.shape, np.nan)] * 6

        def average(values: Any) -> Any:
            return np.einsum("ij,ij->i", np.broadcast_to(values, b.shape), weight)

        if np.any(T > 0):
            logs, mean, variance, entropy = column._thermal(b, quad, hot)
            response = variance / hot
            rows = [average(v) for v in (-hot * logs, mean, mean**2, response, response**2, entropy)]
        if np.any(T == 0):
            s, slope = column._ground(b, quad)
            energy = column.potential(s) - quad * s**2 / 2 - b * s
            jumps = [np.abs(kink.jump) * np.exp(-(((kink.field - loc) / width) ** 2) / 2) for kink in kinks]
            density = sum(jumps, np.zeros_like(loc)) / (width * math.sqrt(2 * math.pi))
            jumping = sum((np.asarray(kink.jump) > 0 for kink in kinks), np.zeros(loc.shape, dtype=bool))
            cold = [
                average(energy),
                average(s),
                average(s**2),
                average(slope) + density,
                np.where(jumping, np.inf, average(slope**2)),
                np.full(loc.shape, 0.0 if self.discrete else -np.inf),
            ]
            rows = [np.where(T == 0, new, old) for new, old in zip(cold, rows, strict=True)]
        return np.where(allowed, np.stack(rows), np.nan)

    # -- the numerical answers, for units without closed forms -----------------------------------------

    @cached_property
    def landscape(self) -> Landscape:
        """The potential and where it lives."""
        return Landscape(self.potential, self.domain, self.breaks)

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        """Ln Z, <s>, var(s) and entropy for T > 0; arrays of one shape, the unit's own included."""
        if self.discrete:
            s = np.array(self.values, dtype=float)
            return _discrete_thermal(s, self.column().potential(s), b, a, T)
        parts = self.landscape.thermal(*(np.ravel(v) for v in np.broadcast_arrays(b, a, T)))
        return tuple(part.reshape(np.shape(b)) for part in parts)

    def _ground(self, b: Any, a: Any) -> tuple[Any, Any]:
        """Position of the ground state and its slope ds*/db; arrays of one shape."""
        if self.discrete:
            s = np.array(self.values, dtype=float)
            energy = self.column().potential(s) - a[..., None] * s**2 / 2 - b[..., None] * s
            return s[np.argmin(energy, axis=-1)], np.zeros(np.shape(b))
        parts = self.landscape.ground(np.ravel(b), np.ravel(np.broadcast_to(a, np.shape(b))))
        return tuple(part.reshape(np.shape(b)) for part in parts)

    def _kinks(self, a: Any) -> list[Kink]:
        """Kinks of the activation function, as many at every a: missing ones lie at infinity."""
        if self.discrete:
            s = np.array(self.values, dtype=float)
            lists = [discrete_kinks(s, self.potential(s) - one * s**2 / 2) for one in a]
        else:
            lists = [list(kinks_of(self.landscape, float(one))) for one in a]
        most = max(map(len, lists))
        far = Kink(math.inf, 0.0, 0.0)
        padded = [kinks + [far] * (most - len(kinks)) for kinks in lists]
        return [Kink(*map(np.array, zip(*column, strict=True))) for column in zip(*padded, strict=True)]

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
        uniform = rng.random(b.shape)
        if self.discrete:
            s = np.array(self.values, dtype=float)
            weight = _boltzmann(s, self.column().potential(s), b, a, T)
            index = np.sum(np.cumsum(weight, axis=-1) < uniform[..., None], axis=-1)
            return s[np.minimum(index, s.size - 1)]
        return self.landscape.sample(b.ravel(), a.ravel(), T.ravel(), uniform.ravel()).reshape(b.shape)

    def _warm(self, b: Any, a: Any, T: Any, index: int, cold: Callable[..., Any] | None) -> Any:
        b, a, T = _arrays(b, a, T)
        with np.errstate(all="ignore"):
            allowed = a < self.curvature
            safe = np.where(allowed, a, np.where(np.greater(self.curvature, 0), 0.0, np.nan))
            value = np.full(b.shape, np.nan)
            if np.any(T > 0):
                value = self._thermal(b, safe, np.where(T > 0, T, 1.0))[index]
            if np.any(T == 0):
                value = np.where(T > 0, value, np.nan if cold is None else cold(b, safe))
            return np.where(allowed & (T >= 0), value, np.nan)[()]

    def _check_confined(self, a: Any) -> None:
        if not np.all(a < self.curvature):
            msg = (
                f"unit {self}: the quadratic term a = {float(np.max(a)):g} must stay below "
                f"{float(np.min(self.curvature)):g}, the curvature of the potential; else nothing confines it"
            )
            raise ParameterError(msg)

    def _refuse_exact(self, *values: Any) -> None:
        if is_exact(*values, *self._numbers.values()):
            msg = (
                f"unit {self}: averages at this temperature are known in double precision only; ask no digits"
            )
            raise ParameterError(msg)


# -- discrete units ------------------------------------------------------------------------------------------


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

    def potential(self, x: Any) -> Any:
        return -self.g * x

    def scaled(self, energy: Any, length: Any) -> Unit:
        return Spin(self.g / energy) if np.all(np.equal(length, 1)) else super().scaled(energy, length)

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        spin = spin_averages(loc + self.g, width, T)
        return _spin_like(spin, T, mean=spin.tanh, shift=a / 2)

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        y = (b + self.g) / T
        log_2cosh, variance, entropy = _two_values(y)
        return a / (2 * T) + log_2cosh, np.tanh(y), variance, entropy

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
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

    def potential(self, x: Any) -> Any:
        return -self.g * x

    def scaled(self, energy: Any, length: Any) -> Unit:
        return Bernoulli(self.g / energy) if np.all(np.equal(length, 1)) else super().scaled(energy, length)

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        field = (loc + self.g + a / 2) / 2  # s = (1 + spin)/2, and the spin feels half of it
        spin = spin_averages(field, width / 2, T)
        return _spin_like(spin, T, mean=(1 + spin.tanh) / 2, shift=field, size=2)

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        y = (b + self.g + a / 2) / (2 * T)
        log_2cosh, variance, entropy = _two_values(y)
        return y + log_2cosh, special.expit(2 * y), variance / 4, entropy

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
        return np.where(_heads(b + self.g + a / 2, T, rng), 1.0, 0.0)


def _two_values(y: Any) -> tuple[Any, Any, Any]:
    """Ln 2cosh y, sech^2 y and the entropy ln 2cosh y - y tanh y, without cancellation for large |y|."""
    size = np.abs(y)
    e = np.exp(-2 * size)
    return size + np.log1p(e), 4 * e / (1 + e) ** 2, np.log1p(e) + 2 * size * e / (1 + e)


def _spin_like(spin: SpinAverages, T: Any, mean: Any, shift: Any, size: int = 1) -> Averages:
    """Averages of a variable (constant + spin)/size; its energy is shifted by -shift."""
    response = spin.susceptibility / size**2
    return Averages(
        free_energy=-(shift + spin.log2cosh),
        mean=mean,
        square=(1 - T * response if size == 1 else mean - T * response),
        response=response,
        response_square=ratio(spin.sech4_over_T / size**4, T),
        entropy=spin.entropy,
    )


def _heads(field: Any, T: Any, rng: np.random.Generator) -> Any:
    """Whether a logistic threshold lies below the field; ties at T = 0 are broken downwards."""
    with np.errstate(divide="ignore"):
        return field > T * special.logit(rng.random(field.shape))


def _boltzmann(s: Any, potential: Any, b: Any, a: Any, T: Any) -> Any:
    logs = (b[..., None] * s + a[..., None] * s**2 / 2 - potential) / T[..., None]
    return special.softmax(logs, axis=-1)


def _discrete_thermal(s: Any, potential: Any, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
    logs = (b[..., None] * s + a[..., None] * s**2 / 2 - potential) / T[..., None]
    log_z = special.logsumexp(logs, axis=-1)
    weight = np.exp(logs - log_z[..., None])
    mean = weight @ s
    variance = np.sum(weight * (s - mean[..., None]) ** 2, axis=-1)
    return log_z, mean, variance, np.sum(special.entr(weight), axis=-1)


# -- continuous units ----------------------------------------------------------------------------------------


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
        _check_positive(self, "gamma")

    def potential(self, x: Any) -> Any:
        return self.gamma * x**2 / 2 - self.g * x

    @property
    def curvature(self) -> Any:
        return self.gamma

    @property
    def tail(self) -> Any:
        return self.gamma

    def scaled(self, energy: Any, length: Any) -> Unit:
        return Gaussian(self.g * length / energy, self.gamma * length**2 / energy)

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        A, field = self._stiffness(a), loc + self.g
        second = (field**2 + width**2) / A  # E[b^2]/A
        logs = _log_gaussian(A, T)
        one = field / field if is_exact(field) and field else 1.0 + 0 * second
        return Averages(
            free_energy=-second / 2 - T * logs,
            mean=field / A,
            square=second / A,
            response=one / A,
            response_square=one / A**2,
            entropy=_cold_entropy(logs + one / 2, T),
        )

    def _stiffness(self, a: Any) -> Any:
        if is_exact(a, *self._numbers.values()):
            return self.gamma - a
        return np.where(np.less(a, self.gamma), self.gamma - a, np.nan)[()]

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        A, field, logs = self.gamma - a, b + self.g, _log_gaussian(self.gamma - a, T)
        return logs + field**2 / (2 * A * T), field / A, T / A + 0 * b, logs + 0.5 + 0 * b

    def _ground(self, b: Any, a: Any) -> tuple[Any, Any]:
        A = self.gamma - a
        return (b + self.g) / A, 1 / A + 0 * b

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
        A = self.gamma - a
        return (b + self.g) / A + np.sqrt(T / A) * rng.standard_normal(b.shape)


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
    domain: ClassVar[tuple[float, float]] = HALF_LINE  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "s >= 0",
        "potential": "U(s) = gamma s^2/2 + theta s",
        "activation": "max(0, b - theta)/(gamma - a)",
        "mean": "mu + s phi(mu/s)/Phi(mu/s), mu = (b - theta)/(gamma - a), s^2 = T/(gamma - a)",
    }

    def __post_init__(self) -> None:
        _check_positive(self, "gamma")

    def potential(self, x: Any) -> Any:
        return self.gamma * x**2 / 2 + self.theta * x

    @property
    def curvature(self) -> Any:
        return self.gamma

    @property
    def tail(self) -> Any:
        return self.gamma

    @property
    def symmetric(self) -> bool:
        return False

    def scaled(self, energy: Any, length: Any) -> Unit:
        return ReLU(self.theta * length / energy, self.gamma * length**2 / energy)

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        if not np.all(np.equal(T, 0)):
            return super().averages(loc, width, a, T)
        precise = is_exact(loc, width, a, *self._numbers.values())
        A = self.gamma - a if precise else np.where(np.less(a, self.gamma), self.gamma - a, np.nan)[()]
        width = maximum(width, 0 * width + TINY)
        u = (self.theta - loc) / width
        h0, h1, h2 = (H(k, u) for k in range(3))
        return Averages(
            free_energy=-(width**2) * h2 / (2 * A),
            mean=width * h1 / A,
            square=width**2 * h2 / A**2,
            response=h0 / A,
            response_square=h0 / A**2,
            entropy=-np.inf + 0 * h0 if not precise else -np.inf,
        )

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        return _half_gaussian(b - self.theta, self.gamma - a, T)

    def _ground(self, b: Any, a: Any) -> tuple[Any, Any]:
        A, field = self.gamma - a, b - self.theta
        return np.maximum(field, 0.0) / A, np.where(field > 0, 1 / A, 0.0)

    def _kinks(self, a: Any) -> list[Kink]:
        return [Kink(self.theta, 0.0, self.gamma - a)]

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
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
    breaks: ClassVar[tuple[float, ...]] = (0.0,)  # type: ignore[misc]
    about: ClassVar[Mapping[str, str]] = {
        "domain": "real line",
        "potential": "U(s) = gamma_+ s^2/2 + theta_+ s for s > 0, gamma_- s^2/2 + theta_- s for s < 0",
        "activation": "max(0, b - theta_+)/(gamma_+ - a) + min(0, b - theta_-)/(gamma_- - a)",
        "mean": "mean of the two half Gaussians, weighted by their partition functions",
    }

    def __post_init__(self) -> None:
        _check_positive(self, "gamma_plus")
        _check_positive(self, "gamma_minus")

    def potential(self, x: Any) -> Any:
        up, down = np.maximum(x, 0.0), np.minimum(x, 0.0)
        return (
            self.gamma_plus * up**2 / 2
            + self.theta_plus * up
            + self.gamma_minus * down**2 / 2
            + self.theta_minus * down
        )

    @property
    def curvature(self) -> Any:
        return np.minimum(self.gamma_plus, self.gamma_minus)

    @property
    def tail(self) -> Any:
        return self.gamma_plus

    @property
    def symmetric(self) -> bool:
        return bool(
            np.all(np.equal(self.gamma_plus, self.gamma_minus))
            and np.all(np.equal(self.theta_plus, np.negative(self.theta_minus)))
        )

    def scaled(self, energy: Any, length: Any) -> Unit:
        theta, gamma = length / energy, length**2 / energy
        return DoubleReLU(
            self.theta_plus * theta,
            self.theta_minus * theta,
            self.gamma_plus * gamma,
            self.gamma_minus * gamma,
        )

    def _sides(self, b: Any, a: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Field and stiffness on either side, the negative one mirrored."""
        return (b - self.theta_plus, self.gamma_plus - a), (self.theta_minus - b, self.gamma_minus - a)

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
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

    def _ground(self, b: Any, a: Any) -> tuple[Any, Any]:
        (up, A_up), (down, A_down) = self._sides(b, a)
        higher = np.maximum(up, 0) ** 2 / A_up >= np.maximum(down, 0) ** 2 / A_down
        s = np.where(higher, np.maximum(up, 0.0) / A_up, -np.maximum(down, 0.0) / A_down)
        slope = np.where(s > 0, 1 / A_up, np.where(s < 0, 1 / A_down, 0.0))
        return s, slope

    def _kinks(self, a: Any) -> list[Kink]:
        A_up, A_down = self.gamma_plus - a, self.gamma_minus - a
        two = np.asarray(self.theta_minus) > np.asarray(self.theta_plus)  # two wells, one jump between them
        root_up, root_down = np.sqrt(A_up), np.sqrt(A_down)
        middle = (self.theta_plus * root_down + self.theta_minus * root_up) / (root_up + root_down)
        jump = (middle - self.theta_plus) / A_up + (self.theta_minus - middle) / A_down
        return [
            Kink(np.where(two, middle, self.theta_plus), np.where(two, jump, 0.0), A_up),
            Kink(np.where(two, np.inf, self.theta_minus), 0.0 * a, A_down),
        ]

    def _sample(self, b: Any, a: Any, T: Any, rng: np.random.Generator) -> Any:
        (up, A_up), (down, A_down) = self._sides(b, a)
        hot = np.where(T > 0, T, 1.0)
        gap = _half_gaussian(up, A_up, hot)[0] - _half_gaussian(down, A_down, hot)[0]
        above = np.where(T > 0, special.logit(rng.random(b.shape)) < gap, self._ground(b, a)[0] > 0)
        return np.where(
            above,
            _sample_half_gaussian(up, A_up, T, rng),
            -_sample_half_gaussian(down, A_down, T, rng),
        )


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
        "mean": "at T = 1: omega' b + c' tanh(c b), see docs/theory/random_rbm.md",
    }

    def __post_init__(self) -> None:
        _check_positive(self, "size")
        if np.any(np.less(self.omega, 0) | np.greater(self.omega, 1)):
            msg = f"unit interpolating: omega = {float(np.max(self.omega)):g} must lie in [0, 1]"
            raise ParameterError(msg)

    @classmethod
    def _unchecked(cls, omega: Any, size: Any) -> Interpolating:
        unit = object.__new__(cls)  # a theory may probe just beyond a bound
        unit.__dict__.update(omega=omega, size=size)
        return unit

    @property
    def discrete(self) -> bool:
        return bool(np.all(np.equal(self.omega, 0)))

    @property
    def values(self) -> tuple[float, ...]:  # type: ignore[override]
        return (-float(self.size), float(self.size)) if self.discrete and not np.ndim(self.size) else ()

    @property
    def curvature(self) -> Any:
        return ratio(1.0 + 0 * self.size, self.omega * self.size**2)

    @property
    def tail(self) -> Any:
        return None if self.discrete else self.curvature

    @property
    def bounded(self) -> bool:
        return self.discrete

    @property
    def symmetric(self) -> bool:
        return True

    def potential(self, x: Any) -> Any:
        if self.discrete:
            return 0.0 * np.asarray(x)
        x = np.asarray(x) / self.size
        c = np.sqrt(1 - self.omega)
        y = np.abs(c * x / self.omega)
        log_cosh = y + np.log1p(np.exp(-2 * y)) - math.log(2)
        return (
            (x**2 + c**2) / (2 * self.omega)
            - log_cosh
            + np.log(2 * math.pi * self.omega) / 2
            + np.log(self.size)
        )

    def averages(self, loc: Any, width: Any, a: Any, T: Any) -> Averages:
        if not np.all(np.equal(T, 1)):
            return super().averages(loc, width, a, T)
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
        logs = (gamma * one + omega * field_square) / (2 * A) - log(A) / 2 + spin.log2cosh - log(2 + 0 * A)
        variance = omega / A + one / A**2 * chi
        # <energy> from the second moment: U - a s^2/2 - b s averaged is the entropy's business
        return Averages(
            free_energy=-logs,
            mean=size * (omega * loc / A + c / A * t),
            square=size**2
            * (omega**2 * field_square / A**2 + 2 * omega * c / A**2 * cross + one / A**2 * (1 - chi)),
            response=size**2 * variance,
            response_square=size**4
            * (omega**2 / A**2 + 2 * omega * one / A**3 * chi + one**2 / A**4 * spin.sech4_over_T),
            entropy=np.full(np.shape(logs), np.nan)[()],  # no closed form
        )

    def _thermal(self, b: Any, a: Any, T: Any) -> tuple[Any, Any, Any, Any]:
        if np.all(np.equal(T, 1)):
            omega, gamma, one = self.omega, a * self.size**2, 1 - self.omega
            A, c, h = 1 - gamma * omega, np.sqrt(one), b * self.size
            t = np.tanh(c * h / A)
            y = np.abs(c * h / A)
            logs = (
                (gamma * one + omega * h**2) / (2 * A)
                - np.log(A) / 2
                + y
                + np.log1p(np.exp(-2 * y))
                - math.log(2)
            )
            mean = self.size * (omega * h + c * t) / A
            return logs, mean, self.size**2 * (omega / A + one / A**2 * (1 - t * t)), np.nan * logs
        return super()._thermal(b, a, T)


@dataclass(frozen=True)
class Potential(Unit):
    """A unit from any potential: a function of arrays, and where it lives.

    Parameters
    ----------
    function : callable
        U(x), elementwise.
    domain : (float, float)
        An interval, the half line or the real line.
    values : tuple of float
        Or the values of a discrete unit.
    breaks : tuple of float
        Points where U is not smooth, such as 0 for ``abs``.

    Examples
    --------
    >>> unit = Potential(lambda x: x**4 / 4)
    >>> print(f"{unit.ground(8.0, 0.0)[1]:.9f}")
    2.000000000
    """

    function: Callable[[Any], Any]
    domain: tuple[float, float] = REAL_LINE
    values: tuple[float, ...] = ()
    breaks: tuple[float, ...] = ()
    name: ClassVar[str] = "potential"

    def __post_init__(self) -> None:
        if not self.values and not self.domain[0] < self.domain[1]:
            msg = f"unit potential: the domain {self.domain} is empty; give (low, high) with low < high"
            raise ParameterError(msg)

    def potential(self, x: Any) -> Any:
        return self.function(np.asarray(x, dtype=float))


UNITS: dict[str, type[Unit]] = {
    "bernoulli": Bernoulli,
    "spin": Spin,
    "gaussian": Gaussian,
    "relu": ReLU,
    "double-relu": DoubleReLU,
    "interpolating": Interpolating,
}


def parse(text: str) -> Unit:
    """Read a unit as the command line writes it, ``NAME`` or ``NAME:PARAMETER=VALUE,...``.

    Raises
    ------
    UnknownNameError
        For a unit or a parameter that does not exist; the nearest one is suggested.
    ParameterError
        For a value that is not a number.

    Examples
    --------
    >>> parse("relu:theta=1.5")
    ReLU(theta=1.5, gamma=1.0)
    """
    name, _, rest = text.partition(":")
    if name not in UNITS:
        raise UnknownNameError(what="unit", name=name, known=UNITS)
    kind = UNITS[name]
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    given: dict[str, float] = {}
    for item in filter(None, rest.split(",")):
        key, sign, value = item.partition("=")
        if key not in known:
            what = f"parameter of the unit {name}"
            raise UnknownNameError(what=what, name=key, known=known)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not sign or not math.isfinite(number):
            msg = f"unit {name}: {item!r} is not of the form {key}=NUMBER, such as {key}=0.5"
            raise ParameterError(msg)
        if key in given:
            msg = f"unit {name}: {key} is given twice"
            raise ParameterError(msg)
        given[key] = number
    return kind(**given)


# -- helpers -------------------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.ndarray | np.generic) or is_exact(value)


def _check_positive(unit: Unit, name: str) -> None:
    value = getattr(unit, name)
    if not np.all(np.greater(value, 0)):
        low = float(np.min(value))
        msg = f"unit {unit.name}: {name} = {low:g} must be positive; else nothing confines the unit"
        raise ParameterError(msg)


def _arrays(*values: Any) -> Iterable[Any]:
    return np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values))


def _log_gaussian(A: Any, T: Any) -> Any:
    """Logarithm of the Gaussian integral, (1/2) ln(2 pi T/A); its limit times T is 0."""
    if is_exact(A, T):
        return log(2 * pi(A) * T / A) / 2 if T else 0 * A
    return np.where(np.equal(T, 0), 0.0, 0.5 * np.log(2 * np.pi * np.where(np.equal(T, 0), 1.0, T) / A))[()]


def _cold_entropy(entropy: Any, T: Any) -> Any:
    if is_exact(entropy):
        return entropy if T else -np.inf
    return np.where(np.equal(T, 0), -np.inf, entropy)[()]


def _half_gaussian(field: Any, A: Any, T: Any) -> tuple[Any, Any, Any, Any]:
    """Ln Z, mean, variance and entropy of exp{-(A s^2/2 - field s)/T} on s >= 0."""
    width = np.sqrt(T / A)
    x = field / (A * width)
    positive = x > 0
    with np.errstate(all="ignore"):
        bare = np.log(special.erfcx(-np.minimum(x, 0.0) / math.sqrt(2)) / 2)  # ln Phi(x) + x^2/2 for x < 0
        log_phi = special.log_ndtr(np.maximum(x, 0.0))
        reverse = np.exp(-0.5 * x * x - special.log_ndtr(x)) / math.sqrt(2 * math.pi)  # phi/Phi
        mean = x + reverse
        variance = 1 - reverse * mean
        far = x < -2  # the differences cancel
        if np.any(far):
            first, second = tail_ratios(-x[far])
            mean, variance = np.array(mean), np.array(variance)
            mean[far], variance[far] = first, first * (second - first)
        log_z = 0.5 * np.log(2 * np.pi * T / A)
        entropy = log_z + 0.5 + np.where(positive, log_phi - x * reverse / 2, bare - x * mean / 2)
        log_z = log_z + np.where(positive, x * x / 2 + log_phi, bare)
    return log_z, width * mean, width**2 * variance, entropy


def _sample_half_gaussian(field: Any, A: Any, T: Any, rng: np.random.Generator) -> Any:
    """Normal variable of mean field/A and variance T/A, given that it is positive."""
    hot = np.where(T > 0, T, 1.0)
    width = np.sqrt(hot / A)
    x = field / (A * width)
    drawn = -special.ndtri_exp(np.log(rng.random(np.shape(x))) + special.log_ndtr(x))  # from the upper tail
    return np.where(T > 0, np.maximum(width * (x + drawn), 0.0), np.maximum(field, 0.0) / A)
