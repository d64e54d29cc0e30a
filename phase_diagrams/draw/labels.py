"""Where the legend and the labels of the points stand: where they cover least."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from phase_diagrams.draw.artists import POINT

_TITLE_PAD = 5.0
_CORNERS = ((1, 1), (-1, 1), (1, -1), (-1, -1))
_EDGES = ((1, 0), (-1, 0), (0, 1), (0, -1))
_SIDES = (
    *((3.0, 3.0, *side) for side in _CORNERS),
    *((5.0, 5.0, *side) for side in _EDGES),
    *((9.0, 2.0, *side) for side in _CORNERS),
    *((7.0, 7.0, *side) for side in _CORNERS),
    *((10.0, 10.0, *side) for side in _EDGES),
)
"""Where a label may stand: points to the side and up or down, and in which direction."""

_ACROSS: dict[int, Literal["right", "center", "left"]] = {-1: "right", 0: "center", 1: "left"}
_UP: dict[int, Literal["top", "center", "bottom"]] = {-1: "top", 0: "center", 1: "bottom"}
_LEGEND_PLACES: tuple[Any, ...] = (
    "upper right",
    "upper left",
    "lower right",
    "lower left",
    "center right",
    "center left",
    "upper center",
    "lower center",
)


def arrange(ax: Axes) -> None:
    """Place the legend and the labels of the points for the present size of the axes."""
    insets = [view for view in ax.child_axes if isinstance(view, Axes)]
    taken = [text.get_window_extent() for text in _names(ax)]
    taken += [view.get_tightbbox() or view.bbox for view in insets]
    taken += _place_legend(ax, [*taken, *_markers(ax)])
    _place_labels(ax, taken)
    for view in insets:
        _place_labels(view, [text.get_window_extent() for text in _names(view)])


def _place_legend(ax: Axes, taken: Sequence[Bbox]) -> list[Bbox]:
    """Put the legend at the first empty place inside the frame, or above it; return its box, if any."""
    title = ax.get_title(loc="left")
    ax.set_title(title, loc="left", pad=_TITLE_PAD)
    handles: dict[object, Line2D] = {}
    for line in ax.lines:
        if not str(line.get_label()).startswith("_"):
            handles.setdefault(line.get_label(), line)
    if not handles:
        return []
    entries = list(handles.values())
    legend = ax.legend(handles=entries)
    for place in _LEGEND_PLACES:
        legend.set_loc(place)
        if _cover(legend.get_window_extent(), ax, taken) == 0:
            return [legend.get_window_extent()]
    for columns in range(len(entries), 0, -1):
        legend = ax.legend(
            handles=entries, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2
        )
        if legend.get_window_extent().width <= ax.bbox.width:
            break
    height = legend.get_window_extent().height * 72 / ax.figure.dpi  # in points
    ax.set_title(title, loc="left", pad=_TITLE_PAD + height)
    return [legend.get_window_extent()]


def _place_labels(ax: Axes, taken: list[Bbox]) -> None:
    """Give the label of every point the side of its marker where it covers the least.

    A place next to another marker counts half as bad as covering something.
    """
    markers = _markers(ax)
    taken = [*taken, *markers]
    for label in ax.texts:
        if not isinstance(label, Annotation) or label.get_label() != POINT:
            continue
        costs = []
        for side in _SIDES:
            _put(label, *side)
            box = label.get_window_extent()
            inside = (
                box.x0 > ax.bbox.x0 and box.x1 < ax.bbox.x1 and box.y0 > ax.bbox.y0 and box.y1 < ax.bbox.y1
            )
            own = _gap(box, ax.transData.transform(label.xy))
            closer = any(_gap(box, _middle(marker)) < 0.9 * own for marker in markers)
            costs.append(_cover(box, ax, taken) + (0 if inside else 10) + 0.5 * closer)
        _put(label, *_SIDES[costs.index(min(costs))])
        taken.append(label.get_window_extent())


def _middle(box: Bbox) -> Any:
    return np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2


def _gap(box: Bbox, place: Any) -> float:
    """Distance of a place from a box."""
    return math.dist(np.clip(place, box.min, box.max), place)


def _put(label: Annotation, aside: float, away: float, across: int, up: int) -> None:
    """Put a label to the right or left of its point, above or below, some typographic points away."""
    label.xyann = (aside * across, away * up)
    label.set_horizontalalignment(_ACROSS[across])
    label.set_verticalalignment(_UP[up])


def _cover(box: Bbox, ax: Axes, taken: Iterable[Bbox]) -> int:
    """Count the lines and the taken places that something in this box would cover."""
    paths = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
    return sum(path.intersects_bbox(box, filled=False) for path in paths) + box.count_overlaps(taken)


def _names(ax: Axes) -> list[Text]:
    """Return the names of the regions, which stand where the diagram says."""
    return [text for text in ax.texts if text.get_label() != POINT]


def _markers(ax: Axes) -> list[Bbox]:
    return [line.get_window_extent() for line in ax.lines if line.get_linestyle() == "None"]
