"""One machine has one place: whatever its units, its scales, its order, and whoever wrote its file.

Invariances hold to rounding. Statistical tests have fixed seeds; their bounds are in standard errors.
"""

import math
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM

import console
from console import replica
from phase_diagrams.placing.advice import advice
from phase_diagrams.placing.diagnose import diagnose
from phase_diagrams.placing.found import Estimate, Found
from phase_diagrams.placing.observe import observe
from phase_diagrams.placing.place import place, spectral_phase
from phase_diagrams.placing.sparse import parameters
from phase_diagrams.placing.spectrum import spectrum
from phase_diagrams.placing.variables import in_variables
from replica.errors import ParameterError
from replica.machines.models.ensembles import sparse_weights, spectral_weights
from replica.machines.models.layers import with_field
from replica.machines.models.rbm import RBM, to_bits, to_spins
from replica.machines.training.files import save_machine, to_rbms
from replica.solving import solve
from replica.theories import SpectralRBM
from replica.units import Bernoulli, Gaussian, ReLU, Spin

N, M, P, A = 120, 60, 0.1, 40.0
"""Sizes, sparsity and amplitude of a machine of the random-RBM ensemble."""


def answer(line: str) -> dict[str, Any]:
    """What is said of a machine; by which command and when are another matter."""
    told = console.answer(line)
    del told["provenance"]
    return told


def numbers(found: Found) -> dict[str, Any]:
    """All numbers that are found, by name."""
    told: dict[str, Any] = {"alpha": found.alpha, "certainty": found.certainty}
    for name in ("spectrum", "sparse", "observed"):
        part = getattr(found, name)
        if part is None:
            continue
        for key, value in vars(part).items():
            if isinstance(value, str) or value is None:
                continue
            rows = value if isinstance(value, tuple) else (value,)
            told[f"{name}.{key}"] = [
                number for row in rows for number in (astuple(row) if hasattr(row, "__dict__") else (row,))
            ]
    if found.spectral is not None:
        told["spectral"] = [found.spectral.kurtosis, *found.spectral.condensed]
        told["strengths"] = [x for one in found.spectral.strengths for x in astuple(one)]
    return told


def same(one: Found, two: Found, *, but: dict[str, float] | None = None, rel: float = 1e-10) -> None:
    """Check that two machines are found in one place; some numbers differ by a factor that is known."""
    assert (one.phase, one.diagram) == (two.phase, two.diagram)
    a, b = numbers(one), numbers(two)
    assert a.keys() == b.keys()
    for name, value in a.items():
        factor = next((f for prefix, f in (but or {}).items() if name.startswith(prefix)), 1.0)
        if factor:
            expected = factor * np.asarray(value, dtype=float)
            # singular vectors are known to the rounding of a decomposition, l to that of a flat minimum
            assert b[name] == pytest.approx(expected, rel=rel, abs=1e-11, nan_ok=True), name


# -- parameters of the random RBM ----------------------------------------------------------------------------


def even_machine() -> RBM:
    """Weights +-A/sqrt(N) on a pattern in which all units have equally many: nothing is to be estimated."""
    place = np.arange(N)[:, None] - 2 * np.arange(M)[None, :]
    sign = np.where((np.arange(N)[:, None] // 3 + np.arange(M)[None, :]) % 2, 1.0, -1.0)
    weights = A / math.sqrt(N) * sign * (place % N < P * N)
    return RBM(weights, Bernoulli(g=-30.0), ReLU(theta=7.0, gamma=2.0), T=1.5)


def test_parameters_of_an_even_machine_are_exact() -> None:
    machine, _ = in_variables(even_machine())
    p, amplitude, theta, g, T = parameters(machine)
    a = A / math.sqrt(2.0)  # where the hidden units have gamma = 1
    assert (p.value, amplitude) == pytest.approx((P, a), rel=1e-13)
    assert theta.value == pytest.approx(7.0 / math.sqrt(2.0) / (a * math.sqrt(P)), rel=1e-13)
    assert g.value == pytest.approx(-30.0 / (a**2 * P), rel=1e-13)
    assert T.value == pytest.approx(1.5 / (a**2 * P), rel=1e-13)
    for one in (p, theta, g, T):
        assert (one.error, one.spread) == pytest.approx((0, 0), abs=1e-13)


def drawn(seed: int, theta: Any = 60.0, g: Any = -33.0, T: float = 1.0) -> RBM:
    return RBM(A * sparse_weights(N, M, P, seed=seed).values, Bernoulli(g=g), ReLU(theta=theta), T)


@pytest.mark.parametrize("uneven", [0.0, 1.0])
def test_errors_are_the_spread_among_machines(uneven: float) -> None:
    """Scores of 200 machines of equal and of unequal units: their spread is 1 within 4 errors and a tenth."""
    scores = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        thresholds, fields = (uneven * width * rng.normal(size=n) for width, n in ((25.0, M), (12.0, N)))
        p, _, *others = parameters(drawn(seed, 60.0 + thresholds, -33.0 + fields, 2.0))
        known = (P, 60.0 / (A * math.sqrt(P)), -33.0 / (A**2 * P), 2.0 / (A**2 * P))
        scores.append([(one.value - true) / one.error for one, true in zip((p, *others), known, strict=True)])
        # units differ as they were drawn: the spread is estimated from 60 and from 120 of them
        assert others[0].spread == pytest.approx(uneven * 25.0 / (A * math.sqrt(P)), rel=0.4)
        assert others[1].spread == pytest.approx(uneven * 12.0 / (A**2 * P), rel=0.4)
    assert np.all(np.abs(np.mean(scores, axis=0)) < 4 / math.sqrt(200) + 0.1)
    assert np.all(np.abs(np.std(scores, axis=0) - 1) < 4 / math.sqrt(400) + 0.1)


def test_uneven_sites_show_in_the_spread_of_p() -> None:
    """Half of the visible units have half of the weights' squares of the others."""
    machine = even_machine()
    scale = np.where(np.arange(N) % 2, 1.0, math.sqrt(0.5))
    p, *_ = parameters(
        in_variables(RBM(scale[:, None] * machine.weights, machine.visible, machine.hidden))[0]
    )
    assert p.spread / p.value == pytest.approx(1 / 3, rel=1e-12)


def test_the_mean_activity_of_the_data_acts_as_a_field() -> None:
    machine = drawn(1, np.linspace(50, 70, M), np.linspace(-40, -30, N))
    v, h = np.random.default_rng(2).random(N), np.random.default_rng(3).random(M)
    moved = RBM(
        machine.weights,
        with_field(machine.visible, machine.weights @ h),
        with_field(machine.hidden, v @ machine.weights),
    )
    for one, two in zip(parameters(machine, (v, h)), parameters(moved), strict=True):
        values = (one, two) if isinstance(one, float) else (astuple(one), astuple(two))  # type: ignore[call-overload]
        assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_a_hidden_unit_without_weights_counts_for_nothing() -> None:
    machine = drawn(1, np.linspace(50, 70, M))
    idle = RBM(
        np.hstack([machine.weights, np.zeros((N, 5))]),
        machine.visible,
        ReLU(theta=np.r_[np.linspace(50, 70, M), np.full(5, 1e4)]),
    )
    one, two = parameters(machine), parameters(idle)
    for a, b in zip(one[2:], two[2:], strict=True):
        assert isinstance(a, Estimate)
        assert isinstance(b, Estimate)
        assert (b.value, b.error) == pytest.approx((a.value, a.error), rel=1e-12)
    assert (two[0].value, two[0].error, two[1]) == pytest.approx(
        (one[0].value, one[0].error, one[1]), rel=1e-12
    )


def test_a_visible_unit_counts_by_its_share_in_the_squares() -> None:
    machine = drawn(1, g=np.linspace(-40, -30, N))
    share = np.sum(machine.weights**2, axis=1) / np.sum(machine.weights**2)
    *_, g, _ = parameters(machine)
    square = N * np.mean(machine.weights**2)
    assert g.value * square == pytest.approx(share @ np.linspace(-40, -30, N), rel=1e-12)
    one = Estimate.mean(np.arange(9.0) ** 2)
    assert (one.spread, one.error) == pytest.approx(
        (np.std(np.arange(9.0) ** 2, ddof=1), np.std(np.arange(9.0) ** 2, ddof=1) / 3), rel=1e-13
    )


SPARSE = drawn(7, np.linspace(60, 66, M), np.linspace(-35, -31, N))
SPARSE_DATA = np.random.default_rng(5).integers(0, 2, (20, N)).astype(float)


@pytest.fixture(scope="module")
def sparse_found() -> Found:
    return diagnose(SPARSE, SPARSE_DATA, draws=2)


def rescaled(c: Any) -> RBM:
    """The same machine with other hidden variables, h = c h'."""
    theta = SPARSE.hidden.parameters["theta"]
    return RBM(SPARSE.weights * c, SPARSE.visible, ReLU(theta=theta * c, gamma=np.square(c)))


def test_scales_of_hidden_units_are_a_matter_of_convention(sparse_found: Found) -> None:
    same(sparse_found, diagnose(rescaled(np.geomspace(0.3, 3.0, M)), SPARSE_DATA, draws=2))


def test_rectified_units_see_bits_and_spins_alike(sparse_found: Found) -> None:
    weights, g = SPARSE.weights / 2, SPARSE.visible.parameters["g"] / 2  # v = (1 + s)/2
    spins = RBM(weights, Spin(g=g), ReLU(theta=SPARSE.hidden.parameters["theta"] - weights.sum(axis=0)))
    same(sparse_found, diagnose(spins, 2 * SPARSE_DATA - 1, draws=2))


def test_the_order_of_units_is_none_of_a_sparse_machine(sparse_found: Found) -> None:
    rows, columns = (np.random.default_rng(n).permutation(n) for n in (N, M))
    visible, hidden = (
        Bernoulli(g=SPARSE.visible.parameters["g"][rows]),
        ReLU(theta=SPARSE.hidden.parameters["theta"][columns]),
    )
    mixed = RBM(SPARSE.weights[rows][:, columns], visible, hidden)
    same(sparse_found, diagnose(mixed, SPARSE_DATA[:, rows], draws=2))


def test_energies_count_in_units_of_temperature(sparse_found: Found) -> None:
    """All energies and T three times as large: sizes of weights in units of gamma grow by sqrt(3)."""
    theta, g = SPARSE.hidden.parameters["theta"], SPARSE.visible.parameters["g"]
    hot = RBM(3 * SPARSE.weights, Bernoulli(g=3 * g), ReLU(theta=3 * theta, gamma=3.0), T=3.0)
    found, root = diagnose(hot, SPARSE_DATA, draws=2), math.sqrt(3)
    sizes = ("spectrum.sigma", "spectrum.edge", "spectrum.largest", "sparse.amplitude")
    same(sparse_found, found, but=dict.fromkeys(sizes, root) | {"spectrum.modes": 0.0})


def test_what_strong_units_do_is_read_off_the_fields() -> None:
    """Two units in the field of m = 0.5, one below its threshold, one in a weak field, the others in none."""
    weights = np.zeros((64, 8))
    weights[:8, 0] = weights[8:16, 1] = weights[16:24, 2] = weights[24:32, 3] = 2.0
    machine = RBM(weights, Bernoulli(), ReLU(theta=[1.0, 1.0, 30.0, 1.0, 1, 1, 1, 1]))
    data = np.zeros((2, 64))
    data[:, :24], data[:, 24:26] = 1.0, 1.0
    zero = Estimate(0.0)
    # the field of m = 1 is A sqrt(N) p/2 = 32, that of all eight units is 16
    known = diagnose(SPARSE, draws=0).sparse
    assert known is not None
    sparse = replace(known, p=Estimate(0.5), amplitude=16.0, theta=zero)
    seen = observe(machine, data, machine.hidden_mean(data), sparse)
    assert (seen.strong, seen.m) == pytest.approx((2.0, 0.5), rel=1e-14)
    assert (seen.q.value, seen.q.error) == (26 / 64, 0)
    h = machine.hidden_mean(data)[0]
    assert seen.L.value == pytest.approx(np.sum(h**3) ** 2 / np.sum(h**6), rel=1e-13)
    assert seen.phase == "compositional"


# -- the spectral RBM ----------------------------------------------------------------------------------------

RNG = np.random.default_rng(11)
SPINS = RBM(
    spectral_weights(90, 60, [2.5, 1.7], 0.6, 1, "gaussian").values,
    Spin(g=0.2 * RNG.normal(size=90)),
    Spin(g=0.2 * RNG.normal(size=60)),
)
SPIN_DATA = RNG.choice([-1.0, 1.0], (25, 90))
SPIN_FOUND = diagnose(SPINS, SPIN_DATA, draws=6)


def turned(rows: Any, columns: Any) -> RBM:
    """The same machine with the signs of some spins exchanged."""
    return RBM(
        SPINS.weights * rows[:, None] * columns,
        Spin(g=SPINS.visible.parameters["g"] * rows),
        Spin(g=SPINS.hidden.parameters["g"] * columns),
    )


def test_bits_and_spins_are_one_machine() -> None:
    same(SPIN_FOUND, diagnose(to_bits(SPINS)[0], (1 + SPIN_DATA) / 2, draws=6))
    half = RBM(  # bits below, spins above
        2 * SPINS.weights,
        Bernoulli(g=2 * SPINS.visible.parameters["g"]),
        Spin(g=SPINS.hidden.parameters["g"] + SPINS.weights.sum(axis=0) * 0),
    )
    spins = to_spins(half)[0]
    same(diagnose(spins, SPIN_DATA, draws=0), diagnose(half, (1 + SPIN_DATA) / 2, draws=0))
    assert spins.weights == pytest.approx(SPINS.weights, rel=1e-15)


def test_a_spin_may_be_turned_round() -> None:
    rng = np.random.default_rng(3)
    rows, columns = rng.choice([-1.0, 1.0], 90), rng.choice([-1.0, 1.0], 60)
    same(SPIN_FOUND, diagnose(turned(np.ones(90), columns), SPIN_DATA, draws=6))
    other = diagnose(turned(rows, columns), SPIN_DATA * rows, draws=6)
    same(SPIN_FOUND, other, but={"observed.q": 0.0})  # the activity counts what is +1
    bits = to_bits(turned(np.ones(90), columns))[0]  # a hidden bit h is 1 - h of the other machine
    same(SPIN_FOUND, diagnose(bits, (1 + SPIN_DATA) / 2, draws=6))


def test_a_machine_at_T_is_one_of_weights_over_T() -> None:
    g, h = SPINS.visible.parameters["g"], SPINS.hidden.parameters["g"]
    same(SPIN_FOUND, diagnose(RBM(4 * SPINS.weights, Spin(g=4 * g), Spin(g=4 * h), 4.0), SPIN_DATA, draws=6))


def test_the_order_of_units_is_none_of_a_spectrum() -> None:
    rows, columns = np.random.default_rng(1).permutation(90), np.random.default_rng(2).permutation(60)
    mixed = RBM(
        SPINS.weights[rows][:, columns],
        Spin(g=SPINS.visible.parameters["g"][rows]),
        Spin(g=SPINS.hidden.parameters["g"][columns]),
    )
    same(SPIN_FOUND, diagnose(mixed, SPIN_DATA[:, rows], draws=6))


def test_layers_may_be_exchanged() -> None:
    one, two = place(SPINS), place(SPINS.transposed)
    assert one.spectrum is not None
    assert two.spectrum is not None
    exchanged = tuple(
        replace(m, kurtosis_u=m.kurtosis_v, kurtosis_v=m.kurtosis_u, error_u=m.error_v, error_v=m.error_u)
        for m in two.spectrum.modes
    )
    again = replace(two.spectrum, visible=90, hidden=60, modes=exchanged)
    same(one, replace(two, rbm=SPINS, spectrum=again))


@pytest.mark.parametrize("shape", [(200, 10), (60, 40)])
def test_a_matrix_and_its_transpose_have_equally_many_modes(shape: tuple[int, int]) -> None:
    """A singular value is moved through the edge: it counts in both or in neither."""
    rng = np.random.default_rng(0)
    left, values, right = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    counts = []
    for top in np.linspace(0.9, 1.4, 201) * (math.sqrt(shape[0]) + math.sqrt(shape[1])):
        weights = left * np.r_[top, values[1:]] @ right
        counts.append((len(spectrum(weights).modes), len(spectrum(weights.T).modes)))
    assert all(one == two for one, two in counts)
    assert {one for one, _ in counts} == {0, 1}


def test_the_error_of_sigma_is_the_spread_among_matrices() -> None:
    """Scores of 800 matrices, with a spread of 1 within 4 of its standard errors and a twentieth."""
    scores = []
    for seed in range(800):
        found = spectrum(0.8 / (40 * 30) ** 0.25 * np.random.default_rng(seed).standard_normal((40, 30)))
        scores.append((found.sigma - 0.8) / found.noise.error)
    assert abs(np.std(scores) - 1) < 4 / math.sqrt(1600) + 0.05


@pytest.mark.parametrize("kappa", [0.5, 1.0, 1.6])
def test_the_phase_is_that_of_the_states(kappa: float) -> None:
    """Whatever the threshold says, the theory has a ferromagnet there or none."""
    for w, sigma in ((0.97, 0.4), (1.03, 0.4), (1.03, 0.97), (1.5, 1.45), (1.75, 1.45), (2.5, 2.0)):
        state = solve(SpectralRBM(w=w, sigma=sigma, kappa=kappa), "ferromagnet", throw=False)
        ordered = bool(state.success) and float(state["m"]) > 0
        expected = "ferromagnet" if ordered else "spin glass" if sigma > 1 else "paramagnet"
        assert spectral_phase(w, sigma, kappa) == expected, (w, sigma)


def test_near_a_boundary_the_certainty_is_a_share() -> None:
    """w = 1.03 with an error of 0.1 or so: about six of ten machines are on the same side."""
    weights = spectral_weights(90, 60, [1.0], 0.0, 1).values
    found = diagnose(RBM(1.03 * weights / np.linalg.norm(weights), Spin(), Spin()), draws=400)
    assert found.spectral is not None
    first = found.spectral.strengths[0]
    share = 0.5 * (1 + math.erf((first.value - 1) / (first.error * math.sqrt(2))))
    assert first.value > 1
    assert found.certainty == pytest.approx(share, abs=4 * math.sqrt(0.25 / 400))


# -- files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pgm(rbm: RBM) -> dict[str, Any]:
    """The arrays of the package PGM, which has its matrix the other way round."""
    nature = "Spin" if isinstance(rbm.visible, Spin) else "Bernoulli"
    fields = {"vlayer.fields": rbm.visible.parameters["g"], "hlayer.fields": rbm.hidden.parameters["g"]}
    return {"weights": rbm.weights.T, "vlayer": nature, "hlayer": nature} | fields


def test_every_package_writes_the_same_machine(here: Path) -> None:
    bits = to_bits(SPINS)[0]
    g, h = SPINS.visible.parameters["g"], SPINS.hidden.parameters["g"]
    save_machine(SPINS, "spins.npz")
    save_machine(bits, "bits.npz")
    save_machine(RBM(2 * SPINS.weights, Spin(g=2 * g), Spin(g=2 * h), 2.0), "hot.npz")
    to_rbms(SPINS, "spins.h5")
    to_rbms(bits, "bits.h5")
    np.savez("pgm_spins.npz", **pgm(SPINS))
    np.savez("pgm_bits.npz", **pgm(bits))
    fields = {
        "intercept_visible_": bits.visible.parameters["g"],
        "intercept_hidden_": bits.hidden.parameters["g"],
    }
    np.savez("sklearn.npz", components_=bits.weights.T, **fields)
    np.savez("plain.npz", W=SPINS.weights)
    np.save("plain_bits.npy", bits.weights)
    plain = answer("place plain.npz")
    assert answer("place plain_bits.npy --zero-one") == agreeing(plain, "plain_bits.npy")
    names = ["spins.npz", "bits.npz", "hot.npz", "spins.h5", "bits.h5"]
    for name in [*names, "pgm_spins.npz", "pgm_bits.npz", "sklearn.npz"]:
        placed, diagnosed = answer(f"place {name}"), answer(f"diagnose {name} --draws 0")
        assert placed == agreeing(plain, name)
        assert placed["phase"].partition(",")[0] == diagnosed["phase"]
        assert diagnosed["diagram"] == "spectral-rbm"
        for key in ("law", "p", "kurtosis", "w_c", "replicon"):
            assert placed[key] == diagnosed[key]
        for key in ("visible", "hidden", "sigma", "edge", "largest", "distance"):
            assert placed[key] == diagnosed["spectrum"][key]
        condensed = [mode.pop("condensed") for mode in placed["modes"]]
        assert (placed["modes"], condensed) == (diagnosed["spectrum"]["modes"], diagnosed["condensed"])


def agreeing(told: Any, name: str) -> Any:
    """The same answer for another file, to rounding."""
    if isinstance(told, dict):
        return {key: name if key == "file" else agreeing(value, name) for key, value in told.items()}
    if isinstance(told, list):
        return [agreeing(one, name) for one in told]
    return pytest.approx(told, rel=1e-10, abs=1e-12) if isinstance(told, float) else told


def test_what_scikit_learn_has_fitted_is_placed_as_bits(here: Path) -> None:
    data = np.random.default_rng(0).integers(0, 2, (60, 12)).astype(float)
    model = BernoulliRBM(9, n_iter=3, random_state=1).fit(data)
    names = ("components_", "intercept_hidden_", "intercept_visible_")
    np.savez("sklearn.npz", **{name: getattr(model, name) for name in names})
    told = answer("place sklearn.npz")
    known = spectrum(model.components_.T / 4)
    assert (told["visible"], told["hidden"], told["kappa"]) == (12, 9, 0.75)
    assert (told["sigma"], told["edge"]) == pytest.approx((known.sigma, known.edge), rel=1e-12)
    assert answer("diagnose sklearn.npz --draws 0")["spectrum"]["sigma"] == told["sigma"]
    assert answer("place sklearn.npz --key components_ --zero-one") == told


def test_a_machine_says_itself_what_it_is(here: Path) -> None:
    save_machine(SPINS, "spins.npz")
    save_machine(RBM(SPINS.weights, Spin(), Spin(), 0.0), "cold.npz")
    save_machine(SPARSE, "relu.npz")
    save_machine(RBM(SPINS.weights, Bernoulli(), Gaussian(gamma=40.0)), "gauss.npz")
    np.save("plain.npy", SPINS.weights)
    for line, says in (
        ("place spins.npz --zero-one", "says itself what its units are: spin and spin"),
        ("place spins.npz --key W", "leave the name 'W' out"),
        ("place relu.npz --law gaussian", "bernoulli and relu units at T = 1"),
        ("place cold.npz --law gaussian", "spin and spin units at T = 0"),
        ("place relu.npz -o x.png", "no phase diagram for bernoulli and relu units"),
    ):
        result = replica(line)
        assert result.exit_code == 2, line
        assert says in result.stderr
    assert not Path("x.png").exists()
    result = replica("diagnose plain.npy")
    assert (result.exit_code, "replica place" in result.stderr) == (1, True)
    for name in ("relu.npz", "gauss.npz", "cold.npz"):
        placed, diagnosed = answer(f"place {name}"), answer(f"diagnose {name} --draws 0")
        assert (placed["phase"], placed["law"]) == (None, None)
        assert placed["sigma"] == diagnosed["spectrum"]["sigma"]
        assert "\nphase     -" in replica(f"place {name}").stdout
    assert answer("diagnose relu.npz --draws 0")["diagram"] == "compositional"
    assert "see replica diagnose relu.npz" in replica("place relu.npz").stdout
    assert any("at T = 0" in line for line in advice(diagnose(RBM(SPINS.weights, Spin(), Spin(), 0.0))))


def test_the_printed_answers_are_of_one_printer(here: Path) -> None:
    save_machine(to_bits(SPINS)[0], "bits.npz")
    placed, diagnosed = (replica(line).stdout for line in ("place bits.npz", "diagnose bits.npz --draws 0"))
    assert placed.splitlines()[0] == diagnosed.splitlines()[0]
    for name in ("edge", "largest", "distance", "modes", "law", "w_c", "replicon"):
        one, two = (
            next(line.split() for line in text.splitlines() if line.startswith(f"{name} "))
            for text in (placed, diagnosed)
        )
        assert one == two
    assert "(units -1, +1)" in placed
    assert "(units -1, +1)" in diagnosed


def test_small_machines_have_no_spectrum_but_an_answer() -> None:
    found = diagnose(RBM(np.ones((4, 3)), Spin(), Spin()), draws=0)
    assert (found.spectrum, found.phase) == (None, None)
    with pytest.raises(ParameterError, match="at least 8 units"):
        place(RBM(np.ones((4, 3)), Spin(), Spin()))
