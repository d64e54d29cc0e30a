"""A fully connected model as its ingredients: parameters, layers, couplings, patterns, energies.

Data without numerics: frozen, hashable, checked where it is made. `theory_of` makes a theory of it; a model
file is read into it. Numbers are expressions in the parameters.
"""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.functional.expressions import LARGEST_POWER, RESERVED, Expression
from replica.functional.laws import settings
from replica.theory.base import Theory
from replica.theory.boundaries import Boundary, Critical
from replica.theory.parameters import Parameter
from replica.units import UNITS, Unit

__all__ = ["Coupling", "Energy", "Family", "Layer", "Model", "Pattern", "raised", "repeated"]

Setting = Expression | tuple[Expression, ...]
"""An expression; or several, for the values of a unit and the table of a law."""
Settings = tuple[tuple[str, Setting], ...]
"""Settings of a unit or of a law: pairs of a name and what is set."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_GREEK = re.compile(
    "(?i:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega)"
)
_Part = TypeVar("_Part")


def _settings(given: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Settings:
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple(
        (
            name,
            tuple(map(Expression.parse, value))
            if isinstance(value, list | tuple)
            else Expression.parse(value),
        )
        for name, value in pairs
    )


@dataclass(frozen=True)
class Layer:
    """N times `size` units of one kind.

    Attributes
    ----------
    name : str
    unit : str or Unit
        A name of `replica.units.UNITS`, or a unit made in Python.
    settings : mapping of str to expression
        Parameters of a unit that is given by its name.
    size : expression
        Units of this layer per N; 1 by default.
    normalised : bool
        Whether the measure of a Gaussian layer integrates to 1: adds (size/2) T ln(2 pi T) to f.

    Examples
    --------
    >>> Layer("hidden", "relu", {"theta": "t/2"}, size="alpha").size
    Expression(text='alpha')
    """

    name: str
    unit: str | Unit = "spin"
    settings: Settings = ()
    size: Expression = 1  # type: ignore[assignment]
    normalised: bool = False

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(
            self,
            name: str,
            unit: str | Unit = "spin",
            settings: Mapping[str, Any] | Settings = (),
            size: Expression | str | float = 1,
            normalised: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        """Read the expressions; refuse a unit or a setting that does not exist."""
        _check_name("layer", self.name)
        _set(self, settings=_settings(self.settings), size=Expression.parse(self.size))
        if isinstance(self.unit, Unit):
            if self.settings:
                msg = f"layer {self.name}: the unit {self.unit} has its numbers; give no settings besides"
                raise ParameterError(msg)
            if self.unit.shape:
                msg = f"layer {self.name}: a unit with single numbers is needed, not a batch of units"
                raise ParameterError(msg)
            return
        _check_known("unit", str(self.unit), UNITS)
        known = [field.name for field in dataclasses.fields(UNITS[self.unit])]  # type: ignore[arg-type]
        for name, _ in self.settings:
            _check_known(f"setting of the unit {self.unit}", name, known)
        # what a unit cannot do without is asked for now, not at the first number
        kind, given = UNITS[self.unit], dict(self.settings)
        needed = [
            field.name
            for field in dataclasses.fields(kind)  # type: ignore[arg-type]
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        ]
        missing = [name for name in needed if name not in given]
        if missing:
            msg = f"layer {self.name}: the unit {self.unit} needs {', '.join(missing)}"
            raise ParameterError(msg)


@dataclass(frozen=True)
class Coupling:
    """Gaussian couplings between layers, a layer repeated for each power of its overlap.

    The covariance of the energy gets the term variance x (sizes of the distinct layers) x (overlaps):
    ``Coupling(("spins", "spins"), "1/2")`` is R^2/2, the Sherrington-Kirkpatrick model. A power may be
    written as one, and may be a parameter that takes whole numbers from 2 on: ``Coupling("spins^p", "1/2")``.

    Examples
    --------
    >>> Coupling(("visible", "hidden")).variance
    Expression(text='1')
    >>> Coupling("spins^3").layers
    ('spins', 'spins', 'spins')
    """

    layers: tuple[str, ...]
    variance: Expression = 1  # type: ignore[assignment]

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(self, layers: str | Iterable[str], variance: Expression | str | float = 1) -> None: ...

    def __post_init__(self) -> None:
        """Read the expression."""
        _set(
            self, layers=_texts("a coupling", "layers", self.layers), variance=Expression.parse(self.variance)
        )


@dataclass(frozen=True)
class Pattern:
    """A direction w on a layer: its order parameter is m = E[w <s>]/norm, in the norm of the law of w.

    Examples
    --------
    >>> Pattern("m", "neurons", "two-point", {"a": "a"}).law
    'two-point'
    """

    name: str
    layer: str
    law: str = "sign"
    settings: Settings = ()

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(
            self, name: str, layer: str, law: str = "sign", settings: Mapping[str, Any] | Settings = ()
        ) -> None: ...

    def __post_init__(self) -> None:
        """Read the expressions; refuse a law or a setting that does not exist."""
        _check_name("pattern", self.name)
        _set(self, settings=_settings(self.settings))
        known, given = settings(self.law), dict(self.settings)
        for name in given:
            _check_known(f"setting of the law {self.law}", name, known)
        missing = [name for name, needed in known.items() if needed and name not in given]
        if missing:
            msg = f"pattern {self.name}: the law {self.law} needs {', '.join(missing)}"
            raise ParameterError(msg)


@dataclass(frozen=True)
class Energy:
    """An energy -N g of patterns, a pattern repeated for each power of its order parameter.

    g gets the term strength x (size of the layer and norm of the law of each distinct pattern) x (product of
    order parameters): ``Energy(("m", "m"))`` is m^2/2, one pattern of a Hopfield network. Powers are written
    as those of couplings are.

    Examples
    --------
    >>> Energy(("m", "m")).strength
    Expression(text='1/2')
    """

    patterns: tuple[str, ...]
    strength: Expression = "1/2"  # type: ignore[assignment]

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(
            self, patterns: str | Iterable[str], strength: Expression | str | float = "1/2"
        ) -> None: ...

    def __post_init__(self) -> None:
        """Read the expression."""
        patterns = _texts("an energy", "patterns", self.patterns)
        _set(self, patterns=patterns, strength=Expression.parse(self.strength))


@dataclass(frozen=True)
class Family:
    """A branch of one's own: where to start looking for it, by the names of the unknowns.

    What is left out of `start` is taken from the default start of the model's first branch.
    """

    name: str
    start: Settings
    text: str = ""

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(self, name: str, start: Mapping[str, Any] | Settings, text: str = "") -> None: ...

    def __post_init__(self) -> None:
        """Read the expressions."""
        _set(self, start=_settings(self.start))


@dataclass(frozen=True)
class Model:
    r"""A fully connected model: layers of units, Gaussian couplings between them, patterns in their energy.

    Lists and mappings are taken where tuples are kept; a number or a text where an `Expression` is.

    Attributes
    ----------
    name : str
    parameters : mapping of str to Parameter, number or text
        Control parameters. A number is a parameter with that default; a text is a definition, an expression
        in other parameters, and no parameter itself.
    layers, couplings, patterns, energies
        The ingredients, in the order in which the unknowns follow.
    temperature : expression
        The parameter T by default, which is declared where it is not.
    offset : expression
        Added to the free energy per N (the diagonal of the couplings of a Hopfield network).
    limit : str, optional
        The parameter that switches off the noise on the layers with patterns, at value 0: branches are
        followed from there. By default the first one that does (`quiet`).
    critical : (parameter, line), or Critical
        What `replica capacity` asks for; by default the limit's parameter at the line ``spinodal``.
    branches : tuple of Family
        Branches besides the default ones, or instead of those of the same name.
    lines : mapping of str to Boundary
        Lines besides the default ones, or instead of those of the same name.
    text : str
        One line for people.
    definitions : tuple of (str, Expression)
        The texts among `parameters`.

    Raises
    ------
    ParameterError, UnknownNameError
        For whatever does not fit together, one sentence each.

    Examples
    --------
    >>> hopfield = Model(
    ...     "my-hopfield",
    ...     parameters={"alpha": Parameter("load", r"\alpha", lower=0.0, required=True), "T": 0.0},
    ...     layers=[Layer("neurons"), Layer("hidden", "gaussian", size="alpha", normalised=True)],
    ...     couplings=[Coupling(("neurons", "hidden"))],
    ...     patterns=[Pattern("m", "neurons")],
    ...     energies=[Energy(("m", "m"))],
    ...     offset="alpha/2",
    ... )
    >>> hopfield.quiet
    ('alpha',)
    >>> Model("lost", layers=[Layer("spins")], couplings=[Coupling("spins spin")])
    Traceback (most recent call last):
    replica.errors.UnknownNameError: unknown layer of a coupling of lost 'spin'; did you mean ...
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    layers: tuple[Layer, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    energies: tuple[Energy, ...] = ()
    temperature: Expression = "T"  # type: ignore[assignment]
    offset: Expression = 0  # type: ignore[assignment]
    limit: str | None = None
    critical: Critical | None = None
    branches: tuple[Family, ...] = ()
    lines: tuple[tuple[str, Boundary], ...] = ()
    text: str = ""
    definitions: tuple[tuple[str, Expression], ...] = ()

    if TYPE_CHECKING:  # what is read into the fields

        def __init__(
            self,
            name: str,
            parameters: Mapping[str, Any] | Iterable[Parameter] = (),
            layers: Iterable[Layer] = (),
            couplings: Iterable[Coupling] = (),
            patterns: Iterable[Pattern] = (),
            energies: Iterable[Energy] = (),
            temperature: Expression | str | float = "T",
            offset: Expression | str | float = 0,
            limit: str | None = None,
            critical: Critical | tuple[str, str] | None = None,
            branches: Iterable[Family] = (),
            lines: Mapping[str, Boundary] | Iterable[tuple[str, Boundary]] = (),
            text: str = "",
            definitions: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        """Read the expressions, then check that all of it fits together."""
        if not (isinstance(self.name, str) and _MODEL_NAME.fullmatch(self.name)):
            msg = f"a model has a name of letters, digits and hyphens, such as my-network, not {self.name!r}"
            raise ParameterError(msg)
        parameters, definitions = _parameters(self.parameters)
        temperature = Expression.parse(self.temperature)
        if temperature.text == "T" and "T" not in [one.name for one in parameters] + [
            name for name, _ in definitions
        ]:
            parameters += _parameters({"T": 0.0})[0]
        _set(
            self,
            parameters=parameters,
            definitions=definitions + tuple(self.definitions),
            **{name: _parts(self.name, name, getattr(self, name), kind) for name, kind in _KINDS.items()},
            temperature=temperature,
            offset=Expression.parse(self.offset),
            lines=tuple(self.lines.items() if isinstance(self.lines, Mapping) else self.lines),
        )
        self._check_names()
        self._check_terms()
        self._check_expressions()
        self._check_numbers()
        if self.critical is not None and not isinstance(self.critical, Critical):
            name, line = self.critical
            _set(self, critical=Critical(name, line, f"{name}_c", f"{name} at the line {line}"))
        asked = None if self.critical is None else self.critical.parameter
        for name, what in ((self.limit, "limit"), (asked, "critical")):
            if name is not None:
                _check_known(f"parameter, given as {what} of {self.name},", name, self.names)

    # -- looking things up -----------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(one.name for one in self.parameters)

    @cached_property
    def layer_index(self) -> Mapping[str, int]:
        """The number of a layer, by its name."""
        return {layer.name: s for s, layer in enumerate(self.layers)}

    @cached_property
    def pattern_index(self) -> Mapping[str, int]:
        """The number of a pattern, by its name."""
        return {pattern.name: k for k, pattern in enumerate(self.patterns)}

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Patterns that share energy terms, as groups of their numbers: each is retrieved on its own."""
        groups: list[set[int]] = [{k} for k in range(len(self.patterns))]
        for energy in self.energies:
            members = {self.pattern_index[raised(entry)[0]] for entry in energy.patterns}
            touched = [group for group in groups if group & members]
            groups = [group for group in groups if not group & members] + [set().union(*touched)]
        return tuple(sorted(tuple(sorted(group)) for group in groups))

    @cached_property
    def quiet(self) -> tuple[str, ...]:
        """Parameters whose value 0 leaves no noise on the layers that bear patterns.

        The Gaussian noise of the couplings, and not the energies of the patterns; the temperature, where
        there are no couplings.
        """
        generic = {one.name: 0.37 + 0.011 * i for i, one in enumerate(self.parameters)}
        bearing = {pattern.layer for pattern in self.patterns}
        candidates = [
            one.name
            for one in self.parameters
            if one.lower <= 0 <= one.upper and not (one.open_lower and one.lower == 0)
        ]
        if not bearing & self._noisy(generic):
            return tuple(name for name in candidates if name == self.temperature.text and bearing)
        found = []
        for name in candidates:
            without = generic | {name: 0.0}
            pulled = [one.strength.evaluate(self.values(without)) != 0 for one in self.energies]
            if all(pulled) and not bearing & self._noisy(without):
                found.append(name)
        return tuple(found)

    @np.errstate(invalid="ignore")  # an infinite variance is refused where it is used
    def _noisy(self, given: Mapping[str, float]) -> set[str]:
        """The layers that feel the noise of some coupling at these parameters."""
        values, found = self.values(given), set()
        for coupling in self.couplings:
            members = {raised(entry)[0] for entry in coupling.layers}
            for name in members:
                amount = coupling.variance.evaluate(values)
                for other in members - {name}:
                    amount = amount * self.layers[self.layer_index[other]].size.evaluate(values)
                if amount != 0:
                    found.add(name)
        return found

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters and what is defined by them, all by name."""
        values = dict(given)
        for name, expression in self.definitions:
            values[name] = expression.evaluate(values)
        return values

    # -- checks ----------------------------------------------------------------------------------------

    def _check_names(self) -> None:
        for what, names in (
            ("parameters", [*self.names, *(name for name, _ in self.definitions)]),
            ("layers", [layer.name for layer in self.layers]),
            ("patterns", [pattern.name for pattern in self.patterns]),
            ("branches", [branch.name for branch in self.branches]),
            ("lines", [name for name, _ in self.lines]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                msg = f"{self.name}: two {what} are called {sorted(twice)[0]}; give each a name of its own"
                raise ParameterError(msg)
        if not self.layers:
            msg = f"{self.name}: a model has at least one layer, such as spins with the unit spin"
            raise ParameterError(msg)
        for name in [*self.names, *(name for name, _ in self.definitions)]:
            _check_name("parameter", name)
            if hasattr(Theory, name) or name in Theory.__annotations__ or name in RESERVED:
                msg = f"{self.name}: {name} means something else; choose another name for that parameter"
                raise ParameterError(msg)
        taken = set(self.names) & set(self.pattern_index)
        if taken:
            msg = f"{self.name}: {sorted(taken)[0]} is a parameter and a pattern; rename one of them"
            raise ParameterError(msg)

    def _check_expressions(self) -> None:
        ordered: list[tuple[str, Expression]] = []  # each after those that it needs
        known, waiting = set(self.names), dict(self.definitions)
        everything = [*self.names, *waiting]
        for where, expression in self.expressions:
            for name in sorted(expression.names):
                _check_known(f"parameter in {where} = {expression} of {self.name}", name, everything)
        while waiting:
            ready = [name for name, one in waiting.items() if one.names <= known]
            if not ready:
                circle = ", ".join(waiting)
                msg = f"{self.name}: {circle} are defined by each other in a circle; make one a number"
                raise ParameterError(msg)
            ordered += [(name, waiting.pop(name)) for name in ready]
            known |= set(ready)
        _set(self, definitions=tuple(ordered))

    @property
    def expressions(self) -> list[tuple[str, Expression]]:
        """Every expression of the model, and where it stands."""
        found: list[tuple[str, Setting]] = [("temperature", self.temperature), ("offset", self.offset)]
        found += self.definitions
        for layer in self.layers:
            mine = (("size", layer.size), *layer.settings)
            found += [(f"{key} of layer {layer.name}", one) for key, one in mine]
        for coupling in self.couplings:
            found.append((f"variance of the coupling {' - '.join(coupling.layers)}", coupling.variance))
        for pattern in self.patterns:
            found += [(f"{key} of pattern {pattern.name}", one) for key, one in pattern.settings]
        for energy in self.energies:
            found.append((f"strength of the energy {' '.join(energy.patterns)}", energy.strength))
        for branch in self.branches:
            found += [(f"{key} of branch {branch.name}", one) for key, one in branch.start]
        return [
            (where, one) for where, some in found for one in (some if isinstance(some, tuple) else (some,))
        ]

    def _check_terms(self) -> None:
        for coupling in self.couplings:
            for name, power in map(raised, coupling.layers):
                _check_known(f"layer of a coupling of {self.name}", name, self.layer_index)
                self._check_power(power)
        for pattern in self.patterns:
            _check_known(f"layer of the pattern {pattern.name}", pattern.layer, self.layer_index)
        for energy in self.energies:
            if not self.patterns:
                msg = f"{self.name}: an energy of {', '.join(energy.patterns)}, but there are no patterns"
                raise ParameterError(msg)
            for name, power in map(raised, energy.patterns):
                _check_known(f"pattern of an energy of {self.name}", name, self.pattern_index)
                self._check_power(power)
        self._check_spheres()
        felt = {raised(entry)[0] for energy in self.energies for entry in energy.patterns}
        for pattern in self.patterns:
            if pattern.name not in felt:
                msg = (
                    f"{self.name}: the pattern {pattern.name} stands in no energy, so nothing feels it; "
                    f"add the energy {pattern.name} {pattern.name}, or leave the pattern out"
                )
                raise ParameterError(msg)

    @cached_property
    def powers(self) -> Mapping[str, int]:
        """The parameters that are powers, and the lowest value of each."""
        entries = [entry for one in self.couplings for entry in one.layers]
        entries += [entry for one in self.energies for entry in one.patterns]
        named = {power for _, power in map(raised, entries) if not power.isdecimal()}
        return {one.name: int(one.lower) for one in self.parameters if one.name in named}

    def _check_power(self, power: str) -> None:
        """A power that is no number is a parameter whose values leave unchanged who feels whom."""
        if power.isdecimal():
            return
        _check_known(f"parameter, given as a power in {self.name},", power, self.names)
        about = next(one for one in self.parameters if one.name == power)
        if not (about.integer and about.lower >= 2 and about.upper <= LARGEST_POWER):
            msg = (
                f"{self.name}: {power} is a power, and so a parameter of whole numbers, integer = true, "
                f"lower >= 2, upper <= {LARGEST_POWER}"
            )
            raise ParameterError(msg)

    def _check_spheres(self) -> None:
        """A spherical layer answers as a whole: every node of the laws on it must have the same E[b^2]."""
        for layer in self.layers:
            if layer.unit != "spherical" and getattr(layer.unit, "name", None) != "spherical":
                continue
            laws = [pattern.law for pattern in self.patterns if pattern.layer == layer.name]
            if laws not in ([], ["sign"], ["one"]) and not set(laws) <= {"gaussian"}:
                msg = (
                    f"{self.name}: the layer {layer.name} is spherical and feels second moments only: "
                    f"give it gaussian patterns, or one of the law sign or one, not {', '.join(laws)}"
                )
                raise ParameterError(msg)
            if layer.normalised:
                msg = f"{self.name}: the layer {layer.name} is spherical, and has no measure to be normalised"
                raise ParameterError(msg)

    def _check_numbers(self) -> None:
        """What can be refused before any parameter is known: constants of the wrong sign."""
        for where, expression in self.expressions:
            kind = where.split(" ", 1)[0]
            if (
                kind in ("variance", "size")
                and not expression.names
                and not 0 <= expression.evaluate({}) < np.inf
            ):
                raise ParameterError(negative(self.name, where, expression.evaluate({})))


def negative(model: str, where: str, value: Any) -> str:
    """The sentence for a number that must not be negative, and is."""
    why = {
        "variance": "there are no couplings of such a variance, so the energy has no such covariance",
        "size": "no layer is smaller than an empty one",
    }.get(where.split(" ", 1)[0], "")
    if not value < 0:
        return f"{model}: the {where} is {float(value):g}, and must be a finite number"
    return f"{model}: the {where} is {float(value):g}, and must be >= 0{why and ': '}{why}"


_KINDS: dict[str, type[Any]] = {
    "layers": Layer,
    "couplings": Coupling,
    "patterns": Pattern,
    "energies": Energy,
    "branches": Family,
}


def _set(what: object, **fields: Any) -> None:
    """Give a frozen object what was read from what it was given."""
    for name, value in fields.items():
        object.__setattr__(what, name, value)


def _texts(who: str, what: str, given: Iterable[str]) -> tuple[str, ...]:
    """The members of a product, repeated for powers that are numbers: ``A^3`` is A A A."""
    names = tuple(given.split()) if isinstance(given, str) else tuple(given)
    if not names or not all(isinstance(name, str) for name in names):
        msg = f"{who} names its {what}, such as {what}=(A, A), not {given!r}"
        raise ParameterError(msg)
    members: list[str] = []
    for entry in names:
        name, power = raised(entry)
        if not (1 <= int(power) <= LARGEST_POWER if power.isdecimal() else power.isidentifier()):
            msg = f"{who}: the power of {entry} is a whole number from 1 to {LARGEST_POWER}, or a parameter"
            raise ParameterError(msg)
        members += [name] * int(power) if power.isdecimal() else [entry]
    return tuple(members)


def raised(entry: str) -> tuple[str, str]:
    """A member of a product, and its power.

    Examples
    --------
    >>> raised("spins^p"), raised("spins")
    (('spins', 'p'), ('spins', '1'))
    """
    name, _, power = entry.partition("^")
    return name.strip(), power.strip() or "1"


def repeated(entries: Iterable[str], powers: Mapping[str, int]) -> tuple[str, ...]:
    """The members of a product, each as often as its power says, where that of parameters is known.

    Examples
    --------
    >>> repeated(("spins^p", "field"), {"p": 3})
    ('spins', 'spins', 'spins', 'field')
    """
    found: list[str] = []
    for entry in entries:
        name, power = raised(entry)
        found += [name] * (powers[power] if power in powers else int(power))
    return tuple(found)


def _parts(model: str, what: str, given: Iterable[_Part], kind: type[_Part]) -> tuple[_Part, ...]:
    parts = tuple(given)
    for part in parts:
        if not isinstance(part, kind):
            msg = f"{model}: {what} are made by {kind.__name__}(...), not {part!r}"
            raise ParameterError(msg)
    return parts


def _check_known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UnknownNameError(what, name, known)


def _check_name(what: str, name: object) -> None:
    if not (isinstance(name, str) and _NAME.fullmatch(name)) or keyword.iskeyword(name):
        msg = f"a {what} has a name of letters, digits and _, beginning with a letter, not {name!r}"
        raise ParameterError(msg)


def _parameters(given: Any) -> tuple[tuple[Parameter, ...], tuple[tuple[str, Expression], ...]]:
    """Control parameters with their names; and definitions, which are texts."""
    if not isinstance(given, Mapping):
        given = {getattr(one, "name", one): one for one in given}
    parameters, definitions = [], []
    for name, about in given.items():
        if isinstance(about, dataclasses.Field):  # by `parameter(...)`, as a theory declares it
            about = about.metadata["parameter"]
        if isinstance(about, Parameter):
            parameters.append(dataclasses.replace(about, name=name))
        elif isinstance(about, str | Expression):
            definitions.append((name, Expression.parse(about)))
        elif isinstance(about, int | float) and not isinstance(about, bool):
            lower = 0.0 if name == "T" else -float("inf")
            text = "temperature" if name == "T" else name
            symbol = "\\" + name if _GREEK.fullmatch(name) else name
            made = Parameter(text, symbol, name, lower=lower, default=float(about))
            made.check(name, about)
            parameters.append(made)
        else:
            msg = f"the parameter {name} is a number, a text that defines it, or a Parameter, not {about!r}"
            raise ParameterError(msg)
    return tuple(parameters), tuple(definitions)
