"""What there is: ``list`` and ``show``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import as_json

if TYPE_CHECKING:
    from replica.theory import Theory

__all__ = ["list_all", "show"]

LIST = """\
$ replica list
"""

SHOW = """\
$ replica show curie-weiss
"""


@click.command("list", cls=Verb, epilog=LIST)
@as_json
def list_all(as_json: bool) -> None:
    """List the theories and the diagrams, one line each."""
    from phase_diagrams.catalogue import DIAGRAMS
    from phase_diagrams.commands.printing import print_json, print_table
    from replica.theories import THEORIES

    tables = {
        "theories": {name: _headline(kind) for name, kind in THEORIES.items()},
        "diagrams": {name: entry.title for name, entry in DIAGRAMS.items()},
    }
    if as_json:
        print_json(tables)
        return
    width = max(len(name) for table in tables.values() for name in table)
    for title, table in tables.items():
        click.echo(title.capitalize())
        print_table([(name.ljust(width), text) for name, text in table.items()], indent="  ")


@click.command(cls=Verb, epilog=SHOW)
@click.argument("name", metavar="THEORY")
@click.option("--latex", is_flag=True, help="Print the equations in LaTeX, to paste.")
def show(name: str, latex: bool) -> None:
    """Show a theory: equations, parameters, numbers.

    Further its order parameters, branches, lines, conventions and references.
    """
    from phase_diagrams.commands.asking import theory_named
    from phase_diagrams.commands.printing import print_table

    kind = theory_named(name)
    if latex:
        click.echo(_latex(kind))
        return
    click.echo(f"{name}: {_headline(kind)}")
    for title, rows in _sections(kind).items():
        if rows:
            click.echo(f"\n{title}")
            print_table(rows, indent="  ")


def _headline(kind: type[Theory]) -> str:
    """First line of the docstring, without its references."""
    first = (kind.__doc__ or kind.name).strip().splitlines()[0]
    return re.sub(r"\s*\[\w+\]_", "", first).rstrip(".")


def _latex(kind: type[Theory]) -> str:
    """The equations, aligned at their first relation."""
    rows = [re.sub(r"\s*(=|>|<|\\sim)\s*", r" &\1 ", tex, count=1) for _, tex in kind.equations.values()]
    body = " \\\\\n".join(f"  {row}" for row in rows)
    return f"% {kind.name}: {_headline(kind)}\n\\begin{{align}}\n{body}\n\\end{{align}}"


def _sections(kind: type[Theory]) -> dict[str, list[tuple[str, ...]]]:
    """What there is to say about a theory: rows of cells under titles."""
    from phase_diagrams.commands.printing import describe

    fields = {name: field.metadata for name, field in kind.parameters().items()}
    defaults = {name: field.default for name, field in kind.parameters().items()}
    critical = kind.critical
    return {
        "Parameters": [
            (
                name,
                _symbol(about["symbol"]),
                about["text"],
                _unit(about),
                _domain(about),
                _default(defaults[name]),
            )
            for name, about in fields.items()
        ],
        "Order parameters": [(name, text) for name, text in kind.symbols.items()]
        or [(name,) for name in kind.order],
        "Equations": [(text,) for text, _ in kind.equations.values()],
        "Branches (the first is the one that solve means)": [
            (name, branch.text) for name, branch in kind.branches.items()
        ],
        "Lines": [(name, line.kind, describe(line)) for name, line in kind.lines.items()],
        "Critical value": [(critical.symbol, critical.text)] if critical else [],
        "Known numbers": list(kind.known.items()),
        "Notes": [(note,) for note in kind.notes],
        "References": [(paper,) for paper in kind.references],
    }


def _symbol(latex: str) -> str:
    r"""Show a symbol without LaTeX: ``\tilde\theta`` is theta with a tilde above."""
    import unicodedata

    if latex.startswith(r"\tilde"):
        return _symbol(latex.removeprefix(r"\tilde").strip()) + "\N{COMBINING TILDE}"
    name = latex.removeprefix("\\")
    if name == latex:
        return latex
    return "\N{SCRIPT SMALL L}" if name == "ell" else unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")


def _unit(about: Any) -> str:
    return "" if about["unit"] == "1" else f"in {about['unit']}"


def _domain(about: Any) -> str:
    from replica.theory import domain

    return domain(about)


def _default(value: Any) -> str:
    import dataclasses

    if value is dataclasses.MISSING:
        return "required"
    return "optional" if value is None else f"default {value:g}"
