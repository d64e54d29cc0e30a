"""The site, which `make docs` builds: every page is in its tree, every symbol in its glossary."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from console import replica
from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.commands.shared.glossary import NOTATION, glossary
from replica.theories import THEORIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOT_PAGES = {"conf.py", "make_figures.py"}
PAGES = sorted(
    file.relative_to(DOCS).with_suffix("").as_posix()
    for suffix in ("md", "rst", "py")
    for file in DOCS.rglob(f"*.{suffix}")
    if file.name not in NOT_PAGES and not {"_build", "directives"} & set(file.parts)
)


def entries(page: str) -> set[str]:
    """Pages that the tables of contents of a page name."""
    file = next(DOCS / f"{page}.{suffix}" for suffix in ("md", "rst") if (DOCS / f"{page}.{suffix}").exists())
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"^\.\. toctree::\n(.*?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    rows = [row.strip() for block in blocks for row in block.splitlines()]
    folder = Path(page).parent
    return {(folder / row).as_posix() for row in rows if row and not row.startswith(":")}


def test_every_page_is_in_the_tree_of_contents_once() -> None:
    listed = ["index", *entries("index"), *entries("notebooks/index"), *entries("api/index")]
    assert sorted(listed) == PAGES


@pytest.mark.parametrize("page", sorted((DOCS / "theory").glob("*.md")), ids=lambda file: file.stem)
def test_pages_of_theories_name_theories_and_figures_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    equations = re.findall(r"^```\{equations\} (\S+)\nreplica show (\S+) --latex$", text, re.MULTILINE)
    figures = re.findall(
        r"^```\{gallery-figure\} (?:diagram-)?(\S+)\nreplica (?:figure|diagram) (\S+)$", text, re.MULTILINE
    )
    assert len(equations) + len(figures) == len(
        re.findall(r"^```\{(?:equations|gallery-figure)\}", text, re.MULTILINE)
    )
    assert all(name == asked for name, asked in equations + figures)
    assert {name for name, _ in equations} <= set(THEORIES)
    assert {name for name, _ in figures} <= set(DIAGRAMS) | set(THEORIES)


def test_the_glossary_holds_every_symbol() -> None:
    known = glossary()
    for kind in THEORIES.values():
        assert {*kind.parameters(), *kind.symbols, *kind.lines} <= set(known)
    named = {critical.symbol for kind in THEORIES.values() if (critical := kind.critical) is not None}
    assert named <= set(known)


def test_the_glossary_holds_the_symbols_of_the_page_of_conventions() -> None:
    text = (DOCS / "units_and_conventions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", text.partition("## Symbols")[2].partition("###")[0], re.MULTILINE)
    symbols = {word.partition("(")[0] for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert {"z", "Dz", "H_k", "q"} <= symbols
    assert symbols - {"<...>"} <= set(glossary())


@pytest.mark.parametrize("name", ["rho", "N", "alpha"])
def test_show_reads_the_glossary(name: str) -> None:
    rows = replica(f"show {name}").stdout.splitlines()[1:]
    assert len(rows) == len(glossary()[name])
    assert (name in NOTATION) == any(row.startswith("any ") for row in rows)


@pytest.mark.parametrize("source", sorted((DOCS / "notebooks").glob("*.py")), ids=lambda file: file.stem)
def test_every_solution_checks_itself(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    solutions = re.findall(r'^# %% tags=\["solution"\]\n(.*?)(?=^# %%|\Z)', text, re.DOTALL | re.MULTILINE)
    assert len(solutions) == len(re.findall(r"^# \*\*\d\.\*\*", text, re.MULTILINE)) >= 3
    assert all(any(isinstance(node, ast.Assert) for node in ast.parse(code).body) for code in solutions)


def test_extensions_of_the_site_are_declared() -> None:
    text = (DOCS / "conf.py").read_text(encoding="utf-8")
    names = re.findall(r'^    "((?!sphinx\.|directives\.)\w+)",$', text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = {
        re.split("[<>=]", one)[0].replace("-", "_") for one in project["optional-dependencies"]["docs"]
    }
    assert set(names) <= packages
    own = set(re.findall(r'"directives\.(\w+)"', text))
    assert own == {file.stem for file in (DOCS / "directives").glob("*.py")} - {"__init__", "version"}
