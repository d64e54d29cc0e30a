"""Polynomials of overlaps against sums by hand, differences, and mpmath."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replica.functional.polynomial import Polynomial

LAYERS = 3
terms = st.lists(
    st.tuples(st.floats(0.1, 2.0), st.lists(st.integers(0, LAYERS - 1), max_size=4).map(tuple)), max_size=4
)
numbers = st.lists(st.floats(0.0, 1.5), min_size=LAYERS, max_size=LAYERS)


def by_hand(polynomial: Polynomial, q: list[float]) -> float:
    return sum(number * np.prod([q[i] for i in indices]) for number, indices in polynomial.terms)


@given(terms, numbers)
def test_the_value_and_the_transform_are_sums_over_terms(some: list, q: list[float]) -> None:
    P = Polynomial(some)
    assert P.value(q) == pytest.approx(by_hand(P, q), rel=1e-13, abs=1e-14)
    slopes = sum(q[s] * P.d(s).value(q) for s in range(LAYERS))
    assert P.theta().value(q) == pytest.approx(slopes - P.value(q), rel=1e-12, abs=1e-12)
    assert P.degree == max((len(i) for _, i in some), default=0)
    assert P.lowest == min((len(i) for _, i in some), default=0)
    assert set(P.variables) == {s for s in range(LAYERS) if P.power(s)}


@given(terms, numbers, numbers, st.floats(0.05, 1.0))
def test_divided_differences_are_what_they_say(some: list, q: list[float], C: list[float], T: float) -> None:
    P = Polynomial(some)
    with mpmath.workdps(40):
        Q = [mpmath.mpf(a) + mpmath.mpf(T) * mpmath.mpf(b) for a, b in zip(q, C, strict=True)]
        quotient = (P.value(Q) - P.value(list(map(mpmath.mpf, q)))) / T
        assert P.divided(q, C, T) == pytest.approx(float(quotient), rel=1e-13, abs=1e-14)
        exact_q, exact_C = list(map(mpmath.mpf, q)), list(map(mpmath.mpf, C))
        slope = mpmath.diff(lambda t: P.divided(exact_q, exact_C, t), mpmath.mpf(T))
        assert P.divided_T(q, C, T) == pytest.approx(float(slope), rel=1e-11, abs=1e-11)
    cold = sum(C[s] * P.d(s).value(q) for s in range(LAYERS))
    assert P.divided(q, C, 0.0) == pytest.approx(cold, rel=1e-13, abs=1e-14)


def test_small_temperatures_lose_no_digit() -> None:
    P = Polynomial([(0.5, (0, 0)), (0.7, (0, 1, 1))])
    q, C = [0.3, 0.8], [1.1, 0.4]
    limit, slope = P.divided(q, C, 0.0), P.divided_T(q, C, 0.0)
    for T in (1e-4, 1e-8, 1e-12):
        assert P.divided(q, C, T) == pytest.approx(limit + slope * T, abs=2 * T * T + 1e-15)


def test_equal_terms_are_one_and_batches_broadcast() -> None:
    P = Polynomial([(1.0, (1, 0)), (np.array([1.0, 2.0]), (0, 1))])
    assert len(P.terms) == 1
    assert np.array_equal(P.value([2.0, np.array([1.0, 3.0])]), [4.0, 18.0])
    assert P.d(2).terms == ()
    assert P.d(2).value([1.0, 1.0, 1.0]) == 0.0
    assert Polynomial([(1.0, (0,))]).theta().terms == ()
