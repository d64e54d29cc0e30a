"""Curie-Weiss ferromagnet: the mean-field model with a continuous transition, for teaching and testing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import stack
from replica.numerics.spins import SpinAverages, spin_averages
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

__all__ = ["CurieWeiss"]


@dataclass(frozen=True)
class CurieWeiss(Theory):
    r"""Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S.

    Exactly known: T_c = 1 at h = 0; the branch against the field ends at
    |h| = sqrt(1 - T) - T artanh(sqrt(1 - T)).

    Parameters
    ----------
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    h : float or array
        Field in units of J.

    Examples
    --------
    >>> from replica import solve
    >>> print(f"{solve(CurieWeiss(T=0.5))['m']:.12f}")
    0.957504024077
    """

    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 1.5))
    h: Value = parameter("field", "h", default=0.0, unit="J", typical=(0.0, 1.0))

    name: ClassVar[str] = "curie-weiss"
    aliases: ClassVar[tuple[str, ...]] = ("cw", "mean-field-ising")
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    limit: ClassVar[Limit | None] = Limit("h")
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "up": Branch("magnetised along +1", (1.0,)),
        "down": Branch("magnetised along -1", (-1.0,)),
        "paramagnet": Branch("m = 0, at h = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "continuous": Zero(
            Phase("paramagnet", at=(("h", 0.0),)),
            "stability",
            text="the paramagnet becomes unstable, at h = 0",
        ),
        "first-order": Coexistence(Phase("up"), Phase("down")),
        "spinodal": Fold("down"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "continuous", "T_c", "onset of spontaneous magnetisation"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -(sum_i S_i)^2/(2 N) - h sum_i S_i",
        "m": "m = tanh((m + h)/T)",
        "f": "f = m^2/2 - T ln 2cosh((m + h)/T)",
    }
    symbols: ClassVar[Mapping[str, str]] = {"m": "magnetisation"}
    references: ClassVar[tuple[str, ...]] = ("P. Weiss, J. Phys. Theor. Appl. 6, 661 (1907)",)
    known: ClassVar[Mapping[str, str]] = {
        "T_c": "1, exact",
        "spinodal": "|h| = sqrt(1 - T) - T artanh(sqrt(1 - T)), exact",
    }

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages in the sharp field m + h."""
        (m,) = x
        return spin_averages(m + self.h, 0 * m, self.T)

    def update(self, x: Numbers) -> Numbers:
        return stack(self.spins(x).tanh)

    def free_energy(self, x: Numbers) -> Number:
        (m,) = x
        return m**2 / 2 - self.spins(x).log2cosh

    def jacobian(self, x: Numbers) -> Numbers:
        return stack(stack(self.spins(x).susceptibility))

    def start(self, branch: str) -> Numbers:
        x, sign = super().start(branch), {"up": 1, "down": -1}.get(branch)
        if sign is None:
            return x
        gone = np.greater_equal(self.T, 1) & np.less_equal(sign * self.h, 0)
        return np.where(gone, np.nan, x)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (m,) = x
        return {"up": m > 1e-7, "down": m < -1e-7, "paramagnet": np.abs(m) < 1e-7}[branch]

    def entropy(self, x: Numbers) -> Number:
        return self.spins(x).entropy
