"""Lines: ``line``."""

from __future__ import annotations

from typing import Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import Range, theory, unscaled

__all__ = ["line"]

LINE = """\
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


@click.command(cls=Verb, epilog=LINE)
@theory
@click.argument("boundary", metavar="LINE")
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
@unscaled
def line(as_json: bool, **asked: Any) -> None:
    """Trace a phase boundary of a theory.

    The plane is that of two control parameters; ranges that are not given are the typical ones. A re-entrant
    line has several points at one value of x. A point that does not exist is null in JSON, with the reason as
    its status. Special points that are met on the way (where the line ends, turns, or crosses another line)
    are located as well, and stand under the table.
    """
    from phase_diagrams.commands.tracing import Request
    from replica.errors import ConvergenceError

    request = Request(**asked)
    try:
        found = request.run()
    except ConvergenceError as error:
        if as_json:
            request.print_failure(error)
        raise
    request.print(found, as_json)
