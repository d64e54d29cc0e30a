"""Tables with a name for each column, as comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["as_csv"]


def as_csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """Write a table: a line of names, and one for each row; NaN and None are empty.

    Examples
    --------
    >>> print(as_csv({"T": [0.5, 1.0], "m": [0.957504, math.nan], "status": ["converged", "absent"]}), end="")
    T,m,status
    0.5,0.957504,converged
    1.0,,absent
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(list(map(_cell, row)) for row in zip(*columns.values(), strict=True))
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value + 0.0 if isinstance(value, float) else value
