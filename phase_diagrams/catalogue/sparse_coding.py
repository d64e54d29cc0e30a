"""Capacity of sparse coding at T = 0: against the threshold, and at the best one against the activity."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Region
from phase_diagrams.diagram.outline import outline
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from replica.theories import SparseCoding

__all__ = ["build"]

THRESHOLDS, ACTIVITIES, LOADS = (-1.0, -0.3), (0.065, 0.5), (0.0, 0.8)


@recorded
def build(*, a: float = 0.1, step: float = 0.05, executor: Executor | None = None) -> PhaseDiagram:
    """Capacity of a network of {0, 1} neurons with patterns of activity a [TF88]_.

    The top of the left curve, where the threshold -g is the best one, is a point of the right curve. Below
    a = 0.061, where the right panel begins, the left curve turns back in a cusp before it is level.

    Parameters
    ----------
    a : float
        Activity of the left panel, at least 0.065.
    step : float
        Largest step along a line, as a fraction of its panel.
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.

    References
    ----------
    .. [TF88] M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988).

    Examples
    --------
    >>> top = max(build().line("spinodal").points, key=lambda point: point.y)
    >>> print(f"{top.x:.6f} {top.y:.6f}")
    -0.778820 0.440967
    """
    theory = SparseCoding(alpha=0.1, a=a)
    tracer = executor or Here()
    known: dict[str, Any] = {"ylim": LOADS, "step": step}
    threshold, activity = (
        tracer.submit(boundary_line, theory, boundary, x, "alpha", xlim=xlim, label=label, **known)
        for boundary, x, xlim, label in (
            ("spinodal", "g", THRESHOLDS, "end of retrieval"),
            ("best-threshold", "a", ACTIVITIES, "best threshold"),
        )
    )
    load = Axis("alpha", r"load $\alpha = P/N$", limits=LOADS)
    fields = Axis("g", "field on the neurons $g$", limits=THRESHOLDS)
    shares = Axis("a", "activity of the patterns $a$", limits=ACTIVITIES)
    left, right = threshold.result(), activity.result()
    beside = PhaseDiagram(
        "sparse-coding-best",
        "The best threshold",
        (shares, load),
        [right],
        [],
        _regions(right, (0.15, 0.2)),
        about(theory, ["a", "alpha", "g"]),
    )
    title = rf"Sparse coding, $a = {a:g}$, $T = 0$"
    return PhaseDiagram(
        "sparse-coding",
        title,
        (fields, load),
        [left],
        [],
        _regions(left, (-0.5, 0.1)),
        about(theory, ["g", "alpha"]),
        beside=[beside],
    )


def _regions(line: Line, at: tuple[float, float]) -> list[Region]:
    """Below the line patterns are retrieved."""
    ends = sorted((line.x[0], line.x[-1]), reverse=line.x[0] < line.x[-1])
    return [Region("retrieval", "retrieval", at, outline(line, [(end, LOADS[0]) for end in ends]))]
