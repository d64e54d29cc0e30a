"""The phase diagram of any theory: every line that it declares, and those that its states show.

Lines are traced, never read off a grid. They divide the plane into faces; what each of these is, is asked of
the theory inside of it. What then is not of a piece is said: a face that holds two phases, a line that ends
for no reason, a corner that is no special point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from itertools import combinations, groupby
from time import perf_counter
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Axis, Line, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import numbered
from phase_diagrams.mapping.arrangement import (
    CLOSE,
    FRAME,
    Arrangement,
    Face,
    arrange,
    faces,
    inside,
    interior,
)
from phase_diagrams.mapping.features import Feature, features
from phase_diagrams.mapping.grid import STABLE, Edge, Grid, middle, neighbours
from phase_diagrams.mapping.outlines import LETTER, Page
from phase_diagrams.mapping.refining import NEAR, Refined, distances, feet, refined, start_between
from phase_diagrams.mapping.states import Class, Map, check_axes
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from phase_diagrams.tracing.special_points import holds
from replica.errors import ParameterError, ReplicaError
from replica.solving import Located, locate
from replica.solving.systems import phases
from replica.theory import Boundary, Coexistence, Theory, Zero
from replica.theory.base import required
from replica.theory.boundaries import Kind
from replica.theory.names import line_named
from replica.typing import Array, Booleans, Integers

__all__ = ["automatic_diagram"]

POINTS = 24
"""Points of the coarse map along an axis."""

TINY = 2e-5
"""Area of the smallest face that is a region, as a fraction of the plane: what is left where lines touch."""

REACH = 0.02
"""How far a line may end from the frame or from another line and still be said to end there, in planes."""

ASIDE = 0.006
"""How far from all lines the states of a face are asked, in planes: curves are drawn as chords."""

Told = Callable[[str], None]


def automatic_diagram(
    theory: Theory,
    x: str,
    y: str,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    lines: Sequence[str] | None = None,
    title: str | None = None,
    points: int = POINTS,
    step: float = 0.02,
    executor: Executor | None = None,
    told: Told | None = None,
) -> PhaseDiagram:
    """Make the phase diagram of a theory in the plane of two of its control parameters.

    All lines that the theory declares are traced through every fold; lines that nobody declared are located
    where a coarse map of the states shows them. A part of a line that separates the same states is left out.
    Regions are named by the state of lowest free energy; states that are stable as well are metastable.

    Parameters
    ----------
    theory : Theory
        One point; its values of `x` and `y` are ignored. A parameter over which its lines are minimised has
        no value.
    x, y : str
        The two control parameters.
    xlim, ylim : (float, float), optional
        The plane; by default their typical ranges.
    lines : sequence of str, optional
        The declared lines that are traced; by default all that have a place in this plane.
    title : str, optional
        By default the name of the theory and the parameters that do not vary.
    points : int
        Points of the coarse map along either axis.
    step : float
        Largest step along a line, as a fraction of the plane.
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.
    told : callable, optional
        Takes a sentence whenever a part of the work is done.

    Returns
    -------
    PhaseDiagram
        ``provenance["lines"]`` says for every line what became of it; ``provenance["notes"]`` what is left
        unexplained, a sentence each: none, where the diagram is complete.

    Raises
    ------
    ParameterError, UnknownNameError
        If the plane is none, or a line is not declared.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> diagram = automatic_diagram(BlumeCapel(T=0.5), "T", "D")
    >>> for line in diagram.lines:
    ...     print(line.name, line.kind.value)
    continuous continuous
    first-order first-order
    spinodal spinodal
    end of paramagnet spinodal
    >>> [region.name for region in diagram.regions]
    ['ferromagnet', 'paramagnet', 'ferromagnet with paramagnet', 'paramagnet with ferromagnet']
    >>> diagram.provenance["notes"]
    []
    """
    box = _box(theory, x, y, xlim, ylim)
    asked = {line_named(type(theory), name) for name in (theory.lines if lines is None else lines)}
    wanted = {name: boundary for name, boundary in theory.lines.items() if name in asked}
    work = _Work(Map(theory, x, y, box), wanted, points, step, executor or Here(), told or (lambda _: None))
    work.look()
    work.trace()
    work.search()
    work.divide()
    return work.diagram(title)


def _box(
    theory: Theory, x: str, y: str, xlim: tuple[float, float] | None, ylim: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The plane, checked."""
    required(theory)
    theory.check_varied(x, y)
    theory.check_double()
    if x == y:
        message = f"{theory.name}: a diagram needs two different parameters, not {x} twice"
        raise ParameterError(message)
    check_axes(theory, x, y)
    theory.at(**{x: None}).check_single(ignoring=y)
    sides = []
    for name, limits in ((x, xlim), (y, ylim)):
        about = theory.parameters()[name]
        low, high = sorted(limits or about.typical)
        if limits is None and about.open_lower and low == about.lower:
            low += 1e-3 * (high - low)
        theory.check(**{name: low})
        theory.check(**{name: high})
        if not low < high:
            message = f"{theory.name}: {name} has no typical range; give one, such as {name}=0:1"
            raise ParameterError(message)
        sides.append((float(low), float(high)))
    return sides[0], sides[1]


@dataclass
class _Curve:
    """A connected part of a line, in units of the plane; where its points come from."""

    line: int
    path: Array
    sources: list[int | Point | None]
    """Index in the line, or a special point of it; None for what is added to reach the end of the line."""


@dataclass
class _Work:
    """A diagram in the making."""

    map: Map
    wanted: Mapping[str, Boundary]
    points: int
    step: float
    executor: Executor
    told: Told
    lines: list[Line] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    became: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)

    # -- lines ----------------------------------------------------------------------------------------------

    def trace(self) -> None:
        """Trace every line that the theory declares and that has a place in this plane."""
        theory, (xlim, ylim) = self.map.theory, self.map.box
        asked: dict[str, Future[Line]] = {}
        for name, boundary in self.wanted.items():
            why = _elsewhere(theory, boundary, (self.map.x, self.map.y)) or self._missing(boundary)
            if why:
                self.became[name] = why
                continue
            began = perf_counter()
            try:
                asked[name] = self.executor.submit(
                    boundary_line,
                    theory,
                    boundary,
                    self.map.x,
                    self.map.y,
                    xlim=xlim,
                    ylim=ylim,
                    start=self._start(boundary),
                    name=name,
                    label=_legend(theory, name),
                    step=self.step,
                )
            except ReplicaError:  # traced here, not in another process
                self._lost(name)
                continue
            if asked[name].done():
                self.told(
                    f"line {name}: {len(asked[name].result().x)} points, {perf_counter() - began:.1f} s"
                )
        for name, future in asked.items():
            try:
                line = future.result()
            except ReplicaError:
                self._lost(name)
                continue
            self._add(line, theory.lines[name])
            self.became[name] = "traced"

    def _lost(self, name: str) -> None:
        self.became[name] = "not met in this plane"
        self.told(f"line {name}: not met in this plane")

    def _missing(self, boundary: Boundary) -> str:
        """Say which state of a boundary the map has nowhere, if there is one."""
        known = dict(zip(self.states.names, self.states.found, strict=True))
        for phase in phases(boundary):
            if not phase.at and not known.get(phase.branch, True):
                return f"not met: {phase.branch} exists nowhere on the map"
        return ""

    def _start(self, boundary: Boundary) -> Located | None:
        """A point at which two phases coexist, where the map shows both; else the line is looked for."""
        if not isinstance(boundary, Coexistence):
            return None
        a, b = (self.grid.branches.index(phase.branch) for phase in (boundary.first, boundary.second))
        edges: list[Edge] = []
        for axis in (0, 1):
            one, two = (part == STABLE for part in neighbours(self.grid.state, axis))
            swap = (one[a] & two[b]) | (one[b] & two[a])
            edges += [(axis, int(i), int(j)) for i, j in np.argwhere(swap)]
        if edges:
            try:
                return start_between(self.grid, boundary, edges[len(edges) // 2])
            except ReplicaError:
                return None
        return None

    def _add(self, line: Line, boundary: Boundary) -> None:
        self.lines.append(line)
        self.boundaries.append(boundary)

    # -- the coarse map -------------------------------------------------------------------------------------

    def look(self) -> None:
        """Solve every branch on a coarse grid."""
        began = perf_counter()
        self.states, self.grid = self.map.grid(self.points)
        self.told(f"map: {self.points} x {self.points} points, {perf_counter() - began:.1f} s")

    def search(self) -> None:
        """Locate what the map shows and no line explains."""
        self.passages: set[frozenset[str]] = set()
        if not self.states.compared:
            return
        found = [_visible(self.grid, one) for one in features(self.grid)]
        shown = [edge for one in found for edge in one.edges]
        for feature in found:
            known = [self._steps(curve) for curve in self._paths()]
            left = _left(feature, known)
            if isinstance(feature.boundary, Coexistence):
                left = self._without_passages(feature, left)
            if len(left) < 2:
                continue
            began = perf_counter()
            traced = refined(self.grid, feature, shown, known)
            self._take(feature, traced)
            took = f"{perf_counter() - began:.1f} s"
            self.told(f"{feature.name}: {len(traced.lines)} lines that the map shows, {took}")

    def _take(self, feature: Feature, traced: Refined) -> None:
        """Add lines that were found from the map."""
        for line in traced.lines:
            taken = {one.name for one in self.lines}
            names = (f"{feature.name} {i}" if i > 1 else feature.name for i in range(1, len(taken) + 2))
            name = next(one for one in names if one not in taken)
            same = next((one for one in self.lines if one.name == feature.name), None)
            label = same.label if same else feature.label
            self._add(replace(line, name=name, label=label), feature.boundary)
            self.became[name] = "located where the map shows it"
        self.notes += traced.notes(self.grid)

    def _paths(self) -> Iterator[Array]:
        for line in self.lines:
            for run in _runs(line):
                yield self._unit(line)[run]

    def _unit(self, line: Line) -> Array:
        return self._units(line.x, line.y)

    def _units(self, x: Sequence[float], y: Sequence[float]) -> Array:
        """Coordinates in the unit square."""
        (a, b), (c, d) = self.map.box
        return np.stack([(np.array(x) - a) / (b - a), (np.array(y) - c) / (d - c)], axis=-1)

    def _steps(self, places: Array) -> Array:
        """Coordinates in steps of the map."""
        return places * self.points - 0.5

    def _place(self, unit: Array) -> tuple[float, float]:
        (a, b), (c, d) = self.map.box
        return float(a + (b - a) * unit[0]), float(c + (d - c) * unit[1])

    def _near(self, unit: Array) -> str:
        x, y = self._place(unit)
        return f"near {self.map.x} = {x:.4g}, {self.map.y} = {y:.4g}"

    def _without_passages(self, feature: Feature, edges: list[Edge]) -> list[Edge]:
        """Leave out pairs between which two states are one: their names change, and nothing else.

        There the order parameters of one go over into those of the other linearly; at a transition they jump,
        or differ by a root of the distance.
        """
        if not edges:
            return edges
        steps = np.array([[(i, j), (i + 1, j) if axis == 0 else (i, j + 1)] for axis, i, j in edges])
        near, far = np.moveaxis((steps + 0.5) / self.points, 1, 0)
        first = self._phase(near)[0]
        low, high = np.zeros(len(edges)), np.ones(len(edges))
        for _ in range(40):
            half = 0.5 * (low + high)
            same = self._phase(near + half[:, None] * (far - near))[0] == first
            low, high = np.where(same, half, low), np.where(same, high, half)
        jumps = []
        for share in (1e-2, 1e-3):
            sides = [self._phase(near + (low + sign * share)[:, None] * (far - near))[1] for sign in (-1, 1)]
            jumps.append(np.max(np.abs(sides[1] - sides[0]), axis=0))
        with np.errstate(all="ignore"):
            smooth = np.log10(jumps[0] / jumps[1]) > 0.9
        boundary = feature.boundary
        if smooth.any() and isinstance(boundary, Coexistence):
            self.passages.add(frozenset((boundary.first.branch, boundary.second.branch)))
        return [edge for edge, one in zip(edges, smooth, strict=True) if not one]

    def _phase(self, places: Array) -> tuple[Integers, Array]:
        """The number of the phase at some places, and its order parameters."""
        seen = self.map.at(places)
        number = np.argmax(seen.state == STABLE, axis=0)
        return number, seen.order[:, number, np.arange(len(places))]

    # -- faces ----------------------------------------------------------------------------------------------

    def divide(self) -> None:
        """Cut the plane along the lines, name its parts, and leave out what separates nothing."""
        began = perf_counter()
        self._agree()
        curves = self._curves()
        plan = arrange([curve.path for curve in curves])
        cells, sides = faces(plan)
        kinds = self._kinds(plan, cells)
        proper = np.array([face.area >= TINY for face in cells] + [False])
        mine = plan.owner != FRAME
        one, two = sides.T
        alike = np.array([kinds[a] == kinds[b] for a, b in zip(one, two, strict=True)])
        between = mine & (one >= 0) & (two >= 0)
        kept = ~(between & alike & proper[one] & proper[two] & (one != two))
        kept &= ~self._idle(plan, mine & (one == two))
        self._bound(plan, cells, sides, kinds)
        self._corners(plan, curves, kept & mine)
        self._ends(plan, curves, kept & mine)
        self._cut(plan, curves, kept)
        self.told(f"regions: {len(self.regions)}, {perf_counter() - began:.1f} s")

    def _idle(self, plan: Arrangement, free: Booleans) -> Booleans:
        """Which edges, of those that end in the middle of a face, have the same states on both sides."""
        chosen = np.flatnonzero(free)
        idle = np.zeros(len(free), dtype=bool)
        if not chosen.size:
            return idle
        start, end = np.moveaxis(plan.nodes[plan.edges[chosen]], 1, 0)
        across = (end - start)[:, ::-1] * [-1, 1]
        across = 0.5 * ASIDE * across / np.hypot(*across.T)[:, None]
        middle = 0.5 * (start + end)
        number = self.map.at(np.clip(np.concatenate([middle - across, middle + across]), 0, 1)).classes[1]
        idle[chosen] = number[: len(chosen)] == number[len(chosen) :]
        return idle

    def _agree(self) -> None:
        """Give one place to a special point in which several lines meet: each of them has located it."""
        known: list[Point] = []
        for number, line in enumerate(self.lines):
            moved: dict[tuple[float, float], tuple[float, float]] = {}
            points = []
            for point in line.points:
                here = self._units([point.x], [point.y])
                same = (one for one in known if np.abs(self._units([one.x], [one.y]) - here).max() < CLOSE)
                other = next(same, None)
                if other is None:
                    known.append(point)
                else:
                    moved[point.x, point.y] = other.x, other.y
                    point = replace(point, x=other.x, y=other.y)
                points.append(point)
            places = [moved.get(place, place) for place in zip(line.x, line.y, strict=True)]
            x, y = zip(*places, strict=True)
            self.lines[number] = replace(line, x=x, y=y, points=points)

    def _curves(self) -> list[_Curve]:
        """The connected parts of all lines, through their special points, up to where they end."""
        met = (Kind.TRICRITICAL, Kind.TRIPLE, Kind.CRITICAL, Kind.SPINODAL, Kind.CROSSING)
        special = [point for line in self.lines for point in line.points if point.kind in met]
        curves = []
        for number, line in enumerate(self.lines):
            unit = self._unit(line)
            for run in _runs(line):
                curve = _Curve(number, unit[run], list(run))
                for point in [*line.points, *special]:
                    _insert(curve, point, self._units([point.x], [point.y])[0], own=point in line.points)
                curves.append(curve)
        for curve in curves:
            self._reach(curve, curves)
        return curves

    def _reach(self, curve: _Curve, curves: list[_Curve]) -> None:
        """Go on from the ends of a curve to the frame, or to the line in which it ends but for rounding."""
        others = [other.path for other in curves if other is not curve and len(other.path) > 1]
        for index in (0, -1):
            end = curve.path[index]
            if isinstance(curve.sources[index], Point) and self._on(end, others):
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
                name, where = self.lines[curve.line].name, self._near(end)
                self.notes.append(
                    f"{name}: it ends next to another line, and where they meet was not located, {where}"
                )
            place = 0 if index == 0 else len(curve.path)
            curve.path = np.insert(curve.path, place, goal, axis=0)
            curve.sources.insert(place, None)

    @staticmethod
    def _on(place: Array, paths: Iterable[Array]) -> bool:
        return any(float(np.hypot(*(_foot(place, path) - place))) < 1e-6 for path in paths)

    def _kinds(self, plan: Arrangement, cells: list[Face]) -> list[Class]:
        """What every face is, by the states inside of it; what does not agree is noted."""
        known, number = self.states.classes
        axes = (np.arange(self.points) + 0.5) / self.points
        places = np.stack(np.meshgrid(axes, axes, indexing="ij"), axis=-1).reshape(-1, 2)
        number = number.ravel()
        outlines = [plan.nodes[face.outline] for face in cells]
        deep = [interior(outline, 3) for outline in outlines]
        asked = self.map.at(np.concatenate(deep)) if deep else None
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
            kind = self._agreed(votes, where, face)
            kinds.append(kind)
        return kinds

    def _agreed(self, votes: list[Class], where: list[Array], face: Face) -> Class:
        """The class of most of the points of a face; others are noted, unless they go over into it."""
        if not votes:
            return Class("")
        counts: dict[Class, int] = {}
        for one in votes:
            counts[one] = counts.get(one, 0) + 1
        best = max(counts, key=lambda one: counts[one])
        joined = {best.phase} | {
            one.phase for one in counts if frozenset((one.phase, best.phase)) in self.passages
        }
        others = [i for i, one in enumerate(votes) if one != best and one.phase not in joined - {best.phase}]
        if others and face.area >= TINY:
            other = votes[others[0]]
            self.notes.append(
                f"inside the region {best}: {len(others)} of {len(votes)} points of the map are {other}, "
                f"{self._near(where[others[0]])}"
            )
        return replace(best, phase=" or ".join(sorted(joined))) if len(joined) > 1 else best

    def _bound(self, plan: Arrangement, cells: list[Face], sides: Integers, kinds: list[Class]) -> None:
        """Outline the regions: faces of one phase, with the same metastable states."""
        regions = [kind.region for kind in kinds]
        for i in sorted(range(len(cells)), key=lambda i: cells[i].area):
            if cells[i].area < TINY:  # a sliver is a part of the neighbour with which it shares most
                regions[i] = _neighbour(plan, sides, i, regions)
        one, two = sides.T
        walls = np.array(
            [a < 0 or b < 0 or regions[a] != regions[b] for a, b in zip(one, two, strict=True)], dtype=bool
        )
        merged, _ = faces(plan, walls)
        page = Page(self.grid, [self._steps(path) for path in self._paths() if len(path) > 1], letter=LETTER)
        (a, b), (c, d) = self.map.box
        raster = np.stack(np.meshgrid(*page.axes, indexing="ij"), axis=-1).reshape(-1, 2)
        raster = (raster - [a, c]) / [b - a, d - c]
        names: dict[str, int] = {}
        for face in sorted(merged, key=lambda face: -face.area):
            if face.area < TINY:
                continue
            outline = plan.nodes[face.outline]
            spot = interior(outline, 1)[0]
            cell = [i for i, part in enumerate(cells) if inside(plan.nodes[part.outline], spot[None])[0]]
            phase, metastable, broken = regions[min(cell, key=lambda i: cells[i].area)]
            name = " ".join([phase or "no state", *(["with", *metastable] if metastable else [])])
            names[name] = names.get(name, 0) + 1
            rows = [phase or "no state"] + ([f"({', '.join(metastable)})"] if metastable else [])
            rows += ["RS unstable"] if broken else []
            patch = inside(outline, raster).reshape(page.taken.shape)
            at, label = page.place(patch, "\n".join(rows)) if patch.any() else (self._place(spot), "")
            self.regions.append(
                Region(
                    name if names[name] == 1 else f"{name} {names[name]}",
                    label,
                    at,
                    [self._place(corner) for corner in outline],
                    metastable,
                )
            )

    # -- topology -------------------------------------------------------------------------------------------

    def _corners(self, plan: Arrangement, curves: list[_Curve], kept: Booleans) -> None:
        """Note corners that are no special points."""
        special = [
            (place, number)
            for number, line in enumerate(self.lines)
            for place in self._units([p.x for p in line.points], [p.y for p in line.points])
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
                if here[a] == here[b] == 2 and self._strangers(a, b):
                    continue  # they cross, and each goes its way
                known = [spot for spot, line in special if line in (a, b)]
                if any(np.hypot(*(spot - place)) < REACH for spot in known):
                    continue
                if any(np.hypot(*(spot - place)) < REACH for spot in said):
                    continue
                said.append(place)
                names = f"{self.lines[a].name} and {self.lines[b].name}"
                self.notes.append(f"{names} meet in a corner that was not located, {self._near(place)}")

    def _strangers(self, a: int, b: int) -> bool:
        """Whether two lines are about different states, or not both transitions: a crossing means nothing."""
        one, two = self.boundaries[a], self.boundaries[b]
        transitions = all(line.kind in ("first-order", "continuous") for line in (one, two))
        return not transitions or not {p.branch for p in phases(one)} & {p.branch for p in phases(two)}

    def _ends(self, plan: Arrangement, curves: list[_Curve], kept: Booleans) -> None:
        """Note lines that end for no reason."""
        degree = np.bincount(plan.edges.ravel(), minlength=len(plan.nodes))
        for curve in curves:
            for index in (0, -1):
                node = int(np.argmin(np.max(np.abs(plan.nodes - curve.path[index]), axis=1)))
                edges = np.flatnonzero((plan.edges == node).any(axis=1))
                if degree[node] > 1 or isinstance(curve.sources[index], Point) or not kept[edges].any():
                    continue
                line = self.lines[curve.line]
                if _special(line, *self._place(curve.path[index])):
                    continue
                where = self._near(curve.path[index])
                self.notes.append(f"{line.name}: it ends and no special point was found there, {where}")

    # -- what is left of the lines --------------------------------------------------------------------------

    def _cut(self, plan: Arrangement, curves: list[_Curve], kept: Booleans) -> None:
        """Leave out the parts of lines that separate the same states."""
        lines = []
        for number, line in enumerate(self.lines):
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
                self.became[line.name] += ", where it separates states"
            else:
                self.became[line.name] += ", but separates no states here"
        self.lines = lines

    # -- the diagram ----------------------------------------------------------------------------------------

    def diagram(self, title: str | None) -> PhaseDiagram:
        """All of it as data."""
        theory, names = self.map.theory, (self.map.x, self.map.y)
        about = theory.parameters()
        axes = [
            Axis(name, f"{about[name].text.partition(',')[0]} ${about[name].symbol}$", limits=limits)
            for name, limits in zip(names, self.map.box, strict=True)
        ]
        bare = theory.at(**dict.fromkeys(names))
        for line in self.lines:
            lost = sorted({one for one in line.status if one not in (CONVERGED, *USUAL)})
            self.notes += [f"{line.name}: {why}" for why in lost]
        return PhaseDiagram(
            theory.name,
            title if title is not None else _title(bare),
            (axes[0], axes[1]),
            self.lines,
            list(self._critical()),
            self.regions,
            {
                "model": bare.describe(),
                "settings": {"points": self.points, "step": self.step},
                "lines": self.became,
                "notes": self.notes,
            },
        )

    def _critical(self) -> Iterator[Point]:
        """The critical value of the theory, where the other axis has its usual value."""
        theory, what = self.map.theory, self.map.theory.critical
        names = [self.map.x, self.map.y]
        if (
            what is None
            or what.parameter not in names
            or what.boundary not in {one.name for one in self.lines}
        ):
            return
        along = names.index(what.parameter)
        other, limits = names[1 - along], self.map.box[1 - along]
        usual = theory.parameters()[other].default
        if not isinstance(usual, float | int) or not limits[0] <= usual <= limits[1]:
            return
        try:
            found = locate(theory.at(**{other: float(usual)}), what.boundary, what.parameter)
        except ReplicaError:
            return
        low, high = self.map.box[along]
        if found.located and low <= found.value <= high:
            place = (found.value, float(usual))
            yield Point(what.symbol, _symbol(what.symbol), *(place if along == 0 else place[::-1]))


USUAL = ("outside the requested range", "separates the same states")
"""Why a line has a gap that needs no explanation."""


def _elsewhere(theory: Theory, boundary: Boundary, plane: Sequence[str]) -> str:
    """Why a line has no place in a plane; empty if it has one."""
    if holds(boundary, plane):
        return "not in this plane: it holds one of the axes at a value, or at its best one"
    for phase in phases(boundary):
        held = dict(phase.at) | ({phase.over: 1.0} if phase.over else {})
        for name in held:
            value = getattr(theory, name)
            if (
                value is not None
                and theory.parameters()[name].continuous
                and (name == phase.over or value != held[name])
            ):
                how = "minimised over" if name == phase.over else f"about {name} = {held[name]:g}, not"
                return f"not in this plane: it is {how} {name}{'' if name == phase.over else f' = {value:g}'}"
        try:
            theory.at(**held).start(phase.branch)
        except ParameterError as error:
            return f"not in this plane: {error}"
    return ""


def _legend(theory: Theory, name: str) -> str:
    """What the legend says of a declared line: its symbol on figures, its name, its kind."""
    kind = theory.lines[name].kind
    symbols = [_symbol(short) for short, long in theory.line_names.items() if long == name and "_" in short]
    return " ".join([*symbols[:1], name if kind in name else f"{name}, {kind}"])


def _symbol(name: str) -> str:
    """A symbol with a subscript as mathtext."""
    head, _, tail = name.partition("_")
    greek = {"alpha", "beta", "gamma", "theta", "kappa", "sigma"}
    if not re.fullmatch("[A-Za-z0-9]+", head + tail):
        return name
    head = f"\\{head}" if head in greek else head
    if not tail:
        return f"${head}$"
    return f"${head}_{{{tail}}}$" if len(tail) == 1 else f"${head}_{{\\mathrm{{{tail}}}}}$"


def _title(theory: Theory) -> str:
    """The name of a theory, and the parameters that do not vary."""
    known = theory.parameters()
    told = [
        f"${known[name].symbol} = {value:g}$"
        for name, value in theory.told.items()
        if isinstance(value, float | int) and not isinstance(value, bool) and value != known[name].default
    ]
    return ", ".join([theory.name, *told])


def _visible(grid: Grid, feature: Feature) -> Feature:
    """Without the places where replica symmetry breaks in a state that is not the phase."""
    boundary = feature.boundary
    if not (isinstance(boundary, Zero) and boundary.test in ("replicon", "log_rho")):
        return feature
    b = grid.branches.index(boundary.phase.branch)
    state = grid.state[b]

    def phase(edge: Edge) -> bool:
        axis, i, j = edge
        return bool(state[i, j] == STABLE or state[(i + 1, j) if axis == 0 else (i, j + 1)] == STABLE)

    return replace(feature, edges=[edge for edge in feature.edges if phase(edge)])


def _left(feature: Feature, known: Sequence[Array]) -> list[Edge]:
    """The pairs of neighbours between which no known curve passes."""
    if not feature.edges:
        return []
    middles = np.array([middle(edge) for edge in feature.edges], dtype=float)
    apart = np.min([np.full(len(middles), np.inf), *(distances(middles, one) for one in known)], axis=0)
    return [edge for edge, away in zip(feature.edges, apart, strict=True) if away > NEAR]


def _runs(line: Line) -> list[list[int]]:
    """Indices of the connected parts of a line."""
    known = [math.isfinite(x + y) for x, y in zip(line.x, line.y, strict=True)]
    runs = [list(run) for good, run in groupby(range(len(known)), key=lambda i: known[i]) if good]
    return [run for run in runs if len(run) > 1]


def _foot(place: Array, path: Array) -> Array:
    """The nearest point of a path."""
    nearest = feet(place[None], path)[0][0]
    best: Array = nearest[np.argmin(np.sum((nearest - place) ** 2, axis=1))]
    return best


def _away(outline: Array, places: Array) -> Array:
    """Distances of places from a closed path."""
    if not len(places):
        return np.zeros(0)
    nearest = feet(places, np.concatenate([outline, outline[:1]]))[0]
    away: Array = np.sqrt(np.min(np.sum((nearest - places[:, None]) ** 2, axis=2), axis=1))
    return away


def _insert(curve: _Curve, point: Point, place: Array, *, own: bool) -> None:
    """Make a curve pass through a special point, if it does but for its chords."""
    nearest, share = feet(place[None], curve.path)
    away = np.hypot(*(nearest[0] - place).T)
    best = int(np.argmin(away))
    if away[best] > (REACH if own else 2e-4):
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


def _pieces(curve: _Curve, good: Booleans) -> list[list[int | Point]]:
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
            rows.append((math.nan, math.nan, USUAL[1], gap, False))
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
