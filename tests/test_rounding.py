"""Errors of roots: measured noise, conditioning, and roots that merge."""

from typing import Any

import numpy as np
import pytest

from reference import reference
from replica.solving import locate
from replica.solving.rounding import root_error, roughness, through
from replica.theories import BlumeCapel


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
