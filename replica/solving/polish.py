"""Any solution or located point to n digits, from the same formulas run in mpmath arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from replica.errors import LocateError, ParameterError
from replica.numerics.functions import exact
from replica.solving.derivatives import jacobian
from replica.solving.locate import Located
from replica.solving.solution import Solution
from replica.solving.systems import System, newton_exact, refine
from replica.theory import Theory

__all__ = ["Precise", "check_asked", "polish", "quick_digits"]

GUARDS = (8, 20, 45, 100)
"""Extra digits of successive computations; two that agree settle the printed digits."""

CONFIRMED = 15
"""Digits that every located point gets where mpmath takes a tenth of a second for them."""


@dataclass(frozen=True)
class Precise:
    """A value with digits that are right to the last one.

    Attributes
    ----------
    digits : int
    value : str or None
        The located control parameter; None for a solution.
    order : dict of str to str
        Order parameters, derived ones included.
    measures : dict of str to str or None
        Free energy, energy, entropy and replicon.
    residual : float
        Largest component of the equations at the last precision.
    """

    digits: int
    value: str | None
    order: dict[str, str]
    measures: dict[str, str | None]
    residual: float


def quick_digits(point: Located) -> int:
    """Digits that `polish` settles in a tenth of a second; 0 where integrals make every digit dear.

    There is no integral left in the equations of some theories at T = 0, and none where they say at which
    temperature something happens (`Theory.without_integrals`).

    Examples
    --------
    >>> from replica.solving import critical
    >>> from replica.theories import Hopfield
    >>> [quick_digits(critical(Hopfield(alpha=0.0, T=T))) for T in (0.0, 0.3)]
    [15, 0]
    """
    sharp = point.parameter == "T" or getattr(point.theory, "T", 0.0) == 0.0
    return CONFIRMED if sharp and point.theory.without_integrals else 0


def polish(point: Located | Solution, digits: int) -> Precise:
    """Polish a located point or a solution to a number of significant digits.

    Newton's method is run twice, with more guard digits the second time; the digits are returned only when
    both agree on every one of them.

    Parameters
    ----------
    point : Located or Solution
        A converged result in float64.
    digits : int
        Significant digits, 1 to 1000.

    Raises
    ------
    ParameterError
        If `digits` is out of range.
    LocateError
        If the point was not located, or the digits do not settle.

    Examples
    --------
    >>> from replica.solving import critical
    >>> from replica.theories import Hopfield
    >>> polish(critical(Hopfield(alpha=0.0, T=0.0)), 40).value
    '0.1379055664949317378436361232181243561197'
    """
    import mpmath

    check_asked(point, digits, "digits are")
    if isinstance(point, Located) and not point.located:
        msg = "a point that was not located has no digits to polish"
        raise LocateError(msg, point.bracket)
    if isinstance(point, Solution):
        point.require()
    value = abs(float(point.value)) if isinstance(point, Located) else 1.0
    decades = max(0, math.ceil(-math.log10(value or 1.0)))  # T = 1e-23 is nothing beside 1 with fewer digits
    earlier = None
    rough = type(point.theory).jacobian is Theory.jacobian  # then differences in the equations cost digits
    for guard in GUARDS:
        with mpmath.workdps(int((digits + guard) * (1.6 if rough else 1.0)) + 5 + decades):
            value, theory, x, residual = _newton(point)
            state = {name: _at(theory, x, name) for name in ("free_energy", "energy", "entropy", "replicon")}
            order = dict(zip(theory.order, x, strict=True)) | theory.derived(x)
            result = Precise(
                digits,
                None if value is None else _digits(value, digits),
                {name: _digits(number, digits) for name, number in order.items()},
                {name: None if number is None else _digits(number, digits) for name, number in state.items()},
                residual,
            )
        settled = None if earlier is None else _settled(earlier, result)
        if settled is not None:
            return settled
        earlier = result
    msg = f"{point.theory.describe()}: the digits do not settle at {digits} digits"
    raise LocateError(msg)


def check_asked(point: Located | Solution, digits: int, what: str) -> None:
    """Raise `ParameterError` unless digits and point are allowed; `what` opens the message."""
    if not isinstance(digits, int) or not 1 <= digits <= 1000:
        msg = f"digits = {digits} is not allowed; it is a whole number from 1 to 1000"
        raise ParameterError(msg)
    if np.ndim(point.x) != 1:
        msg = f"{what} for one point; take it out of the batch first"
        raise ParameterError(msg)


def _settled(one: Precise, two: Precise) -> Precise | None:
    """The second result if the digits of both agree; a number that is noise around zero is zero.

    Noise falls with the precision of the arithmetic. A tiny number that has not settled yet does not.
    """
    import mpmath

    noise = mpmath.mpf(10) ** -(two.digits + 5)

    def same(a: str | None, b: str | None) -> str | None:
        if a == b or a is None or b is None:
            return b
        before, after = abs(mpmath.mpf(a)), abs(mpmath.mpf(b))
        return "0.0" if before < noise and after < 1e-6 * before else ""

    value = same(one.value, two.value)
    order = {name: same(one.order[name], text) or "" for name, text in two.order.items()}
    return None if value == "" or "" in order.values() else replace(two, value=value, order=order)


def _newton(point: Located | Solution) -> tuple[Any, Theory, Any, float]:
    theory = point.theory.exact()
    if isinstance(point, Solution):
        x, residual = _solve(theory, _exact(point.x))
        return None, theory, x, residual
    system = System(point.boundary, point.theory)
    z, value, residual, _, good = refine(system, theory, point.parameter, _exact(point.z), exact(point.value))
    if not good:
        msg = f"{point.theory.describe()}: Newton's method did not settle in high precision"
        raise LocateError(msg)
    theory = theory.at(**{point.parameter: value})
    _, theory, x = system.states(theory, z)[0]
    return value, theory, x, residual


def _solve(theory: Theory, x: Any) -> tuple[Any, float]:
    import mpmath

    n = len(x)
    eye = np.array([[mpmath.mpf(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
    x, good = newton_exact(theory.residual, lambda x: jacobian(theory, x) - eye, x)
    if good:
        return x, float(max(abs(v) for v in theory.residual(x)))
    msg = f"{theory.name}: Newton's method did not settle in high precision"
    raise LocateError(msg)


def _exact(values: Any) -> Any:
    import mpmath

    return np.array([mpmath.mpf(float(v)) for v in values], dtype=object)


def _at(theory: Theory, x: Any, name: str) -> Any:
    return getattr(theory.tuned(x), name)(x)


def _digits(number: Any, digits: int) -> str:
    import mpmath

    return str(mpmath.nstr(mpmath.mpf(number), digits, strip_zeros=False, min_fixed=-5, max_fixed=20))
