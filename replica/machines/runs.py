"""One sample of a machine: the disorder drawn, the dynamics run, a few numbers measured.

Each function takes the size N, the length of the run, a seed and the control parameters, and returns what it
measured together with how the run went: its autocorrelation time and the number of independent measurements
in it, swap rates and round trips of a tempering. What did not come to rest is NaN. Observables are called as
in the theory of the machine. Beside each run stands a check, which raises what the run would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import ParameterError
from replica.machines.data.given import not_negative, room, whole
from replica.machines.inference import generalised_linear
from replica.machines.inference.enumeration import (
    MOST_SPINS,
    log_partition,
    random_energies,
    spin_glass_energies,
)
from replica.machines.inference.message_passing import amp, overlap
from replica.machines.inference.sampling import ParallelTempering, autocorrelation_time, temperatures
from replica.machines.models import ensembles
from replica.machines.models.ensembles import Seed, spawned
from replica.machines.models.hopfield import HopfieldNetwork
from replica.machines.models.layered import LayeredGibbs, LayeredMachine, Layout, Settled
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.machines.models.sparse_rbm import SparseRBM, check_flips, sparse_signs
from replica.machines.models.spin_glass import (
    DenseIsing,
    EdwardsAnderson,
    check_couplings,
    edwards_anderson,
    sherrington_kirkpatrick,
)
from replica.typing import Array
from replica.units import Unit
from replica.units.channels import Channel

__all__ = [
    "FEW_SPINS",
    "OVERLAPS",
    "edwards_anderson_check",
    "edwards_anderson_run",
    "hopfield_check",
    "hopfield_run",
    "layered_check",
    "layered_run",
    "one_hidden_unit_check",
    "one_hidden_unit_run",
    "random_energy_check",
    "random_energy_run",
    "random_rbm_check",
    "random_rbm_run",
    "sherrington_kirkpatrick_check",
    "sherrington_kirkpatrick_run",
    "teacher_student_check",
    "teacher_student_run",
    "trained_check",
    "trained_run",
]

Values = dict[str, Any]

BINS = 41
OVERLAPS = np.linspace(-1, 1, 2 * BINS + 1)[1::2]
"""Centres of the bins of P(q)."""

FEW_SPINS = 16
"""Largest glass of which all configurations are enumerated."""


def hopfield_check(N: int, *, alpha: float, T: float) -> None:
    """Refuse a network without a pattern, or a negative temperature."""
    ensembles.pattern_count(N, alpha)
    not_negative("T", T)


def hopfield_run(N: int, sweeps: int, seed: Seed, *, alpha: float, T: float) -> Values:
    """Retrieval of the first pattern: heat bath at T > 0, single flips to a minimum at T = 0.

    Examples
    --------
    >>> one = hopfield_run(1000, 40, 1, alpha=0.05, T=0.2)
    >>> print({name: round(one[name], 2) for name in ("m", "q", "energy")})
    {'m': 1.0, 'q': 1.0, 'energy': -0.5}
    """
    hopfield_check(N, alpha=alpha, T=T)
    whole("sweeps", sweeps, 0)
    disorder, dynamics, later = spawned(seed, 3)
    network = HopfieldNetwork.random(N, alpha, disorder)
    start = network.patterns[0]
    if T == 0:
        end = network.relax(start, most_sweeps=max(sweeps, 1))
        sure = 1.0 if end.converged else math.nan
        return {"m": float(end.overlaps[0]) * sure, "q": sure, "energy": end.energy * sure} | memory(None)
    burn = network.glauber(start, T, sweeps=max(sweeps // 2, 1), seed=dynamics)
    first, second = spawned(later, 2)
    half = network.glauber(burn.spins, T, sweeps=-(-sweeps // 2), seed=first)
    rest = network.glauber(half.spins, T, sweeps=-(-sweeps // 2), seed=second)
    m = np.concatenate([half.overlaps[:, 0], rest.overlaps[:, 0]])
    return {
        "m": float(np.mean([half.overlaps[:, 0], rest.overlaps[:, 0]])),
        "q": float(half.mean_spins @ rest.mean_spins / N),  # two halves: no bias from their own noise
        "energy": float(np.mean([half.energy, rest.energy])),
    } | memory(m)


def sherrington_kirkpatrick_check(N: int, *, T: float, J0: float) -> None:
    """Refuse a temperature that is not positive."""
    check_couplings(N)
    _positive(T)


def sherrington_kirkpatrick_run(N: int, sweeps: int, seed: Seed, *, T: float, J0: float) -> Values:
    """Two replicas of a Sherrington-Kirkpatrick glass, each in a tempering ladder of ten temperatures.

    Up to `FEW_SPINS` spins all configurations are enumerated: there is no run then, and no noise but that of
    the disorder.

    Examples
    --------
    >>> one = sherrington_kirkpatrick_run(32, 200, 1, T=0.5, J0=0.0)
    >>> print(f"{one['energy']:.2f}", one["trips"] > 10, one["P"].shape)
    -0.66 True (41,)
    >>> few = sherrington_kirkpatrick_run(12, 200, 1, T=0.5, J0=0.0)
    >>> print(f"{few['energy']:.6f} {few['q']:.6f}", few["tau"])
    -0.495738 0.467063 nan
    """
    sherrington_kirkpatrick_check(N, T=T, J0=J0)
    disorder, start, exchange = spawned(seed, 3)
    if N <= FEW_SPINS:
        return _enumerated(spin_glass_energies(N, np.random.default_rng(disorder), J0=J0), N, T)
    J = sherrington_kirkpatrick(N, disorder, J0).values
    ladder = temperatures(T, max(1.6, 1.6 * T), 10)
    ising = DenseIsing(J, chains=2 * ladder.size, seed=start, T=1.0)
    return _tempered(ising, ParallelTempering(ising, ladder, exchange), sweeps, N)


def edwards_anderson_check(N: int, *, T: float, d: float) -> None:
    """Refuse a temperature that is not positive, and sizes that are no lattice."""
    _positive(T)
    _lattice(N, d)


def _lattice(N: int, d: float) -> int:
    """Length of a lattice of N spins."""
    room(f"N = {whole('N', N)} spins", N, hint="take a smaller N")
    if d not in (2, 3):
        msg = f"d = {d:g} must be 2 or 3"
        raise ParameterError(msg)
    L = round(N ** (1 / d))
    if L**d != N or L % 2 or L < 4:
        near = max(2 * round(N ** (1 / d) / 2), 4)
        msg = (
            f"N = {N} is no lattice of {d:g} dimensions and even length; take N = {near ** int(d)}, that is "
            f"{' x '.join([str(near)] * int(d))}"
        )
        raise ParameterError(msg)
    return L


def edwards_anderson_run(N: int, sweeps: int, seed: Seed, *, T: float, d: float) -> Values:
    """Two replicas of an Edwards-Anderson glass with N = L^d spins and Gaussian bonds, tempered.

    The ladder reaches well above the freezing, with neighbours so close that they swap often.

    Examples
    --------
    >>> one = edwards_anderson_run(64, 100, 1, T=1.0, d=3.0)
    >>> print(f"{one['swaps']:.1f}", one["trips"] > 3, f"{one['P'].sum() * 2 / 41:.12f}")
    0.6 True 1.000000000000
    """
    _positive(T)
    L = _lattice(N, d)
    disorder, start, exchange = spawned(seed, 3)
    high = max(2.0 if d == 2 else 2.5, 1.5 * T)
    count = min(max(math.ceil(0.8 * math.sqrt(N) * math.log(high / T)) + 2, 4), 64)
    ladder = temperatures(T, high, count)
    lattice = EdwardsAnderson(edwards_anderson(L, int(d), disorder).values, 2 * count, start, T=1.0)
    return _tempered(lattice, ParallelTempering(lattice, ladder, exchange), sweeps, N)


def random_energy_check(N: int, *, T: float) -> None:
    """Refuse a temperature that is not positive, and more spins than can be enumerated."""
    _positive(T)
    if not 1 <= N <= MOST_SPINS:
        msg = f"N = {N} spins cannot be enumerated; N is a whole number from 1 to {MOST_SPINS}"
        raise ParameterError(msg)


def random_energy_run(N: int, sweeps: int, seed: Seed, *, T: float) -> Values:
    """All 2^N energies of a random energy model.

    Examples
    --------
    >>> one = random_energy_run(12, 0, 1, T=0.4)
    >>> print({name: round(value, 3) for name, value in one.items()})
    {'free_energy': -0.738, 'Y': 0.457, 'e0': -0.724}
    """
    random_energy_check(N, T=T)
    energies = random_energies(N, np.random.default_rng(ensembles.seed_sequence(seed)))
    log_z = float(log_partition(energies, T))
    twice = float(log_partition(energies, T / 2))
    return {
        "free_energy": -T * log_z / N,
        "Y": math.exp(twice - 2 * log_z),
        "e0": float(energies.min()) / N,
    }


def one_hidden_unit_check(N: int, *, alpha: float, beta: float, beta_star: float) -> None:
    """Refuse data without a datum, and negative strengths."""
    ensembles.pattern_count(N, alpha)
    for name, value in (("beta", beta), ("beta_star", beta_star)):
        not_negative(name, value)


def one_hidden_unit_run(
    N: int, sweeps: int, seed: Seed, *, alpha: float, beta: float, beta_star: float
) -> Values:
    """AMP on the data of a teacher.

    Examples
    --------
    >>> one = one_hidden_unit_run(400, 500, 1, alpha=4.0, beta=1.0, beta_star=1.0)
    >>> print(f"{one['Q']:.2f} {one['r']:.2f}", one["steps"] < 500)
    0.77 0.76 True
    """
    one_hidden_unit_check(N, alpha=alpha, beta=beta, beta_star=beta_star)
    draw = ensembles.teacher_data(N, ensembles.pattern_count(N, alpha), beta_star, seed)
    found = amp(draw.values, beta, tolerance=1e-8, most_steps=sweeps)
    sure = 1.0 if found.converged else math.nan
    return {
        "Q": found.Q * sure,
        "r": overlap(found.mean, draw.parts["feature"]) * sure,
        "free_energy": -found.log_Z / N * sure,
        "steps": found.steps,
    }


def examples_check(N: int, *, alpha: float, noise: float, **_: Any) -> None:
    """Refuse a teacher without an example, and noise without a variance."""
    ensembles.pattern_count(N, alpha)
    not_negative("noise", noise)


def teacher_student_check(N: int, *, alpha: float, noise: float, prior: Unit, channel: Channel) -> None:
    """Refuse a sphere, whose weights no message passing can draw one by one."""
    examples_check(N, alpha=alpha, noise=noise)
    if prior.name == "spherical":
        msg = "weights on a sphere are Gaussian for large N; give --prior gaussian"
        raise ParameterError(msg)


def teacher_student_run(
    N: int, sweeps: int, seed: Seed, *, alpha: float, noise: float, prior: Unit, channel: Channel
) -> Values:
    """AMP on the examples of a teacher who has the prior.

    Examples
    --------
    >>> from replica.units import Spin
    >>> from replica.units.channels import Sign
    >>> one = teacher_student_run(1000, 200, 1, alpha=1.0, noise=0.0, prior=Spin(), channel=Sign())
    >>> print(f"{one['m']:.2f} {one['q']:.2f}")
    0.55 0.55
    """
    teacher_student_check(N, alpha=alpha, noise=noise, prior=prior, channel=channel)
    kind, rho = ("spin", 1.0) if prior.name == "spin" else ("gaussian", float(getattr(prior, "rho", 1.0)))
    draw = generalised_linear.draw_examples(
        N, alpha, labels=channel.labels, noise=noise, prior=kind, rho=rho, seed=seed
    )
    found = generalised_linear.message_passing(draw, prior, channel, 1.0, damping=0.9, most_steps=sweeps)
    return _overlaps(found.history[-1] if found.converged else np.full(3, math.nan), found.steps)


def _overlaps(state: Any, steps: int) -> Values:
    return {"m": float(state[0]), "q": float(state[1]), "V": float(state[2]), "steps": steps}


def trained_check(
    N: int, *, alpha: float, noise: float, penalty: float, rho: float, prior: Unit, channel: Channel
) -> None:
    """Refuse penalties that are none, and those for which there is no solver."""
    examples_check(N, alpha=alpha, noise=noise)
    if not 0 < penalty < math.inf:
        msg = f"penalty = {penalty} must be a number > 0"
        raise ParameterError(msg)
    if prior.name != "gaussian" or (channel.name == "step" and getattr(channel, "kappa", 1) != 1):
        msg = f"the machine has the penalty w^2/2, and a step only at kappa=1; not {prior} and {channel}"
        raise ParameterError(msg)


def trained_run(
    N: int,
    sweeps: int,
    seed: Seed,
    *,
    alpha: float,
    noise: float,
    penalty: float,
    prior: Unit,
    channel: Channel,
    rho: float = 1.0,
) -> Values:
    """Regression or classification of one draw of examples, by convex minimisation.

    Examples
    --------
    >>> from replica.units import Gaussian
    >>> from replica.units.channels import Square
    >>> given = {"prior": Gaussian(), "channel": Square()}
    >>> one = trained_run(400, 1, 1, alpha=2.0, noise=0.2, penalty=0.1, **given)
    >>> print(f"{one['m']:.2f} {one['q']:.2f}")
    0.79 0.90
    """
    trained_check(N, alpha=alpha, noise=noise, penalty=penalty, rho=rho, prior=prior, channel=channel)
    draw = generalised_linear.draw_examples(N, alpha, labels=channel.labels, noise=noise, rho=rho, seed=seed)
    strength = penalty * prior.gamma  # type: ignore[attr-defined]
    m, q = draw.overlaps(generalised_linear.minimise(draw, channel.name, strength))
    return {"m": m, "q": q}


def random_rbm_check(
    N: int, *, visible: Unit, hidden: Unit, alpha: float, T: float, p: float, L: float
) -> None:
    """Refuse more strong hidden units than there are others, and units that cannot be flipped one by one."""
    M = ensembles.pattern_count(N, alpha)
    if int(L) != L or L < 0:
        msg = f"L = {L:g} must be a whole number from 0 to {M - 1}, one less than there are hidden units"
        raise ParameterError(msg)
    if M <= L:
        msg = (
            f"that is {M} hidden unit{'s' * (M != 1)}, but more than the L = {L:g} strong ones are needed; "
            f"take N > {L / alpha:.0f}"
        )
        raise ParameterError(msg)
    not_negative("T", T)
    if not 0 < p <= 1:
        msg = f"p = {p} must be a number above 0, and at most 1"
        raise ParameterError(msg)
    if T == 0:
        check_flips(visible)


def random_rbm_run(
    N: int,
    sweeps: int,
    seed: Seed,
    *,
    visible: Unit,
    hidden: Unit,
    alpha: float,
    T: float,
    p: float,
    L: float,
) -> Values:
    """L strong hidden units of a random machine with sparse weights; parameters and values are unscaled.

    At T > 0 block Gibbs sampling of two chains on the same weights; at T = 0 single flips to a minimum. Both
    start from the state without noise. At T = 0 the free energy is the energy of the minimum, and `left` is 1
    where the strong units lost half of their field.

    Examples
    --------
    >>> from replica.units import Bernoulli, ReLU
    >>> units = {"visible": Bernoulli(g=-0.02), "hidden": ReLU(theta=0.3)}
    >>> one = random_rbm_run(2000, 200, 1, **units, alpha=0.3, T=0.0, p=0.1, L=3)
    >>> print(f"{one['m']:.4f} {one['q']:.4f}", one["left"])
    0.0427 0.1210 0.0
    """
    random_rbm_check(N, visible=visible, hidden=hidden, alpha=alpha, T=T, p=p, L=L)
    M = ensembles.pattern_count(N, alpha)
    strong = int(L)
    tail = 1.0 if hidden.tail is None else float(hidden.tail)
    if T:
        return _warm(N, M, sweeps, seed, visible, hidden, T, p, strong, tail)
    rbm = SparseRBM(sparse_signs(N, M, p, seed), visible, hidden)
    state = rbm.descend(rbm.noise_free(strong), strong, most_rounds=max(sweeps, 1))
    sure = 1.0 if state.converged else math.nan
    return {
        "m": (rbm.overlap(state, strong) / tail if strong else 0.0) * sure,
        "q": float(np.mean(state.visible**2)) * sure,
        "r": float(np.mean(state.hidden[strong:] ** 2)) * sure,
        "free_energy": state.energy * sure,
        "left": float(state.left),
    } | memory(None)


def _warm(
    N: int,
    M: int,
    sweeps: int,
    seed: Seed,
    visible: Unit,
    hidden: Unit,
    T: float,
    p: float,
    strong: int,
    tail: float,
) -> Values:
    disorder, dynamics = spawned(seed, 2)
    weights = ensembles.sparse_weights(N, M, p, disorder).values
    rbm = RBM(weights, visible, hidden, T)
    room(f"{whole('sweeps', sweeps)} sweeps", sweeps, 2, hint="take fewer")
    start = visible.ground(1e6 * weights[:, :strong].sum(axis=1), 0.0)[1] if strong else None
    gibbs = BlockGibbs(rbm, chains=2, seed=dynamics, visible=start)
    gibbs.sweep(max(sweeps // 2, 1))
    v, h = np.zeros(gibbs.visible.shape), np.zeros(gibbs.hidden.shape)
    energy = np.empty((sweeps, 2))
    for row in energy:
        gibbs.sweep()
        v += gibbs.visible
        h += gibbs.hidden
        row[:] = gibbs.energy()
    v, h = v / sweeps, h / sweeps
    pull = float(np.mean(v @ weights[:, :strong])) / math.sqrt(N) / tail if strong else 0.0
    return (
        {
            "m": pull,
            "q": float(np.mean(v[0] * v[1])),  # two chains: no bias from their own noise
            "r": float(np.mean(h[0, strong:] * h[1, strong:])),
            "energy": float(np.mean(energy)) / N,
            "left": math.nan,
        }
        | memory(energy)
    )


def layered_check(N: int, *, layout: Layout, T: float, along: Sequence[float] | None) -> None:
    """Refuse what cannot be drawn, and at T = 0 a start that is not that of a pattern."""
    not_negative("T", T)
    layout.check(N)
    if T == 0 and along is None:
        msg = (
            "at T = 0 the machine descends to a minimum next to its start, which says something about a "
            "retrieved pattern, and nothing about the lowest energy; take T > 0"
        )
        raise ParameterError(msg)


def layered_run(
    N: int,
    sweeps: int,
    seed: Seed,
    *,
    layout: Layout,
    T: float,
    along: Sequence[float] | None = None,
    temper: bool = False,
    absolute: bool = False,
) -> Values:
    """Two chains of a machine of layers on the same disorder; at T = 0 one descent to a minimum.

    Parameters
    ----------
    layout : Layout
        What the machine is made of.
    T : float
    along : sequence of float, optional
        For each pattern the share with which the start is the state without noise; without it units begin at
        random.
    temper : bool
        Whether each chain is the coldest of a tempering ladder, as for glasses.
    absolute : bool
        Whether overlaps are known up to the sign that all units have in common, so that their absolute values
        are measured.

    Returns
    -------
    dict
        ``m`` of each pattern, ``q`` and ``C`` (not at T = 0) of each layer, as lists; the energy H/N; how the
        run went.

    Examples
    --------
    >>> import numpy as np
    >>> from replica.machines.models.layered import Direction
    >>> from replica.units import Gaussian, Spin
    >>> signs = Direction(0, np.array([-1.0, 1.0]), np.zeros(2), np.array([0.5, 0.5]))
    >>> layers = (["neurons", "hidden"], [Spin(), Gaussian()], [1.0, 0.05])
    >>> hopfield = Layout(*layers, [((0, 1), 1.0)], [signs], [((0, 0), 0.5)])
    >>> one = layered_run(1000, 40, 1, layout=hopfield, T=0.2, along=[1.0])
    >>> print(f"{one['m'][0]:.2f} {one['q'][0]:.2f} {one['energy']:.2f}")  # here with the diagonal, -alpha/2
    1.00 1.00 -0.52
    """
    layered_check(N, layout=layout, T=T, along=along)
    whole("sweeps", sweeps, 0)
    room(f"{sweeps} sweeps", sweeps, 4, hint="take fewer")
    disorder, dynamics, exchange = spawned(seed, 3)
    machine = layout.draw(N, disorder)
    start = None if along is None else machine.noise_free(along)
    if T == 0:
        assert start is not None
        return _descended(machine.descend(start, max(sweeps, 1)), machine)
    high = 1.6 * max(machine.scale, T)
    count = min(max(math.ceil(0.8 * math.sqrt(sum(machine.counts)) * math.log(high / T)) + 2, 6), 24)
    ladder = temperatures(T, high, count) if temper else np.array([T])
    gibbs = LayeredGibbs(machine, 2 * ladder.size, dynamics, T=T, states=start)
    tempering = ParallelTempering(gibbs, ladder, exchange)
    tempering.step(max(sweeps // 2, 1))
    total = [np.zeros((n, 2)) for n in machine.counts]
    both, square = np.zeros((2, len(total)))
    m, energy = np.zeros((len(layout.patterns), 2)), np.empty((sweeps, 2))
    for row in energy:
        tempering.step()
        cold = tempering.at(0)
        row[:] = gibbs.energy()[cold] / N
        here = gibbs.overlaps()[:, cold]
        m += np.abs(here) if absolute else here
        for s, (add, states) in enumerate(zip(total, gibbs.states, strict=True)):
            x = states[:, cold]
            add += x
            both[s] += abs(np.mean(x[:, 0] * x[:, 1]))
            square[s] += np.mean(x**2)
    # of two chains: no bias from their own noise
    q = both / sweeps if absolute else np.array([np.prod(x / sweeps, axis=1).mean() for x in total])
    found = {
        "m": (m / sweeps).mean(axis=1).tolist(),
        "q": q.tolist(),
        "C": ((square / sweeps - q) / T).tolist(),
        "energy": float(np.mean(energy)),
    }
    return found | (_mixing(tempering) if temper else _UNTEMPERED) | memory(energy)


def _descended(end: Settled, machine: LayeredMachine) -> Values:
    """What is measured in a minimum; NaN where it is none."""
    sure = 1.0 if end.converged else math.nan
    found = {
        "m": (machine.overlaps(end.states)[:, 0] * sure).tolist(),
        "q": [float(np.mean(x**2)) * sure for x in end.states],
        "energy": end.energy * sure,
    }
    return found | _UNTEMPERED | memory(None)


_UNTEMPERED = {"swaps": math.nan, "trips": math.nan}


def _mixing(tempering: ParallelTempering) -> Values:
    """Whether a ladder mixes."""
    return {
        "swaps": float(np.min(tempering.swap_rates)),
        "trips": float(tempering.round_trips.sum()),
    }


# -- how a run went ------------------------------------------------------------------------------------------


def memory(record: ArrayLike | None) -> Values:
    """Autocorrelation time of a record, and the independent measurements in it; NaN where nothing moves."""
    if record is None:
        return {"tau": math.nan, "effective": math.nan}
    tau = autocorrelation_time(record)
    return {"tau": tau, "effective": np.size(record) / tau}  # both NaN where nothing changes


def _tempered(
    glass: DenseIsing | EdwardsAnderson, tempering: ParallelTempering, sweeps: int, N: int
) -> Values:
    """Two replicas at the lowest temperature: overlap, energy, P(q), and whether the ladder mixes."""
    room(f"{whole('sweeps', sweeps)} sweeps", sweeps, 4, hint="take fewer")
    tempering.step(max(sweeps // 2, 1))
    rows, overlaps = np.empty((sweeps, 3)), np.empty(sweeps)
    for row, q in zip(rows, overlaps.reshape(-1, 1), strict=True):
        tempering.step()
        cold = tempering.at(0)
        a, b = glass.spins[cold].reshape(2, N)
        q[:] = a @ b / N
        row[:] = abs(q[0]), (abs(a.mean()) + abs(b.mean())) / 2, glass.energy()[cold].mean() / N
    q, m, e = rows.mean(axis=0)
    density, _ = np.histogram(overlaps, bins=BINS, range=(-1, 1), density=True)
    return (
        {
            "q": float(q),
            "m": float(m),
            "energy": float(e),
            "P": (density + density[::-1]) / 2,  # without a field both signs are equally likely
        }
        | _mixing(tempering)
        | memory(rows[:, 0])
    )


def _enumerated(energies: Array, N: int, T: float) -> Values:
    """Two independent replicas in thermal equilibrium, from all configurations.

    Configurations s and s' differ where s xor s' is set, so that the law of the overlap is a convolution over
    xor, which the Walsh-Hadamard transform makes a square.
    """
    weight = np.exp(-(energies - energies.min()) / T)
    weight /= weight.sum()
    pairs = _walsh(_walsh(weight) ** 2) / weight.size
    flipped = sum(np.arange(weight.size) >> i & 1 for i in range(N))
    overlap = 1 - 2 * np.arange(N + 1) / N
    law = np.bincount(flipped, pairs, N + 1)
    density, _ = np.histogram(overlap, bins=BINS, range=(-1, 1), weights=law, density=True)
    return (
        {
            "q": float(np.abs(overlap) @ law),
            "m": float(np.abs(overlap) @ np.bincount(flipped, weight, N + 1)),
            "energy": float(weight @ energies) / N,
            "P": (density + density[::-1]) / 2,
        }
        | _UNTEMPERED
        | memory(None)
    )


def _walsh(values: Array) -> Array:
    """Walsh-Hadamard transform of 2^N numbers."""
    half = 1
    while half < values.size:
        low, high = np.moveaxis(values.reshape(-1, 2, half), 1, 0)
        values = np.stack([low + high, low - high], axis=1).ravel()
        half *= 2
    return values


def _positive(T: float) -> None:
    if not 0 < T < math.inf:
        msg = f"T = {T} must be a positive number"
        raise ParameterError(msg)
