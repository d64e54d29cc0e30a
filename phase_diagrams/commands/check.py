"""``check``: whether a theory, or a model of one's own, is consistent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import theory
from phase_diagrams.commands.shared.printing import print_json, print_table, progress
from replica.errors import ReplicaError, UnknownNameError

if TYPE_CHECKING:
    from replica.testing import Failure

__all__ = ["check"]

EXAMPLE = """\
$ replica check network.toml -p alpha=0.05 -p T=0.3 --branch retrieval
network(alpha=0.05, T=0.3)

declarations  ok  what is declared exists, and is called one thing only
value         ok  a theory is a value: equality, hash, copies
replacement   ok  other parameters, other numbers: nothing is kept from before
validation    ok  wrong parameters are refused
states        ok  states from named order parameters
expansion     ok  f in powers of the covariance, to 1/T^3

on the branch  retrieval
solution       ok         the branch has a solution here
stationarity   ok         df/dx = 0 where x = update(x)
sensitivity    ok         and nowhere near
converse       -          x = update(x) where df/dx = 0
jacobian       ok         the Jacobian is the derivative of update
slope          -          df/d(parameter) is that of f
envelope       ok         df/d(parameter) along the branch
entropy        ok         -df/dT
batch          ok         many points are solved like one
starts         ok         starts of many points
mpmath         ok         the same in arbitrary precision
digits         ok         and with all digits
symmetry       ok         what may change sign together
cold           ok         T = 0 is the limit of T > 0
one-step       ok         the replicon is a curvature of f with one step of breaking

note: converse (retrieval): with several unknowns a free energy may be stationary elsewhere, too
note: slope (retrieval): none of its own; it is differenced
"""

WORDS = {
    "declarations": "what is declared exists, and is called one thing only",
    "value": "a theory is a value: equality, hash, copies",
    "replacement": "other parameters, other numbers: nothing is kept from before",
    "validation": "wrong parameters are refused",
    "states": "states from named order parameters",
    "expansion": "f in powers of the covariance, to 1/T^3",
    "solution": "the branch has a solution here",
    "stationarity": "df/dx = 0 where x = update(x)",
    "sensitivity": "and nowhere near",
    "converse": "x = update(x) where df/dx = 0",
    "jacobian": "the Jacobian is the derivative of update",
    "slope": "df/d(parameter) is that of f",
    "envelope": "df/d(parameter) along the branch",
    "entropy": "-df/dT",
    "batch": "many points are solved like one",
    "starts": "starts of many points",
    "mpmath": "the same in arbitrary precision",
    "digits": "and with all digits",
    "symmetry": "what may change sign together",
    "cold": "T = 0 is the limit of T > 0",
    "one-step": "the replicon is a curvature of f with one step of breaking",
}
"""What is checked, in words."""

GOOD, BAD, OPEN = "ok", "FAILS", "-"


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.option(
    "--branch",
    shell_complete=branches,
    metavar="BRANCH|all",
    default="all",
    show_default=True,
    help="Which is checked.",
)
@click.option(
    "--without",
    metavar="CHECK",
    multiple=True,
    help="Leave a check out, such as digits where integrals are slow; once for each.",
)
@click.option("--unscaled", is_flag=True, hidden=True)
def check(as_json: bool, **asked: Any) -> None:
    """Check whether a theory or a model is consistent.

    At one point of its parameters, formulas are checked against each other: the free energy is stationary
    where the equations hold, its derivatives are what they are called, a batch is a loop, T = 0 is the limit
    of T > 0, symmetries hold.
    Of a model further: its free energy is that of its covariance, order by order, and its replicon is the
    curvature in the direction of one step of replica symmetry breaking. Take a point well inside a phase.
    Ends with code 1 if a check fails.
    """
    Request(**asked).run(as_json)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """What is to be checked; the attributes are the options of the command."""

    branch: str
    without: tuple[str, ...]

    def run(self, as_json: bool) -> None:
        """Run the checks and print a table of them."""
        from replica.testing import CheckError, theory_checks

        theory = self.build()
        for name in self.without:
            if name not in WORDS:
                raise UnknownNameError(what="check", name=name, known=WORDS)
        branches = theory.available if self.branch == "all" else (self.branch,)
        results: dict[str, dict[str, str]] = {}
        notes: dict[str, str] = {}
        failures: list[Failure] = []
        checks = [
            one
            for one in theory_checks(theory, None if self.branch == "all" else branches)
            if one.name not in self.without
        ]
        with progress("checks") as report:
            for number, one in enumerate(checks):
                try:
                    note = one()
                    found = OPEN if note and one.name != "jacobian" else GOOD
                    if note:
                        notes[str(one)] = note
                except CheckError as error:
                    found = BAD
                    failures += error.failures
                results.setdefault(one.name, {})[one.branch] = found
                if report is not None:
                    report(number + 1, len(checks))
        if as_json:
            told = {str(one.check) + f" ({one.branch})" * bool(one.branch): str(one) for one in failures}
            print_json({"theory": theory.describe(), "checks": results, "notes": notes, "failures": told})
        else:
            self.print(theory.describe(), branches, results, notes, failures)
        if failures:
            message = f"{theory.describe()}: {len(failures)} of {len(checks)} checks failed"
            raise ReplicaError(message)

    def print(
        self,
        head: str,
        branches: tuple[str, ...],
        results: dict[str, dict[str, str]],
        notes: dict[str, str],
        failures: list[Failure],
    ) -> None:
        """A row for each check, a column for each branch; below them what failed, and what was not asked."""
        click.echo(f"{head}\n")
        alone = {name: found[""] for name, found in results.items() if "" in found}
        print_table([(name, found, WORDS.get(name, "")) for name, found in alone.items()])
        click.echo()
        rows: list[tuple[str, ...]] = [("on the branch", *branches, "")]
        for name, found in results.items():
            if name not in alone:
                rows.append((name, *(found.get(branch, OPEN) for branch in branches), WORDS.get(name, "")))
        print_table(rows)
        for failure in failures:
            click.echo(f"\n{failure}")
        if notes:
            click.echo()
            reasons: dict[str, list[str]] = {}
            for what, why in notes.items():
                reasons.setdefault(why, []).append(what)
            for why, those in reasons.items():
                click.echo(f"note: {', '.join(those) if len(those) < 4 else f'{len(those)} checks'}: {why}")
