"""``compare``: a table of measurements beside a theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.comparison import PICTURE, at, draw, report_on, subject_of
from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.names import in_words_of, theory_named
from phase_diagrams.commands.shared.options import UNIT, InputFile, Setting, as_json, looks, once

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look

__all__ = ["compare"]

COMPARE = """\
$ replica compare mine.csv --theory hopfield -p T=0.1
hopfield at T = 0.1: 3 rows of mine.csv

alpha  observable  theory     measured              z
0.05   m           0.9999541  0.999930 +- 0.000020  -1.2
0.08   m           0.9991044  0.99919 +- 0.00014    +0.6
0.1    m           0.9967508  0.99635 +- 0.00055    -0.7

hopfield: theory and measurement agree; of 3 observables the worst is m at alpha = 0.05, 0.99993 +- 2e-05 \
against 0.999954: z = -1.2
"""


@click.command(cls=Verb, epilog=COMPARE)
@click.argument("source", metavar="FILE.csv", type=InputFile("table"))
@click.option("--theory", "name", metavar="THEORY", required=True, help="The theory; `replica list`.")
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    type=Setting(),
    multiple=True,
    callback=once,
    help="A control parameter that is no column of the table; once for each.",
)
@click.option("--visible", metavar="UNIT", type=UNIT, help="Visible units of an RBM.")
@click.option("--hidden", metavar="UNIT", type=UNIT, help="Hidden units of an RBM.")
@click.option(
    "--branch",
    shell_complete=branches,
    help="The branch of the theory; without it the first one that show names.",
)
@click.option("--scaled", is_flag=True, help="Parameters and observables of an RBM are the scaled ones.")
@click.option("--figure", metavar="FILE", type=PICTURE, help="A figure, or a .json diagram for draw.")
@as_json
@looks
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    as_json: bool,
    visible: Any,
    hidden: Any,
    given: Any,
    look: Look,
    **asked: Any,
) -> None:
    """Compare a table of measurements with a theory.

    FILE.csv has a column for each control parameter that varies, and one for each observable, by its name in
    the theory (`replica show`); free_energy, energy and entropy are observables, too. Columns NAME_error are
    standard errors, N is the size (several are extrapolated), samples how many the errors were estimated
    from. Ends with code 3 if some |z| is above 4.
    """
    units = {name: unit for name, unit in (("visible", visible), ("hidden", hidden)) if unit is not None}
    asked = in_words_of(theory_named(asked["name"]), asked | {"given": units | given})
    Confrontation(**asked).run(as_json, ctx.find_root().obj, look)


@dataclass(frozen=True, kw_only=True)
class Confrontation:
    """A table of measurements beside a theory; the attributes are the options of the command."""

    source: str
    name: str
    given: dict[str, Any]
    branch: str | None
    scaled: bool
    figure: Path | None

    def run(self, as_json: bool, command: Sequence[str], look: Look) -> None:
        """Read, compare, print, draw; the last word is the verdict."""
        from phase_diagrams.simulating import confront, read_table

        kind = theory_named(self.name)
        rows, ignored = read_table(Path(self.source), kind, self.given)
        if ignored:
            click.echo(f"columns that are not used: {', '.join(ignored)}", err=True)
        first = {name: [value] for name, value in rows[0].point.items()}
        subject = subject_of(kind, self.given, first, self.branch, self.scaled)
        agreement = confront(subject, rows)
        headline = f"{kind.name}{at(kind, self.given, first)}: {len(rows)} rows of {Path(self.source).name}"
        report_on(agreement, headline, {"table": str(self.source)}, as_json)
        if self.figure is not None:
            draw(agreement, headline, self.figure, command, look)
        if not any(math.isfinite(error) for row in agreement.rows for error in row.errors):
            names = ", ".join(dict.fromkeys(f"{row.name}_error" for row in agreement.rows))
            click.echo(f"no verdict without errors; add columns {names}", err=True)
            return
        agreement.require()
