"""Files: written whole or not at all, checked before the work, read with care."""

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phase_diagrams.diagram import Axis, DiagramError, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.storage.diagrams import load_diagram, save_diagram
from phase_diagrams.storage.files import (
    StorageError,
    check_writable,
    lock,
    refuse_same,
    temporary,
    write_atomic,
)
from phase_diagrams.storage.workers import Here
from phase_diagrams.tracing.cache import kept_beside
from replica.errors import ReplicaError

posix = pytest.mark.skipif(os.name != "posix", reason="permission bits and symbolic links of POSIX systems")


@pytest.fixture
def diagram() -> PhaseDiagram:
    line = Line("T_g", LineKind.CONTINUOUS, [0.0, 0.1], [1.0, float("nan")], ["converged", "limit reached"])
    point, region = Point("c", r"$\alpha_c$", 0.138, 0), Region("SG", "Spingläser", (0.15, 0.5))
    axes = Axis("alpha", r"$\alpha$"), Axis("T", "$T$")
    return PhaseDiagram("hopfield", "Hopfield", axes, [line], [point], [region], {"date": "2024-05-17"})


def test_round_trip(diagram: PhaseDiagram, tmp_path: Path) -> None:
    path = tmp_path / "hopfield.json"
    save_diagram(diagram, path)
    assert load_diagram(path) == load_diagram(str(path)) == diagram
    content = path.read_bytes()
    assert content.endswith(b"}\n")
    assert b"NaN" not in content
    save_diagram(load_diagram(path), path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("data", ["alpha = \u03b1\n", b"\x00\xff", ""])
def test_write_atomic_writes_text_and_bytes(data: str | bytes, tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", data)
    assert (tmp_path / "file").read_bytes() == (data.encode() if isinstance(data, str) else data)


def fail(*args: object, **kwargs: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_failure_leaves_everything_as_it_was(
    step: str, old: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    before = [(p, p.read_bytes()) for p in tmp_path.iterdir()]
    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(StorageError, match=r"cannot write .*file: No space left on device; nothing was"):
            write_atomic(path, b"new")
    assert [(p, p.read_bytes()) for p in tmp_path.iterdir()] == before


def test_an_interruption_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_is_no_ordinary_file() -> None:
    with pytest.raises(StorageError, match="not an ordinary file"):
        write_atomic("/dev/full", b"x")


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_ordinary_permissions(umask: int, tmp_path: Path) -> None:
    code = (
        f"import os, sys; from phase_diagrams.storage.files import write_atomic; os.umask({umask}); "
        "write_atomic(sys.argv[1], 'x'); open(sys.argv[2], 'w').close()"
    )
    ours, ordinary = tmp_path / "ours", tmp_path / "ordinary"
    subprocess.run([sys.executable, "-c", code, ours, ordinary], check=True)
    assert stat.S_IMODE(ours.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode) == 0o666 & ~umask


@posix
def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_bytes() == b"new"


@posix
def test_a_symbolic_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@posix
def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(StorageError, match="cannot write"):
        write_atomic(link, b"new")


def test_the_longest_file_name_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def test_check_writable_touches_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "new.json")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.json").write_text("old")
    check_writable(tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "old"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no/such/file.json", "the directory .* does not exist; create it or choose another place"),
        ("file/out.json", "file is not a directory; choose a file name inside a directory"),
        (".", "it is a directory; give the name of a file in it"),
        ("x" * 300, "File name too long; choose another place"),
    ],
)
def test_bad_places_are_refused_before_the_work(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for attempt in (check_writable, lambda place: write_atomic(place, b"")):
        with pytest.raises(StorageError, match=f"cannot write .*: .*{message}") as caught:
            attempt(tmp_path / path)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, ReplicaError)


@pytest.mark.parametrize(("denied", "message"), [("", "is not writable"), ("file", "the file is read-only")])
def test_permissions_are_checked_before_the_work(
    denied: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path / denied)
    with pytest.raises(StorageError, match=message):
        check_writable(tmp_path / "file")


# -- what is the user's -------------------------------------------------------------------------------------


def test_an_output_that_is_an_input_is_refused(tmp_path: Path) -> None:
    data, store = tmp_path / "data.npz", tmp_path / "run.zarr"
    data.write_bytes(b"precious")
    store.mkdir()
    (store / "zarr.json").write_text("{}")
    names = [data, tmp_path / "sub" / ".." / "data.npz", store / "table.csv", store]
    (tmp_path / "sub").mkdir()
    if os.name == "posix":
        (tmp_path / "soft.npz").symlink_to(data)
        (tmp_path / "hard.npz").hardlink_to(data)
        (tmp_path / "folder").symlink_to(store)
        names += [tmp_path / "soft.npz", tmp_path / "hard.npz", tmp_path / "folder" / "table.csv"]
    for name in names:
        with pytest.raises(StorageError, match="read by the same command, and would be lost; choose another"):
            refuse_same(name, "digits", "", data, store)
    for name in (tmp_path / "new.npz", tmp_path / "sub" / "data.npz", store.with_name("run.zarr.csv")):
        refuse_same(name, "digits", "", "x" * 5000, "\0", tmp_path, data, store)


@posix
@pytest.mark.parametrize(
    "kind", ["link", "hard link", "file", "nothing", "pipe", "folder", "link to nothing"]
)
def test_what_has_the_name_of_a_lock_is_left_alone(kind: str, tmp_path: Path) -> None:
    precious, place = tmp_path / "precious", tmp_path / "run.zarr.lock"
    precious.write_bytes(b"years of work")
    make: dict[str, Callable[[], Any]] = {
        "link": lambda: place.symlink_to(precious),
        "hard link": lambda: place.hardlink_to(precious),
        "file": lambda: place.write_bytes(b"?replica lock: process 12 on host\nmine"),
        "nothing": lambda: place.write_bytes(b"1" * 5000),
        "pipe": lambda: os.mkfifo(place),
        "folder": place.mkdir,
        "link to nothing": lambda: place.symlink_to(tmp_path / "later"),
    }
    make[kind]()
    before = [(p.name, p.lstat().st_mode, p.is_file() and p.read_bytes()) for p in sorted(tmp_path.iterdir())]
    with pytest.raises(StorageError, match=r"run\.zarr.*choose another place"), lock(tmp_path / "run.zarr"):
        raise AssertionError
    after = [(p.name, p.lstat().st_mode, p.is_file() and p.read_bytes()) for p in sorted(tmp_path.iterdir())]
    assert after == before


def test_a_lock_keeps_others_out_and_names_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    script = (
        "import sys; from pathlib import Path; from phase_diagrams.storage.files import lock\n"
        "with lock(Path(sys.argv[1])): pass"
    )
    other = [sys.executable, "-c", script, path]
    with lock(path):
        with pytest.raises(StorageError, match="is being written by this process already"), lock(path):
            raise AssertionError
        done = subprocess.run(other, capture_output=True, text=True, check=False)
        assert f"is being written by process {os.getpid()} on " in done.stderr
        with lock(tmp_path / "another.zarr"):
            pass
    assert not list(tmp_path.iterdir())
    path.with_name("run.zarr.lock").write_text(
        "#replica lock: process 1 on elsewhere"
    )  # its owner was killed
    subprocess.run(other, check=True)
    path.with_name("run.zarr.lock").touch()  # and this one before it could write its name
    subprocess.run(other, check=True)
    assert not list(tmp_path.iterdir())


@posix
def test_a_lock_that_was_replaced_is_not_removed(tmp_path: Path) -> None:
    place = tmp_path / "run.zarr.lock"
    with lock(tmp_path / "run.zarr"):
        place.unlink()
        place.write_bytes(b"mine")
    assert place.read_bytes() == b"mine"


@posix
def test_the_litter_of_a_killed_run_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from phase_diagrams.storage.files import replacing, temporary\n"
        "with replacing(sys.argv[1]) as file, temporary(Path(sys.argv[2])) as folder:\n"
        "    file.write_text('half'); folder.mkdir(); (folder / 'part').write_text('half')\n"
        "    print(flush=True); os.kill(os.getpid(), 9)"
    )
    output, store = tmp_path / "run.nc", tmp_path / "run.zarr"
    mine = (
        tmp_path / "link",
        tmp_path / ".replica-0123456789abcdef-1-0123456789abcdef.tmp",
        tmp_path / ".x.tmp",
    )
    for name in mine:
        name.write_text("mine")
    subprocess.run([sys.executable, "-c", script, output, store], check=False, stdout=subprocess.PIPE)
    assert len(list(tmp_path.glob(".replica-*.tmp"))) == 3
    write_atomic(tmp_path / "other.nc", b"of another file")
    assert len(list(tmp_path.glob(".replica-*.tmp"))) == 3
    with temporary(output) as one:  # of a process that runs: this one
        one.write_text("under way")
        write_atomic(output, b"whole")
        assert one.exists()
    with temporary(store):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([*mine, output, tmp_path / "other.nc"])


@posix
def test_lines_are_kept_in_a_folder_of_ours_and_nothing_else_is_removed(tmp_path: Path) -> None:
    output, precious = tmp_path / "d.json", tmp_path / "precious"
    precious.mkdir()
    for name in ("thesis.json", f"{'a' * 32}.json"):
        (precious / name).write_text("mine")
    (tmp_path / "d.json.lines").symlink_to(precious)
    with pytest.raises(StorageError, match=r"d\.json\.lines: it is a link; remove it"), kept_beside(output):
        raise AssertionError
    assert len(list(precious.iterdir())) == 2
    (tmp_path / "d.json.lines").unlink()
    (tmp_path / "d.json.lines").mkdir()
    (tmp_path / "d.json.lines" / "thesis.json").write_text("mine")
    with kept_beside(output) as keeping:
        line = Line("T_g", LineKind.CONTINUOUS, [0.0], [1.0], ["converged"])
        assert keeping(Here()).submit(lambda: line).result() is line
        assert len(list((tmp_path / "d.json.lines").iterdir())) == 2
    assert [path.name for path in (tmp_path / "d.json.lines").iterdir()] == ["thesis.json"]


DAMAGE: list[tuple[str, Callable[[bytes], bytes], type[ReplicaError], str]] = [
    ("empty", lambda good: b"", StorageError, "the file is empty"),
    ("blank", lambda good: b" \n\n", StorageError, "the file is empty"),
    ("text", lambda good: b"T_g = 1 + sqrt(alpha)", StorageError, "not JSON, or cut off .*line 1, column 1"),
    ("truncated", lambda good: good[: len(good) // 2], StorageError, "not JSON, or cut off"),
    ("one byte short", lambda good: good.rstrip()[:-1], StorageError, "not JSON, or cut off"),
    ("two files", lambda good: good + good, StorageError, "not JSON, or cut off .Extra data"),
    ("bytes", lambda good: b"\x88PNG\r\n\x1a\n\xff\xfe", StorageError, "it is not JSON"),
    ("picture", lambda good: b"\x89PNG\r\n\x1a\n\xff\xfe", StorageError, "is a figure, not a phase diagram"),
    ("bare NaN", lambda good: good.replace(b"null", b"NaN"), StorageError, "NaN is not a JSON number"),
    ("deep", lambda good: b"[" * 200_000, StorageError, "nested too deeply"),
    ("endless number", lambda good: b"[" + b"1" * 5000 + b"]", StorageError, "it is not JSON"),
    ("a list", lambda good: b"[]", DiagramError, r"expected an object, got \[\]"),
    ("null", lambda good: b"null", DiagramError, "expected an object, got None"),
    ("another object", lambda good: b"{}", DiagramError, "format: missing"),
    ("format 8", lambda good: good.replace(b'"format": 1', b'"format": 8'), DiagramError, "format 8; this v"),
    (
        "kind",
        lambda good: good.replace(b'"continuous"', b'"wavy"'),
        DiagramError,
        r"lines\[0\].kind: unknown",
    ),
    ("huge number", lambda good: good.replace(b"0.138", b"1e999"), DiagramError, r"points\[0\].x: expected"),
]


@pytest.mark.parametrize(("damage", "error", "message"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE])
def test_damaged_files(
    damage: Callable[[bytes], bytes],
    error: type[ReplicaError],
    message: str,
    diagram: PhaseDiagram,
    tmp_path: Path,
) -> None:
    path = tmp_path / "hopfield.json"
    save_diagram(diagram, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(error, match=message) as caught:
        load_diagram(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no traceback of json


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no.json", "cannot read .*: No such file.*; `replica diagram NAME -o .*no.json` writes one"),
        (".", "is a directory, not a phase diagram; give a file in it"),
    ],
)
def test_files_that_cannot_be_read(path: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=message):
        load_diagram(tmp_path / path)


def test_utf8_with_a_mark_is_read(diagram: PhaseDiagram, tmp_path: Path) -> None:
    path = tmp_path / "hopfield.json"
    path.write_text(json.dumps(diagram.to_json(), ensure_ascii=False), encoding="utf-8-sig")
    assert load_diagram(path).region("SG").label == "Spingläser"
