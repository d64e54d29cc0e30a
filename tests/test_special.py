"""Points of codimension two: exact ones, published ones, and that nobody has to say where they are."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner

from phase_diagrams.commands import main
from phase_diagrams.diagram import CONVERGED, Axis, DiagramError, Line, LineKind, PhaseDiagram, Point
from phase_diagrams.diagram.outline import join
from phase_diagrams.draw import figure
from phase_diagrams.tracing.lines import boundary_line, find_points
from problems import Cusp, Nowhere, Pitchfork
from reference import reference
from replica.errors import LocateError, ParameterError
from replica.numerics.functions import stack
from replica.solving import locate, solve
from replica.solving.codimension_two import cusp, meeting, quartic, tip, tricritical
from replica.solving.systems import System
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    SherringtonKirkpatrick,
    SpectralRBM,
)
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Fold,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)
from replica.theory.boundaries import Kind


@dataclass(frozen=True)
class RandomField(Theory):
    """Ising ferromagnet in a random field +-h: tricritical at T = 2/3, tanh^2(h/T) = 1/3 (Aharony 1978)."""

    T: Value = parameter("temperature", "T", lower=0, default=0.9, typical=(0.05, 1.2))
    h: Value = parameter("field", "h", default=0.1, typical=(0.0, 0.6))

    name: ClassVar[str] = "random-field"
    order: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "ferromagnet": Branch("m > 0", (1.0,)),
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "continuous": Zero(Phase("paramagnet"), "stability"),
        "first-order": Coexistence(Phase("ferromagnet"), Phase("paramagnet")),
        "spinodal": Fold("ferromagnet"),
    }

    def update(self, x: Any) -> Any:
        (m,) = x
        return stack((np.tanh((m + self.h) / self.T) + np.tanh((m - self.h) / self.T)) / 2)

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return (
            m**2 / 2
            - self.T
            * (np.log(2 * np.cosh((m + self.h) / self.T)) + np.log(2 * np.cosh((m - self.h) / self.T)))
            / 2
        )

    def belongs(self, branch: str, x: Any) -> Any:
        (m,) = x
        return m > 1e-7 if branch == "ferromagnet" else np.abs(m) < 1e-7


@dataclass(frozen=True)
class Potts(Theory):
    """Three-state Potts ferromagnet in a field h along state 1, energy -sum s_a^2/2 - h s_1.

    The share of state 1 is s = (1 + 2 m)/3. At h = 0 the transition is first order, at T = 1/(4 ln 2) with
    m = 1/2; in a field it ends in a critical point.
    """

    T: Value = parameter("temperature", "T", lower=0, default=0.3, typical=(0.3, 0.42))
    h: Value = parameter("field", "h", default=0.0, typical=(-0.02, 0.05))

    name: ClassVar[str] = "potts"
    order: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "ordered": Branch("mostly state 1", (1.0,)),
        "disordered": Branch("nearly equal shares", (0.0,)),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "first-order": Coexistence(Phase("ordered"), Phase("disordered")),
        "spinodal": Fold("ordered"),
    }

    def update(self, x: Any) -> Any:
        (m,) = x
        w = np.exp(-(m + self.h) / self.T)
        return stack((1 - w) / (1 + 2 * w))

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return m**2 / 3 + m / 3 - self.T * np.log(np.exp((m + self.h) / self.T) + 2)

    def belongs(self, branch: str, x: Any) -> Any:
        return np.ones(np.shape(x)[1:], dtype=bool)


def kinds(line: Line) -> list[Kind | None]:
    return [point.kind for point in line.points]


def only(line: Line, kind: Kind) -> Point:
    (point,) = (point for point in line.points if point.kind is kind)
    return point


def within(point: Point, x: float, y: float, atol: float = 1e-11) -> bool:
    """Whether a point lies where it must, to its own uncertainty, which is small."""
    assert point.uncertainty is not None
    errors = abs(point.x - x), abs(point.y - y)
    assert max(point.uncertainty) < atol
    return all(error <= bound for error, bound in zip(errors, point.uncertainty, strict=True))


# -- exact points, met while lines are traced ---------------------------------------------------------------

TRICRITICAL = reference("blume_capel/tricritical/T").number, reference("blume_capel/tricritical/D").number


@pytest.mark.parametrize("name", ["continuous", "first-order", "spinodal"])
def test_blume_capel_tricritical_point_on_each_of_its_three_lines(name: str) -> None:
    line = boundary_line(BlumeCapel(T=0.2), name, "T", "D")
    assert within(only(line, Kind.TRICRITICAL), *TRICRITICAL, atol=1e-10)
    assert kinds(line) == [Kind.TRICRITICAL]
    ends = [(line.x[0], line.y[0]), (line.x[-1], line.y[-1])]
    assert (line.points[0].x, line.points[0].y) in ends  # the line ends in it, not near it


def test_a_continuous_line_ends_in_its_tricritical_point_and_goes_on_as_a_spinodal() -> None:
    """D = T ln(2 (1 - T)/T) is largest where ln(2 (1 - T)/T) = 1/(1 - T), behind the tricritical point."""
    theory = BlumeCapel(T=0.2)
    continuous = boundary_line(theory, "continuous", "T", "D")
    assert min(continuous.x) == pytest.approx(TRICRITICAL[0], abs=1e-12)
    behind = boundary_line(theory, Zero(Phase("paramagnet"), "stability", "spinodal"), "T", "D")
    assert max(behind.x) == pytest.approx(TRICRITICAL[0], abs=1e-12)
    for line in (continuous, behind):
        T, D = (np.array(part) for part in (line.x, line.y))
        np.testing.assert_allclose(D[D > 0], (T * np.log(2 * (1 - T) / T))[D > 0], atol=1e-12)
        within(only(line, Kind.TRICRITICAL), *TRICRITICAL)
    T = float(mpmath.findroot(lambda t: mpmath.log(2 * (1 - t) / t) - 1 / (1 - t), 0.3))
    assert within(only(behind, Kind.TIP), T, T / (1 - T))
    assert set(kinds(behind)) == {Kind.TRICRITICAL, Kind.TIP}
    given = boundary_line(theory, "continuous", "T", "D", at=[0.3, 0.4])
    assert given.status == ("no such point at T=0.3 in this range", CONVERGED)


@pytest.mark.parametrize("axes", ["TD", "DT"])
def test_points_do_not_depend_on_which_axis_is_which(axes: str) -> None:
    point = only(boundary_line(BlumeCapel(T=0.2), "first-order", *axes), Kind.TRICRITICAL)
    T, D = (point.x, point.y) if axes == "TD" else (point.y, point.x)
    assert pytest.approx(TRICRITICAL, abs=1e-11) == (T, D)


@pytest.mark.parametrize("name", ["continuous", "first-order", "spinodal"])
def test_random_field_tricritical_point_without_an_analytic_jacobian(name: str) -> None:
    line = boundary_line(RandomField(), name, "T", "h")
    exact = [reference(f"random_field_ising/bimodal/tricritical/{v}").number for v in "Th"]
    assert within(only(line, Kind.TRICRITICAL), *exact, atol=1e-6)


def test_curie_weiss_critical_end_point() -> None:
    line = boundary_line(CurieWeiss(T=0.5), "first-order", "T", "h")
    assert kinds(line) == [Kind.CRITICAL]
    assert within(line.points[0], reference("curie_weiss/T_c").number, 0.0)
    line = boundary_line(CurieWeiss(T=0.5), "spinodal", "T", "h")
    assert kinds(line) == [Kind.CUSP]
    assert within(line.points[0], 1.0, 0.0)


def test_cusp_where_two_folds_meet_and_their_first_order_line_ends() -> None:
    assert within(only(boundary_line(Cusp(), "fold", "a", "b"), Kind.CUSP), 0.0, 0.0)
    assert within(only(boundary_line(Cusp(), "first-order", "a", "b"), Kind.CRITICAL), 0.0, 0.0)


def test_potts_critical_end_point() -> None:
    """F = F' = F'' = 0 of m = (1 - w)/(1 + 2w), w = exp(-(m + h)/T): w = 1/2 and m = 1/4 + ..., on paper."""
    line = boundary_line(Potts(), "first-order", "T", "h")
    # m'(w) chain: dm/dy = 3w/(T (1 + 2w)^2) with y = m + h; its own maximum is at w = 1/2, where it is 3/(8T)
    T, m = 3 / 8, 1 / 4
    assert within(only(line, Kind.CRITICAL), T, T * math.log(2) - m, atol=1e-6)
    zero = boundary_line(Potts(), "first-order", "h", "T", at=[0.0])
    assert zero.y[0] == pytest.approx(reference("potts/q=3/T_c").number, abs=1e-9)


# -- the Hopfield network and the random RBM ----------------------------------------------------------------


def test_hopfield_tip_of_the_re_entrant_spinodal() -> None:
    line = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T")
    assert kinds(line) == [Kind.TIP, Kind.SPINODAL]
    point = only(line, Kind.TIP)
    for name, value in (("alpha_max", point.x), ("T_at_alpha_max", point.y)):
        known = reference(f"hopfield/finiteT/reentrance/{name}")
        assert abs(value - known.number) <= known.tolerance
    for T in (point.y - 0.002, point.y + 0.002):  # and it is a maximum
        assert locate(Hopfield(alpha=0.1, T=T), "spinodal", "alpha").value < point.x


def test_hopfield_stability_line_ends_on_the_spinodal() -> None:
    """Seen from either line it is one point; there both det(1 - J) and the replicon vanish."""
    theory = Hopfield(alpha=0.1)
    one, two = (
        only(boundary_line(theory, name, "alpha", "T"), Kind.SPINODAL) for name in ("stability", "spinodal")
    )
    assert (one.x, one.y) == pytest.approx((two.x, two.y), abs=1e-13)
    fold = locate(Hopfield(alpha=0.1, T=one.y), "spinodal", "alpha")
    assert fold.value == pytest.approx(one.x, abs=1e-13)
    assert float(fold.theory.replicon(fold.x)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_compositional_triple_point_is_the_same_from_all_three_lines(alpha: float) -> None:
    theory = Compositional(alpha=alpha, theta=1.5, g=-0.2)
    known = reference(f"random_rbm/triple_point/alpha={alpha:g}/theta")
    for name in theory.lines:
        if name != "spinodal":
            line = boundary_line(theory, name, "theta", "g", xlim=(0.9, 1.6), ylim=(-0.35, -0.15), step=0.05)
            point = only(line, Kind.TRIPLE)
            assert abs(point.x - known.number) <= known.tolerance, name
            assert point.y == pytest.approx(-0.25, rel=0, abs=1e-13), name


def test_find_points_gives_each_point_once() -> None:
    (point,) = find_points(BlumeCapel(T=0.2), "T", "D")
    assert point.kind is Kind.TRICRITICAL
    assert point.located
    assert point.values == pytest.approx(TRICRITICAL, abs=1e-11)
    assert min(point.decimals) >= 10
    assert point.order["m"] == 0
    assert find_points(BlumeCapel(T=0.2), "T", "D", lines=["continuous"], xlim=(0.5, 0.6)) == []


def test_lines_that_need_a_parameter_more_have_no_points() -> None:
    theory = Compositional(alpha=0.5, theta=1.5, g=-0.2)  # its spinodal is one at given l
    found = find_points(theory, "theta", "g", xlim=(0.9, 1.6), ylim=(-0.35, -0.15), step=0.05)
    assert [point.kind for point in found] == [Kind.TRIPLE]
    with pytest.raises(ParameterError, match="l = pL"):
        find_points(theory, "theta", "g", lines=["spinodal"])


def test_points_outside_the_box_are_not_listed() -> None:
    line = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", xlim=(0.05, 0.1))
    assert line.points == ()
    line = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", at=[0.13, 0.139])
    assert kinds(line) == [Kind.TIP, Kind.SPINODAL]


# -- the systems themselves ---------------------------------------------------------------------------------


def test_convergence_from_far_and_failure_from_nowhere() -> None:
    near = cusp(CurieWeiss(T=0.7, h=0.2), ("T", "h"), [0.4], [1.0])
    assert near.located
    assert near.values == pytest.approx((1, 0), abs=1e-13)
    lost = tricritical(Pitchfork(a=0.3), ("a", "a"), "symmetric")  # one parameter cannot do it
    assert not lost.located
    assert np.isnan(lost.values).all()
    assert lost.decimals == (0, 0)


def test_tip_of_a_boundary_of_ones_own() -> None:
    """x^2 + a^2 = 1 + b on which x = 1/2 turns round in b, at a = 0 and b = -3/4."""

    @dataclass(frozen=True)
    class Bowl(Theory):
        a: Value = parameter("position", "a", default=0.5, typical=(-1.0, 1.0))
        b: Value = parameter("height", "b", default=0.0, typical=(-1.0, 1.0))

        name: ClassVar[str] = "bowl"
        order: ClassVar[tuple[str, ...]] = ("x",)
        branches: ClassVar[Mapping[str, Branch]] = {"upper": Branch("x > 0", (0.8,))}
        lines: ClassVar[Mapping[str, Boundary]] = {"half": Zero(Phase("upper"), "above")}

        def update(self, x: Any) -> Any:
            (x,) = x
            return stack(x + (1 + self.b - self.a**2 - x**2) / 4)

        def free_energy(self, x: Any) -> Any:
            (x,) = x
            return x**3 / 3 - (1 + self.b - self.a**2) * x

        def above(self, x: Any) -> Any:
            return x[0] - 0.5

    assert within(only(boundary_line(Bowl(), "half", "a", "b"), Kind.TIP), 0.0, -0.75)
    near = solve(Bowl(a=0.3, b=-0.5))
    system = System(Bowl.lines["half"], near.theory)
    assert tip(system, near.theory, ("a", "b"), near.x, "b").values == pytest.approx((0, -0.75), abs=1e-12)


def test_quartic_term_of_blume_capel() -> None:
    """On the continuous line, m''' of update is (1 - 3 T)/T^3 up to a factor: it vanishes at T = 1/3."""
    for T in (0.2, 0.5):
        D = T * math.log(2 * (1 - T) / T)
        even, odd = quartic(BlumeCapel(T=T, D=D), "paramagnet")
        assert even == pytest.approx(0, abs=1e-8)
        assert odd == pytest.approx((1 - 3 * T) / T**2, rel=1e-7)


RFIM = 2 / 3, 2 / 3 * math.atanh(1 / math.sqrt(3))  # T and h, tanh^2(h/T) = 1/3
KNOWN = [
    (SherringtonKirkpatrick(T=0.5, J0=0.5), name, "T", "J0", (1.0, 1.0))
    for name in ("glass", "ferromagnet", "mixed", "stability")
]
KNOWN += [
    (SpectralRBM(w=1.0, sigma=0.5, T=1.0), name, "sigma", "w", (1.0, 1.0))
    for name in ("paramagnet-glass", "paramagnet-ferromagnet", "ferromagnet-glass", "stability")
]
KNOWN += [
    (BlumeCapel(T=0.2), name, "T", "D", TRICRITICAL) for name in ("continuous", "first-order", "spinodal")
]
KNOWN += [(CurieWeiss(T=0.5), name, "T", "h", (1.0, 0.0)) for name in ("first-order", "spinodal")]
KNOWN += [(RandomField(), name, "T", "h", RFIM) for name in ("continuous", "first-order", "spinodal")]


@pytest.mark.parametrize(
    ("theory", "name", "x", "y", "exact"), KNOWN, ids=[f"{one[0].name}-{one[1]}" for one in KNOWN]
)
def test_bounds_hold_at_special_points_that_are_known_exactly(
    theory: Theory, name: str, x: str, y: str, exact: tuple[float, float]
) -> None:
    """On whichever line, and whichever axis is which; the line ends there or passes through."""
    for axes, place in (((x, y), exact), ((y, x), exact[::-1])):
        traced = boundary_line(theory, name, *axes)
        near = [point for point in traced.points if np.hypot(*np.subtract((point.x, point.y), place)) < 1e-2]
        assert near
        for point in near:
            assert point.uncertainty is not None
            assert np.all(np.abs(np.subtract((point.x, point.y), place)) <= point.uncertainty)
            assert max(point.uncertainty) < 1e-8


def test_a_line_ends_where_its_state_goes_over_into_another() -> None:
    """The glass of the Sherrington-Kirkpatrick model exists below T = 1: J0 C = 1 means nothing above."""
    theory = SherringtonKirkpatrick(T=0.5, J0=0.5)
    whole = boundary_line(theory, "mixed", "T", "J0")
    assert max(whole.x) == pytest.approx(1, abs=1e-14)
    assert set(whole.status) == {"converged"}
    some = boundary_line(theory, "mixed", "T", "J0", at=[0.5, 0.99])
    assert np.isfinite(some.y).all()
    with pytest.raises(LocateError, match="no continuous point found"):
        boundary_line(theory, "mixed", "T", "J0", at=[1.0, 1.5, 2.0])


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.5, 2.0])
def test_bounds_hold_where_a_transition_is_known_exactly(alpha: float) -> None:
    glass = locate(Hopfield(alpha=alpha, T=1.0), "glass", "T")
    assert abs(glass.value - 1 - math.sqrt(alpha)) <= glass.uncertainty < 1e-14


def test_points_of_a_line_know_their_errors() -> None:
    """The continuous line of Blume and Capel is D = T ln(2 (1 - T)/T)."""
    traced = boundary_line(BlumeCapel(T=0.5), "continuous", "T", "D")
    assert len(traced.uncertainty) == len(traced.x)
    for T, D, (dT, dD) in zip(traced.x, traced.y, traced.uncertainty, strict=True):
        if 0 < T < 1:
            slope = math.log(2 * (1 - T) / T) - 1 / (1 - T)
            assert abs(D - T * math.log(2 * (1 - T) / T)) <= dD + abs(slope) * dT + 1e-16
            assert max(dT, dD) < 1e-10
    again = PhaseDiagram("d", "", (Axis("T", "T"), Axis("D", "D")), [traced], [], [], {}).to_json()
    assert PhaseDiagram.from_json(json.loads(json.dumps(again))).lines[0] == traced


def test_uncertainties_are_honest() -> None:
    """The error of a tricritical point, whose exact place is known, is below its bound from any start."""
    for T, D in ((0.3, 0.45), (0.36, 0.47), (0.4, 0.4), (0.33, 0.5)):
        point = tricritical(BlumeCapel(T=T, D=D), ("T", "D"), "paramagnet")
        assert point.located
        errors = np.abs(np.subtract(point.values, TRICRITICAL))
        assert np.all(errors <= point.uncertainties)


def test_formulas_that_are_not_finite_have_no_points() -> None:
    theory = Nowhere()
    plane = ("a", "a")
    both = list(theory.lines.values())
    assert not cusp(theory, plane, [0.0, 0.0], [1.0, 0.0]).located
    assert not meeting(Kind.CROSSING, theory, plane, both, [[0.0, 0.0]], [[1.0, 0.0]]).located


def test_a_meeting_that_does_not_exist_is_not_located() -> None:
    theory = CurieWeiss(T=0.5, h=0.1)
    both = (Fold("down"), Coexistence(Phase("up"), Phase("down")))
    states = [solve(theory, "down").x, solve(theory, "up").x]
    assert not meeting(Kind.CROSSING, theory, ("T", "h"), both, states, [[1.0]]).located


# -- in diagrams --------------------------------------------------------------------------------------------


def made(points: Any) -> PhaseDiagram:
    line = Line("T_c", LineKind.FIRST_ORDER, [0.1, 0.9], [0.2, 0.7], [CONVERGED] * 2, "", points)
    axes = Axis("a", "$a$", limits=(0, 1)), Axis("b", "$b$", limits=(0, 1))
    return PhaseDiagram("d", "", axes, [line], [Point("own", "own", 0.1, 0.2)], [], {})


def test_points_of_a_line_survive_json_and_are_drawn_once() -> None:
    point = Point("tricritical point", "tricritical point", 0.9, 0.7, Kind.TRICRITICAL, (1e-12, 1e-13))
    same = Point("cusp", "cusp", 0.1, 0.2, Kind.CUSP)
    diagram = made([point, same])
    assert PhaseDiagram.from_json(json.loads(json.dumps(diagram.to_json()))) == diagram
    (ax,) = figure(diagram).axes
    assert sorted(text.get_text() for text in ax.texts) == ["own", "tricritical point"]
    assert sum(line.get_linestyle() == "None" for line in ax.lines) == 2


def test_damaged_points_are_refused() -> None:
    data = made([Point("cusp", "", 0.1, 0.2, Kind.CUSP)]).to_json()
    data["lines"][0]["points"][0]["kind"] = "kink"
    with pytest.raises(DiagramError, match=r"lines\[0\].points\[0\].kind: unknown kind 'kink'; known: cusp"):
        PhaseDiagram.from_json(data)
    with pytest.raises(DiagramError, match="stands twice"):
        made([Point("cusp", "", 0.1, 0.2), Point("cusp", "", 0.3, 0.2)])


def test_joined_lines_keep_their_points() -> None:
    one, two = (
        Line("T", LineKind.SPINODAL, [x, x + 1], [0, 0], [CONVERGED] * 2, "", [Point("cusp", "", x, 0)])
        for x in (0.0, 1.0)
    )
    assert [(point.name, point.x) for point in join(one, two).points] == [("cusp", 0), ("cusp 2", 1)]


# -- on the command line ------------------------------------------------------------------------------------


def test_the_command_line_prints_points_with_their_good_digits() -> None:
    result = CliRunner().invoke(
        main, ["line", "blume-capel", "first-order", "-x", "T=0.3:0.34:3", "-y", "D"], prog_name="replica"
    )
    assert result.exit_code == 0
    table = result.output.partition("special points of the line")[2].splitlines()
    x, y, kind = table[-1].split(maxsplit=2)
    assert kind == "tricritical point"
    assert abs(float(x) - TRICRITICAL[0]) < 1e-9
    assert y.startswith("0.46209812")
    result = CliRunner().invoke(
        main, ["line", "curie-weiss", "first-order", "-x", "T", "-y", "h", "--json"], prog_name="replica"
    )
    (point,) = json.loads(result.output)["special"]
    assert (point["kind"], point["x"]) == ("critical end point", pytest.approx(1))
    assert point["uncertainty"] == pytest.approx([0, 0], abs=1e-13)
