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

$ replica learn-theory --signal 0.6 --sigma 0.8 --time 0:20:5
one mode of a binary RBM in mean field: signal = 0.6, sigma = 0.8, kappa = 1, w(0) = 0.1, integrated

t   w             m               m_bar           q               q_bar
0   0.1           0               0               0               0
5   0.340615348   0               0               0               0
10  1.08138747    0.183904442     0.183904442     0.0752620835    0.0752620835
15  1.58708611    0.50296071      0.50296071      0.369914466     0.369914466
20  1.73251877    0.547145915     0.547145915     0.422805675     0.422805675
oo  1.8254562798  0.570284758667  0.570284758667  0.452191755526  0.452191755526
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
    "--signal",
    metavar="S",
    type=float,
    help="In place of both: one mode of a binary RBM in mean field, of data in two clusters at +-S on it.",
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
@click.option("--sigma-v", type=float, help="Width of the visible units.  [default: 1]")
@click.option("--sigma-h", type=float, help="Width of the hidden units.  [default: 1]")
@click.option("--integrate", is_flag=True, help="Integrate the flow in place of the closed form.")
@click.option(
    "--random",
    metavar="SEED",
    type=click.IntRange(0),
    help="Start from Gaussian weights, integrate, and say how far the singular vectors have turned.",
)
@click.option("--sigma", type=float, help="With --signal: strength of the random weights.  [default: 0.5]")
@click.option("--kappa", type=float, help="With --signal: hidden units per visible unit.  [default: 1]")
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
    """Learn the singular values of the weights of an RBM.

    Of a Gaussian RBM: prints the singular value w(t) of the weights along every principal direction of the
    data, its rate of growth while it is small, and what is learned in the end (oo). Modes whose second
    moment S is above sigma_v^2 grow, the others decay. With sigma_v = 1 the rates are also those of a machine
    with units +-1 and small weights. With --random, also the overlap (u.e)^2 of each singular vector with its
    principal direction.

    With --signal, of one mode of a binary RBM: its strength w(t), and the overlaps of the layers with it.
    """
    from phase_diagrams.commands.learning import lesson

    taught = lesson(**asked)
    if as_json and as_csv:
        from replica.errors import ParameterError

        sentence = "give either --json or --csv"
        raise ParameterError(sentence)
    if output is not None:
        taught.write(output, ctx.find_root().obj, look)
    if as_json:
        taught.print_json()
    elif as_csv:
        click.echo(taught.csv(), nl=False)
    elif output is None:
        taught.print()
