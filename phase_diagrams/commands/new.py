"""``new``: a file to begin with: a model, a theory, a unit."""

from __future__ import annotations

import re
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
$ replica new theory magnet
wrote magnet.py, a ferromagnet to be changed into a theory of your own

replica show magnet.py:Magnet                  its equations
replica solve magnet.py:Magnet -p T=0.5        a state
replica check magnet.py:Magnet -p T=0.5        whether it is consistent
replica curve magnet.py:Magnet m -x T=0.1:1.2  its overlap against T
"""

THEORY = '''\
"""A theory of one's own: what it is about."""

from dataclasses import dataclass
from typing import ClassVar

from replica.numerics.functions import log2cosh, stack, tanh
from replica.theory import Branch, Theory, Value, Zero, Phase, parameter


@dataclass(frozen=True)
class {Name}(Theory):
    """Ising spins with infinite-range coupling."""

    T: Value = parameter("temperature", "T", lower=0, open_lower=True, unit="J", typical=(0.0, 1.2))

    name: ClassVar[str] = "{name}"
    order: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[dict[str, Branch]] = {{
        "up": Branch("magnetised", (1.0,)),  # with a start that is exact in some limit
        "paramagnet": Branch("m = 0", (0.0,), explicit=True),
    }}
    lines: ClassVar[dict[str, Zero]] = {{
        "continuous": Zero(Phase("paramagnet"), "stability", "continuous"),
    }}
    equations: ClassVar[dict[str, str]] = {{
        "H": "H = -(sum_i S_i)^2/(2 N)",
        "m": "m = tanh(m/T)",
        "f": "f = m^2/2 - T ln 2cosh(m/T)",
    }}
    symbols: ClassVar[dict[str, str]] = {{"m": "magnetisation"}}

    def update(self, x):
        """Right-hand sides of the saddle-point equations; x has the shape (1, ...)."""
        (m,) = x
        return stack(tanh(m / self.T))

    def free_energy(self, x):
        """Stationary where x = update(x)."""
        (m,) = x
        return m**2 / 2 - self.T * log2cosh(m / self.T)
'''

UNIT = '''\
"""A unit of one's own: its potential, and nothing else."""

from dataclasses import dataclass
from typing import Any

from replica.units import Unit


@dataclass(frozen=True)
class {Name}(Unit):
    """Spins -1, 0, 1 with a cost of being active."""

    cost: Any = 0.2
    values = (-1.0, 0.0, 1.0)  # leave it out for a unit on the real axis

    def potential(self, x: Any) -> Any:
        """U(x); the weight is exp(-U/T)."""
        return self.cost * x**2
'''

KINDS = ("theory", "unit", "network")


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("what", metavar="FILE.toml|theory|unit|network")
@click.argument("name", required=False)
def new(what: str, name: str | None) -> None:
    """Write a file that runs as it stands, with comments.

    A model, FILE.toml or network NAME, is layers of units, Gaussian couplings between them, and patterns in
    their energy; every command takes it in place of the name of a theory. theory NAME and unit NAME are
    classes in a file of Python. What is there is never written over.
    """
    if what in KINDS:
        if name is None or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            message = f"replica new {what} NAME: give a name of letters, digits and _, such as magnet"
            raise ParameterError(message)
        suffix = ".toml" if what == "network" else ".py"
        what, kind = f"{name}{suffix}", what
    elif name is None:
        kind = "network"
    else:
        message = f"{what} {name}: give FILE.toml alone, or one of {', '.join(KINDS)} and a name"
        raise ParameterError(message)
    output: Path = OutputFile(".py" if kind in ("theory", "unit") else ".toml").convert(what, None, None)
    write(output, kind)


def write(output: Path, kind: str) -> None:
    """Write the file, unless there is one, and say what can be done with it."""
    from replica.functional.files import template

    called = "".join(part.capitalize() for part in output.stem.split("_"))
    own = f"my-{output.stem.replace('_', '-').lower()}"
    texts = {"theory": THEORY, "unit": UNIT}
    text = texts[kind].format(Name=called, name=own) if kind in texts else template()
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        message = f"{output} is there already and is left as it is; choose another name"
        raise ParameterError(message) from None
    name = shlex.quote(str(output))
    head, rows = {
        "network": (
            "a Hopfield network to be changed into a model of your own",
            {
                f"replica show {name}": "its equations",
                f"replica solve {name} -p alpha=0.1 -p T=0.2 --branch all": "its states",
                f"replica check {name} -p alpha=0.05 -p T=0.3": "whether they are consistent",
            },
        ),
        "theory": (
            "a ferromagnet to be changed into a theory of your own",
            {
                f"replica show {name}:{called}": "its equations",
                f"replica solve {name}:{called} -p T=0.5": "a state",
                f"replica check {name}:{called} -p T=0.5": "whether it is consistent",
                f"replica curve {name}:{called} m -x T=0.1:1.2": "its overlap against T",
            },
        ),
        "unit": (
            "a spin with a state 0 to be changed into a unit of your own",
            {
                f"replica capacity random-rbm --visible {name}:{called} --hidden gaussian -p p=1 -p L=1": (
                    "a network of such neurons"
                ),
            },
        ),
    }[kind]
    click.echo(f"wrote {output}, {head}\n")
    width = max(map(len, rows))
    for command, words in rows.items():
        click.echo(f"{command.ljust(width)}  {words}")
