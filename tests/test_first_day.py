"""A first day: figures with arguments, papers, results that are computed again, completion."""

import inspect
import json
import logging
import math
import re
import shlex
import signal
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.shell_completion import BashComplete

from console import answer, replica
from phase_diagrams.catalogue import DIAGRAMS
from phase_diagrams.commands import main
from phase_diagrams.commands.shared.arguments import FORMS, arguments, read_arguments, texts
from phase_diagrams.commands.shared.citation import cited, entries, papers_of
from phase_diagrams.diagram import Axis, HeatMap, PhaseDiagram
from phase_diagrams.draw import figure
from phase_diagrams.storage.diagrams import save_diagram
from phase_diagrams.storage.provenance import provenance_of
from replica._face import Classes
from replica.theories import THEORIES

ERROR = "figure hopfield-error -p step=0.1"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- figures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_argument_of_a_figure_is_an_option_with_a_text(name: str) -> None:
    build = DIAGRAMS[name].build
    known = arguments(build)
    assert {*inspect.signature(build).parameters} - {"executor"} == {*known}
    assert {*known.values()} <= {*FORMS}
    for text in texts(build).values():
        assert not text.startswith("Default")
    defaults = {key: text.partition("Default ")[2].rstrip(".") for key, text in texts(build).items()}
    given = {key: text for key, text in defaults.items() if text}
    for key, value in read_arguments(name, build, given).items():
        assert value == inspect.signature(build).parameters[key].default


def test_a_figure_has_a_name_a_table_and_numbers(here: Path) -> None:
    result = replica(f"{ERROR} --data e.csv")
    assert result.stderr == "wrote hopfield-error.png\nwrote e.csv\n"
    assert (here / "e.csv").read_text().startswith("panel,line,kind,x,y")
    told = provenance_of("hopfield-error.png")
    assert told["settings"]["step"] == 0.1
    (count, *moments) = told["numbers"]["panel 1"]
    rows = [row.split(",") for row in (here / "e.csv").read_text().splitlines()[1:]]
    known = [float(row[3]) for row in rows if row[4]]
    assert count == len(known)
    assert moments[0] == pytest.approx(math.fsum(known) / count, rel=1e-12)


def test_help_of_a_figure_lists_its_arguments() -> None:
    printed = replica("figure hopfield-error -h").stdout
    assert "Arguments of hopfield-error, each as -p NAME=VALUE:\n  alpha_min  Load at which" in printed
    assert "Arguments" not in replica("figure -h").stdout


def test_a_caption_is_a_float_that_cites_the_papers() -> None:
    printed = replica(f"{ERROR} -p alpha_min=0.05 --format pgf --caption").stdout
    assert "\\input{hopfield-error.pgf}" in printed
    assert "\\cite{AGS85} (alpha\\_min = 0.05)" in printed
    assert printed.count("{") == printed.count("}")


def test_pgf_needs_no_latex_and_has_the_letters_of_the_document(here: Path) -> None:
    assert replica(f"{ERROR} --format pgf").exit_code == 0
    text = (here / "hopfield-error.pgf").read_text()
    assert text.count("\\begin{pgfpicture}") == text.count("\\end{pgfpicture}") == 1
    assert "\\familydefault" in text
    assert "STIX" not in text
    assert provenance_of("hopfield-error.pgf")["command"].startswith("replica figure hopfield-error")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("figure hopfield-error -p stp=1", "unknown argument of the figure hopfield-error 'stp'"),
        ("figure hopfield-error -p step=x", "step=x is not a number, such as step=0.5"),
        ("figure hopfield-error -p step=nan", "step=nan is not a number"),
        ("figure hopfield-error -p step", "not of the form NAME=VALUE"),
        ("figure hopfield-error -p step=0.1 -p step=0.2", "step is given twice"),
        ("figure mixtures -p points=0", "points=0 is not a whole number from 1 on"),
        ("figure mixtures -p points=1000000", "points=1000000 is not a whole number"),
        ("figure thresholded-hopfield -p theta=1", "theta=1 is not two numbers"),
        ("figure hopfield-error -p step=0", "hopfield-error cannot be drawn for step=0"),
        ("figure hopfield-error --format pdf -o a.png", "--format pdf and -o a.png are two formats"),
        ("figure weights -p a=1 --machine rbm.npz", "belong to diagrams"),
        ("curve hopfield m -x alpha --size 3x3", "with .png, .pdf, .svg or .pgf"),
    ],
)
def test_what_a_figure_refuses(line: str, sentence: str) -> None:
    result = replica(line)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_pixels_are_not_for_pgf(here: Path) -> None:
    axes = Axis("T", "$T$"), Axis("D", "$D$")
    heat = HeatMap("m", [0.0, 1.0], [0.0, 1.0], [[0.0, 0.5], [0.5, 1.0]])
    save_diagram(PhaseDiagram("r", "", axes, [], [], [], {}, heat_map=heat), "r.json")
    result = replica("draw r.json -o r.pgf")
    assert result.exit_code == 1
    assert "take .pdf" in result.stderr


# --- papers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*THEORIES, *DIAGRAMS])
def test_the_papers_of_everything_have_an_entry(name: str) -> None:
    """A new paper gets an entry in references.bib; a DOI only where it is known."""
    found = cited(papers_of(name))
    assert found == {key: entries()[key] for key in found}
    assert found or name not in THEORIES


def test_every_entry_is_whole_and_has_a_user() -> None:
    used = {key for name in (*THEORIES, *DIAGRAMS) for key in cited(papers_of(name))}
    assert used == {*entries()}
    dois = []
    for key, entry in entries().items():
        fields = dict(re.findall(r"^  (\w+) += \{(.*)\},$", entry, re.MULTILINE))
        assert {"author", "title", "year"} <= {*fields}, key
        assert entry.count("{") == entry.count("}"), key
        assert entry.count("\n") == len(fields) + 1, key
        dois += [fields["doi"]] if "doi" in fields else []
        assert re.fullmatch(r"10\.\d{4}/\S+", fields.get("doi", "10.1000/x"))
    assert len({*dois}) == len(dois) > 20


def test_cite_a_theory_a_diagram_a_file_and_what_is_unknown(here: Path) -> None:
    assert "10.1103/PhysRev.141.517" in replica("cite blume-capel").stdout
    assert "10.1103/PhysRevLett.118.138301" in replica("cite compositional-energy").stdout
    replica("sweep blume-capel --over T=0.1:0.7:3 -o r.nc")
    replica(f"{ERROR} -o e.svg")
    assert "{B66," in replica("cite r.nc").stdout
    assert "{AGS85," in replica("cite e.svg").stdout
    assert replica("cite hopfield -o h.bib").stdout == ""
    assert (here / "h.bib").read_text() == replica("cite hopfield").stdout
    (here / "x.json").write_text("{}")
    assert "does not say which theory" in replica("cite x.json").stderr
    assert replica("cite nothing").exit_code == 2
    (own,) = cited(["A. Nobody, J. None 1, 2 (2031)"]).items()
    assert own == ("Nobody2031", "@misc{Nobody2031,\n  note = {A. Nobody, J. None 1, 2 (2031)},\n}")


# --- computed again ----------------------------------------------------------------------------------


def test_every_answer_says_where_it_comes_from() -> None:
    told = answer("capacity mixtures -p n=3")["provenance"]
    assert told["command"] == "replica capacity mixtures -p n=3 --json"
    assert {"replica", "numpy", "scipy", "mpmath", "python"} == {*told["versions"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["date"])


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("figure hopfield-error -p step=0.1 -o e.pdf --title Talk", "e.pdf"),
        ("figure hopfield-error -p step=0.1 -o e.svg --data e.json", "e.json"),
        ("curve curie-weiss m -x T=0.2:1.4 -o c.json", "c.json"),
        ("curve curie-weiss m -x T=0.2:1.4 -o c.nc", "c.nc"),
        ("sweep blume-capel --over T=0.1:0.7:3 --over D=0:0.6:3 --branch all -o r.nc", "r.nc"),
        ("sweep hopfield --over alpha=0.01:0.1:3 -p T=0.2 -o r.zarr", "r.zarr"),
    ],
)
def test_what_a_file_says_is_computed_again(line: str, file: str, here: Path) -> None:
    assert replica(line).exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in here.iterdir()}
    result = replica(f"reproduce {file}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("the same to 1e-08\n")
    assert {path: path.stat().st_mtime_ns for path in here.iterdir()} == before


def test_another_number_is_told(here: Path) -> None:
    told = answer("solve curie-weiss -p T=0.5")
    (here / "a.json").write_text(json.dumps(told))
    assert replica("reproduce a.json").exit_code == 0
    key = next(key for key, value in told.items() if isinstance(value, dict) and "m" in value)
    told[key]["m"] += 1e-6
    (here / "a.json").write_text(json.dumps(told))
    result = replica("reproduce a.json")
    assert result.exit_code == 3
    assert re.search(rf"^{key}.m +1 +1e-06$", result.stdout, re.MULTILINE)
    assert replica("reproduce a.json --tolerance 1e-5").exit_code == 0


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("replica solve my.py:Class --json", 2, "would run a file of Python"),
        ("replica train digits --json", 2, "is not computed again here"),
        ("rm -rf x", 2, "does not say which command"),
        ("", 2, "does not say which command"),
        ("replica solve curie-weiss -p T=x --json", 2, "is not a decimal number"),
        ("replica solve curie-weiss -p T=2 --branch up --json", 3, ""),
    ],
)
def test_what_is_not_computed_again(command: str, code: int, sentence: str, here: Path) -> None:
    (here / "a.json").write_text(json.dumps({"value": 1, "provenance": {"command": command}}))
    result = replica("reproduce a.json")
    assert result.exit_code == code
    assert sentence in result.stderr
    assert [path.name for path in here.iterdir()] == ["a.json"]


# --- completion --------------------------------------------------------------------------------------


def offered(*words: str) -> list[Any]:
    *before, last = words
    found = BashComplete(main, {}, "replica", "_REPLICA_COMPLETE").get_completions([*before], last)
    return [item.value if item.type == "plain" else item.type for item in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["solve", "hopfield-"], ["hopfield-1rsb", "hopfield-hidden-unit"]),
        (["solve", "hopfield", "-p", ""], ["alpha=", "T="]),
        (["solve", "hopfield", "-p", "alpha=0.1", "-p", "T"], ["T="]),
        (["solve", "hopfield", "--branch", "r"], ["retrieval"]),
        (["solve", "nonsense", "-p", ""], []),
        (["line", "hopfield", "spin"], ["spinodal"]),
        (["line", "blume-capel", "spinodal", "-x", "T"], ["T=0:0.8"]),
        (["sweep", "blume-capel", "--over", "D"], ["D=0:0.6"]),
        (["curve", "curie-weiss", "f"], ["free_energy"]),
        (["figure", "sk"], ["sk", "sk-at"]),
        (["figure", "sk", "-p", ""], ["J0_max=", "step="]),
        (["solve", "random-rbm", "--hidden", "re"], ["relu"]),
        (["cite", "blume"], ["blume-capel"]),
        (["show", "uni"], ["units"]),
        (["draw", "x"], ["file"]),
        (["figure", "sk", "-o", "x"], ["file"]),
        (["completion", "z"], ["zsh"]),
    ],
)
def test_values_are_completed(words: list[str], expected: list[str]) -> None:
    found = offered(*words)
    assert expected == found[: len(expected)]
    assert bool(found) == bool(expected)


def test_names_that_go_on_get_no_space_in_bash() -> None:
    assert "compopt -o nospace" in replica("completion bash").stdout


@pytest.mark.parametrize("name", THEORIES)
def test_every_theory_says_its_hamiltonian(name: str) -> None:
    kind = THEORIES[name]
    if any(note.startswith("Dynamics without a Hamiltonian") for note in kind.notes):
        assert (name, "H" in kind.equations) == ("diluted", False)
    else:
        assert kind.equations["H"].startswith("H = ")


# --- beginnings --------------------------------------------------------------------------------------


def test_a_new_theory_runs_as_it_stands(here: Path) -> None:
    name = f"magnet_{here.name[-1]}x"
    printed = replica(f"new theory {name}").stdout
    for command in re.findall(r"^replica (.*?)  ", printed, re.MULTILINE):
        assert replica(command).exit_code == 0, command
    assert "left as it is" in replica(f"new theory {name}").stderr


def test_a_new_unit_and_a_new_network_run_as_they_stand(here: Path) -> None:
    (command,) = re.findall(r"^replica (.*?)  ", replica("new unit states").stdout, re.MULTILINE)
    assert "alpha_c = " in replica(command).stdout
    assert replica("new network net").stdout.startswith("wrote net.toml")
    assert replica("show net.toml").exit_code == 0


@pytest.mark.parametrize("line", ["new theory", "new unit 3x", "new net.toml more", "new x.py", "new"])
def test_a_beginning_needs_a_kind_and_a_name(line: str, here: Path) -> None:
    assert replica(line).exit_code == 2
    assert not [*here.iterdir()]


def test_other_distributions_bring_theories(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replica("new theory brought")
    (here / "bringer-1.0.dist-info").mkdir()
    (here / "bringer-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bringer\nVersion: 1.0\n"
    )
    (here / "bringer-1.0.dist-info" / "entry_points.txt").write_text(
        "[replica.theories]\nbrought = brought:Brought\nhopfield = brought:Brought\n"
    )
    monkeypatch.syspath_prepend(str(here))
    known: Classes[Any] = Classes(
        "replica.theories", {"hopfield": ("hopfield", "Hopfield")}, "replica.theories"
    )
    assert [*known] == ["hopfield", "brought"]
    assert (len(known), "brought" in known, "absent" in known) == (2, True, False)
    assert known["brought"].name == "my-brought"
    assert known["hopfield"] is THEORIES["hopfield"]


# --- results -----------------------------------------------------------------------------------------


def test_results_are_tables_in_a_notebook_and_in_a_terminal() -> None:
    from rich.console import Console

    from phase_diagrams import Measurement, Subject, confront
    from phase_diagrams.placing.diagnose import diagnose
    from replica import Hopfield, solve
    from replica.machines import RBM
    from replica.units import Spin

    state = solve(Hopfield(alpha=0.05, T=0.2))
    measured = Measurement({"alpha": 0.05}, None, {"m": 0.9989}, {"m": 0.0001})
    agreement = confront(Subject(Hopfield, {"T": 0.2}), [measured])
    weights = np.random.default_rng(0).normal(size=(20, 10)) / 5
    found = diagnose(RBM(weights, Spin(), Spin()))
    for result, words in ((state, "good"), (agreement, "theory and measurement agree"), (found, "sigma")):
        assert repr(result).count("\n") == 0
        assert len(repr(result)) < 300
        page = result._repr_html_()
        assert page.startswith("<div><table")
        console = Console(width=120, record=True, file=StringIO())
        console.print(result)
        printed = console.export_text()
        assert words in page + printed or words == "good"
        assert "[bold]" not in printed
    assert "0.998877763" in str(state._repr_html_())


def test_a_figure_shows_in_a_notebook() -> None:
    axes = Axis("T", "$T$"), Axis("D", "$D$")
    made = figure(PhaseDiagram("r", "", axes, [], [], [], {}))
    assert made._repr_png_().startswith(b"\x89PNG")


def test_the_process_is_as_it_was() -> None:
    """Warnings, signals, hooks and logging, whatever the command does."""

    def seen() -> tuple[Any, ...]:
        return (
            sys.excepthook,
            warnings.showwarning,
            [*warnings.filters],
            signal.getsignal(signal.SIGINT),
            logging.getLogger("matplotlib").disabled,
            logging.getLogger().handlers[:],
            sys.stdout,
        )

    before = seen()
    for line in ("capacity curie-weiss", "solve curie-weiss -p T=2 --branch up", "draw none.json -o x.png"):
        with pytest.raises(SystemExit), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            main(shlex.split(line), prog_name="replica")
        assert seen() == before


@pytest.mark.parametrize("name", main.commands)
def test_commands_in_help_fit_into_eighty_columns(name: str) -> None:
    rows = replica(f"{name} -h").stdout.splitlines()
    options = rows[rows.index("Options:") : rows.index("Example:")]
    assert max(map(len, options)) <= 80
    assert max(len(row) for row in rows if row.startswith("  $ ")) <= 80
