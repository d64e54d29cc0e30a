"""``cite``: the papers behind a theory, a diagram or a file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from phase_diagrams.commands.shared.citation import cited, papers_of, software
from phase_diagrams.commands.shared.completing import named
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import OutputFile
from replica.errors import ParameterError

__all__ = ["cite"]

EXAMPLE = """\
$ replica cite blume-capel -o papers.bib
wrote papers.bib
$ replica cite curie-weiss
@software{replica,
  author  = {{The replica authors}},
  title   = {replica: phase diagrams of disordered systems from replica theory},
  version = {0.1.0},
  license = {MIT},
}

@article{W07,
  author  = {Weiss, Pierre},
  title   = {L'hypoth{\\`e}se du champ mol{\\'e}culaire et la propri{\\'e}t{\\'e} ferromagn{\\'e}tique},
  journal = {Journal de Physique Th{\\'e}orique et Appliqu{\\'e}e},
  volume  = {6},
  pages   = {661},
  year    = {1907},
  doi     = {10.1051/jphystap:019070060066100},
}
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("name", metavar="THEORY|DIAGRAM|FILE", shell_complete=named)
@click.option(
    "-o", "output", metavar="FILE", type=OutputFile(".bib"), help="A .bib file; without it, stdout."
)
def cite(name: str, output: Path | None) -> None:
    """Print what to cite, in BibTeX: the package, and the papers.

    Of a theory or a diagram that `replica list` names, or of what a file was computed from: a diagram, a
    figure, a sweep, an answer in JSON.
    """
    papers = [paper for one in _names(name) for paper in papers_of(one)]
    text = "\n\n".join([software(), *cited(dict.fromkeys(papers)).values()])
    if output is None:
        click.echo(text)
        return
    from phase_diagrams.storage.files import write_atomic

    write_atomic(output, text + "\n")
    click.echo(f"wrote {output}", err=True)


def _names(name: str) -> list[str]:
    """The theories and diagrams that are meant: by the name itself, or by what a file says of itself."""
    from phase_diagrams.catalogue import DIAGRAMS
    from phase_diagrams.commands.shared.own import is_own
    from replica.theories import THEORIES

    if name in DIAGRAMS or is_own(name) or not os.path.lexists(name):
        return [name]
    from phase_diagrams.storage.kinds_of_files import kind_of
    from phase_diagrams.storage.provenance import provenance_of

    if kind_of(name) in ("sweep", "samples"):
        from phase_diagrams.sweeping import open_sweep
        from phase_diagrams.sweeping.store import identity_of

        with open_sweep(name) as data:
            told = identity_of(data.attrs, name)
    else:
        told = provenance_of(name)
    words = [str(told.get("theory", "")), str(told.get("model", "")).partition("(")[0]]
    words += shlex.split(str(told.get("command", "")))[2:]
    found = [word for word in dict.fromkeys(words) if word in THEORIES or word in DIAGRAMS]
    if not found:
        message = f"{name} does not say which theory or diagram of the package it came from"
        raise ParameterError(message)
    return found
