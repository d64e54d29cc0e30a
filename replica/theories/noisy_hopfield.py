"""Hopfield networks whose couplings are noisy, diluted, or nonlinear functions of Hebb's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.free_probability import Rational
from replica.numerics.functions import H, erf, exact, is_exact, pdf, pi, sqrt
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Optimum,
    Phase,
    Value,
    Zero,
    parameter,
)
from replica.theory.spectrum import SpinsWithSpectrum
from replica.typing import Number

__all__ = ["NoisyHopfield"]

SYNAPSES = ("linear", "clipped", "three-level", "saturated")
WITHOUT_CUE = (("h", 0.0),)


@dataclass(frozen=True)
class NoisyHopfield(SpinsWithSpectrum):
    r"""Hopfield network with noise on its couplings, whatever makes them noisy [S86]_ [vH87]_.

    Couplings J_ij = c_ij sqrt(P) phi(x_ij)/(a c N) + noise, where x_ij = sum xi_i xi_j/sqrt(P) is Gaussian
    and a = <x phi(x)>. Besides Hebb's rule they hold independent noise, and that is all that counts:

        R(x) = alpha/(1 - x) - alpha + [noise + alpha (<phi^2>/(a^2 c) - 1)] x

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    noise : float or array
        N times the variance of further independent couplings, >= 0; alpha = 0 is the SK model with J0 = 1,
        in units of the pattern.
    c : float or array
        Share of the bonds that are kept, each with its mirror image, in (0, 1].
    synapses : {"linear", "clipped", "three-level", "saturated"}
        phi(x) = x; sign(x); sign(x) where abs(x) > cut, else 0; x, but at most cut.
    cut : float or array
        Where synapses of three levels are 0, and where saturated ones are full.
    h : float or array
        Field along the retrieved pattern (cue).

    References
    ----------
    .. [S86] H. Sompolinsky, Phys. Rev. A 34, 2571 (1986).
    .. [vH87] J. L. van Hemmen, Phys. Rev. A 36, 1959 (1987).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(NoisyHopfield(alpha=0.1, synapses='clipped')).value:.12f}")
    0.101838733046
    """

    alpha: Value = parameter(
        "load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron", typical=(0.0, 0.14)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.4))
    noise: Value = parameter(
        "variance of further couplings, times N", r"\Delta_0", lower=0, default=0.0, typical=(0.0, 0.6)
    )
    c: Value = parameter(
        "share of bonds that are kept",
        "c",
        lower=0,
        upper=1,
        open_lower=True,
        default=1.0,
        typical=(0.1, 1.0),
    )
    synapses: str = parameter("function of Hebb's couplings", r"\phi", default="linear", choices=SYNAPSES)
    cut: Value = parameter(
        "where synapses are 0, or full", "x_0", lower=0, open_lower=True, default=0.612003, typical=(0.1, 2.0)
    )
    h: Value = parameter("field along the pattern (cue)", "h", default=0.0, unit="J", typical=(0.0, 0.5))

    name: ClassVar[str] = "noisy-hopfield"
    aliases: ClassVar[tuple[str, ...]] = ("clipped-hopfield", "diluted-hopfield", "nonlinear-hopfield")
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        **SpinsWithSpectrum.branches,
        "glass": Branch("spin glass, q > 0: m = 0, or small along a cue"),
        "paramagnet": Branch("m = 0, q = 0, without a cue", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        **SpinsWithSpectrum.lines,
        "glass": Zero(
            Phase("paramagnet", at=WITHOUT_CUE), "freezing", text="spin glass order sets in, at h = 0"
        ),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
        "cue": Fold("glass"),
        "best-cut": Optimum("retrieval", "cut"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2 - h sum_i xi_i S_i, J_ii = 0",
        "m": "m = <tanh((m + h + sqrt(Delta) z)/T)>",
        "q": "q = <tanh^2((m + h + sqrt(Delta) z)/T)>",
        "C": "C = (1 - q)/T",
        "Delta": "Delta = q W",
        "R": "R = alpha/(1 - C) - alpha + V C",
        "W": "W = alpha/(1 - C)^2 + V",
        "V": "V = noise + alpha (<phi^2>/(<x phi>^2 c) - 1)",
        "f": (
            "f = m^2/2 + (alpha T/2)[ln(1 - C) + C] - T V C^2/4 - q R/2 + Delta C/2"
            " - T <ln 2cosh((m + h + sqrt(Delta) z)/T)>"
        ),
        "rho": "rho = W <sech^4((m + h + sqrt(Delta) z)/T)>/T^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "C": "susceptibility (1 - q)/T of a neuron",
        "q": "overlap of two replicas (Edwards-Anderson)",
        "Delta": "variance of the field from the other patterns and the noise",
        "V": "variance of the independent part of the couplings, times N",
        "R": "R-transform of the couplings at C",
        "W": "its slope",
    }
    references: ClassVar[tuple[str, ...]] = (
        "H. Sompolinsky, Phys. Rev. A 34, 2571 (1986)",
        "J. L. van Hemmen, Phys. Rev. A 36, 1959 (1987)",
        "A. Canning, E. Gardner, J. Phys. A 21, 3275 (1988)",
        "G. Parisi, M. Potters, J. Phys. A 28, 5267 (1995)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c, clipped": "0.10183873304595 at T = 0; the same as dilution with c = 2/pi, exact",
        "alpha_c, three levels": "0.11968735018195 at the best cut 0.612003, T = 0",
        "alpha_c of noise 0.2": "0.04064170614924 at T = 0; it vanishes at noise = 2/pi, exact",
        "cue": "folds meet at alpha = 8/(pi e^2), h = 6/(e sqrt(pi)) - erf(1), m = erf(1), T = 0, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is removed.",
        "`cut` counts for synapses of three levels and saturated ones; as it tends to 0 both are clipped.",
        "Replica symmetric: below T_R, and everywhere on the glass branch, replica symmetry is broken.",
    )

    @property
    def excess(self) -> Number:
        """<phi^2>/(<x phi>^2 c) - 1: noise of the synapses, in units of alpha."""
        u = self.cut
        if self.synapses == "linear":
            square = 1 + 0 * u  # of the shape of the batch
        elif self.synapses == "clipped":
            square = pi(self.alpha) / 2 + 0 * u
        else:
            slope, beyond = 2 * pdf(u), 2 * H(0, u)
            if self.synapses == "three-level":
                square = beyond / slope**2
            else:
                inside = erf(u / sqrt(exact(2.0) if is_exact(u) else 2.0))
                square = (inside - u * slope + u**2 * beyond) / inside**2
        return square / self.c - 1

    @property
    def couplings(self) -> Rational:
        return Rational(((self.alpha, 1.0),), self.noise + self.alpha * self.excess)

    @property
    def cue(self) -> Number:
        return self.h

    def absence(self, line: str) -> str:
        if line == "best-cut" and self.synapses in ("linear", "clipped"):
            return f"{self.synapses} synapses have no cut; take synapses=three-level"
        if line == "best-cut" and self.synapses == "saturated":
            return "saturated synapses are the better the larger the cut is"
        if line == "cue" and np.all(np.equal(self.h, 0)):
            return "without a cue the state without a pattern does not end in a fold; give h > 0"
        return ""
