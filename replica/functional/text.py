"""The equations of a model, written out: energy, free energy, saddle point, replicon.

Plain text in the grammar of `replica.theory.equations`, which makes LaTeX of it. Derivatives of the
covariance are taken term by term, with the sizes as `replica.functional.structure` has them.
"""

from __future__ import annotations

import ast
import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from replica.functional.expressions import Expression
from replica.functional.model import Layer, Model, Pattern, raised
from replica.functional.structure import Structure, structure_of
from replica.units import UNITS, Unit

__all__ = ["equations", "notes", "symbols"]

_Key = TypeVar("_Key")
MARK = "\N{MODIFIER LETTER SMALL P}"
"""Stands behind the names that a model gives, while its equations are written."""
LETTERS = ("H", "J", "N", "U", "Z", "a", "b", "chi", "f", "g", "rho", "s", "v", "w", "z")
"""Letters of ours, which a model may have given to its parameters."""
INDICES = "ijkl"
ENTRIES = {
    "one": "= 1",
    "sign": "= +1 or -1, equally likely",
    "gaussian": "~ N(0, 1)",
    "laplace": "~ Laplace, of variance 1",
    "two-point": "= 1 - {a} (probability {a}), else -{a}",
    "sparse": "= +1 or -1, each with probability {p}/2, else 0",
    "skellam": "= difference of two numbers of Poisson, each of mean {l}/2",
    "trinomial": "= sum of {L} entries, each +1 or -1 with probability {p}/2, else 0",
    "signs": "= sum of {n} signs",
}
"""Laws in words; the others by their names."""
NORMS = {"skellam": ("l",), "trinomial": ("p", "L"), "signs": ("n",)}
"""The settings whose product an overlap is divided by."""


def equations(model: Model, powers: Mapping[str, int] | None = None) -> dict[str, str]:
    r"""The equations of a model, by what they are about.

    Parameters
    ----------
    model : Model
    powers : mapping of str to int, optional
        Values of parameters that are powers; of others the letter is written.

    Examples
    --------
    >>> from replica.functional.model import Coupling
    >>> glass = Model("sk", layers=[Layer("spins")], couplings=[Coupling(("spins", "spins"), "1/2")])
    >>> for text in equations(glass).values():
    ...     print(text)
    H = -sum_ij J_ij s_i s_j
    J_ij ~ N(0, 1/N)
    f = (2 q C + T C^2)/4 - T E[ln Z]
    ln Z = ln 2cosh(b/T) + a/(2 T)
    b = sqrt(v) z
    v = q
    a = C
    <s> = tanh(b/T)
    q = 1 - T C
    C = E[1 - <s>^2]/T
    rho = chi; replicon = 1 - rho
    chi = E[(1 - <s>^2)^2]/T^2
    """
    return _named(model, _Writer(model, structure_of(model), dict(powers or {})).equations())


def symbols(model: Model) -> dict[str, str]:
    """The order parameters of a model in words.

    Examples
    --------
    >>> symbols(Model("sk", layers=[Layer("spins")]))
    {'q': 'overlap of two replicas of the spins', 'C': 'response of the spins, their variance over T'}
    """
    made = structure_of(model)
    told = {one.name: f"overlap of the {one.layer} with the pattern {one.name}" for one in model.patterns}
    for s, layer in enumerate(model.layers):
        told[made.overlaps[s]] = f"overlap of two replicas of the {layer.name}"
        told[made.responses[s]] = f"response of the {layer.name}, their variance over T"
    return told


def notes(model: Model) -> tuple[str, ...]:
    """What the signs in the equations mean."""
    made = structure_of(model)
    told = ["<s> is the mean of one unit with the weight exp{-[U(s) - a s^2/2 - b s]/T} in the field b"]
    over = "standard Gaussians z" + " and the entries w of the patterns" * bool(model.patterns)
    told.append(f"E is over {over}; energies are per N; k_B = 1")
    told += [
        f"the energy has products of {name} factors; `replica show {model.name} -p {name}={lowest}` writes "
        f"the equations of {name} = {lowest}"
        for name, lowest in model.powers.items()
    ]
    if any(max(Counter(one).values()) > 1 for one in made.couplings):
        told.append("sums over units of one layer count every pair, or every set, once")
    if any(len(one) > 2 for one in made.couplings):
        told.append(
            "Q = q + T C is the overlap of one replica with itself; at T = 0, [P(Q) - P(q)]/T is dP/dT"
        )
    alone = [layer.name for s, layer in enumerate(model.layers) if made.overlaps[s] == "q"]
    if len(model.layers) > 1 and alone:
        told.append(f"letters without an index are those of the {alone[0]}")
    follow = [model.layers[s].name for s in made.eliminated]
    if follow:
        told.append(f"unknowns are {', '.join(made.order)}; what is {', '.join(follow)} follows from these")
    if len(_coupled(made)) > 2 or (len(_coupled(made)) == 2 and not made.colours):
        power = "M^2, as the couplings have two sides" if made.colours else "M"
        told.append(f"rho is the largest eigenvalue of {power}")
    return tuple(_named(model, dict(enumerate(told))).values())


def _marked(text: object) -> str:
    """A text of the model, whose names are marked as its own until `_named`."""
    return re.sub(r"[A-Za-z]\w*", rf"\g<0>{MARK}", str(text))


def _named(model: Model, told: dict[_Key, str]) -> dict[_Key, str]:
    """The equations with other letters where the model has given one of ours to something of its own."""
    taken = {*model.names, *dict(model.definitions), *model.pattern_index}
    for letter in LETTERS:
        if letter in taken:
            other = next(
                one
                for one in (letter.swapcase(), *(f"{letter}{n}" for n in range(1, 99)))
                if one not in taken
            )
            pattern = re.compile(rf"(?<!\w){letter}(?=\d*(_|\b))")
            told = {key: pattern.sub(other, text) for key, text in told.items()}
    return {key: text.replace(MARK, "") for key, text in told.items()}


def _coupled(made: Structure) -> list[int]:
    return [s for s in made.layers if made.neighbours[s]]


# -- products ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Degree:
    """How often a factor stands in a product: a number, plus parameters that are powers."""

    number: int = 0
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.number or self.names)

    def __add__(self, other: _Degree) -> _Degree:
        return _Degree(self.number + other.number, self.names + other.names)

    def __sub__(self, less: int) -> _Degree:
        return _Degree(self.number - less, self.names)

    def __str__(self) -> str:
        if not self.names or not self.number:
            return " + ".join(self.names) or str(self.number)
        return f"{' + '.join(self.names)} {'-' if self.number < 0 else '+'} {abs(self.number)}"

    def within(self, most: int) -> bool:
        """Whether it is a number that is not larger."""
        return not self.names and self.number <= most

    @property
    def factor(self) -> str | int:
        """As a factor of a product."""
        return str(self) if self.names else self.number

    def of(self, name: str) -> list[str]:
        """A factor to this power, as the factors of a product."""
        return [f"{name}^{_atom(str(self))}"] if self.names else [name] * self.number


_Powers = Mapping[int, _Degree]
"""A product of members, each with its power."""


def _total(product: _Powers) -> _Degree:
    return sum(product.values(), _Degree())


def _less(product: _Powers, member: int) -> _Powers:
    """The product without one factor."""
    left = {s: degree - (s == member) for s, degree in product.items()}
    return {s: degree for s, degree in left.items() if degree}


@dataclass(frozen=True)
class _Product:
    """A rational number times factors, over others; factors are texts."""

    number: Fraction = Fraction(1)
    factors: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    def times(self, *factors: Expression | _Product | str | int | Fraction) -> _Product:
        """The product with further factors; numbers are multiplied."""
        number, texts, under = self.number, self.factors, self.under
        for factor in factors:
            one = factor
            if isinstance(one, Expression):
                one = _factored(one)
            elif not isinstance(one, _Product):
                one = _Product(Fraction(one)) if isinstance(one, int | Fraction) else _Product(factors=(one,))
            number, texts, under = number * one.number, texts + one.factors, under + one.under
        return _Product(number, texts, under)

    def over(self, *under: Expression | str | int) -> _Product:
        """The product over further factors."""
        below = _Product().times(*under)
        return _Product(self.number / below.number, self.factors + below.under, self.under + below.factors)

    def __str__(self) -> str:
        """A space between factors; a factor that stands several times is a power."""
        if not self.number:
            return "0"
        over, below = self.number.numerator, self.number.denominator
        above, divisors = (
            Counter(_bracketed(one) for one in part if one) for part in (self.factors, self.under)
        )
        common = above & divisors
        head = [str(abs(over))] if abs(over) != 1 else []
        text = " ".join(head + _powers((above - common).elements())) or "1"
        under = ([str(below)] if below != 1 else []) + _powers((divisors - common).elements())
        return "-" * (over < 0) + (f"{text}/{_atom(' '.join(under))}" if under else text)


def _factored(expression: Expression) -> _Product:
    """An expression as a product: simple numbers apart, everything that is no product as a factor."""
    if not expression.names:
        value = float(expression.evaluate({}))
        near = Fraction(value).limit_denominator(10_000) if math.isfinite(value) else Fraction(0)
        return _Product(near) if float(near) == value else _Product(factors=(_marked(expression),))
    node = ast.parse(expression.text.replace("^", "**"), mode="eval").body

    def part(one: ast.expr) -> _Product:
        return _factored(Expression(ast.unparse(one)))

    if isinstance(node, ast.UnaryOp):
        return part(node.operand).times(-1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return part(node.left).times(part(node.right))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        above, below = part(node.left), part(node.right)
        return _Product(above.number / below.number, above.factors + below.under, above.under + below.factors)
    return _Product(factors=(_marked(expression),))


def _nothing(expression: Expression) -> bool:
    """Whether an expression is 0 whatever the parameters are."""
    return not _factored(expression).number


def _bracketed(text: str) -> str:
    """A text that can be multiplied: a sum gets brackets."""
    depth = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and sign in "+-":
            return f"({text})"
    return text


def _atom(text: str) -> str:
    """A text under a fraction: what is no single name gets brackets."""
    return text if re.fullmatch(r"[\w^]+|\([^()]*\)", text) else f"({text})"


def _sum(terms: Iterable[object]) -> str:
    """Terms with the signs between them; 0 of none."""
    texts = [text for text in map(str, terms) if text != "0"]
    return " + ".join(texts).replace("+ -", "- ") or "0"


def _powers(names: Iterable[str]) -> list[str]:
    """Factors, each with its power."""
    return [name if n == 1 else f"{name}^{n}" for name, n in Counter(names).items()]


# -- a model ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Writer:
    model: Model
    made: Structure
    at: Mapping[str, int]

    @cached_property
    def couplings(self) -> list[_Powers]:
        """The layers of each term of the covariance."""
        return [self.powers(one.layers, self.model.layer_index) for one in self.model.couplings]

    @cached_property
    def energies(self) -> list[_Powers]:
        """The patterns of each term of their energy."""
        return [self.powers(one.patterns, self.model.pattern_index) for one in self.model.energies]

    def powers(self, entries: Iterable[str], index: Mapping[str, int]) -> _Powers:
        """The members of a product, with powers that are letters where their values are not known."""
        found: dict[int, _Degree] = {}
        for entry in entries:
            name, power = raised(entry)
            known = self.at.get(power, int(power) if power.isdecimal() else None)
            degree = _Degree(names=(_marked(power),)) if known is None else _Degree(known)
            found[index[name]] = found.get(index[name], _Degree()) + degree
        return dict(sorted(found.items()))

    def equations(self) -> dict[str, str]:
        """Everything, in the order in which one reads it."""
        told = {name: _marked(f"{name} = {value}") for name, value in self.at.items()}
        told |= {name: _marked(f"{name} = {expression}") for name, expression in self.model.definitions}
        if self.model.temperature.text != "T":
            told["T"] = f"T = {_marked(self.model.temperature)}"
        told |= self.energy() | self.functional()
        for s in self.made.layers:
            told |= self.layer(s)
        return told | self.replicon()

    # -- names -----------------------------------------------------------------------------------------

    def tail(self, s: int) -> str:
        """What stands behind the letter of everything that belongs to a layer."""
        return self.made.overlaps[s][1:]

    def sizes(self, members: Iterable[int]) -> list[Expression]:
        return [self.model.layers[s].size for s in members]

    def weights(self, members: Iterable[int]) -> list[Expression | str]:
        """Size of the layer, and norm of the law, of each pattern."""
        found: list[Expression | str] = []
        for k in members:
            pattern = self.model.patterns[k]
            found += [self.model.layers[self.model.layer_index[pattern.layer]].size, *_norm(pattern)]
        return found

    def names(self, kind: Sequence[str], product: _Powers) -> list[str]:
        return [one for s, degree in product.items() for one in degree.of(kind[s])]

    # -- parts -----------------------------------------------------------------------------------------

    def energy(self) -> dict[str, str]:
        """The energy, its couplings and its patterns."""
        terms, told = [], {}
        many = len(self.couplings) > 1
        for number, (one, layers) in enumerate(zip(self.model.couplings, self.couplings, strict=True)):
            whole = _total(layers).within(len(INDICES))
            each = [s for s, n in layers.items() for _ in range(len(INDICES) if n.names else n.number)]
            indices = INDICES[: len(each)] if whole else INDICES[:3]
            letter = f"J{number + 1}" if many else "J"
            units = " ".join(f"s{self.tail(s)}_{i}" for s, i in zip(each, indices, strict=False))
            terms.append(f"-sum_{indices} {letter}_{indices} {units}{' ...' * (not whole)}")
            told[letter] = f"{letter}_{indices} ~ N(0, {self.spread(one.variance, layers)})"
        if self.model.energies:
            terms.append("-N g")
            told["g"] = f"g = {self.bias(0)}"
            for k, pattern in enumerate(self.model.patterns):
                s = self.model.layer_index[pattern.layer]
                overlap = _Product().times("sum_i", f"w{self.which(k)}_i", f"s{self.tail(s)}_i")
                told[f"overlap {pattern.name}"] = (
                    f"{_marked(pattern.name)} = {overlap.over(*self.weights([k]), 'N')}"
                )
        for s, layer in enumerate(self.model.layers):
            potential = _potential(layer)
            if potential:
                terms.append(f"sum_i U{self.tail(s)}(s{self.tail(s)}_i)")
                told[f"U{self.tail(s)}"] = f"U{self.tail(s)}(s) = {potential}"
        return {"H": f"H = {_sum(terms)}"} | told

    def which(self, k: int) -> str:
        """The index of a pattern, where there are several."""
        return f"_{self.model.patterns[k].name}" if len(self.model.patterns) > 1 else ""

    def spread(self, variance: Expression, layers: _Powers) -> str:
        """Variance of one coupling, such that the covariance of the energy is N times the term of xi."""
        number = _Product()
        under: list[Expression | str] = [*(_total(layers) - 1).of("N")]
        for s, n in layers.items():
            number = number.times(f"{_atom(str(n))}!" if n.names else math.factorial(n.number))
            size = self.model.layers[s].size
            if not n.names:
                under += [size] * (n.number - 1)
            elif _factored(size) != _Product():
                under += (n - 1).of(_atom(_marked(size)))
        return str(number.times(variance).over(*under))

    def bias(self, less: int) -> str:
        """The energy of the patterns; with `less`, each term times its power minus that."""
        terms = []
        for one, members in zip(self.model.energies, self.energies, strict=True):
            names = self.names([_marked(pattern.name) for pattern in self.model.patterns], members)
            head = (_total(members) - less).factor if less else 1
            product = _Product().times(head, one.strength, *self.weights(members))
            if product.number:
                terms.append(product.times(*names))
        return _sum(terms)

    def divided(self, product: _Product, members: _Powers) -> _Product | None:
        """A product times [P(Q) - P(q)]/T, for P the product of the overlaps of some layers."""
        if not members:
            return None
        q, C = (self.names(kind, members) for kind in (self.made.overlaps, self.made.responses))
        if _total(members).within(1):
            return product.times(C[0])
        if _total(members).within(2):
            if q[0] == q[1]:
                return product.times(f"(2 {q[0]} {C[0]} + T {C[0]}^2)")
            return product.times(f"({q[0]} {C[1]} + {q[1]} {C[0]} + T {C[0]} {C[1]})")
        hot = self.names([f"Q{self.tail(s)}" for s in self.made.layers], members)
        return product.times(f"({' '.join(_powers(hot))} - {' '.join(_powers(q))})").over("T")

    def functional(self) -> dict[str, str]:
        """The free energy."""
        terms: list[object] = []
        for one, layers in zip(self.model.couplings, self.couplings, strict=True):
            more = _total(layers) - 1
            if more:
                product = _Product(Fraction(1, 2)).times(more.factor, one.variance, *self.sizes(layers))
                terms.append(self.divided(product, layers))
        if self.model.energies:
            terms.append(self.bias(1))
        terms.append(_factored(self.model.offset))
        for s in self.made.layers:
            size = self.model.layers[s].size
            terms.append(_Product(Fraction(-1)).times(size, "T", f"E[ln Z{self.tail(s)}]"))
        return {"f": f"f = {_sum(terms)}"}

    def layer(self, s: int) -> dict[str, str]:
        """Field, partition function and averages of a layer."""
        tail, layer = self.tail(s), self.model.layers[s]
        a, b, v, told = f"a{tail}", f"b{tail}", f"v{tail}", {}
        fields, slopes = [], []
        for one, layers in zip(self.model.couplings, self.couplings, strict=True):
            if s not in layers:
                continue
            left, others = _less(layers, s), [t for t in layers if t != s]
            product = _Product().times(layers[s].factor, one.variance, *self.sizes(others))
            fields.append(product.times(*self.names(self.made.overlaps, left)))
            slope = self.divided(product, left)
            slopes += [slope] if slope else []
        pulls = [_Product().times(*self.factor(self.pull(k)), f"w{self.which(k)}") for k in self.made.on[s]]
        noise = [f"sqrt({v}) z"] if fields else []
        told[f"ln Z{tail}"] = f"ln Z{tail} = {_partition(layer, b, a if slopes else '', tail)}"
        told[b] = f"{b} = {_sum([*pulls, *noise])}"
        if fields:
            told[v] = f"{v} = {_sum(fields)}"
        if slopes:
            told[a] = f"{a} = {_sum(slopes)}"
        mean = f"s{tail}"
        told[mean] = f"<{mean}> = {_mean(layer, b, a if slopes else '', tail)}"
        for k in self.made.on[s]:
            name, norm = self.model.patterns[k].name, _norm(self.model.patterns[k])
            average = _Product(factors=(f"E[w{self.which(k)} <{mean}>]",))
            told[name] = f"{_marked(name)} = {average.over(*norm)}"
            told[f"w{self.which(k)}"] = _entries(self.model.patterns[k], f"w{self.which(k)}")
        q, C, rigid = self.made.overlaps[s], self.made.responses[s], s in self.made.rigid
        told[q] = f"{q} = 1 - T {C}" if rigid else f"{q} = E[<{mean}>^2]"
        told[C] = f"{C} = E[{self.variance(s)}]/T"
        return told

    def variance(self, s: int) -> str:
        """The thermal variance of a unit."""
        mean = f"s{self.tail(s)}"
        return f"1 - <{mean}>^2" if s in self.made.rigid else f"<{mean}^2> - <{mean}>^2"

    def pull(self, k: int) -> list[_Product]:
        """The field along a pattern: the slope of g by its overlap, without its own size and norm."""
        names = [_marked(pattern.name) for pattern in self.model.patterns]
        return [
            _Product().times(
                members[k].factor,
                one.strength,
                *self.weights(j for j in members if j != k),
                *self.names(names, _less(members, k)),
            )
            for one, members in zip(self.model.energies, self.energies, strict=True)
            if k in members
        ]

    @staticmethod
    def factor(terms: Sequence[_Product]) -> list[_Product | str]:
        """A sum as a factor of a product."""
        return [terms[0]] if len(terms) == 1 else [f"({_sum(terms)})"]

    def replicon(self) -> dict[str, str]:
        """What decides whether replica symmetry is stable."""
        coupled = _coupled(self.made)
        if not coupled:
            return {}
        entries = {(s, t): self.entry(s, t) for s in coupled for t in coupled if s <= t}
        chi = {s: f"chi{self.tail(s)}" for s in coupled}
        told = {}
        if len(coupled) == 1:
            (s,) = coupled
            product = _Product().times(*self.factor(entries[s, s]), chi[s])
            told["rho"] = f"rho = {product}; replicon = 1 - rho"
        elif len(coupled) == 2 and self.made.colours and len(entries[tuple(coupled)]) == 1:  # type: ignore[index]
            s, t = coupled
            entry = entries[s, t][0]
            product = entry.times(entry, *self.sizes([s, t]), chi[s], chi[t])
            told["rho"] = f"rho = {product}; replicon = 1 - rho"
        else:
            for (s, t), terms in entries.items():
                if not terms:
                    continue
                inside = _Product().times(*(self.sizes([s, t]) if s != t else []), chi[s], chi[t])
                root = f"sqrt({inside})" if s != t else chi[s]
                name = f"M_{self.model.layers[s].name}_{self.model.layers[t].name}"
                told[name] = f"{name} = {_Product().times(*self.factor(terms), root)}"
            power = "M^2" if self.made.colours else "M"
            told["rho"] = f"rho = largest eigenvalue of {power}; replicon = 1 - rho"
        for s in coupled:
            told[chi[s]] = f"{chi[s]} = E[({self.variance(s)})^2]/T^2"
        return told

    def entry(self, s: int, t: int) -> list[_Product]:
        """The second derivative of xi by the overlaps of two layers, without the sizes of these."""
        found = []
        for one, layers in zip(self.model.couplings, self.couplings, strict=True):
            once = _less(layers, s)
            if s not in layers or t not in once:
                continue
            others = self.sizes(u for u in layers if u not in (s, t))
            product = _Product().times(layers[s].factor, once[t].factor, one.variance, *others)
            found.append(product.times(*self.names(self.made.overlaps, _less(once, t))))
        return found


# -- units and laws in words -----------------------------------------------------------------------------


def _settings(layer: Layer) -> Mapping[str, Expression] | None:
    """The parameters of a unit that has a name; None of another."""
    kind = UNITS.get(layer.unit) if isinstance(layer.unit, str) else type(layer.unit)
    if not isinstance(layer.unit, str):
        if kind not in UNITS.values():
            return None
        return {name: Expression.parse(value) for name, value in layer.unit.parameters.items()}
    defaults = {
        field.name: Expression.parse(field.default)
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if isinstance(field.default, int | float)
    }
    return defaults | {key: one for key, one in layer.settings if isinstance(one, Expression)}


def _kind(layer: Layer) -> str:
    return layer.unit if isinstance(layer.unit, str) else layer.unit.name


def _potential(layer: Layer) -> str:
    """The potential with its numbers; empty where it is 0."""
    settings, kind = _settings(layer), _kind(layer)
    if settings is None or kind not in ("spin", "bernoulli", "gaussian", "relu"):
        return f"potential of the unit {layer.unit}"
    terms = []
    if "gamma" in settings:
        terms.append(_Product(Fraction(1, 2)).times(settings["gamma"], "s^2"))
    if "theta" in settings:
        terms.append(_Product().times(settings["theta"], "s"))
    if "g" in settings:
        terms.append(_Product(Fraction(-1)).times(settings["g"], "s"))
    total = _sum(terms)
    return "" if total == "0" else total + ", s >= 0" * (kind == "relu")


def _field(layer: Layer, b: str, a: str) -> tuple[str, str]:
    """What drives a unit, and what confines it: b + g (and a/2 of bits), gamma - a."""
    settings = _settings(layer) or {}
    drive = _sum([b, *(_factored(one) for key, one in settings.items() if key == "g")])
    if _kind(layer) == "bernoulli" and a:
        drive += f" + {a}/2"
    stiff = str(_factored(settings["gamma"])) if "gamma" in settings else "0"
    return drive, f"{stiff} - {a}" if a else stiff


def _partition(layer: Layer, b: str, a: str, tail: str) -> str:
    """The logarithm of the partition function of a unit."""
    kind, known = _kind(layer), _settings(layer) is not None
    drive, stiff = _field(layer, b, a)
    if known and kind == "spin":
        return f"ln 2cosh({_bracketed(drive)}/T)" + f" + {a}/(2 T)" * bool(a)
    if known and kind == "bernoulli":
        return f"ln[1 + exp({_bracketed(drive)}/T)]"
    if known and kind == "gaussian":
        square = _Product(factors=(drive, drive)).over(2, "T", stiff)
        volume = f"- ln({stiff})/2" if layer.normalised else f"+ ln[2 pi T/{_atom(stiff)}]/2"
        return f"{square} {volume}" if stiff != "1" or not layer.normalised else str(square)
    return f"ln {_integral(layer, b, a, tail)}"


def _integral(layer: Layer, b: str, a: str, tail: str, what: str = "") -> str:
    """The sum, or the integral, over the states of a unit."""
    unit = layer.unit if isinstance(layer.unit, Unit) else UNITS[layer.unit]
    sign = "sum_s" if isinstance(unit.values, tuple) and unit.values else "int_s"
    quadratic = f" - {a} s^2/2" if a else ""
    return f"{sign} {what}exp{{-[U{tail}(s){quadratic} - {b} s]/T}}"


def _mean(layer: Layer, b: str, a: str, tail: str) -> str:
    """The mean of a unit in a field."""
    kind, known = _kind(layer), _settings(layer) is not None
    drive, stiff = _field(layer, b, a)
    if known and kind == "spin":
        return f"tanh({_bracketed(drive)}/T)"
    if known and kind == "bernoulli":
        return f"1/[1 + exp(-{_bracketed(drive)}/T)]"
    if known and kind == "gaussian":
        return drive if stiff == "1" else f"{_bracketed(drive)}/{_atom(stiff)}"
    return f"{_integral(layer, b, a, tail, 's ')}/Z{tail}"


def _norm(pattern: Pattern) -> list[Expression | str]:
    """What an overlap is divided by, as factors."""
    given = dict(pattern.settings)
    return [one for key in NORMS.get(pattern.law, ()) if isinstance(one := given.get(key), Expression)]


def _entries(pattern: Pattern, w: str) -> str:
    """The law of the entries of a pattern."""
    given = {key: _marked(value) for key, value in pattern.settings if isinstance(value, Expression)}
    text = ENTRIES.get(pattern.law)
    if text is None:
        return f"{w} ~ {pattern.law}"
    words = re.sub(r"\{(\w+)\}", lambda found: _bracketed(given.get(found[1], "1")), text)
    scale = given.get("scale")
    return f"{w} {words}" + (f", all over {scale}" if scale else "")
