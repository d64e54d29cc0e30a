"""Other names of what a theory names: those of papers, figures and habit.

A name is looked up as it stands; then by what it is called elsewhere, if that means one thing only. What is
something else here, such as an inverse temperature, is told in a sentence, and never converted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from replica.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    from replica.theory.base import Theory
    from replica.theory.parameters import Parameter

__all__ = ["branch_named", "folded", "line_named", "named", "order_named", "parameter_named"]

_BRANCHES = {
    "paramagnet": ("para", "paramagnetic", "PM"),
    "ferromagnet": ("ferro", "ferromagnetic", "FM"),
    "glass": ("spin-glass", "spin glass", "SG"),
    "retrieval": ("memory",),
}
"""Other names of phases, in any theory that has a branch of theirs."""
_STABILITY = ("AT", "T_AT", "almeida-thouless", "de-almeida-thouless", "replicon", "RSB")
"""Other names of the line where replica symmetry begins to fail."""
_INVERSE = frozenset({"beta", "inversetemperature", "1/T"})


def folded(name: str) -> str:
    r"""The name without what is a matter of writing: Greek letters, LaTeX, hyphens; case, but for one letter.

    Examples
    --------
    >>> folded("\N{GREEK SMALL LETTER ALPHA}"), folded(r"\tilde\theta"), folded("T_M"), folded("L")
    ('alpha', 'theta', 'tm', 'L')
    """
    letters = []
    for letter in unicodedata.normalize("NFKC", name.replace(r"\tilde", "")):
        about = unicodedata.name(letter, "")
        if about.startswith("GREEK") and " LETTER " in about:
            letters.append(about.rpartition(" ")[2].lower().replace("lamda", "lambda"))
        elif letter not in "\\ -_{}$^" and not unicodedata.combining(letter):
            letters.append(letter)
    text = "".join(letters)
    return text if len(text) == 1 else text.casefold()


def named(name: str, others: Mapping[str, Iterable[str]]) -> str | None:
    """The one of several things that is called so, itself or by one of its other names; None if not one.

    Examples
    --------
    >>> named("SK", {"sherrington-kirkpatrick": ("sk",), "hopfield": ("ags",)})
    'sherrington-kirkpatrick'
    """
    if name in others:
        return name
    found = [key for key, names in others.items() if folded(name) in map(folded, (key, *names))]
    return found[0] if len(found) == 1 else None


def parameter_named(kind: type[Theory], name: str, value: object = None) -> str:
    """The control parameter that is called so.

    Parameters
    ----------
    kind : type of Theory
    name : str
        Its name, its symbol in letters or in LaTeX, or what it is in words, such as ``temperature``.
    value : float, optional
        What it was to be: told where it belongs to another parameter.

    Raises
    ------
    UnknownNameError
        If there is none.
    ParameterError
        If the name is that of something else: an inverse temperature, an order parameter, a critical value.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> parameter_named(Hopfield, "load"), parameter_named(Hopfield, "temperature")
    ('alpha', 'T')
    >>> parameter_named(Hopfield, "beta", 2.0)
    Traceback (most recent call last):
    replica.errors.ParameterError: hopfield has no beta; give T = 1/beta, which is T=0.5
    """
    known = kind.parameters()
    found = named(name, {key: _words(about) for key, about in known.items()})
    if found is not None:
        return found
    if told := _elsewhere(kind, name, value):
        message = f"{kind.name} has no {name}; {told}"
        raise ParameterError(message)
    what = f"parameter of {kind.name}"
    raise UnknownNameError(what, name, known)


def _words(about: Parameter) -> tuple[str, ...]:
    """Symbol of a parameter, and what it is in a word or two."""
    head = _head(about.text)
    return about.symbol, head, head.removeprefix("scaled ")


def _head(text: str) -> str:
    """The words before the first comma, semicolon or bracket."""
    return re.split(r",|;| \(", text)[0]


def _elsewhere(kind: type[Theory], name: str, value: object) -> str:
    """What a name is that is no parameter of a theory, as the rest of a sentence."""
    if "T" in kind.parameters() and folded(name) in map(folded, _INVERSE):
        here = f", which is T={1 / value:.12g}" if isinstance(value, float | int) and value > 0 else ""
        return f"give T = 1/{name}{here}"
    if kind.critical is not None and folded(name) == folded(kind.critical.symbol):
        return f"it is the critical value, which `replica capacity {kind.name}` locates"
    if name in kind.order:
        what = kind.symbols.get(name, "computed")
        return f"it is an order parameter ({what}), which is solved for; a start is -x {name}=VALUE"
    if name in kind.symbols:
        return f"it is computed ({kind.symbols[name]})"
    if name in ("J", "k_B", "kB"):
        return f"it is the unit of energy, {name} = 1"
    return "theory is the limit of large N; `replica simulate` takes --N" if name == "N" else ""


def line_named(kind: type[Theory], name: str) -> str:
    """The line that is called so: by its name, on figures, in papers, or by its kind if it is the only one.

    Raises
    ------
    UnknownNameError
        If there is none, or several.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> line_named(Hopfield, "T_M"), line_named(Hopfield, "alpha_c"), line_named(Hopfield, "continuous")
    ('spinodal', 'spinodal', 'glass')
    """
    others: dict[str, set[str]] = {key: set() for key in kind.lines}
    for alias, key in kind.line_names.items():
        others[key].add(alias)
    critical = kind.critical
    if critical is not None and named(critical.symbol, others) is None:
        others[critical.boundary].add(critical.symbol)
    for key, line in kind.lines.items():
        if key == "stability" and line.kind == "stability":
            others[key].update(_STABILITY)
    found = named(name, others)
    if found is None:  # the kind of a line, which `show` prints beside its name
        found = _only(key for key, line in kind.lines.items() if line.kind == name)
    if found is not None:
        return found
    what = f"line of {kind.name}"
    raise UnknownNameError(what, name, kind.lines)


def branch_named(kind: type[Theory], name: str) -> str:
    """The branch that is called so.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> branch_named(Hopfield, "spin-glass"), branch_named(Hopfield, "Retrieval")
    ('glass', 'retrieval')
    """
    found = named(name, {key: _BRANCHES.get(key, ()) for key in kind.branches})
    if found is None:
        what = f"branch of {kind.name}"
        raise UnknownNameError(what, name, kind.branches)
    return found


def order_named(kind: type[Theory], name: str) -> str:
    """The order parameter that is called so, in words too, such as ``magnetisation``; else the name itself.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> order_named(CurieWeiss, "magnetisation")
    'm'
    """
    words = {key: kind.symbols.get(key, key) for key in kind.order}
    return named(name, {key: (text, _head(text)) for key, text in words.items()}) or name


def _only(found: Iterable[str]) -> str | None:
    several: list[str] = [*found]
    return several[0] if len(several) == 1 else None


def renamed(names: Mapping[str, object], rename: Callable[[str], str]) -> dict[str, object]:
    """The mapping under other names; `ParameterError` where two of them mean one.

    Examples
    --------
    >>> renamed({"alpha": 1, "load": 2}, lambda name: "alpha")
    Traceback (most recent call last):
    replica.errors.ParameterError: alpha is given twice, as alpha and as load
    """
    made: dict[str, object] = {}
    came: dict[str, str] = {}
    for name, value in names.items():
        key = rename(name)
        if key in made:
            message = f"{key} is given twice, as {came[key]} and as {name}"
            raise ParameterError(message)
        made[key], came[key] = value, name
    return made
