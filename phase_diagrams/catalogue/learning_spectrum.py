"""A machine in training beside the theory of its learning: singular values and vectors against time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import curve, origin
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.learning import GaussGauss, second_moments
from replica.machines.training import Settings, start, train
from replica.units import Gaussian

__all__ = ["build"]


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
    r"""Singular values and vectors of a Gauss-Gauss RBM while it is trained [DFF17]_.

    Points: persistent contrastive divergence on Gaussian data; the time of an update is its learning rate.
    Lines: the flow dW/dt = <s h>_data - <s h>_model, integrated from the same weights and with the second
    moments of the same data. Left the singular values, right the overlaps of the visible vectors with the
    principal components of the data. Modes with a second moment above 1 are learned, the largest first.

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
    >>> quick = build(samples=200, chains=50, time_max=2.0, marks=3)
    >>> print(len(quick.points), quick.line("mode 1").y[-1] > quick.line("mode 2").y[-1])
    9 True
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
    came_from = origin(
        "Gauss-Gauss RBM, sigma_v = sigma_h = 1, trained",
        variances=list(variances),
        size=size,
        samples=samples,
        chains=chains,
        rate=rate,
        time_max=time_max,
        marks=marks,
        initial=initial,
        seed=seed,
    )

    def panel(name: str, title: str, axis: Axis, lines: np.ndarray, points: np.ndarray) -> PhaseDiagram:
        return PhaseDiagram(
            name,
            title,
            (Axis("t", "learning time $t$", limits=(0, float(times[-1]))), axis),
            [curve(f"mode {a + 1}", fine, lines[:, a], rf"theory, $\alpha = {a + 1}$") for a in range(count)],
            [
                Point(f"mode {a + 1}, t={t:g}", "", float(t), float(points[i, a]))
                for a in range(count)
                for i, t in enumerate(times)
            ],
            [],
            came_from,
        )

    right = panel(
        "learning-spectrum-vectors",
        "Its vectors turn to the data",
        Axis("overlap", r"$(u_\alpha\cdot e_\alpha)^2$", limits=(0, 1.05)),
        overlap,
        seen,
    )
    left = panel(
        "learning-spectrum",
        "Singular values in training",
        Axis(
            "w", r"singular value $w_\alpha$", limits=(0, round(1.1 * float(max(w.max(), seen_w.max())), 1))
        ),
        w,
        seen_w,
    )
    return PhaseDiagram(
        left.name, left.title, left.axes, left.lines, left.points, [], came_from, beside=[right]
    )
