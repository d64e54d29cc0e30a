"""Phases of the random RBM in the limit of sparse weights, at T = 0."""

from __future__ import annotations

from typing import Any

from phase_diagrams.catalogue._parts import provenance
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point, Region
from phase_diagrams.lines import boundary_line
from phase_diagrams.regions import join, outline
from replica.solving import locate
from replica.theories import Compositional

__all__ = ["build"]

LABELS = {
    "compositional-glass": "first order, compositional\N{EN DASH}glass",
    "ferromagnet-glass": "first order, ferromagnet\N{EN DASH}glass",
    "ferromagnet-compositional": r"continuous, $\ell^* \to 0$",
}
SWITCH = -0.25
"""Field at which l* vanishes, exactly, for any load and any positive threshold [random_rbm, section 4]."""


def build(
    *,
    alpha: float = 0.5,
    g: float = -0.21,
    theta_max: float = 2.5,
    g_min: float = -0.4,
    alpha_max: float = 2.0,
    step: float = 0.02,
) -> PhaseDiagram:
    r"""Phases of the homogeneous random RBM as p -> 0 [TM17]_, replica symmetric.

    Every phase is the state of least energy at fixed field. In the compositional phase it has l* = p L*
    strong hidden units, 0 < l* < infinity; in the ferromagnetic phase l* -> 0, so that their number L is finite;
    in the spin glass there are none. The three meet in a triple point. All parameters are scaled:
    theta/sqrt(p), g/p. As g -> 0 the number l* grows without bound and no compositional phase is left
    at g >= 0; thresholds above 2.5 are left out, where the glass is so weak that its energy is lost in
    rounding.

    Parameters
    ----------
    alpha : float
        Load of the left panel.
    g : float
        Field of the right panel, negative.
    theta_max, g_min, alpha_max : float
        Edges of the panels.
    step : float
        Largest step along a line, as a fraction of its panel.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> triple = build(step=0.05).point("triple")
    >>> print(f"{triple.x:.6f} {triple.y}")
    1.012038 -0.25
    """
    theory = Compositional(alpha=alpha, theta=1.5, g=SWITCH, l=1.0)
    triple = (locate(theory, "ferromagnet-glass", "theta").value, SWITCH)

    def line(boundary: str, **box: Any) -> Line:
        label = LABELS[boundary]
        return boundary_line(theory, boundary, "theta", "g", label=label, step=step, **box)

    # Each line is a boundary of stable phases on one side of the triple point only.
    beyond = (triple[0], theta_max)
    fg = join(line("ferromagnet-glass", xlim=(0, theta_max), ylim=(g_min, SWITCH)), [triple])
    fc = join([triple], line("ferromagnet-compositional", xlim=beyond, ylim=(g_min, 0)))
    cg = join([triple], line("compositional-glass", xlim=beyond, ylim=(SWITCH, 0)))
    left = PhaseDiagram(
        "compositional",
        rf"Random RBM, $\alpha = {alpha:g}$",
        (
            Axis("theta", r"threshold $\tilde\theta = \theta/\sqrt{p}$", limits=(0, theta_max)),
            Axis("g", r"field $\tilde g = g/p$", limits=(g_min, 0)),
        ),
        [cg, fg, fc],
        [Point("triple", "triple point", *triple)],
        [
            Region("glass", "spin glass", (0.9, -0.1), outline([(0, g_min), (0, 0), (theta_max, 0)], cg, fg)),
            Region("compositional", "compositional", (2.0, -0.2), outline(cg, fc)),
            Region("ferromagnet", "ferromagnetic", (1.6, -0.33), outline(fg, fc, [(theta_max, g_min)])),
        ],
        provenance(
            theory,
            ["theta", "g", "l"],
        ),
    )
    return left
