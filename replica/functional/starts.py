"""Where to look for the states of a fully connected model: guesses from limits; Newton does the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from replica.functional.passes import Ingredients, Pass, is_symmetric
from replica.functional.structure import Structure
from replica.numerics.functions import is_exact, stack
from replica.typing import Number, Numbers

__all__ = ["glass", "other_glasses", "paramagnet", "retrieval", "retrieval_in_noise", "vanishing"]

STRONG = 4.0
"""An order parameter that saturates every unit, from which it falls to that without noise."""
LOUD = (0.03, 0.3, 1.0)
"""Variances of the noise on the layers with patterns that are tried where a state without noise is none."""
SHARES = (1.0, 0.4, 0.05)
"""Shares of the largest overlap at which a glass is looked for."""
HALVINGS = 20
"""How often a step that leads out of the domain is halved."""
SMALLEST, LARGEST = 1e-9, 1e6
"""An overlap, and a response, that are none."""
FALLING = 60
"""Steps in which it falls, at most."""


def _assembled(
    plan: Structure, m: Sequence[Number], q: Mapping[int, Number], C: Mapping[int, Number], shape: Any
) -> Numbers:
    rows = list(m)
    for s in plan.kept:
        rows += [C[s]] if s in plan.rigid else [q[s], C[s]]
    rows = [row + np.zeros(shape) if shape else row for row in rows]
    return stack(*rows)


def vanishing(parts: Ingredients) -> list[Any]:
    """Whether the order parameter of each pattern may be 0: nothing acts on it then, and w or s is even."""
    found = []
    nothing = [0.0] * len(parts.pulls)
    for k, pull in enumerate(parts.pulls):
        s, i = parts.place[k]
        balanced = is_symmetric(parts.units[s]) or parts.laws[s].balanced[i]
        found.append(np.equal(pull.value(nothing), 0) & bool(balanced))
    return found


def retrieval(
    parts: Ingredients, patterns: Sequence[int], shape: tuple[int, ...], noise: float = 0.0
) -> Numbers:
    """Patterns retrieved, shape ``(n_order, *batch)``, without the noise of the other layers, or with some.

    Spins are saturated; other units take the largest overlap that they have, at their temperature.
    """
    bearing = sorted({s for s, _ in parts.place.values()})
    stiff = all(s in parts.structure.rigid for s in bearing)
    return _retrieved(parts, patterns, bearing, noise, shape, stiff)


def retrieval_in_noise(
    parts: Ingredients, patterns: Sequence[int], shape: tuple[int, ...]
) -> Iterator[Numbers]:
    """The same in noise, where that is what confines the units."""
    if all(s in parts.structure.rigid for s, _ in parts.place.values()):
        return
    for noise in LOUD:
        yield retrieval(parts, patterns, shape, noise)


def _retrieved(
    parts: Ingredients, patterns: Sequence[int], bearing: list[int], noise: float, shape: Any, stiff: bool
) -> Numbers:
    plan = parts.structure
    here = parts.cold() if stiff else parts
    zero = np.zeros(shape)
    strength = {s: noise + zero for s in bearing}
    other = {s: 1.0 + zero for s in plan.kept}  # does not matter to layers whose noise is given
    m = [(STRONG if not stiff else 1.0) * (k in patterns) + zero for k in range(len(parts.pulls))]
    none = {s: zero for s in plan.kept}

    def answers(m: list[Any]) -> Pass:
        return Pass(here, m, other, none, strength)

    for _ in range(1 if stiff else FALLING):
        at = answers(m)
        new = [at.projected(k) for k in range(len(m))]
        moving = np.max([np.abs(a - b) for a, b in zip(m, new, strict=True)], axis=0) >= 1e-6
        m = [np.where(moving, b, a) for a, b in zip(m, new, strict=True)]  # each point stops by itself
        if not np.any(moving):
            break
    if stiff:  # what nothing acts on yet is saturated, too
        m = [np.where(np.abs(one) > SMALLEST, one, 1.0 * (k in patterns)) for k, one in enumerate(m)]
    at = answers(m)
    q, C = dict(other), dict(none)
    for s in plan.kept:
        if s in bearing:
            q[s], C[s] = at.answer(s).over("square"), at.answer(s).over("response")
            C[s] = np.where(C[s] < LARGEST, C[s], 0.0)  # spins without a field are not infinitely soft
    rest = [s for s in plan.kept if s not in bearing]
    for _ in range(4 if rest else 0):
        at = Pass(parts, m, {s: 1 - parts.T * C[s] if s in plan.rigid else q[s] for s in plan.kept}, C)
        for s in rest:
            q[s], C[s] = at.answer(s).over("square"), at.answer(s).over("response")
    return _assembled(plan, m, q, C, shape)


def glass(parts: Ingredients, shape: tuple[int, ...]) -> Numbers:
    """The largest overlaps without a pattern, shape ``(n_order, *batch)``."""
    plan = parts.structure
    if all(s in plan.rigid for s in plan.kept):
        return _frozen(parts, shape)
    return _on_curve(parts, shape) if len(plan.kept) == 1 else _at_share(parts, shape, SHARES[0])


def other_glasses(parts: Ingredients, shape: tuple[int, ...]) -> Iterator[Numbers]:
    """Smaller overlaps without a pattern, each of shape ``(n_order, *batch)``."""
    plan = parts.structure
    if all(s in plan.rigid for s in plan.kept):
        yield _frozen(parts, shape, steps=8)
        yield _frozen(parts, shape, 0.5, 8)
        return
    for share in SHARES if len(plan.kept) == 1 else SHARES[1:]:
        yield _at_share(parts, shape, share)


def _along_fields(parts: Ingredients, zero: Any) -> list[Any]:
    """Order parameters along the fields that act on them; 0 where there are none."""
    nothing = [0.0] * len(parts.pulls)
    return [np.sign(pull.value(nothing)) + zero for pull in parts.pulls]


def _frozen(parts: Ingredients, shape: tuple[int, ...], share: float = 1.0, steps: int = 1) -> Numbers:
    """Spins with q = 1, and their response at T = 0, by Newton's method; never more than 1/T."""
    plan, zero = parts.structure, np.zeros(shape)
    cold, m = parts.cold(), _along_fields(parts, zero)
    n = len(m)
    C = {s: zero for s in plan.kept}
    one = {s: 1.0 + zero for s in plan.kept}
    with np.errstate(all="ignore"):
        for _ in range(steps):
            at = Pass(cold, m, one, C)
            target = stack(*at.update()[n:])
            slope = stack(*(stack(*row[n:]) for row in at.jacobian()[n:]))
            here = stack(*C.values())
            step = _solved(np.eye(len(C)).reshape(len(C), len(C), *(1,) * zero.ndim) - slope, target - here)
            moved = np.maximum(np.where(np.isfinite(step), here + step, target), 0.0)
            for _ in range(HALVINGS):  # back to where every layer is confined
                outside = ~Pass(cold, m, one, dict(zip(C, moved, strict=True))).confined()
                if not np.any(outside):
                    break
                moved = np.where(outside, (here + moved) / 2, moved)
            C = dict(zip(C, moved, strict=True))
        T = np.maximum(np.asarray(parts.T, dtype=float), 1e-300)
        some = {s: np.minimum(value, share / T) * (1 - 1e-3) for s, value in C.items()}
    return _assembled(plan, m, {}, some, shape)


def _solved(matrix: Any, right: Any) -> Any:
    if len(right) == 1:
        return right / matrix[0]
    square, vector = np.moveaxis(matrix, (0, 1), (-2, -1)), np.moveaxis(right, 0, -1)[..., None]
    regular = np.all(np.isfinite(square), axis=(-2, -1)) & (np.abs(np.linalg.det(square)) > 0)
    safe = np.where(regular[..., None, None], square, np.eye(len(right)))
    return np.where(regular, np.moveaxis(np.linalg.solve(safe, vector)[..., 0], -1, 0), np.nan)


def _most(parts: Ingredients, s: int) -> float:
    """The largest overlap of a layer that is looked at."""
    return float(max((abs(v) for v in parts.units[s].values), default=0.0) ** 2) or 4.0


def _at_share(parts: Ingredients, shape: tuple[int, ...], share: float) -> Numbers:
    """A share of the largest overlaps, and the responses to which a few steps lead there."""
    plan, zero = parts.structure, np.zeros(shape)
    m = _along_fields(parts, zero)
    q = {s: share * _most(parts, s) + zero for s in plan.kept}
    C = {s: zero for s in plan.kept}
    with np.errstate(all="ignore"):
        for step in range(6):
            at = Pass(parts, m, q, C)
            new = {s: at.answer(s).over("response") for s in plan.kept}
            C = {s: new[s] if step == 0 else (C[s] + new[s]) / 2 for s in plan.kept}
    return _assembled(plan, m, q, C, shape)


def _on_curve(parts: Ingredients, shape: tuple[int, ...]) -> Numbers:
    """One kept layer: where E<s>^2 - q changes sign from above, where C solves its equation."""
    (s,) = parts.structure.kept
    share = np.concatenate([[1.0], 1 - np.geomspace(1e-6, 0.5, 10), np.geomspace(0.45, 1e-4, 12)])
    tail = (1,) * len(shape)
    q = _most(parts, s) * share.reshape(-1, *tail) + np.zeros(shape)
    m = _along_fields(parts, 0 * q)
    coarse = parts.coarse() if np.any(m) else parts.coarse().bare()
    edges = 1 - np.geomspace(1, 1e-4, 17)
    room = _room(parts, s)

    def response(t: Any) -> Any:
        return t * room if np.all(np.isfinite(room)) else t / (1 - t)

    def gaps(t: Any) -> tuple[Any, Any]:
        at = Pass(coarse, m, {s: q}, {s: response(t) + 0 * q}).answer(s)
        return at.over("square") - q, at.over("response") - response(t)

    with np.errstate(all="ignore"):
        rest = np.stack([gaps(edge)[1] for edge in edges])
        falls = (rest[:-1] > 0) & ~(rest[1:] > 0)  # NaN: not confined any more
        last = len(edges) - 2 - np.argmax(falls[::-1], axis=0)
        known = np.any(falls, axis=0)
        low, high = np.where(known, edges[last], 0.0), np.where(known, edges[last + 1], 1.0)
        for _ in range(12):
            middle = (low + high) / 2
            above = gaps(middle)[1] > 0
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        gap = np.where(gaps(high)[1] <= 0, gaps(low)[0], np.nan)
        rises = (gap[:-1] <= 0) & (gap[1:] > 0)
        first, found = np.argmax(rises, axis=0)[None], np.any(rises, axis=0)

        def at(values: Any, back: int) -> Any:
            return np.take_along_axis(values, first + back, 0)[0]

        part = at(gap, 0) / (at(gap, 0) - at(gap, 1))
        part = np.where(np.isfinite(part), part, 0.0)
        between = (at(v, 0) + part * (at(v, 1) - at(v, 0)) for v in (q, response(low)))
        q0, C0 = (np.where(found, value, np.nan) for value in between)
    return _assembled(parts.structure, [row[0] for row in m], {s: q0}, {s: C0}, shape)


def _room(parts: Ingredients, s: int) -> Any:
    """The response of a layer beyond which those that it acts on are confined no more, if xi is quadratic."""
    room: Any = np.inf
    for t in parts.structure.layers:
        if (t, s) in parts.slopes and not parts.slopes[t, s].degree:
            with np.errstate(all="ignore"):
                coefficient = parts.slopes[t, s].value([])
                room = np.minimum(
                    room, np.where(coefficient > 0, parts.units[t].curvature / coefficient, np.inf)
                )
    return room


def paramagnet(parts: Ingredients, shape: tuple[int, ...], *, even: bool) -> Numbers:
    """No overlap, exactly, where units are symmetric; else the smallest one, shape ``(n_order, *batch)``."""
    plan = parts.structure
    zero: Any = 0 * parts.T if is_exact(parts.T) else np.zeros(shape)
    m = [zero for _ in parts.pulls]
    q = {s: zero for s in plan.kept}
    if not even:
        return _quiet(parts, shape)
    hot = 1 / parts.T if is_exact(parts.T) else 1 / np.maximum(parts.T, 1e-300) + zero
    C = {s: hot if s in plan.rigid else zero for s in plan.kept}
    soft = [s for s in plan.kept if s not in plan.rigid]
    if soft:
        C = _settled(parts, m, q, C, soft)
    return _assembled(plan, m, q, C, () if is_exact(zero) else shape)


def _settled(
    parts: Ingredients, m: list[Any], q: dict[int, Any], C: dict[int, Any], soft: list[int]
) -> dict[int, Any]:
    """Responses that solve their equations without overlaps, from below, by Newton's method."""
    plan, n = parts.structure, len(m)
    place: dict[int, int] = {}
    row = n
    for s in plan.kept:
        place[s] = row + (s not in plan.rigid)
        row += 1 + (s not in plan.rigid)
    precise = is_exact(*C.values())
    with np.errstate(all="ignore"):
        for step in range(100 if precise else 40):
            at = Pass(parts, m, q, C)
            new = {s: at.answer(s).over("response") for s in soft}
            if step < 3:
                change = [new[s] - C[s] for s in soft]
            else:
                J = at.jacobian()
                matrix = stack(*(stack(*((s == t) - J[place[s]][place[t]] for t in soft)) for s in soft))
                change = list(_solved_any(matrix, stack(*(new[s] - C[s] for s in soft))))
            C = C | {s: C[s] + by for s, by in zip(soft, change, strict=True)}
            sizes = [np.abs(np.asarray(by, dtype=float)) for by in change]
            size = max(float(np.max(one, initial=0.0, where=~np.isnan(one))) for one in sizes)
            if step > 3 and size <= (1e-30 if precise else 1e-15):
                break
    return C


def _solved_any(matrix: Any, right: Any) -> Any:
    if is_exact(matrix, right):
        import mpmath

        return list(mpmath.lu_solve(mpmath.matrix(matrix.tolist()), mpmath.matrix(right.tolist())))
    return _solved(matrix, right)


def _quiet(parts: Ingredients, shape: tuple[int, ...]) -> Numbers:
    """The smallest overlaps, to which iteration from none leads."""
    plan = parts.structure
    x = _assembled(
        plan,
        _along_fields(parts, np.zeros(shape)),
        {s: np.zeros(shape) for s in plan.kept},
        {s: np.zeros(shape) for s in plan.kept},
        shape,
    )
    with np.errstate(all="ignore"):
        for _ in range(20):
            new = stack(*Pass.at(parts, x).update())
            x = np.where(np.isfinite(new), new, x)
    return x
