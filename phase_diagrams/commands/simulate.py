"""``simulate``: samples of a machine of finite size, their means and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.names import in_words_of, theory_called, theory_named
from phase_diagrams.commands.shared.options import UNIT, Setting, as_json, once
from phase_diagrams.commands.shared.own import is_own
from phase_diagrams.commands.shared.printing import number, print_json, print_table, with_error
from phase_diagrams.commands.shared.sampling import keeping, remark, sampled
from replica.errors import ConvergenceError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr

    from phase_diagrams.simulating import Alone, Machine
    from replica.theory import Theory

__all__ = ["simulate"]

SIMULATE = """\
$ replica simulate hopfield --N 1000 -p alpha=0.05 -p T=0.2 --samples 4 \\
      --seed 1 -o mc.nc
hopfield, N = 1000, alpha=0.05, T=0.2: 4 samples of 200 sweeps, seed 1

m          0.99865 +- 0.00024  overlap with the retrieved pattern
q          0.99743 +- 0.00045  overlap of the time averages of the two halves of the run (Edwards-Anderson)
energy     -0.4994 +- 0.0021   energy per neuron
tau        1.35                integrated autocorrelation time of the overlap, in sweeps
effective  156                 effective number of independent measurements in a run
wrote mc.nc
"""


@click.command(cls=Verb, epilog=SIMULATE)
@click.argument("name", metavar="MACHINE")
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    type=Setting(),
    multiple=True,
    callback=once,
    help="A control parameter, such as T=0.3; once for each.",
)
@click.option(
    "--visible", metavar="UNIT", type=UNIT, help="Visible units of a random RBM, such as bernoulli:g=-0.02."
)
@click.option(
    "--hidden", metavar="UNIT", type=UNIT, help="Hidden units of a random RBM, such as relu:theta=0.3."
)
@click.option("--prior", metavar="UNIT", type=UNIT, help="Prior of weights: spin, gauss-bernoulli:rho=0.3.")
@click.option("--channel", metavar="UNIT", type=UNIT, help="Channel behind the weights: sign, hinge:kappa=1.")
@click.option(
    "--synapses", metavar="KIND", help="Of a noisy Hopfield network: clipped, three-level, saturated."
)
@click.option(
    "--branch",
    shell_complete=branches,
    help="Of a model: where it starts; without it, the first branch that has a solution.",
)
@click.option(
    "--N", "N", type=click.IntRange(1), default=1000, show_default=True, help="Size of the machine."
)
@click.option(
    "--samples", type=click.IntRange(1), default=10, show_default=True, help="Samples of the disorder."
)
@keeping
@as_json
def simulate(
    name: str,
    given: dict[str, Any],
    visible: Any,
    hidden: Any,
    prior: Any,
    channel: Any,
    synapses: str | None,
    branch: str | None,
    N: int,
    samples: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Simulate the machine of a theory at finite size.

    Machines, their parameters and, in brackets, defaults:

    \b
      hopfield                 alpha, T (0): retrieval of one pattern
      random-rbm               alpha, T (0), p (1), L (1), --visible, --hidden: L strong hidden units
      compositional            alpha, theta, g, p (1), L (1): the same with bits and ReLU at T = 0
      sherrington-kirkpatrick  T, J0 (0): two replicas, tempered
      edwards-anderson         T, d (2): two replicas on a lattice of N = L^d spins, tempered
      random-energy            T: all configurations
      one-hidden-unit          alpha, beta (1), beta_star (1): AMP on a teacher's data
      noisy-hopfield           alpha, T (0), noise (0), c (1), synapses (linear), cut (0.612003), h (0)
      archetypes               alpha, rho (0.1), T (0): couplings of mean examples
      dreaming                 alpha, t (1), T (0): after unlearning
      pseudo-inverse           alpha, T (0.1): couplings that project onto the patterns
      correlated               a, T (0): 13 patterns on a ring
      potts-hopfield           alpha, Q (3), T (0): neurons of Q states
      planted                  alpha, T, T_star (1.5): weights of a student, on a teacher's data
      teacher-student          alpha, noise (0), --prior (spin), --channel (sign): AMP on a teacher's examples
      regression               alpha, penalty (0.1), noise (0), rho (1), --channel (square), prior (gaussian)
      classification           alpha, penalty (0.1), noise (0), --channel (logistic), prior (gaussian)
      network.toml             those of a model file: its layers, couplings and patterns

    So are theories that are made of layers, couplings and patterns, such as dense or p-spin.
    Means are over samples of the disorder, with their standard errors; below them is how the runs went. Each
    sample is stored when it is finished; an interrupted run goes on with --resume and ends with the same
    numbers.
    """  # noqa: D301  # a backspace: click leaves the paragraph as it is
    from phase_diagrams.simulating import Alone

    named = {"visible": visible, "hidden": hidden, "prior": prior, "channel": channel, "synapses": synapses}
    named = {name: one for name, one in named.items() if one is not None}
    drawn, kind = machine_called(name, branch)
    if kind is not None:
        given = in_words_of(kind, {"given": given})["given"]
    what = Alone(drawn, named | given)
    output = options["output"]
    with sampled(what, {}, [N], samples=samples, **options) as data:
        report(data, what, as_json)
    if output is not None:
        click.echo(f"wrote {output}", err=True)


def machine_called(name: str, branch: str | None) -> tuple[Machine, type[Theory] | None]:
    """The machine of that name, or that of the theory of that name; and the theory, where there is one."""
    from phase_diagrams.simulating import machine, machine_of

    if not is_own(name):
        try:
            found = machine(name)
        except UnknownNameError as error:
            try:
                theory_called(name)
            except UnknownNameError:
                raise error from None
        else:
            if branch is not None:
                message = f"{found.name} has one start; leave --branch out"
                raise ParameterError(message)
            return found, theory_named(found.theories[0]) if found.theories else None
    kind = theory_named(name)
    branch = None if branch is None else in_words_of(kind, {"branch": branch})["branch"]
    return machine_of(kind, branch), kind


def report(data: xr.Dataset, what: Alone, as_json: bool) -> None:
    """Print means and errors over the samples, and how the runs went."""
    from phase_diagrams.simulating import measurements
    from phase_diagrams.simulating.samples import told

    (found,) = measurements(data)
    runs = {name: float(mean[0]) for name, mean in told(data).items()}
    name, count, good = what.machine.name, data.sizes["sample"], found.samples or 0
    run = {key: int(data.attrs[key]) for key in ("sweeps", "seed")}
    parameters = {
        key: value if isinstance(value, float) else str(value)
        for key, value in what.machine.complete(what.fixed).items()
    }
    if as_json:
        measured = {
            key: {"mean": mean, "error": found.errors[key], "samples": good}
            for key, mean in found.values.items()
        }
        sizes = {"N": found.N, "samples": count, **run}
        print_json({"machine": name, "parameters": parameters, **sizes, "measured": measured, "runs": runs})
    else:
        point = ", ".join(f"{key}={number(value)}" for key, value in parameters.items())
        samples = f"{count} sample" + "s" * (count != 1)
        click.echo(
            f"{name}, N = {found.N}, {point}: {samples} of {run['sweeps']} sweeps, seed {run['seed']}\n"
        )
        rows = [(key, with_error(mean, found.errors[key])) for key, mean in found.values.items()]
        rows += [(key, number(mean, 3)) for key, mean in runs.items()]
        print_table([(*row, str(data[row[0]].attrs["long_name"])) for row in rows])
    if not good:
        message = f"{name}: none of {count} samples came to rest in {run['sweeps']} sweeps; try more --sweeps"
        if runs.get("left"):
            message = f"{name}: all of {count} samples left the state; take a smaller alpha, or fewer L"
        raise ConvergenceError(message)
    if good < count:
        why = "left the state" if runs.get("left") else f"did not converge in {run['sweeps']} sweeps"
        click.echo(f"{count - good} of {count} samples {why}; they are not in the means", err=True)
    remark(data)
