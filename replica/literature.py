"""Published constants, each with its paper, how it was read, and the command that recomputes ours.

The numbers are data, in ``literature.toml`` beside this file; `replica audit` compares them with ours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

__all__ = ["Constant", "constants"]

AGREES, TRUNCATED, DIFFERS, OPEN = "agrees", "truncated", "differs", "not computed"
"""Verdicts: agrees to the printed digits; cut, not rounded; differs, with the likely reason; none of ours."""


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A number that a paper prints.

    Attributes
    ----------
    name : str
        Its name here, such as ``hopfield/alpha_c_T0/AGS85``.
    theory : str
        The theory that it belongs to.
    what : str
        What it is, in words.
    value : str
        As it is printed.
    digits : int
        Significant digits that are vouched for; of a zero, decimals.
    source : str
        The paper, and where in it.
    read : {"page", "abstract", "figure", "quoted", "memory"}
        How it was read: on the page; in the abstract; off a figure; quoted by the named paper; from memory,
        the page itself was not at hand.
    command : str
        What recomputes ours, after ``replica``; empty where nothing does.
    pick : str
        Where the number stands in what the command prints with ``--json``: keys and indices, with dots.
    ours : str
        Our value.
    agrees_with : str or None
        The reference value of the tests for the same quantity.
    truncated : bool
        Whether the printed digits are cut, not rounded.
    uncertainty : str or None
        The error bar, or the error of reading a figure.
    note : str
        What a reader must know; where the numbers differ, the likely reason.
    """

    name: str
    theory: str
    what: str
    value: str
    digits: int
    source: str
    read: str
    command: str = ""
    pick: str = "value"
    ours: str = ""
    agrees_with: str | None = None
    truncated: bool = False
    uncertainty: str | None = None
    note: str = ""

    @property
    def unit(self) -> Decimal:
        """One unit of the last vouched digit."""
        value = Decimal(self.value)
        return Decimal(1).scaleb(value.adjusted() - self.digits + 1 if value else -self.digits)

    @property
    def tolerance(self) -> Decimal:
        """How far ours may be off: half a unit, a whole one where the print is cut, or the error bar."""
        if self.uncertainty is not None:
            return Decimal(self.uncertainty)
        return self.unit * (1 if self.truncated else Decimal("0.5"))

    def verdict(self, ours: str | None = None) -> str:
        """What comes out of a comparison with our value.

        Examples
        --------
        >>> known = {one.name: one for one in constants("hopfield")}
        >>> [known[f"hopfield/alpha_c_T0/{paper}"].verdict() for paper in ("AGS85", "SteffanKuehn94")]
        ['agrees', 'truncated']
        """
        ours = self.ours if ours is None else ours
        if not ours:
            return OPEN
        apart = abs(Decimal(ours) - Decimal(self.value))
        if apart <= (self.unit / 2 if self.uncertainty is None else Decimal(self.uncertainty)):
            return AGREES
        cut = abs(Decimal(ours)) - abs(Decimal(self.value))
        return TRUNCATED if self.uncertainty is None and 0 <= cut < self.unit else DIFFERS


@cache
def constants(theory: str | None = None) -> tuple[Constant, ...]:
    """All published constants, or those of a theory.

    Examples
    --------
    >>> print(constants("mixtures")[0].value)
    0.46
    """
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        tables = tomllib.load(file)
    every = tuple(Constant(name=name, **entry) for name, entry in tables.items())
    return every if theory is None else tuple(one for one in every if one.theory == theory)
