"""Phase diagrams in JSON files, read with care."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Never

from phase_diagrams.diagram import DiagramError, PhaseDiagram
from phase_diagrams.storage.files import StorageError, reason, write_atomic

__all__ = ["load_diagram", "save_diagram"]


def save_diagram(diagram: PhaseDiagram, path: str | os.PathLike[str]) -> None:
    """Write a diagram to a JSON file, whole or not at all.

    Parameters
    ----------
    diagram : PhaseDiagram
        What to write.
    path : path-like
        The file to write; an existing file is replaced.

    Raises
    ------
    StorageError
        If the file cannot be written; the old content, if any, is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> from phase_diagrams.diagram import Axis
    >>> diagram = PhaseDiagram("empty", "", (Axis("a", "a"), Axis("b", "b")), [], [], [], {})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_diagram(diagram, Path(folder, "empty.json"))
    ...     load_diagram(Path(folder, "empty.json")) == diagram
    True
    """
    write_atomic(path, json.dumps(diagram.to_json(), allow_nan=False, indent=1) + "\n")


def load_diagram(path: str | os.PathLike[str]) -> PhaseDiagram:
    """Read a diagram from a JSON file.

    Parameters
    ----------
    path : path-like
        A file that `save_diagram` wrote.

    Returns
    -------
    PhaseDiagram
        The diagram, equal to the one that was saved.

    Raises
    ------
    StorageError
        If the file cannot be read or is not JSON.
    DiagramError
        If the file is JSON but not a phase diagram in the format of this version.

    Examples
    --------
    >>> load_diagram("missing.json")
    Traceback (most recent call last):
        ...
    phase_diagrams.storage.files.StorageError: cannot read missing.json: No such file or directory; \
give the name of a file written by save_diagram
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        hint = "give the name of a file written by save_diagram"
        message = f"cannot read {path}: {reason(error)}; {hint}"
        raise StorageError(message) from error
    if not content.strip():
        message = f"cannot read {path}: the file is empty; compute the diagram again"
        raise StorageError(message)
    try:
        return PhaseDiagram.from_json(json.loads(content, parse_constant=_refuse))
    except DiagramError as error:
        raise DiagramError(error.problem, f"{path}: {error.where}" if error.where else str(path)) from None
    except RecursionError:
        problem = "it is nested too deeply for a phase diagram"
    except json.JSONDecodeError as error:
        problem = f"it is not JSON, or cut off ({error.msg} in line {error.lineno}, column {error.colno})"
    except ValueError as error:
        problem = f"it is not JSON ({str(error).partition(':')[0].partition(';')[0]})"
    message = f"cannot read {path}: {problem}; compute the diagram again"
    raise StorageError(message) from None


def _refuse(constant: str) -> Never:
    message = f"{constant} is not a JSON number"
    raise ValueError(message)
