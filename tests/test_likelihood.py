"""Estimates of ln Z and likelihoods against enumeration."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from replica.errors import ParameterError, UnknownNameError
from replica.machines.inference import exact
from replica.machines.inference.likelihood import (
    Annealed,
    annealed,
    bennett,
    likelihood,
    log_partition,
    pseudo_likelihood,
)
from replica.machines.inference.mean_field import lower_bound
from replica.machines.models.rbm import RBM, with_field
from replica.units import Bernoulli, DoubleReLU, Gaussian, Potential, ReLU, Spin, Unit

UNITS: dict[str, Unit] = {
    "bernoulli": Bernoulli(g=-0.5),
    "spin": Spin(g=0.2),
    "gaussian": Gaussian(g=0.1, gamma=1.5),
    "relu": ReLU(theta=0.5),
    "double-relu": DoubleReLU(theta_plus=0.3, theta_minus=-0.2),
}


def machine(visible: Unit, hidden: Unit, size: float = 0.4, shape: tuple[int, int] = (10, 6)) -> RBM:
    return RBM(np.random.default_rng(7).normal(0, size, shape), visible, hidden)


@pytest.mark.parametrize("hidden", UNITS)
@pytest.mark.parametrize("visible", [Bernoulli(g=-0.8), Spin(g=0.1)], ids=["bernoulli", "spin"])
def test_annealing_from_both_sides_meets_enumeration_within_4_sigma(visible: Unit, hidden: str) -> None:
    rbm = machine(visible, UNITS[hidden])
    known = exact.log_partition(rbm)
    forward = annealed(rbm, runs=100, steps=80, seed=1)
    both = log_partition(rbm, "bridge", runs=100, steps=80, seed=3)
    assert abs(forward.log_Z - known) < 4 * forward.error
    assert abs(both.value - known) < 4 * both.error
    assert abs(both.upper - known) < 0.3
    assert both.reliable
    assert 0 < both.error < 0.2


def test_errors_are_standard_errors() -> None:
    rbm = machine(Spin(), Spin(), 0.5)
    known = exact.log_partition(rbm)
    scores = []
    for seed in range(40):
        found = annealed(rbm, runs=60, steps=30, seed=seed)
        scores.append((found.log_Z - known) / found.error)
    assert 0.7 < np.std(scores) < 1.4  # 40 scores: +- 0.11
    assert abs(np.mean(scores)) < 4 / np.sqrt(40)


def test_bennett_is_unbiased_and_knows_its_error() -> None:
    scores = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        there, back = (
            Annealed(1.0, 2.0 + s / 2 + rng.standard_normal(n), s > 0) for s, n in ((-1, 300), (1, 150))
        )
        value, error = bennett(there, back)
        scores.append((value - 3.0) / error)
    assert abs(np.mean(scores)) < 4 / np.sqrt(200)
    assert 0.85 < np.std(scores) < 1.15


def test_gaussian_visible_units_against_enumeration_of_the_hidden_ones() -> None:
    rbm = machine(Gaussian(gamma=2.0), Bernoulli(g=-0.3), 0.4, (8, 5))
    found = log_partition(rbm, "bridge", runs=100, steps=100, seed=3)
    assert abs(found.value - exact.log_partition(rbm)) < 4 * found.error


def test_annealing_from_the_means_of_the_data_has_the_same_mean() -> None:
    rbm = machine(Bernoulli(g=-2.0), Bernoulli())
    data = np.random.default_rng(1).integers(0, 2, (50, 10)).astype(float)
    found = annealed(rbm, runs=200, steps=100, seed=4, data=data)
    assert abs(found.log_Z - exact.log_partition(rbm)) < 4 * found.error


def test_a_bad_annealing_says_so() -> None:
    rbm = RBM(np.full((30, 30), 0.6), Spin(), Spin())  # a deep ferromagnet, two steps
    found = log_partition(rbm, "bridge", runs=20, steps=2, seed=1)
    assert not found.reliable


def two_states() -> RBM:
    """Bits that are all off, or, with 24 nats more of weight, all on; and others that are free."""
    w = np.zeros((22, 14))
    w[:14, :8] = (24 + 30 * 22) / 112
    w[14:, 8:] = np.random.default_rng(1).normal(0, 0.3, (8, 6))
    g, h = np.r_[np.full(14, -30.0), np.zeros(8)], np.r_[np.full(8, -30.0), np.zeros(6)]
    return RBM(w, Bernoulli(g=g), Bernoulli(g=h))


@pytest.mark.parametrize("method", ["bridge", "ais"])
def test_runs_that_agree_and_miss_the_state_that_holds_the_weight(method: str) -> None:
    """Forward and back meet 24 below the truth, all runs carry weight; mean field knows better."""
    rbm = two_states()
    known = exact.log_partition(rbm)
    off = np.random.default_rng(2).integers(0, 2, (30, 22)).astype(float)
    off[:, :14] = 0
    for data in (None, off):
        found = log_partition(rbm, method, steps=200, seed=1, data=data)
        assert known - found.value == pytest.approx(24, abs=0.1)
        assert found.effective > 90
        assert found.error < 0.03
        assert not found.reliable
        assert "the state that holds the weight was missed" in found.doubt
        assert known - 0.2 < found.bound <= known
    on = off.copy()
    on[:, :14] = 1
    weighed = likelihood(rbm, on, method="ais", steps=200, seed=1)
    assert np.isnan(weighed.mean)  # ln P(v) of discrete data is never above 0
    assert not weighed.log_Z.reliable


def test_a_machine_without_states_to_miss_is_reliable() -> None:
    for seed in range(5):
        rbm = RBM(np.random.default_rng(seed).normal(0, 0.1, (12, 8)), Spin(g=0.3), ReLU(theta=0.2))
        found = log_partition(rbm, "bridge", steps=100, seed=seed)
        assert found.reliable, found.doubt
        assert found.bound < found.value + 4 * found.error


def test_equal_weights_are_no_error_bar() -> None:
    assert np.isnan(Annealed(0.0, np.full(50, 3.3), False).error)
    value, error = bennett(Annealed(0.0, np.full(50, 2.0), False), Annealed(0.0, np.full(50, 2.0), True))
    assert value == pytest.approx(2.0)
    assert np.isnan(error)
    found = log_partition(RBM(np.zeros((5, 4)), Spin(g=0.3), ReLU()), "bridge", runs=30, steps=10)
    assert np.isnan(found.error)
    assert not found.reliable
    assert "the same weight" in found.doubt


def test_the_mean_log_likelihood_of_a_frozen_machine_is_not_above_zero() -> None:
    rbm = RBM(np.zeros((8, 3)), Bernoulli(g=60.0), Bernoulli())
    assert -1e-12 < likelihood(rbm, np.ones((4, 8))).mean <= 0


@pytest.mark.parametrize(
    "hidden", [Bernoulli(g=-0.4), Spin(g=0.2), ReLU(theta=0.3), Gaussian(g=0.3, gamma=3.0)]
)
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_likelihoods_do_not_know_about_an_offset_of_gaussian_data(offset: float, hidden: Unit) -> None:
    """The same machine in shifted variables, to the digits that the data carry: offset x 1e-16."""
    rng = np.random.default_rng(4)
    X, w = rng.normal(size=(5, 3)), rng.normal(0, 0.3, (3, 2))
    rbm = RBM(w, Gaussian(gamma=1.5), hidden)
    moved = RBM(w, Gaussian(g=1.5 * offset, gamma=1.5), with_field(hidden, -offset * w.sum(axis=0)))
    known, found = rbm.visible_free_energy(X), moved.visible_free_energy(X + offset)
    digits = 1e-14 + 1e-15 * offset
    np.testing.assert_allclose(np.diff(found), np.diff(known), rtol=0, atol=10 * digits)
    h = hidden.sample(np.zeros((5, 2)), 0.0, 1.0, rng)
    np.testing.assert_allclose(
        np.diff(moved.energy(X + offset, h)), np.diff(rbm.energy(X, h)), rtol=0, atol=20 * digits
    )
    if hidden.discrete:
        np.testing.assert_allclose(
            exact.log_likelihood(moved, X + offset), exact.log_likelihood(rbm, X), rtol=0, atol=30 * digits
        )
        one, two = exact.moments(moved), exact.moments(rbm)
        assert one.entropy == pytest.approx(two.entropy, abs=30 * digits)
        annealing = annealed(moved, runs=50, steps=50, seed=1)
        assert annealing.log_Z - exact.log_partition(moved) == pytest.approx(0, abs=4 * annealing.error)
        assert lower_bound(moved) - exact.log_partition(moved) == pytest.approx(
            lower_bound(rbm) - exact.log_partition(rbm), abs=1e-6
        )


def test_free_energies_of_a_nearly_constant_column() -> None:
    """Spread 1e-9 about 7, against exact rational arithmetic; the data carry six digits."""
    v = 7 + 1e-9 * np.random.default_rng(2).normal(size=20)
    gamma, g = 1e18, 7e18
    rbm = RBM([[0.1]], Gaussian(g=g, gamma=gamma), Bernoulli())
    wanted = [float(Fraction(gamma) / 2 * (Fraction(x) - 7) ** 2) for x in v]
    wanted -= np.logaddexp(0, 0.1 * v)
    F = rbm.visible_free_energy(v[:, None])
    np.testing.assert_allclose(F - F[0], wanted - wanted[0], rtol=0, atol=1e-5)
    assert np.ptp(F) > 1


def test_pseudo_likelihoods_survive_large_fields_on_gaussian_and_rectified_units() -> None:
    """Fields of 1e7 on the hidden units that fields on the visible ones make up for; ratios stay exact."""
    w = np.array([[0.5], [-0.25], [0.125]])
    v = exact.configurations(Spin(), 3)
    for near, far in (
        (Gaussian(), Gaussian(g=2.0**24)),
        (ReLU(theta=-50.0), ReLU(theta=-(2.0**24))),
    ):
        shift = 2.0**24 - (50 if isinstance(near, ReLU) else 0)
        plain = RBM(w, Spin(), near)
        moved = RBM(w, Spin(g=-shift * w[:, 0]), far)
        np.testing.assert_allclose(pseudo_likelihood(moved, v), pseudo_likelihood(plain, v), atol=1e-7)


def test_likelihood_of_data_and_tap() -> None:
    rbm = machine(Spin(), Spin(), 0.15)
    data = np.random.default_rng(2).choice([-1.0, 1.0], (30, 10))
    known = likelihood(rbm, data)
    assert known.log_Z.method == "exact"
    assert known.error == 0
    assert known.mean == pytest.approx(np.mean(exact.log_likelihood(rbm, data)), abs=1e-12)
    assert abs(log_partition(rbm, "tap").value - known.log_Z.value) < 0.02
    assert likelihood(rbm, data, "ais", steps=50).mean == pytest.approx(known.mean, abs=0.1)


@pytest.mark.parametrize("hidden", UNITS)
def test_pseudo_likelihood_against_conditionals_by_enumeration(hidden: str) -> None:
    rbm = machine(Bernoulli(g=0.2), UNITS[hidden], 0.7, (5, 3))
    p = exact.visible_distribution(rbm)
    v = exact.configurations(rbm.visible, 5)
    wanted: Any = np.zeros(32)
    for i in range(5):
        other = np.arange(32) ^ (1 << (4 - i))
        wanted += np.log(p / (p + p[other]))
    assert pseudo_likelihood(rbm, v) == pytest.approx(wanted, abs=1e-10)


def test_pseudo_likelihood_of_units_with_three_values() -> None:
    visible = Potential(lambda x: 0.3 * x**2 - 0.2 * x, values=(-1.0, 0.0, 1.0))
    rbm = machine(visible, ReLU(theta=0.2), 0.7, (3, 4))
    v = exact.configurations(visible, 3)
    p = exact.visible_distribution(rbm).reshape(3, 3, 3)
    wanted = sum(np.log(p / p.sum(axis=i, keepdims=True)) for i in range(3))
    assert pseudo_likelihood(rbm, v) == pytest.approx(np.ravel(wanted), abs=1e-10)


def test_bad_input() -> None:
    rbm = machine(Spin(), Spin())
    with pytest.raises(UnknownNameError, match="did you mean 'bridge'"):
        log_partition(rbm, "brigde")
    with pytest.raises(ParameterError, match="runs = 0"):
        annealed(rbm, runs=0)
    with pytest.raises(ParameterError, match="0 in row 0, column 0"):
        likelihood(rbm, np.zeros((2, 10)))
    with pytest.raises(ParameterError, match="discrete visible"):
        pseudo_likelihood(machine(Gaussian(), Spin()), np.zeros((2, 10)))
