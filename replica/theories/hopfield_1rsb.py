"""Hopfield network at extensive load with one step of replica symmetry breaking, T >= 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.broken_spins import BrokenAverages, broken_averages
from replica.numerics.functions import erf, log1p, log1p_lack, maximum, ratio
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Phase,
    Value,
    parameter,
)
from replica.theory.one_step import MAXIMUM, SYMBOLS, OneStep, equations
from replica.typing import Booleans, Number, Numbers

__all__ = ["Hopfield1RSB"]


@dataclass(frozen=True)
class Hopfield1RSB(OneStep):
    r"""Hopfield network with extensively many patterns, one step of replica symmetry breaking [SK94]_.

    The unknowns m, C, B and tau are those of `OneStep`. The noise of the other patterns, r1 inside a state
    and r0 between states, follows and is eliminated.

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, > 0.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [SK94] H. Steffan, R. Kuehn, Z. Phys. B 95, 249 (1994).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Hopfield1RSB(alpha=0.138, T=0.0))
    >>> print(f"{state['m']:.9f} {state['q0']:.9f} {state.energy:.9f}")
    0.970700317 0.997162875 -0.501446739
    """

    # for 0 < T < 0.03 replica symmetry is broken in retrieval states at loads around the middle of the
    # typical range only, from which searches start too
    alpha: Value = parameter(
        "load, patterns per neuron",
        r"\alpha",
        lower=0,
        open_lower=True,
        unit="patterns/neuron",
        typical=(0.055, 0.221),
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 0.1))

    name: ClassVar[str] = "hopfield-1rsb"
    aliases: ClassVar[tuple[str, ...]] = ("ags-1rsb",)
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_c": "first-order"}
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("T")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest m"),
        "glass": Branch("spin glass of many states: m = 0, q1 > q0 > 0"),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_k xi_ik xi_jk/N, J_ii = 0",
        **equations("m + sqrt(alpha r0) z0 + sqrt(alpha (r1 - r0)) z1"),
        "tau": (
            "(alpha/2)[q1 B/(tau D E) - B/E - ln(E/D)] = <x <ln 2cosh(H/T)>_1 - ln int Dz1 (2cosh(H/T))^x>"
        ),
        "C": "C = (1 - q1)/T, D = 1 - C",
        "B": "B = (q1 - q0)/tau, E = D - B",
        "r0": "r0 = q0/E^2",
        "r1": "r1 = r0 + (q1 - q0)/(D E)",
        "f": (
            "f = alpha/2 + m^2/2 + (alpha/2)[T ln D + tau ln(E/D) - q0/E + r1 C + (r1 q1 - r0 q0)/tau]"
            " - tau <ln int Dz1 (2cosh(H/T))^x>"
        ),
        "rho": "rho = alpha <<sech^4(H/T)>_1>/(T D)^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        **SYMBOLS,
        "r1": "noise of the other patterns, shared inside a state",
        "r0": "noise of the other patterns, shared between states",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Crisanti, D. J. Amit, H. Gutfreund, Europhys. Lett. 2, 337 (1986)",
        "H. Steffan, R. Kuehn, Z. Phys. B 95, 249 (1994)",
        "M. Stojnic, arXiv:2403.01907 (2024)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c(T = 0)": "0.138186 (Steffan and Kuehn 1994; Stojnic 2024); replica symmetric 0.137906",
        "alpha_c, two steps": "0.138187 (Steffan and Kuehn 1994)",
        "alpha_c, an older value": "0.144 (Crisanti, Amit, Gutfreund 1986), not confirmed since",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is removed: f contains + alpha/2.",
        "Retrieval states at T > 0: only where replica symmetry is broken, T < T_R. At the spinodal "
        "this ends near T = 0.025.",
        "Below a load of 0.055 the breaking is too weak for double precision: 1 - q0 < 5e-9.",
        MAXIMUM,
    )

    def parts(self, x: Numbers) -> tuple[Number, ...]:
        """Return q1, q0, D, E, r0 and r1 - r0."""
        _, C, B, _ = x
        q1, q0, gap = self.overlaps(x)
        D, E = 1 - C, 1 - C - B
        return q1, q0, D, E, q0 / E**2, gap / (D * E)

    def spins(self, x: Numbers) -> BrokenAverages:
        """Averages over the field m + sqrt(alpha r0) z0 + sqrt(alpha (r1 - r0)) z1."""
        *_, r0, gap = self.parts(x)
        v0, v1 = (self.alpha * maximum(value, 0 * r0) for value in (r0, gap))
        return broken_averages(x[0], v0, v1, 1 / x[3], self.T)

    def tau_side(self, x: Numbers, spin: BrokenAverages) -> Number:
        _, C, B, tau = x
        _, _, D, E, *_ = self.parts(x)
        # with what cancels on both sides taken out
        excess = self.alpha / 2 * (log1p(-B / D) + B / E + self.T / tau * C * B / (D * E))
        return tau * excess / spin.excess

    def free_energy(self, x: Numbers) -> Number:
        m, C, B, tau = x
        q1, q0, D, E, r0, gap = self.parts(x)
        patterns = (
            self.T * log1p(-C) + tau * log1p(-B / D) - q0 / E + (r0 + gap) * C + gap * q1 / tau + r0 * B
        )
        return self.alpha / 2 * (1 + patterns) + m**2 / 2 - self.spins(x).log

    def physical(self, x: Numbers) -> Booleans:
        _, C, B, tau = x
        return (tau > 0) & (C >= 0) & (B >= 0) & (C + B < 1) & (self.T * C + tau * B <= 1)

    def start(self, branch: str) -> Numbers:
        alpha = np.asarray(self.alpha, dtype=float)
        root = np.sqrt(alpha)
        if branch == "glass":  # fitted to the solutions at T = 0
            response = 1 / (1 + root * np.sqrt(np.pi / 2))  # of the replica-symmetric glass
            tau = (1 + root + 0.37 / root) / 1.36
            return self.state(m=0.0, C=response * (0.33 + 0.43 / (1 + 1.4 * root)), B=0.48 / tau, tau=tau)
        y = 1 / np.sqrt(
            2 * alpha
        )  # of the replica-symmetric retrieval state at T = 0; 1.6 is close to its end
        for _ in range(60):
            y = np.maximum(1.6, (erf(y) - 2 / np.sqrt(np.pi) * y * np.exp(-y * y)) / np.sqrt(2 * alpha))
        m = erf(y)
        response = 2 / np.sqrt(np.pi) * y * np.exp(-y * y) / m
        # how it splits, and tau: nearly the same numbers for all loads
        return self.state(m=m, C=0.24 * response, B=0.76 * response, tau=0.72 * alpha * response)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, _, B, _ = x
        return ((m > 1e-7) if branch == "retrieval" else (np.abs(m) < 1e-7)) & (B > 0)

    def hint(self, branch: str) -> str:
        if branch == "glass":
            return "replica symmetry breaks in the spin glass below T_g = 1 + sqrt(alpha)"
        return (
            "replica symmetry breaks in retrieval states only below T_R, the line `stability` of hopfield; "
            "below a load of 0.055 the breaking is below double precision"
        )

    def derived(self, x: Numbers) -> dict[str, Number]:
        *_, r0, gap = self.parts(x)
        return super().derived(x) | {"r1": r0 + gap, "r0": r0}

    def entropy(self, x: Numbers) -> Number:
        _, C, *_ = x
        return self.spins(x).entropy - self.alpha / 2 * log1p_lack(C / (1 - C))

    def rho(self, x: Numbers) -> Number:
        return ratio(self.alpha * self.spins(x).sech4_over_T / (1 - x[1]) ** 2, self.T)
