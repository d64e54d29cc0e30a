"""The faces between lines: what each of them is, is asked of the theory inside of it.

What then is not of a piece is noted: a face that holds two phases, a line that ends for no reason, a corner
that is no special point.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np

from phase_diagrams.diagram import Line, Point, Region
from phase_diagrams.mapping.arrangement import FRAME, Arrangement, Face, arrange, faces, inside, interior
from phase_diagrams.mapping.draft import Draft
from phase_diagrams.mapping.joining import REACH, Curve, joined, trim
from phase_diagrams.mapping.outlines import LETTER, Page
from phase_diagrams.mapping.refining import feet
from phase_diagrams.mapping.states import Class
from replica.solving.systems import phases
from replica.typing import Array, Booleans, Integers

__all__ = ["divide"]

TINY = 2e-5
"""Area of the smallest face that is a region, as a fraction of the plane: what is left where lines touch."""

ASIDE = 0.006
"""How far from all lines the states of a face are asked, in planes: curves are drawn as chords."""


def divide(draft: Draft) -> list[Region]:
    """Cut the plane along the lines, name its parts, and leave out what separates nothing."""
    began = perf_counter()
    curves = joined(draft)
    plan = arrange([curve.path for curve in curves])
    cells, sides = faces(plan)
    kinds = _kinds(draft, plan, cells)
    proper = np.array([face.area >= TINY for face in cells] + [False])
    mine = plan.owner != FRAME
    one, two = sides.T
    alike = np.array([kinds[a] == kinds[b] for a, b in zip(one, two, strict=True)])
    between = mine & (one >= 0) & (two >= 0)
    kept = ~(between & alike & proper[one] & proper[two] & (one != two))
    kept &= ~_idle(draft, plan, mine & (one == two))
    regions = _regions(draft, plan, cells, sides, kinds)
    _corners(draft, plan, curves, kept & mine)
    _ends(draft, plan, curves, kept & mine)
    trim(draft, plan, curves, kept)
    draft.told(f"regions: {len(regions)}, {perf_counter() - began:.1f} s")
    return regions


def _idle(draft: Draft, plan: Arrangement, free: Booleans) -> Booleans:
    """Which edges, of those that end in the middle of a face, have the same states on both sides."""
    chosen = np.flatnonzero(free)
    idle = np.zeros(len(free), dtype=bool)
    if not chosen.size:
        return idle
    start, end = np.moveaxis(plan.nodes[plan.edges[chosen]], 1, 0)
    across = (end - start)[:, ::-1] * [-1, 1]
    across = 0.5 * ASIDE * across / np.hypot(*across.T)[:, None]
    middle = 0.5 * (start + end)
    number = draft.map.at(np.clip(np.concatenate([middle - across, middle + across]), 0, 1)).classes[1]
    idle[chosen] = number[: len(chosen)] == number[len(chosen) :]
    return idle


def _kinds(draft: Draft, plan: Arrangement, cells: list[Face]) -> list[Class]:
    """What every face is, by the states inside of it; what does not agree is noted."""
    known, number = draft.states.classes
    axes = (np.arange(draft.points) + 0.5) / draft.points
    places = np.stack(np.meshgrid(axes, axes, indexing="ij"), axis=-1).reshape(-1, 2)
    number = number.ravel()
    outlines = [plan.nodes[face.outline] for face in cells]
    deep = [interior(outline, 3) for outline in outlines]
    asked = draft.map.at(np.concatenate(deep)) if deep else None
    kinds: list[Class] = []
    if asked is None:
        return kinds
    classes, indices = asked.classes
    starts = np.cumsum([0, *map(len, deep)])
    for face, outline, first, last in zip(cells, outlines, starts[:-1], starts[1:], strict=True):
        votes = [classes[i] for i in indices[first:last]]
        where = list(np.concatenate(deep)[first:last])
        within = np.flatnonzero(inside(outline, places))
        away = _away(outline, places[within])
        votes += [known[i] for i in number[within[away > ASIDE]]]
        where += list(places[within[away > ASIDE]])
        kind = _agreed(draft, votes, where, face)
        kinds.append(kind)
    return kinds


def _agreed(draft: Draft, votes: list[Class], where: list[Array], face: Face) -> Class:
    """The class of most of the points of a face; others are noted, unless they go over into it."""
    if not votes:
        return Class("")
    counts: dict[Class, int] = {}
    for one in votes:
        counts[one] = counts.get(one, 0) + 1
    best = max(counts, key=lambda one: counts[one])
    alike = {best.phase} | {
        one.phase for one in counts if frozenset((one.phase, best.phase)) in draft.passages
    }
    others = [i for i, one in enumerate(votes) if one != best and one.phase not in alike - {best.phase}]
    if others and face.area >= TINY:
        other = votes[others[0]]
        draft.notes.append(
            f"inside the region {best}: {len(others)} of {len(votes)} points of the map are {other}, "
            f"{draft.near(where[others[0]])}"
        )
    return replace(best, phase=" or ".join(sorted(alike))) if len(alike) > 1 else best


def _regions(
    draft: Draft, plan: Arrangement, cells: list[Face], sides: Integers, kinds: list[Class]
) -> list[Region]:
    """Outline the regions: faces of one phase, with the same metastable states."""
    known = [kind.region for kind in kinds]
    for i in sorted(range(len(cells)), key=lambda i: cells[i].area):
        if cells[i].area < TINY:  # a sliver is a part of the neighbour with which it shares most
            known[i] = _neighbour(plan, sides, i, known)
    one, two = sides.T
    walls = np.array(
        [a < 0 or b < 0 or known[a] != known[b] for a, b in zip(one, two, strict=True)], dtype=bool
    )
    merged, _ = faces(plan, walls)
    page = Page(draft.grid, [draft.steps(path) for path in draft.paths() if len(path) > 1], letter=LETTER)
    (a, b), (c, d) = draft.map.box
    raster = np.stack(np.meshgrid(*page.axes, indexing="ij"), axis=-1).reshape(-1, 2)
    raster = (raster - [a, c]) / [b - a, d - c]
    names: dict[str, int] = {}
    found = []
    for face in sorted(merged, key=lambda face: -face.area):
        if face.area < TINY:
            continue
        outline = plan.nodes[face.outline]
        spot = interior(outline, 1)[0]
        cell = [i for i, part in enumerate(cells) if inside(plan.nodes[part.outline], spot[None])[0]]
        phase, metastable, broken = known[min(cell, key=lambda i: cells[i].area)]
        name = " ".join([phase or "no state", *(["with", *metastable] if metastable else [])])
        names[name] = names.get(name, 0) + 1
        rows = [phase or "no state"] + ([f"({', '.join(metastable)})"] if metastable else [])
        rows += ["RS unstable"] if broken else []
        patch = inside(outline, raster).reshape(page.taken.shape)
        at, label = page.place(patch, "\n".join(rows)) if patch.any() else (draft.place(spot), "")
        found.append(
            Region(
                name if names[name] == 1 else f"{name} {names[name]}",
                label,
                at,
                [draft.place(corner) for corner in outline],
                metastable,
            )
        )
    return found


def _corners(draft: Draft, plan: Arrangement, curves: list[Curve], kept: Booleans) -> None:
    """Note corners that are no special points."""
    special = [
        (place, number)
        for number, line in enumerate(draft.lines)
        for place in draft.units([p.x for p in line.points], [p.y for p in line.points])
    ]
    meets: dict[int, dict[int, int]] = {}
    for edge in np.flatnonzero(kept):
        line = curves[plan.owner[edge]].line
        for node in plan.edges[edge]:
            here = meets.setdefault(int(node), {})
            here[line] = here.get(line, 0) + 1
    said: list[Array] = []
    for node, here in meets.items():
        place = plan.nodes[node]
        on_frame = np.min(np.abs(place - np.round(place))) < 1e-5
        if len(here) < 2 or on_frame:
            continue
        for a, b in combinations(sorted(here), 2):
            if here[a] == here[b] == 2 and _strangers(draft, a, b):
                continue  # they cross, and each goes its way
            known = [spot for spot, line in special if line in (a, b)]
            if any(np.hypot(*(spot - place)) < REACH for spot in known):
                continue
            if any(np.hypot(*(spot - place)) < REACH for spot in said):
                continue
            said.append(place)
            names = f"{draft.lines[a].name} and {draft.lines[b].name}"
            draft.notes.append(f"{names} meet in a corner that was not located, {draft.near(place)}")


def _strangers(draft: Draft, a: int, b: int) -> bool:
    """Whether two lines are about different states, or not both transitions: a crossing means nothing."""
    one, two = draft.boundaries[a], draft.boundaries[b]
    transitions = all(line.kind in ("first-order", "continuous") for line in (one, two))
    return not transitions or not {p.branch for p in phases(one)} & {p.branch for p in phases(two)}


def _ends(draft: Draft, plan: Arrangement, curves: list[Curve], kept: Booleans) -> None:
    """Note lines that end for no reason."""
    degree = np.bincount(plan.edges.ravel(), minlength=len(plan.nodes))
    for curve in curves:
        for index in (0, -1):
            node = int(np.argmin(np.max(np.abs(plan.nodes - curve.path[index]), axis=1)))
            edges = np.flatnonzero((plan.edges == node).any(axis=1))
            if degree[node] > 1 or isinstance(curve.sources[index], Point) or not kept[edges].any():
                continue
            line = draft.lines[curve.line]
            if _special(line, *draft.place(curve.path[index])):
                continue
            where = draft.near(curve.path[index])
            draft.notes.append(f"{line.name}: it ends and no special point was found there, {where}")


def _away(outline: Array, places: Array) -> Array:
    """Distances of places from a closed path."""
    if not len(places):
        return np.zeros(0)
    nearest = feet(places, np.concatenate([outline, outline[:1]]))[0]
    away: Array = np.sqrt(np.min(np.sum((nearest - places[:, None]) ** 2, axis=2), axis=1))
    return away


def _special(line: Line, x: float, y: float) -> bool:
    size = 1e-6 * (1 + abs(x) + abs(y))
    return any(abs(p.x - x) + abs(p.y - y) < size for p in line.points)


def _neighbour(plan: Arrangement, sides: Integers, face: int, regions: list[Any]) -> Any:
    """The region of the face with which a sliver shares the longest border."""
    lengths: dict[Any, float] = {}
    for edge in np.flatnonzero((sides == face).any(axis=1)):
        other = int(sides[edge].sum() - face)
        if other >= 0 and other != face:
            size = float(np.hypot(*np.subtract(*plan.nodes[plan.edges[edge]])))
            lengths[regions[other]] = lengths.get(regions[other], 0.0) + size
    return max(lengths, key=lambda one: lengths[one]) if lengths else regions[face]
