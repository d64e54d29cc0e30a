"""A plane of a sweep in memory: what every branch is at every point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import ParameterError, UnknownNameError, clean
from replica.theory import Theory
from replica.typing import Array, Booleans, Integers, Numbers

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "ABSENT",
    "METASTABLE",
    "STABLE",
    "UNSTABLE",
    "Edge",
    "Grid",
    "equal_ratios",
    "middle",
    "neighbours",
    "read",
]

ABSENT, UNSTABLE, METASTABLE, STABLE = range(4)

Edge: TypeAlias = tuple[int, int, int]
"""Two neighbours on the grid: the axis along which they differ, and the indices of the first."""


@dataclass(frozen=True)
class Grid:
    """A plane of a sweep, in memory: what each branch is at each point.

    Attributes
    ----------
    theory : Theory
        With the parameters that do not vary.
    names : (str, str)
        The parameters of the two axes.
    values : (array, array)
        Their values, increasing.
    branches : tuple of str
    state : array of int, shape (n_branch, nx, ny)
        0 absent, 1 unstable, 2 metastable, 3 stable.
    negative : dict of str to array of bool, shape (n_branch, nx, ny)
        Where ``replicon`` and ``entropy`` are negative, as far as the theory defines them.
    order : array, shape (n_order, n_branch, nx, ny)
        Order parameters; NaN where there is no state.
    compared : bool
        Whether all branches were compared; otherwise the only one counts as stable where it exists.
    threads : tuple of (int, int)
        Rows or columns that hold a state which exists nowhere else: the axis, and the index along it.
    box : ((float, float), (float, float)), optional
        The plane, where it is larger than the grid.
    """

    theory: Theory
    names: tuple[str, str]
    values: tuple[Array, Array]
    branches: tuple[str, ...]
    state: Integers
    negative: Mapping[str, Booleans]
    order: Array
    compared: bool
    threads: tuple[tuple[int, int], ...] = ()
    box: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Points along the two axes."""
        return len(self.values[0]), len(self.values[1])

    @property
    def frame(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where lines are wanted: the plane, or the span of the grid."""
        x, y = self.values
        return self.box or ((float(x[0]), float(x[-1])), (float(y[0]), float(y[-1])))

    def index(self, x: Sequence[float] | Array, y: Sequence[float] | Array) -> Array:
        """Coordinates in steps of the grid, shape (n, 2)."""
        pairs = zip((x, y), self.values, strict=True)
        return np.stack([np.interp(v, axis, np.arange(len(axis))) for v, axis in pairs], axis=-1)

    def place(self, index: ArrayLike) -> Array:
        """Coordinates from steps of the grid, shape (n, 2)."""
        index = np.asarray(index, dtype=float)
        pairs = zip(index.T, self.values, strict=True)
        return np.stack([np.interp(i, np.arange(len(axis)), axis) for i, axis in pairs], axis=-1)


def read(data: xr.Dataset, theory: Theory, at: Mapping[str, float] | None = None) -> Grid:
    """Take a plane out of a sweep.

    Parameters
    ----------
    data : xarray.Dataset
        As `phase_diagrams.sweeping.open_sweep` gives it.
    theory : Theory
        With the parameters that do not vary; its values of those that do are ignored.
    at : mapping of str to float, optional
        Values of further swept parameters at which to look; they are values of the grid.

    Raises
    ------
    ParameterError
        If the sweep has not two parameters left, or one of them is a whole number.
    """
    grid = [str(name) for name in data["status"].dims if name != "branch"]
    for name, value in (at or {}).items():
        if name not in grid:
            what = "swept parameter"
            raise UnknownNameError(what, name, grid)
        near = float(data[name].sel({name: value}, method="nearest"))
        if not math.isclose(near, value, rel_tol=1e-9, abs_tol=1e-12):
            message = f"the sweep has no point at {name} = {value:g}; the nearest is {near:g}"
            raise ParameterError(message)
        data = data.sel({name: value}, method="nearest")
        theory = theory.at(**{name: data[name].values.item()})
    names = [name for name in grid if name not in (at or {})]
    if len(names) != 2:
        message = f"a map has two axes, and this sweep goes over {', '.join(names)}; " + (
            "fix the others with -p NAME=VALUE" if len(names) > 2 else "sweep over two parameters"
        )
        raise ParameterError(message)
    for name in names:
        if theory.parameters()[name].integer:
            message = f"a map needs continuous axes; {name} is a whole number: fix it with -p {name}=VALUE"
            raise ParameterError(message)
        data = data.sortby(name)
    compared = "branch" in data.dims
    if not compared:
        data = data.expand_dims(branch=[clean(data.attrs["branches"])])
    data = data.transpose("branch", *names)
    status = data["status"].values
    if (status < 0).any():
        missing = int(np.count_nonzero((status < 0).any(axis=0)))
        message = f"the sweep is not finished: {missing} points are missing; go on with it with --resume"
        raise ParameterError(message)
    state = data["state"].values if compared else np.where(status == 0, STABLE, ABSENT)
    negative = {
        name: (data[f"{name}_negative"].values == 1)
        for name in ("replicon", "entropy")
        if f"{name}_negative" in data
    }
    axes = (data[names[0]].values, data[names[1]].values)
    order = np.stack([data[name].values for name in theory.order])
    branches = tuple(map(str, data["branch"].values))
    return Grid(theory, (names[0], names[1]), axes, branches, state.copy(), negative, order, compared)


def neighbours(values: Numbers, axis: int) -> tuple[Numbers, Numbers]:
    """First and second of all pairs of neighbours along one of the two axes of the grid, the last ones."""
    return (values[..., :-1, :], values[..., 1:, :]) if axis == 0 else (values[..., :-1], values[..., 1:])


def middle(edge: Edge) -> tuple[float, float]:
    """The place between two neighbours, in steps of the grid."""
    axis, i, j = edge
    return (i + 0.5, float(j)) if axis == 0 else (float(i), j + 0.5)


def equal_ratios(values: Array) -> bool:
    """Whether the values of a parameter stand at equal ratios: then its axis is logarithmic."""
    if len(values) < 3 or values[0] <= 0:
        return False
    ratios, steps = values[1:] / values[:-1], np.diff(values)
    return bool(np.allclose(ratios, ratios[0], rtol=1e-6) and not np.allclose(steps, steps[0], rtol=1e-6))
