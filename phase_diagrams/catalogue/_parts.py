"""What the diagrams of the catalogue share: where they come from, and lines through computed points."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from importlib import metadata
from inspect import signature
from typing import Any, ParamSpec

import numpy as np

from phase_diagrams.diagram import CONVERGED, Axis, Images, Line, LineKind, PhaseDiagram, Region
from replica import __version__
from replica.solving import Located, Solution, Status, locate
from replica.theory import Boundary, Theory
from replica.typing import Floats

P = ParamSpec("P")

LOST = "the search for this point did not converge"
ENDED = "the branch ends at a smaller l"


def recorded(build: Callable[P, PhaseDiagram]) -> Callable[P, PhaseDiagram]:
    """Record where the panels of a diagram come from: the arguments of `build`, and the versions.

    The builder itself says what the model of a panel is, or of the first one, which is then that of all; and
    in the first one, as settings, which values it chose itself. What else it says of a panel stays.
    """
    known = signature(build)

    @wraps(build)
    def record(*args: P.args, **given: P.kwargs) -> PhaseDiagram:
        diagram = build(*args, **given)
        bound = known.bind(*args, **given)
        bound.apply_defaults()
        asked = {name: value for name, value in bound.arguments.items() if name != "executor"}
        chosen = diagram.provenance.get("settings", {})

        def told(own: Mapping[str, Any]) -> dict[str, Any]:
            return {**own, **origin(own.get("model", diagram.provenance["model"]), **asked | chosen)}

        panels = [replace(panel, provenance=told(panel.provenance)) for panel in diagram.beside]
        return replace(diagram, provenance=told(diagram.provenance), beside=panels)

    return record


def origin(model: str, **settings: Any) -> dict[str, Any]:
    """Where a diagram comes from: what it is about, how it was made, by which versions."""
    versions = {name: metadata.version(name) for name in ("numpy", "scipy")}
    return {
        "model": model,
        "settings": settings,
        "versions": {"replica": __version__, "python": platform.python_version()} | versions,
    }


def about(theory: Theory, varied: Iterable[str]) -> dict[str, Any]:
    """The model of a diagram: a theory at the parameters that do not vary."""
    return {"model": theory.at(**dict.fromkeys(varied)).describe()}


def curve(
    name: str,
    x: Sequence[float] | Floats,
    y: Sequence[float] | Floats,
    label: str = "",
    *,
    of: Solution | None = None,
) -> Line:
    """A plain curve; that of a batch of solutions carries their statuses."""
    status, broken = [CONVERGED] * len(x), []
    if of is not None:
        status = [list(Status)[code].value for code in of.status]
        broken = [bool(flag) for flag in of.theory.broken(of.x)]
        y = np.where(of.success, y, np.nan)
    return Line(
        name, LineKind.CURVE, [float(v) for v in x], [float(v) for v in y], status, label, broken=broken
    )


def bars(
    name: str,
    x: Sequence[float] | Floats,
    y: Sequence[float] | Floats,
    error: Sequence[float] | Floats,
    label: str = "",
) -> list[Line]:
    """A curve through measured points, and a vertical bar of plus and minus one standard error at each."""
    measured = zip(x, y, error, strict=True)
    return [
        curve(name, x, y, label),
        *(curve(f"{name}, bar {i}", [a, a], [b - e, b + e], label) for i, (a, b, e) in enumerate(measured)),
    ]


def energy_axes(
    lines: Iterable[Line], l_max: float, label: str = r"energy $f(\ell)$", *, digits: int = 17
) -> tuple[Axis, Axis]:
    """Axes of curves of energy against the number of active hidden units, with room above and below them."""
    known = [y for line in lines for y in line.y if not np.isnan(y)]
    low, high = min(known), max(known)
    margin = 0.05 * (high - low)
    limits = round(low - margin, digits), round(high + margin, digits)
    return (
        Axis("l", r"active hidden units $\ell = pL$", limits=(0, l_max)),
        Axis("f", f"{label} (units of $p$)", limits=limits),
    )


def pictures(
    name: str,
    title: str,
    tiles: Floats,
    image: tuple[int, int],
    came_from: Mapping[str, Any],
    *,
    signed: bool,
) -> PhaseDiagram:
    """A panel of small pictures, given as rows of numbers."""
    shaped = np.round(tiles, 4).reshape(-1, *image).tolist()
    axes = (Axis("column", ""), Axis("row", ""))
    return PhaseDiagram(name, title, axes, [], [], [], came_from, images=Images(shaped, signed))


def march(
    theory: Theory, boundary: str | Boundary, x: str, y: str, values: Iterable[float], start: Located
) -> list[Located]:
    """Locate a boundary in y at given values of x, each from the one before; y is positive.

    Where y spans decades, this resolves all of them, other than steps along the line.
    """
    return chain(lambda value: theory.at(**{x: value}), values, boundary, y, start, start.theory.values[x])


def chain(
    at: Callable[[float], Theory],
    values: Iterable[float],
    boundary: str | Boundary,
    parameter: str,
    start: Located,
    origin: float,
) -> list[Located]:
    """Locate a boundary in a positive parameter for the theories ``at(value)``, each from the ones before.

    The unknowns are extrapolated linearly, the parameter in its logarithm since it may span decades; a step
    that fails is halved, up to four times. `origin` is the value at which `start` was located.
    """
    known, points = [(origin, start)], []

    def step(value: float, halvings: int) -> Located:
        here, last = known[-1]
        near, guess = last.z, last.value
        if len(known) > 1:
            before, first = known[-2]
            share = (value - here) / (here - before)
            near, guess = near + share * (near - first.z), guess * (guess / first.value) ** share
        point = locate(at(value), boundary, parameter, near=near, value=guess)
        if point.located:
            if value == here:  # as `start`, once more
                known.pop()
            known.append((value, point))
        elif halvings and step((here + value) / 2, halvings - 1).located:
            return step(value, halvings - 1)
        return point

    for value in values:
        points.append(step(float(value), 4))
    return points


def line_of(
    name: str, kind: LineKind, x: str | Iterable[float], points: Sequence[Located], label: str = ""
) -> Line:
    """A line through points that were located one by one, over a control parameter or given values."""
    return Line(
        name,
        kind,
        [float(point.theory.values[x]) for point in points] if isinstance(x, str) else [float(v) for v in x],
        [float(point.value) for point in points],  # NaN unless it was located
        [CONVERGED if point.located else LOST for point in points],
        label,
        broken=[point.located and point.broken for point in points],
    )


def until_lost(line: Line, why: str = ENDED) -> Line:
    """Cut a curve where its branch ends; solutions found further out are on other branches."""
    end = next((i for i, status in enumerate(line.status) if status != CONVERGED), len(line.x))
    status = [CONVERGED if i < end else why for i in range(len(line.x))]
    return replace(line, y=[y if i < end else np.nan for i, y in enumerate(line.y)], status=status)


def turned(line: Line) -> Line:
    """Exchange the axes of a line, such as one that was located at given temperatures."""
    errors = [pair[::-1] for pair in line.uncertainty]
    return replace(line, x=line.y, y=line.x, uncertainty=errors)


def tag(
    line: Line,
    label: str,
    *,
    x: float | None = None,
    y: float | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Region:
    """A name beside a line, shifted from where it first passes x or y; for lines of one kind, in grey."""
    along, across, value = (line.y, line.x, y) if x is None else (line.x, line.y, x)
    gap = np.array(along) - float(value or 0.0)
    i = int(np.flatnonzero(gap[:-1] * gap[1:] <= 0)[0])
    share = gap[i] / (gap[i] - gap[i + 1])
    met = float(value or 0.0), float(across[i] + share * (across[i + 1] - across[i]))
    place = met if y is None else met[::-1]
    return Region(f"{line.name}, name", label, (place[0] + shift[0], place[1] + shift[1]))
