"""A sweep in other formats: netCDF-4, CSV, Parquet; written block by block, whole or not at all."""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from phase_diagrams.storage.files import StorageError, refuse_same, replacing
from phase_diagrams.sweeping.store import block, open_raw
from replica import interrupts
from replica.errors import ParameterError, clean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUFFIXES", "check_whole", "columns_to_netcdf", "csv_rows", "export", "tally", "to_netcdf"]

SUFFIXES = (".nc", ".csv", ".parquet")


def export(source: str | os.PathLike[str], output: str | os.PathLike[str]) -> None:
    r"""Write a stored sweep as netCDF-4, CSV or Parquet.

    Tables have one row for each point, and for each branch where there are several; statuses and other flags
    are words in them.

    Parameters
    ----------
    source : path-like
        A sweep, as a Zarr store or a netCDF file.
    output : path-like
        The file to write; its suffix, ``.nc``, ``.csv`` or ``.parquet``, decides the format.

    Raises
    ------
    StorageError
        If the source cannot be read, or the output not be written.
    ParameterError
        If the suffix is another one.

    Examples
    --------
    >>> import tempfile
    >>> from phase_diagrams.sweeping import sweep
    >>> from replica.theories import CurieWeiss
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store, table = Path(folder, "run.zarr"), Path(folder, "run.csv")
    ...     with sweep(CurieWeiss, {"T": [0.5, 0.8], "h": [0.0, 0.1]}, output=store):
    ...         export(store, table)
    ...     print(*[row[:14] for row in table.read_text().splitlines()[:3]], sep="\n")
    T,h,m,free_ene
    0.5,0.0,0.9575
    0.5,0.1,0.9730
    """
    output = Path(output)
    refuse_same(output, source)
    if output.suffix not in SUFFIXES:
        message = f"cannot write {output}: choose one of the suffixes {', '.join(SUFFIXES)}"
        raise ParameterError(message)
    with open_raw(source) as data:
        chunk = _chunk(data)
        if output.suffix == ".nc":
            to_netcdf(data, output, chunk, source)
        elif output.suffix == ".csv":
            _to_csv(data, output, chunk, source)
        else:
            _to_parquet(data, output, chunk, source)


def csv_rows(source: str | os.PathLike[str]) -> Iterator[str]:
    """A stored sweep as CSV, a text for each part of it, the first with the names of the columns."""
    with open_raw(source) as data:
        for i, table in enumerate(_tables(data, _chunk(data), source)):
            yield table.to_csv(index=False, header=not i, lineterminator="\n")


def tally(data: xr.Dataset, source: str | os.PathLike[str]) -> dict[str, dict[str, int]]:
    """Count how the points of a stored sweep ended, for each branch; reads one chunk at a time."""
    statuses = _meanings(data["status"].attrs)
    names = clean(data.attrs["branches"]).split(" ")
    counts = np.zeros((len(names), len(statuses)), dtype=np.int64)
    for where in _blocks(data, _chunk(data)):
        status = block(data, "status", where, source).reshape(len(names), -1)
        for i, codes in enumerate(status):
            for j, code in enumerate(statuses):
                counts[i, j] += np.count_nonzero(codes == code)
    words = list(statuses.values())
    return {
        name: {word: int(n) for word, n in zip(words, row, strict=True) if n}
        for name, row in zip(names, counts, strict=True)
    }


def check_whole(data: xr.Dataset, source: str | os.PathLike[str], at: Mapping[str, float]) -> None:
    """Raise if a chunk is damaged that has to do with some values of parameters."""
    places = {
        name: int(np.argmin(np.abs(data[name].values - value)))
        for name, value in at.items()
        if name in data.dims
    }
    for where in _blocks(data, _chunk(data)):
        if all(where[name].start <= place < where[name].stop for name, place in places.items()):
            for name in data.data_vars:
                block(data, str(name), where, source)


def _chunk(data: xr.Dataset) -> tuple[int, ...]:
    """Points to be read at a time along each parameter: those of a chunk."""
    stored = data["status"].encoding.get("preferred_chunks") or {}
    names = [str(name) for name in data["status"].dims if name != "branch"]
    if not stored:
        chunks = data["status"].encoding.get("chunksizes") or data["status"].shape
        stored = dict(zip(data["status"].dims, chunks, strict=True))
    return tuple(int(stored[name]) for name in names)


def _blocks(data: xr.Dataset, chunk: Sequence[int]) -> Iterator[dict[str, slice]]:
    """The parts of the grid, in order."""
    names = [str(name) for name in data["status"].dims if name != "branch"]
    starts = (range(0, data.sizes[name], step) for name, step in zip(names, chunk, strict=True))
    for corner in itertools.product(*starts):
        interrupts.check()
        yield {
            name: slice(start, min(start + step, data.sizes[name]))
            for name, start, step in zip(names, corner, chunk, strict=True)
        }


def to_netcdf(
    data: xr.Dataset, output: Path, chunk: Sequence[int], source: str | os.PathLike[str] = "the store"
) -> None:
    """Write a sweep as netCDF-4, chunk by chunk."""
    import h5netcdf

    with replacing(output) as temporary, _Target(temporary, "x+") as target:
        with h5netcdf.File(target, "w") as file:
            file.dimensions = {str(name): data.sizes[name] for name in sorted(map(str, data.sizes))}
            file.attrs.update(data.attrs)
            # a store is listed in the order of its directory, which is nobody's: the file has its own
            for name, coordinate in sorted(data.coords.items(), key=lambda item: str(item[0])):
                made = file.create_variable(str(name), (str(name),), coordinate.dtype, data=coordinate.values)
                made.attrs.update(_attributes(coordinate))
            sizes = {str(name): size for name, size in data.sizes.items()}
            parts = sizes | dict(
                zip([name for name in data["status"].dims if name != "branch"], chunk, strict=True)
            )
            for name, variable in sorted(data.data_vars.items(), key=_rank(data)):
                dims = tuple(map(str, variable.dims))
                made = file.create_variable(
                    str(name),
                    dims,
                    variable.dtype,
                    chunks=tuple(parts[dim] for dim in dims),
                    compression="gzip",
                    compression_opts=1,
                    shuffle=True,
                )
                made.attrs.update(_attributes(variable))
                for where in _blocks(data, chunk):
                    place = tuple(where.get(dim, slice(None)) for dim in dims)
                    made[place] = block(data, str(name), where, source)
                    target.check()
        target.check()


def columns_to_netcdf(columns: Mapping[str, Sequence[Any]], output: Path, about: Mapping[str, Any]) -> None:
    """Write a table as netCDF-4: a variable for each column, along the dimension ``row``."""
    data = xr.Dataset({name: ("row", list(values)) for name, values in columns.items()})
    data.attrs.update(
        {name: value if isinstance(value, int | float) else str(value) for name, value in about.items()}
    )
    with replacing(output) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf")


def table_of(source: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Attributes and columns of a table that `columns_to_netcdf` wrote."""
    try:
        with xr.open_dataset(source, engine="h5netcdf") as data:
            columns = {str(name): one.values.tolist() for name, one in data.data_vars.items()}
            return {str(name): value for name, value in data.attrs.items()}, columns
    except (OSError, ValueError) as error:
        message = f"cannot read {source}: it is no table in netCDF-4 ({error})"
        raise StorageError(message) from error


class _Target(io.FileIO):
    """A file that keeps an error to itself, and writes no more: HDF5 ends a process that cannot write."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of it, as long as nothing went wrong."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and self.error is None:
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def check(self) -> None:
        """Raise what went wrong, if anything did."""
        if self.error is not None:
            raise self.error


def _rank(data: xr.Dataset) -> Callable[[tuple[Any, Any]], tuple[int, str]]:
    """Key that sorts variables as the sweep names them, any others behind."""
    order = {name: i for i, name in enumerate(str(data.attrs.get("variables", "")).split(" "))}
    return lambda item: (order.get(str(item[0]), len(order)), str(item[0]))


def _attributes(variable: xr.DataArray) -> dict[str, Any]:
    """Attributes in the types that the conventions ask for."""
    attrs = dict(variable.attrs)
    if "flag_values" in attrs:
        attrs["flag_values"] = np.asarray(attrs["flag_values"], dtype=variable.dtype)
    return attrs


def _tables(data: xr.Dataset, chunk: Sequence[int], source: str | os.PathLike[str]) -> Iterator[pd.DataFrame]:
    """The sweep as tables, one for each part of the grid."""
    import pandas as pd

    dims = [str(name) for name in data["status"].dims]
    order = [name for name in dims if name != "branch"] + [name for name in dims if name == "branch"]
    names = [str(name) for name, _ in sorted(data.data_vars.items(), key=_rank(data))]
    words = {str(name): _meanings(one.attrs) for name, one in data.variables.items()}
    for where in _blocks(data, chunk):
        part = data.coords.to_dataset().isel(where)
        for name in names:
            part[name] = (data[name].dims, block(data, str(name), where, source))
        rows = math.prod(part.sizes[name] for name in order)
        columns: dict[str, Any] = {}
        for name in [*order, *names]:
            whole = part[name].broadcast_like(part["status"])
            beyond = [dim for dim in whole.dims if dim not in order]  # a curve has a column for each value
            for i, values in enumerate(whole.transpose(*beyond, *order).values.reshape(-1, rows)):
                column = f"{name}_{i}" if beyond else name
                columns[column] = pd.Series(values).map(words[name]) if words[name] else values
        yield pd.DataFrame(columns)


def _meanings(attrs: Mapping[str, Any]) -> dict[int, str]:
    if "flag_values" not in attrs:
        return {}
    values = np.atleast_1d(attrs["flag_values"])
    words = [word.replace("_", " ") for word in clean(attrs["flag_meanings"]).split(" ")]
    return dict(zip(map(int, values), words, strict=True))


def _to_csv(data: xr.Dataset, output: Path, chunk: Sequence[int], source: str | os.PathLike[str]) -> None:
    with replacing(output) as temporary, temporary.open("x", encoding="utf-8", newline="") as file:
        for i, table in enumerate(_tables(data, chunk, source)):
            table.to_csv(file, index=False, header=not i, lineterminator="\n")


def _to_parquet(data: xr.Dataset, output: Path, chunk: Sequence[int], source: str | os.PathLike[str]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        message = (
            f"cannot write {output}: Parquet files need pyarrow; install it with "
            "`pip install 'replica-theory[parquet]'`, or write .csv"
        )
        raise StorageError(message) from error
    about = {key: str(value) for key, value in data.attrs.items()}
    with replacing(output) as temporary:
        writer = None
        try:
            for table in _tables(data, chunk, source):
                rows = pa.Table.from_pandas(table, preserve_index=False)
                if writer is None:
                    schema = rows.schema.with_metadata({**(rows.schema.metadata or {}), **about})
                    writer = parquet.ParquetWriter(temporary, schema)
                writer.write_table(rows.cast(schema))
        finally:
            if writer is not None:
                writer.close()
