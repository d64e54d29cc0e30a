"""Boltzmann machine with Gaussian hidden units and random couplings inside its visible layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["SemiRestricted", "SemiRestrictedBits"]

LOAD = Parameter(
    "load, hidden units per visible unit", r"\alpha", lower=0.0, required=True, typical=(0.0, 0.2)
)
LATERAL = Parameter(
    "variance of the lateral couplings", r"\Delta", lower=0.0, default=0.0, typical=(0.0, 0.6)
)
TEMPERATURE = Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.4))


def model(name: str, visible: Layer, parameters: Mapping[str, Parameter], offset: str) -> Model:
    """Visible units of any kind, Gaussian hidden units, and couplings inside the visible layer."""
    return Model(
        name,
        parameters={"alpha": LOAD, "Delta": LATERAL, **parameters, "T": TEMPERATURE},
        layers=[visible, Layer("hidden", "gaussian", size="alpha", normalised=True)],
        couplings=[Coupling("visible hidden"), Coupling("visible^2", "Delta/2")],
        patterns=[Pattern("m", "visible")],
        energies=[Energy("m m")],
        offset=offset,
        limit="alpha",
    )


MODEL = model("semi-restricted", Layer("visible"), {}, "alpha/2")
BITS = model(
    "semi-restricted-bits",
    Layer("visible", "bernoulli", {"g": "g"}),
    {"g": Parameter("field on the visible units", "g", default=0.0, unit="J", typical=(-0.5, 0.5))},
    "0",
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


class SemiRestrictedBits(theory_of(BITS)):  # type: ignore[misc]
    """Boltzmann machine of visible units 0, 1 with couplings among them, replica symmetric [OH07]_.

    Gaussian hidden units with weights of signs, and Gaussian lateral couplings of variance Delta/N: what
    `SemiRestricted` is for spins.

    Parameters
    ----------
    alpha : float or array
        Load, hidden units (patterns) per visible unit, >= 0.
    Delta : float or array
        Variance of the lateral couplings, >= 0.
    g : float or array
        Field on the visible units.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [OH07] S. Osindero, G. E. Hinton, Advances in Neural Information Processing Systems 20, 1121 (2007).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(SemiRestrictedBits(alpha=0.02, Delta=0.05, T=0.05))
    >>> print(f"{state['m']:.12f} {state.free_energy:.12f}")
    0.487790352257 -0.130731656447
    """

    aliases: ClassVar[tuple[str, ...]] = ("semi-restricted-bernoulli",)
    line_names: ClassVar[Mapping[str, str]] = {"T_M": "spinodal", "T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "Delta = 0": "the random RBM of bernoulli and gaussian units, with one strong hidden unit",
    }
    references: ClassVar[tuple[str, ...]] = (
        "S. Osindero, G. E. Hinton, Advances in Neural Information Processing Systems 20, 1121 (2007)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings by the hidden units is kept, which acts as a field on bits.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )
