"""Channels and priors of weights: closed forms against potentials and mpmath, slopes."""

from typing import Any

import mpmath
import numpy as np
import pytest

from replica.errors import ParameterError
from replica.units import Unit
from replica.units.channels import (
    CHANNELS,
    Absolute,
    Channel,
    Hinge,
    Logistic,
    Loss,
    Sign,
    Square,
    Step,
    Taught,
    Wall,
)
from replica.units.priors import PRIORS, Box, GaussBernoulli, Laplace, NonNegative

LOSSES = [Square(0.7), Absolute(), Hinge(), Hinge(kappa=0.3), Logistic()]
"""Channels with a finite loss."""


def test_channels_and_priors_are_named_after_their_keys() -> None:
    assert {name: kind.name for name, kind in (CHANNELS | PRIORS).items()} == {
        n: n for n in CHANNELS | PRIORS
    }


@pytest.mark.parametrize("channel", LOSSES, ids=str)
@pytest.mark.parametrize("T", [0.0, 1.0])
def test_a_loss_alone_is_enough(channel: Channel, T: float) -> None:
    mine = Loss(channel.potential, labels=channel.labels, breaks=channel.breaks)
    b = np.array([-3.1, -0.4, 0.25, 0.55, 2.3])
    for method in ("mean", "response"):
        one, two = (getattr(unit, method)(b, 0.8, T) for unit in (channel, mine))
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9, err_msg=method)
    one, two = (unit.averages(0.2, 1.3, 0.8, T) for unit in (channel, mine))
    for name in ("free_energy", "mean", "square", "response", "response_square"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-9), name


@pytest.mark.parametrize("channel", [Step(0.5), Sign(), Sign(noise=0.3), Wall(0.7)], ids=str)
@pytest.mark.parametrize(("omega", "a"), [(0.2, 0.3), (-4.0, 0.05), (1.5, 2.0)])
def test_closed_answers_are_derivatives_of_an_integral(channel: Channel, omega: float, a: float) -> None:
    """Ln Z and its derivatives by omega from the integral itself, in many digits."""
    with mpmath.workdps(150):  # the wall is a difference of two that are next to 1

        def Z(x: Any) -> Any:
            s = mpmath.sqrt(mpmath.mpf(a) + getattr(channel, "noise", 0))
            if isinstance(channel, Wall):
                return mpmath.ncdf((channel.kappa - x) / s) - mpmath.ncdf((-channel.kappa - x) / s)
            return mpmath.ncdf((x - getattr(channel, "kappa", 0)) / s)

        logs = [mpmath.diff(lambda x: mpmath.log(Z(x)), omega, n) for n in (0, 1, 2)]
    ours = (
        channel.log_partition(omega, a, 1.0),
        channel.mean(omega, a, 1.0),
        channel.response(omega, a, 1.0),
    )
    for mine, truth in zip(ours, logs, strict=True):
        assert mine == pytest.approx(float(truth), rel=1e-11)


SMOOTH = [(Step(0.3), 1.0), (Sign(noise=0.1), 1.0), (Wall(), 1.0)]
SLOPED = [*SMOOTH, *((channel, 0.0) for channel in (Step(0.3), Wall(), *LOSSES))]


@pytest.mark.parametrize(
    ("channel", "T", "taught"),
    [(*one, taught) for one in SLOPED for taught in ((False, True) if one[0].labels else (False,))],
    ids=str,
)
def test_slopes_of_a_channel(channel: Channel, T: float, taught: bool) -> None:
    """By the quadratic term; and by the variance, where the teacher stays put in the law of both fields."""

    def averages(q: float, a: float) -> Any:
        tilt = 0.6 / np.sqrt(q * (1.2 * q - 0.36)) if taught else 0.0
        unit: Unit = Taught(channel, tilt, 0.9) if taught else channel
        return unit.averages(0.0, np.sqrt(q), a, T)

    tilt = 0.6 / np.sqrt(0.9 * (1.2 * 0.9 - 0.36))
    unit: Unit = Taught(channel, tilt, 0.9) if taught else channel
    known, h = unit.moments(0.0, np.sqrt(0.9), 0.7, T), 1e-4
    for i, name in enumerate(("mean", "square", "response")):
        by_variance, by_a = (
            sum(w * getattr(averages(0.9 + k * h * q, 0.7 + k * h * a), name) for k, w in WEIGHTS) / h
            for q, a in ((1, 0), (0, 1))
        )
        assert known.by_variance[i] == pytest.approx(by_variance, abs=3e-9), name
        assert known.by_a(T)[i] == pytest.approx(by_a, abs=3e-9), name


WEIGHTS = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))


def test_a_kink_is_no_matter_of_luck() -> None:
    """The square of g of a hinge, where a rule across its kinks is wrong in the third digit."""
    a, q = 1.36267581322023, 5.011105835225612
    with mpmath.workdps(20):
        truth = mpmath.quad(
            lambda x: min(max((1 - x) / a, 0), 1) ** 2 * mpmath.npdf(x, 0, mpmath.sqrt(q)),
            [-30, 1 - mpmath.mpf(a), 1, 30],
        )
    assert Hinge().averages(0.0, np.sqrt(q), a, 0.0).square == pytest.approx(float(truth), rel=1e-13)


@pytest.mark.parametrize("prior", [Laplace(0.4), NonNegative(0.4), Box()], ids=str)
def test_penalties_have_their_ground_states(prior: Unit) -> None:
    b = np.linspace(-3, 3, 25)
    w = np.linspace(
        *(-1, 1) if prior.name == "box" else (0, 4) if prior.name == "non-negative" else (-4, 4), 160_001
    )
    cost = prior.potential(w) + 0.85 * w**2
    best = [w[np.argmin(cost - one * w)] for one in b]
    np.testing.assert_allclose(prior.mean(b, -1.7, 0.0), best, atol=1e-4)


def test_a_sparse_weight_is_told_from_none() -> None:
    prior, b, A = GaussBernoulli(rho=0.2), 1.7, 2.5
    with mpmath.workdps(20):
        some = 0.2 * mpmath.quad(lambda w: mpmath.npdf(w) * mpmath.exp(b * w - A * w**2 / 2), [-20, 0, 20])
        moment = 0.2 * mpmath.quad(
            lambda w: w * mpmath.npdf(w) * mpmath.exp(b * w - A * w**2 / 2), [-20, 0, 20]
        )
    # exp(w^2/2) of the potential stands for the normal density: A counts from 1 on
    assert prior.mean(b, -A, 1.0) == pytest.approx(float(moment / (0.8 + some)), rel=1e-12)
    assert prior.log_partition(b, -A, 1.0) == pytest.approx(float(mpmath.log(0.8 + some)), rel=1e-12)
    with pytest.raises(ParameterError, match="T = 1 only"):
        prior.mean(b, -A, 0.5)
    with pytest.raises(ParameterError, match="rho"):
        GaussBernoulli(rho=0.0)
