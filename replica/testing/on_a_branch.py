"""What a theory promises on a branch, at its solution: the formulas belong together, in every arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from replica.errors import ParameterError
from replica.solving.derivatives import jacobian, jacobian_error, jacobian_errors
from replica.solving.search import solve
from replica.solving.solvers import Newton
from replica.testing.differences import explicit_slope, room, sharpest, shifted
from replica.testing.report import Wrong, ask
from replica.testing.subject import About, Subject, as_binary, as_mpmath, differenced
from replica.theory import Theory

__all__ = ["MISSING", "OF_A_BRANCH"]

MEASURES = ("free_energy", "entropy", "energy", "replicon", "physical")

SHAPES: tuple[tuple[int, ...], ...] = ((1,), (3,), (2, 1, 3), (0,), (0, 2))
"""Of the batches that are tried; an empty one is a batch, too."""

MISSING = "no solution at these parameters"

UNSETTLED = "free_energy is not stationary"

DOUBLE_ONLY = "double precision only"
"""What the message of a formula says that has no more digits than those of float64."""


def _solution(on: Subject) -> str:
    state = on.solution
    if not on.found:
        if not on.required:
            return f"{MISSING} ({state.outcome.value})"
        ask(
            False,
            f"no solution: {state.outcome.value}",
            "a solution on this branch, at these parameters",
        )
    x, size = on.x, max(1.0, float(np.max(np.abs(on.x))))
    # Newton ends when its last step is at rounding: a few units in the last place of x, C ~ 1/T included
    gap = np.abs(on.theory.update(x) - x)
    ask(
        np.all(gap <= 4e-15 * size * on.loose),
        f"|update(x) - x| = {np.max(gap):.2g} at the solution {on.point}",
        f"at most {4e-15 * size * on.loose:.2g}, the rounding of a few operations",
    )
    ask(on.theory.physical(x), f"physical(x) is False at {on.point}", "True at every solution")
    ask(
        on.theory.belongs(on.branch, x),
        f"belongs is False at {on.point}",
        "True at the branch's own solution",
    )
    if on.explicit:
        start = np.asarray(on.theory.start(on.branch), dtype=float)
        ask(
            np.all(np.abs(start - x) <= 1e-12 * size * on.loose),
            f"start = {start}, while the solution is {x}",
            "the start of an explicit branch is its solution",
        )
    return ""


def _seen(on: Subject, derivative: Callable[[int], tuple[Any, Any]], least: float) -> list[tuple[Any, Any]]:
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


def _partial(on: Subject, x: Any, i: int, size: float, side: int = 0) -> tuple[Any, Any]:
    """Derivative of the free energy by an order parameter, and its error."""
    return sharpest(
        lambda h: on.tuned.free_energy(shifted(x, i, h)),
        (size, size / 10, size / 100),
        1e-10 * on.loose,
        side=side,
        rounding=on.rounding,
        noise=on.noise,
    )


def _explicit(on: Subject, name: str) -> list[tuple[Any, Any]]:
    """Derivative of the free energy by a control parameter at fixed x."""
    return _seen(
        on,
        lambda side: explicit_slope(on.tuned, name, on.x, side=side, rounding=on.rounding),
        1e-9 * on.loose,
    )


def _stationary(on: Subject) -> str:
    for i, name in enumerate(on.theory.order):
        seen = _seen(on, partial(_partial, on, on.x, i, 0.02), 1e-10 * on.loose)
        good, slope, allowed = _agree(seen, 0.0)
        ask(
            all(error < 1e-10 * on.loose for _, error in seen),
            f"df/d{name} = {slope:.6g} with an error of {allowed / 10:.2g}, at {on.point}",
            "a smooth free energy: differences of it that agree to 1e-10",
        )
        ask(
            good,
            f"df/d{name} = {slope:.6g} at {on.point}",
            f"0, to {allowed:.2g}: free_energy is stationary where update(x) == x",
        )
    return ""


def _is_stationary(on: Subject) -> bool:
    """Whether that check has passed: what rests on it has nothing to say else."""
    try:
        _stationary(on)
    except Wrong:
        return False
    return True


def _sensitive(on: Subject) -> str:
    for step in (-1e-3, 1e-3):
        x = on.x + step
        with np.errstate(all="ignore"):
            moved = np.max(np.abs(on.theory.update(x) - x))
            gradient = max(abs(_partial(on, x, i, 0.01)[0]) for i in range(len(x)))
        if np.isfinite(moved) and np.isfinite(gradient):
            break
    ask(
        gradient > 1e-3 * moved,
        f"largest df/dx = {gradient:.2g} beside the solution, where update(x) - x = {moved:.2g}",
        "a free energy that is stationary at the solution and nowhere near",
    )
    return ""


def _converse(on: Subject) -> str:
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
    ask(
        gap <= 1e-3 * max(1.0, float(np.max(np.abs(x)))),
        f"|update(x) - x| = {gap:.6g} at {on.theory.order[0]} = {x[0]:.6g}, where free_energy is stationary",
        "0: the equation holds wherever the free energy is stationary",
    )
    return ""


def _column(on: Subject, x: Any, i: int, sizes: Collection[float], least: float) -> tuple[Any, Any]:
    """Derivatives of the update by one order parameter, and their errors."""
    return sharpest(lambda h: on.theory.update(shifted(x, i, h)), sizes, least, rounding=on.rounding)


def _jacobian(on: Subject) -> str:
    theory, x = on.theory, on.x
    if not on.found:  # a wrong Jacobian may be the reason
        x = np.asarray(theory.start(on.branch), dtype=float)
        if differenced(theory, x) or not on.required:
            return MISSING
    smooth = [np.all(_column(on, x, i, (1e-3,), 1e-8)[1] < 1e-8) for i in range(len(x))]
    edge = on.explicit and not all(smooth)
    wrong: list[Wrong] = []
    tried = 0
    for step in (1e-3, -1e-3):  # anywhere will do, if the formulas are smooth there
        try:
            tried += _jacobian_at(on, x + step)
        except Wrong as error:
            wrong.append(error)
    if wrong and (len(wrong) == 2 or tried == 0 or not edge):
        raise wrong[0]
    ask(tried, "differences of update agree nowhere beside the solution", "a smooth update")
    if differenced(theory, x):
        return f"none of its own; the differenced one is good to {jacobian_error(theory, x):.0e} here"
    return ""


def _jacobian_at(on: Subject, x: Any) -> bool:
    """Whether there is a derivative to compare with."""
    theory = on.theory
    matrix = jacobian(theory, x)
    ask(
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
        ask(off <= 1e-13 * scale, f"linearised differs by {off:.2g} from mismatch and jacobian", "the same")
    columns = [_column(on, x, i, (1e-3, 1e-4), 1e-8 * scale) for i in range(len(x))]
    if not all(np.all(error < 1e-8 * scale) for _, error in columns):
        return False
    allowed = on.roughness(theory, x) if differenced(theory, x) else 4 * jacobian_errors(theory, x).T
    allowed = np.broadcast_to(allowed, (len(x), len(x)))
    for i, (column, error) in enumerate(columns):
        off = np.abs(matrix[:, i] - column) - (10 * error + 1e-11 * scale + allowed[i])
        k = int(np.argmax(off))
        ask(
            off[k] <= 0,
            f"d update_{theory.order[k]}/d{theory.order[i]} = {matrix[k, i]:.10g} by jacobian",
            f"{column[k]:.10g} by differences of update",
        )
    return True


def _slope(on: Subject) -> str:
    if type(on.theory).slope is Theory.slope:
        return "none of its own; it is differenced"
    for name in on.varied:
        if 0 in room(on.theory, name):
            continue
        mine, seen = on.tuned.slope(name, on.x), _explicit(on, name)
        good, slope, allowed = _agree(seen, mine, 1e-10)
        _ask_smooth(on, name, seen)
        ask(
            good,
            f"slope({name!r}) = {mine:.10g}",
            f"{slope:.10g} to {allowed:.1g}, by differences of free_energy at fixed x",
        )
    return ""


def _ask_smooth(on: Subject, name: str, seen: list[tuple[Any, Any]]) -> None:
    worst = max(error for _, error in seen)
    ask(
        worst < 1e-9 * on.loose,
        f"df/d{name} at fixed x, with an error of {worst:.2g}",
        "a smooth free energy: differences of it that agree to 1e-9",
    )


def _envelope(on: Subject) -> str:
    """Envelope theorem, through the solver: what an explicit derivative leaves out vanishes at a solution."""
    if not _is_stationary(on):
        return UNSETTLED
    own = type(on.theory).slope is not Theory.slope
    for name in on.varied:
        below, above = room(on.theory, name)
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
        total, error = sharpest(
            along, (size, size / 4), 1e-7 * on.loose, rounding=on.rounding, noise=on.noise
        )
        ask(
            error < 1e-7 * on.loose,
            f"df/d{name} along the branch = {total:.6g} with an error of {error:.2g}",
            "solutions next to this one, to which the solver gets: try parameters further inside the phase",
        )
        seen = [(on.tuned.slope(name, on.x), 0.0)] if own else _explicit(on, name)
        good, slope, allowed = _agree(seen, total, 1e-10, error)
        ask(
            good,
            f"df/d{name} = {total:.10g} along the branch",
            f"{slope:.10g} to {allowed:.1g}, the derivative at fixed x",
        )
    return ""


def _entropy(on: Subject) -> str:
    theory, x = on.theory, on.x
    entropy = theory.entropy(x)
    if entropy is None:
        return "none is defined"
    T = theory.values.get("T", 0.0)
    if np.isinf(entropy):  # continuous degrees of freedom at T = 0
        ask(entropy < 0 and T == 0, f"entropy = {entropy}", "a finite one; at T = 0 it may be -inf")
        ask(theory.energy(x) == theory.free_energy(x), f"energy = {theory.energy(x)}", "free_energy at T = 0")
        return ""
    energy, expected = theory.energy(x), theory.free_energy(x) + T * entropy
    ask(
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
    ask(
        good,
        f"entropy = {entropy:.10g}",
        f"-df/dT = {-slope:.10g} to {allowed:.1g}, at fixed x",
    )
    return ""


def _scaled(on: Subject, factor: Any) -> Theory:
    return on.theory.at(**{name: getattr(on.theory, name) * factor for name in on.varied})


def _batch(on: Subject) -> str:
    for shape in SHAPES:
        _batch_of(on, shape)
    return ""


def _batch_of(on: Subject, shape: tuple[int, ...]) -> None:
    n = len(on.x)
    factor = 1 + 0.01 * np.arange(np.prod(shape)).reshape(shape)
    many = _scaled(on, factor)
    x = on.x.reshape(-1, *(1,) * len(shape)) * factor
    here = f"in a batch of shape {shape}"

    def shaped(what: str, value: Any, expected: tuple[int, ...]) -> None:
        ask(np.shape(value) == expected, f"{what} has the shape {np.shape(value)} {here}", f"{expected}")

    if on.varied:
        shaped("the theory", np.empty(many.batch), shape)
        shaped(f"start({on.branch!r})", many.start(on.branch), (n, *shape))
    shaped(f"belongs({on.branch!r}, x)", many.belongs(on.branch, x), shape)
    with np.errstate(all="ignore"):
        update, derived = many.update(x), many.derived(x)
        shaped("update(x)", update, x.shape)
        matrix, rough = jacobian(many, x), 0.0
        shaped("jacobian(x)", matrix, (n, *x.shape))
        if differenced(many, x) and x.size:  # rounding over the step of the differences
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
            ask(
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
            ask(same, f"{name} = {mine} at index {index} {here}", f"{one}, as for this point alone")


def _starts(on: Subject) -> str:
    if not on.varied:
        return "no parameter to vary"
    factor = np.array([1.0, 1.05])
    starts = _scaled(on, factor).start(on.branch)
    for i, f in enumerate(factor):
        alone = _scaled(on, f).start(on.branch)
        ask(
            np.shape(alone) == (len(on.theory.order),),
            f"start({on.branch!r}) has the shape {np.shape(alone)}",
            f"{(len(on.theory.order),)}",
        )
        ask(
            np.allclose(starts[:, i], alone, rtol=1e-13 * on.loose, atol=0),
            f"start = {starts[:, i]} in a batch",
            f"{alone}, as for this point alone",
        )
    return ""


def _precise(on: Subject) -> str:
    import mpmath

    theory, x = on.theory, on.x
    with mpmath.workdps(30):
        precise, y = as_binary(theory), as_mpmath(x)
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
        if differenced(theory, x):
            allowed = allowed + on.roughness(theory, x)
        worst = np.unravel_index(np.argmax(off - allowed), off.shape)
        ask(
            off[worst] <= allowed[worst],
            f"jacobian differs by {off[worst]:.2g} from that in 30 digits",
            f"at most {allowed[worst]:.2g}",
        )
        derived = precise.derived(y)
        pairs += [(name, value, derived[name]) for name, value in theory.derived(x).items()]
        pairs += [(name, getattr(theory, name)(x), getattr(precise, name)(y)) for name in MEASURES[:-1]]
        for name, value, truth in pairs:
            if value is None or truth is None:
                ask(value is truth, f"{name} is None in one of the arithmetics", "the same in both")
            elif np.isinf(value):
                ask(float(truth) == value, f"{name} = {value} in float64", f"{truth}, as in 30 digits")
            else:
                ask(
                    isinstance(truth, mpmath.mpf),
                    f"{name} is {type(truth).__name__} where the parameters are mpmath numbers",
                    "an mpmath number",
                )
                gap = float(abs(truth - mpmath.mpf(float(value))))
                most = 1e-13 * on.loose * max(1.0, abs(float(truth)))
                ask(
                    gap <= most,
                    f"{name} = {float(value):.17g} in float64, {mpmath.nstr(truth, 20)} in 30 digits",
                    f"the same to {most:.1g}",
                )
    return ""


def _digits(on: Subject) -> str:
    """Stationarity once more, in 38 digits: a constant that has 16 of them is wrong there."""
    import mpmath

    if on.explicit:
        return "an explicit branch has its digits from its start"
    if not _is_stationary(on):
        return UNSETTLED
    theory, n = on.theory, len(on.x)
    inverse = np.linalg.pinv(np.eye(n) - jacobian(theory, on.x))
    with mpmath.workdps(38):
        precise, y = as_binary(theory), as_mpmath(on.x)
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
        ask(
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
        ask(False, f"{', '.join(slopes)} at the solution in 38 digits", "below 1e-20")
    return ""


def _symmetry(on: Subject) -> str:
    theory, x = on.theory, on.x + 0.0
    if not theory.symmetry:
        return "none is declared"
    turn = np.where([name in theory.symmetry for name in theory.order], -1.0, 1.0)
    fields = {name: -getattr(theory, name) for name in theory.symmetry if name in theory.values}
    mirrored = theory.at(**fields)
    ours, theirs = turn * theory.update(x), mirrored.update(turn * x)
    ask(
        np.allclose(theirs, ours, rtol=1e-14 * on.loose, atol=1e-16 * on.loose),
        f"update = {theirs} in the mirrored state",
        f"{ours}, the mirror image",
    )
    f, g = theory.free_energy(x), mirrored.free_energy(turn * x)
    ask(abs(f - g) <= 1e-14 * abs(f) * on.loose, f"free_energy = {g:.17g} in the mirrored state", f"{f:.17g}")
    if not any(map(np.any, fields.values())):
        rest = theory.update(x * (turn > 0))[turn < 0]
        ask(
            np.all(rest == 0.0),
            f"update of {', '.join(theory.symmetry)} = {rest} where they are 0",
            "exactly 0: what is not there does not arise",
        )
    return ""


def _cold(on: Subject) -> str:
    about = on.theory.parameters().get("T")
    if about is None or "T" not in on.varied or about.lower != 0 or about.open_lower:
        return "no temperature T that may be 0"
    frozen = solve(on.theory.at(T=0.0), on.branch, throw=False)
    if not frozen.success:
        return f"no solution at T = 0 ({frozen.outcome.value})"
    T = np.array([1e-6, 1e-4])
    start = np.repeat(frozen.x[:, None], 2, axis=1)
    states = Newton(warmup=0).run(on.theory.at(T=T), start)
    ask(
        np.all(states.success),
        f"no solution at T = 1e-6 or 1e-4 next to that at T = 0, {frozen.x}",
        "the solution at T = 0 is the limit of those at T > 0",
    )
    values = [*states.x, states.free_energy]
    limits = [*frozen.x, frozen.free_energy]
    for name, (near, far), limit in zip((*on.theory.order, "f"), values, limits, strict=True):
        first, second = abs(near - limit), abs(far - limit)
        # linear in T, or T ln T: a hundredth; a square root of T would be a tenth
        ask(
            first <= 0.3 * second or first <= 1e-9 * max(1.0, abs(limit)),
            f"{name} = {limit:.10g} at T = 0, {near:.10g} at T = 1e-6, {far:.10g} at T = 1e-4",
            "the value at T = 0 is the limit of those at T > 0",
        )
    return ""


OF_A_BRANCH: dict[str, About] = {
    "solution": About(_solution, "update, start, belongs, physical, jacobian; or take other parameters"),
    "stationarity": About(_stationary, "a sign or a term of update or free_energy: one of them is wrong"),
    "sensitivity": About(_sensitive, "free_energy: does it hold every term with order parameters?"),
    "converse": About(_converse, "a sign of update or free_energy"),
    "jacobian": About(_jacobian, "jacobian: rows are equations, columns unknowns"),
    "slope": About(_slope, "slope"),
    "envelope": About(_envelope, "free_energy where it depends on control parameters; tuned"),
    "entropy": About(_entropy, "entropy: minus the derivative of free_energy by T at fixed x"),
    "batch": About(_batch, "an axis of your own must be the last one, and summed over axis=-1"),
    "starts": About(_starts, "start: it must broadcast, and np.where instead of if"),
    "mpmath": About(_precise, "functions of numpy and math: write those of replica.numerics.functions"),
    "digits": About(_digits, "constants of 16 digits: write m / 3, not (1 / 3) * m, and functions.pi(x)"),
    "symmetry": About(_symmetry, "symmetry: the names that change sign together, or the formulas"),
    "cold": About(_cold, "what is divided by T: take C = (1 - q)/T as unknown, and replica.numerics.spins"),
}
"""The checks, and where to look if one fails."""
