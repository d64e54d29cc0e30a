"""Bidirectional associative memory: pairs of patterns, one on each of two layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["Bidirectional"]

MODEL = Model(
    "bidirectional",
    parameters={
        "Delta": Parameter(
            "variance of the noise of the synapses",
            r"\Delta",
            lower=0.0,
            required=True,
            typical=(0.0, 0.64),
        ),
        "kappa": Parameter(
            "size of the second layer, in units of the first one",
            r"\kappa",
            lower=0.0,
            open_lower=True,
            default=1.0,
            typical=(0.25, 4.0),
        ),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.0)),
    },
    layers=[Layer("first"), Layer("second", size="kappa")],
    couplings=[Coupling("first second", "Delta")],
    patterns=[Pattern("m", "first"), Pattern("mbar", "second")],
    energies=[Energy("m mbar", 1)],
    limit="Delta",
)


class Bidirectional(theory_of(MODEL)):  # type: ignore[misc]
    """Bidirectional memory of few pairs of patterns, with noisy synapses, replica symmetric [K88]_.

    Weights w between two layers of spins are sums over pairs of patterns, one on each layer, and Gaussian
    numbers of variance Delta/N: H = -N m mbar - sum J s t. Either pattern calls the other one up.

    Parameters
    ----------
    Delta : float or array
        Variance of the noise of the synapses, >= 0.
    kappa : float or array
        Size of the second layer in units of the first one, > 0.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [K88] B. Kosko, IEEE Trans. Syst. Man Cybern. 18, 49 (1988).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(Bidirectional(Delta=0.1)).value:.12f}")  # 2/pi
    0.636619772368
    """

    aliases: ClassVar[tuple[str, ...]] = ("bam", "bidirectional-memory")
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_R": "stability", "T_g": "glass"}
    known: ClassVar[Mapping[str, str]] = {
        "Delta_c at T = 0": "2/pi for equal layers, exact within replica symmetry",
        "T_c at Delta = 0": "sqrt(kappa), exact",
        "T_g": "kappa^(1/4) sqrt(Delta), exact",
        "kappa = 1": "m of the Sherrington-Kirkpatrick model with J0 = 1/sqrt(Delta), f twice its",
    }
    references: ClassVar[tuple[str, ...]] = (
        "B. Kosko, IEEE Trans. Syst. Man Cybern. 18, 49 (1988)",
        "J. Kurchan, L. Peliti, M. Saber, J. Physique I 4, 1627 (1994)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "m mbar is (w x w')/N of one pair; of the other pairs, few against N, nothing is felt.",
        "f and s are per spin of the first layer.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )
