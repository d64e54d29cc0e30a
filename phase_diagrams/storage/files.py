"""Files: written whole or not at all, by one process at a time, and never over what is read."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from replica.errors import ReplicaError
from replica.machines.data.temporary import temporary

__all__ = [
    "StorageError",
    "check_writable",
    "lock",
    "reason",
    "refuse_same",
    "refuse_twice",
    "replacing",
    "temporary",
    "write_atomic",
]


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
        problem = f"{reason(error)}; choose another place"
    if problem:
        message = f"cannot write {path}: {problem}"
        raise StorageError(message)


def refuse_same(output: str | os.PathLike[str], *inputs: str | os.PathLike[str]) -> None:
    """Refuse to write over what is read, whatever names the two have: links count, and the parts of a store.

    Parameters
    ----------
    output : path-like
        What is to be written; it may exist already.
    *inputs : path-like
        What is read; names of files that do not exist are nothing that could be lost.

    Raises
    ------
    StorageError
        If the output is one of the inputs, or lies inside one that is a Zarr store.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = Path(folder, "data.npz")
    ...     data.touch()
    ...     refuse_same(Path(folder, "machine.npz"), data)
    ...     try:
    ...         refuse_same(data, data)
    ...     except StorageError as error:
    ...         print(str(error).partition(": ")[2])
    it is read by the same command, and would be lost; choose another name
    """
    for given in map(Path, inputs):
        try:
            store = Path(given, "zarr.json").is_file()
            inside = store and Path(output).resolve().is_relative_to(given.resolve())
            same = Path(output).exists() and given.exists() and given.samefile(output)
        except (OSError, RuntimeError, ValueError):  # a name that no file can have, or a link to itself
            continue
        if same or inside:
            what = "it" if same else f"it lies inside {given}, which"
            message = (
                f"cannot write {output}: {what} is read by the same command, and would be lost; choose "
                "another name"
            )
            raise StorageError(message)


def refuse_twice(*outputs: str | os.PathLike[str]) -> None:
    """Refuse to write two results to one file, under whatever names.

    Raises
    ------
    StorageError
        If two of them are the same file, or would be.

    Examples
    --------
    >>> refuse_twice("a.csv", "a.png")
    >>> refuse_twice("a.json", "./a.json")
    Traceback (most recent call last):
        ...
    phase_diagrams.storage.files.StorageError: cannot write ./a.json: another result of the same command \
goes there; choose another name
    """
    seen = set[str]()
    for output in outputs:
        place = os.path.realpath(output)
        try:
            found = Path(place).stat()
            keys = {place, f"{found.st_dev}:{found.st_ino}"}  # hard links
        except (OSError, ValueError):
            keys = {place}
        if seen & keys:
            message = (
                f"cannot write {output}: another result of the same command goes there; choose another name"
            )
            raise StorageError(message)
        seen |= keys


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
        with temporary(target) as made:
            yield made
            with made.open("rb+") as file:
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, made)
            os.replace(made, target)  # noqa: PTH105  # the name that the atomicity tests disturb
    except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that points at itself
        hint = "nothing was changed; free some space or choose another place"
        message = f"cannot write {path}: {reason(error)}; {hint}"
        raise StorageError(message) from error


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Be the only writer of a file or folder; the lock of a process that has ended is no obstacle.

    The file ``PATH.lock`` names its owner for people. What keeps others out is a lock that the operating
    system holds for the process and releases when it ends, even if it is killed. A link, or a file that is no
    such lock, is left alone.

    Raises
    ------
    StorageError
        If another process holds the lock, or something else has its name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, lock(Path(folder, "run.nc")):
    ...     print([path.name for path in Path(folder).iterdir()])
    ['run.nc.lock']
    """
    place = path.with_name(f"{path.name}.lock")
    try:
        file = _locked(path, place)
    except OSError as error:
        message = f"cannot write {place}: {reason(error)}; choose another place"
        raise StorageError(message) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps open files
            if os.path.samestat(os.fstat(file), place.lstat()):
                place.unlink()  # before the lock goes, so that nobody gets hold of a dead file
        os.close(file)


_OWNER = re.compile(r"replica lock: (process [0-9]+ on [ -~]*)")


def _locked(path: Path, place: Path) -> int:
    """Open the file of a lock, ours or a new one, and hold it."""
    from filelock import lock_descriptor  # most who write a file need no lock

    me = f"process {os.getpid()} on {re.sub(r'[^ -~]', '', socket.gethostname())}"
    while True:
        with ExitStack() as stack:
            file = _opened(place)
            stack.callback(os.close, file)
            os.lseek(file, 1, os.SEEK_SET)  # the first byte is what Windows locks, for readers too
            content = os.read(file, 1000).decode("ascii", "replace")
            found = _OWNER.fullmatch(content)
            message = ""
            if content and not found:
                message = (
                    f"cannot write {path}: {place} has the name of its lock and is something else; move it "
                    "away, or choose another place"
                )
            elif not lock_descriptor(file, blocking=False):
                owner = found[1] if found else "another process"
                message = (
                    f"{path} is being written by {owner}; wait for it, or end it and go on with --resume"
                )
                if owner == me:
                    message = f"{path} is being written by this process already"
            if message:
                raise StorageError(message)
            with suppress(FileNotFoundError):  # the last owner removed it between our opening and locking it
                if os.path.samestat(os.fstat(file), place.lstat()):
                    os.truncate(file, 0)
                    os.lseek(file, 0, os.SEEK_SET)
                    os.write(file, f"#replica lock: {me}".encode())
                    stack.pop_all()
                    return file


def _opened(place: Path) -> int:
    """Open or make an ordinary file, without following a link or touching what it holds."""
    if place.is_symlink():
        message = f"cannot write {place}: it is a link; remove it, or choose another place"
        raise StorageError(message)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.open(place, flags, 0o666)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    message = f"cannot write {place}: it is not an ordinary file; remove it, or choose another place"
    raise StorageError(message)


def reason(error: Exception) -> str:
    """What the system says of an error, without its number and its file."""
    return getattr(error, "strerror", None) or str(error)
