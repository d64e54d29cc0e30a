"""Special functions: float64 against mpmath, identities, limits, and the same names for both arithmetics."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replica.numerics import functions
from replica.numerics.functions import (
    H,
    absolute,
    erf,
    exact,
    exp,
    is_exact,
    log,
    log1p,
    log2cosh,
    maximum,
    pdf,
    pi,
    ratio,
    sqrt,
    stack,
    tanh,
)

# where one formula of H takes over from the next, seen from both sides
BORDERS = [side for x in (0.0, 2.0, 3.0, 5.0, 12.0) for side in (x, np.nextafter(x, x + 1))]
H_TOLERANCE = 2e-13
"""Relative; what `H` promises. scipy's normal tail alone has 1.2e-13 at x = 32, from exp(-x^2/2)."""


def true_H(k: int, x: float) -> mpmath.mpf:
    """H_k from its definition by parts, with the digits that cancel in the tail kept in reserve."""
    with mpmath.workdps(40 + int(max(x, 0) ** 2 / 4)):
        x = mpmath.mpf(x)
        tail, density = mpmath.erfc(x / mpmath.sqrt(2)) / 2, mpmath.npdf(x)
        return [tail, density - x * tail, (1 + x * x) * tail - x * density][k]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_H_agrees_with_mpmath(k: int) -> None:
    x = np.concatenate([np.linspace(-30, 37, 202), BORDERS])
    truth = np.array([float(true_H(k, v)) for v in x])
    np.testing.assert_allclose(H(k, x), truth, rtol=H_TOLERANCE, atol=0)


@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize("x", [-3.0, 0.3, 2.5, 6.0])
def test_H_is_the_integral_it_says(k: int, x: float) -> None:
    integral = mpmath.quad(lambda z: mpmath.npdf(z) * (z - x) ** k, [x, x + 2, x + 8, mpmath.inf])
    # mpmath.quad at 15 digits is good to 1e-14 here; the rest is H's own
    assert float(H(k, x)) == pytest.approx(float(integral), rel=3e-13)


@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize("x", ["-2.5", "0.7", "11", "45"])
def test_H_in_arbitrary_precision_keeps_all_its_digits(k: int, x: str) -> None:
    with mpmath.workdps(200 + 900):
        truth = +true_H_exact(k, mpmath.mpf(x))
    with mpmath.workdps(50):
        assert abs(H(k, mpmath.mpf(x)) / truth - 1) < mpmath.mpf(10) ** -49


def true_H_exact(k: int, x: mpmath.mpf) -> mpmath.mpf:
    tail, density = mpmath.erfc(x / mpmath.sqrt(2)) / 2, mpmath.npdf(x)
    return [tail, density - x * tail, (1 + x * x) * tail - x * density][k]


@given(st.floats(-30, 35))
def test_H_recurrence(x: float) -> None:
    # H0 = H2 + x H1: an identity that mixes all three; relative to its largest term
    left, right = H(0, x), H(2, x) + x * H(1, x)
    assert abs(left - right) <= 2 * H_TOLERANCE * max(left, abs(x) * H(1, x))


@given(st.floats(-30, 30))
def test_H_reflection(x: float) -> None:
    # H0(x) + H0(-x) = 1, H1(-x) - H1(x) = x, H2(x) + H2(-x) = 1 + x^2: the two sides use different formulas
    size = 1 + x * x
    assert H(0, x) + H(0, -x) == pytest.approx(1, abs=1e-15)
    assert H(1, -x) - H(1, x) == pytest.approx(x, abs=4e-16 * size)
    assert H(2, x) + H(2, -x) == pytest.approx(size, abs=8e-16 * size)


def test_H_beyond_the_last_float_is_zero_without_a_warning() -> None:
    for k in (0, 1, 2):
        np.testing.assert_array_equal(H(k, np.array([40.0, 1e10, 1e200, np.inf])), 0.0)


def test_H_keeps_shapes_and_passes_nan_on() -> None:
    assert H(2, np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert H(1, np.ones((3, 1, 4))).shape == (3, 1, 4)
    assert np.ndim(H(1, 0.3)) == 0
    for k in (0, 1, 2):
        np.testing.assert_array_equal(np.isnan(H(k, np.array([1.0, np.nan, 5.0]))), [False, True, False])


@pytest.mark.parametrize("k", [-1, 3, 0.5, "1"])
def test_H_of_another_order_is_refused(k: object) -> None:
    with pytest.raises(ValueError, match="k = 0, 1, 2"):
        H(k, 0.0)


ONE_ARGUMENT = {
    exp: (mpmath.exp, [-700.0, -1.0, 0.0, 3.0]),
    log: (mpmath.log, [1e-300, 0.5, 1.0, 1e10]),
    log1p: (mpmath.log1p, [-0.999, -1e-18, 1e-18, 2.0]),
    sqrt: (mpmath.sqrt, [0.0, 1e-300, 2.0]),
    tanh: (mpmath.tanh, [-30.0, -1e-9, 0.0, 0.7]),
    erf: (mpmath.erf, [-5.0, 1e-9, 0.7]),
    absolute: (mpmath.fabs, [-2.0, 0.0, 3.0]),
    pdf: (mpmath.npdf, [-38.0, 0.0, 1.5]),
    log2cosh: (lambda x: mpmath.log(2 * mpmath.cosh(x)), [-800.0, -1.0, 0.0, 1e-9, 800.0]),
}


NAMES = {getattr(functions, name): name for name in functions.__all__}


@pytest.mark.parametrize("function", ONE_ARGUMENT, ids=NAMES.get)
def test_float64_and_mpmath_agree(function: object) -> None:
    true, points = ONE_ARGUMENT[function]
    for x in points:
        truth = true(mpmath.mpf(x))
        # four units of rounding, plus the conditioning of exp(-x^2/2) far out
        rounding = 1e-15 * (1 + (x * x / 2 if function is pdf else 0))
        assert float(function(x)) == pytest.approx(float(truth), rel=rounding, abs=0)
        with mpmath.workdps(40):
            value = function(mpmath.mpf(x))
            assert isinstance(value, mpmath.mpf)
            assert abs(value - true(mpmath.mpf(x))) <= mpmath.mpf(10) ** -38 * max(1, abs(value))


def test_arrays_of_either_arithmetic() -> None:
    plain, many = np.array([0.1, 0.2]), np.array([mpmath.mpf("0.1"), mpmath.mpf("0.2")], dtype=object)
    assert tanh(plain).dtype == float
    assert tanh(many).dtype == object
    assert maximum(many, 0 * many + mpmath.mpf("0.15"))[0] == mpmath.mpf("0.15")
    np.testing.assert_array_equal(maximum(plain, 0.15), [0.15, 0.2])


def test_overflow_is_no_event() -> None:
    assert float(log2cosh(1e300)) == 1e300
    assert float(log2cosh(-np.inf)) == np.inf
    np.testing.assert_array_equal(pdf(np.array([1e150, -1e150, np.inf, -np.inf])), 0.0)


def test_exact_means_the_decimal_that_was_typed() -> None:
    with mpmath.workdps(60):
        assert exact(0.3) == mpmath.mpf(3) / 10
        assert exact(0.3) != mpmath.mpf(0.3)
        already = mpmath.pi / 7
        assert exact(already) is already
        assert list(exact(np.array([0.1, 0.25]))) == [mpmath.mpf("0.1"), mpmath.mpf("0.25")]


def test_is_exact_sees_one_exact_value_among_floats() -> None:
    one = mpmath.mpf(1)
    assert is_exact(1.0, one)
    assert is_exact(np.array([one], dtype=object))
    assert not is_exact(1.0, np.zeros(3), 2, None)
    assert not is_exact(np.float64(1.0), np.float32(1.0), 1j, np.zeros(2, complex), np.zeros(()), "1")
    assert is_exact(np.zeros(3), np.array(one, dtype=object))


def test_pi_and_ratio_in_both_arithmetics() -> None:
    with mpmath.workdps(50):
        assert pi(mpmath.mpf(1)) == +mpmath.pi
        assert ratio(mpmath.mpf(1), mpmath.mpf(0)) == mpmath.inf
        assert ratio(mpmath.mpf(1), mpmath.mpf(3)) == mpmath.mpf(1) / 3
    assert pi(1.0) == np.pi
    np.testing.assert_array_equal(ratio(np.array([1.0, 3.0]), np.array([0.0, 2.0])), [np.inf, 1.5])


def test_stack_broadcasts_rows() -> None:
    assert stack(1.0, np.zeros((3, 2))).shape == (2, 3, 2)
    assert stack(1, 2).dtype == float
    mixed = stack(mpmath.mpf(1), 0.5)
    assert mixed.dtype == object
    assert mixed.shape == (2,)


@pytest.mark.parametrize("name", functions.__all__)
def test_every_public_name_says_what_it_does(name: str) -> None:
    assert getattr(functions, name).__doc__
