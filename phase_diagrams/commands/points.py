"""One point: ``solve`` and ``capacity``."""

from __future__ import annotations

from typing import Any

import click

from phase_diagrams.commands.door import Verb
from phase_diagrams.commands.options import Assignment, once, theory, unscaled

__all__ = ["capacity", "solve"]

DIGITS = click.IntRange(1, 1000)

SOLVE = """\
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

$ replica solve compositional -p alpha=0.5 -p theta=1.5 -p g=-0.21 --minimise l
compositional at alpha = 0.5, theta = 1.5, g = -0.21, l = 0.383193480646, p = 0

branch        retrieval
m             0.839955457292     overlap of the strong hidden units
q             0.146532186656     activity of the visible units
C             0                  response of the visible units
r             6.58016665777e-07  mean square of the weak hidden units
B             4.45427075236e-05  response of the weak hidden units
free energy   -0.00302248601457
energy        -0.00302248601457
replicon      -inf
Hessian of f  + + +              signs of its eigenvalues
status        converged
residual      1.1e-16            largest, undamped
iterations    5

$ replica solve random-rbm --visible bernoulli:g=-0.2 --hidden relu:theta=1 -p alpha=0.5 -p T=0.02 -p l=1
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

branch        glass
m             0                magnetisation
C             0.442993298763   response (1 - q1)/T inside one state
B             0.527893094625   response (q1 - q0)/tau through a change of state
tau           1.03240518       effective temperature of the states, T/x
q1            0.911401340247   overlap of two replicas in the same state
q0            0.366401774872   overlap of two replicas in different states
x             0.193722391049   Parisi's breaking parameter: the weight of pairs in different states
J0_c          1.02998662543    bias beyond which a glass without magnetisation gets one
free energy   -0.765562227474
energy        -0.760640712869
entropy       0.0246075730226
replicon      -0.446415343461
Hessian of f  - - -            signs of its eigenvalues
status        converged
residual      1.3e-15          largest, undamped
iterations    9
"""

CAPACITY = """\
$ replica capacity hopfield
alpha_c = 0.137905566494932: largest load with a retrieval solution
hopfield at T = 0

m  0.967417115685292  overlap with the retrieved pattern
C  0.179611796224550  susceptibility (1 - q)/T of a neuron
q  1.00000000000000   overlap of two replicas (Edwards-Anderson)
r  1.48580284574130   noise of the other patterns; alpha r is its variance

15 good digits, computed with mpmath at two precisions that agree
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 1.1e-41

$ replica capacity hopfield --digits 50
alpha_c = 0.13790556649493173784363612321812435611970142185374: largest load with a retrieval solution
hopfield at T = 0

m  0.96741711568529159198408029665859407080915380950649  overlap with the retrieved pattern
C  0.17961179622455011872856377571032229823179629307472  susceptibility (1 - q)/T of a neuron
q  1.0000000000000000000000000000000000000000000000000   overlap of two replicas (Edwards-Anderson)
r  1.4858028457412967075198278356540130610494894805185   noise of the other patterns; alpha r is its variance

50 good digits, computed with mpmath at two precisions that agree
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 2.8e-76

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
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 3.9e-16
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
@unscaled
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
@unscaled
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
