"""A phase diagram is data: axes, lines, points and regions, with where they came from.

Nothing here computes or draws. Every part is frozen and checks itself when it is made, so a diagram
that exists can be drawn and stored; ``to_json`` and ``from_json`` are inverse to each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from functools import partial
from itertools import pairwise
from numbers import Integral, Real
from reprlib import repr as short
from typing import Any, Literal, Protocol, Self, TypeAlias, TypeVar

from replica.errors import ReplicaError, UnknownNameError
from replica.kinds import Kind

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

FORMAT = 4
"""Number of the newest JSON format that this version reads.

A diagram is written in the oldest format that holds it: 1, with a heat map 2, with measured values 3, with
images 4."""

CONVERGED = "converged"
"""The status of a point that was found; any other status is the reason why it was not."""

Pair: TypeAlias = tuple[float, float]


class DiagramError(ReplicaError, ValueError):
    """A part of a phase diagram that is not as it must be.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence.
    where : str
        The part that is wrong, such as ``lines[2].y``; empty for the diagram as a whole.

    Examples
    --------
    >>> print(DiagramError("missing", "lines[2].y"))
    lines[2].y: missing
    """

    def __init__(self, problem: str, where: str = "") -> None:
        super().__init__(problem, where)
        self.problem, self.where = problem, where

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem

    def inside(self, where: str) -> DiagramError:
        """Return the same error, seen from the larger thing that holds the part as ``where``.

        Examples
        --------
        >>> print(DiagramError("missing", "y").inside("lines[2]"))
        lines[2].y: missing
        """
        return DiagramError(self.problem, f"{where}.{self.where}" if self.where else where)


class LineKind(Enum):
    """What a line means.

    Examples
    --------
    >>> [kind.value for kind in LineKind]
    ['continuous', 'first-order', 'spinodal', 'stability', 'curve', 'measured']
    """

    CONTINUOUS = "continuous"
    """An order parameter vanishes without a jump."""
    FIRST_ORDER = "first-order"
    """Two branches have the same free energy."""
    SPINODAL = "spinodal"
    """A branch ceases to exist."""
    STABILITY = "stability"
    """A branch loses stability, for example against breaking of replica symmetry."""
    CURVE = "curve"
    """A plain function graph, such as f(l)."""
    MEASURED = "measured"
    """One measured value: the lower end of its error bar, the value, the upper end."""


@dataclass(frozen=True, slots=True)
class Axis:
    r"""One of the two axes of a diagram.

    Parameters
    ----------
    name : str
        Name of the quantity in code, such as ``alpha``.
    label : str
        What is written along the axis; may contain mathtext, such as ``r"load $\alpha = P/N$"``.
    scale : {"linear", "log"}
        Scale of the axis.
    limits : pair of float, optional
        First and last value shown, in the units of the quantity; without it the data decide.

    Raises
    ------
    DiagramError
        If a field has the wrong type, or if the limits do not fit the scale.

    Examples
    --------
    >>> Axis("T", "temperature $T$", limits=(0, 1)).limits
    (0.0, 1.0)
    """

    name: str
    label: str
    scale: Literal["linear", "log"] = "linear"
    limits: Pair | None = None

    def __post_init__(self) -> None:
        _text(self, "name", "label")
        if self.scale not in ("linear", "log"):
            message = f"expected 'linear' or 'log', got {short(self.scale)}"
            raise DiagramError(message, "scale")
        if self.limits is not None:
            limits = _interval("limits", self.limits)
            _set(self, limits=limits)
            if self.scale == "log" and min(limits) <= 0:
                message = f"a logarithmic axis needs positive limits, got {limits}"
                raise DiagramError(message, "limits")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diagram: its points in order, with NaN where the search for one failed.

    Parameters
    ----------
    name : str
        Name of the line, unique in its diagram.
    kind : LineKind
        What the line means.
    x, y : sequence of float, shape (n,)
        Coordinates in the units of the axes; stored as tuples. A point that was not found has NaN
        in one or both of them.
    status : sequence of str, shape (n,)
        ``"converged"`` for a point that was found, otherwise the reason why not; stored as a tuple.
    label : str
        What the legend says, may contain mathtext; an empty label keeps the line out of the legend.
    points : sequence of Point
        Special points on the line: where it ends, turns, or meets another one. Drawn with their labels.

    Raises
    ------
    DiagramError
        If a field has the wrong type, the lengths differ, a coordinate is infinite, or a status
        contradicts the coordinates beside it.

    Examples
    --------
    >>> line = Line("T_g", LineKind.CONTINUOUS, [0.0, 1.0, 4.0], [1.0, float("nan"), 3.0],
    ...             ["converged", "iteration limit reached", "converged"])
    >>> line.y
    (1.0, nan, 3.0)
    """

    name: str
    kind: LineKind
    x: Sequence[float]
    y: Sequence[float]
    status: Sequence[str]
    label: str = ""
    points: Sequence[Point] = ()

    def __post_init__(self) -> None:
        _text(self, "name", "label")
        kind = _kind(LineKind, self.kind)
        x, y, status = (_items(name, getattr(self, name)) for name in ("x", "y", "status"))
        for name, values in (("y", y), ("status", status)):
            if len(values) != len(x):
                message = (
                    f"line {self.name!r} has {len(values)} of these and {len(x)} of x; lengths must be equal"
                )
                raise DiagramError(message, name)
        _set(
            self,
            kind=kind,
            x=tuple(_number(f"x[{i}]", value, missing=True) for i, value in enumerate(x)),
            y=tuple(_number(f"y[{i}]", value, missing=True) for i, value in enumerate(y)),
            status=tuple(status),
            points=tuple(_items("points", self.points)),
        )
        _check_points(self.points)
        for i, (one, two, state) in enumerate(zip(self.x, self.y, self.status, strict=True)):
            if not isinstance(state, str) or not state:
                message = f"expected text, got {short(state)}"
                raise DiagramError(message, f"status[{i}]")
            if (state == CONVERGED) == math.isnan(one + two):
                message = f"{state!r} contradicts the point ({one}, {two}), which is NaN if its search failed"
                raise DiagramError(message, f"status[{i}]")
        if kind is LineKind.MEASURED and len(self.x) != 3:
            message = f"a measured value has three points (bar, value, bar), not {len(self.x)}"
            raise DiagramError(message, "x")

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, where every NaN is math.nan: copies of a line are equal to it.
        return type(self), tuple(getattr(self, part.name) for part in fields(self))


@dataclass(frozen=True, slots=True)
class Point:
    r"""A marked point of a diagram: critical, triple, multicritical, a capacity.

    Parameters
    ----------
    name : str
        Name of the point, unique in its diagram.
    label : str
        What is written beside the marker, may contain mathtext; empty for a marker alone.
    x, y : float
        Coordinates in the units of the axes.
    kind : Kind, optional
        What happens there, for a point of codimension two.
    uncertainty : pair of float, optional
        Bounds on the errors of the coordinates, where they are known.

    Raises
    ------
    DiagramError
        If a field has the wrong type or a coordinate is not finite.

    Examples
    --------
    >>> Point("capacity", r"$\alpha_c$", 0.138, 0).y
    0.0
    """

    name: str
    label: str
    x: float
    y: float
    kind: Kind | None = None
    uncertainty: Pair | None = None

    def __post_init__(self) -> None:
        _text(self, "name", "label")
        _set(self, x=_number("x", self.x), y=_number("y", self.y))
        if self.kind is not None:
            _set(self, kind=_kind(Kind, self.kind))
        if self.uncertainty is not None:
            _set(self, uncertainty=_pair("uncertainty", self.uncertainty))


@dataclass(frozen=True, slots=True)
class Region:
    """A phase: its name on the figure and, if known, its outline.

    Parameters
    ----------
    name : str
        Name of the region, unique in its diagram.
    label : str
        What is written on the figure, may contain mathtext and line breaks.
    at : pair of float
        Where the middle of the label stands, in the units of the axes.
    polygon : sequence of pairs of float, shape (n, 2) with n >= 3, optional
        The outline, filled lightly; stored as a tuple of pairs.

    Raises
    ------
    DiagramError
        If a field has the wrong type, a coordinate is not finite, or an outline has fewer than
        three corners.

    Examples
    --------
    >>> Region("glass", "spin glass", (0.1, 0.5), [(0, 0), (1, 0), (1, 1)]).polygon
    ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    """

    name: str
    label: str
    at: Pair
    polygon: Sequence[Pair] | None = None

    def __post_init__(self) -> None:
        _text(self, "name", "label")
        _set(self, at=_pair("at", self.at))
        if self.polygon is not None:
            corners = _items("polygon", self.polygon)
            _set(self, polygon=tuple(_pair(f"polygon[{i}]", corner) for i, corner in enumerate(corners)))
            if len(corners) < 3:
                message = f"expected at least three corners, got {len(corners)}"
                raise DiagramError(message, "polygon")


@dataclass(frozen=True, slots=True)
class Inset:
    """A magnified view of a part of the diagram, drawn inside it.

    Parameters
    ----------
    bounds : (x0, y0, width, height)
        Where the inset stands, in fractions of the axes.
    xlim, ylim : pair of float
        The part that is magnified, in the units of the axes.

    Raises
    ------
    DiagramError
        If a number is missing or not finite, or if the inset or its view has no area.

    Examples
    --------
    >>> Inset((0.5, 0.5, 0.4, 0.4), xlim=(0, 0.1), ylim=(0, 0.2)).ylim
    (0.0, 0.2)
    """

    bounds: tuple[float, float, float, float]
    xlim: Pair
    ylim: Pair

    def __post_init__(self) -> None:
        bounds = tuple(_number(f"bounds[{i}]", v) for i, v in enumerate(_items("bounds", self.bounds)))
        if len(bounds) != 4 or min(bounds[2:]) <= 0:
            message = f"expected (x0, y0, width > 0, height > 0), got {bounds}"
            raise DiagramError(message, "bounds")
        _set(self, bounds=bounds, xlim=_interval("xlim", self.xlim), ylim=_interval("ylim", self.ylim))


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A quantity on a grid of points, shown by colours and contour lines.

    Parameters
    ----------
    label : str
        What is shown, may contain mathtext.
    x, y : sequence of float, shape (nx,) and (ny,)
        Coordinates in the units of the axes, increasing; stored as tuples.
    values : sequence of sequences of float, shape (ny, nx)
        A row for each y; NaN where the quantity does not exist.
    levels : sequence of float
        Where contour lines are drawn, increasing.
    patches : sequence of sequences of int, shape (ny, nx), optional
        A number for each point; contour lines end between points with different ones, where the quantity
        may jump.

    Raises
    ------
    DiagramError
        If a field has the wrong type, a coordinate is not finite or out of order, or the shapes differ.

    Examples
    --------
    >>> HeatMap("$m$", [0, 1, 2], [0, 1], [[1, 0.5, 0.2], [0.9, 0.4, float("nan")]], [0.5]).values[1]
    (0.9, 0.4, nan)
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    values: Sequence[Sequence[float]]
    levels: Sequence[float] = ()
    patches: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        _text(self, "label")
        for name in ("x", "y", "levels"):
            numbers = tuple(
                _number(f"{name}[{i}]", v) for i, v in enumerate(_items(name, getattr(self, name)))
            )
            if any(one >= two for one, two in pairwise(numbers)):
                message = "the numbers must increase"
                raise DiagramError(message, name)
            if len(numbers) < 2 and name != "levels":
                message = f"expected at least two numbers, got {len(numbers)}"
                raise DiagramError(message, name)
            _set(self, **{name: numbers})
        _set(self, values=self._rows("values", missing=True))
        if self.patches:
            _set(self, patches=self._rows("patches"))

    def _rows(self, name: str, *, missing: bool = False) -> tuple[tuple[float, ...], ...]:
        """The checked rows of a table with a number for each point."""
        rows = [_items(f"{name}[{i}]", row) for i, row in enumerate(_items(name, getattr(self, name)))]
        if len(rows) != len(self.y) or any(len(row) != len(self.x) for row in rows):
            message = f"expected {len(self.y)} rows of {len(self.x)} numbers"
            raise DiagramError(message, name)
        return tuple(
            tuple(_number(f"{name}[{i}][{j}]", v, missing=missing) for j, v in enumerate(row))
            for i, row in enumerate(rows)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, where every NaN is math.nan: copies are equal.
        return type(self), tuple(getattr(self, part.name) for part in fields(self))


@dataclass(frozen=True, slots=True)
class Images:
    """Small pictures of equal size that fill a panel, in place of axes: weights, samples.

    Parameters
    ----------
    tiles : sequence of pictures, shape (n, height, width)
        Each a sequence of rows; stored as tuples.
    signed : bool
        Whether the numbers have two signs that mean something; otherwise 0 is empty.

    Raises
    ------
    DiagramError
        If a number is not finite, or the pictures are not of one size.

    Examples
    --------
    >>> Images([[[0, 1], [1, 0]]]).tiles
    (((0.0, 1.0), (1.0, 0.0)),)
    """

    tiles: Sequence[Sequence[Sequence[float]]]
    signed: bool = False

    def __post_init__(self) -> None:
        tiles = tuple(
            tuple(
                tuple(
                    _number(f"tiles[{i}][{j}][{k}]", v) for k, v in enumerate(_items(f"tiles[{i}][{j}]", row))
                )
                for j, row in enumerate(_items(f"tiles[{i}]", tile))
            )
            for i, tile in enumerate(_items("tiles", self.tiles))
        )
        sizes = {(len(tile), len(row)) for tile in tiles for row in tile}
        if len(sizes) != 1 or 0 in next(iter(sizes)):
            message = (
                f"expected pictures of one size, at least one, got {len(tiles)} of sizes {sorted(sizes)}"
            )
            raise DiagramError(message, "tiles")
        if not isinstance(self.signed, bool):
            message = f"expected true or false, got {short(self.signed)}"
            raise DiagramError(message, "signed")
        _set(self, tiles=tiles)


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
        _text(self, "name")
        _text(self, "title")
        for name, part in _SINGLE.items():
            if not isinstance(getattr(self, name), part | None):
                message = f"expected {part.__name__}, got {short(getattr(self, name))}"
                raise DiagramError(message, name)
        for name, part in (*_PARTS.items(), ("beside", PhaseDiagram)):
            items = _items(name, getattr(self, name))
            for i, item in enumerate(items):
                if not isinstance(item, part):
                    message = f"expected {part.__name__}, got {short(item)}"
                    raise DiagramError(message, f"{name}[{i}]")
            _set(self, **{name: tuple(items)})
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
        _set(self, provenance=_plain(self.provenance, "provenance"))
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
        return _find("line", name, self.lines)

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
        return _find("point", name, self.points)

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
        return _find("region", name, self.regions)

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
        return {"format": number, **_plain(parts), "beside": beside}

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
        >>> PhaseDiagram.from_json({"format": 7})
        Traceback (most recent call last):
            ...
        phase_diagrams.diagram.DiagramError: the diagram is written in format 7; this version reads \
formats up to 4; read it with the version that wrote it, or compute it again
        """
        _check_keys(data, {"format"}, None)
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
                parts[name] = _each(name, parts[name], partial(_build, part))
        for where, part in _SINGLE.items():
            if parts.get(where) is not None:
                try:
                    parts[where] = _build(part, parts[where])
                except DiagramError as error:
                    raise error.inside(where) from None
        if "beside" in parts:
            parts["beside"] = _each("beside", parts["beside"], PhaseDiagram.from_json)
        return _build(cls, parts)


_PARTS: dict[str, type] = {"axes": Axis, "lines": Line, "points": Point, "regions": Region, "insets": Inset}
_SINGLE: dict[str, type] = {"heat_map": HeatMap, "images": Images}


# --- reading and writing ---------------------------------------------------------------------------


def _plain(value: Any, where: str = "") -> Any:
    """Return the value as JSON knows it; only NaN of a line becomes null, elsewhere it is refused."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if math.isnan(value) and not where:
            return None
        return _number(where, value)
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name), where) for part in fields(value)}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                message = f"keys must be text, got {short(key)}"
                raise DiagramError(message, where)
        return {key: _plain(item, where and f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, where and f"{where}[{i}]") for i, item in enumerate(value)]
    message = f"expected text, a number, a list or an object, got {short(value)}"
    raise DiagramError(message, where)


T = TypeVar("T")


def _build(part: type[T], data: Any) -> T:
    """Make a part from its JSON object, whose keys are the names of its fields."""
    known = fields(part)  # type: ignore[arg-type]  # every part is a dataclass
    _check_keys(data, {one.name for one in known if one.default is MISSING}, {one.name for one in known})
    if part is Line and "points" in data:
        data = {**data, "points": _each("points", data["points"], partial(_build, Point))}
    return part(**data)


def _each(name: str, items: Any, make: Any) -> list[Any]:
    """Apply ``make`` to every item of a JSON list; an error says which item it was."""
    made = []
    for i, item in enumerate(_items(name, items)):
        try:
            made.append(make(item))
        except DiagramError as error:
            where = f"{name}[{i}]"
            raise error.inside(where) from None
    return made


def _check_keys(data: Any, needed: Iterable[str], known: Iterable[str] | None) -> None:
    if not isinstance(data, Mapping):
        message = f"expected an object, got {short(data)}"
        raise DiagramError(message)
    for name in sorted(needed):
        if name not in data:
            message = "missing"
            raise DiagramError(message, name)
    for name in data:
        if known is not None and name not in known:
            message = f"unknown key; known: {', '.join(sorted(known))}"
            raise DiagramError(message, name)


# --- checking --------------------------------------------------------------------------------------


def _set(part: Any, **values: Any) -> None:
    """Store the checked values in a frozen part that is being made."""
    for name, value in values.items():
        object.__setattr__(part, name, value)


K = TypeVar("K", bound=Enum)


def _kind(kinds: type[K], value: Any) -> K:
    """Return the kind, given itself or its value as read from a file."""
    try:
        return kinds(value)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        message = f"unknown kind {short(value)}; known: {known}"
        raise DiagramError(message, "kind") from None


def _check_points(points: Iterable[Any]) -> None:
    """Check that these are points, and that their names differ."""
    seen: list[str] = []
    for i, item in enumerate(points):
        if not isinstance(item, Point):
            message = f"expected Point, got {short(item)}"
            raise DiagramError(message, f"points[{i}]")
        if item.name in seen:
            message = f"{item.name!r} stands twice; names must differ"
            raise DiagramError(message, f"points[{i}].name")
        seen.append(item.name)


def _text(part: Any, *names: str) -> None:
    """Check that the fields are text; a name may not be empty."""
    for name in names:
        value = getattr(part, name)
        if not isinstance(value, str) or (name == "name" and not value):
            message = f"expected text, got {short(value)}"
            raise DiagramError(message, name)


def _number(where: str, value: Any, *, missing: bool = False) -> float:
    """Return a finite float; with ``missing``, None and NaN become the one NaN, ``math.nan``."""
    if missing and value is None:
        return math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
        if missing and math.isnan(number):
            return math.nan
    message = f"expected a finite number, got {short(value)}"
    raise DiagramError(message, where)


def _items(where: str, values: Any) -> list[Any]:
    """Return the items of a sequence; text and objects are no sequences."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        message = f"expected a list, got {short(values)}"
        raise DiagramError(message, where)
    return list(values)


def _pair(where: str, value: Any) -> Pair:
    items = _items(where, value)
    if len(items) != 2:
        message = f"expected two numbers, got {short(value)}"
        raise DiagramError(message, where)
    return _number(f"{where}[0]", items[0]), _number(f"{where}[1]", items[1])


def _interval(where: str, value: Any) -> Pair:
    first, last = _pair(where, value)
    if first == last:
        message = f"expected two different numbers, got {first} twice"
        raise DiagramError(message, where)
    return first, last


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _find(what: str, name: str, items: Sequence[N]) -> N:
    for item in items:
        if item.name == name:
            return item
    raise UnknownNameError(what, name, [item.name for item in items])
