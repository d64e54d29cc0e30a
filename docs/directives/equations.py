r"""``{equations} hopfield``: what ``replica show hopfield --latex`` prints, typeset; so it stands once."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from phase_diagrams.commands.shared.printing import headline
from replica.theories import THEORIES
from replica.theory.equations import aligned


def typeset(name: str, **powers: float) -> nodes.math_block:
    """The equations of a theory, aligned at their first relation."""
    kind = THEORIES[name]
    body = aligned(kind.written(**powers).values(), (*kind.parameters(), *kind.order, *kind.symbols))
    text = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
    return nodes.math_block(text, text, nowrap=True, number=None)


class Equations(SphinxDirective):
    """The equations of a theory; options are the powers that it needs, as in ``:p: 3``.

    What stands inside is for readers of the source.
    """

    has_content = True
    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"p": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Typeset them."""
        name = self.arguments[0]
        if name not in THEORIES:
            message = f"equations of {name!r}: there is no such theory"
            raise self.error(message)
        block = typeset(name, **{key: float(value) for key, value in self.options.items()})
        self.set_source_info(block)
        return [block]


class Theories(SphinxDirective):
    """All theories: what each is, and its equations."""

    def run(self) -> list[nodes.Node]:
        """A section for each."""
        found: list[nodes.Node] = []
        for name, kind in THEORIES.items():
            section = nodes.section("", nodes.title("", name), ids=[name], names=[name])
            section += nodes.paragraph("", headline(kind))
            block = typeset(name)
            self.set_source_info(block)
            section += block
            found.append(section)
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Know both directives."""
    app.add_directive("equations", Equations)
    app.add_directive("theories", Theories)
    return {"parallel_read_safe": True}
