"""Hopfield networks of patterns whose entries are not balanced: low activity, and biased signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Optimum, Parameter

__all__ = ["BiasedPatterns", "SparseCoding"]

LOAD = Parameter(
    "load, patterns per neuron",
    r"\alpha",
    lower=0.0,
    required=True,
    unit="patterns/neuron",
    typical=(0.0, 0.5),
)
FIELD = Parameter("field on the neurons", "g", default=-0.5, unit="J", typical=(-1.0, 0.0))
TEMPERATURE = Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 0.3))
ACTIVITY = Parameter(
    "activity of the patterns",
    "a",
    lower=0.0,
    upper=1.0,
    open_lower=True,
    open_upper=True,
    default=0.1,
)
MEAN = Parameter(
    "mean of the entries of the patterns",
    "b",
    lower=-1.0,
    upper=1.0,
    open_lower=True,
    open_upper=True,
    default=0.4,
    typical=(0.0, 0.8),
)


def model(
    name: str,
    unit: str,
    parameters: Mapping[str, Parameter],
    entries: Mapping[str, str],
    *,
    variance: str = "1",
    offset: str = "0",
) -> Model:
    """Neurons of any kind in a field, Gaussian hidden units, and a pattern of two kinds of entries."""
    return Model(
        name,
        parameters=parameters,
        layers=[
            Layer("neurons", unit, {"g": "g"}),
            Layer("hidden", "gaussian", size="alpha", normalised=True),
        ],
        couplings=[Coupling("neurons hidden", variance)],
        patterns=[Pattern("m", "neurons", "two-point", entries)],
        energies=[Energy("m m")],
        lines={"best-threshold": Optimum("retrieval", "g")},
        offset=offset,
    )


MODEL = model(
    "sparse-coding",
    "bernoulli",
    {"alpha": LOAD, "a": ACTIVITY, "g": FIELD, "T": TEMPERATURE},
    {"a": "a", "scale": "sqrt(a*(1-a))"},
)
BIASED = model(
    "biased-patterns",
    "spin",
    {
        "alpha": replace(LOAD, typical=(0.0, 0.15)),
        "b": MEAN,
        "g": replace(FIELD, default=0.0, typical=(0.0, 1.0)),
        "T": replace(TEMPERATURE, typical=(0.0, 1.0)),
    },
    {"a": "(1 + b)/2", "scale": "1/2"},
    variance="1 - b^2",
    offset="alpha*(1 - b^2)/2",
)


class SparseCoding(theory_of(MODEL)):  # type: ignore[misc]
    """Hopfield network of {0,1} neurons and patterns of activity a, replica symmetric [TF88]_.

    Couplings are sums of w w' over the patterns, w = (x - a)/sqrt(a (1 - a)) with x = 0, 1; the field g is
    minus a threshold. The overlap of the literature, E[(x - a) s]/(a (1 - a)), is m/sqrt(a (1 - a)).

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    a : float or array
        Activity of the patterns, in (0, 1).
    g : float or array
        Field on the neurons.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [TF88] M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988).

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(SparseCoding(alpha=0.1, a=0.1, g=-0.6)).value:.6f}")
    0.335323
    """

    aliases: ClassVar[tuple[str, ...]] = ("low-activity", "tsodyks-feigelman")
    line_names: ClassVar[Mapping[str, str]] = {"alpha_c": "spinodal", "T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at a = 0.1, T = 0": "0.2253, 0.2618, 0.2987, 0.3353 at g = -0.45, -0.5, -0.55, -0.6; "
        "0.44097 at the best g",
    }
    references: ClassVar[tuple[str, ...]] = (
        "M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988)",
        "D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 35, 2293 (1987)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The quadratic term of the hidden layer shifts the threshold: neurons feel g + a_v/2, not g alone.",
        "The capacity depends strongly on g; the published ones are those at the best threshold.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )


class BiasedPatterns(theory_of(BIASED)):  # type: ignore[misc]
    """Hopfield network of patterns of mean b, stored as differences from it, replica symmetric [AGS87]_.

    Neurons are spins, entries xi of the patterns are signs with the mean b, couplings are sums of
    (xi - b)(xi' - b); m is E[(xi - b) s]. A constraint on the mean activity is a field g, chosen.

    Parameters
    ----------
    alpha : float or array
        Load, patterns per neuron, >= 0.
    b : float or array
        Mean of the entries, in (-1, 1).
    g : float or array
        Field on the neurons.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [AGS87] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 35, 2293 (1987).

    Examples
    --------
    >>> from replica import critical, locate
    >>> theory = BiasedPatterns(alpha=0.02, b=0.4)
    >>> print(f"{critical(theory).value:.9f} {locate(theory, 'best-threshold', 'alpha').value:.9f}")
    0.048101081 0.143266478
    """

    aliases: ClassVar[tuple[str, ...]] = ("biased-hopfield",)
    line_names: ClassVar[Mapping[str, str]] = {"alpha_c": "spinodal", "T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at b = 0.4, T = 0": "0.048101081 without a field, 0.143266478 in the best one",
        "b = 0": "the Hopfield network",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 35, 2293 (1987)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The diagonal of the couplings is removed: f contains + alpha (1 - b^2)/2.",
        "Replica symmetric: where the replicon is negative, replica symmetry is broken.",
    )
