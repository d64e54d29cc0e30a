"""Samples of a simulation, kept in a netCDF file as they arrive, and what they say on average.

The file is written whole each time, so it is never damaged; an interrupted run loses at most the samples of
the last second. Sample k has the seed ``SeedSequence(seed, spawn_key=(k,))``: a resumed run gives the same
numbers as one that was never interrupted.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from phase_diagrams.storage import StorageError, check_writable, write_atomic
from replica.machines.simulations import Simulation

__all__ = ["averages", "load_samples", "simulate"]

_EVERY = 1.0
"""Seconds between two writes of the file."""


def simulate(
    simulation: Simulation,
    N: int,
    parameters: Mapping[str, float],
    samples: int,
    *,
    seed: int,
    sweeps: int = 200,
    path: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Simulate samples of disorder; what was measured, with dimension ``sample``.

    Parameters
    ----------
    simulation : Simulation
        What is simulated.
    N : int
        Size of the machine.
    parameters : mapping
        Control parameters by name.
    samples : int
        Number of samples.
    seed : int
        Seed of the whole run.
    sweeps : int
        Sweeps of each sample.
    path : path-like, optional
        A netCDF file for the samples.
    resume : bool
        Go on with the samples in `path`. They must be of the same run; there may be more or fewer of them.
    overwrite : bool
        Replace what is there.
    progress : callable, optional
        Called with the number of finished samples and the number of all.

    Raises
    ------
    ParameterError, UnknownNameError
        For parameters that the machine cannot have.
    StorageError
        If `path` cannot be written, or holds something else.

    Examples
    --------
    >>> from replica.machines.simulations import simulation
    >>> data = simulate(simulation("hopfield"), 500, {"alpha": 0.05}, samples=3, seed=1)
    >>> print(dict(data.sizes), data.attrs["seed"], f"{float(data['m'].mean()):.3f}")
    {'sample': 3} 1 1.000
    """
    identity = {
        "machine": simulation.name,
        "N": N,
        "sweeps": sweeps,
        "seed": seed,
        **simulation.complete(parameters),
    }
    rows = {name: np.empty(0) for name in simulation.measured}
    if path is not None:
        check_writable(path)
        if path.exists() and not overwrite:
            rows = _kept(path, identity, rows, resume)
    written = time.monotonic()
    done = len(next(iter(rows.values())))
    values = {name: list(row[:samples]) for name, row in rows.items()}
    try:
        for k in range(done, samples):
            child = np.random.SeedSequence(seed, spawn_key=(k,))
            for name, value in simulation.sample(N, sweeps, child, **simulation.complete(parameters)).items():
                values[name].append(value)
            if progress is not None:
                progress(k + 1, samples)
            if path is not None and time.monotonic() - written > _EVERY:
                _write(path, _dataset(simulation, values, identity))
                written = time.monotonic()
    finally:  # an interrupt keeps what there is
        if path is not None and len(values[next(iter(values))]) > done:
            _write(path, _dataset(simulation, values, identity))
    return _dataset(simulation, values, identity)


def averages(data: xr.Dataset) -> dict[str, tuple[float, float, int]]:
    """Mean, standard error and number of good samples of everything that was measured.

    Samples that did not converge are NaN and left out; the number says how many there were.
    """
    found = {}
    for name, column in data.data_vars.items():
        good = column.values[np.isfinite(column.values)]
        error = float(good.std(ddof=1) / math.sqrt(good.size)) if good.size > 1 else math.nan
        found[str(name)] = (float(good.mean()) if good.size else math.nan, error, int(good.size))
    return found


def load_samples(path: Path) -> xr.Dataset:
    """Read a file that `simulate` wrote.

    Raises
    ------
    StorageError
        If it cannot be read, or holds something else.
    """
    try:
        data = xr.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        message = f"cannot read {path}: it is not a netCDF file of samples, or damaged ({error})"
        raise StorageError(message) from None
    if "machine" not in data.attrs or tuple(data.sizes) != ("sample",):
        message = f"cannot read {path}: it is a netCDF file, but not one of samples"
        raise StorageError(message)
    return data


# -- helpers -------------------------------------------------------------------------------------------------


def _dataset(simulation: Simulation, values: Mapping[str, Iterable[float]], identity: Any) -> xr.Dataset:
    columns: dict[str, Any] = {
        name: ("sample", np.array(list(values[name])), {"long_name": text})
        for name, text in simulation.measured.items()
    }
    return xr.Dataset(columns, attrs={**identity, "about": simulation.text})


def _write(path: Path, data: xr.Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "samples.nc")
        data.to_netcdf(whole, engine="h5netcdf")
        write_atomic(path, whole.read_bytes())


def _kept(path: Path, identity: Mapping[str, Any], rows: dict[str, Any], resume: bool) -> dict[str, Any]:
    """The samples in the file, if they are of the same run."""
    if not resume:
        message = f"{path} exists; go on with it (--resume), replace it (--overwrite) or choose another name"
        raise StorageError(message)
    data = load_samples(path)
    for name, wanted in identity.items():
        there = data.attrs.get(name)
        if there != wanted:
            message = f"{path} is of another run: {name} is {there} there, {wanted} here; choose another name"
            raise StorageError(message)
    return {name: data[name].values for name in rows}
