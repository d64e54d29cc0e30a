"""A theory that the package does not ship: the random-field Ising model, solved, located, traced and drawn.

Run ``python examples/add_a_theory.py`` or, to keep the figure, ``python examples/add_a_theory.py rfim.pdf``.
The page docs/add_a_theory.md goes through this file line by line.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from phase_diagrams import Axis, PhaseDiagram, Point, boundary_line, figure, save_figure
from replica import critical, locate, polish, search, solve
from replica.numerics.functions import stack
from replica.numerics.spins import spin_averages
from replica.testing import check_theory
from replica.theory import (
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)


@dataclass(frozen=True)
class RandomField(Theory):
    """Ising ferromagnet with infinite range in a field that is +h or -h at random, site by site.

    H = -(sum S)^2/(2N) - sum h_i S_i. Continuous line T = sech^2(h/T); tricritical point at T = 2/3,
    h = (2/3) artanh(1/sqrt3) = 0.43898597 (A. Aharony, Phys. Rev. B 18, 3318 (1978)).
    """

    T: Value = parameter("temperature", "T", lower=0, unit="J", typical=(0.0, 1.0))
    h: Value = parameter("strength of the field", "h", lower=0, default=0.0, unit="J", typical=(0.0, 0.6))

    name: ClassVar[str] = "random-field"
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    limit: ClassVar[Limit] = Limit("h")
    branches: ClassVar[dict[str, Branch]] = {
        "ferromagnet": Branch("m > 0", (1.0,)),
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[dict[str, Any]] = {
        "continuous": Zero(Phase("paramagnet"), "stability"),
        "first-order": Coexistence(Phase("ferromagnet"), Phase("paramagnet")),
        "spinodal": Fold("ferromagnet"),
        "quartic": Zero(Phase("paramagnet"), "quartic", "stability"),
    }
    critical: ClassVar[Critical] = Critical("h", "continuous", "h_c", "field below which m = 0 is unstable")

    def sites(self, x: Any) -> Any:
        """Averages over the two kinds of sites, on a last axis for the sign of the field."""
        (m,) = x
        h = np.expand_dims(np.asarray(self.h), -1) * np.array([1, -1])
        field = np.expand_dims(np.asarray(m), -1) + h
        return spin_averages(field, 0 * field, np.expand_dims(np.asarray(self.T), -1))

    def update(self, x: Any) -> Any:
        """Return m = <tanh((m + h_i)/T)>."""
        return stack(np.sum(self.sites(x).tanh, axis=-1) / 2)

    def free_energy(self, x: Any) -> Any:
        """Return f = m^2/2 - T <ln 2cosh((m + h_i)/T)>."""
        (m,) = x
        return m**2 / 2 - np.sum(self.sites(x).log2cosh, axis=-1) / 2

    def jacobian(self, x: Any) -> Any:
        """Return d update/dm; without this method it is differenced."""
        return stack(stack(np.sum(self.sites(x).susceptibility, axis=-1) / 2))

    def belongs(self, branch: str, x: Any) -> Any:
        """Tell the branches apart."""
        (m,) = x
        return m > 1e-7 if branch == "ferromagnet" else np.abs(m) < 1e-7

    def quartic(self, x: Any) -> Any:
        """Coefficient of m^4 in f, up to a positive factor: <1 - 3 tanh^2> at m = 0."""
        return np.sum(1 - 3 * self.sites(x).tanh ** 2, axis=-1)


def main() -> None:
    """Check, solve, search, locate, trace and draw."""
    print(check_theory(RandomField(T=0.5, h=0.3)))

    state = solve(RandomField(T=0.5, h=0.3))
    print(f"solve     m = {state['m']:.12f}  f = {state.free_energy:.12f}  ({state.outcome.value})")

    for found in search(RandomField(T=0.3, h=0.48)):
        print(f"search    {found.branch:11s}  m = {found['m']:.9f}  f = {found.free_energy:.9f}")

    point = critical(RandomField(T=0.9))
    print(f"critical  h_c(T = 0.9) = {point.value:.14f}, {point.digits} good digits")
    print(f"polish    h_c(T = 0.9) = {polish(point, 30).value}")
    print(f"exact     h_c(T = 0.9) = {0.9 * np.arctanh(np.sqrt(0.1)):.14f}")

    for name in ("continuous", "quartic"):
        there = locate(RandomField(T=2 / 3), name, "h")
        print(f"locate    {name} line at T = 2/3: h = {there.value:.12f}")

    lines = [
        boundary_line(RandomField(T=0.5), name, "T", "h", label=name)
        for name in ("continuous", "first-order", "spinodal")
    ]
    end = max(zip(lines[1].x, lines[1].y, strict=True))
    print(f"line      first-order line ends at T = {end[0]:.3f}, h = {end[1]:.3f}")
    if len(sys.argv) > 1:
        axes = (Axis("T", "temperature $T/J$", limits=(0, 1)), Axis("h", "field $h/J$", limits=(0, 0.6)))
        tricritical = Point("tricritical", "", 2 / 3, 2 / 3 * np.arctanh(3**-0.5))
        diagram = PhaseDiagram("random-field", "Random-field Ising model", axes, lines, [tricritical], [], {})
        save_figure(figure(diagram), sys.argv[1])
        print(f"draw      {sys.argv[1]}")


if __name__ == "__main__":
    main()
