"""``line``: a phase boundary of a theory in the plane of two control parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked, check_free
from phase_diagrams.commands.shared.certified import refuse_others
from phase_diagrams.commands.shared.completing import boundaries
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import write_table
from phase_diagrams.commands.shared.options import DIGITS, OutputFile, Range, Span, theory, unscaled
from phase_diagrams.commands.shared.printing import describe, known, print_json, print_table, settled, where
from replica.errors import ConvergenceError, LocateError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from phase_diagrams.diagram import Line, Point
    from replica.theory import Boundary, Theory

__all__ = ["line"]

EXAMPLE = """\
$ replica line hopfield spinodal -x alpha=0.01:0.13:5 -y T
spinodal line of hopfield: fold where the retrieval branch ends
looked for in T from 0 to 1.4

alpha  T               status
0.01   0.801018121544  converged
0.04   0.593569450245  converged
0.07   0.448927326821  converged
0.1    0.315432223682  converged
0.13   0.148918888054  converged
$ replica line blume-capel first-order -x T=0.2:0.4:3 -y D
first-order line of blume-capel: equal free energies of ferromagnet and paramagnet
looked for in D from 0 to 0.6

T    D               status
0.2  0.486701271068  converged
0.3  0.466763507351  converged
0.4  -               no such point at T=0.4 in this range

special points of the line, to the digits that are good

T             D             kind
0.3333333333  0.4620981204  tricritical point
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.argument("boundary", metavar="LINE", shell_complete=boundaries)
@click.option(
    "-x",
    "x",
    metavar="NAME[=FROM:TO[:COUNT]]",
    type=Range(),
    required=True,
    help="Horizontal parameter. With COUNT: points at these values; without: the whole curve.",
)
@click.option(
    "-y",
    "y",
    metavar="NAME[=FROM:TO]",
    type=Range(),
    required=True,
    help="Vertical parameter, and where to look for the line.",
)
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".csv", stdout=True),
    help="A .csv file for the points, or - for CSV on stdout.",
)
@click.option(
    "--certify",
    type=DIGITS,
    metavar="DIGITS",
    help="Significant digits of each point, with a proof; needs COUNT.",
)
@unscaled
def line(as_json: bool, output: Path | str | None, **asked: Any) -> None:
    """Trace a phase boundary of a theory.

    The plane is that of two control parameters; ranges that are not given are the typical ones. A re-entrant
    line has several points at one value of x. A point that does not exist is null in JSON, with the reason as
    its status. Special points that are met on the way (where the line ends, turns, or crosses another line)
    are located as well, and stand under the table.
    """
    request = Request(**asked)
    try:
        found = request.run()
    except ConvergenceError as error:
        if as_json:
            request.print_failure(error)
        raise
    if output is not None:
        write_table(request.columns(found), output)
    if as_json or output is None:
        request.print(found, as_json)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A line of a theory and the plane where it is wanted; the attributes are the options of the command."""

    boundary: str
    x: Span
    y: Span
    certify: int | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        refuse_others(self.certify, {"--unscaled": self.unscaled})
        if self.certify and not self.x.values:
            message = f"--certify is for points; give their number, -x {self.x.name}=FROM:TO:COUNT"
            raise ParameterError(message)

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

    def columns(self, found: Line) -> dict[str, list[Any]]:
        """The points as a table, by column."""
        told = found.columns
        if self.certify:
            told = dict(told) | {"certified": list(self.enclosures(found))}
        x, y = self.x.name, self.y.name
        names = {"x": x, "y": y, "x_error": f"{x}_error", "y_error": f"{y}_error"}
        return {
            names.get(name, name): values for name, values in told.items() if name not in ("line", "kind")
        }

    def enclosures(self, found: Line) -> Iterable[str]:
        """The certified value of each point, or why there is none."""
        from replica.solving import find
        from replica.solving.certify import CertificateError, certify

        for x, y, status in zip(found.x, found.y, found.status, strict=True):
            if math.isnan(y):
                yield status
                continue
            here = [
                one for one in find(self.theory.at(**{self.x.name: x}), self.line, self.y.name) if one.located
            ]
            near = min(here, key=lambda one: abs(one.value - y), default=None)
            try:
                if near is None or abs(near.value - y) > 1e-6 * max(abs(y), 1e-3):
                    yield "not certified: the point was not met again"
                else:
                    yield certify(near, self.certify or 0).claim[self.y.name]
            except CertificateError as error:
                yield str(error)

    def print(self, found: Line, as_json: bool) -> None:
        """Print the answer."""
        broken = found.broken or (False,) * len(found.x)
        points = list(zip(found.x, found.y, found.status, found.uncertainty, broken, strict=True))
        if as_json:
            self.print_json(points, found.points)
            return
        at = f" at {where(self.fixed)}" if where(self.fixed) else ""
        if self.certify:
            from replica.solving.certify import MEANING

            click.echo(f"{self.boundary} line of {self.kind.name}{at}: {describe(self.line)}\n")
            rows = zip(found.x, self.enclosures(found), strict=True)
            print_table([(self.x.name, self.y.name), *((known(x, None), text) for x, text in rows)])
            click.echo("\n" + "\n".join(MEANING))
            return
        typical = self.kind.parameters()[self.y.name].typical
        low, high = self.y.limits or (self.units[1] * end for end in typical)
        click.echo(f"{self.boundary} line of {self.kind.name}{at}: {describe(self.line)}")
        click.echo(f"looked for in {self.y.name} from {low:g} to {high:g}\n")
        print_table(
            [(self.x.name, self.y.name, "status")]
            + [(*map(known, (x, y), error), status) for x, y, status, error, _ in points]
            if not found.broken
            else [(self.x.name, self.y.name, "status", "replica symmetry")]
            + [(*map(known, (x, y), error), status, "broken" * flag) for x, y, status, error, flag in points]
        )
        if found.broken:
            click.echo("\nbroken: rests on a state of negative replicon, the line is an approximation there")
        if found.points:
            click.echo("\nspecial points of the line, to the digits that are good\n")
            print_table(
                [(self.x.name, self.y.name, "kind")]
                + [(*map(settled, (p.x, p.y), p.uncertainty or (0, 0)), _kind(p)) for p in found.points]
            )

    def print_failure(self, error: Exception) -> None:
        """Print the JSON object of a line of which no point was found."""
        self.print_json([(x, None, str(error), None, None) for x in self.x.values or ()])

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
                "points": [
                    {"x": x, "y": y, "status": status, "uncertainty": error, "broken": flag}
                    for x, y, status, error, flag in points
                ],
                "special": [
                    {"kind": _kind(point), "x": point.x, "y": point.y, "uncertainty": point.uncertainty}
                    for point in special
                ],
            }
        )

    @property
    def fixed(self) -> dict[str, Any]:
        """The parameters that are held fixed."""
        values = self.parameters(self.theory)
        return {name: value for name, value in values.items() if name not in (self.x.name, self.y.name)}


def _kind(point: Point) -> str:
    """What happens at a special point, in words."""
    return point.kind.value if point.kind else point.name
