"""``reproduce``: compute again what a file says that it came from, and compare the numbers."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from phase_diagrams.commands.shared.door import Absence, Verb
from phase_diagrams.commands.shared.options import InputFile, OutputFile
from phase_diagrams.commands.shared.printing import print_table
from replica.errors import ParameterError

__all__ = ["reproduce"]

EXAMPLE = """\
$ replica reproduce capacity.json
replica capacity mixtures -p n=3 --json

number        values  largest difference
theory        1       0
parameters.n  1       0
quantity      1       0
value         1       0
order.m       1       0
status        1       0
method        1       0
broken        1       0

the same to 1e-08
"""

COMPUTED = ("figure", "diagram", "curve", "line", "solve", "capacity")
"""Commands whose numbers rest on theories alone."""

LEFT = ("resume", "overwrite", "dask", "caption", "form", "as_json", "style", "size", "dpi", "title", "jobs")
"""Options that say where and how fast, and not what."""

PASSING = {"residual", "uncertainty", "iterations", "provenance", "digits", "reason"}
"""Parts of an answer that say how it was obtained."""

Numbers = dict[str, list[Any]]


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="FILE", type=InputFile("diagram", "figure", "sweep", "json"))
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0, min_open=True),
    default=1e-8,
    show_default=True,
    help="Largest difference, of the largest number of a column.",
)
def reproduce(source: str, tolerance: float) -> None:
    """Compute a file again and compare the numbers.

    A diagram, a figure, a sweep, a curve in .json or .nc, or what --json printed: each says which command it
    came from. That command is run once more, without writing where it wrote. Exit code 3 if a number differs.

    A figure keeps no points, but their count, means and mean squares for each panel. A command that names a
    file of Python is not run: do so by hand.
    """
    command, stored, again = _sweep(source) if _is_sweep(source) else _both(source)
    click.echo(f"{command}\n")
    rows, same = compared(stored, again, tolerance)
    print_table([("number", "values", "largest difference"), *rows])
    if not same:
        message = f"{source} is not reproduced to {tolerance:g}; the versions that wrote it stand in it"
        raise Absence(message)
    click.echo(f"\nthe same to {tolerance:g}")


def compared(stored: Numbers, again: Numbers, tolerance: float) -> tuple[list[tuple[str, str, str]], bool]:
    """Rows that say how columns differ, and whether all are the same.

    Examples
    --------
    >>> compared({"m": [1.0, math.nan]}, {"m": [1.0 + 1e-12, math.nan]}, 1e-8)
    ([('m', '2', '1e-12')], True)
    >>> compared({"m": [1.0], "s": ["a"]}, {"m": [1.5], "s": ["b"]}, 1e-8)
    ([('m', '1', '0.5'), ('s', '1', "'a' is now 'b'")], False)
    """
    rows, same = [], stored.keys() == again.keys()
    for name in dict.fromkeys([*stored, *again]):
        old, new = stored.get(name, []), again.get(name, [])
        if len(old) != len(new):
            rows.append((name, str(len(old)), f"{len(new)} values now"))
            same = False
            continue
        largest = max((abs(v) for v in old if _is_number(v)), default=0.0)
        worst, words = 0.0, ""
        for a, b in zip(old, new, strict=True):
            if _is_number(a) and _is_number(b):
                worst = max(worst, abs(a - b))
            elif not words and str(a) != str(b):
                words = f"{a!r} is now {b!r}"
        same = same and not words and worst <= tolerance * largest
        rows.append((name, str(len(old)), words or f"{worst:.2g}"))
    return rows, same


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_sweep(source: str) -> bool:
    from phase_diagrams.storage.kinds_of_files import kind_of

    return kind_of(source) == "sweep"


def _sweep(source: str) -> tuple[str, Numbers, Numbers]:
    """A stored sweep and the same in memory; its file holds the theory and the grid, and no command."""
    from phase_diagrams.mapping.stored import theory_of
    from phase_diagrams.sweeping import open_sweep, sweep
    from phase_diagrams.sweeping.store import identity_of

    def columns(data: Any) -> Numbers:
        return {str(name): one.values.ravel().tolist() for name, one in data.data_vars.items()}

    with open_sweep(source) as data:
        theory, identity = theory_of(data, source), identity_of(data.attrs, source)
        over = {name: data[name].values for name in identity["order of the parameters"].split(", ")}
        fixed = {name: value for name, value in theory.told.items() if name not in over}
        again = sweep(type(theory), over, fixed=fixed, branch=identity["branches"])
        grid = " ".join(f"--over {name}=({len(values)} values)" for name, values in over.items())
        return f"replica sweep {identity['theory']} {grid}", columns(data), columns(again)


def _both(source: str) -> tuple[str, Numbers, Numbers]:
    """The numbers of a file, and of what its command computes now."""
    from phase_diagrams.storage.kinds_of_files import kind_of

    told, stored = _stored(source, kind_of(source))
    words = shlex.split(str(told.get("command", "")))
    if words[:1] != ["replica"] or len(words) < 2:
        message = f"{source} does not say which command it came from"
        raise ParameterError(message)
    command, verb = shlex.join(words), words[1]
    if verb not in COMPUTED:
        message = f"`{command}` is not computed again here, only {', '.join(COMPUTED)} and sweeps are"
        raise ParameterError(message)
    if any(".py" in word for word in words):
        message = f"`{command}` would run a file of Python; run it by hand"
        raise ParameterError(message)
    with TemporaryDirectory() as folder:
        return command, stored, _again(verb, words[2:], source, kind_of(source), Path(folder))


def _stored(source: str, kind: str | None) -> tuple[Mapping[str, Any], Numbers]:
    from phase_diagrams.storage.provenance import provenance_of

    if kind == "diagram":
        from phase_diagrams.storage.diagrams import load_diagram

        diagram = load_diagram(source)
        return diagram.provenance, _of_diagram(diagram)
    if source.endswith(".nc"):
        return _of_table(source)
    told = provenance_of(source)
    if kind == "figure":
        return told, {name: list(values) for name, values in told.get("numbers", {}).items()}
    return told, _leaves(json.loads(Path(source).read_text(encoding="utf-8")) if told else {})


def _again(verb: str, words: Sequence[str], source: str, kind: str | None, folder: Path) -> Numbers:
    """Run a command, with its results in a directory of their own, and read its numbers."""
    from phase_diagrams.commands import main

    asked = _without_files(main.commands[verb], words)
    answer = kind == "json"
    output = folder / ("again.nc" if source.endswith(".nc") else "again.json")
    if answer:
        asked += ["--json"]
    elif verb == "figure":
        asked += ["--data", str(output), "-o", str(folder / "again.svg")]
    else:
        asked += ["-o", str(output)]
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(StringIO()):
        try:
            main.main([verb, *asked], prog_name="replica", standalone_mode=False)
        except Absence:  # computed, and something is missing, as it was before
            if not (output.exists() or printed.getvalue()):
                raise
    if answer:
        return _leaves(json.loads(printed.getvalue()))
    if output.suffix == ".nc":
        return _of_table(str(output))[1]
    from phase_diagrams.storage.diagrams import load_diagram

    diagram = load_diagram(output)
    return diagram.moments if kind == "figure" else _of_diagram(diagram)


def _without_files(command: click.Command, words: Sequence[str]) -> list[str]:
    """The words of a command without those that say where results go, or how they look."""
    given, _, _ = command.make_parser(click.Context(command)).parse_args([*words])
    kept: list[str] = []
    for param in command.params:
        value = given.get(param.name or "")
        if value is None or isinstance(param.type, OutputFile) or param.name in LEFT:
            continue
        values = [*value] if isinstance(value, list | tuple) else [value]
        for one in values:
            flag = [param.opts[-1]] if isinstance(param, click.Option) else []
            kept += flag if one is True else [*flag, str(one)]
    return kept


def _of_diagram(diagram: Any) -> Numbers:
    points = [(p.x, p.y) for p in diagram.points] + [(p.x, p.y) for one in diagram.lines for p in one.points]
    marks = {f"points, {axis}": [point[i] for point in points] for i, axis in enumerate("xy")}
    return {**diagram.columns, **marks, **diagram.moments}


def _of_table(source: str) -> tuple[dict[str, Any], Numbers]:
    """Attributes and columns of a netCDF table."""
    from phase_diagrams.sweeping.files import table_of

    return table_of(source)


def _leaves(value: Any, name: str = "") -> Numbers:
    """The numbers and words of an answer in JSON, by where they stand."""
    if isinstance(value, Mapping):
        told = {key: part for key, part in value.items() if key not in PASSING}
        parts = [_leaves(part, f"{name}.{key}" if name else key) for key, part in told.items()]
        return {key: column for part in parts for key, column in part.items()}
    if isinstance(value, list) and any(isinstance(one, list | Mapping) for one in value):
        return _leaves({str(i): one for i, one in enumerate(value)}, name)
    return {name: value if isinstance(value, list) else [value]}
