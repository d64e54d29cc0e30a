"""The suite notices what is planted in theories and around them: a sample of what `make mutation` tries."""

import ast
import copy
from pathlib import Path

import numpy as np
import pytest

import mutation
import planted
from mutation import EQUIVALENT, METHODS, Mutant, mutants, noticed, prepare
from planted import TARGETS, TUNED, Target
from replica.functional import FullyConnected
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
    "BernoulliReLU.field: 0 -> 1 #1",
    "SpinsWithSpectrum.update: mean * spin.tanh + spread * pull * spin.susceptibility -> "
    "mean * spin.tanh - spread * pull * spin.susceptibility #2",
    "SpinsWithSpectrum.update: C -> 2 * C #3",
    "SpinsWithSpectrum.update: C -> -C #4",
    "SpinsWithSpectrum.update: m -> 2 * m #6",
    "SpinsWithSpectrum.update: m -> -m #7",
    "SpinsWithSpectrum.update: spread * pull * spin.susceptibility -> "
    "2 * (spread * pull * spin.susceptibility) #11",
    "SpinsWithSpectrum.sites: noise + spread * pull ** 2 -> noise - spread * pull ** 2 #0",
    "SpinsWithSpectrum.sites: 2 -> 3 #1",
    "SpinsWithSpectrum.sites: spread * pull ** 2 -> 2 * (spread * pull ** 2) #7",
    "SpinsWithSpectrum.sites: pull * mean + self.cue -> pull * mean - self.cue #3",
    "SpinsWithSpectrum.sites: self.cue -> 2 * self.cue #10",
    "_Spins.free_energy: 1 - q -> 1 + q #2",
    "_Spins.free_energy: self.alpha * known.square -> 2 * (self.alpha * known.square) #5",
    "_Spins.free_energy: q -> 2 * q #9",
}
"""What only one of the theories with a common method can notice, for the other does not use it."""


WRITTEN = {
    name: kind
    for name, kind in THEORIES.items()
    if not issubclass(kind, FullyConnected) and name not in {"regression", "classification"}
}
"""Theories with formulas of their own; those that are ingredients share one functional, which
test_fully_connected.py holds to differences of itself at random states of random models. Regression and
classification are names of one base, which test_prior_channel.py holds to closed forms and to numbers."""


def every() -> list[Mutant]:
    return [mutant for kind in WRITTEN.values() for mutant in mutants(kind)]


def test_every_theory_has_mutants_of_both_methods() -> None:
    for name, kind in WRITTEN.items():
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


@pytest.mark.parametrize("name", WRITTEN)
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


# -- mutants of the code around the formulas -----------------------------------------------------------------


def made(source: str) -> list[str]:
    return [change.text for change in planted.changes(ast.parse(source))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a - b", ["a - b -> a + b"]),
        ("a * b", ["a * b -> a / b"]),
        ("-a", ["-a -> a"]),
        ("not a", ["not a -> a"]),
        ("a < b", ["a < b -> a >= b"]),
        ("a < b == c", ["a < b == c -> a >= b == c", "a < b == c -> a < b != c"]),
        ("a is None", ["a is None -> a is not None"]),
        ("a and b", ["a and b -> a or b"]),
        ("np.abs(a)", ["np.abs(a) -> a"]),
        ("abs(a)", ["abs(a) -> a"]),
        ("np.maximum(a, b)", ["np.maximum -> np.minimum"]),
        ("a[1:]", ["1 -> 2"]),
        ("a[0.5]", ["0.5 -> 1.0"]),
        ("a or True", ["a or True -> a and True"]),
    ],
)
def test_what_is_changed_around_the_formulas(source: str, expected: list[str]) -> None:
    assert made(f"def f(a, b=None, c=None):\n    return {source}") == expected


def test_words_and_declarations_are_left_alone() -> None:
    assert (
        made("""
SIZE = 3 * 4

class A:
    width: int = 5
    def f(self, x: Literal[1]) -> Literal[2]:
        "One + two."
        msg = f"{x + 1} of 3"
        raise ValueError(msg, 4)
""")
        == []
    )


def test_a_change_is_one_change_in_one_function() -> None:
    source = "def f(a):\n    a -= 1\n    return abs(a) if a < 0 else a\n"
    for change, expected in zip(
        planted.changes(ast.parse(source)),
        ("a += 1", "a -= 2", "return abs(a) if a >= 0", "a < 1", "return a if a < 0"),
        strict=True,
    ):
        tree = ast.parse(source)
        (same,) = (one for one in planted.changes(tree) if one.text == change.text)
        same.make()
        assert expected in ast.unparse(tree)
        assert same.function == "f"
        lines = zip(ast.unparse(tree).splitlines(), source.splitlines(), strict=True)
        assert sum(one != other for one, other in lines) == 1


@pytest.mark.parametrize("room", TARGETS)
def test_rooms_have_mutants_and_tests(room: str) -> None:
    for target in TARGETS[room]:
        assert len(planted.mutants(target.module)) >= 5, target.module
        for name in target.tests:
            assert (planted.ROOT / "tests" / f"{name}.py").is_file(), name


def test_what_is_tuned_exists_and_has_a_reason() -> None:
    sources = {
        (target.module, change.function, change.text.partition(" -> ")[0])
        for target in (target for room in TARGETS.values() for target in room)
        for change in planted.changes(ast.parse(planted._source(target.module)))
    }
    assert set(TUNED) <= sources
    assert all(TUNED.values())


@pytest.mark.parametrize(
    ("body", "noticed"),
    [("assert difference(lambda y: y, np.ones(1))[0, 0] == pytest.approx(1)", "test_found"), ("pass", "")],
)
def test_a_mutant_is_planted_in_a_process_of_its_own(
    body: str, noticed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sum of `difference` wrong: its test notices, that of nothing does not; without it both pass."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_found.py").write_text(
        "import numpy as np\nimport pytest\nfrom replica.solving.derivatives import difference\n\n"
        f"def test_it():\n    {body}\n"
    )
    target = Target("replica.solving.derivatives", (str(tmp_path / "tests" / "test_found"),))
    mutant = next(one for one in planted.mutants(target.module) if "b - here ->" in one.name)
    assert planted.run(target) == ""
    assert planted.run(target, mutant.number).endswith(noticed)
    assert bool(planted.run(target, mutant.number)) == bool(noticed)


def test_a_mutant_that_hangs_is_noticed() -> None:
    target = Target("replica.solving.derivatives", ("test_steps",))
    assert planted.run(target, 0, timeout=1e-3) == "hangs"


def test_a_sample_is_spread_over_the_module() -> None:
    found = planted.mutants("replica.solving.locate")
    some = planted.sample(found, 20)
    assert len(found) // 20 <= len(some) <= len(found) // 20 + 1
    assert len({one.name.split(":")[0] for one in some}) > len(some) / 2


def test_names_that_do_not_exist_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        mutation.main(["solvnig"])
    assert "solvnig" in capsys.readouterr().err
