"""A layer of real numbers whose squares have the mean 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError
from replica.numerics.functions import sqrt
from replica.typing import Array, Number
from replica.units.continuous import cold_entropy, log_gaussian
from replica.units.unit import Averages, Moments, Unit

__all__ = ["Spherical"]


@dataclass(frozen=True)
class Spherical(Unit):
    """Spherical unit: real, and the mean of s^2 over the units of its layer is 1.

    Each is a Gaussian whose stiffness, the multiplier of the constraint, follows from the field on the layer:
    ``loc`` and ``width`` here are mean and standard deviation of the field on all of it, and `mean`,
    `response` and so on are those of a layer in a uniform field. The quadratic term shifts the energy only.

    Examples
    --------
    >>> layer = Spherical().averages(0.3, 0.4, 0.0, 0.5)
    >>> print(f"{layer.mean:.12f} {layer.square + 0.5 * layer.response:.12f}")
    0.370820393250 1.000000000000
    """

    name: ClassVar[str] = "spherical"
    rigid: ClassVar[bool] = True
    about: ClassVar[Mapping[str, str]] = {
        "domain": "real line; the mean of s^2 over the layer is 1",
        "potential": "U(s) = 0 and a multiplier, y s^2/2 at a = 0",
        "activation": "b/sqrt(E[b^2]), E over the layer",
        "mean": "b/y, y = [T + sqrt(T^2 + 4 E[b^2])]/2",
    }

    def potential(self, x: Number) -> Number:
        return 0.0 * x

    @property
    def curvature(self) -> Number:
        return np.inf

    @property
    def tail(self) -> Number:
        return None

    @property
    def symmetric(self) -> bool:
        return True

    def averages(self, loc: Number, width: Number, a: Number, T: Number) -> Averages:
        return self.moments(loc, width, a, T)

    def moments(self, loc: Number, width: Number, a: Number, T: Number) -> Moments:
        return _Layer(loc, width, a, T)

    def _thermal(self, b: Array, a: Array, T: Array) -> tuple[Array, ...]:
        layer = _Layer(b, 0 * b, a, T)
        return -layer.free_energy / T, layer.mean, T * layer.response, layer.entropy

    def _ground(self, b: Array, a: Array) -> tuple[Array, Array]:
        layer = _Layer(b, 0 * b, a, 0 * b)
        return layer.mean, layer.response

    def _sample(self, b: Array, a: Array, T: Array, rng: np.random.Generator) -> Array:
        msg = "unit spherical: the units of a layer hang together, so no one can be sampled alone"
        raise ParameterError(msg)


class _Layer(Moments):
    """Averages of a spherical layer in the field loc + width z, and their derivatives.

    The stiffness y solves y^2 - T y = E[b^2], which makes the constraint true and the free energy stationary;
    it follows the field, so that derivatives are not those of one unit, and the six slopes are NaN.
    """

    def __init__(self, loc: Number, width: Number, a: Number, T: Number) -> None:
        second = loc**2 + width**2
        with np.errstate(all="ignore"):
            root = sqrt(T * T + 4 * second)
            y = (T + root) / 2
            logs, one = log_gaussian(y, T), 1 + 0 * (second + T + a)
            self.__dict__.update(
                free_energy=-(second / (2 * y) + T * logs + (y + a) / 2),
                mean=loc / y * one,
                square=second / y**2 * one,
                response=one / y,
                response_square=one / y**2,
                entropy=cold_entropy(logs + one / 2, T),
                _parts=(loc, second, root, y, one),
            )

    def __getattr__(self, name: str) -> Any:
        if name in ("mean2", "mean3", "square1", "square2", "cube1", "hot_square"):
            return np.nan * self.response
        raise AttributeError(name)

    @property
    def by_loc(self) -> tuple[Number, Number, Number]:
        loc, second, root, y, one = self.__dict__["_parts"]
        with np.errstate(all="ignore"):
            stiffer = 2 * loc / (root * y)  # d ln y/d loc
            mean, square = one / y - loc / y * stiffer, 2 * loc / y**2 - 2 * second / y**2 * stiffer
            return mean, square * one, -stiffer / y * one

    @property
    def by_variance(self) -> tuple[Number, Number, Number]:
        loc, second, root, y, one = self.__dict__["_parts"]
        with np.errstate(all="ignore"):
            stiffer = one / (root * y)
            return -loc / y * stiffer, one / y**2 - 2 * second / y**2 * stiffer, -stiffer / y

    def by_a(self, T: Number) -> tuple[Number, Number, Number]:
        none = 0 * self.response
        return none, none, none
