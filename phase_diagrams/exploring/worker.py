"""A process that answers what takes long: one question at a time, and the last one wins."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from phase_diagrams.storage.workers import begin
from replica.errors import ReplicaError

__all__ = ["Worker"]

END = None
"""The last message of an answer."""

WAIT = 0.05
"""Seconds after which a reader looks whether its question still counts."""


class Superseded(Exception):
    """There is a newer question."""


class Worker:
    """A process that is started with the first question, and ends with this one or with `close`.

    Examples
    --------
    >>> worker = Worker()
    >>> for message in worker.ask(count, 2):
    ...     print(message)
    {'n': 0}
    {'n': 1}
    >>> worker.close()
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._number = 0
        self._process: Any = None
        self._pipe: Any = None

    def ask(self, answer: Callable[..., None], *arguments: Any) -> Generator[dict[str, Any], None, None]:
        """Messages of ``answer(*arguments, send)``, as they come; they end where a newer question is asked.

        Raises
        ------
        ReplicaError
            What the answer raised, or that the process was killed.
        """
        mine, pipe = self._sent(answer, arguments)
        ended = False
        try:
            while not ended:
                pipe.poll(WAIT)
                with self._turn:  # no question is asked meanwhile, so what comes answers none that is newer
                    if self._number != mine:
                        return
                    if not pipe.poll():
                        continue
                    number, message, error = pipe.recv()
                if number != mine:
                    continue
                ended = error is not None or message is END
                if error is not None:
                    raise error
                if message is not END:
                    yield message
        except (EOFError, OSError) as error:
            if self._number == mine:
                self.close()
                sentence = "the process that computes this was killed, perhaps for want of memory; ask again"
                raise ReplicaError(sentence) from error
        finally:
            if not ended and self._number == mine:
                self._sent(nothing, ())  # nobody listens any more

    def _sent(self, answer: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[int, Any]:
        with self._turn:
            if self._process is None:
                context = multiprocessing.get_context("spawn")
                self._pipe, other = context.Pipe()
                self._process = context.Process(target=_serve, args=(other,), daemon=True)
                self._process.start()
                other.close()
            self._number += 1
            self._pipe.send((self._number, answer, arguments))
            return self._number, self._pipe

    def close(self) -> None:
        """End the process."""
        with self._turn:
            if self._process is not None:
                self._process.terminate()
                self._process.join()
                self._pipe.close()
            self._number += 1  # whoever still reads is done
            self._process = None


def count(n: int, send: Callable[[dict[str, Any]], None]) -> None:
    """Count, for those who try a worker."""
    for i in range(n):
        send({"n": i})


def nothing(send: Callable[[dict[str, Any]], None]) -> None:
    """Answer nothing."""


def _serve(pipe: Connection) -> None:
    """Answer until the pipe is closed."""
    begin()

    def send(number: int, message: Any, error: ReplicaError | None = None) -> None:
        if pipe.poll():
            raise Superseded
        pipe.send((number, message, error))

    with suppress(EOFError, OSError):
        while True:
            number, answer, arguments = pipe.recv()
            with suppress(Superseded):
                try:
                    answer(*arguments, lambda message, number=number: send(number, message))
                except ReplicaError as error:
                    send(number, END, ReplicaError(str(error)))
                else:
                    send(number, END)
