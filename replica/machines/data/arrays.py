"""Arrays from .npy and .npz files, without ever running what is in them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from replica.errors import ParameterError, ReplicaError

__all__ = ["NotNumbersError", "read_numpy"]


class NotNumbersError(ReplicaError):
    """A file that is no .npy or .npz file, is damaged, or holds Python objects; `problem` says so."""

    problem = "it is no .npy or .npz file of numbers"

    def __init__(self, path: Path) -> None:
        super().__init__(f"cannot read {path}: {self.problem}")


def read_numpy(path: Path, choose: Callable[[Sequence[str]], str] | None = None) -> Any:
    """Read the array of an .npy file; of an .npz file the one that `choose` names, or all by name.

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
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded:
                if choose is not None:
                    return loaded[choose(loaded.files)]
                return {name: loaded[name] for name in loaded.files}
    except ParameterError:
        raise
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise NotNumbersError(path) from error
