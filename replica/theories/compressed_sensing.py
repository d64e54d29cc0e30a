"""Sparse signals from few linear measurements: seen with their prior, and as those of least L1 norm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.numerics.functions import H, is_exact, log, sqrt, stack
from replica.theory import Boundary, Branch, Critical, Fold, Phase, Value, Zero, parameter
from replica.theory.prior_channel import STEPS, Mixture, PriorChannel, followed, parsed, sparse
from replica.typing import Booleans, Number, Numbers
from replica.units import Unit
from replica.units.channels import Channel, Square
from replica.units.priors import PRIORS, GaussBernoulli, Laplace

__all__ = ["BasisPursuit", "CompressedSensing"]

LOAD: dict[str, Any] = {
    "text": "measurements per entry of the signal",
    "symbol": r"\alpha",
    "lower": 0,
    "unit": "measurements/entry",
    "typical": (0.0, 1.0),
}


@dataclass(frozen=True)
class CompressedSensing(PriorChannel):
    r"""Sparse signal from linear measurements, seen with its prior, replica symmetric [KMSSZ12]_.

    Measurements y = w0.x/sqrt(N) + noise of a signal whose entries are 0 but for a share rho, which is
    Gaussian. The unknown is the error E of the posterior mean, where m = q (Nishimori).

    Parameters
    ----------
    alpha : float or array
        Measurements per entry of the signal, >= 0.
    noise : float or array
        Variance of the noise, >= 0.
    prior : Unit or str
        ``gauss-bernoulli:rho=0.1``: the law of the signal, which the estimate knows.

    References
    ----------
    .. [KMSSZ12] F. Krzakala, M. Mezard, F. Sausset, Y. F. Sun, L. Zdeborova, Phys. Rev. X 2, 021005 (2012).

    Examples
    --------
    >>> from replica import critical, solve
    >>> theory = CompressedSensing(alpha=0.15)
    >>> print(f"{solve(theory)['E']:.9f} {critical(theory).value:.9f}")
    0.061707154 0.207559079
    """

    alpha: Value = parameter(**LOAD)
    noise: Value = parameter("variance of the noise", r"\sigma^2", lower=0, default=0.0, typical=(0.0, 0.1))
    prior: Unit = parameter("law of the signal", "P_w", kind="unit", default=GaussBernoulli())

    name: ClassVar[str] = "compressed-sensing"
    temperature: ClassVar[float] = 1.0
    order: ClassVar[tuple[str, ...]] = ("E",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "failure": Branch("E > 0: what message passing finds"),
        "recovery": Branch("E = 0, without noise", (0.0,), explicit=True, isolated=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("failure"),
        "recovery": Zero(Phase("recovery"), "excess", text="E = 0 becomes stable: alpha = rho"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_s", "load from which on message passing recovers the signal"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k (y_k - h_k)^2/(2 noise), h_k = sum_i x_ik w_i/sqrt(N)",
        "E": "E = E[(w0 - <w>)^2], w of the prior in the field b with the quadratic term -r",
        "Z": "Z = 1 - rho + rho exp(b^2/(2 (1 + r)))/sqrt(1 + r)",
        "b": "b = r w0 + sqrt(r) z",
        "r": "r = alpha/(noise + E)",
        "f": "f = r (rho - E)/2 + (alpha/2) ln(noise + E) - E[ln Z]",
    }
    symbols: ClassVar[Mapping[str, str]] = {"E": "mean square error of an entry of the signal"}
    references: ClassVar[tuple[str, ...]] = (
        "F. Krzakala, M. Mezard, F. Sausset, Y. F. Sun, L. Zdeborova, Phys. Rev. X 2, 021005 (2012)",
        "Y. Wu, S. Verdu, IEEE Trans. Inform. Theory 58, 6241 (2012)",
    )
    known: ClassVar[Mapping[str, str]] = {"recovery": "alpha = rho, exact: fewer measurements never suffice"}
    notes: ClassVar[tuple[str, ...]] = (
        "f is without the constant (alpha/2)[1 + ln(2 pi)]; it tends to -infinity as E -> 0 without noise.",
        "With `--prior laplace` or `--prior non-negative` the theory is `basis-pursuit`.",
    )

    @classmethod
    def among(cls, given: Mapping[str, Any]) -> str:
        prior = str(given.get("prior", "")).partition(":")[0]
        return "basis-pursuit" if prior in ("laplace", "non-negative") else cls.name

    def __post_init__(self) -> None:
        parsed(self, "prior", PRIORS, ("gauss-bernoulli",))
        super().__post_init__()

    @property
    def weights(self) -> Unit:
        return self.prior

    @property
    def rho(self) -> Number:
        """Share of entries of the signal that are not 0."""
        return self.prior.rho  # type: ignore[attr-defined]

    @property
    def teacher(self) -> Mixture:
        return sparse(self.rho)

    @property
    def available(self) -> tuple[str, ...]:
        return ("failure", "recovery") if np.all(np.equal(self.noise, 0)) else ("failure",)

    def ratio(self, x: Numbers) -> Number:
        """R, measurements over the variance of what they leave open."""
        (E,) = x
        return self.alpha / (self.noise + E)

    def _perfect(self, x: Numbers) -> Booleans:
        return np.equal(x[0] + self.noise, 0)

    def update(self, x: Numbers) -> Numbers:
        (E,) = x
        perfect = self._perfect(x)
        r = self.ratio(stack(np.where(perfect, 1.0, E)))
        return stack(np.where(perfect, 0.0, self.prior_side(stack(r, r, r))[0][2]))

    def jacobian(self, x: Numbers) -> Numbers:
        r = self.ratio(x)
        rows = self.prior_side(stack(r, r, r), slopes=True)[1]
        return stack(stack(-(rows[2][0] + rows[2][1] + rows[2][2]) * r / (self.noise + x[0])))

    def free_energy(self, x: Numbers) -> Number:
        (E,) = x
        with np.errstate(divide="ignore", invalid="ignore"):
            r = self.ratio(x)
            weights = self.prior_side(stack(r, r, r))[2]
            value = r * (self.rho - E) / 2 + self.alpha / 2 * log(self.noise + E) + weights
            return np.where(self._perfect(x), -np.inf, value)[()]

    def physical(self, x: Numbers) -> Booleans:
        (E,) = x
        return (E > 0) | np.equal(E, 0) & np.equal(self.noise, 0)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (E,) = x
        return (E > 1e-12) == (branch == "failure")

    def replicon(self, x: Numbers) -> Number:
        perfect = self._perfect(x)
        E = np.where(perfect, 1.0, x[0])
        r = self.ratio(stack(E))
        stable = 1 - r / (self.noise + E) * self.prior_square(stack(r, r, r))
        return np.where(perfect, 1 - self.rho / np.maximum(self.alpha, 1e-300), stable)[()]

    def excess(self, x: Numbers) -> Number:
        """Alpha - rho: negative where E = 0 is unstable."""
        return self.alpha - self.rho + 0 * x[0]

    def start(self, branch: str) -> Numbers:
        if branch == "recovery":
            return super().start(branch)
        self.branch(branch)
        x = self.state(E=self.rho)
        with np.errstate(all="ignore"):
            for _ in range(30):
                x = self.update(x)
        return x


@dataclass(frozen=True)
class BasisPursuit(PriorChannel):
    r"""Sparse signal from linear measurements, as that of least L1 norm, replica symmetric [KWT09]_.

    Measurements y = w0.x/sqrt(N) of a signal whose entries are 0 but for a share rho. Of all w with these
    measurements the one of least sum |w| is the signal from a load on that depends on rho alone.

    Parameters
    ----------
    alpha : float or array
        Measurements per entry of the signal, > 0.
    rho : float or array
        Share of entries that are not 0, in (0, 1); they are Gaussian of variance 1.
    prior : Unit or str
        ``laplace``; ``non-negative`` for a signal that is known not to be negative.

    References
    ----------
    .. [KWT09] Y. Kabashima, T. Wadayama, T. Tanaka, J. Stat. Mech. L09003 (2009).

    Examples
    --------
    >>> from replica import critical
    >>> for prior in ("laplace", "non-negative"):
    ...     print(f"{critical(BasisPursuit(alpha=0.3, prior=prior)).value:.15f}")
    0.328793505453630
    0.265304324762900
    """

    alpha: Value = parameter(open_lower=True, **(LOAD | {"typical": (0.01, 1.0)}))
    rho: Value = parameter(
        "share of entries that are not 0",
        r"\rho",
        lower=0,
        upper=1,
        open_lower=True,
        open_upper=True,
        default=0.1,
        typical=(0.05, 0.5),
    )
    prior: Unit = parameter("penalty", "r", kind="unit", default=Laplace())

    name: ClassVar[str] = "basis-pursuit"
    aliases: ClassVar[tuple[str, ...]] = ("l1", "donoho-tanner")
    branches: ClassVar[Mapping[str, Branch]] = {
        "failure": Branch("another w has a smaller norm than the signal"),
        "recovery": Branch("w is the signal", explicit=True, isolated=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "recovery": Zero(Phase("recovery"), "excess", text="the signal has the least norm")
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "recovery", "alpha_c", "load from which on the signal has the least norm"
    )
    without_integrals: ClassVar[bool] = True
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_i r(w_i), with h_k = y_k, h_k = sum_i x_ik w_i/sqrt(N)",
        "w": "w = x with the least e_w = r(x) + Vh x^2/2 - (mh w0 + sqrt(qh) z) x",
        "mh": "mh = Vh",
        "Vh": "Vh = alpha/V",
        "qh": "qh = alpha (q - 2 m + rho)/V^2",
        "m": "m = E[w0 w]",
        "q": "q = E[w^2]",
        "V": "V = E[w1], w1 the slope of w by its field",
        "f": "f = m mh + (qh V - Vh q)/2 + E[e_w] - alpha (q - 2 m + rho)/(2 V)",
        "error": "error = q - 2 m + rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the signal",
        "q": "mean square of an entry",
        "V": "response of an entry to a field",
        "error": "mean square error",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. L. Donoho, J. Tanner, PNAS 102, 9446 (2005)",
        "Y. Kabashima, T. Wadayama, T. Tanaka, J. Stat. Mech. L09003 (2009)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c": "min over t of rho (1 + t^2) + 2 (1 - rho) H_2(t); H_2 once where w >= 0 (Donoho, Tanner)"
    }
    notes: ClassVar[tuple[str, ...]] = (
        "f is the least sum of |w| per entry.",
        "Next to alpha_c the branch `failure` is there, but not always found from its start.",
    )

    def __post_init__(self) -> None:
        parsed(self, "prior", PRIORS, ("laplace", "non-negative"))
        super().__post_init__()

    @property
    def weights(self) -> Unit:
        return self.prior

    @property
    def outputs(self) -> Channel:
        return Square(noise=0.0)

    @property
    def spread(self) -> Number:
        return 0.0

    @property
    def teacher(self) -> Mixture:
        return sparse(self.rho)

    @property
    def available(self) -> tuple[str, ...]:
        # the law of a signal that is not negative is none of the mixtures
        return ("recovery",) if self.prior.name == "non-negative" else ("failure", "recovery")

    def hint(self, branch: str) -> str:
        if branch == "failure" and self.prior.name == "non-negative":
            return "where w >= 0 only the load is known at which it ends, not the state"
        return "it exists below alpha_c"

    def _perfect(self, x: Numbers) -> Booleans:
        return np.equal(x[2], 0)

    def update(self, x: Numbers) -> Numbers:
        perfect = self._perfect(x)
        return x + 0 * self.alpha if np.all(perfect) else np.where(perfect, x, super().update(x))

    def free_energy(self, x: Numbers) -> Number:
        if np.all(self._perfect(x)):
            return self.rho * math.sqrt(2 / math.pi) + 0 * (x[0] * self.alpha)
        return super().free_energy(x)

    def replicon(self, x: Numbers) -> Number:
        if np.all(self._perfect(x)):
            return self.excess(x)
        return super().replicon(x)

    def physical(self, x: Numbers) -> Booleans:
        m, q, V = x
        return (V > 0) & (q - 2 * m + self.rho > 0) | self._perfect(x)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        return self._perfect(x) == (branch == "recovery")

    def derived(self, x: Numbers) -> dict[str, Number]:
        m, q, _ = x
        return {"error": q - 2 * m + self.rho}

    @property
    def limit_of_recovery(self) -> Number:
        """Alpha_c: the least rho (1 + t^2) + c (1 - rho) H_2(t), at rho t = c (1 - rho) H_1(t); c signs."""
        signs, rho = (1 if self.prior.name == "non-negative" else 2), self.rho
        t = 1 + 0 * rho
        for _ in range(
            200 if is_exact(rho) else 60
        ):  # the left side grows, the right one falls and is convex
            gap = rho * t - signs * (1 - rho) * H(1, t)
            step = gap / (rho + signs * (1 - rho) * H(0, t))
            t = t - step
            if np.all(np.abs(np.asarray(step, dtype=float)) < 1e-300):
                break
        return rho * (1 + t**2) + signs * (1 - rho) * H(2, t)

    def excess(self, x: Numbers) -> Number:
        """1 - alpha_c/alpha."""
        return 1 - self.limit_of_recovery / self.alpha

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        if branch == "recovery":
            return self.state(m=self.rho, q=self.rho, V=0 * self.rho)
        limit = self.limit_of_recovery
        gap = np.where(self.alpha < limit, 1 - self.alpha / limit, 0.5)
        theories = [self.at(alpha=limit * (1 - 0.5 * (2 * gap) ** (k / STEPS))) for k in range(STEPS + 1)]
        left = 0.5 * self.rho
        x = self.state(m=self.rho - 0.8 * left, q=self.rho - 0.6 * left, V=sqrt(self.alpha * left))
        return followed(theories[1:], theories[0].iterated(x, 80), ahead=False)
