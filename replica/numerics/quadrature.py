"""Rules of quadrature: for smooth averages over Gaussian and logistic noise, and for functions with kinks.

In float64 the rules have the fewest nodes at which averages of a spin reach rounding error; with mpmath
numbers they are trapezoidal rules at the current precision.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from replica.errors import ReplicaError
from replica.numerics.functions import exact, is_exact, maximum, pdf
from replica.typing import Array, Number, Numbers

__all__ = ["gauss_legendre", "kinked_rule", "normal_rule"]

NORMAL_STEPS = ((0.2, 0.55), (0.45, 0.42), (1.0, 0.22), (1.6, 0.14), (2.5, 0.09))
LOGISTIC_NODES = ((4.0, 36), (8.0, 20), (np.inf, 12))
"""(Largest width/T, step) of the rules in z, and (largest width/T, nodes) of the rules in u: the measured
borders at which every average above, second derivatives included, reaches rounding error."""
_SMOOTH = 0.22
"""Step times sharpness at which the trapezoidal rule reaches rounding error for tanh(sharpness z)."""


LARGEST = 1 << 20
"""Nodes that a rule may have: what needs more has left the range in which the formulas make sense."""


class SizeError(ReplicaError, ArithmeticError):
    """A quadrature that would need more nodes than a computer holds."""


def check_size(nodes: float) -> int:
    """Return a number of nodes as a whole one; raise `SizeError` if there would be too many.

    Examples
    --------
    >>> check_size(99.5)
    100
    """
    if not nodes <= LARGEST:
        msg = f"an average needs {nodes:.3g} nodes, more than {LARGEST}: its field is too sharp"
        raise SizeError(msg)
    return int(np.ceil(nodes))


def point_rule() -> tuple[Numbers, Numbers]:
    """The rule of a sharp field, in mpmath numbers: one node, at zero."""
    one = np.array([exact(1.0)], dtype=object)
    return 0 * one, one


@cache
def logistic_rule(count: int) -> tuple[Array, Array]:
    """Gauss rule of sech^2(u)/2: Jacobi matrix with off-diagonal^2 = k^4/(4(4k^2-1)), nodes times pi."""
    k = np.arange(1, count)
    off = np.sqrt(k**4 / (4.0 * (4.0 * k**2 - 1.0)))
    nodes, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    nodes, weights = np.pi * nodes, vectors[0] ** 2
    return (nodes - nodes[::-1]) / 2, (weights + weights[::-1]) / 2  # exactly symmetric


@cache
def trapezoidal_rule(step: float) -> tuple[Numbers, Numbers]:
    if np.isinf(step):  # a sharp field
        return np.zeros(1), np.ones(1)
    z = step * np.arange(-int(8.8 / step) - 1, int(8.8 / step) + 2)
    weight = np.exp(-0.5 * z * z)
    return z, weight / weight.sum()


def normal_rule(sharpness: Number) -> tuple[Numbers, Numbers]:
    """Nodes z and weights of the average over a standard Gaussian z of a function like tanh(sharpness z).

    The trapezoidal rule: its error falls exponentially with the step, at a rate set by the singularity
    nearest to the real axis. The rule is meant for functions whose nearest one is that of tanh(sharpness z).
    Their number grows with the sharpness, so this is for what `SpinAverages` does not have.

    Parameters
    ----------
    sharpness : float, array or mpmath number
        The largest one decides.

    Returns
    -------
    z, weight : arrays, shape (n,)

    Examples
    --------
    >>> from replica.numerics.spins import spin_averages
    >>> z, weight = normal_rule(2.0)
    >>> print(f"{np.tanh(2 * z + 1) @ weight:.12f} {spin_averages(1.0, 2.0, 1.0).tanh:.12f}")
    0.352344437701 0.352344437701
    """
    if is_exact(sharpness):
        largest = max(np.ravel(sharpness))
        return normal_rule_exact(largest) if largest else point_rule()
    largest = float(np.max(sharpness, initial=0.0))
    if largest == 0:
        return trapezoidal_rule(np.inf)
    finest = NORMAL_STEPS[0][1]
    check_size(2 * 8.8 * largest / _SMOOTH)
    return trapezoidal_rule(finest * 2.0 ** -max(0, np.ceil(np.log2(largest * finest / _SMOOTH))))


def logistic_rule_exact() -> tuple[Numbers, Numbers]:
    """Trapezoidal rule; the nearest pole of the weight is at i pi/2."""
    import mpmath

    log_error = mpmath.mp.prec * mpmath.log(2) + 10
    return _cached_rule("logistic", mpmath.mp.prec, mpmath.pi**2 / log_error, log_error / 2 + 5)


def normal_rule_exact(ratio: Number) -> tuple[Numbers, Numbers]:
    """Trapezoidal rule; the nearest pole of tanh(h/T) is at i pi/(2 ratio)."""
    import mpmath

    log_error = mpmath.mp.prec * mpmath.log(2) + 10
    width = mpmath.mpf(2) ** mpmath.ceil(mpmath.log(maximum(ratio, exact(1e-3)), 2))  # few distinct rules
    step = min(mpmath.pi**2 / (width * log_error), mpmath.pi * mpmath.sqrt(2 / log_error))
    return _cached_rule("normal", mpmath.mp.prec, step, mpmath.sqrt(2 * log_error))


_rules: dict[Any, tuple[Any, Any]] = {}


def _cached_rule(kind: str, precision: int, step: Number, reach: Number) -> tuple[Numbers, Numbers]:
    import mpmath

    key = (kind, precision, str(step))
    if key not in _rules:
        count = check_size(float(reach / step))
        x = np.array([step * i for i in range(-count, count + 1)], dtype=object)
        if kind == "normal":
            weight = np.array([mpmath.exp(-v * v / 2) for v in x], dtype=object)
        else:
            weight = np.array([mpmath.sech(v) ** 2 for v in x], dtype=object)
        _rules[key] = (x, weight / np.sum(weight))
    return _rules[key]


_BODY = np.array([0.0, 1.2, -1.2, 2.5, -2.5, 4.0, -4.0, 6.0, -6.0, 9.0, -9.0])
"""Edges of the panels that the Gaussian weight itself asks for."""
_LAYER = np.array([0.0, *(sign * x for x in (1.5, 4.0, 10.0, 30.0, 120.0, 600.0) for sign in (1, -1))])
"""Edges around a kink, in units of the width over which temperature rounds it."""


def gauss_legendre(edges: Array, count: int) -> tuple[Array, Array]:
    """Composite Gauss-Legendre rule: nodes and weights for panels between sorted edges, along the last axis.

    Examples
    --------
    >>> x, weight = gauss_legendre(np.array([0.0, 1.0, 3.0]), 4)
    >>> print(f"{np.sum(weight * x**5):.10f}")
    121.5000000000
    """
    return _panels(edges[..., :-1], np.diff(edges, axis=-1), count)


def _panels(left: Array, width: Array, count: int) -> tuple[Array, Array]:
    node, weight = _legendre_rule(count)
    half = width[..., None] / 2
    shape = (*width.shape[:-1], width.shape[-1] * count)
    return (left[..., None] + half * (1 + node)).reshape(shape), (half * weight).reshape(shape)


@cache
def _legendre_rule(count: int) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(count)
    return node, weight


def kinked_rule(centre: Array, scale: Array, count: int = 20) -> tuple[Array, Array]:
    """Rule for the average over a standard Gaussian z of functions that bend or jump at known places.

    Parameters
    ----------
    centre, scale : array, shape (n_kinks, n)
        Where the function has a kink, and the width over which it is rounded, for n functions.
    count : int
        Nodes of a panel.

    Returns
    -------
    z, weight : array, shape (n, n_nodes)

    Examples
    --------
    >>> z, weight = kinked_rule(np.array([[0.3]]), np.array([[0.0]]))
    >>> print(f"{np.sum(weight * np.maximum(z - 0.3, 0)):.14f}")  # H_1(0.3)
    0.26676124211721
    """
    layers = centre[:, :, None] + scale[:, :, None] * _LAYER
    layers = np.where(np.isfinite(layers), layers, 0.0)
    number = layers.shape[1]
    flat = np.moveaxis(layers, 1, 0).reshape(number, -1)
    edges = np.clip(np.concatenate([np.tile(_BODY, (number, 1)), flat], axis=1), -9.0, 9.0)
    z, weight = _panels(*_filled(np.sort(edges, axis=1)), count)
    return z, weight * pdf(z)


def _filled(edges: Array) -> tuple[Array, Array]:
    """Left ends and widths of the panels between sorted edges, without the empty ones."""
    left, width = edges[:, :-1], np.diff(edges, axis=1)
    most = int(np.max(np.sum(width > 0, axis=1), initial=1))
    if most == width.shape[1]:
        return left, width
    order = np.argsort(width == 0, axis=1, kind="stable")[:, :most]
    return np.take_along_axis(left, order, 1), np.take_along_axis(width, order, 1)
