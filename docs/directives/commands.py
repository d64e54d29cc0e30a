"""Pages of commands: the example of each stands as it is printed."""

from __future__ import annotations

from typing import Any

import click
from sphinx.application import Sphinx

from directives.api import plain


def _example(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """An epilog is an example, not a text."""
    if ctx.command.epilog:
        rows = ctx.command.epilog.strip("\n").splitlines()
        lines[:] = [".. code-block:: console", "", *(f"   {row}" for row in rows), ""]


def _help(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """A help text is no markup."""
    lines[:] = [plain(row) for row in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Rewrite epilogs."""
    app.setup_extension("sphinx_click")
    app.connect("sphinx-click-process-epilog", _example)
    app.connect("sphinx-click-process-description", _help)
    return {"parallel_read_safe": True}
