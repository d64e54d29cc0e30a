"""Finite spin glasses: against direct sums, against exact averages, and what is refused."""

import numpy as np
import pytest

from replica.errors import ParameterError, UnknownNameError
from replica.machines.inference.enumeration import (
    MOST_SPINS,
    log_partition,
    random_energies,
    random_energy_moments,
    sample,
    spin_glass_energies,
    spin_glass_moments,
)

GLASS, REM = "sherrington-kirkpatrick", "random-energy"


@pytest.mark.parametrize("N", [1, 2, 6])
def test_energies_are_those_of_the_hamiltonian(N: int) -> None:
    energies = spin_glass_energies(N, np.random.default_rng(3), J0=0.3, h=0.2)
    J = np.tril(0.3 / N + np.random.default_rng(3).standard_normal((N, N)) / np.sqrt(N), -1)
    S = 1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)
    np.testing.assert_allclose(energies, -np.einsum("ki,ij,kj->k", S, J, S) - 0.2 * S.sum(1), atol=1e-14)


def test_without_field_configurations_come_in_pairs() -> None:
    energies = spin_glass_energies(10, np.random.default_rng(0))
    np.testing.assert_allclose(energies, energies[::-1], atol=1e-13)


def test_seeds_fix_the_samples_one_by_one() -> None:
    few, more = (sample(GLASS, 6, [0.5, 1.0], samples=n, seed=5) for n in (3, 8))
    np.testing.assert_array_equal(few.log_Z, more.log_Z[:3])
    assert not np.array_equal(more.log_Z, sample(GLASS, 6, [0.5, 1.0], samples=8, seed=6).log_Z)


def test_measures_of_a_sample() -> None:
    few = sample(REM, 8, [0.3, 2.0], samples=4, seed=2)
    energies = random_energies(8, np.random.default_rng(np.random.SeedSequence(2).spawn(4)[3]))
    for i, T in enumerate((0.3, 2.0)):
        weight = np.exp(-(energies - energies.min()) / T)
        assert few.log_Z[3, i] == pytest.approx(np.log(weight.sum()) - energies.min() / T, abs=1e-12)
        assert few.participation[3, i] == pytest.approx(np.sum(weight**2) / weight.sum() ** 2, abs=1e-13)
    assert few.ground_state[3] == energies.min() / 8


@pytest.mark.parametrize(("model", "pairs"), [(GLASS, 9 / 10), (REM, 1.0)])
def test_first_moment_is_the_annealed_average(model: str, pairs: float) -> None:
    """E Z = 2^N exp(N pairs/(4 T^2)) at every N; four standard errors of 2000 samples, seed 1."""
    value, error = sample(model, 10, 1.5, samples=2000, seed=1).moment(1.0)
    assert value[0] == pytest.approx(np.log(2) + pairs / (4 * 1.5**2), abs=4 * error[0])
    assert error[0] < 2e-3


@pytest.mark.parametrize("T", [0.4, 1.0])
def test_moments_of_two_energies(T: float) -> None:
    """N = 1: the average over two Gaussian energies, by a product rule, smooth enough for both T."""
    z, w = np.polynomial.hermite_e.hermegauss(150)
    w = np.outer(w, w) / w.sum() ** 2
    log_Z = np.logaddexp.outer(-z * np.sqrt(0.5) / T, -z * np.sqrt(0.5) / T)
    n = np.array([0.01, 0.3, 0.5, 0.99])
    direct = [np.log(np.sum(w * np.exp(k * log_Z))) / k for k in n]
    np.testing.assert_allclose(random_energy_moments(n, 1, T), direct, atol=1e-9)
    assert random_energy_moments(0.0, 1, T) == pytest.approx(np.sum(w * log_Z), abs=1e-9)


@pytest.mark.parametrize(("N", "T"), [(12, 0.3), (40, 0.4), (160, 0.4), (400, 0.8)])
def test_moments_obey_what_is_rigorous(N: int, T: float) -> None:
    """Z^n <= sum_i exp(-n E_i/T) for n <= 1; Jensen; ln E[Z^n] is convex in n."""
    n = np.linspace(0, 1, 41)
    value = random_energy_moments(n, N, T)
    assert np.all(value[1:] <= np.log(2) / n[1:] + n[1:] / (4 * T * T) + 1e-12)
    assert np.all(value <= np.log(2) + 1 / (4 * T * T) + 1e-12)
    assert np.all(np.diff(value) > -1e-12)
    assert np.all(np.diff(n * value, 2) > -1e-12)


def test_moments_are_continuous_at_both_ends() -> None:
    near = random_energy_moments([0.0, 1e-5, 1 - 1e-5, 1.0], 20, 0.4)
    assert near[1] == pytest.approx(near[0], abs=1e-4)
    assert near[2] == pytest.approx(near[3], abs=1e-4)


def test_sampled_moments_agree_with_the_exact_ones() -> None:
    """Three standard errors of 500 samples, seed 1, where the mean is not carried by rare samples."""
    few = sample(REM, 12, 0.8, samples=500, seed=1)
    n = np.array([0.0, 0.2, 0.5])
    value, error = few.moment(n)
    assert np.all(np.abs(value[:, 0] - random_energy_moments(n, 12, 0.8)) < 3 * error[:, 0])


@pytest.mark.parametrize("N", [2, 3])
def test_moments_of_few_spins(N: int) -> None:
    """One and three couplings: by a product rule; four standard errors of 3000 samples, seed 7."""
    T, pairs = 0.4, N * (N - 1) // 2
    z, w = np.polynomial.hermite_e.hermegauss(60)
    J = np.stack(np.meshgrid(*[z] * pairs)).reshape(pairs, -1) / np.sqrt(N)
    weight = np.prod(np.stack(np.meshgrid(*[w / w.sum()] * pairs)).reshape(pairs, -1), axis=0)
    S = 1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)
    bonds = np.stack([S[:, i] * S[:, j] for i in range(N) for j in range(i)])
    Z = np.sum(np.exp(bonds.T @ J / T), axis=0)
    n = np.array([0.2, 0.6, 0.95])
    value, error = spin_glass_moments(n, N, T, samples=3000, seed=7)
    assert np.all(np.abs(value - [np.log(weight @ Z**k) / (k * N) for k in n]) < 4 * error)
    assert np.all(error < 0.01)
    assert np.all(np.diff(error) < 0)


def test_moments_of_planted_samples_know_the_rare_ones() -> None:
    """At n = 1 the moment is exact; drawn plainly, samples miss it by more than they know."""
    value, error = spin_glass_moments([0.0, 0.9, 1.0], 10, 0.4, samples=100)
    exact = np.log(2) + 9 / 10 / (4 * 0.4**2)
    assert value[2] == pytest.approx(exact, rel=1e-14)
    assert error[2] == pytest.approx(0, abs=1e-14)
    assert exact - value[1] < 0.15
    few = sample(GLASS, 10, 0.4, samples=100, seed=1)
    assert value[0] == pytest.approx(few.log_Z.mean() / 10, rel=1e-13)
    plain, claimed = few.moment(1.0)
    assert plain[0] < exact - 2 * claimed[0]


def test_moment_at_zero_is_the_limit() -> None:
    few = sample(GLASS, 6, [0.5, 1.0], samples=50, seed=1)
    (zero, near), (error, close) = few.moment([0.0, 1e-6])
    np.testing.assert_allclose(near, zero, atol=1e-5)
    np.testing.assert_allclose(close, error, rtol=1e-4)
    np.testing.assert_allclose(zero, few.log_Z.mean(axis=0) / 6, rtol=1e-14)


def test_what_cannot_be_enumerated_is_said() -> None:
    with pytest.raises(ParameterError, match=f"whole number from 1 to {MOST_SPINS}"):
        spin_glass_energies(MOST_SPINS + 1, np.random.default_rng(0))
    with pytest.raises(ParameterError, match="N = 0 spins"):
        random_energies(0, np.random.default_rng(0))
    with pytest.raises(UnknownNameError, match="did you mean 'random-energy'"):
        sample("random-energies", 4, 1.0, samples=2, seed=0)
    with pytest.raises(ParameterError, match="at least 2"):
        sample(REM, 4, 1.0, samples=1, seed=0)
    with pytest.raises(ParameterError, match="lowest energy"):
        log_partition(np.zeros(4), [1.0, 0.0])
    for n, N, T in ((1.5, 10, 1.0), (0.5, 0, 1.0), (0.5, 10, 0.0), (0.5, 401, 2.0)):
        with pytest.raises(ParameterError, match="moments are computed for"):
            random_energy_moments(n, N, T)
    for n, T in ((-0.1, 1.0), (1.1, 1.0), (0.5, 0.0)):
        with pytest.raises(ParameterError, match="moments are computed for"):
            spin_glass_moments(n, 4, T)
    with pytest.raises(ParameterError, match="at least 2"):
        spin_glass_moments(0.5, 4, 1.0, samples=1)
