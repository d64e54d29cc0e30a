r"""Units: what one visible or hidden variable can be, shared by the replica averages and by the samplers.

A unit s has a potential U(s). In a field b and with a quadratic term a its statistical weight at temperature
T is exp{-[U(s) - a s^2/2 - b s]/T}. Theories need ln Z and its cumulants in that field, the ground state
where T = 0, and all of them averaged over a Gaussian field; machines need samples. A unit written once
serves both.

`Spin`, `Bernoulli`, `Levels`, `Gaussian`, `ReLU`, `DoubleReLU`, `Interpolating` and `Spherical` have closed
forms. Any other unit is its potential and nothing else: subclass `Unit`, or call `Potential`
(docs/your_own_unit.md). Units: k_B = 1.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from replica._face import Classes, face
from replica.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    from replica.units.continuous import DoubleReLU as DoubleReLU
    from replica.units.continuous import Gaussian as Gaussian
    from replica.units.continuous import ReLU as ReLU
    from replica.units.discrete import Bernoulli as Bernoulli
    from replica.units.discrete import Spin as Spin
    from replica.units.interpolating import Interpolating as Interpolating
    from replica.units.levels import Levels as Levels
    from replica.units.potential import Potential as Potential
    from replica.units.scaled import Scaled as Scaled
    from replica.units.spherical import Spherical as Spherical
    from replica.units.unit import Averages as Averages
    from replica.units.unit import Moments as Moments
    from replica.units.unit import Unit as Unit

_HOMES = {
    "bernoulli": ("discrete", "Bernoulli"),
    "spin": ("discrete", "Spin"),
    "gaussian": ("continuous", "Gaussian"),
    "relu": ("continuous", "ReLU"),
    "double-relu": ("continuous", "DoubleReLU"),
    "interpolating": ("interpolating", "Interpolating"),
    "levels": ("levels", "Levels"),
    "spherical": ("spherical", "Spherical"),
}

UNITS: Classes[Unit] = Classes(__name__, _HOMES, "replica.units")
"""The units with names on the command line; going through the names loads none of them."""

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__,
        {kind: home for home, kind in _HOMES.values()}
        | {
            "Potential": "potential",
            "Scaled": "scaled",
            "Averages": "unit",
            "Moments": "unit",
            "Unit": "unit",
        },
        "UNITS",
        "parse",
    )


def parse(text: str, kinds: Mapping[str, type[Unit]] = UNITS) -> Unit:
    """Read a unit as the command line writes it, ``NAME`` or ``NAME:PARAMETER=VALUE,...``.

    Parameters
    ----------
    text : str
    kinds : mapping of str to type of Unit
        What the names mean; the units of the package by default.

    Raises
    ------
    UnknownNameError
        For a unit or a parameter that does not exist; the nearest one is suggested.
    ParameterError
        For a value that is not a number.

    Examples
    --------
    >>> parse("relu:theta=1.5")
    ReLU(theta=1.5, gamma=1.0)
    >>> parse("levels:energies=0.3/0/0.3")
    Levels(values=(-1.0, 0.0, 1.0), energies=(0.3, 0.0, 0.3))
    """
    name, _, rest = text.partition(":")
    if name not in kinds:
        raise UnknownNameError(what="unit", name=name, known=kinds)
    kind = kinds[name]
    fields: Any = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    known = [field.name for field in fields]
    several = {field.name for field in fields if isinstance(field.default, tuple)}
    given: dict[str, float | tuple[float, ...]] = {}
    for item in filter(None, rest.split(",")):
        key, sign, value = item.partition("=")
        if key not in known:
            what = f"parameter of the unit {name}"
            raise UnknownNameError(what=what, name=key, known=known)
        try:
            numbers = tuple(map(float, value.split("/") if key in several else [value]))
        except ValueError:
            numbers = ()
        if not sign or not numbers or not all(map(math.isfinite, numbers)):
            form, such = ("NUMBER/NUMBER/...", "1/0/1") if key in several else ("NUMBER", "0.5")
            msg = f"unit {name}: {item!r} is not of the form {key}={form}, such as {key}={such}"
            raise ParameterError(msg)
        if key in given:
            msg = f"unit {name}: {key} is given twice"
            raise ParameterError(msg)
        given[key] = numbers if key in several else numbers[0]
    return kind(**given)
