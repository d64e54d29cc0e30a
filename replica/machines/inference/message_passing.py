r"""Inference of one binary feature from data: belief propagation, AMP (TAP), and the strength beta.

Data s^a, a = 1, ..., M, of a machine with one hidden spin and binary weights xi have the posterior

    P(xi | data) = prod_a cosh(beta xi . s^a/sqrt(N))/Z

(Huang and Toyoizumi 2016; Huang 2017). With an auxiliary spin h_a for each datum it is a machine with N
visible and M hidden spins, weights s_i^a/sqrt(N) and temperature 1/beta (`posterior`). Belief propagation
keeps one message for every edge of that graph; AMP is its limit of large N, with one mean for every node: the
TAP equations with the time indices that make them converge.

xi and -xi are equally likely. A run settles on one of them: its sign means nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from replica import interrupts
from replica.errors import ConvergenceError, ParameterError, UnknownNameError
from replica.machines.data.given import not_negative, numbers, spins, whole
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.machines.models.rbm import RBM
from replica.numerics.functions import log2cosh
from replica.typing import Array, Spins
from replica.units import Spin

__all__ = ["METHODS", "Inference", "amp", "belief_propagation", "infer_beta", "overlap", "posterior"]

_ROUND = 5
"""Steps of the messages between two updates of beta."""
SMALLEST_Q = 1e-4
"""Below this mean square of the means, no feature has been found."""


@dataclass(frozen=True, eq=False)
class Inference:
    """What a message-passing run knows about the feature.

    Attributes
    ----------
    mean : array, shape (N,)
        Posterior means of xi, up to a common sign.
    beta : float
        The strength that was assumed or inferred.
    Q : float
        Mean square of the means: 0 without any knowledge, 1 for certainty.
    log_Z : float
        Bethe free energy (TAP free energy for AMP): ln Z of the posterior.
    slope : float
        d ln Z/d beta.
    residual : float
        Largest change of a message in an undamped step.
    steps : int
        Steps that were made.
    converged : bool
        Whether the residual is below the tolerance.
    """

    mean: Array
    beta: float
    Q: float
    log_Z: float
    slope: float
    residual: float
    steps: int
    converged: bool

    @property
    def feature(self) -> Spins:
        """The most likely feature, sign by sign."""
        return np.where(self.mean < 0, -1, 1).astype(np.int8)


def posterior(data: ArrayLike, beta: float) -> RBM:
    """The posterior as a machine: visible spins are the feature, one hidden spin stands for each datum.

    Its ln Z is that of the posterior plus M ln 2.

    Examples
    --------
    >>> from replica.machines.inference import exact
    >>> rbm = posterior([[1, -1, 1], [1, 1, 1]], beta=1.2)
    >>> print(exact.moments(rbm).visible_visible[0].round(6))
    [1.      0.      0.52914]
    """
    data = _check(data, beta)
    if beta == 0:
        msg = "beta = 0: the posterior is flat; beta must be positive"
        raise ParameterError(msg)
    return RBM(data.T / math.sqrt(data.shape[1]), Spin(), Spin(), 1 / beta)


def overlap(mean: ArrayLike, feature: ArrayLike) -> float:
    """Overlap |mean . xi|/N with the true feature, the common sign ignored."""
    mean, feature = numbers("means", mean), numbers("the feature", feature)
    if mean.shape != feature.shape or mean.ndim != 1:
        msg = f"means of shape {mean.shape} and a feature of shape {feature.shape} do not match"
        raise ParameterError(msg)
    return float(abs(mean @ feature) / mean.size)


def amp(
    data: ArrayLike,
    beta: float,
    *,
    start: ArrayLike | None = None,
    seed: Seed = 0,
    damping: float | None = None,
    tolerance: float = 1e-10,
    most_steps: int = 2000,
) -> Inference:
    """Approximate message passing: one mean for every component, O(M N) operations a step.

    G_a(t-1) = (1/sqrt N) sum_i s_i^a m_i(t-1) - beta (1 - Q(t-1)) tanh(beta G_a(t-2)), and
    m_i(t) = tanh[sum_b (beta s_i^b/sqrt N) tanh(beta G_b(t-1)) - (beta^2 m_i(t-1)/N) sum_b (1 - tanh^2)].

    Parameters
    ----------
    data : array, shape (M, N)
        Spins -1, +1.
    beta : float
        Strength of the feature.
    start : array of shape (N,), optional
        Means to start from; random ones by default.
    seed : int or SeedSequence
        For the random start.
    damping : float, optional
        Share of the new messages, 0 < damping <= 1; 1 by default. The time indices make the plain iteration
        converge where a feature can be found; less destroys that and leads to m = 0, a solution that only
        the undamped dynamics leaves. Where AMP does not converge (small N, close to the transition, beta
        far too large), use `belief_propagation`, or start from its means.
    tolerance, most_steps : float, int
        When to stop.

    Returns
    -------
    Inference
        With ``converged=False`` where the iteration was given up.

    Examples
    --------
    >>> from replica.machines.models.ensembles import teacher_data
    >>> draw = teacher_data(500, 2000, beta=1.0, seed=1)
    >>> found = amp(draw.values, beta=1.0)
    >>> print(found.converged, f"{found.Q:.2f} {overlap(found.mean, draw.parts['feature']):.2f}")
    True 0.72 0.70
    """
    return _run(_Nodes, data, beta, start, seed, damping, tolerance, most_steps)


def belief_propagation(
    data: ArrayLike,
    beta: float,
    *,
    start: ArrayLike | None = None,
    seed: Seed = 0,
    damping: float | None = None,
    tolerance: float = 1e-10,
    most_steps: int = 2000,
) -> Inference:
    """Belief propagation on the edges between components and data: M N messages, exact on trees.

    Messages to a component are u = atanh[tanh(beta s/sqrt N) tanh(kappa)], with the cavity field kappa of the
    auxiliary spin of the datum; for large N it is beta G of the literature, the difference is of order 1/N.
    Parameters and result are those of `amp`, except that damping (0.7 by default) does no harm: its messages
    have no memory of their own.

    Examples
    --------
    One datum is a tree, on which ln Z = N ln[2 cosh(beta/sqrt N)] exactly:

    >>> found = belief_propagation(np.ones((1, 4)), beta=1.0)
    >>> print(f"{found.log_Z:.10f} {4 * np.log(2 * np.cosh(0.5)):.10f}")
    3.2530467501 3.2530467501
    """
    return _run(_Edges, data, beta, start, seed, damping, tolerance, most_steps)


class _Nodes:
    """The messages of AMP: means m of the components, means tau of the auxiliary spins."""

    damping = 1.0

    def __init__(self, S: Array, start: Array) -> None:
        self.S, self.m, self.tau = S, start, np.zeros(len(S))

    def step(self, beta: float, damping: float) -> float:
        """One step; returns the largest change that it would have made without damping."""
        S, m, tau = self.S, self.m, self.tau
        M, N = S.shape
        new_tau = np.tanh(beta * (S @ m - beta * (1 - m @ m / N) * tau))
        # tau has a memory of its own: undamped beside a damped m it would oscillate
        self.tau = tau + damping * (new_tau - tau)
        new = np.tanh(beta * (self.tau @ S) - beta**2 * m * (M - self.tau @ self.tau) / N)
        self.m = m + damping * (new - m)
        return float(max(np.max(np.abs(new_tau - tau)), np.max(np.abs(new - m))))

    def read(self, beta: float) -> tuple[Array, float, float]:
        """Means, ln Z and its derivative by beta."""
        (M, N), m, tau = self.S.shape, self.m, self.tau
        free = M * (1 - m @ m / N) * (1 - tau @ tau / M)
        drive = tau @ (self.S @ m)
        log_z = _entropy(m) + _entropy(tau) - M * math.log(2) + beta * drive + beta**2 * free / 2
        return m, float(log_z), float(drive + beta * free)


class _Edges:
    """The messages of belief propagation: one mean for each direction of each edge, shape (M, N)."""

    damping = 0.7

    def __init__(self, S: Array, start: Array) -> None:
        self.S, self.m, self.tau = S, np.tile(start, (len(S), 1)), np.zeros(S.shape)

    def step(self, beta: float, damping: float) -> float:
        """One step; returns the largest change that it would have made without damping."""
        m, tau, t = self.m, self.tau, np.tanh(beta * self.S)
        w = np.arctanh(t * m)
        self.tau = np.tanh(w.sum(axis=1, keepdims=True) - w)
        u = np.arctanh(t * self.tau)
        new = np.tanh(u.sum(axis=0) - u)
        self.m = m + damping * (new - m)
        return float(max(np.max(np.abs(self.tau - tau)), np.max(np.abs(new - m))))

    def read(self, beta: float) -> tuple[Array, float, float]:
        """Means, ln Z and its derivative by beta: sums over nodes less sums over edges."""
        m, tau, t = self.m, self.tau, np.tanh(beta * self.S)
        w, u, pair = np.arctanh(t * m), np.arctanh(t * tau), 1 + t * m * tau
        field, size = u.sum(axis=0), t.size
        nodes = log2cosh(field).sum() + log2cosh(w.sum(axis=1)).sum() + log2cosh(beta * self.S).sum()
        edges = np.sum(log2cosh(u) + log2cosh(w) + np.log(pair))
        log_z = nodes - edges + (size - len(t)) * math.log(2)
        return np.tanh(field), float(log_z), float(np.sum(self.S * (t + m * tau) / pair))


def _run(
    kind: type[_Nodes] | type[_Edges],
    data: ArrayLike,
    beta: float,
    start: ArrayLike | None,
    seed: Seed,
    damping: float | None,
    tolerance: float,
    most_steps: int,
) -> Inference:
    damping = kind.damping if damping is None else damping
    S = _check(data, beta, damping)
    messages = kind(S / math.sqrt(S.shape[1]), _start(start, S.shape[1], seed))
    residual, steps = math.inf, 0
    whole("most_steps", most_steps, 0)
    while residual > tolerance and steps < most_steps:
        interrupts.check()
        steps += 1
        residual = messages.step(beta, damping)
    return _told(messages, beta, residual, steps, residual <= tolerance)


def _told(messages: _Nodes | _Edges, beta: float, residual: float, steps: int, converged: bool) -> Inference:
    mean, log_z, slope = messages.read(beta)
    return Inference(mean, beta, float(mean @ mean / mean.size), log_z, slope, residual, steps, converged)


METHODS: dict[str, type[_Nodes] | type[_Edges]] = {"amp": _Nodes, "bp": _Edges}


def infer_beta(
    data: ArrayLike,
    method: str = "amp",
    *,
    beta: float | None = None,
    seed: Seed = 0,
    damping: float | None = None,
    tolerance: float = 1e-8,
    most_steps: int = 5000,
) -> Inference:
    """Feature and strength beta together, by expectation maximisation.

    The likelihood of beta is Z(beta)/(2 cosh(beta/sqrt N))^(N M), so each round solves
    d ln Z/d beta = M sqrt(N) tanh(beta/sqrt N), whose limit of large N is M beta.

    Parameters
    ----------
    data : array, shape (M, N)
        Spins -1, +1.
    method : {"amp", "bp"}
        How the posterior is approximated.
    beta : float, optional
        Where to start; by default 1.1 (N/M)^(1/4), just above the value where the state without knowledge
        loses its stability. Far above it message passing meets the glass phase and does not converge.
    seed : int or SeedSequence
        For the random start of the means.
    damping, tolerance, most_steps
        As for `amp`; the tolerance holds for beta, too.

    Raises
    ------
    ConvergenceError
        If beta did not settle; if no feature was found (Q = 0): then every beta explains the data equally
        well; or if all data are one feature without noise: then the likelihood grows for ever. ``solution``
        holds the last state.

    Examples
    --------
    >>> from replica.machines.models.ensembles import teacher_data
    >>> draw = teacher_data(500, 2000, beta=1.2, seed=1)
    >>> found = infer_beta(draw.values)
    >>> print(f"{found.beta:.2f} {overlap(found.mean, draw.parts['feature']):.2f}")
    1.19 0.90
    """
    if method not in METHODS:
        raise UnknownNameError(what="method", name=method, known=METHODS)
    kind = METHODS[method]
    damping = kind.damping if damping is None else damping
    S = _check(data, 0.0 if beta is None else beta, damping)
    M, N = S.shape
    messages = kind(S / math.sqrt(N), _start(None, N, seed))
    now = 1.1 * (N / M) ** 0.25 if beta is None else float(beta)
    residual, change, steps = math.inf, math.inf, 0
    while max(residual, change) > tolerance and steps < most_steps:
        # beta moves slowly: the messages need not be at rest when it does, except at the start
        for _ in range(_ROUND if steps else 10 * _ROUND):
            interrupts.check()
            residual = messages.step(now, damping)
            steps += 1
        mean, _, slope = messages.read(now)
        if mean @ mean / N < SMALLEST_Q:
            msg = (
                f"no feature found: the means vanish at beta = {now:.4g}, where every beta explains the data "
                "equally well; a feature of strength beta needs M > N/beta^4 data"
            )
            raise ConvergenceError(msg, _told(messages, now, residual, steps, False))
        lean = max(slope / (M * math.sqrt(N)), 0.0)
        if lean > 1 - 1e-12:
            msg = (
                f"the {M} data agree with one feature in every spin: the likelihood grows with beta for "
                "ever, and no beta is the most likely one; take beta as given"
            )
            raise ConvergenceError(msg, _told(messages, now, residual, steps, False))
        new = math.sqrt(N) * math.atanh(lean)
        change, now = abs(new - now), new
    found = _told(messages, now, residual, steps, max(residual, change) <= tolerance)
    if not found.converged:
        msg = (
            f"beta did not settle in {steps} steps: it stands at {now:.6g} and moved by {change:.1e} in the "
            f"last round, the means by {residual:.1e}; try bp in place of amp, or more steps"
        )
        raise ConvergenceError(msg, found)
    return found


# -- helpers -------------------------------------------------------------------------------------------------


def _entropy(m: Array) -> float:
    return float(np.sum(special.entr((1 + m) / 2) + special.entr((1 - m) / 2)))


def _start(start: ArrayLike | None, N: int, seed: Seed) -> Array:
    if start is None:
        return np.random.default_rng(seed_sequence(seed)).uniform(-0.5, 0.5, N)
    m = numbers("the start", start, f"{N} means in [-1, 1]").copy()
    if m.shape != (N,) or np.any(np.abs(m) > 1):
        largest = f", the largest of size {np.max(np.abs(m)):g}" if m.size else ""
        msg = f"the start has the shape {m.shape}{largest}: give {N} means in [-1, 1]"
        raise ParameterError(msg)
    return m


def _check(data: ArrayLike, beta: float, damping: float = 1.0) -> Array:
    S = spins("data", data, "an array (data, spins)")
    if S.ndim != 2 or 0 in S.shape:
        msg = f"data of shape {S.shape}: give an array (data, spins) of spins -1 and +1"
        raise ParameterError(msg)
    S = S.astype(float)
    not_negative("beta", beta)
    if not 0 < damping <= 1:
        msg = f"damping = {damping}, the share of the new messages, must lie in (0, 1]"
        raise ParameterError(msg)
    return S
