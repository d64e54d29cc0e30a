"""Phase diagrams as figures for a journal. The only room that imports matplotlib.

One house style: the dash pattern of a boundary says what it means, that of a thin curve tells it from
the others, so the figure survives black-and-white print; every line has a colour of its own, chosen so
that colour-blind readers can tell them apart; the fills of the regions differ in grey. Nothing is
computed here: what a diagram holds is drawn, with its gaps.
"""

from phase_diagrams.draw.figures import draw, figure, mosaic, save_figure, svg
from phase_diagrams.draw.style import (
    CURVES,
    FILLS,
    HEAT,
    PALETTE,
    PANEL,
    PHASES,
    RC,
    STYLE,
    STYLES,
    check_style,
    phase_of,
)

__all__ = [
    "CURVES",
    "FILLS",
    "HEAT",
    "PALETTE",
    "PANEL",
    "PHASES",
    "RC",
    "STYLE",
    "STYLES",
    "check_style",
    "draw",
    "figure",
    "mosaic",
    "phase_of",
    "save_figure",
    "svg",
]
