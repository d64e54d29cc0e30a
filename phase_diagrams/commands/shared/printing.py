"""How results are printed: aligned tables for people, JSON for programs, boundaries in words, progress."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from replica.errors import clean

if TYPE_CHECKING:
    from replica.theory import Boundary, Phase, Theory

__all__ = [
    "DIGITS",
    "describe",
    "good_digits",
    "known",
    "number",
    "parameters",
    "print_json",
    "print_table",
    "progress",
    "settled",
    "signs",
    "symmetry",
    "unsigned",
    "where",
    "with_error",
]

DIGITS = 12
"""Significant digits of a number that was computed in float64."""


def number(value: Any, digits: int = DIGITS) -> str:
    """Write a number with its significant digits; a text as it stands; None and NaN as a dash.

    Examples
    --------
    >>> number(0.1 + 0.2), number(-0.0), number(None), number(3), number("0.50")
    ('0.3', '0', '-', '3', '0.50')
    """
    if isinstance(value, str):
        return value
    if value is None or math.isnan(value):
        return "-"
    return f"{float(value) + 0.0:.{digits}g}"


def good_digits(value: float, uncertainty: float) -> int:
    """Number of significant digits that an uncertainty leaves; 0 if it leaves none.

    Examples
    --------
    >>> good_digits(0.967417167732, 3e-11), good_digits(1e-9, 1e-8), good_digits(0.5, 0.0)
    (10, 0, 17)
    """
    relative = uncertainty / abs(value) if value else math.inf
    if math.isnan(relative) or math.isinf(relative):
        return 0
    return max(0, math.floor(-math.log10(2 * max(relative, 5e-18))))


def known(value: Any, uncertainty: float | None) -> str:
    """Write a number with the digits that its uncertainty leaves, at most twelve.

    Of a number without a good digit the error is written, unless both are rounding: then it is 0.

    Examples
    --------
    >>> known(0.967417167732, 3e-11), known(-2e-17, 1e-16), known(0.3, 0.2), known(0.5, None)
    ('0.9674171677', '0', '0.30 +- 0.20', '0.5')
    """
    if isinstance(value, str) or value is None or uncertainty is None or not math.isfinite(value):
        return number(value)
    if not value:
        return number(value)
    digits = good_digits(value, uncertainty)
    if digits:
        return number(value, min(digits, DIGITS))
    if uncertainty < 10.0**-DIGITS:
        return "0"
    return with_error(value, uncertainty) if math.isfinite(uncertainty) else "?"


def with_error(mean: float, error: float) -> str:
    """Write a mean with as many digits as its error has meaning, the error with two.

    Examples
    --------
    >>> with_error(0.97561, 0.00123), with_error(-0.5, math.nan), with_error(1.0, 0.0)
    ('0.9756 +- 0.0012', '-0.5', '1')
    """
    if not error > 0:
        return number(mean, 6)
    digits = max(1 - math.floor(math.log10(float(f"{error:.1e}"))), 0)
    return f"{mean:.{digits}f} +- {error:.{digits}f}"


def symmetry(replicon: float | None, error: float) -> str | None:
    """What a replicon says of replica symmetry: stable, broken or undetermined; None without a replicon.

    Examples
    --------
    >>> symmetry(0.3, 1e-16), symmetry(-1e-12, 1e-16), symmetry(7e-17, 1e-16)
    ('stable', 'broken', 'undetermined')
    """
    if replicon is None or math.isnan(float(replicon)):
        return None
    if abs(float(replicon)) <= error:
        return "undetermined"
    return "broken" if float(replicon) < 0 else "stable"


def unsigned(error: float) -> str:
    """A number of which no digit is known, not even the sign.

    Examples
    --------
    >>> unsigned(2.7e-16)
    '0 +- 3e-16'
    """
    return f"0 +- {error:.0e}"


def signs(signature: Sequence[int], count: int) -> str:
    """Signs of the eigenvalues of a Hessian; a question mark for each that its differences do not tell.

    Examples
    --------
    >>> signs([2, 1], 3), signs([0, 1], 2), signs([], 2)
    ('+ +  -', '-  ?', '? ?')
    """
    counts = [*signature, count - sum(signature)] if signature else [0, 0, count]
    return "  ".join(" ".join(sign * many) for sign, many in zip("+-?", counts, strict=True) if many)


def settled(value: float, uncertainty: float) -> str:
    """A number with the digits that its uncertainty leaves, at most ten: third derivatives cost some.

    Examples
    --------
    >>> settled(0.138188511164658, 1e-9), settled(3e-24, 1e-15)
    ('0.13818851', '0')
    """
    places = math.floor(-math.log10(2 * max(uncertainty, 1e-17)))
    return number(round(value, places), 10)


def plain(value: Any) -> Any:
    """Return the value as JSON knows it: NaN and None are null, minus zero is zero; infinities stay."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, int):
        return value
    value = float(value) + 0.0
    return None if math.isnan(value) else value


def print_json(result: Mapping[str, Any]) -> None:
    """Print one JSON object, with where it comes from; an infinite number is Infinity or -Infinity."""
    from phase_diagrams.commands.shared.origins import origin

    told = {**result, "provenance": origin(click.get_current_context().find_root().obj)}
    click.echo(json.dumps(plain(told), indent=2))


def print_table(rows: Iterable[Sequence[str]], indent: str = "", *, err: bool = False) -> None:
    """Print rows of cells in aligned columns."""
    rows = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo((indent + "  ".join(cells)).rstrip(), err=err)


def parameters(theory: Theory, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """The control parameters and their values: whole numbers as such, units as the options write them."""
    from replica.theory.parameters import short

    known = theory.parameters()
    shown: dict[str, Any] = {}
    for name, value in theory.told.items():
        about = known[name]
        if name in without:
            continue
        if about.kind != "number":
            shown[name] = short(value)
        else:
            shown[name] = int(value) if about.integer and value is not None else value
    return shown


def where(values: Mapping[str, Any]) -> str:
    """Parameter values in a sentence."""
    return ", ".join(f"{name} = {number(value)}" for name, value in values.items() if value is not None)


def describe(boundary: Boundary) -> str:
    """A phase boundary in words."""
    from replica.theory import Coexistence, Fold, Optimum

    if isinstance(boundary, Optimum):
        return f"fold where the {boundary.branch} branch ends, at the best {boundary.over}"
    if isinstance(boundary, Fold):
        return f"fold where the {boundary.branch} branch ends"
    if isinstance(boundary, Coexistence):
        return f"equal free energies of {_phase(boundary.first)} and {_phase(boundary.second)}"
    if boundary.text:
        return boundary.text
    if boundary.test == "stability":
        return f"stability limit of {_phase(boundary.phase)}"
    return f"zero of {boundary.test} on {_phase(boundary.phase)}"


def _phase(phase: Phase) -> str:
    text = phase.branch
    if phase.over:
        text += f" at its minimum over {phase.over}"
    return text + "".join(f" at {name} = {value:g}" for name, value in phase.at)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar with rate and remaining time on a terminal; elsewhere, nothing.

    Gives what is to be called with the number of things that are done, and of all things.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def report(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:,.0f} points/s" if speed else "")

        yield report
