"""What every phase of a theory is at some points of a plane: the coarse map of a diagram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phase_diagrams.mapping.grid import METASTABLE, STABLE, Grid
from phase_diagrams.sweeping.chunk import Task, fingerprint, solve_points, spread
from replica.errors import ParameterError
from replica.solving import solve
from replica.solving.systems import phases
from replica.theory import Optimum, Theory
from replica.typing import Array, Booleans, Integers

__all__ = ["Class", "Map", "States", "states_at"]

TIE = 1e-9
"""Free energies that are closer are equal: those at the edge are extrapolated."""

SMALLEST, COUNT = 1e-5, 25
"""Where the values start over which a phase is minimised, in units of the typical range, and their number."""


@dataclass(frozen=True)
class Class:
    """What there is at a point: the phase, other states that are locally stable, broken replica symmetry.

    Attributes
    ----------
    phase : str
        Of lowest free energy; empty where there is no state.
    metastable : tuple of str
    broken : tuple of str
        Those of all these states that have a negative replicon.
    """

    phase: str
    metastable: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def region(self) -> tuple[str, tuple[str, ...], bool]:
        """What makes a region of its own: a metastable state may lose its replica symmetry inside."""
        return self.phase, self.metastable, self.phase in self.broken

    def __str__(self) -> str:
        return " ".join(
            [
                self.phase or "no state",
                *(["with", *self.metastable] if self.metastable else []),
                *(["(replica symmetry broken)"] if self.phase in self.broken else []),
            ]
        )


@dataclass(frozen=True)
class States:
    """The phases of a theory at some points, shape ``(*batch)``.

    Attributes
    ----------
    names : tuple of str
        The branches; of one that is minimised over a parameter also its edge, such as ``"retrieval, l = 0"``.
    state : array of int, shape (n_names, *batch)
        0 absent, 1 unstable, 2 metastable, 3 stable.
    negative : array of bool, shape (n_names, *batch)
        Where the replicon is negative.
    order : array, shape (n_order, n_names, *batch)
    found : array of bool, shape (n_names,)
        Which of them exist anywhere, be it as another name of a state before them.
    compared : bool
        Whether metastable states are told; they are not where a phase is minimised over a parameter.
    """

    names: tuple[str, ...]
    state: Integers
    negative: Booleans
    order: Array
    found: Booleans
    compared: bool

    @cached_property
    def classes(self) -> tuple[list[Class], Integers]:
        """The classes that occur, and the number of that of every point, shape ``(*batch)``."""
        n = len(self.names)
        flat, broken = self.state.reshape(n, -1), self.negative.reshape(n, -1)
        rows = np.concatenate([np.where(flat >= METASTABLE, flat, 0), broken & (flat >= METASTABLE)])
        kinds, number = np.unique(rows, axis=1, return_inverse=True)
        return [self._class(kind) for kind in kinds.T], number.reshape(self.state.shape[1:])

    def _class(self, row: Integers) -> Class:
        states, broken = np.split(row, 2)

        def named(chosen: Booleans) -> tuple[str, ...]:
            return tuple(name for name, one in zip(self.names, chosen, strict=True) if one)

        return Class(next(iter(named(states == STABLE)), ""), named(states == METASTABLE), named(broken == 1))


@dataclass(frozen=True)
class Map:
    """A theory and a plane, of which the states can be asked anywhere.

    Attributes
    ----------
    theory : Theory
        One point; its values of `x` and `y` are ignored.
    x, y : str
    box : ((float, float), (float, float))
    """

    theory: Theory
    x: str
    y: str
    box: tuple[tuple[float, float], tuple[float, float]]

    def grid(self, count: int) -> tuple[States, Grid]:
        """The states on a coarse grid, half a step inside the box: its sides may be singular."""
        axes = [low + (high - low) * (np.arange(count) + 0.5) / count for low, high in self.box]
        x, y = np.meshgrid(*axes, indexing="ij")
        known = states_at(self.theory, {self.x: x, self.y: y})
        negative = {"replicon": known.negative} if known.negative.any() else {}
        shown = Grid(
            self.theory,
            (self.x, self.y),
            (axes[0], axes[1]),
            known.names,
            known.state.copy(),
            negative,
            known.order,
            compared=True,
            box=self.box,
        )
        return known, shown

    def at(self, places: Array) -> States:
        """The states at some points of the unit square, shape (n, 2), that is the box."""
        (a, b), (c, d) = self.box
        return states_at(
            self.theory, {self.x: a + (b - a) * places[:, 0], self.y: c + (d - c) * places[:, 1]}
        )


def states_at(theory: Theory, plane: Mapping[str, Array]) -> States:
    """What every branch of a theory is at some points.

    Parameters
    ----------
    theory : Theory
    plane : mapping of str to array, shape (*batch)
        Values of two of its parameters.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> plane = {"T": np.array([0.2, 0.2, 0.6]), "D": np.array([0.3, 0.49, 0.55])}
    >>> seen = states_at(BlumeCapel(T=0.2), plane)
    >>> kinds, number = seen.classes
    >>> [str(kinds[i]) for i in number]
    ['ferromagnet', 'paramagnet with ferromagnet', 'paramagnet']
    """
    here = theory.at(**plane)
    over = _minimised(theory, plane)
    names = [name for name in theory.branches if name in here.available or name in over]
    plain = [name for name in names if name not in over]
    parts = [_least(here, name, parameter) for name, parameter in over.items()]
    parts += [_plain(here, plain)] if plain else []
    edges = [
        f"{branch}, {parameter} = {theory.parameters()[parameter].lower:g}"
        for branch, parameter in over.items()
    ]
    names = [name for pair in zip(over, edges, strict=True) for name in pair] + plain
    state, negative, order, f, found = (
        np.concatenate(rows, axis=axis)
        for rows, axis in zip(zip(*parts, strict=True), (0, 0, 1, 0, 0), strict=True)
    )
    if over:  # compared among all; what is metastable in a minimum over a parameter is not known
        f = np.where(state >= METASTABLE, f, np.inf)
        lowest = f.min(axis=0)
        with np.errstate(invalid="ignore"):
            first = np.argmax(f <= lowest + TIE, axis=0)
        mine = np.arange(len(f)).reshape(-1, *(1,) * lowest.ndim) == np.where(np.isfinite(lowest), first, -1)
        state = np.where(mine, STABLE, 0)
    return States(tuple(names), state, negative, order, found, not over)


def _minimised(theory: Theory, plane: Iterable[str]) -> dict[str, str]:
    """The branches that the lines of a theory minimise over a further parameter, and over which."""
    return {
        phase.branch: phase.over
        for boundary in theory.lines.values()
        for phase in phases(boundary)
        if phase.over and phase.over not in plane and getattr(theory, phase.over) is None
    }


def _plain(theory: Theory, branches: list[str]) -> tuple[Integers, Booleans, Array, Array, Booleans]:
    """State, sign of the replicon, order parameters and free energy of branches; whether they exist."""
    x = np.asarray(theory.start(branches[0]), dtype=float)
    with np.errstate(all="ignore"):
        measures = ("free_energy", *(("replicon",) if theory.replicon(x) is not None else ()))
    kind = type(theory)
    task = Task(kind, {}, {}, tuple(branches), True, None, measures, fingerprint(kind))
    out = solve_points(theory, task)
    state = np.asarray(out["state"], dtype=int)
    negative = out["replicon_negative"] == 1 if "replicon" in measures else np.zeros(state.shape, dtype=bool)
    found = (out["status"] == 0).reshape(len(state), -1).any(axis=1)
    return state, negative, np.stack([out[name] for name in theory.order]), out["free_energy"], found


def _least(theory: Theory, branch: str, over: str) -> tuple[Integers, Booleans, Array, Array, Booleans]:
    """The same for the minimum of a branch over a parameter inside its range, and at its lower edge."""
    typical = theory.parameters()[over].typical[1]
    values = typical * np.geomspace(SMALLEST, 1.0, COUNT)
    wide = {name: np.asarray(value)[..., None] for name, value in theory.numbers.items() if np.ndim(value)}
    found = spread(solve(theory.at(**wide, **{over: values}), branch, throw=False), branch)
    f = np.where(found.success, found.free_energy, np.inf)
    best = np.argmin(f, axis=-1)
    with np.errstate(invalid="ignore"):
        f[..., 0] -= (f[..., 1] - f[..., 0]) / (values[1] - values[0]) * values[0]  # at the edge itself
    f = np.where(np.isnan(f), np.inf, f)
    picked = np.stack([best, np.zeros_like(best)])

    def take(part: Array) -> Array:
        return np.stack([np.take_along_axis(part, one[..., None], axis=-1)[..., 0] for one in picked])

    order = np.stack([take(row) for row in found.x])
    least = take(f)
    state = np.where(np.isfinite(least), METASTABLE, 0)
    state[0] = np.where(best == 0, 0, state[0])  # it is the edge
    negative = theory.at(**{over: values[picked]}).broken(order) & (state >= METASTABLE)
    found_at_all: Booleans = np.any(np.isfinite(least).reshape(2, -1), axis=1)
    return state, negative, order, least, found_at_all


def check_axes(theory: Theory, *names: str) -> None:
    """Refuse parameters over which a line of the theory is minimised."""
    for name in names:
        for boundary in theory.lines.values():
            if not isinstance(boundary, Optimum) and any(phase.over == name for phase in phases(boundary)):
                message = f"{theory.name}: {name} is minimised over on its lines and cannot be an axis"
                raise ParameterError(message)
