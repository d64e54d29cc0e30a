"""Hopfield network of {0, 1} neurons and patterns of low activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.functional import Coupling, Energy, Layer, Model, Pattern, theory_of
from replica.theory import Parameter

__all__ = ["SparseCoding"]

MODEL = Model(
    "sparse-coding",
    parameters={
        "alpha": Parameter(
            "load, patterns per neuron",
            r"\alpha",
            lower=0.0,
            required=True,
            unit="patterns/neuron",
            typical=(0.0, 0.5),
        ),
        "a": Parameter(
            "activity of the patterns",
            "a",
            lower=0.0,
            upper=1.0,
            open_lower=True,
            open_upper=True,
            default=0.1,
        ),
        "g": Parameter("field on the neurons", "g", default=-0.5, unit="J", typical=(-1.0, 0.0)),
        "T": Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 0.3)),
    },
    layers=[
        Layer("neurons", "bernoulli", {"g": "g"}),
        Layer("hidden", "gaussian", size="alpha", normalised=True),
    ],
    couplings=[Coupling("neurons hidden")],
    patterns=[Pattern("m", "neurons", "two-point", {"a": "a", "scale": "sqrt(a*(1-a))"})],
    energies=[Energy("m m")],
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

    aliases: ClassVar[tuple[str, ...]] = ("low-activity", "biased-patterns", "tsodyks-feigelman")
    line_names: ClassVar[Mapping[str, str]] = {"alpha_c": "spinodal", "T_R": "stability"}
    known: ClassVar[Mapping[str, str]] = {
        "alpha_c at a = 0.1, T = 0": "0.2253, 0.2618, 0.2987, 0.3353 at g = -0.45, -0.5, -0.55, -0.6",
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
