"""A Hopfield network that learns from data of a teacher: one planted pattern, examples as couplings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import log, log1p_lack, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["Planted"]


@dataclass(frozen=True)
class Planted(Theory):
    r"""Student and teacher with one Gaussian hidden unit: the planted Hopfield network [ACMT23]_.

    alpha N examples S are drawn from p(S) ~ exp((S . xi*)^2/(2 N T_star)), each nearly uninformative, and the
    student's weights xi of signs follow exp(sum (S . xi)^2/(2 N T)): examples are the patterns of a Hopfield
    network, which past its capacity remembers what they have in common. k = 1/(T_star - 1).

    Parameters
    ----------
    alpha : float or array
        Examples per weight, >= 0.
    T : float or array
        Temperature of the student, >= 0.
    T_star : float or array
        Temperature of the teacher, > 1.

    References
    ----------
    .. [ACMT23] F. Alemanno, L. Camanzi, G. Manzan, D. Tantari, Appl. Math. Comput. 458, 128253 (2023).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Planted(alpha=0.5, T=1.2, T_star=1.5))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9f} {critical(state.theory).value:.9f}")
    0.330389936 0.419231392 -1.331893464 0.100000000
    """

    alpha: Value = parameter(
        "examples per weight", r"\alpha", lower=0, unit="examples/weight", typical=(0.0, 1.5)
    )
    T: Value = parameter("temperature of the student", "T", lower=0, typical=(0.0, 2.5))
    T_star: Value = parameter(
        "temperature of the teacher", "T^*", lower=1, open_lower=True, default=1.5, typical=(1.1, 3.0)
    )

    name: ClassVar[str] = "planted"
    aliases: ClassVar[tuple[str, ...]] = ("planted-hopfield", "teacher-hopfield")
    order: ClassVar[tuple[str, ...]] = ("m", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "learning": Branch("m > 0: the teacher is known"),
        "glass": Branch("m = 0, q > 0: the student is sure, and wrong"),
        "paramagnet": Branch("m = 0, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "learning": Zero(
            Phase("paramagnet"), "alignment", text="learning sets in: alpha = (T - 1)(T_star - 1)"
        ),
        "glass": Zero(Phase("paramagnet"), "freezing", text="spin glass order sets in: T = 1 + sqrt(alpha)"),
        "mixed": Zero(Phase("glass"), "alignment", text="learning sets in, in the glass"),
        "stability": Zero(
            Phase("learning"),
            "log_instability",
            "stability",
            text="replica symmetry breaks where the teacher is known (replicon = 0)",
        ),
    }
    line_names: ClassVar[Mapping[str, str]] = {"T_g": "glass", "T_R": "stability"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "learning", "alpha_c", "examples from which on the paramagnet learns"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_k (sum_i s_ik S_i)^2/(2 N)",
        "m": "m = <tanh((S + sqrt(alpha r) z)/T)>",
        "q": "q = <tanh^2((S + sqrt(alpha r) z)/T)>",
        "C": "C = (1 - q)/T",
        "k": "k = 1/(T_star - 1)",
        "r": "r = (q + k m^2)/(1 - C)^2",
        "S": "S = alpha k m/(1 - C)",
        "f": (
            "f = (alpha T/2) ln(1 - C) - (alpha/2)(q + k m^2)/(1 - C) + alpha r C/2 + S m"
            " - T <ln 2cosh((S + sqrt(alpha r) z)/T)>"
        ),
        "rho": "rho = alpha <sech^4((S + sqrt(alpha r) z)/T)>/(T (1 - C))^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the teacher",
        "C": "susceptibility (1 - q)/T of a weight",
        "q": "overlap of two students",
        "r": "noise of the examples; alpha r is its variance",
        "S": "field of the teacher",
        "k": "variance of an example's overlap with the teacher, less 1",
    }
    references: ClassVar[tuple[str, ...]] = (
        "F. Alemanno, L. Camanzi, G. Manzan, D. Tantari, Appl. Math. Comput. 458, 128253 (2023)",
        "A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "learning": "alpha = (T - 1)(T_star - 1), exact",
        "T_g": "1 + sqrt(alpha), exact, as in the Hopfield network",
        "T = T_star": "m = q (Nishimori line), and alpha_c = (T - 1)^2",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is kept.",
        "Memory of one example, at small alpha, is retrieval of the Hopfield network.",
        "Replica symmetric: exact on T = T_star, and broken where the replicon is negative.",
    )

    @property
    def k(self) -> Number:
        """1/(T_star - 1)."""
        return 1 / (self.T_star - 1)

    def fields(self, x: Numbers) -> tuple[Number, Number]:
        """S and alpha r: mean and variance of the field on a weight."""
        m, C = x
        with np.errstate(all="ignore"):
            r = (1 - self.T * C + self.k * m**2) / (1 - C) ** 2
            return self.alpha * self.k * m / (1 - C), self.alpha * r

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages over the field on a weight."""
        S, noise = self.fields(x)
        return spin_averages(S, sqrt(maximum(noise, 0 * S)), self.T)

    def update(self, x: Numbers) -> Numbers:
        spin = self.spins(x)
        return stack(spin.tanh, spin.susceptibility)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, self.spins(x))

    def _mismatch(self, x: Numbers, spin: SpinAverages) -> Numbers:
        return stack(spin.tanh - x[0], spin.response_mismatch(x[1]))

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        spin = self.spins(x).with_slopes()
        return self._mismatch(x, spin), self._jacobian(x, spin)

    def jacobian(self, x: Numbers) -> Numbers:
        return self._jacobian(x, self.spins(x))

    def _jacobian(self, x: Numbers, spin: SpinAverages) -> Numbers:
        with np.errstate(all="ignore"):
            return self._slopes(x, spin)

    def _slopes(self, x: Numbers, spin: SpinAverages) -> Numbers:
        m, C = x
        rest, k, alpha = 1 - C, self.k, self.alpha
        S, noise = self.fields(x)
        S_m, S_C = alpha * k / rest, S / rest
        half_m, half_C = alpha * k * m / rest**2, noise / rest - alpha * self.T / rest**2 / 2
        first, second, third = spin.susceptibility, spin.susceptibility_1, spin.susceptibility_2
        return stack(
            stack(first * S_m + second * half_m, first * S_C + second * half_C),
            stack(second * S_m + third * half_m, second * S_C + third * half_C),
        )

    def free_energy(self, x: Numbers) -> Number:
        m, C = x
        S, noise = self.fields(x)
        q = 1 - self.T * C
        own = self.alpha / 2 * (self.T * log(1 - C) - (q + self.k * m**2) / (1 - C))
        return own + noise * C / 2 + S * m - self.spins(x).log2cosh

    def physical(self, x: Numbers) -> Booleans:
        return x[1] < 1

    def start(self, branch: str) -> Numbers:
        T = maximum(self.T, 1e-300 + 0 * self.T)
        if branch == "paramagnet":
            return self.state(m=0.0, C=1 / T)
        # as in the Hopfield network; the teacher is added to it
        most = 1 / (1 + sqrt(self.alpha * np.pi / 2))
        C = np.minimum(most, 1 / T) * (1 - 1e-3)
        if branch == "glass":
            return self.state(m=0.0, C=C)
        return self.state(m=0.9, C=np.minimum(C, 0.1 / T))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, C = x
        q = 1 - self.T * C
        if branch == "learning":
            return m > 1e-7
        return (np.abs(m) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))

    def derived(self, x: Numbers) -> dict[str, Number]:
        S, _ = self.fields(x)
        q = 1 - self.T * x[1]
        return {"q": q, "r": (q + self.k * x[0] ** 2) / (1 - x[1]) ** 2, "S": S}

    def entropy(self, x: Numbers) -> Number:
        _, C = x
        return self.spins(x).entropy - self.alpha / 2 * log1p_lack(C / (1 - C))

    def alignment(self, x: Numbers) -> Number:
        """1 - alpha k C/(1 - C): zero where m = 0 becomes unstable."""
        return 1 - self.alpha * self.k * x[1] / (1 - x[1])

    def freezing(self, x: Numbers) -> Number:
        """1 - alpha C^2/(1 - C)^2: zero where a paramagnet freezes."""
        return 1 - self.alpha * (x[1] / (1 - x[1])) ** 2

    def instability(self, x: Numbers) -> Number:
        """Alpha <sech^4>/(T (1 - C))^2; replica symmetry is stable below 1."""
        return ratio(self.alpha * self.spins(x).sech4_over_T / (1 - x[1]) ** 2, self.T)

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.instability(x)

    def log_instability(self, x: Numbers) -> Number:
        """Zero at T_R; nearly linear in log T."""
        return log(self.instability(x))
