"""Files of strangers: what they declare is not believed, what they point at is not followed, nothing runs."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from console import replica
from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.storage.diagrams import load_diagram
from phase_diagrams.storage.files import StorageError
from phase_diagrams.sweeping import open_sweep, sweep
from replica import interrupts
from replica.errors import ReplicaError, ReplicaWarning, clean
from replica.functional.files import parse
from replica.machines.data.arrays import NotNumbersError, read_numpy
from replica.machines.data.loading import DataError, load_data, read_idx
from replica.machines.models.rbm import RBM
from replica.machines.training.files import FileError, kept_with, load_machine, save_machine
from replica.theories import CurieWeiss
from replica.units import Bernoulli, Gaussian, Spin

MEMORY = 2**28


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def npy(shape: str, descr: str = "'<f8'", content: bytes = b"\0" * 80) -> bytes:
    """An .npy file with any header."""
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + content


def npz(**members: bytes) -> bytes:
    """An .npz file with any members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


# -- arrays --------------------------------------------------------------------------------------------------


HEADERS = {
    "petabytes": (npy("(1000000000000, 1000)"), r"declares 7\.11 PiB, and 80 bytes are there"),
    "one too many": (npy("(11,)"), "declares 88 bytes, and 80 bytes are there"),
    "negative": (npy("(-1,)"), "is no shape"),
    "no whole number": (npy("(1.5,)"), "is no shape"),
    "no tuple": (npy("10"), "is no shape"),
    "boundless": (npy("(10**9,)"), "header of the array is damaged"),
    "code": (npy("__import__('os').getcwd()"), "header of the array is damaged"),
    "deep": (npy("(" * 5000), "header of the array is damaged"),
    "objects": (npy("(10,)", "'|O'"), "holds Python objects"),
    "no type": (npy("(10,)", "'<q99'"), "header of the array is damaged"),
    "nothing of it": (npy("(10,)", "'|V0'", b""), None),
    "empty entries": (npy("(10000000,)", "'|V0'", b""), "without any bytes"),
    "no letters": (npy("(10,)", "'<U2'", b"\xff" * 80), "is damaged: it holds what is no text"),
    "cut off": (npy("(10,)")[:30], "header of the array is damaged"),
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("packed", [False, True], ids=["npy", "npz"])
def test_a_header_is_compared_with_what_is_there(name: str, packed: bool, tmp_path: Path) -> None:
    content, says = HEADERS[name]
    file = tmp_path / "a.npz"
    file.write_bytes(npz(W=content) if packed else content)
    if says is None:
        assert np.shape(read_numpy(file, lambda names: names[0])) == (10,)
        return
    with pytest.raises(NotNumbersError, match=says.replace("the array", "the array W") if packed else says):
        read_numpy(file, lambda names: names[0])


def test_arrays_come_back_whatever_their_order_and_type(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for kind in ("<f8", ">f4", "<i2", "|u1", "|b1", "<c16", "<U3"):
        for shape in ((), (0,), (3,), (2, 3, 4)):
            for order in ("C", "F"):
                values = np.asarray(rng.integers(0, 2, shape).astype(kind), order=order)  # type: ignore[call-overload]
                np.save(tmp_path / "a.npy", values)
                found = read_numpy(tmp_path / "a.npy")
                assert found.dtype == values.dtype
                assert np.array_equal(found, values)
    (tmp_path / "b.npy").write_bytes(npy("(5L, 2L)"))  # as Python 2 wrote it
    assert read_numpy(tmp_path / "b.npy").shape == (5, 2)


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    whole = bytearray(npz(W=npy("(10,)")))
    at = whole.index(b"PK\x01\x02")
    struct.pack_into("<I", whole, at + 24, 2**31)  # the unpacked size in the directory
    (tmp_path / "a.npz").write_bytes(whole)
    with pytest.raises(NotNumbersError, match="declares 2 GiB"):
        read_numpy(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(npz(W=npy("(10,)"))[:-30])
    with pytest.raises(NotNumbersError, match="damaged or cut off"):
        read_numpy(tmp_path / "b.npz")


def test_no_more_is_unpacked_than_a_header_declares(tmp_path: Path) -> None:
    import tracemalloc

    bomb = struct.pack(">BBBBII", 0, 0, 8, 2, 10, 10) + bytes(2**26)
    for name, content, says in (
        ("long.gz", gzip.compress(bomb), "too long"),
        ("huge.gz", gzip.compress(struct.pack(">BBBBII", 0, 0, 8, 2, 2**31, 2**31)), "declares .* are there"),
        ("other.gz", gzip.compress(bytes(2**26)), "no magic number"),
    ):
        (tmp_path / name).write_bytes(content)
        tracemalloc.start()
        with pytest.raises(DataError, match=says):
            read_idx(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


# -- HDF5 ----------------------------------------------------------------------------------------------------


def rbms(path: Path, **parts: Any) -> Path:
    """A file as the package rbms writes it, with some parts replaced."""
    with h5py.File(path, "w") as file:
        whole = {"weight_matrix": np.ones((3, 2)), "vbias": np.zeros(3), "hbias": np.zeros(2)} | parts
        file["model_type"] = whole.pop("model_type", "BBRBM")
        group = file.create_group("update_1/params")
        for name, value in whole.items():
            group[name] = value
    return path


def test_what_stands_in_other_files_is_not_read(tmp_path: Path) -> None:
    rbms(tmp_path / "good.h5")
    assert load_machine(tmp_path / "good.h5").n_visible == 3
    place = "/update_1/params/weight_matrix"
    for link in (h5py.ExternalLink("good.h5", place), h5py.SoftLink("/update_1/params/vbias")):
        rbms(tmp_path / "a.h5", weight_matrix=link)
        with pytest.raises(FileError, match=f"a.h5: {place} is a link to elsewhere"):
            load_machine(tmp_path / "a.h5")
    (tmp_path / "secret").write_bytes(np.ones(6).tobytes())
    with h5py.File(rbms(tmp_path / "b.h5"), "a") as file:
        del file[place]
        file.create_dataset(place, (3, 2), "f8", external=[(str(tmp_path / "secret"), 0, 48)])
    with h5py.File(rbms(tmp_path / "c.h5"), "a") as file:
        del file[place]
        layout = h5py.VirtualLayout((3, 2), "f8")
        layout[...] = h5py.VirtualSource(str(tmp_path / "good.h5"), place, (3, 2))
        file.create_virtual_dataset(place, layout)
    for name in ("b.h5", "c.h5"):
        with pytest.raises(FileError, match=f"{place} is stored in other files"):
            load_machine(tmp_path / name)


def test_a_dataset_holds_what_it_declares(tmp_path: Path) -> None:
    for options in ({}, {"chunks": (1000, 1000), "compression": "gzip"}):
        with h5py.File(rbms(tmp_path / "a.h5"), "a") as file:
            del file["update_1/params/weight_matrix"]
            file.create_dataset("update_1/params/weight_matrix", (10**6, 10**6), "f8", **options)
        with pytest.raises(FileError, match=r"weight_matrix of shape .*: it declares 7\.28 TiB"):
            load_machine(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"model_type": 3}, "model_type is no text"),
        ({"model_type": ["BBRBM", "BBRBM"]}, "model_type is an array of shape"),
        ({"vbias": "three"}, "vbias"),
        ({"vbias": np.zeros(2)}, "do not match"),
        ({"weight_matrix": np.full((3, 2), np.nan)}, "not finite"),
    ],
)
def test_parts_of_a_machine_have_their_type(parts: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=says):
        load_machine(rbms(tmp_path / "a.h5", **parts))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("version", np.array("one"), "version is an array of shape"),
        ("version", np.array(np.nan), "version|cannot convert"),
        ("version", np.array(99), "has version 99"),
        ("format", np.array(1), "format is no text"),
        ("visible", np.array(["spin", "spin"]), "visible is an array"),
        ("visible.g", np.array("x"), "visible.g is an array"),
        ("T", np.array([1.0, 2.0]), "T is an array of shape"),
        ("T", np.array(-1.0), "T"),
        ("about", np.array("{"), "about is no JSON"),
        ("about", np.array("[1]"), "about is no JSON object"),
        ("about", np.array("[" * 100_000), "about is no JSON object"),
    ],
)
def test_parts_of_our_own_machines_have_their_type(name: str, value: Any, says: str, tmp_path: Path) -> None:
    save_machine(RBM([[0.5, -0.5]], Spin(), Spin()), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as stored:
        np.savez(tmp_path / "b.npz", **{**stored, name: value})
    with pytest.raises(FileError, match=says):
        (kept_with if name == "about" else load_machine)(tmp_path / "b.npz")


# -- sweeps --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep, as a store and as a file."""
    folder = tmp_path_factory.mktemp("sweep")
    for name in ("a.zarr", "a.nc"):
        sweep(CurieWeiss, {"T": [0.5, 0.8], "h": [0.0, 0.1]}, branch="all", output=folder / name).close()
    return folder


Change = Callable[[dict[str, Any]], Any]


def describe(**attributes: Any) -> Change:
    return lambda about: about["attributes"].update(attributes)


DESCRIPTIONS: dict[str, tuple[str, Change, str]] = {
    "format null": ("", describe(replica_sweep_format=None), "replica_sweep_format is no whole number"),
    "format true": ("", describe(replica_sweep_format=True), "replica_sweep_format is no whole number"),
    "identity 3": ("", describe(identity=3), "identity is no text"),
    "identity no JSON": ("", describe(identity="{"), "damaged .identity"),
    "identity a list": ("", describe(identity="[1]"), "damaged .identity"),
    "grid": ("", describe(identity='{"theory": "x", "grid": 3}'), "identity; grid"),
    "variables 3": ("", describe(variables=3), "variables is no text"),
    "variables elsewhere": ("", describe(variables="../a.zarr/m status"), "no name"),
    "variables missing": ("", describe(variables="m nonsense status"), "nonsense"),
    "branches 3": ("", describe(branches=3), "branches"),
    "one branch": ("", describe(branches="up"), "branches"),
    "flags": ("status", describe(flag_values=[1, 2]), "flags of status"),
    "flags of text": ("status", describe(flag_values="x"), "flags of status"),
    "meanings 3": ("status", describe(flag_meanings=3), "flags of status"),
    "shape": ("m", lambda about: about.update(shape=[2, 2, 10**30]), "description of m is damaged"),
    "chunks": (
        "m",
        lambda about: about["chunk_grid"]["configuration"].update(chunk_shape=[2**40, 2**10, 2]),
        "a chunk of it: it declares",
    ),
    "type": ("m", lambda about: about.update(data_type="string"), "description of m is damaged"),
    "codec": (
        "m",
        lambda about: about.update(codecs=[{"name": "numcodecs.pickle"}]),
        "codecs numcodecs.pickle",
    ),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_store_is_not_believed(name: str, stored: Path, tmp_path: Path) -> None:
    part, change, says = DESCRIPTIONS[name]
    store = Path(shutil.copytree(stored / "a.zarr", tmp_path / "a.zarr"))
    place = store / part / "zarr.json"
    about = json.loads(place.read_text())
    change(about)
    place.write_text(json.dumps(about))
    with pytest.raises(StorageError, match=says):
        open_sweep(store)
    if not part:
        with pytest.raises(StorageError, match=says.replace("damaged .identity", "damaged")):
            sweep(CurieWeiss, {"T": [0.5, 0.8], "h": [0.0, 0.1]}, branch="all", output=store, resume=True)


def test_links_inside_a_store_are_not_followed(stored: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(stored / "a.zarr", tmp_path / "a.zarr"))
    shutil.rmtree(store / "m")
    (store / "m").symlink_to(stored / "a.zarr" / "m")
    with pytest.raises(StorageError, match="m is a link, which is not followed"):
        open_sweep(store)
    with pytest.raises(StorageError, match="m is a link, which is not followed"):
        sweep(CurieWeiss, {"T": [0.5, 0.8], "h": [0.0, 0.1]}, branch="all", output=store, resume=True)


def test_links_and_sizes_of_a_netcdf_file_are_looked_at(stored: Path, tmp_path: Path) -> None:
    for name, change, says in (
        ("link", lambda file: file.update(x=h5py.ExternalLink("a.nc", "/m")), "/x is a link to elsewhere"),
        ("size", lambda file: file.create_dataset("x", (2**50,), "f8"), "/x of shape .* it declares"),
        ("format", lambda file: file.attrs.update(replica_sweep_format="1"), "is no whole number"),
        ("identity", lambda file: file.attrs.update(identity=3), "identity is no text"),
        ("theory", lambda file: file.attrs.update(variables="m"), "damaged"),
    ):
        path = Path(shutil.copy(stored / "a.nc", tmp_path / f"{name}.nc"))
        with h5py.File(path, "a") as file:
            if name == "link":
                file["x"] = h5py.ExternalLink("a.nc", "/m")
            else:
                change(file)
        with pytest.raises(StorageError, match=says):
            open_sweep(path)


def test_a_status_is_one_of_its_flags(stored: Path, here: Path) -> None:
    shutil.copy(stored / "a.nc", "a.nc")
    with h5py.File("a.nc", "a") as file:
        file["status"][0, 0, 0] = 99
    for command in ("export a.nc -o a.csv", "map a.nc -o a.json"):
        done = replica(command)
        assert done.exit_code == 1
        assert "status is damaged at" in done.stderr
        assert "99 is none of its flags" in done.stderr


def test_one_kind_of_result_does_not_overwrite_another(stored: Path, here: Path) -> None:
    shutil.copy(stored / "a.nc", "a.nc")
    before = Path("a.nc").read_bytes()
    done = replica("simulate random-energy -p T=0.5 --N 6 --samples 2 -o a.nc --overwrite")
    assert done.exit_code == 1
    assert "cannot overwrite a.nc: it holds a sweep, not samples of machines" in done.stderr
    assert Path("a.nc").read_bytes() == before
    assert replica("simulate random-energy -p T=0.5 --N 6 --samples 2 -o b.nc").exit_code == 0
    done = replica("sweep curie-weiss --over T=0.5,0.8 -o b.nc --overwrite")
    assert done.exit_code == 1
    assert "it holds samples of machines, not a sweep" in done.stderr


# -- tables --------------------------------------------------------------------------------------------------


TABLES = {
    "names": ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
    "no names": ("1,2\n3,4\n", [[1, 2], [3, 4]]),
    "byte order mark": ("\ufeff1,2\n3,4\n", [[1, 2], [3, 4]]),
    "byte order mark and names": ("\ufeffa,b\n3,4\n", [[3, 4]]),
    "counted": ("0,1,2\n0.5,1,2\n", [[0.5, 1, 2]]),
    "two counted": ("0,1\n0.5,1.5\n2.5,3.5\n", [[0.5, 1.5], [2.5, 3.5]]),
    "two bits": ("0,1\n1,0\n", [[0, 1], [1, 0]]),
    "index of pandas": (",0,1\n0,0.5,0.25\n1,0.5,0.75\n", [[0, 0.5, 0.25], [1, 0.5, 0.75]]),
    "tabs": ("1\t2\n3\t4\n", [[1, 2], [3, 4]]),
    "semicolons": ("a;b\n1.5;2\n", [[1.5, 2]]),
    "spaces": ("1  2\n3  4\n", [[1, 2], [3, 4]]),
    "one column": ("x\n1\n2\n", [[1], [2]]),
    "quoted": ('"a","b"\n"1","2"\n', [[1, 2]]),
    "blank rows": ("\n1,2\n\n3,4\n\n", [[1, 2], [3, 4]]),
}


@pytest.mark.filterwarnings("ignore::replica.errors.ReplicaWarning")
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read(name: str, tmp_path: Path) -> None:
    text, values = TABLES[name]
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert load_data(tmp_path / "a.csv", Gaussian()).values.tolist() == values


DAMAGED = {
    "names alone": ("a,b,c\n", r"no samples in it, only a row of names \(a, b, c\)"),
    "nothing": ("", "nothing in it, hence no samples"),
    "blank": ("\n \n", "no samples in it"),
    "decimal commas": ("1,0;0,5\n", "separated by semicolons, and its numbers have decimal commas"),
    "first row": ("1,x\n3,4\n5,6\n", r"row 0 \(line 1\) is no list of 2 numbers, column 1: 'x' is no number"),
    "first row short": ("1\n3,4\n5,6\n", r"row 0 \(line 1\) is no list of 2 numbers, but has 1 cells"),
    "first cell": (",2\n3,4\n", r"row 0 \(line 1\) is no list of 2 numbers, column 0: the cell is empty"),
    "later row": ("a,b\n1,2\n3,\n", r"row 1 \(line 3\) is no list of 2 numbers, column 1 \(b\): the cell is"),
    "too few names": ("a,b\n1,2,3\n", "line 1 names 2 columns, and line 2 has 3 cells"),
    "twice": ("a,a\n1,2\n", "names the column 'a' twice"),
    "escapes": ("1,2\n\x1b[31m,4\n", r"'\\x1b\[31m' is no number"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_tables_are_named(name: str, tmp_path: Path) -> None:
    text, says = DAMAGED[name]
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=says) as refused:
        load_data(tmp_path / "a.csv", Gaussian())
    assert "\x1b" not in str(refused.value)


def test_a_column_of_labels_is_named_and_can_be_left_out(here: Path) -> None:
    Path("a.csv").write_text("label,x,y1\n7,0,1\n3,1,0\n")
    with pytest.warns(ReplicaWarning, match="the column 'label' .* --drop-column label"):
        assert load_data("a.csv", Gaussian()).values.shape == (2, 3)
    assert load_data("a.csv", Bernoulli(), drop=["label"]).values.tolist() == [[0, 1], [1, 0]]
    done = replica("train a.csv --units 1 --epochs 1 -o rbm.npz")
    assert "leave it out with --drop-column label" in done.stderr
    done = replica("train a.csv --units 1 --epochs 1 --drop-column label -o rbm.npz")
    assert done.exit_code == 0
    assert "2 bernoulli visible" in done.stdout
    assert replica("likelihood rbm.npz --data a.csv --drop-column label --runs 5 --steps 5").exit_code in (
        0,
        3,
    )
    done = replica("train a.csv --epochs 1 --drop-column nothing -o rbm.npz")
    assert "has no column 'nothing' to drop; there are the columns label, x, y1" in done.stderr
    assert replica("train digits --drop-column label -o rbm.npz").exit_code == 2


def test_counted_columns_are_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,1,2\n0.5,1,2\n")
    with pytest.warns(ReplicaWarning, match="the first row, 0 to 2, counts the columns and is no sample"):
        load_data(tmp_path / "a.csv", Gaussian())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"MATLAB 5.0 MAT-file" + bytes(200), "a MATLAB file"),
        (b"\x80\x04\x95\0\0\0", "a pickled Python object"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file"),
        (b"\x89PNG\r\n\x1a\n", r"an image \(PNG\)"),
        (b"%PDF-1.4", "a PDF document"),
        (b'{"a": 1}', "a JSON file"),
    ],
)
def test_what_a_file_is_instead_is_said(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(DataError, match=f"it is {says}"):
        load_data(tmp_path / "data.csv", Bernoulli())
    with pytest.raises(FileError, match="HDF5" if b"HDF" in content else f"it is {says}"):
        load_machine(tmp_path / "data.csv")


def test_the_kind_of_a_file_is_told_from_its_content(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(3))
    (tmp_path / "a.npy").rename(tmp_path / "a.csv")
    assert load_data(tmp_path / "a.csv", Bernoulli()).values.shape == (3, 3)
    (tmp_path / "b.dat").write_text("1,0\n0,1\n")
    assert load_data(tmp_path / "b.dat", Bernoulli()).values.shape == (2, 2)


# -- texts, outputs, interrupts ------------------------------------------------------------------------------


def test_texts_of_files_are_cleaned() -> None:
    assert clean("a\x1b]0;b\x07c\x9b\u202e\r") == r"a\x1b]0;b\x07c\x9b\u202e\r"
    assert clean("\u03b1 = 0.1, \u00fc\n") == "\u03b1 = 0.1, \u00fc\n"
    assert str(ReplicaError("\x1b[2J")) == str(ReplicaWarning("\x1b[2J")) == r"\x1b[2J"


def test_names_of_arrays_are_cleaned_and_cut(here: Path) -> None:
    Path("a.npz").write_bytes(npz(**{"\x1b[31mred": npy("(10,)"), "b" * 10_000: npy("(10,)")}))
    for command in ("train a.npz -o b.npz", "place a.npz", "diagnose a.npz", "train a.npz --key x -o b.npz"):
        done = replica(command)
        assert done.exit_code in (1, 2)
        assert "\x1b" not in done.stderr
        assert r"\x1b[31mred" in done.stderr or "arrays of numbers, not a machine" in done.stderr


def test_an_output_is_no_input_and_no_other_output(here: Path) -> None:
    Path("a.csv").write_text("alpha,m\n0.05,0.99\n")
    Path("b.png").symlink_to("c.png")
    Path("data.npz").write_bytes(npz(data=npy("(5, 2)")))
    before = Path("data.npz").read_bytes()
    save_machine(RBM([[0.5, -0.5]], Spin(), Spin()), "rbm.npz")
    shutil.copy("rbm.npz", "second.npz")
    Path("link.npz").symlink_to("data.npz")
    Path("other.npy").write_bytes(npy("(5, 2)"))
    for command, says in (
        ("train other.npy -o data.npz", "it holds arrays of numbers, which would be lost"),
        ("train data.npz -o data.npz", "would be lost"),
        ("train data.npz -o link.npz", "would be lost"),
        ("train rbm.npz --resume rbm.npz", "holds a machine, not data"),
        ("sample rbm.npz -o a.png --style a.png", "a.png"),
        ("compare a.csv --theory hopfield -p T=0 --figure a.csv", "must end in"),
    ):
        done = replica(command)
        assert says in done.stderr
        assert done.exit_code in (1, 2)
        assert Path("data.npz").read_bytes() == before
    assert Path("rbm.npz").read_bytes() == Path("second.npz").read_bytes()
    from phase_diagrams.storage.files import refuse_twice

    with pytest.raises(StorageError, match="another result of the same command goes there"):
        refuse_twice("b.png", "c.png")


def test_a_style_and_a_picture_have_bounds(here: Path) -> None:
    diagram = Path(__file__).parents[1] / "examples" / "data" / "hopfield.json"
    Path("huge.mplstyle").write_text("font.size: 1e9\n")
    done = replica(f"draw {diagram} -o a.png --style huge.mplstyle")
    assert done.exit_code == 1
    assert (
        "cannot use the style huge.mplstyle: font.size = 1000000000.0 is too large; at most 200"
        in done.stderr
    )
    done = replica(f"draw {diagram} -o a.png --dpi 2400 --size 100x100")
    assert done.exit_code == 1
    assert "240000 x 240000 pixels are too many" in done.stderr


def test_an_interrupt_that_was_lost_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    from phase_diagrams.sweeping import run

    def lost(plan: Any, index: Any) -> None:
        interrupts._asked.set()  # as the handler does inside a callback of a library

    before, seen = run.Memory.write, []

    def write(self: Any, index: Any, block: Any) -> None:
        seen.append(index)
        lost(self.plan, index)
        before(self, index, block)

    monkeypatch.setattr(run.Memory, "write", write)
    try:
        with pytest.raises(KeyboardInterrupt):
            sweep(CurieWeiss, {"T": np.linspace(0.1, 1, 10)}, chunk=2)
    finally:
        interrupts._asked.clear()
    assert len(seen) == 1


def test_a_long_sweep_says_first_what_it_will_take(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phase_diagrams.commands import sweep as verb

    line = "sweep curie-weiss --over T=0.5:0.8:4 --chunk 2 -o"
    assert replica(f"{line} a.zarr").stderr == "wrote a.zarr\n"
    monkeypatch.setattr(verb, "LONG", 0.0)
    done = replica(f"{line} b.zarr")
    assert re.match(r"4 points will take about \d+ s and [\d.]+ (bytes|KiB) of disk, judging by", done.stderr)
    assert open_sweep("a.zarr").equals(open_sweep("b.zarr"))

    told = list[tuple[float, float]]()
    sweep(
        CurieWeiss,
        {"T": np.linspace(0.1, 1, 9)},
        chunk=3,
        estimate=lambda *both: told.append(both),
        output="c.zarr",
    )
    ((seconds, size),) = told  # once
    stored = sum(part.stat().st_size for part in Path("c.zarr").glob("*/c/**/*") if part.is_file())
    assert 0 < seconds < 60
    assert stored / 2 < size < 2 * stored


def test_texts_of_files_command_no_terminal(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    whole = json.loads(Path("examples/data/hopfield.json").read_text())
    line = whole["lines"][0]
    line["name"], line["label"] = "\x1b[2Jline", "\x07li\x9bne"
    whole |= {"title": "two\n\x1b[31mrows", "provenance": {"\x1bnotes": ["by\x00night"]}}
    source, figure = tmp_path / "a.json", tmp_path / "a.svg"
    source.write_text(json.dumps(whole))
    diagram = load_diagram(source)
    assert diagram.title == "two\n\\x1b[31mrows"
    assert diagram.lines[0].name == "\\x1b[2Jline"
    assert diagram.provenance == {"\\x1bnotes": ["by\\x00night"]}
    assert PhaseDiagram.from_json(diagram.to_json()) == diagram
    assert replica(f"draw {source} -o {figure}").exit_code == 0
    assert not [one for one in recwarn if "Glyph" in str(one.message)]
    assert not set("\x1b\x07\x9b\x00") & set(figure.read_text())

    model = parse('[layers]\ns = {}\n[parameters]\nT = {text = "\\u001b[31m"}\n', "a.toml")
    assert [one.text for one in model.parameters] == ["\\x1b[31m"]


def test_letters_that_the_font_lacks_are_told_once(tmp_path: Path) -> None:
    whole = json.loads(Path("examples/data/hopfield.json").read_text()) | {"title": "\u76f8\u56f3"}
    (tmp_path / "a.json").write_text(json.dumps(whole))
    done = replica(f"draw {tmp_path}/a.json -o {tmp_path}/a.png")
    assert done.stderr.count("Warning") == 1
    assert "the font has no \u56f3, \u76f8" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "a.csv",
            b"1,0,\0\1,2\n",
            "begins with 31 2c 30 2c, like nothing known here, and is no text (byte 5 is",
        ),
        ("b.csv", bytes(200), "begins with 00 00 00 00, like nothing known here"),
        ("c.csv", "a,b\n1,0\n".encode("utf-16-be"), "a text file in UTF-16 without its mark"),
        ("d.csv.gz", gzip.compress(b"a,b\n1,0\n", mtime=0), "a text file, gzipped; unpack it first"),
    ],
)
def test_what_is_no_table_is_said_as_far_as_known(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_data(tmp_path / name, Bernoulli())
    assert says in str(caught.value)
    assert "magic" not in str(caught.value)
