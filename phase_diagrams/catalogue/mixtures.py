"""Symmetric mixtures of n patterns in the Hopfield network with few patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from phase_diagrams.diagram.outline import join
from replica.errors import ParameterError
from replica.solving import critical, solve
from replica.theories import Mixtures

__all__ = ["build"]


@recorded
def build(*, numbers: Sequence[int] = (1, 3, 5, 7, 9), largest: int = 15, points: int = 81) -> PhaseDiagram:
    r"""Overlap, energy and stability of the symmetric mixtures of n patterns at alpha = 0 [AGS85a]_.

    Mixtures of an odd number of patterns are locally stable below a temperature ``T_n``; those of an
    even number are saddle points at every temperature and are left out. The left panel follows the
    overlap with each of the n patterns up to ``T_n``; the right one shows ``T_n`` and the energy at
    T = 0, which tends to -1/pi: the lines there only guide the eye. Pure retrieval, n = 1, has T_1 = 1,
    where its overlap vanishes.

    Parameters
    ----------
    numbers : sequence of odd int
        Numbers of patterns in the left panel.
    largest : int
        Largest number of patterns in the right panel.
    points : int
        Number of points of each curve on the left.

    References
    ----------
    .. [AGS85a] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 32, 1007 (1985).

    Examples
    --------
    >>> print(f"{build().point('T_3').x:.6f}")
    0.459794
    """
    if any(n % 2 == 0 for n in numbers):
        msg = f"only mixtures of an odd number of patterns become stable; numbers cannot be {tuple(numbers)}"
        raise ParameterError(msg)
    odd = sorted({*numbers, *range(1, largest + 1, 2)})
    ends = {n: _end(n) for n in odd}
    energies = {n: float(solve(Mixtures(n=n, T=0.0)).energy) for n in odd}
    lines, marks = [], []
    for n in numbers:
        T, m = ends[n]
        batch = solve(Mixtures(n=n, T=T * (1 - np.linspace(1, 0, points)[:-1] ** 2)), "mixture")
        below = curve(f"n={n}", batch.theory.values["T"], batch["m"], of=batch)
        lines.append(join(below, [ends[n]]))
        marks.append(Point(f"T_{n}", f"$n = {n}$", T, m))
    shown = [n for n in odd if n <= largest]
    right = PhaseDiagram(
        "mixtures-numbers",
        "Stability and energy",
        (
            Axis("n", "number of mixed patterns $n$", limits=(0, largest + 1)),
            Axis("energy", "temperature, energy (units of $J$)", limits=(0, 1.1)),
        ),
        [
            curve("T_n", shown, [ends[n][0] for n in shown], "$T_n$"),
            curve("-E_n", shown, [-energies[n] for n in shown], "$-E_n$ at $T = 0$"),
            curve("limit", [0, largest + 1], [1 / np.pi, 1 / np.pi], r"$1/\pi$"),
        ],
        [Point(f"T_{n}", "", n, ends[n][0]) for n in shown]
        + [Point(f"-E_{n}", "", n, -energies[n]) for n in shown],
        [],
        {},
    )
    return PhaseDiagram(
        "mixtures",
        r"Mixtures of $n$ patterns, $\alpha = 0$",
        (
            Axis("T", "temperature $T/J$", limits=(0, 1.05)),
            Axis("m", "overlap $m$ with each pattern", limits=(0, 1.05)),
        ),
        lines,
        marks,
        [],
        about(Mixtures(n=3, T=0.0), ["n", "T"]),
        beside=[right],
    )


def _end(n: int) -> tuple[float, float]:
    """Temperature up to which the n-mixture is stable, and its overlap there."""
    if n == 1:  # the pure state has no other state to decay to: it ends at T = 1, where m vanishes
        return 1.0, 0.0
    point = critical(Mixtures(n=n))
    return point.value, float(point.order["m"])
