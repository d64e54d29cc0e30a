"""What ``validate`` and ``compare`` share: the theory as it was asked for, the comparison as it is shown."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.asking import build
from phase_diagrams.commands.shared.options import OutputFile
from phase_diagrams.commands.shared.printing import number, print_json, print_table, where, with_error
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look
    from phase_diagrams.simulating import Agreement, Row, Subject

__all__ = ["PICTURE", "at", "draw", "report_on", "subject_of", "table"]

PICTURE = OutputFile(".png", ".pdf", ".svg", ".json")


def subject_of(
    kind: Any, fixed: dict[str, Any], over: dict[str, list[float]], branch: str | None, scaled: bool
) -> Subject:
    """The theory as it was asked for; whatever is missing or wrong is said by `build`."""
    from phase_diagrams.simulating import Subject

    unscaled = not scaled and hasattr(kind, "from_unscaled")
    for name in over:
        if name in kind.parameters() and kind.parameters()[name].kind != "number":
            message = f"{kind.name}: {name} is no number and cannot vary"
            raise ParameterError(message)
    build(kind, fixed | {name: values[0] for name, values in over.items()}, unscaled=unscaled)
    return Subject(kind, fixed, branch, unscaled)


def report_on(agreement: Agreement, headline: str, told: dict[str, Any], as_json: bool) -> None:
    """Print the comparison."""
    if as_json:
        worst = agreement.worst
        print_json(
            {
                "theory": agreement.subject.kind.name,
                "parameters": {
                    k: v if isinstance(v, int | float) else str(v) for k, v in agreement.subject.fixed.items()
                },
                "unscaled": agreement.subject.unscaled,
                **told,
                "rows": [_json(row) for row in agreement.rows],
                "worst": None if worst is None else {"observable": worst.name, **worst.point, "z": worst.z},
                "verdict": agreement.verdict,
            }
        )
        return
    click.echo(headline)
    if agreement.subject.unscaled:
        click.echo("unscaled parameters and observables, as they stand in the energy of the machine")
    click.echo()
    print_table(table(agreement))
    notes = dict.fromkeys((where(row.point), row.note) for row in agreement.rows if row.note)
    if notes:
        click.echo()
    for place, note in notes:
        click.echo(f"{place}: {note}" if place else note)
    click.echo(f"\n{agreement.verdict}" if agreement.judged else "")


def table(agreement: Agreement) -> list[tuple[str, ...]]:
    """The comparison as cells."""
    import numpy as np

    rows = agreement.rows
    points = list(rows[0].point) if rows else []
    several = any(len({N for N in row.sizes if N is not None}) > 1 for row in rows)
    known = any(N is not None for row in rows for N in row.sizes)
    last = max((N for row in rows for N in row.sizes if N is not None), default=None)
    corrected = any(math.isfinite(e) and e != row.theory for row in rows for e in row.expected)
    head = [*points, "observable", "theory"]
    head += [f"theory, N = {last}"] if corrected else []
    head += [f"N = {last}" if known else "measured"]
    head += ["N -> oo", "chi2/dof"] if several else []
    out = [(*head, "z")]
    for row in rows:
        at = int(np.argmax([N or 0 for N in row.sizes]))
        cells = [*(number(v) for v in row.point.values()), row.name, number(row.theory, 7)]
        cells += [number(row.expected[at], 7)] if corrected else []
        cells += [_measured(row.values[at], row.errors[at])]
        if several:
            cells += [_measured(row.estimate, row.error), f"{row.chi2:.1f}/{row.dof}" if row.dof else "-"]
        out.append((*cells, "-" if math.isnan(row.z) else f"{row.z:+.1f}"))
    return out


def draw(agreement: Agreement, headline: str, output: Path, command: Sequence[str], look: Look) -> None:
    """Draw the comparison, or store it as a diagram."""
    from phase_diagrams.catalogue._parts import origin
    from phase_diagrams.commands.shared import drawing
    from phase_diagrams.simulating import picture

    came_from = origin(headline) | {
        "command": shlex.join(command),
        "date": drawing.date(),
        "versions": drawing.versions(),
    }
    diagram = picture(
        agreement, f"validation-{agreement.subject.kind.name}", "Theory and measurement", came_from
    )
    if output.suffix.lower() == ".json":
        drawing.write(diagram, output)
    else:
        drawing.paint(diagram, output, look)


def _measured(value: float, error: float) -> str:
    return "-" if math.isnan(value) else with_error(value, error)


def at(kind: Any, fixed: dict[str, Any], over: Iterable[str]) -> str:
    """Where the theory stands: what was given, and the temperature that nobody gave."""
    shown = [f"{k} = {number(v) if isinstance(v, int | float) else v}" for k, v in fixed.items()]
    about = kind.parameters().get("T")
    if about is not None and "T" not in (*fixed, *over) and not about.required:
        shown.append(f"T = {number(about.default)} (default)")
    return f" at {', '.join(shown)}" if shown else ""


def _json(row: Row) -> dict[str, Any]:
    parts = zip(row.sizes, row.values, row.errors, row.expected, strict=True)
    return {
        "point": dict(row.point),
        "observable": row.name,
        "theory": row.theory,
        "sizes": [
            {"N": N, "mean": value, "error": error, "theory": expected} for N, value, error, expected in parts
        ],
        "estimate": row.estimate,
        "error": row.error,
        "chi2": row.chi2,
        "dof": row.dof,
        "z": row.z,
        "note": row.note,
    }
