"""Signs of the compositional phase in machines that learned digits: ReLU against Gaussian hidden units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import bars, curve, pictures, recorded
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram
from phase_diagrams.placing.diagnose import diagnose
from replica.errors import LocateError
from replica.machines.data.loading import load_data
from replica.machines.inference.sampling import ParallelTempering, temperatures
from replica.machines.models.measures import participation_ratio, weight_sparsity
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.machines.training.epochs import Settings, Training, start, train
from replica.solving import minimise
from replica.theories import Compositional
from replica.typing import Array, Floats
from replica.units import Bernoulli, Gaussian, ReLU, Unit

__all__ = ["build"]

HELD_OUT = 6
"""Every sixth digit is kept from the machines."""
SHOWN = 49
"""Hidden units whose weights are shown, those with the largest norm first."""
LADDER = 8
"""Temperatures of the sampler, from 1 to 5."""
NONE = "no image falls into this bin"
BINS = np.linspace(-4.0, 8.0, 61)


@recorded
def build(
    *,
    units: int = 100,
    sizes: Sequence[int] = (25, 50, 100, 200),
    epochs: int = 120,
    every: int = 10,
    theta: float = 3.0,
    l1_squared: float = 0.005,
    samples: int = 300,
    sweeps: int = 200,
    seed: int = 2017,
) -> PhaseDiagram:
    r"""Machines with rectified and with Gaussian hidden units that learn the same digits [TM17]_.

    (a), (b) Weights. (c) Hidden units given an image: many near zero and few strong ones, or all alike.
    (d) Number of strongly activated hidden units, L = PR_3, against how many there are, at the end.
    (e) Sparsity p of the weights. (f) L p beside l* of the random RBM at T = 0, at the load, the threshold
    and the field of the machine, in the course of training; gaps are where the energy of that theory has no
    minimum in l. Fields differ from pixel to pixel, and l* depends on their mean so much that it is shown at
    a field larger by one standard error too; at one smaller by that it is 0.
    (g) Samples. (h) How far samples, and digits that were held out, are from the closest image that was
    trained on, in pixels; those at a distance are new.

    Parameters
    ----------
    units : int
        Hidden units of both machines.
    sizes : sequence of int
        Numbers of hidden units of panel (d).
    epochs, every : int
        Passes through the data, and how many of them lie between two points of (e) and (f).
    theta : float
        Thresholds of the rectified units at the start; they are learned.
    l1_squared : float
        Penalty that makes weights sparse, for both.
    samples, sweeps : int
        Samples of either machine, and sweeps of the tempered chains before.
    seed : int
        Of all random numbers.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> quick = build(units=20, sizes=(10, 20), epochs=4, every=2, samples=9, sweeps=20)
    >>> print([panel.name for panel in quick.beside])
    ['gaussian-weights', 'activations', 'strong', 'sparsity', 'theory', 'samples', 'neighbours']
    """
    kinds: dict[str, Unit] = {"ReLU": ReLU(theta=theta), "Gaussian": Gaussian()}
    digits = load_data("digits", Bernoulli())
    image = digits.image or (8, 8)
    kept = np.arange(len(digits.values)) % HELD_OUT == 0
    data, held = digits.values[~kept], digits.values[kept]
    settings = Settings(
        k=2,
        rate=0.1,
        schedule="exponential",  # else persistent chains gather in one digit
        halving=epochs / 4,
        momentum=0.5,
        scale=0.1,
        l1_squared=l1_squared,
        seed=seed,
    )
    ways = {
        name: _trained(start(data, Bernoulli(), unit, units, settings), data, epochs, every)
        for name, unit in kinds.items()
    }
    ends = {name: way[-1].rbm for name, way in ways.items()}
    came_from = {"model": "RBM of bits, trained on digits"}

    def panel(name: str, title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> PhaseDiagram:
        return PhaseDiagram(name, title, (x, y), lines, [], [], came_from)

    def images(name: str, title: str, tiles: Floats, signed: bool) -> PhaseDiagram:
        return pictures(name, title, tiles, image, came_from, signed=signed)

    weights = [
        images(f"{name.lower()}-weights", f"Weights, {name} hidden units", _largest(rbm), True)
        for name, rbm in ends.items()
    ]
    strong = []
    for name, unit in kinds.items():
        found = []
        for size in sizes:
            last = (
                ends[name]
                if size == units
                else train(start(data, Bernoulli(), unit, size, settings), data, epochs, monitor=False).rbm
            )
            found.append(_strong(last, data))
        mean, error = zip(*found, strict=True)
        strong += bars(name, sizes, mean, error, name)
    epoch = Axis("epoch", "epoch", limits=(0, epochs))
    times = [now.epoch for now in ways["ReLU"]]
    drawn = {name: _samples(rbm, samples, sweeps, seed) for name, rbm in ends.items()}
    values = {name: found[0] for name, found in drawn.items()} | {"held out": held}
    beside = [
        weights[1],
        panel(
            "activations",
            "Hidden units given an image",
            Axis("h", r"activation $h/\langle h^2\rangle^{1/2}$", limits=(BINS[0], BINS[-1])),
            Axis("density", "density", "log", (1e-4, 10)),
            [_histogram(name, rbm.hidden_mean(data)) for name, rbm in ends.items()],
        ),
        panel(
            "strong",
            "Strongly activated units",
            Axis("M", "hidden units $M$", limits=(0, 1.05 * max(sizes))),
            Axis("L", r"strong hidden units $\hat L$", "log", (1, 100)),
            strong,
        ),
        panel(
            "sparsity",
            "Sparsity in training",
            epoch,
            Axis("p", r"sparsity of the weights $\hat p$", limits=(0, 0.4)),
            [
                curve(name, times, [weight_sparsity(now.rbm.weights) for now in way], name)
                for name, way in ways.items()
            ],
        ),
        panel(
            "theory",
            f"ReLU: training and theory, $M = {units}$",
            epoch,
            Axis("l", r"strong units, scaled: $\ell = Lp$", "log", (0.01, 100)),
            _beside_theory(ways["ReLU"], data),
        ),
        images("samples", "Samples, ReLU hidden units", drawn["ReLU"][1][:SHOWN], False),
        panel(
            "neighbours",
            "Closest image of the training set",
            Axis("distance", "distance in pixels", limits=(0, 16)),
            Axis("part", "fraction of samples", limits=(0, 0.35)),
            [_neighbours(name, some, data) for name, some in values.items()],
        ),
    ]
    return replace(weights[0], name="compositional-evidence", beside=beside)


def _trained(training: Training, data: Array, epochs: int, every: int) -> list[Training]:
    """The training at the start, every few epochs, and at the end."""
    way = [training]
    while training.epoch < epochs:
        training = train(training, data, min(every, epochs - training.epoch), monitor=False)
        way.append(training)
    return way


def _largest(rbm: RBM) -> Array:
    """Weights of the hidden units with the largest norms; shape (at most SHOWN, n_visible)."""
    order = np.argsort(-np.sum(rbm.weights**2, axis=0), kind="stable")
    return rbm.weights.T[order[:SHOWN]]


def _strong(rbm: RBM, data: Array) -> tuple[float, float]:
    """Mean number of strongly activated hidden units, and its standard error."""
    each = participation_ratio(np.abs(rbm.hidden_mean(data)), power=3)
    return float(np.mean(each)), float(np.std(each, ddof=1) / math.sqrt(len(each)))


def _histogram(name: str, h: Array) -> Line:
    """Density of the hidden units, in units of their root mean square; empty bins are gaps."""
    density, _ = np.histogram(h / np.sqrt(np.mean(h**2)), bins=BINS, density=True)
    status = [CONVERGED if value > 0 else NONE for value in density]
    y = np.where(density > 0, density, np.nan)
    return Line(name, LineKind.CURVE, ((BINS[:-1] + BINS[1:]) / 2).tolist(), y.tolist(), status, name)


def _beside_theory(way: Sequence[Training], data: Array) -> list[Line]:
    """L p of the machine in the course of its training, and l* of the theory at its parameters."""
    seen = [_at_parameters(now, data) for now in way]
    times = [now.epoch for now in way]
    expected = {
        "l*": r"$\ell{}^{*}$ of theory",
        "l*, g + error": r"$\ell{}^{*}$, $\tilde g$ larger by its error",
    }
    lines = [curve("training", times, [l for l, _ in seen], r"$\hat L\,\hat p$ of the machine")]
    for i, (name, label) in enumerate(expected.items()):
        values, status = zip(*(stars[i] for _, stars in seen), strict=True)
        lines.append(Line(name, LineKind.CURVE, times, values, status, label))
    return lines


def _at_parameters(now: Training, data: Array) -> tuple[float, list[tuple[float, str]]]:
    """L p of a machine; l* of the random RBM at its load, threshold and field, and at a larger field."""
    found = diagnose(now.rbm, data, draws=0)
    sparse, observed = found.sparse, found.observed
    assert sparse is not None  # bits and rectified units
    assert observed is not None
    g = sparse.g.value, sparse.g.value + sparse.g.error
    theory = Compositional(alpha=found.alpha, theta=sparse.theta.value, g=0.0, l=1.0)
    return observed.L.value * sparse.p.value, [_least(theory.at(g=field)) for field in g]


def _least(theory: Compositional) -> tuple[float, str]:
    """The l at which the energy has its minimum, with a status."""
    try:
        return float(minimise(theory, "retrieval", "l").theory.values["l"]), CONVERGED
    except LocateError as error:
        return math.nan, str(error)


def _samples(rbm: RBM, count: int, sweeps: int, seed: int) -> tuple[Array, Array]:
    """Samples from tempered chains, and their means given the hidden units; shape (count, n_visible)."""
    one, two = np.random.SeedSequence([seed, 1]).spawn(2)
    gibbs = BlockGibbs(rbm, count * LADDER, one)
    tempering = ParallelTempering(gibbs, temperatures(1.0, 5.0, LADDER), two)
    tempering.step(sweeps)
    chains = tempering.at(0)
    return gibbs.visible[chains].astype(float), rbm.visible_mean(gibbs.hidden[chains])


def _neighbours(name: str, values: Array, data: Array) -> Line:
    """How many samples are at each distance from the closest one of the data."""
    apart = values @ (1 - data.T) + (1 - values) @ data.T
    closest = apart.min(axis=1).round().astype(int)
    counts = np.bincount(closest, minlength=17)
    label = f"{name}: {np.sum(closest > 0)} of {len(values)} new"
    return curve(name, range(len(counts)), counts / len(values), label)
