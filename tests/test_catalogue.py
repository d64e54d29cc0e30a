"""The catalogue: which lines there are, which meet where, and published numbers; never pixels."""

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.path import Path as Outline
from scipy.special import erf, erfc

from figures import QUICK, built
from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.catalogue._parts import recorded
from phase_diagrams.catalogue.ingredients import PLANES, Plane
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.draw import figure
from phase_diagrams.storage.diagrams import load_diagram
from reference import reference
from replica.errors import ParameterError, ReplicaError
from replica.flows import GaussGauss, OneMode
from replica.solving import critical, locate, minimise, solve
from replica.theories import Compositional, Hopfield, OneHiddenUnit, SpectralRBM, ThresholdedHopfield
from replica.theory.boundaries import Kind

NAN = float("nan")
STORED = Path(__file__).parents[1] / "examples" / "data"
GAPS = {"compositional-temperature", "compositional-evidence"}
"""Diagrams that show where a branch ends; other tests say which points are missing there."""
TRAINED = {"learning-spectrum", "learning-trajectory", "compositional-evidence", "deep-belief-network"}
"""Diagrams of machines in training: their chains part ways after one last bit, which processors may round
differently."""
FIG4A = "random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l="


def panels(diagram: PhaseDiagram) -> list[PhaseDiagram]:
    return [diagram, *(panel for beside in diagram.beside for panel in panels(beside))]


def kinds(diagram: PhaseDiagram) -> dict[str, str]:
    return {line.name: line.kind.value for line in diagram.lines}


def ends(line: Line) -> list[tuple[float, float]]:
    return [(line.x[0], line.y[0]), (line.x[-1], line.y[-1])]


def at(line: Line, x: float, *, log: bool = False) -> float:
    """The line at x, between its points."""
    order = np.argsort(line.x)
    xs, ys = np.array(line.x)[order], np.array(line.y)[order]
    return float(np.exp(np.interp(x, xs, np.log(ys))) if log else np.interp(x, xs, ys))


def holding(diagram: PhaseDiagram, x: float, y: float) -> list[str]:
    """Names of the regions that hold a point."""
    return [r.name for r in diagram.regions if r.polygon and Outline(r.polygon).contains_point((x, y))]


# --- every diagram ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_complete(name: str) -> None:
    diagram = built(name)
    assert diagram.name == name
    assert DIAGRAMS[name].title
    assert "$" not in DIAGRAMS[name].title  # for the terminal
    for panel in panels(diagram):
        assert panel.title
        assert panel.lines or panel.images
        assert panel.images or all(axis.label and axis.limits for axis in panel.axes)
        assert panel.provenance["model"]
        assert set(panel.provenance["versions"]) == {"replica", "python", "numpy", "scipy"}
        assert panel.provenance["settings"] == diagram.provenance["settings"]
    asked = set(inspect.signature(DIAGRAMS[name].build).parameters) - {"executor"}
    assert set(diagram.provenance["settings"]) == asked


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_survives_json(name: str) -> None:
    diagram = built(name)
    assert PhaseDiagram.from_json(diagram.to_json()) == diagram


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_argument_has_a_keyword_and_a_default(name: str) -> None:
    for parameter in inspect.signature(DIAGRAMS[name].build).parameters.values():
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.default is not parameter.empty


@pytest.mark.parametrize("name", sorted(set(DIAGRAMS) - GAPS))
def test_every_point_of_every_line_was_found(name: str) -> None:
    for panel in panels(built(name)):
        for line in panel.lines:
            assert set(line.status) == {CONVERGED}, line.name


@pytest.mark.parametrize("name", DIAGRAMS)
def test_regions_are_named_inside_and_do_not_overlap(name: str) -> None:
    for panel in panels(built(name)):
        for region in panel.regions:
            if region.polygon:
                assert holding(panel, *region.at) == [region.name]


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_text_of_the_figure_covers_another(name: str) -> None:
    made = figure(built(name))
    made.draw_without_rendering()
    for ax in made.axes:
        for view in [ax, *(child for child in ax.child_axes if isinstance(child, Axes))]:
            boxes = [text.get_window_extent() for text in view.texts]
            legend = view.get_legend()
            boxes += [legend.get_window_extent()] if legend else []
            for i, box in enumerate(boxes):
                assert box.count_overlaps(boxes[:i]) == 0, [text.get_text() for text in view.texts]


def test_a_builder_is_recorded_with_its_arguments_and_its_choices() -> None:
    """Panels that say nothing of themselves are those of the first one's model."""

    @recorded
    def build(*, T: float = 0.5, sizes: Any = (1, 2), executor: Any = None) -> PhaseDiagram:
        axes = Axis("x", "x"), Axis("y", "y")
        panels = [PhaseDiagram(name, "", axes, [], [], [], about) for name, about in told.items()]
        return replace(panels[0], beside=panels[1:])

    told: dict[str, Any] = {
        "first": {"model": "sk(h=0)", "settings": {"sizes": [3]}},
        "own": {"model": "sk()"},
    }
    diagram = build(T=0.25)
    assert diagram.provenance["model"] == "sk(h=0)"
    assert diagram.provenance["settings"] == {"T": 0.25, "sizes": [3]}
    assert set(diagram.provenance["versions"]) == {"replica", "python", "numpy", "scipy"}
    assert diagram.beside[0].provenance == {**diagram.provenance, "model": "sk()"}
    told = {"first": {"model": "sk(h=0)"}, "silent": {}}
    assert build(executor=1).provenance["settings"] == {"T": 0.5, "sizes": [1, 2]}
    assert build().beside[0].provenance == build().provenance


def near(value: Any) -> Any:
    """The same, but for the last digits of its numbers, which differ from one processor to the next."""
    if isinstance(value, dict):
        return {key: near(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [near(part) for part in value]
    return pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value


def shown(panel: PhaseDiagram) -> dict[str, Any]:
    """What a reader would notice: everything but the points between the ends of the lines."""
    return {
        "title": [panel.name, panel.title],
        "axes": [[axis.name, axis.label, axis.scale, list(axis.limits or ())] for axis in panel.axes],
        "kinds": kinds(panel),
        "ends": {
            line.name: [list(end) for end in ends(line) if np.isfinite(end).all()] for line in panel.lines
        },
        "regions": [region.label for region in panel.regions],
        "points": [[point.name, point.x, point.y] for point in panel.points],
        "marks": {line.name: [point.name for point in line.points] for line in panel.lines},
    }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in QUICK else []) for name in DIAGRAMS]
)
def test_the_stored_diagram_is_the_one_that_is_computed(name: str) -> None:
    stored = load_diagram(STORED / f"{name}.json")
    computed = DIAGRAMS[name].build() if name in QUICK else built(name)
    for old, new in zip(panels(stored), panels(computed), strict=True):
        one, two = shown(old), shown(new)
        for values in ("ends", "points") if name in TRAINED else ():
            del one[values], two[values]
        assert one == near(two)
    assert stored.provenance["settings"] == near(computed.provenance["settings"])


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_diagram_differs_from_the_stored_one_between_the_ends_of_lines(name: str) -> None:
    """And one of a machine that trained for a shorter time in all numbers."""
    stored, quick = load_diagram(STORED / f"{name}.json"), built(name)
    for old, new in zip(panels(stored), panels(quick), strict=True):
        one, two = shown(old), shown(new)
        for told in (one, two) if name in TRAINED else ():
            del told["ends"], told["points"]
            told["axes"] = [axis[:3] for axis in told["axes"]]  # limits are those of the epochs
        assert one == near(two)
    assert {**stored.provenance["settings"], **QUICK[name]} == near(quick.provenance["settings"])


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_an_automatic_figure_leaves_nothing_unexplained(plane: Plane) -> None:
    assert built(plane.name).provenance["notes"] == []


def test_capacities_of_ingredients() -> None:
    """Ends and tops of the lines are the numbers that are known in closed form, or published."""
    lateral = built("semi-restricted").line("spinodal")
    assert max(lateral.y) == pytest.approx(0.137905566494932, abs=1e-9)  # Hopfield network
    frozen = built("bipartite-sk").line("glass")
    assert np.allclose(frozen.y, np.array(frozen.x) ** 0.25, atol=1e-9)
    frozen = built("deep").line("glass")
    share = np.array(frozen.x)
    assert np.allclose(frozen.y, (share * (1 - share)) ** 0.25, atol=1e-9)
    left, right = panels(built("sparse-coding"))
    best = max(point.y for point in left.line("spinodal").points if point.kind is Kind.TIP)
    a, alpha = (np.array(part) for part in (right.line("best-threshold").x, right.line("best-threshold").y))
    assert best == pytest.approx(0.440967244239, abs=1e-9)
    assert np.interp(0.1, np.sort(a), alpha[np.argsort(a)]) == pytest.approx(best, rel=5e-3)


# --- memories --------------------------------------------------------------------------------------


def test_memories_in_order() -> None:
    diagram = built("memories")
    loads = [point.x for point in diagram.points]
    assert loads == sorted(loads)
    assert diagram.point("Hopfield").x == pytest.approx(0.137905566494932, abs=1e-14)
    assert [point.y for point in diagram.points] == list(range(1, len(loads) + 1))


def test_dreaming_stores_more() -> None:
    diagram = built("dreaming")
    alpha_c = diagram.line("alpha_c").y
    assert list(alpha_c) == sorted(alpha_c)
    # at t = 0.01 above the Hopfield network by as much per unit of time as at t = 0.1, nearly
    hopfield = diagram.point("hopfield").y
    assert (alpha_c[0] - hopfield) / 0.01 == pytest.approx((0.165139773866 - hopfield) / 0.1, rel=0.02)
    assert 0.14 < alpha_c[0] < 0.141 < 1 < alpha_c[-1]
    (right,) = diagram.beside
    assert kinds(right) == {line.name: "spinodal" for line in right.lines}
    at_zero = [line.x[0] for line in right.lines[:-1]]
    assert at_zero == sorted(at_zero)


def test_archetypes_are_lost_with_noisy_examples() -> None:
    diagram = built("archetypes")
    supervised, unsupervised = diagram.line("supervised"), diagram.line("unsupervised")
    assert list(supervised.y) == sorted(supervised.y, reverse=True)
    assert supervised.y[0] == pytest.approx(0.137905566494932, abs=1e-12)
    assert np.all(np.interp(unsupervised.x, supervised.x, supervised.y) > unsupervised.y)
    (right,) = diagram.beside
    assert right.point("alpha_c").x == pytest.approx(0.07154129674411747, abs=1e-12)
    assert np.all(np.array(right.line("m").y) > right.line("n").y)


def test_potts_neurons() -> None:
    diagram = built("potts-hopfield")
    assert diagram.point("Q = 3").y == pytest.approx(0.41441244037637, abs=1e-12)
    (right,) = diagram.beside
    assert kinds(right) == {"spinodal": "spinodal", "glass": "continuous"}
    assert right.line("glass").y[0] == 2


# --- learning from examples ------------------------------------------------------------------------


def test_capacity_of_perceptrons() -> None:
    """Gardner's formula, Krauth and Mezard's 0.83 and where replica symmetry breaks, below kappa = 0."""
    diagram = built("perceptron")
    spherical, bound, broken = (diagram.line(name) for name in ("spherical", "unstable", "stability"))
    for line in (spherical, bound):
        kappa = np.array(line.x)
        share = (1 + erf(kappa / np.sqrt(2))) / 2
        gardner = (1 + kappa**2) * share + kappa * np.exp(-(kappa**2) / 2) / np.sqrt(2 * np.pi)
        assert np.allclose(np.array(line.y) * gardner, 1, atol=1e-12)
    assert diagram.point("alpha_c").y == spherical.y[0] == broken.y[-1] == 2
    assert diagram.line("spins").y[0] == pytest.approx(0.8330785997, abs=1e-9)
    assert np.all(np.array(bound.y[:-1]) > broken.y[:-1])
    assert at(broken, -0.2) == pytest.approx(2.66936483859, abs=1e-9)


def test_learning_curves() -> None:
    """Ridge regression in closed form; its second descent; and classification at alpha = 3."""
    ridge, labels = panels(built("learning-curves"))
    noise, alpha = 0.2, np.array(ridge.lines[0].x)
    for name, penalty in (("noise/100", noise / 100), ("noise/5", noise / 5), ("noise", noise)):
        V = (1 - alpha - penalty + np.sqrt((1 - alpha - penalty) ** 2 + 4 * penalty)) / (2 * penalty)
        left = penalty * V
        assert np.allclose(
            ridge.line(f"lambda = {name}").y,
            (left**2 + noise * alpha * (V / (1 + V)) ** 2) / (1 - alpha * (V / (1 + V)) ** 2),
            atol=1e-10,
        )
    weak, best = ridge.line("lambda = noise/100").y, ridge.line("lambda = noise").y
    assert alpha[np.argmax(weak)] == pytest.approx(1)
    assert sum(np.diff(np.sign(np.diff(weak))) != 0) == 2
    assert list(best) == sorted(best, reverse=True)
    for name, error in (("logistic", 0.138297999), ("hinge", 0.140150037)):
        assert at(labels.line(name), 3.0, log=True) == pytest.approx(error, abs=1e-4)


def test_measurements_of_a_sparse_signal() -> None:
    """Norms by the closed minimum over a threshold; message passing at rho = 0.1; their order."""
    diagram = built("compressed-sensing")
    t = np.linspace(0, 4, 400_001)
    above = (1 + t**2) * erfc(t / np.sqrt(2)) / 2 - t * np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)
    for name, sides in (("laplace", 2), ("non-negative", 1)):
        line = diagram.line(name)
        for rho, alpha in zip(line.x, line.y, strict=True):
            assert alpha == pytest.approx(np.min(rho * (1 + t**2) + sides * (1 - rho) * above), abs=1e-9)
    norm, messages = diagram.line("laplace"), diagram.line("messages")
    assert at(messages, 0.1) == pytest.approx(0.207559079, abs=2e-3)
    assert np.all(np.array(norm.y) > messages.y)
    assert np.all(np.array(messages.y) > messages.x)


# --- Hopfield --------------------------------------------------------------------------------------


def test_hopfield_lines() -> None:
    diagram = built("hopfield")
    assert kinds(diagram) == {
        "T_g": "continuous",
        "T_M": "spinodal",
        "T_c": "first-order",
        "T_R": "stability",
    }
    assert all(len(line.x) >= 50 for line in diagram.lines)


def test_hopfield_lines_meet_at_zero_load() -> None:
    diagram = built("hopfield")
    for name in ("T_g", "T_M", "T_c"):
        line = diagram.line(name)
        assert (0, 1) in ends(line)
        assert line.y[1] == pytest.approx(1, abs=2e-3)  # the first point that is computed


def test_hopfield_lines_end_at_zero_temperature() -> None:
    diagram = built("hopfield")
    for name, end, value in (("T_M", "alpha_c", "alpha_c_T0"), ("T_c", "alpha_1", "alpha_1_T0")):
        number = reference(f"hopfield/{value}").number
        assert diagram.point(end).x == pytest.approx(number, abs=1e-14)
        assert diagram.point(end).y == 0
        (last,) = (point for point in ends(diagram.line(name)) if point[1] == 0)
        assert last[0] == pytest.approx(number, abs=1e-12)


def test_hopfield_stability_line_ends_on_the_spinodal() -> None:
    line = built("hopfield").line("T_R")
    alpha, T = max(ends(line))
    spinodal = locate(Hopfield(alpha=0.1, T=T), "spinodal", "alpha")
    assert alpha == pytest.approx(spinodal.value, abs=1e-9)
    assert float(spinodal.theory.replicon(spinodal.x)) == pytest.approx(0, abs=1e-3)
    assert min(line.y) < 1e-29  # it goes on to T = 0 at zero load, through all decades


def test_hopfield_lines_are_reentrant_and_the_corner_is_resolved() -> None:
    diagram = built("hopfield")
    for name, end in (("T_M", "alpha_c"), ("T_c", "alpha_1")):
        assert max(diagram.line(name).x) > diagram.point(end).x + 2e-4
    (inset,) = diagram.insets
    for name, count in (("T_M", 20), ("T_R", 12)):
        line = diagram.line(name)
        inside = [x for x, y in zip(line.x, line.y, strict=True) if x > inset.xlim[0] and y < inset.ylim[1]]
        assert len(inside) >= count


def test_hopfield_largest_load() -> None:
    largest, T = (
        reference(f"hopfield/finiteT/reentrance/{name}") for name in ("alpha_max", "T_at_alpha_max")
    )
    point = built("hopfield").point("alpha_max")
    assert abs(point.x - largest.number) <= largest.tolerance
    assert abs(point.y - T.number) <= T.tolerance
    assert point.x >= max(built("hopfield").line("T_M").x)
    assert point.kind is Kind.TIP
    assert point.uncertainty is not None
    assert max(point.uncertainty) < 1e-11


@pytest.mark.parametrize(
    ("name", "alpha"),
    [("T_M", 0.01), ("T_M", 0.05), ("T_M", 0.1), ("T_c", 0.01), ("T_R", 0.05), ("T_R", 0.1)],
)
def test_hopfield_temperatures(name: str, alpha: float) -> None:
    line = built("hopfield").line(name)
    expected = reference(f"hopfield/finiteT/alpha={alpha:g}/{name}").number
    assert at(line, alpha, log=name == "T_R") == pytest.approx(expected, rel=0.02 if name == "T_R" else 1e-3)


def test_hopfield_regions_hold_the_phases() -> None:
    diagram = built("hopfield")
    assert [region.name for region in diagram.regions] == [
        "paramagnet",
        "spin glass",
        "metastable",
        "retrieval",
    ]
    for alpha, T in [
        (0.02, 0.2),
        (0.1, 0.1),
        (0.1, 0.6),
        (0.05, 1.4),
        (0.052, 0.1),
        (0.138, 0.02),
        (0.138, 0.05),
    ]:
        retrieval, glass = (
            solve(Hopfield(alpha=alpha, T=T), name, throw=False) for name in ("retrieval", "glass")
        )
        if not retrieval.success:
            expected = "spin glass" if glass.success else "paramagnet"
        else:
            expected = "retrieval" if retrieval.free_energy < glass.free_energy else "metastable"
        assert holding(diagram, alpha, T) == [expected], (alpha, T)


def test_hopfield_needs_its_corner() -> None:
    with pytest.raises(ParameterError, match=r"alpha_max is at least 0\.14"):
        DIAGRAMS["hopfield"].build(alpha_max=0.1)


def test_hopfield_errors() -> None:
    diagram = built("hopfield-error")
    stable, unstable = diagram.line("retrieval"), diagram.line("unstable")
    fold = diagram.point("alpha_c")
    assert fold.x == pytest.approx(reference("hopfield/alpha_c_T0").number, abs=1e-14)
    assert fold.y == pytest.approx(reference("hopfield/alpha_c_T0/error_fraction").number, abs=1e-9)
    assert ends(stable)[1] == ends(unstable)[0] == (fold.x, fold.y)
    known = "hopfield/T0/retrieval/alpha=0.05"
    assert at(stable, 0.05, log=True) == pytest.approx(reference(f"{known}/error_fraction").number, rel=0.02)
    middle = (1 - reference(f"{known}/m_unstable_branch").number) / 2
    assert at(unstable, 0.05, log=True) == pytest.approx(middle, rel=0.01)
    assert max(stable.y) <= fold.y <= min(unstable.y)


def test_hopfield_errors_are_exact_where_one_minus_m_is_lost_in_rounding() -> None:
    line = DIAGRAMS["hopfield-error"].build(alpha_min=0.01).line("retrieval")
    expected = reference("hopfield/T0/retrieval/alpha=0.01/1-m").number / 2
    assert line.x[0] == 0.01
    assert line.y[0] == pytest.approx(expected, rel=1e-3)


def test_hopfield_graphical_solution() -> None:
    diagram = built("hopfield-graphical")
    touching = diagram.point("touching")
    assert touching.x == pytest.approx(reference("hopfield/alpha_c_T0/y").number, abs=1e-7)
    assert touching.y == pytest.approx(reference("hopfield/alpha_c_T0/m").number, abs=1e-8)
    m = float(solve(Hopfield(alpha=0.08, T=0.0), "retrieval")["m"])
    assert diagram.point("retrieval at 0.08").y == pytest.approx(m, abs=1e-12)
    assert 0 < diagram.point("unstable at 0.08").x < touching.x < diagram.point("retrieval at 0.08").x
    left = diagram.line("erf")
    assert left.y == pytest.approx(erf(left.x))
    for name, crossings in (("alpha=0.08", 2), ("alpha=0.22", 0)):
        gap = np.array(diagram.line(name).y[1:]) - left.y[1:]
        assert np.sum(gap[1:] * gap[:-1] < 0) == crossings
    assert min(np.array(diagram.line("alpha=0.137906").y[1:]) - left.y[1:]) == pytest.approx(0, abs=1e-4)


# --- mixtures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 5, 7, 9])
def test_mixtures_end_where_they_lose_stability(n: int) -> None:
    diagram = built("mixtures")
    T = reference(f"hopfield/mixtures/T_{n}").number
    point = diagram.point(f"T_{n}")
    assert point.x == pytest.approx(T, abs=1e-12)
    assert ends(diagram.line(f"n={n}"))[1] == (point.x, point.y)
    assert at(diagram.beside[0].line("T_n"), n) == pytest.approx(T, abs=1e-12)


def test_mixtures_at_zero_temperature() -> None:
    energies = built("mixtures").beside[0].line("-E_n")
    for n in (1, 3, 5, 7):
        assert at(energies, n) == pytest.approx(-reference(f"hopfield/mixtures/E_{n}_T0").number, abs=1e-12)
    limit = -reference("hopfield/mixtures/E_infinity_T0").number
    assert built("mixtures").beside[0].line("limit").y == pytest.approx((limit, limit))
    assert min(energies.y) > limit
    assert [line.y[0] for line in built("mixtures").lines[:2]] == pytest.approx([1, 0.5])


def test_even_mixtures_are_refused() -> None:
    with pytest.raises(ParameterError, match="odd number"):
        DIAGRAMS["mixtures"].build(numbers=(2, 3))


# --- thresholded Hopfield --------------------------------------------------------------------------


def test_thresholded_capacity_lies_on_the_closed_form() -> None:
    diagram = built("thresholded-hopfield")
    assert kinds(diagram) == {"closed form": "curve", "alpha_c": "spinodal"}
    spinodal, closed = diagram.line("alpha_c"), diagram.line("closed form")
    assert spinodal.x == closed.x
    np.testing.assert_allclose(spinodal.y, closed.y, rtol=1e-11)
    for theta in ("-0.5", "0", "0.5", "1"):
        i = int(np.argmin(np.abs(np.array(spinodal.x) - float(theta))))
        expected = reference(f"thresholded_hopfield/tuned/theta={theta}/alpha_c").number
        assert spinodal.x[i] == pytest.approx(float(theta), abs=1e-12)
        assert spinodal.y[i] == pytest.approx(expected, rel=1e-11)


def test_thresholded_ground_state() -> None:
    diagram = built("thresholded-hopfield")
    theta = reference("thresholded_hopfield/tuned/theta_of_zero_f")
    point = diagram.point("empty")
    assert abs(point.x - theta.number) <= theta.tolerance
    (right,) = diagram.beside
    assert kinds(right) == {"alpha_c": "spinodal", "empty": "first-order"}
    assert ends(right.line("empty"))[0] == (point.x, 1)  # it begins on the spinodal
    assert all(load < 1 for load in right.line("empty").y[1:])
    theta_2 = ThresholdedHopfield(alpha=0.1, theta=2.5)
    capacity = at(diagram.line("alpha_c"), 2.5, log=True)
    for share in (0.86, 0.95):
        state = solve(theta_2.at(alpha=share * capacity), "retrieval")
        assert holding(right, 2.5, share) == ["retrieval" if state.free_energy < 0 else "empty"]


# --- the random RBM --------------------------------------------------------------------------------


def test_compositional_energy_has_the_published_minimum() -> None:
    diagram = built("compositional-energy")
    assert set(kinds(diagram).values()) == {"curve"}
    glass = reference("random_rbm/spin_glass/alpha=0.5,theta=1.5,g=-0.21/solution=0/f").number
    l_star, least = (reference(f"{FIG4A}l_star/{name}") for name in ("l", "f"))
    for point in (diagram.point("g=-0.21"), diagram.beside[0].point("theta=1.5")):
        assert abs(point.x - l_star.number) <= l_star.tolerance
        assert abs(point.y + glass - least.number) <= least.tolerance
    line = diagram.line("g=-0.21")
    for l in ("0.1", "0.38", "0.5", "1.0", "1.4"):
        i = int(np.argmin(np.abs(np.array(line.x) - float(l))))
        assert line.x[i] == pytest.approx(float(l))
        assert line.y[i] + glass == pytest.approx(reference(f"{FIG4A}{l}/f").number, abs=1e-12)


def test_compositional_energy_without_a_minimum_has_no_mark() -> None:
    diagram = built("compositional-energy")
    ferromagnet = diagram.line("g=-0.25")
    assert np.all(np.diff(ferromagnet.y) > 0)
    assert [point.name for point in diagram.points] == ["g=-0.23", "g=-0.21", "g=-0.19"]


def test_compositional_energy_shows_where_there_is_nothing() -> None:
    diagram = DIAGRAMS["compositional-energy"].build(
        fields=[-0.3, -0.2], thresholds=[1.5], l_max=6, points=31
    )
    none, short = diagram.line("g=-0.3"), diagram.line("g=-0.2")
    assert np.all(np.isnan(none.y))
    assert "no spin glass" in none.status[0]
    found = [status == CONVERGED for status in short.status]
    assert found == sorted(found, reverse=True)  # one piece: what comes after the end is another branch
    assert 2 < sum(found) < 31
    assert short.status[-1] == "the branch ends at a smaller l"


def test_compositional_lines_meet_in_the_triple_point() -> None:
    diagram = built("compositional")
    assert kinds(diagram) == {
        "compositional-glass": "first-order",
        "ferromagnet-glass": "first-order",
        "ferromagnet-compositional": "continuous",
    }
    triple = diagram.point("triple")
    theta = reference("random_rbm/triple_point/alpha=0.5/theta")
    assert abs(triple.x - theta.number) <= theta.tolerance
    g = reference("random_rbm/line/ferromagnetic_compositional/g").number
    assert triple.y == pytest.approx(g, rel=0, abs=1e-14)
    assert triple.kind is Kind.TRIPLE
    for line in diagram.lines:
        assert (triple.x, triple.y) in ends(line)
        nearest = sorted(np.hypot(np.array(line.x) - triple.x, np.array(line.y) - triple.y))[1]
        assert nearest < 0.06  # it gets there by itself


def test_compositional_lines_are_cut_where_their_phases_end() -> None:
    diagram = built("compositional")
    triple = diagram.point("triple")
    assert max(diagram.line("ferromagnet-glass").y) == triple.y
    assert min(diagram.line("compositional-glass").y) == triple.y
    assert min(diagram.line("ferromagnet-compositional").x) == triple.x
    assert set(np.round(diagram.line("ferromagnet-compositional").y, 12)) == {round(triple.y, 12)}


def test_compositional_transition_to_the_glass() -> None:
    diagram = built("compositional")
    line = diagram.line("compositional-glass")
    for theta in (1.5, 2):
        g = reference(f"random_rbm/line/compositional_SG/alpha=0.5,theta={theta:g}/g").number
        assert at(line, theta) == pytest.approx(g, abs=1e-4)
    (right,) = diagram.beside
    assert kinds(right) == {"compositional-glass": "first-order"}
    for alpha in (0.5, 1):
        theta = reference(f"random_rbm/line/compositional_SG/alpha={alpha:g},g=-0.21/theta").number
        assert at(right.line("compositional-glass"), alpha) == pytest.approx(theta, abs=2e-3)


@pytest.mark.parametrize(
    ("theta", "g"),
    [(0.5, -0.1), (1.1, -0.245), (1.3, -0.2), (1.5, -0.21), (2.2, -0.15), (1.5, -0.26), (0.6, -0.3)],
)
def test_compositional_regions_hold_the_phases(theta: float, g: float) -> None:
    machine = Compositional(alpha=0.5, theta=theta, g=g, l=1.0)
    glass = solve(machine, "glass", throw=False)
    f_glass = float(glass.free_energy) if glass.success else np.inf
    try:
        least, phase = float(minimise(machine).free_energy), "compositional"
    except ReplicaError:  # the energy grows with l from zero
        least, phase = 0.0, "ferromagnetic"
    expected = phase if least < f_glass else "glass"
    assert holding(built("compositional"), theta, g) == [expected]


def test_compositional_at_other_values() -> None:
    diagram = DIAGRAMS["compositional"].build(alpha=1.0, g=-0.3, step=0.05)
    theta = reference("random_rbm/triple_point/alpha=1/theta")
    assert abs(diagram.point("triple").x - theta.number) <= theta.tolerance
    (right,) = diagram.beside
    assert [region.name for region in right.regions] == ["glass", "ferromagnetic"]
    assert kinds(right) == {"ferromagnet-glass": "first-order"}


@pytest.mark.parametrize(("number", "theta"), [(1, 0.1), (5, 0.2), (5, 0.25)])
def test_compositional_capacity(number: int, theta: float) -> None:
    diagram = built("compositional-capacity")
    name = f"random_rbm/capacity/finite_p/p=0.1,L={number},theta_unscaled={theta:g},g_unscaled=-0.02/alpha_c"
    assert at(diagram.line(f"L={number}"), theta, log=True) == pytest.approx(reference(name).number, rel=2e-3)


def test_compositional_capacity_falls_with_the_number_of_units() -> None:
    diagram = built("compositional-capacity")
    assert kinds(diagram) == dict.fromkeys(["L=1", "L=2", "L=5", "L=10", "L=15"], "spinodal")
    for theta in (0.0, 0.05, 0.1):
        loads = [at(line, theta, log=True) for line in diagram.lines]
        assert loads == sorted(loads, reverse=True)
    for line in diagram.lines:
        assert list(line.y) == sorted(line.y)
        assert line.y[0] == pytest.approx(
            critical(
                Compositional.from_unscaled(alpha=1.0, theta=0.0, g=-0.02, p=0.1, L=int(line.name[2:]))
            ).value
        )


def test_compositional_capacity_without_a_line() -> None:
    (line,) = DIAGRAMS["compositional-capacity"].build(p=0.05, numbers=[20]).lines
    assert line.kind is LineKind.SPINODAL
    assert np.isnan(line.y).all()
    assert "no spinodal point found" in line.status[0]


# --- outlines and joined lines ---------------------------------------------------------------------


def make(x: Any, y: Any, name: str = "line", label: str = "") -> Line:
    status = ["lost" if np.isnan(a + b) else CONVERGED for a, b in zip(x, y, strict=True)]
    return Line(name, LineKind.SPINODAL, x, y, status, label)


@pytest.mark.parametrize("turned", [False, True])
def test_an_outline_does_not_depend_on_how_lines_were_traced(turned: bool) -> None:
    x, y = [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]
    line = make(x[::-1], y[::-1]) if turned else make(x, y)
    assert outline(line, [(2, 0), (0, 0)]) == ((2, 3), (1, 2), (0, 1), (0, 0), (2, 0))
    assert outline([(2, 0), (0, 0)], line) == ((2, 0), (0, 0), (0, 1), (1, 2), (2, 3))


def test_gaps_of_an_outline_are_bridged_those_of_a_line_stay() -> None:
    line = make([0.0, NAN, 2.0], [1.0, 5.0, 3.0])
    assert outline(line) == ((0, 1), (2, 3))
    joined = join(line, [(3, 3)])
    assert joined.status == (CONVERGED, "lost", CONVERGED, CONVERGED)
    assert joined.x[2:] == (2, 3)


def test_pieces_are_joined_head_to_tail() -> None:
    first, second = make([2.0, 1.0], [2.0, 1.0], "T_M", "$T_M$"), make([3.0, 2.0], [3.0, 2.0], "rest")
    joined = join([(0, 0)], first, second)
    assert joined.x == joined.y == (0, 1, 2, 3)
    assert (joined.name, joined.label, joined.kind) == ("T_M", "$T_M$", LineKind.SPINODAL)
    assert join(first, name="other").name == "other"


# --- spectral RBM ----------------------------------------------------------------------------------


def test_spectral_rbm_phases_meet_in_one_point() -> None:
    for panel in panels(built("spectral-rbm")):
        assert kinds(panel) == {
            "paramagnet-glass": "continuous",
            "paramagnet-ferromagnet": "continuous",
            "ferromagnet-glass": "continuous",
            "stability": "stability",
        }
        assert all((1, 1) in ends(line) for line in panel.lines)
        cold = panel.point("T = 0")
        assert (cold.x, cold.y) == (0, pytest.approx(np.sqrt(np.pi / 2), abs=1e-12))
        assert (0, cold.y) in ends(panel.line("ferromagnet-glass"))
        assert (2, pytest.approx(2, abs=1e-12)) in ends(panel.line("paramagnet-ferromagnet"))
        assert (1, pytest.approx(0, abs=1e-12)) in ends(panel.line("paramagnet-glass"))


def test_spectral_rbm_laws_differ_in_the_stability_line_alone() -> None:
    signs, gaussian, laplace = panels(built("spectral-rbm"))
    assert signs.line("ferromagnet-glass").y == gaussian.line("ferromagnet-glass").y
    at_top = [max(panel.line("stability").y) == 3 for panel in (signs, gaussian, laplace)]
    assert at_top == [True] * 3
    cold = [min(panel.line("stability").x) for panel in (signs, gaussian, laplace)]
    assert cold == sorted(cold)  # the heavier the tails, the more units with a weak field
    for panel, law in ((signs, "rademacher"), (gaussian, "gaussian"), (laplace, "laplace")):
        expected = reference(f"spectral_rbm/AT/law={law},kappa=1,T=0.7/w").number
        assert at(panel.line("stability"), 0.7) == pytest.approx(expected, rel=1e-3)


def test_spectral_rbm_regions_hold_the_phases() -> None:
    for panel, law in zip(panels(built("spectral-rbm")), ("rademacher", "gaussian", "laplace"), strict=True):
        for T, w in [(1.5, 0.5), (0.5, 0.5), (1.2, 2.0), (0.6, 1.8), (0.15, 1.35), (0.3, 1.3), (1.9, 1.8)]:
            state = solve(SpectralRBM(w=w, T=T, law=law), "ferromagnet", throw=False)
            if state.success:
                expected = "ferromagnet" if state.replicon > 0 else "broken"
            else:
                expected = "spin glass" if T < 1 else "paramagnet"
            assert holding(panel, T, w) == [expected], (law, T, w)


def test_spectral_rbm_of_other_laws() -> None:
    sparse = DIAGRAMS["spectral-rbm"].build(laws=["bernoulli"], p=0.2, kappa=0.5, step=0.05)
    assert min(sparse.line("stability").x) > 0.4  # the units without a component freeze by themselves
    with pytest.raises(ParameterError, match="at least one law"):
        DIAGRAMS["spectral-rbm"].build(laws=[])


def test_mode_coexistence_is_located() -> None:
    laplace, signs, sparse = panels(built("mode-coexistence"))
    assert kinds(laplace)["beside 1"] == "continuous"
    assert kinds(signs) == {
        "onset 1": "continuous",
        "onset 2": "continuous",
        "beside 1": "spinodal",
        "beside 2": "spinodal",
        "first-order": "first-order",
    }
    for panel in (laplace, signs):
        assert all((1, 1) in ends(line) for line in panel.lines)
    assert all(
        y < x for x, y in zip(laplace.line("beside 1").x[1:], laplace.line("beside 1").y[1:], strict=True)
    )
    assert all(y > x for x, y in zip(signs.line("beside 1").x[1:], signs.line("beside 1").y[1:], strict=True))
    assert (1, 1 / 3) in ends(sparse.line("coexistence"))
    assert np.all(np.diff(sparse.line("coexistence").y) > 0)


def test_mode_coexistence_regions_hold_the_states() -> None:
    laplace, _, sparse = panels(built("mode-coexistence"))
    for w, w2 in [(2.0, 1.9), (2.0, 1.4), (1.5, 1.35), (2.5, 2.0), (2.5, 1.5)]:
        theory = SpectralRBM(w=w, w2=w2, sigma=0.5, law="laplace", modes=2)
        mixed = solve(theory, "mixture", throw=False).success
        assert holding(laplace, w, w2) == ["both" if mixed else "mode 1"], (w, w2)
        assert holding(laplace, w2, w) == ["both" if mixed else "mode 2"], (w2, w)
    for w, p in [(1.5, 0.3), (1.5, 0.6), (2.5, 0.5), (2.5, 0.65)]:
        state = solve(SpectralRBM(w=w, sigma=0.5, law="bernoulli", p=p))
        expected = "compositional" if state["w_c"] < w else "dual"
        assert holding(sparse, w, p) == [expected], (w, p)


def test_mode_coexistence_beside_a_glass() -> None:
    diagram = DIAGRAMS["mode-coexistence"].build(sigma=1.5, step=0.05)
    onset = diagram.point("onset").x
    assert 1.5 < onset < 1.5 * np.sqrt(np.pi / 2)
    assert diagram.region("disordered").label == "spin glass"
    with pytest.raises(ParameterError, match="w_max must be above"):
        DIAGRAMS["mode-coexistence"].build(w_max=1.1)


# --- spin glasses ----------------------------------------------------------------------------------


def test_spin_glass_phases_meet_in_one_point() -> None:
    diagram = built("sk")
    assert kinds(diagram) == {
        "glass": "continuous",
        "ferromagnet": "continuous",
        "stability": "stability",
        "J0 = 1": "curve",
        "mixed": "continuous",
        "mixed, 1RSB": "curve",
    }
    for line in diagram.lines:
        assert min(np.hypot(x - 1, y - 1) for x, y in ends(line)) < 1e-9, line.name
    assert all(y == pytest.approx(1, abs=1e-12) for y in diagram.line("glass").y)
    ferromagnet = diagram.line("ferromagnet")
    assert np.array(ferromagnet.x) == pytest.approx(np.array(ferromagnet.y), abs=1e-12)


def test_spin_glass_regions() -> None:
    diagram = built("sk")
    for x, y, name in [
        (0.3, 1.5, "paramagnet"),
        (1.5, 1.7, "paramagnet"),
        (0.9, 0.1, "spin glass"),
        (1.05, 0.3, "mixed"),
        (1.9, 0.05, "mixed"),
        (1.9, 0.5, "ferromagnet"),
        (1.2, 1.1, "ferromagnet"),
    ]:
        assert holding(diagram, x, y) == [name]
    assert diagram.point("J0_RS").x == pytest.approx(np.sqrt(np.pi / 2), abs=1e-13)


def test_spin_glass_in_a_field() -> None:
    line = built("sk-at").line("T_AT")
    assert (0, 1) in ends(line)
    for h in ("0.1", "1"):
        known = reference(f"SK/AT/h={h}/T_AT").number
        assert at(line, float(h)) == pytest.approx(known, abs=1e-3)  # between points of the line
    assert np.all(np.diff(line.y) < 1e-12)  # pieces of the line meet in a point


def test_random_energy_sizes_approach_the_exact_solution() -> None:
    diagram = built("random-energy")
    assert diagram.point("T_c").x == pytest.approx(reference("REM/T_c").number, abs=1e-14)
    assert diagram.point("T_c").y == pytest.approx(reference("REM/f_frozen").number, abs=1e-14)
    exact = diagram.line("exact")
    for T in (0.2, 0.4, 0.8):
        small, large = (at(diagram.line(name), T) - at(exact, T) for name in ("N=8", "N=14"))
        assert small > large > 0  # E ln Z is superadditive here, and the bars are far smaller
    weight = diagram.beside[0]
    assert at(weight.line("exact"), 0.3) == pytest.approx(1 - 0.3 / diagram.point("T_c").x, abs=1e-9)


def test_the_replica_limit_is_not_the_continuation_from_whole_numbers() -> None:
    diagram = built("replica-trick")
    limit, T = diagram.line("N -> infinity"), diagram.provenance["settings"]["T"]
    assert limit.y[0] == pytest.approx(np.sqrt(np.log(2)) / T, abs=1e-14)
    assert limit.y[-1] == pytest.approx(np.log(2) + 1 / (4 * T * T), abs=1e-14)
    sizes = [at(diagram.line(f"N={N}"), 0.0) for N in (10, 40, 160)]
    assert sizes[0] < sizes[1] < sizes[2] < limit.y[0] < diagram.line("symmetric").y[0] - 0.1
    spins = diagram.beside[0]
    assert spins.point("1RSB").y < spins.line("symmetric").y[0]  # a larger f
    for N in (6, 12):
        moments = spins.line(f"N={N}")
        assert list(moments.y) == sorted(moments.y)  # as every E[Z^n]^(1/n); the symmetric curve falls first
        assert moments.y[-1] == pytest.approx(np.log(2) + (N - 1) / N / (4 * T * T), rel=1e-13)
    assert min(spins.line("symmetric").y) < spins.line("symmetric").y[0]


def test_fluctuations_between_samples_vanish() -> None:
    diagram = built("self-averaging")
    for name in ("sherrington-kirkpatrick", "random-energy"):
        line = diagram.line(name)
        slope = np.polyfit(np.log(line.x), np.log(line.y), 1)[0]
        assert -1.3 < slope < -0.4


# --- one hidden unit -------------------------------------------------------------------------------


def test_inference_begins_where_the_threshold_is() -> None:
    diagram = built("one-hidden-unit")
    for beta in (0.8, 1.0, 1.2, 1.5):
        line, onset = diagram.line(f"beta={beta:g}"), diagram.point(f"alpha_c, beta={beta:g}")
        assert (onset.x, onset.y) == (pytest.approx(beta**-4, rel=1e-13), 0)
        assert (onset.x, 0) in zip(line.x, line.y, strict=True)
        assert list(line.y) == sorted(line.y)
        assert ends(line)[0] == (0, 0)
    known = "one_hidden_unit/alpha=1.1,beta=1/r"
    assert at(diagram.line("beta=1"), 1.1) == pytest.approx(reference(known).number, rel=5e-3)


def test_measured_overlaps_have_a_place() -> None:
    diagram = DIAGRAMS["one-hidden-unit"].build(betas=(1.0,), simulated=[(2.0, 0.4, 0.1), (3.0, 0.6, 0.02)])
    measured = diagram.line("simulation 2")
    assert (measured.x[1], measured.y) == (3.0, (0.58, 0.6, 0.62))
    with pytest.raises(ParameterError, match="alpha_max must be larger"):
        DIAGRAMS["one-hidden-unit"].build(betas=(0.5,))


def test_all_phases_of_inference_meet_where_the_student_is_right() -> None:
    (diagram,) = built("one-hidden-unit").beside
    assert kinds(diagram) == {
        "teacher": "continuous",
        "glass": "continuous",
        "onset": "continuous",
        "stability": "stability",
    }
    for line in diagram.lines:
        assert any(end == (pytest.approx(1), pytest.approx(1)) for end in ends(line)), line.name
    for beta, alpha, phase in [
        (0.8, 1.0, "paramagnet"),
        (0.8, 2.0, "informative"),
        (1.4, 0.15, "paramagnet"),
        (1.4, 0.7, "glass"),
        (1.4, 1.3, "broken"),
        (1.4, 2.5, "informative"),
    ]:
        assert holding(diagram, beta, alpha) == [phase]
        theory = OneHiddenUnit(alpha=alpha, beta=beta, beta_star=1.0)
        states = {name: solve(theory, name, throw=False) for name in ("informative", "glass")}
        best = "informative" if states["informative"].success else "glass"
        if phase == "paramagnet":
            assert not any(state.success for state in states.values())
        else:
            assert best == ("glass" if phase == "glass" else "informative")
            assert (states[best].replicon > 0) == (phase == "informative")


def test_entropies_of_inference() -> None:
    diagram = built("one-hidden-unit-entropy")
    xi, joint = diagram.line("s_xi"), diagram.line("s_joint")
    assert xi.y[0] == joint.y[0] == pytest.approx(np.log(2))
    assert diagram.point("joint").x == pytest.approx(2 * np.log(2) / 0.49)
    assert at(joint, diagram.point("joint").x) == pytest.approx(0, abs=1e-12)  # straight in the paramagnet
    assert min(xi.y) > 0 > min(joint.y)
    (approximate,) = diagram.beside
    glass, teacher = approximate.point("glass"), approximate.point("teacher")
    assert glass.x == pytest.approx(0.51**2 / 0.7**4)
    assert glass.x < teacher.x
    assert min(approximate.line("s_xi").y) > 0


# --- learning --------------------------------------------------------------------------------------


def test_learning_integrated_points_lie_on_the_closed_lines() -> None:
    diagram = built("learning-dynamics")
    rbm = GaussGauss()
    for a, S in enumerate((3.0, 2.0, 1.5, 0.6)):
        line = diagram.line(f"mode {a + 1}")
        assert line.y[-1] == pytest.approx(rbm.fixed_point(S), abs=1e-3)
        marks = [point for point in diagram.points if point.name.startswith(f"mode {a + 1},")]
        assert len(marks) == 16
        for mark in marks:
            assert mark.y == pytest.approx(float(rbm.singular_value(mark.x, 0.03, S)), rel=1e-8)
    turning, spectrum = diagram.beside
    assert [line.y[-1] for line in turning.lines] == pytest.approx([1, 1, 1], abs=1e-3)
    ranks = [line.y[-1] for line in spectrum.lines]
    assert ranks == sorted(ranks, reverse=True)
    assert [line.label for line in spectrum.lines[:5]] == ["five modes of the clusters"] * 5


def test_learning_crosses_from_the_paramagnet_into_the_ferromagnet() -> None:
    diagram = built("learning-trajectory-theory")
    for sigma in (0.8, 0.6, 0.45):
        way = diagram.line(f"sigma={sigma:g}")
        assert set(np.round(way.x, 12)) == {round(1 / sigma, 12)}
        (x, first), (_, last) = ends(way)
        assert holding(diagram, x, first) == ["paramagnet"]
        assert holding(diagram, x, last) == ["ferromagnet"]
        assert last * sigma == pytest.approx(OneMode(signal=0.6, sigma=sigma).fixed_point(), rel=5e-3)
    corner = (1.0, 1.0)
    assert all(corner in ends(diagram.line(name)) for name in ("w=1", "sigma=1", "glass"))
    assert (0.0, pytest.approx(np.sqrt(np.pi / 2))) in ends(diagram.line("glass"))


def test_names_of_the_graphical_solutions_cover_no_curve() -> None:
    ax = figure(load_diagram(STORED / "hopfield-graphical.json")).axes[0]
    curves = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert "spin glass" in boxes
    for name, box in boxes.items():
        if name != r"$\alpha_c$":  # where two curves touch there is no free place around
            assert not any(curve.intersects_bbox(box, filled=False) for curve in curves), name
