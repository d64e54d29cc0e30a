r"""Layers of Gaussian and of spherical units: closed at every number of steps.

With D_k the stiffness of a unit inside a state, :math:`D_{i-1} = D_i - \mu_i d_i`; every
:math:`\varphi_i` is the parabola :math:`y^2/(2 D_i)` and a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.breaking.fields import Fields
from replica.typing import Array
from replica.units import Unit
from replica.units.continuous import Gaussian
from replica.units.spherical import Spherical

__all__ = ["answers", "closed"]

TINY = 1e-30
"""Step into the complex plane, where a derivative has no rounding."""


def answers(unit: Unit, fields: Fields, *, slopes: bool) -> tuple[Any, ...] | None:
    """What the layer answers, as `replica.breaking.ladder.Answers` has it; None for other units."""
    if type(unit) not in (Gaussian, Spherical):
        return None
    given = np.concatenate([fields.variance, fields.mu, [fields.a], fields.strength])
    rows = [closed(unit, fields, given)]
    *values, response_square, entropy = rows[0]
    if slopes:
        for column in range(fields.columns):
            moved = given.astype(complex)
            moved[column] += TINY * 1j
            rows.append([np.imag(value) / TINY for value in closed(unit, fields, moved)])
    stacked = [np.stack([row[n] for row in rows]) for n in range(len(values))]
    return (*stacked, float(response_square), float(entropy))


def closed(unit: Any, fields: Fields, given: Array) -> list[Any]:
    """The answers at numbers in the order of `Fields.columns`, which may be complex; without derivatives."""
    k, T = fields.steps, fields.T
    d, mu, a, strength = given[1 : k + 1], given[k + 1 : 2 * k + 1], given[2 * k + 1], given[2 * k + 2 :]
    offset = 0.0 if isinstance(unit, Spherical) else unit.g
    loc = strength @ fields.shift + offset
    spread = given[0] + strength**2 @ fields.width
    second = np.sum(fields.weight * (loc**2 + spread))  # of the outermost field
    below = np.append(np.cumsum((mu * d)[::-1])[::-1], 0.0)  # D_k - D_i
    D_k = _sphere(second, d, below, T) if isinstance(unit, Spherical) else unit.gamma - a
    D = D_k - below
    ratio = mu * d / D[1:]
    square = np.append(second / D[0] ** 2, d / (D[1:] * D[:-1]))
    total = np.cumsum(square)
    logs = np.log1p(-ratio)  # ln D_(i-1)/D_i
    gap = (mu * d * total[:-1] + (ratio / (1 - ratio) + logs) / mu) / 2
    warm = np.real(T) > 0
    hot = T * np.log(2 * np.pi * T / D_k) / 2 if warm else 0 * D_k
    phi = second / (2 * D[0]) - np.sum(logs / mu) / 2 + hot
    if isinstance(unit, Spherical):
        phi = phi + (D_k + a) / 2
    response = 1 / D_k
    projected = fields.tilt @ loc / D[0] + strength * np.sum(fields.tail, axis=-1) / D[0]
    entropy = np.log(2 * np.pi * T / D_k) / 2 + 0.5 if warm else -np.inf
    found = [phi, square, response, gap, projected, np.real(1 / D_k) ** 2, np.real(entropy)]
    if not np.all(np.real(D) > 0):
        found = [value * np.nan for value in found]
    return found


def _sphere(second: Any, d: Array, below: Array, T: float) -> Any:
    """The stiffness at which the mean of s^2 is 1, by Newton's method from the stiff side."""

    def excess(D_k: Any) -> Any:
        D = D_k - below
        return second / D[0] ** 2 + np.sum(d / (D[1:] * D[:-1])) + T / D_k - 1

    def slope(D_k: Any) -> Any:
        D = D_k - below
        steps = d / (D[1:] * D[:-1]) * (1 / D[1:] + 1 / D[:-1])
        return -2 * second / D[0] ** 3 - np.sum(steps) - T / D_k**2

    low = float(np.real(below[0]))
    high = low + 1.0
    while np.real(excess(high)) > 0:
        high = low + 2 * (high - low)
    for _ in range(200):  # halving, until Newton's method is safe
        middle = (low + high) / 2
        if np.real(excess(middle)) > 0:
            low = middle
        else:
            high = middle
        if high - low < 1e-6 * high:
            break
    D_k: Any = low
    for _ in range(6):
        D_k = D_k - excess(D_k) / slope(D_k)
    return D_k
