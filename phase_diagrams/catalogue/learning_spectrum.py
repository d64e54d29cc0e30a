"""A machine in training beside the theory of its learning: singular values and vectors against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.flows import GaussGauss, clusters, second_moments
from replica.machines.training.epochs import Settings, start, train
from replica.typing import Array, Floats
from replica.units import Gaussian, Spin

__all__ = ["build"]

LINEAR = "linear regime"
OVERLAP = Axis("overlap", r"$(u_\alpha\cdot e_\alpha)^2$", limits=(0, 1.05))
"""Of a singular vector with the principal component of the data."""


@recorded
def build(
    *,
    variances: Sequence[float] = (3.0, 2.2, 1.6),
    size: int = 12,
    samples: int = 2000,
    chains: int = 500,
    rate: float = 0.02,
    time_max: float = 12.0,
    marks: int = 25,
    initial: float = 0.05,
    seed: int = 2017,
) -> PhaseDiagram:
    r"""Singular values and vectors of machines while they are trained, beside the theory [DFF17]_.

    Points: persistent contrastive divergence; the time of an update is its learning rate. (a), (b) A
    Gauss-Gauss RBM on Gaussian data. Lines: the flow dW/dt = <s h>_data - <s h>_model, integrated from the
    same weights and with the second moments of the same data, and its linear regime, dW/dt = (C - 1) W.
    Singular values, and overlaps of the visible vectors with the principal components of the data. Modes with
    a second moment above 1 are learned, the largest first. (c), (d) The same for an RBM of spins on eleven
    clusters in five dimensions, for which the linear regime is what there is; it ends where w is of order 1.

    Parameters
    ----------
    variances : sequence of float
        Second moments of the data along their first principal components; along the others it is 1/2.
    size : int
        Visible units, and hidden units.
    samples, chains : int
        Data, all of which are in each batch, and persistent chains.
    rate : float
        Learning rate.
    time_max : float
        Where training ends.
    marks : int
        Times at which the machine is looked at.
    initial : float
        Size of the weights at the start, which are random.
    seed : int
        Of data, weights and chains.

    References
    ----------
    .. [DFF17] A. Decelle, G. Fissore, C. Furtlehner, EPL 119, 60001 (2017).

    Examples
    --------
    >>> diagram = build(samples=1000, time_max=8.0, marks=9)
    >>> print(len(diagram.points), diagram.line("mode 1").y[-1] > diagram.line("mode 2").y[-1])
    27 True
    """
    rng = np.random.default_rng(seed)
    spread = np.sqrt([*variances, *[0.5] * (size - len(variances))])
    data = spread * rng.standard_normal((samples, size))
    data -= data.mean(axis=0)
    moments = second_moments(data)
    directions = np.linalg.eigh(moments)[1][:, ::-1]
    settings = Settings(
        rate=rate, batch=samples, chains=chains, scale=initial / np.sqrt(size), centred=False, seed=seed
    )
    training = start(data, Gaussian(gamma=np.ones(size)), Gaussian(), size, settings)
    first = training.rbm.weights
    every = max(1, round(time_max / rate / (marks - 1)))
    times = rate * every * np.arange(marks)
    weights = [first]
    for _ in times[1:]:
        training = train(training, data, every, monitor=False)
        weights.append(training.rbm.weights)
    fine = np.linspace(0, times[-1], 201)
    u, w, _ = np.linalg.svd(GaussGauss().integrate(first, moments, fine))
    seen_u, seen_w, _ = np.linalg.svd(np.stack(weights))
    count = len(variances)
    overlap, seen = (
        np.einsum("tia,ia->ta", vectors[:, :, :count], directions[:, :count]) ** 2 for vectors in (u, seen_u)
    )
    linear = np.linalg.svd(_linear(first, moments, fine), compute_uv=False)
    came_from = {"model": "Gauss-Gauss RBM, sigma_v = sigma_h = 1, trained"}

    def panel(name: str, title: str, axis: Axis, lines: Floats, points: Floats) -> PhaseDiagram:
        return _panel(name, title, axis, (fine, lines), (times, points), "theory", came_from)

    right = panel("learning-spectrum-vectors", "Its vectors turn to the data", OVERLAP, overlap, seen)
    left = panel(
        "learning-spectrum",
        "Gauss-Gauss RBM; circles: training",
        Axis(
            "w", r"singular value $w_\alpha$", limits=(0, round(1.1 * float(max(w.max(), seen_w.max())), 1))
        ),
        w[:, :count],
        seen_w[:, :count],
    )
    slow = [curve(f"linear {a + 1}", fine, linear[:, a], LINEAR) for a in range(count)]
    return replace(left, lines=[*left.lines, *slow], beside=[right, *_binary(came_from, seed)])


def _linear(first: Array, moments: Array, times: Array) -> Array:
    """Weights that flow by dW/dt = (C - 1) W, as those of any machine do while they are small."""
    S, e = np.linalg.eigh(moments)
    return np.einsum("ia,ta,ja,jb->tib", e, np.exp((S - 1) * times[:, None]), e, first, optimize=True)


def _binary(came_from: Mapping[str, Any], seed: int) -> list[PhaseDiagram]:
    """A machine of spins that learns eleven clusters, beside the linear regime: values and vectors."""
    data, count, every = clusters(seed), 3, 8
    how = Settings(rate=0.0025, batch=len(data), chains=500, scale=0.002, centred=False, seed=seed)
    training = start(data, Spin(), Spin(), 50, how)
    moments = second_moments(data)
    # the visible fields begin at the means of the data, and what they explain is not for the weights
    mean = data.mean(axis=0)
    moments = moments - np.outer(mean, mean) + np.diag(mean**2)
    times = how.rate * every * np.arange(21)
    weights = [training.rbm.weights]
    for _ in times[1:]:
        training = train(training, data, every, monitor=False)
        weights.append(training.rbm.weights)
    u, w, _ = np.linalg.svd(np.stack(weights))
    fine = np.linspace(0, times[-1], 101)
    linear_u, linear_w, _ = np.linalg.svd(_linear(weights[0], moments, fine))
    directions = np.linalg.eigh(moments)[1][:, ::-1]
    shown = {
        "values": (
            w[:, :count],
            linear_w[:, :count],
            Axis("w", r"singular value $w_\alpha$", "log", (0.01, 10)),
        ),
        "vectors": (
            *(
                np.einsum("tia,ia->ta", vectors[:, :, :count], directions[:, :count]) ** 2
                for vectors in (u, linear_u)
            ),
            OVERLAP,
        ),
    }
    titles = {"values": "RBM of spins, 11 clusters; circles: training", "vectors": "Its vectors"}
    return [
        _panel(
            f"learning-spectrum-binary-{name}",
            titles[name],
            axis,
            (fine, line),
            (times, seen),
            "linear regime",
            came_from,
        )
        for name, (seen, line, axis) in shown.items()
    ]


def _panel(
    name: str,
    title: str,
    axis: Axis,
    theory: tuple[Floats, Floats],
    training: tuple[Floats, Floats],
    which: str,
    came_from: Mapping[str, Any],
) -> PhaseDiagram:
    """Modes against time: a curve of theory and circles of a training, each from its times and values."""
    (fine, lines), (times, points) = theory, training
    modes = range(np.shape(lines)[1])
    return PhaseDiagram(
        name,
        title,
        (Axis("t", "learning time $t$", limits=(0, float(times[-1]))), axis),
        [curve(f"mode {a + 1}", fine, lines[:, a], rf"{which}, $\alpha = {a + 1}$") for a in modes],
        [
            Point(f"mode {a + 1}, t={t:g}", "", float(t), float(points[i, a]))
            for a in modes
            for i, t in enumerate(times)
        ],
        [],
        came_from,
    )
