"""``capacity``: the critical value of a theory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import Asked, check_free
from phase_diagrams.commands.shared.certified import (
    certificate,
    certifying,
    print_certificate,
    refuse_others,
)
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import DIGITS, theory, unscaled
from phase_diagrams.commands.shared.printing import describe, known, print_json, print_table, where
from replica.errors import ConvergenceError, LocateError, ParameterError

if TYPE_CHECKING:
    from replica.solving import Located
    from replica.theory import Boundary, Critical, Theory

__all__ = ["capacity"]

EXAMPLE = """\
$ replica capacity hopfield
alpha_c = 0.137905566494932: largest load with a retrieval solution
hopfield at T = 0

m  0.967417115685292  overlap with the retrieved pattern
C  0.179611796224550  susceptibility (1 - q)/T of a neuron
q  1.00000000000000   overlap of two replicas (Edwards-Anderson)
r  1.48580284574130   noise of the other patterns; alpha r is its variance

15 good digits, computed with mpmath at two precisions that agree
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 2.9e-42
replica symmetry is broken there (negative replicon): the value is an approximation

$ replica capacity hopfield --digits 50
alpha_c = 0.13790556649493173784363612321812435611970142185374: largest load with a retrieval solution
hopfield at T = 0

m  0.96741711568529159198408029665859407080915380950649  overlap with the retrieved pattern
C  0.17961179622455011872856377571032229823179629307472  susceptibility (1 - q)/T of a neuron
q  1.0000000000000000000000000000000000000000000000000   overlap of two replicas (Edwards-Anderson)
r  1.4858028457412967075198278356540130610494894805185   noise of the other patterns; alpha r is its variance

50 good digits, computed with mpmath at two precisions that agree
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 8.6e-78
replica symmetry is broken there (negative replicon): the value is an approximation

$ replica capacity hopfield -p T=0.3 --certify 18
alpha_c = 0.103329782579058885 +/- 1.3e-19: largest load with a retrieval solution
hopfield at T = 0.3

m            0.929212370553505354 +/- 2.2e-19   overlap with the retrieved pattern
C            0.296722636265793219 +/- 1.3e-19   susceptibility (1 - q)/T of a neuron
q            0.910983209120262034 +/- 2.9e-19   overlap of two replicas (Edwards-Anderson)
r            1.84186202640766365 +/- 1.5e-18    noise of the other patterns; alpha r is its variance
free energy  -0.505013272672773534 +/- 2.4e-19

18 certified digits: Krawczyk's test on the fold, with 30 digits
certified: the saddle-point equations, as written, have exactly one solution in a box around this one
not certified: that it is the branch it is called, that none lies outside, and replica symmetry

$ replica capacity hopfield --rsb 1
alpha_c = 0.13818648956487: largest load with a retrieval solution
hopfield-1rsb at T = 0

m    0.966778016289   overlap with the retrieved pattern
C    0.0528980966347  response (1 - q1)/T inside one state
B    0.129179712245   response (q1 - q0)/tau through a change of state
tau  0.0271857000937  effective temperature of the states, T/x
q1   1                overlap of two replicas in the same state
q0   0.996488159085   overlap of two replicas in different states
x    0                Parisi's breaking parameter: the weight of pairs in different states
r1   1.49405966781    noise of the other patterns, shared inside a state
r0   1.48952624596    noise of the other patterns, shared between states

14 good digits, from the residual and the conditioning of the equations in float64
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 2.0e-15
replica symmetry is broken there (negative replicon): the value is an approximation
"""


BROKEN = "replica symmetry is broken there (negative replicon): the value is an approximation"


@click.command(cls=Verb, epilog=EXAMPLE)
@theory
@click.option("--digits", type=DIGITS, help="Significant digits, computed with mpmath.")
@certifying
@unscaled
def capacity(as_json: bool, **asked: Any) -> None:
    """Locate the critical value of a theory.

    That is a storage capacity or a transition temperature; `replica show THEORY` names it. The parameter that
    is computed is not given. The value is printed with the digits that are good, and the output says how they
    were established.
    """
    question = Question(**asked)
    try:
        if question.certify:
            question.print_certified(as_json)
            return
        answer = question.run()
    except ConvergenceError as error:
        if as_json:
            question.print_failure(error)
        raise
    question.print(answer, as_json)


@dataclass(frozen=True)
class Answer:
    """A located point and the digits that are good.

    Attributes
    ----------
    point : Located
    value : str
        With exactly the good digits.
    order : dict of str to float or str
    uncertainty : dict of str to float
        Of `value`, by the name of the parameter, and of the order parameters.
    residual : float
    digits : int
    how : str
        How the digits were established.
    """

    point: Located
    value: str
    order: dict[str, Any]
    uncertainty: dict[str, float]
    residual: float
    digits: int
    how: str


@dataclass(frozen=True, kw_only=True)
class Question(Asked):
    """A theory whose critical value is wanted; the attributes are the options of the command."""

    digits: int | None
    certify: int | None
    output: Path | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        refuse_others(self.certify, {"--digits": self.digits, "--unscaled": self.unscaled})
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

    def locate(self) -> Located:
        """Locate the point."""
        from replica.solving import critical

        point = critical(self.theory)
        if not point.located:
            low, high = point.bracket or (float("nan"),) * 2
            message = f"{self.critical.symbol} lies between {low:g} and {high:g}, but was not located"
            raise LocateError(message, point.bracket)
        return point

    def print_certified(self, as_json: bool) -> None:
        """Prove that the point is there, and print the proof."""
        point = self.locate()
        found = certificate(point, self.certify or 0, self.output)
        if as_json:
            method = f"{describe(self.boundary)}; Krawczyk's test with {found.precision} digits"
            self.print_json(
                value=found.value(point.parameter),
                order={name: found.value(name) for name in found.claim if name in point.order},
                enclosures=found.claim,
                status="certified",
                digits=found.digits,
                method=method,
                broken=point.broken,
            )
            return
        self.print_head(found.claim[point.parameter])
        print_certificate(found, self.kind.symbols, point.parameter)
        if point.broken:
            click.echo(BROKEN)

    def run(self) -> Answer:
        """Locate the point and establish its digits."""
        from replica.solving import polish, quick_digits

        point = self.locate()
        wanted = self.digits or (0 if self.unscaled else quick_digits(point))
        if wanted:
            precise = polish(point, wanted)
            how = "computed with mpmath at two precisions that agree"
            value, digits = str(precise.value), precise.digits
            settled = {name: float(one) for name, one in precise.order.items()} | {
                point.parameter: float(value)
            }
            errors = {name: abs(one) * 10.0**-digits for name, one in settled.items()}
            return Answer(point, value, dict(precise.order), errors, precise.residual, digits, how)
        digits = max(point.digits, 1)
        how = "from the residual and the conditioning of the equations in float64"
        value = self.rescaled(point.theory, point.parameter, point.value)
        order = {name: self.rescaled(point.theory, name, one) for name, one in point.order.items()}
        errors = point.uncertainties | {point.parameter: point.uncertainty}
        errors = {name: abs(self.rescaled(point.theory, name, float(one))) for name, one in errors.items()}
        return Answer(point, f"{value:#.{digits}g}", order, errors, point.residual, digits, how)

    def print(self, answer: Answer, as_json: bool) -> None:
        """Print the answer."""
        if as_json:
            keep = bool(self.digits)
            self.print_json(
                value=answer.value if keep else float(answer.value),
                order=answer.order if keep else {name: float(value) for name, value in answer.order.items()},
                uncertainty=answer.uncertainty,
                status="converged",
                residual=answer.residual,
                digits=answer.digits,
                method=f"{self.method}; digits {answer.how}",
                broken=answer.point.broken,
            )
            return
        self.print_head(answer.value)
        words = self.kind.symbols
        shown = [(name, known(value, answer.uncertainty[name])) for name, value in answer.order.items()]
        print_table([(name, value, words.get(name, "")) for name, value in shown])
        click.echo(f"\n{answer.digits} good digits, {answer.how}")
        click.echo(f"{self.method}; residual {answer.residual:.1e}")
        if answer.point.broken:
            click.echo(BROKEN)

    def print_head(self, value: str) -> None:
        """Print the value and where it is one."""
        fixed = where(self.fixed)
        click.echo(f"{self.critical.symbol} = {value}: {self.critical.text}")
        click.echo(f"{self.kind.name} at {fixed}\n" if fixed else f"{self.kind.name}\n")

    def print_failure(self, error: Exception) -> None:
        """Print the JSON object of a value that was not found."""
        found: dict[str, Any] = {"value": None, "order": {}, "status": "not found", "residual": None}
        self.print_json(**found, digits=None, method=self.method, broken=None, reason=str(error))

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
