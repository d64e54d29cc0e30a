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

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica import interrupts
from replica.errors import ConvergenceError, ParameterError
from replica.machines.data.given import room, states, table, whole
from replica.machines.inference import exact, mean_field
from replica.machines.inference.exact import Gradient
from replica.machines.inference.likelihood import pseudo_likelihood
from replica.machines.models.layers import Layer
from replica.machines.models.rbm import RBM, BlockGibbs, with_field
from replica.machines.training.settings import METHODS, Settings, Use, count_chains
from replica.machines.training.updates import DAMPING, Updates, precision
from replica.typing import Array, Floats
from replica.units import Bernoulli, Gaussian, Spin, Unit

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

FROZEN = math.log(float(np.finfo(np.float32).max))
"""Fields in units of T that no data ask for: 88.7."""
ROUNDING = 1e-15
"""Relative standard deviation of a column up to which it is constant but for rounding."""
WIDE = 3.0
"""Standard deviation of a continuous column above which steps of the usual size are too large for it."""
MONITORED = 100
"""Samples that the figures of an epoch are measured on."""


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
    chains: Floats
    memory: tuple[Gradient, Gradient]
    history: tuple[Epoch, ...] = ()


# -- start ---------------------------------------------------------------------------------------------------


def start(
    data: ArrayLike, visible: Unit, hidden: Unit, n_hidden: int, settings: Settings | None = None
) -> Training:
    """A machine before its first epoch: small random weights, visible fields that give the means of the data.

    Gaussian visible units with the default precision gamma = 1 take that of the data, 1/variance. The hidden
    units are those that are given where Gaussian data have their means, whatever their offset.

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
    data = table("data", data, visible)
    if isinstance(n_hidden, bool) or not isinstance(n_hidden, int | np.integer) or n_hidden < 1:
        msg = f"{n_hidden!r} hidden units: give a whole number, at least 1"
        raise ParameterError(msg)
    n_visible, chains = data.shape[1], count_chains(settings)
    room(f"{n_hidden} hidden units", n_visible, 8 * n_hidden, hint="take fewer units")  # moments of the steps
    room(f"{chains} chains", chains, 2 * (n_visible + n_hidden), hint="take fewer chains")
    rng = np.random.default_rng(settings.random(Use.WEIGHTS))
    weights = settings.scale * rng.standard_normal((n_visible, n_hidden))
    rbm = RBM(weights, _fitted(visible, data), _listed(hidden, int(n_hidden)))
    if isinstance(visible, Gaussian):
        rbm = dataclasses.replace(rbm, hidden=with_field(rbm.hidden, -data.mean(axis=0) @ weights))
    _check_method(rbm, settings)
    none = Gradient(np.zeros_like(weights), np.zeros(n_visible), np.zeros(n_hidden))
    return Training(rbm, settings, 0, 0, _first_chains(rbm, settings), (none, none))


def _fitted(unit: Unit, data: Array) -> Unit:
    """Visible units with the means of the data, where that is a matter of a field."""
    mean, count = data.mean(axis=0), len(data)
    if isinstance(unit, Bernoulli | Spin):
        p = mean if isinstance(unit, Bernoulli) else (1 + mean) / 2
        p = (count * p + 1) / (count + 2)  # a unit that never changes gets a finite field
        return dataclasses.replace(unit, g=special.logit(p) / (1 if isinstance(unit, Bernoulli) else 2))
    if isinstance(unit, Gaussian):
        spread = data.std(axis=0)
        gamma = unit.gamma
        if np.ndim(gamma) == 0 and gamma == 1:
            varies = spread > ROUNDING * np.max(np.abs(data), axis=0)  # a constant column has gamma = 1
            gamma = np.where(varies, 1 / np.where(varies, spread, 1.0) ** 2, 1.0)
        return Gaussian(g=gamma * mean, gamma=gamma)
    return _listed(unit, data.shape[1])


def _listed(unit: Unit, count: int) -> Unit:
    """The unit with a field of its own for each unit of the layer."""
    return with_field(unit, np.zeros(count))


def _check_method(rbm: RBM, settings: Settings) -> None:
    if settings.method in ("mean-field", "tap"):
        mean_field._check(rbm, 2, DAMPING)
    if settings.method == "exact":
        turned = exact._smaller_first(rbm)
        exact._check_countable(turned.visible, turned.n_visible, "exact training")


def _first_chains(rbm: RBM, settings: Settings) -> Floats:
    count = count_chains(settings)
    if not count:
        return np.empty((0, rbm.n_visible))
    if settings.method in ("mean-field", "tap"):
        rng = np.random.default_rng(settings.random(Use.CHAINS))
        low, high = sorted(rbm.visible.values)
        return rng.uniform(low, high, (count, rbm.n_visible))
    return BlockGibbs(rbm, count, settings.random(Use.CHAINS), dtype=precision(rbm)).visible.copy()


# -- the gradient --------------------------------------------------------------------------------------------


def update_direction(training: Training, batch: ArrayLike) -> tuple[Gradient, Floats]:
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
    updates = Updates(
        training.rbm, training.settings, training.chains, training.memory, training.epoch, training.update
    )
    updates.estimate(table("batch", batch, training.rbm.visible, training.rbm.n_visible))
    return updates.gradient.parts(), np.array(updates.chains)


# -- epochs --------------------------------------------------------------------------------------------------


def train(
    training: Training,
    data: ArrayLike,
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
        If the machine runs away: parameters that are no numbers any more, a distribution that cannot be
        normalised, or weights that go on growing although every unit is frozen. Its ``solution`` is
        the training after the last good epoch.

    Examples
    --------
    >>> data = [[1, 1, 0, 0], [0, 0, 1, 1]]
    >>> how = Settings(method="exact", rate=0.5, scale=0.1)
    >>> trained = train(start(data, Bernoulli(), Bernoulli(), 2, how), data, 200)
    >>> print(f"{exact.log_likelihood(trained.rbm, data).mean():.3f}")  # at best ln(1/2) = -0.693
    -0.783
    """
    whole("epochs", epochs, 0)
    data = table("data", data, training.rbm.visible, training.rbm.n_visible)
    for _ in range(epochs):
        interrupts.check()
        training = _one_epoch(training, data, monitor)
        if report is not None:
            report(training)
    return training


def field_spread(rbm: RBM, data: ArrayLike) -> dict[str, float]:
    """How far the fields of discrete units differ between samples, over T; root mean square over the units.

    Differences do not know about a mean of the data that the units' own fields make up for.

    Examples
    --------
    >>> print(field_spread(RBM([[3.0], [4.0]], Gaussian(), Spin()), [[101.0, 1.0], [101.0, 3.0]]))
    {'hidden': 4.0}
    """
    v, found = states("data", data, rbm.visible, rbm.n_visible), {}
    b = v @ rbm.weights
    if rbm.hidden.discrete:
        found["hidden"] = b / rbm.T
    if rbm.visible.discrete:
        layer = Layer(rbm.hidden, rbm.n_hidden, float)
        h = b * layer.gain
        layer.mean(h, rbm.T)
        found["visible"] = h @ rbm.weights.T / rbm.T
    return {name: math.sqrt(np.mean(np.var(field, axis=0))) for name, field in found.items()}


def _check_growth(before: RBM, after: RBM, data: Floats) -> None:
    """Whether weights grow beyond the point where all that is discrete is frozen.

    A field of 88.7 T leaves one chance in 10^38 to the other value, the smallest number of single precision:
    no data ask for that of the typical unit. A machine on its way back from there may go on.
    """
    old, new = (float(np.linalg.norm(rbm.weights)) / math.sqrt(rbm.weights.size) for rbm in (before, after))
    if new <= old:
        return
    for layer, field in field_spread(after, data).items():
        if not field <= FROZEN:
            msg = (
                f"the weights diverge: they have grown from {old:.3g} to {new:.3g}, root mean squares, and "
                f"fields on the {layer} units differ by {field:.3g} T from sample to sample: above "
                f"{FROZEN:.1f} T nothing moves"
            )
            raise ParameterError(msg)


def _unscaled(rbm: RBM, data: Floats) -> str:
    """Names the columns of continuous data that are far wider than 1; empty where there are none."""
    if rbm.visible.discrete:
        return ""
    spread = np.std(data, axis=0, dtype=float)
    wide = np.flatnonzero(spread > WIDE)
    if not wide.size:
        return ""
    order = wide[np.argsort(-spread[wide], kind="stable")]
    named = ", ".join(f"column {i} ({spread[i]:.3g})" for i in order[:5])
    more = f" and {wide.size - 5} more" if wide.size > 5 else ""
    return (
        f"standardising the data, that is to subtract the mean of each column and to divide by its standard "
        f"deviation, which is far above 1 for {named}{more}"
    )


def _remedy(settings: Settings, epoch: int, rbm: RBM, data: Floats) -> str:
    """What may help: the steps of a penalty alone overshoot where rate x penalty is above 2."""
    unscaled = _unscaled(rbm, data)
    if unscaled:
        return unscaled
    rate = settings.rate_in(epoch)
    for name in ("weight_decay", "l1_squared"):
        if rate * getattr(settings, name) > 2:
            return (
                f"a smaller learning rate or a smaller {name}: their product is "
                f"{rate * getattr(settings, name):.3g}, and above 2 the penalty makes weights larger"
            )
    return "a smaller learning rate, or a penalty on the weights"


def _one_epoch(good: Training, data: Array, monitor: bool) -> Training:
    settings = good.settings
    order = np.random.default_rng(settings.random(Use.SHUFFLE, good.epoch)).permutation(len(data))
    # Gaussian units are counted from the means of the data, so that weights that change do not shift the
    # fields on hidden units by the offset times the change
    centred = isinstance(good.rbm.visible, Gaussian)
    mean = data.mean(axis=0) if centred else 0.0
    machine = good.rbm.moved(-mean) if centred else good.rbm
    updates = Updates(machine, settings, good.chains - mean, good.memory, good.epoch, good.update)
    data = data.astype(updates.dtype)
    about = data - mean
    norms = []
    try:
        with np.errstate(all="ignore"):  # what overflows is found below
            for first in range(0, len(data), settings.batch):
                interrupts.check()
                norms.append(updates.step(about[order[first : first + settings.batch]]))
            moved, chains, memory = updates.result()
            _check_growth(good.rbm, moved, about[order[:MONITORED]])
    except ParameterError as error:
        msg = (
            f"training ran away in epoch {good.epoch + 1} ({error}); the state after epoch {good.epoch} "
            f"is kept; try {_remedy(settings, good.epoch, good.rbm, data)}"
        )
        raise TrainingError(msg, good) from None
    rbm, chains = (moved.moved(mean) if centred else moved), chains + mean
    likelihood = reconstruction = math.nan
    if monitor:
        rng = np.random.default_rng(settings.random(Use.MONITOR))
        some = about[rng.choice(len(data), min(MONITORED, len(data)), replace=False)]
        if moved.visible.discrete:
            likelihood = float(np.mean(pseudo_likelihood(moved, some)))
        reconstruction = float(np.mean((moved.visible_mean(moved.hidden_mean(some)) - some) ** 2))
    row = Epoch(
        good.epoch + 1, likelihood, reconstruction, float(np.mean(norms)), settings.rate_in(good.epoch)
    )
    return Training(rbm, settings, good.epoch + 1, updates.update, chains, memory, (*good.history, row))
