r"""A layer of spins with very many levels: outward for its free energy, and back for all derivatives.

With :math:`\varphi_i` as in `replica.breaking.ladder` and :math:`P_i(y)` the density of the field on level i
in the weights of the levels up to it, every derivative is an average,

.. math::
   \partial\varphi/\partial\lambda_i = \tfrac12 (\mu_i - \mu_{i+1}) E_i[\varphi_i'^2], \qquad
   \partial\varphi/\partial\mu_i = (E_i\varphi_i - E_{i-1}\varphi_{i-1})/\mu_i,

so the cost is linear in the number of levels. A weight :math:`e^{\mu\varphi(y)}` is a smooth factor times
:math:`2\cosh\mu y`, which makes of each level two convolutions with shifted Gaussians.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica.breaking import innermost
from replica.breaking.ladder import REACH, SPACING, WARM
from replica.typing import Array
from replica.units.discrete import Spin

__all__ = ["Law", "Moments", "moments"]

LINEAR = 19.0
"""In units of a temperature: beyond it a spin follows its field but for 1e-16."""


@dataclass(frozen=True)
class Law:
    """The patterns on the layer: as in `replica.breaking.fields.Fields`; the default is none."""

    weight: Array
    shift: Array
    width: Array

    @classmethod
    def none(cls) -> Law:
        """Of a layer without patterns."""
        return cls(np.ones(1), np.zeros((0, 1)), np.zeros((0, 1)))


@dataclass(frozen=True)
class Moments:
    """Averages over the layer.

    Attributes
    ----------
    phi : float
        E phi_0.
    by_variance : array, shape (k + 1,)
        Its derivatives by the variances of the field on the levels.
    by_mu : array, shape (k,)
        By mu_1 to mu_k.
    by_strength : array, shape (patterns,)
        By the strengths of the patterns.
    square : array, shape (k + 1,)
        E_i[phi_i'^2].
    response, response_square, entropy : float
        E_k of phi_k'', of its square, and of the entropy, inside a state.
    """

    phi: float
    by_variance: Array
    by_mu: Array
    by_strength: Array
    square: Array
    response: float
    response_square: float
    entropy: float


@dataclass(frozen=True)
class _Level:
    """Functions at the nodes j h, -n <= j <= n: phi - abs(y), and phi'."""

    h: float
    n: int
    excess: Array
    mean: Array

    @property
    def y(self) -> Any:
        return self.h * np.arange(-self.n, self.n + 1)


@dataclass(frozen=True)
class _Step:
    """From level i to level i - 1: what the way back needs."""

    kernel: Array  # Gaussian around mu d, times h
    factor: Array  # exp{mu phi}/(2 cosh mu y) on level i, beside its value at the end
    total: Array  # of the weights at the nodes of level i - 1, over exp{mu abs(y)}
    above: Array  # E_i phi_i - phi_(i-1) - mu d/2 there: 0 where phi is a straight line
    mu: float
    d: float
    ratio: int  # spacing of level i - 1 over that of level i


def moments(variance: Array, mu: Array, T: float, strength: Array, law: Law) -> Moments:
    """Averages over a layer of spins.

    Parameters
    ----------
    variance : array, shape (k + 1,)
        Of the field up to each level, growing.
    mu : array, shape (k,)
        x_i/T, above 0.
    T : float
        Temperature, >= 0.
    strength : array, shape (patterns,)
    law : Law

    Examples
    --------
    >>> import numpy as np
    >>> found = moments(np.array([0.5, 1.0]), np.array([1.3]), 0.0, np.zeros(0), Law.none())
    >>> print(f"{found.phi:.12f} {found.response:.12f}")
    1.009254646689 0.262177691823
    """
    k, d = len(mu), np.diff(variance)
    loc = strength @ law.shift
    spread = variance[0] + strength**2 @ law.width
    hs, ns = _grids(variance, mu, T, loc, spread)
    last = k if T > 0 else k - 1
    y: Any = hs[last] * np.arange(-ns[last], ns[last] + 1)
    if T > 0:
        excess, mean = T * np.log1p(np.exp(-2 * np.abs(y) / T)), np.tanh(y / T)
    else:
        rows = innermost.closed(Spin(), y, float(mu[-1]), float(d[-1]), 0.0, slopes=False)[0][0]
        excess, mean = rows[0] - np.abs(y), rows[1]
    levels, steps = [_Level(hs[last], ns[last], excess, mean)], []
    for i in range(last, 0, -1):
        level, step = _outward(levels[-1], float(mu[i - 1]), float(d[i - 1]), hs[i - 1], ns[i - 1])
        levels.append(level)
        steps.append(step)
    outer = levels[-1]
    phi, density, by_strength = _outermost(outer, loc, spread, strength, law)
    square, gap = np.ones(k + 1), np.zeros(k)
    square[0] = 1 - outer.h * density @ (1 - outer.mean**2)
    for i, (level, step) in enumerate(zip(levels[-2::-1], reversed(steps), strict=True), 1):
        gap[i - 1] = step.mu * step.d / 2 + step.ratio * level.h * density @ step.above
        density = _inward(level, step, density)
        square[i] = 1 - level.h * density @ (1 - level.mean**2)
    weight = levels[0].h * density
    if T > 0:
        bend = (1 - mean**2) / T
        response, response_square = weight @ bend, weight @ bend**2
        entropy = weight @ (np.log1p(np.exp(-2 * np.abs(y) / T)) + (np.abs(y) - y * mean) / T)
    else:
        response, response_square, entropy = weight @ rows[2], np.inf, 0.0
        gap[-1] = mu[-1] * d[-1] / 2 + weight @ (rows[3] - mu[-1] * d[-1] / 2)
    by_variance = -np.diff(mu, prepend=0.0, append=mu[-1]) / 2 * square
    by_variance[-1] = (response + mu[-1] * square[-1]) / 2
    return Moments(
        phi,
        by_variance,
        gap / mu,
        by_strength,
        square,
        float(response),
        float(response_square),
        float(entropy),
    )


def _grids(variance: Array, mu: Array, T: float, loc: Array, spread: Array) -> tuple[list[float], list[int]]:
    """Spacing of the nodes, which divides that of the level before, and how many are on one side."""
    d = np.diff(variance)
    width = np.sqrt(np.append(d, d[-1]))
    fine = SPACING * np.minimum(width, np.append(width[0], width[:-1]))
    if T > 0:
        fine[-1] = min(fine[-1], WARM * T)
    if np.max(spread) > 0:
        fine[0] = min(fine[0], SPACING * np.sqrt(np.min(spread)))
    fine = np.minimum.accumulate(fine)
    h = fine[0] * 0.5 ** np.ceil(np.log2(fine[0] / fine) - 1e-9)
    far = np.max(np.abs(loc)) + REACH * np.sqrt(np.max(spread) + variance - variance[0])
    far += np.append(0.0, np.cumsum(mu * d))
    ends = LINEAR * (np.append(1 / mu, T) + T)
    ends += REACH * np.sqrt(variance[-1] - variance) + np.append(np.cumsum((mu * d)[::-1])[::-1], 0.0)
    half = np.append(far[0], np.minimum(far, ends)[1:])
    counts = np.ceil(half / h)
    if np.max(spread) == 0 and not np.any(loc):
        counts[0] = 0
    return [float(one) for one in h], [int(one) for one in counts]


def _widened(values: Array, by: int, *, odd: bool = False) -> Array:
    """With as many nodes more on both sides, or fewer: its last value goes on."""
    if by <= 0:
        return values[-by : len(values) + by]
    return np.concatenate([np.full(by, values[0]), values, np.full(by, values[-1])])


def _outward(level: _Level, mu: float, d: float, h: float, n: int) -> tuple[_Level, _Step]:
    ratio = round(h / level.h)
    reach = int(np.ceil((REACH * np.sqrt(d) + mu * d) / level.h))
    u = level.h * np.arange(-reach, reach + 1)
    kernel = level.h / np.sqrt(2 * np.pi * d) * np.exp(-((u - mu * d) ** 2) / (2 * d))
    by = n * ratio + reach - level.n
    outside = level.excess[-1]
    y = level.h * np.arange(-(level.n + by), level.n + by + 1)
    excess = _widened(level.excess, by)
    factor = np.exp(mu * (excess - outside)) / (1 + np.exp(-2 * mu * np.abs(y)))

    def averaged(values: Array, sign: float = 1.0) -> Array:
        """The sum over the fields of the next level; even functions, or odd ones."""
        right = np.convolve(factor * values, kernel[::-1], "valid")[::ratio]
        half = right[n:] + sign * far * right[n::-1]
        return np.concatenate([sign * half[:0:-1], half])

    side = h * np.arange(n + 1)
    far = np.exp(-2 * mu * side)
    total = averaged(np.ones_like(y))
    mean = averaged(_widened(level.mean, by), -1.0) / total
    phi = np.log(total) / mu  # beyond abs(y) + outside + mu d/2
    inner = averaged(np.abs(y) + (excess - outside)) / total
    nodes = h * np.abs(np.arange(-n, n + 1))
    above = inner - nodes - phi - mu * d
    here = _Level(h, n, phi + outside + mu * d / 2, mean)
    return here, _Step(
        kernel, factor[by : len(factor) - by] if by > 0 else factor, total, above, mu, d, ratio
    )


def _inward(level: _Level, step: _Step, density: Array) -> Array:
    """The density of the field on the next level."""
    n = len(density) // 2
    y = step.ratio * level.h * np.arange(-n, n + 1)
    share = density / step.total
    found: Array = np.zeros(2 * level.n + 1)
    for sign, kernel in ((1, step.kernel), (-1, step.kernel[::-1])):
        spaced = np.zeros(2 * n * step.ratio + 1)
        spaced[:: step.ratio] = share * np.exp(step.mu * (sign * y - np.abs(y)))
        full = np.convolve(spaced, kernel)
        extra = (len(full) - len(found)) // 2
        found += _cut(full, extra)
    factor = step.factor
    extra = (len(factor) - len(found)) // 2
    return step.ratio * found * _cut(factor, extra)


def _cut(values: Array, by: int) -> Array:
    """Without as many nodes on both sides, or with zeros there."""
    return values[by : len(values) - by] if by > 0 else np.pad(values, -by)


def _outermost(
    level: _Level, loc: Array, spread: Array, strength: Array, law: Law
) -> tuple[float, Array, Array]:
    """The average over the field itself, its density, and derivatives by the strengths."""
    phi = np.abs(level.y) + level.excess
    if level.n == 0:
        return float(phi[0]), np.array([1 / level.h]), np.zeros(len(strength))
    z = (level.y - loc[:, None]) / np.sqrt(spread)[:, None]
    weights = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi * spread)[:, None]
    density = law.weight @ weights
    by_loc = level.h * weights @ level.mean
    by_width = level.h * (weights * z) @ level.mean / np.sqrt(spread)  # of phi_0''
    along = (law.shift * by_loc + strength[:, None] * law.width * by_width) @ law.weight
    return float(level.h * density @ phi), density, along
