"""What is read off states and weights of a machine: overlaps, participation ratios, sparsity, activity."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica.errors import ParameterError
from replica.machines.data.given import numbers, whole
from replica.typing import Array, Floats

__all__ = [
    "HiddenActivity",
    "activity",
    "hidden_activity",
    "overlap_distribution",
    "overlaps",
    "participation_ratio",
    "pattern_doubt",
    "singular_values",
    "weight_sparsity",
]


def overlaps(states: ArrayLike, patterns: ArrayLike) -> Array:
    """Overlaps (1/N) sum_i s_i xi_i, shape (*batch, P), of states (*batch, N) with patterns (P, N).

    Examples
    --------
    >>> print(overlaps([1, 1, -1, 1], [[1, 1, -1, -1], [-1, -1, 1, -1]]))
    [ 0.5 -1. ]
    """
    states = numbers("states", states, "an array (..., N)")
    patterns = numbers("patterns", patterns, "an array (P, N)")
    if patterns.ndim != 2 or states.shape[-1:] != patterns.shape[1:]:
        msg = f"states of shape {states.shape} do not match patterns of shape {patterns.shape}"
        raise ParameterError(msg)
    return states @ patterns.T / patterns.shape[1]


def pattern_doubt(patterns: ArrayLike) -> str:
    """Says that patterns are no unbiased, independent ones, and by which measure; empty where they may be.

    Independent patterns have overlaps of 1/sqrt(N), root mean square over the pairs. There is a doubt where
    such patterns would overlap that much with a probability below 10^-9; of many patterns, 100 are compared.

    Parameters
    ----------
    patterns : array, shape (P, N)
        Of -1 and +1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> print(pattern_doubt(np.where(rng.random((5, 1000)) < 0.7, 1, -1)))
    the patterns are correlated: the root mean square of their overlaps is 0.157, of independent ones \
1/sqrt(N) = 0.0316; they are biased: their mean activity is +0.404, of unbiased ones 0 +- 0.014
    >>> pattern_doubt(rng.choice([-1, 1], (5, 1000)))
    ''
    """
    xi = np.asarray(patterns)
    P, N = xi.shape
    if P < 2:
        return ""  # a single pattern can be turned into any other
    some = xi[np.unique(np.linspace(0, P - 1, min(P, 100)).astype(int))].astype(np.float32)
    first, second = np.triu_indices(len(some), 1)
    square = float(np.mean((some @ some.T)[first, second].astype(float) ** 2)) / N**2
    if special.chdtrc(first.size, first.size * square * N) > UNLIKELY:
        return ""
    told = (
        f"the patterns are correlated: the root mean square of their overlaps is {math.sqrt(square):.3g}, of "
        f"independent ones 1/sqrt(N) = {1 / math.sqrt(N):.3g}"
    )
    mean, width = float(np.mean(some)), 1 / math.sqrt(some.size)
    if abs(mean) < 6 * width:
        return told
    return f"{told}; they are biased: their mean activity is {mean:+.3g}, of unbiased ones 0 +- {width:.2g}"


UNLIKELY = 1e-9
"""Probability of the overlaps of independent patterns below which there is a doubt about them."""


def overlap_distribution(states: ArrayLike, bins: int = 41) -> tuple[Array, Array]:
    """Distribution P(q) of the overlaps between all pairs of replicas.

    Parameters
    ----------
    states : array, shape (replicas, *samples, N)
        Independent replicas of the same disorder, at least two.
    bins : int
        Bins on [-1, 1]; with an odd number P(0) is the centre of one.

    Returns
    -------
    q, density : array, shape (bins,)
        Centres of the bins and the density, which integrates to 1.

    Examples
    --------
    >>> q, density = overlap_distribution(np.array([[[1, 1, 1, -1]], [[1, 1, 1, 1]]]), bins=5)
    >>> print(q.round(12), density)
    [-0.8 -0.4  0.   0.4  0.8] [0.  0.  0.  2.5 0. ]
    """
    states = numbers("states", states, "an array (replicas, ..., N)")
    whole("bins", bins, most=10**6)
    if 0 in states.shape:
        msg = f"states of shape {states.shape}: there are none"
        raise ParameterError(msg)
    if states.ndim < 2 or len(states) < 2:
        msg = f"states of shape {states.shape}: overlaps need at least two replicas along the first axis"
        raise ParameterError(msg)
    first, second = np.triu_indices(len(states), 1)
    q = np.mean(states[first] * states[second], axis=-1)
    density, edges = np.histogram(q.ravel(), bins=bins, range=(-1, 1), density=True)
    return (edges[:-1] + edges[1:]) / 2, density


def participation_ratio(x: ArrayLike, power: int = 1, axis: int = -1) -> Array:
    """PR_a = (sum x^a)^2 / sum x^(2a): how many entries carry the sum of x^a; 0 where all are 0.

    For hidden units the power 3 counts the strongly activated ones: L^ = PR_3(h) tends to L for large
    machines, while PR_2 is biased by the many weak units even then (Tubiana and Monasson 2017).

    Examples
    --------
    >>> print(participation_ratio([1.0, 1.0, 0.0, 0.0]), participation_ratio([3.0, 1.0], power=2).round(12))
    2.0 1.219512195122
    """
    x = _filled("x", x)
    largest = np.max(np.abs(x), axis=axis, keepdims=True)
    x = (x / np.where(largest > 0, largest, 1.0)) ** power
    above, below = np.sum(x, axis=axis) ** 2, np.sum(x * x, axis=axis)
    return (above / np.where(below > 0, below, 1.0))[()]


def weight_sparsity(weights: ArrayLike) -> float:
    """p^ = (1/MN) sum_mu (sum_i w^2)^2/sum_i w^4; the fraction of non-zeros where all |w| are equal.

    Examples
    --------
    >>> print(weight_sparsity([[0.1, 0.0], [0.0, 0.0], [-0.1, 0.2], [0.0, 0.2]]))
    0.5
    """
    weights = _filled("weights", weights)
    if weights.ndim != 2:
        msg = f"weights of shape {weights.shape}: give a matrix (visible units, hidden units)"
        raise ParameterError(msg)
    return float(np.mean(participation_ratio(weights, power=2, axis=0)) / weights.shape[0])


class HiddenActivity(NamedTuple):
    """Fractions of hidden units that are strongly active, weakly active and silent; shape (*batch,)."""

    strong: float | Array
    weak: float | Array
    silent: float | Array


def hidden_activity(h: ArrayLike, threshold: float) -> HiddenActivity:
    """Fractions of strongly active, weakly active and silent units.

    Parameters
    ----------
    h : array, shape (*batch, M)
        Hidden units.
    threshold : float
        Strong units lie above it. In the compositional phase they are of the order of m sqrt(N), the weak
        ones of order 1: (m/2) sqrt(N) separates them. Silent units are exactly 0.

    Examples
    --------
    >>> print(hidden_activity([0.0, 0.3, 9.0, 0.0], threshold=4.0))
    HiddenActivity(strong=0.25, weak=0.25, silent=0.5)
    """
    h = _filled("hidden units", h)
    strong = np.mean(h > threshold, axis=-1)
    silent = np.mean(h == 0, axis=-1)
    return (
        HiddenActivity(float(strong), float(1 - strong - silent), float(silent))
        if h.ndim == 1
        else (HiddenActivity(strong, 1 - strong - silent, silent))
    )


def activity(v: ArrayLike) -> Array:
    """Mean of the units of each configuration, shape (*batch,)."""
    return np.mean(_filled("configurations", v), axis=-1)


def singular_values(weights: ArrayLike) -> Floats:
    """Singular values of the weights, largest first."""
    return np.linalg.svd(_filled("weights", weights), compute_uv=False)


def _filled(what: str, value: ArrayLike) -> Array:
    """An array of real numbers with at least one axis and one entry."""
    x = numbers(what, value)
    if x.ndim == 0 or not x.size:
        msg = f"{what} of shape {x.shape}: give an array with at least one entry"
        raise ParameterError(msg)
    return x
