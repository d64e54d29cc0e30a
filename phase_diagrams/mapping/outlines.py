"""Regions of a map: patches of the grid with one phase, in the outlines of refined lines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from phase_diagrams.diagram import Region
from phase_diagrams.mapping.grid import METASTABLE, STABLE, Edge, Grid, equal_ratios, middle
from phase_diagrams.mapping.refining import NEAR, SAME, Refined, distances, feet
from replica.typing import Array, Booleans

__all__ = ["Page", "regions"]

SMALLEST = 4
"""Points of the smallest patch that is called a region."""


def regions(grid: Grid, lines: Sequence[Refined], notes: list[str], *, narrow: bool = False) -> list[Region]:
    """Connected patches of one phase with the same metastable states, in the outlines of refined lines.

    `narrow` says that the frame leaves room for the scale of a heat map, so that names are wider in it.
    """
    owners = {edge: one for one in lines for edge in one.explained}
    page = Page(
        grid, [curve for one in lines for curve in one.curves], letter=LETTER * (1.3 if narrow else 1.0)
    )
    weights = 4 ** np.arange(len(grid.branches))
    codes = np.tensordot(weights, np.where(grid.state >= METASTABLE, grid.state, 0), axes=1)
    if "replicon" in grid.negative:  # a part in which replica symmetry is broken is a region of its own
        codes += 4 ** len(weights) * (grid.negative["replicon"] & (grid.state == STABLE)).any(axis=0)
    patches: list[tuple[int, Any]] = []
    for code in np.unique(codes):
        labels, count = ndimage.label(codes == code)
        sizes = ndimage.sum_labels(np.ones_like(labels), labels, range(1, count + 1))
        places = ndimage.find_objects(labels, count)
        patches += [
            (int(size), labels == i + 1)
            for i, size in enumerate(np.atleast_1d(sizes))
            if size >= SMALLEST and min(part.stop - part.start for part in places[i]) > 1
        ]
    found: list[Region] = []
    names: dict[str, int] = {}
    for _, inside in sorted(patches, key=lambda patch: -patch[0]):
        name, label = _titles(grid, inside)
        names[name] = names.get(name, 0) + 1
        at, label = page.place(inside[page.near], label)
        polygon = _outline(grid, inside, owners)
        shown = name if names[name] == 1 else f"{name} {names[name]}"
        if polygon is None:
            notes.append(f"region {shown}: a part of its boundary was not found, so it has no outline")
        found.append(Region(shown, label, at, polygon))
    return found


def _titles(grid: Grid, inside: Booleans) -> tuple[str, str]:
    """Name of a region, and what is written on it."""
    states = grid.state[:, inside].max(axis=1)
    phase = [name for name, state in zip(grid.branches, states, strict=True) if state == STABLE]
    others = [name for name, state in zip(grid.branches, states, strict=True) if state == METASTABLE]
    name = phase[0] if phase else ("no solution" if grid.compared else f"no {grid.branches[0]}")
    rows = [name]
    if others:
        rows.append(f"({', '.join(others)})")  # in brackets: metastable
    if phase and "replicon" in grid.negative:
        broken = grid.negative["replicon"][grid.branches.index(phase[0])][inside]
        if broken.all():
            rows.append("RS unstable")
    return " ".join([name, *(["with", *others] if others else [])]), "\n".join(rows)


def _outline(
    grid: Grid, inside: Booleans, owners: Mapping[Edge, Refined]
) -> list[tuple[float, float]] | None:
    """The outline of a patch along refined lines and the sides of the grid; None if a line is missing."""
    loop = _loop(inside)
    walls = [_wall(grid, inside, owners, step) for step in loop]
    if all(wall == walls[0] for wall in walls):
        runs = [(walls[0], loop)]
    else:
        turn = next(i for i in range(len(walls)) if walls[i] != walls[i - 1])
        loop, walls = loop[turn:] + loop[:turn], walls[turn:] + walls[:turn]
        numbered = itertools.groupby(range(len(loop)), key=lambda i: walls[i])
        runs = [(wall, [loop[i] for i in items]) for wall, items in numbered]
    lost = sum(len(steps) for wall, steps in runs if wall is None)
    if lost > max(4, 0.05 * len(loop)):
        return None
    runs = [run for run in runs if run[0] is not None]  # a corner smaller than the grid resolves is bridged
    joints = [
        _joint(wall, runs[(i + 1) % len(runs)][0], np.array(steps[-1][1]))
        for i, (wall, steps) in enumerate(runs)
    ]
    corners: list[Any] = []
    for i, (wall, steps) in enumerate(runs):
        start, end = np.array(steps[0][0]), np.array(steps[-1][1])
        if wall == "side":
            limits = np.array(grid.shape) - 1
            corners += [
                np.clip(np.array(corner), 0, limits) for corner in (steps[0][0], *(s[1] for s in steps))
            ]
            continue
        start, end = (
            corner if joint is None else joint for corner, joint in ((start, joints[i - 1]), (end, joints[i]))
        )
        if isinstance(wall, _Curve):
            corners += list(_stretch(wall, start, end))
        else:
            axis, at = wall
            ends = np.array([start, end])
            ends[:, axis] = at
            corners += list(ends)
    if len(corners) < 3:
        return None
    places = [tuple(map(float, place)) for place in grid.place(np.array(corners))]
    path = [place for place, _ in itertools.groupby(places)]
    return [(x, y) for x, y in path] if len(path) >= 3 else None


def _joint(one: Any, two: Any, corner: Array) -> Array | None:
    """The special point in which two walls meet, if the patch between here and there is but a sliver."""
    curve, other = (one, two) if isinstance(one, _Curve) else (two, one)
    if not isinstance(curve, _Curve) or other == "side" or curve == other:
        return None
    for place in sorted(map(tuple, curve.special), key=lambda place: math.dist(place, corner)):
        ends = other.special if isinstance(other, _Curve) else [_on_thread(place, other)]
        meets = np.min(np.max(np.abs(np.array(ends) - place), axis=1), initial=np.inf) < SAME
        sliver = _stretch(curve, corner, np.array(place))
        if meets and np.max(_from_wall(sliver, other)) <= NEAR:
            return np.array(place)
    return None


def _on_thread(place: Iterable[float], wall: Any) -> list[float]:
    """The point of a row or column that is nearest to a place."""
    axis, at = wall
    return [at if i == axis else value for i, value in enumerate(place)]


def _from_wall(points: Array, wall: Any) -> Array:
    """Distances of points from a wall, in steps of the grid."""
    if isinstance(wall, _Curve):
        return distances(points, wall.path)
    axis, at = wall
    return np.abs(points[:, axis] - at)


def _loop(inside: Booleans) -> list[tuple[tuple[float, float], tuple[float, float], Edge | None]]:
    """The outer border of a patch: steps from corner to corner, and the pair that each separates."""
    steps: dict[tuple[float, float], list[Any]] = {}
    padded = np.pad(inside, 1)
    nx, ny = inside.shape
    for i, j in np.argwhere(inside):
        i, j = int(i), int(j)
        corners = [(i - 0.5, j - 0.5), (i + 0.5, j - 0.5), (i + 0.5, j + 0.5), (i - 0.5, j + 0.5)]
        sides: list[tuple[int, int, Edge | None]] = [
            (i, j - 1, (1, i, j - 1) if j else None),
            (i + 1, j, (0, i, j) if i + 1 < nx else None),
            (i, j + 1, (1, i, j) if j + 1 < ny else None),
            (i - 1, j, (0, i - 1, j) if i else None),
        ]
        for k, (a, b, edge) in enumerate(sides):
            if not padded[a + 1, b + 1]:
                steps.setdefault(corners[k], []).append((corners[k], corners[(k + 1) % 4], edge))
    loops = []
    while steps:
        corner = next(iter(steps))
        loop = []
        while corner in steps:
            step = steps[corner].pop()
            if not steps[corner]:
                del steps[corner]
            loop.append(step)
            corner = step[1]
        loops.append(loop)
    return max(loops, key=len)


def _wall(grid: Grid, inside: Booleans, owners: Mapping[Edge, Refined], step: Any) -> Any:
    """What separates a patch from its neighbour: a side of the grid, or a curve (its identity)."""
    edge = step[2]
    if edge is None:
        return "side"
    axis, *place = edge
    refined = owners.get(edge)
    if refined is None or not refined.curves:
        beside = (t for t in grid.threads if t[0] == axis and place[axis] in (t[1], t[1] - 1))
        return next(beside, None)
    number = _nearest_curve(refined, np.array([middle(edge)]))
    return _Curve(refined.feature.name, number, refined.curves[number], refined.special[number])


@dataclass(frozen=True)
class _Curve:
    """One connected curve of a refined boundary."""

    name: str
    number: int
    path: Array = field(compare=False)
    special: Array = field(compare=False)


def _nearest_curve(refined: Refined, point: Array) -> int:
    return int(np.argmin([distances(point, curve)[0] for curve in refined.curves]))


def _stretch(wall: _Curve, start: Array, end: Array) -> Array:
    """The part of a curve between the points nearest to two corners, in that direction."""
    path = wall.path
    if len(path) == 1:
        return path
    places = []
    for corner in (start, end):
        nearest, share = feet(corner[None], path)
        best = int(np.argmin(np.sum((nearest[0] - corner) ** 2, axis=1)))
        places.append((best + float(share[0, best]), nearest[0, best]))
    (a, first), (b, last) = places
    closed = np.allclose(path[0], path[-1]) and np.allclose(start, end)
    if closed:
        return path
    low, high = min(a, b), max(a, b)
    inner = path[int(np.floor(low)) + 1 : int(np.ceil(high))]
    return np.concatenate([first[None], inner if a <= b else inner[::-1], last[None]])


# --- names -----------------------------------------------------------------------------------------


RASTER = (180, 150)
LETTER, ROW = 0.021, 0.064
"""Width of a letter and height of a row in units of the frame, in a figure of one column."""


class Page:
    """The frame of the figure as a raster, on which names find places where they cover least."""

    def __init__(self, grid: Grid, curves: Sequence[Array], letter: float) -> None:
        self.letter = letter
        self.axes = [
            np.geomspace(*ends, n) if equal_ratios(v) else np.linspace(*ends, n)
            for v, ends, n in zip(grid.values, grid.frame, RASTER, strict=True)
        ]
        cells = [np.interp(a, v, np.arange(len(v))) for a, v in zip(self.axes, grid.values, strict=True)]
        self.near = np.ix_(*(np.round(part).astype(int) for part in cells))
        self.taken = np.zeros(RASTER, dtype=bool)
        for curve in curves:
            fine = np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(curve)] or [curve])
            places = [
                np.interp(fine[:, k], cells[k], np.arange(RASTER[k])).round().astype(int) for k in (0, 1)
            ]
            self.taken[tuple(places)] = True
        self.taken = ndimage.binary_dilation(self.taken)

    def place(self, patch: Booleans, label: str) -> tuple[tuple[float, float], str]:
        """The middle of a name in a patch of the raster, away from lines, other names and the frame.

        A patch too small to bear a fifth of its name gets none.
        """
        rows = label.split("\n")
        share = (self.letter * max(map(len, rows)), ROW * len(rows))
        size = tuple(min(n, int(np.ceil(part * n)) + 2) for part, n in zip(share, RASTER, strict=True))
        room = patch & ~self.taken
        covered = 1 - ndimage.uniform_filter(room.astype(float), size, mode="constant")
        depth = ndimage.distance_transform_edt(np.pad(room, 1), sampling=(1 / size[0], 1 / size[1]))[
            1:-1, 1:-1
        ]
        edge = [n // 2 + 1 for n in size]
        frame = tuple(slice(e, max(e + 1, n - e)) for e, n in zip(edge, RASTER, strict=True))
        cost = np.full(RASTER, np.inf)
        cost[frame] = np.round(covered, 3)[frame] - 1e-4 * depth[frame] / (1 + depth.max())
        i, j = (int(k) for k in np.unravel_index(np.argmin(cost), RASTER))
        if cost[i, j] > 0.8:
            deepest = np.argmax(ndimage.distance_transform_edt(np.pad(patch, 1))[1:-1, 1:-1])
            i, j = (int(k) for k in np.unravel_index(deepest, RASTER))
            return (float(self.axes[0][i]), float(self.axes[1][j])), ""
        self.taken[max(0, i - edge[0]) : i + edge[0] + 1, max(0, j - edge[1]) : j + edge[1] + 1] = True
        return (float(self.axes[0][i]), float(self.axes[1][j])), label
