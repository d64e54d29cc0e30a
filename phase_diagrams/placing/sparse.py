r"""A machine of bits and rectified units on the diagram of the random RBM, of sparse weights.

The weights of that theory are w = A xi/sqrt(N), xi = +-1 with probability p/2 each, else 0 [TM17]_. In its
units the threshold of a machine is theta/(A sqrt(p)), its field g/(A^2 p) and its temperature T/(A^2 p), the
curvature of the hidden units being 1. Weights of that theory have zero mean. Those of a trained machine have
not: given data, what the mean activity of the other layer adds is counted to thresholds and fields. A visible
unit counts by its share in the squares of the weights, so that pixels that never change do not; a hidden unit
without weights counts for nothing.

References
----------
.. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from phase_diagrams.placing.found import UNKNOWN, Estimate, Sparse
from replica import interrupts
from replica.machines.models.measures import participation_ratio
from replica.machines.models.rbm import RBM
from replica.solving import solve
from replica.solving.minimise import profile
from replica.theories import Compositional, RandomRBM
from replica.typing import Array
from replica.units import Bernoulli, ReLU

__all__ = ["Scaled", "State", "parameters", "sparse", "sparse_phase", "sparse_state"]

_GRID = 6.0 * np.geomspace(1e-4, 1.0, 31)


def sparse(
    rbm: RBM, activity: tuple[Array, Array] | None = None, *, draws: int = 0, seed: int = 0
) -> Sparse | None:
    """Parameters of the random RBM, and the phase there; None for other units than bits and rectified ones.

    Parameters
    ----------
    rbm : RBM
        In the variables of its diagram, see `phase_diagrams.placing.variables`.
    activity : tuple of two arrays, shape (n_visible,) and (n_hidden,), optional
        Means of both layers over the data.
    draws : int
        Machines drawn within the errors of the parameters, for the certainty and the errors of l, m, q.
    seed : int
        For these.
    """
    if not (isinstance(rbm.visible, Bernoulli) and isinstance(rbm.hidden, ReLU)):
        return None
    p, amplitude, theta, g, T = parameters(rbm, activity)
    here = Scaled(rbm.n_hidden / rbm.n_visible, theta.value, g.value, T.value)
    state = sparse_state(here)
    certainty, errors = _within_errors(here, Scaled(0.0, theta.error, g.error, T.error), state, draws, seed)
    return Sparse(p, amplitude, theta, g, T, state.l, state.m, state.q, state.phase, errors, certainty)


def parameters(
    rbm: RBM, activity: tuple[Array, Array] | None = None
) -> tuple[Estimate, float, Estimate, Estimate, Estimate]:
    """Sparsity, amplitude, and the scaled threshold, field and temperature; as for `sparse`.

    Examples
    --------
    >>> from replica.machines.models.ensembles import sparse_weights
    >>> rbm = RBM(40 * sparse_weights(400, 200, 0.1, seed=1).values, Bernoulli(g=-34.0), ReLU(theta=20.0))
    >>> p, _, theta, g, _ = parameters(rbm)
    >>> print(*(f"{one.value:.3f} +- {one.error:.3f}" for one in (p, theta, g)), sep=", ")
    0.100 +- 0.001, 1.581 +- 0.007, -0.212 +- 0.002
    """
    w, N = rbm.weights, rbm.n_visible
    each = participation_ratio(w, power=2, axis=0) / N
    used = each > 0
    thresholds = np.broadcast_to(rbm.hidden.parameters["theta"], rbm.n_hidden)
    fields = np.broadcast_to(rbm.visible.parameters["g"], N)
    if activity is not None:
        thresholds, fields = thresholds - activity[0] @ w, fields + w @ activity[1]
    p = float(np.mean(each[used]))
    p_error = float(np.std(each[used], ddof=1) / math.sqrt(used.sum())) if used.sum() > 1 else 0.0
    sites = p * np.mean(w**2, axis=1) / np.mean(w**2)  # equal sizes: the p_i show in the mean squares
    squares = np.sum(w[:, used] ** 2, axis=0)
    square = float(np.mean(squares))  # A^2 p
    relative = float(np.std(squares) / square / math.sqrt(squares.size))
    return (
        Estimate(p, p_error, float(np.std(sites))),
        math.sqrt(square / p),
        Estimate.mean(thresholds, used.astype(float)).times(1 / math.sqrt(square), 0.5 * relative),
        Estimate.mean(fields, np.mean(w**2, axis=1)).times(1 / square, relative),
        Estimate(rbm.T).times(1 / square, relative),
    )


class Scaled(NamedTuple):
    """A point of the diagram: load, and scaled threshold, field and temperature."""

    alpha: float
    theta: float
    g: float
    T: float = 0.0


@dataclass(frozen=True)
class State:
    """The state of lowest energy on the diagram: its phase, and its l, m and q."""

    phase: str
    l: float = math.nan
    m: float = math.nan
    q: float = math.nan


def sparse_phase(alpha: float, theta: float, g: float, T: float = 0.0) -> str:
    """Phase of the random RBM in the limit of sparse weights.

    The state of lowest energy at T = 0, if its strongly active units are there at T too; else a spin glass or
    a paramagnet, as replica symmetry is unstable or stable at T.

    Parameters
    ----------
    alpha, theta, g, T : float
        Load, and scaled threshold, field and temperature.

    Examples
    --------
    >>> print([sparse_phase(0.5, theta, g) for theta, g in ((1.5, -0.21), (1.5, -0.3), (0.5, -0.1))])
    ['compositional', 'ferromagnetic', 'spin glass']
    >>> sparse_phase(0.5, 1.5, -0.21, T=0.2)
    'paramagnet'
    """
    return sparse_state(Scaled(alpha, theta, g, T)).phase


def sparse_state(at: Scaled) -> State:
    """The state that `sparse_phase` names."""
    theory = Compositional(alpha=at.alpha, theta=at.theta, g=at.g, l=1.0)
    strong = profile(theory, "retrieval", "l", _GRID)
    energy = np.where(strong.success, strong.free_energy, np.inf)
    glass = solve(theory, "glass", throw=False)
    frozen = float(glass.free_energy) if bool(glass.success) else math.inf
    best = int(np.argmin(energy))
    if frozen < min(float(energy[best]), 0.0):
        return _frozen(at, float(glass["q"]))
    if not np.any(np.isfinite(energy)):
        return State("paramagnet", m=0.0)
    phase = "ferromagnetic" if best == 0 else "compositional"
    l, m, q = (float(v[best]) for v in (_GRID, strong["m"], strong["q"]))
    if 0 < best < len(_GRID) - 1:
        l, m, q = _refined(theory, _GRID[best - 1], _GRID[best + 1]) or (l, m, q)
    if at.T > 0:
        warm = RandomRBM(Bernoulli(g=at.g), ReLU(theta=at.theta), alpha=at.alpha, T=at.T, l=l)
        state = solve(warm, "retrieval", throw=False)
        if not bool(state.success):
            return _frozen(at, math.nan)
        m, q = float(state["m"]), float(state["q"])
    return State(phase, 0.0 if best == 0 else l, m, q)


def _refined(theory: Compositional, low: float, high: float) -> tuple[float, float, float] | None:
    """The l of least energy between two others, with m and q: a parabola in ln l through three of nine."""
    grid = np.geomspace(low, high, 9)
    strong = profile(theory, "retrieval", "l", grid)
    best = int(np.argmin(np.where(strong.success, strong.free_energy, np.inf)))
    around = slice(best - 1, best + 2)
    if not (0 < best < 8 and np.all(strong.success[around])):
        return None
    before, here, after = strong.free_energy[around]
    l = float(grid[best] * (grid[1] / grid[0]) ** (0.5 * (before - after) / (before - 2 * here + after)))
    m, q = (float(np.interp(math.log(l), np.log(grid), strong[name])) for name in ("m", "q"))
    return l, m, q


def _frozen(at: Scaled, q: float) -> State:
    """A state without strong units: a glass where replica symmetry is unstable, else a paramagnet."""
    if at.T > 0:
        warm = RandomRBM(Bernoulli(g=at.g), ReLU(theta=at.theta), alpha=at.alpha, T=at.T)
        state = solve(warm, "glass", throw=False)
        if not bool(state.success) or float(state.replicon) > 0:
            return State("paramagnet", m=0.0, q=float(state["q"]) if bool(state.success) else math.nan)
        q = float(state["q"])
    return State("spin glass", m=0.0, q=q)


def _within_errors(
    here: Scaled, error: Scaled, state: State, draws: int, seed: int
) -> tuple[float, tuple[float, float, float]]:
    """Part of machines drawn within the errors that are in the same phase; the spread of their l, m, q."""
    if not draws:
        return math.nan, UNKNOWN
    rng, states = np.random.default_rng(seed), []
    for _ in range(draws):
        interrupts.check()
        theta, g, T = rng.normal(here[1:], error[1:])
        states.append(sparse_state(Scaled(here.alpha, theta, g, max(0.0, T))))
    same = [(one.l, one.m, one.q) for one in states if one.phase == state.phase]
    l, m, q = np.std(same, axis=0, ddof=1) if len(same) > 1 else UNKNOWN
    return len(same) / draws, (float(l), float(m), float(q))
