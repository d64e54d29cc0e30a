"""Ising spin glasses: Sherrington-Kirkpatrick, and Edwards-Anderson in two and three dimensions.

Both samplers hold many replicas of one disorder sample side by side, each at its own temperature if wanted,
and serve `record` and `ParallelTempering` of `replica.machines.inference.sampling`. Heat-bath dynamics:
under Metropolis' rule a free spin that is visited in order flips at every visit, two of them never forget
their product, and at high temperature all spins are free. H = - sum_(ij) J_ij s_i s_j - h sum_i s_i over
pairs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from replica import interrupts
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import numbers, room, spins, whole
from replica.machines.models.ensembles import Draw, Seed, seed_sequence
from replica.typing import Array, Booleans, Integers

__all__ = [
    "COUPLINGS",
    "DenseIsing",
    "EdwardsAnderson",
    "check_couplings",
    "edwards_anderson",
    "sherrington_kirkpatrick",
]

COUPLINGS = ("gaussian", "spin")


def check_couplings(N: int) -> None:
    """Refuse couplings of all pairs of spins that no memory holds."""
    whole("N", N, 2)
    room(f"couplings of N = {N} spins", 3, N, N, hint="take a smaller N")


def sherrington_kirkpatrick(N: int, seed: Seed, J0: float = 0.0) -> Draw:
    """Couplings of the SK model, symmetric, shape (N, N): mean J0/N, variance 1/N, no diagonal.

    Examples
    --------
    >>> J = sherrington_kirkpatrick(400, seed=1).values
    >>> print(bool(np.all(J == J.T)), f"{400 * J.var():.2f}")
    True 0.99
    """
    check_couplings(N)
    if not math.isfinite(J0):
        msg = f"J0 = {J0} must be a finite number"
        raise ParameterError(msg)
    sequence = seed_sequence(seed)
    upper = np.triu(np.random.default_rng(sequence).normal(J0 / N, 1 / math.sqrt(N), (N, N)), 1)
    return Draw(upper + upper.T, sequence)


def edwards_anderson(L: int, dimension: int, seed: Seed, couplings: str = "gaussian") -> Draw:
    """Couplings of a periodic square or cubic lattice, shape (dimension, L, ..., L), of variance 1.

    Entry [d, x] couples site x to its neighbour in the direction d.

    Examples
    --------
    >>> print(edwards_anderson(4, 3, seed=1, couplings="spin").values.shape)
    (3, 4, 4, 4)
    """
    if dimension not in (2, 3):
        msg = f"dimension = {dimension} must be 2 or 3"
        raise ParameterError(msg)
    _check_lattice(L)
    if couplings not in COUPLINGS:
        raise UnknownNameError(what="law of couplings", name=couplings, known=COUPLINGS)
    room(f"a lattice of L = {L}", dimension, *(L,) * dimension, hint="take a smaller L")
    sequence = seed_sequence(seed)
    rng = np.random.default_rng(sequence)
    shape = (dimension, *(L,) * dimension)
    values = rng.standard_normal(shape) if couplings == "gaussian" else rng.choice([-1.0, 1.0], shape)
    return Draw(values, sequence)


class _Replicas:
    """Replicas with temperatures of their own."""

    def __init__(
        self, shape: tuple[int, ...], chains: int, seed: Seed, T: ArrayLike, start: ArrayLike | None
    ) -> None:
        self.chains = whole("chains", chains)
        room(f"{chains} replicas", chains, 4, *shape, hint="take fewer")
        self.rng = np.random.default_rng(seed_sequence(seed))
        self.spins = self.rng.choice(np.array([-1.0, 1.0]), (chains, *shape))
        if start is not None:
            given = spins("the start", start, f"an array {(chains, *shape)}")
            if given.shape not in (shape, (1, *shape), (chains, *shape)):
                msg = f"the start of shape {given.shape}: give an array {(chains, *shape)} or {shape}"
                raise ParameterError(msg)
            self.spins[...] = given
        self.set_temperature(T)

    @property
    def T(self) -> Array:
        """Temperature of each replica, shape (chains,)."""
        return self._T.copy()

    def set_temperature(self, T: ArrayLike) -> None:
        """Give all replicas one temperature, or each its own."""
        T = numbers("temperatures", T, "one number, or one for each replica")
        if T.shape not in ((), (self.chains,)) or not np.all(T >= 0):
            msg = f"T = {T} must be >= 0, one number or one for each of the {self.chains} replicas"
            raise ParameterError(msg)
        self._T = np.broadcast_to(T, self.chains).copy()


def _flips(cost: Array, T: Array, noise: Array) -> Booleans:
    """Which flips are made, with the heat-bath probability 1/(1 + exp(cost/T)): half of the free ones.

    The noise is logistic: it lies above x with the probability 1/(1 + exp(x)).
    """
    return (cost < T * noise) | ((cost == 0) & (noise > 0))


class DenseIsing(_Replicas):
    """Ising spins with any symmetric couplings, single-spin heat-bath dynamics in fixed order.

    Local fields are kept, so a rejected flip costs nothing. Good for N up to a few thousand.

    Parameters
    ----------
    couplings : array, shape (N, N)
        Symmetric; the diagonal must be zero.
    chains : int
        Number of replicas.
    seed : int or SeedSequence
    T : float or array of shape (chains,)
        At T = 0 flips that lower the energy are made, and half of those that keep it.
    field : float or array of shape (N,)
        External field h.
    spins : array, optional
        Where to start, broadcast to (chains, N); random by default.

    Examples
    --------
    >>> J = sherrington_kirkpatrick(200, seed=1).values
    >>> ising = DenseIsing(J, chains=50, seed=2, T=2.0)
    >>> ising.sweep(60)
    >>> print(f"{ising.energy().mean() / 200:.2f}")  # -1/(2T) for large N
    -0.25
    """

    def __init__(
        self,
        couplings: ArrayLike,
        chains: int,
        seed: Seed,
        *,
        T: ArrayLike,
        field: ArrayLike = 0.0,
        spins: ArrayLike | None = None,
    ) -> None:
        J = numbers("couplings", couplings, "a symmetric matrix with a zero diagonal")
        if J.ndim != 2 or J.shape[0] != J.shape[1] or not np.array_equal(J, J.T) or np.any(np.diag(J)):
            msg = f"couplings of shape {J.shape} must be a symmetric matrix with a zero diagonal"
            raise ParameterError(msg)
        super().__init__((len(J),), chains, seed, T, spins)
        given = numbers("field", field, f"one number, or {len(J)} of them")
        if given.shape not in ((), (1,), (len(J),)):
            msg = f"field of shape {given.shape}: give one number, or {len(J)} of them"
            raise ParameterError(msg)
        self.couplings, self.field = J, np.broadcast_to(given, len(J))
        self._local = self.spins @ J + self.field

    def sweep(self, count: int = 1) -> None:
        """Visit every spin of every replica, `count` times."""
        N = len(self.couplings)
        for _ in range(count):
            interrupts.check()
            noise = self.rng.logistic(size=(N, self.chains))
            for i in range(N):
                cost = 2 * self.spins[:, i] * self._local[:, i]
                flip = np.flatnonzero(_flips(cost, self._T, noise[i]))
                if flip.size:
                    self.spins[flip, i] *= -1
                    self._local[flip] += np.multiply.outer(2 * self.spins[flip, i], self.couplings[i])

    def energy(self) -> Array:
        """H of each replica."""
        return -np.sum(self.spins * (self.spins @ self.couplings / 2 + self.field), axis=1)


class EdwardsAnderson(_Replicas):
    """Ising spins on a periodic square or cubic lattice of even size, checkerboard heat-bath dynamics.

    All sites of one colour are updated at once: they do not feel each other.

    Parameters
    ----------
    couplings : array, shape (dimension, L, ..., L)
        As `edwards_anderson` draws them; all ones is the ferromagnet.
    chains : int
        Number of replicas.
    seed : int or SeedSequence
    T : float or array of shape (chains,)
    field : float
        External field h.

    Examples
    --------
    >>> lattice = EdwardsAnderson(np.ones((2, 32, 32)), chains=100, seed=1, T=4.0)
    >>> lattice.sweep(200)
    >>> print(f"{lattice.energy().mean() / 32**2:.2f}")  # exactly -0.557 (Onsager)
    -0.56
    """

    def __init__(
        self,
        couplings: ArrayLike,
        chains: int,
        seed: Seed,
        *,
        T: ArrayLike,
        field: float = 0.0,
        spins: ArrayLike | None = None,
    ) -> None:
        J = numbers("couplings", couplings, "an array (2, L, L) or (3, L, L, L)")
        if J.ndim not in (3, 4) or J.shape[0] != J.ndim - 1 or len(set(J.shape[1:])) != 1:
            msg = f"couplings of shape {J.shape}: give (2, L, L) or (3, L, L, L)"
            raise ParameterError(msg)
        _check_lattice(J.shape[1])
        super().__init__(J.shape[1:], chains, seed, T, spins)
        if np.ndim(field) or not math.isfinite(field):
            msg = f"field = {field} must be a finite number"
            raise ParameterError(msg)
        self.couplings, self.field = J, float(field)
        colour = np.indices(J.shape[1:]).sum(axis=0) % 2
        self._colours = tuple(np.flatnonzero(colour.ravel() == c) for c in (0, 1))
        # neighbours of every site and the couplings to them, both directions of every axis
        site = np.arange(colour.size).reshape(colour.shape)
        self._neighbours = np.stack(
            [np.roll(site, -s, d).ravel() for d in range(J.ndim - 1) for s in (1, -1)]
        )
        self._bonds = np.stack(
            [(J[d] if s == 1 else np.roll(J[d], 1, d)).ravel() for d in range(J.ndim - 1) for s in (1, -1)]
        )

    def sweep(self, count: int = 1) -> None:
        """Update the sites of either colour, `count` times."""
        flat = self.spins.reshape(self.chains, -1)
        for _ in range(count):
            interrupts.check()
            for sites in self._colours:
                local = self._local(flat, sites)
                here = flat[:, sites]
                flips = _flips(2 * here * local, self._T[:, None], self.rng.logistic(size=local.shape))
                flat[:, sites] = np.where(flips, -here, here)

    def _local(self, flat: Array, sites: Integers) -> Array:
        """Fields on some sites: those of one colour feel the other colour only."""
        local = np.full((self.chains, len(sites)), float(self.field))
        for neighbour, bond in zip(self._neighbours, self._bonds, strict=True):
            local += bond[sites] * flat[:, neighbour[sites]]
        return local

    def energy(self) -> Array:
        """H of each replica."""
        flat = self.spins.reshape(self.chains, -1)
        every = np.arange(flat.shape[1])
        return -np.sum(flat * (self._local(flat, every) + self.field), axis=1) / 2


def _check_lattice(L: int) -> None:
    if whole("L", L) < 4 or L % 2:
        msg = f"L = {L} must be even and at least 4: a checkerboard has two colours"
        raise ParameterError(msg)
