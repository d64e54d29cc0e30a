"""Phase diagrams in files: a file is written whole or not at all, and read with care."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Never

from phase_diagrams.diagram import DiagramError, PhaseDiagram
from replica.errors import ReplicaError

__all__ = ["StorageError", "check_writable", "load", "replacing", "save", "write_atomic"]


class StorageError(ReplicaError):
    """A file that cannot be read or written; the message says which, why, and what to try."""


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written at ``path``, without touching anything.

    To be called before a long computation whose result will go there.

    Parameters
    ----------
    path : path-like
        The file to be written later; it may exist already.

    Raises
    ------
    StorageError
        If the directory does not exist, is not a directory or is not writable, or if something
        stands at ``path`` that cannot be overwritten.

    Examples
    --------
    >>> check_writable("no/such/directory/hopfield.json")
    Traceback (most recent call last):
        ...
    phase_diagrams.storage.files.StorageError: cannot write no/such/directory/hopfield.json: the directory \
no/such/directory does not exist; create it or choose another place
    """
    path = Path(path)
    folder = path.parent
    problem = ""
    try:
        if not folder.exists():
            problem = f"the directory {folder} does not exist; create it or choose another place"
        elif not folder.is_dir():
            problem = f"{folder} is not a directory; choose a file name inside a directory"
        elif path.is_dir():
            problem = "it is a directory; give the name of a file in it"
        elif path.exists() and not path.is_file():
            problem = "it is not an ordinary file; give the name of an ordinary file"
        elif path.exists() and not os.access(path, os.W_OK):
            problem = "the file is read-only; change its permissions or choose another name"
        elif not os.access(folder, os.W_OK | os.X_OK):
            problem = (
                f"the directory {folder} is not writable; change its permissions or choose another place"
            )
    except OSError as error:
        problem = f"{_reason(error)}; choose another place"
    if problem:
        message = f"cannot write {path}: {problem}"
        raise StorageError(message)


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write a file so that other readers see the old content or the new one, never a part.

    The data go to a temporary file in the same directory, which then takes the name. A new file
    gets the permissions of any newly created file; an existing one keeps its own. A symbolic link
    stays, and the file it points to is written.

    Parameters
    ----------
    path : path-like
        The file to write.
    data : bytes or str
        Its whole content; text is written as UTF-8.

    Raises
    ------
    StorageError
        If the file cannot be written; the old content, if any, is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomic(Path(folder, "note.txt"), "alpha = 0.138")
    ...     print(Path(folder, "note.txt").read_text())
    alpha = 0.138
    """
    with replacing(path) as temporary, temporary.open("xb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary file to be written, which takes the name of the file when that went well.

    For files that are too large for `write_atomic`. What that one says of permissions and links holds.

    Parameters
    ----------
    path : path-like
        The file to write.

    Yields
    ------
    Path
        A file in the same directory; it does not exist yet.

    Raises
    ------
    StorageError
        If the file cannot be written; the old content, if any, is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder, "note.txt")) as temporary:
    ...         written = temporary.write_text("alpha = 0.138")
    ...     print(Path(folder, "note.txt").read_text())
    alpha = 0.138
    """
    check_writable(path)
    try:
        target = Path(path).resolve()
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)  # noqa: PTH105  # the name that the atomicity tests disturb
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that points at itself
        hint = "nothing was changed; free some space or choose another place"
        message = f"cannot write {path}: {_reason(error)}; {hint}"
        raise StorageError(message) from error


def save(diagram: PhaseDiagram, path: str | os.PathLike[str]) -> None:
    """Write a diagram to a JSON file, whole or not at all.

    Parameters
    ----------
    diagram : PhaseDiagram
        What to write.
    path : path-like
        The file to write; an existing file is replaced.

    Raises
    ------
    StorageError
        If the file cannot be written; the old content, if any, is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> from phase_diagrams.diagram import Axis
    >>> diagram = PhaseDiagram("empty", "", (Axis("a", "a"), Axis("b", "b")), [], [], [], {})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(diagram, Path(folder, "empty.json"))
    ...     load(Path(folder, "empty.json")) == diagram
    True
    """
    write_atomic(path, json.dumps(diagram.to_json(), allow_nan=False, indent=1) + "\n")


def load(path: str | os.PathLike[str]) -> PhaseDiagram:
    """Read a diagram from a JSON file.

    Parameters
    ----------
    path : path-like
        A file that ``save`` wrote.

    Returns
    -------
    PhaseDiagram
        The diagram, equal to the one that was saved.

    Raises
    ------
    StorageError
        If the file cannot be read or is not JSON.
    DiagramError
        If the file is JSON but not a phase diagram in the format of this version.

    Examples
    --------
    >>> load("missing.json")
    Traceback (most recent call last):
        ...
    phase_diagrams.storage.files.StorageError: cannot read missing.json: No such file or directory; \
give the name of a file written by save
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        hint = "give the name of a file written by save"
        message = f"cannot read {path}: {_reason(error)}; {hint}"
        raise StorageError(message) from error
    if not content.strip():
        message = f"cannot read {path}: the file is empty; compute the diagram again"
        raise StorageError(message)
    try:
        return PhaseDiagram.from_json(json.loads(content, parse_constant=_refuse))
    except DiagramError as error:
        raise DiagramError(error.problem, f"{path}: {error.where}" if error.where else str(path)) from None
    except RecursionError:
        problem = "it is nested too deeply for a phase diagram"
    except json.JSONDecodeError as error:
        problem = f"it is not JSON, or cut off ({error.msg} in line {error.lineno}, column {error.colno})"
    except ValueError as error:
        problem = f"it is not JSON ({str(error).partition(':')[0].partition(';')[0]})"
    message = f"cannot read {path}: {problem}; compute the diagram again"
    raise StorageError(message) from None


def _refuse(constant: str) -> Never:
    message = f"{constant} is not a JSON number"
    raise ValueError(message)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
