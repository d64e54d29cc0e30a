"""Weights behind a channel: published numbers, closed forms, Nishimori identities, what is refused."""

import numpy as np
import pytest
from scipy import special

from replica.errors import ParameterError
from replica.solving import critical, locate, solve
from replica.theories import (
    BasisPursuit,
    BinaryPerceptron,
    Classification,
    CompressedSensing,
    Perceptron,
    PhaseRetrieval,
    Regression,
    SymmetricPerceptron,
    TeacherStudent,
)
from replica.units.channels import Loss

# -- storage ----------------------------------------


@pytest.mark.parametrize("kappa", [-1.0, 0.0, 0.5, 2.0])
def test_spherical_capacity_is_closed(kappa: float) -> None:
    density = np.exp(-(kappa**2) / 2) / np.sqrt(2 * np.pi)
    point = critical(Perceptron(alpha=1.0, kappa=kappa))
    assert point.value == pytest.approx(
        1 / ((1 + kappa**2) * special.ndtr(kappa) + kappa * density), rel=1e-13
    )
    assert bool(point.broken) == (kappa < 0)


def test_spherical_solutions_fill_the_volume_of_the_reference() -> None:
    state = solve(Perceptron(alpha=1.0))
    assert state["q"] == pytest.approx(0.5853118517910985, abs=1e-11)
    assert -state.free_energy == pytest.approx(-0.8558205967147617, abs=1e-10)
    assert state.replicon == pytest.approx(1 - 0.3975413, abs=1e-7)


def test_where_one_solution_is_left_there_is_no_volume() -> None:
    theory = Perceptron(alpha=2.0)
    end = theory.start("saturated")
    assert end == theory.update(end) == 1
    assert theory.free_energy(end) == np.inf


def test_solutions_of_a_spherical_perceptron_reach_their_capacity() -> None:
    """Next to alpha_c, 1 - q is proportional to what is left of the load."""
    alpha = 2 - np.array([1e-2, 1e-3])
    left = 1 - solve(Perceptron(alpha=alpha))["q"]
    assert left[0] / left[1] == pytest.approx(10, rel=0.15)


def test_below_no_margin_replica_symmetry_breaks_before_the_capacity() -> None:
    theory = Perceptron(alpha=1.0, kappa=-0.5)
    assert locate(theory, "stability", "alpha").value < critical(theory).value


@pytest.mark.parametrize(
    ("kappa", "capacity", "stability"),
    [
        (0.0, 0.8330785997395656, 1.0146536100938803),
        (0.5, 0.45566456454, 0.534500768),
        (1.0, 0.27070009229, None),
    ],
)
def test_spins_store_until_their_entropy_vanishes(
    kappa: float, capacity: float, stability: float | None
) -> None:
    theory = BinaryPerceptron(alpha=0.5, kappa=kappa)
    assert critical(theory).value == pytest.approx(capacity, abs=1e-10)
    if stability is not None:
        assert locate(theory, "stability", "alpha").value == pytest.approx(stability, abs=1e-9)


def test_spins_at_half_a_label_each() -> None:
    state = solve(BinaryPerceptron(alpha=0.5))
    found = [state["q"], state["qh"], state["s"], 1 - state.replicon]
    known = [0.3223853632235614, 0.6680349895351304, 0.3143900668556252, 0.23355182268748226]
    np.testing.assert_allclose(found, known, atol=1e-11)


@pytest.mark.parametrize("kappa", [0.5, 1.0, 1.7])
def test_between_walls_the_mean_number_of_solutions_counts(kappa: float) -> None:
    value = critical(SymmetricPerceptron(alpha=1.0, kappa=kappa)).value
    assert value == pytest.approx(-np.log(2) / np.log(special.erf(kappa / np.sqrt(2))), rel=1e-13)


# -- teacher and student ----------------------------------------


def test_transitions_of_the_student_of_a_teacher_of_spins() -> None:
    theory = TeacherStudent(alpha=1.0)
    assert critical(theory).value == pytest.approx(1.2446839898506903, abs=1e-11)
    fold = locate(theory, "spinodal", "alpha")
    assert fold.value == pytest.approx(1.492631818230351, abs=1e-11)
    assert fold.order["q"] == pytest.approx(0.893661, abs=1e-6)


def test_a_student_of_spins_at_one_label_each() -> None:
    state = solve(TeacherStudent(alpha=1.0))
    assert state["q"] == pytest.approx(0.5607147370947455, abs=1e-11)
    assert state["error"] == pytest.approx(0.3105264389052291, abs=1e-11)
    assert -state.free_energy == pytest.approx(0.10610826777486748, abs=1e-11)


def test_the_teacher_himself_explains_all() -> None:
    state = solve(TeacherStudent(alpha=1.3), "teacher")
    np.testing.assert_array_equal(state.x, [1, 1, 0])
    assert state.free_energy == 0


@pytest.mark.parametrize("prior", ["spherical", "gaussian"])
def test_students_of_a_gaussian_teacher(prior: str) -> None:
    state = solve(TeacherStudent(alpha=np.array([2.0, 10.0]), prior=prior))
    assert state["q"][0] == pytest.approx(0.728298173970712, abs=1e-11)
    np.testing.assert_allclose(state["error"], [0.24031159407266986, 0.061525274], atol=1e-9)


@pytest.mark.parametrize(
    ("prior", "channel"),
    [
        ("spin", "sign:noise=0.2"),
        ("gauss-bernoulli:rho=0.3", "square:noise=0.1"),
        ("gaussian:gamma=2", "sign"),
    ],
)
def test_whoever_knows_the_teacher_samples_him(prior: str, channel: str) -> None:
    """Nishimori: six equations are solved, and m = q, V = E w0^2 - q."""
    state = solve(TeacherStudent(alpha=0.9, prior=prior, channel=channel))
    assert state["m"] == pytest.approx(state["q"], abs=1e-12)
    assert state["V"] == pytest.approx(state.theory.size - state["q"], abs=1e-12)


def test_a_mistaken_student_is_worse() -> None:
    errors = [
        float(solve(TeacherStudent(alpha=1.5, noise=0.3, channel=f"sign:noise={noise}"))["vote"])
        for noise in (0.05, 0.3, 1.5)
    ]
    assert errors[1] < min(errors[0], errors[2])


# -- convex losses ----------------------------------------


@pytest.mark.parametrize(("alpha", "penalty", "noise"), [(2.0, 0.1, 0.2), (0.5, 0.01, 0.3), (1.0, 1e-3, 0.1)])
def test_ridge_is_closed(alpha: float, penalty: float, noise: float) -> None:
    state = solve(Regression(alpha=alpha, penalty=penalty, noise=noise))
    V = 0.5 * (1 - penalty - alpha + np.sqrt((1 - penalty - alpha) ** 2 + 4 * penalty)) / penalty
    m = alpha / (1 + V) * V
    a = alpha * V**2 / (1 + V) ** 2
    q = (m**2 + a * (1 - 2 * m + noise)) / (1 - a)
    np.testing.assert_allclose(state.x, [m, q, V], rtol=1e-11)
    assert state.replicon == pytest.approx(1 - a, abs=1e-12)


def test_ridge_of_the_reference() -> None:
    state = solve(Regression(alpha=2.0, penalty=0.1, noise=0.2))
    np.testing.assert_allclose(state.x, [0.915571122977524, 0.9877282359445846, 0.84428877022476], atol=1e-12)
    assert state["error"] == pytest.approx(0.15658598998953666, abs=1e-12)
    assert critical(state.theory).value == pytest.approx(0.2, abs=1e-9)


@pytest.mark.parametrize(
    ("channel", "known"),
    [
        ("logistic", (2.1714953798787917, 5.7308144386217315, 2.9877632072434, 0.1382979989938067)),
        ("hinge", (2.0250510574908596, 5.011105835225612, 1.36267581322023, 0.14015003697389927)),
    ],
)
def test_classification_of_the_reference(channel: str, known: tuple[float, ...]) -> None:
    state = solve(Classification(alpha=3.0, penalty=0.1, channel=channel))
    np.testing.assert_allclose([*state.x, state["error"]], known, rtol=2e-10)


@pytest.mark.parametrize("penalty", [0.1, 2.0])
def test_maximal_stability_is_a_step_with_a_margin(penalty: float) -> None:
    state = solve(Classification(alpha=2.0, channel="step:kappa=1", penalty=penalty))
    assert state["q"] ** -0.5 == pytest.approx(0.4545775609958866, abs=1e-9)


@pytest.mark.slow
def test_a_loss_of_ones_own() -> None:
    mine = Loss(lambda z: np.maximum(1 - z, 0), labels=True, breaks=(1.0,))
    own, named = (solve(Classification(alpha=2.0, penalty=0.3, channel=one)) for one in (mine, "hinge"))
    np.testing.assert_allclose(own.x, named.x, rtol=1e-7)


# -- sparse signals ----------------------------------------


@pytest.mark.parametrize(
    ("prior", "known"), [("laplace", 0.328793505453630059), ("non-negative", 0.265304324762900457)]
)
def test_the_signal_has_the_least_norm(prior: str, known: float) -> None:
    assert critical(BasisPursuit(alpha=0.5, rho=0.1, prior=prior)).value == pytest.approx(known, abs=1e-15)


def test_what_has_a_smaller_norm_becomes_the_signal() -> None:
    """The error of the failure falls as the load grows, towards alpha_c = 0.329."""
    alpha = np.array([0.1, 0.15, 0.2])
    error = solve(BasisPursuit(alpha=alpha))["error"]
    assert np.all(np.diff(error) < 0)
    assert error[2] == pytest.approx(0.0435561046, abs=1e-9)


def test_the_norm_of_the_failure_reaches_that_of_the_signal() -> None:
    """The least norm grows with the number of measurements, up to E|w0|, with the slope 0 there."""
    signal = solve(BasisPursuit(alpha=0.4), "recovery")
    assert signal.free_energy == pytest.approx(0.1 * np.sqrt(2 / np.pi), rel=1e-14)
    assert signal["error"] == 0
    left = signal.free_energy - solve(BasisPursuit(alpha=np.array([0.1, 0.2, 0.28]))).free_energy
    assert np.all(np.diff(left) < 0)
    assert 0 < left[-1] < 0.03 * signal.free_energy


def test_a_perfect_estimate_needs_perfect_measurements() -> None:
    theory = CompressedSensing(alpha=0.3)
    end = theory.start("recovery")
    assert end == theory.update(end) == 0
    assert theory.free_energy(end) == -np.inf
    assert CompressedSensing(alpha=0.3, noise=0.1).update(np.array([0.0]))[0] > 0


def test_blind_sizes_are_those_of_a_gaussian() -> None:
    """Without a guess f is the entropy of |z|, z Gaussian, for each measurement."""
    state = solve(PhaseRetrieval(alpha=1.5), "blind")
    assert state.free_energy == pytest.approx(1.5 * (np.log(np.pi / 2) + 1) / 2, rel=1e-13)


def test_message_passing_fails_below_its_spinodal() -> None:
    theory = CompressedSensing(alpha=0.15)
    assert critical(theory).value == pytest.approx(0.20755907868011275, abs=1e-9)
    assert locate(theory, "recovery", "alpha").value == pytest.approx(0.1, abs=1e-12)


def test_sparse_estimation_is_that_of_a_student() -> None:
    """With noise: one unknown, or six with the same prior and channel."""
    one = solve(CompressedSensing(alpha=0.5, noise=0.05, prior="gauss-bernoulli:rho=0.3"))
    six = solve(TeacherStudent(alpha=0.5, prior="gauss-bernoulli:rho=0.3", channel="square:noise=0.05"))
    assert one["E"] == pytest.approx(six["mse"], abs=1e-11)
    assert one.replicon == pytest.approx(six.replicon, abs=1e-10)


def test_signs_that_are_lost() -> None:
    theory = PhaseRetrieval(alpha=1.0)
    assert critical(theory).value == pytest.approx(0.5, abs=1e-12)
    assert locate(theory, "spinodal", "alpha").value == pytest.approx(1.128, abs=5e-4)


# -- what is refused ----------------------------------------


def test_units_that_a_theory_has_no_formulas_for() -> None:
    with pytest.raises(ParameterError, match="prior is one of spin, spherical"):
        TeacherStudent(alpha=1.0, prior="laplace")
    with pytest.raises(ParameterError, match="channel is one of square, absolute"):
        Regression(alpha=1.0, channel="hinge")
    with pytest.raises(ParameterError, match="g = 0"):
        TeacherStudent(alpha=1.0, prior="spin:g=0.1")
    with pytest.raises(ParameterError, match="prior is one of gauss-bernoulli"):
        CompressedSensing(alpha=0.2, prior="laplace")
