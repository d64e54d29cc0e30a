"""Small machines by enumeration, against numbers computed by plain loops and against each other."""

from typing import Any

import numpy as np
import pytest

from replica.errors import ParameterError
from replica.machines.inference import exact
from replica.machines.models.rbm import RBM, to_bits, to_spins
from replica.units import Bernoulli, Gaussian, ReLU, Spin
from small_machine import CONVENTIONS, case, reference

every_convention = pytest.mark.parametrize("convention", CONVENTIONS)
TOLERANCE = 1e-10


@every_convention
def test_moments(convention: str) -> None:
    known = case(convention).known["exact"]
    found = exact.moments(case(convention).rbm)
    for value, name in (
        (found.log_Z, "log_Z"),
        (found.visible, "mean_visible"),
        (found.hidden, "mean_hidden"),
        (found.visible_hidden, "mean_visible_times_hidden"),
        (found.visible_visible, "mean_visible_visible"),
        (found.energy, "average_energy"),
        (found.entropy, "joint_entropy"),
    ):
        np.testing.assert_allclose(value, known[name], atol=TOLERANCE, err_msg=name)


@every_convention
def test_likelihood_and_divergences(convention: str) -> None:
    it = case(convention)
    known = it.known["exact"]
    each = exact.log_likelihood(it.rbm, it.data)
    np.testing.assert_allclose(each, known["log_likelihood_each"], atol=TOLERANCE)
    assert each.mean() == pytest.approx(known["mean_log_likelihood"], abs=TOLERANCE)
    model, seen = exact.visible_distribution(it.rbm), exact.empirical_distribution(it.rbm, it.data)
    entropies = [-float(np.sum(p[p > 0] * np.log(p[p > 0]))) for p in (model, seen, it.target)]
    names = (
        "entropy_of_visible_marginal",
        "entropy_of_empirical_distribution",
        "entropy_of_target",
    )
    assert entropies == pytest.approx([known[name] for name in names], abs=TOLERANCE)
    for p, q, name in (
        (seen, model, "KL_of_empirical_distribution"),
        (it.target, model, "KL_target_to_model"),
        (model, it.target, "KL_model_to_target"),
    ):
        assert exact.kl_divergence(p, q) == pytest.approx(known[name], abs=TOLERANCE), name


@every_convention
def test_gradient(convention: str) -> None:
    it = case(convention)
    known = it.known["exact"]["gradient_of_mean_log_likelihood"]
    found = exact.gradient(it.rbm, it.data)
    np.testing.assert_allclose(found.weights, known["W"], atol=TOLERANCE)
    np.testing.assert_allclose(found.visible, known["visible_bias"], atol=TOLERANCE)
    np.testing.assert_allclose(found.hidden, known["hidden_bias"], atol=TOLERANCE)


@every_convention
@pytest.mark.parametrize("k", [1, 2, 10])
def test_expected_contrastive_divergence(convention: str, k: int) -> None:
    it = case(convention)
    known = it.known["expected_CDk_gradient"][f"k={k}"]
    found = exact.contrastive_divergence(it.rbm, it.data, k)
    np.testing.assert_allclose(found.weights, known["W"], atol=TOLERANCE)
    np.testing.assert_allclose(found.visible, known["visible_bias"], atol=TOLERANCE)
    np.testing.assert_allclose(found.hidden, known["hidden_bias"], atol=TOLERANCE)


@every_convention
def test_contrastive_divergence_ends_in_the_gradient(convention: str) -> None:
    it = case(convention)
    long, known = exact.contrastive_divergence(it.rbm, it.data, 2000), exact.gradient(it.rbm, it.data)
    np.testing.assert_allclose(long.weights, known.weights, atol=1e-12)
    np.testing.assert_allclose(long.hidden, known.hidden, atol=1e-12)


def test_the_gradient_is_the_derivative_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    w, data, T = rng.normal(0, 0.5, (4, 3)), rng.integers(0, 2, (9, 4)), 0.7

    def mean_likelihood(w: Any, g: Any, theta: Any) -> float:
        return float(exact.log_likelihood(RBM(w, Bernoulli(g=g), ReLU(theta=theta), T), data).mean())

    g, theta, step = rng.normal(size=4), rng.normal(size=3), 1e-4
    found = exact.gradient(RBM(w, Bernoulli(g=g), ReLU(theta=theta), T), data)

    def slope(change: Any) -> float:
        return (8 * (change(step) - change(-step)) - change(2 * step) + change(-2 * step)) / (12 * step)

    unit = np.zeros((4, 3))
    unit[1, 2] = 1
    first = np.eye(4)[2]
    assert found.weights[1, 2] == pytest.approx(
        slope(lambda e: mean_likelihood(w + e * unit, g, theta)), abs=1e-9
    )
    assert found.visible[2] == pytest.approx(
        slope(lambda e: mean_likelihood(w, g + e * first, theta)), abs=1e-9
    )
    assert found.hidden[0] == pytest.approx(
        slope(lambda e: mean_likelihood(w, g, theta - e * np.eye(3)[0])), abs=1e-9
    )


def test_the_two_conventions_are_one_distribution() -> None:
    bits, spins = case(CONVENTIONS[0]).rbm, case(CONVENTIONS[1]).rbm
    mapped, constant = to_spins(bits)
    np.testing.assert_allclose(mapped.weights, spins.weights, atol=1e-14)
    np.testing.assert_allclose(getattr(mapped.hidden, "g"), getattr(spins.hidden, "g"), atol=1e-14)  # noqa: B009
    assert -constant == pytest.approx(reference()["log_Z_01_minus_log_Z_pm1_equivalent"], abs=1e-12)
    back, _ = to_bits(mapped)
    np.testing.assert_allclose(back.weights, bits.weights, atol=1e-14)


@pytest.mark.parametrize("T", [0.3, 2.0])
def test_turning_the_machine_changes_nothing(T: float) -> None:
    base = case(CONVENTIONS[0]).rbm
    rbm = RBM(base.weights, base.visible, base.hidden, T)
    here, there = exact.moments(rbm), exact.moments(rbm.transposed)
    np.testing.assert_allclose(here.visible_hidden, there.visible_hidden.T, atol=1e-12)
    np.testing.assert_allclose(here.hidden_hidden, there.visible_visible, atol=1e-12)
    assert (here.energy, here.entropy) == pytest.approx((there.energy, there.entropy), abs=1e-10)


def test_energy_and_entropy_are_those_of_the_joint_distribution() -> None:
    rbm = RBM(np.random.default_rng(0).normal(size=(3, 2)), Spin(g=0.2), Bernoulli(), 0.6)
    v, h = exact.configurations(rbm.visible, 3), exact.configurations(rbm.hidden, 2)
    energy = rbm.energy(np.repeat(v, 4, axis=0), np.tile(h, (8, 1)))
    p = np.exp(-energy / 0.6)
    p /= p.sum()
    found = exact.moments(rbm)
    assert found.energy == pytest.approx(p @ energy, abs=1e-12)
    assert found.entropy == pytest.approx(-p @ np.log(p), abs=1e-12)


def test_large_hidden_layers_are_summed_unit_by_unit() -> None:
    w = np.random.default_rng(1).normal(0, 0.05, (8, 300))
    rbm = RBM(w, Spin(), Gaussian(gamma=2.0), 1.5)
    s = exact.configurations(Spin(), 8)
    J = w @ w.T / 2
    logs = np.einsum("ni,ij,nj->n", s, J, s) / 2 / 1.5
    known = np.log(np.sum(np.exp(logs))) + 150 * np.log(2 * np.pi * 1.5 / 2)
    assert exact.log_partition(rbm) == pytest.approx(known, rel=1e-13)


# -- the Gibbs chain -----------------------------------------------------------------------------------------


@every_convention
def test_the_gibbs_chain_has_the_model_as_its_stationary_state(convention: str) -> None:
    rbm = case(convention).rbm
    A = exact.transition_matrix(rbm)
    p = exact.visible_distribution(rbm)
    np.testing.assert_allclose(A.sum(axis=1), 1, atol=1e-13)
    np.testing.assert_allclose(p[:, None] * A, (p[:, None] * A).T, atol=1e-15)  # detailed balance
    np.testing.assert_allclose(exact.stationary(A), p, atol=1e-12)


def test_the_stationary_state_is_exact_where_the_chain_hardly_mixes() -> None:
    """Weights so strong that the relaxation time is above 10^7 sweeps."""
    rng = np.random.default_rng(5)
    rbm = RBM(rng.normal(0, 1.1, (5, 4)), Spin(g=rng.normal(0, 0.7, 5)), Spin(), 0.25)
    A = exact.transition_matrix(rbm)
    assert exact.relaxation_time(A) > 1e7
    np.testing.assert_allclose(exact.stationary(A), exact.visible_distribution(rbm), rtol=1e-10)


def test_mixing_time_is_the_first_time_within_the_distance() -> None:
    rbm = RBM(1.5 * case(CONVENTIONS[1]).rbm.weights, Spin(), Spin(), 0.3)
    A = exact.transition_matrix(rbm)
    p = exact.visible_distribution(rbm)
    steps = exact.mixing_time(A)
    far = [np.max(np.sum(np.abs(np.linalg.matrix_power(A, t) - p), axis=1)) / 2 for t in (steps - 1, steps)]
    assert steps > 10
    assert far[1] <= 0.25 < far[0]
    # (tau - 1) ln 2 <= t_mix <= tau ln(4/p_min), Levin and Peres, Markov Chains and Mixing Times, chapter 12
    tau = 1 / (1 - np.exp(-1 / exact.relaxation_time(A)))
    assert (tau - 1) * np.log(2) <= steps <= tau * np.log(4 / p.min())


def test_a_chain_of_two_states() -> None:
    A = np.array([[0.9, 0.1], [0.3, 0.7]])
    np.testing.assert_allclose(exact.stationary(A), [0.75, 0.25], atol=1e-14)
    assert exact.relaxation_time(A) == pytest.approx(-1 / np.log(0.6))
    assert exact.mixing_time(A) == 3  # the distance from the second state is 0.75 * 0.6^t
    assert exact.mixing_time(np.full((2, 2), 0.5)) == 1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: exact.log_partition(RBM(np.ones((30, 25)), Spin(), Spin())), "at most 22 such units"),
        (
            lambda: exact.visible_distribution(RBM(np.ones((23, 2)), Bernoulli(), Spin())),
            "2\\^23 configurations",
        ),
        (lambda: exact.log_partition(RBM([[0.1]], Gaussian(), ReLU())), "neither layer is discrete"),
        (lambda: exact.transition_matrix(RBM(np.ones((13, 2)), Spin(), Spin())), "12 visible and 12 hidden"),
        (lambda: exact.transition_matrix(RBM(np.ones((3, 2)), Spin(), ReLU())), "relu units has no config"),
        (lambda: exact.moments(RBM([[1.0]], Spin(), Spin(), 0.0)), "needs a positive temperature"),
        (
            lambda: exact.gradient(RBM([[1.0]], Spin(), Spin()), [[0]]),
            "takes the values \\(-1.0, 1.0\\) only",
        ),
        (lambda: exact.gradient(RBM([[1.0]], Spin(), Spin()), [1]), "give an array \\(samples, 1\\)"),
        (lambda: exact.contrastive_divergence(RBM([[1.0]], Spin(), Spin()), [[1]], 0), "at least 1"),
        (lambda: exact.kl_divergence([1.0], [0.5, 0.5]), "different shapes"),
        (lambda: exact.mixing_time(np.eye(2)), "falls into parts"),
        (lambda: exact.mixing_time([[0.9, 0.1], [0.1, 0.9]], most=2), "further than 0.25"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()
