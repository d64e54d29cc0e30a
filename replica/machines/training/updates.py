"""Updates of a training, one after the other: estimates of the gradient, and steps, all in place.

Averages of discrete visible units are taken in single precision, as chains are: it rounds to 1e-7, and chains
or batches of a hundred know an average to 1e-1. Parameters and the memory of the optimiser are in double
precision, so that small steps are not lost; so is all else where visible units are continuous, for their
means may be large beside their spread.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from replica.errors import ParameterError
from replica.machines.inference import exact, mean_field
from replica.machines.inference.exact import Gradient
from replica.machines.inference.sampling import ParallelTempering, temperatures
from replica.machines.models.rbm import RBM, BlockGibbs, with_field
from replica.machines.training.settings import Settings, Use
from replica.typing import Floats

__all__ = ["DAMPING", "Parameters", "Updates", "precision"]

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
DAMPING = 0.5
"""Of the mean-field steps: the part of the old magnetisations that stays."""


def precision(rbm: RBM) -> type[np.floating[Any]]:
    """The type of chains and averages."""
    return np.float32 if rbm.visible.discrete else np.float64


class Parameters:
    """Weights and fields of both layers side by side, in one vector that is changed in place."""

    def __init__(self, n_visible: int, n_hidden: int) -> None:
        size = n_visible * n_hidden
        self.vector = np.zeros(size + n_visible + n_hidden)
        self.weights = self.vector[:size].reshape(n_visible, n_hidden)
        self.visible = self.vector[size : size + n_visible]
        self.hidden = self.vector[size + n_visible :]

    @classmethod
    def of(cls, parts: Gradient) -> Self:
        """A copy of what a `Gradient` holds."""
        made = cls(*np.shape(parts.weights))
        made.set(parts)
        return made

    def set(self, parts: Gradient) -> None:
        """Copy what a `Gradient` holds."""
        self.weights[...], self.visible[...], self.hidden[...] = parts.weights, parts.visible, parts.hidden

    def parts(self) -> Gradient:
        """A copy, as a `Gradient`."""
        return Gradient(self.weights.copy(), self.visible.copy(), self.hidden.copy())


class Updates:
    """A training under way.

    Fields of the units are kept as what was added to them since the start.

    Attributes
    ----------
    parameters, gradient : Parameters
        Weights and what was added to the fields; the estimate of the last update.
    chains : array
    update : int
        Updates that are done.
    dtype : type
        Precision of the averages.
    """

    def __init__(
        self,
        rbm: RBM,
        settings: Settings,
        chains: Floats,
        memory: tuple[Gradient, Gradient],
        epoch: int,
        update: int,
    ) -> None:
        shape = rbm.weights.shape
        self.rbm, self.settings, self.chains, self.update = rbm, settings, chains, update
        self.dtype = precision(rbm)
        self.parameters, self.gradient = Parameters(*shape), Parameters(*shape)
        self.parameters.weights[...] = rbm.weights
        self.memory = tuple(map(Parameters.of, memory))
        self._rate = settings.rate_in(epoch)
        self._scratch = np.empty_like(self.gradient.vector)
        self._means: tuple[Any, Any] = (None, None)
        self._gibbs: BlockGibbs | None = None

    def step(self, batch: Floats) -> float:
        """Estimate the gradient and take a step along it; the norm of the gradient by the weights."""
        self.estimate(batch)
        norm = float(np.linalg.norm(self.gradient.weights))
        if self.settings.centred:
            self._centre(batch)
        self._regularise()
        (self._adam if self.settings.optimizer == "adam" else self._sgd)()
        self.update += 1
        return norm

    def result(self) -> tuple[RBM, Floats, tuple[Gradient, Gradient]]:
        """Machine, chains and memory; what is no longer a machine raises `ParameterError`."""
        if not np.all(np.isfinite(self.chains)):
            msg = "the states of the chains are not finite numbers"
            raise ParameterError(msg)
        first, second = (memory.parts() for memory in self.memory)
        return self._machine(), np.array(self.chains), (first, second)

    # -- the gradient ------------------------------------------------------------------------------------

    def estimate(self, batch: Floats) -> None:
        """Write the estimate for the log-likelihood to `gradient`, and go on with the chains."""
        settings = self.settings
        if settings.method == "exact":
            self.gradient.set(exact.gradient(self._machine(), batch))
        elif settings.method in ("mean-field", "tap"):
            self._mean_field(batch)
        else:
            self._sampled(batch)

    def _sampled(self, batch: Floats) -> None:
        """Data averages minus those over chains; E[h | v] is summed over the hidden units."""
        settings, now = self.settings, self.parameters
        first = batch if settings.method == "cd" else self.chains
        seed = settings.random(Use.UPDATE, self.update)
        if settings.method == "tempered":
            gibbs, model = self._temper(seed)
        else:
            gibbs = self._sampler(first)
            gibbs.change(now.weights, now.visible, now.hidden, seed)
            gibbs.sweep(settings.k)
            model = gibbs.visible
            if settings.method != "cd":
                self.chains = model
        n = len(batch)
        v = np.concatenate([batch, model], dtype=self.dtype, casting="same_kind")
        h = np.empty((len(v), len(now.hidden)), self.dtype)
        gibbs.turn_into_means(v, h)
        self._means = v[:n].mean(axis=0, dtype=float), h[:n].mean(axis=0, dtype=float)
        share = np.full(len(v), -1 / len(model), self.dtype)
        share[:n] = 1 / n
        self.gradient.visible[...] = share @ v
        self.gradient.hidden[...] = share @ h
        h *= share[:, None]
        self.gradient.weights[...] = v.T @ h

    def _sampler(self, first: Floats) -> BlockGibbs:
        """Chains that start from given configurations; those of the last update where they are at hand."""
        if self._gibbs is None or self._gibbs.chains != len(first):
            self._gibbs = BlockGibbs(self.rbm, len(first), 0, visible=first, dtype=self.dtype)
        elif self._gibbs.visible is not first:
            self._gibbs.visible[...] = first
        return self._gibbs

    def _temper(self, seed: np.random.SeedSequence) -> tuple[BlockGibbs, Floats]:
        settings = self.settings
        sweeps, swaps = seed.spawn(2)
        gibbs = BlockGibbs(self._machine(), len(self.chains), sweeps, visible=self.chains, dtype=self.dtype)
        ladder = temperatures(1.0, settings.hottest, settings.temperatures)
        tempering = ParallelTempering(gibbs, ladder, swaps)
        tempering.step(2 * settings.k)
        self.chains = gibbs.visible[tempering.position.ravel()]
        gibbs.set_temperature(1.0)
        return gibbs, self.chains[:: settings.temperatures]

    def _mean_field(self, batch: Floats) -> None:
        settings, rbm = self.settings, self._machine()
        order = 1 if settings.method == "mean-field" else 2
        one, two = (
            mean_field._Layer(unit, count)
            for unit, count in ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden))
        )
        w, m = rbm.weights, self.chains.T
        M = rbm.hidden_mean(self.chains).T
        for _ in range(settings.k):
            new = rbm.visible.mean(mean_field._field(w, one, m, two, M, 1.0, order).T, 0.0, 1.0).T
            m = new + DAMPING * (m - new)
            new = rbm.hidden.mean(mean_field._field(w.T, two, M, one, m, 1.0, order).T, 0.0, 1.0).T
            M = new + DAMPING * (M - new)
        model = m @ M.T
        if order == 2:
            model = model + w * (one.k2(m) @ two.k2(M).T)  # the second order is quadratic in w
        mean, count = rbm.hidden_mean(batch), len(self.chains)
        self.gradient.weights[...] = batch.T @ mean / len(batch) - model / count
        self.gradient.visible[...] = batch.mean(axis=0) - m.mean(axis=1)
        self.gradient.hidden[...] = mean.mean(axis=0) - M.mean(axis=1)
        self.chains = m.T

    def _machine(self) -> RBM:
        now, rbm = self.parameters, self.rbm
        return RBM(
            now.weights, with_field(rbm.visible, now.visible), with_field(rbm.hidden, now.hidden), rbm.T
        )

    # -- steps -------------------------------------------------------------------------------------------

    def _centre(self, batch: Floats) -> None:
        """Turn the gradient in centred variables into a direction of the plain ones."""
        g, (visible, hidden) = self.gradient, self._means
        if visible is None:
            visible, hidden = batch.mean(axis=0), self._machine().hidden_mean(batch).mean(axis=0)
        g.weights -= np.outer(visible, g.hidden)
        g.weights -= np.outer(g.visible, hidden)
        g.visible -= g.weights @ hidden
        g.hidden -= visible @ g.weights

    def _regularise(self) -> None:
        settings, w = self.settings, self.parameters.weights
        if settings.weight_decay:
            self.gradient.weights -= settings.weight_decay * w
        if settings.l1 or settings.l1_squared:
            slope = settings.l1 + settings.l1_squared / len(w) * np.sum(np.abs(w), axis=0)
            self.gradient.weights -= slope * np.sign(w)

    def _sgd(self) -> None:
        step = self.memory[0].vector
        step *= self.settings.momentum
        np.multiply(self.gradient.vector, self._rate, out=self._scratch)
        step += self._scratch
        self.parameters.vector += step

    def _adam(self) -> None:
        first, second = (memory.vector for memory in self.memory)
        g, scratch, t = self.gradient.vector, self._scratch, self.update + 1
        first *= _BETA1
        first += np.multiply(g, 1 - _BETA1, out=scratch)
        second *= _BETA2
        np.square(g, out=scratch)
        scratch *= 1 - _BETA2
        second += scratch
        np.sqrt(second, out=scratch)
        scratch /= math.sqrt(1 - _BETA2**t)
        scratch += _EPSILON
        np.divide(first, scratch, out=scratch)
        scratch *= self._rate / (1 - _BETA1**t)
        self.parameters.vector += scratch
