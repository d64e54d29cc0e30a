"""Blume-Capel model in mean field: continuous, first-order and tricritical, all exactly known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import absolute, exp, expm1, log, log1p, maximum, stack
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)
from replica.typing import Booleans, Number, Numbers

__all__ = ["BlumeCapel"]

COLD = 1e-300
"""Stands for T = 0 in a Boltzmann factor."""


@dataclass(frozen=True)
class BlumeCapel(Theory):
    r"""Spins S = -1, 0, 1 with infinite-range coupling, H = -(sum S)^2/(2N) + D sum S^2 [BC66]_.

    Exactly known: continuous line exp(D/T) = 2(1 - T)/T down to the tricritical point T = 1/3,
    D = (2/3) ln 2 = 0.46209812; first-order from there to D = 1/2 at T = 0.

    Parameters
    ----------
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    D : float or array
        Crystal field: the price of S = +-1, in units of J.

    References
    ----------
    .. [BC66] M. Blume, Phys. Rev. 141, 517 (1966); H. W. Capel, Physica 32, 966 (1966).

    Examples
    --------
    >>> from replica import solve
    >>> print(f"{solve(BlumeCapel(T=0.4, D=0.3))['m']:.12f}")
    0.681964490400
    """

    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 0.8))
    D: Value = parameter("crystal field", "D", default=0.0, unit="J", typical=(0.0, 0.6))

    name: ClassVar[str] = "blume-capel"
    aliases: ClassVar[tuple[str, ...]] = ("bc", "spin-1-ising")
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("D")
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "ferromagnet": Branch("m > 0", (1.0,)),
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "continuous": Zero(Phase("paramagnet"), "stability", text="the paramagnet becomes unstable"),
        "first-order": Coexistence(Phase("ferromagnet"), Phase("paramagnet")),
        "spinodal": Fold("ferromagnet"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "continuous", "T_c", "limit of stability of m = 0", highest=True
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -(sum_i S_i)^2/(2 N) + D sum_i S_i^2",
        "m": "m = 2 sinh(m/T)/(exp(D/T) + 2 cosh(m/T))",
        "f": "f = m^2/2 - T ln(1 + 2 exp(-D/T) cosh(m/T))",
        "Q": "Q = <S^2>",
    }
    symbols: ClassVar[Mapping[str, str]] = {"m": "magnetisation", "Q": "density of S = +-1"}
    references: ClassVar[tuple[str, ...]] = (
        "M. Blume, Phys. Rev. 141, 517 (1966)",
        "H. W. Capel, Physica 32, 966 (1966)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "tricritical point": "(T, D) = (1/3, (2/3) ln 2 = 0.46209812), exact",
        "first-order line at T = 0": "D = 1/2, exact",
    }

    def heat(self, like: Number) -> Number:
        """The temperature, or one that divides without harm where it is 0."""
        return maximum(self.T, 0 * like + COLD)

    def site(self, x: Numbers) -> tuple[Number, Number, Number, Number]:
        """Probabilities of S = -1, 0, +1 in the field m, and T ln Z of one site."""
        (m,) = x
        T = self.heat(m)
        top = maximum(absolute(m) - self.D, 0 * m)
        down, zero, up = exp((-m - self.D - top) / T), exp(-top / T), exp((m - self.D - top) / T)
        total = down + zero + up
        return down / total, zero / total, up / total, top + T * log(total)

    def update(self, x: Numbers) -> Numbers:
        down, _, up, _ = self.site(x)
        (m,) = x
        likely, T = maximum(up, down), self.heat(m)
        return stack(-np.sign(m) * likely * expm1(-2 * absolute(m) / T))  # up - down

    def free_energy(self, x: Numbers) -> Number:
        (m,) = x
        return m**2 / 2 - self.site(x)[3]

    def jacobian(self, x: Numbers) -> Numbers:
        down, zero, up, _ = self.site(x)
        variance = 4 * up * down + zero * (up + down)
        return stack(stack(variance / self.heat(zero)))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (m,) = x
        return m > 1e-7 if branch == "ferromagnet" else np.abs(m) < 1e-7

    def derived(self, x: Numbers) -> dict[str, Number]:
        down, _, up, _ = self.site(x)
        return {"Q": up + down}

    def entropy(self, x: Numbers) -> Number:
        p = np.sort(np.array(self.site(x)[:3]), axis=0)
        rest = p[0] + p[1]  # the logarithm of the largest share, near T = 0, is that of 1 - rest
        return -sum(share * log(maximum(share, 0 * share + COLD)) for share in p[:2]) - p[2] * log1p(-rest)
