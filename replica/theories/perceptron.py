"""Perceptrons that store random labels: spherical weights, and weights that are spins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.numerics.functions import H, log, maximum, sqrt, stack
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.theory.prior_channel import LOAD
from replica.typing import Booleans, Number, Numbers
from replica.units import Moments, Spin
from replica.units.channels import Channel, Step, Wall

__all__ = ["BinaryPerceptron", "Perceptron", "SymmetricPerceptron"]


@dataclass(frozen=True)
class Perceptron(Theory):
    r"""Perceptron of spherical weights that stores random labels, replica symmetric [G88]_.

    Weights w on the sphere w^2 = N get alpha N random labels right, y w.x/sqrt(N) > kappa. The unknown is the
    overlap q of two solutions; it tends to 1 where only one is left. -f is the logarithm of the volume of the
    solutions, per weight, where that of the sphere is 1.

    Parameters
    ----------
    alpha : float or array
        Examples per weight, >= 0.
    kappa : float or array
        Margin; negative ones forgive.

    References
    ----------
    .. [G88] E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Perceptron(alpha=1.0))
    >>> print(f"{state['q']:.12f} {state.free_energy:.12f} {critical(state.theory).value:.12f}")
    0.585311851791 0.855820596715 2.000000000000
    """

    alpha: Value = parameter(**LOAD, typical=(0.0, 4.0))
    kappa: Value = parameter("margin", r"\kappa", default=0.0, typical=(-1.0, 2.0))

    name: ClassVar[str] = "perceptron"
    aliases: ClassVar[tuple[str, ...]] = ("gardner", "spherical-perceptron")
    order: ClassVar[tuple[str, ...]] = ("q",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "solutions": Branch("all labels are right", (0.0,)),
        "saturated": Branch(
            "q = 1, one solution: where the others end", (1.0,), explicit=True, isolated=True
        ),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "capacity": Zero(Phase("saturated"), "room", text="one solution is left, q = 1"),
        "stability": Zero(
            Phase("solutions"), "replicon", "stability", text="replica symmetry breaks (replicon = 0)"
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "capacity", "alpha_c", "load at which one solution is left"
    )
    without_integrals: ClassVar[bool] = True
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k theta(kappa - h_k), h_k = sum_i x_ik w_i/sqrt(N)",
        "q": "q = alpha (1 - q) E[lambda^2]",
        "u": "u = (kappa - sqrt(q) z)/sqrt(1 - q), lambda = phi/H",
        "f": "f = -[ln(1 - q) + q/(1 - q)]/2 - alpha E[ln H(u)]",
        "rho": "rho = alpha E[lambda^2 (lambda - u)^2]; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {"q": "overlap of two solutions"}
    references: ClassVar[tuple[str, ...]] = (
        "E. Gardner, J. Phys. A 21, 257 (1988)",
        "E. Gardner, B. Derrida, J. Phys. A 21, 271 (1988)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at kappa = 0": "2, exact (Cover 1965, Gardner 1988)",
        "alpha_c": "1/[(1 + kappa^2) Phi(kappa) + kappa phi(kappa)] (Gardner 1988)",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "At alpha_c the replicon is 1 - alpha_c Phi(kappa): below kappa = 0 replica symmetry breaks "
        "before, and alpha_c is an upper bound.",
    )

    @property
    def available(self) -> tuple[str, ...]:
        return ("solutions",)  # the other one is no state of its own, but the limit of this one

    def output(self, q: Number) -> Moments:
        """Averages of the channel in units in which q = 1 is a temperature of 0."""
        return Step(self.kappa).moments(0 * q, sqrt(maximum(q, 0 * q)), 1 + 0 * q, maximum(1 - q, 0 * q))

    def update(self, x: Numbers) -> Numbers:
        (q,) = x
        if np.all(np.equal(q, 1)):
            return x + 0 * self.alpha
        return stack(np.where(np.equal(q, 1), 1.0, self.alpha * self.output(q).square))

    def jacobian(self, x: Numbers) -> Numbers:
        (q,) = x
        known, V = self.output(q), 1 - q
        warmer = (2 * known.square + known.by_a(V)[1]) / V
        return stack(stack(self.alpha * (known.by_variance[1] - warmer)))

    def free_energy(self, x: Numbers) -> Number:
        (q,) = x
        if np.all(np.equal(q, 1)):
            return np.inf + 0 * (q * self.alpha)
        V = 1 - q
        return self.alpha * self.output(q).free_energy / V - (log(V) + q / V) / 2

    def physical(self, x: Numbers) -> Booleans:
        (q,) = x
        return (q >= 0) & (q <= 1)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (q,) = x
        return (q < 1) == (branch == "solutions")

    def room(self, x: Numbers) -> Number:
        """1 - alpha E[(kappa - z)^2], over z < kappa: zero where q = 1 solves the equation, too."""
        return 1 - self.alpha * H(2, -self.kappa)

    def replicon(self, x: Numbers) -> Number:
        (q,) = x
        if np.all(np.equal(q, 1)):
            return 1 - self.alpha * H(0, -self.kappa) + 0 * q
        return 1 - self.alpha * self.output(q).response_square

    def start(self, branch: str) -> Numbers:
        if branch == "saturated":
            return self.state(q=1.0)
        self.branch(branch)
        q = np.zeros(self.batch)
        for _ in range(20):
            q = np.clip(self.update(q[None])[0], 0.0, 1 - 1e-3)
        return self.state(q=q)

    def absence(self, line: str) -> str:
        if line == "stability" and np.all(np.greater_equal(self.kappa, 0)):
            return "at kappa >= 0 replica symmetry holds up to alpha_c"
        return ""


class _Spins(Theory):
    """Weights -1 and +1 behind a channel, for random labels: what the two perceptrons of spins share."""

    alpha: Value
    order: ClassVar[tuple[str, ...]] = ("q",)

    @property
    def channel(self) -> Channel:
        """What the examples ask of the weights."""
        raise NotImplementedError

    def output(self, q: Number) -> Moments:
        """Averages of the channel."""
        return self.channel.moments(0 * q, sqrt(maximum(q, 0 * q)), 1 - q, 1 + 0 * q)

    def input(self, qh: Number) -> Any:
        """Averages of the weights."""
        return Spin().moments(0 * qh, sqrt(maximum(qh, 0 * qh)), 0.0, 1.0)

    def update(self, x: Numbers) -> Numbers:
        (q,) = x
        return stack(self.input(self.alpha * self.output(q).square).square)

    def jacobian(self, x: Numbers) -> Numbers:
        (q,) = x
        known = self.output(q)
        outer = self.alpha * (known.by_variance[1] - known.by_a(1.0)[1])
        return stack(stack(self.input(self.alpha * known.square).by_variance[1] * outer))

    def free_energy(self, x: Numbers) -> Number:
        (q,) = x
        known = self.output(q)
        qh = self.alpha * known.square
        return qh * (1 - q) / 2 + self.input(qh).free_energy + self.alpha * known.free_energy

    def physical(self, x: Numbers) -> Booleans:
        (q,) = x
        return (q >= 0) & (q < 1)

    def derived(self, x: Numbers) -> dict[str, Number]:
        (q,) = x
        return {"qh": self.alpha * self.output(q).square, "s": -self.free_energy(x)}

    def replicon(self, x: Numbers) -> Number:
        (q,) = x
        known = self.output(q)
        return 1 - self.alpha * known.response_square * self.input(self.alpha * known.square).response_square


STORED = {
    "q": "overlap of two solutions",
    "qh": "conjugate of q: variance of the field on a weight",
    "s": "entropy, the logarithm of the number of solutions per weight",
}


@dataclass(frozen=True)
class BinaryPerceptron(_Spins):
    r"""Perceptron of weights -1 and +1 that stores random labels, replica symmetric [KM89]_.

    Of the 2^N weights exp(N s) get alpha N random labels right, y w.x/sqrt(N) > kappa; f = -s. The capacity
    is where the entropy s vanishes, below the load at which replica symmetry breaks.

    Parameters
    ----------
    alpha : float or array
        Examples per weight, >= 0.
    kappa : float or array
        Margin.

    References
    ----------
    .. [KM89] W. Krauth, M. Mezard, J. Phys. (Paris) 50, 3057 (1989).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(BinaryPerceptron(alpha=0.5))
    >>> print(f"{state['q']:.11f} {state['s']:.11f} {critical(state.theory).value:.10f}")
    0.32238536322 0.31439006686 0.8330785997
    """

    alpha: Value = parameter(**LOAD, typical=(0.0, 1.5))
    kappa: Value = parameter("margin", r"\kappa", default=0.0, typical=(-1.0, 2.0))

    name: ClassVar[str] = "binary-perceptron"
    aliases: ClassVar[tuple[str, ...]] = ("ising-perceptron", "krauth-mezard")
    branches: ClassVar[Mapping[str, Branch]] = {"solutions": Branch("all labels are right", (0.0,))}
    lines: ClassVar[Mapping[str, Boundary]] = {
        "capacity": Zero(Phase("solutions"), "free_energy", text="the entropy of the solutions vanishes"),
        "stability": Zero(
            Phase("solutions"), "replicon", "stability", text="replica symmetry breaks (replicon = 0)"
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "capacity", "alpha_c", "load at which the entropy of the solutions vanishes"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k theta(kappa - h_k), h_k = sum_i x_ik w_i/sqrt(N)",
        "q": "q = E[tanh^2(sqrt(qh) z)]",
        "qh": "qh = alpha E[lambda^2]/(1 - q)",
        "u": "u = (kappa - sqrt(q) z)/sqrt(1 - q), lambda = phi/H",
        "s": "s = E[ln 2cosh(sqrt(qh) z)] - qh (1 - q)/2 + alpha E[ln H(u)]",
        "f": "f = -s",
        "rho": "rho = alpha E[lambda^2 (lambda - u)^2] E[sech^4(sqrt(qh) z)]/(1 - q)^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = STORED
    references: ClassVar[tuple[str, ...]] = ("W. Krauth, M. Mezard, J. Phys. (Paris) 50, 3057 (1989)",)
    known: ClassVar[Mapping[str, str]] = {"alpha_c at kappa = 0": "0.833 (Krauth and Mezard 1989)"}
    notes: ClassVar[tuple[str, ...]] = (
        "q -> 1 is a formal limit, no state: solutions are isolated before they end.",
    )

    @property
    def channel(self) -> Channel:
        return Step(self.kappa)

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        x = np.zeros((1, *self.batch))
        for _ in range(30):
            x = np.clip(self.update(x), 0.0, 1 - 1e-6)
        return self.state(q=x[0])


@dataclass(frozen=True)
class SymmetricPerceptron(_Spins):
    r"""Perceptron of weights -1 and +1 between two walls, |w.x|/sqrt(N) < kappa, replica symmetric [APZ19]_.

    Solutions have no direction in common: q = 0, and their number is that of its mean over the examples.

    Parameters
    ----------
    alpha : float or array
        Examples per weight, >= 0.
    kappa : float or array
        Half of the distance of the walls, > 0.

    References
    ----------
    .. [APZ19] B. Aubin, W. Perkins, L. Zdeborova, J. Phys. A 52, 294003 (2019).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(SymmetricPerceptron(alpha=1.0)).value:.15f}")
    1.815875495837207
    """

    alpha: Value = parameter(**LOAD, typical=(0.0, 4.0))
    kappa: Value = parameter(
        "half of the distance of the walls",
        r"\kappa",
        lower=0,
        open_lower=True,
        default=1.0,
        typical=(0.2, 2.0),
    )

    name: ClassVar[str] = "symmetric-perceptron"
    aliases: ClassVar[tuple[str, ...]] = ("symmetric-binary-perceptron", "sbp")
    branches: ClassVar[Mapping[str, Branch]] = {"solutions": Branch("q = 0", (0.0,), explicit=True)}
    lines: ClassVar[Mapping[str, Boundary]] = {
        "capacity": Zero(Phase("solutions"), "free_energy", text="the entropy of the solutions vanishes"),
        "stability": Zero(
            Phase("solutions"), "replicon", "stability", text="replica symmetry breaks (replicon = 0)"
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "capacity", "alpha_c", "load at which the entropy of the solutions vanishes"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k theta(h_k^2 - kappa^2), h_k = sum_i x_ik w_i/sqrt(N)",
        "q": "q = E[tanh^2(sqrt(qh) z)]",
        "qh": "qh = alpha E[g^2], g of the walls",
        "s": "s = E[ln 2cosh(sqrt(qh) z)] - qh (1 - q)/2 + alpha E[ln P]",
        "P": "P = H(-(kappa - sqrt(q) z)/sqrt(1 - q)) - H((kappa + sqrt(q) z)/sqrt(1 - q))",
        "f": "f = -s",
    }
    symbols: ClassVar[Mapping[str, str]] = STORED
    references: ClassVar[tuple[str, ...]] = (
        "B. Aubin, W. Perkins, L. Zdeborova, J. Phys. A 52, 294003 (2019)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c": "-ln 2/ln erf(kappa/sqrt 2), exact (Aubin, Perkins and Zdeborova 2019)"
    }

    @property
    def channel(self) -> Channel:
        return Wall(self.kappa)
