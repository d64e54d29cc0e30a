"""Unlearning: capacity against the time of dreaming, and retrieval at finite temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import about, line_of, march, recorded, tag, turned
from phase_diagrams.diagram import Axis, LineKind, PhaseDiagram, Point
from replica.solving import critical
from replica.theories import Dreaming, PseudoInverse

__all__ = ["build"]


@recorded
def build(
    *, t_max: float = 100.0, times: Sequence[float] = (0.0, 0.1, 1.0, 10.0), points: int = 25
) -> PhaseDiagram:
    r"""Retrieval after a time t of dreaming [FAB19]_.

    Left: capacity at T = 0. It grows without bound, as T -> 0 comes first there. Right: where retrieval ends
    at finite temperature; after infinitely long dreaming (pseudo-inverse) at alpha = 1 as T -> 0.

    Parameters
    ----------
    t_max : float
        Longest time.
    times : sequence of float
        Of the lines on the right.
    points : int
        Points of each line.

    References
    ----------
    .. [FAB19] A. Fachechi, E. Agliari, A. Barra, Neural Netw. 112, 24 (2019).

    Examples
    --------
    >>> diagram = build(times=(1.0,), points=9)
    >>> print(f"{diagram.point('hopfield').y:.6f} {diagram.line('alpha_c').y[0]:.6f}")
    0.137906 0.140593
    """
    theory = Dreaming(alpha=0.1, t=1.0)
    t = np.geomspace(1e-2, t_max, points)
    start = critical(theory.at(t=float(t[0])))
    line = line_of("alpha_c", LineKind.SPINODAL, "t", march(theory, "spinodal", "t", "alpha", t, start))
    hopfield = critical(theory.at(t=0.0)).value
    left = PhaseDiagram(
        "dreaming",
        "$T = 0$",
        (
            Axis("t", "time of dreaming $t$", scale="log", limits=(float(t[0]), t_max)),
            Axis("alpha", r"largest load $\alpha_c$", limits=(0, 1.2)),
        ),
        [replace(line, label="retrieval ends")],
        [Point("hopfield", "Hopfield", float(t[0]), hopfield)],
        [],
        about(theory, ["t", "alpha"]),
    )
    lines = []
    for time in times:
        one = Dreaming(alpha=0.1, t=time, T=0.0)
        T = np.linspace(0, 0.98, points)
        found = march(one, "spinodal", "T", "alpha", T, critical(one))
        lines.append(turned(line_of(f"t = {time:g}", LineKind.SPINODAL, "T", found)))
    last = PseudoInverse(alpha=0.1, T=0.01)
    T = np.linspace(0.01, 0.98, points)
    found = march(last, "spinodal", "T", "alpha", T, critical(last))
    lines.append(turned(line_of("pseudo-inverse", LineKind.SPINODAL, "T", found)))
    # the first line has its name on the left; the last one, too: it is close to the one before
    names = [
        tag(line, f"${line.name}$", y=0.1 * i or 0.2, shift=(0.08 if i else -0.07, 0.02))
        for i, line in enumerate(lines[:-1])
    ]
    names.append(tag(lines[-1], r"$t \to \infty$", y=0.16, shift=(-0.1, -0.04)))
    right = PhaseDiagram(
        "dreaming-temperature",
        "Where retrieval ends",
        (
            Axis("alpha", r"load $\alpha = P/N$", limits=(0, 1)),
            Axis("T", "temperature $T$", limits=(0, 1)),
        ),
        lines,
        [],
        names,
        about(Dreaming(alpha=0.1, t=1.0), ["t", "alpha", "T"]),
    )
    return replace(left, beside=[right])
