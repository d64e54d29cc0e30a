"""Sherrington-Kirkpatrick spin glass, replica symmetric, at every temperature T >= 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from replica.numerics.functions import log, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, one_minus_rho, spin_averages
from replica.theory import Boundary, Branch, Critical, Parameter, Phase, Theory, Value, Zero, parameter
from replica.typing import Booleans, Number, Numbers

if TYPE_CHECKING:
    from replica.functional import Model

__all__ = ["SherringtonKirkpatrick"]


@cache
def ingredients() -> Model:
    """The same theory by its ingredients, for what the equations below do not have."""
    from replica.functional import Coupling, Energy, Layer, Model, Pattern

    return Model(
        "spin-glass",
        parameters={
            "T": Parameter("temperature", "T", lower=0, required=True),
            "J0": Parameter("mean of the couplings times N", "J_0", default=0.0),
            "h": Parameter("field", "h", default=0.0),
        },
        layers=[Layer("spins")],
        couplings=[Coupling("spins spins", "1/2")],
        patterns=[Pattern("m", "spins", "one")],
        energies=[Energy("m m", "J0/2"), Energy("m", "h")],
    )


WITHOUT_FIELD = (("h", 0.0),)


@dataclass(frozen=True)
class SherringtonKirkpatrick(Theory):
    r"""Spin glass of infinite range with ferromagnetic bias and field, replica symmetric [SK75]_.

    H = -sum_{i<j} J_ij S_i S_j - h sum_i S_i with independent Gaussian couplings of mean J0/N and variance
    1/N. The unknowns are the magnetisation m and C = (1 - q)/T, which stays finite as T -> 0.

    Parameters
    ----------
    T : float or array
        Temperature in units of J (k_B = 1), >= 0; T = 0 is the limit, not a division by zero.
    J0 : float or array
        Mean of the couplings, times N, in units of J.
    h : float or array
        Field in units of J.

    References
    ----------
    .. [SK75] D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975).
    .. [AT78] J. R. L. de Almeida, D. J. Thouless, J. Phys. A 11, 983 (1978).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(SherringtonKirkpatrick(T=0.0), "glass")
    >>> print(f"{state.energy:.12f} {state.entropy:.12f}")
    -0.797884560803 -0.159154943092
    """

    # where 1 < J0 < 1.25 the ferromagnet exists around T = 1 only: the middle, from which searches start too
    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 2.0))
    J0: Value = parameter("mean of the couplings times N", "J_0", default=0.0, unit="J", typical=(0.0, 2.0))
    h: Value = parameter("field", "h", default=0.0, unit="J", typical=(0.0, 2.0))

    name: ClassVar[str] = "sherrington-kirkpatrick"
    aliases: ClassVar[tuple[str, ...]] = ("sk",)
    line_names: ClassVar[Mapping[str, str]] = {"T_f": "glass"}
    order: ClassVar[tuple[str, ...]] = ("m", "C")
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    branches: ClassVar[Mapping[str, Branch]] = {
        "glass": Branch("q > 0; m = 0, or along a field"),
        "ferromagnet": Branch("m > 0, by the bias J0 or along a field", (1.0, 0.0)),
        "paramagnet": Branch("m = 0, q = 0, without field", explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "glass": Zero(
            Phase("paramagnet", at=WITHOUT_FIELD), "freezing", text="the paramagnet freezes, at h = 0: T = 1"
        ),
        "ferromagnet": Zero(
            Phase("paramagnet", at=WITHOUT_FIELD),
            "alignment",
            text="the paramagnet magnetises, at h = 0: T = J0",
        ),
        "mixed": Zero(
            Phase("glass", at=WITHOUT_FIELD), "alignment", text="the glass magnetises, at h = 0: J0 C = 1"
        ),
        "stability": Zero(
            Phase("ferromagnet"),
            "log_rho",
            "stability",
            text="replica symmetry breaks in a field or in the ferromagnet (de Almeida and Thouless)",
        ),
    }
    critical: ClassVar[Critical | None] = Critical(
        "T", "stability", "T_AT", "temperature below which replica symmetry is broken"
    )
    next_step: ClassVar[str | None] = "sherrington-kirkpatrick-1rsb"
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sum_ij J_ij S_i S_j/2 - h sum_i S_i, J_ij ~ N(J0/N, 1/N)",
        "m": "m = <tanh((J0 m + h + sqrt(q) z)/T)>",
        "q": "q = <tanh^2((J0 m + h + sqrt(q) z)/T)>",
        "C": "C = (1 - q)/T",
        "f": "f = J0 m^2/2 - (1 - q)^2/(4 T) - T <ln 2cosh((J0 m + h + sqrt(q) z)/T)>",
        "rho": "rho = <sech^4((J0 m + h + sqrt(q) z)/T)>/T^2; replicon = 1 - rho",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "magnetisation",
        "C": "susceptibility (1 - q)/T of a spin",
        "q": "overlap of two replicas (Edwards-Anderson)",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975)",
        "S. Kirkpatrick, D. Sherrington, Phys. Rev. B 17, 4384 (1978)",
        "J. R. L. de Almeida, D. J. Thouless, J. Phys. A 11, 983 (1978): the stability line",
        "G. Toulouse, J. Phys. Lett. (Paris) 41, L447 (1980): the vertical line J0 = 1",
    )
    known: ClassVar[Mapping[str, str]] = {
        "T_c": "1 at h = 0, J0 <= 1, exact",
        "E(T = 0)": "-sqrt(2/pi) = -0.798 (SK 1975); one step of symmetry breaking -0.7652, exact -0.7632",
        "s(T = 0)": "-1/(2 pi) = -0.159 (SK 1975); a true entropy is not negative",
        "T_AT near h = 0": "1 - (3/4)^(1/3) h^(2/3) (de Almeida and Thouless 1978)",
        "f at T > 1": "-T ln 2 - 1/(4 T) at h = 0, J0 < T, exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "Couplings of mean J0/N and variance 1/N; each pair is counted once.",
        "Replica symmetric: wrong below the line `stability`, and everywhere on the glass branch at h = 0.",
        "There the entropy falls below zero: at T = 0 and h = 0 it is -1/(2 pi).",
        "The line `mixed` bends from J0 = 1 to sqrt(pi/2) at T = 0; beyond replica symmetry it is J0 = 1.",
    )

    @classmethod
    def model_of(cls, values: Mapping[str, Value] | None = None) -> Model:
        return ingredients()

    def spins(self, x: Numbers) -> SpinAverages:
        """Averages over the local field J0 m + h + sqrt(q) z."""
        m, C = x
        return spin_averages(self.J0 * m + self.h, sqrt(maximum(1 - self.T * C, 0 * C)), self.T)

    def update(self, x: Numbers) -> Numbers:
        spin = self.spins(x)
        return stack(spin.tanh, spin.susceptibility)

    def mismatch(self, x: Numbers) -> Numbers:
        return self._mismatch(x, self.spins(x))

    def _mismatch(self, x: Numbers, spin: SpinAverages) -> Numbers:
        m, C = x
        return stack(spin.tanh - m, spin.response_mismatch(C))

    def free_energy(self, x: Numbers) -> Number:
        m, C = x
        return self.J0 * m**2 / 2 - self.T * C**2 / 4 - self.spins(x).log2cosh

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers]:
        spin = self.spins(x).with_slopes()
        return self._mismatch(x, spin), self._jacobian(spin)

    def jacobian(self, x: Numbers) -> Numbers:
        return self._jacobian(self.spins(x))

    def _jacobian(self, spin: SpinAverages) -> Numbers:
        slope = -self.T / 2  # half of dq/dC
        return stack(
            stack(spin.susceptibility * self.J0, spin.susceptibility_1 * slope),
            stack(spin.susceptibility_1 * self.J0, spin.susceptibility_2 * slope),
        )

    def start(self, branch: str) -> Numbers:
        if branch == "paramagnet":
            return self.state(m=0.0, C=1 / maximum(self.T, 1e-300 + 0 * self.T))
        if branch == "glass":
            # against a bias J0 < 0 the magnetisation stays small
            x = self.state(m=np.sign(self.h) * np.greater_equal(self.J0, 0), C=0.0)
            gone = np.greater_equal(self.T, 1)
        else:
            x = super().start(branch)
            gone = np.less_equal(self.J0, maximum(1.0, self.T))  # J0 C > 1, and C <= 1, where it grows
        return np.where(np.equal(self.h, 0) & gone, np.nan, x)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        m, C = x
        q = 1 - self.T * C
        if branch == "ferromagnet":
            return m > 1e-7
        bare = np.equal(self.h, 0) & (np.abs(m) < 1e-7)
        if branch == "paramagnet":
            return bare & (np.abs(q) < 1e-9)
        return (bare | (m * self.h > 0)) & (q > 1e-9)

    def derived(self, x: Numbers) -> dict[str, Number]:
        _, C = x
        return {"q": 1 - self.T * C}

    def entropy(self, x: Numbers) -> Number:
        _, C = x
        return self.spins(x).entropy - C**2 / 4

    def absence(self, line: str) -> str:
        if line == "stability" and np.all(np.equal(self.h, 0)) and np.all(np.less_equal(self.J0, 1)):
            return "at h = 0 and J0 <= 1 replica symmetry is broken in the whole glass, below T_c = 1"
        return ""

    def freezing(self, x: Numbers) -> Number:
        """1 - <(1 - tanh^2)^2>/T^2 of a paramagnet: zero where q > 0 sets in."""
        _, C = x
        return 1 - C**2

    def alignment(self, x: Numbers) -> Number:
        """1 - J0 C: zero where m = 0 becomes unstable."""
        _, C = x
        return 1 - self.J0 * C

    def rho(self, x: Numbers) -> Number:
        """<sech^4>/T^2; replica symmetry is stable below 1 [AT78]_."""
        return ratio(self.spins(x).sech4_over_T, self.T)

    def replicon(self, x: Numbers) -> Number:
        return one_minus_rho(self.rho(x), self.spins(x))

    def log_rho(self, x: Numbers) -> Number:
        """Zero at T_AT; nearly linear in log T, for T_AT ~ exp(-h^2/2) at strong fields."""
        return log(self.rho(x))
