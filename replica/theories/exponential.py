"""Exponentially many patterns: the memory of modern attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import choose, exp, log1p, maximum, sqrt, stack, tanh
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["Exponential"]

PATTERNS = ("bits", "sphere", "gauss")


@dataclass(frozen=True)
class Exponential(Theory):
    r"""Energy -(1/lambda) ln sum_mu exp(lambda xi_mu . x) of exp(alpha N) patterns, at a pattern [LM24]_.

    At a pattern its own term is exp(lambda N). The others are the noise: a random energy model, in which
    patterns of overlap u with the state dominate. There are exp(N (alpha - I(u))) of them, and none where
    that is negative: the noise is condensed. A typical pattern is a minimum as long as its term is the
    largest.

    Parameters
    ----------
    alpha : float or array
        Load, ln(number of patterns)/N, >= 0.
    lambda_ : float or array
        Sharpness, > 0; `lambda` on the command line.
    patterns : {"bits", "sphere", "gauss"}
        Entries -1 and 1; any direction, of length sqrt(N); Gaussian entries, the state of length sqrt(N).

    References
    ----------
    .. [LM24] C. Lucibello, M. Mezard, Phys. Rev. Lett. 132, 077301 (2024).

    Examples
    --------
    >>> from replica import critical
    >>> for patterns in ("bits", "sphere", "gauss"):
    ...     print(f"{critical(Exponential(alpha=0.1, lambda_=1.0, patterns=patterns)).value:.12f}")
    0.566219169517
    0.622571923780
    0.500000000000
    """

    alpha: Value = parameter(
        "load, the logarithm of the number of patterns per neuron", r"\alpha", lower=0, typical=(0.0, 1.0)
    )
    lambda_: Value = parameter(
        "sharpness", r"\lambda", lower=0, open_lower=True, default=1.0, typical=(0.1, 3.0)
    )
    patterns: str = parameter("law of the patterns", r"\xi", default="bits", choices=PATTERNS)

    name: ClassVar[str] = "exponential"
    aliases: ClassVar[tuple[str, ...]] = ("exponential-hopfield", "modern-hopfield")
    order: ClassVar[tuple[str, ...]] = ("u",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "noise": Branch("the patterns that are not retrieved, seen from one of them"),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "capacity": Zero(Phase("noise"), "margin", text="a typical pattern ceases to be a minimum"),
        "condensation": Zero(Phase("noise"), "abundance", text="at lower loads few patterns carry the noise"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"alpha_1": "capacity"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "capacity", "alpha_1", "largest load at which a typical pattern is a minimum"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -(1/lambda) ln sum_k exp(lambda sum_i xi_ik x_i)",
        "I": "I = [(1 + u) ln(1 + u) + (1 - u) ln(1 - u)]/2",
        "u": "u = min(tanh(lambda), root of I = alpha)",
        "f": "f = -u - (alpha - I)/lambda",
        "margin": "margin = 1 + f; 0 at alpha_1 = lambda - zeta, where the noise is not condensed",
        "zeta": "zeta = max_u [lambda u - I]",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "u": "overlap, with the state, of the patterns that carry the noise",
        "I": "rate function of that overlap: bits; -ln(1 - u^2)/2 on the sphere, u^2/2 of Gaussian entries",
        "zeta": "logarithm of the mean of exp(lambda xi . x), over N",
    }
    references: ClassVar[tuple[str, ...]] = (
        "C. Lucibello, M. Mezard, Phys. Rev. Lett. 132, 077301 (2024)",
        "H. Ramsauer et al., ICLR (2021), arXiv:2008.02217",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_1 at lambda = 1": "0.566219169517 (bits), 0.622571923780 (sphere), 1/2 (gauss)",
        "alpha_1 of bits": "lambda - ln cosh(lambda), exact; ln 2 as lambda grows",
        "alpha_1 of gauss": "lambda - lambda^2/2 up to lambda = 1, then 1/2: the noise is condensed, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "f is the energy of the noise per neuron, that of a pattern is -1; there is no temperature.",
        "A statement about the minimum at a typical pattern. Retrieval from a distance ends earlier.",
        "Equations are written out for bits.",
    )

    def rate(self, u: Number) -> tuple[Number, Number]:
        """I(u) and dI/du."""
        if self.patterns == "bits":
            up, down = log1p(u), log1p(-u)
            return ((1 + u) * up + (1 - u) * down) / 2, (up - down) / 2
        if self.patterns == "sphere":
            return -log1p(-u * u) / 2, u / (1 - u * u)
        return u * u / 2, 1 * u

    @property
    def tilted(self) -> Number:
        """The overlap at which dI/du = lambda."""
        at = self.lambda_ + 0 * self.alpha
        if self.patterns == "bits":
            return tanh(at)
        return 2 * at / (1 + sqrt(1 + 4 * at * at)) if self.patterns == "sphere" else at

    @property
    def plenty(self) -> Booleans:
        """Whether exponentially many patterns carry the noise."""
        return self.alpha >= self.rate(self.tilted)[0]

    def update(self, x: Numbers) -> Numbers:
        (u,) = x
        few = self._few(u)
        return stack(choose(self.plenty, self.tilted + 0 * u, few + 0 * self.lambda_))

    def _few(self, u: Number) -> Number:
        """The overlap at which I = alpha; of bits the next guess of Newton's method."""
        if self.patterns == "bits":
            value, slope = self.rate(u)
            return u + (self.alpha - value) / maximum(slope, 1e-300 + 0 * u)
        return (sqrt(1 - exp(-2 * self.alpha)) if self.patterns == "sphere" else sqrt(2 * self.alpha)) + 0 * u

    def jacobian(self, x: Numbers) -> Numbers:
        (u,) = x
        if self.patterns != "bits":
            return stack(stack(0 * u + 0 * self.tilted))
        value, slope = self.rate(u)
        bend = -(self.alpha - value) / maximum(slope, 1e-300 + 0 * u) ** 2 / (1 - u * u)
        return stack(stack(choose(self.plenty, 0 * bend + 0 * self.tilted, bend + 0 * self.tilted)))

    def free_energy(self, x: Numbers) -> Number:
        (u,) = x
        value, slope = self.rate(u)
        # either is stationary where its equation holds
        sharp = choose(
            self.plenty, self.lambda_ + 0 * slope, maximum(slope, 1e-300 + 0 * u) + 0 * self.lambda_
        )
        return -u - (self.alpha - value) / sharp

    def physical(self, x: Numbers) -> Booleans:
        (u,) = x
        return (u >= 0) & ((u < 1) | (self.patterns == "gauss"))

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        with np.errstate(all="ignore"):
            few = self.tilted if self.patterns == "bits" else np.minimum(self._few(self.tilted), self.tilted)
        return self.state(u=few)

    def margin(self, x: Numbers) -> Number:
        """How far the energy of a pattern lies below that of the noise: it is a minimum while positive."""
        return 1 + self.free_energy(x)

    def abundance(self, x: Numbers) -> Number:
        """Alpha - I at the overlap that lambda asks for: condensed below 0."""
        return self.alpha - self.rate(self.tilted)[0] + 0 * x[0]

    def derived(self, x: Numbers) -> dict[str, Number]:
        return {"zeta": self.lambda_ * self.tilted - self.rate(self.tilted)[0] + 0 * x[0]}
