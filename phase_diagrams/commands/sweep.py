"""``sweep``: a theory on a grid of parameters."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.names import theory_named
from phase_diagrams.commands.shared.options import OutputStore, Values, jobs, once, theory
from phase_diagrams.commands.shared.printing import print_json, print_table, progress
from replica.errors import BranchError, ParameterError

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["sweep"]

EXAMPLE = """\
$ replica sweep hopfield --over alpha=0.01:0.15:8 --over T=0.1:0.9:5 \\
      --branch all -o run.nc
hopfield: 40 points, alpha from 0.01 to 0.15 (8), T from 0.1 to 0.9 (5)

branch      converged  iteration limit reached  converged to another branch  absent
retrieval   16         11                       13                           0
glass       40         0                        0                            0
paramagnet  0          0                        0                            40

where a branch has not converged it is most often absent; `replica line` locates its end
wrote run.nc
"""


LONG, LARGE = 600.0, 2.0**30
"""Seconds, and bytes on disk, from which on a sweep says beforehand what it will take."""


def duration(seconds: float) -> str:
    """A time in words, with two digits.

    Examples
    --------
    >>> duration(40.0), duration(7000.0), duration(1e9)
    ('40 s', '1.9 h', '32 years')
    """
    for unit, length in (("years", 31_557_600.0), ("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{float(f'{seconds / length:.2g}'):g} {unit}"
    return f"{seconds:.0f} s"


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.option(
    "--over",
    metavar="NAME=FROM:TO:COUNT",
    type=Values(),
    multiple=True,
    callback=once,
    help="A parameter that varies; once for each. Also NAME=log:FROM:TO:COUNT and NAME=VALUE,VALUE,...",
)
@click.option(
    "--branch", shell_complete=branches, help="A branch, or all; without it the first one that show names."
)
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
    Request(**asked).run(as_json)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A grid and how it is to be computed; the attributes are the options of the command."""

    name: str
    rsb: int
    given: dict[str, float]
    over: dict[str, list[float]]
    branch: str | None
    output: Path
    jobs: int
    dask: str | None
    chunk: int | None
    resume: bool
    overwrite: bool
    unscaled: bool

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        if self.unscaled:
            message = (
                "the files of sweeps hold scaled quantities only; leave --unscaled out, and convert with "
                "theory.unscaled(name, value)"
            )
            raise ParameterError(message)
        if not self.over:
            message = "a sweep goes over at least one parameter; give --over NAME=FROM:TO:COUNT"
            raise ParameterError(message)
        if self.dask and self.jobs > 1:
            message = "either --jobs on this machine or --dask on a cluster, not both"
            raise ParameterError(message)

    def run(self, as_json: bool) -> None:
        """Compute the sweep and say how it went."""
        from phase_diagrams.sweeping import sweep
        from phase_diagrams.sweeping.files import tally
        from phase_diagrams.sweeping.run import AHEAD
        from replica.solving import Status

        kind = theory_named(self.name, self.rsb)
        options: dict[str, Any] = {"chunk": self.chunk} if self.chunk else {}
        try:
            with self.executor() as (executor, workers), progress("sweep") as report:
                if workers:
                    options["ahead"] = max(AHEAD, 2 * workers)
                data = sweep(
                    kind,
                    self.over,
                    fixed=self.given,
                    branch=self.branch,
                    executor=executor,
                    jobs=self.jobs,
                    output=self.output,
                    resume=self.resume,
                    overwrite=self.overwrite,
                    progress=report,
                    estimate=self.foresee,
                    **options,
                )
        except KeyboardInterrupt:
            click.echo(
                "interrupted; the finished chunks are kept: the same command with --resume goes on", err=True
            )
            raise
        with data:
            counts = tally(data, self.output)
        if as_json:
            print_json({**self.description, "statuses": counts})
        else:
            self.print(counts)
        click.echo(f"wrote {self.output}", err=True)
        if not any("converged" in row for row in counts.values()):
            absent = all(list(row) == [Status.ABSENT.value] for row in counts.values())
            why = (
                f"{' and '.join(counts)} absent on the whole grid"
                if absent
                else "no point of the grid has a solution"
            )
            hint = "take another branch or range" if absent else f"{self.output} says why for each"
            message = f"{self.name}: {why}; {hint}"
            raise BranchError(message)

    def foresee(self, seconds: float, size: float) -> None:
        """Say what a long sweep will take, judging by its first chunk."""
        from replica.machines.data.given import size_in_words

        free = shutil.disk_usage(self.output.parent).free
        if seconds < LONG and size < LARGE and size < free:
            return
        scarce = f", where {size_in_words(free)} are free" if size > free else ""
        points = math.prod(map(len, self.over.values()))
        click.echo(
            f"{points} points will take about {duration(seconds)} and {size_in_words(int(size))} of disk"
            f"{scarce}, judging by the first chunk; Ctrl-C keeps what is finished",
            err=True,
        )

    @property
    def description(self) -> dict[str, Any]:
        """What was computed, for programs."""
        axes = {name: {"from": v[0], "to": v[-1], "count": len(v)} for name, v in self.over.items()}
        from replica.units import Unit

        given = {name: str(value) if isinstance(value, Unit) else value for name, value in self.given.items()}
        return {"theory": self.name, "parameters": given, "over": axes, "output": str(self.output)}

    def print(self, counts: dict[str, dict[str, int]]) -> None:
        """Print how the points ended, a row for each branch."""
        from replica.solving import Status

        axes = (f"{name} from {v[0]:g} to {v[-1]:g} ({len(v)})" for name, v in self.over.items())
        points = sum(next(iter(counts.values())).values())
        click.echo(f"{self.name}: {points} points, {', '.join(axes)}\n")
        words = list(dict.fromkeys(word for row in counts.values() for word in row))
        print_table(
            [("branch", *words)]
            + [(name, *(str(row.get(word, 0)) for word in words)) for name, row in counts.items()]
        )
        if {*words} - {Status.CONVERGED.value, Status.ABSENT.value}:
            click.echo(
                "\nwhere a branch has not converged it is most often absent; `replica line` locates its end"
            )

    @contextmanager
    def executor(self) -> Iterator[tuple[Executor | None, int]]:
        """Give the cluster that was named, if one was, and how many chunks it computes at once."""
        if not self.dask:
            yield None, 0
            return
        from phase_diagrams.sweeping import SweepError

        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            install = "pip install 'replica-theory[cluster]'"
            message = f"--dask needs the package distributed; install it with `{install}`"
            raise ParameterError(message) from error
        try:
            client = Client(self.dask, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            message = (
                f"no Dask scheduler answers at {self.dask}; start one with `dask scheduler`, or use --jobs"
            )
            raise SweepError(message) from error
        with client, client.get_executor() as executor:
            workers = sum(client.nthreads().values())
            if not workers:
                message = f"the Dask scheduler at {self.dask} has no workers; start some with `dask worker`"
                raise SweepError(message)
            yield executor, workers
