"""From a point of a fold along it, uphill, to where its control parameter is largest over one more."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.solving.derivatives import difference, solve_linear
from replica.solving.systems import System, refine
from replica.theory import Fold, Optimum, Theory

__all__ = ["climb"]

STEPS = 200
"""Steps along a fold, at most; the longest of them is FARTHEST times the typical range."""
FIRST, FARTHEST, SHORTEST = 0.02, 0.2, 1e-6
"""Lengths of steps in units of the typical range of the parameter that is varied."""


def climb(
    system: System, theory: Theory, parameter: str, z: Any
) -> tuple[Any, float, float, float, bool, tuple[float, float]] | None:
    """Follow a fold uphill, until its slope has changed sign; then Newton's method on the optimum itself.

    Parameters
    ----------
    system : System
        Of an `Optimum`.
    theory : Theory
        At a point of the fold.
    parameter : str
        The control parameter whose largest value is wanted.
    z : array
        Unknowns of the fold at that point.

    Returns
    -------
    tuple or None
        Unknowns of the optimum, value, residual, uncertainty, whether it converged, and values of the fold on
        either side; None where the fold ends, or the domain does, before a top.
    """
    boundary = system.boundary
    assert isinstance(boundary, Optimum)
    fold, over = System(Fold(boundary.branch), theory), boundary.over
    about = theory.parameters()[over]
    unit = float(np.ptp(about.typical)) or 1.0
    here = _Point(fold, theory, parameter, over, np.append(z, getattr(theory, parameter)))
    step, uphill = FIRST * unit, np.sign(here.slope[-1])
    for _ in range(STEPS):
        if not np.isfinite(uphill) or step < SHORTEST * unit:
            return None
        place = float(np.clip(here.place + uphill * step, about.lower, about.upper))
        there = here.moved(place)
        if there is None:
            step /= 2
            continue
        if there.slope[-1] * uphill <= 0:
            return _between(system, here, there)
        if place in (about.lower, about.upper):
            return None
        here, step = there, min(1.5 * step, FARTHEST * unit)
    return None


class _Point:
    """A point of a fold, y its unknowns and its control parameter; and dy/d over, along the fold."""

    def __init__(self, fold: System, theory: Theory, parameter: str, over: str, y: Any) -> None:
        self.fold, self.theory, self.parameter, self.over, self.y = fold, theory, parameter, over, y
        self.place = float(getattr(theory, over))

        def equations(where: Any) -> Any:
            return fold.residual(theory.at(**{parameter: where[-1]}), where[:-1])

        with np.errstate(all="ignore"):
            by_over = theory.derivative(
                over, lambda here: fold.residual(here.at(**{parameter: y[-1]}), y[:-1])
            )
            self.slope = solve_linear(difference(equations, y), -by_over)

    def moved(self, place: float) -> _Point | None:
        """The point of the same fold at another value of the parameter; None if Newton fails, or jumps."""
        guess = self.y + (place - self.place) * self.slope
        theory = self.theory.at(**{self.over: place})
        if not np.all(np.isfinite(guess)):
            return None
        z, value, _, _, good = refine(self.fold, theory, self.parameter, guess[:-1], float(guess[-1]))
        y = np.append(z, value)
        far = np.max(np.abs(y - guess)) > 0.5 * np.max(np.abs(guess - self.y)) + 1e-6
        if not good or far:
            return None
        return _Point(self.fold, theory.at(**{self.parameter: value}), self.parameter, self.over, y)


def _between(system: System, here: _Point, there: _Point) -> Any:
    """The top between two points of a fold, by Newton's method from where the slope would vanish."""
    share = here.slope[-1] / (here.slope[-1] - there.slope[-1])
    y, slope = (a + share * (b - a) for a, b in ((here.y, there.y), (here.slope, there.slope)))
    n = system.n
    direction, shift = y[n : 2 * n], slope[:n]
    shift = shift - direction * (direction @ shift) / (direction @ direction)
    best = here.place + share * (there.place - here.place)
    z = np.concatenate([y[:n], [best], direction, shift])
    sides = float(min(here.y[-1], there.y[-1])), float(max(y[-1], here.y[-1], there.y[-1]))
    return *refine(system, here.theory, here.parameter, z, float(y[-1])), sides
