"""Results show themselves: in one line, in a notebook, as a table; and the process is left as it was."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phase_diagrams.commands.shared.door as door
from console import replica
from phase_diagrams import boundary_line, load_diagram
from phase_diagrams.commands import main
from replica import Hopfield, critical, solve, trace
from replica.showing import good, html

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"


class Cells(HTMLParser):
    """The text of a page, tag by tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    line = boundary_line(Hopfield(alpha=0.01, T=0.0), "T_g", "alpha", "T")
    return {
        "one": solve(Hopfield(alpha=0.1, T=0.1)),
        "many": solve(Hopfield(alpha=np.linspace(0.01, 0.2, 1000), T=0.0)),
        "located": critical(Hopfield(alpha=0.0, T=0.0)),
        "trace": trace(Hopfield(alpha=0.01, T=0.0), "alpha", 0.2, branch="retrieval"),
        "line": replace(
            line, x=line.x * 1000, y=line.y * 1000, status=line.status * 1000, uncertainty=(), broken=()
        ),
        "diagram": load_diagram(EXAMPLES / "hopfield.json"),
    }


@pytest.mark.parametrize("name", ["one", "many", "located", "trace", "line", "diagram"])
def test_a_result_of_any_size_is_one_short_line(results: dict[str, Any], name: str) -> None:
    told = repr(results[name])
    assert "\n" not in told
    assert 20 < len(told) < 200
    assert told.startswith(f"<{type(results[name]).__name__} ")


@pytest.mark.parametrize("name", ["one", "many", "located", "trace", "line"])
def test_a_notebook_shows_a_table_that_is_well_formed_and_short(results: dict[str, Any], name: str) -> None:
    text = results[name]._repr_html_()
    assert len(Cells(text).cells) > 4
    assert len(text) < 30_000
    assert "color:inherit" in text


def test_the_table_has_good_digits_and_the_status_in_words(results: dict[str, Any]) -> None:
    cells = Cells(results["located"]._repr_html_()).cells
    capacity = cells[cells.index("alpha") + 1]
    assert capacity.startswith("0.1379055664949")
    assert capacity.endswith(")")
    assert "converged" in Cells(results["one"]._repr_html_()).cells
    many = results["many"]
    assert f"{np.sum(many.success)} of 1000 points converged" in Cells(many._repr_html_()).cells[0]


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (0.13790556649493, 3e-14, "0.13790556649493(3)"),
        (1.0, 0.096, "1.0(1)"),
        (1234.5, 20.0, "1230(20)"),
        (-1.5e-9, 2e-11, "-1.50(2)e-09"),
        (1.0, 0.0, "1"),
        (0.5, np.inf, "0.5"),
        (np.inf, 1.0, "inf"),
        (-0.0, 1.0, "0"),
        (None, None, "-"),
    ],
)
def test_the_last_digit_has_its_error_in_brackets(value: Any, error: Any, told: str) -> None:
    assert good(value, error) == told


def test_what_a_file_says_is_no_markup() -> None:
    assert "<script>" not in html("<script>", ("<b>",), [("<i>",)], ["<p>"])


def test_names_complete_in_square_brackets(results: dict[str, Any]) -> None:
    assert results["one"]._ipython_key_completions_() == ["m", "C", "q", "r"]
    assert all(results["trace"][name] is not None for name in results["trace"]._ipython_key_completions_())


@pytest.mark.parametrize("name", ["one", "many", "trace", "line", "diagram"])
def test_tables_of_pandas(results: dict[str, Any], name: str) -> None:
    pytest.importorskip("pandas")
    table = results[name].to_dataframe()
    assert len(table) == len(next(iter(results[name].columns.values())))
    if name == "many":
        good = table.status == "converged"
        assert np.array_equal(good, results[name].success)
        assert np.array_equal(table.m[good], results[name]["m"][good])


def test_a_diagram_is_its_picture(results: dict[str, Any]) -> None:
    whole = results["diagram"]
    small = replace(whole, lines=whole.lines[:1], points=(), regions=(), insets=(), beside=())
    assert "</svg>" in small._repr_svg_()
    assert small.plot().get_xlabel() == whole.axes[0].label


def test_a_theory_is_its_equations() -> None:
    text = Hopfield(alpha=0.1, T=0.1)._repr_latex_()
    assert text is not None
    assert text.startswith("$$\\begin{aligned}")
    assert text.count("&=") == len(Hopfield.equations)


def test_the_command_line_leaves_the_process_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.excepthook, sys.stdout.errors
    with pytest.raises(SystemExit) as ended:
        main(["capacity", "curie-weiss", "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["theory"] == "curie-weiss"
    assert (sys.excepthook, sys.stdout.errors) == before


def test_what_nobody_foresaw_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        message = "1/0"
        raise ZeroDivisionError(message)

    monkeypatch.delenv("REPLICA_TRACEBACK", raising=False)
    monkeypatch.setattr(door.Door, "invoke", broken)
    with pytest.raises(SystemExit) as ended:
        main(["list"])
    assert ended.value.code == 1
    assert "this should not have happened (ZeroDivisionError: 1/0)" in capsys.readouterr().err
    monkeypatch.setenv("REPLICA_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main(["list"])


def test_a_symbol_is_told_for_every_theory_that_has_it() -> None:
    told = replica("show alpha").stdout.splitlines()
    assert re.search("^hopfield +parameter +load", "\n".join(told), re.MULTILINE)
    assert not any(row.startswith("curie-weiss") for row in told)
    assert "unknown theory 'alhpa'" in replica("show alhpa").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_the_command(shell: str) -> None:
    done = replica(f"completion {shell}")
    assert done.exit_code == 0
    assert f"_REPLICA_COMPLETE={shell}_complete" in done.stdout
