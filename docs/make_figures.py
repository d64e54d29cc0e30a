"""Compute the figures of the gallery into figures/: `make figures`, or with names only those.

A figure is computed again when the code has changed; its numbers, drawn in light and dark, lie beside it.
Each is what one command line gives, run in a process of its own.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from directives.gallery import FIGURES, Shelf, command, shelves  # noqa: E402
from directives.version import ROOT, code_version  # noqa: E402


def compute(name: str) -> None:
    """Run the command of a figure; then draw what it stored."""
    from phase_diagrams.draw import figure, save_figure
    from phase_diagrams.storage.diagrams import load_diagram
    from phase_diagrams.storage.tables import as_csv

    shelf = Shelf(name)
    words = [*command(name)[1:], "--data" if name in shelves()["figures"] else "-o", str(shelf.json)]
    if "--data" in words:
        words += ["-o", str(shelf.light), "--caption"]
    done = subprocess.run(
        [sys.executable, "-m", "replica", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 3) or not shelf.json.is_file():
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr else "nothing was written")
    diagram = load_diagram(shelf.json)
    for file, style, dpi in (
        (shelf.light, None, None),
        (shelf.dark, "dark_background", None),
        (shelf.small, None, 90),
    ):
        save_figure(figure(diagram, style=style), file, diagram.provenance, style=style, dpi=dpi)
    if diagram.columns["panel"]:
        shelf.csv.write_text(as_csv(diagram.columns), encoding="utf-8")
    if "--data" in words:
        shelf.tex.write_text(done.stdout, encoding="utf-8")
    shelf.made.write_text(code_version(), encoding="utf-8")


def main(names: Sequence[str]) -> int:
    """Compute what is missing or old; the exit code says whether all of it is there."""
    known = [name for shelf in shelves().values() for name in shelf]
    if unknown := [name for name in names if name not in known]:
        print(f"no such figure: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    FIGURES.mkdir(exist_ok=True)
    failed = []
    for name in names or known:
        if Shelf(name).fresh:
            continue
        begun = time.perf_counter()
        try:
            compute(name)
        except Exception as error:  # the others are computed all the same
            failed.append(name)
            print(f"{name}: {error}", file=sys.stderr)
        else:
            print(f"{name}  {time.perf_counter() - begun:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
