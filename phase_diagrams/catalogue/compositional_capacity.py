"""Capacity of the random RBM at finite sparsity against the threshold, at T = 0."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Region
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import LocateError
from replica.theories import Compositional

__all__ = ["build"]


@recorded
def build(
    *,
    p: float = 0.1,
    g: float = -0.02,
    numbers: Sequence[int] = (1, 2, 5, 10, 15),
    theta_max: float = 0.4,
    alpha_max: float = 4.0,
    step: float = 0.02,
    executor: Executor | None = None,
) -> PhaseDiagram:
    r"""Largest load at which L hidden units can be strongly active, as in Fig. 3a of [TM17]_.

    The lines have the shape of those printed there, but not their values: the printed loads are larger
    by a factor of about 1.25 for L = 1, 2, 5, 1.04 for L = 10 and 1.5 to 1.6 for L = 15, nearly
    independent of the threshold, and no reading of the published equations that we tried explains all
    five. The numbers of strong units that survive in simulations at p = 0.1 support the lines shown here.
    Threshold and field are unscaled.

    Parameters
    ----------
    p : float
        Sparsity of the weights, 0 < p <= 1.
    g : float
        Field on the visible units, unscaled.
    numbers : sequence of int
        Numbers of strongly active hidden units.
    theta_max, alpha_max : float
        Edges of the diagram; the threshold is unscaled.
    step : float
        Largest step along a line, as a fraction of the diagram.
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> diagram = build(numbers=[5], theta_max=0.2)
    >>> print(f"{diagram.line('L=5').x[-1]:g} {diagram.line('L=5').y[-1]:.9f}")
    0.2 0.680942365
    """
    tracer = executor or Here()
    box: dict[str, Any] = {"xlim": (0, theta_max / p**0.5), "ylim": (0, alpha_max)}
    theories = {
        f"L={number}": Compositional.from_unscaled(alpha=1.0, theta=0.1, g=g, p=p, L=number)
        for number in numbers
    }
    traced = {name: tracer.submit(_line, theory, name, step=step, **box) for name, theory in theories.items()}
    lines, names = [], []
    for name, theory in theories.items():
        line = traced[name].result()
        if CONVERGED not in line.status:
            lines.append(line)
            continue
        errors = [(theory.unscaled("theta", a), b) for a, b in line.uncertainty]
        line = replace(line, x=[theory.unscaled("theta", x) for x in line.x], uncertainty=errors)
        heights = np.log(line.y)
        middle = int(np.argmin(np.abs(heights - (0.3 * heights[0] + 0.7 * heights[-1]))))
        lines.append(line)
        names.append(Region(name, f"${name}$", (line.x[middle], line.y[middle])))
    return PhaseDiagram(
        "compositional-capacity",
        rf"Spinodals of $L$ strong units, $p = {p:g}$, $g = {g:g}$",
        (
            Axis("theta", r"threshold $\theta$", limits=(0, theta_max)),
            Axis("alpha", r"load $\alpha = M/N$", scale="log", limits=(0.005, alpha_max)),
        ),
        lines,
        [],
        names,
        about(
            Compositional.from_unscaled(alpha=1.0, theta=0.1, g=g, p=p, L=1),
            ["alpha", "theta", "g", "L", "l"],
        ),
    )


def _line(theory: Compositional, name: str, **settings: Any) -> Line:
    """The spinodal, or a point that says why there is none: many hidden units at a strong field, say."""
    try:
        return boundary_line(theory, "spinodal", "theta", "alpha", name=name, **settings)
    except LocateError as error:
        return Line(name, LineKind.SPINODAL, [np.nan], [np.nan], [str(error)])
