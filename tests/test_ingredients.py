"""Theories that are only ingredients: published numbers, exact limits, and the theories that they become."""

from __future__ import annotations

import numpy as np
import pytest

from replica import critical, locate, solve
from replica.theories import (
    BipartiteSK,
    Deep,
    Dense,
    Hopfield,
    PSpin,
    SemiRestricted,
    SherringtonKirkpatrick,
    SparseCoding,
    Spiked,
)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0])
def test_bipartite_spins_freeze(alpha: float) -> None:
    assert critical(BipartiteSK(alpha=alpha)).value == pytest.approx(alpha**0.25, rel=1e-12)


def test_equal_layers_of_two_colours_are_one_glass() -> None:
    pair, one = solve(BipartiteSK(alpha=1.0, T=0.4), "glass"), solve(SherringtonKirkpatrick(T=0.4), "glass")
    assert pair["q"] == pytest.approx(one["q"], abs=1e-13)
    assert pair.free_energy == pytest.approx(2 * one.free_energy, abs=1e-13)


def test_three_layers() -> None:
    state = solve(Deep(l1=0.5, l2=0.3, T=0.3), "glass")
    assert state["q"] == pytest.approx(0.6402693506874924, abs=1e-14)
    assert state.free_energy == pytest.approx(-0.5057688478745354, abs=1e-14)
    assert critical(Deep()).value ** 2 == pytest.approx(np.sqrt(2) / 3, rel=1e-12)
    alone = solve(Deep(l1=0.5, l2=0.5, T=0.3), "glass")  # an empty layer is none; fields are 1/sqrt(2)
    pair = solve(BipartiteSK(alpha=1.0, T=0.3 * np.sqrt(2)), "glass")
    assert alone.free_energy == pytest.approx(pair.free_energy / np.sqrt(8), abs=1e-13)


def test_lateral_couplings() -> None:
    assert critical(SemiRestricted(alpha=0.01, Delta=0.2)).value == pytest.approx(
        0.04064170614924015, abs=1e-16
    )
    mine, hopfield = (
        solve(kind) for kind in (SemiRestricted(alpha=0.05, T=0.2), Hopfield(alpha=0.05, T=0.2))
    )
    assert mine.x == pytest.approx(hopfield.x, abs=1e-14)
    assert mine.free_energy == pytest.approx(hopfield.free_energy, abs=1e-14)
    mine = solve(SemiRestricted(alpha=0.0, Delta=0.25, T=0.2))
    glass = solve(SherringtonKirkpatrick(T=0.4, J0=2.0), "ferromagnet")  # in units of sqrt(Delta)
    assert mine["m"] == pytest.approx(glass["m"], abs=1e-13)
    assert mine.free_energy == pytest.approx(glass.free_energy / 2, abs=1e-13)


@pytest.mark.parametrize(("g", "load"), [(-0.45, 0.2253), (-0.5, 0.2618), (-0.55, 0.2987), (-0.6, 0.3353)])
def test_capacity_of_sparse_coding(g: float, load: float) -> None:
    assert critical(SparseCoding(alpha=0.05, g=g)).value == pytest.approx(load, abs=5e-5)


def test_dense_memories() -> None:
    assert critical(Dense(a=0.1)).value == pytest.approx(0.252190430770671449, abs=1e-15)
    assert locate(Dense(a=0.0, T=0.1), "spinodal", "T").value == pytest.approx(0.58258290836514854, abs=1e-13)
    meets = locate(Dense(a=0.0, T=0.1), "first-order-paramagnet", "T")
    assert meets.value == pytest.approx(0.495969169753988434, abs=1e-12)


def test_three_spins() -> None:
    assert critical(PSpin(T=0.3)).value == pytest.approx(0.48486586, abs=5e-9)
    hot = solve(PSpin(T=1.2), "paramagnet")
    assert hot.free_energy == pytest.approx(-1.2 * np.log(2) - 1 / 4.8, abs=1e-14)


@pytest.mark.parametrize("gamma", [1.3, 2.0, 5.0])
def test_who_knows_the_prior_overlaps_with_the_signal_as_with_himself(gamma: float) -> None:
    state = solve(Spiked(gamma=gamma))
    assert state["m"] == pytest.approx(state["q"], abs=1e-12)
    root = np.sqrt(gamma)
    spins = solve(SherringtonKirkpatrick(T=1 / root, J0=root), "ferromagnet")
    assert state["m"] == pytest.approx(spins["m"], abs=1e-12)
    assert critical(Spiked(gamma=gamma)).value == pytest.approx(1.0, abs=1e-12)
