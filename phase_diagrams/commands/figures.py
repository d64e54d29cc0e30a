"""Diagrams: ``diagram`` computes, ``draw`` draws, ``figure`` does both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, computing, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look

__all__ = ["diagram", "draw", "figure"]

PICTURE = OutputFile(".png", ".pdf", ".svg")

DIAGRAM = """\
$ replica diagram hopfield -o hopfield.json
wrote hopfield.json
"""

DRAW = """\
$ replica draw hopfield.json -o hopfield.pdf
wrote hopfield.pdf
$ replica draw hopfield.json -o talk.png --style slides --size 16x9cm --dpi 150
wrote talk.png
"""

FIGURE = """\
$ replica figure hopfield -o hopfield.png
wrote hopfield.png
$ replica figure weights --machine rbm.npz -o weights.png
wrote weights.png
"""


@click.command(cls=Verb, epilog=DIAGRAM)
@computing
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".json", stdout=True),
    default="-",
    show_default=True,
    help="A .json file, or - for stdout.",
)
@click.pass_context
def diagram(ctx: click.Context, name: str, jobs: int, output: Path | str) -> None:
    """Compute a phase diagram and store it as JSON.

    `replica draw` draws it later. An interrupted diagram goes on with the lines that are finished, when the
    command is repeated.
    """
    from phase_diagrams.commands.drawing import computed, write

    write(computed(name, jobs, ctx.find_root().obj, output), output)


@click.command(cls=Verb, epilog=DRAW)
@click.argument("source", metavar="FILE")
@click.option("-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf or .svg file.")
@looks
def draw(source: str, output: Path, look: Look) -> None:
    """Draw a stored phase diagram (- for stdin).

    Nothing is computed.
    """
    from phase_diagrams.commands.drawing import paint, stored

    paint(stored(source), output, look)


@click.command(cls=Verb, epilog=FIGURE)
@computing
@click.option("--machine", metavar="FILE", help="For the figure weights: the machine.")
@click.option("-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf or .svg file.")
@looks
@click.pass_context
def figure(
    ctx: click.Context, /, name: str, jobs: int, machine: str | None, output: Path, look: Look
) -> None:
    """Compute a phase diagram and draw it.

    The figure weights shows those of a machine, one image for each hidden unit.
    """
    from phase_diagrams.commands.drawing import computed, paint

    if (name == "weights") != (machine is not None):
        from replica.errors import ParameterError

        sentence = "the figure weights, and no other, needs a machine: --machine FILE"
        raise ParameterError(sentence)
    if machine is not None:
        from phase_diagrams.commands.trained import draw_weights

        draw_weights(machine, output, look)
        return
    paint(computed(name, jobs, ctx.find_root().obj, output), output, look)
