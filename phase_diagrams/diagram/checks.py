"""The error of a part that is not as it must be, and the checks that raise it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from numbers import Real
from reprlib import repr as short
from typing import Any, Protocol, TypeAlias, TypeVar

from replica.errors import ReplicaError, UnknownNameError, clean

Pair: TypeAlias = tuple[float, float]


class DiagramError(ReplicaError, ValueError):
    """A part of a phase diagram that is not as it must be.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    where : str
        The part that is wrong, such as ``lines[2].y``; empty for the diagram as a whole.

    Examples
    --------
    >>> print(DiagramError("missing", "lines[2].y"))
    lines[2].y: missing
    """

    def __init__(self, problem: str, where: str = "") -> None:
        super().__init__(problem, where)
        self.problem, self.where = problem, where

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem

    def inside(self, where: str) -> DiagramError:
        """Return the same error, seen from the larger thing that holds the part as ``where``.

        Examples
        --------
        >>> print(DiagramError("missing", "y").inside("lines[2]"))
        lines[2].y: missing
        """
        return DiagramError(self.problem, f"{where}.{self.where}" if self.where else where)


def store(part: Any, **values: Any) -> None:
    """Store the checked values in a frozen part that is being made."""
    for name, value in values.items():
        object.__setattr__(part, name, value)


K = TypeVar("K", bound=Enum)


def check_kind(kinds: type[K], value: Any) -> K:
    """Return the kind, given itself or its value as read from a file."""
    try:
        return kinds(value)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        message = f"unknown kind {short(value)}; known: {known}"
        raise DiagramError(message, "kind") from None


def check_text(part: Any, *names: str) -> None:
    """Check that the fields are text, and keep it as it may be shown; a name may not be empty."""
    for name in names:
        value = getattr(part, name)
        if not isinstance(value, str) or (name == "name" and not value):
            message = f"expected text, got {short(value)}"
            raise DiagramError(message, name)
        store(part, **{name: clean(value)})


def check_words(where: str, values: Any, what: str = "text") -> tuple[str, ...]:
    """Return a sequence of texts, none of them empty, as they may be shown."""
    items = check_items(where, values)
    for i, item in enumerate(items):
        if not isinstance(item, str) or not item:
            message = f"expected {what}, got {short(item)}"
            raise DiagramError(message, f"{where}[{i}]")
    return tuple(map(clean, items))


def check_number(where: str, value: Any, *, missing: bool = False) -> float:
    """Return a finite float; with ``missing``, None and NaN become the one NaN, ``math.nan``."""
    if missing and value is None:
        return math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
        if missing and math.isnan(number):
            return math.nan
    message = f"expected a finite number, got {short(value)}"
    raise DiagramError(message, where)


def check_items(where: str, values: Any) -> list[Any]:
    """Return the items of a sequence; text and objects are no sequences."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        message = f"expected a list, got {short(values)}"
        raise DiagramError(message, where)
    return list(values)


def check_pair(where: str, value: Any) -> Pair:
    """Return two finite floats."""
    items = check_items(where, value)
    if len(items) != 2:
        message = f"expected two numbers, got {short(value)}"
        raise DiagramError(message, where)
    return check_number(f"{where}[0]", items[0]), check_number(f"{where}[1]", items[1])


def check_interval(where: str, value: Any) -> Pair:
    """Return two different finite floats."""
    first, last = check_pair(where, value)
    if first == last:
        message = f"expected two different numbers, got {first} twice"
        raise DiagramError(message, where)
    return first, last


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def find(what: str, name: str, items: Sequence[N]) -> N:
    """Return the item of this name, or raise with the names that exist."""
    for item in items:
        if item.name == name:
            return item
    raise UnknownNameError(what, name, [item.name for item in items])
