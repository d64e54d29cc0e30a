"""The house style of figures, and other styles on top of it."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib import colormaps, rc_context, rc_params_from_file, rcParams
from matplotlib import style as styles
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.patheffects import Stroke, withStroke

from phase_diagrams.diagram import LineKind, Point
from phase_diagrams.storage.files import StorageError
from replica.errors import UnknownNameError
from replica.machines.data.guards import TEXT, as_it_is, damage_as

PANEL = (3.4, 2.8)
"""Width and height of one panel in inches: one journal column."""

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
    LineKind.STABLE: {"linestyle": "solid"},
    LineKind.UNSTABLE: {"linestyle": (0, (3, 1.6)), "linewidth": 0.8},
}
"""Artist options of every kind of line: four dash patterns for boundaries, thin curves, bars with a dot, and
states that are stable or not."""

HOLLOW = (1.7, 0.75)
"""Widths of a line, and of the gap inside it, where replica symmetry is broken, in widths of other lines."""

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

HATCHES = ("////", "\\\\\\\\", "....", "xxxx")
"""Hatches of the regions in which a state is metastable, one for each such state, in order."""

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
    "hatch.linewidth": 0.35,
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


LARGEST = {"figsize": 100.0, "size": 200.0, "width": 200.0, "pad": 200.0, "dpi": 2400.0}
"""Largest values of parameters in a style file, by the ends of their names: inches, points, points, ..."""
MOST = 2**20
"""Bytes of a style file."""


def look(style: str | os.PathLike[str] | None = None) -> AbstractContextManager[None]:
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
    if (kind := as_it_is(path)) and kind != f"it is {TEXT}":
        message = f"cannot read the style {name}: {kind}, not a text file"
        raise StorageError(message)
    try:
        with damage_as(lambda words: StorageError(f"cannot read the style {name}: {words}")):
            size = path.stat().st_size
            if size > MOST:
                message = f"it has {size} bytes; a style is a short text"
                raise ValueError(message)
            with _quiet():
                found = rc_params_from_file(path, use_default_template=False)
    except StorageError as error:
        if not isinstance(error.__cause__, OSError | UnicodeDecodeError):
            raise
        why = getattr(error.__cause__, "strerror", None) or "it is not a text file"
        message = f"cannot read the style {name}: {why}"
        raise StorageError(message) from None
    for key, value in found.items():
        largest = next((most for end, most in LARGEST.items() if key.endswith(end)), math.inf)
        parts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(part, int | float) and not abs(part) <= largest for part in parts):
            message = f"cannot use the style {name}: {key} = {value} is too large; at most {largest:g}"
            raise StorageError(message)
    if not found:
        message = f"cannot read the style {name}: it sets no parameter of matplotlib, such as font.size: 10"
        raise StorageError(message)
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib from logging what it finds odd in a file: what counts becomes an error of ours."""
    logger = logging.getLogger("matplotlib")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def small() -> AbstractContextManager[None]:
    """Everything a little smaller, for an inset."""
    now: Any = rcParams
    return rc_context({name: now[name] * by for name, by in _SMALL.items() if isinstance(now[name], float)})


def paper() -> Any:
    """The colour behind everything: halos and the rims of markers have it."""
    return rcParams["axes.facecolor"]


def shade(i: int) -> Any:
    """The fill of a region: on a dark background a shade of it."""
    fill = np.array(to_rgb(FILLS[i % len(FILLS)]))
    behind = np.array(to_rgb(paper()))
    return tuple(fill if behind.mean() > 0.5 else 0.7 * behind + 0.3 * fill)


def engraved() -> Any:
    """The colour of hatches: between ink and paper, so that names can be read on them."""
    ink, behind = np.array(to_rgb(rcParams["text.color"])), np.array(to_rgb(paper()))
    return tuple(0.4 * ink + 0.6 * behind)


def hollow(outer: float, inner: float, ink: Any) -> list[Any]:
    """A double line: a wide one with a narrow one of the colour of the paper inside."""
    return [Stroke(linewidth=outer, foreground=ink), Stroke(linewidth=inner, foreground=paper())]


def halo() -> list[Any]:
    """A rim round letters, which keeps them apart from what is behind."""
    return [withStroke(linewidth=1.8, foreground=paper())]


def marker(point: Point) -> dict[str, Any]:
    """Artist options of a point; one without a label, such as a turn of a line, is small and hollow."""
    ink = rcParams["text.color"]
    options: dict[str, Any] = {
        "marker": "o",
        "color": ink,
        "markeredgecolor": paper(),
        "markeredgewidth": 0.6,
    }
    if not point.label:
        size = 0.75 * rcParams["lines.markersize"]
        options |= {"color": paper(), "markeredgecolor": ink, "markersize": size}
    return options
