"""Learning of a Gaussian restricted Boltzmann machine: singular values and vectors against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.flows import GaussGauss, clusters, principal_moments
from replica.typing import Array, Floats

__all__ = ["build", "singular_values"]


@recorded
def build(
    *,
    variances: Sequence[float] = (3.0, 2.0, 1.5, 0.6),
    initial: float = 0.03,
    time_max: float = 15.0,
    seed: int = 2017,
) -> PhaseDiagram:
    r"""Singular values and vectors of the weights of a Gauss-Gauss RBM against learning time [DFF17]_.

    Left: the closed form as lines, the integrated flow of the weights as points; modes with S > 1 are learned
    one after the other. Middle: from random weights the leading singular vectors turn to the principal
    directions of the data. Right: the spectrum of 11 clusters in 5 dimensions, embedded in 100: five modes
    are learned first, then three that are sampling noise.

    Parameters
    ----------
    variances : sequence of float
        Second moments S_a of the data along their principal directions.
    initial : float
        Singular values at t = 0.
    time_max : float
        Right edge of the left panel; the middle one shows half of it.
    seed : int
        Of the random weights and of the clusters.

    References
    ----------
    .. [DFF17] A. Decelle, G. Fissore, C. Furtlehner, EPL 119, 60001 (2017).

    Examples
    --------
    >>> print(f"{build().line('mode 2').y[-1]:.9f}")
    0.707106781
    """
    rbm, start = GaussGauss(), float(initial)
    came_from = {"model": "Gauss-Gauss RBM, sigma_v = sigma_h = 1"}
    left = singular_values(rbm, variances, start, np.linspace(0, time_max, 16).tolist(), came_from)
    turning = _alignment(rbm, variances, start, np.linspace(0, time_max / 2, 76), seed)
    spectrum = _clusters(rbm, start, seed)
    return replace(left, beside=[turning, spectrum])


def singular_values(
    rbm: GaussGauss,
    variances: Sequence[float],
    initial: float,
    times: Sequence[float],
    provenance: Mapping[str, Any],
) -> PhaseDiagram:
    """Singular values w_a(t): lines in closed form; at the given times points, from the integrated flow of W.

    Parameters
    ----------
    rbm : GaussGauss
    variances : sequence of float
        Second moments of the data.
    initial : float
        Singular values at t = 0.
    times : sequence of float
        At least two, increasing.
    provenance : mapping
        Where the diagram comes from.
    """
    integrated = rbm.integrated_values(times, initial, variances)
    every = np.linspace(times[0], times[-1], 151)
    lines, points = [], []
    for a, S in enumerate(variances):
        name = f"mode {a + 1}"
        lines.append(curve(name, every, rbm.singular_value(every, initial, S), f"$S = {S:.4g}$"))
        points += [Point(f"{name}, t={t:g}", "", t, w) for t, w in zip(times, integrated[:, a], strict=True)]
    top = 1.1 * max(initial, *(float(rbm.fixed_point(S)) for S in variances))
    return PhaseDiagram(
        "learning-dynamics",
        "Gauss-Gauss RBM; circles: integrated",
        (_time(times), Axis("w", r"singular value $w_\alpha$", limits=(0, top))),
        lines,
        points,
        [],
        provenance,
    )


def singular_vectors(
    rbm: GaussGauss,
    variances: Sequence[float],
    times: Sequence[float] | Array,
    overlaps: Floats,
    values: Floats,
) -> tuple[PhaseDiagram, PhaseDiagram]:
    """Singular values against time, and how far the leading vectors have turned to the principal directions.

    Parameters
    ----------
    rbm : GaussGauss
    variances : sequence of float
        Second moments of the data, the largest first.
    times : sequence of float
        At least two, increasing.
    overlaps, values : array, shape (n_times, n)
        Squared overlaps of the singular vectors with the directions, and the singular values.
    """
    learned = [a for a, S in enumerate(variances) if rbm.sigma_v**2 < S]
    turning = PhaseDiagram(
        "learning-dynamics-vectors",
        "Singular vectors turn to the data",
        (_time(times), Axis("overlap", r"$(u_\alpha\cdot e_\alpha)^2$", limits=(0, 1.05))),
        [curve(f"mode {a + 1}", times, overlaps[:, a], rf"$\alpha = {a + 1}$") for a in learned],
        [],
        [],
        {},
    )
    growing = PhaseDiagram(
        "learning-dynamics-values",
        "Learning from random weights",
        (_time(times), Axis("w", r"singular value $w_\alpha$", limits=(0, 1.1 * float(np.max(values))))),
        [curve(f"mode {a + 1}", times, values[:, a], f"$S = {S:.4g}$") for a, S in enumerate(variances)],
        [],
        [],
        {},
    )
    return growing, turning


def _alignment(
    rbm: GaussGauss, variances: Sequence[float], initial: float, times: Array, seed: int
) -> PhaseDiagram:
    """Overlap of the leading singular vectors with the principal directions, from random weights."""
    n = 2 * len(variances)
    ordered = [*sorted(variances, reverse=True), *[min(variances) / 2] * (n - len(variances))]
    return singular_vectors(
        rbm, ordered[: len(variances)], times, *rbm.turning(times, initial, ordered, seed)
    )[1]


def _clusters(rbm: GaussGauss, initial: float, seed: int) -> PhaseDiagram:
    """Learning of the spectrum of clustered data."""
    spectrum = principal_moments(clusters(seed))
    times = np.geomspace(0.05, 200, 101)
    lines = []
    for a, S in enumerate(spectrum[:12]):
        label = "five modes of the clusters" if a < 5 else "noise, $S > 1$" if S > 1 else "noise, $S < 1$"
        lines.append(curve(f"mode {a + 1}", times, rbm.singular_value(times, initial, S), label))
    return PhaseDiagram(
        "learning-dynamics-clusters",
        "11 clusters in 5 of 100 dimensions",
        (
            Axis("t", "learning time $t$", scale="log", limits=(0.05, 200)),
            Axis("w", r"singular value $w_\alpha$", limits=(0, 1.1)),
        ),
        lines,
        [],
        [],
        {},
    )


def _time(times: Sequence[float] | Array) -> Axis:
    return Axis("t", "learning time $t$", limits=(float(times[0]), float(times[-1])))
