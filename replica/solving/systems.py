"""Boundaries as augmented systems of equations, and Newton's method on them.

A boundary declared by a theory becomes a square system in the order parameters and one control parameter; or,
with two control parameters free, a curve.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica.numerics.functions import exact, is_exact
from replica.numerics.quadrature import SizeError
from replica.solving.derivatives import (
    determinant,
    difference,
    expanded,
    jacobian,
    jacobian_errors,
    linearised,
    solve_linear,
)
from replica.solving.rounding import root_error, roughness, sizes
from replica.theory import Boundary, Coexistence, Fold, Optimum, Parameter, Phase, Theory, Zero
from replica.typing import Array, Booleans, Number, Numbers

__all__ = ["System", "distinct", "newton_exact", "phases", "refine", "separations", "unknown_errors"]


CLOSE = 1e-11
"""Residual below which Newton's method goes on for as long as its steps become shorter."""


SETTLED = 1e-9
"""Step, in units of the unknowns, after which the derivatives need not be taken again: they hardly change."""


MARGIN = 1e-8
"""A replicon above minus this, on a traced line, is that of a state in which order only sets in."""


class System:
    """The equations of a boundary in unknowns z, at given control parameters; or of several at once.

    The unknowns are the states of the phases, each phase once, then one direction for each fold; at an
    optimum also one in the space of the state and of the parameter that is the best.

    Parameters
    ----------
    boundary : Boundary
        As declared by the theory.
    theory : Theory
        Whose boundary it is; only its declarations are read here.
    *others : Boundary
        Further boundaries that hold at the same point.
    """

    def __init__(self, boundary: Boundary, theory: Theory, *others: Boundary) -> None:
        self.boundary, self.n = boundary, len(theory.order)
        self.boundaries = (boundary, *others)
        self.parts: list[tuple[Phase, slice]] = []
        offset = 0
        for phase in dict.fromkeys(phase for one in self.boundaries for phase in phases(one)):
            explicit = theory.branch(phase.branch).explicit
            own = len(theory.at(**dict(phase.at)).order)  # a theory may have fewer unknowns there
            width = (0 if explicit else own) + (phase.over is not None)
            self.parts.append((phase, slice(offset, offset + width)))
            offset += width
        self.offset = offset
        """Where the directions of folds begin."""
        self.size = offset + sum(
            self.n + (self.n + 1) * isinstance(one, Optimum)
            for one in self.boundaries
            if isinstance(one, Fold)
        )
        """Number of unknowns; there is one more equation for each boundary."""
        self.linearised = {phases(one)[0] for one in self.boundaries if isinstance(one, Fold)}
        """Phases of which both the equations and their Jacobian are needed."""
        self.pinned: dict[Phase, Any] = {}
        """Order parameters of phases that are 0 by symmetry, all along the boundary."""

    def pin(self, theory: Theory, z: Numbers) -> None:
        """Hold at 0 what is 0 by symmetry at z: where it may start to grow, its equation is degenerate."""
        for phase, here, x in self.states(theory, z):
            if not theory.branch(phase.branch).explicit and here.mirrored(x) is not None:
                odd = np.array([name in here.symmetry for name in here.order])
                self.pinned[phase] = odd & (np.abs(x) < 1e-12)

    @property
    def logarithmic(self) -> bool:
        """Whether a positive control parameter is solved for in its logarithm: it may span decades."""
        return getattr(self.boundary, "test", "") == "log_rho"

    @property
    def jacobian_rows(self) -> slice:
        """The equations that hold derivatives of `update`."""
        if isinstance(self.boundary, Fold):
            return slice(self.n, self.size)
        return slice(-1, None) if getattr(self.boundary, "test", "") == "stability" else slice(0)

    def jacobian_noise(self, theory: Theory, z: Numbers) -> float:
        """How far the `jacobian_rows` may be off at the unknowns z, for the errors of a Jacobian."""
        _, here, x = self.states(theory, z)[0]
        errors = jacobian_errors(here, x)
        if not np.any(errors):
            return 0.0
        if isinstance(self.boundary, Fold):
            along = z[self.offset : self.size - isinstance(self.boundary, Optimum)]
            return float(np.max(errors @ np.abs(along.reshape(-1, self.n)).T))
        n, unit = len(x), sizes(x)
        size = np.linalg.svd((np.eye(n) - jacobian(here, x)) * unit / unit[:, None], compute_uv=False)
        error = float(np.max(errors * unit / unit[:, None]))  # a determinant knows no units
        return error * n**1.5 * float(np.prod(size[:-1]))  # d det = tr(adj dJ)

    def states(self, theory: Theory, z: Numbers) -> list[tuple[Phase, Theory, Any]]:
        """Per phase: the phase, the theory at its parameters, and its order parameters."""
        out = []
        for phase, part in self.parts:
            mine = z[part]
            here = theory.at(**dict(phase.at), **({phase.over: mine[-1]} if phase.over else {}))
            x = mine[:-1] if phase.over else mine
            if theory.branch(phase.branch).explicit:
                x = here.start(phase.branch)
                x = exact(x) if here.is_exact else x
            out.append((phase, here, x))
        return out

    def broken(self, theory: Theory, z: Numbers) -> Booleans:
        """Whether a state on which the boundary rests breaks replica symmetry; shape ``(*batch)``.

        Not at a zero of the replicon itself, where it is on the verge.
        """
        out = np.zeros(np.broadcast_shapes(np.shape(z)[1:], theory.batch), dtype=bool)
        if any(getattr(one, "test", "") in ("log_rho", "replicon") for one in self.boundaries):
            return out
        for _, here, x in self.states(theory, z):
            out = out | here.broken(x, MARGIN)
        return out

    def residual(self, theory: Theory, z: Numbers) -> Numbers:
        """The equations, shape ``(size + number of boundaries, *batch)``."""
        rows: list[Any] = []
        states: dict[Phase, tuple[Theory, Any, Any]] = {}
        for phase, here, x in self.states(theory, z):
            slope: Any = None
            if theory.branch(phase.branch).explicit:
                states[phase] = here, x, slope
            else:
                if phase in self.linearised and not is_exact(x):
                    rest, slope = linearised(here, x)
                else:
                    rest = here.residual(x)
                states[phase] = here, x, slope
                pinned = self.pinned.get(phase)
                if pinned is not None:
                    rest = np.where(pinned.reshape(-1, *(1,) * (np.ndim(x) - 1)), -x, rest)
                rows.append(rest)
            if phase.over and not self.best(phase):
                rows.append(np.asarray(here.slope(phase.over, x))[None])
        offset = self.offset
        for boundary in self.boundaries:
            here, x, slope = states[phases(boundary)[0]]
            if isinstance(boundary, Fold):
                direction = z[offset : offset + self.n]
                offset += self.n
                slope = jacobian(here, x) if slope is None else slope
                moved = np.einsum("ij...,j...->i...", slope, direction)
                norm = np.sum(direction * direction, axis=0) - 1
                rows += [moved - direction, np.asarray(norm)[None]]
                if isinstance(boundary, Optimum):
                    shift, share = z[offset : offset + self.n], z[offset + self.n]
                    offset += self.n + 1
                    rows += self.shifted(here, x, boundary.over, direction, shift, share)
                continue
            if isinstance(boundary, Coexistence):
                other, x2, _ = states[boundary.second]
                last = here.tuned(x).free_energy(x) - other.tuned(x2).free_energy(x2)
            else:
                last = self.test(here, x, boundary)
                if not is_exact(last):
                    last = np.where(here.physical(x), last, np.nan)
            rows.append(np.asarray(last)[None])
        return np.concatenate(rows)

    def best(self, phase: Phase) -> bool:
        """Whether the parameter over which a phase is, is the one of an optimum: f has no minimum there."""
        return any(isinstance(one, Optimum) and phase in phases(one) for one in self.boundaries)

    def shifted(
        self, theory: Theory, x: Numbers, parameter: str, direction: Numbers, shift: Numbers, share: Number
    ) -> list[Numbers]:
        """The state may move by `shift` while a parameter does by `share` at the fold, besides its direction.

        Off the optimum there is no such pair: 1 - d update/dx is singular, and the fold moves instead. The
        share is 0 where a second state merges.
        """
        pull = theory.derivative(parameter, lambda here: here.residual(x))
        moved = np.einsum("ij...,j...->i...", jacobian(theory, x), shift) - shift
        across, norm = (np.sum(other * shift, axis=0) for other in (direction, shift))
        return [moved + share * pull, np.asarray(across)[None], np.asarray(norm + share * share - 1)[None]]

    def test(self, theory: Theory, x: Numbers, boundary: Zero) -> Number:
        """The test function of a `Zero` boundary."""
        name = boundary.test
        if name == "stability":
            n = len(x)
            eye = np.eye(n).reshape(n, n, *(1,) * (np.ndim(x) - 1))
            return determinant(eye - jacobian(theory, x))
        return getattr(theory, name)(x)


def phases(boundary: Boundary) -> tuple[Phase, ...]:
    """The phases that a boundary is about, in the order of its unknowns."""
    if isinstance(boundary, Fold):
        return (Phase(boundary.branch, boundary.over if isinstance(boundary, Optimum) else None),)
    if isinstance(boundary, Coexistence):
        return (boundary.first, boundary.second)
    return (boundary.phase,)


def refine(
    system: System, theory: Theory, parameter: str, z: Numbers, value: Number, *, iterations: int = 30
) -> tuple[Any, Any, float, float, bool]:
    """Newton's method on the augmented system in (z, parameter).

    Returns the unknowns, the value, the residual, the uncertainty of the value, and whether it converged.
    Works in float64 and, given mpmath numbers, at the current precision. Residuals are judged relative to
    order parameters that are large.
    """
    about = theory.parameters()[parameter]
    logarithmic = not is_exact(z) and system.logarithmic and value > 0
    equations = _equations(system, theory, parameter, logarithmic)
    y = np.append(z, np.log(value) if logarithmic else value)
    if is_exact(y):
        return _refine_exact(equations, y)
    large = np.maximum(np.abs(z), 1.0)  # an order parameter may be large
    scale = np.append(large, 1.0 if logarithmic else max(abs(value), 1e-3 * _span(about)))
    rows = np.append(large[: system.offset], np.ones(len(z) + 1 - system.offset))
    fences = np.append(np.full(len(z), -np.inf), -np.inf if logarithmic else about.lower)
    best, size, shortest, longest = y, np.inf, np.inf, np.inf
    matrix: Any = None
    linear: Any = None
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            if longest < SETTLED:
                r = equations(y)
            else:
                r, linear = expanded(equations, y, scale=scale, lower=fences)
            now = float(np.max(np.abs(r) / rows)) if np.all(np.isfinite(r)) else np.inf
            if size < CLOSE <= now:
                break
            if not np.isfinite(now):
                y, longest = (y + best) / 2, np.inf
                continue
            change = solve_linear(linear, -r)
            longest = float(np.max(np.abs(change) / scale))
            # close to a root its distance says which trial is the best, the residual where that is noise
            gained = longest < 0.9 * shortest
            if (
                (longest < shortest or (now < size and longest < 2 * shortest))
                if size < CLOSE
                else now < size
            ):
                best, size, shortest, matrix = y, now, longest, linear
            if not np.isfinite(longest) or (size < CLOSE and not gained):
                break
            cap = 0.5 / longest if size > 1e-3 and not logarithmic else 1.0
            y = y + change * min(1.0, cap)
            if longest < 1e-15:
                break
        converged = size < 1e-10 and matrix is not None and bool(np.all(np.isfinite(matrix)))
    last = float(np.exp(best[-1]) if logarithmic else best[-1])
    spread = np.nan
    if converged:
        spread = float(unknown_errors(system, theory, parameter, best[:-1], last, matrix)[-1])
    return best[:-1], last, size, spread, bool(converged)


def unknown_errors(
    system: System, theory: Theory, parameter: str, z: Numbers, value: float, matrix: Numbers | None = None
) -> Array:
    """Bounds on the errors of the unknowns z and of the parameter at a root, shape ``(len(z) + 1,)``.

    `matrix` are the derivatives of the equations there, if they are known; by the logarithm of the parameter
    where `System.logarithmic`.
    """
    about = theory.parameters()[parameter]
    logarithmic = system.logarithmic and value > 0
    equations = _equations(system, theory, parameter, logarithmic)
    y = np.append(z, np.log(value) if logarithmic else value)
    with np.errstate(all="ignore"):
        if matrix is None:
            scale = np.append(
                np.maximum(np.abs(z), 1.0), 1.0 if logarithmic else max(abs(value), 1e-3 * _span(about))
            )
            fences = np.append(np.full(len(z), -np.inf), -np.inf if logarithmic else about.lower)
            matrix = difference(equations, y, scale=scale, lower=fences)
        noise = np.maximum(roughness(equations, y), 4e-16 * max(1.0, float(np.abs(y).max())))
        if noise[system.jacobian_rows].size:
            noise[system.jacobian_rows] += system.jacobian_noise(theory.at(**{parameter: value}), z)
        spread = root_error(equations, y, matrix, noise)
    if logarithmic:
        spread[-1] *= value
    spread[-1] += 1.2e-16 * abs(value)
    return spread


def _equations(system: System, theory: Theory, parameter: str, logarithmic: bool) -> Any:
    """The equations of a boundary in the unknowns and the parameter."""

    def equations(y: Any) -> Any:
        here = np.exp(y[-1]) if logarithmic else y[-1]
        try:
            return system.residual(theory.at(**{parameter: here}), y[:-1])
        except SizeError:  # a step too far out: not known there
            return np.full(np.shape(y), np.nan)

    return equations


def _span(about: Parameter) -> float:
    low, high = about.typical
    return float(high - low) or 1.0


def _refine_exact(equations: Any, y: Any) -> tuple[Any, Any, float, float, bool]:
    import mpmath

    floors = [mpmath.mpf(2) ** -20] * len(y)  # steps of the differences, relative but for these
    floors[-1] = abs(y[-1]) or floors[-1]  # a temperature may be 1e-23
    y, good = newton_exact(equations, lambda y: difference(equations, y, floors), y, floors[-1])
    return y[:-1], y[-1], float(max(abs(v) for v in equations(y))), 0.0 if good else float("nan"), good


def newton_exact(
    equations: Callable[[Numbers], Numbers],
    derivatives: Callable[[Numbers], Numbers],
    y: Numbers,
    unit: Number = 1,
) -> tuple[Numbers, bool]:
    """A root in mpmath arithmetic, and whether it settled; `unit` is the scale of the last unknown.

    Derivatives cost many times what equations do, and those at a root in float64 are good to many digits.
    They are taken again only where a step does not gain three digits. The end is where no unknown comes
    closer, also none that is tiny and follows from the others.
    """
    import mpmath

    half, last = mpmath.mpf(2) ** (-mpmath.mp.prec // 2), mpmath.mpf(2) ** (8 - mpmath.mp.prec)
    matrix, before, longest = None, None, mpmath.inf
    for _ in range(200):
        if matrix is None:
            matrix = derivatives(y)
        change = solve_linear(matrix, -equations(y))
        y = y + change
        sizes = [abs(v) for v in change]
        far = max([*sizes[:-1], sizes[-1] / unit])
        if not mpmath.isfinite(far):
            break
        if before is not None and far < half:
            pairs = zip(sizes, before, y, strict=True)
            if all(now <= last * abs(value) or 10 * now > then for now, then, value in pairs):
                return y, True
        elif far > longest / 1000:
            matrix = None
        before, longest = sizes, far
    return y, False


def distinct(system: System, theory: Theory, z: Numbers) -> bool:
    """Whether the states of a boundary are different ones: not where a branch merges into another.

    There the free energies differ by the fourth power of the order parameter, so that the equations hold to
    1e-10 already when it is below 1e-2. A state whose test function vanishes is on its branch, and is no
    explicit solution under another name: a glass without overlaps is a paramagnet.
    """
    if isinstance(system.boundary, Zero):
        return all(
            bool(np.all(here.belongs(phase.branch, x))) and not _trivial(here, phase.branch, x)
            for phase, here, x in system.states(theory, z)
        )
    critical = theory.critical.boundary if theory.critical else None
    image = critical is None or theory.lines.get(critical) != system.boundary  # it is critical: a fold
    # NaN: a trivial branch that does not exist here cannot be what the state merges into
    return not any(np.max(np.abs(apart)) <= 1e-2 for apart in separations(system, theory, z, image))


def _trivial(theory: Theory, branch: str, x: Any) -> bool:
    """Whether a state is an explicit solution of another name, as far as Newton's method tells there."""
    others = [name for name, one in theory.branches.items() if one.explicit and name != branch]
    if theory.branch(branch).explicit or not others:
        return False
    starts = [np.asarray(theory.start(name), dtype=float) for name in others]
    return any(
        np.max(np.abs(x - start)) < 1e-6 and np.max(np.abs(theory.residual(start))) < 1e-9 for start in starts
    )


def separations(system: System, theory: Theory, z: Numbers, image: bool = True) -> list[Number]:
    """Differences of order parameters that a fold or a coexistence must keep from zero.

    The two phases of a coexistence; a folding branch and the trivial branches, and after them its own mirror
    image: it may grow out of a symmetric state that is not trivial. Where one vanishes the boundary ends in a
    continuous transition. Without ``image`` such an end of a branch counts as a fold, asked for by name.
    """
    if isinstance(system.boundary, Zero):
        return []
    if isinstance(system.boundary, Coexistence):
        (_, _, first), (_, _, second) = system.states(theory, z)
        return [np.asarray(first) - np.asarray(second)]
    own = system.boundary.branch
    trivial = [name for name, branch in theory.branches.items() if branch.explicit and name != own]
    _, here, x = system.states(theory, z)[0]
    mirrored, begins = here.mirrored(x) if image else None, np.asarray(here.start(own), dtype=float)
    itself = here.mirrored(begins)
    images = []
    if mirrored is not None and itself is not None and not np.array_equal(begins, itself, equal_nan=True):
        images = [x - mirrored]  # a branch of symmetric states folds as any other
    return [x - np.asarray(here.start(name)) for name in trivial] + images
