"""Kinds of special points: the words that solvers, diagrams and figures share."""

from __future__ import annotations

from enum import Enum

__all__ = ["Kind"]


class Kind(Enum):
    """What happens at a point of codimension two of a phase diagram; the value is its long name.

    Examples
    --------
    >>> [kind.value for kind in Kind][:3]
    ['cusp', 'critical end point', 'tricritical point']
    """

    CUSP = "cusp"
    """Two spinodals meet, tangentially: the fold of a branch is itself degenerate."""
    CRITICAL = "critical end point"
    """A first-order line ends, as its two phases become one."""
    TRICRITICAL = "tricritical point"
    """A continuous transition becomes first order."""
    TRIPLE = "triple point"
    """Two lines of phase transitions meet: three phases."""
    SPINODAL = "end on a spinodal"
    """A line ends where the state that it is about ceases to exist."""
    CROSSING = "crossing"
    """Two lines cross that are not both phase transitions."""
    TIP = "turning point"
    """A control parameter is largest or smallest along a line; behind it the line is re-entrant."""
