r"""Random RBM with sparse weights at T = 0: single flips of the visible units on their marginal energy.

    E(v) = sum_i U_v(v_i) + sum_mu min_h [U_h(h) - b_mu h],   b_mu = sum_i w_(i mu) v_i,   w = 0, +-1/sqrt(N)

Only weights that are not zero are kept: N = 10^4, alpha = 0.6, p = 0.1 takes 50 MB. A state is a minimum when
no single flip lowers E, the hidden units following at once. The parallel alternating dynamics of a machine
(`BlockGibbs` at T = 0) has more fixed points: a unit that is off stays off until its full field is positive,
although half of the reaction of the hidden units would pay for the flip. It keeps states far beyond the
capacity, and is not offered here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from replica.errors import ParameterError
from replica.machines.data.given import numbers, room, states, whole
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.typing import Array
from replica.units import Unit

__all__ = ["Minimum", "SparseRBM", "check_flips", "sparse_signs"]

_TIE = 1e-12
"""A flip has to lower the energy by more than that."""


def sparse_signs(N: int, M: int, p: float, seed: Seed) -> sparse.csr_array:
    """Signs xi = +-1 with probability p/2 each, else 0, as a sparse array of shape (N, M).

    Examples
    --------
    >>> xi = sparse_signs(1000, 500, 0.1, seed=3)
    >>> print(f"{xi.nnz / 500_000:.3f}", sorted(set(xi.data.tolist())))
    0.100 [-1.0, 1.0]
    """
    if not 0 < p <= 1:
        msg = f"p = {p} must be in (0, 1]"
        raise ParameterError(msg)
    whole("N", N)
    whole("M", M)
    room(f"N = {N}, M = {M}", N * M, size=max(1, round(24 * p)), hint="take a smaller N")
    rng = np.random.default_rng(seed_sequence(seed))
    places, last = [], -1
    while last < N * M:  # gaps between entries that are not zero are geometric
        few = int(1.02 * p * (N * M - last)) + 100
        places.append(last + np.cumsum(rng.geometric(p, few)))
        last = int(places[-1][-1])
    place = np.concatenate(places)
    place = place[: np.searchsorted(place, N * M)]
    sign = (2.0 * rng.integers(0, 2, place.size) - 1).astype(np.float32)
    start = np.searchsorted(place, M * np.arange(N + 1))
    return sparse.csr_array((sign, (place % M).astype(np.int32), start.astype(np.int32)), shape=(N, M))


@dataclass(frozen=True, eq=False)
class Minimum:
    """A state that no single flip improves.

    Attributes
    ----------
    visible : array, shape (N,)
        The visible units.
    field : array, shape (M,)
        Fields of the hidden units.
    hidden : array, shape (M,)
        The hidden units: their ground states in these fields.
    energy : float
        E/N.
    flips : int
        Flips that led there.
    converged : bool
        Whether it is a minimum; if not, the search was given up.
    left : bool
        Whether it was given up since the state was lost: see `SparseRBM.descend`.
    """

    visible: Array
    field: Array
    hidden: Array
    energy: float
    flips: int
    converged: bool
    left: bool = False


def check_flips(visible: Unit) -> None:
    """Refuse visible units that cannot be flipped, with ParameterError."""
    if len(visible.values) != 2:
        msg = f"single flips need visible units with two values, not {visible}"
        raise ParameterError(msg)


class SparseRBM:
    """Random RBM at T = 0 with sparse weights xi/sqrt(N).

    Parameters
    ----------
    signs : sparse array, shape (N, M)
        The entries xi, as `sparse_signs` draws them.
    visible, hidden : Unit
        The units, unscaled; visible ones with two values.

    Examples
    --------
    >>> from replica.units import Bernoulli, ReLU
    >>> rbm = SparseRBM(sparse_signs(2000, 200, 0.1, seed=1), Bernoulli(g=-0.02), ReLU(theta=0.2))
    >>> end = rbm.descend(rbm.noise_free(3), strong=3)
    >>> print(end.converged, f"{rbm.overlap(end, 3):.4f}")
    True 0.0438
    """

    def __init__(self, signs: sparse.csr_array | ArrayLike, visible: Unit, hidden: Unit) -> None:
        check_flips(visible)
        self.visible, self.hidden = visible, hidden
        if not sparse.issparse(signs):
            signs = numbers("signs", signs, "a sparse array (visible units, hidden units)")
        entries = sparse.csr_array(signs)
        given = numbers("signs", entries.data, "a sparse array of 0, -1 and +1")
        if entries.ndim != 2 or 0 in entries.shape or not np.all((given == 1) | (given == -1) | (given == 0)):
            msg = (
                f"signs of shape {entries.shape}: give a sparse array (visible, hidden units) of 0, -1 and +1"
            )
            raise ParameterError(msg)
        self.signs = sparse.csr_array(entries, dtype=np.float32)
        self.N, self.M = self.signs.shape
        self._pattern = abs(self.signs)
        low, high = visible.values
        self._gap = high - low
        self._price = float(visible.potential(np.array(high)) - visible.potential(np.array(low)))

    def noise_free(self, strong: int) -> Array:
        """What the visible units do if the first `strong` hidden ones are very active, the others silent."""
        if not 0 <= strong <= self.M:
            msg = f"{strong} strong hidden units of {self.M}: give a number from 0 to {self.M}"
            raise ParameterError(msg)
        pull = np.asarray(self.signs[:, :strong].sum(axis=1), dtype=float).ravel()
        return np.array(self.visible.ground(1e6 * pull, 0.0)[1], dtype=float)

    def field(self, visible: ArrayLike) -> Array:
        """Fields of the hidden units, shape (M,)."""
        v = self._state(visible)
        return np.asarray(v @ self.signs, dtype=float) / math.sqrt(self.N)

    def _state(self, visible: ArrayLike) -> Array:
        return states("the state", visible, self.visible, self.N)

    def energy(self, visible: ArrayLike) -> float:
        """E/N of a state, the hidden units in their ground states."""
        cost = np.sum(self.visible.potential(self._state(visible)))
        return float(cost + np.sum(self.hidden.ground(self.field(visible), 0.0)[0])) / self.N

    def descend(self, visible: ArrayLike, strong: int = 0, most_rounds: int = 500) -> Minimum:
        """Flip single visible units as long as one lowers the energy.

        A round prices every flip at once, then makes those that pay, one after the other, each priced again.

        Parameters
        ----------
        visible : array, shape (N,)
            Where to start.
        strong : int
            Number of hidden units, from the first, that the state is about: when their mean field has lost
            half of its size, the state has decayed, and what would be found is another one.
        most_rounds : int
            Rounds after which the search is given up.
        """
        v = self._state(visible).copy()
        b = self.field(v)
        least = abs(float(np.mean(b[:strong]))) / 2 if strong else -1.0
        start, place, sign = self.signs.indptr, self.signs.indices, self.signs.data
        flips, converged, left = 0, False, False
        for _ in range(most_rounds):
            left = bool(strong) and abs(float(np.mean(b[:strong]))) < least
            if left:
                break
            wanted = np.flatnonzero(self._prices(v, b) < -_TIE)
            if not wanted.size:
                converged = True
                break
            for i in wanted:
                here = place[start[i] : start[i + 1]]
                up = v[i] == self.visible.values[0]
                step = sign[start[i] : start[i + 1]].astype(float) * (
                    (1 if up else -1) * self._gap / math.sqrt(self.N)
                )
                old = b[here]
                new = old + step
                change = np.sum(self._cost(new) - self._cost(old)) + (self._price if up else -self._price)
                if change < -_TIE:
                    b[here] = new
                    v[i] = self.visible.values[1 if up else 0]
                    flips += 1
        b = self.field(v)
        return Minimum(v, b, self.hidden.ground(b, 0.0)[1], self.energy(v), flips, converged, left)

    def overlap(self, state: Minimum, strong: int) -> float:
        """Mean of b/sqrt(N) over the first `strong` hidden units."""
        return float(np.mean(state.field[:strong])) / math.sqrt(self.N)

    def _cost(self, b: Array) -> Array:
        return self.hidden.ground(b, 0.0)[0]

    def _prices(self, v: Array, b: Array) -> Array:
        """Cost of every single flip, shape (N,).

        A flip moves b_mu by +-s. With the costs of either move, c(b + s) - c(b) and c(b - s) - c(b), the sum
        over mu is two products with the sparse matrices |xi| and xi.
        """
        step, here = self._gap / math.sqrt(self.N), self._cost(b)
        more, less = self._cost(b + step) - here, self._cost(b - step) - here
        sense = np.where(v == self.visible.values[0], 1.0, -1.0)
        hidden = self._pattern @ ((more + less) / 2) + sense * (self.signs @ ((more - less) / 2))
        return hidden + sense * self._price
