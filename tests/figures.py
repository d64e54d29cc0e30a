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
QUICK: dict[str, dict[str, Any]] = {
    "compositional-evidence": {
        "epochs": 4,
        "every": 4,
        "sizes": [10, 20, 40, 100],
        "sweeps": 10,
        "samples": 50,
    },
    "compositional-temperature": {"steps": 5},
    "deep-belief-network": {"epochs": 3, "sweeps": 20},
    "general-priors": {"points": 11},
    "learning-spectrum": {"samples": 1000, "time_max": 8.0, "marks": 9},
    "learning-trajectory": {"epochs": 24},
    "potts-hopfield": {"points": 5},
}
"""Settings of figures that take long; `make slow` builds them with their own."""


@cache
def built(name: str) -> PhaseDiagram:
    """A figure of the catalogue with its default settings, or those of `QUICK`."""
    folder, settings = os.environ.get(SHARED), QUICK.get(name, {})
    if folder is None:
        return DIAGRAMS[name].build(**settings)
    path, claim = Path(folder, f"{name}.json"), Path(folder, f"{name}.claim")
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        end = time.monotonic() + PATIENCE
        while not path.exists() and claim.exists() and time.monotonic() < end:
            time.sleep(0.05)
        return load_diagram(path) if path.exists() else DIAGRAMS[name].build(**settings)
    try:
        diagram = DIAGRAMS[name].build(**settings)
        save_diagram(diagram, path)
        assert load_diagram(path) == diagram
    except BaseException:
        claim.unlink()  # nobody waits for what failed
        raise
    return diagram


def builder(name: str) -> Callable[..., PhaseDiagram]:
    """The `build` of a figure; with the settings of `built`, what is built already."""

    def build(**settings: Any) -> PhaseDiagram:
        return built(name) if settings == QUICK.get(name, {}) else DIAGRAMS[name].build(**settings)

    return build
