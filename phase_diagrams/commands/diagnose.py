"""Machines and their phases: ``diagnose``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import MACHINE, OutputFile, against, as_json, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look
    from phase_diagrams.placing.found import Found

__all__ = ["diagnose"]

SHOWN = 5
"""Modes of a spectrum that are listed, the strongest."""

DIAGNOSE = """\
$ replica diagnose rbm.npz --data digits
rbm.npz: 64 bernoulli visible, 20 relu hidden units

phase      paramagnet          states at random, not frozen
diagram    compositional       its theory: replica show compositional
certainty  1                   share of machines drawn within the errors that are in the same phase
alpha      0.3125              hidden units per visible unit
p          0.332 +- 0.012      sparsity of the weights; the p_i spread by 0.26
A          0.2115              size of the weights, in units of 1/sqrt(N)
theta      -0.009 +- 0.051     scaled threshold of the hidden units, theta/(A sqrt(p))
g          -65 +- 26           scaled field on the visible units, g/(A^2 p)
T          67.4 +- 8.6         scaled temperature
l*         -                   p times the number of strong hidden units, by theory
l*/p       -                   that number itself, at the p of this machine
m          0                   overlap of the strong units with the visible ones, by theory
q          -                   activity of the visible units, by theory
sigma      0.0561 +- 0.0011    width of the noise; 1/sigma = 17.832
edge       0.11693             of Marchenko-Pastur; 17 singular values of noise
largest    0.12408             singular value among them
distance   0.14379             of their distribution from Marchenko-Pastur (Kolmogorov)
modes      3                   singular values outside
L          19.6405 +- 0.0052   PR_3 of the hidden units given the data: strongly active ones
L p        6.51                to be compared with l* of theory
strong     4.53                hidden units with a clear overlap, m = 0.47
activity   0.29291 +- 0.00098  of the visible units in the data
seen       paramagnet          phase by the look of the hidden units

disagreements
  sparsity: the p_i of the visible units spread by 0.26 about 0.33; the diagram is that of equal p_i
  g: units differ by 1.6e+02 about -65; the diagram is that of equal units
  temperature: T = 67 is not cold, and the diagram is that of T = 0

advice
  weights are too small for their temperature: train longer, or with a larger rate
"""


@click.command(cls=Verb, epilog=DIAGNOSE)
@click.argument("machine", metavar="FILE", type=MACHINE)
@against
@click.option(
    "--draws", type=click.IntRange(0), default=10, show_default=True, help="Machines drawn within the errors."
)
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg"),
    help="Draw the machine on its phase diagram: a .png, .pdf or .svg file.",
)
@looks
def diagnose(
    machine: str,
    data: str | None,
    threshold: float | None,
    drop: tuple[str, ...],
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
    from phase_diagrams.commands.shared.found import draw
    from phase_diagrams.commands.shared.machines import read_samples
    from phase_diagrams.placing.diagnose import diagnose
    from replica.machines.training import files

    rbm = files.load_machine(machine)
    found = diagnose(rbm, read_samples(data, rbm, threshold, key, drop), draws=draws)
    if output is not None:
        draw(found, output, look, machine=machine, data=data)
    if as_json:
        _print_json(machine, data, found)
    else:
        _print(machine, found)


def _print(machine: str, found: Found) -> None:
    from phase_diagrams.commands.shared.found import spectral_rows, spectrum_rows
    from phase_diagrams.commands.shared.machines import describe
    from phase_diagrams.commands.shared.printing import number, print_table
    from phase_diagrams.placing.advice import advice, disagreements
    from phase_diagrams.placing.found import PHASES

    click.echo(f"{machine}: {describe(found.rbm)}\n")
    phase = found.phase or "-"
    symmetry = found.spectral.symmetry if found.spectral else ""
    cold = " at T = 0" if found.rbm.T == 0 else ""
    about = PHASES.get(phase, f"there is no diagram for these units{cold}")
    rows: list[tuple[str, ...]] = [("phase", phase, ", ".join(filter(None, (about, symmetry))))]
    if found.diagram:
        rows.append(("diagram", found.diagram, f"its theory: replica show {found.diagram}"))
        share = "share of machines drawn within the errors that are in the same phase"
        rows.append(("certainty", number(found.certainty, 2), share))
    rows.append(("alpha", number(found.alpha, 4), "hidden units per visible unit"))
    rows += _sparse(found) + spectrum_rows(found, errors=True) + spectral_rows(found)
    print_table(rows + _strengths(found) + _observed(found))
    for head, sentences in (("disagreements", disagreements(found)), ("advice", advice(found))):
        if sentences:
            click.echo(f"\n{head}")
            for sentence in sentences:
                click.echo(f"  {sentence}")


def _sparse(found: Found) -> list[tuple[str, ...]]:
    """Parameters and state on the diagram of the random RBM."""
    sparse = found.sparse
    if sparse is None:
        return []
    from phase_diagrams.commands.shared.found import measured
    from phase_diagrams.commands.shared.printing import number
    from phase_diagrams.placing.found import Estimate

    l, m, q = map(Estimate, (sparse.l, sparse.m, sparse.q), sparse.errors)
    spread = f"sparsity of the weights; the p_i spread by {number(sparse.p.spread, 2)}"
    return [
        ("p", measured(sparse.p), spread),
        ("A", number(sparse.amplitude, 4), "size of the weights, in units of 1/sqrt(N)"),
        ("theta", measured(sparse.theta), "scaled threshold of the hidden units, theta/(A sqrt(p))"),
        ("g", measured(sparse.g), "scaled field on the visible units, g/(A^2 p)"),
        ("T", measured(sparse.T), "scaled temperature"),
        ("l*", measured(l), "p times the number of strong hidden units, by theory"),
        ("l*/p", measured(l.times(1 / sparse.p.value)), "that number itself, at the p of this machine"),
        ("m", measured(m), "overlap of the strong units with the visible ones, by theory"),
        ("q", measured(q), "activity of the visible units, by theory"),
    ]


def _strengths(found: Found) -> list[tuple[str, ...]]:
    """The strongest modes on the diagram of the spectral RBM, and how many are condensed."""
    placed = found.spectral
    if placed is None:
        return []
    from phase_diagrams.commands.shared.found import measured

    rows: list[tuple[str, ...]] = [
        (f"w {i}", measured(one), f"strength of mode {i}, the noise removed")
        for i, one in enumerate(placed.strengths[:SHOWN], start=1)
    ]
    count = str(sum(placed.condensed))
    return [*rows, ("condensed", count, "modes with an overlap in the state of lowest energy")]


def _observed(found: Found) -> list[tuple[str, ...]]:
    """What the hidden units do, given the data."""
    seen = found.observed
    if seen is None:
        return []
    from phase_diagrams.commands.shared.found import measured
    from phase_diagrams.commands.shared.printing import number

    rows: list[tuple[str, ...]] = [
        ("L", measured(seen.L), "PR_3 of the hidden units given the data: strongly active ones")
    ]
    if found.sparse:
        l = seen.L.value * found.sparse.p.value
        rows.append(("L p", number(l, 3), "to be compared with l* of theory"))
        clear = f"hidden units with a clear overlap, m = {number(seen.m, 2)}"
        rows.append(("strong", number(seen.strong, 3), clear))
    rows.append(("activity", measured(seen.q), "of the visible units in the data"))
    if seen.phase:
        rows.append(("seen", seen.phase, "phase by the look of the hidden units"))
    return rows


def _print_json(machine: str, data: str | None, found: Found) -> None:
    import dataclasses

    from phase_diagrams.commands.shared.found import told
    from phase_diagrams.commands.shared.printing import print_json
    from phase_diagrams.placing.advice import advice, disagreements

    answer: dict[str, Any] = {"file": machine, "data": data, "alpha": found.alpha}
    answer |= {"phase": found.phase, "diagram": found.diagram, "certainty": found.certainty}
    for name in ("sparse", "spectrum", "observed"):
        part = getattr(found, name)
        answer[name] = None if part is None else dataclasses.asdict(part)
    answer |= told(found)
    answer["condensed"] = None if found.spectral is None else list(found.spectral.condensed)
    print_json(answer | {"disagreements": disagreements(found), "advice": advice(found)})
