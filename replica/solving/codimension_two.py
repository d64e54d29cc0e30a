"""Points of codimension two: cusps, tricritical and triple points, crossings and tips, as augmented systems.

A boundary is a curve in two control parameters. Where it ends or turns, or where two of them meet, one more
condition holds, and both parameters are solved for at once. There are two kinds of such systems. In a
*meeting* several boundaries hold at the same point: `System` of all of them. In a *contact* the equations
hold along a curve, y + s u_1 + s^2 u_2/2 + ..., to a higher order in s than on the boundary: `Contact`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from replica.solving.contact import Contact, contact_of_theory
from replica.solving.derivatives import difference, jacobian, jacobian_error
from replica.solving.rounding import pseudo_inverse, root_error, roughness, through
from replica.solving.systems import System
from replica.theory import Boundary, Coexistence, Phase, Theory
from replica.theory.boundaries import Kind
from replica.typing import Number, Numbers

__all__ = ["Kind", "SpecialPoint", "cusp", "edge", "meeting", "null_vector", "quartic", "tip", "tricritical"]

VAGUE = 2e-6
"""Uncertainty above which a point is none: two conditions that hold along a whole line meet everywhere."""


@dataclass(frozen=True)
class SpecialPoint:
    """A point of codimension two.

    Attributes
    ----------
    kind : Kind
    theory : Theory
        At the point.
    parameters : (str, str)
        The two control parameters that were solved for.
    values : (float, float)
        Their values; NaN unless `located`.
    uncertainties : (float, float)
        Bounds on the errors of the values, from the residual, rounding, and numerical derivatives.
    x : array, shape (n_order,)
        Order parameters at the point.
    z : array
        Unknowns of the augmented system.
    located : bool
        Whether Newton's method converged.
    residual : float
        Largest component of the augmented system.
    """

    kind: Kind
    theory: Theory
    parameters: tuple[str, str]
    values: tuple[float, float]
    uncertainties: tuple[float, float]
    x: Numbers
    z: Numbers
    located: bool
    residual: float

    @property
    def order(self) -> dict[str, Number]:
        """Every order parameter by name, derived ones included."""
        with np.errstate(all="ignore"):
            return dict(zip(self.theory.order, self.x, strict=True)) | self.theory.derived(self.x)

    @property
    def decimals(self) -> tuple[int, int]:
        """Number of decimal places of either value that are good, at most 16; 0 if it was not located."""
        if not self.located:
            return 0, 0
        first, second = (int(np.clip(np.floor(-np.log10(2 * u + 1e-17)), 0, 16)) for u in self.uncertainties)
        return first, second


class Equations(Protocol):
    """What Newton's method needs: the unknowns' number, and the equations."""

    @property
    def size(self) -> int: ...

    def residual(self, theory: Theory, z: Numbers) -> Numbers: ...


# -- the points ---------------------------------------------------------------------------------------------


def cusp(
    theory: Theory, parameters: tuple[str, str], x: Numbers, direction: Numbers, *, kind: Kind = Kind.CUSP
) -> SpecialPoint:
    """Locate a cusp: the fold of a branch where its quadratic term vanishes as well.

    Parameters
    ----------
    theory : Theory
        Near the point.
    parameters : (str, str)
        The two control parameters to solve for.
    x : array, shape (n_order,)
        Order parameters near the point.
    direction : array, shape (n_order,)
        Rough direction in which the states merge.
    kind : Kind
        `Kind.CRITICAL` where it is the end of a first-order line: the equations are the same.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> point = cusp(CurieWeiss(T=0.9, h=0.1), ("T", "h"), [0.1], [1.0])
    >>> print(point.located, f"{point.values[0]:.12f} {point.values[1] + 0:.12f}")
    True 1.000000000000 0.000000000000
    """
    contact = contact_of_theory(theory, 2)
    x, direction = np.asarray(x, dtype=float), np.asarray(direction, dtype=float)
    unit = direction / np.linalg.norm(direction)
    z = np.concatenate([x, unit, _next_direction(contact, theory, x, unit)])
    return _solve(kind, contact.tuned(theory, z), theory, parameters, z, lambda here, z: (here, z[: len(x)]))


def tricritical(
    theory: Theory, parameters: tuple[str, str], branch: str, direction: Numbers | None = None
) -> SpecialPoint:
    """Locate a tricritical point: where the symmetric state is marginal and its cubic response vanishes.

    In the free energy these are the terms of second and of fourth order in the order parameter; what the
    other order parameters contribute to the fourth is taken into account.

    Parameters
    ----------
    theory : Theory
        Near the point.
    parameters : (str, str)
        The two control parameters to solve for.
    branch : str
        An explicit branch, such as m = 0.
    direction : array, shape (n_order,), optional
        Rough direction in which the symmetry breaks; by default the softest one.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> point = tricritical(BlumeCapel(T=0.4, D=0.4), ("T", "D"), "paramagnet")
    >>> print(f"{point.values[0]:.10f} {point.values[1]:.10f}")
    0.3333333333 0.4620981204
    """
    contact = contact_of_theory(theory, 3, lambda here: here.start(branch))
    x = np.asarray(theory.start(branch), dtype=float)
    direction = null_vector(theory, x) if direction is None else np.asarray(direction, dtype=float)
    unit = direction / np.linalg.norm(direction)
    second = _next_direction(contact, theory, x, unit)
    third = _next_direction(contact, theory, x, unit, second)
    z = np.concatenate([unit, second, third])
    return _solve(
        Kind.TRICRITICAL,
        contact.tuned(theory, z),
        theory,
        parameters,
        z,
        lambda here, _: (here, np.asarray(here.start(branch), dtype=float)),
    )


def tip(
    system: System, theory: Theory, parameters: tuple[str, str], z: Numbers, extremal: str
) -> SpecialPoint:
    """Locate a turning point of a boundary: where a control parameter is extremal along it.

    There the equations of the boundary fold over, as functions of their unknowns and the other parameter.

    Parameters
    ----------
    system : System
        The boundary.
    theory : Theory
        Near the point.
    parameters : (str, str)
        The two control parameters of the plane.
    z : array
        Unknowns of `system` near the point.
    extremal : str
        The one of the two parameters that has its maximum or minimum.

    Examples
    --------
    >>> from replica.solving import locate
    >>> from replica.theories import Hopfield
    >>> near = locate(Hopfield(alpha=0.1, T=0.02), "spinodal", "alpha")
    >>> point = tip(System(near.boundary, near.theory), near.theory, ("alpha", "T"), near.z, "alpha")
    >>> print(f"{point.values[0]:.10f} {point.values[1]:.7f}")
    0.1381885112 0.0228735
    """
    (other,) = (name for name in parameters if name != extremal)
    scale = _scale(theory, other)
    n = system.size + 1

    def equations(here: Theory, y: Any) -> Any:
        return system.residual(here.at(**{other: y[-1] * scale}), y[:-1])

    contact = Contact(equations, n, 1)
    y = np.append(z, float(getattr(theory, other)) / scale)
    along = _softest(difference(lambda v: equations(theory, v), y))
    start = np.concatenate([y, along])
    return _solve(
        Kind.TIP,
        contact.tuned(theory, start),
        theory,
        (extremal,),
        start,
        lambda here, found: _state(system, here.at(**{other: float(found[n - 1] * scale)}), found[: n - 1]),
        within=parameters,
        moved=(other, n - 1, scale),
    )


def meeting(
    kind: Kind,
    theory: Theory,
    parameters: tuple[str, str],
    boundaries: Sequence[Boundary],
    states: Sequence[Numbers],
    directions: Sequence[Numbers] = (),
) -> SpecialPoint:
    """Locate a point where two boundaries hold at once: a crossing, a triple point, an end on a spinodal.

    Parameters
    ----------
    kind : Kind
    theory : Theory
        Near the point.
    parameters : (str, str)
        The two control parameters to solve for.
    boundaries : sequence of Boundary
        The two of them.
    states : sequence of array
        Unknowns of every phase, in the order of `System.parts`.
    directions : sequence of array
        For every fold, the rough direction in which its states merge.

    Examples
    --------
    >>> from replica.solving import solve
    >>> from replica.theories import Hopfield
    >>> near = solve(Hopfield(alpha=0.137, T=0.03))
    >>> lines = [near.theory.lines[name] for name in ("stability", "spinodal")]
    >>> point = meeting(Kind.SPINODAL, near.theory, ("alpha", "T"), lines, [near.x], [[1.0, 0.0]])
    >>> print(f"{point.values[0]:.9f} {point.values[1]:.9f}")
    0.138185915 0.025068372
    """
    system = System(boundaries[0], theory, *boundaries[1:])
    units = [np.asarray(v, dtype=float) / np.linalg.norm(v) for v in directions]
    z = np.concatenate([np.zeros(0), *states, *units])
    found = _solve(kind, system, theory, parameters, z, lambda here, z: _state(system, here, z))
    if found.located and not _distinct(system, found.theory, found.z):
        nowhere = (np.nan, np.nan)  # two names for one state satisfy every condition
        return replace(found, located=False, values=nowhere)
    return found


def _distinct(system: System, theory: Theory, z: Any) -> bool:
    """Whether the states of every coexistence are different ones."""
    states = {phase: np.asarray(x) for phase, _, x in system.states(theory, z)}
    pairs = [(one.first, one.second) for one in system.boundaries if isinstance(one, Coexistence)]
    return all(np.max(np.abs(states[first] - states[second])) > 1e-2 for first, second in pairs)


@dataclass(frozen=True)
class _Pinned:
    """A boundary with one of its minimised parameters held at the edge of its range."""

    system: System
    index: int
    value: float

    @property
    def size(self) -> int:
        return self.system.size

    def residual(self, theory: Theory, z: Any) -> Any:
        return np.concatenate([self.system.residual(theory, z), (z[self.index] - self.value)[None]])


def edge(
    system: System, theory: Theory, parameters: tuple[str, str], z: Numbers, phase: Phase, value: float
) -> SpecialPoint:
    """Locate where the minimum of a phase over a control parameter reaches the edge of the range, l = 0.

    There the phase goes over into the one at the edge: three phases meet.

    Parameters
    ----------
    system : System
        Of a boundary of that phase.
    theory : Theory
        Near the point.
    parameters : (str, str)
        The two control parameters to solve for.
    z : array
        Unknowns of `system`.
    phase : Phase
        The phase, with `Phase.over`.
    value : float
        The edge.
    """
    (part,) = (part for one, part in system.parts if one == phase)
    pinned = _Pinned(system, part.stop - 1, value)
    return _solve(Kind.TRIPLE, pinned, theory, parameters, z, lambda here, z: _state(system, here, z))


# -- what they are made of ----------------------------------------------------------------------------------


def null_vector(theory: Theory, x: Numbers) -> Numbers:
    """Unit vector along which 1 - d update/dx is smallest: there another branch comes close."""
    return _softest(jacobian(theory, np.asarray(x, dtype=float)) - np.eye(len(theory.order)))


def _softest(matrix: Any) -> Any:
    """Last right singular vector; NaN where the matrix is not finite, so that nothing converges from it."""
    if not np.all(np.isfinite(matrix)):
        return np.full(matrix.shape[1], np.nan)
    return np.linalg.svd(matrix)[2][-1]


def quartic(theory: Theory, branch: str) -> tuple[float, float]:
    """Quadratic and cubic response of an explicit branch along its softest direction.

    With a symmetry the first vanishes, and the sign of the second tells a continuous transition (negative)
    from a jump: it is minus the fourth-order term of the free energy, up to a positive factor.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> D, T = 0.0, 2 / 3
    >>> even, odd = quartic(BlumeCapel(T=T, D=D), "paramagnet")
    >>> print(abs(even) < 1e-9, odd < 0)
    True True
    """
    contact = contact_of_theory(theory, 3, lambda here: here.start(branch))
    x = np.asarray(theory.start(branch), dtype=float)
    slope = jacobian(theory, x) - np.eye(len(x))
    unit, other = _softest(slope), _softest(slope.T)
    if np.isnan(unit).any():
        return np.nan, np.nan
    other = other * np.sign(other @ unit) if other @ unit else other
    second = _next_direction(contact, theory, x, unit)
    directions = [unit, second, np.zeros_like(unit)]
    even = contact.coefficients(theory, x, [unit, np.zeros_like(unit), np.zeros_like(unit)])[1]
    return float(other @ even), float(other @ contact.coefficients(theory, x, directions)[2])


def _next_direction(contact: Contact, theory: Theory, x: Any, *known: Any) -> Any:
    """The direction that makes one more Taylor coefficient vanish, as far as one can."""
    missing = [np.zeros_like(known[0])] * (contact.order - len(known))
    now = contact.coefficients(theory, x, [*known, *missing])[len(known)]
    slope = jacobian(theory, x) - np.eye(len(x))
    if not (np.all(np.isfinite(slope)) and np.all(np.isfinite(now))):
        return missing[0]
    found = np.linalg.lstsq(np.vstack([slope, known[0]]), np.append(-now, 0.0), rcond=1e-4)[0]
    return np.asarray(found)


def _state(system: System, theory: Theory, z: Any) -> tuple[Theory, Any]:
    _, here, x = system.states(theory, z)[0]
    return here, x


def _scale(theory: Theory, name: str) -> float:
    low, high = theory.parameters()[name].typical
    return float(high - low) or 1.0


def _solve(
    kind: Kind,
    equations: Equations,
    theory: Theory,
    parameters: tuple[str, ...],
    z: Any,
    state: Callable[[Theory, Any], tuple[Theory, Any]],
    *,
    within: tuple[str, str] | None = None,
    moved: tuple[str, int, float] | None = None,
) -> SpecialPoint:
    """Gauss-Newton on the equations in (z, parameters); quadratic, as they hold exactly at the point.

    `moved` names a parameter that is among the unknowns z already, with its place and scale.
    """
    scale = np.array([max(_scale(theory, name), abs(float(getattr(theory, name)))) for name in parameters])
    fences = np.array([theory.parameters()[name].lower for name in parameters]) / scale
    m = len(z)
    lower = np.append(np.full(m, -np.inf), fences)
    if moved:
        lower[moved[1]] = theory.parameters()[moved[0]].lower / moved[2]

    def at(y: Any) -> Theory:
        return theory.at(**{name: y[m + i] * scale[i] for i, name in enumerate(parameters)})

    def residual(y: Any) -> Any:
        return equations.residual(at(y), y[:m])

    y = np.append(z, [float(getattr(theory, name)) / s for name, s in zip(parameters, scale, strict=True)])
    best, size, matrix = y, np.inf, None
    with np.errstate(all="ignore"):
        for _ in range(40):
            r = residual(y)
            now = float(np.max(np.abs(r))) if np.all(np.isfinite(r)) else np.inf
            if now < size:
                best, size = y, now
            elif not np.isfinite(size):
                break  # not even the start is in the domain of the equations
            elif not np.isfinite(now):
                y = np.clip((y + best) / 2, lower, np.inf)
                continue
            linear = difference(residual, y, scale=np.ones(len(y)), lower=lower)
            if not np.all(np.isfinite(linear)):
                break
            matrix = linear
            change = np.linalg.lstsq(matrix, -r, rcond=1e-13)[0]
            longest = float(np.max(np.abs(change)))
            y = np.maximum(y + change * min(1.0, 0.2 / longest if longest else 1.0), lower)
            if longest < 1e-14 or (size < 1e-12 and now > size):
                break
        spread = np.full(len(parameters) + (moved is not None), np.inf)
        if matrix is not None:
            noise = np.maximum(roughness(residual, best), 4e-16 * max(1.0, float(np.abs(best).max())))
            if isinstance(equations, Contact):
                noise = 4 * (noise + equations.noise(at(best), best[:m]))
            if type(theory).jacobian is Theory.jacobian and not isinstance(equations, Contact):
                noise = noise + jacobian_error(*state(at(best), best[:m]))
            rows = [*range(m, len(y)), *([moved[1]] if moved else [])]
            # where two conditions hold along a curve, a bound that its bending gives is none
            straight = through(pseudo_inverse(matrix), np.abs(residual(best)) + noise)
            spread = np.maximum(root_error(residual, best, matrix, noise), straight)[rows]
    units = np.append(scale, moved[2]) if moved else scale
    errors = dict(zip([*parameters, *([moved[0]] if moved else [])], spread * units, strict=True))
    here = theory.at(**{name: float(best[m + i] * scale[i]) for i, name in enumerate(parameters)})
    here, x = state(here, best[:m])
    names = within or parameters
    good = bool(size < 1e-7 and np.max(spread) < VAGUE)
    values = [float(getattr(here, name)) if good else np.nan for name in names]
    return SpecialPoint(
        kind,
        here,
        (names[0], names[1]),
        (values[0], values[1]),
        (float(errors[names[0]]), float(errors[names[1]])),
        x,
        best[:m],
        good,
        size,
    )
