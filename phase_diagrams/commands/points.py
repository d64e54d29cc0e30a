"""One point: ``solve`` and ``capacity``."""

from __future__ import annotations

from typing import Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import Assignment, once, theory

__all__ = ["capacity", "solve"]

DIGITS = click.IntRange(1, 1000)

SOLVE = """\
$ replica solve hopfield -p alpha=0.05 -p T=0.2
"""

CAPACITY = """\
$ replica capacity hopfield
"""


@click.command(cls=Verb, epilog=SOLVE)
@theory
@click.option("--branch", help="A branch, or all; without it the first one that show names.")
@click.option(
    "--minimise", "over", metavar="NAME", help="Minimise the free energy over a parameter, such as l."
)
@click.option(
    "-x",
    "start",
    metavar="NAME=VALUE",
    type=Assignment(),
    multiple=True,
    callback=once,
    help="An order parameter to start from, such as m=1; once for each.",
)
@click.option("--solver", type=click.Choice(["newton", "fixed-point"]), help="newton if not given.")
@click.option("--damping", type=float, help="Share of the new value in the fixed-point iteration, in (0, 1].")
@click.option("--tol", type=float, help="Largest undamped residual of a solution.")
@click.option("--max-iter", type=int, help="Largest number of iterations.")
@click.option("--digits", type=DIGITS, help="Significant digits, computed with mpmath.")
@click.option("--unscaled", is_flag=True, help="Read and print unscaled quantities (compositional, p > 0).")
def solve(as_json: bool, **asked: Any) -> None:
    """Solve the saddle-point equations of a theory at one point.

    With a start (-x) or with settings of the solver the run is exactly that one. Otherwise Newton's method
    starts on the branch; where that fails, the branch is followed from the limit in which it is known.

    In JSON, null is a quantity that the theory does not define; a replicon of -Infinity is the limit T -> 0
    of a broken replica symmetry.
    """
    from phase_diagrams.commands.solving import Request
    from replica.errors import ConvergenceError

    request = Request(**asked)
    try:
        states = request.run()
    except ConvergenceError as error:
        if as_json:
            request.print_failure(error)
        raise
    request.print(states, as_json)


@click.command(cls=Verb, epilog=CAPACITY)
@theory
@click.option("--digits", type=DIGITS, help="Significant digits, computed with mpmath.")
def capacity(as_json: bool, **asked: Any) -> None:
    """Locate the critical value of a theory.

    That is a storage capacity or a transition temperature; `replica show THEORY` names it. The parameter that
    is computed is not given. The value is printed with the digits that are good, and the output says how they
    were established.
    """
    from phase_diagrams.commands.locating import Question
    from replica.errors import ConvergenceError

    question = Question(**asked)
    try:
        answer = question.run()
    except ConvergenceError as error:
        if as_json:
            question.print_failure(error)
        raise
    question.print(answer, as_json)
