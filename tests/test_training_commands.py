"""The commands about trained machines: exact resume, what is refused, and what is written."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from console import answer, replica
from replica.errors import ReplicaWarning
from replica.machines.inference import exact
from replica.machines.models.ensembles import spectral_weights
from replica.machines.models.rbm import RBM
from replica.machines.training.files import load_machine, load_training, save_machine, to_rbms
from replica.units import Bernoulli, Gaussian, Spin

QUICK = "train bits.npy --units 3 --batch 20 --seed 4"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("bits.npy", np.random.default_rng(1).integers(0, 2, (50, 6)).astype(float))


def fails(line: str, code: int, *says: str) -> None:
    result = replica(line)
    assert result.exit_code == code
    assert result.stderr.startswith("Error: ")
    assert all(part in result.stderr for part in says), result.stderr


def test_a_resumed_training_is_the_same_to_the_last_bit() -> None:
    assert replica(f"{QUICK} --epochs 5 -o a.npz").exit_code == 0
    assert replica(f"{QUICK} --epochs 2 -o b.npz").exit_code == 0
    assert replica("train bits.npy --resume b.npz --epochs 1").exit_code == 0
    assert replica(f"{QUICK} --epochs 2 --resume b.npz").exit_code == 0  # the same options may be repeated
    (one, about), (two, _) = load_training("a.npz"), load_training("b.npz")
    assert np.array_equal(one.rbm.weights, two.rbm.weights)
    assert np.array_equal(one.chains, two.chains)
    assert one.history == two.history
    assert about["data"] == "bits.npy"
    assert one.settings.seed == 4


def test_likelihood_is_that_of_enumeration() -> None:
    replica(f"{QUICK} --epochs 5 -o a.npz")
    told = answer("likelihood a.npz --data bits.npy")
    rbm, data = load_machine("a.npz"), np.load("bits.npy")
    assert told["method"] == "exact"
    assert told["log_likelihood"] == pytest.approx(np.mean(exact.log_likelihood(rbm, data)), abs=1e-12)
    near = answer("likelihood a.npz --data bits.npy --method bridge --steps 50")
    assert abs(near["log_Z"] - told["log_Z"]) < 4 * near["error"]


def test_an_estimate_below_the_bound_of_mean_field_ends_with_3() -> None:
    weights = np.full((14, 8), (24 + 30 * 22) / 112)
    save_machine(RBM(weights, Bernoulli(g=-30.0), Bernoulli(g=-30.0)), "two.npz")
    np.save("on.npy", np.ones((6, 14)))
    result = replica("likelihood two.npz --method bridge --runs 20 --steps 20")
    assert result.exit_code == 3
    assert "below 24, a rigorous lower bound by mean field" in result.stderr
    assert "bound" in result.stdout
    result = replica("likelihood two.npz --data on.npy --method ais --runs 20 --steps 20")
    assert result.exit_code == 3
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("log-likelihood")]
    assert row.split()[1] == "-"
    assert "above 0, which is impossible" in row
    told = json.loads(
        replica("likelihood two.npz --data on.npy --method ais --runs 20 --steps 20 --json").stdout
    )
    assert told["log_likelihood"] is None
    assert told["reliable"] is False
    assert told["bound"] == pytest.approx(24, abs=1e-6)


@pytest.mark.parametrize(
    "line",
    [
        "train bits.npy --units 100000000000 -o a.npz",
        f"train bits.npy --units 1{'0' * 40} -o a.npz",
        "train bits.npy --chains 1000000000000 -o a.npz",
        "likelihood deep.npz --method ais --runs 100000000000",
        "likelihood deep.npz --method bridge --runs 100000000000",
        "likelihood deep.npz --method ais --steps 100000000000000",
        "sample deep.npz -n 100000000000 -o s.npy",
        "simulate sherrington-kirkpatrick -p T=0.5 --N 1000000",
        "simulate hopfield -p alpha=0.1 --N 100000000",
        "simulate hopfield -p alpha=0.1 -p T=0.2 --N 100 --sweeps 100000000000000",
        "simulate hopfield -p alpha=0.1 -p T=0.2 --N 100 --samples 100000000000",
        "simulate edwards-anderson -p T=0.7 --N 1000000000000",
        "simulate one-hidden-unit -p alpha=2 --N 10000000",
    ],
)
def test_sizes_that_no_memory_holds_are_one_sentence(line: str) -> None:
    save_machine(RBM(np.full((30, 30), 0.6), Spin(), Spin()), "deep.npz")
    fails(line, 2, "of memory, more than this machine has; take")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError("Unable to allocate 7.28 TiB"), "not enough memory (Unable to allocate 7.28 TiB); take"),
        (MemoryError(), "not enough memory (MemoryError)"),
        (OverflowError("Python int too large"), "too large to compute with (Python int too large)"),
    ],
)
def test_memory_that_runs_out_is_one_sentence(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr("replica.machines.training.files.load_machine", full)
    fails("likelihood a.npz", 1, says)


def test_untrained_machines_are_told_by_their_score() -> None:
    np.save("two.npy", np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 40, axis=0))
    first = replica("train two.npy --units 3 --epochs 1 --seed 1 -o two.npz")
    assert "Warning: the pseudo-likelihood, " in first.stderr
    assert "is that of independent units" in first.stderr
    assert "Warning" in replica("likelihood two.npz --data two.npy").stderr
    trained = replica("train two.npy --resume two.npz --epochs 200")
    assert trained.stderr == "wrote two.npz\n"
    assert replica("likelihood two.npz --data two.npy").stderr == ""


def test_doubts_of_the_library_are_sentences_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(_: object) -> RBM:
        warnings.warn("patterns overlap", ReplicaWarning, stacklevel=2)
        return RBM(np.zeros((2, 2)), Spin(), Spin())

    monkeypatch.setattr("replica.machines.training.files.load_machine", doubtful)
    result = replica("likelihood a.npz")
    assert result.exit_code == 0
    assert result.stderr == "Warning: patterns overlap\n"


def test_runs_that_are_too_short_end_with_3() -> None:
    save_machine(RBM(np.full((30, 30), 0.6), Spin(), Spin()), "deep.npz")
    fails("likelihood deep.npz --method bridge --runs 20 --steps 2", 3, "take more --steps")


def test_samples_are_drawn_and_written() -> None:
    rbm = RBM(np.full((6, 2), 1.0), Bernoulli(g=-1.0), Bernoulli(g=-3.0))
    save_machine(rbm, "a.npz")
    assert replica("sample a.npz -n 4000 --sweeps 40 --temper 3 -o s.npy").exit_code == 0
    drawn, known = np.load("s.npy"), exact.moments(rbm).visible
    assert drawn.shape == (4000, 6)
    assert np.all(np.abs(drawn.mean(axis=0) - known) < 4 * 0.5 / np.sqrt(4000))
    replica("sample a.npz -n 5 --sweeps 4 -o s.csv")
    assert np.loadtxt("s.csv", delimiter=",").shape == (5, 6)
    for line in ("sample a.npz -n 5 --sweeps 4 -o s.png", "figure weights --machine a.npz -o s.png"):
        assert replica(line).exit_code == 0
        with Image.open("s.png") as picture:
            assert picture.width > 300
            assert json.loads(picture.info["Description"])["machine"] == "a.npz"


def test_machines_of_others_are_taken() -> None:
    rbm = RBM(np.random.default_rng(2).normal(size=(12, 9)), Bernoulli(), Bernoulli())
    to_rbms(rbm, "a.h5")
    assert answer("likelihood a.h5")["log_Z"] == pytest.approx(exact.log_partition(rbm), abs=1e-9)
    told = answer("diagnose a.h5 --draws 0")
    assert told["diagram"] == "spectral-rbm"
    assert told["phase"] in ("paramagnet", "spin glass", "ferromagnet")
    assert replica("figure weights --machine a.h5 -o w.png").exit_code == 0


def test_a_machine_is_drawn_on_its_diagram() -> None:
    weights = spectral_weights(60, 40, [2.5], 0.7, 1, "gaussian").values
    save_machine(RBM(weights, Spin(), Spin()), "a.npz")
    save_machine(RBM(weights, Spin(), Gaussian(gamma=20.0)), "g.npz")
    assert replica("diagnose a.npz --draws 0 -o p.png").exit_code == 0
    with Image.open("p.png") as picture:
        assert json.loads(picture.info["Description"])["machine"] == "a.npz"
    fails("diagnose g.npz --draws 0 -o q.png", 2, "no phase diagram for spin and gaussian units")
    assert not Path("q.png").exists()


def test_what_is_refused() -> None:
    np.save("grey.npy", np.full((4, 6), 0.25))
    np.save("nan.npy", np.array([[0.0, np.nan]]))
    np.save("empty.npy", np.empty((0, 6)))
    Path("t10k-images").write_bytes(b"\0\0\x08\x03\0\0\0\x05")
    replica(f"{QUICK} --epochs 1 -o a.npz")
    fails("train grey.npy -o b.npz", 2, "0.25 in row 0, column 0", "bernoulli")
    fails("train nan.npy -o b.npz", 2, "nan")
    fails("train empty.npy -o b.npz", 2, "(0, 6)")
    fails("train t10k-images -o b.npz", 1, "cut off")
    fails("train missing -o b.npz", 1, "No such file", "digits")
    fails(f"{QUICK} --rate -1 -o b.npz", 2, "rate = -1.0 must be a number > 0")
    fails("train bits.npy --units 0 -o b.npz", 2, "0 hidden units")
    fails("train bits.npy --hidden rellu -o b.npz", 2, "did you mean 'relu'")
    fails("train bits.npy", 2, "-o FILE.npz")
    fails("train bits.npy --resume a.npz --rate 0.2", 2, "--rate was 0.1 when the training in a.npz began")
    fails("train bits.npy --resume a.npz --hidden spin", 2, "--hidden was bernoulli when")
    fails("train bits.npy --resume none.npz", 1, "No such file")
    np.save("other.npy", np.zeros((5, 6)))
    fails("train other.npy --resume a.npz", 2, "trained on other data (bits.npy)")
    fails("likelihood a.npz --data digits", 2, "64 columns, the machine 6 visible units")
    fails("diagnose bits.npy", 1, "an array without a name, not a machine", "`replica place bits.npy`")
    fails("figure weights -o w.png", 2, "--machine FILE")
    fails("figure hopfield --machine a.npz -o w.png", 2, "and no other")


def test_a_training_that_runs_away_keeps_the_last_good_state() -> None:
    np.save("real.npy", np.random.default_rng(1).normal(size=(60, 5)) * [3, 1, 1, 1, 1])
    line = "train real.npy --visible gaussian --hidden relu --units 4 --rate 5 --epochs 50 -o a.npz"
    fails(line, 3, "ran away in epoch")
    assert np.all(np.isfinite(load_machine("a.npz").weights))
