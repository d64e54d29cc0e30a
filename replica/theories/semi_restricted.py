"""Boltzmann machine with Gaussian hidden units and random couplings inside its visible layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["SemiRestricted"]

MODEL = Model(
    "semi-restricted",
    parameters={
        "alpha": Parameter(
            "load, hidden units per visible unit", r"\alpha", lower=0.0, required=True, typical=(0.0, 0.2)
        ),
        "Delta": Parameter(
            "variance of the lateral couplings", r"\Delta", lower=0.0, default=0.0, typical=(0.0, 0.6)
        ),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.4)),
    },
    layers=[Layer("visible"), Layer("hidden", "gaussian", size="alpha", normalised=True)],
    couplings=[Coupling("visible hidden"), Coupling("visible visible", "Delta/2")],
    patterns=[Pattern("m", "visible")],
    energies=[Energy("m m")],
    offset="alpha/2",
    limit="alpha",
)


class SemiRestricted(theory_of(MODEL)):  # type: ignore[misc]
    """Hopfield network with Gaussian couplings of variance Delta/N besides, replica symmetric [S86]_.

    A Boltzmann machine with Gaussian hidden units and lateral couplings; static noise of the synapses.
    Delta = 0 is the Hopfield network, alpha = 0 the Sherrington-Kirkpatrick model with J0 = 1.

    Parameters
    ----------
    alpha : float or array
        Load, hidden units (patterns) per visible unit, >= 0.
    Delta : float or array
        Variance of the lateral couplings, >= 0.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [S86] H. Sompolinsky, Phys. Rev. A 34, 2571 (1986).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(SemiRestricted(alpha=0.05, Delta=0.2)).value:.12f}")
    0.040641706149
    """

    aliases: ClassVar[tuple[str, ...]] = ("noisy-synapses", "lateral-couplings")
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_R": "stability", "T_g": "glass"}
    without_integrals: ClassVar[bool] = True
    known: ClassVar[Mapping[str, str]] = {
        "Delta = 0": "the Hopfield network, alpha_c = 0.138 at T = 0",
        "alpha = 0": "the Sherrington-Kirkpatrick model with J0 = 1: retrieval ends at Delta = 2/pi, T = 0",
    }
    references: ClassVar[tuple[str, ...]] = ("H. Sompolinsky, Phys. Rev. A 34, 2571 (1986)",)
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is removed: f contains + alpha/2.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )
