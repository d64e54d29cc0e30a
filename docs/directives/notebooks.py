"""Notebooks: a script with cells is executed, and its page holds what it shows.

The source is a Python file of jupytext (the format ``py:percent``); it runs as a script too. What was
executed is kept beside the site under the hash of the script and of the code that it ran with. An error in a
cell is an error of the build.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any, ClassVar

from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from directives.version import code_version

ROOT = Path(__file__).parents[2]
SECONDS = 120


def executed(text: str, kept: Path) -> Any:
    """The notebook of a script, with its output; read from where it was kept, if it is there."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    book = jupytext.reads(text, fmt="py:percent")
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        client = NotebookClient(book, timeout=SECONDS, startup_timeout=SECONDS, kernel_name="python3")
        client.extra_arguments = ["--IPKernelApp.log_level=ERROR"]
        client.execute(cwd=str(kept.parent))
    except CellExecutionError as error:
        message = f"a cell failed: {error}"
        raise ExtensionError(message) from error
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    nbformat.write(book, kept)
    return book


def page(book: Any, pictures: Path, prefix: str) -> str:
    """The text of the page, in Markdown; pictures go into a folder, and are named with a prefix."""
    pictures.mkdir(parents=True, exist_ok=True)
    parts: list[str] = []
    for number, cell in enumerate(book.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        block = f"```python\n{cell.source}\n```"
        if "solution" in cell.metadata.get("tags", []):
            block = f"::::{{dropdown}} Solution\n{block}\n" + _outputs(cell, pictures, f"{prefix}-{number}")
            parts.append(block + "\n::::")
            continue
        parts.append(block)
        parts.append(_outputs(cell, pictures, f"{prefix}-{number}"))
    return "\n\n".join(part for part in parts if part)


def _outputs(cell: Any, pictures: Path, name: str) -> str:
    shown: list[str] = []
    for count, output in enumerate(cell.outputs):
        if output.output_type == "stream":
            shown.append(f"```text\n{output.text.rstrip()}\n```")
            continue
        data = output.get("data", {})
        if "image/svg+xml" in data:  # in the page itself, so that it takes its colours
            drawing = _joined(data["image/svg+xml"])
            shown.append(f"```{{raw}} html\n{drawing[drawing.index('<svg') :]}\n```")
        elif "image/png" in data:
            file = pictures / f"{name}-{count}.png"
            file.write_bytes(base64.b64decode(_joined(data["image/png"])))
            shown.append(f"![output of the cell above](/_build/notebooks/pictures/{file.name})")
        elif "text/html" in data:
            shown.append(f"```{{raw}} html\n{_joined(data['text/html'])}\n```")
        elif "text/plain" in data:
            shown.append(f"```text\n{_joined(data['text/plain'])}\n```")
    return "\n\n".join(shown)


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


class NotebookParser(MystParser):
    """A script with cells becomes a page."""

    supported: ClassVar[tuple[str, ...]] = ("notebook",)

    def parse(self, inputstring: str, document: Any) -> None:
        """Execute it and parse the page."""
        folder = Path(self.env.app.srcdir) / "_build" / "notebooks"
        name = Path(self.env.docname).name
        key = hashlib.sha256(f"{code_version()}{inputstring}".encode()).hexdigest()[:16]
        book = executed(inputstring, folder / f"{name}-{key}.ipynb")
        source = f"docs/{self.env.docname}.py"
        head = f"*A notebook: [its source]({name}.py) is a script of jupytext, `{source}`.*"
        text = page(book, folder / "pictures", name)
        title, _, rest = text.partition("\n")
        super().parse(f"{title}\n\n{head}\n{rest}", document)


def setup(app: Sphinx) -> dict[str, Any]:
    """Know scripts as pages."""
    app.add_source_suffix(".py", "notebook")
    app.add_source_parser(NotebookParser)
    return {"parallel_read_safe": True}
