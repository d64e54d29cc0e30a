"""Theory beside measurement: ``validate`` simulates the machine, ``compare`` takes a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import (
    Numbers,
    OutputFile,
    OutputStore,
    Setting,
    Values,
    as_json,
    jobs,
    looks,
    once,
    theory,
)

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look

__all__ = ["compare", "validate"]

VALIDATE = """\
$ replica validate hopfield -p alpha=0.02:0.06:2 -p T=0.3 --N 250,500,1000 --samples 10
hopfield at T = 0.3: 10 samples at N = 250, 500, 1000, 200 sweeps, seed 0

alpha  observable  theory      N = 1000             N -> oo             chi2/dof  z
0.02   m           0.9958516   0.99611 +- 0.00013   0.99627 +- 0.00020  1.4/1     +1.9
0.02   q           0.9917463   0.99225 +- 0.00026   0.99257 +- 0.00039  1.4/1     +1.9
0.02   energy      -0.4964316  -0.49560 +- 0.00078  -0.4954 +- 0.0012   2.8/1     +0.8
0.06   m           0.988428    0.98994 +- 0.00079   0.98900 +- 0.00098  0.9/1     +0.6
0.06   q           0.9782404   0.9807 +- 0.0014     0.9790 +- 0.0017    1.0/1     +0.5
0.06   energy      -0.4933156  -0.4898 +- 0.0012    -0.4902 +- 0.0020   1.0/1     +1.5

hopfield: theory and measurement agree; of 6 observables the worst is q at alpha = 0.02, 0.992566 +- 0.00039 \
against 0.991746: z = +1.9
"""

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

PICTURE = OutputFile(".png", ".pdf", ".svg", ".json")


class Several(Setting):
    """``NAME=VALUE``, or several: ``NAME=FROM:TO:COUNT`` or ``NAME=VALUE,VALUE,...``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name, and the value or the list of values."""
        if isinstance(value, str) and ("," in value or ":" in value):
            return Values().convert(value, param, ctx)
        return super().convert(value, param, ctx)


class Sizes(Numbers):
    """``N,N,...``: whole numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the list of sizes."""
        sizes = super().convert(value, param, ctx)
        for size in sizes:
            if size != int(size) or size < 1:
                self.fail(f"{size:g} is not a whole number of at least 1", param, ctx)
        return [int(size) for size in sizes]


def several(command: Any) -> Any:
    """Let ``-p`` of a command take ranges."""
    for one in command.params:
        if one.name == "given":
            one.type = Several()
            one.metavar = "NAME=VALUE"
            one.help = "A control parameter: T=0.3, or several values: T=0.1:0.5:5, T=0.1,0.3. Once for each."
    return command


@several
@click.command(cls=Verb, epilog=VALIDATE)
@theory
@click.option("--branch", help="The branch of the theory; without it the one that the machine is on.")
@click.option("--scaled", is_flag=True, help="Parameters and observables of an RBM are the scaled ones.")
@click.option("--N", "sizes", metavar="N,N,...", type=Sizes(), help="Sizes; several are extrapolated.")
@click.option(
    "--samples", type=click.IntRange(2), default=20, show_default=True, help="Samples of the disorder."
)
@click.option("--sweeps", type=click.IntRange(1), help="Length of a run; without it that of the machine.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the whole run.")
@jobs
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputStore(".nc", ".zarr"),
    help="Keep the samples in a .nc file or a .zarr store.",
)
@click.option("--csv", metavar="FILE", type=OutputFile(".csv"), help="Means and errors, for compare.")
@click.option("--figure", metavar="FILE", type=PICTURE, help="A figure, or a .json diagram for draw.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished run.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@looks
@click.pass_context
def validate(ctx: click.Context, /, as_json: bool, look: Look, **asked: Any) -> None:
    """Simulate the machine of a theory and compare.

    Prints, for every observable, theory and simulation, its extrapolation in 1/N, and their distance z in
    sigmas. Ends with code 3 if some |z| is above 4. Machines: hopfield, random-rbm, compositional,
    sherrington-kirkpatrick, random-energy, one-hidden-unit; hopfield and sherrington-kirkpatrick also with
    --rsb 1. Parameters of an RBM are those in its energy, unless --scaled is given. With -o every sample is
    stored as soon as it is finished.
    """
    from phase_diagrams.commands.validating import Validation

    Validation(**asked).run(as_json, ctx.find_root().obj, look)


@click.command(cls=Verb, epilog=COMPARE)
@click.argument("source", metavar="FILE.csv", type=click.Path(path_type=Path))
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
@click.option("--visible", metavar="UNIT", help="Visible units of an RBM.")
@click.option("--hidden", metavar="UNIT", help="Hidden units of an RBM.")
@click.option("--branch", help="The branch of the theory; without it the first one that show names.")
@click.option("--scaled", is_flag=True, help="Parameters and observables of an RBM are the scaled ones.")
@click.option("--figure", metavar="FILE", type=PICTURE, help="A figure, or a .json diagram for draw.")
@as_json
@looks
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    as_json: bool,
    visible: str | None,
    hidden: str | None,
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
    from phase_diagrams.commands.validating import Confrontation

    units = {name: unit for name, unit in (("visible", visible), ("hidden", hidden)) if unit is not None}
    Confrontation(given=units | given, **asked).run(as_json, ctx.find_root().obj, look)
