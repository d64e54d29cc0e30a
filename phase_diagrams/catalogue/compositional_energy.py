"""Energy of the random RBM against the number of strongly active hidden units, at T = 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, energy_axes, recorded, until_lost
from phase_diagrams.diagram import Line, LineKind, PhaseDiagram, Point
from replica.errors import LocateError
from replica.solving import minimise, profile, solve
from replica.theories import Compositional

__all__ = ["build"]


@recorded
def build(
    *,
    alpha: float = 0.5,
    theta: float = 1.5,
    g: float = -0.21,
    fields: Sequence[float] = (-0.25, -0.23, -0.21, -0.19),
    thresholds: Sequence[float] = (1.2, 1.35, 1.5, 2.0),
    l_max: float = 1.6,
    points: int = 81,
) -> PhaseDiagram:
    r"""Energy f(l) of the random RBM above that of its spin glass, in the limit p -> 0 [TM17]_.

    On the left for several fields at one threshold, on the right for several thresholds at one field.
    A minimum at 0 < l* < infinity below zero is the compositional phase; where the least energy is at
    l -> 0 the phase is ferromagnetic, where it is positive, spin glass. The curve g = -0.21, theta = 1.5,
    alpha = 0.5 is the homogeneous one of Fig. 4a of [TM17]_. All quantities are scaled: l = p L, f/p,
    theta/sqrt(p), g/p.

    Parameters
    ----------
    alpha, theta, g : float
        Load; threshold of the left panel; field of the right panel.
    fields, thresholds : sequence of float
        Fields of the left panel and thresholds of the right one.
    l_max : float
        Right edge.
    points : int
        Number of points of each curve.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> print(f"{build().point('g=-0.21').x:.6f}")
    0.383193
    """
    grid = np.linspace(0, l_max, points)
    theory = Compositional(alpha=alpha, theta=theta, g=g, l=0.0)
    left = [(f"g={v:g}", rf"$\tilde g = {v:g}$", theory.at(g=v)) for v in fields]
    right = [(f"theta={v:g}", rf"$\tilde\theta = {v:g}$", theory.at(theta=v)) for v in thresholds]
    zero = curve("glass", [0, l_max], [0, 0], "spin glass")
    lines: dict[str, list[Line]] = {"left": [zero], "right": [zero]}
    marks: dict[str, list[Point]] = {"left": [], "right": []}
    for side, family in {"left": left, "right": right}.items():
        for name, label, member in family:
            glass = solve(member, "glass", throw=False)
            if not glass.success:
                lost = [f"no spin glass to compare with: {glass.outcome.value}"] * points
                lines[side].append(Line(name, LineKind.CURVE, list(grid), [np.nan] * points, lost, label))
                continue
            batch = profile(member, "retrieval", "l", grid)
            energy = curve(name, grid, batch.free_energy - glass.free_energy, label, of=batch)
            lines[side].append(until_lost(energy))
            try:
                best = minimise(member, "retrieval", "l")
            except LocateError:  # the least energy is at one of the ends
                continue
            least = float(best.free_energy - glass.free_energy)
            marks[side].append(Point(name, "", float(best.theory.values["l"]), least))
    label = r"energy $f(\ell)-f_{\mathrm{SG}}$"
    axes = energy_axes((*lines["left"], *lines["right"]), l_max, label)
    beside = PhaseDiagram(
        "compositional-energy-thresholds",
        rf"$\alpha = {alpha:g}$, $\tilde g = {g:g}$; circles: $\ell{{}}^{{*}}$",
        axes,
        lines["right"],
        marks["right"],
        [],
        {},
    )
    return PhaseDiagram(
        "compositional-energy",
        rf"$\alpha = {alpha:g}$, $\tilde\theta = {theta:g}$; circles: $\ell{{}}^{{*}}$",
        axes,
        lines["left"],
        marks["left"],
        [],
        about(theory, ["theta", "g", "l"]),
        beside=[beside],
    )
