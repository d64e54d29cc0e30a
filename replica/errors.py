"""The errors of the project. Each one carries the evidence that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = [
    "BranchError",
    "ConvergenceError",
    "LocateError",
    "ParameterError",
    "ReplicaError",
    "ReplicaWarning",
    "UnknownNameError",
    "clean",
    "cleaned",
]

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What commands a terminal, or turns a text round, instead of being seen; ends of lines are left."""


def clean(text: object) -> str:
    r"""A text out of a file, or the name of one, as a terminal may show it: what is no letter is spelled out.

    Examples
    --------
    >>> print(clean("\x1b[31mweights\a"))
    \x1b[31mweights\x07
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def cleaned(value: Any) -> Any:
    r"""What JSON or TOML hold, with every text in it, and every name of a value, shown by `clean`.

    Examples
    --------
    >>> print(cleaned({"notes": ["by night\a", 3]}))
    {'notes': ['by night\\x07', 3]}
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): cleaned(item) for key, item in value.items()}
    return [cleaned(item) for item in value] if isinstance(value, list) else value


class ReplicaError(Exception):
    """Base of every error that the project raises on purpose.

    Messages quote files and their names, which others have written: they are shown by `clean`.
    """

    def __str__(self) -> str:
        """The message."""
        return clean(super().__str__())


class ReplicaWarning(UserWarning):
    """A result that may not mean what it seems to mean; the message names the measure that says so."""

    def __str__(self) -> str:
        """The message."""
        return clean(super().__str__())


class ParameterError(ReplicaError, ValueError):
    """A control parameter outside its domain, missing, or given twice."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The end of a message that suggests the nearest of the known names; empty where none is near.

    Examples
    --------
    >>> nearest("hopfeild", ["hopfield", "mixtures"])
    "; did you mean 'hopfield'?"
    """
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    if not near and len(name) > 2:  # a part of a name, such as rbm
        near = [one for one in names if name.casefold() in one.casefold()][:3]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


class UnknownNameError(ReplicaError, LookupError):
    """A name that does not exist; the message suggests the nearest one.

    Parameters
    ----------
    what : str
        What kind of thing was asked for ("theory", "branch", ...).
    name : str
        The name that was given.
    known : iterable of str
        The names that exist.

    Examples
    --------
    >>> print(UnknownNameError("theory", "hopfeild", ["hopfield", "mixtures"]))
    unknown theory 'hopfeild'; did you mean 'hopfield'? (known: hopfield, mixtures)
    """

    def __init__(self, what: str, name: str, known: Any) -> None:
        self.what, self.name, self.known = what, name, tuple(known)
        hint, names = nearest(name, self.known), ", ".join(self.known)
        tail = f"{hint} (known: {names})" if hint else f"; known: {names}"
        super().__init__(f"unknown {what} {name!r}{tail}")


class ConvergenceError(ReplicaError):
    """A solver ended without a solution; ``solution`` holds where it stood."""

    def __init__(self, message: str, solution: Any = None) -> None:
        super().__init__(message)
        self.solution = solution


class BranchError(ConvergenceError):
    """The branch that was asked for does not exist at this point; ``ends`` says where it does."""

    def __init__(self, message: str, solution: Any = None, ends: Any = None) -> None:
        super().__init__(message, solution)
        self.ends = ends


class LocateError(ConvergenceError):
    """A special point could not be located; ``bracket`` holds the best known interval, if any."""

    def __init__(self, message: str, bracket: tuple[float, float] | None = None) -> None:
        super().__init__(message)
        self.bracket = bracket
