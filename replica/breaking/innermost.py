r"""The innermost step at T = 0: sums over pieces on which minus the energy of a unit is a parabola.

There :math:`\varphi_k(y) = c + s y + r y^2/2` on each piece, and
:math:`E_z \exp\{\mu \varphi_k(y + \sqrt d z)\}` is a sum of normal distribution functions. Logarithms of them
are added, so nothing overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from replica.errors import ParameterError
from replica.typing import Array
from replica.units import Unit

__all__ = ["STENCIL", "STEPS", "Pieces", "closed", "pieces"]

STEPS = (-3, -2, -1, 1, 2, 3)
STENCIL = (-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60)
"""A first derivative of sixth order."""
TINY = 1e-30
"""Step into the complex plane, where a derivative has no rounding."""


@dataclass(frozen=True)
class Pieces:
    """Minus the energy of the ground state in a field y: c + s y + r y^2/2 on pieces, from the left.

    Attributes
    ----------
    edges : tuple of float
        Where a piece ends and the next one begins.
    c, s, r : tuple of float
        One for each piece.
    """

    edges: tuple[float, ...]
    c: tuple[float, ...]
    s: tuple[float, ...]
    r: tuple[float, ...]


def pieces(unit: Unit, a: float) -> Pieces:
    """The ground state of one unit with the quadratic term a.

    Raises
    ------
    ParameterError
        If it is not made of parabolas.

    Examples
    --------
    >>> from replica.units import ReLU
    >>> here = pieces(ReLU(theta=1.5), 0.5)
    >>> print(here.edges, [round(value, 9) for value in here.c], here.s, here.r)
    (1.5,) [0.0, 2.25] (0.0, -3.0) (0.0, 2.0)
    """
    try:
        return _pieces(unit, a)
    except TypeError:  # arrays in a unit cannot be hashed
        return _pieces.__wrapped__(unit, a)


@lru_cache(maxsize=1024)
def _pieces(unit: Unit, a: float) -> Pieces:
    kinks = [float(np.ravel(kink.field)[0]) for kink in unit._kinks(np.array([a]))]
    edges = sorted({edge for edge in kinks if math.isfinite(edge)})
    ends = [-np.inf, *edges, np.inf]
    c, s, r = [], [], []
    for left, right in pairwise(ends):
        low = left if np.isfinite(left) else (right - 6.0 if np.isfinite(right) else -3.0)
        high = right if np.isfinite(right) else low + 6.0
        y = low + (high - low) * np.array([0.1, 0.37, 0.5, 0.8])
        energy, mean = unit.ground(y, a)
        slope = (mean[3] - mean[0]) / (y[3] - y[0])
        slope = 0.0 if abs(slope) < 1e-13 else slope
        rest = mean - slope * y
        size = 1e-11 * (1 + np.max(np.abs(mean)))
        if not np.ptp(rest) < size:
            msg = (
                f"unit {unit}: at T = 0 its ground state is not a straight line between its kinks, as broken "
                "replica symmetry needs it; take a small temperature, such as T=0.01"
            )
            raise ParameterError(msg)
        first = float(np.mean(rest))
        constant = float(np.mean(-energy - first * y - slope * y**2 / 2))
        c.append(constant if abs(constant) > 1e-15 else 0.0)
        s.append(first if abs(first) > 1e-15 else 0.0)
        r.append(float(slope))
    return Pieces(tuple(edges), tuple(c), tuple(s), tuple(r))


def closed(unit: Unit, y: Array, mu: float, d: float, a: float, *, slopes: bool) -> tuple[Array, Array]:
    """Functions on level k - 1, and the average of the response squared.

    Returns
    -------
    rows : array, shape (1 or 4, 5, n)
        phi, mean, response, the gap <phi_k> - phi, and the variance <phi_k'^2> - phi'^2; then the same
        differentiated by mu, d and a.
    square : array, shape (n,)
        <(phi_k'')^2>; infinite where the ground state jumps.
    """
    here = pieces(unit, a)
    rows, square = _sums(here, y, mu, d)
    if not slopes:
        return rows[None], square
    found = [rows]
    for shift in ((TINY * 1j, 0), (0, TINY * 1j)):
        found.append(_sums(here, y, mu + shift[0], d + shift[1])[0].imag / TINY)
    if unit.rigid:
        found.append(np.concatenate([np.full((1, y.size), 0.5), np.zeros((4, y.size))]))
    else:
        curvature = float(unit.curvature)
        step = 0.01 * (curvature - a if np.isfinite(curvature) else 1.0)
        terms = (
            c * _sums(pieces(unit, a + n * step), y, mu, d)[0] for n, c in zip(STEPS, STENCIL, strict=True)
        )
        found.append(np.asarray(sum(terms)) / step)
    return np.stack(found), square


def _sums(here: Pieces, y: Array, mu: Any, d: Any) -> tuple[Array, Array]:
    ends = [-np.inf, *here.edges, np.inf]
    logs, means, squares, values, bends = [], [], [], [], []
    for left, right, c, s, r in zip(ends[:-1], ends[1:], here.c, here.s, here.r, strict=True):
        rest = 1 - mu * r * d
        if not np.real(rest) > 0:
            nothing = np.full((5, y.size), np.nan)
            return nothing, nothing[0]
        V = d / rest
        width = np.sqrt(V)
        centre = (y + mu * s * d) / rest
        # centre^2/(2 V) - y^2/(2 d), without cancellation
        exponent = mu * (c + (r * y**2 / 2 + s * y + mu * s**2 * d / 2) / rest) - np.log(rest) / 2
        log_share, first, second = _cut((left - centre) / width, (right - centre) / width)
        at, spread = centre + width * first, V * second  # mean; mean of (y' - centre)^2
        moment = centre**2 + 2 * centre * width * first + spread
        logs.append(exponent + log_share)
        means.append(s + r * at)
        squares.append(s**2 + 2 * s * r * at + r**2 * moment)
        values.append(c + s * at + r * moment / 2)
        bends.append(r)
    log = np.stack(logs)
    most = np.max(np.real(log), axis=0)
    weight = np.exp(log - most)
    total = np.sum(weight, axis=0)
    weight = weight / total
    log_total = most + np.log(total)
    phi = log_total / mu
    mean = np.sum(weight * np.stack(means), axis=0)
    variance = np.sum(weight * (np.stack(squares) - mean**2), axis=0)
    gap = np.sum(weight * (np.stack(values) - phi), axis=0)
    bent = np.array(bends)[:, None]
    response, square = np.sum(weight * bent, axis=0), np.real(np.sum(weight * bent**2, axis=0))
    for n, edge in enumerate(here.edges):
        jump = here.s[n + 1] - here.s[n] + (here.r[n + 1] - here.r[n]) * edge
        if abs(jump) < 1e-12:
            continue
        top = here.c[n] + here.s[n] * edge + here.r[n] * edge**2 / 2
        density = np.exp(mu * top - (edge - y) ** 2 / (2 * d) - log_total) / np.sqrt(2 * np.pi * d)
        response = response + jump * density
        square = np.full(y.shape, np.inf)
    return np.stack([phi, mean, response, gap, variance]), square


def _cut(left: Any, right: Any) -> tuple[Array, Array, Array]:
    """Logarithm of the normal weight between two ends, and the moments of z and z^2 there."""
    flip = np.real(left) + np.real(right) > 0  # work in the left tail
    low, high = np.where(flip, -right, left), np.where(flip, -left, right)
    top = log_ndtr(high)
    if np.all(np.isinf(np.real(low))):
        log = top
        below: Any = 0.0
    else:
        log = top + np.log1p(-np.exp(log_ndtr(low) - top))
        below = _ratio(low, log)
    above = _ratio(high, log)
    first = below - above
    safe_low, safe_high = (np.where(np.isinf(np.real(v)), 0, v) for v in (low, high))
    second = 1 + safe_low * below - safe_high * above
    return log, np.where(flip, -first, first), second


def _ratio(z: Any, log: Any) -> Any:
    """Normal density at z over a weight."""
    finite = np.isfinite(np.real(z))
    safe = np.where(finite, z, 0)
    return np.where(finite, np.exp(-(safe**2) / 2 - log) / math.sqrt(2 * math.pi), 0)
