"""Learning from noisy examples: capacity and overlaps against the entropy of the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, line_of, march, recorded
from phase_diagrams.diagram import Axis, LineKind, PhaseDiagram, Point
from replica.solving import Stepping, critical, trace
from replica.theories import Archetypes, ArchetypesUnsupervised

__all__ = ["build"]


@recorded
def build(*, rho_max: float = 1.0, r: float = 0.5, rho: float = 0.1, points: int = 21) -> PhaseDiagram:
    r"""Archetypes known by examples, at T = 0: supervised and unsupervised [A3]_.

    Left: capacity against the entropy of the data rho = (1 - r^2)/(r^2 M). Supervised learning sees rho
    alone; unsupervised learning is shown for examples of quality r, as many as rho asks for. Right: overlaps
    with the archetype and with the mean example, up to where retrieval ends.

    Parameters
    ----------
    rho_max : float
        Largest entropy of the data.
    r : float
        Quality of the examples of unsupervised learning.
    rho : float
        Entropy of the data on the right.
    points : int
        Points of each line.

    References
    ----------
    .. [A3] F. Alemanno, M. Aquaro, I. Kanter, A. Barra, E. Agliari, EPL 141, 11001 (2023).

    Examples
    --------
    >>> diagram = build(points=5)
    >>> print(f"{diagram.beside[0].point('alpha_c').x:.9f}")
    0.071541297
    """
    theory = Archetypes(alpha=0.05, rho=0.0)
    values = np.linspace(0, rho_max, points)
    supervised = line_of(
        "supervised",
        LineKind.SPINODAL,
        "rho",
        march(theory, "spinodal", "rho", "alpha", values, critical(theory)),
        "supervised",
    )
    scale = (1 - r**2) / r**2
    counts = sorted({max(1, round(scale / one)) for one in values[1:]}, reverse=True)
    found = [critical(ArchetypesUnsupervised(alpha=0.05, r=r, M=M)) for M in counts]
    unsupervised = line_of(
        "unsupervised", LineKind.STABILITY, [scale / M for M in counts], found, f"unsupervised, $r = {r:g}$"
    )
    left = PhaseDiagram(
        "archetypes",
        "Capacity at $T = 0$",
        (
            Axis("rho", r"entropy of the data $\rho$", limits=(0, rho_max)),
            Axis("alpha", r"largest load $\alpha_c$", limits=(0, 0.15)),
        ),
        [supervised, replace(unsupervised, kind=LineKind.SPINODAL)],
        [],
        [],
        about(theory, ["rho", "alpha"]),
    )
    one = theory.at(rho=rho)
    fold = critical(one)
    branch = trace(
        one.at(alpha=1e-3),
        "alpha",
        0.15,
        branch="retrieval",
        through_folds=True,
        settings=Stepping(largest=0.02),
    )
    turn = branch.folds[0]
    alpha, x = branch.values[:turn], branch.x[:, :turn]
    m = one.at(alpha=alpha).derived(x)["m"]
    at = fold.order
    right = PhaseDiagram(
        "archetypes-overlaps",
        rf"Overlaps at $\rho = {rho:g}$, $T = 0$",
        (
            Axis("alpha", r"load $\alpha$", limits=(0, 1.15 * fold.value)),
            Axis("overlap", "overlap", limits=(0.85, 1)),
        ),
        [
            curve("m", [*alpha, fold.value], [*m, float(at["m"])], "archetype $m$"),
            curve("n", [*alpha, fold.value], [*x[0], float(at["n"])], "mean example $n$"),
        ],
        [Point("alpha_c", r"$\alpha_c$", fold.value, float(at["m"]))],
        [],
        about(one, ["alpha"]),
    )
    return replace(left, beside=[right])
