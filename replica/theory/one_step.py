"""One step of replica symmetry breaking: what the two theories of broken spins share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from replica.numerics.broken_spins import BrokenAverages, by_complex_step
from replica.numerics.functions import stack
from replica.theory.base import Theory
from replica.theory.parameters import Value
from replica.typing import Number, Numbers

__all__ = ["MAXIMUM", "SYMBOLS", "OneStep", "equations"]

SYMBOLS: Mapping[str, str] = {
    "C": "response (1 - q1)/T inside one state",
    "B": "response (q1 - q0)/tau through a change of state",
    "tau": "effective temperature of the states, T/x",
    "q1": "overlap of two replicas in the same state",
    "q0": "overlap of two replicas in different states",
    "x": "Parisi's breaking parameter: the weight of pairs in different states",
}
MAXIMUM = "f is a maximum in the overlaps and in x: every further step of breaking raises it."


def equations(field: str) -> Mapping[str, str]:
    """The equations of spins in the given field H."""
    return {
        "states": f"<a>_1 = int Dz1 (2cosh(H/T))^x a / int Dz1 (2cosh(H/T))^x, H = {field}",
        "m": "m = <<tanh(H/T)>_1>",
        "q1": "q1 = <<tanh^2(H/T)>_1>",
        "q0": "q0 = <<tanh(H/T)>_1^2>",
        "x": "x = T/tau",
    }


class OneStep(Theory):
    """Replicas fall into states: the overlap of two of them is q1 inside a state and q0 between states.

    The unknowns are finite at T = 0: m; C = (1 - q1)/T, the response inside a state; tau = T/x, the effective
    temperature of the states, with Parisi's breaking parameter x; and B = (q1 - q0)/tau, the response through
    a change of state. f is stationary in all of them. A subclass gives the field of a spin, the equation for
    tau, the free energy and rho.
    """

    T: Value
    order: ClassVar[tuple[str, ...]] = ("m", "C", "B", "tau")

    def overlaps(self, x: Numbers) -> tuple[Number, Number, Number]:
        """Return q1, q0 and q1 - q0."""
        _, C, B, tau = x
        q1 = 1 - self.T * C
        return q1, q1 - tau * B, tau * B

    def spins(self, x: Numbers) -> BrokenAverages:
        """Averages over the field of a spin, for complex x too."""
        raise NotImplementedError

    def tau_side(self, x: Numbers, spin: BrokenAverages) -> Number:
        """Right-hand side of the equation for tau, df/dtau = 0, for complex x too."""
        raise NotImplementedError

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry inside a state is stable below 1."""
        raise NotImplementedError

    def sides(self, x: Numbers) -> tuple[Number, ...]:
        """Right-hand sides of the equations, for complex x too."""
        spin = self.spins(x)
        return (spin.tanh, spin.susceptibility, spin.spread / x[3], self.tau_side(x, spin))

    def update(self, x: Numbers) -> Numbers:
        return stack(*self.sides(x))

    def jacobian(self, x: Numbers) -> Numbers | None:
        return None if self.is_exact else by_complex_step(self.sides, x)

    def derived(self, x: Numbers) -> dict[str, Number]:
        q1, q0, _ = self.overlaps(x)
        return {"q1": q1, "q0": q0, "x": self.T / x[3]}

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.rho(x)
