"""The page about machines: its code runs and prints what the page says."""

import contextlib
import io
import re
from pathlib import Path


def test_the_code_of_the_page_prints_what_it_says() -> None:
    page = (Path(__file__).parents[1] / "docs" / "machines.md").read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```\n\n((?:    [^\n]*\n)+)", page, re.DOTALL)
    assert found
    for code, printed in found:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "machines.md", "exec"), {})
        assert out.getvalue().split() == printed.split()
