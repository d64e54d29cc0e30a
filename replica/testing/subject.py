"""What is checked: a theory on a branch, at its solution; and the same theory in other words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from replica.solving.derivatives import STEP, jacobian_error
from replica.solving.search import solve
from replica.solving.solution import Solution
from replica.testing.differences import jitter
from replica.theory import Theory
from replica.typing import Array, Number, Numbers
from replica.units import Unit

__all__ = ["ACCURACY", "About", "Subject", "as_binary", "as_mpmath", "differenced", "varied", "with_one"]

ACCURACY = 4e-15
"""Error of the formulas in float64, in units of their natural size of 1: a few roundings."""


def varied(theory: Theory, fixed: Collection[str] = ()) -> list[str]:
    """Control parameters that take the values between: given, not counted, and not among the `fixed`."""
    known = theory.parameters()
    return [
        name
        for name, value in theory.values.items()
        if value is not None and name not in fixed and known[name].continuous
    ]


def with_one(theory: Theory, name: str, value: Any) -> Theory:
    """The theory made anew, by its class, with another value of one control parameter."""
    given = {n: v for n, v in theory.values.items() if v is not None}
    return type(theory)(**(given | {name: value}))


def as_binary(theory: Theory) -> Theory:
    """The theory in mpmath arithmetic at exactly the same binary numbers (`exact` means the decimal ones)."""
    import mpmath

    def binary(value: Any) -> Any:
        return value if value is None or isinstance(value, int) else mpmath.mpf(float(value))

    changes = {
        name: value._changed(binary) if isinstance(value, Unit) else binary(value)
        for name, value in theory.numbers.items()
    }
    return theory.at(**changes)


def as_mpmath(x: Array) -> Numbers:
    """The same order parameters as mpmath numbers, bit for bit."""
    import mpmath

    return np.array([mpmath.mpf(float(v)) for v in x], dtype=object)


def differenced(theory: Theory, x: Array) -> bool:
    """Whether the theory has no Jacobian of its own."""
    return theory.jacobian(x) is None


class Subject:
    """A theory on a branch: the solution is found once, and shared by the checks."""

    def __init__(
        self, theory: Theory, branch: str, required: bool, fixed: Collection[str], accuracy: float
    ) -> None:
        self.theory, self.branch, self.required, self.fixed = theory, branch, required, fixed
        self.loose = accuracy / ACCURACY
        self.rounding = 1e-15 * self.loose

    @cached_property
    def solution(self) -> Solution:
        """The answer of the solver, converged or not."""
        return solve(self.theory, self.branch, throw=False)

    @property
    def found(self) -> bool:
        """Whether the solver converged."""
        return bool(self.solution.success)

    @property
    def explicit(self) -> bool:
        """Whether the start of the branch is its solution."""
        return self.theory.branch(self.branch).explicit

    @cached_property
    def x(self) -> Array:
        """Order parameters; read-only, for the checks share them."""
        x = np.array(self.solution.x, dtype=float)
        x.flags.writeable = False
        return x

    @cached_property
    def tuned(self) -> Theory:
        """The theory whose free energy is stationary at the solution."""
        return self.theory.tuned(self.x)

    def roughness(self, theory: Theory, x: Array) -> Number:
        """Error of a differenced Jacobian, with that of the formulas over the step in it."""
        return jacobian_error(theory, x) + (self.loose - 1) * ACCURACY / STEP

    @cached_property
    def noise(self) -> float:
        """Rounding of the free energy at the solution."""
        return jitter(self.tuned, self.x)

    @cached_property
    def varied(self) -> list[str]:
        """Control parameters that take the values between."""
        return varied(self.theory, self.fixed)

    @property
    def point(self) -> str:
        """The solution in words."""
        return ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.theory.order, self.x, strict=True))


class About(NamedTuple):
    """A check, and where to look if it fails."""

    run: Callable[[Subject], str]
    look: str
