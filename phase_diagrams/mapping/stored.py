"""From the file of a sweep to a map: the theory that was swept, and what a heat map of it shows."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.mapping import phase_map, read
from phase_diagrams.mapping.grid import STABLE
from phase_diagrams.storage.files import StorageError
from phase_diagrams.sweeping import open_sweep
from phase_diagrams.sweeping.chunk import fingerprint
from phase_diagrams.sweeping.files import check_whole
from phase_diagrams.sweeping.plan import MODEL
from phase_diagrams.sweeping.store import identity_of
from replica.errors import ParameterError, UnknownNameError
from replica.functional import theory_of as made_of
from replica.functional.files import parse
from replica.theories import THEORIES
from replica.theory import Theory
from replica.typing import Array

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["map_of_sweep", "theory_of"]


def map_of_sweep(
    source: str | os.PathLike[str],
    *,
    heat: str | None = None,
    branch: str | None = None,
    contours: int = 0,
    at: Mapping[str, float] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> PhaseDiagram:
    """Make a phase diagram from a stored sweep.

    Parameters
    ----------
    source : path-like
        A sweep of all branches, as a Zarr store or a netCDF file.
    heat : str, optional
        A variable of the sweep to show as a heat map.
    branch : str, optional
        Whose variable; by default that of the stable branch at each point.
    contours : int
        Largest number of contour lines of the heat map.
    at : mapping of str to float, optional
        Values of further swept parameters at which to look; they are values of the grid.
    provenance : mapping, optional
        Where the diagram comes from; what was swept is added.

    Raises
    ------
    StorageError
        If the file cannot be read.
    ParameterError, UnknownNameError
        If it was computed with other equations, is not finished, or has no such variable or branch.
    """
    at = at or {}
    with open_sweep(source) as data:
        theory = theory_of(data, source)
        check_whole(data, source, at)
        grid = read(data, theory, at)
        shown = _shown(data, heat, branch, grid.names, at) if heat else None
        origin = {**(provenance or {}), "sweep": identity_of(data.attrs, source)}
    return phase_map(
        grid,
        heat=shown,
        label=_label(theory, heat, branch) if heat else "",
        contours=contours,
        stable=heat is not None and branch is None and grid.compared,
        provenance=origin,
    )


def theory_of(data: xr.Dataset, source: str | os.PathLike[str]) -> Theory:
    """The theory of a sweep, at any of its points; with the same equations as when it was swept."""
    identity = identity_of(data.attrs, source)
    if "theory" not in identity:
        message = f"{source} holds samples of machines; a map is made of what replica sweep writes"
        raise ParameterError(message)
    kind = _kind(identity["theory"], data, source)
    if identity.get("equations (digest of the source)") != fingerprint(kind):
        message = (
            f"{source} was computed with other equations than this version has (those of replica "
            f"{identity.get('version of replica', 'unknown')}): lines would not fit the grid; "
            "compute the sweep again"
        )
        raise ParameterError(message)
    fixed = {}
    for name, text in identity.get("fixed parameters", {}).items():
        try:
            fixed[name] = ast.literal_eval(str(text))
        except (
            ValueError,
            SyntaxError,
            TypeError,
            RecursionError,
            MemoryError,
        ):  # no number: its text does not make it again
            message = f"{source}: {name} = {text} cannot be read back; use phase_diagrams.mapping in Python"
            raise ParameterError(message) from None
    swept = {name: data[name].values[0].item() for name in identity["grid"] if name in data.dims}
    unknown = sorted({*fixed, *identity["grid"]} - {*kind.parameters()} | {*identity["grid"]} - {*swept})
    if unknown:
        message = f"cannot read {source}: its description is damaged ({unknown[0]} is no axis of {kind.name})"
        raise StorageError(message)
    return kind(**fixed, **swept)


def _kind(name: str, data: xr.Dataset, source: str | os.PathLike[str]) -> type[Theory]:
    """The class of a theory of the package, or of a model, whose file is kept with the sweep."""
    if name in THEORIES:
        return THEORIES[name]
    if MODEL in data.attrs:
        return made_of(parse(str(data.attrs[MODEL]), str(source)))
    message = (
        f"{source} is about {name}, which is no theory of this package and no model of a file: no file of "
        "results names code that is run; use phase_diagrams.mapping in Python"
    )
    raise ParameterError(message)


def _shown(
    data: xr.Dataset, name: str, branch: str | None, axes: Sequence[str], at: Mapping[str, float]
) -> Array:
    """The values of a heat map: of one branch, or of the stable one at each point."""
    known = [str(one) for one in data.data_vars if data[one].dtype.kind == "f"]
    if name not in known:
        what = "variable of the sweep"
        raise UnknownNameError(what, name, known)
    values = data[name]
    if at:
        values = values.sel(dict(at), method="nearest")
    for axis in axes:
        values = values.sortby(axis)
    if "branch" not in values.dims:
        if branch is not None and branch != data.attrs["branches"]:
            raise UnknownNameError("branch of the sweep", branch, [data.attrs["branches"]])  # noqa: EM101
        return values.transpose(*axes).values
    names = [str(one) for one in data["branch"].values]
    if branch is not None:
        if branch not in names:
            raise UnknownNameError("branch of the sweep", branch, names)  # noqa: EM101
        return values.sel(branch=branch).transpose(*axes).values
    state = data["state"]
    if at:
        state = state.sel(dict(at), method="nearest")
    return values.where(state == STABLE).max("branch").transpose(*axes).values


def _label(theory: Theory, name: str, branch: str | None) -> str:
    """What stands beside the colours."""
    measures = {"free_energy": "free energy $f$", "entropy": "entropy $s$"}
    words = theory.symbols.get(name, "").partition(" (")[0]
    text = measures.get(name) or (f"{words} ${name}$" if name in theory.symbols else name)
    return f"{text}, {branch}" if branch else text
