"""Two layers of spins with Gaussian couplings between them: a random Boltzmann machine without patterns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Layer, Model, theory_of
from replica.theory import Parameter

__all__ = ["BipartiteSK"]

MODEL = Model(
    "bipartite-sk",
    parameters={
        "alpha": Parameter(
            "size of the second layer, in units of the first one", r"\alpha", lower=0.0, required=True
        ),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.4)),
    },
    layers=[Layer("visible"), Layer("hidden", size="alpha")],
    couplings=[Coupling("visible hidden")],
)


class BipartiteSK(theory_of(MODEL)):  # type: ignore[misc]
    """Two layers of spins with Gaussian couplings between them, replica symmetric [BGG11]_.

    f is per spin of the first layer.

    Parameters
    ----------
    alpha : float or array
        Size of the second layer in units of the first one, >= 0.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [BGG11] A. Barra, G. Genovese, F. Guerra, J. Phys. A 44, 245002 (2011).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(BipartiteSK(alpha=0.5, T=0.4), "glass")
    >>> print(f"{state['q']:.9f} {state.free_energy:.9f}")
    0.508143221 -0.963452264
    """

    aliases: ClassVar[tuple[str, ...]] = ("bsk", "bipartite-sherrington-kirkpatrick")
    line_names: ClassVar[Mapping[str, str]] = {"T_f": "glass"}
    known: ClassVar[Mapping[str, str]] = {"T_g": "alpha^(1/4), exact"}
    references: ClassVar[tuple[str, ...]] = (
        "A. Barra, G. Genovese, F. Guerra, J. Phys. A 44, 245002 (2011)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Replica symmetric: below T_g replica symmetry is broken.",
        "f and s are per spin of the first layer.",
    )
