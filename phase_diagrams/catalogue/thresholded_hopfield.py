"""Capacity of the Hopfield network with thresholded hidden units against the threshold."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from phase_diagrams.catalogue._parts import curve, line_of, march, provenance
from phase_diagrams.diagram import Axis, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.regions import join, outline
from replica.functions import H
from replica.solving import Located, critical, locate
from replica.theories import Hopfield, ThresholdedHopfield
from replica.theory import Phase, Zero

__all__ = ["build"]

EMPTY = Zero(Phase("retrieval"), "free_energy", "first-order")
"""The retrieval state has the energy of the empty state v = 0, which is zero."""


def build(*, theta: tuple[float, float] = (-1.0, 2.6), points: int = 61) -> PhaseDiagram:
    r"""Largest load with a retrieval solution, in the ReLU-RBM with p = 1, L = 1, tuned field, at T = 0.

    The spinodal is computed from the five saddle-point equations. It lies on alpha_c(0)/(2 H_2(sqrt2
    theta)), with alpha_c(0) of the Hopfield network, drawn as a thin curve. For theta > 2.155 the empty
    state v = 0 has a lower energy than the retrieval state above the dashed line.

    Parameters
    ----------
    theta : (float, float)
        Range of the threshold; it begins below 1.5.
    points : int
        Number of points of each line.

    Examples
    --------
    >>> print(f"{build(points=31).point('empty').x:.5f}")
    2.15503
    """
    grid = np.linspace(*theta, points)
    machine = ThresholdedHopfield(alpha=0.1)
    folds = march(machine, "spinodal", "theta", "alpha", grid, critical(machine.at(theta=theta[0])))
    spinodal = line_of("alpha_c", LineKind.SPINODAL, "theta", folds, r"$\alpha_c$ spinodal")
    closed = critical(Hopfield(alpha=0.1, T=0.0)).value / (2 * H(2, np.sqrt(2) * grid))
    top = 2 * closed[-1]
    lines = [
        spinodal,
        curve("closed form", grid, closed, r"$\alpha_c(0)/2H_2(\sqrt{2}\,\theta)$"),
    ]
    marks = [Point("Hopfield", "Hopfield", 0, critical(machine).value)]
    below = outline(spinodal, [(theta[1], closed[0] / 2), (theta[0], closed[0] / 2)])
    regions = [
        Region("glass", "spin glass", (0.2, 30), outline(spinodal, [(theta[1], top), (theta[0], top)])),
        Region("retrieval", "retrieval", (1.4, 0.4), below),
    ]
    crossing = _crossing(folds)
    if crossing is not None:
        beyond = [v for v in grid if v > crossing.theta.values["theta"]]
    return PhaseDiagram()
