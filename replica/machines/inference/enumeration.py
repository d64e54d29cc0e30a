"""Spin glasses of finite size, exactly: the energies of all 2^N configurations, for samples of the disorder.

The disorder is drawn from seeded generators, one for each sample (`numpy.random.SeedSequence`): the same seed
gives the same samples, however many are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, logsumexp

from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import numbers, room, whole
from replica.typing import Array

__all__ = [
    "MODELS",
    "MOST_SPINS",
    "Enumerations",
    "log_partition",
    "random_energies",
    "random_energy_moments",
    "sample",
    "spin_glass_energies",
    "spin_glass_moments",
]

MOST_SPINS = 22
"""Largest N: 2^22 energies take 32 MiB."""

Energies: TypeAlias = Callable[[int, np.random.Generator], Any]


def spin_glass_energies(N: int, rng: np.random.Generator, *, J0: float = 0.0, h: float = 0.0) -> Array:
    """Energies of all configurations of one sample of the Sherrington-Kirkpatrick spin glass.

    H = -sum_{i<j} J_ij S_i S_j - h sum_i S_i, the couplings of mean J0/N and variance 1/N. Spin by spin: the
    field of the next spin is known for all configurations of those before it, and doubles their number. That
    costs a few additions for each configuration.

    Parameters
    ----------
    N : int
        Number of spins, 1 to `MOST_SPINS`.
    rng : numpy.random.Generator
    J0, h : float
        Ferromagnetic bias and field, in units of J.

    Returns
    -------
    array, shape (2^N,)
        Configuration k has spin i down where bit i of k is set.

    Examples
    --------
    >>> energies = spin_glass_energies(3, np.random.default_rng(1), h=0.5)
    >>> print(energies.shape, f"{energies.mean():.12f}")
    (8,) 0.000000000000
    """
    _check_size(N)
    couplings = J0 / N + rng.standard_normal((N, N)) / np.sqrt(N)
    energies = np.zeros(1)
    for i in range(N):
        field = np.full(1, float(h))
        for j in range(i):
            field = np.concatenate([field + couplings[i, j], field - couplings[i, j]])
        energies = np.concatenate([energies - field, energies + field])
    return energies


def random_energies(N: int, rng: np.random.Generator) -> Array:
    """Energies of one sample of the random energy model: 2^N independent Gaussians of variance N/2.

    Examples
    --------
    >>> print(random_energies(10, np.random.default_rng(1)).shape)
    (1024,)
    """
    _check_size(N)
    return rng.standard_normal(2**N) * np.sqrt(N / 2)


MODELS: Mapping[str, Energies] = {
    "sherrington-kirkpatrick": spin_glass_energies,
    "random-energy": random_energies,
}
"""What can be enumerated, by the name of its theory."""


def log_partition(energies: ArrayLike, T: ArrayLike) -> Array:
    """Logarithm of the partition function at temperatures T > 0, shape ``(*T.shape,)``.

    Examples
    --------
    >>> print(f"{log_partition(np.array([-1.0, 1.0]), 1.0):.12f}")  # ln 2cosh 1
    1.126928011043
    """
    T = numbers("T", T, "temperatures > 0")
    energies = numbers("energies", energies)
    if energies.ndim != 1 or not energies.size:
        msg = f"energies of shape {energies.shape}: give a list of the energies of all configurations"
        raise ParameterError(msg)
    if not np.all(T > 0):
        msg = f"a partition function needs temperatures T > 0, not {T}; at T = 0 take the lowest energy"
        raise ParameterError(msg)
    return np.array([logsumexp(-energies / t) for t in T.ravel()]).reshape(T.shape)[()]


@dataclass(frozen=True)
class Enumerations:
    """Samples of the disorder of one model at one size.

    Attributes
    ----------
    N : int
    T : array, shape (n_T,)
    log_Z : array, shape (n_samples, n_T)
    participation : array, shape (n_samples, n_T)
        sum of the squares of the Boltzmann weights.
    ground_state : array, shape (n_samples,)
        Lowest energy, per spin.
    """

    N: int
    T: Array
    log_Z: Array
    participation: Array
    ground_state: Array

    @property
    def free_energy(self) -> Array:
        """Free energy per spin of every sample, shape (n_samples, n_T)."""
        return -self.T * self.log_Z / self.N

    def moment(self, n: ArrayLike) -> tuple[Array, Array]:
        """Return ln E[Z^n]/(n N) and its standard error, for one or more n; E ln Z / N where n = 0.

        The error is that of the sample mean, to first order. At low temperature and n near 1 the mean is
        carried by rare samples, which neither the mean nor the error then knows of; `random_energy_moments`
        and `spin_glass_moments` have a way around.

        Parameters
        ----------
        n : float or array, shape (k,)

        Returns
        -------
        value, error : array, shape (k, n_T)
        """
        n = numbers("n", n)[..., None, None]
        count = len(self.log_Z)
        center = np.mean(self.log_Z, axis=0)
        size = np.where(n == 0, 1.0, n)
        power = np.exp(n * (self.log_Z - center))
        mean, spread = np.mean(power, axis=-2), np.std(power, axis=-2, ddof=1)
        plain = np.broadcast_to(np.std(self.log_Z, axis=0, ddof=1), mean.shape)
        zero, size = n[..., 0, :] == 0, size[..., 0, :]
        value = center + np.where(zero, 0.0, np.log(mean) / size)
        error = np.where(zero, plain, spread / mean / np.abs(size))
        return value / self.N, error / np.sqrt(count) / self.N


def sample(model: str, N: int, T: ArrayLike, *, samples: int, seed: int) -> Enumerations:
    """Enumerate samples of a model.

    Parameters
    ----------
    model : str
        A name in `MODELS`.
    N : int
        Number of spins.
    T : float or array, shape (n_T,)
        Temperatures > 0.
    samples : int
        Number of samples of the disorder, at least 2.
    seed : int
        Of the `SeedSequence` from which every sample gets a generator of its own.

    Examples
    --------
    >>> few = sample("random-energy", 10, 0.8, samples=100, seed=1)
    >>> print(f"{few.free_energy.mean():.4f} +- {few.free_energy.std(ddof=1) / 10:.4f}")
    -0.8509 +- 0.0032
    """
    if model not in MODELS:
        what = "model to enumerate"
        raise UnknownNameError(what, model, MODELS)
    _check_samples(samples)
    T = np.atleast_1d(numbers("T", T, "temperatures > 0"))
    if T.ndim != 1 or not T.size:
        msg = f"T of shape {T.shape}: give one temperature, or a list of them"
        raise ParameterError(msg)
    room(f"{samples} samples", samples, 2 * T.size + 1, hint="take fewer")
    log_Z, participation = np.empty((samples, T.size)), np.empty((samples, T.size))
    lowest = np.empty(samples)
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(samples)):
        energies = MODELS[model](N, np.random.default_rng(child))
        log_Z[i] = log_partition(energies, T)
        participation[i] = np.exp(log_partition(energies, T / 2) - 2 * log_Z[i])
        lowest[i] = energies.min() / N
    return Enumerations(N, T, log_Z, participation, lowest)


def random_energy_moments(n: ArrayLike, N: int, T: float) -> Array:
    """Moments ln E[Z^n]/(n N) of the random energy model without sampling, E ln Z / N where n = 0.

    The 2^N energies are independent, so E[exp(-t Z)] = g(t)^(2^N) with a one-dimensional integral g. Then
    E[Z^n] = n/Gamma(1 - n) int dt t^(-n-1) (1 - g^(2^N)) for 0 < n < 1, and
    E ln Z = int dt (exp(-t) - g^(2^N))/t.

    Parameters
    ----------
    n : float or array, shape (k,)
        In [0, 1]; at n = 1 the average is known, ln 2 + 1/(4 T^2).
    N : int
        Number of spins, at most 400, and less than 1458 T^2.
    T : float
        Temperature > 0.

    Returns
    -------
    array, shape (k,)

    Examples
    --------
    >>> print(random_energy_moments([0.0, 0.5, 1.0], 20, 0.4).round(9))
    [1.96252239 2.01442404 2.25564718]
    """
    n = numbers("n", n, "numbers from 0 to 1")
    scale = np.sqrt(N / 2) / T if T > 0 else np.inf
    if not (np.all((n >= 0) & (n <= 1)) and 1 <= N <= 400 and scale < 27):
        msg = f"moments are computed for 0 <= n <= 1, 1 <= N <= 400 and N < 1458 T^2, not n={n}, N={N}, T={T}"
        raise ParameterError(msg)
    # Trapezoidal rules in u = ln t and in ln(t exp(-E/T)) = u + scale z, of one step: g is a convolution. All
    # integrands are analytic in a strip of half-width pi/2, and errors are exp(-pi^2/step).
    step = 0.25
    top = N * np.log(2) + scale**2 / 2  # ln E Z
    shifts = np.arange(-int(14 * scale / step), int((scale + 14) * scale / step) + 1)
    density = np.exp(-((shifts * step / scale) ** 2) / 2) * step / scale / np.sqrt(2 * np.pi)
    # E Z is carried by samples with Z up to exp(scale^2): 1 - g^(2^N) is t E Z only below t = exp(-scale^2)
    lowest = max(top, scale**2) + 10 * scale + 60
    u = step * np.arange(-int(lowest / step), int((14 * scale + 10) / step) + 1)
    v = step * np.arange(round(u[0] / step) + shifts[0], round(u[-1] / step) + shifts[-1] + 1)
    miss = np.correlate(-np.expm1(-np.exp(np.clip(v, -745, 7))), density, "valid")  # 1 - g
    with np.errstate(divide="ignore"):
        log_none = 2.0**N * np.log1p(-np.minimum(miss, 1.0))
    some = -np.expm1(log_none)

    def one(k: float) -> float:
        if k == 0:
            return float(np.sum(np.exp(-np.exp(np.minimum(u, 7))) - np.exp(log_none)) * step / N)
        if k == 1:
            return float(top / N)
        # the sums go on for ever: below the range 1 - g^(2^N) is exp(top + u), above it is 1
        below = top + (1 - k) * u[0] - np.log(np.expm1((1 - k) * step))
        above = -k * u[-1] - np.log(np.expm1(k * step))
        inside = logsumexp(-k * u, b=some)
        total = logsumexp([below, inside, above]) + np.log(step * k) - gammaln(1 - k)
        return float(total / (k * N))

    return np.array([one(float(k)) for k in n.ravel()]).reshape(n.shape)[()]


def spin_glass_moments(
    n: ArrayLike, N: int, T: float, *, samples: int = 300, seed: int = 1
) -> tuple[Array, Array]:
    """Moments ln E[Z^n]/(n N) of the Sherrington-Kirkpatrick spin glass, h = 0; E ln Z / N where n = 0.

    At n near 1 and low temperature the mean is carried by samples too rare to be drawn. Those with a
    configuration that was planted in them are drawn instead: couplings of mean n/(T N), after a gauge
    transformation. Their density, summed over all configurations, is that of the couplings times
    2^-N exp(-(N - 1) n^2/(4 T^2)) Z(T/n), a partition function too, so that

        E[Z(T)^n] = 2^N exp((N - 1) n^2/(4 T^2)) E_planted[Z(T)^n/Z(T/n)]

    The ratio varies little; at n = 1 it is 1, and the moment exact.

    Parameters
    ----------
    n : float or array, shape (k,)
        In [0, 1].
    N : int
        Number of spins, 1 to `MOST_SPINS`.
    T : float
        Temperature > 0.
    samples : int
        Samples of the disorder, at least 2; all n use the same ones, but for their mean.
    seed : int
        Of the `SeedSequence` from which every sample gets a generator of its own.

    Returns
    -------
    value, error : array, shape (k,)
        The error is the standard error, to first order.

    Examples
    --------
    >>> value, error = spin_glass_moments([0.0, 0.5, 1.0], 8, 0.4, samples=100)
    >>> print(value.round(4), error.round(4))
    [1.6089 1.7539 2.0603] [0.025  0.0103 0.    ]
    """
    n = numbers("n", n, "numbers from 0 to 1")
    if not (np.all((n >= 0) & (n <= 1)) and T > 0):
        msg = f"moments are computed for 0 <= n <= 1 and T > 0, not n={n}, T={T}"
        raise ParameterError(msg)
    _check_samples(samples)
    children = np.random.SeedSequence(seed).spawn(samples)

    def one(k: float) -> tuple[float, float]:
        log_ratio = np.empty(samples)
        for i, child in enumerate(children):
            energies = spin_glass_energies(N, np.random.default_rng(child), J0=k / T)
            log_Z = log_partition(energies, [T, T / k] if k else [T])
            log_ratio[i] = k * log_Z[0] - log_Z[1] if k else log_Z[0]
        center, scatter = np.mean(log_ratio), np.std(log_ratio, ddof=1)
        if k == 0:
            return float(center / N), float(scatter / np.sqrt(samples) / N)
        ratio = np.exp(log_ratio - center)
        mean = np.mean(ratio)
        total = center + np.log(mean) + N * np.log(2) + (N - 1) * (k / T) ** 2 / 4
        error = np.std(ratio, ddof=1) / mean / np.sqrt(samples)
        return float(total / (k * N)), float(error / (k * N))

    value, error = np.array([one(float(k)) for k in n.ravel()]).reshape(*n.shape, 2).T
    return value.T[()], error.T[()]


def _check_samples(samples: int) -> None:
    if isinstance(samples, int | np.integer) and samples < 2:
        msg = f"{samples} samples give no error; take at least 2"
        raise ParameterError(msg)
    room(f"{whole('samples', samples, 2)} samples", samples, 100, hint="take fewer")  # a seed for each


def _check_size(N: int) -> None:
    if not 1 <= N <= MOST_SPINS or int(N) != N:
        msg = f"N = {N} spins cannot be enumerated; N is a whole number from 1 to {MOST_SPINS}"
        raise ParameterError(msg)
