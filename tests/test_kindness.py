"""The library answers as kindly as the command line: sentences for wrong theories, names and numbers."""

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from phase_diagrams.sweeping import sweep
from phase_diagrams.tracing.lines import boundary_line, find_points
from replica.errors import ParameterError, UnknownNameError
from replica.solving import Newton, critical, find, locate, minimise, polish, search, solve, trace
from replica.theories import CurieWeiss, Hopfield

TAKES_A_THEORY: dict[str, Callable[[Any], Any]] = {
    "solve": solve,
    "search": search,
    "critical": critical,
    "locate": lambda theory: locate(theory, "spinodal", "alpha"),
    "find": lambda theory: find(theory, "spinodal", "alpha"),
    "trace": lambda theory: trace(theory, "alpha", 0.1),
    "minimise": lambda theory: minimise(theory, over="alpha"),
    "Newton": lambda theory: Newton().run(theory, [1.0, 0.0]),
    "boundary_line": lambda theory: boundary_line(theory, "spinodal", "alpha", "T"),
    "find_points": lambda theory: find_points(theory, "alpha", "T"),
}


@pytest.mark.parametrize("function", TAKES_A_THEORY.values(), ids=TAKES_A_THEORY)
def test_what_is_no_theory_is_refused_with_a_sentence(function: Callable[[Any], Any]) -> None:
    with pytest.raises(ParameterError, match=r"not the text 'hopfield'; make one: THEORIES\['hopfield'\]"):
        function("hopfield")
    with pytest.raises(ParameterError, match=r"not the class Hopfield; make one: Hopfield\(alpha=...\)"):
        function(Hopfield)
    with pytest.raises(ParameterError, match="a theory with its parameters is needed, not None"):
        function(None)


def test_a_sweep_takes_a_class_or_a_theory() -> None:
    with pytest.raises(ParameterError, match="not the text 'hopfield'"):
        sweep("hopfield", {"T": [0.1, 0.2]})  # type: ignore[arg-type]


def test_names_of_parameters_of_a_theory() -> None:
    with pytest.raises(UnknownNameError, match="parameter of hopfield 'Alpha'; did you mean 'alpha'"):
        Hopfield(Alpha=0.05, T=0.1)
    with pytest.raises(ParameterError, match=r"hopfield: missing alpha; write Hopfield\(alpha=...\)"):
        Hopfield(T=0.05)
    with pytest.raises(ParameterError, match="missing alpha"):
        Hopfield()
    assert list(inspect.signature(Hopfield).parameters) == ["alpha", "T"]
    theory = Hopfield(0.05, T=0.1)
    assert pickle.loads(pickle.dumps(theory)) == copy.deepcopy(theory) == copy.copy(theory) == theory


def test_names_of_lines_and_parameters() -> None:
    theory = Hopfield(alpha=0.05, T=0.1)
    for function in (locate, find):
        with pytest.raises(UnknownNameError, match="did you mean 'spinodal'"):
            function(theory, "spinodel", "alpha")
        with pytest.raises(UnknownNameError, match="unknown parameter of hopfield 'beta'"):
            function(theory, "spinodal", "beta")


def test_a_solution_is_a_mapping() -> None:
    state = solve(Hopfield(alpha=0.05, T=0.2))
    assert "m" in state
    assert "z" not in state
    assert list(state) == list(state.keys()) == ["m", "C", "q", "r"]
    assert dict(state)["q"] == state["q"]
    assert len(state) == 4
    assert state.get("z") is None
    assert dict(state.items()) == dict(zip(state, state.values(), strict=True))
    again = solve(state.theory, start=state)
    assert again["m"] == pytest.approx(state["m"], rel=1e-14)
    assert state == state
    assert state != again
    batch = solve(Hopfield(alpha=np.array([0.05, 0.1]), T=0.2))
    assert np.shape(dict(batch)["m"]) == (2,)


@pytest.mark.parametrize("function", [solve, search, critical, lambda one: trace(one, "T", 0.9)])
def test_mpmath_numbers_are_refused_with_what_to_do_instead(function: Callable[[Any], Any]) -> None:
    with pytest.raises(ParameterError, match=r"T given as mpmath numbers, .* polish\(solution, digits\)"):
        function(CurieWeiss(T=mpmath.mpf("0.5"), h=0.0))
    precise = polish(solve(CurieWeiss(T=0.5, h=0.0)), 30)
    with mpmath.workdps(35):
        m = mpmath.mpf(precise.order["m"])
        assert abs(m - mpmath.tanh(2 * m)) < mpmath.mpf(10) ** -29
