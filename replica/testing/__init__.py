"""What every theory promises, checked: `check_theory` for a theory of one's own, and for the package's.

A theory owes its users a few properties that no formula shows: that the free energy is stationary where the
equations hold, that a batch is a loop, that more digits can be asked for, that a wrong parameter is refused.
`check_theory` tries them all and reports every one that fails, with what was computed, what was expected, and
where to look. `theory_checks` gives them one by one; the package's own tests run these over `THEORIES`.

Nothing optional is asked. What a theory does not define (`jacobian`, `entropy`, `slope`, a symmetry, a
temperature) is not checked, and the report says so.

Derivatives are compared with extrapolated central differences (`richardson`), which estimate their own error;
the tolerance is ten times that estimate, and the estimate has to be small for the check to mean anything.
"""

from replica.testing.checks import Check, check_theory, theory_checks
from replica.testing.differences import explicit_slope, richardson, shifted
from replica.testing.report import CheckError, Failure, Report
from replica.testing.subject import varied, with_one

__all__ = [
    "Check",
    "CheckError",
    "Failure",
    "Report",
    "check_theory",
    "explicit_slope",
    "richardson",
    "shifted",
    "theory_checks",
    "varied",
    "with_one",
]
