"""Machines simulated at finite size, alone or beside their theory; measurements beside a theory, in sigmas.

One pipeline: `simulate` draws samples, `validate` puts them beside the theory, `confront` does so with
measurements from elsewhere. The names below are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phase_diagrams.simulating.agreement import (
        Agreement,
        DisagreementError,
        Measurement,
        Row,
        Subject,
        confront,
    )
    from phase_diagrams.simulating.machines import MACHINES, Machine, beside, machine
    from phase_diagrams.simulating.pictures import picture
    from phase_diagrams.simulating.samples import Alone, judge, measurements, simulate, validate
    from phase_diagrams.simulating.tables import TableError, read_table, write_table

_HOMES = {
    "agreement": ("Agreement", "DisagreementError", "Measurement", "Row", "Subject", "confront"),
    "machines": ("MACHINES", "Machine", "beside", "machine"),
    "pictures": ("picture",),
    "samples": ("Alone", "judge", "measurements", "simulate", "validate"),
    "tables": ("TableError", "read_table", "write_table"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MACHINES",
    "Agreement",
    "Alone",
    "DisagreementError",
    "Machine",
    "Measurement",
    "Row",
    "Subject",
    "TableError",
    "beside",
    "confront",
    "judge",
    "machine",
    "measurements",
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
