"""``diagram``: a published phase diagram, computed and stored."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import computed, write
from phase_diagrams.commands.shared.options import OutputFile, computing

__all__ = ["diagram"]

EXAMPLE = """\
$ replica diagram hopfield -o hopfield.json
wrote hopfield.json
"""


@click.command(cls=Verb, epilog=EXAMPLE)
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
    write(computed(name, jobs, ctx.find_root().obj, output), output)
