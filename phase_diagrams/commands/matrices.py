"""Weight matrices: ``place``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import OutputFile, as_json, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look

__all__ = ["place"]

PLACE = """\
$ replica place weights.npz
weights.npz: 300 visible, 200 hidden units

kappa     0.66667                         hidden units per visible unit
sigma     0.69813                         width of the noise; 1/sigma = 1.4324
edge      1.4034                          of Marchenko-Pastur; 198 singular values of noise
largest   1.4154                          singular value among them
distance  0.015281                        of their distribution from Marchenko-Pastur (Kolmogorov)
modes     2                               singular values outside
law       laplace                         of the components of the modes, the nearest to their kurtosis 2.39
phase     ferromagnet, replica symmetric  at T = 1
w_c       1.7214                          strength above which a further mode condenses
replicon  0.95133                         positive where replica symmetry is stable

mode  singular value  w       w/sigma  kurtosis u    kurtosis v    condensed
1     2.4264          2.2008  3.1525   2.72 +- 0.36  2.43 +- 0.41  yes
2     2.0761          1.8006  2.5791   2.13 +- 0.42  2.26 +- 0.46  yes
"""


@click.command(cls=Verb, epilog=PLACE)
@click.argument("source", metavar="FILE")
@click.option("--key", metavar="NAME", help="Array of an .npz file; W, weights or the only one if not given.")
@click.option(
    "--law",
    type=click.Choice(["rademacher", "gaussian", "laplace", "bernoulli"]),
    help="Law of the components of the modes; if not given, the nearest by kurtosis of the first three.",
)
@click.option(
    "-p",
    "p",
    metavar="P",
    type=float,
    help="With --law bernoulli: probability that a component is not zero; by default from the kurtosis.",
)
@click.option(
    "--zero-one", is_flag=True, help="The units are 0 and 1, not -1 and 1: weights count a quarter."
)
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg"),
    help="Draw the modes into the phase diagram: a .png, .pdf or .svg file.",
)
@looks
def place(
    source: str,
    key: str | None,
    law: str | None,
    p: float | None,
    zero_one: bool,
    as_json: bool,
    output: Path | None,
    look: Look,
) -> None:
    """Place a weight matrix on the phase diagram.

    The matrix is that of an RBM with one row per visible and one column per hidden unit, in a .npy or .npz
    file. Singular values beyond the Marchenko-Pastur edge are modes, the others noise; the theory
    spectral-rbm at T = 1 says which phase that is, and which modes condense.
    """
    from phase_diagrams.commands.placing import Report
    from phase_diagrams.placement import place, read_weights

    weights = read_weights(source, key)
    report = Report(source, place(weights / 4 if zero_one else weights, law, p), given=law is not None)
    if output is not None:
        report.draw(output, look)
    report.print(as_json)
