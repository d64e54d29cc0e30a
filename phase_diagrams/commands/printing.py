"""How results are printed: aligned tables for people, JSON for programs, and boundaries in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from replica.theory import Boundary, Phase, Theory

__all__ = ["describe", "number", "parameters", "print_json", "print_table", "where", "with_error"]

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
    """Print one JSON object; an infinite number is printed as Infinity or -Infinity."""
    click.echo(json.dumps(plain(result), indent=2))


def print_table(rows: Iterable[Sequence[str]], indent: str = "", *, err: bool = False) -> None:
    """Print rows of cells in aligned columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo((indent + "  ".join(cells)).rstrip(), err=err)


def parameters(theory: Theory, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """The control parameters and their values: whole numbers as such, units as the options write them."""
    from replica.theory import short

    known = theory.parameters()
    shown: dict[str, Any] = {}
    for name, value in theory.told.items():
        about = known[name].metadata
        if name in without:
            continue
        if about["kind"] != "number":
            shown[name] = short(value)
        else:
            shown[name] = int(value) if about["integer"] and value is not None else value
    return shown


def where(values: Mapping[str, Any]) -> str:
    """Parameter values in a sentence."""
    return ", ".join(f"{name} = {number(value)}" for name, value in values.items() if value is not None)


def describe(boundary: Boundary) -> str:
    """A phase boundary in words."""
    from replica.theory import Coexistence, Fold

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
