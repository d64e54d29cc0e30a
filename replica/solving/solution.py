"""Results: a solution, or a batch of them, that always says how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

import numpy as np

from replica.errors import ConvergenceError, UnknownNameError
from replica.showing import Shown, dataframe, good
from replica.solving.derivatives import difference
from replica.solving.rounding import TRIALS, root_error, roughness, state_error, value_error
from replica.theory import Theory
from replica.typing import Booleans, Number, Numbers
from replica.units import Unit

__all__ = ["MEASURES", "Solution", "Status"]

MEASURES = ("free_energy", "energy", "entropy", "replicon")
"""What is measured in a state."""


class Status(Enum):
    """How a solver ended; the value is the sentence shown to the user. Exactly one member is success."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "iteration limit reached"
    UNPHYSICAL = "left the physical domain"
    OTHER_BRANCH = "converged to another branch"
    UNSTABLE = "converged to the unstable side of a fold"
    FAILED = "the formulas could not be evaluated"
    ABSENT = "absent"

    @property
    def code(self) -> int:
        """Position in the enumeration, as stored in arrays; 0 is success."""
        return _CODES[self]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else good(value)


_CODES = {status: code for code, status in enumerate(Status)}


@dataclass(frozen=True, slots=True, eq=False)
class Solution(Shown, Mapping[str, Any]):
    """Solution of a theory's saddle-point equations, for one point or for a batch.

    A mapping of every order parameter, derived ones included, by name. A solution equals itself alone.

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
    over : str or None
        The control parameter over which the free energy was minimised, if it was.

    Examples
    --------
    >>> from replica import solve
    >>> from replica.theories import Hopfield
    >>> solution = solve(Hopfield(alpha=0.1, T=0.0))
    >>> print(solution.outcome.value, f"{solution['m']:.12f} {solution['r']:.12f}")
    converged 0.997999266347 1.043058830649
    """

    theory: Theory
    x: Numbers
    residual: Number
    status: Any
    iterations: Number
    branch: str | None = None
    over: str | None = None

    @property
    def success(self) -> Booleans:
        """True where converged; shape (*batch)."""
        return np.asarray(self.status) == 0

    @property
    def outcome(self) -> Status:
        """The status of a single point."""
        return list(Status)[int(self.status)]

    @property
    def order(self) -> dict[str, Number]:
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

    def __iter__(self) -> Iterator[str]:
        """Names of the order parameters, derived ones included."""
        return iter(self.order)

    def __len__(self) -> int:
        """Number of the order parameters, derived ones included."""
        return len(self.order)

    def __contains__(self, name: object) -> bool:
        """Whether there is an order parameter of that name."""
        return name in self.order

    def get(self, name: str, default: Any = None) -> Any:
        """An order parameter by name, or something else where there is none of that name."""
        return self.order.get(name, default)

    def __repr__(self) -> str:
        what = f"<Solution of {self.theory.describe()}: {self.branch or 'from a start'}"
        if np.ndim(self.status):
            return f"{what}, {np.sum(self.success)} of {np.size(self.status)} points converged>"
        told = ", ".join(f"{name} = {float(value):.10g}" for name, value in self.order.items())
        return f"{what}, {told}, {self.outcome.value}>"

    def _table(self) -> Any:
        caption = f"{self.theory.describe()}, {self.branch or 'from a start'}"
        if np.ndim(self.status):
            table, caption = self.columns, repr(self).strip("<>")
            cells = zip(*(map(_cell, column) for column in table.values()), strict=True)
            return caption, tuple(table), cells, ()
        errors = self.uncertainties if self.success else {}
        measures = {name: getattr(self, name) for name in MEASURES}
        rows = [
            (name, good(value, errors.get(name)), self.theory.symbols.get(name, ""))
            for name, value in self.order.items()
        ]
        rows += [
            (name.replace("_", " "), good(value, errors.get(name)), "")
            for name, value in measures.items()
            if value is not None
        ]
        rows.append(("status", self.outcome.value, f"residual {float(self.residual):.1e}"))
        return caption, ("", "value", ""), rows, ()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The points as a table, by column: numbers among the parameters, order parameters, f, status."""
        shape = np.shape(self.status)
        numbers = {k: v for k, v in self.theory.numbers.items() if v is not None and not isinstance(v, Unit)}
        told = numbers | self.order | {"free_energy": self.free_energy}
        table = {name: np.broadcast_to(np.asarray(v, dtype=float), shape).ravel() for name, v in told.items()}
        words = [list(Status)[int(code)].value for code in np.ravel(self.status)]
        return {name: values.tolist() for name, values in table.items()} | {"status": words}

    def to_dataframe(self) -> Any:
        """The points as a table of pandas; see `columns`."""
        return dataframe(self.columns)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def free_energy(self) -> Number:
        """Free energy per neuron."""
        return self._measure("free_energy")

    @property
    def energy(self) -> Number:
        """Energy per neuron; None where the theory defines none."""
        return self._measure("energy")

    @property
    def entropy(self) -> Number:
        """Entropy per neuron; None where the theory defines none."""
        return self._measure("entropy")

    @property
    def replicon(self) -> Number:
        """Stability of replica symmetry; None for a theory without disorder."""
        return self._measure("replicon")

    @property
    def broken(self) -> Booleans:
        """Whether replica symmetry is broken there: a negative replicon, beyond rounding; shape (*batch)."""
        return self.theory.broken(self.x)

    @property
    def uncertainty(self) -> Number:
        """Bounds on the errors of the order parameters, shape ``(n_order, *batch)``.

        From the residual, the noise of `update`, which is measured, and the conditioning of the equations;
        NaN where nothing was found, infinite where double precision says nothing. `polish` computes digits.

        Examples
        --------
        >>> from replica import solve
        >>> from replica.theories import Hopfield
        >>> solution = solve(Hopfield(alpha=0.1379055664949, T=0.0))  # 3e-14 from the end of the branch
        >>> print(f"m = {solution['m']:.7f}", 1e-11 < solution.uncertainty[0] < 1e-8)
        m = 0.9674172 True
        """
        return self._unknowns[: len(self.theory.order)]

    @property
    def uncertainties(self) -> dict[str, Number]:
        """Bounds on the errors by name: of every order parameter, derived or not, and of every measure.

        The parameter of a minimisation is among them.

        Examples
        --------
        >>> from replica import solve
        >>> from replica.theories import Hopfield
        >>> solution = solve(Hopfield(alpha=0.05, T=0.2))
        >>> print(all(error < 1e-13 for error in solution.uncertainties.values()))
        True
        """
        every = self._unknowns
        own = dict(zip((*self.theory.order, self.over or ""), every, strict=False))
        derived = self.theory.derived(self.x)
        measures = [name for name in MEASURES if getattr(self, name) is not None]

        def values(y: Any) -> Any:
            theory, x = self._at(y)
            more = theory.derived(x)
            told = [more[name] for name in derived]
            told += [getattr(theory.tuned(x), name)(x) for name in measures]
            return np.stack([value + 0 * x[0] for value in told])

        known = value_error(values, self._state, every) if self._has_neighbours else 0 * values(self._state)
        more = dict(zip((*derived, *measures), known, strict=True))
        if "energy" in more:  # f + T s, where nothing else may be left of either
            more["energy"] = more["energy"] + more["free_energy"]
        found = {name: getattr(self, name) for name in measures}
        return own | {
            name: np.where(np.isfinite(found.get(name, 0.0)), error, np.nan)[()]
            for name, error in more.items()
        }

    @property
    def _has_neighbours(self) -> bool:
        """Whether formulas hold next to the state; else it is known without an error."""
        name = self.branch or ""
        return not (name in self.theory.branches and self.theory.branch(name).isolated)

    @property
    def _state(self) -> Any:
        """All that was solved for: the order parameters, and the parameter of a minimisation."""
        x = np.asarray(self.x, dtype=float)
        return x if self.over is None else np.append(x, float(getattr(self.theory, self.over)))

    def _at(self, y: Any) -> tuple[Theory, Any]:
        return (self.theory, y) if self.over is None else (self.theory.at(**{self.over: y[-1]}), y[:-1])

    @property
    def _unknowns(self) -> Any:
        """Errors of all that was solved for."""
        if self.over is None:
            return np.where(np.isfinite(self.x), self.error(), np.nan)
        y = self._state

        def equations(y: Any) -> Any:
            theory, x = self._at(y)
            return np.concatenate([theory.residual(x), np.asarray(theory.slope(self.over or "", x))[None]])

        slope = difference(equations, y, scale=np.append(np.ones(len(y) - 1), y[-1]))
        return root_error(equations, y, slope, roughness(equations, y) + 4e-16 * np.abs(y))

    def error(self, *, trials: int = TRIALS) -> Number:
        """`uncertainty` where everything converged; fewer `trials` of the noise save time on large grids."""
        name = self.branch or ""
        if name in self.theory.branches and self.theory.branch(name).explicit:
            start = np.broadcast_to(self.theory.start(name), self.x.shape)
            return np.abs(self.x - start) + 1e-15 * np.abs(self.x)
        return state_error(self.theory, self.x, trials=trials)

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
        if self.outcome is Status.UNPHYSICAL and not self.iterations:
            msg = (
                f"{self.theory.describe()}: the start lies outside the domain of the equations; change "
                f"{' or '.join(self.theory.order)}, or start on a branch"
            )
            raise ConvergenceError(msg, self)
        msg = (
            f"{self.theory.describe()}: {self.outcome.value} (residual {float(self.residual):.1e} after "
            f"{int(self.iterations)} iterations); try Newton, another start, or a different damping"
        )
        raise ConvergenceError(
            msg,
            self,
        )
