"""``train``: a restricted Boltzmann machine learns data."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.machines import describe, warn
from phase_diagrams.commands.shared.options import DATA, MACHINE, OutputFile, reading
from phase_diagrams.commands.shared.printing import number
from replica.errors import ParameterError

if TYPE_CHECKING:
    from replica.machines.data.loading import Data
    from replica.machines.training.epochs import Training

__all__ = ["train"]

COMMANDLINE = click.core.ParameterSource.COMMANDLINE
WEIGHED = 2000
"""Samples that tell whether a machine has learned more than the means of the data."""
METHODS = ("cd", "pcd", "tempered", "mean-field", "tap", "exact")

EXAMPLE = """\
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


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="DATA", type=DATA)
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
@click.option(
    "--resume",
    metavar="FILE",
    type=MACHINE,
    help="Go on with a training, exactly as if it had not stopped.",
)
@reading
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".npz", spares=("array", "arrays", "weights")),
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
    from phase_diagrams.storage.files import check_writable, refuse_same, write_atomic
    from replica.machines.inference.likelihood import untrained
    from replica.machines.training.epochs import TrainingError, train
    from replica.machines.training.files import dumps

    target = output or (Path(resume) if resume else None)
    if target is None:
        message = "say where the machine goes: -o FILE.npz"
        raise ParameterError(message)
    check_writable(target)
    refuse_same(target, source)
    how = {name: asked.pop(name) for name in ("threshold", "key", "drop")}
    if resume is None:
        training, data, about = begun(source, how, **asked)
    else:
        given = [name for name in asked if ctx.get_parameter_source(name) is COMMANDLINE]
        training, data, about = resumed(resume, source, how, {name: asked[name] for name in given})
    about |= {"command": shlex.join(ctx.find_root().obj)}
    heads = ("epoch", "pseudo-likelihood", "reconstruction error", "gradient norm", "rate")
    click.echo(f"{source}: {len(data.values)} samples; {describe(training.rbm)}\n")
    click.echo("  ".join(heads))

    def report(now: Training) -> None:
        row = now.history[-1]
        values = (row.pseudo_likelihood, row.reconstruction_error, row.gradient_norm, row.rate)
        cells = (str(row.epoch), *(number(value, 4) for value in values))
        click.echo("  ".join(c.ljust(len(h)) for c, h in zip(cells, heads, strict=True)).rstrip())
        write_atomic(target, dumps(now, **about))

    try:
        trained = train(training, data.values, epochs, report=report)
    except TrainingError as error:
        write_atomic(target, dumps(error.solution, **about))
        raise
    click.echo(f"wrote {target}", err=True)
    warn(untrained(trained.rbm, data.values[:WEIGHED]))


def begun(
    source: str, how: Mapping[str, Any], visible: str, hidden: str, units: int, **options: Any
) -> tuple[Training, Data, dict[str, Any]]:
    """A training at its start, its data, and what is kept with it."""
    from replica.machines.data.loading import load_data
    from replica.machines.training.epochs import Settings, start
    from replica.units import parse

    settings, unit = Settings(**options), parse(visible)
    data = load_data(source, unit, **how)
    about = {"data": source, "digest": data.digest, "image": data.image}
    return start(data.values, unit, parse(hidden), units, settings), data, about


def resumed(
    resume: str, source: str, how: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[Training, Data, dict[str, Any]]:
    """A training from a file, its data, and what is kept with it; they must be those of the beginning."""
    from replica.machines.data.loading import load_data
    from replica.machines.training.files import load_training

    training, about = load_training(resume)
    check_same(training, resume, given)
    data = load_data(source, training.rbm.visible, **how)
    if about.get("digest", data.digest) != data.digest:
        before = about.get("data")
        message = f"{resume} was trained on other data ({before}) and cannot go on with {source}"
        raise ParameterError(message)
    return training, data, about


def check_same(training: Training, resume: str, given: Mapping[str, Any]) -> None:
    """Options given along with --resume may only repeat what the training began with."""
    from replica.units import parse

    rbm = training.rbm
    before = dataclasses.asdict(training.settings) | {
        "visible": rbm.visible.name,
        "hidden": rbm.hidden.name,
        "units": rbm.n_hidden,
    }
    for name, value in given.items():
        new = parse(value).name if name in ("visible", "hidden") else value
        if new != before[name]:
            option = "--" + name.replace("_", "-")
            message = (
                f"{option} was {before[name]} when the training in {resume} began, and is {new} now; leave "
                "it out to go on, or begin another training without --resume"
            )
            raise ParameterError(message)
