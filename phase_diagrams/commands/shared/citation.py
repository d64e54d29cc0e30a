"""What to cite: papers in BibTeX, with a DOI where one is known; those of a theory, a diagram, a file.

The papers stand once, in `references.bib` beside this file. Theories and diagrams name theirs in words, and
volume, page and year find the entry.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phase_diagrams.diagram import PhaseDiagram

__all__ = ["bibtex", "cited", "float_of", "papers_of", "software"]

FIRST = ("AGS85", "AGS87", "TM17")
"""The papers that the package began with."""

_SOFTWARE = """\
@software{replica,
  author  = {{The replica authors}},
  title   = {replica: phase diagrams of disordered systems from replica theory},
  version = {%s},
  license = {MIT},
}"""


@cache
def entries() -> dict[str, str]:
    """The entries of `references.bib`, by their keys."""
    text = Path(__file__).with_name("references.bib").read_text(encoding="utf-8")
    return {re.findall(r"\{(\w+),", part)[0]: part for part in map(str.strip, text.split("\n\n")) if part}


def software() -> str:
    """The entry of the package itself."""
    from replica import __version__

    return _SOFTWARE % __version__


def bibtex() -> str:
    """Return the software and the papers that it began with, as BibTeX entries."""
    return "\n\n".join([software(), *(entries()[key] for key in FIRST)])


def cited(papers: Iterable[str]) -> dict[str, str]:
    """Entries of papers that are given in words, by their keys; of an unknown one the words.

    Examples
    --------
    >>> list(cited(["M. Blume, Phys. Rev. 141, 517 (1966); H. W. Capel, Physica 32, 966 (1966)"]))
    ['B66', 'C66']
    """
    found: dict[str, str] = {}
    for paper in papers:
        known = [key for key, entry in entries().items() if _is(entry, paper)]
        found |= {key: entries()[key] for key in known}
        if not known:
            key = "".join(re.findall(r"[A-Z][a-z]+", paper)[:1] + re.findall(r"\((\d{4})\)", paper)[:1])
            found[key or "paper"] = f"@misc{{{key or 'paper'},\n  note = {{{paper}}},\n}}"
    return found


def _is(entry: str, paper: str) -> bool:
    """Whether an entry is one of the papers in a text: by volume, page and year, or by number or title."""
    fields = dict(re.findall(r"^  (\w+) += \{(.*)\},$", entry, re.MULTILINE))
    if "pages" in fields:
        words = set(re.findall(r"\w+", paper))
        return {fields[name] for name in ("volume", "pages", "year") if name in fields} <= words
    return (fields.get("eprint") or fields["title"]) in paper


def papers_of(name: str) -> list[str]:
    """The papers of a theory or a diagram, in words; those of a diagram stand in its docstring."""
    from phase_diagrams.catalogue import DIAGRAMS
    from phase_diagrams.commands.shared.names import theory_named
    from replica.theories import THEORIES

    papers: list[str] = []
    if name in DIAGRAMS:
        said = " ".join((inspect.getdoc(DIAGRAMS[name].build) or "").partition("References")[2].split())
        papers = [text.strip(" .") for text in re.split(r"\.\. \[\w+\]", said.partition("Examples")[0])[1:]]
    if name in THEORIES or name not in DIAGRAMS:
        papers += [paper for paper in theory_named(name).references if paper not in papers]
    return papers


def float_of(name: str, diagram: PhaseDiagram, output: Path) -> str:
    """A float of LaTeX for a figure: what it shows, for which values, and the papers."""
    from phase_diagrams.catalogue import DIAGRAMS

    keys = list(cited(papers_of(name)))
    cite = f"~\\cite{{{','.join(keys)}}}" if keys else ""
    settings: dict[str, Any] = dict(diagram.provenance.get("settings", {}))
    told = ", ".join(
        f"{key} = {value:g}"
        for key, value in settings.items()
        if key not in ("step", "points") and isinstance(value, int | float)
    )
    include = "\\input" if output.suffix.lower() == ".pgf" else "\\includegraphics"
    rows = [
        "\\begin{figure}",
        "  \\centering",
        f"  {include}{{{output.as_posix()}}}",
        f"  \\caption{{{_escaped(DIAGRAMS[name].title)}{cite}{_escaped(f' ({told})' if told else '')}.}}",
        f"  \\label{{fig:{name}}}",
        "\\end{figure}",
    ]
    return "\n".join([*rows, *([f"% the papers: replica cite {name}"] if keys else [])])


def _escaped(text: str) -> str:
    return re.sub(r"([%&#_])", r"\\\1", text)
