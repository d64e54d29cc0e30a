"""Learning: closed form against integration, rotation against differences, mean field against its laws."""

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replica import flows as learning
from replica.errors import ConvergenceError, ParameterError
from replica.flows import (
    GaussGauss,
    OneMode,
    clusters,
    glass_threshold,
    principal_moments,
    second_moments,
)

Z = 0.05 * np.arange(-200, 201)
DZ = np.exp(-Z * Z / 2) * 0.05 / np.sqrt(2 * np.pi)
"""Trapezoidal rule: for tanh(a z) its error is exp(-pi^2/(0.05 a)), below 1e-17 up to a = 5."""

TIMES = np.array([0.0, 1e-3, 0.1, 1.0, 5.0, 20.0])


# -- Gauss-Gauss: singular values ---------------------------------------------------------------------------


@pytest.mark.parametrize("S", [0.0, 1e-9, 0.3, 0.9, 0.95, 1 - 1e-7, 1.0, 1 + 1e-7, 1.1, 1.3, 3.0, 40.0])
@pytest.mark.parametrize("w0", [1e-3, 0.4, 0.9])
def test_closed_form_is_the_integrated_flow(S: float, w0: float) -> None:
    rbm = GaussGauss()
    closed = rbm.singular_value(TIMES, w0, S)
    integrated = rbm.integrate([[w0]], [[S]], TIMES)[:, 0, 0]
    # LSODA at 1e-10 per step, for 20 units of time; values below 1e-9 have decayed to its absolute error
    np.testing.assert_allclose(closed, integrated, rtol=3e-8, atol=1e-11)
    assert closed[0] == w0


@pytest.mark.parametrize(("sigma_v", "sigma_h"), [(0.5, 1.5), (2.0, 0.3)])
def test_widths_of_the_layers(sigma_v: float, sigma_h: float) -> None:
    rbm = GaussGauss(sigma_v, sigma_h)
    S = sigma_v**2 * np.array([0.5, 1.0, 2.0])[:, None]
    closed = rbm.singular_value(TIMES, 0.2, S)
    for row, variance in zip(closed, S[:, 0], strict=True):
        np.testing.assert_allclose(row, rbm.integrate([[0.2]], [[variance]], TIMES)[:, 0, 0], rtol=3e-8)
    # in units of sigma_v and sigma_h there is one machine only
    unit = GaussGauss().singular_value(
        TIMES * (sigma_v * sigma_h) ** 2, 0.2 * sigma_v * sigma_h, S / sigma_v**2
    )
    np.testing.assert_allclose(closed * sigma_v * sigma_h, unit, rtol=1e-13)


@pytest.mark.parametrize("t", [1.0, 5.0, 23.0, 31.5, 1e3, 1e12, 1e100])
@pytest.mark.parametrize("w0", [0.1, 0.5, 0.99609375, 1 - 1e-9])
def test_at_the_critical_second_moment_a_mode_decays_by_a_power(t: float, w0: float) -> None:
    """S = sigma_v^2: 2 t = 1/x - 1/x0 + ln(x/x0) of x = w^2, solved by Newton's method in ln x."""
    w = GaussGauss().singular_value(t, w0, 1.0)
    u = 2 * np.log(w)  # ln x
    for _ in range(3):
        gap = np.exp(-u) - w0**-2 + u - 2 * np.log(w0) - 2 * t
        u += gap / (np.exp(-u) - 1)
    assert np.exp(u / 2) == pytest.approx(w, rel=1e-11)
    assert w > 0.9 * min(w0, (w0**-2 + 2 * t - 2 * np.log(w)) ** -0.5)


@pytest.mark.parametrize("decay", [10.0, 299.0, 310.0, 700.0, 1400.0])
@pytest.mark.parametrize("S", [0.0, 1e-3, 0.5, 0.95])
def test_a_mode_below_the_variance_of_the_units_decays_for_long(decay: float, S: float) -> None:
    """2 t (S - 1) = ln(x/x0) - (1/S) ln((D - S x)/(D - S x0)), in 400 digits; at S = 0 its limit."""
    w0, t = 0.3, decay / (1 - S) / 2
    w = GaussGauss().singular_value(t, w0, S)
    with mpmath.workdps(400):
        x, x0, D = mpmath.mpf(float(w)) ** 2, mpmath.mpf(w0) ** 2, mpmath.mpf(S) - 1
        rest = mpmath.log((D - S * x) / (D - S * x0)) / S if S else x - x0
        elapsed = (mpmath.log(x / x0) - rest) / D / 2
    assert float(elapsed) == pytest.approx(t, rel=1e-13)


@given(S=st.floats(0, 20), w0=st.floats(1e-6, 0.999), first=st.floats(0, 30), then=st.floats(0, 30))
@settings(max_examples=200, deadline=None)
def test_learning_can_be_interrupted(S: float, w0: float, first: float, then: float) -> None:
    rbm = GaussGauss()
    middle = rbm.singular_value(first, w0, S)
    assert 0 <= middle < 1
    if middle > 1e-100:
        rest = rbm.singular_value(then, middle, S)
        # close to the fixed point a rounding of w is a long time, but the w that follows hardly differs
        assert rest == pytest.approx(rbm.singular_value(first + then, w0, S), rel=1e-11, abs=1e-100)


@pytest.mark.parametrize(("S", "w0"), [(2.5, 0.1), (1.4, 0.9), (0.7, 0.5), (0.96, 0.8), (1.03, 0.1)])
def test_the_flow_solves_its_equation(S: float, w0: float) -> None:
    rbm, h = GaussGauss(0.9, 0.8), 1e-3
    t = np.array([0.5, 2.0, 7.0])
    w = [rbm.singular_value(t + k * h, w0, S) for k in (-2, -1, 0, 1, 2)]
    slope = (w[0] - 8 * w[1] + 8 * w[3] - w[4]) / (12 * h)
    np.testing.assert_allclose(slope, rbm.rate(w[2], S), rtol=1e-8, atol=1e-11)


def test_fixed_points_are_met_at_late_times_and_are_exact() -> None:
    rbm, S = GaussGauss(), np.array([0.0, 0.5, 1.0, 1.2, 3.0])
    end = rbm.fixed_point(S)
    np.testing.assert_allclose(end, [0, 0, 0, np.sqrt(1 / 6), np.sqrt(2 / 3)], rtol=1e-15)
    np.testing.assert_allclose(rbm.rate(end, S), 0, atol=1e-15)
    late = rbm.singular_value(1e4, 0.3, S)
    np.testing.assert_allclose(late[[0, 1, 3, 4]], end[[0, 1, 3, 4]], rtol=1e-14, atol=1e-300)
    # at S = sigma_v^2 the decay is algebraic: 2t = (1/x - 1/x0 + ln(x/x0)), x = w^2
    x, x0 = late[2] ** 2, 0.09
    assert 1 / x - 1 / x0 + np.log(x / x0) == pytest.approx(2e4, rel=1e-12)


def test_small_singular_values_grow_or_decay_at_their_rates() -> None:
    rbm, S = GaussGauss(1.1, 0.7), np.array([0.4, 1.21, 2.0, 5.0])
    grown = np.log(rbm.singular_value(1.0, 1e-8, S) / 1e-8)
    np.testing.assert_allclose(grown, rbm.growth(S), atol=1e-12)  # corrections are of order w^2
    assert rbm.growth(1.21) == pytest.approx(0, abs=1e-15)


def test_a_fixed_point_is_left_nowhere() -> None:
    rbm = GaussGauss()
    end = rbm.fixed_point(2.0)
    np.testing.assert_allclose(rbm.singular_value([0.0, 1.0, 1e3], end, 2.0), end, rtol=1e-14)
    assert rbm.singular_value(3.0, end * 1.1, 2.0) > end > rbm.singular_value(3.0, end * 0.9, 2.0)


def test_shapes_broadcast() -> None:
    values = GaussGauss().singular_value(np.linspace(0, 1, 5), 0.1, np.array([[1.0], [2.0]]))
    assert values.shape == (2, 5)
    assert GaussGauss().singular_value(1.0, 0.1, 2.0).shape == ()
    assert values[1, 4] == GaussGauss().singular_value(1.0, 0.1, 2.0)


# -- Gauss-Gauss: singular vectors --------------------------------------------------------------------------


def machine(seed: int = 5) -> tuple[Any, Any]:
    """Weights with well separated singular values, and data that are not aligned with them."""
    generator = np.random.default_rng(seed)
    u, v = (np.linalg.qr(generator.normal(size=(n, n)))[0] for n in (6, 4))
    factor = generator.normal(size=(6, 6)) / 2
    return u[:, :4] * [0.8, 0.6, 0.4, 0.2] @ v.T, factor @ factor.T + 0.2 * np.eye(6)


def test_modes_move_as_the_singular_value_decomposition_does() -> None:
    rbm, (W, C) = GaussGauss(0.9, 1.1), machine()
    modes, h = rbm.modes(W, C), 1e-4
    gradient = rbm.gradient(W, C)
    np.testing.assert_allclose(modes.u * modes.values @ modes.v.T, W, atol=1e-15)

    def decomposed(step: float) -> tuple[Any, Any, Any]:
        u, w, vt = np.linalg.svd(W + step * gradient, full_matrices=False)
        signs = np.sign(np.sum(u * modes.u, axis=0))
        return u * signs, w, vt.T * signs

    (u1, w1, v1), (u2, w2, v2) = decomposed(-h), decomposed(h)
    # central differences: h^2 = 1e-8 of third derivatives of order 10
    np.testing.assert_allclose((w2 - w1) / (2 * h), modes.rates, atol=1e-6)
    np.testing.assert_allclose(modes.u.T @ (u2 - u1) / (2 * h), modes.left, atol=1e-6)
    np.testing.assert_allclose(modes.v.T @ (v2 - v1) / (2 * h), modes.right, atol=1e-6)


def test_rotations_are_those_of_the_correlations_between_the_modes() -> None:
    """The published form, with its factor 1/2 and the sign of the hidden generator put right."""
    rbm, (W, C) = GaussGauss(0.9, 1.1), machine()
    modes = rbm.modes(W, C)
    s = modes.u.T @ C @ modes.u
    a, b = modes.values[:, None], modes.values[None, :]
    off = ~np.eye(4, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1.1**2 / 2 * s * ((b - a) / (a + b) - (b + a) / (a - b))
        right = 1.1**2 / 2 * s * (-(b - a) / (a + b) - (b + a) / (a - b))
    np.testing.assert_allclose(modes.left[off], left[off], rtol=1e-10)
    np.testing.assert_allclose(modes.right[off], right[off], rtol=1e-10)
    np.testing.assert_allclose(modes.left, -modes.left.T, atol=1e-14)
    np.testing.assert_allclose(modes.rates, rbm.rate(modes.values, np.diag(s)), rtol=1e-12)


def test_weights_end_on_the_principal_directions_of_the_data() -> None:
    rbm, (W, C) = GaussGauss(0.9, 1.1), machine()
    late = rbm.integrate(W, C, [600.0])[0]
    values, directions = np.linalg.eigh(C)
    modes = rbm.modes(late + 1e-12 * W, C)  # the modes that decayed need not coincide
    learned = int(np.sum(values > 0.81))
    assert learned == 4
    assert values[1] < 0.81  # and two directions are not
    np.testing.assert_allclose(modes.values[:learned], rbm.fixed_point(values[::-1])[:learned], rtol=1e-9)
    overlaps = np.abs(np.sum(modes.u[:, :learned] * directions[:, ::-1][:, :learned], axis=0))
    np.testing.assert_allclose(overlaps, 1, atol=1e-9)


def test_aligned_weights_stay_aligned() -> None:
    rbm, S = GaussGauss(), np.array([3.0, 2.0, 0.5])
    W = rbm.integrate(0.1 * np.eye(3, 5), np.diag(S), TIMES)
    for t, matrix in zip(TIMES, W, strict=True):
        np.testing.assert_allclose(matrix[:, 3:], 0, atol=1e-15)
        np.testing.assert_allclose(np.diag(matrix), rbm.singular_value(t, 0.1, S), rtol=1e-8)
        np.testing.assert_allclose(matrix - np.diag(np.diag(matrix[:, :3])) @ np.eye(3, 5), 0, atol=1e-15)


def test_singular_values_that_are_integrated_are_those_of_the_closed_form() -> None:
    rbm, S = GaussGauss(0.9, 1.1), np.array([0.5, 3.0, 2.0])
    integrated = rbm.integrated_values(TIMES, 0.1, S)
    np.testing.assert_allclose(integrated, rbm.singular_value(TIMES[:, None], 0.1, S), rtol=1e-8)


def test_random_weights_turn_to_the_data() -> None:
    rbm, S = GaussGauss(0.9, 1.1), np.array([4.0, 2.5, 1.4])
    overlaps, values = rbm.turning(np.array([0.0, 1.0, 60.0]), 0.05, S, seed=4)
    W = 0.05 / np.sqrt(3) * np.random.default_rng(4).normal(size=(3, 3))
    np.testing.assert_allclose(values[0], np.linalg.svd(W)[1], rtol=1e-12)
    np.testing.assert_allclose(overlaps[0], np.diag(np.linalg.svd(W)[0]) ** 2, rtol=1e-12)
    assert overlaps[0, 0] < overlaps[1, 0] < 1
    np.testing.assert_allclose(overlaps[-1], 1, atol=1e-9)
    np.testing.assert_allclose(values[-1], rbm.fixed_point(S), rtol=1e-9)


# -- one mode in mean field ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [1.0, 0.4, 3.0])
@pytest.mark.parametrize(("w", "sigma"), [(1.1, 0.3), (1.6, 0.9), (2.5, 0.0)])
def test_order_parameters_solve_their_equations(w: float, sigma: float, kappa: float) -> None:
    """The four equations as published, with averages over field and component done on a grid."""
    state = OneMode(signal=0.5, sigma=sigma, kappa=kappa).order(w)
    m, m_bar, q, q_bar = (state[name] for name in ("m", "m_bar", "q", "q_bar"))
    root = kappa**0.25
    visible = np.tanh(root * (sigma * np.sqrt(q) * Z[:, None] + w * m * Z))
    hidden = np.tanh((sigma * np.sqrt(q_bar) * Z[:, None] + w * m_bar * Z) / root)
    assert q_bar == pytest.approx(DZ @ visible**2 @ DZ, abs=1e-11)
    assert q == pytest.approx(DZ @ hidden**2 @ DZ, abs=1e-11)
    assert m_bar == pytest.approx(DZ @ visible @ (Z * DZ) / root, abs=1e-11)
    assert m == pytest.approx(DZ @ hidden @ (Z * DZ) * root, abs=1e-11)
    assert min(m, m_bar) > 0.05
    assert w**2 * (1 - q) * (1 - q_bar) == pytest.approx(1, rel=1e-12)


def test_the_paramagnet_has_no_order() -> None:
    assert set(OneMode(signal=0.5, sigma=0.7).order(1.0).values()) == {0.0}
    onset = OneMode(signal=0.5, sigma=0.7).order(1.0001)
    assert 0 < onset["m"] < 0.05  # continuous


@pytest.mark.parametrize("kappa", [1.0, 0.5])
def test_a_mode_grows_through_the_boundary_and_stops(kappa: float) -> None:
    mode = OneMode(signal=0.6, sigma=0.5, kappa=kappa)
    end = mode.fixed_point()
    w = mode.integrate([0.0, 5.0, 10.0, 20.0, 200.0], 0.01)
    assert w[0] == 0.01
    assert np.all(np.diff(w) > 0)
    assert w[1] < 1 < end
    assert w[-1] == pytest.approx(end, rel=1e-6)
    assert mode.rate(end) == pytest.approx(0, abs=1e-12)
    state = mode.order(end)
    clamped = np.tanh(kappa**-0.25 * (0.5 * Z[:, None] + end * 0.6 * Z))
    data = 0.6 * kappa**0.25 * (DZ @ clamped @ (Z * DZ))
    assert state["m"] * state["m_bar"] == pytest.approx(data, abs=1e-10)  # data and model agree


def test_early_growth_is_exponential() -> None:
    mode = OneMode(signal=0.6, sigma=0.5)
    rate = 0.36 * (1 - np.tanh(0.5 * Z) ** 2 @ DZ)
    w = mode.integrate([0.0, 1.0], 1e-5)
    assert np.log(w[1] / w[0]) == pytest.approx(rate, rel=1e-7)


def test_a_mode_orders_in_the_glass_at_its_threshold() -> None:
    assert glass_threshold(0.5) == glass_threshold(1.0) == 1.0
    # sigma -> infinity: w/sigma -> sqrt(pi/2), independent of kappa, with corrections of order 1/sigma
    for kappa in (1.0, 0.3):
        far, farther = (glass_threshold(sigma, kappa) / sigma for sigma in (300.0, 600.0))
        assert 2 * farther - far == pytest.approx(np.sqrt(np.pi / 2), abs=1e-5)
    sigma, q = 2.0, 0.5
    for _ in range(500):  # kappa = 1: the glass of Sherrington and Kirkpatrick
        q = np.tanh(sigma * np.sqrt(q) * Z) ** 2 @ DZ
    assert glass_threshold(sigma) == pytest.approx(1 / (1 - q), rel=1e-12)


# -- data ---------------------------------------------------------------------------------------------------


def test_clusters_are_what_their_recipe_says() -> None:
    data = clusters()
    assert data.shape == (1100, 100)
    assert set(np.unique(data)) == {-1.0, 1.0}
    np.testing.assert_array_equal(data, clusters(2017))
    np.testing.assert_array_equal(data, clusters(np.random.default_rng(2017)))
    assert np.any(data != clusters(1))
    moments = second_moments(data)
    np.testing.assert_allclose(np.diag(moments), 1)
    assert np.sum(np.linalg.eigvalsh(moments) > 3) == 5
    along = principal_moments(data)
    assert np.all(np.diff(along) <= 0)
    assert np.sum(along > 3) == 5
    np.testing.assert_allclose(np.sum(along), np.trace(moments), rtol=1e-12)
    small = clusters(3, count=2, dimension=1, visible=7, samples=50)
    assert small.shape == (50, 7)


# -- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: GaussGauss(sigma_v=0), "sigma_v = 0 is not allowed; sigma_v is > 0"),
        (lambda: GaussGauss().singular_value(-1, 0.1, 2), "time = -1 is not allowed"),
        (
            lambda: GaussGauss().singular_value(1, 0.0, 2),
            "initial = 0 is not allowed; initial is between 0 and",
        ),
        (lambda: GaussGauss(2.0).singular_value(1, 0.6, 2), r"1/\(sigma_v sigma_h\) = 0.5"),
        (lambda: GaussGauss().singular_value(1, 0.1, [2, -2]), "variance = -2 is not allowed"),
        (lambda: GaussGauss().singular_value(1, np.nan, 2), "initial = nan is not allowed"),
        (lambda: GaussGauss().singular_value("x", 0.1, 2), "time must be a number"),
        (lambda: GaussGauss().integrate([[0.1]], np.eye(2), [1]), "do not fit"),
        (lambda: GaussGauss().integrate([[0.1], [0.2]], [[1, 1], [0, 1]], [1]), "symmetric"),
        (lambda: GaussGauss().integrate([[1.5]], [[1.0]], [1]), "largest singular value of W = 1.5"),
        (lambda: GaussGauss().integrate([[0.5]], [[1.0]], [2, 1]), "increasing order"),
        (lambda: GaussGauss().modes(0.5 * np.eye(2), np.eye(2)), "singular values 0 and 1 of W coincide"),
        (lambda: OneMode(signal=0.9), r"signal = 0.9 is not allowed; signal is in \(0, "),
        (lambda: OneMode(signal=0.5, sigma=1.2), "sigma = 1.2 is not allowed"),
        (lambda: OneMode(signal=0.5, kappa=0), "kappa = 0 is not allowed"),
        (lambda: OneMode(signal=0.5).integrate([1.0], 0.0), "initial = 0 is not allowed"),
        (lambda: glass_threshold(-1.0), "sigma = -1 is not allowed"),
        (
            lambda: clusters(dimension=200),
            "dimension = 200 is not allowed; dimension is at most visible = 100",
        ),
        (lambda: clusters(count=0), "count = 0 is not allowed"),
        (lambda: second_moments([1.0, -1.0]), "are no data"),
    ],
)
def test_bad_input_is_one_sentence(ask: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ask()


def test_a_flow_out_of_range_says_where() -> None:
    with pytest.raises(ConvergenceError, match=r"1 x 1 weights: the flow is above 1e.100 at t = 0"):
        GaussGauss().integrate([[0.5]], [[1e308]], [1.0])


def test_the_public_names_are_documented() -> None:
    for name in learning.__all__:
        assert getattr(learning, name).__doc__
