"""Models and theories of one's own on the command line: network.toml and my.py:Class in place of a theory."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console import answer, replica
from phase_diagrams.storage.kinds_of_files import kind_of
from replica.functional.files import template

ROOT = Path(__file__).parents[1]
OWN = '''\
from dataclasses import dataclass

import numpy as np

from replica.functional import Coupling, Layer, Model
from replica.numerics.functions import stack, tanh
from replica.theory import Branch, Critical, Limit, Phase, Theory, Value, Zero, parameter
from replica.units import Unit


@dataclass(frozen=True)
class ThreeStates(Unit):
    cost: float = 0.0
    values = (-1.0, 0.0, 1.0)

    def potential(self, x):
        return self.cost * x**2


@dataclass(frozen=True)
class Magnet(Theory):
    """A magnet in words of its author."""

    T: Value = parameter("temperature", "T", lower=0, typical=(0.0, 1.5))
    J: Value = parameter("coupling", "J", lower=0, default=1.0)
    name = "magnet"
    order = ("m",)
    branches = {"up": Branch("m > 0", (1.0,)), "paramagnet": Branch("m = 0", (0.0,), explicit=True)}
    lines = {"continuous": Zero(Phase("paramagnet"), "stability")}
    critical = Critical("T", "continuous", "T_c", "onset of magnetisation", highest=True)

    def update(self, x):
        (m,) = x
        return stack(tanh(self.J * m / self.T))

    def free_energy(self, x):
        (m,) = x
        return self.J * m**2 / 2 - self.T * np.log(2 * np.cosh(self.J * m / self.T))


class Plain(Magnet):
    name = "plain"


class Wrong(Magnet):
    name = "wrong"
    field: float = 0.0


@dataclass(frozen=True)
class Sign(Magnet):
    name = "sign"

    def free_energy(self, x):
        (m,) = x
        return self.J * m**2 / 2 + self.T * np.log(2 * np.cosh(self.J * m / self.T))


@dataclass(frozen=True)
class Broken(Magnet):
    name = "broken"

    def physical(self, x):
        return self.nothing


@dataclass(frozen=True)
class Taken(Magnet):
    name = "hopfield"


network = Model("three", layers=[Layer("s", ThreeStates(cost=0.2))], couplings=[Coupling("s s", "1/2")])
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model and with a file of Python, whose module has a name of its own in every test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "network.toml").write_text(template())
    mine = tmp_path / f"mine_{tmp_path.name}.py"
    mine.write_text(OWN)
    (tmp_path / "path").write_text(mine.name)
    return tmp_path


def mine(here: Path) -> str:
    return (here / "path").read_text()


# -- model files ----------------------------------------------------------------------------------------


def test_new_writes_a_model_and_never_over_it(here: Path) -> None:
    result = replica("new other.toml")
    assert result.exit_code == 0
    assert "replica solve other.toml -p alpha=0.1 -p T=0.2 --branch all" in result.stdout
    assert (here / "other.toml").read_text() == template()
    (here / "other.toml").write_text("mine")
    again = replica("new other.toml")
    assert again.exit_code == 2
    assert "other.toml is there already and is left as it is" in again.stderr
    assert (here / "other.toml").read_text() == "mine"
    assert replica("new other.txt").exit_code == 2
    assert replica("new no/other.toml").exit_code == 1


def test_the_commands_that_new_tells_run(here: Path) -> None:
    told = replica("new told.toml").stdout
    lines = [line.partition("  ")[0] for line in told.splitlines() if line.startswith("replica ")]
    assert len(lines) == 3
    for line in lines:
        assert replica(line.removeprefix("replica ")).exit_code == 0


@pytest.mark.parametrize("point", ["-p alpha=0.05 -p T=0.3", "-p alpha=0.1"])
def test_a_model_file_is_solved_like_the_theory(here: Path, point: str) -> None:
    ours, theirs = answer(f"solve network.toml {point}"), answer(f"solve hopfield {point}")
    for name in ("free_energy", "energy", "replicon"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-12)
    assert ours["order"]["m"] == pytest.approx(theirs["order"]["m"], rel=1e-12)


def test_capacity_and_lines_of_a_model_file(here: Path) -> None:
    ours, theirs = (answer(f"capacity {name} -p T=0.1") for name in ("network.toml", "hopfield"))
    assert ours["value"] == pytest.approx(theirs["value"], rel=1e-12)
    points = answer("line network.toml glass -x alpha=0.25:1:2 -y T")["points"]
    assert [point["y"] for point in points] == pytest.approx([1.5, 2.0], rel=1e-12)


def test_show_writes_the_model_out(here: Path) -> None:
    printed = replica("show network.toml").stdout
    for text in ("H = -sum_ij J_ij s_i s_hidden_j", "v = alpha q_hidden", "rho = alpha chi chi_hidden"):
        assert text in printed
    assert r"v &= \alpha q_{\mathrm{hidden}}" in replica("show network.toml --latex").stdout


def test_a_model_file_is_swept_and_mapped(here: Path) -> None:
    axes = "--over alpha=0.02:0.12:3 --over T=0.2:0.6:3"
    assert replica(f"sweep network.toml {axes} --branch all -o run.nc").exit_code == 0
    (here / "network.toml").unlink()  # the sweep knows its model
    result = replica("map run.nc -o map.json")
    assert result.exit_code == 0, result.stderr
    names = [line["name"] for line in json.loads((here / "map.json").read_text())["lines"]]
    assert "spinodal" in names


def test_a_sweep_of_another_model_does_not_go_on(here: Path) -> None:
    line = "sweep network.toml --over alpha=0.02:0.1:3 -p T=0.1 -o run.zarr"
    assert replica(line).exit_code == 0
    changed = template().replace('strength = "1/2"', 'strength = "0.4"')
    (here / "network.toml").write_text(changed)
    again = replica(f"{line} --resume")
    assert again.exit_code == 1
    assert "equations" in again.stderr


def test_check_prints_a_table(here: Path) -> None:
    found = answer("check network.toml -p alpha=0.05 -p T=0.3 --branch retrieval")
    assert set(found["checks"]["stationarity"].values()) == {"ok"}
    assert found["checks"]["expansion"] == {"": "ok"}
    assert found["checks"]["one-step"] == {"retrieval": "ok"}
    assert not found["failures"]


def test_check_finds_a_wrong_sign(here: Path) -> None:
    result = replica(f"check {mine(here)}:Sign -p T=0.5 --without digits")
    assert result.exit_code == 1
    assert re.search("stationarity +FAILS", result.stdout)
    assert "digits" not in result.stdout
    assert "a sign or a term of update or free_energy" in result.stdout
    assert "checks failed" in result.stderr
    wrong = replica("check curie-weiss -p T=0.5 --without digit")
    assert wrong.exit_code == 2
    assert "did you mean 'digits'" in wrong.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[layers\n", "network.toml is no TOML: "),
        ("alpha,T\n0.1,0.2\n", "network.toml is a table, not a model file"),
        ('[layers]\ns = {unit = "spn"}\n', "network.toml, line 2: 'spn'; did you mean 'spin'?"),
        (
            '[model]\nname = "hopfield"\n[layers]\ns = {}\n',
            'name of a theory of the package; .*"my-hopfield"',
        ),
    ],
    ids=["no toml", "table", "unit", "name"],
)
def test_a_bad_model_file_is_a_sentence(here: Path, content: str, sentence: str) -> None:
    (here / "network.toml").write_text(content)
    result = replica("solve network.toml -p T=0.1")
    assert result.exit_code == 2
    assert re.search(sentence, result.stderr), result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_file_that_is_not_there(here: Path) -> None:
    result = replica("show networks.toml")
    assert result.exit_code == 2
    assert (
        "cannot read networks.toml: No such file or directory; did you mean 'network.toml'?" in result.stderr
    )
    (here / "network.toml").unlink()
    assert "`replica new networks.toml` writes one" in replica("show networks.toml").stderr


def test_what_a_file_is() -> None:
    assert kind_of(ROOT / "pyproject.toml") is None
    assert kind_of(ROOT / "cli.py") == "python"


def test_a_model_file_elsewhere_is_told_what_it_is(here: Path) -> None:
    assert kind_of(here / "network.toml") == "model"
    told = replica("draw network.toml -o a.pdf")
    assert told.exit_code == 1
    assert "describes a model, not a phase diagram; `replica show network.toml`" in told.stderr


# -- a file of Python -------------------------------------------------------------------------------------


def test_a_class_without_fields_of_its_own_needs_no_decorator(here: Path) -> None:
    plain, magnet = (answer(f"solve {mine(here)}:{name} -p T=0.5")["order"] for name in ("Plain", "Magnet"))
    assert plain == magnet


def test_a_theory_of_ones_own_in_every_command(here: Path) -> None:
    name = f"{mine(here)}:Magnet"
    assert answer(f"solve {name} -p T=0.5")["order"]["m"] == pytest.approx(0.9575040241)
    assert answer(f"capacity {name} -p J=1.2")["value"] == pytest.approx(1.2, rel=1e-12)
    assert "magnet: A magnet in words of its author" in replica(f"show {name}").stdout
    assert replica(f"line {name} continuous -x J=0.5:1:3 -y T").exit_code == 0


def test_workers_know_a_class_of_ones_own(here: Path) -> None:
    """In processes of their own: what a worker can import is what matters."""
    command = f"sweep {mine(here)}:Magnet --over T=0.2:0.8:4 --chunk 2 --jobs 2 -o run.nc"
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *command.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = replica("map run.nc -o map.json")
    assert told.exit_code == 2
    assert "no file of results names code that is run" in told.stderr


def test_a_model_made_in_python_is_a_theory(here: Path) -> None:
    found = answer(f"solve {mine(here)}:network -p T=0.2 --branch glass")
    assert found["status"] == "converged"
    assert found["order"]["q"] > 0.1


def test_a_unit_of_ones_own(here: Path) -> None:
    rbm = "--hidden gaussian -p alpha=0.05 -p T=0.2 -p p=1 -p L=1"
    found = answer(f"solve random-rbm --visible {mine(here)}:ThreeStates:cost=0.2 {rbm}")
    assert found["order"]["m"] / 2 == pytest.approx(0.958777926, abs=1e-9)
    for unit, sentence in (
        ("ThreeStates:cst=1", "did you mean 'cost'"),
        ("ThreeState", "did you mean 'ThreeStates'"),
        ("Magnet", "is a theory, not a unit"),
    ):
        told = replica(f"solve random-rbm --visible {mine(here)}:{unit} {rbm}")
        assert told.exit_code == 2
        assert sentence in told.stderr


@pytest.mark.parametrize(
    ("written", "code", "sentence"),
    [
        ("{mine}", 2, "which theory in it? Write {mine}:"),
        ("{mine}:Magnets", 2, "did you mean 'Magnet'"),
        ("{mine}:ThreeStates", 2, "is a unit, not a theory"),
        ("{mine}:stack", 2, "not a theory: a class derived from replica.Theory"),
        ("{mine}:Wrong", 2, "write @dataclass(frozen=True) above the class"),
        ("{mine}:Taken", 2, "hopfield is the name of a theory of the package"),
        ("{mine}:Magnet:T=1", 2, "parameters of a theory are given by -p, such as -p T=1"),
        ("{mine}:Broken", 3, "the formulas could not be evaluated (AttributeError: 'Broken'"),
        ("x.json", 2, "files are models, NAME.toml, and classes, NAME.py:CLASS, which `replica new"),
        ("near.tml", 2, "NAME.py:CLASS; did you mean 'near.toml'"),
        ("no.py:Magnet", 2, "cannot read no.py: No such file"),
        ("json.py:Magnet", 2, "Python has a module of the name json already; rename your file"),
        ("two-words.py:Magnet", 2, "rename it two_words.py"),
        ("broken_import.py:Magnet", 1, "line 2: ModuleNotFoundError: No module named 'nothing_here'"),
        ("broken_syntax.py:Magnet", 1, "broken_syntax.py, line 1: "),
    ],
)
def test_what_is_no_theory_is_a_sentence(here: Path, written: str, code: int, sentence: str) -> None:
    for name, content in {
        "near.toml": "",
        "json.py": OWN,
        "two-words.py": OWN,
        "broken_import.py": "\nimport nothing_here\n",
        "broken_syntax.py": "def f(:\n",
    }.items():
        (here / name).write_text(content)
    result = replica(f"solve {written.format(mine=mine(here))} -p T=0.5")
    assert result.exit_code == code, result.stderr
    assert sentence.format(mine=mine(here)) in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_a_diagram_of_a_model_needs_a_plane(here: Path) -> None:
    replica("new network.toml")
    told = replica("diagram network.toml")
    assert told.exit_code == 2
    assert "network.toml is a theory: its diagram needs a plane, such as -x alpha -y T" in told.stderr


def test_the_grammar_of_odd_command_lines_knows_every_command() -> None:
    from fuzz_commands import Grammar
    from phase_diagrams.commands import VERBS

    assert {f"for_{verb.replace('-', '_')}" for verb in VERBS} <= set(dir(Grammar))
