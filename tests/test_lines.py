"""Phase boundaries as curves: against exact lines, against points located one by one, and where they end."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from phase_diagrams.diagram import CONVERGED, Line, LineKind
from phase_diagrams.tracing.lines import boundary_line
from problems import Cusp
from reference import reference
from replica.errors import LocateError, ParameterError, UnknownNameError
from replica.numerics.functions import H
from replica.solving import locate, solve
from replica.theories import BlumeCapel, Compositional, CurieWeiss, Hopfield, Mixtures, ThresholdedHopfield
from replica.theory import Fold, Theory

ROUNDING = 1e-12
"""A located point is good to a few units of rounding times the conditioning of its line, below 100 here."""


@cache
def line(theory: Theory, name: str, x: str, y: str, **options: Any) -> Line:
    return boundary_line(theory, name, x, y, **options)


def points(found: Line) -> tuple[Any, Any]:
    assert set(found.status) == {CONVERGED}
    return np.array(found.x), np.array(found.y)


# -- exact lines --------------------------------------------------------------------------------------------


def spinodal_field(T: Any) -> Any:
    """Curie-Weiss: |h| = sqrt(1 - T) - T artanh(sqrt(1 - T))."""
    return np.sqrt(1 - T) - T * np.arctanh(np.sqrt(1 - T))


@pytest.mark.parametrize("axes", ["Th", "hT"])
def test_curie_weiss_spinodal(axes: str) -> None:
    found = line(CurieWeiss(T=0.5), "spinodal", *axes)
    assert found.kind == LineKind.SPINODAL
    x, y = points(found)
    T, h = (x, y) if axes == "Th" else (y, x)
    np.testing.assert_allclose(
        h, spinodal_field(T), atol=1e-8
    )  # points of a curve solve its equations to 1e-9
    # from the corner T = 0, h = 1 to the critical point T = 1, h = 0, in steps of at most 0.02 of the box
    assert np.min(T) < 0.01
    assert np.max(T) > 0.999
    assert np.max(np.abs(np.diff(T))) < 0.03
    assert np.max(np.abs(np.diff(h))) < 0.03


def test_curie_weiss_spinodal_at_chosen_temperatures() -> None:
    T = np.array([0.1, 0.25, 0.5, 0.9])
    x, h = points(boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", at=T))
    np.testing.assert_array_equal(x, T)
    np.testing.assert_allclose(h, spinodal_field(T), atol=ROUNDING)


def test_curie_weiss_first_order_line_is_the_axis() -> None:
    T, h = points(boundary_line(CurieWeiss(T=0.5), "first-order", "T", "h", ylim=(-0.5, 0.5)))
    np.testing.assert_allclose(h, 0, atol=1e-9)
    assert np.min(T) < 1e-3
    # it ends where the two states merge; next to it they differ by sqrt(3 (1 - T)) only
    assert 0.99 < np.max(T) < 1 + 1e-6


def test_curie_weiss_first_order_line_on_the_edge_of_its_box() -> None:
    """The default range of h is [0, 1], and the line is h = 0."""
    _, h = points(boundary_line(CurieWeiss(T=0.5), "first-order", "T", "h", at=[0.2, 0.5, 0.9]))
    np.testing.assert_allclose(h, 0, atol=ROUNDING)


def test_curie_weiss_first_order_line_in_its_default_box() -> None:
    T, h = points(boundary_line(CurieWeiss(T=0.5), "first-order", "T", "h"))
    np.testing.assert_allclose(h, 0, atol=1e-9)
    assert np.min(T) < 1e-3
    assert 0.99 < np.max(T) < 1 + 1e-6


def blume_capel_continuous(T: Any) -> Any:
    return T * np.log(2 * (1 - T) / T)


def test_blume_capel_continuous_line() -> None:
    D, T = points(line(BlumeCapel(T=0.5), "continuous", "D", "T"))
    np.testing.assert_allclose(D, blume_capel_continuous(T), atol=1e-8)
    x, D = points(boundary_line(BlumeCapel(T=0.5), "continuous", "T", "D", at=[0.35, 0.5, 0.6]))
    np.testing.assert_allclose(D, blume_capel_continuous(x), atol=ROUNDING)


def blume_capel_gap(T: float, D: float) -> float:
    """f of the ordered state minus f of the disordered one, by plain iteration from m = 1."""
    m = 1.0
    for _ in range(20000):
        m, before = 2 * math.sinh(m / T) / (math.exp(D / T) + 2 * math.cosh(m / T)), m
        if abs(m - before) < 1e-16:
            break
    return m * m / 2 - T * math.log((math.exp(D / T) + 2 * math.cosh(m / T)) / (math.exp(D / T) + 2))


@pytest.mark.parametrize("axes", ["TD", "DT"])
def test_blume_capel_first_order_line_ends_on_the_continuous_one(axes: str) -> None:
    x, y = points(line(BlumeCapel(T=0.2), "first-order", *axes))
    T, D = (x, y) if axes == "TD" else (y, x)
    for t, d in zip(T[(T > 0.02) & (T < 0.32)], D[(T > 0.02) & (T < 0.32)], strict=True):
        assert abs(blume_capel_gap(t, d)) < 1e-8
    cold, warm = np.argmin(T), np.argmax(T)
    assert T[cold] == pytest.approx(0, abs=1e-6)
    assert D[cold] == pytest.approx(0.5, abs=1e-6)
    # T - 1/3 goes as the square of m, which is followed down to 1 percent
    assert T[warm] == pytest.approx(reference("blume_capel/tricritical/T").number, abs=1e-4)
    assert D[warm] == pytest.approx(reference("blume_capel/tricritical/D").number, abs=1e-4)
    assert D[warm] == pytest.approx(blume_capel_continuous(T[warm]), abs=1e-8)


def test_blume_capel_first_order_line_at_chosen_temperatures() -> None:
    found = boundary_line(BlumeCapel(T=0.2), "first-order", "T", "D", at=[0.0, 0.05, 0.2, 0.33, 0.4])
    assert found.y[0] == pytest.approx(0.5, abs=ROUNDING)
    for T, D in list(zip(found.x, found.y, strict=True))[1:4]:
        assert abs(blume_capel_gap(T, D)) < ROUNDING
    assert math.isnan(found.y[4])
    assert "T=0.4" in found.status[4]


def test_blume_capel_spinodal_meets_them_at_the_tricritical_point() -> None:
    """Along the spinodal the ordered state is at the edge: f'' = 0 there."""
    T, D = points(line(BlumeCapel(T=0.2), "spinodal", "T", "D"))
    warm = np.argmax(T)
    assert T[warm] == pytest.approx(1 / 3, abs=1e-4)
    assert D[warm] == pytest.approx(reference("blume_capel/tricritical/D").number, abs=1e-4)
    first = boundary_line(BlumeCapel(T=0.2), "first-order", "T", "D", at=[0.2, 0.3])
    beyond = boundary_line(BlumeCapel(T=0.2), "spinodal", "T", "D", at=[0.2, 0.3])
    assert np.all(np.array(beyond.y) > np.array(first.y))


def test_cusp() -> None:
    """27 b^2 = 4 a^3, with the cusp in the corner."""
    a, b = points(line(Cusp(), "fold", "a", "b", ylim=(-1.0, 0.5)))
    np.testing.assert_allclose(27 * b**2, 4 * a**3, atol=1e-7)
    assert np.max(a) > 1.85  # where b = -1 leaves the box
    assert np.min(a) < 0.05
    a, b = points(boundary_line(Cusp(), "fold", "a", "b", at=[0.5, 1.0, 1.5], ylim=(-1.0, 0.5)))
    np.testing.assert_allclose(np.abs(b), np.sqrt(4 * a**3 / 27), atol=ROUNDING)
    assert a[b < 0].tolist() == [0.5, 1.0, 1.5]
    assert np.max(b) <= 0.5


def test_glass_line_of_the_hopfield_network() -> None:
    alpha, T = points(line(Hopfield(alpha=0.1), "glass", "alpha", "T"))
    np.testing.assert_allclose(T, 1 + np.sqrt(alpha), atol=1e-9)
    assert np.min(alpha) < 1e-5
    assert np.max(alpha) == 0.14
    x, T = points(boundary_line(Hopfield(alpha=0.1), "glass", "alpha", "T", at=[0.01, 0.05, 0.14]))
    np.testing.assert_allclose(T, 1 + np.sqrt(x), atol=ROUNDING)


def test_thresholded_capacity_line() -> None:
    theta = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
    theory = ThresholdedHopfield(alpha=0.1)
    x, alpha = points(boundary_line(theory, "spinodal", "theta", "alpha", at=theta, ylim=(0, 50)))
    exact = reference("hopfield/alpha_c_T0").number / (2 * H(2, np.sqrt(2) * x))
    np.testing.assert_allclose(alpha, exact, rtol=ROUNDING)


def test_ferromagnet_compositional_line_is_a_vertical() -> None:
    theory = Compositional(alpha=0.5, theta=1.0, g=-0.2)
    _, g = points(boundary_line(theory, "ferromagnet-compositional", "theta", "g", at=[0.5, 1.0, 2.0]))
    np.testing.assert_allclose(g, -0.25, atol=ROUNDING)


# -- the Hopfield diagram -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "quantity"),
    [("spinodal", "T_M"), ("first-order", "T_c"), ("stability", "T_R"), ("glass", "T_g")],
)
def test_hopfield_lines_at_the_reference_loads(name: str, quantity: str) -> None:
    loads = [alpha for alpha in (0.01, 0.05, 0.1) if (alpha, quantity) != (0.1, "T_c")]
    _, T = points(boundary_line(Hopfield(alpha=0.1), name, "alpha", "T", at=loads))
    for alpha, t in zip(loads, T, strict=True):
        ours = reference(f"hopfield/finiteT/{alpha=}/{quantity}")
        assert t == pytest.approx(ours.number, rel=0, abs=max(ours.tolerance, 1e-12 * ours.number))


def test_the_spinodal_is_re_entrant() -> None:
    """Between alpha_c(0) = 0.137906 and 0.138189 retrieval exists in a window of temperatures."""
    loads = [0.13, 0.138, 0.1381, 0.1385]
    found = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", at=loads)
    by_load = {a: [T for alpha, T in zip(found.x, found.y, strict=True) if alpha == a] for a in loads}
    assert [len(by_load[a]) for a in loads] == [1, 2, 2, 1]
    assert math.isnan(by_load[0.1385][0])
    for alpha in (0.138, 0.1381):
        low, high = by_load[alpha]
        assert 0 < low < reference("hopfield/finiteT/reentrance/T_at_alpha_max").number < high < 0.0458
        for T, exists in [(0.99 * low, False), (1.01 * low, True), (0.99 * high, True), (1.01 * high, False)]:
            assert solve(Hopfield(alpha=alpha, T=T), throw=False).success == exists
        for T in (low, high):
            assert locate(Hopfield(alpha=0.0, T=T), "spinodal", "alpha").value == pytest.approx(
                alpha, abs=1e-12
            )


def test_the_traced_spinodal_turns_around() -> None:
    alpha, T = points(line(Hopfield(alpha=0.1), "spinodal", "alpha", "T"))
    top = np.argmax(alpha)
    assert 0 < top < len(alpha) - 1
    # a step of 0.02 in T/1.4 = 0.03: the points see the turn at T = 0.023, though not its last digits
    assert alpha[top] == pytest.approx(reference("hopfield/finiteT/reentrance/alpha_max").number, abs=1e-4)
    assert 0 < T[top] < 0.06
    ends = {(round(float(a), 4), round(float(t), 2)) for a, t in ((alpha[0], T[0]), (alpha[-1], T[-1]))}
    assert ends == {(0.0, 1.0), (0.1379, 0.0)}


def test_the_first_order_line_is_re_entrant_too() -> None:
    found = boundary_line(Hopfield(alpha=0.1), "first-order", "alpha", "T", at=[0.05, 0.052, 0.06])
    assert list(found.x) == [0.05, 0.052, 0.052, 0.06]
    assert math.isnan(found.y[-1])
    for alpha, T in zip(found.x[:-1], found.y[:-1], strict=True):
        f = [solve(Hopfield(alpha=alpha, T=T), branch).free_energy for branch in ("retrieval", "glass")]
        assert f[0] == pytest.approx(f[1], abs=1e-14)


def test_the_stability_line_spans_many_decades() -> None:
    alpha, T = points(line(Hopfield(alpha=0.1), "stability", "alpha", "T"))
    assert np.min(T) < 1e-25
    assert np.max(T) > 0.02
    for a, t in list(zip(alpha, T, strict=True))[::60]:
        if t > 1e-12:
            state = solve(Hopfield(alpha=a, T=t), throw=False)
            assert abs(state.theory.log_rho(state.x)) < 1e-6
    # alpha -> 0: sqrt(8 alpha/9 pi) exp(-1/(2 alpha)), AGS; the correction is that of the exponent
    a = np.array([0.01, 0.02])
    _, T = points(boundary_line(Hopfield(alpha=0.1), "stability", "alpha", "T", at=a))
    np.testing.assert_allclose(T, np.sqrt(8 * a / (9 * np.pi)) * np.exp(-1 / (2 * a)), rtol=1e-8)


# -- what is missing says why -------------------------------------------------------------------------------


def test_a_line_that_does_not_get_there_is_nan_with_the_reason() -> None:
    found = boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", at=[0.5, 1.1, 1.4])
    assert found.y[0] == pytest.approx(spinodal_field(0.5))
    assert np.isnan(found.y[1:]).all()
    assert found.status[0] == CONVERGED
    for T, status in zip(found.x[1:], found.status[1:], strict=True):
        assert status != CONVERGED
        assert f"T={T:g}" in status


@pytest.mark.parametrize("alpha", [0.03, 0.1, 0.13])
def test_one_point_alone_is_the_point_among_others(alpha: float) -> None:
    alone = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", at=[alpha])
    assert alone.y[0] == pytest.approx(locate(Hopfield(alpha=alpha), "spinodal", "T").value, abs=ROUNDING)
    assert alone.status == (CONVERGED,)


def test_points_come_in_the_order_they_were_asked_for() -> None:
    found = boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", at=[0.9, 0.1, 0.5])
    assert list(found.x) == [0.9, 0.1, 0.5]
    np.testing.assert_allclose(found.y, spinodal_field(np.array(found.x)), atol=ROUNDING)


def test_no_points_are_no_points() -> None:
    found = boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", at=[])
    assert len(found.x) == len(found.y) == len(found.status) == 0


@pytest.mark.parametrize("bad", [[math.nan], [0.5, math.nan], [math.inf]])
def test_points_that_are_no_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(ParameterError):
        boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", at=bad)


def test_a_box_without_the_line() -> None:
    with pytest.raises(LocateError, match=r"T in \[1.2, 1.5\]"):
        boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h", xlim=(1.2, 1.5))


def test_points_stay_in_the_box() -> None:
    box = {"xlim": (0.05, 0.1), "ylim": (0.35, 0.5)}
    alpha, T = points(boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", **box))
    assert np.min(alpha) >= 0.05 - 1e-12
    assert np.max(T) <= 0.5 + 1e-12
    assert np.min(T) == pytest.approx(0.35, abs=1e-12)
    assert len(alpha) > 10


def test_unknown_names() -> None:
    theory = Hopfield(alpha=0.1)
    with pytest.raises(UnknownNameError, match="line of hopfield 'spindal'; did you mean 'spinodal'"):
        boundary_line(theory, "spindal", "alpha", "T")
    for x, y in (("alpha", "beta"), ("beta", "T")):
        with pytest.raises(UnknownNameError, match="parameter of hopfield 'beta'"):
            boundary_line(theory, "spinodal", x, y)
    with pytest.raises(ParameterError, match="two different parameters"):
        boundary_line(theory, "spinodal", "alpha", "alpha")


def test_a_parameter_that_counts_has_no_lines() -> None:
    with pytest.raises(ParameterError, match=r"\bn\b"):
        boundary_line(Mixtures(n=3), "stability", "n", "T", xlim=(3, 5), ylim=(0.1, 0.9), step=0.2)


def test_a_held_parameter_has_no_lines() -> None:
    """The continuous transition of the Curie-Weiss model is at h = 0 by definition, and nowhere else."""
    with pytest.raises((ParameterError, LocateError)):
        boundary_line(CurieWeiss(T=0.5), "continuous", "h", "T", at=[0.3])


LINES = [
    (Hopfield(alpha=0.1), "alpha", "T"),
    (CurieWeiss(T=0.5), "T", "h"),
    (BlumeCapel(T=0.2), "T", "D"),
    (ThresholdedHopfield(alpha=0.1), "theta", "alpha"),
]
EVERY = [(theory, name, x, y) for theory, x, y in LINES for name in theory.lines]


@pytest.mark.parametrize(
    ("theory", "name", "x", "y"), EVERY, ids=lambda v: v.name if isinstance(v, Theory) else v
)
def test_every_line_stays_in_its_box_and_says_where_it_does_not(
    theory: Theory, name: str, x: str, y: str
) -> None:
    if theory.name == "curie-weiss" and name != "spinodal":
        return  # the lines of h = 0 have tests of their own
    found = line(theory, name, x, y)
    low, high = theory.parameters()[x].typical
    for here, there, status in zip(found.x, found.y, found.status, strict=True):
        assert math.isfinite(here) == math.isfinite(there) == (status == CONVERGED)
        if status == CONVERGED:
            assert low - 1e-12 <= here <= high + 1e-12
            assert there >= theory.parameters()[y].lower
    both = np.array([found.x, found.y])
    assert np.sum(np.isfinite(both[0])) > 20
    assert np.sum(~np.isfinite(both[0])) <= 2


def test_a_line_is_named_and_of_its_kind() -> None:
    theory = BlumeCapel(T=0.2)
    named = boundary_line(theory, "first-order", "T", "D", at=[0.2], name="coexistence", label="$D_1$")
    assert (named.name, named.label, named.kind) == ("coexistence", "$D_1$", LineKind.FIRST_ORDER)
    own = boundary_line(theory, Fold("ferromagnet"), "T", "D", at=[0.2])
    assert (own.name, own.kind) == ("spinodal", LineKind.SPINODAL)


def test_a_known_point_is_a_start() -> None:
    start = locate(BlumeCapel(T=0.2), "first-order", "D")
    found = boundary_line(BlumeCapel(T=0.2), "first-order", "T", "D", start=start, at=[0.1, 0.2])
    assert found.y[1] == pytest.approx(start.value, abs=ROUNDING)
    assert abs(blume_capel_gap(0.1, found.y[0])) < ROUNDING


# -- the compositional diagram ------------------------------------------------------------------------------


def test_compositional_lines_meet_in_the_triple_point() -> None:
    """min over l of f = f_SG begins where f_SG = 0 crosses g = -1/4, with l = 0."""
    theory = Compositional(alpha=0.5, theta=1.0, g=-0.2)
    triple = reference("random_rbm/triple_point/alpha=0.5/theta").number
    theta = [triple - 0.02, triple + 0.02, 1.5, 2.0]
    found = boundary_line(theory, "compositional-glass", "theta", "g", at=theta, step=0.05)
    assert math.isnan(found.y[0])
    assert found.y[1] == pytest.approx(-0.25, abs=5e-3)
    for theta, g in zip(("1.5", "2"), found.y[2:], strict=True):
        ours = reference(f"random_rbm/line/compositional_SG/alpha=0.5,theta={theta}/g")
        assert g == pytest.approx(ours.number, rel=0, abs=max(ours.tolerance, 1e-12))
    glass = boundary_line(theory, "ferromagnet-glass", "theta", "g", at=[triple])
    assert glass.y[0] == pytest.approx(-0.25, abs=1e-8)  # the triple point is known to nine digits
