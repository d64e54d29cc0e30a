"""Names from papers, figures and habit: accepted where they mean one thing, told where they mean another."""

import json

import pytest

from console import answer, replica
from phase_diagrams import boundary_line
from phase_diagrams.simulating import machine
from replica import BlumeCapel, CurieWeiss, Hopfield, locate, solve
from replica.errors import ConvergenceError, ParameterError, UnknownNameError
from replica.theories import THEORIES
from replica.theory.names import branch_named, folded, line_named, named, order_named, parameter_named


def test_other_names_of_theories_are_of_one_theory_each() -> None:
    seen: dict[str, str] = {}
    for name, kind in THEORIES.items():
        for alias in (name, *kind.aliases):
            assert seen.setdefault(folded(alias), name) == name, alias
            assert named(alias.upper(), {key: one.aliases for key, one in THEORIES.items()}) == name


@pytest.mark.parametrize("name", THEORIES)
def test_what_a_theory_prints_is_what_it_is_asked_by(name: str) -> None:
    kind = THEORIES[name]
    for key, about in kind.parameters().items():
        assert parameter_named(kind, key) == parameter_named(kind, about.symbol) == key
    for alias, key in kind.line_names.items():
        assert line_named(kind, alias) == key
        assert line_named(kind, f"${alias.replace('_', '_{') + '}' if '_' in alias else alias}$") == key
    if kind.critical is not None and kind.critical.symbol not in kind.line_names:
        assert line_named(kind, kind.critical.symbol) == kind.critical.boundary
    for key in kind.order:
        assert order_named(kind, key) == key


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("solve curie-weiss -p \N{GREEK CAPITAL LETTER TAU}=1", None),
        ("capacity AGS -p temperature=0.3", "capacity hopfield -p T=0.3"),
        (
            "capacity thresholded-hopfield -p \N{GREEK SMALL LETTER THETA}=0.5",
            "capacity thresholded-hopfield -p theta=0.5",
        ),
        (r"solve hopfield -p '\alpha=0.05' -p T=0", "solve hopfield -p alpha=0.05 -p T=0"),
        ("solve SK -p T=0.5 --branch spin-glass", "solve sherrington-kirkpatrick -p T=0.5 --branch glass"),
        ("solve CurieWeiss -p T=0.5 -x magnetisation=1", "solve curie-weiss -p T=0.5 -x m=1"),
        ("line hopfield T_M -x load=0.05:0.1:2 -y T", "line hopfield spinodal -x alpha=0.05:0.1:2 -y T"),
        ("line blume-capel T_c -x D=0.1:0.3:2 -y T", "line blume-capel continuous -x D=0.1:0.3:2 -y T"),
        ("line hopfield continuous -x alpha=0.1:0.2:2 -y T", "line hopfield glass -x alpha=0.1:0.2:2 -y T"),
    ],
)
def test_other_names_on_the_command_line(line: str, same: str | None) -> None:
    if same is None:
        result = replica(line)
        assert result.exit_code == 2
        assert "unknown parameter of curie-weiss" in result.stderr
    else:
        first, second = replica(f"{line} --json"), replica(f"{same} --json")
        assert first.exit_code == second.exit_code in (0, 3)
        one, two = json.loads(first.stdout), json.loads(second.stdout)
        assert {"provenance", "parameters"} < {*one}
        assert one | {"provenance": None} == two | {"provenance": None}  # it holds the command, and the time


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("capacity hopfield -p beta=2", "hopfield has no beta; give T = 1/beta, which is T=0.5"),
        ("line hopfield T_M -x alpha -y beta", "hopfield has no beta; give T = 1/beta"),
        ("sweep hopfield --over beta=1:2:3 -p alpha=0.1 -o beta.nc", "hopfield has no beta; give T = 1/beta"),
        ("solve hopfield -p alpha=0.1 -p T=0 -p m=1", "a start is -x m=VALUE"),
        ("capacity hopfield -p alpha_c=0.1", "`replica capacity hopfield` locates"),
        ("capacity hopfield -p T=0.1,0.2", "`replica line` (-x T=FROM:TO:COUNT) and `replica sweep`"),
        ("capacity hopfield -p T=0.1:0.2:5", "`replica line` (-x T=FROM:TO:COUNT) and `replica sweep`"),
        ("solve hopfield -p alpha=0.1 -p load=0.1 -p T=0", "alpha is given twice, as alpha and as load"),
        ("solve hopfield -p alpha=0.1 -p T=0 -p J=2", "it is the unit of energy, J = 1"),
        ("solve hopfield -p alpha=0.1 -p T=0 -p N=100", "takes --N"),
        ("solve sk-at -p T=1", "`replica figure sk-at` draws it"),
        ("capacity rbm", "did you mean 'random-rbm' or 'spectral-rbm'?"),
        ("line hopfield T_X -x alpha -y T", "known: glass, spinodal, first-order, stability"),
    ],
)
def test_names_that_are_something_else(line: str, sentence: str) -> None:
    result = replica(line)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_one_hidden_unit_has_a_beta_of_its_own() -> None:
    assert (
        answer("solve one-hidden-unit -p alpha=3 -p \N{GREEK SMALL LETTER BETA}=1")["parameters"]["beta"] == 1
    )


def test_a_letter_keeps_its_case_where_it_is_all_there_is() -> None:
    assert parameter_named(THEORIES["compositional"], "l") == "l"
    assert parameter_named(THEORIES["compositional"], "L") == "L"
    with pytest.raises(UnknownNameError):
        parameter_named(Hopfield, "t")


def test_other_names_in_the_library() -> None:
    assert locate(Hopfield(alpha=0.0, T=0.0), "T_M", "alpha").value == pytest.approx(0.137905566495)
    line = boundary_line(BlumeCapel(T=0.5, D=0.1), "T_c", "D", "T", at=[0.0])
    assert line.name == "continuous"
    assert branch_named(CurieWeiss, "para") == "paramagnet"
    with pytest.raises(UnknownNameError):
        branch_named(CurieWeiss, "glass")
    with pytest.raises(ParameterError, match="critical value"):
        parameter_named(CurieWeiss, "T_c")


@pytest.mark.parametrize(
    ("alias", "name"),
    [("sk", "sherrington-kirkpatrick"), ("EA", "edwards-anderson"), ("rem", "random-energy")],
)
def test_machines_have_the_names_of_their_theories(alias: str, name: str) -> None:
    assert machine(alias).name == name


def test_a_start_outside_the_domain_is_the_fault_of_the_start() -> None:
    state = solve(Hopfield(alpha=0.05, T=0.1), start={"m": 1.0, "C": 2.0}, throw=False)
    with pytest.raises(
        ConvergenceError, match="the start lies outside the domain of the equations; change m or C"
    ):
        state.require()
