"""Random energy model: condensation, beside finite systems that were enumerated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, bars, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.machines.inference.enumeration import sample
from replica.solving import critical, solve
from replica.theories import RandomEnergy

__all__ = ["build"]


@recorded
def build(
    *, sizes: Sequence[int] = (8, 14), samples: int = 200, seed: int = 1, points: int = 61
) -> PhaseDiagram:
    r"""Free energy and participation ratio of the random energy model [D81]_.

    Full lines are the exact solution at N -> infinity; broken ones with error bars are means over samples
    of 2^N energies. Above T_c exponentially many configurations count; below, the entropy is zero and a
    few configurations carry the weight: Y = 1 - T/T_c.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of spins that are enumerated.
    samples : int
        Samples of the disorder for each size.
    seed : int
        Of the samples.
    points : int
        Number of points of each exact curve.

    References
    ----------
    .. [D81] B. Derrida, Phys. Rev. B 24, 2613 (1981).

    Examples
    --------
    >>> print(f"{build().point('T_c').x:.9f}")
    0.600561204
    """
    end = critical(RandomEnergy(T=0.5))
    T_c, lowest = end.value, float(end.theory.free_energy(end.x))
    cold, warm = np.linspace(0, T_c, points)[:-1], np.linspace(T_c, 1.2, points)
    frozen, free = solve(RandomEnergy(T=cold)), solve(RandomEnergy(T=warm), "paramagnet")
    T = np.append(cold, warm)
    f, Y = (np.append(a, b) for a, b in ((frozen.free_energy, free.free_energy), (frozen["Y"], free["Y"])))
    measured = np.linspace(0.1, 1.2, 12)
    energy = [curve("exact", T, f, r"$N\to\infty$")]
    weight = [curve("exact", T, np.abs(Y), r"$N\to\infty$")]
    for N in sizes:
        few = sample("random-energy", N, measured, samples=samples, seed=seed)
        for lines, values in ((energy, few.free_energy), (weight, few.participation)):
            error = np.std(values, axis=0, ddof=1) / np.sqrt(samples)
            lines += bars(f"N={N}", measured, np.mean(values, axis=0), error, f"$N = {N}$")
    right = PhaseDiagram(
        "random-energy-participation",
        "Condensation of the weight",
        (
            Axis("T", "temperature $T/J$", limits=(0, 1.2)),
            Axis("Y", r"weight $Y = \Sigma_i\,w_i^2$", limits=(0, 1)),
        ),
        weight,
        [Point("T_c", "$T_c$", T_c, 0)],
        [],
        {},
    )
    return PhaseDiagram(
        "random-energy",
        "Random energy model",
        (
            Axis("T", "temperature $T/J$", limits=(0, 1.2)),
            Axis("f", "free energy $f/J$", limits=(-1.1, -0.7)),
        ),
        energy,
        [Point("T_c", "$T_c$", T_c, lowest)],
        [],
        about(end.theory, ["T"]),
        beside=[right],
    )
