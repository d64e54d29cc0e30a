"""Hopfield network at extensive load, replica symmetric, at every temperature T >= 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import log, log1p_lack, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, one_minus_rho, spin_averages
from replica.theory import (
    Boundary,
    Branch,
    Critical,
    Limit,
    Parameter,
    Theory,
    Value,
    parameter,
)
from replica.theory.boundaries import MEMORY_NAMES, lines_of_a_memory
from replica.typing import Booleans, Number, Numbers

if TYPE_CHECKING:
    from replica.functional import Model

__all__ = ["Hopfield"]


@cache
def ingredients() -> Model:
    """The same theory by its ingredients, for what the equations below do not have."""
    from replica.functional import Coupling, Energy, Layer, Model, Pattern

    return Model(
        "hopfield-network",
        parameters={
            "alpha": Parameter("load, patterns per neuron", r"\alpha", lower=0, required=True),
            "T": Parameter("temperature", "T", lower=0, default=0.0),
        },
        layers=[Layer("neurons"), Layer("hidden", "gaussian", size="alpha", normalised=True)],
        couplings=[Coupling("neurons hidden")],
        patterns=[Pattern("m", "neurons")],
        energies=[Energy("m m")],
        offset="alpha/2",
    )


@dataclass(frozen=True)
class Hopfield(Theory):
    r"""Hopfield network with extensively many patterns, replica symmetric [AGS85]_ [AGS87]_.

    The unknowns are the overlap m with the retrieved pattern and C = (1 - q)/T, which stays finite as
    T -> 0 where the overlap of replicas q tends to 1. The noise of the other patterns follows,
    r = q/(1 - C)^2, and is eliminated.

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0; T = 0 is the limit, not a division by zero.

    References
    ----------
    .. [AGS85] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).
    .. [AGS87] D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Hopfield(alpha=0.05, T=0.2), "retrieval")
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9f}")
    0.998877763 0.997830411 -0.500111165
    """

    alpha: Value = parameter(
        "load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron", typical=(0.0, 0.14)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.4))

    name: ClassVar[str] = "hopfield"
    aliases: ClassVar[tuple[str, ...]] = ("ags", "hopfield-network", "hopfield-model", "amari-hopfield")
    line_names: ClassVar[Mapping[str, str]] = MEMORY_NAMES
    order: ClassVar[tuple[str, ...]] = ("m", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest m", (1.0, 0.0)),
        "glass": Branch("spin glass: m = 0, q > 0", (0.0, 0.5)),
        "paramagnet": Branch("m = 0, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = lines_of_a_memory("stability", "log_rho")
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    next_step: ClassVar[str | None] = "hopfield-1rsb"
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_k xi_ik xi_jk/N, J_ii = 0",
        "m": "m = <tanh((m + sqrt(alpha r) z)/T)>",
        "q": "q = <tanh^2((m + sqrt(alpha r) z)/T)>",
        "C": "C = (1 - q)/T",
        "r": "r = q/(1 - C)^2",
        "f": (
            "f = alpha/2 + m^2/2 + (alpha/2)[T ln(1 - C) - q/(1 - C) + r C]"
            " - T <ln 2cosh((m + sqrt(alpha r) z)/T)>"
        ),
        "rho": "rho = alpha <sech^4((m + sqrt(alpha r) z)/T)>/(T (1 - C))^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "C": "susceptibility (1 - q)/T of a neuron",
        "q": "overlap of two replicas (Edwards-Anderson)",
        "r": "noise of the other patterns; alpha r is its variance",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985)",
        "D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987)",
        "J.-P. Naef, A. Canning, J. Phys. I France 2, 247 (1992): the re-entrant spinodal",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c(T = 0)": "0.138 (AGS 1985), 0.137905 (Steffan and Kuehn 1994)",
        "m at alpha_c": "0.967 (AGS 1985)",
        "T_g": "1 + sqrt(alpha), exact (AGS 1985)",
        "T_M near alpha = 0": "1 - 1.95 sqrt(alpha) (AGS 1987)",
        "T_c near alpha = 0": "1 - 2.6 sqrt(alpha) (AGS 1987)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is removed: f contains + alpha/2.",
        "Replica symmetric: below T_R, and everywhere on the glass branch, replica symmetry is broken.",
    )

    @classmethod
    def model_of(cls, values: Mapping[str, Value] | None = None) -> Model:
        return ingredients()

    def crosstalk(self, x: Numbers) -> Number:
        """Alpha r, the variance of the field from the patterns that are not retrieved."""
        _, C = x
        return self.alpha * (1 - self.T * C) / (1 - C) ** 2

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages over the local field m + sqrt(alpha r) z."""
        m, _ = x
        return spin_averages(m, sqrt(maximum(self.crosstalk(x), 0 * m)), self.T)

    def update(self, x: Numbers) -> Numbers:
        spin = self.spins(x)
        return stack(spin.tanh, spin.susceptibility)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, self.spins(x))

    def _mismatch(self, x: Numbers, spin: SpinAverages) -> Numbers:
        m, C = x
        return stack(spin.tanh - m, spin.response_mismatch(C))

    def free_energy(self, x: Numbers) -> Number:
        m, C = x
        q, r = 1 - self.T * C, self.crosstalk(x)
        return (
            self.alpha / 2
            + m**2 / 2
            + self.alpha / 2 * (self.T * log(1 - C) - q / (1 - C))
            + r * C / 2
            - self.spins(x).log2cosh
        )

    def physical(self, x: Numbers) -> Booleans:
        _, C = x
        return C < 1  # 0 <= C <= 1/T holds at every root by itself

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        spin = self.spins(x).with_slopes()
        return self._mismatch(x, spin), self._jacobian(x, spin)

    def jacobian(self, x: Numbers) -> Numbers:
        return self._jacobian(x, self.spins(x))

    def _jacobian(self, x: Numbers, spin: SpinAverages) -> Numbers:
        _, C = x
        variance = self.alpha * (2 * (1 - self.T * C) / (1 - C) - self.T) / (1 - C) ** 2  # d(alpha r)/dC
        return stack(
            stack(spin.susceptibility, spin.susceptibility_1 * variance / 2),
            stack(spin.susceptibility_1, spin.susceptibility_2 * variance / 2),
        )

    def start(self, branch: str) -> Numbers:
        if branch == "glass":  # q close to its value at small alpha; C = 1/(1 + sqrt(alpha)) at T_g
            T = np.asarray(self.T, dtype=float)
            C0 = 1 / (1 + np.sqrt(np.asarray(self.alpha, dtype=float) * np.pi / 2))
            C = np.minimum(C0, 1 / np.maximum(T, 1e-300)) * (1 - 1e-3)
            return self.state(m=0.0, C=np.where(np.less(T, 1 + np.sqrt(self.alpha)), C, np.nan))
        if branch == "paramagnet":
            return self.state(m=0.0, C=1 / maximum(self.T, 1e-300 + 0 * self.T))
        return super().start(branch)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, C = x
        q = 1 - self.T * C
        if branch == "retrieval":
            return m > 1e-7
        return (np.abs(m) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))

    def state(self, **known: Number) -> Numbers:
        if "q" in known:
            q = known.pop("q")
            if np.any((np.asarray(self.T) == 0) & (np.asarray(q) != 1)):
                msg = "hopfield: at T = 0 the overlap q is 1; start from C = (1 - q)/T instead"
                raise ParameterError(msg)
            known["C"] = (1 - q) / np.maximum(self.T, 1e-300)
        return super().state(**known)

    def derived(self, x: Numbers) -> dict[str, Number]:
        _, C = x
        q = 1 - self.T * C
        return {"q": q, "r": q / (1 - C) ** 2}

    def entropy(self, x: Numbers) -> Number:
        _, C = x
        return self.spins(x).entropy - self.alpha / 2 * log1p_lack(C / (1 - C))

    def rho(self, x: Numbers) -> Number:
        """Alpha <sech^4>/(T (1 - C))^2; replica symmetry is stable below 1 [AGS87]_."""
        _, C = x
        return ratio(self.alpha * self.spins(x).sech4_over_T / (1 - C) ** 2, self.T)

    def replicon(self, x: Numbers) -> Number:
        return one_minus_rho(self.rho(x), self.spins(x))

    def log_rho(self, x: Numbers) -> Number:
        """Zero at T_R; nearly linear in log T, which makes T_R = 1e-23 as easy as T_R = 0.04."""
        return log(self.rho(x))
