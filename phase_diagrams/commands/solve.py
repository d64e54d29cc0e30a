"""``solve``: the saddle-point equations of a theory at one point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.certified import (
    certificate,
    certifying,
    print_certificate,
    refuse_others,
)
from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.continuous import FullRequest
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.names import FULL
from phase_diagrams.commands.shared.options import DIGITS, Assignment, OutputFile, once, theory, unscaled
from phase_diagrams.commands.shared.printing import (
    good_digits,
    known,
    number,
    print_json,
    print_table,
    signs,
    symmetry,
    unsigned,
    where,
)
from replica.errors import BranchError, ConvergenceError, ParameterError

if TYPE_CHECKING:
    from replica.solving import Solution, Solver
    from replica.theory import Theory

__all__ = ["solve"]

EXAMPLE = """\
$ replica solve hopfield -p alpha=0.05 -p T=0.2
hopfield at alpha = 0.05, T = 0.2

branch        retrieval
m             0.998877763094    overlap with the retrieved pattern
C             0.0108479451842   susceptibility (1 - q)/T of a neuron
q             0.997830410963    overlap of two replicas (Edwards-Anderson)
r             1.01983666315     noise of the other patterns; alpha r is its variance
free energy   -0.500111164982
energy        -0.499429143949
entropy       0.00341010516903
replicon      0.999744532213
Hessian of f  + +               signs of its eigenvalues
status        converged
residual      8.7e-18           largest, undamped
iterations    6

$ replica solve compositional -p alpha=0.5 -p theta=1.5 -p g=-0.21 \\
      --minimise l
compositional at alpha = 0.5, theta = 1.5, g = -0.21, l = 0.383193480646, p = 0

branch            retrieval
m                 0.839955457292     overlap of the strong hidden units
q                 0.146532186656     activity of the visible units
C                 0                  response of the visible units
r                 6.58016665777e-07  mean square of the weak hidden units
B                 4.45427075236e-05  response of the weak hidden units
free energy       -0.00302248601457
energy            -0.00302248601457
replicon          -inf
replica symmetry  broken             negative replicon: the state is an approximation
Hessian of f      + + +              signs of its eigenvalues
status            converged
residual          0                  largest, undamped
iterations        5

$ replica solve random-rbm --visible bernoulli:g=-0.2 --hidden relu:theta=1 \\
      -p alpha=0.5 -p T=0.02 -p l=1
random-rbm at visible = bernoulli:g=-0.2, hidden = relu:theta=1, alpha = 0.5, T = 0.02, l = 1, p = 0

branch        retrieval
m             0.672157579728    overlap of the strong hidden units
q             0.26566076404     overlap of two replicas of the visible units
r             0.00308887350077  overlap of two replicas of the weak hidden units
B             0.0521734280719   response of the weak hidden units
C             0.0488586683351   response of the visible units
free energy   0.0339478941295
energy        0.00582002546768
entropy       -1.40639343309
replicon      0.999238883616
Hessian of f  + + +  - -        signs of its eigenvalues
status        converged
residual      1.7e-16           largest, undamped
iterations    5

$ replica solve sherrington-kirkpatrick --rsb 1 -p T=0.2
sherrington-kirkpatrick-1rsb at T = 0.2, J0 = 0, h = 0

branch            glass
m                 0                magnetisation
C                 0.442993298763   response (1 - q1)/T inside one state
B                 0.527893094625   response (q1 - q0)/tau through a change of state
tau               1.03240518       effective temperature of the states, T/x
q1                0.911401340247   overlap of two replicas in the same state
q0                0.366401774872   overlap of two replicas in different states
x                 0.193722391049   Parisi's breaking parameter: the weight of pairs in different states
J0_c              1.02998662543    bias beyond which a glass without magnetisation gets one
free energy       -0.765562227474
energy            -0.760640712869
entropy           0.0246075730226
replicon          -0.446415343461
replica symmetry  broken           negative replicon: the state is an approximation
Hessian of f      - - -  ?         signs of its eigenvalues; ? where f does not tell
status            converged
residual          2.2e-16          largest, undamped
iterations        9
"""

MEASURES = ("free_energy", "energy", "entropy", "replicon")
EVERY = "all"

FEW = 10
"""Good digits of an order parameter below which double precision is called exhausted."""


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.option(
    "--branch", shell_complete=branches, help="A branch, or all; without it the first one that show names."
)
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
@click.option(
    "--profile",
    metavar="FILE",
    type=OutputFile(".csv", stdout=True),
    help="With --rsb full: q, mu = x/T, x and P(q) as a .csv file, or - for stdout.",
)
@certifying
@unscaled
def solve(as_json: bool, profile: Path | str | None, **asked: Any) -> None:
    """Solve the saddle-point equations of a theory at one point.

    With a start (-x) or with settings of the solver the run is exactly that one. Otherwise Newton's method
    starts on the branch; where that fails, the branch is followed from the limit in which it is known.

    Where the replicon is negative the state is an approximation, and the row replica symmetry says broken.
    A question mark among the signs of the Hessian is an eigenvalue that differences of f do not tell.

    In JSON, null is a quantity that the theory does not define; a replicon of -Infinity is the limit T -> 0
    of a broken replica symmetry; hessian_undetermined counts the eigenvalues without a sign.
    """
    if asked["rsb"] == FULL:
        settings = ("over", "start", "solver", "damping", "tol", "max_iter", "digits", "certify", "output")
        if any([asked.pop(name) for name in settings]):
            message = (
                f"--rsb {FULL} has its own solver and start; leave -x, --minimise, --digits and settings out"
            )
            raise ParameterError(message)
        full = FullRequest(**asked)
        full.print(full.run(), as_json, profile)
        return
    if profile is not None:
        message = f"--profile is the function q(x) of infinitely many steps; add --rsb {FULL}"
        raise ParameterError(message)
    request = Request(**asked)
    try:
        states = request.run()
        if request.certify:
            request.print_certified(states[0], as_json)
            return
    except ConvergenceError as error:
        if as_json:
            request.print_failure(error)
        raise
    request.print(states, as_json)


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A point, and how it is to be solved; the attributes are the options of the command."""

    branch: str | None
    over: str | None
    start: dict[str, float]
    solver: str | None
    damping: float | None
    tol: float | None
    max_iter: int | None
    digits: int | None
    certify: int | None
    output: Path | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        several = self.branch == EVERY and "--branch all"
        refuse_others(
            self.certify,
            {
                "--digits": self.digits,
                "--minimise": self.over,
                "--unscaled": self.unscaled,
                several or "-": several,
            },
        )
        clashes = {
            "give either --branch or a start (-x)": self.branch and self.start,
            "--minimise follows one branch; leave --branch all out": self.over and self.branch == EVERY,
            "--minimise has its own solver and start; leave -x, --solver, --tol and --max-iter out": self.over
            and (self.start or self.method),
            "--digits does not go with --minimise; minimise first, then solve at the minimum": self.over
            and self.digits,
            "--digits does not go with --unscaled; leave one of them out": self.unscaled and self.digits,
        }
        for sentence, clash in clashes.items():
            if clash:
                raise ParameterError(sentence)

    @cached_property
    def method(self) -> Solver | None:
        """The solver that was described, if any was."""
        return chosen_solver(self.solver, self.damping, self.tol, self.max_iter)

    @cached_property
    def theory(self) -> Theory:
        """The theory at the point; a parameter that is minimised over has a value to begin with."""
        return self.build([self.over] if self.over else [])

    def run(self) -> list[Solution]:
        """Solve; every state in the answer has converged."""
        from replica.solving import minimise, search, solve

        theory = self.theory
        if self.branch == EVERY:
            states = search(theory, solver=self.method)
            if not states:
                hints = dict.fromkeys(filter(None, map(theory.hint, theory.branches)))
                message = "; ".join(
                    [f"{theory.describe()}: none of the named branches has a solution here", *hints]
                )
                raise BranchError(message)
            return states
        if self.over:
            return [minimise(theory, self.branch, self.over)]
        if self.start:
            return [solve(theory, start=self.scaled_start, solver=self.method, throw=False).require()]
        if self.method:
            return [solve(theory, self.branch, solver=self.method, throw=False).require()]
        return [solve(theory, self.branch)]

    @property
    def scaled_start(self) -> dict[str, float]:
        """The start, in the units of the theory."""
        return {name: value / self.rescaled(self.theory, name, 1.0) for name, value in self.start.items()}

    def report(self, state: Solution) -> dict[str, Any]:
        """All there is to say about a state."""
        from replica.solving import polish
        from replica.solving.derivatives import signature

        order, residual = state.order, state.residual
        measures = {name: getattr(state, name) for name in MEASURES}
        errors = state.uncertainties if state.success else {}
        error = float(errors.get("replicon", 0.0))
        if math.isnan(error):  # an infinite replicon has a sign
            error = 0.0
        if self.digits and state.success:
            precise = polish(state, self.digits)
            order, measures, residual, error = precise.order, precise.measures, precise.residual, 0.0
            if measures["replicon"] is not None and abs(float(measures["replicon"])) < 10.0**-self.digits:
                error = 10.0**-self.digits  # noise around zero
            told = {name: value for name, value in (order | measures).items() if value is not None}
            errors = {name: abs(float(value)) * 10.0**-self.digits for name, value in told.items()}
        spectrum = signature(state.theory, state.x)
        return {
            "branch": state.branch,
            "order": {name: self.rescaled(state.theory, name, value) for name, value in order.items()},
            **{name: self.rescaled(state.theory, name, value) for name, value in measures.items()},
            "replica_symmetry": symmetry(measures["replicon"], error),
            "replicon_error": None if measures["replicon"] is None else error,
            "uncertainty": {
                name: abs(self.rescaled(state.theory, name, float(value))) for name, value in errors.items()
            },
            "hessian_signature": spectrum,
            "hessian_undetermined": len(state.x) - sum(spectrum),
            "status": state.outcome.value,
            "residual": residual,
            "iterations": int(state.iterations),
        }

    def print_certified(self, state: Solution, as_json: bool) -> None:
        """Prove that the state is there, and print the proof."""
        found = certificate(state, self.certify or 0, self.output)
        values = self.parameters(state.theory)
        if as_json:
            told = {
                "branch": state.branch,
                "enclosures": found.claim,
                "status": "certified",
                "digits": found.digits,
            }
            print_json({"theory": self.kind.name, "parameters": values, **told})
            return
        click.echo(f"{self.kind.name} at {where(values)}\n")
        print_certificate(found, self.kind.symbols)

    def print(self, states: list[Solution], as_json: bool) -> None:
        """Print the answer."""
        reports = [self.report(state) for state in states]
        values = self.parameters(states[0].theory, [self.over or ""])
        notes = [note for note in map(exhausted, reports) if note]
        if as_json:
            for one in reports:
                one |= {"note": exhausted(one)} if exhausted(one) else {}
            told = reports[0]
            if self.branch == EVERY:
                told = {"solutions": reports, "not_found": dict(_missing(states))}
            print_json({"theory": self.kind.name, "parameters": values, **told})
            return
        if self.over:
            values = values | {self.over: known(values[self.over], reports[0]["uncertainty"][self.over])}
        click.echo(f"{self.kind.name} at {where(values)}\n")
        print_table(self.rows(reports))
        if missing := _missing(states):
            click.echo()
            print_table([(f"no {name}", why) for name, why in missing.items()])
        if self.branch == EVERY:
            click.echo("\nonly the named branches were looked for")
        for note in notes:
            click.echo(f"\n{note}")

    def rows(self, reports: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        """A table with one column per state."""
        words = self.kind.symbols

        def row(label: str, values: Any, note: str = "") -> tuple[str, ...]:
            return (label, *values, note)

        rows = [row("branch", (one["branch"] or "from the start given" for one in reports))]
        for name in reports[0]["order"]:
            rows.append(row(name, (_shown(one, one["order"], name) for one in reports), words.get(name, "")))
        for name in MEASURES:
            if any(one[name] is not None for one in reports):
                label = self.kind.functional if name == "free_energy" else name.replace("_", " ")
                rows.append(row(label, (_measure(one, name) for one in reports)))
        found = [one["replica_symmetry"] for one in reports]
        if {"broken", "undetermined"} & set(found):
            rows.append(row("replica symmetry", (word or "" for word in found), _meaning(found)))
        spectra = [
            signs(one["hessian_signature"], sum(one["hessian_signature"]) + one["hessian_undetermined"])
            for one in reports
        ]
        unknown = "; ? where f does not tell" if "?" in "".join(spectra) else ""
        rows.append(row("Hessian of f", spectra, f"signs of its eigenvalues{unknown}"))
        rows.append(row("status", (one["status"] for one in reports)))
        rows.append(row("residual", (number(one["residual"], 2) for one in reports), "largest, undamped"))
        rows.append(row("iterations", (str(one["iterations"]) for one in reports)))
        return rows

    def print_failure(self, error: ConvergenceError) -> None:
        """Print the JSON object of a run that did not converge: where it stood, or only why."""
        state = error.solution
        told = {"branch": self.branch, "status": "not found"} if state is None else self.report(state)
        values = {name: value for name, value in self.parameters(self.theory).items() if name != self.over}
        print_json({"theory": self.kind.name, "parameters": values, **told, "reason": str(error)})


def exhausted(report: dict[str, Any]) -> str:
    """What to do where double precision leaves few digits of the order parameters, else an empty text."""
    errors = report["uncertainty"]
    digits = {
        name: good_digits(value, errors[name])
        for name, value in report["order"].items()
        if name in errors and not isinstance(value, str) and errors[name] > 1e-14
    }
    if not digits or min(digits.values()) >= FEW:
        return ""
    worst = min(digits, key=lambda name: digits[name])
    good = f"to {digits[worst]} digits" if digits[worst] else "to no digit"
    return f"double precision is exhausted: {worst} is good {good}; --digits 20 computes more"


def _shown(report: dict[str, Any], values: dict[str, Any], name: str) -> str:
    """A number of a report with its good digits."""
    return known(values[name], report["uncertainty"].get(name))


def chosen_solver(
    name: str | None, damping: float | None, tol: float | None, max_iter: int | None
) -> Solver | None:
    """Return the solver that the user described; None if nothing was said."""
    from replica.solving import FixedPoint, Newton

    if damping is not None and name != "fixed-point":
        message = "--damping belongs to the damped iteration; add --solver fixed-point"
        raise ParameterError(message)
    settings = {"damping": damping, "tol": tol, "max_iterations": max_iter}
    chosen: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
    if name == "fixed-point":
        return FixedPoint(**chosen)
    return Newton(**chosen) if name or chosen else None


def _missing(states: list[Solution]) -> Mapping[str, str]:
    """The named branches that a search did not find, and why."""
    return getattr(states, "missing", {})


def _measure(report: dict[str, Any], name: str) -> str:
    """A measure with its digits; of a replicon without a sign, its error."""
    if name == "replicon" and report["replica_symmetry"] == "undetermined":
        return unsigned(report["replicon_error"])
    return _shown(report, report, name)


def _meaning(words: Iterable[str | None]) -> str:
    """What the words of replica symmetry say, for the note beside them."""
    texts = {
        "broken": "negative replicon: the state is an approximation",
        "undetermined": "the replicon is 0 to its digits; --digits gives its sign",
    }
    return "; ".join(text for word, text in texts.items() if word in words)
