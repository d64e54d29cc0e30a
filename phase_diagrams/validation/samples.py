"""Samples of a machine at several points and sizes, computed and stored like a sweep.

A sample is a point of a grid over control parameters, size N and number of the sample. So a run can use many
processes, is stored sample by sample, and a run that was killed goes on with the samples that it has.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

import replica
from phase_diagrams.sweeping import compute
from phase_diagrams.sweeping.chunk import fingerprint
from phase_diagrams.sweeping.plan import FORMAT, Index, Plan, Variable, flags
from phase_diagrams.validation.agreement import Agreement, Measured, Subject, check_point, confront
from phase_diagrams.validation.machines import LEFT, OK, UNFINISHED, check, machine
from replica.errors import ParameterError
from replica.theory import Theory

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Samples", "measured", "simulate", "validate"]

STATUSES = {-1: "not computed", OK: "measured", LEFT: "left the state", UNFINISHED: "not at rest"}
WORDS = {LEFT: "left the state", UNFINISHED: "did not come to rest"}


@dataclass(frozen=True)
class Task:
    """One sample; small, and safe to send to another process."""

    subject: Subject
    point: dict[str, float]
    N: int
    sweeps: int
    seed: int
    key: tuple[int, ...]
    names: tuple[str, ...]


def draw(task: Task) -> dict[str, Any]:
    """Draw and measure one sample."""
    theory = task.subject.at(task.point)
    found = check(theory.name, theory, task.N)
    sequence = np.random.SeedSequence(task.seed, spawn_key=task.key)
    values, ended = found.sample(theory, task.N, task.sweeps, sequence)
    shape = (1,) * (len(task.point) + 2)
    out: dict[str, Any] = {
        name: np.full(shape, task.subject.asked(theory, name, values[name])) for name in task.names
    }
    return out | {"status": np.full(shape, ended, dtype=np.int8)}


@dataclass(frozen=True)
class Samples(Plan):
    """A plan whose grid is that of the samples; made by `plan_samples`.

    Attributes
    ----------
    subject : Subject
    sweeps, seed : int
    names : tuple of str
        What is measured.
    about : str
        What is simulated.
    """

    subject: Subject = dataclasses.field(default_factory=lambda: Subject(Theory))
    sweeps: int = 1
    seed: int = 0
    names: tuple[str, ...] = ()
    about: str = ""

    @property
    def worker(self) -> Callable[[Any], dict[str, Any]]:
        """What draws a sample."""
        return draw

    @property
    def block(self) -> tuple[int, ...]:
        """A file holds each variable in one piece."""
        return self.shape

    def task(self, index: Index) -> Task:
        """What a worker needs to draw a sample."""
        *place, size, _ = index
        names = list(self.over)[:-2]
        point = {name: float(self.over[name][i]) for name, i in zip(names, place, strict=True)}
        N = int(self.over["N"][size])
        return Task(self.subject, point, N, self.sweeps, self.seed, tuple(index), self.names)

    @property
    def variables(self) -> list[Variable]:
        """The observables, and how each sample ended."""
        dims = tuple(self.over)
        words = {"free_energy": "free energy per neuron", "energy": "energy per neuron"}
        kind = self.kind
        return [
            *(
                Variable(
                    name,
                    dims,
                    "float64",
                    np.nan,
                    {"long_name": words.get(name, kind.symbols.get(name, name)), "units": "1"},
                )
                for name in self.names
            ),
            Variable("status", dims, "int8", -1, flags("how the sample ended", STATUSES)),
        ]

    @property
    def coordinates(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """The points, the sizes, and the numbers of the samples."""
        out: dict[str, tuple[Any, dict[str, Any]]] = {}
        words = {"N": "size of the machine", "sample": "number of the sample of the disorder"}
        for name, values in self.over.items():
            if name in words:
                out[name] = (values, {"long_name": words[name], "units": "1"})
            else:
                about = self.kind.parameters()[name].metadata
                out[name] = (values, {"long_name": about["text"], "units": about["unit"]})
        return out

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes of the whole. There is no date: the same run gives the same bytes."""
        return {
            "Conventions": "CF-1.11",
            "title": f"{self.kind.name}: samples of machines of finite size",
            "source": f"replica {replica.__version__}",
            "comment": f"{self.about}. Units J = k_B = 1. Sample k has the SeedSequence (seed, its place).",
            "theory": self.kind.name,
            "branches": self.subject.branch or "",
            "seed": self.seed,
            "sweeps": self.sweeps,
            "unscaled": int(self.subject.unscaled),
            "versions": json.dumps({"numpy": np.__version__, "scipy": scipy.__version__}),
            "variables": " ".join(one.name for one in self.variables),
            "replica_version": replica.__version__,
            "replica_sweep_format": FORMAT,
            "identity": json.dumps(self.identity),
        }

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes two runs the same one."""
        return {
            "theory": self.kind.name,
            "fixed parameters": {name: str(value) for name, value in self.subject.fixed.items()},
            "grid": {name: _listed(values) for name, values in self.over.items() if name != "sample"},
            "order of the parameters": ", ".join(self.over),
            "samples": len(self.over["sample"]),
            "sweeps": self.sweeps,
            "seed": self.seed,
            "units": "unscaled" if self.subject.unscaled else "scaled",
            "version of replica": replica.__version__,
            "equations (digest of the source)": fingerprint(self.kind),
        }


def _listed(values: Any) -> str:
    return ",".join(f"{value:.17g}" for value in values)


def plan_samples(
    subject: Subject,
    over: Mapping[str, Sequence[float]],
    sizes: Sequence[int],
    samples: int,
    seed: int,
    sweeps: int | None,
) -> Samples:
    """Check what is to be simulated, and plan it."""
    check_point(subject, list(over))
    for name in over:
        if name in ("N", "sample"):
            message = f"{name} is no control parameter"
            raise ParameterError(message)
    if samples < 2:
        message = f"{samples} sample gives no error; take at least 2"
        raise ParameterError(message)
    sizes = sorted({int(N) for N in sizes})
    axes = {name: np.array(values, dtype=float) for name, values in over.items()}
    theories = [
        subject.at(dict(zip(axes, values, strict=True))) for values in itertools.product(*axes.values())
    ]
    for theory, N in itertools.product(theories, sizes):
        found = check(theory.name, theory, N)
    names = found.observables(theories[0])
    for theory in theories:
        if found.observables(theory) != names:
            message = (
                f"{theory.name}: {', '.join(names)} are measured at {theories[0].describe()}, but "
                f"{', '.join(found.observables(theory))} at {theory.describe()}; validate them one by one"
            )
            raise ParameterError(message)
    grid = axes | {"N": np.array(sizes), "sample": np.arange(samples)}
    steps = found.sweeps if sweeps is None else sweeps
    return Samples(
        subject.kind,
        {},
        grid,
        (subject.branch or theories[0].default,),
        False,
        None,
        (1,) * len(grid),
        subject=subject,
        sweeps=steps,
        seed=seed,
        names=names,
        about=found.text,
    )


def simulate(
    subject: Subject,
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
    """Draw samples of the machine that stands beside a theory.

    Parameters
    ----------
    subject : Subject
        The theory.
    over : mapping of str to sequence of float
        Values of the control parameters that vary; may be empty.
    sizes : sequence of int
        Sizes N.
    samples : int
        Samples of the disorder at every point and size, at least 2.
    seed : int
        Seed of the whole run; the samples do not depend on who draws them, and in which order.
    sweeps : int, optional
        Length of a run; by default that of the machine.
    executor, jobs, output, resume, overwrite, progress
        As for `phase_diagrams.sweeping.sweep`.

    Returns
    -------
    xarray.Dataset
        A variable for each observable and ``status``, over the control parameters, ``N`` and ``sample``.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> data = simulate(Subject(Hopfield, {"T": 0.1}), {"alpha": [0.02, 0.05]}, [500, 1000], samples=3)
    >>> print(dict(data.sizes), f"{float(data.m.mean()):.3f}")
    {'alpha': 2, 'N': 2, 'sample': 3} 1.000
    """
    plan = plan_samples(subject, over, sizes, samples, seed, sweeps)
    return compute(
        plan,
        executor=executor,
        jobs=jobs,
        output=output,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
    )


def measured(data: xr.Dataset, subject: Subject | None = None) -> list[Measured]:
    """Means and standard errors over the samples, for every point and size.

    Samples that left the state, or did not come to rest, are not in the means; the note counts them. Where
    all samples agree to the last digit the error is one step of the observable in one sample, as far as the
    machine of the subject knows it, else NaN; without a subject it is 0, on which there is no verdict.

    Parameters
    ----------
    data : xarray.Dataset
        What `simulate` returned.
    subject : Subject, optional
        The theory that was simulated.
    """
    names = str(data.attrs["variables"]).split(" ")
    names.remove("status")
    axes = [str(dim) for dim in data["status"].dims if dim not in ("N", "sample")]
    status = data["status"].values
    out = []
    for place in itertools.product(*(range(data.sizes[name]) for name in (*axes, "N"))):
        point = {name: float(data[name].values[i]) for name, i in zip(axes, place, strict=False)}
        N = int(data["N"].values[place[-1]])
        good = status[place] == OK
        means, errors = {}, {}
        theory = None if subject is None else subject.at(point)
        steps = {} if theory is None else machine(theory.name).resolution(theory, N)
        for name in names:
            row = data[name].values[place][good]
            means[name] = float(np.mean(row)) if row.size else math.nan
            error = float(np.std(row, ddof=1)) / math.sqrt(row.size) if row.size > 1 else math.nan
            if error < 1e-15:
                step = steps.get(name, math.nan)
                error = 0.0  # which gets no verdict
                if theory is not None and subject is not None:
                    error = subject.asked(theory, name, step) / row.size
            errors[name] = error
        lost = [f"{int(np.sum(status[place] == code))} {WORDS[code]}" for code in WORDS]
        note = ", ".join(one for one in lost if not one.startswith("0 "))
        note = f"of {good.size} samples at N = {N}, {note}" if note else ""
        out.append(Measured(point, N, means, errors, int(np.sum(good)), note))
    return out


def validate(
    subject: Subject, over: Mapping[str, Sequence[float]], sizes: Sequence[int], **options: Any
) -> Agreement:
    """Simulate the machine of a theory and put the samples beside the theory; options as for `simulate`.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> found = validate(Subject(Hopfield, {"T": 0.1}), {"alpha": [0.05]}, [500, 1000], samples=8, seed=1)
    >>> print([row.name for row in found.rows], abs(found.worst.z) < 4)
    ['m', 'q', 'energy'] True
    """
    return judge(subject, simulate(subject, over, sizes, **options))


def judge(subject: Subject, data: xr.Dataset) -> Agreement:
    """Put samples that were simulated beside the theory."""
    one = machine(subject.kind.name)
    subject = dataclasses.replace(subject, among=one.branches)
    return confront(subject, measured(data, subject), one.finite_size, one.power)
