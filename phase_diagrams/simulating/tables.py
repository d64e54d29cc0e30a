"""Measurements as tables: CSV files with a column for each parameter and observable, read and written."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from phase_diagrams.simulating.agreement import MEASURES, Measurement
from phase_diagrams.storage.files import StorageError, write_atomic
from replica.errors import ParameterError, ReplicaError, nearest
from replica.machines.data.guards import EMPTY, TEXT, as_it_is
from replica.theories import THEORIES
from replica.theory import Theory

__all__ = ["TableError", "read_table", "write_table"]

ERROR = "_error"


class TableError(ReplicaError, ValueError):
    """A table that does not fit the theory, or is damaged; the message says where."""


def read_table(
    path: str | os.PathLike[str], kind: type[Theory], fixed: Mapping[str, Any] | None = None
) -> tuple[list[Measurement], list[str]]:
    r"""Read measurements from a CSV file.

    The first row names the columns: control parameters of the theory, which vary, observables by their names
    in the theory, ``<name>_error`` for a standard error, and, if wanted, ``N`` (size) and ``samples`` (how
    many the errors were estimated from). An empty cell stands for no value.

    Parameters
    ----------
    path : path-like
        The file.
    kind : type of Theory
        The theory that the columns are about.
    fixed : mapping of str to value, optional
        Control parameters that are not in the table.

    Returns
    -------
    measured : list of Measurement
    ignored : list of str
        Columns that mean nothing to any theory.

    Raises
    ------
    StorageError
        If the file cannot be read.
    TableError
        If a needed column is missing, a column belongs to another theory, or a cell is no number; the message
        names it.

    Examples
    --------
    >>> import tempfile
    >>> from replica.theories import Hopfield
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("alpha,m,m_error\n0.05,0.9996,0.0002\n0.10,0.9950,0.0010\n")
    ...     rows, ignored = read_table(file, Hopfield, {"T": 0.1})
    >>> print(rows[1].point, rows[1].values, rows[1].errors)
    {'alpha': 0.1} {'m': 0.995} {'m': 0.001}
    """
    head, body = _rows(Path(path))
    parameters, names, ignored = _columns(path, head, kind, fixed or {})
    out = []
    for number, row in body:
        cell = {
            name: _number(path, number, name, text)
            for name, text in zip(head, row, strict=True)
            if name not in ignored
        }
        point = {name: cell[name] for name in parameters}
        for name, value in point.items():
            if math.isnan(value):
                message = f"{path}, row {number}: the parameter {name} is missing"
                raise TableError(message)
        N = cell.get("N", math.nan)
        count = cell.get("samples", math.nan)
        values = {name: cell[name] for name in names}
        errors = {name: cell.get(name + ERROR, math.nan) for name in names}
        for name, error in errors.items():
            if error < 0:
                message = (
                    f"{path}, row {number}, column {name}{ERROR}: {error:g} is negative; an error is not"
                )
                raise TableError(message)
        for name, whole, least in (("N", N, 1), ("samples", count, 0)):
            if not math.isnan(whole) and (whole != int(whole) or whole < least):
                place = f"{path}, row {number}, column {name}"
                message = f"{place}: {whole:g} is not a whole number of at least {least}"
                raise TableError(message)
        if count < 2 and any(math.isfinite(error) for error in errors.values()):
            place = f"{path}, row {number}"
            message = f"{place}: an error cannot be estimated from samples = {count:g}, but one is given"
            raise TableError(message)
        out.append(
            Measurement(
                point,
                None if math.isnan(N) else int(N),
                values,
                errors,
                None if math.isnan(count) else int(count),
            )
        )
    return out, ignored


def write_table(measured: Sequence[Measurement], path: str | os.PathLike[str]) -> None:
    """Write measurements to a CSV file that `read_table` reads, whole or not at all.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    first = measured[0]
    names = list(first.values)
    head = [*first.point, "N", "samples", *(part for name in names for part in (name, name + ERROR))]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for one in measured:
        numbers = [part for name in names for part in (one.values[name], one.errors[name])]
        writer.writerow([*map(_written, one.point.values()), one.N, one.samples, *map(_written, numbers)])
    write_atomic(path, text.getvalue())


def _written(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


# -- reading -------------------------------------------------------------------------------------------------


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and the rows that are not empty with their numbers in the file."""
    if (kind := as_it_is(path)) and kind not in (f"it is {TEXT}", f"it is {EMPTY}"):
        message = f"cannot read {path}: {kind}; give a .csv file with commas between the cells"
        raise StorageError(message)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}; give the name of a .csv file"
        raise StorageError(message) from error
    except UnicodeDecodeError as error:
        message = f"cannot read {path}: it is not a text file; give a .csv file with commas between the cells"
        raise StorageError(message) from error
    reader = csv.reader(StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        message = f"{path}, row {reader.line_num}: {error}; give a .csv file with commas between the cells"
        raise TableError(message) from error
    rows = [(number, row) for number, row in rows if any(row) and not row[0].startswith("#")]
    if len(rows) < 2:
        message = f"{path}: a table has a row with the names of the columns and at least one with numbers"
        raise TableError(message)
    (_, head), *body = rows
    twice = [name for i, name in enumerate(head) if name in head[:i]]
    if twice:
        message = f"{path}: the column {twice[0]!r} stands twice"
        raise TableError(message)
    for number, row in body:
        if len(row) != len(head):
            message = f"{path}, row {number}: {len(row)} cells, but {len(head)} columns are named"
            raise TableError(message)
    return head, body


def _columns(
    path: Any, head: list[str], kind: type[Theory], fixed: Mapping[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """Which columns are parameters, which are observables, and which mean nothing."""
    known = [*_observables(kind), *MEASURES]
    parameters = [name for name in head if name in kind.parameters()]
    names = [name for name in head if name in known]
    for name in parameters:
        if name in fixed:
            message = (
                f"{path}: {name} is a column of the table, and given by -p {name}; leave one of the two out"
            )
            raise ParameterError(message)
    needed = [
        name
        for name, one in kind.parameters().items()
        if name not in parameters and name not in fixed and one.required
    ]
    if needed:
        message = (
            f"{path}: the parameter{'s' * (len(needed) > 1)} {', '.join(needed)} of {kind.name} "
            f"{'are' if len(needed) > 1 else 'is'} missing; add a column for each, or give -p "
            f"{needed[0]}=VALUE; the columns are {', '.join(head)}"
        )
        raise TableError(message)
    if not names:
        message = (
            f"{path}: no column is an observable of {kind.name}, which are {', '.join(known)}; the "
            f"columns are {', '.join(head)}"
        )
        raise TableError(message)
    rest = [name for name in head if name not in {*parameters, *names, "N", "samples"}]
    ignored = []
    for name in rest:
        base = name.removesuffix(ERROR)
        if name.endswith(ERROR) and base in names:
            continue
        others = [
            other.name for other in THEORIES.values() if base in (*other.parameters(), *_observables(other))
        ]
        hint = nearest(base, [*known, *kind.parameters()], cutoff=0.8)
        if name.endswith(ERROR) or hint or others:
            whose = f", but of {others[0]}; theory and table do not match" if others and not hint else hint
            message = f"{path}: the column {name!r} is nothing of {kind.name}{whose}"
            raise TableError(message)
        ignored.append(name)
    return parameters, names, ignored


def _observables(kind: type[Theory]) -> list[str]:
    """Names of what a state of the theory has."""
    order = getattr(kind, "order", ())
    return list(dict.fromkeys((*order, *kind.symbols)))


def _number(path: Any, row: int, column: str, text: str) -> float:
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
        if text.lower() != "nan":
            message = f"{path}, row {row}, column {column}: {text!r} is no number"
            raise TableError(message) from None
    if math.isinf(value):
        message = f"{path}, row {row}, column {column}: {text!r} is not finite"
        raise TableError(message)
    return value
