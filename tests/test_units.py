"""Units against quadrature, and closed forms against the numerical unit of the same potential."""

import dataclasses
import itertools
import math
import pickle
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize

from replica.errors import ParameterError, UnknownNameError
from replica.units import (
    UNITS,
    Bernoulli,
    DoubleReLU,
    Gaussian,
    Interpolating,
    Levels,
    Potential,
    ReLU,
    Spin,
    Unit,
    parse,
)
from replica.units.landscape import curvature_at_infinity

CLOSED = [
    Spin(),
    Spin(g=0.2),
    Bernoulli(g=-0.3),
    Levels((0, 1, 3), (0.1, 0.0, 0.7)),
    Gaussian(),
    Gaussian(g=0.1, gamma=1.4),
    ReLU(theta=0.4),
    ReLU(theta=-0.2, gamma=1.3),
    DoubleReLU(theta_plus=0.5, theta_minus=-0.3, gamma_minus=1.4),
    DoubleReLU(theta_plus=-0.5, theta_minus=0.3, gamma_minus=1.4),
    Interpolating(omega=0.5),
]
every_unit = pytest.mark.parametrize("unit", CLOSED, ids=repr)
MEASURES = ("log_partition", "mean", "variance", "second_moment", "entropy", "response")
AVERAGES = ("free_energy", "mean", "square", "response", "response_square", "entropy")


class DoubleWell(Unit):
    def potential(self, x: Any) -> Any:
        return (x**2 - 1) ** 2


def numerical(unit: Unit) -> Potential:
    """The same potential, without the closed forms."""
    return Potential(unit.potential, unit.domain, unit.values, unit.breaks)


def truth(unit: Unit, b: float, a: float, T: float) -> tuple[float, float, float]:
    """Ln Z, mean and variance by scipy's adaptive quadrature, or as sums."""

    def weight(s: float, power: int) -> float:
        return s**power * math.exp(-(float(unit.potential(np.array(s))) - a * s * s / 2 - b * s - low) / T)

    if unit.values:
        low = 0.0
        z, first, second = (sum(weight(s, k) for s in unit.values) for k in range(3))
    else:
        low, peak = unit.ground(b, a)
        ends = [max(unit.domain[0], -30.0), *sorted({0.0, float(peak)} - {-30.0}), 30.0]
        z, first, second = (
            sum(
                integrate.quad(weight, left, right, args=(k,), epsabs=0, epsrel=1e-12, limit=400)[0]
                for left, right in itertools.pairwise(ends)
                if left < right
            )
            for k in range(3)
        )
    return math.log(z) - low / T, first / z, second / z - (first / z) ** 2


@every_unit
@pytest.mark.parametrize(("b", "a", "T"), [(0.3, 0.2, 0.5), (-1.1, 0.4, 1.0), (1.7, 0.0, 0.1)])
def test_a_unit_in_a_field_is_its_integral(unit: Unit, b: float, a: float, T: float) -> None:
    log_z, mean, variance = truth(unit, b, a, T)
    assert unit.log_partition(b, a, T) == pytest.approx(log_z, abs=1e-10)
    assert unit.mean(b, a, T) == pytest.approx(mean, abs=1e-10)
    assert unit.variance(b, a, T) == pytest.approx(variance, abs=1e-10)
    assert unit.response(b, a, T) == pytest.approx(variance / T, abs=1e-9)


@every_unit
@pytest.mark.parametrize("T", [0.01, 0.3, 1.0])
def test_closed_forms_are_the_numerical_unit(unit: Unit, T: float) -> None:
    b = np.linspace(-3, 3, 13)
    for name in MEASURES:
        if isinstance(unit, Interpolating) and name == "entropy":
            continue
        ours, theirs = getattr(unit, name)(b, 0.2, T), getattr(numerical(unit), name)(b, 0.2, T)
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11, err_msg=name)


@every_unit
@pytest.mark.parametrize("T", [0.0, 1e-4, 0.02, 1.0])
@pytest.mark.parametrize(("loc", "width"), [(0.3, 0.7), (-0.9, 0.05), (0.0, 2.0)])
def test_averages_over_a_field(unit: Unit, T: float, loc: float, width: float) -> None:
    """Two roads: closed forms or refined panels, and the numerical unit on panels of its own."""
    ours, theirs = unit.averages(loc, width, 0.2, T), numerical(unit).averages(loc, width, 0.2, T)
    for name in AVERAGES:
        one, other = getattr(ours, name), getattr(theirs, name)
        if np.isnan(one):
            assert isinstance(unit, Interpolating)
            assert name == "entropy"
        elif np.isinf(one):
            assert one == other, name
        else:
            assert one == pytest.approx(other, rel=3e-10, abs=3e-10), name


@pytest.mark.parametrize("theta", [-0.7, 0.0, 2.0])
@pytest.mark.parametrize("T", [1e-4, 1e-2, 0.3])
@pytest.mark.parametrize("width", [0.03, 1.0])
def test_averages_keep_twelve_digits_wherever_the_kink_is(theta: float, T: float, width: float) -> None:
    """The response at T > 0 against mpmath: E[dM/db] of a ReLU, the quantity with the sharpest integrand."""
    average = ReLU(theta=theta).averages(0.1, width, 0.3, T)
    with mpmath.workdps(25):
        A, t = mpmath.mpf("0.7"), mpmath.mpf(T)
        s = mpmath.sqrt(t / A)

        def mean(z: Any) -> Any:
            x = (mpmath.mpf("0.1") + width * z - theta) / (A * s)
            return s * (x + mpmath.npdf(x) / mpmath.ncdf(x))

        kink, layer = (theta - mpmath.mpf("0.1")) / width, mpmath.sqrt(t * A) / width
        edges = sorted({-9, 9, *(kink + k * layer for k in (-30, -8, -3, 0, 3, 8, 30)), 0, -3, 3})
        edges = [edge for edge in edges if -9 <= edge <= 9]
        exact = mpmath.quad(lambda z: mean(z) * mpmath.npdf(z), edges)
        square = mpmath.quad(lambda z: mean(z) ** 2 * mpmath.npdf(z), edges)
    assert average.mean == pytest.approx(float(exact), rel=1e-12, abs=1e-15)
    assert average.square == pytest.approx(float(square), rel=1e-12, abs=1e-15)


@every_unit
def test_the_ground_state_is_the_minimum(unit: Unit) -> None:
    """Brute force, for random fields: the activation function is where the energy is lowest."""
    rng = np.random.default_rng(3)
    for b, a in zip(rng.normal(0, 2, 12), rng.uniform(0, 0.5, 12), strict=True):

        def energy(s: Any, b: float = b, a: float = a) -> Any:
            return unit.potential(np.asarray(s)) - a * np.asarray(s) ** 2 / 2 - b * np.asarray(s)

        if unit.values:
            best = min(unit.values, key=energy)
        else:
            low = max(unit.domain[0], -40.0)
            grid = np.linspace(low, 40.0, 20001)
            middle = grid[np.argmin(energy(grid))]
            bounds = (max(low, middle - 0.01), middle + 0.01)
            best = optimize.minimize_scalar(
                lambda s: float(energy(s)), bounds=bounds, method="bounded", options={"xatol": 1e-12}
            ).x
        value, s = unit.ground(b, a)
        assert value <= float(energy(best)) + 1e-12
        assert value == pytest.approx(float(energy(best)), abs=1e-10)
        assert s == pytest.approx(best, abs=1e-5)  # a minimum is flat: 1e-10 in energy is 1e-5 in position


@every_unit
def test_derivatives_of_the_partition_function_are_the_moments(unit: Unit) -> None:
    """Mean = T d lnZ/db, second moment = 2 T d lnZ/da, variance = T d mean/db."""
    b, a, T, h = 0.4, 0.15, 0.6, 1e-3

    def slope(f: Any) -> float:
        return float((8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h))

    if isinstance(unit, Interpolating):
        T = 1.0
    assert T * slope(lambda d: unit.log_partition(b + d, a, T)) == pytest.approx(
        unit.mean(b, a, T), abs=1e-10
    )
    second = 2 * T * slope(lambda d: unit.log_partition(b, a + d, T))
    assert second == pytest.approx(unit.second_moment(b, a, T), abs=1e-10)
    assert slope(lambda d: unit.mean(b + d, a, T)) == pytest.approx(unit.response(b, a, T), abs=1e-9)


@every_unit
@pytest.mark.parametrize("T", [0.3, 1.0])
def test_samples_have_the_mean_and_the_variance(unit: Unit, T: float) -> None:
    """200,000 draws, seed 5; mean within 4 standard errors, variance within 4 of its own."""
    rng = np.random.default_rng(5)
    n = 200_000
    s = unit.sample(np.full(n, 0.4), 0.2, T, rng)
    assert s.shape == (n,)
    mean, variance = unit.mean(0.4, 0.2, T), unit.variance(0.4, 0.2, T)
    assert abs(np.mean(s) - mean) < 4 * math.sqrt(variance / n)
    fourth = np.mean((s - mean) ** 4) - variance**2
    assert abs(np.mean((s - mean) ** 2) - variance) < 4 * math.sqrt(fourth / n) + 1e-12


@every_unit
def test_samples_at_zero_temperature_are_the_ground_state(unit: Unit) -> None:
    b = np.linspace(-2, 2, 9)
    np.testing.assert_array_equal(unit.sample(b, 0.1, 0.0, np.random.default_rng(0)), unit.ground(b, 0.1)[1])


def test_the_tails_are_stable() -> None:
    """A ReLU far below its threshold: exponentially small, with all its digits and no overflow."""
    relu = ReLU(theta=0.0)
    for b in (-5.0, -50.0, -5000.0):
        # s is exponential with mean T/|b|, up to (A T/b^2) corrections
        assert relu.mean(b, 0.0, 0.01) == pytest.approx(0.01 / -b, rel=1.1 * 0.02 / b**2)
        assert relu.variance(b, 0.0, 0.01) == pytest.approx((0.01 / b) ** 2, rel=0.1 / b**2 * 10)
    assert relu.mean(5000.0, 0.0, 0.01) == pytest.approx(5000.0, rel=1e-15)
    assert Spin().log_partition(1e6, 0.0, 1e-3) == pytest.approx(1e9, rel=1e-15)
    assert Bernoulli().mean(-800.0, 0.0, 1.0) == pytest.approx(0.0, abs=1e-300)


@pytest.mark.parametrize(
    "unit", [Gaussian(), ReLU(), DoubleReLU(), DoubleWell()], ids=lambda unit: type(unit).__name__
)
def test_beyond_the_curvature_there_is_a_status_and_no_crash(unit: Unit) -> None:
    if math.isinf(unit.curvature):
        assert np.isfinite(unit.mean(0.3, 5.0, 0.5))
        return
    a = np.array([0.5, 1.0, 1.5])
    for name in MEASURES:
        np.testing.assert_array_equal(np.isfinite(getattr(unit, name)(0.3, a, 0.5)), [True, False, False])
    for T in (0.0, 0.3):
        average = unit.averages(0.1, 0.5, a, T)
        np.testing.assert_array_equal(np.isfinite(average.mean), [True, False, False])
    np.testing.assert_array_equal(np.isfinite(unit.ground(0.3, a)[1]), [True, False, False])
    with pytest.raises(ParameterError, match="must stay below 1"):
        unit.sample(0.3, a, 0.5, np.random.default_rng(0))


@every_unit
def test_a_batch_is_a_loop(unit: Unit) -> None:
    loc, width, T = np.meshgrid([0.1, -0.4], [0.3, 1.0], [0.0, 0.2, 1.0], indexing="ij")
    if isinstance(unit, Interpolating):
        T = np.where(T == 1.0, 0.7, T)
    many = unit.averages(loc, width, 0.2, T)
    for index in np.ndindex(loc.shape):
        one = unit.averages(loc[index], width[index], 0.2, T[index])
        for name in AVERAGES:
            np.testing.assert_allclose(getattr(many, name)[index], getattr(one, name), rtol=1e-11, atol=1e-12)


def test_parameters_may_be_arrays() -> None:
    theta = np.array([0.0, 0.5, 1.0])
    many = ReLU(theta=theta).averages(0.1, 0.7, 0.2, 0.1)
    for i, one in enumerate(theta):
        np.testing.assert_allclose(
            many.mean[i], ReLU(theta=one).averages(0.1, 0.7, 0.2, 0.1).mean, rtol=1e-13
        )
    assert ReLU(theta=theta).shape == (3,)
    assert ReLU(theta=theta).take(np.array([2]), (3,)).theta == [1.0]


def test_interpolating_ends_at_the_spin_and_at_the_gaussian() -> None:
    for T in (0.3, 1.0):
        spin, gauss = Interpolating(omega=0.0), Interpolating(omega=1.0)
        a = spin.averages(0.3, 0.6, 0.2, T)
        b = Spin().averages(0.3, 0.6, 0.2, T)
        assert a.mean == pytest.approx(b.mean, abs=1e-12)
        assert a.response == pytest.approx(b.response, abs=1e-12)
        a, b = gauss.averages(0.3, 0.6, 0.2, T), Gaussian().averages(0.3, 0.6, 0.2, T)
        assert a.mean == pytest.approx(b.mean, abs=1e-12)
        assert a.square == pytest.approx(b.square, abs=1e-12)


def test_curvature_tail_and_bounds() -> None:
    assert Gaussian(gamma=2.0).curvature == Gaussian(gamma=2.0).tail == 2.0
    assert DoubleWell().curvature == math.inf
    assert DoubleWell().tail is None
    assert Spin().tail is None
    assert Spin().curvature == math.inf
    absolute = Potential(np.abs, breaks=(0.0,))
    assert absolute.curvature == 0.0
    half = Potential(lambda x: 1.5 * x**2 + np.cos(x), domain=(0.0, math.inf))
    assert half.curvature == pytest.approx(3.0, abs=1e-6)
    assert half.tail == pytest.approx(3.0, abs=1e-6)
    assert Potential(lambda x: 0 * x, domain=(-1.0, 1.0)).curvature == math.inf
    assert curvature_at_infinity(lambda x: np.log(np.cosh(np.minimum(np.abs(x), 300.0))), math.inf) == 0.0


def test_symmetry_is_known() -> None:
    assert all(unit.symmetric for unit in (Spin(), Gaussian(), DoubleWell(), Interpolating(omega=0.3)))
    assert DoubleReLU(theta_plus=0.2, theta_minus=-0.2).symmetric
    lopsided = (Spin(g=0.1), Bernoulli(), ReLU(), DoubleReLU(theta_plus=0.2), Gaussian(g=0.1))
    assert not any(unit.symmetric for unit in lopsided)


def test_a_finite_set_of_values() -> None:
    """Spin 1 with a cost for s = +-1: the Blume-Capel unit."""
    unit = Potential(lambda s: 0.4 * s**2, values=(-1.0, 0.0, 1.0))
    weight = 2 * math.exp(-0.4 / 0.5) * math.cosh(0.3 / 0.5)
    assert unit.log_partition(0.3, 0.0, 0.5) == pytest.approx(math.log(1 + weight), rel=1e-14)
    assert unit.mean(0.3, 0.0, 0.5) == pytest.approx(
        2 * math.exp(-0.8) * math.sinh(0.6) / (1 + weight), rel=1e-13
    )
    assert unit.ground(0.3, 0.0)[1] == 0.0
    assert unit.ground(0.5, 0.0)[1] == 1.0


# -- how units are written ----------------------------------------------------------------------------------


@every_unit
def test_a_unit_is_written_as_it_is_read(unit: Unit) -> None:
    assert parse(str(unit)) == unit
    assert pickle.loads(pickle.dumps(unit)) == unit
    assert hash(unit) == hash(parse(str(unit)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        unit.__setattr__(next(iter(unit.parameters)), 1.0)


@pytest.mark.parametrize("name", UNITS)
def test_every_unit_explains_itself(name: str) -> None:
    kind = UNITS[name]
    assert kind.name == name
    assert set(kind.about) == {"domain", "potential", "activation", "mean"}
    assert kind.__doc__


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bernouli", "unknown unit 'bernouli'; did you mean 'bernoulli'"),
        ("relu:thet=1", "unknown parameter of the unit relu 'thet'; did you mean 'theta'"),
        ("relu:theta", "theta=NUMBER"),
        ("relu:theta=abc", "theta=NUMBER"),
        ("relu:theta=nan", "theta=NUMBER"),
        ("relu:theta=1,theta=2", "given twice"),
        ("levels:values=1/1", "two finite numbers or more, each given once"),
        ("levels:values=1/x", "NUMBER/NUMBER/..., such as values=1/0/1"),
        ("levels:energies=1/0", "3 values, 2 energies; give one energy for each value"),
        ("relu:gamma=0", "must be positive"),
        ("interpolating:omega=2", r"must lie in \[0, 1\]"),
        ("interpolating:size=-1", "must be positive"),
    ],
)
def test_a_misspelt_unit_is_refused(text: str, sentence: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=sentence):
        parse(text)


def test_an_empty_domain_is_refused() -> None:
    with pytest.raises(ParameterError, match="is empty"):
        Potential(np.abs, domain=(1.0, 1.0))


def test_a_temperature_too_low_for_sums_says_so() -> None:
    with pytest.raises(ParameterError, match="take T = 0"):
        DoubleWell().mean(0.1, 0.0, 1e-12)


NO_NUMBERS = (
    "1",
    b"1",
    None,
    True,
    1j,
    [[1, 2], [3]],
    [],
    {},
    np.array([True]),
    np.nan,
    np.inf,
    10**400,
    np.datetime64(0, "D"),
)


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, f.name) for kind in UNITS.values() for f in dataclasses.fields(kind) if f.name != "values"],
)
def test_a_parameter_of_a_unit_is_a_finite_real_number(kind: Any, name: str, bad: Any) -> None:
    if name == "energies" and isinstance(bad, list | dict):
        pytest.skip("energies are a list")
    with pytest.raises(ParameterError, match=f"unit {kind.name}: .*must be a finite real number, not"):
        kind(**{name: bad})


def test_a_list_of_numbers_is_an_array_of_units() -> None:
    unit = Spin(g=[0.5, -1.0])
    assert unit.shape == (2,)
    assert np.array_equal(unit.mean(0.0, 0.0, 1.0), np.tanh([0.5, -1.0]))
