"""``curve``: order parameters of a theory against one of its control parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.completing import quantities
from phase_diagrams.commands.shared.door import Absence, Verb
from phase_diagrams.commands.shared.drawing import Look, origin, paint, write, write_table
from phase_diagrams.commands.shared.options import PICTURES, OutputFile, Range, Span, looks, theory
from phase_diagrams.commands.shared.printing import known, number, print_json, print_table, where
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.tracing.curves import Curve
    from replica.theory import Theory

__all__ = ["curve"]

EXAMPLE = """\
$ replica curve hopfield m -x alpha=0:0.15 -p T=0
m of hopfield at T = 0
against alpha from 0 to 0.15

branch               alpha                  m
retrieval  stable    0         to 0.137906  1         to 0.967417
retrieval  unstable  0.137906  to 1.5e-05   0.967417  to 0.0962605
glass      stable    1.5e-05   to 0.15      0         to 0

replica symmetry is broken on a part of it (negative replicon): an approximation there

special points, to the digits that are good

branch     point  alpha           m
retrieval  fold   0.137905566495  0.967417115685
$ replica curve hopfield m q free_energy -x T=0:1.2 -p alpha=0.05 -o curve.csv
wrote curve.csv
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=quantities)
@click.option(
    "-x",
    "x",
    metavar="PARAMETER[=FROM:TO]",
    type=Range(),
    required=True,
    help="The control parameter, and its range; by default the typical one.",
)
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".csv", *PICTURES, ".json", ".nc", stdout=True, spares=("sweep", "samples")),
    help="A .csv, .png, .pdf, .svg, .pgf, .json or .nc file; or - for CSV on stdout.",
)
@looks
@click.pass_context
def curve(ctx: click.Context, /, output: Path | str | None, look: Look, as_json: bool, **asked: Any) -> None:
    """Trace order parameters against a control parameter.

    All branches that are connected to a named one, stable and unstable parts, through their folds. NAME is an
    order parameter that `replica show THEORY` names, a derived one, or free_energy, energy, entropy,
    replicon; each has a panel of the picture, and a column of the table.

    A part is stable where damped iteration of the equations leads to it. Folds, and branch points where
    another branch begins, are located by Newton's method and are points of the curve. `replica draw` draws
    a .json file again.
    """
    if look.asked and not (isinstance(output, Path) and output.suffix.lower() in PICTURES):
        message = (
            "--style, --size, --dpi and --title are for a picture; add -o FILE with .png, .pdf, .svg or .pgf"
        )
        raise ParameterError(message)
    request = Request(**asked, unscaled=False)
    found = request.run()
    request.write(found, output, look, ctx.find_root().obj)
    if as_json:
        request.print_json(found)
    elif output is None:
        request.print(found)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if found.notes:
        message = "the curve may be incomplete; the notes above say where"
        raise Absence(message)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A theory, what is wanted of it, and the parameter that varies; the attributes are options."""

    names: tuple[str, ...]
    x: Span

    @property
    def theory(self) -> Theory:
        """The theory; the parameter that varies has a value to begin with."""
        if self.x.values:
            name, (low, high) = self.x.name, self.x.limits or (0.0, 0.0)
            message = f"curves are traced, not computed point by point; give -x {name}={low:g}:{high:g}"
            raise ParameterError(message)
        return self.build([self.x.name])

    def run(self) -> Curve:
        """Trace the curve."""
        from phase_diagrams.tracing.curves import curve

        theory = self.theory
        if any("," in name for name in self.names):
            message = f"names are separated by spaces: {' '.join(self.names).replace(',', ' ')}"
            raise ParameterError(message)
        limits = self.x.limits or self.kind.parameters()[self.x.name].typical
        return curve(theory, *self.names, **{self.x.name: limits})

    def write(self, found: Curve, output: Path | str | None, look: Look, command: list[str]) -> None:
        """Write the curve to a file, or as CSV to stdout."""
        if output is None:
            return
        if isinstance(output, str) or output.suffix.lower() == ".csv":
            write_table(found.columns, output)
            return
        suffix = output.suffix.lower()
        if suffix in (*PICTURES, ".json"):
            diagram = found.diagram()
            diagram = replace(diagram, provenance={**diagram.provenance, **origin(command)})
            if suffix == ".json":
                write(diagram, output)
            else:
                paint(diagram, output, look)
            return
        from phase_diagrams.sweeping.files import columns_to_netcdf

        about = {"theory": self.kind.name, **found.fixed, **origin(command)}
        columns_to_netcdf(found.columns, output, about)
        click.echo(f"wrote {output}", err=True)

    def print(self, found: Curve) -> None:
        """Print where the parts begin and end, and the special points."""
        x, (low, high) = found.parameter, found.limits
        at = f" at {where(found.fixed)}" if found.fixed else ""
        click.echo(f"{', '.join(found.names)} of {self.kind.name}{at}")
        click.echo(f"against {x} from {low:g} to {high:g}\n")
        rows = [("branch", "", *(cell for name in (x, *found.names) for cell in (name, "")))]
        table = found.columns
        parts = [i for i, part in enumerate(table["part"]) if part not in table["part"][:i]]
        for first, after in zip(parts, [*parts[1:], len(table["part"])], strict=True):
            ends = [
                cell
                for name in (x, *found.names)
                for cell in (number(table[name][first], 6), f"to {number(table[name][after - 1], 6)}")
            ]
            rows.append((table["branch"][first], table["stability"][first], *ends))
        print_table(rows)
        if "broken" in table["replica_symmetry"]:
            click.echo(
                "\nreplica symmetry is broken on a part of it (negative replicon): an approximation there"
            )
        if found.special:
            click.echo("\nspecial points, to the digits that are good\n")
            print_table(
                [("branch", "point", x, *found.names)]
                + [
                    (p["branch"], p["kind"], *(known(p[n], p["uncertainty"][n]) for n in (x, *found.names)))
                    for p in found.special
                ]
            )

    def print_json(self, found: Curve) -> None:
        """Print the JSON object."""
        print_json(
            {
                "theory": self.kind.name,
                "parameters": found.fixed,
                "x": found.parameter,
                "columns": found.columns,
                "special": found.special,
                "notes": found.notes,
            }
        )
