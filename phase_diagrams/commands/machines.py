"""Inference: ``infer`` reads a feature and its strength from data."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, as_json

__all__ = ["infer"]

INFER = """\
$ replica infer data.npy --method amp
one feature in 800 data of 200 spins, by amp

beta    1.23426   strength of the feature, inferred
Q       0.944101  mean square of its posterior means: 0 nothing known, 1 certain
ln Z/N  4.41383   logarithm of the normalisation of its posterior, per spin

converged: residual 2.7e-10, 105 steps
"""


@click.command(cls=Verb, epilog=INFER)
@click.argument("source", metavar="DATA")
@click.option(
    "--method",
    default="amp",
    show_default=True,
    help="amp, or bp for belief propagation (slower, all edges).",
)
@click.option("--beta", type=float, help="Take the strength as given; without it, it is inferred.")
@click.option("--damping", type=float, help="Share of the new messages; by default 1 for amp, 0.7 for bp.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random start."
)
@click.option("-o", "output", metavar="FILE", type=OutputFile(".npy"), help="Keep the means in a .npy file.")
@as_json
def infer(
    source: str,
    method: str,
    beta: float | None,
    damping: float | None,
    seed: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Infer one binary feature from data, and its strength beta.

    DATA is a .npy file with an array (data, spins) of -1 and +1. The model has one hidden spin with weights
    beta xi_i/sqrt(N). The sign of the feature is not determined.
    """
    from phase_diagrams.commands.measuring import inferred, read_array, write_array

    data = read_array(source)
    found = inferred(data, method, beta, damping, seed, as_json)
    if output is not None:
        write_array(output, found.mean)
        click.echo(f"wrote {output}", err=True)
