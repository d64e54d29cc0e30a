"""Symmetric mixtures of n patterns in the Hopfield network at alpha = 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from replica.numerics.functions import exact, stack
from replica.numerics.integers import IntegerLaw, trinomial
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import Boundary, Branch, Critical, Limit, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["Mixtures"]


@dataclass(frozen=True)
class Mixtures(Theory):
    r"""States that overlap equally with n patterns, few patterns among many neurons [AGS85a]_.

    Parameters
    ----------
    n : int
        Number of mixed patterns, at least 1; n = 1 is retrieval.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [AGS85a] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 32, 1007 (1985).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Mixtures(n=3, T=0.0))
    >>> print(float(state["m"]), float(state.energy))
    0.5 -0.375
    """

    n: Value = parameter("number of mixed patterns", "n", lower=1, upper=10_000, integer=True, typical=(1, 9))
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.0))

    name: ClassVar[str] = "mixtures"
    aliases: ClassVar[tuple[str, ...]] = ("mixture", "mixture-states", "hopfield-mixtures")
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("T")
    without_integrals: ClassVar[bool] = True
    branches: ClassVar[Mapping[str, Branch]] = {
        "mixture": Branch("equal overlap m with n patterns"),
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "stability": Zero(
            Phase("mixture"), "transverse", "stability", text="the mixture becomes locally unstable"
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "stability", "T_n", "temperature below which the n-mixture is locally stable"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_k xi_ik xi_jk/N, J_ii = 0",
        "m": "m = <z tanh(m z/T)>/n, z the sum of n signs",
        "f": "f = n m^2/2 - T <ln 2cosh(m z/T)>",
        "stability": "1 - (1 - q)/T - Q/T > 0",
    }
    symbols: ClassVar[Mapping[str, str]] = {"m": "overlap with each of the n patterns"}
    references: ClassVar[tuple[str, ...]] = (
        "D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 32, 1007 (1985)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "T_3": "0.46 (AGS 1985, abstract); often quoted 0.461 is off in the third digit",
        "energies at T = 0": "-1/2, -3/8, -45/128, ... -> -1/pi for n = 1, 3, 5, ...",
    }
    notes: ClassVar[tuple[str, ...]] = ("Even mixtures are saddles at every temperature; they have no T_n.",)

    @cached_property
    def law(self) -> IntegerLaw:
        """Law of z, the sum of the n pattern bits at one neuron."""
        return trinomial(exact(1.0) if self.is_exact else 1.0, self.n)

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages at the sharp local fields m z, on a last axis for z."""
        (m,) = x
        field = np.expand_dims(np.asarray(m), -1) * self.law.w
        return spin_averages(field, 0 * field, np.expand_dims(np.asarray(self.T), -1))

    def update(self, x: Numbers) -> Numbers:
        return stack(np.sum(self.spins(x).tanh * self.law.tilted, axis=-1) / 2)  # <z tanh(m z/T)>/n

    def free_energy(self, x: Numbers) -> Number:
        (m,) = x
        return self.n * m**2 / 2 - np.sum(self.spins(x).log2cosh * self.law.weight, axis=-1)

    def jacobian(self, x: Numbers) -> Numbers:
        return stack(stack(np.sum(self.spins(x).susceptibility * self.law.w * self.law.tilted, axis=-1) / 2))

    def start(self, branch: str) -> Numbers:
        if branch != "mixture":
            return super().start(branch)
        return self.state(m=np.sum(np.abs(self.law.w) * self.law.weight, axis=-1) / self.n)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (m,) = x
        return m > 1e-7 if branch == "mixture" else np.abs(m) < 1e-7

    def entropy(self, x: Numbers) -> Number:
        return np.sum(self.spins(x).entropy * self.law.weight, axis=-1)

    def absence(self, line: str) -> str:
        if np.all(np.asarray(self.n) % 2 == 0):
            return "mixtures of an even number of patterns are saddles at every temperature"
        return "n = 1 is retrieval itself, stable wherever it exists, up to T = 1" if self.n == 1 else ""

    def transverse(self, x: Numbers) -> Number:
        """Smallest stability eigenvalue, 1 - (1 - q)/T - Q/T: the mixture is stable where it is positive."""
        z, n = self.law.w, np.expand_dims(np.asarray(self.n), -1)
        count = np.maximum(n * (n - 1), 1)
        unlike = np.where(n > 1, count - (z**2 - n), 1)  # count (1 - <xi_1 xi_2>) given z, whole numbers
        return 1 - np.sum(self.spins(x).susceptibility * unlike * self.law.weight / count, axis=-1)
