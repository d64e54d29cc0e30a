"""Averages under one step of symmetry breaking, against quadrature of another kind that shares no code."""

from dataclasses import astuple
from typing import Any

import mpmath
import numpy as np
import pytest

from replica.numerics import broken_spins as module
from replica.numerics.broken_spins import BrokenAverages, broken_averages, by_complex_step
from replica.numerics.spins import spin_averages

POINTS = [
    (0.0, 0.5, 0.5, 1.3, 0.0),
    (0.97, 0.2, 0.002, 40.0, 0.0),
    (0.3, 0.5, 1e-6, 3.0, 0.0),
    (0.0, 0.5, 0.3, 1.3, 0.2),
    (0.2, 0.5, 0.3, 0.5, 0.8),
    (0.97, 0.2, 0.002, 30.0, 0.02),
    (3.0, 0.1, 0.3, 0.6, 0.2),
    (0.5, 1e-9, 0.3, 0.6, 0.3),
]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
GRADES = np.array([0, 0.3, 1, 2, 3, 4.5, 6, 9, 13, 20, 40])


def pieces(turn: float, scale: float, reach: float) -> tuple[Any, Any]:
    """Gauss-Legendre nodes and Gaussian weights on pieces graded towards `turn`."""
    cuts = np.concatenate([turn + scale * GRADES, turn - scale * GRADES, np.arange(-reach, reach + 0.5)])
    cuts = np.unique(cuts[np.abs(cuts) <= reach])
    half, middle = np.diff(cuts)[:, None] / 2, (cuts[1:] + cuts[:-1])[:, None] / 2
    z = middle + half * NODES
    return z.ravel(), (half * WEIGHTS * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)).ravel()


def states(y: float, v1: float, mu: float, T: float) -> Any:
    """Averages over the states at the mean field y, straight from their definitions."""
    w = np.sqrt(v1)
    z, weight = pieces(-y / w, max(T / w, 0.1), 12.0)
    H = y + w * z
    L = np.abs(H) + T * np.log1p(np.exp(-2 * np.abs(H) / T)) if T else np.abs(H)
    p = weight * np.exp(mu * (L - abs(y)))
    Z = np.sum(p)
    p /= Z
    t = np.tanh(H / T) if T else np.sign(H)
    m, log_Z = p @ t, np.log(Z) + mu * abs(y)
    density = 2 * np.exp(-y * y / v1 / 2) / np.sqrt(2 * np.pi * v1) / Z * np.exp(-mu * abs(y))  # <2 delta(H)>
    return np.array(
        [
            m,
            p @ (1 - t * t) / T if T else density,
            p @ (t - m) ** 2,
            log_Z / mu,
            mu * mu * v1 / 2 + log_Z - mu * (p @ L),
            p @ (L - H * t) / T if T else 0.0,
            p @ (1 - t * t) ** 2 / T if T else 2 * density / 3,
        ]
    )


def by_pieces(loc: float, v0: float, v1: float, mu: float, T: float) -> Any:
    s0 = np.sqrt(v0)
    z, weight = pieces(-loc / s0, float(np.sqrt(v1 + T * T)) / s0, 9.0)
    return sum(g * states(loc + s0 * x, v1, mu, T) for x, g in zip(z, weight, strict=True))


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_another_quadrature_agrees(point: tuple[float, ...]) -> None:
    np.testing.assert_allclose(astuple(broken_averages(*point)), by_pieces(*point), rtol=0, atol=2e-13)


@pytest.mark.parametrize(
    "point", [*POINTS, (1.0, 0.05, 1e-10, 1e4, 0.0), (0.2, 0.3, 0.3, 0.6, 1e-3)], ids=str
)
def test_half_the_step_changes_nothing(point: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    usual = astuple(broken_averages(*point))
    monkeypatch.setattr(module, "STEP", module.STEP / 2)
    monkeypatch.setattr(module, "REACH", 10.0)
    np.testing.assert_allclose(usual, astuple(broken_averages(*point)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("point", POINTS[:3], ids=str)
def test_mpmath_agrees_at_zero_temperature(point: tuple[float, ...]) -> None:
    with mpmath.workdps(25):
        precise = astuple(broken_averages(*(mpmath.mpf(value) for value in point)))
    np.testing.assert_allclose(
        astuple(broken_averages(*point)), np.array(precise, dtype=float), atol=1e-14, rtol=0
    )


def test_mpmath_agrees_at_a_temperature() -> None:
    point = (0.2, 0.3, 0.1, 0.5, 1.0)
    with mpmath.workdps(12):
        precise = astuple(broken_averages(*(mpmath.mpf(value) for value in point)))
    np.testing.assert_allclose(
        astuple(broken_averages(*point)), np.array(precise, dtype=float), atol=1e-11, rtol=0
    )


def test_cold_is_the_limit_of_warm() -> None:
    """Corrections are of order T^2, but for the response, of order T."""
    cold = np.array(astuple(broken_averages(0.3, 0.4, 0.2, 1.2, 0.0)))
    for T in (1e-3, 1e-5):
        warm = np.array(astuple(broken_averages(0.3, 0.4, 0.2, 1.2, T)))
        assert np.all(np.abs(warm - cold) < 3 * T)
        assert abs(warm[3] - cold[3]) < 3 * T * T


@pytest.mark.parametrize("T", [0.0, 0.3])
def test_without_breaking_these_are_the_replica_symmetric_averages(T: float) -> None:
    plain = spin_averages(0.3, np.sqrt(0.4), T)
    for v1 in (0.0, 1e-26):
        broken = broken_averages(0.3, 0.4 - v1, v1, 0.7, T)
        for name in ("tanh", "susceptibility", "entropy", "sech4_over_T"):
            # at T = 0 states compete in fields below sqrt(v1), which shifts the response by mu sqrt(v1)
            assert getattr(broken, name) == pytest.approx(getattr(plain, name), abs=1e-12), name
        assert broken.log == pytest.approx(plain.log2cosh, abs=1e-12)


def test_breaking_with_x_equal_one_is_invisible() -> None:
    """x = 1: <2cosh(H/T)>_1 = 2cosh(y/T) exp(v1/(2 T^2)), whatever v1."""
    plain, broken = spin_averages(0.3, np.sqrt(0.4), 0.5), broken_averages(0.3, 0.4, 0.25, 2.0, 0.5)
    assert broken.tanh == pytest.approx(plain.tanh, abs=1e-14)
    assert broken.log == pytest.approx(plain.log2cosh + 0.25 / (2 * 0.5), abs=1e-14)


def test_a_batch_is_a_loop_and_the_unusable_is_nan() -> None:
    T, mu = np.array([0.0, 0.2, 0.0, np.nan, 0.1]), np.array([1.0, 1.2, 0.5, 1.0, -1.0])
    many = broken_averages(0.1, 0.3, 0.2, mu, T)
    for i in range(3):
        one = broken_averages(0.1, 0.3, 0.2, mu[i], T[i])
        for a, b in zip(astuple(many), astuple(one), strict=True):
            assert a[i] == pytest.approx(b, abs=1e-15)
    assert np.all(np.isnan(many.tanh[3:]))
    assert isinstance(many, BrokenAverages)


@pytest.mark.parametrize("T", [0.0, 0.3])
def test_complex_steps_are_derivatives(T: float) -> None:
    x = np.array([0.3, 0.4, 0.2, 1.1])

    def function(x: Any) -> tuple[Any, ...]:
        return astuple(broken_averages(*x, T))[:5]

    matrix = by_complex_step(function, x)
    h = 1e-3
    for i in range(4):
        shift = h * np.eye(4)[i]
        f = [np.array(function(x + k * shift)) for k in (-2, -1, 1, 2)]
        np.testing.assert_allclose(matrix[:, i], (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h), atol=1e-9)
    mean, spread, response = matrix[3, 0], matrix[3, 2], matrix[1, 0]
    assert mean == pytest.approx(function(x)[0], abs=1e-14)  # d log/d loc = <<t>>
    assert spread == pytest.approx((function(x)[1] + x[3] * mean_square(x, T)) / 2, abs=1e-13)
    assert response != 0


def mean_square(x: Any, T: float) -> float:
    """<<t^2>> = 1 - T <<1 - t^2>>/T."""
    return float(1 - T * broken_averages(*x, T).susceptibility)
