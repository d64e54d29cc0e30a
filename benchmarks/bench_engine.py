"""Speed of the engine against what else one would do; ratios are taken within this one run.

Four answers to each job, in CPU time of one thread and microseconds a point: the script of an afternoon
(loops, `scipy.integrate.quad`, damped iteration); a careful loop over `scipy.optimize.root` with the method
``hybr``, warm along a row and in good quadrature; this package; and the limit, the special functions of one
evaluation of the equations at every point and nothing else. The last column is the share of the package's
iterations that went into points without a state.

Run ``python benchmarks/bench_engine.py`` (about three minutes; ``--quick`` samples fewer points of the
scripts). Variants are interleaved, the shortest time of each counts. Seconds differ from machine to machine
and from hour to hour; read the ratios and the shares.
"""

from __future__ import annotations

import argparse
import math
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import baseline_compositional
import baseline_script
import numpy as np
from scipy import special
from scipy.optimize import root

from replica.solving import critical, solve
from replica.theories import Compositional, Hopfield


def times(*jobs: Callable[[], Any], repeats: int = 3) -> list[float]:
    """Shortest CPU time of each of several jobs, interleaved."""
    spent = np.full((repeats, len(jobs)), np.inf)
    for i in range(repeats):
        for j, job in enumerate(jobs):
            start = time.process_time()
            job()
            spent[i, j] = time.process_time() - start
    return spent.min(axis=0).tolist()


def row(*cells: str) -> None:
    """One line of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)


def race(job: str, script: float | None, hybr: float | None, ours: float, limit: float, lost: str) -> None:
    """One line of the table, from seconds a point."""

    def told(seconds: float | None) -> str:
        if seconds is None:
            return "-"
        ratio = "" if seconds is ours else f" ({seconds / ours:.3g})"
        return f"{1e6 * seconds:,.3g}{ratio}"

    row(job, told(script), told(hybr), told(ours), told(limit), lost)


def share_lost(solution: Any) -> str:
    """Share of the iterations that went into points without a state."""
    return f"{np.sum(solution.iterations[~solution.success]) / np.sum(solution.iterations):.0%}"


def processor() -> str:
    """What the computer calls its processor, and whether it has the long vectors on which tanh is cheap."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    wide = "with" if any("avx512f" in line for line in lines) else "without"
    return f"{named[0] if named else platform.processor()}, {wide} AVX-512"


def row_by_hybr(equations: Callable[..., Sequence[float]], loads: Any, *more: float) -> int:
    """Follow the retrieval state along the load until it is lost; the number of points."""
    state: Any = [1.0, 0.0]
    for i, load in enumerate(loads):
        found = root(equations, state, args=(load, *more), method="hybr")
        if not found.success or found.x[0] < 0.1:
            return i + 1
        state = found.x
    return len(loads)


def cold_equations(state: Sequence[float], load: float) -> list[float]:
    """Hopfield network at T = 0, with `math`: what a careful user writes."""
    m, c = state
    width = math.sqrt(load) / (1 - c)
    x = m / width
    return [math.erf(x / math.sqrt(2)) - m, math.sqrt(2 / math.pi) * math.exp(-x * x / 2) / width - c]


Z = np.linspace(-8.8, 8.8, 197)
WEIGHT = np.exp(-(Z**2) / 2) / np.sum(np.exp(-(Z**2) / 2))


def warm_equations(state: Sequence[float], load: float, T: float) -> list[float]:
    """The same at T > 0, by the trapezoidal rule, which is good down to T = 0.1 or so."""
    m, c = state
    t = np.tanh((m + math.sqrt(max(load * (1 - T * c), 0.0)) / (1 - c) * Z) / T)
    return [float(t @ WEIGHT) - m, (1 - float(t * t @ WEIGHT)) / T - c]


def cold() -> None:
    """The retrieval branch at T = 0."""
    loads = np.linspace(0.001, 0.14, 10_000)
    x = 1 / np.sqrt(2 * loads)
    ours, hybr, limit = times(
        lambda: solve(Hopfield(loads, 0.0), "retrieval"),
        lambda: row_by_hybr(cold_equations, loads),
        lambda: (special.erf(x), np.exp(-x * x)),
    )
    points = row_by_hybr(cold_equations, loads)
    batch = solve(Hopfield(loads, 0.0), "retrieval")
    job = f"Hopfield, T = 0, {loads.size:,} loads, {int(batch.success.sum()):,} on the branch"
    race(job, None, hybr / points, ours / loads.size, limit / loads.size, share_lost(batch))


def grid(quick: bool) -> None:
    """The retrieval branch on a 100 x 100 grid of (alpha, T)."""
    loads, T = np.linspace(0.001, 0.15, 100), np.linspace(0.01, 1.2, 100)
    theory = Hopfield(*np.meshgrid(loads, T))
    every = 20 if quick else 10
    sample = [(a, t) for a in loads[::every] for t in T[::every]]
    script = times(lambda: [baseline_script.solve_point(a, t) for a, t in sample], repeats=1)[0]
    rows = [float(t) for t in T[10::20]]
    nodes = np.random.default_rng(1).normal(0, 3, (10_000, 41))  # as many as the rules have on average
    ours, hybr, limit = times(
        lambda: solve(theory, "retrieval"),
        lambda: [row_by_hybr(warm_equations, loads, t) for t in rows],
        lambda: np.tanh(nodes),
    )
    points = sum(row_by_hybr(warm_equations, loads, t) for t in rows)
    batch = solve(theory, "retrieval")
    job = f"Hopfield, (alpha, T) grid, 10,000 points, {int(batch.success.sum()):,} on the branch"
    race(job, script / len(sample), hybr / points, ours / 1e4, limit / 1e4, share_lost(batch))


def energies(quick: bool) -> None:
    """f(l) of the compositional phase on a grid of (alpha, theta, l)."""
    axes = (np.linspace(0.02, 1.5, 30), np.linspace(0.3, 2.0, 20), np.linspace(0.05, 2.5, 30))
    every = 15 if quick else 10
    sample = [(a, t, x) for a in axes[0][::every] for t in axes[1][::every] for x in axes[2][::every]]
    script = times(
        lambda: [baseline_compositional.solve_point(a, t, -0.2, x) for a, t, x in sample], repeats=1
    )[0]
    a, t, x = np.meshgrid(*axes, indexing="ij")
    theory = Compositional(alpha=a, theta=t, g=-0.2, l=x)
    values = np.random.default_rng(1).normal(0, 4, (a.size, theory.law.w.size))
    ours, limit = times(lambda: solve(theory.at(g=-0.2), "retrieval"), lambda: special.ndtr(values))
    batch = solve(theory, "retrieval")
    job = f"Compositional, f(l), {a.size:,} points, {int(batch.success.sum()):,} with a state"
    race(job, script / len(sample), None, ours / a.size, limit / a.size, share_lost(batch))


def single() -> None:
    """One point at a time, as a person drags a slider; and the critical load."""

    def hybr() -> None:
        for _ in range(50):
            root(cold_equations, [1.0, 0.0], args=(0.1,), method="hybr")

    ours, other, capacity = times(
        lambda: [solve(Hopfield(0.1, 0.0)) for _ in range(50)],
        hybr,
        lambda: critical(Hopfield(0.0, 0.0)),
        repeats=7,
    )
    limit = times(lambda: [(math.erf(0.1), math.exp(0.1)) for _ in range(1000)])[0] / 1000
    race("one `solve()`, Hopfield, T = 0", None, other / 50, ours / 50, limit, "-")
    race("`critical()`, Hopfield, T = 0", None, None, capacity, limit, "-")


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
        row(f"`replica {name}`", f"{wall:.2f}", f"{cpu:.2f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="time fewer points of the scripts")
    quick = parser.parse_args().quick
    print(f"{processor()}; Python {platform.python_version()}, numpy {np.__version__}\n")
    print("us a point; in brackets, in units of ours\n")
    row("job", "script", "hybr, warm", "replica", "limit", "iterations on points without a state")
    row(*["---"] * 6)
    cold()
    grid(quick)
    energies(quick)
    single()
    print()
    row("command", "s wall", "s CPU")
    row(*["---"] * 3)
    commands()


if __name__ == "__main__":
    main()
