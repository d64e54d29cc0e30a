"""Any number of steps of replica symmetry breaking: published energies, limits, and what must not pass."""

import json
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from console import replica
from replica import solve
from replica.breaking import Broken, broken
from replica.breaking.fields import Fields
from replica.breaking.ladder import answers
from replica.errors import ParameterError
from replica.functional import Coupling, Layer, Model, theory_of
from replica.solving import locate, minimise
from replica.theories import THEORIES
from replica.theory import Theory
from replica.units import Bernoulli, Gaussian, Potential, ReLU, Spin, Unit, parse

SK, HOPFIELD, RBM = (THEORIES[name] for name in ("sherrington-kirkpatrick", "hopfield", "random-rbm"))
GLASS = theory_of(
    Model("my-glass", parameters={"T": 0.0}, layers=[Layer("s")], couplings=[Coupling("s s", "1/2")])
)
LAW: dict[str, Any] = {
    "weight": np.array([0.5, 0.3, 0.2]),
    "shift": np.array([[1.0, -0.5, 0.0]]),
    "width": np.array([[0.0, 0.1, 0.2]]),
    "tilt": np.array([[0.5, -0.15, 0.0]]),
    "tail": np.array([[0.0, 0.03, 0.04]]),
    "strength": np.array([0.4]),
}
ROWS = ("phi", "square", "response", "gap", "projected")


def fields(k: int, T: float) -> Fields:
    return Fields(np.array([0.2, 0.15, 0.12])[: k + 1], np.array([0.7, 1.1])[:k], 0.1, T, **LAW)


# -- one layer ------------------------------------------------------------------------------------------


def moved(given: Fields, column: int, by: float) -> Fields:
    k, changes = given.steps, {}
    for name, first in (("variance", 0), ("mu", k + 1), ("strength", 2 * k + 2)):
        values = getattr(given, name).copy()
        if first <= column < first + len(values):
            values[column - first] += by
            changes[name] = values
    return replace(given, **changes) if changes else replace(given, a=given.a + by)


@pytest.mark.parametrize("T", [0.0, 0.3])
@pytest.mark.parametrize("unit", [Spin(), Bernoulli(g=-0.2), ReLU(theta=0.3), Gaussian(g=0.2)], ids=str)
@pytest.mark.parametrize("k", [1, 2])
def test_derivatives_of_a_layer(unit: Unit, k: int, T: float) -> None:
    given, h = fields(k, T), 1e-4
    known = answers(unit, given, slopes=True)
    for column in range(given.columns):
        there = [answers(unit, moved(given, column, n * h)) for n in (-2, -1, 1, 2)]
        for name in ROWS:
            a, b, c, d = (getattr(one, name)[0] for one in there)
            slope = (a - 8 * b + 8 * c - d) / (12 * h)
            assert getattr(known, name)[1 + column] == pytest.approx(slope, rel=1e-9, abs=1e-9), (
                column,
                name,
            )


@pytest.mark.parametrize("T", [0.0, 0.3])
def test_gaussian_units_are_closed_and_so_is_their_potential(T: float) -> None:
    """The recursion on grids gives what the closed form does."""
    if T == 0:
        one, other = answers(Gaussian(), fields(2, 0.0)), answers(_AsIs(), fields(2, 0.0))
    else:
        one, other = answers(Gaussian(), fields(2, T)), answers(_AsIs(), fields(2, T))
    for name in ROWS:
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-11, abs=1e-12), name


class _AsIs(Gaussian):
    """A Gaussian unit of which nothing closed is known."""


def test_weights_far_from_the_middle_of_the_field() -> None:
    """The inner weight of a soft relu unit lies at many widths of the field: no fixed rule sees it."""
    soft = Fields(np.array([0.3, 0.12]), np.array([7.5]), 0.05, 0.02)
    found = answers(ReLU(), soft, slopes=True)
    assert found.phi[1 + 2] * 7.5 == pytest.approx(found.gap[0, 0], rel=1e-10)  # d phi/d mu = gap/mu
    y = np.linspace(-8, 8, 4001) * np.sqrt(0.3)
    z = np.linspace(-12, 300, 60001)
    unit, inner = ReLU(), []
    for field in y[::40]:
        logs = 7.5 * 0.02 * unit.log_partition(field + np.sqrt(0.12) * z, 0.05, 0.02) - z**2 / 2
        top = logs.max()
        inner.append((top + np.log(np.sum(np.exp(logs - top)) * (z[1] - z[0]) / np.sqrt(2 * np.pi))) / 7.5)
    points = y[::40]
    weight = np.exp(-(points**2) / 0.6) / np.sqrt(0.6 * np.pi) * (points[1] - points[0])
    assert found.phi[0] == pytest.approx(weight @ np.array(inner), rel=1e-9)


@pytest.mark.parametrize("T", [0.0, 0.2])
@pytest.mark.parametrize("unit", [Spin(), ReLU(theta=0.2)], ids=str)
def test_a_level_that_adds_nothing_is_none(unit: Unit, T: float) -> None:
    for d, mu, less in (([0.2, 0.3, 0.0], [0.7, 1.1], 0.7), ([0.2, 0.0, 0.3], [0.7, 1.1], 1.1)):
        more = answers(unit, Fields(np.array(d), np.array(mu), 0.1, T))
        fewer = answers(unit, Fields(np.array([0.2, 0.3]), np.array([less]), 0.1, T))
        assert more.phi[0] == pytest.approx(fewer.phi[0], rel=1e-13)
        assert np.sum(more.square[0]) == pytest.approx(np.sum(fewer.square[0]), rel=1e-13)
    one = answers(unit, Fields(np.array([0.2, 0.1, 0.2]), np.array([0.9, 0.9]), 0.1, T))  # mu_1 = mu_2
    assert one.phi[0] == pytest.approx(
        answers(unit, Fields(np.array([0.2, 0.3]), np.array([0.9]), 0.1, T)).phi[0], rel=1e-12
    )


def test_what_is_no_parabola_needs_a_temperature() -> None:
    with pytest.raises(ParameterError, match="take a small temperature"):
        answers(Potential(lambda s: s**4), Fields(np.array([0.2, 0.1]), np.array([0.9]), 0.1, 0.0))


# -- theories -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "k", "branch", "point", "energy"),
    [
        (SK, 1, "glass", {"T": 0.0}, -0.765259434673683),
        (SK, 2, "glass", {"T": 0.0}, -0.763608010538471),
        (SK, 3, "glass", {"T": 0.0}, -0.763313480980418),
        (THEORIES["bipartite-sk"], 1, "glass", {"alpha": 1.0, "T": 0.0}, -1.5305188693477776),
        (THEORIES["p-spin"], 1, "glass", {"T": 0.0}, -0.81353496398423),
        (
            RBM,
            1,
            "glass",
            {"visible": parse("spin"), "hidden": parse("spin"), "alpha": 0.5, "T": 0.0},
            -0.9250507252502357,
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_energies(kind: type[Theory], k: int, branch: str, point: dict[str, Any], energy: float) -> None:
    state = solve(broken(kind, k)(**point), branch)
    assert state.free_energy == pytest.approx(energy, abs=2e-12)
    assert state.replicon == -np.inf  # of discrete units at T = 0, at every finite k


def test_relu_units_break_further_than_their_figures_say() -> None:
    units = {"visible": parse("bernoulli:g=-0.16"), "hidden": parse("relu:theta=1.5")}
    state = solve(broken(RBM)(**units, alpha=0.5, T=0.0), "glass")
    assert state.free_energy == pytest.approx(-0.016890014206, abs=1e-11)
    assert state.free_energy > solve(RBM(**units, alpha=0.5, T=0.0), "glass").free_energy + 1e-3


def test_one_step_moves_the_border_of_the_compositional_phase() -> None:
    """From g = -0.194692, replica symmetric, to -0.185435 at alpha = 0.5, theta = 1.5."""
    point = THEORIES["compositional"](alpha=0.5, theta=1.5, g=-0.185435, l=0.4)
    compositional = minimise(point, "retrieval", "l").free_energy
    glass, slope = solve(broken(point), "glass").free_energy, 0.18  # d/dg of the difference, about
    assert abs(glass - compositional) < 1e-6 * slope
    assert solve(point, "glass").free_energy < compositional - 1e-3


def test_states_of_p_spin_couplings() -> None:
    """Dynamical, static and Gardner temperature, and the glass up to where x = 1."""
    for p, dynamical, static in (
        (3, 0.681598040576, 0.651385226936),
        (5, 0.700141707122, 0.606951730236),
        (10, 0.838289828487, 0.600687750718),
    ):
        planted = THEORIES["planted-p-spin"](T=0.6, p=p)
        assert locate(planted, "dynamical", "T").value == pytest.approx(dynamical, abs=1e-12)
        assert locate(planted, "kauzmann", "T").value == pytest.approx(static, abs=1e-12)
    cold, warm = (solve(broken(THEORIES["p-spin"])(T=T), "glass") for T in (0.240260036, 0.651))
    assert cold.replicon == pytest.approx(0, abs=1e-8)
    assert 0.999 < warm["x1"] < 1
    assert not solve(broken(THEORIES["p-spin"])(T=0.652), "glass", throw=False).success


def test_units_by_their_names() -> None:
    state = replica(
        "solve random-rbm --visible spin --hidden relu --rsb 1 -p alpha=0.4 -p T=0 -p l=0 --branch glass"
    )
    assert state.exit_code == 0, state.stderr


@pytest.mark.parametrize("point", [{"T": 0.5}, {"T": 0.5, "h": 0.2}], ids=str)
def test_one_step_of_spin_glasses(point: dict[str, float]) -> None:
    mine, named = (
        solve(broken(SK)(**point), "glass"),
        solve(THEORIES["sherrington-kirkpatrick-1rsb"](**point)),
    )
    assert mine.free_energy == pytest.approx(named.free_energy, abs=1e-13)
    for one, other in (("q0", "q0"), ("q1", "q1"), ("C", "C"), ("x1", "x")):
        assert mine.order[one] == pytest.approx(named.order[other], rel=1e-9)
    assert (mine.entropy, mine.replicon) == pytest.approx((named.entropy, named.replicon), rel=1e-9)


@pytest.mark.parametrize("T", [0.0, 0.01])
def test_one_step_of_retrieval(T: float) -> None:
    alpha = 0.137
    mine, named = (solve(kind(alpha=alpha, T=T)) for kind in (broken(HOPFIELD), THEORIES["hopfield-1rsb"]))
    assert mine.free_energy == pytest.approx(named.free_energy, abs=1e-13)
    assert (mine["m"], mine["q0"], mine["mu1"] * named["tau"]) == pytest.approx(
        (named["m"], named["q0"], 1), rel=1e-8
    )


def test_retrieval_beyond_the_end_of_the_symmetric_state() -> None:
    """0.1379 is where the replica-symmetric state ends, 0.138186 where the broken one does."""
    assert solve(broken(HOPFIELD)(alpha=0.138, T=0.0))["m"] == pytest.approx(0.970700317, abs=1e-8)


def test_steps_raise_f_and_close_the_gap() -> None:
    states = [solve(broken(GLASS, k)(T=0.5), "glass") for k in (1, 2)]
    exact = -0.79117757493  # Parisi
    assert states[0].free_energy < states[1].free_energy < exact
    assert states[0].replicon < states[1].replicon < 0
    assert np.all(np.diff([states[1][name] for name in ("q0", "q1", "q2")]) > 0)
    assert 0 < states[1]["x1"] < states[1]["x2"] < 1


def test_jacobian_and_gradient() -> None:
    theory = broken(HOPFIELD, 2)(alpha=0.3, T=0.4)
    x = np.array([0.3, 0.3, 0.5, 0.7, 0.5, 0.2, 0.5])
    J, h = theory.jacobian(x), 1e-4
    assert J is not None
    for j in range(7):
        e = np.eye(7)[j] * h
        a, b, c, d = (theory.update(x + n * e) for n in (-2, -1, 1, 2))
        assert J[:, j] == pytest.approx((a - 8 * b + 8 * c - d) / (12 * h), rel=1e-6, abs=1e-7)


def test_f_is_stationary() -> None:
    state = solve(broken(SK, 2)(T=0.4, h=0.1), "glass")
    h = 1e-4
    for e in np.eye(len(state.x)) * h:
        a, b, c, d = (state.theory.free_energy(state.x + n * e) for n in (-2, -1, 1, 2))
        assert abs(a - 8 * b + 8 * c - d) / (12 * h) < 1e-9


# -- what must not pass -----------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [1.0, 1.3])
def test_where_nothing_breaks_nothing_is_found(T: float) -> None:
    assert not solve(broken(GLASS)(T=T), "glass", throw=False).success


def test_an_unbroken_solution_is_none() -> None:
    """With q_1 = q_0 any mu would solve the equations of the overlaps."""
    theory = broken(GLASS)(T=0.5)
    q = float(solve(GLASS(T=0.5), "glass")["q"])
    x = np.array([q, q, (1 - q) / 0.5, 1.0])
    assert not theory.belongs("glass", x)
    assert not np.all(np.isfinite(theory.residual(x)))


def test_x_is_at_most_one() -> None:
    theory = broken(GLASS)(T=0.5)
    state = solve(theory, "glass").x
    beyond = state.copy()
    beyond[-1] = 2.1
    assert theory.physical(state)
    assert not theory.physical(beyond)


def test_almost_converged_is_not_converged() -> None:
    """f is flat: an error of 1e-5 in the overlaps is one of 1e-10 in f, and the residual says so."""
    state = solve(broken(GLASS)(T=0.0), "glass")
    off = state.x + np.array([1e-5, 0, 0, 0])
    assert state.theory.free_energy(off) == pytest.approx(state.free_energy, abs=1e-9)
    assert np.max(np.abs(state.theory.residual(off))) > 1e-7
    assert np.max(np.abs(state.theory.residual(state.x))) < 1e-13


def test_classes_and_points() -> None:
    assert broken(GLASS, 2) is broken(GLASS, 2)
    point = Broken(GLASS(T=0.3), steps=2)
    assert type(point) is broken(GLASS, 2)
    assert pickle.loads(pickle.dumps(point)) == point
    assert point.order == ("q0", "q1", "q2", "C", "mu1", "mu2")
    for given, steps, told in (
        (GLASS, 0, "at least 1"),
        (GLASS, 1.5, "whole number"),
        (3, 1, "not 3"),
        (THEORIES["curie-weiss"], 1, "ingredients are not known"),
    ):
        with pytest.raises(ParameterError, match=told):
            broken(given, steps)


def test_batches() -> None:
    points = solve(broken(GLASS)(T=np.array([0.0, 0.5, 1.2])), "glass")
    assert list(points.success) == [True, True, False]
    assert points.free_energy[0] == pytest.approx(-0.765259434673683, abs=1e-12)


def test_command_line() -> None:
    result = replica("solve sherrington-kirkpatrick --rsb 2 -p T=0 --json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["free_energy"] == pytest.approx(-0.763608010538471, abs=1e-12)
    assert [name for name in told["order"] if name[0] == "q"] == ["q0", "q1", "q2"]
    refused = replica("solve curie-weiss --rsb 2 -p T=0.5")
    assert refused.exit_code == 2
    assert "no 2-step replica symmetry breaking" in refused.stderr
