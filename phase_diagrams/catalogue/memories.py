"""How much the associative memories of the package store, in one picture."""

from __future__ import annotations

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.solving import critical, locate
from replica.theories import (
    Archetypes,
    ArchetypesUnsupervised,
    BiasedPatterns,
    Dense,
    Diluted,
    Dreaming,
    Exponential,
    Hopfield,
    NoisyHopfield,
    PottsHopfield,
    PseudoInverse,
    SparseCoding,
)
from replica.theory import Theory

__all__ = ["build"]

LOW = 0.03
"""Left end of the axis."""

MEMORIES: tuple[tuple[str, Theory, str], ...] = (
    ("noise 0.2", NoisyHopfield(alpha=0.1, noise=0.2), ""),
    ("patterns of mean 0.4", BiasedPatterns(alpha=0.1, b=0.4), ""),
    (r"archetypes, $\rho = 0.1$", Archetypes(alpha=0.1, rho=0.1), ""),
    ("archetypes, unsupervised", ArchetypesUnsupervised(alpha=0.1, r=0.5, M=40), ""),
    ("half of the bonds", NoisyHopfield(alpha=0.1, c=0.5), ""),
    ("clipped synapses", NoisyHopfield(alpha=0.1, synapses="clipped"), ""),
    ("synapses of three levels", NoisyHopfield(alpha=0.1, synapses="three-level"), ""),
    ("Hopfield", Hopfield(alpha=0.1), ""),
    ("mean 0.4, best threshold", BiasedPatterns(alpha=0.1, b=0.4), "best-threshold"),
    ("dreaming, $t = 0.1$", Dreaming(alpha=0.1, t=0.1), ""),
    (r"dense, $p = 3$ ($2P/N^2$)", Dense(a=0.1), ""),
    ("dreaming, $t = 1$", Dreaming(alpha=0.1, t=1.0), ""),
    ("three states", PottsHopfield(alpha=0.1), ""),
    (r"activity 0.1, best threshold", SparseCoding(alpha=0.1, a=0.1), "best-threshold"),
    (r"exponential ($\ln P/N$)", Exponential(alpha=0.1), ""),
    ("diluted, asymmetric ($P/K$)", Diluted(alpha=0.1), ""),
    (r"pseudo-inverse, $T = 0.01$", PseudoInverse(alpha=0.1, T=0.01), ""),
)
"""Name on the figure, theory, and the line of its capacity where that is not the critical value."""


@recorded
def build(*, alpha_max: float = 12.0) -> PhaseDiagram:
    r"""Largest load of each memory at T = 0, replica symmetric.

    The unit of the load is part of the comparison: patterns per neuron, but 2P/N^2 of the dense memory,
    patterns per bond P/K of the diluted one, and ln(P)/N of the exponential one.

    Parameters
    ----------
    alpha_max : float
        End of the axis, which leaves room for names.

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.point('Hopfield').x:.6f} {diagram.point('clipped synapses').x:.6f}")
    0.137906 0.101839
    """
    found = []
    for name, theory, line in MEMORIES:
        parameter = type(theory).critical.parameter  # type: ignore[union-attr]
        point = locate(theory, line, parameter) if line else critical(theory)
        found.append((point.value, name))
    found.sort()
    # one line, a comb: out to each value and back to the edge of the frame
    x = [part for value, _ in found for part in (LOW, value, LOW)]
    y = [float(i) for i in range(1, len(found) + 1) for _ in range(3)]
    return PhaseDiagram(
        "memories",
        "Capacities of associative memories",
        (
            Axis("alpha_c", r"largest load $\alpha_c$", scale="log", limits=(LOW, alpha_max)),
            Axis("rank", "rank", limits=(0.2, len(found) + 0.8)),
        ),
        [curve("capacities", x, y)],
        [Point(name, name, value, i) for i, (value, name) in enumerate(found, start=1)],
        [],
        {"model": "the memories of the package"},
    )
