r"""Mean-field expansions of machines with two-valued units: naive, TAP and third-order Plefka.

With m and M the means of the visible and hidden units, at temperature T,

    ln Z ~ S(m) + S(M) - <U>/T + sum w m M/T          first order, naive mean field: a lower bound
           + (1/2) sum (w/T)^2 k2(m) k2(M)            second order, TAP
           + (1/6) sum (w/T)^3 k3(m) k3(M)            third order; a bipartite graph has no triangles

k2 and k3 are the cumulants of a unit of mean m: (m - low)(high - m) and k2 (low + high - 2m) for the values
low and high. Cumulants do not know about the convention, so each order gives the same ln Z (up to the
constant of the energy) for spins and for bits. Fixed points are stationary points of that expression; there
may be many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica import interrupts
from replica.errors import ConvergenceError, ParameterError
from replica.machines.data.given import numbers, room, states, table, whole
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.machines.models.rbm import RBM
from replica.typing import Array, Floats
from replica.units import Unit

__all__ = ["MeanField", "fixed_points", "lower_bound", "solve"]

ORDERS = {1: "naive mean field", 2: "TAP", 3: "third-order Plefka expansion"}


@dataclass(frozen=True, eq=False)
class MeanField:
    """A fixed point of a mean-field expansion, or where the search for one stood.

    Attributes
    ----------
    visible, hidden : array
        Means of the units.
    log_Z : float
        The expansion of ln Z there.
    order : int
        1, 2 or 3.
    residual : float
        Largest change of a mean in an undamped step.
    steps : int
        Steps that were made.
    converged : bool
        Whether the residual is below the tolerance.
    """

    visible: Array
    hidden: Array
    log_Z: float
    order: int
    residual: float
    steps: int
    converged: bool


class _Layer:
    """Cumulants of the units of a layer, given their means."""

    def __init__(self, unit: Unit, count: int) -> None:
        self.low, self.high = sorted(unit.values)
        self.unit, self.count = unit, count

    def k2(self, m: Floats) -> Floats:
        return (m - self.low) * (self.high - m)

    def k3(self, m: Floats) -> Floats:
        return self.k2(m) * self.slope(m)

    def slope(self, m: Floats) -> Floats:
        """Derivative of k2."""
        return self.low + self.high - 2 * m

    def bend(self, m: Floats) -> Floats:
        """Derivative of k3."""
        return self.slope(m) ** 2 - 2 * self.k2(m)

    def alone(self, m: Floats, T: float) -> Floats:
        """S(m) - <U>/T: what the units contribute without weights."""
        p = (m - self.low) / (self.high - self.low)
        down, up = (
            np.broadcast_to(self.unit.potential(np.full(self.count, v)), self.count)
            for v in (self.low, self.high)
        )
        return np.sum(special.entr(p) + special.entr(1 - p) - (p * up + (1 - p) * down) / T)


def fixed_points(
    rbm: RBM,
    order: int = 2,
    *,
    starts: int | Iterable[ArrayLike] = 5,
    seed: Seed = 0,
    damping: float = 0.5,
    tolerance: float = 1e-12,
    most_steps: int = 20_000,
) -> list[MeanField]:
    """Fixed points found from several starts, largest ln Z first; each is listed once.

    Parameters
    ----------
    rbm : RBM
        Two-valued units in both layers, T > 0.
    order : {1, 2, 3}
        Naive mean field, TAP, third order.
    starts : int or iterable of arrays, shape (n_visible,)
        Visible means to start from, or how many: the first is that of the units without weights, the others
        are random.
    seed : int or SeedSequence
        For the random starts.
    damping : float
        Share of the new means in every step, 0 < damping <= 1; 1 is the plain iteration, which may
        oscillate where weights are strong.
    tolerance : float
        For the residual.
    most_steps : int
        Steps after which a search is given up.

    Returns
    -------
    list of MeanField
        With ``converged=False``, at the end of the list, where a search was given up.

    Examples
    --------
    >>> from replica.units import Spin
    >>> found = fixed_points(RBM(np.full((3, 3), 0.6), Spin(), Spin()), order=1)
    >>> print([f"{point.visible[0]:+.6f}" for point in found])  # m = tanh(1.8 m), and m = 0
    ['-0.932718', '+0.932718', '+0.000000']
    """
    layers = _check(rbm, order, damping)
    points: list[MeanField] = []
    for start in _starts(rbm, layers, starts, seed):
        point = _iterate(rbm, layers, order, start, damping, tolerance, most_steps)
        known = any(
            other.converged == point.converged
            and np.max(np.abs(other.visible - point.visible)) < 1e-6
            and np.max(np.abs(other.hidden - point.hidden)) < 1e-6
            for other in points
        )
        if not known:
            points.append(point)
    return sorted(points, key=lambda point: (not point.converged, -point.log_Z, point.visible[0]))


def solve(rbm: RBM, order: int = 2, **settings: Any) -> MeanField:
    """The fixed point with the largest ln Z among those that `fixed_points` finds.

    Raises
    ------
    ConvergenceError
        If no start converged; ``solution`` holds the best of them.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> point = solve(RBM([[0.8, -0.5]], Bernoulli(g=0.1), Bernoulli()), order=3)
    >>> print(f"{point.log_Z:.6f} {point.visible[0]:.6f}")  # exactly 2.274897, 0.588770
    2.275067 0.588803
    """
    points = fixed_points(rbm, order, **settings)
    if not points[0].converged:
        best = min(points, key=lambda point: point.residual)
        msg = (
            f"{ORDERS[order]}: none of {len(points)} starts converged; the smallest residual is "
            f"{best.residual:.1e} after {best.steps} steps; try a smaller damping or another order"
        )
        raise ConvergenceError(msg, best)
    return points[0]


def lower_bound(
    rbm: RBM, data: ArrayLike | None = None, *, starts: int = 10, seed: Seed = 0, most_steps: int = 300
) -> float:
    """A rigorous lower bound on ln Z, the largest one found from many starts; for units of any kind.

    Visible units that know nothing of each other, each in a field f_i of its own, have by Gibbs, Bogoliubov
    and Jensen

        ln Z >= sum_i [ln Z_i(f_i) - f_i m_i/T] + sum_j ln Z_j(sum_i m_i w_ij),     m_i = <v_i>

    whatever the fields: Z_i and Z_j are the partition functions of single units, and ln Z_j is convex. It is
    the naive mean field, and f = W <h> raises the bound step by step. Discrete data are a bound, too: Z is
    not less than the weights of different configurations. Each bound knows of one state and of nothing else,
    so that a machine may be far above it, and never below.

    Parameters
    ----------
    rbm : RBM
        T > 0.
    data : array, shape (n, n_visible), optional
        Starts, besides the neutral, the lowest and the highest state, both signs of the leading singular
        vectors of the weights, and random states.
    starts : int
        Random states.
    seed : int or SeedSequence
    most_steps : int
        Steps from each start; every one of them gives a bound.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> rbm = RBM(np.full((12, 10), 2.0), Bernoulli(g=-9.0), Bernoulli(g=-9.0))
    >>> print(f"{lower_bound(rbm):.6f}")  # all units on: 240 - 198, and a little more
    42.000203
    """
    if rbm.T == 0:
        msg = "T = 0: a partition function needs a positive temperature"
        raise ParameterError(msg)
    T, centred = rbm.T, rbm.centred
    given = None if data is None else table("data", data, rbm.visible, rbm.n_visible)
    u = centred.moved(_bound_starts(rbm, given, whole("starts", starts, 0), seed))
    best = -math.inf
    with np.errstate(all="ignore"):
        if given is not None and rbm.visible.discrete:
            best = float(special.logsumexp(-rbm._free_energy(np.unique(given, axis=0)) / T))
        constant = (rbm.origin - centred.lowest + centred.floor) / T
        last = np.full(len(u), -math.inf)
        for _ in range(most_steps):
            interrupts.check()
            f = centred.hidden.mean(u @ rbm.weights, 0.0, T) @ rbm.weights.T
            if centred.tilt is not None:
                f = f + centred.tilt
            u = centred.mean(f, T)
            alone = centred.visible.log_partition(f, 0.0, T) - f * centred.from_zero(u) / T
            value = np.sum(alone, axis=-1) + constant
            value += np.sum(centred.hidden.log_partition(u @ rbm.weights, 0.0, T), axis=-1)
            if centred.tilt is not None:
                value += u @ centred.tilt / T
            value = np.where(np.isfinite(value), value, -math.inf)
            best = max(best, float(np.max(value)))
            if not np.any(value > last + 1e-10 * (1 + np.abs(value))):
                break
            last = value
    return best if math.isfinite(best) else math.nan


# -- helpers -------------------------------------------------------------------------------------------------


def _check(rbm: RBM, order: int, damping: float) -> tuple[_Layer, _Layer]:
    if order not in ORDERS:
        msg = f"order = {order} must be 1 (naive), 2 (TAP) or 3"
        raise ParameterError(msg)
    if not 0 < damping <= 1:
        msg = f"damping = {damping}, the share of the new means, must lie in (0, 1]"
        raise ParameterError(msg)
    if rbm.T == 0:
        msg = "T = 0: the expansion is one in w/T; T must be positive"
        raise ParameterError(msg)
    for name, unit in (("visible", rbm.visible), ("hidden", rbm.hidden)):
        if not unit.discrete or len(unit.values) != 2:
            msg = f"the expansion is for units with two values; the {name} units are {unit.name or unit}"
            raise ParameterError(msg)
    return _Layer(rbm.visible, rbm.n_visible), _Layer(rbm.hidden, rbm.n_hidden)


MODES = 8
"""Singular vectors of the weights that are tried as starts."""
ROWS = 100
"""Data that are tried as starts."""


def _bound_starts(rbm: RBM, data: Array | None, count: int, seed: Seed) -> Array:
    """States from which mean field may climb: visible configurations or means, one in each row."""
    one, two = seed_sequence(seed).spawn(2)
    rng, N, unit = np.random.default_rng(one), rbm.n_visible, rbm.visible
    _, _, modes = np.linalg.svd(rbm.weights.T, full_matrices=False)
    signs = np.concatenate([np.ones((1, N)), modes[:MODES]])
    signs = np.concatenate([signs, -signs])
    neutral = np.broadcast_to(unit.mean(np.zeros(N), 0.0, rbm.T), N)
    if unit.discrete:
        low, high = min(unit.values), max(unit.values)
        found = [np.where(signs > 0, high, low), rng.choice(np.array(unit.values), (count, N))]
    else:
        width = np.sqrt(unit.variance(np.zeros(N), 0.0, rbm.T))
        wide = neutral + width * np.concatenate([np.sign(signs), 3 * rng.standard_normal((count, N))])
        found = [np.clip(wide, *unit.domain)]
    if data is not None:
        some = np.random.default_rng(two).choice(len(data), min(ROWS, len(data)), replace=False)
        found.append(data[some])
    return np.concatenate([neutral[None], *found])


def _starts(
    rbm: RBM, layers: tuple[_Layer, _Layer], starts: int | Iterable[ArrayLike], seed: Seed
) -> list[Array]:
    visible = layers[0]
    if not isinstance(starts, int | np.integer):
        given = (numbers("starts", start, "means of the visible units") for start in starts)
        return [
            states(
                "starts",
                np.zeros(rbm.n_visible) + m if m.size == 1 else m,
                rbm.visible,
                rbm.n_visible,
                means=True,
            )
            for m in given
        ]
    whole("starts", starts)
    room(f"{starts} starts", starts, rbm.n_visible, hint="take fewer")
    rng = np.random.default_rng(seed_sequence(seed))
    neutral = rbm.visible.mean(np.zeros(rbm.n_visible), 0.0, rbm.T)
    return [neutral, *rng.uniform(visible.low, visible.high, (starts - 1, rbm.n_visible))]


def _field(w: Array, here: _Layer, m: Floats, there: _Layer, M: Floats, T: float, order: int) -> Floats:
    """Field on one layer: T times the derivative of the interaction by its means m; w has its units first."""
    field = w @ M
    if order >= 2:
        field = field + here.slope(m) * (w**2 @ there.k2(M)) / (2 * T)
    if order >= 3:
        field = field + here.bend(m) * (w**3 @ there.k3(M)) / (6 * T**2)
    return field


def _iterate(
    rbm: RBM,
    layers: tuple[_Layer, _Layer],
    order: int,
    start: Array,
    damping: float,
    tolerance: float,
    most_steps: int,
) -> MeanField:
    w, T, (one, two) = rbm.weights, rbm.T, layers
    m = np.array(start)
    M = rbm.hidden.mean(w.T @ m, 0.0, T)
    residual, steps = math.inf, 0
    while residual > tolerance and steps < most_steps:
        steps += 1
        new_m = rbm.visible.mean(_field(w, one, m, two, M, T, order), 0.0, T)
        change = np.max(np.abs(new_m - m))
        m = m + damping * (new_m - m)
        new_M = rbm.hidden.mean(_field(w.T, two, M, one, m, T, order), 0.0, T)
        residual = float(max(change, np.max(np.abs(new_M - M))))
        M = M + damping * (new_M - M)
    return MeanField(m, M, _log_z(rbm, layers, order, m, M), order, residual, steps, residual <= tolerance)


def _log_z(rbm: RBM, layers: tuple[_Layer, _Layer], order: int, m: Array, M: Array) -> float:
    (one, two), w = layers, rbm.weights / rbm.T
    value = one.alone(m, rbm.T) + two.alone(M, rbm.T) + m @ w @ M
    if order >= 2:
        value += one.k2(m) @ w**2 @ two.k2(M) / 2
    if order >= 3:
        value += one.k3(m) @ w**3 @ two.k3(M) / 6
    return float(value)
