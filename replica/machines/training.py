r"""Training of restricted Boltzmann machines: steps along the gradient of the log-likelihood.

    d<ln P>/dw_ij = <v_i h_j>_data - <v_i h_j>_model,    d<ln P>/d(field) = <unit>_data - <unit>_model

The data average is exact given the batch: E[h | v] is summed over the hidden units. Methods differ in the
model average: contrastive divergence (k sweeps from the batch), persistent chains, persistent chains with
tempering, mean-field magnetisations, or the exact average of a small machine. What is learned are the weights
and the fields (biases) of both layers; other parameters of the units, such as gamma, stay.

Random numbers depend on the seed and on the number of the update, and on nothing else. So a training is its
parameters, its chains, its optimiser and two counters, and one that was stored goes on as if it had never
been interrupted, to the last bit.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from replica.errors import ConvergenceError, ParameterError
from replica.machines import exact, mean_field
from replica.machines.data import check_domain
from replica.machines.exact import Gradient
from replica.machines.likelihood import pseudo_likelihood
from replica.machines.rbm import RBM, BlockGibbs, with_field
from replica.machines.sampling import ParallelTempering, temperatures
from replica.machines.settings import METHODS, Settings, Use, count_chains
from replica.units import Bernoulli, Gaussian, ReLU, Spin, Unit

__all__ = [
    "METHODS",
    "Epoch",
    "Settings",
    "Training",
    "TrainingError",
    "count_chains",
    "start",
    "train",
    "update_direction",
]

MONITORED = 100
"""Samples that the figures of an epoch are measured on."""
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_DAMPING = 0.5


class TrainingError(ConvergenceError):
    """A training that ran away; ``solution`` is the `Training` after the last good epoch."""


@dataclass(frozen=True)
class Epoch:
    """What is measured after an epoch.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    pseudo_likelihood : float
        Mean over (at most 100) samples of sum_i ln P(v_i | others); NaN for continuous visible units.
    reconstruction_error : float
        Mean square distance, for each unit, of E[v | E[h | v]] from v.
    gradient_norm : float
        Euclidean norm of the gradient by the weights, mean over the updates.
    rate : float
        Learning rate.
    """

    epoch: int
    pseudo_likelihood: float
    reconstruction_error: float
    gradient_norm: float
    rate: float


@dataclass(frozen=True, eq=False)
class Training:
    """A training as it stands; nothing in it is ever overwritten.

    Attributes
    ----------
    rbm : RBM
        The machine.
    settings : Settings
    epoch, update : int
        Epochs and updates that are done.
    chains : array, shape (chains, n_visible)
        Persistent chains, or magnetisations, or nothing. With tempering the temperature runs fastest.
    memory : tuple of two Gradients
        Of the optimiser: last step, or first and second moments.
    history : tuple of Epoch
    """

    rbm: RBM
    settings: Settings
    epoch: int
    update: int
    chains: Any
    memory: tuple[Gradient, Gradient]
    history: tuple[Epoch, ...] = ()


# -- start ---------------------------------------------------------------------------------------------------


def start(
    data: Any, visible: Unit, hidden: Unit, n_hidden: int, settings: Settings | None = None
) -> Training:
    """A machine before its first epoch: small random weights, visible fields that give the means of the data.

    Gaussian visible units with the default precision gamma = 1 take that of the data, 1/variance.

    Parameters
    ----------
    data : array, shape (samples, n_visible)
    visible, hidden : Unit
        What the units are; the fields of the visible ones are replaced.
    n_hidden : int
        Hidden units, at least 1.
    settings : Settings

    Raises
    ------
    ParameterError
        For data that are no table, empty, or outside the domain of the visible units.

    Examples
    --------
    >>> from replica.units import ReLU
    >>> training = start([[0, 1, 1], [0, 0, 1]], Bernoulli(), ReLU(), 2, Settings(seed=1))
    >>> print(training.rbm.visible.g.round(3))
    [-1.099  0.     1.099]
    """
    settings = settings or Settings()
    data = _checked(data, visible)
    if isinstance(n_hidden, bool) or not isinstance(n_hidden, int | np.integer) or n_hidden < 1:
        msg = f"{n_hidden!r} hidden units: give a whole number, at least 1"
        raise ParameterError(msg)
    n_visible = data.shape[1]
    rng = np.random.default_rng(settings.random(Use.WEIGHTS))
    weights = settings.scale * rng.standard_normal((n_visible, n_hidden))
    rbm = RBM(weights, _fitted(visible, data), _listed(hidden, int(n_hidden)))
    _check_method(rbm, settings)
    none = Gradient(np.zeros_like(weights), np.zeros(n_visible), np.zeros(n_hidden))
    return Training(rbm, settings, 0, 0, _first_chains(rbm, settings), (none, none))


def _checked(data: Any, visible: Unit) -> Any:
    try:
        data = np.asarray(data, dtype=float)
    except (TypeError, ValueError):
        msg = "data are a table of numbers (samples, units)"
        raise ParameterError(msg) from None
    if data.ndim != 2 or 0 in data.shape:
        msg = f"data of shape {data.shape}: give a table (samples, units), at least one of each"
        raise ParameterError(msg)
    check_domain(data, visible)
    return data


def _fitted(unit: Unit, data: Any) -> Unit:
    """Visible units with the means of the data, where that is a matter of a field."""
    mean, count = data.mean(axis=0), len(data)
    if isinstance(unit, Bernoulli | Spin):
        p = mean if isinstance(unit, Bernoulli) else (1 + mean) / 2
        p = (count * p + 1) / (count + 2)  # a unit that never changes gets a finite field
        return dataclasses.replace(unit, g=special.logit(p) / (1 if isinstance(unit, Bernoulli) else 2))
    if isinstance(unit, Gaussian):
        spread = data.var(axis=0)
        gamma = unit.gamma
        if np.ndim(gamma) == 0 and gamma == 1:
            gamma = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 1.0)
        return Gaussian(g=gamma * mean, gamma=gamma)
    return _listed(unit, data.shape[1])


def _listed(unit: Unit, count: int) -> Unit:
    """The unit with a field of its own for each unit of the layer."""
    return with_field(unit, np.zeros(count))


def _check_method(rbm: RBM, settings: Settings) -> None:
    if settings.method in ("mean-field", "tap"):
        mean_field._check(rbm, 2, _DAMPING)
    if settings.method == "exact":
        turned = exact._smaller_first(rbm)
        exact._check_countable(turned.visible, turned.n_visible, "exact training")


def _first_chains(rbm: RBM, settings: Settings) -> Any:
    count = count_chains(settings)
    if not count:
        return np.empty((0, rbm.n_visible))
    if settings.method in ("mean-field", "tap"):
        rng = np.random.default_rng(settings.random(Use.CHAINS))
        low, high = sorted(rbm.visible.values)
        return rng.uniform(low, high, (count, rbm.n_visible))
    return BlockGibbs(rbm, count, settings.random(Use.CHAINS)).visible.copy()


# -- the gradient --------------------------------------------------------------------------------------------


def update_direction(training: Training, batch: Any) -> tuple[Gradient, Any]:
    """The estimate of the gradient of the log-likelihood that the next update follows, and the new chains.

    Neither regularised nor centred. Its random numbers are those of the next update.

    Parameters
    ----------
    training : Training
    batch : array, shape (samples, n_visible)

    Examples
    --------
    >>> training = start([[0, 1], [1, 1]], Bernoulli(), Bernoulli(), 1, Settings(method="exact", scale=1.0))
    >>> print(update_direction(training, np.array([[0, 1], [1, 1]]))[0].hidden.round(6))
    [-0.131107]
    """
    rbm, settings = training.rbm, training.settings
    if settings.method == "exact":
        return exact.gradient(rbm, batch), training.chains
    if settings.method in ("mean-field", "tap"):
        return _mean_field(rbm, batch, training.chains, settings)
    seed = settings.random(Use.UPDATE, training.update)
    if settings.method == "tempered":
        model, chains = _tempered(rbm, training.chains, settings, seed)
    else:
        first = batch if settings.method == "cd" else training.chains
        gibbs = BlockGibbs(rbm, len(first), seed, visible=first)
        gibbs.sweep(settings.k)
        model = chains = gibbs.visible
        if settings.method == "cd":
            chains = training.chains
    return _averages(rbm, batch, _hidden_mean(rbm, batch), np.asarray(model, dtype=float)), chains


def _hidden_mean(rbm: RBM, v: Any) -> Any:
    """E[h | v] as `RBM.hidden_mean`, without what else units compute: half of the time of an update."""
    unit, b = rbm.hidden, v @ rbm.weights
    if rbm.T != 1 or not isinstance(unit, Bernoulli | Spin | Gaussian | ReLU):
        return rbm.hidden_mean(v)
    if isinstance(unit, Bernoulli):
        return special.expit(b + unit.g)
    if isinstance(unit, Spin):
        return np.tanh(b + unit.g)
    if isinstance(unit, Gaussian):
        return (b + unit.g) / unit.gamma
    width = 1 / np.sqrt(unit.gamma)
    x = (b - unit.theta) * width
    with np.errstate(over="ignore"):  # erfcx is infinite where the correction vanishes
        return width * np.maximum(x + math.sqrt(2 / math.pi) / special.erfcx(-x / math.sqrt(2)), 0.0)


def _averages(rbm: RBM, batch: Any, mean: Any, model: Any) -> Gradient:
    """Data averages minus those over configurations of the model."""
    other = _hidden_mean(rbm, model)
    return Gradient(
        batch.T @ mean / len(batch) - model.T @ other / len(model),
        batch.mean(axis=0) - model.mean(axis=0),
        mean.mean(axis=0) - other.mean(axis=0),
    )


def _tempered(rbm: RBM, chains: Any, settings: Settings, seed: np.random.SeedSequence) -> tuple[Any, Any]:
    sweeps, swaps = seed.spawn(2)
    gibbs = BlockGibbs(rbm, len(chains), sweeps, visible=chains)
    ladder = temperatures(1.0, settings.hottest, settings.temperatures)
    tempering = ParallelTempering(gibbs, ladder, swaps)
    tempering.step(2 * settings.k)
    chains = gibbs.visible[tempering.position.ravel()]
    return chains[:: settings.temperatures], chains


def _mean_field(rbm: RBM, batch: Any, chains: Any, settings: Settings) -> tuple[Gradient, Any]:
    order = 1 if settings.method == "mean-field" else 2
    one, two = (
        mean_field._Layer(unit, count)
        for unit, count in ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden))
    )
    w, m = rbm.weights, chains.T
    M = rbm.hidden_mean(chains).T
    for _ in range(settings.k):
        new = rbm.visible.mean(mean_field._field(w, one, m, two, M, 1.0, order).T, 0.0, 1.0).T
        m = new + _DAMPING * (m - new)
        new = rbm.hidden.mean(mean_field._field(w.T, two, M, one, m, 1.0, order).T, 0.0, 1.0).T
        M = new + _DAMPING * (M - new)
    model = m @ M.T
    if order == 2:
        model = model + w * (one.k2(m) @ two.k2(M).T)  # the second order is quadratic in w
    mean, count = rbm.hidden_mean(batch), len(chains)
    gradient = Gradient(
        batch.T @ mean / len(batch) - model / count,
        batch.mean(axis=0) - m.mean(axis=1),
        mean.mean(axis=0) - M.mean(axis=1),
    )
    return gradient, m.T


def _centred(gradient: Gradient, visible: Any, hidden: Any) -> Gradient:
    """The gradient in centred variables, turned into a direction of the plain ones."""
    weights = gradient.weights - np.outer(visible, gradient.hidden) - np.outer(gradient.visible, hidden)
    return Gradient(weights, gradient.visible - weights @ hidden, gradient.hidden - visible @ weights)


def _regularised(gradient: Gradient, w: Any, settings: Settings) -> Gradient:
    weights = gradient.weights
    if settings.weight_decay:
        weights = weights - settings.weight_decay * w
    slope = settings.l1 + settings.l1_squared / len(w) * np.sum(np.abs(w), axis=0)
    if settings.l1 or settings.l1_squared:
        weights = weights - slope * np.sign(w)
    return Gradient(weights, gradient.visible, gradient.hidden)


# -- steps ---------------------------------------------------------------------------------------------------


def _each(function: Callable[..., Any], *gradients: Gradient) -> Gradient:
    return Gradient(
        *(
            function(*parts)
            for parts in zip(*((g.weights, g.visible, g.hidden) for g in gradients), strict=True)
        )
    )


def _step(training: Training, gradient: Gradient) -> tuple[Gradient, tuple[Gradient, Gradient]]:
    """What is added to the parameters, and the new memory of the optimiser."""
    settings, (first, second) = training.settings, training.memory
    rate = settings.rate_in(training.epoch)
    if settings.optimizer == "sgd":
        step = _each(lambda old, g: settings.momentum * old + rate * g, first, gradient)
        return step, (step, second)
    t = training.update + 1
    first = _each(lambda old, g: _BETA1 * old + (1 - _BETA1) * g, first, gradient)
    second = _each(lambda old, g: _BETA2 * old + (1 - _BETA2) * g * g, second, gradient)
    scale, norm = rate / (1 - _BETA1**t), 1 - _BETA2**t
    step = _each(lambda m, v: scale * m / (np.sqrt(v / norm) + _EPSILON), first, second)
    return step, (first, second)


def _updated(training: Training, batch: Any) -> tuple[Training, float]:
    """The training after one more update, and the norm of the gradient by the weights."""
    settings, rbm = training.settings, training.rbm
    gradient, chains = update_direction(training, batch)
    norm = float(np.linalg.norm(gradient.weights))
    if settings.centred:
        gradient = _centred(gradient, batch.mean(axis=0), _hidden_mean(rbm, batch).mean(axis=0))
    step, memory = _step(training, _regularised(gradient, rbm.weights, settings))
    rbm = RBM(
        rbm.weights + step.weights,
        with_field(rbm.visible, step.visible),
        with_field(rbm.hidden, step.hidden),
        rbm.T,
    )
    if not np.all(np.isfinite(chains)):
        msg = "the states of the chains are not finite numbers"
        raise ParameterError(msg)
    done = dataclasses.replace(training, rbm=rbm, update=training.update + 1, chains=chains, memory=memory)
    return done, norm


def train(
    training: Training,
    data: Any,
    epochs: int,
    *,
    report: Callable[[Training], None] | None = None,
    monitor: bool = True,
) -> Training:
    """Train for some more epochs.

    Parameters
    ----------
    training : Training
        Where to begin: from `start`, or from before.
    data : array, shape (samples, n_visible)
    epochs : int
        Passes through the data.
    report : callable, optional
        Is given the training after each epoch.
    monitor : bool
        Whether pseudo-likelihood and reconstruction error are measured; NaN otherwise.

    Returns
    -------
    Training
        Ten epochs are, to the last bit, four and then six.

    Raises
    ------
    TrainingError
        If the machine runs away: parameters that are no numbers any more, or a distribution that cannot be
        normalised. Its ``solution`` is the training after the last good epoch.

    Examples
    --------
    >>> data = [[1, 1, 0, 0], [0, 0, 1, 1]]
    >>> how = Settings(method="exact", rate=0.5, scale=0.1)
    >>> trained = train(start(data, Bernoulli(), Bernoulli(), 2, how), data, 200)
    >>> print(f"{exact.log_likelihood(trained.rbm, data).mean():.3f}")  # at best ln(1/2) = -0.693
    -0.783
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 0:
        msg = f"epochs = {epochs!r} must be a whole number >= 0"
        raise ParameterError(msg)
    data = _checked(data, training.rbm.visible)
    if data.shape[1] != training.rbm.n_visible:
        msg = f"data with {data.shape[1]} columns for a machine with {training.rbm.n_visible} visible units"
        raise ParameterError(msg)
    for _ in range(epochs):
        training = _one_epoch(training, data, monitor)
        if report is not None:
            report(training)
    return training


def _one_epoch(good: Training, data: Any, monitor: bool) -> Training:
    settings, training, norms = good.settings, good, []
    order = np.random.default_rng(settings.random(Use.SHUFFLE, good.epoch)).permutation(len(data))
    try:
        with np.errstate(all="ignore"):  # what overflows is found below
            for first in range(0, len(data), settings.batch):
                training, norm = _updated(training, data[order[first : first + settings.batch]])
                norms.append(norm)
    except ParameterError as error:
        msg = (
            f"training ran away in epoch {good.epoch + 1} ({error}); the state after epoch {good.epoch} "
            "is kept; try a smaller learning rate, or a penalty on the weights"
        )
        raise TrainingError(msg, good) from None
    likelihood = reconstruction = math.nan
    if monitor:
        rng = np.random.default_rng(settings.random(Use.MONITOR))
        some = data[rng.choice(len(data), min(MONITORED, len(data)), replace=False)]
        rbm = training.rbm
        if rbm.visible.discrete:
            likelihood = float(np.mean(pseudo_likelihood(rbm, some)))
        reconstruction = float(np.mean((rbm.visible_mean(rbm.hidden_mean(some)) - some) ** 2))
    row = Epoch(
        good.epoch + 1, likelihood, reconstruction, float(np.mean(norms)), settings.rate_in(good.epoch)
    )
    return dataclasses.replace(training, epoch=good.epoch + 1, history=(*good.history, row))
