"""A layer of units in given fields: drawn and averaged in place, many rows at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from replica.errors import ParameterError
from replica.typing import Array, Floats
from replica.units import Bernoulli, DoubleReLU, Gaussian, ReLU, Spin, Unit
from replica.units.half_normal import mean_of_half_normal, sample_half_normal

__all__ = ["Layer", "with_field"]

_ROWS = 64
"""Rows that are drawn together: their fields stay in the cache. More of them where a layer is small."""
_ENTRIES = 2**13


def with_field(unit: Unit, field: float | Array) -> Unit:
    """The unit with a further constant field: its potential is U(s) - field s.

    Examples
    --------
    >>> with_field(ReLU(theta=1.0), 0.25)
    ReLU(theta=0.75, gamma=1.0)
    """
    if isinstance(unit, Spin | Bernoulli | Gaussian):
        return dataclasses.replace(unit, g=unit.g + field)
    if isinstance(unit, ReLU):
        return dataclasses.replace(unit, theta=unit.theta - field)
    if isinstance(unit, DoubleReLU):
        return dataclasses.replace(
            unit, theta_plus=unit.theta_plus - field, theta_minus=unit.theta_minus - field
        )
    msg = f"unit {unit}: no parameter of it is a field; write the potential with a field g"
    raise ParameterError(msg)


class Layer:
    """Draws and averages the units of a layer in place, without leaving the working precision.

    Bits, spins, Gaussian units and ReLU have code of their own; others are asked for `sample` and `mean`.

    Parameters
    ----------
    unit : Unit
        With numbers, or one value for each unit of the layer.
    count : int
        Units in the layer.
    dtype : float32 or float64
        Working precision.

    Attributes
    ----------
    gain : float
        Factor that fields given to `draw` and `mean` carry already: 1/2 for bits, which are (1 + spin)/2.
    """

    def __init__(self, unit: Unit, count: int, dtype: DTypeLike) -> None:
        self.unit = unit
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._integer = np.int32 if self.dtype == np.float32 else np.int64
        self._rows = _ROWS * max(1, _ENTRIES // (_ROWS * count))
        self._noise = np.empty((self._rows, count), self.dtype)
        self.gain = 0.5 if isinstance(unit, Bernoulli) else 1.0
        ways: dict[type[Unit], tuple[Callable[..., None], Callable[..., None]]] = {
            Bernoulli: (self._draw_bits, self._mean_of_bits),
            Spin: (self._draw_spins, self._mean_of_spins),
            Gaussian: (self._draw_gaussian, self._mean_of_gaussian),
            ReLU: (self._draw_relu, self._mean_of_relu),
        }
        self._draw, self._mean = ways.get(type(unit), (self._draw_any, self._mean_of_any))
        self._shifted = unit
        known = (
            np.negative(getattr(unit, "theta", 0.0)) if isinstance(unit, ReLU) else getattr(unit, "g", 0.0)
        )
        self._given = np.asarray(known, dtype=float)
        self._g = (self.gain * self._given).astype(self.dtype)
        self._gamma = np.asarray(unit.parameters.get("gamma", 1.0), dtype=float)

    def shift(self, field: float | Array) -> None:
        """Let a further constant field act on the units, in place of the one that was given before."""
        if self._draw == self._draw_any:
            self._shifted = with_field(self.unit, field)
        else:
            self._g = (self.gain * (self._given + field)).astype(self.dtype)

    def draw(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        """Draw units in the given fields, which are overwritten; T has the shape (1 or rows, 1)."""
        for first in range(0, len(field), self._rows):
            rows = slice(first, first + self._rows)
            self._draw(field[rows], out[rows], T if len(T) == 1 else T[rows], rng)

    def mean(self, field: Floats, T: float) -> None:
        """Turn fields into means of the units, in place; at one temperature T > 0."""
        self._mean(field, T)

    # P(s = +1) = (1 + tanh x)/2: a uniform number in (-1, 1) lies below tanh x. No overflow for any field;
    # random integers with a sign are such numbers, at half the cost of random floats.
    def _draw_bits(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        field += self._g
        if T.flat[0] == 0:
            np.greater(field, 0, out=out)
            return
        if T.size > 1 or T[0, 0] != 1:
            field *= (1 / T).astype(self.dtype)
        np.tanh(field, out=field)
        noise = self._noise[: len(field)]
        words = -(-noise.size * self.dtype.itemsize // 8)
        raw: Any = rng.bit_generator.random_raw(words)
        raw = raw.view(self._integer)[: noise.size]
        largest = 2.0 ** (8 * self.dtype.itemsize - 1)
        np.multiply(raw.reshape(noise.shape), self.dtype.type(1 / largest), out=noise, dtype=self.dtype)
        np.greater(field, noise, out=out)

    def _mean_of_bits(self, field: Floats, T: float) -> None:
        self._mean_of_spins(field, T)
        field += 1
        field *= 0.5

    def _draw_spins(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        self._draw_bits(field, out, T, rng)
        out *= 2
        out -= 1

    def _mean_of_spins(self, field: Floats, T: float) -> None:
        field += self._g
        if T != 1:
            field /= T
        np.tanh(field, out=field)

    def _draw_gaussian(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        rng.standard_normal(out=out, dtype=self.dtype)
        out *= np.sqrt(T / self._gamma).astype(self.dtype)
        self._mean_of_gaussian(field, 1.0)
        out += field

    def _mean_of_gaussian(self, field: Floats, T: float) -> None:
        field += self._g
        field /= self._gamma.astype(self.dtype)

    # In units of its width a ReLU is normal of mean x = field/sqrt(gamma T), given that it is positive.
    def _draw_relu(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        field += self._g
        if T.flat[0] == 0:
            np.maximum(field, 0, out=out)
            out /= self._gamma.astype(self.dtype)
            return
        field *= (1 / np.sqrt(self._gamma * T)).astype(self.dtype)
        np.multiply(sample_half_normal(field, rng), np.sqrt(T / self._gamma).astype(self.dtype), out=out)

    def _mean_of_relu(self, field: Floats, T: float) -> None:
        field += self._g
        field *= (1 / np.sqrt(self._gamma * T)).astype(self.dtype)
        mean_of_half_normal(field, out=field)
        field *= np.sqrt(T / self._gamma).astype(self.dtype)

    def _draw_any(self, field: Floats, out: Floats, T: Array, rng: np.random.Generator) -> None:
        out[...] = self._shifted.sample(field, 0.0, T, rng)

    def _mean_of_any(self, field: Floats, T: float) -> None:
        field[...] = self._shifted.mean(field, 0.0, T)
