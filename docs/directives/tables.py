"""Tables that would otherwise stand twice: what every symbol means; the published values and ours."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

REFERENCE = Path(__file__).parents[2] / "tests" / "reference.toml"


def table(head: Sequence[str], rows: Iterable[Sequence[nodes.Node | str]]) -> nodes.table:
    """A table of docutils; a cell is a text, or a node."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    top, body = nodes.thead(), nodes.tbody()
    top += _row(head)
    body += [_row(row) for row in rows]
    group += [top, body]
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(cells: Sequence[nodes.Node | str]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        inner = nodes.paragraph("", cell) if isinstance(cell, str) else nodes.paragraph("", "", cell)
        row += nodes.entry("", inner)
    return row


def code(text: str) -> nodes.literal:
    """A word of the command line."""
    return nodes.literal(text, text)


class Glossary(SphinxDirective):
    """Every symbol, by its name on the command line: what `replica show NAME` prints."""

    def run(self) -> list[nodes.Node]:
        """One row for each meaning, with the theories that share it."""
        from phase_diagrams.commands.shared.glossary import glossary

        rows: list[list[nodes.Node | str]] = []
        for name, meanings in sorted(glossary().items(), key=lambda item: (item[0].casefold(), item[0])):
            shared: dict[tuple[str, str], list[str]] = {}
            for theory, what, text in meanings:
                shared.setdefault((what, text), []).append(theory)
            for i, ((what, text), theories) in enumerate(shared.items()):
                rows.append(["" if i else code(name), what, text, ", ".join(theories)])
        return [table(("symbol", "what it is", "meaning", "where"), rows)]


class Published(SphinxDirective):
    """Every published number that the tests compare with, beside ours."""

    def run(self) -> list[nodes.Node]:
        """Read the file of the tests."""
        self.env.note_dependency(str(REFERENCE))
        tables = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
        own = tables["own"]
        rows: list[list[nodes.Node | str]] = []
        for name, entry in tables["published"].items():
            ours = own.get(entry.get("agrees_with", ""))
            error = f" +- {entry['uncertainty']}" if "uncertainty" in entry else ""
            rows.append(
                [
                    code(name.rpartition("/")[0]),
                    entry["value"] + error,
                    ours["value"][: 2 + 15] if ours else "not comparable",
                    ". ".join([entry["source"], *filter(None, [entry.get("note")])]),
                ]
            )
        return [table(("quantity", "published", "computed", "source, and what to know"), rows)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Know both directives."""
    app.add_directive("symbols", Glossary)
    app.add_directive("published", Published)
    return {"parallel_read_safe": True}
