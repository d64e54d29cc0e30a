"""What ``simulate`` and ``validate`` share: where samples go, who draws them, what is said about the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phase_diagrams.commands.shared.options import OutputStore, jobs
from replica.errors import ParameterError

if TYPE_CHECKING:
    import xarray as xr

    from phase_diagrams.simulating import Alone, Subject

__all__ = ["keeping", "remark", "sampled"]

Command = TypeVar("Command", bound=Callable[..., Any])


def keeping(command: Command) -> Command:
    """Add the options of a run of samples: ``--sweeps``, ``--seed``, ``--jobs``, and where they are kept."""
    drawn: Any = command
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace what is there."),
        click.option("--resume", is_flag=True, help="Go on with an unfinished run, or add samples to it."),
        click.option(
            "-o",
            "output",
            metavar="FILE",
            type=OutputStore(".nc", ".zarr"),
            help="Keep the samples in a .nc file or a .zarr store.",
        ),
        jobs,
        click.option(
            "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the whole run."
        ),
        click.option(
            "--sweeps", type=click.IntRange(1), help="Length of a run; without it that of the machine."
        ),
    ):
        drawn = option(drawn)
    return drawn


def sampled(
    what: Alone | Subject,
    over: Mapping[str, Sequence[float]],
    sizes: Sequence[int],
    *,
    output: Path | None,
    resume: bool,
    overwrite: bool,
    **options: Any,
) -> xr.Dataset:
    """Draw samples, and show how far they are; an interruption says what has become of them."""
    from phase_diagrams.commands.shared.printing import progress
    from phase_diagrams.simulating import simulate

    if (resume or overwrite) and output is None:
        message = "--resume and --overwrite are about a file of samples; give -o FILE"
        raise ParameterError(message)
    keep: dict[str, Any] = {"output": output, "resume": resume, "overwrite": overwrite}
    try:
        with progress("samples") as report:
            return simulate(what, over, sizes, progress=report, **keep, **options)
    except KeyboardInterrupt:
        if output is not None:
            click.echo("interrupted; the finished samples are kept: --resume goes on", err=True)
        raise


def remark(data: xr.Dataset) -> None:
    """Say what to know before believing the samples."""
    from phase_diagrams.simulating.samples import remarks

    for sentence in remarks(data):
        click.echo(sentence, err=True)
