"""Capacity of perceptrons against the margin: spherical weights, and weights that are spins."""

from __future__ import annotations

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram, Point
from replica.solving import Located, critical, locate
from replica.theories import BinaryPerceptron, Perceptron
from replica.theory import Theory

__all__ = ["build"]


@recorded
def build(*, kappa_max: float = 1.5, points: int = 21) -> PhaseDiagram:
    r"""Load alpha_c at which random labels can just be stored with the margin kappa [G88]_.

    For spherical weights replica symmetry breaks below kappa = 0 before that: on the line `stability`. Spins
    store less, up to where their entropy vanishes [KM89]_.

    Parameters
    ----------
    kappa_max : float
        Largest margin; the smallest is -1/2.
    points : int
        Points of a curve.

    References
    ----------
    .. [G88] E. Gardner, J. Phys. A 21, 257 (1988).
    .. [KM89] W. Krauth, M. Mezard, J. Phys. (Paris) 50, 3057 (1989).

    Examples
    --------
    >>> print(f"{build(points=4).point('alpha_c').y:.6f}")
    2.000000
    """
    kappa = np.linspace(0.0, kappa_max, points)
    forgiving = np.linspace(-0.5, 0.0, points)
    spherical, spins = Perceptron(alpha=1.0), BinaryPerceptron(alpha=0.5)

    def capacities(margins: np.ndarray) -> list[float]:
        return [float(critical(spherical.at(kappa=float(one))).value) for one in margins]

    broken = _followed(spherical, "stability", forgiving[:-1])
    return PhaseDiagram(
        "perceptron",
        "Storage capacity of perceptrons",
        (
            Axis("kappa", r"margin $\kappa$", limits=(-0.5, kappa_max)),
            Axis("alpha", r"load $\alpha = P/N$", limits=(0.0, 5.0)),
        ),
        [
            curve("spherical", kappa, capacities(kappa), "spherical weights"),
            curve("unstable", forgiving, capacities(forgiving), "the same, an upper bound"),
            curve("stability", forgiving, [*broken, 2.0], "replica symmetry breaks"),
            curve("spins", kappa, _followed(spins, "capacity", kappa), "weights that are spins"),
        ],
        [Point("alpha_c", r"$\alpha_c = 2$", 0.0, float(critical(spherical).value))],
        [],
        about(spherical, ["alpha", "kappa"]),
    )


def _followed(theory: Theory, line: str, kappa: np.ndarray) -> list[float]:
    """The load on a line at these margins, each searched for next to the one before."""
    found: list[Located] = []
    for one in kappa:
        here, near = theory.at(kappa=float(one)), found[-1:] and found[-1]
        found.append(
            locate(here, line, "alpha", near=near.z, value=near.value)
            if near
            else locate(here, line, "alpha")
        )
    return [float(one.value) for one in found]
