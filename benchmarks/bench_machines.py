"""Speed of the machines against the least work that anyone could do; ratios are taken within this one run.

Run ``python benchmarks/bench_machines.py`` (about a minute). Variants are interleaved, and a ratio is the
median of the ratios of neighbours, so that a busy computer disturbs both sides alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from replica.machines.rbm import RBM, BlockGibbs
from replica.units import Bernoulli


def seconds(function: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(ours: Callable[[], Any], other: Callable[[], Any], repeats: int) -> tuple[float, float, float]:
    """Median wall times of both, and the median of their ratios."""
    ours(), other()
    pairs = np.array([(seconds(ours), seconds(other)) for _ in range(repeats)])
    return (*np.median(pairs, axis=0), float(np.median(pairs[:, 0] / pairs[:, 1])))


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

        ours, least, ratio = compare(chains.sweep, products, 25)
        print(
            f"| block Gibbs 784 x 500, 1,000 chains, {np.dtype(dtype).name} | {ours * 1e3:.1f} ms a sweep | "
            f"matrix products alone {least * 1e3:.1f} ms | {ratio:.2f} |"
        )


def main() -> None:
    """Print the table."""
    print("| job | replica | against | ratio |\n|---|---|---|---|")
    gibbs()


if __name__ == "__main__":
    main()
