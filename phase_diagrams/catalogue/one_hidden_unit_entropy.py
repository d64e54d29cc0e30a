"""Two entropies of the inference of one hidden unit's weights: one of them may be negative."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point
from phase_diagrams.diagram.outline import join
from replica.errors import ParameterError
from replica.solving import Located, locate, solve
from replica.theories import HopfieldHiddenUnit, OneHiddenUnit
from replica.theory import Phase, Zero
from replica.typing import Array

__all__ = ["build"]

Inference: TypeAlias = OneHiddenUnit | HopfieldHiddenUnit


@recorded
def build(*, beta: float = 0.7, alpha_max: float = 8.0, points: int = 61) -> PhaseDiagram:
    r"""Entropies per weight against the number of samples per weight, at beta = beta* [HT16]_.

    Left: ``s_xi``, the Shannon entropy of the posterior over the weights, is positive throughout.
    ``s_joint``, phi - beta d phi/d beta, is not the entropy of the weights; it vanishes in the paramagnet at
    2 ln 2/beta^2, before the transition if beta < 0.8493. Right: the Hopfield approximation, where the
    derivative gives the Shannon entropy; a spin glass sets in before the teacher is seen.

    Parameters
    ----------
    beta : float
        Strength of the weights, below 1.
    alpha_max : float
        Right edge of the diagram, beyond alpha_c = 1/beta^4.
    points : int
        Number of points of each curve on each side of a transition.

    References
    ----------
    .. [HT16] H. Huang, T. Toyoizumi, Phys. Rev. E 94, 062310 (2016).

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.point('joint').x:.6f} {diagram.point('alpha_c').x:.6f}")
    2.829172 4.164931
    """
    theory, approximate = OneHiddenUnit(alpha=1.0, beta=beta), HopfieldHiddenUnit(alpha=1.0, beta=beta)
    load = Axis("alpha", r"samples per weight $\alpha = M/N$", limits=(0, alpha_max))
    onset, crisis = (locate(theory, name, "alpha") for name in ("teacher", "joint-entropy"))
    glass = locate(approximate, "glass", "alpha")
    seen = locate(approximate, Zero(Phase("glass"), "alignment"), "alpha")
    if alpha_max <= max(onset.value, seen.value):
        msg = (
            f"alpha_max = {alpha_max:g} must lie beyond the transitions at {onset.value:g} and {seen.value:g}"
        )
        raise ParameterError(msg)

    def through(model: Inference, name: str, label: str, *ends: tuple[str, float]) -> Line:
        """An entropy through successive branches, each up to its end."""
        begins = (0.0, *(end for _, end in ends))
        return join(
            [(0, np.log(2))],
            *(
                _piece(model, branch, name, label, start + (end - start) * steps)
                for (branch, end), start in zip(ends, begins, strict=False)
            ),
        )

    steps = np.linspace(0, 1, points + 1)[1:] ** 2  # closer together behind a transition
    exact = ("paramagnet", onset.value), ("informative", alpha_max)
    plain = ("paramagnet", glass.value), ("glass", seen.value), ("informative", alpha_max)
    right = PhaseDiagram(
        "one-hidden-unit-hopfield-entropy",
        rf"Hopfield approximation, $\beta = {beta:g}$",
        (load, Axis("s", "entropy per weight", limits=(0, 0.75))),
        [through(approximate, "s_xi", r"$s_\xi$", *plain)],
        [_mark("glass", "onset of glass", glass), _mark("teacher", "teacher seen", seen)],
        [],
        about(approximate, ["alpha"]),
    )
    return PhaseDiagram(
        "one-hidden-unit-entropy",
        rf"Inference at $\beta = \beta_{{*}} = {beta:g}$",
        (load, Axis("s", "entropy per weight", limits=(-1.0, 0.75))),
        [
            through(theory, "s_xi", r"$s_\xi$", *exact),
            through(theory, "s_joint", r"$s_{\mathrm{joint}}$", *exact),
            curve("zero", [0, alpha_max], [0, 0]),
        ],
        [_mark("alpha_c", r"$\alpha_c$", onset), Point("joint", r"$2\ln 2/\beta^2$", crisis.value, 0)],
        [],
        about(theory, ["alpha"]),
        beside=[right],
    )


def _piece(theory: Inference, branch: str, name: str, label: str, alpha: Array) -> Line:
    states = solve(theory.at(alpha=alpha), branch, throw=False)
    return curve(name, alpha, states[name], label, of=states)


def _mark(name: str, label: str, there: Located) -> Point:
    return Point(name, label, there.value, float(there.order["s_xi"]))
