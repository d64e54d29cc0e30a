"""Learning in theory: ``learn-theory``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import Numbers, OutputFile, Times, as_json, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look

__all__ = ["learn_theory"]

LEARN_THEORY = """\
$ replica learn-theory --variance 4,2,1.2,0.8 --time 0:20:5
Gauss-Gauss RBM: sigma_v = 1, sigma_h = 1, w(0) = 0.1, closed form

t     S = 4           S = 2           S = 1.2         S = 0.8
rate  3               1               0.2             -0.2
0     0.1             0.1             0.1             0.1
5     0.866025403784  0.707104995819  0.235608826177  0.0360134065129
10    0.866025403784  0.707106781187  0.369976706974  0.0132115764943
15    0.866025403784  0.707106781187  0.40413714122   0.0048584344114
20    0.866025403784  0.707106781187  0.407868760396  0.00178722694463
oo    0.866025403784  0.707106781187  0.408248290464  0
"""


@click.command("learn-theory", cls=Verb, epilog=LEARN_THEORY)
@click.option(
    "--variance",
    "variances",
    metavar="S,S,...",
    type=Numbers(),
    help="Second moments of the data along their principal directions.",
)
@click.option(
    "--clusters",
    metavar="SEED",
    type=click.IntRange(0),
    help="In place of --variance: those above sigma_v^2 of 11 clusters in 5 of 100 dimensions.",
)
@click.option(
    "--time",
    "times",
    metavar="FROM:TO:COUNT",
    type=Times(),
    default="0:50:11",
    show_default=True,
    help="Learning times.",
)
@click.option("--initial", type=float, default=0.1, show_default=True, help="Singular values at t = 0.")
@click.option("--sigma-v", type=float, default=1.0, show_default=True, help="Width of the visible units.")
@click.option("--sigma-h", type=float, default=1.0, show_default=True, help="Width of the hidden units.")
@click.option("--integrate", is_flag=True, help="Integrate the flow in place of the closed form.")
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".csv", ".json", ".png", ".pdf", ".svg"),
    help="A .csv table, a .json diagram for `replica draw`, or a figure.",
)
@looks
@click.pass_context
def learn_theory(
    ctx: click.Context, /, as_json: bool, as_csv: bool, output: Any, look: Look, **asked: Any
) -> None:
    """Learn the singular values of a Gaussian RBM.

    Prints the singular value w(t) of the weights along every principal direction of the data, its rate of
    growth while it is small, and what is learned in the end (oo). Modes whose second moment S is above
    sigma_v^2 grow, the others decay. With sigma_v = 1 the rates are also those of a machine with units +-1
    and small weights.
    """
    from phase_diagrams.commands.learning import Lesson

    lesson = Lesson(**asked)
    if as_json and as_csv:
        from replica.errors import ParameterError

        sentence = "give either --json or --csv"
        raise ParameterError(sentence)
    if output is not None:
        lesson.write(output, ctx.find_root().obj, look)
    if as_json:
        lesson.print_json()
    elif as_csv:
        click.echo(lesson.csv(), nl=False)
    elif output is None:
        lesson.print()
