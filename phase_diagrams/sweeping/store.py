"""Sweeps in files: a Zarr store that grows chunk by chunk, and what is read back from it.

A chunk is finished when every variable has its part of it; the status is written last. Each part is one
file, written under another name and then renamed, with a checksum: a process that is killed leaves whole
parts behind, and a part that was damaged later is noticed.
"""

from __future__ import annotations

import json
import math
import os
import re
import warnings
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
from replica import interrupts
from replica.errors import clean, cleaned
from replica.machines.data.guards import HDF5, RATIO, damage_as, format_of, oversized
from replica.machines.data.hdf5 import check_hdf5
from replica.typing import Numbers

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
        sizes, chunk = self._sizes()
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
        _consolidate(folder)

    def resume(self) -> None:
        """Check that the store holds the same sweep, and remove what a killed process left half done.

        Where the plan has an axis that may grow, the store is as long as the plan afterwards, or longer.
        """
        attrs = _attributes(self.path)
        check_format(attrs, self.path)
        compare(attrs, self.plan, self.path)
        _check_parts(self.path, str(attrs["variables"]).split(" "))
        self._check_arrays()
        axis = self.plan.growing
        if axis is not None:
            with _trouble(f"cannot write {self.path}", "free some space"):
                self._grow(axis, len(self.plan.over[axis]))
        for junk in self.path.rglob("*.partial"):
            if _PARTIAL.fullmatch(junk.name):
                junk.unlink(missing_ok=True)

    def _check_arrays(self) -> None:
        """Refuse a store whose arrays are not those of the plan."""
        sizes, chunk = self._sizes()
        for one in self.variables:
            array = self._array(one.name)
            shape = tuple(sizes[d] for d in one.dims)
            same = len(array.shape) == len(shape) and all(
                d == self.plan.growing or n == m for d, n, m in zip(one.dims, array.shape, shape, strict=True)
            )
            if not same or array.dtype != one.dtype or array.chunks != tuple(chunk[d] for d in one.dims):
                message = (
                    f"cannot read {self.path}: the description of {one.name} is damaged (its shape, chunks "
                    "or type); start anew with --overwrite"
                )
                raise StorageError(message)

    def _sizes(self) -> tuple[dict[str, int], dict[str, int]]:
        """How long each dimension is, and a chunk along it."""
        sizes = {name: len(values) for name, (values, _) in self.plan.coordinates.items()}
        return sizes, sizes | dict(zip(self.plan.over, self.plan.chunk, strict=True))

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
        _consolidate(self.path)

    def adopt(self, data: xr.Dataset) -> None:
        """Take the chunks of a finished file of the same sweep."""
        axis = self.plan.growing
        for index in self.plan.indices():
            interrupts.check()
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
                with damage_as(StorageError):
                    _check_frame(part)
                    self._array(one.name)[self.plan.place(one, index)]
            except StorageError:
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

    def stored(self, index: Index) -> int:
        """Bytes on disk of a chunk."""
        return sum(self._file(one, index).stat().st_size for one in self.variables)

    def _file(self, one: Variable, index: Index) -> Path:
        return self.path.joinpath(one.name, "c", *map(str, self.plan.key(one, index)))

    def _array(self, name: str) -> Any:
        if name not in self._arrays:
            # a missing file is a missing chunk, and nothing else; zarr ignores this option of open_array
            what = f"cannot read {self.path}: the description of {name} is damaged"
            with (
                damage_as(lambda words: StorageError(f"{what} ({words}); start anew with --overwrite")),
                zarr.config.set({"array.write_empty_chunks": True}),
            ):
                self._arrays[name] = zarr.open_array(self.path / name, mode="r+", zarr_format=3)
        return self._arrays[name]


def _consolidate(path: Path) -> None:
    """Write what all arrays are into one file, too: xarray opens a store by that, and warns without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # other programs than zarr need not know it
        zarr.consolidate_metadata(path, zarr_format=3)


_PARTIAL = re.compile(r"([0-9]+|zarr\.json)\.[0-9a-f]+\.partial")
"""Names under which Zarr writes what is then renamed."""


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
        attrs = _json(path / "zarr.json")["attributes"]
    except (StorageError, KeyError):
        return {}
    return dict(attrs) if isinstance(attrs, dict) else {}


def _json(place: Path) -> dict[str, Any]:
    """An object in a JSON file, which is no link."""

    def damaged(words: str) -> StorageError:
        return StorageError(f"cannot read {place}: {words}")

    with damage_as(damaged):
        if place.is_symlink():
            msg = "it is a link, which is not followed"
            raise damaged(msg)
        found = json.loads(place.read_bytes())
        if not isinstance(found, dict):
            msg = "it is no JSON object"
            raise damaged(msg)
    return found


def owner(path: Path) -> str:
    """What wrote a store or file: ``"sweep"``, ``"samples"``, or nothing of ours."""
    attrs = {}
    if path.is_dir():
        attrs = _attributes(path)
    else:
        try:
            with _netcdf(path) as data:
                attrs = dict(data.attrs)
        except (OSError, StorageError):
            return ""
    if _KEY not in attrs:
        return ""
    return "samples" if "machine" in attrs else "sweep"


def check_format(attrs: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Refuse what is no sweep, one of another format, or one whose description is damaged."""
    if _KEY not in attrs:
        message = instead(path, WANTED) or (
            f"cannot read {path}: it does not hold a sweep; give a file or store written by replica sweep"
        )
        raise StorageError(message)
    number, writer = attrs[_KEY], attrs.get(_WRITER, "a later version")
    if isinstance(number, bool | np.bool_) or not isinstance(number, int | np.integer):
        message = f"cannot read {path}: its description is damaged ({_KEY} is no whole number)"
        raise StorageError(message)
    if number != FORMAT:
        message = (
            f"cannot read {path}: it is written in format {number}, and this version ({replica.__version__}) "
            f"reads format {FORMAT}; read it with replica {writer}"
        )
        raise StorageError(message)
    for name in ("variables", "identity"):
        if not isinstance(attrs.get(name), str):
            message = f"cannot read {path}: its description is damaged ({name} is no text)"
            raise StorageError(message)
    identity_of(attrs, path)


def identity_of(attrs: Mapping[str, Any], path: str | os.PathLike[str]) -> dict[str, Any]:
    """What makes two runs the same one, as a store says it, checked."""
    try:
        found = cleaned(json.loads(attrs["identity"]))
    except (ValueError, RecursionError):
        found = None
    ours = isinstance(found, dict) and ("theory" in found or "machine" in found)
    parts = {"theory": str, "machine": str, "fixed parameters": dict, "grid": dict}
    damaged = [name for name, kind in parts.items() if ours and not isinstance(found.get(name, kind()), kind)]
    if not ours or damaged:
        message = f"cannot read {path}: its description is damaged (identity{'; '.join(['', *damaged])})"
        raise StorageError(message)
    return dict(found)


def compare(attrs: Mapping[str, Any], plan: Plan, path: str | os.PathLike[str]) -> None:
    """Refuse to go on with another sweep, and say what differs."""
    stored, asked = identity_of(attrs, path), cleaned(json.loads(json.dumps(plan.identity)))
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
        attrs = _attributes(path)
        check_format(attrs, path)
        with damage_as(
            lambda words: StorageError(f"cannot read {path}: its description is damaged ({words})")
        ):
            names = str(attrs["variables"]).split(" ")
            _check_parts(path, names)
            data = xr.open_zarr(path, consolidated=False, chunks=None, decode_cf=False)
            data = data[names]  # a directory has an order of its own
            _check_variables(data, path)
            return data
    data = _netcdf(path)
    check_format(data.attrs, path)
    with damage_as(lambda words: StorageError(f"cannot read {path}: its description is damaged ({words})")):
        _check_variables(data, path)
    return data


def _netcdf(path: Path) -> xr.Dataset:
    """Open a netCDF-4 file that is looked at before: it points nowhere else, and holds what it declares."""
    import h5py

    def damaged(words: str) -> StorageError:
        problem = f"cannot read {path}: it is no netCDF-4 file, or cut off ({words})"
        return StorageError(instead(path, WANTED) or problem)

    with damage_as(damaged):
        form = format_of(path)
        if form != HDF5:
            if message := instead(path, WANTED):
                raise StorageError(message)
            msg = f"it is {form}"
            raise damaged(msg)
        with h5py.File(path, "r") as file:
            check_hdf5(file, path, StorageError)
        return xr.open_dataset(path, engine="h5netcdf", decode_cf=False)


def _check_parts(path: Path, names: Iterable[str]) -> None:
    """Refuse arrays of a store that are links, are not as `Store` makes them, or of no size."""
    for name in names:
        if Path(name).name != name or name in ("", ".", ".."):
            message = f"cannot read {path}: its description is damaged (variables: {name[:40]!r} is no name)"
            raise StorageError(message)
    for entry in path.rglob("*"):
        if entry.is_symlink():
            message = f"cannot read {path}: {entry.relative_to(path)} is a link, which is not followed"
            raise StorageError(message)
    for place in sorted(path.glob("*/zarr.json")):
        about, name = _json(place), place.parent.name
        what = f"cannot read {path}: the description of {name} is damaged"
        with damage_as(lambda words, what=what: StorageError(f"{what} ({words})")):  # type: ignore[misc]
            shape, chunk = about["shape"], about["chunk_grid"]["configuration"]["chunk_shape"]
            codecs = {one["name"] for one in about["codecs"]}
            whole = all(type(n) is int and 0 <= n < 2**62 for n in (*shape, *chunk))
            if not whole or len(shape) != len(chunk) or about["data_type"] not in _TYPES:
                msg = f"{what} (its shape, chunks or type)"
                raise StorageError(msg)
            if not codecs <= _CODECS:
                msg = f"{what} (codecs {', '.join(sorted(codecs - _CODECS))})"
                raise StorageError(msg)
            size = np.dtype(about["data_type"]).itemsize * math.prod(chunk)
            if problem := oversized(size, size):
                msg = f"{what}: a chunk of it: {problem}"
                raise StorageError(msg)


_TYPES = {
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "float32",
    "float64",
}
_CODECS = {"bytes", "zstd", "crc32c", "gzip", "blosc"}


def _check_frame(part: Path) -> None:
    """Refuse a compressed chunk that declares more than so many bytes can be unpacked to."""
    with part.open("rb") as file:
        head = file.read(18)
    if head[:4] != b"(\xb5/\xfd" or len(head) < 18:
        return
    single, sized = head[4] & 0x20, head[4] >> 6
    start = 5 + (0 if single else 1) + (0, 1, 2, 4)[head[4] & 3]
    length = (1 if single else 0, 2, 4, 8)[sized]
    declared = int.from_bytes(head[start : start + length], "little") + (256 if sized == 1 else 0)
    if problem := oversized(declared, part.stat().st_size, ratio=100 * RATIO):
        raise StorageError(problem)


def _check_variables(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Refuse a description that does not fit what it describes."""
    names = str(data.attrs["variables"]).split(" ")
    missing = [name for name in (*names, "status") if name not in data]
    if missing or names[-1] != "status":
        message = (
            f"cannot read {path}: its description is damaged (there is no variable {(*missing, 'status')[0]})"
        )
        raise StorageError(message)
    for name, one in data.variables.items():
        if one.dtype.kind not in "fiub":
            message = f"cannot read {path}: its description is damaged ({name} holds no numbers)"
            raise StorageError(message)
        if "flag_values" in one.attrs:
            values = np.atleast_1d(np.asarray(one.attrs["flag_values"]))
            words = one.attrs.get("flag_meanings")
            if (
                values.dtype.kind not in "iu"
                or not isinstance(words, str)
                or len(words.split(" ")) != values.size
            ):
                message = f"cannot read {path}: its description is damaged (the flags of {name})"
                raise StorageError(message)
    if "flag_values" not in data["status"].attrs:
        message = f"cannot read {path}: its description is damaged (status has no flags)"
        raise StorageError(message)
    for name, index in data.coords.items():
        if index.size and not np.all(np.isfinite(index.values)):
            message = f"cannot read {path}: its description is damaged ({name} is not finite)"
            raise StorageError(message)
    samples = "machine" in data.attrs
    for name, kind in (
        {"machine": str, "sweeps": int, "seed": int}.items() if samples else {"branches": str}.items()
    ):
        value = data.attrs.get(name)
        if not isinstance(value, (str,) if kind is str else (int, np.integer)):
            message = f"cannot read {path}: its description is damaged ({name})"
            raise StorageError(message)
    if "branch" in data.dims and len(str(data.attrs["branches"]).split(" ")) != data.sizes["branch"]:
        message = f"cannot read {path}: its description is damaged (branches)"
        raise StorageError(message)


def named(data: xr.Dataset) -> xr.Dataset:
    """The data with the branches by name, where they are a dimension."""
    if "branch" not in data.dims:
        return data
    names = clean(data.attrs["branches"]).split(" ")
    return data.assign_coords(branch=("branch", names, data["branch"].attrs))


def _words(value: Any) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)


def block(data: xr.Dataset, name: str, where: Mapping[str, slice], path: str | os.PathLike[str]) -> Numbers:
    """Read a part of a variable, a chunk or less; a damaged chunk is named, with what to do."""
    place = ", ".join(f"{dim}[{part.start}:{part.stop}]" for dim, part in where.items())
    cure = "repeat the sweep with --resume, which computes damaged chunks again"
    if Path(path).is_file():
        cure = "compute it again"
    with damage_as(
        lambda words: StorageError(f"cannot read {path}: {name} is damaged at {place} ({words}); {cure}")
    ):
        if _lost(data, name, where, path):
            message = "its file is missing"
            raise ValueError(message)
        values = data[name].isel({dim: part for dim, part in where.items() if dim in data[name].dims}).values
        known = data[name].attrs.get("flag_values")
        if known is not None and not np.isin(values, known).all():
            message = f"{int(values[~np.isin(values, known)].flat[0])} is none of its flags"
            raise ValueError(message)
        return values


def _lost(data: xr.Dataset, name: str, where: Mapping[str, slice], path: str | os.PathLike[str]) -> bool:
    """Whether a part is missing of a chunk that is finished: to Zarr it would be fill values."""
    if not Path(path).is_dir():
        return False

    def there(variable: str) -> bool:
        sizes = data[variable].encoding["preferred_chunks"]
        keys = (where[d].start // sizes[d] if d in where else 0 for d in map(str, data[variable].dims))
        part = Path(path, variable, "c", *map(str, keys))
        found = part.is_file()
        if found:
            _check_frame(part)
        return found

    return not there(name) and there("status")
