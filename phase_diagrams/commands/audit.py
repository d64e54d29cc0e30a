"""``audit``: every published constant that the package knows, beside ours."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.completing import theories
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import DIGITS
from phase_diagrams.commands.shared.printing import print_json, print_table, progress
from replica.errors import ConvergenceError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from replica.literature import Constant

__all__ = ["audit"]

EXAMPLE = """\
$ replica audit random-energy
what                   printed  ours           verdict  level  read    source
T_c                    0.6006   0.6005612044   agrees   float  memory  Derrida, Phys. Rev. B 24 (1981) 2613
free energy below T_c  -0.8326  -0.8325546112  agrees   float  memory  Derrida, Phys. Rev. B 24 (1981) 2613
T_c                    0.6006   0.6005612044   agrees   float  memory  Gross, Mezard, Nucl. Phys. B 240 (1984) 431

3 agrees
"""

HEAD = ("what", "printed", "ours", "verdict", "level", "read", "source")

CHANGED = 1e-9
"""Relative difference of ours from what the registry has, beyond which it has changed."""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("name", metavar="[THEORY]", required=False, shell_complete=theories)
@click.option(
    "--certify",
    type=DIGITS,
    metavar="DIGITS",
    help="Certify ours to this many digits where that is possible.",
)
@click.option("--markdown", is_flag=True, help="Print a table for a page.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(name: str | None, certify: int | None, markdown: bool, as_json: bool) -> None:
    """Compare published constants with ours, computed now.

    Verdicts: agrees to the printed digits; truncated, not rounded; differs, with the likely reason below the
    table; not computed, where there is none of ours (a simulation, a bound). Levels: float; verified, where
    two ways agree; certified; stored, where no command recomputes ours. The column read says how the printed
    number was read; memory means that the page was not at hand.

    Exit code 3 if one of ours is no longer what the registry has: then a formula or a solver has changed.
    """
    from replica.literature import constants

    if markdown and as_json:
        message = "--markdown and --json are two answers; leave one of them out"
        raise ParameterError(message)
    chosen = constants(name)
    if not chosen:
        what = "theory with published constants"
        raise UnknownNameError(what, str(name), _theories())
    found = findings(chosen, certify)
    if as_json:
        print_json({"constants": [one.told for one in found]})
    else:
        show(found, markdown)
    changed = [one for one in found if one.changed]
    if changed:
        names = ", ".join(one.constant.name for one in changed)
        message = f"ours is no longer what the registry has: {names}"
        raise ConvergenceError(message)


def _theories() -> list[str]:
    from replica.literature import constants

    return sorted({one.theory for one in constants()})


@dataclass(frozen=True)
class Finding:
    """A constant and what we compute now.

    Attributes
    ----------
    constant : Constant
    ours : str
        As computed now; empty where there is no command.
    level : str
        float, verified or certified; stored where no command recomputes ours.
    """

    constant: Constant
    ours: str
    level: str

    @property
    def verdict(self) -> str:
        """The verdict on the printed number."""
        return self.constant.verdict(self.ours)

    @property
    def changed(self) -> bool:
        """Whether ours is another number than the registry has."""
        if not self.constant.command:
            return False
        if not self.ours:
            return True
        known, now = float(self.constant.ours), float(self.ours)
        return abs(now - known) > CHANGED * max(abs(known), 1e-6)

    @property
    def row(self) -> tuple[str, ...]:
        """Its row in a table."""
        one = self.constant
        ours = self.ours if self.level == "certified" else _short(self.ours)
        return (one.what, one.value, ours or "-", self.verdict, self.level, one.read, one.source)

    @property
    def told(self) -> dict[str, Any]:
        """The same, for JSON."""
        one = self.constant
        keep = ("name", "theory", "what", "source", "read", "command", "note")
        return {key: getattr(one, key) for key in keep} | {
            "printed": one.value,
            "ours": self.ours or None,
            "verdict": self.verdict,
            "level": self.level or None,
            "changed": self.changed,
        }


def _short(text: str) -> str:
    return f"{float(text):.10g}" if text else ""


def findings(chosen: Iterable[Constant], certify: int | None) -> list[Finding]:
    """Ours for each constant; a command that several have in common runs once."""
    chosen, answers = list(chosen), {}
    with progress("audit") as report:
        for i, one in enumerate(chosen):
            if one.command and one.command not in answers:
                answers[one.command] = answer(one.command, certify)
            if report is not None:
                report(i + 1, len(chosen))
    found = []
    for one in chosen:
        told, level = answers.get(one.command, (None, ""))
        value = picked(told, one.pick)
        if value is None and level == "certified":  # what is not in the certificate
            told, level = answer(one.command, None)
            value = picked(told, one.pick)
        if not one.command and one.ours:
            value, level = one.ours, "stored"
        found.append(Finding(one, value or "", level if value else ""))
    return found


def answer(command: str, certify: int | None) -> tuple[Any, str]:
    """What a command of the package prints as JSON, and how well that is known."""
    verb = command.split()[0]
    if certify and verb in ("capacity", "solve"):
        told = run(f"{command} --certify {certify}")
        if told is not None:
            return told, "certified"
    told = run(command)
    how = str((told or {}).get("method", ""))
    return told, "verified" if "two precisions that agree" in how else "float"


def run(command: str) -> Any:
    """Run a command of the package in this process; None if it fails."""
    from contextlib import redirect_stdout
    from io import StringIO

    from phase_diagrams.commands import main
    from replica.errors import ReplicaError

    written = StringIO()
    try:
        with redirect_stdout(written):
            main.main([*shlex.split(command), "--json"], "replica", standalone_mode=False)
    except (ReplicaError, click.ClickException):
        return None
    return json.loads(written.getvalue())


def picked(told: Any, path: str) -> str | None:
    """The number at a path of keys and indices; of a certificate its enclosure's digits."""
    if told is None:
        return None
    if "enclosures" in told and path != "value":
        last = path.rpartition(".")[2].replace("_", " ")
        text = told["enclosures"].get(last)
        return text.partition(" ")[0] if text else None
    for key in path.split("."):
        told = told[int(key)] if isinstance(told, list) else told.get(key)
        if told is None:
            return None
    return str(told) if isinstance(told, str) else repr(float(told))


def show(found: list[Finding], markdown: bool) -> None:
    """Print the table, and why numbers differ."""
    if markdown:
        click.echo("| " + " | ".join(HEAD) + " |")
        click.echo("|" + "---|" * len(HEAD))
        for one in found:
            click.echo("| " + " | ".join(one.row) + " |")
    else:
        print_table([HEAD, *(one.row for one in found)])
    differing = [one.constant for one in found if one.verdict == "differs"]
    if differing:
        click.echo("\nwhere the numbers differ\n")
        for constant in differing:
            click.echo(f"{'- ' if markdown else ''}{constant.what} = {constant.value}: {constant.note}")
    verdicts = [one.verdict for one in found]
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    click.echo("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
