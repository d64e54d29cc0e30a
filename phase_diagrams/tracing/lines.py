"""Phase boundaries as curves in two control parameters, followed by arclength through every turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Line
from phase_diagrams.tracing.special_points import Traced, holds, labelled, solves, special_points
from replica import interrupts
from replica.errors import LocateError, ParameterError, ReplicaError
from replica.solving.codimension_two import SpecialPoint
from replica.solving.continuation import Event, Stepping, Stop, follow
from replica.solving.derivatives import determinant, difference, jacobian
from replica.solving.locate import Located, find
from replica.solving.rounding import pseudo_inverse, roughness, through
from replica.solving.systems import System, distinct, phases, refine, separations
from replica.theory import Boundary, Optimum, Theory, Zero
from replica.theory.base import required
from replica.theory.names import line_named

__all__ = ["boundary_line", "find_points"]

PROBES = (0.5, 0.25, 0.75, 0.1, 0.9, 0.02, 0.98, 0.0, 1.0)
"""Where in the range of one parameter a first point is looked for, as fractions."""

NEXT = 1e-3
"""How close a state may come to an explicit one, relative to where it was found, before its line ends."""

LARGE = 1.0
"""Beyond which an order parameter counts by its own size along a line: it may diverge towards its end."""

BLOCK = 32
"""Points of a curve whose errors are computed together."""

BESIDE = 1e-7
"""How far from a line, relative to its parameters, the replicon must be negative on both sides."""


def boundary_line(
    theory: Theory,
    boundary: str | Boundary,
    x: str,
    y: str,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    at: Sequence[float] | None = None,
    start: Located | None = None,
    name: str | None = None,
    label: str = "",
    step: float = 0.02,
    units: tuple[float, float] = (1.0, 1.0),
) -> Line:
    """Trace a phase boundary of a theory in the plane of two control parameters.

    A first point is located, then the augmented system is followed both ways by pseudo-arclength
    continuation until it leaves the box or the branch ends.

    Parameters
    ----------
    theory : Theory
        One point; its values of `x` and `y` are ignored.
    boundary : str or Boundary
        A line that the theory declares, or a boundary of your own.
    x, y : str
        The two control parameters.
    xlim, ylim : (float, float), optional
        The box; by default the typical range of `x`, and three times that of `y`.
    at : sequence of float, optional
        Values of `x` at which points are wanted. Each is solved for on its own, from the traced curve; a
        re-entrant line gives several points at one x, a line that does not get there a NaN with the reason.
    start : Located, optional
        A point on the line; by default one is searched for.
    name, label : str
        For the `Line`.
    step : float
        Largest arclength step, as a fraction of the box.
    units : (float, float)
        Units of the theory along `x` and `y`, in those in which the box and `at` are given and the line is
        wanted: ``theory.unscaled("T", 1.0)`` for an unscaled temperature.

    Returns
    -------
    Line
        Its `Line.points` are the special points met on the way, to full accuracy: where the line ends in
        another one or in itself, where it turns, and where it crosses the other lines of the theory.

    Raises
    ------
    LocateError
        If no point of the line was found in the box.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> line = boundary_line(Hopfield(alpha=0.1), "spinodal", "alpha", "T", at=[0.05, 0.1])
    >>> print([f"{T:.10f}" for T in line.y])
    ['0.5422550379', '0.3154322237']
    """
    required(theory)
    xbox, ybox = (
        None if limits is None else (limits[0] / unit, limits[1] / unit)
        for limits, unit in zip((xlim, ylim), units, strict=True)
    )
    wanted = None if at is None else [value / units[0] for value in at]
    line = _follow(theory, boundary, x, y, xbox, ybox, wanted, start, name, label, step, units)[0]
    return line if units == (1.0, 1.0) else _in_units(line, *units)


def find_points(
    theory: Theory,
    x: str,
    y: str,
    *,
    lines: Sequence[str | Boundary] | None = None,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    step: float = 0.02,
) -> list[SpecialPoint]:
    """Special points of a theory's phase diagram: trace its lines, and locate what they run into.

    Parameters
    ----------
    theory : Theory
        One point; its values of `x` and `y` are ignored.
    x, y : str
        The two control parameters.
    lines : sequence of str or Boundary, optional
        The lines to trace; by default all that the theory declares, that have a place in this plane, and that
        need no parameter without a value.
    xlim, ylim, step
        As in `boundary_line`.

    Returns
    -------
    list of SpecialPoint
        Each once, though two lines meet there. A line that is not met in the box has none.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> for point in find_points(BlumeCapel(T=0.2), "T", "D", lines=["first-order", "spinodal"]):
    ...     print(f"{point.kind.value} at {point.values[0]:.9f} {point.values[1]:.9f}")
    tricritical point at 0.333333333 0.462098120
    """
    required(theory)
    theory.check_varied(x, y)
    if lines is None:
        lines = [
            name
            for name, boundary in theory.lines.items()
            if not holds(boundary, (x, y)) and _defined(theory, boundary)
        ]
    found: list[SpecialPoint] = []
    for line in lines:
        try:
            special = _follow(theory, line, x, y, xlim, ylim, None, None, None, "", step)[1]
        except LocateError:
            continue  # this line is not in the box
        spans = [np.ptp(_typical(theory, name)) or 1.0 for name in (x, y)]
        for point in special:
            apart = [np.subtract(point.values, other.values) / spans for other in found]
            if not any(np.hypot(*gap) < 1e-6 for gap in apart):
                found.append(point)
    return found


def _defined(theory: Theory, boundary: Boundary) -> bool:
    """Whether a theory has all the parameters that a boundary needs."""
    for phase in phases(boundary):
        held = dict(phase.at) | ({phase.over: 1.0} if phase.over else {})
        try:
            theory.at(**held).start(phase.branch)
        except ParameterError:
            return False
    return True


def _follow(
    theory: Theory,
    boundary: str | Boundary,
    x: str,
    y: str,
    xlim: tuple[float, float] | None,
    ylim: tuple[float, float] | None,
    at: Sequence[float] | None,
    start: Located | None,
    name: str | None,
    label: str,
    step: float,
    units: tuple[float, float] = (1.0, 1.0),
) -> tuple[Line, list[SpecialPoint]]:
    """The line, and the special points in the wanted box; only messages are in `units`."""
    if isinstance(boundary, str):
        boundary = line_named(type(theory), boundary)
        name = name or boundary
        boundary = theory.lines[boundary]
    theory.check_varied(x, y)
    _check_axes(theory, boundary, x, y)
    if x == y:
        msg = f"{theory.name}: a line needs two different parameters, not {x} twice"
        raise ParameterError(msg)
    typical = (_typical(theory, x), _typical(theory, y))
    for value in at if at is not None else ():
        theory.check(**{x: value})
    if at is not None and len(at):
        xlim = (min(at), max(at))
    wanted = (xlim or typical[0], ylim or _roomy(theory, y))
    near = (xlim or typical[0], ylim or typical[1])  # where a first point is looked for
    system = System(boundary, theory)
    first = start or _first(theory, boundary, x, y, *near)
    if first is None and ylim is None:  # the typical range is no bound
        first = _beyond(theory, boundary, x, y, near[0])
    if first is None:
        raise LocateError(_nowhere(theory, boundary, x, y, near, units))
    # the curve may leave the wanted box and come back, so a wider one is followed
    place = (float(getattr(first.theory, x)), float(getattr(first.theory, y)))
    xbox, ybox = (
        _around(theory, name, *ends, *(usual if at is not None else ()), value)
        for name, ends, usual, value in zip((x, y), wanted, typical, place, strict=True)
    )
    limit = theory.limit
    if at is not None and len(at) and limit is not None and limit.parameter == x:
        nearest = limit.value + 0.01 * (min(at) - limit.value)  # states may diverge towards the limit
        xbox = max(xbox[0], min(nearest, place[0])), xbox[1]
    spans = [abs(b - a) or 1.0 for a, b in (near if at is None else typical)]
    spans = [max(one, 0.1 * (b - a)) for one, (a, b) in zip(spans, (xbox, ybox), strict=True)]
    traced = _curve(system, theory, first, x, y, xbox, ybox, spans, step)
    traced, special, ends = special_points(traced)
    for index, end in zip((0, -1), ends, strict=True):
        if end is not None:  # the curve ends next to it, the line in it
            traced.y[-2:, index] = end.values
    if at is not None:
        xs, ys, status, errors, states = _at(system, theory, traced.y, x, y, at, wanted[1], units[0])
    else:
        xs, ys, status, errors, states = _clipped(traced, wanted, ends, step)
    if CONVERGED not in status:
        far = _beyond(theory, boundary, x, y, near[0]) if ylim is None else None
        if far is not None and not min(wanted[1]) <= far.value <= max(wanted[1]):  # no bound: look there, too
            reached = (min(*wanted[1], 2 * far.value), max(*wanted[1], 2 * far.value))
            return _follow(theory, boundary, x, y, xlim, reached, at, far, name, label, step, units)
        if at is None:
            raise LocateError(_nowhere(theory, boundary, x, y, near, units))
    low, high = np.sort(np.array(wanted, dtype=float), axis=1).T
    slack = 1e-9 * (high - low)
    shown = [p for p in special if np.all((p.values >= low - slack) & (p.values <= high + slack))]
    kind = boundary.kind
    values = [float(v) for v in xs], [float(v) for v in ys]
    bounds = [tuple(float(e) if np.isfinite(e) else np.nan for e in pair) for pair in errors]
    broken = _broken(system, theory, {x: np.array(xs, dtype=float), y: np.array(ys, dtype=float)}, states)
    line = Line(name or kind, kind, *values, status, label, labelled(shown), bounds, broken)  # type: ignore[arg-type]
    return line, shown


def _broken(system: System, theory: Theory, plane: dict[str, Any], states: Sequence[Any]) -> list[bool]:
    """Where a line rests on broken replica symmetry; the states hold the unknowns of its points."""
    out = np.zeros(len(states), dtype=bool)
    known = [i for i, state in enumerate(states) if state is not None]
    if known:
        z, here = np.stack([states[i] for i in known], axis=1), {n: v[known] for n, v in plane.items()}
        # where order only sets in the replicon passes through zero: it is negative on one side alone
        nearby = [{**here, name: here[name] * (1 + side)} for name in here for side in (-BESIDE, BESIDE)]
        out[known] = np.all([system.broken(theory.at(**place), z) for place in nearby], axis=0)
    return [bool(flag) for flag in out]


def _typical(theory: Theory, name: str) -> tuple[float, float]:
    low, high = theory.parameters()[name].typical
    return float(low), float(high)


def _roomy(theory: Theory, name: str) -> tuple[float, float]:
    """Three times the typical range, without changing sign and inside the domain."""
    low, high = _typical(theory, name)
    about = theory.parameters()[name]
    below = low if low >= 0 else low - (high - low)
    above = high if high <= 0 else high + 2 * (high - low)
    return max(below, about.lower), min(above, about.upper)


def _around(theory: Theory, name: str, *values: float) -> tuple[float, float]:
    """An interval around some values, with a margin, inside the domain."""
    low, high = min(values), max(values)
    about = theory.parameters()[name]
    margin = 0.02 * (high - low)
    below, above = max(low - margin, about.lower), min(high + margin, about.upper)
    return (
        low if about.open_lower and below == about.lower else below,
        high if about.open_upper and above == about.upper else above,
    )


def _check_axes(theory: Theory, boundary: Boundary, x: str, y: str) -> None:
    """Refuse parameters that cannot be the axes of a line of this boundary."""
    for name in (x, y):
        for phase in phases(boundary):
            if name in dict(phase.at) or name == phase.over:
                best = "the best one" if isinstance(boundary, Optimum) else "minimised over"
                how = best if name == phase.over else "fixed"
                msg = f"{theory.name}: {name} is {how} by this boundary and cannot be an axis of its line"
                raise ParameterError(msg)


def _nowhere(
    theory: Theory,
    boundary: Boundary,
    x: str,
    y: str,
    box: tuple[tuple[float, float], tuple[float, float]],
    units: tuple[float, float],
) -> str:
    name = next((name for name, one in theory.lines.items() if one == boundary), "")
    why = theory.absence(name)
    where = " and ".join(
        f"{axis} in [{low * unit:g}, {high * unit:g}]"
        for axis, (low, high), unit in zip((x, y), box, units, strict=True)
    )
    return f"{theory.name}: no {boundary.kind} point found for {where}; {why or 'try another range'}"


def _in_units(line: Line, x: float, y: float) -> Line:
    """A line of which both axes have other units."""
    points = [
        replace(
            point,
            x=point.x * x,
            y=point.y * y,
            uncertainty=point.uncertainty and (point.uncertainty[0] * x, point.uncertainty[1] * y),
        )
        for point in line.points
    ]
    errors = [(a * x, b * y) for a, b in line.uncertainty]
    return replace(
        line, x=[v * x for v in line.x], y=[v * y for v in line.y], points=points, uncertainty=errors
    )


def _first(
    theory: Theory, boundary: Boundary, x: str, y: str, xlim: tuple[float, float], ylim: tuple[float, float]
) -> Located | None:
    """A point of the boundary, inside the box if one is met there; None if there is none.

    The search goes along one parameter at probes of the other.
    """
    limit = theory.limit
    order = [(y, x, ylim, xlim), (x, y, xlim, ylim)]
    if limit is not None and limit.parameter == x:
        order.reverse()
    outside = None
    for fraction in PROBES:
        for along, fixed, span, other in order:
            value = other[0] + fraction * (other[1] - other[0])
            wide = _around(theory, along, *span)  # a point may lie on the edge of the box
            if limit is not None and limit.parameter == along:
                wide = (min(limit.value, span[0]), wide[1])
            try:
                points = find(theory.at(**{fixed: value}), boundary, along, span=wide)
            except ParameterError:
                raise
            except ReplicaError:
                continue
            for point in points:
                slack = 1e-9 * abs(span[1] - span[0])
                if point.located and span[0] - slack <= point.value <= span[1] + slack:
                    return point
                if point.located and outside is None:
                    outside = point
    return outside


def _beyond(theory: Theory, boundary: Boundary, x: str, y: str, xlim: tuple[float, float]) -> Located | None:
    """A point of the boundary at any y, for a few x in the box; None if there is none."""
    for fraction in PROBES[:3]:
        value = xlim[0] + fraction * (xlim[1] - xlim[0])
        for point in find(theory.at(**{x: value}), boundary, y):
            if point.located:
                return point
    return None


def _curve(
    system: System,
    theory: Theory,
    first: Located,
    x: str,
    y: str,
    xlim: Any,
    ylim: Any,
    spans: Any,
    step: float,
) -> Traced:
    """The whole curve through a located point, and why it ends."""
    n = system.size
    if isinstance(system.boundary, Zero):
        system.pin(first.theory, first.z)
    logarithmic = system.logarithmic
    box = np.array([sorted(xlim), sorted(ylim)], dtype=float)
    lower, upper = np.full(n + 2, -np.inf), np.full(n + 2, np.inf)
    fences = np.full(n + 2, -np.inf)
    scale = np.ones(n + 2)
    lower[n:], upper[n:], scale[n:] = box[:, 0], box[:, 1], spans
    for i, parameter in enumerate((x, y)):
        fences[n + i] = theory.parameters()[parameter].lower
        if theory.limit is not None and (parameter, fences[n + i]) == (
            theory.limit.parameter,
            theory.limit.value,
        ):
            lower[n + i] = max(
                lower[n + i], fences[n + i] + 1e-6 * spans[i]
            )  # lines are singular in the limit
    for phase, part in system.parts:
        if phase.over:  # a minimum at the edge of the domain (l = 0) ends the line
            about = theory.parameters()[phase.over]
            lower[part.stop - 1], scale[part.stop - 1] = about.lower, np.ptp(about.typical)
    if logarithmic:  # the temperature of the line may span many decades
        lower[n + 1] = np.log(max(lower[n + 1], 1e-30))
        upper[n + 1], scale[n + 1], fences[n + 1] = np.log(upper[n + 1]), 10.0, -np.inf

    def values(v: Any) -> dict[str, Any]:
        return {x: v[n], y: np.exp(v[n + 1]) if logarithmic else v[n + 1]}

    def residual(v: Any) -> Any:
        with np.errstate(all="ignore"):
            return system.residual(theory.at(**values(v)), v[:n])

    folding = [part for phase, part in system.parts if phase.branch in theory.folding and phase.over is None]

    def side(v: Any, _: Any) -> float:
        """Changes sign where a branch that folds passes its fold: there the boundary ends."""
        here = theory.at(**values(v))
        signs = [determinant(np.eye(len(theory.order)) - jacobian(here, v[part])) for part in folding]
        return float(np.prod(signs)) if signs else 1.0

    apart = separations(system, first.theory, first.z)

    def merging(v: Any, _: Any) -> float:
        """Changes sign where two states of the boundary merge: there it ends in a continuous transition."""
        here = separations(system, theory.at(**values(v)), v[:n])
        return float(min(now @ then / (then @ then) for now, then in zip(here, apart, strict=True)))

    trivial = _from_trivial(system, first.theory, first.z)

    def leaving(v: Any, _: Any) -> float:
        """Changes sign next to where the state goes over into one that is known: a glass where q vanishes."""
        here = _from_trivial(system, theory.at(**values(v)), v[:n], list(trivial))
        return min(float(here[name] @ then / (then @ then)) for name, then in trivial.items()) - NEXT

    events = {}
    if trivial:
        events["transition"] = Event(leaving, terminal=True)
    if folding and system.boundary.kind != "spinodal":
        events["fold"] = Event(side, terminal=True)
    if apart:
        events["merging"] = Event(merging, terminal=True)
    start = np.append(first.z, [getattr(first.theory, x), getattr(first.theory, y)]).astype(float)
    if logarithmic:
        start[-1] = np.log(start[-1])
    settings = Stepping(step=min(step, 0.01), largest=step, smallest=1e-4, points=1000)
    large = np.append(np.full(n, LARGE), [np.inf, np.inf])
    halves = []
    for sign in (1.0, -1.0):
        direction = np.zeros(n + 2)
        direction[n] = sign * scale[n]
        direction[n + 1] = 1e-6 * direction[n] * scale[n + 1] / scale[n]  # decides for a vertical line
        halves.append(
            follow(
                residual,
                start,
                scale=scale,
                direction=direction,
                lower=lower,
                upper=upper,
                fences=fences,
                events=events,
                settings=settings,
                large=large,
            )
        )
    forward, backward = halves
    joined, tangent = forward.y, forward.tangent
    stops, ends = (forward.stop, forward.stop), (forward, forward)
    if forward.stop is not Stop.CLOSED:
        joined = np.concatenate([backward.y[:, :0:-1], joined], axis=1)
        tangent = np.concatenate([-backward.tangent[:, :0:-1], tangent], axis=1)
        stops, ends = (backward.stop, forward.stop), (backward, forward)
    joined = _settle(residual, joined, scale, fences)
    if logarithmic:
        joined[n + 1] = np.exp(joined[n + 1])
    first_event, last_event = (half.events[-1][0] if half.stop is Stop.EVENT else "" for half in ends)
    return Traced(
        system, theory, (x, y), joined, tangent[n:], stops, (first_event, last_event), (spans[0], spans[1])
    )


def _from_trivial(system: System, theory: Theory, z: Any, names: Any = None) -> dict[str, Any]:
    """Differences between the state whose test function vanishes and the explicit solutions, by branch."""
    if not isinstance(system.boundary, Zero):
        return {}
    phase, here, x = system.states(theory, z)[0]
    if here.branch(phase.branch).explicit:
        return {}
    if names is None:
        names = [name for name in here.branches if solves(here, name)]
    return {name: np.asarray(x) - np.asarray(here.start(name)) for name in names}


def _settle(residual: Any, curve: Any, scale: Any, fences: Any) -> Any:
    """The points of a curve, each moved on to it as far as rounding allows."""
    curve = curve.copy()
    for first in range(0, curve.shape[1], BLOCK):
        interrupts.check()
        y = curve[:, first : first + BLOCK]
        with np.errstate(all="ignore"):
            here = residual(y)
            slope = difference(residual, y, scale=scale, lower=fences)
            moved = y - np.einsum("ij...,j...->i...", pseudo_inverse(slope), here)
            gain = np.max(np.abs(residual(moved)), axis=0) < np.max(np.abs(here), axis=0)
            near = np.max(np.abs(moved - y) / scale[:, None], axis=0) < 1e-6
        free = ~np.any(y == np.asarray(fences)[:, None], axis=0)  # T = 0 stays T = 0
        curve[:, first : first + BLOCK] = np.where(gain & near & free, moved, y)
    return curve


def _errors(traced: Traced) -> Any:
    """Bounds on how far the points of a curve are from it, in both parameters; shape ``(2, n_points)``."""
    system, theory, names, curve = traced.system, traced.theory, traced.parameters, traced.y

    def residual(v: Any) -> Any:
        return system.residual(theory.at(**dict(zip(names, v[-2:], strict=True))), v[:-2])

    sizes = np.append(np.ones(len(curve) - 2), traced.spans)
    fences = [-np.inf] * (len(curve) - 2) + [theory.parameters()[name].lower for name in names]
    out = []
    for first in range(0, curve.shape[1], BLOCK):
        interrupts.check()
        y = curve[:, first : first + BLOCK]
        scale = sizes if not system.logarithmic else np.where(y != 0, np.abs(y), sizes[:, None])
        with np.errstate(all="ignore"):
            slope = difference(residual, y, scale=scale, lower=fences)
            noise = np.maximum(roughness(residual, y, 1), 4e-16 * np.maximum(1.0, np.max(np.abs(y), axis=0)))
            if noise[system.jacobian_rows].size:
                noise[system.jacobian_rows] += [
                    system.jacobian_noise(
                        theory.at(**dict(zip(names, map(float, v[-2:]), strict=True))), v[:-2]
                    )
                    for v in y.T
                ]
            found = through(pseudo_inverse(slope), np.abs(residual(y)) + noise)[-2:]
        out.append(found + 1.2e-16 * np.abs(y[-2:]))
    return np.concatenate(out, axis=1)


def _clipped(
    traced: Traced, wanted: Any, ends: Sequence[Any], step: float
) -> tuple[list[float], list[float], list[str], list[tuple[float, float]], list[Any]]:
    """The points of a curve inside the wanted box, with its exact crossings of the box; errors and unknowns.

    Pieces are separated by a NaN; so is an end inside the box at which the tracing stopped before it got to a
    natural end of the line.
    """
    system, theory, curve, (x, y) = traced.system, traced.theory, traced.y, traced.parameters
    low, high = np.sort(np.array(wanted, dtype=float), axis=1).T
    slack = 1e-9 * (high - low)  # a line may run along the edge of its box
    edge = np.clip(curve[-2:], low[:, None], high[:, None])
    near = np.abs(curve[-2:] - edge) <= slack[:, None]
    curve = np.concatenate([curve[:-2], np.where(near, edge, curve[-2:])])
    inside = np.all((curve[-2:] >= low[:, None]) & (curve[-2:] <= high[:, None]), axis=0)
    xs: list[float] = []
    ys: list[float] = []
    status: list[str] = []
    errors: list[tuple[float, float]] = []
    states: list[Any] = []
    known = _errors(traced)
    for index, end in zip((0, -1), ends, strict=True):
        if end is not None:
            known[:, index] = end.uncertainties

    def add(point: Any, why: str = CONVERGED, error: Any = (np.nan, np.nan), state: Any = None) -> None:
        xs.append(float(point[0]))
        ys.append(float(point[1]))
        status.append(why)
        errors.append((float(error[0]), float(error[1])))
        states.append(state)

    gap = (np.nan, np.nan)
    lost = [_lost(traced, index, end, wanted, 0.5 * step) for index, end in zip((0, -1), ends, strict=True)]
    if inside[0] and lost[0]:
        add(gap, lost[0])
    for i in range(curve.shape[1]):
        if inside[i]:
            add(curve[-2:, i], error=known[:, i], state=curve[:-2, i])
        if i + 1 < curve.shape[1] and inside[i] != inside[i + 1]:
            if not inside[i] and CONVERGED in status:
                add(gap, "outside the requested range")
            crossing = _crossing(system, theory, curve[:, i], curve[:, i + 1], x, y, low, high)
            if crossing is not None:
                add(crossing[:2], error=crossing[2:4], state=crossing[4])
    if inside[-1] and lost[1]:
        add(gap, lost[1])
    return xs, ys, status, errors, states


def _lost(traced: Traced, index: int, end: Any, wanted: Any, step: float) -> str:
    """Why a line ends where it does, unless that is one of its natural ends.

    These are its special points, and the edge of its box or of a domain that it comes within a step of: lines
    may be singular there.
    """
    if end is not None or traced.stops[index] in (Stop.BOUND, Stop.CLOSED):
        return ""
    if traced.events[index]:
        return f"the line ends here, in a {traced.events[index]} that was not located"
    if traced.stops[index] is Stop.SMALL_STEP:
        for i, name in enumerate(traced.parameters):
            about = traced.theory.parameters()[name]
            edges = (about.lower, about.upper, *wanted[i])
            if min(abs(traced.y[i - 2, index] - edge) for edge in edges) < step * traced.spans[i]:
                return ""
    return traced.stops[index].value


def _crossing(
    system: System, theory: Theory, a: Any, b: Any, x: str, y: str, low: Any, high: Any
) -> tuple[float, float, float, float, Any] | None:
    """Where a curve crosses the wanted box between a point inside and one outside; its errors and state."""
    outer = b if np.any((b[-2:] < low) | (b[-2:] > high)) else a
    shares = []
    for axis, (bottom, top) in enumerate(zip(low, high, strict=True)):
        value, i = outer[axis - 2], axis - 2
        if not bottom <= value <= top:
            edge = bottom if value < bottom else top
            shares.append(((edge - a[i]) / (b[i] - a[i]), axis, edge))
    share, axis, edge = max(shares) if outer is a else min(shares)
    guess = a + share * (b - a)
    fixed, free = ((x, y), (y, x))[axis]
    start = max(guess[-1 - axis], 1e-300) if system.logarithmic else guess[-1 - axis]
    z, found, _, error, good = refine(
        system, theory.at(**{fixed: float(edge)}), free, guess[:-2], float(start)
    )
    if not good or (
        isinstance(system.boundary, Zero)
        and not distinct(system, theory.at(**{fixed: float(edge), free: found}), z)
    ):
        return None
    return (float(edge), found, 0.0, error, z) if axis == 0 else (found, float(edge), error, 0.0, z)


def _at(
    system: System,
    theory: Theory,
    curve: Any,
    x: str,
    y: str,
    at: Sequence[float],
    ylim: tuple[float, float],
    unit: float,
) -> Any:
    """Points of the line at given x: each crossing of the traced curve, refined with x held fixed."""
    xs, ys, status, errors, states = [], [], [], [], []
    along = curve[-2]
    for value in at:
        hits = np.flatnonzero((along[:-1] - value) * (along[1:] - value) <= 0)
        got: dict[float, tuple[float, Any]] = {}
        for i in hits:
            width = along[i + 1] - along[i]
            share = (value - along[i]) / width if width else 0.0
            a, b = curve[:, i], curve[:, i + 1]
            guess = a + share * (b - a)
            if system.logarithmic:
                guess[-1] = np.exp(np.log(a[-1]) + share * (np.log(b[-1]) - np.log(a[-1])))
            z, found, _, error, good = refine(
                system, theory.at(**{x: float(value)}), y, guess[:-2], float(guess[-1])
            )
            if isinstance(system.boundary, Zero):
                good = good and distinct(system, theory.at(**{x: float(value), y: found}), z)
            slack = 1e-9 * abs(ylim[1] - ylim[0])
            good = good and min(ylim) - slack <= found <= max(ylim) + slack
            if good and not any(abs(found - other) <= 1e-9 * max(1e-300, abs(other)) for other in got):
                got[found] = error, z
        for found in sorted(got) or [np.nan]:
            error, z = got.get(found, (np.nan, None))
            xs.append(float(value))
            ys.append(found)
            errors.append((0.0, error))
            states.append(z)
            status.append(CONVERGED if np.isfinite(found) else _missing(theory, x, float(value), unit))
    return xs, ys, status, errors, states


def _missing(theory: Theory, x: str, value: float, unit: float) -> str:
    limit = theory.limit
    if limit is not None and (limit.parameter, limit.value) == (x, value):
        return f"{x}={value * unit:g} is the limit in which the line is singular"
    return f"no such point at {x}={value * unit:g} in this range"
