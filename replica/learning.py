r"""How a restricted Boltzmann machine learns: singular values and vectors of its weights under the flow.

The weights of N visible and M hidden units are W = sum_a w_a u_a v_a^T. They follow the gradient of the
log-likelihood, dW/dt = <s h>_data - <s h>_model [DFF17]_ [DFF18]_. Two models need no sampling:

* `GaussGauss`: both layers Gaussian, p(s, h) ~ exp(s W h - |s|^2/(2 sigma_v^2) - |h|^2/(2 sigma_h^2)). The
  flow is closed, with or without rotation of the singular vectors.
* `OneMode`: both layers binary, one mode w on top of random weights of strength sigma, in mean field: the
  model term follows from the order parameters of the ferromagnetic phase.

`clusters` makes the binary data on which such flows are watched. Nothing here samples a machine.

References
----------
.. [DFF17] A. Decelle, G. Fissore, C. Furtlehner, EPL 119, 60001 (2017).
.. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from replica.averages import normal_rule, spin_averages
from replica.errors import ConvergenceError, ParameterError

__all__ = ["GaussGauss", "Modes", "OneMode", "clusters", "glass_threshold", "second_moments"]

RTOL, ATOL = 1e-10, 1e-14
"""Relative and absolute error that the integration of a flow allows itself per step."""
LARGEST = 1e100
"""Rate above which a flow is not integrated: step sizes would overflow."""
HALVINGS = 64
"""Of an interval in ln(w^2), in the inversion of t(w): beyond rounding."""


def _require(condition: Any, name: str, value: Any, allowed: str) -> None:
    """Raise `ParameterError` with the first value that is not allowed."""
    bad = ~np.broadcast_to(condition, np.shape(value))
    if np.any(bad):
        wrong = float(np.asarray(value, dtype=float)[bad].flat[0])
        msg = f"learning: {name} = {wrong:g} is not allowed; {name} is {allowed}"
        raise ParameterError(msg)


def _numbers(name: str, value: Any) -> Any:
    """The value as an array of finite numbers."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        msg = f"learning: {name} must be a number or an array of numbers, not {value!r}"
        raise ParameterError(msg) from None
    _require(np.isfinite(numbers), name, numbers, "a finite number")
    return numbers


def _flow(rate: Callable[[Any], Any], start: Any, times: Any, what: str) -> Any:
    """Integrate dy/dt = rate(y) from t = 0; the states at `times`, shape ``(n, n_times)``."""
    times = np.atleast_1d(_numbers("time", times))
    _require(times >= 0, "time", times, ">= 0")
    _require(np.diff(times, prepend=0.0) >= 0, "time", times, "given in increasing order")
    if times[-1] == 0:
        return np.repeat(start[:, None], len(times), axis=1)

    def bounded(t: float, y: Any) -> Any:
        with np.errstate(all="ignore"):
            change = rate(y)
        if not np.all(np.abs(change) < LARGEST):
            msg = f"{what}: the flow is above {LARGEST:g} at t = {t:g}; try smaller weights or moments"
            raise ConvergenceError(msg)
        return change

    done = solve_ivp(bounded, (0.0, times[-1]), start, "LSODA", times, rtol=RTOL, atol=ATOL)
    if not done.success:
        msg = f"{what}: the integration stopped at t = {done.t[-1] if len(done.t) else 0:g} ({done.message})"
        raise ConvergenceError(msg, done)
    return np.where(times == 0, start[:, None], done.y)


@dataclass(frozen=True)
class Modes:
    """Singular values and vectors of a weight matrix, and how they move under a flow.

    Attributes
    ----------
    values : array, shape (k,)
        Singular values w_a, largest first.
    rates : array, shape (k,)
        dw_a/dt.
    left, right : arrays, shape (k, k)
        Rotation of the visible and of the hidden vectors: u_a . du_b/dt and v_a . dv_b/dt, antisymmetric.
    u, v : arrays, shape (N, k) and (M, k)
        The singular vectors, as columns.
    """

    values: Any
    rates: Any
    left: Any
    right: Any
    u: Any
    v: Any


@dataclass(frozen=True)
class GaussGauss:
    r"""RBM with Gaussian visible and hidden units: its learning is solved exactly [DFF17]_.

    A mode a of the data is a direction u_a with second moment S_a = <(u_a . s)^2>. As long as the singular
    vectors of W are principal directions of the data, they stay, and each singular value moves by itself:

        dw/dt = sigma_h^2 w (S - sigma_v^2/(1 - c w^2)),   c = sigma_v^2 sigma_h^2

    Modes with S > sigma_v^2 grow to w^2 = (S - sigma_v^2)/(c S); the others decay to zero.

    Parameters
    ----------
    sigma_v, sigma_h : float
        Standard deviations of the two layers without weights, > 0.

    Examples
    --------
    >>> rbm = GaussGauss()
    >>> print(f"{rbm.singular_value(2.0, 0.01, 3.0):.12f} {rbm.fixed_point(3.0):.12f}")
    0.504035838267 0.816496580928
    """

    sigma_v: float = 1.0
    sigma_h: float = 1.0

    def __post_init__(self) -> None:
        """Check the standard deviations."""
        for name in ("sigma_v", "sigma_h"):
            value = _numbers(name, getattr(self, name))
            _require(value > 0, name, value, "> 0")

    @property
    def c(self) -> float:
        """The product sigma_v^2 sigma_h^2: weights have to stay below 1/sqrt(c), or p(s, h) has no norm."""
        return (self.sigma_v * self.sigma_h) ** 2

    def growth(self, variance: Any) -> Any:
        """Rate sigma_h^2 (S - sigma_v^2) at which a small singular value grows or, below zero, decays.

        With sigma_v = sigma_h = 1 it is also the rate S - 1 of a machine with units +-1 and small weights.
        """
        return self.sigma_h**2 * (self._variance(variance) - self.sigma_v**2)

    def fixed_point(self, variance: Any) -> Any:
        """Singular value that is learned in the end, from second moments S; 0 where S <= sigma_v^2."""
        S = self._variance(variance)
        excess = np.maximum(S - self.sigma_v**2, 0.0)
        return np.sqrt(np.divide(excess, self.c * S, out=np.zeros_like(excess), where=excess > 0))[()]

    def rate(self, w: Any, variance: Any) -> Any:
        """dw/dt of a singular value along a principal direction of the data."""
        w = np.asarray(w, dtype=float)
        return self.sigma_h**2 * w * (self._variance(variance) - self.sigma_v**2 / (1 - self.c * w * w))

    def singular_value(self, time: Any, initial: Any, variance: Any) -> Any:
        r"""w(t) in closed form, along a principal direction of the data.

        With x = w^2 and D = S - sigma_v^2 the flow is solved by

            2 sigma_h^2 t = (1/D) ln(x/x0) - (sigma_v^2/(S D)) ln((D - S c x)/(D - S c x0))

        and its limits D -> 0, S -> 0; t(w) is monotone and is inverted by bisection, to rounding error.

        Parameters
        ----------
        time : float or array
            Times t >= 0.
        initial : float or array
            w at t = 0, between 0 and 1/(sigma_v sigma_h), both excluded.
        variance : float or array
            Second moment S of the data along the mode, >= 0. All three broadcast.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> print(GaussGauss().singular_value([0.0, 1.0, 4.0], 0.3, 1.5))
        [0.3        0.42414197 0.57368586]
        """
        t, w0 = _numbers("time", time), self._initial(initial)
        S = self._variance(variance)
        _require(t >= 0, "time", t, ">= 0")
        t, w0, S = np.broadcast_arrays(t, w0, S)
        target, x0, c, v2 = 2 * self.sigma_h**2 * t, w0**2, self.c, self.sigma_v**2
        D, a = S - v2, S * c * w0**2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            to_rest = np.log(np.where(D > 0, D / a, np.nan))  # ln(x/x0) at the fixed point
            slowest = target * (D - a) / (1 - c * x0)  # x decays no faster than it begins to
            far = np.where(D > 0, to_rest, slowest)
            low, high = np.zeros(t.shape), np.ones(t.shape)  # ln(x/x0), as a share of `far`
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                early = self._elapsed(middle * far, D, a, S, x0) < target
                low, high = np.where(early, middle, low), np.where(early, high, middle)
        u = np.where((a == D) | (target == 0), 0.0, far * (low + high) / 2)
        return (w0 * np.exp(u / 2))[()]

    def _elapsed(self, u: Any, D: Any, a: Any, S: Any, x0: Any) -> Any:
        """2 sigma_h^2 t at u = ln(x/x0), in two forms: one is exact at S = 0, the other at D = 0."""
        v2 = self.sigma_v**2
        grown = self.c * x0 * np.expm1(u) / (D - a)
        common = (u + v2 * grown * _log1p_over(-S * grown)) / D
        shrunk = np.expm1(-u) / (D - a)
        # for u < -300 exp(-u) may overflow, but nothing cancels
        integral = np.where(
            u < -300, (u - np.log((D - a * np.exp(u)) / (D - a))) / D, -shrunk * _log1p_over(D * shrunk)
        )
        return np.where(np.abs(D) > 0.1 * S, common, (u + v2 * integral) / S)

    def gradient(self, W: Any, moments: Any) -> Any:
        """dW/dt = <s h>_data - <s h>_model = sigma_h^2 (C - (1/sigma_v^2 - sigma_h^2 W W^T)^-1) W.

        Parameters
        ----------
        W : array, shape (N, M)
        moments : array, shape (N, N)
            Second moments C = <s s^T> of the data.

        Returns
        -------
        array, shape (N, M)
        """
        inner = np.eye(len(W)) / self.sigma_v**2 - self.sigma_h**2 * W @ W.T
        return self.sigma_h**2 * (moments @ W - np.linalg.solve(inner, W))

    def integrate(self, W: Any, moments: Any, times: Any) -> Any:
        """Follow the weights themselves, with rotation: the full flow of W, integrated numerically.

        Parameters
        ----------
        W : array, shape (N, M)
            Weights at t = 0; their singular values are below 1/(sigma_v sigma_h).
        moments : array, shape (N, N)
            Second moments of the data.
        times : array, shape (n_times,)
            Increasing, >= 0.

        Returns
        -------
        array, shape (n_times, N, M)

        Raises
        ------
        ParameterError, ConvergenceError
            If the integration stops; the message says where.

        Examples
        --------
        >>> W = GaussGauss().integrate([[0.01]], [[3.0]], [2.0, 32.0])
        >>> print(W.ravel())
        [0.50403584 0.81649658]
        """
        W, moments = self._weights(W, moments)

        def rate(flat: Any) -> Any:
            return self.gradient(flat.reshape(W.shape), moments).ravel()

        path = _flow(rate, W.ravel(), times, f"Gauss-Gauss RBM, {W.shape[0]} x {W.shape[1]} weights")
        return np.moveaxis(path.reshape(*W.shape, -1), -1, 0)

    def modes(self, W: Any, moments: Any) -> Modes:
        r"""Singular values and vectors of W, and their velocities under the flow.

        With G_ab = u_a^T (dW/dt) v_b, dw_a/dt = G_aa and, for a != b,

            u_a . du_b/dt, v_a . dv_b/dt = ((G_ab + G_ba)/(w_b - w_a) +- (G_ab - G_ba)/(w_a + w_b))/2

        Off the diagonal G_ab = sigma_h^2 w_b <s_a s_b>: the vectors turn until the data are uncorrelated
        along them.

        Raises
        ------
        ParameterError
            If two singular values coincide: their vectors are then not defined.
        """
        W, moments = self._weights(W, moments)
        u, w, vt = np.linalg.svd(W, full_matrices=False)
        if len(w) > 1 and np.min(-np.diff(w)) <= 1e-12 * w[0]:
            first = int(np.argmin(-np.diff(w)))
            msg = (
                f"learning: the singular values {first} and {first + 1} of W coincide at {w[first]:g}; "
                "their vectors are not defined, start from weights that differ"
            )
            raise ParameterError(msg)
        G = u.T @ self.gradient(W, moments) @ vt.T
        apart = w[None, :] - w[:, None] + np.eye(len(w))
        along, across = (G + G.T) / apart / 2, (G - G.T) / (w[None, :] + w[:, None]) / 2
        off = 1 - np.eye(len(w))
        return Modes(w, np.diag(G).copy(), off * (along + across), off * (along - across), u, vt.T)

    def _variance(self, variance: Any) -> Any:
        S = _numbers("variance", variance)
        _require(S >= 0, "variance", S, ">= 0")
        return S

    def _initial(self, initial: Any) -> Any:
        w0 = _numbers("initial", initial)
        most = 1 / (self.sigma_v * self.sigma_h)
        _require((w0 > 0) & (w0 < most), "initial", w0, f"between 0 and 1/(sigma_v sigma_h) = {most:g}")
        return w0

    def _weights(self, W: Any, moments: Any) -> tuple[Any, Any]:
        W, moments = _numbers("W", W), _numbers("moments", moments)
        if W.ndim != 2 or moments.shape != (len(W), len(W)):
            msg = (
                f"learning: W of shape {W.shape} and moments of shape {moments.shape} do not fit; "
                "give (N, M) and (N, N)"
            )
            raise ParameterError(msg)
        if not np.allclose(moments, moments.T, rtol=1e-10, atol=1e-12):
            msg = "learning: moments must be a symmetric matrix, <s_i s_j>"
            raise ParameterError(msg)
        largest = np.linalg.norm(W, 2)
        most = 1 / (self.sigma_v * self.sigma_h)
        _require(largest < most, "largest singular value of W", largest, f"below {most:g}")
        return W, moments


def _log1p_over(z: Any) -> Any:
    """log(1 + z)/z, 1 at z = 0."""
    return np.where(z == 0, 1.0, np.log1p(z) / np.where(z == 0, 1.0, z))


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
            _numbers(name, getattr(self, name))
        _require(self.kappa > 0, "kappa", self.kappa, "> 0")
        most = self.kappa**-0.25 * np.sqrt(2 / np.pi)
        _require(
            0 < self.signal <= most, "signal", self.signal, f"in (0, kappa^(-1/4) sqrt(2/pi)] = (0, {most:g}]"
        )
        _require(0 <= self.sigma < 1, "sigma", self.sigma, "in [0, 1): the machine starts as a paramagnet")

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
        _require(np.greater(initial, 0), "initial", initial, "> 0: without a mode nothing grows")
        what = f"mean-field learning at sigma = {self.sigma:g}"
        return _flow(lambda y: np.array([self.rate(y[0])]), np.array([float(initial)]), times, what)[0]

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
    sigma, kappa = float(_numbers("sigma", sigma)), float(_numbers("kappa", kappa))
    _require(np.greater(sigma, 0), "sigma", sigma, "> 0")
    _require(np.greater(kappa, 0), "kappa", kappa, "> 0")
    if sigma <= 1:
        return 1.0
    root = np.sqrt(kappa)

    def visible(q: float) -> float:
        return _overlap(root * sigma**2 * q)

    q = float(brentq(lambda q: np.log(_overlap(sigma**2 * visible(q) / root) / q), 1e-12, 1 - 1e-16))
    return 1 / float(np.sqrt((1 - q) * (1 - visible(q))))


def clusters(
    seed: int | np.random.Generator = 2017,
    *,
    count: int = 11,
    dimension: int = 5,
    visible: int = 100,
    samples: int = 1100,
    strength: float = 0.9,
) -> Any:
    """Binary data in clusters: by default 11 of them in 5 dimensions, embedded in 100.

    1. An orthonormal basis of a random subspace: QR decomposition of a (visible, dimension) Gaussian matrix.
    2. Centres in it, Gaussian of standard deviation strength sqrt(visible) per dimension.
    3. Every sample picks a centre, all equally likely; its spins are independent, with the magnetisations
       tanh(centre . basis^T).

    Poster and papers [DFF17]_ show data of this kind without saying how they were made; this recipe is this
    project's own.

    Parameters
    ----------
    seed : int or Generator
    count, dimension, visible, samples : int
        Numbers of clusters, of dimensions, of visible units and of samples, >= 1; dimension <= visible.
    strength : float
        Size of the magnetisations.

    Returns
    -------
    array of +-1, shape (samples, visible)

    Examples
    --------
    >>> print(np.linalg.eigvalsh(second_moments(clusters()))[:-7:-1].round(3))
    [19.991 14.709 11.285  5.902  5.889  1.371]
    """
    for name, value in {
        "count": count,
        "dimension": dimension,
        "visible": visible,
        "samples": samples,
    }.items():
        _require(value == int(value) and value >= 1, name, value, "a whole number >= 1")
    _require(dimension <= visible, "dimension", dimension, f"at most visible = {visible}")
    generator = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(generator.normal(size=(visible, dimension)))
    centres = strength * np.sqrt(visible) * generator.normal(size=(count, dimension))
    up = (1 + np.tanh(centres @ basis.T)) / 2
    which = generator.integers(count, size=samples)
    return np.where(generator.random((samples, visible)) < up[which], 1.0, -1.0)


def second_moments(samples: Any) -> Any:
    """Raw second moments <s s^T> of the data, shape (visible, visible), as a machine without biases sees."""
    samples = _numbers("samples", samples)
    if samples.ndim != 2 or not len(samples):
        msg = f"learning: samples of shape {samples.shape} are no data; give (samples, visible)"
        raise ParameterError(msg)
    return samples.T @ samples / len(samples)
