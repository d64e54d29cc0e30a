"""Grids: ``sweep`` computes one, ``export`` writes it in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import OutputFile, Values, jobs, once, theory

__all__ = ["export", "sweep"]

SWEEP = """\
$ replica sweep hopfield --over alpha=0.01:0.15:8 --over T=0.1:0.9:5 --branch all -o run.nc
hopfield: 40 points, alpha from 0.01 to 0.15 (8), T from 0.1 to 0.9 (5)

branch      converged  iteration limit reached  left the physical domain  converged to another branch
retrieval   16         8                        1                         15
glass       40         0                        0                         0
paramagnet  0          0                        40                        0
wrote run.nc
"""

EXPORT = """\
$ replica export run.zarr -o run.csv
wrote run.csv
"""


class OutputStore(OutputFile):
    """Where a sweep goes: a netCDF file or a Zarr store, which is a directory and may be there already."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if Path(value).suffix == ".zarr" and Path(value).is_dir():
            return Path(value)
        return super().convert(value, param, ctx)


@click.command(cls=Verb, epilog=SWEEP)
@theory
@click.option(
    "--over",
    metavar="NAME=FROM:TO:COUNT",
    type=Values(),
    multiple=True,
    callback=once,
    help="A parameter that varies; once for each. Also NAME=log:FROM:TO:COUNT and NAME=VALUE,VALUE,...",
)
@click.option("--branch", help="A branch, or all; without it the first one that show names.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputStore(".nc", ".zarr"),
    required=True,
    help="A .nc file (netCDF-4) or a .zarr store.",
)
@jobs
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster, such as tcp://10.0.0.1:8786.")
@click.option("--chunk", type=click.IntRange(1), metavar="POINTS", help="Points that are solved together.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished sweep.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@click.option("--unscaled", is_flag=True, hidden=True)  # refused, with a sentence
def sweep(as_json: bool, **asked: Any) -> None:
    """Solve a theory on a grid of parameters.

    The grid is solved in chunks, each of which is stored as soon as it is finished. An interrupted sweep goes
    on with --resume. The result is the same to the bit, however many processes compute it. With --branch all
    every branch is solved, and the file says which one is stable, and which are metastable.
    """
    from phase_diagrams.commands.sweeping import Request

    Request(**asked).run(as_json)


@click.command(cls=Verb, epilog=EXPORT)
@click.argument("source", metavar="FILE")
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
