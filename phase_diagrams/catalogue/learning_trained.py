"""The way of a machine in training through the phase diagram of the spectral RBM."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.catalogue.spectral_rbm import panel
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from phase_diagrams.placing.spectrum import spectrum
from replica.flows import clusters
from replica.machines.training.epochs import Settings, start, train
from replica.units import Spin

__all__ = ["build"]


@recorded
def build(
    *,
    sigma: float = 0.6,
    hidden: int = 100,
    modes: int = 3,
    epochs: int = 80,
    every: int = 4,
    rate: float = 0.001,
    seed: int = 2017,
) -> PhaseDiagram:
    r"""A machine of spins that learns eleven clusters in five dimensions, on the phase diagram [DFF18]_.

    It begins with random weights of strength sigma and is trained by persistent contrastive divergence.
    Left: every few epochs the singular values outside the bulk are modes, with the noise removed; the points
    are 1/sigma and w/sigma. It starts in the paramagnet, and its first modes cross w = 1 one after the
    other. The noise, estimated from the bulk, changes little. Right: the largest singular values, and the
    edge of the Marchenko-Pastur law of the bulk.

    Parameters
    ----------
    sigma : float
        Strength of the random weights, below 1.
    hidden : int
        Hidden units; there are 100 visible ones.
    modes : int
        Modes that are shown.
    epochs, every : int
        Passes through the 1100 samples, and how many of them lie between two points.
    rate : float
        Learning rate; a batch has 100 samples.
    seed : int
        Of data, weights and chains.

    References
    ----------
    .. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).

    Examples
    --------
    >>> diagram = build(epochs=4, every=2)
    >>> print([line.name for line in diagram.beside[0].lines])
    ['1', '2', '3', 'edge']
    """
    data = clusters(seed)
    visible = data.shape[1]
    settings = Settings(rate=rate, scale=sigma / (visible * hidden) ** 0.25, centred=False, seed=seed)
    training = start(data, Spin(), Spin(), hidden, settings)
    found = [spectrum(training.rbm)]
    values = [np.linalg.svd(training.rbm.weights, compute_uv=False)[:modes]]
    while training.epoch < epochs:
        training = train(training, data, min(every, epochs - training.epoch), monitor=False)
        found.append(spectrum(training.rbm))
        values.append(np.linalg.svd(training.rbm.weights, compute_uv=False)[:modes])
    times = [min(i * every, epochs) for i in range(len(found))]
    ways, points = [], []
    for a in range(modes):
        seen = [(t, one) for t, one in zip(times, found, strict=True) if len(one.modes) > a]
        x, y = [1 / one.sigma for _, one in seen], [one.modes[a].w / one.sigma for _, one in seen]
        if len(seen) > 1:
            ways.append(curve(f"mode {a + 1}", x, y, f"mode {a + 1}"))
        points += [
            Point(f"mode {a + 1}, epoch {t}", "", b, c) for (t, _), b, c in zip(seen, x, y, strict=True)
        ]
    top = max(3.0, _above(max((point.y for point in points), default=0.0)))
    plane = panel("gaussian", kappa=hidden / visible, T_max=max(2.2, 1.15 / sigma), w_max=top)
    right = PhaseDiagram(
        "learning-trajectory-values",
        "Its singular values",
        (
            Axis("epoch", "epoch", limits=(0, times[-1])),
            Axis("w", r"singular value $w_\alpha$", limits=(0, _above(float(np.max(values))))),
        ),
        [
            *(
                curve(f"{a + 1}", times, [row[a] for row in values], rf"$\alpha = {a + 1}$")
                for a in range(modes)
            ),
            curve("edge", times, [one.edge for one in found], "edge of the bulk"),
        ],
        [],
        [],
        {},
    )
    return replace(
        plane,
        name="learning-trajectory",
        title=f"A machine in training; circles: every {every} epochs",
        lines=[*plane.lines, *ways],
        points=[*plane.points, *points],
        provenance={"model": "RBM of spins, trained on clusters"},
        beside=[right],
    )


def _above(value: float) -> float:
    """A round number above: the axes do not change with the last digit of a training."""
    return math.ceil(2 * value + 0.2) / 2
