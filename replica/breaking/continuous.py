r"""Infinitely many steps: Parisi's function of a layer of spins, alone or with Gaussian layers beside it.

The unknown is :math:`\mu(q) = x(q)/T`, smooth and finite but for :math:`q \to 1` at T = 0, where it grows
like :math:`(1-q)^{-1/2}`. So with :math:`u = \sqrt{1-q}` it is a polynomial in u over u, at all temperatures;
where the variance of the field is odd in q and nothing tells the two signs of all spins apart, it has a
factor q more. It is put on K cells, uniform in :math:`(1-q)^{1/3}`, as its average over each: f is
stationary, so what that costs falls as :math:`K^{-4}`, and Richardson's extrapolation takes it away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from replica.breaking import harmonic
from replica.breaking.densities import Law, Moments, moments
from replica.breaking.fields import Fields
from replica.breaking.starts import broken_states, symmetric_state
from replica.breaking.steps import functional_of
from replica.errors import BranchError, ConvergenceError, ParameterError
from replica.functional import FullyConnected
from replica.functional.passes import Answer, Ingredients, Pass
from replica.theory import Theory
from replica.typing import Array
from replica.units.continuous import Gaussian
from replica.units.spherical import Spherical

__all__ = ["CELLS", "Continuous", "parisi"]

CELLS = (24, 48, 96)
"""Numbers of cells, one after the other."""
DEGREES = (2, 4, 6, 8, 10)
"""Of the polynomial, one after the other until f does not change."""
CLOSE = 1e-12
"""A change of f that is none."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)
"""Inside a cell: exact up to a degree of 19."""
TINY = 1e-30
"""Step into the complex plane, where a derivative has no rounding."""
STEP = 1e-5
"""Of the unknowns, in differences of the gradient."""
SLOW, SHORTEST = 0.3, 1e-3
"""What is left of a step when second derivatives are made anew; the fraction at which a search ends."""
FLAT = 1e-15
"""What f may still gain at the end of a search."""
FINE = 400
"""Values of q at which it is seen whether mu grows."""
EMPTY = 1e-12
"""Fields and overlaps smaller than this are 0."""


@dataclass(frozen=True)
class Shape:
    """What the unknowns are: coefficients of mu, then the ends of q, order parameters, a response.

    Attributes
    ----------
    degree : int
        Of the polynomial.
    cold : bool
        Whether T = 0: q ends at 1.
    free : bool
        Whether q begins above 0: along a field.
    odd : bool
        Whether mu is an odd function of q, as the variance of the field is.
    patterns : int
        Order parameters that are followed.
    response : bool
        Whether the response at T = 0 is felt by other layers, and an unknown.
    """

    degree: int
    cold: bool
    free: bool
    odd: bool
    patterns: int
    response: bool

    @property
    def size(self) -> int:
        """How many unknowns there are."""
        return self.degree + 2 - self.cold + self.free + self.patterns + self.response

    def split(self, z: Any) -> tuple[Array, Any, Any, Array, Any]:
        """Coefficients, q at the ends, order parameters, response (None where it follows)."""
        place = self.degree + 1
        coefficients = z[:place]
        last, first = 1.0 + 0 * z[0], 0 * z[0]
        if not self.cold:
            last = z[place]
            place += 1
        if self.free:
            first = z[place]
            place += 1
        m = z[place : place + self.patterns]
        return coefficients, first, last, m, z[-1] if self.response else None

    def mu(self, z: Any, u: Any) -> Any:
        """The function at values of sqrt(1 - q)."""
        coefficients, first, last, *_ = self.split(z)
        return self._polynomial(coefficients, first, last, u) * self.front(u) / u

    def front(self, u: Any) -> Any:
        return 1 - u**2 if self.odd else 1.0

    @staticmethod
    def _polynomial(coefficients: Any, first: Any, last: Any, u: Any) -> Any:
        low, high = np.sqrt(1 - last + 0j), np.sqrt(1 - first + 0j)
        return np.polynomial.chebyshev.chebval((2 * u - low - high) / (high - low), coefficients)

    def cells(self, z: Any, count: int) -> tuple[Array, Array]:
        """Overlaps at the edges of the cells, and the average of mu in each."""
        coefficients, first, last, *_ = self.split(z)
        t = np.arange(count + 1) / count
        low, high = (1 - last + 0j) ** (1 / 3), (1 - first + 0j) ** (1 / 3)
        w = high + (low - high) * t
        u = w**1.5
        q = 1 - w**3
        middle, half = (u[1:] + u[:-1]) / 2, (u[:-1] - u[1:]) / 2
        nodes = middle + half * NODES[:, None]
        values = self._polynomial(coefficients, first, last, nodes) * self.front(nodes)
        return q, WEIGHTS @ values / (2 * middle)


@dataclass(frozen=True)
class Problem:
    """f as a function of the unknowns of a shape."""

    parts: Ingredients
    shape: Shape

    @cached_property
    def spins(self) -> int:
        """The number of the layer of spins."""
        return self.parts.structure.kept[0]

    @cached_property
    def law(self) -> Law:
        """The patterns that act on it."""
        law = self.parts.laws[self.spins]
        if law is None or not self.shape.patterns:
            return Law.none()
        count = np.shape(law.weight)[-1]
        rows = [
            np.array([np.broadcast_to(np.asarray(one, dtype=float), (count,)) for one in some])
            for some in (law.shift, law.variance)
        ]
        return Law(np.asarray(law.weight, dtype=float), *rows)

    def _layers(self, z: Any, count: int, T: Any) -> tuple[list[Any], list[Any], Array, Any, list[float]]:
        """Overlaps and response of each layer; mu; size phi of the closed ones; E[phi''^2] there."""
        parts, plan = self.parts, self.parts.structure
        _, _, last, _, response = self.shape.split(z)
        edges, mu = self.shape.cells(z, count)
        q: list[Any] = [np.zeros(count + 1)] * len(plan.layers)
        C: list[Any] = [0.0] * len(plan.layers)
        q[self.spins] = edges
        C[self.spins] = (0.0 if response is None else response) if self.shape.cold else (1 - last) / T
        phi: Any = 0.0
        bent = [0.0] * len(plan.layers)
        for t in plan.eliminated:
            what = parts.fields[t]
            variance = what.value(q)
            inner = what.divided(_last(q), C, T) + 0j
            given = np.concatenate([variance[:1], np.diff(variance), mu, [inner]])
            fields = Fields(np.real(variance), np.real(mu), 0.0, T)  # their numbers are those of `given`
            own, square, slope, _, _, bent[t], _ = harmonic.closed(parts.units[t], fields, given)
            q[t], C[t] = np.cumsum(square), slope
            phi = phi + float(parts.sizes[t]) * own
        return q, C, mu, phi, bent

    def inside(self, z: Any, count: int) -> tuple[list[Any], list[Any], list[float]]:
        """Overlap, response and, of the closed layers, its square inside a state."""
        q, C, _, _, bent = self._layers(z + 0j, count, float(self.parts.T))
        return [np.float64(np.real(one[-1])) for one in q], [np.float64(np.real(one)) for one in C], bent

    def closed(self, z: Any, count: int, T: Any) -> tuple[Any, Any, Any, Any]:
        """Variances of the field on the spins, mu, strengths of patterns; all of f but phi of the spins."""
        parts, plan = self.parts, self.parts.structure
        m = self.shape.split(z)[3]
        q, C, mu, phi, _ = self._layers(z, count, T)
        what, theta = parts.fields[self.spins], parts.xi.theta()
        size = float(parts.sizes[self.spins])
        pairs = theta.divided(_last(q), C, T) + np.sum(mu * np.diff(theta.value(q)))
        every = list(m) if self.shape.patterns else [0.0] * len(parts.model.patterns)
        rest = (pairs - size * what.divided(_last(q), C, T)) / 2 - phi
        rest = rest + self._offset(T) + parts.g.theta().value(every)
        strength = np.array([parts.pulls[j].value(every) for j in plan.on[self.spins]] * bool(len(m)))
        return what.value(q) + 0 * q[self.spins], mu, strength + 0j, rest

    def replicon(self, z: Any, count: int, found: Moments) -> float:
        """Of the innermost states; -infinity at T = 0."""
        parts, T = self.parts, float(self.parts.T)
        if T == 0:
            return -np.inf
        q, C, bent = self.inside(z, count)
        bent[self.spins] = found.response_square
        here = Pass(
            parts, [np.float64(0)] * len(parts.model.patterns), dict(enumerate(q)), dict(enumerate(C))
        )
        here.__dict__["_all"] = [q, C]
        for s, square in enumerate(bent):
            here._answers[s] = Answer(SimpleNamespace(response_square=np.float64(square)), parts.T)
        return float(1 - here.rho())

    def _offset(self, T: Any) -> Any:
        """What is added to f; the measures of Gaussian layers at a temperature that may be complex."""
        parts = self.parts
        if not np.imag(T):
            return float(parts.offset)
        sizes = zip(parts.sizes, parts.model.layers, strict=True)
        normalised = sum(float(size) for size, layer in sizes if layer.normalised)
        cold = float(parts.offset) - normalised * float(parts.heat) / 2
        return cold + normalised * T * np.log(2 * np.pi * T) / 2

    def valued(self, z: Any, count: int) -> tuple[float, Array, Moments]:
        """f, its gradient, and the averages."""
        T, size = float(self.parts.T), float(self.parts.sizes[self.spins])
        here = [np.real(one) for one in self.closed(z + 0j, count, T)]
        variance, mu, strength, rest = here
        step = np.diff(variance)
        if not (np.all(np.isfinite(variance)) and variance[0] >= 0 and np.all(step > 0) and np.all(mu > 0)):
            raise _OutsideError
        found = moments(variance, mu, T, strength, self.law)
        gradient = np.empty(len(z))
        for n in range(len(z)):
            moved = z + 0j
            moved[n] += TINY * 1j
            by = [np.imag(one) / TINY for one in self.closed(moved, count, T)]
            gradient[n] = by[3] - size * (
                found.by_variance @ by[0] + found.by_mu @ by[1] + found.by_strength @ by[2]
            )
        return float(rest) - size * found.phi, gradient, found

    def rises(self, z: Any) -> bool:
        """Whether mu grows with q, from above 0 to below 1/T."""
        _, first, last, *_ = self.shape.split(z)
        T = float(self.parts.T)
        q = np.linspace(first, last, FINE + self.shape.cold)[:FINE]
        mu = np.real(self.shape.mu(z, np.sqrt(1 - q + 0j)))
        return bool(mu[0] > -EMPTY and np.all(np.diff(mu) > 0) and mu[-1] * T < 1)

    def entropy(self, z: Any, count: int, found: Moments) -> float:
        """Entropy per N: minus the derivative of f by T where the unknowns stay."""
        T, size = float(self.parts.T), float(self.parts.sizes[self.spins])
        if T == 0:
            return 0.0
        by = [np.imag(one) / TINY for one in self.closed(z + 0j, count, T + TINY * 1j)]
        return float(size * (found.entropy + found.by_variance @ by[0] + found.by_mu @ by[1]) - by[3])


def _last(values: list[Any]) -> list[Any]:
    return [np.asarray(one)[-1] for one in values]


class _OutsideError(Exception):
    """mu or the variances of the fields are not in their domain."""


@dataclass(frozen=True)
class Continuous:
    """A state in which replica symmetry is broken at every overlap between q_0 and q_EA.

    Attributes
    ----------
    theory : Theory
    branch : str
    free_energy, error : float
        f per N, and by how much it may be wrong: what the last extrapolation changed.
    entropy : float
        Per N.
    order : dict of str to float
        The order parameters of the patterns, q_0 and q_EA, x at q_EA (mu at T = 0 is infinite there), and the
        response chi of the whole.
    replicon : float
        Of the states: 0 in the limit of many cells; -infinity at T = 0.
    cells : int
        The largest number of them.
    residual : float
        Of q = E[phi'^2] at the edges of the cells, the largest.
    """

    theory: Theory
    branch: str
    free_energy: float
    error: float
    entropy: float
    order: dict[str, float]
    replicon: float
    cells: int
    residual: float
    problem: Problem
    z: Any

    @property
    def energy(self) -> float:
        """Energy per N."""
        T = float(self.problem.parts.T)
        return self.free_energy + (T * self.entropy if T > 0 else 0.0)

    def __getitem__(self, name: str) -> float:
        return self.order[name]

    def mu(self, q: Any) -> Any:
        """x(q)/T between q_0 and q_EA; 0 below, and 1/T above."""
        q, T = np.asarray(q, dtype=float), float(self.problem.parts.T)
        _, first, last, *_ = self.problem.shape.split(self.z)
        with np.errstate(all="ignore"):
            inside = np.real(self.problem.shape.mu(self.z, np.sqrt(1 - np.clip(q, first, last) + 0j)))
            above = 1 / T if T > 0 else np.inf
        return np.where(q < first, 0.0, np.where(q >= last, above, inside))[()]

    def profile(self, count: int = 201) -> dict[str, Array]:
        """The function: q, mu, x = mu T and the density P(q) = dx/dq, at as many overlaps.

        All of the weight 1 - x(q_EA) of pairs of replicas in the same state sits at q_EA and is not in P(q).
        """
        _, first, last, *_ = self.problem.shape.split(self.z)
        q = first + (last - first) * np.sin(np.linspace(0, np.pi / 2, count))
        if self.problem.shape.cold:
            q = q[:-1]  # there mu is infinite
        q[0], T = first, float(self.problem.parts.T)
        u = np.sqrt(1 - q)
        mu = np.real(self.problem.shape.mu(self.z, u + 0j))
        slope = np.imag(self.problem.shape.mu(self.z, np.sqrt(1 - q - TINY * 1j))) / TINY
        return {"q": q, "mu": mu, "x": T * mu, "P": T * slope}


def parisi(theory: Any, branch: str | None = None, *, cells: tuple[int, ...] = CELLS) -> Continuous:
    """The state with infinitely many steps of replica symmetry breaking.

    Parameters
    ----------
    theory : Theory
        A point of one layer of spins with couplings within it, with or without Gaussian and spherical layers
        beside it: `sherrington-kirkpatrick`, `mixed-p-spin`, `hopfield`, or a model.
    branch : str, optional
        The first one without.
    cells : tuple of int
        On how many f is computed; at least two numbers, each twice the one before.

    Raises
    ------
    ParameterError
        If the theory has other units.
    BranchError
        If replica symmetry is not broken on the branch.
    ConvergenceError
        If it is not broken continuously: mu would fall, or x exceed 1.

    Examples
    --------
    >>> from replica.theories import THEORIES
    >>> state = parisi(THEORIES["sherrington-kirkpatrick"](T=0.5))
    >>> print(f"{state.free_energy:.9f} {state['q_EA']:.4f} {state.entropy:.6f}")
    -0.791177575 0.6382 0.159432
    """
    point = functional_of(type(theory), theory.values)
    kind = type(theory)
    name = kind.branches and (branch or next(iter(kind.branches)))
    theory.branch(name)
    meant = name if name in point.phases.branches else next(iter(point.phases.retrieved), "glass")
    _check(theory, point)
    problem, z = _start(theory, point, meant)
    values: list[float] = []
    slope: Array | None = None
    try:
        problem, z, missed = _smooth(problem, z, cells[0])
        for count in cells:
            z, slope, f, found = _settled(problem, z, count, slope)
            values.append(f)
    except _OutsideError as outside:
        raise ConvergenceError(_refused(theory, name)) from outside
    extrapolated = [(16 * fine - coarse) / 15 for coarse, fine in pairwise(values)]
    f, error = _limit(extrapolated)
    error += missed
    _, first, last, *_ = problem.shape.split(z)
    if not problem.rises(z):
        raise ConvergenceError(_refused(theory, name))
    edges, mu = (np.real(one) for one in problem.shape.cells(z + 0j, cells[-1]))
    T = float(problem.parts.T)
    norms = [float(one) for one in problem.parts.laws[problem.spins].norm] if problem.shape.patterns else []
    order = dict.fromkeys((one.name for one in point.model.patterns), 0.0)
    order |= {
        name: float(value / norm) for name, value, norm in zip(order, found.by_strength, norms, strict=False)
    }
    order |= {"q0": float(first), "q_EA": float(last)}
    order["x"] = float(T * np.real(problem.shape.mu(z, np.sqrt(1 - last + 0j)))) if T > 0 else 0.0
    order["chi"] = float(found.response + mu @ np.diff(edges))
    return Continuous(
        theory,
        name,
        f,
        error,
        problem.entropy(z, cells[-1], found),
        order,
        problem.replicon(z, cells[-1], found),
        cells[-1],
        float(np.max(np.abs(found.square - edges))),
        problem,
        z,
    )


def _smooth(problem: Problem, z: Any, count: int) -> tuple[Problem, Array, float]:
    """The polynomial of the lowest degree that does; and what the last one changed in f."""
    if problem.shape.response:
        for _ in range(3):
            z = np.append(z[:-1], problem.valued(z, count)[2].response)
    z, _, f, *_ = _settled(problem, z, count, None)
    change = np.inf
    for degree in DEGREES[1:]:
        more = degree - problem.shape.degree
        wider = Problem(problem.parts, replace(problem.shape, degree=degree))
        try:
            wide, _, higher, *_ = _settled(
                wider, np.insert(z, [problem.shape.degree + 1] * more, 0.0), count, None
            )
        except _OutsideError:
            break
        if not wider.rises(wide):
            break
        if abs(higher - f) < CLOSE:
            return problem, z, CLOSE
        problem, z, change, f = wider, wide, abs(higher - f), higher
    return problem, z, change


def _refused(theory: Theory, branch: str) -> str:
    return (
        f"{theory.describe()}: no state was found in the {branch} in which replica symmetry is broken at all "
        "overlaps up to q_EA, x growing with q; it may be broken in jumps: take --rsb 1, or 2"
    )


def _limit(extrapolated: list[float]) -> tuple[float, float]:
    if len(extrapolated) < 2:
        return extrapolated[-1], abs(extrapolated[-1]) * 1e-3
    change = extrapolated[-1] - extrapolated[-2]
    return extrapolated[-1] + change / 20, abs(change) / 15 + 1e-14


def _check(theory: Theory, point: FullyConnected) -> None:
    """Refuse what has other units than spins, or spins in several layers."""
    parts, plan = point.parts, point.structure
    others = [t for t in plan.layers if t not in plan.kept]
    fits = len(plan.kept) == 1 and plan.kept[0] in plan.rigid and not plan.silent
    fits = fits and all(type(parts.units[t]) in (Gaussian, Spherical) for t in others)
    if not fits:
        msg = (
            f"{theory.name}: infinitely many steps are there for one layer of spins, alone or with Gaussian "
            "or spherical layers beside it; a number of them, such as --rsb 3, is there for every unit"
        )
        raise ParameterError(msg)


def _start(theory: Theory, point: FullyConnected, branch: str) -> tuple[Problem, Array]:
    """From two steps, or from one."""
    parts = point.parts
    for steps in (3, 2, 1):
        x = next(broken_states(point, branch, steps), None)
        if x is not None:
            break
    else:
        symmetric = symmetric_state(point, branch)
        msg = f"{theory.describe()}: " + (
            f"no replica-symmetric state {branch} is there"
            if symmetric is None
            else f"replica symmetry is not broken in the {branch}, within resolution"
        )
        raise BranchError(msg)
    P, T = len(parts.model.patterns), float(parts.T)
    m, q, C, mu = x[:P], x[P : P + steps + 1], x[P + steps + 1], x[P + steps + 2 :]
    spins = parts.fields[parts.structure.kept[0]]
    field = float(np.asarray(spins.value([0.0] * len(parts.structure.layers))))
    pulled = any(abs(float(parts.pulls[j].value(list(m)))) > EMPTY for j in range(P))
    free = pulled or abs(field) > EMPTY
    odd = not free and not parts.structure.eliminated and all(len(i) % 2 for c, i in spins.terms if c)
    felt = T == 0 and bool(parts.structure.eliminated)
    shape = Shape(DEGREES[0], T == 0, free, odd, P * pulled, felt)
    ends = [] if T == 0 else [float(q[-1])]
    ends += [float(q[0])] if free else []
    tail = [*ends, *m[: shape.patterns], *([0.0] if shape.response else [])]
    first, last = (ends[-1] if free else 0.0), (1.0 if T == 0 else ends[0])
    middle = np.clip((q[1:] + q[:-1]) / 2, first, last)
    u = np.sqrt(1 - middle)
    low, high = np.sqrt(1 - last), np.sqrt(1 - first)
    wanted = mu * u / shape.front(u)
    degree = min(DEGREES[0], len(mu) - 1)
    fitted = np.polynomial.chebyshev.chebfit((2 * u - low - high) / (high - low), wanted, degree)
    coefficients = np.zeros(shape.degree + 1)
    coefficients[: len(fitted)] = fitted
    z = np.array([*coefficients, *tail])
    # the response of the whole is nearly that of few steps
    edges, found = (np.real(one) for one in shape.cells(z + 0j, CELLS[0]))
    inside = 0.0 if T == 0 else float(C)
    z[: len(coefficients)] *= (float(C) + mu @ np.diff(q) - inside) / (found @ np.diff(edges))
    return Problem(parts, shape), z


def _settled(
    problem: Problem, z: Any, count: int, slope: Array | None
) -> tuple[Array, Array, float, Moments]:
    """The stationary point by Newton's method; second derivatives are differences, kept where they serve."""
    f, gradient, found = problem.valued(z, count)
    for _ in range(60):
        fresh = slope is None
        if slope is None:
            slope = _second(problem, z, count, gradient)
        change = -_solved(slope, gradient)
        if abs(gradient @ change) / 2 < FLAT:
            return z, slope, f, found
        size, fraction, after = np.linalg.norm(change), 1.0, None
        while fraction > SHORTEST:
            try:
                after = problem.valued(z + fraction * change, count)
            except _OutsideError:
                fraction /= 2
                continue
            rest = np.linalg.norm(_solved(slope, after[1])) / size
            if rest < 1 - fraction / 4:
                break
            after = None
            fraction /= 2
        if after is None:
            if fresh:
                break
            slope = None
            continue
        z = z + fraction * change
        f, gradient, found = after
        if rest > SLOW:
            slope = None
    raise _OutsideError


def _second(problem: Problem, z: Any, count: int, gradient: Array) -> Array:
    rows = np.empty((len(z), len(z)))
    for n in range(len(z)):
        moved = z.copy()
        moved[n] += STEP
        rows[n] = (problem.valued(moved, count)[1] - gradient) / STEP
    return (rows + rows.T) / 2


def _solved(matrix: Array, right: Array) -> Any:
    return np.linalg.lstsq(matrix, right, rcond=1e-10)[0]
