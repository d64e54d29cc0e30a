"""Choices of solvers and lines: how far a step goes, which interval holds a root, which point is wanted.

Answers hide these choices, since Newton's method mends most of them; here they are looked at themselves.
"""

from typing import Any

import numpy as np
import pytest

from phase_diagrams.tracing import lines
from phase_diagrams.tracing.lines import boundary_line
from problems import Cusp, Pitchfork, Saddle, Slope
from replica.solving import FixedPoint, Newton, locate
from replica.solving.derivatives import difference, solve_linear
from replica.solving.locate import System, find, refine
from replica.theory import Fold, Phase, Theory, Zero

# -- Newton's method on an augmented system -----------------------------------------------------------------


class Recorded(System):
    """One state and one parameter, with equations of the test's own; remembers what was tried."""

    def __init__(self, equations: Any, *, logarithmic: bool = False) -> None:
        super().__init__(Zero(Phase("upper"), "unused"), Saddle())
        self.equations, self._logarithmic = equations, logarithmic
        self.trials: list[tuple[float, float]] = []

    @property
    def logarithmic(self) -> bool:
        return self._logarithmic

    def residual(self, theory: Theory, z: Any) -> Any:
        a: Any = getattr(theory, "a")  # noqa: B009  (a Saddle, by __init__)
        # where derivatives are taken in the same call, the trial itself comes last
        self.trials.append((float(np.ravel(z[0])[-1]), float(np.ravel(a)[-1])))
        return np.stack([np.asarray(row, dtype=float) for row in self.equations(z[0], a)])

    def path(self, x: float, a: float) -> Any:
        """Where Newton's method goes from here: every trial once."""
        refine(self, Saddle(), "a", np.array([x]), a)
        return np.array(list(dict.fromkeys(self.trials)))


@pytest.mark.parametrize("to", [(3.0, 7.0), (3.0, -5.0), (-3.0, 7.0), (-3.0, -5.0), (0.2, -6.0)])
def test_a_long_step_is_cut_to_half_the_scale_whatever_its_direction(to: tuple[float, float]) -> None:
    path = Recorded(lambda x, a: (x - to[0], a - to[1])).path(0.0, 1.0)
    first = path[1] - path[0]
    wanted = np.array(to) - path[0]
    np.testing.assert_allclose(first, 0.5 * wanted / np.max(np.abs(wanted)), rtol=1e-6)
    np.testing.assert_allclose(path[-1], to, rtol=1e-9)


def test_scales_are_the_sizes_of_what_is_large() -> None:
    """An order parameter of -40 and a parameter of -8 may move by half of that at once."""
    path = Recorded(lambda x, a: (x + 400, a + 8)).path(-40.0, -8.0)
    np.testing.assert_allclose(path[1], (-60.0, -8.0), rtol=1e-6)
    path = Recorded(lambda x, a: (x + 40, a + 80)).path(-40.0, -8.0)
    np.testing.assert_allclose(path[1], (-40.0, -12.0), rtol=1e-6)


def test_close_to_a_root_the_step_is_whole() -> None:
    """A residual below 1e-3 is close, however far the step."""
    path = Recorded(lambda x, a: (1e-4 * (x - 3), 1e-4 * (a - 7))).path(0.0, 1.0)
    np.testing.assert_allclose(path[1], (3.0, 7.0), rtol=1e-6)


def test_in_a_logarithm_the_step_is_whole() -> None:
    path = Recorded(lambda x, a: (x - 3, np.log(a) - 7), logarithmic=True).path(0.0, 1.0)
    np.testing.assert_allclose(path[1], (3.0, np.exp(7.0)), rtol=1e-5)


def test_a_parameter_that_is_not_positive_has_no_logarithm() -> None:
    z, value, _, _, good = refine(
        Recorded(lambda x, a: (x - 3, a + 2), logarithmic=True), Saddle(), "a", np.array([0.0]), -1.0
    )
    assert good
    assert (z[0], value) == pytest.approx((3.0, -2.0), abs=1e-12)


def test_from_outside_the_domain_half_of_the_way_back() -> None:
    path = Recorded(lambda x, a: (np.where(x < 0.3, 1e-4 * (x - 1), np.nan), a - 1)).path(0.0, 1.0)
    np.testing.assert_allclose(path[1:5, 0], [1.0, 0.5, 0.25, 1.0], rtol=1e-4)


def test_the_best_trial_is_the_answer() -> None:
    """|x| has a kink: the iteration does not come to rest, and the residual told is that of the answer."""
    z, value, size, _, good = refine(
        Recorded(lambda x, a: (np.abs(x) + 0.01, a)), Saddle(), "a", np.array([0.3]), 0.2
    )
    assert not good
    assert size == pytest.approx(max(abs(z[0]) + 0.01, abs(value)), rel=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_uncertainty_adds_up_all_rounding(sign: float) -> None:
    """1e4 (x - a) = 0 and x + a = 2: of a at least the rounding of both rows, whatever their signs."""
    system = Recorded(lambda x, a: (1e4 * (x - a), 1e-5 * sign * (x + a - 2)))
    _, value, _, spread, good = refine(system, Saddle(), "a", np.array([0.9]), 1.1)
    assert good
    assert abs(value - 1) <= spread
    assert 0.5e5 * 4e-16 < spread < 0.5e5 * 3e-15


@pytest.mark.parametrize("large", [1.0, 1e6])
def test_residuals_are_relative_to_what_is_large(large: float) -> None:
    good = refine(Recorded(lambda x, a: (x - x + 1e-9, a - 1)), Saddle(), "a", np.array([large]), 1.0)[-1]
    assert not good if large == 1.0 else good


# -- which interval holds the root --------------------------------------------------------------------------


def at_once(theory: Theory, name: str, parameter: str, span: tuple[float, float]) -> Any:
    (point,) = find(theory, theory.lines[name], parameter, span=span)
    assert point.located
    return point


@pytest.mark.parametrize("span", [(-1.0, 1.3), (-0.9, 0.4), (-0.013, 1.5)])
def test_a_zero_lies_between_the_two_points_that_saw_it(span: tuple[float, float]) -> None:
    point = at_once(Pitchfork(), "onset", "a", span)
    assert abs(point.value) <= point.uncertainty < 1e-9
    low, high = point.bracket
    assert low < 0 < high
    assert high - low == pytest.approx((span[1] - span[0]) / 40, rel=1e-9)


@pytest.mark.parametrize("span", [(-1.0, 1.0), (-0.5, 1.5)])
def test_a_zero_on_a_point_of_the_grid_is_found_once(span: tuple[float, float]) -> None:
    point = at_once(Pitchfork(), "onset", "a", span)
    assert abs(point.value) <= point.uncertainty < 1e-9
    assert point.bracket[0] <= 0 <= point.bracket[1]


@pytest.mark.parametrize("span", [(-0.3, 0.2), (-0.17, 0.31)])
def test_equal_free_energies_lie_between_the_two_points_that_saw_them(span: tuple[float, float]) -> None:
    point = at_once(Cusp(a=1.0), "first-order", "b", span)
    assert abs(point.value) <= point.uncertainty < 1e-9
    assert point.bracket[0] < 0 < point.bracket[1]
    assert span[0] <= point.bracket[0]
    assert point.bracket[1] <= span[1]


@pytest.mark.parametrize(("a", "b"), [(0.5, -0.136), (1.0, -0.385), (2.0, -1.089)])
def test_a_fold_lies_next_to_the_point_that_turned(a: float, b: float) -> None:
    point = at_once(Cusp(a=a), "fold", "b", (-3.0, 1.0))
    assert point.value == pytest.approx(-np.sqrt(4 * a**3 / 27), rel=1e-12)
    assert point.value == pytest.approx(b, abs=1e-3)
    low, high = point.bracket
    assert low <= high
    assert high - low < 0.05 * 4
    assert min(abs(low - point.value), abs(high - point.value)) < 0.05 * 4


def test_nothing_is_found_where_no_sign_changes() -> None:
    for span in ((0.2, 1.5), (-1.0, -0.1)):
        assert find(Pitchfork(), Pitchfork().lines["onset"], "a", span=span) == []


# -- steps of the solvers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [-30.0, -1.0, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("solver", [Newton(), Newton(warmup=0), FixedPoint()])
def test_a_root_is_reached_from_both_sides(solver: Any, start: float) -> None:
    found = solver.run(Slope(s=0.5, root=1.0), np.array([start]))
    assert found.success
    assert found["x"] == pytest.approx(1.0, abs=1e-10)
    assert found.residual >= 0


@pytest.mark.parametrize("slope", [-1.0, 1.0])
def test_differences_on_a_fence_are_of_second_order(slope: float) -> None:
    matrix = difference(
        lambda y: np.stack([slope * y[0] + y[0] ** 2]), np.zeros(1), scale=np.ones(1), lower=np.zeros(1)
    )
    assert matrix[0, 0] == pytest.approx(slope, abs=1e-10)


def test_a_linear_system_of_two_and_of_three_unknowns() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 3):
        matrix, right = rng.normal(size=(n, n, 5)), rng.normal(size=(n, 5))
        x = solve_linear(matrix, right)
        np.testing.assert_allclose(np.einsum("ijb,jb->ib", matrix, x), right, atol=1e-12)


# -- points of a line at wanted values ----------------------------------------------------------------------


def cusp_fold(a: Any) -> Any:
    return -np.sqrt(4 * np.asarray(a) ** 3 / 27)


@pytest.mark.parametrize("a", [0.7, 1.0, 1.3])
def test_a_wanted_value_on_a_traced_point_is_one_point(a: float) -> None:
    """Two steps of the curve touch the value; both lead to the same point, which is negative."""
    start = locate(Cusp(a=a), "fold", "b")
    line = boundary_line(Cusp(), "fold", "a", "b", at=[a, 1.9], start=start, ylim=(-2.0, -0.01))
    assert list(line.x) == [a, 1.9]
    np.testing.assert_allclose(line.y, cusp_fold(line.x), rtol=1e-11)


@pytest.mark.parametrize("ylim", [(-1.0, 1.0), (1.0, -1.0)])
def test_both_points_of_a_symmetric_line(ylim: tuple[float, float]) -> None:
    """The curve passes the cusp and comes back with the other sign."""
    line = boundary_line(Cusp(), "fold", "a", "b", at=[1.7, 0.7], ylim=ylim)
    assert list(line.x) == [1.7, 1.7, 0.7, 0.7]
    np.testing.assert_allclose(line.y, cusp_fold(line.x) * [1, -1, 1, -1], rtol=1e-11)


@pytest.mark.parametrize(("beyond", "kept"), [(0.0, True), (1e-6, False)])
@pytest.mark.parametrize("side", [0, 1])
def test_a_point_on_the_edge_of_the_box_is_in_it(side: int, beyond: float, kept: bool) -> None:
    edge = float(cusp_fold(1.2))
    ylim = (-0.9, edge - beyond) if side else (edge + beyond, -0.1)
    start = locate(Cusp(a=1.0), "fold", "b")
    line = boundary_line(Cusp(), "fold", "a", "b", at=[1.2], ylim=ylim, start=start)
    assert bool(np.isfinite(line.y[0])) == kept


def test_a_point_is_refined_from_where_the_curve_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """At wanted values and at the edges of the box; from elsewhere, another branch might be met."""
    tries: list[tuple[float, float]] = []

    def watched(system: Any, theory: Any, parameter: str, z: Any, value: float) -> Any:
        out = refine(system, theory, parameter, z, value)
        tries.append((value, out[1]))
        return out

    monkeypatch.setattr(lines, "refine", watched)
    at = np.linspace(0.3, 1.8, 8)
    lines.boundary_line(Cusp(), "fold", "a", "b", at=list(at), ylim=(-1.0, 1.0))
    assert len(tries) >= 2 * len(at)
    for xlim, ylim in (((0.3, 1.0), (-0.3, 0.0)), ((0.3, 0.8), (-0.3, -0.1))):
        lines.boundary_line(Cusp(), "fold", "a", "b", xlim=xlim, ylim=ylim)
    guesses, found = np.array(tries).T
    np.testing.assert_allclose(guesses, found, atol=1e-3)


@pytest.mark.parametrize(
    ("xlim", "ylim", "ends"),
    [
        ((0.3, 1.0), (-0.3, 0.0), ((0.3, None), (None, -0.3))),  # through the bottom, before the side
        ((0.3, 0.8), (-0.3, 0.0), ((0.3, None), (0.8, None))),  # through the side
        ((0.3, 0.85), (-0.3, -0.1), ((None, -0.1), (None, -0.3))),  # both in one step
        ((0.4, 1.0), (-0.3, -0.1), ((None, -0.1), (None, -0.3))),  # the same where it comes in
        ((0.41, 1.0), (-0.3, -0.1), ((0.41, None), (None, -0.3))),
    ],
)
def test_a_line_leaves_its_box_where_it_first_meets_it(xlim: Any, ylim: Any, ends: Any) -> None:
    line = boundary_line(Cusp(), "fold", "a", "b", xlim=xlim, ylim=ylim)
    a, b = np.array(line.x), np.array(line.y)
    np.testing.assert_allclose(b, cusp_fold(a), atol=1e-8)
    assert a.min() >= xlim[0]
    assert a.max() <= xlim[1]
    assert b.min() >= ylim[0]
    assert b.max() <= ylim[1]
    order = np.argsort(a)
    for index, (x, y) in zip((order[0], order[-1]), ends, strict=True):
        found = a[index] if x is not None else b[index]
        assert found == (x if x is not None else y)


def test_a_start_outside_is_taken_only_where_nothing_is_inside() -> None:
    line = boundary_line(Cusp(), Fold("right"), "a", "b", xlim=(1.0, 2.0), ylim=(-0.5, -0.4))
    assert len(line.x) > 3
    assert all(-0.5 <= b <= -0.4 for b in line.y)
