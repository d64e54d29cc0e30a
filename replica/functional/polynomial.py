r"""Polynomials in the overlaps of the layers, with exact derivatives and divided differences by temperature.

Between a state of overlaps q with responses C and the same with Q = q + T C, a theory needs
:math:`[P(Q) - P(q)]/T`. Written term by term, as :math:`\sum_i C_i \prod_{j<i} Q_j \prod_{j>i} q_j` over the
factors of each term, it has no cancellation and no division: T = 0 is a value like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from replica.typing import Number

__all__ = ["Polynomial"]

Indices = tuple[int, ...]


@dataclass(frozen=True)
class Polynomial:
    """A polynomial in variables that are numbered from 0.

    Parameters
    ----------
    terms : sequence of (coefficient, indices)
        A variable stands in `indices` as often as its power says: ``(0.5, (0, 0))`` is x_0^2/2. Coefficients
        are floats, arrays of a batch or mpmath numbers. Terms with the same variables are added up.

    Examples
    --------
    >>> xi = Polynomial([(0.5, (0, 0)), (3.0, (1, 0))])
    >>> print(xi.value([2.0, 5.0]), xi.d(0).value([2.0, 5.0]), xi.d(0).d(1))
    32.0 17.0 Polynomial(terms=((3.0, ()),))
    >>> print(f"{xi.divided([0.4, 0.3], [0.5, 0.1], 0.0):.12f}")
    0.770000000000
    """

    terms: Sequence[tuple[Number, Indices]]

    def __post_init__(self) -> None:
        """Sort the variables of each term, and add up terms that have the same."""
        together: dict[Indices, Any] = {}
        for coefficient, indices in self.terms:
            key = tuple(sorted(indices))
            together[key] = together[key] + coefficient if key in together else coefficient
        object.__setattr__(self, "terms", tuple((number, key) for key, number in together.items()))

    @property
    def degree(self) -> int:
        """The highest order of a term; 0 where there is none."""
        return max((len(indices) for _, indices in self.terms), default=0)

    @property
    def lowest(self) -> int:
        """The lowest order of a term; 0 where there is none."""
        return min((len(indices) for _, indices in self.terms), default=0)

    @property
    def variables(self) -> tuple[int, ...]:
        """The variables that occur, in order."""
        return tuple(sorted({index for _, indices in self.terms for index in indices}))

    def power(self, s: int) -> int:
        """The highest power of a variable; 0 where it does not occur.

        Examples
        --------
        >>> Polynomial([(1.0, (0, 0, 1))]).power(0)
        2
        """
        return max((indices.count(s) for _, indices in self.terms), default=0)

    def value(self, q: Sequence[Number]) -> Number:
        """Its value; 0 without terms.

        Parameters
        ----------
        q : sequence of float, array or mpmath number
            One for each variable; they broadcast with the coefficients.
        """
        return sum((_product(number, (q[i] for i in indices)) for number, indices in self.terms), 0.0)

    def d(self, s: int) -> Polynomial:
        """The derivative by a variable."""
        terms: list[tuple[Number, Indices]] = []
        for number, indices in self.terms:
            if count := indices.count(s):
                at = indices.index(s)
                terms.append((count * number, indices[:at] + indices[at + 1 :]))
        return Polynomial(terms)

    def theta(self) -> Polynomial:
        """Theta(q) = sum_s q_s dP/dq_s - P, a Legendre transform.

        Examples
        --------
        >>> Polynomial([(0.5, (0, 0)), (2.0, (1,)), (0.5, (0, 0, 1))]).theta()
        Polynomial(terms=((0.5, (0, 0)), (1.0, (0, 0, 1))))
        """
        return Polynomial([((len(i) - 1) * number, i) for number, i in self.terms if len(i) != 1])

    def divided(self, q: Sequence[Number], C: Sequence[Number], T: Number) -> Number:
        """[P(q + T C) - P(q)]/T, also at T = 0, where it is sum_s C_s dP/dq_s.

        Parameters
        ----------
        q, C : sequence of float, array or mpmath number
            Overlap and response of each layer.
        T : float, array or mpmath number
        """
        Q = [low + T * slope for low, slope in zip(q, C, strict=True)]
        value: Number = 0.0
        for number, indices in self.terms:
            for i, index in enumerate(indices):
                above, below = (Q[j] for j in indices[:i]), (q[j] for j in indices[i + 1 :])
                value = value + _product(number * C[index], above, below)
        return value

    def divided_T(self, q: Sequence[Number], C: Sequence[Number], T: Number) -> Number:
        """The derivative of `divided` by T at constant q and C.

        Examples
        --------
        >>> print(Polynomial([(0.5, (0, 0))]).divided_T([0.3], [2.0], 0.1))  # d(q C + T C^2/2)/dT
        2.0
        """
        Q = [low + T * slope for low, slope in zip(q, C, strict=True)]
        value: Number = 0.0
        for number, indices in self.terms:
            for i, index in enumerate(indices):
                below = [q[j] for j in indices[i + 1 :]]
                for k in range(i):  # Q_k alone depends on T, with slope C_k
                    above = (Q[j] for j in indices[:k] + indices[k + 1 : i])
                    value = value + _product(number * C[index] * C[indices[k]], above, iter(below))
        return value


def _product(number: Number, *factors: Iterator[Number]) -> Number:
    for some in factors:
        for factor in some:
            number = number * factor
    return number
