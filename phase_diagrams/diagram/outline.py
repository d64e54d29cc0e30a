"""Outlines of phases, and lines out of pieces: traced curves put head to tail."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeAlias

from phase_diagrams.diagram import CONVERGED, Line, Point

__all__ = ["join", "numbered", "outline"]

Pair: TypeAlias = tuple[float, float]
Corner: TypeAlias = tuple[float, float, str, bool]
"""A point and its status."""
Piece: TypeAlias = Line | Iterable[Pair]


def outline(*pieces: Piece) -> tuple[Pair, ...]:
    """Return the outline of a region from the lines and corners that bound it, in order.

    A piece is turned round where its far end is the nearer one, so that it does not matter in which
    direction a line was traced. Gaps of a line are bridged by a straight edge.

    Parameters
    ----------
    pieces : Line or sequence of pairs of float
        What bounds the region, one after the other.

    Returns
    -------
    tuple of pairs of float
        For the polygon of a `Region`.

    Examples
    --------
    >>> from phase_diagrams.diagram import LineKind
    >>> T_g = Line("T_g", LineKind.CONTINUOUS, [2.0, 0.0], [3.0, 1.0], ["converged"] * 2)
    >>> outline([(0, 5)], T_g, [(2, 5)])
    ((0.0, 5.0), (0.0, 1.0), (2.0, 3.0), (2.0, 5.0))
    """
    paths = [[(x, y) for x, y, *_ in _points(piece) if not math.isnan(x + y)] for piece in pieces]
    return tuple(corner for path in _head_to_tail(paths) for corner in path)


def join(*pieces: Piece, name: str | None = None) -> Line:
    """Join lines, and points that are known exactly, to one line like the first of the lines.

    A piece is turned round where its far end is the nearer one; where two pieces meet in one point,
    the point is kept once. Next to a point that is known, the mark of a search that stopped short of it goes.

    Parameters
    ----------
    pieces : Line or sequence of pairs of float
        One after the other; at least one is a line.
    name : str, optional
        Of the line; by default that of the first one.

    Returns
    -------
    Line

    Examples
    --------
    >>> from phase_diagrams.diagram import LineKind
    >>> T_g = Line("T_g", LineKind.CONTINUOUS, [2.0, 1.0], [3.0, 2.0], ["converged"] * 2)
    >>> join([(0, 1)], T_g).x
    (0.0, 1.0, 2.0)
    """
    like = next(piece for piece in pieces if isinstance(piece, Line))
    paths = [path for path in map(_points, pieces) if path]
    exact = [not isinstance(piece, Line) for piece in pieces if _points(piece)]
    marks = [_take_marks(path) for path in paths]
    heads = [path[0] for path in paths]
    points: list[Corner] = []
    for i, path in enumerate(_head_to_tail(paths)):
        head, tail = marks[i] if path[0] == heads[i] else marks[i][::-1]
        if i == 0 or not exact[i - 1]:  # a search that stopped short of a known point needs no mark
            points += head
        points += path[1:] if points and points[-1][:3] == path[0][:3] else path
        if i == len(paths) - 1 or not exact[i + 1]:
            points += tail
    x, y, status, broken = zip(*points, strict=True)
    special = [point for piece in pieces if isinstance(piece, Line) for point in piece.points]
    known = {
        (a, b): error
        for piece in pieces
        if isinstance(piece, Line)
        for a, b, error in zip(piece.x, piece.y, piece.uncertainty, strict=False)
    }
    unknown = (math.nan, math.nan)
    errors = [known.get(place, unknown) for place in zip(x, y, strict=True)] if known else ()
    return Line(name or like.name, like.kind, x, y, status, like.label, numbered(special), errors, broken)


def numbered(points: Iterable[Point]) -> list[Point]:
    """Return points with names of their own: of several with one name, all but the first get a number."""
    counts: dict[str, int] = {}
    named = []
    for point in points:
        base = re.sub(r" \d+$", "", point.name)
        counts[base] = counts.get(base, 0) + 1
        named.append(replace(point, name=base if counts[base] == 1 else f"{base} {counts[base]}"))
    return named


def _take_marks(path: list[Corner]) -> tuple[list[Corner], list[Corner]]:
    """Take the marks off both ends of a path: points without a value, which say why it goes no further."""
    marks: tuple[list[Corner], list[Corner]] = [], []
    for side, index in ((0, 0), (1, -1)):
        while len(path) > 1 and math.isnan(path[index][0] + path[index][1]):
            marks[side].append(path.pop(index))
    return marks


def _points(piece: Piece) -> list[Corner]:
    if isinstance(piece, Line):
        broken = piece.broken or (False,) * len(piece.x)
        return list(zip(piece.x, piece.y, piece.status, broken, strict=True))
    return [(float(x), float(y), CONVERGED, False) for x, y in piece]


def _head_to_tail(paths: Sequence[list[Any]]) -> list[list[Any]]:
    """Turn paths round where that brings their ends together; the first two items of a corner count."""
    paths = [path for path in paths if path]
    known = [corner for path in paths for corner in path if not math.isnan(corner[0] + corner[1])]
    spans = [max(corner[i] for corner in known) - min(corner[i] for corner in known) for i in (0, 1)]

    def apart(one: Any, two: Any) -> float:
        return math.hypot(*((one[i] - two[i]) / (spans[i] or 1.0) for i in (0, 1)))

    if len(paths) > 1:
        first, ends = paths[0], (paths[1][0], paths[1][-1])
        if min(apart(first[0], end) for end in ends) < min(apart(first[-1], end) for end in ends):
            first.reverse()
    for before, path in pairwise(paths):
        if apart(before[-1], path[-1]) < apart(before[-1], path[0]):
            path.reverse()
    return paths
