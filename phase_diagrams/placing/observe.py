"""What the hidden units of a machine do, given data."""

from __future__ import annotations

import math

import numpy as np

from phase_diagrams.placing.found import Estimate, Observed, Sparse
from replica.machines.models.measures import participation_ratio
from replica.machines.models.rbm import RBM
from replica.typing import Array
from replica.units import Spin

__all__ = ["observe"]

STRONG = 0.25
"""A hidden unit is strongly active if its overlap m is above this, and its field above its threshold."""


def observe(rbm: RBM, data: Array, hidden: Array, sparse: Sparse | None = None) -> Observed:
    """Count strongly active hidden units, and tell the phase by their look.

    Parameters
    ----------
    rbm : RBM
        In the variables of its diagram, as are the data.
    data : array, shape (samples, n_visible)
    hidden : array, shape (samples, n_hidden)
        Means of the hidden units given the data.
    sparse : Sparse, optional
        Parameters of the random RBM, if that is the diagram: with them overlaps have a scale.
    """
    L = Estimate.mean(participation_ratio(np.abs(hidden), power=3))
    low, high = (-1.0, 1.0) if isinstance(rbm.visible, Spin) else (0.0, 1.0)
    q = Estimate.mean((data.mean(axis=1) - low) / (high - low))
    if sparse is None:
        return Observed(L, math.nan, math.nan, q, None)
    scale = sparse.amplitude * math.sqrt(rbm.n_visible) * sparse.p.value / 2  # the field on a unit of m = 1
    field = rbm.hidden_field(data)
    m = field / scale
    strong = (m > STRONG) & (field > rbm.hidden.parameters["theta"])
    count = float(np.mean(np.sum(strong, axis=1)))
    size = float(np.mean(m[strong])) if np.any(strong) else 0.0
    if count < 0.5:
        phase = "spin glass"
    elif L.value > rbm.n_hidden / 3:
        phase = "paramagnet"  # all units take part alike
    else:
        phase = "ferromagnetic" if L.value < 1.5 else "compositional"
    return Observed(L, count, size, q, phase)
