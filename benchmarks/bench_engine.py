"""Speed of the engine against the scripts that it replaces; ratios are taken within this one run.

Run ``python benchmarks/bench_engine.py`` (about three minutes; ``--quick`` samples fewer script points).
Seconds differ from machine to machine and from hour to hour; read the ratios and the counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import baseline_compositional
import baseline_script
import numpy as np

from replica.solving import solve
from replica.theories import Compositional, Hopfield


def best(function: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Shortest wall time of a few runs, and the last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def row(job: str, script: str, ours: str, ratio: str) -> None:
    """One line of the table."""
    print(f"| {job} | {script} | {ours} | {ratio} |", flush=True)


def grid(quick: bool) -> None:
    """Job A: the retrieval branch on a 100 x 100 grid of (alpha, T)."""
    alpha, T = np.meshgrid(np.linspace(0.001, 0.15, 100), np.linspace(0.01, 1.2, 100))
    every = 20 if quick else 10
    sample = [(a, t) for a in alpha[0, ::every] for t in T[::every, 0]]
    seconds, _ = best(lambda: [baseline_script.solve_point(a, t) for a, t in sample], 1)
    script = seconds / len(sample)
    wall, solution = best(lambda: solve(Hopfield(alpha, T), "retrieval"))
    ours = wall / alpha.size
    row(
        f"A: Hopfield grid, {alpha.size} points, {int(solution.success.sum())} on the branch",
        f"{script * 1e3:.1f} ms a point ({len(sample)} points timed)",
        f"{ours * 1e6:.1f} us a point, whole grid {wall:.2f} s",
        f"{script / ours:.0f}",
    )


def energies(quick: bool) -> None:
    """Job D: f(l) of the compositional phase on a grid of (alpha, theta, l)."""
    alpha, theta, l = (np.linspace(0.02, 1.5, 60), np.linspace(0.3, 2.0, 40), np.linspace(0.05, 2.5, 60))
    every = 20 if quick else 10
    sample = [(a, t, x) for a in alpha[::every] for t in theta[::every] for x in l[::every]]
    seconds, _ = best(lambda: [baseline_compositional.solve_point(a, t, -0.2, x) for a, t, x in sample], 1)
    script = seconds / len(sample)
    a, t, x = np.meshgrid(alpha, theta, l, indexing="ij")
    wall, _ = best(lambda: solve(Compositional(alpha=a, theta=t, g=-0.2, l=x), "retrieval"), 1)
    ours = wall / a.size
    row(
        f"D: compositional f(l), {a.size} points",
        f"{script * 1e3:.2f} ms a point ({len(sample)} points timed)",
        f"{ours * 1e6:.1f} us a point, whole grid {wall:.1f} s",
        f"{script / ours:.0f}",
    )


def commands() -> None:
    """Start-up, capacity and diagram from the command line, in fresh processes."""
    jobs = {
        "--help": (["--help"], 5),
        "capacity hopfield": (["capacity", "hopfield"], 3),
        "capacity hopfield --digits 50": (["capacity", "hopfield", "--digits", "50"], 3),
        "diagram hopfield -o - (four lines)": (["diagram", "hopfield", "-o", "-"], 1),
    }
    for name, (arguments, repeats) in jobs.items():
        wall, cpu = np.inf, np.inf
        for _ in range(repeats):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "replica", *arguments], check=True, stdout=subprocess.DEVNULL
            )
            wall = min(wall, time.perf_counter() - start)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = min(cpu, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        row(f"`replica {name}`", "-", f"{wall:.2f} s wall, {cpu:.2f} s CPU", "-")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="time fewer points of the scripts")
    quick = parser.parse_args().quick
    print("| job | script | replica | ratio |\n|---|---|---|---|")
    grid(quick)
    energies(quick)
    commands()


if __name__ == "__main__":
    main()
