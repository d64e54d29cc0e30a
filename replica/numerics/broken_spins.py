r"""Averages of a spin under one step of replica symmetry breaking, at every temperature, T = 0 included.

The field of a spin is :math:`H = \text{loc} + \sqrt{v_0}\,z_0 + \sqrt{v_1}\,z_1`: z_0 is quenched and decides
the site, z_1 decides the state. States are weighted by :math:`e^{\mu L(H)}` with
:math:`L = T\ln 2\cosh(H/T)`, minus the free energy of the spin, and :math:`\mu = x/T`, x being Parisi's
breaking parameter. At T = 0, L is \|H\| and the inner average has a closed form with the normal
distribution function.

What is left varies quickly where the field changes sign, over a width that is known, and slowly elsewhere.
With ``field = width sinh(u)`` the trapezoidal rule in u resolves both and converges exponentially.

All formulas are analytic in every parameter but T, at nodes that depend on their real parts only. An
imaginary part of 1e-30 therefore returns as that number times the derivative, to rounding error: that is how
theories get Jacobians.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import factorial

import numpy as np

from replica.numerics.functions import (
    absolute,
    asinh,
    exact,
    exp,
    is_exact,
    log1p,
    log_cdf,
    maximum,
    pdf,
    sinh,
    sqrt,
)
from replica.numerics.quadrature import check_size
from replica.typing import Array, Number, Numbers

__all__ = ["BrokenAverages", "broken_averages", "by_complex_step"]

STEP = 0.45
"""Step of the trapezoidal rules where the weight is, in standard deviations, for float64."""
REACH = 9.0
"""Standard deviations of a Gaussian that are integrated over, for float64."""
TINY = 1e-200
"""Stands for a variance of zero: the distribution is then sharp."""
COMPLEX_STEP = 1e-30
"""Imaginary part that stands for an infinitesimal."""
_BLOCK = 64
"""Points per block at T = 0."""


@dataclass(frozen=True)
class BrokenAverages:
    """Averages over states, then over sites; each of the broadcast shape.

    Attributes
    ----------
    tanh : float or array
        <<t>>, t = tanh(H/T): the magnetisation.
    susceptibility : float or array
        <<1 - t^2>>/T, the response inside one state; finite at T = 0.
    spread : float or array
        <<t^2> - <t>^2>, the difference q1 - q0 of the overlaps.
    log : float or array
        <ln Z_1>/mu with Z_1 the inner average of exp(mu L): minus the free energy of the spin.
    excess : float or array
        mu^2 v_1/2 + <ln Z_1> - mu <<L>>: what the complexity of the states lacks of that of a spin whose
        field never changes sign; computed without cancellation.
    entropy : float or array
        <<ln 2cosh(H/T) - (H/T) t>>; 0 at T = 0.
    sech4_over_T : float or array
        <<(1 - t^2)^2>>/T, which enters the replicon; finite at T = 0.
    """

    tanh: Number
    susceptibility: Number
    spread: Number
    log: Number
    excess: Number
    entropy: Number
    sech4_over_T: Number


def broken_averages(loc: Number, v0: Number, v1: Number, mu: Number, T: Number) -> BrokenAverages:
    """Averages of a spin in the field loc + sqrt(v0) z0 + sqrt(v1) z1, states weighted by exp(mu L).

    Parameters
    ----------
    loc, v0, v1 : float, array or mpmath number
        Mean of the field, variance between sites, variance between states; they broadcast with the rest.
    mu : float, array or mpmath number
        Breaking parameter over temperature, x/T > 0.
    T : float, array or mpmath number
        Temperature (J = k_B = 1), >= 0.

    Returns
    -------
    BrokenAverages

    Notes
    -----
    Half the step changes no average by more than 1e-14 (0 <= T <= 1, sqrt(v1/v0) down to 5e-5, mu up to 1e4);
    tests compare with quadrature of another kind. A warm point costs a sum over some 10^4 pairs of nodes.

    Examples
    --------
    >>> average = broken_averages(0.0, 0.5, 0.5, 1.3, 0.0)
    >>> print(f"{average.susceptibility:.12f} {average.spread:.12f}")
    0.262177691823 0.516935529247
    """
    if is_exact(loc, v0, v1, mu, T):
        precise = np.frompyfunc(_one_exact, 5, 7)(*(exact(value) for value in (loc, v0, v1, mu, T)))
        return BrokenAverages(*precise)
    given = np.broadcast_arrays(*(np.asarray(value) for value in (loc, v0, v1, mu, T)))
    shape = given[0].shape
    points = np.stack([value.ravel() for value in given]) * 1.0
    out = np.full((7, points.shape[1]), np.nan, dtype=points.dtype)
    usable = np.all(np.isfinite(points), axis=0) & (points[3].real > 0)
    cold = np.flatnonzero(usable & (points[4] == 0))
    with np.errstate(all="ignore"):
        for first in range(0, cold.size, _BLOCK):
            part = cold[first : first + _BLOCK]
            out[:, part] = _means(points[:, part], STEP, REACH)
        for one in np.flatnonzero(usable & (points[4].real > 0)):
            out[:, one] = _means(points[:, one], STEP, REACH)
    return BrokenAverages(*(row.reshape(shape)[()] for row in out))


def by_complex_step(function: Callable[[Numbers], tuple[Number, ...]], x: Array) -> Array:
    """Jacobian of analytic functions of x, shape ``(n, n, *batch)``, without the cancellation of differences.

    Examples
    --------
    >>> print(by_complex_step(lambda x: (x[0] * x[1], x[1] ** 2), np.array([2.0, 3.0])))
    [[3. 2.]
     [0. 6.]]
    """
    columns = []
    for i in range(len(x)):
        moved = np.array(x, dtype=complex)
        moved[i] += 1j * COMPLEX_STEP
        columns.append(
            np.stack(np.broadcast_arrays(*(np.imag(row) / COMPLEX_STEP for row in function(moved))))
        )
    return np.stack(columns, axis=1)


def _one_exact(loc: Number, v0: Number, v1: Number, mu: Number, T: Number) -> tuple[Number, ...]:
    import mpmath

    log_error = mpmath.mp.prec * mpmath.log(2) + 10
    return _means((loc, v0, v1, mu, T), STEP * mpmath.sqrt(40 / log_error), mpmath.sqrt(2 * log_error))


def _means(point: Iterable[Number], step: Number, reach: Number) -> tuple[Number, ...]:
    """All averages at points of shape (k,), or at one point; the axis of the sites follows."""
    loc, v0, v1, mu, T = (np.asarray(value)[..., None] for value in point)
    T = np.real(T)
    tiny = exact(TINY) if is_exact(loc) else TINY
    width = sqrt(maximum(v1, tiny))
    kink = 1 / maximum(np.real(mu), 1 / sqrt(np.real(width) ** 2 + T**2))  # to the next singularity of <.>_1
    y, weight = _nodes(loc, sqrt(maximum(v0, tiny)), kink, step, reach)
    inner = _cold_states(y, width, v1, mu) if np.all(T == 0) else _warm_states(y, width, mu, T, step, reach)
    means = [np.sum(value * weight, axis=-1) for value in inner]
    means[0] = means[0] * (loc[..., 0] != 0)  # zero by symmetry; rounding must not break m = 0
    means[3] = means[3] / mu[..., 0]
    return tuple(means)


def _nodes(center: Number, width: Number, kink: Number, step: Number, reach: Number) -> tuple[Number, Number]:
    """Fields center + width z and their Gaussian weights, dense where the field is zero, on the last axis."""
    ratio = 1 / maximum(np.real(width) / kink, 1 + 0 * kink)
    zero = np.real(center) / np.real(width)
    z0 = -maximum(-reach, -maximum(-reach, zero))  # the field is zero at -z0, if that is within reach
    low, high = asinh((z0 - reach) / ratio), asinh((z0 + reach) / ratio)
    nodes = float(np.max((high - low) * (reach / 2 + absolute(z0))) / step)
    check_size(nodes * np.size(center) / 16)  # of each site; and some 10^7 numbers in all
    count = check_size(nodes)
    u = low + (high - low) * np.arange(count + 1) / count
    s = sinh(u)
    z = ratio * s - z0
    weight = sqrt(1 + s * s) * exp(-z * z / 2)
    offset = center - width * z0
    offset = offset - np.where(absolute(zero) <= reach, np.real(offset), 0)  # rounding must not hide the kink
    return offset + width * ratio * s, weight / np.sum(weight, axis=-1, keepdims=True)


def _cold_states(y: Number, width: Number, v1: Number, mu: Number) -> tuple[Number, ...]:
    """Averages over the states at T = 0, in closed form, of sites with the mean fields y."""
    side = np.where(np.real(y) < 0, -1, 1)
    size = side * y
    along = log_cdf((size + mu * v1) / width)
    ratio = exp(log_cdf((mu * v1 - size) / width) - 2 * mu * size - along)  # weights of -sign(y) and sign(y)
    log_z = along + log1p(ratio)  # ln Z_1 - mu |y| - mu^2 v_1/2
    less = 2 * ratio / (1 + ratio)  # 1 - |<t>|
    density = 2 / width * pdf(y / width) * exp(-log_z - mu * size - mu * mu * v1 / 2)
    return (
        side * (1 - less),
        density,
        less * (2 - less),
        log_z + mu * size + mu * mu * v1 / 2,
        log_z + mu * size * less - mu * v1 * density,
        0 * y,
        density * 2 / 3,
    )


def _warm_states(
    y: Number, width: Number, mu: Number, T: Number, step: Number, reach: Number
) -> tuple[Number, ...]:
    """Averages over the states at T > 0, on nodes of their own, of sites with mean fields y, shape (n,)."""
    y = y[:, None]
    tilt = mu * width
    field, weight = _nodes(y, width, T, step, reach + np.real(tilt))
    side = np.where(np.real(field) < 0, -1, 1)
    size = side * field
    d = exp(-2 * size / T)
    cost = T * log1p(d)
    main = np.where(np.real(y) < 0, -1, 1)
    # mu L = mu |y| + tilt main z + mu more, and the second term only shifts the Gaussian by the tilt
    more = cost + size - main * field
    shift = main * mu * (field - y)
    weight = weight * exp(shift - np.max(np.real(shift), axis=-1, keepdims=True))
    weight = weight / np.sum(weight, axis=-1, keepdims=True)
    gain = np.sum(weight * (exp(mu * more) - 1), axis=-1)
    log_ratio = log1p(gain)
    lost = np.sum(weight * _divergence(mu * more - log_ratio[:, None]), axis=-1)
    weight = weight * exp(mu * more) / (1 + gain)[:, None]

    def mean(values: Number) -> Number:
        return np.sum(weight * values, axis=-1)

    main = main[:, 0]
    t = side * (1 - d) / (1 + d)
    sech2 = 4 * d / (1 + d) ** 2
    average = mean(t)
    return (
        average,
        mean(sech2) / T,
        mean((t - average[:, None]) ** 2),
        main * mu * y[:, 0] + tilt * tilt / 2 + log_ratio,
        tilt * tilt * (1 - main * average) - lost,  # as <z>_1 = tilt <t>_1
        mean(cost + size * 2 * d / (1 + d)) / T,
        mean(sech2**2) / T,
    )


def _divergence(u: Number) -> Number:
    """Return u exp(u) - exp(u) + 1, to rounding error also where u is small.

    Its average, u being the logarithm of a ratio of two distributions, is their Kullback-Leibler divergence:
    a sum of positive terms, where the difference of the two averages of u would cancel under weak breaking.
    """
    whole = u * exp(u) - (exp(u) - 1)
    if is_exact(u):
        return whole
    series = 0 * u
    for k in range(16, 1, -1):  # u^k (k - 1)/k!
        series = series * u + (k - 1) / factorial(k)
    return np.where(np.abs(u) < 0.3, series * u * u, whole)
