"""Hopfield network in the plane of load and temperature, replica symmetric."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any, TypeAlias

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import Axis, Inset, Line, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import ParameterError
from replica.solving import locate
from replica.theories import Hopfield
from replica.theory.boundaries import Kind

__all__ = ["build"]

Box: TypeAlias = tuple[float, float]

LABELS = {
    "T_g": "$T_g$ continuous",
    "T_M": "$T_M$ spinodal",
    "T_c": "$T_c$ first order",
    "T_R": "$T_R$ replicon",
}


@recorded
def build(*, alpha_max: float = 0.16, step: float = 0.02, executor: Executor | None = None) -> PhaseDiagram:
    r"""Phase diagram of the Hopfield network, with its four lines [AGS85]_.

    ``T_g`` where the paramagnet freezes to a spin glass; ``T_M`` below which there are retrieval
    states; ``T_c`` below which they have the lowest free energy; ``T_R`` below which replica symmetry
    fails in them. ``T_M`` and ``T_c`` are re-entrant, an artefact of replica symmetry, whose entropy is
    negative at low temperature. The inset magnifies the corner where ``T_R`` ends on ``T_M``.

    Parameters
    ----------
    alpha_max : float
        Right edge of the diagram, at least 0.14.
    step : float
        Largest step along a line, as a fraction of the plane.
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.

    References
    ----------
    .. [AGS85] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.point('alpha_c').x:.12f}")
    0.137905566495
    """
    if alpha_max < 0.14:
        msg = f"alpha_max is at least 0.14, to show the end of retrieval at 0.138; it cannot be {alpha_max:g}"
        raise ParameterError(msg)
    theory = Hopfield(alpha=0.1)
    T_max = 1.1 * (1 + alpha_max**0.5)

    def line(
        boundary: str, name: str, *, xlim: Box = (0, alpha_max), ylim: Box = (0, T_max), step: float = step
    ) -> Future[Line]:
        settings: dict[str, Any] = {
            "xlim": xlim,
            "ylim": ylim,
            "name": name,
            "label": LABELS[name],
            "step": step,
        }
        return (executor or Here()).submit(boundary_line, theory, boundary, "alpha", "T", **settings)

    # The re-entrant corner is traced on its own: in a smaller box the steps are smaller.
    corner_x, corner_y = (0.12, 0.14), (0, 0.1)
    glass, first_order = line("glass", "T_g"), line("first-order", "T_c")
    spinodal = (
        line("spinodal", "T_M", ylim=(corner_y[1], T_max)),
        line("spinodal", "T_M", xlim=corner_x, ylim=corner_y),
    )
    replicon = (
        line("stability", "T_R", xlim=(0, corner_x[0]), step=2 * step),  # T_R is traced in log T
        line("stability", "T_R", xlim=corner_x, ylim=corner_y, step=step / 4),
    )
    # In the limit alpha -> 0 the network orders at T = 1: T_g, T_M and T_c meet there, exactly.
    T_g = join([(0, 1)], glass.result())
    T_M = join([(0, 1)], *(part.result() for part in spinodal))
    T_c = join([(0, 1)], first_order.result())
    T_R = join(*(part.result() for part in replicon))
    highest = next(point for point in T_M.points if point.kind is Kind.TIP)
    return PhaseDiagram(
        "hopfield",
        "Hopfield network",
        (
            Axis("alpha", r"load $\alpha = P/N$", limits=(0, alpha_max)),
            Axis("T", r"temperature $T/J$", limits=(0, T_max)),
        ),
        [T_g, T_M, T_c, T_R],
        [
            Point("alpha_c", r"$\alpha_c$", locate(theory, "spinodal", "alpha").value, 0),
            Point("alpha_1", r"$\alpha_1$", locate(theory, "first-order", "alpha").value, 0),
            replace(highest, name="alpha_max", label=r"$\alpha_{\max}$"),
        ],
        [
            Region(
                "paramagnet", "paramagnet", (0.035, 1.36), outline([(0, T_max)], T_g, [(alpha_max, T_max)])
            ),
            Region("spin glass", "spin glass", (0.035, 0.95), outline(T_g, [(alpha_max, 0)], T_M)),
            Region("metastable", "retrieval\n(metastable)", (0.073, 0.2), outline(T_M, T_c)),
            Region("retrieval", "retrieval\n(stable)", (0.02, 0.2), outline(T_c, [(0, 0)])),
        ],
        about(theory, ["alpha", "T"]),
        insets=[Inset((0.55, 0.42, 0.4, 0.36), xlim=(0.132, 0.139), ylim=(0, 0.08))],
    )
