r"""What a model owes its covariance: two computations that share no formula with its theory.

`series` is the free energy in powers of the covariance. With the energies of the couplings multiplied by
sqrt(t), integration by parts of the Gaussian couplings gives

.. math:: -\beta f' = \tfrac{\beta^2}{2}\,\mathbb{E}\langle\xi(R_{11}) - \xi(R_{12})\rangle_t ,

and once more the second derivative; at t = 0 units are independent, and overlaps R of replicas fluctuate like
means of independent numbers, so that four moments of a free unit are all that is needed. For spins in no
field it is the expansion at high temperatures to order 1/T^3.

`one_step` is the free energy with one step of replica symmetry breaking close to a symmetric state. Its
curvature in the direction of the step is that of the replicon.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from replica.functional.expressions import Expression
from replica.functional.fully_connected import FullyConnected, theory_of
from replica.typing import Array
from replica.units import Spherical, Unit

__all__ = ["one_step", "series", "weakened"]

WEAK = "weakness"
"""The parameter that multiplies the covariance of a weakened model."""


def weakened(theory: FullyConnected, t: float) -> FullyConnected:
    """The theory without its patterns, the covariance of its couplings multiplied by t.

    Examples
    --------
    >>> from replica.functional import Coupling, Layer, Model
    >>> glass = theory_of(Model("sk", layers=[Layer("s")], couplings=[Coupling("s s", "1/2")]))(T=0.5)
    >>> print(weakened(glass, 0.1).parts.xi.value([1.0]))
    0.05
    """
    model = theory.model
    weak = replace(
        model,
        name=f"{model.name}-weak",
        parameters={**{one.name: one for one in model.parameters}, WEAK: 1.0},  # type: ignore[arg-type]
        couplings=tuple(
            replace(one, variance=Expression(f"{WEAK}*({one.variance.text})")) for one in model.couplings
        ),
        patterns=(),
        energies=(),
        branches=(),
        lines=(),
        limit=None,
        critical=None,
    )
    return theory_of(weak)(**theory.values, **{WEAK: t})


def series(theory: FullyConnected) -> tuple[float, float] | None:
    """Coefficients of t and t^2 in the free energy of the weakened model; T > 0.

    Returns
    -------
    (float, float) or None
        None where a unit has no moments without a field: nothing else confines it.

    Examples
    --------
    >>> from replica.functional import Coupling, Layer, Model
    >>> glass = theory_of(Model("sk", layers=[Layer("s")], couplings=[Coupling("s s", "1/2")]))(T=0.5)
    >>> first, second = series(glass)  # f = -T ln 2 - 1/(4 T), and nothing else
    >>> print(f"{first:.12f} {abs(second):.12f}")
    -0.500000000000 0.000000000000
    """
    parts = theory.parts
    T, beta = float(parts.T), 1 / float(parts.T)
    moments = [_moments(unit, T) for unit in parts.units]
    if any(one is None for one in moments):
        return None
    mean, square, cube, fourth = zip(*moments, strict=True)
    Q, q = list(square), [m**2 for m in mean]
    first = -beta / 2 * (parts.xi.value(Q) - parts.xi.value(q))
    slope = 0.0
    for s, size in enumerate(parts.sizes):
        X, x = float(parts.fields[s].value(Q)), float(parts.fields[s].value(q))
        both = fourth[s] - square[s] ** 2  # of s_1 s_1 with itself, and so on
        one = mean[s] * cube[s] - q[s] * square[s]
        pair = square[s] ** 2 - q[s] ** 2
        chain = square[s] * q[s] - q[s] ** 2
        with_itself = X**2 * both - 2 * x * X * one
        with_another = 2 * X * x * one + 2 * x**2 * pair - 8 * x**2 * chain
        slope += float(size) * (with_itself - with_another)
    return float(first), -T * beta**4 / 8 * slope


def _moments(unit: Unit, T: float) -> tuple[float, float, float, float] | None:
    """<s>, <s^2>, <s^3>, <s^4> of a unit without a field."""
    from scipy.integrate import quad

    powers = range(5)
    if isinstance(unit, Spherical):  # its weight is that of all its layer
        return None
    if unit.discrete:
        values = np.array(unit.values, dtype=float)
        energy = np.asarray(unit.potential(values), dtype=float) + 0 * values
        weight = np.exp(-(energy - np.min(energy)) / T)
        sums = [float(np.sum(weight * values**n)) for n in powers]
    elif not np.all(unit.curvature > 0):
        return None
    else:
        ground = float(unit.ground(0.0, 0.0)[1])
        low = float(unit.potential(np.array([ground]))[0])

        def weighted(s: float, n: int) -> float:
            return s**n * math.exp(-(float(unit.potential(np.array([s]))[0]) - low) / T)

        cuts = sorted({unit.domain[0], *unit.breaks, ground, unit.domain[1]})
        sums = [
            sum(
                quad(weighted, *ends, args=(n,), epsabs=0, epsrel=1e-11, limit=200)[0]
                for ends in itertools.pairwise(cuts)
            )
            for n in powers
        ]
    return sums[1] / sums[0], sums[2] / sums[0], sums[3] / sums[0], sums[4] / sums[0]


# -- one step of replica symmetry breaking ----------------------------------------------------------------


def one_step(theory: FullyConnected, x: Array, size: float, ratio: float = 0.5) -> tuple[float, float] | None:
    """The free energy with one step of symmetry breaking next to a symmetric state, less that of the state.

    Parameters
    ----------
    theory : FullyConnected
        At T > 0.
    x : array, shape (n_order,)
        The state.
    size : float
        Of the step, along the softest direction.
    ratio : float
        T over the temperature of the step, between 0 and 1.

    Returns
    -------
    (float, float) or None
        The difference, and what the replicon says of it to second order in the size, which is
        -ratio (1 - ratio) size^2 lambda (1 - lambda)/(4 T) with the largest eigenvalue lambda of the
        stability matrix. None for spherical layers, which are no product of units.
    """
    parts, here = theory.parts, theory.read(x)
    if any(isinstance(unit, Spherical) for unit in parts.units):
        return None
    T, q = float(parts.T), [float(one) for one in here.q]
    Q = [low + T * float(response) for low, response in zip(q, here.C, strict=True)]
    rho = float(theory.rho(x))
    largest = math.sqrt(rho) if theory.structure.colours is not None else rho
    step = _softest(theory, x)
    outer = [low - (1 - ratio) * size * along for low, along in zip(q, step, strict=True)]
    inner = [low + ratio * size * along for low, along in zip(q, step, strict=True)]

    def free_energy(first: Sequence[float], second: Sequence[float]) -> float:
        theta = parts.xi.theta()
        f = (theta.value(Q) - (1 - ratio) * theta.value(second) - ratio * theta.value(first)) / (2 * T)
        for s, amount in enumerate(parts.sizes):
            f = f - float(amount) * _inside(theory, here, s, first, second, Q, ratio)
        return float(f)

    told = -ratio * (1 - ratio) * size**2 * largest * (1 - largest) / (4 * T)
    return free_energy(outer, inner) - free_energy(q, q), told


def _softest(theory: FullyConnected, x: Array) -> list[float]:
    """The direction of the step in the overlaps of the layers."""
    parts, here = theory.parts, theory.read(x)
    n = len(theory.structure.layers)
    matrix = np.zeros((n, n))
    for (s, t), square in here.stiffness().items():
        matrix[s, t] = matrix[t, s] = math.sqrt(float(square))
    vector = np.abs(np.linalg.eigh(matrix)[1][:, -1])
    chi = [float(here.answer(s).over("response_square")) for s in theory.structure.layers]
    return [
        float(one) * math.sqrt(hot / float(size)) if one else 0.0
        for one, hot, size in zip(vector, chi, parts.sizes, strict=True)
    ]


def _inside(
    theory: FullyConnected,
    here: Any,
    s: int,
    outer: Sequence[float],
    inner: Sequence[float],
    Q: Sequence[float],
    ratio: float,
) -> float:
    """The average over the outer field of T/ratio ln E exp{ratio ln Z}, E over the inner field."""
    parts, unit = theory.parts, theory.parts.units[s]
    T, field = float(parts.T), parts.fields[s]
    first, second = float(field.value(outer)), float(field.value(inner))
    a = (float(field.value(Q)) - second) / T
    entries = parts.laws[s]
    shift, extra, weight = np.zeros(1), np.zeros(1), np.ones(1)
    if entries is not None:
        weight = np.asarray(entries.weight, dtype=float)
        strengths = [float(here.c[k]) for k in theory.structure.on[s]]
        shift = sum((c * u for c, u in zip(strengths, entries.shift, strict=True)), 0 * weight)
        extra = sum((c**2 * w for c, w in zip(strengths, entries.variance, strict=True)), 0 * weight)
    z, mass = _gauss(801, 9.5)
    y, share = _gauss(41, 7.0)
    total = 0.0
    for u, w, probability in zip(*np.broadcast_arrays(shift, extra, weight), strict=True):
        b = u + np.sqrt(max(first + w, 0.0)) * z[:, None] + np.sqrt(max(second - first, 0.0)) * y
        inside = ratio * np.asarray(unit.log_partition(b, a, T))
        top = np.max(inside, axis=1, keepdims=True)
        logs = np.log(np.sum(share * np.exp(inside - top), axis=1)) + top[:, 0]
        total += float(probability * np.sum(mass * logs))
    return T / ratio * total


def _gauss(count: int, reach: float) -> tuple[Array, Array]:
    """Equidistant nodes of a standard Gaussian, spectrally accurate for smooth functions."""
    z = np.linspace(-reach, reach, count)
    weight = np.exp(-(z**2) / 2)
    return z, weight / np.sum(weight)
