"""Where a weight matrix stands in the phase diagram of the spectral RBM: its noise, its modes, its phase."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phase_diagrams.storage.files import StorageError
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.arrays import NotNumbersError, read_numpy
from replica.machines.given import reals
from replica.numerics.modes import LAWS
from replica.solving import Solution, critical, solve
from replica.theories import SpectralRBM

__all__ = ["Mode", "Placement", "Spectrum", "place", "read_weights", "spectrum"]

NEAREST = {"rademacher": -2.0, "gaussian": 0.0, "laplace": 3.0}
"""Laws that a matrix is compared with, and their excess kurtosis."""
KEYS = ("W", "weights")
"""Names under which weights are looked for if none is given."""
SMALLEST = 8
"""Units of a layer below which a spectrum has no bulk to speak of."""
TINY, HUGE = 1e-100, 1e100
"""Sizes of the largest weight between which its square is a number."""
TRACY_WIDOM = 3.27
"""The largest singular value of pure noise lies above this with probability 1/1000 (Tracy-Widom law)."""


@dataclass(frozen=True)
class Mode:
    """A singular value outside the bulk, and what it says about the mode behind it.

    Attributes
    ----------
    value : float
        The singular value of the matrix.
    w : float
        Strength of the mode, the noise removed.
    kurtosis_u, kurtosis_v : float
        Excess kurtosis of the components of the left (visible) and the right (hidden) singular vector, the
        noise removed.
    error_u, error_v : float
        Their standard errors, for Gaussian components.
    """

    value: float
    w: float
    kurtosis_u: float
    kurtosis_v: float
    error_u: float
    error_v: float


@dataclass(frozen=True)
class Spectrum:
    """The singular values of a matrix, split into noise and modes.

    Attributes
    ----------
    visible, hidden : int
        Rows and columns.
    sigma : float
        Width of the noise: its entries have variance sigma^2/L, with L = sqrt(Nv Nh).
    edge : float
        Upper edge of the Marchenko-Pastur law of that noise.
    largest : float
        Largest singular value that counts as noise.
    distance : float
        Largest distance between the distribution functions of the bulk and of the Marchenko-Pastur law
        (Kolmogorov): of the order of 1/N for noise, larger if the bulk is something else.
    modes : tuple of Mode
        The strongest first.
    """

    visible: int
    hidden: int
    sigma: float
    edge: float
    largest: float
    distance: float
    modes: tuple[Mode, ...]

    @property
    def kappa(self) -> float:
        """Hidden units per visible unit."""
        return self.hidden / self.visible


@dataclass(frozen=True)
class Placement:
    """A weight matrix on the phase diagram.

    Attributes
    ----------
    spectrum : Spectrum
    law : str
        Law of the components that the theory was solved with.
    p : float or None
        Probability that a component is not zero, of the law bernoulli.
    kurtosis : float
        Excess kurtosis that decides about it: of both vectors, u weighted with sqrt(kappa) and v with
        1/sqrt(kappa), as in the free energy; the mean over the modes, weighted by their errors. NaN without
        a mode.
    phase : str
        One line for people.
    state : Solution or None
        The ferromagnetic state at T = 1, if that is the phase.
    """

    spectrum: Spectrum
    law: str
    p: float | None
    kurtosis: float
    phase: str
    state: Solution | None

    @property
    def condensed(self) -> tuple[bool, ...]:
        """Per mode, whether it is condensed: the first one, and those that can condense beside it."""
        if self.state is None:
            return (False,) * len(self.spectrum.modes)
        threshold = float(self.state["w_c"])
        return (True, *(mode.w > threshold for mode in self.spectrum.modes[1:]))


def read_weights(path: str | os.PathLike[str], key: str | None = None) -> Any:
    """Read a weight matrix from a .npy or .npz file: one row per visible, one column per hidden unit.

    Parameters
    ----------
    path : path-like
    key : str, optional
        Name of the array in an .npz file; by default ``W`` or ``weights``, or the only array.

    Returns
    -------
    array of float, shape (visible, hidden)

    Raises
    ------
    StorageError
        If the file cannot be read, or is no .npy or .npz file, or holds Python objects.
    UnknownNameError
        If there is no array of that name.
    ParameterError
        If there are several arrays and none was named, or a name was given for an .npy file.
    """
    path = Path(path)
    named = False

    def choose(names: Sequence[str]) -> str:
        nonlocal named
        named = True
        return _chosen(path, names, key)

    try:
        loaded = read_numpy(path, choose)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or 'it is damaged, or no .npy or .npz file'}"
        raise StorageError(msg) from None
    except NotNumbersError as error:
        msg = f"{error}; write it with numpy.savez(file, W=W)"
        raise StorageError(msg) from None
    if key is not None and not named:
        msg = f"{path} holds one array without a name; leave the name {key!r} out"
        raise ParameterError(msg)
    return loaded


def _chosen(path: Path, names: Sequence[str], key: str | None) -> str:
    """Name of the array that holds the weights."""
    if not names:
        msg = f"cannot read {path}: there is no array in it"
        raise StorageError(msg)
    if key is not None:
        if key not in names:
            what = f"array in {path}"
            raise UnknownNameError(what, key, names)
        return key
    usual = [name for name in KEYS if name in names] or names
    if len(usual) > 1:
        msg = f"{path} holds several arrays ({', '.join(names)}); say which one has the weights, with --key"
        raise ParameterError(msg)
    return usual[0]


def spectrum(weights: Any) -> Spectrum:
    """Split the singular values of a weight matrix into noise and modes.

    Singular values above the Marchenko-Pastur edge (by more than noise would at odds of 1 to 1000) are
    modes; the noise is estimated from the others, until nothing changes. Noise makes the singular value of a
    mode larger and its vectors rounder; both effects are removed exactly as N -> infinity [BGN12]_. A mode
    with w < sigma leaves no trace outside the bulk.

    Parameters
    ----------
    weights : array, shape (visible, hidden)

    Raises
    ------
    ParameterError
        If it is no matrix of finite real numbers, too small, or zero.

    References
    ----------
    .. [BGN12] F. Benaych-Georges, R. R. Nadakuditi, J. Multivariate Anal. 111, 120 (2012).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> u, v = rng.laplace(size=300) / 2**0.5, rng.laplace(size=200) / 2**0.5
    >>> L = (300 * 200) ** 0.5
    >>> found = spectrum(1.5 * np.outer(u, v) / L + 0.5 * rng.standard_normal((300, 200)) / L**0.5)
    >>> print(len(found.modes), round(found.sigma, 2))
    1 0.5
    """
    matrix = _checked(weights)
    visible, hidden = matrix.shape
    L, root = np.sqrt(visible * hidden), (hidden / visible) ** 0.25
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values[values < 1e-12 * values[0]] = 0.0
    rows, columns = np.sqrt(visible - 1), np.sqrt(hidden)
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


def _checked(weights: Any) -> Any:
    """The weights as a matrix of finite floats."""
    matrix = reals("weights", weights, "a matrix (visible, hidden) of real numbers")
    if matrix.ndim != 2:
        msg = f"weights are a matrix (visible, hidden); this array has the shape {matrix.shape}"
        raise ParameterError(msg)
    if min(matrix.shape) < SMALLEST:
        rows, columns = matrix.shape
        msg = f"a spectrum needs at least {SMALLEST} units in each layer; here are {rows} and {columns}"
        raise ParameterError(msg)
    bad = ~np.isfinite(matrix)
    if np.any(bad):
        row, column = (int(i) for i in np.argwhere(bad)[0])
        msg = f"{int(bad.sum())} weights are not finite, the first one at row {row}, column {column}"
        raise ParameterError(msg)
    if not np.any(matrix):
        msg = "all weights are zero: there is neither a mode nor noise"
        raise ParameterError(msg)
    largest = float(np.max(np.abs(matrix)))
    if not TINY < largest < HUGE:
        msg = f"the largest weight is {largest:g}; sizes between {TINY:g} and {HUGE:g} make sense at T = 1"
        raise ParameterError(msg)
    return matrix


def _mode(value: float, u: Any, v: Any, sigma: float, root: float) -> Mode:
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


def _kurtosis(vector: Any, share: float) -> tuple[float, float]:
    """Excess kurtosis of the components behind the noise, which have this share of the square; its error."""
    n = len(vector)
    visible = np.sum(vector**4) * n - 3
    return float(visible / share**2), float(np.sqrt(24 / n) / share**2)


def _distance(bulk: Any, sigma: float, root: float) -> float:
    """Largest distance between the distribution of singular values and the Marchenko-Pastur law."""
    angle = np.linspace(0, np.pi, 4097)
    square = root**2 + root**-2 - 2 * np.cos(angle)  # (s/sigma)^2, from the lower edge to the upper one
    density = np.sin(angle) ** 2 / np.maximum(square, 1e-300)
    law = np.append(0, np.cumsum(density[1:] + density[:-1]))
    law /= law[-1]
    at = np.interp((np.sort(bulk) / sigma) ** 2, square, law)
    steps = np.arange(len(bulk) + 1) / len(bulk)
    return float(max(np.max(np.abs(at - steps[1:])), np.max(np.abs(at - steps[:-1]))))


def place(weights: Any, law: str | None = None, p: float | None = None) -> Placement:
    """Place a weight matrix on the phase diagram of the spectral RBM, at T = 1.

    Parameters
    ----------
    weights : array, shape (visible, hidden)
        Of an RBM whose units are +-1: P(s, t) ~ exp(s.W t).
    law : {"rademacher", "gaussian", "laplace", "bernoulli"}, optional
        Law of the components; by default the one of the first three with the nearest kurtosis.
    p : float, optional
        For the law bernoulli, the probability that a component is not zero; by default that of the kurtosis
        found, which is 1/p - 3.

    Raises
    ------
    ParameterError, UnknownNameError
        If it is no weight matrix, if there is no such law, or if p is out of place or cannot be told.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> u, v = rng.choice([-1, 1], 400), rng.choice([-1, 1], 400)
    >>> placed = place(2.0 * np.outer(u, v) / 400 + 0.7 * rng.standard_normal((400, 400)) / 20)
    >>> print(placed.law, placed.phase, sep=": ")
    rademacher: ferromagnet, replica symmetric
    """
    if law is not None and law not in LAWS:
        what = "law of the components"
        raise UnknownNameError(what, law, LAWS)
    if p is not None and law != "bernoulli":
        msg = f"p = {p:g} belongs to the law bernoulli; leave it out, or ask for that law"
        raise ParameterError(msg)
    found = spectrum(weights)
    kurtosis = _kurtosis_of(found)
    if law == "bernoulli" and p is None:
        if np.isnan(kurtosis):
            msg = "without a mode there is no kurtosis that would tell p; give the p of the law bernoulli"
            raise ParameterError(msg)
        p = 1 / max(kurtosis + 3, 1.0)
    if law is None:
        here = 0.0 if np.isnan(kurtosis) else kurtosis
        law = min(NEAREST, key=lambda name: abs(NEAREST[name] - here))
    w = found.modes[0].w if found.modes else 0.0
    theory = SpectralRBM(w=w, sigma=found.sigma, kappa=found.kappa, law=law, p=p)
    glass = found.sigma > 1
    onset = 1.0  # for every law; nothing condenses below
    if glass:  # in units of sigma, for which searches know where to look
        cold = SpectralRBM(w=1.0, T=1 / found.sigma, kappa=found.kappa)
        onset = found.sigma * float(critical(cold).value)
    if w <= onset:
        return Placement(found, law, p, kurtosis, "spin glass" if glass else "paramagnet", None)
    state = solve(theory, "ferromagnet")
    phase = f"ferromagnet, replica {'symmetry broken' if float(state.replicon) < 0 else 'symmetric'}"
    return Placement(found, law, p, kurtosis, phase, state)


def _kurtosis_of(found: Spectrum) -> float:
    """Excess kurtosis of all modes together, see `Placement`."""
    root = found.kappa**0.5
    values = [root * mode.kurtosis_u + mode.kurtosis_v / root for mode in found.modes]
    weights = [1 / ((root * mode.error_u) ** 2 + (mode.error_v / root) ** 2) for mode in found.modes]
    return float(np.average(values, weights=weights) / (root + 1 / root)) if values else float("nan")
