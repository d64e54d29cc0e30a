"""Diagrams: ``diagram`` computes, ``draw`` draws, ``figure`` does both."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, computing

__all__ = ["diagram", "draw", "figure"]

PICTURE = OutputFile(".png", ".pdf", ".svg")

DIAGRAM = """\
$ replica diagram hopfield -o hopfield.json
wrote hopfield.json
"""

DRAW = """\
$ replica draw hopfield.json -o hopfield.pdf
wrote hopfield.pdf
"""

FIGURE = """\
$ replica figure hopfield -o hopfield.png
wrote hopfield.png
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
    """Compute a phase diagram and store it as JSON, to be drawn later.

    An interrupted diagram goes on with the lines that are finished, when the command is repeated.
    """
    from phase_diagrams.commands.drawing import computed, write

    write(computed(name, jobs, ctx.find_root().obj, output), output)


@click.command(cls=Verb, epilog=DRAW)
@click.argument("source", metavar="FILE")
@click.option("-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf or .svg file.")
def draw(source: str, output: Path) -> None:
    """Draw a stored phase diagram (- for stdin); nothing is computed."""
    from phase_diagrams.commands.drawing import paint, stored

    paint(stored(source), output)


@click.command(cls=Verb, epilog=FIGURE)
@computing
@click.option("-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf or .svg file.")
@click.pass_context
def figure(ctx: click.Context, name: str, jobs: int, output: Path) -> None:
    """Compute a phase diagram and draw it."""
    from phase_diagrams.commands.drawing import computed, paint

    paint(computed(name, jobs, ctx.find_root().obj, output), output)
