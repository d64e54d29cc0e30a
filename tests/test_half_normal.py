"""Normal variables, given that they are positive: their distribution, and their mean."""

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from replica.units.half_normal import mean_of_half_normal, sample_half_normal


@pytest.mark.parametrize("x", [-1e4, -30.0, -3.0, -0.5, 0.0, 0.44, 0.46, 1.0, 3.0, 12.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_follow_the_distribution(x: float, dtype: str) -> None:
    """Kolmogorov and Smirnov at 100,000 samples, seed 3; 20 cases, so that 5e-4 is one in a hundred."""
    s = sample_half_normal(np.full((1000, 100), x, dtype), np.random.default_rng(3))
    assert s.dtype == dtype
    assert s.shape == (1000, 100)
    assert np.min(s) >= 0
    above = special.log_ndtr(x - np.sort(s.astype(float).ravel())) - special.log_ndtr(x)
    assert stats.kstest(np.exp(above), "uniform").pvalue > 5e-4


def test_samples_of_many_means_at_once_are_in_their_places() -> None:
    x = np.repeat([-5.0, -1.0, 0.2, 0.7, 4.0], 20_000).reshape(100, 1000)
    s = sample_half_normal(x, np.random.default_rng(1))
    mean = mean_of_half_normal(x)
    error = np.sqrt((1 + x * mean - mean**2) / 20_000)
    off = (s - mean).reshape(5, -1).mean(axis=1)
    assert np.all(np.abs(off) < 4 * error.reshape(5, -1)[:, 0])


@pytest.mark.parametrize(("dtype", "error"), [("float32", 5e-7), ("float64", 1e-12)])
def test_the_mean_keeps_its_digits_far_in_the_tail(dtype: str, error: float) -> None:
    x = np.concatenate([np.linspace(-40, 12, 105), -np.logspace(2, 6, 9), np.logspace(2, 6, 9)]).astype(dtype)
    with mpmath.workdps(60):
        exact = [_mean(mpmath.mpf(float(v))) for v in x]
    assert mean_of_half_normal(x) == pytest.approx(exact, rel=error)
    assert np.isfinite(mean_of_half_normal(np.array([-1e30, 1e30], dtype))).all()


def _mean(x: mpmath.mpf) -> float:
    if x < -50:
        return float(-1 / x * (1 - 2 / x**2 + 10 / x**4 - 74 / x**6 + 706 / x**8))
    return float(x + mpmath.npdf(x) / (mpmath.erfc(-x / mpmath.sqrt(2)) / 2))
