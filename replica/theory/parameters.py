"""Control parameters of a theory: what each is called, what it means, which values it takes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from replica.errors import ParameterError, nearest
from replica.units import Unit
from replica.units.unit import on_one_line, real

__all__ = ["Parameter", "Value", "parameter", "short"]

Value: TypeAlias = Any
"""What a control parameter holds: a float, an array that broadcasts against the batch; an mpmath number where
formulas alone are evaluated: solvers calculate in double precision, and `polish` goes on from there."""


@dataclass(frozen=True)
class Parameter:
    """A control parameter of a theory: data for people, searches and checks. `parameter` declares one.

    Attributes
    ----------
    text, symbol : str
        What it is, in words and in LaTeX.
    name : str
        The name of the field, known to `Theory.parameters`.
    lower, upper : float
        The ends of its domain.
    open_lower, open_upper : bool
        Whether an end does not belong to the domain.
    required : bool
        Whether it must be given.
    default : float, name or None
        What it is where it is not given.
    unit : str
        The unit, "1" for a number.
    typical : (float, float)
        The range in which the physics happens; searches start there.
    integer : bool
        Whether only whole numbers are allowed.
    kind : {"number", "unit", "sites", "choice", "list"}
        What it holds: a number, a `replica.units.Unit`, groups of sites as (fraction, x) pairs, a name, or a
        list of numbers.
    choices : tuple of str
        The names that are allowed.

    Examples
    --------
    >>> sparsity = Parameter("weight sparsity", "p", lower=0.0, upper=1.0, open_lower=True)
    >>> sparsity.domain
    'in (0, 1]'
    >>> Parameter("load", "l", lower=0.0, integer=True).domain
    'a whole number >= 0'
    """

    text: str
    symbol: str
    name: str = ""
    lower: float = -np.inf
    upper: float = np.inf
    open_lower: bool = False
    open_upper: bool = False
    required: bool = False
    default: Any = None
    unit: str = "1"
    typical: tuple[float, float] = (0.0, 1.0)
    integer: bool = False
    kind: str = "number"
    choices: tuple[str, ...] = ()

    @property
    def continuous(self) -> bool:
        """Whether it takes every value between two others."""
        return self.kind == "number" and not self.integer

    @property
    def domain(self) -> str:
        """The domain in words, such as ``in (0, 1]``."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.kind == "unit":
            return "see `replica show units`"
        if self.kind == "sites":
            return "fractions sum to 1, mean of x is 1"
        if self.kind == "list":
            return "a list of finite numbers"
        whole = "a whole number " if self.integer else ""
        if np.isinf(self.lower) and np.isinf(self.upper):
            return f"{whole}any finite number".strip()
        if np.isinf(self.upper):
            return f"{whole}{'>' if self.open_lower else '>='} {self.lower:g}"
        if np.isinf(self.lower):
            return f"{whole}{'<' if self.open_upper else '<='} {self.upper:g}"
        left, right = "(" if self.open_lower else "[", ")" if self.open_upper else "]"
        return f"{whole}in {left}{self.lower:g}, {self.upper:g}{right}"

    def check(self, theory: str, value: Value) -> None:
        """Raise `ParameterError` for a value outside the domain.

        Parameters
        ----------
        theory : str
            Whose parameter it is: the beginning of the message.
        value : float, array, mpmath number, unit, name, or None
            None is what stands for a parameter that was not given.

        Examples
        --------
        >>> from replica.theories import Hopfield
        >>> Hopfield.parameters()["T"].check("hopfield", -0.1)
        Traceback (most recent call last):
        replica.errors.ParameterError: hopfield: T = -0.1 is not allowed; T is >= 0
        """
        if value is None or self.kind in ("sites", "list"):  # checked by the theory that has them
            return
        if self.kind == "unit":
            if not isinstance(value, Unit):
                msg = f"{theory}: {self.name} must be a unit, such as units.ReLU(theta=1.5), not {value!r}"
                raise ParameterError(msg)
            for name, given in value.parameters.items():
                if not isinstance(given, complex | float | list | np.ndarray | np.generic):
                    continue  # options of a unit of one's own, functions, numbers of mpmath
                number = real(given)
                if number is None or not np.all(np.isfinite(number)):
                    what = f"{name} of the {self.name} unit"
                    msg = f"{theory}: {what} must be a finite real number, not {on_one_line(given)}"
                    raise ParameterError(msg)
            return
        if self.kind == "choice":
            if not (isinstance(value, str) and value in self.choices):
                msg = self._not_allowed(theory, repr(value)) + nearest(str(value), self.choices)
                raise ParameterError(msg)
            return
        number = real(value)
        if number is None:
            msg = f"{theory}: {self.name} must be a real number, not {on_one_line(value)}"
            raise ParameterError(msg)
        bad = ~np.isfinite(number)
        bad |= (number <= self.lower) if self.open_lower else (number < self.lower)
        bad |= (number >= self.upper) if self.open_upper else (number > self.upper)
        if self.integer:
            bad |= number != np.round(number)
        if np.any(bad):
            wrong = number[bad].flat[0] if number.ndim else number
            raise ParameterError(self._not_allowed(theory, f"{float(wrong):g}"))

    def _not_allowed(self, theory: str, value: str) -> str:
        return f"{theory}: {self.name} = {value} is not allowed; {self.name} is {self.domain}"


def parameter(
    text: str,
    symbol: str,
    *,
    lower: float = -np.inf,
    upper: float = np.inf,
    open_lower: bool = False,
    open_upper: bool = False,
    default: Any = dataclasses.MISSING,
    unit: str = "1",
    typical: tuple[float, float] = (0.0, 1.0),
    integer: bool = False,
    kind: str = "number",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a control parameter of a theory, with its domain; the arguments are those of `Parameter`.

    A parameter with `choices` is of the kind "choice". Without a `default` it must be given.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from replica.theory import Theory
    >>> @dataclass(frozen=True)
    ... class Ferromagnet(Theory):
    ...     T: Value = parameter("temperature", "T", lower=0, open_lower=True, typical=(0.0, 1.5))
    >>> Ferromagnet.parameters()["T"].domain
    '> 0'
    """
    about = Parameter(
        text=text,
        symbol=symbol,
        lower=lower,
        upper=upper,
        open_lower=open_lower,
        open_upper=open_upper,
        required=default is dataclasses.MISSING,
        default=None if default is dataclasses.MISSING else default,
        unit=unit,
        typical=typical,
        integer=integer,
        kind="choice" if choices else kind,
        choices=choices,
    )
    return dataclasses.field(default=default, metadata={"parameter": about})


def short(value: Any) -> str:
    """A value in a message: a number, a unit, groups of sites, or the shape of an array."""
    if isinstance(value, str | Unit):
        return str(value)
    if isinstance(value, tuple) and not (value and isinstance(value[0], tuple)):  # a list of numbers
        known = ",".join(f"{one:g}" for one in value[:4])
        return known if len(value) <= 4 else f"{known},... ({len(value)} numbers)"
    if isinstance(value, tuple):  # groups of sites
        return ",".join(f"{fraction:g}:{x:g}" for fraction, x in value)
    return f"array{np.shape(value)}" if np.ndim(value) else f"{float(value):.10g}"
