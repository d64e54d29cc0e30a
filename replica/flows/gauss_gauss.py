"""RBM with Gaussian units in both layers: the flow of its weights, in closed form and integrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import ParameterError
from replica.flows.flow import flow, numbers, require
from replica.typing import Array, Floats

__all__ = ["GaussGauss", "Modes"]

HALVINGS = 64
"""Of an interval in ln(w^2), in the inversion of t(w): beyond rounding."""
LOWEST = -1500.0
"""ln(w^2) of a w that is 0 in double precision."""


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

    values: Floats
    rates: Floats
    left: Floats
    right: Floats
    u: Floats
    v: Floats


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
            value = numbers(name, getattr(self, name))
            require(value > 0, name, value, "> 0")

    @property
    def c(self) -> float:
        """The product sigma_v^2 sigma_h^2: weights have to stay below 1/sqrt(c), or p(s, h) has no norm."""
        return (self.sigma_v * self.sigma_h) ** 2

    def growth(self, variance: ArrayLike) -> Array:
        """Rate sigma_h^2 (S - sigma_v^2) at which a small singular value grows or, below zero, decays.

        With sigma_v = sigma_h = 1 it is also the rate S - 1 of a machine with units +-1 and small weights.
        """
        return self.sigma_h**2 * (self._variance(variance) - self.sigma_v**2)

    def fixed_point(self, variance: ArrayLike) -> Array:
        """Singular value that is learned in the end, from second moments S; 0 where S <= sigma_v^2."""
        S = self._variance(variance)
        excess = np.maximum(S - self.sigma_v**2, 0.0)
        return np.sqrt(np.divide(excess, self.c * S, out=np.zeros_like(excess), where=excess > 0))[()]

    def rate(self, w: ArrayLike, variance: ArrayLike) -> Array:
        """dw/dt of a singular value along a principal direction of the data."""
        w = np.asarray(w, dtype=float)
        return self.sigma_h**2 * w * (self._variance(variance) - self.sigma_v**2 / (1 - self.c * w * w))

    def singular_value(self, time: ArrayLike, initial: ArrayLike, variance: ArrayLike) -> Array:
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
        t, w0 = numbers("time", time), self._initial(initial)
        S = self._variance(variance)
        require(t >= 0, "time", t, ">= 0")
        t, w0, S = np.broadcast_arrays(t, w0, S)
        target, x0, c, v2 = 2 * self.sigma_h**2 * t, w0**2, self.c, self.sigma_v**2
        D, a = S - v2, S * c * w0**2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            to_rest = np.log(np.where(D > 0, D / a, np.nan))  # ln(x/x0) at the fixed point
            slowest = target * (D - a) / (1 - c * x0)  # x decays no faster than it begins to
            far = np.where(D > 0, to_rest, np.maximum(slowest, LOWEST))
            low, high = np.zeros(t.shape), np.ones(t.shape)  # ln(x/x0), as a share of `far`
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                early = self._elapsed(middle * far, D, a, S, x0) < target
                low, high = np.where(early, middle, low), np.where(early, high, middle)
        u = np.where((a == D) | (target == 0), 0.0, far * (low + high) / 2)
        return (w0 * np.exp(u / 2))[()]

    def _elapsed(self, u: Array, D: Array, a: Array, S: Array, x0: Array) -> Array:
        """2 sigma_h^2 t at u = ln(x/x0), in two forms: one is exact at S = 0, the other at D = 0."""
        v2 = self.sigma_v**2
        grown = self.c * x0 * np.expm1(u) / (D - a)
        common = (u + v2 * grown * _log1p_over(-S * grown)) / D
        shrunk = np.expm1(-u) / (D - a)
        # for u < -300 exp(-u) may overflow, but nothing cancels unless D is as good as 0
        integral = np.where(
            (u < -300) & (np.abs(D) > 1e-100),
            (u - np.log((D - a * np.exp(u)) / (D - a))) / D,
            -shrunk * _log1p_over(D * shrunk),
        )
        return np.where(np.abs(D) > 0.1 * S, common, (u + v2 * integral) / S)

    def gradient(self, W: Array, moments: Array) -> Array:
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

    def integrate(self, W: ArrayLike, moments: ArrayLike, times: ArrayLike) -> Array:
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

        def rate(flat: Array) -> Array:
            return self.gradient(flat.reshape(W.shape), moments).ravel()

        path = flow(rate, W.ravel(), times, f"Gauss-Gauss RBM, {W.shape[0]} x {W.shape[1]} weights")
        return np.moveaxis(path.reshape(*W.shape, -1), -1, 0)

    def integrated_values(
        self, times: ArrayLike, initial: float, variances: Sequence[float] | Array
    ) -> Array:
        """Singular values w_a(t) by integration of the flow of W, which starts on the principal directions.

        Parameters
        ----------
        times : array, shape (n_times,)
            Increasing, >= 0.
        initial : float
            All of them at t = 0.
        variances : array, shape (k,)
            Second moments of the data.

        Returns
        -------
        array, shape (n_times, k)

        Examples
        --------
        >>> print(GaussGauss().integrated_values([2.0], 0.01, [3.0, 1.0]).round(8))
        [[0.50403584 0.009998  ]]
        """
        W = self.integrate(initial * np.eye(len(variances)), np.diag(variances), times)
        return np.diagonal(W, axis1=1, axis2=2)

    def turning(
        self,
        times: ArrayLike,
        initial: float,
        variances: Sequence[float] | Array,
        seed: int | np.random.Generator | None,
    ) -> tuple[Floats, Floats]:
        """From random weights: how far the singular vectors have turned to the data, and singular values.

        Parameters
        ----------
        times : array, shape (n_times,)
            Increasing, >= 0.
        initial : float
            Size of the Gaussian weights at t = 0: their standard deviation is initial/sqrt(k).
        variances : array, shape (k,)
            Second moments of the data, largest first.
        seed : int or Generator

        Returns
        -------
        overlaps, values : arrays, shape (n_times, k)
            Squared overlaps (u_a . e_a)^2 with the principal directions, and the singular values.

        Examples
        --------
        >>> overlaps, values = GaussGauss().turning([20.0], 0.1, [4.0, 2.0], seed=1)
        >>> print(overlaps.round(6), values.round(6))
        [[1. 1.]] [[0.866025 0.707107]]
        """
        k = len(variances)
        W = initial / np.sqrt(k) * np.random.default_rng(seed).normal(size=(k, k))
        u, values, _ = np.linalg.svd(self.integrate(W, np.diag(variances), times))
        return np.diagonal(u, axis1=1, axis2=2) ** 2, values

    def modes(self, W: ArrayLike, moments: ArrayLike) -> Modes:
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

    def _variance(self, variance: ArrayLike) -> Array:
        S = numbers("variance", variance)
        require(S >= 0, "variance", S, ">= 0")
        return S

    def _initial(self, initial: ArrayLike) -> Array:
        w0 = numbers("initial", initial)
        most = 1 / (self.sigma_v * self.sigma_h)
        require((w0 > 0) & (w0 < most), "initial", w0, f"between 0 and 1/(sigma_v sigma_h) = {most:g}")
        return w0

    def _weights(self, W: ArrayLike, moments: ArrayLike) -> tuple[Array, Array]:
        W, moments = numbers("W", W), numbers("moments", moments)
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
        require(largest < most, "largest singular value of W", largest, f"below {most:g}")
        return W, moments


def _log1p_over(z: Array) -> Array:
    """log(1 + z)/z, 1 at z = 0."""
    return np.where(z == 0, 1.0, np.log1p(z) / np.where(z == 0, 1.0, z))
