"""A student who samples the weights that explain a teacher's outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import sqrt, stack
from replica.theory import Boundary, Branch, Coexistence, Critical, Fold, Phase, Value, parameter
from replica.theory.prior_channel import GAUSSIAN, LOAD, Mixture, PriorChannel, parsed, sparse
from replica.typing import Booleans, Number, Numbers
from replica.units import Spin, Unit
from replica.units.channels import CHANNELS, Channel, Sign
from replica.units.priors import PRIORS

__all__ = ["TeacherStudent"]

SIGNS = ((1.0, 1.0, 0.0),)
"""Weights +1; those of -1 are their mirror image."""


@dataclass(frozen=True)
class TeacherStudent(PriorChannel):
    r"""Student who samples the posterior of a teacher's weights, replica symmetric [G90]_.

    Outputs of a teacher w0 on alpha N examples, y = sign(w0.x/sqrt(N) + noise) or w0.x/sqrt(N) + noise, and a
    student with the prior of the teacher, who knows the variance of the noise, rightly or not. Where he is
    right, m = q (Bayes); without noise he is Gibbs' student, any of those who get all examples right.

    Parameters
    ----------
    alpha : float or array
        Examples per weight, >= 0.
    noise : float or array, optional
        Variance of the noise of the teacher, >= 0; if it is left out, what the channel says.
    prior, channel : Unit or str
        Weights of both (spin, spherical, gaussian, gauss-bernoulli), and what the student assumes (sign,
        sign:noise=0.1, step:kappa=0.2, square:noise=0.1).

    References
    ----------
    .. [G90] G. Gyorgyi, Phys. Rev. A 41, 7097 (1990).

    Examples
    --------
    >>> from replica import critical, locate, solve
    >>> state = solve(TeacherStudent(alpha=1.0))
    >>> print(f"{state['q']:.11f} {state['error']:.11f} {critical(state.theory).value:.10f}")
    0.56071473709 0.31052643891 1.2446839899
    >>> print(f"{solve(TeacherStudent(alpha=2.0, prior='spherical'))['q']:.12f}")
    0.728298173971
    """

    alpha: Value = parameter(**LOAD, typical=(0.0, 3.0))
    noise: Value = parameter(
        "variance of the noise of the teacher", r"\sigma^2", lower=0, default=None, typical=(0.0, 1.0)
    )
    prior: Unit = parameter("prior of the weights", "P_w", kind="unit", default=Spin())
    channel: Channel = parameter("channel that the student assumes", "P(y|z)", kind="unit", default=Sign())

    name: ClassVar[str] = "teacher-student"
    temperature: ClassVar[float] = 1.0
    branches: ClassVar[Mapping[str, Branch]] = {
        "uninformed": Branch("what is learned from the examples alone"),
        "teacher": Branch(
            "q = 1: the teacher himself; spins without noise", (1.0, 1.0, 0.0), explicit=True, isolated=True
        ),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "first-order": Coexistence(Phase("uninformed"), Phase("teacher")),
        "spinodal": Fold("uninformed"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"alpha_s": "spinodal"}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "first-order", "alpha_1", "load from which on the teacher is the only one who gets all right"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_k ln P(y_k, h_k), h_k = sum_i x_ik w_i/sqrt(N)",
        "Z": "Z = E[exp(b w - Vh w^2/2)] over the prior, b = mh w0 + sqrt(qh) z",
        "g": "g = (<x> - h)/V, x of mean h = sqrt(q) z and variance V, given y",
        "mh": "mh = alpha E[g0 g], g0 that of the teacher",
        "qh": "qh = alpha E[g^2]",
        "Vh": "Vh = -alpha E[g1], g1 the slope of g",
        "m": "m = E[w0 <w>]",
        "q": "q = E[<w>^2]",
        "V": "V = E[<w^2> - <w>^2]",
        "f": "f = m mh + (qh V - Vh q - Vh V)/2 - E[ln Z] - alpha E[ln P], P of y given h",
        "error": "cos(pi error) = m/sqrt(rho (q + V)), rho = E[w0^2]",
        "vote": "cos(pi vote) = m/sqrt(rho q)",
        "mse": "mse = q - 2 m + rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap of student and teacher",
        "q": "overlap of two students",
        "V": "variance of a weight of a student",
        "error": "fraction of labels in which a student and the teacher without noise differ",
        "vote": "the same of the mean of all students",
        "mse": "mean square error of the mean of all students, without noise",
    }
    references: ClassVar[tuple[str, ...]] = (
        "G. Gyorgyi, Phys. Rev. A 41, 7097 (1990)",
        "H. Sompolinsky, N. Tishby, H. S. Seung, Phys. Rev. Lett. 65, 1683 (1990)",
        "J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborova, PNAS 116, 5451 (2019)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_1, spins": "1.245 (Gyorgyi 1990)",
        "spinodal, spins": "1.493 (Barbier et al. 2019)",
        "m = q": "exact for a student who knows prior and noise (Nishimori)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "-f is ln Z per weight; that of the teacher among spins, without noise, is 0.",
        "Replica symmetric: exact for a student who knows prior and noise.",
        "Below the spinodal message passing stays uninformed; it finds the teacher above.",
    )

    def __post_init__(self) -> None:
        parsed(self, "prior", PRIORS, ("spin", "spherical", "gaussian", "gauss-bernoulli"))
        parsed(self, "channel", CHANNELS, ("sign", "step", "square"))
        if getattr(self.prior, "g", 0.0) != 0.0 and self.prior.name == "spin":
            msg = f"{self.name}: prior = {self.prior} is not for this theory; spins have no field, g = 0"
            raise ParameterError(msg)
        super().__post_init__()

    @property
    def weights(self) -> Unit:
        return self.prior

    @property
    def outputs(self) -> Channel:
        return self.channel

    @property
    def spread(self) -> Number:
        return getattr(self.channel, "noise", 0.0) if self.noise is None else self.noise

    @property
    def teacher(self) -> Mixture:
        prior = self.prior
        if prior.name == "spin":
            return SIGNS
        if prior.name == "gauss-bernoulli":
            return sparse(prior.rho)  # type: ignore[attr-defined]
        if prior.name == "gaussian":
            return ((1.0, prior.g / prior.gamma, 1 / prior.gamma),)  # type: ignore[attr-defined]
        return GAUSSIAN

    @property
    def certain(self) -> bool:
        """Whether the teacher himself is a state: spins, and labels that he and the student are sure of."""
        sure = np.all(np.equal(self.spread, 0)) and np.all(np.equal(getattr(self.channel, "noise", 0.0), 0))
        return bool(self.prior.name == "spin" and self.channel.labels and sure and self._allowed)

    @property
    def _allowed(self) -> bool:
        return bool(np.all(np.less_equal(getattr(self.channel, "kappa", 0.0), 0)))

    @property
    def available(self) -> tuple[str, ...]:
        return ("uninformed", "teacher") if self.certain else ("uninformed",)

    def hint(self, branch: str) -> str:
        if branch == "teacher":
            return "the teacher is a state of his own for spins, and labels without noise or margin"
        return "beyond the spinodal there is no state but the teacher" if self.certain else ""

    def absence(self, line: str) -> str:
        return "" if self.certain else "there is no transition: " + self.hint("teacher")

    def update(self, x: Numbers) -> Numbers:
        known = self._known(x)
        if np.all(known):
            return x + 0 * self.alpha
        return np.where(known, x, super().update(x))

    def jacobian(self, x: Numbers) -> Numbers:
        known = self._known(x)
        if np.all(known):  # the teacher stays, whatever is next to him
            return stack(*(stack(*(0 * (one * self.alpha) for one in x)) for _ in x))
        return np.where(known, 0.0, super().jacobian(x))

    def free_energy(self, x: Numbers) -> Number:
        known = self._known(x)
        if np.all(known):
            return 0 * (x[0] * self.alpha)
        return np.where(known, 0.0, super().free_energy(x))[()]

    def replicon(self, x: Numbers) -> Number:
        known = self._known(x)
        if np.all(known):
            return 1 + 0 * (x[0] * self.alpha)
        return np.where(known, 1.0, super().replicon(x))[()]

    def _known(self, x: Numbers) -> Booleans:
        """Where the state is the teacher."""
        m, q, V = x
        return np.equal(m, 1) & np.equal(q, 1) & np.equal(V, 0) & self.certain

    def physical(self, x: Numbers) -> Booleans:
        return super().physical(x) | self._known(x)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        V = x[2]
        return (V > 1e-9) == (branch == "uninformed")

    def start(self, branch: str) -> Numbers:
        if branch == "teacher":
            return super().start(branch)
        self.branch(branch)
        little = 0.01 * self.size
        return self.iterated(self.state(m=little, q=little, V=self.size - little))

    def state(self, **known: Number) -> Numbers:
        if "q" in known and "V" not in known:  # what is known of a weight is no variance
            known["V"] = self.size - known["q"]
        return super().state(**known)

    def derived(self, x: Numbers) -> dict[str, Number]:
        m, q, V = x
        if not self.channel.labels:
            return {"mse": q - 2 * m + self.size}

        def angle(square: Number) -> Number:
            with np.errstate(all="ignore"):
                return np.arccos(np.minimum(m / sqrt(self.size * square), 1.0)) / math.pi

        return {"error": angle(q + V), "vote": angle(q)}
