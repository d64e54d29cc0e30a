"""Sweeps: a theory solved on a grid of any size, in chunks that can be computed anywhere and in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from phase_diagrams.sweeping.files import export as export
    from phase_diagrams.sweeping.run import SweepError as SweepError
    from phase_diagrams.sweeping.run import compute as compute
    from phase_diagrams.sweeping.run import sweep as sweep
    from phase_diagrams.sweeping.store import open_sweep as open_sweep

_HOMES = {
    "files": "export",
    "run": "SweepError compute sweep",
    "store": "open_sweep",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}
    )
