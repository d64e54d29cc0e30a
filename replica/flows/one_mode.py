"""One mode of a binary RBM on top of random weights: its flow in mean field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from replica.errors import ConvergenceError
from replica.flows.flow import flow, numbers, require
from replica.numerics.spins import spin_averages
from replica.solving import solve
from replica.theories import SpectralRBM
from replica.typing import Array

__all__ = ["OneMode", "glass_threshold"]


@dataclass(frozen=True)
class OneMode:
    r"""Mean-field learning of one mode by a binary RBM with random weights of strength sigma [DFF18]_.

    W = w u v^T + noise of variance sigma^2/L with L = sqrt(N M) and Gaussian components U_i = sqrt(N) u_i,
    V_j = sqrt(M) v_j. The data are two clusters, whose projection on the mode, kappa^(-1/4) <U s>, is
    +-signal. In units of time of 1/L

        dw/dt = signal t(signal) - m(w) m_bar(w)
        t(signal) = w signal <sech^2(kappa^(-1/4) sqrt(sigma^2 + w^2 signal^2) z)>

    with the ferromagnetic order parameters m and m_bar of the model, those of the theory `spectral-rbm` with
    Gaussian components at T = 1, zero below the phase boundary w = 1: w
    grows through the paramagnet and stops behind the boundary. This definition of the flow is this project's
    own; sigma stays fixed.

    Parameters
    ----------
    signal : float
        Projection of the two clusters on the mode, in (0, kappa^(-1/4) sqrt(2/pi)].
    sigma : float
        Strength of the random weights, in [0, 1): the machine starts as a paramagnet.
    kappa : float
        Hidden units per visible unit, M/N > 0.

    Examples
    --------
    >>> mode = OneMode(signal=0.6, sigma=0.5)
    >>> print(f"{mode.fixed_point():.9f}")
    1.684396286
    """

    signal: float
    sigma: float = 0.5
    kappa: float = 1.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name in ("signal", "sigma", "kappa"):
            numbers(name, getattr(self, name))
        require(self.kappa > 0, "kappa", self.kappa, "> 0")
        most = self.kappa**-0.25 * np.sqrt(2 / np.pi)
        require(
            0 < self.signal <= most, "signal", self.signal, f"in (0, kappa^(-1/4) sqrt(2/pi)] = (0, {most:g}]"
        )
        require(0 <= self.sigma < 1, "sigma", self.sigma, "in [0, 1): the machine starts as a paramagnet")

    def order(self, w: float) -> dict[str, float]:
        """Order parameters of the model at a weight w: m, m_bar and the overlaps q, q_bar."""
        names = {"m": "m", "m_bar": "mbar", "q": "q", "q_bar": "qbar"}
        if w <= 1:
            return dict.fromkeys(names, 0.0)
        state = solve(SpectralRBM(w=float(w), sigma=self.sigma, kappa=self.kappa), "ferromagnet")
        return {ours: float(state[theirs]) for ours, theirs in names.items()}

    def rate(self, w: float) -> float:
        """dw/dt: the data term less the model term."""
        width = float(np.sqrt((self.sigma**2 + (w * self.signal) ** 2) / np.sqrt(self.kappa)))
        data = w * self.signal**2 * float(spin_averages(0.0, width, 1.0).susceptibility)
        if w <= 1:
            return data
        reach = 2.0 ** np.ceil(np.log2(w) + 0.01)
        return data - float(_model(self.sigma, self.kappa, reach)(1 / w))

    def integrate(self, times: ArrayLike, initial: float = 0.1) -> Array:
        """Weight w at the given times, shape ``(n_times,)``, from its value at t = 0.

        Raises
        ------
        ParameterError, ConvergenceError
        """
        require(np.greater(initial, 0), "initial", initial, "> 0: without a mode nothing grows")
        what = f"mean-field learning at sigma = {self.sigma:g}"
        return flow(lambda y: np.array([self.rate(y[0])]), np.array([float(initial)]), times, what)[0]

    def fixed_point(self) -> float:
        """The weight at which data and model agree."""
        high = 2.0
        while self.rate(high) > 0:
            high *= 2
            if high > 1e6:
                msg = f"mean-field learning: no fixed point below w = {high:g} at signal = {self.signal:g}"
                raise ConvergenceError(msg)
        return float(brentq(self.rate, 1.0, high, xtol=1e-14))


@cache
def _model(sigma: float, kappa: float, reach: float) -> Chebyshev:
    """The model term m m_bar as a polynomial in 1/w for 1 < w < reach, where it is smooth.

    One batched solve in place of one at every step of a flow; degree 64 has an error below 1e-14.
    """

    def product(inverse: Array) -> Array:
        state = solve(SpectralRBM(w=1 / inverse, sigma=sigma, kappa=kappa), "ferromagnet", throw=True)
        return state["m"] * state["mbar"]

    return Chebyshev.interpolate(product, 64, [1 / reach, 1])


def glass_threshold(sigma: float, kappa: float = 1.0) -> float:
    """Weight w at which a mode orders in the spin glass of random weights, sigma > 1 (replica symmetric).

    It is w_c of the theory `spectral-rbm` on its glass branch. For sigma <= 1 there is no glass, and w = 1.

    Examples
    --------
    >>> print(f"{glass_threshold(2.0) / 2:.6f} {glass_threshold(1e3) / 1e3:.6f}")
    1.064664 1.252814
    """
    sigma, kappa = float(numbers("sigma", sigma)), float(numbers("kappa", kappa))
    require(np.greater(sigma, 0), "sigma", sigma, "> 0")
    require(np.greater(kappa, 0), "kappa", kappa, "> 0")
    if sigma <= 1:
        return 1.0
    return float(solve(SpectralRBM(w=0.0, sigma=sigma, kappa=kappa), "glass")["w_c"])
