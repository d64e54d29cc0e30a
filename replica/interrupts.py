"""Interrupts that are never lost: a Ctrl-C is remembered, and asked for between the steps of long loops.

Python turns Ctrl-C into an exception wherever it happens to be. Inside a callback of a C library, such as the
one that writes a netCDF file, that exception is printed or dropped, and the run would go on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["check", "heard"]

_asked = threading.Event()


@contextmanager
def heard() -> Iterator[None]:
    """Remember interrupts of this process, for `check`; elsewhere than in the main thread, nothing.

    Examples
    --------
    >>> import os
    >>> with heard():
    ...     try:
    ...         os.kill(os.getpid(), signal.SIGINT)
    ...     except KeyboardInterrupt:
    ...         pass  # lost
    ...     try:
    ...         check()
    ...     except KeyboardInterrupt:
    ...         print("and heard")
    and heard
    """

    def remember(*_: int | FrameType | None) -> None:
        _asked.set()
        raise KeyboardInterrupt

    alone = threading.current_thread() is threading.main_thread()
    if not alone or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    _asked.clear()
    signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _asked.clear()


def check() -> None:
    """Raise KeyboardInterrupt if there was one, though whoever caught it went on."""
    if _asked.is_set():
        raise KeyboardInterrupt
