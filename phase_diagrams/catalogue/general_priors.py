"""Glass and retrieval lines of a network whose priors lie between binary and Gaussian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, line_of, march, recorded, tag, turned
from phase_diagrams.diagram import Axis, Line, LineKind, PhaseDiagram, Region
from phase_diagrams.diagram.outline import join
from replica.solving import locate
from replica.theories import GeneralPriors
from replica.typing import Array

__all__ = ["build"]


@recorded
def build(
    *,
    glasses: Sequence[tuple[float, float]] = ((0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 0.0), (0.5, 0.5)),
    hidden: Sequence[float] = (1.0, 0.75, 0.5),
    patterns: Sequence[float] = (0.05, 0.1),
    alpha_max: float = 1.0,
    points: int = 21,
) -> PhaseDiagram:
    r"""Where spin-glass order sets in, and where a pattern can be retrieved, for several priors [BGST]_.

    A prior with parameter Omega is binary at 0 and Gaussian at 1. On the left T_g for pairs
    (Omega_sigma, Omega_tau) of visible and hidden prior, with the thin curve T = (1 + sqrt(alpha))^2 of
    two Gaussian layers, below which their integral diverges. In the middle the retrieval spinodal for binary
    visible units and patterns, and several hidden priors: it starts at T = Omega_tau, and (0, 1, 0) is the
    Hopfield network. On the right the same for patterns that are partly Gaussian, and Gaussian hidden
    units: it shrinks to alpha = 0 as Omega_xi -> 1.

    Parameters
    ----------
    glasses : sequence of (float, float)
        Pairs (Omega_sigma, Omega_tau) of the left panel, not both 1.
    hidden : sequence of float
        Values of Omega_tau > 0 in the middle panel.
    patterns : sequence of float
        Values of Omega_xi < 1 in the right panel, beside 0.
    alpha_max : float
        Right edge of the left panel.
    points : int
        Number of points of each line.

    References
    ----------
    .. [BGST] A. Barra, G. Genovese, P. Sollich, D. Tantari, Phys. Rev. E 96, 042156 (2017); Phys. Rev. E 97,
       022310 (2018).

    Examples
    --------
    >>> left = build(glasses=[(0.0, 1.0)], hidden=[], patterns=[], points=3)
    >>> print(f"{left.line('(0, 1)').y[0]:.9f}")
    2.000000000
    """
    loads = alpha_max * np.linspace(1, 1e-2, points) ** 3  # lines rise as sqrt(alpha)
    fine = alpha_max * np.linspace(0, 1, 61) ** 3
    left = [_glass(pair, loads) for pair in glasses]
    left.append(curve("(1, 1)", fine, (1 + np.sqrt(fine)) ** 2, "(1, 1), divergence"))
    theory = GeneralPriors(alpha=0.01, T=0.5)
    middle = [
        _spinodal(theory.at(omega_hidden=v), f"tau={v:g}", rf"$\Omega_\tau = {v:g}$", points) for v in hidden
    ]
    right = [
        _spinodal(theory.at(omega_pattern=v), f"xi={v:g}", rf"$\Omega_\xi = {v:g}$", points)
        for v in (0.0, *patterns)
    ]
    above = 0.055 * (1 + alpha_max**0.5) ** 2
    sides = {"(0, 0)": -1, "(0, 0.5)": -1, "(1, 0)": -1}
    names = [
        tag(line, line.name, x=share * alpha_max, shift=(0.0, above * sides.get(line.name, 1)))
        for line, share in zip(left, np.resize([0.75, 0.25, 0.55, 0.5, 0.6], len(left)), strict=True)
    ]
    vertical = Axis("T", "temperature $T/J$", limits=(0, 1.05))
    horizontal = Axis("alpha", r"load $\alpha$", limits=(0, 0.145))
    retrieval = Region("retrieval", "retrieval", (0.03, 0.07))
    beside = [
        PhaseDiagram(
            "general-priors-hidden",
            r"$\Omega_\sigma = \Omega_\xi = 0$",
            (horizontal, vertical),
            middle,
            [],
            [retrieval, *map(_value, middle)],
            {},
        ),
        PhaseDiagram(
            "general-priors-patterns",
            r"$\Omega_\sigma = 0$, $\Omega_\tau = 1$",
            (horizontal, vertical),
            right,
            [],
            [retrieval, *map(_value, right)],
            {},
        ),
    ]
    return PhaseDiagram(
        "general-priors",
        r"Glass, $(\Omega_\sigma, \Omega_\tau)$",
        (
            Axis("alpha", r"load $\alpha$", limits=(0, alpha_max)),
            Axis("T", "temperature $T/J$", limits=(0, (1 + alpha_max**0.5) ** 2)),
        ),
        left,
        [],
        names,
        about(theory, ["alpha", "T", "omega_visible", "omega_hidden", "omega_pattern"]),
        beside=beside,
    )


def _glass(pair: tuple[float, float], loads: Array) -> Line:
    """T_g against the load; Newton's method in ln T, from above all glass lines."""
    theory = GeneralPriors(alpha=loads[0], T=1.0, omega_visible=pair[0], omega_hidden=pair[1])
    above = (1 + loads[0] ** 0.5) ** 2
    first = locate(theory, "glass", "T", near=np.zeros(0), value=above)
    found = march(theory, "glass", "alpha", "T", loads[1:], first)
    name = f"({pair[0]:g}, {pair[1]:g})"
    return line_of(name, LineKind.CONTINUOUS, "alpha", [first, *found], name)


def _spinodal(theory: GeneralPriors, name: str, label: str, points: int) -> Line:
    """Largest load with retrieval, from low temperature to T = omega_hidden at alpha = 0, exactly."""
    end = float(theory.omega_hidden)
    first = locate(theory.at(T=0.5 * end), "spinodal", "alpha")
    below, above = (
        march(theory, "spinodal", "T", "alpha", end * shares, first)
        for shares in (np.linspace(0.5, 0.04, points // 2)[1:], np.linspace(0.5, 0.94, points // 2)[1:])
    )
    found = [*below[::-1], first, *above]
    return join(turned(line_of(name, LineKind.SPINODAL, "T", found, label)), [(0, end)])


def _value(line: Line) -> Region:
    """The value of Omega beside its spinodal."""
    T = max(0.35 * line.y[-1], min(line.y))
    return tag(line, f"${line.name.partition('=')[2]}$", y=T, shift=(0.006, 0.03))
