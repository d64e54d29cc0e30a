"""Phases of the random RBM in the limit of sparse weights, at T = 0."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Region
from phase_diagrams.diagram.outline import outline
from phase_diagrams.mapping.automatic import automatic_diagram
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from replica.theories import Compositional
from replica.theory.boundaries import Kind

__all__ = ["build"]

LABELS = {
    "compositional-glass": "first order",
    "ferromagnet-glass": "first order",
    "ferromagnet-compositional": "continuous",
}
REGIONS = {
    "glass": ("glass", "spin glass", (0.6, -0.12)),
    "retrieval": ("compositional", "compositional\n$0 < \\ell{}^{*} < \\infty$", (2.0, -0.2)),
    "retrieval, l = 0": ("ferromagnetic", "ferromagnetic\n$\\ell{}^{*} \\to 0$", (1.6, -0.33)),
}
"""Regions of the left panel, by the state that they are: their names, and where these stand."""
SWITCH = -0.25
"""Field at which l* vanishes, exactly, at any load and positive threshold."""


@recorded
def build(
    *,
    alpha: float = 0.5,
    g: float = -0.21,
    theta_max: float = 2.5,
    g_min: float = -0.4,
    alpha_max: float = 2.0,
    step: float = 0.02,
    executor: Executor | None = None,
) -> PhaseDiagram:
    r"""Phases of the homogeneous random RBM as p -> 0 [TM17]_, replica symmetric.

    Every phase is the state of least energy at fixed field. In the compositional phase it has L = l*/p
    strongly active hidden units with 0 < l* < infinity. In the ferromagnetic phase the energy grows with l
    from the start: l* -> 0, a finite number L. In the spin glass there are none. The three phases meet in
    a triple point. All parameters are scaled: theta/sqrt(p), g/p.

    The compositional phase ends at g = 0, where l* diverges. The panels end at a threshold of 2.5: further
    out the lines go on, but are slow to follow, as the response C of the glass comes close to its pole
    at 1.

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
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> triple = build().point("triple")
    >>> print(f"{triple.x:.6f} {triple.y:.6f}")
    1.012038 -0.250000
    """
    tracer = executor or Here()
    loads = _loads(tracer, g, alpha_max, theta_max, step)
    left = panel(alpha, theta_max, g_min, step, tracer)
    return replace(left, beside=[_beside(loads.result(), g, alpha_max, theta_max)])


def panel(
    alpha: float, theta_max: float, g_min: float, step: float, executor: Executor | None = None
) -> PhaseDiagram:
    """The phases in the plane of threshold and field, at one load; see `build`."""
    theory = Compositional(alpha=alpha, theta=1.5, g=SWITCH)
    found = automatic_diagram(
        theory,
        "theta",
        "g",
        xlim=(0, theta_max),
        ylim=(g_min, 0),
        lines=list(LABELS),
        points=16,
        step=step,
        executor=executor,
    )
    lines = [replace(found.line(name), label=label) for name, label in LABELS.items()]
    meet = next(point for point in lines[0].points if point.kind is Kind.TRIPLE)
    return PhaseDiagram(
        "compositional",
        rf"Random RBM, $\alpha = {alpha:g}$",
        (
            Axis("theta", r"threshold $\tilde\theta = \theta/\sqrt{p}$", limits=(0, theta_max)),
            Axis("g", r"field $\tilde g = g/p$", limits=(g_min, 0)),
        ),
        lines,
        [replace(meet, name="triple")],
        [
            Region(name, label, at, found.region(state).polygon)
            for state, (name, label, at) in REGIONS.items()
            if state in {region.name for region in found.regions}
        ],
        about(theory, ["theta", "g"]),
    )


def _loads(tracer: Executor, g: float, alpha_max: float, theta_max: float, step: float) -> Future[Line]:
    """The line of the right panel."""
    theory = Compositional(alpha=0.5, theta=1.5, g=g, l=1.0)
    boundary = "compositional-glass" if g > SWITCH else "ferromagnet-glass"
    box: dict[str, Any] = {"xlim": (0, alpha_max), "ylim": (0, theta_max)}
    return tracer.submit(boundary_line, theory, boundary, "alpha", "theta", step=step, **box)


def _beside(line: Line, g: float, alpha_max: float, theta_max: float) -> PhaseDiagram:
    """Phases in the plane of load and threshold, at a fixed field."""
    theory = Compositional(alpha=0.5, theta=1.5, g=g, l=1.0)
    phase = "compositional" if g > SWITCH else "ferromagnetic"
    return PhaseDiagram(
        "compositional-loads",
        rf"Random RBM, $\tilde g = {g:g}$",
        (
            Axis("alpha", r"load $\alpha = M/N$", limits=(0, alpha_max)),
            Axis("theta", r"threshold $\tilde\theta = \theta/\sqrt{p}$", limits=(0, theta_max)),
        ),
        [line],
        [],
        [
            Region(
                "glass",
                "spin glass",
                (0.55 * alpha_max, 0.3 * theta_max),
                outline(line, [(alpha_max, 0), (0, 0)]),
            ),
            Region(
                phase,
                phase,
                (0.4 * alpha_max, 0.82 * theta_max),
                outline([(0, 0)], line, [(alpha_max, theta_max), (0, theta_max)]),
            ),
        ],
        about(theory, ["alpha", "theta", "l"]),
    )
