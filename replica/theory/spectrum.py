"""Spins with a spectrum: one pattern on top of couplings of which only the R-transform counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from replica.numerics.free_probability import RTransform, Transformed
from replica.numerics.functions import log, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, one_minus_rho, spin_averages
from replica.theory.base import Theory
from replica.theory.boundaries import MEMORY_NAMES, Boundary, Branch, lines_of_a_memory
from replica.theory.parameters import Value
from replica.typing import Booleans, Number, Numbers

__all__ = ["SIGNS", "SpinsWithSpectrum"]

SIGNS = ((1.0, 1.0, 0.0),)
"""The law of a pattern of signs, where its spins are turned along it."""


class SpinsWithSpectrum(Theory):
    r"""Spins, a pattern, and couplings in random directions of which only the spectrum counts.

    H = -(strength/2N) (sum w_i s_i)^2 - (1/2) sum_{i != j} K_ij s_i s_j - h sum s_i, replica symmetric, where
    K has the R-transform R(x), G' = R, and w are the entries of the pattern, turned so that signs are 1:

        m = E[w <tanh(b/T)>],  C = (1 - q)/T,  b = strength m w + h + sqrt(Delta) z,  Delta = q R'(C)
        f = strength m^2/2 - (T/2) G(C) - (q/2) R(C) + Delta C/2 - T E <ln 2cosh(b/T)>

    R = alpha/(1 - x) - alpha is the Hopfield network, R = x the SK model. Replica symmetry is stable where
    R'(C) E<sech^4(b/T)>/T^2 < 1. A subclass gives `couplings`, and what it has of `strength`, `cue`, `law`.

    References
    ----------
    G. Parisi, M. Potters, J. Phys. A 28, 5267 (1995).
    """

    T: Value
    order: ClassVar[tuple[str, ...]] = ("m", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest m", (1.0, 0.0)),
        "glass": Branch("spin glass: m = 0, q > 0"),
        "paramagnet": Branch("m = 0, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = lines_of_a_memory("freezing", "log_instability")
    line_names: ClassVar[Mapping[str, str]] = MEMORY_NAMES

    # -- what a subclass gives ---------------------------------------------------------------------------

    @property
    def couplings(self) -> RTransform:
        """The R-transform of the couplings besides the pattern."""
        raise NotImplementedError

    @property
    def strength(self) -> Number:
        """What the pattern's part of the couplings is multiplied by."""
        return 1.0

    @property
    def cue(self) -> Number:
        """Field along the pattern."""
        return 0.0

    @property
    def law(self) -> tuple[tuple[Number, Number, Number], ...]:
        """Weight, mean and variance of each Gaussian part of the law of a pattern's entry."""
        return SIGNS

    # -- the equations -----------------------------------------------------------------------------------

    def delta(self, x: Numbers) -> tuple[Number, Number]:
        """Delta, the variance of the field from the other couplings, and its derivative by C."""
        known = self.couplings.at(x[1])
        return self._delta(x, known)

    def _delta(self, x: Numbers, known: Transformed) -> tuple[Number, Number]:
        q = 1 - self.T * x[1]
        return q * known.slope, q * known.bend - self.T * known.slope

    def sites(
        self, x: Numbers, noise: Number | None = None
    ) -> Iterator[tuple[Number, Number, Number, SpinAverages]]:
        """For each part of the law of the pattern: weight, mean, variance, and the spins in their field.

        `noise` is Delta where it is known: the transform of many eigenvalues takes most of the time.
        """
        pull = self.strength * x[0]
        noise = self.delta(x)[0] if noise is None else noise
        for weight, mean, spread in self.law:
            width = sqrt(maximum(noise + spread * pull**2, 0 * pull))
            yield weight, mean, spread, spin_averages(pull * mean + self.cue, width, self.T)

    def update(self, x: Numbers) -> Numbers:
        pull, m, C = self.strength * x[0], 0.0, 0.0
        for weight, mean, spread, spin in self.sites(x):
            C = C + weight * spin.susceptibility
            # Stein's lemma for the Gaussian part of the pattern
            m = m + weight * (mean * spin.tanh + spread * pull * spin.susceptibility)
        return stack(m, C)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, list(self.sites(x)))

    def _mismatch(self, x: Numbers, sites: list[tuple[Number, Number, Number, SpinAverages]]) -> Numbers:
        pull, m, C = self.strength * x[0], -x[0], 0.0
        for weight, mean, spread, spin in sites:
            C = C + weight * spin.response_mismatch(x[1])
            m = m + weight * (mean * spin.tanh + spread * pull * spin.susceptibility)
        return stack(m, C)

    def free_energy(self, x: Numbers) -> Number:
        m, C = x
        known = self.couplings.at(C)
        q, delta = 1 - self.T * C, self._delta(x, known)[0]
        own = self.strength * m**2 / 2 - (self.T * known.integral + q * known.value - delta * C) / 2
        return own - sum(weight * spin.log2cosh for weight, _, _, spin in self.sites(x, delta))

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        delta, slope = self.delta(x)
        sites = [(*part, spin.with_slopes()) for *part, spin in self.sites(x, delta)]
        return self._mismatch(x, sites), self._jacobian(x, sites, slope)

    def jacobian(self, x: Numbers) -> Numbers:
        delta, slope = self.delta(x)
        return self._jacobian(x, list(self.sites(x, delta)), slope)

    def _jacobian(
        self, x: Numbers, sites: list[tuple[Number, Number, Number, SpinAverages]], slope: Number
    ) -> Numbers:
        J, by_C = self.strength, slope / 2
        mm, mC, Cm, CC = 0.0, 0.0, 0.0, 0.0
        for weight, mean, spread, spin in sites:
            loc, variance = J * mean, J * spread * J * x[0]  # of the field, by m; half of it
            chi, chi_1, chi_2 = spin.susceptibility, spin.susceptibility_1, spin.susceptibility_2
            by_m = chi_1 * loc + chi_2 * variance
            mm = mm + weight * (mean * (chi * loc + chi_1 * variance) + spread * J * (chi + x[0] * by_m))
            mC = mC + weight * (mean * chi_1 + spread * J * x[0] * chi_2) * by_C
            Cm = Cm + weight * by_m
            CC = CC + weight * chi_2 * by_C
        return stack(stack(mm, mC), stack(Cm, CC))

    def physical(self, x: Numbers) -> Booleans:
        return x[1] < self.couplings.edge  # 0 <= C <= 1/T holds at every root by itself

    def start(self, branch: str) -> Numbers:
        if branch == "paramagnet":
            return self._state(0.0, 1 / maximum(self.T, 1e-300 + 0 * self.T))
        if branch == "glass":  # that of T = 0, where C^2 R'(C) = 2/pi
            T, edge = np.asarray(self.T, dtype=float), np.asarray(self.couplings.edge, dtype=float)
            low = np.zeros(np.broadcast_shapes(self.batch, edge.shape))
            high = np.minimum(edge, 1e3) + low
            with np.errstate(all="ignore"):
                for _ in range(60):
                    C = (low + high) / 2
                    above = C**2 * self.couplings.at(C).slope > 2 / np.pi
                    low, high = np.where(above, low, C), np.where(above, C, high)
            C0 = np.minimum(C, 1 / np.maximum(T, 1e-300)) * (1 - 1e-3)
            return self._state(np.sign(self.cue) * np.minimum(np.abs(self.cue) * C0, 1), C0)
        return super().start(branch)

    def _state(self, m: Number, C: Number) -> Numbers:
        return self.state(**dict(zip(self.order, (m, C), strict=True)))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, C = x
        q, bare = 1 - self.T * C, np.equal(self.cue, 0)
        if branch == "retrieval":
            return m > 1e-7
        if branch == "glass":  # with a cue that below the cusp of the folds, where they meet at T = 0
            pull = self.strength * m + self.cue
            led = (m * self.cue > 0) & (pull**2 < 2 * self.delta(x)[0])
            return ((bare & (np.abs(m) < 1e-7)) | led) & (q > 1e-7)
        return bare & (np.abs(m) < 1e-7) & (np.abs(q) < 1e-7)

    def derived(self, x: Numbers) -> dict[str, Number]:
        return {"q": 1 - self.T * x[1], "Delta": self.delta(x)[0]}

    def entropy(self, x: Numbers) -> Number:
        own = sum(weight * spin.entropy for weight, _, _, spin in self.sites(x))
        return own - self.couplings.at(x[1]).gain / 2

    def instability(self, x: Numbers) -> Number:
        """R'(C) <sech^4>/T^2; replica symmetry is stable below 1."""
        square = sum(weight * spin.sech4_over_T for weight, _, _, spin in self.sites(x))
        return ratio(self.couplings.at(x[1]).slope * square, self.T)

    def replicon(self, x: Numbers) -> Number:
        if self.law is SIGNS:
            return one_minus_rho(self.instability(x), *(spin for *_, spin in self.sites(x)))
        return 1 - self.instability(x)

    def log_instability(self, x: Numbers) -> Number:
        """Zero at T_R; nearly linear in log T, for T_R as low as 1e-23."""
        return log(self.instability(x))

    def freezing(self, x: Numbers) -> Number:
        """T^2 - R'(1/T) of the paramagnet: zero where q > 0 sets in."""
        return 1 - x[1] ** 2 * self.couplings.at(x[1]).slope
