"""Large grids of a branch that folds: from coarse to fine, with the answers of every point by itself."""

from __future__ import annotations

import numpy as np
import pytest

from replica.numerics.functions import taken
from replica.solving import Status, grids, solve
from replica.theories import Compositional, Hopfield

LOADS, TEMPERATURES = np.linspace(0.001, 0.15, 80), np.linspace(0.01, 1.2, 60)
AXES = np.linspace(0.05, 1.4, 16)[:, None, None], np.linspace(0.4, 1.9, 10)[:, None], np.linspace(0.1, 2, 17)


def at_once(monkeypatch, theory):
    """The same batch, every point by itself."""
    with monkeypatch.context() as patch:
        patch.setattr(grids, "SMALLEST", 10**9)
        return solve(theory, throw=False)


@pytest.mark.parametrize(
    "theory",
    [
        Hopfield(alpha=LOADS, T=TEMPERATURES[:, None]),
        Hopfield(*np.meshgrid(LOADS[::-1], TEMPERATURES, indexing="ij")),
        Hopfield(alpha=np.geomspace(1e-3, 0.2, 500), T=np.array([[0.0], [0.3]])),
        Compositional(alpha=AXES[0], theta=AXES[1], g=-0.2, l=AXES[2]),
    ],
    ids=["alpha-T", "reversed", "two rows", "three axes"],
)
def test_a_grid_has_the_states_of_its_points(theory, monkeypatch):
    monkeypatch.setattr(grids, "SMALLEST", 1000)
    assert grids.is_grid(theory, "retrieval")
    whole, single = solve(theory, throw=False), at_once(monkeypatch, theory)
    assert np.array_equal(whole.success, single.success)
    found = whole.success
    apart = np.abs(whole.x - single.x)[:, found]
    assert np.all(apart <= 1e-14 * (1 + 4 * np.abs(whole.x[:, found])) + single.error(trials=1)[:, found])
    assert np.all(whole.residual[found] <= 1e-12 * 2)
    assert np.sum(whole.iterations) < 0.7 * np.sum(single.iterations)


def test_what_is_left_out_is_absent_and_lies_among_points_without_a_state():
    solution = solve(Hopfield(alpha=LOADS, T=TEMPERATURES[:, None]), throw=False)
    absent = solution.status == Status.ABSENT.code
    assert 0.4 < np.mean(absent) < 0.7
    assert np.all(np.isnan(solution.x[:, absent]))
    assert np.all(np.isnan(solution.residual[absent]))
    beside = np.zeros_like(absent)
    for axis in (0, 1):
        for shift in (-1, 1):
            edge = np.roll(solution.success, shift, axis)
            np.moveaxis(edge, axis, 0)[0 if shift == 1 else -1] = False
            beside |= edge
    assert not np.any(absent & beside)


def test_a_strait_between_the_lines_of_the_coarsest_grid_is_found(monkeypatch):
    """States on a strip that no line of the coarse grid but one crosses are found from one another."""
    monkeypatch.setattr(grids, "COARSE", 9)
    theory = Hopfield(alpha=LOADS, T=TEMPERATURES[:, None])
    assert np.array_equal(solve(theory, throw=False).success, at_once(monkeypatch, theory).success)


def test_what_is_no_grid_is_solved_point_by_point():
    many, T = np.random.default_rng(1).uniform(0.01, 0.1, 2500), np.array([[0.0], [0.1]])
    ordered = np.sort(many)
    assert grids.is_grid(Hopfield(alpha=ordered, T=T), "retrieval")
    assert not grids.is_grid(Hopfield(alpha=many, T=T), "retrieval")  # neighbours that are far apart
    assert not grids.is_grid(Hopfield(alpha=ordered, T=T), "glass")  # it does not fold
    assert not grids.is_grid(Hopfield(alpha=ordered[:50], T=T), "retrieval")
    assert not grids.is_grid(Hopfield(alpha=np.linspace(0.01, 0.1, 5000), T=0.0), "retrieval")


def test_points_of_what_broadcasts():
    rows, index = np.arange(12.0).reshape(3, 1, 4), np.array([0, 5, 5, 3])
    whole = np.broadcast_to(rows, (3, 2, 4)).reshape(-1, 4)
    assert np.array_equal(taken(rows, index, (3, 2), 1), whole[index])
    assert taken(2.0, index, (3, 2)) == 2.0
    assert np.array_equal(taken(rows[:, 0, 0], 4, (2, 3)), rows[1, 0, 0])
