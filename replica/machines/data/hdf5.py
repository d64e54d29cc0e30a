"""HDF5 files of others: what they point at elsewhere is not followed, and sizes are looked at first."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from replica.machines.data.guards import RATIO, oversized

if TYPE_CHECKING:
    import h5py

__all__ = ["check_hdf5"]


def check_hdf5(file: h5py.File, path: Path, error: Callable[[str], Exception]) -> None:
    """Refuse a file that reads others, through links or storage, or declares more than it holds.

    To be called before anything is read. The order of the parts is that of their names, so that the same file
    gives the same message.

    Parameters
    ----------
    file : h5py.File
    path : Path
        Where it is.
    error : callable
        Makes the error that is raised of a sentence that begins with the path.

    Examples
    --------
    >>> import io
    >>> import h5py
    >>> file = h5py.File(io.BytesIO(), "w")
    >>> file["weights"] = h5py.ExternalLink("other.h5", "/weights")
    >>> check_hdf5(file, Path("a.h5"), ValueError)
    Traceback (most recent call last):
        ...
    ValueError: cannot read a.h5: /weights is a link to elsewhere (other.h5), which is not followed; write \
a file that holds all of it
    """
    import h5py

    whole = "write a file that holds all of it"
    waiting, seen = [("", file)], {h5py.h5o.get_info(file.id).addr}
    size = path.stat().st_size if path.is_file() else None
    while waiting:
        place, group = waiting.pop()
        for key in sorted(group):
            name, link = f"{place}/{key}", group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                target = getattr(link, "filename", None) or getattr(link, "path", "")
                msg = (
                    f"cannot read {path}: {name} is a link to elsewhere ({target}), which is not followed; "
                    f"{whole}"
                )
                raise error(msg)
            part = group[key]
            if isinstance(part, h5py.Group):
                at = h5py.h5o.get_info(part.id).addr
                if at not in seen:
                    seen.add(at)
                    waiting.append((name, part))
            elif isinstance(part, h5py.Dataset):
                if part.external or part.is_virtual:
                    msg = f"cannot read {path}: {name} is stored in other files, which are not read; {whole}"
                    raise error(msg)
                if problem := _oversized(part, size):
                    msg = f"cannot read {path}: {name} of shape {part.shape}: {problem}"
                    raise error(msg)


def _oversized(part: h5py.Dataset, size: int | None) -> str:
    """What is wrong with the size of a dataset, and of its chunks."""
    if part.shape is None or not part.dtype.itemsize:
        return ""
    there = part.id.get_storage_size()
    if size is not None and there > size:
        return oversized(there, size)
    declared = part.dtype.itemsize * math.prod(part.shape)
    if part.chunks is None:
        return oversized(
            declared, there, ratio=1 if there else RATIO
        )  # nothing is written of a small default
    return oversized(max(declared, part.dtype.itemsize * math.prod(part.chunks)), there, ratio=RATIO)
