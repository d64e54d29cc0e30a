"""Spins with couplings of p at a time: Ising or spherical, of one order or of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Boundary, Coexistence, Fold, Parameter, Phase
from replica.typing import Number, Numbers

__all__ = ["MixedPSpin", "PSpin", "PlantedPSpin", "SphericalPSpin"]

LARGEST = 40
"""Spins in one coupling: the random-energy model is near from 10 on."""
TEMPERATURE = Parameter("temperature", "T", lower=0.0, required=True, unit="J", typical=(0.0, 1.0))
ORDER = Parameter(
    "spins in each coupling", "p", lower=3, upper=LARGEST, default=3, integer=True, typical=(3, 6)
)


def model(name: str, unit: str = "spin") -> Model:
    """Units with couplings of p at a time, and a bias of the same order."""
    return Model(
        name,
        parameters={
            "T": TEMPERATURE,
            "p": ORDER,
            "J0": Parameter(
                "strength of the bias, of energy J0 m^p",
                "J_0",
                lower=0.0,
                default=0.0,
                unit="J",
                typical=(0.0, 1.5),
            ),
        },
        layers=[Layer("spins", unit)],
        couplings=[Coupling("spins^p", "1/2")],
        patterns=[Pattern("m", "spins", "one")],
        energies=[Energy("m^p", "J0")],
        critical=("T", "glass"),
    )


MIXED = Model(
    "mixed-p-spin",
    parameters={
        "T": TEMPERATURE,
        "c": Parameter("share of the couplings of p spins", "c", lower=0.0, upper=1.0, default=0.5),
        "p": ORDER,
        "h": Parameter("field", "h", default=0.0, unit="J", typical=(0.0, 1.0)),
    },
    layers=[Layer("spins")],
    couplings=[Coupling("spins^2", "(1 - c)/2"), Coupling("spins^p", "c/2")],
    patterns=[Pattern("M", "spins", "one")],
    energies=[Energy("M", "h")],
    critical=("T", "glass"),
    lines={"glass-end": Fold("glass")},
)


STATES: Mapping[str, Boundary] = {
    "dynamical": Fold("retrieval"),
    "kauzmann": Coexistence(Phase("retrieval"), Phase("paramagnet")),
}
PLANTED = Model(
    "planted-p-spin",
    parameters={"T": replace(TEMPERATURE, open_lower=True, typical=(0.3, 1.0)), "p": ORDER},
    layers=[Layer("spins")],
    couplings=[Coupling("spins^p", "1/2")],
    patterns=[Pattern("m", "spins", "one")],
    energies=[Energy("m^p", "1/(2*T)")],
    critical=("T", "dynamical"),
    lines=STATES,
)


class PSpin(theory_of(model("p-spin"))):  # type: ignore[misc]
    """Ising spins with Gaussian couplings of p at a time and a bias, replica symmetric [G85]_.

    The energy has the covariance N q^p/2.

    Parameters
    ----------
    T : float or array
        Temperature, >= 0.
    p : int or array
        Spins in each coupling, from 3 on; `SherringtonKirkpatrick` has p = 2.
    J0 : float or array
        Strength of the bias: the energy -N J0 m^p.

    References
    ----------
    .. [G85] E. Gardner, Nucl. Phys. B 257, 747 (1985).

    Examples
    --------
    >>> from replica import critical
    >>> print(" ".join(f"{critical(PSpin(T=0.3, p=p)).value:.8f}" for p in (3, 4)))
    0.48486586 0.37503710
    """

    aliases: ClassVar[tuple[str, ...]] = ("three-spin", "p-spin-glass")
    line_names: ClassVar[Mapping[str, str]] = {"T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "f of the paramagnet": "-T ln 2 - 1/(4 T) for every p, exact",
        "J0 at T = 0.9, p = 3": "0.82867: the ferromagnet has the free energy of the paramagnet",
    }
    references: ClassVar[tuple[str, ...]] = (
        "E. Gardner, Nucl. Phys. B 257, 747 (1985)",
        "D. J. Gross, M. Mezard, Nucl. Phys. B 240, 431 (1984)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The replica symmetric state with q > 0 ends at a fold, with a jump of q.",
        "Replica symmetry is broken there in one step, at temperatures above that fold.",
    )


class SphericalPSpin(theory_of(model("spherical-p-spin", "spherical"))):  # type: ignore[misc]
    """Spins on a sphere with Gaussian couplings of p at a time and a bias, replica symmetric [CS92]_.

    The energy has the covariance N q^p/2, and the sum of squares of the spins is N.

    Parameters
    ----------
    T : float or array
        Temperature, >= 0.
    p : int or array
        Spins in each coupling, from 3 on.
    J0 : float or array
        Strength of the bias: the energy -N J0 m^p.

    References
    ----------
    .. [CS92] A. Crisanti, H.-J. Sommers, Z. Phys. B 87, 341 (1992).

    Examples
    --------
    >>> from replica import critical
    >>> print(" ".join(f"{critical(SphericalPSpin(T=0.3, p=p)).value**2:.9f}" for p in (3, 4)))
    0.222222222 0.125000000
    """

    aliases: ClassVar[tuple[str, ...]] = ("spherical-three-spin",)
    line_names: ClassVar[Mapping[str, str]] = {"T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "T^2 where q > 0 ends": "(2/p) ((p - 2)/p)^(p - 2) at q = (p - 2)/p, exact",
        "f of the paramagnet": "-(T/2) (1 + ln 2 pi) - 1/(4 T), exact",
    }
    references: ClassVar[tuple[str, ...]] = (
        "A. Crisanti, H.-J. Sommers, Z. Phys. B 87, 341 (1992)",
        "P. Gillin, D. Sherrington, J. Phys. A 33, 3081 (2000)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "rho of the replica symmetric state with q > 0 is p - 1: replica symmetry is broken wherever it is.",
        "The entropy of a sphere is that of a volume, and falls to -infinity at T = 0.",
    )


class PlantedPSpin(theory_of(PLANTED)):  # type: ignore[misc]
    """The states of which the paramagnet of p-spin couplings is made: Ising spins, exact [KZ09]_.

    A configuration that is drawn at the temperature T is inside a state, and its couplings are those of a
    bias J0 = 1/(2 T) towards it. So the states are `retrieval` here: at x = 1, one step of breaking without
    overlap between states is this theory, with m = q. They appear at the dynamical temperature; below the
    static one, of Kauzmann, there are no longer exponentially many. In between there are
    exp(N Sigma) of them: f of retrieval is that of one state, so Sigma = (f of retrieval - f of the
    paramagnet)/T.

    Parameters
    ----------
    T : float or array
        Temperature, > 0.
    p : int or array
        Spins in each coupling, from 3 on.

    References
    ----------
    .. [KZ09] F. Krzakala, L. Zdeborova, Phys. Rev. Lett. 102, 238701 (2009).

    Examples
    --------
    >>> from replica.solving import locate
    >>> point = PlantedPSpin(T=0.6)
    >>> print(" ".join(f"{locate(point, name, 'T').value:.12f}" for name in ("dynamical", "kauzmann")))
    0.681598040576 0.651385226936
    """

    aliases: ClassVar[tuple[str, ...]] = ("p-spin-states",)
    line_names: ClassVar[Mapping[str, str]] = {"T_d": "dynamical", "T_K": "kauzmann"}
    known: ClassVar[Mapping[str, str]] = {
        "T_K as p grows": "1/(2 sqrt(ln 2)) = 0.600561, that of the random energy model, exact",
        "T_d as p grows": "grows like sqrt(p)",
    }
    references: ClassVar[tuple[str, ...]] = (
        "F. Krzakala, L. Zdeborova, Phys. Rev. Lett. 102, 238701 (2009)",
        "T. R. Kirkpatrick, D. Thirumalai, Phys. Rev. B 36, 5388 (1987)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Equations are written out for p = 3.",
        "T_G, below which states fall into further ones, is the line `gardner` of p-spin with --rsb 1.",
    )

    def entropy(self, x: Numbers) -> Number:
        """Minus the derivative of f by T, the bias along with it."""
        return super().entropy(x) - x[0] ** self.p / (2 * self.T**2)


class MixedPSpin(theory_of(MIXED)):  # type: ignore[misc]
    """Ising spins with Gaussian couplings of pairs and of p at a time, replica symmetric.

    The energy has the covariance N [(1 - c) q^2 + c q^p]/2: from the Sherrington-Kirkpatrick model at c = 0
    to p-spin couplings at c = 1, with the same paramagnet.

    Parameters
    ----------
    T : float or array
        Temperature, >= 0.
    c : float or array
        Share of the couplings of p spins, in [0, 1].
    p : int or array
        Spins in these, from 3 on.
    h : float or array
        Field.

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(MixedPSpin(T=0.3, c=0.19)).value:.12f}")
    0.900000000000
    """

    aliases: ClassVar[tuple[str, ...]] = ("two-plus-p-spin",)
    line_names: ClassVar[Mapping[str, str]] = {"T_f": "glass"}
    known: ClassVar[Mapping[str, str]] = {"T_g": "sqrt(1 - c), exact where the glass sets in continuously"}
    references: ClassVar[tuple[str, ...]] = ("E. Gardner, Nucl. Phys. B 257, 747 (1985)",)
    notes: ClassVar[tuple[str, ...]] = (
        "Where c is large the glass begins with a jump, at its end, `glass-end`, and not at `glass`.",
        "Replica symmetric: in the glass replica symmetry is broken.",
    )
