"""Theory and simulation of the Hopfield network side by side: overlap and energy against load."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.simulating.agreement import Agreement, Subject, confront
from phase_diagrams.simulating.pictures import picture
from phase_diagrams.simulating.tables import read_table
from replica.theories import Hopfield

__all__ = ["agreement", "build"]

DATA = Path(__file__).with_name("validation_hopfield.csv")
"""Means over samples, as `replica validate` wrote them; its first rows say how."""


def agreement() -> Agreement:
    """The stored simulation beside the theory.

    Examples
    --------
    >>> print(agreement().verdict.partition(";")[0])
    hopfield: theory and measurement agree
    """
    measured, _ = read_table(DATA, Hopfield)
    shown = ("m", "energy")
    return confront(
        Subject(Hopfield),
        [dataclasses.replace(one, values={name: one.values[name] for name in shown}) for one in measured],
    )


@recorded
def build(*, points: int = 61) -> PhaseDiagram:
    r"""Overlap and energy of the retrieval state [AGS87]_, with simulated machines of 4000 neurons.

    Lines are the theory for infinite N. Points are means over 20 samples of the patterns with their standard
    errors: heat-bath dynamics that starts from a stored pattern. The simulation is stored with the package;
    `docs/validation.md` has the command that made it.

    Parameters
    ----------
    points : int
        Points of a line of the theory.

    References
    ----------
    .. [AGS87] D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).

    Examples
    --------
    >>> sum(line.kind.value == "measured" for line in build(points=2).lines)
    14
    """
    load, m, e = r"load $\alpha = P/N$", "overlap $m$", "energy $E/N$"
    return picture(
        agreement(),
        "validation-hopfield",
        "Hopfield network",
        about(Hopfield(alpha=0.1), ["alpha", "T"]),
        labels={"alpha": load, "m": m, "energy": e},
        points=points,
    )
