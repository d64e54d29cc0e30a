"""Extremely diluted, asymmetric network: its dynamics is solved, and it has no free energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import sqrt, stack
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import Boundary, Branch, Critical, Limit, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["Diluted"]


@dataclass(frozen=True)
class Diluted(Theory):
    r"""Hopfield network in which K of N bonds per neuron are left, each in one direction, K << ln N [DGZ87]_.

    Neurons have no common ancestors, so the overlap obeys a map in time, m(t + 1) = <tanh((m(t) + sqrt(alpha)
    z)/T)>, exactly. Couplings are not symmetric: there is no energy, and no free energy.

    Parameters
    ----------
    alpha : float or array
        Patterns per bond of a neuron, P/K, >= 0.
    T : float or array
        Temperature of the dynamics, >= 0.

    References
    ----------
    .. [DGZ87] B. Derrida, E. Gardner, A. Zippelius, Europhys. Lett. 4, 167 (1987).

    Examples
    --------
    >>> from replica import critical, solve
    >>> print(f"{solve(Diluted(alpha=0.3))['m']:.12f} {critical(Diluted(alpha=0.3, T=0.4)).value:.12f}")
    0.899440153662 0.512006390877
    """

    alpha: Value = parameter(
        "load, patterns per bond of a neuron", r"\alpha", lower=0, unit="patterns/bond", typical=(0.0, 0.8)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.2))

    name: ClassVar[str] = "diluted"
    aliases: ClassVar[tuple[str, ...]] = ("derrida-gardner-zippelius", "dgz", "asymmetric-dilution")
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    without_integrals: ClassVar[bool] = True
    functional: ClassVar[str] = "potential"
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("fixed point of the dynamics with m > 0", (1.0,)),
        "paramagnet": Branch("m = 0: nothing is remembered", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "transition": Zero(Phase("paramagnet"), "stability", text="a small overlap grows: <sech^2> = T"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"T_c": "transition"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "transition", "alpha_c", "load below which a small overlap grows"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "m": "m = <tanh((m + sqrt(alpha) z)/T)>",
        "f": "f = m^2/2 - T <ln 2cosh((m + sqrt(alpha) z)/T)>; a potential, no free energy",
    }
    symbols: ClassVar[Mapping[str, str]] = {"m": "overlap with the retrieved pattern"}
    references: ClassVar[tuple[str, ...]] = (
        "B. Derrida, E. Gardner, A. Zippelius, Europhys. Lett. 4, 167 (1987)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at T = 0": "2/pi, exact; m vanishes continuously there",
        "m at T = 0": "m = erf(m/sqrt(2 alpha)), exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Dynamics without a Hamiltonian: there is no free energy. What is printed is a potential, stationary "
        "at the fixed points at this noise; it is not to be compared with other theories.",
        "Couplings that keep their mirror image are another model: noisy-hopfield with c < 1.",
    )

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages over the field of a neuron."""
        (m,) = x
        return spin_averages(m, sqrt(self.alpha) + 0 * m, self.T)

    def update(self, x: Numbers) -> Numbers:
        return stack(self.spins(x).tanh)

    def free_energy(self, x: Numbers) -> Number:
        """A potential, stationary at the fixed points at this noise; no free energy."""
        (m,) = x
        return m**2 / 2 - self.spins(x).log2cosh

    def jacobian(self, x: Numbers) -> Numbers:
        return stack(stack(self.spins(x).susceptibility))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (m,) = x
        return m > 1e-7 if branch == "retrieval" else np.abs(m) < 1e-7

    def hint(self, branch: str) -> str:
        return "it ends continuously at alpha_c(T)" if branch == "retrieval" else ""
