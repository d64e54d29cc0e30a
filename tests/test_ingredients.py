"""Theories that are only ingredients: published numbers, exact limits, and the theories that they become."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import special

from replica import critical, locate, solve
from replica.errors import ParameterError, UnknownNameError
from replica.functional import Coupling, Layer, Model
from replica.testing import check_theory
from replica.theories import (
    THEORIES,
    BiasedPatterns,
    Bidirectional,
    BipartiteSK,
    Deep,
    Dense,
    Hopfield,
    MixedPSpin,
    PSpin,
    RandomRBM,
    SemiRestricted,
    SemiRestrictedBits,
    SherringtonKirkpatrick,
    SparseCoding,
    SphericalPSpin,
    Spiked,
    SpikedGaussian,
    SpikedSparse,
)
from replica.theories.deep import deep
from replica.theory import Parameter, Theory
from replica.units import ReLU


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


@pytest.mark.parametrize("K", [2, 3, 4, 5, 8])
def test_equal_layers_of_any_number(K: int) -> None:
    found = critical(THEORIES[f"deep:{K}"]())
    assert found.value**2 == pytest.approx(2 / K * np.cos(np.pi / (K + 1)), rel=1e-12)


def test_deep_machines_of_other_units() -> None:
    kind = THEORIES["deep:bernoulli+relu:theta=0.5+bernoulli"]
    assert kind is deep("bernoulli", ReLU(theta=0.5), "bernoulli")
    assert deep("spin", "spin", "spin") is Deep
    assert pickle.loads(pickle.dumps(kind)) is kind
    state = solve(kind(T=0.3), "paramagnet")
    pair = solve(THEORIES["deep:bernoulli+relu:theta=0.5"](l1=0.4, T=0.3), "paramagnet")
    empty = solve(kind(l1=0.4, l2=0.6, T=0.3), "paramagnet")  # nothing is left for the third layer
    assert empty.free_energy == pytest.approx(pair.free_energy, abs=1e-13)
    assert state.replicon > 0
    check_theory(state.theory, ["paramagnet"])


@pytest.mark.parametrize(
    ("name", "error"),
    [("deep:1", ParameterError), ("deep:99", ParameterError), ("deep:spin+rlu", UnknownNameError)],
)
def test_machines_that_cannot_be(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        THEORIES[name]
    assert "hopfield:3" not in THEORIES


def test_lateral_couplings_of_bits() -> None:
    state = solve(SemiRestrictedBits(alpha=0.02, Delta=0.05, T=0.05))
    derived = state.theory.derived(state.x)
    found = (*state.x, derived["q_hidden"], derived["C_hidden"], state.free_energy)
    assert found == pytest.approx(
        (
            0.4877903522571219,
            0.49498326786640695,
            0.14408497256834832,
            0.6756615664140444,
            1.1683402767219835,
            -0.13073165644747098,
        ),
        abs=1e-14,
    )
    mine = solve(SemiRestrictedBits(alpha=0.02, T=0.05, g=-0.1))
    machine = solve(RandomRBM("bernoulli:g=-0.1", "gaussian", alpha=0.02, T=0.05, p=1.0, L=1))
    assert mine["q"] == pytest.approx(machine["q"], abs=1e-12)


@pytest.mark.parametrize(
    ("p", "load", "m", "ends", "meets"),
    [
        (3, 0.252190430770671449, 0.83848227257559, 0.58258290836514854, 0.495969169753988434),
        (4, 0.197860119195381485, 0.91792194, 0.495786302383518842, 0.362949334097272395),
    ],
)
def test_dense_memories(p: int, load: float, m: float, ends: float, meets: float) -> None:
    found = critical(Dense(a=0.1, p=p))
    assert found.value == pytest.approx(load, abs=1e-15)
    assert found.x[0] == pytest.approx(m, abs=2e-8)
    assert locate(Dense(a=0.0, p=p, T=0.1), "spinodal", "T").value == pytest.approx(ends, abs=1e-13)
    along = locate(Dense(a=0.0, p=p, T=0.1), "first-order-paramagnet", "T")
    assert along.value == pytest.approx(meets, abs=1e-12)


def test_a_dense_memory_at_some_temperature() -> None:
    state = solve(Dense(a=0.1, T=0.3))
    found = (state["m"], state.theory.derived(state.x)["q"], state.free_energy, 1 - state.replicon)
    known = (0.9788011043012586, 0.9630603972635843, -0.3365808224094069, 0.022978322709403518)
    assert found == pytest.approx(known, abs=1e-14)


def test_capacity_of_dense_memories_is_that_of_the_explicit_equation() -> None:
    y = np.linspace(0.5, 4.0, 2_000_001)
    for p in (5, 8):
        best = np.max(special.erf(y) ** (2 * p - 2) / (2 * y**2))
        assert critical(Dense(a=0.05, p=p)).value == pytest.approx(best, rel=1e-11)


def test_powers_of_a_batch() -> None:
    p = np.array([3, 5, 4, 3])
    together = solve(PSpin(T=0.3, p=p, J0=0.1), "glass")
    for i, one in enumerate(p):
        alone = solve(PSpin(T=0.3, p=int(one), J0=0.1), "glass")
        assert together["C"][i] == pytest.approx(alone["C"], rel=1e-12)
        assert together.free_energy[i] == pytest.approx(alone.free_energy, abs=1e-14)
        assert together.replicon[i] == pytest.approx(alone.replicon, rel=1e-11)
    assert PSpin(T=0.3, p=4).parts.couplings == ((0, 0, 0, 0),)


def test_powers_that_are_parameters_take_whole_numbers() -> None:
    for about in (Parameter("p", "p", lower=2.0, upper=9.0, default=3), Parameter("p", "p", integer=True)):
        with pytest.raises(ParameterError, match="whole numbers"):
            Model("wrong", parameters={"p": about}, layers=[Layer("s")], couplings=[Coupling("s^p")])
    with pytest.raises(UnknownNameError):
        Model("wrong", layers=[Layer("s")], couplings=[Coupling("s^q")])
    with pytest.raises(ParameterError, match="from 1 to 64"):
        Coupling("s^99")
    assert Coupling("s^2 t").layers == ("s", "s", "t")
    with pytest.raises(ParameterError, match="a whole number in"):
        PSpin(T=0.3, p=2)


@pytest.mark.parametrize("p", [3, 4, 7])
def test_spherical_spins(p: int) -> None:
    found = critical(SphericalPSpin(T=0.2, p=p))
    q = (p - 2) / p
    assert found.value**2 == pytest.approx(2 / p * q ** (p - 2), rel=1e-12)
    state = solve(SphericalPSpin(T=0.5 * found.value, p=p), "glass")
    q = state.theory.derived(state.x)["q"]
    assert p * q ** (p - 2) * (1 - q) ** 2 / 2 == pytest.approx((0.5 * found.value) ** 2, rel=1e-12)
    assert state.replicon == pytest.approx(2 - p, rel=1e-12)
    hot = solve(SphericalPSpin(T=1.2, p=p), "paramagnet")
    assert hot.free_energy == pytest.approx(-0.6 * (1 + np.log(2 * np.pi)) - 1 / 4.8, abs=1e-13)


def test_mixed_couplings_join_two_glasses() -> None:
    pairs, sk = solve(MixedPSpin(T=0.5, c=0.0, h=0.3), "glass"), SherringtonKirkpatrick(T=0.5, h=0.3)
    known = solve(sk, "glass")
    assert pairs.theory.derived(pairs.x)["q"] == pytest.approx(known["q"], abs=1e-13)
    assert pairs.free_energy == pytest.approx(known.free_energy, abs=1e-13)
    for p in (3, 4):
        mixed, pure = solve(MixedPSpin(T=0.3, c=1.0, p=p), "glass"), solve(PSpin(T=0.3, p=p), "glass")
        assert mixed["C"] == pytest.approx(pure["C"], rel=1e-12)
        assert mixed.free_energy == pytest.approx(pure.free_energy, abs=1e-14)
    assert critical(MixedPSpin(T=0.3, c=0.19, p=4)).value == pytest.approx(0.9, rel=1e-12)
    ends = locate(MixedPSpin(T=0.2, c=0.98, p=4), "glass-end", "T").value
    assert ends > np.sqrt(0.02)


@pytest.mark.parametrize(("b", "load", "best"), [(0.4, 0.04810108077078486, 0.14326647834270317)])
def test_biased_patterns(b: float, load: float, best: float) -> None:
    assert critical(BiasedPatterns(alpha=0.02, b=b)).value == pytest.approx(load, abs=1e-15)
    assert locate(BiasedPatterns(alpha=0.02, b=b), "best-threshold", "alpha").value == pytest.approx(
        best, abs=1e-13
    )
    mine, hopfield = solve(BiasedPatterns(alpha=0.05, b=0.0, T=0.2)), solve(Hopfield(alpha=0.05, T=0.2))
    assert mine.x == pytest.approx(hopfield.x, abs=1e-13)
    assert mine.free_energy == pytest.approx(hopfield.free_energy, abs=1e-13)


def test_pairs_of_patterns() -> None:
    assert critical(Bidirectional(Delta=0.1)).value == pytest.approx(2 / np.pi, rel=1e-9)
    for kappa in (0.25, 2.0):
        cold = Bidirectional(Delta=0.0, kappa=kappa, T=0.5)
        assert locate(cold, "condensation", "T").value == pytest.approx(np.sqrt(kappa), rel=1e-12)
        noisy = Bidirectional(Delta=0.3, kappa=kappa, T=0.5)
        assert locate(noisy, "glass", "T").value == pytest.approx(np.sqrt(0.3) * kappa**0.25, rel=1e-12)
    mine = solve(Bidirectional(Delta=0.25, T=0.2))
    glass = solve(SherringtonKirkpatrick(T=0.4, J0=2.0), "ferromagnet")  # in units of sqrt(Delta)
    assert mine["m"] == pytest.approx(glass["m"], abs=1e-13)
    assert mine["mbar"] == pytest.approx(mine["m"], abs=1e-14)
    assert mine.free_energy == pytest.approx(
        glass.free_energy, abs=1e-13
    )  # twice, and half of it: sqrt(Delta)


@pytest.mark.parametrize("kind", [Spiked, SpikedGaussian, SpikedSparse], ids=lambda kind: kind.name)
@pytest.mark.parametrize("gamma", [1.4, 3.0])
def test_every_prior_is_on_its_nishimori_line(kind: type[Theory], gamma: float) -> None:
    state = solve(kind(gamma=gamma))
    q = state["q"]
    if kind is not SpikedSparse:  # which has one overlap for both
        assert state["m"] == pytest.approx(q, abs=1e-12)
        assert state.replicon > 0
    steps = 1e-2 * np.array([-2.0, -1.0, 1.0, 2.0])
    f = [solve(kind(gamma=gamma + step)).free_energy for step in steps]
    slope = np.dot(f, [1.0, -8.0, 8.0, -1.0]) / 0.12
    assert slope == pytest.approx(-(q**2) / 4, abs=2e-7)  # the mutual information grows by (1 - q^2)/4
    assert critical(kind(gamma=1.5)).value == pytest.approx(1.0, abs=1e-10)
    nothing = {Spiked: -np.log(2), SpikedGaussian: -(1 + np.log(2 * np.pi)) / 2}.get(kind, 0.0)
    blind = solve(kind(gamma=gamma), "paramagnet")
    assert blind.free_energy == pytest.approx(nothing, abs=1e-12)


def test_priors() -> None:
    assert solve(SpikedGaussian(gamma=4.0))["m"] == pytest.approx(0.75, abs=1e-13)
    signs, dense = solve(Spiked(gamma=1.5)), solve(SpikedSparse(gamma=1.5, p=1 - 1e-9))
    assert dense["q"] == pytest.approx(signs["q"], abs=1e-7)
    assert dense.free_energy == pytest.approx(signs.free_energy + np.log(2), abs=1e-7)
    assert signs["q"] == pytest.approx(0.39418613377182565, abs=1e-12)
    tells, ends = (
        locate(SpikedSparse(gamma=1.0, p=0.03), line, "gamma").value for line in ("first-order", "spinodal")
    )
    assert ends < tells < 1
