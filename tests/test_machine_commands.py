"""``replica simulate`` and ``replica infer``: numbers, files, interrupted runs, bad input."""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console import replica
from phase_diagrams.simulating import MACHINES, Alone, Subject, beside, machine, measurements, simulate
from phase_diagrams.simulating.machines import stream
from phase_diagrams.simulating.samples import told as told_of
from phase_diagrams.storage.files import StorageError
from phase_diagrams.sweeping import export, open_sweep
from replica.machines import runs
from replica.machines.inference.enumeration import spin_glass_energies
from replica.machines.inference.message_passing import overlap
from replica.machines.models.ensembles import spawned, teacher_data
from replica.theories import THEORIES
from replica.units import Bernoulli, Gaussian, ReLU, Spin
from replica.units.channels import Logistic, Sign, Square
from replica.units.scaled import Scaled

ROOT = Path(__file__).parents[1]
SHORT = "simulate hopfield --N 300 -p alpha=0.05 -p T=0.3 --sweeps 20 --seed 4"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept_in(path: Path) -> Any:
    with open_sweep(path) as data:
        return data.load()


def told(line: str) -> Any:
    result = replica(f"{line} --json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "hopfield": (40, {"alpha": 0.05, "T": 0.7}),
    "compositional": (150, {"alpha": 0.5, "theta": 0.3, "g": -0.02, "p": 0.2, "L": 2.0}),
    "random-rbm": (60, {"visible": Spin(), "hidden": Gaussian(), "alpha": 0.1, "T": 0.5, "p": 1.0, "L": 1.0}),
    "sherrington-kirkpatrick": (40, {"T": 0.7, "J0": 0.0}),
    "edwards-anderson": (64, {"T": 0.7, "d": 3.0}),
    "random-energy": (12, {"T": 0.7}),
    "one-hidden-unit": (40, {"alpha": 8.0, "beta": 1.0, "beta_star": 1.0}),
    "noisy-hopfield": (
        40,
        {"alpha": 0.05, "T": 0.4, "noise": 0.1, "c": 0.8, "synapses": "clipped", "cut": 1.0, "h": 0.1},
    ),
    "archetypes": (60, {"alpha": 0.05, "rho": 0.1, "T": 0.4}),
    "dreaming": (40, {"alpha": 0.1, "t": 1.0, "T": 0.5}),
    "pseudo-inverse": (40, {"alpha": 0.2, "T": 0.35}),
    "correlated": (60, {"a": 0.3, "T": 0.5}),
    "potts-hopfield": (20, {"alpha": 0.1, "Q": 3.0, "T": 1.2}),
    "planted": (30, {"alpha": 1.5, "T": 1.2, "T_star": 1.6}),
    "teacher-student": (60, {"alpha": 1.0, "noise": 0.2, "prior": Spin(), "channel": Sign(noise=0.2)}),
    "regression": (
        40,
        {"alpha": 2.0, "penalty": 0.1, "noise": 0.2, "rho": 0.5, "prior": Gaussian(), "channel": Square()},
    ),
    "classification": (
        40,
        {"alpha": 2.0, "penalty": 0.1, "noise": 0.2, "prior": Gaussian(), "channel": Logistic()},
    ),
}


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_gives_what_it_says(name: str) -> None:
    one, (N, given) = machine(name), CASES[name]
    values, _ = one.sample(given, N, 200, number=0, seed=7)
    assert values.keys() == {*one.observables(given), *one.told, *one.curves}
    again, _ = one.sample(given, N, 200, number=0, seed=7)
    for key, value in values.items():
        np.testing.assert_array_equal(value, again[key])
        assert np.shape(value) == (np.shape(one.curves[key][2]) if key in one.curves else ())
    for number, seed in ((1, 7), (0, 8)):
        other, _ = one.sample(given, N, 200, number=number, seed=seed)
        assert any(not np.array_equal(values[key], other[key]) for key in one.observables(given))
    assert one.complete(given) == given


def test_a_machine_is_at_any_temperature() -> None:
    for T in (0.0, 0.5):
        rbm, hopfield = machine("random-rbm"), machine("hopfield")
        one = {
            "visible": Bernoulli(g=-0.02),
            "hidden": ReLU(theta=0.3),
            "alpha": 0.3,
            "p": 0.1,
            "L": 2.0,
            "T": T,
        }
        values, _ = rbm.sample(one, 200, 50, number=0, seed=1)
        assert values.keys() == {*rbm.observables(one), *rbm.told}
        assert ("energy" in values) == (T > 0)
        values, _ = hopfield.sample({"alpha": 0.05, "T": T}, 200, 50, number=0, seed=1)
        assert math.isnan(values["tau"]) == (T == 0)


@pytest.mark.parametrize("theory", [name for one in MACHINES.values() for name in one.theories])
def test_simulate_and_validate_draw_the_same_samples(theory: str) -> None:
    """Bit for bit, whatever else is on the grid, in other company, and with other numbers of samples."""
    one = beside(theory)
    N, given = CASES[one.name]
    glass = one.name == "sherrington-kirkpatrick"  # tempered at many temperatures: the dearest of all
    draw = partial(simulate, seed=1, sweeps=20 if glass else None)
    alone = draw(Alone(one, given), {}, [N], samples=3)
    fixed = {name: int(value) if name == "L" else value for name, value in given.items()}
    over, N2 = ("T", 0.9) if "T" in fixed else ("alpha", 9.0), 16 if theory == "random-energy" else 128
    first = fixed.pop(over[0])
    kind = THEORIES[theory]
    subject = Subject(kind, fixed, unscaled=hasattr(kind, "from_unscaled"))
    both = draw(subject, {over[0]: [over[1], first]}, [N2, N], samples=2)
    same = both.isel({over[0]: 1}).sel(N=N)
    for name in (*one.observables(given), *one.told, *one.curves, "status"):
        np.testing.assert_array_equal(same[name].values, alone[name].isel(N=0, sample=slice(2)).values)
    (mine,) = measurements(draw(subject, {over[0]: [first]}, [N], samples=3), subject)
    (bare,) = measurements(alone)
    names = one.compared(subject.at({over[0]: first}))
    assert names
    assert {there: mine.values[there] for there in names.values()} == {
        there: bare.values[name] for name, there in names.items()
    }


def test_both_commands_go_on_with_the_file_of_the_other(here: Path) -> None:
    line = "hopfield -p alpha=0.05 -p T=0.3 --N 300 --sweeps 20 --seed 4"
    assert replica(f"simulate {line} --samples 2 -o x.nc").exit_code == 0
    more = replica(f"validate {line} --samples 4 -o x.nc --resume")
    assert more.exit_code == 0, more.stderr
    assert replica(f"validate {line} --samples 4 -o y.nc").stdout == more.stdout
    assert (here / "x.nc").read_bytes() == (here / "y.nc").read_bytes()
    both = replica(f"simulate {line} --samples 4 --jobs 2 -o z.nc")
    assert both.exit_code == 0, both.stderr
    assert (here / "x.nc").read_bytes() == (here / "z.nc").read_bytes()


def test_both_commands_say_what_to_know_before_believing() -> None:
    """A run of eight sweeps holds at most eight independent measurements."""
    for verb in ("simulate", "validate"):
        result = replica(f"{verb} hopfield -p alpha=0.05 -p T=0.3 --N 100 --sweeps 8 --samples 2")
        assert "runs of 8 sweeps hold only" in result.stderr
    result = replica("simulate edwards-anderson -p T=0.3 --N 64 --sweeps 2 --samples 1")
    assert "no replica went through the whole ladder and back" in result.stderr


def test_a_machine_without_a_theory_is_not_validated() -> None:
    result = replica("validate edwards-anderson -p T=0.5")
    assert result.exit_code == 2
    assert "unknown theory 'edwards-anderson'" in result.stderr


def test_the_stream_of_a_sample_is_that_of_what_is_drawn() -> None:
    """Equal for equal machines, however they are written; another one if anything differs."""

    def entropy(name: str = "x", N: int = 10, number: int = 0, seed: int = 1, **parameters: Any) -> Any:
        return stream(name, {"visible": ReLU(theta=0.3), "T": 0.3} | parameters, N, number, seed).entropy

    others = [
        entropy(name="y"),
        entropy(N=11),
        entropy(number=1),
        entropy(seed=0),
        entropy(T=0.3000000001),
        entropy(L=0),
        entropy(visible=ReLU(theta=0.31)),
        entropy(visible=ReLU(theta=0.3, gamma=2.0)),
        entropy(visible=Gaussian(0.3)),
        entropy(visible=Scaled(ReLU(theta=0.3), 1.0, 2.0)),
    ]
    assert len({entropy(), *others}) == len(others) + 1
    assert entropy(T=0.1 + 0.2) == entropy(T=np.float64(0.3)) == entropy()
    assert entropy(L=1) == entropy(L=1.0)
    assert entropy(L=-0.0) == entropy(L=0)
    assert entropy(N=np.int64(10)) == entropy()
    assert entropy(visible=ReLU(theta=1 - 0.7)) == entropy()


def test_few_spins_are_enumerated() -> None:
    """N = 4: overlap, magnetisation, energy and P(q) against loops over all pairs of configurations."""
    N, T, J0 = 4, 0.7, 0.5
    one = machine("sherrington-kirkpatrick")
    values, _ = one.sample({"T": T, "J0": J0}, N, 10, number=2, seed=1)
    name, drawn = one.drawn({"T": T, "J0": J0})
    disorder, *_ = spawned(stream(name, drawn, N, 2, 1), 3)
    energies = spin_glass_energies(N, np.random.default_rng(disorder), J0=J0)
    weight = np.exp(-energies / T) / np.exp(-energies / T).sum()
    spins = np.array([[1 - 2 * (k >> i & 1) for i in range(N)] for k in range(2**N)])
    q = spins @ spins.T / N
    pair = np.outer(weight, weight)
    assert values["q"] == pytest.approx(np.sum(pair * abs(q)), rel=1e-12)
    assert values["m"] == pytest.approx(weight @ abs(spins.mean(axis=1)), rel=1e-12)
    assert values["energy"] == pytest.approx(weight @ energies / N, rel=1e-12)
    grid = one.curves["P"][2]
    law = [pair[abs(q - x) <= (grid[1] - grid[0]) / 2].sum() for x in grid]
    np.testing.assert_allclose(values["P"] * (grid[1] - grid[0]), law, atol=1e-12)


def test_few_spins_and_tempering_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 samples of 12 spins at T = 0.6, enumerated, and tempered with other disorder: 4 sigmas."""
    glass = Alone(machine("sherrington-kirkpatrick"), {"T": 0.6})
    exact = simulate(glass, {}, [12], samples=40, seed=1)
    monkeypatch.setattr(runs, "FEW_SPINS", 0)
    other = simulate(glass, {}, [12], samples=40, seed=2, sweeps=100)
    for name in ("q", "m", "energy"):
        a, b = exact[name].values, other[name].values
        assert abs(a.mean() - b.mean()) < 4 * math.hypot(a.std(ddof=1), b.std(ddof=1)) / math.sqrt(40)


def test_a_run_tells_how_long_its_memory_is() -> None:
    """At T = 0.5 and alpha = 0.1 the overlap of N = 300 wanders; what is told is `estimate` of its record."""
    found = runs.hopfield_run(300, 400, 3, alpha=0.02, T=0.6)
    assert found["tau"] > 3
    assert found["effective"] == pytest.approx(400 / found["tau"])
    cold = runs.hopfield_run(300, 400, 3, alpha=0.02, T=0.0)
    assert math.isnan(cold["tau"])


@pytest.mark.parametrize(("d", "N"), [(2, 64), (3, 64)])
def test_overlaps_of_the_edwards_anderson_glass(d: int, N: int) -> None:
    """P(q) of tempered replicas: a density, symmetric, broad in the cold and of width 1/sqrt(N) in the heat.

    Infinitely hot, q has the variance 1/N; at T = 8 it is larger by the neighbours, 1 + 2 d/T^2 and more.
    """
    (q, *_) = (grid for *_, grid in machine("edwards-anderson").curves.values())
    step, second = q[1] - q[0], []
    for T in (0.4, 8.0):
        densities = [runs.edwards_anderson_run(N, 150, seed, T=T, d=float(d))["P"] for seed in (1, 2, 3)]
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
    limit = time.monotonic() + 300
    store = here / "x.nc.zarr"
    count = 0
    while count < 3 and time.monotonic() < limit:
        time.sleep(0.01)
        count = len([file for file in store.glob("status/c/0/*") if "partial" not in file.name])
    running.send_signal(signal.SIGKILL)
    running.wait()
    with open_sweep(store) as half:
        kept = half.load()
    finished = (kept["status"] != -1).values[0]
    assert 3 <= finished.sum() < 12
    again = subprocess.run(
        [*command, "--resume"], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    whole = simulate(
        Alone(machine("hopfield"), {"alpha": 0.05, "T": 0.3}), {}, [600], samples=12, seed=4, sweeps=400
    )
    assert kept_in(here / "x.nc").equals(whole)
    assert kept.isel(sample=finished).equals(whole.isel(sample=finished))
    assert not store.exists()


def test_means_and_errors_are_those_of_the_samples(here: Path) -> None:
    found = told(f"{SHORT} --samples 5 -o x.nc")
    data = kept_in(here / "x.nc")
    m = data["m"].values[0]
    assert found["measured"]["m"]["mean"] == pytest.approx(m.mean(), rel=1e-12)
    assert found["measured"]["m"]["error"] == pytest.approx(m.std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert found["runs"]["tau"] == pytest.approx(data["tau"].values.mean(), rel=1e-12)
    assert found["parameters"] == {"alpha": 0.05, "T": 0.3}
    assert (data.attrs["seed"], int(data["N"][0]), data.attrs["sweeps"]) == (4, 300, 20)
    alone, _ = machine("hopfield").sample({"alpha": 0.05, "T": 0.3}, 300, 20, number=3, seed=4)
    assert m[3] == alone["m"]


def test_an_interrupted_run_goes_on_with_the_same_numbers(here: Path) -> None:
    cold = Alone(machine("hopfield"), {"alpha": 0.05})
    settings: Any = {"seed": 4, "sweeps": 20}
    whole = simulate(cold, {}, [300], samples=6, **settings)

    def stop(done: int, _: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    path = here / "x.nc"
    with pytest.raises(KeyboardInterrupt):
        simulate(cold, {}, [300], samples=6, output=path, progress=stop, **settings)
    with open_sweep(here / "x.nc.zarr") as half:
        assert int((half["status"] == 0).sum()) == 4
    with simulate(cold, {}, [300], samples=6, output=path, resume=True, **settings) as finished:
        assert finished.load().identical(whole)
    assert kept_in(path).equals(whole)
    with simulate(cold, {}, [300], samples=8, output=path, resume=True, **settings) as more:
        np.testing.assert_array_equal(more["m"].values[:, :6], whole["m"].values)
        assert more.sizes["sample"] == 8
    with simulate(cold, {}, [300], samples=5, output=path, resume=True, **settings) as fewer:
        assert fewer.load().equals(whole.isel(sample=slice(5)))
    assert kept_in(path).sizes["sample"] == 8


@pytest.mark.parametrize("name", ["x.nc", "x.zarr"])
def test_samples_that_are_added_give_the_same_file(name: str, here: Path) -> None:
    """Added to a finished run, to one that was interrupted while they were added, and in one go."""
    cold = Alone(machine("hopfield"), {"alpha": 0.05})
    settings: Any = {"seed": 4, "sweeps": 20, "output": here / name}

    def stop(done: int, _: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    simulate(cold, {}, [200, 300], samples=2, **settings).close()
    with pytest.raises(KeyboardInterrupt):
        simulate(cold, {}, [200, 300], samples=4, resume=True, progress=stop, **settings)
    with simulate(cold, {}, [200, 300], samples=4, resume=True, **settings) as grown:
        grown.load()
    settings["output"] = here / f"whole-{name}"
    with simulate(cold, {}, [200, 300], samples=4, **settings) as whole:
        assert grown.identical(whole.load())
    if name == "x.nc":
        assert (here / name).read_bytes() == (here / f"whole-{name}").read_bytes()
    else:
        files = [
            {file.relative_to(root): file.read_bytes() for file in root.rglob("c/*/*") if file.is_file()}
            for root in (here / name, here / f"whole-{name}")
        ]
        assert files[0] == files[1]


def test_samples_are_written_when_they_are_finished(here: Path) -> None:
    seen = []

    def look(done: int, _: int) -> None:
        with open_sweep(here / "x.nc.zarr") as data:
            seen.append((done, int((data["status"] == 0).sum())))

    simulate(
        Alone(machine("hopfield"), {"alpha": 0.05}),
        {},
        [100],
        samples=3,
        seed=1,
        output=here / "x.nc",
        progress=look,
    ).close()
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_curves_and_runs_are_in_the_file_and_in_tables(here: Path) -> None:
    assert replica("simulate edwards-anderson -p T=1 --N 16 --sweeps 30 --samples 3 -o ea.nc").exit_code == 0
    data = kept_in(here / "ea.nc")
    one = machine("edwards-anderson")
    assert data["P"].dims == ("N", "sample", "overlap")
    np.testing.assert_allclose(data["P"].sum("overlap") * 2 / 41, 1)
    assert set(data.data_vars) == {*one.observables({}), *one.told, *one.curves, "status"}
    export(here / "ea.nc", here / "ea.csv")
    rows = (here / "ea.csv").read_text().splitlines()
    assert len(rows) == 4
    cells = dict(zip(rows[0].split(","), rows[2].split(","), strict=True))
    assert float(cells["energy"]) == float(data["energy"][0, 1])
    result = replica("map ea.nc -o map.json")
    assert result.exit_code == 2
    assert "ea.nc holds samples of machines" in result.stderr
    assert [float(cells[f"P_{i}"]) for i in range(41)] == data["P"].values[0, 1].tolist()


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (f"{SHORT} -o x.nc", 1, "x.nc exists; go on with it (--resume), replace it (--overwrite)"),
        (f"{SHORT} -o x.nc --resume --sweeps 21", 1, "x.nc holds another sweep (sweeps: was 20, now 21)"),
        (f"{SHORT} -o broken.nc --resume", 1, "broken.nc: it is no netCDF-4 file, or cut off"),
        (f"{SHORT} -o x.txt", 2, "must end in .nc"),
        (f"{SHORT} --resume", 2, "give -o FILE"),
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
    assert kept_in(here / "x.nc").attrs["sweeps"] == 10


def test_other_netcdf_files_are_refused(here: Path) -> None:
    import xarray as xr

    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(here / "y.nc", engine="h5netcdf")
    with pytest.raises(StorageError, match="does not hold a sweep"):
        open_sweep(here / "y.nc")
    result = replica(f"{SHORT} -o y.nc --resume")
    assert result.exit_code == 1
    assert "does not hold a sweep" in result.stderr


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

    run = {"m": (("N", "sample"), [[1.0, np.nan, 3.0]], {"role": "measured"})}
    run["tau"] = (("N", "sample"), [[2.0, np.nan, 5.0]], {"role": "run"})
    data = xr.Dataset(run | {"status": (("N", "sample"), [[0, 2, 0]])}, {"N": [100]})
    (found,) = measurements(data)
    assert (found.values["m"], found.errors["m"], found.samples) == (2.0, 1.0, 2)
    assert found.note == "of 3 samples at N = 100, 1 did not come to rest"
    assert told_of(data) == {"tau": 3.5}


def test_the_help_tells_every_machine_and_its_parameters() -> None:
    printed = replica("simulate -h").stdout
    for name, one in MACHINES.items():
        (row,) = [line for line in printed.splitlines() if line.strip().startswith(f"{name}  ")]
        for parameter, default in one.parameters.items():
            shown = default if isinstance(default, str) else f"{default or 0:g}"
            assert parameter + ("" if default is None else f" ({shown})") in row
