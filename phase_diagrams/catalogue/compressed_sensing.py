"""How many measurements a sparse signal takes: by its norm, by message passing, and at least."""

from __future__ import annotations

import numpy as np

from phase_diagrams.catalogue._parts import about, chain, curve, line_of, recorded
from phase_diagrams.diagram import Axis, Line, LineKind, PhaseDiagram
from replica.solving import critical
from replica.theories import BasisPursuit, CompressedSensing
from replica.units import Unit
from replica.units.priors import GaussBernoulli, Laplace, NonNegative

__all__ = ["build"]

START = 0.1
"""Share of entries at which the line of message passing is looked for; it is followed from there."""


@recorded
def build(*, rho_max: float = 0.6, points: int = 21) -> PhaseDiagram:
    r"""Measurements per entry, against the share of entries that are not 0, without noise.

    From `laplace` on the signal is that of least L1 norm, and from `non-negative` on where its entries are
    known not to be negative [DT05]_; from `messages` on message passing that knows the prior, Gaussian
    entries among zeros, finds it [KMSSZ12]_. Below alpha = rho nothing does.

    Parameters
    ----------
    rho_max : float
        Largest share of entries that are not 0, between 0.1 and 1; the smallest is 0.02.
    points : int
        Points of a curve.

    References
    ----------
    .. [DT05] D. L. Donoho, J. Tanner, PNAS 102, 9446 (2005).
    .. [KMSSZ12] F. Krzakala, M. Mezard, F. Sausset, Y. F. Sun, L. Zdeborova, Phys. Rev. X 2, 021005 (2012).

    Examples
    --------
    >>> norm = build(points=3).line("laplace")
    >>> print(f"{norm.x[0]:g} {norm.y[0]:.6f}")
    0.02 0.104181
    """
    rho = np.linspace(0.02, rho_max, points)

    def least_norm(prior: Unit, label: str) -> Line:
        found = [critical(BasisPursuit(alpha=0.5, rho=float(one), prior=prior)) for one in rho]
        return line_of(prior.name, LineKind.CURVE, rho, found, label)

    theory = CompressedSensing(alpha=0.5, prior=GaussBernoulli(START))
    start, below = critical(theory), rho < START
    passed = [
        chain(lambda one: theory.at(prior=GaussBernoulli(one)), part, "spinodal", "alpha", start, START)
        for part in (rho[below][::-1], rho[~below])
    ]
    return PhaseDiagram(
        "compressed-sensing",
        "Measurements of a sparse signal",
        (
            Axis("rho", r"share of entries that are not 0, $\rho$", limits=(0.0, rho_max)),
            Axis("alpha", r"measurements per entry $\alpha$", limits=(0.0, 1.0)),
        ),
        [
            least_norm(Laplace(), "least $L_1$ norm"),
            least_norm(NonNegative(), "the same, of signals $\\geq 0$"),
            line_of("messages", LineKind.CURVE, rho, [*passed[0][::-1], *passed[1]], "message passing"),
            curve("recovery", [0.0, rho_max], [0.0, rho_max], r"at least, $\alpha = \rho$"),
        ],
        [],
        [],
        about(BasisPursuit(alpha=0.5), ["alpha", "rho", "prior"]),
    )
