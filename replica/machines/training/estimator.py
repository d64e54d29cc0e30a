"""A restricted Boltzmann machine as a scikit-learn estimator.

scikit-learn is imported with this module, and with nothing else of the package.
"""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from replica.errors import ReplicaWarning, UnknownNameError
from replica.machines.data.given import whole
from replica.machines.models.rbm import RBM
from replica.machines.training import epochs as training
from replica.typing import Array
from replica.units import UNITS, Bernoulli, Gaussian, Spin, Unit, parse

__all__ = ["RBMTransformer"]


class RBMTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Restricted Boltzmann machine that turns samples into the means of its hidden units.

    Parameters
    ----------
    n_hidden : int
        Hidden units.
    hidden, visible : str
        Units as the command line writes them, such as ``"relu"`` or ``"relu:theta=0.5"``. The visible ones
        may be ``"auto"``: bernoulli for data of 0 and 1, spin for data of -1 and 1, gaussian for others.
    epochs : int
        Passes through the data in `fit`; `partial_fit` makes one.
    method, k, batch, rate, schedule, halving, optimizer, momentum, weight_decay, l1, l1_squared, centred, \
chains, temperatures, hottest, scale
        See `replica.machines.training.epochs.Settings`.
    random_state : int, RandomState instance or None
        Where all random numbers come from.

    Attributes
    ----------
    rbm_ : RBM
        The machine.
    training_ : Training
        The training, which `partial_fit` goes on with.
    components_ : array, shape (n_hidden, n_features_in_)
        The weights, transposed as scikit-learn has them.
    n_features_in_ : int

    Examples
    --------
    >>> X = np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    >>> model = RBMTransformer(n_hidden=2, epochs=100, rate=0.2, batch=20, random_state=1).fit(X)
    >>> print(model.transform(X).shape, bool(model.score(X) > -1.5))
    (100, 2) True
    """

    def __init__(
        self,
        n_hidden: int = 100,
        *,
        hidden: str = "bernoulli",
        visible: str = "auto",
        epochs: int = 10,
        method: str = "pcd",
        k: int = 1,
        batch: int = 100,
        rate: float = 0.1,
        schedule: str = "constant",
        halving: float = 10.0,
        optimizer: str = "sgd",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        l1_squared: float = 0.0,
        centred: bool = True,
        chains: int = 100,
        temperatures: int = 8,
        hottest: float = 5.0,
        scale: float = 0.01,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_hidden = n_hidden
        self.hidden = hidden
        self.visible = visible
        self.epochs = epochs
        self.method = method
        self.k = k
        self.batch = batch
        self.rate = rate
        self.schedule = schedule
        self.halving = halving
        self.optimizer = optimizer
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.l1 = l1
        self.l1_squared = l1_squared
        self.centred = centred
        self.chains = chains
        self.temperatures = temperatures
        self.hottest = hottest
        self.scale = scale
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train a machine from the start."""
        X = validate_data(self, X, dtype=np.float64)
        self.training_ = training.train(self._begin(X), X, self.epochs, monitor=False)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train for one more pass through these data; a machine is made from the first ones."""
        first = not hasattr(self, "training_")
        X = validate_data(self, X, dtype=np.float64, reset=first)
        if first:
            self.training_ = self._begin(X)
        self.training_ = training.train(self.training_, X, 1, monitor=False)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Means of the hidden units given the visible ones, shape (samples, n_hidden)."""
        return self.rbm_.hidden_mean(self._seen(X))

    def score_samples(self, X: ArrayLike) -> Array:
        """Logarithm of the pseudo-likelihood of each sample; shape (samples,).

        For continuous visible units it is minus the free energy, ln P(v) + ln Z, of use to compare samples
        under one machine only.
        """
        from replica.machines.inference.likelihood import pseudo_likelihood

        X = self._seen(X)
        if self.rbm_.visible.discrete:
            return pseudo_likelihood(self.rbm_, X)
        return -self.rbm_.visible_free_energy(X)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Mean of `score_samples`.

        Warns (`ReplicaWarning`) where the score is that of independent units: then nothing was learned but
        the means of the data.
        """
        score = float(np.mean(self.score_samples(X)))
        doubt = self._untrained(X, score)
        if doubt:
            warnings.warn(doubt, ReplicaWarning, stacklevel=2)
        return score

    def _untrained(self, X: ArrayLike, score: float) -> str:
        """Says that a score is that of independent units; empty where it is not."""
        from replica.machines.inference.likelihood import GAIN, independent_score, no_better

        rbm, X = self.rbm_, self._seen(X)
        if rbm.visible.discrete:
            return no_better("score (pseudo-likelihood)", score, independent_score(rbm.visible, X))
        apart = RBM(np.zeros_like(rbm.weights), rbm.visible, rbm.hidden, rbm.T).visible_free_energy(X)
        share = float(np.std(rbm.visible_free_energy(X) - apart) / max(np.std(apart), np.finfo(float).tiny))
        if len(X) < 2 or share > GAIN:
            return ""
        return (
            f"the score varies from sample to sample as that of independent units, to {share:.2g} of it: the "
            "machine knows of no correlations; train for more epochs, or with a larger rate"
        )

    def sample(self, n: int = 1, *, sweeps: int = 1000, seed: int = 0) -> Array:
        """Draw visible configurations from independent chains; shape (n, n_features_in_)."""
        from replica.machines.models.rbm import BlockGibbs

        gibbs = BlockGibbs(self.rbm_, n, seed)
        whole("sweeps", sweeps, 0)
        gibbs.sweep(sweeps)
        return gibbs.visible.astype(float)

    @property
    def rbm_(self) -> RBM:
        """The machine."""
        check_is_fitted(self, "training_")
        return self.training_.rbm

    @property
    def components_(self) -> Array:
        """The weights, one row for each hidden unit."""
        return self.rbm_.weights.T

    @property
    def _n_features_out(self) -> int:
        return self.rbm_.n_hidden

    def _begin(self, X: Array) -> training.Training:
        """A machine before its first epoch."""
        random = check_random_state(self.random_state)
        fields = training.Settings.__dataclass_fields__
        given = {name: getattr(self, name) for name in fields if name != "seed"}
        settings = training.Settings(seed=int(random.randint(np.iinfo(np.int32).max)), **given)
        return training.start(X, self._visible(X), parse(self.hidden), self.n_hidden, settings)

    def _visible(self, X: Array) -> Unit:
        if self.visible != "auto":
            if self.visible.partition(":")[0] not in UNITS:
                what = "unit"
                raise UnknownNameError(what, self.visible.partition(":")[0], ["auto", *UNITS])
            return parse(self.visible)
        if np.all((X == 0) | (X == 1)):
            return Bernoulli()
        return Spin() if np.all(np.abs(X) == 1) else Gaussian()

    def _seen(self, X: ArrayLike) -> Array:
        check_is_fitted(self, "training_")
        return validate_data(self, X, dtype=np.float64, reset=False)
