"""A deep belief network that has learned digits: what its layers look for, and what it generates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import pictures, recorded
from phase_diagrams.diagram import PhaseDiagram
from replica.machines.data.loading import load_data
from replica.machines.training import dbn
from replica.machines.training.settings import Settings
from replica.units import Bernoulli

__all__ = ["build"]

SHOWN = 49
"""Pictures of a panel, at most."""


@recorded
def build(
    *,
    layers: Sequence[int] = (100, 50),
    epochs: int = 60,
    sweeps: int = 500,
    seed: int = 2017,
) -> PhaseDiagram:
    r"""Features of every layer of a deep belief network, and samples [HOT06]_.

    Machines of bits are stacked greedily, each on what the hidden units below make of the digits. The feature
    of a unit of the first layer are its weights; that of one further up is the sum of the features below, by
    its weights. Units with the largest norms come first. Samples: the topmost machine is sampled, and the
    layers below pass on what it says; shown are the means of the pixels.

    Parameters
    ----------
    layers : sequence of int
        Hidden units, from the bottom to the top.
    epochs : int
        Passes through the data, for every layer.
    sweeps : int
        Of the topmost machine, before the way down; chains begin at random.
    seed : int
        Of all random numbers.

    References
    ----------
    .. [HOT06] G. E. Hinton, S. Osindero, Y.-W. Teh, Neural Comput. 18, 1527 (2006).

    Examples
    --------
    >>> quick = build(layers=(9, 4), epochs=2, sweeps=10)
    >>> print([panel.name for panel in (quick, *quick.beside)])
    ['deep-belief-network', 'layer-2', 'samples', 'data']
    """
    digits = load_data("digits", Bernoulli())
    image = digits.image or (8, 8)
    settings = Settings(rate=0.1, schedule="exponential", halving=epochs / 3, momentum=0.5, seed=seed)
    stack = dbn.fit(digits.values, Bernoulli(), [(Bernoulli(), count) for count in layers], epochs, settings)
    came_from = {"model": "deep belief network of bits, trained on digits"}
    panels = []
    for i, feature in enumerate(stack.features(), start=1):
        order = np.argsort(-np.sum(feature**2, axis=0), kind="stable")[:SHOWN]
        title = f"Features of layer {i}: {feature.shape[1]} units"
        panels.append(pictures(f"layer-{i}", title, feature.T[order], image, came_from, signed=True))
    drawn = stack.generate(SHOWN, sweeps=sweeps, seed=seed, means=True)
    some = digits.values[np.random.default_rng(seed).choice(len(digits.values), SHOWN, replace=False)]
    panels.append(pictures("samples", "Samples, from the top down", drawn, image, came_from, signed=False))
    panels.append(pictures("data", "Data", some, image, came_from, signed=False))
    return replace(panels[0], name="deep-belief-network", beside=panels[1:])
