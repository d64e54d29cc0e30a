"""Free energy of the random RBM with heterogeneous weights, in the limit of sparse weights, at T = 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, energy_axes, recorded, until_lost
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point
from replica.errors import LocateError
from replica.solving import minimise, profile, solve
from replica.theories import RandomRBM
from replica.units import Bernoulli, ReLU

__all__ = ["build"]


@recorded
def build(
    *,
    alpha: float = 0.5,
    theta: float = 1.5,
    g: float = -0.21,
    spreads: Sequence[float] = (0.0, 0.3, 0.6),
    l_max: float = 1.6,
    points: int = 81,
) -> PhaseDiagram:
    r"""Energy and overlap against l = pL for homogeneous visible units and for two groups of them [TM17]_.

    Half of the visible units have p_i = (1 - s) p, the other half (1 + s) p; s = 0 is homogeneous. Sites
    with many weights saturate first: with a larger spread s the overlap falls faster with l, and the
    minimum l* moves to fewer strong hidden units, at a higher energy. Scaled quantities.

    Parameters
    ----------
    alpha, theta, g : float
        Load, threshold, field on the visible units.
    spreads : sequence of float
        Values of s in [0, 1].
    l_max : float
        Right edge.
    points : int
        Number of points of each curve.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.point('s=0').x:.6f} {diagram.point('s=0.6').x:.6f}")
    0.383193 0.288690
    """
    grid = np.linspace(0, l_max, points)
    theory = RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, l=0.0)
    energies: list[Line] = []
    overlaps: list[Line] = []
    marks: list[Point] = []
    for s in spreads:
        member = theory if s == 0 else replace(theory, sites=((0.5, 1 - s), (0.5, 1 + s)))
        batch, name, label = profile(member, "retrieval", "l", grid), f"s={s:g}", f"$s = {s:g}$"
        energies.append(until_lost(curve(name, grid, batch.free_energy, label, of=batch)))
        overlaps.append(until_lost(curve(name, grid, batch["m"], label, of=batch)))
        try:
            best = minimise(member, "retrieval", "l")
        except LocateError:  # the least energy is at one of the ends
            continue
        marks.append(Point(name, "", float(best.theory.values["l"]), float(best.free_energy)))
    glass = solve(theory, "glass", throw=False)
    if glass.success:
        energies.append(curve("glass", [0, l_max], [glass.free_energy] * 2, "spin glass, $s = 0$"))
    horizontal, vertical = energy_axes(energies, l_max, digits=5)
    beside = PhaseDiagram(
        "heterogeneous-overlap",
        rf"$\alpha = {alpha:g}$, $\tilde\theta = {theta:g}$, $\tilde g = {g:g}$",
        (horizontal, Axis("m", r"overlap $\tilde m$", limits=(0.4, 1.02))),
        overlaps,
        [],
        [],
        {},
    )
    return PhaseDiagram(
        "heterogeneous",
        r"Two groups, $p_i = (1\pm s)\,p$; circles: $\ell{}^{*}$",
        (horizontal, vertical),
        energies,
        marks,
        [],
        about(theory, ["l", "sites"]),
        beside=[beside],
    )
