"""The suite notices a wrong sign or number in a theory: a sample of what `make mutation` tries."""

import ast
import copy

import numpy as np
import pytest

import mutation
from mutation import EQUIVALENT, METHODS, Mutant, mutants, noticed, prepare
from replica.theories import THEORIES, CurieWeiss, Hopfield
from replica.theory import Theory

QUICK = ("curie-weiss", "blume-capel", "mixtures", "sherrington-kirkpatrick", "random-energy", "spectral-rbm")
"""Theories whose mutants take milliseconds; of the others a few are tried."""
ELSEWHERE = {
    "TwoLayers.visible_averages: wide(self.alpha * r) * x + wide(extra) -> "
    "wide(self.alpha * r) * x - wide(extra) #0",
    "TwoLayers.visible_averages: wide(extra) -> 2 * wide(extra) #4",
    "TwoLayers.hidden_averages: 0 -> 1 #1",
    "BernoulliReLU.field: r * 0 + TINY ** 2 -> r * 0 - TINY ** 2 #0",
    "BernoulliReLU.field: 0 -> 1 #3",
}
"""What only one of the theories with a common method can notice, for the other does not use it."""


def every() -> list[Mutant]:
    return [mutant for kind in THEORIES.values() for mutant in mutants(kind)]


def test_every_theory_has_mutants_of_both_methods() -> None:
    for name, kind in THEORIES.items():
        assert {one.method for one in mutants(kind)} >= {"free_energy"}, name
        assert len(mutants(kind)) >= 5, name
    assert METHODS == ("update", "free_energy")


def test_equivalent_mutants_exist_and_have_reasons() -> None:
    assert {*EQUIVALENT, *ELSEWHERE} <= {mutant.name for mutant in every()}
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
    made = [mutation.changes(copy.deepcopy(tree))[i]() for i in range(len(mutation.changes(tree)))]
    total, first = (
        "-2 * x[..., 0] + np.sum(x, axis=-1) / 3.5 {} g(x, 4)",
        "-2 * x[..., 0] {} np.sum(x, axis=-1) / 3.5",
    )
    assert made == [
        f"{total.format('-')} -> {total.format('+')}",
        f"{first.format('+')} -> {first.format('-')}",
        "-2 -> +2",
        "2 -> 3",
        "3.5 -> 5.25",
        "g(x, 4) -> 2 * g(x, 4)",
    ]


def test_every_term_has_a_mutant_with_a_wrong_sign_and_one_with_a_wrong_factor() -> None:
    tree = ast.parse("def f(self, a, b):\n    return stack(a * b + 0 * a, self.g(b), b - a**2 / 2)")
    made = {mutation.changes(copy.deepcopy(tree))[i]() for i in range(len(mutation.changes(tree)))}
    for wrong in (
        "a * b -> 2 * (a * b)",
        "a * b -> -(a * b)",
        "self.g(b) -> 2 * self.g(b)",
        "self.g(b) -> -self.g(b)",
        "b -> 2 * b",
        "b -> -b",
        "b - a ** 2 / 2 -> b + a ** 2 / 2",
        "2 -> 3",
    ):
        assert wrong in made
    assert not any("0 * a ->" in one for one in made)  # adds zero, for the shape of the batch


@pytest.mark.parametrize("name", THEORIES)
def test_mutants_are_noticed(name: str) -> None:
    """Every second mutant where that takes milliseconds, every sixth elsewhere: some of each method."""
    kind = THEORIES[name]
    prepare(kind)
    some = [one for one in mutants(kind) if one.name not in EQUIVALENT][:: 2 if name in QUICK else 6]
    lost = [one.name for one in some if not noticed(one, kind)]
    assert [one for one in lost if one not in ELSEWHERE] == []


def test_validation_alone_notices_a_wrong_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the other checks silenced, finite machines still find most wrong signs."""
    kind: type[Theory] = Hopfield
    prepare(kind)
    monkeypatch.setattr(mutation, "CHECKS", {"validation": mutation.validation})
    free = [one for one in mutants(kind) if one.method == "free_energy" and " -> " in one.text]
    found = [bool(noticed(one, kind)) for one in free]
    assert sum(found) >= len(found) / 2
