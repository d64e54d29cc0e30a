"""Inference of the weights of one hidden unit from data, replica symmetric: teacher and student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import log, maximum, sqrt, stack, tanh
from replica.numerics.quadrature import normal_rule
from replica.numerics.spins import SpinAverages, one_minus_rho, spin_averages
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["HopfieldHiddenUnit", "OneHiddenUnit"]

_PAPERS = (
    "H. Huang, T. Toyoizumi, Phys. Rev. E 94, 062310 (2016)",
    "H. Huang, J. Stat. Mech. (2017) 053302",
)

_WEIGHTS = {
    "Q": "Q = <tanh^2(sqrt(Q_hat) z + r_hat)>",
    "r": "r = <tanh(sqrt(Q_hat) z + r_hat)>",
}

_SYMBOLS = {
    "Q": "overlap of two samples of the posterior",
    "r": "overlap with the weights of the teacher",
    "Q_hat": "conjugate of Q: noise of the evidence for one weight",
    "r_hat": "conjugate of r: strength of the evidence for one weight",
    "s_xi": "Shannon entropy of the posterior over the weights",
    "s_joint": "entropy of weights and hidden units, less alpha ln 2: not that of the weights",
    "beta_hat": "what the data say beta is, seen from this state",
}

_BRANCHES = {
    "informative": Branch("r > 0: the weights of the teacher are inferred in part", (1.0, 1.0)),
    "glass": Branch("spin glass: Q > 0, r = 0", (0.9, 0.0)),
    "paramagnet": Branch("Q = r = 0: the data say nothing", (0.0, 0.0), explicit=True),
}

_CRITICAL = Critical(
    "alpha", "teacher", "alpha_c", "samples per weight at which the paramagnet gives way to the teacher"
)


def _lines(teacher: str, glass: str) -> dict[str, Boundary]:
    """The boundaries of both theories; the closed forms of those of the paramagnet differ."""
    return {
        "teacher": Zero(
            Phase("paramagnet"),
            "alignment",
            text=f"the paramagnet gives way to the teacher: alpha = {teacher}",
        ),
        "glass": Zero(Phase("paramagnet"), "replicon", text=f"spin glass order sets in: alpha = {glass}"),
        "stability": Zero(
            Phase("informative"),
            "replicon",
            "stability",
            text="replica symmetry breaks in the informative state (replicon = 0)",
        ),
    }


_LINES = _lines("1/(beta beta_star)^2", "1/beta^4")
_HOPFIELD_LINES = _lines("(1 - beta^2)/(beta beta_star)^2", "(1 - beta^2)^2/beta^4")

_FORMAL = (
    "Where the line `glass` lies below the line `teacher`, the paramagnet has frozen before: the teacher is "
    "then seen from the spin glass, at a larger alpha."
)


@dataclass(frozen=True)
class HiddenUnit(Theory):
    r"""What the two theories of this module share: the average over the binary weights.

    A subclass says what the data do: `conjugates`, their derivatives, and the terms that stand beside them.
    """

    alpha: Value = parameter(
        "samples per weight", r"\alpha", lower=0, unit="samples/weight", typical=(0.0, 20.0)
    )
    beta: Value = parameter(
        "strength of the weights that the student assumes",
        r"\beta",
        lower=0,
        open_lower=True,
        typical=(0.5, 1.8),
    )
    beta_star: Value = parameter(
        "strength of the teacher's weights; without it that of the student (Bayes-optimal)",
        r"\beta_*",
        lower=0,
        default=None,
        typical=(0.0, 1.5),
    )

    order: ClassVar[tuple[str, ...]] = ("Q", "r")
    symmetry: ClassVar[tuple[str, ...]] = ("r",)
    branches: ClassVar[Mapping[str, Branch]] = _BRANCHES
    symbols: ClassVar[Mapping[str, str]] = _SYMBOLS

    @property
    def teacher(self) -> Number:
        """Strength of the teacher's weights; that of the student unless it was given."""
        return self.beta if self.beta_star is None else self.beta_star

    # -- what the data do ------------------------------------------------------------------------------

    def conjugates(self, x: Numbers) -> tuple[Number, Number]:
        """Q_hat and r_hat."""
        raise NotImplementedError

    def conjugate_slopes(self, x: Numbers) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        """Derivatives of Q_hat and of r_hat by Q and by r."""
        raise NotImplementedError

    def evidence(self, x: Numbers) -> Number:
        """What one sample adds to the free entropy phi, times alpha."""
        raise NotImplementedError

    def evidence_slope(self, x: Numbers) -> Number:
        """(d phi/d beta)/alpha, the explicit derivative at a fixed teacher."""
        raise NotImplementedError

    def hidden_rho(self, x: Numbers) -> Number:
        """Alpha beta^4 <variance^2> of a hidden unit, its share of the replicon."""
        raise NotImplementedError

    # -- the theory ------------------------------------------------------------------------------------

    def weights(self, x: Numbers) -> SpinAverages:
        """Averages of one weight in the field sqrt(Q_hat) z + r_hat."""
        Q_hat, r_hat = self.conjugates(x)
        return spin_averages(r_hat, sqrt(maximum(Q_hat, 0 * Q_hat)), 1)

    def update(self, x: Numbers) -> Numbers:
        weight = self.weights(x)
        return stack(weight.tanh2, weight.tanh)

    def free_energy(self, x: Numbers) -> Number:
        Q, r = x
        Q_hat, r_hat = self.conjugates(x)
        return Q_hat * (1 - Q) / 2 + r_hat * r - self.weights(x).log2cosh - self.evidence(x)

    def jacobian(self, x: Numbers) -> Numbers:
        weight = self.weights(x)
        by_Q_hat = (-weight.susceptibility_2 / 2, weight.susceptibility_1 / 2)
        by_r_hat = (-weight.susceptibility_1, weight.susceptibility)
        Q_hat, r_hat = self.conjugate_slopes(x)
        return stack(
            *(
                stack(*(a * dQ + b * dr for dQ, dr in zip(Q_hat, r_hat, strict=True)))
                for a, b in zip(by_Q_hat, by_r_hat, strict=True)
            )
        )

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        Q, r = x
        if branch == "informative":
            return np.abs(r) > 1e-7
        return (np.abs(r) < 1e-7) & ((Q > 1e-9) if branch == "glass" else (np.abs(Q) < 1e-9))

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry is stable below 1."""
        return self.hidden_rho(x) * self.weights(x).sech4_over_T

    def absence(self, line: str) -> str:
        if line == "temperature":
            return "below alpha = 1/beta_star^4 the data do not say what beta is"
        boundary = self.lines[line]
        formula = boundary.text.partition(": ")[2] if isinstance(boundary, Zero) else ""
        return f"it lies at {formula}" if formula else ""

    def alignment(self, x: Numbers) -> Number:
        """1 - d(update r)/dr: where r = 0, positive while the state is stable towards the teacher."""
        return 1 - self.jacobian(x)[1, 1]


@dataclass(frozen=True)
class OneHiddenUnit(HiddenUnit):
    r"""Binary weights of one hidden unit, inferred from data that a teacher generated [HT16]_ [H17]_.

    Samples s^a of N spins are drawn from an RBM with one hidden unit, P(s) ~ cosh(beta* xi*.s/sqrt N); the
    student knows the form of this law, takes beta for beta*, and infers xi from alpha N samples. On the
    Bayes-optimal line, beta = beta*, a sample of the posterior is like the teacher: Q = r.

    Parameters
    ----------
    alpha : float or array
        Samples per weight, >= 0.
    beta : float or array
        Strength of the weights that the student assumes (its inverse temperature), > 0.
    beta_star : float or array, optional
        Strength of the teacher's weights, >= 0; by default that of the student.

    References
    ----------
    .. [HT16] H. Huang, T. Toyoizumi, Phys. Rev. E 94, 062310 (2016).
    .. [H17] H. Huang, J. Stat. Mech. (2017) 053302.

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(OneHiddenUnit(alpha=1.1, beta=1.0))
    >>> print(f"{state['Q']:.12f} {state['r']:.12f} {state['beta_hat']:.12f}")
    0.049055684732 0.049055684732 1.000000000000

    The strength of the teacher's weights, measured from the data alone:

    >>> from replica.solving import locate
    >>> data = OneHiddenUnit(alpha=3.0, beta=1.0, beta_star=1.2)
    >>> print(f"{locate(data, 'temperature', 'beta').value:.12f}")
    1.200000000000
    """

    name: ClassVar[str] = "one-hidden-unit"
    aliases: ClassVar[tuple[str, ...]] = ("huang-toyoizumi", "one-bit-rbm")
    line_names: ClassVar[Mapping[str, str]] = {"s_joint": "joint-entropy"}
    lines: ClassVar[Mapping[str, Boundary]] = _LINES | {
        "joint-entropy": Zero(
            Phase("paramagnet"),
            "joint_entropy",
            "curve",
            text="s_joint of the paramagnet vanishes: alpha = 2 ln 2/beta^2",
        ),
        "temperature": Zero(
            Phase("informative"),
            "temperature",
            "curve",
            text="the data confirm the student: beta_hat = beta, as at beta = beta_star",
        ),
    }
    critical: ClassVar[Critical | None] = _CRITICAL
    equations: ClassVar[Mapping[str, str]] = (
        {"H": "H = -sum_k ln cosh(beta sum_i xi_i s_ik/sqrt(N))"}
        | _WEIGHTS
        | {
            "Q_hat": "Q_hat = alpha beta^2 <tanh^2(beta G)>, G = beta_star r + sqrt(Q) z",
            "r_hat": "r_hat = alpha beta beta_star <tanh(beta G)>",
            "f": (
                "f = -phi = Q_hat (1 - Q)/2 + r_hat r - <ln 2cosh(sqrt(Q_hat) z + r_hat)>"
                " - alpha [beta^2 (1 - Q)/2 + <ln cosh(beta G)>]"
            ),
            "rho": "rho = alpha beta^4 <sech^4(sqrt(Q_hat) z + r_hat)> <sech^4(beta G)>; replicon = 1 - rho",
            "beta_hat": "beta_hat = (d phi/d beta)/alpha = beta (1 - Q) + <G tanh(beta G)>",
            "s_xi": "s_xi = phi - alpha <ln cosh(beta x)>, x = xi.s/sqrt(N) of a sample of the posterior",
            "s_joint": "s_joint = phi - beta d phi/d beta = phi - alpha beta beta_hat",
        }
    )
    references: ClassVar[tuple[str, ...]] = _PAPERS
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c on the Bayes-optimal line": "1/beta^4, continuous, exact",
        "Q there": "(alpha beta^4 - 1)/(1 + beta^2) near alpha_c, exact",
        "s_joint = 0": "alpha = 2 ln 2/beta^2 in the paramagnet; before alpha_c if beta < 0.8493",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "phi = (ln Z)/N with Z = sum over xi of prod_a cosh(beta xi.s^a/sqrt(N)); the free energy is -phi.",
        "Two entropies: s_xi, that of the weights given the data, is never negative on the Bayes-optimal "
        "line; s_joint may be negative in a correct solution. `entropy` stays undefined.",
        "beta_hat = beta is the condition d ln Z/d beta = N alpha beta for the most probable beta.",
        _FORMAL,
    )

    def field(self, x: Numbers) -> SpinAverages:
        """Averages over the field G = beta_star r + sqrt(Q) z of a hidden unit, at temperature 1/beta."""
        Q, r = x
        return spin_averages(self.teacher * r, sqrt(maximum(Q, 0 * Q)), 1 / self.beta)

    def conjugates(self, x: Numbers) -> tuple[Number, Number]:
        hidden = self.field(x)
        scale = self.alpha * self.beta
        return scale * self.beta * hidden.tanh2, scale * self.teacher * hidden.tanh

    def conjugate_slopes(self, x: Numbers) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        hidden, teacher = self.field(x), self.teacher
        scale = self.alpha * self.beta
        return (
            (-scale * hidden.susceptibility_2 / 2, -scale * teacher * hidden.susceptibility_1),
            (scale * teacher * hidden.susceptibility_1 / 2, scale * teacher**2 * hidden.susceptibility),
        )

    def evidence(self, x: Numbers) -> Number:
        Q, _ = x
        half = self.beta**2 * (1 - Q) / 2
        return self.alpha * (half + self.beta * self.field(x).log2cosh - log(2 + 0 * Q))

    def evidence_slope(self, x: Numbers) -> Number:
        Q, r = x
        hidden = self.field(x)
        return self.beta * (1 - Q) + self.teacher * r * hidden.tanh + Q * hidden.susceptibility

    def hidden_rho(self, x: Numbers) -> Number:
        return self.alpha * self.beta**3 * self.field(x).sech4_over_T

    def replicon(self, x: Numbers) -> Number:
        return one_minus_rho(self.rho(x), self.weights(x), self.field(x))

    def beta_hat(self, x: Numbers) -> Number:
        """What the data say beta is: (d phi/d beta)/alpha, one step of its maximum-likelihood iteration."""
        return self.evidence_slope(x)

    def temperature(self, x: Numbers) -> Number:
        """Beta_hat - beta: zero where the student's beta is the most probable one."""
        if self.beta_star is None:
            msg = f"{self.name}: at beta_star = beta nothing is to be measured; give the teacher's beta_star"
            raise ParameterError(msg)
        return self.beta_hat(x) - self.beta

    def joint_entropy(self, x: Numbers) -> Number:
        """Entropy of weights and hidden units per weight, less alpha ln 2: phi - beta d phi/d beta."""
        return -self.free_energy(x) - self.alpha * self.beta * self.evidence_slope(x)

    def weight_entropy(self, x: Numbers) -> Number:
        """Shannon entropy of the posterior per weight: phi - alpha <ln cosh(beta x)>.

        The local field of a sample of the posterior is x = G + h beta (1 - Q) + sqrt(1 - Q) u, with the
        hidden unit h = +-1 drawn in the field beta G.
        """
        Q, r = (np.expand_dims(np.asarray(value), -1) for value in x)
        beta, teacher = (np.expand_dims(np.asarray(value), -1) for value in (self.beta, self.teacher))
        noise = sqrt(maximum(Q, 0 * Q))
        z, weight = normal_rule(beta * noise)
        G = teacher * r + noise * z
        shift, width = beta * (1 - Q), sqrt(maximum(1 - Q, 0 * Q))
        up, down = (beta * spin_averages(G + h * shift, width, 1 / beta).log2cosh for h in (1, -1))
        mean = np.sum(((up + down) / 2 + tanh(beta * G) * (up - down) / 2) * weight, axis=-1)
        return -self.free_energy(x) - self.alpha * (mean - log(2 + 0 * mean))

    def derived(self, x: Numbers) -> dict[str, Number]:
        Q_hat, r_hat = self.conjugates(x)
        return {
            "Q_hat": Q_hat,
            "r_hat": r_hat,
            "beta_hat": self.beta_hat(x),
            "s_xi": self.weight_entropy(x),
            "s_joint": self.joint_entropy(x),
        }


@dataclass(frozen=True)
class HopfieldHiddenUnit(HiddenUnit):
    r"""Inference of binary weights in the Hopfield approximation, ln cosh(beta x) = (beta x)^2/2 [HT16]_.

    The hidden unit of the student is then Gaussian, the data act as the patterns of a Hopfield network, and
    beta < 1. The teacher is the same as in `OneHiddenUnit`: even beta = beta* is a mismatch, a spin glass
    sets in before the teacher is seen, and the posterior is not like the teacher.

    Parameters
    ----------
    alpha : float or array
        Samples per weight, >= 0.
    beta : float or array
        Strength of the weights that the student assumes, in (0, 1]; at 1 only states with Q > 0 exist.
    beta_star : float or array, optional
        Strength of the teacher's weights, >= 0; by default that of the student.

    References
    ----------
    .. [HT16] H. Huang, T. Toyoizumi, Phys. Rev. E 94, 062310 (2016).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(HopfieldHiddenUnit(alpha=4.0, beta=0.8))
    >>> print(f"{state['Q']:.12f} {state['r']:.12f}")
    0.590860545358 0.404297093684
    """

    beta: Value = parameter(
        "strength of the weights that the student assumes",
        r"\beta",
        lower=0,
        open_lower=True,
        upper=1,
        typical=(0.5, 0.95),
    )

    name: ClassVar[str] = "hopfield-hidden-unit"
    lines: ClassVar[Mapping[str, Boundary]] = _HOPFIELD_LINES
    symbols: ClassVar[Mapping[str, str]] = {k: v for k, v in _SYMBOLS.items() if k != "s_joint"}
    critical: ClassVar[Critical | None] = _CRITICAL
    equations: ClassVar[Mapping[str, str]] = (
        {"H": "H = -beta^2 sum_k (sum_i xi_i s_ik)^2/(2 N)"}
        | _WEIGHTS
        | {
            "c": "c = 1 - beta^2 (1 - Q)",
            "Q_hat": "Q_hat = alpha beta^4 (Q + beta_star^2 r^2)/c^2",
            "r_hat": "r_hat = alpha beta^2 beta_star^2 r/c",
            "f": (
                "f = -phi = Q_hat (1 - Q)/2 + r_hat r - <ln 2cosh(sqrt(Q_hat) z + r_hat)>"
                " + (alpha/2) [ln c - beta^2 (Q + beta_star^2 r^2)/c]"
            ),
            "rho": "rho = alpha beta^4 <sech^4(sqrt(Q_hat) z + r_hat)>/c^2; replicon = 1 - rho",
            "beta_hat": "beta_hat/(1 - beta_hat^2) = (d phi/d beta)/alpha",
            "s_xi": "s_xi = phi - (beta/2) d phi/d beta",
        }
    )
    references: ClassVar[tuple[str, ...]] = _PAPERS
    known: ClassVar[Mapping[str, str]] = {
        "spin glass": "alpha = (1 - beta^2)^2/beta^4, exact",
        "alpha_c": "(1 - beta^2)/(beta beta_star)^2, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "phi = (ln Z)/N with Z = sum over xi of prod_a exp(beta^2 (xi.s^a)^2/(2N)); the free energy is -phi.",
        "The exponent is proportional to beta^2, so s_xi is the Shannon entropy of the posterior over the "
        "weights; there is no hidden +-1 unit and no s_joint.",
        _FORMAL,
    )

    def stiffness(self, x: Numbers) -> Number:
        """Stiffness (inverse variance) c = 1 - beta^2 (1 - Q) of the hidden unit."""
        Q, _ = x
        return 1 - self.beta**2 * (1 - Q)

    def power(self, x: Numbers) -> Number:
        """<G^2> = Q + beta_star^2 r^2."""
        Q, r = x
        return Q + (self.teacher * r) ** 2

    def physical(self, x: Numbers) -> Booleans:
        return self.stiffness(x) > 0

    def conjugates(self, x: Numbers) -> tuple[Number, Number]:
        _, r = x
        c, square = self.stiffness(x), self.beta**2
        return self.alpha * square**2 * self.power(x) / c**2, self.alpha * square * self.teacher**2 * r / c

    def conjugate_slopes(self, x: Numbers) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        _, r = x
        c, square, teacher = self.stiffness(x), self.beta**2, self.teacher**2
        scale = self.alpha * square**2 / c**2
        return (
            (scale * (1 - 2 * square * self.power(x) / c), 2 * scale * teacher * r),
            (-scale * teacher * r, self.alpha * square * teacher / c),
        )

    def evidence(self, x: Numbers) -> Number:
        c = self.stiffness(x)
        return self.alpha / 2 * (self.beta**2 * self.power(x) / c - log(c))

    def evidence_slope(self, x: Numbers) -> Number:
        Q, _ = x
        c = self.stiffness(x)
        return self.beta * ((1 - Q) + self.power(x) / c) / c

    def hidden_rho(self, x: Numbers) -> Number:
        return self.alpha * self.beta**4 / self.stiffness(x) ** 2

    def replicon(self, x: Numbers) -> Number:
        return one_minus_rho(self.rho(x), self.weights(x), extra=(self.teacher * x[1]) ** 2)

    def weight_entropy(self, x: Numbers) -> Number:
        """Shannon entropy of the posterior per weight: phi - (beta/2) d phi/d beta."""
        return -self.free_energy(x) - self.alpha * self.beta / 2 * self.evidence_slope(x)

    def derived(self, x: Numbers) -> dict[str, Number]:
        Q_hat, r_hat = self.conjugates(x)
        slope = self.evidence_slope(x)
        beta_hat = 2 * slope / (1 + sqrt(1 + 4 * slope**2))  # of beta/(1 - beta^2) = slope
        return {"Q_hat": Q_hat, "r_hat": r_hat, "beta_hat": beta_hat, "s_xi": self.weight_entropy(x)}
