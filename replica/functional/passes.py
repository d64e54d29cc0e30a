"""The equations of a fully connected model, once: one pass over the averages, and all that is read off it.

With q and C the overlap and the response of each layer, Q = q + T C, and d_s the derivative by the overlap of
layer s, the field on a unit of layer s has variance v_s = d_s xi(q)/size_s and quadratic term
a_s = [d_s xi(Q) - d_s xi(q)]/(size_s T), and of the patterns on the layer the mean sum_k w_k dg/dM_k,
M_k = size norm m_k. Sizes and norms are left out of products and never divided by.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from replica.errors import ParameterError
from replica.functional.expressions import Expression
from replica.functional.laws import Law, joint, law, within
from replica.functional.model import Layer, Model, negative, raised
from replica.functional.polynomial import Polynomial
from replica.functional.structure import Term, numbered, structure_of, terms
from replica.numerics.functions import is_exact, log, maximum, pi, sqrt
from replica.typing import Number
from replica.units import UNITS, Unit

__all__ = ["Ingredients", "Pass", "is_symmetric"]

EDGE = 1e-12
"""A variance below minus this is not 0 by rounding."""
Sparse = dict[int, Number]
"""Derivatives by those unknowns on which something depends."""


class Ingredients:
    """The numbers of a model at one point of its parameters, or at a batch of them.

    Attributes
    ----------
    T : float, array or mpmath number
        Temperature.
    sizes, units : list
        Of the layers.
    fields : list of Polynomial
        dxi/dR_s over the size of the layer.
    couplings : tuple of tuple of int
        The layers of each term of the covariance, repeated for the powers that they have here; in a batch
        with several powers there is a term for each, of variance 0 where it is not that of the point.
    variances : list
        Of these terms.
    """

    guessing = False
    last: tuple[Any, Pass] | None = None
    """The last pass, and the order parameters at which it was made."""

    def __init__(self, model: Model, values: Mapping[str, Any]) -> None:
        self.model, self.structure = model, structure_of(model)
        self.values = model.values(values) if model.definitions else values
        self.precise = is_exact(*self.values.values())
        self.T = self.number(model.temperature)
        self.sizes = [self.number(layer.size) for layer in model.layers]
        self.couplings, self.variances = self._at_powers(
            self.structure.couplings,
            [self.number(coupling.variance) for coupling in model.couplings],
            [coupling.layers for coupling in model.couplings],
            model.layer_index,
        )
        self.units = [self._unit(layer) for layer in model.layers]
        self.place = {k: (s, i) for s, on in enumerate(self.structure.on) for i, k in enumerate(on)}
        self.fields = [
            self._derivative(own, self.variances, self.sizes)
            for own in terms(self.couplings, len(model.layers))
        ]

    def number(self, expression: Any) -> Any:
        """What an expression is here; a list of what several are."""
        if isinstance(expression, tuple):
            return [self.number(one) for one in expression]
        text = expression.text
        if text in self.values and not self.precise and isinstance(self.values[text], float):
            return np.float64(self.values[text])
        if not expression.names and not self.precise:
            return _constant(expression)
        return expression.evaluate(self.values)

    def _unit(self, layer: Layer) -> Unit:
        if isinstance(layer.unit, Unit):
            return layer.unit.exact() if self.precise else layer.unit
        given = {name: self.number(value) for name, value in layer.settings}
        return UNITS[layer.unit](**given)

    def _at_powers(
        self,
        products: tuple[tuple[int, ...], ...],
        amounts: list[Number],
        entries: Sequence[tuple[str, ...]],
        index: Mapping[str, int],
    ) -> tuple[tuple[tuple[int, ...], ...], list[Number]]:
        """Products and their amounts at the powers of this point, or at each of those of the batch."""
        if not self.model.powers:
            return products, amounts
        found: list[tuple[int, ...]] = []
        shares: list[Number] = []
        for members, amount in zip(entries, amounts, strict=True):
            named = [name for name in self.model.powers if name in {raised(one)[1] for one in members}]
            here = {name: np.asarray(self.values[name], dtype=float) for name in named}
            for powers in itertools.product(*(np.unique(value) for value in here.values())):
                known = {name: int(power) for name, power in zip(named, powers, strict=True)}
                found.append(numbered(members, index, known))
                inside = [here[name] == power for name, power in known.items() if here[name].ndim]
                shares.append(amount * np.all(np.broadcast_arrays(*inside), axis=0) if inside else amount)
        return tuple(found), shares

    @np.errstate(invalid="ignore")  # `check` refuses what is infinite
    def _derivative(
        self, own: Sequence[Term], amounts: Sequence[Number], sizes: Sequence[Number]
    ) -> Polynomial:
        found = []
        for term in own:
            amount = term.factor * amounts[term.number]
            for other in term.others:
                amount = amount * sizes[other]
            found.append((amount, term.indices))
        return Polynomial(found)

    def check(self) -> None:
        """Raise `ParameterError` for a number outside its range, and for units that nothing confines."""
        model = self.model
        named = [
            *(
                (f"variance of the coupling {' - '.join(c.layers)}", self.number(c.variance))
                for c in model.couplings
            ),
            *zip([f"size of layer {layer.name}" for layer in model.layers], self.sizes, strict=True),
            ("temperature", self.T),
        ]
        for where, value in named:
            lowest, highest = np.min(value), np.max(value)
            if lowest < 0 or highest == np.inf:
                raise ParameterError(negative(model.name, where, lowest if lowest < 0 else highest))
        for pattern in model.patterns:
            within(pattern.law, {name: self.number(value) for name, value in pattern.settings}, strict=True)
        for s, curvature in self.curvatures.items():
            if self.structure.neighbours[s] and not np.all(np.greater(curvature, 0)):
                layer = model.layers[s]
                msg = (
                    f"{model.name}: the couplings add a quadratic term a s^2/2 > 0 to the units of the layer "
                    f"{layer.name}, and nothing confines them: let U(s) grow like kappa s^2/2, kappa > 0"
                )
                raise ParameterError(msg)

    @cached_property
    def curvatures(self) -> dict[int, Number]:
        """Below which the quadratic term of a layer must stay, where there is a bound."""
        every = {s: unit.curvature for s, unit in enumerate(self.units)}
        return {s: one for s, one in every.items() if not np.all(np.isinf(np.asarray(one, dtype=float)))}

    @cached_property
    def _of_patterns(self) -> tuple[tuple[tuple[int, ...], ...], list[Number]]:
        return self._at_powers(
            self.structure.energies,
            [self.number(energy.strength) for energy in self.model.energies],
            [energy.patterns for energy in self.model.energies],
            self.model.pattern_index,
        )

    @property
    def energies(self) -> tuple[tuple[int, ...], ...]:
        """The patterns of each term of g, as `couplings` are those of the covariance."""
        return self._of_patterns[0]

    @property
    def strengths(self) -> list[Number]:
        """Of these terms."""
        return self._of_patterns[1]

    @cached_property
    def laws(self) -> list[Any]:
        """Of the patterns of each layer, jointly; one node where there is none."""
        return [self._joint(s, on) if on else None for s, on in enumerate(self.structure.on)]

    def _joint(self, s: int, on: tuple[int, ...]) -> Law:
        fold = is_symmetric(self.units[s])
        given = [
            (one.law, tuple((name, self.number(value)) for name, value in one.settings))
            for one in (self.model.patterns[k] for k in on)
        ]
        if not self.precise and all(type(value) is np.float64 for _, known in given for _, value in known):
            return _known_laws(tuple(given), fold)
        return _laws(given, fold, self.T)

    @cached_property
    def weights(self) -> list[Number]:
        """Size of the layer times norm of the law, of each pattern."""
        found: list[Number] = [1.0] * len(self.model.patterns)
        for s, on in enumerate(self.structure.on):
            for i, k in enumerate(on):
                found[k] = self.sizes[s] * self.laws[s].norm[i]
        return found

    @cached_property
    def pulls(self) -> list[Polynomial]:
        """dg/dm_k over size and norm: the strength with which a pattern acts on its layer."""
        count = len(self.model.patterns)
        return [self._derivative(own, self.strengths, self.weights) for own in terms(self.energies, count)]

    @cached_property
    def xi(self) -> Polynomial:
        """The covariance of the energy per N, in the overlaps of the layers."""
        return self._whole(self.couplings, self.variances, self.sizes)

    @cached_property
    def g(self) -> Polynomial:
        """Minus the energy of the patterns per N, in their order parameters."""
        return self._whole(self.energies, self.strengths, self.weights)

    def _whole(
        self, products: Sequence[tuple[int, ...]], amounts: Sequence[Number], sizes: Sequence[Number]
    ) -> Polynomial:
        found = []
        for indices, amount in zip(products, amounts, strict=True):
            for member in sorted(set(indices)):
                amount = amount * sizes[member]
            found.append((amount, indices))
        return Polynomial(found)

    @cached_property
    def slopes(self) -> dict[tuple[int, int], Polynomial]:
        """Derivative of the field of a layer by the overlap of another."""
        return {
            (s, t): self.fields[s].d(t) for s in self.structure.layers for t in self.structure.neighbours[s]
        }

    @cached_property
    def offset(self) -> Number:
        """What is added to the free energy: the offset, and Gaussian measures that integrate to 1."""
        value = self.number(self.model.offset)
        for size, layer in zip(self.sizes, self.model.layers, strict=True):
            if layer.normalised:
                value = value + size / 2 * self.heat
        return value

    @property
    def heat(self) -> Number:
        """T ln(2 pi T), which is 0 at T = 0."""
        T = self.T
        if is_exact(T):
            return T * log(2 * pi(T) * T) if T else T
        return T * np.log(2 * np.pi * np.where(np.greater(T, 0), T, 1.0))

    def cold(self) -> Ingredients:
        """The same at T = 0."""
        copy = object.__new__(Ingredients)
        copy.__dict__.update(self.__dict__, T=0 * self.T)
        copy.__dict__.pop("offset", None)
        return copy

    def bare(self) -> Ingredients:
        """The same without patterns: what is left where nothing acts along them."""
        copy = object.__new__(Ingredients)
        copy.__dict__.update(self.__dict__, laws=[None] * len(self.laws))
        return copy

    def coarse(self) -> Ingredients:
        """The same with about four digits of the averages and no slopes, for guesses."""
        copy = object.__new__(Ingredients)
        copy.__dict__.update(self.__dict__, units=[unit.coarse() for unit in self.units], guessing=True)
        return copy


@lru_cache(maxsize=4096)
def _constant(expression: Expression) -> Any:
    return expression.evaluate({})


def _laws(given: Sequence[tuple[str, Any]], fold: bool, like: Number) -> Law:
    """The law of several patterns on one layer."""
    each = [law(name, modes=len(given), like=like, strict=False, **dict(known)) for name, known in given]
    whole = joint(each, fold=fold)
    if not whole.even:
        return whole
    for shift, tilt in zip(
        whole.shift, whole.tilt, strict=True
    ):  # odd to the last bit: what is not there stays so
        if np.array_equal(shift, -shift[..., ::-1]):
            tilt[...] = (tilt - tilt[..., ::-1]) / 2
    return whole


@lru_cache(maxsize=512)
def _known_laws(given: tuple[tuple[str, Any], ...], fold: bool) -> Law:
    return _laws(given, fold, 0.0)


def is_symmetric(unit: Unit) -> bool:
    """Whether s and -s are equally likely without a field; units that can be hashed are asked once."""
    try:
        return _symmetric(unit)
    except TypeError:  # arrays in a unit cannot be hashed
        return unit.symmetric


@lru_cache(maxsize=512)
def _symmetric(unit: Unit) -> bool:
    return unit.symmetric


def last(value: Number) -> Number:
    """With an axis for the nodes of a law, at the end."""
    return np.asarray(value)[..., None]


_ROWS = {"mean": 0, "square": 1, "response": 2}
"""Averages that the equations need, in the order in which a unit gives their derivatives."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a layer answers to its fields: averages of its unit, over the nodes of the law of its patterns.

    Attributes
    ----------
    moments : Moments
        Of shape (*batch, n), or of shape (*batch) where there are no nodes.
    T : float, array or mpmath number
    law : Law, optional
        Of the patterns on the layer.
    nodes : bool
        Whether the averages have an axis for the nodes of the law.
    """

    moments: Any
    T: Number
    law: Law | None = None
    nodes: bool = False

    def over(self, name: str, weight: Number = None) -> Number:
        """An average over the nodes, with the weights of the law or other ones."""
        return self._sum(getattr(self.moments, name), weight, endless=name == "response_square")

    def _sum(self, values: Number, weight: Number, *, endless: bool = False) -> Number:
        if not self.nodes:
            return values if weight is None else values * weight[0]
        assert self.law is not None
        weight = self.law.weight if weight is None else weight
        middle = weight.shape[-1] // 2
        if middle and np.array_equal(weight, -weight[..., ::-1]):  # odd: 0 exactly where the values are even
            if np.shape(values)[-1:] != weight.shape[-1:]:
                return np.zeros_like(values[..., 0])
            half = values[..., -middle:] - values[..., :middle][..., ::-1]
            return np.sum(half * weight[..., -middle:], axis=-1) + 0.0
        terms = values * weight
        if endless:  # infinity of weight 0 does not count
            terms = np.where(np.equal(weight, 0), 0 * weight, terms)
        return np.sum(terms, axis=-1) + 0.0  # not -0.0

    def projected(self, k: int, c: Number) -> Number:
        """E[w_k <s>]/norm for the pattern k of the layer, in whose field it stands with strength c."""
        assert self.law is not None
        tilt, spread = self.law.tilt[k], self.law.spread[k]
        mean = self.over("mean", tilt)
        mean = mean + c * self.over("response", spread) if self.law.smeared[k] else mean
        if self.law.even and not is_exact(mean):  # what is not there does not arise, whatever the last bits
            return np.where(np.equal(c, 0), 0.0, mean)[()]
        return mean

    def by_loc(self, name: str, weight: Number = None) -> Number:
        """Derivative of an average by the mean of the field."""
        return self._sum(self._by_loc[_ROWS[name]], weight)

    def by_variance(self, name: str, weight: Number = None) -> Number:
        """Derivative of an average by the variance of the field."""
        return self._sum(self._by_variance[_ROWS[name]], weight)

    def by_a(self, name: str, weight: Number = None) -> Number:
        """Derivative of an average by the quadratic term."""
        return self._sum(self._by_a[_ROWS[name]], weight)

    @cached_property
    def _by_loc(self) -> tuple[Number, Number, Number]:
        return self.moments.by_loc

    @cached_property
    def _by_variance(self) -> tuple[Number, Number, Number]:
        return self.moments.by_variance

    @cached_property
    def _by_a(self) -> tuple[Number, Number, Number]:
        return self.moments.by_a(last(self.T) if self.nodes else self.T)


class Pass:
    """One pass over the averages at one point; everything that is asked there is read off it.

    Parameters
    ----------
    parts : Ingredients
    m : sequence
        Order parameters of the patterns.
    q, C : mapping
        Overlap and response of the kept layers, by their numbers.
    noise : mapping, optional
        Variance of the field on some layers, instead of what follows from q; they feel no quadratic term.
    """

    def __init__(
        self,
        parts: Ingredients,
        m: Sequence[Number],
        q: Mapping[int, Number],
        C: Mapping[int, Number],
        noise: Mapping[int, Number] | None = None,
    ) -> None:
        self.parts, self.plan, self.m, self.noise = parts, parts.structure, list(m), noise or {}
        zero = sum((0 * value for value in (*m, *C.values())), 0.0)
        self.zero = zero
        self._kept = [[known.get(s, zero) for s in self.plan.layers] for known in (q, C)]
        self._answers: dict[int, Answer] = {}
        self._variances: dict[int, Number] = {}
        self._quadratics: dict[int, Number] = {}

    @cached_property
    def _all(self) -> list[list[Number]]:
        """Overlaps and responses with those of the layers that follow from the kept ones."""
        q, C = (list(known) for known in self._kept)
        for s in (*self.plan.eliminated, *self.plan.silent):
            answer = self.answer(s)
            q[s], C[s] = answer.over("square"), answer.over("response")
        return [q, C]

    @property
    def q(self) -> list[Number]:
        """Overlaps of all layers."""
        return self._all[0]

    @property
    def C(self) -> list[Number]:
        """Responses of all layers."""
        return self._all[1]

    def _around(self, s: int) -> list[list[Number]]:
        """Overlaps and responses that a layer feels; those of the kept layers where it follows from them."""
        return self._all if s in self.plan.kept else self._kept

    @classmethod
    def at(cls, parts: Ingredients, x: Any) -> Pass:
        """The pass at order parameters, shape ``(n_order, *batch)``."""
        plan = parts.structure
        rows = iter(x)
        m = [next(rows) for _ in plan.pulls]
        q, C = {}, {}
        for s in plan.kept:
            if s in plan.rigid:
                C[s] = next(rows)
                q[s] = 1 - parts.T * C[s]
            else:
                q[s], C[s] = next(rows), next(rows)
        return cls(parts, m, q, C)

    # -- fields ------------------------------------------------------------------------------------------

    def variance(self, s: int) -> Number:
        """Variance of the Gaussian field on a layer, not below 0."""
        if s in self.noise:
            return self.noise[s] + self.zero
        value = self._variances[s] = self.parts.fields[s].value(self._around(s)[0]) + self.zero
        return maximum(value, 0 * value)

    def quadratic(self, s: int) -> Number:
        """Quadratic term that a layer feels."""
        if s in self.noise:
            return self.zero
        if s not in self._quadratics:
            q, C = self._around(s)
            self._quadratics[s] = self.parts.fields[s].divided(q, C, self.parts.T) + self.zero
        return self._quadratics[s]

    @cached_property
    def c(self) -> list[Number]:
        """The strengths with which the patterns act on their layers."""
        return [pull.value(self.m) + self.zero for pull in self.parts.pulls]

    def answer(self, s: int) -> Answer:
        """What a layer answers to its fields."""
        if s not in self._answers:
            v, a = self.variance(s), self.quadratic(s)
            self._answers[s] = self._answer(s, v, a)
        return self._answers[s]

    def _answer(self, s: int, v: Number, a: Number) -> Answer:
        unit, on, T = self.parts.units[s], self.plan.on[s], self.parts.T
        entries = self.parts.laws[s]
        if entries is None:
            return Answer(self._ask(unit)(0 * v, sqrt(v), a, T), T)
        nodes = entries.weight.shape != (1,)
        here = [self.c[k] for k in on]
        shift, spread = entries.shift, entries.variance
        hot = T
        if nodes:
            here = [last(c) for c in here]
            v, a, hot, unit = last(v), last(a), last(T), unit.column()
        else:
            shift, spread = tuple(u[0] for u in shift), tuple(w[0] for w in spread)
        loc = sum((c * u for c, u in zip(here, shift, strict=True)), 0.0)
        for c, w, smeared in zip(here, spread, entries.smeared, strict=True):
            v = v + c**2 * w if smeared else v
        return Answer(self._ask(unit)(loc, sqrt(v), a, hot), T, entries, nodes)

    def _ask(self, unit: Unit) -> Callable[..., Any]:
        """How a unit is asked: for slopes, too, unless guesses are all that is wanted."""
        return unit.averages if self.parts.guessing else unit.moments

    # -- equations ---------------------------------------------------------------------------------------

    def projected(self, k: int) -> Number:
        """What the layer of a pattern makes of its order parameter."""
        s, i = self.parts.place[k]
        return self.answer(s).projected(i, self.c[k])

    def update(self) -> list[Number]:
        """Right-hand sides of the saddle-point equations, in the order of the unknowns."""
        rows = [self.projected(k) for k in range(len(self.m))]
        for s in self.plan.kept:
            answer = self.answer(s)
            rows += (
                [answer.over("response")]
                if s in self.plan.rigid
                else [answer.over("square"), answer.over("response")]
            )
        return rows

    def free_energy(self) -> Number:
        """Free energy per N."""
        parts = self.parts
        f = (
            parts.xi.theta().divided(self.q, self.C, parts.T) / 2
            + parts.g.theta().value(self.m)
            + parts.offset
        )
        return f + self._sum("free_energy")

    def entropy(self) -> Number:
        """Entropy per N: minus the explicit derivative of the free energy by T."""
        parts, q, C, T = self.parts, self.q, self.C, self.parts.T
        pairs = parts.xi.divided_T(q, C, T)
        for s in self.plan.layers:
            pairs = pairs - C[s] * parts.xi.d(s).divided(q, C, T)
        return pairs / 2 + self._sum("entropy")

    def _sum(self, name: str) -> Number:
        """Of an average of all layers, times their sizes."""
        total = self.zero
        for s, layer in enumerate(self.parts.model.layers):
            if name == "entropy" and layer.normalised:
                own = self._entropy_of_normalised(s)
            else:
                own = self.answer(s).over(name)
            total = total + self.parts.sizes[s] * own
        return total

    def _entropy_of_normalised(self, s: int) -> Number:
        """Of a Gaussian unit whose measure integrates to 1 without fields: -ln(gamma - a)/2, at every T."""
        return -log(self.parts.units[s].curvature - self.quadratic(s)) / 2

    def confined(self) -> Any:
        """Whether the quadratic term of every layer leaves its units confined."""
        inside = np.isfinite(np.asarray(self.zero, dtype=float))
        for s, curvature in self.parts.curvatures.items():
            inside = inside & np.asarray(self.quadratic(s) < curvature, dtype=bool)
        return inside

    # -- stability ---------------------------------------------------------------------------------------

    def stiffness(self) -> dict[tuple[int, int], Number]:
        """M_st^2 = F_st F_ts chi_s chi_t, F_st the derivative of the field of s by the overlap of t."""
        chi = {s: self.answer(s).over("response_square") for s in self.plan.layers if self.plan.neighbours[s]}
        found = {}
        for s, t in self.parts.slopes:
            if s <= t:
                there, back = (self.parts.slopes[pair].value(self.q) for pair in ((s, t), (t, s)))
                found[s, t] = there * back * chi[s] * chi[t] + self.zero
        return found

    def rho(self) -> Number:
        """The largest eigenvalue of M; of M^2 where layers have two colours, as in a Boltzmann machine."""
        square = self.stiffness()
        if not square:
            return self.zero
        if self.plan.colours is None:
            layers = sorted({s for pair in square for s in pair})
            if len(layers) == 1:
                return sqrt(square[layers[0], layers[0]])
            return _largest(square, layers, layers, self.zero)
        first, second = sorted(self.plan.colours, key=len)
        if len(first) == 1:
            return sum((value for value in square.values()), self.zero)
        return _largest(square, list(first), list(second), self.zero) ** 2

    # -- derivatives -------------------------------------------------------------------------------------

    def jacobian(self) -> list[list[Number]]:
        """Derivatives of `update` by the unknowns, through the layers that are eliminated."""
        plan, T = self.plan, self.parts.T
        by_q: dict[int, Sparse] = {}
        by_C: dict[int, Sparse] = {}
        column = len(self.m)
        for s in plan.kept:
            if s in plan.rigid:
                by_q[s], by_C[s] = {column: -T}, {column: 1.0}
                column += 1
            else:
                by_q[s], by_C[s] = {column: 1.0}, {column + 1: 1.0}
                column += 2
        for s in plan.eliminated:
            own = self._by_fields(s, by_q, by_C)
            by_q[s], by_C[s] = (self._chain(s, name, None, own, {}) for name in ("square", "response"))
        strength = [{j: pull.d(j).value(self.m) for j in pull.variables} for pull in self.parts.pulls]
        rows = []
        asked = {*plan.kept, *(s for s, _ in self.parts.place.values())}
        fields = {s: self._by_fields(s, by_q, by_C) for s in asked}
        for k in range(len(self.m)):
            s, i = self.parts.place[k]
            entries = self.parts.laws[s]
            row = self._chain(s, "mean", entries.tilt[i], fields[s], strength)
            if entries.smeared[i]:
                inside = self._chain(s, "response", entries.spread[i], fields[s], strength)
                _add(row, inside, self.c[k])
                _add(row, strength[k], self.answer(s).over("response", entries.spread[i]))
            rows.append(row)
        for s in plan.kept:
            for name in ("response",) if s in plan.rigid else ("square", "response"):
                rows.append(self._chain(s, name, None, fields[s], strength))
        return [[row.get(j, 0.0) + self.zero for j in range(column)] for row in rows]

    def _by_fields(self, s: int, by_q: dict[int, Sparse], by_C: dict[int, Sparse]) -> tuple[Sparse, Sparse]:
        """Derivatives of the variance and of the quadratic term of a layer."""
        variance: Sparse = {}
        quadratic: Sparse = {}
        q, C, T = self.q, self.C, self.parts.T
        for t in self.plan.neighbours[s]:
            slope = self.parts.slopes[s, t]
            here = slope.value(q)
            _add(variance, by_q[t], here)
            if slope.degree:
                _add(quadratic, by_q[t], slope.divided(q, C, T))
                here = slope.value([low + T * response for low, response in zip(q, C, strict=True)])
            _add(quadratic, by_C[t], here)
        self.answer(s)
        below = np.less(self._variances.get(s, self.zero), -EDGE)
        if np.any(below):  # there the variance is held at 0
            variance = {j: np.where(below, 0.0, value) for j, value in variance.items()}
        return variance, quadratic

    def _chain(
        self, s: int, name: str, weight: Number, fields: tuple[Sparse, Sparse], strength: Any
    ) -> Sparse:
        """Derivatives of an average of a layer, by its variance, its quadratic term, and its patterns."""
        answer = self.answer(s)
        row: Sparse = {}
        variance, quadratic = fields
        if variance:
            _add(row, variance, answer.by_variance(name, weight))
        if quadratic and s not in self.plan.rigid:
            _add(row, quadratic, answer.by_a(name, weight))
        for i, k in enumerate(self.plan.on[s]):
            if not strength[k]:
                continue
            entries = self.parts.laws[s]
            base = entries.weight if weight is None else weight
            _add(row, strength[k], answer.by_loc(name, base * entries.shift[i]))
            if entries.smeared[i]:
                _add(row, strength[k], 2 * self.c[k] * answer.by_variance(name, base * entries.variance[i]))
        return row


def _add(row: Sparse, other: Sparse, factor: Number) -> None:
    for j, value in other.items():
        row[j] = row[j] + value * factor if j in row else value * factor


def _largest(
    square: Mapping[tuple[int, int], Number], rows: list[int], columns: list[int], zero: Number
) -> Number:
    """The largest singular value of a matrix of square roots; infinite where an entry is."""
    matrix = [
        [sqrt(square[min(s, t), max(s, t)]) if (min(s, t), max(s, t)) in square else zero for t in columns]
        for s in rows
    ]
    if is_exact(zero):
        import mpmath

        entries = mpmath.matrix(matrix)
        return (
            max(mpmath.svd_r(entries, compute_uv=False)) if all(map(mpmath.isfinite, entries)) else mpmath.inf
        )
    values = np.stack([np.stack(np.broadcast_arrays(*row), axis=-1) for row in matrix], axis=-2)
    finite = np.all(np.isfinite(values), axis=(-1, -2))
    safe = np.where(finite[..., None, None], values, 0.0)
    largest = np.max(np.linalg.svd(safe, compute_uv=False), axis=-1)
    return np.where(finite, largest, np.where(np.any(np.isnan(values), axis=(-1, -2)), np.nan, np.inf))[()]
