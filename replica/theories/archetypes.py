"""Hopfield networks that know their patterns, the archetypes, by noisy examples only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.free_probability import Rational
from replica.numerics.functions import exp, is_exact, log, sqrt
from replica.theory import Critical, Limit, Value, parameter
from replica.theory.spectrum import SpinsWithSpectrum
from replica.typing import Number, Numbers

__all__ = ["Archetypes", "ArchetypesUnsupervised"]

MOST = 400
"""Examples of an archetype up to which the law of their mean is summed."""

SYMBOLS = {
    "n": "overlap with the mean example, of variance 1",
    "C": "susceptibility (1 - q)/T of a neuron",
    "m": "overlap with the archetype",
    "q": "overlap of two replicas (Edwards-Anderson)",
    "Delta": "variance of the field from what is not retrieved",
}
EQUATIONS = {
    "n": "n = E[w <tanh((n w + sqrt(Delta) z)/T)>]",
    "w": "w = (1 + sqrt(rho) g)/sqrt(1 + rho), g a standard Gaussian",
    "m": "m = E <tanh((n w + sqrt(Delta) z)/T)>",
    "q": "q = E <tanh^2((n w + sqrt(Delta) z)/T)>",
    "C": "C = (1 - q)/T",
}
REFERENCES = (
    "E. Agliari, F. Alemanno, A. Barra, G. De Marzo, Neural Netw. 148, 232 (2022)",
    "F. Alemanno, M. Aquaro, I. Kanter, A. Barra, E. Agliari, EPL 141, 11001 (2023)",
)


class _Examples(SpinsWithSpectrum):
    """What both share: the law of the mean example, and the two overlaps."""

    alpha: Value
    order: ClassVar[tuple[str, ...]] = ("n", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("n",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    symbols: ClassVar[Mapping[str, str]] = SYMBOLS
    references: ClassVar[tuple[str, ...]] = REFERENCES

    @property
    def entropy_of_data(self) -> Number:
        """Rho = (1 - r^2)/(r^2 M)."""
        raise NotImplementedError

    @property
    def count(self) -> int | None:
        """Examples whose mean is the pattern; None where it is Gaussian about the archetype."""
        raise NotImplementedError

    @property
    def law(self) -> tuple[tuple[Number, Number, Number], ...]:
        rho, M = self.entropy_of_data, self.count
        if M is None:
            return ((1.0, 1 / sqrt(1 + rho), rho / (1 + rho)),)
        r = sqrt(1 / (1 + rho * M))
        parts = []
        for k in range(M + 1):  # of M examples k agree with the archetype
            weight = _binomial(M, k, r)
            parts.append((weight, (2 * k - M) / (M * r * sqrt(1 + rho)), 0.0))
        return tuple(parts)

    def _checked_count(self, M: Value) -> int | None:
        if M is None:
            return None
        if np.ndim(M) or M > MOST:
            msg = (
                f"{self.name}: the law of a mean of M = {np.max(M):g} examples is summed for one M, at most "
                f"{MOST}; leave the law Gaussian"
            )
            raise ParameterError(msg)
        return int(M)

    def start(self, branch: str) -> Numbers:
        if branch != "retrieval":
            return super().start(branch)
        mean = sum(weight * mean * np.sign(mean) for weight, mean, _ in self.law)
        return self.state(n=mean, C=0.0)

    def hint(self, branch: str) -> str:
        even = self.count is not None and self.count % 2 == 0
        if even and np.any(np.equal(self.T, 0)) and np.any(np.equal(self.alpha, 0)):
            return (
                "at T = 0 and alpha = 0 neurons feel nothing on which an even number of examples is divided: "
                "take M odd, or T > 0"
            )
        return ""

    def derived(self, x: Numbers) -> dict[str, Number]:
        m = sum(weight * spin.tanh for weight, _, _, spin in self.sites(x))
        return {"m": m} | super().derived(x)


@dataclass(frozen=True)
class Archetypes(_Examples):
    r"""Hopfield network whose patterns are means of noisy examples: supervised learning [AABDM]_ [A3]_.

    Of each archetype xi there are M examples xi chi, P(chi = 1) = (1 + r)/2, and the couplings are Hebb's of
    their means. Of M and r only rho = (1 - r^2)/(r^2 M), the entropy of the data, counts where M is large.

    Parameters
    ----------
    alpha : float or array
        Load, archetypes per neuron, >= 0.
    rho : float or array
        Entropy of the data, >= 0; 0 is the Hopfield network.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    M : int, optional
        Examples of an archetype, where their mean is not Gaussian about it; r^2 = 1/(1 + rho M).

    References
    ----------
    .. [AABDM] E. Agliari, F. Alemanno, A. Barra, G. De Marzo, Neural Netw. 148, 232 (2022).
    .. [A3] F. Alemanno, M. Aquaro, I. Kanter, A. Barra, E. Agliari, EPL 141, 11001 (2023).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Archetypes(alpha=0.05, rho=0.1, T=0.2))
    >>> print(f"{state['n']:.9f} {state['m']:.9f} {state.free_energy:.9f}")
    0.931898037 0.956679164 -0.459475099
    """

    alpha: Value = parameter(
        "load, archetypes per neuron", r"\alpha", lower=0, unit="archetypes/neuron", typical=(0.0, 0.14)
    )
    rho: Value = parameter(
        "entropy of the data, (1 - r^2)/(r^2 M)", r"\rho", lower=0, default=0.1, typical=(0.0, 0.4)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.4))
    M: Value = parameter(
        "examples of an archetype; many if not given",
        "M",
        lower=1,
        integer=True,
        default=None,
        typical=(1, 40),
    )

    name: ClassVar[str] = "archetypes"
    aliases: ClassVar[tuple[str, ...]] = ("supervised-hopfield", "archetypes-supervised")
    equations: ClassVar[Mapping[str, str]] = {
        **EQUATIONS,
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_k x_ik x_jk/N, x_ik = xi_ik w_ik, J_ii = 0",
        "Delta": "Delta = q alpha/(1 - C)^2",
        "f": (
            "f = alpha/2 + n^2/2 + (alpha/2)[T ln(1 - C) - q/(1 - C)] + Delta C/2"
            " - T E <ln 2cosh((n w + sqrt(Delta) z)/T)>"
        ),
    }
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at rho = 0.1, T = 0": "0.0715412967441, with n = 0.909238522721 and m = 0.924366066341",
        "rho = 0": "the Hopfield network",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "The same as general-priors with omega_pattern = rho/(1 + rho), but for constants in f, and T = 0.",
        "The diagonal of the couplings is removed; couplings are divided by r^2 (1 + rho).",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )

    def __post_init__(self) -> None:
        """Check that the law of the mean example can be summed."""
        super().__post_init__()
        self._checked_count(self.M)

    @property
    def entropy_of_data(self) -> Number:
        return self.rho

    @property
    def count(self) -> int | None:
        return None if self.M is None else int(self.M)

    @property
    def couplings(self) -> Rational:
        return Rational(((self.alpha, 1.0),))


@dataclass(frozen=True)
class ArchetypesUnsupervised(_Examples):
    r"""Hopfield network of all the examples of its archetypes: unsupervised learning [A3u]_.

    Couplings are Hebb's of M examples of each archetype, divided as in `Archetypes`: their mean is a pattern
    of strength 1, and the M - 1 directions in which they differ are patterns of strength rho/(1 + rho). The
    retrieved state overlaps equally with all examples of an archetype.

    Parameters
    ----------
    alpha : float or array
        Load, archetypes per neuron, >= 0.
    r : float or array
        Quality of an example: its overlap with the archetype, in (0, 1].
    M : int
        Examples of an archetype.
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    mean : {"gaussian", "lattice"}
        Law of the mean example: its limit for large M, or that of M signs.

    References
    ----------
    .. [A3u] F. Alemanno, M. Aquaro, I. Kanter, A. Barra, E. Agliari, EPL 141, 11001 (2023).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(ArchetypesUnsupervised(alpha=0.05, r=0.5, M=40)).value:.12f}")
    0.076816333876
    """

    alpha: Value = parameter(
        "load, archetypes per neuron", r"\alpha", lower=0, unit="archetypes/neuron", typical=(0.0, 0.14)
    )
    r: Value = parameter(
        "quality of an example", "r", lower=0, open_lower=True, upper=1, default=0.5, typical=(0.2, 0.9)
    )
    M: Value = parameter(
        "examples of an archetype", "M", lower=1, upper=100_000, integer=True, default=40, typical=(1, 100)
    )
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 1.4))
    mean: str = parameter(
        "law of the mean example", r"\bar\eta", default="gaussian", choices=("gaussian", "lattice")
    )

    name: ClassVar[str] = "archetypes-unsupervised"
    aliases: ClassVar[tuple[str, ...]] = ("unsupervised-hopfield",)
    equations: ClassVar[Mapping[str, str]] = {
        **EQUATIONS,
        "H": "H = -sum_ij J_ij S_i S_j/2, J_ij = sum_ka x_ika x_jka/(N M r^2 (1 + rho)), J_ii = 0",
        "rho": "rho = (1 - r^2)/(r^2 M)",
        "Delta": "Delta = q [alpha/(1 - C)^2 + alpha (M - 1) s^2/(1 - s C)^2], s = rho/(1 + rho)",
        "R": "R = alpha/(1 - C) - alpha + alpha (M - 1) [s/(1 - s C) - s]",
        "G": "G = -alpha [ln(1 - C) + C] - alpha (M - 1) [ln(1 - s C) + s C]",
        "f": ("f = n^2/2 - T G/2 - q R/2 + Delta C/2 - T E <ln 2cosh((n w + sqrt(Delta) z)/T)>"),
    }
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at r = 0.5, M = 40, T = 0": "0.0768163338755",
        "M = 1, r = 1": "the Hopfield network; so is M = 1 with the law of one sign",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "alpha counts archetypes; there are M times as many examples.",
        "States closer to one example than to others (overfitting) are other branches, and not sought.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )

    def __post_init__(self) -> None:
        """Check that the law of the mean example can be summed."""
        super().__post_init__()
        if self.mean == "lattice":
            self._checked_count(self.M)

    @property
    def entropy_of_data(self) -> Number:
        return (1 - self.r**2) / (self.r**2 * self.M)

    @property
    def count(self) -> int | None:
        return int(self.M) if self.mean == "lattice" else None

    @property
    def couplings(self) -> Rational:
        rho = self.entropy_of_data
        return Rational(((self.alpha, 1.0), (self.alpha * (self.M - 1), rho / (1 + rho))))


def _binomial(M: int, k: int, r: Number) -> Number:
    """Probability that k of M examples agree with an archetype, each with probability (1 + r)/2."""
    from math import comb

    good, bad = (1 + r) / 2, (1 - r) / 2
    if is_exact(r) or M <= 60:
        return comb(M, k) * good**k * bad ** (M - k)
    from scipy.special import gammaln

    count = gammaln(M + 1) - gammaln(k + 1) - gammaln(M - k + 1)
    return exp(count + k * log(good) + (M - k) * log(bad)) if np.all(bad > 0) else good**k * (k == M)
