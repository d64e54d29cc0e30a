"""Infinitely many steps of replica symmetry breaking: published numbers, limits, and what is refused."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console import replica
from replica.breaking import Continuous, broken, parisi
from replica.breaking.densities import Law, moments
from replica.breaking.fields import Fields
from replica.breaking.ladder import answers
from replica.errors import BranchError, ConvergenceError, ParameterError
from replica.theories import THEORIES
from replica.units import Spin, parse

SK, MIXED, HOPFIELD = (THEORIES[name] for name in ("sherrington-kirkpatrick", "mixed-p-spin", "hopfield"))
COARSE = (24, 48)


@pytest.mark.parametrize("T", [0.0, 0.3])
@pytest.mark.parametrize("first", [0.0, 0.2])
def test_densities_are_the_ladder(T: float, first: float) -> None:
    """Derivatives by averages over densities are those that are carried through the recursion."""
    variance, mu = np.array([first, 0.4, 0.7, 1.0]), np.array([0.4, 0.9, 1.7])
    found = moments(variance, mu, T, np.zeros(0), Law.none())
    known = answers(Spin(), Fields(np.diff(variance, prepend=0.0), mu, 0.0, T), slopes=True)
    assert found.phi == pytest.approx(known.phi[0], rel=1e-14)
    assert found.by_mu == pytest.approx(known.phi[5:8], rel=1e-12)
    assert found.square == pytest.approx(np.cumsum(known.square[0]), abs=1e-13)
    assert found.response == pytest.approx(known.response[0], rel=1e-13)
    assert found.entropy == pytest.approx(known.entropy, abs=1e-13)
    further = np.cumsum(found.by_variance[::-1])[::-1]  # by what each level adds
    assert further[1:] == pytest.approx(known.phi[2:5], rel=1e-12)


def test_ground_state_energy() -> None:
    """-0.763166726566(1), Oppermann and Schmidt; every f of a function is below it."""
    state = parisi(SK(T=0.0))
    assert state.free_energy == pytest.approx(-0.7631667265665, abs=1e-11)
    assert abs(state.free_energy + 0.7631667265665) < state.error < 1e-9
    assert state.replicon == -np.inf
    assert state.entropy == 0
    assert state["chi"] == pytest.approx(1, abs=5e-4)


@cache
def spin_glass(**point: float) -> Continuous:
    return parisi(SK(**point), cells=COARSE)


@pytest.mark.parametrize(
    ("point", "f"), [({"T": 0.5}, -0.79117757493), ({"T": 0.3, "h": 0.2}, -0.788738535)], ids=str
)
def test_spin_glass(point: dict[str, float], f: float) -> None:
    state = spin_glass(**point)
    assert state.free_energy == pytest.approx(f, abs=1e-9)
    assert state.residual < 1e-5
    assert abs(state.replicon) < 1e-3
    if "h" in point:
        assert state["m"] == pytest.approx(0.187789, abs=2e-6)
        assert state["q0"] == pytest.approx(0.3471, abs=3e-4)
        assert state.entropy == pytest.approx(0.0623987, abs=2e-7)
    else:
        assert state["q_EA"] == pytest.approx(0.63815, abs=2e-5)
        assert state.entropy == pytest.approx(0.1594323, abs=1e-7)
        assert state["chi"] == pytest.approx(1, abs=1e-4)


def test_the_function() -> None:
    state = spin_glass(T=0.5)
    for x, q in ((0.05, 0.073843), (0.1, 0.14959), (0.2, 0.30569), (0.3, 0.45258), (0.4, 0.57041)):
        assert 0.5 * state.mu(q) == pytest.approx(x, abs=2e-4)
    table = state.profile(50)
    assert np.all(np.diff(table["x"]) > 0)
    assert np.all(table["P"] > 0)
    # P(q) is the derivative of x
    slope = np.diff(table["x"]) / np.diff(table["q"])
    assert slope == pytest.approx((table["P"][1:] + table["P"][:-1]) / 2, rel=5e-3)
    assert state.mu(0.9) == 2  # 1/T above q_EA


@pytest.mark.slow
def test_response_of_mixed_couplings() -> None:
    """The glass is marginal against an overlap: chi = 1/sqrt(1 - c); mu(0) > 0 with three-spin terms."""
    state = parisi(MIXED(T=0.5, c=0.1), cells=COARSE)
    assert state["chi"] == pytest.approx(1 / np.sqrt(0.9), abs=1e-4)
    assert state.mu(0.0) > 0.05


@pytest.mark.parametrize(
    ("T", "three"),
    [(0.0, -0.8579886336691274), pytest.param(0.5, -0.8836221929888488, marks=pytest.mark.slow)],
)
def test_glass_of_a_network(T: float, three: float) -> None:
    """Further steps raise f: it lies just above that of three."""
    state = parisi(HOPFIELD(alpha=0.5, T=T), "glass", cells=COARSE)
    assert three < state.free_energy < three + 3e-4
    assert state.residual < 1e-4


def test_what_is_refused() -> None:
    with pytest.raises(BranchError):
        parisi(SK(T=1.2))
    with pytest.raises(BranchError, match="not broken"):
        parisi(SK(T=0.9, h=1.0))
    with pytest.raises(ConvergenceError, match="broken in jumps"):
        parisi(THEORIES["p-spin"](T=0.4), "glass")
    units: dict[str, Any] = {"visible": parse("spin"), "hidden": parse("relu")}
    with pytest.raises(ParameterError, match="one layer of spins"):
        parisi(THEORIES["random-rbm"](**units, alpha=0.4, T=0.1), "glass")


def test_no_step_is_lost() -> None:
    """At T = 0.3 three steps have a second solution with q_0 = 0, which is no maximum."""
    from replica import solve

    two, three = (solve(broken(SK, k)(T=0.3)) for k in (2, 3))
    assert three["q0"] == pytest.approx(0.145468, abs=1e-6)
    assert two.free_energy < three.free_energy < -0.76951519


def test_command_line(tmp_path: Path) -> None:
    table = tmp_path / "q.csv"
    result = replica(f"solve mixed-p-spin --rsb full -p T=0.6 -p c=0 --json --profile {table}")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["order"]["q_EA"] == pytest.approx(0.52, abs=0.02)
    with table.open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["q", "mu", "x", "P"]
    assert float(rows[-1][0]) == pytest.approx(told["order"]["q_EA"])
    for words, code, what in (
        ("line sk glass --rsb full -x T=0.2:0.3:2 -y h", 2, "solved at one point"),
        ("solve sk --profile a.csv -p T=1", 2, "add --rsb full"),
        ("solve sk --rsb full -p T=1 -x m=1", 2, "its own solver"),
        ("solve sk --rsb many -p T=1", 2, "nor full"),
        ("solve sk --rsb full -p T=1.2", 3, "no replica-symmetric state"),
    ):
        refused = replica(words)
        assert refused.exit_code == code, words
        assert what in refused.stderr
