"""The script one writes in an afternoon: compositional states of a random RBM at zero temperature.

Bernoulli visible and ReLU hidden units, sparse weights with p -> 0 (Tubiana and Monasson 2017), replica
symmetric, all quantities scaled by powers of p.  With W the Skellam-distributed sum of the strong weights on
a site and t = (g + m W/2 + alpha B/2) / sqrt(alpha r),

    m = (2/l) E[W H0(-t)],   q = E[H0(-t)],   C = E[phi(t)] / sqrt(alpha r),
    r = q H2(theta/sqrt(q)) / (1 - C)^2,      B = H0(theta/sqrt(q)) / (1 - C),
    f = l m^2/8 + (alpha/2)(r C + B q) - sqrt(alpha r) E[H1(-t)] - alpha q H2(theta/sqrt(q)) / (2 (1 - C)).

Plain loops over W and over the grid, damped iteration from the noise-free state.  It uses nothing of the
package: it is what the package is timed against.
"""

import argparse
import math
import time
from typing import NamedTuple

import numpy as np
from scipy.special import ive

SQRT_2 = math.sqrt(2)
NORM = 1 / math.sqrt(2 * math.pi)
TINY = 1e-300


class Point(NamedTuple):
    """Where the iteration ended; NaN in f where it did not converge."""

    m: float
    q: float
    r: float
    B: float
    C: float
    f: float
    iterations: int
    converged: bool


def phi(x: float) -> float:
    """Density of the standard normal distribution."""
    return NORM * math.exp(-0.5 * x * x)


def h0(x: float) -> float:
    """Gaussian integral of (z - x)^0 over z > x."""
    return 0.5 * math.erfc(x / SQRT_2)


def h1(x: float) -> float:
    """Gaussian integral of (z - x)^1 over z > x."""
    return phi(x) - x * h0(x)


def h2(x: float) -> float:
    """Gaussian integral of (z - x)^2 over z > x."""
    if x > 30:
        return TINY
    return max((1 + x * x) * h0(x) - x * phi(x), TINY)  # cancels for large x, where it no longer matters


def skellam(l: float) -> list[tuple[int, float]]:
    """Values and weights of the sum of l sparse random signs, down to weights of 1e-17."""
    weights = [(0, float(ive(0, l)))]
    w = 1
    while (weight := float(ive(w, l))) > 1e-17 or w < l:
        weights += [(w, weight), (-w, weight)]
        w += 1
    return weights


def solve_point(
    alpha: float,
    theta: float,
    g: float,
    l: float,
    *,
    damping: float = 0.5,
    tolerance: float = 1e-10,
    max_iterations: int = 2000,
) -> Point:
    """Iterate the five saddle-point equations from the noise-free state until no order parameter moves."""
    weights = skellam(l)
    m = float(ive(0, l) + ive(1, l))
    q = (1 - float(ive(0, l))) / 2
    c = 0.0
    r = q * h2(theta / math.sqrt(q))
    b = h0(theta / math.sqrt(q))

    for iteration in range(1, max_iterations + 1):
        width = math.sqrt(alpha * r)
        m_new = q_new = c_new = 0.0
        for w, weight in weights:
            t = (g + m * w / 2 + alpha * b / 2) / width
            active = weight * h0(-t)
            m_new += w * active
            q_new += active
            c_new += weight * phi(t)
        m_new *= 2 / l
        c_new /= width
        r_new = q * h2(theta / math.sqrt(q)) / (1 - c) ** 2
        b_new = h0(theta / math.sqrt(q)) / (1 - c)

        change = max(abs(m_new - m), abs(q_new - q), abs(r_new - r), abs(b_new - b), abs(c_new - c))
        m += (1 - damping) * (m_new - m)
        q += (1 - damping) * (q_new - q)
        r += (1 - damping) * (r_new - r)
        b += (1 - damping) * (b_new - b)
        c += (1 - damping) * (c_new - c)
        if q < 1e-12 or c >= 1:
            break  # the state has died, or left the domain of the equations
        if change < tolerance:
            f = free_energy(alpha, theta, g, l, m, q, r, b, c, weights)
            return Point(m, q, r, b, c, f, iteration, converged=True)
    return Point(m, q, r, b, c, math.nan, iteration, converged=False)


def free_energy(
    alpha: float,
    theta: float,
    g: float,
    l: float,
    m: float,
    q: float,
    r: float,
    b: float,
    c: float,
    weights: list[tuple[int, float]],
) -> float:
    """Ground-state energy per site."""
    width = math.sqrt(alpha * r)
    visible = 0.0
    for w, weight in weights:
        visible += weight * width * h1(-(g + m * w / 2 + alpha * b / 2) / width)
    hidden = alpha * q * h2(theta / math.sqrt(q)) / (2 * (1 - c))
    return l * m * m / 8 + alpha / 2 * (r * c + b * q) - visible - hidden


def solve_grid(alphas: np.ndarray, thetas: np.ndarray, ls: np.ndarray, g: float) -> np.ndarray:
    """Free energy at every (alpha, theta, l), NaN where the iteration did not converge.

    Beyond the capacity the iteration falls to the spin glass, m = 0, and gives its free energy.
    """
    f = np.empty((len(alphas), len(thetas), len(ls)))
    for i, alpha in enumerate(alphas):
        for j, theta in enumerate(thetas):
            for k, l in enumerate(ls):
                f[i, j, k] = solve_point(float(alpha), float(theta), g, float(l)).f
    return f


def main() -> None:
    """Solve a grid and print the time per point."""
    parser = argparse.ArgumentParser(description="Compositional states of a random RBM at T = 0.")
    parser.add_argument("--alphas", type=int, default=4, help="loads between 0.05 and 1")
    parser.add_argument("--thetas", type=int, default=4, help="thresholds between 0.5 and 2")
    parser.add_argument("--ls", type=int, default=8, help="numbers of strong units between 0.1 and 3")
    parser.add_argument("--g", type=float, default=-0.21, help="field on the visible units")
    arguments = parser.parse_args()

    start = time.perf_counter()
    f = solve_grid(
        np.linspace(0.05, 1, arguments.alphas),
        np.linspace(0.5, 2, arguments.thetas),
        np.linspace(0.1, 3, arguments.ls),
        arguments.g,
    )
    seconds = time.perf_counter() - start

    print(f"{f.size} points in {seconds:.2f} s: {1e3 * seconds / f.size:.2f} ms per point")
    print(f"{int(np.isfinite(f).sum())} converged")


if __name__ == "__main__":
    main()
