"""Curves in a square divide it into faces: where they cross, what lies between them, who bounds what.

Plane geometry alone. The square is that of 0 to 1 in both directions; curves are paths of points, of shape
(n, 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from replica.typing import Array, Booleans, Integers

__all__ = ["CLOSE", "FRAME", "Arrangement", "Face", "arrange", "faces", "inside", "interior"]

FRAME = -1
"""Stands for the sides of the square, where others have the number of their curve."""

CLOSE = 1e-7
"""Places closer than this are one."""

ROW = 0.4712
"""Where between two sides a place is looked for: not in the middle, which symmetry may make a special one."""

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])


@dataclass(frozen=True)
class Arrangement:
    """Curves, cut wherever they meet each other or the sides of the square.

    Attributes
    ----------
    nodes : array, shape (n, 2)
    edges : array of int, shape (m, 2)
        From node to node.
    owner : array of int, shape (m,)
        The curve to which an edge belongs, or `FRAME`.
    segment : array of int, shape (m,)
        The segment of that curve of which it is a part.
    """

    nodes: Array
    edges: Integers
    owner: Integers
    segment: Integers


@dataclass(frozen=True)
class Face:
    """A part of the square that no curve divides.

    Attributes
    ----------
    outline : array of int, shape (n,)
        Nodes round it, against the clock; holes are joined to the outline by a cut.
    area : float
    """

    outline: Integers
    area: float


def arrange(curves: Sequence[Array]) -> Arrangement:
    """Cut curves, and the sides of the square, wherever they meet.

    Examples
    --------
    >>> cross = [np.array([[0, 0.5], [1, 0.5]]), np.array([[0.5, 0], [0.5, 1]])]
    >>> [face.area for face in faces(arrange(cross))[0]]
    [0.25, 0.25, 0.25, 0.25]
    """
    paths = [SQUARE, *(np.asarray(curve, dtype=float) for curve in curves)]
    starts = np.concatenate([path[:-1] for path in paths])
    ends = np.concatenate([path[1:] for path in paths])
    owner = np.concatenate([np.full(len(path) - 1, i + FRAME) for i, path in enumerate(paths)])
    segment = np.concatenate([np.arange(len(path) - 1) for path in paths])
    cuts = _cuts(starts, ends)
    pieces: list[Array] = []
    of: list[int] = []
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        shares = np.unique(np.array([0.0, *cuts.get(i, ()), 1.0]))
        places = start + shares[:, None] * (end - start)
        places[-1] = end
        pieces += list(np.stack([places[:-1], places[1:]], axis=1))
        of += [i] * (len(shares) - 1)
    points = np.array(pieces).reshape(-1, 2)
    pairs = cKDTree(points).query_pairs(CLOSE, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    count, number = connected_components(graph, directed=False)
    nodes = np.empty((count, 2))
    nodes[number[::-1]] = points[::-1]  # the first of those that are one
    edges, sources = number.reshape(-1, 2), np.array(of)
    real = edges[:, 0] != edges[:, 1]
    edges, sources = edges[real], sources[real]
    # two curves on one edge: it belongs to the first
    _, first = np.unique(np.sort(edges, axis=1), axis=0, return_index=True)
    first.sort()
    return Arrangement(nodes, edges[first], owner[sources[first]], segment[sources[first]])


def _cuts(starts: Array, ends: Array) -> dict[int, list[float]]:
    """Where segments are cut by others, as shares of their length."""
    cuts: dict[int, list[float]] = {}
    along = ends - starts
    lengths = np.hypot(*along.T)
    safe = np.maximum(lengths, 1e-300)
    for i in range(len(starts)):
        with np.errstate(all="ignore"):
            apart = starts - starts[i]
            across = along[i, 0] * along[:, 1] - along[i, 1] * along[:, 0]
            t = (apart[:, 0] * along[:, 1] - apart[:, 1] * along[:, 0]) / across
            u = (apart[:, 0] * along[i, 1] - apart[:, 1] * along[i, 0]) / across
            crossing = (t > 0) & (t < 1) & (u > 0) & (u < 1)
            # ends of others that lie on this one, as ends of parallel ones do
            share = apart @ along[i] / safe[i] ** 2
            away = np.abs(apart[:, 0] * along[i, 1] - apart[:, 1] * along[i, 0]) / safe[i]
            on = (away <= CLOSE) & (share > 0) & (share < 1)
            apart = ends - starts[i]
            share_end = apart @ along[i] / safe[i] ** 2
            away = np.abs(apart[:, 0] * along[i, 1] - apart[:, 1] * along[i, 0]) / safe[i]
            on_end = (away <= CLOSE) & (share_end > 0) & (share_end < 1)
        found = [*t[crossing], *share[on], *share_end[on_end]]
        if found:
            cuts[i] = [float(value) for value in found]
    return cuts


def faces(plan: Arrangement, kept: Booleans | None = None) -> tuple[list[Face], Integers]:
    """The faces between the edges, or between those that are kept.

    Returns
    -------
    list of Face
    array of int, shape (m, 2)
        The faces to the left and to the right of every edge, -1 outside the square. An edge that ends in a
        face, or is not kept, has that face on both sides if it is known.
    """
    kept = np.ones(len(plan.edges), dtype=bool) if kept is None else kept.copy()
    while True:  # what ends freely bounds nothing
        degree = np.bincount(plan.edges[kept].ravel(), minlength=len(plan.nodes))
        free = kept & (degree[plan.edges] == 1).any(axis=1)
        if not free.any():
            break
        kept &= ~free
    used = np.flatnonzero(kept)
    tails = np.concatenate([plan.edges[used, 0], plan.edges[used, 1]])
    heads = np.concatenate([plan.edges[used, 1], plan.edges[used, 0]])
    n = len(used)
    angle = np.arctan2(*(plan.nodes[heads] - plan.nodes[tails]).T[::-1])
    order = np.lexsort((angle, tails))
    first = np.searchsorted(tails[order], np.arange(len(plan.nodes) + 1))
    place = np.empty(2 * n, dtype=int)
    place[order] = np.arange(2 * n)
    following = np.empty(2 * n, dtype=int)
    for half in range(2 * n):  # turn right as far as possible at the next node: the face lies to the left
        back = (half + n) % (2 * n)
        low, high = first[tails[back]], first[tails[back] + 1]
        following[half] = order[low + (place[back] - low - 1) % (high - low)]
    loops: list[Integers] = []
    of = np.full(2 * n, -1)
    for half in range(2 * n):
        if of[half] >= 0:
            continue
        loop, here = [], half
        while of[here] < 0:
            of[here] = len(loops)
            loop.append(here)
            here = following[here]
        loops.append(np.array(loop))
    areas = [_area(plan.nodes[tails[loop]]) for loop in loops]
    outer = [i for i, area in enumerate(areas) if area > 0]
    number = np.full(len(loops) + 1, -1)
    number[outer] = np.arange(len(outer))
    outlines = [tails[loops[i]] for i in outer]
    whole = [areas[i] for i in outer]
    for i, area in enumerate(areas):
        if area > 0 or abs(area + 1) < 1e-9:  # a face, or what lies outside of the square
            continue
        corner = plan.nodes[tails[loops[i]]].mean(axis=0) if area == 0 else plan.nodes[tails[loops[i]][0]]
        holders = [
            j for j in range(len(outer)) if _holds(plan.nodes[outlines[j]], corner, plan, tails[loops[i]])
        ]
        if holders:
            host = min(holders, key=lambda j: whole[j])
            number[i] = host
            outlines[host] = _with_hole(plan.nodes, outlines[host], tails[loops[i]])
            whole[host] += area
    sides = np.full((len(plan.edges), 2), -1)
    sides[used] = np.stack([number[of[:n]], number[of[n:]]], axis=1)
    found = [Face(outline, float(area)) for outline, area in zip(outlines, whole, strict=True)]
    for edge in np.flatnonzero(~kept):
        middle = plan.nodes[plan.edges[edge]].mean(axis=0)[None]
        around = [j for j, face in enumerate(found) if inside(plan.nodes[face.outline], middle)[0]]
        if around:
            sides[edge] = min(around, key=lambda j: found[j].area)
    return found, sides


def _area(path: Array) -> float:
    x, y = path.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _holds(outline: Array, corner: Array, plan: Arrangement, hole: Integers) -> bool:
    """Whether an outline runs round a hole that is no part of it."""
    on = np.min(np.max(np.abs(outline - corner), axis=1)) <= CLOSE
    return not on and bool(inside(outline, corner[None])[0])


def _with_hole(nodes: Array, outline: Integers, hole: Integers) -> Integers:
    """An outline that goes to a hole, round it, and back."""
    near = cKDTree(nodes[hole]).query(nodes[outline])
    i = int(np.argmin(near[0]))
    j = int(near[1][i])
    around = np.roll(hole, -j)
    return np.concatenate([outline[: i + 1], around, around[:1], outline[i:]])


def inside(outline: Array, places: Array) -> Booleans:
    """Which places lie inside of a closed path.

    Examples
    --------
    >>> inside(SQUARE, np.array([[0.5, 0.5], [1.5, 0.5]]))
    array([ True, False])
    """
    odd = np.zeros(len(places), dtype=bool)
    x, y = places.T
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        odd ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return odd


def interior(outline: Array, count: int) -> Array:
    """Some places inside of a closed path, far from it and from each other, shape (n, 2)."""
    found = []
    for axis in (0, 1):
        levels = np.unique(outline[:, 1 - axis])
        rows = [a + ROW * (b - a) for a, b in pairwise(levels) if b - a > 1e-9]
        for row in (
            rows if len(rows) <= 40 else [rows[i] for i in np.linspace(0, len(rows) - 1, 40, dtype=int)]
        ):
            a, b = outline, np.roll(outline, -1, axis=0)
            cut = (a[:, 1 - axis] > row) != (b[:, 1 - axis] > row)
            a, b = a[cut], b[cut]
            met = np.sort(
                a[:, axis]
                + (row - a[:, 1 - axis]) * (b[:, axis] - a[:, axis]) / (b[:, 1 - axis] - a[:, 1 - axis])
            )
            for low, high in zip(met[::2], met[1::2], strict=False):
                place = [0.0, 0.0]
                place[axis], place[1 - axis] = low + ROW * (high - low), row
                found.append(place)
    if not found:
        return np.zeros((0, 2))
    places = np.array(found)
    depth = cKDTree(_dense(outline)).query(places)[0]
    chosen: list[int] = []
    for i in np.argsort(-depth):  # deep ones, apart from each other
        if all(np.hypot(*(places[i] - places[j])) > depth[i] for j in chosen):
            chosen.append(int(i))
        if len(chosen) == count:
            break
    return places[chosen]


def _dense(outline: Array, step: float = 0.005) -> Array:
    """A closed path with points at small distances."""
    parts = []
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        many = max(1, int(np.ceil(np.hypot(*(b - a)) / step)))
        parts.append(a + (b - a) * np.arange(many)[:, None] / many)
    return np.concatenate(parts)
