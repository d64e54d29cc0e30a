"""One mode of a binary RBM on top of random weights: its flow in mean field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from replica.errors import ConvergenceError
from replica.flows.flow import flow, numbers, require
from replica.numerics.quadrature import normal_rule
from replica.numerics.spins import spin_averages

__all__ = ["OneMode", "glass_threshold"]


@dataclass(frozen=True)
class OneMode:
    r"""Mean-field learning of one mode by a binary RBM with random weights of strength sigma [DFF18]_.

    W = w u v^T + noise of variance sigma^2/L with L = sqrt(N M) and Gaussian components U_i = sqrt(N) u_i,
    V_j = sqrt(M) v_j. The data are two clusters, whose projection on the mode, kappa^(-1/4) <U s>, is
    +-signal. In units of time of 1/L

        dw/dt = signal t(signal) - m(w) m_bar(w)
        t(signal) = w signal <sech^2(kappa^(-1/4) sqrt(sigma^2 + w^2 signal^2) z)>

    with the ferromagnetic order parameters m and m_bar of the model, zero below the phase boundary w = 1: w
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
        """Order parameters of the model at a weight w: m, m_bar and the overlaps q, q_bar.

        Gaussian components give m = w m_bar (1 - q) and m_bar = w m (1 - q_bar), so that
        w^2 (1 - q)(1 - q_bar) = 1 in the whole ferromagnetic phase: one equation for q remains.
        """
        if w <= 1:
            return {"m": 0.0, "m_bar": 0.0, "q": 0.0, "q_bar": 0.0}
        root, noise = np.sqrt(self.kappa), self.sigma**2

        def squares(q: float) -> tuple[float, float, float]:
            q_bar = 1 - 1 / (w * w * (1 - q))
            m2 = (_field_variance(q_bar) / root - noise * q) / w**2
            m_bar2 = (_field_variance(q) * root - noise * q_bar) / w**2
            return q_bar, m2, m_bar2

        def mismatch(q: float) -> float:
            _, m2, m_bar2 = squares(q)
            return m2 - (w * (1 - q)) ** 2 * m_bar2

        alike = self.kappa == 1  # then q = q_bar
        q = 1 - 1 / w if alike else float(brentq(mismatch, 0.0, 1 - 1 / w**2, xtol=1e-15))
        q_bar, m2, m_bar2 = squares(q)
        return {"m": np.sqrt(max(m2, 0.0)), "m_bar": np.sqrt(max(m_bar2, 0.0)), "q": q, "q_bar": q_bar}

    def rate(self, w: float) -> float:
        """dw/dt: the data term less the model term."""
        own = (self.sigma**2 + (w * self.signal) ** 2) / np.sqrt(self.kappa)
        state = self.order(w)
        return float(w * self.signal**2 * (1 - _overlap(own)) - state["m"] * state["m_bar"])

    def integrate(self, times: Any, initial: float = 0.1) -> Any:
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


def _overlap(variance: float) -> float:
    """<tanh^2(sqrt(variance) z)>."""
    width = float(np.sqrt(variance))
    if width > 1:
        return float(1 - spin_averages(0.0, width, 1.0).susceptibility)
    z, weight = normal_rule(width)  # no cancellation: the relative error is that of rounding
    return float(np.tanh(width * z) ** 2 @ weight)


def _field_variance(q: float) -> float:
    """The variance of a field in which <tanh^2> is q."""
    if q <= 0:
        return 0.0
    high = 2 * q / (1 - q) ** 2 + q
    while _overlap(high) < q:
        high *= 2
    return float(brentq(lambda v: _overlap(v) - q, 0.0, high, xtol=1e-16))


def glass_threshold(sigma: float, kappa: float = 1.0) -> float:
    """Weight w at which a mode orders in the spin glass of random weights, sigma > 1 (replica symmetric).

    w^2 (1 - q)(1 - q_bar) = 1 with the overlaps of the glass, q = <tanh^2(kappa^(-1/4) sigma sqrt(q_bar) z)>
    and q_bar = <tanh^2(kappa^(1/4) sigma sqrt(q) z)>. For sigma <= 1 there is no glass, and w = 1.

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
    root = np.sqrt(kappa)

    def visible(q: float) -> float:
        return _overlap(root * sigma**2 * q)

    q = float(brentq(lambda q: np.log(_overlap(sigma**2 * visible(q) / root) / q), 1e-12, 1 - 1e-16))
    return 1 / float(np.sqrt((1 - q) * (1 - visible(q))))
