"""What a check says: nothing, or what was computed, what was expected, and where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["CheckError", "Failure", "Report", "Wrong", "ask"]


@dataclass(frozen=True)
class Failure:
    """One check that failed.

    Attributes
    ----------
    check, branch : str
        Which check, on which branch; the branch is empty where the check is about none.
    computed, expected, look : str
        What was found, what should have been found, and where to look.
    """

    check: str
    branch: str
    computed: str
    expected: str
    look: str

    def __str__(self) -> str:
        where = f"{self.check} ({self.branch})" if self.branch else self.check
        return f"{where}: {self.computed}\n    expected: {self.expected}\n    look at:  {self.look}"


class CheckError(AssertionError):
    """A theory does not keep what every theory promises; the message lists every failed check.

    Attributes
    ----------
    failures : tuple of Failure
    """

    def __init__(self, theory: str, failures: tuple[Failure, ...], tried: int = 1) -> None:
        self.theory, self.failures, self.tried = theory, failures, tried
        verb = "fails" if len(failures) == 1 else "fail"
        head = f"{theory}: {len(failures)} of {tried} checks {verb}" if tried > 1 else theory
        super().__init__("\n  ".join([head, *(str(one).replace("\n", "\n  ") for one in failures)]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.theory, self.failures, self.tried)


@dataclass(frozen=True)
class Report:
    """A theory that passed.

    Attributes
    ----------
    theory : str
    passed : tuple of str
        The checks, with the branch where there is one.
    notes : tuple of (str, str)
        Checks that had nothing to ask, or less than all, and why.
    """

    theory: str
    passed: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines = [f"{self.theory}: {len(self.passed)} checks passed"]
        return "\n".join([*lines, *(f"  {name}: {why}" for name, why in self.notes)])


class Wrong(Exception):
    """Inside a check: it failed; what was computed, and what was expected."""

    def __init__(self, computed: str, expected: str) -> None:
        super().__init__(computed)
        self.computed, self.expected = computed, expected


def ask(good: Any, computed: str, expected: str) -> None:
    """Raise `Wrong` unless it is good."""
    if not good:
        raise Wrong(computed, expected)
