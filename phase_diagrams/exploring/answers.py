"""What the page asks: the states at a point, curves through it, the diagram, samples of a machine.

Every answer is an object of JSON. What takes long reports through ``send``, which raises where the answer is
no longer wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from phase_diagrams.exploring.plane import Plane, minimised
from phase_diagrams.mapping.automatic import automatic_diagram
from phase_diagrams.simulating.agreement import Subject
from phase_diagrams.simulating.machines import OK, Machine
from phase_diagrams.simulating.models import machine_of
from phase_diagrams.sweeping.chunk import STATES, attracts, compare
from phase_diagrams.tracing.curves import curve, derived_names
from replica.errors import ConvergenceError, LocateError, ParameterError, ReplicaError, UnknownNameError
from replica.showing import good
from replica.solving import Solution, minimise, search, solve
from replica.solving.derivatives import jacobian, solve_linear
from replica.solving.search import Found
from replica.solving.solution import MEASURES
from replica.theory import Theory
from replica.typing import Array

__all__ = [
    "Send",
    "along",
    "beside",
    "diagram",
    "finite",
    "machine",
    "names_of",
    "parts",
    "profile",
    "rest",
    "special",
    "states",
    "traces",
]

Send = Callable[[dict[str, Any]], None]

SAMPLES = 200
"""Samples of a machine, at most."""

SEED = 1
"""Of all samples: `replica simulate --seed 1` draws the same."""

STEPS, MOST = 40, 8
"""Steps along an order parameter to either side of a state, and of Newton's method in each."""

MINIMA = 17
"""Points of a curve of states that are minimised over a parameter."""


def states(plane: Plane, values: Mapping[str, float], *, resting: bool = True) -> dict[str, Any]:
    """The states at a point, lowest free energy first.

    Parameters
    ----------
    plane : Plane
    values : mapping of str to float
        Parameters that were moved.
    resting : bool
        Whether the answer may take its time: then it is that of `replica.search`, with good digits. While
        the point is dragged, every branch is solved for by the batched solver, which gives up sooner.

    Examples
    --------
    >>> from phase_diagrams.exploring.plane import plane
    >>> from replica.theories import Hopfield
    >>> told = states(plane(Hopfield(alpha=0.05, T=0.2), "alpha", "T"), {"T": 0.3})
    >>> for one in told["states"]:
    ...     print(one["branch"], one["stability"], one["order"]["m"]["shown"])
    glass stable 0
    retrieval metastable 0.9911649957015319(4)
    >>> told["missing"]
    {'paramagnet': 'absent'}
    """
    theory = plane.at(values)
    found = found_at(theory, resting=resting)
    return {
        "parameters": {one.name: getattr(theory, one.name) for one in plane.sliders},
        "resting": resting,
        "states": [_told(one, word, resting) for one, word in zip(found, stabilities(found), strict=True)],
        "missing": found.missing,
    }


def rest(plane: Plane, values: Mapping[str, float], send: Send) -> None:
    """The states at a point that rests."""
    send(states(plane, values))


def found_at(theory: Theory, *, resting: bool) -> Found:
    """The states of a theory, lowest free energy first, and why the others are not among them."""
    over = minimised(theory)
    if resting and not over:
        return search(theory)
    found = Found()
    for name, parameter in over.items():
        try:
            found.append(minimise(theory, name, parameter))
        except (ConvergenceError, LocateError) as error:
            found.missing[name] = str(error).partition(": ")[2] or str(error)
    for name in theory.available:
        if name not in over:
            found.take(solve(theory, name, throw=False) if resting else _in_a_batch(theory, name))
    return found.by_energy()


def _in_a_batch(theory: Theory, branch: str) -> Solution:
    """The state of a branch, by the solver of batches: an absent one takes a scalar solve 24 times longer."""
    name = next(key for key, about in theory.parameters().items() if about.continuous)
    one = solve(theory.at(**{name: np.array([getattr(theory, name)])}), branch, throw=False)
    residual, status, iterations = (np.ravel(part)[0] for part in (one.residual, one.status, one.iterations))
    return Solution(theory, one.x[:, 0], residual, status, iterations, branch)


def stabilities(found: Sequence[Solution]) -> list[str]:
    """What the states are beside each other: stable, metastable or unstable, as in a sweep."""
    if not found:
        return []
    f = np.array([float(one.free_energy) for one in found])
    attracting = np.array([bool(attracts(one.theory, one.x[:, None])[0]) for one in found])
    return [STATES[int(code)] for code in compare(f, np.ones(len(f), dtype=bool), attracting)["state"]]


def number(value: Any, error: Any = None) -> dict[str, Any]:
    """A number, and how it is written with its good digits."""
    value = float(value)
    return {"value": value if math.isfinite(value) else None, "shown": good(value, error)}


def _told(state: Solution, stability: str, resting: bool) -> dict[str, Any]:
    """All that is said of a state."""
    errors = state.uncertainties if resting else {}
    measures = {name: getattr(state, name) for name in MEASURES}
    told = {
        "branch": state.branch,
        "stability": stability,
        "order": {name: number(value, errors.get(name)) for name, value in state.order.items()},
        "measures": {
            name: number(value, errors.get(name)) for name, value in measures.items() if value is not None
        },
        "replica_symmetry": None
        if measures["replicon"] is None or math.isnan(measures["replicon"])
        else "broken"
        if bool(state.broken)
        else "stable",
        "status": state.outcome.value,
    }
    if state.over is not None:
        told["over"] = {state.over: number(getattr(state.theory, state.over), errors.get(state.over))}
    return told


def names_of(theory: Theory) -> list[str]:
    """What can be drawn as a curve: order parameters, derived ones, and the free energy."""
    return [*theory.order, *derived_names(theory), "free_energy"]


def traces(plane: Plane, values: Mapping[str, float], axis: str, name: str, send: Send) -> None:
    """The free energy along an order parameter, and the curve of it along an axis, through the point.

    The curve is traced by arclength: stable and unstable parts, folds and branch points located.

    Parameters
    ----------
    plane : Plane
    values : mapping of str to float
    axis : str
        One of the parameters of the plane.
    name : str
        An order parameter, a derived one, or "free_energy".
    send : callable
        Takes ``{"profile": ...}`` and ``{"curve": ...}``, and in between what is being done.
    """
    theory, limits = plane.at(values), plane.limits(axis)
    if name not in names_of(theory):
        raise UnknownNameError(what=f"order parameter of {theory.name}", name=name, known=names_of(theory))
    send({"profile": profile(plane, values, name if name in theory.order else theory.order[0])})
    if minimised(theory):
        told = _minima(theory, axis, limits, name, send)
    else:
        told = _traced(theory, axis, limits, name)
    send({"curve": {"axis": axis, "name": name, **told}})


def _traced(theory: Theory, axis: str, limits: tuple[float, float], name: str) -> dict[str, Any]:
    found = curve(theory, name, **{axis: limits})
    return {
        "parts": list(parts(found.columns, axis, [name])),
        "special": special(found.special, axis, [name]),
    }


def parts(table: Mapping[str, Any], axis: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The pieces of one stability of a curve."""
    number = np.array(table["part"])
    for part in dict.fromkeys(table["part"]):
        rows = np.flatnonzero(number == part)
        yield {
            "branch": table["branch"][rows[0]],
            "stability": table["stability"][rows[0]],
            "x": finite(table[axis][i] for i in rows),
            **{name: finite(table[name][i] for i in rows) for name in names},
        }


def special(points: Sequence[Mapping[str, Any]], axis: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Folds and branch points, with their good digits."""
    return [
        {
            "kind": one["kind"],
            "branch": one["branch"],
            "x": one[axis],
            "shown": good(one[axis], one["uncertainty"][axis]),
            **{name: finite([one[name]])[0] for name in names},
        }
        for one in points
    ]


def _minima(theory: Theory, axis: str, limits: tuple[float, float], name: str, send: Send) -> dict[str, Any]:
    """The same point by point, where states are minimised over a parameter."""
    low, high = limits
    branches: dict[str, tuple[list[float], list[float | None]]] = {}
    for value in low + (high - low) * (np.arange(MINIMA) + 0.5) / MINIMA:
        for one in found_at(theory.at(**{axis: float(value)}), resting=False):
            x, y = branches.setdefault(one.branch or "", ([], []))
            x.append(float(value))
            y += finite([one[name] if name in one else getattr(one, name)])
        send({"told": f"{axis} = {value:.3g}"})
    return {
        "parts": [
            {"branch": branch, "stability": "unknown", "x": x, name: y} for branch, (x, y) in branches.items()
        ],
        "special": [],
    }


def finite(values: Any) -> list[float | None]:
    """Numbers as JSON has them: what is not finite is null."""
    return [float(value) if math.isfinite(value) else None for value in values]


def profile(plane: Plane, values: Mapping[str, float], name: str) -> dict[str, Any]:
    """The free energy along an order parameter, the others solved for: its stationary points are the states.

    A part for each state: there may be several solutions for the others.
    """
    theory = plane.at(values)
    if name not in theory.order:
        raise UnknownNameError(what=f"order parameter of {theory.name}", name=name, known=theory.order)
    told: dict[str, Any] = {"name": name, "parts": []}
    if over := minimised(theory):  # f depends on one more parameter
        return {**told, "why": f"{', '.join(over.values())} is minimised over; give it a value by -p"}
    found = found_at(theory, resting=False)
    if not found:
        return {**told, "why": "no named branch has a state here"}
    x = np.array([one.x for one in found]).T
    here = x[theory.order.index(name)]
    low, high = min(0.0, float(np.min(here))), max(0.0, float(np.max(here)))
    room = 0.15 * max(high - low, 0.5)
    m, f = along(theory, name, x, low - room * (low < 0), high + room)
    told["parts"] = [
        {
            "branch": one.branch,
            "x": finite(m[k]),
            "f": finite(f[k]),
            "at": float(here[k]),
            "value": float(one.free_energy),
        }
        for k, one in enumerate(found)
    ]
    return told


def along(theory: Theory, name: str, states: Array, low: float, high: float) -> tuple[Array, Array]:
    """The free energy along one order parameter on both sides of some states, all other equations solved.

    Parameters
    ----------
    theory : Theory
        One point.
    name : str
        The order parameter.
    states : array, shape (n_order, n)
        Where to begin; the others follow from step to step, so that a part stays on its sheet.
    low, high : float
        How far.

    Returns
    -------
    values, free_energy : arrays, shape (n, 2 STEPS + 1)
        The free energy is NaN from where the others have no solution next to the last one.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> m, f = along(CurieWeiss(T=0.5), "m", np.array([[0.5]]), 0.0, 1.0)
    >>> print(m[0, [0, STEPS]], f[0, [0, STEPS]].round(6))
    [0.  0.5] [-0.346574 -0.438464]
    """
    i, n = theory.order.index(name), states.shape[1]
    share = np.linspace(0.0, 1.0, STEPS + 1)
    down, up = (states[i] + share[:, None] * (end - states[i]) for end in (low, high))
    path = np.concatenate([down, up], axis=1)  # (steps, 2 n): towards either end, all at once
    x = np.concatenate([states, states], axis=1)
    f = np.full(path.shape, np.nan)
    others = [j for j in range(len(x)) if j != i]
    going = np.ones(2 * n, dtype=bool)
    with np.errstate(all="ignore"):
        for step, value in enumerate(path):
            x[i] = value
            if others:
                _solve_others(theory, x, others)
            off = np.max(np.abs(theory.residual(x)[others]), axis=0, initial=0.0)
            going &= (off <= 1e-8 * (1 + np.max(np.abs(x), axis=0))) & theory.physical(x)
            f[step] = np.where(going, theory.tuned(x).free_energy(x), np.nan)
    join = [np.concatenate([part[:0:-1, :n], part[:, n:]]).T for part in (path, f)]
    return join[0], join[1]


def _solve_others(theory: Theory, x: Array, others: list[int]) -> None:
    """Newton's method for all order parameters but one, in place; what has no solution becomes NaN."""
    for _ in range(MOST):
        residual = theory.residual(x)[others]
        if not np.any(np.abs(residual) > 1e-11):  # NaN has ended
            return
        slope = jacobian(theory, x)[np.ix_(others, others)] - np.eye(len(others))[..., None]
        x[others] -= solve_linear(slope, residual)


def diagram(plane: Plane, values: Mapping[str, float], send: Send) -> None:
    """The phase diagram in the plane, at the values of the other parameters."""
    theory = plane.at(values)
    found = automatic_diagram(
        theory,
        plane.x,
        plane.y,
        xlim=plane.box[0],
        ylim=plane.box[1],
        told=lambda sentence: send({"told": sentence}),
    )
    send({"diagram": found.to_json()})


def beside(theory: Theory) -> Machine | None:
    """The machine beside a theory, where there is one."""
    try:
        return machine_of(type(theory))
    except (ParameterError, UnknownNameError):
        return None


def machine(plane: Plane, values: Mapping[str, float], N: float, send: Send) -> None:
    """Samples of the machine at the point, one after the other: those that ``replica simulate`` draws.

    Raises
    ------
    ParameterError
        If there is no such machine.
    """
    theory = plane.at(values)
    found = machine_of(type(theory))
    if N not in found.sizes:
        message = f"N = {N:g} is none of the sizes of the page, {', '.join(map(str, found.sizes))}"
        raise ParameterError(message)
    N = int(N)
    fixed = {name: value for name, value in theory.values.items() if value is not None}
    subject = Subject(type(theory), fixed, among=found.branches)
    parameters = found.complete(found.parameters_at(subject, {}))
    found.require(parameters, N)
    compared = found.compared(theory)
    try:
        state: Solution | None = subject.solve({})
    except ReplicaError:  # no such state: the machine is shown alone
        state = None
    send(
        {
            "N": N,
            "text": found.text,
            "branch": state.branch if state else None,
            "observables": {
                name: {
                    "text": text,
                    "theory": finite([subject.value(state, compared[name])])[0]
                    if state is not None and name in compared
                    else None,
                }
                for name, text in found.observables(parameters).items()
            },
        }
    )
    for number in range(SAMPLES):
        measured, ended = found.sample(parameters, N, found.sweeps, number, SEED)
        send(
            {
                "number": number,
                "ended": ended == OK,
                "values": {name: finite([measured[name]])[0] for name in found.observables(parameters)},
            }
        )
