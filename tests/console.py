"""The command line as tests use it."""

import json
import shlex
from inspect import signature
from typing import Any

from click.testing import CliRunner, Result

from phase_diagrams.commands import main

SEPARATE: Any = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
"""Older versions of click mix what goes to stderr with the rest, unless they are told not to."""


def replica(line: str, *, stdin: str | None = None) -> Result:
    """Run a command line in this process; whatever is not a clean end is an error of the test."""
    result = CliRunner(**SEPARATE).invoke(main, shlex.split(line), prog_name="replica", input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answer(line: str) -> dict[str, Any]:
    """The JSON object that a successful command prints."""
    result = replica(f"{line} --json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told
