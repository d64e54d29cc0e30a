"""The parts of a diagram: axes, lines, points, regions, insets, heat maps, images."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from itertools import pairwise
from reprlib import repr as short
from typing import Any, Literal

from phase_diagrams.diagram.checks import (
    DiagramError,
    Pair,
    check_interval,
    check_items,
    check_kind,
    check_number,
    check_pair,
    check_text,
    check_words,
    store,
)
from replica.showing import dataframe, good, html
from replica.theory.boundaries import Kind

CONVERGED = "converged"
"""The status of a point that was found; any other status is the reason why it was not."""


class LineKind(Enum):
    """What a line means.

    Examples
    --------
    >>> [kind.value for kind in LineKind]
    ['continuous', 'first-order', 'spinodal', 'stability', 'curve', 'measured', 'stable', 'unstable']
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
    STABLE = "stable"
    """States against a control parameter that damped iteration of their equations leads to."""
    UNSTABLE = "unstable"
    """States that it leads away from: behind a fold, say."""


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
        check_text(self, "name", "label")
        if self.scale not in ("linear", "log"):
            message = f"expected 'linear' or 'log', got {short(self.scale)}"
            raise DiagramError(message, "scale")
        if self.limits is not None:
            limits = check_interval("limits", self.limits)
            store(self, limits=limits)
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
    uncertainty : sequence of pairs of float, shape (n,)
        Bounds on the errors of x and y, where they are known; NaN where they are not, or are infinite. Empty
        where none is.
    broken : sequence of bool, shape (n,) or empty
        Where the line rests on a replica-symmetric state of negative replicon, so that it is an approximation
        there; empty if it does nowhere, or if the theory has no replicon. Drawn hollow.

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
    uncertainty: Sequence[Pair] = ()
    broken: Sequence[bool] = ()

    def __post_init__(self) -> None:
        check_text(self, "name", "label")
        kind = check_kind(LineKind, self.kind)
        x, y = (check_items(name, getattr(self, name)) for name in ("x", "y"))
        status = check_words("status", self.status)
        for name, values in (("y", y), ("status", status)):
            if len(values) != len(x):
                message = (
                    f"line {self.name!r} has {len(values)} of these and {len(x)} of x; lengths must be equal"
                )
                raise DiagramError(message, name)
        store(
            self,
            kind=kind,
            x=tuple(check_number(f"x[{i}]", value, missing=True) for i, value in enumerate(x)),
            y=tuple(check_number(f"y[{i}]", value, missing=True) for i, value in enumerate(y)),
            status=status,
            points=tuple(check_items("points", self.points)),
            uncertainty=self._errors(),
            broken=tuple(check_items("broken", self.broken)),
        )
        if any(not isinstance(flag, bool) for flag in self.broken):
            message = f"expected true or false for each point, got {short(self.broken)}"
            raise DiagramError(message, "broken")
        if self.broken and len(self.broken) != len(self.x):
            many = f"{len(self.broken)} of these and {len(self.x)} of x"
            message = f"line {self.name!r} has {many}; lengths must be equal"
            raise DiagramError(message, "broken")
        if not any(self.broken):
            store(self, broken=())
        _check_points(self.points)
        for i, (one, two, state) in enumerate(zip(self.x, self.y, self.status, strict=True)):
            if (state == CONVERGED) == math.isnan(one + two):
                message = f"{state!r} contradicts the point ({one}, {two}), which is NaN if its search failed"
                raise DiagramError(message, f"status[{i}]")
        if kind is LineKind.MEASURED and len(self.x) != 3:
            message = f"a measured value has three points (bar, value, bar), not {len(self.x)}"
            raise DiagramError(message, "x")

    def __repr__(self) -> str:
        found = sum(status == CONVERGED for status in self.status)
        gaps = f", {len(self.x) - found} not found" if found < len(self.x) else ""
        special = "".join(f", {point.name}" for point in self.points)
        return f"<Line {self.name!r}, {self.kind.value}: {found} points{gaps}{special}>"

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The points as a table, by column."""
        nan = math.nan
        errors = self.uncertainty or [(nan, nan)] * len(self.x)
        return {
            "line": [self.name] * len(self.x),
            "kind": [self.kind.value] * len(self.x),
            "x": list(self.x),
            "y": list(self.y),
            "x_error": [one for one, _ in errors],
            "y_error": [two for _, two in errors],
            "broken": list(self.broken or [False] * len(self.x)),
            "status": list(self.status),
        }

    def to_dataframe(self) -> Any:
        """The points as a table of pandas; see `columns`."""
        return dataframe(self.columns)

    def _repr_html_(self) -> str:
        errors = self.uncertainty or [(math.nan, math.nan)] * len(self.x)
        rows = [
            (good(x, dx), good(y, dy), status)
            for x, y, (dx, dy), status in zip(self.x, self.y, errors, self.status, strict=True)
        ]
        return html(repr(self).strip("<>"), ("x", "y", "status"), rows)

    def _errors(self) -> tuple[Pair, ...]:
        """The uncertainties, checked."""
        errors = check_items("uncertainty", self.uncertainty)
        if errors and len(errors) != len(list(self.x)):
            message = f"line {self.name!r} has {len(errors)} of these and not one for each point"
            raise DiagramError(message, "uncertainty")
        told = []
        for i, pair in enumerate(errors):
            items = check_items(f"uncertainty[{i}]", pair)
            if len(items) != 2:
                message = f"expected two numbers, got {short(pair)}"
                raise DiagramError(message, f"uncertainty[{i}]")
            one, two = (check_number(f"uncertainty[{i}]", item, missing=True) for item in items)
            if min(one, two) < 0:
                message = f"an error bound is not negative, got {short(pair)}"
                raise DiagramError(message, f"uncertainty[{i}]")
            told.append((one, two))
        return tuple(told)

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
        check_text(self, "name", "label")
        store(self, x=check_number("x", self.x), y=check_number("y", self.y))
        if self.kind is not None:
            store(self, kind=check_kind(Kind, self.kind))
        if self.uncertainty is not None:
            store(self, uncertainty=check_pair("uncertainty", self.uncertainty))


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
    metastable : sequence of str
        The states that exist in it besides the phase, for which it is hatched.

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
    metastable: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_text(self, "name", "label")
        store(self, at=check_pair("at", self.at))
        store(self, metastable=check_words("metastable", self.metastable, "the name of a state"))
        if self.polygon is not None:
            corners = check_items("polygon", self.polygon)
            store(
                self, polygon=tuple(check_pair(f"polygon[{i}]", corner) for i, corner in enumerate(corners))
            )
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
        bounds = tuple(
            check_number(f"bounds[{i}]", v) for i, v in enumerate(check_items("bounds", self.bounds))
        )
        if len(bounds) != 4 or min(bounds[2:]) <= 0:
            message = f"expected (x0, y0, width > 0, height > 0), got {bounds}"
            raise DiagramError(message, "bounds")
        store(
            self,
            bounds=bounds,
            xlim=check_interval("xlim", self.xlim),
            ylim=check_interval("ylim", self.ylim),
        )


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
        check_text(self, "label")
        for name in ("x", "y", "levels"):
            numbers = tuple(
                check_number(f"{name}[{i}]", v) for i, v in enumerate(check_items(name, getattr(self, name)))
            )
            if any(one >= two for one, two in pairwise(numbers)):
                message = "the numbers must increase"
                raise DiagramError(message, name)
            if len(numbers) < 2 and name != "levels":
                message = f"expected at least two numbers, got {len(numbers)}"
                raise DiagramError(message, name)
            store(self, **{name: numbers})
        store(self, values=self._rows("values", missing=True))
        if self.patches:
            store(self, patches=self._rows("patches"))

    def _rows(self, name: str, *, missing: bool = False) -> tuple[tuple[float, ...], ...]:
        """The checked rows of a table with a number for each point."""
        rows = [
            check_items(f"{name}[{i}]", row) for i, row in enumerate(check_items(name, getattr(self, name)))
        ]
        if len(rows) != len(self.y) or any(len(row) != len(self.x) for row in rows):
            message = f"expected {len(self.y)} rows of {len(self.x)} numbers"
            raise DiagramError(message, name)
        return tuple(
            tuple(check_number(f"{name}[{i}][{j}]", v, missing=missing) for j, v in enumerate(row))
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
                    check_number(f"tiles[{i}][{j}][{k}]", v)
                    for k, v in enumerate(check_items(f"tiles[{i}][{j}]", row))
                )
                for j, row in enumerate(check_items(f"tiles[{i}]", tile))
            )
            for i, tile in enumerate(check_items("tiles", self.tiles))
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
        store(self, tiles=tiles)


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
