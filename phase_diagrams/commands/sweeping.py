"""What ``sweep`` asks for, how it is computed, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.asking import theory_named
from phase_diagrams.commands.printing import print_json, print_table
from replica.errors import BranchError, ParameterError

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Request", "progress"]


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
            message = f"{self.name}: no point of the grid has a solution; {self.output} says why for each"
            raise BranchError(message)

    @property
    def description(self) -> dict[str, Any]:
        """What was computed, for programs."""
        axes = {name: {"from": v[0], "to": v[-1], "count": len(v)} for name, v in self.over.items()}
        return {"theory": self.name, "parameters": self.given, "over": axes, "output": str(self.output)}

    def print(self, counts: dict[str, dict[str, int]]) -> None:
        """Print how the points ended, a row for each branch."""
        axes = (f"{name} from {v[0]:g} to {v[-1]:g} ({len(v)})" for name, v in self.over.items())
        points = sum(next(iter(counts.values())).values())
        click.echo(f"{self.name}: {points} points, {', '.join(axes)}\n")
        words = list(dict.fromkeys(word for row in counts.values() for word in row))
        print_table(
            [("branch", *words)]
            + [(name, *(str(row.get(word, 0)) for word in words)) for name, row in counts.items()]
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


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar with rate and remaining time on a terminal; elsewhere, nothing.

    Gives what is to be called with the number of things that are done, and of all things.
    """
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def report(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:,.0f} points/s" if speed else "")

        yield report
