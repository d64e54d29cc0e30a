"""A machine from a file, or weights alone: one reader, so that a file means the same to every command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from phase_diagrams.storage.files import StorageError
from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.arrays import NotNumbersError, read_numpy
from replica.machines.models.rbm import RBM
from replica.machines.training import files
from replica.typing import Numbers
from replica.units import Bernoulli, Spin

__all__ = ["read"]

KEYS = ("W", "weights")
"""Names under which weights alone are looked for if none is given."""


def read(path: str | os.PathLike[str], key: str | None = None, *, zero_one: bool = False) -> RBM:
    """Read the machine of a file, or make one of weights alone.

    A machine says itself what its units and its temperature are, and how its matrix lies. Weights alone do
    not: they are taken for those of spins at T = 1, without fields, one row per visible and one column per
    hidden unit.

    Parameters
    ----------
    path : path-like
        A machine in any format of `replica.machines.training.files`, or an .npy or .npz file with weights.
    key : str, optional
        Name of the array in an .npz file; by default ``W`` or ``weights``, or the only array.
    zero_one : bool
        Whether the units are 0 and 1, if it is weights alone.

    Raises
    ------
    StorageError, FileError
        If the file cannot be read, or holds something else, or Python objects.
    UnknownNameError
        If there is no array of that name.
    ParameterError
        If there are several arrays and none was named, if a name was given for an .npy file, if a machine
        contradicts what is said of it, or if it is no weight matrix.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder, "a.npz"), W=np.eye(9))
    ...     print(read(Path(folder, "a.npz")).hidden, read(Path(folder, "a.npz"), zero_one=True).hidden)
    spin bernoulli
    """
    path = Path(path)
    if files.is_machine(path):
        rbm = files.load_machine(path)
        _check_same(path, rbm, key, zero_one)
        return rbm
    unit = Bernoulli() if zero_one else Spin()
    return RBM(_weights(path, key), unit, unit)


def _check_same(path: Path, rbm: RBM, key: str | None, zero_one: bool) -> None:
    """Raise an error if what is said of a machine contradicts what its file says."""
    if key is not None and key not in files.WEIGHTS:
        msg = f"{path} holds a machine, which has one matrix of weights; leave the name {key!r} out"
        raise ParameterError(msg)
    if zero_one and not (isinstance(rbm.visible, Bernoulli) and isinstance(rbm.hidden, Bernoulli)):
        msg = (
            f"{path} says itself what its units are: {rbm.visible.name} and {rbm.hidden.name}; "
            "leave --zero-one out"
        )
        raise ParameterError(msg)


def _weights(path: Path, key: str | None) -> Numbers:
    """The array of an .npy file, or the one of an .npz file that holds weights."""
    named = False

    def choose(names: Sequence[str]) -> str:
        nonlocal named
        named = True
        return _chosen(path, names, key)

    try:
        loaded = read_numpy(path, choose)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or 'it is damaged, or no .npy or .npz file'}"
        raise StorageError(msg) from None
    except NotNumbersError as error:
        msg = f"{error}; write it with numpy.savez(file, W=W)"
        raise StorageError(msg) from None
    if key is not None and not named:
        msg = f"{path} holds one array without a name; leave the name {key!r} out"
        raise ParameterError(msg)
    return loaded


def _chosen(path: Path, names: Sequence[str], key: str | None) -> str:
    """Name of the array that holds the weights."""
    if not names:
        msg = f"cannot read {path}: there is no array in it"
        raise StorageError(msg)
    if key is not None:
        if key not in names:
            what = f"array in {path}"
            raise UnknownNameError(what, key, names)
        return key
    usual = [name for name in KEYS if name in names] or names
    if len(usual) > 1:
        msg = f"{path} holds several arrays ({', '.join(names)}); say which one has the weights, with --key"
        raise ParameterError(msg)
    return usual[0]
