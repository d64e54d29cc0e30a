"""``replica simulate`` and ``replica infer``: numbers, files, interrupted runs, bad input."""

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

from console import replica
from phase_diagrams import samples
from phase_diagrams.storage.files import StorageError
from replica.machines.inference.message_passing import overlap
from replica.machines.models.ensembles import teacher_data
from replica.machines.simulations import SIMULATIONS, simulation
from replica.units import Gaussian, Spin

ROOT = Path(__file__).parents[1]
SHORT = "simulate hopfield --N 300 -p alpha=0.05 -p T=0.3 --sweeps 20 --seed 4"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(line: str) -> Any:
    result = replica(f"{line} --json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "hopfield": (40, {"alpha": 0.05, "T": 0.7}),
    "random-rbm": (60, {"visible": Spin(), "hidden": Gaussian(), "alpha": 0.1, "T": 0.5, "p": 1.0, "L": 1.0}),
    "sherrington-kirkpatrick": (40, {"T": 0.7, "J0": 0.0}),
    "edwards-anderson": (64, {"T": 0.7, "d": 3.0}),
    "random-energy": (12, {"T": 0.7}),
    "one-hidden-unit": (40, {"alpha": 8.0, "beta": 1.0, "beta_star": 1.0}),
}


@pytest.mark.parametrize("name", SIMULATIONS)
def test_every_machine_gives_what_it_says(name: str) -> None:
    machine, (N, given) = simulation(name), CASES[name]
    one = machine.sample(N, 200, 7, **given)
    assert one.keys() == {*machine.measured, *machine.told, *machine.curves}
    again = machine.sample(N, 200, np.random.SeedSequence(7), **given)
    other = machine.sample(N, 200, 8, **given)
    for key, value in one.items():
        np.testing.assert_array_equal(value, again[key])
        assert np.shape(value) == (np.shape(machine.curves[key][2]) if key in machine.curves else ())
    assert any(not np.array_equal(one[key], other[key]) for key in machine.measured)
    assert machine.complete(given) == given


def test_a_run_tells_how_long_its_memory_is() -> None:
    """At T = 0.5 and alpha = 0.1 the overlap of N = 300 wanders; what is told is `estimate` of its record."""
    found = simulation("hopfield").sample(300, 400, 3, alpha=0.02, T=0.6)
    assert found["tau"] > 3
    assert found["effective"] == pytest.approx(400 / found["tau"])
    cold = simulation("hopfield").sample(300, 400, 3, alpha=0.02, T=0.0)
    assert math.isnan(cold["tau"])


@pytest.mark.parametrize(("d", "N"), [(2, 64), (3, 64)])
def test_overlaps_of_the_edwards_anderson_glass(d: int, N: int) -> None:
    """P(q) of tempered replicas: a density, symmetric, broad in the cold and of width 1/sqrt(N) in the heat.

    Infinitely hot, q has the variance 1/N; at T = 8 it is larger by the neighbours, 1 + 2 d/T^2 and more.
    """
    machine = simulation("edwards-anderson")
    (q, *_) = (grid for *_, grid in machine.curves.values())
    step, second = q[1] - q[0], []
    for T in (0.4, 8.0):
        densities = [machine.sample(N, 150, seed, T=T, d=float(d))["P"] for seed in (1, 2, 3)]
        for density in densities:
            assert density.sum() * step == pytest.approx(1)
            np.testing.assert_allclose(density, density[::-1])
        second.append(np.mean([np.sum(q**2 * density) * step for density in densities]))
    assert second[0] > 0.25
    assert second[1] == pytest.approx((1 + 2 * d / 64) / N, rel=0.35)


def test_a_killed_run_keeps_every_finished_sample(here: Path) -> None:
    """SIGKILL in the middle, and in the middle of a second: what was finished is there, --resume goes on."""
    line = "simulate hopfield --N 600 -p alpha=0.05 -p T=0.3 --sweeps 400 --seed 4 --samples 12 -o x.nc"
    command = [sys.executable, "-m", "replica", *shlex.split(line)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    count = 0
    while count < 3 and time.monotonic() < limit:
        time.sleep(0.01)
        count = samples.load_samples(here / "x.nc").sizes["sample"] if (here / "x.nc").exists() else 0
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = samples.load_samples(here / "x.nc")
    assert 3 <= kept.sizes["sample"] < 12
    again = subprocess.run(
        [*command, "--resume"], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    whole = samples.simulate(simulation("hopfield"), 600, {"alpha": 0.05, "T": 0.3}, 12, seed=4, sweeps=400)
    finished = samples.load_samples(here / "x.nc")
    assert finished.equals(whole)
    assert kept.equals(finished.isel(sample=slice(kept.sizes["sample"])))


def test_means_and_errors_are_those_of_the_samples(here: Path) -> None:
    found = told(f"{SHORT} --samples 5 -o x.nc")
    data = samples.load_samples(here / "x.nc")
    m = data["m"].values
    assert found["measured"]["m"]["mean"] == pytest.approx(m.mean(), rel=1e-12)
    assert found["measured"]["m"]["error"] == pytest.approx(m.std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert found["parameters"] == {"alpha": 0.05, "T": 0.3}
    assert (data.attrs["seed"], data.attrs["N"], data.attrs["sweeps"]) == (4, 300, 20)
    alone = simulation("hopfield").sample(
        300, 20, np.random.SeedSequence(4, spawn_key=(3,)), alpha=0.05, T=0.3
    )
    assert m[3] == alone["m"]


def test_an_interrupted_run_goes_on_with_the_same_numbers(here: Path) -> None:
    machine = simulation("hopfield")
    settings: Any = {"seed": 4, "sweeps": 20}
    whole = samples.simulate(machine, 300, {"alpha": 0.05}, 6, **settings)

    def stop(done: int, _: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    path = here / "x.nc"
    with pytest.raises(KeyboardInterrupt):
        samples.simulate(machine, 300, {"alpha": 0.05}, 6, path=path, progress=stop, **settings)
    assert samples.load_samples(path).sizes["sample"] == 4
    finished = samples.simulate(machine, 300, {"alpha": 0.05}, 6, path=path, resume=True, **settings)
    assert finished.identical(whole)
    assert samples.load_samples(path).equals(whole)
    more = samples.simulate(machine, 300, {"alpha": 0.05}, 8, path=path, resume=True, **settings)
    np.testing.assert_array_equal(more["m"].values[:6], whole["m"].values)


def test_samples_are_written_when_they_are_finished(here: Path) -> None:
    seen = []
    samples.simulate(
        simulation("hopfield"),
        100,
        {"alpha": 0.05},
        3,
        seed=1,
        path=here / "x.nc",
        progress=lambda done, _: seen.append((done, samples.load_samples(here / "x.nc").sizes["sample"])),
    )
    assert seen == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (f"{SHORT} -o x.nc", 1, "x.nc exists; go on with it (--resume), replace it (--overwrite)"),
        (f"{SHORT} -o x.nc --resume --sweeps 21", 1, "x.nc is of another run: sweeps is 20 there, 21 here"),
        (f"{SHORT} -o broken.nc --resume", 1, "broken.nc: it is not a netCDF file of samples"),
        (f"{SHORT} -o x.txt", 2, "must end in .nc"),
        ("simulate hopfeild", 2, "did you mean 'hopfield'"),
        ("simulate hopfield", 2, "alpha must be given"),
        ("simulate hopfield -p alhpa=0.1", 2, "did you mean 'alpha'"),
        ("simulate hopfield -p alpha=0.0001", 2, "less than one; take alpha >= 0.001 or N >= 10000"),
        ("simulate hopfield -p alpha=0.1 -p T=-1", 2, "T = -1.0 must be a number >= 0"),
        ("simulate sherrington-kirkpatrick -p T=0 --N 20", 2, "T = 0.0 must be a positive number"),
        (
            "simulate one-hidden-unit -p alpha=4 --N 60 --sweeps 2 --samples 2",
            3,
            "none of 2 samples came to rest",
        ),
        (
            "simulate random-energy -p T=0.5 --N 30",
            2,
            "N = 30 spins cannot be enumerated; N is a whole number",
        ),
        ("simulate random-energy -p T=-1 --N 10", 2, "T = -1.0 must be a positive number"),
        ("simulate edwards-anderson -p T=1 --N 100 -p d=3", 2, "take N = 64, that is 4 x 4 x 4"),
        ("simulate edwards-anderson -p T=1 --N 64 -p d=4", 2, "d = 4 must be 2 or 3"),
        ("simulate random-rbm --visible spin -p alpha=0.1", 2, "hidden must be given"),
        ("simulate random-rbm --visible spin --hidden relo -p alpha=0.1", 2, "did you mean 'relu'"),
        ("simulate hopfield --visible spin -p alpha=0.1", 2, "unknown parameter of hopfield 'visible'"),
        (
            "simulate random-rbm --visible gaussian --hidden relu -p alpha=0.1 -p p=0.5",
            2,
            "single flips need visible units with two values",
        ),
        (
            "simulate random-rbm --visible spin --hidden relu -p alpha=0.1 -p L=1.5",
            2,
            "L = 1.5 must be a whole",
        ),
        ("infer missing.npy", 1, "cannot read missing.npy: No such file"),
        ("infer broken.nc", 1, "it is not a .npy file, or damaged"),
        ("infer bits.npy", 2, "map bits 0, 1 to spins"),
        ("infer text.npy", 2, "give an array (data, spins)"),
        ("infer noise.npy", 3, "no feature found"),
        ("infer data.npy --method amb", 2, "did you mean 'amp'"),
        ("infer data.npy --damping 1.5", 2, "damping = 1.5"),
        ("infer data.npy --beta -1", 2, "beta = -1.0"),
        ("infer data.npy --beta 5", 3, "no convergence in 2000 steps"),
        ("infer data.npy -o x.txt", 2, "must end in .npy"),
    ],
)
def test_bad_input_is_one_sentence(line: str, code: int, sentence: str, here: Path) -> None:
    assert replica(f"{SHORT} --samples 1 -o x.nc").exit_code == 0
    before = (here / "x.nc").read_bytes()
    (here / "broken.nc").write_bytes(b"not a file")
    np.save(here / "bits.npy", np.eye(4))
    np.save(here / "text.npy", np.array(["a", "b"]))
    np.save(here / "noise.npy", np.random.default_rng(1).choice([-1, 1], (300, 400)))
    np.save(here / "data.npy", teacher_data(60, 300, 1.2, seed=3).values)
    result = replica(line)
    assert result.exit_code == code, result.stderr
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert (here / "x.nc").read_bytes() == before


def test_overwrite_replaces(here: Path) -> None:
    assert replica(f"{SHORT} --samples 1 -o x.nc").exit_code == 0
    assert replica(f"{SHORT} --samples 2 --sweeps 10 -o x.nc --overwrite").exit_code == 0
    assert samples.load_samples(here / "x.nc").attrs["sweeps"] == 10


def test_other_netcdf_files_are_refused(here: Path) -> None:
    import xarray as xr

    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(here / "y.nc", engine="h5netcdf")
    with pytest.raises(StorageError, match="not one of samples"):
        samples.load_samples(here / "y.nc")


def test_infer_finds_the_feature_and_its_strength(here: Path) -> None:
    draw = teacher_data(200, 1500, 1.1, seed=2)
    np.save(here / "data.npy", draw.values)
    amp = told("infer data.npy -o means.npy")
    assert overlap(np.load(here / "means.npy"), draw.parts["feature"]) > 0.9
    assert abs(amp["beta"] - 1.1) < 0.1
    assert abs(told("infer data.npy --method bp")["beta"] - amp["beta"]) < 2 / 200
    given = told("infer data.npy --beta 1.0")
    assert (given["beta"], given["inferred"], given["N"], given["M"]) == (1.0, False, 200, 1500)


def test_samples_that_did_not_converge_are_left_out_and_counted() -> None:
    import xarray as xr

    data = xr.Dataset({"m": ("sample", [1.0, np.nan, 3.0])})
    assert samples.averages(data)["m"] == (2.0, 1.0, 2)


def test_the_help_tells_every_machine_and_its_parameters() -> None:
    printed = replica("simulate -h").stdout
    for name, machine in SIMULATIONS.items():
        (row,) = [line for line in printed.splitlines() if line.strip().startswith(f"{name}  ")]
        for parameter, default in machine.parameters.items():
            assert parameter + ("" if default is None else f" ({default:g})") in row
