"""The face of a package: names that load the module they live in when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

__all__ = ["Classes", "face", "lacks"]

EXTRAS = {
    "xarray": "sweeps",
    "zarr": "sweeps",
    "h5netcdf": "sweeps",
    "h5py": "sweeps",
    "sklearn": "machines",
    "pandas": "parquet",
    "pyarrow": "parquet",
    "distributed": "cluster",
    "flint": "certify",
}
"""What a plain installation does not bring, and the extra that does."""

T = TypeVar("T")


def face(
    package: str, homes: Mapping[str, str], *own: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make ``__getattr__``, ``__dir__`` and ``__all__`` of a package (PEP 562).

    No name may be that of a module of the package itself, which would hide it. Type checkers read imports
    that stand beside the call, under ``if TYPE_CHECKING``.

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to str
        Public names, and the module of the package in which each lives; a name that ends its own home, as in
        ``{"exact": "inference.exact"}``, is that module if nothing in it is called so.
    *own : str
        Public names that the package defines itself.

    Examples
    --------
    >>> load, names, public = face("replica", {"ReplicaError": "errors", "nearest": "errors"})
    >>> public, load("nearest").__module__
    (['ReplicaError', 'nearest'], 'replica.errors')
    >>> load("nearer")
    Traceback (most recent call last):
    AttributeError: module 'replica' has no attribute 'nearer'
    """

    def load(name: str) -> Any:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        try:
            home = importlib.import_module(f"{package}.{homes[name]}")
        except ModuleNotFoundError as error:
            if sentence := lacks(error):
                raise ModuleNotFoundError(sentence, name=error.name) from error
            raise
        own = homes[name].endswith(f".{name}")
        value = getattr(home, name, home) if own else getattr(home, name)
        setattr(sys.modules[package], name, value)  # the next look finds it without coming here
        return value

    public = sorted([*homes, *own])
    return load, lambda: public, public


def lacks(error: ModuleNotFoundError) -> str:
    """What to install where a package of an extra is missing, as a sentence; empty for any other module.

    Examples
    --------
    >>> lacks(ModuleNotFoundError("No module named 'zarr'", name="zarr"))
    "this needs the package zarr; install it with `pip install 'replica-theory[sweeps]'`"
    """
    name = (error.name or "").partition(".")[0]
    if name not in EXTRAS:
        return ""
    return f"this needs the package {name}; install it with `pip install 'replica-theory[{EXTRAS[name]}]'`"


class Classes(Mapping[str, type[T]]):
    """Classes by the names that the command line has for them, each loaded when it is asked for.

    Parameters
    ----------
    package : str
        In whose modules they live.
    homes : mapping of str to (str, str)
        Module and class, by name. A class may have variants, which ``NAME:TEXT`` asks for, as units have
        parameters: its class method `variant` makes the one of that text.
    group : str
        Entry points of other distributions whose classes are known, too; none hides one of ours.

    Examples
    --------
    >>> known = Classes("replica", {"unknown": ("errors", "UnknownNameError")})
    >>> list(known), "unknown" in known, known["unknown"].__name__, "unknown:2" in known
    (['unknown'], True, 'UnknownNameError', False)
    """

    def __init__(self, package: str, homes: Mapping[str, tuple[str, str]], group: str = "") -> None:
        self._package, self._homes, self._group = package, homes, group

    @cached_property
    def _others(self) -> dict[str, EntryPoint]:
        """Classes that other distributions bring, by name."""
        if not self._group:
            return {}
        return {one.name: one for one in entry_points(group=self._group) if one.name not in self._homes}

    def __getitem__(self, name: str) -> type[T]:
        base, _, variant = name.partition(":")
        if base not in self._homes and base in self._others:
            found = self._others[base].load()
        else:
            module, kind = self._homes[base]
            found = getattr(importlib.import_module(f"{self._package}.{module}"), kind)
        if not variant:
            return found
        if not hasattr(found, "variant"):
            raise KeyError(name)
        return found.variant(variant)

    def __contains__(self, name: object) -> bool:
        if name in self._homes or not isinstance(name, str):
            return name in self._homes
        base, _, variant = name.partition(":")
        if not variant:
            return name in self._others
        return (base in self._homes or base in self._others) and hasattr(self[base], "variant")

    def __iter__(self) -> Iterator[str]:
        return iter([*self._homes, *self._others])

    def __len__(self) -> int:
        return len(self._homes) + len(self._others)

    def __repr__(self) -> str:
        return f"<{self._package}: {', '.join(self)}>"
