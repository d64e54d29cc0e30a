"""Random weights, patterns and data, and the measures that read them."""

from typing import Any

import numpy as np
import pytest
from finite_machines import mode_hops, survival

from replica.errors import ParameterError, UnknownNameError
from replica.machines.models import ensembles, measures
from replica.machines.models.hopfield import HopfieldNetwork


def test_the_same_seed_gives_the_same_draw() -> None:
    for draw in (
        lambda seed: ensembles.patterns(3, 50, seed),
        lambda seed: ensembles.sparse_weights(30, 20, 0.2, seed),
        lambda seed: ensembles.spectral_weights(30, 20, [1.0], 0.5, seed),
        lambda seed: ensembles.teacher_data(20, 30, 1.0, seed),
    ):
        first, again, other = draw(4), draw(np.random.SeedSequence(4)), draw(5)
        np.testing.assert_array_equal(first.values, again.values)
        assert np.any(first.values != other.values)
        repeated = draw(np.random.SeedSequence(first.seed.entropy, spawn_key=first.seed.spawn_key))
        np.testing.assert_array_equal(first.values, repeated.values)


def test_children_of_a_seed_do_not_depend_on_who_asked_before() -> None:
    parent = np.random.SeedSequence(3).spawn(2)[1]
    first, again = (ensembles.spawned(parent, 3) for _ in range(2))
    assert [child.generate_state(2).tolist() for child in first] == [
        child.generate_state(2).tolist() for child in again
    ]
    assert [child.spawn_key for child in first] == [child.spawn_key for child in parent.spawn(3)]


def test_results_carry_their_seeds() -> None:
    network = HopfieldNetwork.random(50, 0.1, seed=4)
    assert network.seed is not None
    assert network.seed.entropy == 4
    assert network.glauber(network.patterns[0], 0.1, 2, seed=5).seed.entropy == 5
    ended = survival(100, 0.1, L=1, theta=0.2, p=0.1, g=0.0, seed=6, most_sweeps=1)
    assert ended.seed.entropy == 6
    assert mode_hops(10, 0.5, 2, seed=7).seed.entropy == 7


def test_patterns_are_unbiased_spins() -> None:
    xi = ensembles.patterns(400, 1001, 2).values
    assert xi.dtype == np.int8
    assert xi.shape == (400, 1001)
    assert set(np.unique(xi)) == {-1, 1}
    assert abs(xi.mean()) < 4 / np.sqrt(xi.size)
    crosstalk = (xi[:200] @ xi[200:].T.astype(float)).ravel() / np.sqrt(1001)
    assert abs(np.var(crosstalk) - 1) < 4 * np.sqrt(2 / crosstalk.size)


def test_sparse_weights_with_a_probability_for_each_unit() -> None:
    p = np.linspace(0.05, 0.6, 40)
    w = ensembles.sparse_weights(40, 20_000, p, 7).values * np.sqrt(40)
    assert set(np.unique(w.round(12))) == {-1.0, 0.0, 1.0}
    share = np.mean(w != 0, axis=1)
    assert np.max(np.abs(share - p) / np.sqrt(p * (1 - p) / 20_000)) < 4
    assert np.max(np.abs(w.mean(axis=1)) / np.sqrt(p / 20_000)) < 4


@pytest.mark.parametrize("law", ensembles.COMPONENTS)
def test_components_have_mean_zero_and_variance_one(law: str) -> None:
    x = ensembles.COMPONENTS[law](np.random.default_rng(1), (40_000, 1))
    assert abs(x.mean()) < 4 / 200
    assert abs(np.mean(x**2) - 1) <= 4 * np.std(x**2) / 200


def test_spectrum_of_noise_and_of_modes() -> None:
    """The noise ends at sigma (kappa^(1/4) + kappa^(-1/4)) (Marchenko and Pastur); a mode stands out."""
    draw = ensembles.spectral_weights(600, 300, [6.0], 0.8, 3)
    values = measures.singular_values(draw.values)
    edge = 0.8 * (0.5**0.25 + 2**0.25)
    assert values[1] == pytest.approx(edge, rel=0.03)
    # a mode w is found at sqrt((w^2 + sigma^2 c)(w^2 + sigma^2/c))/w, c = sqrt(kappa)
    w, c = 6.0, np.sqrt(0.5)
    w *= np.sqrt(np.mean(draw.parts["U"] ** 2) * np.mean(draw.parts["V"] ** 2))
    known = np.sqrt((w**2 + 0.64 * c) * (w**2 + 0.64 / c)) / w
    assert abs(values[0] - known) < 4 * 0.8 / 180_000**0.25  # the noise along the mode has variance sigma^2/L


def test_teacher_data_have_the_planted_correlation() -> None:
    """E[(xi . s)^2/N] = 1 + (N - 1) tanh^2(beta/sqrt N); within 4 sigma."""
    N, M, beta = 40, 20_000, 1.2
    draw = ensembles.teacher_data(N, M, beta, 9)
    x = (draw.values @ draw.parts["feature"].astype(float)) ** 2 / N
    known = 1 + (N - 1) * np.tanh(beta / np.sqrt(N)) ** 2
    assert abs(x.mean() - known) < 4 * x.std() / np.sqrt(M)
    assert abs(draw.values.mean()) < 4 * np.sqrt(known / (N * M))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ensembles.pattern_count(10, 0.01), "less than one; take alpha >= 0.1 or N >= 100"),
        (lambda: ensembles.patterns(0, 10, 1), "P = 0"),
        (lambda: ensembles.patterns(2, 10, 1.5), "seed = 1.5"),
        (lambda: ensembles.sparse_weights(10, 5, 0.0, 1), "in \\(0, 1\\]"),
        (lambda: ensembles.sparse_weights(10, 5, np.ones(4), 1), "each of the 10 visible"),
        (lambda: ensembles.spectral_weights(10, 5, [1.0], -1, 1), "sigma = -1"),
        (lambda: ensembles.teacher_data(10, 5, -1, 1), "beta = -1"),
        (lambda: measures.overlaps([1, 1], [[1, 1, 1]]), "do not match"),
        (lambda: measures.overlap_distribution([[1, 1]]), "at least two replicas"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_an_unknown_law_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="gaussian"):
        ensembles.spectral_weights(4, 3, [1.0], 0.0, 1, components="gausian")


# -- measures ------------------------------------------------------------------------------------------------


def test_weight_sparsity_is_the_fraction_of_non_zeros() -> None:
    w = ensembles.sparse_weights(500, 300, 0.1, 1).values
    assert measures.weight_sparsity(w) == pytest.approx(np.mean(w != 0), abs=1e-12)


def test_participation_ratios_count_the_strong_units() -> None:
    """L of M units at m sqrt(N), the rest noise of second moment r: PR_2 -> L (1 + alpha r/(L m^2))^2."""
    rng = np.random.default_rng(1)
    N, M, L, m = 10_000, 5_000, 10, 0.3
    h = np.maximum(rng.standard_normal(M), 0)
    h[:L] = m * np.sqrt(N)
    r = 0.5
    biased = L * (1 + 0.5 * r / (L * m**2)) ** 2
    assert measures.participation_ratio(h, 2) == pytest.approx(biased, rel=0.05)
    assert measures.participation_ratio(h, 3) == pytest.approx(L, rel=0.1)
    assert measures.participation_ratio(np.zeros(5), 3) == 0
    assert measures.participation_ratio(1e-200 * h, 3) == pytest.approx(measures.participation_ratio(h, 3))


def test_hidden_activity_adds_up() -> None:
    h = np.array([[0.0, 1.0, 20.0, 30.0], [0.0, 0.0, 0.0, 2.0]])
    found = measures.hidden_activity(h, threshold=10.0)
    np.testing.assert_array_equal(found.strong, [0.5, 0.0])
    np.testing.assert_array_equal(found.silent, [0.25, 0.75])
    np.testing.assert_array_equal(found.strong + found.weak + found.silent, [1.0, 1.0])
    np.testing.assert_array_equal(measures.activity([[1, 0, 1, 1]]), [0.75])


def test_overlap_distribution_is_a_density() -> None:
    states = np.random.default_rng(2).choice([-1, 1], (4, 50, 31))
    q, density = measures.overlap_distribution(states, bins=21)
    assert density.sum() * (q[1] - q[0]) == pytest.approx(1)
    assert np.sum(q**2 * density) * (q[1] - q[0]) == pytest.approx(1 / 31, rel=0.25)
