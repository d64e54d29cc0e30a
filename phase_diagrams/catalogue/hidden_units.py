"""Retrieval in a network of spins with Gaussian or rectified hidden units, in load and temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from phase_diagrams.catalogue._parts import about, line_of, march, recorded, tag, turned
from phase_diagrams.diagram import Axis, Line, LineKind, PhaseDiagram, Region
from phase_diagrams.diagram.outline import join
from replica.solving import Located, locate, solve
from replica.theories import Hopfield, RandomRBM
from replica.units import ReLU, Spin

__all__ = ["build"]


@recorded
def build(
    *,
    thresholds: Sequence[float] = (0.0, 0.5, 1.0),
    alpha_min: float = 0.04,
    T_min: float = 1e-6,
    points: int = 25,
) -> PhaseDiagram:
    r"""Where spins retrieve a pattern, for Gaussian hidden units and for rectified ones with thresholds.

    One pattern is retrieved, p = L = 1. Gaussian hidden units make the Hopfield network. Rectified units
    answer to fewer of the patterns that are not retrieved, the fewer the higher their threshold: less noise,
    more capacity. At alpha = 0 all of them retrieve below T = 1. The panel on the right has the same lines on
    a logarithmic scale, where the lines below which replica symmetry breaks are seen to follow the spinodals.

    Parameters
    ----------
    thresholds : sequence of float
        Thresholds of the rectified units.
    alpha_min : float
        Left edge.
    T_min : float
        Lower edge of the panel on the right.
    points : int
        Number of points of each line.

    Examples
    --------
    >>> diagram = build(thresholds=[], points=5)
    >>> print([line.name for line in diagram.lines])
    ['gaussian', 'gaussian, T_R']
    """
    lines = _lines(Hopfield(alpha=0.1, T=0.0), "gaussian", "Gaussian", T_min, points)
    for theta in thresholds:
        theory = RandomRBM(Spin(), ReLU(theta=theta), alpha=0.1, T=0.0, p=1.0, L=1)
        lines += _lines(theory, f"theta={theta:g}", rf"ReLU, $\theta = {theta:g}$", T_min, points)
    folds = [line for line in lines if line.kind is LineKind.SPINODAL]
    alpha_max = round(1.4 * max(max(line.x) for line in lines), 6)
    theory = RandomRBM(Spin(), ReLU(), alpha=0.1, p=1.0, L=1)
    load = Axis("alpha", r"load $\alpha = M/N$", scale="log", limits=(alpha_min, alpha_max))
    beside = PhaseDiagram(
        "hidden-units-stability",
        r"Dotted: spinodal; dash-dotted: $T_\mathrm{R}$",
        (load, Axis("T", "temperature $T/J$", scale="log", limits=(T_min, 1.5))),
        lines,
        [],
        [_name(line, T_min**0.5, 0.78, 0.46) for line in folds],
        {},
    )
    return PhaseDiagram(
        "hidden-units",
        "Spins, hidden units of several kinds",
        (load, Axis("T", "temperature $T/J$", limits=(0, 1))),
        lines,
        [],
        [
            Region("retrieval", "retrieval", (1.5 * alpha_min, 0.15)),
            *(_name(line, 0.3, 1.28, 0.66) for line in folds),
        ],
        about(theory, ["alpha", "T", "hidden", "l"]),
        beside=[beside],
    )


def _name(line: Line, T: float, short: float, long: float) -> Region:
    """The kind of hidden units beside its spinodal, at so many times the load where that passes T."""
    name = tag(line, line.label.removeprefix("ReLU, "), y=T)
    ratio = long if line.label == name.label else short
    return replace(name, at=(ratio * name.at[0], T))


def _lines(theory: Hopfield | RandomRBM, name: str, label: str, T_min: float, points: int) -> list[Line]:
    """Spinodal and stability line of one kind of hidden units."""
    even = 0.96 * (1 - np.cos(np.linspace(0, np.pi, points))) / 2  # dense at both ends
    temperatures = np.union1d(even, np.geomspace(T_min, 0.03, points // 4))  # the logarithmic panel, too
    first = locate(theory, "spinodal", "alpha")
    folds = [first, *march(theory, "spinodal", "T", "alpha", temperatures[1:], first)]
    end = _meeting(theory, folds)
    shares = np.linspace(1, 0.2, points)
    loads = [float(end.value * share) for share in shares[1:]]
    cold = theory.at(alpha=loads[0], T=0.7 * end.theory.values["T"])  # a first point close to the end
    start = locate(cold, "stability", "T", near=solve(cold).x, value=cold.values["T"])
    stable = [start, *march(theory, "stability", "alpha", "T", loads[1:], start)]
    kept = [point for point in stable if not point.located or point.value > T_min / 30]
    broken = line_of(f"{name}, T_R", LineKind.STABILITY, "alpha", kept, label)
    return [
        turned(line_of(name, LineKind.SPINODAL, "T", folds, label)),
        join([(end.value, float(end.theory.values["T"]))], broken),
    ]


def _meeting(theory: Hopfield | RandomRBM, folds: Sequence[Located]) -> Located:
    """The point of the spinodal where replica symmetry breaks: there the stability line ends."""

    def excess(fold: Located) -> float:
        return float(theory.at(**fold.theory.values).log_rho(fold.x))

    above = next(i for i, fold in enumerate(folds) if excess(fold) < 0)

    def between(T: float) -> Located:
        return march(theory, "spinodal", "T", "alpha", [T], folds[above])[0]

    T = brentq(lambda T: excess(between(T)), 1e-3, float(folds[above].theory.values["T"]), xtol=1e-7)
    return between(float(T))
