"""Compute the diagrams of the catalogue and store them here, as NAME.json.

    python examples/data/make_data.py                    # all of them, a few minutes
    python examples/data/make_data.py hopfield mixtures

They are redrawn without computing anything:

    replica draw examples/data/hopfield.json -o hopfield.pdf
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.storage.diagrams import save_diagram

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Compute the named diagrams, or all."""
    unknown = [name for name in names if name not in DIAGRAMS]
    if unknown:
        print(f"unknown diagram {unknown[0]!r}; known: {', '.join(DIAGRAMS)}", file=sys.stderr)
        return 2
    for name in names or DIAGRAMS:
        start = time.perf_counter()
        save_diagram(DIAGRAMS[name].build(), HERE / f"{name}.json")
        print(f"{name}.json  {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
