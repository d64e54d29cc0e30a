"""A machine on its phase diagram, with error bars."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from phase_diagrams.catalogue import compositional, spectral_rbm
from phase_diagrams.diagram import CONVERGED, Line, LineKind, PhaseDiagram, Point
from phase_diagrams.placing.found import Estimate, Found, Sparse, Spectral, Spectrum
from replica.errors import ParameterError

__all__ = ["placed"]

STEP = 0.04
"""Largest step along a boundary, as a fraction of the plane."""
WIDEST = {"theta": (-1.0, 4.0), "g": (-2.0, 1.0)}
"""The plane of the random RBM is not drawn further than to here."""
SHOWN = 5
"""Modes of a spectrum that are shown, the strongest."""


def placed(found: Found) -> PhaseDiagram:
    """The phase diagram that a machine belongs to, with the machine on it.

    The plane of the random RBM is that of T = 0 at the load of the machine; a machine that is not cold is
    shown at the same place, and its title has its temperature. On that of the spectral RBM every mode is a
    point. Bars are one standard error.

    Parameters
    ----------
    found : Found
        By `place` or by `diagnose`.

    Raises
    ------
    ParameterError
        If there is no diagram for the units of the machine, or it lies far outside.

    Examples
    --------
    >>> from phase_diagrams.placing.diagnose import diagnose
    >>> from replica.machines.models.ensembles import sparse_weights
    >>> from replica.machines.models.rbm import RBM
    >>> from replica.units import Bernoulli, ReLU
    >>> p, A = 0.1, 40.0
    >>> rbm = RBM(A * sparse_weights(200, 100, p, seed=1).values, Bernoulli(g=-0.21 * p * A**2),
    ...           ReLU(theta=1.6 * A * p**0.5))
    >>> print([line.name for line in placed(diagnose(rbm, draws=0)).lines[-2:]])
    ['machine, g', 'machine, theta']
    """
    if found.sparse is not None:
        return _on_the_sparse_plane(found.alpha, found.sparse)
    if found.spectral is not None and found.spectrum is not None:
        return _on_the_spectral_plane(found.spectrum, found.spectral)
    units = f"{found.rbm.visible.name} and {found.rbm.hidden.name}"
    msg = f"there is no phase diagram for {units} units to draw the machine on; leave -o out"
    raise ParameterError(msg)


def _on_the_sparse_plane(alpha: float, sparse: Sparse) -> PhaseDiagram:
    limits = {}
    for name, one, (low, high) in (("theta", sparse.theta, (0.0, 2.5)), ("g", sparse.g, (-0.4, 0.0))):
        least, most = WIDEST[name]
        if not least < one.value < most:
            msg = (
                f"{name} = {one.value:.3g} lies outside of the plane that is drawn, {least:g} to {most:g}; "
                "leave -o out"
            )
            raise ParameterError(msg)
        reach = 1.3 * one.error + 0.05 * (high - low)
        limits[name] = (
            max(least, min(low, one.value - reach)) if one.value - reach < low else low,
            min(most, max(high, one.value + reach)) if one.value + reach > high else high,
        )
    plane = _sparse_plane(alpha, limits["theta"][1], limits["g"][0])
    theta, g = plane.axes
    T = f", machine at $\\tilde T = {sparse.T.value:.2g}$" if sparse.T.value else ""
    return replace(
        plane,
        name="placed",
        title=rf"Random RBM, $\alpha = {alpha:.3g}$, $T = 0${T}",
        axes=(replace(theta, limits=limits["theta"]), replace(g, limits=limits["g"])),
        lines=[*plane.lines, *_cross("machine", sparse.theta, sparse.g, ("theta", "g"))],
        points=[*plane.points, Point("machine", "machine", sparse.theta.value, sparse.g.value)],
    )


@lru_cache(maxsize=8)
def _sparse_plane(alpha: float, theta_max: float, g_min: float) -> PhaseDiagram:
    """What machines of one shape share: it takes longer than to place one of them."""
    return compositional.panel(alpha, theta_max, g_min, STEP)


def _on_the_spectral_plane(found: Spectrum, spectral: Spectral) -> PhaseDiagram:
    sigma = found.noise
    if not sigma.value:
        msg = "the matrix of weights has no noise: 1/sigma is infinite and cannot be drawn; leave -o out"
        raise ParameterError(msg)
    x = Estimate(1 / sigma.value, sigma.error / sigma.value**2)
    heights = [one.times(x.value) for one in spectral.strengths[:SHOWN]]
    plane = spectral_rbm.panel(
        spectral.law,
        spectral.p,
        kappa=found.kappa,
        T_max=max(2.0, 1.25 * x.value),
        w_max=max(3.0, 1.15 * max((one.value for one in heights), default=0.0)),
        step=STEP,
    )
    lines = [
        line
        for i, y in enumerate(heights, start=1)
        for line in _cross(f"mode {i}", x, y, ("1/sigma", "w/sigma"))
    ]
    points = [Point(f"mode {i}", f"mode {i}", x.value, y.value) for i, y in enumerate(heights, start=1)]
    points = points or [Point("no mode", "no mode", x.value, 0.0)]
    return replace(
        plane,
        name="placed",
        title=rf"Spectral RBM, $\kappa = {found.kappa:.3g}$, {spectral.law} components",
        lines=[*plane.lines, *lines],
        points=[*plane.points, *points],
    )


def _cross(name: str, x: Estimate, y: Estimate, axes: tuple[str, str]) -> list[Line]:
    """A measured point with a bar in both directions."""
    label = "standard error"
    status = [CONVERGED] * 3
    across = [x.value - x.error, x.value, x.value + x.error]
    up = [y.value - y.error, y.value, y.value + y.error]
    return [
        Line(f"{name}, {axes[1]}", LineKind.MEASURED, [x.value] * 3, up, status, label),
        Line(f"{name}, {axes[0]}", LineKind.MEASURED, across, [y.value] * 3, status, label),
    ]
