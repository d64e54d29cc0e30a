"""What a file is, by its content, and which command takes it: asked where a file is not what was expected.

Nothing is unpickled, and nothing is read but heads, names and attributes: whoever reads a file in earnest
checks it with care.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import zipfile
from collections.abc import Collection
from pathlib import Path

from replica.machines.data.guards import (
    HDF5,
    IDX,
    IMAGE,
    JSON,
    MATLAB,
    NUMPY,
    PARQUET,
    PDF,
    PICKLE,
    TEXT,
    ZIPPED,
    format_of,
)

__all__ = ["KINDS", "instead", "kind_of", "missing"]

KINDS = {
    "diagram": ("holds a phase diagram", "`replica draw {file}` draws it"),
    "sweep": ("holds a sweep", "`replica map {file}` makes a diagram of it, `replica export {file}` a table"),
    "samples": (
        "holds samples of machines",
        "`replica export {file}` makes a table of them; what wrote them goes on with --resume",
    ),
    "machine": (
        "holds a machine",
        "`replica diagnose {file}`, and place, likelihood, sample and figure weights, take it",
    ),
    "weights": ("holds weights alone", "`replica place {file}` takes them"),
    "array": (
        "holds an array without a name",
        "`replica place {file}` takes it for weights, train and --data for samples",
    ),
    "arrays": (
        "holds arrays of numbers",
        "with --key `replica place {file}` takes one for weights, train and --data for samples",
    ),
    "images": ("is an IDX file of data", "`replica train {file}` and --data take it"),
    "table": (
        "is a table",
        "`replica train {file}` and --data take one of samples, compare one of measurements",
    ),
    "model": (
        "describes a model",
        "`replica show {file}` writes it out; commands take it in place of a theory",
    ),
    "python": ("is a file of Python", "commands take a class in it in place of a theory, {file}:CLASS"),
    "figure": ("is a figure", "figures are drawn from what diagram, sweep or train wrote, and not read"),
    "pickle": ("is a pickle", "they are never read, as they can run anything; write arrays with numpy.savez"),
    "matlab": ("is a file of MATLAB", "read it with scipy.io.loadmat and write it with numpy.savez"),
    "parquet": ("is a Parquet table", "read it with pandas.read_parquet and write it with to_csv"),
    "json": ("is other JSON", "`replica diagram` and `replica map` write what `replica draw` reads"),
    "directory": ("is a directory", "give a file in it"),
}
"""What a file can be, in words, and what becomes of it; ``{file}`` stands for its name."""

WANTED = {
    "diagram": ("a phase diagram", "`replica diagram NAME -o {file}` writes one"),
    "sweep": ("a sweep", "`replica sweep` writes one"),
    "machine": ("a machine", "`replica train` writes one"),
    "weights": ("weights", "numpy.savez(file, W=W) writes them"),
    "array": ("data", "give digits or a file: IDX, .npy, .npz or .csv"),
    "model": ("a model file", "`replica new {file}` writes one that runs as it stands"),
    "python": ("a file of Python", "docs/add_a_theory.md shows one"),
    "table": ("a table", "give a .csv file with the names of its columns in the first row"),
}
"""What is wanted, in words, and where such files come from, by the first kind that a command takes."""

_FORMATS = {
    NUMPY: "array",
    PDF: "figure",
    MATLAB: "matlab",
    PARQUET: "parquet",
    PICKLE: "pickle",
    IDX: "images",
}
"""What a file is whose format says it all; images come in several."""
_SECTION = re.compile(r"^\s*\[(model|layers|parameters)\]", re.MULTILINE)
_SWEEP = "replica_sweep_format"
_MOST = 64 << 20
"""Bytes of a JSON file that are looked at."""


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """What a file is: a key of `KINDS`, or None if that cannot be told.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "a.txt")
    ...     _ = table.write_text("0.05,0.99")
    ...     print(kind_of(table), kind_of(folder), kind_of(table.with_suffix(".no")))
    table directory None
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _stored(_attributes(path)) or "directory"
        if not path.is_file():  # a pipe or a device is not to be emptied
            return None
        form = format_of(path)
    except OSError:
        return None
    if form == JSON and path.suffix == ".toml":  # a section begins like a list
        form = TEXT
    look = {HDF5: _hdf5, ZIPPED: _archive, JSON: _json, TEXT: _text}.get(form)
    if look is not None:
        return look(path)
    return "figure" if form.startswith(IMAGE) else _FORMATS.get(form)


def instead(path: str | os.PathLike[str], wanted: Collection[str]) -> str:
    """What a file is instead of what was wanted, as a sentence; empty if it may be that.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.json")
    ...     _ = file.write_text("{}")
    ...     print(instead(file, ["machine"]).partition(".json ")[2])
    is other JSON, not a machine; `replica diagram` and `replica map` write what `replica draw` reads
    """
    kind = kind_of(path)
    if kind is None or kind in wanted or not wanted:
        return ""
    if kind == "directory" and "sweep" in wanted:  # a store is one, too: whoever reads it says what is amiss
        return ""
    what, hint = KINDS[kind]
    expected, _ = WANTED[next(iter(wanted))]
    return f"{path} {what}, not {expected}; {hint.format(file=shlex.quote(str(path)))}"


def missing(path: str | os.PathLike[str], wanted: Collection[str]) -> str:
    """That there is no such file, with one of nearly its name or what writes such files, as a sentence.

    Examples
    --------
    >>> missing("no.nc", ["sweep"])
    'cannot read no.nc: No such file or directory; `replica sweep` writes one'
    """
    path = Path(path)
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        names = []
    _, hint = WANTED[next(iter(wanted))]
    hint = hint.format(file=shlex.quote(str(path)))
    for near in difflib.get_close_matches(path.name, names, cutoff=0.7):
        if kind_of(path.with_name(near)) in wanted:
            hint = f"did you mean {str(path.with_name(near))!r}?"
            break
    return f"cannot read {path}: No such file or directory; {hint}"


def _attributes(folder: Path) -> dict[str, object]:
    """The attributes of a Zarr store; none of another directory."""
    try:
        with (folder / "zarr.json").open("rb") as file:
            return dict(json.loads(file.read(_MOST))["attributes"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _stored(attributes: dict[str, object]) -> str | None:
    """Which of the two plans a store or a file holds, if it holds one."""
    if _SWEEP not in attributes:
        return None
    return "samples" if '"machine"' in str(attributes.get("identity", "")) else "sweep"


def _hdf5(path: Path) -> str | None:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            attributes = {name: file.attrs[name] for name in (_SWEEP, "identity") if name in file.attrs}
            names = list(file)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError):
        return None
    return _stored(attributes) or ("machine" if any(n.startswith("update_") for n in names) else None)


def _archive(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return None
    names = {name.removesuffix(".npy") for name in members if name.endswith(".npy")}
    if not names:
        return None
    if names & {"format", "components_", "vlayer", "hlayer"}:
        return "machine"
    return "weights" if names & {"W", "weights"} else "arrays"


def _json(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return None
    return "diagram" if isinstance(content, dict) and {"axes", "lines"} <= set(content) else "json"


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        text = head.decode("utf-8-sig", errors="strict" if len(head) < 4096 else "ignore")
    except (OSError, UnicodeDecodeError):
        return None
    if path.suffix == ".toml" and _SECTION.search(text):
        return "model"
    if path.suffix == ".py":
        return "python"
    if "<svg" in text or path.suffix == ".pgf":
        return "figure"
    rows = [row for row in text.splitlines() if row.strip()][:3]
    cells = [row.count(",") + row.count(";") + row.count("\t") for row in rows]
    return "table" if cells and all(cells) and len(set(cells[:2])) == 1 else None
