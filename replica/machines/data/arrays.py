"""Arrays from .npy and .npz files, without ever running what is in them, and no larger than the files are."""

from __future__ import annotations

import ast
import math
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from replica.errors import ReplicaError
from replica.machines.data.guards import NUMPY, RATIO, ZIPPED, damage_as, format_of, oversized

__all__ = ["NotNumbersError", "read_numpy"]

LETTERS = 0x10FFFF
"""The last of the code points: larger ones, such as damage leaves, are no text."""
LONGEST = 10_000
"""Bytes of the header of an array: numpy's own limit."""


class NotNumbersError(ReplicaError):
    """A file that is no .npy or .npz file, is damaged, or holds Python objects; `problem` says so."""

    def __init__(self, path: Path, problem: str) -> None:
        self.problem = problem
        super().__init__(f"cannot read {path}: {problem}")


def read_numpy(path: Path, choose: Callable[[Sequence[str]], str] | None = None) -> Any:
    """Read the array of an .npy file; of an .npz file the one that `choose` names, or all by name.

    Nothing is unpickled. What a header declares is compared with the bytes that are there before memory is
    taken for it.

    Parameters
    ----------
    path : Path
    choose : callable, optional
        Picks one of the names; what it raises is not touched.

    Raises
    ------
    NotNumbersError
        If the file holds something else.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder, "a.npz"), W=[[0.5, -0.5]])
    ...     print(read_numpy(Path(folder, "a.npz"), choose=lambda names: names[0]))
    [[ 0.5 -0.5]]
    """
    form = format_of(path)
    with path.open("rb") as file:
        if form == NUMPY:
            return _array(path, "", file, path.stat().st_size)
        if form != ZIPPED:
            raise NotNumbersError(path, f"it is {form}, and no .npy or .npz file of numbers")
        with damage_as(
            lambda _: NotNumbersError(path, "it is no .npy or .npz file of numbers, or damaged or cut off")
        ):
            archive = zipfile.ZipFile(file)
        with archive:
            members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
            names = list(members) if choose is None else [choose(list(members))]
            return _members(path, archive, {name: members[name] for name in names}, choose is None)


def _members(path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], every: bool) -> Any:
    """The arrays of an archive by name, or the only one."""
    packed = sum(one.compress_size for one in members.values())
    if problem := oversized(packed, path.stat().st_size):
        raise NotNumbersError(path, f"the .npz archive is damaged: {problem}")
    if problem := oversized(sum(one.file_size for one in members.values()), packed, ratio=RATIO):
        raise NotNumbersError(path, problem)
    found = {}
    for name, one in members.items():
        if not one.filename.endswith(".npy"):
            raise NotNumbersError(path, f"{name} in it is no array; it is no .npz file of numbers")
        broken = NotNumbersError(path, f"the array {name} is damaged or cut off")
        with damage_as(lambda _, broken=broken: broken), archive.open(one) as stream:  # type: ignore[misc]
            found[name] = _array(path, name, stream, one.file_size)
    return found if every else found[name]


def _array(path: Path, name: str, stream: IO[bytes], size: int) -> Any:
    """Read an array from a stream of so many bytes."""
    what = f"the array {name}" if name else "the array"
    shape, kind, ordered, start = _header(path, what, stream)
    needed = math.prod(shape) * kind.itemsize
    if problem := oversized(needed, size - start):
        cut = " (is the file cut off?)" if needed < 2 * size else ""
        raise NotNumbersError(path, f"{what} of shape {_shown(shape)}: {problem}{cut}")
    content = bytearray(needed)
    view, got = memoryview(content), 0
    while got < needed and (part := stream.read(min(needed - got, 2**24))):
        view[got : got + len(part)] = part
        got += len(part)
    if got < needed:
        raise NotNumbersError(path, f"{what} is cut off: {got} of {needed} bytes are there")
    if not needed:
        return np.zeros(shape, kind)
    if (
        kind.kind == "U"
        and np.max(np.frombuffer(content, np.dtype("u4").newbyteorder(kind.byteorder))) > LETTERS
    ):
        raise NotNumbersError(path, f"{what} is damaged: it holds what is no text")
    return np.frombuffer(content, kind).reshape(shape, order="F" if ordered else "C")


def _header(path: Path, what: str, stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
    """Shape, type, order and place of an array; as `numpy.lib.format` reads it, and stricter."""
    start = stream.read(8)
    sized = {1: "<H", 2: "<I", 3: "<I"}.get(start[6] if len(start) == 8 else 0)
    if sized is None or start[:6] != b"\x93NUMPY":
        raise NotNumbersError(path, f"{what} has no header of the .npy format")
    prefix = stream.read(struct.calcsize(sized))
    length = struct.unpack(sized, prefix)[0] if len(prefix) == struct.calcsize(sized) else LONGEST + 1
    text = stream.read(length) if length <= LONGEST else b""
    words = text.decode("utf-8" if start[6] == 3 else "latin1", "replace")
    with (
        damage_as(lambda _: NotNumbersError(path, f"the header of {what} is damaged")),
        warnings.catch_warnings(action="ignore"),
    ):
        about = ast.literal_eval(re.sub(r"(?<=[0-9])L\b", "", words))  # as Python 2 wrote numbers
        shape, ordered = about["shape"], about["fortran_order"]
        kind = np.lib.format.descr_to_dtype(about["descr"])
    whole = isinstance(shape, tuple) and all(type(n) is int and 0 <= n < 2**62 for n in shape)
    if not whole or len(shape) > 32 or ordered not in (True, False):
        raise NotNumbersError(path, f"the header of {what} is damaged: {_shown(shape)} is no shape")
    if kind.hasobject:
        raise NotNumbersError(
            path,
            f"it is no .npy or .npz file of numbers: {what} holds Python objects, which are never read, "
            "since that could run anything",
        )
    if kind.itemsize == 0 and math.prod(shape) > 2**20:
        raise NotNumbersError(path, f"{what} of shape {_shown(shape)} has entries without any bytes")
    return shape, kind, ordered, len(start) + len(prefix) + length


def _shown(shape: Any) -> str:
    text = str(shape)
    return text if len(text) < 80 else text[:77] + "..."
