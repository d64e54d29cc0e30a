"""Sweeps in files: a Zarr store that grows chunk by chunk, and what is read back from it.

A chunk is finished when every variable has its part of it; the status is written last. Each part is one
file, written under another name and then renamed, with a checksum: a process that is killed leaves whole
parts behind, and a part that was damaged later is noticed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

import replica
from phase_diagrams.storage.files import StorageError, temporary
from phase_diagrams.storage.kinds_of_files import instead, missing
from phase_diagrams.sweeping.grid import FORMAT, Index, Plan, Variable

__all__ = ["Store", "named", "open_raw", "open_sweep"]

_KEY = "replica_sweep_format"
_WRITER = "replica_version"
WANTED = ("sweep", "samples")
"""What a store can hold, by the names of `phase_diagrams.storage.kinds_of_files`."""


class Store:
    """A Zarr store on disk that holds a sweep, finished or not.

    Parameters
    ----------
    path : Path
        The directory.
    plan : Plan
        What the store holds.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan
        self.variables = plan.variables
        self._arrays: dict[str, Any] = {}

    # -- beginning ------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the store, without any chunk; it appears as a whole."""
        trouble = _trouble(f"cannot write {self.path}", "nothing was changed; free some space")
        with trouble, temporary(self.path) as folder:
            self._lay_out(folder)
            folder.rename(self.path)

    def _lay_out(self, folder: Path) -> None:
        plan = self.plan
        group = zarr.create_group(folder, zarr_format=3, attributes=plan.attrs)
        for name, (values, attrs) in plan.coordinates.items():
            array = group.create_array(
                name, data=np.asarray(values), dimension_names=[name], attributes=_plain(attrs)
            )
            array[:] = values
        sizes = {name: len(values) for name, (values, _) in plan.coordinates.items()}
        chunk = sizes | dict(zip(plan.over, plan.chunk, strict=True))
        for one in self.variables:
            group.create_array(
                one.name,
                shape=tuple(sizes[name] for name in one.dims),
                chunks=tuple(chunk[name] for name in one.dims),
                dtype=one.dtype,
                fill_value=one.fill,
                compressors=[ZstdCodec(level=1), Crc32cCodec()],
                dimension_names=one.dims,
                attributes=_plain(one.attrs),
            )

    def resume(self) -> None:
        """Check that the store holds the same sweep, and remove what a killed process left half done.

        Where the plan has an axis that may grow, the store is as long as the plan afterwards, or longer.
        """
        attrs = _attributes(self.path)
        check_format(attrs, self.path)
        compare(attrs, self.plan, self.path)
        axis = self.plan.growing
        if axis is not None:
            with _trouble(f"cannot write {self.path}", "free some space"):
                self._grow(axis, len(self.plan.over[axis]))
        for junk in self.path.rglob("*.partial"):
            if _PARTIAL.fullmatch(junk.name):
                junk.unlink(missing_ok=True)

    def _grow(self, axis: str, length: int) -> None:
        """Make every variable so long along an axis, and then the axis itself; shorten nothing."""
        for one in self.variables:
            array = self._array(one.name)
            if axis in one.dims and array.shape[one.dims.index(axis)] < length:
                array.resize(
                    tuple(length if d == axis else n for d, n in zip(one.dims, array.shape, strict=True))
                )
        values = self._array(axis)
        if values.shape[0] < length:
            values.resize((length,))
            values[:] = self.plan.over[axis]

    def adopt(self, data: xr.Dataset) -> None:
        """Take the chunks of a finished file of the same sweep."""
        axis = self.plan.growing
        for index in self.plan.indices():
            where = dict(zip(self.plan.over, self.plan.slices(index), strict=True))
            if axis is None or where[axis].stop <= data.sizes[axis]:
                part = data.isel(where)
                self.write(index, {one.name: part[one.name].values for one in self.variables})

    # -- chunks ---------------------------------------------------------------------------------------

    def has(self, index: Index) -> bool:
        """Whether a chunk is there, whole and undamaged; damaged parts are removed."""
        parts = [self._file(one, index) for one in self.variables]
        if not all(part.is_file() for part in parts):
            return False
        for one, part in zip(self.variables, parts, strict=True):
            try:
                self._array(one.name)[self.plan.place(one, index)]
            except _DAMAGE:
                part.unlink()
                return False
        return True

    def write(self, index: Index, block: Mapping[str, Any]) -> None:
        """Store a chunk."""
        what = f"cannot write chunk {_shown(index)} of {self.path}"
        with _trouble(what, "the finished chunks are kept; free some space, then go on with --resume"):
            for one in self.variables:
                self._array(one.name)[self.plan.place(one, index)] = block[one.name]

    def read(self, index: Index, names: Iterable[str]) -> dict[str, Any]:
        """Read some variables of a chunk."""
        known = {one.name: one for one in self.variables}
        return {name: self._array(name)[self.plan.place(known[name], index)] for name in names}

    def _file(self, one: Variable, index: Index) -> Path:
        return self.path.joinpath(one.name, "c", *map(str, self.plan.key(one, index)))

    def _array(self, name: str) -> Any:
        if name not in self._arrays:
            # a missing file is a missing chunk, and nothing else; zarr ignores this option of open_array
            with zarr.config.set({"array.write_empty_chunks": True}):
                self._arrays[name] = zarr.open_array(self.path / name, mode="r+", zarr_format=3)
        return self._arrays[name]


_PARTIAL = re.compile(r"([0-9]+|zarr\.json)\.[0-9a-f]+\.partial")
"""Names under which Zarr writes what is then renamed."""

_DAMAGE = (ValueError, RuntimeError, OSError)
"""What reading a damaged part raises: a wrong checksum or length, a decompression that fails, the disk."""


@contextmanager
def _trouble(what: str, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{what}: {error.strerror or error}; {hint}"
        raise StorageError(message) from error


def _plain(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON knows them."""
    return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in attrs.items()}


def _shown(index: Index) -> str:
    return "(" + ", ".join(map(str, index)) + ")"


# --- what a store says about itself ----------------------------------------------------------------


def _attributes(path: Path) -> dict[str, Any]:
    """The attributes of a Zarr group, read without zarr: a store of a future format must be refused too."""
    try:
        content = json.loads((path / "zarr.json").read_bytes())
        return dict(content["attributes"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_sweep(path: Path) -> bool:
    """Whether a sweep wrote a store or file, which may then be replaced by one."""
    if path.is_dir():
        return _KEY in _attributes(path)
    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            return _KEY in data.attrs
    except _DAMAGE:
        return False


def check_format(attrs: Mapping[str, Any], path: Any) -> None:
    """Refuse what is no sweep, or one of another format."""
    if _KEY not in attrs:
        message = instead(path, WANTED) or (
            f"cannot read {path}: it does not hold a sweep; give a file or store written by replica sweep"
        )
        raise StorageError(message)
    number, writer = int(attrs[_KEY]), attrs.get(_WRITER, "a later version")
    if number != FORMAT:
        message = (
            f"cannot read {path}: it is written in format {number}, and this version ({replica.__version__}) "
            f"reads format {FORMAT}; read it with replica {writer}"
        )
        raise StorageError(message)


def compare(attrs: Mapping[str, Any], plan: Plan, path: Any) -> None:
    """Refuse to go on with another sweep, and say what differs."""
    stored, asked = json.loads(attrs["identity"]), json.loads(json.dumps(plan.identity))
    differences = []
    for part in {**stored, **asked}:
        old, new = stored.get(part), asked.get(part)
        if new == "":
            differences.append(f"{part}: unknown, since the source of the theory cannot be read")
        elif isinstance(old, dict) and isinstance(new, dict):
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            differences += [
                f"{part}: {name} was {old.get(name, 'absent')}, now {new.get(name, 'absent')}"
                for name in names
            ]
        elif old != new:
            differences.append(f"{part}: was {_words(old)}, now {_words(new)}")
    if differences:
        message = (
            f"{path} holds another sweep ({'; '.join(differences)}); choose another file, or start anew with "
            "--overwrite"
        )
        raise StorageError(message)


# --- reading ---------------------------------------------------------------------------------------


def open_sweep(path: str | os.PathLike[str]) -> xr.Dataset:
    """Open a stored sweep; the numbers are read when they are used.

    Parameters
    ----------
    path : path-like
        A Zarr store or a netCDF file that a sweep wrote, finished or not.

    Returns
    -------
    xarray.Dataset
        As `xarray.open_dataset` gives it, with the branches by name where they are a dimension.

    Raises
    ------
    StorageError
        If there is no sweep, or one of another format.

    Examples
    --------
    >>> open_sweep("missing.zarr")
    Traceback (most recent call last):
        ...
    phase_diagrams.storage.files.StorageError: cannot read missing.zarr: No such file or directory; \
`replica sweep` writes one
    """
    return named(open_raw(path))


def open_raw(path: str | os.PathLike[str]) -> xr.Dataset:
    """Open a stored sweep as it is stored: branches are numbers."""
    path = Path(path)
    if not path.exists():
        raise StorageError(missing(path, WANTED))
    if path.is_dir():
        check_format(_attributes(path), path)
        try:
            data = xr.open_zarr(path, consolidated=False, chunks=None)
            return data[data.attrs["variables"].split(" ")]  # a directory has an order of its own
        except (KeyError, *_DAMAGE) as error:
            message = f"cannot read {path}: its description is damaged ({_first_line(error)})"
            raise StorageError(message) from error
    try:
        data = xr.open_dataset(path, engine="h5netcdf")
    except _DAMAGE as error:
        problem = f"it is no netCDF-4 file, or cut off ({_first_line(error)})"
        message = instead(path, WANTED) or f"cannot read {path}: {problem}"
        raise StorageError(message) from error
    check_format(data.attrs, path)
    return data


def named(data: xr.Dataset) -> xr.Dataset:
    """The data with the branches by name, where they are a dimension."""
    if "branch" not in data.dims:
        return data
    return data.assign_coords(branch=("branch", data.attrs["branches"].split(" "), data["branch"].attrs))


def _words(value: Any) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)


def _first_line(error: Exception) -> str:
    if "checksum" in str(error):
        return "its checksum is wrong"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def block(data: xr.Dataset, name: str, where: Mapping[str, slice], path: Any) -> Any:
    """Read a part of a variable, a chunk or less; a damaged chunk is named, with what to do."""
    try:
        if _lost(data, name, where, path):
            message = "its file is missing"
            raise FileNotFoundError(message)
        return data[name].isel({dim: part for dim, part in where.items() if dim in data[name].dims}).values
    except _DAMAGE as error:
        place = ", ".join(f"{dim}[{part.start}:{part.stop}]" for dim, part in where.items())
        cure = "repeat the sweep with --resume, which computes damaged chunks again"
        if Path(path).is_file():
            cure = "compute it again"
        message = f"cannot read {path}: {name} is damaged at {place} ({_first_line(error)}); {cure}"
        raise StorageError(message) from error


def _lost(data: xr.Dataset, name: str, where: Mapping[str, slice], path: Any) -> bool:
    """Whether a part is missing of a chunk that is finished: to Zarr it would be fill values."""
    if not Path(path).is_dir():
        return False

    def there(variable: str) -> bool:
        sizes = data[variable].encoding["preferred_chunks"]
        keys = (where[d].start // sizes[d] if d in where else 0 for d in map(str, data[variable].dims))
        return Path(path, variable, "c", *map(str, keys)).is_file()

    return there("status") and not there(name)
