"""Neurons of Q states: capacity against Q, and phases in load and temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, line_of, march, recorded, turned
from phase_diagrams.diagram import Axis, LineKind, PhaseDiagram, Point
from replica.solving import critical
from replica.theories import PottsHopfield

__all__ = ["build"]


@recorded
def build(*, states: Sequence[int] = (2, 3, 4, 5, 6, 8, 10), Q: int = 3, points: int = 13) -> PhaseDiagram:
    r"""Hopfield network of Potts neurons, replica symmetric [K88]_.

    Left: capacity at T = 0 beside 0.138 Q (Q - 1)/2, a fit. Right: where retrieval ends, and where the
    paramagnet freezes.

    Parameters
    ----------
    states : sequence of int
        Numbers of states on the left.
    Q : int
        Number of states on the right.
    points : int
        Temperatures at which the end of retrieval is located.

    References
    ----------
    .. [K88] I. Kanter, Phys. Rev. A 37, 2739 (1988).

    Examples
    --------
    >>> print(f"{build(states=(2, 3), points=2).point('Q = 3').y:.9f}")
    0.414412440
    """
    found = [critical(PottsHopfield(alpha=0.1, Q=one)).value for one in states]
    fit = np.geomspace(states[0], states[-1], 60)
    left = PhaseDiagram(
        "potts-hopfield",
        "$T = 0$",
        (
            Axis("Q", "states $Q$", limits=(states[0] - 0.5, states[-1] + 0.5)),
            Axis("alpha", r"largest load $\alpha_c$", scale="log", limits=(0.08, 1.6 * found[-1])),
        ),
        [curve("fit", fit, 0.138 * fit * (fit - 1) / 2, "$0.138\\,Q(Q-1)/2$")],
        [Point(f"Q = {one}", "", one, value) for one, value in zip(states, found, strict=True)],
        [],
        about(PottsHopfield(alpha=0.1), ["alpha", "Q"]),
    )
    theory = PottsHopfield(alpha=0.1, Q=Q)
    start = critical(theory)
    ends = march(theory, "spinodal", "T", "alpha", np.linspace(0, 0.96 * (Q - 1), points), start)
    spinodal = replace(turned(line_of("spinodal", LineKind.SPINODAL, "T", ends)), label="retrieval ends")
    alpha = 1.15 * start.value * np.linspace(0, 1, 80) ** 2
    glass = curve("glass", alpha, Q - 1 + np.sqrt(alpha * (Q - 1)))
    right = PhaseDiagram(
        "potts-hopfield-temperature",
        f"$Q = {Q}$",
        (
            Axis("alpha", r"load $\alpha = P/N$", limits=(0, float(alpha[-1]))),
            Axis("T", "temperature $T$", limits=(0, 1.6 * (Q - 1))),
        ),
        [spinodal, replace(glass, kind=LineKind.CONTINUOUS, label="spin glass sets in")],
        [Point("alpha_c", r"$\alpha_c$", start.value, 0)],
        [],
        about(theory, ["alpha", "T"]),
    )
    return replace(left, beside=[right])
