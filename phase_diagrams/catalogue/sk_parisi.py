"""Sherrington-Kirkpatrick spin glass beyond replica symmetry: Parisi's function, and what few steps miss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram
from replica.breaking import broken, parisi
from replica.solving import solve
from replica.theories import SherringtonKirkpatrick

__all__ = ["build"]


@recorded
def build(
    *,
    temperatures: Sequence[float] = (0.2, 0.4, 0.6, 0.8),
    steps: int = 5,
    cells: tuple[int, ...] = (24, 48),
) -> PhaseDiagram:
    r"""Overlap q(x) at several temperatures; energy at T = 0 against the number of steps [P80]_.

    q grows from 0, and is q_EA from x(q_EA) on: pairs of replicas in the same state. The energy of k steps
    rises to Parisi's; k = 0 is replica symmetric.

    Parameters
    ----------
    temperatures : sequence of float
        In units of J, each below 1.
    steps : int
        The largest number of steps.
    cells : tuple of int
        See `replica.breaking.parisi`.

    References
    ----------
    .. [P80] G. Parisi, J. Phys. A 13, L115 (1980); J. Phys. A 13, 1101 (1980).

    Examples
    --------
    >>> diagram = build(temperatures=(0.5,), steps=1)
    >>> print(f"{diagram.beside[0].line('energy').y[-1]:.9f}")
    -0.765259435
    """
    lines = []
    for T in temperatures:
        state = parisi(SherringtonKirkpatrick(T=T), "glass", cells=cells)
        table = state.profile(80)
        x, q = np.append(table["x"], 1.0), np.append(table["q"], state["q_EA"])
        lines.append(curve(f"T={T:g}", x, q, f"$T = {T:g}$"))
    cold = SherringtonKirkpatrick(T=0.0)
    limit = parisi(cold, "glass", cells=cells)
    energy = [solve(cold, "glass").free_energy]
    energy += [solve(broken(cold, k), "glass").free_energy for k in range(1, steps + 1)]
    right = PhaseDiagram(
        "sk-parisi-energy",
        "Energy at T = 0",
        (
            Axis("steps", "steps of breaking $k$", limits=(0, max(steps, 1))),
            Axis("E", "energy $E/NJ$", limits=(-0.8, -0.76)),
        ),
        [
            curve("energy", list(range(steps + 1)), energy, "$k$ steps"),
            curve("limit", [0, max(steps, 1)], [limit.free_energy] * 2, r"Parisi, $k \to \infty$"),
        ],
        [],
        [],
        about(cold, []),
    )
    return PhaseDiagram(
        "sk-parisi",
        "Parisi's function of the SK model",
        (Axis("x", "breaking parameter $x$", limits=(0, 1)), Axis("q", "overlap $q$", limits=(0, 1))),
        lines,
        [],
        [],
        about(cold, ["T"]),
        beside=[right],
    )
