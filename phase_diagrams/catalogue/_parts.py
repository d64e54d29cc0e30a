"""What the diagrams of the catalogue share: where they come from, and lines through computed points."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from phase_diagrams.diagram import CONVERGED, Line, LineKind
from replica import __version__
from replica.solving import Located, Solution, Status, locate
from replica.theory import Boundary, Theory

LOST = "the search for this point did not converge"


def provenance(theory: Theory, varied: Iterable[str], **settings: Any) -> dict[str, Any]:
    """Where a diagram comes from: the theory at its fixed parameters, the settings, the versions."""
    return origin(theory.at(**dict.fromkeys(varied)).describe(), **settings)


def origin(model: str, **settings: Any) -> dict[str, Any]:
    """Where a diagram of something else than a theory comes from."""
    versions = {name: metadata.version(name) for name in ("numpy", "scipy")}
    return {
        "model": model,
        "settings": settings,
        "versions": {"replica": __version__, "python": platform.python_version()} | versions,
    }


def curve(name: str, x: Any, y: Any, label: str = "", *, of: Solution | None = None) -> Line:
    """A plain curve; that of a batch of solutions carries their statuses."""
    status = [CONVERGED] * len(x)
    if of is not None:
        status = [list(Status)[code].value for code in of.status]
        y = np.where(of.success, y, np.nan)
    return Line(name, LineKind.CURVE, [float(v) for v in x], [float(v) for v in y], status, label)


def bars(name: str, x: Any, y: Any, error: Any, label: str = "") -> list[Line]:
    """A curve through measured points, and a vertical bar of plus and minus one standard error at each."""
    measured = zip(x, y, error, strict=True)
    return [
        curve(name, x, y, label),
        *(curve(f"{name}, bar {i}", [a, a], [b - e, b + e], label) for i, (a, b, e) in enumerate(measured)),
    ]


def march(
    theory: Theory, boundary: str | Boundary, x: str, y: str, values: Iterable[float], start: Located
) -> list[Located]:
    """Locate a boundary in y at given values of x, each from the one before; y is positive.

    Where y spans decades, this resolves all of them, other than steps along the line.
    """
    points, last, growth = [], start, 1.0
    for value in values:
        here = theory.at(**{x: float(value)})
        point = locate(here, boundary, y, near=last.z, value=last.value * growth)
        points.append(point)
        if point.located:
            growth, last = point.value / last.value, point
    return points


def line_of(name: str, kind: LineKind, x: str, points: Sequence[Located], label: str = "") -> Line:
    """A line through points that were located one by one."""
    return Line(
        name,
        kind,
        [float(point.theory.values[x]) for point in points],
        [float(point.value) for point in points],  # NaN unless it was located
        [CONVERGED if point.located else LOST for point in points],
        label,
    )
