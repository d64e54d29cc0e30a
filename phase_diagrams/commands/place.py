"""Weights on the phase diagram: ``place``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import InputFile, OutputFile, as_json, looks

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look
    from phase_diagrams.placing.found import Found

__all__ = ["place"]

PLACE = """\
$ replica place weights.npz
weights.npz: 300 visible, 200 hidden units

kappa     0.66667                         hidden units per visible unit
sigma     0.69813                         width of the noise; 1/sigma = 1.4324
edge      1.4034                          of Marchenko-Pastur; 198 singular values of noise
largest   1.4154                          singular value among them
distance  0.015281                        of their distribution from Marchenko-Pastur (Kolmogorov)
modes     2                               singular values outside
law       laplace                         of the components of the modes, the nearest to their kurtosis 2.39
phase     ferromagnet, replica symmetric  at T = 1
w_c       1.7214                          strength above which a further mode condenses
replicon  0.95133                         positive where replica symmetry is stable

mode  singular value  w       w/sigma  kurtosis u    kurtosis v    condensed
1     2.4264          2.2008  3.1525   2.72 +- 0.36  2.43 +- 0.41  yes
2     2.0761          1.8006  2.5791   2.13 +- 0.42  2.26 +- 0.46  yes
"""


@click.command(cls=Verb, epilog=PLACE)
@click.argument("source", metavar="FILE", type=InputFile("weights", "machine", "array", "arrays"))
@click.option("--key", metavar="NAME", help="Array of an .npz file; W, weights or the only one if not given.")
@click.option(
    "--law",
    type=click.Choice(["rademacher", "gaussian", "laplace", "bernoulli"]),
    help="Law of the components of the modes; if not given, the nearest by kurtosis of the first three.",
)
@click.option(
    "-p",
    "p",
    metavar="P",
    type=float,
    help="With --law bernoulli: probability that a component is not zero; by default from the kurtosis.",
)
@click.option(
    "--zero-one",
    is_flag=True,
    help="For weights alone, of units 0 and 1, not -1 and 1: they count a quarter.",
)
@as_json
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".png", ".pdf", ".svg"),
    help="Draw the modes into the phase diagram: a .png, .pdf or .svg file.",
)
@looks
def place(
    source: str,
    key: str | None,
    law: str | None,
    p: float | None,
    zero_one: bool,
    as_json: bool,
    output: Path | None,
    look: Look,
) -> None:
    """Place weights on the phase diagram.

    FILE holds weights alone, .npy or .npz, one row per visible and one column per hidden unit; or a machine,
    as `replica diagnose` reads it: then its units and its temperature count. Singular values beyond the
    Marchenko-Pastur edge are modes, the others noise; the theory spectral-rbm at T = 1 says which phase that
    is, and which modes condense.
    """
    from phase_diagrams.commands.shared.found import draw
    from phase_diagrams.placing.place import place
    from phase_diagrams.placing.reading import read

    found = place(read(source, key, zero_one=zero_one), law, p)
    if output is not None:
        draw(found, output, look, weights=source)
    if as_json:
        _print_json(source, found)
    else:
        _print(source, found, given=law is not None)


def _print(source: str, found: Found, *, given: bool) -> None:
    from phase_diagrams.commands.shared.found import modes, short, spectral_rows, spectrum_rows
    from phase_diagrams.commands.shared.printing import print_table
    from replica.machines.training.files import is_machine

    rbm = found.rbm
    units = (f"{rbm.visible.name} ", f"{rbm.hidden.name} ") if is_machine(source) else ("", "")
    click.echo(f"{source}: {rbm.n_visible} {units[0]}visible, {rbm.n_hidden} {units[1]}hidden units\n")
    law, *state = spectral_rows(found, given=given) or [("law", "-", "there is no diagram for it")]
    rows = [
        ("kappa", short(found.alpha), "hidden units per visible unit"),
        *spectrum_rows(found, errors=False),
        law,
        ("phase", found.spectral.described if found.spectral else "-", _where(source, found)),
        *state,
    ]
    print_table([(name, value.ljust(8), text) for name, value, text in rows])
    if table := modes(found):
        click.echo()
        print_table(table)


def _where(source: str, found: Found) -> str:
    """Where the phase is that of the machine; why it has none."""
    if found.spectral is not None or found.rbm.T == 0:
        return f"at T = {found.rbm.T:g}"
    return f"weights alone tell it for two binary layers; see replica diagnose {source}"


def _print_json(source: str, found: Found) -> None:
    import dataclasses

    from phase_diagrams.commands.shared.found import told
    from phase_diagrams.commands.shared.printing import print_json

    seen, placed, about = found.spectrum, found.spectral, told(found)
    assert seen is not None  # smaller layers are refused
    state = {name: about.pop(name) for name in ("w_c", "replicon")}
    condensed = placed.condensed if placed else (None,) * len(seen.modes)
    answer: dict[str, Any] = {"file": source, "visible": seen.visible, "hidden": seen.hidden}
    answer |= {name: getattr(seen, name) for name in ("kappa", "sigma", "edge", "largest", "distance")}
    answer |= about | {"phase": placed.described if placed else None} | state
    answer["modes"] = [
        {**dataclasses.asdict(mode), "condensed": here}
        for mode, here in zip(seen.modes, condensed, strict=True)
    ]
    print_json(answer)
