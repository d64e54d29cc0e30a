"""Sherrington-Kirkpatrick spin glass with one step of replica symmetry breaking, T >= 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.numerics.broken_spins import BrokenAverages, broken_averages
from replica.numerics.functions import maximum, ratio
from replica.numerics.spins import spin_averages
from replica.theory import Boundary, Branch, Critical, Phase, Value, Zero, parameter
from replica.theory.one_step import MAXIMUM, SYMBOLS, OneStep, equations
from replica.typing import Booleans, Number, Numbers

__all__ = ["SherringtonKirkpatrick1RSB"]


@dataclass(frozen=True)
class SherringtonKirkpatrick1RSB(OneStep):
    r"""Spin glass of infinite range, one step of replica symmetry breaking [P79]_.

    The unknowns m, C, B and tau are those of `OneStep`.

    Parameters
    ----------
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    J0 : float or array
        Mean of the couplings, times N, in units of J.
    h : float or array
        Field in units of J.

    References
    ----------
    .. [P79] G. Parisi, Phys. Lett. A 73, 203 (1979).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(SherringtonKirkpatrick1RSB(T=0.0))
    >>> print(f"{state.energy:.12f} {state['tau']:.9f} {state['q0']:.9f}")
    -0.765259434674 0.734850612 0.476784372
    """

    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 2.0))
    J0: Value = parameter("mean of the couplings times N", "J_0", default=0.0, unit="J", typical=(0.0, 2.0))
    h: Value = parameter("field", "h", default=0.0, unit="J", typical=(0.0, 2.0))

    name: ClassVar[str] = "sherrington-kirkpatrick-1rsb"
    aliases: ClassVar[tuple[str, ...]] = ("sk-1rsb",)
    line_names: ClassVar[Mapping[str, str]] = {"T_f": "glass"}
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    branches: ClassVar[Mapping[str, Branch]] = {
        "glass": Branch("many states: q1 > q0 > 0; m = 0, or along a field"),
        "ferromagnet": Branch("many states, with m > 0 by the bias J0 or along a field"),
        "paramagnet": Branch("m = 0, q1 = q0 = 0, without field", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "glass": Zero(
            Phase("paramagnet", at=(("h", 0.0),)),
            "freezing",
            text="the paramagnet freezes and breaks replica symmetry, at h = 0: T = 1",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "glass", "T_c", "temperature where the paramagnet freezes"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2 - h sum_i S_i, J_ij ~ N(J0/N, 1/N)",
        **equations("J0 m + h + sqrt(q0) z0 + sqrt(q1 - q0) z1"),
        "tau": "(q1^2 - q0^2)/(4 tau^2) = <x <ln 2cosh(H/T)>_1 - ln int Dz1 (2cosh(H/T))^x>",
        "C": "C = (1 - q1)/T",
        "B": "B = (q1 - q0)/tau",
        "f": "f = J0 m^2/2 - (1 - q1)^2/(4 T) + (q1^2 - q0^2)/(4 tau) - tau <ln int Dz1 (2cosh(H/T))^x>",
        "J0_c": "J0_c = 1/(C + B)",
        "rho": "rho = <<sech^4(H/T)>_1>/T^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "magnetisation",
        **SYMBOLS,
        "J0_c": "bias beyond which a glass without magnetisation gets one",
    }
    references: ClassVar[tuple[str, ...]] = (
        "G. Parisi, Phys. Lett. A 73, 203 (1979); J. Phys. A 13, L115 (1980)",
        "M. Mezard, G. Parisi, M. A. Virasoro, Spin Glass Theory and Beyond (World Scientific, 1987)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "E(T = 0)": "-0.7652 (Parisi 1979); replica symmetric -0.7979, exact -0.7632",
        "s(T = 0)": "-0.01 (Parisi 1979); replica symmetric -0.159, exact 0",
        "T_c": "1 at h = 0, J0 <= 1, exact",
        "J0_c at T = 0": "1.0509; replica symmetric sqrt(pi/2) = 1.2533, exact 1 (Toulouse 1980)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        MAXIMUM,
        "One step is not exact here: the replicon inside a state stays negative, and s(T = 0) = -C^2/4 < 0.",
    )

    def spins(self, x: Numbers) -> BrokenAverages:
        """Averages over the field J0 m + h + sqrt(q0) z0 + sqrt(q1 - q0) z1."""
        _, q0, gap = self.overlaps(x)
        return broken_averages(
            self.J0 * x[0] + self.h, maximum(q0, 0 * q0), maximum(gap, 0 * q0), 1 / x[3], self.T
        )

    def tau_side(self, x: Numbers, spin: BrokenAverages) -> Number:
        *_, B, tau = x
        q1, q0, _ = self.overlaps(x)
        # with what cancels on both sides taken out; without breaking any tau will do
        unbroken = np.equal(np.real(B), 0)
        return np.where(unbroken, tau, B * (2 - q1 - q0) / (4 * np.where(unbroken, 1, spin.excess)))[()]

    def free_energy(self, x: Numbers) -> Number:
        m, C, B, _ = x
        q1, q0, _ = self.overlaps(x)
        return self.J0 * m**2 / 2 - self.T * C**2 / 4 + B * (q1 + q0) / 4 - self.spins(x).log

    def physical(self, x: Numbers) -> Booleans:
        _, q0, gap = self.overlaps(x)
        return (x[3] > 0) & (q0 > -1e-9) & (gap > -1e-9)

    def start(self, branch: str) -> Numbers:
        if branch == "paramagnet":  # where all overlaps vanish, any x will do: x = 1
            hot = maximum(self.T, 1e-300 + 0 * self.T)
            return self.state(m=0.0, C=1 / hot, B=0.0, tau=hot)
        # from the replica-symmetric state, found by iteration; how it splits is fitted to known solutions
        T, upward = np.asarray(self.T, dtype=float), branch == "ferromagnet"
        m: Any = np.ones(self.batch) if upward else np.sign(self.h) + np.zeros(self.batch)
        C: Any = 0 * m
        for _ in range(100):
            spin = spin_averages(self.J0 * m + self.h, np.sqrt(np.maximum(1 - T * C, 0)), T)
            m, C = spin.tanh, spin.susceptibility
        stable = np.minimum(ratio(T, spin.sech4_over_T), 1)  # 1/rho
        q, B = np.maximum(1 - T * C, 1e-9), 0.8 * C * (1 - stable)
        tau = C * (0.75 + 0.55 * q**2) / q * (0.58 + 0.42 * stable)
        # without magnetisation: exact at T = 0, and the right powers of 1 - T as T -> 1
        bare, gap = np.abs(m) < 0.1, np.maximum(1 - T, 1e-4)
        B = np.where(bare, gap**2 * (0.712 + 0.176 * T), B)
        C = np.where(bare, 1 - gap**2 * (0.76 + 0.53 * T - 0.37 * T**2), C - B)
        C = np.where(T < 1, C, 0.999 / np.maximum(T, 1))  # q1 > 0, although nothing is there to be found
        return self.state(m=np.where(bare & upward, 0.2, m), C=C, B=B, tau=np.where(bare, 0.735 / gap, tau))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, _, B, _ = x
        bare = np.equal(self.h, 0) & (np.abs(m) < 1e-7)
        if branch == "paramagnet":
            return bare & (np.abs(1 - self.T * x[1]) < 1e-9)
        return ((bare | (m * self.h > 0)) if branch == "glass" else m > 1e-7) & (B > 1e-9)

    def hint(self, branch: str) -> str:
        return (
            "replica symmetry breaks only below T_AT, the line `stability` of sherrington-kirkpatrick; "
            "without field below T_c = 1, and within 1e-3 of it the breaking is below double precision"
        )

    def derived(self, x: Numbers) -> dict[str, Number]:
        return super().derived(x) | {"J0_c": 1 / (x[1] + x[2])}

    def entropy(self, x: Numbers) -> Number:
        _, C, *_ = x
        return self.spins(x).entropy - C**2 / 4

    def freezing(self, x: Numbers) -> Number:
        """1 - C^2 of a paramagnet: zero where overlaps set in."""
        return 1 - x[1] ** 2

    def alignment(self, x: Numbers) -> Number:
        """1 - J0 (C + B), with the whole response: zero where m = 0 becomes unstable."""
        return 1 - self.J0 * (x[1] + x[2])

    def rho(self, x: Numbers) -> Number:
        return ratio(self.spins(x).sech4_over_T, self.T)
