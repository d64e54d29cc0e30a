"""A diagram in the making: its lines so far, what became of each of them, and what is not explained yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from time import perf_counter

import numpy as np

from phase_diagrams.diagram import Line
from phase_diagrams.mapping.states import Map
from replica.theory import Boundary
from replica.typing import Array

__all__ = ["Draft", "runs"]


@dataclass
class Draft:
    """Lines beside a coarse map of the states.

    Places are in the parameters of the plane, in its unit square, or in steps of the map.
    """

    map: Map
    points: int
    told: Callable[[str], None]
    lines: list[Line] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    became: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    passages: set[frozenset[str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Solve every branch on a coarse grid."""
        began = perf_counter()
        self.states, self.grid = self.map.grid(self.points)
        self.told(f"map: {self.points} x {self.points} points, {perf_counter() - began:.1f} s")

    def add(self, line: Line, boundary: Boundary) -> None:
        """Take a line, and what it is a line of."""
        self.lines.append(line)
        self.boundaries.append(boundary)

    def paths(self, *kinds: str) -> Iterator[Array]:
        """Yield the connected parts of all lines, or of those of some kinds, in the unit square."""
        for line, boundary in zip(self.lines, self.boundaries, strict=True):
            if not kinds or boundary.kind in kinds:
                for run in runs(line):
                    yield self.unit(line)[run]

    def unit(self, line: Line) -> Array:
        """Points of a line in the unit square."""
        return self.units(line.x, line.y)

    def units(self, x: Sequence[float], y: Sequence[float]) -> Array:
        """Coordinates in the unit square."""
        (a, b), (c, d) = self.map.box
        return np.stack([(np.array(x) - a) / (b - a), (np.array(y) - c) / (d - c)], axis=-1)

    def steps(self, places: Array) -> Array:
        """Coordinates in steps of the map."""
        return places * self.points - 0.5

    def place(self, unit: Array) -> tuple[float, float]:
        """Values of the two parameters at a place of the unit square."""
        (a, b), (c, d) = self.map.box
        return float(a + (b - a) * unit[0]), float(c + (d - c) * unit[1])

    def near(self, unit: Array) -> str:
        """Say where a place of the unit square is."""
        x, y = self.place(unit)
        return f"near {self.map.x} = {x:.4g}, {self.map.y} = {y:.4g}"


def runs(line: Line) -> list[list[int]]:
    """Indices of the connected parts of a line."""
    known = [math.isfinite(x + y) for x, y in zip(line.x, line.y, strict=True)]
    runs = [list(run) for good, run in groupby(range(len(known)), key=lambda i: known[i]) if good]
    return [run for run in runs if len(run) > 1]
