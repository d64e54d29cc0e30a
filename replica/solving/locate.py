"""Special points of a theory in one control parameter: fold, coexistence, zero of a test function.

A start for Newton's method on the augmented system (`replica.solving.systems`) comes from a trace along the
parameter: a fold is where it turns, a coexistence or a zero is a change of sign. Nothing is read off a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.errors import LocateError, ParameterError, ReplicaError
from replica.showing import good, html
from replica.solving.continuation import Stepping, trace
from replica.solving.optimum import climb
from replica.solving.rounding import value_error
from replica.solving.search import solve
from replica.solving.systems import System, distinct, phases, refine, unknown_errors
from replica.theory import Boundary, Coexistence, Fold, Optimum, Phase, Theory
from replica.theory.base import required
from replica.theory.names import line_named
from replica.typing import Number, Numbers

__all__ = ["Located", "critical", "find", "locate", "located"]


FARTHEST = 1e12
"""How far beyond its typical range a branch is followed to its fold, as a factor."""


WIDER = (1.0, 10.0, 100.0, 1000.0)
"""How far beyond the typical range a point is looked for, in units of its width, until one is met."""


INSIDE, DEPTH = 15, 6
"""Points that an interval is divided by, and how often, next to where a test function is not known."""


@dataclass(frozen=True)
class Located:
    """A special point.

    Attributes
    ----------
    theory : Theory
        At the point.
    boundary : Boundary
        What was located.
    parameter : str
        The control parameter that was solved for.
    value : float
        Its value; NaN unless `located`.
    z : array
        The unknowns of the augmented system.
    x : array, shape (n_order,)
        Order parameters at the point (of the first phase).
    located : bool
        Whether Newton's method converged; if not, only `bracket` is known.
    bracket : (float, float) or None
    residual : float
        Largest component of the augmented system.
    uncertainty : float
        Bound on the rounding error of `value`, from the residual and the conditioning of the system.
    """

    theory: Theory
    boundary: Boundary
    parameter: str
    value: float
    z: Numbers
    x: Numbers
    located: bool
    bracket: tuple[float, float] | None = None
    residual: float = np.nan
    uncertainty: float = np.nan

    @property
    def order(self) -> dict[str, Number]:
        """Every order parameter by name, derived ones included."""
        with np.errstate(all="ignore"):
            return dict(zip(self.theory.order, self.x, strict=True)) | self.theory.derived(self.x)

    @property
    def uncertainties(self) -> dict[str, Number]:
        """Bounds on the errors of the order parameters, derived ones included, by name.

        Examples
        --------
        >>> from replica.theories import Hopfield
        >>> point = locate(Hopfield(alpha=0.0, T=0.0), "spinodal", "alpha")
        >>> print(point.uncertainties["m"] < 1e-12)
        True
        """
        return self.errors_of(lambda theory, x: dict(zip(theory.order, x, strict=True)) | theory.derived(x))

    def errors_of(self, function: Callable[[Theory, Any], Mapping[str, Number]]) -> dict[str, Number]:
        """Bounds on the errors of functions of the state at the point, ``f(theory, x)``, by name."""
        system = System(self.boundary, self.theory)
        errors = unknown_errors(system, self.theory, self.parameter, self.z, self.value)

        def values(y: Any) -> Any:
            here = self.theory.at(**{self.parameter: y[-1]})
            _, here, x = system.states(here, y[:-1])[0]
            return np.stack([one + 0 * y[-1] for one in function(here, x).values()])

        names = function(self.theory, self.x)
        return dict(zip(names, value_error(values, np.append(self.z, self.value), errors), strict=True))

    def __repr__(self) -> str:
        what = f"<Located {type(self.boundary).__name__.lower()} of {self.theory.name}: {self.parameter}"
        if not self.located:
            return f"{what} not located, between {self.bracket}>"
        return f"{what} = {good(self.value, self.uncertainty)}>"

    def _repr_html_(self) -> str:
        caption = repr(self).strip("<>")
        if not self.located:
            return html(caption, (), ())
        errors = self.uncertainties
        rows = [
            (
                self.parameter,
                good(self.value, self.uncertainty),
                self.theory.parameters()[self.parameter].text,
            )
        ]
        rows += [
            (name, good(v, errors[name]), self.theory.symbols.get(name, "")) for name, v in self.order.items()
        ]
        return html(caption, ("", "value", ""), rows)

    @property
    def broken(self) -> bool:
        """Whether it rests on a state in which replica symmetry is broken, so that it is an approximation."""
        return bool(System(self.boundary, self.theory).broken(self.theory, np.asarray(self.z, dtype=float)))

    @property
    def digits(self) -> int:
        """Number of significant digits of `value` that are good, at most 16."""
        if not self.located:
            return 0
        relative = self.uncertainty / max(abs(self.value), 1e-300)
        return int(np.clip(np.floor(-np.log10(max(relative, 1e-17) * 2)), 0, 16))


def locate(
    theory: Theory,
    boundary: str | Boundary,
    parameter: str,
    *,
    near: Numbers | None = None,
    value: float | None = None,
) -> Located:
    """Locate a phase boundary in one control parameter, the others held fixed.

    Parameters
    ----------
    theory : Theory
        One point; its value of `parameter` is ignored.
    boundary : str or Boundary
        A line declared by the theory ("spinodal", ...), or a boundary of your own.
    parameter : str
        The control parameter to solve for.
    near : array, optional
        Unknowns of the augmented system to start Newton from, with `value`; by default the branches are
        traced and their events give the start.
    value : float, optional

    Returns
    -------
    Located
        ``located`` tells whether it converged; a point that did not carries only its bracket.

    Raises
    ------
    LocateError
        If no candidate was met anywhere in the searched range; the message says what was searched.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> point = locate(Hopfield(alpha=0.0, T=0.0), "spinodal", "alpha")
    >>> print(f"{point.value:.14f}", point.located)
    0.13790556649493 True
    """
    declared = _declared(theory, boundary)
    name = line_named(type(theory), boundary) if isinstance(boundary, str) else ""
    boundary = declared
    theory.check_varied(parameter)
    theory.check_single(ignoring=parameter)
    if isinstance(boundary, Coexistence) and theory.functional != "free energy":
        msg = f"{theory.name}: its {theory.functional} is no free energy, so that no phases coexist by it"
        raise LocateError(msg)
    if near is None:
        theory.check_double()
        candidates = find(theory, boundary, parameter)
        if not candidates:
            _require_limit(theory, boundary, parameter)
            why = theory.absence(name)
            low, high = _range(theory, parameter)
            if isinstance(boundary, Fold) and _goes_on(theory, parameter, high):
                high *= FARTHEST
            else:
                low, high = _wider(theory, parameter, low, high, WIDER[-1])
            msg = (
                f"{theory.at(**{parameter: None}).describe()}: no {boundary.kind} point met for {parameter} "
                f"between {low:g} and {high:g}{'; ' + why if why else ''}"
            )
            raise LocateError(msg)
        return next((point for point in candidates if point.located), candidates[0])
    system = System(boundary, theory)
    if value is None or np.shape(near) != (system.size,):
        msg = (
            f"{theory.name}: a start near the {boundary.kind} point is {system.size} unknowns and a value of "
            f"{parameter}, not {'no value' if value is None else f'an array of shape {np.shape(near)}'}"
        )
        raise ParameterError(msg)
    z, value, size, spread, good = refine(system, theory, parameter, near, value)
    return located(system, theory, parameter, z, value, size, spread, good, None)


def _declared(theory: Theory, boundary: str | Boundary) -> Boundary:
    """A boundary, looked up by its name if that is what was given."""
    required(theory)
    return theory.lines[line_named(type(theory), boundary)] if isinstance(boundary, str) else boundary


def _require_limit(theory: Theory, boundary: Boundary, parameter: str) -> None:
    """Raise if a folding branch is missing already in the limit from which it would be traced."""
    limit = theory.limit
    if limit is None or limit.parameter != parameter or not isinstance(boundary, Fold):
        return
    origin = theory.at(**{parameter: limit.value})
    if not solve(origin, boundary.branch, throw=False).success:
        where = theory.at(**{parameter: None}).describe()
        msg = f"{where}: no {boundary.branch} solution, not even at {parameter} = {limit.value:g}"
        raise LocateError(msg)


def located(
    system: System,
    theory: Theory,
    parameter: str,
    z: Numbers,
    value: Any,
    size: float,
    spread: float,
    good: bool,
    bracket: Any,
) -> Located:
    """What `refine` found, as a special point."""
    _, at, x = system.states(theory.at(**{parameter: value}), z)[0]
    return Located(
        at, system.boundary, parameter, value if good else np.nan, z, x, good, bracket, size, spread
    )


def _range(theory: Theory, parameter: str) -> tuple[float, float]:
    """Where a search in a control parameter looks: its typical range, from the limit outwards."""
    about = theory.parameters()[parameter]
    low, high = about.typical
    return float(low), float(high)


def find(
    theory: Theory,
    boundary: str | Boundary,
    parameter: str,
    *,
    span: tuple[float, float] | None = None,
) -> list[Located]:
    """All candidates of a boundary met while the branches are traced in one control parameter.

    The branch is traced from the theory's limit when `parameter` is the limit's, else from either end of
    `span`, else from where it exists in between. A fold is where the trace turns; a coexistence or a zero is
    a sign change along it; where a test function is not known (NaN) next to where it is, the interval is
    searched up to the edge. Without `span` the typical range is searched, and further and further beyond it
    until something is met.
    """
    boundary = _declared(theory, boundary)
    theory.check_varied(parameter)
    system = System(boundary, theory)
    low, high = span or _range(theory, parameter)
    lost: list[Located] = []
    for journeys in _journeys(system, theory, parameter, low, high, beyond=span is None):
        found: list[Located] = []
        for origin, end in journeys:
            try:
                found += _along(system, theory, parameter, origin, end)
            except ParameterError:
                raise
            except ReplicaError:
                continue
        if any(point.located for point in found):
            return found
        lost = lost or found
    return lost


def _journeys(
    system: System, theory: Theory, parameter: str, low: float, high: float, *, beyond: bool
) -> Iterator[list[tuple[float, float]]]:
    """Where to trace, from and to, until something is found; what is in one list belongs together."""
    limit = theory.limit
    if limit is not None and limit.parameter == parameter and low <= limit.value <= high:
        yield [(limit.value, high)]
        if beyond and not isinstance(system.boundary, Fold):  # a fold is followed as far as its branch goes
            yield from _beyond(theory, parameter, low, high)
        return
    if isinstance(system.boundary, Fold):
        for origin in theory.origins(system.boundary.branch, parameter, low, high):
            yield [(origin, high if origin < high else 2 * origin)]
    middle = 0.5 * (low + high)
    yield from ([(low, high)], [(high, low)], [(middle, high)], [(middle, low)])
    if isinstance(system.boundary, Fold):
        yield [
            (origin, end) for origin in _islands(system, theory, parameter, low, high) for end in (high, low)
        ]
    if beyond:
        yield from _beyond(theory, parameter, low, high)


def _beyond(theory: Theory, parameter: str, low: float, high: float) -> Iterator[list[tuple[float, float]]]:
    """Journeys away from the typical range, each from where the one before it ended."""
    bottom, top = low, high
    for factor in WIDER:
        start, (bottom, top) = (bottom, top), _wider(theory, parameter, low, high, factor)
        yield [(a, b) for a, b in zip(start, (bottom, top), strict=True) if a != b][::-1]


def _wider(theory: Theory, parameter: str, low: float, high: float, factor: float) -> tuple[float, float]:
    """An interval, wider by a factor on either side but inside the domain."""
    about = theory.parameters()[parameter]
    width = factor * (high - low)
    return max(low - width, about.lower), min(high + width, about.upper)


def _islands(system: System, theory: Theory, parameter: str, low: float, high: float) -> list[float]:
    """One value in every interval in which a branch is found that it may not reach either end from."""
    inner = np.linspace(low, high, 130)[1:-1]
    found = solve(theory.at(**{parameter: inner}), phases(system.boundary)[0].branch, throw=False).success
    runs = np.split(np.arange(len(inner)), np.flatnonzero(np.diff(found.astype(int))) + 1)
    return [float(inner[run[len(run) // 2]]) for run in runs if found[run[0]]]


def _along(system: System, theory: Theory, parameter: str, origin: float, end: float) -> list[Located]:
    boundary = system.boundary
    phase = phases(boundary)[0]
    theory = theory.at(**dict(phase.at))
    base = theory.at(**{parameter: origin})
    if isinstance(boundary, Optimum):
        folds = _along(System(Fold(boundary.branch), theory), theory, parameter, origin, end)
        tops = (climb(boundary, fold.theory, parameter, fold.z) for fold in folds if fold.located)
        return [located(system, theory, parameter, *top) for top in tops if top is not None]
    if phase.over is not None or theory.branch(phase.branch).explicit:
        return _scan(system, theory, parameter, origin, end)
    first = _solve_phase(base, phase)
    if first is None:
        return []
    settings = Stepping(largest=0.05)
    curve = trace(base, parameter, end, start=first[0], settings=settings)
    while isinstance(boundary, Fold) and curve.reached and _goes_on(theory, parameter, end):
        # the typical range is no bound: follow the branch to its fold, inside the domain
        origin, end = end, min(10 * end, _farthest(theory, parameter, end))
        curve = trace(
            theory.at(**{parameter: origin}), parameter, end, start=curve.x[:, -1], settings=settings
        )
    found = []
    if isinstance(boundary, Fold):
        for index in curve.folds:
            x = curve.x[:, index]
            tangent = curve.tangent[: len(x), index]
            z = np.concatenate([x, tangent / np.linalg.norm(tangent)])
            low, high = sorted((float(curve.values[max(index - 1, 0)]), float(curve.values[index])))
            out = refine(system, theory, parameter, z, float(curve.values[index]))
            if not distinct(system, theory.at(**{parameter: out[1]}), out[0]):
                continue  # the branch turns through m = 0: a continuous transition, no spinodal
            found.append(located(system, theory, parameter, *out, bracket=(low, high)))
        return found
    z = _complete_all(system, theory.at(**{parameter: curve.values}), curve.x)
    with np.errstate(all="ignore"):
        tests = system.residual(theory.at(**{parameter: curve.values}), z)[-1]
    tests = np.broadcast_to(tests, curve.values.shape)
    return _sign_changes(system, theory, parameter, curve.values, list(z.T), tests)


def _goes_on(theory: Theory, parameter: str, end: float) -> bool:
    limit, high = theory.limit, _range(theory, parameter)[1]
    farthest = min(FARTHEST * high, _farthest(theory, parameter, high))
    return limit is not None and limit.parameter == parameter and 0 < end < farthest


def _farthest(theory: Theory, parameter: str, end: float) -> float:
    """The upper end of the domain, or just below it where it does not belong to the domain."""
    about = theory.parameters()[parameter]
    return about.upper - 1e-6 * (about.upper - end) if about.open_upper else about.upper


def _last(system: System, theory: Theory, z: Any) -> float:
    with np.errstate(all="ignore"):
        return float(system.residual(theory, z)[-1])


def _sign_changes(
    system: System, theory: Theory, parameter: str, values: Any, states: Any, tests: Any
) -> list[Located]:
    found = []
    values, states, tests = _up_to_the_edge(system, theory, parameter, values, states, tests)
    for i in range(len(values) - 1):
        if not (np.sign(tests[i]) * np.sign(tests[i + 1]) < 0 or tests[i] == 0):
            continue
        if np.all(np.isfinite(tests[i : i + 2])):
            share = float(np.clip(tests[i] / (tests[i] - tests[i + 1]), 0.05, 0.95)) if tests[i] else 0.0
            value = values[i] + share * (values[i + 1] - values[i])
            z = states[i] + share * (states[i + 1] - states[i])
        else:  # infinite at zero (the replicon at T = 0): go there by decades until the sign changes
            far = i + 1 if np.isinf(tests[i]) else i
            value, z = _by_decades(system, theory, parameter, float(values[far]), states[far], tests[far])
        low, high = sorted((float(values[i]), float(values[i + 1])))
        bracket = low, high
        ends = [(states[k], values[k]) for k in (i, i + 1) if np.all(np.isfinite(states[k]))]
        tries = [_try(system, theory, parameter, z, value, bracket, 0.5)]
        while not all(tries[-1][:2]) and ends:  # next to where states merge only one side leads to the point,
            tries.append(_try(system, theory, parameter, *ends.pop(0), bracket, 2.0))  # beyond a turn at most
        good, apart, out = max(tries, key=lambda one: all(one[:2]))
        if not (good and apart):
            good, apart, out = tries[0]
        if not good and np.all(np.isfinite(tests[i : i + 2])):
            out = _divided(system, theory, parameter, values[i : i + 2], tests[i : i + 2])
            good = out[-1]
            apart = good and distinct(system, theory.at(**{parameter: out[1]}), out[0])
        if good and not apart:
            continue  # the branches merge here (a continuous transition): nothing coexists
        if good:
            bracket = min(bracket[0], out[1]), max(bracket[1], out[1])
        z, value, size, spread, _ = out
        found.append(located(system, theory, parameter, z, value, size, spread, good, bracket))
    return found


def _up_to_the_edge(
    system: System, theory: Theory, parameter: str, values: Any, states: Any, tests: Any
) -> tuple[Any, Any, Any]:
    """The same points, and more where a sign changes between one that is known and one that is not.

    NaN is no sign: the interval is divided again and again towards the edge of what is known, until the sign
    has changed or the interval is as narrow as 1e-7 of what it was.
    """
    out = [(float(values[0]), states[0], tests[0])]
    for i in range(len(values) - 1):
        pair = [(float(values[j]), states[j], tests[j]) for j in (i, i + 1)]
        unknown = [bool(np.isnan(test)) for _, _, test in pair]
        if unknown[0] != unknown[1]:
            known, far = (pair[0], pair[1][0]) if unknown[1] else (pair[1], pair[0][0])
            met = _towards(system, theory, parameter, known, far)
            out += met if unknown[1] else met[::-1]
        out.append(pair[1])
    columns = zip(*out, strict=True)
    return np.array(next(columns)), list(next(columns)), np.array(next(columns))


def _towards(
    system: System, theory: Theory, parameter: str, known: Any, far: float
) -> list[tuple[float, Any, Any]]:
    """The last point with the sign of a known one, and the first with another; none if there is none."""
    near = known
    one_by_one = any(phase.over is not None for phase, _ in system.parts)  # a batch costs what its points do
    inside, depth = (1, DEPTH * (INSIDE + 1).bit_length()) if one_by_one else (INSIDE, DEPTH)
    for _ in range(depth):
        inner = np.linspace(near[0], far, inside + 2)[1:-1]
        points = list(zip(map(float, inner), *_measured(system, theory, parameter, inner), strict=True))
        for point in points:
            if np.isnan(point[2]):
                far = point[0]
                break
            if np.sign(point[2]) * np.sign(known[2]) < 0:
                return [near, point]
            near = point
    return []


def _measured(system: System, theory: Theory, parameter: str, values: Any) -> tuple[list[Any], Any]:
    """All unknowns of the system at some values of the parameter, and its last equation there."""
    count = len(values)
    here = theory.at(**{parameter: values})
    if any(phase.over is not None for phase, _ in system.parts):
        points = [theory.at(**{parameter: float(value)}) for value in values]
        states = [_complete(system, point, None) for point in points]
        pairs = zip(points, states, strict=True)
        last = [np.nan if z is None else _last(system, point, z) for point, z in pairs]
        return states, np.array(last)
    rows = [np.zeros((0, count))]
    for phase, _ in system.parts:
        if not theory.branch(phase.branch).explicit:
            x = solve(here.at(**dict(phase.at)), phase.branch, throw=False).x
            rows.append(np.broadcast_to(x if x.ndim > 1 else x[:, None], (len(x), count)))
    z = np.concatenate(rows)
    with np.errstate(all="ignore"):
        tests = np.broadcast_to(system.residual(here, z)[-1], count)  # it may not depend on the parameter
    return list(z.T), tests


def _divided(
    system: System, theory: Theory, parameter: str, ends: Any, tests: Any
) -> tuple[Any, float, float, float, bool]:
    """A sign change, by dividing the interval: Newton's method fails where its differences meet the unknown.

    What jumps from one sign to the other, and does not pass through 0, is none.
    """
    (low, high), sign, z = map(float, ends), np.sign(tests[0]), np.zeros(0)
    size, width = np.inf, 4e-16 * max(map(abs, map(float, ends)))
    for _ in range(4 * DEPTH):
        if abs(high - low) <= width:
            break
        inner = np.linspace(low, high, INSIDE + 2)
        states, here = _measured(system, theory, parameter, inner)
        change = np.flatnonzero(np.sign(here[1:]) * sign <= 0)
        if not change.size or np.any(np.isnan(here[1 : change[0] + 2])):
            return z, low, size, np.nan, False
        low, high = float(inner[change[0]]), float(inner[change[0] + 1])
        z, size = states[change[0] + 1], float(abs(here[change[0] + 1]))
    return z, high, size, abs(high - low) + width, size < 1e-8 * max(map(abs, map(float, tests)))


def _try(
    system: System,
    theory: Theory,
    parameter: str,
    z: Numbers,
    value: float,
    bracket: tuple[float, float],
    slack: float,
) -> tuple[bool, bool, Any]:
    """Newton's method from here: whether it converged near the bracket, to states apart, and to what."""
    out = refine(system, theory, parameter, z, value)
    room = slack * (bracket[1] - bracket[0])
    good = out[-1] and bracket[0] - room <= out[1] <= bracket[1] + room
    return good, good and distinct(system, theory.at(**{parameter: out[1]}), out[0]), out


def _by_decades(
    system: System, theory: Theory, parameter: str, value: float, z: Any, test: float
) -> tuple[float, Any]:
    for _ in range(300):
        smaller = theory.at(**{parameter: value / 10})
        moved = _complete(system, smaller, None)
        if moved is None:
            break
        value, z = value / 10, moved
        if _last(system, smaller, moved) * test < 0:
            break
    return value, z


def _scan(system: System, theory: Theory, parameter: str, origin: float, end: float) -> list[Located]:
    """Sign changes on a grid of the control parameter, where a phase is minimised over another one."""
    values = np.linspace(origin, end, 41)
    return _sign_changes(system, theory, parameter, values, *_measured(system, theory, parameter, values))


def _complete_all(system: System, theory: Theory, x: Any) -> Any:
    """All unknowns along a trace of the first phase; the other phases in one batched call."""
    rows = []
    for index, (phase, _) in enumerate(system.parts):
        if phase.over is not None:
            found = [_solve_phase(theory.take(i), phase) for i in range(x.shape[1])]
            width = system.n + 1
            rows.append(np.array([np.full(width, np.nan) if f is None else np.append(*f) for f in found]).T)
        elif index == 0:
            rows.append(x)
        elif not theory.branch(phase.branch).explicit:
            rows.append(solve(theory, phase.branch, throw=False).x)
    return np.concatenate(rows)


def _complete(system: System, theory: Theory, x: Any) -> Any:
    """All unknowns of the system at one point, the first phase's order parameters given or solved for."""
    parts = []
    for index, (phase, _) in enumerate(system.parts):
        if theory.branch(phase.branch).explicit and phase.over is None:
            continue
        if index == 0 and x is not None and phase.over is None:
            parts.append(x)
            continue
        solved = _solve_phase(theory, phase)
        if solved is None:
            return None
        parts.append(np.append(solved[0], solved[1]) if phase.over else solved[0])
    return np.concatenate([np.zeros(0), *parts])


def _solve_phase(theory: Theory, phase: Phase) -> tuple[Any, Any] | None:
    if phase.over is not None:
        from replica.solving.minimise import minimise

        try:
            best = minimise(theory, phase.branch, phase.over)
        except ReplicaError:
            return None
        return best.x, float(getattr(best.theory, phase.over))
    solution = solve(theory, phase.branch, throw=False)
    return (solution.x, None) if solution.success else None


def critical(theory: Theory) -> Located:
    """The critical value that people ask this theory for (`Theory.critical`).

    Raises
    ------
    LocateError
        If the theory has none, or none exists at these parameters.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> point = critical(Hopfield(alpha=0.0, T=0.3))
    >>> print(f"{point.value:.12f} m = {point.order['m']:.6f}")
    0.103329782579 m = 0.929212
    """
    required(theory)
    what = theory.critical
    if what is None:
        msg = f"{theory.name} has no critical value of its own; see its lines"
        raise LocateError(msg)
    if not what.highest:
        return locate(theory, what.boundary, what.parameter)
    met = find(theory, theory.lines[what.boundary], what.parameter)
    return max(met, key=lambda point: point.value) if met else locate(theory, what.boundary, what.parameter)
