"""Derivatives: a theory's own where it gives them, central differences in one batched call where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica.numerics.functions import is_exact
from replica.theory import Theory
from replica.typing import Array, Number, Numbers

__all__ = [
    "determinant",
    "difference",
    "expanded",
    "hessian",
    "jacobian",
    "jacobian_error",
    "jacobian_errors",
    "linearised",
    "signature",
    "slope_by",
    "solve_linear",
]

STEP = 6e-6
"""Cube root of the rounding unit: the best step of a second-order central difference."""


def difference(
    f: Callable[[Any], Any], y: Numbers, scale: Number = None, lower: Number = None, *, stretch: float = 1.0
) -> Numbers:
    """Jacobian of a vector function by central differences, all columns in one call.

    Parameters
    ----------
    f : callable
        Maps ``(n, *batch)`` to ``(k, *batch)``.
    y : array, shape (n, *batch), float64 or object (mpmath)
        Where.
    scale : array, shape (n,) or (n, *batch), optional
        Natural size of each component; the step is relative to the larger of it and ``|y|``.
    lower : array, shape (n,), optional
        Lower bounds that must not be crossed; next to one the difference is one-sided (still second order).
    stretch : float
        Factor of the step.

    Returns
    -------
    array, shape (k, n, *batch)

    Examples
    --------
    >>> print(difference(lambda y: np.stack([y[0] * y[1]]), np.array([2.0, 3.0])).round(8))
    [[3. 2.]]
    """
    if is_exact(y):
        return _difference_exact(f, y, scale)
    return expanded(f, y, scale, lower, stretch=stretch)[1]


def expanded(
    f: Callable[[Any], Any],
    y: Array,
    scale: Number = None,
    lower: Array | None = None,
    *,
    stretch: float = 1.0,
) -> tuple[Array, Array]:
    """Values of a function and their `difference`, all in one call of it; float64.

    Examples
    --------
    >>> value, slope = expanded(lambda y: np.stack([y[0] * y[1]]), np.array([2.0, 3.0]))
    >>> print(value, slope.round(8))
    [6.] [[3. 2.]]
    """
    n = len(y)
    y = np.asarray(y, dtype=float)
    tail = (1,) * (y.ndim - 1)
    scale = np.ones(n) if scale is None else np.asarray(scale, dtype=float)
    scale = scale.reshape(n, *tail) if scale.ndim == 1 else scale
    step = stretch * STEP * np.maximum(np.abs(y), scale)
    low = np.full((n, *tail), -np.inf) if lower is None else np.asarray(lower, dtype=float).reshape(n, *tail)
    left, right = np.where(y - step >= low, -step, 2 * step), step
    shift = np.eye(n).reshape(n, n, *tail)
    points = np.concatenate(
        [y[:, None] + shift * left[None], y[:, None] + shift * right[None], y[:, None]], axis=1
    )
    with np.errstate(all="ignore"):
        values = f(points)
        a, b, here = values[:, :n], values[:, n : 2 * n], values[:, 2 * n :]
        # parabola through the offsets left, right and 0
        return here[:, 0], ((b - here) * left / right - (a - here) * right / left) / (left - right)


def _difference_exact(f: Callable[[Any], Any], y: Any, scale: Any = None) -> Any:
    import mpmath

    columns = []
    for i in range(len(y)):
        floor = mpmath.mpf(2) ** -20 if scale is None else scale[i]
        step = mpmath.mpf(2) ** (-mpmath.mp.prec // 3) * max(abs(y[i]), floor)
        up, down = y.copy(), y.copy()
        up[i], down[i] = y[i] + step, y[i] - step
        columns.append((f(up) - f(down)) / (2 * step))
    return np.stack(columns, axis=1)


def jacobian(theory: Theory, x: Numbers) -> Numbers:
    """``d update/dx``, shape ``(n_order, n_order, *batch)``: the theory's own, or differenced."""
    if is_exact(x):
        own = theory.jacobian(x)
        return own if own is not None else _difference_exact(theory.update, x)
    with np.errstate(all="ignore"):
        own = theory.jacobian(x)
        if own is not None:
            return own
        return difference(theory.update, x)


def linearised(theory: Theory, x: Numbers) -> tuple[Numbers, Numbers]:
    """Residual and `jacobian` at x, in one pass over the averages where the theory knows how."""
    with np.errstate(all="ignore"):
        both = theory.linearised(x)
        if both is None:
            return theory.residual(x), jacobian(theory, x)
        return theory.within(x, both[0]), both[1]


def slope_by(theory: Theory, parameter: str, x: Array, value: float, scale: float) -> Array:
    """``d update/d parameter`` of one point, shape ``(n_order,)``, by differences.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> print(slope_by(CurieWeiss(T=0.5, h=0.0), "h", np.array([0.0]), 0.0, 1.0).round(8))
    [2.]
    """
    if type(theory).linearised is Theory.linearised:  # its averages cost least together
        bound = np.array([theory.parameters()[parameter].lower])

        def update(values: Any) -> Any:
            here = theory.at(**{parameter: values[0]})
            return here.update(np.broadcast_to(x[:, None], (len(x), *np.shape(values[0]))))

        return difference(update, np.array([value]), np.array([scale]), bound)[:, 0]
    step = STEP * max(abs(value), scale)
    left, right = (-step if value - step >= theory.parameters()[parameter].lower else 2 * step), step
    with np.errstate(all="ignore"):
        a, b = (theory.at(**{parameter: value + shift}).update(x) for shift in (left, right))
        if left == -right:
            return (b - a) / (2 * step)
        here = theory.at(**{parameter: value}).update(x)
    return ((b - here) * left / right - (a - here) * right / left) / (left - right)


def jacobian_error(theory: Theory, x: Numbers) -> Array:
    """How far an entry of `jacobian` may be off, shape ``(*batch)``: the largest of `jacobian_errors`.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> theory = Hopfield(alpha=0.05, T=0.2)
    >>> print(jacobian_error(theory, theory.start("retrieval")))
    0.0
    """
    return np.max(jacobian_errors(theory, x), axis=(0, 1))


def jacobian_errors(theory: Theory, x: Numbers) -> Array:
    """How far the entries of `jacobian` may be off, shape ``(n_order, n_order, *batch)``, in float64.

    What the theory says of its own Jacobian. A differenced one is off by what a step of twice the length
    changes, three times its truncation error, and by the rounding of `update` over the step: some 1e-10
    where `update` varies over distances of 1, and far more at low temperatures, where it varies faster.
    """
    x = np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        if theory.jacobian(x) is not None:
            return theory.jacobian_errors(x)
        near, far = (difference(theory.update, x, stretch=stretch) for stretch in (1.0, 2.0))
        rounding = 4 * np.finfo(float).eps / STEP * np.maximum(1.0, np.abs(theory.update(x)))
        return np.abs(far - near) + rounding[:, None]


def hessian(theory: Theory, x: Numbers) -> Numbers:
    """Hessian of the free energy, shape ``(n_order, n_order, *batch)``, by fourth-order differences."""
    x = np.asarray(x, dtype=float)
    n = len(x)
    offsets, weights = np.array([-2, -1, 1, 2]), np.array([1.0, -8.0, 8.0, -1.0]) / 12.0
    step = _steps(x)
    out = np.empty((n, n, *x.shape[1:]))
    with np.errstate(all="ignore"):
        theory = theory.tuned(x)
        for i in range(n):
            for j in range(i, n):
                total = 0.0
                for a, wa in zip(offsets, weights, strict=True):
                    for b, wb in zip(offsets, weights, strict=True):
                        moved = x.copy()
                        moved[i] = moved[i] + a * step[i]
                        moved[j] = moved[j] + b * step[j]
                        total = total + wa * wb * theory.free_energy(moved)
                out[i, j] = out[j, i] = total / (step[i] * step[j])
    return out


def _steps(x: Any) -> Any:
    """Steps of the differences that make a Hessian."""
    return 1e-3 * np.maximum(np.abs(x), 1e-2)


def signature(theory: Theory, x: Numbers) -> list[int]:
    """Numbers of positive and negative eigenvalues of the Hessian of the free energy, for one point.

    In the directions of the overlaps between replicas the physical saddle is a maximum (n -> 0), so the
    physical signature of a branch is a fact about the branch, not "all positive". An empty list says that
    differences of the free energy do not tell: the state is closer to the edge of the domain than their step.
    """
    matrix = hessian(theory, x)
    if not np.all(np.isfinite(matrix)):
        return []
    step, f = _steps(np.asarray(x, dtype=float)), np.abs(theory.free_energy(x))
    rounding = 8 * np.finfo(float).eps * f / np.outer(step, step)
    matrix = np.where(np.abs(matrix) > rounding, matrix, 0.0)  # f need not depend on every order parameter
    size = np.sqrt(np.abs(np.diag(matrix)))
    size[size == 0] = 1.0
    values = np.linalg.eigvalsh(matrix / np.outer(size, size))  # scaling keeps the signs (Sylvester)
    return [int(np.sum(values > 1e-12)), int(np.sum(values < -1e-12))]


def determinant(matrix: Numbers) -> Number:
    """Determinant over the first two axes, shape ``(*batch)``; float64 or mpmath."""
    if is_exact(matrix):
        import mpmath

        return mpmath.det(mpmath.matrix(matrix.tolist()))
    if len(matrix) <= 2:
        return matrix[0, 0] if len(matrix) == 1 else matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    return np.linalg.det(np.moveaxis(np.asarray(matrix), (0, 1), (-2, -1)))


def solve_linear(matrix: Numbers, right: Numbers) -> Numbers:
    """Solve ``matrix @ y = right`` for each point of a batch; inf or NaN where singular, never an exception.

    Parameters
    ----------
    matrix : array, shape (n, n, *batch)
    right : array, shape (n, *batch)
    """
    if is_exact(matrix, right):
        import mpmath

        try:
            answer = mpmath.lu_solve(mpmath.matrix(matrix.tolist()), mpmath.matrix(right.tolist()))
        except ZeroDivisionError:
            return np.full(len(right), mpmath.nan)
        return np.array(list(answer), dtype=object)
    n = len(right)
    with np.errstate(all="ignore"):
        if n == 1:
            return right / matrix[0]
        if n == 2:
            (a, b), (c, d) = matrix
            return np.array([d * right[0] - b * right[1], a * right[1] - c * right[0]]) / (a * d - b * c)
        if right.ndim == 1:
            try:
                return np.linalg.solve(matrix, right)
            except np.linalg.LinAlgError:
                return np.full(n, np.nan)
        square = np.moveaxis(matrix, (0, 1), (-2, -1))
        vector = np.moveaxis(right, 0, -1)[..., None]
        regular = np.all(np.isfinite(square), axis=(-2, -1))
        square = np.where(regular[..., None, None], square, np.eye(n))
        try:
            answer = np.linalg.solve(square, vector)
        except np.linalg.LinAlgError:  # one singular matrix fails the whole batch
            regular = regular & (np.linalg.det(square) != 0)
            answer = np.linalg.solve(np.where(regular[..., None, None], square, np.eye(n)), vector)
        answer = np.where(regular[..., None, None], answer, np.nan)
        return np.moveaxis(answer[..., 0], -1, 0)
