"""Dense associative memory: neurons that interact three at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["Dense"]

MODEL = Model(
    "dense",
    parameters={
        "a": Parameter(
            "load, 2 patterns per pair of neurons: a = 2 P/N^2",
            "a",
            lower=0.0,
            required=True,
            typical=(0.0, 0.28),
        ),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 0.6)),
    },
    layers=[Layer("neurons")],
    couplings=[Coupling("neurons neurons neurons", "a/3")],
    patterns=[Pattern("m", "neurons")],
    energies=[Energy("m m m", "1/3")],
)


class Dense(theory_of(MODEL)):  # type: ignore[misc]
    """Dense memory of three-body couplings, H = -(N/3) sum m^3, replica symmetric [G87]_.

    The noise of the other patterns is that of a spin glass with three-body couplings. A model file gives any
    other order: ``layers = [neurons, ...]`` p times with the variance a/p, and the energy m^p/p.

    Parameters
    ----------
    a : float or array
        Load, (p - 1)! P/N^(p - 1) with p = 3, >= 0.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [G87] E. Gardner, J. Phys. A 20, 3453 (1987).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(Dense(a=0.1)).value:.12f}")
    0.252190430771
    """

    aliases: ClassVar[tuple[str, ...]] = ("dense-memory", "three-body-hopfield")
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_R": "stability"}
    without_integrals: ClassVar[bool] = True
    known: ClassVar[Mapping[str, str]] = {
        "a_c at T = 0": "0.252190430770671, where sqrt(2 a) = erf(y)^2/y has its maximum",
        "T_M at a = 0": "0.582582908365149, where m = tanh(m^2/T) ends",
    }
    references: ClassVar[tuple[str, ...]] = (
        "E. Gardner, J. Phys. A 20, 3453 (1987)",
        "L. F. Abbott, Y. Arian, Phys. Rev. A 36, 5091 (1987)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Couplings of three different neurons; self-terms would add couplings of lower order.",
        "m and -m are different states: three-body couplings are odd.",
        "The state without a pattern is that of a three-spin glass, where replica symmetry is broken.",
    )
