r"""Model files: a model in TOML, read, never run; and written.

    [model]        name, text, limit, critical = [PARAMETER, LINE], temperature, offset
    [parameters]   NAME = number, or "expression", or {text, symbol, lower, upper, default, typical, ...}
    [layers]       NAME = {unit, size, normalised, and what the unit has}
    [[couplings]]  layers = [NAME, NAME, ...], variance
    [patterns]     NAME = {layer, law, and what the law has}
    [[energy]]     patterns = [NAME, ...], strength
    [branches]     NAME = {text, start = {m = 1}}
    [lines]        NAME = {fold = BRANCH}, {fold = BRANCH, over = PARAMETER} (at the best one),
                   {coexistence = [BRANCH, BRANCH]} or {zero = TEST, branch = BRANCH}

Every number may be an expression in the parameters. `template` is a file to begin with.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from replica.errors import ParameterError, UnknownNameError, cleaned
from replica.functional.expressions import Expression
from replica.functional.laws import LAWS, settings
from replica.functional.model import Coupling, Energy, Family, Layer, Model, Pattern
from replica.theory.boundaries import Boundary, Coexistence, Fold, Optimum, Phase, Zero
from replica.theory.parameters import Parameter
from replica.units import UNITS, Unit

__all__ = ["parse", "read", "template", "write"]

LARGEST = 1 << 20
"""Bytes of a model file: one that is larger is something else."""

SECTIONS = ("model", "parameters", "layers", "couplings", "patterns", "energy", "branches", "lines")
_PARAMETER = (
    *("text", "symbol", "unit", "lower", "upper", "open_lower", "open_upper"),
    *("default", "typical", "integer"),
)
_BOUNDARIES = {
    "fold": ("fold", "over"),
    "coexistence": ("coexistence",),
    "zero": ("zero", "branch", "kind", "text"),
}
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def read(path: str | os.PathLike[str]) -> Model:
    """Read a model file.

    Parameters
    ----------
    path : path
        A file of TOML; without a name of its own the model is called like the file.

    Returns
    -------
    Model

    Raises
    ------
    ParameterError
        If it cannot be read, is no TOML (line and column are told), or describes no model.
    UnknownNameError
        For a name that means nothing where it stands; the nearest one is suggested.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "network.toml")
    ...     _ = file.write_text(template())
    ...     model = read(file)
    >>> model.name, model.names, [layer.name for layer in model.layers]
    ('network', ('alpha', 'T'), ['neurons', 'hidden'])
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            message = f"{path} has more than {LARGEST >> 20} MiB and is no model file"
            raise ParameterError(message)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path} is no model file: it is not a text in UTF-8"
        raise ParameterError(message) from error
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ParameterError(message) from error
    return parse(text, str(path))


def parse(text: str, source: str = "the model file") -> Model:
    r"""Read a model from the text of a file; see `read`.

    Parameters
    ----------
    text : str
    source : str
        Where it comes from, for messages.

    Examples
    --------
    >>> parse('''
    ... [model]
    ... name = "sk"
    ... [layers]
    ... spins = {unit = "spin"}
    ... [[couplings]]
    ... layers = ["spins", "spin"]
    ... variance = "1/2"
    ... ''')
    Traceback (most recent call last):
    replica.errors.UnknownNameError: unknown layer of a coupling of sk in ...: 'spin'; did you mean 'spins'...
    >>> parse("[model\n")
    Traceback (most recent call last):
    replica.errors.ParameterError: the model file is no TOML: expected ']' ... (at line 1, column 7)
    """
    try:
        data = cleaned(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        message = f"{source} is no TOML: {words[:1].lower()}{words[1:]}"
        raise ParameterError(message) from error
    except RecursionError as error:
        message = f"{source} is no model file: too many brackets inside one another"
        raise ParameterError(message) from error
    return _Reader(source, text, data).model()


@dataclass(frozen=True)
class _Reader:
    """What stands in a file, and where; every problem is told with its place."""

    source: str
    text: str
    data: Mapping[str, Any]

    def model(self) -> Model:
        """The model; what fits nowhere is refused before what is missing."""
        self.check("", self.data, SECTIONS)
        head = self.section("model")
        self.check("model", head, ("name", "text", "limit", "critical", "temperature", "offset"))
        head["name"] = self.name
        for key in ("name", "text", "limit"):
            with self.at("model", key):
                self.kind(key, head.get(key, ""), str, "a text in quotes")
        if "critical" in head:
            with self.at("model", "critical"):
                head["critical"] = _pair(
                    head["critical"], "[PARAMETER, LINE], such as [alpha, spinodal]", str
                )
        with self.at("model"):
            return Model(
                parameters=dict(self.each("parameters", self.parameter)),
                layers=tuple(one for _, one in self.each("layers", self.layer)),
                couplings=tuple(self.listed("couplings", Coupling, "layers", "variance")),
                patterns=tuple(one for _, one in self.each("patterns", self.pattern)),
                energies=tuple(self.listed("energy", Energy, "patterns", "strength")),
                branches=tuple(one for _, one in self.each("branches", self.branch)),
                lines=dict(self.each("lines", self.line)),
                **head,
            )

    @property
    def name(self) -> Any:
        """The name of the model: its own, or that of the file."""
        head = self.data.get("model")
        stem = Path(self.source).stem if self.source.endswith(".toml") else "model"
        return head.get("name", stem) if isinstance(head, Mapping) else stem

    # -- parts ---------------------------------------------------------------------------------------------

    def parameter(self, name: str, given: Any) -> Any:
        """A number, a definition, or a `Parameter`."""
        if not isinstance(given, Mapping):
            return given
        self.check(f"parameters.{name}", given, _PARAMETER)
        about = dict(given)
        about.setdefault("symbol", _symbol(name))
        for key in ("text", "symbol", "unit"):
            self.kind(key, about.get(key, ""), str, "a text in quotes")
        for key in ("open_lower", "open_upper", "integer"):
            self.kind(key, about.get(key, False), bool, "true or false")
        for key in ("lower", "upper", "default"):
            if key in about:
                about[key] = _number(key, about[key])
        if "typical" in about:
            about["typical"] = tuple(_number("typical", one) for one in _pair(about["typical"], "[FROM, TO]"))
        lower, upper = about.get("lower", -math.inf), about.get("upper", math.inf)
        if not lower < upper:
            message = f"lower = {lower:g} is not below upper = {upper:g}"
            raise ParameterError(message)
        about.setdefault("typical", _typical(lower, upper, about.get("default")))
        about.setdefault("text", "temperature" if name == "T" else name)
        made = Parameter(**about, name=name, required="default" not in about)
        if "default" in about:
            made.check(self.source, about["default"])
        return made

    def layer(self, name: str, given: Any) -> Layer:
        """A layer; what is no key of every layer is a setting of its unit."""
        given = self.table(given, '{unit = "spin"}')
        unit = given.pop("unit", "spin")
        self.kind("unit", unit, str, "the name of a unit in quotes")
        size, normalised = given.pop("size", 1), given.pop("normalised", False)
        self.kind("normalised", normalised, bool, "true or false")
        if unit in UNITS:
            own = [field.name for field in fields(UNITS[unit])]  # type: ignore[arg-type]
            self.check(f"layers.{name}", given, ("unit", "size", "normalised", *own))
        return Layer(name, unit, given, size=size, normalised=normalised)

    def pattern(self, name: str, given: Any) -> Pattern:
        """A pattern; what is no key of every pattern is a setting of its law."""
        given = self.table(given, '{layer = NAME, law = "sign"}')
        law = given.pop("law", "sign")
        self.kind("law", law, str, "the name of a law in quotes")
        if "layer" not in given:
            message = "which layer bears it? Write layer = NAME, with a name of [layers]"
            raise ParameterError(message)
        if law in LAWS:
            self.check(f"patterns.{name}", given, ("layer", "law", *settings(law)))
        return Pattern(name, given.pop("layer"), law, given)

    def branch(self, name: str, given: Any) -> Family:
        """A branch of the file: where to start looking for it."""
        given = self.table(given, "{start = {m = 1}}")
        self.check(f"branches.{name}", given, ("text", "start"))
        start: Any = self.table(given.get("start", {}), "{m = 1}")
        return Family(name, start, given.get("text", ""))

    def line(self, name: str, given: Any) -> Boundary:
        """A line of the file: one of three kinds of boundaries."""
        given = self.table(given, "{fold = BRANCH}")
        kinds = [key for key in _BOUNDARIES if key in given]
        if len(kinds) != 1:
            message = (
                "a line is one of {fold = BRANCH}, {coexistence = [BRANCH, BRANCH]} and "
                "{zero = TEST, branch = BRANCH}"
            )
            raise ParameterError(message)
        self.check(f"lines.{name}", given, _BOUNDARIES[kinds[0]])
        for key in given.keys() - {"coexistence"}:
            self.kind(key, given[key], str, "a text in quotes")
        if kinds == ["fold"]:
            return Optimum(given["fold"], given["over"]) if "over" in given else Fold(given["fold"])
        if kinds == ["coexistence"]:
            first, second = _pair(given["coexistence"], "[BRANCH, BRANCH]", str)
            return Coexistence(Phase(first), Phase(second))
        if "branch" not in given:
            message = "on which branch does it vanish? Write branch = BRANCH"
            raise ParameterError(message)
        return Zero(
            Phase(given["branch"]), given["zero"], given.get("kind", "continuous"), given.get("text", "")
        )

    # -- sections ------------------------------------------------------------------------------------------

    def section(self, name: str) -> dict[str, Any]:
        """A section of the file, empty where it is left out."""
        with self.at(name):
            return self.table(self.data.get(name, {}), f"[{name}] above the rows of that section")

    def each(self, name: str, make: Callable[[str, Any], Any]) -> Iterator[tuple[str, Any]]:
        """What a section with names makes, by these names."""
        for key, given in self.section(name).items():
            with self.at(name, key):
                yield key, make(key, given)

    def listed(self, name: str, make: Callable[..., Any], members: str, amount: str) -> Iterator[Any]:
        """What a section without names makes: [[couplings]], [[energy]]."""
        rows = self.data.get(name, [])
        if not (isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)):
            message = f"{self.source}: write [[{name}]] with two brackets, once for each"
            raise ParameterError(message)
        for number, row in enumerate(rows):
            with self.at(name, number=number):
                self.check(name, row, (members, amount))
                if members not in row:
                    message = f'which {members}? Write {members} = ["...", "..."]'
                    raise ParameterError(message)
                if isinstance(row[members], str):
                    message = f'{members} is a list, {members} = ["{row[members]}", ...]'
                    raise ParameterError(message)
                yield make(row[members], **{amount: row[amount]} if amount in row else {})

    def table(self, given: Any, example: str) -> dict[str, Any]:
        """A copy of a table, or what it should look like."""
        if not isinstance(given, Mapping):
            message = f"write {example}, not {given!r}"
            raise ParameterError(message)
        return dict(given)

    @staticmethod
    def kind(key: str, value: Any, kind: type[Any], what: str) -> None:
        """Refuse a value of another type."""
        if not isinstance(value, kind):
            message = f"{key} is {what}, not {value!r}"
            raise ParameterError(message)

    def check(self, where: str, given: Collection[str], known: Collection[str]) -> None:
        """Refuse a key that does not exist."""
        for key in given:
            if key not in known:
                what = f"key of [{where}]" if where else f"section of {self.source}"
                raise UnknownNameError(what, key, known)

    @contextmanager
    def at(self, section: str, key: str = "", number: int = 0) -> Iterator[None]:
        """Add its place to the message of a problem, unless it has one."""
        try:
            yield
        except (ParameterError, UnknownNameError) as error:
            if self.source in str(error):
                raise
            line = self.line_of(section, key, number)
            place = self.source if line is None else f"{self.source}, line {line}"
            if isinstance(error, UnknownNameError):
                what = f"{error.what} in {place}:"
                raise UnknownNameError(what, error.name, error.known) from error
            message = f"{place}: {str(error).removeprefix(f'{self.name}: ')}"
            raise ParameterError(message) from error

    def line_of(self, section: str, key: str, number: int = 0) -> int | None:
        """The line in which something stands, if it stands in a usual way."""
        head = re.compile(rf"\s*\[+\s*{section}\s*(\.\s*[\"']?{re.escape(key)}[\"']?\s*)?\]")
        found, inside = -1, False
        for count, row in enumerate(self.text.splitlines(), 1):
            if (opened := head.match(row)) is not None:
                found, inside = found + 1, True
                if (not key and found == number) or (key and opened[1]):
                    return count
            elif row.lstrip().startswith("["):
                inside = False
            elif key and inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", row):
                return count
        return None


def _pair(given: Any, what: str, kind: type[Any] = object) -> tuple[Any, Any]:
    if not (isinstance(given, list) and len(given) == 2 and all(isinstance(one, kind) for one in given)):
        message = f"write {what}, not {given!r}"
        raise ParameterError(message)
    return given[0], given[1]


def _number(what: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or math.isnan(given):
        message = f"{what} is a number, not {given!r}"
        raise ParameterError(message)
    return float(given)


def _symbol(name: str) -> str:
    """A parameter in LaTeX: Greek letters by their names, words upright."""
    from replica.theory.equations import latex

    return latex(name, [name])


def _typical(lower: float, upper: float, default: float | None) -> tuple[float, float]:
    """A range to look in, where none is given: as wide as the domain, or 1."""
    if math.isfinite(lower) and math.isfinite(upper):
        return lower, upper
    first = lower if math.isfinite(lower) else upper - 1 if math.isfinite(upper) else 0.0
    return first, max(first + 1.0, 2 * (default or 0.0))


# -- writing ------------------------------------------------------------------------------------------


def write(model: Model) -> str:
    """The text of a file from which an equal model is read.

    Raises
    ------
    ParameterError
        If the model has a unit that a file cannot name, such as one written in Python.

    Examples
    --------
    >>> print(write(Model("sk", layers=[Layer("s")], couplings=[Coupling(("s", "s"), "1/2")])))
    [model]
    name = "sk"
    <BLANKLINE>
    [parameters]
    T = {text = "temperature", symbol = "T", lower = 0.0, default = 0.0, typical = [0.0, 1.0]}
    <BLANKLINE>
    [layers]
    s = {unit = "spin"}
    <BLANKLINE>
    [[couplings]]
    layers = ["s", "s"]
    variance = "1/2"
    <BLANKLINE>
    """
    head: dict[str, Any] = {"name": model.name, "text": model.text, "limit": model.limit}
    if model.critical is not None:
        head["critical"] = [model.critical.parameter, model.critical.boundary]
    head |= {"temperature": model.temperature, "offset": model.offset}
    defaults = {"text": "", "limit": None, "temperature": Expression("T"), "offset": Expression("0")}
    parts = [_section("model", {k: v for k, v in head.items() if k not in defaults or v != defaults[k]})]
    known: dict[str, Any] = {about.name: _about(about) for about in model.parameters}
    known |= dict(model.definitions)
    parts.append(_section("parameters", known))
    parts.append(_section("layers", {one.name: _layer(model, one) for one in model.layers}))
    for coupling in model.couplings:
        parts.append(_section("couplings", {"layers": coupling.layers, "variance": coupling.variance}, 2))
    patterns = {
        one.name: {"layer": one.layer, "law": one.law, **dict(one.settings)} for one in model.patterns
    }
    parts.append(_section("patterns", patterns))
    for energy in model.energies:
        parts.append(_section("energy", {"patterns": energy.patterns, "strength": energy.strength}, 2))
    families = {
        one.name: ({"text": one.text} if one.text else {}) | {"start": dict(one.start)}
        for one in model.branches
    }
    parts.append(_section("branches", families))
    parts.append(_section("lines", {name: _boundary(model, name, line) for name, line in model.lines}))
    return "\n".join(part for part in parts if part)


def _section(name: str, rows: Mapping[str, Any], brackets: int = 1) -> str:
    if not rows:
        return ""
    lines = [f"{'[' * brackets}{name}{']' * brackets}", *(f"{_key(k)} = {_toml(v)}" for k, v in rows.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A text in quotes; what TOML does not take as it is, by its number."""
    inside = "".join(
        f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else f"\\U{ord(sign):08x}"
        for sign in text
    )
    return f'"{inside}"'


def _toml(value: Any) -> str:
    if isinstance(value, Expression):
        return value.text if _is_number(value.text) else _quoted(value.text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)


def _is_number(text: str) -> bool:
    """Whether TOML reads a number with exactly these digits."""
    return (
        re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text) is not None
        and repr(float(text) if "." in text else int(text)) == text
    )


def _about(about: Parameter) -> dict[str, Any]:
    """What differs from what a file says by leaving it out."""
    told = {"text": about.text, "symbol": about.symbol}
    usual = Parameter("", "")
    told |= {
        key: getattr(about, key)
        for key in ("unit", "lower", "upper", "open_lower", "open_upper", "integer")
        if getattr(about, key) != getattr(usual, key)
    }
    if not about.required:
        told["default"] = about.default
    return told | {"typical": list(about.typical)}


def _layer(model: Model, layer: Layer) -> dict[str, Any]:
    unit, settings = layer.unit, dict(layer.settings)
    if isinstance(unit, Unit):
        if unit.name not in UNITS or type(unit) is not UNITS[unit.name]:
            message = (
                f"{model.name}: the unit {unit} of layer {layer.name} is written in Python; no file holds it"
            )
            raise ParameterError(message)
        settings = {key: Expression.parse(value) for key, value in unit.parameters.items()}
        unit = unit.name
    told: dict[str, Any] = {"unit": unit} | settings
    if layer.size != Expression("1"):
        told["size"] = layer.size
    return told | ({"normalised": True} if layer.normalised else {})


def _boundary(model: Model, name: str, line: Boundary) -> dict[str, Any]:
    if isinstance(line, Fold):
        return {"fold": line.branch} | ({"over": line.over} if isinstance(line, Optimum) else {})
    phases = [line.phase] if isinstance(line, Zero) else [line.first, line.second]
    if any(phase.over or phase.at for phase in phases):
        message = f"{model.name}: no file can hold the line {name}, about a minimum or at fixed parameters"
        raise ParameterError(message)
    if isinstance(line, Coexistence):
        return {"coexistence": [line.first.branch, line.second.branch]}
    told = {"zero": line.test, "branch": line.phase.branch, "kind": line.kind}
    return told | ({"text": line.text} if line.text else {})


# -- a file to begin with -----------------------------------------------------------------------------


def template() -> str:
    """The text of a commented model file that runs as it stands: a Hopfield network, to be changed."""
    return _TEMPLATE


_TEMPLATE = """\
# A Hopfield network, as layers, couplings and patterns. Change it into a model of your own.
# Energies are per N; N is any number that sizes are measured in, here that of the neurons. k_B = 1.

[model]
text = "Hopfield network: one pattern retrieved, the others are noise"
offset = "alpha/2"                # added to the free energy: the couplings have no diagonal
# name = "network"                # else that of the file
# limit = "alpha"                 # the parameter that switches the noise off, at 0; found by itself
# critical = ["alpha", "spinodal"]    # what `replica capacity` locates

# A number is a parameter with that default. A text defines a parameter by others: width = "sqrt(alpha)".
[parameters]
alpha = {text = "load, patterns per neuron", lower = 0, typical = [0, 0.2]}
T = {text = "temperature", lower = 0, default = 0.0, typical = [0, 1.5]}

# Units: `replica show units`. Other keys: size (units per N), normalised (a Gaussian weight that integrates
# to 1), and the parameters of the unit, such as g or theta. Numbers may be expressions: "1 - alpha/2".
[layers]
neurons = {unit = "spin"}
hidden = {unit = "gaussian", size = "alpha", normalised = true}     # a unit for each pattern

# Gaussian couplings: E[H H'] = N xi, and xi is the sum of variance x sizes x overlaps of these layers.
# A layer named twice is coupled to itself: layers = ["spins", "spins"], variance = "1/2" is a spin glass.
[[couplings]]
layers = ["neurons", "hidden"]
variance = 1

# A pattern is a direction w on a layer, m = <w s> averaged. Laws of w: sign (+1 or -1), one (a uniform
# direction), two-point (a, scale), gaussian, laplace, sparse (p), skellam (l), trinomial (p, L), signs (n).
[patterns]
m = {layer = "neurons", law = "sign"}

# The energy of patterns, -strength m m per N. A pattern named p times: m^p. Two patterns: m1 m2.
[[energy]]
patterns = ["m", "m"]
strength = "1/2"

# Branches retrieval, glass and paramagnet, and lines spinodal, first-order, glass and stability are there by
# themselves. Others:
# [branches]
# weak = {start = {m = 0.1}, text = "retrieval with a small overlap"}
# [lines]
# weak-end = {fold = "weak"}
"""
