"""``{gallery}``: every figure of the catalogue and the diagrams of theories, as ``make figures`` left them.

A build computes none of them: what is not there is told with the command that draws it.
"""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from directives.version import ROOT, code_version

FIGURES = ROOT / "figures"
SERVED = "_gallery"
"""The folder of the site in which they lie."""

PLANES = {
    "curie-weiss": ("h=-0.3:0.3", "T=0:1.4"),
    "blume-capel": ("T=0.02:0.8", "D=0:0.6"),
    "spherical-p-spin": ("J0=0:1.5", "T=0.2:1.2", "p=3"),
    "mixed-p-spin": ("c=0:0.9", "T=0.1:1.2", "p=3"),
    "sherrington-kirkpatrick": ("J0=0:2", "T=0.1:1.5"),
}
"""Diagrams of theories whose plane is not in the catalogue: two parameters with ranges, and values of the
others."""


@dataclass(frozen=True)
class Shelf:
    """The files of one figure."""

    name: str

    def __getattr__(self, kind: str) -> Path:
        suffixes = {"light": ".svg", "dark": ".dark.svg", "small": ".png", "json": ".json", "csv": ".csv"}
        suffixes |= {"tex": ".tex", "made": ".made"}
        if kind not in suffixes:
            raise AttributeError(kind)
        return FIGURES / f"{self.name}{suffixes[kind]}"

    @property
    def computed(self) -> bool:
        """Whether it can be shown."""
        return self.made.is_file() and self.light.is_file() and self.dark.is_file()

    @property
    def fresh(self) -> bool:
        """Whether it was computed with this code."""
        return self.computed and self.made.read_text(encoding="utf-8") == code_version()


@cache
def shelves() -> dict[str, list[str]]:
    """Names of the figures of the catalogue, and of diagrams of theories."""
    from phase_diagrams.catalogue import DIAGRAMS

    return {"figures": list(DIAGRAMS), "diagrams": [f"diagram-{name}" for name in PLANES]}


def command(name: str) -> list[str]:
    """The command line of a figure, as words.

    Examples
    --------
    >>> " ".join(command("diagram-curie-weiss"))
    'replica diagram curie-weiss -x h=-0.3:0.3 -y T=0:1.4'
    """
    theory = name.removeprefix("diagram-")
    if theory == name:
        return ["replica", "figure", name]
    x, y, *others = PLANES[theory]
    return ["replica", "diagram", theory, "-x", x, "-y", y, *(word for one in others for word in ("-p", one))]


def title(name: str) -> str:
    """One line for people."""
    from phase_diagrams.catalogue import DIAGRAMS
    from replica.theories import THEORIES

    if name in DIAGRAMS:
        return DIAGRAMS[name].title
    head = (inspect.getdoc(THEORIES[name.removeprefix("diagram-")]) or "").partition("\n")[0]
    return re.sub(r"\s*\[\w+\]_", "", head).rstrip(".")


def caption(name: str) -> str:
    """What the figure shows: the words of its builder before its arguments."""
    from phase_diagrams.catalogue import DIAGRAMS

    if name not in DIAGRAMS:
        return ""
    said = re.split(
        r"^(?:Parameters|Returns|Notes|References)\n-+",
        inspect.getdoc(DIAGRAMS[name].build) or "",
        flags=re.M,
    )[0]
    return re.sub(r"\s*\[\w+\]_", "", " ".join(said.split())).replace("``", "`")


def papers(name: str) -> list[str]:
    """The papers, in words."""
    from phase_diagrams.commands.shared.citation import papers_of

    return papers_of(name.removeprefix("diagram-"))


class Gallery(SphinxDirective):
    """All of them: thumbnails first, then each with what belongs to it."""

    def run(self) -> list[nodes.Node]:
        """Thumbnails, and a section for each figure."""
        self.env.note_reread()  # what `make figures` did since is no dependency that Sphinx sees
        names = [name for shelf in shelves().values() for name in shelf]
        shown = [name for name in names if Shelf(name).computed]
        found: list[nodes.Node] = []
        if missing := len(names) - len(shown):
            text = f"{missing} of {len(names)} figures are not computed here; `make figures` computes them."
            found += self.parse_text_to_nodes(f":::{{note}}\n{text}\n:::")
        thumbs = "".join(
            f'<a href="#{name}"><img loading="lazy" src="{SERVED}/{name}.png" alt="{escape(title(name))}">'
            f"<span>{name}</span></a>"
            for name in shown
        )
        found.append(nodes.raw("", f'<div class="thumbnails">{thumbs}</div>', format="html"))
        for name in names:
            section = nodes.section("", nodes.title("", title(name)), ids=[name], names=[name])
            section += self.parse_text_to_nodes("\n\n".join(parts(name, "")))
            found.append(section)
        return found


class OneFigure(SphinxDirective):
    """``{gallery-figure} hopfield``: one of them on another page.

    What stands inside is for readers of the source.
    """

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The figure with its command."""
        self.env.note_reread()
        up = "../" * self.env.docname.count("/")
        name = self.arguments[0]
        there = f'<a href="{up}gallery.html#{name}">gallery</a>'
        link = f"```{{raw}} html\n<p>Numbers, papers and other figures: {there}.</p>\n```"
        return self.parse_text_to_nodes("\n\n".join([*picture(name, up), link]))


def picture(name: str, up: str) -> Iterator[str]:
    """A figure in light and dark, and its command, in Markdown."""
    shelf = Shelf(name)
    if shelf.computed:
        for scheme, file in (("light", shelf.light), ("dark", shelf.dark)):
            image = f'<img loading="lazy" src="{up}{SERVED}/{file.name}" alt="{escape(title(name))}">'
            yield f'```{{raw}} html\n<div class="only-{scheme} gallery-figure">{image}</div>\n```'
    yield f"```console\n$ {' '.join(command(name))}\n```"


def parts(name: str, up: str) -> Iterator[str]:
    """What belongs to a figure, in Markdown."""
    shelf = Shelf(name)
    yield from picture(name, up)
    if words := caption(name):
        yield words
    if shelf.computed:
        files = [file for file in (shelf.light, shelf.csv, shelf.json, shelf.tex) if file.is_file()]
        labels = {".svg": "SVG", ".csv": "CSV", ".json": "JSON", ".tex": "LaTeX float"}
        links = " · ".join(
            f'<a href="{up}{SERVED}/{file.name}" download>{labels[file.suffix]}</a>' for file in files
        )
        old = "" if shelf.fresh else " (computed with an earlier version of the code)"
        yield f"```{{raw}} html\n<p>{links}{old}</p>\n```"
    if found := papers(name):
        yield "\n".join(f"* {paper}" for paper in found)


def _serve(app: Sphinx, error: Exception | None) -> None:
    """Copy the files into the site."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / SERVED
    folder.mkdir(exist_ok=True)
    for name in (name for shelf in shelves().values() for name in shelf):
        shelf = Shelf(name)
        if shelf.computed:
            for file in (shelf.light, shelf.dark, shelf.small, shelf.json, shelf.csv, shelf.tex):
                if file.is_file():
                    shutil.copy2(file, folder)


def setup(app: Sphinx) -> dict[str, Any]:
    """Know both directives; copy at the end."""
    app.add_directive("gallery", Gallery)
    app.add_directive("gallery-figure", OneFigure)
    app.connect("build-finished", _serve)
    return {"parallel_read_safe": True}
