"""Binary data in clusters, on which learning is watched, and their second moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import ParameterError
from replica.flows.flow import numbers, require
from replica.typing import Array, Floats

__all__ = ["clusters", "principal_moments", "second_moments"]


def clusters(
    seed: int | np.random.Generator = 2017,
    *,
    count: int = 11,
    dimension: int = 5,
    visible: int = 100,
    samples: int = 1100,
    strength: float = 0.9,
) -> Array:
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
    >>> print(principal_moments(clusters())[:6].round(3))
    [19.991 14.709 11.285  5.902  5.889  1.371]
    """
    for name, value in {
        "count": count,
        "dimension": dimension,
        "visible": visible,
        "samples": samples,
    }.items():
        require(value == int(value) and value >= 1, name, value, "a whole number >= 1")
    require(dimension <= visible, "dimension", dimension, f"at most visible = {visible}")
    generator = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(generator.normal(size=(visible, dimension)))
    centres = strength * np.sqrt(visible) * generator.normal(size=(count, dimension))
    up = (1 + np.tanh(centres @ basis.T)) / 2
    which = generator.integers(count, size=samples)
    return np.where(generator.random((samples, visible)) < up[which], 1.0, -1.0)


def second_moments(samples: ArrayLike) -> Array:
    """Raw second moments <s s^T> of the data, shape (visible, visible), as a machine without biases sees."""
    samples = numbers("samples", samples)
    if samples.ndim != 2 or not len(samples):
        msg = f"learning: samples of shape {samples.shape} are no data; give (samples, visible)"
        raise ParameterError(msg)
    return samples.T @ samples / len(samples)


def principal_moments(samples: ArrayLike) -> Floats:
    """Second moments along the principal directions of the data, largest first, shape (visible,)."""
    return np.linalg.eigvalsh(second_moments(samples))[::-1]
