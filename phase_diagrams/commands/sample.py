"""``sample``: samples of a machine, as a picture or as numbers."""

from __future__ import annotations

import io
import math
from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, paint_images
from phase_diagrams.commands.shared.machines import image_shape
from phase_diagrams.commands.shared.options import MACHINE, OutputFile, looks
from phase_diagrams.commands.shared.printing import number
from replica.errors import ParameterError

__all__ = ["sample"]

EXAMPLE = """\
$ replica sample rbm.npz --temper 4 -n 16 --sweeps 50 -o samples.png
4 temperatures; exchanges accepted at least 0.09
wrote samples.png
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("machine", metavar="FILE", type=MACHINE)
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
    import numpy as np

    from phase_diagrams.storage.files import write_atomic
    from replica.machines.inference.sampling import draw_samples
    from replica.machines.training.files import load_machine

    rbm = load_machine(machine)
    if temper > 1 and not (1 < hottest < math.inf):
        message = f"--hottest {hottest:g} must be a number above 1, the temperature of the samples"
        raise ParameterError(message)
    if seed < 0:
        message = f"--seed {seed} must be a whole number >= 0"
        raise ParameterError(message)
    drawn = draw_samples(rbm, count, sweeps=sweeps, temper=temper, hottest=hottest, seed=seed)
    if temper > 1:
        lowest = number(float(np.min(drawn.swap_rates)), 2)
        click.echo(f"{temper} temperatures; exchanges accepted at least {lowest}", err=True)
    if output.suffix.lower() in (".npy", ".csv"):
        values = drawn.visible.astype(float)
        buffer = io.BytesIO()
        if output.suffix.lower() == ".npy":
            np.save(buffer, values)
        else:
            np.savetxt(buffer, values, delimiter=",", fmt="%.8g")
        write_atomic(output, buffer.getvalue())
        click.echo(f"wrote {output}", err=True)
        return
    tiles = rbm.visible_mean(drawn.hidden).reshape(-1, *image_shape(machine, rbm.n_visible))
    settings = {"sweeps": sweeps, "temper": temper, "seed": seed}
    title = f"Samples of {Path(machine).name}"
    paint_images(tiles, title, {"machine": machine, **settings}, output, look)
