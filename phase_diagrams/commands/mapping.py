"""What ``map`` does: a stored sweep becomes a diagram, and it is said where grid and lines disagree."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.asking import theory_named
from phase_diagrams.commands.drawing import date, versions
from phase_diagrams.commands.printing import print_table
from replica.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr

    from phase_diagrams.diagram import PhaseDiagram
    from replica.theory import Theory

__all__ = ["mapped", "report"]


def mapped(
    source: str,
    heat: str | None,
    branch: str | None,
    contours: int,
    at: Mapping[str, float],
    command: Sequence[str],
) -> PhaseDiagram:
    """Make a diagram from a stored sweep."""
    from phase_diagrams.mapping import phase_map, read
    from phase_diagrams.sweeping import open_sweep
    from phase_diagrams.sweeping.files import check_whole

    if contours and not heat:
        message = "--contours belongs to a heat map; add --heat NAME"
        raise ParameterError(message)
    with open_sweep(source) as data:
        theory = _theory(data, source)
        check_whole(data, source, at)
        grid = read(data, theory, at)
        shown = _shown(data, heat, branch, grid.names, at) if heat else None
        label = _label(theory, heat, branch) if heat else ""
        origin = {"command": shlex.join(command), "date": date(), "versions": versions()}
        origin["sweep"] = json.loads(data.attrs["identity"])
        stable = heat is not None and branch is None and grid.compared
    return phase_map(grid, heat=shown, label=label, contours=contours, stable=stable, provenance=origin)


def _theory(data: xr.Dataset, source: str) -> Theory:
    """The theory of a sweep, at any of its points; with the same equations as when it was swept."""
    from phase_diagrams.sweeping.chunk import fingerprint

    identity = json.loads(data.attrs["identity"])
    if "theory" not in identity:
        message = f"{source} holds samples of machines; a map is made of what replica sweep writes"
        raise ParameterError(message)
    kind = theory_named(identity["theory"])
    if identity["equations (digest of the source)"] != fingerprint(kind):
        message = (
            f"{source} was computed with other equations than this version has (those of replica "
            f"{identity['version of replica']}): lines would not fit the grid; compute the sweep again"
        )
        raise ParameterError(message)
    fixed = {}
    for name, text in identity["fixed parameters"].items():
        try:
            fixed[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):  # no number: its text does not make it again
            message = f"{source}: {name} = {text} cannot be read back; use phase_diagrams.mapping in Python"
            raise ParameterError(message) from None
    swept = {name: data[name].values[0].item() for name in identity["grid"]}
    return kind(**fixed, **swept)


def _shown(
    data: xr.Dataset, name: str, branch: str | None, axes: Sequence[str], at: Mapping[str, float]
) -> Any:
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
    return values.where(state == 3).max("branch").transpose(*axes).values


def _label(theory: Theory, name: str, branch: str | None) -> str:
    """What stands beside the colours."""
    measures = {"free_energy": "free energy $f$", "entropy": "entropy $s$"}
    words = theory.symbols.get(name, "").partition(" (")[0]
    text = measures.get(name) or (f"{words} ${name}$" if name in theory.symbols else name)
    return f"{text}, {branch}" if branch else text


def report(diagram: PhaseDiagram) -> None:
    """Say on stderr how grid and lines agree."""
    agreement = diagram.provenance["agreement"]
    kinds = {line.name: line.kind.value for line in diagram.lines}
    rows = [("boundary", "kind", "neighbours that differ", "explained", "farthest")]
    for name, told in agreement.items():
        farthest = told["farthest in steps of the grid"]
        rows.append(
            (
                name,
                kinds.get(name, "not found"),
                str(told["pairs"]),
                str(told["explained"]),
                "-" if farthest is None else f"{farthest:.2g}",
            )
        )
    if agreement:
        print_table(rows, err=True)
    for note in diagram.provenance["notes"]:
        click.echo(f"note: {note}", err=True)
