"""Results: a solution, or a batch of them, that always says how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

import numpy as np

from replica.errors import ConvergenceError, UnknownNameError
from replica.theory import Theory

__all__ = ["Solution", "Status"]


class Status(Enum):
    """How a solver ended; the value is the sentence shown to the user. Exactly one member is success."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "iteration limit reached"
    UNPHYSICAL = "left the physical domain"
    OTHER_BRANCH = "converged to another branch"
    UNSTABLE = "converged to the unstable side of a fold"

    @property
    def code(self) -> int:
        """Position in the enumeration, as stored in arrays; 0 is success."""
        return list(Status).index(self)


@dataclass(frozen=True, slots=True)
class Solution:
    """Solution of a theory's saddle-point equations, for one point or for a batch.

    Attributes
    ----------
    theory : Theory
        With the parameter values that were solved.
    x : array, shape (n_order, *batch)
        Order parameters; NaN where there is no solution and the solver did not fall on one.
    residual : array, shape (*batch)
        Largest absolute component of the *undamped* ``update(x) - x``.
    status : array of int, shape (*batch)
        `Status.code` of each point; 0 is success.
    iterations : array of int, shape (*batch)
    branch : str or None
        The named branch that was asked for, if any.

    Examples
    --------
    >>> from replica import solve
    >>> from replica.theories import Hopfield
    >>> solution = solve(Hopfield(alpha=0.1, T=0.0))
    >>> print(solution.outcome.value, f"{solution['m']:.12f} {solution['r']:.12f}")
    converged 0.997999266347 1.043058830649
    """

    theory: Theory
    x: Any
    residual: Any
    status: Any
    iterations: Any
    branch: str | None = None

    @property
    def success(self) -> Any:
        """True where converged; shape (*batch)."""
        return np.asarray(self.status) == 0

    @property
    def outcome(self) -> Status:
        """The status of a single point."""
        return list(Status)[int(self.status)]

    @property
    def order(self) -> dict[str, Any]:
        """Every order parameter by name, derived ones included."""
        own = dict(zip(self.theory.order, self.x, strict=True))
        with np.errstate(all="ignore"):
            return own | self.theory.derived(self.x)

    def __getitem__(self, name: str) -> Any:
        """An order parameter by name, derived ones included."""
        order = self.order
        if name not in order:
            msg = f"order parameter of {self.theory.name}"
            raise UnknownNameError(msg, name, order)
        return order[name]

    @property
    def free_energy(self) -> Any:
        """Free energy per neuron."""
        return self._measure("free_energy")

    @property
    def energy(self) -> Any:
        """Energy per neuron; None where the theory defines none."""
        return self._measure("energy")

    @property
    def entropy(self) -> Any:
        """Entropy per neuron; None where the theory defines none."""
        return self._measure("entropy")

    @property
    def replicon(self) -> Any:
        """Stability of replica symmetry; None for a theory without disorder."""
        return self._measure("replicon")

    @property
    def broken(self) -> Any:
        """Whether replica symmetry is broken there: a negative replicon, beyond rounding; shape (*batch)."""
        return self.theory.broken(self.x)

    def _measure(self, name: str) -> Any:
        with np.errstate(all="ignore"):
            return getattr(self.theory.tuned(self.x), name)(self.x)

    def require(self) -> Self:
        """Return self if converged, else raise `ConvergenceError` carrying this solution."""
        if np.all(self.success):
            return self
        if np.ndim(self.status):
            failed = int(np.sum(~self.success))
            msg = f"{self.theory.describe()}: {failed} of {self.success.size} points failed"
            raise ConvergenceError(msg, self)
        msg = (
            f"{self.theory.describe()}: {self.outcome.value} (residual {float(self.residual):.1e} after "
            f"{int(self.iterations)} iterations); try Newton, another start, or a different damping"
        )
        raise ConvergenceError(
            msg,
            self,
        )
