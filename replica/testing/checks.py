"""The checks of a theory by name: one by one, or all of them with a report."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.functional import FullyConnected
from replica.testing.by_itself import OF_THE_THEORY
from replica.testing.of_a_model import OF_A_MODEL, OF_A_STATE
from replica.testing.on_a_branch import MISSING, OF_A_BRANCH
from replica.testing.report import CheckError, Failure, Report, Wrong
from replica.testing.subject import ACCURACY, Subject
from replica.theory import Theory

__all__ = ["Check", "check_theory", "theory_checks"]


@dataclass(frozen=True)
class Check:
    """One thing that a theory promises, to be called.

    Attributes
    ----------
    name : str
        What is checked, such as ``"stationarity"``.
    theory : Theory
    branch : str
        Empty where the check is about no branch.
    """

    name: str
    theory: Theory
    branch: str
    _on: Subject = dataclasses.field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.branch})" if self.branch else self.name

    def __call__(self) -> str:
        """Check it.

        Returns
        -------
        str
            Empty, or why there was nothing to ask.

        Raises
        ------
        CheckError
            With the one failure. Whatever a formula raises is a failure, too.
        """
        about = (OF_A_BRANCH | OF_A_STATE if self.branch else OF_THE_THEORY | OF_A_MODEL)[self.name]
        try:
            with np.errstate(all="ignore"):  # outside their domain formulas give NaN, and numpy says so
                if self.branch and self.name not in ("solution", "jacobian") and not self._on.found:
                    return MISSING
                return about.run(self._on)
        except Wrong as wrong:
            failure = Failure(self.name, self.branch, wrong.computed, wrong.expected, about.look)
            raise CheckError(self.theory.describe(), (failure,)) from wrong.__cause__
        except Exception as error:  # the theory is not ours: it may raise anything
            raised = f"{type(error).__name__}: {error}"
            failure = Failure(self.name, self.branch, f"raised {raised}", "no exception", about.look)
            raise CheckError(self.theory.describe(), (failure,)) from error


def theory_checks(
    theory: Theory | type[Theory],
    branches: Collection[str] | None = None,
    *,
    fixed: Collection[str] = (),
    accuracy: float = ACCURACY,
) -> Iterator[Check]:
    """Every check of a theory, one by one; see `check_theory`. Nothing is solved before one is called.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> stationarity = next(
    ...     one for one in theory_checks(CurieWeiss(T=0.5)) if one.name == "stationarity"
    ... )
    >>> print(stationarity, repr(stationarity()))
    stationarity (up) ''
    """
    if isinstance(theory, type):
        missing = [f.name for f in dataclasses.fields(theory) if f.default is dataclasses.MISSING]  # type: ignore[arg-type]
        if missing:
            msg = f"{theory.__name__}: {', '.join(missing)} must be given; check an instance, not the class"
            raise ParameterError(msg)
        theory = theory()
    theory.check_single()
    asked = [name for name in theory.available if not theory.branch(name).isolated]
    names = tuple(asked if branches is None else branches)
    if not names:
        msg = (
            f"{theory.describe()}: no branch to check; name one of {', '.join(theory.branches) or 'its own'}"
        )
        raise ParameterError(msg)
    for branch in names:
        theory.branch(branch)
    model = isinstance(theory, FullyConnected)  # made of layers and couplings
    on = Subject(theory, names[0], True, fixed, accuracy)
    for name in OF_THE_THEORY | (OF_A_MODEL if model else {}):
        yield Check(name, theory, "", on)
    for branch in names:
        on = Subject(theory, branch, branches is not None or branch == names[0], fixed, accuracy)
        for name in OF_A_BRANCH | (OF_A_STATE if model else {}):
            yield Check(name, theory, branch, on)


def check_theory(
    theory: Theory | type[Theory],
    branches: Collection[str] | None = None,
    *,
    fixed: Collection[str] = (),
    without: Collection[str] = (),
    accuracy: float = ACCURACY,
) -> Report:
    """Check that a theory keeps what every theory promises.

    By itself: declarations name what exists, a theory is a value (equality, hash, pickle), copies keep no
    caches, wrong parameters are refused by name. On every branch, at its solution: the free energy is
    stationary, and nowhere near (with one unknown: nor anywhere else from the start); `jacobian`, `slope` and
    `entropy`, if there are any, are the derivatives they should be; a batch is a loop; mpmath numbers give
    the same, and all their digits; a declared symmetry holds; the solution at T = 0 is the limit of those at
    T > 0. Of a theory made of layers and couplings further: its free energy is that of its covariance,
    in powers of it, and its replicon is a curvature of the free energy with one step of symmetry breaking.

    Parameters
    ----------
    theory : Theory or type
        One point, well inside a phase; or a class whose parameters all have defaults.
    branches : collection of str, optional
        Branches that must have a solution there. By default all branches of the theory are checked, and only
        the first must have one.
    fixed : collection of str
        Control parameters that cannot be varied by themselves.
    without : collection of str
        Names of checks to leave out: ``("mpmath", "digits")`` where these take minutes.
    accuracy : float
        Error of the formulas in float64, a few roundings by default; tolerances are in proportion.

    Returns
    -------
    Report
        What passed, and what was not asked, and why.

    Raises
    ------
    CheckError
        An AssertionError that lists every check that failed, with what was computed, what was expected, and
        where to look.
    ParameterError, UnknownNameError
        If there is nothing to check: a batch, a class without defaults, no branch, an unknown name.

    Examples
    --------
    >>> from replica.theories import CurieWeiss
    >>> print(check_theory(CurieWeiss(T=0.5, h=0.1), ["up"], without=["cold"]))
    curie-weiss(T=0.5, h=0.1): 17 checks passed
      slope (up): none of its own; it is differenced
      cold: left out
    """
    every = (*OF_THE_THEORY, *OF_A_BRANCH)
    for name in without:
        if name not in every:
            msg = "check"
            raise UnknownNameError(msg, name, every)
    checks = [
        one
        for one in theory_checks(theory, branches, fixed=fixed, accuracy=accuracy)
        if one.name not in without
    ]
    passed: list[str] = []
    notes: list[tuple[str, str]] = []
    failures: list[Failure] = []
    for one in checks:
        try:
            note = one()
        except CheckError as error:
            failures += error.failures
            continue
        if not note or one.name == "jacobian":
            passed.append(str(one))
        if note and (note != MISSING):
            notes.append((str(one), note))
    subject = checks[0].theory.describe()
    if failures:
        raise CheckError(subject, tuple(failures), len(checks))
    return Report(subject, tuple(passed), (*notes, *((name, "left out") for name in without)))
