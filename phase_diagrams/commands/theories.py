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
Theories
  hopfield              Hopfield network with extensively many patterns, replica symmetric
  mixtures              States that overlap equally with n patterns, few patterns among many neurons
  thresholded-hopfield  Hopfield network with thresholded hidden units: the ReLU-RBM at p = 1, L = 1 and T = 0
  compositional         Homogeneous random RBM with {0,1} visible and ReLU hidden units at T = 0
  curie-weiss           Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S
  blume-capel           Spins S = -1, 0, 1 with infinite-range coupling, H = -(sum S)^2/(2N) + D sum S^2
  one-hidden-unit       Binary weights of one hidden unit, inferred from data that a teacher generated
  hopfield-hidden-unit  Inference of binary weights in the Hopfield approximation, ln cosh(beta x) = (beta x)^2/2
Diagrams
  hopfield                    Hopfield network: phases in load and temperature
  hopfield-error              Hopfield network at T = 0: fraction of errors against load
  hopfield-graphical          Hopfield network at T = 0: graphical solution of the saddle-point equation
  mixtures                    Hopfield network at alpha = 0: symmetric mixtures, their energies and temperatures
  thresholded-hopfield        Hopfield network with thresholded hidden units: capacity against threshold
  compositional-energy        Random RBM: energy against the number of active hidden units
  compositional               Random RBM: ferromagnetic, compositional and spin-glass phase
  compositional-capacity      Random RBM at finite sparsity: capacity against threshold
  one-hidden-unit             One hidden unit: overlap with the teacher, and phases of a mistaken student
  one-hidden-unit-entropy     One hidden unit: two entropies, and the Hopfield approximation
  learning-dynamics           Gauss-Gauss RBM: singular values and vectors against learning time
  learning-trajectory-theory  Binary RBM, mean field: the way of one mode through the phase diagram
"""

SHOW = """\
$ replica show curie-weiss
curie-weiss: Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S

Parameters
  T  T  temperature  in J  >= 0               required
  h  h  field        in J  any finite number  default 0

Order parameters
  m  magnetisation

Equations
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
    for title, table in tables.items():
        click.echo(title.capitalize())
        print_table(table.items(), indent="  ")


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
    name, mark, index = latex.removeprefix("\\").partition("_")
    if not latex.startswith("\\"):
        return latex
    if mark:  # an index stays as it is
        return f"{_symbol(chr(92) + name)}_{index}"
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
