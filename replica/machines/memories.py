"""One sample of each associative memory beyond the Hopfield network, as `runs` for the others.

All but the Potts network are a matrix of couplings, a state to start from, and the pattern whose overlap is
measured; they share one run: heat baths at T > 0, single flips to a minimum at T = 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from replica.errors import ParameterError
from replica.machines.data.given import not_negative, room, whole
from replica.machines.inference.sampling import autocorrelation_time
from replica.machines.models import ensembles
from replica.machines.models.ensembles import Seed, spawned
from replica.machines.models.memory import Memory, couplings
from replica.typing import Array

__all__ = [
    "SYNAPSES",
    "archetypes_check",
    "archetypes_run",
    "correlated_check",
    "correlated_run",
    "dreaming_check",
    "dreaming_run",
    "noisy_hopfield_check",
    "noisy_hopfield_run",
    "planted_check",
    "planted_run",
    "potts_hopfield_check",
    "potts_hopfield_run",
    "pseudo_inverse_check",
    "pseudo_inverse_run",
]

Values = dict[str, Any]

SYNAPSES = ("linear", "clipped", "three-level", "saturated")
"""What a coupling may be as a function of Hebb's."""


def noisy_hopfield_check(
    N: int, *, alpha: float, T: float, noise: float, c: float, synapses: str, cut: float, h: float
) -> None:
    """Refuse a network without a pattern, and what the theory would refuse."""
    _square(N)
    ensembles.pattern_count(N, alpha)
    not_negative("T", T)
    not_negative("noise", noise)
    if not 0 < c <= 1:
        msg = f"c = {c} must be a number above 0, and at most 1"
        raise ParameterError(msg)
    if synapses not in SYNAPSES:
        msg = f"synapses = {synapses!r} must be {', '.join(SYNAPSES[:-1])} or {SYNAPSES[-1]}"
        raise ParameterError(msg)


def noisy_hopfield_run(
    N: int,
    sweeps: int,
    seed: Seed,
    *,
    alpha: float,
    T: float,
    noise: float,
    c: float,
    synapses: str,
    cut: float,
    h: float,
) -> Values:
    """Retrieval of the first pattern with noisy, diluted, nonlinear couplings, and a cue.

    Examples
    --------
    >>> given = {"alpha": 0.03, "T": 0.3, "noise": 0.1, "c": 1.0, "synapses": "clipped", "cut": 1.0, "h": 0.0}
    >>> one = noisy_hopfield_run(800, 60, 1, **given)
    >>> print(f"{one['m']:.1f} {one['q']:.1f}")
    0.9 0.9
    """
    noisy_hopfield_check(N, alpha=alpha, T=T, noise=noise, c=c, synapses=synapses, cut=cut, h=h)
    disorder, dynamics = spawned(seed, 2)
    rng = np.random.default_rng(disorder)
    xi = rng.choice([-1.0, 1.0], (ensembles.pattern_count(N, alpha), N))
    J = couplings(xi, "hebb" if synapses == "linear" else synapses, cut=cut)
    for strength in [] if c == 1 else [1 / c]:
        kept = np.triu(rng.random((N, N)) < c, 1)
        J *= (kept + kept.T) * strength
    if noise:
        z = np.triu(rng.standard_normal((N, N)), 1) * math.sqrt(noise / N)
        J += z + z.T
    return _measured(Memory(J, h * xi[0]), xi[0], xi[:1], T, sweeps, dynamics, {"m": 0}, 0.0)


def archetypes_check(N: int, *, alpha: float, rho: float, T: float) -> None:
    """Refuse a network without an archetype."""
    _square(N)
    ensembles.pattern_count(N, alpha)
    not_negative("T", T)
    not_negative("rho", rho)


def archetypes_run(N: int, sweeps: int, seed: Seed, *, alpha: float, rho: float, T: float) -> Values:
    """Retrieval of the first archetype, with couplings of Gaussian means of examples.

    Examples
    --------
    >>> one = archetypes_run(800, 60, 1, alpha=0.03, rho=0.1, T=0.2)
    >>> print(f"{one['m']:.2f} {one['n']:.2f}")
    0.97 0.93
    """
    archetypes_check(N, alpha=alpha, rho=rho, T=T)
    disorder, dynamics = spawned(seed, 2)
    rng = np.random.default_rng(disorder)
    xi = rng.choice([-1.0, 1.0], (ensembles.pattern_count(N, alpha), N))
    means = xi * (1 + math.sqrt(rho) * rng.standard_normal(xi.shape)) / math.sqrt(1 + rho)
    watch = np.stack([xi[0], means[0]])
    # the free energy holds sum_mu xi_i^2/2, which is alpha/2 a neuron
    return _measured(Memory(couplings(means)), xi[0], watch, T, sweeps, dynamics, {"m": 0, "n": 1}, 0.0)


def dreaming_check(N: int, *, alpha: float, t: float, T: float) -> None:
    """Refuse a network without a pattern."""
    _square(N)
    ensembles.pattern_count(N, alpha)
    not_negative("T", T)
    not_negative("t", t)


def dreaming_run(N: int, sweeps: int, seed: Seed, *, alpha: float, t: float, T: float) -> Values:
    """Retrieval of the first pattern after a time t of dreaming; the energy holds the diagonal.

    Examples
    --------
    >>> one = dreaming_run(800, 60, 1, alpha=0.1, t=1.0, T=0.2)
    >>> print(f"{one['m']:.2f} {one['q']:.2f} {one['energy']:.2f}")
    1.00 1.00 -0.51
    """
    dreaming_check(N, alpha=alpha, t=t, T=T)
    return _dreamt(N, sweeps, seed, alpha, T, "dreaming", t=t)


def pseudo_inverse_check(N: int, *, alpha: float, T: float) -> None:
    """Refuse a network without a pattern, or with as many as neurons."""
    _square(N)
    if ensembles.pattern_count(N, alpha) >= N:
        msg = f"alpha = {alpha} with N = {N} is as many patterns as neurons; take alpha < 1"
        raise ParameterError(msg)
    not_negative("T", T)


def pseudo_inverse_run(N: int, sweeps: int, seed: Seed, *, alpha: float, T: float) -> Values:
    """Retrieval of the first pattern with couplings that project onto all of them.

    Examples
    --------
    >>> one = pseudo_inverse_run(400, 60, 1, alpha=0.4, T=0.2)
    >>> print(f"{one['m']:.2f} {one['q']:.2f}")
    0.99 0.99
    """
    pseudo_inverse_check(N, alpha=alpha, T=T)
    return _dreamt(N, sweeps, seed, alpha, T, "pseudo-inverse")


def _dreamt(N: int, sweeps: int, seed: Seed, alpha: float, T: float, rule: str, **settings: float) -> Values:
    disorder, dynamics = spawned(seed, 2)
    xi = np.random.default_rng(disorder).choice([-1.0, 1.0], (ensembles.pattern_count(N, alpha), N))
    J = couplings(xi, rule, 0, **settings)
    diagonal = -float(np.trace(J)) / (2 * N)
    return _measured(Memory(J), xi[0], xi[:1], T, sweeps, dynamics, {"m": 0}, diagonal)


def correlated_check(N: int, *, a: float, T: float) -> None:
    """Refuse what the theory would refuse."""
    _square(N)
    not_negative("a", a)
    not_negative("T", T)


def correlated_run(N: int, sweeps: int, seed: Seed, *, a: float, T: float) -> Values:
    """The state that starts from the first of 13 patterns on a ring; overlaps averaged over both sides.

    Examples
    --------
    >>> one = correlated_run(1500, 60, 1, a=0.7, T=0.1)
    >>> print(f"{one['m0']:.1f} {one['m1']:.1f}")
    0.6 0.4
    """
    correlated_check(N, a=a, T=T)
    disorder, dynamics = spawned(seed, 2)
    xi = np.random.default_rng(disorder).choice([-1.0, 1.0], (13, N))
    J = xi.T @ (xi + a * (np.roll(xi, 1, axis=0) + np.roll(xi, -1, axis=0))) / N
    diagonal = -float(np.trace(J)) / (2 * N)
    watch = np.stack([(xi[k] + xi[-k]) / 2 for k in range(7)])
    names = {f"m{k}": k for k in range(7)}
    return _measured(Memory(J), xi[0], watch, T, sweeps, dynamics, names, diagonal)


def planted_check(N: int, *, alpha: float, T: float, T_star: float) -> None:
    """Refuse data without an example, and what the theory would refuse."""
    _square(N)
    ensembles.pattern_count(N, alpha)
    not_negative("T", T)
    if not 1 < T_star < math.inf:
        msg = f"T_star = {T_star} must be a number above 1"
        raise ParameterError(msg)


def planted_run(N: int, sweeps: int, seed: Seed, *, alpha: float, T: float, T_star: float) -> Values:
    """Weights of a student on the data of a teacher, from the teacher on.

    Examples are drawn exactly: first how far each agrees with the teacher, of weight exp(N x^2/(2 T_star))
    times the number of such states, then where.

    Examples
    --------
    >>> one = planted_run(500, 100, 1, alpha=2.0, T=1.2, T_star=1.3)
    >>> print(f"{one['m']:.1f}")
    1.0
    """
    planted_check(N, alpha=alpha, T=T, T_star=T_star)
    disorder, dynamics = spawned(seed, 2)
    rng = np.random.default_rng(disorder)
    teacher = rng.choice([-1.0, 1.0], N)
    agree = np.arange(N + 1)
    level = (2 * agree - N) ** 2 / (2 * N * T_star) - np.array(
        [math.lgamma(k + 1) + math.lgamma(N - k + 1) for k in range(N + 1)]
    )
    weight = np.exp(level - level.max())
    count = rng.choice(agree, ensembles.pattern_count(N, alpha), p=weight / weight.sum())
    ranks = np.argsort(rng.random((len(count), N)), axis=1)
    examples = teacher * np.where(ranks < count[:, None], 1.0, -1.0)
    J = couplings(examples)
    diagonal = -len(count) / (2 * N)
    return _measured(Memory(J), teacher, teacher[None], T, sweeps, dynamics, {"m": 0}, diagonal)


def _measured(
    memory: Memory,
    start: Array,
    watch: Array,
    T: float,
    sweeps: int,
    seed: Seed,
    names: dict[str, int],
    diagonal: float,
) -> Values:
    """Overlaps, q and the energy from a start; NaN where the dynamics does not come to rest at T = 0."""
    whole("sweeps", sweeps, 0)
    if T == 0:
        end = memory.settle(start, most_sweeps=max(sweeps, 1))
        sure = 1.0 if end.period == 1 else math.nan
        m = watch @ end.spins / memory.N
        return {
            **{name: float(m[k]) * sure for name, k in names.items()},
            "q": sure,
            "energy": (end.energy + diagonal) * sure,
            "tau": math.nan,
            "effective": math.nan,
        }
    burn, first, second = spawned(seed, 3)
    rest = -(-sweeps // 2)
    begin = memory.heat_bath(start, T, max(rest, 1), burn, watch)
    half = memory.heat_bath(begin.spins, T, rest, first, watch)
    other = memory.heat_bath(half.spins, T, rest, second, watch)
    m = np.concatenate([half.overlaps, other.overlaps])
    tau = autocorrelation_time(m[:, 0])
    return {
        **{name: float(m[:, k].mean()) for name, k in names.items()},
        "q": float(half.mean @ other.mean) / memory.N,  # two halves: no bias from their own noise
        "energy": float(np.mean([half.energy, other.energy])) + diagonal,
        "tau": tau,
        "effective": len(m) / tau,
    }


# -- neurons of Q states ----------------------------------------------------------------------------------


def potts_hopfield_check(N: int, *, alpha: float, Q: float, T: float) -> None:
    """Refuse a network without a pattern, and less than two states."""
    P = ensembles.pattern_count(N, alpha)
    not_negative("T", T)
    if int(Q) != Q or not 2 <= Q <= 200:
        msg = f"Q = {Q:g} must be a whole number from 2 to 200"
        raise ParameterError(msg)
    room(f"{P} patterns of N = {N} and Q = {Q:g}", P * N, int(Q), hint="take a smaller N")


def potts_hopfield_run(N: int, sweeps: int, seed: Seed, *, alpha: float, Q: float, T: float) -> Values:
    """Retrieval of the first pattern by neurons of Q states, one after the other; the diagonal is kept.

    Examples
    --------
    >>> one = potts_hopfield_run(300, 20, 1, alpha=0.1, Q=3, T=0.8)
    >>> print(f"{one['M']:.1f} {one['q']:.1f}")
    2.0 2.0
    """
    potts_hopfield_check(N, alpha=alpha, Q=Q, T=T)
    whole("sweeps", sweeps, 0)
    disorder, dynamics = spawned(seed, 2)
    states, P = int(Q), ensembles.pattern_count(N, alpha)
    xi = np.random.default_rng(disorder).integers(states, size=(N, P))
    u = np.where(xi[:, :, None] == np.arange(states), states - 1.0, -1.0)  # (N, P, Q)
    own = np.sum(u**2, axis=1) / (2 * N)
    rng = np.random.default_rng(dynamics)
    s = xi[:, 0].copy()
    M = u[np.arange(N), :, s].sum(axis=0)
    record, total = [], np.zeros((2, N, states))
    moved = 0
    for t in range(-max(sweeps // 2, 1), sweeps) if T else range(max(sweeps, 1)):
        moved = 0
        noise = T * rng.gumbel(size=(N, states)) if T else np.zeros((N, states))
        for i in range(N):
            without = M - u[i, :, s[i]]
            new = int(np.argmax(without @ u[i] / N + own[i] + noise[i]))
            if new != s[i]:
                M, s[i] = without + u[i, :, new], new
                moved += 1
        if T and t >= 0:
            record.append((M[0] / N, -(M @ M) / (2 * N * N)))
            total[t % 2 if sweeps < 4 else int(t >= sweeps // 2), np.arange(N), s] += 1
        if not T and not moved:
            break
    if not T:
        sure = math.nan if moved else 1.0
        energy = float(-(M @ M) / (2 * N * N)) * sure
        return {"M": float(M[0]) / N * sure, "q": (states - 1) * sure, "energy": energy} | _NO_RECORD
    values = np.array(record)
    p = total / total.sum(axis=2, keepdims=True)
    tau = autocorrelation_time(values[:, 0])
    return {
        "M": float(values[:, 0].mean()),
        "q": float(states * np.sum(p[0] * p[1]) / N - 1),
        "energy": float(values[:, 1].mean()),
        "tau": tau,
        "effective": len(values) / tau,
    }


_NO_RECORD = {"tau": math.nan, "effective": math.nan}


def _square(N: int) -> None:
    room(f"couplings of N = {whole('N', N)} neurons", N, N, size=24, hint="take a smaller N")
