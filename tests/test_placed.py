"""Machines on their phase diagrams: where they stand, and how far their bars reach."""

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from phase_diagrams.catalogue.placed import placed
from phase_diagrams.placing.diagnose import diagnose
from phase_diagrams.placing.place import strengths
from phase_diagrams.placing.spectrum import spectrum
from replica.errors import ParameterError
from replica.machines.models.ensembles import sparse_weights, spectral_weights
from replica.machines.models.rbm import RBM
from replica.units import Bernoulli, Gaussian, ReLU, Spin


def sparse(theta: float, g: float, N: int = 300) -> RBM:
    p, A = 0.1, 40.0
    weights = A * sparse_weights(N, N // 2, p, seed=1).values
    return RBM(weights, Bernoulli(g=g * p * A**2), ReLU(theta=theta * A * p**0.5))


@pytest.mark.parametrize(
    ("theta", "g", "phase"), [(1.9, -0.21, "compositional"), (1.5, -0.3, "ferromagnetic")]
)
def test_a_sparse_machine_stands_in_its_phase(theta: float, g: float, phase: str) -> None:
    found = diagnose(sparse(theta, g), draws=0)
    diagram = placed(found)
    assert found.phase == phase
    assert found.sparse is not None
    machine = diagram.point("machine")
    assert (machine.x, machine.y) == (found.sparse.theta.value, found.sparse.g.value)
    holding = [
        region.name
        for region in diagram.regions
        if region.polygon and Outline(region.polygon).contains_point((machine.x, machine.y))
    ]
    assert holding == [phase]
    across, up = diagram.line("machine, theta"), diagram.line("machine, g")
    assert across.x[2] - across.x[0] == pytest.approx(2 * found.sparse.theta.error)
    assert up.y[2] - up.y[0] == pytest.approx(2 * found.sparse.g.error)


def test_the_plane_reaches_to_the_machine() -> None:
    diagram = placed(diagnose(sparse(2.5, -0.6), draws=0))  # the plane itself ends at 2.5 and at -0.4
    for axis, value in zip(
        diagram.axes, (diagram.point("machine").x, diagram.point("machine").y), strict=True
    ):
        assert axis.limits is not None
        assert axis.limits[0] < value < axis.limits[1]


def test_modes_stand_on_the_plane_of_the_spectrum_within_4_errors() -> None:
    sigma, w = 0.7, [2.5, 1.9]
    found = diagnose(RBM(spectral_weights(400, 300, w, sigma, 1, "gaussian").values, Spin(), Spin()), draws=0)
    diagram = placed(found)
    assert found.spectrum is not None
    for i, (strength, one) in enumerate(zip(w, strengths(found.spectrum, "gaussian"), strict=True), start=1):
        point = diagram.point(f"mode {i}")
        assert abs(1 / point.x - sigma) < 4 * found.spectrum.noise.error
        assert abs(point.y / point.x - strength) < 4 * one.error


@pytest.mark.parametrize("law", ["rademacher", "gaussian", "laplace"])
def test_errors_of_a_strength_are_standard_errors(law: str) -> None:
    scores = []
    for seed in range(40):
        drawn = "spin" if law == "rademacher" else law
        weights = spectral_weights(150, 100, [2.5], 0.6, seed, drawn).values
        found = spectrum(weights)
        scores.append((found.modes[0].w - 2.5) / strengths(found, law)[0].error)
    assert abs(np.mean(scores)) < 4 / 40**0.5 + 0.3  # the noise is removed to leading order in 1/N
    assert 0.4 < np.std(scores) < 1.5


def test_noise_alone_has_no_mode() -> None:
    noise = np.random.default_rng(2).normal(0, 0.5 / 60**0.5, (60, 60))
    assert placed(diagnose(RBM(noise, Spin(), Spin()), draws=0)).point("no mode").y == 0


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ParameterError, match="no phase diagram for spin and gaussian units"):
        placed(diagnose(RBM(np.eye(9), Spin(), Gaussian()), draws=0))
    with pytest.raises(ParameterError, match=r"g = -29\.9 lies outside of the plane"):
        placed(diagnose(sparse(1.9, -30.0), draws=0))
