"""``draw``: a stored phase diagram as a figure."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, paint, stored
from phase_diagrams.commands.shared.options import PICTURE, InputFile, looks

__all__ = ["draw"]

EXAMPLE = """\
$ replica draw hopfield.json -o hopfield.pdf
wrote hopfield.pdf
$ replica draw hopfield.json -o talk.png --style slides --size 16x9cm
wrote talk.png
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="FILE", type=InputFile("diagram"))
@click.option(
    "-o", "output", metavar="FILE", type=PICTURE, required=True, help="A .png, .pdf, .svg or .pgf file."
)
@looks
def draw(source: str, output: Path, look: Look) -> None:
    """Draw a stored phase diagram (- for stdin).

    Nothing is computed.
    """
    paint(stored(source), output, look)
