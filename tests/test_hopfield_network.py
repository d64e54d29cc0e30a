"""The Hopfield network at finite N: its dynamics against plain loops over J, enumeration and the theory."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy import special

from reference import reference
from replica.errors import ParameterError, ReplicaWarning, UnknownNameError
from replica.machines.inference import exact
from replica.machines.models import ensembles
from replica.machines.models.hopfield import HopfieldNetwork
from replica.machines.models.rbm import hopfield_as_rbm
from replica.units import Spin


def small(N: int = 60, P: int = 9, seed: int = 3) -> HopfieldNetwork:
    return HopfieldNetwork(ensembles.patterns(P, N, seed).values)


def couplings(network: HopfieldNetwork) -> Any:
    xi = network.patterns.astype(float)
    J = xi.T @ xi / network.N
    np.fill_diagonal(J, 0.0)
    return J


def random_state(N: int, seed: int) -> Any:
    return np.random.default_rng(seed).choice([-1, 1], N)


def test_energy_and_overlaps_are_those_of_the_couplings() -> None:
    network, s = small(), random_state(60, 1)
    assert network.energy(s) == pytest.approx(-s @ couplings(network) @ s / 2 / 60, abs=1e-14)
    np.testing.assert_allclose(network.overlaps(s), network.patterns @ s / 60, atol=1e-15)


@pytest.mark.parametrize("T", [0.0, 0.6])
def test_single_flips_are_those_of_a_loop_over_J(T: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replica.machines.models.hopfield._BLOCK", 70)  # several blocks, the last one smaller
    network, s = small(), random_state(60, 5)
    run = network.glauber(s, T, sweeps=4, seed=8, watch=3)
    J, rng = couplings(network), np.random.default_rng(np.random.SeedSequence(8))
    s = s.copy()
    for t in range(4):
        threshold = T / 2 * special.logit(rng.random(60)) if T else np.zeros(60)
        for i in range(60):
            field = J[i] @ s
            if abs(field - threshold[i]) > 1e-12:
                s[i] = 1 if field > threshold[i] else -1
        np.testing.assert_allclose(run.overlaps[t], network.patterns[:3] @ s / 60, atol=1e-12)
    np.testing.assert_array_equal(run.spins, s)


def test_sequential_descent_ends_in_a_minimum() -> None:
    network = small(N=300, P=50)
    end = network.relax(random_state(300, 2))
    assert end.converged
    assert np.all(end.spins * (couplings(network) @ end.spins) >= -1e-12)
    assert end.energy == pytest.approx(network.energy(end.spins), abs=1e-6)
    np.testing.assert_allclose(end.overlaps, network.overlaps(end.spins), atol=1e-7)


def test_parallel_descent_keeps_the_diagonal_and_has_more_fixed_points() -> None:
    network = small(N=300, P=50)
    xi = network.patterns.astype(int)
    s = random_state(300, 2)
    end = network.relax(s, "parallel")
    for _ in range(end.sweeps - 1):
        field = xi.T @ (xi @ s)
        s = np.where(field == 0, s, np.sign(field))
    np.testing.assert_array_equal(end.spins, s)
    minimum = network.relax(end.spins)
    assert minimum.energy < end.energy  # single flips leave it
    assert network.relax(minimum.spins, "parallel").sweeps == 1  # but not the other way round


def test_near_capacity_the_parallel_dynamics_keeps_more() -> None:
    """alpha = 0.16, above every estimate of the capacity; ten samples of N = 2000."""
    seeds = np.random.SeedSequence(1).spawn(10)
    kept: dict[str, list[float]] = {"sequential": [], "parallel": []}
    for seed in seeds:
        network = HopfieldNetwork.random(2000, 0.16, seed)
        for dynamics, values in kept.items():
            values.append(network.relax(network.patterns[0], dynamics).overlaps[0])
    lost = {dynamics: np.mean(np.array(values) < 0.9) for dynamics, values in kept.items()}
    assert lost["parallel"] + 0.2 <= lost["sequential"]


def test_glauber_dynamics_meets_the_boltzmann_distribution() -> None:
    """Enumeration of ten spins; 4,000 sweeps, error bars from 40 blocks, 4.5 sigma."""
    network, T = small(N=10, P=3, seed=6), 0.9
    s = exact.configurations(Spin(), 10)
    energy = -np.einsum("ni,ij,nj->n", s, couplings(network), s) / 2
    p = special.softmax(-energy / T)
    assert exact.moments(hopfield_as_rbm(network.patterns, T)).visible_visible == pytest.approx(
        (p * s.T) @ s, abs=1e-10
    )
    run = network.glauber(random_state(10, 1), T, sweeps=4000, seed=5, watch=3)
    for samples, known in (
        (run.energy * 10, p @ energy),
        (run.overlaps[:, 0] ** 2, p @ (s @ network.patterns[0] / 10) ** 2),
        (np.prod(run.overlaps, axis=1), p @ np.prod(s @ network.patterns.T / 10, axis=1)),
    ):
        blocks = samples.reshape(40, 100).mean(axis=1)
        assert abs(blocks.mean() - known) < 4.5 * blocks.std(ddof=1) / np.sqrt(40)


@pytest.mark.parametrize(("alpha", "T"), [(0.05, 0.2), (0.1, 0.1)])
def test_retrieval_is_what_the_theory_says(alpha: float, T: float) -> None:
    """m, q and the energy of eight samples of N = 3000 within 4 sigma, and 1/N."""
    name = f"hopfield/finiteT/point/alpha={alpha}/T={T}/retrieval"
    found = []
    for seed in np.random.SeedSequence(17).spawn(8):
        network = HopfieldNetwork.random(3000, alpha, seed)
        run = network.glauber(network.patterns[0], T, sweeps=40, seed=seed.spawn(1)[0])
        found.append((run.overlaps[10:, 0].mean(), run.energy[10:].mean()))
    mean, sigma = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(8)
    known = [reference(f"{name}/{x}").number for x in ("m", "e")]
    assert np.all(np.abs(mean - known) < 4 * sigma + 2 / 3000)


def test_ten_thousand_neurons_take_little_memory() -> None:
    tracemalloc.start()
    network = HopfieldNetwork.random(10_000, 0.1, seed=1)
    end = network.relax(network.corrupted(0, 0.8, seed=2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert end.overlaps[0] > 0.98
    assert peak < 20e6


def test_large_sums_stay_exact() -> None:
    """Beyond 2^24 the projections are float64: N = 68,000, P = 250."""
    network = HopfieldNetwork(ensembles.patterns(250, 68_000, 1).values)
    s = network.patterns[3]
    known = network.patterns.astype(np.int64) @ s.astype(np.int64)
    np.testing.assert_array_equal(np.round(network.overlaps(s) * 68_000, 9), known)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: HopfieldNetwork.random(100, 0.004, 1),
            "0.4 patterns, less than one; take alpha >= 0.01 or N >= 250",
        ),
        (lambda: HopfieldNetwork.random(100, -0.1, 1), "must be a positive number"),
        (lambda: HopfieldNetwork.random(0, 0.1, 1), "N = 0 must be a whole number, at least 1"),
        (lambda: HopfieldNetwork([[0, 1]]), "must consist of -1 and \\+1"),
        (lambda: HopfieldNetwork([1, -1]), "give an array"),
        (lambda: small().energy(np.ones(3)), "an array of 60 spins"),
        (lambda: small().glauber(np.ones(60), -0.1, 5, 1), "T = -0.1 must be a number >= 0"),
        (lambda: small().glauber(np.ones(60), 0.1, 0, 1), "sweeps = 0"),
        (lambda: small().corrupted(9, 0.5, 1), "patterns 0 to 8"),
        (lambda: small().corrupted(0, 1.5, 1), "must lie in \\[-1, 1\\]"),
        (lambda: small().corrupted(0, 0.5, -1), "seed = -1"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_correlated_and_biased_patterns_are_told_by_their_overlaps() -> None:
    rng = np.random.default_rng(3)
    biased = np.where(rng.random((8, 500)) < 0.75, 1, -1)
    with pytest.warns(
        ReplicaWarning, match=r"overlaps is 0\.2\d+, .* = 0\.0447; .* mean activity is \+0\.[45]"
    ):
        HopfieldNetwork(biased)
    base = rng.choice([-1, 1], 500)
    flipped = np.where(rng.random((8, 500)) < 0.2, -base, base)
    for make in (HopfieldNetwork, hopfield_as_rbm):
        with pytest.warns(ReplicaWarning, match=r"the patterns are correlated: .* is 0\.3\d+") as told:
            make(flipped)
        assert "they are biased" not in str(told[0].message)
        make(biased[:1])  # a single pattern is as good as any other
    for seed in range(200):  # random patterns of every size: nothing is said
        N, P = rng.integers(2, 60, 2)
        HopfieldNetwork(np.random.default_rng(seed).choice([-1, 1], (P, N)))


def test_unknown_dynamics_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'parallel'"):
        small().relax(np.ones(60), "paralel")
