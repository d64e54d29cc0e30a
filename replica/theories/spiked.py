"""A signal in a noisy matrix, seen by the one who knows how it was made: three priors of its entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Family, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["Spiked", "SpikedGaussian", "SpikedSparse"]

SNR = Parameter("signal-to-noise ratio", r"\gamma", lower=0.0, required=True, typical=(0.0, 3.0))

SIGNS = Model(
    "spiked",
    parameters={
        "gamma": SNR,
        "T": Parameter(
            "temperature of the posterior; 1 where the prior is the true one", "T", lower=0.0, default=1.0
        ),
    },
    layers=[Layer("entries")],
    couplings=[Coupling("entries^2", "gamma/2")],
    patterns=[Pattern("m", "entries")],
    energies=[Energy("m m", "gamma/2")],
    offset="gamma/4 + T*log(2)",  # (gamma/2 N) sum_ij s_i^2 s_j^2, and the prior as a probability
    critical=("gamma", "condensation"),
)
# a Gaussian vector has the length sqrt(N), and any direction: it is one on a sphere
GAUSSIAN = Model(
    "spiked-gaussian",
    parameters={"gamma": SNR},
    temperature=1,
    layers=[Layer("entries", "spherical")],
    couplings=[Coupling("entries^2", "gamma/2")],
    patterns=[Pattern("m", "entries", "gaussian")],
    energies=[Energy("m m", "gamma/2")],
    offset="gamma/4 + (1 + log(2*pi))/2",
    critical=("gamma", "condensation"),
)
# units of -1, 0, 1 are the entries times sqrt(p); (gamma/2 N) sum_ij s_i^2 s_j^2 acts on each of them with
# E s^2, which is 1 where the prior is the true one
SPARSE = Model(
    "spiked-sparse",
    parameters={
        "gamma": SNR,
        "p": Parameter(
            "share of entries that are not 0", "p", lower=0.0, upper=1.0, open_lower=True, open_upper=True,
            default=0.1,
        ),
        "occupied": "gamma/(2*p) - log(p/2)",
    },
    temperature=1,
    layers=[
        Layer(
            "entries", "levels", {"values": [-1, 0, 1], "energies": ["occupied", "-log(1 - p)", "occupied"]}
        )
    ],
    couplings=[Coupling("entries^2", "gamma/(2*p^2)")],
    patterns=[Pattern("m", "entries", "sparse", {"p": "p"})],
    energies=[Energy("m m", "gamma/(2*p)")],
    offset="-gamma/4",
    branches=[Family("retrieval", {"m": "sqrt(p)", "q": "p", "C": 0}, "the signal is told from noise")],
    critical=("gamma", "condensation"),
)  # fmt: skip


class Spiked(theory_of(SIGNS)):  # type: ignore[misc]
    """Signal of signs in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, replica symmetric [DAM17]_.

    f is -(1/N) E ln Z of the posterior, Z = 1 where Y is pure noise, so that gamma/4 + f is the mutual
    information of x and Y per entry. At T = 1, the Nishimori line, m = q: the overlap with the signal is that
    of two samples of the posterior.

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

    What `Spiked` is for signs, at T = 1. For large N the entries of x are a point on a sphere.

    Parameters
    ----------
    gamma : float or array
        Signal-to-noise ratio, >= 0.

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
        "gamma_c": "1, exact: as for the largest eigenvector of Y",
        "m and q": "1 - 1/gamma, exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "M. Lelarge, L. Miolane, Probab. Theory Relat. Fields 173, 859 (2019)",
    )
    notes: ClassVar[tuple[str, ...]] = ("Replica symmetric, which is exact on the Nishimori line.",)


class SpikedSparse(theory_of(SPARSE)):  # type: ignore[misc]
    """Sparse signal in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, seen with its prior [LKZ17]_.

    Entries x are -1/sqrt(p) or 1/sqrt(p) with probability p/2 each, else 0. The units are x sqrt(p) = -1, 0,
    1, so the overlaps of the literature are m/sqrt(p) and q/p, and these are equal.

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
    >>> from replica import solve
    >>> state = solve(SpikedSparse(gamma=1.5, p=0.08))
    >>> print(f"{state['m'] / 0.08**0.5:.9f} {state['q'] / 0.08:.9f}")
    0.873179791 0.873179791
    """

    aliases: ClassVar[tuple[str, ...]] = ("sparse-pca",)
    line_names: ClassVar[Mapping[str, str]] = {"gamma_c": "condensation"}
    known: ClassVar[Mapping[str, str]] = {
        "gamma_c": "1 for every p: below it no fast algorithm that is known tells anything",
        "q/p + C/p": "1: samples of the posterior have the length of the signal",
        "df/dgamma": "-(q/p)^2/4, exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "T. Lesieur, F. Krzakala, L. Zdeborova, J. Stat. Mech. 073403 (2017)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Where p is small the signal can be told below gamma = 1, from `first-order-paramagnet` on.",
        "Replica symmetric, which is exact on the Nishimori line; the glass is not on it.",
    )
