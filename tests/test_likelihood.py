"""Estimates of ln Z and likelihoods against enumeration."""

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
from replica.machines.models.rbm import RBM
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
