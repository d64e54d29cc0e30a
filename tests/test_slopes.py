"""Slopes of the averages of every unit: against closed forms, mpmath, and differences of the averages."""

from dataclasses import fields
from typing import Any

import mpmath
import numpy as np
import pytest

from replica.errors import ParameterError
from replica.numerics.spins import spin_averages
from replica.units import (
    Bernoulli,
    DoubleReLU,
    Gaussian,
    Interpolating,
    Levels,
    Moments,
    Potential,
    ReLU,
    Spherical,
    Spin,
    Unit,
)
from replica.units.scaled import Scaled

SLOPES = ("mean2", "mean3", "square1", "square2", "cube1", "hot_square")
CLOSED = [
    Spin(0.1),
    Bernoulli(-0.2),
    Gaussian(0.3, 1.2),
    ReLU(0.2),
    Interpolating(0.4, 1.3),
    Scaled(Spin(), 0.5, 0.3),
    Scaled(Gaussian(0.1), 0.5, 0.6),
]
NUMERICAL = [
    ReLU(0.2, 1.1),
    DoubleReLU(0.4, -0.3),
    DoubleReLU(-0.5, 0.3, gamma_minus=1.4),
    Levels((-1, 0, 2), (0.2, -0.1, 0.4)),
    Potential(lambda x: x**4 / 4 + x**2 / 2),
]


@pytest.mark.parametrize(
    ("unit", "T"),
    [(unit, T) for unit in CLOSED for T in (0.0, 0.1, 1.0) if T == 1 or not isinstance(unit, Interpolating)],
    ids=str,
)
def test_closed_slopes_are_those_that_every_unit_can_give(unit: Unit, T: float) -> None:
    rng = np.random.default_rng(1)
    loc, width = rng.normal(size=12), rng.uniform(0.2, 2.0, 12)
    closed, summed = unit.moments(loc, width, 0.1, T), Unit.moments(unit, loc, width, 0.1, T)
    for field in fields(Moments):
        if field.name == "entropy" and T != 0.1:  # closed forms of the prior have none; -inf at T = 0
            continue
        one, two = getattr(closed, field.name), getattr(summed, field.name)
        assert one == pytest.approx(two, rel=1e-12, abs=1e-12), field.name


@pytest.mark.parametrize("T", [0.0, 0.3])
@pytest.mark.parametrize("unit", NUMERICAL, ids=lambda unit: f"{type(unit).__name__}{unit.parameters}"[:40])
def test_slopes_are_the_derivatives_of_the_averages(unit: Unit, T: float) -> None:
    """Columns of a Jacobian, against fourth-order differences of the averages."""
    loc, v, a, h = np.array([-0.7, 0.1, 0.9]), 0.6, 0.15, 2e-3

    def read(loc: Any, v: Any, a: Any) -> np.ndarray:
        found = unit.averages(loc, np.sqrt(v), a, T)
        return np.stack([found.mean, found.square, found.response])

    def difference(**step: float) -> np.ndarray:
        at = [
            read(loc + k * h * step.get("loc", 0), v + k * h * step.get("v", 0), a + k * h * step.get("a", 0))
            for k in (-2, -1, 1, 2)
        ]
        return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)

    found = unit.moments(loc, np.sqrt(v), a, T)
    assert np.stack(found.by_loc) == pytest.approx(difference(loc=1), rel=1e-8, abs=1e-8)
    assert np.stack(found.by_variance) == pytest.approx(difference(v=1), rel=1e-8, abs=1e-8)
    assert np.stack(found.by_a(T)) == pytest.approx(difference(a=1), rel=1e-8, abs=1e-8)
    for name in ("free_energy", "mean", "square", "response", "response_square"):
        assert np.array_equal(getattr(found, name), getattr(unit.averages(loc, np.sqrt(v), a, T), name))


@pytest.mark.parametrize("width", [1e-100, 1e-9, 1e-6, 1e-4, 1e-3, 3e-3, 1e-2, 0.1])
@pytest.mark.parametrize("T", [0.1, 1.0])
def test_narrow_fields_keep_their_digits(T: float, width: float) -> None:
    """The way of every unit against the closed form of a spin, whose natural scale is T."""
    loc = np.linspace(-1.5, 1.5, 13)
    found, spin = Unit.moments(Spin(), loc, width, 0.0, T), spin_averages(loc, width, T)
    assert found.mean2 == pytest.approx(spin.susceptibility_1, abs=3e-11 / T**2)
    assert found.mean3 == pytest.approx(spin.susceptibility_2, abs=3e-10 / T**3)
    assert found.square1 == pytest.approx(-T * spin.susceptibility_1, abs=1e-13 / T)
    assert found.square2 == pytest.approx(-T * spin.susceptibility_2, abs=3e-11 / T**2)
    assert found.hot_square == pytest.approx(spin.sech4_over_T, abs=1e-13 / T)


def test_a_narrow_field_away_from_a_kink_sees_the_curve_itself() -> None:
    """At T = 0 <s> of s^4/4 + s^2/2 solves s^3 + s = b."""
    unit, b = Potential(lambda x: x**4 / 4 + x**2 / 2), 2.0  # s = 1
    found = unit.moments(b, 1e-9, 0.0, 0.0)
    s, k1 = 1.0, 1 / 4
    k2 = -6 * s * k1**3
    k3 = -6 * k1**4 - 18 * s * k1**2 * k2
    assert found.response == pytest.approx(k1, abs=1e-9)
    assert found.mean2 == pytest.approx(k2, abs=1e-7)
    assert found.mean3 == pytest.approx(k3, abs=1e-5)
    assert found.square1 == pytest.approx(2 * s * k1, abs=1e-9)
    assert found.square2 == pytest.approx(2 * k1**2 + 2 * s * k2, abs=1e-7)
    assert found.cube1 == pytest.approx(3 * s**2 * k1, abs=1e-9)


def test_jumps_leave_their_cubes_in_the_cold() -> None:
    """T E[(d<s>/db)^2] tends to a sixth of the cubed jumps times the density of the field."""
    unit = Levels((-1, 0, 2), (0.2, -0.1, 0.4))
    cold = unit.moments(0.3, 0.7, 0.1, 0.0)
    warm = [unit.moments(0.3, 0.7, 0.1, T).hot_square for T in (1e-3, 2e-3, 4e-3)]
    to_zero = (8 * warm[0] - 6 * warm[1] + warm[2]) / 3  # errors of order T and T^2 removed
    assert cold.hot_square == pytest.approx(to_zero, abs=1e-5)
    for name in SLOPES:
        assert getattr(cold, name) == pytest.approx(
            getattr(unit.moments(0.3, 0.7, 0.1, 1e-4), name), abs=2e-3
        )


def test_a_batch_of_units_is_a_loop() -> None:
    D = np.array([0.1, 0.3, 0.6, 0.8])
    together = Levels((-1, 0, 1), (D, 0.0, D)).moments(0.2, np.array([0.5, 0.5, 1e-5, 0.5]), 0.1, 0.3)
    for i, d in enumerate(D):
        single = Levels((-1, 0, 1), (d, 0.0, d)).moments(0.2, 1e-5 if i == 2 else 0.5, 0.1, 0.3)
        for field in fields(Moments):
            assert getattr(together, field.name)[i] == pytest.approx(getattr(single, field.name), rel=1e-12)


def test_three_levels_that_meet_jump_at_once() -> None:
    """At D = 1/2 and T = 0 the levels -1, 0, 1 of Blume-Capel with a = 1 meet at b = 0."""
    meeting = Levels((-1, 0, 1), (0.5, 0.0, 0.5)).moments(0.0, 0.4, 1.0, 0.0)
    density = 1 / (0.4 * np.sqrt(2 * np.pi))
    assert meeting.response == pytest.approx(2 * density, abs=1e-14)
    apart = Levels((-1, 0, 1), (0.5 + 1e-9, 0.0, 0.5 + 1e-9)).moments(0.0, 0.4, 1.0, 0.0)
    assert apart.response == pytest.approx(2 * density, abs=1e-14)


@pytest.mark.parametrize(
    ("unit", "T"),
    [
        (Spin(), 0.3),
        (Spin(), 0.0),
        (Bernoulli(-0.2), 0.3),
        (Gaussian(), 0.2),
        (ReLU(0.3), 0.0),
        (Interpolating(0.4), 1.0),
        (Levels((-1, 0, 2), (0.2, -0.1, 0.4)), 0.3),
        (Levels((-1, 0, 2), (0.2, 0.5, 0.4)), 0.0),
        (Levels((-1, 0, 2), (0.2, -0.1, 0.4)), 0.0),
    ],
    ids=str,
)
def test_closed_slopes_run_in_mpmath(unit: Unit, T: float) -> None:
    with mpmath.workdps(30):
        precise = unit.exact().moments(
            *(mpmath.mpf(text) for text in ("0.3", "0.7", "0.2")), mpmath.mpf(str(T))
        )
        double = unit.moments(0.3, 0.7, 0.2, T)
        for name in ("free_energy", "mean", "square", "response", *SLOPES):
            value = getattr(precise, name)
            assert isinstance(value, mpmath.mpf), name
            assert float(value) == pytest.approx(getattr(double, name), abs=1e-13), name
        assert abs(precise.by_a(mpmath.mpf(str(T)))[0] - precise.square1 / 2 - T * precise.mean2 / 2) < 1e-15


def test_sums_over_nodes_do_not_pretend_to_be_exact() -> None:
    with pytest.raises(ParameterError, match="ask no digits"):
        ReLU(0.3).moments(mpmath.mpf(1), mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf("0.1"))


def test_without_confinement_there_is_no_number() -> None:
    for unit in (Gaussian(), ReLU(0.1), Potential(lambda x: x**2 / 2)):
        found = unit.moments(0.1, np.array([0.5, 1e-6]), 1.5, 0.3)
        assert all(np.all(np.isnan(getattr(found, name))) for name in SLOPES)


@pytest.mark.parametrize("T", [0.0, 0.4])
def test_a_sphere_keeps_its_radius(T: float) -> None:
    """Total derivatives, with the multiplier that follows the field."""
    unit, v, h = Spherical(), 0.36, 1e-4

    def read(loc: float, v: float, a: float, T: float = T) -> np.ndarray:
        found = unit.averages(loc, np.sqrt(v), a, T)
        return np.array([found.mean, found.square, found.response, found.free_energy])

    found = unit.moments(0.3, 0.6, 0.2, T)
    assert found.square + T * found.response == pytest.approx(1, abs=1e-15)
    along = {
        "loc": (read(0.3 + h, v, 0.2) - read(0.3 - h, v, 0.2)) / (2 * h),
        "v": (read(0.3, v + h, 0.2) - read(0.3, v - h, 0.2)) / (2 * h),
        "a": (read(0.3, v, 0.2 + h) - read(0.3, v, 0.2 - h)) / (2 * h),
    }
    assert found.by_loc == pytest.approx(along["loc"][:3], abs=1e-6)
    assert found.by_variance == pytest.approx(along["v"][:3], abs=1e-6)
    assert found.by_a(T) == pytest.approx(along["a"][:3], abs=1e-6)
    # the free energy gives the moments back
    assert along["loc"][3] == pytest.approx(-found.mean, abs=1e-7)
    assert along["v"][3] == pytest.approx(-found.response / 2, abs=1e-7)
    assert along["a"][3] == pytest.approx(-0.5, abs=1e-7)
    if T:
        cooling = (read(0.3, v, 0.2, T + h)[3] - read(0.3, v, 0.2, T - h)[3]) / (2 * h)
        assert found.entropy == pytest.approx(-cooling, abs=1e-7)
    assert np.isnan(found.mean2)
    with pytest.raises(ParameterError, match="hang together"):
        unit.sample(0.3, 0.0, 0.4, np.random.default_rng(1))


def test_levels_have_all_digits_that_are_asked_for() -> None:
    """Blume-Capel in a sharp field, and a wide field at two precisions."""
    with mpmath.workdps(40):
        m, D, T, zero = mpmath.mpf("0.4"), mpmath.mpf("0.3"), mpmath.mpf("0.2"), mpmath.mpf(0)
        unit = Levels((-1, 0, 1), (D, zero, D))
        closed = 2 * mpmath.sinh(m / T) / (mpmath.exp(D / T) + 2 * mpmath.cosh(m / T))
        sharp = unit.moments(m, zero, zero, T)
        assert abs(sharp.mean - closed) < mpmath.mpf(10) ** -38
        assert abs(sharp.response - mpmath.diff(lambda b: unit.averages(b, zero, zero, T).mean, m)) < 1e-25
        fine = unit.moments(m, mpmath.mpf("0.7"), zero, T)
    with mpmath.workdps(20):
        rough = unit.moments(m, mpmath.mpf("0.7"), zero, T)
    for name in ("free_energy", "mean", "entropy", *SLOPES):
        assert abs(getattr(fine, name) - getattr(rough, name)) < 1e-17, name
