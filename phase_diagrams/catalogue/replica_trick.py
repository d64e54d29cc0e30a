"""The replica trick at work: moments of the partition function, and their limit n -> 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from phase_diagrams.catalogue._parts import about, bars, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.errors import ParameterError
from replica.machines.inference.enumeration import random_energy_moments, spin_glass_moments
from replica.numerics.broken_spins import broken_averages
from replica.solving import solve
from replica.theories import RandomEnergy, SherringtonKirkpatrick, SherringtonKirkpatrick1RSB
from replica.typing import Array

__all__ = ["build", "symmetric_moments"]


@recorded
def build(
    *,
    T: float = 0.4,
    sizes: Sequence[int] = (10, 40, 160),
    spins: Sequence[int] = (6, 12),
    samples: int = 1000,
    seed: int = 1,
    points: int = 41,
) -> PhaseDiagram:
    r"""Moments ln E[Z^n]/(nN) against n: random energy model, and Sherrington-Kirkpatrick model.

    At n -> 0 this is the wanted E ln Z/N; at n = 1 the annealed average. On the left the moments are exact
    at every N. For N -> infinity they have a kink at n = T/T_c: the curve that continues from whole n > 1
    does not reach n = 0, and what does is the solution with x = T/T_c. On the right the moments are means
    over enumerated samples with a planted configuration, of which none is too rare to be drawn; beside them
    stand replica symmetry at the same n and, at n = 0, one step of breaking.

    Parameters
    ----------
    T : float
        Temperature, below T_c = 0.6006 of the random energy model; that of the other one is 1.
    sizes : sequence of int
        Sizes of the random energy model.
    spins : sequence of int
        Sizes of the Sherrington-Kirkpatrick model.
    samples, seed : int
        Number of its samples at each size, and their seed.
    points : int
        Number of values of n.

    Examples
    --------
    >>> diagram = build(sizes=(10,), samples=20)
    >>> print(f"{diagram.point('limit').y:.9f}")
    2.081386528
    """
    theory = RandomEnergy(T=T)
    T_c = 0.5 / np.log(2) ** 0.5
    if not 0 < T < T_c:
        msg = f"T is between 0 and T_c = {T_c:.6f} of the random energy model; it cannot be {T:g}"
        raise ParameterError(msg)
    state = solve(theory)
    x = float(state["x"])
    n = np.linspace(0, 1, points)
    joined = np.unique(np.append(n, x))
    one = np.maximum(joined, x)  # below n = x the groups of x replicas stay, above all n are in one state
    limit = np.log(2) / one + one / (4 * T**2)
    left = [curve("N -> infinity", joined, limit, r"$N\to\infty$")]
    left += [curve(f"N={N}", n, random_energy_moments(n, N, T), f"$N = {N}$") for N in sizes]
    left += [curve("symmetric", [0, 1], [limit[-1]] * 2, "symmetric")]
    measured = np.linspace(0, 1, 11)
    right = [curve("symmetric", n, symmetric_moments(n, T), r"symmetric, $N\to\infty$")]
    for N in spins:
        mean, error = spin_glass_moments(measured, N, T, samples=samples, seed=seed)
        right += bars(f"N={N}", measured, mean, error, f"$N = {N}$")
    broken = solve(SherringtonKirkpatrick1RSB(T=T), "glass")
    ends = [*left[0].y, *left[1].y]
    heights = [y for line in right for y in line.y]
    beside = PhaseDiagram(
        "replica-trick-sk",
        f"Sherrington-Kirkpatrick, $T = {T:g}$",
        (Axis("n", "number of replicas $n$", limits=(0, 1)), _vertical(heights)),
        right,
        [Point("1RSB", "1RSB", 0, float(-broken.free_energy / T))],
        [],
        {},
    )
    return PhaseDiagram(
        "replica-trick",
        f"Random energy model, $T = {T:g}$",
        (Axis("n", "number of replicas $n$", limits=(0, 1)), _vertical(ends)),
        left,
        [Point("limit", r"$-f/T$", 0, float(-state.free_energy / T)), Point("x", "$x$", x, float(limit[0]))],
        [],
        about(theory, []),
        beside=[beside],
    )


def symmetric_moments(n: ArrayLike, T: float) -> Array:
    """Replica-symmetric ln E[Z^n]/(n N) of the Sherrington-Kirkpatrick model without field, shape of n.

    All n replicas have one overlap q: n plays the part of x in a single group, with q0 = 0. It is found by
    iteration of q = <t^2>_1.

    Examples
    --------
    >>> print(symmetric_moments(np.array([0.0, 1.0]), 0.7).round(9))
    [1.19239107 1.20335126]
    """
    values = []
    for k in np.asarray(n, dtype=float):
        if k == 0:
            values.append(float(-solve(SherringtonKirkpatrick(T=T)).free_energy / T))
            continue
        q, change = 1.0, 1.0
        while change > 1e-13:
            spin = broken_averages(0.0, 0.0, q, k / T, T)
            q, change = float(spin.spread), abs(float(spin.spread) - q)
        values.append((1 - 2 * q + (1 - k) * q * q) / (4 * T * T) + float(spin.log) / T)
    return np.array(values)


def _vertical(values: Sequence[float]) -> Axis:
    """An axis for ln E[Z^n]/(nN), with room for a legend."""
    low, high = min(values), max(values)
    return Axis(
        "phi",
        r"$\ln\,\mathrm{E}[Z^n]\,/\,(nN)$",
        limits=(low - 0.1 * (high - low), high + 0.25 * (high - low)),
    )
