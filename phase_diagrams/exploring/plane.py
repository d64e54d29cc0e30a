"""What can be explored: a theory, the plane of its diagram, and how far every parameter may be moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phase_diagrams.mapping.automatic import box_of
from replica.errors import ParameterError, UnknownNameError
from replica.solving.systems import phases
from replica.theory import Theory
from replica.theory.parameters import short

__all__ = ["Plane", "Slider", "axes_of", "minimised", "plane"]

CORNER = 0.25
"""Where the point begins, as a fraction of either axis."""


@dataclass(frozen=True)
class Slider:
    """A parameter that can be moved, and its range.

    Attributes
    ----------
    name, text, symbol : str
    low, high, value : float
    integer : bool
    """

    name: str
    text: str
    symbol: str
    low: float
    high: float
    value: float
    integer: bool


@dataclass(frozen=True)
class Plane:
    """A theory, two of its parameters, and the ranges of all that can be moved; `plane` makes one.

    Attributes
    ----------
    theory : Theory
        Where the point begins.
    x, y : str
    box : ((float, float), (float, float))

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> found = plane(Hopfield(alpha=0.05, T=0.2), "alpha", "T")
    >>> [(one.name, one.low, one.high, one.value) for one in found.sliders]
    [('alpha', 0.0, 0.14, 0.05), ('T', 0.0, 1.4, 0.2)]
    >>> found.at({"T": 0.3})
    Hopfield(alpha=0.05, T=0.3)
    >>> found.at({"T": 2.0})
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: T = 2 is outside the range that is explored, from 0 to 1.4
    """

    theory: Theory
    x: str
    y: str
    box: tuple[tuple[float, float], tuple[float, float]]

    @cached_property
    def sliders(self) -> tuple[Slider, ...]:
        """Every parameter that is a number and has a value."""
        found = []
        for name, about in self.theory.parameters().items():
            value = getattr(self.theory, name)
            if about.kind != "number" or value is None:
                continue
            low, high = about.typical
            if about.open_lower and low == about.lower:
                low += 1 if about.integer else 1e-3 * (high - low)
            if name in (self.x, self.y):
                low, high = self.box[(self.x, self.y).index(name)]
            else:  # what was given may lie outside the usual range
                low, high = min(low, value), max(high, value)
            found.append(
                Slider(name, about.text, about.symbol, float(low), float(high), float(value), about.integer)
            )
        return tuple(found)

    def at(self, values: Mapping[str, float]) -> Theory:
        """The theory at other values of its parameters, inside their ranges.

        Raises
        ------
        UnknownNameError
            For what is no parameter that can be moved.
        ParameterError
            For a value outside of its range.
        """
        known = {one.name: one for one in self.sliders}
        changes: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise UnknownNameError(what="parameter that can be moved", name=name, known=known)
            one = known[name]
            if not one.low <= value <= one.high:
                message = (
                    f"{name} = {short(value)} is outside the range that is explored, from {one.low:g} to "
                    f"{one.high:g}"
                )
                raise ParameterError(message)
            changes[name] = int(value) if one.integer and value == int(value) else value
        return type(self.theory)(**{**self.theory.values, **changes})

    def limits(self, name: str) -> tuple[float, float]:
        """The range of an axis."""
        if name not in (self.x, self.y):
            raise UnknownNameError(what="axis", name=name, known=(self.x, self.y))
        return self.box[(self.x, self.y).index(name)]


def plane(
    theory: Theory,
    x: str,
    y: str,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    given: tuple[str, ...] | None = None,
) -> Plane:
    """The plane of two parameters of a theory.

    Parameters
    ----------
    theory : Theory
        One point. A parameter over which its lines are minimised has no value.
    x, y : str
    xlim, ylim : (float, float), optional
        By default the typical ranges.
    given : tuple of str, optional
        The axes on which the point begins at the value of the theory: by default both. On another one it
        begins at a quarter of the range.

    Raises
    ------
    ParameterError, UnknownNameError
        If that is no plane, or the theory lies outside of it.
    """
    box = box_of(theory, x, y, xlim, ylim)
    if given is not None:
        corner = {
            name: low + CORNER * (high - low)
            for name, (low, high) in zip((x, y), box, strict=True)
            if name not in given
        }
        theory = type(theory)(**{**theory.values, **corner})
    found = Plane(theory, x, y, box)
    found.at({name: float(getattr(theory, name)) for name in (x, y)})
    return found


def axes_of(kind: type[Theory]) -> tuple[str, str]:
    """The plane that is meant where none is named: the first parameter and the temperature, or the first two.

    Raises
    ------
    ParameterError
        If the theory has fewer than two parameters that vary continuously.

    Examples
    --------
    >>> from replica.theories import BlumeCapel, Compositional
    >>> axes_of(BlumeCapel), axes_of(Compositional)
    (('D', 'T'), ('alpha', 'theta'))
    """
    over = {phase.over for boundary in kind.lines.values() for phase in phases(boundary)}
    names = [
        name
        for name, about in kind.parameters().items()
        if about.continuous
        and name not in over
        and (about.required or about.default is not None)
        and np.ptp(about.typical) > 0
    ]
    if len(names) < 2:
        has = f"has {names[0]} alone" if names else "has none"
        message = (
            f"{kind.name}: an explorer moves over the plane of two parameters that vary continuously; "
            f"{kind.name} {has}; try another theory"
        )
        raise ParameterError(message)
    y = "T" if "T" in names else names[1]
    return next(name for name in names if name != y), y


def minimised(theory: Theory) -> dict[str, str]:
    """Branches whose free energy is minimised over a parameter that has no value, and that parameter.

    Examples
    --------
    >>> from replica.theories import Compositional
    >>> minimised(Compositional(alpha=0.5, theta=1.5, g=-0.21))
    {'retrieval': 'l'}
    """
    return {
        phase.branch: phase.over
        for boundary in theory.lines.values()
        for phase in phases(boundary)
        if phase.over and getattr(theory, phase.over) is None
    }
