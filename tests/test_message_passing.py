"""Message passing for one hidden unit: trees, enumeration, TAP, the replica theory, inference of beta."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import entr

from replica.errors import ConvergenceError, ParameterError, UnknownNameError
from replica.machines.inference import exact
from replica.machines.inference.mean_field import fixed_points
from replica.machines.inference.message_passing import amp, belief_propagation, infer_beta, overlap, posterior
from replica.machines.models.ensembles import teacher_data


@cache
def known() -> dict[str, Any]:
    """Numbers computed by plain loops, independently of this package."""
    told: dict[str, Any] = json.loads(Path(__file__).with_name("one_hidden_unit.json").read_text())
    return told


def small() -> tuple[Any, dict[str, Any]]:
    instance = known()["exact_small_instance"]
    return np.array(instance["data"]), instance


@cache
def enumerated(beta: float) -> tuple[float, float]:
    """ln Z of the posterior of the small instance, and its derivative."""
    data, _ = small()
    found = exact.moments(posterior(data, beta))
    return found.log_Z - len(data) * np.log(2), -found.energy


@pytest.mark.parametrize("beta", ["0.5", "1", "1.5"])
def test_the_posterior_is_a_machine(beta: str) -> None:
    data, instance = small()
    reference = instance[f"exact_beta_{beta}"]
    rbm = posterior(data, float(beta))
    log_z, slope = enumerated(float(beta))
    assert log_z == pytest.approx(reference["lnZ"], abs=1e-10)
    assert slope == pytest.approx(reference["dlnZ_dbeta"], abs=1e-10)
    entropy = np.sum(entr(exact.visible_distribution(rbm)))
    assert entropy == pytest.approx(reference["Shannon_entropy_of_xi"], abs=1e-10)
    pairs = exact.moments(rbm).visible_visible
    np.testing.assert_allclose(pairs[0], reference["correlations_with_xi_1"], atol=1e-10)
    assert np.mean(pairs**2) == pytest.approx(reference["mean_sq_corr"], abs=1e-10)


def test_exact_roots_of_the_equation_for_beta() -> None:
    _, instance = small()
    (large,) = instance["beta_hat_from_dlnZ_dbeta_eq_N_alpha_beta_all_roots_in_0.1_4"]
    (finite,) = instance["beta_hat_with_exact_finite_N_normalisation_all_roots_in_0.1_4"]
    assert enumerated(large)[1] == pytest.approx(42 * large, abs=1e-9)
    assert enumerated(finite)[1] == pytest.approx(42 * np.sqrt(14) * np.tanh(finite / np.sqrt(14)), abs=1e-9)


@pytest.mark.parametrize("beta", [0.3, 1.0, 3.0])
def test_belief_propagation_is_exact_on_a_tree(beta: float) -> None:
    data = np.array([[1, -1, 1, 1, -1, 1]])
    found = belief_propagation(data, beta)
    rbm = posterior(data, beta)
    known = exact.moments(rbm)
    assert found.converged
    assert found.log_Z == pytest.approx(known.log_Z - np.log(2), abs=1e-10)
    assert found.slope == pytest.approx(-known.energy, abs=1e-9)


@pytest.mark.parametrize("method", [amp, belief_propagation])
def test_the_slope_is_the_derivative_of_the_free_energy(method: Any) -> None:
    data = teacher_data(40, 160, 1.3, seed=3).values
    centre = method(data, 1.2, tolerance=1e-13)
    h = 1e-3
    value = [method(data, 1.2 + k * h, start=centre.mean, tolerance=1e-13).log_Z for k in (-2, -1, 1, 2)]
    slope = (8 * (value[2] - value[1]) - value[3] + value[0]) / (12 * h)
    assert centre.Q > 0.3
    assert centre.slope == pytest.approx(slope, abs=1e-7)


def test_amp_is_the_tap_equation_of_the_posterior() -> None:
    data = teacher_data(30, 120, 1.3, seed=3).values
    found = amp(data, 1.2, tolerance=1e-13)
    points = fixed_points(posterior(data, 1.2), 2, starts=[found.mean])
    np.testing.assert_allclose(points[0].visible, found.mean, atol=1e-9)
    assert points[0].log_Z - 120 * np.log(2) == pytest.approx(found.log_Z, abs=1e-9)


def test_messages_meet_enumeration_where_the_feature_is_clear() -> None:
    """Ten components, correlations <xi_1 xi_i> against m_1 m_i; AMP and BP differ by O(1/N)."""
    draw = teacher_data(12, 90, 1.8, seed=5)
    pairs = exact.moments(posterior(draw.values, 1.8)).visible_visible
    for method, tolerance in ((belief_propagation, 0.01), (amp, 0.03)):
        found = method(draw.values, 1.8)
        assert found.converged
        signs = np.sign(found.mean)
        np.testing.assert_allclose(found.mean * signs[0], pairs[0] / abs(found.mean[0]), atol=0.15)
        np.testing.assert_allclose(np.outer(found.mean, found.mean)[0, 1:], pairs[0, 1:], atol=tolerance)
        exact_log_z = exact.log_partition(posterior(draw.values, 1.8)) - 90 * np.log(2)
        # one of the two signs was chosen: ln 2 is missing
        assert found.log_Z + np.log(2) == pytest.approx(exact_log_z, abs=0.15)


@pytest.mark.parametrize("index", [0, 1])
def test_amp_meets_the_replica_theory(index: int) -> None:
    """Teacher beta* = 1, student beta = 0.8: Q, r and ln Z/N of eight samples, 4 sigma and 2/N."""
    point = known()["mismatched"][index]
    N = 500
    values = []
    for seed in np.random.SeedSequence(2).spawn(8):
        draw = teacher_data(N, round(point["alpha"] * N), point["beta_star"], seed)
        found = amp(draw.values, point["beta"], tolerance=1e-6)
        assert found.converged
        values.append((found.Q, overlap(found.mean, draw.parts["feature"]), found.log_Z / N))
    mean, error = np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / np.sqrt(8)
    theory = [point["Q"], point["r"], point["phi_lnZ_over_N"]]
    assert np.all(np.abs(mean - theory) < 4 * error + 2 / N)


@pytest.mark.parametrize(("method", "N", "M"), [("amp", 300, 1500), ("bp", 150, 750)])
def test_beta_is_inferred(method: str, N: int, M: int) -> None:
    """beta* = 1.2; six samples, 4 sigma."""
    found = []
    for seed in np.random.SeedSequence(6).spawn(6):
        result = infer_beta(teacher_data(N, M, 1.2, seed).values, method)
        assert result.converged
        assert result.slope == pytest.approx(M * np.sqrt(N) * np.tanh(result.beta / np.sqrt(N)), rel=1e-6)
        found.append(result.beta)
    assert abs(np.mean(found) - 1.2) < 4 * np.std(found, ddof=1) / np.sqrt(6)


def test_without_a_feature_there_is_no_beta() -> None:
    noise = np.random.default_rng(1).choice([-1, 1], (300, 400))
    with pytest.raises(ConvergenceError, match=r"no feature found.*needs M > N/beta") as caught:
        infer_beta(noise)
    assert caught.value.solution.Q < 1e-4


@pytest.mark.parametrize("method", ["amp", "bp"])
def test_data_without_noise_have_no_most_likely_beta(method: str) -> None:
    xi = np.random.default_rng(2).choice([-1, 1], 20)
    with pytest.raises(ConvergenceError, match="likelihood grows with beta for ever"):
        infer_beta(np.outer(np.random.default_rng(3).choice([-1, 1], 50), xi), method)


def test_what_does_not_converge_says_so() -> None:
    data = teacher_data(100, 400, 1.0, seed=1).values
    assert not amp(data, 1.0, most_steps=3).converged
    with pytest.raises(ConvergenceError, match="did not settle in 55 steps"):
        infer_beta(data, most_steps=55, tolerance=1e-14)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: amp([[0, 1]], 1.0), "map bits 0, 1 to spins"),
        (lambda: amp([[1, 2]], 1.0), "spins -1 and \\+1$"),
        (lambda: amp([1, -1], 1.0), "give an array \\(data, spins\\)"),
        (lambda: amp("data", 1.0), "give an array \\(data, spins\\)"),
        (lambda: amp([[1j, 1]], 1.0), "give an array \\(data, spins\\)"),
        (lambda: amp([[1, -1], [1]], 1.0), "give an array \\(data, spins\\)"),
        (lambda: amp([[1, -1]], -1.0), "beta = -1.0"),
        (lambda: amp([[1, -1]], 1.0, damping=0.0), "damping = 0.0"),
        (lambda: amp([[1, -1]], 1.0, start=[2.0, 0.0]), "give 2 means"),
        (lambda: posterior([[1, -1]], 0.0), "beta = 0"),
        (lambda: overlap([1.0], [1.0, 1.0]), "do not match"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_unknown_methods_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'amp'"):
        infer_beta([[1, -1]], "amb")
