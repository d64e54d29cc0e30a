"""Where broken states are: one step from the replica-symmetric state, and each further one from the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.breaking.passes import BrokenPass
from replica.functional import FullyConnected
from replica.functional.passes import Ingredients
from replica.typing import Array

__all__ = [
    "Seen",
    "broken_further",
    "broken_once",
    "broken_states",
    "descend",
    "is_broken",
    "last_symmetric",
    "symmetric_state",
]

GOOD = 1e-9
"""Largest residual of a state from which the next one is looked for."""
NARROW = 1e-7
"""Overlaps closer than this, beside the largest one, are the same: replica symmetric within resolution."""
SHARE = 0.8
"""Of the response: how much of it goes through a change of state, far below the transition."""
BREAKINGS = 2.0 ** np.arange(0, 15)
"""mu that are tried, beside the one that splits all of the overlap."""
LONGEST, SHORTEST = 1.0, 1e-3
"""Step in the logarithms of what is looked for; and the fraction of one at which a search ends."""

LOST = 1e-6
"""An outermost overlap below this, beside what it was with a step less, is 0."""
FASTEST, SLOWEST = 0.5, 0.02
"""Steps in the logarithm of mu, along which a state is followed to where f has its largest value."""
FOLLOWED = 60
"""Such steps, at most."""

NEARBY = (0.995, 0.98, 0.95, 0.9, 0.8)
"""Shares of the parameter at which a state is looked for that has ended without breaking."""

COLDER = (0.7, 0.5, 0.3)
"""The same for glasses, whose replica-symmetric state may end far below their transition."""

Equations = Callable[[Array], tuple[Array, Array]]
"""From x to the residual and its derivatives."""


def symmetric_state(theory: FullyConnected, branch: str) -> Array | None:
    """The replica-symmetric state on a branch, at one point, by Newton's method; None if none is found."""

    def equations(x: Array) -> tuple[Array, Array]:
        return theory.residual(x), np.asarray(theory.jacobian(x)) - np.eye(len(x))

    def starts() -> Iterator[Array]:
        yield theory.start(branch)
        yield from theory.other_starts(branch)

    found, rank = None, -np.inf
    with np.errstate(all="ignore"):
        for start in starts():
            for warm in (0, 10):
                begun = np.array(start, dtype=float)
                for _ in range(warm):
                    begun = theory.update(begun)
                x = _newton(equations, begun)
                if x is None or not theory.belongs(branch, x) or not theory.physical(x):
                    continue
                ranked = theory.rank(branch, x)
                if ranked is None:
                    return x
                if float(ranked) > rank:
                    found, rank = x, float(ranked)
                break
    return found


def last_symmetric(
    theory: FullyConnected, branch: str, parameter: str, low: float, high: float
) -> float | None:
    """The value of a parameter up to which the replica-symmetric state is found, to three digits; or None.

    It is there at `low`, or next to it.
    """
    span = high - low

    def there(value: float) -> bool:
        return symmetric_state(theory.at(**{parameter: value}), branch) is not None

    inside = next(
        (low + share * span for share in (0.5, 0.1, 0.02, 0.001) if there(low + share * span)), None
    )
    if inside is None:
        return None
    outside = high
    for _ in range(6):
        if not there(outside):
            break
        inside, outside = outside, low + 2 * (outside - low)
    while outside - inside > 1e-3 * abs(outside):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if there(middle) else (inside, middle)
    return inside


def _newton(equations: Equations, x: Array) -> Array | None:
    residual, slope = equations(x)
    for _ in range(60):
        size = np.max(np.abs(residual))
        if not np.isfinite(size) or not np.all(np.isfinite(slope)):
            return None
        if size < 1e-12 * (1 + np.max(np.abs(x))):
            return x
        change = -np.linalg.lstsq(slope, residual, rcond=None)[0]
        for halving in range(12):
            moved = x + change / 2**halving
            after = equations(moved)
            if np.max(np.abs(after[0])) < 2 * size:
                break
        x, (residual, slope) = moved, after
    return x if np.max(np.abs(residual)) < GOOD else None


@dataclass(frozen=True)
class Seen:
    """Coordinates of a broken state in which the order of its levels cannot be lost.

    Logarithms of the increments of the overlaps and of mu, and of the responses; q_0 and the order parameters
    of the patterns as they are.
    """

    patterns: int
    layers: int
    steps: int

    @property
    def groups(self) -> Iterator[tuple[slice, slice]]:
        """Of each layer: its overlaps, and its response."""
        for n in range(self.layers):
            first = self.patterns + n * (self.steps + 2)
            yield slice(first, first + self.steps + 1), slice(first + self.steps + 1, first + self.steps + 2)

    def coordinates(self, x: Array) -> Array:
        """From order parameters."""
        u = x.copy()
        for overlaps, response in self.groups:
            u[overlaps.start + 1 : overlaps.stop] = np.log(np.diff(x[overlaps]))
            u[response] = np.log(x[response])
        mu = x[-self.steps :]
        u[-self.steps :] = np.log(np.diff(mu, prepend=0.0))
        return u

    def order(self, u: Array) -> Array:
        """To order parameters."""
        x = u.copy()
        for overlaps, response in self.groups:
            x[overlaps] = np.cumsum(
                np.append(u[overlaps.start], np.exp(u[overlaps.start + 1 : overlaps.stop]))
            )
            x[response] = np.exp(u[response])
        x[-self.steps :] = np.cumsum(np.exp(u[-self.steps :]))
        return x

    def slope(self, u: Array) -> Array:
        """Derivatives of the order parameters by the coordinates."""
        slope = np.eye(len(u))
        for overlaps, response in self.groups:
            n = self.steps + 1
            steps = np.append(1.0, np.exp(u[overlaps.start + 1 : overlaps.stop]))
            slope[overlaps, overlaps] = np.tril(np.ones((n, n))) * steps
            slope[response, response] = np.exp(u[response])
        k = self.steps
        slope[-k:, -k:] = np.tril(np.ones((k, k))) * np.exp(u[-k:])
        return slope

    def gaps(self, x: Array) -> Array:
        """The smallest increment of an overlap of each layer, beside its innermost overlap."""
        return np.array([np.min(np.diff(x[q])) / max(x[q][-1], 1e-300) for q, _ in self.groups])


def descend(parts: Ingredients, x: Array, steps: int, *, held: bool = False, most: int = 60) -> Array | None:
    """The root of the equations near x, by Newton's method; None where there is none.

    With `held` the mu stay as they are, and their equations are left out.

    f is flat in some directions, in which a large error makes a small residual. So it is the step itself that
    has to become shorter: it is measured by the matrix from which it was made, at its two ends.
    """
    plan = parts.structure
    seen = Seen(len(parts.model.patterns), len(plan.kept), steps)
    with np.errstate(all="ignore"):
        u = seen.coordinates(x)
        free = len(u) - steps * held
        here = _valued(parts, seen, u, steps) if np.all(np.isfinite(u)) else None
        fraction = 1.0
        for _ in range(most):
            if here is None:
                return None
            residual, slope = here[0][:free], here[1][:free, :free]
            change = np.zeros(len(u))
            change[:free] = _solved(slope, -residual)
            longest = float(np.max(np.abs(change)))
            if longest < 1e-10 and np.max(np.abs(residual)) < GOOD:
                return seen.order(u)
            fraction = min(1.0, 2 * fraction, LONGEST / longest)
            while True:
                moved = u + fraction * change
                after = _valued(parts, seen, moved, steps)
                if after is not None:
                    rest = np.linalg.norm(_solved(slope, -after[0][:free]))
                    if rest <= (1 - fraction / 4) * np.linalg.norm(change) or longest < 1e-9:
                        break
                fraction /= 2
                if fraction < SHORTEST:
                    return None
            u, here = moved, after
    return None


def _solved(matrix: Array, right: Array) -> Any:
    return np.linalg.lstsq(matrix, right, rcond=1e-13)[0]


def _valued(parts: Ingredients, seen: Seen, u: Array, steps: int) -> tuple[Array, Array] | None:
    """Residual and slopes in the coordinates: ratios where they are logarithms."""
    x = seen.order(u)
    if np.any(seen.gaps(x) < NARROW):
        return None
    here = BrokenPass(parts, x, steps, slopes=True)
    if not here.averaged:
        return None
    residual, slope = here.mismatch(), here.jacobian() @ seen.slope(u)
    slope -= seen.slope(u)
    for s, (overlaps, response) in zip(parts.structure.kept, seen.groups, strict=True):
        own = here.answers[s], here.slope[s]
        gains = slice(overlaps.start + 1, overlaps.stop)
        inner = x[overlaps][-1]
        residual[overlaps.start] /= inner
        slope[overlaps.start] -= residual[overlaps.start] * seen.slope(u)[overlaps.stop - 1]
        slope[overlaps.start] /= inner
        for rows, value, by in (
            (gains, own[0].square[0, 1:], own[1].square.T[1:]),
            (response, own[0].response[:1], own[1].response[None]),
        ):
            residual[rows] = np.log(value) - u[rows]
            slope[rows] = by @ seen.slope(u) / value[:, None] - np.eye(len(x))[rows]
    ok = np.all(np.isfinite(residual)) and np.all(np.isfinite(slope))
    return (residual, slope) if ok else None


def is_broken(parts: Ingredients, x: Array, steps: int) -> bool:
    """Whether every level adds something, in the domain."""
    seen = Seen(len(parts.model.patterns), len(parts.structure.kept), steps)
    mu = x[-steps:]
    return bool(
        np.all(seen.gaps(x) > NARROW)
        and np.all(np.diff(mu, prepend=0.0) > 1e-6 * mu[-1])
        and mu[-1] * parts.T <= 1 + 1e-9
    )


def broken_once(theory: FullyConnected, symmetric: Array) -> Iterator[Array]:
    """Roots with one step, from a replica-symmetric state.

    Part of the response of that state goes through a change of state; mu says by how much the overlap splits.
    The mu at which that agrees best with the equations of the overlaps is where the search begins.
    """
    parts = theory.parts
    here, plan, T = theory.read(symmetric), parts.structure, float(parts.T)
    rho = float(here.rho())
    share = SHARE * (1 - 1 / rho) if rho < np.inf else SHARE
    if not share > 0:
        return
    q = {s: float(here.q[s]) for s in plan.kept}
    B = {s: share * float(here.C[s]) for s in plan.kept}
    m = [float(value) for value in here.m]
    slowest = max(B[s] / (q[s] + T * B[s]) for s in plan.kept)
    hottest = 1 / T if T > 0 else np.inf
    seen = Seen(len(m), len(plan.kept), 1)
    guesses: list[tuple[float, Array]] = []
    for mu in sorted((*(slowest * 1.15 * BREAKINGS), 0.3 * hottest, 0.9 * hottest)):
        if not mu < hottest:
            break
        rows = list(m)
        for s in plan.kept:
            inner = q[s] + T * B[s]
            rows += [inner - min(B[s] / mu, 0.95 * inner), inner, float(here.C[s]) - B[s]]
        x = np.array([*rows, mu])
        with np.errstate(all="ignore"):
            valued = _valued(parts, seen, seen.coordinates(x), 1)
        if valued is not None:
            guesses.append((float(np.max(np.abs(valued[0][:-1]))), x))
            if len(guesses) > 2 and guesses[-1][0] > 4 * min(size for size, _ in guesses):
                break  # the splitting is too small already
    guesses.sort(key=lambda pair: pair[0])
    found: list[Array] = []
    for _, x in guesses[:3]:
        root = _followed(parts, x)
        if root is None or not is_broken(parts, root, 1):
            continue
        if not any(np.allclose(root, known, rtol=1e-6, atol=1e-9) for known in found):
            found.append(root)
            yield root


def _followed(parts: Ingredients, x: Array) -> Array | None:
    """The root with one step, to which f rises along mu; None if mu leaves its domain on the way."""
    here = descend(parts, x, 1, held=True)
    if here is None:
        return None
    root = descend(parts, here, 1, most=15)
    if root is not None:
        return root
    pace, rising = FASTEST, _rises(parts, here)
    up = rising
    for _ in range(FOLLOWED):
        there = _ahead(parts, here, pace if up else -pace)
        inside = there is not None and there[-1] * parts.T < 1
        after = descend(parts, there, 1, held=True) if there is not None and inside else None
        if after is None:
            pace /= 2
            if pace < SLOWEST:
                return None
            continue
        here, rising, pace = after, _rises(parts, after), min(1.5 * pace, FASTEST)
        if rising != up:
            return descend(parts, here, 1)
    return None


def _rises(parts: Ingredients, x: Array) -> bool:
    """Whether f rises with mu."""
    return bool(BrokenPass(parts, x, 1).mismatch()[-1] > 0)


def _ahead(parts: Ingredients, x: Array, change: float) -> Array | None:
    """Where the state goes along the tangent, if the logarithm of mu changes."""
    seen = Seen(len(parts.model.patterns), len(parts.structure.kept), 1)
    u = seen.coordinates(x)
    known = _valued(parts, seen, u, 1)
    if known is None:
        return None
    slope = known[1]
    moved = -change * _solved(slope[:-1, :-1], slope[:-1, -1])
    return seen.order(u + np.append(moved, change))


def broken_further(parts: Ingredients, x: Array, steps: int) -> Array | None:
    """The state with one more step, from one with `steps`; None where there is none to be seen."""
    for start in _further(parts, x, steps):
        for held in (False, True):
            begun = descend(parts, start, steps + 1, held=True) if held else start
            root = None if begun is None else descend(parts, begun, steps + 1, most=40)
            if root is None or not is_broken(parts, root, steps + 1):
                continue
            if not _lost(parts, x, root, steps):
                return root
    return None


def _lost(parts: Ingredients, x: Array, root: Array, steps: int) -> bool:
    """Whether q_0 has become 0: where it was not with a step less, f has no maximum in it there."""
    P, kept = len(parts.model.patterns), len(parts.structure.kept)
    before, after = x[P :: steps + 2][:kept], root[P :: steps + 3][:kept]
    return bool(np.any((before > LOST) & (after < LOST * before)))


def _further(parts: Ingredients, x: Array, steps: int) -> Iterator[Array]:
    """Guesses: how levels divide is nearly the same everywhere, but for whether there is thermal noise.

    Cold states are known from the ground states of spin glasses; in warm ones, near their transition, mu is
    proportional to q and the levels are equally far apart.
    """
    P, k, T = len(parts.model.patterns), steps, float(parts.T)
    place, layers = P, []
    for _ in parts.structure.kept:
        layers.append((x[place : place + k + 1], x[place + k + 1]))
        place += k + 2
    mu = x[place:]
    noise = max(T * C / (T * C + q[-1] - q[0]) for q, C in layers)
    warmths = (0.0, 0.4) if T == 0 else sorted((0.0, 0.5, 1.0), key=lambda w: abs(w - min(1.0, 1.9 * noise)))
    for warm in warmths:
        for wide in (1.0, 0.4):
            rows = list(x[:P])
            for q, C in layers:
                gap = q[-1] - q[0]
                inner = np.interp(np.arange(k + 2) / (k + 1), np.arange(k + 1) / k, q)
                if k == 1:
                    inner[1] = q[1] - (0.29 + 0.31 * warm) * gap
                inner[0] = q[0] - wide * min(0.3 * gap / k**0.5, 0.35 * q[0])
                response = C * (((k + 0.5) / (k + 1.5)) ** 1.4 * (1 - warm) + warm * (1 - 0.03 / k**2))
                inner[-1] += min(T * (C - response), 0.3 * gap)
                rows += [*inner, response]
            yield np.array([*rows, *_divided(mu, warm, T)])


def _divided(mu: Array, warm: float, T: float) -> Array:
    """One mu more."""
    k = len(mu)
    if k == 1:
        new = mu[0] * np.array([0.62, 2.0 - 0.75 * warm])
    else:
        old, wanted = (np.arange(k) + 0.5) / k, (np.arange(k + 1) + 0.5) / (k + 1)
        logs = np.log(mu)
        new = np.interp(wanted, old, logs)
        new[0] = logs[0] - (old[0] - wanted[0]) * (logs[1] - logs[0]) / (old[1] - old[0])
        steep = (logs[-1] - logs[-2]) / (old[-1] - old[-2])
        new[-1] = logs[-1] + (wanted[-1] - old[-1]) * steep * (1 - 0.5 * warm) + 0.26 * (1 - warm)
        new = np.exp(new)
    if new[-1] * T > 0.97:  # x <= 1
        new = new / (1 + (new[-1] * T / 0.97 - 1) * (new / new[-1]) ** 2)
    return new


def broken_states(theory: FullyConnected, branch: str, steps: int) -> Iterator[Array]:
    """States with so many steps on a branch, at one point."""
    symmetric = symmetric_state(theory, branch)
    if symmetric is None:
        x = _from_nearby(theory, branch, steps)
        if x is not None:
            yield x
        return
    for x in broken_once(theory, symmetric):
        found: Array | None = x
        for k in range(1, steps):
            found = None if found is None else broken_further(theory.parts, found, k)
        if found is not None:
            yield found


def _from_nearby(theory: FullyConnected, branch: str, steps: int) -> Array | None:
    """The state where the replica-symmetric one has ended: followed from where that is still there.

    A pattern is lost with the load, a glass of couplings of three or more spins with the temperature.
    """
    limit, glass = theory.phases.limit, branch not in theory.phases.retrieved
    name = "T" if glass else None if limit is None else limit.parameter
    if name is None or name not in theory.parameters():
        return None
    wanted = getattr(theory, name)
    if not wanted > 0:
        return None
    for share in (*NEARBY, *COLDER) if glass else NEARBY:
        near = theory.at(**{name: share * wanted})
        if symmetric_state(near, branch) is None:
            continue
        x = next(broken_states(near, branch, steps), None)
        pace = 1 - share
        while x is not None and share < 1 and pace > 1e-5:
            there = min(1.0, share + pace)
            root = descend(theory.at(**{name: there * wanted}).parts, x, steps, most=15)
            if root is None or not is_broken(theory.parts, root, steps):
                pace /= 2
            else:
                share, x = there, root
        return x if share == 1 else None
    return None
