"""Errors of roots: measured noise, conditioning, and roots that merge."""

from typing import Any

import mpmath
import numpy as np
import pytest

from phase_diagrams.sweeping import sweep
from reference import reference
from replica.solving import critical, locate, minimise, polish, solve
from replica.solving.derivatives import jacobian, jacobian_errors
from replica.solving.rounding import root_error, roughness, through
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    RandomRBM,
    SherringtonKirkpatrick,
    ThresholdedHopfield,
)
from replica.theory import Theory


@pytest.mark.parametrize("size", [1.0, 1e3, 1e5])
def test_noise_is_that_of_the_numbers_that_are_subtracted(size: float) -> None:
    def f(y: Any) -> Any:
        return (size + y) - size

    noise = roughness(f, np.array([0.3]))
    assert 0.2 * np.spacing(size) < noise[0] < 20 * np.spacing(size)


def test_noise_of_a_batch_is_that_of_its_points() -> None:
    sizes = np.geomspace(1, 1e5, 7)
    batch = roughness(lambda y: (sizes + y) - sizes, np.full((1, 7), 0.3))
    for i, size in enumerate(sizes):
        alone = roughness(lambda y, s=size: (s + y) - s, np.array([0.3]))
        assert batch[0, i] == alone[0]


def test_what_does_not_move_has_no_noise() -> None:
    assert roughness(np.sin, np.zeros(2)).tolist() == [0, 0]
    assert root_error(np.sin, np.zeros(2), np.zeros((2, 2)), np.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize("distance", [1e-2, 1e-5, 1e-7, 1e-8, 0.0])
@pytest.mark.parametrize("noise", [1e-16, 1e-13])
def test_the_error_of_a_root_next_to_another_is_bounded(distance: float, noise: float) -> None:
    """(y - 1)^2 = d^2 with noise: wherever the search stopped for it, the root lies within the bound."""
    rng = np.random.default_rng(1)
    for shift in rng.uniform(-1, 1, 20) * noise:
        root = 1 + np.sqrt(max(distance**2 + shift, 0.0))  # what a noisy function led to
        bound = root_error(
            lambda y: (y - 1) ** 2 - distance**2,
            np.array([root]),
            np.array([[2 * (root - 1)]]),
            np.array([noise]),
        )
        assert abs(root - (1 + distance)) <= bound[0]
        assert bound[0] <= 5 * max(min(noise / max(distance, 1e-300), np.sqrt(noise)), 4e-16)


def test_a_slope_that_may_be_zero_leaves_no_digit() -> None:
    flat = {"y": np.array([1.0]), "slope": np.array([[1e-12]]), "noise": np.array([1e-16])}
    assert root_error(lambda y: 1e-12 * (y - 1), **flat)[0] == pytest.approx(1e-4, rel=1e-2)
    assert root_error(lambda y: 1e-12 * (y - 1), slope_error=1e-12, **flat)[0] == np.inf


def test_errors_through_a_map_add_up() -> None:
    assert through(np.array([[1.0, -2.0], [0.0, np.inf]]), np.array([1.0, 0.0])).tolist() == [1, 0]


@pytest.mark.parametrize("T", [0.3, 0.33, 0.333, 0.3331, 0.3332, 0.33325, 0.3333])
def test_an_ill_conditioned_point_is_iterated_to_the_end(T: float) -> None:
    """Towards the tricritical point m^2 closes as (15/2)(1/3 - T), and double precision bites."""
    point = locate(BlumeCapel(T=T, D=0.0), "first-order", "D")
    exact = 7.5 * (reference("blume_capel/tricritical/T").number - T)
    assert point.x[0] ** 2 == pytest.approx(exact, rel=1.7 * (1 / 3 - T) + 3e-4)
    m, D = point.x[0], point.value
    site = [np.longdouble(np.exp(np.longdouble(sign * m - D) / np.longdouble(T))) for sign in (1, -1)]
    m_next = (site[0] - site[1]) / (1 + site[0] + site[1])
    assert abs(float(m_next) - m) < 1e-14
    assert 0 < point.uncertainty < 1e-11


# -- states -------------------------------------------------------------------------------------------------

ENDS = 0.1379055664949317  # of the retrieval states at T = 0
STATES = [
    *((Hopfield(alpha=ENDS * (1 - 10.0**-k), T=0.0), "retrieval") for k in range(1, 14, 2)),
    (Hopfield(alpha=0.1379055664949, T=0.0), "retrieval"),
    (Hopfield(alpha=0.05, T=0.3), "retrieval"),
    (Hopfield(alpha=0.3, T=0.0), "glass"),
    *((CurieWeiss(T=1 - 10.0**-k), "up") for k in range(1, 12, 2)),
    (BlumeCapel(T=0.4, D=0.43), "ferromagnet"),
    (SherringtonKirkpatrick(T=0.999), "glass"),
    (SherringtonKirkpatrick(T=1.2), "paramagnet"),
    (ThresholdedHopfield(alpha=0.3, theta=0.5), "retrieval"),
    (Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.38), "retrieval"),
]


def off(text: str | None, value: Any) -> float:
    """How far a number in float64 is from its digits."""
    return float(abs(mpmath.mpf(text) - mpmath.mpf(float(value))))


@pytest.mark.parametrize(
    ("theory", "branch"), STATES, ids=[f"{theory.describe()}-{branch}" for theory, branch in STATES]
)
def test_every_number_of_a_state_is_within_its_uncertainty(theory: Theory, branch: str) -> None:
    state = solve(theory, branch)
    with mpmath.workdps(40):
        precise = polish(state, 30)
        told = state.uncertainties
        for name, value in (state.order | {n: getattr(state, n) for n in precise.measures}).items():
            if value is not None and np.isfinite(value):
                assert off((precise.order | precise.measures)[name], value) <= told[name]
    assert state.uncertainty.shape == state.x.shape
    assert np.array_equal(state.uncertainty, [told[name] for name in theory.order])


def test_uncertainties_of_a_batch_are_those_of_its_points() -> None:
    alpha = np.array([0.05, 0.1, 0.1379055664949, 0.2])
    batch = solve(Hopfield(alpha=alpha, T=0.0), throw=False).uncertainty
    assert np.isnan(batch[:, 3]).all()
    for i in range(3):
        alone = solve(Hopfield(alpha=float(alpha[i]), T=0.0)).uncertainty
        np.testing.assert_allclose(np.log10(batch[:, i]), np.log10(alone), atol=1)


def test_a_minimum_knows_the_error_of_its_parameter() -> None:
    best = minimise(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=1.0))
    exact = reference("random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=l_star/l")
    assert abs(best.theory.values["l"] - exact.number) <= best.uncertainties["l"] + exact.tolerance
    assert best.uncertainties["l"] < 1e-12


def test_order_parameters_of_a_located_point_are_within_their_errors() -> None:
    point = critical(Hopfield(alpha=0.0, T=0.0))
    precise = polish(point, 30)
    with mpmath.workdps(40):
        for name, value in point.order.items():
            assert off(precise.order[name], value) <= point.uncertainties[name] < 1e-11


def test_sweeps_store_the_uncertainty_of_every_state() -> None:
    found = sweep(Hopfield, {"alpha": [0.05, 0.1379055664949, 0.2]}, fixed={"T": 0.0})
    told = found["uncertainty"].values
    assert told[0] < 1e-14
    assert 1e-11 < told[1] < 1e-7
    assert np.isnan(told[2])


# -- derivatives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "l"), [(0.4, 0.38), (0.3, 0.58), (0.48, 0.32), (0.27, 0.53), (0.15, 0.25), (0.2, 0.4)]
)
def test_a_random_rbm_knows_the_errors_of_its_derivatives(alpha: float, l: float) -> None:
    """At T = 0 weak hidden units are nearly silent: the rounding of dm/dr is 1e-16 over a step of 1e-10."""
    theory = RandomRBM(visible="bernoulli:g=-0.21", hidden="relu:theta=1.5", alpha=alpha, l=l, T=0.0)
    x = solve(theory, "retrieval").x
    with mpmath.workdps(40):
        exact = np.array([mpmath.mpf(float(v)) for v in x], dtype=object)
        truth = jacobian(theory.exact(), exact).astype(float)
    errors = jacobian_errors(theory, x)
    assert np.all(np.abs(jacobian(theory, x) - truth) <= errors)
    size = np.where(x > 0, np.abs(x), 1.0)
    assert np.max(errors * size / size[:, None]) < 1e-6
