"""What a theory declares about its phases: branches, boundaries between them, kinds of special points.

Data without numerics: solvers, lines, diagrams and figures read the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

__all__ = [
    "MEMORY_NAMES",
    "Boundary",
    "Branch",
    "Coexistence",
    "Critical",
    "Fold",
    "Kind",
    "Limit",
    "Optimum",
    "Phase",
    "Zero",
    "lines_of_a_memory",
]


@dataclass(frozen=True)
class Branch:
    """A named family of solutions.

    Attributes
    ----------
    text : str
        One line for people.
    start : tuple of float
        Order parameters to start from, exact or nearly so in the theory's `limit`. A theory with starts that
        depend on its parameters overrides `Theory.start` instead.
    explicit : bool
        Whether the start is the exact solution at every parameter value (a trivial branch, such as m = 0 of
        a ferromagnet). Boundaries on it then have no order parameters among their unknowns.
    isolated : bool
        Whether the formulas end there, as at an overlap of 1: there are no states next to it, and no slopes.
    """

    text: str
    start: tuple[float, ...] = ()
    explicit: bool = False
    isolated: bool = False


@dataclass(frozen=True)
class Limit:
    """The limit in which every branch start is exact: `parameter` tends to `value`."""

    parameter: str
    value: float = 0.0


@dataclass(frozen=True)
class Phase:
    """A branch; or its minimum over one control parameter; or its limit at fixed values of some.

    Attributes
    ----------
    branch : str
    over : str or None
        Control parameter over which the free energy is minimised.
    at : tuple of (str, float)
        Control parameters held at these values, whatever the theory says.
    """

    branch: str
    over: str | None = None
    at: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Fold:
    """Boundary where a branch ends in a saddle-node (spinodal)."""

    branch: str
    kind: ClassVar[str] = "spinodal"


@dataclass(frozen=True)
class Optimum(Fold):
    """Boundary where the control parameter of a fold is largest over one more: the best threshold.

    Along the fold the derivative of the one by the other vanishes. Both are solved for at once.
    """

    over: str


@dataclass(frozen=True)
class Coexistence:
    """Boundary where two phases have the same free energy (first order)."""

    first: Phase
    second: Phase
    kind: ClassVar[str] = "first-order"


@dataclass(frozen=True)
class Zero:
    """Boundary where a function of the state vanishes on a phase.

    `test` names a method of the theory (``"log_rho"``, ``"free_energy"``, ...), or ``"stability"``: the
    determinant of 1 - d update/dx, which vanishes where another branch grows out of this one. `text` says in
    words what happens there.
    """

    phase: Phase
    test: str
    kind: str = "continuous"
    text: str = ""


Boundary = Fold | Coexistence | Zero


def lines_of_a_memory(freezing: str, instability: str) -> dict[str, Boundary]:
    """The four lines of AGS, for branches called retrieval, glass and paramagnet.

    `freezing` is the test of the paramagnet, `instability` that of replica symmetry where a pattern is
    retrieved.
    """
    return {
        "glass": Zero(Phase("paramagnet"), freezing, text="spin glass order sets in"),
        "spinodal": Fold("retrieval"),
        "first-order": Coexistence(Phase("retrieval"), Phase("glass")),
        "stability": Zero(
            Phase("retrieval"),
            instability,
            "stability",
            text="replica symmetry breaks on the retrieval branch (replicon = 0)",
        ),
    }


MEMORY_NAMES = {"T_g": "glass", "T_M": "spinodal", "T_c": "first-order", "T_R": "stability"}
"""What AGS call them."""


@dataclass(frozen=True)
class Critical:
    """The critical value that people ask a theory for: `parameter` at which `boundary` is met.

    Where it is met more than once, the smallest value counts; the largest if `highest`.
    """

    parameter: str
    boundary: str
    symbol: str
    text: str
    highest: bool = False


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
