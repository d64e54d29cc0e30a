r"""The Hopfield network at finite N, kept as its patterns: J is never built.

    H = -(1/2) sum_{i != j} J_ij s_i s_j,   J_ij = (1/N) sum_mu xi_i xi_j,   as in the theory `hopfield`

All that a spin feels is h_i = (1/N) sum_mu xi_i (xi . s) - alpha s_i, so the P overlaps xi . s stand for the
N^2 couplings. Patterns are int8, blocks of them become floats in the cache; overlaps are whole numbers and
exact. N = 10^4, alpha = 0.1 takes 10 MB.

Two dynamics at T = 0. `sequential` flips single spins that lie against their field: it ends in a minimum of
H. `parallel` sets all hidden overlaps, then all spins to the sign of sum_mu xi_i (xi . s), as the machine
with Gaussian hidden units does: that field holds the term + alpha s_i of the diagonal, so its fixed points
are more (every minimum of H is one, not the other way round), and near the capacity it keeps states that
single flips leave. A capacity read off the parallel dynamics is too large.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica import interrupts
from replica.errors import ParameterError, ReplicaWarning, UnknownNameError
from replica.machines.data.given import not_negative, room, spins, whole
from replica.machines.models import ensembles
from replica.machines.models.ensembles import Seed
from replica.machines.models.measures import pattern_doubt
from replica.typing import Array, Floats, Spins

__all__ = ["HopfieldNetwork", "Relaxed", "Trajectory"]

DYNAMICS = ("sequential", "parallel")
_BLOCK = 2**17
"""Entries of the patterns that are floats at a time: half a megabyte, to stay in the cache."""
_EXACT = 2**24
"""Whole numbers below are exact in float32."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A state at T = 0.

    Attributes
    ----------
    spins : array of int8, shape (N,)
        The state.
    overlaps : array, shape (P,)
        m_mu = xi . s/N.
    energy : float
        H/N.
    sweeps : int
        Sweeps that were made, the last one without a flip if `converged`.
    converged : bool
        Whether no spin wants to flip.
    dynamics : str
        `sequential` or `parallel`.
    """

    spins: Spins
    overlaps: Array
    energy: float
    sweeps: int
    converged: bool
    dynamics: str


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Measurements along a Glauber dynamics, one after each sweep.

    Attributes
    ----------
    spins : array of int8, shape (N,)
        The last state.
    overlaps : array, shape (sweeps, P or fewer)
        Overlaps with the watched patterns.
    energy : array, shape (sweeps,)
        H/N.
    mean_spins : array, shape (N,)
        Time averages <s_i>.
    T : float
        Temperature.
    seed : SeedSequence
        Seed of the dynamics.
    """

    spins: Spins
    overlaps: Array
    energy: Array
    mean_spins: Array
    T: float
    seed: np.random.SeedSequence


@dataclass(frozen=True, eq=False)
class HopfieldNetwork:
    """Hopfield network with given patterns.

    Parameters
    ----------
    patterns : array, shape (P, N)
        Patterns of -1 and +1; kept as int8. A `ReplicaWarning` tells where they are correlated or biased,
        since theories speak of independent, unbiased ones.
    seed : SeedSequence, optional
        Seed of the patterns, where they are random.

    Examples
    --------
    >>> network = HopfieldNetwork.random(N=2000, alpha=0.05, seed=1)
    >>> start = network.corrupted(pattern=0, overlap=0.5, seed=2)
    >>> end = network.relax(start)
    >>> print(f"{end.overlaps[0]:.3f} {end.energy:.3f} {end.converged}")
    1.000 -0.499 True
    """

    patterns: Any
    seed: np.random.SeedSequence | None = None

    def __post_init__(self) -> None:
        xi = spins("patterns", self.patterns, "an array (patterns, neurons)")
        if xi.ndim != 2 or 0 in xi.shape:
            msg = f"patterns of shape {xi.shape}: give an array (patterns, neurons), at least one of each"
            raise ParameterError(msg)
        doubt = pattern_doubt(xi)
        if doubt:
            msg = f"{doubt}; capacities and states of the theory are those of independent, unbiased patterns"
            warnings.warn(msg, ReplicaWarning, stacklevel=3)
        # the patterns of one neuron side by side: a block of neurons is then one piece of memory
        object.__setattr__(self, "patterns", np.ascontiguousarray(xi.T).T)

    @classmethod
    def random(cls, N: int, alpha: float, seed: Seed) -> HopfieldNetwork:
        """Network of round(alpha N) random patterns.

        Raises
        ------
        ParameterError
            If that is less than one pattern.
        """
        draw = ensembles.patterns(ensembles.pattern_count(N, alpha), N, seed)
        return cls(draw.values, draw.seed)

    @property
    def N(self) -> int:
        """Number of neurons."""
        return int(self.patterns.shape[1])

    @property
    def P(self) -> int:
        """Number of patterns."""
        return int(self.patterns.shape[0])

    @property
    def alpha(self) -> float:
        """Load P/N."""
        return self.P / self.N

    def corrupted(self, pattern: int, overlap: float, seed: Seed) -> Spins:
        """A pattern with spins flipped at random until the overlap is the given one, to the next spin."""
        if not 0 <= pattern < self.P:
            msg = f"pattern {pattern} does not exist; the network has patterns 0 to {self.P - 1}"
            raise ParameterError(msg)
        if not -1 <= overlap <= 1:
            msg = f"overlap = {overlap} must lie in [-1, 1]"
            raise ParameterError(msg)
        s = self.patterns[pattern].copy()
        count = round(self.N * (1 - overlap) / 2)
        rng = np.random.default_rng(ensembles.seed_sequence(seed))
        s[rng.choice(self.N, count, replace=False)] *= -1
        return s

    def overlaps(self, spins: ArrayLike) -> Array:
        """Overlaps m_mu = xi . s/N with all patterns, shape (P,)."""
        return self._projections(self._state(spins)) / self.N

    def energy(self, spins: ArrayLike) -> float:
        """H/N of a state."""
        return self._energy(self._projections(self._state(spins)))

    def relax(self, spins: ArrayLike, dynamics: str = "sequential", most_sweeps: int = 200) -> Relaxed:
        """Descend at T = 0 until no spin wants to flip.

        Parameters
        ----------
        spins : array, shape (N,)
            Where to start.
        dynamics : {"sequential", "parallel"}
            Single flips, or all spins at once; see the head of this module for how they differ.
        most_sweeps : int
            Sweeps after which the search is given up, with ``converged=False``.
        """
        if dynamics not in DYNAMICS:
            raise UnknownNameError(what="dynamics", name=dynamics, known=DYNAMICS)
        s = self._state(spins).copy()
        M = self._projections(s)
        sweeps, flips = 0, 1
        while flips and sweeps < most_sweeps:
            sweeps += 1
            if dynamics == "parallel":
                M, flips = self._parallel_sweep(s, M)
            else:
                flips = self._sequential_sweep(s, M, None)
        return Relaxed(s, M / self.N, self._energy(M), sweeps, not flips, dynamics)

    def glauber(self, spins: ArrayLike, T: float, sweeps: int, seed: Seed, *, watch: int = 1) -> Trajectory:
        """Heat-bath dynamics at temperature T, neuron by neuron in fixed order.

        Parameters
        ----------
        spins : array, shape (N,)
            Where to start.
        T : float
            Temperature, >= 0; at T = 0 spins follow their fields.
        sweeps : int
            Updates of every neuron.
        watch : int
            Number of patterns, from the first, whose overlaps are recorded.

        Examples
        --------
        One pattern is a Curie-Weiss magnet, m = tanh(m/T), up to 1/N:

        >>> network = HopfieldNetwork(np.ones((1, 4000), dtype=np.int8))
        >>> run = network.glauber(np.ones(4000), T=0.5, sweeps=200, seed=1)
        >>> print(f"{run.overlaps[50:, 0].mean():.2f}")  # exactly 0.9575
        0.96
        """
        not_negative("T", T)
        watch = min(whole("watch", watch), self.P)
        room(f"{sweeps} sweeps", whole("sweeps", sweeps), watch + 1, hint="take fewer")
        sequence = ensembles.seed_sequence(seed)
        rng = np.random.default_rng(sequence)
        s = self._state(spins).copy()
        M = self._projections(s)
        overlaps, energy, total = np.empty((sweeps, watch)), np.empty(sweeps), np.zeros(self.N)
        for t in range(sweeps):
            interrupts.check()
            # s_i = +1 with probability 1/(1 + exp(-2 h_i/T)): where the field exceeds a logistic threshold
            threshold = T / 2 * special.logit(rng.random(self.N)) if T else None
            self._sequential_sweep(s, M, threshold)
            overlaps[t], energy[t] = M[:watch] / self.N, self._energy(M)
            total += s
        return Trajectory(s, overlaps, energy, total / sweeps, T, sequence)

    # -- one sweep; M holds the projections xi . s -------------------------------------------------------

    def _parallel_sweep(self, s: Spins, M: Floats) -> tuple[Floats, int]:
        """All spins at once, diagonal included; a spin without field stays. Returns projections and flips."""
        after, flips = np.zeros_like(M), 0
        for rows, x in self._blocks():
            field = x @ M
            new = np.where(field == 0, s[rows], np.sign(field)).astype(np.int8)
            flips += int(np.count_nonzero(new != s[rows]))
            s[rows] = new
            after += new.astype(x.dtype) @ x
        return after, flips

    def _sequential_sweep(self, s: Spins, M: Floats, threshold: Array | None) -> int:
        """Spin by spin, s and M in place; work is done at flips only. Returns their number."""
        flips = 0
        level = np.zeros(self.N) if threshold is None else threshold
        for rows, x in self._blocks():
            here, excess = s[rows], level[rows]
            field = (x @ M - x.dtype.type(self.P) * here) / self.N
            first = 0
            while True:
                wrong = (field[first:] - excess[first:]) * here[first:] < 0
                step = int(np.argmax(wrong))
                if not wrong[step]:
                    break
                i = first + step
                here[i] = -here[i]
                change = 2.0 * here[i]
                coupling = x @ x[i]
                coupling[i] = 0.0
                field += coupling * (change / self.N)
                M += x[i] * M.dtype.type(change)
                flips += 1
                first = i + 1
                if first == len(here):
                    break
        return flips

    # -- helpers -----------------------------------------------------------------------------------------

    def _blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Blocks of neurons and their patterns as floats, wide enough for sums that are whole numbers."""
        dtype = np.float32 if self.P * self.N < _EXACT else np.float64
        size = max(1, _BLOCK // self.P)
        for first in range(0, self.N, size):
            rows = slice(first, min(first + size, self.N))
            yield rows, self.patterns.T[rows].astype(dtype)

    def _projections(self, s: Spins) -> Any:
        """Products xi . s for every pattern: whole numbers, as floats."""
        return sum(s[rows].astype(x.dtype) @ x for rows, x in self._blocks())

    def _energy(self, M: Floats) -> float:
        M = M.astype(float)
        return float(-(M @ M) / (2 * self.N**2) + self.alpha / 2)

    def _state(self, state: ArrayLike) -> Spins:
        s = spins("the state", state, f"an array of {self.N} neurons")
        if s.shape != (self.N,):
            msg = f"a state is an array of {self.N} spins -1, +1, not one of shape {s.shape}"
            raise ParameterError(msg)
        return s
