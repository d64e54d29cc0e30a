"""The house style of figures, and other styles on top of it."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterable, Iterator
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
    LineKind.CURVE: {"linestyle": "solid"},
    LineKind.MEASURED: {"linestyle": "solid", "marker": "o", "markevery": [1]},
    LineKind.STABLE: {"linestyle": "solid"},
    LineKind.UNSTABLE: {"linestyle": (0, (3, 1.6))},
}
"""Artist options of every kind of line: four dash patterns for boundaries, thin curves, bars with a dot, and
states that are stable or not."""

THIN = {LineKind.CURVE: 2 / 3, LineKind.MEASURED: 2 / 3, LineKind.UNSTABLE: 2 / 3}
"""Widths of thin lines, in widths of other lines."""

DOT = 0.65
"""Size of the dot of a measured value, in sizes of other markers."""

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

PHASES = {
    "paramagnet": "#FBF7EA",
    "spin glass": "#CFE5F5",
    "ferromagnet": "#F1C6A0",
    "mixed": "#E4ADBB",
    "compositional": "#8AB49F",
    "other": "#A096B3",
}
"""Fill of every phase, the same in all figures; each lighter than the next by a contrast of 1.2 or more."""

FILLS = tuple(PHASES.values())
"""Fills of phases with other names, in order."""

NAMES = (
    ("other", "empty"),
    ("mixed", "metastable|mixed|RSB|mode 2"),
    ("spin glass", "glass|broken"),
    ("compositional", "compositional|both"),
    ("paramagnet", "para|no retrieval|nothing|replica symmetry"),
    ("ferromagnet", "ferro|retrieval|^F$|teacher|one mode|mode 1|magnetised|up|down"),
)
"""Words in the name of a region that say which phase it is, tried in order."""

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


def of_kind(kind: LineKind) -> dict[str, Any]:
    """Artist options of a kind of line, in the sizes of the present style."""
    now: Any = rcParams
    options = dict(STYLE[kind])
    if kind in THIN:
        options["linewidth"] = THIN[kind] * now["lines.linewidth"]
    if "marker" in options:
        options["markersize"] = DOT * now["lines.markersize"]
    return options


def phase_of(label: str) -> str | None:
    r"""Which phase the name of a region means; None for a name that is none of them.

    Examples
    --------
    >>> phase_of("spin glass"), phase_of("retrieval\n(metastable)"), phase_of("2nd")
    ('spin glass', 'mixed', None)
    """
    words = label.replace("\n", " ").replace("- ", "")
    return next((phase for phase, pattern in NAMES if re.search(pattern, words)), None)


def fills(labels: Iterable[str]) -> list[str]:
    """The fills of regions: those of their phases, and for other names one that is not taken yet.

    Examples
    --------
    >>> fills(["spin glass", "2nd", "2nd"]) == [PHASES["spin glass"], *2 * [PHASES["paramagnet"]]]
    True
    """
    labels = list(labels)
    known: dict[str, str] = {label: PHASES[phase] for label in labels if (phase := phase_of(label))}
    free = [fill for fill in FILLS if fill not in known.values()] or list(FILLS)
    unknown = [label for label in dict.fromkeys(labels) if label not in known]
    known |= {label: free[i % len(free)] for i, label in enumerate(unknown)}
    return [known[label] for label in labels]


def shade(colour: str) -> Any:
    """The fill of a region: on a dark background a shade of it."""
    fill = np.array(to_rgb(colour))
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
