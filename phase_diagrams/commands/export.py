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
    type=OutputFile(".nc", ".csv", ".parquet", stdout=True),
    required=True,
    help="A .nc, .csv or .parquet file, or - for CSV on stdout.",
)
def export(source: str, output: Path | str) -> None:
    """Write a stored sweep as netCDF-4, CSV or Parquet.

    The tables have a row for each point, and for each branch if there are several.
    """
    from phase_diagrams.sweeping import export
    from phase_diagrams.sweeping.files import csv_rows

    if isinstance(output, str):
        for text in csv_rows(source):
            click.echo(text, nl=False)
        return
    export(source, output)
    click.echo(f"wrote {output}", err=True)
