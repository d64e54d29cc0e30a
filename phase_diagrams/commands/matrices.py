"""Weight matrices: ``place``."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, as_json

__all__ = ["place"]

PLACE = ""


@click.command(cls=Verb, epilog=PLACE)
@click.argument("source", metavar="FILE")
@click.option("--key", metavar="NAME", help="Array of an .npz file; W, weights or the only one if not given.")
@click.option(
    "--law",
    type=click.Choice(["rademacher", "gaussian", "laplace"]),
    help="Law of the components of the modes; the nearest by kurtosis if not given.",
)
@click.option("--zero-one", is_flag=True, help="The units are 0 and 1, not -1 and 1: weights count a quarter.")
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg"),
    help="Draw the modes into the phase diagram: a .png, .pdf or .svg file.",
)
def place(
    source: str, key: str | None, law: str | None, zero_one: bool, as_json: bool, output: Path | None
) -> None:
    """Place a weight matrix on the phase diagram.

    The matrix is that of an RBM with one row per visible and one column per hidden unit, in a .npy or .npz
    file. Singular values beyond the Marchenko-Pastur edge are modes, the others noise; the theory
    spectral-rbm at T = 1 says which phase that is, and which modes condense.
    """
    from phase_diagrams.commands.placing import Report
    from phase_diagrams.placement import place, read_weights

    weights = read_weights(source, key)
    report = Report(source, place(weights / 4 if zero_one else weights, law), given=law is not None)
    if output is not None:
        report.draw(output)
    report.print(as_json)
