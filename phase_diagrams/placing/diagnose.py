"""Which phase a machine is in: what weights, fields and data say, and what the theories say of it.

A machine with ReLU hidden units is compared with the random RBM, see `phase_diagrams.placing.sparse`; one of
two binary layers with weights of a few modes plus noise, see `phase_diagrams.placing.place`. For other pairs
of units there is no diagram, and observables only are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from phase_diagrams.placing.found import Found
from phase_diagrams.placing.observe import observe
from phase_diagrams.placing.place import spectral
from phase_diagrams.placing.sparse import sparse
from phase_diagrams.placing.spectrum import SMALLEST, spectrum
from phase_diagrams.placing.variables import in_variables
from replica.errors import ParameterError
from replica.machines.models.rbm import RBM

__all__ = ["diagnose"]


def diagnose(rbm: RBM, data: ArrayLike | None = None, *, draws: int = 10, seed: int = 0) -> Found:
    """Say which phase a machine is in.

    Parameters
    ----------
    rbm : RBM
    data : array, shape (samples, n_visible), optional
        Then the activity of the hidden units is compared with the theory.
    draws : int
        Machines drawn within the errors of the parameters, for the certainty; 0 for none.
    seed : int
        For these.

    Raises
    ------
    ParameterError
        If all weights are zero, or the data are none of this machine.

    Examples
    --------
    >>> from replica.machines.models.ensembles import sparse_weights
    >>> from replica.units import Bernoulli, ReLU
    >>> p, A = 0.1, 40.0
    >>> rbm = RBM(A * sparse_weights(500, 250, p, seed=1).values, Bernoulli(g=-0.21 * p * A**2),
    ...           ReLU(theta=1.6 * A * p**0.5))
    >>> found = diagnose(rbm)
    >>> print(found.phase, f"p = {found.sparse.p.value:.3f}, l* = {found.sparse.l:.2f}")
    compositional p = 0.099, l* = 0.37
    """
    if not np.any(rbm.weights):
        msg = "all weights are zero: there is nothing to diagnose"
        raise ParameterError(msg)
    here, data = in_variables(rbm, data)
    hidden: Any = None if data is None else here.hidden_mean(data)
    seen = spectrum(here) if min(here.weights.shape) >= SMALLEST else None
    modes = None if seen is None else spectral(here, seen, draws=draws, seed=seed)
    activity = None if data is None else (data.mean(axis=0), hidden.mean(axis=0))
    parameters = sparse(here, activity, draws=draws, seed=seed)
    observed = None if data is None else observe(here, data, hidden, parameters)
    return Found(rbm, here, seen, modes, parameters, observed)
