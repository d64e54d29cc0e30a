r"""Weights from examples: approximate message passing for any prior and channel, and convex minimisation.

Examples are rows x of N independent Gaussian variables of variance 1. A teacher w0 gives their outputs,
y = sign(w0.x/sqrt(N) + noise) or w0.x/sqrt(N) + noise. In the limit of large N the overlaps of message
passing follow, step by step, the saddle-point equations of the theory of the same prior and channel: that is
its state evolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replica.machines.data.given import numbers
from replica.machines.models.ensembles import Seed, pattern_count, seed_sequence
from replica.typing import Array
from replica.units import Unit
from replica.units.channels import Channel

__all__ = ["Estimate", "Examples", "draw_examples", "message_passing", "minimise"]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs, outputs, and the teacher.

    Attributes
    ----------
    inputs : array, shape (M, N)
    outputs : array, shape (M,)
    teacher : array, shape (N,)
    """

    inputs: Array
    outputs: Array
    teacher: Array

    def overlaps(self, weights: Array) -> tuple[float, float]:
        """M and q of weights: their overlap with the teacher, and their mean square."""
        return float(np.mean(self.teacher * weights)), float(np.mean(weights**2))


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a run knows about the weights.

    Attributes
    ----------
    mean : array, shape (N,)
        Posterior means; at temperature 0 the minimum of loss and penalty.
    history : array, shape (steps + 1, 3)
        M, q and V after each step, from the start on.
    steps : int
    converged : bool
        Whether the means came to rest.
    """

    mean: Array
    history: Array
    steps: int
    converged: bool


def draw_teacher(prior: str, N: int, rho: float, rng: np.random.Generator) -> Array:
    """Weights of a teacher: spins, or Gaussian variables of which a share is not 0."""
    if prior == "spin":
        return rng.choice([-1.0, 1.0], N)
    weights = rng.standard_normal(N)
    return weights if rho == 1 else np.where(rng.random(N) < rho, weights, 0.0)


def draw_examples(
    N: int,
    alpha: float,
    *,
    labels: bool,
    noise: float = 0.0,
    prior: str = "gaussian",
    rho: float = 1.0,
    seed: Seed,
) -> Examples:
    """Examples of a teacher.

    Parameters
    ----------
    N : int
        Weights.
    alpha : float
        Examples per weight.
    labels : bool
        Whether outputs are signs.
    noise : float
        Variance of the noise of the outputs, before the sign.
    prior : {"spin", "gaussian"}
        Weights of the teacher.
    rho : float
        Share of Gaussian weights that are not 0.
    seed : int or SeedSequence

    Examples
    --------
    >>> draw = draw_examples(200, 1.5, labels=True, prior="spin", seed=1)
    >>> draw.inputs.shape, draw.overlaps(draw.teacher)
    ((300, 200), (1.0, 1.0))
    """
    M = pattern_count(N, alpha)
    rng = np.random.default_rng(seed_sequence(seed))
    teacher = draw_teacher(prior, N, rho, rng)
    inputs = rng.standard_normal((M, N))
    outputs = inputs @ teacher / math.sqrt(N) + math.sqrt(noise) * rng.standard_normal(M)
    return Examples(inputs, np.where(outputs > 0, 1.0, -1.0) if labels else outputs, teacher)


def message_passing(
    examples: Examples,
    prior: Unit,
    channel: Channel,
    T: float,
    *,
    start: ArrayLike | None = None,
    variance: float | None = None,
    damping: float = 1.0,
    tolerance: float = 1e-7,
    most_steps: int = 500,
) -> Estimate:
    """Approximate message passing (AMP), at temperature 1 of the posterior, at 0 of the minimum.

    Parameters
    ----------
    examples : Examples
    prior, channel : Unit, Channel
    T : {0, 1}
    start : array, shape (N,), optional
        Means to begin with; 0 if they are left out.
    variance : float, optional
        V to begin with; the mean square of the teacher's weights if it is left out.
    damping : float
        Share of the new means in a step; 1 follows the state evolution.
    tolerance : float
        Root of the mean squared change of the means at which they are at rest.

    Examples
    --------
    >>> from replica.units import Spin
    >>> from replica.units.channels import Sign
    >>> draw = draw_examples(1000, 2.0, labels=True, prior="spin", seed=1)
    >>> found = message_passing(draw, Spin(), Sign(), 1.0)
    >>> print(found.converged, f"{draw.overlaps(found.mean)[0]:.4f}")
    True 1.0000
    """
    X, y, w0 = examples.inputs, examples.outputs, examples.teacher
    M, N = X.shape
    mean = np.zeros(N) if start is None else numbers("start", start).copy()
    V = float(np.mean(w0**2)) if variance is None else variance
    g, size = np.zeros(M), math.sqrt(N)
    history = [(*examples.overlaps(mean), V)]
    for step in range(1, most_steps + 1):
        field = X @ mean / size - V * g
        if channel.labels:
            g, slope = y * channel.mean(y * field, V, T), channel.response(y * field, V, T)
        else:
            g, slope = channel.mean(field - y, V, T), channel.response(field - y, V, T)
        stiffness = -float(np.sum(slope)) / N
        b = X.T @ g / size + stiffness * mean
        new = prior.mean(b, -stiffness, T)
        if not np.all(np.isfinite(new)):
            return Estimate(mean, np.array(history), step, False)
        change = math.sqrt(np.mean((new - mean) ** 2))
        mean = mean + damping * (new - mean)
        V += damping * (float(np.mean(prior.response(b, -stiffness, T))) - V)
        history.append((*examples.overlaps(mean), V))
        if change < tolerance or V < 1e-14:
            return Estimate(mean, np.array(history), step, True)
    return Estimate(mean, np.array(history), most_steps, False)


def minimise(examples: Examples, channel: str, penalty: float) -> Array:
    """Weights at the minimum of sum U(...) + penalty w^2/2, by the convex solvers of scipy.

    Parameters
    ----------
    examples : Examples
    channel : {"square", "absolute", "logistic", "hinge", "step"}
        ``step`` is the step with the margin 1.
    penalty : float

    Returns
    -------
    array, shape (N,)

    Examples
    --------
    >>> draw = draw_examples(300, 2.0, labels=False, noise=0.2, seed=1)
    >>> m, q = draw.overlaps(minimise(draw, "square", 0.1))
    >>> print(f"{m:.2f} {q:.2f}")
    0.79 0.88
    """
    from scipy import linalg, optimize, special

    X, y = examples.inputs / math.sqrt(examples.inputs.shape[1]), examples.outputs
    if channel == "square":
        return linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y, assume_a="pos")
    if channel == "logistic":
        Z = X * y[:, None]

        def cost(w: Array) -> tuple[float, Array]:
            z = Z @ w
            return float(
                np.sum(np.logaddexp(0, -z)) + penalty * w @ w / 2
            ), penalty * w - Z.T @ special.expit(-z)

        found = optimize.minimize(cost, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B", options=_PRECISE)
        return found.x
    # the dual problem: w = Z^T a/penalty, a in a box
    Z = X if channel == "absolute" else X * y[:, None]
    gain = y if channel == "absolute" else np.ones(len(y))
    low, high = {"absolute": (-1, 1), "hinge": (0, 1), "step": (0, None)}[channel]

    def dual(a: Array) -> tuple[float, Array]:
        w = Z.T @ a / penalty
        return float(penalty * w @ w / 2 - gain @ a), Z @ w - gain

    bounds = [(low, high)] * len(y)
    found = optimize.minimize(
        dual, np.zeros(len(y)), jac=True, method="L-BFGS-B", bounds=bounds, options=_PRECISE
    )
    return Z.T @ found.x / penalty


_PRECISE = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-14, "gtol": 1e-8, "maxcor": 30}
