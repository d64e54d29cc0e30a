"""Replica theories of Hopfield networks and restricted Boltzmann machines, and how they are solved."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Hopfield": "replica.theories",
    "THEORIES": "replica.theories",
    "Theory": "replica.theory",
    "solve": "replica.solving",
    "search": "replica.solving",
    "trace": "replica.solving",
    "Newton": "replica.solving",
    "FixedPoint": "replica.solving",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package costs nothing."""
    if name not in _HOMES:
        msg = f"module 'replica' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
