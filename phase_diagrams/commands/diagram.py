"""``diagram``: a phase diagram, computed and stored: of a theory, or a published one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.door import Absence, Verb
from phase_diagrams.commands.shared.drawing import computed, origin, tracer, write
from phase_diagrams.commands.shared.names import in_words_of, theory_called, theory_named
from phase_diagrams.commands.shared.options import OutputFile, Range, Span, computing, ingredients
from phase_diagrams.commands.shared.own import is_own
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.diagram import PhaseDiagram
    from replica.theory import Theory

__all__ = ["diagram"]

EXAMPLE = """\
$ replica diagram hopfield -o hopfield.json
wrote hopfield.json
$ replica diagram blume-capel -x T -y D -o bc.json
line               kind         what became of it               special points
continuous         continuous   traced                          tricritical point
first-order        first-order  traced                          tricritical point
spinodal           spinodal     traced                          tricritical point
end of paramagnet  spinodal     located where the map shows it  tricritical point, turning point
wrote bc.json
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@computing
@click.option("-x", "x", metavar="NAME[=FROM:TO]", type=Range(), help="Horizontal parameter, of a theory.")
@click.option("-y", "y", metavar="NAME[=FROM:TO]", type=Range(), help="Vertical parameter, of a theory.")
@ingredients
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".json", ".csv", stdout=True),
    default="-",
    show_default=True,
    help="A .json file, a .csv file with the points of all lines, or - for JSON on stdout.",
)
@click.pass_context
def diagram(
    ctx: click.Context,
    /,
    name: str,
    jobs: int,
    output: Path | str,
    x: Span | None,
    y: Span | None,
    rsb: int,
    given: dict[str, Any],
    **units: Any,
) -> None:
    """Compute a phase diagram and store it as JSON.

    With -x and -y: of any theory, in the plane of two of its parameters. All lines that it declares are
    traced through every fold; where a coarse map of the states shows a line that nobody declared, it is
    located as well. Regions have the name of the state of lowest free energy; metastable states are hatched,
    broken replica symmetry is marked. What is left unexplained is said on stderr, and the exit code is 3.

    Without: a published diagram; `replica list` names them.

    `replica draw` draws it later. An interrupted diagram goes on with the lines that are finished, when the
    command is repeated.
    """
    given = {key: value for key, value in units.items() if value is not None} | given
    if x is None and y is None:
        _check_published(name, rsb, given)
        write(computed(name, jobs, ctx.find_root().obj, output), output)
        return
    if x is None or y is None:
        has, lacks = ("-y", "-x") if x is None else ("-x", "-y")
        message = f"a plane has two parameters: add {lacks} NAME or {lacks} NAME=FROM:TO to {has}"
        raise ParameterError(message)
    kind = theory_named(name, rsb)
    asked = {"name": theory_called(name), "rsb": rsb, "given": given, "unscaled": False, "x": x, "y": y}
    found = Request(**in_words_of(kind, asked)).run(jobs, ctx.find_root().obj, output)
    report(found)
    write(found, output)
    notes = found.provenance["notes"]
    if notes:
        message = (
            f"{len(notes)} of what the diagram shows {'is' if len(notes) == 1 else 'are'} not explained; "
            "the notes above say what, and stand in the provenance of the diagram"
        )
        raise Absence(message)


def _check_published(name: str, rsb: int, given: dict[str, Any]) -> None:
    """Refuse what belongs to the diagram of a theory."""
    if given or rsb:
        what = "--rsb" if rsb else f"-p {next(iter(given))}"
        message = f"{what} belongs to the diagram of a theory; add its plane: -x NAME=FROM:TO -y NAME=FROM:TO"
        raise ParameterError(message)
    from phase_diagrams.catalogue import DIAGRAMS
    from replica.theories import THEORIES

    if name not in DIAGRAMS and (name in THEORIES or is_own(name)):
        x, y, *_ = [*theory_named(name).parameters(), "NAME", "NAME"]
        message = f"{name} is a theory: its diagram needs a plane, such as -x {x} -y {y}"
        raise ParameterError(message)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A theory and a plane; the attributes are options of the command."""

    x: Span
    y: Span

    @property
    def theory(self) -> Theory:
        """The theory; the parameters of the plane have a value to begin with, and lie in their domains."""
        if self.x.name == self.y.name:
            message = f"a diagram needs two different parameters, not {self.x.name} twice"
            raise ParameterError(message)
        for span in (self.x, self.y):
            if span.values:
                message = f"lines are traced, not computed point by point; give {span.name}=FROM:TO"
                raise ParameterError(message)
        return self.build([self.x.name, self.y.name])

    def run(self, jobs: int, command: list[str], output: Path | str) -> PhaseDiagram:
        """Compute the diagram; what is done is said on stderr."""
        from phase_diagrams.mapping.automatic import automatic_diagram

        came_from = origin(command)
        with tracer(jobs, output) as executor:
            found = automatic_diagram(
                self.theory,
                self.x.name,
                self.y.name,
                xlim=self.x.limits,
                ylim=self.y.limits,
                executor=executor,
                told=(lambda sentence: click.echo(sentence, err=True)) if sys.stderr.isatty() else None,
            )
        return replace(found, provenance={**found.provenance, **came_from})


def report(found: PhaseDiagram) -> None:
    """Say on stderr which lines are in the diagram, and what is not explained."""
    from phase_diagrams.commands.shared.printing import print_table

    told = found.provenance["lines"]
    lines = {line.name: line for line in found.lines}
    rows = [("line", "kind", "what became of it", "special points")]
    for name, became in told.items():
        line = lines.get(name)
        kind, points = (
            (line.kind.value, ", ".join(point.name for point in line.points)) if line else ("-", "")
        )
        rows.append((name, kind, became, points))
    print_table(rows, err=True)
    for note in found.provenance["notes"]:
        click.echo(f"note: {note}", err=True)
