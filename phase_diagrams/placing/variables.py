"""A machine in the variables of the diagram that it is compared with, whatever its file keeps it in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replica.machines.data.given import table
from replica.machines.models.rbm import RBM, to_bits, to_spins
from replica.typing import Array
from replica.units import Bernoulli, ReLU, Spin

__all__ = ["in_variables"]


def in_variables(rbm: RBM, data: ArrayLike | None = None) -> tuple[RBM, Array | None]:
    """The same machine, and its data, in the variables of the diagram that it is compared with.

    Visible bits or spins that feel rectified units are bits there, and the rectified units have gamma = 1. In
    all other machines layers of bits are layers of spins, and two layers of spins have T = 1. So one machine
    has one spectrum and one place, in whatever convention it is written.

    Parameters
    ----------
    rbm : RBM
    data : array, shape (samples, n_visible), optional

    Raises
    ------
    ParameterError
        If the data are none of this machine.

    Examples
    --------
    >>> spins, data = in_variables(RBM([[4.0, -8.0]], Bernoulli(), Bernoulli(), T=0.5), [[0], [1]])
    >>> print(spins.weights, spins.T, data.T)
    [[ 2. -4.]] 1.0 [[-1.  1.]]
    """
    if data is not None:
        data = table("data", data, rbm.visible, rbm.n_visible)
    rectified = isinstance(rbm.hidden, ReLU) and isinstance(rbm.visible, Bernoulli | Spin)
    same, _ = (to_bits if rectified else to_spins)(rbm)
    if data is not None and isinstance(same.visible, Spin) and isinstance(rbm.visible, Bernoulli):
        data = 2 * data - 1
    elif data is not None and isinstance(same.visible, Bernoulli) and isinstance(rbm.visible, Spin):
        data = (1 + data) / 2
    visible, hidden, T = same.visible, same.hidden, same.T
    if rectified and isinstance(hidden, ReLU):
        root = np.sqrt(np.broadcast_to(hidden.gamma, rbm.n_hidden))  # h = h'/root
        return RBM(same.weights / root, visible, ReLU(theta=hidden.theta / root), T), data
    if isinstance(visible, Spin) and isinstance(hidden, Spin) and T > 0:
        return RBM(same.weights / T, Spin(g=visible.g / T), Spin(g=hidden.g / T)), data
    return same, data
