"""Hopfield network of neurons with Q states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import log, log1p_lack, maximum, ratio, sqrt, stack
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
from replica.units.potts import Potts, PottsAverages

__all__ = ["PottsHopfield"]

SHARP = 1e-60
"""Variance that stands for none: densities of the field stay finite."""


@dataclass(frozen=True)
class PottsHopfield(Theory):
    r"""Hopfield network of Potts neurons, s in 1 ... Q, replica symmetric [K88]_.

    H = -(1/2N) sum_mu (sum_i u(xi_i, s_i))^2 with u(k, s) = Q delta_ks - 1, and patterns of any of the Q
    states. Q = 2 is the Hopfield network. Averages over Q fields are single integrals at every Q and T, since
    a soft maximum is a maximum with noise (`replica.units.potts`).

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    Q : int
        Number of states, from 2 on.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.

    References
    ----------
    .. [K88] I. Kanter, Phys. Rev. A 37, 2739 (1988).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(PottsHopfield(alpha=0.1, T=0.8))
    >>> print(f"{state['M']:.9f} {state['q']:.9f} {state.free_energy:.9f}")
    1.991055986 1.982313795 -2.102320553
    >>> print(f"{critical(PottsHopfield(alpha=0.1)).value:.12f}")
    0.414412440376
    """

    alpha: Value = parameter(
        "load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron", typical=(0.0, 0.45)
    )
    Q: Value = parameter(
        "number of states", "Q", lower=2, upper=200, integer=True, default=3, typical=(2, 10)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 3.0))

    name: ClassVar[str] = "potts-hopfield"
    aliases: ClassVar[tuple[str, ...]] = ("potts-memory",)
    order: ClassVar[tuple[str, ...]] = ("M", "C")
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("one pattern retrieved: the root with the largest M"),
        "glass": Branch("spin glass: M = 0, q > 0"),
        "paramagnet": Branch("M = 0, q = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "glass": Zero(
            Phase("paramagnet"),
            "freezing",
            text="q > 0 sets in: T = Q - 1 + sqrt(alpha (Q - 1))",
        ),
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
        "first-order-paramagnet": Coexistence(Phase("retrieval"), Phase("paramagnet")),
    }
    line_names: ClassVar[Mapping[str, str]] = {"T_g": "glass", "T_M": "spinodal", "T_c": "first-order"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_k (sum_i u(xi_ik, s_i))^2/(2 N), u(k, s) = Q delta_ks - 1",
        "M": "M = Q <p_1> - 1",
        "q": "q = Q <sum_k p_k^2> - 1",
        "p": "p_k = exp(h_k/T)/sum_l exp(h_l/T), h_k = M (Q delta_k1 - 1) + sqrt(alpha r Q) z_k",
        "C": "C = (Q - 1 - q)/T",
        "r": "r = q/(1 - C)^2",
        "m": "m = M/(Q - 1)",
        "f": ("f = M^2/2 + (alpha/2)[T ln(1 - C) - q/(1 - C) + r C] - T <ln sum_k exp(h_k/T)>"),
        "rho": "rho = alpha Q^2 <sum_kl (dp_k/dh_l)^2>/(1 - C)^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "M": "overlap with the retrieved pattern, at most Q - 1",
        "C": "susceptibility (Q - 1 - q)/T of a neuron",
        "m": "overlap with the retrieved pattern, at most 1",
        "q": "overlap of two replicas, at most Q - 1",
        "r": "noise of the other patterns",
    }
    references: ClassVar[tuple[str, ...]] = (
        "I. Kanter, Phys. Rev. A 37, 2739 (1988)",
        "D. Bolle, P. Dupont, J. Huyghebaert, Phys. Rev. A 45, 4194 (1992)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at T = 0": "0.414412440376 (Q = 3), 0.827641610067 (4), 1.374789409718 (5), 6.01912691 (10)",
        "T_c at alpha = 0": "Q (Q - 2)/(2 ln(Q - 1)), exact; M jumps to Q - 2",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is kept.",
        "rho is that of perturbations that treat all states alike; others may break replica symmetry sooner.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )

    def __post_init__(self) -> None:
        """One number of states at a time."""
        super().__post_init__()
        if np.ndim(self.Q):
            msg = f"{self.name}: Q must be one whole number, not an array; make a theory for each"
            raise ParameterError(msg)

    def noise(self, x: Numbers) -> Number:
        """Alpha r Q, the variance of the field on every state."""
        _, C = x
        with np.errstate(all="ignore"):
            return self.alpha * self.Q * (self.Q - 1 - self.T * C) / (1 - C) ** 2

    def neurons(self, x: Numbers) -> PottsAverages:
        """Averages over the fields of a neuron."""
        width = sqrt(maximum(self.noise(x), 0 * x[0] + SHARP))
        return Potts(int(self.Q)).averages(self.Q * x[0], width, self.T)

    def update(self, x: Numbers) -> Numbers:
        neuron = self.neurons(x)
        return stack(self.Q * neuron.first - 1, self.Q * neuron.response)

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        neuron = self.neurons(x)
        return stack(self.Q * neuron.first - 1, self.Q * neuron.response) - x, self._jacobian(x, neuron)

    def jacobian(self, x: Numbers) -> Numbers:
        return self._jacobian(x, self.neurons(x))

    def _jacobian(self, x: Numbers, neuron: PottsAverages) -> Numbers:
        Q, C = self.Q, x[1]
        with np.errstate(all="ignore"):
            variance = self.alpha * Q * (2 * (Q - 1 - self.T * C) / (1 - C) - self.T) / (1 - C) ** 2
            return stack(
                stack(Q * Q * neuron.first_by[0], Q * neuron.first_by[1] * variance),
                stack(Q * Q * neuron.response_by[0], Q * neuron.response_by[1] * variance),
            )

    def free_energy(self, x: Numbers) -> Number:
        M, C = x
        q = self.Q - 1 - self.T * C
        own = self.alpha / 2 * (self.T * log(1 - C) - q / (1 - C)) + self.noise(x) * C / (2 * self.Q)
        return M**2 / 2 + M + own + self.neurons(x).free_energy

    def physical(self, x: Numbers) -> Booleans:
        return x[1] < 1

    def start(self, branch: str) -> Numbers:
        T = maximum(self.T, 1e-300 + 0 * self.T)
        if branch == "paramagnet":
            return self.state(M=0.0, C=(self.Q - 1) / T)
        if branch == "glass":  # as at T = 0, where the response of a neuron is 1/width
            here = Potts(int(self.Q)).averages(0.0, 1.0, 0.0).response
            C = 1 / (
                1 + np.sqrt(np.asarray(self.alpha, dtype=float) * self.Q * (self.Q - 1)) / (self.Q * here)
            )
            return self.state(M=0.0, C=np.minimum(C, (self.Q - 1) / T) * (1 - 1e-3))
        return self.state(M=self.Q - 1.0, C=0.0)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        M, C = x
        q = self.Q - 1 - self.T * C
        if branch == "retrieval":
            return M > 1e-7
        return (np.abs(M) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))

    def derived(self, x: Numbers) -> dict[str, Number]:
        M, C = x
        q = self.Q - 1 - self.T * C
        return {"m": M / (self.Q - 1), "q": q, "r": q / (1 - C) ** 2}

    def entropy(self, x: Numbers) -> Number:
        C = x[1]
        return self.neurons(x).entropy - self.alpha / 2 * log1p_lack(C / (1 - C))

    def freezing(self, x: Numbers) -> Number:
        """1 - rho of the paramagnet: zero where q > 0 sets in."""
        return 1 - self.alpha / (self.Q - 1) * (x[1] / (1 - x[1])) ** 2

    def instability(self, x: Numbers) -> Number:
        """Alpha Q^2 <sum_kl (dp_k/dh_l)^2>/(1 - C)^2."""
        return ratio(self.alpha * self.Q**2 * self.neurons(x).square / (1 - x[1]) ** 2, self.T)

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.instability(x)
