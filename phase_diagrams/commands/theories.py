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
  hopfield                      Hopfield network with extensively many patterns, replica symmetric
  mixtures                      States that overlap equally with n patterns, few patterns among many neurons
  thresholded-hopfield          Hopfield network with thresholded hidden units: the ReLU-RBM at p = 1, L = 1 and T = 0
  compositional                 Homogeneous random RBM with {0,1} visible and ReLU hidden units at T = 0
  random-rbm                    Random RBM with any pair of units and sparse random weights
  general-priors                Hopfield-like network with priors between binary and Gaussian
  curie-weiss                   Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S
  blume-capel                   Spins S = -1, 0, 1 with infinite-range coupling, H = -(sum S)^2/(2N) + D sum S^2
  spectral-rbm                  RBM of spins whose weights are a few modes and Gaussian noise, replica symmetric
  sherrington-kirkpatrick       Spin glass of infinite range with ferromagnetic bias and field, replica symmetric
  sherrington-kirkpatrick-1rsb  Spin glass of infinite range, one step of replica symmetry breaking
  hopfield-1rsb                 Hopfield network with extensively many patterns, one step of replica symmetry breaking
  random-energy                 2^N independent Gaussian energies of variance N/2, in a field
  one-hidden-unit               Binary weights of one hidden unit, inferred from data that a teacher generated
  hopfield-hidden-unit          Inference of binary weights in the Hopfield approximation, ln cosh(beta x) = (beta x)^2/2
Diagrams
  hopfield                    Hopfield network: phases in load and temperature
  hopfield-error              Hopfield network at T = 0: fraction of errors against load
  hopfield-graphical          Hopfield network at T = 0: graphical solution of the saddle-point equation
  mixtures                    Hopfield network at alpha = 0: symmetric mixtures, their energies and temperatures
  thresholded-hopfield        Hopfield network with thresholded hidden units: capacity against threshold
  compositional-energy        Random RBM: energy against the number of active hidden units
  compositional               Random RBM: ferromagnetic, compositional and spin-glass phase
  compositional-capacity      Random RBM at finite sparsity: capacity against threshold
  activation-functions        Units: mean against field, at T = 0 and at a finite temperature
  hidden-units                Random RBM of spins: retrieval with Gaussian and with rectified hidden units
  compositional-temperature   Random RBM: compositional phase at finite temperature
  general-priors              General priors: glass and retrieval lines between binary and Gaussian units
  heterogeneous               Random RBM: energy for homogeneous and for heterogeneous weights
  finite-sparsity             Random RBM: energy at finite sparsity and in the limit of sparse weights
  spectral-rbm                RBM with one mode and noise: phases in the plane of the paper, for three laws
  mode-coexistence            RBM with two modes and noise: where both condense, for three laws
  sk                          Sherrington-Kirkpatrick spin glass: phases in bias and temperature
  sk-at                       Sherrington-Kirkpatrick spin glass: stability of replica symmetry in a field
  random-energy               Random energy model: condensation, with enumerated systems
  replica-trick               Replica trick: moments of the partition function as n tends to 0
  self-averaging              Self-averaging: fluctuations of the free energy against size
  one-hidden-unit             One hidden unit: overlap with the teacher, and phases of a mistaken student
  one-hidden-unit-entropy     One hidden unit: two entropies, and the Hopfield approximation
  learning-dynamics           Gauss-Gauss RBM: singular values and vectors against learning time
  learning-trajectory-theory  Binary RBM, mean field: the way of one mode through the phase diagram
  validation-hopfield         Hopfield network: theory and simulation beside each other
  learning-spectrum           RBMs in training: singular values and vectors beside the theory
  learning-trajectory         RBM of spins in training: its way through the phases of the spectral RBM
  compositional-evidence      RBM trained on digits: signs of the compositional phase, for ReLU and Gaussian units
  deep-belief-network         Deep belief network trained on digits: features of its layers, and samples
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
@click.argument("name", metavar="THEORY|units")
@click.option("--latex", is_flag=True, help="Print the equations in LaTeX, to paste.")
def show(name: str, latex: bool) -> None:
    """Show a theory: equations, parameters, numbers.

    Further its order parameters, branches, lines, conventions and references. With the name `units`: what the
    visible and hidden units of a random RBM can be.
    """
    from phase_diagrams.commands.asking import theory_named
    from phase_diagrams.commands.printing import print_table

    if name == "units":
        _show_units()
        return
    kind = theory_named(name)
    if latex:
        click.echo(_latex(kind))
        return
    click.echo(f"{name}: {_headline(kind)}")
    for title, rows in _sections(kind).items():
        if rows:
            click.echo(f"\n{title}")
            print_table(rows, indent="  ")


def _show_units() -> None:
    """Every unit: where it lives, its potential, activation function and thermal mean."""
    import dataclasses

    from phase_diagrams.commands.printing import print_table
    from replica.units import UNITS

    click.echo("Units s in a field b, with weight exp{-[U(s) - a s^2/2 - b s]/T}")
    for name, kind in UNITS.items():
        fields = dataclasses.fields(kind)  # type: ignore[arg-type]
        parameters = ", ".join(f"{field.name}={field.default:g}" for field in fields)
        click.echo(f"\n{name}: {_headline(kind)}")
        print_table([("parameters", parameters), *kind.about.items()], indent="  ")
    click.echo(
        "\nOn the command line: --hidden relu:theta=1.5; in Python any potential will do: replica.units.Unit"
    )


def _headline(kind: type[Any]) -> str:
    """First line of the docstring, without its references."""
    first = (kind.__doc__ or kind.name).strip().splitlines()[0]
    return re.sub(r"\s*\[\w+\]_", "", first).rstrip(".")


def _latex(kind: type[Theory]) -> str:
    """The equations, aligned at their first relation."""
    from replica.equations import latex

    written = [latex(text) for text in kind.equations.values()]
    rows = [re.sub(r" (=|>|<|\\sim|\\[lg]e) ", r" &\1 ", row, count=1) for row in written]
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
        "Equations": [(text,) for text in kind.equations.values()],
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
    if "_" in latex:
        return "_".join(_symbol(part) for part in latex.split("_"))
    name = latex.removeprefix("\\")
    if name == latex:
        return latex
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    return (
        "\N{SCRIPT SMALL L}" if name == "ell" else unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
    )


def _unit(about: Any) -> str:
    return "" if about["unit"] == "1" else f"in {about['unit']}"


def _domain(about: Any) -> str:
    from replica.theory import domain

    return domain(about)


def _default(value: Any) -> str:
    import dataclasses

    if value is dataclasses.MISSING:
        return "required"
    if isinstance(value, tuple):
        return "optional"
    return "optional" if value is None else f"default {value if isinstance(value, str) else f'{value:g}'}"
