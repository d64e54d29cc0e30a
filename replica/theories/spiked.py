"""A signal in a noisy matrix, seen by the one who knows how it was made: three priors of its entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.numerics.functions import log, maximum, sqrt, stack
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Parameter,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)
from replica.typing import Booleans, Number, Numbers
from replica.units import Levels

__all__ = ["Spiked", "SpikedGaussian", "SpikedSparse"]

SNR = Parameter("signal-to-noise ratio", r"\gamma", lower=0.0, required=True, typical=(0.0, 3.0))

TEMPERATURE = Parameter(
    "temperature of the posterior, 1 where the prior is the true one", "T", lower=0.0, default=1.0
)


def model(name: str, unit: str, law: str) -> Model:
    """Entries of any kind, with the couplings and the signal that a noisy matrix gives them."""
    return Model(
        name,
        parameters={"gamma": SNR, "T": TEMPERATURE},
        layers=[Layer("entries", unit)],
        couplings=[Coupling("entries^2", "gamma/2")],
        patterns=[Pattern("m", "entries", law)],
        energies=[Energy("m m", "gamma/2")],
        offset="gamma/4",  # (gamma/2 N) sum_ij s_i^2 s_j^2 of the square of Y - sqrt(gamma/N) s s^T
        critical=("gamma", "condensation"),
    )


SIGNS = model("spiked", "spin", "sign")
# a Gaussian vector has the length sqrt(N), and any direction: it is one on a sphere
GAUSSIAN = model("spiked-gaussian", "spherical", "gaussian")


class Spiked(theory_of(SIGNS)):  # type: ignore[misc]
    """Signal of signs in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, replica symmetric [DAM17]_.

    At T = 1, the Nishimori line, m = q: the overlap with the signal is that of two samples of the posterior,
    and ln 2 + gamma/4 + f is the mutual information of x and Y per entry.

    Parameters
    ----------
    gamma : float or array
        Signal-to-noise ratio, >= 0.
    T : float or array
        Temperature of the posterior, >= 0.

    References
    ----------
    .. [DAM17] Y. Deshpande, E. Abbe, A. Montanari, Inform. Inference 6, 125 (2017).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Spiked(gamma=2.0))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {critical(state.theory).value:.6f}")
    0.618447509 0.618447509 1.000000
    """

    aliases: ClassVar[tuple[str, ...]] = ("spiked-wigner", "z2-synchronisation")
    line_names: ClassVar[Mapping[str, str]] = {"gamma_c": "condensation"}
    known: ClassVar[Mapping[str, str]] = {
        "gamma_c at T = 1": "1, exact: below it nothing can be told",
        "m at T = 1": "q (Nishimori 1981): the SK model with T = 1/sqrt(gamma), J0 = sqrt(gamma)",
        "df/dgamma at T = 1": "-q^2/4, exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "Y. Deshpande, E. Abbe, A. Montanari, Inform. Inference 6, 125 (2017)",
        "H. Nishimori, Prog. Theor. Phys. 66, 1169 (1981)",
    )
    notes: ClassVar[tuple[str, ...]] = ("Replica symmetric: exact at T = 1.",)


class SpikedGaussian(theory_of(GAUSSIAN)):  # type: ignore[misc]
    """Gaussian signal in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, seen with its prior [LM19]_.

    What `Spiked` is for signs. For large N the entries of x are a point on a sphere.

    Parameters
    ----------
    gamma : float or array
        Signal-to-noise ratio, >= 0.
    T : float or array
        Temperature of the posterior, >= 0.

    References
    ----------
    .. [LM19] M. Lelarge, L. Miolane, Probab. Theory Relat. Fields 173, 859 (2019).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(SpikedGaussian(gamma=2.0))
    >>> print(f"{state['m']:.12f} {state['q']:.12f}")
    0.500000000000 0.500000000000
    """

    line_names: ClassVar[Mapping[str, str]] = {"gamma_c": "condensation"}
    known: ClassVar[Mapping[str, str]] = {
        "gamma_c at T = 1": "1, exact: as for the largest eigenvector of Y",
        "m and q at T = 1": "1 - 1/gamma, exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "M. Lelarge, L. Miolane, Probab. Theory Relat. Fields 173, 859 (2019)",
    )
    notes: ClassVar[tuple[str, ...]] = ("Replica symmetric: exact at T = 1.",)


@dataclass(frozen=True)
class SpikedSparse(Theory):
    """Sparse signal in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, seen with its prior [LKZ17]_.

    What `Spiked` is for signs, at T = 1: entries x are -1/sqrt(p) or 1/sqrt(p) with probability p/2 each,
    else 0. Samples of the posterior are as the signal itself, so that one overlap q is enough, and the length
    of a sample is known. The functional would let the length find its value, and it runs away.

    Parameters
    ----------
    gamma : float or array
        Signal-to-noise ratio, >= 0.
    p : float or array
        Share of entries that are not 0, in (0, 1).

    References
    ----------
    .. [LKZ17] T. Lesieur, F. Krzakala, L. Zdeborova, J. Stat. Mech. 073403 (2017).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(SpikedSparse(gamma=1.5, p=0.08))
    >>> print(f"{state['q']:.9f} {critical(state.theory).value:.6f}")
    0.873179791 1.000000
    """

    gamma: Value = parameter("signal-to-noise ratio", r"\gamma", lower=0, typical=(0.0, 3.0))
    p: Value = parameter(
        "share of entries that are not 0",
        "p",
        lower=0,
        upper=1,
        open_lower=True,
        open_upper=True,
        default=0.1,
        typical=(0.02, 0.5),
    )

    name: ClassVar[str] = "spiked-sparse"
    aliases: ClassVar[tuple[str, ...]] = ("sparse-pca",)
    order: ClassVar[tuple[str, ...]] = ("q",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "retrieval": Branch("the signal is told from the noise", (1.0,)),
        "paramagnet": Branch("q = 0: nothing is told", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("paramagnet")),
        "condensation": Zero(Phase("paramagnet"), "stability", text="a first guess leads to the signal"),
    }
    line_names: ClassVar[Mapping[str, str]] = {"gamma_c": "condensation"}
    critical: ClassVar[Critical | None] = Critical(
        "gamma",
        "condensation",
        "gamma_c",
        "signal-to-noise ratio above which a first guess leads to the signal",
    )
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = -sqrt(gamma/N) sum_ij Y_ij x_i x_j/2 + gamma (sum_i x_i^2)^2/(4 N)",
        "q": "q = E[x <s>], x and s of the prior P",
        "Z": "Z = E_s[exp(b s - gamma q s^2/2)]",
        "b": "b = gamma q x + sqrt(gamma q) z",
        "f": "f = gamma q^2/4 - E[ln Z]",
    }
    symbols: ClassVar[Mapping[str, str]] = {"q": "overlap with the signal, and of two samples"}
    known: ClassVar[Mapping[str, str]] = {
        "gamma_c": "1 for every p, exact: below it no fast algorithm that is known tells anything",
        "df/dgamma": "-q^2/4, exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "T. Lesieur, F. Krzakala, L. Zdeborova, J. Stat. Mech. 073403 (2017)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Where p is small the signal can be told below gamma = 1, from `first-order` on.",
        "Replica symmetric, which is exact on the Nishimori line.",
    )

    @cached_property
    def prior(self) -> Levels:
        """Units s sqrt(p) = -1, 0, 1, with the logarithms of their probabilities as energies."""
        p = self.p
        some = -log(p / 2)
        return Levels((-1, 0, 1), (some, -log(1 - p), some))

    def fields(self, x: Numbers, signal: float) -> tuple[Number, Number, Number, Number]:
        """What acts on a unit where the signal is +1/sqrt(p), or 0: mean, width, quadratic term, T = 1."""
        (q,) = x
        strength = self.gamma / self.p * maximum(q, 0 * q)
        return signal * strength, sqrt(strength), -strength, 0 * strength + 1

    def update(self, x: Numbers) -> Numbers:
        return stack(self.prior.averages(*self.fields(x, 1.0)).mean)

    def free_energy(self, x: Numbers) -> Number:
        (q,) = x
        inside, outside = (self.prior.averages(*self.fields(x, signal)).free_energy for signal in (1.0, 0.0))
        return self.gamma * q**2 / 4 + self.p * inside + (1 - self.p) * outside

    def jacobian(self, x: Numbers) -> Numbers:
        fields = self.fields(x, 1.0)
        known = self.prior.moments(*fields)
        by_loc, by_variance, by_a = known.by_loc[0], known.by_variance[0], known.by_a(fields[-1])[0]
        return stack(stack(self.gamma / self.p * (by_loc + by_variance - by_a)))

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        (q,) = x
        return q > 1e-7 if branch == "retrieval" else np.abs(q) < 1e-7
