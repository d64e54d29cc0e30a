"""A grid that is computed chunk by chunk: the base of every plan.

A plan knows nothing of files and processes. It says which chunks there are, what each one needs, which
variables come out, and what makes two runs the same one. `plan` has that of saddle points,
`phase_diagrams.simulating` that of samples.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import scipy

import replica

__all__ = ["FORMAT", "NOT_COMPUTED", "Index", "Plan", "Variable", "flags"]

FORMAT = 1
"""Number of the layout that this version writes and reads."""

NOT_COMPUTED = -1
"""Status of a point whose chunk is still missing."""

Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """A variable of the result: its name, dimensions, type and attributes (CF conventions)."""

    name: str
    dims: tuple[str, ...]
    dtype: str
    fill: float
    attrs: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A grid, ready to be computed.

    Attributes
    ----------
    over : mapping of str to array, shape (n,)
        Values along each axis of the grid; the dimensions of the result, in this order.
    chunk : tuple of int
        Points of a chunk along each axis.
    """

    over: Mapping[str, Any]
    chunk: tuple[int, ...]

    holds: ClassVar[str] = "sweep"
    """What comes out: ``"sweep"`` or ``"samples"``. One does not overwrite the other."""
    growing: ClassVar[str | None] = None
    """An axis of whole numbers from 0 on along which a stored grid may be shorter, or longer, than this one:
    what is there is kept, what is missing is added."""

    # -- chunks ---------------------------------------------------------------------------------------

    @property
    def worker(self) -> Callable[[Any], dict[str, Any]]:
        """What computes a chunk from its task: a function of a module, which can be sent to a process."""
        raise NotImplementedError

    def task(self, index: Index) -> Any:
        """What a worker needs to compute a chunk."""
        raise NotImplementedError

    @property
    def block(self) -> tuple[int, ...]:
        """Points along each axis that a netCDF file stores together."""
        return self.chunk

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(values) for values in self.over.values())

    @property
    def size(self) -> int:
        """Points of the grid."""
        return math.prod(self.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """Chunks along each axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))

    def indices(self) -> Iterator[Index]:
        """Every chunk, in order; nothing is listed."""
        return itertools.product(*map(range, self.chunks))

    def slices(self, index: Index) -> tuple[slice, ...]:
        """Where a chunk lies in the grid."""
        return tuple(
            slice(i * c, min((i + 1) * c, n)) for i, c, n in zip(index, self.chunk, self.shape, strict=True)
        )

    def points(self, index: Index) -> int:
        """Number of points of a chunk."""
        return math.prod(part.stop - part.start for part in self.slices(index))

    def place(self, variable: Variable, index: Index) -> tuple[slice, ...]:
        """Where a chunk lies in a variable; its dimensions beyond those of the grid are whole."""
        own = dict(zip(self.over, self.slices(index), strict=True))
        return tuple(own.get(name, slice(None)) for name in variable.dims)

    def key(self, variable: Variable, index: Index) -> tuple[int, ...]:
        """The number of a chunk along every dimension of a variable."""
        own = dict(zip(self.over, index, strict=True))
        return tuple(own.get(name, 0) for name in variable.dims)

    # -- description ----------------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """The variables of the result, in the order in which they are stored; the status is the last one."""
        raise NotImplementedError

    @property
    def coordinates(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """The coordinates of the result: values and attributes, by dimension."""
        raise NotImplementedError

    @property
    def identity(self) -> dict[str, Any]:
        """What makes two runs the same one, part by part; the values are compared and shown."""
        raise NotImplementedError

    @property
    def about(self) -> dict[str, Any]:
        """Attributes that are this plan's own: its title, and what a reader wants to know."""
        raise NotImplementedError

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes of the result as a whole. There is no date: the same run gives the same bytes."""
        return {
            "Conventions": "CF-1.11",
            "source": f"replica {replica.__version__}",
            **self.about,
            "versions": json.dumps({"numpy": np.__version__, "scipy": scipy.__version__}),
            "variables": " ".join(one.name for one in self.variables),
            "replica_version": replica.__version__,
            "replica_sweep_format": FORMAT,
            "identity": json.dumps(self.identity),
        }


def flags(text: str, meanings: Mapping[int, str]) -> dict[str, Any]:
    """Attributes of a variable that takes a few values, each with a meaning (CF flags)."""
    words = " ".join(word.replace(" ", "_") for word in meanings.values())
    return {"long_name": text, "flag_values": np.array(list(meanings), dtype="int8"), "flag_meanings": words}
