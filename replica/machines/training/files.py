"""Machines in files: our own format, and those of others. Nothing is ever unpickled.

Ours is an .npz file: ``format``, ``version``, ``weights`` (visible units, hidden units), ``T``, the names of
the units and their parameters (``visible``, ``visible.g``, ...), and, if the machine is in training, all that
it takes to go on. Read are also

* .npz files with the arrays of scikit-learn's ``BernoulliRBM``: ``components_``, ``intercept_hidden_``,
  ``intercept_visible_``; `from_sklearn` takes the fitted object itself;
* .npz files with the arrays of the package PGM (Tubiana): ``weights`` (hidden units, visible units),
  ``vlayer`` and ``hlayer`` (the natures of the layers) and their parameters, such as ``vlayer.fields``,
  ``hlayer.gamma``, ``hlayer.theta_plus``;
* .h5 files of the package rbms (Decelle, Seoane and others), Bernoulli-Bernoulli and Ising-Ising: groups
  ``update_N/params`` with ``weight_matrix``, ``vbias`` and ``hbias``; the last update is taken.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from replica.errors import ParameterError, ReplicaError, UnknownNameError, cleaned
from replica.machines.data.arrays import NotNumbersError, read_numpy
from replica.machines.data.given import numbers
from replica.machines.data.guards import HDF5, ZIPPED, as_it_is, damage_as, format_of, listed
from replica.machines.data.hdf5 import check_hdf5
from replica.machines.data.temporary import temporary
from replica.machines.inference.exact import Gradient
from replica.machines.models.rbm import RBM
from replica.machines.training.epochs import Epoch, Settings, Training, count_chains
from replica.units import UNITS, Bernoulli, DoubleReLU, Gaussian, ReLU, Spin, Unit

__all__ = [
    "FORMAT",
    "VERSION",
    "WEIGHTS",
    "FileError",
    "dumps",
    "from_sklearn",
    "is_machine",
    "kept_with",
    "load_machine",
    "load_training",
    "save_machine",
    "to_rbms",
]

FORMAT, VERSION = "replica-rbm", 1
_RBMS: dict[str, tuple[type[Unit], type[Unit]]] = {"BBRBM": (Bernoulli, Bernoulli), "IIRBM": (Spin, Spin)}
WEIGHTS = ("weights", "components_")
"""Names of the array of weights in .npz files with machines."""
_MARKS = {"format", "components_", "vlayer", "hlayer"}
"""Names of arrays by which an .npz file with a machine is told from one with weights alone."""
_PARTS = ("weights", "visible", "hidden")


class FileError(ReplicaError):
    """A file that cannot be read or written as a machine; the message says which and why."""


# -- our own format ------------------------------------------------------------------------------------------


def dumps(machine: RBM | Training, **about: Any) -> bytes:
    """The content of a file with a machine, or a training that can be gone on with.

    Parameters
    ----------
    machine : RBM or Training
    **about
        What else to keep, as JSON: where data came from, versions, the command line.
    """
    rbm = machine.rbm if isinstance(machine, Training) else machine
    arrays: dict[str, Any] = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "about": np.array(json.dumps(about)),
        "weights": rbm.weights,
        "T": np.array(float(rbm.T)),
    }
    for layer in ("visible", "hidden"):
        unit = getattr(rbm, layer)
        if UNITS.get(unit.name) is not type(unit):
            msg = f"{layer} units {unit} are no units of the package; they cannot be stored"
            raise ParameterError(msg)
        arrays[layer] = np.array(unit.name)
        arrays |= {f"{layer}.{key}": np.asarray(value, dtype=float) for key, value in unit.parameters.items()}
    if isinstance(machine, Training):
        arrays |= {
            "settings": np.array(json.dumps(dataclasses.asdict(machine.settings))),
            "counters": np.array([machine.epoch, machine.update]),
            "chains": machine.chains,
            "history": np.array([dataclasses.astuple(row) for row in machine.history]).reshape(-1, 5),
        }
        for i, memory in enumerate(machine.memory):
            arrays |= {f"memory.{i}.{part}": getattr(memory, part) for part in _PARTS}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def save_machine(machine: RBM | Training, path: str | os.PathLike[str], **about: Any) -> None:
    """Write a machine or a training to an .npz file, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_machine(RBM([[0.5, -0.5]], Bernoulli(g=0.1), ReLU()), Path(folder, "a.npz"))
    ...     print(load_machine(Path(folder, "a.npz")).hidden)
    relu
    """
    path = Path(path)
    if path.suffix != ".npz":
        msg = f"{path}: machines are written to .npz files"
        raise ParameterError(msg)
    _write(path, dumps(machine, **about))


def _write(path: Path, content: bytes) -> None:
    path = path.resolve()
    try:
        with temporary(path) as made:
            with made.open("xb") as file:
                file.write(content)
            made.replace(path)
    except (OSError, RuntimeError) as error:
        msg = f"cannot write {path}: {getattr(error, 'strerror', None) or error}; nothing was changed"
        raise FileError(msg) from error


def is_machine(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds a machine, sound or not, rather than arrays alone; False if it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_machine(RBM([[0.5, -0.5]], Spin(), Spin()), Path(folder, "a.npz"))
    ...     np.savez(Path(folder, "b.npz"), W=[[0.5, -0.5]])
    ...     print(is_machine(Path(folder, "a.npz")), is_machine(Path(folder, "b.npz")))
    True False
    """
    try:
        form = format_of(Path(path))
        if form != ZIPPED:
            return form == HDF5
        with damage_as(lambda words: NotNumbersError(Path(path), words)), zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, NotNumbersError):
        return False
    return not _MARKS.isdisjoint(names)


def load_machine(path: str | os.PathLike[str]) -> RBM:
    """Read a machine from a file: ours, or one of those that this module lists.

    Raises
    ------
    FileError
        If the file cannot be read, or is none of these.
    """
    path = Path(path)
    if as_it_is(path) == f"it is {HDF5}":
        return _machine(path, lambda: _from_rbms(path))
    arrays = _arrays(path)
    return _machine(path, lambda: _interpreted(path, arrays))


def kept_with(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What was kept with a machine of ours, such as the shape of its images; nothing for those of others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_machine(RBM([[0.5]], Spin(), Spin()), Path(folder, "a.npz"), data="mine.npy")
    ...     print(kept_with(Path(folder, "a.npz")))
    {'data': 'mine.npy'}
    """
    if Path(path).suffix != ".npz":
        return {}
    arrays = _arrays(Path(path))
    try:
        return _about(Path(path), arrays, "about") if "about" in arrays else {}
    except ValueError as error:
        msg = f"cannot read {path}: {error}"
        raise FileError(msg) from error


def _about(path: Path, arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object of JSON that is kept as text among the arrays; ValueError if it is none."""
    _require(path, arrays, name)
    try:
        found = cleaned(json.loads(_word(path, name, arrays[name])))
    except RecursionError:
        found = None
    except ValueError as error:
        msg = f"{name} is no JSON: {error}"
        raise ValueError(msg) from None
    if not isinstance(found, dict):
        msg = f"{name} is no JSON object"
        raise ValueError(msg)  # a damaged file, not a wrong argument
    return found


def load_training(path: str | os.PathLike[str]) -> tuple[Training, dict[str, Any]]:
    """Read a training to go on with, and what was kept with it.

    Raises
    ------
    FileError
        If the file is damaged, or holds a machine that is not in training.
    """
    path = Path(path)
    arrays = _arrays(path)
    rbm = _machine(path, lambda: _interpreted(path, arrays))
    if "settings" not in arrays:
        msg = f"{path} holds a machine, but no training to go on with; begin one without --resume"
        raise FileError(msg)
    try:
        settings = Settings(**_about(path, arrays, "settings"))
        epoch, update = (int(n) for n in arrays["counters"])
        one, two = (Gradient(*(arrays[f"memory.{i}.{part}"] for part in _PARTS)) for i in (0, 1))
        history = tuple(Epoch(int(row[0]), *map(float, row[1:])) for row in arrays["history"])
        chains, about = arrays["chains"], _about(path, arrays, "about")
        _check_state(rbm, settings, (epoch, update), chains, (one, two))
    except (IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        msg = f"cannot read {path}: its training is damaged ({error}); begin again without --resume"
        raise FileError(msg) from None
    return Training(rbm, settings, epoch, update, chains, (one, two), history), about


def _check_state(
    rbm: RBM, settings: Settings, counters: tuple[int, int], chains: Any, memory: Sequence[Gradient]
) -> None:
    """Raise ValueError unless the parts of a training fit together."""
    if min(counters) < 0:
        msg = f"counters {counters[0]} and {counters[1]} are no numbers of epochs and updates"
        raise ValueError(msg)
    shapes = {
        "weights": (rbm.n_visible, rbm.n_hidden),
        "visible": (rbm.n_visible,),
        "hidden": (rbm.n_hidden,),
    }
    found = {
        f"memory.{i}.{part}": (getattr(one, part), shapes[part])
        for i, one in enumerate(memory)
        for part in _PARTS
    }
    found["chains"] = (chains, (count_chains(settings), rbm.n_visible))
    for name, (array, shape) in found.items():
        if array.shape != shape:
            msg = f"{name} has the shape {array.shape}, not {shape}"
            raise ValueError(msg)
        if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
            msg = f"{name} is not finite everywhere"
            raise ValueError(msg)
        numbers(name, array)


def _arrays(path: Path) -> dict[str, Any]:
    try:
        loaded = read_numpy(path)
        if isinstance(loaded, dict):
            return loaded
        problem = "it holds a single array; a machine is more than weights, which alone go to replica place"
    except OSError as error:
        problem = error.strerror or "it is damaged"
    except NotNumbersError as error:
        problem = f"{error.problem}; a machine comes in an .npz or .h5 file"
    msg = f"cannot read {path}: {problem}"
    raise FileError(msg)


def _machine(path: Path, build: Any) -> RBM:
    """Build a machine; what is wrong with its numbers is told with the name of the file."""
    try:
        rbm: RBM = build()
    except (ParameterError, OverflowError, ValueError, TypeError) as error:
        msg = f"cannot read {path}: {error}"
        raise FileError(msg) from None
    return rbm


def _interpreted(path: Path, arrays: Mapping[str, Any]) -> RBM:
    if "format" in arrays:
        return _own(path, arrays)
    if "components_" in arrays:
        _require(path, arrays, "intercept_hidden_", "intercept_visible_")
        return RBM(
            arrays["components_"].T,
            Bernoulli(g=arrays["intercept_visible_"]),
            Bernoulli(g=arrays["intercept_hidden_"]),
        )
    if "vlayer" in arrays or "hlayer" in arrays:
        _require(path, arrays, "weights", "vlayer", "hlayer")
        return RBM(arrays["weights"].T, _pgm(path, arrays, "vlayer"), _pgm(path, arrays, "hlayer"))
    msg = (
        f"{path} holds the arrays {listed(arrays)}; a machine of ours has format, "
        "weights, visible and hidden, one of scikit-learn components_, one of PGM weights, vlayer and "
        "hlayer; weights alone go to replica place"
    )
    raise FileError(msg)


def _own(path: Path, arrays: Mapping[str, Any]) -> RBM:
    _require(path, arrays, "version", "weights", "T", "visible", "hidden")
    form, version = _word(path, "format", arrays["format"]), _one(path, "version", arrays["version"])
    if form != FORMAT:
        msg = f"{path} is a file of the format {form[:40]!r}, not {FORMAT!r}"
        raise FileError(msg)
    if version != round(version) or not 1 <= version <= VERSION:
        msg = f"{path} has version {version:g} of the format; this package reads up to {VERSION}"
        raise FileError(msg)
    units = []
    for layer in ("visible", "hidden"):
        name = _word(path, layer, arrays[layer])
        if name not in UNITS:
            what = f"kind of {layer} units in {path}"
            raise UnknownNameError(what, name, UNITS)
        fields = [field.name for field in dataclasses.fields(UNITS[name])]  # type: ignore[arg-type]
        _require(path, arrays, *(f"{layer}.{key}" for key in fields))
        values = {key: arrays[f"{layer}.{key}"] for key in fields}
        units.append(
            UNITS[name](
                **{key: v if v.ndim else _one(path, f"{layer}.{key}", v) for key, v in values.items()}
            )
        )
    return RBM(arrays["weights"], units[0], units[1], _one(path, "T", arrays["T"]))


def _one(path: Path, name: str, value: Any) -> float:
    """The number of an array that holds one."""
    if value.shape != () or value.dtype.kind not in "fiu":
        msg = (
            f"cannot read {path}: {name} is an array of shape {value.shape} and type {value.dtype}, no number"
        )
        raise FileError(msg)
    return float(value)


def _require(path: Path, arrays: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if name not in arrays]
    if missing:
        msg = f"{path} has no array {missing[0]}; there are {listed(arrays)}"
        raise FileError(msg)


# -- those of others -----------------------------------------------------------------------------------------


def from_sklearn(model: Any) -> RBM:
    """The machine of a fitted ``sklearn.neural_network.BernoulliRBM``.

    Examples
    --------
    >>> from sklearn.neural_network import BernoulliRBM
    >>> rbm = from_sklearn(BernoulliRBM(3, n_iter=1, random_state=0).fit([[0, 1], [1, 1]]))
    >>> print(rbm.weights.shape, rbm.hidden.name)
    (2, 3) bernoulli
    """
    try:
        weights, hidden, visible = (
            numbers(name, getattr(model, name))
            for name in ("components_", "intercept_hidden_", "intercept_visible_")
        )
    except AttributeError:
        msg = f"{type(model).__name__} has no components_ and intercepts: give a fitted BernoulliRBM"
        raise ParameterError(msg) from None
    return RBM(weights.T, Bernoulli(g=visible), Bernoulli(g=hidden))


def _pgm(path: Path, arrays: Mapping[str, Any], layer: str) -> Unit:
    """A layer of the package PGM; its theta_minus is that of |h|."""
    nature = _word(path, layer, arrays[layer])

    def value(name: str) -> Any:
        _require(path, arrays, f"{layer}.{name}")
        return numbers(f"{layer}.{name}", arrays[f"{layer}.{name}"])

    if nature in ("Bernoulli", "Spin"):
        return Bernoulli(g=value("fields")) if nature == "Bernoulli" else Spin(g=value("fields"))
    if nature == "Gaussian":
        return Gaussian(g=-value("theta"), gamma=value("gamma"))
    if nature == "ReLU+":
        return ReLU(theta=value("theta"), gamma=value("gamma"))
    if nature == "dReLU":
        return DoubleReLU(
            value("theta_plus"), -value("theta_minus"), value("gamma_plus"), value("gamma_minus")
        )
    what = f"nature of {layer} in {path}"
    raise UnknownNameError(what, nature, ["Bernoulli", "Spin", "Gaussian", "ReLU+", "dReLU"])


def _from_rbms(path: Path) -> RBM:
    import h5py

    with (
        damage_as(lambda _: FileError(f"cannot read {path}: the HDF5 file is damaged or cut off")),
        h5py.File(path, "r") as file,
    ):
        check_hdf5(file, path, FileError)
        saved = [int(found[1]) for found in map(_UPDATE.fullmatch, file) if found]
        if not saved:
            msg = (
                f"{path} has no group update_N, as files of the package rbms have; there are {listed(file)}; "
                "files of sweeps and samples go to replica map, export or compare"
            )
            raise FileError(msg)
        group = file[f"update_{max(saved)}"]
        group = group.get("params", group)
        # without the name of the model the file is from before there were others
        model = _word(path, "model_type", file["model_type"]) if "model_type" in file else "BBRBM"
        if model not in _RBMS:
            what = f"model in {path}"
            raise UnknownNameError(what, model, _RBMS)
        names = ("weight_matrix", "vbias", "hbias")
        _require(path, {name: None for name in group}, *names)
        weights, visible, hidden = (_part(path, name, group[name]) for name in names)
    one, two = _RBMS[model]
    return RBM(weights, one(g=visible), two(g=hidden))  # type: ignore[call-arg]


_UPDATE = re.compile("update_([0-9]{1,18})", re.ASCII)


def _part(path: Path, name: str, part: Any) -> Any:
    """The numbers of a dataset."""
    if not hasattr(part, "shape"):
        msg = f"cannot read {path}: {name} is a group, not an array"
        raise FileError(msg)
    return numbers(name, part[()])


def _word(path: Path, name: str, part: Any) -> str:
    """The text of an array, or of a dataset, that holds one."""
    value = part[()] if getattr(part, "shape", None) == () else None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or len(value) > _LONGEST:
        what = f"an array of shape {part.shape}" if getattr(part, "shape", ()) else "no text"
        msg = f"cannot read {path}: {name} is {what}, where a name is expected"
        raise FileError(msg)
    return str(value)


_LONGEST = 2**20
"""Letters of a text in a file of a machine."""


def to_rbms(rbm: RBM, path: str | os.PathLike[str]) -> None:
    """Write a machine with two layers of bits, or of spins, in the layout of the package rbms.

    There is one update, 1, and no state of random numbers: enough for its ``load_params``, not to go on with
    a training. The file is written whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_rbms(RBM([[0.5, -0.5]], Spin(g=0.1), Spin()), Path(folder, "a.h5"))
    ...     print(load_machine(Path(folder, "a.h5")).hidden)
    spin:g=array(2,)
    """
    import h5py

    layers = (type(rbm.visible), type(rbm.hidden))
    models = [name for name, units in _RBMS.items() if units == layers]
    if not models or not math.isclose(rbm.T, 1):
        msg = f"rbms has no machine with {rbm.visible} and {rbm.hidden} units at T = {rbm.T:g}"
        raise ParameterError(msg)
    fields = {"vbias": (rbm.visible, rbm.n_visible), "hbias": (rbm.hidden, rbm.n_hidden)}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["model_type"] = models[0]
        params = file.create_group("update_1/params")
        params["weight_matrix"] = rbm.weights
        for name, (unit, count) in fields.items():
            params[name] = np.broadcast_to(unit.parameters["g"], count)
    _write(Path(path), buffer.getvalue())
