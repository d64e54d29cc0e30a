"""Damaged files of every format against every command that reads them (``make fuzz``).

Each input is a good file with a few changes: bits, cut ends, repeated and swapped parts, numbers that are too
large, words of other places. A command may read it or refuse it with a sentence; whatever nobody foresaw, a
crash, a run without end, or a shortage of memory is a fault, which is printed with what repeats it.

    python tests/fuzz_files.py --count 300 --seed 1 [--only npz]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import h5py
import numpy as np
from click.testing import CliRunner

from phase_diagrams.commands import main
from phase_diagrams.sweeping import sweep
from replica.machines.models.rbm import RBM
from replica.machines.training.files import save_machine, to_rbms
from replica.theories import CurieWeiss
from replica.units import Bernoulli, ReLU, Spin

for module in (
    *(
        "h5netcdf",
        "pandas",
        "xarray",
        "zarr",
        "scipy.stats",
        "scipy.optimize",
        "sklearn",
        "matplotlib.figure",
    ),
    *(
        "phase_diagrams.sweeping.files",
        "phase_diagrams.mapping.stored",
        "phase_diagrams.placing",
        "phase_diagrams.draw",
    ),
    *("phase_diagrams.simulating", "phase_diagrams.tracing.lines", "replica.machines.inference.likelihood"),
    *("replica.machines.inference.message_passing", "replica.machines.training.epochs"),
    *(
        f"phase_diagrams.commands.{verb}"
        for verb in ("compare", "diagnose", "draw", "export", "infer", "likelihood")
    ),
    *(f"phase_diagrams.commands.{verb}" for verb in ("map", "place", "sample", "sweep", "train")),
):
    import_module(module)  # once, not in every process

ROOT = Path(__file__).parents[1]
SECONDS, MEMORY = 60, 4 * 2**30
READ, REFUSED, UNFORESEEN = 0, 10, 20
NUMBERS = (
    b"1e999",
    b"-1",
    b"NaN",
    b"1e308",
    b"99999999999999999999",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"0",
    b"\x1b[2J",
)
GRID = {"T": [0.5, 0.8], "h": [0.0, 0.1]}


def good_files(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """One file of each format, by the format: its name, and the commands that read it."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (20, 8))
    machine = [
        "diagnose {} --draws 0",
        "sample {} -n 2 --sweeps 2 -o s.npy",
        "likelihood {} --runs 3 --steps 3",
    ]
    data = ["train {} --units 2 --epochs 1 -o t.npz"]
    stored = ["export {} -o s.csv", "export {} -o s2.nc", "map {} -o s.json"]
    save_machine(RBM(rng.normal(0, 0.3, (9, 8)), Bernoulli(g=-0.1), ReLU(theta=0.2)), folder / "machine.npz")
    to_rbms(RBM(rng.normal(0, 0.3, (9, 8)), Spin(), Spin()), folder / "rbms.h5")
    np.savez_compressed(folder / "data.npz", data=bits)
    np.save(folder / "data.npy", bits)
    np.save(folder / "signs.npy", 2 * bits - 1)
    (folder / "data.csv").write_text(
        "a,b,c,d,e,f,g,h\n" + "\n".join(",".join(map(str, row)) for row in bits) + "\n", encoding="utf-8"
    )
    idx = struct.pack(">BBBBIII", 0, 0, 8, 3, 20, 2, 4) + (255 * bits).astype("u1").tobytes()
    (folder / "images").write_bytes(idx)
    (folder / "images.gz").write_bytes(gzip.compress(idx))
    for name in ("sweep.nc", "sweep.zarr"):
        sweep(CurieWeiss, GRID, branch="all", output=folder / name).close()
    shutil.copy(ROOT / "examples" / "data" / "hopfield.json", folder / "diagram.json")
    (folder / "own.mplstyle").write_text("font.size: 9\nlines.linewidth: 1.5\naxes.titlesize: 10\n")
    (folder / "table.csv").write_text(
        "alpha,m,m_error,N,samples\n0.05,0.9996,0.0002,500,8\n0.1,0.99,0.001,500,8\n"
    )
    run(["train", "data.npy", "--units", "2", "--epochs", "1", "-o", "training.npz"], folder)
    return {
        "machine .npz": ("machine.npz", machine),
        "training .npz": ("training.npz", ["train data.npy --resume {} --epochs 1 -o t.npz"]),
        "machine .h5": ("rbms.h5", machine),
        "weights .npz": ("data.npz", [*data, "place {}"]),
        "data .npy": ("data.npy", data),
        "spins .npy": ("signs.npy", ["infer {} --beta 0.5"]),
        "data .csv": ("data.csv", data),
        "IDX": ("images", data),
        "IDX .gz": ("images.gz", data),
        "sweep .nc": ("sweep.nc", stored),
        "sweep .zarr": (
            "sweep.zarr",
            [*stored, "sweep curie-weiss --over T=0.5,0.8 --over h=0,0.1 --branch all -o {} --resume"],
        ),
        "diagram .json": ("diagram.json", ["draw {} -o s.png --dpi 30"]),
        "style": ("own.mplstyle", ["draw diagram.json -o s.png --dpi 30 --style {}"]),
        "table .csv": ("table.csv", ["compare {} --theory hopfield -p T=0"]),
    }


def run(line: list[str], folder: Path) -> tuple[int, str]:
    """Run a command here; how it ended, and what it said."""
    os.chdir(folder)
    done = CliRunner().invoke(main, line, prog_name="replica")
    error = done.exception
    if error is not None and not isinstance(error, SystemExit):
        return UNFORESEEN, "".join(traceback.format_exception(error))
    said = done.stderr if done.stderr_bytes is not None else ""
    if "\x1b" in done.stdout + said or "not enough memory" in said or "should not have happened" in said:
        return UNFORESEEN, said
    return (READ if done.exit_code in (0, 3) else REFUSED), said


def changed(content: bytes, chance: random.Random) -> bytes:
    """A content with one to four changes."""
    out = bytearray(content)

    def place() -> int:
        # heads are where sizes stand
        return chance.randrange(min(len(out), 400) if chance.random() < 0.5 else len(out)) if out else 0

    def flip() -> None:
        if out:
            out[place()] ^= 1 << chance.randrange(8)

    def byte() -> None:
        if out:
            out[place()] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))

    def cut() -> None:
        del out[place() :]

    def without() -> None:
        at = place()
        del out[at : at + chance.randrange(1, 40)]

    def again() -> None:
        at = place()
        out[at:at] = out[at : at + chance.randrange(1, 40)]

    def word() -> None:
        at = place()
        out[at : at + chance.randrange(8)] = chance.choice(NUMBERS)

    def large() -> None:
        at = place()
        out[at : at + 8] = chance.choice((b"\xff" * 8, b"\0" * 7 + b"\x7f", b"\xff\xff\xff\x7f\0\0\0\0"))

    for _ in range(chance.randint(1, 4)):
        chance.choice((flip, byte, cut, without, again, word, large))()
    return bytes(out)


def damage(source: Path, target: Path, chance: random.Random) -> None:
    """Copy a file or a store, changed; the attributes of HDF5 files, too, where bits alone rarely reach."""
    if source.is_dir():
        shutil.copytree(source, target)
        parts = sorted(part for part in target.rglob("*") if part.is_file())
        heads = [part for part in parts if part.name == "zarr.json"]
        part = chance.choice(heads if chance.random() < 0.7 else parts)
        part.write_bytes(changed_json(part, chance) if part in heads else changed(part.read_bytes(), chance))
        return
    shutil.copy(source, target)
    if source.suffix in (".nc", ".h5") and chance.random() < 0.5:
        values = (3, "x", -1.5, np.zeros(3), np.bytes_(b"\xff"), h5py.Empty("f"))
        with h5py.File(target, "a") as file:
            names = ["/"]
            file.visit(names.append)
            part = file[chance.choice(names)]
            if len(part.attrs):
                part.attrs[chance.choice(list(part.attrs))] = chance.choice(values)
            elif part.name != "/":
                name = part.name
                del file[name]
                if chance.random() < 0.7:
                    file[name] = chance.choice((3, "x", np.zeros((2, 2)), h5py.ExternalLink("a.nc", "/m")))
        return
    if source.suffix == ".npz" and chance.random() < 0.7:  # with sums that are right again
        with zipfile.ZipFile(source) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice(list(parts))
        parts[chance.choice((name, name, f"\x1b[31m{name}"))] = changed(parts[name], chance)
        with zipfile.ZipFile(
            target, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        ) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return
    if source.suffix == ".gz" and chance.random() < 0.6:
        target.write_bytes(gzip.compress(changed(gzip.decompress(source.read_bytes()), chance)))
        return
    if source.suffix == ".json" and chance.random() < 0.7:
        target.write_bytes(changed_json(target, chance))
        return
    target.write_bytes(changed(source.read_bytes(), chance))


def changed_json(path: Path, chance: random.Random) -> bytes:
    """A JSON file with another value at one place."""
    about = json.loads(path.read_bytes())
    places: list[tuple[dict[str, object] | list[object], object]] = []
    waiting = [about]
    while waiting:
        one = waiting.pop()
        for key in list(one) if isinstance(one, dict) else range(len(one)):
            places.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    where, key = chance.choice(places)
    values = (None, True, -1, 1e308, 10**30, "x", "\x1b[2J", [], {}, [1, "x"], 2**62, "a b c", float("nan"))
    if isinstance(where, dict) and chance.random() < 0.15:
        del where[key]  # type: ignore[arg-type]
    else:
        where[key] = chance.choice(values)  # type: ignore[index]
    return json.dumps(about).encode()


def apart(work: Callable[[], tuple[int, str]], note: Path) -> tuple[int, str]:
    """Do it in a process of its own, within bounds of time and memory."""
    process = os.fork()
    if not process:
        signal.alarm(SECONDS)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(quiet, stream)
        try:
            code, said = work()
            note.write_text(said, errors="replace")
        except BaseException:  # whatever it is, it is found
            code = UNFORESEEN
            note.write_text(traceback.format_exc())
        os._exit(code)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return (
            UNFORESEEN,
            f"killed by signal {os.WTERMSIG(status)} ({signal.Signals(os.WTERMSIG(status)).name})",
        )
    return os.WEXITSTATUS(status), note.read_text() if note.exists() else ""


def fuzz(count: int, seed: int, only: str) -> int:
    """So many changed files of each format; the number of faults."""
    started, faults, total = time.monotonic(), 0, Counter[int]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "good")
        folder.mkdir()
        formats = good_files(folder)
        print(f"{'format':15} {'inputs':>7} {'refused':>8} {'read':>6} {'faults':>7}")
        for kind, (file, commands) in formats.items():
            if only not in kind:
                continue
            seen = Counter[int]()
            for command in commands:  # what is not read when it is sound would be refused for another reason
                line = command.format(file).split()
                place = Path(shutil.copytree(folder, Path(name, "work")))
                code, said = apart(partial(run, line, place), Path(name, "note"))
                shutil.rmtree(place)
                if code != READ:
                    sys.exit(f"replica {' '.join(line)} does not read a sound file: {said}")
            for i in range(count):
                chance = random.Random(f"{seed} {kind} {i}")
                place = Path(name, "work")
                shutil.copytree(folder, place)
                (shutil.rmtree if (place / file).is_dir() else os.remove)(place / file)
                damage(folder / file, place / file, chance)
                line = chance.choice(commands).format(file).split()
                code, said = apart(partial(run, line, place), Path(name, "note"))
                seen[code if code in (READ, REFUSED) else UNFORESEEN] += 1
                if code not in (READ, REFUSED):
                    print(
                        f"-- {kind}, input {i} of seed {seed}: replica {' '.join(line)}\n{said[-1500:]}",
                        flush=True,
                    )
                shutil.rmtree(place)
            faults += seen[UNFORESEEN]
            total += seen
            print(f"{kind:15} {count:7} {seen[REFUSED]:8} {seen[READ]:6} {seen[UNFORESEEN]:7}", flush=True)
    print(f"{'all':15} {total.total():7} {total[REFUSED]:8} {total[READ]:6} {faults:7}")
    print(f"{time.monotonic() - started:.0f} s")
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="changed files of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="formats with this in their name")
    asked = parser.parse_args()
    sys.exit(bool(fuzz(asked.count, asked.seed, asked.only)))
