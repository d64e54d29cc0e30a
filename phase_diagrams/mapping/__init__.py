"""From a sweep to a phase diagram: the grid says what there is, the engine says where it ends.

Neighbours on the grid that differ show which boundary passes between them. Every boundary is then located
and traced as everywhere else, from the states of the grid; no coordinate of a line is a coordinate of the
grid. What the grid shows and no line explains is reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from phase_diagrams.diagram import Axis, HeatMap, PhaseDiagram
from phase_diagrams.mapping.features import features, without_threads
from phase_diagrams.mapping.grid import Grid, equal_ratios, middle, read
from phase_diagrams.mapping.outlines import regions
from phase_diagrams.mapping.refining import hand_over, refined
from replica.errors import ParameterError
from replica.typing import Array

__all__ = ["Grid", "phase_map", "read"]

FINEST = 400
"""Largest number of values of a heat map along an axis; of a finer grid every so many are taken."""


def phase_map(
    grid: Grid,
    *,
    heat: Array | None = None,
    label: str = "",
    contours: int = 0,
    stable: bool = False,
    provenance: Mapping[str, Any] | None = None,
) -> PhaseDiagram:
    """Make a phase diagram from a plane of a sweep, with refined boundaries.

    Parameters
    ----------
    grid : Grid
    heat : array, shape (nx, ny), optional
        What to show as a heat map.
    label : str
        What the heat map shows, in words.
    contours : int
        Largest number of its contour lines, which stand at round values.
    stable : bool
        Whether it is that of the stable branch at each point; then its contours end where the branch changes.
    provenance : mapping, optional
        Where the sweep comes from.

    Returns
    -------
    PhaseDiagram
        ``provenance["agreement"]`` says for every boundary how many pairs of neighbours of the grid it
        explains; ``provenance["notes"]`` what is left unexplained, a sentence each.

    Examples
    --------
    >>> from phase_diagrams.sweeping import sweep
    >>> from replica.theories import BlumeCapel
    >>> grid = {"T": np.linspace(0.15, 0.7, 23), "D": np.linspace(0, 0.6, 25)}
    >>> data = sweep(BlumeCapel, grid, branch="all")
    >>> diagram = phase_map(read(data, BlumeCapel(T=0.5)))
    >>> for line in diagram.lines:
    ...     print(line.name, line.kind.value)
    continuous continuous
    first-order first-order
    spinodal spinodal
    end of paramagnet spinodal
    >>> diagram.provenance["notes"]
    []
    """
    notes: list[str] = []
    grid = without_threads(grid, notes)
    found = []
    for one in features(grid):
        if len(one.edges) > 1:
            found.append(one)
            continue
        x, y = grid.place([middle(one.edges[0])])[0]
        where = f"{grid.names[0]} = {x:.4g}, {grid.names[1]} = {y:.4g}"
        notes.append(f"{one.name}: one pair of neighbours differs, near {where}; not traced")
    shown = [edge for one in found for edge in one.edges]
    traced = [refined(grid, one, shown) for one in found]
    hand_over(traced)
    lines = [line for one in traced for line in one.lines]
    for boundary in traced:
        notes += boundary.notes(grid)
    heat_map = None if heat is None else _heat_map(grid, heat, label, contours, whole=stable)
    about = grid.theory.parameters()
    axes = [
        Axis(
            name,
            f"{about[name].text.partition(',')[0]} ${about[name].symbol}$",
            scale="log" if equal_ratios(values) else "linear",
            limits=(float(values[0]), float(values[-1])),
        )
        for name, values in zip(grid.names, grid.values, strict=True)
    ]
    return PhaseDiagram(
        f"{grid.theory.name}-map",
        "",
        (axes[0], axes[1]),
        lines,
        [],
        regions(grid, traced, notes, narrow=heat is not None),
        {
            **(provenance or {}),
            "model": grid.theory.at(**dict.fromkeys(grid.names)).describe(),
            "agreement": {one.feature.name: one.agreement for one in traced},
            "notes": notes,
        },
        heat_map=heat_map,
    )


def _heat_map(grid: Grid, heat: Array, label: str, contours: int, *, whole: bool) -> HeatMap:
    """Every so many values, and contours at equal distances."""
    heat = np.where(np.isfinite(heat), heat, np.nan)
    steps = [-(-n // FINEST) for n in grid.shape]
    x, y = (values[::step] for values, step in zip(grid.values, steps, strict=True))
    if np.isnan(heat).all():
        message = f"there is nothing to show: {label} has no finite value on the grid"
        raise ParameterError(message)
    low, high = float(np.nanmin(heat)), float(np.nanmax(heat))
    levels = _round_levels(low, high, contours) if contours and high > low else []
    shown, phase = (part[:: steps[0], :: steps[1]].T for part in (heat, grid.state.argmax(axis=0)))
    patches = phase.tolist() if whole else ()
    return HeatMap(label, x.tolist(), y.tolist(), shown.tolist(), levels, patches)


def _round_levels(low: float, high: float, count: int) -> list[float]:
    """At most so many equidistant round numbers between two others."""
    least = (high - low) / (count + 1)
    decade = 10.0 ** math.floor(math.log10(least))
    step = next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= least)
    first = math.floor(low / step) + 1
    return [float(f"{i * step:.12g}") for i in range(first, first + count) if low < i * step < high]
