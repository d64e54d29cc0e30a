"""Associative memories at finite size: learning rules, dynamics with cycles, and theory beside simulation."""

from typing import Any

import numpy as np
import pytest

from phase_diagrams.simulating import machine
from replica.errors import ParameterError, UnknownNameError
from replica.machines import memories
from replica.machines.models.memory import RULES, Memory, couplings
from replica.solving import solve
from replica.theories import THEORIES


def signs(P: int, N: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).choice([-1.0, 1.0], (P, N))


def test_rules_that_store_exactly() -> None:
    xi = signs(60, 200)
    projector = couplings(xi, "pseudo-inverse")
    assert projector @ projector == pytest.approx(projector, abs=1e-12)
    assert xi @ projector == pytest.approx(xi, abs=1e-12)
    long = couplings(xi, "dreaming", t=1e9)
    assert long == pytest.approx(projector, abs=1e-6)
    assert couplings(xi, "dreaming", t=0.0) == pytest.approx(couplings(xi), abs=1e-13)


def test_storkey_keeps_more_than_hebb() -> None:
    xi = signs(32, 160)
    kept = {
        rule: np.mean([Memory(couplings(xi, rule)).settle(x).spins @ x / 160 for x in xi])
        for rule in ("hebb", "storkey")
    }
    assert kept["hebb"] < 0.8
    assert kept["storkey"] > 0.97


def test_storkey_is_the_rule_written_out() -> None:
    """W_ij += (xi_i xi_j - xi_i h_ji - h_ij xi_j)/N, h_ij = sum over k other than i and j of W_ik xi_k."""
    xi, N = signs(3, 6), 6
    J = np.zeros((N, N))
    for x in xi:
        h = np.array(
            [[sum(J[i, k] * x[k] for k in range(N) if k not in (i, j)) for j in range(N)] for i in range(N)]
        )
        J = J + np.array(
            [[(x[i] * x[j] - x[i] * h[j, i] - h[i, j] * x[j]) / N for j in range(N)] for i in range(N)]
        )
        np.fill_diagonal(J, 0)
    assert couplings(xi, "storkey") == pytest.approx(J, abs=1e-14)


def test_nonlinear_couplings_have_the_strength_of_hebb() -> None:
    """Of the pattern xi_1 they keep N sum_ij J_ij xi_i xi_j/N^2 = 1, whatever the function is."""
    xi = signs(51, 250)
    for rule in ("clipped", "three-level", "saturated"):
        J = couplings(xi, rule, cut=0.6)
        np.fill_diagonal(J, 0)
        assert np.mean([x @ J @ x for x in xi]) / 250 == pytest.approx(1, abs=0.04), rule
        assert np.allclose(J, J.T, atol=1e-6)


def test_dilution_may_keep_bonds_in_one_direction_only() -> None:
    xi = signs(10, 200)
    both, one = couplings(xi, "diluted", c=0.3), couplings(xi, "asymmetric", c=0.3)
    assert np.array_equal(both, both.T)
    assert np.mean((one != 0) & (one.T == 0)) > 0.1
    assert np.mean(one != 0) == pytest.approx(0.3 * np.mean(xi.T @ xi != 0), abs=0.02)


def test_cycles_are_found() -> None:
    pair = Memory(np.array([[0.0, -1.0], [-1.0, 0.0]]))
    assert pair.settle([1, 1], "parallel").period == 2
    assert pair.settle([1, 1], "sequential").period == 1
    ring = np.roll(np.eye(5), 1, axis=1)  # spin i follows spin i + 1
    assert Memory(ring).settle([1, -1, -1, -1, -1], "parallel").period == 5
    against = Memory(np.array([[0.0, 1.0], [-1.0, 0.0]]))  # one follows, the other flees
    assert against.settle([1, 1], "sequential").period == 2
    assert Memory(ring).settle([1, -1, -1, -1, -1], "parallel", most_sweeps=3).period == 0


def test_sequential_dynamics_ends_in_a_minimum() -> None:
    memory = Memory(couplings(signs(40, 200)))
    end = memory.settle(signs(1, 200, seed=2)[0])
    fields = memory.couplings @ end.spins
    assert end.period == 1
    assert np.all(fields * end.spins >= 0)
    assert end.energy == pytest.approx(-(end.spins @ memory.couplings @ end.spins) / 400)


def test_heat_baths_of_one_pattern_are_a_magnet() -> None:
    run = Memory(couplings(np.ones((1, 1500)))).heat_bath(np.ones(1500), 0.5, 60, 1, np.ones((1, 1500)))
    assert run.overlaps[20:, 0].mean() == pytest.approx(0.9575, abs=0.004)
    assert run.energy[20:].mean() == pytest.approx(-(0.9575**2) / 2, abs=0.004)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: couplings(signs(2, 5), "hebbian"), "hebb"),
        (lambda: couplings(np.ones(3)), "patterns of shape"),
        (lambda: Memory(np.ones((2, 3))), "square matrix"),
        (lambda: Memory(np.eye(3)).settle([1, 1]), "array of 3 spins"),
        (lambda: Memory(np.eye(3)).settle([1, 1, 1], "random"), "dynamics"),
        (lambda: Memory(np.eye(3)).heat_bath([1, 1, 1], 0.0, 3, 1), "positive"),
    ],
)
def test_bad_input(call: Any, match: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=match):
        call()


def test_every_rule_is_tried() -> None:
    xi = signs(5, 40)
    for rule in RULES:
        J = couplings(xi, rule, t=0.5, c=0.5, cut=0.5)
        assert J.shape == (40, 40)
        assert np.all(np.isfinite(J))


CASES = [
    ("noisy-hopfield", {"alpha": 0.04, "T": 0.3, "synapses": "clipped", "c": 0.8, "h": 0.1}, 800, 60),
    ("noisy-hopfield", {"alpha": 0.03, "T": 0.0, "synapses": "three-level", "noise": 0.05}, 800, 60),
    ("archetypes", {"alpha": 0.02, "rho": 0.1, "T": 0.2}, 800, 60),
    ("dreaming", {"alpha": 0.1, "t": 1.0, "T": 0.4}, 400, 60),
    ("pseudo-inverse", {"alpha": 0.3, "T": 0.25}, 400, 60),
    ("correlated", {"a": 0.7, "T": 0.0}, 1000, 40),
    ("potts-hopfield", {"alpha": 0.1, "Q": 3, "T": 1.2}, 150, 20),
    ("planted", {"alpha": 1.5, "T": 1.2, "T_star": 1.6}, 300, 60),
]


@pytest.mark.parametrize(("name", "given", "N", "sweeps"), CASES)
def test_a_machine_is_as_its_theory(name: str, given: dict[str, Any], N: int, sweeps: int) -> None:
    """Means of four samples; what is left of 1/N is far below the tolerance of a few percent."""
    one = machine(name)
    parameters = one.complete(given)
    samples = [one.sample(parameters, N, sweeps, number, 1)[0] for number in range(4)]
    state = solve(THEORIES[name](**given))
    for key, theirs in one.compared(state.theory).items():
        value = state.energy if theirs == "energy" else state[theirs]
        drawn = np.array([sample[key] for sample in samples])
        error = drawn.std() / 3**0.5 + 0.03 * max(abs(value), 0.2)
        assert abs(drawn.mean() - value) < 3 * error, key


def test_machines_refuse_what_they_cannot_draw() -> None:
    with pytest.raises(UnknownNameError, match="synapses"):
        machine("noisy-hopfield").complete({"alpha": 0.1, "synapses": "soft"})
    with pytest.raises(ParameterError, match="not a decimal number"):
        machine("dreaming").complete({"alpha": "much"})
    with pytest.raises(ParameterError, match="as many patterns as neurons"):
        memories.pseudo_inverse_check(10, alpha=1.0, T=0.1)
    with pytest.raises(ParameterError, match="above 1"):
        memories.planted_check(10, alpha=1.0, T=0.1, T_star=1.0)
    with pytest.raises(ParameterError, match="whole number from 2"):
        memories.potts_hopfield_check(10, alpha=1.0, Q=2.5, T=0.1)
