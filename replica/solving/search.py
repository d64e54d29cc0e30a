"""Solve for a named branch, or from several starts, and say which branch it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import BranchError, ConvergenceError, ParameterError, UnknownNameError
from replica.solving.continuation import trace
from replica.solving.derivatives import determinant, jacobian
from replica.solving.grids import is_grid, solve_on_grid
from replica.solving.solution import Solution, Status
from replica.solving.solvers import Newton, Solver, on_branch
from replica.theory import Fold, Theory
from replica.theory.base import required
from replica.typing import Number, Numbers

__all__ = ["Found", "guarded", "label", "orientation", "search", "solve"]


def solve(
    theory: Theory,
    branch: str | None = None,
    *,
    start: ArrayLike | Mapping[str, float] | None = None,
    solver: Solver | None = None,
    throw: bool | None = None,
    errors: list[Exception] | None = None,
) -> Solution:
    """Solve the saddle-point equations on a named branch, or from a start of one's own.

    Parameters
    ----------
    theory : Theory
        One point, or a batch: any control parameter may be an array.
    branch : str, optional
        Name of the branch; the theory's first one by default.
    start : array or mapping, optional
        Order parameters to start from, shape ``(n_order, *batch)``, or named values. Then the solver's
        answer is returned as it is, whatever branch it fell on.
    solver : Solver, optional
        `Newton` by default. With `start` or `solver` given, no continuation is tried.
    throw : bool, optional
        Whether to raise when a point fails; by default only a single point raises.
    errors : list, optional
        Takes what the formulas raised at points of the status `Status.FAILED`.

    Returns
    -------
    Solution

    Raises
    ------
    ConvergenceError, BranchError
        Carrying the solution as it stood, and where the branch ends if it does.

    Examples
    --------
    >>> import numpy as np
    >>> from replica.theories import Hopfield
    >>> batch = solve(Hopfield(alpha=np.array([0.05, 0.1, 0.2]), T=0.0), "retrieval")
    >>> print(batch["m"].round(6), batch.success)
    [0.999992 0.997999      nan] [ True  True False]
    """
    required(theory)
    theory.check_double()
    single = not theory.batch
    throw = single if throw is None else throw
    errors = [] if errors is None else errors
    if start is not None:
        start = start.x if isinstance(start, Solution) else start
        x0 = theory.state(**start) if isinstance(start, Mapping) else np.asarray(start, dtype=float)
        if np.shape(x0)[:1] != (len(theory.order),):
            msg = (
                f"{theory.name}: a start is {len(theory.order)} order parameters, "
                f"{', '.join(theory.order)}, not an array of shape {np.shape(x0)}"
            )
            raise ParameterError(msg)
        given = np.broadcast_to(x0, (len(x0), *np.broadcast_shapes(x0.shape[1:], theory.batch)))
        solution = guarded(
            theory,
            lambda part, points: (solver or Newton()).run(part, given[points]),
            errors,
            given.shape[1:],
        )
        _raise_failed(theory, solution, errors, throw)
        return solution.require() if throw else solution
    name = branch or theory.default
    theory.branch(name)
    solution = guarded(theory, lambda part, _: _from_start(part, name, solver), errors)
    _raise_failed(theory, solution, errors, throw)
    if throw and single and solution.outcome is Status.FAILED:
        return solution.require()
    if solver is None and theory.limit is not None and single and not solution.success:
        before, end = solution, None

        def follow(*_: Any) -> Solution:
            nonlocal end
            followed, end = _from_limit(theory, name, before)
            return followed

        solution = guarded(theory, follow, errors)
        _raise_failed(theory, solution, errors, throw)
        if throw and not solution.success:
            raise BranchError(_no_branch(theory, name, end), solution, end)
    if not throw:
        return solution
    elsewhere = single and solution.outcome in (Status.OTHER_BRANCH, Status.UNSTABLE, Status.ABSENT)
    if single and solver is None and not solution.success and (elsewhere or theory.hint(name)):
        raise BranchError(_no_branch(theory, name, None), solution)
    if elsewhere:
        msg = f"{theory.describe()}: asked for {name}, the solver {solution.outcome.value}; try another start"
        raise BranchError(msg, solution)
    return solution.require()


def _finite(solution: Solution) -> Solution:
    """A state whose order parameters or free energy overflow is none."""
    if not np.any(solution.success):
        return solution
    with np.errstate(all="ignore"):
        try:
            energy = solution.theory.free_energy(solution.x)
        except Exception:  # it is told where the free energy is read
            return solution
        known = ~np.isnan(energy) & np.all(np.isfinite(solution.x), axis=0)  # f may be -inf: no state is left
    lost = solution.success & ~known
    if not np.any(lost):
        return solution
    status = np.where(lost, Status.FAILED.code, solution.status).astype(np.int8)
    return replace(solution, x=np.where(lost, np.nan, solution.x), status=status[()])


def _raise_failed(theory: Theory, solution: Solution, errors: list[Exception], throw: bool) -> None:
    """Raise, if asked to, what became the status of a point."""
    if errors and throw:
        msg = f"{theory.describe()}: {Status.FAILED.value} ({type(errors[0]).__name__}: {errors[0]})"
        raise ConvergenceError(msg, solution) from errors[0]


def guarded(
    theory: Theory,
    run: Callable[[Theory, Any], Solution],
    errors: list[Exception],
    shape: tuple[int, ...] | None = None,
) -> Solution:
    """Solve by ``run(theory, points)``; an exception becomes the status of its point, and of no other.

    So does a state whose order parameters or free energy overflow.

    A batch in which something is raised is halved until the point is alone; `points` indexes arrays of shape
    ``(n_order, *batch)``. What is wrong with the question itself, a `ParameterError` or an unknown name, is
    raised.

    Parameters
    ----------
    theory : Theory
    run : callable
    errors : list
        Takes what was raised.
    shape : tuple of int, optional
        Shape of the batch, if it is larger than that of the theory.
    """
    shape = theory.batch if shape is None else shape
    try:
        return _finite(run(theory, ...))
    except (ParameterError, UnknownNameError):
        raise
    except Exception as error:  # whatever a formula raises must not take other points along
        if not shape:
            errors.append(error)
            return _failed(theory, 0)
    parts = []

    def halve(points: Any) -> None:
        part = theory.take(points, shape)
        try:
            parts.append(_finite(run(part, (slice(None), *np.unravel_index(points, shape)))))
        except (ParameterError, UnknownNameError):
            raise
        except Exception as error:
            if points.size == 1:
                errors.append(error)
                parts.append(_failed(part, 1))
                return
            for half in np.array_split(points, 2):
                halve(half)

    for half in np.array_split(np.arange(int(np.prod(shape))), 2):
        if half.size:
            halve(half)
    residual, status, iterations = (
        np.concatenate([np.reshape(getattr(part, name), -1) for part in parts]).reshape(shape)
        for name in ("residual", "status", "iterations")
    )
    x = np.concatenate([np.reshape(part.x, (len(part.x), -1)) for part in parts], axis=1)
    return Solution(theory, x.reshape(len(x), *shape), residual, status, iterations, parts[0].branch)


def _failed(theory: Theory, dimensions: int) -> Solution:
    shape = (1,) * dimensions
    return Solution(
        theory,
        np.full((len(theory.order), *shape), np.nan),
        np.full(shape, np.nan)[()],
        np.full(shape, Status.FAILED.code, dtype=np.int8)[()],
        np.zeros(shape, dtype=int)[()],
    )


def orientation(theory: Theory, x: Numbers) -> Number:
    """Sign of det(1 - d update/dx): +1 on the side of a fold where iteration can be stable."""
    n = len(x)
    with np.errstate(all="ignore"):
        return np.sign(determinant(np.eye(n).reshape(n, n, *(1,) * (np.ndim(x) - 1)) - jacobian(theory, x)))


def _from_start(theory: Theory, branch: str, solver: Solver | None) -> Solution:
    """Newton from the starts of the branch; on a large grid at some points only, and from these to others."""
    if solver is None and theory.batch and is_grid(theory, branch):
        return solve_on_grid(theory, branch, lambda part: _at_once(part, branch, None))
    return _at_once(theory, branch, solver)


def _at_once(theory: Theory, branch: str, solver: Solver | None) -> Solution:
    """Newton from the starts of the branch: the first one that leads there, or the one of highest rank."""
    with np.errstate(all="ignore"):  # a start that overflows is none, and its residual says so
        start = theory.start(branch)
    first = Newton().run(theory, start, branch=branch) if solver is None else solver.run(theory, start)
    solution = _others(label(first, branch), branch, solver or Newton())
    if solver is not None:
        return solution
    if theory.branch(branch).explicit:
        solution = _as_known(theory, start, branch, solution)
    if not theory.batch and not solution.success:
        for warmup in (30, 300):  # one point: a longer warm-up is cheap, and next to a fold it helps
            longer = Newton(warmup=warmup, max_iterations=60 + warmup)
            solution = label(longer.run(theory, start, branch=branch), branch)
            if solution.success:
                break
    return _or_absent(theory, start, branch, solution)


def _others(known: Solution, branch: str, solver: Solver) -> Solution:
    """With what other starts lead to, where nothing was found yet, or where the theory ranks it higher."""
    theory, shape = known.theory, known.x.shape[1:]
    n, ranked = len(known.x), theory.rank(branch, known.x) is not None
    points = np.arange(known.success.size) if ranked else np.flatnonzero(~np.ravel(known.success))
    if not points.size:
        return known
    part = theory.take(points, shape) if shape else theory
    x, residual, status, iterations = (
        np.array(known.x.reshape(n, -1)),
        *(np.array(np.ravel(v)) for v in (known.residual, known.status, known.iterations)),
    )
    with np.errstate(all="ignore"):
        for start in part.other_starts(branch):
            new = label(solver.run(part, start), branch)
            good, before = np.atleast_1d(new.success), status[points] == Status.CONVERGED.code
            if ranked:
                here = x[:, points].reshape(new.x.shape)
                ranks: Any = part.rank(branch, new.x), part.rank(branch, here)
                higher = np.atleast_1d(ranks[0]) > np.atleast_1d(ranks[1])
                good = good & (higher | ~before)
            else:
                good = good & ~before
            won = points[good]
            x[:, won] = new.x.reshape(n, -1)[:, good]
            for all_, some in ((residual, new.residual), (status, new.status), (iterations, new.iterations)):
                all_[won] = np.atleast_1d(some)[good]
            if not ranked and np.all(status[points] == Status.CONVERGED.code):
                break
    residual, status, iterations = (v.reshape(shape)[()] for v in (residual, status, iterations))
    return Solution(theory, x.reshape(known.x.shape), residual, status, iterations, branch)


def _or_absent(theory: Theory, start: Any, branch: str, solution: Solution) -> Solution:
    """Tell a branch that is not there from a solver that fails: the theory gives no start, or a false one.

    The start of an explicit branch is the state itself; where it is outside the domain, or solves nothing,
    there is no such state.
    """
    if np.all(solution.success):
        return solution
    start = np.broadcast_to(start, solution.x.shape)
    with np.errstate(all="ignore"):
        absent = np.any(np.isnan(start), axis=0)
        if theory.branch(branch).explicit:
            off = np.max(np.abs(theory.residual(start)), axis=0)
            absent |= ~(off <= 1e-6 * (1 + np.max(np.abs(start), axis=0))) | ~theory.belongs(branch, start)
    status = np.where(~solution.success & absent, Status.ABSENT.code, solution.status).astype(np.int8)
    return replace(solution, status=status[()])


def _as_known(theory: Theory, start: Any, branch: str, solution: Solution) -> Solution:
    """Keep an exact start where Newton's method has no step: on a critical point its matrix is singular."""
    start = np.broadcast_to(start, solution.x.shape)
    with np.errstate(all="ignore"):
        size = np.max(np.abs(theory.residual(start)), axis=0)
        solved = size <= Newton().tol * (1 + np.max(np.abs(start), axis=0))
    known = np.asarray((solution.status == Status.UNPHYSICAL.code) & solved & theory.belongs(branch, start))
    return Solution(
        theory,
        np.where(known, start, solution.x),
        np.where(known, size, solution.residual)[()],
        np.where(known, Status.CONVERGED.code, solution.status)[()],
        solution.iterations,
        branch,
    )


def label(solution: Solution, branch: str) -> Solution:
    """Mark converged points that are not on the named branch; their order parameters become NaN."""
    theory, x = solution.theory, solution.x
    status = np.array(solution.status)
    with np.errstate(all="ignore"):
        x, here = on_branch(theory, branch, x)
    if not status.ndim:
        return _label_one(solution, branch, x, bool(here))
    ok = status == 0
    status[ok & ~here] = Status.OTHER_BRANCH.code
    on = np.flatnonzero(np.ravel(ok & here))
    if branch in theory.folding and on.size:
        wrong = orientation(theory.take(on), x.reshape(len(x), -1)[:, on]) < 0
        np.reshape(status, -1)[on[wrong]] = Status.UNSTABLE.code
    values = np.where(status == 0, x, np.nan)
    return Solution(theory, values, solution.residual, status[()], solution.iterations, branch)


def _label_one(solution: Solution, branch: str, x: Any, here: bool) -> Solution:
    theory, status = solution.theory, solution.outcome
    if status is Status.CONVERGED and not here:
        status = Status.OTHER_BRANCH
    elif status is Status.CONVERGED and branch in theory.folding and orientation(theory, x) < 0:
        status = Status.UNSTABLE
    values = x if status is Status.CONVERGED else np.full(len(x), np.nan)
    return Solution(theory, values, solution.residual, np.int8(status.code), solution.iterations, branch)


def _from_limit(theory: Theory, branch: str, failed: Solution) -> tuple[Solution, Any]:
    """Follow the branch from the limit in which it is known up to the wanted point."""
    limit = theory.limit
    if limit is None or theory.branch(branch).explicit:
        return failed, None
    wanted = float(getattr(theory, limit.parameter))
    origin = theory.at(**{limit.parameter: limit.value})
    first = label(Newton().run(origin, origin.start(branch)), branch)
    if not first.success:
        return failed, None
    curve = trace(origin, limit.parameter, wanted, start=first.x)
    if curve.reached:
        last = Newton(warmup=0).run(theory, curve.x[:, -1])
        return label(last, branch), None
    return failed, curve


def _no_branch(theory: Theory, branch: str, curve: Any) -> str:
    text = f"no {branch} solution at {theory.where}"
    fold = curve.first_fold() if curve is not None else None
    if fold is not None and theory.limit is not None:
        name = theory.limit.parameter
        critical = theory.critical
        ends = critical is not None and theory.lines[critical.boundary] == Fold(branch)
        symbol = critical.symbol if critical and ends and critical.parameter == name else name
        return f"{text}: it ends at {symbol}={fold:.6g}"
    others = [name for name in theory.available if name != branch]
    existing = [name for name in others if np.all(_finite(_from_start(theory, name, None)).success)]
    found = f"what exists here: {', '.join(existing)}" if existing else "no named branch was found here"
    hint = theory.hint(branch)
    return f"{text}; {found}; {hint}" if hint else f"{text}; {found}"


class Found(list[Solution]):
    """What `search` found, lowest free energy first, and in `missing` what it did not find, name by name."""

    missing: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.missing = {}

    def take(self, state: Solution) -> None:
        """Add the state of a branch, or say why not: there is none, or it is one that is there already."""
        same = [one.branch for one in self if np.allclose(state.x, one.x, rtol=1e-7, atol=1e-8)]
        if state.success and not same:
            self.append(state)
        else:
            why = f"the same state as {same[0]}" if state.success else state.outcome.value
            self.missing[str(state.branch)] = why

    def by_energy(self) -> Self:
        """The same, lowest free energy first."""
        self.sort(key=lambda state: float(state.free_energy))
        return self


def search(theory: Theory, starts: Mapping[str, Any] | None = None, *, solver: Solver | None = None) -> Found:
    """Solve from several named starts and return every distinct solution, lowest free energy first.

    Nothing is picked silently: the list holds all that was found, each with the name of the start that found
    it, and its attribute `missing` says of every other name why it is not there. Only what is named is looked
    for: there may be further solutions, such as those between the quiet state and the glass of a random RBM.
    Do not read the first entry as "the" state: in overlap directions the physical saddle is a maximum.

    Parameters
    ----------
    theory : Theory
        One point.
    starts : mapping of str to array, optional
        Named starts; by default every named branch of the theory.
    solver : Solver, optional

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> for found in search(Hopfield(alpha=0.05, T=0.2)):
    ...     print(f"{found.branch:10s} m = {found['m']:.6f}  f = {found.free_energy:.9f}")
    retrieval  m = 0.998878  f = -0.500111165
    glass      m = 0.000000  f = -0.498895746
    """
    required(theory)
    theory.check_single()
    found = Found()
    names = list(theory.available) if starts is None else list(starts)
    for name in names:
        if starts is None:
            solution = solve(theory, name, solver=solver, throw=False)
        else:
            raw = (solver or Newton()).run(theory, np.asarray(starts[name], dtype=float))
            solution = Solution(theory, raw.x, raw.residual, raw.status, raw.iterations, name)
        found.take(solution)
    return found.by_energy()
