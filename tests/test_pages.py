"""The pages: every command and every piece of code in them prints what stands below it."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console import replica

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONSOLE = r"^```(?:console|text)\n(\$ .*?)^```"
"""A block of commands, each after a $, with what it prints."""
STRICT = """
import sys, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", ".* deprecated.* use .*_", DeprecationWarning, "(matplotlib|pyparsing)")
sys.path.insert(0, {root!r})
"""
"""Warnings are errors, but for those of the oldest matplotlib allowed about the newest pyparsing."""


def found(pattern: str) -> list[Any]:
    """Blocks of the pages, with the page and the line where each begins."""
    blocks = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(pattern, text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, match.start()) + 1
            blocks.append(pytest.param(*match.groups(), id=f"{page.relative_to(ROOT)}:{line}"))
    return blocks


def sessions(page: Path) -> list[tuple[str, str]]:
    """Commands of a page in their order, and what stands below each."""
    blocks = re.findall(CONSOLE, page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(line, expected) for line, _, expected in (part.partition("\n") for part in parts)]


def settled(text: str) -> list[list[float | str]]:
    """Words and numbers, but for residuals, iterations, and what is below the twelfth digit of zero."""
    text = re.sub(r',\n  "provenance": \{.*?\n  \}(?=\n\})', "", text, flags=re.DOTALL)  # it has a date
    kept = [row for row in text.splitlines() if not row.startswith(("residual", "iterations", "Y "))]
    text = re.sub(r'(residual"?:?) [0-9.e+-]+', r"\1", "\n".join(kept)).strip()
    return [[number(word) for word in row.split()] for row in text.splitlines()]


def number(word: str) -> float | str:
    """A number as float64; one with more digits stays as it is, to be compared to the last one."""
    try:
        return float(word.rstrip(":;,")) if len(word) < 20 else word
    except ValueError:
        return word


def near(rows: list[list[float | str]]) -> list[list[Any]]:
    """The same to eleven digits."""
    return [
        [pytest.approx(one, rel=1e-11, abs=1e-15) if isinstance(one, float) else one for one in row]
        for row in rows
    ]


def run(line: str) -> tuple[str, int]:
    """What a command prints, errors last, and its exit code; commands may be joined by ``&&``."""
    printed, code = "", 0
    for part in line.split(" && "):
        name, *arguments = shlex.split(part)
        if name == "python":
            script, *others = arguments
            done = subprocess.run(
                [sys.executable, ROOT / script, *others],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            printed, code = printed + done.stdout + done.stderr, done.returncode
        else:
            assert name == "replica"
            result = replica(part.removeprefix("replica"))
            printed, code = printed + result.stdout + result.stderr, result.exit_code
        if code:
            break
    return printed, code


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if sessions(page)]
)
def test_commands_print_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, as a reader would: what a command writes, those below it find."""
    monkeypatch.chdir(tmp_path)
    code = 0
    for line, expected in sessions(page):
        if line == "echo $?":
            assert str(code) == expected.strip()
        elif line.startswith("cat "):  # a file that the reader has
            (tmp_path / line.removeprefix("cat ")).write_text(expected, encoding="utf-8")
        else:
            printed, code = run(line)
            assert settled(printed) == near(settled(expected)), line
            assert (code != 0) == ("Error:" in expected), line


@pytest.mark.parametrize(
    ("code", "block", "indented"),
    found(r"^```python\n((?:(?!```).)*?)^```\n\n(?:```text\n(.*?)^```|((?:    [^\n]*\n)+))"),
)
def test_code_prints_what_the_page_says(code: str, block: str, indented: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRICT.format(root=str(ROOT)) + code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (block or re.sub("^    ", "", indented, flags=re.MULTILINE))
    for name in re.findall(r"save_figure\(.*\"(.*?)\"\)", code):
        assert (tmp_path / name).stat().st_size > 5000


def test_pages_show_commands_and_code() -> None:
    """None of them is lost because a page is written in another way."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert len(found(CONSOLE)) == len(re.findall(r"^```\w+\n\$ ", text, re.MULTILINE)) > 25
    pages = {str(one.id).partition(":")[0] for one in found(r"^```python\n(.*?)^```")}
    assert {"README.md", "docs/statuses.md", "docs/which_solver.md"} <= pages


def test_a_unit_of_ones_own_takes_less_than_thirty_lines() -> None:
    page = (ROOT / "docs" / "your_own_unit.md").read_text(encoding="utf-8")
    code, *_ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) < 30
