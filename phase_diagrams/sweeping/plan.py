"""What a sweep computes: theory, grid, branches, solver and chunks, and how the result is described."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import replica
from phase_diagrams.sweeping.chunk import PHASE, STATES, Task, fingerprint, solve_chunk
from phase_diagrams.sweeping.grid import NOT_COMPUTED, Index, Plan, Variable, flags
from replica.errors import ParameterError, UnknownNameError
from replica.functional.files import write
from replica.solving import Solver, Status
from replica.theory import Theory
from replica.theory.base import required

__all__ = ["ALL", "CHUNK", "MODEL", "SweepPlan", "make_plan"]

ALL = "all"
"""Stands for every named branch."""

MODEL = "model_file"
"""Attribute that holds the text of a model file, from which the theory can be made again."""

CHUNK = 8192
"""Points of a chunk unless told otherwise: enough to spread the cost of a call, few enough to lose little."""


@dataclass(frozen=True)
class SweepPlan(Plan):
    """Saddle points on a grid of control parameters; made by `make_plan`.

    Attributes
    ----------
    kind : type of Theory
    fixed : mapping of str to value
        Control parameters that do not vary.
    branches : tuple of str
    every : bool
        Whether the branches are compared with each other; then they are a dimension of the result.
    solver : Solver or None
        None is the engine's own choice.
    """

    kind: type[Theory]
    fixed: Mapping[str, Any]
    branches: tuple[str, ...]
    every: bool
    solver: Solver | None

    # -- chunks ---------------------------------------------------------------------------------------

    @property
    def worker(self) -> Callable[[Any], dict[str, Any]]:
        """What solves a chunk."""
        return solve_chunk

    def task(self, index: Index) -> Task:
        """What a worker needs to solve a chunk."""
        parts = zip(self.over.items(), self.slices(index), strict=True)
        return Task(
            self.kind,
            dict(self.fixed),
            {name: values[part] for (name, values), part in parts},
            self.branches,
            self.every,
            self.solver,
            self.measures,
            fingerprint(self.kind, self.fixed),
        )

    # -- description ----------------------------------------------------------------------------------

    @property
    def first(self) -> Theory:
        """The theory at the first point of the grid."""
        return self.kind(**self.fixed, **{name: values[0] for name, values in self.over.items()})

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """What is measured in every state, besides the unknowns: derived order parameters, energies, ..."""
        theory = self.first

        def known(x: Any) -> tuple[str, ...]:
            with np.errstate(all="ignore"):
                optional = [name for name in ("entropy", "replicon") if getattr(theory, name)(x) is not None]
                return (*theory.derived(x), "free_energy", *optional)

        try:
            return known(np.asarray(theory.start(self.branches[0]), dtype=float))
        except ArithmeticError:  # the formulas fail at the first point; which of them there are does not
            return known(np.full(len(theory.order), np.nan))

    @property
    def variables(self) -> list[Variable]:
        """The variables of the result, in the order in which they are stored; the status is the last one."""
        grid = tuple(self.over)
        dims = ("branch", *grid) if self.every else grid
        texts = {
            "free_energy": "free energy per neuron",
            "entropy": "entropy per neuron",
            "replicon": "replicon, positive where replica symmetry is stable",
        }
        units = {"free_energy": "J"}
        out = [
            Variable(
                name,
                dims,
                "float64",
                np.nan,
                {
                    "long_name": texts.get(name, self.kind.symbols.get(name, f"order parameter {name}")),
                    "units": units.get(name, "1"),
                },
            )
            for name in (*self.kind.order, *self.measures)
        ]
        if self.every:
            out.append(
                Variable(
                    PHASE,
                    grid,
                    "int8",
                    -1,
                    flags("branch of lowest free energy", {-1: "none"} | _numbered(self.branches)),
                )
            )
            out.append(Variable("state", dims, "int8", -1, flags("what the branch is here", STATES)))
        for name in ("replicon", "entropy"):
            if name in self.measures:
                meanings = {-1: "no_solution", 0: "not_negative", 1: "negative"}
                out.append(
                    Variable(f"{name}_negative", dims, "int8", -1, flags(f"sign of the {name}", meanings))
                )
        residual = {"long_name": "largest component of the undamped residual", "units": "1"}
        uncertainty = {"long_name": "largest bound on the error of an order parameter", "units": "1"}
        iterations = {"long_name": "iterations of the solver", "units": "1"}
        statuses = {NOT_COMPUTED: "not computed"} | {status.code: status.value for status in Status}
        return [
            *out,
            Variable("residual", dims, "float64", np.nan, residual),
            Variable("uncertainty", dims, "float64", np.nan, uncertainty),
            Variable("iterations", dims, "int32", -1, iterations),
            Variable("status", dims, "int8", NOT_COMPUTED, flags("how the solver ended", statuses)),
        ]

    @property
    def coordinates(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """The coordinates of the result: values and attributes, by dimension."""
        out: dict[str, tuple[Any, dict[str, Any]]] = {}
        if self.every:
            numbers = np.arange(len(self.branches), dtype="int8")
            out["branch"] = (numbers, flags("branch", _numbered(self.branches)))
        for name, values in self.over.items():
            about = self.kind.parameters()[name]
            out[name] = (
                values,
                {"long_name": about.text, "units": about.unit, "symbol": about.symbol},
            )
        return out

    @property
    def about(self) -> dict[str, Any]:
        """Attributes of the result that say which theory it is about."""
        headline = (self.kind.__doc__ or self.kind.name).strip().splitlines()[0]
        return _as_file(self.kind) | {
            "title": f"{self.kind.name}: {'all branches' if self.every else self.branches[0]}",
            "references": "; ".join(self.kind.references),
            "comment": "Units J = k_B = 1. NaN where there is no solution; status says why.",
            "theory": self.kind.name,
            "theory_text": headline,
            "model": self.first.at(**dict.fromkeys(self.over)).describe(),
            "branches": " ".join(self.branches),
        }

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes two sweeps the same one, part by part; the values are compared and shown."""
        return {
            "theory": self.kind.name,
            "fixed parameters": {name: _exactly(value) for name, value in self.fixed.items()},
            "grid": {name: _summary(values) for name, values in self.over.items()},
            "order of the parameters": ", ".join(self.over),
            "branches": ALL if self.every else self.branches[0],
            "solver": repr(self.solver),
            "chunk": list(self.chunk),
            "version of replica": replica.__version__,
            "equations (digest of the source)": fingerprint(self.kind, self.fixed),
        }


def _as_file(kind: type[Theory]) -> dict[str, str]:
    """The model file of a theory that was made of a model: no other name stands for it."""
    model = getattr(kind, "model", None)
    try:
        return {} if model is None else {MODEL: write(model)}
    except ParameterError:  # a unit written in Python: no file holds it
        return {}


def _numbered(names: Sequence[str]) -> dict[int, str]:
    return dict(enumerate(names))


def _exactly(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


def _summary(values: Any) -> str:
    """One axis of the grid: what a person wants to know, and a digest of all its digits."""
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:8]
    return f"{len(values)} values from {values[0]:g} to {values[-1]:g} ({digest})"


def make_plan(
    theory: type[Theory] | Theory,
    over: Mapping[str, Any],
    fixed: Mapping[str, Any] | None = None,
    branch: str | None = None,
    solver: Solver | None = None,
    chunk: int | Sequence[int] = CHUNK,
) -> SweepPlan:
    """Check what is to be swept, and plan it.

    Parameters are those of `phase_diagrams.sweeping.sweep`.

    Raises
    ------
    ParameterError, UnknownNameError
        If a name does not exist, a value is outside its domain, or a parameter is missing or given twice.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> plan = make_plan(Hopfield, {"alpha": np.linspace(0.01, 0.1, 300), "T": np.linspace(0, 1, 100)})
    >>> plan.shape, plan.chunk, plan.chunks
    ((300, 100), (75, 100), (4, 1))
    """
    if not (isinstance(theory, type) and issubclass(theory, Theory)):
        required(theory)
    kind = theory if isinstance(theory, type) else type(theory)
    given = {} if isinstance(theory, type) else {k: v for k, v in theory.values.items() if k not in over}
    given |= dict(fixed or {})
    if not over:
        message = f"{kind.name}: a sweep goes over at least one parameter"
        raise ParameterError(message)
    for name in (*over, *given):
        if name not in kind.parameters():
            what = f"parameter of {kind.name}"
            raise UnknownNameError(what, name, kind.parameters())
    for name in over:
        if name in (fixed or {}):
            message = f"{kind.name}: {name} is swept over and cannot be held fixed; leave one of the two out"
            raise ParameterError(message)
    axes = {name: _axis(kind, name, values) for name, values in over.items()}
    missing = [
        name
        for name, about in kind.parameters().items()
        if name not in axes and name not in given and about.required
    ]
    if missing:
        message = f"{kind.name}: missing {', '.join(missing)}; sweep over it, or hold it fixed"
        raise ParameterError(message)
    every = branch == ALL
    first = kind(**_whole(kind, given), **{name: values[0] for name, values in axes.items()})
    branches = first.available if every else (branch or first.default,)
    for name in branches:
        if name not in kind.branches:
            what = f"branch of {kind.name}"
            raise UnknownNameError(what, name, (*kind.branches, ALL))
    shape = tuple(map(len, axes.values()))
    plan = SweepPlan(axes, _chunk(shape, chunk), kind, _whole(kind, given), branches, every, solver)
    corners = np.meshgrid(*(values[[0, -1]] for values in axes.values()))
    kind(**plan.fixed, **dict(zip(axes, corners, strict=True)))  # the theory checks its own domain
    plan.first.start(branches[0])  # a branch may need a parameter that others do without
    return plan


def _axis(kind: type[Theory], name: str, values: Any) -> Any:
    """The values of a parameter: at least two, in order."""
    about = kind.parameters()[name]
    axis = np.array(values, dtype=float)
    if axis.ndim != 1 or len(axis) < 2:
        message = f"{kind.name}: a sweep over {name} needs at least 2 values, not {axis.size}"
        raise ParameterError(message)
    steps = np.diff(axis)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        message = f"{kind.name}: the values of {name} must increase, or decrease, from one to the next"
        raise ParameterError(message)
    if not about.integer:
        return axis
    if np.any(axis != np.round(axis)):
        wrong = axis[axis != np.round(axis)][0]
        message = f"{kind.name}: {name} = {wrong:g} is not allowed; {name} is {about.domain}"
        raise ParameterError(message)
    return axis.astype(np.int64)


def _whole(kind: type[Theory], given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that are whole numbers, as such; anything that is no number as it is."""
    known = kind.parameters()
    return {
        name: int(value)
        if known[name].integer and isinstance(value, float) and value == int(value)
        else value
        for name, value in given.items()
    }


def _chunk(shape: tuple[int, ...], wanted: int | Sequence[int]) -> tuple[int, ...]:
    """The shape of a chunk: as given, or with at most so many points, in equal parts of the grid."""
    if not isinstance(wanted, int | np.integer):
        parts = tuple(int(part) for part in wanted)
        if len(parts) != len(shape) or min(parts) < 1:
            message = (
                f"chunk = {parts} does not fit a grid of {len(shape)} parameters; give one size for each"
            )
            raise ParameterError(message)
        return tuple(min(part, n) for part, n in zip(parts, shape, strict=True))
    if wanted < 1:
        message = f"chunk = {wanted} is not allowed; it is a number of points, at least 1"
        raise ParameterError(message)
    pieces = [1] * len(shape)
    parts = shape
    while math.prod(parts) > wanted:
        pieces[int(np.argmax(parts))] += 1
        parts = tuple(-(-n // piece) for n, piece in zip(shape, pieces, strict=True))
    return parts
