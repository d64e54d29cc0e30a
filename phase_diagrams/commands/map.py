"""``map``: a stored sweep as a phase diagram; it is said where grid and lines disagree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import origin, write
from phase_diagrams.commands.shared.options import Assignment, InputFile, OutputFile, once
from phase_diagrams.commands.shared.printing import print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.diagram import PhaseDiagram

__all__ = ["map"]

EXAMPLE = """\
$ replica map run.zarr -o map.json
boundary           kind         neighbours that differ  explained  farthest
continuous         continuous   37                      37         0.67
first-order        first-order  12                      12         0.46
spinodal           spinodal     12                      12         0.39
end of paramagnet  spinodal     15                      15         0.25
wrote map.json
"""


@click.command("map", cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="FILE", type=InputFile("sweep"))
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
def map(
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
    from phase_diagrams.mapping.stored import map_of_sweep

    if contours and not heat:
        message = "--contours belongs to a heat map; add --heat NAME"
        raise ParameterError(message)
    came_from = origin(ctx.find_root().obj)
    diagram = map_of_sweep(source, heat=heat, branch=branch, contours=contours, at=at, provenance=came_from)
    report(diagram)
    write(diagram, output)


def report(diagram: PhaseDiagram) -> None:
    """Say on stderr how grid and lines agree."""
    agreement = diagram.provenance["agreement"]
    kinds = {line.name: line.kind.value for line in diagram.lines}
    rows = [("boundary", "kind", "neighbours that differ", "explained", "farthest")]
    for name, told in agreement.items():
        farthest = told["farthest in steps of the grid"]
        rows.append(
            (
                name,
                kinds.get(name, "not found"),
                str(told["pairs"]),
                str(told["explained"]),
                "-" if farthest is None else f"{farthest:.2g}",
            )
        )
    if agreement:
        print_table(rows, err=True)
    broken = [line.name for line in diagram.lines if line.broken]
    if broken:
        click.echo(f"note: replica symmetry is broken (hollow): {', '.join(broken)}", err=True)
    for note in diagram.provenance["notes"]:
        click.echo(f"note: {note}", err=True)
