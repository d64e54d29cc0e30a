"""Contacts: equations that hold along a curve to a higher order than on a boundary; Taylor coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import factorial
from typing import Any

import numpy as np

from replica.solving.derivatives import jacobian
from replica.theory import Theory
from replica.typing import Number, Numbers

__all__ = ["Contact", "contact_of_theory"]

REACH = 6
"""Points of a stencil to either side."""
STEPS = tuple(0.04 / 2**k for k in range(14))
"""Steps of a stencil that are tried, largest first."""


@cache
def _weights(order: int) -> Any:
    """Weights of the derivative of this order on the stencil -REACH..REACH of unit step."""
    nodes = np.arange(-REACH, REACH + 1, dtype=float)
    powers = np.array([nodes**k / factorial(k) for k in range(len(nodes))])
    return np.linalg.solve(powers, np.eye(len(nodes))[order])


@dataclass(frozen=True)
class Contact:
    """Equations that hold along a curve y(s) = y + s u_1 + ... + s^K u_K/K!, up to and including order s^K.

    With K = 1 this is a fold of the equations: they hold at y, and their derivative along u_1 vanishes. With
    K = 2 it is a cusp. Where y is known (the disordered state, m = 0) and the equations are odd in the
    direction u_1, orders 2 and 3 vanish together, K = 3 is a tricritical point.

    Parameters
    ----------
    equations : callable
        ``f(theory, y)``, shape ``(n, *batch)``.
    n : int
        Number of components of y, and of the equations.
    order : int
        K.
    origin : callable, optional
        ``y(theory)`` where it is known and thus not among the unknowns.
    slope : callable, optional
        ``d f/d y (theory, y)``, shape ``(n, n, *batch)``; saves one numerical derivative.
    step : float
        Of the stencil.
    """

    equations: Callable[[Theory, Any], Any]
    n: int
    order: int
    origin: Callable[[Theory], Any] | None = None
    slope: Callable[[Theory, Any], Any] | None = None
    step: float = 0.01

    @property
    def size(self) -> int:
        """Number of unknowns: y, unless it is known, and the directions."""
        return self.n * (self.order + (self.origin is None))

    def residual(self, theory: Theory, z: Numbers) -> Numbers:
        """The Taylor coefficients along the curve, and what makes the directions unique."""
        blocks = z.reshape(-1, self.n, *z.shape[1:])
        if self.origin is None:
            y, directions = blocks[0], blocks[1:]
        else:
            y, directions = np.asarray(self.origin(theory), dtype=float), blocks
            y = y.reshape(self.n, *(1,) * (directions[0].ndim - y.ndim), *y.shape[1:])
        rows = [] if self.origin else [self.equations(theory, y)]
        rows += list(self.coefficients(theory, y, directions))
        first = directions[0]
        rows.append((np.sum(first * first, axis=0) - 1)[None])
        rows += [np.sum(first * other, axis=0)[None] for other in directions[1:]]
        return np.concatenate(rows)

    def coefficients(self, theory: Theory, y: Numbers, directions: Sequence[Numbers] | Numbers) -> Numbers:
        """Derivatives of the equations along the curve, orders 1 to K; shape ``(K, n, *batch)``."""
        s = self.step * np.arange(-REACH, REACH + 1.0).reshape(-1, *(1,) * (y.ndim - 1))
        y, directions = y[:, None], tuple(u[:, None] for u in directions)
        point = y + sum(u * s**k / factorial(k) for k, u in enumerate(directions, 1))
        with np.errstate(all="ignore"):
            if self.slope is None:
                values = self.equations(theory, point)
                orders = range(1, self.order + 1)
            else:
                along = sum(u * s ** (k - 1) / factorial(k - 1) for k, u in enumerate(directions, 1))
                along = np.broadcast_to(along, point.shape)
                values = np.einsum("ij...,j...->i...", self.slope(theory, point), along)
                orders = range(self.order)
            weights = np.stack([_weights(k) / self.step**k for k in orders])
            return np.einsum("ks,is...->ki...", weights, values)

    @np.errstate(all="ignore")  # what is not finite is the worst
    def tuned(self, theory: Theory, z: Numbers) -> Contact:
        """The same contact with the step that suits the scale on which its equations vary at a point.

        A large step misses structure, a small one meets rounding. The error of a step is how far its
        derivatives are from those of every smaller step, beyond the rounding of the latter.
        """
        tries = [self.at_step(step) for step in STEPS]
        rows = np.array([one.residual(theory, z) for one in tries])
        size = 1e-14 * max(1.0, float(np.max(np.abs(z))))
        rounding = size / np.array(STEPS) ** (self.order - (self.slope is not None))
        errors = rounding.copy()
        for i, row in enumerate(rows):
            apart = np.max(np.abs(rows[i + 1 :] - row), axis=1, initial=0.0) - rounding[i + 1 :]
            errors[i] += max(0.0, np.max(np.nan_to_num(apart, nan=np.inf), initial=0.0))
        return tries[int(np.argmin(errors))]

    def at_step(self, step: float) -> Contact:
        """The same contact with another step of the stencil."""
        return replace(self, step=step)

    def noise(self, theory: Theory, z: Numbers) -> Number:
        """How much the equations depend on the step of the stencil."""
        with np.errstate(all="ignore"):
            return np.abs(self.residual(theory, z) - self.at_step(self.step / 2).residual(theory, z))


def contact_of_theory(theory: Theory, order: int, origin: Callable[[Theory], Any] | None = None) -> Contact:
    """Contact of a theory's own equations, update(x) - x."""
    n = len(theory.order)

    def slope(here: Theory, x: Any) -> Any:
        return jacobian(here, x) - np.eye(n).reshape(n, n, *(1,) * (np.ndim(x) - 1))

    own = type(theory).jacobian is not Theory.jacobian
    return Contact(lambda here, x: here.residual(x), n, order, origin, slope if own else None)
