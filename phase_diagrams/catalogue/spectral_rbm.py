"""Phase diagram of the RBM with a spectrum of modes and noise, for several laws of its components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import ParameterError
from replica.theories import SpectralRBM

__all__ = ["build", "panel"]

LABELS = {
    "paramagnet-glass": "P-SG",
    "paramagnet-ferromagnet": "P-F",
    "ferromagnet-glass": "F-SG (RS)",
    "stability": "AT, replicon",
}
TRIPLE = (1.0, 1.0)
"""Where paramagnet, glass and ferromagnet meet: T = w = sigma, for every law and every aspect ratio."""


@recorded
def build(
    *,
    laws: Sequence[str] = ("rademacher", "gaussian", "laplace"),
    p: float | None = None,
    kappa: float = 1.0,
    step: float = 0.02,
) -> PhaseDiagram:
    r"""Phases of an RBM with one mode and noise, one panel per law of the components [DFF18]_.

    The axes are those of the paper, 1/sigma and w/sigma at T = 1; in the theory they are T and w in units of
    sigma. Paramagnet, spin glass and ferromagnet are bounded by the same lines for every law; the law decides
    where the ferromagnet loses replica symmetry. The line between ferromagnet and glass is that of the
    replica-symmetric equations, in a region where replica symmetry is broken; it is expected to move to
    w/sigma = 1 if it were broken in full, as in the SK model.

    Parameters
    ----------
    laws : sequence of str
        Laws of the components, one panel each.
    p : float, optional
        Probability that a component is not zero, for the law bernoulli.
    kappa : float
        Hidden units per visible unit.
    step : float
        Largest step along a line, as a fraction of the plane.

    References
    ----------
    .. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.point('T = 0').y:.9f}")
    1.253314137
    """
    if not laws:
        msg = "laws: give at least one law of the components, such as gaussian"
        raise ParameterError(msg)
    panels = [panel(law, p if law == "bernoulli" else None, kappa, step=step) for law in laws]
    # one legend serves all panels: their lines are the same
    others = [replace(one, lines=[replace(line, label="") for line in one.lines]) for one in panels[1:]]
    model = {"model": panels[0].provenance["model"]}
    return replace(panels[0], provenance=model, beside=others)


@recorded
def panel(
    law: str,
    p: float | None = None,
    kappa: float = 1.0,
    *,
    T_max: float = 2.0,
    w_max: float = 3.0,
    step: float = 0.02,
) -> PhaseDiagram:
    """One panel: the plane of 1/sigma and w/sigma for one law.

    Parameters
    ----------
    law, p, kappa
        As for `SpectralRBM`.
    T_max, w_max : float
        Ends of the axes, both above 1.3.
    step : float
        Largest step along a line, as a fraction of the plane.

    Examples
    --------
    >>> [line.name for line in panel("rademacher", step=0.05).lines]
    ['paramagnet-glass', 'paramagnet-ferromagnet', 'ferromagnet-glass', 'stability']
    """
    if min(T_max, w_max) < 1.3:
        msg = f"the axes end above 1.3, to show where the phases meet; not at {T_max:g} and {w_max:g}"
        raise ParameterError(msg)
    theory = SpectralRBM(w=1.0, law=law, p=p, kappa=kappa)

    def line(name: str, T: tuple[float, float], w: tuple[float, float]) -> Line:
        found = boundary_line(
            theory, name, "T", "w", xlim=T, ylim=w, name=name, label=LABELS[name], step=step
        )
        return join([TRIPLE], found)

    P_SG = line("paramagnet-glass", (0, T_max), (0, 1))
    P_F = line("paramagnet-ferromagnet", (1, T_max), (1, w_max))
    F_SG = line("ferromagnet-glass", (0, 1), (0, w_max))
    AT = line("stability", (0, 1), (1, w_max))
    edge = T_max, min(T_max, w_max)  # where P_F leaves the plane, if on the right
    cold = min(F_SG.x, default=0.0), max(F_SG.y)
    corner = [] if edge[1] == w_max else [(T_max, w_max)]
    height = cold[1] + 0.045 * w_max
    return PhaseDiagram(
        "spectral-rbm",
        f"{law.capitalize()} components{'' if p is None else f', $p = {p:g}$'}",
        (
            Axis("T", r"inverse noise $1/\sigma$", limits=(0, T_max)),
            Axis("w", r"strength of the mode $w/\sigma$", limits=(0, w_max)),
        ),
        [P_SG, P_F, F_SG, AT],
        [Point("triple", "", *TRIPLE), Point("T = 0", "", *cold)],
        [
            Region("paramagnet", "paramagnet", (0.75 * T_max, 0.4), outline(P_SG, P_F, [(T_max, 0)])),
            Region("spin glass", "spin glass", (0.45, 0.5), outline([(0, 0), (1, 0)], P_SG, F_SG)),
            Region("ferromagnet", "ferromagnet", (0.9, 0.75 * w_max), outline(AT, P_F, corner)),
            Region("broken", "F, RSB", (0.5 * _nearest(AT, height), height), outline(F_SG, AT, [(0, w_max)])),
        ],
        about(theory, ["T", "w"]),
    )


def _nearest(line: Line, y: float) -> float:
    """Horizontal position of a line at a height: of the point that is nearest to it."""
    return min((abs(b - y), a) for a, b in zip(line.x, line.y, strict=True) if a == a)[1]
