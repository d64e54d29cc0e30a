"""The phase diagram of any theory: every line that it declares, and those that its states show.

Lines are traced, never read off a grid. They divide the plane into faces; what each of these is, is asked of
the theory inside of it. What then is not of a piece is said: a face that holds two phases, a line that ends
for no reason, a corner that is no special point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from time import perf_counter

import numpy as np

from phase_diagrams.diagram import CONVERGED, Axis, Line, PhaseDiagram, Point, Region
from phase_diagrams.mapping.dividing import divide
from phase_diagrams.mapping.draft import Draft
from phase_diagrams.mapping.grid import METASTABLE, STABLE, Edge, neighbours
from phase_diagrams.mapping.joining import ALIKE, REACH
from phase_diagrams.mapping.refining import start_between
from phase_diagrams.mapping.searching import search
from phase_diagrams.mapping.states import Map, check_axes
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.lines import boundary_line
from phase_diagrams.tracing.special_points import holds
from replica.errors import ParameterError, ReplicaError
from replica.solving import Located, locate
from replica.solving.systems import phases
from replica.theory import Boundary, Coexistence, Theory, Zero
from replica.theory.base import required
from replica.theory.names import line_named

__all__ = ["automatic_diagram", "box_of"]

POINTS = 24
"""Points of the coarse map along an axis."""

USUAL = ("outside the requested range", ALIKE)
"""Why a line has a gap that needs no explanation."""

Told = Callable[[str], None]


def automatic_diagram(
    theory: Theory,
    x: str,
    y: str,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    lines: Sequence[str] | None = None,
    title: str | None = None,
    points: int = POINTS,
    step: float = 0.02,
    executor: Executor | None = None,
    told: Told | None = None,
) -> PhaseDiagram:
    """Make the phase diagram of a theory in the plane of two of its control parameters.

    All lines that the theory declares are traced through every fold; lines that nobody declared are located
    where a coarse map of the states shows them. A part of a line that separates the same states is left out.
    Regions are named by the state of lowest free energy; states that are stable as well are metastable.

    Parameters
    ----------
    theory : Theory
        One point; its values of `x` and `y` are ignored. A parameter over which its lines are minimised has
        no value.
    x, y : str
        The two control parameters.
    xlim, ylim : (float, float), optional
        The plane; by default their typical ranges.
    lines : sequence of str, optional
        The declared lines that are traced; by default all that have a place in this plane.
    title : str, optional
        By default the name of the theory and the parameters that do not vary.
    points : int
        Points of the coarse map along either axis.
    step : float
        Largest step along a line, as a fraction of the plane.
    executor : concurrent.futures.Executor, optional
        Traces the lines; by default this process does.
    told : callable, optional
        Takes a sentence whenever a part of the work is done.

    Returns
    -------
    PhaseDiagram
        ``provenance["lines"]`` says for every line what became of it; ``provenance["notes"]`` what is left
        unexplained, a sentence each: none, where the diagram is complete.

    Raises
    ------
    ParameterError, UnknownNameError
        If the plane is none, or a line is not declared.

    Examples
    --------
    >>> from replica.theories import BlumeCapel
    >>> diagram = automatic_diagram(BlumeCapel(T=0.5), "T", "D")
    >>> for line in diagram.lines:
    ...     print(line.name, line.kind.value)
    continuous continuous
    first-order first-order
    spinodal spinodal
    end of paramagnet spinodal
    >>> [region.name for region in diagram.regions]
    ['ferromagnet', 'paramagnet', 'ferromagnet with paramagnet', 'paramagnet with ferromagnet']
    >>> diagram.provenance["notes"]
    []
    """
    box = box_of(theory, x, y, xlim, ylim)
    asked = {line_named(type(theory), name) for name in (theory.lines if lines is None else lines)}
    wanted = {name: boundary for name, boundary in theory.lines.items() if name in asked}
    draft = Draft(Map(theory, x, y, box), points, told or (lambda _: None))
    _trace(draft, wanted, step, executor or Here())
    search(draft)
    regions = divide(draft)
    return _diagram(draft, regions, step, title)


def box_of(
    theory: Theory, x: str, y: str, xlim: tuple[float, float] | None, ylim: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The plane, checked; by default the typical ranges of its parameters."""
    required(theory)
    theory.check_varied(x, y)
    theory.check_double()
    if x == y:
        message = f"{theory.name}: a diagram needs two different parameters, not {x} twice"
        raise ParameterError(message)
    check_axes(theory, x, y)
    theory.at(**{x: None}).check_single(ignoring=y)
    sides = []
    for name, limits in ((x, xlim), (y, ylim)):
        about = theory.parameters()[name]
        low, high = sorted(limits or about.typical)
        if limits is None and about.open_lower and low == about.lower:
            low += 1e-3 * (high - low)
        theory.check(**{name: low})
        theory.check(**{name: high})
        if not low < high:
            message = f"{theory.name}: {name} has no typical range; give one, such as {name}=0:1"
            raise ParameterError(message)
        sides.append((float(low), float(high)))
    return sides[0], sides[1]


def _trace(draft: Draft, wanted: Mapping[str, Boundary], step: float, executor: Executor) -> None:
    """Trace every line that the theory declares and that has a place in this plane."""
    theory, (xlim, ylim) = draft.map.theory, draft.map.box
    asked: dict[str, Future[Line]] = {}
    for name, boundary in wanted.items():
        why = _elsewhere(theory, boundary, (draft.map.x, draft.map.y)) or _missing(draft, boundary)
        if why:
            draft.became[name] = why
            continue
        began = perf_counter()
        try:
            asked[name] = executor.submit(
                boundary_line,
                theory,
                boundary,
                draft.map.x,
                draft.map.y,
                xlim=xlim,
                ylim=ylim,
                start=_start(draft, boundary),
                name=name,
                label=_legend(theory, name),
                step=step,
            )
        except ReplicaError:  # traced here, not in another process
            _lost(draft, name)
            continue
        if asked[name].done():
            draft.told(f"line {name}: {len(asked[name].result().x)} points, {perf_counter() - began:.1f} s")
    for name, future in asked.items():
        try:
            line = future.result()
        except ReplicaError:
            _lost(draft, name)
            continue
        draft.add(line, theory.lines[name])
        draft.became[name] = "traced"


def _lost(draft: Draft, name: str) -> None:
    draft.became[name] = "not met in this plane"
    draft.told(f"line {name}: not met in this plane")


def _missing(draft: Draft, boundary: Boundary) -> str:
    """Say what a boundary needs and the map has nowhere: a state, or two at once; empty if it has all.

    A state that ends, or two that change places, are at least metastable beside another one nearby. Where a
    state grows out of another it never is.
    """
    known = dict(zip(draft.states.names, draft.states.found, strict=True))
    for phase in phases(boundary):
        if not phase.at and not known.get(phase.branch, True):
            return f"not met: {phase.branch} exists nowhere on the map"
    about = [phase.branch for phase in phases(boundary)]
    if isinstance(boundary, Zero) or not draft.states.compared or not known.keys() >= set(about):
        return ""
    there = draft.states.state >= METASTABLE
    own = there[[draft.states.names.index(name) for name in about]].all(axis=0)
    if isinstance(boundary, Coexistence):
        return "" if own.any() else f"not met: nowhere on the map are both {about[0]} and {about[1]} stable"
    beside = (own & (there.sum(axis=0) > 1)).any() or not there.any(axis=0).all()
    return "" if beside else f"not met: {about[0]} meets no other state on the map"


def _start(draft: Draft, boundary: Boundary) -> Located | None:
    """A point at which two phases coexist, where the map shows both; else the line is looked for."""
    if not isinstance(boundary, Coexistence):
        return None
    a, b = (draft.grid.branches.index(phase.branch) for phase in (boundary.first, boundary.second))
    edges: list[Edge] = []
    for axis in (0, 1):
        one, two = (part == STABLE for part in neighbours(draft.grid.state, axis))
        swap = (one[a] & two[b]) | (one[b] & two[a])
        edges += [(axis, int(i), int(j)) for i, j in np.argwhere(swap)]
    if edges:
        try:
            return start_between(draft.grid, boundary, edges[len(edges) // 2])
        except ReplicaError:
            return None
    return None


def _diagram(draft: Draft, regions: Sequence[Region], step: float, title: str | None) -> PhaseDiagram:
    """All of it as data."""
    theory, names = draft.map.theory, (draft.map.x, draft.map.y)
    about = theory.parameters()
    axes = [
        Axis(name, f"{about[name].text.partition(',')[0]} ${about[name].symbol}$", limits=limits)
        for name, limits in zip(names, draft.map.box, strict=True)
    ]
    bare = theory.at(**dict.fromkeys(names))
    for line in draft.lines:
        draft.notes += [f"{line.name}: {why}" for why in sorted(_lost_parts(draft, line))]
    return PhaseDiagram(
        theory.name,
        title if title is not None else _title(bare),
        (axes[0], axes[1]),
        draft.lines,
        list(_critical(draft)),
        regions,
        {
            "model": bare.describe(),
            "settings": {"points": draft.points, "step": step},
            "lines": draft.became,
            "notes": draft.notes,
        },
    )


def _lost_parts(draft: Draft, line: Line) -> set[str]:
    """Why a line has gaps, but for those next to the frame, towards which states may diverge."""
    places = draft.unit(line)
    aside = np.min(np.minimum(places, 1 - places), axis=1)  # of what is missing: NaN
    return {
        why
        for i, why in enumerate(line.status)
        if why not in (CONVERGED, *USUAL) and not np.any(aside[max(i - 1, 0) : i + 2] <= REACH)
    }


def _critical(draft: Draft) -> Iterator[Point]:
    """The critical value of the theory, where the other axis has its usual value."""
    theory, what = draft.map.theory, draft.map.theory.critical
    names = [draft.map.x, draft.map.y]
    if what is None or what.parameter not in names or what.boundary not in {one.name for one in draft.lines}:
        return
    along = names.index(what.parameter)
    other, limits = names[1 - along], draft.map.box[1 - along]
    usual = theory.parameters()[other].default
    if not isinstance(usual, float | int) or not limits[0] <= usual <= limits[1]:
        return
    try:
        found = locate(theory.at(**{other: float(usual)}), what.boundary, what.parameter)
    except ReplicaError:
        return
    low, high = draft.map.box[along]
    if found.located and low <= found.value <= high:
        place = (found.value, float(usual))
        yield Point(what.symbol, _symbol(what.symbol), *(place if along == 0 else place[::-1]))


def _elsewhere(theory: Theory, boundary: Boundary, plane: Sequence[str]) -> str:
    """Why a line has no place in a plane; empty if it has one."""
    if holds(boundary, plane):
        return "not in this plane: it holds one of the axes at a value, or at its best one"
    for phase in phases(boundary):
        held = dict(phase.at) | ({phase.over: 1.0} if phase.over else {})
        for name in held:
            value = getattr(theory, name)
            if (
                value is not None
                and theory.parameters()[name].continuous
                and (name == phase.over or value != held[name])
            ):
                how = "minimised over" if name == phase.over else f"about {name} = {held[name]:g}, not"
                return f"not in this plane: it is {how} {name}{'' if name == phase.over else f' = {value:g}'}"
        try:
            theory.at(**held).start(phase.branch)
        except ParameterError as error:
            return f"not in this plane: {error}"
    return ""


def _legend(theory: Theory, name: str) -> str:
    """What the legend says of a declared line: its symbol on figures, its name, its kind."""
    kind = theory.lines[name].kind
    symbols = [_symbol(short) for short, long in theory.line_names.items() if long == name and "_" in short]
    return " ".join([*symbols[:1], name if kind in name else f"{name}, {kind}"])


def _symbol(name: str) -> str:
    """A symbol with a subscript as mathtext."""
    head, _, tail = name.partition("_")
    greek = {"alpha", "beta", "gamma", "theta", "kappa", "sigma"}
    if not re.fullmatch("[A-Za-z0-9]+", head + tail):
        return name
    head = f"\\{head}" if head in greek else head
    if not tail:
        return f"${head}$"
    return f"${head}_{{{tail}}}$" if len(tail) == 1 else f"${head}_{{\\mathrm{{{tail}}}}}$"


def _title(theory: Theory) -> str:
    """The name of a theory, and the parameters that do not vary."""
    known = theory.parameters()
    told = [
        f"${known[name].symbol} = {value:g}$"
        for name, value in theory.told.items()
        if isinstance(value, float | int) and not isinstance(value, bool) and value != known[name].default
    ]
    return ", ".join([theory.name, *told])
