"""Lines as curves that meet: in one place where they share a special point, and up to where they end.

What is left of a line, when parts of it separate nothing, is a line again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from phase_diagrams.diagram import CONVERGED, Line, Point
from phase_diagrams.diagram.outline import numbered
from phase_diagrams.mapping.arrangement import CLOSE, Arrangement
from phase_diagrams.mapping.draft import Draft, runs
from phase_diagrams.mapping.refining import feet
from replica.theory.boundaries import Kind
from replica.typing import Array, Booleans

__all__ = ["ALIKE", "REACH", "Curve", "joined", "trim"]

REACH = 0.02
"""How far a line may end from the frame or from another line and still be said to end there, in planes."""

ALIKE = "separates the same states"
"""Why a part of a line is left out."""


@dataclass
class Curve:
    """A connected part of a line, in units of the plane; where its points come from."""

    line: int
    path: Array
    sources: list[int | Point | None]
    """Index in the line, or a special point of it; None for what is added to reach the end of the line."""


def joined(draft: Draft) -> list[Curve]:
    """The connected parts of all lines, through their special points, up to where they end."""
    _agree(draft)
    met = (Kind.TRICRITICAL, Kind.TRIPLE, Kind.CRITICAL, Kind.SPINODAL, Kind.CROSSING)
    special = [point for line in draft.lines for point in line.points if point.kind in met]
    curves = []
    for number, line in enumerate(draft.lines):
        unit = draft.unit(line)
        for run in runs(line):
            curve = Curve(number, unit[run], list(run))
            for point in [*line.points, *special]:
                _insert(curve, point, draft.units([point.x], [point.y])[0], own=point in line.points)
            curves.append(curve)
    for curve in curves:
        _reach(draft, curve, curves)
    return curves


def trim(draft: Draft, plan: Arrangement, curves: list[Curve], kept: Booleans) -> None:
    """Leave out the parts of lines that separate the same states."""
    lines = []
    for number, line in enumerate(draft.lines):
        pieces = []
        whole = True
        for i, curve in enumerate(curves):
            if curve.line != number:
                continue
            good = np.ones(len(curve.path) - 1, dtype=bool)
            np.logical_and.at(good, plan.segment[plan.owner == i], kept[plan.owner == i])
            whole &= bool(good.all())
            pieces += _pieces(curve, good)
        if whole:
            lines.append(line)
        elif pieces:
            lines.append(_rebuilt(line, pieces))
            draft.became[line.name] += ", where it separates states"
        else:
            draft.became[line.name] += ", but separates no states here"
    draft.lines = lines


def _agree(draft: Draft) -> None:
    """Give one place to a special point in which several lines meet: each of them has located it."""
    known: list[Point] = []
    for number, line in enumerate(draft.lines):
        moved: dict[tuple[float, float], tuple[float, float]] = {}
        points = []
        for point in line.points:
            here = draft.units([point.x], [point.y])
            same = (one for one in known if np.abs(draft.units([one.x], [one.y]) - here).max() < CLOSE)
            other = next(same, None)
            if other is None:
                known.append(point)
            else:
                moved[point.x, point.y] = other.x, other.y
                point = replace(point, x=other.x, y=other.y)
            points.append(point)
        places = [moved.get(place, place) for place in zip(line.x, line.y, strict=True)]
        x, y = zip(*places, strict=True)
        draft.lines[number] = replace(line, x=x, y=y, points=points)


def _reach(draft: Draft, curve: Curve, curves: list[Curve]) -> None:
    """Go on from the ends of a curve to the frame, or to the line in which it ends but for rounding."""
    others = [other.path for other in curves if other is not curve and len(other.path) > 1]
    for index in (0, -1):
        end = curve.path[index]
        if isinstance(curve.sources[index], Point) and _on(end, others):
            continue
        wall = np.clip(end, 0, 1)
        side = int(np.argmin(np.abs(wall - np.round(wall))))
        wall[side] = np.round(wall[side])
        goals = [wall] if not isinstance(curve.sources[index], Point) else []
        goals += [_foot(end, path) for path in others]
        goal = min(goals, key=lambda one: float(np.hypot(*(one - end))), default=end)
        away = float(np.hypot(*(goal - end)))
        if not 1e-9 < away <= REACH:
            continue
        if away > 1e-5 and goal is not wall:
            name, where = draft.lines[curve.line].name, draft.near(end)
            draft.notes.append(
                f"{name}: it ends next to another line, and where they meet was not located, {where}"
            )
        place = 0 if index == 0 else len(curve.path)
        curve.path = np.insert(curve.path, place, goal, axis=0)
        curve.sources.insert(place, None)


def _on(place: Array, paths: Iterable[Array]) -> bool:
    return any(float(np.hypot(*(_foot(place, path) - place))) < 1e-6 for path in paths)


def _foot(place: Array, path: Array) -> Array:
    """The nearest point of a path."""
    nearest = feet(place[None], path)[0][0]
    best: Array = nearest[np.argmin(np.sum((nearest - place) ** 2, axis=1))]
    return best


def _insert(curve: Curve, point: Point, place: Array, *, own: bool) -> None:
    """Make a curve pass through a special point, if it does but for its chords."""
    nearest, share = feet(place[None], curve.path)
    away = np.hypot(*(nearest[0] - place).T)
    best = int(np.argmin(away))
    if away[best] > (REACH if own else max(2e-4, _bulge(curve.path, best))):
        return
    near = best + round(float(share[0, best]))
    if np.hypot(*(curve.path[near] - place)) < 1e-6:
        curve.path[near] = place
        if own:
            curve.sources[near] = point
        return
    if share[0, best] in (0.0, 1.0) and near not in (0, len(curve.path) - 1) and not own:
        return
    at = best + 1
    if near == 0 and share[0, best] == 0.0:
        at = 0
    elif near == len(curve.path) - 1 and share[0, best] == 1.0:
        at = len(curve.path)
    curve.path = np.insert(curve.path, at, place, axis=0)
    curve.sources.insert(at, point if own else None)


def _bulge(path: Array, segment: int) -> float:
    """How far a curve may be from one of its chords, from the angles with its neighbours; twice an arc's."""
    steps = np.diff(path[max(segment - 1, 0) : segment + 3], axis=0)
    turns = np.diff(np.unwrap(np.arctan2(*steps.T[::-1])))
    length = float(np.hypot(*(path[segment + 1] - path[segment])))
    return min(length * float(np.max(np.abs(turns), initial=0.0)) / 4, REACH / 2)


def _pieces(curve: Curve, good: Booleans) -> list[list[int | Point]]:
    """The parts of a curve whose segments are good, as indices in its line and special points."""
    pieces = []
    for kept, run in groupby(range(len(good)), key=lambda i: bool(good[i])):
        if kept:
            steps = list(run)
            piece = [s for s in (curve.sources[i] for i in [*steps, steps[-1] + 1]) if s is not None]
            if len(piece) > 1:
                pieces.append(piece)
    return pieces


def _rebuilt(line: Line, pieces: list[list[int | Point]]) -> Line:
    """A line of some of its parts, with a gap between them."""
    rows: list[tuple[float, float, str, tuple[float, float], bool]] = []
    gap = (math.nan, math.nan)
    for piece in pieces:
        if rows:
            rows.append((math.nan, math.nan, ALIKE, gap, False))
        before = False
        for one in piece:
            if isinstance(one, Point):
                rows.append((one.x, one.y, CONVERGED, one.uncertainty or gap, before))
                continue
            before = bool(line.broken and line.broken[one])
            error = line.uncertainty[one] if line.uncertainty else gap
            rows.append((line.x[one], line.y[one], line.status[one], error, before))
    x, y, status, errors, broken = zip(*rows, strict=True)
    points = [
        point
        for point in line.points
        if any(
            abs(point.x - a) + abs(point.y - b) <= 1e-6 * (1 + abs(a) + abs(b))
            for a, b in zip(x, y, strict=True)
        )
    ]
    return replace(
        line,
        x=x,
        y=y,
        status=status,
        uncertainty=errors if line.uncertainty else (),
        broken=broken,
        points=numbered(points),
    )
