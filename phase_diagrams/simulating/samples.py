"""Samples of a machine, computed and stored like a sweep; what they say on average, and beside a theory.

A sample is a point of a grid over control parameters, size N and number of the sample. So a run can use many
processes, is stored sample by sample, and a run that was killed goes on with the samples that it has. The
numbers of a sample depend on nothing but itself (`stream`), so that samples can be added at any time.
"""

from __future__ import annotations

import inspect
import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import replica
from phase_diagrams.simulating.agreement import Agreement, Measurement, Subject, check_point, confront
from phase_diagrams.simulating.machines import LEFT, OK, UNFINISHED, Machine
from phase_diagrams.simulating.models import machine_of
from phase_diagrams.sweeping import compute
from phase_diagrams.sweeping.chunk import digest, sources
from phase_diagrams.sweeping.grid import NOT_COMPUTED, Index, Plan, Variable, flags
from replica.errors import ParameterError
from replica.machines.data.given import room, whole

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Alone", "SamplePlan", "judge", "measurements", "remarks", "simulate", "told", "validate"]

STATUSES = {
    NOT_COMPUTED: "not computed",
    OK: "measured",
    LEFT: "left the state",
    UNFINISHED: "not at rest",
}
WORDS = {LEFT: "left the state", UNFINISHED: "did not come to rest"}

FEW = 10
"""Independent measurements in a run below which there is a remark."""


@dataclass(frozen=True)
class Alone:
    """A machine that is simulated without a theory beside it.

    Parameters
    ----------
    machine : Machine
    fixed : mapping of str to value
        Control parameters that do not vary.
    """

    machine: Machine
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One sample; small, and safe to send to another process."""

    machine: Machine
    parameters: dict[str, Any]
    N: int
    sweeps: int
    number: int
    seed: int
    axes: int
    units: dict[str, float]


def draw(task: Task) -> dict[str, Any]:
    """Draw and measure one sample; arrays with an axis of length one for each axis of the grid."""
    values, ended = task.machine.sample(task.parameters, task.N, task.sweeps, task.number, task.seed)
    out: dict[str, Any] = {
        name: np.asarray(value) / task.units.get(name, 1.0) for name, value in values.items()
    }
    out["status"] = np.asarray(ended, dtype=np.int8)
    return {name: np.reshape(value, (1,) * task.axes + np.shape(value)) for name, value in out.items()}


@dataclass(frozen=True)
class SamplePlan(Plan):
    """Samples on a grid of control parameters, sizes and numbers of the sample; made by `plan_samples`.

    Attributes
    ----------
    what : Alone or Subject
        The machine, or the theory beside which it stands.
    machine : Machine
    sweeps, seed : int
        Length of a run; seed of all samples.
    """

    what: Alone | Subject
    machine: Machine
    sweeps: int
    seed: int

    holds: ClassVar[str] = "samples"
    growing: ClassVar[str | None] = "sample"

    @property
    def worker(self) -> Callable[[Any], dict[str, Any]]:
        """What draws a sample."""
        return draw

    @property
    def block(self) -> tuple[int, ...]:
        """A file holds each variable in one piece."""
        return self.shape

    @property
    def names(self) -> list[str]:
        """The parameters that vary."""
        return list(self.over)[:-2]

    def task(self, index: Index) -> Task:
        """What a worker needs to draw a sample."""
        *place, size, number = index
        point = {name: self.over[name][i].item() for name, i in zip(self.names, place, strict=True)}
        return Task(
            self.machine,
            parameters_at(self.what, self.machine, point),
            int(self.over["N"][size]),
            self.sweeps,
            number,
            self.seed,
            len(index),
            self.units(point),
        )

    def units(self, point: Mapping[str, Any]) -> dict[str, float]:
        """Scaled units of the observables in those of the machine, where scaled ones are asked for."""
        if isinstance(self.what, Alone) or self.what.unscaled:
            return {}
        theory: Any = self.what.at(point)
        if not hasattr(theory, "unscaled"):
            return {}
        return {
            name: float(theory.unscaled(there, 1.0)) for name, there in self.machine.compared(theory).items()
        }

    @cached_property
    def first(self) -> dict[str, Any]:
        """Parameters of the machine at the first point."""
        point = {name: self.over[name][0].item() for name in self.names}
        return parameters_at(self.what, self.machine, point)

    @property
    def variables(self) -> list[Variable]:
        """The observables, how each run went, curves, and how each sample ended."""
        dims = tuple(self.over)
        texts = [(self.machine.observables(self.first), "measured"), (self.machine.told, "run")]
        return [
            *(
                Variable(name, dims, "float64", np.nan, {"long_name": text, "units": "1", "role": role})
                for part, role in texts
                for name, text in part.items()
            ),
            *(
                Variable(
                    name, (*dims, axis), "float64", np.nan, {"long_name": text, "units": "1", "role": "curve"}
                )
                for name, (text, axis, _) in self.machine.curves.items()
            ),
            Variable("status", dims, "int8", NOT_COMPUTED, flags("how the sample ended", STATUSES)),
        ]

    @property
    def coordinates(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """The points, the sizes, and the numbers of the samples."""
        words = {"N": "size of the machine", "sample": "number of the sample of the disorder"}
        out: dict[str, tuple[Any, dict[str, Any]]] = {}
        for name, values in self.over.items():
            text, unit = words.get(name, name), "1"
            if name not in words and isinstance(self.what, Subject):
                about = self.what.kind.parameters()[name]
                text, unit = about.text, about.unit
            out[name] = (values, {"long_name": text, "units": unit})
        for _, axis, values in self.machine.curves.values():
            out[axis] = (values, {"long_name": axis, "units": "1"})
        return out

    @property
    def about(self) -> dict[str, Any]:
        """Attributes of the result that say what was simulated."""
        return {
            "title": f"{self.machine.name}: samples of machines of finite size",
            "comment": f"{self.machine.text}. Units J = k_B = 1.",
            "machine": self.machine.name,
            "sweeps": self.sweeps,
            "seed": self.seed,
        }

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes two runs the same one. The number of samples does not: there may be more later."""
        fixed = {name: value for name, value in self.first.items() if name not in self.names}
        return {
            "machine": self.machine.name,
            "fixed parameters": {name: str(value) for name, value in fixed.items()},
            "grid": {
                name: ",".join(f"{value:.17g}" for value in values)
                for name, values in self.over.items()
                if name != self.growing
            },
            "order of the parameters": ", ".join(self.over),
            "sweeps": self.sweeps,
            "seed": self.seed,
            "units": "scaled"
            if self.units({name: self.over[name][0] for name in self.names})
            else "of the machine",
            "version of replica": replica.__version__,
            "machines (digest of the source)": _source(self.machine),
        } | ({"made of": self.machine.made} if self.machine.made else {})


def _source(machine: Machine) -> str:
    """Digest of the source code that decides the numbers of a sample."""
    files = {Path(inspect.getfile(kind)) for kind in type(machine).__mro__ if kind is not object}
    return digest(tuple(sorted(files | sources(*machine.rooms))))


def parameters_at(what: Alone | Subject, machine: Machine, point: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the machine at a point."""
    given = {**what.fixed, **point} if isinstance(what, Alone) else machine.parameters_at(what, point)
    return machine.complete(given)


def plan_samples(
    what: Alone | Subject,
    over: Mapping[str, Sequence[float]],
    sizes: Sequence[int],
    samples: int,
    seed: int,
    sweeps: int | None,
) -> SamplePlan:
    """Check what is to be simulated, and plan it."""
    if samples < 1:
        message = f"samples = {samples} is not allowed; it is a whole number of at least 1"
        raise ParameterError(message)
    for name in over:
        if name in ("N", "sample"):
            message = f"{name} is no control parameter"
            raise ParameterError(message)
    if isinstance(what, Subject):
        check_point(what, list(over))
        found = machine_of(what.kind, what.branch)
    else:
        found = what.machine
    axes = {name: np.array(values, dtype=float) for name, values in over.items()}
    runs = math.prod(map(len, axes.values())) * len(sizes)
    room(f"{samples} samples", whole("samples", samples), runs, hint="take fewer")
    grid = axes | {"N": np.array(sorted({int(N) for N in sizes})), "sample": np.arange(samples)}
    steps = found.sweeps if sweeps is None else sweeps
    room(f"{steps} sweeps", whole("sweeps", steps, 0), 2, hint="take fewer")
    plan = SamplePlan(grid, (1,) * len(grid), what, found, steps, seed)
    names: dict[str, Any] = {}
    for values in itertools.product(*axes.values()):
        point = dict(zip(axes, map(float, values), strict=True))
        given = _checked(what, found, point, grid["N"])
        mine = found.observables(given)
        names = names or mine
        if mine.keys() != names.keys():
            where = ", ".join(f"{name} = {value:g}" for name, value in point.items())
            message = (
                f"{found.name}: {', '.join(names)} are measured at the first point, but {', '.join(mine)} at "
                f"{where}; take them one by one"
            )
            raise ParameterError(message)
    return plan


def _checked(what: Alone | Subject, machine: Machine, point: Mapping[str, Any], sizes: Any) -> dict[str, Any]:
    """Parameters of the machine at a point; or why there is no such machine of some size."""
    if isinstance(what, Alone):
        given = parameters_at(what, machine, point)
        for N in sizes:
            machine.require(given, N)
        return given
    theory = what.at(point)
    for N in sizes:
        try:
            given = parameters_at(what, machine, point)
            machine.require(given, N)
        except ParameterError as error:
            message = f"no machine for {theory.describe()} at N = {N}: {error}"
            raise ParameterError(message) from error
    return given


def simulate(
    what: Alone | Subject,
    over: Mapping[str, Sequence[float]],
    sizes: Sequence[int],
    *,
    samples: int = 20,
    seed: int = 0,
    sweeps: int | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> xr.Dataset:
    """Draw samples of a machine, alone or beside a theory; either way they are the same.

    Parameters
    ----------
    what : Alone or Subject
        The machine, or the theory beside which it stands.
    over : mapping of str to sequence of float
        Values of the control parameters that vary; may be empty.
    sizes : sequence of int
        Sizes N.
    samples : int
        Samples of the disorder at every point and size.
    seed : int
        Seed of the whole run. A sample depends on the machine, its parameters, N, its number and this seed,
        and on nothing else: neither on the other samples, nor on who draws it.
    sweeps : int, optional
        Length of a run; by default that of the machine.
    executor, jobs, output, resume, overwrite, progress
        As for `phase_diagrams.sweeping.sweep`. With `resume` samples may be added to a finished run.

    Returns
    -------
    xarray.Dataset
        A variable for each observable, for how the runs went, and ``status``, over the control parameters,
        ``N`` and ``sample``.

    Raises
    ------
    ParameterError, UnknownNameError
        For parameters that the machine cannot have.
    StorageError
        If `output` cannot be written, or holds something else.

    Examples
    --------
    >>> from phase_diagrams.simulating.machines import machine
    >>> cold = Alone(machine("hopfield"), {"T": 0.1})
    >>> data = simulate(cold, {"alpha": [0.02, 0.05]}, [500, 1000], samples=3)
    >>> print(dict(data.sizes), f"{float(data.m.mean()):.3f}")
    {'alpha': 2, 'N': 2, 'sample': 3} 1.000
    """
    plan = plan_samples(what, over, sizes, samples, seed, sweeps)
    return compute(
        plan,
        executor=executor,
        jobs=jobs,
        output=output,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
    )


def measurements(data: xr.Dataset, subject: Subject | None = None) -> list[Measurement]:
    """Means and standard errors over the samples, for every point and size.

    Samples that left the state, or did not come to rest, are not in the means; the note counts them.

    Parameters
    ----------
    data : xarray.Dataset
        What `simulate` returned.
    subject : Subject, optional
        The theory that was simulated: then there are the observables that it knows, by its names. Where all
        samples agree to the last digit the error is one step of the observable in one sample, as far as the
        machine knows it; else NaN.
    """
    own = _named(data, "measured")
    axes = [str(dim) for dim in data["status"].dims if dim not in ("N", "sample")]
    status = data["status"].values
    columns = {name: data[name].values for name in own}
    out = []
    for place in itertools.product(*(range(data.sizes[name]) for name in (*axes, "N"))):
        point = {name: float(data[name].values[i]) for name, i in zip(axes, place, strict=False)}
        N = int(data["N"].values[place[-1]])
        good = status[place] == OK
        names, steps = dict(zip(own, own, strict=True)), {}
        if subject is not None:
            theory, one = subject.at(point), machine_of(subject.kind, subject.branch)
            names = one.compared(theory)
            steps = {
                name: subject.asked(theory, name, step) for name, step in one.resolution(theory, N).items()
            }
        means, errors = {}, {}
        for name, there in names.items():
            row = columns[name][place][good]
            means[there] = float(np.mean(row)) if row.size else math.nan
            error = float(np.std(row, ddof=1)) / math.sqrt(row.size) if row.size > 1 else math.nan
            errors[there] = steps.get(there, math.nan) / row.size if error < 1e-15 else error
        lost = [f"{int(np.sum(status[place] == code))} {WORDS[code]}" for code in WORDS]
        note = ", ".join(one for one in lost if not one.startswith("0 "))
        note = f"of {good.size} samples at N = {N}, {note}" if note else ""
        out.append(Measurement(point, N, means, errors, int(np.sum(good)), note))
    return out


def told(data: xr.Dataset) -> dict[str, Any]:
    """How the runs went, on average over the samples: arrays over control parameters and N.

    What means nothing for a machine, or for a temperature, is left out.
    """
    found = {}
    for name in _named(data, "run"):
        values = data[name].values
        known = np.isfinite(values)
        if known.any():
            with np.errstate(invalid="ignore"):
                found[name] = np.where(known, values, 0.0).sum(axis=-1) / known.sum(axis=-1)
    return found


def remarks(data: xr.Dataset) -> list[str]:
    """What to know before believing the samples: runs that were too short, ladders that did not mix."""
    runs, found = told(data), []
    fewest = np.nanmin(runs.get("effective", np.inf))
    if fewest < FEW:
        found.append(
            f"runs of {data.attrs['sweeps']} sweeps hold only {fewest:.1f} independent measurements, so that "
            "the start may still be felt; take more --sweeps"
        )
    if np.any(runs.get("trips", np.inf) == 0):
        found.append("no replica went through the whole ladder and back; take more --sweeps")
    return found


def _named(data: xr.Dataset, role: str) -> list[str]:
    return [str(name) for name, one in data.data_vars.items() if one.attrs.get("role") == role]


def validate(
    subject: Subject,
    over: Mapping[str, Sequence[float]],
    sizes: Sequence[int],
    *,
    samples: int = 20,
    **options: Any,
) -> Agreement:
    """Simulate the machine of a theory and put the samples beside the theory; options as for `simulate`.

    Raises
    ------
    ParameterError
        If one sample is asked for, which gives no error.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> found = validate(Subject(Hopfield, {"T": 0.1}), {"alpha": [0.05]}, [500, 1000], samples=8, seed=1)
    >>> print([row.name for row in found.rows], abs(found.worst.z) < 4)
    ['m', 'q', 'energy'] True
    """
    if samples < 2:
        message = f"{samples} sample gives no error; take at least 2"
        raise ParameterError(message)
    return judge(subject, simulate(subject, over, sizes, samples=samples, **options))


def judge(subject: Subject, data: xr.Dataset) -> Agreement:
    """Put samples that were simulated beside the theory."""
    one = machine_of(subject.kind, subject.branch)
    subject = replace(subject, among=one.branches)
    return confront(subject, measurements(data, subject), one.finite_size, one.power)
