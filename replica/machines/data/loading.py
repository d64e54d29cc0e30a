"""Data to learn from: digits, IDX, .npy, .npz and .csv files, checked against the units that carry them.

No file is unpickled. Pixels (the digits, IDX files) are scaled to [0, 1]; bits and spins are made of them by
a threshold. All other files hold the values themselves, unless a threshold is given.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from replica.errors import ParameterError, ReplicaError, ReplicaWarning, UnknownNameError
from replica.machines.data.arrays import NotNumbersError, read_numpy
from replica.machines.data.given import bits, numbers
from replica.machines.data.guards import (
    EMPTY,
    GZIPPED,
    HEAD,
    IDX,
    NUMPY,
    RATIO,
    TEXT,
    UNKNOWN,
    ZIPPED,
    as_it_is,
    damage_as,
    format_of,
    format_of_bytes,
    listed,
    oversized,
)
from replica.machines.data.tables import read_table
from replica.typing import Numbers
from replica.units import Bernoulli, Spin, Unit

__all__ = ["BUILT_IN", "Data", "DataError", "check_domain", "load_data", "read_idx"]

BUILT_IN = ("digits",)
"""Data sets that come with scikit-learn."""
KEYS = ("data", "X", "x_train")
"""Names under which data are looked for in an .npz file if none is given."""
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Types of numbers in an IDX file, by the third byte of its magic number."""


class DataError(ReplicaError):
    """A file that cannot be read as data; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Data:
    """Samples for the visible units.

    Attributes
    ----------
    values : array, shape (samples, units)
    source : str
        Where they come from.
    image : (int, int) or None
        Height and width, if a sample is a picture.
    """

    values: Any
    source: str
    image: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the values: what tells one data set from another."""
        return digest(self.values)


def digest(values: Numbers) -> str:
    """SHA-256 of an array of numbers, its shape included."""
    values = np.ascontiguousarray(values, dtype=float)
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()


def load_data(
    source: str | os.PathLike[str],
    unit: Unit,
    *,
    threshold: float | None = None,
    key: str | None = None,
    drop: Sequence[str] = (),
) -> Data:
    """Read data for visible units of a kind.

    What kind of file it is, its content tells, not its name. What is remarkable about a table, such as a
    column of labels, is said by a `ReplicaWarning`.

    Parameters
    ----------
    source : str or path-like
        ``"digits"`` (8 x 8 pixels, from scikit-learn), or a file: IDX (as MNIST comes, gzipped or not), .npy,
        .npz or .csv with one row for each sample.
    unit : Unit
        The visible units.
    threshold : float, optional
        Bits are 1, spins +1 where a value is above it; 0.5 for pixels, else values are taken as they are.
    key : str, optional
        Array of an .npz file; ``data``, ``X``, ``x_train`` or the only one if not given.
    drop : sequence of str
        Columns of a table to leave out, by their names.

    Returns
    -------
    Data

    Raises
    ------
    DataError
        If the file cannot be read.
    ParameterError
        If a value does not belong to the units; it is named.

    Examples
    --------
    >>> digits = load_data("digits", Bernoulli())
    >>> print(digits.values.shape, digits.image, digits.values.mean().round(4))
    (1797, 64) (8, 8) 0.2929
    """
    name = os.fspath(source)
    if name in BUILT_IN:
        values, pixels = _digits(), True
        _no_columns(name, drop)
    else:
        values, pixels = _read(Path(name), key, drop)
    image = None
    if values.ndim == 3:
        image = (values.shape[1], values.shape[2])
        values = values.reshape(len(values), -1)
    if values.ndim != 2 or 0 in values.shape:
        msg = f"{name}: give a table (samples, units), at least one of each; the shape is {values.shape}"
        raise ParameterError(msg)
    binary = isinstance(unit, Bernoulli | Spin)
    if binary and (pixels or threshold is not None):
        above = _above(values, 0.5 if threshold is None else threshold, name)
        values = above.astype(float) if isinstance(unit, Bernoulli) else np.where(above, 1.0, -1.0)
    elif threshold is not None:
        msg = f"a threshold makes bits or spins; visible units {unit} take values as they are"
        raise ParameterError(msg)
    check_domain(values, unit, name)
    return Data(values, name, image)


def _above(values: Any, threshold: float, name: str) -> Any:
    """Which values are above a threshold that has some of them on either side."""
    check_finite(values, name)
    above = values > threshold
    if np.all(above) or not np.any(above):
        msg = (
            f"threshold = {threshold:g}: {'all' if np.all(above) else 'no'} values of {name} are above it; "
            f"they lie between {values.min():g} and {values.max():g}, give a threshold between these"
        )
        raise ParameterError(msg)
    return above


def check_domain(values: Numbers, unit: Unit, name: str = "data") -> None:
    """Check that visible units can take the values; the first one that does not belong is named.

    Examples
    --------
    >>> check_domain([[0, 1], [2, 0]], Bernoulli())
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: data: 2 in row 1, column 0 is no value of bernoulli units, which \
are 0 or 1; give a threshold, or other visible units
    """
    values = numbers(name, values, "a table of numbers", logical=bits(unit))
    if unit.discrete:
        bad = ~np.isin(values, unit.values)
        allowed = "are " + " or ".join(f"{v:g}" for v in unit.values)
    else:
        low, high = unit.domain
        bad = (values < low) | (values > high)
        allowed = f"lie between {low:g} and {high:g}"
    if np.any(bad):
        at = np.argwhere(bad)[0]
        msg = (
            f"{name}: {values[tuple(at)]:g} in row {at[0]}, column {at[-1]} is no value of "
            f"{unit.name or unit} units, which {allowed}; give a threshold, or other visible units"
        )
        raise ParameterError(msg)


def check_finite(values: Numbers, name: str = "data") -> None:
    """Refuse NaN and infinities."""
    bad = ~np.isfinite(values)
    if np.any(bad):
        at = np.argwhere(bad)[0]
        msg = (
            f"{name}: {int(bad.sum())} values are not finite, the first one ({values[tuple(at)]}) in row "
            f"{at[0]}, column {at[-1]}; leave out or fill in what is missing"
        )
        raise ParameterError(msg)


def _digits() -> Any:
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        msg = "the digits come with scikit-learn; install it with `pip install 'replica-theory[machines]'`"
        raise DataError(msg) from None
    return load_digits().images / 16


def _read(path: Path, key: str | None, drop: Sequence[str]) -> tuple[Any, bool]:
    """The array of a file, and whether its values are pixels scaled to [0, 1]."""
    known = ", ".join(BUILT_IN)
    try:
        form = format_of(path)
        named_numpy = path.suffix.lower() in (".npy", ".npz")
        if form == TEXT and not named_numpy:
            table = read_table(path, DataError, drop)
            for remark in table.remarks:
                warnings.warn(remark, ReplicaWarning, stacklevel=4)
            return table.values, False
        _no_columns(path, drop)
        if form in (NUMPY, ZIPPED) or named_numpy:
            return _numpy(path, key), False
        called_idx = not path.suffix or "idx" in path.suffix  # as MNIST comes
        if form in (IDX, GZIPPED) or (form == UNKNOWN and called_idx):
            values = read_idx(path)
            return (values / 255, True) if values.dtype == np.uint8 else (values.astype(float), False)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}; give a file, or one of: {known}"
        raise DataError(msg) from None
    if form == EMPTY:
        msg = f"cannot read {path}: there is nothing in it, hence no samples"
        raise DataError(msg)
    msg = (
        f"cannot read {path}: {as_it_is(path)}; data come as IDX, .npy, .npz or .csv, or are one of: {known}"
    )
    raise DataError(msg)


def _no_columns(name: str | Path, drop: Sequence[str]) -> None:
    if drop:
        msg = f"{name} has no columns with names; --drop-column is for tables (.csv)"
        raise ParameterError(msg)


def _numpy(path: Path, key: str | None) -> Any:
    try:
        values = read_numpy(path, lambda names: _chosen(path, names, key))
    except NotNumbersError as error:
        msg = f"cannot read {path}: {error.problem}; write it with numpy.save(file, data)"
        raise DataError(msg) from None
    if values.dtype.kind not in "fiub":
        msg = f"cannot read {path}: data are real numbers, these are of type {str(values.dtype)[:60]}"
        raise DataError(msg)
    _fits(path, values.size)
    return values.astype(float)


def _fits(path: Path, count: int) -> None:
    """Refuse more values than this machine can hold as numbers of double precision."""
    if problem := oversized(8 * count, 8 * count):
        msg = f"cannot read {path}: as numbers of double precision {problem}"
        raise DataError(msg)


def _chosen(path: Path, names: Sequence[str], key: str | None) -> str:
    if key is not None:
        if key not in names:
            what = f"array in {path}"
            raise UnknownNameError(what, key, names[:30])
        return key
    usual = [name for name in KEYS if name in names] or names
    if len(usual) != 1:
        msg = f"{path} holds the arrays {listed(names)}; say which one has the data, with --key"
        raise ParameterError(msg)
    return usual[0]


def read_idx(path: str | os.PathLike[str]) -> Numbers:
    """Read an IDX file, such as MNIST's; a gzipped one too.

    Raises
    ------
    DataError
        If the magic number is another one, or the file is cut off or too long.
    """
    path = Path(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            return _idx(path, file, size, 1)
        file.seek(0)
        with (
            damage_as(lambda _: DataError(f"cannot read {path}: the gzipped file is damaged or cut off")),
            gzip.GzipFile(fileobj=file) as unpacked,
        ):
            return _idx(path, unpacked, size, RATIO)


def _idx(path: Path, file: IO[bytes] | gzip.GzipFile, size: int, ratio: int) -> Any:
    """The array of an open file; no more is unpacked than its header declares."""
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in IDX_TYPES or not 1 <= head[3] <= 8:
        what = "what it unpacks to begins" if ratio > 1 else "it begins"
        msg = (
            f"cannot read {path}: {what} with {head.hex(' ') or 'nothing'}, which is no magic number of an "
            "IDX file (images of bytes: 00 00 08 03)"
        )
        if ratio > 1 and (form := format_of_bytes(head + file.read(HEAD))) not in (UNKNOWN, EMPTY):
            msg = f"cannot read {path}: it is {form}, gzipped; unpack it first, with gunzip"
        raise DataError(msg)
    kind, rank = np.dtype(IDX_TYPES[head[2]]), head[3]
    start, lengths = 4 + 4 * rank, file.read(4 * rank)
    shape = struct.unpack(f">{rank}I", lengths) if len(lengths) == 4 * rank else ()
    expected = start + kind.itemsize * math.prod(shape) if shape else start
    there = size if ratio == 1 else 4 + len(lengths)
    if shape and (ratio > 1 or expected == size):
        if problem := oversized(expected, size, ratio=ratio):
            msg = f"cannot read {path}: {problem}"
            raise DataError(msg)
        _fits(path, math.prod(shape))
        content = file.read(expected - start + 1)
        there = start + len(content)
        if there == expected:
            return np.frombuffer(content, kind).reshape(shape).astype(kind.newbyteorder("="))
    what = "cut off" if there < expected or not shape else "too long"
    whole = f"an IDX file of {' x '.join(map(str, shape))} values" if shape else "the header alone"
    found = f"this one {there}" if ratio == 1 or there < expected else "this one more"
    msg = f"cannot read {path}: it is {what}: {whole} has {expected} bytes, {found}"
    raise DataError(msg)
