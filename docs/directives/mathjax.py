"""MathJax, one file of the site itself: fetched with npm, checked by its hash, kept between builds."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

PACKAGE, MEMBER = "mathjax@3.2.2", "package/es5/tex-svg.js"
SHA256 = "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882"

logger = logging.getLogger(__name__)


def _right(file: Path) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256


def fetched(file: Path) -> str:
    """Fetch the file if it is not there; why it could not be, as words, or nothing."""
    if _right(file):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=60
            )
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
                package.extract(MEMBER, folder, filter="data")
        except (OSError, subprocess.SubprocessError, StopIteration, KeyError, tarfile.TarError) as error:
            return f"npm could not fetch {PACKAGE} ({type(error).__name__})"
        found = Path(folder) / MEMBER
        if not _right(found):
            return f"what npm fetched as {PACKAGE} has another hash"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, file)
    return ""


def _prepare(app: Sphinx, config: Any) -> None:
    kept = Path(app.outdir).parent / "mathjax"
    if why := fetched(kept / "tex-svg.js"):
        logger.info("equations stand as LaTeX, not typeset: %s", why)
        config.mathjax_path = "untypeset.js"
        return
    config.html_static_path.append(str(kept))
    config.mathjax_path = "tex-svg.js"


def setup(app: Sphinx) -> dict[str, Any]:
    """Fetch before the site is configured."""
    app.connect("config-inited", _prepare)
    return {"parallel_read_safe": True}
