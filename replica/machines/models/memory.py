r"""Spins that are coupled by any matrix: associative memories of any learning rule, at finite N.

    h_i = sum_j J_ij s_j + field_i,   J_ii = 0

`RULES` makes J of patterns of any law, one row each. Dynamics at T = 0 are `sequential`, which ends in a
minimum of -s J s/2 where J is symmetric, and `parallel`, which may end in a cycle, as sequential dynamics may
where J is not symmetric: `Settled` tells the period. At T > 0 spins follow heat baths, one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from replica import interrupts
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import room, spins, whole
from replica.machines.models import ensembles
from replica.machines.models.ensembles import Seed
from replica.typing import Array, Spins

__all__ = ["RULES", "Memory", "Run", "Settled", "couplings"]

DYNAMICS = ("sequential", "parallel")


@dataclass(frozen=True, eq=False)
class Settled:
    """A state at T = 0.

    Attributes
    ----------
    spins : array of int8, shape (N,)
        The state, or one of its cycle.
    energy : float
        -s J s/(2 N) - field s/N.
    sweeps : int
        Sweeps that were made.
    period : int
        1 at a fixed point, the length of a cycle where the dynamics came back to a state, 0 where it was
        given up.
    """

    spins: Spins
    energy: float
    sweeps: int
    period: int


@dataclass(frozen=True, eq=False)
class Run:
    """A run at T > 0.

    Attributes
    ----------
    spins : array of int8, shape (N,)
        The last state.
    mean : array, shape (N,)
        Time averages of the spins.
    overlaps : array, shape (sweeps, n)
        With the watched patterns, after each sweep.
    energy : array, shape (sweeps,)
        Per spin.
    """

    spins: Spins
    mean: Array
    overlaps: Array
    energy: Array


@dataclass(frozen=True, eq=False)
class Memory:
    """Spins with given couplings.

    Parameters
    ----------
    couplings : array, shape (N, N)
        J; row i is what spin i feels. The diagonal does not count.
    field : array, shape (N,), or float
        Field on each spin.

    Examples
    --------
    >>> xi = np.random.default_rng(1).choice([-1.0, 1.0], (30, 300))
    >>> memory = Memory(couplings(xi, "pseudo-inverse"))
    >>> end = memory.settle(xi[0])
    >>> print(end.period, (end.spins == xi[0]).all())
    1 True
    """

    couplings: Array
    field: Any = 0.0

    def __post_init__(self) -> None:
        J = np.array(self.couplings, dtype=float)
        if J.ndim != 2 or J.shape[0] != J.shape[1] or not np.all(np.isfinite(J)):
            msg = f"couplings of shape {J.shape}: give a square matrix of finite numbers"
            raise ParameterError(msg)
        np.fill_diagonal(J, 0.0)
        object.__setattr__(self, "couplings", J)

    @property
    def N(self) -> int:
        """Number of spins."""
        return len(self.couplings)

    def energy(self, state: ArrayLike) -> float:
        """Energy per spin, without the diagonal of J."""
        s = self._state(state).astype(float)
        return float(-(s @ self.couplings @ s) / 2 - np.sum(self.field * s)) / self.N

    def settle(self, state: ArrayLike, dynamics: str = "sequential", most_sweeps: int = 200) -> Settled:
        """Follow the fields at T = 0 until nothing changes, or a state comes back.

        Parameters
        ----------
        state : array, shape (N,)
            Where to start.
        dynamics : {"sequential", "parallel"}
            Spin by spin, or all spins at once. A spin without field stays.
        most_sweeps : int
            Sweeps after which the search is given up.
        """
        if dynamics not in DYNAMICS:
            raise UnknownNameError(what="dynamics", name=dynamics, known=DYNAMICS)
        s = self._state(state).copy()
        seen = {s.tobytes(): 0}
        for sweep in range(1, most_sweeps + 1):
            before = s.copy()
            h = self.couplings @ s + self.field
            if dynamics == "parallel":
                s = np.where(h == 0, s, np.sign(h)).astype(np.int8)
            else:
                self._sweep(s, h, np.zeros(self.N))
            if np.array_equal(s, before):
                return Settled(s, self.energy(s), sweep, 1)
            key = s.tobytes()
            if key in seen:
                return Settled(s, self.energy(s), sweep, sweep - seen[key])
            seen[key] = sweep
        return Settled(s, self.energy(s), most_sweeps, 0)

    def heat_bath(self, state: ArrayLike, T: float, sweeps: int, seed: Seed, watch: ArrayLike = ()) -> Run:
        """Heat baths at temperature T > 0, spin by spin in fixed order.

        Parameters
        ----------
        state : array, shape (N,)
            Where to start.
        T : float
            Temperature.
        sweeps : int
            Updates of every spin.
        seed : int or SeedSequence
            Of the dynamics.
        watch : array, shape (n, N)
            Patterns whose overlaps are recorded.
        """
        if not 0 < T < math.inf:
            msg = f"T = {T} must be a positive number"
            raise ParameterError(msg)
        rng = np.random.default_rng(ensembles.seed_sequence(seed))
        s = self._state(state).copy()
        watched = np.reshape(np.asarray(watch, dtype=float), (-1, self.N))
        room(f"{sweeps} sweeps", whole("sweeps", sweeps), len(watched) + 1, hint="take fewer")
        overlaps, energy, total = np.empty((sweeps, len(watched))), np.empty(sweeps), np.zeros(self.N)
        h = self.couplings @ s + self.field
        for t in range(sweeps):
            interrupts.check()
            u = rng.random(self.N)
            self._sweep(s, h, T / 2 * np.log(u / (1 - u)))
            total += s
            overlaps[t] = watched @ s / self.N
            energy[t] = -(s @ (h + self.field)) / (2 * self.N)
        return Run(s, total / max(sweeps, 1), overlaps, energy)

    def _sweep(self, s: Spins, h: Array, level: Array) -> None:
        """Spin by spin: up where the field exceeds its level. Work is done at flips only."""
        first = 0
        while first < len(s):
            wrong = (h[first:] - level[first:]) * s[first:] < 0
            step = int(np.argmax(wrong))
            if not wrong[step]:
                return
            i = first + step
            s[i] = -s[i]
            h += self.couplings[:, i] * (2.0 * s[i])
            first = i + 1

    def _state(self, state: ArrayLike) -> Spins:
        s = spins("the state", state, f"an array of {self.N} spins")
        if s.shape != (self.N,):
            msg = f"a state is an array of {self.N} spins -1, +1, not one of shape {s.shape}"
            raise ParameterError(msg)
        return s


# -- learning rules ----------------------------------------------------------------------------------------


def couplings(patterns: ArrayLike, rule: str = "hebb", seed: Seed = 0, **settings: float) -> Array:
    """Couplings that a learning rule makes of patterns.

    Parameters
    ----------
    patterns : array, shape (P, N)
        Patterns of any law, of mean 0 and variance 1.
    rule : str
        One of `RULES`.
    seed : int or SeedSequence
        Of bonds that are drawn (`diluted`, `asymmetric`).
    **settings : float
        ``t`` of `dreaming`; ``c``, the share of bonds that is kept, of `diluted` and `asymmetric`; ``cut`` of
        `three-level` and `saturated`.

    Returns
    -------
    array, shape (N, N)
        With its diagonal.

    Examples
    --------
    >>> xi = np.array([[1.0, -1.0, 1.0, 1.0]])
    >>> print(couplings(xi, "hebb")[0])
    [ 0.25 -0.25  0.25  0.25]
    """
    xi = np.asarray(patterns, dtype=float)
    if xi.ndim != 2 or 0 in xi.shape or not np.all(np.isfinite(xi)):
        msg = f"patterns of shape {xi.shape}: give finite numbers (patterns, neurons), at least one of each"
        raise ParameterError(msg)
    if rule not in RULES:
        raise UnknownNameError(what="rule", name=rule, known=RULES)
    return RULES[rule](xi, np.random.default_rng(ensembles.seed_sequence(seed)), settings)


def _hebb(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
    return xi.T @ xi / xi.shape[1]


def _pseudo_inverse(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
    return np.linalg.pinv(xi) @ xi


def _dreaming(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
    t, N = settings["t"], xi.shape[1]
    return xi.T @ np.linalg.solve(np.eye(len(xi)) + t * (xi @ xi.T) / N, xi) * ((1 + t) / N)


def _storkey(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
    """Each pattern less what the others before it do to its fields (Storkey 1997)."""
    N = xi.shape[1]
    J = np.zeros((N, N))
    for x in xi:
        h = J @ x
        local = h[:, None] - np.diag(J)[:, None] * x[:, None] - J * x[None, :]  # without i and j
        J = J + (np.outer(x, x) - x[:, None] * local.T - local * x[None, :]) / N
        np.fill_diagonal(J, 0.0)
    return J


def _nonlinear(phi: Callable[[Array, float], Array]) -> Callable[..., Array]:
    """Rule J = sqrt(P) phi(x)/(a N), x = sum xi xi/sqrt(P), with a = <x phi(x)> of a Gaussian."""

    def rule(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
        cut = settings.get("cut", 0.0)
        z = np.linspace(-9, 9, 20_001)
        density = np.exp(-(z**2) / 2)
        a = np.sum(z * phi(z, cut) * density) / np.sum(density)
        root, N = math.sqrt(len(xi)), xi.shape[1]
        ties = rng.standard_normal((N, N)) * 1e-9  # a sum of signs may be 0, a Gaussian is not
        return root * phi(xi.T @ xi / root + ties + ties.T, cut) / (a * N)

    return rule


def _diluted(symmetric: bool) -> Callable[..., Array]:
    """Hebb's couplings, divided by the share c of them that is kept."""

    def rule(xi: Array, rng: np.random.Generator, settings: dict[str, float]) -> Array:
        c, N = settings["c"], xi.shape[1]
        kept = rng.random((N, N)) < c
        if symmetric:
            kept = np.triu(kept, 1)
            kept = kept | kept.T
        return xi.T @ xi * kept / (c * N)

    return rule


RULES: dict[str, Callable[..., Array]] = {
    "hebb": _hebb,
    "pseudo-inverse": _pseudo_inverse,
    "dreaming": _dreaming,
    "storkey": _storkey,
    "clipped": _nonlinear(lambda x, cut: np.sign(x)),
    "three-level": _nonlinear(lambda x, cut: np.sign(x) * (np.abs(x) > cut)),
    "saturated": _nonlinear(lambda x, cut: np.clip(x, -cut, cut)),
    "diluted": _diluted(symmetric=True),
    "asymmetric": _diluted(symmetric=False),
}
"""Learning rules by name: functions of the patterns, a generator, and the settings."""
