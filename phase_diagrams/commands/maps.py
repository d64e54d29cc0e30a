"""Maps: ``map`` makes a phase diagram from a sweep."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import Assignment, OutputFile, once

__all__ = ["chart"]

MAP = """\
$ replica map run.zarr -o map.json
boundary           kind         neighbours that differ  explained  farthest
continuous         continuous   37                      37         0.67
first-order        first-order  12                      12         0.46
spinodal           spinodal     12                      12         0.39
end of paramagnet  spinodal     15                      15         0.25
wrote map.json
"""


@click.command("map", cls=Verb, epilog=MAP)
@click.argument("source", metavar="FILE")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".json", stdout=True),
    default="-",
    show_default=True,
    help="A .json file, or - for stdout.",
)
@click.option("--heat", metavar="NAME", help="Show a variable as a heat map, such as m or free_energy.")
@click.option("--branch", help="Whose variable; without it that of the stable branch at each point.")
@click.option("--contours", type=click.IntRange(0, 100), default=0, help="Number of contour lines.")
@click.option(
    "-p",
    "at",
    metavar="NAME=VALUE",
    type=Assignment(),
    multiple=True,
    callback=once,
    help="A value of the grid at which to look, where the sweep goes over more than two parameters.",
)
@click.pass_context
def chart(
    ctx: click.Context,
    source: str,
    output: Path | str,
    heat: str | None,
    branch: str | None,
    contours: int,
    at: dict[str, float],
) -> None:
    """Make a phase diagram from a sweep, to be drawn with draw.

    The sweep is one of --branch all. Where neighbours on the grid differ, a boundary passes between them; it
    is located and traced, so that no line is read off the grid. The table says how many such pairs of
    neighbours each line explains, and how far it passes from the middle of the farthest one, in steps of the
    grid. What no line explains is reported.
    """
    from phase_diagrams.commands.drawing import write
    from phase_diagrams.commands.mapping import mapped, report

    diagram = mapped(source, heat, branch, contours, at, ctx.find_root().obj)
    report(diagram)
    write(diagram, output)
