r"""Measurements beside a theory: extrapolation to large N, z, and a verdict.

What is extrapolated is the difference between measurement and theory, d(N) = a + b/N, by least squares with
the weights 1/error^2; a + b/N^power where a state is known to have another power. Its intercept a over the
error of a is z. An error that was estimated from n samples makes z follow Student's distribution, with wider
tails than Gauss': z is then given as the number of sigmas of a Gaussian variable that is as unlikely, with
the degrees of freedom of the weighted sum (Welch and Satterthwaite).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from replica.errors import BranchError, ConvergenceError, ParameterError, UnknownNameError
from replica.showing import Shown, good
from replica.solving import Solution, solve
from replica.theory import Theory
from replica.typing import Number

__all__ = ["MOST", "Agreement", "DisagreementError", "Measurement", "Row", "Subject", "confront", "sigmas"]

MOST = 4.0
"""Largest |z| that still counts as agreement."""

MEASURES = ("free_energy", "energy", "entropy")


class DisagreementError(ConvergenceError):
    """Measurement and theory differ by more than `MOST` sigmas; ``solution`` is the `Agreement`."""


@dataclass(frozen=True)
class Subject:
    """The theory that is confronted: its class, what is held fixed, the branch, and the units of measurement.

    Parameters
    ----------
    kind : type of Theory
    fixed : mapping of str to value
        Control parameters that do not vary.
    branch : str, optional
        By default the first one.
    unscaled : bool
        Whether parameters and observables are the unscaled ones, for a theory that has both.
    among : tuple of str
        Without `branch`, and where the default of the theory is one of these: the first of them that has a
        solution.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> state = Subject(Hopfield, {"T": 0.1}).solve({"alpha": 0.05})
    >>> print(f"{state['m']:.6f}")
    0.999954
    """

    kind: type[Theory]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    branch: str | None = None
    unscaled: bool = False
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the name of the branch."""
        if self.branch is not None and self.branch not in self.kind.branches:
            what = f"branch of {self.kind.name}"
            raise UnknownNameError(what, self.branch, self.kind.branches)

    def at(self, point: Mapping[str, Any]) -> Theory:
        """The theory at a point."""
        make: Callable[..., Theory] = self.kind
        if self.unscaled and hasattr(self.kind, "from_unscaled"):
            make = self.kind.from_unscaled
        fields = self.kind.parameters()
        values = {
            name: int(value) if name in fields and fields[name].integer and value == int(value) else value
            for name, value in {**self.fixed, **point}.items()
        }
        return make(**values)

    def solve(self, point: Mapping[str, Any]) -> Solution:
        """The state of the theory at a point.

        Raises
        ------
        ConvergenceError
            If there is none.
        """
        theory = self.at(point)
        several = self.branch is None and theory.default in self.among
        *others, last = self.among if several else (self.branch,)
        for name in others:
            state = solve(theory, name, throw=False)
            if state.success:
                return state
        return solve(theory, last)

    def value(self, state: Solution, name: str) -> float:
        """An observable of a state, in the units of the theory."""
        if name in state.order:
            return float(state.order[name])
        number = getattr(state, name) if name in MEASURES else None
        if number is None:
            known = (*state.order, *(m for m in MEASURES if getattr(state, m) is not None))
            what = f"observable of {self.kind.name}"
            raise UnknownNameError(what, name, known)
        return float(number)

    def asked(self, theory: Any, name: str, value: Number) -> Number:
        """A quantity of the theory in the units that are asked for."""
        return theory.unscaled(name, value) if self.unscaled and hasattr(theory, "unscaled") else value


@dataclass(frozen=True)
class Measurement:
    """What was measured at one point and one size.

    Parameters
    ----------
    point : mapping of str to float
        Control parameters that vary.
    N : int, optional
        Size; None where it is not known, or infinite.
    values : mapping of str to float
        Means of the observables.
    errors : mapping of str to float
        Their standard errors; NaN where there is none.
    samples : int, optional
        Number of independent samples that the errors were estimated from; None where errors are exact.
    note : str
        What became of the samples that are not in the means.
    """

    point: Mapping[str, float]
    N: int | None
    values: Mapping[str, float]
    errors: Mapping[str, float]
    samples: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One observable at one point.

    Attributes
    ----------
    point : mapping
        Control parameters that vary.
    name : str
        The observable.
    theory : float
        For N -> infinity; NaN where the theory has no solution.
    sizes, values, errors, expected : tuple
        Sizes N, means, standard errors, and the theory at these sizes.
    estimate, error : float
        The measurement extrapolated to N -> infinity; at the only size there is, less what is known of it.
    chi2, dof : float, int
        How well the differences lie on a line in 1/N; dof = 0 says nothing.
    z : float
        Distance from the theory in sigmas; NaN where it cannot be told.
    note : str
        Why not, or what became of samples that were lost.
    """

    point: Mapping[str, float]
    name: str
    theory: float
    sizes: tuple[int | None, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    expected: tuple[float, ...]
    estimate: float
    error: float
    chi2: float
    dof: int
    z: float
    note: str = ""


@dataclass(frozen=True, repr=False)
class Agreement(Shown):
    """The outcome: a row for every point and observable."""

    subject: Subject
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        return f"<Agreement: {self.verdict}>"

    def _table(self) -> Any:
        points = list(self.rows[0].point) if self.rows else []
        rows = [
            (
                *(f"{v:g}" for v in row.point.values()),
                *(row.name, f"{row.theory:.7g}", good(row.estimate, row.error)),
                "-" if math.isnan(row.z) else f"{row.z:+.1f}",
            )
            for row in self.rows
        ]
        notes = dict.fromkeys(row.note for row in self.rows if row.note)
        return self.verdict, (*points, "observable", "theory", "measured", "z"), rows, notes

    @property
    def judged(self) -> tuple[Row, ...]:
        """Rows that have a z."""
        return tuple(row for row in self.rows if math.isfinite(row.z) or math.isinf(row.z))

    @property
    def worst(self) -> Row | None:
        """The row of largest |z|."""
        return max(self.judged, key=lambda row: abs(row.z), default=None)

    @property
    def verdict(self) -> str:
        """One sentence that names the worst observable."""
        worst, name = self.worst, self.subject.kind.name
        if worst is None:
            return f"{name}: nothing could be judged: no point has a solution and a measurement with an error"
        where = " at " + ", ".join(f"{k} = {v:g}" for k, v in worst.point.items()) if worst.point else ""
        sides = "agree" if abs(worst.z) <= MOST else "do not agree"
        count = f"{len(self.judged)} observable{'s' * (len(self.judged) != 1)}"
        return (
            f"{name}: theory and measurement {sides}; of {count} the worst is {worst.name}{where}, "
            f"{worst.estimate:.6g} +- {worst.error:.2g} against {worst.theory:.6g}: z = {worst.z:+.1f}"
        )

    def require(self) -> Agreement:
        """Return the agreement.

        Raises
        ------
        DisagreementError
            If some |z| exceeds `MOST`, or nothing could be judged; the message names the worst observable.
        """
        if self.worst is None or abs(self.worst.z) > MOST:
            raise DisagreementError(self.verdict, self)
        return self


def confront(
    subject: Subject,
    measured: Sequence[Measurement],
    finite_size: Callable[[Solution, int], Mapping[str, float]] | None = None,
    power: Callable[[Solution], float] | None = None,
) -> Agreement:
    """Put measurements beside the theory.

    Parameters
    ----------
    subject : Subject
        The theory.
    measured : sequence of Measurement
        Measurements; those at one point and several sizes are extrapolated.
    finite_size : callable, optional
        What size N adds to the observables of a state, in the units of the theory.
    power : callable, optional
        The power of 1/N with which the rest vanishes; 1 by default.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> found = confront(Subject(CurieWeiss), [Measurement({"T": 0.5}, None, {"m": 0.96}, {"m": 0.01})])
    >>> print(found.verdict)
    curie-weiss: theory and measurement agree; of 1 observable the worst is m at T = 0.5, 0.96 +- 0.01 \
against 0.957504: z = +0.2
    """
    groups: dict[tuple[tuple[str, float], ...], list[Measurement]] = {}
    for one in measured:
        groups.setdefault(tuple(one.point.items()), []).append(one)
    rows: list[Row] = []
    for parts in groups.values():
        rows += _point(subject, parts, finite_size, power)
    return Agreement(subject, tuple(rows))


def _point(subject: Subject, parts: list[Measurement], finite_size: Any, power: Any) -> list[Row]:
    """All observables at one point."""
    point = parts[0].point
    names = list(dict.fromkeys(name for one in parts for name in one.values))
    notes = "; ".join(dict.fromkeys(one.note for one in parts if one.note))
    try:
        state = subject.solve(point)
    except ConvergenceError as error:
        ends = f": {error}" if isinstance(error, BranchError) else ": the solver did not converge"
        return [_absent(point, name, f"theory{ends}", parts) for name in names]
    added = [{} if finite_size is None or one.N is None else finite_size(state, one.N) for one in parts]
    decay = 1.0 if power is None else float(power(state))
    rows = []
    for name in names:
        limit = subject.value(state, name)
        theory = float(subject.asked(state.theory, name, limit))
        expected = [float(subject.asked(state.theory, name, limit + shift.get(name, 0.0))) for shift in added]
        rows.append(_row(point, name, theory, parts, expected, notes, decay))
    return rows


def _absent(point: Mapping[str, float], name: str, note: str, parts: list[Measurement]) -> Row:
    values = tuple(one.values.get(name, math.nan) for one in parts)
    errors = tuple(one.errors.get(name, math.nan) for one in parts)
    nothing = (math.nan,) * len(parts)
    sizes = tuple(one.N for one in parts)
    return Row(
        point, name, math.nan, sizes, values, errors, nothing, math.nan, math.nan, math.nan, 0, math.nan, note
    )


def _row(
    point: Mapping[str, float],
    name: str,
    theory: float,
    parts: list[Measurement],
    expected: list[float],
    note: str,
    decay: float,
) -> Row:
    values = np.array([one.values.get(name, np.nan) for one in parts], dtype=float)
    errors = np.array([one.errors.get(name, np.nan) for one in parts], dtype=float)
    sizes = tuple(one.N for one in parts)
    difference = values - np.array(expected)
    sure = errors == 0
    good = np.isfinite(difference) & np.isfinite(errors) & ~sure
    if np.any(sure):
        note = "; ".join(filter(None, (note, "an error of 0 is no error bar, and gets no verdict")))
    shown = (tuple(values.tolist()), tuple(errors.tolist()), tuple(expected))
    if not np.any(good):
        at = np.flatnonzero(np.isfinite(difference))
        estimate = theory + float(difference[at[-1]]) if at.size else math.nan
        why = note or ("no error is given" if at.size else "nothing was measured")
        return Row(point, name, theory, sizes, *shown, estimate, math.nan, math.nan, 0, math.nan, why)
    counts = [None if one.samples is None else one.samples - 1 for one in parts]
    known = [N for N, ok in zip(sizes, good, strict=True) if ok]
    inverse = np.array([0.0 if N is None else N**-decay for N in known])
    gap, error, chi2, dof, freedom = _intercept(
        inverse, difference[good], errors[good], [n for n, ok in zip(counts, good, strict=True) if ok]
    )
    z = sigmas(gap, error, freedom)
    return Row(point, name, theory, sizes, *shown, theory + gap, error, chi2, dof, z, note)


def _intercept(
    inverse: Any, difference: Any, errors: Any, counts: list[int | None]
) -> tuple[float, float, float, int, float]:
    """Intercept of a line, its error, chi^2, degrees of freedom of the fit, and of the error."""
    columns = [np.ones(len(inverse))] + ([inverse] if len(set(inverse.tolist())) > 1 else [])
    design = np.stack(columns, axis=1)
    floor = np.max(errors) * 1e-6 or 1.0  # a value without any error decides alone
    weight = 1 / np.maximum(errors, floor)
    inner = np.linalg.pinv(design * weight[:, None])
    coefficients = inner @ (difference * weight)
    share = inner[0] * weight  # the intercept is a weighted sum of the differences
    parts = (share * errors) ** 2
    variance = float(np.sum(parts))
    residual = (difference - design @ coefficients) * weight
    dof = len(difference) - design.shape[1]
    spread = sum(part**2 / n for part, n in zip(parts, counts, strict=True) if n is not None)
    freedom = variance**2 / spread if spread > 0 else math.inf
    return float(coefficients[0]), math.sqrt(variance), float(np.sum(residual**2)), dof, float(freedom)


def sigmas(gap: float, error: float, freedom: float = math.inf) -> float:
    """How many sigmas a difference is worth, whose error was estimated with so many degrees of freedom.

    Examples
    --------
    >>> print(f"{sigmas(0.3, 0.1):.2f} {sigmas(0.3, 0.1, freedom=3):.2f} {sigmas(0.0, 0.0)}")
    3.00 1.90 0.0
    """
    if gap == 0:
        return 0.0
    if error == 0:
        return math.copysign(math.inf, gap)
    t = gap / error
    if math.isinf(freedom):
        return t
    return math.copysign(-float(special.ndtri_exp(_log_tail(abs(t), freedom))), t)


def _log_tail(t: float, freedom: float) -> float:
    """Logarithm of the probability beyond t of Student's distribution, also where that underflows."""
    tail = float(special.stdtr(freedom, -t))
    if tail > 1e-290:
        return math.log(tail)
    a = freedom / 2  # leading term of the incomplete beta function at small x
    x = freedom / (freedom + t**2)
    return a * math.log(x) - math.log(2 * a) - float(special.betaln(a, 0.5))


def check_point(subject: Subject, names: Sequence[str]) -> None:
    """Refuse names that are no parameters of the theory."""
    for name in names:
        if name not in subject.kind.parameters():
            what = f"parameter of {subject.kind.name}"
            raise UnknownNameError(what, name, subject.kind.parameters())
        if name in subject.fixed:
            message = f"{subject.kind.name}: {name} is given as fixed, and as one that varies; leave one out"
            raise ParameterError(message)
