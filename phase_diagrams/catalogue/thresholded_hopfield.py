"""Capacity of the Hopfield network with thresholded hidden units against the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, line_of, march, recorded
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from replica.numerics.functions import H
from replica.solving import Located, critical
from replica.solving.codimension_two import meeting
from replica.theories import Hopfield, ThresholdedHopfield
from replica.theory import Phase, Zero
from replica.theory.boundaries import Kind

__all__ = ["build"]

EMPTY = Zero(Phase("retrieval"), "free_energy", "first-order")
"""Where the retrieval state has the energy of the empty state v = 0, which is zero."""


@recorded
def build(*, theta: tuple[float, float] = (-1.0, 2.6), points: int = 73) -> PhaseDiagram:
    r"""Largest load with a retrieval solution, in the ReLU-RBM with p = 1, L = 1, tuned field, at T = 0.

    The spinodal is computed from the saddle-point equations. It lies on alpha_c(0)/(2 H_2(sqrt2 theta)),
    with alpha_c(0) of the Hopfield network, drawn as a thin curve. For theta > 2.155 retrieval close to
    capacity is not the ground state: the empty state v = 0 of the same machine has a lower energy. The
    right panel shows where, with loads in units of alpha_c(theta).

    Parameters
    ----------
    theta : (float, float)
        Range of the threshold; it begins below 1.5 and ends above 2.3.
    points : int
        Number of points of the spinodal.

    Examples
    --------
    >>> print(f"{build().point('empty').x:.5f}")
    2.15503
    """
    low, high = theta
    grid = np.linspace(low, high, points)
    machine = ThresholdedHopfield(alpha=0.1)
    folds = march(machine, "spinodal", "theta", "alpha", grid, critical(machine.at(theta=low)))
    spinodal = line_of("alpha_c", LineKind.SPINODAL, "theta", folds, r"$\alpha_c$ spinodal")
    closed = critical(Hopfield(alpha=0.1, T=0.0)).value / (2 * H(2, np.sqrt(2) * grid))
    bottom, top = 0.3 * closed[0], 5 * closed[-1]
    marginal = _marginal(machine, folds)
    return PhaseDiagram(
        "thresholded-hopfield",
        "Hopfield network with threshold",
        (
            Axis("theta", r"threshold $\theta$", limits=(low, high)),
            Axis("alpha", r"load $\alpha = P/N$", scale="log", limits=(bottom, top)),
        ),
        [curve("closed form", grid, closed, r"$\alpha_c(0)/2H_2(\sqrt{2}\,\theta)$"), spinodal],
        [
            Point("Hopfield", "Hopfield", 0, critical(machine.at(theta=0.0)).value),
            Point("empty", "$f = 0$", float(marginal.theory.values["theta"]), marginal.value),
        ],
        [
            Region("none", "no retrieval", (0.2, 20), outline(spinodal, [(high, top), (low, top)])),
            Region("retrieval", "retrieval", (1.5, 0.3), outline(spinodal, [(high, bottom), (low, bottom)])),
        ],
        about(machine, ["theta", "alpha"]),
        beside=[_close_to_capacity(machine, marginal, high)],
    )


def _marginal(machine: ThresholdedHopfield, folds: Sequence[Located]) -> Located:
    """Point of the spinodal where the energy of the retrieval state becomes positive."""

    def energy(fold: Located) -> float:
        return float(fold.theory.free_energy(fold.x))

    before = next(one for one, two in pairwise(folds) if energy(one) < 0 <= energy(two))
    x, direction = np.split(before.z, 2)
    both = (before.boundary, EMPTY)
    point = meeting(Kind.CROSSING, before.theory, ("theta", "alpha"), both, [x], [direction])
    return march(machine, "spinodal", "theta", "alpha", [point.values[0]], before)[0]


def _close_to_capacity(machine: ThresholdedHopfield, marginal: Located, high: float) -> PhaseDiagram:
    """Where retrieval is the ground state, with loads in units of the capacity."""
    start = float(marginal.theory.values["theta"])
    low, bottom, top = round(2 * start - high, 6), 0.8, 1.05
    grid = np.linspace(start, high, 31)[1:]
    folds = march(machine, "spinodal", "theta", "alpha", grid, marginal)
    equal = march(machine, EMPTY, "theta", "alpha", grid, replace(marginal, z=marginal.x))
    loads = [point.value / fold.value for point, fold in zip(equal, folds, strict=True)]
    line = line_of("empty", LineKind.FIRST_ORDER, "theta", equal, "first order, $f = 0$")
    empty = join([(start, 1)], replace(line, y=loads))
    capacity = Line("alpha_c", LineKind.SPINODAL, (low, start, high), (1, 1, 1), [CONVERGED] * 3, "spinodal")
    return PhaseDiagram(
        "thresholded-hopfield-ground-state",
        "Ground state close to capacity",
        (
            Axis("theta", r"threshold $\theta$", limits=(low, high)),
            Axis("alpha", r"load $\alpha/\alpha_c(\theta)$", limits=(bottom, top)),
        ),
        [capacity, empty],
        [Point("empty", "", start, 1)],
        [
            Region("none", "no retrieval", (start, 1.025), outline(capacity, [(high, top), (low, top)])),
            Region(
                "retrieval",
                "retrieval",
                (0.7 * low + 0.3 * high, 0.9),
                outline([(low, 1), (start, 1)], empty, [(high, bottom), (low, bottom)]),
            ),
            Region("empty", "empty state", (0.2 * low + 0.8 * high, 0.97), outline(empty, [(high, 1)])),
        ],
        {},
    )
