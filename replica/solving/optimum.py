"""From a point of a fold along it, uphill, to where its control parameter is largest over one more."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.errors import LocateError
from replica.solving.continuation import Event, Stepping, Stop, follow
from replica.solving.systems import System, refine
from replica.theory import Fold, Optimum, Theory
from replica.typing import Array

__all__ = ["climb"]


def climb(
    boundary: Optimum, theory: Theory, parameter: str, z: Array
) -> tuple[Any, float, float, float, bool, tuple[float, float]] | None:
    """Follow a fold uphill until it goes down again; then Newton's method on the optimum itself.

    Parameters
    ----------
    boundary : Optimum
    theory : Theory
        At a point of the fold.
    parameter : str
        The control parameter whose largest value is wanted.
    z : array
        Unknowns of the fold at that point.

    Returns
    -------
    tuple or None
        Unknowns of the optimum, value, residual, uncertainty, whether it converged, and values of the fold
        next to it; None where the fold ends, or the domain does, before a top.
    """
    fold, names = System(Fold(boundary.branch), theory), (parameter, boundary.over)
    about = [theory.parameters()[name] for name in names]
    free = np.full(len(z), np.inf)
    lower = np.append(-free, [one.lower for one in about])
    upper = np.append(free, [one.upper for one in about])
    scale = np.append(np.ones(len(z)), [float(np.ptp(one.typical)) or 1.0 for one in about])
    direction = np.zeros(len(scale))
    direction[-2] = scale[-2]  # uphill

    def residual(y: Any) -> Any:
        return fold.residual(theory.at(**dict(zip(names, y[-2:], strict=True))), y[:-2])

    def rise(_: Any, tangent: Any) -> float:
        """Changes sign at a top; and in a cusp, where the fold turns back and is none any more."""
        return float(tangent[-2])

    try:
        curve = follow(
            residual,
            np.append(z, [float(getattr(theory, name)) for name in names]),
            scale=scale,
            direction=direction,
            lower=lower,
            upper=upper,
            fences=lower,
            events={"top": Event(rise, terminal=True)},
            settings=Stepping(step=0.02, largest=0.2, smallest=1e-6, points=400),
        )
    except LocateError:
        return None
    if curve.stop is not Stop.EVENT:
        return None
    y, (before, after) = curve.y[:, -1], curve.tangent[:, -2:].T * scale  # of the points on either side
    along = before + before[-2] / (before[-2] - after[-2]) * (after - before)  # level
    n = fold.n
    v, shift = y[n : 2 * n], along[:n]
    both = np.append(shift - v * (v @ shift) / (v @ v), along[-1])
    start = np.concatenate([y[:n], y[-1:], v, both / np.linalg.norm(both)])
    here, (low, high) = theory.at(**{boundary.over: float(y[-1])}), np.sort(curve.y[-2, -2:])
    found = refine(System(boundary, theory), here, parameter, start, float(y[-2]))
    return (*found, (float(low), float(high))) if found[-1] else None
