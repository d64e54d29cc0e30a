"""A branch is what its name says: the smallest, the largest, m > 0; and small averages keep their digits."""

import mpmath
import numpy as np
import pytest

from replica.solving import Newton, search, solve
from replica.solving.search import label
from replica.theories import CurieWeiss, Hopfield, RandomRBM
from replica.units import Bernoulli


@pytest.mark.parametrize(
    ("loc", "width", "T"),
    [(-2.0, 0.1, 0.05), (-0.3, 0.01, 0.02), (-1.5, 0.2, 0.01), (-0.9, 0.3, 0.05), (-4.0, 0.5, 0.0), (-1, 0, 0.02)],
)
def test_averages_of_a_silent_neuron_have_relative_accuracy(loc: float, width: float, T: float) -> None:
    """Against the integral over the field, with mpmath, on panels around the places that count."""
    found = Bernoulli().averages(loc, width, 0.0, T)
    with mpmath.workdps(40):

        def active(z: mpmath.mpf) -> mpmath.mpf:
            b = loc + width * z
            return (1 + mpmath.sign(b)) / 2 if T == 0 else 1 / (1 + mpmath.exp(-b / mpmath.mpf(T)))

        turn = -loc / width if width else 0.0
        ends = sorted({-12.0, turn, *(min(turn + 12, k * width / T if T else 0) for k in (1, 2)), turn + 14})
        panels = [z for a, b in zip(ends, ends[1:], strict=False) for z in mpmath.linspace(a, b, 9)]

        def mean(power: int) -> float:
            if not width:
                return float(active(mpmath.mpf(0)) ** power)
            scale = mpmath.npdf(turn)
            return float(mpmath.quad(lambda z: active(z) ** power * mpmath.npdf(z) / scale, panels) * scale)

        exact = mean(1), mean(2)
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
