"""What comes from outside is checked here, once: arrays by type and by values, whole numbers, sizes.

A domain is a set of values of a type. Complex numbers, dates, texts and Python objects are no real numbers,
even where a function such as the modulus maps them to one; what is masked, infinite or missing is no value.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from replica.errors import ParameterError
from replica.typing import Numbers
from replica.units import Unit

__all__ = [
    "bits",
    "memory",
    "not_negative",
    "numbers",
    "reals",
    "room",
    "size_in_words",
    "spins",
    "states",
    "table",
    "whole",
]

KINDS = {
    "b": "True and False",
    "c": "complex numbers",
    "O": "Python objects",
    "S": "texts",
    "U": "texts",
    "M": "dates",
    "m": "time spans",
    "V": "records",
}
"""What arrays of other types than whole and real numbers hold, by the letter of their type."""
NEAR = 1e-9
"""How far rounding may carry a mean beyond the values of its unit."""
LARGEST = 2**62
"""Whole numbers above are no sizes of anything."""


def numbers(
    what: str, value: Any, form: str = "an array of real numbers", *, logical: bool = False
) -> Numbers:
    """An array of finite real numbers, as floats; what is none is refused.

    Parameters
    ----------
    what : str
        What the array is called, in the message.
    form : str
        What to give instead, in the message.
    logical : bool
        Whether True and False stand for 1 and 0.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> numbers("weights", [[1j, 1.0]], "a matrix (visible units, hidden units)")
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: weights of type complex128 are complex numbers: give a matrix (visible \
units, hidden units)
    """
    array = reals(what, value, form, logical=logical)
    finite = np.isfinite(array)
    if not finite.all():
        at = tuple(int(i) for i in np.argwhere(~finite)[0])
        msg = (
            f"{what}: {int(np.sum(~finite))} of {array.size} are not finite numbers, the first one "
            f"({array[at]}){_place(at)}; leave out or fill in what is missing"
        )
        raise ParameterError(msg)
    return array


def reals(what: str, value: Any, form: str = "an array of real numbers", *, logical: bool = False) -> Numbers:
    """An array of real numbers, as floats, whose values are still to be looked at; else as `numbers`."""
    if type(value) is np.ndarray and value.dtype.kind == "f":
        array = value  # the common case
    else:
        array = _real(what, value, form, logical)
    with np.errstate(over="ignore"):
        return np.asarray(array, dtype=float)


def _real(what: str, value: Any, form: str, logical: bool) -> Any:
    try:
        array = np.asanyarray(value)
    except (TypeError, ValueError):
        msg = f"{what}: rows differ in length, or this is no array; give {form}"
        raise ParameterError(msg) from None
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            msg = f"{what}: {int(np.sum(array.mask))} of {array.size} values are masked; leave them out"
            raise ParameterError(msg)
        array = array.data
    if array.dtype.kind in KINDS and not (logical and array.dtype.kind == "b"):
        msg = f"{what} of type {array.dtype} are {KINDS[array.dtype.kind]}: give {form}"
        raise ParameterError(msg)
    return array


def states(what: str, value: Any, unit: Unit, count: int, *, means: bool = False) -> Numbers:
    """Configurations of a layer, shape (*batch, count), checked against the values of its units.

    Parameters
    ----------
    means : bool
        Whether means of the units are meant, which lie between their values.

    Examples
    --------
    >>> from replica.units import Spin
    >>> states("the start", [1, 0, -1], Spin(), 3)
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: the start: 0 at 1 is no value of spin units; a unit takes the values \
(-1.0, 1.0) only
    """
    v = numbers(what, value, f"an array (..., {count}) of real numbers", logical=bits(unit))
    if v.ndim == 0 or v.shape[-1] != count:
        msg = f"{what} of shape {v.shape} do not match: this layer has {count} units"
        raise ParameterError(msg)
    _check_values(what, v, unit, means)
    return v


def table(what: str, value: Any, unit: Unit, columns: int | None = None) -> Numbers:
    """Data, shape (samples, units), checked against the values of the visible units.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> table("data", [[0.0, 0.5]], Bernoulli())
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: data: 0.5 in row 0, column 1 is no value of bernoulli units; a unit takes \
the values (0.0, 1.0) only; choose other visible units
    """
    data = numbers(what, value, "a table of numbers (samples, units)", logical=bits(unit))
    if data.ndim != 2 or 0 in data.shape or columns not in (None, data.shape[1]):
        problem, give = "", "a table (samples, units), at least one of each"
        if columns is not None:
            give = f"an array (samples, {columns}), at least one sample"
            if data.ndim == 2:
                problem = f", {data.shape[1]} columns for a machine with {columns} visible units"
        msg = f"{what} of shape {data.shape}{problem}: give {give}"
        raise ParameterError(msg)
    _check_values(what, data, unit, False, "; choose other visible units")
    return data


def _check_values(what: str, v: Any, unit: Unit, means: bool, hint: str = "") -> None:
    bad = _outside(v, unit, means)
    if bad is None or not np.any(bad):
        return
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    if unit.discrete and not means:
        allowed = f"a unit takes the values {unit.values} only"
    else:
        low, high = (min(unit.values), max(unit.values)) if unit.discrete else unit.domain
        allowed = f"they lie between {low:g} and {high:g}"
    word = "mean" if means else "value"
    msg = f"{what}: {v[at]:g}{_place(at)} is no {word} of {unit.name or unit} units; {allowed}{hint}"
    raise ParameterError(msg)


def _place(at: tuple[int, ...]) -> str:
    if len(at) == 2:
        return f" in row {at[0]}, column {at[1]}"
    return f" at {at[0] if len(at) == 1 else at}" if at else ""


def _outside(v: Any, unit: Unit, means: bool) -> Any:
    """Which values do not belong to the units; None where all do."""
    if unit.discrete:
        if means:
            return (v < min(unit.values) - NEAR) | (v > max(unit.values) + NEAR)
        bad = v != unit.values[0]
        for value in unit.values[1:]:
            bad &= v != value
        return bad
    low, high = unit.domain
    if math.isinf(low) and math.isinf(high):
        return None
    slack = NEAR if means else 0.0
    return (v < low - slack) | (v > high + slack)


def bits(unit: Unit) -> bool:
    """Whether True and False are values of the units."""
    return set(unit.values) == {0.0, 1.0}


def spins(what: str, value: Any, form: str) -> Numbers:
    """An array of -1 and +1 as int8; whole arrays of that type are not copied.

    Examples
    --------
    >>> spins("patterns", [[1, 1j]], "an array (patterns, neurons)")
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: patterns of type complex128 are complex numbers: give an array (patterns, \
neurons) of spins -1 and +1
    """
    form = f"{form} of spins -1 and +1"
    array = np.asarray(_real(what, value, form, False))
    flat = array.T if array.T.flags.c_contiguous else array
    for row in flat if array.ndim > 1 else [flat]:  # a part at a time: no second array of that size
        good = (row == 1) | (row == -1)
        if not np.all(good):
            first = np.asarray(row)[~good].ravel()[0]
            hint = "; map bits 0, 1 to spins by 2 v - 1" if first == 0 else ""
            msg = f"{what} must consist of -1 and +1: {first:g} must be -1 or +1; give {form}{hint}"
            raise ParameterError(msg)
    return array.astype(np.int8, copy=False)


def whole(name: str, value: Any, least: int = 1, most: int = LARGEST) -> int:
    """A whole number in a range.

    Examples
    --------
    >>> whole("runs", 0)
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: runs = 0 must be a whole number, at least 1
    """
    fine = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    if not fine or value < least:
        msg = f"{name} = {value!r} must be a whole number, at least {least}"
        raise ParameterError(msg)
    if value > most:
        msg = f"{name} = {value} is too large; at most {most}"
        raise ParameterError(msg)
    return int(value)


def not_negative(name: str, value: float) -> None:
    """Refuse a temperature, or a strength, that is negative or no number.

    Examples
    --------
    >>> not_negative("T", -0.1)
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: T = -0.1 must be a number >= 0
    """
    if not 0 <= value < math.inf:
        msg = f"{name} = {value} must be a number >= 0"
        raise ParameterError(msg)


def room(what: str, *shape: int, size: int = 8, hint: str = "") -> None:
    """Refuse arrays that the memory of this machine cannot hold, before they are made.

    Parameters
    ----------
    what : str
        What they are, such as ``"N = 1000000 spins"``.
    *shape : int
        Their shape; `size` bytes for each entry.

    Examples
    --------
    >>> room("N = 10000000 spins", 10**7, 10**7, hint="take a smaller N")
    Traceback (most recent call last):
        ...
    replica.errors.ParameterError: N = 10000000 spins would take 728 TiB of memory, more than this machine \
has; take a smaller N
    """
    needed = size * math.prod(int(n) for n in shape)
    if needed > memory():
        msg = f"{what} would take {size_in_words(needed)} of memory, more than this machine has"
        raise ParameterError(f"{msg}; {hint}" if hint else msg)


def memory() -> float:
    """Bytes of memory of this machine; without bound where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def size_in_words(count: int) -> str:
    """A number of bytes, in units that can be read.

    Examples
    --------
    >>> size_in_words(208), size_in_words(8 * 10**15)
    ('208 bytes', '7.11 PiB')
    """
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            return f"{count} bytes" if unit == "bytes" else f"{float(count):.3g} {unit}"
        count = count // 1024 if count > 2**60 else count / 1024  # type: ignore[assignment]
    return f"{float(count):.3g} PiB" if count < 10**6 else "more than 10^6 PiB"
