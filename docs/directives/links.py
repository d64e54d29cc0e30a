"""Links of the pages that leave docs/, so that they work where the files lie and on the site.

README, CONTRIBUTING and CHANGELOG are pages of the site; the published numbers have one; any other file of
the project is one to download.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MIRRORED = {"readme": "README.md", "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}
"""Pages that show a file of the project as it is."""
PAGES = {ROOT / file: DOCS / f"{page}.md" for page, file in MIRRORED.items()}
PAGES[ROOT / "tests" / "reference.toml"] = DOCS / "published.md"


def on_the_site(text: str, file: Path, page: Path) -> str:
    """The text of a file, with links as they are from a page of the site.

    Examples
    --------
    >>> on_the_site("[it](docs/curves.md#x), [all](LICENSE)", ROOT / "README.md", DOCS / "readme.md")
    '[it](curves.md#x), {download}`all <../LICENSE>`'
    """

    def moved(match: re.Match[str]) -> str:
        label, target = match["label"], match["target"]
        path, hash_, anchor = target.partition("#")
        found = Path(os.path.normpath(file.parent / path))
        if not path or "://" in target or not found.exists():
            return match[0]
        found = PAGES.get(found, found)
        relative = Path(os.path.relpath(found, page.parent)).as_posix()
        if found.is_relative_to(DOCS):
            return f"[{label}]({relative}{hash_}{anchor})"
        return f"{{download}}`{label.replace('`', '')} <{relative}>`" if found.is_file() else f"`{path}`"

    return re.sub(r"\[(?P<label>[^\[\]]*)\]\((?P<target>[^()\s]+)\)", moved, text)


def _read(app: Sphinx, docname: str, source: list[str]) -> None:
    page = DOCS / f"{docname}.md"
    if not page.is_file():
        return
    file = ROOT / MIRRORED[docname] if docname in MIRRORED else page
    if file != page:
        app.env.note_dependency(str(file), docname=docname)
        source[0] = file.read_text(encoding="utf-8")
    source[0] = on_the_site(source[0], file, page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Rewrite what is read."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
