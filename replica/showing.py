"""How results show themselves: numbers with their good digits, tables of a notebook, tables of pandas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

from replica.errors import ReplicaError

__all__ = ["Shown", "dataframe", "good", "headline", "html"]

SHOWN, MOST = 12, 100
"""Rows of a table that are shown at once, and with those that are folded away."""

DIGITS = 16
"""Significant digits of a float64, at most."""


def good(value: Any, error: Any = None) -> str:
    """A number with the digits that its error leaves, the error of the last one in brackets.

    Examples
    --------
    >>> good(0.137905566494931713, 3e-15), good(1.5, 0.25), good(0.0, 0.0), good(math.nan), good(2.0)
    ('0.137905566494932(3)', '1.5(3)', '0', '-', '2')
    """
    if value is None:
        return "-"
    value = float(value) + 0.0
    if math.isnan(value):
        return "-"
    if math.isinf(value) or not value or error is None or not 0 < float(error) < math.inf:
        return f"{value:.12g}"
    error = float(error)
    places = -math.floor(math.log10(error))
    last = math.ceil(error * 10.0**places - 1e-9)
    if last == 10:
        places, last = places - 1, 1
    most = DIGITS - 1 - math.floor(math.log10(abs(value)))
    if places > most:  # rounding is all there is
        places, last = most, 1
    if places < 0:
        return f"{round(value, places):.0f}({last * 10**-places})"
    if abs(value) < 1e-4 or abs(value) >= 1e6:
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10.0**power:.{max(places + power, 0)}f}({last})e{power:+03d}"
    return f"{value:.{places}f}({last})"


def html(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]], notes: Iterable[str] = ()) -> str:
    """A table for a notebook; colours are those of the page, so that it is read on light and on dark.

    Rows beyond the first few are folded away.

    Examples
    --------
    >>> html("two", ("name", "value"), [("m", "0.5(1)")]).count("<td>0.5(1)</td>")
    1
    """
    rows = [tuple(map(str, row)) for row in rows]
    cells = "".join(f"<th>{escape(word)}</th>" for word in head)
    style = "text-align:left;color:inherit;background:transparent"
    table = f'<table style="{style}"><caption style="{style}">{escape(caption)}</caption>'
    table += f"<thead><tr>{cells}</tr></thead>" if any(head) else ""
    table += f"<tbody>{_rows(rows[:SHOWN])}</tbody></table>"
    if len(rows) > SHOWN:
        more = f'<table style="{style}"><tbody>{_rows(rows[SHOWN:MOST])}</tbody></table>'
        rest = f"; the last {len(rows) - MOST} are in to_dataframe()" if len(rows) > MOST else ""
        table += f"<details><summary>{len(rows) - SHOWN} more{rest}</summary>{more}</details>"
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"<div>{table}{told}</div>"


class Shown:
    """What shows itself as a table: in a notebook, and in a terminal by rich."""

    __slots__ = ()

    def _table(self) -> tuple[str, Sequence[str], Iterable[Sequence[Any]], Iterable[str]]:
        """Caption, heads of the columns, rows, notes."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return html(*self._table())

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        caption, head, rows, notes = self._table()
        shown = Table(title=caption, title_justify="left", box=None, show_header=any(head), pad_edge=False)
        for word in head:
            shown.add_column(word)
        for row in rows:
            shown.add_row(*(Text(str(cell)) for cell in row))
        return Group(shown, *map(Text, notes))


def headline(kind: type[Any]) -> str:
    """First line of what a theory says of itself, without its references."""
    first = (kind.__doc__ or kind.name).strip().splitlines()[0]
    return re.sub(r"\s*\[\w+\]_", "", first).rstrip(".")


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)


def dataframe(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table of pandas, which is imported here."""
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        message = "tables of pandas need it; install it with `pip install 'replica-theory[parquet]'`"
        raise ReplicaError(message) from error
    return pd.DataFrame(dict(columns))
