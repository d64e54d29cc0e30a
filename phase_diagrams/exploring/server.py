"""The server of one page, for this machine and for whoever knows the address.

It listens to 127.0.0.1 alone. Everything stands behind a token that is drawn anew each time; a request must
name this host, so that no foreign name that points here is answered, and must not come from another page.
"""

from __future__ import annotations

import hmac
import json
import math
import re
import secrets
import sys
import threading
from collections.abc import Generator
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from phase_diagrams.exploring import answers
from phase_diagrams.exploring.document import POLICY, part, served
from phase_diagrams.exploring.plane import Plane
from phase_diagrams.exploring.worker import Worker
from replica.errors import ParameterError, ReplicaError, UnknownNameError

__all__ = ["HOST", "Server"]

HOST = "127.0.0.1"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)

LONGEST = 2000
"""Characters of a query."""

SILENCE = 30.0
"""Seconds that a request may take to arrive."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Messages = Generator[dict[str, Any], None, None]
Answer = dict[str, Any] | Messages


class Server(ThreadingHTTPServer):
    """Answers the page of a plane until `close` is called.

    Parameters
    ----------
    plane : Plane
    port : int
        0 for any that is free.

    Examples
    --------
    >>> from phase_diagrams.exploring.plane import plane
    >>> from replica.theories import BlumeCapel
    >>> with Server(plane(BlumeCapel(T=0.2, D=0.3), "D", "T")) as server:
    ...     print(server.address.startswith("http://127.0.0.1:"))
    True
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, plane: Plane, port: int = 0) -> None:
        self.plane, self.token = plane, secrets.token_urlsafe(24)
        self.solving = threading.Lock()
        self.workers = {name: Worker() for name in ("rest", "traces", "diagram", "machine")}
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is; whoever knows it may ask."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """How this server may be called."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def server_close(self) -> None:
        """Stop listening, and end the processes."""
        for worker in self.workers.values():
            worker.close()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that has gone before its answer came."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def answer(self, what: str, asked: dict[str, str]) -> Answer:
        """What a question of the page is answered with: an object, or several as they are found.

        Raises
        ------
        UnknownNameError, ParameterError
            For a question that the page cannot ask.
        """
        words = {word: _taken(asked, word) for word in WORDS[what]}
        values = {name: _number(name, text) for name, text in asked.items()}
        plane = self.plane
        plane.at(values)  # nothing is begun for parameters outside of their ranges
        if what == "states":
            with self.solving:
                return answers.states(plane, values, resting=False)
        if what == "rest":
            return self.workers[what].ask(answers.rest, plane, values)
        if what == "traces":
            return self.workers[what].ask(answers.traces, plane, values, words["axis"], words["name"])
        if what == "machine":
            return self.workers[what].ask(answers.machine, plane, values, _number("N", words["N"]))
        return self.workers[what].ask(answers.diagram, plane, values)


WORDS: dict[str, tuple[str, ...]] = {
    "states": (),
    "rest": (),
    "traces": ("axis", "name"),
    "diagram": (),
    "machine": ("N",),
}
"""The questions, and what each needs besides the parameters that were moved."""

PARTS = {"explorer.js": "text/javascript", "explorer.css": "text/css"}


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "replica"
    sys_version = ""
    timeout: ClassVar[float] = SILENCE

    def do_GET(self) -> None:
        """Answer the page, its parts, and its questions."""
        url = urlsplit(self.path)
        _, token, what, *more = [*url.path.split("/"), ""]
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN, "this server is called 127.0.0.1, by no other name")
        elif not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, "the address is not complete; open the one that was printed")
        elif self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            self._refuse(HTTPStatus.FORBIDDEN, "another page may not ask here")
        elif url.path.count("/") != 2 or any(more):
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")
        elif not what:
            self._text(served(self.server.plane), "text/html")
        elif what in PARTS:
            self._text(part(what), PARTS[what])
        elif what in WORDS:
            self._answer(what, url.query)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")

    def refuse_method(self) -> None:
        """Only questions are answered; nothing can be changed here."""
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is allowed", {"Allow": "GET"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = refuse_method

    def _answer(self, what: str, query: str) -> None:
        try:
            found = self.server.answer(what, _fields(query))
        except (ParameterError, UnknownNameError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ReplicaError as error:  # asked for properly, and not found
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        else:
            if isinstance(found, dict):
                self._text(_json(found), "application/json")
            else:
                self._stream(found)

    def _stream(self, found: Messages) -> None:
        """Answers as they come, one a line; an error is the last of them."""
        self._head(HTTPStatus.OK, "application/x-ndjson")
        with closing(found):
            try:
                for message in found:
                    self._line(message)
            except ReplicaError as error:
                self._line({"error": str(error)})

    def _line(self, message: dict[str, Any]) -> None:
        self.wfile.write(f"{_json(message)}\n".encode())
        self.wfile.flush()

    def _refuse(self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> None:
        self._text(_json({"error": sentence}), "application/json", status, headers)

    def _text(
        self,
        text: str,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        body = text.encode()
        self._head(status, kind, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": f"{kind}; charset=utf-8", **HEADERS, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing: the address holds the token."""


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _fields(query: str) -> dict[str, str]:
    """The fields of a query; each stands once."""
    if len(query) > LONGEST:
        message = "the question is too long"
        raise ParameterError(message)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        message = "the question is not of the form NAME=VALUE&NAME=VALUE"
        raise ParameterError(message) from None
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a name stands twice in the question"
        raise ParameterError(message)
    return found


def _taken(asked: dict[str, str], name: str) -> str:
    if name not in asked:
        message = f"the question lacks {name}"
        raise ParameterError(message)
    return asked.pop(name)


def _number(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        message = f"{name} = {text[:40]} is not a finite decimal number"
        raise ParameterError(message)
    return float(text)
