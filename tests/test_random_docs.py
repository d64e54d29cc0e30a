"""The code in the documentation of units and of the random RBM runs, and prints what is printed there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [("your_own_unit.md", 0), ("your_own_unit.md", 1), ("theory/random_rbm.md", 0)]


def blocks(page: str) -> list[tuple[str, str]]:
    """Python blocks of a page, each with the output that follows it."""
    text = (DOCS / page).read_text()
    return re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize(("page", "index"), PAGES)
def test_an_example_prints_what_the_page_says(page: str, index: int, tmp_path: Path) -> None:
    code, printed = blocks(page)[index]
    root = str(DOCS.parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == printed
    if "save_figure(" in code:
        (figure,) = tmp_path.iterdir()
        assert figure.stat().st_size > 5000


def test_no_example_of_these_pages_is_left_out() -> None:
    assert len(PAGES) == sum(len(blocks(page)) for page in {page for page, _ in PAGES})


def test_a_unit_of_ones_own_takes_less_than_thirty_lines() -> None:
    code, _ = blocks("your_own_unit.md")[0]
    assert len([line for line in code.splitlines() if line.strip()]) < 30
