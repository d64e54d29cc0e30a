"""Diagrams computed, stored, read and drawn, and images drawn, with where they came from."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.origins import date, origin, versions
from replica.errors import ParameterError, ReplicaError, UnknownNameError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from phase_diagrams.diagram import PhaseDiagram
    from replica.typing import Numbers

__all__ = [
    "Look",
    "computed",
    "date",
    "origin",
    "paint",
    "paint_images",
    "stored",
    "tracer",
    "versions",
    "write",
    "write_table",
]


def computed(
    name: str,
    jobs: int,
    command: Sequence[str],
    output: Path | str,
    given: Mapping[str, str] | None = None,
) -> PhaseDiagram:
    """Compute a diagram of the catalogue; its provenance gets the command line, versions and the date.

    Lines that are finished are kept beside the output until the diagram is, so that it can be gone on with.
    Values of its arguments are given as they stand on the command line.
    """
    from phase_diagrams.catalogue import DIAGRAMS
    from phase_diagrams.commands.shared.arguments import read_arguments

    if name not in DIAGRAMS:
        raise UnknownNameError(what="diagram", name=name, known=DIAGRAMS)
    came_from = origin(command)
    build = DIAGRAMS[name].build
    values = read_arguments(name, build, given or {})
    with _drawable(name, given or {}):
        if "executor" in inspect.signature(build).parameters:
            with tracer(jobs, output) as executor:
                diagram = build(**values, executor=executor)
        else:
            if jobs > 1:
                click.echo(f"{name} is computed in one process; --jobs {jobs} changes nothing", err=True)
            diagram = build(**values)
    came_from["versions"] |= diagram.provenance.get("versions", {})
    return dataclasses.replace(diagram, provenance={**diagram.provenance, **came_from})


@contextmanager
def _drawable(name: str, given: Mapping[str, str]) -> Iterator[None]:
    """Say of values that a figure cannot be drawn for which they are."""
    try:
        yield
    except (ArithmeticError, LookupError, ValueError, StopIteration) as error:
        if not given or isinstance(error, ReplicaError):
            raise
        told = ", ".join(f"{one}={text}" for one, text in given.items())
        message = f"figure {name} cannot be drawn for {told}; leave some of it out: {_words(error)}"
        raise ParameterError(message) from error


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def tracer(jobs: int, output: Path | str) -> Iterator[Executor]:
    """What traces the lines of a diagram, and keeps them if the diagram goes to a file."""
    from concurrent.futures.process import BrokenProcessPool

    from phase_diagrams.storage.workers import Here, processes
    from phase_diagrams.tracing.cache import kept_beside

    kept = isinstance(output, Path)
    with ExitStack() as stack:
        keeping = (
            stack.enter_context(kept_beside(output)) if isinstance(output, Path) else lambda inner: inner
        )
        executor = stack.enter_context(processes(jobs)) if jobs > 1 else Here()
        try:
            yield keeping(executor)
        except KeyboardInterrupt:
            if kept:
                click.echo("interrupted; the finished lines are kept: the same command goes on", err=True)
            raise
        except BrokenProcessPool as error:
            hint = "the same command goes on with the finished lines" if kept else "try fewer --jobs"
            message = f"a worker process was killed, perhaps for want of memory; {hint}"
            raise ReplicaError(message) from error


def write(diagram: PhaseDiagram, output: Path | str) -> None:
    """Store a diagram in a file, in .csv the points of its lines; or print it."""
    if isinstance(output, Path) and output.suffix.lower() == ".csv":
        write_table(diagram.columns, output)
        return
    if isinstance(output, str):
        click.echo(json.dumps(diagram.to_json(), allow_nan=False, indent=1))
        return
    from phase_diagrams.storage.diagrams import save_diagram

    save_diagram(diagram, output)
    click.echo(f"wrote {output}", err=True)


def write_table(columns: Mapping[str, Sequence[Any]], output: Path | str) -> None:
    """Write a table as CSV into a file, or print it."""
    from phase_diagrams.storage.files import write_atomic
    from phase_diagrams.storage.tables import as_csv

    text = as_csv(columns)
    if isinstance(output, str):
        click.echo(text, nl=False)
        return
    write_atomic(output, text)
    click.echo(f"wrote {output}", err=True)


def stored(source: str) -> PhaseDiagram:
    """Read a diagram from a file or, given ``-``, from stdin."""
    from phase_diagrams.diagram import DiagramError, PhaseDiagram
    from phase_diagrams.storage.diagrams import load_diagram
    from phase_diagrams.storage.files import StorageError

    if source != "-":
        return load_diagram(source)
    try:
        return PhaseDiagram.from_json(json.loads(sys.stdin.buffer.read()))
    except DiagramError as error:
        raise DiagramError(error.problem, f"stdin: {error.where}" if error.where else "stdin") from None
    except (ValueError, RecursionError):
        message = "cannot read stdin: it is not JSON, or cut off; compute the diagram again"
        raise StorageError(message) from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """How a figure shall look; the attributes are the options of the commands that draw."""

    style: str | None = None
    size: tuple[float, float] | None = None
    dpi: int | None = None
    title: str | None = None

    def check(self) -> None:
        """Refuse a style that does not exist, before anything is computed."""
        from phase_diagrams.draw import check_style

        if self.style is not None:
            check_style(self.style)

    @property
    def asked(self) -> dict[str, Any]:
        """The options that were given, for the provenance."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {"figure": given} if given else {}


def paint(diagram: PhaseDiagram, output: Path, look: Look) -> None:
    """Draw a diagram into a file; its metadata tell where it comes from, and how it was drawn."""
    from phase_diagrams.draw import figure, save_figure

    made = figure(diagram, style=look.style, size=look.size, title=look.title)
    told = {**diagram.provenance, **look.asked, "numbers": diagram.moments}
    save_figure(made, output, told, style=look.style, dpi=look.dpi)
    click.echo(f"wrote {output}", err=True)


def paint_images(
    tiles: Numbers, title: str, origin: Mapping[str, Any], output: Path, look: Look, *, signed: bool = False
) -> None:
    """Draw images side by side into a file: tiles of shape (count, height, width)."""
    from phase_diagrams.draw import mosaic, save_figure

    title = title if look.title is None else look.title
    made = mosaic(tiles, title, signed=signed, style=look.style, size=look.size)
    save_figure(made, output, {**origin, **look.asked}, style=look.style, dpi=look.dpi)
    click.echo(f"wrote {output}", err=True)
