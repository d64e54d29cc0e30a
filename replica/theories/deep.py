"""Three layers of spins with Gaussian couplings between neighbours: a deep Boltzmann machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Layer, Model, theory_of
from replica.theory import Parameter

__all__ = ["Deep"]

MODEL = Model(
    "deep",
    parameters={
        "first": Parameter("share of the first layer", r"\lambda_1", lower=0.0, upper=1.0, default=0.5),
        "second": Parameter("share of the second layer", r"\lambda_2", lower=0.0, upper=1.0, default=0.3),
        "third": "1 - first - second",
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.0)),
    },
    layers=[Layer("bottom", size="first"), Layer("middle", size="second"), Layer("top", size="third")],
    couplings=[Coupling("bottom middle"), Coupling("middle top")],
)


class Deep(theory_of(MODEL)):  # type: ignore[misc]
    """Three layers of spins, Gaussian couplings between neighbours, replica symmetric [ABCM20]_.

    Shares of all spins sum to 1. A model file gives any number of layers of any units.

    Parameters
    ----------
    first, second : float or array
        Shares of the first and of the second layer; the third has the rest.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [ABCM20] D. Alberici, A. Barra, P. Contucci, E. Mingione, J. Stat. Phys. 180, 665 (2020).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Deep(T=0.3), "glass")
    >>> print(f"{state['q']:.9f} {critical(state.theory).value:.9f}")
    0.640269351 0.676947243
    """

    aliases: ClassVar[tuple[str, ...]] = ("deep-boltzmann-machine", "dbm")
    line_names: ClassVar[Mapping[str, str]] = {"T_c": "glass"}
    known: ClassVar[Mapping[str, str]] = {
        "T_c": "[second (first + third)]^(1/4), exact; its square is sqrt(2)/3 for equal layers",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. Alberici, A. Barra, P. Contucci, E. Mingione, J. Stat. Phys. 180, 665 (2020)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "q is the overlap of the middle layer, which the others follow.",
        "Replica symmetric: below T_c replica symmetry is broken.",
    )
