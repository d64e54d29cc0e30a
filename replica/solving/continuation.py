"""Pseudo-arclength continuation: curves of solutions, through folds, with events and a reason to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np

from replica.errors import ConvergenceError, LocateError, ParameterError, UnknownNameError
from replica.interrupts import check as heed  # from its room: the face of the package stands on this one
from replica.showing import dataframe, good, html
from replica.solving.derivatives import expanded, linearised, slope_by, solve_linear
from replica.solving.solvers import Newton
from replica.theory import Theory
from replica.theory.base import required
from replica.typing import Array, Number, Numbers

__all__ = ["Curve", "Event", "Stepping", "Stop", "Trace", "follow", "trace"]


class Stop(Enum):
    """Why a curve ends; the value is the sentence shown to the user."""

    BOUND = "reached the end of the requested range"
    POINT_LIMIT = "reached the largest number of points"
    SMALL_STEP = "the step became too small: the branch ends or turns sharply here"
    EVENT = "met a terminal event"
    CLOSED = "closed on itself"


@dataclass(frozen=True)
class Stepping:
    """Settings of the continuation; lengths are in units of the scaled unknowns.

    Attributes
    ----------
    step, smallest, largest : float
        First, smallest and largest arclength step.
    points : int
        Largest number of points.
    tol : float
        Largest residual component of an accepted point; Newton's last step makes it far smaller, but for the
        noise of numerical derivatives.
    turn : float
        Largest angle (radians) between successive tangents; sharper turns are resolved by shorter steps.
    """

    step: float = 0.02
    smallest: float = 1e-9
    largest: float = 0.1
    points: int = 2000
    tol: float = 1e-9
    turn: float = 0.25


@dataclass(frozen=True)
class Event:
    """A function of the point whose sign change is located along the arc.

    Attributes
    ----------
    function : callable
        ``f(y, tangent) -> float`` of one point and the unit tangent there.
    terminal : bool
        Whether the curve stops there.
    """

    function: Callable[[Any, Any], float]
    terminal: bool = False


@dataclass(frozen=True)
class Curve:
    """A curve in the space of unknowns: what `follow` returns.

    Attributes
    ----------
    y : array, shape (n, n_points)
    tangent : array, shape (n, n_points)
        Unit tangents in scaled unknowns, in the direction of travel.
    stop : Stop
    events : tuple of (name, y)
        Located events, in order.
    """

    y: Array
    tangent: Array
    stop: Stop
    events: tuple[tuple[str, Any], ...] = ()


@np.errstate(all="ignore")  # what is not finite counts as a failed step
def follow(
    residual: Callable[[Any], Any],
    start: Numbers,
    *,
    scale: Number,
    direction: Numbers,
    lower: Number,
    upper: Number,
    fences: Number = None,
    events: Mapping[str, Event] | None = None,
    settings: Stepping | None = None,
    linearise: Callable[[Any], tuple[Any, Any]] | None = None,
    large: Number = None,
) -> Curve:
    """Follow the solutions of n - 1 equations in n unknowns from a point on them.

    Parameters
    ----------
    residual : callable
        Maps ``(n, *batch)`` to ``(n - 1, *batch)``; NaN outside its domain.
    start : array, shape (n,)
        A point on the curve, up to a Newton correction.
    scale : array, shape (n,)
        Natural sizes of the unknowns.
    direction : array, shape (n,)
        Rough direction in which to leave.
    lower, upper : array, shape (n,)
        Box of the curve; the last point lies on it exactly. Infinite where there is none.
    fences : array, shape (n,), optional
        Lower bounds that numerical differences must not cross.
    events : mapping, optional
    settings : Settings, optional
    linearise : callable, optional
        The residual at one point and its Jacobian, shape ``(n - 1, n)``; differenced by default.
    large : array, shape (n,), optional
        Beyond so many units an unknown is measured by its own size: a state may diverge towards a limit.
        Infinite where it never is.
    """
    settings = settings or Stepping()
    lower, upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    events = events or {}
    system = _Equations(residual, np.asarray(scale, dtype=float), fences, linearise, settings)
    y, tangent = system.first(np.asarray(start, dtype=float), np.asarray(direction, dtype=float))
    points, tangents, found = [y], [tangent], []
    values = {name: event.function(y, tangent) for name, event in events.items()}
    step, stop = settings.step, Stop.POINT_LIMIT
    while len(points) < settings.points:
        heed()
        advanced = system.advance(y, tangent, step)
        edge = None
        if advanced is not None:
            new, new_tangent, effort = advanced
            outside = (new < lower) | (new > upper)
            if outside.any():
                edge = system.edge(y, new, lower, upper, outside)
        if advanced is None or (outside.any() and edge is None):
            step /= 2
            if step < settings.smallest:
                stop = Stop.SMALL_STEP
                break
            continue
        if edge is not None:
            new, stop = edge, Stop.BOUND
        else:
            for name, event in events.items():
                value = event.function(new, new_tangent)
                if value * values[name] < 0:
                    place = system.crossing(event.function, y, new, tangent, values[name])
                    found.append((name, place))
                    if event.terminal:
                        new, stop = place, Stop.EVENT
                        break
                values[name] = value
        points.append(new)
        tangents.append(new_tangent)
        if stop is not Stop.POINT_LIMIT:
            break
        y, tangent = new, new_tangent
        if large is not None:
            system, tangent = system.sized(scale, y, large, tangent)
        if len(points) > 10 and system.distance(y, points[0]) < 0.5 * step:
            stop = Stop.CLOSED
            break
        step = min(step * (1.5 if effort <= 3 else 0.7), settings.largest)
    return Curve(np.array(points).T, np.array(tangents).T, stop, tuple(found))


@dataclass(frozen=True)
class _Equations:
    """The equations of a curve, and the Newton corrections and tangents that `follow` is made of.

    Lengths, tangents and rows are in scaled unknowns, y/scale.
    """

    residual: Callable[[Any], Any]
    scale: Any
    fences: Any
    linearise: Callable[[Any], tuple[Any, Any]] | None
    settings: Stepping

    def distance(self, a: Any, b: Any) -> float:
        return float(np.linalg.norm((a - b) / self.scale))

    def sized(self, scale: Any, y: Any, large: Any, tangent: Any) -> tuple[_Equations, Any]:
        """The same with large unknowns in units of their size, and a tangent in these."""
        units = np.maximum(scale, np.abs(y) / large)
        if np.array_equal(units, self.scale):
            return self, tangent
        tangent = tangent * self.scale / units
        return replace(self, scale=units), tangent / np.linalg.norm(tangent)

    def linear(self, y: Any) -> tuple[Any, Any]:
        """The residual, and its slope in scaled unknowns."""
        if self.linearise:
            value, slope = self.linearise(y)
        else:
            value, slope = expanded(self.residual, y, scale=self.scale, lower=self.fences)
        return value, slope * self.scale

    def first(self, y: Any, direction: Any) -> tuple[Any, Any]:
        """The first point, corrected, and the tangent there."""
        tangent = self.tangent(y, direction / self.scale)
        if tangent is None:
            msg = "the curve cannot be followed: its equations are not finite at the first point"
            raise LocateError(msg)
        if np.max(np.abs(self.residual(y))) < 1e-11:
            return y, tangent  # as given: a parameter at its bound stays there exactly
        corrected, _ = self.correct(y, tangent, tangent @ (y / self.scale))
        if corrected is None:
            msg = "the curve cannot be followed: its first point does not solve the equations"
            raise LocateError(msg)
        return corrected, tangent

    def correct(self, y: Any, row: Any, value: Any) -> tuple[Any, int]:
        """Newton on the residual and one more equation ``row . y/scale = value``; None where it fails."""
        for iteration in range(8):
            r, slope = self.linear(y)
            if not np.all(np.isfinite(r)):
                break
            right = np.append(-r, value - row @ (y / self.scale))
            change = solve_linear(np.vstack([slope, row]), right)
            if not np.all(np.isfinite(change)):
                break
            y = y + change * self.scale
            if np.max(np.abs(change)) < 1e-7:  # quadratic convergence has made the rest
                small = np.max(np.abs(self.residual(y))) < self.settings.tol
                return (y if small else None), iteration + 1
        return None, 8

    def tangent(self, y: Any, along: Any) -> Any:
        """Unit null vector of the Jacobian, pointing along a given direction; None where it is not finite."""
        matrix = self.linear(y)[1]
        if not np.all(np.isfinite(matrix)):
            return None
        null = np.linalg.svd(matrix)[2][-1]
        return null if null @ along >= 0 else -null

    def advance(self, y: Any, tangent: Any, step: float) -> tuple[Any, Any, int] | None:
        """One step along the arc; None where it fails, turns too sharply, or lands too far from its guess."""
        guess = y + step * tangent * self.scale
        new, effort = self.correct(guess, tangent, tangent @ (guess / self.scale))
        if new is None or self.distance(new, guess) > 0.5 * step:
            return None
        new_tangent = self.tangent(new, tangent)
        if new_tangent is None or new_tangent @ tangent < np.cos(self.settings.turn):
            return None
        return new, new_tangent, effort

    def edge(self, y: Any, new: Any, lower: Any, upper: Any, outside: Any) -> Any:
        """The point where the curve first meets the box, one unknown fixed at its bound; None if it fails."""
        meetings = []
        for i in np.flatnonzero(outside):
            bound = lower[i] if new[i] < lower[i] else upper[i]
            meetings.append(((bound - y[i]) / (new[i] - y[i]), i, bound))
        share, i, bound = min(meetings)
        row = np.zeros(len(y))
        row[i] = 1.0
        guess = y + share * (new - y)
        guess[i] = bound
        place, _ = self.correct(guess, row, bound / self.scale[i])
        if place is None or self.distance(place, y) > 3 * self.distance(new, y) + 1e-9:
            return None
        place[i] = bound
        return place

    def crossing(
        self, function: Callable[[Any, Any], float], a: Any, b: Any, tangent: Any, sign: float
    ) -> Any:
        """Locate a sign change between two points of the arc, each trial corrected onto it.

        False position, in which an end that stays twice counts for half; bisection where that takes long.
        """
        left, right = float(tangent @ (a / self.scale)), float(tangent @ (b / self.scale))
        place, start, end, last, before = b, left, right, right, 0.0
        at_start, at_end = sign, function(b, self.tangent(b, tangent))
        for trials in range(60):
            share = at_start / (at_start - at_end) if trials < 20 else 0.5
            middle = start + (share if 0 < share < 1 else 0.5) * (end - start)
            trial, _ = self.correct(a + (middle - left) / (right - left) * (b - a), tangent, middle)
            if trial is None:
                break
            place, value = trial, function(trial, self.tangent(trial, tangent))
            again = value * before > 0
            if value * sign > 0:
                start, at_start, at_end = middle, value, at_end / 2 if again else at_end
            else:
                end, at_end, at_start = middle, value, at_start / 2 if again else at_start
            moved, last, before = abs(middle - last), middle, value
            if min(abs(end - start), moved) < 1e-13 * max(1.0, abs(end)):
                break
        return place


@dataclass(frozen=True)
class Trace:
    """A branch: solutions along one control parameter, through its folds.

    Attributes
    ----------
    theory : Theory
    parameter : str
    values : array, shape (n_points,)
        The control parameter along the curve; not monotonic where the branch folds.
    x : array, shape (n_order, n_points)
    stop : Stop
        Why it ends; always one of the members.
    reached : bool
        Whether the requested end of the range was reached before any fold.
    folds : tuple of int
        Indices of the points next to folds (turning points of the control parameter).
    events : tuple of (name, value, x)
        Sign changes of the requested events, located along the arc.
    """

    theory: Theory
    parameter: str
    values: Array
    x: Array
    stop: Stop
    reached: bool
    folds: tuple[int, ...] = ()
    events: tuple[tuple[str, float, Any], ...] = ()
    tangent: Any = field(default=None, repr=False)

    def __getitem__(self, name: str) -> Any:
        """An order parameter along the branch, derived ones included."""
        theory = self.theory.at(**{self.parameter: self.values})
        order = dict(zip(theory.order, self.x, strict=True)) | theory.derived(self.x)
        if name not in order:
            msg = f"order parameter of {theory.name}"
            raise UnknownNameError(msg, name, order)
        return order[name]

    def __repr__(self) -> str:
        told = f"{self.parameter} from {self.values[0]:.6g} to {self.values[-1]:.6g}"
        folds = "".join(f", fold near {self.values[i]:.6g}" for i in self.folds)
        return f"<Trace of {self.theory.name}: {len(self.values)} points, {told}{folds}; {self.stop.value}>"

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The points as a table, by column: the parameter, order parameters, f."""
        theory = self.theory.at(**{self.parameter: self.values})
        told = dict(zip(theory.order, self.x, strict=True)) | theory.derived(self.x)
        told = {self.parameter: self.values} | told | {"free_energy": self.measure("free_energy")}
        return {name: np.broadcast_to(value, self.values.shape).tolist() for name, value in told.items()}

    def to_dataframe(self) -> Any:
        """The points as a table of pandas; see `columns`."""
        return dataframe(self.columns)

    def _repr_html_(self) -> str:
        table = self.columns
        rows = zip(*(map(good, column) for column in table.values()), strict=True)
        return html(repr(self).strip("<>"), tuple(table), rows)

    def _ipython_key_completions_(self) -> list[str]:
        return [name for name in self.columns if name not in (self.parameter, "free_energy")]

    def measure(self, name: str) -> Array:
        """A function of the state ("free_energy", "entropy", "replicon", ...) along the branch."""
        theory = self.theory.at(**{self.parameter: self.values})
        with np.errstate(all="ignore"):
            return getattr(theory.tuned(self.x), name)(self.x)

    def first_fold(self) -> float | None:
        """Value of the control parameter at the first fold, to the resolution of the points; or None."""
        return float(self.values[self.folds[0]]) if self.folds else None


def trace(
    theory: Theory,
    parameter: str,
    to: float,
    *,
    start: Numbers | None = None,
    branch: str | None = None,
    through_folds: bool = False,
    within: tuple[float, float] | None = None,
    events: Mapping[str, Callable[[Theory, Any], float]] | None = None,
    settings: Stepping | None = None,
) -> Trace:
    """Follow a branch in one control parameter by pseudo-arclength continuation.

    Parameters
    ----------
    theory : Theory
        One point: where the branch starts.
    parameter : str
        The control parameter to vary.
    to : float
        Where to stop, if the branch gets there.
    start : array, shape (n_order,), optional
        A solution at the first point; by default that of the named branch.
    branch : str, optional
        The branch to start on.
    through_folds : bool
        Whether to go on behind the first fold (then the range ends at either side).
    within : (float, float), optional
        Range that the curve stays in; by default from where it starts to where it shall stop.
    events : mapping of str to callable, optional
        ``f(theory, x) -> float``; sign changes are located along the arc.
    settings : Settings, optional

    Returns
    -------
    Trace

    Raises
    ------
    ConvergenceError
        If there is no solution at the first point.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> curve = trace(Hopfield(alpha=0.01, T=0.0), "alpha", 0.2, branch="retrieval")
    >>> print(curve.reached, len(curve.folds), f"{curve.first_fold():.3f}")
    False 1 0.138
    """
    required(theory)
    theory.check_varied(parameter)
    theory.check_single()
    theory.check_double()
    if getattr(theory, parameter) is None:
        msg = f"{theory.name}: {parameter} has no value to start the trace from; give it one"
        raise ParameterError(msg)
    if not np.isfinite(to):
        msg = f"{theory.name}: the end of the trace must be a finite number, not {to}"
        raise ParameterError(msg)
    theory.check(**{parameter: to})
    origin = float(getattr(theory, parameter))
    if start is None:
        name = branch or theory.default
        first = Newton().run(theory, theory.start(name))
        if not first.success:
            msg = f"{theory.describe()}: no {name} solution to start the trace from"
            raise ConvergenceError(msg, first)
        start = first.x
    n = len(start)
    about = theory.parameters()[parameter]
    low_end, high_end = within or (min(origin, to), max(origin, to))
    span = high_end - low_end or 1.0
    sizes = np.maximum(np.abs(start), 1.0)  # an order parameter may be large
    scale = np.append(sizes, max(span, 1e-12))
    box = np.full(n + 1, np.inf)
    low, high = -box, box.copy()
    low[n], high[n] = low_end, high_end
    fences = np.append(np.full(n, -np.inf), about.lower)

    def residual(y: Any) -> Any:
        left = theory.at(**{parameter: y[n]}).residual(y[:n])
        return left / sizes.reshape(n, *(1,) * (left.ndim - 1))  # rounding is relative to what is large

    def linearise(y: Any) -> tuple[Any, Any]:
        left, in_x = linearised(theory.at(**{parameter: y[n]}), y[:n])
        column = slope_by(theory, parameter, y[:n], y[n], 1e-3 * scale[n])[:, None]
        return left / sizes, np.concatenate([in_x - np.eye(n), column], axis=1) / sizes[:, None]

    direction = np.zeros(n + 1)
    direction[n] = to - origin
    given = {
        name: Event(lambda y, t, f=function: float(f(theory.at(**{parameter: y[n]}), y[:n])))  # type: ignore[misc]
        for name, function in (events or {}).items()
    }
    if not through_folds:
        given["fold"] = Event(lambda y, tangent: float(tangent[n]), terminal=True)
    curve = follow(
        residual,
        np.append(start, origin),
        scale=scale,
        direction=direction,
        lower=low,
        upper=high,
        fences=fences,
        events=given,
        settings=settings,
        linearise=linearise,
    )
    values, x = curve.y[n], curve.y[:n]
    turns = np.flatnonzero(np.diff(np.sign(curve.tangent[n])) != 0) + 1
    located = [(name, float(y[n]), y[:n]) for name, y in curve.events if name in (events or {})]
    if not through_folds:
        at_fold = [i for i in [len(values) - 1] if curve.stop is Stop.EVENT]
        folds = tuple(at_fold)
    else:
        folds = tuple(int(i) for i in turns)
    return Trace(
        theory,
        parameter,
        values,
        x,
        curve.stop,
        curve.stop is Stop.BOUND and abs(values[-1] - to) <= 1e-12 * max(1.0, abs(to)),
        folds,
        tuple(located),
        curve.tangent,
    )
