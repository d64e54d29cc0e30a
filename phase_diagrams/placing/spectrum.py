"""The singular values of a weight matrix, split into noise and modes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from phase_diagrams.placing.found import Mode, Spectrum
from replica.errors import ParameterError
from replica.machines.models.rbm import RBM
from replica.typing import Array, Floats
from replica.units import Spin

__all__ = ["SMALLEST", "spectrum"]

SMALLEST = 8
"""Units of a layer below which a spectrum has no bulk to speak of."""
TINY, HUGE = 1e-100, 1e100
"""Sizes of the largest weight between which its square is a number."""
TRACY_WIDOM = 3.27
"""The largest singular value of pure noise lies above this with probability 1/1000 (Tracy-Widom law)."""


def spectrum(machine: RBM | ArrayLike) -> Spectrum:
    """Split the singular values of a machine, or of a weight matrix, into noise and modes.

    Singular values above the Marchenko-Pastur edge, by more than those of noise are at odds of 1 to 1000
    [Ma12]_, are modes; the noise is estimated from the others, until nothing changes. Noise makes the
    singular value of a mode larger and its vectors rounder; both effects are removed exactly as
    N -> infinity [BGN12]_. A mode with w < sigma leaves no trace outside the bulk.

    Parameters
    ----------
    machine : RBM, or array of shape (visible, hidden)

    Raises
    ------
    ParameterError
        If it is no matrix of finite real numbers, too small, zero, or of a size without a square.

    References
    ----------
    .. [BGN12] F. Benaych-Georges, R. R. Nadakuditi, J. Multivariate Anal. 111, 120 (2012).
    .. [Ma12] Z. Ma, Bernoulli 18, 322 (2012): with n - 1/2 for n it holds for small layers, and for either
       order of them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> u, v = rng.laplace(size=300) / 2**0.5, rng.laplace(size=200) / 2**0.5
    >>> L = (300 * 200) ** 0.5
    >>> found = spectrum(1.5 * np.outer(u, v) / L + 0.5 * rng.standard_normal((300, 200)) / L**0.5)
    >>> print(len(found.modes), round(found.sigma, 2))
    1 0.5
    """
    matrix = (machine if isinstance(machine, RBM) else RBM(machine, Spin(), Spin())).weights
    _check(matrix)
    visible, hidden = matrix.shape
    L, root = np.sqrt(visible * hidden), (hidden / visible) ** 0.25
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values[values < 1e-12 * values[0]] = 0.0
    rows, columns = np.sqrt(visible - 0.5), np.sqrt(hidden - 0.5)
    beyond = (rows + columns) * (1 / rows + 1 / columns) ** (1 / 3) * TRACY_WIDOM
    count, sigma = 0, 0.0
    while count < len(values):
        energy = np.sum(values[count:] ** 2)
        sigma = float(np.sqrt(energy * L / ((visible - count) * (hidden - count))))
        outside = int(np.sum(values**2 > sigma**2 / L * ((rows + columns) ** 2 + beyond)))
        if outside <= count:
            break
        count = outside
    modes = [_mode(values[a], left[:, a], right[a], sigma, root) for a in range(count)]
    bulk = values[count:]
    return Spectrum(
        visible,
        hidden,
        sigma,
        sigma * float(root + 1 / root),
        float(bulk[0]) if bulk.size else 0.0,
        _distance(bulk, sigma, root) if sigma else 0.0,
        tuple(modes),
    )


def _check(matrix: Array) -> None:
    """Refuse the weights of a machine that have no spectrum to speak of."""
    if min(matrix.shape) < SMALLEST:
        rows, columns = matrix.shape
        msg = f"a spectrum needs at least {SMALLEST} units in each layer; here are {rows} and {columns}"
        raise ParameterError(msg)
    if not np.any(matrix):
        msg = "all weights are zero: there is neither a mode nor noise"
        raise ParameterError(msg)
    largest = float(np.max(np.abs(matrix)))
    if not TINY < largest < HUGE:
        msg = f"the largest weight is {largest:g}; sizes between {TINY:g} and {HUGE:g} make sense at T = 1"
        raise ParameterError(msg)


def _mode(value: float, u: Floats, v: Floats, sigma: float, root: float) -> Mode:
    """A mode from its singular value and vectors, the noise removed."""
    kappa, share_u, share_v, w = root**4, 1.0, 1.0, float(value)
    if sigma:
        excess = value**2 / sigma**2 - root**2 - root**-2
        square = (excess + np.sqrt(max(excess**2 - 4, 0.0))) / 2  # (w/sigma)^2
        w = float(sigma * np.sqrt(square))
        share_u, share_v = (
            1 - (scale + square) / (square * (1 + square * scale)) for scale in (kappa**0.5, kappa**-0.5)
        )
    (ku, eu), (kv, ev) = (_kurtosis(vector, share) for vector, share in ((u, share_u), (v, share_v)))
    return Mode(float(value), w, ku, kv, eu, ev)


def _kurtosis(vector: Floats, share: float) -> tuple[float, float]:
    """Excess kurtosis of the components behind the noise, which have this share of the square; its error."""
    n = len(vector)
    visible = np.sum(vector**4) * n - 3
    return float(visible / share**2), float(np.sqrt(24 / n) / share**2)


def _distance(bulk: Floats, sigma: float, root: float) -> float:
    """Largest distance between the distribution of singular values and the Marchenko-Pastur law."""
    angle = np.linspace(0, np.pi, 4097)
    square = root**2 + root**-2 - 2 * np.cos(angle)  # (s/sigma)^2, from the lower edge to the upper one
    density = np.sin(angle) ** 2 / np.maximum(square, 1e-300)
    law = np.append(0, np.cumsum(density[1:] + density[:-1]))
    law /= law[-1]
    at = np.interp((np.sort(bulk) / sigma) ** 2, square, law)
    steps = np.arange(len(bulk) + 1) / len(bulk)
    return float(max(np.max(np.abs(at - steps[1:])), np.max(np.abs(at - steps[:-1]))))
