"""Validation: the simulation of a machine, or measurements from elsewhere, beside its theory, in sigmas.

The names below are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phase_diagrams.validation.agreement import (
        Agreement,
        DisagreementError,
        Measured,
        Row,
        Subject,
        confront,
    )
    from phase_diagrams.validation.machines import MACHINES, Machine
    from phase_diagrams.validation.pictures import picture
    from phase_diagrams.validation.samples import measured, simulate, validate
    from phase_diagrams.validation.tables import TableError, read_table, write_table

_HOMES = {
    "agreement": ("Agreement", "DisagreementError", "Measured", "Row", "Subject", "confront"),
    "machines": ("MACHINES", "Machine"),
    "pictures": ("picture",),
    "samples": ("measured", "simulate", "validate"),
    "tables": ("TableError", "read_table", "write_table"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MACHINES",
    "Agreement",
    "DisagreementError",
    "Machine",
    "Measured",
    "Row",
    "Subject",
    "TableError",
    "confront",
    "measured",
    "picture",
    "read_table",
    "simulate",
    "validate",
    "write_table",
]


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
