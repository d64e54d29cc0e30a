"""The command line: what it prints, how it ends, and what it costs to start."""

import contextlib
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from console import answer, replica
from phase_diagrams.catalogue import DIAGRAMS, Entry
from phase_diagrams.commands import main
from phase_diagrams.diagram import Axis, Line, LineKind, PhaseDiagram, Point
from phase_diagrams.storage.diagrams import load_diagram, save_diagram
from reference import Reference, reference
from replica.errors import LocateError
from replica.functional.files import template
from replica.machines.models.ensembles import teacher_data
from replica.theories import THEORIES

ROOT = Path(__file__).parents[1]
COMMANDS = (
    *("list", "new", "show", "check", "solve", "capacity", "curve", "line", "diagram", "draw", "figure"),
    "explore",
    *("sweep", "export", "map", "place", "learn-theory"),
    *("simulate", "infer"),
    *("validate", "compare"),
    *("train", "likelihood", "diagnose", "sample"),
    *("verify", "audit", "cite", "reproduce", "completion"),
)
COMPOSITIONAL = "compositional -p alpha=0.5 -p theta=1.5 -p g=-0.21"


MEASURED = "alpha,m,m_error\n0.05,0.99993,0.00002\n0.08,0.99919,0.00014\n0.10,0.99635,0.00055\n"
TRAIN = "train digits --hidden relu --units 20 --epochs 4 -o rbm.npz"
SWEEP = "sweep blume-capel --over T=0.1:0.7:31 --over D=0:0.6:25 --branch all -o run.zarr"


def process(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, check=False, **options
    )


def agrees(value: float, name: str, rounding: float = 4e-15) -> bool:
    """Whether a float64 result meets a reference value, which may have more digits than float64."""
    known: Reference = reference(name)
    return abs(value - known.number) <= known.tolerance + rounding * max(1.0, abs(known.number))


@pytest.fixture
def small() -> PhaseDiagram:
    line = Line("T_g", LineKind.CONTINUOUS, [0.0, 0.1], [1.0, math.nan], ["converged", "not found"], "$T_g$")
    axes = Axis("alpha", r"$\alpha$"), Axis("T", "$T$")
    origin = {"model": "hopfield", "versions": {"numpy": "of the builder"}}
    return PhaseDiagram("small", "Small", axes, [line], [Point("c", "$c$", 0.05, 0.5)], [], origin)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: PhaseDiagram) -> Path:
    """An empty directory to work in, and a quick diagram in place of the one of the Hopfield network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(DIAGRAMS, "hopfield", Entry("Small", lambda: small))
    return tmp_path


# --- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_a_usage_and_an_example(name: str, flag: str) -> None:
    result = replica(f"{name} {flag}")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: replica {name}")
    assert f"Example:\n  $ replica {name}" in result.stdout


@pytest.mark.parametrize("line", ["", "-h", "--help"])
def test_help_lists_every_command(line: str) -> None:
    result = replica(line)
    assert result.exit_code == 0
    assert set(COMMANDS) == set(main.commands)
    assert all(re.search(rf"^  {name} +\w", result.stdout, re.MULTILINE) for name in COMMANDS)
    assert not re.search(r"\.\.\.$", result.stdout.partition("Commands:")[2], re.MULTILINE)


def examples() -> Iterator[Any]:
    for command in (main, *main.commands.values()):
        for part in re.split(r"^\$ replica ", command.epilog or "", flags=re.MULTILINE)[1:]:
            line, _, printed = part.replace("\\\n     ", "").partition("\n")
            yield pytest.param(line, printed, id=f"{command.name}: {line}")


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], None]:
    """Runs a command the first time, and puts a copy of its files where they are wanted."""
    folders: dict[str, Path] = {}

    def put(line: str, where: Path) -> None:
        if line not in folders:
            folder = tmp_path_factory.mktemp("run")
            with contextlib.chdir(folder):
                assert replica(line).exit_code == 0
            folders[line] = folder
        shutil.copytree(folders[line], where, dirs_exist_ok=True)

    return put


@pytest.mark.parametrize(("line", "printed"), list(examples()))
def test_examples_print_what_the_help_says(
    line: str,
    printed: str,
    here: Path,
    small: PhaseDiagram,
    monkeypatch: pytest.MonkeyPatch,
    run_once: Callable[[str, Path], None],
) -> None:
    save_diagram(small, here / "hopfield.json")
    np.savez(here / "weights.npz", W=two_modes())
    (here / "mine.csv").write_text(MEASURED)
    np.save(here / "data.npy", teacher_data(200, 800, 1.2, seed=3).values)
    if "network.toml" in line and not line.startswith("new"):
        (here / "network.toml").write_text(template())
    if line == "list":
        monkeypatch.undo()
    if " run.zarr" in line:
        run_once(SWEEP, here)
    if "capacity.json" in line:
        (here / "capacity.json").write_text(replica("capacity mixtures -p n=3 --json").stdout)
    if line.startswith("verify"):
        run_once("capacity hopfield --certify 50 -o alpha_c.cert.json", here)
    if " rbm.npz" in line and not line.startswith("train"):
        run_once(TRAIN, here)
    result = replica(line)
    assert result.exit_code == 0
    assert settled(result.stdout + result.stderr) == settled(printed)


def two_modes() -> Any:
    """Weights of 300 visible and 200 hidden units: noise, and two modes with Laplace components."""
    rng = np.random.default_rng(5)
    visible, hidden, sigma = 300, 200, 0.7
    L = (visible * hidden) ** 0.5
    weights = sigma * rng.standard_normal((visible, hidden)) / L**0.5
    for w in (2.2, 1.9):
        weights += w * np.outer(rng.laplace(size=visible), rng.laplace(size=hidden)) / (2 * L)
    return weights


def settled(text: str) -> str:
    """The text without what rounding decides."""
    return re.sub(r"(residual|iterations) +\S+ *", r"\1 * ", text).strip()


def test_version_and_citation() -> None:
    from replica import __version__

    assert replica("--version").stdout == f"replica {__version__}\n"
    printed = replica("--cite").stdout
    assert f"version = {{{__version__}}}" in printed
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in cff
    for title in re.findall(r'title: "(.*)"', cff):
        assert title in printed
    for key in ("volume", "start", "year"):
        for value in re.findall(rf"{key}: (\d+)", cff):
            assert f"{{{value}}}" in printed
    assert printed.count("{") == printed.count("}")
    assert printed.count("\n@") + 1 == cff.count("title:")


# --- doors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["cli.py"], ["-m", "replica"]])
def test_doors(command: list[str]) -> None:
    result = process(*command, "capacity", "hopfield", "--json", cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert agrees(json.loads(result.stdout)["value"], "hopfield/alpha_c_T0")
    failed = process(*command, "solve", "hopfield", "-p", "alpha=0.2", cwd=ROOT)
    assert failed.returncode == 3
    assert failed.stdout == ""
    assert failed.stderr == "Error: no retrieval solution at alpha=0.2, T=0: it ends at alpha_c=0.137906\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["--version"], ["--cite"], *([c, "-h"] for c in COMMANDS)]
)
def test_help_imports_click_and_the_standard_library_only(arguments: list[str]) -> None:
    script = (
        "import sys; from phase_diagrams.commands import main\n"
        f"main({arguments!r}, 'replica', standalone_mode=False)\n"
        "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names, file=sys.stderr)"
    )
    result = process("-c", script)
    assert result.returncode == 0, result.stderr
    ours = {"click", "colorama", "phase_diagrams", "replica"}  # click imports colorama on Windows
    startup = set(
        process("-c", "import sys; print(*{name.partition('.')[0] for name in sys.modules})").stdout.split()
    )
    assert set(result.stderr.split()) <= ours | startup


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "replica", "list"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "replica", "list"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "Error: cannot write the output: No space left on device\n"


def test_a_terminal_without_greek_gets_a_replacement() -> None:
    result = process(
        "-m", "replica", "show", "compositional", env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    )
    assert result.returncode == 0, result.stderr
    assert "  alpha  ?" in result.stdout


def test_an_unforeseen_error_is_one_sentence_unless_its_traceback_is_wanted() -> None:
    script = (
        "from phase_diagrams.commands import main\n"
        "import phase_diagrams.commands.list as listing\n"
        "listing.headline = lambda kind: 1 / 0\n"
        "main(['list'], 'replica')"
    )
    result = process("-c", script)
    assert result.returncode == 1
    assert result.stderr.startswith(
        "Error: this should not have happened (ZeroDivisionError: division by zero)"
    )
    assert result.stderr.count("\n") == 1
    assert "Traceback" in process("-c", script, env={"REPLICA_TRACEBACK": "1"}).stderr


def test_an_interrupt_is_quiet(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> PhaseDiagram:
        raise KeyboardInterrupt

    monkeypatch.setitem(DIAGRAMS, "long", Entry("Long", interrupted))
    result = replica("diagram long -o long.json")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "")
    assert not list(here.iterdir())


# --- list and show ---------------------------------------------------------------------------------


def test_list() -> None:
    printed = replica("list").stdout
    for name in (*THEORIES, *DIAGRAMS):
        assert re.search(rf"^  {name}  +\w", printed, re.MULTILINE)
    told = answer("list")
    assert told["theories"].keys() == THEORIES.keys()
    assert told["diagrams"] == {name: entry.title for name, entry in DIAGRAMS.items()}


@pytest.mark.parametrize("name", THEORIES)
def test_show_tells_everything_a_theory_says_about_itself(name: str) -> None:
    kind, printed = THEORIES[name], replica(f"show {name}").stdout
    for parameter, field in kind.parameters().items():
        assert re.search(rf"^  {parameter} .*{re.escape(field.text)}", printed, re.MULTILINE)
    texts = list(kind.equations.values())
    texts += [branch.text for branch in kind.branches.values()]
    texts += [*kind.branches, *kind.lines, *kind.known.values(), *kind.notes, *kind.references]
    for text in texts:
        assert text in printed


@pytest.mark.parametrize("name", THEORIES)
def test_show_latex_is_one_balanced_environment(name: str) -> None:
    printed = replica(f"show {name} --latex").stdout
    comment, begin, *rows, end = printed.splitlines()
    assert comment.startswith("% ")
    assert (begin, end) == (r"\begin{align}", r"\end{align}")
    assert len(rows) == len(THEORIES[name].equations)
    assert all(row.count("&") == 1 and row.count("{") == row.count("}") for row in rows)
    assert [row.endswith(r" \\") for row in rows] == [True] * (len(rows) - 1) + [False]


# --- solve -----------------------------------------------------------------------------------------

POINT = "hopfield/finiteT/point/alpha=0.05/T=0.2"


def test_solve_json_is_the_contract() -> None:
    told = answer("solve hopfield -p alpha=0.05 -p T=0.2 --branch retrieval")
    assert list(told) == [
        "theory",
        "parameters",
        "branch",
        "order",
        "free_energy",
        "energy",
        "entropy",
        "replicon",
        "replica_symmetry",
        "replicon_error",
        "uncertainty",
        "hessian_signature",
        "hessian_undetermined",
        "status",
        "residual",
        "iterations",
        "provenance",
    ]
    assert told["theory"] == "hopfield"
    assert (told["replica_symmetry"], told["hessian_undetermined"]) == ("stable", 0)
    assert told["parameters"] == {"alpha": 0.05, "T": 0.2}
    assert (told["branch"], told["status"]) == ("retrieval", "converged")
    for name in ("m", "q", "r", "C"):
        assert agrees(told["order"][name], f"{POINT}/retrieval/{name}")
    assert agrees(told["free_energy"], f"{POINT}/retrieval/f")
    assert agrees(told["energy"], f"{POINT}/retrieval/e")
    assert agrees(told["entropy"], f"{POINT}/retrieval/s")
    assert agrees(1 - told["replicon"], f"{POINT}/retrieval/replicon_ratio")
    assert len(told["hessian_signature"]) == 2
    assert told["residual"] < 1e-12
    assert isinstance(told["iterations"], int)


def test_solve_without_a_branch_is_the_first_one() -> None:
    assert answer("solve hopfield -p alpha=0.05")["branch"] == "retrieval"


def test_solve_all_branches_lowest_free_energy_first() -> None:
    told = answer("solve hopfield -p alpha=0.05 -p T=0.2 --branch all")
    assert [state["branch"] for state in told["solutions"]] == ["retrieval", "glass"]
    energies = [state["free_energy"] for state in told["solutions"]]
    assert energies == sorted(energies)
    assert agrees(energies[1], f"{POINT}/spinglass/f")
    printed = replica("solve hopfield -p alpha=0.05 -p T=0.2 --branch all").stdout
    assert re.search(r"^m +0\.998877763094 +0 ", printed, re.MULTILINE)


def test_null_and_infinity_in_json() -> None:
    printed = replica("solve compositional -p alpha=0.5 -p theta=1.5 -p g=-0.21 -p l=0.5 --json").stdout
    assert '"entropy": null' in printed
    assert '"replicon": -Infinity' in printed
    told = json.loads(printed)
    assert told["parameters"] == {"alpha": 0.5, "theta": 1.5, "g": -0.21, "l": 0.5, "p": 0.0, "L": None}
    for name in ("m", "q", "r", "B"):
        known = f"random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=0.5/{name}"
        assert agrees(told["order"][name], known)


def test_solve_with_a_solver_and_a_start_of_ones_own() -> None:
    settings = "--solver fixed-point --damping 0.5 --tol 1e-10 --max-iter 5000 -x m=1 -x q=1"
    told = answer(f"solve hopfield -p alpha=0.1 -p T=0.1 {settings}")
    assert told["branch"] is None
    assert told["status"] == "converged"
    assert 10 < told["iterations"] < 5000
    m = told["order"]["m"]
    assert agrees(m, "hopfield/finiteT/point/alpha=0.1/T=0.1/retrieval/m", rounding=1e-8)
    newton = answer("solve hopfield -p alpha=0.1 -p T=0.1 --solver newton -x m=1 -x q=1")
    assert newton["iterations"] < told["iterations"]


def test_a_run_that_does_not_converge_says_where_it_stood() -> None:
    line = "solve hopfield -p alpha=0.1 -p T=0.1 --solver fixed-point --max-iter 5 -x m=1 -x q=1"
    result = replica(line)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "iteration limit reached (residual " in result.stderr
    assert "after 5 iterations" in result.stderr
    result = replica(f"{line} --json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert told["status"] == "iteration limit reached"
    assert told["iterations"] == 5
    assert 1e-10 < told["residual"] < 1
    assert 0.9 < told["order"]["m"] < 1
    assert f"Error: {told['reason']}\n" == result.stderr


def test_no_such_solution_is_null_in_json() -> None:
    result = replica("solve hopfield -p alpha=0.2 --json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert told["status"] != "converged"
    assert set(told["order"].values()) == {None}
    assert told["free_energy"] is None
    assert told["reason"] == "no retrieval solution at alpha=0.2, T=0: it ends at alpha_c=0.137906"


def test_minimise_over_a_continuous_parameter() -> None:
    told = answer(f"solve {COMPOSITIONAL} --minimise l")
    assert agrees(told["parameters"]["l"], "random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=l_star/l")
    assert told["status"] == "converged"


def test_minimise_over_whole_numbers() -> None:
    point = "compositional -p alpha=0.5 -p theta=0.3 -p g=-0.02 -p p=0.1 --unscaled"
    best = answer(f"solve {point} --minimise L")
    energies = {L: answer(f"solve {point} -p L={L}")["free_energy"] for L in range(1, 9)}
    assert best["parameters"]["L"] == min(energies, key=lambda L: energies[L])
    assert best["free_energy"] == min(energies.values())


def test_unscaled_quantities() -> None:
    scaled = answer("solve compositional -p alpha=0.5 -p theta=2 -p g=-0.2 -p p=0.25 -p L=3")
    told = answer("solve compositional -p alpha=0.5 -p theta=1 -p g=-0.05 -p p=0.25 -p L=3 --unscaled")
    assert told["parameters"] == {"alpha": 0.5, "theta": 1.0, "g": -0.05, "p": 0.25, "L": 3}
    factors = {"m": 0.125, "q": 1, "C": 1, "r": 0.25, "B": 0.25}
    for name, factor in factors.items():
        assert told["order"][name] == pytest.approx(factor * scaled["order"][name], rel=1e-14)
    assert told["free_energy"] == pytest.approx(0.25 * scaled["free_energy"], rel=1e-14)
    m = told["order"]["m"]
    started = answer(
        f"solve compositional -p alpha=0.5 -p theta=1 -p g=-0.05 -p p=0.25 -p L=3 --unscaled -x m={m!r}"
    )
    assert started["order"]["m"] == pytest.approx(m, rel=1e-14)


def test_solve_to_many_digits() -> None:
    told = answer("solve hopfield -p alpha=0.05 --digits 20")
    m = told["order"]["m"]
    assert isinstance(m, str)
    assert len(m.removeprefix("0.")) == 20
    known = reference("hopfield/T0/retrieval/alpha=0.05/m")
    assert abs(float(m) - known.number) <= known.tolerance + 1e-15
    assert told["free_energy"].startswith("-0.500000356382")
    assert told["replicon"] == "-inf"


# --- capacity --------------------------------------------------------------------------------------


def test_capacity_json_is_the_contract() -> None:
    told = answer("capacity hopfield")
    assert set(told) == {
        "theory",
        "parameters",
        "quantity",
        "value",
        "order",
        "status",
        "uncertainty",
        "residual",
        "method",
        "digits",
        "broken",
        "provenance",
    }
    assert told["broken"] is True  # T_R is above T = 0
    assert (told["theory"], told["quantity"], told["status"]) == ("hopfield", "alpha_c", "converged")
    assert told["parameters"] == {"T": 0.0}
    assert told["digits"] == 15
    assert agrees(told["value"], "hopfield/alpha_c_T0")
    for name in ("m", "C", "r"):
        assert agrees(told["order"][name], f"hopfield/alpha_c_T0/{name}", rounding=1e-14)
    assert told["residual"] < 1e-10
    assert "mpmath" in told["method"]


def test_capacity_prints_exactly_the_good_digits() -> None:
    printed = replica("capacity hopfield").stdout
    assert printed.startswith("alpha_c = 0.137905566494932: largest load with a retrieval solution\n")
    assert "15 good digits" in printed
    warm = replica("capacity hopfield -p T=0.3").stdout
    digits = re.search(r"(\d+) good digits", warm)
    value = re.search(r"alpha_c = 0\.(\d+):", warm)
    assert digits is not None
    assert value is not None
    assert len(value[1]) == int(digits[1]) >= 13
    assert "0.10332978257905888511".startswith(f"0.{value[1][:-1]}")


def test_capacity_to_fifty_digits() -> None:
    told = answer("capacity hopfield --digits 50")
    known = reference("hopfield/alpha_c_T0")
    assert told["value"] == known.value
    assert told["digits"] == 50
    assert all(isinstance(value, str) for value in told["order"].values())


@pytest.mark.parametrize(
    ("line", "quantity", "name"),
    [
        ("thresholded-hopfield -p theta=0.5", "alpha_c", "thresholded_hopfield/tuned/theta=0.5/alpha_c"),
        ("thresholded-hopfield -p g=0", "alpha_c", "thresholded_hopfield/g=0/theta=0/alpha_c"),
        (
            "compositional -p theta=1 -p g=-0.2 -p l=1",
            "alpha_c",
            "random_rbm/capacity/compositional/theta=1.0,g=-0.2,l=1.0/alpha_c",
        ),
        ("mixtures -p n=3", "T_n", "hopfield/mixtures/T_3"),
    ],
)
def test_capacities(line: str, quantity: str, name: str) -> None:
    told = answer(f"capacity {line}")
    assert told["quantity"] == quantity
    assert agrees(told["value"], name, rounding=0.5 * 10.0 ** (1 - told["digits"]))
    assert told["digits"] >= 12


def test_a_capacity_that_does_not_exist() -> None:
    result = replica("capacity hopfield -p T=1.3 --json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert (told["value"], told["order"], told["residual"]) == (None, {}, None)
    assert told["status"] != "converged"
    assert f"Error: {told['reason']}\n" == result.stderr


# --- line ------------------------------------------------------------------------------------------


def test_line_json_is_the_contract() -> None:
    told = answer("line hopfield spinodal -x alpha=0.01:0.1:10 -y T")
    assert (told["theory"], told["line"], told["kind"]) == ("hopfield", "spinodal", "spinodal")
    assert (told["x"], told["y"], told["parameters"]) == ("alpha", "T", {})
    assert [point["x"] for point in told["points"]] == [round(0.01 * i, 2) for i in range(1, 11)]
    assert {point["status"] for point in told["points"]} == {"converged"}
    for point in told["points"]:
        assert set(point) == {"x", "y", "status", "uncertainty", "broken"}
        assert point["uncertainty"][0] == 0 < point["uncertainty"][1] < 1e-12
        assert point["broken"] is False  # T_R is below T_M at these loads
    for i, alpha in ((0, "0.01"), (4, "0.05"), (9, "0.1")):
        assert agrees(told["points"][i]["y"], f"hopfield/finiteT/alpha={alpha}/T_M", rounding=1e-12)


def test_points_that_do_not_exist_are_null_with_a_reason() -> None:
    result = replica("line curie-weiss spinodal -x T=0.5:1.5:3 -y h --json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["points"][0]["y"] == pytest.approx(
        math.sqrt(0.5) - 0.5 * math.atanh(math.sqrt(0.5)), abs=1e-12
    )
    assert told["points"][2]["y"] is None
    assert "T=1.5" in told["points"][2]["status"]
    printed = replica("line curie-weiss spinodal -x T=0.5:1.5:3 -y h").stdout
    assert re.search(r"^1\.5 +- +no such point", printed, re.MULTILINE)


def test_a_line_of_which_nothing_exists() -> None:
    result = replica("line curie-weiss spinodal -x T=1.2:1.5:3 -y h --json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert [point["x"] for point in told["points"]] == [1.2, 1.35, 1.5]
    assert {point["y"] for point in told["points"]} == {None}
    assert result.stderr.startswith("Error: curie-weiss: no ")
    assert replica("line curie-weiss spinodal -x T=1.2:1.5:3 -y h").stdout == ""


@pytest.mark.parametrize("x", ["T", "T=0.1:0.9"])
def test_a_line_without_a_count_is_the_whole_curve(x: str) -> None:
    told = answer(f"line curie-weiss spinodal -x {x} -y h")["points"]
    points = [point for point in told if point["status"] == "converged"]
    assert len(points) > 20
    assert len(points) >= len(told) - 1  # at T -> 0 the tracing may stop early, and then says so
    for point in points:
        root = math.sqrt(1 - point["x"])
        assert abs(point["y"]) == pytest.approx(
            abs(root - point["x"] * math.atanh(root)) if root < 1 else 1, abs=1e-8
        )


# --- diagram, draw, figure -------------------------------------------------------------------------


def test_a_diagram_is_computed_stored_and_drawn(here: Path, small: PhaseDiagram) -> None:
    result = replica("diagram hopfield -o hopfield.json")
    assert (result.exit_code, result.stdout) == (0, "")
    stored = load_diagram("hopfield.json")
    assert stored.lines == small.lines
    assert replica("draw hopfield.json -o hopfield.pdf").exit_code == 0
    assert replica("draw hopfield.json -o hopfield.svg").exit_code == 0
    assert replica("figure hopfield -o hopfield.png").exit_code == 0
    assert (here / "hopfield.pdf").read_bytes().startswith(b"%PDF")
    assert (here / "hopfield.png").read_bytes().startswith(b"\x89PNG")
    assert "replica diagram hopfield -o hopfield.json" in (here / "hopfield.svg").read_text(encoding="utf-8")
    assert len(list(here.iterdir())) == 4


def test_the_provenance_of_a_diagram(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from replica import __version__

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1715900000")
    replica("diagram hopfield -o 'my file.json'")
    origin = load_diagram("my file.json").provenance
    assert origin["model"] == "hopfield"
    assert origin["command"] == "replica diagram hopfield -o 'my file.json'"
    assert origin["date"] == "2024-05-16T22:53:20Z"
    assert origin["versions"]["replica"] == __version__
    assert origin["versions"]["numpy"] == "of the builder"
    assert {"python", "scipy", "mpmath"} <= set(origin["versions"])
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert re.search(r'"date": "20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"', replica("diagram hopfield").stdout)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert replica("diagram hopfield").exit_code == 2


@pytest.mark.parametrize("output", ["", "-o -"])
def test_stdout_and_stdin_join_two_commands(output: str, here: Path) -> None:
    computed = replica(f"diagram hopfield {output}")
    assert computed.stderr == ""
    assert PhaseDiagram.from_json(json.loads(computed.stdout)).name == "small"
    drawn = replica("draw - -o hopfield.png", stdin=computed.stdout)
    assert drawn.exit_code == 0, drawn.stderr
    assert [path.name for path in here.iterdir()] == ["hopfield.png"]


@pytest.mark.parametrize(
    ("stdin", "sentence"),
    [
        ("", "stdin: it is not JSON"),
        ("{", "stdin: it is not JSON"),
        ("[" * 100_000, "stdin: it is not JSON"),
        ("[]", "stdin: expected an object"),
        ('{"format": 8}', "stdin: the diagram is written in format 8"),
        ('{"format": 1}', "stdin: "),
    ],
)
def test_damaged_input(stdin: str, sentence: str, here: Path) -> None:
    result = replica("draw - -o x.png", stdin=stdin)
    assert result.exit_code == 1
    assert sentence in result.stderr
    (here / "x.json").write_text(stdin)
    assert replica("draw x.json -o x.png").exit_code == 1
    assert not (here / "x.png").exists()


LOOK = "--style slides --size 12.7x10.16cm --dpi 60 --title Talk"


@pytest.mark.parametrize("command", ["draw small.json", "figure hopfield"])
def test_a_figure_looks_as_asked_and_says_so(command: str, here: Path, small: PhaseDiagram) -> None:
    save_diagram(small, here / "small.json")
    for suffix in ("png", "svg", "pdf"):
        result = replica(f"{command} -o a.{suffix} {LOOK}")
        assert (result.exit_code, result.stdout) == (0, "")
    asked = {"style": "slides", "size": [5.0, 4.0], "dpi": 60, "title": "Talk"}
    with Image.open(here / "a.png") as image:
        assert image.size == (300, 240)
        told = json.loads(image.info["Description"])
    assert told["figure"] == asked
    assert told["model"] == small.provenance["model"]
    root = ET.parse(here / "a.svg").getroot()
    (found,) = root.iter("{http://purl.org/dc/elements/1.1/}description")
    assert json.loads(found.text or "")["figure"] == asked
    assert root.get("width") == "360pt"
    content = (here / "a.pdf").read_bytes()
    (subject,) = re.findall(rb"/Subject \((.*?)\)\s*(?:/|>>)", content, re.DOTALL)
    assert json.loads(subject)["figure"] == asked
    assert b"/MediaBox [ 0 0 360 288 ]" in content


def unreachable() -> PhaseDiagram:
    pytest.fail("computed before the output was checked")


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("diagram long -o missing/x.json", 1, "the directory missing does not exist"),
        ("diagram long -o there.json", 1, "it is a directory"),
        ("diagram long -o x.png", 2, "must end in .json"),
        ("figure long -o missing/x.png", 1, "the directory missing does not exist"),
        ("figure long -o x", 2, "must end in .png or .pdf or .svg"),
        ("figure long -o -", 2, "must end in .png or .pdf or .svg"),
        ("figure long -o x.png --style slidse", 2, "unknown style 'slidse'; did you mean 'slides'?"),
        (
            "figure long -o x.png --style none.mplstyle",
            1,
            "cannot read the style none.mplstyle: No such file",
        ),
        (
            "figure long -o x.png --size 3x",
            2,
            "'3x' is not of the form WIDTHxHEIGHT, such as 3.4x2.8 or 8.6x7cm",
        ),
        ("figure long -o x.png --size 3x2mm", 2, "not of the form WIDTHxHEIGHT"),
        (
            "figure long -o x.png --size 0x3",
            2,
            "0x3 is 0 by 3 inches; either side must be from 1 to 100 inches",
        ),
        ("figure long -o x.png --size 1000x3cm", 2, "must be from 1 to 100 inches"),
        ("figure long -o x.png --dpi 1", 2, "--dpi"),
    ],
)
def test_the_output_is_checked_before_anything_is_computed(
    line: str, code: int, sentence: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DIAGRAMS, "long", Entry("Long", unreachable))
    (here / "there.json").mkdir()
    result = replica(line)
    assert result.exit_code == code
    assert sentence in result.stderr


@pytest.mark.parametrize("line", ["diagram wrong -o old.json", "figure wrong -o old.png"])
def test_a_diagram_that_fails_leaves_the_old_file(
    line: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong() -> PhaseDiagram:
        msg = "no such line"
        raise LocateError(msg)

    monkeypatch.setitem(DIAGRAMS, "wrong", Entry("Wrong", wrong))
    for name in ("old.json", "old.png"):
        (here / name).write_text("old")
    result = replica(line)
    assert (result.exit_code, result.stderr) == (3, "Error: no such line\n")
    assert {path.name: path.read_text() for path in here.iterdir()} == {"old.json": "old", "old.png": "old"}


def test_jobs_are_processes_where_a_diagram_takes_an_executor(
    here: Path, small: PhaseDiagram, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[float]] = []

    def build(*, executor: Executor | None = None) -> PhaseDiagram:
        work: Callable[..., Any] = map if executor is None else executor.map
        seen.append(list(work(math.sqrt, [1.0, 4.0])))
        return small

    monkeypatch.setitem(DIAGRAMS, "parallel", Entry("Parallel", build))
    assert replica("diagram parallel --jobs 2").exit_code == 0
    assert replica("diagram parallel").exit_code == 0
    assert seen == [[1.0, 2.0]] * 2
    assert "one process" in replica("diagram hopfield --jobs 2").stderr


# --- grids -----------------------------------------------------------------------------------------


def test_a_sweep_from_the_command_line_is_that_of_the_library(here: Path) -> None:
    from phase_diagrams.sweeping import open_sweep, sweep

    line = "sweep hopfield --over T=0.1:0.3:3 --over alpha=0.01,0.02,0.05 --branch glass -o x.nc"
    result = replica(f"{line} --json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["over"]["alpha"] == {"from": 0.01, "to": 0.05, "count": 3}
    assert told["statuses"] == {"glass": {"converged": 9}}
    with open_sweep(here / "x.nc") as data:
        known = sweep(
            THEORIES["hopfield"], {"T": [0.1, 0.2, 0.3], "alpha": [0.01, 0.02, 0.05]}, branch="glass"
        )
        assert data.equals(known)
    assert replica(line).exit_code == 1
    assert replica(f"{line} --resume").exit_code == 0
    logarithmic = replica("sweep hopfield --over alpha=log:0.001:0.1:3 -o y.zarr")
    assert logarithmic.exit_code == 0
    with open_sweep(here / "y.zarr") as data:
        assert data["alpha"].values == pytest.approx([0.001, 0.01, 0.1], rel=1e-15)


def test_a_sweep_without_any_solution_ends_with_3(here: Path) -> None:
    result = replica("sweep hopfield --over alpha=0.5:0.7:3 -o x.nc")
    assert result.exit_code == 3
    assert "no point of the grid has a solution" in result.stderr
    assert (here / "x.nc").exists()


INTERRUPTED = """
import os, signal, sys, threading
from phase_diagrams.commands import main
from phase_diagrams.sweeping import plan

count, solve = [], plan.solve_chunk
def counting(task):
    count.append(task)
    if len(count) == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return solve(task)
plan.solve_chunk = counting
main(sys.argv[1:], "replica")
"""


def test_an_interrupted_sweep_says_how_to_go_on(here: Path) -> None:
    line = f"{SWEEP} --chunk 100"
    stopped = process("-c", INTERRUPTED, *shlex.split(line))
    assert stopped.returncode == 130, stopped.stderr
    assert stopped.stderr == (
        "interrupted; the finished chunks are kept: the same command with --resume goes on\n"
    )
    assert replica(f"{line} --resume").exit_code == 0
    assert replica(f"{line.replace('run', 'whole')} --jobs 2").exit_code == 0
    files = [
        {str(p.relative_to(here / name)): p.read_bytes() for p in (here / name).rglob("*") if p.is_file()}
        for name in ("run.zarr", "whole.zarr")
    ]
    assert files[0] == files[1]


def test_no_cluster_is_one_sentence(here: Path) -> None:
    pytest.importorskip("distributed")
    result = replica("sweep hopfield --over alpha=0:0.1:3 -o x.nc --dask nonsense://127.0.0.1:1")
    assert result.exit_code == 1
    assert "no Dask scheduler answers at nonsense://127.0.0.1:1; start one with" in result.stderr
    assert not list(here.iterdir())


def test_a_map_with_a_heat_map_is_drawn(here: Path) -> None:
    assert replica(SWEEP).exit_code == 0
    result = replica("map run.zarr -o map.json --heat m --contours 4")
    assert result.exit_code == 0
    told = json.loads((here / "map.json").read_text())
    assert told["heat_map"]["levels"] == [0.2, 0.4, 0.6, 0.8]
    assert told["provenance"]["sweep"]["theory"] == "blume-capel"
    assert told["provenance"]["command"] == "replica map run.zarr -o map.json --heat m --contours 4"
    assert replica("draw map.json -o map.png").exit_code == 0
    for line, sentence in {
        "map run.zarr --heat x": "unknown variable of the sweep 'x'",
        "map run.zarr --heat m --branch glass": "unknown branch of the sweep 'glass'",
        "map run.zarr -p D=0.1": "a map has two axes, and this sweep goes over T",
        "map run.zarr -p D=0.1001": "the sweep has no point at D = 0.1001; the nearest is 0.1",
    }.items():
        result = replica(line)
        assert result.exit_code == 2
        assert sentence in result.stderr


KILLED = """
import os, signal, sys
from phase_diagrams.commands import main
from phase_diagrams.catalogue import hopfield

count, trace = [], hopfield.boundary_line
def counting(*args, **options):
    count.append(args)
    if len(count) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return trace(*args, **options)
counting.__module__, counting.__qualname__ = trace.__module__, trace.__qualname__
hopfield.boundary_line = counting
main(sys.argv[2:], "replica")
print(len(count))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT from another process")
def test_an_interrupted_diagram_says_how_to_go_on(tmp_path: Path) -> None:
    script = KILLED.replace("SIGKILL", "SIGINT")
    stopped = process("-c", script, "2", "diagram", "hopfield", "-o", "d.json", cwd=tmp_path)
    assert stopped.returncode == 130
    assert stopped.stderr == "interrupted; the finished lines are kept: the same command goes on\n"
    assert len(list((tmp_path / "d.json.lines").iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_diagram_goes_on_with_the_lines_that_are_finished(tmp_path: Path) -> None:
    line = ["diagram", "hopfield", "-o", "d.json"]
    environment = {"SOURCE_DATE_EPOCH": "0"}
    killed = process("-c", KILLED, "4", *line, cwd=tmp_path, env=environment)
    assert killed.returncode < 0
    kept = list((tmp_path / "d.json.lines").iterdir())
    assert [path.suffix for path in kept] == [".json"] * 3
    kept[0].write_text("damaged")
    script = KILLED.replace('main(sys.argv[2:], "replica")', CONTINUED)
    done = process("-c", script, "99", *line, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4\n"  # of six lines: three that were left, one that was damaged
    assert [path.name for path in tmp_path.iterdir()] == ["d.json"]
    resumed = json.loads((tmp_path / "d.json").read_text())
    whole = process("-m", "replica", *line, "--jobs", "2", cwd=tmp_path, env=environment)
    assert whole.returncode == 0, whole.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["d.json"]
    again = json.loads((tmp_path / "d.json").read_text())
    assert again["provenance"].pop("command") == "replica diagram hopfield -o d.json --jobs 2"
    resumed["provenance"].pop("command")
    assert again == resumed


CONTINUED = 'main(sys.argv[2:], "replica", standalone_mode=False)'


# --- bad input -------------------------------------------------------------------------------------

HOPFIELD = "solve hopfield -p alpha=0.1"
BAD = [
    ("slove", 2, "unknown command 'slove'; did you mean 'solve'?"),
    ("--frobnicate", 2, "--frobnicate"),
    ("show", 2, "THEORY"),
    ("show hopfeild", 2, "unknown theory 'hopfeild'; did you mean 'hopfield'?"),
    ("list extra", 2, "extra"),
    ("solve", 2, "THEORY"),
    ("solve hopfeild -p alpha=0.1", 2, "did you mean 'hopfield'?"),
    ("solve hopfield", 2, "missing alpha (load, patterns per neuron); give -p alpha=VALUE"),
    (f"{HOPFIELD} --branch retreival", 2, "did you mean 'retrieval'?"),
    ("solve hopfield -p alhpa=0.1", 2, "did you mean 'alpha'?"),
    ("solve hopfield -p alpha=-0.1", 2, "alpha is >= 0"),
    (f"{HOPFIELD} -p T=-1", 2, "T is >= 0"),
    ("solve hopfield -p alpha=nan", 2, "not a finite number"),
    ("solve hopfield -p alpha=-Infinity", 2, "not a finite number"),
    ("solve hopfield -p alpha=1e999", 2, "too large"),
    ("solve hopfield -p alpha=lots", 2, "not a decimal number"),
    ("solve hopfield -p alpha=1_0", 2, "not a decimal number"),
    ("solve hopfield -p alpha=", 2, "not a decimal number"),
    ("solve hopfield -p alpha", 2, "NAME=VALUE"),
    ("solve hopfield -p =0.1", 2, "NAME=VALUE"),
    (f"{HOPFIELD} -p alpha=0.2", 2, "alpha is given twice, as 0.1 and 0.2"),
    (f"{HOPFIELD} -x m=1 -x m=0", 2, "m is given twice"),
    (f"{HOPFIELD} -x z=1", 2, "unknown order parameter of hopfield 'z'"),
    (f"{HOPFIELD} -x m=nan", 2, "not a finite number"),
    (f"{HOPFIELD} -x q=0.5", 2, "at T = 0 the overlap q is 1"),
    (f"{HOPFIELD} -x m=1 --branch glass", 2, "either --branch or a start"),
    (f"{HOPFIELD} --damping 0.5", 2, "--solver fixed-point"),
    (f"{HOPFIELD} --solver newton --damping 0.5", 2, "--solver fixed-point"),
    (f"{HOPFIELD} --solver fixed-point --damping 1.5", 2, "damping = 1.5"),
    (f"{HOPFIELD} --solver secant", 2, "secant"),
    (f"{HOPFIELD} --tol 0", 2, "tol = 0"),
    (f"{HOPFIELD} --max-iter 0", 2, "at least 1"),
    (f"{HOPFIELD} --digits 0", 2, "--digits"),
    (f"{HOPFIELD} --unscaled", 2, "leave --unscaled out"),
    (f"{HOPFIELD} --minimise l", 2, "unknown parameter of hopfield 'l'"),
    (f"{HOPFIELD} --minimise alpha", 2, "leave -p alpha=0.1 out"),
    (f"{HOPFIELD} -p T=2", 3, "what exists here: paramagnet"),
    ("solve hopfield -p alpha=0.2", 3, "it ends at alpha_c=0.137906"),
    ("solve mixtures -p n=2.5", 2, "a whole number in [1, 10000]"),
    ("solve mixtures -p n=0", 2, "a whole number in [1, 10000]"),
    ("solve mixtures -p n=1e30", 2, "a whole number in [1, 10000]"),
    (f"solve {COMPOSITIONAL}", 2, "l"),
    (f"solve {COMPOSITIONAL} -p l=-1", 2, "l is >= 0"),
    (f"solve {COMPOSITIONAL} -p l=1 -p L=3", 2, "L is infinite"),
    (f"solve {COMPOSITIONAL} -p p=0.1 -p l=1 -p L=3", 2, "give L, not l"),
    (f"solve {COMPOSITIONAL} -p p=0.1", 2, "number L"),
    (f"solve {COMPOSITIONAL} -p p=1.5 -p L=3", 2, "p is in [0, 1]"),
    (f"solve {COMPOSITIONAL} -p p=-0.5 -p L=3", 2, "p is in [0, 1]"),
    (f"solve {COMPOSITIONAL} -p l=1 --minimise l", 2, "leave -p l=1 out"),
    (f"solve {COMPOSITIONAL} --minimise l --branch all", 2, "leave --branch all out"),
    (f"solve {COMPOSITIONAL} --minimise l -x m=1", 2, "leave -x"),
    (f"solve {COMPOSITIONAL} --minimise l --tol 1e-8", 2, "leave -x"),
    (f"solve {COMPOSITIONAL} --minimise l --digits 20", 2, "--digits does not go with --minimise"),
    (f"solve {COMPOSITIONAL} --minimise L", 2, "L is infinite"),
    (f"solve {COMPOSITIONAL} -p p=0.1 --minimise l", 2, "give L, not l"),
    (f"solve {COMPOSITIONAL} -p p=0.1 -p L=3 --unscaled --digits 20", 2, "does not go with --unscaled"),
    (f"solve {COMPOSITIONAL} -p p=0 -p L=3 --unscaled", 2, "0 < p <= 1"),
    (f"solve {COMPOSITIONAL} -p p=2 -p L=3 --unscaled", 2, "p = 2"),
    (f"solve {COMPOSITIONAL} --unscaled", 2, "missing p (weight sparsity"),
    (f"solve {COMPOSITIONAL} -p l=1 --unscaled", 2, "unknown unscaled parameter of compositional 'l'"),
    ("solve compositional -p alpha=0.5 -p theta=1.5 -p g=-0.01 --minimise l", 3, "no minimum in l"),
    ("capacity", 2, "THEORY"),
    ("capacity hopfeild", 2, "did you mean 'hopfield'?"),
    ("capacity hopfield -p alpha=0.1", 2, "alpha is what is computed here"),
    ("capacity hopfield -p T=-1", 2, "T is >= 0"),
    ("capacity hopfield --digits 1001", 2, "1000"),
    ("capacity mixtures", 2, "missing n (number of mixed patterns)"),
    ("capacity mixtures -p n=2", 3, "mixtures(n=2)"),
    ("capacity compositional -p theta=1", 2, "missing g (scaled visible field"),
    ("capacity compositional -p theta=1 -p g=-0.2", 2, "l"),
    ("capacity curie-weiss -p h=0.2", 2, "h is held at 0"),
    ("line hopfield", 2, "LINE"),
    ("line hopfield spinodal", 2, "-x"),
    ("line hopfield spinodl -x alpha -y T", 2, "did you mean 'spinodal'?"),
    ("line hopfield spinodal -x alhpa -y T", 2, "did you mean 'alpha'?"),
    ("line hopfield spinodal -x alpha -y S", 2, "unknown parameter of hopfield 'S'"),
    ("line hopfield spinodal -x alpha -y alpha", 2, "two different parameters"),
    ("line hopfield spinodal -x alpha=0.1:0.2:1 -y T", 2, "from 2 to"),
    ("line hopfield spinodal -x alpha=0.1:0.2:-5 -y T", 2, "from 2 to"),
    ("line hopfield spinodal -x alpha=0.1:0.2:2.5 -y T", 2, "from 2 to"),
    ("line hopfield spinodal -x alpha=0.1:0.2:9999999 -y T", 2, "from 2 to"),
    ("line hopfield spinodal -x alpha=0.1 -y T", 2, "NAME=FROM:TO"),
    ("line hopfield spinodal -x alpha=0.1:0.2:3:4 -y T", 2, "NAME=FROM:TO"),
    ("line hopfield spinodal -x alpha=0.1:0.1:5 -y T", 2, "its ends are equal"),
    ("line hopfield spinodal -x alpha=0.1:nan:5 -y T", 2, "not a finite number"),
    ("line hopfield spinodal -x alpha=a:b -y T", 2, "not a decimal number"),
    ("line hopfield spinodal -x alpha=-0.1:0.1:5 -y T", 2, "alpha is >= 0"),
    ("line hopfield spinodal -x alpha -y T=-1:1", 2, "T is >= 0"),
    ("line hopfield spinodal -x alpha -y T=0:1:5", 2, "only x takes a number of points"),
    ("line hopfield spinodal -x alpha -y T -p T=0.1", 2, "leave -p T=0.1 out"),
    ("line mixtures stability -x n -y T", 2, "n is a whole number"),
    ("line curie-weiss continuous -x T -y h", 2, "h is held at 0"),
    ("line compositional compositional-glass -x theta -y alpha -p g=-0.2 -p l=1", 2, "l is minimised over"),
    ("diagram", 2, "DIAGRAM"),
    ("diagram hopfeild", 2, "unknown diagram 'hopfeild'; did you mean 'hopfield'?"),
    ("diagram hopfield --jobs 0", 2, "--jobs"),
    ("figure hopfield --format x", 2, "--format"),
    ("figure hopfeild -o x.png", 2, "did you mean 'hopfield'?"),
    ("draw", 2, "FILE"),
    ("draw x.json", 2, "-o"),
    ("draw missing.json -o x.png", 1, "cannot read missing.json: No such file or directory"),
    ("sweep", 2, "THEORY"),
    ("sweep hopfield -o x.nc", 2, "give --over NAME=FROM:TO:COUNT"),
    ("sweep hopfield --over alpha=0:0.1:3", 2, "-o"),
    ("sweep hopfeild --over alpha=0:0.1:3 -o x.nc", 2, "did you mean 'hopfield'?"),
    ("sweep hopfield --over alhpa=0:0.1:3 -o x.nc", 2, "did you mean 'alpha'?"),
    ("sweep hopfield --over alpha=0:0.1:3 --over alpha=0:0.2:3 -o x.nc", 2, "alpha is given twice"),
    ("sweep hopfield --over alpha=0:0.1:3 -p alpha=0.1 -o x.nc", 2, "leave one of the two out"),
    ("sweep hopfield --over alpha=0:0.1:1 -o x.nc", 2, "from 2 to"),
    ("sweep hopfield --over alpha=0:0.1 -o x.nc", 2, "NAME=FROM:TO:COUNT"),
    ("sweep hopfield --over alpha -o x.nc", 2, "NAME=FROM:TO:COUNT"),
    ("sweep hopfield --over alpha=log:0:0.1:3 -o x.nc", 2, "a logarithmic range needs ends above 0"),
    ("sweep hopfield --over alpha=0.1,x -o x.nc", 2, "not a decimal number"),
    ("sweep hopfield --over alpha=0.1,0.1 -o x.nc", 2, "must increase, or decrease"),
    ("sweep hopfield --over alpha=-0.1:0.1:3 -o x.nc", 2, "alpha is >= 0"),
    ("sweep hopfield --over T=0:1:3 -o x.nc", 2, "missing alpha"),
    ("sweep hopfield --over alpha=0:0.1:3 --branch glas -o x.nc", 2, "did you mean 'glass'?"),
    ("sweep hopfield --over alpha=0:0.1:3 -o x.csv", 2, "must end in .nc or .zarr"),
    ("sweep hopfield --over alpha=0:0.1:3 -o no/x.nc", 1, "the directory no does not exist"),
    ("sweep hopfield --over alpha=0:0.1:3 -o x.nc --jobs 0", 2, "--jobs"),
    ("sweep hopfield --over alpha=0:0.1:3 -o x.nc --chunk 0", 2, "--chunk"),
    ("sweep hopfield --over alpha=0:0.1:3 -o x.nc --jobs 2 --dask tcp://x", 2, "either --jobs"),
    ("sweep hopfield --over alpha=0:0.1:3 -o x.nc --resume --overwrite", 2, "not both"),
    ("sweep mixtures --over n=1:2:3 -o x.nc", 2, "n is a whole number"),
    ("sweep mixtures --over T=0:1:3 -p n=1.5 -o x.nc", 2, "n is a whole number"),
    ("export", 2, "FILE"),
    ("export x.zarr -o x.txt", 2, "must end in .nc or .csv or .parquet"),
    ("export x.zarr -o x.csv", 1, "cannot read x.zarr: No such file or directory"),
    ("map", 2, "FILE"),
    ("map x.zarr -o x.json", 1, "cannot read x.zarr: No such file or directory"),
    ("map x.zarr -o x.json --contours 3", 2, "add --heat NAME"),
    ("draw x.json -o x.jpg", 2, "must end in .png or .pdf or .svg"),
    ("solve spectral-rbm -p w=2 -p law=laplac", 2, "did you mean 'laplace'?"),
    ("solve spectral-rbm -p w=2 -p law=3", 2, "law is one of gaussian, laplace, rademacher, bernoulli"),
    ("solve spectral-rbm -p w=2 -p law=laplace -p law=gaussian", 2, "law is given twice"),
    ("solve spectral-rbm -p w=2 -p T=hot", 2, "T=hot is not a decimal number"),
    ("solve spectral-rbm -p w=2 -p law=bernoulli", 2, "the law bernoulli needs p"),
    ("solve spectral-rbm -p w=2 -p p=0.2", 2, "p belongs to the law bernoulli"),
    ("solve spectral-rbm -p w=2 -p modes=4", 2, "a whole number in [0, 3]"),
    ("solve spectral-rbm -p w=2 --minimise law", 2, "law is a name"),
    ("solve spectral-rbm -p w=0.5 -p sigma=0.5", 3, "what exists here: paramagnet"),
    ("capacity spectral-rbm", 3, "the spin glass exists at T < sigma only"),
    ("line spectral-rbm stability -x law -y w", 2, "law is a name"),
    ("line spectral-rbm coexistence -x w -y w2 -p modes=2", 2, "modes is held at 1"),
    ("place", 2, "FILE"),
    ("place missing.npz", 1, "cannot read missing.npz: No such file or directory"),
    ("place missing.npz --law laplac", 2, "laplac"),
    ("place missing.npz -o x.jpg", 2, "must end in .png or .pdf or .svg"),
]


@pytest.mark.parametrize(("line", "code", "sentence"), BAD, ids=[line for line, _, _ in BAD])
def test_bad_input_is_one_sentence_and_the_right_exit_code(
    line: str, code: int, sentence: str, here: Path
) -> None:
    result = replica(line)
    assert result.exit_code == code, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert not list(here.iterdir())


# --- weight matrices -------------------------------------------------------------------------------


def test_place_json_and_figure(here: Path) -> None:
    np.savez(here / "weights.npz", W=two_modes(), other=np.ones(3))
    told = json.loads(replica("place weights.npz --key W -o plane.svg --json").stdout)
    assert (told["visible"], told["hidden"], told["kappa"]) == (300, 200, 200 / 300)
    assert told["sigma"] == pytest.approx(0.7, rel=0.01)
    assert [mode["condensed"] for mode in told["modes"]] == [True, True]
    assert told["modes"][1]["w"] > told["w_c"]
    drawn = (here / "plane.svg").read_text(encoding="utf-8")
    assert "weights.npz" in drawn
    quarter = json.loads(replica("place weights.npz --zero-one --json").stdout)
    assert quarter["sigma"] == pytest.approx(told["sigma"] / 4, rel=1e-12)
    assert (quarter["phase"], quarter["w_c"]) == ("paramagnet", None)


@pytest.mark.parametrize(
    ("content", "options", "code", "sentence"),
    [
        ({"A": np.ones((9, 9)), "B": np.ones((9, 9))}, "", 2, "several arrays (A, B)"),
        ({"weights": np.ones((9, 9))}, "--key wieghts", 2, "did you mean 'weights'?"),
        ({}, "", 1, "no array in it"),
        ({"W": np.ones(9)}, "", 2, "weights of shape (9,)"),
        (
            {"W": np.where(np.eye(9) > 0, np.nan, 1.0)},
            "",
            2,
            "weights: 9 of 81 are not finite numbers, the first one (nan) in row 0, column 0",
        ),
        ({"W": np.array([[{}]], dtype=object)}, "", 1, "no .npy or .npz file of numbers"),
        ({"W": np.ones((9, 9), dtype=complex)}, "", 2, "complex128"),
        ({"W": np.ones((3, 9))}, "", 2, "at least 8 units"),
        ({"W": np.zeros((9, 9))}, "", 2, "all weights are zero"),
        ({"W": np.ones((9, 9))}, "-o x.png", 2, "has no noise"),
        (b"hello", "", 1, "no .npy or .npz file of numbers"),
        (b"PK\x03\x04hello", "", 1, "no .npy or .npz file of numbers"),
        (b"", "", 1, "no .npy or .npz file of numbers"),
    ],
)
def test_weights_that_cannot_be_placed(
    content: Any, options: str, code: int, sentence: str, here: Path
) -> None:
    if isinstance(content, bytes):
        (here / "bad.npz").write_bytes(content)
    else:
        np.savez(here / "bad.npz", **content)
    result = replica(f"place bad.npz {options}")
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert [path.name for path in here.iterdir()] == ["bad.npz"]


def test_an_npy_file_holds_one_matrix_without_a_name(here: Path) -> None:
    np.save(here / "weights.npy", two_modes())
    assert "phase     ferromagnet" in replica("place weights.npy").stdout
    result = replica("place weights.npy --key W")
    assert result.exit_code == 2
    assert "without a name" in result.stderr


# --- learning --------------------------------------------------------------------------------------


def test_learn_theory_json_is_the_contract() -> None:
    told = answer("learn-theory --variance 3,0.5 --time 0:4:3 --initial 0.01")
    assert list(told) == ["model", "sigma_v", "sigma_h", "initial", "method", "t", "modes", "provenance"]
    assert (told["method"], told["t"]) == ("closed form", [0.0, 2.0, 4.0])
    first, second = told["modes"]
    assert list(first) == ["variance", "rate", "limit", "w"]
    known = "learning/gauss_gauss/w0=0.01,S=3"
    assert all(agrees(first["w"][i], f"{known}/t={t}") for i, t in ((1, 2), (2, 4)))
    assert agrees(first["limit"], f"{known}/limit")
    assert (second["rate"], second["limit"]) == (-0.5, 0)
    integrated = answer("learn-theory --variance 3,0.5 --time 0:4:3 --initial 0.01 --integrate")
    assert integrated["method"] == "integrated"
    assert integrated["modes"][0]["w"] == pytest.approx(first["w"], rel=1e-8)
    assert integrated["modes"][0]["w"] != first["w"]


def test_learn_theory_csv_has_all_digits(tmp_path: Path) -> None:
    printed = replica("learn-theory --variance 4,2 --time 0:1:2 --csv").stdout
    rows = [line.split(",") for line in printed.splitlines()]
    assert rows[0] == ["t", "w(S=4.0)", "w(S=2.0)"]
    assert [float(value) for value in rows[1]] == [0.0, 0.1, 0.1]
    told = answer("learn-theory --variance 4,2 --time 0:1:2")
    assert [float(value) for value in rows[2]] == [1.0, *(mode["w"][1] for mode in told["modes"])]
    result = replica(f"learn-theory --variance 4,2 --time 0:1:2 -o {tmp_path / 'w.csv'}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "w.csv").read_text() == printed


def test_learn_theory_stores_a_diagram_that_can_be_drawn(tmp_path: Path) -> None:
    stored = tmp_path / "w.json"
    assert replica(f"learn-theory --variance 4,1.5 --time 0:10:5 -o {stored}").exit_code == 0
    diagram = load_diagram(stored)
    assert [line.label for line in diagram.lines] == ["$S = 4$", "$S = 1.5$"]
    assert len(diagram.points) == 10
    assert diagram.provenance["command"].startswith("replica learn-theory --variance 4,1.5")
    assert replica(f"draw {stored} -o {tmp_path / 'a.png'}").exit_code == 0
    result = replica(f"learn-theory --variance 4,1.5 --time 0:10:5 -o {tmp_path / 'b.png'} --json")
    assert json.loads(result.stdout)["modes"][0]["variance"] == 4
    assert (tmp_path / "b.png").stat().st_size > 10_000


def test_learn_theory_from_clusters() -> None:
    told = answer("learn-theory --clusters 2017 --time 0:1:2")
    variances = [mode["variance"] for mode in told["modes"]]
    assert all(agrees(S, f"learning/clusters/S_{a + 1}") for a, S in enumerate(variances))
    assert len(variances) == 8
    assert answer("learn-theory --clusters 1 --time 0:1:2")["modes"] != told["modes"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("", "give the data: one of --variance, such as --variance 4,2,1.2, --clusters SEED and --signal S"),
        ("--variance 4 --clusters 1", "give the data: one of"),
        ("--variance 4,,2", "variance= is not a decimal number"),
        ("--variance 4,two", "variance=two is not a decimal number"),
        ("--variance 4,-2", "variance = -2 is not allowed; variance is >= 0"),
        ("--variance 4 --time 0:20", "'0:20' is not of the form FROM:TO:COUNT, such as 0:50:11"),
        ("--variance 4 --time 0:20:1", "whole number of points from 2"),
        ("--variance 4 --time 20:0:5", "time runs forward: give --time 0:20:5"),
        ("--variance 4 --time=-1:5:4", "time = -1 is not allowed; time is >= 0"),
        ("--variance 4 --initial 1.5", "initial is between 0 and 1/(sigma_v sigma_h) = 1"),
        ("--variance 4 --initial nan", "initial = nan is not allowed"),
        ("--variance 4 --sigma-h 0", "sigma_h = 0 is not allowed; sigma_h is > 0"),
        ("--clusters 1 --sigma-v 9", "no second moment of the clusters is above sigma_v^2 = 81"),
        ("--variance 4 --json --csv", "give either --json or --csv"),
        ("--variance 4 -o w.txt", "'w.txt' must end in .csv or .json or .png or .pdf or .svg"),
    ],
)
def test_learn_theory_misuse_is_one_sentence(options: str, sentence: str) -> None:
    result = replica(f"learn-theory {options}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_temperature_of_the_data_on_the_command_line() -> None:
    told = answer("line one-hidden-unit temperature -p alpha=3 -x beta_star=0.9:1.3:3 -y beta")
    assert told["kind"] == "curve"
    for point in told["points"]:
        assert point["y"] == pytest.approx(point["x"], rel=1e-11)
    state = answer("solve one-hidden-unit -p alpha=3 -p beta=1.1")["order"]
    assert state["beta_hat"] == pytest.approx(1.1, rel=1e-14)
    assert state["Q"] == pytest.approx(state["r"], rel=1e-13)


# -- nothing of the user's is written over ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data.npz", "link.npz"])
def test_data_are_not_replaced_by_the_machine_that_learns_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", data=np.zeros((20, 4)))
    if os.name == "posix":
        Path("link.npz").symlink_to("data.npz")
    before = Path("data.npz").read_bytes()
    done = replica(f"train data.npz --units 2 --epochs 1 -o {name}")
    message = "it holds arrays of numbers, which would be lost; choose another name"
    assert (done.exit_code, done.stderr) == (1, f"Error: cannot write {name}: {message}\n")
    assert Path("data.npz").read_bytes() == before
