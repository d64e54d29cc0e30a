"""Mean-field expansions of small machines, against enumeration and independent fixed points."""

from typing import Any

import numpy as np
import pytest

from replica.errors import ConvergenceError, ParameterError
from replica.machines.inference import exact
from replica.machines.inference.mean_field import fixed_points, lower_bound, solve
from replica.machines.models.rbm import RBM, to_spins
from replica.units import Bernoulli, DoubleReLU, Gaussian, Potential, ReLU, Spin
from small_machine import CONVENTIONS, case

NAMES = {1: "naive_mean_field", 2: "TAP_second_order", 3: "TAP_third_order"}


@pytest.mark.parametrize("order", NAMES)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_fixed_points_of_the_small_machine(convention: str, order: int) -> None:
    known = case(convention).known["mean_field"][NAMES[order]]
    found = fixed_points(case(convention).rbm, order, seed=1)
    best = min(found, key=lambda point: abs(point.log_Z - known["minus_free_energy_estimate_of_log_Z"]))
    assert best.converged
    assert best.log_Z == pytest.approx(known["minus_free_energy_estimate_of_log_Z"], abs=1e-10)
    np.testing.assert_allclose(best.visible, known["mean_visible"], atol=1e-10)
    np.testing.assert_allclose(best.hidden, known["mean_hidden"], atol=1e-10)


def scaled(size: float, T: float = 0.7) -> RBM:
    rng = np.random.default_rng(2)
    w = size * rng.normal(size=(5, 4))
    return RBM(w, Spin(g=rng.normal(0, 0.5, 5)), Bernoulli(g=rng.normal(0, 0.5, 4)), T)


@pytest.mark.parametrize("order", NAMES)
def test_the_error_of_order_n_is_of_order_n_plus_one(order: int) -> None:
    errors = [
        abs(solve(scaled(size), order).log_Z - exact.log_partition(scaled(size))) for size in (0.02, 0.04)
    ]
    assert np.log2(errors[1] / errors[0]) == pytest.approx(order + 1, abs=0.15)


def test_naive_mean_field_is_a_lower_bound() -> None:
    for size in (0.2, 0.6, 1.2):
        assert all(p.log_Z <= exact.log_partition(scaled(size)) for p in fixed_points(scaled(size), 1))


@pytest.mark.parametrize("size", [0.1, 0.5, 1.2])
@pytest.mark.parametrize("T", [0.6, 1.0, 1.7])
def test_the_lower_bound_is_one_for_units_of_any_kind(size: float, T: float) -> None:
    """Fields of both signs, one layer discrete: never above enumeration, close to it for small weights."""
    rng = np.random.default_rng(5)
    kinds: list[Any] = [
        lambda n: Bernoulli(g=rng.normal(0, 1, n)),
        lambda n: Spin(g=rng.normal(0, 1, n)),
        lambda n: Gaussian(g=rng.normal(0, 1, n), gamma=2.0),
        lambda n: ReLU(theta=rng.normal(0, 1, n), gamma=1.5),
        lambda _: DoubleReLU(theta_plus=0.3, theta_minus=-0.4),
        lambda _: Potential(lambda x: x**4 / 4 - x**2 / 2),
        lambda _: Potential(lambda x: 0.3 * x**2, values=(-1.0, 0.0, 1.0)),
    ]
    for i, visible in enumerate(kinds):
        for j, hidden in enumerate(kinds):
            if i > 1 and j > 1:
                continue
            rbm = RBM(size / 2 * rng.normal(size=(6, 5)), visible(6), hidden(5), T)
            data = visible(6).sample(np.zeros((9, 6)), 0.0, T, rng)
            known = exact.log_partition(rbm)
            for given in (None, data):
                gap = known - lower_bound(rbm, given, starts=3, most_steps=20)
                assert gap >= -1e-10, (visible, hidden)
                assert gap < 4 * size**2 * 30 / 8 / T**2 + 0.02


def test_all_configurations_as_data_are_the_whole_sum() -> None:
    rbm = scaled(1.2)
    bound = lower_bound(rbm, exact.configurations(rbm.visible, 5))
    assert bound == pytest.approx(exact.log_partition(rbm), abs=1e-12)


@pytest.mark.parametrize("order", NAMES)
def test_every_order_is_the_same_for_spins_and_bits(order: int) -> None:
    bits = case(CONVENTIONS[0]).rbm
    spins, constant = to_spins(bits)
    here, there = solve(bits, order, starts=1), solve(spins, order, starts=1)
    assert here.log_Z == pytest.approx(there.log_Z - constant, abs=1e-12)
    np.testing.assert_allclose(2 * here.visible - 1, there.visible, atol=1e-11)


@pytest.mark.parametrize("order", NAMES)
def test_fixed_points_are_stationary(order: int) -> None:
    """ln Z of the expansion as a function of the means has no slope there: fourth-order differences."""
    from replica.machines.inference import mean_field

    rbm = scaled(0.5)
    point = solve(rbm, order)
    layers = mean_field._check(rbm, order, 1.0)

    def value(i: int, step: float) -> float:
        m = point.visible.copy()
        m[i] += step
        return mean_field._log_z(rbm, layers, order, m, point.hidden)

    h = 1e-4
    for i in range(5):
        slope = (8 * (value(i, h) - value(i, -h)) - value(i, 2 * h) + value(i, -2 * h)) / (12 * h)
        assert abs(slope) < 1e-9


def test_symmetric_machines_have_two_states_and_a_neutral_one() -> None:
    found = fixed_points(RBM(np.full((6, 6), 0.4), Spin(), Spin()), order=2, starts=8)
    overlaps = [point.visible.mean() for point in found]
    assert len(found) == 3
    assert overlaps[0] == pytest.approx(-overlaps[1], abs=1e-10)
    assert overlaps[2] == pytest.approx(0, abs=1e-10)
    assert found[0].log_Z > found[2].log_Z


def test_any_two_values_will_do() -> None:
    """A unit with values -1, 3 is a spin in disguise: s = 1 + 2 t."""
    w = np.array([[0.3, -0.2], [0.1, 0.4]])
    odd = RBM(w, Potential(lambda x: 0.1 * x, values=(3.0, -1.0)), Spin())
    spins = RBM(2 * w, Spin(g=-0.2), Spin(g=w.sum(axis=0)))
    for order in NAMES:
        a, b = solve(odd, order, starts=1), solve(spins, order, starts=1)
        assert a.log_Z == pytest.approx(b.log_Z - 0.2, abs=1e-11)
        np.testing.assert_allclose(a.visible, 1 + 2 * b.visible, atol=1e-10)


def test_what_does_not_converge_says_so() -> None:
    rbm = RBM(np.random.default_rng(1).normal(0, 0.5, (40, 40)), Spin(g=0.1), Spin())
    points = fixed_points(rbm, 2, starts=2, damping=1.0, most_steps=4)
    assert not any(point.converged for point in points)
    with pytest.raises(
        ConvergenceError, match=r"none of \d starts converged.*try a smaller damping"
    ) as caught:
        solve(rbm, 2, starts=2, damping=1.0, most_steps=4)
    assert caught.value.solution.steps == 4


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: solve(scaled(0.1), 4), "order = 4 must be"),
        (lambda: solve(scaled(0.1), damping=1.5), "damping = 1.5"),
        (lambda: solve(scaled(0.1, T=0.0)), "T must be positive"),
        (
            lambda: solve(RBM([[0.1]], Spin(), Gaussian())),
            "units with two values; the hidden units are gaussian",
        ),
        (lambda: solve(scaled(0.1), starts=0), "starts = 0"),
        (lambda: solve(scaled(0.1), starts=[2.0]), "between -1 and 1"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()
