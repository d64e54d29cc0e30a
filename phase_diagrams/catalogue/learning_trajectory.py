"""Mean-field learning of one mode, and its way through the phase diagram of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from replica.errors import ParameterError
from replica.flows import OneMode, glass_threshold

__all__ = ["build"]


@recorded
def build(
    *,
    signal: float = 0.6,
    sigmas: Sequence[float] = (0.8, 0.6, 0.45),
    kappa: float = 1.0,
    initial: float = 0.05,
    time_max: float = 40.0,
    marks: int = 11,
) -> PhaseDiagram:
    r"""Way of a learning machine through the plane of 1/sigma and w/sigma [DFF18]_.

    One mode of strength w grows on top of random weights of strength sigma, which stays fixed: the way is
    straight up, from the paramagnet across w = 1 into the ferromagnetic phase, where model and data come to
    agree. The marks are equidistant in time. The line between spin glass and ferromagnet is the
    replica-symmetric one, for Gaussian components.

    Parameters
    ----------
    signal : float
        Projection of the two clusters of the data on the mode.
    sigmas : sequence of float
        Strengths of the random weights, above 0 and below 1.
    kappa : float
        Hidden units per visible unit.
    initial : float
        w at t = 0.
    time_max : float
        Last time.
    marks : int
        Number of marks on each way.

    References
    ----------
    .. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).

    Examples
    --------
    >>> print(f"{build(sigmas=(0.6,)).line('sigma=0.6').y[-1] * 0.6:.6f}")
    1.716620
    """
    if min(sigmas) <= 0:
        msg = f"sigma is above 0, for 1/sigma to have a place; it cannot be {min(sigmas):g}"
        raise ParameterError(msg)
    times = np.linspace(0, time_max, 12 * (marks - 1) + 1)
    right = max(2.6, *(1.1 / sigma for sigma in sigmas))
    top, ways, curves, points = 0.0, [], [], []
    for sigma in sigmas:
        w = OneMode(signal=signal, sigma=sigma, kappa=kappa).integrate(times, initial)
        name, label = f"sigma={sigma:g}", rf"$\sigma = {sigma:g}$"
        curves.append(curve(name, times, w, label))
        ways.append(curve(name, np.full_like(w, 1 / sigma), w / sigma, label))
        there = zip(times[::12], w[::12], strict=True)
        points += [Point(f"{name}, t={t:g}", "", 1 / sigma, v / sigma) for t, v in there]
        top = max(top, 1.15 * w[-1] / sigma)
    fences = [1, *sorted(1 / sigma for sigma in sigmas), right]  # the name stands in the widest gap
    _, middle = max((b - a, (a + b) / 2) for a, b in pairwise(fences))
    top = round(top, 2)  # axes do not change with the last digit of an integration
    boundary = Line("w=1", LineKind.CONTINUOUS, [1, right], [1, right], [CONVERGED] * 2, "$w = 1$")
    freezing = Line("sigma=1", LineKind.CONTINUOUS, [1, 1], [0, 1], [CONVERGED] * 2, r"$\sigma = 1$")
    inverse = np.linspace(0.05, 1, 39)[:-1]
    glass = Line(
        "glass",
        LineKind.CONTINUOUS,
        [*inverse, 1],
        [*(glass_threshold(1 / x, kappa) * x for x in inverse), 1],
        [CONVERGED] * 39,
        "glass (RS)",
    )
    limit = [(0, np.sqrt(np.pi / 2))]  # sigma -> infinity, exact
    glass = join(limit, glass)
    learning = PhaseDiagram(
        "learning-curves",
        "Learning of one mode",
        (
            Axis("t", "learning time $t$", limits=(0, time_max)),
            Axis(
                "w",
                "strength of the mode $w$",
                limits=(0, round(1.15 * max(max(line.y) for line in curves), 2)),
            ),
        ),
        [*curves, curve("boundary", [0, time_max], [1, 1], "$w = 1$")],
        [],
        [],
        {},
    )
    return PhaseDiagram(
        "learning-trajectory-theory",
        "Way through the phases; circles: equal times",
        (
            Axis("1/sigma", r"inverse noise $1/\sigma$", limits=(0, right)),
            Axis("w/sigma", r"strength of the mode $w/\sigma$", limits=(0, top)),
        ),
        [*ways, boundary, freezing, glass],
        points,
        [
            Region(
                "paramagnet",
                "para-\nmagnet",
                (middle, 0.14 * top),
                outline([(right, 0), (1, 0)], freezing, boundary),
            ),
            Region("glass", "spin glass", (0.5, 0.16 * top), outline([(1, 0), (0, 0)], glass)),
            Region(
                "ferromagnet",
                "ferromagnet",
                (0.55, 0.7 * top),
                outline([(0, top)], glass, boundary, [(right, top)]),
            ),
        ],
        {"model": f"one mode of a binary RBM, mean field, kappa = {kappa:g}"},
        beside=[learning],
    )
