"""``diagnose``: which phase a machine is in, and what does not fit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, paint
from phase_diagrams.commands.shared.machines import describe, read_samples
from phase_diagrams.commands.shared.options import PICTURE, against, as_json, looks
from phase_diagrams.commands.shared.printing import number, print_json, print_table

if TYPE_CHECKING:
    from phase_diagrams.diagnosis import Diagnosis, Measured
    from replica.machines.models.rbm import RBM

__all__ = ["diagnose"]

EXAMPLE = """\
$ replica diagnose rbm.npz --data digits
rbm.npz: 64 bernoulli visible, 20 relu hidden units

phase      paramagnet          states at random, not frozen
diagram    compositional       its theory: replica show compositional
certainty  1                   share of machines drawn within the errors that are in the same phase
alpha      0.3125              hidden units per visible unit
p          0.3315 +- 0.012     sparsity of the weights; the p_i spread by 0.26
A          0.2115              size of the weights, in units of 1/sqrt(N)
theta      -0.009155 +- 0.051  scaled threshold of the hidden units, theta/(A sqrt(p))
g          -65.02 +- 26        scaled field on the visible units, g/(A^2 p)
T          67.45 +- 8.6        scaled temperature
l*         -                   p times the number of strong hidden units, by theory
l*/p       -                   that number itself, at the p of this machine
m          0                   overlap of the strong units with the visible ones, by theory
q          -                   activity of the visible units, by theory
sigma      0.05608 +- 0.0011   width of the noise in the weights
edge       0.1169              largest singular value of noise alone (Marchenko-Pastur)
largest    0.3555              largest singular value of the weights
modes      3                   singular values beyond the edge and its fluctuations
L          19.64 +- 0.0052     PR_3 of the hidden units given the data: strongly active ones
L p        6.51                to be compared with l* of theory
strong     4.53                hidden units with a clear overlap, m = 0.47
activity   0.2929 +- 0.00098   of the visible units in the data
seen       paramagnet          phase by the look of the hidden units

disagreements
  sparsity: the p_i of the visible units spread by 0.26 about 0.33; the diagram is that of equal p_i
  g: units differ by 1.6e+02 about -65; the diagram is that of equal units
  temperature: T = 67 is not cold, and the diagram is that of T = 0

advice
  weights are too small for their temperature: train longer, or with a larger rate
"""


SHOWN = 5
"""Modes of a spectrum that are listed, the strongest."""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("machine", metavar="FILE")
@against
@click.option(
    "--draws", type=click.IntRange(0), default=10, show_default=True, help="Machines drawn within the errors."
)
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=PICTURE,
    help="Draw the machine on its phase diagram: a .png, .pdf or .svg file.",
)
@looks
def diagnose(
    machine: str,
    data: str | None,
    threshold: float | None,
    key: str | None,
    draws: int,
    as_json: bool,
    output: Path | None,
    look: Look,
) -> None:
    """Say which phase a machine is in.

    A machine of bits (or spins) and ReLU units is placed on the diagram of the random RBM, one of two binary
    layers on that of the spectral RBM; its singular values are compared with the Marchenko-Pastur law. With
    data, the activity of the hidden units is compared with the theory.
    """
    finding = Finding(machine, data, threshold, key, draws)
    if output is not None:
        finding.draw(output, look)
    finding.print(as_json)


@dataclass(frozen=True)
class Finding:
    """A machine that is diagnosed."""

    machine: str
    source: str | None
    threshold: float | None
    key: str | None
    draws: int

    @cached_property
    def rbm(self) -> RBM:
        """The machine."""
        from replica.machines.training.files import load

        return load(self.machine)

    @cached_property
    def found(self) -> Diagnosis:
        """The diagnosis."""
        from phase_diagrams.diagnosis import diagnose

        data = read_samples(self.source, self.rbm, self.threshold, self.key)
        return diagnose(self.rbm, data, draws=self.draws)

    def print(self, as_json: bool) -> None:
        """Print the diagnosis."""
        if as_json:
            self._print_json()
            return
        from phase_diagrams.diagnosis import PHASES

        found = self.found
        click.echo(f"{self.machine}: {describe(self.rbm)}\n")
        phase = found.phase or "-"
        rows = [("phase", phase, PHASES.get(phase, "there is no diagram for these units"))]
        if found.diagram:
            rows.append(("diagram", found.diagram, f"its theory: replica show {found.diagram}"))
            rows.append(
                (
                    "certainty",
                    number(found.certainty, 2),
                    "share of machines drawn within the errors that are in the same phase",
                )
            )
        rows.append(("alpha", number(found.alpha, 4), "hidden units per visible unit"))
        rows += self._sparse() + self._spectral() + self._observed()
        print_table(rows)
        for head, sentences in (("disagreements", found.disagreements), ("advice", found.advice)):
            if sentences:
                click.echo(f"\n{head}")
                for sentence in sentences:
                    click.echo(f"  {sentence}")

    def draw(self, output: Path, look: Look) -> None:
        """Draw the machine on its phase diagram."""
        from phase_diagrams.position import position

        diagram = position(self.found)
        about = {"machine": self.machine, "data": self.source}
        paint(dataclasses.replace(diagram, provenance={**diagram.provenance, **about}), output, look)

    def _sparse(self) -> list[tuple[str, str, str]]:
        sparse = self.found.sparse
        if sparse is None:
            return []
        from phase_diagrams.diagnosis import Measured

        l, m, q = map(Measured, (sparse.l, sparse.m, sparse.q), sparse.errors)
        strong = Measured(l.value / sparse.p.value, l.error / sparse.p.value)
        return [
            (
                "p",
                _measured(sparse.p),
                f"sparsity of the weights; the p_i spread by {number(sparse.p.spread, 2)}",
            ),
            ("A", number(sparse.amplitude, 4), "size of the weights, in units of 1/sqrt(N)"),
            ("theta", _measured(sparse.theta), "scaled threshold of the hidden units, theta/(A sqrt(p))"),
            ("g", _measured(sparse.g), "scaled field on the visible units, g/(A^2 p)"),
            ("T", _measured(sparse.T), "scaled temperature"),
            ("l*", _measured(l), "p times the number of strong hidden units, by theory"),
            ("l*/p", _measured(strong), "that number itself, at the p of this machine"),
            ("m", _measured(m), "overlap of the strong units with the visible ones, by theory"),
            ("q", _measured(q), "activity of the visible units, by theory"),
        ]

    def _spectral(self) -> list[tuple[str, str, str]]:
        found = self.found.placement.spectrum if self.found.placement else self.found.spectrum
        if found is None:
            return []
        from phase_diagrams.diagnosis import Measured, spectral_errors

        law = self.found.placement.law if self.found.placement else "rademacher"
        noise, strengths = spectral_errors(found, law)
        units = " (units -1, +1)" if self.found.placement else ""
        largest = found.modes[0].value if found.modes else found.largest
        rows = [
            ("sigma", _measured(Measured(found.sigma, noise)), f"width of the noise in the weights{units}"),
            ("edge", number(found.edge, 4), "largest singular value of noise alone (Marchenko-Pastur)"),
            ("largest", number(largest, 4), "largest singular value of the weights"),
            ("modes", str(len(found.modes)), "singular values beyond the edge and its fluctuations"),
        ]
        if self.found.placement:
            for i, (mode, error) in enumerate(zip(found.modes[:SHOWN], strengths, strict=False), start=1):
                about = f"strength of mode {i}, the noise removed"
                rows.append((f"w {i}", _measured(Measured(mode.w, error)), about))
            condensed = sum(self.found.placement.condensed)
            rows.append(("condensed", str(condensed), "modes with an overlap in the state of lowest energy"))
        return rows

    def _observed(self) -> list[tuple[str, str, str]]:
        seen = self.found.observed
        if seen is None:
            return []
        rows = [("L", _measured(seen.L), "PR_3 of the hidden units given the data: strongly active ones")]
        if self.found.sparse:
            l = seen.L.value * self.found.sparse.p.value
            rows.append(("L p", number(l, 3), "to be compared with l* of theory"))
            rows.append(
                (
                    "strong",
                    number(seen.strong, 3),
                    f"hidden units with a clear overlap, m = {number(seen.m, 2)}",
                )
            )
        rows.append(("activity", _measured(seen.q), "of the visible units in the data"))
        if seen.phase:
            rows.append(("seen", seen.phase, "phase by the look of the hidden units"))
        return rows

    def _print_json(self) -> None:
        found = self.found
        told: dict[str, Any] = {"file": self.machine, "data": self.source, "alpha": found.alpha}
        told |= {"phase": found.phase, "diagram": found.diagram, "certainty": found.certainty}
        for name in ("sparse", "spectrum", "observed"):
            part = getattr(found, name)
            told[name] = None if part is None else dataclasses.asdict(part)
        told["condensed"] = None if found.placement is None else list(found.placement.condensed)
        print_json(told | {"disagreements": list(found.disagreements), "advice": list(found.advice)})


def _measured(one: Measured) -> str:
    known = one.error > 0  # neither 0, given rather than estimated, nor NaN
    return f"{number(one.value, 4)} +- {number(one.error, 2)}" if known else number(one.value, 4)
