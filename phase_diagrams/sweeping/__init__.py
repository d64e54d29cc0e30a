"""Sweeps: a theory solved on a grid of any size, in chunks that can be computed anywhere and in any order.

The names below are loaded when they are first used: a worker process needs numpy and the theory, not zarr.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phase_diagrams.sweeping.files import export
    from phase_diagrams.sweeping.run import SweepError, compute, sweep
    from phase_diagrams.sweeping.store import open_sweep

__all__ = ["SweepError", "compute", "export", "open_sweep", "sweep"]

_HOME = {
    "SweepError": "run",
    "compute": "run",
    "export": "files",
    "open_sweep": "store",
    "sweep": "run",
}


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
