"""Inference of one hidden unit's weights: thresholds, the Bayes-optimal line, entropies, temperature."""

from typing import Any

import mpmath
import numpy as np
import pytest

from replica.errors import BranchError, LocateError, ParameterError
from replica.solving import critical, locate, polish, solve
from replica.theories import HopfieldHiddenUnit, OneHiddenUnit
from replica.theory import Phase, Zero

BAYES = [(1.1, 1.0), (3.0, 1.0), (3.0, 0.8), (16.5, 0.5), (0.3, 1.5), (2.0, 2.5)]
Z = 0.05 * np.arange(-200, 201)
DZ = np.exp(-Z * Z / 2) * 0.05 / np.sqrt(2 * np.pi)
"""Trapezoidal rule: for tanh(a z) its error is exp(-pi^2/(0.05 a)), below 1e-17 up to a = 5."""


def F(a: Any) -> Any:
    """<tanh(sqrt(a) z + a)> = <tanh^2(sqrt(a) z + a)>, the overlap of a spin seen through Gaussian noise."""
    return np.tanh(np.sqrt(a) * Z + a) @ DZ


# -- the average over the data, done again by brute force ---------------------------------------------------


@pytest.mark.parametrize(("Q", "r"), [(0.3, 0.2), (0.05, 0.3), (0.8, 0.7), (0.6, 0.0)])
def test_evidence_is_the_average_over_data_and_noise(Q: float, r: float) -> None:
    alpha, beta, teacher = 1.7, 0.7, 0.9
    x = np.array([Q, r])
    field = beta * ((teacher * r + np.sqrt(Q) * Z)[:, None] + np.sqrt(1 - Q) * Z)
    exact = alpha * (DZ @ np.log(np.cosh(field) @ DZ))
    assert OneHiddenUnit(alpha, beta, teacher).evidence(x) == pytest.approx(exact, rel=1e-12)
    # exp(field^2/2) is broad: a wider range of noise
    wide, dwide = 2 * Z, np.exp(-2 * Z * Z) * 0.1 / np.sqrt(2 * np.pi)
    field = beta * ((teacher * r + np.sqrt(Q) * Z)[:, None] + np.sqrt(1 - Q) * wide)
    approximate = alpha * (DZ @ np.log(np.exp(field**2 / 2) @ dwide))
    assert HopfieldHiddenUnit(alpha, beta, teacher).evidence(x) == pytest.approx(approximate, rel=1e-11)


@pytest.mark.parametrize("theory", [OneHiddenUnit(2.0, 0.7, 1.1), HopfieldHiddenUnit(2.0, 0.7, 1.1)])
def test_evidence_slope_is_the_derivative_by_beta(theory: Any) -> None:
    x, h = np.array([0.4, 0.3]), 1e-3
    f = [theory.at(beta=0.7 + k * h).evidence(x) for k in (-2, -1, 1, 2)]
    slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
    assert theory.alpha * theory.evidence_slope(x) == pytest.approx(slope, rel=1e-10)


# -- the Bayes-optimal line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "beta"), BAYES)
def test_a_sample_of_the_posterior_is_like_the_teacher(alpha: float, beta: float) -> None:
    state = solve(OneHiddenUnit(alpha=alpha, beta=beta))
    assert state["Q"] == pytest.approx(state["r"], abs=2e-14)
    assert state["Q_hat"] == pytest.approx(state["r_hat"], rel=2e-13)
    assert state["Q"] == pytest.approx(F(alpha * beta**2 * F(beta**2 * state["Q"])), abs=1e-13)
    assert state["beta_hat"] == pytest.approx(beta, rel=1e-14)
    assert state["s_joint"] == pytest.approx(-state.free_energy - alpha * beta**2, abs=1e-13)
    field = beta**2 + beta * Z  # of a sample: that of the teacher
    assert state["s_xi"] == pytest.approx(-state.free_energy - alpha * np.log(np.cosh(field)) @ DZ, abs=1e-13)
    assert state["s_xi"] > 0
    assert state.replicon > 0


def test_without_a_teacher_of_its_own_the_student_is_right() -> None:
    free, bound = OneHiddenUnit(alpha=3.0, beta=0.8), OneHiddenUnit(alpha=3.0, beta=0.8, beta_star=0.8)
    np.testing.assert_array_equal(solve(free).x, solve(bound).x)
    assert free.at(beta=0.9).teacher == 0.9
    assert bound.at(beta=0.9).teacher == 0.8


@pytest.mark.parametrize("beta", [0.5, 0.7, 1.0, 1.6])
def test_inference_sets_in_continuously_at_beta_to_the_minus_four(beta: float) -> None:
    onset = critical(OneHiddenUnit(alpha=1.0, beta=beta))
    assert onset.value == pytest.approx(beta**-4, rel=1e-13)
    assert locate(OneHiddenUnit(alpha=1.0, beta=beta), "glass", "alpha").value == pytest.approx(beta**-4)
    eps = np.array([1e-4, 2e-4])
    Q = solve(OneHiddenUnit(alpha=onset.value * (1 + eps), beta=beta))["Q"]
    slope = 2 * Q[0] / eps[0] - Q[1] / eps[1]  # Q = a eps + b eps^2, b below 10: good to 1e-7
    assert slope == pytest.approx(1 / (1 + beta**2), abs=1e-6)
    with pytest.raises(BranchError, match="what exists here: paramagnet"):
        solve(OneHiddenUnit(alpha=onset.value * 0.99, beta=beta))


def test_the_threshold_to_thirty_digits() -> None:
    with mpmath.workdps(40):
        exact = mpmath.nstr(mpmath.mpf(10**4) / 7**4, 30, strip_zeros=False)
    assert polish(critical(OneHiddenUnit(alpha=1.0, beta=0.7)), 30).value == exact


# -- a mistaken student -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("beta", "beta_star"), [(0.6, 1.0), (0.9, 1.3), (1.4, 0.8)])
def test_thresholds_of_the_paramagnet(beta: float, beta_star: float) -> None:
    theory = OneHiddenUnit(alpha=1.0, beta=beta, beta_star=beta_star)
    assert locate(theory, "teacher", "alpha").value == pytest.approx((beta * beta_star) ** -2, rel=1e-13)
    assert locate(theory, "glass", "alpha").value == pytest.approx(beta**-4, rel=1e-13)
    if beta < 1:
        theory = HopfieldHiddenUnit(alpha=1.0, beta=beta, beta_star=beta_star)
        c = 1 - beta**2
        assert locate(theory, "teacher", "alpha").value == pytest.approx(
            c / (beta * beta_star) ** 2, rel=1e-13
        )
        assert locate(theory, "glass", "alpha").value == pytest.approx(c**2 / beta**4, rel=1e-13)


def test_the_glass_knows_nothing_of_the_teacher() -> None:
    states = solve(OneHiddenUnit(alpha=1.5, beta=1.2, beta_star=np.array([0.0, 0.5, 2.0])), "glass")
    assert np.ptp(states["Q"]) < 1e-14
    assert np.all(states["r"] == 0)
    assert np.all(states.replicon < 0)  # of a spin glass


def test_inference_in_the_glass_sets_in_where_its_response_diverges() -> None:
    """By bisection in alpha on the glass, against the located point; the informative state begins there."""
    theory = OneHiddenUnit(alpha=1.0, beta=1.3, beta_star=0.9)
    point = locate(theory, Zero(Phase("glass"), "alignment"), "alpha")
    low, high = 1.0, 3.0
    for _ in range(50):
        middle = (low + high) / 2
        state = solve(theory.at(alpha=middle), "glass")
        low, high = (middle, high) if state.theory.alignment(state.x) > 0 else (low, middle)
    assert point.value == pytest.approx(low, rel=1e-11)
    assert point.value > (1.3 * 0.9) ** -2  # later than without a glass
    assert solve(theory.at(alpha=1.001 * point.value))["r"] < 0.05
    assert not solve(theory.at(alpha=0.999 * point.value), throw=False).success


@pytest.mark.parametrize(("alpha", "beta_star"), [(3.0, 0.8), (3.0, 1.0), (3.0, 1.3), (1.0, 1.6)])
def test_the_data_tell_the_temperature(alpha: float, beta_star: float) -> None:
    """The most probable beta is that of the teacher, whatever the student began with."""
    data = OneHiddenUnit(alpha=alpha, beta=0.5, beta_star=beta_star)
    point = locate(data, "temperature", "beta")
    assert point.located
    assert point.value == pytest.approx(beta_star, rel=1e-12)
    warmer, colder = (solve(data.at(beta=beta_star + shift)) for shift in (-0.05, 0.05))
    assert warmer["beta_hat"] > beta_star - 0.05  # an estimate is between the guess and the truth
    assert colder["beta_hat"] < beta_star + 0.05


def test_the_hopfield_student_measures_another_temperature() -> None:
    paramagnet = solve(HopfieldHiddenUnit(alpha=0.2, beta=0.6), "paramagnet")
    assert paramagnet["beta_hat"] == pytest.approx(0.6, rel=1e-14)  # no information: consistent with itself
    informed = solve(HopfieldHiddenUnit(alpha=20.0, beta=0.6))
    assert abs(informed["beta_hat"] - 0.6) > 1e-3


# -- entropies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.5, 0.7, 0.84])
def test_one_entropy_changes_sign_in_a_sound_paramagnet_and_the_other_does_not(beta: float) -> None:
    crisis = locate(OneHiddenUnit(alpha=1.0, beta=beta), "joint-entropy", "alpha").value
    assert crisis == pytest.approx(2 * np.log(2) / beta**2, rel=1e-13)
    assert crisis < beta**-4
    state = solve(OneHiddenUnit(alpha=1.01 * crisis, beta=beta), "paramagnet")
    exact = np.log(2) + state.theory.alpha * (beta**2 / 2 - np.log(np.cosh(beta**2 + beta * Z)) @ DZ)
    assert state["s_joint"] < 0 < state["s_xi"]
    assert state["s_xi"] == pytest.approx(exact, abs=1e-13)
    assert state.replicon > 0


def test_entropies_of_all_weights_counted_one_by_one() -> None:
    """N = 14, 40 data sets in the paramagnet: corrections of order 1/N, against a difference of 0.16."""
    N, M, beta = 14, 14, 0.7
    generator = np.random.default_rng(3)
    weights = 1.0 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)
    found = []
    for _ in range(40):
        teacher = generator.choice([-1.0, 1.0], N)
        # s_i = h xi*_i t_i with independent t_i of mean tanh(beta/sqrt N); summed over h = +-1 it is P(s)
        hidden = generator.choice([-1.0, 1.0], (M, 1))
        up = generator.random((M, N)) < (1 + np.tanh(beta / np.sqrt(N))) / 2
        data = hidden * teacher * np.where(up, 1, -1)
        log_weight = np.log(np.cosh(beta * weights @ data.T / np.sqrt(N))).sum(axis=1)
        log_Z = np.log(np.sum(np.exp(log_weight - log_weight.max()))) + log_weight.max()
        found.append((log_Z - np.exp(log_weight - log_Z) @ log_weight) / N)
    state = solve(OneHiddenUnit(alpha=M / N, beta=beta), "paramagnet")
    assert np.std(found) / np.sqrt(len(found)) < 0.005
    assert np.mean(found) == pytest.approx(state["s_xi"], abs=0.03)
    assert np.mean(found) > state["s_joint"] + 0.1


@pytest.mark.parametrize("beta", [0.3, 0.7, 0.9])
def test_hopfield_paramagnet_has_the_entropy_of_its_papers(beta: float) -> None:
    alpha = 0.5 * (1 - beta**2) ** 2 / beta**4
    state = solve(HopfieldHiddenUnit(alpha=alpha, beta=beta), "paramagnet")
    square = beta**2
    exact = np.log(2) - alpha / 2 * (np.log(1 - square) + square / (1 - square))
    assert state["s_xi"] == pytest.approx(exact, rel=1e-13)


def test_weak_weights_make_the_approximation_exact() -> None:
    """Expanding both formulas: they agree up to beta^4 and differ by a multiple of beta^6."""
    gap = [
        solve(OneHiddenUnit(alpha=1.0, beta=beta), "paramagnet")["s_xi"]
        - solve(HopfieldHiddenUnit(alpha=1.0, beta=beta), "paramagnet")["s_xi"]
        for beta in (0.02, 0.04)
    ]
    assert abs(gap[0]) < 1e-6
    assert gap[1] / gap[0] == pytest.approx(64, rel=0.01)


# -- what does not exist says so ----------------------------------------------------------------------------


def test_absent_lines_say_where_they_are() -> None:
    assert critical(OneHiddenUnit(alpha=1.0, beta=0.3)).value == pytest.approx(1 / 0.3**4, rel=1e-12)
    with pytest.raises(LocateError, match=r"below alpha = 1/beta_star\^4 the data do not say what beta is"):
        locate(OneHiddenUnit(alpha=1.0, beta=1.0, beta_star=0.7), "temperature", "beta")


def test_a_temperature_is_measured_of_a_given_teacher() -> None:
    with pytest.raises(ParameterError, match="give the teacher's beta_star"):
        locate(OneHiddenUnit(alpha=3.0, beta=1.0), "temperature", "beta")


def test_strengths_have_their_domains() -> None:
    with pytest.raises(ParameterError, match="beta = 0 is not allowed; beta is > 0"):
        OneHiddenUnit(alpha=1.0, beta=0.0)
    with pytest.raises(ParameterError, match=r"beta = 1.2 is not allowed; beta is in \(0, 1\]"):
        HopfieldHiddenUnit(alpha=1.0, beta=1.2)
    with pytest.raises(ParameterError, match="beta_star = -1 is not allowed"):
        OneHiddenUnit(alpha=1.0, beta=1.0, beta_star=-1.0)
    with pytest.raises(BranchError, match="no informative solution"):
        solve(OneHiddenUnit(alpha=5.0, beta=1.0, beta_star=0.0))
