"""A sweep, computed: chunks go out to workers and come back in any order, and nothing else is in memory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import xarray as xr

from phase_diagrams.storage.files import StorageError, check_writable, lock, temporary
from phase_diagrams.storage.workers import processes
from phase_diagrams.sweeping.files import to_netcdf
from phase_diagrams.sweeping.grid import Index, Plan
from phase_diagrams.sweeping.plan import CHUNK, make_plan
from phase_diagrams.sweeping.store import Store, compare, named, open_raw, open_sweep, owner
from replica import interrupts
from replica.errors import ParameterError, ReplicaError
from replica.machines.data.temporary import clear
from replica.solving import Solver
from replica.theory import Theory

__all__ = ["SweepError", "compute", "sweep"]

AHEAD = 64
"""Chunks that are handed to an executor before the first of them is back."""

PATIENCE = 3
"""Times that a worker process may die of a chunk that it computes alone."""

SUFFIXES = (".nc", ".zarr")

Progress: TypeAlias = Callable[[int, int], object]
Estimate: TypeAlias = Callable[[float, float], object]


class SweepError(ReplicaError):
    """A chunk that could not be computed; the cause is attached, finished chunks are kept."""


class Sink(Protocol):
    """What takes the chunks."""

    def has(self, index: Index) -> bool:
        """Whether a chunk is there already."""
        ...

    def write(self, index: Index, block: Mapping[str, Any]) -> None:
        """Take a chunk."""
        ...

    def stored(self, index: Index) -> int:
        """Bytes on disk of a chunk."""
        ...


def sweep(
    theory: type[Theory] | Theory,
    over: Mapping[str, Any],
    *,
    fixed: Mapping[str, Any] | None = None,
    branch: str | None = None,
    solver: Solver | None = None,
    chunk: int | Sequence[int] = CHUNK,
    executor: Executor | None = None,
    jobs: int = 1,
    ahead: int = AHEAD,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    estimate: Estimate | None = None,
) -> xr.Dataset:
    """Solve a theory on a grid of its control parameters.

    The grid is cut into chunks; each is solved in one batched call, with warm starts inside, and depends on
    nothing outside. So the result is the same to the bit, whoever computes the chunks and in which order.

    Parameters
    ----------
    theory : type of Theory, or Theory
        With a theory its values are those of the parameters that are not swept over.
    over : mapping of str to array, shape (n,)
        Values of the parameters that vary; the dimensions of the result, in this order.
    fixed : mapping of str to value, optional
        Values of parameters that do not vary.
    branch : str, optional
        The branch to follow, by default the theory's first one; ``"all"`` solves every branch and compares
        them: then ``phase`` says which one has the lowest free energy, ``state`` what each one is.
    solver : Solver, optional
        By default the engine's choice, and points that fail are tried again from their neighbours.
    chunk : int or sequence of int
        Points of a chunk; or its size along each parameter.
    executor : concurrent.futures.Executor, optional
        Computes the chunks; the caller owns it. ``dask.distributed.Client.get_executor()`` is one.
    jobs : int
        Number of worker processes of our own; a process that dies is replaced.
    ahead : int
        Chunks in the hands of the executor at a time. Memory grows with it, not with the grid.
    output : path-like, optional
        A ``.zarr`` store, written chunk by chunk; or a ``.nc`` file, for which such a store stands beside it
        until the end. Without it the result is held in memory.
    resume, overwrite : bool
        Whether to go on with what is in `output`, or to replace it when the new result is whole.
    progress : callable, optional
        Called with the number of points that are done, and of all points.
    estimate : callable, optional
        Called once, after the first chunk that is computed, with the seconds that the others will take,
        judging by it, and the bytes on disk of all; not with an `executor`.

    Returns
    -------
    xarray.Dataset
        With `output` it reads from there what is used. Variables: the order parameters, ``free_energy``,
        ``entropy``, ``replicon``, ``residual``, ``iterations``, ``status``.

    Raises
    ------
    ParameterError, UnknownNameError
        If what is asked for makes no sense.
    StorageError
        If `output` cannot be written, is in use, or holds another sweep.
    SweepError
        If a chunk could not be computed.

    Examples
    --------
    >>> import numpy as np
    >>> from replica.theories import Hopfield
    >>> found = sweep(Hopfield, {"alpha": np.linspace(0.01, 0.13, 4), "T": [0.1, 0.3]}, branch="retrieval")
    >>> print(found.m.sel(T=0.3, method="nearest").values.round(6))
    [0.996732 0.991165 0.970617      nan]
    """
    return compute(
        make_plan(theory, over, fixed, branch, solver, chunk),
        executor=executor,
        jobs=jobs,
        ahead=ahead,
        output=output,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
        estimate=estimate,
    )


def compute(
    plan: Plan,
    *,
    executor: Executor | None = None,
    jobs: int = 1,
    ahead: int = AHEAD,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    estimate: Estimate | None = None,
) -> xr.Dataset:
    """Compute what a plan says, chunk by chunk; arguments, result and errors are those of `sweep`."""
    if executor is not None and jobs != 1:
        message = "give either an executor or a number of jobs"
        raise ParameterError(message)
    for name, value in (("jobs", jobs), ("ahead", ahead)):
        if value < 1:
            message = f"{name} = {value} is not allowed; it is a whole number of at least 1"
            raise ParameterError(message)

    def fill(sink: Sink) -> None:
        work = _Work(plan, sink, progress, None if executor else estimate, jobs)
        if executor is not None:
            try:
                work.elsewhere(executor, ahead)
            except BrokenExecutor as error:
                message = (
                    f"the executor broke down at {_places(work)} ({error}); the finished chunks are kept"
                )
                raise SweepError(message) from error
        elif jobs > 1:
            _with_processes(work, jobs)
        else:
            work.here()

    if output is None:
        memory = Memory(plan)
        fill(memory)
        return memory.dataset()
    return _into(Path(output), plan, fill, resume=resume, overwrite=overwrite)


# --- where the chunks go ---------------------------------------------------------------------------


class Memory:
    """The whole result as arrays."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.variables = plan, plan.variables
        sizes = {name: len(values) for name, (values, _) in plan.coordinates.items()}
        self.arrays: dict[str, Any] = {
            one.name: np.full([sizes[name] for name in one.dims], one.fill, one.dtype)
            for one in self.variables
        }

    def has(self, index: Index) -> bool:
        """Nothing is there before it is computed."""
        return False

    def write(self, index: Index, block: Mapping[str, Any]) -> None:
        """Take a chunk."""
        for one in self.variables:
            self.arrays[one.name][self.plan.place(one, index)] = block[one.name]

    def stored(self, index: Index) -> int:
        """Nothing is on disk."""
        return 0

    def dataset(self) -> xr.Dataset:
        """The result."""
        coords = {name: (name, values, attrs) for name, (values, attrs) in self.plan.coordinates.items()}
        data = {one.name: (one.dims, self.arrays[one.name], dict(one.attrs)) for one in self.variables}
        return named(xr.Dataset(data, coords, self.plan.attrs))


def _into(
    path: Path, plan: Plan, compute: Callable[[Sink], None], *, resume: bool, overwrite: bool
) -> xr.Dataset:
    """Compute into a store, or into a file by way of a store beside it."""
    if path.suffix not in SUFFIXES:
        message = f"cannot write {path}: a sweep is written as {' or '.join(SUFFIXES)}; choose one of these"
        raise ParameterError(message)
    if resume and overwrite:
        message = "either --resume what is there or --overwrite it, not both"
        raise ParameterError(message)
    file = path.suffix == ".nc"
    if file or not path.is_dir():
        check_writable(path)
    path = path.resolve() if path.is_symlink() else path
    beside = path.with_name(f"{path.name}.zarr")
    with lock(beside if file else path):
        for part in (path, beside):
            clear(part)
        there, under_way = path.exists(), beside.exists()
        if overwrite:
            for old in (path, beside):
                if old.exists() and owner(old) != plan.holds:
                    cure = "remove it, or choose another place"
                    found = owner(old)
                    what = (
                        f"it holds {_HELD[found]}, not {_HELD[plan.holds]}"
                        if found
                        else "it does not hold a sweep"
                    )
                    message = f"cannot overwrite {old}: {what}; {cure}"
                    raise StorageError(message)
            if under_way:
                _discard(beside)
        elif (there or under_way) and not resume:
            raise _exists(path if there else beside)
        elif file and there and not under_way:
            with open_raw(path) as data:
                compare(data.attrs, plan, path)
                if not _shorter(data, plan):
                    return _asked(open_sweep(path), plan)
                longer = Store(beside, plan)
                longer.create()
                longer.adopt(data)
            under_way = True
        # what is replaced stays until the new result is whole
        store = Store(beside if file or (there if overwrite else under_way) else path, plan)
        if store.path.exists():
            store.resume()
        else:
            store.create()
        compute(store)
        if file:
            with open_raw(beside) as data:
                to_netcdf(_asked(data, plan), path, plan.block)
            _discard(beside)
        elif store.path == beside:
            _replace(path, beside)
    return _asked(open_sweep(path), plan)


_HELD = {"sweep": "a sweep", "samples": "samples of machines"}


def _shorter(data: xr.Dataset, plan: Plan) -> bool:
    """Whether a stored grid has to grow before it holds what is planned."""
    return plan.growing is not None and data.sizes[plan.growing] < len(plan.over[plan.growing])


def _asked(data: xr.Dataset, plan: Plan) -> xr.Dataset:
    """What was planned of a stored grid, which may be longer."""
    if plan.growing is None or data.sizes[plan.growing] == len(plan.over[plan.growing]):
        return data
    part = data.isel({plan.growing: slice(len(plan.over[plan.growing]))})
    part.set_close(data.close)
    return part


def _discard(store: Path) -> None:
    """Remove a store, which is gone at once: what is left of it after a kill has another name."""
    with temporary(store) as trash:
        store.rename(trash)


def _replace(old: Path, new: Path) -> None:
    """Give a store the place of another one, which is removed."""
    with temporary(old) as trash:
        if old.exists():
            old.rename(trash)
        try:
            new.rename(old)
        except OSError:
            if trash.exists():
                trash.rename(old)
            raise


def _exists(path: Path) -> StorageError:
    return StorageError(
        f"{path} exists; go on with it (--resume), replace it (--overwrite), or choose another"
    )


# --- who computes them -----------------------------------------------------------------------------


class _Count:
    """Counts points for the caller's progress."""

    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        self.plan, self.progress, self.done = plan, progress, 0

    def __call__(self, index: Index) -> None:
        self.done += self.plan.points(index)
        if self.progress is not None:
            self.progress(self.done, self.plan.size)


class _Work:
    """The chunks of a sweep: which have not begun, and which are under way."""

    def __init__(
        self,
        plan: Plan,
        sink: Sink,
        progress: Progress | None,
        estimate: Estimate | None = None,
        jobs: int = 1,
    ) -> None:
        self.plan, self.sink, self.count = plan, sink, _Count(plan, progress)
        self.estimate, self.jobs, self.begun = estimate, jobs, 0.0
        self.ahead: Iterator[Index] = plan.indices()
        self.under_way: dict[Future[Any], Index] = {}
        self.lost: list[Index] = []

    def next(self) -> Index | None:
        """A chunk that has to be computed, or None if there is none left."""
        if self.lost:
            return self.lost.pop()
        for index in self.ahead:
            interrupts.check()
            if not self.sink.has(index):
                self.begun = self.begun or time.monotonic()
                return index
            self.count(index)
        return None

    def here(self) -> None:
        """Compute all chunks in this process, one after the other."""
        while (index := self.next()) is not None:
            with _failing(self.plan, index):
                block = self.plan.worker(self.plan.task(index))
            self.take(index, block)

    def elsewhere(self, executor: Executor, ahead: int) -> None:
        """Compute all chunks on an executor; at most `ahead` of them are under way at a time.

        After an error the chunks that were under way are in `lost`, from where they can be taken again.
        """
        try:
            while True:
                while len(self.under_way) < ahead and (index := self.next()) is not None:
                    self.lost.append(index)
                    self.under_way[executor.submit(self.plan.worker, self.plan.task(index))] = index
                    self.lost.pop()
                if not self.under_way:
                    return
                for future in wait(self.under_way, return_when=FIRST_COMPLETED).done:
                    index = self.under_way[future]
                    with _failing(self.plan, index):
                        block = future.result()
                    self.take(index, block)
                    del self.under_way[future]
        finally:
            for future in self.under_way:
                future.cancel()
            self.lost += self.under_way.values()
            self.under_way.clear()

    def take(self, index: Index, block: Mapping[str, Any]) -> None:
        """Store a finished chunk."""
        self.sink.write(index, block)
        self.count(index)
        if self.estimate is not None:
            share = self.plan.points(index)
            left = (self.plan.size - self.count.done) / share / self.jobs
            size = self.sink.stored(index) * self.plan.size / share
            self.estimate((time.monotonic() - self.begun) * left, size)
            self.estimate = None
        interrupts.check()


def _with_processes(work: _Work, jobs: int) -> None:
    """Compute the chunks in processes of our own; a process that dies is replaced.

    Who killed it, the pool does not say: each of the chunks that were under way is then computed alone, which
    is also what helps where memory is short.
    """
    while True:
        try:
            with processes(jobs) as pool:
                work.elsewhere(pool, 2 * jobs)
        except BrokenProcessPool:
            for index in sorted(work.lost):
                _alone(work, index)
        else:
            return


def _alone(work: _Work, index: Index) -> None:
    """Compute a chunk in a process of its own, a few times if need be."""
    for attempt in range(1, PATIENCE + 1):
        try:
            with processes(1) as pool, _failing(work.plan, index):
                block = pool.submit(work.plan.worker, work.plan.task(index)).result()
        except BrokenProcessPool as error:
            if attempt == PATIENCE:
                message = (
                    f"worker processes were killed {PATIENCE} times at chunk {index}, perhaps for want of "
                    "memory; the finished chunks are kept: start anew with a smaller --chunk, or go on with "
                    "--resume where there is more memory"
                )
                raise SweepError(message) from error
        else:
            work.take(index, block)
            work.lost.remove(index)
            return


def _places(work: _Work) -> str:
    return "chunks " + ", ".join(map(str, sorted(work.lost)))


@contextmanager
def _failing(plan: Plan, index: Index) -> Iterator[None]:
    """Say which chunk it was that a worker could not compute; the sweep stops, what is finished stays."""
    try:
        yield
    except (ReplicaError, MemoryError, CancelledError, _lost_worker()) as error:
        parts = zip(plan.over.items(), plan.slices(index), strict=True)
        place = ", ".join(
            f"{name} from {values[part][0]:g} to {values[part][-1]:g}" for (name, values), part in parts
        )
        reason = str(error) or type(error).__name__
        message = f"chunk {index} ({place}) could not be computed: {reason}; the finished chunks are kept"
        raise SweepError(message) from error


def _lost_worker() -> type[BaseException]:
    """What a cluster raises for a task whose workers died, where its package is in use."""
    return getattr(sys.modules.get("distributed"), "KilledWorker", CancelledError)
