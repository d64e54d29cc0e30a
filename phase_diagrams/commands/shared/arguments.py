"""Arguments of what draws a published figure, as options: their texts, and their values."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from replica.errors import ParameterError, UnknownNameError

__all__ = ["arguments", "read_arguments", "texts"]

MOST = 100_000
"""Largest whole number: of points, of samples, of epochs."""

FORMS = {
    "float": ("a number", "0.5"),
    "int": ("a whole number from 1 on", "25"),
    "Sequence[float]": ("numbers with commas between them", "0.5,1"),
    "Sequence[int]": ("whole numbers from 1 on, with commas between them", "2,5"),
    "Sequence[str]": ("names with commas between them", "gaussian,laplace"),
    "tuple": ("two numbers with a comma between them", "-1,2.5"),
    "Sequence[tuple]": ("groups of numbers: commas between groups, colons within", "0:0.5,1:0"),
}
"""What an argument of a kind may be, in words, and an example."""


def arguments(build: Callable[..., Any]) -> dict[str, str]:
    """The arguments of a builder that are values, and the kind of each: a key of `FORMS`.

    Examples
    --------
    >>> from phase_diagrams.catalogue import DIAGRAMS
    >>> arguments(DIAGRAMS["hopfield"].build)
    {'alpha_max': 'float', 'step': 'float'}
    """
    kinds = {
        name: re.sub(r"tuple\[[^\]]*\]", "tuple", str(one.annotation).removesuffix(" | None"))
        for name, one in inspect.signature(build).parameters.items()
    }
    return {name: kind for name, kind in kinds.items() if kind in FORMS}


def texts(build: Callable[..., Any]) -> dict[str, str]:
    """What its docstring says of each argument, with the default.

    Examples
    --------
    >>> from phase_diagrams.catalogue import DIAGRAMS
    >>> texts(DIAGRAMS["hopfield"].build)["alpha_max"]
    'Right edge of the diagram, at least 0.14. Default 0.16.'
    """
    section = inspect.getdoc(build) or ""
    section = section.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    said: dict[str, str] = {}
    for head, body in re.findall(r"^(\w.*?) : .*\n((?:    .*\n?)+)", section, re.MULTILINE):
        for name in head.split(", "):
            said[name] = " ".join(body.split())
    defaults = {name: one.default for name, one in inspect.signature(build).parameters.items()}
    return {
        name: " ".join(filter(None, [said.get(name, ""), _default(defaults[name])]))
        for name in arguments(build)
    }


def read_arguments(name: str, build: Callable[..., Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Values of the arguments of a builder, as they stand on the command line.

    Raises
    ------
    UnknownNameError, ParameterError
        For an argument that it does not have, and for a value of another kind.

    Examples
    --------
    >>> from phase_diagrams.catalogue.compositional_energy import build
    >>> read_arguments("compositional-energy", build, {"fields": "-0.2,-0.1"})
    {'fields': (-0.2, -0.1)}
    """
    kinds = arguments(build)
    for one in given:
        if one not in kinds:
            what = f"argument of the figure {name}"
            raise UnknownNameError(what, one, kinds)
    return {one: _read(name, one, kinds[one], text) for one, text in given.items()}


def _read(name: str, one: str, kind: str, text: str) -> Any:
    def number(part: str) -> float:
        value = float(part)
        if not math.isfinite(value) or ("int" in kind and not (value == int(value) and 1 <= value <= MOST)):
            raise ValueError(part)
        return int(value) if "int" in kind else value

    if kind == "Sequence[str]":
        return tuple(text.split(","))
    try:
        if kind == "Sequence[tuple]":
            return tuple(tuple(map(number, part.split(":"))) for part in text.split(","))
        if kind == "float" or kind == "int":
            return number(text)
        values = tuple(map(number, text.split(",")))
        if kind == "tuple" and len(values) != 2:
            raise ValueError(text)
        return values
    except ValueError:
        what, such = FORMS[kind]
        message = f"figure {name}: {one}={text} is not {what}, such as {one}={such}"
        raise ParameterError(message) from None


def _default(value: Any) -> str:
    if value is None or value is inspect.Parameter.empty:
        return ""
    if isinstance(value, tuple):
        return f"Default {','.join(map(_short, value))}."
    return f"Default {_short(value)}."


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return ":".join(map(_short, value))
    return value if isinstance(value, str) else f"{value:g}"
