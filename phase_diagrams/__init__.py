"""Phase diagrams: many saddle points become lines, and lines become a picture.

The names below are loaded when they are first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phase_diagrams.diagram import (
        FORMAT,
        Axis,
        DiagramError,
        HeatMap,
        Inset,
        Line,
        LineKind,
        PhaseDiagram,
        Point,
        Region,
    )
    from phase_diagrams.draw import figure, save_figure
    from phase_diagrams.storage.files import StorageError, check_writable, load, save

__all__ = [
    "FORMAT",
    "Axis",
    "DiagramError",
    "HeatMap",
    "Inset",
    "Line",
    "LineKind",
    "PhaseDiagram",
    "Point",
    "Region",
    "StorageError",
    "check_writable",
    "figure",
    "load",
    "save",
    "save_figure",
]

_HOMES = {
    "draw": ("figure", "save_figure"),
    "storage.files": ("StorageError", "check_writable", "load", "save"),
}
_HOME = dict.fromkeys(__all__, "diagram") | {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from the module where it lives."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
