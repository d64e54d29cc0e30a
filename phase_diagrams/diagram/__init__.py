"""A phase diagram is data: axes, lines, points and regions, with where they came from.

Nothing here computes or draws. Every part is frozen and checks itself when it is made, so a diagram
that exists can be drawn and stored; ``to_json`` and ``from_json`` are inverse to each other.
"""

from phase_diagrams.diagram.checks import DiagramError
from phase_diagrams.diagram.parts import (
    CONVERGED,
    Axis,
    HeatMap,
    Images,
    Inset,
    Line,
    LineKind,
    Point,
    Region,
)
from phase_diagrams.diagram.whole import FORMAT, PhaseDiagram

__all__ = [
    "CONVERGED",
    "FORMAT",
    "Axis",
    "DiagramError",
    "HeatMap",
    "Images",
    "Inset",
    "Line",
    "LineKind",
    "PhaseDiagram",
    "Point",
    "Region",
]
