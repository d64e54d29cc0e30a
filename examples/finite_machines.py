"""Experiments that show at finite N what the theories speak of; run ``python examples/finite_machines.py``.

* `retrieval_steps`: crosstalk and retrieval of one pattern in the machine with Gaussian hidden units, half a
  sweep at a time.
* `survival`: do L strongly activated hidden units of a sparse random machine survive? Against the fold of the
  theory `compositional` at finite p.
* `mode_hops`: how often a machine with two modes changes between them, with and without tempering.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import numbers, room, whole
from replica.machines.inference.sampling import ParallelTempering, SingleSpin, temperatures
from replica.machines.models.ensembles import (
    Seed,
    pattern_count,
    patterns,
    seed_sequence,
    sparse_weights,
    spawned,
)
from replica.machines.models.hopfield import DYNAMICS
from replica.machines.models.measures import participation_ratio
from replica.machines.models.rbm import RBM, BlockGibbs, hopfield_as_rbm
from replica.solving import critical
from replica.theories import Compositional
from replica.units import Bernoulli, ReLU


@dataclass(frozen=True, eq=False)
class RetrievalStep:
    """One sweep of block Gibbs sampling: the hidden units, the fields that they make, the new spins.

    Attributes
    ----------
    strong : float
        h_1/sqrt(N) of the pattern that is retrieved: the overlap m before, plus noise of order 1/sqrt(N).
    weak_mean, weak_variance : float
        Of the other hidden units: 0 and 1 + T while the spins know nothing of their patterns.
    field_mean, field_variance : float
        Of xi_i times the field on spin i. From the pattern itself: 1 + alpha, of which alpha is the spin's
        own reaction, and the crosstalk alpha (1 + T).
    overlap : float
        m after the step.
    hidden : array, shape (P,)
        All hidden units, that of the pattern first: their distribution is two lines of numpy away.
    """

    strong: float
    weak_mean: float
    weak_variance: float
    field_mean: float
    field_variance: float
    overlap: float
    hidden: Any


def retrieval_steps(
    N: int, alpha: float, T: float, steps: int, seed: Seed, *, overlap: float = 1.0
) -> list[RetrievalStep]:
    """Retrieval of one pattern in the machine of spins and Gaussian hidden units, sweep by sweep.

    Parameters
    ----------
    N : int
        Number of spins.
    alpha : float
        Patterns per spin.
    T : float
        Temperature, >= 0.
    steps : int
        Number of sweeps.
    seed : int or SeedSequence
        For the patterns and the dynamics.
    overlap : float
        Overlap of the start with the pattern.

    Examples
    --------
    >>> first, *_ = retrieval_steps(4000, alpha=0.05, T=0.2, steps=1, seed=1)
    >>> print(f"{first.strong:.2f} {first.weak_variance:.1f} {first.field_variance:.3f} {first.overlap:.3f}")
    1.01 1.2 0.064 0.999
    """
    room(f"{whole('steps', steps)} steps", steps, pattern_count(N, alpha), hint="take fewer")
    if not -1 <= overlap <= 1:
        msg = f"overlap = {overlap} must lie in [-1, 1]"
        raise ParameterError(msg)
    disorder, flips, dynamics = spawned(seed, 3)
    xi = patterns(pattern_count(N, alpha), N, disorder).values
    rbm = hopfield_as_rbm(xi, T)
    start = xi[0].astype(float)
    wrong = np.random.default_rng(flips).choice(N, round(N * (1 - overlap) / 2), replace=False)
    start[wrong] *= -1
    gibbs = BlockGibbs(rbm, 1, dynamics, visible=start, dtype=np.float64)
    told = []
    for _ in range(steps):
        gibbs.sweep()
        h, weak = gibbs.hidden[0], gibbs.hidden[0, 1:]
        field = xi[0] * rbm.visible_field(h)
        told.append(
            RetrievalStep(
                strong=float(h[0] / math.sqrt(N)),
                weak_mean=float(weak.mean()) if weak.size else 0.0,
                weak_variance=float(weak.var()) if weak.size else 0.0,
                field_mean=float(field.mean()),
                field_variance=float(field.var()),
                overlap=float(xi[0] @ gibbs.visible[0] / N),
                hidden=h.copy(),
            )
        )
    return told


@dataclass(frozen=True)
class Survival:
    """What became of L strongly activated hidden units.

    Attributes
    ----------
    survived : bool
        Whether all of them are still active: above half of their common mean at the start.
    overlap : float
        Their mean activity in the units of the theory, m~ = 2 h/(p sqrt(N)).
    activity : float
        Fraction of active visible units.
    strong : float
        L^, the participation ratio PR_3 of the hidden units.
    sweeps : int
        Sweeps that were made; fewer than asked for where nothing changed any more.
    seed : SeedSequence
        Seed of the weights.
    """

    survived: bool
    overlap: float
    activity: float
    strong: float
    sweeps: int
    seed: np.random.SeedSequence


def survival(
    N: int,
    alpha: float,
    *,
    L: int,
    theta: float,
    p: float,
    g: float,
    seed: Seed,
    dynamics: str = "sequential",
    most_sweeps: int = 30,
) -> Survival:
    """Start a sparse random machine with L strongly activated hidden units, and relax it at T = 0.

    Visible bits, rectified linear hidden units of threshold theta, weights +-1/sqrt(N) with probability p/2
    each. The start has every visible unit on that at least one more of the L weights excites than inhibits.
    Parameters are those of the machine, not scaled by powers of p: the theory has theta/sqrt(p) and g/p.

    `sequential` flips single visible units on the marginal energy. `parallel` alternates between the layers;
    it keeps states far beyond the fold of the theory, because a silent unit does not feel how the hidden
    units would follow it. A capacity read off it is too large.

    Examples
    --------
    >>> end = survival(800, 0.2, L=3, theta=0.2, p=0.1, g=-0.02, seed=1)
    >>> print(end.survived, f"{end.strong:.1f}")
    True 2.7
    """
    if dynamics not in DYNAMICS:
        raise UnknownNameError(what="dynamics", name=dynamics, known=DYNAMICS)
    M = pattern_count(N, alpha)
    if not 1 <= L <= M:
        msg = f"L = {L} must be from 1 to the number of hidden units, {M}"
        raise ParameterError(msg)
    draw = sparse_weights(N, M, p, seed)
    w = draw.values
    rbm = RBM(w, Bernoulli(g=g), ReLU(theta=theta), T=0.0)
    v = (np.sum(w[:, :L], axis=1) * math.sqrt(N) > 0.5).astype(float)
    before = rbm.hidden_mean(v)[:L].mean()
    sampler = (
        SingleSpin(rbm, 1, 0, visible=v)
        if dynamics == "sequential"
        else BlockGibbs(rbm, 1, 0, visible=v, dtype=np.float64)  # at T = 0 no seed is ever used
    )
    sweeps, moving = 0, True
    while moving and sweeps < most_sweeps:
        sweeps += 1
        last = sampler.visible.copy()
        sampler.sweep()
        moving = bool(np.any(sampler.visible != last))
    v = sampler.visible[0]
    h = rbm.hidden_mean(v)
    return Survival(
        survived=bool(np.min(h[:L]) > before / 2),
        overlap=float(2 * h[:L].mean() / (p * math.sqrt(N))),
        activity=float(v.mean()),
        strong=float(participation_ratio(h, 3)),
        sweeps=sweeps,
        seed=draw.seed,
    )


@dataclass(frozen=True)
class Hops:
    """Changes between two modes, counted over all chains at the temperature in question.

    Attributes
    ----------
    plain, tempered : int
        Changes with plain block Gibbs sampling and with tempering, for the same number of sweeps of the same
        number of chains.
    swap_rates : array
        Of the exchanges between neighbouring temperatures.
    round_trips : int
        From the lowest temperature to the highest and back, over all chains.
    seed : SeedSequence
        Seed of both runs.
    """

    plain: int
    tempered: int
    swap_rates: Any
    round_trips: int
    seed: np.random.SeedSequence


def count_hops(order: Any, level: float) -> int:
    """Changes between order > level and order < -level; what happens in between does not count.

    Parameters
    ----------
    order : array, shape (steps, *chains)
    level : float

    Examples
    --------
    >>> count_hops([0.9, 0.1, 0.8, -0.2, -0.9, -0.7, 0.9], level=0.5)
    2
    """
    order = numbers("order", order, "an array (steps, ...)")
    if order.ndim == 0 or not order.size:
        msg = f"order of shape {order.shape}: give an array (steps, ...)"
        raise ParameterError(msg)
    order = order.reshape(len(order), -1)
    mode, hops = np.zeros(order.shape[1]), 0
    for row in order:
        now = np.where(row > level, 1, np.where(row < -level, -1, mode))
        hops += int(np.sum(now * mode < 0))
        mode = now
    return hops


def mode_hops(
    N: int, T: float, steps: int, seed: Seed, *, high: float = 1.6, count: int = 8, ladders: int = 4
) -> Hops:
    """Count changes between the two modes, +xi and -xi, of a machine with one Gaussian hidden unit.

    Plain sampling runs all chains at T; tempering spreads them over `count` temperatures up to `high`, and
    what is at T counts. Below T = 1 the modes are N f(T) apart in free energy.

    Examples
    --------
    >>> hops = mode_hops(100, 0.5, steps=400, seed=1)
    >>> print(hops.plain, hops.tempered > 10)
    0 True
    """
    if not 0 < T < 1 <= high:
        msg = f"T = {T} and high = {high}: two modes exist below T = 1, and tempering must reach above it"
        raise ParameterError(msg)
    for name, value in (("N", N), ("count", count), ("ladders", ladders)):
        whole(name, value)
    room(f"{whole('steps', steps)} steps", steps, ladders * (count + 1), hint="take fewer")
    sequence = seed_sequence(seed)
    one, two, three = spawned(sequence, 3)
    rbm = hopfield_as_rbm(np.ones((1, N)), T)
    chains = ladders * count
    plain = BlockGibbs(rbm, chains, one)
    tempered = BlockGibbs(rbm, chains, two)
    tempering = ParallelTempering(tempered, temperatures(T, high, count), three)
    orders = np.empty((steps, chains)), np.empty((steps, ladders))
    for here, there in zip(*orders, strict=True):
        plain.sweep()
        tempering.step()
        here[:] = plain.visible.mean(axis=1)
        there[:] = tempered.visible[tempering.at(0)].mean(axis=1)
    before, after = (count_hops(order, level=0.5 * math.sqrt(1 - T)) for order in orders)
    return Hops(before, after, tempering.swap_rates, int(tempering.round_trips.sum()), sequence)


def main() -> None:
    """Print what the three experiments find, in a few seconds."""
    print("A damaged pattern, N = 2000, alpha = 0.05, T = 0.2: overlap and variance of the crosstalk")
    for step in retrieval_steps(2000, 0.05, 0.2, 5, seed=1, overlap=0.6):
        print(f"  {step.overlap:.3f}  {step.field_variance:.3f}")
    theory = Compositional(alpha=0.5, theta=0.2 / math.sqrt(0.1), g=-0.02 / 0.1, p=0.1, L=5)
    capacity = critical(theory).value
    print(f"Five strong hidden units, N = 1000; the theory ends at alpha_c = {capacity:.3f}")
    for share in (0.3, 1.8):
        end = survival(1000, share * capacity, L=5, theta=0.2, p=0.1, g=-0.02, seed=1)
        kept = "all" if end.survived else "not all"
        print(f"  at {share} alpha_c {kept} survive; strong: {end.strong:.1f}")
    hops = mode_hops(100, 0.5, steps=400, seed=1)
    print(f"Changes of mode, N = 100, T = 0.5: {hops.plain} plain, {hops.tempered} with tempering")


if __name__ == "__main__":
    main()
