"""Finished lines kept in a folder, so that a diagram that was interrupted does not begin anew."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from phase_diagrams.diagram import Axis, DiagramError, Line, PhaseDiagram
from phase_diagrams.storage.diagrams import load_diagram, save_diagram
from phase_diagrams.storage.files import StorageError
from replica.machines.data.temporary import remove_left

__all__ = ["Kept", "kept_beside"]

T = TypeVar("T")

_NAME = re.compile("[0-9a-f]{32}")
"""Of the file of a line."""


class Kept(Executor):
    """Executor that remembers the lines it has traced, in a folder.

    A line is found again if nothing that decides it has changed: the function, its arguments (the theory with
    all digits of its parameters, the settings), the source of the package, numpy and scipy. Other results
    than lines pass through.

    Parameters
    ----------
    inner : Executor
        What computes.
    folder : Path
        Where the lines are kept.
    """

    def __init__(self, inner: Executor, folder: Path) -> None:
        self.inner, self.folder = inner, folder

    def submit(self, function: Callable[..., T], /, *args: Any, **options: Any) -> Future[T]:
        """Return a line that is kept, or compute it and keep it."""
        place = self.folder / f"{_key(function, args, options)}.json"
        line = _read(place)
        if line is not None:
            found: Future[Any] = Future()
            found.set_result(line)
            return found
        future = self.inner.submit(function, *args, **options)
        future.add_done_callback(lambda done: _keep(done, place))
        return future


@contextmanager
def kept_beside(output: Path) -> Iterator[Callable[[Executor], Executor]]:
    """Keep lines in the folder ``OUTPUT.lines`` until the work is done; after an error they stay.

    Gives what makes an executor keep its lines. The executor is to be shut down inside, so that no line comes
    late.

    Examples
    --------
    >>> import tempfile
    >>> from phase_diagrams.diagram import LineKind
    >>> from phase_diagrams.storage.workers import Here
    >>> with tempfile.TemporaryDirectory() as folder, kept_beside(Path(folder, "d.json")) as keeping:
    ...     line = keeping(Here()).submit(Line, "T_g", LineKind.CONTINUOUS, [0.0], [1.0], ["converged"])
    ...     print(len(list(Path(folder, "d.json.lines").iterdir())), line.result().y)
    1 (1.0,)
    """
    folder = output.with_name(f"{output.name}.lines")
    if folder.is_symlink():
        message = f"cannot keep lines in {folder}: it is a link; remove it, or choose another output"
        raise StorageError(message)
    yield lambda inner: Kept(inner, folder)
    for part in folder.glob("*.json"):
        if _NAME.fullmatch(part.stem):
            part.unlink(missing_ok=True)
    for part in folder.glob("*.tmp"):
        remove_left(part)
    with suppress(OSError):  # it may not exist, or hold what is not ours
        folder.rmdir()


def _key(function: Callable[..., Any], args: Any, options: Any) -> str:
    what = (function.__module__, function.__qualname__, args, sorted(options.items()), _sources())
    return hashlib.sha256(repr(what).encode()).hexdigest()[:32]


@cache
def _sources() -> str:
    """Digest of the package and of what it computes with."""
    digest = hashlib.sha256(f"{version('numpy')} {version('scipy')}".encode())
    for package in ("replica", "phase_diagrams"):
        root = Path(sys.modules[package].__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(place: Path) -> Line | None:
    """Read a line; one that cannot be read is computed again."""
    try:
        return load_diagram(place).lines[0]
    except (StorageError, DiagramError, IndexError):
        return None


def _keep(done: Future[Any], place: Path) -> None:
    """Keep a line that was traced, as a diagram of its own.

    A full disk is no reason to stop: the diagram itself may fit.
    """
    if done.cancelled() or done.exception() is not None or not isinstance(done.result(), Line):
        return
    with suppress(StorageError, OSError):
        place.parent.mkdir(exist_ok=True)
        axes = (Axis("x", "x"), Axis("y", "y"))
        save_diagram(PhaseDiagram("line", "", axes, [done.result()], [], [], {}), place)
