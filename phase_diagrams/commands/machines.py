"""Machines of finite size: ``simulate`` samples one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import Assignment, OutputFile, as_json, once

__all__ = ["simulate"]

SIMULATE = """\
$ replica simulate hopfield --N 1000 -p alpha=0.05 -p T=0.2 --samples 4 --seed 1 -o mc.nc
hopfield, N = 1000, alpha=0.05, T=0.2: 4 samples of 200 sweeps, seed 1

m          0.99809 +- 0.00036   overlap with the retrieved pattern
q          0.99666 +- 0.00045   overlap of the time averages of the two halves of the run (Edwards-Anderson)
e          -0.50416 +- 0.00033  energy per neuron
tau        1.22                 integrated autocorrelation time of the overlap, in sweeps
effective  168                  effective number of independent measurements in a run
wrote mc.nc
"""


@click.command(cls=Verb, epilog=SIMULATE)
@click.argument("name", metavar="MACHINE")
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    type=Assignment(),
    multiple=True,
    callback=once,
    help="A control parameter, such as T=0.3; once for each.",
)
@click.option("--visible", metavar="UNIT", help="Visible units of a random RBM, such as bernoulli:g=-0.02.")
@click.option("--hidden", metavar="UNIT", help="Hidden units of a random RBM, such as relu:theta=0.3.")
@click.option(
    "--N", "N", type=click.IntRange(1), default=1000, show_default=True, help="Size of the machine."
)
@click.option(
    "--samples", type=click.IntRange(1), default=10, show_default=True, help="Samples of the disorder."
)
@click.option(
    "--sweeps", type=click.IntRange(1), default=200, show_default=True, help="Sweeps of each sample."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the whole run.")
@click.option("-o", "output", metavar="FILE", type=OutputFile(".nc"), help="Keep the samples in a .nc file.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished run, or add samples to it.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@as_json
def simulate(
    name: str,
    given: dict[str, float],
    visible: str | None,
    hidden: str | None,
    N: int,
    samples: int,
    sweeps: int,
    seed: int,
    output: Path | None,
    resume: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Simulate the machine of a theory at finite size.

    Machines, their parameters and, in brackets, defaults:

    \b
      hopfield                 alpha, T (0): retrieval of one pattern
      random-rbm               alpha, T (0), p (1), L (1), --visible, --hidden: L strong hidden units
      sherrington-kirkpatrick  T, J0 (0): two replicas, tempered
      edwards-anderson         T, d (2): two replicas on a lattice of N = L^d spins, tempered
      random-energy            T: all configurations
      one-hidden-unit          alpha, beta (1), beta_star (1): AMP on a teacher's data

    Means are over samples of the disorder, with their standard errors; below them is how the runs went. Each
    sample is stored when it is finished; an interrupted run goes on with --resume and ends with the same
    numbers.
    """  # noqa: D301  # a backspace: click leaves the paragraph as it is
    from phase_diagrams.commands.measuring import report
    from phase_diagrams.samples import simulate as run
    from replica.machines.simulations import simulation

    def progress(done: int, every: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{every} samples" + ("\n" if done == every else ""), err=True, nl=False)

    keep = {"path": output, "resume": resume, "overwrite": overwrite}
    units = {layer: unit for layer, unit in (("visible", visible), ("hidden", hidden)) if unit is not None}
    data = run(
        simulation(name),
        N,
        units | given,
        samples,
        seed=seed,
        sweeps=sweeps,
        progress=progress,
        **keep,  # type: ignore[arg-type]
    )
    report(data, as_json)
    if output is not None:
        click.echo(f"wrote {output}", err=True)
