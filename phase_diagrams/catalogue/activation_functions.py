"""What every unit answers to a field, at T = 0 and at a finite temperature."""

from __future__ import annotations

import numpy as np

from phase_diagrams.catalogue._parts import curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram
from replica.typing import Number
from replica.units import Bernoulli, DoubleReLU, Gaussian, Interpolating, Potential, ReLU, Spin, Unit

__all__ = ["build", "double_well"]


def double_well(x: Number) -> Number:
    """U(x) = (x^2 - 1)^2/2, two wells at -1 and 1: a unit of which nothing but the potential is known."""
    return (x**2 - 1) ** 2 / 2


@recorded
def build(
    *, T: float = 0.25, theta: float = 0.5, omega: float = 0.3, b_max: float = 2.0, points: int = 201
) -> PhaseDiagram:
    """Mean <s> of every unit against the field b: its activation function at T = 0, and at a temperature.

    First the discrete units and the double well, whose ground state jumps at b = 0; then those that answer
    to a field without a jump. A temperature rounds every jump and every kink. The interpolating unit is the
    prior of Barra, Genovese, Sollich and Tantari, with a share omega of its variance Gaussian.

    Parameters
    ----------
    T : float
        Temperature of the second and the fourth panel.
    theta : float
        Threshold of the rectified units.
    omega : float
        Gaussian share of the interpolating unit.
    b_max : float
        The field runs from -b_max to b_max.
    points : int
        Number of points of each curve.

    Examples
    --------
    >>> jumping = build(points=11).line("double well")
    >>> print(f"{max(jumping.y[:6]):.6f} {min(jumping.y[6:]):.6f}")
    -1.000000 1.000000
    """
    well = Potential(double_well)
    jumping: dict[str, Unit] = {
        "bernoulli": Bernoulli(),
        "spin": Spin(),
        "double well": well,
        "interpolating": Interpolating(omega=omega),
    }
    smooth: dict[str, Unit] = {
        "gaussian": Gaussian(),
        "relu": ReLU(theta=theta),
        "double-relu": DoubleReLU(theta_plus=theta, theta_minus=-theta),
    }
    grid = np.linspace(-b_max, b_max, points)
    grid = np.sort(np.append(grid[grid != 0], [-1e-12, 1e-12]))  # at b = 0 two ground states are degenerate
    told = {"model": f"units: {', '.join(map(str, (*jumping.values(), *smooth.values())))}"}
    mixture, threshold = rf"$\Omega = {omega:g}$", rf"$\theta = {theta:g}$"
    panels = [
        PhaseDiagram(
            name,
            f"{title}, {shape}",
            (
                Axis("b", "field $b$", limits=(-b_max, b_max)),
                Axis("s", r"mean $\langle s\rangle$", limits=(-2.2, 2.2)),
            ),
            [curve(key, grid, unit.mean(grid, 0.0, warm), key) for key, unit in family.items()],
            [],
            [],
            told,
        )
        for name, title, warm, family, shape in (
            ("activation-functions", "$T = 0$", 0.0, jumping, mixture),
            ("activation-functions-jumping-warm", f"$T = {T:g}$", T, jumping, mixture),
            ("activation-functions-smooth", "$T = 0$", 0.0, smooth, threshold),
            ("activation-functions-smooth-warm", f"$T = {T:g}$", T, smooth, threshold),
        )
    ]
    first, *others = panels
    return PhaseDiagram(
        first.name, first.title, first.axes, first.lines, [], [], first.provenance, beside=others
    )
