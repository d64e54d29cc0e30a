"""Sweeps: right numbers, the same bits whoever computes them, and nothing lost when something breaks."""

import errno
import importlib.util
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import xarray as xr

from console import replica
from phase_diagrams.mapping import read
from phase_diagrams.storage.files import StorageError, lock
from phase_diagrams.sweeping import SweepError, export, open_sweep, sweep
from phase_diagrams.sweeping.chunk import fingerprint, solve_chunk
from phase_diagrams.sweeping.files import tally
from phase_diagrams.sweeping.plan import make_plan
from replica.errors import ParameterError, ReplicaError, ReplicaWarning, UnknownNameError
from replica.numerics.functions import stack
from replica.solving import Newton, Status, critical, search, solve
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    Mixtures,
    RandomRBM,
    SherringtonKirkpatrick,
)
from replica.theory import Branch, Theory, Value, parameter

ROOT = Path(__file__).parents[1]
GRID = {"T": np.linspace(0.1, 1.4, 14), "h": np.linspace(0.0, 0.5, 11)}
QUICK: dict[str, Any] = {"theory": CurieWeiss, "over": GRID, "branch": "all", "chunk": 30}
"""A sweep of 154 points in eight chunks or so, which takes a few hundredths of a second."""


def tree(path: Path) -> dict[str, bytes]:
    """Every file of a store and its content."""
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


# --- numbers ---------------------------------------------------------------------------------------


def test_every_point_is_what_solve_says() -> None:
    alpha, T = np.linspace(0.01, 0.15, 5), np.array([0.0, 0.2, 0.7, 1.1])
    data = sweep(Hopfield, {"alpha": alpha, "T": T}, branch="retrieval", chunk=6)
    assert data["m"].dims == ("alpha", "T")
    for a in alpha:
        for t in T:
            here = data.sel(alpha=a, T=t)
            alone = solve(Hopfield(alpha=a, T=t), "retrieval", throw=False)
            assert (here["status"] == 0) == alone.success
            for name in ("m", "C", "q", "r"):
                np.testing.assert_allclose(here[name], alone[name] if alone.success else np.nan, rtol=1e-9)
            for name in ("free_energy", "entropy", "replicon"):
                known = getattr(alone, name) if alone.success else np.nan
                np.testing.assert_allclose(here[name], known, rtol=1e-9, atol=1e-14)
    assert (data["residual"].where(data["status"] == 0, 0) < 1e-11).all()


def test_the_parameters_that_do_not_vary() -> None:
    here = Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.5)
    data = sweep(here, {"theta": [1.4, 1.5]})
    assert float(data["m"][1]) == pytest.approx(float(solve(here)["m"]), rel=1e-12)
    given = sweep(Compositional, {"theta": [1.4, 1.5]}, fixed={"alpha": 0.5, "g": -0.21, "l": 0.5})
    assert given.equals(data)
    assert data.attrs["model"] == "compositional(alpha=0.5, g=-0.21, l=0.5, p=0)"


def test_whole_numbers_are_whole() -> None:
    data = sweep(Mixtures, {"n": [1, 3, 5], "T": [0.0, 0.2]})
    assert data["n"].dtype == np.int64
    assert data["m"].sel(n=3, T=0).item() == 0.5


def test_the_phase_is_the_stable_state_of_lowest_free_energy() -> None:
    data = sweep(Hopfield, {"alpha": [0.01, 0.03, 0.1], "T": [0.2, 0.5, 1.12, 1.5]}, branch="all")
    names = list(data["branch"].values)
    phases = np.array(names)[data["phase"].values]
    # below T_c at alpha = 0.01 and 0.03; below T_g = 1 + sqrt(alpha) > 1.1; above it at alpha = 0.01
    assert phases.tolist() == [
        ["retrieval", "retrieval", "paramagnet", "paramagnet"],
        ["retrieval", "glass", "glass", "paramagnet"],
        ["glass", "glass", "glass", "paramagnet"],
    ]
    state = data["state"].sel(alpha=0.1)
    assert state.sel(branch="retrieval", T=0.2) == 2  # metastable
    assert state.sel(branch="retrieval", T=0.5) == 0  # absent
    # where the glass has grown out of it, the paramagnet has the lower free energy, and is no state
    here = data.sel(alpha=0.1, T=1.12)
    assert here["free_energy"].sel(branch="paramagnet") < here["free_energy"].sel(branch="glass")
    assert here["state"].sel(branch="paramagnet") == 1
    assert (
        data["replicon_negative"].sel(branch="glass").where(data["state"].sel(branch="glass") > 0, 1)
    ).all()


def test_comparison_agrees_with_search() -> None:
    data = sweep(**QUICK)
    for T in (0.3, 0.9, 1.2):
        for h in (0.1, 0.3):
            found = {state.branch for state in search(CurieWeiss(T=T, h=h))}
            here = data.sel(T=T, h=h, method="nearest")
            assert set(data["branch"].values[here["state"].values > 0]) == found
    assert set(np.unique(data["phase"].sel(h=slice(0.01, 1)))) == {0}  # the magnetisation follows the field


def test_a_state_with_two_names_counts_once() -> None:
    over = {"T": np.linspace(0.3, 1.2, 7), "h": np.linspace(0.1, 1.0, 7)}
    data = sweep(SherringtonKirkpatrick, over, branch="all")
    glass, ferromagnet = (data.sel(branch=name) for name in ("glass", "ferromagnet"))
    assert (ferromagnet["status"] == 0).all()
    np.testing.assert_allclose(glass["q"], ferromagnet["q"], rtol=1e-9)
    assert (glass["state"] == 3).all()
    assert (ferromagnet["state"] == 0).all()


def test_theories_without_disorder_have_no_replicon() -> None:
    data = sweep(**QUICK)
    assert "replicon" not in data
    assert "entropy" in data


@dataclass(frozen=True)
class Faraway(Theory):
    """x = tanh(3 (x - s)) + s, whose upper root is found from x = 3 only where s is close to 2."""

    s: Value = parameter("shift", "s", typical=(0.0, 4.0))
    name: ClassVar[str] = "faraway"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"up": Branch("the upper root", (3.0,))}

    def update(self, x: Any) -> Any:
        return stack(np.tanh(3 * (x[0] - self.s)) + self.s)

    def free_energy(self, x: Any) -> Any:
        return x[0] ** 2 / 2 - np.log(np.cosh(3 * (x[0] - self.s))) / 3 - self.s * x[0]

    def belongs(self, branch: str, x: Any) -> Any:
        return x[0] > self.s + 0.5


def test_points_that_fail_are_solved_from_their_neighbours() -> None:
    s = np.linspace(0.0, 4.0, 41)
    cold = solve(Faraway(s=s), throw=False)
    assert 0 < cold.success.sum() < 40
    warm = sweep(Faraway, {"s": s})
    assert (warm["status"] == 0).all()
    np.testing.assert_allclose(warm["x"] - s, warm["x"][20] - s[20], rtol=1e-9)
    chosen = sweep(Faraway, {"s": s}, solver=Newton())  # a solver of one's own is taken at its word
    assert (chosen["status"] == 0).sum() == cold.success.sum()


# --- one result, whoever computes it -----------------------------------------------------------------


def test_any_executor_any_order_the_same_bits(tmp_path: Path) -> None:
    sweep(**QUICK, output=tmp_path / "one.zarr").close()
    with ThreadPoolExecutor(3) as threads:
        sweep(**QUICK, output=tmp_path / "threads.zarr", executor=threads, ahead=3).close()
    sweep(**QUICK, output=tmp_path / "backwards.zarr", executor=Backwards(), ahead=100).close()
    sweep(**QUICK, output=tmp_path / "jobs.zarr", jobs=2).close()
    first, *others = (tree(tmp_path / f"{name}.zarr") for name in ("one", "threads", "backwards", "jobs"))
    assert all(other == first for other in others)
    assert not list(tmp_path.rglob("*.lock"))


class Backwards(Executor):
    """Computes the last submitted task first, when a result is asked for."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, function: Any, /, *args: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: function(*args, **options)))
        if len(self.waiting) == make_plan(**QUICK).chunks[0] * make_plan(**QUICK).chunks[1]:
            for late, work in reversed(self.waiting):
                late.set_result(work())
        return future


def test_memory_store_and_file_hold_the_same(tmp_path: Path) -> None:
    held = sweep(**QUICK)
    for name in ("run.zarr", "run.nc"):
        with sweep(**QUICK, output=tmp_path / name) as stored:
            assert stored.equals(held)
            assert stored.attrs == held.attrs
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.nc", "run.zarr"]
    sweep(**QUICK, output=tmp_path / "again.nc", jobs=2).close()
    assert (tmp_path / "again.nc").read_bytes() == (tmp_path / "run.nc").read_bytes()


def test_xarray_alone_reads_it(tmp_path: Path) -> None:
    sweep(**QUICK, output=tmp_path / "run.zarr").close()
    export(tmp_path / "run.zarr", tmp_path / "run.nc")
    script = (
        "import xarray as xr, sys\n"
        "data = xr.open_dataset(sys.argv[1]) if sys.argv[1].endswith('nc') else "
        "xr.open_zarr(sys.argv[1])\n"
        "assert 'replica' not in sys.modules\n"
        "print(data.m.sel(T=0.3, h=0.1, method='nearest').values[0], data.m.long_name, data['T'].units)\n"
        "print(data.status.flag_meanings.split()[0], data.branch.flag_meanings)"
    )
    expected = float(solve(CurieWeiss(T=0.3, h=0.1))["m"])
    for name in ("run.zarr", "run.nc"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, tmp_path / name], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        number, *words = done.stdout.split()
        assert float(number) == pytest.approx(expected, rel=1e-12)
        assert words == ["magnetisation", "J", "not_computed", "up", "down", "paramagnet"]


def test_flags_are_those_of_the_statuses() -> None:
    status = sweep(**QUICK)["status"].attrs
    assert list(status["flag_values"]) == [-1, *(one.code for one in Status)]
    words = ["not computed", *(one.value for one in Status)]
    assert status["flag_meanings"].split(" ") == [word.replace(" ", "_") for word in words]


def test_progress_counts_points(tmp_path: Path) -> None:
    for options in ({}, {"output": tmp_path / "run.zarr"}):
        told: list[tuple[int, int]] = []
        sweep(**QUICK, **options, progress=lambda *pair, told=told: told.append(pair))
        assert told[-1] == (154, 154)
        assert [done for done, _ in told] == sorted({done for done, _ in told})


# --- chunks ----------------------------------------------------------------------------------------


SPARSE = {"visible": "bernoulli:g=-0.2", "hidden": "relu:theta=1.5"}


def test_every_neighbour_gives_a_start() -> None:
    """Two states of the random RBM exist side by side; where one is too far away, the other is not."""
    over = {"alpha": np.linspace(0.1, 1.0, 12), "l": np.linspace(0.2, 5.0, 24)}
    data = sweep(RandomRBM, over, fixed={**SPARSE, "T": 0.01}, branch="retrieval")
    assert (data["status"] == 0).all()  # from one neighbour alone a strip at l = 2.5 is lost
    assert float(data["residual"].max()) < 1e-11


def test_a_grid_ends_where_the_branch_ends() -> None:
    """At T = 0 the two states have names, and the grid shows the fold of the special theory."""
    over = {"alpha": np.linspace(0.1, 1.0, 12), "l": np.linspace(0.2, 3.5, 12)}
    data = sweep(RandomRBM, over, fixed=SPARSE, branch="retrieval")
    for l in over["l"]:
        capacity = critical(Compositional(alpha=0.1, l=l, theta=1.5, g=-0.2)).value
        assert ((data["status"].sel(l=l) == 0) == (over["alpha"] < capacity)).all()


@pytest.mark.parametrize("chunk", [1, 7, 30, 100, 10**9, (3, 11), (100, 100)])
def test_chunks_cover_the_grid_once(chunk: Any) -> None:
    plan = make_plan(CurieWeiss, GRID, chunk=chunk)
    seen = np.zeros(plan.shape, dtype=int)
    for index in plan.indices():
        seen[plan.slices(index)] += 1
        assert plan.points(index) == seen[plan.slices(index)].size
        assert isinstance(chunk, tuple) or plan.points(index) <= chunk
    assert (seen == 1).all()


def test_a_worker_with_other_equations_refuses() -> None:
    task = make_plan(**QUICK).task((0, 0))
    other = type(task)(**{**task.__dict__, "equations": "another"})
    with pytest.raises(ReplicaError, match="another version of the equations of curie-weiss"):
        solve_chunk(other)


def test_the_fingerprint_follows_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from replica.theories import CurieWeiss\nclass Mine(CurieWeiss): pass\n"
    digests = set()
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in {"mine": source, "mine2": source + "# another\n"}.items():
        (tmp_path / f"{name}.py").write_text(text)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        digests.add(fingerprint(module.Mine))
        del sys.modules[name]
    assert len(digests | {fingerprint(CurieWeiss), fingerprint(BlumeCapel)}) == 4


# --- going on --------------------------------------------------------------------------------------


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    path = tmp_path / "finished.zarr"
    sweep(**QUICK, output=path).close()
    return path


def without_some_chunks(path: Path) -> None:
    """As if the sweep had been killed: one chunk missing, one half written, one under its temporary name."""
    shutil.rmtree(path / "m" / "c" / "0" / "0")
    (path / "status" / "c" / "0" / "1" / "1").unlink()
    (path / "m" / "c" / "0" / "1.deadbeef.partial").write_bytes(b"half")


def test_what_is_missing_is_computed_and_nothing_else(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, computed = tree(finished), []
    without_some_chunks(finished)
    from phase_diagrams.sweeping import plan as planning

    def watched(task: Any) -> Any:
        computed.append(task)
        return solve_chunk(task)

    monkeypatch.setattr(planning, "solve_chunk", watched)
    sweep(**QUICK, output=finished, resume=True).close()
    assert tree(finished) == whole
    plan = make_plan(**QUICK)
    assert len(computed) == plan.chunks[1] + 1  # the row of chunks without m, and the one without a status
    sweep(**QUICK, output=finished, resume=True).close()
    assert len(computed) == plan.chunks[1] + 1


@pytest.mark.parametrize(
    "damage", [b"", b"\0", b"garbage" * 30, None], ids=["empty", "one byte", "garbage", "missing"]
)
def test_a_damaged_chunk_is_named_and_computed_again(
    finished: Path, damage: bytes | None, tmp_path: Path
) -> None:
    whole = tree(finished)
    part = finished / "m" / "c" / "0" / "1" / "1"
    part.unlink() if damage is None else part.write_bytes(damage)
    done = replica(f"map {finished} -o {tmp_path / 'map.json'}")
    assert done.exit_code == 1
    assert "m is damaged at T[" in done.stderr
    with pytest.raises(StorageError, match=r"m is damaged at T\[\d+:\d+\], h\[\d+:\d+\] .*--resume"):
        export(finished, tmp_path / "run.csv")
    assert not (tmp_path / "run.csv").exists()
    sweep(**QUICK, output=finished, resume=True).close()
    assert tree(finished) == whole


def test_chunks_without_any_solution_are_stored_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = {"alpha": np.linspace(0.05, 0.3, 6), "T": np.linspace(0.1, 0.9, 6)}  # no retrieval at large ones
    options: dict[str, Any] = {"theory": Hopfield, "over": over, "branch": "retrieval", "chunk": (3, 3)}
    path = tmp_path / "run.zarr"
    with sweep(**options, output=path) as data:
        assert data["m"][3:, 3:].isnull().all()
    assert len(list(path.glob("*/c/*/*"))) == 4 * len(data.data_vars)

    def computed(task: Any) -> Any:
        raise AssertionError(task)

    monkeypatch.setattr("phase_diagrams.sweeping.plan.solve_chunk", computed)
    sweep(**options, output=path, resume=True).close()
    monkeypatch.undo()
    with open_sweep(path) as data:
        grid = read(data, Hopfield(alpha=0.1))
    assert not grid.compared


def test_an_unfinished_store_is_readable(finished: Path) -> None:
    without_some_chunks(finished)
    with open_sweep(finished) as data:
        assert (data["status"] == -1).any()
        assert (data["status"] == 0).any()
        assert tally(data, finished)["up"]["not computed"] > 0


OTHERS: list[tuple[dict[str, Any], str]] = [
    (
        {"theory": BlumeCapel, "over": {"T": GRID["T"], "D": GRID["h"]}},
        "theory: was curie-weiss, now blume-capel",
    ),
    (
        {"over": {**GRID, "h": np.linspace(0, 0.6, 11)}},
        "grid: h was 11 values from 0 to 0.5 .*, now 11 values",
    ),
    ({"over": {**GRID, "h": GRID["h"] * (1 + 1e-15)}}, "grid: h was"),
    ({"over": {"h": GRID["h"], "T": GRID["T"]}}, "order of the parameters: was T, h, now h, T"),
    ({"over": {"T": GRID["T"]}, "fixed": {"h": 0.1}}, "fixed parameters: h was absent, now 0.1"),
    ({"branch": "up"}, "branches: was all, now up"),
    ({"chunk": 20}, "chunk: was .* x .*, now"),
    ({"solver": Newton(tol=1e-10)}, r"solver: was None, now Newton\(tol=1e-10"),
]


@pytest.mark.parametrize(("other", "message"), OTHERS, ids=[message[:20] for _, message in OTHERS])
def test_another_sweep_is_not_gone_on_with(other: dict[str, Any], message: str, finished: Path) -> None:
    before = tree(finished)
    with pytest.raises(StorageError, match=f"holds another sweep .*{message}.*--overwrite"):
        sweep(**{**QUICK, **other}, output=finished, resume=True)
    assert tree(finished) == before


@pytest.mark.parametrize(
    ("name", "value"), [("version of replica", "0.0.1"), ("equations (digest of the source)", "0123")]
)
def test_another_version_is_not_gone_on_with(name: str, value: str, finished: Path) -> None:
    edit(
        finished,
        lambda attrs: attrs.update(identity=json.dumps(json.loads(attrs["identity"]) | {name: value})),
    )
    with pytest.raises(StorageError) as caught:
        sweep(**QUICK, output=finished, resume=True)
    assert f"{name}: was {value}, now " in str(caught.value)


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    about = json.loads((path / "zarr.json").read_text())
    change(about["attributes"])
    (path / "zarr.json").write_text(json.dumps(about))


def test_a_newer_format_is_refused(finished: Path) -> None:
    edit(finished, lambda attrs: attrs.update(replica_sweep_format=2, replica_version="9.1"))
    for attempt in (lambda: open_sweep(finished), lambda: sweep(**QUICK, output=finished, resume=True)):
        with pytest.raises(
            StorageError, match=r"written in format 2, .* reads format 1; read it with replica 9\.1"
        ):
            attempt()


def test_what_is_there_is_not_replaced_unasked(finished: Path, tmp_path: Path) -> None:
    before = tree(finished)
    with pytest.raises(StorageError, match=r"finished.zarr exists; go on with it \(--resume\), replace it"):
        sweep(**QUICK, output=finished)
    assert tree(finished) == before
    sweep(**{**QUICK, "chunk": 50}, output=finished, overwrite=True).close()
    assert tree(finished) != before
    (tmp_path / "precious.zarr").mkdir()
    (tmp_path / "precious.zarr" / "thesis.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"cannot overwrite .*: it does not hold a sweep"):
        sweep(**QUICK, output=tmp_path / "precious.zarr", overwrite=True)
    with pytest.raises(StorageError, match="it does not hold a sweep"):
        sweep(**QUICK, output=tmp_path / "precious.zarr", resume=True)
    assert (tmp_path / "precious.zarr" / "thesis.txt").read_text() == "mine"


def test_files_are_gone_on_with_too(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    with pytest.raises(KeyboardInterrupt):
        sweep(**QUICK, output=path, progress=interrupt_after(60))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.nc.zarr"]
    with pytest.raises(StorageError, match=r"run.nc.zarr exists; go on with it"):
        sweep(**QUICK, output=path)
    sweep(**QUICK, output=path, resume=True).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.nc"]
    content = path.read_bytes()
    sweep(**QUICK, output=path, resume=True).close()  # complete: nothing to do
    assert path.read_bytes() == content
    with pytest.raises(StorageError, match="holds another sweep"):
        sweep(**{**QUICK, "chunk": 50}, output=path, resume=True)
    with pytest.raises(StorageError, match=r"run\.nc exists"):
        sweep(**QUICK, output=path)
    sweep(**{**QUICK, "branch": "up"}, output=path, overwrite=True).close()
    with open_sweep(path) as data:
        assert "branch" not in data.dims


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_what_is_replaced_stays_until_the_new_result_is_whole(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"run.{suffix}"
    sweep(**QUICK, output=path).close()
    new: dict[str, Any] = {**QUICK, "branch": "up"}
    with pytest.raises(KeyboardInterrupt):
        sweep(**new, output=path, overwrite=True, progress=interrupt_after(60))
    with open_sweep(path) as old:
        assert old.equals(sweep(**QUICK))
    with pytest.raises(StorageError, match="exists; go on with it"):
        sweep(**new, output=path)
    with pytest.raises(StorageError, match=r"run\.\w+\.zarr holds another sweep"):
        sweep(**QUICK, output=path, resume=True)
    told: list[int] = []
    with sweep(**new, output=path, resume=True, progress=lambda done, _: told.append(done)) as data:
        assert data.equals(sweep(**new))
    assert told[-1] == 154
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with pytest.raises(KeyboardInterrupt):
        sweep(**QUICK, output=path, overwrite=True, progress=interrupt_after(60))
    with sweep(**QUICK, output=path, overwrite=True) as data:  # anew, and over what was not finished
        assert data.equals(sweep(**QUICK))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_run_that_was_killed_when_its_file_was_whole(finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    sweep(**QUICK, output=path).close()
    content = path.read_bytes()
    shutil.copytree(finished, tmp_path / "run.nc.zarr")  # which was to be removed next
    sweep(**QUICK, output=path, resume=True).close()
    assert path.read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["finished.zarr", "run.nc"]


def test_a_replacement_that_was_killed_between_two_names(finished: Path) -> None:
    whole = tree(finished)
    finished.rename(finished.with_name("finished.zarr.zarr"))
    sweep(**QUICK, output=finished, resume=True).close()
    assert tree(finished) == whole
    assert [p.name for p in finished.parent.iterdir()] == ["finished.zarr"]


def test_a_file_that_is_no_sweep_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    for make in (
        lambda: xr.Dataset({"a": ("x", [1.0])}).to_netcdf(path, engine="h5netcdf"),
        lambda: path.write_bytes(b"mine"),
    ):
        make()
        before = path.read_bytes()
        with pytest.raises(StorageError, match=r"cannot overwrite .*run\.nc: it does not hold a sweep"):
            sweep(**QUICK, output=path, overwrite=True)
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_to_a_store_stays_a_link(finished: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.zarr"
    link.symlink_to(finished)
    sweep(**{**QUICK, "branch": "up"}, output=link, overwrite=True).close()
    assert link.is_symlink()
    assert "branch" not in open_sweep(finished).dims
    assert sorted(p.name for p in tmp_path.iterdir()) == ["finished.zarr", "link.zarr"]


def test_a_sweep_is_not_exported_over_itself(finished: Path) -> None:
    export(finished, finished.with_name("run.nc"))
    before = finished.with_name("run.nc").read_bytes()
    for source, output in ((finished, finished / "run.csv"), (finished.with_name("run.nc"),) * 2):
        done = replica(f"export {source} -o {output}")
        assert (done.exit_code, done.stderr.count("read by the same command")) == (1, 1)
        with pytest.raises(StorageError, match="read by the same command"):
            export(source, output)
    assert finished.with_name("run.nc").read_bytes() == before


def interrupt_after(points: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= points:
            raise KeyboardInterrupt

    return progress


# --- when something breaks -----------------------------------------------------------------------------


def test_a_full_disk_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zarr.storage._local as local

    path, put, left = tmp_path / "run.zarr", local._put, [60]

    def full(place: Any, value: Any, *args: Any, **options: Any) -> Any:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        return put(place, value, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(local, "_put", full)
        with pytest.raises(
            StorageError, match=r"cannot write chunk \(\d, \d\) of .*: No space left .*--resume"
        ):
            sweep(**QUICK, output=path)
        left[0] = 3
        with pytest.raises(
            StorageError, match=r"cannot write .*other.zarr: No space left .*nothing was changed"
        ):
            sweep(**QUICK, output=tmp_path / "other.zarr")
    assert [p.name for p in tmp_path.iterdir()] == ["run.zarr"]
    with open_sweep(path) as data:
        assert 0 < (data["status"] >= 0).sum() < data["status"].size
    sweep(**QUICK, output=path, resume=True).close()
    sweep(**QUICK, output=tmp_path / "whole.zarr").close()
    assert tree(path) == tree(tmp_path / "whole.zarr")


FULL = """
import resource, signal, sys
from phase_diagrams.commands import main
from phase_diagrams.storage.files import StorageError, lock
from phase_diagrams.sweeping import export

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for size in range(0, 96_000, 8_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        export(sys.argv[1], sys.argv[2])
    except StorageError as error:
        print(str(error).partition(": ")[2])
    else:
        print("wrote", size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs files of limited size")
@pytest.mark.parametrize("suffix", ["nc", "csv", "parquet"])
def test_a_file_that_does_not_fit_is_none(finished: Path, suffix: str, tmp_path: Path) -> None:
    """HDF5 ends the process when it can neither write nor close a file."""
    output = tmp_path / f"run.{suffix}"
    done = subprocess.run(
        [sys.executable, "-c", FULL, finished, output], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    small, large = (
        [line for line in done.stdout.splitlines() if line.startswith("wrote") == whole]
        for whole in (False, True)
    )
    assert len(small) > 1
    assert len(large) > 1
    assert all("File too large; nothing was changed" in line for line in small)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([finished.name, output.name])


SLOW = """
import sys, time
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from replica.theories import CurieWeiss

@dataclass(frozen=True)
class Slow(CurieWeiss):
    name: ClassVar[str] = "slow"
    def update(self, x):
        time.sleep(0.004)
        return super().update(x)

@dataclass(frozen=True)
class Deadly(CurieWeiss):
    '''The process that first meets a high temperature is killed; always, if the marker says so.'''
    name: ClassVar[str] = "deadly"
    def update(self, x):
        import os, pathlib, signal
        marker = pathlib.Path(os.environ["MARKER"])
        if np.max(self.T) > 1.2 and marker.read_text() != "spent":
            if marker.read_text() == "once":
                marker.write_text("spent")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().update(x)

GRID = {"T": np.linspace(0.1, 1.4, 14), "h": np.linspace(0.0, 0.5, 11)}
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with a theory that takes its time and one that kills, known to worker processes too."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "slow_theories.py").write_text(SLOW)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(folder)]))
    yield importlib.import_module("slow_theories")
    del sys.modules["slow_theories"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_worker_is_replaced(tmp_path: Path, slow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "marker"
    monkeypatch.setenv("MARKER", str(marker))
    marker.write_text("once")
    options = {"theory": slow.Deadly, "over": GRID, "branch": "up", "chunk": 30}
    data = sweep(**options, jobs=2)
    assert marker.read_text() == "spent"
    assert data.equals(sweep(**options))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_workers_that_keep_dying_are_given_up(
    tmp_path: Path, slow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    monkeypatch.setenv("MARKER", str(marker))
    marker.write_text("always")
    options: dict[str, Any] = {"theory": slow.Deadly, "over": GRID, "branch": "up", "chunk": 80}
    path = tmp_path / "run.zarr"
    with pytest.raises(SweepError, match=r"killed 3 times at chunk \(1, 0\), .*--resume"):
        sweep(**options, jobs=2, output=path)
    with open_sweep(path) as data:  # whichever chunks it took down with it
        assert (data["status"] >= 0).sum() == 7 * 11
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(SweepError, match="the executor broke down"),
    ):
        sweep(**options, executor=pool)
    marker.write_text("spent")
    with sweep(**options, resume=True, output=path) as data:
        assert data.equals(sweep(**options))


def start(script: str, *arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


RUN = """
import sys
from slow_theories import GRID, Slow
from phase_diagrams.sweeping import sweep
def told(done, total):
    print(done, flush=True)
if __name__ == "__main__":
    sweep(Slow, GRID, branch="up", chunk=10, output=sys.argv[1], jobs=int(sys.argv[2]), progress=told)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_parent_leaves_whole_chunks_and_no_workers(jobs: int, tmp_path: Path, slow: Any) -> None:
    path = tmp_path / "run.zarr"
    options: dict[str, Any] = {"theory": slow.Slow, "over": GRID, "branch": "up", "chunk": 10}
    with start(RUN, path, jobs) as running:
        assert running.stdout is not None
        for _ in range(3):
            assert running.stdout.readline(), running.stderr and running.stderr.read()
        with pytest.raises(StorageError, match=rf"being written by process {running.pid} on .*--resume"):
            sweep(**options, output=path, resume=True)
        running.kill()
        running.wait()
        running.stdout.read()  # ends when the last worker has ended, which holds the other end
    assert (tmp_path / "run.zarr.lock").exists()  # stale: its owner is no more
    with open_sweep(path) as data:
        done = data["status"] >= 0
        assert 0 < done.sum() < done.size
        assert data["m"].where(done & (data["status"] == 0), 1.0).notnull().all()
    sweep(**options, output=path, resume=True).close()
    sweep(**options, output=tmp_path / "whole.zarr").close()
    assert tree(path) == tree(tmp_path / "whole.zarr")


def test_two_writers_in_one_process(finished: Path) -> None:
    with lock(finished), pytest.raises(StorageError, match="being written by this process already"):
        sweep(**QUICK, output=finished, resume=True)
    assert not list(finished.parent.glob("*.lock"))


@pytest.mark.parametrize("kind", [ParameterError, ZeroDivisionError])
def test_an_error_in_a_theory_costs_its_points_and_names_the_chunk(
    tmp_path: Path, kind: type[Exception]
) -> None:
    @dataclass(frozen=True)
    class Broken(CurieWeiss):
        name: ClassVar[str] = "broken"

        def update(self, x: Any) -> Any:
            if np.max(self.T) > 1.2:
                raise kind("too hot")  # noqa: EM101
            return super().update(x)

    path = tmp_path / "run.zarr"
    with pytest.warns(ReplicaWarning, match=r"chunk \(2, .\) \(T from 1.1 to 1.4, h .*: too hot"):
        sweep(Broken, GRID, branch="up", chunk=30, output=path).close()
    whole = sweep(CurieWeiss, GRID, branch="up", chunk=30)
    with open_sweep(path) as data:
        hot = data["T"] > 1.2
        assert ((data["status"] == Status.FAILED.code) == hot).all()
        assert data["m"].where(~hot, drop=True).equals(whole["m"].where(~hot, drop=True))


# --- a cluster -------------------------------------------------------------------------------------

CLUSTER = """
import os, signal, sys
from click.testing import CliRunner
from distributed import Client, LocalCluster
from slow_theories import GRID, Slow
from phase_diagrams.commands import main
from phase_diagrams.sweeping import sweep

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                      host="127.0.0.1", silence_logs=50) as cluster, Client(cluster) as client:
        pids = client.run(os.getpid)
        assert len(pids) == 2
        def told(done, total, killed=[]):
            if not killed and done > 20:
                killed.append(done)
                os.kill(next(iter(pids.values())), signal.SIGKILL)
        sweep(Slow, GRID, branch="up", chunk=10, output=sys.argv[1], executor=client.get_executor(),
              progress=told)
        print(len(set(pids.values()) & set(client.run(os.getpid).values())), "left of 2")
        command = ["sweep", "curie-weiss", "--over", "T=0.1:1:10", "--over", "h=0:1:11", "--chunk", "20"]
        command += ["--dask", cluster.scheduler_address, "-o"]
        print(CliRunner().invoke(main, [*command, sys.argv[2]]).stdout)
        client.retire_workers(list(client.nthreads()))
        print(CliRunner().invoke(main, [*command, sys.argv[2], "--overwrite"]).output)
"""


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs distributed")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_cluster_that_loses_a_worker(tmp_path: Path, slow: Any) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "cluster.zarr", tmp_path / "command.zarr"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    assert first == "1 left of 2"
    assert "curie-weiss: 110 points" in done.stdout
    assert re.search("Error: the Dask scheduler at .* has no workers; start some with", done.stdout)
    over = {"T": [i / 10 for i in range(1, 11)], "h": [i / 10 for i in range(11)]}
    sweep(CurieWeiss, over, chunk=20, output=tmp_path / "alone.zarr").close()
    assert tree(tmp_path / "command.zarr") == tree(tmp_path / "alone.zarr")
    sweep(slow.Slow, GRID, branch="up", chunk=10, output=tmp_path / "here.zarr").close()
    assert tree(tmp_path / "cluster.zarr") == tree(tmp_path / "here.zarr")


# --- other formats -----------------------------------------------------------------------------------


def test_tables_have_a_row_for_each_point_and_branch(tmp_path: Path, finished: Path) -> None:
    import pandas as pd

    with open_sweep(finished) as data:
        data.load()
    for suffix in (".csv", ".parquet"):
        if suffix == ".parquet":
            pytest.importorskip("pyarrow")
        export(finished, tmp_path / f"run{suffix}")
        path = tmp_path / f"run{suffix}"
        table = (
            pd.read_csv(path, converters=dict.fromkeys(("T", "h", "m"), lambda text: float(text or "nan")))
            if suffix == ".csv"
            else pd.read_parquet(path)
        )
        assert list(table)[:5] == ["T", "h", "branch", "m", "free_energy"]
        assert len(table) == data["status"].size
        indexed = table.set_index(["branch", "T", "h"])["m"].to_xarray()
        xr.testing.assert_equal(indexed.sel(branch=data["branch"]).drop_vars("branch"), plain(data["m"]))
        words = table["status"].value_counts().to_dict()
        assert words == {k: v for k, v in totals(data).items() if v}
        assert set(table["phase"]) <= {"up", "down", "paramagnet", "none"}


def plain(values: xr.DataArray) -> xr.DataArray:
    return values.drop_attrs().drop_vars("branch")


def totals(data: xr.Dataset) -> dict[str, int]:
    return {one.value: int((data["status"] == one.code).sum()) for one in Status}


def test_parquet_without_pyarrow_says_what_to_do(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        StorageError, match=r"need pyarrow; install it with `pip install 'replica-theory\[parquet\]'`"
    ):
        export(finished, tmp_path / "run.parquet")


def test_netcdf_and_store_export_alike(finished: Path, tmp_path: Path) -> None:
    export(finished, tmp_path / "a.nc")
    export(tmp_path / "a.nc", tmp_path / "a.csv")
    export(finished, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    sweep(**QUICK, output=tmp_path / "c.nc").close()
    assert (tmp_path / "c.nc").read_bytes() == (tmp_path / "a.nc").read_bytes()


def test_files_that_hold_no_sweep(tmp_path: Path) -> None:
    (tmp_path / "text.nc").write_text("not netCDF")
    (tmp_path / "folder.zarr").mkdir()
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    for name, message in {
        "missing.zarr": "No such file",
        "text.nc": "no netCDF-4 file",
        "folder.zarr": "does not hold a sweep",
        "other.nc": "does not hold a sweep",
    }.items():
        with pytest.raises(StorageError, match=f"cannot read .*{name}: .*{message}"):
            open_sweep(tmp_path / name)


# --- size ------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory as Linux reports it")
def test_memory_does_not_grow_with_the_grid(tmp_path: Path) -> None:
    script = (
        "import resource, sys\nimport numpy as np\nfrom phase_diagrams.sweeping import sweep\n"
        "from replica.theories import CurieWeiss\n"
        "n = int(sys.argv[1])\n"
        "sweep(CurieWeiss, {'T': np.linspace(0.1, 1, n), 'h': np.linspace(0, 1, n)}, branch='paramagnet',\n"
        "      output=sys.argv[2], chunk=16384).close()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    peaks = []
    for n in (100, 800):
        done = subprocess.run(
            [sys.executable, "-c", script, str(n), tmp_path / f"{n}.nc"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        peaks.append(float(done.stdout))
    assert peaks[1] - peaks[0] < 20  # MiB; the whole grid takes 32 as it is stored, and more to compute


# --- bad input -------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], type[ReplicaError], str]] = [
    ({"over": {}}, ParameterError, "at least one parameter"),
    ({"over": {"alhpa": [0, 1]}}, UnknownNameError, "did you mean 'alpha'"),
    ({"over": {"alpha": [0.1]}}, ParameterError, "needs at least 2 values, not 1"),
    ({"over": {"alpha": [0.1, 0.1]}}, ParameterError, "must increase, or decrease"),
    ({"over": {"alpha": [0.1, float("nan")]}}, ParameterError, "must increase, or decrease"),
    ({"over": {"alpha": [-0.1, 0.1]}}, ParameterError, "alpha = -0.1 is not allowed; alpha is >= 0"),
    ({"over": {"T": [0.1, 0.2]}}, ParameterError, "missing alpha; sweep over it, or hold it fixed"),
    ({"over": {"alpha": [0.1, 0.2]}, "fixed": {"alpha": 1}}, ParameterError, "leave one of the two out"),
    (
        {"over": {"alpha": [0.1, 0.2]}, "fixed": {"S": 1}},
        UnknownNameError,
        "unknown parameter of hopfield 'S'",
    ),
    ({"over": {"alpha": [0.1, 0.2]}, "branch": "glas"}, UnknownNameError, "did you mean 'glass'"),
    ({"over": {"alpha": [0.1, 0.2]}, "chunk": 0}, ParameterError, "chunk = 0 is not allowed"),
    ({"over": {"alpha": [0.1, 0.2]}, "chunk": (1, 2)}, ParameterError, "does not fit a grid of 1"),
    ({"over": {"alpha": [0.1, 0.2]}, "jobs": 0}, ParameterError, "jobs = 0 is not allowed"),
    (
        {"over": {"alpha": [0.1, 0.2]}, "jobs": 2, "executor": Backwards()},
        ParameterError,
        "either an executor",
    ),
    ({"over": {"alpha": [0.1, 0.2]}, "output": "run.csv"}, ParameterError, "written as .nc or .zarr"),
    ({"over": {"alpha": [0.1, 0.2]}, "output": "no/run.nc"}, StorageError, "the directory no does not exist"),
]


@pytest.mark.parametrize(("asked", "error", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input(
    asked: dict[str, Any],
    error: type[ReplicaError],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message) as caught:
        sweep(Hopfield, **asked)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_parts_of_a_number_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"n = 1\.5 is not allowed; n is a whole number"):
        sweep(Mixtures, {"n": [1, 1.5, 2]})
    with pytest.raises(ParameterError, match="is needed where m > 0"):
        sweep(Compositional, {"alpha": [0.1, 0.2]}, fixed={"theta": 1, "g": -0.2})
