"""Sampling: dynamics against enumeration, tempering, error bars, spin glasses."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import special

from replica.errors import ParameterError, UnknownNameError
from replica.machines.inference import exact
from replica.machines.inference.sampling import (
    Estimate,
    ParallelTempering,
    SingleSpin,
    autocorrelation_time,
    draw_samples,
    estimate,
    record,
    temperatures,
)
from replica.machines.models import measures
from replica.machines.models.rbm import RBM, BlockGibbs, hopfield_as_rbm
from replica.machines.models.spin_glass import (
    DenseIsing,
    EdwardsAnderson,
    edwards_anderson,
    sherrington_kirkpatrick,
)
from replica.units import Bernoulli, Gaussian, ReLU, Spin


def rbm(visible: Any, hidden: Any, T: float = 0.9) -> RBM:
    return RBM(np.random.default_rng(8).normal(0, 0.6, (5, 4)), visible, hidden, T)


def agrees(found: Estimate, known: float, sigmas: float = 4.5) -> bool:
    assert found.reliable
    return abs(found.mean - known) < sigmas * found.error


# -- error bars ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_autocorrelation_time_and_error_of_an_autoregression(memory: float) -> None:
    """tau = (1 + a)/(1 - a); over 200 records the errors scatter as the error bars say, to 15 percent."""
    rng = np.random.default_rng(4)
    x = np.empty((4000, 200))
    x[0] = rng.standard_normal(200) / np.sqrt(1 - memory**2)
    for t in range(1, len(x)):
        x[t] = memory * x[t - 1] + rng.standard_normal(200)
    known = (1 + memory) / (1 - memory)
    assert autocorrelation_time(x) == pytest.approx(known, rel=0.05)
    each = [estimate(column) for column in x.T]
    scatter = np.array([e.mean / e.error for e in each])
    assert scatter.std() == pytest.approx(1, rel=0.15)
    assert estimate(x).effective == pytest.approx(x.size / known, rel=0.05)


def test_a_short_record_says_so() -> None:
    slow = np.cumsum(np.random.default_rng(1).standard_normal(300))
    assert not estimate(slow).reliable


@pytest.mark.parametrize("value", [1.0, 0.1, -3e7, 0.0])
def test_a_record_that_never_changes_is_not_perfectly_known(value: float) -> None:
    """0.1 + 0.1 + ... is not exactly constant; rounding is no change."""
    for shape in ((300,), (300, 7)):
        found = estimate(np.full(shape, value))
        assert found.mean == pytest.approx(value, rel=1e-14)
        assert np.isnan([found.error, found.tau, found.effective]).all()
        assert not found.reliable


def test_chains_in_different_places_are_no_agreement() -> None:
    stuck = np.random.default_rng(1).standard_normal((500, 4)) * 0.1 + np.array([-1, 1, -1, 1])
    assert not estimate(stuck).reliable


# -- single spins --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["glauber", "metropolis"])
@pytest.mark.parametrize(
    ("visible", "hidden"),
    [
        (Spin(g=0.2), Spin(g=[0.1, -0.2, 0.3, 0.0])),
        (Bernoulli(g=[0.1, -0.4, 0.2, 0.0, 0.3]), ReLU(theta=[0.1, 0.3, -0.2, 0.0])),
        (Spin(), Gaussian(gamma=2.0)),
    ],
)
def test_single_spin_dynamics_meets_enumeration(visible: Any, hidden: Any, rule: str) -> None:
    machine = rbm(visible, hidden, T=2.0)
    chain = SingleSpin(machine, chains=400, seed=3, rule=rule)
    chain.sweep(10)
    run = np.empty((150, 400, 5))
    for row in run:
        chain.sweep()
        row[...] = chain.visible
    known = exact.moments(machine).visible
    assert all(agrees(estimate(run[:, :, i]), known[i]) for i in range(5))
    np.testing.assert_allclose(chain._field, machine.hidden_field(chain.visible), atol=1e-12)


@pytest.mark.parametrize("hidden", [ReLU(theta=[0.1, 0.3, -0.2, 0.0]), Spin(), Gaussian(gamma=2.0)])
def test_at_zero_temperature_it_ends_in_minima_of_the_marginal_energy(hidden: Any) -> None:
    machine = rbm(Bernoulli(g=-0.2), hidden, T=0.0)
    chain = SingleSpin(machine, chains=30, seed=3)
    before = chain.free_energy()
    chain.sweep(20)
    assert chain.flips == 0
    here = chain.free_energy()
    assert np.all(here <= before + 1e-12)
    for i in range(5):
        other = chain.visible.copy()
        other[:, i] = 1 - other[:, i]
        assert np.all(machine.visible_free_energy(other) >= here - 1e-10)


@pytest.mark.parametrize("rule", ["glauber", "metropolis"])
@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-3])
def test_free_units_forget_where_they_began(rule: str, size: float) -> None:
    """<s_i s_j> of pairs of free spins is 0, and a flip at every visit would keep each product; 4.5 sigma."""
    machine = RBM(np.full((4, 1), size), Spin(), Spin())
    chain = SingleSpin(machine, chains=1, seed=3, rule=rule, visible=np.ones(4))
    run = record_products(chain.sweep, lambda: chain.visible, 1500)
    assert all(agrees(estimate(row), 0.0) for row in run)


@pytest.mark.parametrize("T", [1.0, 1e9])
@pytest.mark.parametrize("free", ["couplings", "temperature", "ground"])
def test_free_spins_of_the_glasses_forget_where_they_began(free: str, T: float) -> None:
    """Without couplings, infinitely hot, and at T = 0 where every flip is free."""
    J = sherrington_kirkpatrick(6, seed=1).values if free == "temperature" else np.zeros((6, 6))
    bonds = np.ones((2, 4, 4)) if free == "temperature" else np.zeros((2, 4, 4))
    T = {"couplings": T, "temperature": 1e9, "ground": 0.0}[free]
    dense = DenseIsing(J, chains=1, seed=1, T=T, spins=np.ones(6))
    lattice = EdwardsAnderson(bonds, chains=1, seed=2, T=T, spins=np.ones((4, 4)))
    for one in (dense, lattice):
        run = record_products(one.sweep, lambda one=one: one.spins.reshape(1, -1)[:, :5], 1500)
        assert all(agrees(estimate(row), 0.0) for row in run)


def record_products(sweep: Any, state: Any, steps: int) -> Any:
    """Products of neighbours in a list of spins, and the first spin, along a run."""
    rows = []
    for _ in range(steps):
        sweep()
        s = state()[0].copy()
        rows.append(np.r_[s[0], s[1:] * s[:-1]])
    return np.array(rows).T


# -- tempering -----------------------------------------------------------------------------------------------


def test_tempering_keeps_the_distribution_at_every_temperature() -> None:
    base = rbm(Spin(g=0.2), Bernoulli())
    ladder = np.array([0.5, 0.8, 1.4])
    gibbs = BlockGibbs(base, chains=300, seed=5)
    tempering = ParallelTempering(gibbs, ladder, seed=6)
    rows: list[Any] = []
    tempering.step(20)
    for _ in range(200):
        tempering.step()
        rows.append([gibbs.visible[tempering.at(k)] for k in range(3)])
    samples = np.array(rows)  # (steps, temperatures, ladders, units)
    for k, T in enumerate(ladder):
        known = exact.moments(RBM(base.weights, base.visible, base.hidden, T)).visible
        np.testing.assert_allclose(gibbs.T[tempering.at(k)], T)
        assert all(agrees(estimate(samples[:, k, :, i]), known[i]) for i in range(5))
    assert np.all(tempering.swap_rates > 0.3)
    assert np.all(tempering.attempts == 220 / 2 * 100)
    assert tempering.round_trips.sum() > 300


def test_swap_rates_are_those_of_the_energies() -> None:
    """E[min(1, exp(gain))] over independent states of both temperatures, by enumeration; 4.5 sigma."""
    base = rbm(Spin(g=0.2), Spin())
    gibbs = BlockGibbs(base, chains=2000, seed=5)
    tempering = ParallelTempering(gibbs, [0.6, 1.2], seed=6)
    tempering.step(40, sweeps=3)
    v, h = exact.configurations(Spin(), 5), exact.configurations(Spin(), 4)
    energy = base.energy(np.repeat(v, 16, axis=0), np.tile(h, (32, 1)))
    cold, hot = (special.softmax(-energy / T) for T in (0.6, 1.2))
    known = cold @ np.minimum(1, np.exp((1 / 0.6 - 1 / 1.2) * (energy[:, None] - energy))) @ hot
    rate, count = tempering.swap_rates[0], tempering.attempts[0]
    assert abs(rate - known) < 4.5 * np.sqrt(known * (1 - known) / count) * 1.5  # a little memory


def test_a_single_temperature_is_plain_sampling() -> None:
    gibbs = BlockGibbs(rbm(Spin(), Spin()), chains=4, seed=1)
    tempering = ParallelTempering(gibbs, [0.7], seed=2)
    tempering.step(5)
    assert tempering.swap_rates.shape == (0,)
    np.testing.assert_array_equal(tempering.round_trips, 0)


# -- independent samples -------------------------------------------------------------------------------------


@pytest.mark.parametrize("temper", [1, 3])
def test_samples_have_the_distribution_of_the_machine_within_4_5_sigma(temper: int) -> None:
    machine, count = rbm(Spin(g=0.2), Bernoulli(), T=0.7), 4000
    drawn = draw_samples(machine, count, sweeps=60, temper=temper, hottest=3.0, seed=3)
    known = exact.moments(machine)
    assert drawn.visible.shape == (count, 5)
    assert drawn.hidden.shape == (count, 4)
    assert drawn.swap_rates.shape == (temper - 1,)
    assert np.all(drawn.swap_rates > 0.3)
    spread = np.sqrt((1 - np.asarray(known.visible) ** 2) / count)
    assert np.all(np.abs(drawn.visible.mean(axis=0) - known.visible) < 4.5 * spread)
    assert np.all(np.abs(drawn.hidden.mean(axis=0) - known.hidden) < 4.5 * 0.5 / np.sqrt(count))
    again = draw_samples(machine, count, sweeps=60, temper=temper, hottest=3.0, seed=3)
    np.testing.assert_array_equal(again.visible, drawn.visible)


def test_samples_need_a_ladder_that_goes_up_and_a_seed() -> None:
    with pytest.raises(ParameterError, match="temperatures from"):
        draw_samples(rbm(Spin(), Spin()), 2, temper=3, hottest=0.5)
    with pytest.raises(ParameterError, match="seed = -1"):
        draw_samples(rbm(Spin(), Spin()), 2, seed=-1)


# -- spin glasses --------------------------------------------------------------------------------------------


def test_dense_ising_meets_enumeration() -> None:
    J = sherrington_kirkpatrick(8, seed=3).values
    field = np.linspace(-0.3, 0.4, 8)
    ladder = np.array([0.5, 1.0])
    ising = DenseIsing(J, chains=400, seed=4, T=np.repeat(ladder, 200), field=field)
    run = record(ising, {"energy": ising.energy, "first": lambda: ising.spins[:, 0]}, steps=300, burn=30)
    s = exact.configurations(Spin(), 8)
    energy = -np.einsum("ni,ij,nj->n", s, J, s) / 2 - s @ field
    for k, T in enumerate(ladder):
        p = special.softmax(-energy / T)
        part = slice(200 * k, 200 * (k + 1))
        assert agrees(estimate(run["energy"][:, part]), p @ energy)
        assert agrees(estimate(run["first"][:, part]), p @ s[:, 0])
    np.testing.assert_allclose(ising._local, ising.spins @ J + field, atol=1e-12)


@pytest.mark.parametrize("couplings", ["spin", "gaussian"])
def test_square_lattice_meets_enumeration(couplings: str) -> None:
    """All 2^16 configurations of a 4 x 4 torus, bonds listed by hand."""
    J = edwards_anderson(4, 2, seed=2, couplings=couplings).values
    s = exact.configurations(Spin(), 16).reshape(-1, 4, 4)
    energy = np.zeros(len(s))
    for x, y in product(range(4), repeat=2):
        energy -= J[0, x, y] * s[:, x, y] * s[:, (x + 1) % 4, y]
        energy -= J[1, x, y] * s[:, x, y] * s[:, x, (y + 1) % 4]
    ladder = np.array([1.0, 2.0])
    lattice = EdwardsAnderson(J, chains=200, seed=1, T=np.repeat(ladder, 100))
    run = record(lattice, {"energy": lattice.energy}, steps=500, burn=50)["energy"]
    for k, T in enumerate(ladder):
        known = special.softmax(-energy / T) @ energy
        assert agrees(estimate(run[:, 100 * k : 100 * (k + 1)]), known)


def test_cubic_lattice_is_a_dense_model_with_few_bonds() -> None:
    J = edwards_anderson(4, 3, seed=7).values
    lattice = EdwardsAnderson(J, chains=3, seed=1, T=1.0, field=0.2)
    dense = np.zeros((64, 64))
    index = np.arange(64).reshape(4, 4, 4)
    for d in range(3):
        for site, other, bond in zip(index.ravel(), np.roll(index, -1, d).ravel(), J[d].ravel(), strict=True):
            dense[site, other] += bond
            dense[other, site] += bond
    same = DenseIsing(dense, chains=3, seed=1, T=1.0, field=0.2, spins=lattice.spins.reshape(3, 64))
    np.testing.assert_allclose(lattice.energy(), same.energy(), atol=1e-11)
    lattice.sweep(3)
    same = DenseIsing(dense, chains=3, seed=1, T=1.0, field=0.2, spins=lattice.spins.reshape(3, 64))
    np.testing.assert_allclose(lattice.energy(), same.energy(), atol=1e-11)


def test_cubic_lattice_at_high_temperature() -> None:
    """Bonds -1, +1: e = -3 tanh(1/T) + O(tanh^6) on average; ten samples, 4 sigma."""
    found = []
    for seed in np.random.SeedSequence(3).spawn(10):
        draw = edwards_anderson(8, 3, seed, couplings="spin")
        lattice = EdwardsAnderson(draw.values, chains=10, seed=seed.spawn(1)[0], T=4.0)
        found.append(record(lattice, {"e": lattice.energy}, steps=40, burn=20)["e"].mean() / 512)
    sigma = np.std(found, ddof=1) / np.sqrt(10)
    assert abs(np.mean(found) + 3 * np.tanh(0.25)) < 4 * sigma + 3 * np.tanh(0.25) ** 6


def test_sherrington_kirkpatrick_above_its_transition() -> None:
    """e = -1/(2T) at T > 1; q = 0 with <q^2> = 1/(N (1 - 1/T^2)); 20 samples of N = 100, 4 sigma and 2/N."""
    energies, squares = [], []
    for seed in np.random.SeedSequence(9).spawn(20):
        J = sherrington_kirkpatrick(100, seed).values
        ising = DenseIsing(J, chains=30, seed=seed.spawn(1)[0], T=2.0)
        ising.sweep(25)
        energies.append(ising.energy().mean() / 100)
        first, second = np.triu_indices(30, 1)
        squares.append(np.mean(np.mean(ising.spins[first] * ising.spins[second], axis=1) ** 2))
    error = np.std(energies, ddof=1) / np.sqrt(20)
    assert abs(np.mean(energies) + 0.25) < 4 * error + 0.02
    error = np.std(squares, ddof=1) / np.sqrt(20)
    assert abs(np.mean(squares) - 1 / (100 * 0.75)) < 4 * error + 0.001


def test_overlaps_become_broad_in_the_glass_phase() -> None:
    """SK, N = 64: P(q) of tempered replicas is wide at T = 0.5 and narrow at T = 1.6."""
    J = sherrington_kirkpatrick(64, seed=2).values
    ising = DenseIsing(J, chains=8 * 10, seed=1, T=1.0)
    tempering = ParallelTempering(ising, temperatures(0.5, 1.6, 8), seed=2)
    tempering.step(150)
    rows: list[list[Any]] = [[], []]
    for _ in range(60):
        tempering.step(2)
        for row, k in zip(rows, (0, 7), strict=True):
            row.append(ising.spins[tempering.at(k)].copy())
    moments = []
    for row in rows:
        q, density = measures.overlap_distribution(np.stack(row, axis=1))
        moments.append(np.sum(q**2 * density) * (q[1] - q[0]))
    assert moments[0] > 0.2
    assert moments[1] < 0.06


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SingleSpin(rbm(Gaussian(), Spin()), 1, 1), "visible units with two values"),
        (lambda: SingleSpin(rbm(Spin(), Spin()), 0, 1), "chains = 0"),
        (lambda: SingleSpin(rbm(Spin(), Spin()), 1, 1, visible=[0] * 5), "values \\(-1.0, 1.0\\) only"),
        (lambda: temperatures(0.0, 1.0, 3), "give 0 < low <= high"),
        (lambda: ParallelTempering(BlockGibbs(rbm(Spin(), Spin()), 5, 1), [0.5, 1.0], 1), "take a multiple"),
        (lambda: ParallelTempering(BlockGibbs(rbm(Spin(), Spin()), 4, 1), [1.0, 0.5], 1), "must increase"),
        (lambda: ParallelTempering(BlockGibbs(rbm(Spin(), Spin()), 4, 1), [0.0, 0.5], 1), "positive"),
        (lambda: estimate(np.ones((2, 2, 2))), "give an array \\(steps,\\)"),
        (lambda: record(BlockGibbs(rbm(Spin(), Spin()), 4, 1), {}, steps=0), "steps = 0"),
        (lambda: edwards_anderson(5, 2, 1), "must be even"),
        (lambda: edwards_anderson(4, 4, 1), "dimension = 4 must be 2 or 3"),
        (lambda: EdwardsAnderson(np.ones((2, 4, 6)), 1, 1, T=1.0), "give \\(2, L, L\\)"),
        (lambda: EdwardsAnderson(np.ones((2, 4, 4)), 1, 1, T=-1.0), "T = -1.0 must be >= 0"),
        (lambda: DenseIsing(np.ones((3, 3)), 1, 1, T=1.0), "zero diagonal"),
        (lambda: DenseIsing(np.zeros((3, 3)), 1, 1, T=1.0, spins=[0, 1, 1]), "must be -1 or"),
        (lambda: sherrington_kirkpatrick(1, 1), "N = 1"),
        (lambda: sherrington_kirkpatrick(10**6, 1), "would take 21.8 TiB of memory"),
        (lambda: sherrington_kirkpatrick(10**30, 1), "of memory, more than this machine has|too large"),
        (lambda: DenseIsing(np.zeros((3, 3)), 10**11, 1, T=1.0), "100000000000 replicas would take"),
        (lambda: SingleSpin(rbm(Spin(), Spin()), 10**11, 1), "100000000000 chains would take"),
        (lambda: BlockGibbs(rbm(Spin(), Spin()), 10**11, 1), "100000000000 chains would take"),
        (lambda: BlockGibbs(rbm(Spin(), Spin()), 2, 1, visible=[1j] * 5), "the start .* complex numbers"),
        (
            lambda: BlockGibbs(rbm(Spin(), Spin()), 2, 1, visible=[0.5] * 5),
            "the start .*: 0.5 at 0 is no value",
        ),
        (lambda: DenseIsing(np.zeros((3, 3)) + 0j, 1, 1, T=1.0), "couplings of type complex128"),
        (lambda: DenseIsing(np.zeros((3, 3)), 1, 1, T=1.0, field=[0.1, 0.2]), "field of shape"),
        (lambda: DenseIsing(np.zeros((3, 3)), 1, 1, T=np.nan), "not finite"),
        (lambda: EdwardsAnderson(np.ones((2, 4, 4), object), 1, 1, T=1.0), "Python objects"),
        (lambda: estimate(["a", "b"]), "texts"),
        (lambda: estimate([1.0, np.nan]), "not finite"),
        (lambda: ParallelTempering(BlockGibbs(rbm(Spin(), Spin()), 4, 1), [1j, 2j], 1), "complex"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_unknown_names_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'metropolis'"):
        SingleSpin(rbm(Spin(), Spin()), 1, 1, rule="metropolys")
    with pytest.raises(UnknownNameError, match="did you mean 'gaussian'"):
        edwards_anderson(4, 2, 1, couplings="gausian")


def test_hopfield_and_dense_ising_are_one_model() -> None:
    xi = np.random.default_rng(3).choice([-1.0, 1.0], (2, 9))
    J = xi.T @ xi / 9
    np.fill_diagonal(J, 0.0)
    ising = DenseIsing(J, chains=6, seed=1, T=0.5)
    F = hopfield_as_rbm(xi, 0.5).visible_free_energy(ising.spins)
    np.testing.assert_allclose(ising.energy(), F + 0.5 * np.log(2 * np.pi * 0.5) + 1, atol=1e-12)
