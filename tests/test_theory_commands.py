"""Commands on the theories of spin glasses, spectral RBMs and learning: as users type them."""

import json
from pathlib import Path
from typing import Any

import pytest

from console import replica
from phase_diagrams.storage.diagrams import load_diagram
from replica.flows import OneMode


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("alpha", ["0.05", "0.06", "0.1"])
def test_weakly_broken_retrieval_is_printed(alpha: str) -> None:
    """Next to the edge of the domain differences do not tell the signs of the Hessian; the rest is known."""
    result = replica(f"solve hopfield --rsb 1 -p alpha={alpha}")
    assert result.exit_code == 0, result.stderr
    signs = next(line for line in result.stdout.splitlines() if line.startswith("Hessian of f"))
    assert ("?" in signs) == (alpha != "0.1")


# --- learning --------------------------------------------------------------------------------------


def answer(line: str) -> dict[str, Any]:
    result = replica(f"{line} --json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told


def test_one_mode_is_learned_on_the_command_line() -> None:
    told = answer("learn-theory --signal 0.6 --sigma 0.5 --kappa 0.5 --time 0:100:3")
    mode = OneMode(0.6, 0.5, 0.5)
    assert told["model"] == "one-mode"
    assert told["limit"] == pytest.approx(mode.fixed_point(), rel=1e-14)
    assert told["w"][2] == pytest.approx(told["limit"], rel=1e-6)
    state = mode.order(told["w"][1])
    assert [told[name][1] for name in ("m", "m_bar", "q", "q_bar")] == [float(v) for v in state.values()]
    printed = replica("learn-theory --signal 0.6 --kappa 0.5 --time 0:100:3").stdout
    assert "oo   1.5761614286" in printed
    head, *rows = replica("learn-theory --signal 0.6 --time 0:10:2 --csv").stdout.splitlines()
    assert head == "t,w,m,m_bar,q,q_bar"
    assert len(rows) == 2


def test_random_weights_turn_to_the_data() -> None:
    told = answer("learn-theory --variance 2,4,0.8 --time 0:20:3 --random 1")
    assert [mode["variance"] for mode in told["modes"]] == [4, 2, 0.8]  # as singular values are, by size
    assert told["method"] == "integrated from random weights"
    for mode in told["modes"][:2]:
        assert mode["overlap"][0] < 0.9
        assert mode["overlap"][-1] == pytest.approx(1, abs=1e-9)
        assert mode["w"][-1] == pytest.approx(mode["limit"], rel=1e-8)
    assert answer("learn-theory --variance 2,4,0.8 --time 0:20:3 --random 2")["modes"] != told["modes"]
    head = replica("learn-theory --variance 4,4 --time 0:2:2 --random 1 --csv").stdout.splitlines()[0]
    assert head == "t,w(S=4.0),w(S=4.0),overlap(S=4.0),overlap(S=4.0)"


@pytest.mark.parametrize("options", ["--signal 0.6 --kappa 2", "--variance 4,1.5 --random 3"])
def test_what_is_learned_can_be_stored_and_drawn(options: str, here: Path) -> None:
    assert replica(f"learn-theory {options} --time 0:20:21 -o w.json").exit_code == 0
    diagram = load_diagram(here / "w.json")
    assert diagram.provenance["command"].startswith(f"replica learn-theory {options}")
    assert len(diagram.beside) == 1
    assert replica("draw w.json -o w.png").exit_code == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--signal 0.6 --variance 4", "give the data: one of"),
        ("--signal 0.6 --sigma-v 2", "--sigma-v belongs to --variance; leave it out here"),
        ("--signal 0.6 --integrate", "--integrate belongs to --variance"),
        ("--signal 0.6 --random 0", "--random belongs to --variance"),
        ("--variance 4 --kappa 2", "--kappa belongs to --signal; leave it out here"),
        ("--signal 0.9", "signal is in (0, kappa^(-1/4) sqrt(2/pi)]"),
        ("--signal 0.5 --sigma 1", "sigma is in [0, 1): the machine starts as a paramagnet"),
        ("--signal 0.5 --sigma 0 -o w.png", "sigma is above 0, for 1/sigma to have a place"),
        ("--signal 0.5 --kappa=-1", "kappa = -1 is not allowed"),
        ("--signal 0.5 --initial 0", "without a mode nothing grows"),
        ("--variance 4 --random=-1", "-1 is not in the range x>=0"),
    ],
)
def test_lessons_that_make_no_sense(options: str, sentence: str, here: Path) -> None:
    result = replica(f"learn-theory {options}")
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(here.iterdir())
