"""The face of a package: public names that load the module they live in when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["face"]


def face(
    package: str, homes: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562).

    No name may be that of a module of the package, which would hide it.

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to tuple of str
        Modules, and the public names that live in each.

    Examples
    --------
    >>> load, names, public = face("replica", {"replica.errors": ("ReplicaError", "nearest")})
    >>> public, load("nearest").__module__
    (['ReplicaError', 'nearest'], 'replica.errors')
    >>> load("nearer")
    Traceback (most recent call last):
    AttributeError: module 'replica' has no attribute 'nearer'
    """
    modules = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in modules:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(importlib.import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)  # the next look finds it without coming here
        return value

    public = sorted(modules)
    return load, lambda: public, public
