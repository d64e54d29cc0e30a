"""Diagrams of the random RBM and of general priors: which lines, where they start, meet and end."""

import re
from pathlib import Path

import numpy as np
import pytest

from figures import built
from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.catalogue.activation_functions import double_well
from phase_diagrams.diagram import CONVERGED
from reference import reference
from replica import units
from replica.solving import locate, minimise, profile, solve
from replica.theories import Compositional, Hopfield, RandomRBM
from test_catalogue import at, ends, kinds

SPARSE = {"alpha": 0.5, "g": -0.21, "theta": 1.5}
FIG4A = "random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l="


# --- one batched call is a diagram -----------------------------------------------------------------


def test_free_energies_over_load_threshold_and_field_are_one_call() -> None:
    A, TH, G = np.array([0.3, 0.5]), np.array([1.2, 1.5, 2.0]), np.array([-0.23, -0.21])
    LL = np.linspace(0.05, 1.0, 7)
    shape = (A.size, TH.size, G.size, LL.size)
    grid = np.meshgrid(A, TH, G, LL, indexing="ij", sparse=True)
    a, th, g, ll = grid
    batch = solve(RandomRBM(units.Bernoulli(g=g), units.ReLU(theta=th), alpha=a, l=ll), throw=False)
    assert batch.success.shape == shape
    assert batch.success.all()
    one = solve(
        RandomRBM(units.Bernoulli(g=G[1]), units.ReLU(theta=TH[1]), alpha=float(A[1]), l=float(LL[3]))
    )
    assert batch.free_energy[1, 1, 1, 3] == pytest.approx(float(one.free_energy), abs=1e-15)
    closed = solve(Compositional(alpha=a, theta=th, g=g, l=ll), throw=False)
    np.testing.assert_allclose(batch.free_energy, closed.free_energy, rtol=0, atol=1e-13)


# --- activation functions --------------------------------------------------------------------------


def test_activation_functions_at_zero_temperature() -> None:
    jumping, _, smooth, _ = [built("activation-functions"), *built("activation-functions").beside]
    b = np.array(jumping.lines[0].x)
    expected = {"bernoulli": b > 0, "spin": np.sign(b)}
    for name, s in expected.items():
        np.testing.assert_array_equal(jumping.line(name).y, s)
    expected = {
        "gaussian": b,
        "relu": np.maximum(b - 0.5, 0),
        "double-relu": np.maximum(b - 0.5, 0) + np.minimum(b + 0.5, 0),
    }
    for name, s in expected.items():
        np.testing.assert_allclose(smooth.line(name).y, s, atol=1e-15)


def test_the_double_well_jumps_where_its_wells_are_equal() -> None:
    line = built("activation-functions").line("double well")
    b, s = np.array(line.x), np.array(line.y)
    np.testing.assert_allclose(2 * s * (s**2 - 1), b, atol=1e-10)  # U'(s) = b
    assert np.sum(np.abs(np.diff(s)) > 1) == 1
    i = int(np.argmax(np.diff(s)))
    assert abs(b[i]) <= 1e-12
    assert abs(b[i + 1]) <= 1e-12
    assert (s[i], s[i + 1]) == pytest.approx((-1, 1))


def test_activation_functions_are_rounded_by_temperature() -> None:
    _, warm, _, smooth = [built("activation-functions"), *built("activation-functions").beside]
    b = np.array(warm.lines[0].x)
    np.testing.assert_allclose(warm.line("spin").y, np.tanh(b / 0.25), atol=1e-14)
    np.testing.assert_allclose(warm.line("bernoulli").y, 1 / (1 + np.exp(-b / 0.25)), atol=1e-14)
    s = np.linspace(-4, 4, 40001)  # the double well, by brute force
    for i in (20, 100, 150):
        weight = np.exp(-(double_well(s) - b[i] * s) / 0.25)
        assert warm.line("double well").y[i] == pytest.approx((weight @ s) / weight.sum(), abs=1e-10)
    for panel in (warm, smooth):
        for line in panel.lines:
            assert np.all(np.diff(line.y) > 0)


# --- hidden units ----------------------------------------------------------------------------------


def test_thresholds_enlarge_the_retrieval_region() -> None:
    diagram = built("hidden-units")
    names = ["gaussian", "theta=0", "theta=0.5", "theta=1"]
    assert kinds(diagram) == {n: "spinodal" for n in names} | {f"{n}, T_R": "stability" for n in names}
    capacity = [max(diagram.line(n).x) for n in names]
    assert capacity == sorted(capacity)
    for T in (0.1, 0.3, 0.5):
        loads = []
        for n in names:
            line = diagram.line(n)
            order = np.argsort(line.y)
            loads.append(float(np.interp(T, np.array(line.y)[order], np.array(line.x)[order])))
        assert loads == sorted(loads)
    assert diagram.beside[0].lines == diagram.lines


def test_gaussian_hidden_units_are_the_hopfield_network() -> None:
    line = built("hidden-units").line("gaussian")
    assert min(ends(line), key=lambda end: end[1]) == pytest.approx((0.137905566494932, 0), abs=1e-12)


@pytest.mark.parametrize("theta", [0.0, 0.5])
def test_hidden_unit_capacity_at_zero_temperature(theta: float) -> None:
    line = built("hidden-units").line(f"theta={theta:g}")
    (cold,) = [x for x, y in zip(line.x, line.y, strict=True) if y == 0]
    at_zero = locate(RandomRBM("spin", units.ReLU(theta=theta), alpha=0.1, p=1.0, L=1), "spinodal", "alpha")
    assert cold == pytest.approx(at_zero.value, rel=1e-12)
    if theta == 0:  # H2(0) = 1/2: half of the patterns make noise
        assert cold == pytest.approx(2 * 0.137905566494932, rel=1e-12)


@pytest.mark.parametrize("name", ["theta=0", "theta=0.5", "theta=1"])
def test_stability_lines_end_on_the_spinodal(name: str) -> None:
    line = built("hidden-units").line(f"{name}, T_R")
    alpha, T = max(ends(line))
    theory = RandomRBM("spin", units.ReLU(theta=float(name[6:])), alpha=0.1, T=T, p=1.0, L=1)
    fold = locate(theory, "spinodal", "alpha")
    assert alpha == pytest.approx(fold.value, rel=1e-6)
    assert abs(float(fold.theory.replicon(fold.x))) < 1e-3
    assert min(line.y) < 1e-6
    below = [y for x, y in zip(line.x, line.y, strict=True) if x < alpha]
    assert max(below) < T


# --- the compositional phase at finite temperature -------------------------------------------------


def test_l_star_grows_with_temperature_until_it_is_lost() -> None:
    diagram = built("compositional-temperature")
    middle, _ = diagram.beside
    line, fold = middle.line("l*"), middle.line("spinodal")
    printed = reference(f"{FIG4A}l_star/l")
    assert abs(line.y[0] - printed.number) <= printed.tolerance
    assert set(line.status) | set(fold.status) == {CONVERGED}
    assert list(line.x) == sorted(line.x)
    assert list(line.y) == sorted(line.y)
    assert list(fold.y) == sorted(fold.y, reverse=True)
    assert all(y < at(fold, x) for x, y in zip(line.x, line.y, strict=True))
    # at its end the curve is vertical: below f has a minimum and a maximum there, above neither of them
    assert line.x[-1] - line.x[-2] < 1e-3 * (line.y[-1] - line.y[-2])
    theory = RandomRBM(units.Bernoulli(g=-0.21), units.ReLU(theta=1.5), alpha=0.5, l=1.0, T=line.x[-1] - 5e-5)
    near = np.linspace(line.y[-1] - 0.05, line.y[-1] + 0.05, 201)
    rises = np.diff(profile(theory, "retrieval", "l", near).free_energy) > 0
    assert np.flatnonzero(np.diff(rises)).size == 2
    theory = theory.at(T=line.x[-1] + 5e-5)
    assert not np.any(np.diff(profile(theory, "retrieval", "l", near).free_energy) > 0)


def test_free_energy_curves_end_where_their_branch_does() -> None:
    diagram = built("compositional-temperature")
    fold = diagram.beside[0].line("spinodal")
    for line in diagram.lines:
        T = float(re.fullmatch(r"T=(.*)", line.name)[1])  # type: ignore[index]
        found = [status == CONVERGED for status in line.status]
        assert found == sorted(found, reverse=True)
        assert line.status[-1] == "the branch ends at a smaller l"
        last = sum(found) - 1
        assert line.x[last] <= at(fold, T) + 1e-9 <= line.x[last + 1] + 0.05


def test_the_compositional_phase_is_a_wedge() -> None:
    panel = built("compositional-temperature").beside[1]
    assert kinds(panel) == {"compositional-glass": "first-order", "ferromagnet-compositional": "continuous"}
    glass, ferromagnet = (panel.line(name) for name in kinds(panel))
    assert min(ends(ferromagnet), key=lambda end: end[1]) == pytest.approx((-0.25, 0), abs=1e-11)
    g = reference("random_rbm/line/compositional_SG/alpha=0.5,theta=1.5/g").number
    assert min(ends(glass), key=lambda end: end[1]) == (pytest.approx(g, abs=1e-12), 0)
    assert max(glass.y) > panel.axes[1].limits[1]  # type: ignore[index]
    assert set(glass.status) | set(ferromagnet.status) == {CONVERGED}
    assert list(glass.y) == sorted(glass.y, reverse=True)
    assert max(ferromagnet.x) < min(glass.x)


@pytest.mark.parametrize(("g", "T"), [(-0.21, 0.03), (-0.21, 0.05), (-0.225, 0.06), (-0.2, 0.03)])
def test_the_wedge_holds_the_state_of_least_free_energy(g: float, T: float) -> None:
    line = built("compositional-temperature").beside[1].line("compositional-glass")
    theory = RandomRBM(units.Bernoulli(g=g), units.ReLU(theta=1.5), alpha=0.5, T=T, l=1.0)
    best, glass = minimise(theory), solve(theory, "glass")
    assert (best.free_energy < glass.free_energy) == (at(line, g) > T)


# --- general priors --------------------------------------------------------------------------------


def glass_condition(T: float, alpha: float, visible: float, hidden: float) -> float:
    """Alpha beta^2 qd^2 pd^2 of the paramagnet, 1 on the glass line; by plain iteration."""

    def square(gamma: float, omega: float) -> float:
        a = 1 - gamma * omega
        return omega / a + (1 - omega) / a**2

    qd = pd = 1.0
    for _ in range(4000):
        qd, pd = square(alpha * pd / T, visible), square(qd / T, hidden)
    return alpha * (qd * pd / T) ** 2


def test_glass_lines_of_general_priors() -> None:
    diagram = built("general-priors")
    exact = {
        "(0, 0)": np.sqrt,
        "(0, 1)": lambda a: 1 + np.sqrt(a),
        "(1, 0)": lambda a: np.sqrt(a) + a,
    }
    for name, formula in exact.items():
        line = diagram.line(name)
        np.testing.assert_allclose(line.y, formula(np.array(line.x)), rtol=1e-11)
        assert line.kind.value == "continuous"
    for name, visible, hidden in (("(0, 0.5)", 0.0, 0.5), ("(0.5, 0.5)", 0.5, 0.5)):
        line = diagram.line(name)
        for x, y in list(zip(line.x, line.y, strict=True))[::3]:
            # beside the line: on it the iteration of mixed priors does not converge
            above, below = (glass_condition(y * (1 + k), x, visible, hidden) for k in (1e-4, -1e-4))
            assert above < 1
            assert not below < 1  # larger, or not finite
    assert at(diagram.line("(1, 1)"), 1.0) == 4
    for line in diagram.lines:
        assert all(y <= (1 + np.sqrt(x)) ** 2 + 1e-9 for x, y in zip(line.x, line.y, strict=True))


def test_retrieval_starts_at_the_temperature_of_the_hidden_prior() -> None:
    hidden, patterns = built("general-priors").beside
    for line, end in zip(hidden.lines, (1, 0.75, 0.5), strict=True):
        assert (0, end) in ends(line)
        assert list(line.y) == sorted(line.y)
        assert list(line.x) == sorted(line.x, reverse=True)
    for line in patterns.lines:
        assert (0, 1) in ends(line)
    for T in (0.1, 0.3, 0.6):
        loads = [float(np.interp(T, line.y, line.x)) for line in patterns.lines]
        assert loads == sorted(loads, reverse=True)


def test_the_outer_line_of_general_priors_is_that_of_hopfield() -> None:
    line = built("general-priors").beside[0].line("tau=1")
    for x, y in list(zip(line.x, line.y, strict=True))[1:-1:4]:
        fold = locate(Hopfield(alpha=0.1, T=y), "spinodal", "alpha")
        assert x == pytest.approx(fold.value, rel=1e-10)


# --- heterogeneous weights, finite sparsity --------------------------------------------------------


def test_heterogeneity_moves_the_minimum_to_fewer_hidden_units() -> None:
    diagram = built("heterogeneous")
    points = [diagram.point(f"s={s}") for s in ("0", "0.3", "0.6")]
    assert [p.x for p in points] == sorted((p.x for p in points), reverse=True)
    assert [p.y for p in points] == sorted(p.y for p in points)
    printed = reference(f"{FIG4A}l_star/l")
    assert abs(points[0].x - printed.number) <= printed.tolerance
    overlap = diagram.beside[0]
    for line in overlap.lines:
        assert ends(line)[0] == (0, pytest.approx(1, abs=1e-12))
        assert list(line.y) == sorted(line.y, reverse=True)
    assert at(diagram.line("s=0"), 1.4) == pytest.approx(reference(f"{FIG4A}1.4/f").number, abs=1e-12)


def test_two_equal_groups_are_one() -> None:
    kwargs = {"alpha": 0.5, "l": 0.7}
    one = solve(RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", **kwargs))
    two = solve(RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", **kwargs, sites=((0.3, 1.0), (0.7, 1.0))))
    np.testing.assert_allclose(one.x, two.x, rtol=1e-13)
    assert float(one.free_energy) == pytest.approx(float(two.free_energy), abs=1e-15)


def test_finite_sparsity_changes_the_energy_in_proportion_to_p() -> None:
    (right,) = built("finite-sparsity").beside
    for l in (0.3, 0.6, 0.9, 1.5):
        dense, middle, sparse = (at(right.line(f"p={p}"), l) for p in (0.1, 0.03, 0.01))
        # change/p = c + p d: two differences over 0.07 and 0.02 in p
        assert (dense - middle) / (middle - sparse) == pytest.approx(3.5, rel=0.12)


def test_energy_at_finite_sparsity_tends_to_the_limit() -> None:
    """(f(p) - f(0))/p tends to a constant: Richardson's extrapolation of it agrees between two pairs of p."""
    l = 0.6
    limit = float(solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=l)).free_energy)

    def change(p: float) -> float:
        theory = RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", alpha=0.5, p=p, L=round(l / p))
        return (float(solve(theory).free_energy) - limit) / p

    a, b, c = change(0.02), change(0.01), change(0.005)
    assert 2 * b - a == pytest.approx(2 * c - b, rel=2e-4)
    assert (a - b) / (b - c) == pytest.approx(2, rel=0.05)
    assert 2 * c - b == pytest.approx(-0.0068, rel=0.05)


def test_every_stored_diagram_of_this_file_exists() -> None:
    data = Path(__file__).parents[1] / "examples" / "data"
    new = (
        "activation-functions",
        "hidden-units",
        "compositional-temperature",
        "general-priors",
        "heterogeneous",
        "finite-sparsity",
    )
    assert set(new) <= set(DIAGRAMS)
    assert all((data / f"{name}.json").exists() for name in new)
