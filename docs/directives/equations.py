r"""``{equations} hopfield``: what ``replica show hopfield --latex`` prints, typeset; so it stands once."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from replica.theories import THEORIES
from replica.theory.equations import aligned


class Equations(SphinxDirective):
    """The equations of a theory; options are the powers that it needs, as in ``:p: 3``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"p": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Typeset them, aligned at their first relation."""
        name = self.arguments[0]
        if name not in THEORIES:
            message = f"equations of {name!r}: there is no such theory"
            raise self.error(message)
        kind = THEORIES[name]
        powers = {key: float(value) for key, value in self.options.items()}
        body = aligned(kind.written(**powers).values(), (*kind.parameters(), *kind.order, *kind.symbols))
        text = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
        block = nodes.math_block(text, text, nowrap=True, number=None)
        block["classes"].append("equations-wide")
        self.set_source_info(block)
        return [block]


def setup(app: Sphinx) -> dict[str, Any]:
    """Know the directive."""
    app.add_directive("equations", Equations)
    return {"parallel_read_safe": True}
