"""Control parameters as data: domains, checks, and what a class keeps of them."""

import dataclasses
import pickle
from typing import Any, ClassVar

import numpy as np
import pytest

from replica.errors import ParameterError
from replica.theories import CurieWeiss, Hopfield, RandomRBM
from replica.theory import Branch, Parameter, Theory, Value, parameter
from replica.units import Spin


def test_ends_of_a_domain_are_open_or_closed_on_either_side() -> None:
    for open_lower in (False, True):
        for open_upper in (False, True):
            about = Parameter(
                "share", "x", "x", lower=0.0, upper=2.0, open_lower=open_lower, open_upper=open_upper
            )
            about.check("toy", 1.0)
            about.check("toy", np.array([1e-300, np.nextafter(2.0, 0.0)]))
            for bound, is_open in ((0.0, open_lower), (2.0, open_upper)):
                if is_open:
                    with pytest.raises(ParameterError, match=f"toy: x = {bound:g} is not allowed; x is in "):
                        about.check("toy", bound)
                    with pytest.raises(ParameterError, match=f"x = {bound:g} is not allowed"):
                        about.check("toy", np.array([1.0, bound]))
                else:
                    about.check("toy", bound)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "any finite number"),
        ({"lower": 0.0}, ">= 0"),
        ({"lower": 0.5, "open_lower": True}, "> 0.5"),
        ({"upper": 1.0}, "<= 1"),
        ({"upper": 1.0, "open_upper": True}, "< 1"),
        ({"lower": 0.0, "upper": 1.0}, "in [0, 1]"),
        ({"lower": 0.0, "upper": 1.0, "open_upper": True}, "in [0, 1)"),
        ({"lower": -1.0, "upper": 1.0, "open_lower": True, "open_upper": True}, "in (-1, 1)"),
        ({"lower": 1, "integer": True}, "a whole number >= 1"),
        ({"kind": "choice", "choices": ("a", "b")}, "one of a, b"),
    ],
)
def test_a_domain_in_words(given: dict[str, Any], words: str) -> None:
    assert Parameter("text", "x", **given).domain == words


def test_a_class_keeps_its_parameters() -> None:
    known = Hopfield.parameters()
    assert known is Hopfield.parameters()
    assert known is Hopfield(alpha=0.1, T=0.2).parameters()
    assert known is not CurieWeiss.parameters()
    assert list(known) == ["alpha", "T"]
    assert [about.name for about in known.values()] == ["alpha", "T"]
    assert known["alpha"].required
    assert not known["T"].required
    assert known["T"].default == 0.0
    with pytest.raises(TypeError):
        known["T"] = known["alpha"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        known["T"].lower = -1.0  # type: ignore[misc]


def test_parameters_of_other_kinds() -> None:
    known = RandomRBM.parameters()
    assert known["visible"].kind == "unit"
    assert not known["visible"].continuous
    assert known["L"].integer
    assert not known["L"].continuous
    assert known["alpha"].continuous


def test_parameters_are_pickled() -> None:
    about = Hopfield.parameters()["T"]
    assert pickle.loads(pickle.dumps(about)) == about


def test_a_domain_open_above_is_a_part_of_a_theory() -> None:
    @dataclasses.dataclass(frozen=True)
    class Share(Theory):
        x: Value = parameter("share", "x", lower=0, upper=1, open_upper=True, typical=(0.0, 0.5))
        name: ClassVar[str] = "share"
        order: ClassVar[tuple[str, ...]] = ("m",)
        branches: ClassVar[dict[str, Branch]] = {"only": Branch("the only one", (0.0,))}

    assert Share(x=0.0).values == {"x": 0.0}
    with pytest.raises(ParameterError, match=r"share: x = 1 is not allowed; x is in \[0, 1\)"):
        Share(x=1.0)


def test_a_field_that_is_not_declared_is_named() -> None:
    @dataclasses.dataclass(frozen=True)
    class Plain(Theory):
        x: float = 1.0
        name: ClassVar[str] = "plain"

    with pytest.raises(ParameterError, match=r"Plain: declare the field x by parameter\(\.\.\.\)"):
        Plain()


NO_NUMBERS = {
    "complex": 1j,
    "complex array": np.array([0.1 + 1j]),
    "text": "1",
    "nothing": np.array([None, 1]),
    "date": np.array(["2020-01-01"], "M8[D]"),
    "span": np.array([1], "m8[s]"),
    "masked": np.ma.masked_array([0.1, 0.2], [False, True]),
    "ragged": [[1], [1, 2]],
}


@pytest.mark.parametrize("given", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_no_real_number_is_no_parameter(given: Any) -> None:
    with pytest.raises(ParameterError, match="hopfield: alpha must be a real number, not "):
        Hopfield(alpha=given)
    with pytest.raises(ParameterError, match="unit spin: g must be a finite real number"):
        Spin(g=given)
