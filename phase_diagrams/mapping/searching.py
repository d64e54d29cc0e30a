"""Lines that nobody declared: located where a coarse map shows them and no line explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from phase_diagrams.mapping.draft import Draft
from phase_diagrams.mapping.features import Feature, features
from phase_diagrams.mapping.grid import METASTABLE, STABLE, Edge, Grid, middle
from phase_diagrams.mapping.refining import NEAR, Refined, distances, refined
from replica.theory import Coexistence, Fold, Zero
from replica.typing import Array, Booleans, Integers

__all__ = ["search"]


def search(draft: Draft) -> None:
    """Locate what the map shows and no line explains."""
    if not draft.states.compared:
        return
    found = [_visible(draft.grid, one) for one in features(draft.grid)]
    shown = [edge for one in found for edge in one.edges]
    found.sort(key=lambda one: not isinstance(one.boundary, Fold))  # that states end explains transitions
    for feature in found:
        for asked, kinds in _questions(draft.grid, feature):
            known = [draft.steps(curve) for curve in draft.paths(*kinds)]
            left = _left(asked, known)
            if isinstance(feature.boundary, Coexistence):
                left = _without_passages(draft, asked, left)
            if len(left) < 2:
                continue
            began = perf_counter()
            traced = refined(draft.grid, asked, shown, known)
            _take(draft, asked, traced)
            took = f"{perf_counter() - began:.1f} s"
            draft.told(f"{feature.name}: {len(traced.lines)} lines that the map shows, {took}")


def _questions(grid: Grid, feature: Feature) -> Iterator[tuple[Feature, tuple[str, ...]]]:
    """What the map shows of a boundary, and the kinds of lines that may explain it, all if none is given.

    No spinodal beside them explains that two states change places where both exist.
    """
    if isinstance(boundary := feature.boundary, Coexistence):
        states = grid.state[[grid.branches.index(one.branch) for one in (boundary.first, boundary.second)]]
        both: Booleans = np.all(states >= METASTABLE, axis=0)
        swapped = [
            (axis, i, j)
            for axis, i, j in feature.edges
            if both[i, j] and both[(i + 1, j) if axis == 0 else (i, j + 1)]
        ]
        yield replace(feature, edges=swapped), ("first-order", "continuous")
    yield feature, ()


def _take(draft: Draft, feature: Feature, traced: Refined) -> None:
    """Add lines that were found from the map."""
    for line in traced.lines:
        taken = {one.name for one in draft.lines}
        names = (f"{feature.name} {i}" if i > 1 else feature.name for i in range(1, len(taken) + 2))
        name = next(one for one in names if one not in taken)
        same = next((one for one in draft.lines if one.name == feature.name), None)
        label = same.label if same else feature.label
        draft.add(replace(line, name=name, label=label), feature.boundary)
        draft.became[name] = "located where the map shows it"
    draft.notes += traced.notes(draft.grid)


def _without_passages(draft: Draft, feature: Feature, edges: list[Edge]) -> list[Edge]:
    """Leave out pairs between which two states are one: their names change, and nothing else.

    There the order parameters of one go over into those of the other linearly; at a transition they jump,
    or differ by a root of the distance.
    """
    if not edges:
        return edges
    steps = np.array([[(i, j), (i + 1, j) if axis == 0 else (i, j + 1)] for axis, i, j in edges])
    near, far = np.moveaxis((steps + 0.5) / draft.points, 1, 0)
    first = _phase(draft, near)[0]
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    for _ in range(40):
        half = 0.5 * (low + high)
        same = _phase(draft, near + half[:, None] * (far - near))[0] == first
        low, high = np.where(same, half, low), np.where(same, high, half)
    jumps = []
    for share in (1e-2, 1e-3):
        sides = [_phase(draft, near + (low + sign * share)[:, None] * (far - near))[1] for sign in (-1, 1)]
        jumps.append(np.max(np.abs(sides[1] - sides[0]), axis=0))
    with np.errstate(all="ignore"):
        smooth = np.log10(jumps[0] / jumps[1]) > 0.9
    boundary = feature.boundary
    if smooth.any() and isinstance(boundary, Coexistence):
        draft.passages.add(frozenset((boundary.first.branch, boundary.second.branch)))
    return [edge for edge, one in zip(edges, smooth, strict=True) if not one]


def _phase(draft: Draft, places: Array) -> tuple[Integers, Array]:
    """The number of the phase at some places, and its order parameters."""
    seen = draft.map.at(places)
    number = np.argmax(seen.state == STABLE, axis=0)
    return number, seen.order[:, number, np.arange(len(places))]


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
