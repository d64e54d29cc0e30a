"""A grid of answers, for a page that nobody serves: states at every point, curves along every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from phase_diagrams.exploring.answers import finite, names_of, parts, special
from phase_diagrams.exploring.plane import Plane, minimised
from phase_diagrams.mapping.automatic import automatic_diagram
from phase_diagrams.mapping.states import States, states_at
from phase_diagrams.sweeping.chunk import STATES
from phase_diagrams.tracing.curves import curve
from replica.errors import ReplicaError
from replica.typing import Array

__all__ = ["precomputed"]

DIGITS = 6
"""Significant digits of the numbers of a page."""

Told = Callable[[str], None]


def precomputed(plane: Plane, points: int, told: Told) -> dict[str, Any]:
    """The diagram, the states on a grid of so many points along either axis, and curves along its rows.

    Parameters
    ----------
    plane : Plane
        Only its axes are varied.
    points : int
    told : callable
        Takes a sentence whenever a part is done.

    Examples
    --------
    >>> from phase_diagrams.exploring.plane import plane
    >>> from replica.theories import BlumeCapel
    >>> found = precomputed(plane(BlumeCapel(T=0.2, D=0.3), "D", "T"), 3, lambda _: None)
    >>> found["grid"]["names"], found["grid"]["state"][0][1]
    (['ferromagnet', 'paramagnet'], [3, 3, 0])
    """
    theory = plane.theory
    diagram = automatic_diagram(theory, plane.x, plane.y, xlim=plane.box[0], ylim=plane.box[1], told=told)
    axes = [np.linspace(*limits, points) for limits in plane.box]
    x, y = np.meshgrid(*axes, indexing="ij")
    states = states_at(theory, {plane.x: x, plane.y: y})
    told(f"states: {points} x {points} points")
    rows = []
    for i, value in enumerate(axes[1]):
        rows.append(_row(plane, float(value)))
        told(f"curves: {i + 1} of {points}")
    return {
        "diagram": _short(diagram.to_json()),
        "grid": _short({"x": axes[0].tolist(), "y": axes[1].tolist(), **_table(plane, states, x, y)}),
        "curves": _short(rows),
    }


def _table(plane: Plane, states: States, x: Array, y: Array) -> dict[str, Any]:
    """Arrays of shape (names, nx, ny)."""
    shape = states.state.shape
    theory = plane.theory.at(**{plane.x: np.broadcast_to(x, shape), plane.y: np.broadcast_to(y, shape)})
    there = states.state > 0
    with np.errstate(all="ignore"):
        told = dict(zip(theory.order, states.order, strict=True)) | theory.derived(states.order)
        disordered = theory.tuned(states.order).replicon(states.order) is not None
        if not minimised(theory):  # else f is that of a parameter that the grid does not know
            told["free_energy"] = theory.tuned(states.order).free_energy(states.order)
    return {
        "names": list(states.names),
        "words": list(STATES.values()),
        "state": states.state.tolist(),
        "disordered": disordered,
        "broken": states.negative.astype(int).tolist(),
        "values": {
            name: [[finite(row) for row in rows] for rows in np.where(there, value, np.nan)]
            for name, value in told.items()
        },
    }


def _row(plane: Plane, value: float) -> dict[str, Any]:
    """The curves of everything along the horizontal axis, at a value of the other one."""
    theory = plane.theory.at(**{plane.y: value})
    names = names_of(theory)
    nothing: Mapping[str, Any] = {"parts": [], "special": []}
    if minimised(theory):
        return {**nothing, "why": "states that are minimised over a parameter are shown at the points alone"}
    try:
        found = curve(theory, *names, **{plane.x: plane.box[0]})
    except ReplicaError as error:
        return {**nothing, "why": str(error)}
    return {
        "parts": list(parts(found.columns, plane.x, names)),
        "special": special(found.special, plane.x, names),
    }


def _short(value: Any) -> Any:
    """The same with numbers of a few digits: what is seen on a page."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return value
