"""Inference of the weights of one hidden unit: overlap with the teacher, and where inference is possible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, line_of, march, recorded
from phase_diagrams.diagram import Axis, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import ParameterError
from replica.solving import critical, locate, solve
from replica.theories import OneHiddenUnit
from replica.theory import Phase, Zero

__all__ = ["build"]

DATA = Path(__file__).with_name("one_hidden_unit.csv")
"""Means over ten samples; its first rows say how they were made."""

LABELS = {
    "teacher": "onset of inference",
    "glass": "onset of glass",
    "onset": "inference in the glass",
    "stability": "replicon = 0",
}


@recorded
def build(
    *,
    betas: Sequence[float] = (0.8, 1.0, 1.2, 1.5),
    alpha_max: float = 6.0,
    points: int = 61,
    simulated: Sequence[tuple[float, float, float]] | None = None,
) -> PhaseDiagram:
    r"""Overlap r with the teacher's weights against the number of samples per weight [HT16]_ [H17]_.

    Left: the Bayes-optimal line, beta = beta*, where Q = r. The overlap grows continuously from
    alpha_c = 1/beta^4. Right: phases of a student who assumes beta while the teacher has beta* = 1. The
    paramagnet gives way to the teacher at 1/(beta beta*)^2 or to a spin glass at 1/beta^4; all lines meet
    in the point where the student is right. Below the line replicon = 0 replica symmetry is broken (RSB), so
    that the lines there are the replica-symmetric ones.

    Parameters
    ----------
    betas : sequence of float
        Strengths of the weights in the left panel.
    alpha_max : float
        Right edge of the left panel.
    points : int
        Number of points of each curve.
    simulated : sequence of (alpha, r, error), optional
        Overlaps that were measured, for the left panel; by default those of machines of 1000 weights that are
        stored with the package, found by message passing.

    References
    ----------
    .. [HT16] H. Huang, T. Toyoizumi, Phys. Rev. E 94, 062310 (2016).
    .. [H17] H. Huang, J. Stat. Mech. (2017) 053302.

    Examples
    --------
    >>> print(f"{build().point('alpha_c, beta=0.8').x:.12f}")
    2.441406250000
    """
    lines, marks = [], []
    for beta in betas:
        theory = OneHiddenUnit(alpha=1.0, beta=beta)
        onset = critical(theory).value
        if onset >= alpha_max:
            msg = f"at beta = {beta:g} nothing is inferred before alpha = {onset:g}; alpha_max must be larger"
            raise ParameterError(msg)
        alpha = onset + (alpha_max - onset) * np.linspace(0, 1, points + 1)[1:] ** 2  # closer at first
        states = solve(theory.at(alpha=alpha), "informative", throw=False)
        label = rf"$\beta = {beta:g}$"
        above = curve(f"beta={beta:g}", alpha, states["r"], label, of=states)
        lines.append(join([(0, 0), (onset, 0)], above))
        marks.append(Point(f"alpha_c, beta={beta:g}", "", onset, 0))
    if simulated is None:
        simulated = [
            (alpha, r, error)
            for beta, alpha, r, error in np.loadtxt(DATA, delimiter=",", skiprows=4)
            if beta in betas
        ]
    lines += [_measured(f"simulation {i + 1}", *map(float, one)) for i, one in enumerate(simulated)]
    return PhaseDiagram(
        "one-hidden-unit",
        r"Inference at $\beta = \beta_{*}$",
        (
            Axis("alpha", r"samples per weight $\alpha = M/N$", limits=(0, alpha_max)),
            Axis("r", "overlap with the teacher $r = Q$", limits=(0, 1.02)),
        ),
        lines,
        marks,
        [],
        about(OneHiddenUnit(alpha=1.0, beta=1.0), ["alpha", "beta"])
        | {"settings": {"simulated": [list(map(float, one)) for one in simulated]}},
        beside=[_phases()],
    )


def _measured(name: str, alpha: float, r: float, error: float) -> Line:
    """A measured overlap with its standard error."""
    where, bar = [alpha] * 3, [r - error, r, r + error]
    return Line(name, LineKind.MEASURED, where, bar, ["converged"] * 3, "message passing, $N = 1000$")


def _phases() -> PhaseDiagram:
    """Phases of a student who may be wrong about a teacher of strength 1."""
    theory = OneHiddenUnit(alpha=1.0, beta=1.0, beta_star=1.0)
    left, right, top = 0.6, 1.6, 3.0

    def line(name: str, begin: float, end: float) -> Line:
        return boundary_line(
            theory, name, "beta", "alpha", xlim=(begin, end), ylim=(0, top), label=LABELS[name]
        )

    teacher, glass = line("teacher", left, 1.0), line("glass", 1.0, right)
    replicon = join([(1, 1)], line("stability", 1.001, right))
    # In the glass r = 0 solves its own equation, so that the condition on its slope is a singular system: it
    # has no unique curve through all unknowns, but its points can be located one by one.
    boundary = Zero(Phase("glass"), "alignment")
    first = locate(theory.at(beta=right), boundary, "alpha")
    betas = np.linspace(right, 1.0, 41)[:-1]
    inside = march(theory, boundary, "beta", "alpha", betas, first)
    onset = join([(1, 1)], line_of("onset", LineKind.CONTINUOUS, "beta", inside[::-1], LABELS["onset"]))
    return PhaseDiagram(
        "one-hidden-unit-phases",
        r"Student $\beta$, teacher $\beta_{*} = 1$",
        (
            Axis("beta", r"strength $\beta$ that the student assumes", limits=(left, right)),
            Axis("alpha", r"samples per weight $\alpha = M/N$", limits=(0, top)),
        ),
        [teacher, glass, onset, replicon],
        [Point("Nishimori", r"$\beta = \beta_{*}$", 1, 1)],
        [
            Region(
                "paramagnet",
                "nothing is learned",
                (0.86, 0.45),
                outline([(left, 0), (left, top)], teacher, glass, [(right, 0)]),
            ),
            Region(
                "informative",
                "teacher inferred",
                (1.15, 2.4),
                outline([(left, top)], teacher, replicon, [(right, top)]),
            ),
            Region("broken", "RSB", (1.5, 1.5), outline(onset, replicon)),
            Region("glass", "spin glass", (1.42, 0.75), outline(glass, onset)),
        ],
        about(theory, ["alpha", "beta"]),
    )
