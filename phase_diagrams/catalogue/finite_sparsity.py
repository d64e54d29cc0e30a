"""Free energy of the random RBM at finite sparsity, and how it tends to the limit of sparse weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, energy_axes, recorded, until_lost
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point
from replica.solving import minimise, profile, solve
from replica.theories import RandomRBM
from replica.units import Bernoulli, ReLU

__all__ = ["build"]


@recorded
def build(
    *,
    alpha: float = 0.5,
    theta: float = 1.5,
    g: float = -0.21,
    sparsities: Sequence[float] = (0.1, 0.03, 0.01),
    l_max: float = 1.6,
    points: int = 81,
) -> PhaseDiagram:
    r"""Energy against l = pL at finite sparsity p and as p -> 0, at T = 0 [TM17]_.

    In scaled variables the equations do not know p; only the law of W does: a sum of L weights at finite p,
    a Skellam variable in the limit. The panel on the right shows (f(p) - f(0))/p at the same l: it tends to
    one curve, so that the error of the limit is p times it. At finite p the number L is whole: the curves
    have a point for every L, or, where those are more than `points`, for some of them.

    Parameters
    ----------
    alpha, theta, g : float
        Load, scaled threshold, scaled field on the visible units.
    sparsities : sequence of float
        Values of p.
    l_max : float
        Right edge.
    points : int
        Largest number of points of a curve.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> right, = build().beside
    >>> [f"{right.line(f'p={p}').y[-1]:.5f}" for p in (0.1, 0.03, 0.01)]
    ['-0.00459', '-0.00444', '-0.00439']
    """
    theory = RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, l=0.0)
    grid = np.linspace(0, l_max, points)
    limit = profile(theory, "retrieval", "l", grid)
    energies: list[Line] = []
    changes: list[Line] = []
    for p in sparsities:
        most = int(l_max / p + 1e-9)
        numbers = np.unique(np.round(np.linspace(1, most, min(most, points))))
        dense = RandomRBM(theory.visible, theory.hidden, alpha=alpha, p=p, L=numbers)
        batch, name, label = solve(dense, "retrieval", throw=False), f"p={p:g}", f"$p = {p:g}$"
        sparse = profile(theory, "retrieval", "l", p * numbers)
        energies.append(until_lost(curve(name, p * numbers, batch.free_energy, label, of=batch)))
        change = np.where(sparse.success, (batch.free_energy - sparse.free_energy) / p, np.nan)
        both = curve(name, p * numbers, change, label, of=batch if np.all(sparse.success) else sparse)
        changes.append(until_lost(both))
    energies.append(until_lost(curve("p=0", grid, limit.free_energy, r"$p \to 0$", of=limit)))
    best = minimise(theory, "retrieval", "l")
    horizontal, vertical = energy_axes(energies, l_max, digits=5)
    beside = PhaseDiagram(
        "finite-sparsity-change",
        r"Change with $p$",
        (horizontal, Axis("change", r"$[f_p(\ell)-f_0(\ell)]/p$ (units of $p$)", limits=(-0.0085, 0))),
        changes,
        [],
        [],
        {},
    )
    return PhaseDiagram(
        "finite-sparsity",
        rf"$\alpha = {alpha:g}$, $\tilde\theta = {theta:g}$, $\tilde g = {g:g}$",
        (horizontal, vertical),
        energies,
        [Point("l*", r"$\ell{}^{*}$", float(best.theory.values["l"]), float(best.free_energy))],
        [],
        about(theory, ["l"]),
        beside=[beside],
    )
