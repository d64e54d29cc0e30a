"""The example of finite machines: crosstalk step by step, survival against the replica fold, mode hops."""

import doctest
from typing import Any

import finite_machines
import numpy as np
import pytest
from finite_machines import count_hops, mode_hops, retrieval_steps, survival
from scipy import stats

from replica.errors import ParameterError, UnknownNameError
from replica.solving import critical
from replica.theories import Compositional


def test_crosstalk_of_the_first_step() -> None:
    """From the pattern: h_1/sqrt(N) = 1, other h of mean 0 and variance 1 + T, fields 1 + alpha +- crosstalk.

    The crosstalk has variance alpha (1 + T) and the overlap follows from it; 20 samples, 4 sigma, 2/N.
    """
    N, alpha, T = 2000, 0.1, 0.3
    runs = [retrieval_steps(N, alpha, T, 1, seed)[0] for seed in np.random.SeedSequence(3).spawn(20)]
    z = np.random.default_rng(1).standard_normal(400_000)
    overlap = np.mean(np.tanh((1 + alpha + np.sqrt(alpha * (1 + T)) * z) / T))
    for name, known in (
        ("strong", 1.0),
        ("weak_mean", 0.0),
        ("weak_variance", 1 + T),
        ("field_mean", 1 + alpha),
        ("field_variance", alpha * (1 + T)),
        ("overlap", overlap),
    ):
        values = np.array([getattr(run, name) for run in runs])
        error = values.std(ddof=1) / np.sqrt(20)
        assert abs(values.mean() - known) < 4 * error + 5 / N, name


def test_the_distribution_of_the_hidden_units_is_the_crosstalk() -> None:
    """The weak ones are Gaussian of variance 1 + T at first: a Kolmogorov test of 2000 units, 1 per cent."""
    first, second = retrieval_steps(8000, 0.25, 0.5, 2, seed=4)
    assert first.hidden.shape == (2000,)
    assert first.hidden[0] / np.sqrt(8000) == first.strong
    assert stats.kstest(first.hidden[1:] / np.sqrt(1.5), "norm").pvalue > 0.01
    # spins that feel the crosstalk follow the other patterns: h gets wider
    assert np.var(second.hidden[1:]) > 1.1 * np.var(first.hidden[1:])


def test_retrieval_mends_a_damaged_pattern_below_capacity_and_not_above() -> None:
    below = retrieval_steps(1500, 0.03, 0.1, 12, seed=2, overlap=0.6)
    assert below[0].overlap < below[-1].overlap
    assert below[-1].overlap > 0.98
    above = retrieval_steps(1500, 0.6, 0.1, 12, seed=2, overlap=0.6)
    assert above[-1].overlap < 0.7
    assert above[-1].weak_variance > 2  # the spins follow the other patterns, too


def test_strong_units_survive_below_the_fold_of_the_theory() -> None:
    """L = 5, p = 0.1, theta = 0.2, g = -0.02: the fold is at alpha_c = 0.681; N = 1500."""
    p = 0.1
    theory = Compositional(alpha=0.5, theta=0.2 / np.sqrt(p), g=-0.02 / p, p=p, L=5)
    alpha_c = critical(theory).value
    assert alpha_c == pytest.approx(0.681, abs=0.0005)
    settings: Any = {"L": 5, "theta": 0.2, "p": p, "g": -0.02}
    below, above = (
        [survival(1500, alpha, seed=seed, **settings) for seed in np.random.SeedSequence(1).spawn(3)]
        for alpha in (0.3 * alpha_c, 1.8 * alpha_c)
    )
    assert sum(run.survived for run in below) >= 2
    assert not any(run.survived for run in above)
    assert all(run.strong < 6 for run in below)
    assert all(run.strong > 15 for run in above)


def test_the_parallel_dynamics_keeps_states_beyond_the_fold() -> None:
    kept = {
        dynamics: np.mean(
            [
                survival(
                    1000, 0.8, L=5, theta=0.2, p=0.1, g=-0.02, seed=seed, dynamics=dynamics, most_sweeps=12
                ).overlap
                for seed in np.random.SeedSequence(1).spawn(4)
            ]
        )
        for dynamics in ("sequential", "parallel")
    }
    assert kept["parallel"] > kept["sequential"] + 0.1


def test_tempering_changes_modes_where_plain_sampling_does_not() -> None:
    hops = mode_hops(150, 0.5, steps=400, seed=3)
    assert hops.plain == 0
    assert hops.tempered > 10
    assert np.all(hops.swap_rates > 0.1)
    assert hops.round_trips >= 5


def test_close_to_the_transition_plain_sampling_hops_too() -> None:
    assert mode_hops(40, 0.9, steps=300, seed=3).plain > 100


def test_hops_are_counted_with_hysteresis() -> None:
    assert count_hops([0.9, 0.4, -0.4, 0.3, -0.3, 0.8], level=0.5) == 0
    assert count_hops(np.array([[0.9, -0.9], [-0.9, -0.9], [0.9, 0.9]]), level=0.5) == 3


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: retrieval_steps(100, 0.1, 0.1, 0, 1), "steps = 0"),
        (lambda: retrieval_steps(100, 0.1, 0.1, 1, 1, overlap=2), "must lie in"),
        (lambda: retrieval_steps(100, 0.1, -0.1, 1, 1), "T = -0.1"),
        (lambda: survival(100, 0.1, L=11, theta=0.2, p=0.1, g=0.0, seed=1), "from 1 to the number of hidden"),
        (lambda: mode_hops(10, 1.2, 5, 1), "two modes exist below T = 1"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_unknown_dynamics_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'parallel'"):
        survival(100, 0.1, L=1, theta=0.2, p=0.1, g=0.0, seed=1, dynamics="paralel")


def test_what_the_example_says_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    result = doctest.testmod(finite_machines)
    assert (result.failed, result.attempted) == (0, 7)
    finite_machines.main()
    printed = capsys.readouterr().out
    assert "the theory ends at alpha_c = 0.681" in printed
    assert "at 0.3 alpha_c all survive" in printed
    assert "at 1.8 alpha_c not all survive" in printed
    assert "0 plain" in printed
