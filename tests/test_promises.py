"""A branch is what its name says: the smallest, the largest, m > 0; and small averages keep their digits."""

import numpy as np
import pytest

from replica.solving import Newton, search, solve
from replica.solving.search import label
from replica.theories import CurieWeiss, Hopfield, RandomRBM
from replica.units import Bernoulli


@pytest.mark.parametrize(
    ("loc", "width", "T"),
    [
        (-2.0, 0.1, 0.05),
        (-0.3, 0.01, 0.02),
        (-1.5, 0.2, 0.01),
        (-0.9, 0.3, 0.05),
        (-4.0, 0.5, 0.0),
        (-1, 0, 0.02),
    ],
)
def test_averages_of_a_silent_neuron_have_relative_accuracy(loc: float, width: float, T: float) -> None:
    """Against the trapezoidal rule on a fine grid that reaches as far as anything counts."""
    found = Bernoulli().averages(loc, width, 0.0, T)
    turn = -loc / width if width else 0.0
    far = min(turn, 2 * width / T if T else turn) + 14
    z = np.linspace(turn if T == 0 else -12.0, far, 400_001)
    weight = np.exp(-0.5 * z * z) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    weight[[0, -1]] /= 2
    active = np.exp(-np.logaddexp(0.0, -(loc + width * z) / T)) if T else np.ones_like(z)
    exact = weight @ active, weight @ active**2
    assert found.mean == pytest.approx(exact[0], rel=1e-10)
    assert found.square == pytest.approx(exact[1], rel=1e-10)


def test_the_quiet_state_is_the_smallest() -> None:
    theory = RandomRBM("bernoulli:g=-0.2", "relu:theta=1", alpha=0.5, T=0.02, l=1.0)
    quiet, glass = (solve(theory, name) for name in ("quiet", "glass"))
    assert quiet["q"] == pytest.approx(8.165792e-9, rel=1e-6)
    assert glass["q"] == pytest.approx(0.406965064409, rel=1e-11)
    for state, wrong in ((glass, "quiet"), (quiet, "glass")):  # whatever found it
        again = label(Newton(warmup=0).run(theory, state.x), wrong)
        assert not again.success


def test_silent_units_are_the_quiet_state_without_temperature() -> None:
    state = solve(RandomRBM("bernoulli:g=-0.3", "relu:theta=1.5", alpha=0.5, T=0.0, l=1.0), "quiet")
    assert np.array_equal(state.x, np.zeros(5))


def test_a_mirror_image_counts_as_the_branch_with_its_sign() -> None:
    theory = Hopfield(alpha=0.05, T=0.2)
    state = solve(theory)
    mirror = label(Newton(warmup=0).run(theory, state.x * [-1, 1]), "retrieval")
    assert mirror["m"] == pytest.approx(state["m"], rel=1e-12)
    cold = CurieWeiss(T=0.5, h=0.1)  # a field has no mirror image
    down = label(Newton(warmup=0).run(cold, solve(cold, "down").x), "up")
    assert not down.success


def test_a_search_names_what_it_did_not_find() -> None:
    found = search(Hopfield(alpha=0.2, T=0.1))
    assert [state.branch for state in found] == ["glass"]
    assert set(found.missing) == {"retrieval", "paramagnet"}
    hot = search(RandomRBM("bernoulli:g=-0.16", "relu:theta=0.5", alpha=0.4, T=0.3, l=1.0))
    assert "same state" in hot.missing["quiet"]
