"""Files that are not finished: names that say whose they are, so that what a killed run left is removed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["clear", "remove_left", "temporary"]


@contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """Give a free name beside a file or folder, for what may take its place; it is gone afterwards.

    The name says whose it is: what a killed run of this machine left for the same path is removed, and
    nothing else.
    """
    clear(path)
    made = path.with_name(f".replica-{_owner(path)}-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    try:
        yield made
    finally:
        _remove(made)


def clear(path: Path) -> None:
    """Remove what killed runs of this machine left unfinished of a file or folder."""
    for left in path.parent.glob(f".replica-{_owner(path)}-*.tmp"):
        remove_left(left)


def remove_left(path: Path) -> None:
    """Remove a file or folder if a killed run of this machine left it unfinished; touch nothing else."""
    found = _LEFT.fullmatch(path.name)
    if found and found[1] == _machine() and not _alive(int(found[2])):
        _remove(path)


_LEFT = re.compile(r"\.replica-([0-9a-f]{8})[0-9a-f]{8}-([0-9]+)-[0-9a-f]{16}\.tmp", re.ASCII)


def _owner(path: Path) -> str:
    return _machine() + hashlib.sha256(path.name.encode(errors="surrogateescape")).hexdigest()[:8]


def _machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _alive(process: int) -> bool:
    """Whether a process of this machine may still run."""
    if os.name != "posix":  # elsewhere there is no harmless way to ask
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
