r"""The saddle-point equation of the Hopfield network at T = 0 as two curves that cross."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.special import erf

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.solving import critical
from replica.theories import Hopfield
from replica.typing import Number

__all__ = ["build"]


@recorded
def build(*, loads: Sequence[float] | None = None, y_max: float = 3.0, points: int = 121) -> PhaseDiagram:
    r"""Graphical solution of erf(y) = y (sqrt(2 alpha) + (2/sqrt pi) exp(-y^2)) [AGS85]_.

    At T = 0 the saddle-point equations reduce to this one, with y = m/sqrt(2 alpha r) and m = erf(y).
    Below alpha_c the curves cross twice away from y = 0: the outer crossing is the retrieval state,
    the inner one is unstable. At alpha_c they touch; above, only the spin glass at y = 0 is left.

    Parameters
    ----------
    loads : sequence of float, optional
        By default one below, at and above alpha_c.
    y_max : float
        Right edge.
    points : int
        Number of points of each curve.

    References
    ----------
    .. [AGS85] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).

    Examples
    --------
    >>> [point.name for point in build().points]
    ['spin glass', 'touching', 'unstable at 0.08', 'retrieval at 0.08']
    """
    theory = Hopfield(alpha=0.1, T=0.0)
    fold = critical(theory)
    y_c = float(fold.x[0] / np.sqrt(2 * theory.at(alpha=fold.value).crosstalk(fold.x)))
    loads = [0.08, fold.value, 0.22] if loads is None else list(loads)
    y = np.linspace(0.0, y_max, points)

    def right(y: Number, alpha: float) -> Number:
        return y * (np.sqrt(2 * alpha) + 2 / np.sqrt(np.pi) * np.exp(-(y**2)))

    lines = [curve("erf", y, erf(y), r"$\mathrm{erf}(y)$")]
    marks = [Point("spin glass", "spin glass", 0, 0), Point("touching", r"$\alpha_c$", y_c, float(erf(y_c)))]
    for alpha in loads:
        symbol = r"\alpha_c" if alpha == fold.value else r"\alpha"
        lines.append(curve(f"alpha={alpha:.6g}", y, right(y, alpha), rf"${symbol} = {alpha:.3g}$"))
    for alpha in (load for load in loads if load < fold.value):

        def distance(y: float, alpha: float = alpha) -> float:
            return float(erf(y) - right(y, alpha))

        ends = {"unstable": (1e-3, y_c), "retrieval": (y_c, 2 / np.sqrt(2 * alpha))}
        for name, bracket in ends.items():
            crossing = brentq(distance, *bracket, xtol=1e-14)
            marks.append(Point(f"{name} at {alpha:.6g}", name, crossing, float(erf(crossing))))
    return PhaseDiagram(
        "hopfield-graphical",
        "Graphical solution at $T = 0$",
        (
            Axis("y", r"$y = m/\sqrt{2\alpha r}$", limits=(0, y_max)),
            Axis(
                "m",
                r"$m = \mathrm{erf}(y)$  and  $y\,(\sqrt{2\alpha} + 2e^{-y^2}\!/\sqrt{\pi})$",
                limits=(0, 1.5),
            ),
        ),
        lines,
        marks,
        [],
        about(theory, ["alpha"]) | {"settings": {"loads": loads}},
    )
