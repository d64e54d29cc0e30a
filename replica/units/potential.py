"""A unit from any potential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.typing import Number
from replica.units.unit import REAL_LINE, Unit

__all__ = ["Potential"]


@dataclass(frozen=True)
class Potential(Unit):
    """A unit from any potential: a function of arrays, and where it lives.

    Parameters
    ----------
    function : callable
        U(x), elementwise.
    domain : (float, float)
        An interval, the half line or the real line.
    values : tuple of float
        Or the values of a discrete unit.
    breaks : tuple of float
        Points where U is not smooth, such as 0 for ``abs``.

    Examples
    --------
    >>> unit = Potential(lambda x: x**4 / 4)
    >>> print(f"{unit.ground(8.0, 0.0)[1]:.9f}")
    2.000000000
    """

    function: Callable[[Any], Any]
    domain: tuple[float, float] = REAL_LINE
    values: tuple[float, ...] = ()
    breaks: tuple[float, ...] = ()
    name: ClassVar[str] = "potential"

    def __post_init__(self) -> None:
        if not self.values and not self.domain[0] < self.domain[1]:
            msg = f"unit potential: the domain {self.domain} is empty; give (low, high) with low < high"
            raise ParameterError(msg)

    def potential(self, x: Number) -> Number:
        return self.function(np.asarray(x, dtype=float))
