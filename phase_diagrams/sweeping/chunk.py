"""One chunk of a sweep: a block of the grid, solved in one batched call. What a worker process runs.

The answer depends on the task alone, so that it does not matter who computes it, and when.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import replica
from replica.errors import ReplicaError
from replica.solving import Newton, Solution, Solver, Status, solve
from replica.solving.derivatives import jacobian
from replica.solving.search import guarded, label
from replica.theory import Theory
from replica.units import Unit

__all__ = [
    "PHASE",
    "STATES",
    "TROUBLES",
    "Task",
    "WorkerError",
    "attracts",
    "compare",
    "digest",
    "fingerprint",
    "solve_chunk",
    "solve_points",
    "spread",
]

PHASE = "phase"
STATES = {-1: "not_computed", 0: "absent", 1: "unstable", 2: "metastable", 3: "stable"}
"""What a branch is at a point: without a solution, or with that of a branch before it; unstable against its
own order parameters; locally stable, but not the one of lowest free energy; the phase."""

TROUBLES = "troubles"
"""Key of a block under which stands what was raised in it; no variable."""

ZERO = 1e-12
"""Entropies and replicons above minus this are not called negative: rounding."""

ROUNDING = 1e-9
"""How far above 1 an eigenvalue may lie by rounding: at a critical point on the grid it is 1."""

SAME = 1e-7
"""Branches whose order parameters differ by less, relative to 1 or to themselves, are one state."""

TIE = 1e-13
"""Free energies closer than this, relative, are equal; the branch that is declared first counts."""


class WorkerError(ReplicaError):
    """A worker cannot compute what it was given."""


def fingerprint(kind: type[Theory], fixed: Mapping[str, Any] | None = None) -> str:
    """Digest of the source code that decides the numbers: the theory's, its units', the solvers'.

    Empty for a theory whose source cannot be read, such as one typed at a prompt: it equals no other.
    """
    files = sources("numerics", "units", "theory", "solving")
    model = getattr(kind, "model", None)  # a class that was made of ingredients has no source of its own
    if model is not None:
        files |= sources("functional")
    try:
        files |= {Path(inspect.getfile(one)) for one in kind.__mro__ if issubclass(one, Theory)}
        for unit in (type(value) for value in (fixed or {}).values() if isinstance(value, Unit)):
            files |= {Path(inspect.getfile(one)) for one in unit.__mro__ if issubclass(one, Unit)}
    except (TypeError, OSError):
        return ""
    found = digest(tuple(sorted(files, key=lambda path: (path.parent.name, path.name))))
    return found if model is None else hashlib.sha256(f"{found} {model!r}".encode()).hexdigest()[:16]


def sources(*rooms: str) -> set[Path]:
    """Source files of some rooms of the library."""
    root = Path(inspect.getfile(replica)).parent
    return {path for room in rooms for path in (root / room).rglob("*.py")}


@cache
def digest(files: tuple[Path, ...]) -> str:
    """Digest of the names and contents of some files."""
    found = hashlib.sha256()
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@dataclass(frozen=True)
class Task:
    """Everything that decides the numbers of a chunk; small, and safe to send to another process."""

    kind: type[Theory]
    fixed: dict[str, Any]
    over: dict[str, Any]
    branches: tuple[str, ...]
    every: bool
    solver: Solver | None
    measures: tuple[str, ...]
    equations: str

    @property
    def theory(self) -> Theory:
        """The theory at all points of the chunk: each parameter along its own axis."""
        axes = np.meshgrid(*self.over.values(), indexing="ij", sparse=True)
        return self.kind(**self.fixed, **dict(zip(self.over, axes, strict=True)))


def solve_chunk(task: Task) -> dict[str, Any]:
    """Solve every point of a chunk on every branch.

    Returns
    -------
    dict of str to array
        One array for each variable of the plan, shape ``(*chunk)``, or ``(n_branch, *chunk)`` where the
        branches are compared.

    Raises
    ------
    WorkerError
        If this process has other equations than the one that planned the sweep.
    """
    here = fingerprint(task.kind, task.fixed)
    if here != task.equations:
        message = (
            f"this worker has another version of the equations of {task.kind.name} "
            f"({here}, not {task.equations}); install the same version everywhere"
        )
        raise WorkerError(message)
    return solve_points(task.theory, task)


def solve_points(theory: Theory, task: Task) -> dict[str, Any]:
    """Solve every point of a batch on every branch of a task, wherever the points lie."""
    troubles: list[str] = []
    parts = [_guarded(theory, name, task, troubles) for name in task.branches]
    if not task.every:
        block = {name: values for name, values in parts[0].items() if name != "attracts"}
        return block | {TROUBLES: troubles}
    out = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    order = np.stack([out[name] for name in theory.order])
    exists = (out["status"] == 0) & ~_repeated(order)
    return out | compare(out["free_energy"], exists, out.pop("attracts")) | {TROUBLES: troubles}


def _guarded(theory: Theory, branch: str, task: Task, troubles: list[str]) -> dict[str, Any]:
    """Solve one branch; where that raises, each point alone, so that only those are lost that raise."""
    try:
        return _branch(theory, branch, task, troubles)
    except (MemoryError, WorkerError):
        raise
    except Exception as error:  # whatever a formula raises must not take other points along
        if theory.batch == (1,):
            troubles.append(f"{theory.take(0).where}: {branch}: {type(error).__name__}: {error}")
            return _lost(task)
    shape = theory.batch
    points = (theory.take(np.array([i]), shape) for i in range(int(np.prod(shape))))
    rows = [_guarded(point.at(**_as_arrays(point)), branch, task, troubles) for point in points]
    return {name: np.concatenate([row[name] for row in rows]).reshape(shape) for name in rows[0]}


def _as_arrays(point: Theory) -> dict[str, Any]:
    """Give a point that is left of a grid the shape of a batch, whatever its parameters were."""
    first = next(name for name, value in point.numbers.items() if isinstance(value, float | np.ndarray))
    return {first: np.reshape(getattr(point, first), (1,))}


def _lost(task: Task) -> dict[str, Any]:
    """What is stored of a point whose formulas fail."""
    names = (*task.kind.order, *task.measures, "residual", "uncertainty")
    out = {name: np.full(1, np.nan) for name in names}
    for name in ("replicon", "entropy"):
        if name in task.measures:
            out[f"{name}_negative"] = np.full(1, -1, dtype=np.int8)
    out["iterations"] = np.zeros(1, dtype=np.int32)
    out["status"] = np.full(1, Status.FAILED.code, dtype=np.int8)
    return out | ({"attracts": np.zeros(1, dtype=bool)} if task.every else {})


def _branch(theory: Theory, branch: str, task: Task, troubles: list[str]) -> dict[str, Any]:
    """Solve one branch and measure its states."""
    errors: list[Exception] = []
    solution = solve(theory, branch, solver=task.solver, throw=False, errors=errors)
    troubles += [f"{branch}: {type(error).__name__}: {error}" for error in errors]
    if task.solver is None and not theory.branch(branch).explicit:
        solution = spread(solution, branch)
    shape = theory.batch
    found = np.flatnonzero(np.ravel(solution.success))
    x = solution.x.reshape(len(solution.x), -1)[:, found]
    here = Solution(theory.take(found), x, 0.0, np.zeros(found.size), 0, branch)
    values = dict(zip(theory.order, x, strict=True))
    if found.size:
        known = here.order
        values |= {name: known[name] if name in known else getattr(here, name) for name in task.measures}

    def whole(part: Any, fill: Any, dtype: Any = float) -> Any:
        block = np.full(shape, fill, dtype=dtype)
        block.reshape(-1)[found] = part
        return block

    out = {name: whole(values.get(name, np.nan), np.nan) for name in (*theory.order, *task.measures)}
    for name in ("replicon", "entropy"):
        if name in task.measures:
            negative = np.asarray(values.get(name, 0.0)) < -ZERO
            out[f"{name}_negative"] = whole(negative, -1, np.int8)
    out["residual"] = np.broadcast_to(solution.residual, shape).astype(float)
    out["iterations"] = np.broadcast_to(solution.iterations, shape).astype(np.int32)
    out["status"] = np.broadcast_to(solution.status, shape).astype(np.int8)
    error = np.max(here.error(trials=1), axis=0) if found.size else np.nan
    out["uncertainty"] = whole(error, np.nan)
    if task.every:
        out["attracts"] = whole(attracts(here.theory, x), False, bool)
    return out


def spread(solution: Solution, branch: str) -> Solution:
    """Solve the points that failed once more, from a converged neighbour; and so on from those.

    Next to a fold, and far from the limit in which the start of a branch is exact, a neighbour is the better
    start; each of them is tried once. Nothing is carried across the border of a chunk.
    """
    theory = solution.theory
    x, status = np.array(solution.x), np.array(solution.status)
    residual, iterations = np.array(solution.residual), np.array(solution.iterations)
    flat = x.reshape(len(x), -1)
    number = np.arange(status.size).reshape(status.shape)
    sides = [
        ((slice(None),) * axis + (near,), (slice(None),) * axis + (far,))
        for axis in range(status.ndim)
        for near, far in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None)))
    ]
    tried = np.zeros((len(sides), *status.shape), dtype=bool)
    while True:
        source = np.full(status.shape, -1)
        for side, (here, there) in enumerate(sides):
            fresh = (status[here] != 0) & (status[there] == 0) & ~tried[side][here] & (source[here] < 0)
            source[here] = np.where(fresh, number[there], source[here])
            tried[side][here] |= fresh
        todo = np.flatnonzero(np.ravel(source) >= 0)
        if not todo.size:
            return Solution(solution.theory, x, residual, status, iterations, branch)
        start = flat[:, np.ravel(source)[todo]]

        def retry(part: Theory, points: Any, start: Any = start) -> Solution:
            return label(Newton(warmup=0).run(part, start[points]), branch)

        again = guarded(theory.take(todo, status.shape), retry, [], (todo.size,))
        good = np.flatnonzero(again.success)
        flat[:, todo[good]] = again.x[:, good]
        for old, new in ((residual, again.residual), (status, again.status)):
            old.reshape(-1)[todo[good]] = new[good]
        iterations.reshape(-1)[todo] += again.iterations


def attracts(theory: Theory, x: Any) -> Any:
    """Whether no eigenvalue of d update/dx has reached 1, where another branch grows out of this one."""
    if not x.shape[1]:
        return np.zeros(0, dtype=bool)
    matrix = np.moveaxis(np.asarray(jacobian(theory, x)), (0, 1), (-2, -1))
    matrix = np.broadcast_to(matrix, (x.shape[1], *matrix.shape[-2:]))
    regular = np.all(np.isfinite(matrix), axis=(-2, -1))
    values = np.linalg.eigvals(np.where(regular[:, None, None], matrix, 0.0))
    return regular & np.all(values.real < 1 + ROUNDING, axis=-1)


def _repeated(order: Any) -> Any:
    """Where a branch is the same state as one before it, shape ``(n_branch, *chunk)``: it counts once."""
    repeated = np.zeros(order.shape[1:], dtype=bool)
    for later in range(1, order.shape[1]):
        for earlier in range(later):
            same = np.isclose(order[:, later], order[:, earlier], rtol=SAME, atol=SAME)
            repeated[later] |= same.all(axis=0)
    return repeated


def compare(free_energy: Any, exists: Any, attracts: Any) -> dict[str, Any]:
    """Which branch is the phase at each point, and what the others are.

    The phase is the branch of lowest free energy among those that are stable against their own order
    parameters: where the glass has grown out of the paramagnet, the paramagnet has the lower free energy,
    but it is a saddle of the replicated theory and no state.
    """
    f = np.where(exists & attracts, free_energy, np.inf)
    lowest = np.min(f, axis=0)
    with np.errstate(invalid="ignore"):
        near = f <= lowest + TIE * (1 + np.abs(lowest))
    phase = np.where(np.isfinite(lowest), np.argmax(near, axis=0), -1).astype(np.int8)
    mine = np.arange(len(f)).reshape(-1, *(1,) * phase.ndim) == phase
    state = np.where(exists, np.where(attracts, np.where(mine, 3, 2), 1), 0).astype(np.int8)
    return {PHASE: phase, "state": state}
