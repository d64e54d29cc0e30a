"""Hopfield networks after unlearning (dreaming), up to the pseudo-inverse rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import log, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import (
    Boundary,
    Branch,
    Critical,
    Fold,
    Limit,
    Theory,
    Value,
    parameter,
)
from replica.theory.boundaries import MEMORY_NAMES, lines_of_a_memory
from replica.typing import Booleans, Number, Numbers

__all__ = ["Dreaming", "PseudoInverse"]


@dataclass(frozen=True)
class Dreaming(Theory):
    r"""Hopfield network after a time t of dreaming, J = xi^T (1 + t)(1 + t K)^{-1} xi/N [FAB19]_.

    K are the correlations of the patterns: dreaming weakens what they have in common. t = 0 is the Hopfield
    network, t to infinity the pseudo-inverse rule (`PseudoInverse`). Units of spins with an imaginary
    Gaussian part, v = s + i sqrt(T t/(1 + t)) phi, make of it two layers without correlations.

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    t : float or array
        Time of dreaming, >= 0.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [FAB19] A. Fachechi, E. Agliari, A. Barra, Neural Netw. 112, 24 (2019).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Dreaming(alpha=0.1, t=1.0, T=0.2))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9f}")
    0.999393207 0.998790049 -0.512552355
    >>> print(f"{critical(Dreaming(alpha=0.1, t=1.0)).value:.12f}")
    0.386595963839
    """

    alpha: Value = parameter(
        "load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron", typical=(0.0, 0.5)
    )
    t: Value = parameter("time of dreaming", "t", lower=0, default=1.0, typical=(0.0, 5.0))
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.4))

    name: ClassVar[str] = "dreaming"
    aliases: ClassVar[tuple[str, ...]] = ("unlearning", "dreaming-hopfield")
    without_integrals: ClassVar[bool] = True
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2",
        "J": "J = xi^T (1 + t)(1 + t K)^(-1) xi/N, K = xi xi^T/N",
        "m": "m = <tanh(b/(T D))>",
        "b": "b = M + sqrt(alpha P) z",
        "M": "M = (1 + t) m/(D + t)",
        "C": "C = chi/D^2 - s/D",
        "chi": "chi = (1 - q)/T",
        "q": "q = <tanh^2(b/(T D))>",
        "Delta": "Delta = alpha P",
        "D": "D = 1 + s alpha/A",
        "A": "A = 1/(1 + t) - C",
        "s": "s = t/(1 + t)",
        "Q": "Q = A^2 P = <(tanh(b/(T D)) - s b)^2>/D^2",
        "f": (
            "f = M^2/(2(1 + t)) + (alpha/2)[P C + T C/A + T ln(A/A0)] + (T/2) ln(D/D0) - alpha/(2 D A)"
            " + s (M^2 + alpha P)/(2 D) - T <ln 2cosh(b/(T D))> + alpha T s/(2 A0 D0)"
        ),
        "A0": "A0 = 1/(1 + t) + s/D0, D0 = 1 + s alpha/A0",
        "rho": "rho = (alpha/A^2) <(s/D - sech^2(b/(T D))/(T D^2))^2>; replicon = 1 - rho",
    }
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at T = 0": "0.165139773866 (t = 0.1), 0.386595963839 (t = 1)",
        "t = 0": "the Hopfield network, but for the diagonal, alpha/2",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is kept.",
        "At T = 0 alpha_c exceeds 1 from t ~ 35 on: t to infinity and T to 0 do not commute.",
        "Roots with A < 0 or D < 0 are spurious, and not physical.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )
    order: ClassVar[tuple[str, ...]] = ("m", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest m"),
        "glass": Branch("spin glass: m = 0, q > 0"),
        "paramagnet": Branch("m = 0, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = lines_of_a_memory("freezing", "log_instability")
    line_names: ClassVar[Mapping[str, str]] = MEMORY_NAMES
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "C": "response of a unit of both parts, chi/D^2 - s/D",
        "q": "overlap of two replicas of the neurons (Edwards-Anderson)",
        "chi": "susceptibility (1 - q)/T of a neuron",
        "Delta": "variance alpha P of the field b from the other patterns",
        "A": "1/(1 + t) - C",
        "D": "1 + s alpha/A",
        "P": "overlap of two replicas of the hidden units",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Fachechi, E. Agliari, A. Barra, Neural Netw. 112, 24 (2019)",
        "I. Kanter, H. Sompolinsky, Phys. Rev. A 35, 380 (1987)",
    )

    @property
    def s(self) -> Number:
        """t/(1 + t): T s is the variance of the imaginary part of a unit."""
        return self.t / (1 + self.t)

    @property
    def rest(self) -> Number:
        """1 - s."""
        return 1 / (1 + self.t)

    def parts(self, x: Numbers) -> tuple[Number, Number, Number, Number, Number]:
        """A, D, chi, M and Delta, as they follow from m and C where the equations hold.

        With the units v = spin + i sqrt(T s) phi, their overlap is A^2 Delta/alpha, in which Delta stands on
        either side.
        """
        m, C = x
        s = self.s
        with np.errstate(all="ignore"):  # outside the physical domain
            return self._parts(m, C, s)

    def _parts(self, m: Number, C: Number, s: Number) -> tuple[Number, Number, Number, Number, Number]:
        A = self.rest - C
        D = 1 + s * self.alpha / A
        chi = D * (D * C + s)
        M = m / (self.rest * D + s)
        above = self.alpha * (1 - self.T * chi - 2 * s * M * m + s**2 * M**2)
        below = (A * D) ** 2 + self.alpha * s * (2 * chi / D - s)
        return A, D, chi, M, above / below

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages over the field b/D."""
        _, D, _, M, Delta = self.parts(x)
        return spin_averages(M / D, sqrt(maximum(Delta, 0 * M)) / D, self.T)

    def update(self, x: Numbers) -> Numbers:
        D, spin = self.parts(x)[1], self.spins(x)
        return stack(spin.tanh, spin.susceptibility / D**2 - self.s / D)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, self.spins(x))

    def _mismatch(self, x: Numbers, spin: SpinAverages) -> Numbers:
        _, D, chi, _, _ = self.parts(x)
        return stack(spin.tanh - x[0], spin.response_mismatch(chi) / D**2)

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
        s, alpha, T = self.s, self.alpha, self.T
        A, D, chi, M, Delta = self.parts(x)
        D_C = s * alpha / A**2
        chi_C = 2 * D * D_C * C + D**2 + s * D_C
        pull = 1 / (self.rest * D + s)
        M_C = -M * pull * self.rest * D_C
        below = (A * D) ** 2 + alpha * s * (2 * chi / D - s)
        above_m = alpha * (-4 * s * M + 2 * s**2 * M * pull)
        above_C = alpha * (-T * chi_C - 2 * s * m * M_C + 2 * s**2 * M * M_C)
        below_C = 2 * A * D * (A * D_C - D) + 2 * alpha * s * (chi_C - chi * D_C / D) / D
        Delta_m, Delta_C = above_m / below, (above_C - Delta * below_C) / below
        # of the field M/D + sqrt(Delta) z/D: its mean, and half its variance
        loc_m, loc_C = pull / D, M_C / D - M * D_C / D**2
        var_m, var_C = Delta_m / D**2 / 2, (Delta_C / 2 - Delta * D_C / D) / D**2
        first, second, third = spin.susceptibility, spin.susceptibility_1, spin.susceptibility_2
        tanh = [first * loc + second * var for loc, var in ((loc_m, var_m), (loc_C, var_C))]
        own = [second * loc + third * var for loc, var in ((loc_m, var_m), (loc_C, var_C))]
        outer = s * D_C / D**2 - 2 * first * D_C / D**3
        return stack(stack(*tanh), stack(own[0] / D**2, own[1] / D**2 + outer))

    def free_energy(self, x: Numbers) -> Number:
        s, alpha, T, C = self.s, self.alpha, self.T, x[1]
        A, D, _, M, Delta = self.parts(x)
        A0, D0 = self.bare
        return (
            self.rest * M**2 / 2
            + Delta * C / 2
            + alpha * T / 2 * (C / A + s / (D0 * A0) + log(A / A0))
            + T / 2 * log(D / D0)
            - alpha / (2 * D * A)
            + s * (M**2 + Delta) / (2 * D)
            - self.spins(x).log2cosh
        )

    @property
    def bare(self) -> tuple[Number, Number]:
        """A and D at infinite temperature, where (1/2) ln det(1 + t K) is all that is left."""
        s, rest = self.s, self.rest
        half = (1 - s * self.alpha) / 2
        A0 = half + sqrt(half**2 + s * self.alpha * rest)
        return A0, 1 + s * self.alpha / A0

    def physical(self, x: Numbers) -> Booleans:
        A, D, _, _, _ = self.parts(x)
        return (A > 0) & (D > 0)

    def start(self, branch: str) -> Numbers:
        """At a pattern chi = 0, in the paramagnet 1/T; in a glass as at T = 0, by the width of the field."""
        if branch == "retrieval":
            return self.state(m=1.0, C=self.response(0 * self.s))
        T = np.asarray(self.T, dtype=float) if not self.is_exact else self.T
        if branch == "paramagnet":
            return self.state(m=0.0, C=self.response(1 / maximum(T, 1e-300 + 0 * T)))
        most = 1 / np.maximum(T, 1e-300)
        low, high = np.zeros(self.batch), np.minimum(most, 1e3) + np.zeros(self.batch)
        with np.errstate(all="ignore"):
            for _ in range(60):
                chi = (low + high) / 2
                x = np.stack(np.broadcast_arrays(0 * chi, self.response(chi)))
                _, D, _, _, Delta = self.at(T=0 * chi).parts(x)
                above = ~((chi * np.sqrt(np.maximum(Delta, 0)) / D < np.sqrt(2 / np.pi)) & (Delta > 0))
                low, high = np.where(above, low, chi), np.where(above, chi, high)
        return self.state(m=0.0, C=self.response(np.minimum(low, most) * (1 - 1e-3)))

    def response(self, chi: Number) -> Number:
        """C at a given susceptibility of the neurons: 1/(1 + t) - A of the largest root A of a cubic."""
        A, D = self.bare
        s, rest, alpha = self.s, self.rest, self.alpha
        A = A + 0 * chi
        with np.errstate(all="ignore"):
            for _ in range(400 if self.is_exact else 100):  # from above, where it is monotone
                D = 1 + s * alpha / A
                D_A = -s * alpha / A**2
                miss = D * (D * (rest - A) + s) - chi
                step = miss / (D_A * (2 * D * (rest - A) + s) - D**2)
                A = A - maximum(-step * 0 + step, -A) if self.is_exact else np.maximum(A - step, A / 10)
                if np.all(np.abs(step) <= 1e-17 * np.abs(A)):
                    break
        return rest - A

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        with np.errstate(all="ignore"):  # a paramagnet at T = 0
            q = 1 - self.T * self.parts(x)[2]
        if branch == "retrieval":
            return x[0] > 1e-7
        return (np.abs(x[0]) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))

    def derived(self, x: Numbers) -> dict[str, Number]:
        _, _, chi, _, Delta = self.parts(x)
        return {"q": 1 - self.T * chi, "chi": chi, "Delta": Delta}

    def entropy(self, x: Numbers) -> Number:
        A, D, _, _, _ = self.parts(x)
        A0, D0 = self.bare
        C, s, alpha = x[1], self.s, self.alpha
        return self.spins(x).entropy - alpha / 2 * (C / A + s / (D0 * A0) + log(A / A0)) - log(D / D0) / 2

    def instability(self, x: Numbers) -> Number:
        """Alpha E[(dv/db)^2]/A^2: replica symmetry is stable below 1."""
        A, D, _, _, _ = self.parts(x)
        spin, s = self.spins(x), self.s
        cold = ratio(self.alpha * spin.sech4_over_T / (A * D**2) ** 2, self.T)
        return cold + self.alpha * s / (A * D) ** 2 * (s - 2 * spin.susceptibility / D)

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.instability(x)

    def log_instability(self, x: Numbers) -> Number:
        """Zero at T_R; nearly linear in log T."""
        return log(self.instability(x))

    def freezing(self, x: Numbers) -> Number:
        """The replicon of the paramagnet: zero where q > 0 sets in."""
        A, D, chi, _, _ = self.parts(x)
        return 1 - self.alpha * ((chi / D - self.s) / (A * D)) ** 2


@dataclass(frozen=True)
class PseudoInverse(Theory):
    r"""Couplings that project onto the span of the patterns, J = xi^T K^{-1} xi/N [KS87]_.

    The network that has dreamt for ever (`Dreaming`). A retrieved pattern is an eigenvector, so the field has
    no noise: all spins along a pattern are alike.

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, in [0, 1).
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [KS87] I. Kanter, H. Sompolinsky, Phys. Rev. A 35, 380 (1987).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(PseudoInverse(alpha=0.5, T=0.1))
    >>> print(f"{state['m']:.9f} {state.free_energy:.9f} {critical(state.theory).value:.9f}")
    0.999908284 -0.500004563 0.696491782
    """

    alpha: Value = parameter(
        "load, patterns per neuron",
        r"\alpha",
        lower=0,
        upper=1,
        open_upper=True,
        unit="patterns/neuron",
        typical=(0.0, 0.95),
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.1, unit="J", typical=(0.0, 1.2))

    name: ClassVar[str] = "pseudo-inverse"
    aliases: ClassVar[tuple[str, ...]] = ("projection-rule", "kanter-sompolinsky")
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest m", (1.0,)),
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2, J = xi^T K^(-1) xi/N, K = xi xi^T/N",
        "m": "m = tanh(m/(T D))",
        "q": "q = m^2",
        "chi": "chi = (1 - q)/T",
        "D": "(1 - alpha) D^2 - (1 + chi) D + chi = 0",
        "A": "A = (D - chi)/D^2",
        "f": (
            "f = (alpha T/2) ln(A/(1 - alpha)) + (T/2) ln((1 - alpha) D) + m^2/(2 D) - (1 - 1/D)/2"
            " - T ln 2cosh(m/(T D))"
        ),
        "rho": "rho = alpha (1 - chi/D)^2/(A D)^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "chi": "susceptibility of a neuron",
        "D": "what the field of a pattern is divided by",
        "A": "the same of the hidden units",
        "q": "overlap of two replicas (Edwards-Anderson)",
    }
    references: ClassVar[tuple[str, ...]] = (
        "I. Kanter, H. Sompolinsky, Phys. Rev. A 35, 380 (1987)",
        "L. Personnaz, I. Guyon, G. Dreyfus, J. Physique Lett. 46, 359 (1985)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c as T -> 0": "1, exact: at T = 0 every pattern is a fixed point at every alpha < 1",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is kept.",
        "The limits t to infinity and T to 0 of dreaming do not commute; here t to infinity comes first.",
        "The paramagnet is locally stable at every T > 0 and has the lower f, with a negative entropy where "
        "it is cold: its glass is not replica symmetric, and not sought.",
    )

    def parts(self, x: Numbers) -> tuple[Number, Number, SpinAverages]:
        """D, chi, and the spins; chi follows from m where the equation holds."""
        (m,) = x
        T, rest = maximum(self.T, 1e-150 + 0 * self.T), 1 - self.alpha
        chi = (1 - m**2) / T
        D = (1 + chi + sqrt(maximum((1 + chi) ** 2 - 4 * rest * chi, 0 * chi))) / (2 * rest)
        return D, chi, spin_averages(m / D, 0 * m, self.T)

    def update(self, x: Numbers) -> Numbers:
        return stack(self.parts(x)[2].tanh)

    def jacobian(self, x: Numbers) -> Numbers:
        (m,) = x
        with np.errstate(all="ignore"):
            D, chi, spin = self.parts(x)
            D_m = -2 * m / maximum(self.T, 1e-150 + 0 * m) * (D - 1) / (2 * (1 - self.alpha) * D - 1 - chi)
            return stack(stack(spin.susceptibility * (1 - m * D_m / D) / D))

    def free_energy(self, x: Numbers) -> Number:
        (m,) = x
        D, chi, spin = self.parts(x)
        warm = self.alpha * log((D - chi) / D**2 / (1 - self.alpha)) + log((1 - self.alpha) * D)
        return self.T / 2 * warm + m**2 / (2 * D) - (1 - 1 / D) / 2 - spin.log2cosh

    def physical(self, x: Numbers) -> Booleans:
        D, chi, _ = self.parts(x)
        return (chi < D) & (np.abs(x[0]) <= 1)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (m,) = x
        return m > 1e-7 if branch == "retrieval" else np.abs(m) < 1e-7

    def derived(self, x: Numbers) -> dict[str, Number]:
        D, chi, _ = self.parts(x)
        return {"q": x[0] ** 2, "chi": chi, "D": D}

    def entropy(self, x: Numbers) -> Number:
        D, chi, spin = self.parts(x)
        A = (D - chi) / D**2
        return spin.entropy - self.alpha / 2 * log(A / (1 - self.alpha)) - log((1 - self.alpha) * D) / 2

    def replicon(self, x: Numbers) -> Number:
        D, chi, _ = self.parts(x)
        return 1 - self.alpha * (D / (D - chi) * (1 - chi / D)) ** 2
