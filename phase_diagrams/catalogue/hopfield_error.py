"""Fraction of errors in a retrieved pattern against load: Hopfield network at T = 0."""

from __future__ import annotations

import numpy as np
from scipy.special import erfc

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.solving import Stepping, critical, trace
from replica.theories import Hopfield
from replica.typing import Number

__all__ = ["build"]


@recorded
def build(*, alpha_min: float = 0.02, step: float = 0.02) -> PhaseDiagram:
    r"""Fraction (1 - m)/2 of wrong neurons in the retrieved state at T = 0 [AGS85]_.

    The branch folds at alpha_c, where 1.6 % of the neurons are wrong; the states behind the fold are
    unstable. Beyond alpha_c nothing is retrieved, and half of the neurons are wrong: the errors jump. At
    T = 0 the overlap is m = erf(y) with y = m/sqrt(2 alpha r), and (1 - m)/2 is computed as erfc(y)/2,
    without cancellation.

    Parameters
    ----------
    alpha_min : float
        Load at which the curves begin, below alpha_c.
    step : float
        Largest step along the branch.

    References
    ----------
    .. [AGS85] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).

    Examples
    --------
    >>> print(f"{build().point('alpha_c').y:.6f}")
    0.016291
    """
    theory = Hopfield(alpha=alpha_min, T=0.0)

    def errors(at: Hopfield, x: Number) -> Number:
        return erfc(x[0] / np.sqrt(2 * at.crosstalk(x))) / 2

    fold = critical(theory)
    worst = float(errors(theory.at(alpha=fold.value), fold.x))
    settings = Stepping(largest=step)
    branch = trace(theory, "alpha", 0.15, branch="retrieval", through_folds=True, settings=settings)
    alpha, y, turn = branch.values, errors(theory.at(alpha=branch.values), branch.x), branch.folds[0]
    return PhaseDiagram(
        "hopfield-error",
        "Errors of retrieval at $T = 0$",
        (
            Axis("alpha", r"load $\alpha = P/N$", limits=(alpha_min, 0.17)),
            Axis("errors", "fraction of errors $(1-m)/2$", scale="log", limits=(1e-10, 1)),
        ),
        [
            curve("retrieval", [*alpha[:turn], fold.value], [*y[:turn], worst], "retrieval"),
            curve("unstable", [fold.value, *alpha[turn:]], [worst, *y[turn:]], "unstable"),
            curve("jump", [fold.value, fold.value, 0.17], [worst, 0.5, 0.5], "after the jump: $m = 0$"),
        ],
        [Point("alpha_c", rf"$\alpha_c$, {100 * worst:.1f} %", fold.value, worst)],
        [],
        about(theory, ["alpha"]),
    )
