"""Message passing beside its state evolution, and beside the minimum that it must find."""

import numpy as np
import pytest

from replica.errors import ParameterError
from replica.machines.inference.generalised_linear import draw_examples, message_passing, minimise
from replica.machines.runs import teacher_student_run, trained_run
from replica.solving import solve
from replica.theories import Classification, Regression, TeacherStudent
from replica.theory.prior_channel import PriorChannel
from replica.units import Gaussian, Spherical, Spin, Unit
from replica.units.channels import Absolute, Channel, Hinge, Logistic, Sign, Square
from replica.units.priors import GaussBernoulli, Laplace


@pytest.mark.parametrize(
    ("theory", "prior", "channel", "kind", "rho"),
    [
        (TeacherStudent(alpha=1.2), Spin(), Sign(), "spin", 1.0),
        (
            TeacherStudent(alpha=0.6, prior="gauss-bernoulli:rho=0.3", channel="square:noise=0.1"),
            GaussBernoulli(0.3),
            Square(0.1),
            "gaussian",
            0.3,
        ),
        (
            Regression(alpha=0.8, penalty=0.2, noise=0.1, rho=0.2, prior="laplace"),
            Laplace(0.2),
            Square(),
            "gaussian",
            0.2,
        ),
        (
            Classification(alpha=2.0, penalty=0.5, channel="hinge"),
            Gaussian(gamma=0.5),
            Hinge(),
            "gaussian",
            1.0,
        ),
    ],
    ids=["teacher", "sparse", "lasso", "hinge"],
)
def test_state_evolution_is_the_saddle_point_equation(
    theory: PriorChannel, prior: Unit, channel: Channel, kind: str, rho: float
) -> None:
    """Step by step; deviations are of order 1/sqrt(N)."""
    draw = draw_examples(
        2000, theory.alpha, labels=channel.labels, noise=theory.spread, prior=kind, rho=rho, seed=3
    )
    V = 0.8 * float(theory.size)
    run = message_passing(draw, prior, channel, theory.temperature, variance=V, most_steps=8)
    x = np.array([1e-12, 1e-12, V])
    for found in run.history[1:]:
        x = theory.update(x)
        np.testing.assert_allclose(found, x, atol=0.2 * np.max(x))


@pytest.mark.parametrize("channel", [Square(), Absolute(), Logistic(), Hinge()], ids=str)
def test_messages_come_to_rest_at_the_minimum(channel: Channel) -> None:
    draw = draw_examples(80, 1.5, labels=channel.labels, noise=0.2, seed=5)
    run = message_passing(
        draw, Gaussian(gamma=0.7), channel, 0.0, damping=0.6, tolerance=1e-9, most_steps=1000
    )
    assert run.converged
    np.testing.assert_allclose(run.mean, minimise(draw, channel.name, 0.7), atol=2e-5)


def test_the_machine_of_classification_is_beside_its_theory() -> None:
    """A mean of eight, within five of its errors and a little for N = 200."""
    given = {"alpha": 3.0, "noise": 0.0, "penalty": 0.1, "prior": Gaussian(), "channel": Logistic()}
    runs = np.array([trained_run(200, 1, seed, **given)["q"] for seed in range(8)])
    theory = float(solve(Classification(alpha=3.0, penalty=0.1))["q"])
    assert abs(np.mean(runs) - theory) < 5 * np.std(runs) / np.sqrt(8) + 0.1


def test_above_the_spinodal_messages_find_the_teacher() -> None:
    run = teacher_student_run(1000, 300, 2, alpha=2.0, noise=0.0, prior=Spin(), channel=Sign())
    assert run["m"] == pytest.approx(1, abs=1e-6)


def test_what_there_is_no_machine_for() -> None:
    with pytest.raises(ParameterError, match="--prior gaussian"):
        teacher_student_run(100, 10, 1, alpha=1.0, noise=0.0, prior=Spherical(), channel=Sign())
    with pytest.raises(ParameterError, match="penalty w"):
        trained_run(100, 1, 1, alpha=1.0, noise=0.0, penalty=0.1, prior=Laplace(), channel=Square())
    with pytest.raises(ParameterError, match="memory"):
        draw_examples(10**6, 10.0, labels=True, seed=1)
