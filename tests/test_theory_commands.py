"""Commands on the theories of spin glasses, spectral RBMs and learning: as users type them."""

import shlex
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from phase_diagrams.commands import main

SEPARATE: Any = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


def replica(line: str) -> Result:
    """Run a command line in this process; whatever is not a clean end is an error of the test."""
    result = CliRunner(**SEPARATE).invoke(main, shlex.split(line), prog_name="replica")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("alpha", ["0.05", "0.06", "0.1"])
def test_weakly_broken_retrieval_is_printed(alpha: str) -> None:
    """Next to the edge of the domain differences do not tell the signs of the Hessian; the rest is known."""
    result = replica(f"solve hopfield --rsb 1 -p alpha={alpha}")
    assert result.exit_code == 0, result.stderr
    signs = next(line for line in result.stdout.splitlines() if line.startswith("Hessian of f"))
    assert ("?" in signs) == (alpha != "0.1")
