"""``likelihood``: the partition function of a machine, and the likelihood of data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.machines import describe, read_samples
from phase_diagrams.commands.shared.options import against, as_json
from phase_diagrams.commands.shared.printing import number, print_json, print_table
from replica.errors import ConvergenceError

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
back               33.48708              log Z of the runs from it
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("machine", metavar="FILE")
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
def likelihood(machine: str, data: str | None, as_json: bool, **asked: Any) -> None:
    """Weigh a machine: log Z, likelihood of data.

    ais anneals from a machine without weights; bridge anneals in both directions and joins them by Bennett's
    acceptance ratio. Exit code 3 says that the runs are too short to be believed.
    """
    Weighing(machine, data, **asked).print(as_json)


@dataclass(frozen=True)
class Weighing:
    """A machine that is weighed."""

    machine: str
    source: str | None
    threshold: float | None
    key: str | None
    method: str
    runs: int
    steps: int
    seed: int

    def print(self, as_json: bool) -> None:
        """Print log Z, and the likelihood if there are data."""
        from replica.machines.files import load
        from replica.machines.likelihood import likelihood, log_partition

        rbm = load(self.machine)
        data = read_samples(self.source, rbm, self.threshold, self.key)
        settings: dict[str, Any] = {"runs": self.runs, "steps": self.steps, "seed": self.seed}
        found = None if data is None else likelihood(rbm, data, self.method, **settings)
        log_Z = found.log_Z if found else log_partition(rbm, self.method, **settings)
        if as_json:
            told: dict[str, Any] = {"file": self.machine, "data": self.source, "reliable": log_Z.reliable}
            told |= {"log_Z": log_Z.value} | {k: v for k, v in vars(log_Z).items() if k != "value"}
            if found:
                told |= {
                    "log_likelihood": found.mean,
                    "spread": found.spread,
                    "pseudo_likelihood": found.pseudo,
                }
            print_json(told)
        else:
            samples = "" if data is None else f"; {len(data)} samples of {self.source}"
            click.echo(f"{self.machine}: {describe(rbm)}{samples}\n")
            error = "exact" if log_Z.error == 0 else f"+- {number(log_Z.error, 2)}"
            rows = [("log Z", number(log_Z.value, 7), error, f"by {log_Z.method}")]
            if found:
                rows.append(("log-likelihood", number(found.mean, 5), error, "mean of ln P(v), in nats"))
                rows.append(
                    ("spread", number(found.spread, 2), "", "its standard error for a finite number of data")
                )
                rows.append(
                    ("pseudo-likelihood", number(found.pseudo, 5), "", "mean of sum ln P(v_i | others)")
                )
            if not math.isnan(log_Z.effective):
                rows.append(("effective", number(log_Z.effective, 3), "", f"runs out of {self.runs}"))
            if not math.isnan(log_Z.upper):
                rows.append(("forward", number(log_Z.lower, 7), "", "log Z of the runs towards the machine"))
                rows.append(("back", number(log_Z.upper, 7), "", "log Z of the runs from it"))
            print_table(rows)
        if log_Z.method in ("ais", "bridge") and not log_Z.reliable:
            message = "too few runs carry weight, or the two sides do not meet: take more --steps"
            raise ConvergenceError(message)
