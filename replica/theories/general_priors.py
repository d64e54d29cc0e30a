"""Hopfield-like network with priors between binary and Gaussian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import maximum, sqrt, stack
from replica.theory import (
    Boundary,
    Branch,
    Critical,
    Limit,
    Value,
    parameter,
)
from replica.theory.boundaries import lines_of_a_memory
from replica.theory.two_layers import TwoLayers, odd_mean, weighted_sum, wide
from replica.typing import Booleans, Number, Numbers
from replica.units import Averages, Interpolating, Unit

__all__ = ["GeneralPriors"]


@dataclass(frozen=True)
class GeneralPriors(TwoLayers):
    r"""Hopfield-like network with priors between binary and Gaussian [BGST]_.

    P ~ P_s(sigma) P_t(tau) exp(sqrt(beta/N) sum xi sigma tau); each prior is sqrt(omega) Gaussian + sqrt(1 -
    omega) binary. It is the random RBM at temperature 1 with hidden units of size sqrt(beta), one strong
    hidden unit, and patterns xi that may be Gaussian too.

    Parameters
    ----------
    alpha : float or array
        Hidden units per visible unit, >= 0.
    T : float or array
        Temperature 1/beta, > 0.
    omega_visible, omega_hidden, omega_pattern : float or array
        0 is binary, 1 is Gaussian. (0, 1, 0) is the Hopfield network.

    References
    ----------
    .. [BGST] A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017); Phys. Rev. E 97,
       022310 (2018).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(GeneralPriors(alpha=0.02, T=0.2, omega_pattern=0.05))
    >>> print(f"{state['m']:.9f} {state['q']:.9f}")
    0.972643027 0.993332493
    """

    alpha: Value = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 0.2)
    )
    T: Value = parameter("temperature", "T", lower=0, open_lower=True, typical=(0.02, 2.0))
    omega_visible: Value = parameter(
        "visible prior: 0 binary, 1 Gaussian", r"\Omega_\sigma", lower=0, upper=1, default=0.0
    )
    omega_hidden: Value = parameter(
        "hidden prior: 0 binary, 1 Gaussian", r"\Omega_\tau", lower=0, upper=1, default=1.0
    )
    omega_pattern: Value = parameter(
        "law of the patterns: 0 binary, 1 Gaussian", r"\Omega_\xi", lower=0, upper=1, default=0.0
    )

    name: ClassVar[str] = "general-priors"
    aliases: ClassVar[tuple[str, ...]] = ("bgst", "generalized-hopfield", "generalised-hopfield")
    line_names: ClassVar[Mapping[str, str]] = {"T_g": "glass"}
    order: ClassVar[tuple[str, ...]] = ("m", "q", "qd", "p", "pd")
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("m > 0: one pattern retrieved"),
        "glass": Branch("m = 0, q > 0"),
        "paramagnet": Branch("m = q = p = 0", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = lines_of_a_memory("log_rho", "log_rho")
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sqrt(T/N) sum_ik xi_ik sigma_i tau_k",
        "sigma": (
            "sigma in the field h = beta omega_hidden m xi + sqrt(alpha beta p) z, "
            "gamma = alpha beta (pd - p)"
        ),
        "tau": "tau in the field h = sqrt(beta q) z, gamma = beta (qd - q)",
        "Z": (
            "ln Z1 = -ln(a)/2 + ((1 - omega) gamma + omega h^2)/(2a) + ln cosh(sqrt(1 - omega) h/a), "
            "a = 1 - omega gamma"
        ),
        "m": "m = E[xi <sigma>]",
        "q": "q = E[<sigma>^2]",
        "qd": "qd = E[<sigma^2>]",
        "p": "p = E[<tau>^2]",
        "pd": "pd = E[<tau^2>]",
        "e": "e = -(omega_hidden m^2 + alpha (qd pd - q p))/2",
        "f": (
            "f/T = (alpha beta/2)(qd pd - q p) + beta omega_hidden m^2/2 - E[ln Z1_sigma]"
            " - alpha E[ln Z1_tau]"
        ),
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the retrieved pattern",
        "q": "overlap of two replicas of the visible units",
        "qd": "mean square of a visible unit",
        "p": "overlap of two replicas of the hidden units",
        "pd": "mean square of a hidden unit",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017)",
        "A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 97, 022310 (2018)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "T_g": "sqrt(alpha) (binary, binary), 1 + sqrt(alpha) (binary, Gaussian), (1 + sqrt(alpha))^2 "
        "(Gaussian, Gaussian), exact",
        "retrieval at alpha = 0": "below T = omega_hidden for binary visible units, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Priors are normalised: f differs from that of hopfield by T ln 2 - alpha/2 (binary visible units; "
        "the diagonal of the couplings is kept).",
        "Gaussian patterns with binary visible units have no retrieval solution at any alpha > 0.",
        "Visible units with omega > 0 are unbounded: m > 1 is allowed, and at low T their integral diverges.",
    )

    @property
    def layers(self) -> tuple[Unit, Unit]:
        one = 1 + 0 * self.T
        return _Prior.of(self.omega_visible, one), _Prior.of(self.omega_hidden, sqrt(1 / self.T))

    @property
    def warmth(self) -> Number:
        return 1 + 0 * self.T  # the priors do not know the temperature

    def absence(self, line: str) -> str:
        if line == "glass" and np.all(np.equal(self.omega_visible, 1) & np.equal(self.omega_hidden, 1)):
            return (
                "with Gaussian units only the paramagnet does not become unstable: it ends at "
                "T = (1 + sqrt(alpha))^2, where the Gaussian integral diverges"
            )
        return ""

    def hint(self, branch: str) -> str:
        if branch == "retrieval" and np.all(
            np.equal(self.omega_pattern, 1) & np.equal(self.omega_visible, 0)
        ):
            return (
                "with Gaussian patterns and binary visible units m > 0 exists at alpha = 0 only, with "
                "q = 1 - T at omega_hidden = 1, and there the noise p of the hidden units is infinite"
            )
        return ""

    def internal(self, x: Numbers) -> tuple[Number, Number, Number, Number, Number]:
        """The amplitude of the retrieved field, and q, r, B, C of the two layers at temperature 1."""
        m, q, qd, p, pd = x
        beta = 1 / self.T
        return beta * self.omega_hidden * m, q, beta * p, beta * (pd - p), qd - q

    def visible_state(self, x: Numbers) -> Averages:
        """Averages of the visible units for the two signs of the binary part of the pattern."""
        pull, _, r, B, _ = self.internal(x)
        sign = np.array([-1, 1])
        spread = self.omega_pattern * pull**2
        return self.visible_averages(
            wide(pull * sqrt(1 - self.omega_pattern + 0 * pull)) * sign, r, B, spread
        )

    visible_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (0, 3, 4), (0, 1, 2)
    hidden_rows: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]] = (1, 2), (3, 4)

    def visible_answers(self, x: Numbers) -> Numbers:
        pull, v = self.internal(x)[0], self.visible_state(x)
        binary = sqrt(1 - self.omega_pattern + 0 * pull) * odd_mean(v.mean, _half_signs())
        # Stein's lemma for the Gaussian part of the pattern
        response = weighted_sum(v.response, _halves())
        overlap = binary + self.omega_pattern * pull * response
        square = weighted_sum(v.square, _halves())
        return stack(overlap, square, square + response)

    def hidden_answers(self, x: Numbers) -> Numbers:
        _, q, _, _, C = self.internal(x)
        h = self.hidden_averages(q, C)
        return stack(h.square * self.T, (h.square + h.response) * self.T)

    def free_energy(self, x: Numbers) -> Number:
        pull, q, r, B, C = self.internal(x)
        m = x[0]
        return self.T * (
            pull * m / 2
            + self.bulk(q, r, B, C)
            + weighted_sum(self.visible_state(x).free_energy, _halves())
            + self.alpha * self.hidden_averages(q, C).free_energy
        )

    def energy(self, x: Numbers) -> Number:
        """d(f/T)/d(1/T): as f is stationary, only the strength of the weights counts."""
        m, q, qd, p, pd = x
        return -(self.omega_hidden * m**2 + self.alpha * (qd * pd - q * p)) / 2

    def entropy(self, x: Numbers) -> Number:
        """Relative to the priors, which are normalised: 0 at infinite temperature, negative below it."""
        return (self.energy(x) - self.free_energy(x)) / self.T

    def physical(self, x: Numbers) -> Booleans:
        _, _, _, B, C = self.internal(x)
        return self.confined(B, C)

    overlaps: ClassVar[tuple[str, ...]] = ("q", "p")

    def scales(self, x: Numbers) -> Numbers:
        m, q, qd, p, pd = np.abs(x)
        room = maximum(self.layers[1].curvature - (qd - q), 0 * q + 1e-9)
        gap = np.minimum(maximum(qd - q, 1e-4), room)
        return stack(
            maximum(m, 0.01), np.minimum(maximum(q, 1e-9), gap), gap, maximum(p, 1e-9), maximum(pd - p, 1e-4)
        )

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry is stable below 1: the two-layer replicon."""
        _, q, _, _, C = self.internal(x)
        visible, hidden = self.visible_state(x), self.hidden_averages(q, C)
        return self.alpha * weighted_sum(visible.response_square, _halves()) * hidden.response_square

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        if branch == "paramagnet":
            B, C = self.quiet()
            return self._external(0.0, 0.0, 0.0, B, C)
        if branch == "glass":
            return self._external(0.0, *self.unmagnetised())
        zero = np.zeros(self.batch)
        m = zero + 1.0
        x = self._external(m, zero, zero, zero, zero)
        for _ in range(200):
            moved = self.at(alpha=0 * self.alpha).update(x)
            moving = ~(np.abs(moved[0] - x[0]) < 1e-9)
            x = np.where(moving, moved, x)
            if not np.any(moving & np.isfinite(moved[0])):
                break
        return x

    def _external(self, m: Number, q: Number, r: Number, B: Number, C: Number) -> Number:
        return self.state(m=m, q=q, qd=q + C, p=r * self.T, pd=(r + B) * self.T)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, q, *_ = x
        if branch == "retrieval":
            return m > 1e-7
        return (np.abs(m) < 1e-7) & ((q > 1e-7) if branch == "glass" else (np.abs(q) < 1e-7))


class _Prior(Interpolating):
    """A prior at temperature 1, where all but its entropy is closed; a theory may probe beyond its bounds."""

    @classmethod
    def of(cls, omega: Number, size: Number) -> _Prior:
        prior = object.__new__(cls)
        prior.__dict__.update(omega=omega, size=size)
        return prior

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        return self.closed_averages(loc, width, a)


def _halves() -> Number:
    return np.array([[0.5, 0.5]])


def _half_signs() -> Number:
    return np.array([[-0.5, 0.5]])
