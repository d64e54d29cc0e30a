"""What verbs share where a number is to be certified: options, and what is printed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phase_diagrams.commands.shared.options import DIGITS, OutputFile
from phase_diagrams.commands.shared.printing import print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from replica.solving import Located, Solution
    from replica.solving.certify import Certificate

__all__ = ["certificate", "certifying", "enclosure", "print_certificate", "refuse_others"]

Command = TypeVar("Command", bound=Callable[..., Any])


def certifying(command: Command) -> Command:
    """Add the options ``--certify`` and ``-o``."""
    digits = click.option(
        "--certify",
        type=DIGITS,
        metavar="DIGITS",
        help="Significant digits, with a proof: Krawczyk's test in balls.",
    )
    output = click.option(
        "-o", "output", metavar="FILE", type=OutputFile(".json"), help="A .json file for the certificate."
    )

    @functools.wraps(command)
    def checked(**asked: Any) -> Any:
        if asked["output"] is not None and not asked["certify"]:
            message = "-o takes the certificate; say --certify DIGITS, too"
            raise ParameterError(message)
        return command(**asked)

    return digits(output(checked))  # type: ignore[return-value]


def refuse_others(certify: int | None, others: Mapping[str, Any]) -> None:
    """Refuse options that do not go together with ``--certify``."""
    for option, value in others.items():
        if certify and value:
            message = f"--certify does not go with {option}; leave one of them out"
            raise ParameterError(message)


def certificate(point: Located | Solution, digits: int, output: Path | None) -> Certificate:
    """The certificate of a point; its file is written if there is to be one."""
    from phase_diagrams.storage.files import write_atomic
    from replica.solving.certify import certify

    found = certify(point, digits)
    if output is not None:
        write_atomic(output, found.to_json())
        click.echo(f"wrote {output}", err=True)
    return found


def enclosure(found: Certificate, words: Mapping[str, str], without: str = "") -> list[tuple[str, ...]]:
    """A table of what is certified."""
    return [(name, text, words.get(name, "")) for name, text in found.claim.items() if name != without]


def print_certificate(found: Certificate, words: Mapping[str, str], without: str = "") -> None:
    """Print what is certified, and what that means."""
    from replica.solving.certify import MEANING

    print_table(enclosure(found, words, without))
    test = f"Krawczyk's test on the {found.system}, with {found.precision} digits"
    click.echo(f"\n{found.digits} certified digits: {test}")
    for sentence in MEANING:
        click.echo(sentence)
