"""A file that is something else than was wanted: it is said what, and who takes it."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from console import replica
from phase_diagrams import StorageError, load_diagram, open_sweep
from phase_diagrams.diagram import Axis, PhaseDiagram
from phase_diagrams.storage.diagrams import save_diagram
from phase_diagrams.storage.kinds_of_files import KINDS, WANTED, instead, kind_of
from phase_diagrams.sweeping import sweep
from replica.machines.models.rbm import RBM
from replica.machines.training.files import save_machine, to_rbms
from replica.theories import CurieWeiss
from replica.units import Spin

MATRIX = np.random.default_rng(0).normal(size=(12, 9))


def a_sweep(path: Path) -> None:
    sweep(CurieWeiss, {"T": [0.5, 0.8], "h": [0.0, 0.1]}, output=path).close()


def a_machine(path: Path) -> None:
    machine = RBM(MATRIX, Spin(), Spin())
    if path.suffix == ".h5":
        to_rbms(machine, path)
    else:
        save_machine(machine, path)


def a_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps([1.0]))


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def head(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


FILES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a.json": (
        "diagram",
        lambda p: save_diagram(PhaseDiagram("a", "", (Axis("a", ""), Axis("b", "")), [], [], [], {}), p),
    ),
    "m.nc": ("sweep", a_sweep),
    "m.zarr": ("sweep", a_sweep),
    "s.nc": ("samples", lambda p: replica(f"simulate rem --N 6 -p T=0.5 --samples 2 -o {p}")),
    "rbm.npz": ("machine", a_machine),
    "rbm.h5": ("machine", a_machine),
    "W.npy": ("array", lambda p: np.save(p, MATRIX)),
    "W.npz": ("weights", lambda p: np.savez(p, W=MATRIX)),
    "two.npz": ("arrays", lambda p: np.savez(p, a=MATRIX, b=MATRIX)),
    "t.csv": ("table", text("0,1\n1,0\n")),
    "idx": ("images", head(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))),
    "a.png": ("figure", head(b"\x89PNG\r\n\x1a\n")),
    "a.svg": ("figure", text("<?xml?><svg/>")),
    "a.pkl": ("pickle", a_pickle),
    "a.mat": ("matlab", head(b"MATLAB 5.0 MAT-file")),
    "a.parquet": ("parquet", head(b"PAR1")),
    "b.json": ("json", text("[1]")),
    "folder": ("directory", lambda p: p.mkdir()),
}
"""Files by their name: what they are, and how they are made."""

READERS = {
    "draw {} -o o.png": "diagram",
    "map {}": "sweep",
    "export {} -o o.csv": "sweep samples",
    "place {}": "weights machine array arrays",
    "diagnose {}": "machine",
    "likelihood {}": "machine",
    "sample {} -o o.npy": "machine",
    "figure weights --machine {} -o o.png": "machine",
    "train {} -o o.npz --units 2 --epochs 1": "array arrays table images",
    "train digits --resume {} --epochs 1": "machine",
    "diagnose rbm.npz --data {}": "array arrays table images",
    "likelihood rbm.npz --data {}": "array arrays table images",
    "infer {}": "array",
    "compare {} --theory curie-weiss -p h=0": "table",
}
"""Command lines, and the kinds of files that each takes."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    for name, (_, make) in FILES.items():
        make(folder / name)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_content(files: Path, name: str, tmp_path: Path) -> None:
    kind, _ = FILES[name]
    assert kind_of(files / name) == kind
    (tmp_path / "any").symlink_to(files / name)  # neither by its name
    assert kind_of(tmp_path / "any") == kind


@pytest.mark.parametrize("line", READERS)
def test_every_reader_knows_its_neighbours(files: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    taken = READERS[line].split()
    for name, (kind, _) in FILES.items():
        if kind not in taken:
            result = replica(line.format(name))
            what, hint = KINDS[kind]
            expected = f"{name} {what}, not {WANTED[taken[0]][0]}; {hint.format(file=name)}"
            if kind == "directory" and "sweep" in taken:  # as a store is
                hint = "give a file or store written by replica sweep"
                expected = f"cannot read {name}: it does not hold a sweep; {hint}"
            assert result.stderr == f"Error: {expected}\n"
            assert result.exit_code in (1, 2)
    result = replica(line.format("rmb.npz"))
    assert result.exit_code == 1
    near = "did you mean 'rbm.npz'?" in result.stderr
    assert near == ("machine" in taken)
    assert result.stderr.startswith("Error: cannot read rmb.npz: No such file or directory; ")


def test_what_is_wanted_is_not_refused(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    assert replica("export m.zarr -o from-zarr.csv").exit_code == 0
    assert replica("place W.npy").exit_code == 0
    assert replica("draw a.json -o drawn.png").exit_code == 0
    assert instead("W.npy", ["array"]) == ""


def test_a_damaged_file_is_not_called_another_one(files: Path, tmp_path: Path) -> None:
    for content in ("", "hello\n", "{", '{"axes": [', "\n\n"):
        (tmp_path / "damaged").write_text(content)
        assert kind_of(tmp_path / "damaged") is None
    cut = tmp_path / "cut.npz"
    cut.write_bytes((files / "rbm.npz").read_bytes()[:200])
    assert kind_of(cut) is None
    result = replica(f"diagnose {cut}")
    assert result.exit_code == 1
    assert "cannot read" in result.stderr


def test_a_pipe_is_not_read() -> None:
    assert kind_of("/dev/zero") is None


def test_the_library_says_it_too(files: Path) -> None:
    with pytest.raises(StorageError, match="holds a sweep, not a phase diagram; `replica map"):
        load_diagram(files / "m.nc")
    with pytest.raises(StorageError, match="holds a phase diagram, not a sweep; `replica draw"):
        open_sweep(files / "a.json")
    with pytest.raises(StorageError, match=r"did you mean '.*a\.json'\?"):
        load_diagram(files / "aa.json")
