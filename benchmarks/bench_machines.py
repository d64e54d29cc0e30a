"""Speed of the machines against the least work that anyone could do; ratios are taken within this one run.

Run ``python benchmarks/bench_machines.py`` (about a minute). Variants are interleaved, and the
shortest time of each counts, so that a busy computer disturbs neither side.
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from replica.machines.models.hopfield import HopfieldNetwork
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.units import Bernoulli


def seconds(function: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(ours: Callable[[], Any], other: Callable[[], Any], repeats: int) -> tuple[float, float, float]:
    """Shortest wall times of both, and their ratio."""
    ours(), other()
    pairs = np.array([(seconds(ours), seconds(other)) for _ in range(repeats)])
    least = pairs.min(axis=0)
    return float(least[0]), float(least[1]), float(least[0] / least[1])


def gibbs() -> None:
    """A sweep of 1,000 chains of 784 x 500 bits against its two matrix products alone."""
    rng = np.random.default_rng(0)
    rbm = RBM(rng.normal(0, 0.05, (784, 500)), Bernoulli(g=rng.normal(0, 0.1, 784)), Bernoulli())
    for dtype in (np.float32, np.float64):
        chains = BlockGibbs(rbm, 1000, seed=1, dtype=dtype)
        w = rbm.weights.astype(dtype)
        v, h = chains.visible.copy(), chains.hidden.copy()
        out = np.empty_like(v), np.empty_like(h)

        def products(v: Any = v, h: Any = h, w: Any = w, out: Any = out) -> None:
            np.matmul(v, w, out=out[1])
            np.matmul(h, w.T, out=out[0])

        ours, least, ratio = compare(chains.sweep, products, 40)
        print(
            f"| block Gibbs 784 x 500, 1,000 chains, {np.dtype(dtype).name} | {ours * 1e3:.1f} ms a sweep | "
            f"matrix products alone {least * 1e3:.1f} ms | {ratio:.2f} |"
        )


def hopfield() -> None:
    """Zero-temperature descent at N = 10^4, alpha = 0.1 against a loop over the rows of a dense J."""
    network = HopfieldNetwork.random(10_000, 0.1, seed=1)
    start = network.corrupted(0, 0.9, seed=2)

    def couplings() -> Any:
        xi = network.patterns.astype(np.float32)
        J = xi.T @ xi / np.float32(network.N)
        np.fill_diagonal(J, 0)
        return J

    def dense(J: Any) -> int:
        s, sweeps, flips = start.astype(np.float32), 0, 1
        while flips:
            sweeps, flips = sweeps + 1, 0
            for i in range(network.N):
                if s[i] * (J[i] @ s) < 0:
                    s[i] = -s[i]
                    flips += 1
        return sweeps

    begin = time.perf_counter()
    J = couplings()
    built = time.perf_counter() - begin
    script = min(seconds(lambda: dense(J)) for _ in range(3))
    ours = min(seconds(lambda: network.relax(start)) for _ in range(5))
    tracemalloc.start()
    HopfieldNetwork.random(10_000, 0.1, seed=1).relax(start)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"| Hopfield N = 10,000, alpha = 0.1, descent, peak {peak / 1e6:.0f} MB | {ours * 1e3:.0f} ms | "
        f"J in float32: {built:.1f} s to build, {script:.2f} s to sweep row by row | "
        f"{ours / (built + script):.4f}; {ours / script:.2f} without the building |"
    )


def large() -> None:
    """A network of 10^5 neurons and 5,000 patterns: J would take 80 GB."""
    begin = time.perf_counter()
    network = HopfieldNetwork.random(100_000, 0.05, seed=1)
    drawn = time.perf_counter() - begin
    end = network.relax(network.corrupted(0, 0.9, seed=2))
    took = time.perf_counter() - begin - drawn
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"| Hopfield N = 100,000, alpha = 0.05, {end.sweeps} sweeps to m = {end.overlaps[0]:.4f} | "
        f"{took:.1f} s | peak of the whole process {peak:.2f} GiB, limit 4 | {peak / 4:.2f} |"
    )


def main() -> None:
    """Print the table."""
    print("| job | replica | against | ratio |\n|---|---|---|---|")
    gibbs()
    hopfield()
    large()


if __name__ == "__main__":
    main()
