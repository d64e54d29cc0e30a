r"""How likely data are: ln Z by enumeration, by annealed importance sampling from both sides, by TAP.

Annealing goes from a machine without weights, whose ln Z_0 is known, to the machine, along
E_b = (1 - b) E_0 + b E with b from 0 to 1 [Nea01]_ [SM08]_. The weight of a run has the mean Z/Z_0,
whatever the number of steps; ln of the mean of few runs is too small rather than too large. Runs back, from
configurations of the machine to the one without weights, err to the other side. Bennett's acceptance ratio
joins both [Ben76]_. Both sides may meet and both miss the state that holds the weight; mean field, a rigorous
lower bound on ln Z, is asked too, and an estimate below it is not believed.

References
----------
.. [Nea01] R. M. Neal, Stat. Comput. 11, 125 (2001).
.. [SM08] R. Salakhutdinov, I. Murray, ICML (2008).
.. [Ben76] C. H. Bennett, J. Comput. Phys. 22, 245 (1976).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import brentq

from replica import interrupts
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import room, table, whole
from replica.machines.inference import exact, mean_field
from replica.machines.inference.sampling import ParallelTempering, temperatures
from replica.machines.models.centred import log_ratio
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.machines.models.rbm import RBM, BlockGibbs, with_field
from replica.typing import Array
from replica.units import Gaussian, Unit

__all__ = [
    "METHODS",
    "Annealed",
    "Likelihood",
    "LogPartition",
    "annealed",
    "bennett",
    "independent_score",
    "likelihood",
    "log_partition",
    "pseudo_likelihood",
    "untrained",
]

METHODS = {
    "exact": "sum over all configurations of the smaller layer",
    "ais": "annealed importance sampling, from a machine without weights",
    "bridge": "annealed importance sampling from both sides, joined by Bennett's acceptance ratio",
    "tap": "second-order mean field; no error bar",
}
SMALL = 20
"""Units of the smaller layer up to which ``auto`` enumerates."""
RELIABLE = 10.0
"""Effective number of runs below which an error bar should not be believed."""
EQUAL = 1e-10
"""Relative spread of logarithmic weights up to which they are equal but for rounding."""
GAIN = 0.01
"""Relative gain over independent units up to which a machine has learned nothing of correlations."""
_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Annealed:
    """Runs of annealed importance sampling.

    Attributes
    ----------
    base : float
        ln Z_0 of the machine without weights.
    weights : array, shape (runs,)
        Logarithms x of the importance weights; forward runs average exp(x), reverse ones exp(-x).
    reverse : bool
    """

    base: float
    weights: Array
    reverse: bool

    @property
    def log_Z(self) -> float:
        """Estimate of ln Z."""
        sign = -1 if self.reverse else 1
        return self.base + sign * float(special.logsumexp(sign * self.weights) - math.log(len(self.weights)))

    @property
    def error(self) -> float:
        """Standard error of ln Z, to first order in that of the mean weight.

        NaN for a single run, and for runs of equal weight: their scatter says nothing.
        """
        if self.equal:
            return math.nan
        share = special.softmax(-self.weights if self.reverse else self.weights)
        count = len(share)
        return float(np.std(count * share, ddof=1) / math.sqrt(count))

    @property
    def equal(self) -> bool:
        """Whether all runs have the same weight but for rounding; a single one has."""
        return bool(np.ptp(self.weights) <= EQUAL * (1 + np.max(np.abs(self.weights))))

    @property
    def effective(self) -> float:
        """Effective number of runs, (sum of the weights)^2/sum of their squares."""
        share = special.softmax(-self.weights if self.reverse else self.weights)
        return float(1 / np.sum(share**2))


@dataclass(frozen=True)
class LogPartition:
    """ln Z.

    Attributes
    ----------
    value, error : float
        Its standard error is 0 if exact, NaN where none is known.
    method : str
    effective : float
        Effective number of runs (the smaller of both sides); NaN if nothing was sampled.
    lower, upper : float
        Estimates of the runs forward (too small rather than too large) and back; NaN without such runs.
    bound : float
        ln Z is not less than that, by mean field (`mean_field.lower_bound`); NaN if it is exact.
    """

    value: float
    error: float
    method: str
    effective: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    bound: float = math.nan

    @property
    def doubt(self) -> str:
        """Why the estimate should not be believed; empty where nothing speaks against it.

        ``tap`` has no error bar; all that is checked is the bound.
        """
        if self.method == "exact":
            return ""
        slack = 1e-9 * (1 + abs(self.bound)) + (4 * self.error if self.error > 0 else 0.0)
        if self.value < self.bound - slack:
            return (
                f"log Z = {self.value:.7g} is below {self.bound:.7g}, a rigorous lower bound by mean field: "
                "the state that holds the weight was missed"
            )
        if self.method == "tap":
            return ""
        if not self.error > 0:
            return "all runs have the same weight, which says nothing about the error"
        if self.effective < RELIABLE:
            return f"only {self.effective:.2g} runs carry weight"
        if abs(self.upper - self.lower) > max(0.5, 6 * self.error):
            return f"the runs forward and back do not meet: {self.lower:.7g} and {self.upper:.7g}"
        return ""

    @property
    def reliable(self) -> bool:
        """Whether it is exact, or sampled and nothing speaks against it.

        Enough runs carry weight and differ; both sides, if there are two, meet within 0.5 or six errors; and
        the estimate is not below the bound.
        """
        return self.method != "tap" and not self.doubt


@dataclass(frozen=True)
class Likelihood:
    """How likely data are under a machine.

    Attributes
    ----------
    log_Z : LogPartition
    mean, error : float
        Mean of ln P(v) over the data; the error is that of ln Z. NaN where it would be above 0 for discrete
        units, which is impossible: ln Z was not found.
    spread : float
        Standard error of the mean that comes from the finite number of data.
    pseudo : float
        Mean pseudo-likelihood; NaN for continuous visible units.
    independent : float
        What independent units with the means (and variances) of the data have in their place.
    """

    log_Z: LogPartition
    mean: float
    error: float
    spread: float
    pseudo: float
    independent: float = math.nan

    @property
    def doubt(self) -> str:
        """Says that the machine knows of no correlations; empty where it does."""
        discrete = not math.isnan(self.pseudo)
        name, score = ("pseudo-likelihood", self.pseudo) if discrete else ("log-likelihood", self.mean)
        return no_better(name, score, self.independent)


def no_better(name: str, score: float, independent: float) -> str:
    """Says that a score is that of independent units; empty where it is better by more than a percent."""
    if not score <= independent + GAIN * abs(independent):
        return ""
    return (
        f"the {name}, {score:.4g}, is that of independent units with the means of the data, "
        f"{independent:.4g}: the machine knows of no correlations; train longer, or with a larger rate"
    )


def untrained(rbm: RBM, data: ArrayLike) -> str:
    """Says that a machine knows of no correlations; empty where it does, or where its score needs ln Z."""
    if not rbm.visible.discrete:
        return ""
    score = float(np.mean(pseudo_likelihood(rbm, data)))
    return no_better("pseudo-likelihood", score, independent_score(rbm.visible, data))


def independent_score(unit: Unit, data: ArrayLike) -> float:
    """Mean log-likelihood of independent units with the frequencies, or the Gaussian widths, of the data.

    NaN for other continuous units, and for a column that does not vary.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> print(f"{independent_score(Bernoulli(), [[0, 1], [1, 1]]):.6f}")  # -ln 2: the second bit is sure
    -0.693147
    """
    v = table("data", data, unit)
    if unit.discrete:
        shares = [np.mean(v == value, axis=0) for value in unit.values]
        return -float(np.sum(special.entr(shares)))
    if not isinstance(unit, Gaussian):
        return math.nan
    spread = np.std(v, axis=0)
    with np.errstate(divide="ignore"):
        score = -float(np.sum(0.5 * math.log(2 * math.pi * math.e) + np.log(spread)))
    return score if math.isfinite(score) else math.nan


def pseudo_likelihood(rbm: RBM, data: ArrayLike) -> Array:
    """Logarithm of the pseudo-likelihood, sum_i ln P(v_i | all others), of each configuration; shape (n,).

    Parameters
    ----------
    rbm : RBM
        Discrete visible units, T > 0.
    data : array, shape (n, n_visible)

    Examples
    --------
    >>> from replica.units import Spin
    >>> print(pseudo_likelihood(RBM([[1.0], [1.0]], Spin(), Spin()), [[1, 1], [1, -1]]).round(6))
    [-0.471412 -3.121418]
    """
    if not rbm.visible.discrete:
        msg = f"pseudo-likelihood needs discrete visible units, not {rbm.visible}"
        raise ParameterError(msg)
    if rbm.T == 0:
        msg = "T = 0: a likelihood needs a positive temperature"
        raise ParameterError(msg)
    data = table("data", data, rbm.visible, rbm.n_visible)
    T, values = rbm.T, np.array(rbm.visible.values)
    potential = np.stack(
        [np.broadcast_to(rbm.visible.potential(np.full(rbm.n_visible, v)), rbm.n_visible) for v in values]
    )
    turns = np.arange(1, len(values))[:, None]
    out = np.zeros(len(data))
    rows = max(1, _ROWS // rbm.n_hidden)
    for first in range(0, len(data), rows):
        interrupts.check()
        v = data[first : first + rows]
        field = rbm.hidden_field(v)
        own = np.argmax(values[:, None, None] == v, axis=0)
        for i in range(rbm.n_visible):
            # ln of the weight of each other value of unit i over that of its own, the other units as they are
            other = (own[:, i] + turns) % len(values)
            step = (values[other] - v[:, i])[..., None] * rbm.weights[i]
            logs = np.sum(log_ratio(rbm.hidden, field, step, T), axis=-1)
            logs -= (potential[other, i] - potential[own[:, i], i]) / T
            out[first : first + rows] -= np.logaddexp.reduce(logs, axis=0, initial=0.0)
    return out


# -- annealing -----------------------------------------------------------------------------------------------


def _between(rbm: RBM, base: Array, b: float) -> RBM:
    """The machine at b: weights b w about the centres of the visible units.

    The visible fields go from those of the base to those of the machine, the hidden ones from what they are
    at the centres.
    """
    push, hidden = rbm.centred.push, rbm.hidden
    if push is not None:
        hidden = with_field(hidden, (1 - b) * push)
    return RBM(b * rbm.weights, with_field(rbm.visible, (1 - b) * base), hidden, rbm.T)


def _base_field(rbm: RBM, data: Any) -> Array:
    """Change of the visible fields that makes the machine without weights have the means of the data."""
    if data is None or not rbm.visible.discrete or len(rbm.visible.values) != 2:
        return np.zeros(rbm.n_visible)
    low, high = sorted(rbm.visible.values)
    p = (np.sum(table("data", data, rbm.visible, rbm.n_visible) - low, axis=0) / (high - low) + 1) / (
        len(data) + 2
    )
    step = np.subtract(
        *(
            np.broadcast_to(rbm.visible.potential(np.full(rbm.n_visible, v)), rbm.n_visible)
            for v in (high, low)
        )
    )
    return (rbm.T * special.logit(p) + step) / (high - low)


def annealed(
    rbm: RBM,
    *,
    runs: int = 100,
    steps: int = 1000,
    seed: Seed = 0,
    data: ArrayLike | None = None,
    begin: ArrayLike | None = None,
) -> Annealed:
    """Annealed importance sampling of Z.

    Parameters
    ----------
    rbm : RBM
        Any units, T > 0.
    runs, steps : int
        Independent runs, and temperatures of each.
    seed : int or SeedSequence
    data : array, optional
        The machine without weights gets their means (visible units with two values); it makes runs shorter.
    begin : array, shape (runs, n_visible), optional
        Configurations of the machine itself: then the runs go back, from the machine to the base.

    Examples
    --------
    >>> from replica.units import Spin
    >>> runs = annealed(RBM(np.full((4, 3), 0.4), Spin(), Spin()), steps=100, seed=1)
    >>> print(f"{runs.log_Z:.3f} +- {runs.error:.3f}")  # exactly 6.163
    6.163 +- 0.015
    """
    whole("runs", runs)
    room(f"{whole('steps', steps)} steps", 2, steps, hint="take fewer")
    if rbm.T == 0:
        msg = "T = 0: a partition function needs a positive temperature"
        raise ParameterError(msg)
    back = begin is not None
    given = rbm._states(begin, "the start of the runs back") if begin is not None else None
    if given is not None and given.ndim != 2:
        msg = f"the start of the runs back of shape {given.shape}: give an array (runs, {rbm.n_visible})"
        raise ParameterError(msg)
    count = runs if given is None else len(given)
    units = rbm.n_visible + rbm.n_hidden
    room(f"{count} runs of {units} units", count, 3 * units, hint="take fewer runs")
    rng = np.random.default_rng(seed_sequence(seed))
    base, centred, T = _base_field(rbm, data), rbm.centred, rbm.T
    log_base = centred.log_apart(T, base) - (centred.lowest - rbm.origin) / T
    first = _between(rbm, base, 0.0)
    v = first.visible.sample(np.zeros((runs, rbm.n_visible)), 0.0, T, rng) if given is None else given
    ladder = np.linspace(0, 1, steps + 1)[:: -1 if back else 1]
    x = np.zeros(len(v))
    field = centred.moved(v) @ rbm.weights
    for old, new in pairwise(ladder):
        interrupts.check()
        # the change of -F/T at fixed v: the weights through the hidden units, the fields directly
        logs = [np.sum(centred.hidden.log_partition(b * field, 0.0, T), axis=1) for b in (old, new)]
        change = logs[1] - logs[0] + (old - new) * (v @ base) / T
        if centred.shift is not None:
            change += (new - old) * (field @ centred.shift) / T
        x += -change if back else change
        if new not in (0.0, 1.0):
            machine = _between(rbm, base, new)
            v = machine._draw_visible(machine._draw_hidden(v, rng), rng)
            field = centred.moved(v) @ rbm.weights
    return Annealed(log_base, x, back)


def bennett(forward: Annealed, reverse: Annealed) -> tuple[float, float]:
    """Join runs of both directions: ln Z and its standard error.

    The estimate is the one of maximum likelihood, given that the weights x of runs back are exp(x - c) times
    as frequent as those forward, c = ln(Z/Z_0). The error is NaN where all weights are equal.

    Examples
    --------
    >>> rng = np.random.default_rng(1)  # Gaussian weights: forward mean c - 1/2, back c + 1/2, variance 1
    >>> there, back = (Annealed(0.0, 2.0 + s / 2 + rng.standard_normal(500), s > 0) for s in (-1, 1))
    >>> value, error = bennett(there, back)
    >>> print(f"{value:.2f} +- {error:.2f}")
    1.93 +- 0.03
    """
    f, r = np.asarray(forward.weights), np.asarray(reverse.weights)
    ratio = math.log(len(f) / len(r))

    def mismatch(c: float) -> float:
        return float(np.sum(special.expit(f - c - ratio)) - np.sum(special.expit(c - r + ratio)))

    low, high = min(f.min(), r.min()) - 1 - abs(ratio), max(f.max(), r.max()) + 1 + abs(ratio)
    while mismatch(low) < 0:
        low -= 10.0
    while mismatch(high) > 0:
        high += 10.0
    c = float(brentq(mismatch, low, high, xtol=1e-12))
    variance = 0.0
    for part in (special.expit(f - c - ratio), special.expit(c - r + ratio)):
        variance += (np.mean(part**2) / np.mean(part) ** 2 - 1) / len(part)
    known = not (forward.equal and reverse.equal)
    return forward.base + c, math.sqrt(max(variance, 0.0)) if known else math.nan


def _configurations(rbm: RBM, runs: int, sweeps: int, seed: np.random.SeedSequence, data: Any) -> Array:
    """Configurations of the machine: tempered chains that begin at data, if there are any."""
    count, (one, two, three) = 8, seed.spawn(3)
    begin = None
    if data is not None:
        begin = np.repeat(np.asarray(data)[np.random.default_rng(one).choice(len(data), runs)], count, axis=0)
    gibbs = BlockGibbs(rbm, runs * count, two, visible=begin)
    tempering = ParallelTempering(gibbs, rbm.T * temperatures(1.0, 5.0, count), three)
    tempering.step(sweeps)
    return gibbs.visible[tempering.at(0)].astype(float)


def log_partition(
    rbm: RBM,
    method: str = "auto",
    *,
    runs: int = 100,
    steps: int = 1000,
    seed: Seed = 0,
    data: ArrayLike | None = None,
) -> LogPartition:
    """Logarithm of the partition function.

    Parameters
    ----------
    rbm : RBM
    method : str
        One of `METHODS`; ``auto`` enumerates where a layer has at most 20 discrete units, and anneals from
        both sides otherwise.
    runs, steps, seed, data
        As in `annealed`. Runs back begin at configurations from tempered chains of `steps`/4 sweeps, which
        begin at data: if those chains did not mix, the runs back are wrong. `reliable` tells where the two
        sides do not meet, and where the estimate is below the bound of mean field.

    Examples
    --------
    >>> from replica.units import Spin
    >>> rbm = RBM(np.full((4, 3), 0.3), Spin(), Spin())
    >>> print(f"{log_partition(rbm).value:.3f} {log_partition(rbm, 'tap').value:.3f}")
    5.520 5.392
    """
    if method == "auto":
        method = "exact" if _enumerable(rbm) else "bridge"
    if method not in METHODS:
        what = "method"
        raise UnknownNameError(what, method, ["auto", *METHODS])
    if method == "exact":
        return LogPartition(exact.log_partition(rbm), 0.0, method)
    one, two, three = seed_sequence(seed).spawn(3)
    bound = mean_field.lower_bound(rbm, data)
    if method == "tap":
        return LogPartition(mean_field.solve(rbm, 2).log_Z, math.nan, method, bound=bound)
    there = annealed(rbm, runs=runs, steps=steps, seed=one, data=data)
    if method == "ais":
        return LogPartition(there.log_Z, there.error, method, there.effective, lower=there.log_Z, bound=bound)
    begin = _configurations(rbm, runs, max(50, steps // 4), two, data)
    back = annealed(rbm, steps=steps, seed=three, data=data, begin=begin)
    value, error = bennett(there, back)
    return LogPartition(
        value,
        error,
        method,
        min(there.effective, back.effective),
        lower=there.log_Z,
        upper=back.log_Z,
        bound=bound,
    )


def _enumerable(rbm: RBM) -> bool:
    layers: Iterable[Any] = ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden))
    return any(unit.discrete and count * math.log2(len(unit.values)) <= SMALL for unit, count in layers)


def likelihood(rbm: RBM, data: ArrayLike, method: str = "auto", **settings: Any) -> Likelihood:
    """Mean log-likelihood of data, with what is known about its error.

    Parameters
    ----------
    rbm : RBM
    data : array, shape (n, n_visible)
    method, **settings
        As in `log_partition`.

    Examples
    --------
    >>> from replica.units import Spin
    >>> found = likelihood(RBM([[1.0], [1.0]], Spin(), Spin()), [[1, 1], [1, -1]])
    >>> print(f"{found.mean:.6f} {found.log_Z.method}")
    -1.591355 exact
    """
    data = table("data", data, rbm.visible, rbm.n_visible)
    log_Z = log_partition(rbm, method, data=data, **settings)
    logs = -rbm._free_energy(data) / rbm.T
    mean = float(np.mean(logs)) - log_Z.value
    if rbm.visible.discrete and mean > 0:
        mean = 0.0 if mean < 1e-9 * (1 + abs(log_Z.value)) else math.nan
    spread = float(np.std(logs, ddof=1) / math.sqrt(len(logs))) if len(logs) > 1 else math.nan
    pseudo = float(np.mean(pseudo_likelihood(rbm, data[:2000]))) if rbm.visible.discrete else math.nan
    independent = independent_score(rbm.visible, data)
    return Likelihood(log_Z, mean, log_Z.error, spread, pseudo, independent)
