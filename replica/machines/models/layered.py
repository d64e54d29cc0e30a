r"""Layers of units with Gaussian couplings and patterns at finite N, drawn, sampled and cooled.

    H = - sum_c V_c(s) - N g(m) + sum_i U(s_i),     m_k = sum_i w_ki s_i/(n norm_k)

A coupling c of layers A, B, ... is a sum over units of them, V = sum J_ij... s_i s_j ..., with independent
Gaussian J such that E[V V'] = N xi_c(R), up to terms of the order 1 where a layer stands in c more than once:
a unit is not coupled to itself, and indices of one layer are different. g is a polynomial in the m_k and has
its diagonal: -N m^2/2 contains the terms w_i^2 s_i^2. The layer s has n_s units, the whole number next to
size_s N, and what is drawn is the model whose sizes are n_s/N.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from replica import interrupts
from replica.errors import ParameterError
from replica.machines.data.given import numbers, room, size_in_words, whole
from replica.machines.models.ensembles import Seed, seed_sequence, spawned
from replica.typing import Array, Integers
from replica.units import Unit

__all__ = ["Direction", "LayeredGibbs", "LayeredMachine", "Layout", "Settled"]

MOST_COUPLINGS = 10**8
"""Numbers in the couplings of three units or more: 800 MB, and three times as many while they are drawn."""
STRONG = 4.0
"""Strength of a pattern from which it falls to that without noise."""
FALLING = 60
"""Steps in which it falls, at most."""
TIE = 1e-9
"""Gains of energy that are none."""
AT_REST = 1e-10
"""Changes of continuous units that are none, beside the largest of their layer."""
_BLOCK = 2**21
"""Fields that are looked at together."""

States = list[Array]


@dataclass(frozen=True, eq=False)
class Direction:
    """A pattern: the layer on which it lies, and the law of its entries, w = shift + sqrt(variance) z.

    Attributes
    ----------
    layer : int
    shift, variance, weight : array, shape (n,)
        Of the parts of a mixture of Gaussians, with their probabilities.
    norm : float
        What the mean of w s is divided by to make m.

    Examples
    --------
    >>> signs = Direction(0, np.array([-1.0, 1.0]), np.zeros(2), np.array([0.5, 0.5]))
    >>> print(signs.entries(4, np.random.default_rng(1)))
    [ 1.  1. -1.  1.]
    """

    layer: int
    shift: Array
    variance: Array
    weight: Array
    norm: float = 1.0

    def entries(self, count: int, rng: np.random.Generator) -> Array:
        """Independent entries, shape (count,)."""
        part = rng.choice(len(self.weight), count, p=self.weight / self.weight.sum())
        if not np.any(self.variance):
            return self.shift[part]
        return self.shift[part] + np.sqrt(self.variance[part]) * rng.standard_normal(count)


@dataclass(frozen=True, eq=False)
class Layout:
    """What a machine is made of, before its size is known and anything is drawn.

    Attributes
    ----------
    names : sequence of str
        Of the layers.
    units : sequence of Unit
        One kind for each layer.
    sizes : sequence of float
        Units of each layer per N.
    couplings : sequence of (layers, variance)
        The covariance of the energy per N, xi = sum variance prod(size of each distinct layer) prod R.
    patterns : sequence of Direction
    energies : sequence of (patterns, strength)
        g = sum strength prod(size and norm of each distinct pattern) prod m.

    Examples
    --------
    A Sherrington-Kirkpatrick glass; its energy at high temperature is -1/(2 T):

    >>> from replica.units import Spin
    >>> glass = Layout(["spins"], [Spin()], [1.0], [((0, 0), 0.5)])
    >>> gibbs = LayeredGibbs(glass.draw(200, seed=1), chains=200, seed=2, T=2.0)
    >>> gibbs.sweep(10)
    >>> print(f"{gibbs.energy().mean() / 200:.2f}")
    -0.25
    """

    names: Sequence[str]
    units: Sequence[Unit]
    sizes: Sequence[float]
    couplings: Sequence[tuple[tuple[int, ...], float]] = ()
    patterns: Sequence[Direction] = ()
    energies: Sequence[tuple[tuple[int, ...], float]] = ()

    def counts(self, N: int) -> tuple[int, ...]:
        """How many units each layer has.

        Raises
        ------
        ParameterError
            If there is a layer without a unit.
        """
        whole("N", N)
        found = []
        for name, size in zip(self.names, self.sizes, strict=True):
            count = round(size * N) if math.isfinite(size) else 0
            if count < 1:
                more = f"; take N >= {math.ceil(1 / size)}" if 0 < size < math.inf else ""
                msg = f"the layer {name} has {size * N:g} units at N = {N}, less than one{more}"
                raise ParameterError(msg)
            found.append(count)
        return tuple(found)

    def check(self, N: int) -> None:
        """Refuse, with ParameterError, what cannot be drawn or sampled at this size."""
        counts = self.counts(N)
        for name, unit in zip(self.names, self.units, strict=True):
            try:
                unit.sample(np.zeros(1), 0.0, 1.0, np.random.default_rng(0))
            except ParameterError as error:
                msg = f"the layer {name} cannot be sampled: {error}"
                raise ParameterError(msg) from error
        for layers, variance in self.couplings:
            shape = [counts[s] for s in layers]
            names = " - ".join(self.names[s] for s in layers)
            if not 0 <= variance < math.inf:
                msg = f"the couplings {names} have the variance {variance:g}; it is a number >= 0"
                raise ParameterError(msg)
            if len(layers) > 2 and math.prod(shape) > MOST_COUPLINGS:
                most = int(N * (MOST_COUPLINGS / math.prod(shape)) ** (1 / len(layers)))
                msg = (
                    f"the couplings {names} are {math.prod(shape):.1e} numbers at N = {N}, "
                    f"{size_in_words(8 * math.prod(shape))}; at most {MOST_COUPLINGS:.0e} are drawn, "
                    f"so take N <= {most}"
                )
                raise ParameterError(msg)
            room(f"the couplings {names} at N = {N}", 3, *shape, hint="take a smaller N")
        for k, pattern in enumerate(self.patterns):
            if not 0 < pattern.norm < math.inf:
                msg = f"the pattern {k + 1} has entries that are all 0; there is nothing to overlap with"
                raise ParameterError(msg)
            unit = self.units[pattern.layer]
            if not unit.discrete and any(
                indices.count(k) and len(self._inside(indices, pattern.layer)) > 2
                for indices, _ in self.energies
            ):
                msg = (
                    f"the energy is of third order in patterns on the layer {self.names[pattern.layer]}, "
                    "whose units are continuous; only units of finitely many values are sampled then"
                )
                raise ParameterError(msg)

    def _inside(self, indices: tuple[int, ...], layer: int) -> tuple[int, ...]:
        """The patterns of an energy that lie on a layer."""
        return tuple(k for k in indices if self.patterns[k].layer == layer)

    def squares(self, layer: int) -> dict[int, float]:
        """Patterns on a layer that stand in an energy as a square of positive strength, and nothing else."""
        found: dict[int, float] = {}
        for indices, strength in self.energies:
            if len(set(indices)) == 1 and len(indices) == 2 and strength > 0:
                (k, _) = indices
                if self.patterns[k].layer == layer:
                    found[k] = found.get(k, 0.0) + strength
        return found

    def alone(self, layer: int) -> bool:
        """Whether units of a layer act on each other, so that they are drawn one after the other.

        Squares of patterns do not count: an auxiliary Gaussian variable makes a field of each.
        """
        if any(layers.count(layer) > 1 for layers, _ in self.couplings):
            return True
        for indices, strength in self.energies:
            square = len(indices) == 2 and len(set(indices)) == 1 and strength >= 0
            if len(self._inside(indices, layer)) > 1 and not square:
                return True
        return False

    def draw(self, N: int, seed: Seed) -> LayeredMachine:
        """Draw couplings and patterns.

        Raises
        ------
        ParameterError
            For what `check` refuses.
        """
        self.check(N)
        counts = self.counts(N)
        sequence = seed_sequence(seed)
        streams = spawned(sequence, len(self.couplings) + len(self.patterns))
        tensors = []
        for (layers, variance), stream in zip(self.couplings, streams, strict=False):
            spread = N * variance * math.prod(counts[s] / N for s in set(layers))
            spread /= math.prod(counts[s] for s in layers)
            tensors.append(_couplings(layers, counts, math.sqrt(spread), np.random.default_rng(stream)))
        entries = [
            pattern.entries(counts[pattern.layer], np.random.default_rng(stream))
            for pattern, stream in zip(self.patterns, streams[len(self.couplings) :], strict=True)
        ]
        return LayeredMachine(self, N, counts, tensors, entries)


def _couplings(
    layers: tuple[int, ...], counts: Sequence[int], width: float, rng: np.random.Generator
) -> Array:
    """Gaussian couplings, symmetric in the units of one layer, and 0 where a unit stands twice."""
    J = width * rng.standard_normal([counts[s] for s in layers])
    groups = [[i for i, t in enumerate(layers) if t == s] for s in dict.fromkeys(layers)]
    for group in groups:
        if len(group) == 1:
            continue
        for i, j in itertools.combinations(group, 2):
            shape = [1] * len(layers)
            shape[i] = shape[j] = counts[layers[i]]
            J *= 1 - np.eye(counts[layers[i]]).reshape(shape)
        turned = []
        for order in itertools.permutations(group):
            axes = list(range(len(layers)))
            for i, j in zip(group, order, strict=True):
                axes[i] = j
            turned.append(axes)
        J = sum(J.transpose(axes) for axes in turned[1:]) + J
        J /= len(turned)
    return J


@dataclass(frozen=True, eq=False)
class Settled:
    """A state at T = 0.

    Attributes
    ----------
    states : list of arrays, shape (n_s, 1)
    energy : float
        H/N.
    rounds : int
        Rounds that were made.
    converged : bool
        Whether no unit wants to move.
    """

    states: States
    energy: float
    rounds: int
    converged: bool


@dataclass(frozen=True, eq=False)
class LayeredMachine:
    """One sample of the disorder; made by `Layout.draw`.

    States are lists with an array (n_s, chains) for each layer.

    Attributes
    ----------
    layout : Layout
    N : int
    counts : tuple of int
        Units of each layer.
    couplings : list of arrays
        J of each coupling, an axis for each of its layers.
    entries : list of arrays, shape (n_s,)
        Entries of each pattern.
    """

    layout: Layout
    N: int
    counts: tuple[int, ...]
    couplings: list[Array]
    entries: list[Array]

    # -- energies --------------------------------------------------------------------------------------

    @cached_property
    def coefficients(self) -> list[float]:
        """What stands in front of the products of order parameters in g."""
        plan, found = self.layout, []
        for indices, strength in plan.energies:
            for k in set(indices):
                strength = strength * self.counts[plan.patterns[k].layer] / self.N * plan.patterns[k].norm
            found.append(float(strength))
        return found

    @cached_property
    def projectors(self) -> list[Array]:
        """dm_k/ds_i of each pattern, shape (n_s,)."""
        return [
            w / (len(w) * pattern.norm) for w, pattern in zip(self.entries, self.layout.patterns, strict=True)
        ]

    def overlaps(self, states: States) -> Array:
        """Order parameters of the patterns, shape (patterns, chains)."""
        rows = [
            row @ states[pattern.layer]
            for row, pattern in zip(self.projectors, self.layout.patterns, strict=True)
        ]
        return np.array(rows).reshape(len(rows), states[0].shape[1])

    def pull(self, m: Sequence[Array] | Array, without: Sequence[int] = ()) -> Array:
        """N g(m), elementwise; without some of the energies."""
        total: Any = 0.0
        for e, ((indices, _), amount) in enumerate(zip(self.layout.energies, self.coefficients, strict=True)):
            if e not in without:
                total = total + self.N * amount * math.prod(m[k] for k in indices)
        return total

    def force(self, k: int, m: Sequence[Array] | Array, without: Sequence[int] = ()) -> Array:
        """N dg/dm_k; without some of the energies."""
        total: Any = 0.0
        for e, ((indices, _), amount) in enumerate(zip(self.layout.energies, self.coefficients, strict=True)):
            power = indices.count(k)
            if power and e not in without:
                rest = list(indices)
                rest.remove(k)
                total = total + self.N * amount * power * math.prod(m[j] for j in rest)
        return total

    def field(self, s: int, states: States) -> Array:
        """Fields of the couplings on all units of a layer, shape (n_s, chains)."""
        total = np.zeros((self.counts[s], states[s].shape[1]))
        for (layers, _), J in zip(self.layout.couplings, self.couplings, strict=True):
            if s in layers:
                total += layers.count(s) * _contracted(J, layers, s, states)
        return total

    def energy(self, states: States) -> Array:
        """H of each chain."""
        total = -self.pull(self.overlaps(states)) * np.ones(states[0].shape[1])
        for (layers, _), J in zip(self.layout.couplings, self.couplings, strict=True):
            s = layers[0]
            total -= np.sum(states[s] * _contracted(J, layers, s, states), axis=0)
        for unit, x in zip(self.layout.units, states, strict=True):
            total += np.sum(unit.potential(x), axis=0)
        return total

    @property
    def scale(self) -> float:
        """The largest typical field of the couplings on a unit, the others being of size 1."""
        variances = [0.0] * len(self.counts)
        for layers, variance in self.layout.couplings:
            for s in set(layers):
                sizes = math.prod(self.counts[t] / self.N for t in set(layers) - {s})
                variances[s] += layers.count(s) * variance * sizes
        return math.sqrt(max(variances))

    # -- where to start --------------------------------------------------------------------------------

    def noise_free(self, along: Sequence[float]) -> States:
        """What the units do if some patterns act on them, and nothing else; one chain.

        Parameters
        ----------
        along : sequence of float
            For each pattern the sign and the share with which it acts at the beginning. Layers without a
            pattern are at rest in the fields of the others.
        """
        plan = self.layout
        states = [np.zeros((n, 1)) for n in self.counts]
        bearing = sorted({pattern.layer for pattern in plan.patterns})
        c = [
            STRONG * share * p.norm * self.counts[p.layer]
            for share, p in zip(along, plan.patterns, strict=True)
        ]
        m: Any = None
        for _ in range(FALLING):
            for s in bearing:
                b = sum(c[k] * row for k, row in enumerate(self.projectors) if plan.patterns[k].layer == s)
                states[s] = np.asarray(plan.units[s].ground(b, 0.0)[1], dtype=float).reshape(-1, 1)
            new = self.overlaps(states)
            if m is not None and np.max(np.abs(new - m)) < 1e-6:
                break
            m = new
            c = [float(self.force(k, m[:, 0])) for k in range(len(m))]
            if not any(c):  # nothing acts along the patterns
                break
        for s, unit in enumerate(plan.units):
            if s not in bearing:
                states[s] = np.asarray(unit.ground(self.field(s, states), 0.0)[1], dtype=float)
        return states

    # -- T = 0 -----------------------------------------------------------------------------------------

    @cached_property
    def followers(self) -> tuple[int, ...]:
        """Layers that follow the others into their ground states: no two coupled, no pattern on them."""
        plan = self.layout
        bearing = {pattern.layer for pattern in plan.patterns}
        chosen: list[int] = []
        for s in sorted(range(len(plan.units)), key=lambda s: (plan.units[s].discrete, -s)):
            around = [layers for layers, _ in plan.couplings if s in layers]
            pairs = all(len(layers) == 2 and layers.count(s) == 1 for layers in around)
            if (
                around
                and pairs
                and s not in bearing
                and not any(set(layers) & set(chosen) for layers in around)
            ):
                chosen.append(s)
        return tuple(sorted(chosen))

    def descend(self, states: States, most_rounds: int = 200) -> Settled:
        """Move single units as long as one lowers the energy; one chain.

        A unit is priced with the layers that follow it (`followers`), as hidden units do: in the parallel
        dynamics of two layers a unit holds itself where it is, and many of its fixed points are no minima.
        A round prices all moves of a layer at once, then makes those that pay, each priced again.
        """
        x = [np.array(one[:, :1], dtype=float) for one in states]
        plan, rounds, moved = self.layout, 0, True
        self._follow(x)
        while moved and rounds < most_rounds:
            interrupts.check()
            rounds, moved = rounds + 1, False
            for s, unit in enumerate(plan.units):
                if s in self.followers:
                    continue
                move = self._flip if unit.discrete else self._relax
                moved = move(s, x) or moved
                self._follow(x)
        return Settled(x, float(self.energy(x)[0]) / self.N, rounds, not moved)

    def _follow(self, x: States) -> None:
        for s in self.followers:
            x[s] = np.asarray(self.layout.units[s].ground(self.field(s, x), 0.0)[1], dtype=float)

    def _relax(self, s: int, x: States) -> bool:
        """Continuous units, into their ground states; whether one moved."""
        before = x[s].copy()
        gibbs = LayeredGibbs(self, 1, 0, T=0.0, states=x)
        gibbs.draw(s)
        x[s] = gibbs.states[s]
        return bool(np.max(np.abs(x[s] - before)) > AT_REST * max(float(np.max(np.abs(before))), 1e-3))

    def _flip(self, s: int, x: States) -> bool:
        """Discrete units, each to its best value while that pays; whether one did."""
        every = np.arange(self.counts[s])
        values = np.array(self.layout.units[s].values)
        gain, _ = self._gains(s, every, x)
        wanted = np.flatnonzero(gain > TIE)
        flips = 0
        for i in wanted:
            gain, best = self._gains(s, np.array([i]), x)
            if gain[0] > TIE:
                x[s][i, 0] = values[best[0]]
                flips += 1
        return flips > 0

    def _gains(self, s: int, which: Integers, x: States) -> tuple[Array, Integers]:
        """The most that single units of a layer gain by another value, and which value that is."""
        plan = self.layout
        unit, here = plan.units[s], x[s][which, 0]
        values = np.array(unit.values)
        change = values[:, None] - here
        b = np.zeros(len(which))
        for (layers, _), J in zip(plan.couplings, self.couplings, strict=True):
            if s in layers and not set(layers) & set(self.followers):
                part = J.take(which, axis=layers.index(s))
                b += layers.count(s) * _contracted(part, layers, s, x)[:, 0]
        cost = unit.potential(values)[:, None] - unit.potential(here) - b * change
        on = [k for k, pattern in enumerate(plan.patterns) if pattern.layer == s]
        if on:
            m: list[Any] = list(self.overlaps(x)[:, 0])
            start = self.pull(m)
            for k in on:
                m[k] = m[k] + self.projectors[k][which] * change
            cost = cost - (self.pull(m) - start)
        for t in self.followers:
            rows = [
                (J if layers.index(s) == 0 else J.T)[which]
                for (layers, _), J in zip(plan.couplings, self.couplings, strict=True)
                if s in layers and t in layers
            ]
            if rows:
                field = self.field(t, x)[:, 0]
                cost = cost + self._followed(plan.units[t], field, np.sum(rows, axis=0), change)
        best = np.argmin(cost, axis=0)
        return -np.min(cost, axis=0), best

    def _followed(self, unit: Unit, field: Array, W: Array, change: Array) -> Array:
        """What moves of single units cost a layer that follows them, shape (values, units)."""
        start = np.sum(unit.ground(field, 0.0)[0])
        cost = np.zeros(change.shape)
        size = max(1, _BLOCK // max(len(field), 1))
        for first in range(0, change.shape[1], size):
            part = slice(first, first + size)
            for row, step in zip(cost, change, strict=True):
                some = np.flatnonzero(step[part]) + first
                if some.size:
                    moved = field + step[some, None] * W[some]
                    row[some] = np.sum(unit.ground(moved, 0.0)[0], axis=1) - start
        return cost


def _contracted(J: Array, layers: tuple[int, ...], s: int, states: States) -> Array:
    """Couplings times the units of all their layers but one place of the layer s, shape (n_s, chains)."""
    place = layers.index(s)
    others = [states[t] for i, t in enumerate(layers) if i != place]
    if not others:
        return J[:, None] * np.ones(states[s].shape[1])
    J = np.moveaxis(J, place, 0)
    return _summed(J, others)


def _summed(J: Array, others: Sequence[Array]) -> Array:
    """A tensor times a vector for each of its axes but the first, for all chains."""
    total = J @ others[-1]
    for x in reversed(others[:-1]):
        total = np.einsum("...nk,nk->...k", total, x)
    return total


class LayeredGibbs:
    """Heat bath of many chains on one sample of the disorder, layer after layer, in place.

    Units that do not act on each other are drawn together, by the sampler of their unit: those of a layer,
    and with them all layers that are not coupled. In a layer that is coupled to itself they are drawn one
    after the other. A pattern that acts on its own layer as a square does not count as such a coupling: with
    an auxiliary variable, phi = N(2 kappa m, 2 kappa T/N), exp(N kappa m^2/T) is the field phi.

    Parameters
    ----------
    machine : LayeredMachine
    chains : int
    seed : int or SeedSequence
    T : float or array of shape (chains,)
        At T = 0 units are in their ground states, layer by layer.
    states : list of arrays, optional
        Where to start, each broadcast to (n_s, chains); by default units are drawn without fields.

    Attributes
    ----------
    states : list of arrays, shape (n_s, chains)
        The current states. They are overwritten by the next sweep.
    """

    def __init__(
        self, machine: LayeredMachine, chains: int, seed: Seed, *, T: ArrayLike, states: States | None = None
    ) -> None:
        self.machine, self.chains = machine, whole("chains", chains)
        room(f"{chains} chains", 4, chains, sum(machine.counts), hint="take fewer")
        self.rng = np.random.default_rng(seed_sequence(seed))
        self.set_temperature(T)
        plan = machine.layout
        self._one_by_one = [plan.alone(s) for s in range(len(plan.units))]
        self._squares = [{} if one else plan.squares(s) for s, one in enumerate(self._one_by_one)]
        self._own = [
            [
                e
                for e, (indices, strength) in enumerate(plan.energies)
                if len(indices) == 2 and len(set(indices)) == 1 and strength > 0 and indices[0] in squares
            ]
            for squares in self._squares
        ]
        if states is None:
            self.states = [
                np.asarray(unit.sample(np.zeros((n, self.chains)), 0.0, self._T, self.rng), dtype=float)
                for unit, n in zip(plan.units, machine.counts, strict=True)
            ]
        else:
            self.states = [
                np.array(np.broadcast_to(x, (n, self.chains)), dtype=float)
                for x, n in zip(states, machine.counts, strict=True)
            ]

    @property
    def T(self) -> Array:
        """Temperature of each chain, shape (chains,)."""
        return self._T.copy()

    def set_temperature(self, T: ArrayLike) -> None:
        """Give all chains one temperature, or each its own."""
        T = numbers("temperatures", T, "one number, or one for each chain")
        if T.shape not in ((), (self.chains,)) or not np.all(T >= 0):
            msg = f"T = {T} must be >= 0, one number or one for each of the {self.chains} chains"
            raise ParameterError(msg)
        self._T = np.broadcast_to(T, self.chains).copy()

    def energy(self) -> Array:
        """H of each chain."""
        return self.machine.energy(self.states)

    def overlaps(self) -> Array:
        """Order parameters of the patterns, shape (patterns, chains)."""
        return self.machine.overlaps(self.states)

    def sweep(self, count: int = 1) -> None:
        """Draw every layer in turn, `count` times."""
        for _ in range(count):
            interrupts.check()
            with np.errstate(over="ignore", invalid="ignore"):
                for s in range(len(self.states)):
                    self.draw(s)

    def draw(self, s: int) -> None:
        """Draw the units of a layer, given all others."""
        if self._one_by_one[s]:
            self._draw_one_by_one(s)
            return
        plan = self.machine.layout
        b = self.machine.field(s, self.states)
        on = [k for k, pattern in enumerate(plan.patterns) if pattern.layer == s]
        if on:
            m = self.overlaps()
            for k in on:
                c = self.machine.force(k, m, self._own[s]) + self._auxiliary(s, k, m)
                b += np.multiply.outer(self.machine.projectors[k], c * np.ones(self.chains))
        self.states[s] = np.asarray(plan.units[s].sample(b, 0.0, self._T, self.rng), dtype=float)

    def _auxiliary(self, s: int, k: int, m: Array) -> Any:
        """The field N phi on m_k that stands for the square of a pattern."""
        if k not in self._squares[s]:
            return 0.0
        plan, N = self.machine.layout, self.machine.N
        kappa = self._squares[s][k] * self.machine.counts[s] / N * plan.patterns[k].norm
        noise = np.sqrt(2 * kappa * self._T / N) * self.rng.standard_normal(self.chains)
        return N * (2 * kappa * m[k] + noise)

    def _draw_one_by_one(self, s: int) -> None:
        machine, plan, x = self.machine, self.machine.layout, self.states[s]
        unit, T, n = plan.units[s], self._T, len(self.states[s])
        fixed, inside = np.zeros((n, self.chains)), []
        for (layers, _), J in zip(plan.couplings, machine.couplings, strict=True):
            power = layers.count(s)
            if power == 1:
                fixed += _contracted(J, layers, s, self.states)
            elif power:
                place = layers.index(s)
                others = [self.states[t] for i, t in enumerate(layers) if i != place]
                inside.append((power, np.moveaxis(J, place, 0), others))
        on = [k for k, pattern in enumerate(plan.patterns) if pattern.layer == s]
        rows = [machine.projectors[k] for k in on]
        m = self.overlaps()
        discrete = unit.discrete
        if discrete:  # the largest of energies with Gumbel's noise is drawn with their Boltzmann weights
            values = np.array(unit.values)[:, None]
            noise = T * self.rng.gumbel(size=(n, len(values), self.chains)) - unit.potential(values)
        for i in range(n):
            b = fixed[i]
            for power, J, others in inside:
                b = b + power * _summed(J[i], others)
            old = x[i].copy()
            if discrete:
                score = b * values + noise[i]
                if on:
                    score = score + machine.pull(self._shifted(m, on, rows, i, values - old))
                new = values[np.argmax(score, axis=0), 0]
            else:
                a: Any = 0.0
                if on:  # a polynomial of second order in this unit
                    low, middle, high = (
                        machine.pull(self._shifted(m, on, rows, i, v - old)) for v in (-1.0, 0.0, 1.0)
                    )
                    b, a = b + (high - low) / 2, high + low - 2 * middle
                new = unit.sample(b, a, T, self.rng)
            x[i] = new
            if on:
                for k, row in zip(on, rows, strict=True):
                    m[k] += row[i] * (new - old)

    @staticmethod
    def _shifted(m: Array, on: list[int], rows: list[Array], i: int, change: Any) -> list[Any]:
        """Order parameters where one unit has changed."""
        moved: list[Any] = list(m)
        for k, row in zip(on, rows, strict=True):
            moved[k] = m[k] + row[i] * change
        return moved
