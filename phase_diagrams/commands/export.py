"""``export``: a stored sweep in other formats."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import InputFile, OutputFile

__all__ = ["export"]

EXAMPLE = """\
$ replica export run.zarr -o run.csv
wrote run.csv
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="FILE", type=InputFile("sweep", "samples"))
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".nc", ".csv", ".parquet"),
    required=True,
    help="A .nc, .csv or .parquet file.",
)
def export(source: str, output: Path) -> None:
    """Write a stored sweep as netCDF-4, CSV or Parquet.

    The tables have a row for each point, and for each branch if there are several.
    """
    from phase_diagrams.sweeping import export

    export(source, output)
    click.echo(f"wrote {output}", err=True)
