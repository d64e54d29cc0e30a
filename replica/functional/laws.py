r"""Laws of the entries of a pattern, as mixtures of Gaussians: what a unit needs of them, and nothing else.

An entry is :math:`w = u + \sqrt{v}\, z` with random (u, v) and a standard Gaussian z. A field c w on a unit
is then Gaussian at fixed (u, v), with mean c u and variance c^2 v, and an entry in front of an average is
removed by partial integration:
:math:`E[w \langle s\rangle] = E[u \langle s\rangle] + c\, E[v\, d\langle s\rangle/db]`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.numerics.functions import exact, is_exact
from replica.numerics.integers import IntegerLaw, skellam, trinomial
from replica.numerics.modes import NEGLIGIBLE, component_law
from replica.typing import Booleans, Integers, Number

__all__ = ["LAWS", "Law", "joint", "law", "settings", "within"]

BALANCED = 1e-12
"""A mean of entries, over their norm, that is 0 but for rounding."""


@dataclass(frozen=True)
class Law:
    r"""The entries w_k = u_k + sqrt(v_k) z_k of one pattern or of several, at the nodes of a sum.

    Attributes
    ----------
    shift, variance : tuple of arrays, shape (n,) or (*batch, n)
        u_k and v_k, one for each pattern.
    weight : array, shape (n,) or (*batch, n)
        Probabilities of the nodes.
    tilt, spread : tuple of arrays, shape (n,) or (*batch, n)
        weight u_k/norm_k and weight v_k/norm_k; finite also where the norm is 0 (Skellam at l = 0).
    norm : tuple of float, array of the batch or mpmath number
        What E[w_k <s>] is divided by to make the order parameter.
    side : tuple of arrays, shape (n,)
        Sign of u_k.
    even : bool
        Whether w and -w are equally likely.

    Examples
    --------
    >>> entries = law("two-point", a=0.1)
    >>> print(entries.shift[0], entries.weight, entries.tilt[0])
    [-0.1  0.9] [0.9 0.1] [-0.09  0.09]
    """

    shift: tuple[Any, ...]
    variance: tuple[Any, ...]
    weight: Any
    tilt: tuple[Any, ...]
    spread: tuple[Any, ...]
    norm: tuple[Any, ...]
    side: tuple[Integers, ...]
    even: bool

    @property
    def patterns(self) -> int:
        """How many there are."""
        return len(self.shift)

    @cached_property
    def smeared(self) -> tuple[bool, ...]:
        """Of which patterns v_k is not 0 everywhere."""
        return tuple(bool(np.any(v) or np.any(s)) for v, s in zip(self.variance, self.spread, strict=True))

    @cached_property
    def balanced(self) -> tuple[bool, ...]:
        """Of which patterns the entries are 0 on average, but for rounding."""
        return tuple(bool(np.all(np.abs(np.sum(t, axis=-1)) < BALANCED)) for t in self.tilt)

    def folded(self) -> Law:
        """Half of the nodes, for averages that do not change where all entries and the spin change sign.

        Of a node and its mirror image the one stays whose first entry that is not 0 is positive, with the
        weight of both. For an even law and a unit that is symmetric without a field this changes no average.
        """
        if not self.even or not self.patterns:
            return self
        first = np.zeros(self.side[0].shape, dtype=int)
        for side in self.side:
            first = np.where(first == 0, side, first)
        return self._nodes(first >= 0, np.where(first > 0, 2, 1))

    def _nodes(self, keep: Booleans, times: Any = None) -> Law:
        """Some of the nodes, with their weights multiplied."""
        factor = 1 if times is None else times[keep]
        return Law(
            shift=tuple(u[..., keep] for u in self.shift),
            variance=tuple(v[..., keep] for v in self.variance),
            weight=self.weight[..., keep] * factor,
            tilt=tuple(t[..., keep] * factor for t in self.tilt),
            spread=tuple(s[..., keep] * factor for s in self.spread),
            norm=self.norm,
            side=tuple(s[keep] for s in self.side),
            even=False if times is not None else self.even,
        )


def law(name: str, *, modes: int = 1, like: Number = 0.0, strict: bool = True, **given: Any) -> Law:
    """The law of that name.

    Parameters
    ----------
    name : str
        One of `LAWS`.
    modes : int
        How many patterns will be joined: rules become coarser, as nodes multiply.
    like : number
        An mpmath number asks for nodes at the current precision.
    strict : bool
        Whether a setting outside its range is refused; else the law is NaN there. Continuation may probe
        just beyond a bound.
    **given : float, array of shape (*batch,), or mpmath number
        The settings of the law; sequences of them for a ``table``.

    Raises
    ------
    UnknownNameError
        If there is no such law or setting.
    ParameterError
        If a setting is missing or outside its range.

    Examples
    --------
    >>> print(law("laplace").variance[0] @ law("laplace").weight)
    1.0
    >>> law("two-point")
    Traceback (most recent call last):
    replica.errors.ParameterError: law two-point: give a, such as two-point with a = 0.5
    """
    known = settings(name)
    for key in given:
        if key not in known:
            if not known:
                msg = f"law {name}: it has no settings, so leave out {key}"
                raise ParameterError(msg)
            what = f"setting of the law {name}"
            raise UnknownNameError(what, key, known)
    missing = [key for key, needed in known.items() if needed and key not in given]
    if missing:
        msg = f"law {name}: give {' and '.join(missing)}, such as {name} with {missing[0]} = 0.5"
        raise ParameterError(msg)
    if is_exact(like, *(value for value in given.values() if not isinstance(value, list | tuple))):
        like = exact(1.0)
    return LAWS[name](_How(modes, like), **within(name, given, strict=strict))


def within(name: str, given: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """Settings of a law; one outside its range is refused, or NaN. What is not known yet, NaN, is let pass.

    Examples
    --------
    >>> within("two-point", {"a": 1.1}, strict=False)
    {'a': nan}
    """
    ranges = RANGES.get(name, {})
    return {
        key: _within(name, key, value, *ranges[key], strict=strict) if key in ranges else value
        for key, value in given.items()
    }


def settings(name: str) -> dict[str, bool]:
    """The settings of a law, and whether each must be given.

    Examples
    --------
    >>> settings("two-point")
    {'a': True, 'scale': False}
    """
    if name not in LAWS:
        what = "law"
        raise UnknownNameError(what, name, LAWS)
    rest = list(inspect.signature(LAWS[name]).parameters.values())[1:]
    return {one.name: one.default is inspect.Parameter.empty for one in rest}


def joint(laws: Sequence[Law], *, fold: bool = False) -> Law:
    """Independent patterns on one layer: the product of their laws.

    Parameters
    ----------
    laws : sequence of Law
        There may be none: one node of weight 1.
    fold : bool
        Whether the unit is symmetric without a field, so that half of the nodes of even laws do.

    Examples
    --------
    >>> two = joint([law("sign"), law("sign")], fold=True)
    >>> print(two.shift[0], two.shift[1], two.weight)
    [1. 1.] [ 1. -1.] [0.5 0.5]
    """
    if not laws:
        one = np.ones(1)
        return Law((), (), one, (), (), (), (), True)
    if len(laws) > 1:
        grid = np.indices([one.weight.shape[-1] for one in laws]).reshape(len(laws), -1)
        weights = [one.weight[..., index] for one, index in zip(laws, grid, strict=True)]

        def others(k: int) -> Number:
            return _product([weight for j, weight in enumerate(weights) if j != k])

        def pick(rows: str, k: int) -> Any:
            (only,) = getattr(laws[k], rows)
            return only[..., grid[k]]

        every = range(len(laws))
        whole = Law(
            shift=tuple(pick("shift", k) for k in every),
            variance=tuple(pick("variance", k) for k in every),
            weight=_product(weights),
            tilt=tuple(pick("tilt", k) * others(k) for k in every),
            spread=tuple(pick("spread", k) * others(k) for k in every),
            norm=tuple(one.norm[0] for one in laws),
            side=tuple(pick("side", k) for k in every),
            even=all(one.even for one in laws),
        )
        if not is_exact(whole.weight):
            some = ~(whole.weight <= NEGLIGIBLE)  # NaN is not negligible
            for tilt in whole.tilt:  # at l = 0 of a Skellam law a node has a tilt and no weight
                some = some | (np.abs(tilt) > NEGLIGIBLE)
            whole = whole._nodes(np.any(some.reshape(-1, some.shape[-1]), axis=0))
    else:
        whole = laws[0]
    return whole.folded() if fold else whole


def _product(factors: Sequence[Number]) -> Number:
    value = factors[0]
    for factor in factors[1:]:
        value = value * factor
    return value


@dataclass(frozen=True)
class _How:
    """How many patterns are joined, and in which arithmetic."""

    modes: int
    like: Number

    def number(self, value: Number) -> Number:
        """A setting in that arithmetic."""
        return exact(value) if is_exact(self.like) else np.asarray(value, dtype=float)[()]


def _within(name: str, key: str, value: Number, low: float, high: float, *, strict: bool) -> Number:
    """One of these settings."""
    below = np.less(value, low) if (name, key) in CLOSED else np.less_equal(value, low)
    outside = below | np.greater(value, high)
    if not np.any(outside):
        return value
    if strict:
        worst = float(np.min(value) if np.any(below) else np.max(value))
        end = f"{high:g}]" if np.isfinite(high) else "inf)"
        msg = (
            f"law {name}: {key} = {worst:g} must lie in {'[' if (name, key) in CLOSED else '('}{low:g}, {end}"
        )
        raise ParameterError(msg)
    return np.where(outside, np.nan, value)[()] if np.ndim(value) else float("nan")


def _sharp(values: Number, weight: Number, side: Integers, *, norm: Number = 1.0, even: bool) -> Law:
    """A law of finitely many values."""
    return _single(values, 0 * values, weight, side, values * weight, norm, even)


def _single(
    shift: Number, variance: Number, weight: Number, side: Integers, tilt: Number, norm: Number, even: bool
) -> Law:
    return Law((shift,), (variance,), weight, (tilt,), (variance * weight,), (norm,), (side,), even)


def _one(how: _How) -> Law:
    """W = 1: a magnetisation."""
    one = np.array([how.number(1.0)])
    return _sharp(one, one, np.ones(1, dtype=int), even=False)


def _component(name: str, how: _How, p: Number | None = None) -> Law:
    """A law of `replica.numerics.modes`, of mean 0 and variance 1."""
    known = component_law(name, p, like=how.like, among=how.modes)
    (shift,), (variance,) = known.shift, known.variance
    side = np.sign(np.nan_to_num(np.asarray(shift, dtype=float).reshape(-1, shift.shape[-1])[0])).astype(int)
    return _single(shift, variance, known.weight, side, shift * known.weight, 1.0, True)


def _sign(how: _How) -> Law:
    """W = -1 or +1 with equal chances."""
    return _component("rademacher", how)


def _gaussian(how: _How) -> Law:
    """W is a standard Gaussian."""
    return _component("gaussian", how)


def _laplace(how: _How) -> Law:
    """W is a Laplace variable of variance 1."""
    return _component("laplace", how)


def _sparse(how: _How, p: Number) -> Law:
    """W = -1/sqrt(p) or 1/sqrt(p) with probability p/2 each, else 0."""
    return _component("bernoulli", how, how.number(p))


def _two_point(how: _How, a: Number, scale: Number = 1.0) -> Law:
    """W = (x - a)/scale, x = 1 with probability a, the activity, else 0."""
    a, scale = (np.asarray(how.number(value))[..., None] for value in (a, scale))
    values = np.concatenate(np.broadcast_arrays(-a / scale, (1 - a) / scale), axis=-1)
    weight = np.concatenate([1 - a, a], axis=-1)
    return _sharp(values, weight, np.array([-1, 1]), even=False)


def _integers(known: IntegerLaw, norm: Number) -> Law:
    w = known.w if not is_exact(known.weight) else np.array([exact(float(k)) for k in known.w], dtype=object)
    shift = w * (1.0 if not is_exact(w) else 1)
    weight, tilt = known.weight, known.tilted / 2
    weight, tilt = (weight + weight[..., ::-1]) / 2, (tilt - tilt[..., ::-1]) / 2  # to the last bit
    return _single(shift, 0 * shift, weight, np.sign(known.w), tilt, norm, True)


def _skellam(how: _How, l: Number) -> Law:
    """W is the difference of two Poisson counts of mean l/2; norm l."""
    l = how.number(l)
    return _integers(skellam(l), l)


def _trinomial(how: _How, p: Number, L: Number = 1) -> Law:
    """W is the sum of L entries, -1 or +1 with probability p/2 each, else 0; norm p L."""
    return _integers(trinomial(how.number(p), _whole("trinomial", "L", L)), how.number(p) * L)


def _signs(how: _How, n: Number) -> Law:
    """W is the sum of n signs, as in a state that n patterns share equally; norm n."""
    count = _whole("signs", "n", n)
    return _integers(trinomial(how.number(np.ones(np.shape(n))[()]), count), how.number(n))


def _whole(name: str, key: str, value: Number) -> Any:
    """A whole number, or an array of them."""
    number = np.asarray(value, dtype=float)
    if not np.all((number >= 1) & (number == np.floor(number))):
        msg = f"law {name}: {key} = {float(np.min(number)):g} must be a whole number, at least 1"
        raise ParameterError(msg)
    return number.astype(int) if number.ndim else int(number)


def _table(how: _How, values: Sequence[Number], weights: Sequence[Number]) -> Law:
    """W takes the given values with the given probabilities."""
    if len(values) != len(weights) or not len(values):
        msg = f"law table: {len(values)} values and {len(weights)} weights; give one weight for each value"
        raise ParameterError(msg)
    shift, weight = (_nodes(how, numbers) for numbers in (values, weights))
    total = np.sum(weight, axis=-1)
    if np.any(np.less(weight, 0)) or np.any(np.greater(abs(total - 1), 1e-9)):
        worst = float(np.ravel(total)[np.argmax(np.abs(np.ravel(np.asarray(total, dtype=float)) - 1))])
        msg = f"law table: weights are probabilities, at least 0 with the sum 1, not {worst:.10g}"
        raise ParameterError(msg)
    signs = np.sign(np.asarray(shift, dtype=float).reshape(-1, shift.shape[-1]))
    return _sharp(shift, weight, signs[0].astype(int), even=_mirrored(shift, weight, signs))


def _nodes(how: _How, numbers: Sequence[Number]) -> Number:
    rows = np.broadcast_arrays(*(np.asarray(how.number(number)) for number in numbers))
    return np.stack(rows, axis=-1)


def _mirrored(shift: Number, weight: Number, signs: Number) -> bool:
    """Whether a table is that of -w in every batch, by nodes whose sign is the same in all of them."""
    if not np.all(signs == signs[0]):
        return False
    shift, weight = np.broadcast_arrays(np.asarray(shift, dtype=float), np.asarray(weight, dtype=float))
    rows = zip(shift.reshape(-1, shift.shape[-1]), weight.reshape(-1, weight.shape[-1]), strict=True)
    for u, p in rows:
        up, down = np.lexsort((p, u)), np.lexsort((p, -u))
        if not (np.array_equal(u[up], -u[down]) and np.array_equal(p[up], p[down])):
            return False
    return True


LAWS: Mapping[str, Callable[..., Law]] = {
    "one": _one,
    "sign": _sign,
    "two-point": _two_point,
    "gaussian": _gaussian,
    "laplace": _laplace,
    "sparse": _sparse,
    "skellam": _skellam,
    "trinomial": _trinomial,
    "signs": _signs,
    "table": _table,
}
"""The laws by name; the first line of each says what an entry is."""
RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "two-point": {"a": (0.0, 1.0)},
    "sparse": {"p": (0.0, 1.0)},
    "skellam": {"l": (0.0, np.inf)},
    "trinomial": {"p": (0.0, 1.0)},
}
"""Where settings lie."""
CLOSED = {("two-point", "a"), ("skellam", "l")}
"""Settings that may be at the lower end of their range."""
