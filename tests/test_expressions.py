"""Expressions: what is read, what is refused, and that the value does not depend on the arithmetic."""

import pickle
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replica.errors import ParameterError, UnknownNameError
from replica.functional.expressions import DEEPEST, LONGEST, Expression

POINT = {"a": 0.3, "b": 1.7, "T": 0.2, "J_0": -0.4}
READ = {
    "a/2": 0.15,
    "a/b*b": 0.3,
    "a/(b*b)": 0.3 / 1.7**2,
    "-a^2": -0.09,
    "(-a)^2": 0.09,
    "2^3^2": 512.0,
    "2**-1": 0.5,
    "b^(1/2)": 1.7**0.5,
    "1 - -a": 1.3,
    "exp(-J_0/T)": np.exp(2.0),
    "sqrt(a*(1 - a))": 0.21**0.5,
    "pi*log(b)/tanh(a)": np.pi * np.log(1.7) / np.tanh(0.3),
    "1e-3*a + .5": 0.5003,
}


@pytest.mark.parametrize("text", READ)
def test_an_expression_means_what_it_says_in_every_arithmetic(text: str) -> None:
    read = Expression(text)
    assert read.evaluate(POINT) == pytest.approx(READ[text], rel=1e-15)
    with mpmath.workdps(40):
        precise = read.evaluate({name: mpmath.mpf(str(value)) for name, value in POINT.items()})
        assert isinstance(precise, mpmath.mpf)
        assert float(precise) == pytest.approx(READ[text], rel=1e-15)
    batch = read.evaluate({name: np.full((2, 3), value) for name, value in POINT.items()})
    assert np.allclose(batch, READ[text], rtol=1e-15)


@pytest.mark.parametrize("text", READ)
def test_written_as_an_equation_it_means_the_same(text: str) -> None:
    """`str` is read by the grammar of equations; a space is its product."""
    written = str(Expression(text)).replace("ln(", "log(")
    products = "".join(
        "*" if one == " " and written[i - 1] not in "+-" and written[i + 1] not in "+-" else one
        for i, one in enumerate(written)
    )
    for sign in "+-":  # signs of a sum stand between spaces
        products = products.replace(f"*{sign}*", sign)
    again = Expression(products).evaluate(POINT)
    assert again == pytest.approx(READ[text], rel=1e-14)
    assert Expression(text).latex()


def test_constants_are_exact_where_a_parameter_is() -> None:
    with mpmath.workdps(50):
        third = Expression("0.1/3").evaluate({"T": mpmath.mpf(1)})
        assert third == mpmath.mpf(1) / 30
        assert Expression("a*0.1").evaluate({"a": 0.3, "T": mpmath.mpf(1)}) == mpmath.mpf(3) / 100
        assert Expression.parse(mpmath.mpf(1) / 3).evaluate({"T": mpmath.mpf(1)}) == mpmath.mpf(1) / 3


def test_what_is_undefined_is_nan_and_a_pole_is_infinite() -> None:
    assert Expression("1/T").evaluate({"T": 0.0}) == np.inf
    assert np.isnan(Expression("sqrt(-a)").evaluate({"a": 1.0}))
    assert np.isnan(Expression("a + 1").evaluate({"a": None}))
    zero, one = mpmath.mpf(0), mpmath.mpf(1)
    assert Expression("1/T").evaluate({"T": zero}) == mpmath.inf
    assert mpmath.isnan(Expression("0/T").evaluate({"T": zero}))
    assert mpmath.isnan(Expression("sqrt(-a)").evaluate({"a": one}))
    assert Expression("log(T)").evaluate({"T": zero}) == -mpmath.inf
    assert mpmath.isnan(Expression("a + 1").evaluate({"a": None, "T": one}))


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(UnknownNameError, match="'alfa'; did you mean 'alpha'"):
        Expression("2*alfa").evaluate({"alpha": 0.1, "T": 0.0})


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "cannot be read"),
        ("a +", "cannot be read"),
        ("a b", "cannot be read at 'b'"),
        ("((a)", "cannot be read"),
        ("a\0", "cannot be read"),
        ("a.real", "'a.real' is not allowed"),
        ("__import__('os')", r"'os'\)\" is not allowed"),
        ("2*f(a)", r"'f\(a\)' is not allowed"),
        ("a[0]", r"'a\[0\]' is not allowed"),
        ("_a", "'_a' is not allowed"),
        ("a // b", "'a // b' is not allowed"),
        ("(a := 1)", "'a := 1' is not allowed"),
        ("a < b", "'a < b' is not allowed"),
        ("'a'", "is not allowed"),
        ("1j", "'1j' is not allowed"),
        ("1_000", "'1_000' is not allowed"),
        ("sqrt", "'sqrt' is not allowed"),
        ("\u03b1", "is not allowed"),
        ("sqrt(a, b)", "needs one argument"),
        ("sqrt(*a)", "needs one argument"),
        ("lambda", "'lambda' cannot be the name of a parameter"),
        ("9^9^9^9", r"'9\^9' = 3.8742e\+08 is too large an exponent"),
        ("a^b", "'b' is no number; an exponent must be one"),
        ("2^(0/0)", "too large an exponent"),
        ("1e999", "'1e999' is too large a number"),
        ("-" * (DEEPEST + 2) + "a", "lies deeper than"),
        ("a+" * LONGEST + "a", "are allowed"),
    ],
)
def test_everything_else_is_refused_with_the_piece(text: str, piece: str) -> None:
    with pytest.raises(ParameterError, match=piece):
        Expression(text)


@pytest.mark.parametrize("given", [True, None, [1.0], np.inf, float("nan"), np.ones(2), {}])
def test_only_numbers_and_texts_are_expressions(given: Any) -> None:
    with pytest.raises(ParameterError):
        Expression.parse(given)


@given(st.text(alphabet="ab1.()+-*/^ ,e_[]'\"sqrtT\n", max_size=30))
def test_no_text_does_anything_but_compute_or_be_refused(text: str) -> None:
    try:
        read = Expression(text)
    except ParameterError:
        return
    assert all(name in text for name in read.names)
    value = read.evaluate(dict.fromkeys(read.names, 0.5))
    assert isinstance(value, np.floating)
    assert pickle.loads(pickle.dumps(read)) == read
    assert hash(Expression(text)) == hash(read)
