"""Dense associative memory: neurons that interact p at a time."""

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
            "load, a = (p - 1)! P/N^(p - 1) for P patterns",
            "a",
            lower=0.0,
            required=True,
            typical=(0.0, 0.28),
        ),
        "p": Parameter(
            "neurons in each coupling", "p", lower=3, upper=40, default=3, integer=True, typical=(3, 6)
        ),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 0.6)),
    },
    layers=[Layer("neurons")],
    couplings=[Coupling("neurons^p", "a/p")],
    patterns=[Pattern("m", "neurons")],
    energies=[Energy("m^p", "1/p")],
)


class Dense(theory_of(MODEL)):  # type: ignore[misc]
    """Dense memory of p-body couplings, H = -(N/p) sum m^p, replica symmetric [G87]_.

    The noise of the other patterns is that of a spin glass with p-body couplings. p = 2 is another theory,
    `Hopfield`: its noise reacts to the neurons.

    Parameters
    ----------
    a : float or array
        Load, (p - 1)! P/N^(p - 1), >= 0.
    p : int or array
        Neurons in each coupling, from 3 on.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [G87] E. Gardner, J. Phys. A 20, 3453 (1987).

    Examples
    --------
    >>> from replica import critical
    >>> print(" ".join(f"{critical(Dense(a=0.1, p=p)).value:.12f}" for p in (3, 4)))
    0.252190430771 0.197860119195
    """

    aliases: ClassVar[tuple[str, ...]] = ("dense-memory", "three-body-hopfield")
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_R": "stability"}
    without_integrals: ClassVar[bool] = True
    known: ClassVar[Mapping[str, str]] = {
        "a_c at T = 0": "0.252190430770671 (p = 3), 0.197860119195381 (p = 4): "
        "sqrt(2 a) = erf(y)^(p - 1)/y has its maximum",
        "T_M at a = 0": "0.582582908365149 (p = 3), 0.495786302383519 (p = 4): m = tanh(m^(p - 1)/T) ends",
    }
    references: ClassVar[tuple[str, ...]] = (
        "E. Gardner, J. Phys. A 20, 3453 (1987)",
        "L. F. Abbott, Y. Arian, Phys. Rev. A 36, 5091 (1987)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Couplings of p different neurons; self-terms would add couplings of lower order.",
        "m and -m are different states where p is odd.",
        "The state without a pattern is that of a p-spin glass, where replica symmetry is broken.",
    )
