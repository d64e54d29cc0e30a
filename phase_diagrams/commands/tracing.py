"""What ``line`` asks for, and what its answer looks like."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.asking import Asked, check_free
from phase_diagrams.commands.options import Span
from phase_diagrams.commands.printing import describe, number, print_json, print_table, where
from replica.errors import LocateError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from phase_diagrams.diagram import Line, Point
    from replica.theory import Boundary, Theory

__all__ = ["Request"]


def settled(value: float, uncertainty: float) -> str:
    """A number with the digits that its uncertainty leaves, at most ten: third derivatives cost some.

    Examples
    --------
    >>> settled(0.138188511164658, 1e-9), settled(3e-24, 1e-15)
    ('0.13818851', '0')
    """
    places = math.floor(-math.log10(2 * max(uncertainty, 1e-17)))
    return number(round(value, places), 10)


def kind_of(point: Point) -> str:
    """What happens at a special point, in words."""
    return point.kind.value if point.kind else point.name


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A line of a theory and the plane where it is wanted; the attributes are the options of the command."""

    boundary: str
    x: Span
    y: Span

    @cached_property
    def line(self) -> Boundary:
        """The line that was named."""
        if self.boundary not in self.kind.lines:
            what = f"line of {self.kind.name}"
            raise UnknownNameError(what, self.boundary, self.kind.lines)
        return self.kind.lines[self.boundary]

    @cached_property
    def theory(self) -> Theory:
        """The theory; the parameters of the plane have a value to begin with, and lie in their domains."""
        if self.x.name == self.y.name:
            message = f"a line needs two different parameters, not {self.x.name} twice"
            raise ParameterError(message)
        if self.y.values:
            message = f"only x takes a number of points; give -y {self.y.name} or -y {self.y.name}=FROM:TO"
            raise ParameterError(message)
        plane = [self.x.name, self.y.name]
        check_free(self.kind, self.line, [*plane, *self.given])
        if self.unscaled and "p" in plane:
            message = (
                f"{self.kind.name}: p sets the unscaled units of all others and cannot be an axis with "
                "--unscaled; leave --unscaled out"
            )
            raise ParameterError(message)
        theory = self.build(plane)
        for span in (self.x, self.y):
            if theory.parameters()[span.name].integer:
                message = (
                    f"{self.kind.name}: a line needs continuous parameters; {span.name} is a whole number"
                )
                raise ParameterError(message)
            for end in span.limits or ():
                self.build([name for name in plane if name != span.name], {span.name: end})
        return theory

    @property
    def units(self) -> tuple[float, float]:
        """Units of the theory along x and y, in those that were asked for."""
        x, y = (float(self.rescaled(self.theory, span.name, 1.0)) for span in (self.x, self.y))
        return x, y

    def run(self) -> Line:
        """Trace the line; at least one of its points was found."""
        from phase_diagrams.tracing.lines import boundary_line

        found = boundary_line(
            self.theory,
            self.boundary,
            self.x.name,
            self.y.name,
            xlim=self.x.limits,
            ylim=self.y.limits,
            at=self.x.values,
            units=self.units,
        )
        if all(math.isnan(y) for y in found.y):
            line = f"the {self.boundary} line at any of these values of {self.x.name}"
            message = f"{self.kind.name}: no point of {line}"
            raise LocateError(message)
        return found

    def print(self, found: Line, as_json: bool) -> None:
        """Print the answer."""
        points = list(zip(found.x, found.y, found.status, strict=True))
        if as_json:
            self.print_json(points, found.points)
            return
        at = f" at {where(self.fixed)}" if where(self.fixed) else ""
        typical = self.kind.parameters()[self.y.name].typical
        low, high = self.y.limits or (self.units[1] * end for end in typical)
        click.echo(f"{self.boundary} line of {self.kind.name}{at}: {describe(self.line)}")
        click.echo(f"looked for in {self.y.name} from {low:g} to {high:g}\n")
        print_table(
            [(self.x.name, self.y.name, "status")]
            + [(number(x), number(y), status) for x, y, status in points]
        )
        if found.points:
            click.echo("\nspecial points of the line, to the digits that are good\n")
            print_table(
                [(self.x.name, self.y.name, "kind")]
                + [(*map(settled, (p.x, p.y), p.uncertainty or (0, 0)), kind_of(p)) for p in found.points]
            )

    def print_failure(self, error: Exception) -> None:
        """Print the JSON object of a line of which no point was found."""
        self.print_json([(x, None, str(error)) for x in self.x.values or ()])

    def print_json(self, points: Any, special: Iterable[Point] = ()) -> None:
        """Print the JSON object."""
        print_json(
            {
                "theory": self.kind.name,
                "line": self.boundary,
                "kind": self.line.kind,
                "parameters": self.fixed,
                "x": self.x.name,
                "y": self.y.name,
                "points": [{"x": x, "y": y, "status": status} for x, y, status in points],
                "special": [
                    {"kind": kind_of(point), "x": point.x, "y": point.y, "uncertainty": point.uncertainty}
                    for point in special
                ],
            }
        )

    @property
    def fixed(self) -> dict[str, Any]:
        """The parameters that are held fixed."""
        values = self.parameters(self.theory)
        return {name: value for name, value in values.items() if name not in (self.x.name, self.y.name)}
