"""Small machines, exactly: sums over all configurations of a layer.

One layer is enumerated, the other one is summed (or integrated) unit by unit given the first, so a machine of
20 bits and 500 hidden units of any kind is a small machine. Probabilities of visible configurations need the
visible layer enumerated, the Gibbs chain and contrastive divergence both layers.

Configurations are numbered with the first unit as the leading digit: of three bits 000, 001, 010, ..., 111.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica import interrupts
from replica.errors import ParameterError
from replica.machines.data.given import numbers, table, whole
from replica.machines.models.rbm import RBM
from replica.typing import Array
from replica.units import Unit

__all__ = [
    "Gradient",
    "Moments",
    "configurations",
    "contrastive_divergence",
    "empirical_distribution",
    "gradient",
    "kl_divergence",
    "log_likelihood",
    "log_partition",
    "mixing_time",
    "moments",
    "relaxation_time",
    "stationary",
    "transition_matrix",
    "visible_distribution",
]

MOST_STATES = 2**22
"""Configurations that are summed over: 22 binary units, a few seconds."""
MOST_ENTRIES = 2**24
"""Entries of a matrix of transition probabilities: 128 MB."""
_BLOCK = 2**13


@dataclass(frozen=True, eq=False)
class Moments:
    """Exact averages of a machine.

    Attributes
    ----------
    log_Z : float
        Logarithm of the partition function.
    visible, hidden : array, shape (n_visible,) and (n_hidden,)
        Means <v_i> and <h_j>.
    visible_hidden : array, shape (n_visible, n_hidden)
        <v_i h_j>.
    visible_visible, hidden_hidden : array
        <v_i v_k> and <h_j h_l>.
    energy, entropy : float
        <E>, and ln Z + <E>/T (relative to length for continuous units).
    """

    log_Z: float
    visible: Array
    hidden: Array
    visible_hidden: Array
    visible_visible: Any
    hidden_hidden: Any
    energy: float
    entropy: float


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives by the weights and by the fields on the visible and the hidden units."""

    weights: Array
    visible: Array
    hidden: Array


def configurations(unit: Unit, count: int) -> Array:
    """All configurations of `count` discrete units, shape (states, count).

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> print(configurations(Bernoulli(), 2).tolist())
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    _check_countable(unit, count, "the configurations")
    return np.concatenate(list(_blocks(unit, count)))


def log_partition(rbm: RBM) -> float:
    """Logarithm of Z, by enumeration of the discrete layer with fewer configurations.

    Raises
    ------
    ParameterError
        If there are too many configurations, if no layer is discrete, or at T = 0.

    Examples
    --------
    >>> from replica.units import ReLU, Spin
    >>> print(f"{log_partition(RBM([[0.3, -0.2], [0.1, 0.4]], Spin(), ReLU(theta=0.5))):.12f}")
    1.216425599353
    """
    log_weight, _ = _enumerated(_smaller_first(rbm))
    return float(special.logsumexp(log_weight))


def moments(rbm: RBM) -> Moments:
    """Means, correlations, energy and entropy, by enumeration of the smaller layer.

    Examples
    --------
    >>> from replica.units import Spin
    >>> exact = moments(RBM([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], Spin(), Spin()))
    >>> print(f"{exact.visible_visible[0, 1]:.12f} {exact.log_Z:.12f}")
    0.455935453616 4.314652304440
    """
    turned = _smaller_first(rbm)
    log_weight, log_z = _enumerated(turned)
    weight = np.exp(log_weight - log_z)
    N, M, T = turned.n_visible, turned.n_hidden, turned.T
    v, h, vh, vv, hh, entropy = np.zeros(N), np.zeros(M), np.zeros((N, M)), 0.0, 0.0, 0.0
    first = 0
    for block in _blocks(turned.visible, N):
        p = weight[first : first + len(block)]
        first += len(block)
        b = turned.hidden_field(block)
        mean, variance = turned.hidden.mean(b, 0.0, T), turned.hidden.variance(b, 0.0, T)
        v += p @ block
        h += p @ mean
        vh += (p * block.T) @ mean
        vv += (p * block.T) @ block
        hh += (p * mean.T) @ mean + np.diag(p @ variance)
        # that of the block, and of the hidden units given it: sums of positive terms for discrete units
        entropy += float(p @ (log_z - log_weight[first - len(block) : first]))
        entropy += float(p @ np.sum(turned.hidden.entropy(b, 0.0, T), axis=1))
    energy = T * (entropy - log_z)
    if turned is rbm:
        return Moments(log_z, v, h, vh, vv, hh, energy, entropy)
    return Moments(log_z, h, v, vh.T, hh, vv, energy, entropy)


def visible_distribution(rbm: RBM) -> Array:
    """Probabilities of all visible configurations, in the order of `configurations`."""
    log_weight, log_z = _enumerated(rbm)
    return np.exp(log_weight - log_z)


def empirical_distribution(rbm: RBM, data: ArrayLike) -> Array:
    """Frequencies of all visible configurations in the data, shape (states,)."""
    data = table("data", data, rbm.visible, rbm.n_visible)
    states = _check_countable(rbm.visible, rbm.n_visible, "an empirical distribution")
    values = np.array(rbm.visible.values)
    digits = np.argmin(np.abs(data[..., None] - values), axis=-1)
    index = digits @ values.size ** np.arange(rbm.n_visible - 1, -1, -1)
    return np.bincount(index, minlength=states) / len(data)


def log_likelihood(rbm: RBM, data: ArrayLike) -> Array:
    """Ln P(v) of each configuration, shape (n,)."""
    data = table("data", data, rbm.visible, rbm.n_visible)
    return -rbm._free_energy(data) / rbm.T - log_partition(rbm)


def kl_divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Kullback-Leibler divergence sum p ln(p/q) in nats; infinite where q = 0 < p.

    Examples
    --------
    >>> print(f"{kl_divergence([0.5, 0.5], [0.25, 0.75]):.12f}", kl_divergence([1, 0], [0, 1]))
    0.143841036226 inf
    """
    p, q = numbers("p", p, "probabilities"), numbers("q", q, "probabilities")
    if np.any(p < 0) or np.any(q < 0):
        msg = "distributions: probabilities are numbers >= 0"
        raise ParameterError(msg)
    if p.shape != q.shape:
        msg = f"distributions of different shapes: {p.shape} and {q.shape}"
        raise ParameterError(msg)
    return float(np.sum(special.rel_entr(p, q)))


def gradient(rbm: RBM, data: ArrayLike) -> Gradient:
    """Exact gradient of the mean log-likelihood: data averages minus model averages, over T.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> slope = gradient(RBM([[0.5], [-0.5]], Bernoulli(), Bernoulli()), [[1, 0], [1, 1]])
    >>> print(slope.weights[:, 0].round(6), slope.visible.round(6))
    [0.240377 0.055393] [0.436877 0.063123]
    """
    model = moments(rbm)
    data = table("data", data, rbm.visible, rbm.n_visible)
    return _difference(rbm, data, np.full(len(data), 1 / len(data)), model)


def contrastive_divergence(rbm: RBM, data: ArrayLike, k: int) -> Gradient:
    """Expectation of the CD-k update: data averages minus those after k sweeps of the Gibbs chain.

    The whole distribution is sent through the chain; no random numbers. For k to infinity it is `gradient`.

    Parameters
    ----------
    rbm : RBM
        Both layers discrete.
    data : array, shape (n, n_visible)
        Visible configurations at which the chains start.
    k : int
        Sweeps, at least 1.
    """
    whole("k", k)
    up, down = _conditionals(rbm)
    p = empirical_distribution(rbm, data)
    for _ in range(k):
        p = (p @ up) @ down
    v = configurations(rbm.visible, rbm.n_visible)
    mean = rbm.hidden_mean(v)
    chain = Moments(np.nan, p @ v, p @ mean, (p * v.T) @ mean, None, None, np.nan, np.nan)
    data = table("data", data, rbm.visible, rbm.n_visible)
    return _difference(rbm, data, np.full(len(data), 1 / len(data)), chain)


def transition_matrix(rbm: RBM) -> Array:
    """Block Gibbs chain on the visible configurations: A[v, v'] = sum_h P(h|v) P(v'|h).

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> rbm = RBM([[2.0], [2.0]], Bernoulli(g=-1.0), Bernoulli(g=-2.0))
    >>> A = transition_matrix(rbm)
    >>> print(mixing_time(A), f"{relaxation_time(A):.6f}")
    1 0.957599
    >>> print(np.allclose(stationary(A), visible_distribution(rbm)))
    True
    """
    up, down = _conditionals(rbm)
    return up @ down


def stationary(matrix: ArrayLike) -> Array:
    """Stationary distribution of a matrix of transition probabilities.

    States are taken out one after the other, their probability handed to those where they lead, without a
    single subtraction (Grassmann, Taksar and Heyman 1985): every entry has nearly all of its digits, even
    where the chain needs 10^12 sweeps to mix.

    Raises
    ------
    ParameterError
        If the chain falls into parts, so that there are several such distributions.

    Examples
    --------
    >>> print(stationary([[1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9]]))
    [0.75 0.25]
    """
    P = _chain(matrix).copy()
    for k in range(len(P) - 1, 0, -1):
        out = P[k, :k].sum()
        if not out > 0:
            msg = "the chain falls into parts that do not lead to each other: no single stationary state"
            raise ParameterError(msg)
        P[:k, k] /= out
        P[:k, :k] += np.multiply.outer(P[:k, k], P[k, :k])
    p = np.ones(len(P))
    for k in range(1, len(P)):
        p[k] = p[:k] @ P[:k, k]
    return p / p.sum()


def mixing_time(matrix: ArrayLike, distance: float = 0.25, most: int = 2**40) -> int:
    """Sweeps until every start is within a total-variation distance of the stationary state.

    Found by squaring the matrix, so even 10^12 sweeps cost forty products.

    Raises
    ------
    ParameterError
        If the chain has not mixed after `most` sweeps.
    """
    matrix = _chain(matrix)
    limit = stationary(matrix)

    def mixed(power: Array) -> bool:
        return bool(np.max(np.sum(np.abs(power - limit), axis=1)) / 2 <= distance)

    if mixed(np.eye(len(matrix))):
        return 0
    powers = [matrix]  # powers[k] is the matrix to the power 2^k
    while not mixed(powers[-1]):
        if 2 ** len(powers) > most:
            msg = f"the chain is further than {distance} from its stationary state after {most} sweeps"
            raise ParameterError(msg)
        powers.append(powers[-1] @ powers[-1])
    steps, here = 0, np.eye(len(matrix))
    for k in range(len(powers) - 2, -1, -1):  # the largest number of steps that is not enough
        further = here @ powers[k]
        if not mixed(further):
            steps, here = steps + 2**k, further
    return steps + 1


def relaxation_time(matrix: ArrayLike) -> float:
    """-1/ln|lambda_2| of the second largest eigenvalue: sweeps over which memory decays by a factor e."""
    matrix = _chain(matrix)
    second = np.sort(np.abs(np.linalg.eigvals(matrix)))[-2] if len(matrix) > 1 else 0.0
    with np.errstate(divide="ignore"):
        return float(-1 / np.log(second)) if second < 1 else math.inf


# -- helpers -------------------------------------------------------------------------------------------------


def _difference(rbm: RBM, data: Array, weight: Array, model: Moments) -> Gradient:
    mean = rbm.hidden_mean(data)
    return Gradient(
        ((weight * data.T) @ mean - model.visible_hidden) / rbm.T,
        (weight @ data - model.visible) / rbm.T,
        (weight @ mean - model.hidden) / rbm.T,
    )


def _blocks(unit: Unit, count: int) -> Iterator[Array]:
    """All configurations, a few thousand at a time."""
    values = np.array(unit.values)
    powers = values.size ** np.arange(count - 1, -1, -1)
    states = values.size**count
    for first in range(0, states, _BLOCK):
        interrupts.check()
        index = np.arange(first, min(first + _BLOCK, states))
        yield values[index[:, None] // powers % values.size]


def _enumerated(rbm: RBM) -> tuple[Array, float]:
    """Logarithms of the weights of all visible configurations, and of their sum."""
    if rbm.T == 0:
        msg = "T = 0: enumeration needs a positive temperature; the ground states are those of the energies"
        raise ParameterError(msg)
    _check_countable(rbm.visible, rbm.n_visible, "this sum")
    logs = [-rbm._free_energy(block) / rbm.T for block in _blocks(rbm.visible, rbm.n_visible)]
    log_weight = np.concatenate(logs)
    return log_weight, float(special.logsumexp(log_weight))


def _states(unit: Unit, count: int) -> float:
    """Configurations of a layer, infinite for continuous units."""
    return math.inf if not unit.discrete else float(len(unit.values)) ** count


def _smaller_first(rbm: RBM) -> RBM:
    """The machine, turned if its hidden layer has fewer configurations."""
    visible, hidden = _states(rbm.visible, rbm.n_visible), _states(rbm.hidden, rbm.n_hidden)
    if math.isinf(visible) and math.isinf(hidden):
        if rbm.visible.discrete or rbm.hidden.discrete:
            return rbm if rbm.visible.discrete else rbm.transposed
        msg = "neither layer is discrete: there are no configurations to enumerate"
        raise ParameterError(msg)
    return rbm.transposed if hidden < visible else rbm


def _check_countable(unit: Unit, count: int, what: str) -> int:
    if not unit.discrete:
        msg = (
            f"{what}: a layer of {unit.name or type(unit).__name__} units has no configurations to enumerate"
        )
        raise ParameterError(msg)
    values = len(unit.values)
    if count * math.log(values) > math.log(MOST_STATES) + 1e-9:
        most = int(math.log(MOST_STATES, values) + 1e-9)
        msg = (
            f"{what}: {count} units with {values} values each have {values}^{count} configurations; at most "
            f"{most} such units can be enumerated; sample larger machines"
        )
        raise ParameterError(msg)
    return values**count


def _conditionals(rbm: RBM) -> tuple[Array, Array]:
    """P(h|v) and P(v|h) for all configurations."""
    if rbm.T == 0:
        msg = "T = 0: the Gibbs chain needs a positive temperature"
        raise ParameterError(msg)
    for unit, count in ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden)):
        _check_countable(unit, count, "the Gibbs chain")
    states = _states(rbm.visible, rbm.n_visible), _states(rbm.hidden, rbm.n_hidden)
    largest = max(states[0] * states[1], states[0] ** 2)
    if largest > MOST_ENTRIES:
        msg = (
            f"the Gibbs chain of {rbm.n_visible} visible and {rbm.n_hidden} hidden units has a matrix "
            f"of {largest:.0e} entries; at most {MOST_ENTRIES:.0e}, such as 12 visible and "
            "12 hidden binary units"
        )
        raise ParameterError(msg)
    v = configurations(rbm.visible, rbm.n_visible)
    h = configurations(rbm.hidden, rbm.n_hidden)
    joint = (
        (v @ rbm.weights) @ h.T
        - np.sum(rbm.visible.potential(v), axis=1)[:, None]
        - np.sum(rbm.hidden.potential(h), axis=1)
    ) / rbm.T
    return special.softmax(joint, axis=1), special.softmax(joint.T, axis=1)


def _chain(matrix: ArrayLike) -> Array:
    """A matrix of transition probabilities, checked."""
    P = numbers("transition probabilities", matrix, "a square matrix")
    if P.ndim != 2 or P.shape[0] != P.shape[1] or not P.size:
        msg = f"transition probabilities of shape {P.shape}: give a square matrix"
        raise ParameterError(msg)
    if np.any(P < 0) or not np.allclose(P.sum(axis=1), 1, rtol=0, atol=1e-9):
        msg = "transition probabilities: numbers >= 0, each row with the sum 1"
        raise ParameterError(msg)
    return P
