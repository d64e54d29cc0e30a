"""Machines that learn: ``train``, ``likelihood``, ``diagnose``, ``sample``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, as_json, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look

__all__ = ["diagnose", "likelihood", "sample", "train"]

Command = TypeVar("Command", bound=Callable[..., Any])

METHODS = ("cd", "pcd", "tempered", "mean-field", "tap", "exact")

TRAIN = """\
$ replica train digits --hidden relu --units 20 --epochs 4 -o rbm.npz
digits: 1797 samples; 64 bernoulli visible, 20 relu hidden units

epoch  pseudo-likelihood  reconstruction error  gradient norm  rate
1      -24.37             0.1286                1.435          0.1
2      -24.37             0.1286                1.403          0.1
3      -24.36             0.1285                1.453          0.1
4      -24.34             0.1283                1.431          0.1
wrote rbm.npz
Warning: the pseudo-likelihood, -24.39, is that of independent units with the means of the data, -24.42: \
the machine knows of no correlations; train longer, or with a larger rate
"""

LIKELIHOOD = """\
$ replica likelihood rbm.npz --data digits --steps 200
rbm.npz: 64 bernoulli visible, 20 relu hidden units; 1797 samples of digits

log Z              33.48697  +- 0.00034  by bridge
log-likelihood     -24.411   +- 0.00034  mean of ln P(v), in nats
spread             0.092                 its standard error for a finite number of data
pseudo-likelihood  -24.388               mean of sum ln P(v_i | others)
effective          100                   runs out of 100
forward            33.48685              log Z of the runs towards the machine
back               33.48709              log Z of the runs from it
bound              33.47668              log Z is at least that, by mean field
Warning: the pseudo-likelihood, -24.39, is that of independent units with the means of the data, -24.42: \
the machine knows of no correlations; train longer, or with a larger rate
"""

DIAGNOSE = """\
$ replica diagnose rbm.npz --data digits
rbm.npz: 64 bernoulli visible, 20 relu hidden units

phase      paramagnet          states at random, not frozen
diagram    compositional       its theory: replica show compositional
certainty  1                   share of machines drawn within the errors that are in the same phase
alpha      0.3125              hidden units per visible unit
p          0.3315 +- 0.012     sparsity of the weights; the p_i spread by 0.26
A          0.2115              size of the weights, in units of 1/sqrt(N)
theta      -0.009156 +- 0.051  scaled threshold of the hidden units, theta/(A sqrt(p))
g          -65.02 +- 26        scaled field on the visible units, g/(A^2 p)
T          67.45 +- 8.6        scaled temperature
l*         -                   p times the number of strong hidden units, by theory
l*/p       -                   that number itself, at the p of this machine
m          0                   overlap of the strong units with the visible ones, by theory
q          -                   activity of the visible units, by theory
sigma      0.05608 +- 0.0011   width of the noise in the weights
edge       0.1169              largest singular value of noise alone (Marchenko-Pastur)
largest    0.3555              largest singular value of the weights
modes      3                   singular values beyond the edge and its fluctuations
L          19.64 +- 0.0052     PR_3 of the hidden units given the data: strongly active ones
L p        6.51                to be compared with l* of theory
strong     4.53                hidden units with a clear overlap, m = 0.47
activity   0.2929 +- 0.00098   of the visible units in the data
seen       paramagnet          phase by the look of the hidden units

disagreements
  sparsity: the p_i of the visible units spread by 0.26 about 0.33; the diagram is that of equal p_i
  g: units differ by 1.6e+02 about -65; the diagram is that of equal units
  temperature: T = 67 is not cold, and the diagram is that of T = 0

advice
  weights are too small for their temperature: train longer, or with a larger rate
"""

SAMPLE = """\
$ replica sample rbm.npz --temper 4 -n 16 --sweeps 50 -o samples.png
4 temperatures; exchanges accepted at least 0.09
wrote samples.png
"""


def reading(command: Command) -> Command:
    """Add how data are read: ``--threshold`` and ``--key``."""
    threshold = click.option(
        "--threshold", type=float, metavar="X", help="Bits are 1 (spins +1) above it; 0.5 for pixels."
    )
    key = click.option("--key", metavar="NAME", help="Array of an .npz file of data.")
    return threshold(key(command))


def against(command: Command) -> Command:
    """Add ``--data``."""
    return click.option("--data", metavar="DATA", help="digits, or a file: IDX, .npy, .npz or .csv.")(
        reading(command)
    )


@click.command(cls=Verb, epilog=TRAIN)
@click.argument("source", metavar="DATA")
@click.option("--visible", metavar="UNIT", default="bernoulli", show_default=True, help="Visible units.")
@click.option("--hidden", metavar="UNIT", default="bernoulli", show_default=True, help="Hidden units.")
@click.option("--units", type=int, default=100, show_default=True, help="Number of hidden units.")
@click.option(
    "--epochs", type=click.IntRange(1), default=10, show_default=True, help="(More) passes through the data."
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="pcd",
    show_default=True,
    help="How the model is averaged.",
)
@click.option("--k", type=int, default=1, show_default=True, help="Sweeps for each update.")
@click.option("--batch", type=int, default=100, show_default=True, help="Samples for each update.")
@click.option("--rate", type=float, default=0.1, show_default=True, help="Learning rate.")
@click.option(
    "--schedule",
    type=click.Choice(["constant", "inverse", "exponential"]),
    default="constant",
    show_default=True,
    help="How the rate falls.",
)
@click.option(
    "--halving", type=float, default=10.0, show_default=True, help="Epochs after which the rate is half."
)
@click.option(
    "--optimizer", type=click.Choice(["sgd", "adam"]), default="sgd", show_default=True, help="Kind of steps."
)
@click.option("--momentum", type=float, default=0.0, help="Part of the last step that is repeated (sgd).")
@click.option("--weight-decay", type=float, default=0.0, help="Penalty on the squares of the weights.")
@click.option("--l1", type=float, default=0.0, help="Penalty on their sizes: sparse weights.")
@click.option("--l1-squared", type=float, default=0.0, help="The same, equally for all hidden units.")
@click.option(
    "--centred/--plain",
    default=True,
    show_default=True,
    help="Subtract the means of the data in the gradient.",
)
@click.option("--chains", type=int, default=100, show_default=True, help="Persistent chains.")
@click.option("--temperatures", type=int, default=8, show_default=True, help="Of tempered chains.")
@click.option("--hottest", type=float, default=5.0, show_default=True, help="Highest temperature of these.")
@click.option(
    "--scale", type=float, default=0.01, show_default=True, help="Size of the weights at the start."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random numbers.")
@click.option("--resume", metavar="FILE", help="Go on with a training, exactly as if it had not stopped.")
@reading
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".npz"),
    help="An .npz file; that of --resume if not given.",
)
@click.pass_context
def train(
    ctx: click.Context, /, source: str, epochs: int, resume: str | None, output: Path | None, **asked: Any
) -> None:
    """Train a restricted Boltzmann machine.

    DATA is digits (8 x 8 pixels, from scikit-learn) or a file: IDX as MNIST comes, .npy, .npz or .csv. The
    machine is written after every epoch, with all that --resume needs. Printed are the pseudo-likelihood and
    the reconstruction error of 100 samples, and the norm of the gradient.
    """
    from phase_diagrams.commands.trained import Lesson

    given = [
        name
        for name in asked
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        and name not in ("threshold", "key")
    ]
    lesson = Lesson(source, resume, output, asked.pop("threshold"), asked.pop("key"), asked, given)
    lesson.run(epochs, ctx.find_root().obj)


@click.command(cls=Verb, epilog=LIKELIHOOD)
@click.argument("machine", metavar="FILE")
@against
@click.option(
    "--method",
    type=click.Choice(["auto", "exact", "ais", "bridge", "tap"]),
    default="auto",
    show_default=True,
    help="auto: exact where a layer has at most 20 discrete units, else bridge.",
)
@click.option("--runs", type=int, default=100, show_default=True, help="Of annealing.")
@click.option("--steps", type=int, default=1000, show_default=True, help="Of each run.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random numbers.")
@as_json
def likelihood(machine: str, data: str | None, as_json: bool, **asked: Any) -> None:
    """Weigh a machine: log Z, likelihood of data.

    ais anneals from a machine without weights; bridge anneals in both directions and joins them by Bennett's
    acceptance ratio. Exit code 3 says that the estimate is not to be believed: the runs are too short, or it
    is below the bound of mean field, which log Z never is.
    """
    from phase_diagrams.commands.trained import Weighing

    Weighing(machine, data, **asked).print(as_json)


@click.command(cls=Verb, epilog=DIAGNOSE)
@click.argument("machine", metavar="FILE")
@against
@click.option(
    "--draws", type=click.IntRange(0), default=10, show_default=True, help="Machines drawn within the errors."
)
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg"),
    help="Draw the machine on its phase diagram: a .png, .pdf or .svg file.",
)
@looks
def diagnose(
    machine: str,
    data: str | None,
    threshold: float | None,
    key: str | None,
    draws: int,
    as_json: bool,
    output: Path | None,
    look: Look,
) -> None:
    """Say which phase a machine is in.

    A machine of bits (or spins) and ReLU units is placed on the diagram of the random RBM, one of two binary
    layers on that of the spectral RBM; its singular values are compared with the Marchenko-Pastur law. With
    data, the activity of the hidden units is compared with the theory.
    """
    from phase_diagrams.commands.trained import Finding

    finding = Finding(machine, data, threshold, key, draws)
    if output is not None:
        finding.draw(output, look)
    finding.print(as_json)


@click.command(cls=Verb, epilog=SAMPLE)
@click.argument("machine", metavar="FILE")
@click.option(
    "-n", "count", type=click.IntRange(1), default=100, show_default=True, help="Number of samples."
)
@click.option("--sweeps", type=click.IntRange(1), default=1000, show_default=True, help="Of each chain.")
@click.option(
    "--temper",
    metavar="COUNT",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Temperatures that exchange their chains; 1 for none.",
)
@click.option("--hottest", type=float, default=5.0, show_default=True, help="The highest of them.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random numbers.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg", ".npy", ".csv"),
    required=True,
    help="A picture, or numbers as .npy or .csv.",
)
@looks
def sample(
    machine: str, count: int, sweeps: int, temper: int, hottest: float, seed: int, output: Path, look: Look
) -> None:
    """Draw samples from a machine, each from a chain of its own.

    In a picture the means of the visible units are shown, as images if the data were images.
    """
    from phase_diagrams.commands.trained import Drawing

    Drawing(machine, count, sweeps, temper, hottest, seed).write(output, look)
