"""The script one writes in an afternoon: Hopfield retrieval states on a grid of loads and temperatures.

Replica-symmetric saddle point of Amit, Gutfreund and Sompolinsky (1985, 1987), T in units of J, k_B = 1:

    m = <tanh h/T>,  q = <tanh^2 h/T>,  h = sqrt(alpha r) z + m,  r = q / (1 - (1 - q)/T)^2

with the average over a standard normal z by `scipy.integrate.quad`, damped iteration from m = q = 1, and
loops over the grid.  It uses nothing of the package: it is what the package is timed against.
"""

import argparse
import math
import time
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad

Z_MAX = 8.5  # the normal weight beyond is below 1e-16
NORM = 1 / math.sqrt(2 * math.pi)


class Point(NamedTuple):
    """Where the iteration ended."""

    m: float
    q: float
    iterations: int
    converged: bool


def averages(m: float, width: float, temperature: float) -> tuple[float, float]:
    """Gaussian averages of tanh(h/T) and tanh(h/T)^2 for a field h = width z + m."""

    def tanh_1(z: float) -> float:
        return NORM * math.exp(-0.5 * z * z) * math.tanh((width * z + m) / temperature)

    def tanh_2(z: float) -> float:
        return NORM * math.exp(-0.5 * z * z) * math.tanh((width * z + m) / temperature) ** 2

    # At low temperature tanh is nearly a step where the field changes sign: tell quad where that is.
    step = [-m / width] if m < Z_MAX * width else None
    first = quad(tanh_1, -Z_MAX, Z_MAX, points=step, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
    second = quad(tanh_2, -Z_MAX, Z_MAX, points=step, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
    return first, second


def solve_point(
    alpha: float,
    temperature: float,
    *,
    m: float = 1.0,
    q: float = 1.0,
    damping: float = 0.5,
    tolerance: float = 1e-10,
    max_iterations: int = 2000,
) -> Point:
    """Iterate the saddle-point equations at one load and temperature until no order parameter moves."""
    for iteration in range(1, max_iterations + 1):
        response = 1 - (1 - q) / temperature
        if response <= 0:
            return Point(m, q, iteration, converged=False)  # left the domain of the equations
        width = math.sqrt(alpha * q) / response
        if width < 1e-12:
            return Point(0.0, 0.0, iteration, converged=True)  # paramagnet
        m_new, q_new = averages(m, width, temperature)
        change = max(abs(m_new - m), abs(q_new - q))
        m += (1 - damping) * (m_new - m)
        q += (1 - damping) * (q_new - q)
        if change < tolerance:
            return Point(m, q, iteration, converged=True)
    return Point(m, q, max_iterations, converged=False)


def solve_grid(alphas: np.ndarray, temperatures: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve every pair; m, q and whether the iteration converged, each of shape (n_alpha, n_temperature)."""
    shape = (len(alphas), len(temperatures))
    m, q, converged = np.empty(shape), np.empty(shape), np.zeros(shape, dtype=bool)
    for i, alpha in enumerate(alphas):
        for j, temperature in enumerate(temperatures):
            point = solve_point(float(alpha), float(temperature))
            m[i, j], q[i, j], converged[i, j] = point.m, point.q, point.converged
    return m, q, converged


def main() -> None:
    """Solve a grid and print the time per point."""
    parser = argparse.ArgumentParser(description="Hopfield retrieval states on a grid, by quad.")
    parser.add_argument("--alphas", type=int, default=10, help="loads between 0.001 and 0.15")
    parser.add_argument("--temperatures", type=int, default=10, help="temperatures between 0.01 and 1.2")
    arguments = parser.parse_args()
    alphas = np.linspace(0.001, 0.15, arguments.alphas)
    temperatures = np.linspace(0.01, 1.2, arguments.temperatures)

    start = time.perf_counter()
    m, _, converged = solve_grid(alphas, temperatures)
    seconds = time.perf_counter() - start

    print(f"{m.size} points in {seconds:.2f} s: {1e3 * seconds / m.size:.2f} ms per point")
    retrieval = converged & (m > 0.1)
    print(f"{int(converged.sum())} converged, {int(retrieval.sum())} of them retrieve (m > 0.1)")


if __name__ == "__main__":
    main()
