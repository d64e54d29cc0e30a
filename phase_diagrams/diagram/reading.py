"""Parts of a diagram to and from what JSON knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import partial
from numbers import Integral, Real
from reprlib import repr as short
from typing import Any, TypeVar

from phase_diagrams.diagram.checks import DiagramError, check_items, check_number
from phase_diagrams.diagram.parts import Line, Point
from replica.errors import clean


def plain(value: Any, where: str = "") -> Any:
    """Return the value as JSON knows it; only NaN of a line becomes null, elsewhere it is refused.

    Text is returned as it may be shown.
    """
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if math.isnan(value) and not where:
            return None
        return check_number(where, value)
    if is_dataclass(value):
        return {part.name: plain(getattr(value, part.name), where) for part in fields(value)}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                message = f"keys must be text, got {short(key)}"
                raise DiagramError(message, where)
        return {clean(key): plain(item, where and f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, where and f"{where}[{i}]") for i, item in enumerate(value)]
    message = f"expected text, a number, a list or an object, got {short(value)}"
    raise DiagramError(message, where)


T = TypeVar("T")


def build(part: type[T], data: Any) -> T:
    """Make a part from its JSON object, whose keys are the names of its fields."""
    known = fields(part)  # type: ignore[arg-type]  # every part is a dataclass
    check_keys(data, {one.name for one in known if one.default is MISSING}, {one.name for one in known})
    if part is Line and "points" in data:
        data = {**data, "points": each("points", data["points"], partial(build, Point))}
    return part(**data)


def each(name: str, items: Any, make: Callable[[Any], Any]) -> list[Any]:
    """Apply ``make`` to every item of a JSON list; an error says which item it was."""
    made = []
    for i, item in enumerate(check_items(name, items)):
        try:
            made.append(make(item))
        except DiagramError as error:
            where = f"{name}[{i}]"
            raise error.inside(where) from None
    return made


def check_keys(data: Any, needed: Iterable[str], known: Iterable[str] | None) -> None:
    """Refuse what is no object, lacks a key, or has one that is not known; ``None`` knows all."""
    if not isinstance(data, Mapping):
        message = f"expected an object, got {short(data)}"
        raise DiagramError(message)
    for name in sorted(needed):
        if name not in data:
            message = "missing"
            raise DiagramError(message, name)
    for name in data:
        if known is not None and name not in known:
            message = f"unknown key; known: {', '.join(sorted(known))}"
            raise DiagramError(message, name)
