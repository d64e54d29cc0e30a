"""Sweeps against loops, processes against one, chunks large and small; ratios are taken within one run.

Run ``python benchmarks/bench_sweep.py`` (about a minute; ``--quick`` leaves the largest grids out). Times are
CPU times unless they are called wall times: other work on the machine counts less in them. They still differ
from machine to machine and from hour to hour; read the ratios and the counts.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from phase_diagrams.sweeping import export, sweep
from phase_diagrams.sweeping.chunk import solve_chunk
from phase_diagrams.sweeping.plan import make_plan
from phase_diagrams.sweeping.store import Store
from replica.solving import Newton, solve
from replica.theories import BlumeCapel, Hopfield


def cpu_time() -> float:
    """CPU time of this process and its children so far."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def timed(function: Any, *args: Any, repeats: int = 1, **options: Any) -> tuple[float, float]:
    """Shortest wall time and CPU time (this process and its children) of a few runs."""
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), cpu_time()
        function(*args, **options)
        walls.append(time.perf_counter() - wall)
        cpus.append(cpu_time() - cpu)
    return min(walls), min(cpus)


def grid(points: int) -> dict[str, Any]:
    """A square grid of the Hopfield network with about so many points."""
    n = round(points**0.5)
    return {"alpha": np.linspace(0.001, 0.16, n), "T": np.linspace(0.01, 1.2, n)}


def row(*cells: Any) -> None:
    """One line of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(title: str, *cells: str) -> None:
    """Title and head of a table."""
    print(f"\n{title}\n")
    row(*cells)
    print("|" + "---|" * len(cells))


def against_a_loop(quick: bool) -> None:
    """The batched engine against a loop of single points, on the same grid."""
    over = grid(10_000)
    every = 20 if quick else 10
    sample = [(a, t) for a in over["alpha"][::every] for t in over["T"][::every]]
    newton = Newton()  # the same method as in the batch: without continuation for points that fail

    def alone() -> None:
        for a, t in sample:
            solve(Hopfield(alpha=a, T=t), "retrieval", solver=newton, throw=False)

    _, loop = timed(alone)
    _, batch = timed(sweep, Hopfield, over, branch="retrieval", repeats=3)
    one, all_ = loop / len(sample), batch / 10_000
    head("Hopfield network, retrieval, 10,000 points", "how", "per point", "ratio")
    row(f"`solve` in a loop ({len(sample)} points timed)", f"{one * 1e3:.2f} ms", "1")
    row("`sweep`", f"{all_ * 1e6:.1f} us", f"{one / all_:.0f}")


def against_one_process(quick: bool) -> None:
    """Two processes against one; the wall time tells only on a machine that has two cores to spare."""
    points = 40_000 if quick else 160_000
    over = grid(points)
    head(f"Hopfield network, all branches, {points:,} points", "processes", "wall", "CPU", "efficiency")
    times = {}
    for jobs in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            times[jobs] = timed(sweep, Hopfield, over, branch="all", output=Path(folder, "a.zarr"), jobs=jobs)
        wall, cpu = times[jobs]
        row(jobs, f"{wall:.1f} s", f"{cpu:.1f} s", f"{times[1][0] / wall / jobs:.2f}")
    print(f"\nload of this machine during the last minute: {os.getloadavg()[0]:.1f}")


def chunks(quick: bool) -> None:
    """Size of a chunk against throughput, solving and storing apart."""
    over = grid(40_000)
    head(
        "Hopfield network, retrieval, 40,000 points",
        "points of a chunk",
        "chunks",
        "solve",
        "solve and store",
    )
    for chunk in (256, 1024, 4096, 8192, 40_000) if not quick else (1024, 8192):
        plan = make_plan(Hopfield, over, branch="retrieval", chunk=chunk)
        _, solved = timed(lambda plan=plan: [solve_chunk(plan.task(index)) for index in plan.indices()])
        with tempfile.TemporaryDirectory() as folder:
            _, stored = timed(
                sweep, Hopfield, over, branch="retrieval", chunk=chunk, output=Path(folder, "a.zarr")
            )
        count = int(np.prod(plan.chunks))
        row(
            f"{chunk:,}",
            count,
            f"{solved / 40_000 * 1e6:.1f} us/point",
            f"{stored / 40_000 * 1e6:.1f} us/point",
        )


def one_chunk() -> None:
    """What one chunk costs: its task, its answer, its place on disk."""
    head(
        "One chunk of the Hopfield network, retrieval",
        *("points", "task sent", "answer returned", "solve", "write", "check on resume", "on disk"),
    )
    for points in (8192, 65_536):
        plan = make_plan(Hopfield, grid(points), branch="retrieval", chunk=10**9)
        index = (0, 0)
        _, solved = timed(solve_chunk, plan.task(index))
        answer = solve_chunk(plan.task(index))
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder, "a.zarr"), plan)
            store.create()
            _, wrote = timed(store.write, index, answer, repeats=3)
            _, checked = timed(store.has, index, repeats=3)
            size = sum(p.stat().st_size for p in Path(folder).rglob("c/*/*") if p.is_file())
        row(
            f"{plan.size:,}",
            f"{len(pickle.dumps(plan.task(index))) / 1024:.1f} KiB",
            f"{len(pickle.dumps(answer)) / plan.size:.0f} B/point",
            f"{solved * 1e3:.0f} ms",
            f"{wrote * 1e3:.0f} ms",
            f"{checked * 1e3:.0f} ms",
            f"{size / plan.size:.0f} B/point",
        )


def growth(quick: bool) -> None:
    """Cost of a point as the grid grows; the peak memory of the process is that of everything so far."""
    head(
        "Cost of a point as the grid grows",
        *("points", "Hopfield, in memory", "Blume-Capel, in memory", "to a Zarr store", "to a netCDF file"),
        "peak memory of files",
    )
    with tempfile.TemporaryDirectory() as folder:
        sweep(BlumeCapel, crystal(3), output=Path(folder, "a.nc"))  # loads what is used
    sides = [round(10 ** (exponent / 2)) for exponent in ((2, 3, 4, 5) if quick else (2, 3, 4, 5, 6))]
    rows: dict[int, list[str]] = {n: [] for n in sides}
    for suffix in (".zarr", ".nc", ""):  # memory last: then the peak is that of the files
        for n in sides:
            with tempfile.TemporaryDirectory() as folder:
                where: dict[str, Any] = {"output": Path(folder, f"a{suffix}"), "overwrite": True}
                options = where if suffix else {}
                _, cpu = timed(sweep, BlumeCapel, crystal(n), repeats=3 if n < 300 else 1, **options)
            rows[n].append(f"{cpu / n**2 * 1e6:.1f} us")
            if suffix == ".nc":
                rows[n].append(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    for n, cells in rows.items():
        _, cpu = timed(sweep, Hopfield, grid(n * n), branch="retrieval", repeats=3 if n < 300 else 1)
        row(f"{n * n:,}", f"{cpu / n**2 * 1e6:.1f} us", cells[3], *cells[:3])


def crystal(n: int) -> dict[str, Any]:
    """A square grid of the Blume-Capel model."""
    return {"T": np.linspace(0.05, 0.8, n), "D": np.linspace(0.0, 0.6, n)}


def formats() -> None:
    """Reading and writing a stored sweep."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "a.zarr")
        sweep(
            BlumeCapel, {"T": np.linspace(0.05, 0.8, 300), "D": np.linspace(0, 0.6, 300)}, output=store
        ).close()
        head("Export of 90,000 points", "format", "time", "size")
        for suffix in ("nc", "csv", "parquet"):
            _, cpu = timed(export, store, Path(folder, f"a.{suffix}"))
            row(suffix, f"{cpu:.2f} s", f"{Path(folder, f'a.{suffix}').stat().st_size / 2**20:.1f} MiB")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller grids")
    quick = parser.parse_args().quick
    growth(quick)  # first, while the process is small
    against_a_loop(quick)
    chunks(quick)
    one_chunk()
    against_one_process(quick)
    formats()


if __name__ == "__main__":
    main()
