"""Random patterns, weights and data: the disorder that theories average over, drawn once.

Every draw returns a `Draw`, which carries its seed: the same seed gives the same numbers on every machine.
Independent draws come from ``SeedSequence.spawn``, never from seeds that differ by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import not_negative, numbers, room, whole
from replica.typing import Array

__all__ = [
    "COMPONENTS",
    "Draw",
    "Seed",
    "pattern_count",
    "patterns",
    "seed_sequence",
    "sparse_weights",
    "spawned",
    "spectral_weights",
    "teacher_data",
]

Seed: TypeAlias = int | np.random.SeedSequence


@dataclass(frozen=True, eq=False)
class Draw:
    """What was drawn, and how to draw it again.

    Attributes
    ----------
    values : array
        The patterns, weights or data.
    seed : SeedSequence
        Its `entropy` and `spawn_key` reproduce the values.
    parts : dict
        Hidden parts of the draw, such as the feature behind the data.
    """

    values: NDArray[Any]
    seed: np.random.SeedSequence
    parts: Mapping[str, Any] = field(default_factory=dict)


def seed_sequence(seed: Seed) -> np.random.SeedSequence:
    """The seed as a SeedSequence; a plain integer stands for its first member."""
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        msg = f"seed = {seed!r} must be a whole number >= 0, or a SeedSequence"
        raise ParameterError(msg)
    return np.random.SeedSequence(int(seed))


def spawned(seed: Seed, count: int) -> list[np.random.SeedSequence]:
    """Children of a seed. Unlike ``SeedSequence.spawn`` it gives the same ones whenever it is asked.

    Examples
    --------
    >>> [child.spawn_key for child in spawned(7, 2)]
    [(0,), (1,)]
    """
    parent = seed_sequence(seed)
    return [
        np.random.SeedSequence(parent.entropy, spawn_key=(*parent.spawn_key, k), pool_size=parent.pool_size)
        for k in range(count)
    ]


def _start(seed: Seed) -> tuple[np.random.SeedSequence, np.random.Generator]:
    sequence = seed_sequence(seed)
    return sequence, np.random.default_rng(sequence)


def pattern_count(N: int, alpha: float) -> int:
    """Number of patterns at load alpha, P = alpha N to the nearest whole number, at least 1.

    Examples
    --------
    >>> pattern_count(4000, 0.1)
    400
    """
    whole("N", N)
    if not (0 < alpha < math.inf):
        msg = f"alpha = {alpha} must be a positive number"
        raise ParameterError(msg)
    room(f"alpha N = {alpha * N:g} patterns of N = {N}", math.ceil(alpha * N), N, hint="take a smaller N")
    count = round(alpha * N)
    if count < 1:
        msg = (
            f"alpha = {alpha:g} with N = {N} is {alpha * N:g} patterns, less than one; "
            f"take alpha >= {1 / N:g} or N >= {math.ceil(1 / alpha)}"
        )
        raise ParameterError(msg)
    return count


def patterns(P: int, N: int, seed: Seed) -> Draw:
    """Unbiased patterns -1, +1 as int8, shape (P, N).

    One byte a component; neurons are contiguous in memory, as `HopfieldNetwork` wants them.

    Examples
    --------
    >>> print(patterns(2, 6, seed=1).values.tolist())
    [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, -1]]
    """
    whole("P", P)
    whole("N", N)
    room(f"{P} patterns of N = {N}", P, N, size=3, hint="take a smaller N")
    sequence, rng = _start(seed)
    count = P * N
    xi = np.unpackbits(np.frombuffer(rng.bytes(-(-count // 8)), dtype=np.uint8), count=count).view(np.int8)
    xi *= 2
    xi -= 1
    return Draw(xi.reshape(N, P).T, sequence)


def sparse_weights(N: int, M: int, p: ArrayLike, seed: Seed) -> Draw:
    """Weights of the random RBM, shape (N, M): +-1/sqrt(N) with probability p_i/2 each, else 0.

    Parameters
    ----------
    p : float or array of shape (N,)
        Probability that a weight of visible unit i is not zero, 0 < p_i <= 1.

    Examples
    --------
    >>> draw = sparse_weights(1000, 500, 0.1, seed=3)
    >>> print(f"{np.mean(draw.values != 0):.3f} {1000 * np.max(draw.values**2):.3f}")
    0.100 1.000
    """
    _check_matrix(N, M)
    p = numbers("p", p, "one number in (0, 1], or one for each visible unit")
    if p.shape not in ((), (N,)) or not np.all((p > 0) & (p <= 1)):
        msg = f"p of shape {p.shape} must be one number in (0, 1], or one for each of the {N} visible units"
        raise ParameterError(msg)
    sequence, rng = _start(seed)
    u = rng.random((N, M))
    half = p.reshape(-1, 1) / 2
    w = (u < half).astype(float)
    w -= (u >= half) & (u < 2 * half)
    w /= math.sqrt(N)
    return Draw(w, sequence)


def _sparse(rng: np.random.Generator, shape: tuple[int, int], p: float = 0.1) -> Array:
    return rng.choice([-1.0, 1.0], shape) * (rng.random(shape) < p) / math.sqrt(p)


COMPONENTS: dict[str, Any] = {
    "gaussian": lambda rng, shape: rng.standard_normal(shape),
    "spin": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "laplace": lambda rng, shape: rng.laplace(scale=1 / math.sqrt(2), size=shape),
    "sparse": _sparse,
}
"""Laws of the components of singular vectors: mean 0, variance 1. `sparse` is 0 with probability 0.9."""


def spectral_weights(
    N: int, M: int, modes: Iterable[float], sigma: float, seed: Seed, components: str = "gaussian"
) -> Draw:
    """Weights of low rank plus noise, shape (N, M) (Decelle, Fissore and Furtlehner 2018).

    W = sum_a w_a U_a V_a^T / L + r, L = sqrt(N M), r_ij Gaussian of variance sigma^2/L. The w_a are singular
    values up to corrections that vanish with the size.

    Parameters
    ----------
    modes : iterable of float
        The strengths w_a.
    sigma : float
        Strength of the noise, >= 0.
    components : str
        Law of the components of U_a and V_a, one of `COMPONENTS`.

    Returns
    -------
    Draw
        ``parts["U"]``, shape (modes, N), and ``parts["V"]``, shape (modes, M).

    Examples
    --------
    >>> draw = spectral_weights(300, 200, [3.0], sigma=0.0, seed=1, components="spin")
    >>> print(np.linalg.svd(draw.values, compute_uv=False)[:2].round(6))
    [3. 0.]
    """
    _check_matrix(N, M)
    if components not in COMPONENTS:
        raise UnknownNameError(what="law of components", name=components, known=COMPONENTS)
    not_negative("sigma", sigma)
    sequence, rng = _start(seed)
    strengths = numbers("modes", modes if hasattr(modes, "shape") else [*modes], "a list of strengths")
    if strengths.ndim != 1:
        msg = f"modes of shape {strengths.shape}: give a list of strengths"
        raise ParameterError(msg)
    U = COMPONENTS[components](rng, (strengths.size, N))
    V = COMPONENTS[components](rng, (strengths.size, M))
    scale = math.sqrt(N * M)
    w = (strengths[:, None] * U).T @ V / scale
    w += rng.normal(0.0, sigma / math.sqrt(scale), (N, M))
    return Draw(w, sequence, {"U": U, "V": V})


def teacher_data(N: int, M: int, beta: float, seed: Seed) -> Draw:
    """Data of a machine with one hidden spin and binary weights xi: P(s) ~ cosh(beta xi.s/sqrt(N)).

    Parameters
    ----------
    N, M : int
        Number of visible spins and of data.
    beta : float
        Strength of the feature, >= 0.

    Returns
    -------
    Draw
        int8 data of shape (M, N); the feature is ``parts["feature"]``.

    Examples
    --------
    >>> draw = teacher_data(4, 3, 1.0, seed=1)
    >>> print(draw.values.shape, draw.parts["feature"])
    (3, 4) [ 1  1 -1  1]
    """
    _check_matrix(N, M)
    not_negative("beta", beta)
    sequence, rng = _start(seed)
    xi = np.where(rng.random(N) < 0.5, -1, 1).astype(np.int8)
    h = np.where(rng.random((M, 1)) < 0.5, -1, 1)
    # given h the spins are independent, with mean tanh(beta h xi/sqrt N)
    lean = math.tanh(beta / math.sqrt(N))
    s = np.where(2 * rng.random((M, N)) - 1 < lean * h * xi, 1, -1).astype(np.int8)
    return Draw(s, sequence, {"feature": xi})


def _check_matrix(N: int, M: int) -> None:
    whole("N", N)
    whole("M", M)
    room(f"a matrix of N = {N} times M = {M}", 3, N, M, hint="take a smaller N")
