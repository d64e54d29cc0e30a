"""``likelihood``: the partition function of a machine, and the likelihood of data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.machines import describe, read_samples, warn
from phase_diagrams.commands.shared.options import MACHINE, against, as_json
from phase_diagrams.commands.shared.printing import number, print_json, print_table
from replica.errors import ConvergenceError

if TYPE_CHECKING:
    from replica.machines.inference.likelihood import Likelihood, LogPartition

__all__ = ["likelihood"]

EXAMPLE = """\
$ replica likelihood rbm.npz --data digits --steps 200
rbm.npz: 64 bernoulli visible, 20 relu hidden units; 1797 samples of digits

log Z              33.48697  +- 0.00034  by bridge
log-likelihood     -24.411   +- 0.00034  mean of ln P(v), in nats
spread             0.092                 its standard error for a finite number of data
pseudo-likelihood  -24.388               mean of sum ln P(v_i | others)
effective          100                   runs out of 100
forward            33.48685              log Z of the runs towards the machine
back               33.48709              log Z of the runs from it
bound              33.47668              log Z is at least that, by mean field
Warning: the pseudo-likelihood, -24.39, is that of independent units with the means of the data, -24.42: \
the machine knows of no correlations; train longer, or with a larger rate
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("machine", metavar="FILE", type=MACHINE)
@against
@click.option(
    "--method",
    type=click.Choice(["auto", "exact", "ais", "bridge", "tap"]),
    default="auto",
    show_default=True,
    help="auto: exact where a layer has at most 20 discrete units, else bridge.",
)
@click.option("--runs", type=int, default=100, show_default=True, help="Of annealing.")
@click.option("--steps", type=int, default=1000, show_default=True, help="Of each run.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random numbers.")
@as_json
def likelihood(
    machine: str,
    data: str | None,
    threshold: float | None,
    drop: tuple[str, ...],
    key: str | None,
    method: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Weigh a machine: log Z, likelihood of data.

    ais anneals from a machine without weights; bridge anneals in both directions and joins them by Bennett's
    acceptance ratio. Exit code 3 says that the estimate is not to be believed: the runs are too short, or it
    is below the bound of mean field, which log Z never is.
    """
    from replica.machines.inference.likelihood import likelihood, log_partition
    from replica.machines.training.files import load_machine

    rbm = load_machine(machine)
    samples = read_samples(data, rbm, threshold, key, drop)
    found = None if samples is None else likelihood(rbm, samples, method, **settings)
    log_Z = found.log_Z if found else log_partition(rbm, method, **settings)
    if as_json:
        told: dict[str, Any] = {"file": machine, "data": data, "reliable": log_Z.reliable}
        told["doubt"] = log_Z.doubt
        told |= {"log_Z": log_Z.value} | {k: v for k, v in vars(log_Z).items() if k != "value"}
        if found:
            told |= {
                "log_likelihood": found.mean,
                "spread": found.spread,
                "pseudo_likelihood": found.pseudo,
                "independent_units": found.independent,
                "warning": found.doubt,
            }
        print_json(told)
    else:
        of_data = "" if samples is None else f"; {len(samples)} samples of {data}"
        click.echo(f"{machine}: {describe(rbm)}{of_data}\n")
        print_table(table(log_Z, found, settings["runs"]))
        warn(found.doubt if found else "")
    if log_Z.doubt:
        message = f"{log_Z.doubt}; take more --steps, or give --data where the weight may be"
        raise ConvergenceError(message)


def table(log_Z: LogPartition, found: Likelihood | None, runs: int) -> list[tuple[str, str, str, str]]:
    """What was found: names, values, errors and words."""
    error = "exact" if log_Z.method == "exact" else ""
    error = f"+- {number(log_Z.error, 2)}" if log_Z.error > 0 else error
    rows = [("log Z", number(log_Z.value, 7), error, f"by {log_Z.method}")]
    if found:
        words, own = "mean of ln P(v), in nats", error
        if math.isnan(found.mean):
            words, own = f"{words}: it would be above 0, which is impossible", ""
        rows += [
            ("log-likelihood", number(found.mean, 5), own, words),
            ("spread", number(found.spread, 2), "", "its standard error for a finite number of data"),
            ("pseudo-likelihood", number(found.pseudo, 5), "", "mean of sum ln P(v_i | others)"),
        ]
    if not math.isnan(log_Z.effective):
        rows.append(("effective", number(log_Z.effective, 3), "", f"runs out of {runs}"))
    if not math.isnan(log_Z.upper):
        rows.append(("forward", number(log_Z.lower, 7), "", "log Z of the runs towards the machine"))
        rows.append(("back", number(log_Z.upper, 7), "", "log Z of the runs from it"))
    if not math.isnan(log_Z.bound):
        rows.append(("bound", number(log_Z.bound, 7), "", "log Z is at least that, by mean field"))
    return rows
