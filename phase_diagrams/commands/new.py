"""``new``: a model file to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import OutputFile
from replica.errors import ParameterError

__all__ = ["new"]

EXAMPLE = """\
$ replica new network.toml
wrote network.toml, a Hopfield network to be changed into a model of your own

replica show network.toml                                      its equations
replica solve network.toml -p alpha=0.1 -p T=0.2 --branch all  its states
replica check network.toml -p alpha=0.05 -p T=0.3              whether they are consistent
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("output", metavar="FILE.toml", type=OutputFile(".toml"))
def new(output: Path) -> None:
    """Write a model file that runs as it stands, with comments.

    A model is layers of units, Gaussian couplings between them, and patterns in their energy; the file says
    what each section may hold. Every command takes it in place of the name of a theory. What is there is
    never written over.
    """
    from replica.functional.files import template

    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        message = f"{output} is there already and is left as it is; choose another name"
        raise ParameterError(message) from None
    name = shlex.quote(str(output))
    rows = {
        f"replica show {name}": "its equations",
        f"replica solve {name} -p alpha=0.1 -p T=0.2 --branch all": "its states",
        f"replica check {name} -p alpha=0.05 -p T=0.3": "whether they are consistent",
    }
    click.echo(f"wrote {output}, a Hopfield network to be changed into a model of your own\n")
    width = max(map(len, rows))
    for command, text in rows.items():
        click.echo(f"{command.ljust(width)}  {text}")
