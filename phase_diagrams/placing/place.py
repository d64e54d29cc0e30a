"""Where weights stand in the phase diagram of the spectral RBM, of modes plus noise, at T = 1 [DFF18]_.

References
----------
.. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from phase_diagrams.placing.found import Estimate, Found, Spectral, Spectrum
from phase_diagrams.placing.spectrum import spectrum
from phase_diagrams.placing.variables import in_variables
from replica import interrupts
from replica.errors import ParameterError, UnknownNameError
from replica.machines.models.rbm import RBM
from replica.numerics.modes import LAWS
from replica.solving import critical, solve
from replica.theories import SpectralRBM
from replica.units import Spin

__all__ = ["place", "spectral", "spectral_phase", "strengths"]

NEAREST = {"rademacher": -2.0, "gaussian": 0.0, "laplace": 3.0}
"""Laws that a matrix is compared with, and their excess kurtosis."""


def place(machine: RBM | ArrayLike, law: str | None = None, p: float | None = None) -> Found:
    """Place a machine, or a weight matrix, on the phase diagram of the spectral RBM, at T = 1.

    Parameters
    ----------
    machine : RBM, or array of shape (visible, hidden)
        An array holds the weights of units +-1: P(s, t) ~ exp(s.W t).
    law : {"rademacher", "gaussian", "laplace", "bernoulli"}, optional
        Law of the components; by default the one of the first three with the nearest kurtosis.
    p : float, optional
        For the law bernoulli, the probability that a component is not zero; by default that of the kurtosis
        found, which is 1/p - 3.

    Returns
    -------
    Found
        With the spectrum; without a phase where a layer is not binary, or at T = 0.

    Raises
    ------
    ParameterError, UnknownNameError
        If it is no weight matrix, if there is no such law, or if a law or p is out of place or cannot be
        told.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> u, v = rng.choice([-1, 1], 400), rng.choice([-1, 1], 400)
    >>> found = place(2.0 * np.outer(u, v) / 400 + 0.7 * rng.standard_normal((400, 400)) / 20)
    >>> print(found.spectral.law, found.phase, found.spectral.symmetry, sep=": ")
    rademacher: ferromagnet: replica symmetric
    """
    if law is not None and law not in LAWS:
        what = "law of the components"
        raise UnknownNameError(what, law, LAWS)
    if p is not None and law != "bernoulli":
        msg = f"p = {p:g} belongs to the law bernoulli; leave it out, or ask for that law"
        raise ParameterError(msg)
    rbm = machine if isinstance(machine, RBM) else RBM(machine, Spin(), Spin())
    compared, _ = in_variables(rbm)
    seen = spectrum(compared)
    placed = spectral(compared, seen, law, p)
    if law is not None and placed is None:
        msg = (
            f"the law {law} is that of components between two binary layers at T > 0; this machine has "
            f"{rbm.visible.name} and {rbm.hidden.name} units at T = {rbm.T:g}"
        )
        raise ParameterError(msg)
    return Found(rbm, compared, seen, placed)


def spectral(
    rbm: RBM,
    found: Spectrum,
    law: str | None = None,
    p: float | None = None,
    *,
    draws: int = 0,
    seed: int = 0,
) -> Spectral | None:
    """Parameters of the spectral RBM, and its phase; None if there are other units, or at T = 0.

    Parameters
    ----------
    rbm : RBM
        In the variables of its diagram.
    found : Spectrum
        Of its weights.
    law, p
        As for `place`.
    draws : int
        Machines drawn within the errors of sigma and of the strongest mode, for the certainty; 0 for none.
    seed : int
        For these.
    """
    if not (isinstance(rbm.visible, Spin) and isinstance(rbm.hidden, Spin) and rbm.T > 0):
        return None
    kurtosis = _kurtosis(found)
    if law == "bernoulli" and p is None:
        if np.isnan(kurtosis):
            msg = "without a mode there is no kurtosis that would tell p; give the p of the law bernoulli"
            raise ParameterError(msg)
        p = 1 / max(kurtosis + 3, 1.0)
    if law is None:
        here = 0.0 if np.isnan(kurtosis) else kurtosis
        law = min(NEAREST, key=lambda name: abs(NEAREST[name] - here))
    modes = strengths(found, law, p)
    first = modes[0] if modes else Estimate(0.0)
    phase = spectral_phase(first.value, found.sigma, found.kappa)
    state = None
    if phase == "ferromagnet":
        theory = SpectralRBM(w=first.value, sigma=found.sigma, kappa=found.kappa, law=law, p=p)
        state = solve(theory, "ferromagnet")
    certainty = _certainty(phase, found, first, draws, seed)
    return Spectral(law, p, kurtosis, modes, phase, state, certainty)


def _kurtosis(found: Spectrum) -> float:
    """Excess kurtosis of all modes together, see `Spectral`."""
    root = found.kappa**0.5
    values = [root * mode.kurtosis_u + mode.kurtosis_v / root for mode in found.modes]
    weights = [1 / ((root * mode.error_u) ** 2 + (mode.error_v / root) ** 2) for mode in found.modes]
    return float(np.average(values, weights=weights) / (root + 1 / root)) if values else float("nan")


def strengths(found: Spectrum, law: str = "rademacher", p: float | None = None) -> tuple[Estimate, ...]:
    """Strength of every mode outside the bulk, with its standard error.

    It errs by the noise, and by as much as the squares of finitely many components of that law differ from 1
    in the mean.
    """
    N, M = found.visible, found.hidden
    noise = max(found.sigma, 1e-3) / math.sqrt(min(N, M))
    excess = NEAREST[law] if p is None else 1 / p - 3
    drawn = math.sqrt((excess + 2) / 4 * (1 / N + 1 / M))
    return tuple(Estimate(mode.w, math.hypot(noise, mode.w * drawn)) for mode in found.modes)


def spectral_phase(w: float, sigma: float, kappa: float = 1.0) -> str:
    """Phase of the spectral RBM at T = 1: it is told by the threshold above which a mode condenses.

    Parameters
    ----------
    w, sigma : float
        Strength of the strongest mode, 0 for none, and width of the noise.
    kappa : float
        Hidden units per visible unit.

    Examples
    --------
    >>> print([spectral_phase(w, sigma) for w, sigma in ((0.9, 0.5), (1.1, 0.5), (1.0, 1.5), (2.0, 1.5))])
    ['paramagnet', 'ferromagnet', 'spin glass', 'ferromagnet']
    """
    if w <= 1:  # the threshold of every law without a glass, and below that of any glass
        return "spin glass" if sigma > 1 else "paramagnet"
    if sigma <= 1:
        return "ferromagnet"
    cold = SpectralRBM(w=1.0, T=1 / sigma, kappa=kappa)  # in units of sigma, where searches know to look
    return "ferromagnet" if w > sigma * float(critical(cold).value) else "spin glass"


def _certainty(phase: str, found: Spectrum, first: Estimate, draws: int, seed: int) -> float:
    """Part of draws of sigma and of the strongest mode, within their errors, that are in the same phase."""
    rng, same = np.random.default_rng(seed), 0
    for _ in range(draws):
        interrupts.check()
        sigma = abs(rng.normal(found.sigma, found.noise.error))
        w = max(0.0, rng.normal(first.value, first.error))
        same += spectral_phase(w, sigma, found.kappa) == phase
    return same / draws if draws else math.nan
