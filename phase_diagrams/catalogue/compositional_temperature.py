"""The compositional phase of the random RBM at finite temperature, in the limit of sparse weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import root_scalar

from phase_diagrams.catalogue._parts import about, chain, curve, line_of, march, recorded, until_lost
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Region
from phase_diagrams.diagram.outline import join, outline
from replica.solving import Located, locate, minimise, profile, solve
from replica.theories import Compositional, RandomRBM
from replica.theory import Coexistence, Phase, Zero
from replica.units import Bernoulli, ReLU

__all__ = ["build"]

BEST = Zero(Phase("retrieval"), "slope_l", "first-order", "f has its minimum over l")
EQUAL = Coexistence(Phase("retrieval", over="l"), Phase("glass"))
"""Where the best compositional state has the free energy of the spin glass."""
SWITCH = -0.25
"""Field at which l* vanishes at T = 0, exactly."""


@recorded
def build(
    *,
    alpha: float = 0.5,
    theta: float = 1.5,
    g: float = -0.21,
    temperatures: Sequence[float] = (0.0, 0.02, 0.04, 0.06, 0.08),
    g_min: float = -0.28,
    g_max: float = -0.18,
    l_max: float = 2.4,
    points: int = 49,
    steps: int = 9,
) -> PhaseDiagram:
    r"""How the number l* of strong hidden units and the compositional phase move with the temperature.

    On the left f(l) above its value at l = 0 for several temperatures. A curve ends where the retrieval
    branch does; behind, its points are NaN with that reason. In the middle l* and the spinodal up to which
    the branch exists: l* grows with T, and ends where the minimum of f(l) merges with a maximum. On the right
    the compositional phase in the plane of field and temperature: between the line where l* leaves 0 and
    the one where the spin glass has the same free energy. Bernoulli and rectified units, p -> 0, replica
    symmetric, scaled quantities; at T = 0 the phase is that of [TM17]_.

    Parameters
    ----------
    alpha, theta, g : float
        Load, threshold; field of the first two panels, in the compositional phase.
    temperatures : sequence of float
        Temperatures of the left panel; the largest one is the edge of the others.
    g_min, g_max : float
        Edges of the right panel, around the compositional phase at T = 0.
    l_max : float
        Edge of the first two panels.
    points : int
        Number of points of each curve on the left.
    steps : int
        Number of points of each line on the right; four times as many in the middle.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).
    """
    cold = RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, T=0.0, l=1.0)
    T_max = max(temperatures)
    grid, warm, fine = (
        np.linspace(0, end, n) for end, n in ((l_max, points), (T_max, steps), (T_max, 4 * steps - 3))
    )
    curves = []
    for T in temperatures:
        batch = profile(cold.at(T=T), "retrieval", "l", grid)
        change = batch.free_energy - batch.free_energy[0]
        curves.append(until_lost(curve(f"T={T:g}", grid, change, rf"$\tilde T = {T:g}$", of=batch)))
    low = min(y for line in curves for y in line.y if not np.isnan(y))
    best = minimise(cold, "retrieval", "l")
    first = locate(cold, BEST, "l", near=best.x, value=float(best.theory.values["l"]))
    minima = [first, *march(cold, BEST, "T", "l", fine[1:], first)]
    fold = locate(cold, "spinodal", "l")
    folds = [fold, *march(cold, "spinodal", "T", "l", fine[1:], fold)]
    number = r"active hidden units $\ell = pL$"
    temperature = Axis("T", r"temperature $\tilde T = T/p$", limits=(0, T_max))
    spinodal = line_of("spinodal", LineKind.SPINODAL, "T", folds, "spinodal")
    glass, ferromagnet = _to_glass(cold, g, T_max, steps), _to_ferromagnet(cold, warm)
    middle = PhaseDiagram(
        "compositional-temperature-minimum",
        rf"$\tilde g = {g:g}$",
        (temperature, Axis("l", number, limits=(0, l_max))),
        [
            _to_the_end(cold, minima),
            spinodal,
        ],
        [],
        [
            Region(
                "retrieval",
                "retrieval",
                (0.3 * T_max, 0.4 * l_max),
                outline([(T_max, 0), (0, 0)], spinodal),
            ),
            Region(
                "none",
                "no retrieval",
                (0.75 * T_max, 0.8 * l_max),
                outline([(T_max, l_max), (0, l_max)], spinodal),
            ),
        ],
        {},
    )
    right = PhaseDiagram(
        "compositional-temperature-fields",
        rf"$\alpha = {alpha:g}$, $\tilde\theta = {theta:g}$",
        (Axis("g", r"field $\tilde g = g/p$", limits=(g_min, g_max)), temperature),
        [glass, ferromagnet],
        [],
        [
            Region(
                "glass",
                "spin\nglass",
                (0.15 * g_min + 0.85 * g_max, 0.6 * T_max),
                outline(glass, [(g_max, 0), (g_max, T_max)]),
            ),
            Region(
                "compositional",
                "compositional",
                ((g + SWITCH) / 2, 0.35 * T_max),
                outline(ferromagnet, glass),
            ),
            Region(
                "ferromagnetic",
                "ferro-\nmagnetic",
                (0.88 * g_min + 0.12 * g_max, 0.6 * T_max),
                outline(ferromagnet, [(g_min, T_max), (g_min, 0)]),
            ),
        ],
        {},
    )
    return PhaseDiagram(
        "compositional-temperature",
        rf"$\alpha = {alpha:g}$, $\tilde\theta = {theta:g}$, $\tilde g = {g:g}$",
        (
            Axis("l", number, limits=(0, l_max)),
            Axis("f", r"$f(\ell)-f(0)$ (units of $p$)", limits=(round(1.3 * low, 5), round(-2.6 * low, 5))),
        ),
        curves,
        [],
        [],
        about(cold, ["T", "l"]),
        beside=[middle, right],
    )


def _with_field(theory: RandomRBM, g: float, **changes: float) -> RandomRBM:
    return replace(theory, visible=Bernoulli(g=g)).at(**changes)


def _to_the_end(cold: RandomRBM, minima: Sequence[Located]) -> Line:
    """l* against T up to its end, where T has a maximum as a function of l; near it, located at given l."""
    known = [point for point in minima if point.located]
    line = line_of("l*", LineKind.CURVE, "T", known, r"$\ell{}^{*}$")
    if len(known) == len(minima):
        return line
    l, last = known[-1].value, known[-1]
    last = locate(cold.at(l=l), BEST, "T", near=last.z, value=float(last.theory.values["T"]))
    rest: list[tuple[float, float]] = []
    while True:
        l *= 1.005
        point = locate(cold.at(l=l), BEST, "T", near=last.z, value=last.value)
        if not point.value > last.value:  # past the maximum, or lost
            return join(line, rest)
        rest.append((point.value, l))
        last = point


def _to_glass(cold: RandomRBM, g: float, T_max: float, steps: int) -> Line:
    """Line of equal free energies, from T = 0 past the upper edge; located in T at given fields."""
    sparse = Compositional(alpha=cold.alpha, theta=cold.hidden.parameters["theta"], g=g, l=1.0)
    end = locate(sparse, "compositional-glass", "g").value
    T = T_max / 2
    best, glass = minimise(cold.at(T=T), "retrieval", "l"), solve(cold.at(T=T), "glass")
    unknowns = np.concatenate([best.x, [best.theory.values["l"]], glass.x])
    start = locate(cold, EQUAL, "T", near=unknowns, value=T)
    fields = g + (end - g) * (1 - np.linspace(1, 0, steps)[1:-1] ** 2)  # T falls with a root of the distance
    beyond: list[tuple[float, Located]] = []
    found = start
    at = partial(_with_field, cold)
    while found.located and found.value < T_max and len(beyond) < 50:
        left = g + (len(beyond) + 1) * (g - end) / 2
        found = chain(at, [left], EQUAL, "T", beyond[-1][1] if beyond else start, left + (end - g) / 2)[0]
        beyond.append((left, found))
    right = chain(at, fields, EQUAL, "T", start, g)
    line = line_of(
        "compositional-glass",
        LineKind.FIRST_ORDER,
        [*(left for left, _ in beyond[::-1]), g, *fields],
        [*(point for _, point in beyond[::-1]), start, *right],
        "first order",
    )
    return join(line, [(end, 0)])


def _to_ferromagnet(cold: RandomRBM, warm: Any) -> Line:
    """Line on which df/dl = 0 at l = 0: l* grows from there."""

    def slope(g: float, T: float) -> float:
        state = solve(_with_field(cold, g, l=0.0, T=T), "retrieval")
        return float(state.theory.slope("l", state.x))

    fields: list[float] = []
    for T in warm:
        near = fields[-1] if fields else SWITCH
        fields.append(root_scalar(slope, args=(float(T),), x0=near, x1=near - 1e-3, xtol=1e-12).root)
    status = [CONVERGED] * len(fields)
    return Line("ferromagnet-compositional", LineKind.CONTINUOUS, fields, warm, status, "continuous")
