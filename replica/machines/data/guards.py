"""What every reader of a file asks first: what format it has, and whether it can hold what it declares.

A header is written by whoever wrote the file. Sizes in it are compared with the file itself, and with the
memory of this machine, before anything is made of them.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from replica.errors import ReplicaError

__all__ = [
    "EMPTY",
    "GZIPPED",
    "HDF5",
    "IDX",
    "IMAGE",
    "JSON",
    "MATLAB",
    "NUMPY",
    "PARQUET",
    "PDF",
    "PICKLE",
    "RATIO",
    "TEXT",
    "UNKNOWN",
    "UTF16",
    "ZIPPED",
    "as_it_is",
    "beginning",
    "damage_as",
    "format_of",
    "format_of_bytes",
    "listed",
    "oversized",
]

_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What libraries raise that read a damaged file, or one that was made to be one."""

RATIO = 1100
"""How often over a compressed file may unpack: deflate reaches 1032."""
SMALL = 2**16
"""Bytes that nobody minds."""

NUMPY, ZIPPED, HDF5, IDX, TEXT = "an .npy file", "a zip archive", "an HDF5 file", "an IDX file", "a text file"
GZIPPED, JSON, PARQUET, PDF = "a gzipped file", "a JSON file", "a Parquet file", "a PDF document"
MATLAB, PICKLE = (
    "a MATLAB file (.mat)",
    "a pickled Python object (never read, since reading it could run anything)",
)
IMAGE = "an image"
"""How the formats of images begin."""
UTF16 = "a text file in UTF-16 without its mark (save it as UTF-8)"
EMPTY, UNKNOWN = "an empty file", "a file of an unknown kind"
HEAD = 1024
"""Bytes that tell what a file is."""
_MAGIC = {
    b"\x93NUMPY": NUMPY,
    b"PK\x03\x04": ZIPPED,
    b"PK\x05\x06": ZIPPED,
    b"\x89HDF\r\n\x1a\n": HDF5,
    b"\x1f\x8b": GZIPPED,
    b"MATLAB 7.3": "a MATLAB file (.mat, version 7.3)",
    b"MATLAB": MATLAB,
    b"CDF\x01": "a netCDF-3 file",
    b"CDF\x02": "a netCDF-3 file",
    b"PAR1": PARQUET,
    b"ARROW1": "an Arrow file",
    b"RDX": "a file of R",
    b"SQLite": "an SQLite database",
    b"\x89PNG": f"{IMAGE} (PNG)",
    b"\xff\xd8\xff": f"{IMAGE} (JPEG)",
    b"GIF8": f"{IMAGE} (GIF)",
    b"BM": f"{IMAGE} (BMP)",
    b"II*\0": f"{IMAGE} (TIFF)",
    b"MM\0*": f"{IMAGE} (TIFF)",
    b"%PDF": PDF,
    b"%!PS": "a PostScript document",
    b"\xd0\xcf\x11\xe0": "a file of an office program (.xls, .doc)",
    b"\x7fELF": "a program",
    b"BZh": "a file packed with bzip2",
    b"\xfd7zXZ": "a file packed with xz",
    b"(\xb5/\xfd": "a file packed with zstd",
}
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of text."""


@contextmanager
def damage_as(error: Callable[[str], Exception]) -> Iterator[None]:
    """Turn what a library raises that reads a file into an error of ours, which is made of a few words.

    Examples
    --------
    >>> with damage_as(lambda words: ReplicaError(f"cannot read it ({words})")):
    ...     {}["weights"]
    Traceback (most recent call last):
        ...
    replica.errors.ReplicaError: cannot read it ('weights')
    """
    try:
        yield
    except ReplicaError:
        raise
    except _DAMAGE as trouble:
        words = "its checksum is wrong" if "checksum" in str(trouble) else str(trouble).strip()
        raise error((words or type(trouble).__name__).splitlines()[0][:200]) from trouble


def format_of(path: Path) -> str:
    """The format of a file, from its content, in words that a message can use.

    Raises
    ------
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "data.csv").write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64")
    ...     print(format_of(Path(folder, "data.csv")))
    a MATLAB file (.mat)
    """
    if path.is_dir():
        return "a Zarr store" if Path(path, "zarr.json").is_file() else "a directory"
    with path.open("rb") as file:
        return format_of_bytes(file.read(HEAD))


def format_of_bytes(head: bytes) -> str:
    """The format of a file that begins like this, in words that a message can use.

    Examples
    --------
    >>> format_of_bytes(b"1,0,1"), format_of_bytes("1,0,1".encode("utf-16-le"))
    ('a text file', 'a text file in UTF-16 without its mark (save it as UTF-8)')
    """
    if head.startswith(b"MATLAB 7.3"):  # the text in front of an HDF5 file
        return _MAGIC[b"MATLAB 7.3"]
    for magic, form in _MAGIC.items():
        if head.startswith(magic):
            return form
    if head.startswith(_PICKLES):
        return PICKLE
    if len(head) >= 4 and head[:2] == b"\0\0" and 8 <= head[2] <= 14 and 1 <= head[3] <= 8:
        return IDX
    if not head:
        return EMPTY
    if _is_text(head) or head.startswith(_MARKS):
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        return JSON if start in (b"{", b"[") else TEXT
    for letters, between in ((head[::2], head[1::2]), (head[1::2], head[::2])):
        if between and not any(between) and _is_text(letters):
            return UTF16
    return UNKNOWN


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or (13 < byte < 32 and byte != 27) for byte in head)


def beginning(path: Path) -> str:
    r"""How a file begins that is of no known kind, for a message.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "data.csv").write_bytes(b"1,0,\x00,1")
    ...     print(beginning(Path(folder, "data.csv")))
    it begins with 31 2c 30 2c, like nothing known here, and is no text (byte 5 is 00)
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    byte = next((i for i, one in enumerate(head) if not _is_text(bytes([one]))), None)
    why = "" if byte is None else f", and is no text (byte {byte + 1} is {head[byte]:02x})"
    return f"it begins with {head[:4].hex(' ')}, like nothing known here{why}"


def as_it_is(path: Path) -> str:
    """The sentence about a file that was expected to be another one; empty where there is nothing to read.

    Examples
    --------
    >>> as_it_is(Path("/no/such/file"))
    ''
    """
    try:
        form = format_of(path)
        return beginning(path) if form == UNKNOWN else f"it is {form}"
    except OSError:
        return ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names out of a file for a message: not all of a million, and none of a million letters.

    Examples
    --------
    >>> listed(["a", "b" * 100]), listed(range(100), 3), listed([])
    ('a, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...', '0, 1, 2 and 97 more', '(none)')
    """
    shown = [text if len(text) <= 40 else text[:37] + "..." for text in map(str, names)]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return (", ".join(shown[:most]) or "(none)") + more


def oversized(declared: int, there: int, *, ratio: int = 1) -> str:
    """What is wrong with a declared number of bytes; empty if nothing is.

    Parameters
    ----------
    declared : int
        Bytes that a header promises.
    there : int
        Bytes of the file, or of its part, that they come from.
    ratio : int
        How often over these may unpack.

    Examples
    --------
    >>> oversized(8 * 10**15, 80)
    'it declares 7.11 PiB, and 80 bytes are there'
    >>> oversized(800, 800), oversized(800_000, 800, ratio=RATIO)
    ('', '')
    """
    from replica.machines.data.given import memory, size_in_words  # the units come with it: only when asked

    if declared > there and declared > ratio * there + (SMALL if ratio > 1 else 0):
        return f"it declares {size_in_words(declared)}, and {size_in_words(there)} are there"
    if declared > memory():
        return f"it declares {size_in_words(declared)}, more than this machine has memory"
    return ""
