"""What the grid shows: which boundary passes between two neighbours that differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from phase_diagrams.mapping.grid import ABSENT, METASTABLE, STABLE, UNSTABLE, Edge, Grid, neighbours
from replica.theory import Boundary, Coexistence, Fold, Phase, Theory, Zero
from replica.typing import Booleans, Integers

__all__ = ["Feature", "features", "is_explicit", "without_threads"]


@dataclass
class Feature:
    """A boundary that the grid shows: where it must pass, and where it may."""

    boundary: Boundary
    name: str
    label: str
    edges: list[Edge] = field(default_factory=list)
    hints: list[Edge] = field(default_factory=list)


def without_threads(grid: Grid, notes: list[str]) -> Grid:
    """Leave out states that exist on a single row or column only, such as a paramagnet at zero field."""
    state, threads = grid.state.copy(), []
    for b, name in enumerate(grid.branches):
        patches, count = ndimage.label(state[b] >= METASTABLE)
        for place in ndimage.find_objects(patches, count):
            sizes = [part.stop - part.start for part in place]
            if 1 in sizes and max(sizes) > 1:
                axis = sizes.index(1)
                at = place[axis].start
                where = f"{grid.names[axis]} = {grid.values[axis][at]:g}"
                notes.append(f"{name}: a state at {where} only, which has no area; not shown")
                state[b][place] = ABSENT
                threads.append((axis, at))
    if grid.compared:
        orphaned = (state < STABLE).all(axis=0) & (state == METASTABLE).any(axis=0)
        first = np.argmax(state == METASTABLE, axis=0)
        for b in range(len(state)):
            state[b][orphaned & (first == b)] = STABLE
    return dataclasses.replace(grid, state=state, threads=tuple(threads))


def features(grid: Grid) -> Iterator[Feature]:
    """The boundaries between neighbours that differ, each with the pairs of neighbours that show it."""
    found: dict[tuple[Any, ...], Feature] = {}

    def add(boundary: Boundary, edges: Booleans, axis: int, *, hint: bool = False) -> None:
        name, boundary = _declared(grid, boundary)
        edges = edges & ~aside[axis]
        one = found.setdefault((name,), Feature(boundary, name, _label(grid, boundary)))
        (one.hints if hint else one.edges).extend((axis, int(i), int(j)) for i, j in np.argwhere(edges))

    theory = grid.theory
    present = grid.state >= METASTABLE
    thread = np.zeros(grid.shape, dtype=bool)  # nothing that separates a region from a thread is traced
    for axis, at in grid.threads:
        thread[(slice(None),) * axis + (at,)] = ~present[:, *((slice(None),) * axis + (at,))].any(axis=0)
    aside = [one | two for one, two in (neighbours(thread, axis) for axis in (0, 1))]
    for axis in (0, 1):
        one, two = neighbours(grid.state, axis)
        for a, first in enumerate(grid.branches):
            for b, second in enumerate(grid.branches):
                if a == b:
                    continue
                swap = (one[a] == STABLE) & (two[b] == STABLE)
                back = (two[a] == STABLE) & (one[b] == STABLE)
                # the trivial state gives way to the one that grows out of it
                grown = is_explicit(theory, second) & (
                    (swap & (one[b] < METASTABLE)) | (back & (two[b] < METASTABLE))
                )
                if not is_explicit(theory, first):
                    add(Zero(Phase(second), "stability"), grown, axis)
                if a < b:
                    other = is_explicit(theory, first) & (
                        (swap & (two[a] < METASTABLE)) | (back & (one[a] < METASTABLE))
                    )
                    add(Coexistence(Phase(first), Phase(second)), (swap | back) & ~grown & ~other, axis)
        for b, name in enumerate(grid.branches):
            here, there = neighbours(present[b], axis)
            changes = here != there
            lost = changes & ((one[b] == ABSENT) | (two[b] == ABSENT))
            if not is_explicit(theory, name):
                taken = _between_phases(one, two, b)
                add(Fold(name), lost & ~taken, axis)
                add(Fold(name), lost & taken, axis, hint=True)
            weak = changes & ((one[b] == UNSTABLE) | (two[b] == UNSTABLE)) & ~_between_phases(one, two, b)
            follows = _born(one, two, b)  # a metastable state that grows out of this one
            add(Zero(Phase(name), "stability"), weak & follows, axis)
            add(Zero(Phase(name), "stability", "spinodal"), weak & ~follows, axis)
            for quantity, negative in grid.negative.items():
                minus, plus = neighbours(negative[b], axis)
                test = "log_rho" if quantity == "replicon" and hasattr(theory, "log_rho") else quantity
                kind = "stability" if quantity == "replicon" else "curve"
                add(Zero(Phase(name), test, kind), here & there & (minus != plus), axis)
    yield from (one for one in found.values() if one.edges)


def is_explicit(theory: Theory, branch: str) -> bool:
    """Whether a branch is known without solving."""
    return theory.branch(branch).explicit


def _between_phases(one: Integers, two: Integers, b: int) -> Booleans:
    """Where a branch is the phase on one side of a pair, and another branch on the other side."""
    both = (one == STABLE).any(axis=0) & (two == STABLE).any(axis=0)
    return both & ((one[b] == STABLE) != (two[b] == STABLE))


def _born(one: Integers, two: Integers, b: int) -> Booleans:
    """Where a branch loses its stability between a pair, and another one begins to exist."""
    forth, back = (
        (here[b] >= METASTABLE) & (there[b] == UNSTABLE) for here, there in ((one, two), (two, one))
    )
    appear, vanish = (
        ((here < METASTABLE) & (there >= METASTABLE)).any(axis=0) for here, there in ((one, two), (two, one))
    )
    return (forth & appear) | (back & vanish)


def _declared(grid: Grid, boundary: Boundary) -> tuple[str, Boundary]:
    """The boundary as the theory declares it, with its name there; or a name of our own."""
    for name, line in grid.theory.lines.items():
        if _key(line) == _key(boundary):
            return name, line
    if isinstance(boundary, Fold):
        return f"end of {boundary.branch}", boundary
    if isinstance(boundary, Coexistence):
        return f"{boundary.first.branch} = {boundary.second.branch}", boundary
    if boundary.kind == "spinodal":
        return f"end of {boundary.phase.branch}", boundary
    return f"{boundary.test} of {boundary.phase.branch}", boundary


def _key(boundary: Boundary) -> Hashable:
    if isinstance(boundary, Fold):
        return boundary
    if isinstance(boundary, Coexistence):
        return frozenset((boundary.first, boundary.second))
    return boundary.phase, boundary.test, boundary.test == "stability" and boundary.kind


def _label(grid: Grid, boundary: Boundary) -> str:
    """What the legend says."""
    if isinstance(boundary, Fold):
        return f"spinodal of {boundary.branch}"
    if isinstance(boundary, Coexistence):
        return f"first order, {boundary.first.branch}/{boundary.second.branch}"
    branch = boundary.phase.branch
    if boundary.kind == "spinodal":
        return f"spinodal of {branch}"
    words = {
        "stability": f"continuous, from {branch}",
        "entropy": f"entropy of {branch} = 0",
        "replicon": f"replicon of {branch} = 0",
        "log_rho": f"replicon of {branch} = 0",
    }
    return words.get(boundary.test, f"{boundary.test} of {branch} = 0")
