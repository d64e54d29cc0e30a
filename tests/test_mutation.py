"""The suite notices a wrong sign or number in a theory: a sample of what `make mutation` tries."""

import ast

import numpy as np
import pytest

import mutation
from mutation import EQUIVALENT, METHODS, Mutant, mutants, noticed, prepare
from replica.theories import THEORIES, CurieWeiss, Hopfield
from replica.theory import Theory

QUICK = ("curie-weiss", "blume-capel", "mixtures", "sherrington-kirkpatrick", "random-energy", "spectral-rbm")
"""Theories whose mutants take milliseconds; of the others a few are tried."""


def every() -> list[Mutant]:
    return [mutant for kind in THEORIES.values() for mutant in mutants(kind)]


def test_every_theory_has_mutants_of_both_methods() -> None:
    for name, kind in THEORIES.items():
        assert {one.method for one in mutants(kind)} >= {"free_energy"}, name
        assert len(mutants(kind)) >= 5, name
    assert METHODS == ("update", "free_energy")


def test_equivalent_mutants_exist_and_have_reasons() -> None:
    assert set(EQUIVALENT) <= {mutant.name for mutant in every()}
    assert all(EQUIVALENT.values())


def test_a_mutant_is_one_change_and_goes_away() -> None:
    theory, x = Hopfield(alpha=0.1, T=0.2), np.array([0.9, 0.1])
    right = theory.free_energy(x)
    for mutant in mutants(Hopfield):
        with mutant.installed():
            pass
        assert theory.free_energy(x) == right
    flipped = next(one for one in mutants(CurieWeiss) if one.method == "free_energy")
    with flipped.installed():
        m, T = 0.5, 0.5
        wrong = CurieWeiss(T=T, h=0.0).free_energy(np.array([m]))
    assert wrong == pytest.approx(m**2 / 2 + T * np.log(2 * np.cosh(m / T)))


def test_what_is_changed() -> None:
    tree = ast.parse("def f(x):\n    return -2 * x[..., 0] + np.sum(x, axis=-1) / 3.5 - g(x, 4)")
    changes = []
    for node in mutation._targets(tree):
        changes.append(mutation._changed(node))
    assert len(changes) == 5  # two signs between terms, one in front, and the numbers 2 and 3.5


@pytest.mark.parametrize("name", QUICK)
def test_mutants_are_noticed(name: str) -> None:
    kind = THEORIES[name]
    prepare(kind)
    some = mutants(kind)[::2]
    assert [one.name for one in some if not noticed(one, kind) and one.name not in EQUIVALENT] == []


@pytest.mark.parametrize("name", ["hopfield", "compositional", "random-rbm", "hopfield-hidden-unit"])
def test_a_few_mutants_of_larger_theories_are_noticed(name: str) -> None:
    kind = THEORIES[name]
    prepare(kind)
    free = [one for one in mutants(kind) if one.method == "free_energy" and one.name not in EQUIVALENT]
    assert [one.name for one in free[::3] if not noticed(one, kind)] == []


def test_validation_alone_notices_a_wrong_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the other checks silenced, finite machines still find most wrong signs."""
    kind: type[Theory] = Hopfield
    prepare(kind)
    monkeypatch.setattr(mutation, "CHECKS", {"validation": mutation.validation})
    free = [one for one in mutants(kind) if one.method == "free_energy" and " -> " in one.text]
    found = [bool(noticed(one, kind)) for one in free]
    assert sum(found) >= len(found) / 2
