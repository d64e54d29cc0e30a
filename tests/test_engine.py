"""Solvers, search, continuation, location and minimisation: on toys that are known exactly, on theories."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems import (
    Cliff,
    Cusp,
    Failing,
    Four,
    Nowhere,
    Pitchfork,
    Ring,
    Rootless,
    Saddle,
    Slope,
    Spiral,
    Spurious,
    Valley,
)
from replica import interrupts
from replica.errors import BranchError, ConvergenceError, LocateError, ParameterError, UnknownNameError
from replica.numerics.functions import H
from replica.numerics.spins import spin_averages
from replica.solving import (
    FixedPoint,
    Located,
    Newton,
    Solution,
    Status,
    Stepping,
    Stop,
    critical,
    find,
    locate,
    minimise,
    polish,
    profile,
    search,
    solve,
    trace,
)
from replica.solving.continuation import follow
from replica.solving.derivatives import determinant, difference, hessian, jacobian, signature, solve_linear
from replica.solving.systems import System, refine
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    Mixtures,
    SemiRestricted,
    SherringtonKirkpatrick,
    ThresholdedHopfield,
)
from replica.theory import Fold, Phase, Theory, Zero

SOLVERS = [Newton(), FixedPoint(), FixedPoint(damping=0.9, tol=1e-9)]
NAMES = ["newton", "fixed-point", "fixed-point-0.9"]
every_solver = pytest.mark.parametrize("solver", SOLVERS, ids=NAMES)


def undamped(theory: Theory, x: Any) -> Any:
    """Largest component of update(x) - x, worked out here."""
    return np.max(np.abs(theory.update(x) - x), axis=0)


# -- solvers ------------------------------------------------------------------------------------------------


@every_solver
@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (1, 2, 1), (0,), (3, 0)])
def test_a_batch_of_any_shape(solver: Any, shape: tuple[int, ...]) -> None:
    root = np.linspace(-2, 3, int(np.prod(shape))).reshape(shape)[()]
    theory = Slope(s=-0.3, root=root)
    start = np.zeros((1, *shape))
    solution = solver.run(theory, start)
    assert solution.x.shape == start.shape
    assert np.shape(solution.residual) == np.shape(solution.status) == np.shape(solution.iterations) == shape
    assert np.all(solution.success)
    # residual 1.3 |x - root| <= tol (1 + |x|)
    np.testing.assert_allclose(solution.x[0], root, atol=solver.tol * 4 / 1.3)
    np.testing.assert_array_equal(start, 0)


@every_solver
def test_starts_and_parameters_broadcast_against_each_other(solver: Any) -> None:
    solution = solver.run(Slope(s=0.2, root=np.array([1.0, 2.0])), np.zeros((1, 3, 1)))
    np.testing.assert_allclose(solution.x[0], [[1, 2]] * 3, atol=solver.tol * 4)
    one_theory = solver.run(Slope(s=0.2, root=1.0), np.array([[0.0, 5.0, -1.0]]))
    assert one_theory.success.tolist() == [True] * 3


@every_solver
def test_points_of_a_batch_do_not_see_each_other(solver: Any) -> None:
    theory = Hopfield(alpha=np.array([0.02, 0.05, 0.5, 0.1]), T=np.array([0.1, 0.3, 0.1, 0.0]))
    together = solver.run(theory, theory.start("retrieval"))
    for i in range(4):
        alone = solver.run(theory.take(i), theory.take(i).start("retrieval"))
        assert alone.status == together.status[i]
        assert alone.iterations == together.iterations[i]
        np.testing.assert_allclose(alone.x, together.x[:, i], rtol=1e-12, atol=1e-14)


def test_more_points_than_one_block_holds() -> None:
    alpha = np.linspace(0.001, 0.13, 20000)
    batch = solve(Hopfield(alpha=alpha, T=0.0), "retrieval")
    assert np.all(batch.success)
    for i in (0, 16383, 16384, 19999):
        one = solve(Hopfield(alpha=alpha[i], T=0.0), "retrieval")
        np.testing.assert_allclose(batch.x[:, i], one.x, rtol=1e-12)


@every_solver
def test_the_start_is_left_alone(solver: Any) -> None:
    theory = Hopfield(alpha=0.1, T=0.2)
    start = theory.start("retrieval")
    before = start.copy()
    start.flags.writeable = False
    solver.run(theory, start)
    solver.run(theory, [0.9, 0.1])
    np.testing.assert_array_equal(start, before)


@every_solver
def test_the_residual_is_the_undamped_one(solver: Any) -> None:
    theory = Hopfield(alpha=np.array([0.03, 0.1, 0.4]), T=0.3)
    short = replace(solver, max_iterations=3)
    solution = short.run(theory, theory.start("retrieval"))
    np.testing.assert_allclose(solution.residual, undamped(theory, solution.x), rtol=1e-6, atol=1e-15)


def test_damping_does_not_make_a_point_look_converged() -> None:
    """A step of size damping * residual is below tol long before the residual is."""
    solution = FixedPoint(damping=1e-6, tol=1e-4, max_iterations=10).run(Slope(s=0.5, root=1.0), [0.0])
    assert solution.outcome is Status.ITERATION_LIMIT
    assert solution.residual == pytest.approx(0.5, abs=1e-4)


@given(st.floats(-0.9, 0.95), st.floats(0.05, 1.0))
def test_fixed_point_takes_the_predicted_number_of_iterations(s: float, damping: float) -> None:
    """The error shrinks by |1 - damping (1 - s)| per iteration, the residual with it."""
    factor = abs(1 - damping * (1 - s))
    solver = FixedPoint(damping=damping, tol=1e-10, max_iterations=10_000)  # the slowest takes 8,000
    solution = solver.run(Slope(s=s, root=1.0), [0.0])
    assert solution.success
    if factor > 1e-3:
        # from (1 - s) to tol (1 + |x|) with x near 1
        predicted = math.log(2e-10 / (1 - s)) / math.log(factor)
        assert solution.iterations == pytest.approx(predicted, abs=2)


def test_newton_needs_one_step_where_the_map_is_linear() -> None:
    solution = Newton(warmup=0).run(
        Slope(s=np.array([-50.0, -1.0, 0.999999, 3.0]), root=2.0), np.zeros((1, 4))
    )
    np.testing.assert_allclose(solution.x[0], 2, rtol=1e-9)
    assert np.all(solution.iterations <= 3)  # one step, one to see that it was the last


@given(st.floats(-30, -1.001))
def test_damped_iteration_converges_just_below_its_largest_damping_and_not_above(s: float) -> None:
    """A slope below 1 - 2/damping can never converge."""
    limit = 2 / (1 - s)
    below = FixedPoint(damping=0.9 * limit).run(Slope(s=s, root=1.0), [0.9])
    above = FixedPoint(damping=min(1.02 * limit, 1.0), max_iterations=300).run(Slope(s=s, root=1.0), [0.9])
    assert below.success
    assert not above.success
    assert Newton().run(Slope(s=s, root=1.0), [0.9]).success


@pytest.mark.parametrize("k", [0.5, 1.5, 4.0])
def test_damped_iteration_of_a_spiral(k: float) -> None:
    limit = 2 / (1 + k * k)
    inside = FixedPoint(damping=min(0.9 * limit, 1.0)).run(Spiral(k=k), [0.0, 0.0])
    assert inside.success
    np.testing.assert_allclose(inside.x, [1, 2], atol=1e-10)
    if limit < 0.95:
        assert not FixedPoint(damping=1.05 * limit, max_iterations=500).run(Spiral(k=k), [0.0, 0.0]).success
    np.testing.assert_allclose(Newton().run(Spiral(k=k), [0.0, 0.0]).x, [1, 2], atol=1e-12)


def test_slow_contraction_ends_at_the_limit_with_an_honest_residual() -> None:
    theory = Slope(s=1 - 1e-6, root=1.0)
    slow = FixedPoint(damping=1.0, max_iterations=1000).run(theory, [0.0])
    assert slow.outcome is Status.ITERATION_LIMIT
    assert slow.iterations == 1000
    assert slow.residual == pytest.approx(1e-6 * (1 - 1e-6) ** 1000, rel=1e-6)
    # the residual 1e-6 |x - 1| of rounding 1e-16 leaves 1e-10
    assert Newton().run(theory, [0.0]).x[0] == pytest.approx(1, abs=1e-9)


def test_damping_of_the_hopfield_glass() -> None:
    """The map's slope on the T = 0 glass branch at alpha = 0.1 is -2.52: damping 0.6 fails, 0.5 converges."""
    theory = Hopfield(alpha=0.1, T=0.0)
    root = solve(theory, "glass")
    slope = jacobian(theory, root.x)[1, 1]
    assert slope == pytest.approx(-2.52, abs=0.005)
    start = theory.state(m=0.0, C=float(root["C"]) + 0.01)
    for damping in (0.3, 0.5, 0.55):
        assert damping < 2 / (1 - slope)
        assert FixedPoint(damping=damping).run(theory, start).success
    for damping in (0.6, 0.8):
        assert damping > 2 / (1 - slope)
        assert not FixedPoint(damping=damping, max_iterations=5000).run(theory, start).success
    newton = Newton().run(theory, theory.start("glass"))
    assert newton.success
    assert newton.iterations < 10


def test_each_point_has_its_own_status() -> None:
    a = np.array([0.0, 0.75, 3.0])
    solution = Newton().run(Saddle(a=a), np.ones((1, 3)))
    assert solution.success.tolist() == [True, True, False]
    np.testing.assert_allclose(solution.x[0, :2], [1, 0.5], atol=1e-12)
    assert solution.status[2] == Status.ITERATION_LIMIT.code
    assert np.all(solution.residual[:2] < 1e-11)
    assert solution.residual[2] >= 2  # |1 - a - x^2| has no zero


@every_solver
def test_formulas_that_are_nan_are_unphysical_not_an_exception(solver: Any) -> None:
    solution = solver.run(Nowhere(), np.zeros((2, 3)))
    assert np.all(solution.status == Status.UNPHYSICAL.code)
    assert np.all(np.isnan(solution.x))
    assert np.all(np.isnan(solution.residual))
    assert np.all(solution.iterations == 0)


def test_a_start_that_is_nan_is_unphysical_at_its_place_only() -> None:
    solution = Newton().run(Slope(s=0.5, root=1.0), np.array([[0.0, np.nan, 2.0]]))
    assert solution.success.tolist() == [True, False, True]
    assert solution.status[1] == Status.UNPHYSICAL.code


@every_solver
def test_no_root_no_success(solver: Any) -> None:
    solution = solver.run(Rootless(), np.linspace(-3, 3, 13)[None])
    assert not np.any(solution.success)


@given(st.floats(0.11, 3.0))
def test_roots_outside_the_domain_are_never_reported(start: float) -> None:
    """x^3 = x has roots at 0 and -1 as well; Newton from 1/2 would land on -1 exactly."""
    for solver in (Newton(), Newton(warmup=0), FixedPoint()):
        solution = solver.run(Spurious(), [start])
        if solution.success:
            assert solution.x[0] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.01, 0.02, 0.03, 0.04])
def test_the_spurious_glass_of_the_hopfield_network(alpha: float) -> None:
    """At T = 0.3 an ungated Newton iteration converges to q = 0.62 ... 0.66 with C > 1; the root: q > 0.7."""
    for C in (0.8, 0.95, 1.05, 1.3):
        solution = Newton().run(Hopfield(alpha=alpha, T=0.3), [0.0, C])
        if solution.success:
            assert 0.7 < float(solution["q"]) < 0.8
    assert 0.72 < float(solve(Hopfield(alpha=alpha, T=0.3), "glass")["q"]) < 0.77


@pytest.mark.parametrize("gap", [1e-4, 1e-8, 1e-11])
def test_next_to_a_fold_a_small_residual_is_not_enough(gap: float) -> None:
    """x^2 = gap: a residual of 1e-12 alone leaves an error of 1e-12/(2 sqrt(gap)), or 1e-6 at the fold."""
    solution = Newton().run(Saddle(a=1 - gap), [0.8])
    assert solution.success
    root = math.sqrt(1 - (1 - gap))
    # step_tol = 1e-9, and Newton's last step is larger than the error behind it
    assert solution.x[0] == pytest.approx(root, abs=1e-9)


@pytest.mark.parametrize("damping", [0.0, -0.5, 1.5, np.nan, np.inf])
def test_damping_outside_its_range_is_refused(damping: float) -> None:
    with pytest.raises(ParameterError, match="damping"):
        FixedPoint(damping=damping)


@pytest.mark.parametrize("kind", [Newton, FixedPoint])
@pytest.mark.parametrize("tol", [0.0, -1e-9, np.nan, np.inf])
def test_a_tolerance_that_is_none_is_refused(kind: Any, tol: float) -> None:
    with pytest.raises(ParameterError, match="tol"):
        kind(tol=tol)


@pytest.mark.parametrize("kind", [Newton, FixedPoint])
@pytest.mark.parametrize("limit", [0, -3, 2.5])
def test_a_limit_that_allows_nothing_is_refused(kind: Any, limit: float) -> None:
    with pytest.raises(ParameterError, match="max_iterations"):
        kind(max_iterations=limit)


@pytest.mark.parametrize("settings", [{"warmup": -1}, {"step_tol": 0.0}, {"step_tol": np.nan}])
def test_newton_settings_without_a_meaning_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(settings))):
        Newton(**settings)


# -- solutions ----------------------------------------------------------------------------------------------


def test_status_has_one_success_and_a_sentence_for_each() -> None:
    assert [status for status in Status if status.code == 0] == [Status.CONVERGED]
    assert len({status.value for status in Status}) == len(Status)
    assert all(status.value for status in Status)


def test_a_single_failure_raises_and_carries_the_solution() -> None:
    with pytest.raises(ConvergenceError) as caught:
        solve(Rootless(), start=[0.3])
    solution = caught.value.solution
    assert isinstance(solution, Solution)
    assert solution.outcome is Status.ITERATION_LIMIT
    assert str(caught.value).startswith("rootless(a=0): iteration limit reached (residual ")
    assert solve(Rootless(), start=[0.3], throw=False).outcome is Status.ITERATION_LIMIT


def test_bulk_work_never_raises_unless_it_is_asked_to() -> None:
    theory = Hopfield(alpha=np.array([0.05, 0.5, 0.7]), T=0.1)
    solution = solve(theory, "retrieval")
    assert solution.success.tolist() == [True, False, False]
    assert np.isnan(solution.x[:, 1:]).all()
    with pytest.raises(ConvergenceError, match="2 of 3 points failed") as caught:
        solve(theory, "retrieval", throw=True)
    assert caught.value.solution.success.tolist() == [True, False, False]


def test_a_solver_that_always_fails_is_believed() -> None:
    with pytest.raises(ConvergenceError):
        solve(Hopfield(alpha=0.05, T=0.1), "retrieval", solver=Failing())
    many = solve(Hopfield(alpha=np.array([0.05, 0.06]), T=0.1), "retrieval", solver=Failing())
    assert not many.success.any()
    assert np.isnan(many.x).all()
    assert search(Hopfield(alpha=0.05, T=0.1), solver=Failing()) == []


def test_order_parameters_by_name() -> None:
    solution = solve(Hopfield(alpha=0.05, T=0.2))
    assert set(solution.order) == {"m", "C", "q", "r"}
    assert solution["q"] == pytest.approx(1 - 0.2 * solution["C"])
    with pytest.raises(UnknownNameError, match="order parameter of hopfield 'Q'"):
        solution["Q"]


@pytest.mark.parametrize(
    "theory",
    [
        Hopfield(alpha=np.array([[0.01, 0.5], [0.1, 0.2]]), T=np.array([0.0, 0.9])),
        Mixtures(n=np.array([1, 3, 6]), T=np.array([[0.1], [1.5]])),
        ThresholdedHopfield(alpha=np.array([0.1, 50.0]), theta=np.array([[0.5], [-0.5]])),
        Compositional(alpha=np.array([0.1, 9.0]), theta=1.0, g=-0.2, l=np.array([[0.5], [3.0]])),
        Compositional(alpha=np.array([0.1, 9.0]), theta=1.0, g=-0.2, p=0.1, L=np.array([[2], [30]])),
        CurieWeiss(T=np.array([0.0, 0.5, 2.0]), h=np.array([[-0.5], [0.0]])),
        BlumeCapel(T=np.array([0.0, 0.3, 2.0]), D=np.array([[-0.5], [0.9]])),
    ],
    ids=lambda theory: theory.name,
)
def test_every_branch_of_every_theory_in_bulk(theory: Theory) -> None:
    """Whatever exists and whatever does not: no exception, no warning, and each success is one."""
    for branch in theory.branches:
        solution = solve(theory, branch)
        assert np.shape(solution.status) == theory.batch
        assert np.isnan(solution.x[:, ~solution.success]).all()
        spread = theory.at(
            **{k: np.broadcast_to(v, theory.batch) for k, v in theory.values.items() if np.ndim(v)}
        )
        good = np.flatnonzero(solution.success)
        part, x = spread.take(good), solution.x.reshape(len(theory.order), -1)[:, good]
        if good.size:
            assert np.all(undamped(part, x) < 1e-11 * (1 + np.max(np.abs(x), axis=0)))
            assert np.all(part.belongs(branch, x))
            assert np.all(part.physical(x))


# -- branches -----------------------------------------------------------------------------------------------


def test_a_branch_that_has_ended_says_where() -> None:
    with pytest.raises(BranchError) as caught:
        solve(Hopfield(alpha=0.2, T=0.0), "retrieval")
    assert str(caught.value) == "no retrieval solution at alpha=0.2, T=0: it ends at alpha_c=0.137906"
    assert caught.value.ends.first_fold() == pytest.approx(0.137905566, abs=1e-8)
    assert not caught.value.solution.success


@pytest.mark.parametrize(
    ("theory", "message"),
    [
        (Hopfield(alpha=0.11, T=0.3), "it ends at alpha_c=0.10333"),
        (ThresholdedHopfield(alpha=1.0, theta=0.2), "it ends at alpha_c=0.22148"),
        (Compositional(alpha=2.0, theta=1.0, g=-0.2, l=1.0), "it ends at alpha_c=1.67756"),
        (Hopfield(alpha=0.1, T=2.0), "what exists here: paramagnet"),
        (Hopfield(alpha=0.1, T=1.2), "what exists here: glass"),
        (BlumeCapel(T=0.9, D=0.3), "what exists here: paramagnet"),
        (CurieWeiss(T=1.2, h=0.0), "what exists here: paramagnet"),
    ],
    ids=lambda value: value.describe() if isinstance(value, Theory) else "",
)
def test_what_exists_instead(theory: Theory, message: str) -> None:
    with pytest.raises(BranchError, match=message.replace(".", r"\.")):
        solve(theory)


def test_a_mixture_above_its_critical_temperature_does_not_end_at_the_stability_limit() -> None:
    """The 3-mixture exists up to T = 1; T_n = 0.46 is where it becomes unstable."""
    with pytest.raises(BranchError) as caught:
        solve(Mixtures(n=3, T=1.1))
    assert "T_n" not in str(caught.value)


def test_a_trivial_branch_out_of_place_does_not_end_at_a_fold() -> None:
    """m = 0 exists at h = 0 only; the fold at h = 0.266 is that of another branch."""
    with pytest.raises(BranchError) as caught:
        solve(CurieWeiss(T=0.5, h=0.9), "paramagnet")
    assert "ends at" not in str(caught.value)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'retrieval'"):
        solve(Hopfield(alpha=0.1, T=0.1), "retreival")
    with pytest.raises(UnknownNameError, match="order parameter of hopfield 'z'"):
        solve(Hopfield(alpha=0.1, T=0.1), start={"z": 1.0})


@dataclass(frozen=True)
class Answers:
    """A solver that converges to whatever it is told."""

    x: float

    def run(self, theory: Theory, start: Any) -> Solution:
        return Solution(theory, np.array([self.x]), 0.0, np.int8(0), 0)


def test_the_far_side_of_a_fold_is_not_the_branch() -> None:
    solution = solve(Saddle(a=0.75), "upper", solver=Answers(-0.5), throw=False)
    assert solution.outcome is Status.UNSTABLE
    assert np.isnan(solution.x).all()
    with pytest.raises(BranchError):
        solve(Saddle(a=0.75), "upper", solver=Answers(-0.5))
    assert solve(Saddle(a=0.75), "upper", solver=Answers(0.5)).success


def test_another_branch_is_not_the_branch() -> None:
    solution = solve(Pitchfork(a=1.0), "broken", solver=Answers(0.0), throw=False)
    assert solution.outcome is Status.OTHER_BRANCH
    assert np.isnan(solution.x).all()


def test_a_start_of_ones_own_is_answered_as_it_is() -> None:
    assert solve(Saddle(a=0.75), start=[-0.6]).x[0] == pytest.approx(-0.5)
    assert solve(Hopfield(alpha=0.1, T=0.1), start={"m": 1, "q": 1})["m"] == pytest.approx(0.996750843849)


GRID_T = np.linspace(0.0, 1.2, 40)
GRID_ALPHA = np.linspace(0.002, 0.16, 40)


def largest_load(T: Any) -> tuple[Any, Any]:
    """alpha_M(T) and the width sqrt(alpha r) there, without the engine.

    At a width w the retrieval overlap is the only root m > 0 of m = <tanh>, found by bisection (<tanh> is
    concave in m > 0); then C and alpha = w^2 (1 - C)^2/q follow, and alpha is maximised by golden section.
    """

    def alpha(w: Any) -> Any:
        low, high = np.full(np.shape(w), 1e-9), np.ones(np.shape(w))
        for _ in range(46):
            middle = (low + high) / 2
            above = spin_averages(middle, w, T).tanh > middle
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        C = spin_averages(low, w, T).susceptibility
        return np.where((C < 1) & (low > 1e-6), w * w * (1 - C) ** 2 / (1 - T * C), -w)

    w = np.linspace(0.004, 1.0, 60)[:, None] * np.ones_like(T)
    best = np.argmax(alpha(w), axis=0)
    low, high = w[np.maximum(best - 1, 0), 0], w[np.minimum(best + 1, 59), 0]
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(38):
        a, b = high - golden * (high - low), low + golden * (high - low)
        right = alpha(a) < alpha(b)
        low, high = np.where(right, a, low), np.where(right, high, b)
    middle = (low + high) / 2
    return np.where(T < 1, alpha(middle), 0.0), middle


@cache
def grid() -> tuple[Solution, Any, Any]:
    alpha, T = np.meshgrid(GRID_ALPHA, GRID_T, indexing="ij")
    return solve(Hopfield(alpha=alpha, T=T), "retrieval"), *largest_load(GRID_T)


def test_no_point_of_the_hopfield_grid_is_silently_wrong() -> None:
    solution, end, width = grid()
    alpha = np.broadcast_to(GRID_ALPHA[:, None], end.shape * 2)
    exists = alpha < end
    # golden section in w is good to 1e-8, so alpha_M, flat there, to 1e-15; no grid point is that close to it
    assert np.min(np.abs(alpha - end)) > 1e-6
    np.testing.assert_array_equal(solution.success, exists)
    good = solution.success
    assert np.all(solution.residual[good] < 1e-12)
    # the near side of the fold: less noise than at it, and more overlap than zero
    noise = np.sqrt(alpha * solution["r"])
    assert np.all((noise < width)[good])
    assert np.all(solution["m"][good] > 0.1)
    assert np.all(np.isnan(solution["m"][~good]))
    # warmer is emptier and fuller is noisier: m falls along both axes, except for re-entrance at T < 0.05
    m = np.where(good, solution["m"], np.nan)
    steps = np.diff(m, axis=0)
    assert np.all(steps[np.isfinite(steps)] <= 1e-12)


def test_the_grid_agrees_with_points_solved_alone() -> None:
    solution, _, _ = grid()
    for i, j in [(0, 0), (5, 20), (30, 2), (33, 0), (34, 0), (20, 12), (10, 39), (24, 11), (25, 11)]:
        alone = solve(Hopfield(alpha=GRID_ALPHA[i], T=GRID_T[j]), "retrieval", throw=False)
        assert alone.success == solution.success[i, j]
        np.testing.assert_allclose(alone.x, solution.x[:, i, j], rtol=1e-9)


@pytest.mark.parametrize("gap", [None, 1e-3, 1e-6, 1e-10])
def test_branches_exist_up_to_their_exact_ends(gap: float | None) -> None:
    """Closed forms of two folds, approached from both sides; thousands of random points in one call."""
    rng = np.random.default_rng(11)
    factor = rng.uniform(0, 2, 1000) if gap is None else 1 + gap * np.array([-1.0, 1.0]).repeat(500)
    theta = rng.uniform(-2, 2, 1000)
    end = 0.13790556649493173784 / (2 * H(2, np.sqrt(2) * theta))
    found = solve(ThresholdedHopfield(alpha=end * factor, theta=theta), "retrieval")
    np.testing.assert_array_equal(found.success, factor < 1)

    T = rng.uniform(0, 0.99, 1000)
    end = np.sqrt(1 - T) - T * np.arctanh(np.sqrt(1 - T))
    for branch, sign in (("down", 1), ("up", -1)):
        found = solve(CurieWeiss(T=T, h=sign * end * factor), branch)
        np.testing.assert_array_equal(found.success, factor < 1)
        assert np.all(found["m"][found.success] * sign < 0)


def test_the_glass_exists_below_its_line_and_nowhere_else() -> None:
    alpha, T = np.broadcast_arrays(GRID_ALPHA[:, None], np.linspace(0, 1.49, 31))
    solution = solve(Hopfield(alpha=alpha, T=T), "glass")
    np.testing.assert_array_equal(solution.success, 1 + np.sqrt(alpha) > T)


# -- search -------------------------------------------------------------------------------------------------


def test_search_returns_every_distinct_solution_by_free_energy() -> None:
    starts = {f"from {x:.1f}": [x] for x in np.arange(0.5, 4.6, 0.2)}
    found = search(Four(k=0.1), starts)
    assert sorted(round(float(s["x"]), 9) for s in found) == [1, 2, 3, 4]
    energies = [float(s.free_energy) for s in found]
    assert energies == sorted(energies)
    assert all(solution.branch in starts for solution in found)


def test_search_from_the_named_branches() -> None:
    found = search(Hopfield(alpha=0.05, T=0.2))
    assert {s.branch for s in found} == {"retrieval", "glass"}
    assert [s.branch for s in search(Hopfield(alpha=0.1, T=2.0))] == ["paramagnet"]
    assert search(Nowhere()) == []


def test_search_keeps_a_state_and_its_mirror_image() -> None:
    theory = CurieWeiss(T=0.5, h=0.0)
    found = search(theory)
    assert sorted(round(float(s["m"]), 6) for s in found) == [-0.957504, 0, 0.957504]


def test_signatures_of_the_known_states() -> None:
    """Sylvester: signs of the Hessian of f; f(x) = x^4/4 - x^2/2 has a maximum at 0 and minima at +-1."""
    assert signature(Pitchfork(a=1.0), [0.0]) == [0, 1]
    assert signature(Pitchfork(a=1.0), [1.0]) == [1, 0]
    assert hessian(Pitchfork(a=1.0), np.array([1.0])) == pytest.approx(2, abs=1e-9)
    assert signature(Nowhere(), [0.0, 0.0]) == []


# -- derivatives --------------------------------------------------------------------------------------------


def test_differences_stay_above_their_fences() -> None:
    def f(y: Any) -> Any:
        assert np.all(y[0] >= 0)
        return np.stack([np.sqrt(y[0] + 1) * y[1]])

    matrix = difference(f, np.array([0.0, 2.0]), lower=np.array([0.0, -np.inf]))
    # second order: h^2 f''' with h = 6e-6, and rounding 1e-16/h
    np.testing.assert_allclose(matrix, [[1.0, 1.0]], atol=1e-10)


def test_a_singular_point_spoils_no_other_of_its_batch() -> None:
    matrix = np.zeros((3, 3, 3)) + np.eye(3)[..., None]
    matrix[..., 1] = 0.0
    matrix[0, 0, 2] = np.nan
    answer = solve_linear(matrix, np.ones((3, 3)))
    np.testing.assert_allclose(answer[:, 0], 1, rtol=1e-12)
    assert not np.any(np.isfinite(answer[:, 2]))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_linear_algebra_in_both_arithmetics(n: int) -> None:
    rng = np.random.default_rng(n)
    matrix, right = rng.normal(size=(n, n, 5)) + 3 * np.eye(n)[..., None], rng.normal(size=(n, 5))
    answer = solve_linear(matrix, right)
    np.testing.assert_allclose(np.einsum("ijb,jb->ib", matrix, answer), right, atol=1e-13)
    one = solve_linear(matrix[..., 0].astype(object) * _one(), right[:, 0].astype(object) * _one())
    np.testing.assert_allclose(one.astype(float), answer[:, 0], atol=1e-13)
    exact = determinant(matrix[..., 0].astype(object) * _one())
    assert float(exact) == pytest.approx(determinant(matrix)[0], rel=1e-12)


def _one() -> Any:
    import mpmath

    return mpmath.mpf(1)


# -- continuation -------------------------------------------------------------------------------------------


def test_a_trace_ends_at_the_fold_by_default() -> None:
    curve = trace(Saddle(), "a", 2.0)
    assert curve.stop is Stop.EVENT
    assert not curve.reached
    assert curve.folds == (len(curve.values) - 1,)
    # located along the arc to 1e-13; a is flat there, x is not
    assert curve.first_fold() == pytest.approx(1, abs=1e-12)
    assert curve.x[0, -1] == pytest.approx(0, abs=1e-6)


def test_a_trace_through_the_fold_comes_back_on_the_other_side() -> None:
    curve = trace(Saddle(), "a", 2.0, through_folds=True)
    assert curve.stop is Stop.BOUND
    assert not curve.reached
    assert curve.values[-1] == 0
    assert curve.x[0, -1] == pytest.approx(-1, abs=1e-12)
    assert len(curve.folds) == 1
    np.testing.assert_allclose(curve.x[0] ** 2, 1 - curve.values, atol=1e-9)
    assert np.all(np.diff(curve.x[0]) < 0)


def test_a_trace_that_gets_there_says_so() -> None:
    for to in (0.5, -3.0):
        curve = trace(Saddle(), "a", to)
        assert curve.reached
        assert curve.stop is Stop.BOUND
        assert curve.values[-1] == to
        assert curve.x[0, -1] == pytest.approx(math.sqrt(1 - to), abs=1e-12)
        assert curve.folds == ()
        assert curve.first_fold() is None


def test_events_are_located_along_the_arc() -> None:
    events = {"half": lambda theory, x: x[0] - 0.5, "three quarters": lambda theory, x: theory.a - 0.75}
    curve = trace(Saddle(), "a", 2.0, through_folds=True, events=events)
    names = [name for name, _, _ in curve.events]
    assert sorted(names) == ["half", "three quarters", "three quarters"]
    for name, a, x in curve.events:
        assert a == pytest.approx(0.75, abs=1e-11)
        assert abs(x[0]) == pytest.approx(0.5, abs=1e-11), name
    assert curve.events[-1][2][0] < 0


def test_a_curve_that_ends_where_the_formulas_end() -> None:
    curve = trace(Cliff(), "a", 1.0)
    assert curve.stop is Stop.SMALL_STEP
    assert not curve.reached
    # the last step was halved below 1e-9
    assert curve.values[-1] == pytest.approx(0.5, abs=1e-6)
    assert curve.values[-1] < 0.5


def test_a_curve_of_too_many_points() -> None:
    curve = trace(Saddle(), "a", 2.0, settings=Stepping(points=5))
    assert curve.stop is Stop.POINT_LIMIT
    assert len(curve.values) == 5
    assert not curve.reached


def test_a_curve_that_closes_on_itself() -> None:
    ring = Ring()
    infinite = np.full(2, np.inf)
    curve = follow(
        lambda y: ring.at(a=y[1]).residual(y[:1]),
        [1.0, 0.0],
        scale=np.ones(2),
        direction=[0.0, 1.0],
        lower=-infinite,
        upper=infinite,
    )
    assert curve.stop is Stop.CLOSED
    np.testing.assert_allclose(np.sum(curve.y**2, axis=0), 1, atol=1e-9)
    angle = np.unwrap(np.arctan2(curve.y[1], curve.y[0]))
    assert abs(angle[-1] - angle[0]) == pytest.approx(2 * np.pi, abs=0.15)


def test_a_curve_has_no_gaps() -> None:
    """Successive points are within the largest step of each other, also around the fold."""
    settings = Stepping(largest=0.1)
    curve = trace(Hopfield(alpha=0.01, T=0.0), "alpha", 0.2, through_folds=True, settings=settings)
    scaled = np.vstack([curve.x, curve.values / 0.19])
    assert np.max(np.linalg.norm(np.diff(scaled, axis=1), axis=0)) < 0.16  # 0.1, and what the corrector adds


def test_every_point_of_a_trace_is_a_solution() -> None:
    curve = trace(Hopfield(alpha=0.01, T=0.1), "alpha", 0.2, through_folds=True)
    theory = Hopfield(alpha=curve.values, T=0.1)
    assert np.max(undamped(theory, curve.x)) < 1e-9  # Settings.tol
    np.testing.assert_allclose(curve["q"], 1 - 0.1 * curve["C"])
    np.testing.assert_allclose(curve.measure("free_energy"), theory.free_energy(curve.x))
    with pytest.raises(UnknownNameError):
        curve["Q"]


@pytest.mark.parametrize("T", [0.0, 0.1, 0.5])
def test_a_trace_passes_the_hopfield_fold_and_stops_for_a_reason(T: float) -> None:
    curve = trace(Hopfield(alpha=0.001, T=T), "alpha", 0.3, through_folds=True)
    fold = locate(Hopfield(alpha=0.0, T=T), "spinodal", "alpha").value
    # the points straddle the fold at a distance of up to 0.05 arclength, where alpha is flat
    assert np.max(curve.values) == pytest.approx(fold, rel=1e-2)
    assert np.max(curve.values) <= fold * (1 + 1e-9)
    assert isinstance(curve.stop, Stop)
    assert len(curve.values) < 500
    assert curve["m"][-1] < curve["m"][curve.folds[0]]


def test_temperature_zero_is_reached() -> None:
    curve = trace(Hopfield(alpha=0.1, T=0.1), "T", 0.0)
    assert curve.reached
    assert curve.values[-1] == 0
    np.testing.assert_allclose(curve.x[:, -1], solve(Hopfield(alpha=0.1, T=0.0)).x, rtol=1e-9)


def test_a_trace_needs_a_first_point_a_parameter_and_an_end() -> None:
    with pytest.raises(ConvergenceError):
        trace(Rootless(), "a", 1.0)
    with pytest.raises(UnknownNameError, match="did you mean 'alpha'"):
        trace(Hopfield(alpha=0.1, T=0.1), "alhpa", 0.2)
    for end in (np.nan, np.inf):
        with pytest.raises(ParameterError, match="finite"):
            trace(Hopfield(alpha=0.1, T=0.1), "alpha", end)


def test_a_trace_ends_at_the_bound_of_the_domain() -> None:
    """alpha < 0 has no meaning, whatever the formulas give there."""
    try:
        curve = trace(Hopfield(alpha=0.1, T=0.1), "alpha", -0.1)
    except ParameterError:
        return
    assert np.min(curve.values) >= 0
    assert not curve.reached


# -- special points -----------------------------------------------------------------------------------------


FOLDS = [
    (Saddle(), "fold", "a", 1.0),
    (Cusp(a=1.0), "fold", "b", -2 / (3 * math.sqrt(3))),
    (Cusp(b=-0.1), "fold", "a", (27 * 0.01 / 4) ** (1 / 3)),
    (Cusp(a=1.0), "first-order", "b", 0.0),
    (Pitchfork(), "onset", "a", 0.0),
    (CurieWeiss(T=0.5, h=0.0), "continuous", "T", 1.0),
    (CurieWeiss(T=0.75, h=0.0), "spinodal", "h", 0.5 - 0.75 * math.atanh(0.5)),
]


@pytest.mark.parametrize(("theory", "boundary", "parameter", "exact"), FOLDS)
def test_special_points_are_located(theory: Theory, boundary: str, parameter: str, exact: float) -> None:
    point = locate(theory, boundary, parameter)
    assert point.located
    assert abs(point.value - exact) <= max(point.uncertainty, 1e-15)
    # equations of a fold and of an onset hold a Jacobian, which the toys leave to differences of 4e-11
    differenced = boundary in ("fold", "onset")
    assert point.uncertainty < (1e-9 if boundary == "onset" else 1e-13)
    assert point.residual < (1e-10 if differenced else 1e-13)
    assert getattr(point.theory, parameter) == point.value
    assert point.bracket is None or point.bracket[0] <= exact + 1e-9
    assert set(point.order) >= set(theory.order)


@pytest.mark.parametrize(
    ("theory", "parameter", "z", "value", "exact"),
    [
        (Cusp(a=1.0), "b", [0.7, 1.0], -0.3, -2 / (3 * math.sqrt(3))),
        (Saddle(), "a", [0.3, 0.8], 0.8, 1.0),
        (CurieWeiss(T=0.75, h=0.0), "h", [-0.4, 1.0], 0.1, 0.5 - 0.75 * math.atanh(0.5)),
    ],
)
def test_newton_on_the_augmented_system_converges_quadratically(
    theory: Theory, parameter: str, z: list[float], value: float, exact: float
) -> None:
    boundary = next(line for line in theory.lines.values() if isinstance(line, Fold))
    errors = [
        abs(refine(System(boundary, theory), theory, parameter, np.array(z), value, iterations=k)[1] - exact)
        for k in range(2, 9)
    ]
    # `iterations` residuals are seen, so the error of a returned point is that of Newton step k - 1
    asymptotic = [(a, b) for a, b in pairwise(errors) if 1e-7 < a < 0.03]
    assert asymptotic, errors
    # a Jacobian that is differenced, and then differenced again, has a noise of 1e-16/6e-6
    noise = 1e-15 if type(theory).jacobian is not Theory.jacobian else 2e-11
    for a, b in asymptotic:
        assert b < 30 * a * a + noise, errors
    assert min(errors) < 10 * noise


def true_value(point: Located) -> float:
    return float(polish(point, 25).value)


HONEST = [
    *[(Hopfield(alpha=0.0, T=0.0), line, "alpha") for line in ("spinodal", "first-order")],
    *[(ThresholdedHopfield(alpha=0.0, theta=t), "spinodal", "alpha") for t in (-1.0, -0.5, 0.3, 0.7, 1.2)],
    *[(BlumeCapel(T=T, D=0.0), line, "D") for T in (0.1, 0.2, 0.3) for line in ("first-order", "spinodal")],
    *[(CurieWeiss(T=T, h=0.0), "spinodal", "h") for T in (0.1, 0.4, 0.9)],
    *[(Cusp(a=a), "fold", "b") for a in (0.3, 1.0, 1.6)],
    (Compositional.from_unscaled(0.0, 0.2, -0.02, 0.1, 2), "spinodal", "alpha"),
]


@pytest.mark.parametrize(
    ("theory", "boundary", "parameter"), HONEST, ids=lambda v: v.describe() if isinstance(v, Theory) else v
)
def test_the_stated_uncertainty_covers_the_error(theory: Theory, boundary: str, parameter: str) -> None:
    point = locate(theory, boundary, parameter)
    error = abs(point.value - true_value(point))
    assert error <= point.uncertainty
    # and it is no excuse: at least ten digits are promised
    assert point.uncertainty < 1e-10 * abs(point.value)
    assert 10 <= point.digits <= 16
    assert error <= 0.5 * 10 ** (1 - point.digits) * 10 ** math.floor(math.log10(abs(point.value))) * 10


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(-3, 3))
def test_a_damaged_start_gives_no_wrong_number(x: float, direction: float, b: float) -> None:
    """From anywhere: either not located, with no value, or on one of the two folds of x^3 = x + b."""
    point = locate(Cusp(a=1.0), "fold", "b", near=[x, direction], value=b)
    if point.located:
        assert abs(point.value) == pytest.approx(2 / (3 * math.sqrt(3)), abs=1e-12)
    else:
        assert math.isnan(point.value)
        assert point.digits == 0


@given(st.floats(-1.5, 1.5), st.floats(-0.5, 0.9), st.floats(-1, 1), st.floats(0, 0.5))
def test_a_damaged_start_in_the_hopfield_network(m: float, C: float, direction: float, alpha: float) -> None:
    theory = Hopfield(alpha=0.0, T=0.0)
    near = [m, C, direction, math.sqrt(1 - direction**2)]
    point = locate(theory, "spinodal", "alpha", near=near, value=alpha)
    if point.located:
        here = theory.at(alpha=point.value)
        assert undamped(here, point.x) < 1e-10
        assert abs(determinant(np.eye(2) - jacobian(here, point.x))) < 1e-9
        assert here.physical(point.x)
    else:
        assert math.isnan(point.value)


@pytest.mark.parametrize(("boundary", "near"), [("fold", [0.0, 0.0, 1.0, 0.0]), ("onset", [0.0, 0.0])])
def test_where_nothing_is_nothing_is_located(boundary: str, near: list[float]) -> None:
    with pytest.raises(LocateError):
        locate(Nowhere(), boundary, "a")
    point = locate(Nowhere(), boundary, "a", near=near, value=1.0)
    assert not point.located
    assert math.isnan(point.value)


@pytest.mark.parametrize(
    ("theory", "boundary", "parameter"),
    [
        (BlumeCapel(T=0.5, D=0.0), "spinodal", "D"),  # continuous above T = 1/3
        (BlumeCapel(T=0.5, D=0.0), "first-order", "D"),
        (Hopfield(alpha=0.0, T=2.0), "spinodal", "alpha"),
        (Hopfield(alpha=0.2, T=0.0), "first-order", "T"),
        (Mixtures(n=4), "stability", "T"),
    ],
    ids=lambda value: value.describe() if isinstance(value, Theory) else value,
)
def test_a_line_that_does_not_pass_here(theory: Theory, boundary: str, parameter: str) -> None:
    with pytest.raises(LocateError, match=theory.name):
        locate(theory, boundary, parameter)


def test_parameters_that_count_are_not_varied_continuously() -> None:
    """Two and a half patterns have no law; the formulas round, and a curve in n would be a staircase."""
    sparse = Compositional(alpha=0.1, theta=0.5, g=-0.2, p=0.1, L=4)
    for call in (
        lambda: trace(Mixtures(n=3, T=0.1), "n", 5.0),
        lambda: trace(sparse, "L", 8.0),
        lambda: locate(Mixtures(n=3), "stability", "n"),
        lambda: locate(sparse, "spinodal", "L"),
        lambda: sparse.slope("L", solve(sparse).x),
    ):
        with pytest.raises(ParameterError, match=r"whole number|counts|integer"):
            call()


def test_the_minimum_over_a_parameter_that_counts_is_the_lowest_of_all_its_values() -> None:
    one = Compositional(alpha=0.5, theta=1.5, g=-0.21, p=0.1, L=7)
    states = [solve(replace(one, L=L), throw=False) for L in range(1, 21)]
    best = min((state for state in states if state.success), key=lambda state: float(state.free_energy))
    found = minimise(one, over="L")
    assert found.theory == best.theory
    assert found.theory.L == 4
    assert isinstance(found.theory.L, int)
    assert found.free_energy == best.free_energy
    assert found.branch == "retrieval"


def test_a_minimum_over_a_parameter_that_counts_lies_inside_its_range_or_there_is_none() -> None:
    sparse = Compositional(alpha=0.5, theta=1.5, g=-0.21, p=0.01, L=1)
    best = minimise(sparse, over="L").theory  # beyond the typical range, which ends at L = 20
    assert best.L == 38
    energies = [solve(replace(best, L=L)).free_energy for L in (37, 38, 39)]
    assert energies[1] < min(energies[0], energies[2])
    with pytest.raises(LocateError, match=r"p=0\.001\): the free energy still falls at L=80, the largest"):
        minimise(replace(sparse, p=0.001), over="L")
    with pytest.raises(LocateError, match=r"mixtures\(T=1.5\): no solution for any n from 1 to 9"):
        minimise(Mixtures(n=3, T=1.5), over="n")
    with pytest.raises(ParameterError, match="one point"):
        minimise(Mixtures(n=3, T=np.array([0.1, 0.2])), over="n")


def test_there_is_no_minimum_over_l_where_L_is_given() -> None:
    sparse = Compositional(alpha=0.1, theta=0.5, g=-0.2, p=0.1, L=4)
    with pytest.raises(ParameterError, match=r"\bl\b"):
        minimise(sparse, over="l")


def test_a_field_that_follows_the_state_cannot_be_traced() -> None:
    with pytest.raises(ParameterError, match=r"\bg\b"):
        trace(ThresholdedHopfield(alpha=0.1), "g", 0.1)


def test_one_point_is_asked_for_where_one_is_needed() -> None:
    many = Hopfield(alpha=np.array([0.05, 0.1]), T=0.1)
    for call in (lambda: trace(many, "T", 0.2), lambda: locate(many, "spinodal", "T"), lambda: search(many)):
        with pytest.raises(ParameterError, match="one point"):
            call()


def test_a_start_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="2"):
        solve(Hopfield(alpha=0.1, T=0.1), start=[1.0, 0.0, 0.0])
    with pytest.raises(ParameterError, match="value"):
        locate(Cusp(a=1.0), "fold", "b", near=[0.7, 1.0])


def test_the_spinodal_in_temperature_where_it_is_re_entrant() -> None:
    """At alpha = 0.138 retrieval exists between T = 0.0042 and 0.0416, neither at T = 0 nor at T = 1.4."""
    points = find(Hopfield(alpha=0.138), Fold("retrieval"), "T")
    assert sorted(round(p.value, 4) for p in points if p.located) == [0.0042, 0.0416]


def test_the_continuous_transition_outside_the_typical_range() -> None:
    """T exp(D/T) = 2 (1 - T) at D = -2 and -20: T_c = 0.96 and 0.9999999; typical is T < 0.8."""
    for D in (-1.0, -3.0):
        T = critical(BlumeCapel(T=0.5, D=D)).value
        assert T * math.exp(D / T) == pytest.approx(2 * (1 - T), rel=1e-9)


def test_locate_knows_its_names() -> None:
    with pytest.raises(UnknownNameError, match="line of hopfield 'spinodl'; did you mean 'spinodal'"):
        locate(Hopfield(alpha=0.1), "spinodl", "alpha")
    with pytest.raises(UnknownNameError, match="parameter of hopfield 'beta'"):
        locate(Hopfield(alpha=0.1), "spinodal", "beta")


def test_critical_is_the_value_that_people_ask_for() -> None:
    assert critical(CurieWeiss(T=0.3, h=0.0)).value == pytest.approx(1, abs=1e-15)
    with pytest.raises(LocateError, match="no critical value"):
        critical(Saddle())


def test_a_boundary_of_ones_own() -> None:
    """Where the retrieval state becomes the ground state, and where half the energy is left."""

    def half(theory: Theory, x: Any) -> Any:
        return x[0] - 0.5

    @dataclass(frozen=True)
    class Halved(Saddle):
        def half(self, x: Any) -> Any:
            return half(self, x)

    point = locate(Halved(), Zero(Phase("upper"), "half"), "a")
    assert point.value == pytest.approx(0.75, abs=1e-14)
    assert [p.value for p in find(Saddle(), Fold("upper"), "a", span=(0.0, 2.0))] == [pytest.approx(1)]


# -- minimisation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rise", "tilt"), [(1.0, 0.0), (1.0, 1.5), (0.3, -0.5), (50.0, 3.0), (1e-3, 1e-4)])
def test_minimum_of_a_valley(rise: float, tilt: float) -> None:
    best = minimise(Valley(rise=rise, tilt=tilt), over="l")
    exact = 2 - tilt / rise
    # the slope, differenced to fourth order, is good to 1e-13 f/step; l follows divided by the curvature
    assert best.theory.l == pytest.approx(exact, abs=1e-11 / min(rise, 1))
    assert best.free_energy == pytest.approx(2 * tilt - tilt**2 / (2 * rise), abs=1e-13)
    assert best.x[0] == pytest.approx(exact, abs=1e-11 / min(rise, 1))
    assert best.success


@pytest.mark.parametrize(
    ("theory", "message"),
    [
        (Valley(rise=0.0, tilt=1.0), "increases"),
        (Valley(rise=1.0, tilt=3.0), "increases"),
        (Valley(rise=0.0, tilt=-1.0), "no minimum"),
        (Valley(rise=-1.0, tilt=-5.0), "no minimum"),
        (Compositional(alpha=0.5, theta=1.5, g=-0.4, l=1.0), "increases"),
    ],
)
def test_a_monotone_free_energy_has_no_minimum(theory: Theory, message: str) -> None:
    with pytest.raises(LocateError, match=message):
        minimise(theory, over="l")


def test_minimise_finds_where_the_slope_vanishes() -> None:
    theory = Compositional(alpha=0.5, theta=1.5, g=-0.21, l=1.0)
    best = minimise(theory)
    assert abs(best.theory.slope("l", best.x)) < 1e-13
    assert undamped(best.theory, best.x) < 1e-12
    l = np.linspace(0.1, 1.5, 57)
    assert np.all(profile(theory, "retrieval", "l", l).free_energy >= best.free_energy)
    with pytest.raises(UnknownNameError):
        minimise(theory, over="k")
    with pytest.raises(LocateError):
        minimise(Rootless(), over="a")


def test_profile_is_a_batch_of_solutions() -> None:
    l = np.array([0.5, 1.0, 3.0])
    found = profile(Valley(), "root", "l", l)
    np.testing.assert_allclose(found.x[0], l)
    np.testing.assert_allclose(found.free_energy, (l - 2) ** 2 / 2)


STOPS: dict[Stop, Callable[[], Any]] = {
    Stop.BOUND: test_a_trace_that_gets_there_says_so,
    Stop.POINT_LIMIT: test_a_curve_of_too_many_points,
    Stop.SMALL_STEP: test_a_curve_that_ends_where_the_formulas_end,
    Stop.EVENT: test_a_trace_ends_at_the_fold_by_default,
    Stop.CLOSED: test_a_curve_that_closes_on_itself,
}


def test_every_reason_to_stop_is_tested() -> None:
    assert set(STOPS) == set(Stop)
    assert len({stop.value for stop in Stop}) == len(Stop)


def test_a_state_whose_free_energy_overflows_is_none() -> None:
    hot = SemiRestricted(alpha=np.array([0.1, 1e300]), T=1e9)
    solution = solve(hot, "paramagnet", throw=False)
    assert solution.status.tolist() == [Status.CONVERGED.code, Status.FAILED.code]
    assert np.isfinite(solution.free_energy[0])
    assert np.isnan(solution.x[:, 1]).all()
    with pytest.raises(ConvergenceError, match="could not be evaluated"):
        solve(SemiRestricted(alpha=1e300, T=1e9), "paramagnet")


@pytest.mark.parametrize(
    ("theory", "branch", "there"),
    [
        (SherringtonKirkpatrick(T=np.array([0.5, 0.99, 1.0, 1.3])), "glass", [1, 1, 0, 0]),
        (SherringtonKirkpatrick(T=1.3, h=np.array([0.0, 0.1])), "glass", [0, 1]),
        (SherringtonKirkpatrick(T=1.3, J0=np.array([0.9, 1.2, 1.4])), "ferromagnet", [0, 0, 1]),
        (SherringtonKirkpatrick(T=0.5, J0=np.array([1.0, 1.5])), "ferromagnet", [0, 1]),
        (Hopfield(alpha=0.04, T=np.array([1.1, 1.2, 1.3])), "glass", [1, 0, 0]),
        (CurieWeiss(T=np.array([0.9, 1.0, 1.1])), "up", [1, 0, 0]),
        (CurieWeiss(T=1.1, h=np.array([-0.1, 0.0, 0.1])), "down", [1, 0, 0]),
    ],
    ids=str,
)
def test_a_branch_that_is_known_not_to_be_there_is_absent(
    theory: Theory, branch: str, there: list[int]
) -> None:
    solution = solve(theory, branch, throw=False)
    assert solution.status.tolist() == [Status.ABSENT.code * (1 - one) for one in there]


def test_an_interrupt_that_was_swallowed_ends_a_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = threading.Event()
    monkeypatch.setattr(interrupts, "_asked", lost)
    assert trace(CurieWeiss(T=0.5), "h", 0.1, start=[0.95]).reached
    lost.set()
    with pytest.raises(KeyboardInterrupt):
        trace(CurieWeiss(T=0.5), "h", 0.1, start=[0.95])
