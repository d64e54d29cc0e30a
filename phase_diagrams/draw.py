"""Phase diagrams as figures for a journal. The only module that imports matplotlib.

One house style: the dash pattern of a boundary says what it means, that of a thin curve tells it from
the others, so the figure survives black-and-white print; every line has a colour of its own, chosen so
that colour-blind readers can tell them apart; the fills of the regions differ in grey. Nothing is
computed here: what a diagram holds is drawn, with its gaps.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import Any, Literal, TypeAlias

import numpy as np
from cycler import cycler
from matplotlib import colormaps, rc_context, rc_params_from_file, rcParams
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from phase_diagrams.diagram import DiagramError, HeatMap, Inset, Line, LineKind, PhaseDiagram, Point
from phase_diagrams.storage import StorageError, write_atomic
from replica.errors import UnknownNameError

__all__ = [
    "CURVES",
    "FILLS",
    "PALETTE",
    "PANEL",
    "RC",
    "STYLE",
    "STYLES",
    "check_style",
    "draw",
    "figure",
    "mosaic",
    "save_figure",
]

PANEL = (3.4, 2.8)
"""Width and height of one panel in inches: one journal column."""

ROW = 4
"""Panels side by side, at most."""

STYLE: dict[LineKind, dict[str, Any]] = {
    LineKind.CONTINUOUS: {"linestyle": "solid"},
    LineKind.FIRST_ORDER: {"linestyle": (0, (5, 2))},
    LineKind.SPINODAL: {"linestyle": (0, (1.2, 1.4))},
    LineKind.STABILITY: {"linestyle": (0, (6, 1.6, 1.4, 1.6))},
    LineKind.CURVE: {"linestyle": "solid", "linewidth": 0.8},
    LineKind.MEASURED: {
        "linestyle": "solid",
        "linewidth": 0.8,
        "marker": "o",
        "markersize": 2.6,
        "markevery": [1],
    },
}
"""Artist options of every kind of line: four dash patterns for boundaries, thin curves, bars with a dot."""

CURVES: tuple[Any, ...] = (
    "solid",
    (0, (7, 2.5)),
    (0, (2.2, 1.6)),
    (0, (8, 2, 1.6, 2)),
    (0, (8, 2, 1.6, 2, 1.6, 2)),
    (0, (1, 2.2)),
)
"""Dash patterns of the curves of a panel, in order: a plain curve means nothing, but must be told apart."""

PALETTE = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Line colours (Okabe and Ito, without yellow), taken in the order of the lines."""

FILLS = ("#FAF5E4", "#DCEBF5", "#F2D3BF", "#BFD6C4", "#B9B5D1", "#A3A3A3")
"""Fills of the outlined regions, in order; their grey values fall from 0.96 to 0.64."""

HEAT = ListedColormap(colormaps["YlGnBu"](np.linspace(0.0, 0.62, 256)), "heat")
"""Colours of heat maps: light, and as ordered in grey as in colour."""

RC: dict[str, Any] = {
    "axes.prop_cycle": cycler(color=PALETTE),
    "font.family": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.formatter.use_mathtext": True,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "legend.fontsize": 7.5,
    "legend.handlelength": 2.8,
    "legend.labelspacing": 0.35,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.8,
    "legend.borderpad": 0.3,
    "legend.framealpha": 0.0,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "replica",
}
"""The house style, on top of matplotlib's own defaults; a reader's matplotlibrc has no say."""

STYLES: dict[str, dict[str, Any]] = {
    "paper": {},
    "slides": {
        "font.family": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        "font.size": 12,
        "axes.titlesize": 14,
        "axes.labelsize": 13,
        "axes.linewidth": 1.0,
        "xtick.labelsize": 11,
        "ytick.labelsize": 11,
        "lines.linewidth": 2.2,
        "lines.markersize": 7,
        "legend.fontsize": 11,
        "figure.figsize": (7.0, 5.2),
        "savefig.dpi": 200,
    },
}
"""Our own styles, on top of `RC`: for one column of a journal, and for a screen."""

_SMALL: dict[Any, float] = {
    "font.size": 6.5 / 8,
    "xtick.labelsize": 6.5 / 8,
    "ytick.labelsize": 6.5 / 8,
    "lines.linewidth": 1.0 / 1.2,
    "lines.markersize": 3 / 4,
}
"""Sizes in an inset, in units of those outside."""
_POINT = "label of a point"
_TITLE_PAD = 5.0
_CORNERS = ((1, 1), (-1, 1), (1, -1), (-1, -1))
_EDGES = ((1, 0), (-1, 0), (0, 1), (0, -1))
_SIDES = (
    *((3.0, *side) for side in _CORNERS),
    *((5.0, *side) for side in _EDGES),
    *((7.0, *side) for side in _CORNERS),
    *((10.0, *side) for side in _EDGES),
)
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

Place: TypeAlias = Callable[[float, float], bool]


def draw(diagram: PhaseDiagram, ax: Axes | None = None) -> Axes:
    r"""Draw one panel, with its insets; the panels beside it are left to ``figure``.

    A legend stands at the emptiest place inside the frame, or above it when it would cover
    something. The label of a point takes the emptiest side of its marker. A region whose name lies in
    an inset is named there, and only there; so is a point that would cover another one outside.

    Parameters
    ----------
    diagram : PhaseDiagram
        What to draw.
    ax : matplotlib Axes, optional
        Where to draw; without it a figure of one panel is made.

    Returns
    -------
    matplotlib Axes
        The axes drawn on; ``ax.figure`` is the figure.

    Raises
    ------
    DiagramError
        If a label is not valid mathtext.

    Examples
    --------
    >>> from phase_diagrams.diagram import Axis
    >>> line = Line("T_g", LineKind.CONTINUOUS, [0, 1], [1, 2], ["converged", "converged"], "$T_g$")
    >>> axes = Axis("alpha", r"load $\alpha$"), Axis("T", "temperature $T$")
    >>> ax = draw(PhaseDiagram("glass", "Glass transition", axes, [line], [], [], {}))
    >>> ax.get_ylabel(), ax.lines[0].get_label()
    ('temperature $T$', '$T_g$')
    """
    if ax is None:
        return figure(replace(diagram, beside=())).axes[0]
    with _look():
        _draw_panel(diagram, ax)
        _arrange(ax)
    return ax


def figure(
    diagram: PhaseDiagram,
    *,
    style: str | os.PathLike[str] | None = None,
    size: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a diagram and the panels beside it, each one journal column wide; at most four in a row.

    Parameters
    ----------
    diagram : PhaseDiagram
        What to draw. Several panels are lettered (a), (b), ... from the left.
    style : str or path-like, optional
        ``"paper"`` (the default), ``"slides"``, a style of matplotlib, or a style file; on top of the house
        style. Dash patterns and the order of colours stay, as they carry meaning.
    size : (float, float), optional
        Width and height of the whole figure in inches.
    title : str, optional
        In place of the title of the diagram, or above all panels; empty for none.

    Returns
    -------
    matplotlib Figure
        A figure that belongs to no window; ``save_figure`` writes it.

    Raises
    ------
    DiagramError
        If a label is not valid mathtext.
    UnknownNameError
        If there is no such style.
    StorageError
        If a style file cannot be read.

    Examples
    --------
    >>> from phase_diagrams.diagram import Axis
    >>> diagram = PhaseDiagram("d", "plane", (Axis("a", "$a$"), Axis("b", "$b$")), [], [], [], {})
    >>> [ax.get_title(loc="left") for ax in figure(replace(diagram, beside=[diagram])).axes]
    ['(a) plane', '(b) plane']
    """
    panels = list(_panels(diagram))
    if title is not None:
        _check_labels(replace(diagram, title=title))
    if title is not None and len(panels) == 1:
        panels = [replace(diagram, title=title)]
    if len(panels) > 1:
        panels = [replace(p, title=f"({chr(ord('a') + i)}) {p.title}") for i, p in enumerate(panels)]
    with _look(style):
        layout = ConstrainedLayoutEngine()
        width, height = rcParams["figure.figsize"]
        rows = -(-len(panels) // ROW)
        columns = -(-len(panels) // rows)
        made = Figure(figsize=size or (width * columns, height * rows), layout=layout)
        if title and len(panels) > 1:
            made.suptitle(title)
        places = list(made.subplots(rows, columns, squeeze=False).flat)
        for ax in places[len(panels) :]:
            ax.remove()
        places = places[: len(panels)]
        for panel, ax in zip(panels, places, strict=True):
            _draw_panel(panel, ax)
        for _ in range(2):  # a legend that moves out of the frame changes the layout once
            layout.execute(made)
            for ax in places:
                _arrange(ax)
    return made


def mosaic(
    tiles: Any,
    title: str = "",
    *,
    signed: bool = False,
    style: str | os.PathLike[str] | None = None,
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw images side by side on one scale, as nearly in a square as their number allows.

    Parameters
    ----------
    tiles : array, shape (n, height, width)
    title : str
        What stands above.
    signed : bool
        Red is positive, blue negative, white zero, with a colour bar; otherwise 0 is white and the largest
        value black.
    style, size
        As for ``figure``.

    Returns
    -------
    matplotlib Figure

    Examples
    --------
    >>> len(mosaic(np.eye(6).reshape(9, 2, 2), "nine", signed=True).axes)  # one for all tiles, and the bar
    2
    """
    sheet = _sheet(np.asarray(tiles, dtype=float))
    with _look(style):
        made = Figure(figsize=size or (PANEL[0], PANEL[0] * sheet.shape[0] / sheet.shape[1] + 0.3))
        made.set_layout_engine("constrained")
        ax = made.subplots()
        _draw_images(sheet, signed, ax)
        ax.set_title(title)
    return made


def _sheet(tiles: Any) -> Any:
    """Pictures side by side, as nearly in a square as their number allows, with NaN between them."""
    count, height, width = tiles.shape
    columns = max(1, min(count, math.ceil(math.sqrt(count * (height + 1) / (width + 1)))))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i, tile in enumerate(tiles):
        top, left = 1 + i // columns * (height + 1), 1 + i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _draw_images(sheet: Any, signed: bool, ax: Axes) -> None:
    """Draw a sheet of pictures on one scale, with a colour bar if the sign means something."""
    largest = float(np.nanmax(np.abs(sheet))) or 1.0
    colours = colormaps["RdBu_r" if signed else "Greys"].with_extremes(bad="#B0B0B0")
    low = -largest if signed else min(0.0, float(np.nanmin(sheet)))
    shown = ax.imshow(sheet, cmap=colours, vmin=low, vmax=largest, interpolation="nearest")
    ax.set_axis_off()
    if signed:
        ax.figure.colorbar(shown, ax=ax, shrink=0.8, pad=0.02)


def save_figure(
    figure: Figure,
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    *,
    style: str | os.PathLike[str] | None = None,
    dpi: float | None = None,
) -> None:
    """Write a figure to a png, pdf or svg file, whole or not at all.

    The same figure and metadata give the same bytes: the file carries no date of its own.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write.
    path : path-like
        The file to write; its suffix decides the format.
    metadata : mapping of str to JSON values, optional
        Where the figure comes from, such as the provenance of a diagram. It is stored as JSON text
        in the file: under ``Description`` in png and svg, under ``Subject`` in pdf.
    style : str or path-like, optional
        The style that the figure was made in.
    dpi : float, optional
        Pixels per inch of a png file; by default those of the style.

    Raises
    ------
    StorageError
        If the suffix is another one, or if the file cannot be written; the old content, if any, is
        then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(Figure(), Path(folder, "empty.svg"), {"date": "2024-05-17"})
    ...     "2024-05-17" in Path(folder, "empty.svg").read_text()
    True
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in _FIELDS:
        message = (
            f"cannot write {path}: figures are written as {', '.join(_FIELDS)}; choose one of these suffixes"
        )
        raise StorageError(message)
    field, others = _FIELDS[suffix]
    buffer = BytesIO()
    with _look(style):
        figure.savefig(
            buffer,
            format=suffix,
            dpi=dpi or rcParams["savefig.dpi"],
            metadata={field: json.dumps(dict(metadata or {})), **others},
        )
    write_atomic(path, buffer.getvalue())


_FIELDS: dict[str, tuple[str, dict[str, None]]] = {
    "png": ("Description", {}),
    "pdf": ("Subject", {"CreationDate": None}),
    "svg": ("Description", {"Date": None}),
}
"""Where each format keeps the metadata, and what matplotlib would add by itself."""


# --- the artists -----------------------------------------------------------------------------------


def _look(style: str | os.PathLike[str] | None = None) -> AbstractContextManager[None]:
    """The house style, and another one on top of it."""
    return styles.context(["default", RC, {"figure.figsize": PANEL}, _named(style or "paper")])


def check_style(style: str | os.PathLike[str]) -> None:
    """Raise unless there is a style of this name, or such a style file.

    Examples
    --------
    >>> check_style("slides")
    """
    _named(style)


def _named(style: str | os.PathLike[str]) -> Any:
    """Return what matplotlib understands: parameters, or the name of one of its styles."""
    name = os.fspath(style)
    if name in STYLES:
        return STYLES[name]
    if name in styles.available:
        return name
    path = Path(name)
    if not (path.exists() or path.suffix or path.parent != Path()):
        raise UnknownNameError(what="style", name=name, known=[*STYLES, *styles.available])
    try:
        found = rc_params_from_file(path, use_default_template=False)
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"cannot read the style {name}: {getattr(error, 'strerror', None) or 'it is not a text file'}"
        )
        raise StorageError(message) from None
    if not found:
        message = f"cannot read the style {name}: it sets no parameter of matplotlib, such as font.size: 10"
        raise StorageError(message)
    return found


def _small() -> AbstractContextManager[None]:
    """Everything a little smaller, for an inset."""
    now: Any = rcParams
    return rc_context({name: now[name] * by for name, by in _SMALL.items() if isinstance(now[name], float)})


def _paper() -> Any:
    """The colour behind everything: halos and the rims of markers have it."""
    return rcParams["axes.facecolor"]


def _fill(i: int) -> Any:
    """The fill of a region: on a dark background a shade of it."""
    fill = np.array(to_rgb(FILLS[i % len(FILLS)]))
    paper = np.array(to_rgb(_paper()))
    return tuple(fill if paper.mean() > 0.5 else 0.7 * paper + 0.3 * fill)


def _halo() -> list[Any]:
    return [withStroke(linewidth=1.8, foreground=_paper())]


def _marker(point: Point) -> dict[str, Any]:
    """Artist options of a point; one without a label, such as a turn of a line, is small and hollow."""
    ink = rcParams["text.color"]
    options: dict[str, Any] = {
        "marker": "o",
        "color": ink,
        "markeredgecolor": _paper(),
        "markeredgewidth": 0.6,
    }
    if not point.label:
        size = 0.75 * rcParams["lines.markersize"]
        options |= {"color": _paper(), "markeredgecolor": ink, "markersize": size}
    return options


def _panels(diagram: PhaseDiagram) -> Iterable[PhaseDiagram]:
    yield diagram
    for panel in diagram.beside:
        yield from _panels(panel)


def _check_labels(diagram: PhaseDiagram) -> None:
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


def _draw_panel(diagram: PhaseDiagram, ax: Axes) -> None:
    """Draw everything but the legend, and leave the labels of the points to be placed."""
    _check_labels(diagram)
    if diagram.images is not None:
        _draw_images(_sheet(np.array(diagram.images.tiles)), diagram.images.signed, ax)
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
    ax.tick_params(which="major", length=3.5, width=0.6)
    ax.tick_params(which="minor", length=1.8, width=0.4)


def _draw_contents(diagram: PhaseDiagram, ax: Axes, *, shown: Place, named: Place) -> None:
    """Draw regions, lines and points; ``shown`` chooses the points, ``named`` the names of the regions."""
    filled = diagram.regions if diagram.heat_map is None else ()
    outlines = [region.polygon for region in filled if region.polygon]
    for i, polygon in enumerate(outlines):
        x, y = zip(*polygon, strict=True)
        ax.fill(x, y, facecolor=_fill(i), linewidth=0, zorder=0.5)
    for region in diagram.regions:
        if named(*region.at):
            ax.text(
                *region.at,
                region.label,
                ha="center",
                va="center",
                linespacing=1.0,
                zorder=3,
                path_effects=_halo(),
            )
    for line, options in _styled(diagram.lines):
        ax.plot(line.x, line.y, label=line.label or "_", **options)
        lonely = options | {"marker": "o", "markersize": 1.5, "linestyle": "none", "label": "_"}
        for i in _lonely(line):  # a point between two gaps, which no line would show
            ax.plot(line.x[i], line.y[i], **lonely)
    for point in _marked(diagram, ax):
        if not shown(point.x, point.y):
            continue
        ax.plot(
            point.x,
            point.y,
            linestyle="none",
            **_marker(point),
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
                path_effects=_halo(),
                label=_POINT,
                annotation_clip=False,
            ).set_in_layout(False)


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
                heat_map.x, heat_map.y, part, levels, colors="0.35", linewidths=0.4, zorder=0.3
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
        options = dict(STYLE[line.kind], color=colours[turns.setdefault(label, len(turns)) % len(colours)])
        if line.kind is LineKind.CURVE:
            options["linestyle"] = CURVES[curves.setdefault(label, len(curves)) % len(CURVES)]
        yield line, options


def _lonely(line: Line) -> list[int]:
    """Return the indices of the points that have a gap or an end on both sides."""
    gap = [True, *(math.isnan(x + y) for x, y in zip(line.x, line.y, strict=True)), True]
    return [i for i in range(len(line.x)) if gap[i] and not gap[i + 1] and gap[i + 2]]


def _draw_inset(diagram: PhaseDiagram, ax: Axes, inset: Inset) -> None:
    """Draw the same artists once more, magnified."""
    with _small():
        view = ax.inset_axes(inset.bounds)
        _set_scales(diagram, view, small=True)
        view.tick_params(pad=2)
        if diagram.heat_map is not None:
            _draw_heat_map(diagram.heat_map, view)
        _draw_contents(diagram, view, shown=_inside(inset), named=_inside(inset))
        view.set_xlim(inset.xlim)
        view.set_ylim(inset.ylim)
        ax.indicate_inset_zoom(view, edgecolor="0.35", linewidth=0.6)


# --- places for legend and labels ------------------------------------------------------------------


def _arrange(ax: Axes) -> None:
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
        if not isinstance(label, Annotation) or label.get_label() != _POINT:
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


def _put(label: Annotation, distance: float, across: int, up: int) -> None:
    """Put a label to the right or left of its point, above or below, some typographic points away."""
    label.xyann = (distance * across, distance * up)
    label.set_horizontalalignment(_ACROSS[across])
    label.set_verticalalignment(_UP[up])


def _cover(box: Bbox, ax: Axes, taken: Iterable[Bbox]) -> int:
    """Count the lines and the taken places that something in this box would cover."""
    paths = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
    return sum(path.intersects_bbox(box, filled=False) for path in paths) + box.count_overlaps(taken)


def _names(ax: Axes) -> list[Text]:
    """Return the names of the regions, which stand where the diagram says."""
    return [text for text in ax.texts if text.get_label() != _POINT]


def _markers(ax: Axes) -> list[Bbox]:
    return [line.get_window_extent() for line in ax.lines if line.get_linestyle() == "None"]
