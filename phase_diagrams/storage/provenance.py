"""What a file says that it came from: diagrams, figures, answers in JSON."""

from __future__ import annotations

import json
import os
import re
import struct
from html import unescape
from pathlib import Path
from typing import Any

from phase_diagrams.storage.files import StorageError, reason

__all__ = ["provenance_of"]

MOST = 64 << 20
"""Bytes of a file that are looked at."""


def provenance_of(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a diagram, a figure or an answer in JSON says that it came from; empty if it says nothing.

    Raises
    ------
    StorageError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     answer = Path(folder, "a.json")
    ...     _ = answer.write_text('{"value": 1, "provenance": {"command": "replica capacity hopfield"}}')
    ...     provenance_of(answer)
    {'command': 'replica capacity hopfield'}
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST)
    except OSError as error:
        message = f"cannot read {path}: {reason(error)}"
        raise StorageError(message) from error
    try:
        told = json.loads(_described(content) or content)
    except (ValueError, RecursionError, struct.error):
        return {}
    if isinstance(told, dict) and content.lstrip().startswith(b"{"):
        told = told.get("provenance", {})
    return told if isinstance(told, dict) else {}


def _described(content: bytes) -> bytes:
    """The text that a figure keeps: under Description in png and svg, Subject in pdf, a comment in pgf."""
    if content.startswith(b"\x89PNG"):
        at = 8
        while at + 8 <= len(content):
            length, name = struct.unpack(">I4s", content[at : at + 8])
            if name == b"tEXt" and content[at + 8 :].startswith(b"Description\0"):
                return content[at + 20 : at + 8 + length]
            at += length + 12
        return b""
    if content.startswith(b"%PDF"):
        found = re.search(rb"/Subject \(((?:\\.|[^\\)])*)\)", content, re.DOTALL)
        return re.sub(rb"\\(.)", rb"\1", found[1], flags=re.DOTALL) if found else b""
    if b"<dc:description>" in content:
        text = content.partition(b"<dc:description>")[2].partition(b"</dc:description>")[0]
        return unescape(text.decode("utf-8", "replace")).encode()
    if content.startswith(b"% {"):
        return content.partition(b"\n")[0].removeprefix(b"% ")
    return b""
