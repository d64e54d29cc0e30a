"""The picture of a comparison: lines of the theory, measured values with their error bars."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Axis, DiagramError, Line, LineKind, PhaseDiagram
from phase_diagrams.simulating.agreement import Agreement, Row, Subject
from replica.errors import ConvergenceError
from replica.theory import Parameter

__all__ = ["picture"]

POINTS = 61
"""Points of a line of the theory."""
LONGEST = 40
"""Letters of the text of an axis; longer ones are left to the symbol."""


def picture(
    agreement: Agreement,
    name: str,
    title: str,
    origin: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    points: int = POINTS,
) -> PhaseDiagram:
    """Draw theory and measurement into one diagram, with a panel for each observable.

    The first parameter that varies is the horizontal axis; values of the others, and the sizes N, are told
    apart by colours.

    Parameters
    ----------
    agreement : Agreement
        What is shown.
    name, title : str
        Of the diagram.
    origin : mapping
        Its provenance.
    labels : mapping of str to str, optional
        What stands on the axes, by parameter or observable.
    points : int
        Points of a line of the theory.

    Raises
    ------
    DiagramError
        If no parameter varies: there is nothing along which to draw.
    """
    subject, rows = agreement.subject, agreement.rows
    shown = [row for row in rows if np.isfinite(row.values).any()]
    varied = [one for one in (rows[0].point if rows else ()) if len({row.point[one] for row in rows}) > 1]
    if not varied or not shown:
        message = "a figure needs a parameter that varies and something that was measured"
        raise DiagramError(message)
    along, *others = varied
    names = list(dict.fromkeys(row.name for row in shown))
    sizes = {N for row in shown for N in row.sizes if N is not None}
    if (
        others and len(sizes) == 1
    ):  # colours tell the values of the others, and no entry of the legend the size
        title = f"{title}, points $N = {sizes.pop()}$"
    panels = [
        _panel(subject, [row for row in shown if row.name == one], one, along, others, labels or {}, points)
        for one in names
    ]
    first, *beside = [
        PhaseDiagram(
            name if i == 0 else f"{name}-{one}",
            title if i == 0 else axes[1].label.partition("$")[0].strip().capitalize(),
            axes,
            lines,
            [],
            [],
            dict(origin),
        )
        for i, (one, (axes, lines)) in enumerate(zip(names, panels, strict=True))
    ]
    return PhaseDiagram(
        first.name, first.title, first.axes, first.lines, [], [], first.provenance, beside=beside
    )


def _panel(
    subject: Subject,
    rows: Sequence[Row],
    name: str,
    along: str,
    others: Sequence[str],
    labels: Mapping[str, str],
    points: int,
) -> tuple[tuple[Axis, Axis], list[Line]]:
    """Axes and lines of one observable."""
    about = subject.kind.parameters()[along]
    low, high = min(row.point[along] for row in rows), max(row.point[along] for row in rows)
    margin = 0.06 * (high - low)
    lines: list[Line] = []
    families = sorted({tuple(row.point[one] for one in others) for row in rows})
    for family in families:
        held = dict(zip(others, family, strict=True))
        mine = [row for row in rows if all(row.point[k] == v for k, v in held.items())]
        symbols = {k: subject.kind.parameters()[k].symbol for k in held}
        label = ", ".join(f"${symbols[k]} = {v:g}$" for k, v in held.items())
        lines += _theory(subject, mine, name, along, held, about, points, label or "theory")
        lines += _at_size(mine, along, label)
        # with one size, line and points of a family are told by the same colour
        alone = bool(label) and len({N for row in mine for N in row.sizes}) == 1
        for row in mine:
            lines += _bars(row, along, label, alone)
    inside = [y for line in lines for x, y in zip(line.x, line.y, strict=True) if np.isfinite(x + y)]
    bottom, top = min(inside), max(inside)
    air = 0.06 * ((top - bottom) or 0.1 * max(abs(top), 1e-3))
    symbol = about.symbol
    axes = (
        Axis(
            along,
            labels.get(along, f"{_short(about.text)} ${symbol}$"),
            limits=(low - margin, high + margin),
        ),
        Axis(name, labels.get(name, _word(subject, name)), limits=(bottom - air, top + air)),
    )
    return axes, lines


def _short(text: str) -> str:
    """A text without what explains it further."""
    return text.partition(";")[0].partition(" (")[0].partition(", ")[0]


def _word(subject: Subject, name: str) -> str:
    """What stands on the axis of an observable."""
    known = {"free_energy": "free energy $f$", "energy": "energy $e$", "entropy": "entropy $s$"}
    text = _short(subject.kind.symbols.get(name, ""))
    symbol = f"${name[0]}_{{{name[1:]}}}$" if name[1:].isdigit() else f"${name}$" if len(name) == 1 else name
    return known.get(name, f"{text} {symbol}" if 0 < len(text) <= LONGEST else symbol)


def _theory(
    subject: Subject,
    rows: Sequence[Row],
    name: str,
    along: str,
    held: Mapping[str, float],
    about: Parameter,
    points: int,
    label: str,
) -> list[Line]:
    """The theory as a curve; where the parameter counts, through its whole values."""
    low, high = min(row.point[along] for row in rows), max(row.point[along] for row in rows)
    grid = (
        np.arange(int(low), int(high) + 1, dtype=float) if about.integer else np.linspace(low, high, points)
    )
    template = list(rows[0].point)
    fixed = {key: rows[0].point[key] for key in template}
    found = []
    for value in grid:
        point = {**fixed, **held, along: float(value)}
        try:
            state = subject.solve(point)
        except ConvergenceError:
            found.append(np.nan)
        else:
            found.append(float(subject.asked(state.theory, name, subject.value(state, name))))
    # a curve ends where its branch does; what lies beyond is no gap in it
    out: list[Line] = []
    for there, part in itertools.groupby(range(len(grid)), key=lambda i: bool(np.isfinite(found[i]))):
        if there:
            here = list(part)
            x, y = [float(grid[i]) for i in here], [float(found[i]) for i in here]
            title = f"{label} {len(out) + 1}" if out else label
            out.append(Line(title, LineKind.CURVE, x, y, [CONVERGED] * len(x), label))
    return out


def _at_size(rows: Sequence[Row], along: str, family: str) -> list[Line]:
    """The theory at the sizes that were measured, where it is known to differ from its limit."""
    out = []
    for N in sorted({N for row in rows for N in row.sizes if N is not None}):
        places = [
            (row.point[along], expected, row.theory)
            for row in rows
            for size, expected in zip(row.sizes, row.expected, strict=True)
            if size == N and np.isfinite(expected)
        ]
        if any(abs(expected - limit) > 1e-9 * abs(limit) for _, expected, limit in places):
            x, y, _ = zip(*sorted(places), strict=True)
            label = ", ".join(part for part in ("theory", f"$N = {N}$", family) if part)
            out.append(Line(label, LineKind.CURVE, x, y, [CONVERGED] * len(x), label))
    return out


def _bars(row: Row, along: str, family: str, alone: bool) -> list[Line]:
    """The measured values of a row: those at every size, or what there is without one."""
    out = []
    x = row.point[along]
    for N, value, error in zip(row.sizes, row.values, row.errors, strict=True):
        if not np.isfinite(value):
            continue
        bar = error if np.isfinite(error) else 0.0
        label = ", ".join(part for part in ("measured" if N is None else f"$N = {N}$", family) if part)
        out.append(
            Line(
                f"{label} at {x:g}",
                LineKind.MEASURED,
                [x, x, x],
                [value - bar, value, value + bar],
                [CONVERGED] * 3,
                family if alone else label,
            )
        )
    return out
