"""A run that is killed at a file operation, and gone on with, ends as one that was not disturbed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from phase_diagrams.commands import main

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
for name in (
    *(
        "h5netcdf",
        "pandas",
        "xarray",
        "zarr",
        "scipy.stats",
        "scipy.optimize",
        "phase_diagrams.sweeping.files",
    ),
    *(
        "phase_diagrams.simulating.samples",
        "replica.machines.inference.likelihood",
        "replica.theories.curie_weiss",
    ),
    *("replica.machines.data.loading", "replica.machines.training.files"),
    *(f"phase_diagrams.commands.{verb}" for verb in ("sweep", "simulate", "train", "export")),
):
    import_module(name)  # once, not in every process

SWEEP = "sweep curie-weiss --over T=0.5:0.8:3 --over h=0:0.2:3 --chunk 4"
MODES = {
    "store": (f"{SWEEP} -o o.zarr", "--resume"),
    "file": (f"{SWEEP} -o o.nc", "--resume"),
    "overwrite": (f"{SWEEP} -o o.zarr --overwrite", ""),
    "samples": ("simulate random-energy -p T=0.5 --N 6 --samples 3 -o o.nc", "--resume"),
    "export": ("export good.zarr -o o.csv", ""),
    "machine": ("train data.npy --units 2 --epochs 2 -o o.npz", ""),
}
"""By name: a command, and what its repetition needs where something is there."""
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "shutil.rmtree"}


def child(line: str, folder: Path, kill_at: int = 0) -> int:
    """Run a command in a process of its own, which dies at a file operation; its exit code, or -9.

    The number of operations is left in a file.
    """
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.chdir(folder)
    log = os.open(folder.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    count = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal count
        if not args or not isinstance(args[0], str | bytes | os.PathLike):
            return
        flags = args[2] if event == "open" and isinstance(args[2], int) else 0
        if event not in CHANGES and not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if not os.path.abspath(os.fsdecode(args[0])).startswith(str(folder)):  # noqa: PTH100  # no resolving
            return
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        sys.addaudithook(hook)
        main(line.split(), prog_name="replica")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        (folder.parent / "count").write_text(str(count))
        os._exit(code)


def content(path: Path) -> str:
    """Digest of a result, but for the dates in it."""
    found = hashlib.sha256()
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            for name in sorted(arrays.files):
                found.update(name.encode() + arrays[name].tobytes())
        return found.hexdigest()
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            found.update(str(part.relative_to(path)).encode() + part.read_bytes())
    return found.hexdigest()


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Path, str, int]:
    """A command, what resumes it, where it runs, its undisturbed result, and its file operations."""
    line, more = MODES[request.param]
    good, work = tmp_path / "good", tmp_path / "work"
    good.mkdir()
    np.save(good / "data.npy", np.random.default_rng(0).integers(0, 2, (6, 4)))
    assert child(f"{SWEEP} -o good.zarr", good) == 0
    if "--overwrite" in line:
        shutil.copytree(good / "good.zarr", good / "o.zarr")
    shutil.copytree(good, work)
    assert child(line, work) == 0
    (out,) = work.glob("o.*")
    count = int((tmp_path / "count").read_text())
    shutil.copytree(out, tmp_path / out.name) if out.is_dir() else shutil.copy(out, tmp_path / out.name)
    expected = content(tmp_path / out.name)
    shutil.rmtree(work)
    return line, more, good, expected, count


def check(line: str, more: str, good: Path, expected: str, points: list[int]) -> None:
    work = good.with_name("work")
    out = work / next(word for word in line.split() if word.startswith("o."))
    before = {path.name for path in good.iterdir()} - {out.name}
    for k in points:
        shutil.copytree(good, work)
        assert child(line, work, k) == -signal.SIGKILL, k
        if "--overwrite" in line:
            assert out.exists(), f"operation {k}: the old result is gone, and no new one is there"
        there = out.exists() or out.with_name(f"{out.name}.zarr").exists()
        assert child(f"{line} {more}" if there else line, work) == 0, f"operation {k}: " + (
            good.with_name("log").read_text()
        )
        assert content(out) == expected, f"operation {k}: another result"
        left = {path.name for path in work.iterdir()} - before - {out.name}
        assert not left, f"operation {k}: litter {json.dumps(sorted(left))}"
        shutil.rmtree(work)


def test_a_killed_run_goes_on(mode: tuple[str, str, Path, str, int]) -> None:
    line, more, good, expected, count = mode
    assert count > 1
    check(line, more, good, expected, sorted({1, count // 2, count - 1}))


@pytest.mark.slow
def test_a_run_killed_anywhere_goes_on(mode: tuple[str, str, Path, str, int]) -> None:
    line, more, good, expected, count = mode
    check(line, more, good, expected, list(range(1, count + 1)))
