"""Figures of machines that learned digits: what they must show, and that they are made of what they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phase_diagrams.catalogue import compositional_evidence, deep_belief_network
from phase_diagrams.diagram import CONVERGED, PhaseDiagram
from phase_diagrams.draw import figure
from phase_diagrams.placing.diagnose import diagnose
from phase_diagrams.storage.diagrams import load_diagram
from replica.machines.inference import exact
from replica.machines.models.ensembles import sparse_weights
from replica.machines.models.rbm import RBM
from replica.machines.training import dbn
from replica.units import Bernoulli, ReLU, Spin

STORED = Path(__file__).parents[1] / "examples" / "data"


@pytest.fixture(scope="module")
def evidence() -> dict[str, PhaseDiagram]:
    stored = load_diagram(STORED / "compositional-evidence.json")
    return {panel.name: panel for panel in (stored, *stored.beside)}


def test_few_rectified_units_are_strong_and_a_fixed_part_of_gaussian_ones(
    evidence: dict[str, PhaseDiagram],
) -> None:
    strong = evidence["strong"]
    few, many = strong.line("ReLU"), strong.line("Gaussian")
    assert few.x == many.x == (25.0, 50.0, 100.0, 200.0)
    assert max(few.y) < min(many.y)
    # Gaussian fields: L = M E[|h|^3]^2/E[h^6] = (8/pi)/15 M = 0.17 M if all were alike
    assert np.array(many.y) / many.x == pytest.approx(8 / np.pi / 15, rel=0.5)
    assert few.y[-1] / few.y[0] < 3  # while M grows eightfold


def test_activations_of_rectified_units_have_a_tail(evidence: dict[str, PhaseDiagram]) -> None:
    tail = {line.name: line.y[-1] for line in evidence["activations"].lines}
    assert tail["ReLU"] > 1e-3
    assert np.isnan(tail["Gaussian"])  # beyond eight times the root mean square there is none


def test_weights_become_sparse_and_l_comes_into_the_range_of_theory(
    evidence: dict[str, PhaseDiagram],
) -> None:
    for line in evidence["sparsity"].lines:
        assert line.y[0] == pytest.approx(1 / 3, abs=0.05)  # Gaussian weights
        assert np.all(np.diff(line.y) < 0)
    theory = evidence["theory"]
    seen, low, high = (theory.line(name) for name in ("training", "l*", "l*, g + error"))
    assert low.y[-1] < seen.y[-1] < high.y[-1]
    assert not np.isfinite(low.y[0])
    for line in (low, high):  # gaps say why
        assert all(
            why == CONVERGED or "minimum" in why or "no retrieval solution" in why for why in line.status
        )


def test_samples_are_new_and_almost_as_close_to_the_data_as_other_digits(
    evidence: dict[str, PhaseDiagram],
) -> None:
    mean = {line.name: float(np.dot(line.x, line.y)) for line in evidence["neighbours"].lines}
    assert mean["held out"] < mean["ReLU"] < mean["Gaussian"]
    assert mean["ReLU"] - mean["held out"] < 2.0  # pixels of 64; random bits with these means: 10
    for line in evidence["neighbours"].lines:
        assert sum(line.y) == pytest.approx(1)
        assert line.y[0] < 0.05
        count, _, whole, _ = line.label.partition(": ")[2].split()
        assert int(count) == round((1 - line.y[0]) * int(whole))


def test_distances_are_those_of_the_closest_image() -> None:
    data = np.array([[0, 0, 0, 0], [1, 1, 1, 1.0]])
    line = compositional_evidence._neighbours(
        "a", np.array([[0, 0, 0, 0], [0, 1, 1, 0], [1, 1, 1, 0.0]]), data
    )
    assert line.y[:3] == (1 / 3, 1 / 3, 1 / 3)
    assert line.label == "a: 2 of 3 new"


def test_figures_of_pictures_are_drawn() -> None:
    quick = deep_belief_network.build(layers=(12, 6, 4), epochs=2, sweeps=5)
    panels = [quick, *quick.beside]
    assert [panel.name for panel in panels][:3] == ["deep-belief-network", "layer-2", "layer-3"]
    tiles = [np.shape(panel.images.tiles) for panel in panels if panel.images]
    assert tiles == [(12, 8, 8), (6, 8, 8), (4, 8, 8), (49, 8, 8), (49, 8, 8)]
    made = figure(quick)
    assert [ax.get_title(loc="left")[:3] for ax in made.axes[:5]] == ["(a)", "(b)", "(c)", "(d)", "(e)"]
    upper = [ax.get_position().y1 > 0.5 for ax in made.axes[:5]]
    assert upper == [True, True, True, True, False]  # two panels in a row


def test_features_are_sums_of_those_below() -> None:
    rng = np.random.default_rng(1)
    below, above = (RBM(rng.normal(size=shape), Spin(), Spin()) for shape in ((5, 4), (4, 3)))
    one, two = dbn.DeepBeliefNetwork([below, above]).features()
    assert np.array_equal(one, below.weights)
    assert two[:, 1] == pytest.approx(sum(below.weights[:, k] * above.weights[k, 1] for k in range(4)))


def test_a_stack_of_one_machine_is_that_machine_within_4_sigma() -> None:
    rbm = RBM(np.random.default_rng(3).normal(size=(4, 3)), Bernoulli(), Bernoulli())
    known = exact.moments(rbm).visible
    stack = dbn.DeepBeliefNetwork([rbm])
    drawn, means = (stack.generate(10_000, sweeps=30, seed=2, means=m) for m in (False, True))
    assert np.all(np.abs(drawn.mean(axis=0) - known) < 4 * 0.5 / 100)
    assert np.all(np.abs(means.mean(axis=0) - known) < 4 * 0.5 / 100)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.all((means > 0) & (means < 1))


# -- parameters of a trained machine -------------------------------------------------------------------------


def machine(shift: Any = 0.0, theta: float = 60.0) -> RBM:
    weights = 40.0 * sparse_weights(300, 150, 0.1, seed=2).values + np.multiply.outer(shift, np.ones(150))
    return RBM(weights, Bernoulli(g=-33.0), ReLU(theta=theta))


def test_pixels_that_never_change_count_for_nothing() -> None:
    plain = machine()
    dead = RBM(
        np.vstack([plain.weights, np.zeros((100, 150))]),
        Bernoulli(g=np.r_[np.full(300, -33.0), np.full(100, -1e4)]),
        plain.hidden,
    )
    one, two = diagnose(plain, draws=0).sparse, diagnose(dead, draws=0).sparse
    assert one is not None
    assert two is not None
    for name in ("theta", "g", "T"):
        assert getattr(two, name).value == pytest.approx(getattr(one, name).value, rel=1e-12)


def test_what_a_constant_activity_adds_is_no_threshold() -> None:
    """Weights shifted by c_i and thresholds by c.v are the same machine on data of equal c.v."""
    data = np.repeat([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1.0]], 50, axis=1)
    shift = np.full(300, 0.5)
    one, two = (diagnose(rbm, data, draws=0) for rbm in (machine(), machine(shift, 60.0 + 0.5 * 150)))
    assert one.sparse is not None
    assert two.sparse is not None
    scale = [found.sparse.amplitude * found.sparse.p.value**0.5 for found in (one, two) if found.sparse]
    assert two.sparse.theta.value * scale[1] == pytest.approx(one.sparse.theta.value * scale[0], rel=1e-12)
    assert one.observed is not None
    assert two.observed is not None
    assert two.observed.L.value == pytest.approx(one.observed.L.value, rel=1e-12)
