"""Spins with couplings of p at a time: where their states appear, and where they are too few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.solving import locate, solve
from replica.theories import PlantedPSpin, RandomEnergy

__all__ = ["build"]


@recorded
def build(*, orders: Sequence[int] = (3, 4, 5, 6, 8, 10), points: int = 41) -> PhaseDiagram:
    r"""Dynamical and static temperature against p, and the complexity between them [KT87]_.

    Below the dynamical temperature T_d the paramagnet is made of exp(N Sigma) states; at the static one, T_K,
    Sigma vanishes. As p grows T_K tends to that of the random energy model, and T_d grows like sqrt(p).

    Parameters
    ----------
    orders : sequence of int
        Spins in each coupling, from 3 on.
    points : int
        Of each curve of the complexity.

    References
    ----------
    .. [KT87] T. R. Kirkpatrick, D. Thirumalai, Phys. Rev. B 36, 5388 (1987).

    Examples
    --------
    >>> print(f"{build(orders=(3,)).line('T_K').y[0]:.9f}")
    0.651385227
    """
    found = {
        name: [float(locate(PlantedPSpin(T=0.6, p=p), name, "T").value) for p in orders]
        for name in ("dynamical", "kauzmann")
    }
    lines = [
        curve("T_d", orders, found["dynamical"], r"$T_\mathrm{d}$"),
        curve("T_K", orders, found["kauzmann"], r"$T_\mathrm{K}$"),
    ]
    T_c = float(locate(RandomEnergy(T=0.5), "condensation", "T").value)
    lines.append(curve("REM", [min(orders), max(orders)], [T_c, T_c], r"$p \to \infty$"))
    counts = []
    for p, end in zip(orders, found["dynamical"], strict=True):
        T = end - (end - 0.4) * np.linspace(0, 1, points)[1:] ** 2
        theory = PlantedPSpin(T=T, p=p)
        states, nothing = solve(theory, "retrieval"), solve(theory, "paramagnet")
        Sigma = (states.free_energy - nothing.free_energy) / T
        counts.append(curve(f"p={p}", T, Sigma, f"$p = {p}$", of=states))
    right = PhaseDiagram(
        "p-spin-complexity",
        "Complexity of the states",
        (
            Axis("T", "temperature $T/J$", limits=(0.55, 0.85)),
            Axis("Sigma", r"complexity $\Sigma$", limits=(-0.1, 0.3)),
        ),
        counts,
        [Point(f"T_K, p={p}", "", T, 0.0) for p, T in zip(orders, found["kauzmann"], strict=True)],
        [],
        {},
    )
    return PhaseDiagram(
        "p-spin",
        "States of p-spin couplings",
        (
            Axis("p", "spins in each coupling $p$", limits=(min(orders), max(orders) + (len(orders) == 1))),
            Axis("T", "temperature $T/J$", limits=(0.55, 0.9)),
        ),
        lines,
        [],
        [],
        about(PlantedPSpin(T=0.6), ["T", "p"]),
        beside=[right],
    )
