"""A few patterns, each correlated with its neighbours in a cycle: attractors that remember the neighbours."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from replica.numerics.functions import exact, stack
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.typing import Array, Booleans, Number, Numbers

__all__ = ["Correlated"]

REACH = 6
"""Neighbours on either side: a ring of 2 REACH + 1 = 13 patterns."""


@dataclass(frozen=True)
class Correlated(Theory):
    r"""Ring of 13 patterns, J = (1/N) sum xi_mu X_munu xi_nu with X = 1 + a (neighbours), alpha = 0 [GTA93]_.

    Patterns shown one after the other leave a term that joins neighbours. From a > 1/2 on the state that
    starts from a pattern overlaps with its neighbours as well, the less the further they are apart. Order
    parameters m0 to m6 are the overlaps with the pattern and with those k steps away on either side.

    Parameters
    ----------
    a : float or array
        Strength of the term that joins neighbours, >= 0.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [GTA93] M. Griniasty, M. V. Tsodyks, D. J. Amit, Neural Comput. 5, 1 (1993).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Correlated(a=0.6, T=0.0))
    >>> print([round(128 * float(state[f"m{k}"]), 12) + 0.0 for k in range(7)])
    [77.0, 51.0, 13.0, 3.0, 1.0, 0.0, 0.0]
    """

    a: Value = parameter("strength of the term that joins neighbours", "a", lower=0, typical=(0.0, 1.0))
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 2.0))

    name: ClassVar[str] = "correlated"
    aliases: ClassVar[tuple[str, ...]] = ("correlated-patterns", "griniasty-tsodyks-amit")
    order: ClassVar[tuple[str, ...]] = tuple(f"m{k}" for k in range(REACH + 1))
    symmetry: ClassVar[tuple[str, ...]] = order
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("the state that starts from a pattern"),
        "paramagnet": Branch("no overlap with any pattern", (0.0,) * (REACH + 1), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "continuous": Zero(Phase("paramagnet"), "alignment", text="m = 0 becomes unstable: T = 1 + 2 a"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"T_c": "continuous"}
    critical: ClassVar[Critical | None] = Critical(
        "T", "continuous", "T_c", "temperature below which m = 0 is unstable"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_munu xi_imu X_munu xi_jnu/N",
        "h": "h = sum_munu xi_mu X_munu m_nu",
        **{f"m{k}": f"m{k} = <xi_{k} tanh(h/T)>" for k in range(REACH + 1)},
        "X": "X_munu = 1 where mu = nu; a where they are neighbours on the ring",
        "f": "f = (1/2) sum_munu m_mu X_munu m_nu - T <ln 2cosh(h/T)>",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "X": "what joins the patterns",
        "m0": "overlap with the pattern",
        "m1": "overlap with its neighbours",
        **{f"m{k}": f"overlap with the patterns {k} steps away" for k in range(2, REACH + 1)},
    }
    references: ClassVar[tuple[str, ...]] = (
        "M. Griniasty, M. V. Tsodyks, D. J. Amit, Neural Comput. 5, 1 (1993)",
        "L. F. Cugliandolo, Neural Comput. 5, 220 (1993)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "overlaps at 1/2 < a, T = 0": "(77, 51, 13, 3, 1, 0, 0)/128, by enumeration of all 2^13 columns",
        "a < 1/2, T = 0": "the pattern itself, exact",
        "T_c": "1 + 2 a, exact: all patterns alike",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "States that are symmetric about one pattern.",
        "From a = 1/2 on the matrix X has negative eigenvalues, and f is no bound.",
        "At a = 1/2 and T = 0 there are neurons without a field.",
    )

    @cached_property
    def columns(self) -> tuple[Array, Array]:
        """Mean entries of the pattern (1) and of each pair of neighbours, (n, 7), and their weights, (n,)."""
        rows = np.array([(1, *pairs) for pairs in itertools.product((-1, 0, 1), repeat=REACH)])
        weight = np.prod(np.where(rows[:, 1:] == 0, 0.5, 0.25), axis=1)
        return (exact(rows.astype(float)), exact(weight)) if self.is_exact else (rows.astype(float), weight)

    def joined(self, x: Sequence[Number] | Numbers) -> list[Number]:
        """X m, in the order of the overlaps."""
        m = [*x, x[REACH]]  # seven steps away to the right are six to the left
        return [m[k] + self.a * (m[abs(k - 1)] + m[k + 1]) for k in range(REACH + 1)]

    def spins(self, x: Numbers) -> SpinAverages:
        """Spins in their sharp fields, on a last axis for the columns."""
        rows, _ = self.columns
        field = 0 * rows[:, 0]
        for k, one in enumerate(self.joined(x)):
            field = field + (1 if k == 0 else 2) * np.expand_dims(np.asarray(one), -1) * rows[:, k]
        return spin_averages(field, 0 * field, np.expand_dims(np.asarray(self.T), -1))

    def update(self, x: Numbers) -> Numbers:
        rows, weight = self.columns
        tanh = self.spins(x).tanh
        return stack(*(np.sum(tanh * rows[:, k] * weight, axis=-1) for k in range(REACH + 1)))

    def free_energy(self, x: Numbers) -> Number:
        pairs = zip(x, self.joined(x), strict=True)
        own = sum((1 if k == 0 else 2) * m * joined for k, (m, joined) in enumerate(pairs)) / 2
        return own - np.sum(self.spins(x).log2cosh * self.columns[1], axis=-1)

    def jacobian(self, x: Numbers) -> Numbers:
        rows, weight = self.columns
        chi = self.spins(x).susceptibility
        unit = np.eye(REACH + 1)
        grids = []
        for l in range(REACH + 1):
            joined = self.joined([one + 0 * self.a for one in unit[l]])
            by_m = 0 * chi
            for k, one in enumerate(joined):
                by_m = by_m + (1 if k == 0 else 2) * np.expand_dims(np.asarray(one), -1) * rows[:, k]
            grids.append(chi * by_m * weight)
        return stack(
            *(stack(*(np.sum(grid * rows[:, j], axis=-1) for grid in grids)) for j in range(REACH + 1))
        )

    def start(self, branch: str) -> Numbers:
        """Where the dynamics leads from the pattern."""
        if branch != "retrieval":
            return super().start(branch)
        zero = np.zeros(self.batch)
        x = np.stack([zero + 1, *[zero] * REACH])
        for _ in range(200):
            moved = np.array(self.update(x), dtype=float)
            if np.max(np.abs(moved - x), initial=0) < 1e-13:
                break
            x = moved
        return self.state(**dict(zip(self.order, moved, strict=True)))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        return x[0] > 1e-7 if branch == "retrieval" else np.max(np.abs(x), axis=0) < 1e-7

    def entropy(self, x: Numbers) -> Number:
        return np.sum(self.spins(x).entropy * self.columns[1], axis=-1)

    def alignment(self, x: Numbers) -> Number:
        """T - (1 + 2 a), the largest eigenvalue of X: zero where m = 0 becomes unstable."""
        return self.T - 1 - 2 * self.a + 0 * x[0]
