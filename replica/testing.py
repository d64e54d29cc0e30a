"""What every theory promises, checked: `check_theory` for a theory of one's own, and for the package's.

A theory owes its users a few properties that no formula shows: that the free energy is stationary where the
equations hold, that a batch is a loop, that more digits can be asked for, that a wrong parameter is refused.
`check_theory` tries them all and reports every one that fails, with what was computed, what was expected, and
where to look. `theory_checks` gives them one by one; the package's own tests run these over `THEORIES`.

Nothing optional is asked. What a theory does not define (`jacobian`, `entropy`, `slope`, a symmetry, a
temperature) is not checked, and the report says so.

Derivatives are compared with extrapolated central differences (`richardson`), which estimate their own error;
the tolerance is ten times that estimate, and the estimate has to be small for the check to mean anything.
"""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.solving.derivatives import STEP, jacobian, jacobian_error, jacobian_errors
from replica.solving.search import solve
from replica.solving.solvers import Newton
from replica.solving.systems import phases
from replica.theory import Theory, Zero
from replica.units import Unit

__all__ = [
    "Check",
    "CheckError",
    "Failure",
    "Report",
    "check_theory",
    "explicit_slope",
    "richardson",
    "shifted",
    "theory_checks",
    "varied",
    "with_one",
]

ACCURACY = 4e-15
"""Error of the formulas in float64, in units of their natural size of 1: a few roundings."""

MEASURES = ("free_energy", "entropy", "energy", "replicon", "physical")

SHAPES: tuple[tuple[int, ...], ...] = ((1,), (3,), (2, 1, 3), (0,), (0, 2))
"""Of the batches that are tried; an empty one is a batch, too."""

NONSENSE: tuple[Any, ...] = (np.nan, np.inf, -np.inf, "0.1", "abc", [0.1, np.nan], 1j, object())
"""What no control parameter may be."""

MISSING = "no solution at these parameters"

UNSETTLED = "free_energy is not stationary"

DOUBLE_ONLY = "double precision only"
"""What the message of a formula says that has no more digits than those of float64."""


# -- what is reported -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """One check that failed.

    Attributes
    ----------
    check, branch : str
        Which check, on which branch; the branch is empty where the check is about none.
    computed, expected, look : str
        What was found, what should have been found, and where to look.
    """

    check: str
    branch: str
    computed: str
    expected: str
    look: str

    def __str__(self) -> str:
        where = f"{self.check} ({self.branch})" if self.branch else self.check
        return f"{where}: {self.computed}\n    expected: {self.expected}\n    look at:  {self.look}"


class CheckError(AssertionError):
    """A theory does not keep what every theory promises; the message lists every failed check.

    Attributes
    ----------
    failures : tuple of Failure
    """

    def __init__(self, theory: str, failures: tuple[Failure, ...], tried: int = 1) -> None:
        self.theory, self.failures, self.tried = theory, failures, tried
        verb = "fails" if len(failures) == 1 else "fail"
        head = f"{theory}: {len(failures)} of {tried} checks {verb}" if tried > 1 else theory
        super().__init__("\n  ".join([head, *(str(one).replace("\n", "\n  ") for one in failures)]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.theory, self.failures, self.tried)


@dataclass(frozen=True)
class Report:
    """A theory that passed.

    Attributes
    ----------
    theory : str
    passed : tuple of str
        The checks, with the branch where there is one.
    notes : tuple of (str, str)
        Checks that had nothing to ask, or less than all, and why.
    """

    theory: str
    passed: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines = [f"{self.theory}: {len(self.passed)} checks passed"]
        return "\n".join([*lines, *(f"  {name}: {why}" for name, why in self.notes)])


class _Wrong(Exception):
    """Inside a check: it failed; what was computed, and what was expected."""

    def __init__(self, computed: str, expected: str) -> None:
        super().__init__(computed)
        self.computed, self.expected = computed, expected


def _ask(good: Any, computed: str, expected: str) -> None:
    if not good:
        raise _Wrong(computed, expected)


# -- derivatives ----------------------------------------------------------------------------------------


def richardson(
    f: Callable[[Any], Any], size: float, *, side: int = 0, rounding: float = 1e-15, noise: float = 0.0
) -> tuple[Any, Any]:
    """Derivative at 0 of a function of offsets, by extrapolated differences, and an estimate of its error.

    Differences of steps size/2^i, extrapolated; of all entries of the table the one that differs least from
    its neighbours, with the rounding of f added to its error.

    Parameters
    ----------
    f : callable
        Maps offsets, shape (k,), to values, shape (..., k).
    size : float
        The longest step.
    side : {0, 1, -1}
        Central differences, or one-sided ones: above or below 0 only.
    rounding, noise : float
        Error of the values, relative and absolute; the larger one counts.

    Returns
    -------
    value, error : arrays, shape (...)

    Examples
    --------
    >>> value, error = richardson(np.exp, 0.02)
    >>> print(f"{value:.12f} {bool(error < 1e-12)}")
    1.000000000000 True
    """
    step = size * 0.5 ** np.arange(10)
    ahead, behind = (step, -step) if side == 0 else (side * step, 0 * step)
    values = np.asarray(f(np.concatenate([ahead, behind])), dtype=float)
    column = (values[..., :10] - values[..., 10:]) / (ahead - behind)
    jitter = np.maximum(rounding * np.max(np.abs(values), axis=-1, keepdims=True), noise) / step
    best, error = column[..., -1], np.full(column.shape[:-1], np.inf)
    for order in range(1, 6):
        ratio = 4**order if side == 0 else 2**order
        finer = column[..., 1:] + (column[..., 1:] - column[..., :-1]) / (ratio - 1)
        gap = (
            np.maximum(np.abs(finer - column[..., 1:]), np.abs(finer - column[..., :-1]))
            + jitter[..., order:]
        )
        pick = np.argmin(gap, axis=-1)[..., None]
        least = np.take_along_axis(gap, pick, -1)[..., 0]
        best = np.where(least < error, np.take_along_axis(finer, pick, -1)[..., 0], best)
        error, column = np.minimum(least, error), finer
    return best, error


def _sharpest(
    f: Callable[[Any], Any], sizes: Collection[float], least: float, **settings: Any
) -> tuple[Any, Any]:
    """`richardson` with the first of some sizes that sees anything: an error below `least`."""
    value, error = np.nan, np.inf
    with np.errstate(all="ignore"):
        for size in sizes:
            value, error = richardson(f, size, **settings)
            if np.all(error < least):
                break
    return value, error


def _jitter(theory: Theory, x: Any) -> float:
    """Rounding of the free energy, as it shows between neighbouring numbers next to a stationary point.

    Its size says less where large terms cancel.
    """
    with np.errstate(all="ignore"):
        values = theory.free_energy(x[:, None] * (1 + 4e-16 * np.arange(-4, 5)))
    return float(np.nan_to_num(np.ptp(values)))


def shifted(x: Any, index: int, offsets: Any) -> Any:
    """Copies of order parameters with one of them moved, shape (n_order, k)."""
    moved = np.repeat(np.asarray(x)[:, None], len(offsets), axis=1)
    moved[index] += offsets
    return moved


def explicit_slope(
    theory: Theory, name: str, x: Any, *, side: int = 0, rounding: float = 1e-15
) -> tuple[Any, Any]:
    """Derivative of the free energy by a control parameter at fixed x, and an estimate of its error.

    By extrapolated differences inside the domain: one-sided at a bound, or if `side` says so.
    """
    value = float(getattr(theory, name))
    size = 0.05 * max(abs(value), 0.1)
    below, above = _room(theory, name)
    side = 1 if below == 0 else -1 if above == 0 else side
    size = min(size, 0.5 * (above if side == 1 else below if side == -1 else min(below, above)))

    def f(offsets: Any) -> Any:
        return theory.at(**{name: value + offsets}).free_energy(x[:, None])

    noise = _jitter(theory, x)
    return _sharpest(f, (size, size / 10), 1e-9, side=side, rounding=rounding, noise=noise)


def _room(theory: Theory, name: str) -> tuple[float, float]:
    """Distances of a parameter to the lower and upper end of its domain."""
    about, value = theory.parameters()[name], float(getattr(theory, name))
    return value - about.lower, about.upper - value


# -- theories -------------------------------------------------------------------------------------------


def varied(theory: Theory, fixed: Collection[str] = ()) -> list[str]:
    """Control parameters that take the values between: given, not counted, and not among the `fixed`."""
    known = theory.parameters()
    return [
        name
        for name, value in theory.values.items()
        if value is not None and name not in fixed and known[name].continuous
    ]


def with_one(theory: Theory, name: str, value: Any) -> Theory:
    """The theory made anew, by its class, with another value of one control parameter."""
    given = {n: v for n, v in theory.values.items() if v is not None}
    return type(theory)(**(given | {name: value}))


def _as_binary(theory: Theory) -> Theory:
    """The theory in mpmath arithmetic at exactly the same binary numbers (`exact` means the decimal ones)."""
    import mpmath

    def binary(value: Any) -> Any:
        return value if value is None or isinstance(value, int) else mpmath.mpf(float(value))

    changes = {
        name: value._changed(binary) if isinstance(value, Unit) else binary(value)
        for name, value in theory.numbers.items()
    }
    return theory.at(**changes)


def _mp(x: Any) -> Any:
    import mpmath

    return np.array([mpmath.mpf(float(v)) for v in x], dtype=object)


def _differenced(theory: Theory, x: Any) -> bool:
    return theory.jacobian(x) is None


# -- one branch of a theory -----------------------------------------------------------------------------


class _Subject:
    """A theory on a branch: the solution is found once, and shared by the checks."""

    def __init__(
        self, theory: Theory, branch: str, required: bool, fixed: Collection[str], accuracy: float
    ) -> None:
        self.theory, self.branch, self.required, self.fixed = theory, branch, required, fixed
        self.loose = accuracy / ACCURACY
        self.rounding = 1e-15 * self.loose

    @cached_property
    def solution(self) -> Any:
        """The answer of the solver, converged or not."""
        return solve(self.theory, self.branch, throw=False)

    @property
    def found(self) -> bool:
        return bool(self.solution.success)

    @property
    def explicit(self) -> bool:
        return self.theory.branch(self.branch).explicit

    @cached_property
    def x(self) -> Any:
        """Order parameters; read-only, for the checks share them."""
        x = np.array(self.solution.x, dtype=float)
        x.flags.writeable = False
        return x

    @cached_property
    def tuned(self) -> Theory:
        """The theory whose free energy is stationary at the solution."""
        return self.theory.tuned(self.x)

    def roughness(self, theory: Theory, x: Any) -> Any:
        """Error of a differenced Jacobian, with that of the formulas over the step in it."""
        return jacobian_error(theory, x) + (self.loose - 1) * ACCURACY / STEP

    @cached_property
    def noise(self) -> float:
        """Rounding of the free energy at the solution."""
        return _jitter(self.tuned, self.x)

    @cached_property
    def varied(self) -> list[str]:
        return varied(self.theory, self.fixed)

    @property
    def point(self) -> str:
        """The solution in words."""
        return ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.theory.order, self.x, strict=True))


def _solution(on: _Subject) -> str:
    state = on.solution
    if not on.found:
        if not on.required:
            return f"{MISSING} ({state.outcome.value})"
        _ask(
            False,
            f"no solution: {state.outcome.value}",
            "a solution on this branch, at these parameters",
        )
    x, size = on.x, max(1.0, float(np.max(np.abs(on.x))))
    # Newton ends when its last step is at rounding: a few units in the last place of x, C ~ 1/T included
    gap = np.abs(on.theory.update(x) - x)
    _ask(
        np.all(gap <= 4e-15 * size * on.loose),
        f"|update(x) - x| = {np.max(gap):.2g} at the solution {on.point}",
        f"at most {4e-15 * size * on.loose:.2g}, the rounding of a few operations",
    )
    _ask(on.theory.physical(x), f"physical(x) is False at {on.point}", "True at every solution")
    _ask(
        on.theory.belongs(on.branch, x),
        f"belongs is False at {on.point}",
        "True at the branch's own solution",
    )
    if on.explicit:
        start = np.asarray(on.theory.start(on.branch), dtype=float)
        _ask(
            np.all(np.abs(start - x) <= 1e-12 * size * on.loose),
            f"start = {start}, while the solution is {x}",
            "the start of an explicit branch is its solution",
        )
    return ""


def _seen(on: _Subject, derivative: Callable[[int], tuple[Any, Any]], least: float) -> list[tuple[Any, Any]]:
    """Derivatives with their errors: the central one, or the one-sided ones at an edge of the domain.

    An explicit branch may lie at an edge, as at q = 0; what holds there holds from inside, on one side.
    """
    central = derivative(0)
    if central[1] < least or not on.explicit:
        return [central]
    return [one for one in (derivative(1), derivative(-1)) if one[1] < least] or [central]


def _agree(
    seen: list[tuple[Any, Any]], value: Any, floor: float = 0.0, error: float = 0.0
) -> tuple[bool, Any, Any]:
    """Whether one of the derivatives is `value`, the one that is nearest, and its tolerance."""
    near, off = min(seen, key=lambda one: abs(one[0] - value) if np.isfinite(one[0]) else np.inf)
    allowed = 10 * (off + error) + floor
    return bool(abs(near - value) <= allowed), near, allowed


def _partial(on: _Subject, x: Any, i: int, size: float, side: int = 0) -> tuple[Any, Any]:
    """Derivative of the free energy by an order parameter, and its error."""
    return _sharpest(
        lambda h: on.tuned.free_energy(shifted(x, i, h)),
        (size, size / 10, size / 100),
        1e-10 * on.loose,
        side=side,
        rounding=on.rounding,
        noise=on.noise,
    )


def _explicit(on: _Subject, name: str) -> list[tuple[Any, Any]]:
    """Derivative of the free energy by a control parameter at fixed x."""
    return _seen(
        on,
        lambda side: explicit_slope(on.tuned, name, on.x, side=side, rounding=on.rounding),
        1e-9 * on.loose,
    )


def _stationary(on: _Subject) -> str:
    for i, name in enumerate(on.theory.order):
        seen = _seen(on, partial(_partial, on, on.x, i, 0.02), 1e-10 * on.loose)
        good, slope, allowed = _agree(seen, 0.0)
        _ask(
            all(error < 1e-10 * on.loose for _, error in seen),
            f"df/d{name} = {slope:.6g} with an error of {allowed / 10:.2g}, at {on.point}",
            "a smooth free energy: differences of it that agree to 1e-10",
        )
        _ask(
            good,
            f"df/d{name} = {slope:.6g} at {on.point}",
            f"0, to {allowed:.2g}: free_energy is stationary where update(x) == x",
        )
    return ""


def _is_stationary(on: _Subject) -> bool:
    """Whether that check has passed: what rests on it has nothing to say else."""
    try:
        _stationary(on)
    except _Wrong:
        return False
    return True


def _sensitive(on: _Subject) -> str:
    for step in (-1e-3, 1e-3):
        x = on.x + step
        with np.errstate(all="ignore"):
            moved = np.max(np.abs(on.theory.update(x) - x))
            gradient = max(abs(_partial(on, x, i, 0.01)[0]) for i in range(len(x)))
        if np.isfinite(moved) and np.isfinite(gradient):
            break
    _ask(
        gradient > 1e-3 * moved,
        f"largest df/dx = {gradient:.2g} beside the solution, where update(x) - x = {moved:.2g}",
        "a free energy that is stationary at the solution and nowhere near",
    )
    return ""


def _converse(on: _Subject) -> str:
    """Where the free energy is stationary next to the start, the equation holds.

    A wrong sign may leave one solution, m = 0, at which symmetry makes any free energy stationary.
    """
    if len(on.x) > 1:
        return "with several unknowns a free energy may be stationary elsewhere, too"
    from scipy.optimize import root

    theory, h = on.tuned, 1e-3 * np.array([[-2.0, -1.0, 1.0, 2.0]])

    def slope(x: Any) -> Any:
        values = theory.free_energy(x[:, None] + h)
        return np.nan_to_num(values @ np.array([1.0, -8.0, 8.0, -1.0]) / 12e-3, nan=1e3)

    with np.errstate(all="ignore"):
        x = root(slope, np.asarray(theory.start(on.branch), dtype=float), tol=1e-10).x
        curvature = (slope(x + 1e-3) - slope(x - 1e-3)) / 2e-3
        if not (abs(slope(x)) < 1e-7 and abs(curvature) > 1e-3 and theory.physical(x)):
            return "no stationary point of free_energy is met from the start"
        gap = float(np.max(np.abs(theory.update(x) - x)))
    _ask(
        gap <= 1e-3 * max(1.0, float(np.max(np.abs(x)))),
        f"|update(x) - x| = {gap:.6g} at {on.theory.order[0]} = {x[0]:.6g}, where free_energy is stationary",
        "0: the equation holds wherever the free energy is stationary",
    )
    return ""


def _column(on: _Subject, x: Any, i: int, sizes: Collection[float], least: float) -> tuple[Any, Any]:
    """Derivatives of the update by one order parameter, and their errors."""
    return _sharpest(lambda h: on.theory.update(shifted(x, i, h)), sizes, least, rounding=on.rounding)


def _jacobian(on: _Subject) -> str:
    theory, x = on.theory, on.x
    if not on.found:  # a wrong Jacobian may be the reason
        x = np.asarray(theory.start(on.branch), dtype=float)
        if _differenced(theory, x) or not on.required:
            return MISSING
    smooth = [np.all(_column(on, x, i, (1e-3,), 1e-8)[1] < 1e-8) for i in range(len(x))]
    edge = on.explicit and not all(smooth)
    wrong: list[_Wrong] = []
    tried = 0
    for step in (1e-3, -1e-3):  # anywhere will do, if the formulas are smooth there
        try:
            tried += _jacobian_at(on, x + step)
        except _Wrong as error:
            wrong.append(error)
    if wrong and (len(wrong) == 2 or tried == 0 or not edge):
        raise wrong[0]
    _ask(tried, "differences of update agree nowhere beside the solution", "a smooth update")
    if _differenced(theory, x):
        return f"none of its own; the differenced one is good to {jacobian_error(theory, x):.0e} here"
    return ""


def _jacobian_at(on: _Subject, x: Any) -> bool:
    """Whether there is a derivative to compare with."""
    theory = on.theory
    matrix = jacobian(theory, x)
    _ask(
        np.shape(matrix) == (len(x), len(x)),
        f"jacobian(x) has the shape {np.shape(matrix)}",
        f"{(len(x), len(x))}",
    )
    if not np.all(np.isfinite(theory.update(x))):
        return False
    scale = np.maximum(1, np.max(np.abs(matrix)))
    both = theory.linearised(x)
    if both is not None:
        off = max(np.max(np.abs(both[0] - theory.mismatch(x))), np.max(np.abs(both[1] - matrix)))
        _ask(off <= 1e-13 * scale, f"linearised differs by {off:.2g} from mismatch and jacobian", "the same")
    columns = [_column(on, x, i, (1e-3, 1e-4), 1e-8 * scale) for i in range(len(x))]
    if not all(np.all(error < 1e-8 * scale) for _, error in columns):
        return False
    allowed = on.roughness(theory, x) if _differenced(theory, x) else 4 * jacobian_errors(theory, x).T
    allowed = np.broadcast_to(allowed, (len(x), len(x)))
    for i, (column, error) in enumerate(columns):
        off = np.abs(matrix[:, i] - column) - (10 * error + 1e-11 * scale + allowed[i])
        k = int(np.argmax(off))
        _ask(
            off[k] <= 0,
            f"d update_{theory.order[k]}/d{theory.order[i]} = {matrix[k, i]:.10g} by jacobian",
            f"{column[k]:.10g} by differences of update",
        )
    return True


def _slope(on: _Subject) -> str:
    if type(on.theory).slope is Theory.slope:
        return "none of its own; it is differenced"
    for name in on.varied:
        if 0 in _room(on.theory, name):
            continue
        mine, seen = on.tuned.slope(name, on.x), _explicit(on, name)
        good, slope, allowed = _agree(seen, mine, 1e-10)
        _ask_smooth(on, name, seen)
        _ask(
            good,
            f"slope({name!r}) = {mine:.10g}",
            f"{slope:.10g} to {allowed:.1g}, by differences of free_energy at fixed x",
        )
    return ""


def _ask_smooth(on: _Subject, name: str, seen: list[tuple[Any, Any]]) -> None:
    worst = max(error for _, error in seen)
    _ask(
        worst < 1e-9 * on.loose,
        f"df/d{name} at fixed x, with an error of {worst:.2g}",
        "a smooth free energy: differences of it that agree to 1e-9",
    )


def _envelope(on: _Subject) -> str:
    """Envelope theorem, through the solver: what an explicit derivative leaves out vanishes at a solution."""
    if not _is_stationary(on):
        return UNSETTLED
    own = type(on.theory).slope is not Theory.slope
    for name in on.varied:
        below, above = _room(on.theory, name)
        if 0 in (below, above) or (on.explicit and name in on.theory.symmetry):
            continue
        value = float(getattr(on.tuned, name))

        def along(offsets: Any, name: str = name, value: float = value) -> Any:
            there = on.tuned.at(**{name: value + offsets})
            if on.explicit:
                return there.free_energy(there.start(on.branch))
            moved = Newton(warmup=0).run(there, on.x[:, None])
            return np.where(moved.success, moved.free_energy, np.nan)

        size = min(2e-3 * max(abs(value), 0.1), 0.5 * below, 0.5 * above)
        total, error = _sharpest(
            along, (size, size / 4), 1e-7 * on.loose, rounding=on.rounding, noise=on.noise
        )
        _ask(
            error < 1e-7 * on.loose,
            f"df/d{name} along the branch = {total:.6g} with an error of {error:.2g}",
            "solutions next to this one, to which the solver gets: try parameters further inside the phase",
        )
        seen = [(on.tuned.slope(name, on.x), 0.0)] if own else _explicit(on, name)
        good, slope, allowed = _agree(seen, total, 1e-10, error)
        _ask(
            good,
            f"df/d{name} = {total:.10g} along the branch",
            f"{slope:.10g} to {allowed:.1g}, the derivative at fixed x",
        )
    return ""


def _entropy(on: _Subject) -> str:
    theory, x = on.theory, on.x
    entropy = theory.entropy(x)
    if entropy is None:
        return "none is defined"
    T = theory.values.get("T", 0.0)
    if np.isinf(entropy):  # continuous degrees of freedom at T = 0
        _ask(entropy < 0 and T == 0, f"entropy = {entropy}", "a finite one; at T = 0 it may be -inf")
        _ask(
            theory.energy(x) == theory.free_energy(x), f"energy = {theory.energy(x)}", "free_energy at T = 0"
        )
        return ""
    energy, expected = theory.energy(x), theory.free_energy(x) + T * entropy
    _ask(
        abs(energy - expected) <= 1e-15 * on.loose,
        f"energy = {energy:.10g}",
        f"f + T s = {expected:.10g}",
    )
    if "T" not in on.varied:
        return "no temperature T to differentiate by"
    own = type(theory).slope is not Theory.slope
    seen = [(on.tuned.slope("T", x), 0.0)] if own else _explicit(on, "T")
    good, slope, allowed = _agree(seen, -entropy, 1e-10)
    _ask_smooth(on, "T", seen)
    _ask(
        good,
        f"entropy = {entropy:.10g}",
        f"-df/dT = {-slope:.10g} to {allowed:.1g}, at fixed x",
    )
    return ""


def _scaled(on: _Subject, factor: Any) -> Theory:
    return on.theory.at(**{name: getattr(on.theory, name) * factor for name in on.varied})


def _batch(on: _Subject) -> str:
    for shape in SHAPES:
        _batch_of(on, shape)
    return ""


def _batch_of(on: _Subject, shape: tuple[int, ...]) -> None:
    n = len(on.x)
    factor = 1 + 0.01 * np.arange(np.prod(shape)).reshape(shape)
    many = _scaled(on, factor)
    x = on.x.reshape(-1, *(1,) * len(shape)) * factor
    here = f"in a batch of shape {shape}"

    def shaped(what: str, value: Any, expected: tuple[int, ...]) -> None:
        _ask(np.shape(value) == expected, f"{what} has the shape {np.shape(value)} {here}", f"{expected}")

    if on.varied:
        shaped("the theory", np.empty(many.batch), shape)
        shaped(f"start({on.branch!r})", many.start(on.branch), (n, *shape))
    shaped(f"belongs({on.branch!r}, x)", many.belongs(on.branch, x), shape)
    with np.errstate(all="ignore"):
        update, derived = many.update(x), many.derived(x)
        shaped("update(x)", update, x.shape)
        matrix, rough = jacobian(many, x), 0.0
        shaped("jacobian(x)", matrix, (n, *x.shape))
        if _differenced(many, x) and x.size:  # rounding over the step of the differences
            rough = 2 * float(np.max(on.roughness(many, x)))
        measures = {name: getattr(many, name)(x) for name in MEASURES}
    for name, value in (derived | measures).items():
        if value is not None:
            shaped(f"{name}(x)", value, shape)
    for index in np.ndindex(shape):
        alone, point = _scaled(on, factor[index]), x[(slice(None), *index)]
        with np.errstate(all="ignore"):
            single = alone.derived(point)
            pairs = [("update", update, alone.update(point)), ("jacobian", matrix, jacobian(alone, point))]
            pairs += [(name, value, single[name]) for name, value in derived.items()]
            pairs += [(name, value, getattr(alone, name)(point)) for name, value in measures.items()]
        for name, all_of_them, one in pairs:
            _ask(
                (all_of_them is None) == (one is None),
                f"{name} is None {here} or alone, not both",
                "the same",
            )
            if one is None:
                continue
            mine = np.asarray(np.asarray(all_of_them)[(..., *index)], dtype=float)
            one = np.asarray(one, dtype=float)
            # sums over nodes may be grouped otherwise: rounding, relative to a natural size of 1 or more
            allowed = 1e-13 * on.loose + (rough if name == "jacobian" else 0.0)
            same = mine.shape == one.shape and np.allclose(
                mine, one, rtol=allowed, atol=allowed, equal_nan=True
            )
            _ask(same, f"{name} = {mine} at index {index} {here}", f"{one}, as for this point alone")


def _starts(on: _Subject) -> str:
    if not on.varied:
        return "no parameter to vary"
    factor = np.array([1.0, 1.05])
    starts = _scaled(on, factor).start(on.branch)
    for i, f in enumerate(factor):
        alone = _scaled(on, f).start(on.branch)
        _ask(
            np.shape(alone) == (len(on.theory.order),),
            f"start({on.branch!r}) has the shape {np.shape(alone)}",
            f"{(len(on.theory.order),)}",
        )
        _ask(
            np.allclose(starts[:, i], alone, rtol=1e-13 * on.loose, atol=0),
            f"start = {starts[:, i]} in a batch",
            f"{alone}, as for this point alone",
        )
    return ""


def _precise(on: _Subject) -> str:
    import mpmath

    theory, x = on.theory, on.x
    with mpmath.workdps(30):
        precise, y = _as_binary(theory), _mp(x)
        try:
            update = precise.update(y)
        except ParameterError as error:
            if DOUBLE_ONLY in str(error):
                return f"its formulas are known in {DOUBLE_ONLY}"
            raise
        pairs = [
            (f"update of {name}", *both)
            for name, *both in zip(theory.order, theory.update(x), update, strict=True)
        ]
        matrix, truths = jacobian(theory, x), jacobian(precise, y).astype(float)
        scale = max(1, np.max(np.abs(truths)))
        off = np.abs(matrix - truths)
        allowed = scale * 1e-13 * on.loose + 4 * jacobian_errors(theory, x)
        if _differenced(theory, x):
            allowed = allowed + on.roughness(theory, x)
        _ask(
            np.all(off <= allowed),
            f"jacobian differs by {np.max(off):.2g} from that in 30 digits",
            f"at most {allowed:.2g}",
        )
        derived = precise.derived(y)
        pairs += [(name, value, derived[name]) for name, value in theory.derived(x).items()]
        pairs += [(name, getattr(theory, name)(x), getattr(precise, name)(y)) for name in MEASURES[:-1]]
        for name, value, truth in pairs:
            if value is None or truth is None:
                _ask(value is truth, f"{name} is None in one of the arithmetics", "the same in both")
            elif np.isinf(value):
                _ask(float(truth) == value, f"{name} = {value} in float64", f"{truth}, as in 30 digits")
            else:
                _ask(
                    isinstance(truth, mpmath.mpf),
                    f"{name} is {type(truth).__name__} where the parameters are mpmath numbers",
                    "an mpmath number",
                )
                gap = float(abs(truth - mpmath.mpf(float(value))))
                most = 1e-13 * on.loose * max(1.0, abs(float(truth)))
                _ask(
                    gap <= most,
                    f"{name} = {float(value):.17g} in float64, {mpmath.nstr(truth, 20)} in 30 digits",
                    f"the same to {most:.1g}",
                )
    return ""


def _digits(on: _Subject) -> str:
    """Stationarity once more, in 38 digits: a constant that has 16 of them is wrong there."""
    import mpmath

    if on.explicit:
        return "an explicit branch has its digits from its start"
    if not _is_stationary(on):
        return UNSETTLED
    theory, n = on.theory, len(on.x)
    inverse = np.linalg.pinv(np.eye(n) - jacobian(theory, on.x))
    with mpmath.workdps(38):
        precise, y = _as_binary(theory), _mp(on.x)
        try:
            for _ in range(20):  # Newton's method with the Jacobian of float64: ten digits in each step
                gap = precise.update(y) - y
                if max(abs(v) for v in gap) < mpmath.mpf(10) ** -26:
                    break
                y = y + inverse.astype(object) @ gap
        except ParameterError as error:
            if DOUBLE_ONLY in str(error):
                return f"its formulas are known in {DOUBLE_ONLY}"
            raise
        left = max(abs(v) for v in gap)
        _ask(
            left < mpmath.mpf(10) ** -26,
            f"|update(x) - x| = {mpmath.nstr(left, 3)} after 20 steps in 38 digits",
            "below 1e-26: update gains digits where the arithmetic has more",
        )
        fixed = precise.tuned(y)

        def slope(direction: Any) -> Any:
            step = direction * mpmath.mpf(10) ** -15
            return abs(fixed.free_energy(y + step) - fixed.free_energy(y - step)) * mpmath.mpf(10) ** 15 / 2

        # along one direction that is like no other, for these evaluations are slow; by name only if it fails
        if slope(1 / np.sqrt(np.arange(2.0, n + 2))) < mpmath.mpf(10) ** -20:
            return ""
        slopes = [
            f"df/d{name} = {mpmath.nstr(slope(e), 3)}"
            for name, e in zip(theory.order, np.eye(n), strict=True)
        ]
        _ask(False, f"{', '.join(slopes)} at the solution in 38 digits", "below 1e-20")
    return ""


def _symmetry(on: _Subject) -> str:
    theory, x = on.theory, on.x + 0.0
    if not theory.symmetry:
        return "none is declared"
    turn = np.where([name in theory.symmetry for name in theory.order], -1.0, 1.0)
    fields = {name: -getattr(theory, name) for name in theory.symmetry if name in theory.values}
    mirrored = theory.at(**fields)
    ours, theirs = turn * theory.update(x), mirrored.update(turn * x)
    _ask(
        np.allclose(theirs, ours, rtol=1e-14 * on.loose, atol=1e-16 * on.loose),
        f"update = {theirs} in the mirrored state",
        f"{ours}, the mirror image",
    )
    f, g = theory.free_energy(x), mirrored.free_energy(turn * x)
    _ask(
        abs(f - g) <= 1e-14 * abs(f) * on.loose, f"free_energy = {g:.17g} in the mirrored state", f"{f:.17g}"
    )
    if not any(map(np.any, fields.values())):
        rest = theory.update(x * (turn > 0))[turn < 0]
        _ask(
            np.all(rest == 0.0),
            f"update of {', '.join(theory.symmetry)} = {rest} where they are 0",
            "exactly 0: what is not there does not arise",
        )
    return ""


def _cold(on: _Subject) -> str:
    about = on.theory.parameters().get("T")
    if about is None or "T" not in on.varied or about.lower != 0 or about.open_lower:
        return "no temperature T that may be 0"
    frozen = solve(on.theory.at(T=0.0), on.branch, throw=False)
    if not frozen.success:
        return f"no solution at T = 0 ({frozen.outcome.value})"
    T = np.array([1e-6, 1e-4])
    start = np.repeat(frozen.x[:, None], 2, axis=1)
    states = Newton(warmup=0).run(on.theory.at(T=T), start)
    _ask(
        np.all(states.success),
        f"no solution at T = 1e-6 or 1e-4 next to that at T = 0, {frozen.x}",
        "the solution at T = 0 is the limit of those at T > 0",
    )
    values = [*states.x, states.free_energy]
    limits = [*frozen.x, frozen.free_energy]
    for name, (near, far), limit in zip((*on.theory.order, "f"), values, limits, strict=True):
        first, second = abs(near - limit), abs(far - limit)
        # linear in T, or T ln T: a hundredth; a square root of T would be a tenth
        _ask(
            first <= 0.3 * second or first <= 1e-9 * max(1.0, abs(limit)),
            f"{name} = {limit:.10g} at T = 0, {near:.10g} at T = 1e-6, {far:.10g} at T = 1e-4",
            "the value at T = 0 is the limit of those at T > 0",
        )
    return ""


# -- the theory by itself -------------------------------------------------------------------------------


def _value(on: _Subject) -> str:
    theory = on.theory
    start = theory.start(on.branch)
    theory.update(start)  # whatever is cached must not be part of the value
    given = {name: value for name, value in theory.values.items() if value is not None}
    same = type(theory)(**given)
    _ask(theory == same, "two theories of the same parameters differ", "equality by value")
    _ask(hash(theory) == hash(same), "equal theories have different hashes", "the same hash")
    try:
        copy = pickle.loads(pickle.dumps(theory))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        told = f"it cannot be pickled: {error}"
        raise _Wrong(told, "a class of a module, without lambdas in it") from error
    _ask(copy == theory, "a pickled theory is another one", "the same theory")
    _ask(
        np.array_equal(copy.update(start), theory.update(start), equal_nan=True),
        "a pickled theory computes something else",
        "the same numbers",
    )
    try:
        theory.__setattr__(next(iter(theory.values)), 1.0)
    except dataclasses.FrozenInstanceError:
        pass
    else:
        _ask(False, "a parameter can be changed", "@dataclass(frozen=True)")
    _ask(theory.name in theory.describe(), f"describe() = {theory.describe()!r}", "the name in it")
    return ""


def _replaced(on: _Subject) -> str:
    theory = on.theory
    start = theory.start(on.branch)
    theory.update(start)  # fills caches, which a copy must not inherit
    for name in on.varied:
        value = getattr(theory, name)
        value = value + 0.01 if _room(theory, name)[1] > 0.01 else value - 0.01
        fresh = with_one(theory, name, value)
        for how, copy in (
            ("dataclasses.replace", dataclasses.replace(theory, **{name: value})),  # type: ignore[type-var]
            ("at", theory.at(**{name: value})),
        ):
            _ask(
                copy == fresh and copy != theory,
                f"{how} of {name} gives another theory",
                "one made with that value",
            )
            with np.errstate(all="ignore"):
                same = np.array_equal(copy.update(start), fresh.update(start), equal_nan=True)
            _ask(
                same,
                f"update after {how} of {name} is not that of a new theory",
                "the same: nothing cached is kept",
            )
    return ""


def _validation(on: _Subject) -> str:
    theory = on.theory
    for name, about in theory.parameters().items():
        wrong: list[Any] = []
        if about.kind == "number":
            wrong += NONSENSE
            for bound, sign in ((about.lower, -1), (about.upper, 1)):
                for beyond in (1e-12, 1e-3, 1.0, 1e300):
                    value = bound + sign * max(beyond, 1e-12 * abs(bound))
                    wrong += [value, np.array([bound + 0.0, value])] if np.isfinite(bound) else []
            wrong += [about.lower] if about.open_lower else []
            wrong += [about.upper] if about.open_upper else []
            wrong += [2.5] if about.integer else []
        elif about.kind in ("unit", "choice"):
            wrong += [object(), 0.1]
        for value in wrong:
            told = f"{theory.name}: {name}"
            try:
                with_one(theory, name, value)
            except ParameterError as error:
                text = str(error)
                _ask(
                    text.startswith(told) and not text[len(told) : len(told) + 1].isalnum(),
                    f"{name} = {value!r} is refused as {text!r}",
                    f"a message that begins with {told!r}",
                )
            else:
                _ask(False, f"{name} = {value!r} is accepted", "a ParameterError that names it")
        if about.kind == "number":
            for bound, open_ in ((about.lower, about.open_lower), (about.upper, about.open_upper)):
                if np.isfinite(bound) and not open_:
                    theory.check(**{name: bound})
    return ""


def _declared(on: _Subject) -> str:
    theory = on.theory
    known = theory.parameters()
    names = [*theory.order, *theory.derived(theory.start(on.branch))]
    twice = sorted({name for name in names if names.count(name) > 1} | set(names) & set(known))
    _ask(names and not twice, f"several quantities are named {', '.join(twice)}", "each name once")

    def named(what: str, name: Any, among: Collection[str]) -> None:
        _ask(name in among, f"{what} names {name!r}", f"one of {', '.join(map(str, among))}")

    for name in theory.available:
        named("available", name, theory.branches)
    for name in theory.symmetry:
        named("symmetry", name, (*theory.order, *known))
    for label, line in theory.lines.items():
        for phase in phases(line):
            named(f"the line {label!r}", phase.branch, theory.branches)
            for parameter in {phase.over} - {None} | {parameter for parameter, _ in phase.at}:
                named(f"the line {label!r}", parameter, known)
        if isinstance(line, Zero):
            _ask(
                line.test == "stability" or callable(getattr(theory, line.test, None)),
                f"the line {label!r} is the zero of {line.test!r}",
                "a method of the theory, or 'stability'",
            )
    if theory.limit is not None:
        named("limit", theory.limit.parameter, known)
        theory.check(**{theory.limit.parameter: theory.limit.value})
    if theory.critical is not None:
        named("critical", theory.critical.parameter, known)
        named("critical", theory.critical.boundary, theory.lines)
    for name, about in known.items():
        if about.kind == "number":
            low, high = about.typical
            _ask(
                about.lower <= low < high <= about.upper,
                f"the typical range of {name} is {(low, high)}",
                f"a range inside its domain, {about.lower:g} to {about.upper:g}",
            )
    return ""


def _states(on: _Subject) -> str:
    theory, first = on.theory, on.theory.default
    if first in theory.available:
        _ask(
            np.array_equal(theory.state(), theory.start(first), equal_nan=True),
            "state() is not the first start",
            f"start({first!r})",
        )
        value = theory.state(**{theory.order[0]: 0.25})[0]
        _ask(value == 0.25, f"state({theory.order[0]}=0.25) has {value}", "the value that is given")
    for what, call in (
        ("order parameter", lambda: theory.state(nonsense=1.0)),
        ("branch", lambda: theory.branch("nonsense")),
    ):
        try:
            call()
        except UnknownNameError as error:
            _ask(f"{what} of {theory.name}" in str(error), f"an unknown {what}: {error}", "it is named")
        else:
            _ask(False, f"an unknown {what} is accepted", "an UnknownNameError")
    return ""


# -- the checks by name ---------------------------------------------------------------------------------


class _About(NamedTuple):
    run: Callable[[_Subject], str]
    look: str


_OF_THE_THEORY: dict[str, _About] = {
    "declarations": _About(_declared, "order, branches, lines, limit, critical, symmetry, parameter(...)"),
    "value": _About(_value, "@dataclass(frozen=True) on a class of a module; no state beside the parameters"),
    "replacement": _About(_replaced, "what is cached: `at` drops a cached_property, and no other cache"),
    "validation": _About(
        _validation, "parameter(..., lower, upper); an own __post_init__ calls super().__post_init__()"
    ),
    "states": _About(_states, "state, start, branch, where they are overridden"),
}
_OF_A_BRANCH: dict[str, _About] = {
    "solution": _About(_solution, "update, start, belongs, physical, jacobian; or take other parameters"),
    "stationarity": _About(_stationary, "a sign or a term of update or free_energy: one of them is wrong"),
    "sensitivity": _About(_sensitive, "free_energy: does it hold every term with order parameters?"),
    "converse": _About(_converse, "a sign of update or free_energy"),
    "jacobian": _About(_jacobian, "jacobian: rows are equations, columns unknowns"),
    "slope": _About(_slope, "slope"),
    "envelope": _About(_envelope, "free_energy where it depends on control parameters; tuned"),
    "entropy": _About(_entropy, "entropy: minus the derivative of free_energy by T at fixed x"),
    "batch": _About(_batch, "an axis of your own must be the last one, and summed over axis=-1"),
    "starts": _About(_starts, "start: it must broadcast, and np.where instead of if"),
    "mpmath": _About(_precise, "functions of numpy and math: write those of replica.numerics.functions"),
    "digits": _About(_digits, "constants of 16 digits: write m / 3, not (1 / 3) * m, and functions.pi(x)"),
    "symmetry": _About(_symmetry, "symmetry: the names that change sign together, or the formulas"),
    "cold": _About(_cold, "what is divided by T: take C = (1 - q)/T as unknown, and replica.numerics.spins"),
}


@dataclass(frozen=True)
class Check:
    """One thing that a theory promises, to be called.

    Attributes
    ----------
    name : str
        What is checked, such as ``"stationarity"``.
    theory : Theory
    branch : str
        Empty where the check is about no branch.
    """

    name: str
    theory: Theory
    branch: str
    _on: _Subject = dataclasses.field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.branch})" if self.branch else self.name

    def __call__(self) -> str:
        """Check it.

        Returns
        -------
        str
            Empty, or why there was nothing to ask.

        Raises
        ------
        CheckError
            With the one failure. Whatever a formula raises is a failure, too.
        """
        about = (_OF_A_BRANCH if self.branch else _OF_THE_THEORY)[self.name]
        try:
            if self.branch and self.name not in ("solution", "jacobian") and not self._on.found:
                return MISSING
            return about.run(self._on)
        except _Wrong as wrong:
            failure = Failure(self.name, self.branch, wrong.computed, wrong.expected, about.look)
            raise CheckError(self.theory.describe(), (failure,)) from wrong.__cause__
        except Exception as error:  # the theory is not ours: it may raise anything
            raised = f"{type(error).__name__}: {error}"
            failure = Failure(self.name, self.branch, f"raised {raised}", "no exception", about.look)
            raise CheckError(self.theory.describe(), (failure,)) from error


def theory_checks(
    theory: Theory | type[Theory],
    branches: Collection[str] | None = None,
    *,
    fixed: Collection[str] = (),
    accuracy: float = ACCURACY,
) -> Iterator[Check]:
    """Every check of a theory, one by one; see `check_theory`. Nothing is solved before one is called.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> stationarity = next(
    ...     one for one in theory_checks(CurieWeiss(T=0.5)) if one.name == "stationarity"
    ... )
    >>> print(stationarity, repr(stationarity()))
    stationarity (up) ''
    """
    if isinstance(theory, type):
        missing = [f.name for f in dataclasses.fields(theory) if f.default is dataclasses.MISSING]  # type: ignore[arg-type]
        if missing:
            msg = f"{theory.__name__}: {', '.join(missing)} must be given; check an instance, not the class"
            raise ParameterError(msg)
        theory = theory()
    theory.check_single()
    names = tuple(theory.available if branches is None else branches)
    if not names:
        msg = (
            f"{theory.describe()}: no branch to check; name one of {', '.join(theory.branches) or 'its own'}"
        )
        raise ParameterError(msg)
    for branch in names:
        theory.branch(branch)
    on = _Subject(theory, names[0], True, fixed, accuracy)
    for name in _OF_THE_THEORY:
        yield Check(name, theory, "", on)
    for branch in names:
        on = _Subject(theory, branch, branches is not None or branch == names[0], fixed, accuracy)
        for name in _OF_A_BRANCH:
            yield Check(name, theory, branch, on)


def check_theory(
    theory: Theory | type[Theory],
    branches: Collection[str] | None = None,
    *,
    fixed: Collection[str] = (),
    without: Collection[str] = (),
    accuracy: float = ACCURACY,
) -> Report:
    """Check that a theory keeps what every theory promises.

    By itself: declarations name what exists, a theory is a value (equality, hash, pickle), copies keep no
    caches, wrong parameters are refused by name. On every branch, at its solution: the free energy is
    stationary, and nowhere near (with one unknown: nor anywhere else from the start); `jacobian`, `slope` and
    `entropy`, if there are any, are the derivatives they should be; a batch is a loop; mpmath numbers give
    the same, and all their digits; a declared symmetry holds; the solution at T = 0 is the limit of those at
    T > 0.

    Parameters
    ----------
    theory : Theory or type
        One point, well inside a phase; or a class whose parameters all have defaults.
    branches : collection of str, optional
        Branches that must have a solution there. By default all branches of the theory are checked, and only
        the first must have one.
    fixed : collection of str
        Control parameters that cannot be varied by themselves.
    without : collection of str
        Names of checks to leave out: ``("mpmath", "digits")`` where these take minutes.
    accuracy : float
        Error of the formulas in float64, a few roundings by default; tolerances are in proportion.

    Returns
    -------
    Report
        What passed, and what was not asked, and why.

    Raises
    ------
    CheckError
        An AssertionError that lists every check that failed, with what was computed, what was expected, and
        where to look.
    ParameterError, UnknownNameError
        If there is nothing to check: a batch, a class without defaults, no branch, an unknown name.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> print(check_theory(CurieWeiss(T=0.5, h=0.1), ["up"], without=["cold"]))
    curie-weiss(T=0.5, h=0.1): 17 checks passed
      slope (up): none of its own; it is differenced
      cold: left out
    """
    every = (*_OF_THE_THEORY, *_OF_A_BRANCH)
    for name in without:
        if name not in every:
            msg = "check"
            raise UnknownNameError(msg, name, every)
    checks = [
        one
        for one in theory_checks(theory, branches, fixed=fixed, accuracy=accuracy)
        if one.name not in without
    ]
    passed: list[str] = []
    notes: list[tuple[str, str]] = []
    failures: list[Failure] = []
    for one in checks:
        try:
            note = one()
        except CheckError as error:
            failures += error.failures
            continue
        if not note or one.name == "jacobian":
            passed.append(str(one))
        if note and (note != MISSING):
            notes.append((str(one), note))
    subject = checks[0].theory.describe()
    if failures:
        raise CheckError(subject, tuple(failures), len(checks))
    return Report(subject, tuple(passed), (*notes, *((name, "left out") for name in without)))
