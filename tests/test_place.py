"""Weight matrices on the phase diagram: known ones must be found again.

Statistical tests have fixed seeds; their tolerance is in units of the standard error that is stated.
"""

from typing import Any

import numpy as np
import pytest

from phase_diagrams.placing.found import Spectral, Spectrum
from phase_diagrams.placing.place import place
from phase_diagrams.placing.spectrum import spectrum
from replica.errors import ParameterError, UnknownNameError
from replica.theories import SpectralRBM

DRAWS: dict[str, Any] = {
    "gaussian": lambda rng, n: rng.standard_normal(n),
    "laplace": lambda rng, n: rng.laplace(size=n) / 2**0.5,
    "rademacher": lambda rng, n: rng.choice([-1.0, 1.0], n),
}


def matrix(
    shape: tuple[int, int], sigma: float, *strengths: float, law: str = "rademacher", seed: int = 0
) -> Any:
    """Noise and modes of unit norm, so that their strengths are exact."""
    rng = np.random.default_rng(seed)
    L = (shape[0] * shape[1]) ** 0.5
    weights = sigma * rng.standard_normal(shape) / L**0.5
    for w in strengths:
        u, v = (DRAWS[law](rng, n) for n in shape)
        weights += w * np.outer(u / np.linalg.norm(u), v / np.linalg.norm(v))
    return weights


def both(weights: Any, **asked: Any) -> tuple[Spectrum, Spectral]:
    """Spectrum and place of weights of spins."""
    found = place(weights, **asked)
    assert found.spectrum is not None
    assert found.spectral is not None
    return found.spectrum, found.spectral


@pytest.mark.parametrize("shape", [(600, 400), (300, 900), (500, 500)])
def test_noise_and_modes_are_told_apart(shape: tuple[int, int]) -> None:
    found = spectrum(matrix(shape, 0.7, 1.8, 1.3, 0.4))
    assert found.kappa == shape[1] / shape[0]
    # the standard error of sigma is sigma/sqrt(2 Nv Nh), less than 0.1 %; the hidden mode adds to it
    assert found.sigma == pytest.approx(0.7, rel=5e-3)
    assert len(found.modes) == 2  # 0.4 < sigma: no trace outside the bulk
    # the standard error of w is of the order of sigma/sqrt(L): 0.03 here
    assert [mode.w for mode in found.modes] == pytest.approx([1.8, 1.3], abs=0.1)
    assert all(mode.value > mode.w for mode in found.modes)
    assert found.edge == pytest.approx(found.sigma * (found.kappa**0.25 + found.kappa**-0.25), rel=1e-14)
    assert found.largest == pytest.approx(found.edge, rel=0.03)
    assert found.distance < 0.02


def test_modes_take_their_share_of_the_noise_with_them() -> None:
    """What k strong modes leave is noise of Nv - k by Nh - k, whatever the shape."""
    for shape, seed in (((40, 30), 0), ((24, 60), 100)):
        strong = [50.0 + 10 * k for k in range(6)]
        found = [spectrum(matrix(shape, 0.7, *strong, seed=seed + i)) for i in range(20)]
        assert {len(one.modes) for one in found} == {6}
        left = (shape[0] - 6) * (shape[1] - 6)
        # each sigma^2 has the relative variance 2/left, and the modes are at an angle that 1/w^2 makes small
        expected = pytest.approx(0.49, rel=4 * (2 / left / 20) ** 0.5)
        assert np.mean([one.sigma**2 for one in found]) == expected


def test_a_matrix_and_its_transpose_exchange_the_layers() -> None:
    weights = matrix((300, 200), 0.6, 1.9, law="laplace")
    one, two = spectrum(weights), spectrum(weights.T)
    assert one.kappa == pytest.approx(1 / two.kappa, rel=1e-15)
    assert one.edge == pytest.approx(two.edge, rel=2e-3)
    assert one.modes[0].w == pytest.approx(two.modes[0].w, rel=1e-3)
    assert one.modes[0].kurtosis_u == pytest.approx(two.modes[0].kurtosis_v, rel=1e-2)


@pytest.mark.parametrize("law", ["gaussian", "rademacher"])
def test_the_kurtosis_behind_the_noise(law: str) -> None:
    """Mean over 20 matrices; error of each as stated, so sqrt(20) less: three of them are allowed."""
    modes = [spectrum(matrix((300, 200), 0.8, 1.6, law=law, seed=seed)).modes[0] for seed in range(20)]
    expected = {"gaussian": 0.0, "rademacher": -2.0}[law]
    for side in "uv":
        mean = np.mean([getattr(mode, f"kurtosis_{side}") for mode in modes])
        error = np.mean([getattr(mode, f"error_{side}") for mode in modes]) / 20**0.5
        assert abs(mean - expected) < 3 * error
        assert error < 0.15


def test_pure_noise_has_no_mode() -> None:
    """Odds of 1 to 1000 for each of 200: two or more false modes have a probability of 2 %."""
    found = [spectrum(matrix((80, 60), 1.3, seed=seed)) for seed in range(200)]
    assert sum(bool(one.modes) for one in found) <= 1
    assert np.mean([one.sigma for one in found]) == pytest.approx(1.3, rel=3 / np.sqrt(2 * 80 * 60 * 200))


def test_without_noise_a_mode_is_exact() -> None:
    seen, placed = both(matrix((40, 30), 0.0, 1.7))
    (mode,) = seen.modes
    assert (seen.sigma, seen.distance) == (0, 0)
    assert mode.w == mode.value == pytest.approx(1.7, rel=1e-14)
    assert (mode.kurtosis_u, mode.kurtosis_v) == pytest.approx((-2, -2), abs=1e-12)
    assert placed.described == "ferromagnet, replica symmetric"


@pytest.mark.parametrize(
    ("sigma", "strengths", "phase", "condensed"),
    [
        (0.6, (), "paramagnet", ()),
        (0.6, (0.9,), "paramagnet", (False,)),
        (1.6, (), "spin glass", ()),
        (0.6, (1.8, 1.2), "ferromagnet, replica symmetric", (True, False)),
        (5.0, (6.75,), "ferromagnet, replica symmetry broken", (True,)),
    ],
)
def test_phases(sigma: float, strengths: tuple[float, ...], phase: str, condensed: tuple[bool, ...]) -> None:
    _, placed = both(matrix((500, 400), sigma, *strengths))
    assert (placed.described, placed.condensed) == (phase, condensed)
    if strengths:
        assert placed.law == "rademacher"


def test_the_state_is_that_of_the_theory() -> None:
    found, placed = both(matrix((400, 300), 0.7, 2.2, 2.0, law="laplace"), law="laplace")
    assert placed.state is not None
    expected = SpectralRBM(w=found.modes[0].w, sigma=found.sigma, kappa=0.75, law="laplace")
    assert placed.state.theory == expected
    assert placed.condensed == (True, True)
    _, round_ = both(matrix((400, 300), 0.7, 2.2, 2.0, law="laplace"), law="gaussian")
    assert round_.condensed == (True, False)


@pytest.mark.parametrize("law", DRAWS)
def test_the_law_is_the_one_of_the_nearest_kurtosis(law: str) -> None:
    assert both(matrix((800, 600), 0.3, 2.0, law=law))[1].law == law


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (np.ones(9), r"shape \(9,\)"),
        (np.ones((9, 9, 9)), "shape"),
        (
            np.full((9, 9), np.inf),
            r"81 of 81 are not finite numbers, the first one \(inf\) in row 0, column 0",
        ),
        (np.ones((9, 9), dtype=bool), "type bool"),
        (np.ones((2, 900)), "at least 8 units"),
        (np.zeros((9, 9)), "all weights are zero"),
    ],
)
def test_what_is_no_weight_matrix_is_refused(weights: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        spectrum(weights)


def test_a_law_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'gaussian'"):
        place(np.eye(9), law="gausian")


def test_whole_numbers_and_single_precision_are_numbers() -> None:
    weights = matrix((60, 50), 0.5, 2.0)
    assert spectrum(weights.astype("f4")).modes[0].w == pytest.approx(spectrum(weights).modes[0].w, rel=1e-5)
    assert spectrum(np.random.default_rng(0).integers(-3, 4, (60, 50))).sigma > 0


def test_sparse_components_can_be_asked_for() -> None:
    rng = np.random.default_rng(4)
    u, v = (np.where(rng.random(n) < 0.2, rng.choice([-1.0, 1.0], n), 0.0) for n in (800, 600))
    weights = 2.0 * np.outer(u / np.linalg.norm(u), v / np.linalg.norm(v))
    weights += 0.3 * rng.standard_normal((800, 600)) / (800 * 600) ** 0.25
    (seen, told), (_, given) = both(weights, law="bernoulli"), both(weights, law="bernoulli", p=0.2)
    # four standard errors of the share of 1400 components that are not zero
    assert told.p == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 1400) ** 0.5)
    assert given.state is not None
    assert given.state.theory == SpectralRBM(
        w=seen.modes[0].w, sigma=seen.sigma, kappa=0.75, law="bernoulli", p=0.2
    )
    with pytest.raises(ParameterError, match=r"p = 0\.5 belongs to the law bernoulli"):
        place(weights, p=0.5)
    with pytest.raises(ParameterError, match="without a mode there is no kurtosis"):
        place(matrix((60, 60), 0.5), law="bernoulli")


def test_a_mode_that_has_just_condensed_is_in_the_ferromagnet() -> None:
    """The phase is told by the threshold, not by whether a search succeeds."""
    for w in (1.001, 1.1):
        _, placed = both(matrix((40, 30), 0.0, w))
        assert placed.described == "ferromagnet, replica symmetric"
        assert placed.state is not None
        assert placed.state["m"] > 0
    assert place(matrix((40, 30), 0.0, 0.999)).phase == "paramagnet"


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_sizes_without_a_square_are_refused(size: float) -> None:
    with pytest.raises(ParameterError, match="the largest weight is"):
        place(size * matrix((20, 20), 1.0))
