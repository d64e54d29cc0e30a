"""The console blocks of the page on training are what the commands print, one after the other."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from phase_diagrams.commands import main

PAGE = Path(__file__).parents[1] / "docs" / "training.md"


def test_the_console_blocks_are_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    sessions = [part for block in blocks for part in re.split(r"^\$ replica ", block, flags=re.MULTILINE)[1:]]
    assert len(sessions) == 5
    for session in sessions:
        line, _, printed = session.partition("\n")
        result = CliRunner().invoke(main, line.split())
        assert result.exit_code == (3 if "ran away" in printed else 0), result.output
        assert result.output.strip() == printed.strip()
