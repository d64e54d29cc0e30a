"""Capacity of the Hopfield network with thresholded hidden units against the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from phase_diagrams.catalogue._parts import curve, line_of, march, provenance
from phase_diagrams.diagram import Axis, Inset, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.regions import join, outline
from replica.functions import H
from replica.solving import Located, critical
from replica.theories import Hopfield, ThresholdedHopfield
from replica.theory import Phase, Zero

__all__ = ["build"]

EMPTY = Zero(Phase("retrieval"), "free_energy", "first-order")
"""Where the retrieval state has the energy of the empty state v = 0, which is zero."""


def build(*, theta: tuple[float, float] = (-1.0, 2.6), points: int = 61) -> PhaseDiagram:
    r"""Largest load with a retrieval solution, in the ReLU-RBM with p = 1, L = 1, tuned field, at T = 0.

    The spinodal is computed from the saddle-point equations. It lies on alpha_c(0)/(2 H_2(sqrt2 theta)),
    with alpha_c(0) of the Hopfield network, drawn as a thin curve. For theta > 2.155 the retrieval
    state is the ground state only below the dashed line, which the inset magnifies: above, the empty
    state v = 0 of the same machine has a lower energy.

    Parameters
    ----------
    theta : (float, float)
        Range of the threshold; it begins below 1.5 and ends above 2.3.
    points : int
        Number of points of the spinodal.

    Examples
    --------
    >>> print(f"{build(points=31).point('empty').x:.5f}")
    2.15503
    """
    low, high = theta
    grid = np.linspace(low, high, points)
    machine = ThresholdedHopfield(alpha=0.1)
    folds = march(machine, "spinodal", "theta", "alpha", grid, critical(machine.at(theta=low)))
    closed = critical(Hopfield(alpha=0.1, T=0.0)).value / (2 * H(2, np.sqrt(2) * grid))
    zero = _empty(machine, folds)
    start = (zero.theory.values["theta"], zero.value)
    beyond = march(machine, EMPTY, "theta", "alpha", np.linspace(start[0], high, 15)[1:], zero)

    spinodal = line_of("alpha_c", LineKind.SPINODAL, "theta", folds, r"$\alpha_c$ spinodal")
    empty = join([start], line_of("empty", LineKind.FIRST_ORDER, "theta", beyond, "$f = 0$ first order"))
    bottom, top = 0.3 * closed[0], 5 * closed[-1]
    above = [fold for fold in folds if fold.theory.values["theta"] > start[0]]
    return PhaseDiagram(
        "thresholded-hopfield",
        "Hopfield network with threshold",
        (
            Axis("theta", r"threshold $\theta$", limits=(low, high)),
            Axis("alpha", r"load $\alpha = P/N$", scale="log", limits=(bottom, top)),
        ),
        [spinodal, empty, curve("closed form", grid, closed, r"$\alpha_c(0)/2H_2(\sqrt{2}\,\theta)$")],
        [
            Point("Hopfield", "Hopfield", 0, critical(machine.at(theta=0.0)).value),
            Point("empty", "$f = 0$", *start),
        ],
        [
            Region("glass", "spin glass", (0.0, 30), outline(spinodal, [(high, top), (low, top)])),
            Region("retrieval", "retrieval", (0.9, 0.3), outline(spinodal, [(high, bottom), (low, bottom)])),
            Region(
                "empty", "$f > 0$", (2.47, 2300),
                outline(line_of("above", LineKind.SPINODAL, "theta", above), empty)
            ),
        ],
        provenance(machine, ["theta", "alpha"], theta=list(theta), points=points),
        insets=[Inset((0.6, 0.12, 0.35, 0.35), xlim=(2.0, high), ylim=(200, 8000))],
    )


def _empty(machine: ThresholdedHopfield, folds: Sequence[Located]) -> Located:
    """Where the energy of the retrieval state at its spinodal becomes positive."""

    def energy(fold: Located) -> float:
        return float(fold.theory.free_energy(fold.x))

    before, after = next(pair for pair in pairwise(folds) if energy(pair[0]) < 0 <= energy(pair[1]))

    def between(theta: float) -> Located:
        return march(machine, "spinodal", "theta", "alpha", [theta], before)[0]

    low, high = (fold.theory.values["theta"] for fold in (before, after))
    fold = between(brentq(lambda theta: energy(between(theta)), low, high, xtol=1e-13))
    return replace(fold, boundary=EMPTY, z=fold.x)
