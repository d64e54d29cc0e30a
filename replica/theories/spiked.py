"""A signal of signs in Gaussian noise, seen by the one who knows how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["Spiked"]

MODEL = Model(
    "spiked",
    parameters={
        "gamma": Parameter("signal-to-noise ratio", r"\gamma", lower=0.0, required=True, typical=(0.0, 3.0)),
        "T": Parameter(
            "temperature of the posterior; 1 where the prior is the true one", "T", lower=0.0, default=1.0
        ),
    },
    layers=[Layer("entries")],
    couplings=[Coupling("entries entries", "gamma/2")],
    patterns=[Pattern("m", "entries")],
    energies=[Energy("m m", "gamma/2")],
    critical=("gamma", "condensation"),
)


class Spiked(theory_of(MODEL)):  # type: ignore[misc]
    """Signal of signs in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, replica symmetric [DAM17]_.

    At T = 1, the Nishimori line, m = q: the overlap with the signal is that of two samples of the posterior.

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
    }
    references: ClassVar[tuple[str, ...]] = (
        "Y. Deshpande, E. Abbe, A. Montanari, Inform. Inference 6, 125 (2017)",
        "H. Nishimori, Prog. Theor. Phys. 66, 1169 (1981)",
    )
    notes: ClassVar[tuple[str, ...]] = ("Replica symmetric: exact at T = 1.",)
