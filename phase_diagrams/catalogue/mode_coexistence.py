"""Where a second mode condenses beside the first: compositional or dual, by the law of the components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phase_diagrams.catalogue._parts import about, recorded
from phase_diagrams.diagram import CONVERGED, Axis, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import ParameterError
from replica.solving import locate
from replica.theories import SpectralRBM

__all__ = ["build"]


@recorded
def build(*, sigma: float = 0.5, kappa: float = 1.0, w_max: float = 3.0, step: float = 0.02) -> PhaseDiagram:
    r"""Phases of an RBM with two modes of strengths w_1 and w_2, at T = 1 [DFF18]_.

    Left: Laplace components, of positive excess kurtosis. Beside the stronger mode the weaker one condenses
    too, in a region around w_1 = w_2: the state is compositional. Four continuous lines meet where the first
    mode condenses. Middle: components +-1, of negative excess kurtosis. Only one mode condenses; at w_1 = w_2
    the state changes by a first-order transition (exactly there, by symmetry), and the weaker mode remains
    metastable up to the dotted lines. Right: two modes of equal strength whose components are zero with
    probability 1 - p. The line begins at p = 1/3, where the excess kurtosis vanishes; away from the onset
    the two modes coexist up to larger p.

    Parameters
    ----------
    sigma : float
        Width of the noise at T = 1, >= 0 and not 1.
    kappa : float
        Hidden units per visible unit.
    w_max : float
        End of the axes of the strengths.
    step : float
        Largest step along a line, as a fraction of the plane.

    References
    ----------
    .. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).

    Examples
    --------
    >>> diagram = build()
    >>> print(f"{diagram.beside[1].point('onset').y:.12f}")
    0.333333333333
    """
    theory = SpectralRBM(w=1.0, sigma=sigma, kappa=kappa)
    cold = sigma > 1
    onset = locate(theory, "ferromagnet-glass" if cold else "paramagnet-ferromagnet", "w").value
    if not onset * 1.2 < w_max:
        msg = f"w_max must be above {1.2 * onset:g}, to show more than the onset at w = {onset:g}"
        raise ParameterError(msg)
    name = "spin glass" if cold else "paramagnet"
    laplace = _plane("laplace", "Laplace components", theory, onset, w_max, step, name)
    signs = _plane("rademacher", r"Components $\pm 1$", theory, onset, w_max, step, name)
    sparse = _sparse(theory, onset, w_max, step, name)
    return replace(laplace, provenance=about(theory, ["w", "law"]), beside=[signs, sparse])


def _plane(
    law: str, title: str, theory: SpectralRBM, onset: float, w_max: float, step: float, disordered: str
) -> PhaseDiagram:
    """The plane of the two strengths for one law."""
    end = (0.0, w_max)
    compositional = law == "laplace"
    kind = LineKind.CONTINUOUS if compositional else LineKind.SPINODAL
    label = "mode {} joins mode {}" if compositional else "mode {1} alone ends"
    found = boundary_line(
        theory.at(law=law), "coexistence", "w", "w2", xlim=end, ylim=end, name="beside 1", step=step
    )
    beside = join([(onset, onset)], replace(found, kind=kind, label=label.format(2, 1)))
    mirrored = replace(beside, name="beside 2", x=beside.y, y=beside.x, label=label.format(1, 2))
    edges = [
        _straight("onset 1", LineKind.CONTINUOUS, (onset, 0), (onset, onset), "onset"),
        _straight("onset 2", LineKind.CONTINUOUS, (0, onset), (onset, onset), "onset"),
    ]
    lines = [*edges, beside, mirrored]
    one, two = (0.75 * w_max, 0.15 * w_max), (0.15 * w_max, 0.75 * w_max)
    regions = [Region("disordered", disordered, (onset / 2, onset / 2), _square(onset))]
    if compositional:
        below = outline([(onset, 0), (onset, onset)], beside, [(w_max, 0)])
        both = outline(beside, [(w_max, w_max)], mirrored)
        regions += [
            Region("mode 1", "mode 1", one, below),
            Region("mode 2", "mode 2", two, _mirror(below)),
            Region("both", "both", (0.8 * w_max, 0.8 * w_max), both),
        ]
    else:
        diagonal = _straight(
            "first-order", LineKind.FIRST_ORDER, (onset, onset), (w_max, w_max), "first order"
        )
        lines.append(diagonal)
        triangle = ((onset, 0), (onset, onset), (w_max, w_max), (w_max, 0))
        regions += [
            Region("mode 1", "mode 1", one, triangle),
            Region("mode 2", "mode 2", two, _mirror(triangle)),
        ]
    return PhaseDiagram(
        "mode-coexistence" if compositional else f"mode-coexistence-{law}",
        title,
        (Axis("w", "strength $w_1$", limits=end), Axis("w2", "strength $w_2$", limits=end)),
        lines,
        [Point("onset", "", onset, onset)],
        regions,
        {},
    )


def _sparse(theory: SpectralRBM, onset: float, w_max: float, step: float, disordered: str) -> PhaseDiagram:
    """Two modes of equal strength: the plane of the strength and the density of the components."""
    line = boundary_line(
        theory.at(law="bernoulli", p=0.3),
        "coexistence",
        "w",
        "p",
        xlim=(onset, w_max),
        ylim=(0.02, 1),
        name="coexistence",
        label="both modes below",
        step=step,
    )
    third = onset, 1 / 3
    line = join([third], line)
    return PhaseDiagram(
        "mode-coexistence-bernoulli",
        r"Sparse components, $w_1 = w_2$",
        (Axis("w", "$w_1 = w_2$", limits=(0, w_max)), Axis("p", "density $p$", limits=(0, 1))),
        [_straight("onset", LineKind.CONTINUOUS, (onset, 0), (onset, 1), "onset"), line],
        [Point("onset", "$p = 1/3$", *third)],
        [
            Region("disordered", disordered, (onset / 2, 0.5), ((0, 0), (onset, 0), (onset, 1), (0, 1))),
            Region(
                "dual",
                "one mode\n(dual)",
                (0.35 * onset + 0.65 * w_max, 0.82),
                outline([(onset, 1), third], line, [(w_max, 1)]),
            ),
            Region(
                "compositional",
                "both modes\n(compositional)",
                (0.4 * onset + 0.6 * w_max, 0.2),
                outline([(onset, 0), third], line, [(w_max, 0)]),
            ),
        ],
        {},
    )


def _straight(
    name: str, kind: LineKind, first: tuple[float, float], last: tuple[float, float], label: str
) -> Line:
    """A line that is known exactly."""
    (a, b), (c, d) = first, last
    return Line(name, kind, [a, c], [b, d], [CONVERGED] * 2, label)


def _square(side: float) -> tuple[tuple[float, float], ...]:
    return ((0, 0), (side, 0), (side, side), (0, side))


def _mirror(polygon: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((y, x) for x, y in polygon)
