"""Who computes: this process at once, or worker processes of our own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, TypeVar

__all__ = ["Here", "begin", "processes"]

T = TypeVar("T")


@contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Executor with so many worker processes; leaving it drops what has not begun, and waits for the rest.

    The workers are started afresh on every system, are deaf to Ctrl-C, and end when this process does.

    Parameters
    ----------
    jobs : int
        Number of processes.

    Examples
    --------
    >>> import math
    >>> with processes(1) as pool:
    ...     print(pool.submit(math.sqrt, 4.0).result())
    2.0
    """
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=begin)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def begin() -> None:
    """Prepare a worker: an interrupt is for the parent, which ends the workers in its own time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent has been killed: the queue between them would never say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class Here(Executor):
    """Executor that computes at once, in this process and thread; an error is raised right there.

    Examples
    --------
    >>> import math
    >>> Here().submit(math.sqrt, 4.0).result()
    2.0
    """

    def submit(self, function: Callable[..., T], /, *args: Any, **options: Any) -> Future[T]:
        """Compute, and return what is finished already."""
        future: Future[T] = Future()
        future.set_result(function(*args, **options))
        return future
