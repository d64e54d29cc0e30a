r"""Which phase a trained machine is in: what its weights and its data say, and what the theories say of it.

A machine with ReLU hidden units is compared with the random RBM of sparse weights w = A xi/sqrt(N), xi = +-1
with probability p/2 each, else 0 [TM17]_. In units of that theory its threshold is theta/(A sqrt(p)), its
field g gamma/(A^2 p) and its temperature T gamma/(A^2 p), gamma the curvature of the hidden units. Weights
of that theory have zero mean. Those of a trained machine have not: given data, what the mean activity of the
other layer adds is counted to thresholds and fields. A visible unit counts by its share in the squares of the
weights, so that pixels that never change do not.

A machine with two binary layers is compared with weights of a few modes plus noise [DFF18]_, see
`phase_diagrams.placement`. For other pairs of units there is no diagram, and observables only are given.

References
----------
.. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).
.. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phase_diagrams.advice import advice, disagreements
from phase_diagrams.placement import NEAREST, SMALLEST, Placement, Spectrum, place, spectrum
from replica.errors import ParameterError
from replica.machines.given import table
from replica.machines.models.measures import participation_ratio
from replica.machines.models.rbm import RBM, to_bits, to_spins
from replica.solving import solve
from replica.solving.minimise import profile
from replica.theories import Compositional, RandomRBM
from replica.units import Bernoulli, ReLU, Spin

__all__ = [
    "PHASES",
    "Diagnosis",
    "Measured",
    "Observed",
    "Sparse",
    "diagnose",
    "sparse_phase",
    "spectral_errors",
]

PHASES = {
    "compositional": "a few hidden units compose each configuration",
    "ferromagnetic": "one hidden unit at a time: prototypes",
    "spin glass": "no hidden unit is strongly active, states are frozen at random",
    "paramagnet": "states at random, not frozen",
    "ferromagnet": "modes are condensed",
}
STRONG = 0.25
"""A hidden unit is strongly active if its overlap m is above this, and its field above its threshold."""
_UNKNOWN = (math.nan, math.nan, math.nan)
_GRID = 6.0 * np.geomspace(1e-4, 1.0, 31)


@dataclass(frozen=True)
class Measured:
    """A number with its standard error (0 if it is given rather than estimated), and its spread.

    Attributes
    ----------
    value, error : float
    spread : float
        Standard deviation among the units.
    """

    value: float
    error: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class Sparse:
    """A machine in the parameters of the random RBM.

    Attributes
    ----------
    p : Measured
        Sparsity: the part of the weights of a hidden unit that matter; its spread is that of the p_i of the
        visible units.
    amplitude : float
        A: weights that matter are of size A/sqrt(N).
    theta, g, T : Measured
        Scaled threshold, field and temperature.
    l : float
        Scaled number of strong hidden units of the state of lowest energy; 0 if ferromagnetic, NaN if none.
    m, q : float
        Overlap and activity of that state.
    errors : tuple of float
        Standard deviations of l, m and q among machines drawn within the errors, in the same phase; NaN if
        none were drawn.
    """

    p: Measured
    amplitude: float
    theta: Measured
    g: Measured
    T: Measured
    l: float
    m: float
    q: float
    errors: tuple[float, float, float] = _UNKNOWN


@dataclass(frozen=True)
class Observed:
    """What the hidden units do, given data.

    Attributes
    ----------
    L : Measured
        Participation ratio PR_3 of the hidden means: the number of strongly active units.
    strong : float
        Mean number of units above the threshold `STRONG`; NaN where there is no scale to compare with.
    m : float
        Mean overlap of those.
    q : Measured
        Activity: mean of the visible units, as 0 and 1.
    phase : str or None
    """

    L: Measured
    strong: float
    m: float
    q: Measured
    phase: str | None


@dataclass(frozen=True)
class Diagnosis:
    """The phase of a machine, and what speaks for and against it.

    Attributes
    ----------
    rbm : RBM
    alpha : float
        Hidden units per visible unit.
    phase : str or None
        By the diagram; None if there is none for these units.
    diagram : str or None
        ``"compositional"`` or ``"spectral-rbm"``.
    certainty : float
        Part of machines drawn within the errors of the parameters that lie in the same phase; NaN if not
        asked for.
    sparse : Sparse or None
    spectrum : Spectrum or None
        None for layers of less than eight units.
    placement : Placement or None
        On the diagram of the spectral RBM.
    observed : Observed or None
    disagreements : tuple of str
        What does not fit to the phase or its theory.
    advice : tuple of str
    """

    rbm: RBM
    alpha: float
    phase: str | None
    diagram: str | None
    certainty: float
    sparse: Sparse | None
    spectrum: Spectrum | None
    placement: Placement | None
    observed: Observed | None
    disagreements: tuple[str, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True)
class _State:
    """The state of lowest energy on the diagram."""

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
    return _state(alpha, theta, g, T).phase


def _state(alpha: float, theta: float, g: float, T: float) -> _State:
    theory = Compositional(alpha=alpha, theta=theta, g=g, l=1.0)
    strong = profile(theory, "retrieval", "l", _GRID)
    energy = np.where(strong.success, strong.free_energy, np.inf)
    glass = solve(theory, "glass", throw=False)
    frozen = float(glass.free_energy) if bool(glass.success) else math.inf
    best = int(np.argmin(energy))
    if frozen < min(float(energy[best]), 0.0):
        return _frozen(alpha, theta, g, T, float(glass["q"]))
    if not np.any(np.isfinite(energy)):
        return _State("paramagnet", m=0.0)
    phase = "ferromagnetic" if best == 0 else "compositional"
    l, m, q = (float(v[best]) for v in (_GRID, strong["m"], strong["q"]))
    if 0 < best < len(_GRID) - 1:
        l, m, q = _refined(theory, _GRID[best - 1], _GRID[best + 1]) or (l, m, q)
    if T > 0:
        warm = RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, T=T, l=l)
        state = solve(warm, "retrieval", throw=False)
        if not bool(state.success):
            return _frozen(alpha, theta, g, T, math.nan)
        m, q = float(state["m"]), float(state["q"])
    return _State(phase, 0.0 if best == 0 else l, m, q)


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


def _frozen(alpha: float, theta: float, g: float, T: float, q: float) -> _State:
    """A state without strong units: a glass where replica symmetry is unstable, else a paramagnet."""
    if T > 0:
        warm = RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, T=T)
        state = solve(warm, "glass", throw=False)
        if not bool(state.success) or float(state.replicon) > 0:
            return _State("paramagnet", m=0.0, q=float(state["q"]) if bool(state.success) else math.nan)
        q = float(state["q"])
    return _State("spin glass", m=0.0, q=q)


def diagnose(rbm: RBM, data: Any = None, *, draws: int = 10, seed: int = 0) -> Diagnosis:
    """Say which phase a machine is in.

    Parameters
    ----------
    rbm : RBM
    data : array, shape (samples, n_visible), optional
        Then the activity of the hidden units is compared with the theory.
    draws : int
        Machines drawn within the errors of the parameters, for `certainty`; 0 for none.
    seed : int
        For these.

    Examples
    --------
    >>> from replica.machines.models.ensembles import sparse_weights
    >>> p, A = 0.1, 40.0
    >>> rbm = RBM(A * sparse_weights(500, 250, p, seed=1).values, Bernoulli(g=-0.21 * p * A**2),
    ...           ReLU(theta=1.6 * A * p**0.5))
    >>> found = diagnose(rbm)
    >>> print(found.phase, f"p = {found.sparse.p.value:.3f}, l* = {found.sparse.l:.2f}")
    compositional p = 0.099, l* = 0.37
    """
    N, M = rbm.weights.shape
    if not np.any(rbm.weights):
        msg = "all weights are zero: there is nothing to diagnose"
        raise ParameterError(msg)
    values = spectrum(rbm.weights) if min(N, M) >= SMALLEST else None
    phase = diagram = sparse = placement = scale = None
    certainty, seen_by = math.nan, rbm
    binary = Bernoulli | Spin
    if data is not None:
        data = table("data", data, rbm.visible, rbm.n_visible)
    if isinstance(rbm.hidden, ReLU) and isinstance(rbm.visible, binary):
        diagram = "compositional"
        seen_by = to_bits(rbm)[0]
        if data is not None and isinstance(rbm.visible, Spin):
            data = (1 + data) / 2
        sparse, phase, scale = _sparse(seen_by, data)
        certainty, errors = _within_errors(M / N, sparse, phase, draws, seed)
        sparse = replace(sparse, errors=errors)
    elif (
        isinstance(rbm.hidden, binary)
        and isinstance(rbm.visible, binary)
        and values is not None
        and rbm.T > 0
    ):
        diagram = "spectral-rbm"
        spins = to_spins(rbm)[0].weights / rbm.T
        placement = place(spins)
        phase = placement.phase.partition(",")[0]
        certainty = _spectral_certainty(placement, draws, seed)
    observed = None
    if data is not None:
        observed = _observe(seen_by, data, scale)
    found = Diagnosis(rbm, M / N, phase, diagram, certainty, sparse, values, placement, observed, (), ())
    found = replace(found, disagreements=tuple(disagreements(found)))
    return replace(found, advice=tuple(advice(found)))


# -- random, sparse weights ----------------------------------------------------------------------------------


def _mean(values: Any, share: Any = None) -> Measured:
    """Mean over the units of a layer, by their shares if any; equal numbers have no error."""
    values = np.asarray(values, dtype=float)
    if values.ndim == 0 or np.ptp(values) == 0:
        return Measured(float(values.flat[0]))
    share = np.ones(values.shape) / values.size if share is None else share / np.sum(share)
    mean, part = float(share @ values), float(share @ share)  # 1/part units count
    spread = math.sqrt(float(share @ (values - mean) ** 2) / (1 - part)) if part < 1 else 0.0
    return Measured(mean, spread * math.sqrt(part), spread)


def _sparse(rbm: RBM, data: Any) -> tuple[Sparse, str, float]:
    """Parameters of the random RBM; the phase; the field on a hidden unit that stands for m = 1."""
    N, M = rbm.weights.shape
    w = rbm.weights
    each = participation_ratio(w, power=2, axis=0) / N
    used = each > 0  # hidden units without weights take no part
    p = float(np.mean(each[used]))
    sites = p * np.mean(w**2, axis=1) / np.mean(w**2)  # equal sizes: the p_i show in the mean squares
    p_error = float(np.std(each[used], ddof=1) / math.sqrt(used.sum())) if used.sum() > 1 else 0.0
    square = N * float(np.mean(w[:, used] ** 2))  # A^2 p
    A = math.sqrt(square / p)
    hidden, visible = rbm.hidden, rbm.visible
    assert isinstance(hidden, ReLU)  # so says the caller
    assert isinstance(visible, Bernoulli)
    gamma = float(np.mean(hidden.gamma))
    thresholds, fields = np.broadcast_to(hidden.theta, M), np.broadcast_to(visible.g, N)
    if data is not None:
        thresholds = thresholds - data.mean(axis=0) @ w
        fields = fields + w @ rbm.hidden_mean(data).mean(axis=0)
    theta, g = _mean(thresholds, used.astype(float)), _mean(fields, np.mean(w**2, axis=1))
    to_theta, to_g = 1 / (A * math.sqrt(p)), gamma / square
    scaled_theta, scaled_g = (
        Measured(
            one.value * factor,
            math.hypot(one.error * factor, one.value * factor * relative),
            one.spread * factor,
        )
        for one, factor, relative in (
            (theta, to_theta, 0.5 * _relative(w)),
            (g, to_g, _relative(w)),
        )
    )
    T = Measured(rbm.T * to_g, rbm.T * to_g * _relative(w))
    state = _state(M / N, scaled_theta.value, scaled_g.value, T.value)
    measured = Measured(p, p_error, float(np.std(sites)))
    scale = A * math.sqrt(N) * p / 2
    return Sparse(measured, A, scaled_theta, scaled_g, T, state.l, state.m, state.q), state.phase, scale


def _relative(w: Any) -> float:
    """Relative standard error of the mean square of the weights, from that among hidden units."""
    squares = np.sum(w**2, axis=0)
    return float(np.std(squares) / np.mean(squares) / math.sqrt(len(squares)))


def _within_errors(
    alpha: float, sparse: Sparse, phase: str, draws: int, seed: int
) -> tuple[float, tuple[float, float, float]]:
    """Part of machines drawn within the errors that are in the same phase; the spread of their l, m, q."""
    rng, states = np.random.default_rng(seed), []
    for _ in range(draws):
        theta, g, T = (rng.normal(one.value, one.error) for one in (sparse.theta, sparse.g, sparse.T))
        states.append(_state(alpha, theta, g, max(0.0, T)))
    if not draws:
        return math.nan, _UNKNOWN
    same = [(state.l, state.m, state.q) for state in states if state.phase == phase]
    l, m, q = np.std(same, axis=0, ddof=1) if len(same) > 1 else _UNKNOWN
    return len(same) / draws, (float(l), float(m), float(q))


def spectral_errors(found: Spectrum, law: str = "rademacher") -> tuple[float, tuple[float, ...]]:
    """Standard errors of sigma, and of the strength of every mode outside the bulk.

    A strength errs by the noise, and by as much as the squares of finitely many components of that law differ
    from 1 in the mean.
    """
    N, M = found.visible, found.hidden
    noise = max(found.sigma, 1e-3) / math.sqrt(min(N, M))
    drawn = math.sqrt((NEAREST[law] + 2) / 4 * (1 / N + 1 / M))
    return found.sigma / math.sqrt(2 * N * M), tuple(math.hypot(noise, one.w * drawn) for one in found.modes)


def _spectral_certainty(placed: Placement, draws: int, seed: int) -> float:
    """Part of draws of sigma and w within their errors, w = 1 and sigma = 1 being the phase boundaries."""
    if not draws:
        return math.nan
    from replica.theories import SpectralRBM

    rng, found = np.random.default_rng(seed), placed.spectrum
    sigma_error, w_errors = spectral_errors(found, placed.law)
    w, w_error = (found.modes[0].w, w_errors[0]) if found.modes else (0.0, 0.0)
    kept = 0
    for _ in range(draws):
        sigma = abs(rng.normal(found.sigma, sigma_error))
        strength = max(0.0, rng.normal(w, w_error))
        theory = SpectralRBM(w=strength, sigma=sigma, kappa=found.kappa, law=placed.law)
        state = solve(theory, "ferromagnet", throw=False) if found.modes else None
        ordered = state is not None and bool(state.success)
        phase = "ferromagnet" if ordered else "spin glass" if sigma > 1 else "paramagnet"
        kept += phase == placed.phase.partition(",")[0]
    return kept / draws


# -- what the data show --------------------------------------------------------------------------------------


def _observe(rbm: RBM, data: Any, scale: float | None) -> Observed:
    h = rbm.hidden_mean(data)
    L = _mean(participation_ratio(np.abs(h), power=3))
    low, high = (0.0, 1.0) if not isinstance(rbm.visible, Spin) else (-1.0, 1.0)
    q = _mean((data.mean(axis=1) - low) / (high - low))
    if scale is None:
        return Observed(L, math.nan, math.nan, q, None)
    m = rbm.hidden_field(data) / scale
    strong = (m > STRONG) & (m * scale > getattr(rbm.hidden, "theta", 0.0))
    count = float(np.mean(np.sum(strong, axis=1)))
    size = float(np.mean(m[strong])) if np.any(strong) else 0.0
    if count < 0.5:
        phase = "spin glass"
    elif L.value > h.shape[1] / 3:
        phase = "paramagnet"  # all units take part alike
    else:
        phase = "ferromagnetic" if L.value < 1.5 else "compositional"
    return Observed(L, count, size, q, phase)
