r"""Energies of a machine about the lowest points of its continuous units: large offsets cancel exactly.

gamma v^2/2 - g v is the difference of two large numbers where g/gamma is far from 0: of data with a large
offset, or of a column that is nearly constant. With the centre c = g/gamma and u = v - c,

    E = gamma u^2/2 + U_h(h) - h.(c W) - (u W).h - g^2/(2 gamma)

and the fields c W and g of the hidden units, which nearly cancel, meet in one number. Gaussian hidden units
are centred after the visible ones: h = c' + h', their field c' W^T on the visible units is the tilt. What is
left besides differences is a constant, the lowest energy of the units without weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from replica.errors import ParameterError
from replica.machines.models.layers import with_field
from replica.typing import Array
from replica.units import Gaussian, ReLU, Unit

__all__ = ["Centred", "log_ratio"]


@dataclass(frozen=True, eq=False)
class Centred:
    """A machine in centred variables.

    Attributes
    ----------
    visible, hidden : Unit
        The units about their centres: Gaussian ones have no field, all others have that of the centre of the
        other layer.
    centre : array or None
        Of the visible units; None for 0.
    shift : array or None
        Of Gaussian hidden units.
    push : array or None
        The field c W of the visible centre on the hidden units.
    tilt : array or None
        The field of the shift on the visible units.
    lowest : float
        Energy of the centres, the weights between them included.
    floor : float
        The part of it that the potential of the visible units still holds; that of ReLU cannot move.
    """

    weights: Array
    visible: Unit
    hidden: Unit
    centre: Array | None
    shift: Array | None
    push: Array | None
    tilt: Array | None
    lowest: float
    floor: float

    @classmethod
    def of(cls, weights: Array, visible: Unit, hidden: Unit) -> Centred:
        """The centred form of a machine."""
        rows, columns = weights.shape
        centre, lowest = _centre(visible, rows)
        floor = 0.0
        push, tilt, shift = None, None, None
        if centre is not None:
            push = centre @ weights
            try:
                hidden = with_field(hidden, push)
            except ParameterError:  # a potential without a field: the visible layer stays where it is
                centre, push, lowest = None, None, 0.0
        if isinstance(hidden, Gaussian) and np.any(hidden.g):
            shift, deep = _centre(hidden, columns)
            lowest += deep
            tilt = weights @ shift
            hidden = Gaussian(0.0, hidden.gamma)
        if centre is not None:
            if isinstance(visible, Gaussian):
                visible = Gaussian(0.0, visible.gamma)
            else:
                _, floor = _centre(visible, rows)
        return cls(weights, visible, hidden, centre, shift, push, tilt, lowest, floor)

    def moved(self, v: Array) -> Array:
        """Visible units from their centres."""
        return v if self.centre is None else v - self.centre

    def potential(self, u: Array) -> Array:
        """Of the visible units above the lowest one, the tilt included; summed over the layer."""
        each = self.visible.potential(u)
        if self.centre is not None and isinstance(self.visible, ReLU):
            each = self.visible.gamma * u**2 / 2 + np.maximum(self.visible.theta, 0) * u
        total = np.sum(each, axis=-1)
        return total if self.tilt is None else total - u @ self.tilt

    def free_energy(self, v: Array, T: float) -> Array:
        """Free energy of visible configurations, less the lowest energy."""
        u = self.moved(v)
        b = u @ self.weights
        cost = self.hidden.ground(b, 0.0)[0] if T == 0 else -T * self.hidden.log_partition(b, 0.0, T)
        return self.potential(u) + np.sum(cost, axis=-1)

    def energy(self, v: Array, h: Array) -> Array:
        """Energy of configurations, less the lowest one."""
        u = self.moved(v)
        h = h if self.shift is None else h - self.shift
        return (
            self.potential(u)
            + np.sum(self.hidden.potential(h), axis=-1)
            - np.sum((u @ self.weights) * h, axis=-1)
        )

    def mean(self, field: Array, T: float) -> Array:
        """Means of the visible units in a field, from their centres."""
        m = self.visible.mean(field, 0.0, T)
        return m if self.centre is None or isinstance(self.visible, Gaussian) else m - self.centre

    def from_zero(self, u: Array) -> Array:
        """The variable that the potential of the visible units is a function of."""
        return u if self.centre is None or isinstance(self.visible, Gaussian) else u + self.centre

    def log_apart(self, T: float, field: float | Array = 0.0) -> float:
        """Ln Z without weights, the lowest energy taken out; a further field acts on the visible units."""
        rows, columns = self.weights.shape
        visible = self.visible.log_partition(np.zeros(rows) + field, 0.0, T)
        hidden = self.hidden.log_partition(np.zeros(columns), 0.0, T)
        return float(np.sum(visible) + np.sum(hidden)) + self.floor / T


def _centre(unit: Unit, count: int) -> tuple[Any, float]:
    """Where the potential is lowest, and how low that is, of units whose potential is a parabola."""
    if isinstance(unit, Gaussian):
        g, gamma = unit.g, unit.gamma
    elif isinstance(unit, ReLU):
        g, gamma = np.maximum(np.negative(unit.theta), 0.0), unit.gamma
    else:
        return None, 0.0
    if not np.any(g):
        return None, 0.0
    centre = np.broadcast_to(g / np.asarray(gamma), count)
    return centre, -float(np.sum(np.broadcast_to(g, count) * centre) / 2)


def log_ratio(unit: Unit, b: Array, step: float | Array, T: float) -> Array:
    """Ln Z(b + step) - ln Z(b) of units in a field, also where both are large.

    Examples
    --------
    >>> print(f"{log_ratio(Gaussian(g=1e9), np.array(-1e9), 1.0, 1.0):.12f}")
    0.500000000000
    """
    if isinstance(unit, Gaussian):
        return step * (2 * (b + unit.g) + step) / (2 * unit.gamma * T)
    if isinstance(unit, ReLU):
        width = np.sqrt(unit.gamma * T)
        x, dx = (b - unit.theta) / width, step / width
        far = np.minimum(x, x + dx) > 5
        if np.any(far):
            near = unit.log_partition(np.where(far, 0.0, b + step), 0.0, T)
            near = near - unit.log_partition(np.where(far, 0.0, b), 0.0, T)
            high = dx * (2 * x + dx) / 2 + special.log_ndtr(x + dx) - special.log_ndtr(x)
            return np.where(far, high, near)
    return unit.log_partition(b + step, 0.0, T) - unit.log_partition(b, 0.0, T)
