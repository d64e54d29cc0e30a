"""Samples of a simulation, kept in a netCDF file as they arrive, and what they say on average.

The file is written whole after every sample, so it is never damaged, and a run that was killed keeps every
sample that was finished. Sample k has the seed ``SeedSequence(seed, spawn_key=(k,))``: a resumed run gives
the same numbers as one that was never interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from phase_diagrams.storage.files import StorageError, check_writable, replacing
from replica.machines.simulations import Simulation

__all__ = ["averages", "load_samples", "simulate"]


def simulate(
    simulation: Simulation,
    N: int,
    parameters: Mapping[str, Any],
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
    values = simulation.complete(parameters)
    identity = {"machine": simulation.name, "N": N, "sweeps": sweeps, "seed": seed} | {
        name: value if isinstance(value, float) else str(value) for name, value in values.items()
    }
    rows: dict[str, list[Any]] = {name: [] for name in _columns(simulation)}
    if path is not None:
        check_writable(path)
        if path.exists() and not overwrite:
            rows = _kept(path, identity, rows, resume, samples)
    for k in range(len(rows[next(iter(rows))]), samples):
        child = np.random.SeedSequence(seed, spawn_key=(k,))
        one = simulation.sample(N, sweeps, child, **values)
        for name, row in rows.items():
            row.append(one[name])
        if path is not None:
            _write(path, _dataset(simulation, rows, identity))
        if progress is not None:
            progress(k + 1, samples)
    return _dataset(simulation, rows, identity)


def averages(data: xr.Dataset, role: str = "measured") -> dict[str, tuple[float, float, int]]:
    """Mean, standard error and number of good samples of every number.

    Parameters
    ----------
    data : xarray.Dataset
        What `simulate` returned.
    role : {"measured", "run"}
        What was measured, or how the runs went. Samples that did not converge are NaN and left out; the
        number says how many there were. Samples that agree to the last digit have no error: NaN.
    """
    found = {}
    for name, column in data.data_vars.items():
        if column.ndim > 1 or column.attrs.get("role", "measured") != role:
            continue
        good = column.values[np.isfinite(column.values)]
        varies = good.size > 1 and np.ptp(good) > 1e-14 * np.max(np.abs(good))
        error = float(good.std(ddof=1) / math.sqrt(good.size)) if varies else math.nan
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
    if "machine" not in data.attrs or "sample" not in data.sizes:
        message = f"cannot read {path}: it is a netCDF file, but not one of samples"
        raise StorageError(message)
    return data


# -- helpers -------------------------------------------------------------------------------------------------


def _columns(simulation: Simulation) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Dimensions and attributes of everything that a sample gives."""
    columns: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}
    for role, texts in (("measured", simulation.measured), ("run", simulation.told)):
        columns |= {
            name: (("sample",), {"long_name": text, "units": "1", "role": role})
            for name, text in texts.items()
        }
    for name, (text, axis, _) in simulation.curves.items():
        columns[name] = (("sample", axis), {"long_name": text, "units": "1", "role": "measured"})
    return columns


def _dataset(simulation: Simulation, rows: Mapping[str, list[Any]], identity: Any) -> xr.Dataset:
    columns = {
        name: (dims, np.array(rows[name], dtype=float), about)
        for name, (dims, about) in _columns(simulation).items()
    }
    axes = {axis: grid for _, axis, grid in simulation.curves.values()}
    return xr.Dataset(columns, coords=axes, attrs={**identity, "about": simulation.text})


def _write(path: Path, data: xr.Dataset) -> None:
    with replacing(path) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf")


def _kept(
    path: Path, identity: Mapping[str, Any], rows: Mapping[str, Any], resume: bool, most: int
) -> dict[str, list[Any]]:
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
    missing = [name for name in rows if name not in data]
    if missing:
        message = f"{path} was written by another version: it has no {missing[0]}; choose another name"
        raise StorageError(message)
    return {name: list(data[name].values[:most]) for name in rows}
