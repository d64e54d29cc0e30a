"""The state of lowest free energy over one control parameter, such as f(l) of the compositional phase."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import LocateError
from replica.solving.derivatives import difference, solve_linear
from replica.solving.search import solve
from replica.solving.solution import Solution
from replica.theory import Theory
from replica.theory.base import required

__all__ = ["minimise", "profile"]


FURTHER = 2
"""How often the range is widened while the free energy still falls at its end: tenfold, or twofold where the
parameter counts."""


def profile(theory: Theory, branch: str, over: str, values: ArrayLike) -> Solution:
    """Solve a branch on a grid of one control parameter, in one batched call."""
    required(theory)
    return solve(theory.at(**{over: np.asarray(values, dtype=float)}), branch, throw=False)


@np.errstate(all="ignore")  # C = 1e-1956 is a number here: densities underflow
def minimise(theory: Theory, branch: str | None = None, over: str = "l") -> Solution:
    """Minimise the free energy of a branch over a control parameter.

    The grid only seeds Newton's method on the joint equations ``update(x) = x`` and ``df/d over = 0``. A
    parameter that is a whole number takes every value from 1 to the end of its typical range. Where the free
    energy still falls there, the search goes on beyond it.

    Parameters
    ----------
    theory : Theory
        One point; its value of `over` is ignored.
    branch : str, optional
        The theory's first branch by default.
    over : str
        The control parameter.

    Returns
    -------
    Solution
        Its ``theory`` has `over` at the minimum.

    Raises
    ------
    ParameterError
        If `over` is no number, or does not apply (l of a random RBM where L is given).
    LocateError
        If the branch has no minimum inside the range; the message says how f behaves instead.

    Examples
    --------
    >>> from replica.theories import Compositional
    >>> best = minimise(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=1.0))
    >>> print(f"l* = {best.theory.l:.9f}, f = {best.free_energy:.9e}")
    l* = 0.383193481, f = -3.022486015e-03
    """
    required(theory)
    known = theory.parameters()
    if over in known and known[over].integer:
        return _best_whole_number(theory, branch, over)
    theory.check_varied(over)
    theory.check_single(ignoring=over)
    theory.check_double()
    name = branch or theory.default
    grid = known[over].typical[1] * np.geomspace(1e-5, 1.0, 61)
    type(theory)(**theory.values | {over: float(grid[-1])})  # raises where the theory takes no such parameter
    x, f = _measured(theory, name, over, grid)
    for _ in range(FURTHER):  # as long as f falls at the end of the typical range, and beyond
        if not (np.all(np.isfinite(f[-2:])) and f[-1] < f[-2] and f[-1] <= np.nanmin(f)):
            break
        more = grid[-1] * np.geomspace(1.0, 10.0, 16)[1:]
        new = _measured(theory, name, over, more[more <= known[over].upper])
        grid = np.append(grid, more[more <= known[over].upper])
        x, f = (np.concatenate(pair, axis=-1) for pair in zip((x, f), new, strict=True))
    high = grid[-1]
    there = np.flatnonzero(np.isfinite(f))
    where = theory.at(**{over: None}).describe()
    if not there.size:
        msg = f"{where}: no {name} solution for any {over} between {grid[0]:g} and {high:g}"
        raise LocateError(msg)
    inner = [
        i for i in there[1:-1] if i - 1 in there and i + 1 in there and f[i] <= f[i - 1] and f[i] <= f[i + 1]
    ]
    if not inner:
        if f[there[0]] <= np.nanmin(f):
            msg = f"{where}: f increases with {over} from the start; its minimum is at {over} -> 0"
            raise LocateError(msg)
        msg = (
            f"{where}: f has no minimum in {over} up to {grid[there[-1]]:.4g}, "
            f"where the {name} branch or the search ends"
        )
        raise LocateError(msg)
    best = min(inner, key=lambda i: f[i])
    y, iterations = np.append(x[:, best], grid[best]), 0

    def equations(y: Any) -> Any:
        here = theory.at(**{over: y[-1]})
        return np.concatenate([here.residual(y[:-1]), here.slope(over, y[:-1])[None]])

    size = np.inf
    for _ in range(30):
        iterations += 1
        r = equations(y)
        if not np.all(np.isfinite(r)):
            break
        change = solve_linear(difference(equations, y, scale=np.append(np.ones(len(y) - 1), grid[best])), -r)
        longest = np.max(np.abs(change) / np.append(np.ones(len(y) - 1), grid[best]))
        y = y + change * min(1.0, 0.3 / max(longest, 1e-300))
        size = float(np.max(np.abs(equations(y))))
        if longest < 1e-13:
            break
    if not (size < 1e-10 and grid[best - 1] <= y[-1] <= grid[best + 1]):
        msg = (
            f"{where}: a minimum lies in {over} between {grid[best - 1]:.6g} and {grid[best + 1]:.6g} "
            "but was not located"
        )
        raise LocateError(
            msg,
            (float(grid[best - 1]), float(grid[best + 1])),
        )
    at = theory.at(**{over: float(y[-1])})
    return Solution(at, y[:-1], size, np.int8(0), iterations, name, over)


def _measured(theory: Theory, branch: str, over: str, values: Any) -> tuple[Any, Any]:
    """Order parameters and free energy along a grid; NaN where there is no solution."""
    found = profile(theory, branch, over, values)
    return found.x, np.where(found.success, found.free_energy, np.nan)


def _best_whole_number(theory: Theory, branch: str | None, over: str) -> Solution:
    """The state of lowest free energy among all whole numbers from 1 on, as far as it falls."""
    theory.check_single(ignoring=over)
    first, highest = 1, int(theory.parameters()[over].typical[1])
    found: list[Solution] = []
    for _ in range(1 + FURTHER):
        every = (type(theory)(**theory.values | {over: count}) for count in range(first, highest + 1))
        found += [state for state in (solve(one, branch, throw=False) for one in every) if state.success]
        falls = (
            found and min(found, key=lambda state: float(state.free_energy)).theory.values[over] == highest
        )
        if not falls:
            break
        first, highest = highest + 1, 2 * highest
    else:
        highest = first - 1
    where = theory.at(**{over: None}).describe()
    if not found:
        msg = f"{where}: no solution for any {over} from 1 to {highest}"
        raise LocateError(msg)
    best = min(found, key=lambda state: float(state.free_energy))
    if best.theory.values[over] == highest:
        msg = f"{where}: the free energy still falls at {over}={highest}, the largest one tried"
        raise LocateError(msg)
    return best
