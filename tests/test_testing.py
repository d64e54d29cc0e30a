"""`check_theory` passes what is right, and every one of its checks notices what it is meant for."""

import copy
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pytest

from replica.errors import ParameterError, UnknownNameError
from replica.numerics.functions import log2cosh, stack, tanh
from replica.numerics.spins import spin_averages
from replica.solving import locate, solve
from replica.solving.derivatives import jacobian, jacobian_error
from replica.testing import CheckError, Report, check_theory, theory_checks
from replica.theories import CurieWeiss, Hopfield, SherringtonKirkpatrick
from replica.theory import Boundary, Branch, Critical, Fold, Limit, Phase, Theory, Value, Zero, parameter

NAMES = {check.name for check in theory_checks(CurieWeiss(T=0.5))}


# -- what is right ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TwoFormulas(Theory):
    """A ferromagnet in a field, and nothing that the page calls optional."""

    T: Value = parameter("temperature", "T", lower=0, default=0.5, typical=(0.0, 1.0))
    h: Value = parameter("field", "h", default=0.2, typical=(0.0, 1.0))

    name: ClassVar[str] = "two-formulas"
    order: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {"up": Branch("m > 0", (1.0,))}

    def update(self, x: Any) -> Any:
        (m,) = x
        return stack(spin_averages(m / 3 + self.h, 0 * m, self.T).tanh)

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return m**2 / 6 - spin_averages(m / 3 + self.h, 0 * m, self.T).log2cosh


@dataclass(frozen=True)
class Full(TwoFormulas):
    """The same with everything optional."""

    name: ClassVar[str] = "full"
    symmetry: ClassVar[tuple[str, ...]] = ("m", "h")
    limit: ClassVar[Limit | None] = Limit("h")
    lines: ClassVar[Mapping[str, Boundary]] = {"fold": Fold("up"), "zero": Zero(Phase("up"), "entropy")}
    critical: ClassVar[Critical | None] = Critical("T", "zero", "T_0", "where the entropy vanishes")

    def jacobian(self, x: Any) -> Any:
        (m,) = x
        return stack(stack(spin_averages(m / 3 + self.h, 0 * m, self.T).susceptibility / 3))

    def entropy(self, x: Any) -> Any:
        (m,) = x
        return spin_averages(m / 3 + self.h, 0 * m, self.T).entropy

    def slope(self, name: str, x: Any) -> Any:
        (m,) = x
        return -self.entropy(x) if name == "T" else -spin_averages(m / 3 + self.h, 0 * m, self.T).tanh


def test_two_formulas_are_enough() -> None:
    report = check_theory(TwoFormulas)
    assert {name.partition(" ")[0] for name in report.passed} == NAMES - {"slope", "entropy", "symmetry"}
    assert {name.partition(" ")[0] for name, _ in report.notes} == {
        "slope",
        "entropy",
        "symmetry",
        "jacobian",
    }
    assert "jacobian (up): none of its own; the differenced one is good to" in str(report)


def test_everything_that_is_there_is_asked() -> None:
    report = check_theory(Full(T=0.3))
    assert {name.partition(" ")[0] for name in report.passed} == NAMES
    assert report.notes == ()
    assert str(report) == f"full(T=0.3, h=0.2): {len(NAMES)} checks passed"


@pytest.mark.parametrize(
    "theory",
    [
        TwoFormulas(T=0.0),
        TwoFormulas(T=0.01),  # where the steps of a differenced Jacobian are long
        Full(T=0.0),
        CurieWeiss(T=0.5),  # three branches, one of them explicit
        Hopfield(alpha=0.3, T=1.3),  # an explicit branch at the edge of the domain, and one that is missing
        SherringtonKirkpatrick(T=0.5),
    ],
    ids=Theory.describe,
)
def test_right_theories_pass_on_all_their_branches(theory: Theory) -> None:
    branches = None if theory.name != "hopfield" else ["glass", "paramagnet"]
    assert isinstance(check_theory(theory, branches, without=["mpmath", "digits"]), Report)


def test_formulas_that_overflow_outside_their_domain_do_not_warn() -> None:
    """The Jacobian at T = 0 of a state that is not there, C = inf."""
    for check in theory_checks(Hopfield(alpha=1e-3), ["paramagnet"]):
        if check.name == "jacobian":
            assert check() == ""


class Small(TwoFormulas):
    """Terms of size 1 whose sum is 1e-8 at the solution: its rounding is 1e-16, not 1e-23."""

    name = "small"

    def free_energy(self, x: Any) -> Any:
        return super().free_energy(x) + 0.43302128


def test_a_free_energy_near_zero_is_judged_by_its_terms() -> None:
    size = abs(solve(Small()).free_energy)
    assert size < 1e-8
    assert "stationarity (up)" in check_theory(Small).passed


class Noisy(TwoFormulas):
    """Formulas good to 1e-13, such as a quadrature may give."""

    name = "noisy"

    def update(self, x: Any) -> Any:
        x = np.asarray(x)
        noise = 0 if x.dtype == object else 1e-13 * np.sin(1e16 * x.astype(float))
        return super().update(x) + noise


def test_formulas_of_fewer_digits_say_so() -> None:
    with pytest.raises(CheckError, match=r"solution \(up\)"):
        check_theory(Noisy)
    assert "solution (up)" in check_theory(Noisy, accuracy=1e-11).passed


# -- what is wrong ------------------------------------------------------------------------------------------


class WrongSign(Full):
    """The field with the wrong sign, in the update alone."""

    name = "wrong-sign"

    def update(self, x: Any) -> Any:
        (m,) = x
        return stack(spin_averages(m / 3 - self.h, 0 * m, self.T).tanh)

    def jacobian(self, x: Any) -> Any:
        (m,) = x
        return stack(stack(spin_averages(m / 3 - self.h, 0 * m, self.T).susceptibility / 3))


class WrongCoupling(TwoFormulas):
    """The ferromagnet with the wrong sign: its branch is not there."""

    name = "wrong-coupling"

    def update(self, x: Any) -> Any:
        return -TwoFormulas(T=self.T, h=0 * self.h).update(x)

    def belongs(self, branch: str, x: Any) -> Any:
        return x[0] > 1e-7


@dataclass(frozen=True)
class Silent(TwoFormulas):
    """The same without a field and without `belongs`: at m = 0 nothing is wrong."""

    T: Value = parameter("temperature", "T", lower=0, default=0.2)
    h: Value = parameter("field", "h", default=0.0, typical=(0.0, 1.0))
    name: ClassVar[str] = "silent"

    def update(self, x: Any) -> Any:
        return -super().update(x)


class WrongTerm(TwoFormulas):
    """A wrong factor in one term of the free energy."""

    name = "wrong-term"

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return m**2 / 4 - spin_averages(m / 3 + self.h, 0 * m, self.T).log2cosh


class Constant(TwoFormulas):
    """A free energy that knows no order parameter is stationary everywhere."""

    name = "constant"

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return 0 * m - self.T


class OneForAll(TwoFormulas):
    """The temperature of the first point for all of a batch."""

    name = "one-for-all"

    def update(self, x: Any) -> Any:
        (m,) = x
        first = np.ravel(self.T)[0] if np.size(self.T) else 1.0
        return stack(spin_averages(m / 3 + self.h, 0 * m, first).tanh)


class Flat(TwoFormulas):
    """A sum over all axes, not over the last one."""

    name = "flat"

    def free_energy(self, x: Any) -> Any:
        return np.sum(super().free_energy(x)) + 0 * x[0]


class OwnStart(TwoFormulas):
    """A start for one point only."""

    name = "own-start"

    def start(self, branch: str) -> Any:
        return np.array([1.0])


class Jumping(TwoFormulas):
    """A start that depends on the batch that it is in."""

    name = "jumping"

    def start(self, branch: str) -> Any:
        return self.state(m=0.9 if np.ndim(self.T) else 1.0)


class NumpyFunctions(TwoFormulas):
    """Functions of numpy, which know no mpmath numbers."""

    name = "numpy-functions"

    def update(self, x: Any) -> Any:
        (m,) = x
        return np.stack([np.tanh((m / 3 + self.h) / self.T)])


class Floats(TwoFormulas):
    """Mpmath numbers made floats, silently: what comes out is one again, of sixteen digits."""

    name = "floats"

    def free_energy(self, x: Any) -> Any:
        return super().free_energy(np.asarray(x, dtype=float))


class SixteenDigits(TwoFormulas):
    """A third of sixteen digits."""

    name = "sixteen-digits"

    def update(self, x: Any) -> Any:
        (m,) = x
        return stack(tanh(((1 / 3) * m + self.h) / self.T))

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        return m**2 / 6 - self.T * log2cosh((m / 3 + self.h) / self.T)


class WrongJacobian(Full):
    """A Jacobian that is a tenth too large; Newton's method gets there, but not to the last digit."""

    name = "wrong-jacobian"

    def jacobian(self, x: Any) -> Any:
        return 1.1 * super().jacobian(x)


class Misleading(Full):
    """A Jacobian with which nothing is found."""

    name = "misleading"

    def jacobian(self, x: Any) -> Any:
        return 3 * super().jacobian(x)


class WrongEntropy(Full):
    """The entropy of two spins."""

    name = "wrong-entropy"

    def entropy(self, x: Any) -> Any:
        return 2 * super().entropy(x)

    def slope(self, name: str, x: Any) -> Any:
        return -self.entropy(x) / 2 if name == "T" else super().slope(name, x)


class WrongSlope(Full):
    """The slope in the field with the wrong sign."""

    name = "wrong-slope"

    def slope(self, name: str, x: Any) -> Any:
        return super().slope(name, x) * (1 if name == "T" else -1)


class WrongSymmetry(TwoFormulas):
    """The field ought to change its sign, too."""

    name = "wrong-symmetry"
    symmetry = ("m",)


class Glacial(TwoFormulas):
    """At T = 0 a formula of its own, and a wrong one."""

    name = "glacial"

    def update(self, x: Any) -> Any:
        return np.where(np.equal(self.T, 0), 0.9, 1.0) * super().update(x)


class NoValidation(TwoFormulas):
    """Anything goes."""

    name = "no-validation"

    def __post_init__(self) -> None:
        pass


@dataclass(frozen=True)
class PlainField(TwoFormulas):
    """A parameter without a domain."""

    J: float = 1.0
    name: ClassVar[str] = "plain-field"


@dataclass
class Thawed(TwoFormulas.__mro__[1]):  # type: ignore[misc]  # Theory: a frozen class has no other heirs
    """Not frozen, hence without a hash."""

    T: Value = parameter("temperature", "T", lower=0, default=0.5)
    h: Value = parameter("field", "h", default=0.2)
    name: ClassVar[str] = "thawed"
    order: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = TwoFormulas.branches
    update = TwoFormulas.update
    free_energy = TwoFormulas.free_energy


class Remembering(TwoFormulas):
    """A copy that keeps what was cached for other values."""

    name = "remembering"

    @cached_property
    def temperature(self) -> Any:
        return 1.0 * self.T

    def at(self, **changes: Any) -> Any:
        other = copy.copy(self)
        other.__dict__.update(changes)
        return other

    def update(self, x: Any) -> Any:
        (m,) = x
        return stack(spin_averages(m / 3 + self.h, 0 * m, self.temperature).tanh)


class Misnamed(TwoFormulas):
    """A line on a branch that does not exist."""

    name = "misnamed"
    lines: ClassVar[Mapping[str, Boundary]] = {"fold": Fold("down")}


class NoTest(TwoFormulas):
    """A line where a method vanishes that does not exist."""

    name = "no-test"
    lines: ClassVar[Mapping[str, Boundary]] = {"zero": Zero(Phase("up"), "nonsense")}


class Uncritical(TwoFormulas):
    """A critical value of a line that does not exist."""

    name = "uncritical"
    critical = Critical("T", "fold", "T_c", "nothing")


class Homonym(TwoFormulas):
    """An order parameter with the name of a control parameter."""

    name = "homonym"

    def derived(self, x: Any) -> dict[str, Any]:
        return {"h": x[0]}


class Indifferent(TwoFormulas):
    """Takes any name for an order parameter."""

    name = "indifferent"

    def state(self, **known: Any) -> Any:
        return super().state(**{name: value for name, value in known.items() if name in self.order})


class Crashing(TwoFormulas):
    """A formula that raises."""

    name = "crashing"

    def free_energy(self, x: Any) -> Any:
        msg = "in the user's code"
        raise ZeroDivisionError(msg)


WRONG: list[tuple[type[Theory], set[str], set[str]]] = [
    (WrongSign, {"stationarity"}, {"converse"}),
    (WrongCoupling, {"solution"}, set()),
    (Silent, {"converse"}, set()),
    (WrongTerm, {"stationarity"}, {"converse"}),
    (Constant, {"sensitivity"}, {"envelope"}),
    (OneForAll, {"batch"}, {"envelope"}),
    (Flat, {"batch"}, {"sensitivity", "envelope", "cold"}),
    (OwnStart, {"batch", "starts"}, set()),
    (Jumping, {"starts"}, set()),
    (NumpyFunctions, {"mpmath"}, {"digits"}),
    (Floats, {"digits"}, set()),
    (SixteenDigits, {"digits"}, set()),
    (WrongJacobian, {"jacobian"}, {"solution"}),
    (Misleading, {"solution", "jacobian"}, set()),
    (WrongEntropy, {"entropy"}, set()),
    (WrongSlope, {"slope", "envelope"}, set()),
    (WrongSymmetry, {"symmetry"}, set()),
    (Glacial, {"cold"}, set()),
    (NoValidation, {"validation"}, set()),
    (Thawed, {"value"}, set()),
    (
        Remembering,
        {"replacement"},
        {"batch", "starts", "envelope"},
    ),  # its batch, too
    (Misnamed, {"declarations"}, set()),
    (NoTest, {"declarations"}, set()),
    (Uncritical, {"declarations"}, set()),
    (Homonym, {"declarations"}, set()),
    (Indifferent, {"states"}, set()),
    (
        Crashing,
        {"stationarity"},
        {"sensitivity", "converse", "envelope", "batch", "mpmath", "digits", "cold"},
    ),
]
"""Wrong theories, the checks that are meant for them, and those that fail in their wake."""


def test_a_field_without_a_domain_is_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"PlainField: declare the field J by parameter\(...\)"):
        check_theory(PlainField)


@pytest.mark.parametrize(("kind", "meant", "wake"), WRONG, ids=[kind.name for kind, *_ in WRONG])
def test_what_is_wrong_is_noticed_by_the_check_that_is_meant_for_it(
    kind: type[Theory], meant: set[str], wake: set[str]
) -> None:
    with pytest.raises(CheckError) as caught:
        check_theory(kind)
    failed = {failure.check for failure in caught.value.failures}
    assert failed == meant | wake


def test_every_check_can_fail() -> None:
    assert set().union(*(meant for _, meant, _ in WRONG)) == NAMES


def test_a_theory_that_cannot_be_pickled_is_no_value() -> None:
    class Local(TwoFormulas):
        name = "local"

    with pytest.raises(CheckError, match="cannot be pickled") as caught:
        check_theory(Local)
    assert [failure.check for failure in caught.value.failures] == ["value"]


# -- what is told -------------------------------------------------------------------------------------------


def test_an_error_lists_every_failure_with_numbers_and_a_place_to_look() -> None:
    class Twice(WrongJacobian):
        name = "twice"
        symmetry = ("m",)

    with pytest.raises(CheckError) as caught:
        check_theory(Twice(), without=["value"])
    error = caught.value
    assert isinstance(error, AssertionError)
    assert [failure.check for failure in error.failures] == ["solution", "jacobian", "symmetry"]
    assert all(one.branch == "up" for one in error.failures)
    first = error.failures[1]
    slope, truth = (float(re.search(r"[\d.]+(?= by )", text)[0]) for text in (first.computed, first.expected))  # type: ignore[index]
    assert slope == pytest.approx(1.1 * truth, rel=1e-8)
    for one in error.failures:
        assert f"{one.check} (up): {one.computed}" in str(error)
        assert one.expected in str(error)
        assert one.look in str(error)
    assert f"3 of {len(NAMES) - 1} checks fail" in str(error)
    same = pickle.loads(pickle.dumps(error))
    assert (str(same), same.failures) == (str(error), error.failures)


def test_an_exception_in_a_formula_is_a_failure_with_its_cause() -> None:
    (check,) = (one for one in theory_checks(Crashing()) if one.name == "stationarity")
    with pytest.raises(CheckError, match="raised ZeroDivisionError: in the user's code") as caught:
        check()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_branch_that_is_asked_for_must_be_there() -> None:
    hot = CurieWeiss(T=1.5)
    assert check_theory(hot, ["paramagnet"]).passed
    for branches in (["up"], None):  # the first branch is asked for by default
        with pytest.raises(CheckError, match=r"solution \(up\): no solution"):
            check_theory(hot, branches)


def test_a_branch_that_is_not_there_is_told() -> None:
    report = check_theory(Hopfield(alpha=0.05, T=0.2), without=["mpmath", "digits"])
    why = dict(report.notes)["solution (paramagnet)"]
    assert why == "no solution at these parameters (absent)"
    assert "stationarity (paramagnet)" not in report.passed
    assert ("digits", "left out") in report.notes


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(ParameterError, match="Hopfield: alpha must be given; check an instance"):
        check_theory(Hopfield)
    with pytest.raises(ParameterError, match="one point is needed"):
        check_theory(TwoFormulas(T=np.array([0.5, 0.6])))
    with pytest.raises(ParameterError, match="no branch to check; name one of up"):
        check_theory(TwoFormulas, [])
    with pytest.raises(UnknownNameError, match="branch of two-formulas"):
        check_theory(TwoFormulas, ["down"])
    with pytest.raises(UnknownNameError, match="unknown check 'jacobain'; did you mean 'jacobian'"):
        check_theory(TwoFormulas, without=["jacobain"])


def test_nothing_is_solved_before_a_check_is_called() -> None:
    assert {check.branch for check in theory_checks(WrongCoupling())} == {"", "up"}


# -- a differenced Jacobian is not exact --------------------------------------------------------------------


class Differenced(CurieWeiss):
    """The Curie-Weiss model without its Jacobian."""

    jacobian = Theory.jacobian


@pytest.mark.parametrize("T", [0.9, 0.3, 0.1, 0.03])
@pytest.mark.parametrize("m", [0.0, 0.05, 0.4])
def test_a_differenced_jacobian_knows_its_error(T: float, m: float) -> None:
    x = np.array([m])
    ours, exact = jacobian(Differenced(T=T), x), jacobian(CurieWeiss(T=T), x)
    error = jacobian_error(Differenced(T=T), x)
    assert np.max(np.abs(ours - exact)) <= error
    # truncation is h^2/6 of a third derivative of at most 2/T^3, with h = 6e-6; three times that is stated
    assert error < 1e-9 + 4e-11 / T**3
    assert jacobian_error(CurieWeiss(T=T), x) == 0


@dataclass(frozen=True)
class RandomField(Theory):
    """A field of +h or -h on every site, without a Jacobian: m = 0 loses stability at T = sech^2(h/T)."""

    T: Value = parameter("temperature", "T", lower=0)
    h: Value = parameter("field", "h", lower=0, default=0.0, typical=(0.0, 0.6))

    name: ClassVar[str] = "random-field"
    order: ClassVar[tuple[str, ...]] = ("m",)
    symmetry: ClassVar[tuple[str, ...]] = ("m",)
    branches: ClassVar[Mapping[str, Branch]] = {"paramagnet": Branch("m = 0", (0.0,), explicit=True)}
    lines: ClassVar[Mapping[str, Boundary]] = {"continuous": Zero(Phase("paramagnet"), "stability")}

    def update(self, x: Any) -> Any:
        (m,) = x
        up, down = (spin_averages(m + h, 0 * m, self.T) for h in (self.h, -self.h))
        return stack((up.tanh + down.tanh) / 2)

    def free_energy(self, x: Any) -> Any:
        (m,) = x
        up, down = (spin_averages(m + h, 0 * m, self.T) for h in (self.h, -self.h))
        return m**2 / 2 - (up.log2cosh + down.log2cosh) / 2


@pytest.mark.parametrize("T", [0.9, 0.5, 0.1, 0.02, 0.004])
def test_the_uncertainty_of_a_line_covers_the_error_of_a_differenced_jacobian(T: float) -> None:
    """At low temperatures update varies over distances of T, and its differences are far worse than 1e-10."""
    check_theory(RandomField(T=T, h=T))
    point = locate(RandomField(T=T), "continuous", "h")
    error = abs(point.value - T * np.arctanh(np.sqrt(1 - T)))
    assert error <= point.uncertainty < 1e-7 * T + 10 * error
    assert point.digits >= 5
