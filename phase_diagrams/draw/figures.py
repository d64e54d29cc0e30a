"""Whole figures: panels side by side, sheets of images, files."""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_pgf import RendererPgf
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine

from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.draw.artists import check_labels, draw_images, draw_panel, tiled
from phase_diagrams.draw.labels import arrange
from phase_diagrams.draw.style import PANEL, look
from phase_diagrams.storage.files import StorageError, write_atomic
from replica.errors import ReplicaWarning
from replica.machines.data.guards import damage_as, listed
from replica.typing import Numbers

ROW = 2
"""Panels side by side, at most: two columns of a journal."""


class Shown(Figure):
    """A figure that a notebook shows, without a window and without being asked to."""

    looks: str | os.PathLike[str] | None = None

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        with look(self.looks):
            self.savefig(buffer, format="png", dpi=150)
        return buffer.getvalue()


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
    >>> from phase_diagrams.diagram import Axis, Line, LineKind
    >>> line = Line("T_g", LineKind.CONTINUOUS, [0, 1], [1, 2], ["converged", "converged"], "$T_g$")
    >>> axes = Axis("alpha", r"load $\alpha$"), Axis("T", "temperature $T$")
    >>> ax = draw(PhaseDiagram("glass", "Glass transition", axes, [line], [], [], {}))
    >>> ax.get_ylabel(), ax.lines[0].get_label()
    ('temperature $T$', '$T_g$')
    """
    if ax is None:
        return figure(replace(diagram, beside=())).axes[0]
    with look():
        draw_panel(diagram, ax)
        arrange(ax)
    return ax


def figure(
    diagram: PhaseDiagram,
    *,
    style: str | os.PathLike[str] | None = None,
    size: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a diagram and the panels beside it, each one journal column wide; at most two in a row.

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
    >>> from phase_diagrams.diagram import Axis, Line, LineKind
    >>> diagram = PhaseDiagram("d", "plane", (Axis("a", "$a$"), Axis("b", "$b$")), [], [], [], {})
    >>> [ax.get_title(loc="left") for ax in figure(replace(diagram, beside=[diagram])).axes]
    ['(a) plane', '(b) plane']
    """
    panels = list(_panels(diagram))
    if title is not None:
        check_labels(replace(diagram, title=title))
    if title is not None and len(panels) == 1:
        panels = [replace(diagram, title=title)]
    if len(panels) > 1:
        panels = [replace(p, title=f"({chr(ord('a') + i)}) {p.title}") for i, p in enumerate(panels)]
    with look(style):
        layout = ConstrainedLayoutEngine()
        width, height = rcParams["figure.figsize"]
        rows = -(-len(panels) // ROW)
        columns = -(-len(panels) // rows)
        made = Shown(figsize=size or (width * columns, height * rows), layout=layout)
        made.looks = style
        FigureCanvasAgg(made)  # keeps the one bitmap that all texts are measured on; else each makes its own
        if title and len(panels) > 1:
            made.suptitle(title)
        places = list(made.subplots(rows, columns, squeeze=False).flat)
        for ax in places[len(panels) :]:
            ax.remove()
        places = places[: len(panels)]
        for panel, ax in zip(panels, places, strict=True):
            draw_panel(panel, ax)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _NO_GLYPH.pattern)  # told where the figure is written
            for _ in range(2):  # a legend that moves out of the frame changes the layout once
                layout.execute(made)
                for ax in places:
                    arrange(ax)
    return made


def mosaic(
    tiles: Numbers,
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
    sheet = tiled(np.asarray(tiles, dtype=float))
    with look(style):
        made = Shown(figsize=size or (PANEL[0], PANEL[0] * sheet.shape[0] / sheet.shape[1] + 0.3))
        made.looks = style
        made.set_layout_engine("constrained")
        ax = made.subplots()
        draw_images(sheet, signed, ax)
        ax.set_title(title)
    return made


MOST_PIXELS = 2**27
"""Of a picture: half a gigabyte while it is drawn."""


def svg(diagram: PhaseDiagram) -> str:
    """Draw a diagram as the text of an SVG picture, as a notebook shows it.

    Examples
    --------
    >>> from phase_diagrams.diagram import Axis
    >>> svg(PhaseDiagram("d", "", (Axis("a", "$a$"), Axis("b", "$b$")), [], [], [], {})).count("</svg>")
    1
    """
    buffer = BytesIO()
    with look(), _letters():
        figure(diagram).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue().decode()


def save_figure(
    figure: Figure,
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    *,
    style: str | os.PathLike[str] | None = None,
    dpi: float | None = None,
) -> None:
    """Write a figure to a png, pdf, svg or pgf file, whole or not at all.

    The same figure and metadata give the same bytes: the file carries no date of its own.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write.
    path : path-like
        The file to write; its suffix decides the format.
    metadata : mapping of str to JSON values, optional
        Where the figure comes from, such as the provenance of a diagram. It is stored as JSON text
        in the file: under ``Description`` in png and svg, under ``Subject`` in pdf, as a comment in pgf.
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
    if suffix not in (*_FIELDS, "pgf"):
        message = (
            f"cannot write {path}: figures are written as {', '.join(_FIELDS)}, pgf; choose one of these "
            "suffixes"
        )
        raise StorageError(message)
    if suffix == "pgf":
        with look(style):
            write_atomic(path, as_pgf(figure, metadata))
        return
    field, others = _FIELDS[suffix]
    buffer = BytesIO()

    def impossible(words: str) -> StorageError:
        return StorageError(f"cannot draw {path} in this style and size: {words}")

    with look(style), damage_as(impossible):
        dots = dpi or rcParams["savefig.dpi"]
        width, height = (math.ceil(side * dots) for side in figure.get_size_inches())
        if suffix == "png" and not (max(width, height) < 2**16 and width * height <= MOST_PIXELS):
            message = f"{width} x {height} pixels are too many; take a smaller --dpi or --size, or .pdf"
            raise impossible(message)
        with _letters():
            figure.savefig(
                buffer,
                format=suffix,
                dpi=dots,
                metadata={field: json.dumps(dict(metadata or {})), **others},
            )
    write_atomic(path, buffer.getvalue())


class _WithoutLaTeX(RendererPgf):
    """Commands for LaTeX, from texts that are measured as in every other format, without asking LaTeX."""

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        agg: Any = self.figure.canvas.get_renderer()
        scale = self.dpi / agg.dpi
        width, height, descent = agg.get_text_width_height_descent(s, prop, ismath)
        return width * scale, height * scale, descent * scale


def as_pgf(figure: Figure, metadata: Mapping[str, Any] | None = None) -> str:
    r"""A figure as text for LaTeX, to be read in by ``\input``: letters are those of the document.

    Raises
    ------
    StorageError
        If the figure holds pixels: a heat map, or images.

    Examples
    --------
    >>> made = Figure(figsize=(3, 2))
    >>> _ = FigureCanvasAgg(made)
    >>> as_pgf(made).splitlines()[-2:]
    ['\\makeatother', '\\endgroup']
    """
    if any(artist.get_rasterized() or isinstance(artist, AxesImage) for artist in figure.findobj()):
        message = "cannot write a figure with pixels, of a heat map or of images, as .pgf; take .pdf"
        raise StorageError(message)
    text = StringIO()
    width, height = figure.get_size_inches()
    text.write(f"% {json.dumps(dict(metadata or {}))}\n% \\usepackage{{pgf}} and \\input this file\n")
    text.write("\\begingroup\n\\makeatletter\n\\begin{pgfpicture}\n")
    text.write(f"\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}\n")
    text.write("\\pgfusepath{use as bounding box, clip}\n")
    with rc_context({"pgf.rcfonts": False}):
        pgf: Any = _WithoutLaTeX
        mixed: Any = MixedModeRenderer  # neither has types
        figure.draw(mixed(figure, width, height, figure.dpi, pgf(figure, text)))
    text.write("\\end{pgfpicture}\n\\makeatother\n\\endgroup\n")
    return text.getvalue()


_FIELDS: dict[str, tuple[str, dict[str, None]]] = {
    "png": ("Description", {}),
    "pdf": ("Subject", {"CreationDate": None}),
    "svg": ("Description", {"Date": None}),
}
"""Where each format keeps the metadata, and what matplotlib would add by itself."""


_NO_GLYPH = re.compile(r"Glyph (\d+) .*missing from")
"""What matplotlib warns of at every text with a letter that its fonts do not have."""


@contextmanager
def _letters() -> Iterator[None]:
    """Say in one sentence which letters the fonts do not have; other warnings go on."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.filterwarnings("always", _NO_GLYPH.pattern)
        yield
    found = {remark: _NO_GLYPH.match(str(remark.message)) for remark in remarks}
    for remark, glyph in found.items():
        if glyph is None:
            warnings.warn_explicit(remark.message, remark.category, remark.filename, remark.lineno)
    if letters := {chr(int(glyph[1])) for glyph in found.values() if glyph}:
        message = (
            f"the font has no {listed(sorted(letters))}, for which an empty box is drawn; a style file can "
            "name another one (font.family)"
        )
        warnings.warn(message, ReplicaWarning, stacklevel=4)


def _panels(diagram: PhaseDiagram) -> Iterable[PhaseDiagram]:
    yield diagram
    for panel in diagram.beside:
        yield from _panels(panel)
