"""A variable that is known by its potential alone: partition function, ground state, activation, samples.

Everything here is numerical and works for any potential that confines: `Landscape` for a continuous variable,
`Levels` for finitely many values. `replica.units` has the closed forms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from replica.errors import ParameterError
from replica.numerics.quadrature import gauss_legendre
from replica.typing import Array, Integers, Number, Numbers

__all__ = ["Kink", "Landscape", "Levels", "curvature_at_infinity", "kinks_of"]

NODES = 20
"""Gauss-Legendre nodes per panel; a panel is at most six thermal widths of the narrowest well."""
MOST = 40_000
"""Nodes in all; a temperature that needs more is better taken as 0."""
GRID = 2001
"""Points of the grid that finds the wells; Newton's method does the rest."""
NEGLIGIBLE = 45.0
"""Boltzmann exponent that no longer counts."""
LARGEST_FIELD = 60.0
"""Kinks are looked for at fields up to this."""
_BLOCK = 2_000_000
"""Fields times nodes that are held in memory at once."""
_STENCIL = np.arange(-3.0, 4.0)
_POLYNOMIAL = np.linalg.inv(np.vander(_STENCIL, increasing=True))
"""From the values on the stencil to the coefficients of the polynomial through them."""


class Kink(NamedTuple):
    """A field at which the ground state jumps by `jump`, or bends where it has the given `stiffness`."""

    field: Any
    jump: Any
    stiffness: Any = 1.0

    def width(self, T: Number) -> Array:
        """Width over which a temperature rounds it."""
        bend = np.sqrt(np.maximum(self.stiffness, 0.0) * T)
        jump = np.asarray(self.jump)
        return np.where(jump > 0, T / np.where(jump > 0, jump, 1.0), bend)


def curvature_at_infinity(potential: Callable[[Any], Any], end: float) -> float:
    """Second derivative of a potential far out on one side: 0, a number, or inf.

    Examples
    --------
    >>> curvature_at_infinity(lambda x: x**2 / 2 + 3 * abs(x), math.inf)
    1.0
    >>> curvature_at_infinity(np.abs, math.inf), curvature_at_infinity(lambda x: x**4, -math.inf)
    (0.0, inf)
    """
    x = math.copysign(1.0, end) * np.array([1e3, 1e4, 1e5])
    with np.errstate(all="ignore"):
        one, two, three = (elementwise(potential, k * x) for k in (1, 2, 3))
        far, near = (three - 2 * two + one) / x**2, one
    if not np.all(np.isfinite(far)):
        return math.inf if np.all(near > 0) else math.nan
    if far[2] > 2 * abs(far[1]):
        return math.inf
    if abs(far[2]) < abs(far[1]) / 2 or abs(far[2]) < 1e-9:
        return 0.0
    return float(round(far[2], 9))


def elementwise(potential: Callable[[Any], Any], s: Numbers) -> Array:
    """Values of a potential at the points of an array, one for each.

    Raises
    ------
    ParameterError
        If the potential answers with an array of another shape.
    """
    values = np.asarray(potential(s), dtype=float)
    if values.ndim and values.shape != np.shape(s):
        msg = (
            f"the potential answers {np.shape(s)} points with an array of shape {values.shape}; it must be "
            "elementwise: one energy for each value"
        )
        raise ParameterError(msg)
    return np.broadcast_to(values, np.shape(s))


@dataclass(frozen=True)
class Landscape:
    """Numerical thermodynamics of one variable s with energy U(s) - a s^2/2 - b s.

    Attributes
    ----------
    potential : callable
    domain : (float, float)
        The interval on which s lives.
    breaks : tuple of float
        Points where the potential is not smooth.
    """

    potential: Callable[[Any], Any]
    domain: tuple[float, float]
    breaks: tuple[float, ...] = ()

    @cached_property
    def corners(self) -> Array:
        """Finite ends and breaks, in order."""
        inside = [x for x in self.breaks if self.domain[0] < x < self.domain[1]]
        return np.array(sorted([x for x in self.domain if math.isfinite(x)] + inside))

    def at(self, s: Numbers) -> Array:
        """The potential at the points of an array."""
        return elementwise(self.potential, s)

    def energy(self, s: Array, b: Number, a: Number) -> Array:
        """U(s) - a s^2/2 - b s."""
        return self.at(s) - a * s**2 / 2 - b * s

    # -- T > 0 ---------------------------------------------------------------------------------------

    def thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        """Ln Z, <s>, var(s) and the entropy; one-dimensional arrays, T > 0."""
        out = np.full((4, b.size), np.nan)
        for part, s, log_weight in self._weights(b, a, T):
            top = log_weight.max(axis=1, keepdims=True)
            weight = np.exp(log_weight - top)
            total = weight.sum(axis=1)
            weight /= total[:, None]
            mean = weight @ s
            variance = (weight * (s - mean[:, None]) ** 2).sum(axis=1)
            log_z = top[:, 0] + np.log(total)
            t = T[part]
            energy = weight @ self.at(s) - a[part] / 2 * (weight @ s**2) - b[part] * mean
            out[:, part] = log_z, mean, variance, log_z + energy / t
        return tuple(out)

    def sample(self, b: Array, a: Array, T: Array, uniform: Array) -> Array:
        """Invert the distribution function at `uniform`; one-dimensional arrays, T >= 0."""
        out = self.ground(b, a)[0] if np.any(T == 0) else np.empty(b.size)
        warm = np.flatnonzero(T > 0)
        for block, s, log_weight in self._weights(b[warm], a[warm], T[warm]):
            part = warm[block]
            weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
            below = np.cumsum(weight, axis=1)
            middle = (below - weight / 2) / below[:, -1:]
            for i, row in zip(part, middle, strict=True):
                out[i] = np.interp(uniform[i], row, s)
        return out

    def _weights(self, b: Array, a: Array, T: Array) -> Iterator[tuple[Integers, Array, Array]]:
        """Blocks of fields with the nodes they share and the logarithms of the weights there."""
        if not b.size:
            return
        order = np.lexsort((b, T))
        start = 0
        while start < b.size:
            # temperatures in one block differ by less than a factor 2: they share nodes
            close = int(np.searchsorted(T[order], 2 * T[order[start]], side="right"))
            part = order[start:close]
            s, weight = self._nodes(b[part], a[part], T[part])
            count = max(1, _BLOCK // s.size)
            base = self.at(s)
            for first in range(0, part.size, count):
                here = part[first : first + count]
                energy = base - a[here][:, None] * s**2 / 2 - b[here][:, None] * s
                yield here, s, np.log(weight) - energy / T[here][:, None]
            start = close

    def _nodes(self, b: Array, a: Array, T: Array) -> tuple[Array, Array]:
        """Panels that cover every state that counts, fine enough for the narrowest well."""
        highest, coldest = float(np.max(a)), float(np.min(T))
        low, high = self._range(float(b.min()), float(b.max()), highest, NEGLIGIBLE * float(np.max(T)))
        s = np.linspace(low, high, GRID)
        smooth = np.ones(GRID - 2, dtype=bool)
        for corner in self.corners:
            smooth &= np.abs(s[1:-1] - corner) > 1.5 * (s[1] - s[0])
        with np.errstate(all="ignore"):
            stiff = np.abs(np.diff(self.at(s), 2)) / (s[1] - s[0]) ** 2
        stiffness = float(np.max(stiff[smooth & np.isfinite(stiff)], initial=0.0)) + abs(highest) + 1e-3
        width = min(6 * math.sqrt(coldest / stiffness), (high - low) / 8)
        edges = [low, *(x for x in self.corners if low < x < high), high]
        counts = [max(1, math.ceil((right - left) / width)) for left, right in itertools.pairwise(edges)]
        if sum(counts) * NODES > MOST:
            msg = (
                f"temperature {coldest:g} is too low for numerical sums over this potential "
                f"(it would take {sum(counts) * NODES} nodes); take T = 0"
            )
            raise ParameterError(msg)
        panels = [
            np.linspace(left, right, n + 1) for left, right, n in zip(edges, edges[1:], counts, strict=False)
        ]
        # in a strong field the weight decays from a corner over T/field, much faster than a well is wide
        steps = width * 0.5 ** np.arange(1, max(2.0, np.log2(width * LARGEST_FIELD / coldest) + 1))
        near = [corner + side * steps for corner in self.corners for side in (-1, 1)]
        joined = np.unique(np.concatenate([*panels, *near]))
        return gauss_legendre(joined[(joined >= low) & (joined <= high)], NODES)

    def _range(self, b_low: float, b_high: float, a: float, drop: float) -> tuple[float, float]:
        """An interval outside which the energy lies more than `drop` above its minimum."""
        low, high = (x if math.isfinite(x) else math.nan for x in self.domain)
        ends = [
            low if math.isfinite(self.domain[0]) else -1.0 + (min(high, 0.0) if high == high else 0.0),
            high if math.isfinite(self.domain[1]) else 1.0 + (max(low, 0.0) if low == low else 0.0),
        ]
        for _ in range(80):
            s = np.linspace(ends[0], ends[1], 801)
            with np.errstate(all="ignore"):
                short = []
                for side, b in ((0, b_low), (1, b_high)):
                    energy = self.energy(s, b, a)
                    edge = energy[0 if side == 0 else -1]
                    enough = edge - np.nanmin(energy) > drop or not np.isfinite(edge)
                    if not math.isfinite(self.domain[side]) and not enough:
                        short.append(side)
            if not short:
                break
            for side in short:
                anchor = self.domain[1 - side] if math.isfinite(self.domain[1 - side]) else 0.0
                ends[side] = anchor + 1.5 * (ends[side] - anchor)
        return ends[0], ends[1]

    # -- T = 0 ---------------------------------------------------------------------------------------

    def ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        """Position of the lowest minimum, and its slope d s*/db; one-dimensional arrays."""
        best, slope = np.full(b.size, np.nan), np.full(b.size, np.nan)
        if not b.size:
            return best, slope
        low, high = self._range(float(b.min()), float(b.max()), float(np.max(a)), 1.0)
        grid = np.unique(np.concatenate([np.linspace(low, high, GRID), self.corners]))
        grid = grid[(grid >= low) & (grid <= high)]
        base = self.at(grid)
        count = max(1, _BLOCK // grid.size)
        for first in range(0, b.size, count):
            part = slice(first, first + count)
            energy = base - a[part][:, None] * grid**2 / 2 - b[part][:, None] * grid
            best[part], slope[part] = self._polish(grid, np.argmin(energy, axis=1), b[part], a[part])
        return best, slope

    def _polish(self, grid: Array, index: Integers, b: Array, a: Array) -> tuple[Array, Array]:
        """From the best grid point to the minimum: Newton's method, unless a corner holds it."""
        left, right = grid[np.maximum(index - 1, 0)], grid[np.minimum(index + 1, grid.size - 1)]
        s = np.array(grid[index])
        pinned = np.zeros(s.shape, dtype=bool)
        for corner in self.corners:
            at = s == corner
            if at.any():
                below, above = self._slopes_at(corner, b[at], a[at])
                pinned[at] = (below <= 0) & (above >= 0)
                s[at] += (
                    np.where(above < 0, 0.25 * (right[at] - corner), 0.25 * (left[at] - corner)) * ~pinned[at]
                )
        for _ in range(40):
            first, second = self._derivatives(s)
            step = -(first - a * s - b) / np.where(second - a > 0, second - a, np.inf)
            # a step out of the bracket halves the distance to its end
            moved = np.where(
                s + step <= left, (s + left) / 2, np.where(s + step >= right, (s + right) / 2, s + step)
            )
            moved = np.where(pinned, s, moved)
            if np.all(np.abs(moved - s) <= 1e-15 * np.maximum(np.abs(s), 1.0)):
                break
            s = moved
        stiffness = self._derivatives(s)[1] - a
        return s, np.where(pinned, 0.0, 1 / np.where(stiffness > 0, stiffness, np.inf))

    def _derivatives(self, s: Array) -> tuple[Array, Array]:
        """U' and U'' from the polynomial through seven points that lie on one side of every corner."""
        ends = np.concatenate([[-np.inf], self.corners, [np.inf]])
        right = np.clip(np.searchsorted(ends, s, side="right"), 1, ends.size - 1)
        low, high = ends[right - 1], ends[right]
        step = np.minimum(4e-3 * np.maximum(np.abs(s), 1.0), (high - low) / 6)
        base = np.clip(s, low + 3 * step, high - 3 * step)
        c = self.at(base[:, None] + step[:, None] * _STENCIL) @ _POLYNOMIAL.T
        t, k = ((s - base) / step)[:, None], np.arange(7)
        first = np.sum(k[1:] * c[:, 1:] * t ** k[:-1], axis=1)
        second = np.sum(k[2:] * (k[2:] - 1) * c[:, 2:] * t ** k[:-2], axis=1)
        return first / step, second / step**2

    def _slopes_at(self, corner: float, b: Array, a: Array) -> tuple[Array, Array]:
        """One-sided derivatives of the energy at a corner; infinite on the far side of an end."""
        step = 1e-3 * max(abs(corner), 1.0)
        weight = np.array([-49 / 20, 6, -15 / 2, 20 / 3, -15 / 4, 6 / 5, -1 / 6]) / step
        shift = step * np.arange(7)
        tilt = a * corner + b
        below = -np.inf if corner == self.domain[0] else -(self.at(corner - shift) @ weight)
        above = np.inf if corner == self.domain[1] else self.at(corner + shift) @ weight
        return below - tilt, above - tilt

    def kinks(self, a: float) -> list[Kink]:
        """Fields at which the ground state jumps or bends, up to `LARGEST_FIELD`."""
        low, high = self._range(-LARGEST_FIELD, LARGEST_FIELD, a, 1.0)
        grid = np.unique(np.concatenate([np.linspace(low, high, GRID), self.corners]))
        grid = grid[(grid >= low) & (grid <= high)]
        hull = _lower_hull(grid, self.at(grid) - a * grid**2 / 2)
        usual = 2.5 * (grid[-1] - grid[0]) / (GRID - 1)
        found = [
            self._jump(grid[i], grid[j], a) for i, j in itertools.pairwise(hull) if grid[j] - grid[i] > usual
        ]
        zero = np.zeros(1)
        for corner in self.corners:
            for side, slope in zip((-1, 1), self._slopes_at(corner, zero, np.full(1, a)), strict=True):
                if np.all(np.isfinite(slope)):
                    near = np.array([corner + side * 1e-2 * max(abs(corner), 1.0)])
                    found.append(Kink(float(slope[0]), 0.0, float(self._derivatives(near)[1][0] - a)))
        return [kink for kink in found if abs(kink.field) <= LARGEST_FIELD]

    def _jump(self, left: float, right: float, a: float) -> Kink:
        """The common tangent of two wells: Newton's method on the difference of their energies."""
        middle = (left + right) / 2
        wells = [
            replace(self, domain=(self.domain[0], middle)),
            replace(self, domain=(middle, self.domain[1])),
        ]
        energy = [float(self.at(np.array(x)) - a * x * x / 2) for x in (left, right)]
        b = (energy[1] - energy[0]) / (right - left)
        s = [left, right]
        for _ in range(4):
            s = [float(well.ground(np.array([b]), np.array([a]))[0][0]) for well in wells]
            energy = [float(self.energy(np.array(x), b, a)) for x in s]
            b += (energy[1] - energy[0]) / (s[1] - s[0])
        return Kink(b, s[1] - s[0])


@dataclass(frozen=True)
class Levels:
    """Thermodynamics of one variable s with finitely many values and energy U(s) - a s^2/2 - b s: sums.

    Attributes
    ----------
    potential : callable
    values : tuple of float
    """

    potential: Callable[[Any], Any]
    values: tuple[float, ...]

    @cached_property
    def s(self) -> Array:
        """The values, in order."""
        return np.sort(np.asarray(self.values, dtype=float))

    def energy(self, b: Array, a: Array) -> Array:
        """U(s) - a s^2/2 - b s of every value, along a last axis."""
        return elementwise(self.potential, self.s) - a[:, None] * self.s**2 / 2 - b[:, None] * self.s

    def thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        """Ln Z, <s>, var(s) and the entropy; one-dimensional arrays, T > 0."""
        logs = -self.energy(b, a) / T[:, None]
        log_z = special.logsumexp(logs, axis=-1)
        weight = np.exp(logs - log_z[:, None])
        mean = weight @ self.s
        variance = np.sum(weight * (self.s - mean[:, None]) ** 2, axis=-1)
        return log_z, mean, variance, np.sum(special.entr(weight), axis=-1)

    def sample(self, b: Array, a: Array, T: Array, uniform: Array) -> Array:
        """Invert the distribution function at `uniform`; one-dimensional arrays, T >= 0."""
        hot = np.where(T > 0, T, 1.0)
        weight = special.softmax(-self.energy(b, a) / hot[:, None], axis=-1)
        index = np.sum(np.cumsum(weight, axis=-1) < uniform[:, None], axis=-1)
        drawn = self.s[np.minimum(index, self.s.size - 1)]
        return np.where(T > 0, drawn, self.ground(b, a)[0])

    def ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        """The value of lowest energy, and its slope by the field, 0; one-dimensional arrays."""
        return self.s[np.argmin(self.energy(b, a), axis=-1)], np.zeros(b.size)

    def kinks(self, a: float) -> list[Kink]:
        """Fields at which the ground state jumps."""
        s, e = self.s, self.energy(np.zeros(1), np.full(1, a))[0]
        return [
            Kink(float((e[j] - e[i]) / (s[j] - s[i])), float(s[j] - s[i]))
            for i, j in itertools.pairwise(_lower_hull(s, e))
        ]


@lru_cache(maxsize=4096)
def kinks_of(landscape: Landscape | Levels, a: float) -> tuple[Kink, ...]:
    """The kinks of a landscape, remembered."""
    return tuple(landscape.kinks(a))


def _lower_hull(x: Array, y: Array) -> list[int]:
    """Indices of the lower convex hull of a curve, left to right."""
    hull: list[int] = []
    for k in range(len(x)):
        if not np.isfinite(y[k]):
            continue
        while len(hull) > 1:
            i, j = hull[-2], hull[-1]
            if (y[j] - y[i]) * (x[k] - x[i]) < (y[k] - y[i]) * (x[j] - x[i]):
                break
            hull.pop()
        hull.append(k)
    return hull
