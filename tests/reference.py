"""Reference values for tests: what papers print and what we computed, with digits and sources.

>>> alpha_c = reference("hopfield/alpha_c_T0")
>>> alpha_c.number, alpha_c.digits
(0.13790556649493174, 50)
>>> printed = reference("published/hopfield/alpha_c_T0/Stojnic24")
>>> abs(alpha_c.number - printed.number) <= printed.tolerance
True
"""

import tomllib
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from pathlib import Path

import mpmath

from replica.literature import constants

OWN_SOURCE = "own computation, independent of this package"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One value of ``reference.toml``, which describes the fields, or of `replica.literature`."""

    name: str
    value: str
    digits: int
    source: str = OWN_SOURCE
    agrees_with: str | None = None
    truncated: bool = False
    uncertainty: str | None = None
    note: str = ""

    @property
    def published(self) -> bool:
        """Whether the value is from a paper; if not, it is ours."""
        return self.name.startswith("published/")

    @property
    def number(self) -> float:
        """The value in double precision."""
        return float(self.value)

    @property
    def tolerance(self) -> float:
        """Half a unit of the last stated digit; a whole one where the print is cut; the error bar if given.

        Far below the resolution of double precision where many digits are stated: compare those with `mpf`.
        """
        if self.uncertainty is not None:
            return float(self.uncertainty)
        value = Decimal(self.value)
        last = value.adjusted() - self.digits + 1 if value else -self.digits
        return float(f"{1 if self.truncated else 0.5}e{last}")

    def mpf(self) -> mpmath.mpf:
        """Return the value as an mpmath number, at the working precision of the moment."""
        return mpmath.mpf(self.value)


@cache
def references(prefix: str = "") -> dict[str, Reference]:
    """Return all reference values whose name starts with `prefix`, by name."""
    with Path(__file__).with_name("reference.toml").open("rb") as file:
        own = tomllib.load(file)["own"]
    shared = [field.name for field in fields(Reference) if field.name != "name"]
    entries = own | {
        f"published/{one.name}": {key: getattr(one, key) for key in shared} for one in constants()
    }
    return {name: Reference(name=name, **entry) for name, entry in entries.items() if name.startswith(prefix)}


def reference(name: str) -> Reference:
    """Return the reference value of that name."""
    return references()[name]
