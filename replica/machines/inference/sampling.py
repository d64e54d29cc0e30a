"""Sampling: single-spin dynamics, parallel tempering, and error bars that know the memory of the chain.

A sampler holds many chains side by side and offers `T`, `set_temperature`, `sweep` and `energy`;
`BlockGibbs`, `DenseIsing` and `EdwardsAnderson` are samplers. `record` measures along a run, `estimate` turns
a record into a mean and an error bar, `ParallelTempering` lets the chains exchange their temperatures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from replica import interrupts
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import numbers, room, whole
from replica.machines.models.ensembles import Seed, seed_sequence, spawned
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.typing import Array, Floats, Integers

__all__ = [
    "Drawn",
    "Estimate",
    "ParallelTempering",
    "Sampler",
    "SingleSpin",
    "autocorrelation_time",
    "draw_samples",
    "estimate",
    "record",
    "temperatures",
]

RULES = ("glauber", "metropolis")
LONG_ENOUGH = 50
"""A record should be that many autocorrelation times long before its error bar is believed."""
FREE = 0.1
"""Flips that cost less, in units of T, are as good as free."""
CONSTANT = 1e-14
"""Relative changes up to here are rounding."""


class Sampler(Protocol):
    """What tempering and recording need of a sampler."""

    chains: int

    @property
    def T(self) -> Array:
        """Temperature of each chain, shape (chains,)."""

    def set_temperature(self, T: ArrayLike) -> None:
        """Give all chains one temperature, or each its own."""

    def sweep(self, count: int = 1) -> None:
        """Update every variable of every chain."""

    def energy(self) -> Array:
        """Energy of each chain, shape (chains,)."""


# -- error bars ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """A mean with its error bar.

    Attributes
    ----------
    mean, error : float
        The mean and its standard error, sqrt(variance/effective); NaN where nothing changes.
    tau : float
        Integrated autocorrelation time 1 + 2 sum_t rho(t), in measurements; 1 without memory. NaN where
        nothing changes: a chain that is stuck looks like an observable that is constant.
    effective : float
        Effective number of independent measurements, chains times steps over tau.
    reliable : bool
        Whether the record changes, and is at least fifty autocorrelation times long; if not, tau and the
        error are lower bounds.
    """

    mean: float
    error: float
    tau: float
    effective: float
    reliable: bool


def autocorrelation_time(samples: ArrayLike) -> float:
    """Integrated autocorrelation time 1 + 2 sum_t rho(t) of one or several chains.

    The sum ends at the first t >= 5 tau(t) (Sokal's window). Chains share the mean, so that chains that sit
    in different places count as memory, not as agreement. A record that never changes, but for rounding, has
    no time: NaN.

    Parameters
    ----------
    samples : array, shape (steps,) or (steps, chains)

    Examples
    --------
    >>> x = np.zeros(40_000)
    >>> for t, noise in enumerate(np.random.default_rng(1).standard_normal(x.size - 1)):
    ...     x[t + 1] = 0.8 * x[t] + noise
    >>> print(f"{autocorrelation_time(x):.1f}")  # exactly (1 + 0.8)/(1 - 0.8) = 9
    8.3
    """
    x = _columns(samples)
    steps = len(x)
    if np.ptp(x) <= CONSTANT * np.max(np.abs(x)):
        return math.nan
    x = x - x.mean()
    power = np.abs(np.fft.rfft(x, n=2 * steps, axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[:steps].mean(axis=1) / np.arange(steps, 0, -1)
    tau = 2 * np.cumsum(covariance / covariance[0]) - 1
    enough = np.arange(steps) >= 5 * tau
    window = int(np.argmax(enough)) if np.any(enough) else steps - 1
    return float(max(tau[window], 1.0))


def estimate(samples: ArrayLike) -> Estimate:
    """Mean and error bar of correlated measurements, shape (steps,) or (steps, chains).

    Examples
    --------
    >>> found = estimate(np.random.default_rng(1).standard_normal((500, 20)))
    >>> print(f"{found.mean:.3f} +- {found.error:.3f}, tau = {found.tau:.1f}")
    -0.011 +- 0.010, tau = 1.0
    """
    x = _columns(samples)
    tau = autocorrelation_time(x)
    effective = x.size / tau
    error = float(x.std() / math.sqrt(effective)) if effective > 0 else math.nan
    return Estimate(float(x.mean()), error, tau, effective, bool(len(x) >= LONG_ENOUGH * tau))


def _columns(samples: ArrayLike) -> Array:
    x = numbers("samples", samples, "an array (steps,) or (steps, chains)")
    if x.ndim not in (1, 2) or x.size == 0:
        msg = f"samples of shape {x.shape}: give an array (steps,) or (steps, chains)"
        raise ParameterError(msg)
    return x.reshape(len(x), -1)


def record(
    sampler: Sampler,
    observables: Mapping[str, Callable[[], ArrayLike]],
    steps: int,
    *,
    burn: int = 0,
    every: int = 1,
) -> dict[str, Array]:
    """Measure along a run.

    Parameters
    ----------
    sampler : Sampler
        What is run; it goes on from where it stands.
    observables : mapping of name to function
        Functions of no arguments that return a number for each chain.
    steps : int
        Number of measurements, `every` sweeps apart, after `burn` sweeps that are thrown away.

    Returns
    -------
    dict of arrays, shape (steps, chains)

    Examples
    --------
    >>> from replica.machines.models.rbm import BlockGibbs
    >>> from replica.units import Spin
    >>> gibbs = BlockGibbs(RBM([[0.5]], Spin(), Spin()), chains=50, seed=1)
    >>> run = record(gibbs, {"energy": gibbs.energy}, steps=400, burn=10)
    >>> print(f"{estimate(run['energy']).mean:.2f}")  # exactly -0.5 tanh(0.5) = -0.231
    -0.23
    """
    whole("steps", steps)
    whole("burn", burn, 0)
    whole("every", every)
    room(f"{steps} steps of {sampler.chains} chains", steps, sampler.chains, len(observables))
    sampler.sweep(burn)
    rows: dict[str, list[Any]] = {name: [] for name in observables}
    for _ in range(steps):
        sampler.sweep(every)
        for name, observable in observables.items():
            rows[name].append(np.array(observable(), dtype=float))
    return {name: np.stack(row) for name, row in rows.items()}


# -- single spins --------------------------------------------------------------------------------------------


class SingleSpin:
    """Single-spin dynamics of the visible units on their marginal energy, the hidden units summed out.

    One sweep visits every visible unit in order and flips it with the heat-bath probability
    1/(1 + exp(dF/T)) ("glauber") or min(1, exp(-dF/T)) ("metropolis"), F the visible free energy. Of flips
    that cost next to nothing, |dF| < T/10, "metropolis" makes half: a free unit that is visited in order
    would else flip at every visit, with the period two, and never forget where it began. At T = 0 a unit
    flips where that lowers the energy: unlike the parallel alternating dynamics of `BlockGibbs`, it takes
    into account how the hidden units follow, so its fixed points are minima.

    Parameters
    ----------
    rbm : RBM
        Visible units with two values.
    chains : int
        Number of independent chains.
    seed : int or SeedSequence
        Where the random numbers come from.
    visible : array, optional
        Where to start, broadcast to (chains, n_visible); random by default.
    rule : {"glauber", "metropolis"}

    Examples
    --------
    >>> from replica.units import ReLU, Spin
    >>> chain = SingleSpin(RBM([[1.0], [1.0], [-1.0]], Spin(), ReLU(), T=0.0), chains=4, seed=1)
    >>> chain.sweep(3)
    >>> print(chain.visible[0], chain.flips)
    [ 1.  1. -1.] 0
    """

    def __init__(
        self, rbm: RBM, chains: int, seed: Seed, *, visible: ArrayLike | None = None, rule: str = "glauber"
    ) -> None:
        if rule not in RULES:
            raise UnknownNameError(what="rule", name=rule, known=RULES)
        whole("chains", chains)
        room(f"{chains} chains", chains, 2 * rbm.n_visible + 3 * rbm.n_hidden, hint="take fewer")
        if not rbm.visible.discrete or len(rbm.visible.values) != 2:
            msg = f"single flips need visible units with two values, not {rbm.visible}"
            raise ParameterError(msg)
        self.rbm, self.chains, self.rule = rbm, chains, rule
        self.rng = np.random.default_rng(seed_sequence(seed))
        values = np.array(rbm.visible.values)
        self._sum = values.sum()
        shape = (chains, rbm.n_visible)
        if visible is None:
            start = self.rng.choice(values, shape)
        else:
            start = rbm._states(visible, "the start of the chains")
            if start.shape not in (shape, shape[1:], (1, *shape[1:])):
                msg = f"the start of the chains of shape {start.shape}: give an array {shape} or {shape[1:]}"
                raise ParameterError(msg)
        self.visible = np.array(np.broadcast_to(start, shape))
        # cost of the second value over the first, for each unit
        low, high = (
            np.broadcast_to(rbm.visible.potential(np.full(rbm.n_visible, v)), rbm.n_visible) for v in values
        )
        self._step, self._values = high - low, values
        self._several = bool(rbm.hidden.shape)  # hidden units that differ from each other
        self._touched = [np.flatnonzero(row) for row in rbm.weights]
        self._field = rbm.hidden_field(self.visible)
        self._cost = self._hidden_cost(self._field, None)
        self.flips = 0
        """Flips in the last sweep, over all chains."""

    def sweep(self, count: int = 1) -> None:
        """Visit every visible unit of every chain, `count` times."""
        T, shape = self.rbm.T, (self.rbm.n_visible, self.chains)
        for _ in range(count):
            interrupts.check()
            self.flips = 0
            u = self.rng.random(shape) if T else np.full(shape, 0.5)
            with np.errstate(divide="ignore"):
                metropolis = self.rule == "metropolis"
                level = -T * (np.log(u) if metropolis else np.log(u / (1 - u)))
                free = np.where(u < 0.5, -T * np.log(2 * u), -np.inf) if metropolis else level
            if not T:
                level = free = np.full(shape, -1e-12)  # a tie is no reason to flip
            for i in range(self.rbm.n_visible):
                self._visit(i, level[i], free[i])
            if T == 0 and not self.flips:
                break

    def _visit(self, i: int, level: Array, free: Array) -> None:
        """Flip unit i of the chains where that costs less than a level, another one where it is free."""
        v, touched = self.visible[:, i], self._touched[i]
        other = self._sum - v
        new = self._field[:, touched] + (other - v)[:, None] * self.rbm.weights[i, touched]
        cost = self._hidden_cost(new, touched)
        own = np.where(v == self._values[0], self._step[i], -self._step[i])
        change = own + np.sum(cost - self._cost[:, touched], axis=1)
        near = np.abs(change) < FREE * self.rbm.T
        flip = np.flatnonzero(change < np.where(near, free, level))
        if flip.size:
            where = np.ix_(flip, touched)
            self.visible[flip, i] = other[flip]
            self._field[where], self._cost[where] = new[flip], cost[flip]
            self.flips += flip.size

    def _hidden_cost(self, field: Array, touched: Integers | None) -> Array:
        """-T ln Z of each hidden unit in its field; the ground energy at T = 0."""
        unit = self.rbm.hidden
        if touched is not None and self._several:
            unit = unit.take(touched, (self.rbm.n_hidden,))
        if self.rbm.T == 0:
            return unit.ground(field, 0.0)[0]
        return -self.rbm.T * unit.log_partition(field, 0.0, self.rbm.T)

    def free_energy(self) -> Array:
        """Visible free energy of each chain."""
        return self.rbm.visible_free_energy(self.visible)


# -- tempering -----------------------------------------------------------------------------------------------


def temperatures(low: float, high: float, count: int) -> Array:
    """A ladder of temperatures in equal ratios, lowest first.

    Examples
    --------
    >>> print(temperatures(0.5, 2.0, 3))
    [0.5 1.  2. ]
    """
    room(f"{count} temperatures", whole("temperatures", count), 2)
    if not 0 < low <= high < math.inf:
        msg = f"temperatures from {low} to {high}, {count} of them: give 0 < low <= high and at least one"
        raise ParameterError(msg)
    return np.geomspace(low, high, count)


class ParallelTempering:
    """Chains at several temperatures that exchange them, neighbour with neighbour.

    An exchange is accepted with probability min(1, exp[(1/T_a - 1/T_b)(E_a - E_b)]), which keeps the joint
    distribution. Several ladders can run side by side; they never exchange, so their states are independent
    replicas of each other.

    Parameters
    ----------
    sampler : Sampler
        With ladders times len(temperatures) chains; its temperatures are set here.
    temperatures : array
        Lowest first; all positive.
    seed : int or SeedSequence
        Random numbers of the exchanges.

    Attributes
    ----------
    position : array of int, shape (ladders, n_temperatures)
        Which chain is at which temperature.
    attempts, accepted : array of int, shape (n_temperatures - 1,)
        Exchanges between neighbours.
    round_trips : array of int, shape (chains,)
        How often each chain has gone from the lowest temperature to the highest and back.

    Examples
    --------
    >>> from replica.machines.models.rbm import BlockGibbs, hopfield_as_rbm
    >>> gibbs = BlockGibbs(hopfield_as_rbm(np.ones((1, 30))), chains=16, seed=1)
    >>> tempering = ParallelTempering(gibbs, temperatures(0.4, 1.6, 8), seed=2)
    >>> tempering.step(1000)
    >>> print(bool(tempering.swap_rates.min() > 0.4), bool(tempering.round_trips.sum() > 20))
    True True
    """

    def __init__(self, sampler: Sampler, temperatures: Sequence[float] | Array, seed: Seed) -> None:
        self.sampler = sampler
        self.temperatures = numbers("temperatures", temperatures, "a list of positive numbers")
        count = self.temperatures.size
        if self.temperatures.ndim != 1 or not count or not np.all(self.temperatures > 0):
            msg = f"temperatures = {temperatures} must be a list of positive numbers"
            raise ParameterError(msg)
        if np.any(np.diff(self.temperatures) <= 0):
            msg = "temperatures must increase"
            raise ParameterError(msg)
        if sampler.chains % count:
            msg = f"{sampler.chains} chains cannot be shared out to {count} temperatures: take a multiple"
            raise ParameterError(msg)
        self.rng = np.random.default_rng(seed_sequence(seed))
        self.position = np.arange(sampler.chains).reshape(-1, count)
        self.attempts, self.accepted = np.zeros(count - 1, int), np.zeros(count - 1, int)
        self.round_trips = np.zeros(sampler.chains, int)
        self._rising = np.zeros(sampler.chains, bool)  # has been at the lowest temperature last
        self._returning = np.zeros(sampler.chains, bool)  # has been at the lowest, then at the highest
        self._odd = 0
        self._assign()

    def step(self, count: int = 1, sweeps: int = 1) -> None:
        """Sweep, then try exchanges; every other time between pairs (0, 1), (2, 3), ..., else (1, 2), ..."""
        for _ in range(count):
            interrupts.check()
            self.sampler.sweep(sweeps)
            self._exchange()

    @property
    def swap_rates(self) -> Array:
        """Accepted fraction of the exchanges between neighbours, NaN before the first attempt."""
        with np.errstate(invalid="ignore"):
            return self.accepted / self.attempts

    def at(self, k: int = 0) -> Integers:
        """Indices of the chains at temperature k, one for each ladder."""
        return self.position[:, k]

    def _exchange(self) -> None:
        energy = self.sampler.energy()
        low = np.arange(self._odd, self.temperatures.size - 1, 2)
        self._odd = 1 - self._odd
        if low.size:
            cold, hot = self.position[:, low], self.position[:, low + 1]
            gain = (1 / self.temperatures[low] - 1 / self.temperatures[low + 1]) * (
                energy[cold] - energy[hot]
            )
            swap = -self.rng.standard_exponential(gain.shape) < gain
            self.position[:, low] = np.where(swap, hot, cold)
            self.position[:, low + 1] = np.where(swap, cold, hot)
            self.attempts[low] += len(swap)
            self.accepted[low] += swap.sum(axis=0)
        self._assign()

    def _assign(self) -> None:
        T = np.empty(self.sampler.chains)
        T[self.position] = self.temperatures
        self.sampler.set_temperature(T)
        if self.temperatures.size == 1:
            return
        bottom, top = self.position[:, 0], self.position[:, -1]
        self.round_trips[bottom] += self._returning[bottom]
        self._returning[bottom] = False
        self._rising[bottom] = True
        self._returning[top] |= self._rising[top]
        self._rising[top] = False


# -- independent samples -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Drawn:
    """Samples of a machine, each from a chain of its own.

    Attributes
    ----------
    visible, hidden : array, shape (count, n_visible) and (count, n_hidden)
    swap_rates : array, shape (temper - 1,)
        Accepted fraction of the exchanges between neighbouring temperatures; empty without tempering.
    """

    visible: Floats
    hidden: Floats
    swap_rates: Array


def draw_samples(
    rbm: RBM, count: int, *, sweeps: int = 1000, temper: int = 1, hottest: float = 5.0, seed: Seed = 0
) -> Drawn:
    """Draw samples from a machine, each from a chain of its own.

    Parameters
    ----------
    rbm : RBM
    count : int
        Number of samples.
    sweeps : int
        Of each chain.
    temper : int
        Temperatures that exchange their chains, from that of the machine up; 1 for none.
    hottest : float
        The highest of them, in units of that of the machine.
    seed : int or SeedSequence

    Examples
    --------
    >>> from replica.units import Spin
    >>> drawn = draw_samples(RBM([[0.5]], Spin(), Spin()), 100_000, sweeps=20, seed=1)
    >>> print(f"{np.mean(drawn.visible * drawn.hidden):.2f}")  # exactly tanh(0.5) = 0.46
    0.46
    """
    one, two = spawned(seed, 2)
    gibbs = BlockGibbs(rbm, count * temper, one)
    if temper == 1:
        gibbs.sweep(sweeps)
        return Drawn(gibbs.visible, gibbs.hidden, np.empty(0))
    tempering = ParallelTempering(gibbs, rbm.T * temperatures(1.0, hottest, temper), two)
    tempering.step(sweeps)
    chains = tempering.at(0)
    return Drawn(gibbs.visible[chains], gibbs.hidden[chains], tempering.swap_rates)
