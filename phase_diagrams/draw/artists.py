"""What is drawn in one panel: frame, regions, lines, points, insets, a heat map, or images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from textwrap import fill
from typing import Any, TypeAlias

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.collections import QuadMesh
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import MaxNLocator

from phase_diagrams.diagram import DiagramError, HeatMap, Inset, Line, LineKind, PhaseDiagram, Point
from phase_diagrams.draw.style import (
    CURVES,
    HATCHES,
    HEAT,
    HOLLOW,
    PALETTE,
    engraved,
    fills,
    halo,
    hollow,
    marker,
    of_kind,
    shade,
    small,
)
from replica.typing import Array, Numbers

BROKEN = "hollow: replica symmetry broken"
"""What the legend says of lines that rest on a state of negative replicon."""

UNSTABLE = "unstable"
"""What the legend says of thin dashes."""

POINT = "label of a point"
"""What marks the texts that may be moved: labels of points."""

Place: TypeAlias = Callable[[float, float], bool]


def draw_panel(diagram: PhaseDiagram, ax: Axes) -> None:
    """Draw everything but the legend, and leave the labels of the points to be placed."""
    check_labels(diagram)
    if diagram.images is not None:
        draw_images(tiled(np.array(diagram.images.tiles)), diagram.images.signed, ax)
        ax.set_title(diagram.title, loc="left")
        return
    _draw_frame(diagram, ax)
    if diagram.heat_map is not None:
        mesh = _draw_heat_map(diagram.heat_map, ax)
        # the legend above leaves half of the height; a letter is about half as wide as high
        room = 0.5 * 72 * ax.figure.bbox.height / ax.figure.dpi / (0.55 * rcParams["font.size"])
        label = fill(diagram.heat_map.label, max(12, int(room)), break_long_words=False)
        ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02, fraction=0.08)
    magnified = [_inside(inset) for inset in diagram.insets]
    drawn: list[Any] = []

    def outside(x: float, y: float) -> bool:
        return not any(inside(x, y) for inside in magnified)

    def free(x: float, y: float) -> bool:
        """Whether no marker stands here yet; a marker that an inset does not show is drawn anyway."""
        ax.get_xlim(), ax.get_ylim()  # brings the limits up to date
        place = ax.transData.transform((x, y))
        apart = rcParams["lines.markersize"] * ax.figure.dpi / 72
        if not outside(x, y) and any(math.dist(place, other) < apart for other in drawn):
            return False
        drawn.append(place)
        return True

    _draw_contents(diagram, ax, shown=free, named=outside)
    for inset in diagram.insets:
        _draw_inset(diagram, ax, inset)


def _draw_frame(diagram: PhaseDiagram, ax: Axes) -> None:
    """Set scales, limits, labels and ticks."""
    horizontal, vertical = diagram.axes
    _set_scales(diagram, ax)
    if horizontal.limits:
        ax.set_xlim(horizontal.limits)
    if vertical.limits:
        ax.set_ylim(vertical.limits)
    ax.set_xlabel(horizontal.label)
    ax.set_ylabel(vertical.label)
    ax.set_title(diagram.title, loc="left")


def _set_scales(diagram: PhaseDiagram, ax: Axes, *, small: bool = False) -> None:
    few: dict[str, Any] = {"nbins": 4, "prune": "lower"} if small else {"nbins": "auto"}
    directions = (ax.set_xscale, ax.xaxis), (ax.set_yscale, ax.yaxis)
    for axis, (set_scale, ticks) in zip(diagram.axes, directions, strict=True):
        if axis.scale == "log":
            set_scale("log", nonpositive="mask")
        else:
            ticks.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], **few))
    ax.minorticks_on()
    ax.set_axisbelow("line" if rcParams["axes.grid"] else False)
    ax.tick_params(which="both", direction="in", left=True, right=True, bottom=True, top=True)
    width = rcParams["axes.linewidth"]
    ax.tick_params(which="major", length=3.5, width=width)
    ax.tick_params(which="minor", length=1.8, width=2 / 3 * width)


def _draw_contents(diagram: PhaseDiagram, ax: Axes, *, shown: Place, named: Place) -> None:
    """Draw regions, lines and points; ``shown`` chooses the points, ``named`` the names of the regions."""
    filled = diagram.regions if diagram.heat_map is None else ()
    outlined = [region for region in filled if region.polygon]
    states = list(dict.fromkeys(state for region in outlined for state in region.metastable))
    for region, colour in zip(outlined, fills(region.label for region in outlined), strict=True):
        x, y = zip(*(region.polygon or ()), strict=True)
        ax.fill(x, y, facecolor=shade(colour), linewidth=0, zorder=0.5)
        for state in region.metastable:
            mark = HATCHES[states.index(state) % len(HATCHES)]
            ax.fill(x, y, fill=False, hatch=mark, edgecolor=engraved(), linewidth=0, zorder=0.5)
    for region in diagram.regions:
        if named(*region.at):
            ax.text(
                *region.at,
                region.label,
                ha="center",
                va="center",
                linespacing=1.0,
                zorder=3,
                path_effects=halo(),
            )
    for line, options in _styled(diagram.lines):
        ax.plot(line.x, _hollow(line, ax, options), label=line.label or "_", **options)
        lonely = options | {"marker": "o", "markersize": 1.5, "linestyle": "none", "label": "_"}
        for i in _lonely(line):  # a point between two gaps, which no line would show
            ax.plot(line.x[i], line.y[i], **lonely)
    if any(line.kind is LineKind.UNSTABLE for line in diagram.lines):
        ax.plot([], [], label=UNSTABLE, color=rcParams["text.color"], **of_kind(LineKind.UNSTABLE))
    for point in _marked(diagram, ax):
        if not shown(point.x, point.y):
            continue
        ax.plot(
            point.x,
            point.y,
            linestyle="none",
            **marker(point),
            label="_",
            clip_on=False,
            zorder=4,
        )
        if point.label:
            ax.annotate(
                point.label,
                (point.x, point.y),
                xytext=(3, 3),
                textcoords="offset points",
                zorder=4,
                path_effects=halo(),
                label=POINT,
                annotation_clip=False,
            ).set_in_layout(False)


def _hollow(line: Line, ax: Axes, options: dict[str, Any]) -> list[float]:
    """Draw a line as two thin ones where replica symmetry is broken, and say so; return y of the rest."""
    if not any(line.broken):
        return list(line.y)
    width = options.get("linewidth", rcParams["lines.linewidth"])
    outer, inner = (width * factor for factor in HOLLOW)
    ink = rcParams["text.color"]
    effects = [hollow(outer, inner, colour) for colour in (options["color"], ink)]
    near = [any(line.broken[max(i - 1, 0) : i + 2]) for i in range(len(line.x))]  # up to the next point
    y = [value if flag else math.nan for value, flag in zip(line.y, near, strict=True)]
    ax.plot(line.x, y, label="_", **options, path_effects=effects[0])
    ax.plot([], [], label=BROKEN, color=ink, path_effects=effects[1])
    return [math.nan if flag else value for value, flag in zip(line.y, line.broken, strict=True)]


def _marked(diagram: PhaseDiagram, ax: Axes) -> Iterable[Point]:
    """Yield the points of a diagram, then those of its lines that do not stand on one of them."""
    yield from diagram.points
    ax.get_xlim(), ax.get_ylim()  # brings the limits up to date
    marked = [ax.transData.transform((point.x, point.y)) for point in diagram.points]
    for point in (point for line in diagram.lines for point in line.points):
        place = ax.transData.transform((point.x, point.y))
        if all(
            math.dist(place, other) > rcParams["lines.markersize"] * ax.figure.dpi / 72 for other in marked
        ):
            marked.append(place)
            yield point


def _draw_heat_map(heat_map: HeatMap, ax: Axes) -> QuadMesh:
    """Draw a quantity by light colours, which lines and names stand out from, with its contours."""
    values = np.ma.masked_invalid(np.array(heat_map.values))
    mesh = ax.pcolormesh(
        heat_map.x, heat_map.y, values, cmap=HEAT, shading="nearest", rasterized=True, zorder=0.2
    )
    patches = np.array(heat_map.patches) if heat_map.patches else np.zeros(values.shape)
    for number in np.unique(patches) if heat_map.levels else ():
        part = np.ma.masked_where(patches != number, values)
        levels = [level for level in heat_map.levels if part.min() < level < part.max()]
        if levels:
            lines = ax.contour(
                heat_map.x,
                heat_map.y,
                part,
                levels,
                colors="0.35",
                linewidths=rcParams["lines.linewidth"] / 3,
                zorder=0.3,
            )
            ax.clabel(lines, fontsize=6, fmt="%g", manual=_longest(lines.allsegs, ax))
    return mesh


def _longest(levels: Sequence[Sequence[Any]], ax: Axes) -> list[Any]:
    """The middle of the longest piece of every contour, where its number stands if it has room for it."""
    pieces = [max(level, key=len) for level in levels if level]
    room = 18 * ax.figure.dpi / 72
    return [
        tuple(piece[len(piece) // 2])
        for piece in pieces
        if np.sum(np.hypot(*np.diff(ax.transData.transform(piece), axis=0).T)) > room
    ]


def _styled(lines: Sequence[Line]) -> Iterable[tuple[Line, dict[str, Any]]]:
    """Pair every line with its artist options; lines with one label, pieces of one, look alike."""
    colours = rcParams["axes.prop_cycle"].by_key().get("color", PALETTE)
    turns: dict[str, int] = {}
    curves: dict[str, int] = {}
    for line in lines:
        label = line.label or line.name
        options = dict(of_kind(line.kind), color=colours[turns.setdefault(label, len(turns)) % len(colours)])
        if line.kind is LineKind.CURVE:
            options["linestyle"] = CURVES[curves.setdefault(label, len(curves)) % len(CURVES)]
        yield line, options


def _lonely(line: Line) -> list[int]:
    """Return the indices of the points that have a gap or an end on both sides."""
    gap = [True, *(math.isnan(x + y) for x, y in zip(line.x, line.y, strict=True)), True]
    return [i for i in range(len(line.x)) if gap[i] and not gap[i + 1] and gap[i + 2]]


def _draw_inset(diagram: PhaseDiagram, ax: Axes, inset: Inset) -> None:
    """Draw the same artists once more, magnified."""
    with small():
        view = ax.inset_axes(inset.bounds)
        _set_scales(diagram, view, small=True)
        view.tick_params(pad=2)
        if diagram.heat_map is not None:
            _draw_heat_map(diagram.heat_map, view)
        _draw_contents(diagram, view, shown=_inside(inset), named=_inside(inset))
        view.set_xlim(inset.xlim)
        view.set_ylim(inset.ylim)
        ax.indicate_inset_zoom(view, edgecolor="0.35", linewidth=rcParams["axes.linewidth"])


def tiled(tiles: Numbers) -> Array:
    """Pictures side by side, as nearly in a square as their number allows, with NaN between them."""
    count, height, width = tiles.shape
    columns = max(1, min(count, math.ceil(math.sqrt(count * (height + 1) / (width + 1)))))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i, tile in enumerate(tiles):
        top, left = 1 + i // columns * (height + 1), 1 + i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def draw_images(sheet: Array, signed: bool, ax: Axes) -> None:
    """Draw a sheet of pictures on one scale, with a colour bar if the sign means something."""
    largest = float(np.nanmax(np.abs(sheet))) or 1.0
    colours = colormaps["RdBu_r" if signed else "Greys"].with_extremes(bad="#B0B0B0")
    low = -largest if signed else min(0.0, float(np.nanmin(sheet)))
    shown = ax.imshow(sheet, cmap=colours, vmin=low, vmax=largest, interpolation="nearest")
    ax.set_axis_off()
    if signed:
        ax.figure.colorbar(shown, ax=ax, shrink=0.8, pad=0.02)


def check_labels(diagram: PhaseDiagram) -> None:
    """Refuse mathtext that could not be drawn, saying which label it is in."""
    labels = {"title": diagram.title}
    for name in ("axes", "lines", "points", "regions"):
        labels |= {f"{name}[{i}].label": part.label for i, part in enumerate(getattr(diagram, name))}
    for i, one in enumerate(diagram.lines):
        labels |= {f"lines[{i}].points[{j}].label": part.label for j, part in enumerate(one.points)}
    parser = MathTextParser("path")
    for where, label in labels.items():
        try:
            for line in label.split("\n"):
                if is_math_text(line):
                    parser.parse(line)
        except ValueError as error:
            problem = f"{label!r} is not valid mathtext ({str(error).splitlines()[-1]})"
            message = f"{problem}; correct it, or write \\$ for a dollar sign"
            raise DiagramError(message, where) from None


def _inside(inset: Inset) -> Place:
    (left, right), (bottom, top) = sorted(inset.xlim), sorted(inset.ylim)
    return lambda x, y: left <= x <= right and bottom <= y <= top
