"""Ising spins with couplings of three at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["PSpin"]

MODEL = Model(
    "p-spin",
    parameters={
        "T": Parameter("temperature", "T", lower=0.0, required=True, unit="J", typical=(0.0, 1.0)),
        "J0": Parameter("strength of the bias J0 m^3", "J_0", default=0.0, unit="J", typical=(0.0, 1.5)),
    },
    layers=[Layer("spins")],
    couplings=[Coupling("spins spins spins", "1/2")],
    patterns=[Pattern("m", "spins", "one")],
    energies=[Energy("m m m", "J0")],
    critical=("T", "glass"),
)


class PSpin(theory_of(MODEL)):  # type: ignore[misc]
    """Spins with Gaussian couplings of three at a time and a bias, replica symmetric [G85]_.

    The energy has the covariance N q^3/2. A model file gives any other order, or several at once.

    Parameters
    ----------
    T : float or array
        Temperature, >= 0.
    J0 : float or array
        Strength of the bias: the energy -N J0 m^3.

    References
    ----------
    .. [G85] E. Gardner, Nucl. Phys. B 257, 747 (1985).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(PSpin(T=0.3)).value:.8f}")
    0.48486586
    """

    aliases: ClassVar[tuple[str, ...]] = ("three-spin",)
    line_names: ClassVar[Mapping[str, str]] = {"T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "f of the paramagnet": "-T ln 2 - 1/(4 T), exact",
        "J0 at T = 0.9": "0.82867: the ferromagnet has the free energy of the paramagnet",
    }
    references: ClassVar[tuple[str, ...]] = (
        "E. Gardner, Nucl. Phys. B 257, 747 (1985)",
        "D. J. Gross, M. Mezard, Nucl. Phys. B 240, 431 (1984)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The replica symmetric state with q > 0 ends at a fold, with a jump of q.",
        "Replica symmetry is broken there in one step, at temperatures above that fold.",
    )
