"""The example that a user would write: sparsely coded patterns, beside values of independent code."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replica.solving import critical, solve
from replica.testing import Check, theory_checks
from replica.theories import Hopfield

PATH = Path(__file__).parents[1] / "examples" / "sparse_coding.py"


def example() -> Any:
    """The class; its module is known by name, so that it can be pickled."""
    import sys

    spec = importlib.util.spec_from_file_location("sparse_coding", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SparseCoding


SparseCoding = example()

POINTS = [
    SparseCoding(alpha=0.1, a=0.1, g=-0.5, T=0.05),
    SparseCoding(alpha=0.4, a=0.02, g=-0.6),
    SparseCoding(alpha=0.03, a=0.5, g=-0.05, T=0.02),
]


@pytest.mark.parametrize(
    "check",
    [pytest.param(one, id=f"{point.where}-{one}") for point in POINTS for one in theory_checks(point)],
)
def test_the_example_keeps_what_a_theory_promises(check: Check) -> None:
    note = check()
    assert bool(note) == (check.name in {"slope", "entropy", "symmetry", "converse"})


def test_a_point_at_finite_temperature() -> None:
    """Five coupled equations of two layers, solved and integrated by other code; good to 11 digits."""
    state = solve(SparseCoding(alpha=0.1, a=0.1, g=-0.5, T=0.05))
    known = {
        "m": 0.2996908609551326,
        "q": 0.09982196559865676,
        "C": 0.003998923795345388,
        "r": 0.10062514100417326,
        "B": 1.0040149793919737,
    }
    for name, value in known.items():
        assert state[name] == pytest.approx(value, rel=1e-11), name
    assert state.free_energy == pytest.approx(-1.0125163013345595e-05, abs=1e-14)
    assert state["activity"] == pytest.approx(state["q"] + 0.05 * state["C"], rel=1e-15)


@pytest.mark.parametrize(
    ("g", "capacity"), [(-0.45, 0.2253), (-0.5, 0.2618), (-0.55, 0.2987), (-0.6, 0.3353)]
)
def test_capacity_depends_on_the_field(g: float, capacity: float) -> None:
    assert critical(SparseCoding(alpha=0.0, a=0.1, g=g)).value == pytest.approx(capacity, abs=5e-5)


def test_capacity_at_the_best_field_is_the_extremum_of_other_code() -> None:
    """0.4409672442, the maximum over noise and threshold; the field is where the example finds its tip."""
    tip = SparseCoding(alpha=0.4409, a=0.1, g=-0.7788197278515975)
    near = solve(tip, start=[0.2450524, 0.0891753, 0.1831393])
    values = [_fold(tip.g + step, near.x) for step in (-1e-3, 0.0, 1e-3)]
    assert values[1] == pytest.approx(0.4409672442, abs=1e-10)
    assert values[1] > max(values[0], values[2])


def _fold(g: float, x: Any) -> float:
    from replica.solving import locate
    from replica.solving.derivatives import jacobian

    theory = SparseCoding(alpha=0.4409, a=0.1, g=g)
    *_, direction = np.linalg.svd(jacobian(theory, x) - np.eye(3))[2]
    point = locate(theory, "spinodal", "alpha", near=np.concatenate([x, direction]), value=theory.alpha)
    assert point.located
    return point.value


def test_half_of_the_neurons_active_is_the_hopfield_network() -> None:
    """At a = 1/2 and T = 0, in the field that keeps half of them active: half the load and the overlap."""
    hopfield = solve(Hopfield(alpha=0.1, T=0.0), "retrieval")
    C = hopfield["C"]
    state = solve(SparseCoding(alpha=0.05, a=0.5, g=-0.05 / (1 - C) / 2))
    assert state["m"] == pytest.approx(hopfield["m"] / 2, abs=1e-13)
    assert state["C"] == pytest.approx(C, abs=1e-13)
    assert state["activity"] == pytest.approx(0.5, abs=1e-14)
