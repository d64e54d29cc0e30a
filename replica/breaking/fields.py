"""The fields on a layer whose replicas fall into states within states: what every way of averaging takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from replica.typing import Array

__all__ = ["Fields"]


@dataclass(frozen=True)
class Fields:
    """The fields on a layer, outermost first.

    Attributes
    ----------
    variance : array, shape (k + 1,)
        Of the field itself, then by how much each level adds to it.
    mu : array, shape (k,)
        x_i/T of the levels 1 to k.
    a, T : float
        Quadratic term and temperature.
    loc, spread, weight : array, shape (n,)
        Mean, further variance and probability at the nodes of the law of the patterns on the layer.
    shift, width, tilt, tail : array, shape (patterns, n)
        What loc and spread are made of, and weights of the averages: see `replica.functional.laws.Law`.
    strength : array, shape (patterns,)
        With which the patterns act.
    """

    variance: Array
    mu: Array
    a: float
    T: float
    weight: Array = field(default_factory=lambda: np.ones(1))
    shift: Array = field(default_factory=lambda: np.zeros((0, 1)))
    width: Array = field(default_factory=lambda: np.zeros((0, 1)))
    tilt: Array = field(default_factory=lambda: np.zeros((0, 1)))
    tail: Array = field(default_factory=lambda: np.zeros((0, 1)))
    strength: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def steps(self) -> int:
        """Number of levels beyond the outermost one."""
        return len(self.mu)

    @property
    def loc(self) -> Array:
        """Mean of the field at the nodes."""
        return self.strength @ self.shift

    @property
    def spread(self) -> Array:
        """Variance of the outermost field at the nodes."""
        return np.maximum(self.variance[0] + self.strength**2 @ self.width, 0.0)

    @property
    def columns(self) -> int:
        """Derivatives are by the variances, mu, a and the strengths, in this order."""
        return 2 * self.steps + 2 + len(self.strength)
