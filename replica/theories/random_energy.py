"""Random energy model: the simplest spin glass, solved exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from replica.numerics.functions import log2cosh, maximum, stack, tanh
from replica.theory import Boundary, Branch, Critical, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

__all__ = ["RandomEnergy"]


@dataclass(frozen=True)
class RandomEnergy(Theory):
    r"""2^N independent Gaussian energies of variance N/2, in a field [D81]_.

    One step of replica symmetry breaking is exact. Its breaking parameter x is the unknown, divided by the
    temperature: mu = x/T, which stays finite as T -> 0. Above T_c it is 1/T (x = 1, no breaking).

    Parameters
    ----------
    T : float or array
        Temperature in units of J (k_B = 1), >= 0.
    h : float or array
        Field in units of J: the energy of a configuration of magnetisation M is lowered by h M.

    References
    ----------
    .. [D81] B. Derrida, Phys. Rev. B 24, 2613 (1981).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(RandomEnergy(T=0.3))
    >>> print(f"{state.free_energy:.12f} {state['x']:.12f}")
    -0.832554611158 0.499532766695
    """

    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 3.0))
    h: Value = parameter("field", "h", default=0.0, unit="J", typical=(0.0, 2.0))

    name: ClassVar[str] = "random-energy"
    aliases: ClassVar[tuple[str, ...]] = ("rem", "random-energy-model")
    order: ClassVar[tuple[str, ...]] = ("mu",)
    symmetry: ClassVar[tuple[str, ...]] = ("h",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "condensed": Branch("x < 1: a few of the lowest energies carry the weight", (1.6,)),
        "paramagnet": Branch("x = 1: exponentially many energies count", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "condensation": Zero(
            Phase("paramagnet"), "entropy", text="the entropy vanishes: the weight condenses"
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "condensation", "T_c", "temperature of the condensation"
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = E_s - h sum_i s_i, E_s ~ N(0, N/2)",
        "mu": "mu = min(1/T, root of s = 0)",
        "f": "f = -mu/4 - ln(2cosh(mu h))/mu",
        "s": "s = ln 2cosh(mu h) - mu h tanh(mu h) - mu^2/4",
        "e": "e = -mu/2 - h m",
        "x": "x = mu T",
        "Y": "Y = 1 - x",
        "m": "m = tanh(mu h)",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "mu": "breaking parameter over temperature, x/T",
        "x": "breaking parameter: 1 - x is the weight of pairs of replicas in one state",
        "Y": "participation ratio, the mean of sum_i w_i^2 over the Boltzmann weights w_i",
        "m": "magnetisation",
    }
    references: ClassVar[tuple[str, ...]] = (
        "B. Derrida, Phys. Rev. Lett. 45, 79 (1980)",
        "B. Derrida, Phys. Rev. B 24, 2613 (1981)",
        "D. J. Gross, M. Mezard, Nucl. Phys. B 240, 431 (1984): one step of symmetry breaking is exact",
    )
    known: ClassVar[Mapping[str, str]] = {
        "T_c": "1/(2 sqrt(ln 2)) = 0.600561 at h = 0, exact",
        "f below T_c": "-sqrt(ln 2) = -0.832555 at h = 0, exact",
        "f above T_c": "-T ln 2 - 1/(4 T) at h = 0, exact",
        "Y below T_c": "1 - T/T_c, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Variance N/2 of the energies: the p-spin model with J = 1 as p -> infinity. Derrida's J is ours.",
        "f is stationary in mu where x < 1; above T_c the breaking parameter is at its bound x = 1.",
    )

    def update(self, x: Numbers) -> Numbers:
        (mu,) = x
        return stack(1 / maximum(self.T, 1 / (mu + 2 * self.entropy(x) / mu)))

    def jacobian(self, x: Numbers) -> Numbers:
        (mu,) = x
        above = mu + 2 * self.entropy(x) / mu < 1 / maximum(self.T, 1e-300 + 0 * self.T)
        bend = self.h**2 * (1 - tanh(mu * self.h) ** 2) + self.entropy(x) / mu**2
        return stack(stack(-2 * bend * above))

    def free_energy(self, x: Numbers) -> Number:
        (mu,) = x
        return -mu / 4 - log2cosh(mu * self.h) / mu + 0 * self.T  # of the shape of the batch

    def physical(self, x: Numbers) -> Booleans:
        (mu,) = x
        return mu > 0

    def start(self, branch: str) -> Numbers:
        if branch == "paramagnet":
            return self.state(mu=1 / maximum(self.T, 1e-300 + 0 * self.T))
        return super().start(branch)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (mu,) = x
        return (mu * self.T < 1 - 1e-12) == (branch == "condensed")

    def derived(self, x: Numbers) -> dict[str, Number]:
        (mu,) = x
        return {"x": mu * self.T, "Y": 1 - mu * self.T, "m": tanh(mu * self.h)}

    def entropy(self, x: Numbers) -> Number:
        (mu,) = x
        u = mu * self.h
        return log2cosh(u) - u * tanh(u) - mu**2 / 4
