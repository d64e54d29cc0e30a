"""Real signals from the sizes of linear measurements, without their signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import is_exact, log, log1p, maximum, sqrt, stack
from replica.numerics.quadrature import kinked_rule
from replica.numerics.spins import SpinAverages, spin_averages
from replica.theory import Boundary, Branch, Critical, Fold, Phase, Theory, Value, Zero, parameter
from replica.typing import Array, Booleans, Number, Numbers

__all__ = ["PhaseRetrieval"]


@dataclass(frozen=True)
class PhaseRetrieval(Theory):
    r"""Gaussian signal from the sizes of its measurements, y = |w0.x|/sqrt(N), replica symmetric [BKMMZ19]_.

    The posterior knows the prior, so that m = q (Nishimori). A measurement and its unknown sign are a spin in
    the field h + sqrt(h) z with h = y^2 q/(1 - q).

    Parameters
    ----------
    alpha : float or array
        Measurements per entry of the signal, >= 0.

    References
    ----------
    .. [BKMMZ19] J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborova, PNAS 116, 5451 (2019).

    Examples
    --------
    >>> from replica import critical, locate, solve
    >>> theory = PhaseRetrieval(alpha=1.0)
    >>> print(f"{critical(theory).value:.6f} {locate(theory, 'spinodal', 'alpha').value:.6f}")
    0.500000 1.128471
    """

    alpha: Value = parameter(
        "measurements per entry of the signal",
        r"\alpha",
        lower=0,
        unit="measurements/entry",
        typical=(0.0, 1.5),
    )

    name: ClassVar[str] = "phase-retrieval"
    order: ClassVar[tuple[str, ...]] = ("q",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("q > 0: what message passing finds"),
        "blind": Branch("q = 0: nothing is told", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "weak-recovery": Zero(Phase("blind"), "stability", text="q = 0 becomes unstable: alpha = 1/2"),
        "spinodal": Fold("retrieval"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "weak-recovery", "alpha_w", "load from which on a first guess leads towards the signal"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = 0, with h_k^2 = y_k^2, h_k = sum_i x_ik w_i/sqrt(N)",
        "q": "q = qh/(1 + qh)",
        "qh": "qh = alpha (E[y^2 tanh(h + sqrt(h) z)] - q)/(1 - q)^2",
        "h": "h = y^2 q/(1 - q)",
        "f": "f = q qh/2 - [qh - ln(1 + qh)]/2 - alpha Psi",
        "Psi": "Psi = E[ln 2cosh(h + sqrt(h) z)] - (1 + q)/(2 (1 - q)) - ln(2 pi (1 - q))/2",
    }
    symbols: ClassVar[Mapping[str, str]] = {"q": "overlap with the signal, and of two samples"}
    references: ClassVar[tuple[str, ...]] = (
        "J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborova, PNAS 116, 5451 (2019)",
        "M. Mondelli, A. Montanari, Found. Comput. Math. 19, 703 (2019)",
    )
    known: ClassVar[Mapping[str, str]] = {"alpha_w": "1/2, exact (Mondelli and Montanari 2019)"}
    notes: ClassVar[tuple[str, ...]] = ("Beyond the spinodal message passing finds the signal, q = 1.",)

    def measured(self, q: Number) -> tuple[Number, Array, SpinAverages]:
        """Sizes y, their weights, and the averages of the signs; nodes on a last axis."""
        if is_exact(q):
            msg = f"{self.name}: its averages are known in double precision only; ask no digits"
            raise ParameterError(msg)
        q = np.asarray(q, dtype=float)
        ratio = maximum(q, 0 * q) / (1 - q)
        scale = 1 / np.sqrt(np.maximum(ratio, 1e-6)).reshape(1, ratio.size)
        if not ratio.size:
            scale = np.ones((1, 1))
        y, weight = (
            part[: ratio.size].reshape(*q.shape, part.shape[-1]) for part in kinked_rule(0 * scale, scale)
        )
        h = y**2 * ratio[..., None]
        return y, weight, spin_averages(h, sqrt(h), 1.0)

    def conjugate(self, q: Number) -> Number:
        """Qh, the answer of the measurements."""
        y, weight, sign = self.measured(q)
        return self.alpha * (np.sum(weight * y**2 * sign.tanh, axis=-1) - q) / (1 - q) ** 2

    def update(self, x: Numbers) -> Numbers:
        (q,) = x
        qh = self.conjugate(q)
        return stack(qh / (1 + qh))

    def jacobian(self, x: Numbers) -> Numbers:
        (q,) = x
        y, weight, sign = self.measured(q)
        moved = np.sum(weight * y**4 * (sign.susceptibility + sign.susceptibility_1 / 2), axis=-1)
        told = np.sum(weight * y**2 * sign.tanh, axis=-1) - q
        slope = (moved / (1 - q) ** 2 - 1) / (1 - q) ** 2 + 2 * told / (1 - q) ** 3
        return stack(stack(self.alpha * slope / (1 + self.alpha * told / (1 - q) ** 2) ** 2))

    def free_energy(self, x: Numbers) -> Number:
        (q,) = x
        _, weight, sign = self.measured(q)
        qh = self.conjugate(q)
        outputs = np.sum(weight * sign.log2cosh, axis=-1) - (1 + q) / (2 * (1 - q))
        outputs = outputs - log(2 * np.pi * (1 - q)) / 2
        return (q * qh - qh + log1p(qh)) / 2 - self.alpha * outputs

    def physical(self, x: Numbers) -> Booleans:
        (q,) = x
        return (q >= 0) & (q < 1)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (q,) = x
        return (q > 1e-7) == (branch == "retrieval")

    def start(self, branch: str) -> Numbers:
        if branch == "blind":
            return super().start(branch)
        self.branch(branch)
        x = self.state(q=0.05)
        with np.errstate(all="ignore"):
            for _ in range(60):
                x = np.clip(self.update(x), 1e-9, 1 - 1e-9)
        return x
