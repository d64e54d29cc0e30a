"""What every unit has: its potential, and all that follows from it in a field, averaged or sampled."""

from __future__ import annotations

import dataclasses
import math
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import exact, is_exact, taken
from replica.numerics.quadrature import kinked_rule
from replica.numerics.spins import TINY
from replica.typing import Array, Number
from replica.units.landscape import LARGEST_FIELD, Kink, Landscape, Levels, curvature_at_infinity, kinks_of

__all__ = ["HALF_LINE", "REAL_LINE", "Averages", "Moments", "Unit", "check_positive"]

REAL_LINE = (-math.inf, math.inf)
HALF_LINE = (0.0, math.inf)
_TOGETHER = 700
"""Nodes of a panel times Gaussian fields, of averages taken together: arrays stay in a processor's cache."""
_SLOPES = ("mean2", "mean3", "square1", "square2", "cube1", "hot_square")
_NARROW = 0.01
"""Width of a field, beside the scale on which the unit answers, below which slopes are differences."""
_STEP = 1 / 60
"""Step of these differences, in the same scale: 8th order, where truncation and rounding are about equal."""
_FIRST = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0.0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
_SECOND = np.array([-1 / 560, 8 / 315, -1 / 5, 8 / 5, -205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])


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

    @classmethod
    def known(cls, now: Mapping[str, Number], later: Mapping[str, Callable[[], Number]]) -> Self:
        """Averages, some of which are computed when they are first read: each is a sum of its own."""
        self = object.__new__(cls)
        self.__dict__.update(now, _later=later)
        return self

    def __getattr__(self, name: str) -> Number:
        """An average that has not been read yet."""
        later = self.__dict__.get("_later", {})
        if name not in later:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        return self.__dict__.setdefault(name, later[name]())


@dataclass(frozen=True)
class Moments(Averages):
    """Averages and their slopes: how mean, square and response follow the field, its variance and a.

    With k = <s> as a function of the field b, and E the average over it:

    Attributes
    ----------
    mean2, mean3 : float or array
        Second and third derivative of E[k] by the mean of the field; the first is `response`.
    square1, square2 : float or array
        First and second derivative of E[k^2].
    cube1 : float or array
        First derivative of E[k^3].
    hot_square : float or array
        T E[(dk/db)^2]; finite at T = 0, where each jump of the ground state adds a sixth of its cube times
        the density of the field there.

    Examples
    --------
    >>> from replica.units import Spin
    >>> spin = Spin().moments(0.2, 0.5, 0.0, 0.3)
    >>> up, down = (Spin().averages(0.2 + shift, 0.5, 0.0, 0.3).square for shift in (1e-5, -1e-5))
    >>> print(f"{spin.by_loc[1]:.9f} {(up - down) / 2e-5:.9f}")
    0.251332377 0.251332377
    """

    mean2: Number
    mean3: Number
    square1: Number
    square2: Number
    cube1: Number
    hot_square: Number

    @classmethod
    def later(cls, known: Averages, slopes: Callable[[], dict[str, Number]]) -> Self:
        """Averages, and a function that answers the six slopes when the first of them is read."""
        self = object.__new__(cls)
        self.__dict__.update(vars(known), _slopes=slopes)
        return self

    def __getattr__(self, name: str) -> Number:
        """A slope that has not been read yet."""
        if name not in _SLOPES or "_slopes" not in self.__dict__:
            return super().__getattr__(name)
        self.__dict__.update(self.__dict__["_slopes"]())
        return self.__dict__[name]

    @property
    def by_loc(self) -> tuple[Number, Number, Number]:
        """Derivatives of mean, square and response by the mean of the field."""
        second = self.mean2  # read first: a spin then has its response from the same pass
        return self.response, self.square1, second

    @property
    def by_variance(self) -> tuple[Number, Number, Number]:
        """Derivatives of mean, square and response by the variance of the field: the heat equation."""
        return self.mean2 / 2, self.square2 / 2, self.mean3 / 2

    def by_a(self, T: Number) -> tuple[Number, Number, Number]:
        """Derivatives of mean, square and response by the quadratic term."""
        return (
            (self.square1 + T * self.mean2) / 2,
            2 * self.cube1 / 3 + T * self.square2 / 2 - self.hot_square,
            (self.square2 + T * self.mean3) / 2,
        )


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
    nodes : int
        Nodes of a panel of the sums over a Gaussian field.

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
    nodes: ClassVar[int] = 20

    # -- what a unit is --------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        """Check the numbers of a unit that is a dataclass."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # no other class calls it
            if isinstance(field.default, float):
                check_real(self, field.name)

    def potential(self, x: Number) -> Number:
        """Potential U(x), elementwise on arrays."""
        raise NotImplementedError

    @property
    def discrete(self) -> bool:
        """Whether the unit takes finitely many values."""
        return bool(self.values)

    @property
    def rigid(self) -> bool:
        """Whether s^2 = 1, so that of overlap and response of a layer the one follows from the other."""
        return self.discrete and all(abs(value) == 1 for value in self.values)

    @property
    def bounded(self) -> bool:
        """Whether the unit cannot become large, whatever the field."""
        return self.discrete or (math.isfinite(self.domain[0]) and math.isfinite(self.domain[1]))

    @property
    def curvature(self) -> Number:
        """Curvature of U(x) for large x: the quadratic term a must stay below it.

        0 for a potential that grows more slowly than a parabola; inf for one that grows faster, and for a
        bounded unit.
        """
        if self.bounded:
            return math.inf
        ends = [end for end in self.domain if math.isinf(end)]
        return self._each(lambda unit: min(curvature_at_infinity(unit.potential, end) for end in ends))

    @property
    def tail(self) -> Number:
        """Curvature kappa of U(x) ~ kappa x^2/2 for large positive x; None where there is no such tail."""
        if self.bounded or math.isfinite(self.domain[1]):
            return None
        kappa = self._each(lambda unit: curvature_at_infinity(unit.potential, math.inf))
        return kappa if np.all((kappa > 0) & (kappa < math.inf)) else None

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
        there, mirrored = (self.column().potential(x) for x in (points, -points))
        return bool(np.allclose(there, mirrored, rtol=1e-12, atol=1e-12))

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

    @property
    def _arrays(self) -> dict[str, Any]:
        return {key: value for key, value in self._numbers.items() if np.ndim(value)}

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
        return self._with({key: change(value) for key, value in self._numbers.items()})

    def _with(self, numbers: dict[str, Any]) -> Self:
        """Copy, unchecked, with other numbers."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__ | numbers)
        copy.__dict__.pop("landscape", None)
        return copy

    def _members(self, shape: tuple[int, ...]) -> Iterator[tuple[Self, Any]]:
        """The different units of a batch, each with the flat indices at which it stands in that shape."""
        arrays = {key: np.broadcast_to(value, shape).ravel() for key, value in self._arrays.items()}
        if not arrays:
            yield self, slice(None)
            return
        rows = np.stack(list(arrays.values()), axis=-1)
        different, which = np.unique(rows, axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        ends = np.cumsum(np.bincount(which.ravel(), minlength=len(different)))
        for row, part in zip(different, np.split(order, ends[:-1]), strict=True):
            yield self._with(dict(zip(arrays, map(float, row), strict=True))), part

    def _each(self, question: Callable[[Self], float]) -> Any:
        """The answer of every unit of a batch, in the shape of the batch."""
        answers = np.empty(math.prod(self.shape))
        for unit, part in self._members(self.shape):
            answers[part] = question(unit)
        return answers.reshape(self.shape)[()]

    def exact(self) -> Self:
        """Copy whose parameters are mpmath numbers at the current precision."""
        return self._changed(exact)

    def take(self, index: Any, shape: tuple[int, ...]) -> Self:
        """The units `index` of the flattened batch of that shape."""
        return self._changed(lambda v: taken(v, index, shape))

    def coarse(self) -> Self:
        """Copy whose sums over a Gaussian field have about four digits, for guesses."""
        return self._with({"nodes": 5})

    def column(self) -> Self:
        """Copy whose array parameters have one more axis, for nodes or for the values of W."""
        return self._changed(lambda v: np.expand_dims(v, -1) if np.ndim(v) else v)

    def rescaled(self, energy: Number, length: Number) -> Unit | None:
        """The unit of the same kind with potential U(length s)/energy; None where the kind has none.

        `replica.units.scaled.scaled` is for every unit.
        """
        return None

    # -- one unit in a field ---------------------------------------------------------------------------

    def log_partition(self, b: Number, a: Number, T: Number) -> Number:
        """Logarithm of the sum (or integral) of exp{-[U(s) - a s^2/2 - b s]/T}, for T > 0.

        NaN where a is not below `curvature`: the integral diverges.
        """
        return self._warm(b, a, T, 0, None)

    def mean(self, b: Number, a: Number, T: Number) -> Number:
        """<s>; at T = 0 the ground state, which is the activation function."""
        return self._warm(b, a, T, 1, lambda b, a: self._ground(b, a)[0])

    def variance(self, b: Number, a: Number, T: Number) -> Number:
        """<s^2> - <s>^2; 0 at T = 0."""
        return self._warm(b, a, T, 2, lambda b, a: 0.0 * b)

    def second_moment(self, b: Number, a: Number, T: Number) -> Number:
        """<s^2>."""
        return self.variance(b, a, T) + self.mean(b, a, T) ** 2

    def response(self, b: Number, a: Number, T: Number) -> Number:
        """d<s>/db, which is var(s)/T; at T = 0 the slope of the activation function away from its jumps."""
        b, a, T = self._fields(b, a, T)
        warm = np.asarray(self._warm(b, a, T, 2, lambda b, a: self._ground(b, a)[1]))
        return (warm / np.where(T > 0, T, 1.0))[()]

    def entropy(self, b: Number, a: Number, T: Number) -> Number:
        """Ln Z + <energy>/T; at T = 0 it is 0 for a discrete unit and -inf for a continuous one."""
        return self._warm(b, a, T, 3, lambda b, a: np.full(b.shape, 0.0 if self.discrete else -np.inf))

    def ground(self, b: Number, a: Number) -> tuple[Number, Number]:
        """Energy and position of the minimum of U(s) - a s^2/2 - b s: the unit at T = 0."""
        b, a = self._fields(b, a)
        with np.errstate(all="ignore"):
            allowed, safe = self._confined(a)
            s = np.where(allowed, self._ground(b, safe)[0], np.nan)
            return (self.potential(s) - a * s**2 / 2 - b * s)[()], s[()]

    def sample(self, b: Number, a: Number, T: Number, rng: np.random.Generator) -> Number:
        """Draw s from its distribution in the field b; the shape is that of the fields.

        At T = 0 the answer is the ground state.
        """
        b, a, T = self._fields(b, a, T)
        if np.all(T == 0):
            return self.ground(b, a)[1]
        self._check_confined(a)
        return self._sample(b, a, T, rng)[()]

    # -- averaged over a Gaussian field ----------------------------------------------------------------

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
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
        >>> from replica.units import ReLU
        >>> average = ReLU(theta=0.5).averages(0.0, 1.0, 0.2, 0.05)
        >>> print(f"{average.mean:.12f} {average.response:.12f}")
        0.303996550299 0.386923416722
        """
        shape, _, rows = self._over_fields(loc, width, a, T)
        return Averages(*_reshaped(rows, shape))

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        """`averages` and their slopes in one pass; parameters, errors and NaN as there.

        Notes
        -----
        Slopes need no more than <s> and var(s)/T at the nodes, since a derivative by the mean of the field is
        an average with z/width. Where a field is narrow beside the scale on which the unit answers, they are
        differences by its mean. Compared with closed forms: 1e-11 of their natural size, which is that of the
        scale to the power of the order.

        Examples
        --------
        >>> from replica.units import ReLU
        >>> unit = ReLU(theta=0.5).moments(0.0, 1.0, 0.2, 0.05)
        >>> print(f"{unit.mean:.12f} {unit.mean2:.12f} {unit.square1:.12f}")
        0.303996550299 0.403257904928 0.622078038337
        """
        shape, fields, rows = self._over_fields(loc, width, a, T, slopes=True)

        def slopes() -> dict[str, Number]:
            self._correct_narrow(rows, shape, *fields)
            return dict(zip(_SLOPES, _reshaped(rows[6:], shape), strict=True))

        return Moments.later(Averages(*_reshaped(rows[:6], shape)), slopes)

    def _over_fields(
        self, loc: Number, width: Number, a: Number, T: Number, *, slopes: bool = False
    ) -> tuple[tuple[int, ...], tuple[Array, ...], Array]:
        """Shape and flattened fields, and the rows of `Averages`, or of `Moments`."""
        self._refuse_exact(loc, width, a, T)
        shape = np.broadcast_shapes(*(np.shape(v) for v in (loc, width, a, T)), self.shape)
        loc, width, a, T = (
            np.broadcast_to(np.asarray(v, dtype=float), shape).ravel() for v in (loc, width, a, T)
        )
        width = np.maximum(width, TINY)
        out = np.full((12 if slopes else 6, loc.size), np.nan)
        count = _TOGETHER // self.nodes
        for first in range(0, loc.size, count):
            part = np.arange(first, min(first + count, loc.size))
            unit = self.take(part, shape) if self.shape else self
            with np.errstate(all="ignore"):
                out[:, part] = unit._average(loc[part], width[part], a[part], T[part], slopes=slopes)
        return shape, (loc, width, a, T), out

    def _correct_narrow(
        self, rows: Array, shape: tuple[int, ...], loc: Array, width: Array, a: Array, T: Array
    ) -> None:
        """Slopes of narrow fields as differences by their mean; divided by the width they lose digits."""
        part = np.flatnonzero((width < _NARROW) & np.isfinite(rows[3]))
        if not part.size:
            return
        unit = self.take(part, shape) if self.shape else self
        kinks = unit._kinks(unit._confined(a[part])[1])
        away = [np.hypot(kink.field - loc[part], kink.width(T[part])) for kink in kinks]
        answers = np.minimum.reduce([np.where(T[part] > 0, np.minimum(np.sqrt(T[part]), 1), 1.0), *away])
        narrow = width[part] < _NARROW * answers
        part, step = part[narrow], _STEP * answers[narrow]
        near = np.stack([loc[part] + i * step for i in range(-4, 5)])
        unit = self.take(part, shape) if self.shape else self
        found = unit._over_fields(near, width[part], a[part], T[part], slopes=True)[2].reshape(
            12, *near.shape
        )
        response, square1 = found[3], found[8]
        rows[6, part], rows[7, part] = _FIRST @ response / step, _SECOND @ response / step**2
        rows[9, part] = _FIRST @ square1 / step

    def _average(self, loc: Array, width: Array, a: Array, T: Array, *, slopes: bool) -> Array:
        """Averages of a few hundred fields; arrays of one dimension, as are the unit's parameters."""
        allowed, a = self._confined(a)
        if type(self)._thermal is Unit._thermal and not self.discrete:
            # sums over a potential reach only so far; a solver that strays has left what is physical
            reach = LARGEST_FIELD + 300 * np.sqrt(T)
            allowed = allowed & (np.abs(loc) + 9 * width < reach) & (np.abs(a) < reach)
            loc, width = np.where(allowed, loc, 0.0), np.where(allowed, width, 1.0)
            a = np.where(np.abs(a) < reach, a, self._confined(np.inf)[1])
        kinks = self._kinks(a)
        centre, scale = np.empty((2, len(kinks), loc.size))
        for i, kink in enumerate(kinks):
            centre[i], scale[i] = kink.field, kink.width(T)
        if np.all((width <= TINY) & (T > 0)):  # sharp fields, as without couplings: one node
            z, weight = np.zeros((loc.size, 1)), np.ones((loc.size, 1))
        else:
            z, weight = kinked_rule((centre - loc) / width, scale / width, self.nodes)
        b = loc[:, None] + width[:, None] * z
        column = self.column()
        quad, t = np.broadcast_arrays(a[:, None], T[:, None])
        hot = np.broadcast_to(np.where(t > 0, t, 1.0), b.shape)
        quad = np.broadcast_to(quad, b.shape)
        rows: list[Any] = [np.full(loc.shape, np.nan)] * (12 if slopes else 6)
        weight = self._tilted(weight, b)
        if slopes:  # an average with these is the first and the second derivative by the mean of the field
            one, two = self._hermite(b, z, width[:, None])

        def average(values: Number) -> Number:
            return np.einsum("ij,ij->i", np.broadcast_to(values, b.shape), weight)

        if np.any(T > 0):
            logs, mean, variance, entropy = column._thermal(b, quad, hot)
            response = variance / hot
            rows = [average(v) for v in (-hot * logs, mean, mean**2, response, response**2, entropy)]
            if slopes:
                moved = 2 * mean * response
                values = (one * response, two * response, moved, one * moved)
                rows += [average(v) for v in (*values, 1.5 * mean * moved, hot * response**2)]
        if np.any(T == 0):
            energy, s, slope = column._frozen(b, quad)
            jump = np.stack([np.abs(kink.jump) + 0 * loc for kink in kinks] or [0 * loc])
            far = np.stack([kink.field + 0 * loc for kink in kinks] or [0 * loc]) - loc
            far = np.clip(far / width, -1e3, 1e3)  # nothing is left of the density there
            density = jump * np.exp(-(far**2) / 2) / (width * math.sqrt(2 * math.pi))
            cold = [
                average(energy),
                average(s),
                average(s**2),
                average(slope) + np.sum(density, axis=0),
                np.where(np.any(jump > 0, axis=0), np.inf, average(slope**2)),
                np.full(loc.shape, 0.0 if self.discrete else -np.inf),
            ]
            if slopes:
                moved, jumping = 2 * s * slope, np.any(density > 0, axis=0)
                cold += [
                    average(one * slope) + np.sum(density * far, axis=0) / width,
                    average(two * slope) + np.sum(density * (far**2 - 1), axis=0) / width**2,
                    np.where(jumping, average(one * s**2), average(moved)),
                    np.where(jumping, average(two * s**2), average(one * moved)),
                    np.where(jumping, average(one * s**3), average(1.5 * s * moved)),
                    np.sum(density * jump**2, axis=0) / 6,
                ]
            rows = [np.where(T == 0, new, old) for new, old in zip(cold, rows, strict=True)]
        return np.where(allowed, np.stack(rows), np.nan)

    # -- the numerical answers, for units without closed forms -----------------------------------------

    @cached_property
    def landscape(self) -> Landscape | Levels:
        """The potential and where it lives, of one unit."""
        if self.discrete:
            return Levels(self.potential, self.values)
        return Landscape(self.potential, self.domain, self.breaks)

    def _numerical(self, method: str, count: int, *fields: Any) -> tuple[Any, ...]:
        """Answers of the landscapes in fields of one shape, the unit's own included."""
        shape = np.broadcast_shapes(*map(np.shape, fields), self.shape)
        flat = [np.broadcast_to(field, shape).ravel() for field in fields]
        answers = np.empty((count, math.prod(shape)))
        for unit, part in self._members(shape):
            answers[:, part] = getattr(unit.landscape, method)(*(field[part] for field in flat))
        return tuple(answers.reshape(count, *shape))

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        """Ln Z, <s>, var(s) and entropy for T > 0; arrays of one shape, the unit's own included."""
        return self._numerical("thermal", 4, b, a, T)

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        """Position of the ground state and its slope ds*/db; arrays of one shape."""
        s, slope = self._numerical("ground", 2, b, a)
        return s, slope

    def _frozen(self, b: Array, a: Array) -> tuple[Array, Array, Array]:
        """Energy, position and slope of the ground state; arrays of one shape."""
        s, slope = self._ground(b, a)
        return self.potential(s) - a * s**2 / 2 - b * s, s, slope

    def _tilted(self, weight: Array, b: Array) -> Array:
        """Weights of the fields, from those of a Gaussian."""
        return weight

    def _hermite(self, b: Array, z: Array, width: Array) -> tuple[Array, Array]:
        """Derivatives of the density of b = loc + width z by loc, the first and the second, over it."""
        return z / width, (z * z - 1) / width**2

    def _kinks(self, a: Array) -> list[Kink]:
        """Kinks of the activation function, as many at every a: missing ones lie at infinity."""
        lists: list[Any] = [()] * a.size
        for unit, part in self._members(a.shape):
            for i in np.arange(a.size)[part]:
                lists[i] = kinks_of(unit.landscape, float(a[i]))
        most = max(map(len, lists))
        far = Kink(math.inf, 0.0, 0.0)
        padded = [(*kinks, *[far] * (most - len(kinks))) for kinks in lists]
        return [Kink(*map(np.array, zip(*column, strict=True))) for column in zip(*padded, strict=True)]

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        return self._numerical("sample", 1, b, a, T, rng.random(b.shape))[0]

    def _fields(self, *fields: Number) -> tuple[Array, ...]:
        """Fields as arrays of one shape, that of the unit's own parameters included."""
        arrays = [np.asarray(field, dtype=float) for field in fields]
        shape = np.broadcast_shapes(*(field.shape for field in arrays), self.shape)
        return tuple(np.broadcast_to(field, shape) for field in arrays)

    def _warm(self, b: Number, a: Number, T: Number, index: int, cold: Callable[..., Any] | None) -> Number:
        b, a, T = self._fields(b, a, T)
        with np.errstate(all="ignore"):
            allowed, safe = self._confined(a)
            value = np.full(b.shape, np.nan)
            if np.any(T > 0):
                value = self._thermal(b, safe, np.where(T > 0, T, 1.0))[index]
            if np.any(T == 0):
                value = np.where(T > 0, value, np.nan if cold is None else cold(b, safe))
            return np.where(allowed & (T >= 0), value, np.nan)[()]

    def _confined(self, a: Number) -> tuple[Number, Number]:
        """Whether a quadratic term leaves the unit confined, and one that does where it does not."""
        curvature = self.curvature
        allowed = a < curvature
        return allowed, np.where(allowed, a, np.where(np.greater(curvature, 0), 0.0, curvature - 1.0))

    def _check_confined(self, a: Number) -> None:
        if not np.all(a < self.curvature):
            msg = (
                f"unit {self}: the quadratic term a = {float(np.max(a)):g} must stay below "
                f"{float(np.min(self.curvature)):g}, the curvature of the potential; else nothing confines it"
            )
            raise ParameterError(msg)

    def _refuse_exact(self, *values: Number) -> None:
        if is_exact(*values, *self._numbers.values()):
            msg = (
                f"unit {self}: averages at this temperature are known in double precision only; ask no digits"
            )
            raise ParameterError(msg)


def _reshaped(rows: Array, shape: tuple[int, ...]) -> Iterator[Number]:
    return (row.reshape(shape)[()] for row in rows)


def real(value: Any) -> Any:
    """The value as an array of float; None where it is no real number, or an array without one.

    Examples
    --------
    >>> print(real([1, 2.5]), real("1"), real(True), real(1j), real([[1, 2], [3]]))
    [1.  2.5] None None None None
    """
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "iufO" or np.ma.is_masked(value):
            return None
        if given.dtype.kind == "O" and any(isinstance(one, _NO_NUMBERS) for one in given.flat):
            return None  # numbers of mpmath are objects, too
        return given.astype(float)
    except (TypeError, ValueError, OverflowError):
        return None


_NO_NUMBERS = (complex, str, bytes, bool, np.bool_, type(None))
"""What numpy makes numbers of, and what is none."""


def on_one_line(value: Any) -> str:
    """A value that is not as it should be, for a message: on one line, and no more than tells what it is.

    Examples
    --------
    >>> print(on_one_line([[1, 2], [3]]), on_one_line("long " * 30))
    [[1, 2], [3]] 'long long long long long lo...ng long long long long long '
    """
    return " ".join(_brief.repr(value).split())


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60


def check_real(unit: Unit, name: str) -> None:
    """Raise `ParameterError` unless a parameter of a unit is real and finite; lists become arrays."""
    value = getattr(unit, name)
    if type(value) is float and math.isfinite(value):
        return
    number = real(value)
    empty = number is not None and not number.size and not isinstance(value, np.ndarray)  # a batch may be
    if number is None or empty or not np.all(np.isfinite(number)):
        kind = unit.name or type(unit).__name__
        msg = f"unit {kind}: {name} must be a finite real number, not {on_one_line(value)}"
        raise ParameterError(msg)
    if not _is_number(value):
        object.__setattr__(unit, name, number[()])


def check_positive(unit: Unit, name: str) -> None:
    """Raise `ParameterError` unless a parameter of a unit is positive."""
    check_real(unit, name)
    value = getattr(unit, name)
    if not np.all(np.greater(value, 0)):
        low = float(np.min(value))
        msg = f"unit {unit.name}: {name} = {low:g} must be positive; else nothing confines the unit"
        raise ParameterError(msg)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.ndarray | np.generic) or is_exact(value)
