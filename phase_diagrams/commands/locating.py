"""What ``capacity`` asks for, and what its answer looks like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.asking import Asked, check_free
from phase_diagrams.commands.printing import describe, number, print_json, print_table, where
from replica.errors import LocateError, ParameterError

if TYPE_CHECKING:
    from replica.solving import Located
    from replica.theory import Boundary, Critical, Theory

__all__ = ["Question"]

CONFIRMED = 15
"""Digits that are printed, after a check with mpmath, where the check takes a tenth of a second."""

QUICK = frozenset({"hopfield", "thresholded-hopfield", "mixtures", "curie-weiss", "blume-capel"})
"""Theories without integrals at T = 0, where that is so."""


@dataclass(frozen=True)
class Answer:
    """A located point and the digits that are good.

    Attributes
    ----------
    point : Located
    value : str
        With exactly the good digits.
    order : dict of str to float or str
    residual : float
    digits : int
    how : str
        How the digits were established.
    """

    point: Located
    value: str
    order: dict[str, Any]
    residual: float
    digits: int
    how: str


@dataclass(frozen=True, kw_only=True)
class Question(Asked):
    """A theory whose critical value is wanted; the attributes are the options of the command."""

    digits: int | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        if self.digits and self.unscaled:
            message = "--digits does not go with --unscaled; leave one of them out"
            raise ParameterError(message)

    @cached_property
    def critical(self) -> Critical:
        """What the theory calls its critical value."""
        if self.kind.critical is None:
            name = self.kind.name
            message = f"{name} has no critical value of its own; `replica show {name}` names its lines"
            raise LocateError(message)
        return self.kind.critical

    @property
    def boundary(self) -> Boundary:
        """The phase boundary where the critical value lies."""
        return self.kind.lines[self.critical.boundary]

    @cached_property
    def theory(self) -> Theory:
        """The theory; the parameter that is computed has a value to begin with."""
        check_free(self.kind, self.boundary, self.given)
        return self.build([self.critical.parameter])

    def run(self) -> Answer:
        """Locate the point and establish its digits."""
        from replica.solving import critical, polish

        point = critical(self.theory)
        if not point.located:
            low, high = point.bracket or (float("nan"),) * 2
            message = f"{self.critical.symbol} lies between {low:g} and {high:g}, but was not located"
            raise LocateError(message, point.bracket)
        wanted = self.digits or (CONFIRMED if _quick(point) and not self.unscaled else None)
        if wanted:
            precise = polish(point, wanted)
            how = "computed with mpmath at two precisions that agree"
            value, digits = str(precise.value), precise.digits
            return Answer(point, value, dict(precise.order), precise.residual, digits, how)
        digits = max(point.digits, 1)
        how = "from the residual and the conditioning of the equations in float64"
        value = self.rescaled(point.theory, point.parameter, point.value)
        order = {name: self.rescaled(point.theory, name, one) for name, one in point.order.items()}
        return Answer(point, f"{value:#.{digits}g}", order, point.residual, digits, how)

    def print(self, answer: Answer, as_json: bool) -> None:
        """Print the answer."""
        if as_json:
            keep = bool(self.digits)
            self.print_json(
                value=answer.value if keep else float(answer.value),
                order=answer.order if keep else {name: float(value) for name, value in answer.order.items()},
                status="converged",
                residual=answer.residual,
                digits=answer.digits,
                method=f"{self.method}; digits {answer.how}",
            )
            return
        fixed = where(self.fixed)
        click.echo(f"{self.critical.symbol} = {answer.value}: {self.critical.text}")
        click.echo(f"{self.kind.name} at {fixed}\n" if fixed else f"{self.kind.name}\n")
        words = self.kind.symbols
        print_table([(name, number(value), words.get(name, "")) for name, value in answer.order.items()])
        click.echo(f"\n{answer.digits} good digits, {answer.how}")
        click.echo(f"{self.method}; residual {answer.residual:.1e}")

    def print_failure(self, error: Exception) -> None:
        """Print the JSON object of a value that was not found."""
        found: dict[str, Any] = {"value": None, "order": {}, "status": "not found", "residual": None}
        self.print_json(**found, digits=None, method=self.method, reason=str(error))

    def print_json(self, **found: Any) -> None:
        """Print the JSON object."""
        head = {"theory": self.kind.name, "parameters": self.fixed, "quantity": self.critical.symbol}
        print_json(head | found)

    @property
    def fixed(self) -> dict[str, Any]:
        """The parameters that are held fixed."""
        values = self.parameters(self.theory)
        return {name: value for name, value in values.items() if name != self.critical.parameter}

    @property
    def method(self) -> str:
        """What was solved, and how."""
        return f"{describe(self.boundary)}, by Newton's method on the augmented equations"


def _quick(point: Located) -> bool:
    sharp = point.parameter == "T" or getattr(point.theory, "T", 0.0) == 0.0
    return sharp and point.theory.name in QUICK
