"""Where a result comes from: the command line, the date, the versions."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from replica import __version__
from replica.errors import ParameterError

__all__ = ["date", "origin", "versions"]


def origin(command: Sequence[str]) -> dict[str, Any]:
    """Where a diagram comes from: the command line, the date and the versions."""
    return {"command": shlex.join(command), "date": date(), "versions": versions()}


def date() -> str:
    """Now in UTC, or what SOURCE_DATE_EPOCH says, so that results can be reproduced to the byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH is {epoch!r}; it must be a whole number of seconds since 1970"
        raise ParameterError(message) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def versions() -> dict[str, str]:
    """Versions of everything that decides the numbers."""
    from importlib.metadata import version

    others = {name: version(name) for name in ("numpy", "scipy", "mpmath")}
    return {"replica": __version__, "python": platform.python_version(), **others}
