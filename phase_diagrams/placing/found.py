"""What is found of a machine: numbers with errors, its spectrum, its parameters on a diagram, its phase.

Everything here is data, made by the other modules of this package and read by advice, figures and commands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from replica.showing import Shown, good
from replica.typing import Array

if TYPE_CHECKING:
    from replica.machines.models.rbm import RBM
    from replica.solving import Solution

__all__ = ["PHASES", "UNKNOWN", "Estimate", "Found", "Mode", "Observed", "Sparse", "Spectral", "Spectrum"]

PHASES = {
    "compositional": "a few hidden units compose each configuration",
    "ferromagnetic": "one hidden unit at a time: prototypes",
    "spin glass": "no hidden unit is strongly active, states are frozen at random",
    "paramagnet": "states at random, not frozen",
    "ferromagnet": "modes are condensed",
}
UNKNOWN = (math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Estimate:
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

    @classmethod
    def mean(cls, values: ArrayLike, share: Array | None = None) -> Estimate:
        """Mean over the units of a layer, by their shares if any; equal numbers have no error.

        Examples
        --------
        >>> one = Estimate.mean([1.0, 3.0])
        >>> print(f"{one.value} +- {one.error:.3f}, spread {one.spread:.3f}")
        2.0 +- 1.000, spread 1.414
        """
        values = np.asarray(values, dtype=float)
        if values.ndim == 0 or np.ptp(values) == 0:
            return Estimate(float(values.flat[0]))
        share = np.ones(values.shape) / values.size if share is None else share / np.sum(share)
        mean, part = float(share @ values), float(share @ share)  # 1/part units count
        spread = math.sqrt(float(share @ (values - mean) ** 2) / (1 - part)) if part < 1 else 0.0
        return Estimate(mean, spread * math.sqrt(part), spread)

    def times(self, factor: float, relative: float = 0.0) -> Estimate:
        """The number in other units: `factor` has a relative error of its own."""
        return Estimate(
            self.value * factor,
            math.hypot(self.error * factor, self.value * factor * relative),
            self.spread * factor,
        )


@dataclass(frozen=True)
class Mode:
    """A singular value outside the bulk, and what it says about the mode behind it.

    Attributes
    ----------
    value : float
        The singular value of the matrix.
    w : float
        Strength of the mode, the noise removed.
    kurtosis_u, kurtosis_v : float
        Excess kurtosis of the components of the left (visible) and the right (hidden) singular vector, the
        noise removed.
    error_u, error_v : float
        Their standard errors, for Gaussian components.
    """

    value: float
    w: float
    kurtosis_u: float
    kurtosis_v: float
    error_u: float
    error_v: float


@dataclass(frozen=True)
class Spectrum:
    """The singular values of a matrix, split into noise and modes.

    Attributes
    ----------
    visible, hidden : int
        Rows and columns.
    sigma : float
        Width of the noise: its entries have variance sigma^2/L, with L = sqrt(Nv Nh).
    edge : float
        Upper edge of the Marchenko-Pastur law of that noise.
    largest : float
        Largest singular value that counts as noise.
    distance : float
        Largest distance between the distribution functions of the bulk and of the Marchenko-Pastur law
        (Kolmogorov): of the order of 1/N for noise, larger if the bulk is something else.
    modes : tuple of Mode
        The strongest first.
    """

    visible: int
    hidden: int
    sigma: float
    edge: float
    largest: float
    distance: float
    modes: tuple[Mode, ...]

    @property
    def kappa(self) -> float:
        """Hidden units per visible unit."""
        return self.hidden / self.visible

    @property
    def noise(self) -> Estimate:
        """Sigma with its standard error."""
        return Estimate(self.sigma, self.sigma / math.sqrt(2 * self.visible * self.hidden))


@dataclass(frozen=True)
class Spectral:
    """A machine of two binary layers in the parameters of the spectral RBM.

    Attributes
    ----------
    law : str
        Law of the components that the theory was solved with.
    p : float or None
        Probability that a component is not zero, of the law bernoulli.
    kurtosis : float
        Excess kurtosis that decides about it: of both vectors, u weighted with sqrt(kappa) and v with
        1/sqrt(kappa), as in the free energy; the mean over the modes, weighted by their errors. NaN without
        a mode.
    strengths : tuple of Estimate
        Of every mode.
    phase : str
    state : Solution or None
        The ferromagnetic state at T = 1, if that is the phase.
    certainty : float
        See `Found`.
    """

    law: str
    p: float | None
    kurtosis: float
    strengths: tuple[Estimate, ...]
    phase: str
    state: Solution | None
    certainty: float = math.nan

    @property
    def condensed(self) -> tuple[bool, ...]:
        """Per mode, whether it is condensed: the first one, and those that can condense beside it."""
        if self.state is None:
            return (False,) * len(self.strengths)
        threshold = float(self.state["w_c"])
        return (True, *(one.value > threshold for one in self.strengths[1:]))

    @property
    def symmetry(self) -> str:
        """Whether replica symmetry holds in the state, in words; empty without one."""
        if self.state is None:
            return ""
        return f"replica {'symmetry broken' if float(self.state.replicon) < 0 else 'symmetric'}"

    @property
    def described(self) -> str:
        """The phase, and whether replica symmetry holds there."""
        return f"{self.phase}, {self.symmetry}" if self.symmetry else self.phase


@dataclass(frozen=True)
class Sparse:
    """A machine of bits and rectified units in the parameters of the random RBM.

    Attributes
    ----------
    p : Estimate
        Sparsity: the part of the weights of a hidden unit that matter; its spread is that of the p_i of the
        visible units.
    amplitude : float
        A: weights that matter are of size A/sqrt(N), in units in which gamma = 1.
    theta, g, T : Estimate
        Scaled threshold, field and temperature.
    l : float
        Scaled number of strong hidden units of the state of lowest energy; 0 if ferromagnetic, NaN if none.
    m, q : float
        Overlap and activity of that state.
    errors : tuple of float
        Standard deviations of l, m and q among machines drawn within the errors, in the same phase; NaN if
        none were drawn.
    phase : str
    certainty : float
        See `Found`.
    """

    p: Estimate
    amplitude: float
    theta: Estimate
    g: Estimate
    T: Estimate
    l: float
    m: float
    q: float
    phase: str
    errors: tuple[float, float, float] = UNKNOWN
    certainty: float = math.nan


@dataclass(frozen=True)
class Observed:
    """What the hidden units do, given data.

    Attributes
    ----------
    L : Estimate
        Participation ratio PR_3 of the hidden means: the number of strongly active units.
    strong : float
        Mean number of units with a clear overlap; NaN where there is no scale to compare with.
    m : float
        Mean overlap of those.
    q : Estimate
        Activity: mean of the visible units, as 0 and 1.
    phase : str or None
    """

    L: Estimate
    strong: float
    m: float
    q: Estimate
    phase: str | None


@dataclass(frozen=True, repr=False)
class Found(Shown):
    """A machine, the phase that it is in, and what speaks for it.

    Attributes
    ----------
    rbm : RBM
        The machine as it was given.
    compared : RBM
        The same machine in the variables of its diagram, see `phase_diagrams.placing.variables`:
        all other numbers are those of this one.
    spectrum : Spectrum or None
        None for layers of less than eight units.
    spectral : Spectral or None
        On the diagram of the spectral RBM.
    sparse : Sparse or None
        On the diagram of the random RBM.
    observed : Observed or None
        If there were data.
    """

    rbm: RBM
    compared: RBM
    spectrum: Spectrum | None = None
    spectral: Spectral | None = None
    sparse: Sparse | None = None
    observed: Observed | None = None

    def __repr__(self) -> str:
        size = f"{self.rbm.n_visible} visible and {self.rbm.n_hidden} hidden units"
        return f"<Found: a machine of {size}, {self._told}>"

    @property
    def _told(self) -> str:
        if self.phase is None:
            return "no diagram for these units"
        share = 100 * self.certainty
        sure = "" if math.isnan(share) else f", {share:.0f} % of machines within the errors"
        return f"{self.phase} (diagram of {self.diagram}{sure})"

    def _table(self) -> Any:
        rows: list[tuple[str, str, str]] = [("hidden per visible", f"{self.alpha:.4g}", "alpha")]
        if (seen := self.spectrum) is not None:
            rows += [("sigma", f"{seen.sigma:.5g}", "width of the noise")]
            strengths = [f"{mode.w:.5g}" for mode in seen.modes]
            rows += [(f"w{i + 1}", w, "strength of a mode") for i, w in enumerate(strengths)]
        if (placed := self.sparse) is not None:
            told = {"p": "sparsity", "theta": "scaled threshold", "g": "scaled field"}
            rows += [(name, _with_error(getattr(placed, name)), text) for name, text in told.items()]
        if (observed := self.observed) is not None:
            rows += [("L", _with_error(observed.L), "strongly active hidden units, given data")]
            rows += [("q", _with_error(observed.q), "activity of the visible units, given data")]
            rows += [("phase, given data", observed.phase or "-", "")]
        return self._told, ("", "value", ""), rows, ()

    @property
    def alpha(self) -> float:
        """Hidden units per visible unit."""
        return self.rbm.n_hidden / self.rbm.n_visible

    @property
    def diagram(self) -> str | None:
        """Name of the theory of the diagram; None if there is none for these units."""
        return "compositional" if self.sparse else "spectral-rbm" if self.spectral else None

    @property
    def phase(self) -> str | None:
        """By the diagram; None if there is none for these units."""
        placed = self.sparse or self.spectral
        return placed.phase if placed else None

    @property
    def certainty(self) -> float:
        """Part of machines drawn within the errors that are in the same phase; NaN if none were drawn."""
        placed = self.sparse or self.spectral
        return placed.certainty if placed else math.nan


def _with_error(one: Estimate) -> str:
    return good(one.value, one.error)
