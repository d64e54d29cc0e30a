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
        "snr": Parameter("signal-to-noise ratio", r"\lambda", lower=0.0, required=True, typical=(0.0, 3.0)),
        "T": Parameter(
            "temperature of the posterior; 1 where the prior is the true one", "T", lower=0.0, default=1.0
        ),
    },
    layers=[Layer("entries")],
    couplings=[Coupling("entries entries", "snr/2")],
    patterns=[Pattern("m", "entries")],
    energies=[Energy("m m", "snr/2")],
    critical=("snr", "condensation"),
)


class Spiked(theory_of(MODEL)):  # type: ignore[misc]
    """Spiked matrix with a signal of signs, Y = sqrt(snr/N) x x^T + noise: the posterior of x [DAM17]_.

    At T = 1, the Nishimori line, m = q: the overlap with the signal is that of two samples of the posterior.

    Parameters
    ----------
    snr : float or array
        Signal-to-noise ratio, >= 0.
    T : float or array
        Temperature of the posterior, >= 0.

    References
    ----------
    .. [DAM17] Y. Deshpande, E. Abbe, A. Montanari, Inform. Inference 6, 125 (2017).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Spiked(snr=2.0))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {critical(state.theory).value:.6f}")
    0.618447509 0.618447509 1.000000
    """

    aliases: ClassVar[tuple[str, ...]] = ("spiked-wigner", "z2-synchronisation")
    line_names: ClassVar[Mapping[str, str]] = {"snr_c": "condensation"}
    known: ClassVar[Mapping[str, str]] = {
        "snr_c at T = 1": "1, exact: below it nothing can be told",
        "m at T = 1": "q, on the whole Nishimori line; the Sherrington-Kirkpatrick model with T^2 = 1/snr, J0 = 1/T",
    }
    references: ClassVar[tuple[str, ...]] = (
        "Y. Deshpande, E. Abbe, A. Montanari, Inform. Inference 6, 125 (2017)",
        "H. Nishimori, Prog. Theor. Phys. 66, 1169 (1981)",
    )
    notes: ClassVar[tuple[str, ...]] = ("Replica symmetric: exact at T = 1.",)
