"""Spin glasses: exact limits, one step of symmetry breaking, and what is refused."""

from typing import Any

import numpy as np
import pytest

from replica.errors import BranchError, LocateError, ParameterError
from replica.solving import Newton, critical, locate, search, solve
from replica.theories import (
    Hopfield,
    Hopfield1RSB,
    RandomEnergy,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
)
from replica.theory import Phase, Theory, Zero

SK, SK1 = SherringtonKirkpatrick, SherringtonKirkpatrick1RSB


# --- Sherrington-Kirkpatrick, replica symmetric ----------------------------------------------------


@pytest.mark.parametrize("T", [1.001, 1.5, 4.0])
def test_hot_spin_glass_is_annealed(T: float) -> None:
    state = solve(SK(T=T), "paramagnet")
    assert state.free_energy == pytest.approx(-T * np.log(2) - 1 / (4 * T), abs=1e-14)
    assert state.entropy == pytest.approx(np.log(2) - 1 / (4 * T * T), abs=1e-14)


def test_spin_glass_freezes_at_one() -> None:
    assert locate(SK(T=0.5), "glass", "T").value == pytest.approx(1, abs=1e-14)
    assert locate(SK1(T=0.5), "glass", "T").value == pytest.approx(1, abs=1e-14)
    for J0 in (0.5, 1.7):
        assert locate(SK(T=0.5, J0=J0), "ferromagnet", "T").value == pytest.approx(J0, abs=1e-14)


@pytest.mark.parametrize("gap", [1e-2, 1e-3])
def test_order_near_the_freezing(gap: float) -> None:
    """q = g + g^2/3 + O(g^3) with g = 1 - T, from q = q/T^2 - 2 q^2/T^4 + (17/3) q^3/T^6 - ..."""
    q = solve(SK(T=1 - gap))["q"]
    assert q == pytest.approx(gap + gap**2 / 3, abs=2 * gap**3)


def test_stability_line_at_weak_and_strong_fields() -> None:
    """T_AT = 1 - (3/4)^(1/3) h^(2/3) + O(h^(4/3)), and (4/3) exp(-h^2/2)/sqrt(2 pi) (1 + O(T_AT^2))."""
    for h in [1e-3]:
        small = h ** (2 / 3)
        T = critical(SK(T=0.5, h=h)).value
        assert pytest.approx(1 - 0.75 ** (1 / 3) * small, abs=small**2) == T
    for h in [5.0]:
        T, limit = critical(SK(T=0.5, h=h)).value, 4 / 3 * np.exp(-h * h / 2) / np.sqrt(2 * np.pi)
        assert limit / T == pytest.approx(1, abs=10 * h * h * T * T + 1e-12)


@pytest.mark.parametrize("J0", [1.05, 1.5])
def test_stability_in_the_ferromagnet_is_that_in_its_mean_field(J0: float) -> None:
    """Only J0 m + h enters: the lines in a field and in a bias are one curve."""
    bias = critical(SK(T=0.5, J0=J0))
    field = locate(SK(T=0.5, h=J0 * bias.order["m"]), "stability", "T")
    assert field.value == pytest.approx(bias.value, abs=1e-11)


def test_magnetised_glass_sets_in_late_in_replica_symmetry() -> None:
    assert locate(SK(T=0.0), "mixed", "J0").value == pytest.approx(np.sqrt(np.pi / 2), abs=1e-13)


def test_field_and_bias_reverse_together() -> None:
    up, down = solve(SK(T=0.4, h=0.3, J0=0.7)), solve(SK(T=0.4, h=-0.3, J0=0.7))
    assert down["m"] == pytest.approx(-up["m"], abs=1e-15)
    assert down.free_energy == pytest.approx(up.free_energy, abs=1e-15)


@pytest.mark.parametrize("seed", range(4))
def test_antiferromagnetic_bias_and_any_field_have_a_solution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    theory = SK(T=float(rng.uniform(0, 1.5)), J0=-float(rng.uniform(0, 2)), h=float(rng.uniform(0.05, 2)))
    assert len(search(theory, {"field": theory.start("glass")})) == 1


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(BranchError, match=r"no glass solution at T=1\.2.*what exists here: paramagnet"):
        solve(SK(T=1.2))
    with pytest.raises(LocateError, match="broken in the whole glass, below T_c = 1"):
        critical(SK(T=0.5))
    with pytest.raises(ParameterError, match=r"T = -0\.1 is not allowed"):
        SK(T=-0.1)


# --- one step of symmetry breaking -----------------------------------------------------------------


@pytest.mark.parametrize("T", [0.0, 0.1, 0.3, 0.6])
def test_breaking_raises_the_free_energy_and_repairs_the_entropy(T: float) -> None:
    plain, broken = solve(SK(T=T)), solve(SK1(T=T))
    assert broken.free_energy > plain.free_energy
    assert broken.entropy > plain.entropy
    assert plain.replicon < broken.replicon < 0 or T == 0
    assert 0 < broken["q0"] < plain["q"] < broken["q1"] or T == 0
    assert 0 <= broken["x"] < 1


def test_energy_of_the_broken_glass_lies_between_those_that_are_known() -> None:
    assert -np.sqrt(2 / np.pi) < solve(SK1(T=0.0)).energy < -0.76317


def test_entropy_of_the_broken_glass_at_zero_temperature() -> None:
    state = solve(SK1(T=0.0))
    assert state.entropy == pytest.approx(-(state["C"] ** 2) / 4, abs=1e-15)
    assert state.entropy == pytest.approx(-0.014, abs=5e-4)  # "-0.01" in print


@pytest.mark.parametrize("gap", [0.1, 0.05])
def test_breaking_near_the_freezing(gap: float) -> None:
    """As g = 1 - T -> 0: q0/q1 -> 1/3 and x/g -> 4/3."""
    state = solve(SK1(T=1 - gap))
    assert state["q0"] / state["q1"] == pytest.approx(1 / 3, abs=0.2 * gap)
    assert state["x"] / gap == pytest.approx(4 / 3, abs=4 * gap)


@pytest.mark.parametrize("gap", [0.02, 0.005, 0.002])
def test_weak_breaking_is_resolved(gap: float) -> None:
    """q0/q1 = 1/3 + O(g^2), x = (4/3) g (1 + O(g)), and 1 - C = 0.926 g^2: found up to T = 0.999."""
    state = solve(SK1(T=1 - gap))
    assert state["q0"] / state["q1"] == pytest.approx(1 / 3, abs=0.2 * gap**2)
    assert state["x"] / gap == pytest.approx(4 / 3, abs=3 * gap)
    assert (1 - state["C"]) / gap**2 == pytest.approx(0.926, abs=0.003)


@pytest.mark.parametrize(
    ("h", "J0", "share"),
    [(1.6, 0.0, 0.0), (1.6, 0.0, 0.5), (1.0, 0.0, 0.95), (0.0, 1.05, 0.95), (0.0, 2.0, 0.9)],
)
def test_starts_are_good_up_to_the_line_of_stability(h: float, J0: float, share: float) -> None:
    T = share * critical(SK(T=0.5, h=h, J0=J0)).value
    branch = "ferromagnet" if J0 else "glass"
    plain, broken = solve(SK(T=T, h=h, J0=J0), branch), solve(SK1(T=T, h=h, J0=J0), branch)
    assert broken.free_energy > plain.free_energy
    assert 0 < broken["q1"] - broken["q0"] < 0.1


def test_the_magnetised_glass_sets_in_earlier_with_each_step_of_breaking() -> None:
    """At T = 0: J0 = 1.2533, 1.0509, ..., 1; the whole response is the derivative of m by the field."""
    onset = float(solve(SK1(T=0.0))["J0_c"])
    assert locate(SK1(T=0.0), Zero(Phase("glass"), "alignment"), "J0").value == pytest.approx(
        onset, rel=1e-13
    )
    assert 1 < onset < np.sqrt(np.pi / 2)
    h = 1e-4
    slope = solve(SK1(T=0.0, h=h))["m"] / h
    assert 1 / onset == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("theory", [SK(T=1.0), SK1(T=1.0), SK1(T=1.7), Hopfield(alpha=0.25, T=1.5)])
def test_the_paramagnet_is_known_on_its_critical_point_too(theory: Theory) -> None:
    state = solve(theory, "paramagnet")
    assert state.residual < 1e-15
    assert state["m"] == 0


def test_where_nothing_breaks_it_is_said_where_something_does() -> None:
    with pytest.raises(BranchError, match=r"no glass solution at T=1\.3.*here: paramagnet; .* below T_AT"):
        solve(SK1(T=1.3))
    with pytest.raises(BranchError, match=r"no retrieval solution at alpha=0\.15.*glass; .* below T_R"):
        solve(Hopfield1RSB(alpha=0.15))


@pytest.mark.parametrize("T", [0.0, 0.3])
@pytest.mark.parametrize(
    ("broken", "plain", "branch"),
    [
        (SK1(T=0.3, h=0.2), SK(T=0.3, h=0.2), "glass"),
        (Hopfield1RSB(alpha=0.1), Hopfield(alpha=0.1), "glass"),
        (Hopfield1RSB(alpha=0.05), Hopfield(alpha=0.05), "retrieval"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_without_breaking_the_equations_are_the_replica_symmetric_ones(
    broken: Theory, plain: Theory, branch: str, T: float
) -> None:
    """q1 = q0; and, at T > 0, x = 1 with any q1."""
    state = solve(plain.at(T=T), branch)
    m, C = state.x
    gaps = [(1e-12, 1.0)] + ([(0.3 * T * C, T)] if T else [])  # q1 - q0, and tau
    for gap, tau in gaps:
        at_zero = gap / tau if T == 0 else gap / T  # the whole response stays C
        x = np.array([m, C - at_zero, gap / tau, tau])
        here = broken.at(T=T)
        assert here.free_energy(x) == pytest.approx(state.free_energy, abs=1e-10)
        assert here.update(x)[0] == pytest.approx(m, abs=1e-10)


@pytest.mark.parametrize(
    ("theory", "branch"),
    [
        (Hopfield1RSB(alpha=0.138, T=0.0), "retrieval"),
        (Hopfield1RSB(alpha=0.1, T=0.0), "glass"),
        (SK1(T=0.0, J0=1.3), "ferromagnet"),
        (SK1(T=0.2), "glass"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_free_energy_is_stationary_to_fourth_order(theory: Theory, branch: str) -> None:
    x = solve(theory, branch).x
    for i, scale in enumerate(np.maximum(np.abs(x), 0.05)):
        h = 2e-4 * scale
        f = [theory.free_energy(x + k * h * np.eye(4)[i]) for k in (-2, -1, 1, 2)]
        assert (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h) * scale == pytest.approx(0, abs=1e-11)


def test_steps_of_breaking_are_found_by_name() -> None:
    from replica.theories import THEORIES

    for theory in THEORIES.values():
        if theory.next_step is not None:
            assert THEORIES[theory.next_step].next_step != theory.name
            assert set(theory.parameters()) == set(THEORIES[theory.next_step].parameters())


def test_retrieval_breaks_below_the_line_where_replica_symmetry_is_unstable() -> None:
    """At T -> T_R the spread of the overlaps vanishes; above, there is nothing to find."""
    T_R = locate(Hopfield(alpha=0.13), "stability", "T").value
    near, at_zero = solve(Hopfield1RSB(alpha=0.13, T=0.9 * T_R)), solve(Hopfield1RSB(alpha=0.13, T=0.0))
    assert 0 < near["q1"] - near["q0"] < 0.2 * (at_zero["q1"] - at_zero["q0"])
    above = solve(Hopfield1RSB(alpha=0.13, T=1.2 * T_R), "retrieval", solver=Newton(), throw=False)
    assert not above.success


# --- random energy model ---------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.0, 0.1, 0.3, 0.6])
def test_condensed_phase_is_frozen(T: float) -> None:
    state = solve(RandomEnergy(T=T))
    assert state.free_energy == pytest.approx(-np.sqrt(np.log(2)), abs=1e-15)
    assert state.energy == pytest.approx(-np.sqrt(np.log(2)), abs=1e-15)
    assert state.entropy == pytest.approx(0, abs=1e-15)
    assert state["Y"] == pytest.approx(1 - T * 2 * np.sqrt(np.log(2)), abs=1e-15)


@pytest.mark.parametrize("T", [0.61, 1.0, 3.0])
def test_free_phase_is_annealed(T: float) -> None:
    state = solve(RandomEnergy(T=T), "paramagnet")
    assert state.free_energy == pytest.approx(-T * np.log(2) - 1 / (4 * T), abs=1e-15)
    assert state.energy == pytest.approx(-1 / (2 * T), abs=1e-15)
    assert state["Y"] == 0
    with pytest.raises(BranchError, match="what exists here: paramagnet"):
        solve(RandomEnergy(T=T))


@pytest.mark.parametrize("h", [0.0, 0.3, 1.0, 3.0])
def test_condensation_in_a_field_is_where_the_entropy_vanishes(h: float) -> None:
    """ln 2cosh u - u tanh u = 1/(4 T^2), u = h/T: Derrida 1981; both phases join smoothly."""
    point = critical(RandomEnergy(T=0.5, h=h))
    T, u = point.value, h / point.value
    assert np.log(2 * np.cosh(u)) - u * np.tanh(u) == pytest.approx(1 / (4 * T * T), abs=1e-13)
    below, above = solve(RandomEnergy(T=T - 1e-6, h=h)), solve(RandomEnergy(T=T + 1e-6, h=h), "paramagnet")
    assert below.free_energy == pytest.approx(above.free_energy, abs=1e-11)


def test_the_phase_is_told_from_the_breaking_parameter() -> None:
    T = np.array([0.2, 0.5, 0.7])
    batch: Any = solve(RandomEnergy(T=T), "condensed", throw=False)
    assert list(batch.success) == [True, True, False]
