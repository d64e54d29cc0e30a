"""Validation: numbers of the comparison, machines beside theories, tables, files, commands.

Statistical tests have fixed seeds; z is compared with 4 sigmas unless something else is said.
"""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from console import replica
from phase_diagrams.simulating import (
    MACHINES,
    DisagreementError,
    Measurement,
    Subject,
    TableError,
    beside,
    confront,
    measurements,
    read_table,
    simulate,
    validate,
    write_table,
)
from phase_diagrams.simulating.agreement import _intercept, sigmas
from phase_diagrams.simulating.machines import OK
from phase_diagrams.storage.diagrams import load_diagram
from phase_diagrams.storage.files import StorageError
from replica.errors import ParameterError, UnknownNameError
from replica.machines.inference.exact import configurations
from replica.machines.models.sparse_rbm import SparseRBM, sparse_signs
from replica.solving import solve
from replica.theories import (
    THEORIES,
    Classification,
    Compositional,
    CurieWeiss,
    Hopfield,
    Hopfield1RSB,
    OneHiddenUnit,
    RandomEnergy,
    RandomRBM,
    Regression,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
    TeacherStudent,
)
from replica.units import Bernoulli, ReLU, Spin
from test_memory_machines import CASES as MEMORY_CASES

ROOT = Path(__file__).parents[1]
COLD = Subject(Hopfield, {"T": 0.1})


# --- the numbers of a comparison -----------------------------------------------------------------------


def exact_m(T: float) -> float:
    return float(solve(CurieWeiss(T=T, h=0.0))["m"])


def one(N: int | None, m: float, error: float, samples: int | None = None) -> Measurement:
    return Measurement({"T": 0.5}, N, {"m": m}, {"m": error}, samples)


def test_one_size_is_a_plain_z() -> None:
    (row,) = confront(Subject(CurieWeiss), [one(None, exact_m(0.5) + 0.03, 0.01)]).rows
    assert row.z == pytest.approx(3)
    assert row.dof == 0


def test_sizes_are_extrapolated_by_weighted_least_squares() -> None:
    """Against numpy's polynomial fit with the same weights, and its covariance."""
    N, error = np.array([100, 200, 400, 800]), np.array([0.02, 0.01, 0.015, 0.005])
    values = 0.93 + 3.0 / N + np.array([0.01, -0.012, 0.003, 0.002])
    found = confront(
        Subject(CurieWeiss), [one(int(n), v, e) for n, v, e in zip(N, values, error, strict=True)]
    )
    (row,) = found.rows
    (slope, intercept), covariance = np.polyfit(1 / N, values, 1, w=1 / error, cov="unscaled")
    assert row.estimate == pytest.approx(intercept, rel=1e-12)
    assert row.error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-9)
    assert row.chi2 == pytest.approx(np.sum(((values - intercept - slope / N) / error) ** 2), rel=1e-9)
    assert row.dof == 2
    assert row.z == pytest.approx((intercept - exact_m(0.5)) / row.error)


def test_what_is_known_of_finite_size_is_taken_into_account() -> None:
    values = [one(N, exact_m(0.5) + 1 / math.sqrt(N), 0.01) for N in (100, 400)]
    (bare,) = confront(Subject(CurieWeiss), values).rows
    (row,) = confront(Subject(CurieWeiss), values, lambda state, N: {"m": 1 / math.sqrt(N)}).rows
    assert row.estimate == pytest.approx(exact_m(0.5), abs=1e-12)
    assert row.expected == pytest.approx((exact_m(0.5) + 0.1, exact_m(0.5) + 0.05))
    assert bare.z > 0.05 > abs(row.z)


def test_another_power_of_the_size_can_be_extrapolated() -> None:
    values = [one(N, exact_m(0.5) + 0.3 * N ** (-2 / 3), 0.01) for N in (60, 100, 200)]
    (row,) = confront(Subject(CurieWeiss), values, power=lambda _: 2 / 3).rows
    assert row.estimate == pytest.approx(exact_m(0.5), abs=1e-12)
    assert row.chi2 == pytest.approx(0, abs=1e-20)
    glass, hot = (
        solve(SherringtonKirkpatrick(T=T), branch) for T, branch in ((0.5, "glass"), (1.5, "paramagnet"))
    )
    assert MACHINES["sherrington-kirkpatrick"].power(glass) == pytest.approx(2 / 3)
    assert MACHINES["sherrington-kirkpatrick"].power(hot) == 1


@pytest.mark.parametrize("freedom", [2, 5, 19])
def test_estimated_errors_have_wide_tails(freedom: int) -> None:
    for t in (0.5, 3.0, 8.0):
        z = sigmas(t, 1.0, freedom)
        assert stats.norm.sf(z) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9)
        assert z < t
        assert sigmas(-t, 1.0, freedom) == -z
    assert math.isfinite(sigmas(1e6, 1.0, 300))  # a tail of 1e-1000


def test_z_is_standard_normal_for_few_samples() -> None:
    """4000 experiments of 4 samples at 2 sizes: the tails of z are those of a Gaussian variable.

    5 % beyond 1.96: binomial error 0.35 %; the combination of two errors is an approximation. Without
    Student's distribution it would be 20 %.
    """
    rng = np.random.default_rng(2)
    N = np.array([100, 200])
    rows = []
    for _ in range(4000):
        x = rng.normal(2 / N, 0.1, (4, 2))
        gap, sigma, _, _, freedom = _intercept(1 / N, x.mean(axis=0), x.std(axis=0, ddof=1) / 2, [3, 3])
        rows.append(sigmas(gap, sigma, freedom))
    assert np.mean(np.abs(rows) > 1.96) == pytest.approx(0.05, abs=0.015)


def test_the_verdict_names_the_worst_observable() -> None:
    state = solve(CurieWeiss(T=0.5, h=0.0))
    values = {"m": state["m"] + 0.01, "energy": state.energy - 0.9}
    found = confront(Subject(CurieWeiss), [Measurement({"T": 0.5}, None, values, {"m": 0.01, "energy": 0.1})])
    assert found.worst is not None
    assert found.worst.name == "energy"
    with pytest.raises(DisagreementError, match=r"do not agree.* worst is energy at T = 0\.5.*z = -9\.0"):
        found.require()


def test_a_point_without_a_solution_is_not_judged() -> None:
    found = confront(COLD, [Measurement({"alpha": 0.14}, None, {"m": 0.9}, {"m": 0.1})])
    assert math.isnan(found.rows[0].z)
    assert "ends at alpha_c=0.135049" in found.rows[0].note
    with pytest.raises(DisagreementError, match="nothing could be judged"):
        found.require()


def test_no_error_no_z() -> None:
    (row,) = confront(Subject(CurieWeiss), [one(None, 0.9, math.nan)]).rows
    assert math.isnan(row.z)
    assert row.estimate == pytest.approx(0.9)
    assert row.note == "no error is given"


def test_names_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="observable of curie-weiss 'mm'"):
        confront(Subject(CurieWeiss), [Measurement({"T": 0.5}, None, {"mm": 1.0}, {"mm": 0.1})])
    with pytest.raises(UnknownNameError, match="branch of hopfield"):
        Subject(Hopfield, branch="nonsense")
    with pytest.raises(ParameterError, match="alpha is given as fixed, and as one that varies"):
        simulate(Subject(Hopfield, {"alpha": 0.1}), {"alpha": [0.1]}, [100])


# --- the sparse machine --------------------------------------------------------------------------------


def test_sparse_signs_have_their_law() -> None:
    """2e6 entries with p = 0.1: the density within 4 binomial sigmas, signs and their rows as well."""
    xi = sparse_signs(2000, 1000, 0.1, seed=1)
    assert xi.shape == (2000, 1000)
    assert abs(xi.nnz - 200_000) < 4 * math.sqrt(2e6 * 0.09)
    assert abs(xi.sum()) < 4 * math.sqrt(xi.nnz)
    assert set(np.unique(xi.data)) == {-1.0, 1.0}
    for axis in (0, 1):
        counts = np.diff(xi.tocsc().indptr if axis else xi.indptr)
        mean = 0.1 * (2000 if axis else 1000)
        chi2 = np.sum((counts - mean) ** 2) / (0.9 * mean)
        assert abs(chi2 - counts.size) < 4 * math.sqrt(2 * counts.size)
    assert sparse_signs(50, 20, 1.0, seed=1).nnz == 1000
    with pytest.raises(ParameterError, match="p = 0"):
        sparse_signs(10, 10, 0.0, seed=1)


@pytest.mark.parametrize("visible", [Bernoulli(g=-0.1), Spin(g=0.05)])
def test_a_minimum_is_one(visible: Any) -> None:
    """No single flip lowers the energy, hidden units included; and energies are sums over units."""
    rbm = SparseRBM(sparse_signs(40, 30, 0.3, seed=2), visible, ReLU(theta=0.2))
    end = rbm.descend(rbm.noise_free(2))
    assert end.converged
    assert end.energy == pytest.approx(rbm.energy(end.visible))
    W = rbm.signs.toarray() / math.sqrt(40)
    b = end.visible @ W
    np.testing.assert_allclose(end.field, b, atol=1e-6)
    own = -sum(end.visible) * visible.g - np.sum(np.maximum(b - 0.2, 0) ** 2) / 2
    assert end.energy * 40 == pytest.approx(own, rel=1e-6)
    low, high = visible.values
    for i in range(40):
        other = end.visible.copy()
        other[i] = low + high - other[i]
        assert rbm.energy(other) >= end.energy - 1e-9


def test_a_minimum_of_few_units_is_among_all_minima() -> None:
    rbm = SparseRBM(sparse_signs(8, 5, 0.6, seed=3), Spin(g=0.1), ReLU(theta=0.1))
    energies = [rbm.energy(v) for v in configurations(Spin(), 8)]
    found = rbm.descend(np.ones(8))
    assert min(energies) <= found.energy + 1e-9


# --- machines beside theories --------------------------------------------------------------------------

UNITS = {"visible": Bernoulli(g=-0.02), "hidden": ReLU(theta=0.3), "p": 0.1, "alpha": 0.6}
RUNS: list[tuple[Subject, dict[str, list[float]], list[int], int]] = [
    (COLD, {"alpha": [0.03, 0.08]}, [500, 1000], 12),
    (Subject(Hopfield, {"T": 0.0}), {"alpha": [0.05]}, [500, 1000], 10),
    (Subject(Hopfield, {"alpha": 0.02}), {"T": [0.5]}, [150, 300], 8),
    (Subject(Hopfield1RSB, {"T": 0.0}), {"alpha": [0.12]}, [500, 1000], 12),
    (Subject(RandomEnergy), {"T": [0.3, 0.9]}, [8, 11, 14], 150),
    (Subject(SherringtonKirkpatrick1RSB), {"T": [0.8]}, [8, 12, 15], 100),
    (Subject(SherringtonKirkpatrick), {"T": [1.6, 2.5]}, [8, 12, 15], 100),
    (Subject(OneHiddenUnit, {"beta": 1.0}), {"alpha": [4.0]}, [150, 300], 12),
    (Subject(RandomRBM, UNITS, unscaled=True), {"L": [1, 4]}, [1500, 3000], 8),
    (
        Subject(RandomRBM, {"visible": Spin(), "hidden": Spin(), "p": 1.0, "T": 1.4, "L": 0}),
        {"alpha": [0.5]},
        [100, 200],
        10,
    ),
    (
        Subject(
            RandomRBM, {"visible": "spin", "hidden": "gaussian", "p": 1.0, "L": 1, "T": 0.3, "alpha": 0.02}
        ),
        {},
        [200, 400],
        8,
    ),
    (Subject(TeacherStudent), {"alpha": [0.8]}, [200, 400], 12),
    (
        Subject(TeacherStudent, {"prior": "gauss-bernoulli:rho=0.3", "channel": "square:noise=0.1"}),
        {"alpha": [0.6]},
        [200, 400],
        12,
    ),
    (Subject(Regression, {"penalty": 0.1, "noise": 0.2}), {"alpha": [0.7, 2.0]}, [50, 100], 12),
    (Subject(Classification, {"penalty": 0.1, "noise": 0.2}), {"alpha": [3.0]}, [100, 200], 12),
]


@pytest.mark.parametrize(
    ("subject", "over", "sizes", "samples"),
    RUNS,
    ids=[f"{run[0].kind.name} {i}" for i, run in enumerate(RUNS)],
)
def test_a_machine_agrees_with_its_theory(
    subject: Subject, over: dict[str, list[float]], sizes: list[int], samples: int
) -> None:
    found = validate(subject, over, sizes, samples=samples, seed=5)
    assert found.judged == found.rows
    assert found.require() is found


def test_every_machine_is_tested_and_belongs_to_a_theory() -> None:
    theories = {name for one in MACHINES.values() for name in one.theories}
    assert theories <= set(THEORIES)
    memories = {name for name, one in MACHINES.items() if one.run.__module__ == "replica.machines.memories"}
    assert {run[0].kind.name for run in RUNS} | {"compositional"} | memories == theories
    assert memories == {case[0] for case in MEMORY_CASES}
    assert {name for name, one in MACHINES.items() if not one.theories} == {"edwards-anderson"}
    for name, one in MACHINES.items():
        assert one.name == name
        assert not one.theories or one.theories[0] == name
        assert all(beside(theory) is one for theory in one.theories)


def test_compositional_and_random_rbm_are_one_machine_and_one_theory() -> None:
    a = Subject(RandomRBM, UNITS, unscaled=True)
    b = Subject(Compositional, {"theta": 0.3, "g": -0.02, "p": 0.1, "alpha": 0.6}, unscaled=True)
    first, second = (validate(one, {"L": [3]}, [600], samples=3, seed=1) for one in (a, b))
    for x, y in zip(first.rows, second.rows, strict=True):
        assert x.values == pytest.approx(y.values, rel=1e-6)
        assert x.expected == pytest.approx(y.expected, rel=1e-9)
        assert x.theory == pytest.approx(y.theory, rel=1e-9)


def test_scaled_and_unscaled_are_the_same_run() -> None:
    """m = p m~/2, r = p r~, f = p f~; q is not rescaled."""
    unscaled = validate(Subject(RandomRBM, UNITS, unscaled=True), {"L": [3]}, [600], samples=3, seed=1)
    units = {"visible": Bernoulli(g=-0.2), "hidden": ReLU(theta=0.3 / math.sqrt(0.1)), "p": 0.1, "alpha": 0.6}
    scaled = validate(Subject(RandomRBM, units), {"L": [3]}, [600], samples=3, seed=1)
    for x, y in zip(unscaled.rows, scaled.rows, strict=True):
        factor = {"m": 0.05, "q": 1.0, "r": 0.1, "free_energy": 0.1}[x.name]
        assert x.name == y.name
        assert x.values[0] == pytest.approx(factor * y.values[0], rel=1e-9)
        assert x.theory == pytest.approx(factor * y.theory, rel=1e-9)
        assert x.z == pytest.approx(y.z, rel=1e-6)


def test_finite_size_of_strong_units_is_the_formula_of_the_notes() -> None:
    """f + L m theta/(2 sqrt N) - L theta^2/(2 N p), scaled f and m, unscaled theta."""
    theory = RandomRBM.from_unscaled(**UNITS, L=5)
    state = solve(theory)
    for N in (1000, 10_000):
        shift = MACHINES["random-rbm"].finite_size(state, N)
        formula = 5 * state["m"] * 0.3 / (2 * math.sqrt(N)) - 5 * 0.09 / (2 * N * 0.1)
        assert shift["free_energy"] == pytest.approx(formula, rel=1e-9)


def test_a_wrong_theory_is_refused() -> None:
    class Wrong(Hopfield):
        """One sign wrong in the free energy."""

        def energy(self, x: Any) -> Any:
            return super().energy(x) - self.alpha

    found = validate(Subject(Wrong, {"T": 0.1}), {"alpha": [0.05]}, [500], samples=8, seed=1)
    with pytest.raises(DisagreementError, match="worst is energy"):
        found.require()


def test_machines_that_do_not_exist() -> None:
    with pytest.raises(ParameterError, match="curie-weiss has no machine: it is a theory by its equations"):
        simulate(Subject(CurieWeiss), {"T": [0.5]}, [100])
    for subject, sizes, reason in (
        (Subject(Hopfield, {"alpha": 0.001}), [100], "less than one"),
        (
            Subject(Hopfield, {"alpha": 0.005}),
            [100],
            "0.5 patterns, less than one; take alpha >= 0.01",
        ),
        (
            Subject(RandomEnergy, {"T": 0.5}),
            [10, 23],
            "N = 23 spins cannot be enumerated; N is a whole number from 1 to 22",
        ),
        (Subject(RandomRBM, UNITS | {"L": 3}), [5], "3 hidden units, but more than the L = 3 strong ones"),
        (Subject(RandomEnergy, {"T": 0.5, "h": 0.1}), [10], "has no field"),
        (Subject(SherringtonKirkpatrick, {"T": 0.0}), [10], "T > 0"),
        (
            Subject(RandomRBM, {"visible": "spin", "hidden": "relu", "alpha": 0.1, "l": 1.0}),
            [100],
            "finite spar",
        ),
        (
            Subject(RandomRBM, {"visible": "gaussian", "hidden": "relu", "alpha": 0.1, "p": 0.5, "L": 1}),
            [99],
            "two",
        ),
    ):
        with pytest.raises(ParameterError, match=f"no machine for .*{reason}"):
            simulate(subject, {}, sizes)
    with pytest.raises(ParameterError, match="1 sample gives no error"):
        validate(COLD, {"alpha": [0.1]}, [100], samples=1)


# --- samples in files ----------------------------------------------------------------------------------

RUN: dict[str, Any] = {"over": {"alpha": [0.03, 0.06]}, "sizes": [200, 300], "samples": 3, "seed": 4}


def test_samples_are_the_same_wherever_they_are_kept(tmp_path: Path) -> None:
    memory = simulate(COLD, **RUN)
    assert dict(memory.sizes) == {"alpha": 2, "N": 2, "sample": 3}
    for name in ("run.nc", "run.zarr"):
        with simulate(COLD, **RUN, output=tmp_path / name) as data:
            xr.testing.assert_equal(data.load(), memory)
    with xr.open_dataset(tmp_path / "run.nc") as plain:
        assert float(plain.m[0, 0, 0]) == float(memory.m[0, 0, 0])
    parts = measurements(memory)
    assert [part.N for part in parts] == [200, 300] * 2
    assert parts[0].values["m"] == pytest.approx(float(memory.m[0, 0].mean()))
    assert parts[3].errors["energy"] == pytest.approx(float(memory.energy[1, 1].std(ddof=1)) / math.sqrt(3))


def test_a_killed_run_keeps_every_finished_sample(tmp_path: Path) -> None:
    """SIGKILL in the middle: what is on disk is a part of the run, and --resume computes the rest."""
    line = "validate hopfield -p alpha=0.05 -p T=0.1 --N 400 --samples 16 --seed 3 --sweeps 300 -o run.zarr"
    command = [sys.executable, "-m", "replica", *shlex.split(line)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    finished = tmp_path / "run.zarr" / "status" / "c"
    limit = time.monotonic() + 300
    while len(list(finished.rglob("0/*"))) < 4 and time.monotonic() < limit:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    names = {file.relative_to(finished) for file in finished.rglob("0/*")}
    whole_samples = {name for name in names if "partial" not in name.name}
    assert 4 <= len(whole_samples) < 16
    kept = {  # the status of a sample is written last: the parts of one without it are computed again
        file: file.stat().st_mtime_ns
        for file in (tmp_path / "run.zarr").rglob("c/*/*")
        if file.is_file() and file.relative_to(file.parents[1]) in whole_samples
    }
    again = subprocess.run(
        [*command, "--resume"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert len(kept) >= 4 * 4
    for file, when in kept.items():
        assert file.stat().st_mtime_ns == when
    with (
        simulate(
            Subject(Hopfield, {"alpha": 0.05, "T": 0.1}), {}, [400], samples=16, seed=3, sweeps=300
        ) as whole,
        xr.open_zarr(tmp_path / "run.zarr") as stored,
    ):
        for name in ("m", "q", "energy"):
            np.testing.assert_array_equal(stored[name].values, whole[name].values)


def test_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    simulate(COLD, **RUN, output=tmp_path / "run.zarr").close()
    with pytest.raises(StorageError, match="go on with it"):
        simulate(COLD, **RUN, output=tmp_path / "run.zarr")
    with pytest.raises(StorageError, match="seed: was 4, now 5"):
        simulate(COLD, **(RUN | {"seed": 5}), output=tmp_path / "run.zarr", resume=True)
    with pytest.raises(StorageError, match=r"fixed parameters: T was 0\.1, now 0\.2"):
        simulate(Subject(Hopfield, {"T": 0.2}), **RUN, output=tmp_path / "run.zarr", resume=True)


def test_lost_samples_are_counted() -> None:
    data = simulate(COLD, **RUN)
    data["status"][0, 0, 1] = 1
    data["m"][0, 0, 1] = math.nan
    first = measurements(data)[0]
    assert first.samples == 2
    assert math.isfinite(first.values["m"])
    assert first.note == "of 3 samples at N = 200, 1 left the state"
    assert OK == 0


def test_samples_that_agree_to_the_last_digit_are_not_without_error() -> None:
    cold = Subject(Hopfield, {"T": 0.0})
    data = simulate(cold, {"alpha": [0.02]}, [200], samples=3, seed=1)
    (only,) = measurements(data, cold)
    assert np.all(data["m"].values == 1)
    assert only.errors["m"] == pytest.approx(2 / (200 * 3))


def test_an_error_of_zero_gets_no_verdict() -> None:
    """Neither agreement nor disagreement: the row says why, and decides nothing beside others."""
    exactly = Subject(CurieWeiss)
    for value in (0.957504, 0.9, 0.95750402407726):
        found = confront(exactly, [Measurement({"T": 0.5}, None, {"m": value}, {"m": 0.0})])
        (row,) = found.rows
        assert math.isnan(row.z)
        assert "an error of 0 is no error bar" in row.note
        assert found.worst is None
        with pytest.raises(DisagreementError, match="nothing could be judged"):
            found.require()
    parts = [
        Measurement({"T": 0.5}, 100, {"m": 0.5}, {"m": 0.0}),
        Measurement({"T": 0.5}, 200, {"m": 0.96}, {"m": 0.01}),
    ]
    (row,) = confront(exactly, parts).rows
    assert row.z == pytest.approx(0.25, abs=0.01)
    assert "an error of 0 is no error bar" in row.note


# --- tables --------------------------------------------------------------------------------------------


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_comes_back(tmp_path: Path) -> None:
    parts = measurements(simulate(COLD, **RUN))
    write_table(parts, tmp_path / "run.csv")
    again, ignored = read_table(tmp_path / "run.csv", Hopfield, {"T": 0.1})
    assert not ignored
    for old, new in zip(parts, again, strict=True):
        assert (old.point, old.N, old.samples) == (new.point, new.N, new.samples)
        assert new.values == pytest.approx(old.values, rel=1e-11)
        assert new.errors == pytest.approx(old.errors, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a row with the names of the columns and at least one with numbers"),
        ("alpha,m\n", "at least one with numbers"),
        (
            "T,m\n0.1,0.9\n",
            r"the parameter alpha of hopfield is missing; .* -p alpha=VALUE; the columns are T, m",
        ),
        ("alpha,T\n0.1,0.1\n", "no column is an observable of hopfield, which are m, C, q, r, free_energy"),
        ("alpha,m\n0.1,abc\n", r"row 2, column m: 'abc' is no number"),
        ("alpha,m\n0.1,0.9\n\n0.2,inf\n", r"row 4, column m: 'inf' is not finite"),
        ("alpha,m\n0.1\n", r"row 2: 1 cells, but 2 columns are named"),
        ("alpha,m,m\n0.1,1,1\n", "the column 'm' stands twice"),
        ("alpha,m,m_error\n0.1,1,-0.1\n", r"row 2, column m_error: -0.1 is negative"),
        ("alpha,m,q_error\n0.1,1,0.1\n", "the column 'q_error' is nothing of hopfield"),
        ("alpha,m,enrgy\n0.1,1,0.1\n", "did you mean 'energy'"),
        ("alpha,m,theta\n0.1,1,0.1\n", r"'theta' is nothing of hopfield, but of .*do not match"),
        ("alpha,m\n,1\n", r"row 2: the parameter alpha is missing"),
        ("alpha,N,m\n0.1,1.5,1\n", r"column N: 1.5 is not a whole number"),
        ("alpha,samples,m\n0.1,1.5,1\n", r"column samples: 1.5 is not a whole number of at least 0"),
        ("alpha,samples,m,m_error\n0.1,1,1,0.1\n", r"row 2: an error cannot be estimated from samples = 1"),
    ],
)
def test_a_damaged_table_is_explained(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=sentence):
        read_table(write(tmp_path, text), Hopfield, {})


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_table(tmp_path / "none.csv", Hopfield)
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(StorageError, match="it is an image"):
        read_table(tmp_path / "picture.csv", Hopfield)
    with pytest.raises(ParameterError, match="alpha is a column of the table, and given by -p"):
        read_table(write(tmp_path, "alpha,m\n0.1,1\n"), Hopfield, {"alpha": 0.1})


# --- commands ------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_validate_writes_what_compare_reads(here: Path) -> None:
    line = "validate hopfield -p alpha=0.03:0.06:2 -p T=0.1 --N 200,400 --samples 4 --seed 1"
    first = replica(f"{line} -o mc.nc --csv mc.csv --figure v.json")
    assert first.exit_code == 0, first.stderr
    assert first.stderr == "wrote mc.nc\nwrote mc.csv\nwrote v.json\n"
    assert "theory and measurement agree" in first.stdout
    second = replica("compare mc.csv --theory hopfield -p T=0.1 --figure c.json")
    assert second.exit_code == 0, second.stderr
    assert second.stdout.partition("\n\n")[2] == first.stdout.partition("\n\n")[2]
    a, b = load_diagram(here / "v.json"), load_diagram(here / "c.json")
    assert a.axes[1].label == "overlap with the retrieved pattern $m$"
    assert a.lines == b.lines
    assert {one.kind.value for one in a.lines} == {"curve", "measured"}
    assert len(a.beside) == 2
    assert replica("draw v.json -o v.png").exit_code == 0


def test_a_figure_shows_the_theory_at_the_size_that_was_measured(here: Path) -> None:
    """The energy of strong units differs by m theta/sqrt(N): the points lie on the second curve."""
    units = "--visible bernoulli:g=-0.02 --hidden relu:theta=0.3"
    line = f"validate random-rbm {units} -p p=0.1 -p alpha=0.6 -p L=1:3:3 --N 500 --samples 3 --figure v.json"
    assert replica(line).exit_code == 0
    f = load_diagram(here / "v.json").beside[-1]
    assert f.axes[1].name == "free_energy"
    limit, at_size = (part for part in f.lines if part.kind.value == "curve")
    assert (limit.label, at_size.label) == ("theory", "theory, $N = 500$")
    bars = [part.y[1] for part in f.lines if part.kind.value == "measured"]
    assert np.all(np.abs(np.subtract(bars, at_size.y)) < np.abs(np.subtract(bars, limit.y)))


def test_validate_json() -> None:
    result = replica("validate random-energy -p T=0.8,0.9 --N 6,8 --samples 20 --json")
    told = json.loads(result.stdout)
    assert told["theory"] == "random-energy"
    assert len(told["rows"]) == 2
    assert told["rows"][0]["sizes"][0].keys() == {"N", "mean", "error", "theory"}
    assert told["worst"]["observable"] == "free_energy"
    assert result.exit_code == (3 if abs(told["worst"]["z"]) > 4 else 0)


def test_whole_numbers_may_be_a_range() -> None:
    units = "--visible bernoulli:g=-0.02 --hidden relu:theta=0.3"
    line = f"validate random-rbm {units} -p p=0.1 -p alpha=0.6 -p L=1:3:3 --N 500 --samples 2"
    told = json.loads(replica(f"{line} --json").stdout)
    assert [row["point"]["L"] for row in told["rows"][::4]] == [1, 2, 3]
    assert told["unscaled"] is True


def test_disagreement_ends_with_3(here: Path) -> None:
    write(here, "alpha,m,m_error,note\n0.05,0.9,0.001,first\n0.1,0.99675,0.001,second\n")
    result = replica("compare mine.csv --theory hopfield -p T=0.1")
    assert result.exit_code == 3
    assert "columns that are not used: note\n" in result.stderr
    assert "the worst is m at alpha = 0.05" in result.stderr
    assert "-100.0" in result.stdout


def test_the_temperature_that_nobody_gave_is_told(here: Path) -> None:
    write(here, "alpha,m,m_error\n0.05,0.9999,0.001\n")
    assert replica("compare mine.csv --theory hopfield").stdout.startswith(
        "hopfield at T = 0 (default): 1 row"
    )
    assert replica("compare mine.csv --theory hopfield -p T=0.1").stdout.startswith("hopfield at T = 0.1: ")


def test_without_errors_there_is_no_verdict(here: Path) -> None:
    write(here, "alpha,m\n0.05,0.9\n")
    result = replica("compare mine.csv --theory hopfield -p T=0.1")
    assert result.exit_code == 0
    assert "no verdict without errors; add columns m_error" in result.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("compare mine.csv --theory hopfeild", "did you mean 'hopfield'"),
        ("compare mine.csv --theory hopfield --visible spin", "parameter of hopfield 'visible'"),
        ("compare mine.csv --theory random-rbm", "hidden"),
        ("compare mine.csv", "--theory"),
        ("validate hopfield -p T=0.1", "missing alpha"),
        ("validate hopfield -p alpha=0.1 --N 0", "0 is not a whole number"),
        ("validate hopfield -p alpha=0.1 --resume", "give -o FILE"),
        ("validate hopfield -p alpha=0.1:0.2", "NAME=FROM:TO:COUNT"),
        ("validate blume-capel -p T=0.5 -p D=0.1", "blume-capel has no machine"),
        ("validate random-rbm --visible spin --hidden relu -p L=1.5 -p p=0.1 -p alpha=0.1", "whole number"),
    ],
)
def test_misuse_is_one_sentence(line: str, sentence: str, here: Path) -> None:
    write(here, "alpha,m,m_error\n0.05,0.9,0.1\n")
    result = replica(line)
    assert result.exit_code in (1, 2)
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
