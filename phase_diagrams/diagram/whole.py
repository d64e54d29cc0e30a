"""A diagram as a whole, to and from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from reprlib import repr as short
from typing import Any, Self

from phase_diagrams.diagram.checks import DiagramError, check_items, check_text, find, store
from phase_diagrams.diagram.parts import Axis, HeatMap, Images, Inset, Line, LineKind, Point, Region
from phase_diagrams.diagram.reading import build, check_keys, each, plain
from replica.showing import dataframe

FORMAT = 7
"""Number of the newest JSON format that this version reads.

A diagram is written in the oldest format that holds it: 1, with a heat map 2, with measured values 3, with
images 4, with lines on which replica symmetry is broken 5, with metastable states of regions 6,
with stable and unstable states 7."""


@dataclass(frozen=True, slots=True)
class PhaseDiagram:
    r"""A phase diagram, ready to be stored or drawn.

    Parameters
    ----------
    name : str
        Name of the diagram, as used on the command line.
    title : str
        What stands above the figure, may contain mathtext; may be empty.
    axes : (Axis, Axis)
        The horizontal and the vertical axis.
    lines : sequence of Line
        The lines, in drawing order.
    points : sequence of Point
        The marked points.
    regions : sequence of Region
        The phases.
    provenance : mapping of str to JSON values
        Where the diagram comes from: model, settings, versions, date, command line.
    insets : sequence of Inset
        Magnified views, drawn inside the diagram.
    beside : sequence of PhaseDiagram
        Further panels, drawn to the right.
    heat_map : HeatMap, optional
        A quantity behind the lines, in place of the fills of the regions.
    images : Images, optional
        Pictures, in place of axes and of everything else but the title.

    Raises
    ------
    DiagramError
        If a part has the wrong type, a name stands twice, or a part cannot stand on a logarithmic
        axis.

    Examples
    --------
    >>> line = Line("T_g", LineKind.CONTINUOUS, [0, 1], [1, 2], ["converged", "converged"])
    >>> axes = Axis("alpha", r"load $\alpha$"), Axis("T", "temperature $T$")
    >>> diagram = PhaseDiagram("glass", "Glass transition", axes, [line], [], [], {"date": "2024-05-17"})
    >>> diagram.line("T_g").y
    (1.0, 2.0)
    >>> PhaseDiagram.from_json(diagram.to_json()) == diagram
    True
    """

    name: str
    title: str
    axes: tuple[Axis, Axis]
    lines: Sequence[Line]
    points: Sequence[Point]
    regions: Sequence[Region]
    provenance: Mapping[str, Any] = field(hash=False)
    insets: Sequence[Inset] = ()
    beside: Sequence[PhaseDiagram] = ()
    heat_map: HeatMap | None = None
    images: Images | None = None

    def __post_init__(self) -> None:
        check_text(self, "name")
        check_text(self, "title")
        for name, part in _SINGLE.items():
            if not isinstance(getattr(self, name), part | None):
                message = f"expected {part.__name__}, got {short(getattr(self, name))}"
                raise DiagramError(message, name)
        for name, part in (*_PARTS.items(), ("beside", PhaseDiagram)):
            items = check_items(name, getattr(self, name))
            for i, item in enumerate(items):
                if not isinstance(item, part):
                    message = f"expected {part.__name__}, got {short(item)}"
                    raise DiagramError(message, f"{name}[{i}]")
            store(self, **{name: tuple(items)})
        if len(self.axes) != 2:
            message = f"expected a horizontal and a vertical axis, got {len(self.axes)}"
            raise DiagramError(message, "axes")
        for name in ("lines", "points", "regions"):
            names = [item.name for item in getattr(self, name)]
            for i, item in enumerate(names):
                if item in names[:i]:
                    message = f"{item!r} stands twice; names must differ"
                    raise DiagramError(message, f"{name}[{i}].name")
        if not isinstance(self.provenance, Mapping):
            message = f"expected an object, got {short(self.provenance)}"
            raise DiagramError(message, "provenance")
        store(self, provenance=plain(self.provenance, "provenance"))
        self._check_scales()

    def _check_scales(self) -> None:
        """Refuse what cannot be drawn on a logarithmic axis; only lines may have gaps."""
        places = [(f"points[{i}]", (point.x, point.y)) for i, point in enumerate(self.points)]
        for i, line in enumerate(self.lines):
            places += [(f"lines[{i}].points[{j}]", (p.x, p.y)) for j, p in enumerate(line.points)]
        for i, region in enumerate(self.regions):
            places += [(f"regions[{i}].at", region.at)]
            places += [
                (f"regions[{i}].polygon[{j}]", corner) for j, corner in enumerate(region.polygon or ())
            ]
        for i, inset in enumerate(self.insets):
            places += [(f"insets[{i}]", (min(inset.xlim), min(inset.ylim)))]
        if self.heat_map is not None:
            places += [("heat_map", (self.heat_map.x[0], self.heat_map.y[0]))]
        for where, place in places:
            for axis, value in zip(self.axes, place, strict=True):
                if axis.scale == "log" and value <= 0:
                    message = f"{value} cannot stand on the logarithmic axis {axis.name!r}"
                    raise DiagramError(message, where)

    def __repr__(self) -> str:
        axes = " and ".join(axis.name for axis in self.axes)
        parts = {
            "line": self.lines,
            "point": self.points,
            "region": self.regions,
            "panel beside": self.beside,
        }
        counts = [f"{len(p)} {name}{'s' * (len(p) != 1)}" for name, p in parts.items() if p]
        return f"<PhaseDiagram {self.name!r} of {axes}: {', '.join(counts) or 'empty'}>"

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The points of all lines as a table, by column; the panels beside follow, counted from 1."""
        table: dict[str, list[Any]] = {"panel": []}
        for i, panel in enumerate([self, *self.beside]):
            for line in panel.lines:
                names = {"x": panel.axes[0].name, "y": panel.axes[1].name}
                table["panel"] += [i + 1] * len(line.x)
                for name, values in line.columns.items():
                    table.setdefault(name, []).extend(values)
                for name in ("x", "y"):
                    table.setdefault(f"{name}_name", []).extend([names[name]] * len(line.x))
        return table

    @property
    def moments(self) -> dict[str, list[float]]:
        """What a picture keeps of its numbers: of each panel their count, means and mean squares.

        Examples
        --------
        >>> line = Line("T_g", LineKind.CONTINUOUS, [0, 1], [1, 3], ["converged", "converged"])
        >>> PhaseDiagram("d", "", (Axis("a", "a"), Axis("b", "b")), [line], [], [], {}).moments
        {'panel 1': [2, 0.5, 2.0, 0.5, 5.0]}
        """
        return {f"panel {i + 1}": panel._moments() for i, panel in enumerate([self, *self.beside])}

    def _moments(self) -> list[float]:
        known = [
            (x, y) for line in self.lines for x, y in zip(line.x, line.y, strict=True) if math.isfinite(x + y)
        ]
        columns: list[Sequence[float]] = [list(column) for column in zip(*known, strict=True)]
        if self.heat_map is not None:
            columns.append([v for row in self.heat_map.values for v in row if math.isfinite(v)])
        if self.images is not None:
            columns.append([v for tile in self.images.tiles for row in tile for v in row])
        columns = [column for column in columns if column]
        means = [math.fsum(column) / len(column) for column in columns]
        squares = [math.fsum(v * v for v in column) / len(column) for column in columns]
        return [len(known), *means, *squares]

    def to_dataframe(self) -> Any:
        """The points of all lines as a table of pandas; see `columns`."""
        return dataframe(self.columns)

    def plot(self, ax: Any = None) -> Any:
        """Draw the diagram, the panels beside it left out; return the axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a figure is made.
        """
        from phase_diagrams.draw import draw

        return draw(self, ax)

    def _repr_svg_(self) -> str:
        from phase_diagrams.draw import svg

        return svg(self)

    def line(self, name: str) -> Line:
        """Return the line called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none; the message lists the names that exist.

        Examples
        --------
        >>> line = Line("T_g", LineKind.CONTINUOUS, [0], [1], ["converged"])
        >>> PhaseDiagram("d", "", (Axis("a", "a"), Axis("b", "b")), [line], [], [], {}).line("T_g").y
        (1.0,)
        """
        return find("line", name, self.lines)

    def point(self, name: str) -> Point:
        """Return the point called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none; the message lists the names that exist.

        Examples
        --------
        >>> point = Point("c", "$c$", 0.138, 0.0)
        >>> PhaseDiagram("d", "", (Axis("a", "a"), Axis("b", "b")), [], [point], [], {}).point("c").x
        0.138
        """
        return find("point", name, self.points)

    def region(self, name: str) -> Region:
        """Return the region called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none; the message lists the names that exist.

        Examples
        --------
        >>> region = Region("glass", "spin glass", (0.1, 0.5))
        >>> PhaseDiagram("d", "", (Axis("a", "a"), Axis("b", "b")), [], [], [region], {}).region("glass").at
        (0.1, 0.5)
        """
        return find("region", name, self.regions)

    def to_json(self) -> dict[str, Any]:
        """Return the diagram as an object of strings, numbers, lists and objects; NaN becomes null.

        Examples
        --------
        >>> diagram = PhaseDiagram("d", "", (Axis("a", "a"), Axis("b", "b")), [], [], [], {})
        >>> list(diagram.to_json())[:4]
        ['format', 'name', 'title', 'axes']
        """
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        beside = [panel.to_json() for panel in parts.pop("beside")]
        for name in _SINGLE:
            if parts[name] is None:
                del parts[name]
        number = 1 if self.heat_map is None else 2
        if any(line.kind is LineKind.MEASURED for line in self.lines):
            number = 3
        if self.images is not None:
            number = 4
        told = plain(parts)
        for line in told["lines"]:
            for name in ("uncertainty", "broken"):  # older formats have neither
                if line[name]:
                    number = 5
                else:
                    del line[name]
        for region in told["regions"]:
            if region["metastable"]:
                number = 6
            else:
                del region["metastable"]
        if any(line.kind in (LineKind.STABLE, LineKind.UNSTABLE) for line in self.lines):
            number = 7
        return {"format": number, **told, "beside": beside}

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Make a diagram from what ``to_json`` returned.

        Raises
        ------
        DiagramError
            If the format number is another one, or if the content is damaged; the message names
            the part, such as ``lines[2].y``.

        Examples
        --------
        >>> PhaseDiagram.from_json({"format": 8})
        Traceback (most recent call last):
            ...
        phase_diagrams.diagram.checks.DiagramError: the diagram is written in format 8; this version reads \
formats up to 7; read it with the version that wrote it, or compute it again
        """
        check_keys(data, {"format"}, None)
        number = data["format"]
        if type(number) is not int or not 1 <= number <= FORMAT:
            message = (
                f"the diagram is written in format {short(number)}; this version reads formats up to {FORMAT}"
                "; read it with the version that wrote it, or compute it again"
            )
            raise DiagramError(message)
        parts = {key: value for key, value in data.items() if key != "format"}
        for name, part in _PARTS.items():
            if name in parts:
                parts[name] = each(name, parts[name], partial(build, part))
        for where, part in _SINGLE.items():
            if parts.get(where) is not None:
                try:
                    parts[where] = build(part, parts[where])
                except DiagramError as error:
                    raise error.inside(where) from None
        if "beside" in parts:
            parts["beside"] = each("beside", parts["beside"], PhaseDiagram.from_json)
        return build(cls, parts)


_PARTS: dict[str, type] = {"axes": Axis, "lines": Line, "points": Point, "regions": Region, "insets": Inset}
_SINGLE: dict[str, type] = {"heat_map": HeatMap, "images": Images}
