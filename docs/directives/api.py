"""``.. api:: replica.solving``: every public name of a package, and no other; those of ``__all__``."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def directive(package: str, name: str) -> list[str]:
    """How autodoc is asked for a public name.

    Examples
    --------
    >>> directive("replica.solving", "solve")
    ['.. autofunction:: replica.solving.solve', '']
    """
    value = getattr(importlib.import_module(package), name)
    if inspect.ismodule(value):
        inner = [part for one in value.__all__ for part in directive(value.__name__, one)]
        return [f".. py:module:: {value.__name__}", "", *inner]
    if inspect.isclass(value):
        return [f".. autoclass:: {package}.{name}", "   :members:", ""]
    if callable(value):
        return [f".. autofunction:: {package}.{name}", ""]
    return [f".. autodata:: {package}.{name}", "   :no-value:", ""]


def at_home(package: str, name: str) -> bool:
    """Whether a package only passes a name on: it is described once.

    Examples
    --------
    >>> at_home("replica.theory", "Kind"), at_home("replica.solving", "Kind")
    (True, False)
    """
    value = getattr(importlib.import_module(package), name)
    home = getattr(value, "__module__", package)
    return home == package or home.startswith(f"{package}.") or not isinstance(home, str)


def plain(text: str) -> str:
    r"""Text of a docstring without what reStructuredText would take for markup of its own.

    Examples
    --------
    >>> print(plain("|z| of shape (*batch, n), n_in_, ``*args``"))
    \|z\| of shape (\*batch, n), n_in\_, ``*args``
    """
    parts = re.split(r"(``.*?``|`[^`]+`)", text)
    parts[::2] = [
        re.sub(r"\|(?=\S)|(?<=\S)\||(?<=\()\*(?=\w)|(?<=, )\*(?=\w)|(?<=\w)_(?!\w)", r"\\\g<0>", part)
        for part in parts[::2]
    ]
    return "".join(parts)


def _docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Prepare a docstring for numpydoc, which comes next."""
    text = "\n".join(lines)
    examples = False
    for i, row in enumerate(lines):
        if i and set(row) == {"-"}:
            examples = lines[i - 1] == "Examples"
        if not examples:  # papers that the docstring does not list itself are names
            row = re.sub(
                r"\[(\w+)\]_", lambda key: key[0] if f".. {key[0][:-1]}" in text else key[0][:-1], row
            )
            lines[i] = plain(row)


class Api(SphinxDirective):
    """The public names of a package, in the order of the alphabet."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Ask autodoc for each."""
        package = self.arguments[0]
        module = importlib.import_module(package)
        names = [name for name in module.__all__ if not name.startswith("_") and at_home(package, name)]
        links = " · ".join(f":py:obj:`{name} <{package}.{name}>`" for name in names)
        rows = [links, "", *(row for name in names for row in directive(package, name))]
        block = nodes.container()
        self.state.nested_parse(StringList(rows, source=self.get_source_info()[0]), 0, block)
        return block.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Know the directive."""
    app.add_directive("api", Api)
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    return {"parallel_read_safe": True}
