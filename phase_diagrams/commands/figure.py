"""``figure``: a published phase diagram, or the weights of a machine, computed and drawn."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, computed, paint, paint_images
from phase_diagrams.commands.shared.machines import image_shape
from phase_diagrams.commands.shared.options import MACHINE, PICTURE, computing, looks
from replica.errors import ParameterError

__all__ = ["figure"]

EXAMPLE = """\
$ replica figure hopfield -o hopfield.png
wrote hopfield.png
$ replica figure weights --machine rbm.npz -o weights.png
wrote weights.png
"""

MOST = 100
"""Hidden units whose weights are shown."""


@click.command(cls=Verb, epilog=EXAMPLE)
@computing
@click.option("--machine", metavar="FILE", type=MACHINE, help="For the figure weights: the machine.")
@click.option("-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf or .svg file.")
@looks
@click.pass_context
def figure(
    ctx: click.Context, /, name: str, jobs: int, machine: str | None, output: Path, look: Look
) -> None:
    """Compute a phase diagram and draw it.

    The figure weights shows those of a machine, one image for each hidden unit.
    """
    if (name == "weights") != (machine is not None):
        sentence = "the figure weights, and no other, needs a machine: --machine FILE"
        raise ParameterError(sentence)
    if machine is not None:
        draw_weights(machine, output, look)
        return
    paint(computed(name, jobs, ctx.find_root().obj, output), output, look)


def draw_weights(machine: str, output: Path, look: Look) -> None:
    """Draw the weights of each hidden unit as an image; those with the largest norms first."""
    import numpy as np

    from replica.machines.training.files import load_machine

    rbm = load_machine(machine)
    order = np.argsort(-np.sum(rbm.weights**2, axis=0), kind="stable")[:MOST]
    tiles = rbm.weights.T[order].reshape(len(order), *image_shape(machine, rbm.n_visible))
    paint_images(tiles, f"Weights of {Path(machine).name}", {"machine": machine}, output, look, signed=True)
