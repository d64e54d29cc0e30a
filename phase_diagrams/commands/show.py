"""``show``: equations, parameters and numbers of a theory."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.completing import shown
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.glossary import glossary
from phase_diagrams.commands.shared.names import theory_named
from phase_diagrams.commands.shared.options import Assignment, once
from phase_diagrams.commands.shared.own import is_own
from phase_diagrams.commands.shared.printing import describe, print_table
from replica.showing import headline

if TYPE_CHECKING:
    from replica.theory import Parameter, Theory

__all__ = ["show"]

EXAMPLE = """\
$ replica show curie-weiss
curie-weiss: Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S

Parameters
  T  T  temperature  in J  >= 0               required
  h  h  field        in J  any finite number  default 0

Order parameters
  m  magnetisation

Equations
  H = -(sum_i S_i)^2/(2 N) - h sum_i S_i
  m = tanh((m + h)/T)
  f = m^2/2 - T ln 2cosh((m + h)/T)

Branches (the first is the one that solve means)
  up          magnetised along +1
  down        magnetised along -1
  paramagnet  m = 0, at h = 0

Lines
  continuous   continuous   the paramagnet becomes unstable, at h = 0
  first-order  first-order  equal free energies of up and down
  spinodal     spinodal     fold where the down branch ends

Critical value
  T_c  onset of spontaneous magnetisation

Known numbers
  T_c       1, exact
  spinodal  |h| = sqrt(1 - T) - T artanh(sqrt(1 - T)), exact

References
  P. Weiss, J. Phys. Theor. Appl. 6, 661 (1907)
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("name", metavar="THEORY|units|SYMBOL", shell_complete=shown)
@click.option(
    "-p",
    "powers",
    metavar="NAME=VALUE",
    type=Assignment(),
    multiple=True,
    callback=once,
    help="A parameter that is a power, such as p=5 of p-spin.",
)
@click.option("--latex", is_flag=True, help="Print the equations in LaTeX, to paste.")
def show(name: str, powers: dict[str, float], latex: bool) -> None:
    """Show a theory: equations, parameters, numbers.

    Further its order parameters, branches, lines, conventions and references. With the name `units`: what the
    visible and hidden units of a random RBM can be; with that of a parameter, an order parameter or a line,
    such as `alpha`: what it means in every theory that has it; so with any other symbol of the texts.
    """
    if name == "units":
        _show_units()
        return
    if (meanings := _meanings(name)) and not latex:
        print_table([("theory", "what it is", name), *meanings])
        return
    kind = theory_named(name)
    equations = kind.written(**powers)
    if latex:
        click.echo(_latex(kind, equations))
        return
    click.echo(f"{kind.name}: {headline(kind)}")
    for title, rows in _sections(kind, equations).items():
        if rows:
            click.echo(f"\n{title}")
            print_table(rows, indent="  ")


def _meanings(name: str) -> list[tuple[str, str, str]]:
    """What a name means in every theory that has it, and as notation; nothing for a theory or a file."""
    from replica.theories import THEORIES

    return [] if name in THEORIES or is_own(name) else glossary().get(name, [])


def _of_unit(value: Any) -> str:
    """A default of a unit as the command line writes it: a number, or a list of them, with slashes."""
    return (
        "/".join(f"{number:g}" for number in value) or "0/..." if isinstance(value, tuple) else f"{value:g}"
    )


def _show_units() -> None:
    """Every unit: where it lives, its potential, activation function and thermal mean."""
    from replica.units import UNITS

    click.echo("Units s in a field b, with weight exp{-[U(s) - a s^2/2 - b s]/T}")
    for name, kind in UNITS.items():
        fields = dataclasses.fields(kind)  # type: ignore[arg-type]
        parameters = ", ".join(f"{field.name}={_of_unit(field.default)}" for field in fields)
        click.echo(f"\n{name}: {headline(kind)}")
        print_table([("parameters", parameters or "none"), *kind.about.items()], indent="  ")
    click.echo(
        "\nOn the command line: --hidden relu:theta=1.5; in Python any potential will do: replica.units.Unit"
    )


def _latex(kind: type[Theory], equations: Mapping[str, str]) -> str:
    """The equations, aligned at their first relation."""
    from replica.theory.equations import aligned

    body = aligned(equations.values(), (*kind.parameters(), *kind.order, *kind.symbols))
    return f"% {kind.name}: {headline(kind)}\n\\begin{{align}}\n{body}\n\\end{{align}}"


def _sections(kind: type[Theory], equations: Mapping[str, str]) -> dict[str, list[tuple[str, ...]]]:
    """What there is to say about a theory: rows of cells under titles."""
    critical = kind.critical
    return {
        "Parameters": [
            (
                name,
                _symbol(about.symbol),
                about.text,
                _unit(about),
                about.domain,
                _default(about),
            )
            for name, about in kind.parameters().items()
        ],
        "Order parameters": [(name, text) for name, text in kind.symbols.items()]
        or [(name,) for name in kind.order],
        "Equations": [(text,) for text in equations.values()],
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
    if latex.startswith(r"\tilde"):
        return _symbol(latex.removeprefix(r"\tilde").strip()) + "\N{COMBINING TILDE}"
    latex = re.sub(r"\\mathrm|[{}]", "", latex)
    if "_" in latex:
        return "_".join(_symbol(part) for part in latex.split("_"))
    name = latex.removeprefix("\\").removeprefix("var")
    if "\\" not in latex:
        return latex
    if name == "ell":
        return "\N{SCRIPT SMALL L}"
    size = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
    except KeyError:  # a symbol of the user's own
        return latex


def _unit(about: Parameter) -> str:
    return "" if about.unit == "1" else f"in {about.unit}"


def _default(about: Parameter) -> str:
    value = about.default
    if about.required:
        return "required"
    if isinstance(value, tuple):
        return "optional"
    return (
        "optional"
        if value is None
        else f"default {f'{value:g}' if isinstance(value, int | float) else value}"
    )
