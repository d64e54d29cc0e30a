"""Tables of numbers in text files: one row for each sample, perhaps with the names of the columns above."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replica.machines.data.guards import damage_as, listed

__all__ = ["LABELS", "Table", "read_table"]

LABELS = ("label", "labels", "class", "target", "y")
"""Names of columns that say what a sample is, rather than being a part of it."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", None: "spaces"}
_NUMBER = re.compile(
    r"\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|nan|inf(inity)?)\s*", re.ASCII | re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+\s*", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)


class Table(NamedTuple):
    """Numbers of shape (rows, columns), the names of the columns, and what is to be said of them."""

    values: Any
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def read_table(path: Path, error: Callable[[str], Exception], drop: Sequence[str] = ()) -> Table:
    r"""Read a table of numbers.

    The first row names the columns if no cell of it is a number, or if it counts them (0, 1, 2, ...). Cells
    are separated by commas, else by semicolons, tabs or spaces.

    Parameters
    ----------
    path : Path
    error : callable
        Makes the error that is raised of a sentence.
    drop : sequence of str
        Names of columns to leave out; numbers, from 0, where the columns have no names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.csv")
    ...     _ = file.write_text("label,x\n7,0.5\n3,1.5\n")
    ...     print(read_table(file, ValueError, drop=["label"]).values.tolist())
    [[0.5], [1.5]]
    """
    rows = [(i, row) for i, row in enumerate(_text(path, error).splitlines(), 1) if row.strip()]
    if not rows:
        msg = f"cannot read {path}: there are no samples in it, it is empty"
        raise error(msg)
    separator = _separator(path, rows, error)
    names, remarks = _header(path, rows, separator, error)
    if names:
        del rows[0]
    if not rows:
        msg = (
            f"cannot read {path}: there are no samples in it, only a row of names ({listed(names)}); cells "
            f"are separated by {SEPARATORS[separator]}"
        )
        raise error(msg)
    values = _numbers(path, rows, separator, names, error)
    if separator != ",":
        remarks.append(f"{path}: cells are separated by {SEPARATORS[separator]}")
    shown = names or [str(i) for i in range(values.shape[1])]
    kept = _kept(path, shown, drop, bool(names), error)
    remarks += _doubtful(path, [shown[i] for i in kept] if names else [], values[:, kept])
    return Table(values[:, kept] if drop else values, tuple(shown[i] for i in kept), tuple(remarks))


def _text(path: Path, error: Callable[[str], Exception]) -> str:
    raw = path.read_bytes()
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    with damage_as(
        lambda _: error(f"cannot read {path}: it is no text of UTF-8; save the table as UTF-8 text (.csv)")
    ):
        return raw.decode("utf-16" if wide else "utf-8-sig")


def _split(row: str, separator: str | None) -> list[str]:
    """The cells of a row; quotation marks round a cell are not a part of it."""
    return [cell.strip().strip('"') for cell in row.split(separator)]


def _separator(path: Path, rows: Sequence[tuple[int, str]], error: Callable[[str], Exception]) -> str | None:
    """What stands between the cells."""
    last = rows[-1][1]
    for mark in (";", "\t"):
        cells = _split(last, mark)
        if len(cells) > 1 and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells):
            msg = (
                f"cannot read {path}: its cells are separated by {SEPARATORS[mark]}, and its numbers have "
                "decimal commas; write decimal points, with commas between the cells"
            )
            raise error(msg)
    for mark in (",", ";", "\t"):
        if mark in last or mark in rows[0][1]:
            return mark
    return None if len(last.split()) > 1 else ","


def _header(
    path: Path, rows: Sequence[tuple[int, str]], separator: str | None, error: Callable[[str], Exception]
) -> tuple[list[str], list[str]]:
    """The names of the columns, if the first row holds them, and what is to be said of that."""
    cells = _split(rows[0][1], separator)
    words = [cell for cell in cells if not _NUMBER.fullmatch(cell)]
    width = len(_split(rows[min(1, len(rows) - 1)][1], separator))
    first = 1 if not cells[0] and width > 1 else 0  # the index that pandas writes has no name
    counts = cells[first:] == [str(i) for i in range(len(cells) - first)]
    if counts and len(cells) - first < 3:
        # 0, 1 may be a sample of bits: they count where all below is written otherwise
        below = [cell for _, row in rows[1:] for cell in _split(row, separator)[first:]]
        counts = len(cells) - first == 2 and bool(below) and not any(map(_WHOLE.fullmatch, below))
    if len(words) < len(cells) and not counts:
        return [], []
    if len(rows) > 1 and len(cells) != width:
        msg = (
            f"cannot read {path}: line {rows[0][0]} names {len(cells)} columns, and line {rows[1][0]} has "
            f"{width} cells"
        )
        raise error(msg)
    twice = (
        [name for i, name in enumerate(cells) if name in set(cells[:i])]
        if len(set(cells)) < len(cells)
        else []
    )
    if twice:
        msg = f"cannot read {path}: line {rows[0][0]} names the column {twice[0][:40]!r} twice"
        raise error(msg)
    if counts:
        return cells, [f"{path}: the first row, 0 to {cells[-1]}, counts the columns and is no sample"]
    return cells, []


def _numbers(
    path: Path,
    rows: Sequence[tuple[int, str]],
    separator: str | None,
    names: Sequence[str],
    error: Callable[[str], Exception],
) -> Any:
    """All rows as numbers, or an error that says which one is damaged."""
    width = len(names) or len(_split(rows[0][1], separator))
    # a fast parser, which stops where anything is odd; what is wrong there is found below
    try:
        values = np.loadtxt(
            [row for _, row in rows], delimiter=separator, ndmin=2, comments=None, quotechar='"'
        )
    except ValueError:
        values = None
    if values is not None and values.shape == (len(rows), width):
        return values
    usual = _usual(rows, separator) if not names else width
    damaged = (
        (at, line, row)
        for at, (line, row) in enumerate(rows)
        if len(cells := _split(row, separator)) != usual or not all(map(_NUMBER.fullmatch, cells))
    )
    at, line, row = next(damaged, (0, *rows[0]))
    cells = _split(row, separator)
    bad = next((i for i, cell in enumerate(cells) if not _NUMBER.fullmatch(cell)), None)
    cut = row if len(row) < 40 else row[:37] + "..."
    why = f"but has {len(cells)} cells, separated by {SEPARATORS[separator]}"
    if bad is not None:
        cell = cells[bad]
        what = f"{cell[:40]!r} is no number" if cell else "the cell is empty"
        if _DECIMAL_COMMA.fullmatch(cell):
            what += "; write a decimal point"
        why = f"column {bad} ({names[bad][:40]})" if names and bad < len(names) else f"column {bad}"
        why += f": {what}"
    msg = f"cannot read {path}: row {at} (line {line}) is no list of {usual} numbers, {why}: {cut}"
    raise error(msg)


def _usual(rows: Sequence[tuple[int, str]], separator: str | None) -> int:
    """Cells of most of the rows, of a sample of them."""
    widths = [len(_split(row, separator)) for _, row in rows[:100]]
    return max(widths, key=widths.count)


def _kept(
    path: Path, names: Sequence[str], drop: Sequence[str], named: bool, error: Callable[[str], Exception]
) -> list[int]:
    """The columns that are not dropped."""
    for name in drop:
        if name not in names:
            what = "columns" if named else "columns, which have no names, from"
            msg = f"{path} has no column {name!r} to drop; there are the {what} {listed(names)}"
            raise error(msg)
    kept = [i for i, name in enumerate(names) if name not in drop]
    if not kept:
        msg = f"{path}: no column is left when all {len(names)} are dropped"
        raise error(msg)
    return kept


def _doubtful(path: Path, names: Sequence[str], values: Any) -> list[str]:
    """Columns that are no part of a sample, as it seems."""
    found = []
    for i, name in enumerate(names):
        if name.strip().lower() in LABELS:
            found.append(
                f"{path}: the column {name!r} seems to say what a sample is, and is taken for a part of it; "
                f"leave it out with --drop-column {name}"
            )
        elif not name and np.array_equal(values[:, i] - values[0, i], np.arange(len(values))):
            found.append(
                f"{path}: a column without a name counts the rows, and is taken for a part of the samples; "
                "leave it out with --drop-column ''"
            )
    return found
