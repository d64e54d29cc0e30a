"""What is called otherwise elsewhere: names on the command line become those of the theory."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phase_diagrams.commands.shared.own import is_own, own_theory
from replica.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    from replica.theory import Theory

__all__ = ["FULL", "in_words_of", "theory_called", "theory_named"]

FULL = "full"
"""Infinitely many steps of replica symmetry breaking, by the option --rsb."""


def theory_called(name: str) -> str:
    """The name of the theory that is called so, itself or by one of its aliases; of a file, as it stands."""
    if is_own(name):
        return name
    from replica.theories import THEORIES
    from replica.theory.names import named

    if name in THEORIES:
        return name
    found = named(name, {key: kind.aliases for key, kind in THEORIES.items()})
    if found is not None:
        return found
    from phase_diagrams.catalogue import DIAGRAMS

    if name in DIAGRAMS:
        message = f"{name} is a diagram, no theory: `replica figure {name}` draws it; `replica list` has both"
        raise ParameterError(message)
    if Path(name).suffix or Path(name).is_file():
        models = [path.name for path in Path(name).parent.glob("*.toml")]
        near = [repr(str(Path(name).with_name(one))) for one in get_close_matches(Path(name).name, models)]
        meant = (
            f"; did you mean {' or '.join(near)}?" if near else ", which `replica new network.toml` writes"
        )
        message = f"unknown theory {name!r}; files are models, NAME.toml, and classes, NAME.py:CLASS{meant}"
        raise ParameterError(message)
    raise UnknownNameError(what="theory", name=name, known=THEORIES)


def theory_named(name: str, rsb: int | str = 0) -> type[Theory]:
    """Look a theory up; or the one with so many more steps of replica symmetry breaking.

    Parameters
    ----------
    name : str
        A name of `replica.theories.THEORIES`, a model file ``network.toml``, or a class ``my.py:Class``.
    rsb : int or str
        Steps of replica symmetry breaking beyond those that it has.
    """
    if rsb == FULL:
        message = (
            f"--rsb {FULL} is solved at one point: `replica solve {name} --rsb {FULL}`; lines, curves and "
            "sweeps take a number of steps, such as --rsb 2"
        )
        raise ParameterError(message)
    from replica.theories import THEORIES

    kind = own_theory(name) if is_own(name) else THEORIES[theory_called(name)]
    if rsb == 1 and kind.next_step is not None:
        return THEORIES[kind.next_step]
    if rsb:
        from replica.breaking import broken

        return broken(kind, int(rsb))
    return kind


def in_words_of(kind: type[Theory], asked: dict[str, Any]) -> dict[str, Any]:
    """What was asked of a theory, under the names that it has for parameters, branches and lines."""
    from replica.theory.names import branch_named, line_named, order_named, renamed

    def rename(name: str, value: Any = None) -> str:
        return _parameter(kind, name, value)

    def span(value: Any) -> Any:
        if isinstance(value, dict):  # a start
            return renamed(value, lambda name: order_named(kind, name))
        return value._replace(name=rename(value.name))

    def mapped(value: Any) -> Any:
        if not isinstance(value, dict):
            return rename(value)
        return renamed(value, lambda name: rename(name, value[name]))

    words: dict[str, Callable[[Any], Any]] = {
        "given": mapped,
        "over": mapped,
        "x": span,
        "y": span,
        "start": span,
        "branch": lambda name: name if name == "all" else branch_named(kind, name),
        "boundary": lambda name: line_named(kind, name),
    }
    return {
        key: words[key](value) if key in words and value is not None else value
        for key, value in asked.items()
    }


def _parameter(kind: type[Theory], name: str, value: Any) -> str:
    """The parameter that is called so; a name that nobody has stays, for the command to refuse."""
    from replica.theory.names import parameter_named

    try:
        return parameter_named(kind, name, value)
    except UnknownNameError:
        return name
