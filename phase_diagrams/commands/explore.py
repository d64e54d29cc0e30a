"""``explore``: a page on which a point is moved over the phase diagram of a theory."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import origin
from phase_diagrams.commands.shared.names import in_words_of, theory_called, theory_named
from phase_diagrams.commands.shared.options import OutputFile, Range, Span, ingredients
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.exploring.plane import Plane

__all__ = ["explore"]

EXAMPLE = """\
$ replica explore blume-capel -x D -y T --points 5 -o lecture.html
wrote lecture.html
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("name", metavar="THEORY")
@click.option("-x", "x", metavar="NAME[=FROM:TO]", type=Range(), help="Horizontal parameter.")
@click.option("-y", "y", metavar="NAME[=FROM:TO]", type=Range(), help="Vertical parameter.")
@ingredients
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the server; any that is free.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open nothing.")
@click.option(
    "-o", "output", metavar="FILE", type=OutputFile(".html"), help="Write one page that needs no server."
)
@click.option(
    "--points",
    type=click.IntRange(2, 200),
    default=33,
    show_default=True,
    help="For -o: points of the grid along either axis.",
)
@click.pass_context
def explore(
    ctx: click.Context,
    /,
    name: str,
    port: int,
    no_browser: bool,
    output: Path | None,
    points: int,
    rsb: int,
    given: dict[str, Any],
    x: Span | None,
    y: Span | None,
    **units: Any,
) -> None:
    """Explore a phase diagram on a page of its own.

    `replica explore hopfield` opens it in the browser: the diagram with a point to drag, or to move by the
    arrow keys; a slider for every parameter; the states at the point with free energies, stability and good
    digits; an order parameter along either axis with its folds; the free energy along an order parameter; a
    machine of finite size beside it, where there is one. Ctrl-C ends it.

    The page is served to this machine alone, 127.0.0.1, and its address holds a token: whoever does not know
    it is not answered.

    With -o the page is one file, without a server and without a network, for lectures: states on a grid of
    points, curves along its rows. Without -x and -y the plane is that of the first parameter and of the
    temperature. A parameter that is not given begins at its default, or inside its usual range.
    """
    kind = theory_named(name, rsb)
    given = {key: value for key, value in units.items() if value is not None} | given
    asked = {"name": theory_called(name), "rsb": rsb, "given": given, "unscaled": False, "x": x, "y": y}
    found = Request(**in_words_of(kind, asked)).plane
    if output is not None:
        _write(found, points, output, ctx.find_root().obj)
    else:
        _serve(found, port, browser=not no_browser)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A theory and a plane; the attributes are options of the command."""

    x: Span | None
    y: Span | None

    @property
    def plane(self) -> Plane:
        """The plane, with the point where it begins."""
        from phase_diagrams.exploring.plane import axes_of, plane

        for span in (self.x, self.y):
            if span is not None and span.values:
                message = f"the page moves continuously; give {span.name}=FROM:TO"
                raise ParameterError(message)
        if (self.x is None) != (self.y is None):
            has, lacks = ("-x", "-y") if self.y is None else ("-y", "-x")
            message = f"a plane has two parameters: add {lacks} NAME or {lacks} NAME=FROM:TO to {has}"
            raise ParameterError(message)
        x, y = (self.x, self.y) if self.x and self.y else map(Span, axes_of(self.kind))
        fields = self.kind.parameters()
        free = [name for name in (x.name, y.name) if name not in self.given]
        free += [
            name
            for name, about in fields.items()
            if about.required and about.kind == "number" and name not in (*self.given, *free)
        ]
        theory = self.build(free)
        return plane(theory, x.name, y.name, xlim=x.limits, ylim=y.limits, given=tuple(self.given))


def _write(found: Plane, points: int, output: Path, command: list[str]) -> None:
    """Compute the grid, and write the page."""
    from phase_diagrams.exploring.document import alone
    from phase_diagrams.exploring.precomputed import precomputed
    from phase_diagrams.storage.files import write_atomic

    came_from = origin(command)
    told = (lambda sentence: click.echo(sentence, err=True)) if sys.stderr.isatty() else (lambda _: None)
    write_atomic(output, alone(found, precomputed(found, points, told), came_from))
    click.echo(f"wrote {output}", err=True)


def _serve(found: Plane, port: int, *, browser: bool) -> None:
    """Serve the page until Ctrl-C."""
    from phase_diagrams.exploring.server import Server

    try:
        server = Server(found, port)
    except OSError as error:
        message = f"cannot listen on port {port}: {error.strerror}; choose another one, or leave --port out"
        raise ParameterError(message) from error
    with server:
        click.echo(server.address)
        click.echo("Ctrl-C ends it", err=True)
        if browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended", err=True)
