r"""One layer whose replicas fall into states within states: averages over its unit, level by level.

With the fields of a level Gaussian of variance :math:`d_i` around those of the level above it, and
:math:`\varphi_k(y) = T \ln Z(y)`,

.. math:: \varphi_{i-1}(y) = \frac1{\mu_i} \ln E_z \exp\{\mu_i \varphi_i(y + \sqrt{d_i} z)\},

all derivatives of the free energy follow from averages in the weights of these sums. Every level has one
uniform grid, on which the trapezoidal rule is accurate to rounding: no interpolation, no rule of fixed width,
which a weight that is far from the middle of the field would miss. A finer level is read where the kernel of
the coarser one reaches, so the functions need no continuation beyond their grids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from replica.breaking import harmonic, innermost
from replica.breaking.fields import Fields
from replica.breaking.innermost import STENCIL, STEPS
from replica.typing import Array
from replica.units import Unit

__all__ = ["Answers", "answers"]

REACH = 8.8
"""Standard deviations of a field that count: beyond them is 1e-17 of the weight."""
SPACING = 0.25
"""Of the nodes, in the narrower of the two fields between which a function lies: 1e-14."""
WARM = 0.27
"""Spacing beside the temperature, which rounds the jumps of units that differ by 2."""
ROUND = 0.45
"""Spacing beside the root of temperature and stiffness, which rounds where units bend."""
MOST = 4_000_000
"""Entries of the weights of a level: more is a field, or a temperature, that is better taken as 0."""


@dataclass(frozen=True)
class Answers:
    """What a layer answers; each but the last two with its derivatives, in the order of `Fields.columns`.

    Attributes
    ----------
    phi : array, shape (1 + columns,)
        E phi_0, minus the free energy of the units.
    square : array, shape (1 + columns, k + 1)
        E[phi_0'^2], then by how much it grows from level to level.
    response : array, shape (1 + columns,)
        E[phi_k''], inside a state.
    gap : array, shape (1 + columns, k)
        E phi_i - E phi_(i-1).
    projected : array, shape (1 + columns, patterns)
        E[w <s>]/norm.
    response_square, entropy : float
        E[(phi_k'')^2] and E of the entropy inside a state.
    """

    phi: Array
    square: Array
    response: Array
    gap: Array
    projected: Array
    response_square: float
    entropy: float


def answers(unit: Unit, fields: Fields, *, slopes: bool = False) -> Answers:
    """Averages over a layer of the unit, with derivatives if they are asked for; NaN outside the domain.

    Examples
    --------
    >>> import numpy as np
    >>> from replica.units import Spin
    >>> found = answers(Spin(), Fields(np.array([0.5, 0.5]), np.array([1.3]), 0.0, 0.0))
    >>> print(f"{found.phi[0]:.12f} {found.response[0]:.12f}")
    1.009254646689 0.262177691823
    """
    k = fields.steps
    flat = np.flatnonzero(fields.variance[1:] <= 0) + 1
    if flat.size:  # a level that adds nothing is none
        keep = np.setdiff1d(np.arange(1, k + 1), flat)
        if not keep.size:
            return _widened(_unbroken(unit, fields, slopes=slopes), keep, fields)
        kept = np.append(fields.variance[:1], fields.variance[keep])
        less = replace(fields, variance=kept, mu=fields.mu[keep - 1])
        return _widened(answers(unit, less, slopes=slopes), keep, fields)
    closed = harmonic.answers(unit, fields, slopes=slopes)
    if closed is not None:
        return Answers(*closed)
    try:
        return _Ladder(unit, fields, slopes=slopes).answers()
    except _OutsideError:
        return _nothing(fields, slopes=slopes)


def _nothing(fields: Fields, *, slopes: bool) -> Answers:
    rows, k = 1 + fields.columns * slopes, fields.steps
    shapes = ((rows,), (rows, k + 1), (rows,), (rows, k), (rows, len(fields.strength)))
    phi, square, response, gap, projected = (np.full(shape, np.nan) for shape in shapes)
    return Answers(phi, square, response, gap, projected, np.nan, np.nan)


def _unbroken(unit: Unit, fields: Fields, *, slopes: bool) -> Answers:
    """Averages of a layer without levels: those of replica symmetry; derivatives are not known."""
    found = unit.averages(fields.loc, np.sqrt(fields.spread), fields.a, fields.T)
    response = fields.weight @ found.response
    rows = 3 + len(fields.strength) if slopes else 1

    def value(*first: Any) -> Array:
        out = np.full((rows, len(first)), np.nan)
        out[0] = first
        return out

    along = fields.tilt @ found.mean + fields.strength * (fields.tail @ found.response)
    with np.errstate(invalid="ignore"):
        return Answers(
            value(-fields.weight @ found.free_energy)[:, 0],
            value(fields.weight @ found.square),
            value(response)[:, 0],
            np.zeros((rows, 0)),
            value(*along),
            float(fields.weight @ found.response_square),
            float(fields.weight @ found.entropy),
        )


def _widened(known: Answers, keep: Any, fields: Fields) -> Answers:
    """With the levels that add nothing; derivatives by what they would add are not known."""
    k, rows = fields.steps, len(known.phi) > 1
    place = np.concatenate([[0], keep])
    columns = np.concatenate([[0], 1 + place, 1 + k + keep, np.arange(2 * k + 2, 1 + fields.columns)])
    columns = columns.astype(int) if rows else np.array([0])

    def wide(value: Array, where: Any = None) -> Array:
        shape = (1 + fields.columns if rows else 1, *value.shape[1:])
        out = np.zeros(shape if where is None else (shape[0], k + (where[0] == 0)))
        out[1:] = np.nan
        if where is None:
            out[columns] = value
        else:
            out[np.ix_(columns, where - (where[0] != 0))] = value
        return out

    return Answers(
        wide(known.phi),
        wide(known.square, place),
        wide(known.response),
        wide(known.gap, keep) if keep.size else np.zeros((1 + fields.columns * rows, k)),
        wide(known.projected),
        known.response_square,
        known.entropy,
    )


class _OutsideError(Exception):
    """Nothing confines the units, or a level is too narrow to be seen."""


@dataclass
class _Level:
    """Functions on the grid of a level; tangents are by the columns `active`."""

    nodes: Array
    h: float  # exactly: the difference of two nodes is rounded
    phi: Array  # (1 + active, n)
    kept: Array  # (1 + active, functions, n): mean, response, gaps and variances of deeper levels
    plain: Array  # (2, n): response squared and entropy
    active: list[int]


class _Ladder:
    """The recursion for one layer."""

    def __init__(self, unit: Unit, fields: Fields, *, slopes: bool) -> None:
        self.unit, self.fields, self.slopes, self.k = unit, fields, slopes, fields.steps
        self.widths = np.sqrt(fields.variance)
        if not np.all(np.isfinite(fields.variance)) or not np.all(fields.mu > 0):
            raise _OutsideError
        self.low, self.high = _ends(unit)
        self.stiffness = self._stiffness()

    # -- grids ---------------------------------------------------------------------------------------------

    def _stiffness(self) -> Array:
        """D_i of the levels: phi_i grows like y^2/(2 D_i) where the units are not bounded."""
        if np.isfinite(self.low) and np.isfinite(self.high):
            return np.full(self.k + 1, np.inf)
        D = float(self.unit.curvature) - self.fields.a
        below = np.cumsum((self.fields.mu * self.fields.variance[1:])[::-1])[::-1]
        found = np.append(D - below, D)
        if not np.all(found > 0):
            raise _OutsideError
        return found

    def _reach(self, i: int, edge: float, up: bool) -> float:
        """How far from a node of level i - 1 at an edge the weight of level i reaches, to one side."""
        mu, d, end = self.fields.mu[i - 1], self.fields.variance[i], self.high if up else -self.low
        if np.isfinite(end):
            return REACH * self.widths[i] + mu * d * max(end, 0.0)
        outer, inner = self.stiffness[i - 1], self.stiffness[i]
        if np.isinf(inner):  # grows less fast than a parabola
            sign, far = (1.0 if up else -1.0), edge
            for _ in range(30):
                far = edge + mu * d * abs(float(self.unit.mean(sign * far, self.fields.a, self.fields.T)))
            return 2 * REACH * self.widths[i] + (far - edge)
        far = 1e6 * (1 + abs(edge))
        sign = 1.0 if up else -1.0
        offset = (
            abs(float(self.unit.mean(sign * far, self.fields.a, self.fields.T))) * self.stiffness[-1] - far
        )
        return REACH * self.widths[i] * np.sqrt(inner / outer) + mu * d * max(edge + offset, 0.0) / outer

    def _spacing(self, i: int) -> float:
        """Of level i."""
        narrow = [self.widths[i]] if self.widths[i] > 0 else []
        narrow += [self.widths[i + 1]] if i < self.k else []
        spacing = SPACING * min(narrow)
        return min(spacing, self._rounding(i))

    def _rounding(self, i: int) -> float:
        """Spacing that resolves how a temperature, 1/mu of the next level, rounds what a unit does."""
        T = self.fields.T if i == self.k else 1 / self.fields.mu[i]
        jumps = WARM * T * 2 / (self.high - self.low)  # 0 of units that are not bounded
        if jumps > 0:
            return float(jumps)
        bends = ROUND * np.sqrt(T * self.stiffness[i]) if np.isfinite(self.stiffness[i]) else np.inf
        return float(bends if self.unit.name in ("relu", "gaussian") or i < self.k else min(bends, WARM * T))

    def _outermost(self) -> tuple[Array, Array, Array, Array]:
        """Nodes of level 0, and weights of each node of the law there; their derivatives.

        The last two are by the mean and by the variance of the field, for each node of the law.
        """
        loc, variance = self.fields.loc, self.fields.spread
        width = np.sqrt(variance)
        fine = SPACING * self.widths[1]
        fine = min(fine, self._rounding(0))
        spacing = np.where(width > 0, np.minimum(SPACING * width, fine), 1.0)
        counts = np.where(width > 0, 2 * np.ceil(REACH * width / spacing) + 1, 1)
        first, last = np.min(loc - REACH * width), np.max(loc + REACH * width)
        together = (last - first) / np.min(spacing) + 1
        if np.all(width > 0) and together < np.sum(counts):
            h = np.min(spacing)
            nodes = first + h * np.arange(int(np.ceil(together)) + 1)
            z = (nodes - loc[:, None]) / width[:, None]
            weights = h * np.exp(-(z**2) / 2) / (width[:, None] * np.sqrt(2 * np.pi))
            return (
                nodes,
                weights,
                weights * z / width[:, None],
                weights * (z**2 - 1) / (2 * variance[:, None]),
            )
        if np.sum(counts) > 1e5:
            raise _OutsideError
        nodes = np.empty(int(np.sum(counts)))
        weights, by_loc, by_variance = np.zeros((3, len(loc), nodes.size))
        place = 0
        for n, count in enumerate(counts.astype(int)):
            part = slice(place, place + count)
            place += count
            if count == 1:  # a sharp field: its derivatives are not asked for where it has none
                nodes[part], weights[n, part] = loc[n], 1.0
                continue
            z = spacing[n] * (np.arange(count) - count // 2) / width[n]
            nodes[part] = loc[n] + width[n] * z
            weights[n, part] = spacing[n] * np.exp(-(z**2) / 2) / (width[n] * np.sqrt(2 * np.pi))
            by_loc[n, part] = weights[n, part] * z / width[n]
            by_variance[n, part] = weights[n, part] * (z**2 - 1) / (2 * variance[n])
        return nodes, weights, by_loc, by_variance

    # -- the recursion -------------------------------------------------------------------------------------

    def answers(self) -> Answers:
        k, cold = self.k, self.fields.T == 0
        outermost = self._outermost()
        grids, spacings = [outermost[0]], [0.0]  # level 0 is not a uniform grid
        last = k - 1 if cold else k
        for i in range(1, last + 1):
            low = grids[-1][0] - self._reach(i, -grids[-1][0], up=False)
            high = grids[-1][-1] + self._reach(i, grids[-1][-1], up=True)
            h = self._spacing(i)
            if not (high - low) / h < 3e5:
                raise _OutsideError
            spacings.append(h)
            grids.append(low - h + h * np.arange(int(np.ceil((high - low) / h)) + 3))
        with np.errstate(all="ignore"):
            level = (self._cold if cold else self._warm)(grids[-1], spacings[-1])
            for i in range(last, 0, -1):
                level = self._step(level, i, grids[i - 1], spacings[i - 1])
            return self._over_outermost(level, outermost)

    def _warm(self, y: Array, h: float) -> _Level:
        """The unit itself, at T > 0."""
        unit, a, T = self.unit, self.fields.a, self.fields.T

        def at(a: float) -> Array:
            mean = unit.mean(y, a, T)
            return np.stack([T * unit.log_partition(y, a, T), mean, unit.response(y, a, T)])

        here = at(a)
        entropy = unit.entropy(y, a, T)
        plain = np.stack([here[2] ** 2, entropy])
        if not np.all(np.isfinite(here)):
            raise _OutsideError
        rows, active = here[None], []
        if self.slopes:
            active = [2 * self.k + 1]
            slope: Any = np.zeros_like(here)
            if not unit.rigid:
                curved = float(unit.curvature)
                step = 0.02 * (min(T, curved - a) if np.isfinite(curved) else T)
                slope = sum(c * at(a + n * step) for n, c in zip(STEPS, STENCIL, strict=True)) / step
            slope[0] = (here[1] ** 2 + T * here[2]) / 2
            rows = np.stack([here, slope])
        return _Level(y, h, rows[:, 0], rows[:, 1:], plain, active)

    def _cold(self, y: Array, h: float) -> _Level:
        """Level k - 1 at T = 0: the innermost step in closed form."""
        k, fields = self.k, self.fields
        given = fields.mu[k - 1], fields.variance[k], fields.a
        rows, square = innermost.closed(self.unit, y, *given, slopes=self.slopes)
        if not np.all(np.isfinite(rows)):
            raise _OutsideError
        active = [2 * k, k, 2 * k + 1] if self.slopes else []
        entropy = np.full(y.shape, 0.0 if self.unit.discrete else -np.inf)
        return _Level(y, h, rows[:, 0], rows[:, 1:], np.stack([square, entropy]), active)

    def _step(self, level: _Level, i: int, y: Array, outer_h: float) -> _Level:
        """From level i to level i - 1."""
        mu, d = self.fields.mu[i - 1], self.fields.variance[i]
        h = level.h
        back = max(self._reach(i, -y[0], up=False), REACH * self.widths[i])
        ahead = max(self._reach(i, y[-1], up=True), REACH * self.widths[i])
        count = int(np.ceil((back + ahead) / h)) + 2
        if count * y.size > MOST:
            raise _OutsideError
        first = np.clip(np.floor((y - back - level.nodes[0]) / h).astype(int), 0, None)
        index = np.minimum(first[:, None] + np.arange(count), level.nodes.size - 1)
        inside = first[:, None] + np.arange(count) < level.nodes.size
        phi = level.phi[0]
        far = level.nodes[index] - y[:, None]
        logs = mu * phi[index] - far**2 / (2 * d)
        logs[~inside] = -np.inf
        most = np.max(logs, axis=1)
        weight = np.exp(logs - most[:, None])
        total = np.sum(weight, axis=1)
        weight /= total[:, None]
        outer = (most + np.log(total * h / np.sqrt(2 * np.pi * d))) / mu
        start = np.arange(0, index.size + 1, count)
        shape = (y.size, level.nodes.size)
        W = sparse.csr_matrix((weight.ravel(), index.ravel(), start), shape)

        def over(matrix: Any, values: Array) -> Array:
            """The averages of functions (..., n)."""
            flat = values.reshape(-1, values.shape[-1])
            return np.ascontiguousarray((matrix @ np.ascontiguousarray(flat.T)).T).reshape(
                *values.shape[:-1], y.size
            )

        tracked = np.concatenate([level.phi[:, None], level.kept], axis=1)  # (1 + active, 1 + functions, n)
        # differences, which keep their digits where the field is narrow
        here = over(W, tracked[0])
        gap = over(W, phi) - outer
        mean = here[1]
        variance = over(W, level.kept[0, 0] ** 2) - mean**2
        new_phi, new = [outer], [np.concatenate([here[1:], gap[None], variance[None]])]
        active: list[int] = []
        if self.slopes:
            squared = level.kept[0, 0] ** 2
            values = np.concatenate([tracked[0], squared[None]])  # functions whose averages are followed
            base = np.concatenate([here, (variance + mean**2)[None]])
            W2 = sparse.csr_matrix(
                ((weight * (far**2 / d - 1) / (2 * d)).ravel(), index.ravel(), start), shape
            )
            moved = []
            for j in range(1, len(tracked)):  # inherited
                change = np.concatenate([tracked[j], (2 * level.kept[0, 0] * level.kept[j, 0])[None]])
                force = tracked[j, 0]
                tilt = over(W, values * force) - base * over(W, force)
                moved.append((over(W, change) + mu * tilt, over(W, force)))
                active.append(level.active[j - 1])
            bent = over(W2, np.ones_like(phi))
            moved.append((over(W2, values) - base * bent, bent / mu))
            active.append(i)
            moved.append((over(W, values * phi) - base * here[0], gap / mu))
            active.append(self.k + i)
            for change, lifted in moved:
                new_phi.append(lifted)
                new.append(
                    np.concatenate(
                        [
                            change[1:-1],
                            (change[0] - lifted)[None],
                            (change[-1] - 2 * mean * change[1])[None],
                        ]
                    )
                )
        return _Level(y, outer_h, np.stack(new_phi), np.stack(new), over(W, level.plain), active)

    def _over_outermost(self, level: _Level, outermost: tuple[Array, ...]) -> Answers:
        """Averages over level 0: rows are mean, response, then gap and variance of each level, k first."""
        _, weights, by_loc, by_variance = outermost
        fields, k = self.fields, self.k
        P = len(fields.strength)
        mean = level.kept[:, 0]
        squares = mean**2
        squares[1:] = 2 * mean[0] * mean[1:]
        pairs = level.kept[:, 2:]
        gaps, variances = pairs[:, ::2][:, ::-1], pairs[:, 1::2][:, ::-1]
        # phi_0'' = <phi_k''> + sum_i mu_i (<phi_i'^2> - <phi_(i-1)'^2>)
        whole = level.kept[:, 1] + np.einsum("i,jin->jn", fields.mu, variances)
        for row, column in enumerate(level.active):
            if k + 1 <= column <= 2 * k:
                whole[1 + row] += variances[0, column - k - 1]
        stack = np.concatenate(
            [level.phi[:, None], squares[:, None], variances, level.kept[:, 1:2], gaps], axis=1
        )
        outer = fields.weight @ weights
        rows = 1 + fields.columns * self.slopes
        place = [0, *(1 + column for column in level.active)]
        found = np.zeros((rows, stack.shape[1]))
        found[place] = stack @ outer
        projected = np.zeros((rows, P))
        tilts, tails = fields.tilt @ weights, fields.tail @ weights
        own = whole @ tails.T
        projected[place] = mean @ tilts.T + fields.strength * own
        if self.slopes:
            outer = fields.weight @ by_variance
            found[1] = stack[0] @ outer
            projected[1] = (fields.tilt @ by_variance) @ mean[0] + fields.strength * (
                (fields.tail @ by_variance) @ whole[0]
            )
            for p in range(P):
                along = fields.shift[p][:, None] * by_loc
                along = along + 2 * fields.strength[p] * fields.width[p][:, None] * by_variance
                column = 1 + 2 * k + 2 + p
                found[column] = stack[0] @ (fields.weight @ along)
                projected[column] = (fields.tilt @ along) @ mean[0] + fields.strength * (
                    (fields.tail @ along) @ whole[0]
                )
                projected[column, p] += own[0, p]
        plain = level.plain @ (fields.weight @ weights)
        return Answers(
            found[:, 0],
            found[:, 1 : k + 2],
            found[:, k + 2],
            found[:, k + 3 :],
            projected,
            float(plain[0]),
            float(plain[1]),
        )


def _ends(unit: Unit) -> tuple[float, float]:
    """The smallest and the largest value of a unit."""
    return (min(unit.values), max(unit.values)) if unit.discrete else unit.domain
