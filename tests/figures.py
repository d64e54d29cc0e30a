"""Figures of the catalogue, each built once in a run of the suite, by the process that needs it first."""

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.storage.diagrams import load_diagram, save_diagram

SHARED = "REPLICA_TEST_FIGURES"
"""Where `conftest` says in which folder the processes of a run leave what they have built."""
PATIENCE = 600.0
"""Seconds to wait for another process; one that was killed never ends."""


@cache
def built(name: str) -> PhaseDiagram:
    """A figure of the catalogue with its default settings."""
    folder = os.environ.get(SHARED)
    if folder is None:
        return DIAGRAMS[name].build()
    path, claim = Path(folder, f"{name}.json"), Path(folder, f"{name}.claim")
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        end = time.monotonic() + PATIENCE
        while not path.exists() and claim.exists() and time.monotonic() < end:
            time.sleep(0.05)
        return load_diagram(path) if path.exists() else DIAGRAMS[name].build()
    try:
        diagram = DIAGRAMS[name].build()
        save_diagram(diagram, path)
        assert load_diagram(path) == diagram
    except BaseException:
        claim.unlink()  # nobody waits for what failed
        raise
    return diagram


def builder(name: str) -> Callable[..., PhaseDiagram]:
    """The `build` of a figure; without settings, what is built already."""

    def build(**settings: Any) -> PhaseDiagram:
        return DIAGRAMS[name].build(**settings) if settings else built(name)

    return build
