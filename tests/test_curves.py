"""Curves: all branches along one parameter, with their folds; as numbers, tables and pictures."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console import replica
from phase_diagrams import LineKind, curve, load_diagram
from phase_diagrams.commands.shared.drawing import write
from reference import reference
from replica import BlumeCapel, CurieWeiss, Hopfield, SherringtonKirkpatrick, solve
from replica.errors import LocateError, ParameterError, UnknownNameError
from replica.solving.curves import BRANCH_POINT, FOLD, Stretch, curves

EXAMPLES = Path(__file__).parents[1] / "examples" / "data"


def by_branch(found: Any) -> dict[str, Stretch]:
    return {one.branch: one for one in found.stretches}


def kinds(one: Stretch) -> list[str]:
    return [kind for kind, _ in one.special.values()]


def test_the_retrieval_branch_of_hopfield_folds_at_its_capacity() -> None:
    found = curves(Hopfield(alpha=0.0, T=0.0), "alpha", 0.0, 0.15)
    retrieval = by_branch(found)["retrieval"]
    ((index, (kind, point)),) = retrieval.special.items()
    exact = reference("hopfield/alpha_c_T0")
    assert kind == FOLD
    assert abs(point.value - float(exact.number)) < 2 * point.uncertainty + 1e-16
    assert retrieval.values[index] == point.value == retrieval.values.max()
    assert [stable for _, stable in retrieval.parts] == [True, False]
    assert retrieval.values[0] == 0.0
    assert retrieval.values[-1] < 1e-4
    assert not found.notes


def test_every_point_solves_the_equations() -> None:
    theory = Hopfield(alpha=0.05, T=0.0)
    for one in curves(theory, "T", 0.0, 1.3).stretches:
        left = theory.at(T=one.values).residual(one.x)
        assert np.max(np.abs(left)) < 1e-8


def test_an_unstable_part_whose_fold_is_outside_is_there() -> None:
    found = curves(Hopfield(alpha=0.0, T=0.0), "alpha", 0.02, 0.1)
    parts = [stable for one in found.stretches if one.branch == "retrieval" for _, stable in one.parts]
    assert sorted(parts) == [False, True]  # type: ignore[type-var]
    assert all(one.values.min() == 0.02 and one.values.max() == 0.1 for one in found.stretches)


@pytest.mark.parametrize(
    ("theory", "parameter", "span", "branch", "value"),
    [
        (CurieWeiss(T=0.5), "T", (0.0, 1.2), "paramagnet", 1.0),
        (SherringtonKirkpatrick(T=0.5), "T", (0.0, 1.3), "paramagnet", 1.0),
        (Hopfield(alpha=0.05, T=0.0), "T", (0.0, 1.3), "paramagnet", 1 + math.sqrt(0.05)),
    ],
)
def test_states_grow_out_of_the_paramagnet_at_its_branch_point(
    theory: Any, parameter: str, span: Any, branch: str, value: float
) -> None:
    found = curves(theory, parameter, *span)
    ((kind, point),) = by_branch(found)[branch].special.values()
    assert kind == BRANCH_POINT
    assert abs(point.value - value) < 1e-14
    joined = [one for one in found.stretches if f"meets {branch}" in one.ends]
    assert joined
    assert all(point.value in (one.values[0], one.values[-1]) for one in joined)


def test_a_first_order_transition_has_a_fold_and_an_unstable_part_down_to_the_paramagnet() -> None:
    found = by_branch(curves(BlumeCapel(T=0.2, D=0.0), "D", 0.0, 0.6))
    assert kinds(found["ferromagnet"]) == [FOLD]
    assert [stable for _, stable in found["ferromagnet"].parts] == [True, False]
    paramagnet = found["paramagnet"]
    ((_, point),) = paramagnet.special.values()
    exact = 0.2 * math.log(2 * (1 / 0.2 - 1))  # m = 0 is unstable where e^(D/T) < 2 (1/T - 1)
    assert abs(point.value - exact) < 1e-14
    assert found["ferromagnet"].values[-1] == point.value


def test_a_field_connects_both_states_of_a_ferromagnet_through_two_folds() -> None:
    (one,) = curves(CurieWeiss(T=0.5), "h", -1.0, 1.0).stretches
    assert one.branch == "up and down"
    folds = sorted(point.value for _, point in one.special.values())
    m = math.sqrt(1 - 0.5)  # T = 1 - m^2, h = T atanh m - m
    assert folds == pytest.approx([0.5 * math.atanh(m) - m, m - 0.5 * math.atanh(m)], abs=1e-14)


def test_both_mirror_images_count_once_where_one_branch_is_declared() -> None:
    found = curves(BlumeCapel(T=0.5, D=0.0), "D", 0.0, 0.6)
    assert all(np.all(one.x[0] >= 0) for one in found.stretches)


def test_measures_derived_parameters_and_other_names() -> None:
    found = curve(Hopfield(alpha=0.05, T=0.0), "m", "r", "free_energy", "replicon", T=(0.1, 0.6))
    table = found.columns
    stable = [i for i, word in enumerate(table["stability"]) if word == "stable" and table["m"][i] > 0.1]
    i = stable[len(stable) // 2]
    state = solve(Hopfield(alpha=0.05, T=table["T"][i]), "retrieval")
    for name in ("m", "r"):
        assert abs(table[name][i] - state[name]) < 1e-9
    assert abs(table["free_energy"][i] - float(state.free_energy)) < 1e-12
    assert {len(column) for column in table.values()} == {len(table["T"])}
    assert table["replica_symmetry"][i] == "stable"


def test_what_cannot_be_is_one_sentence() -> None:
    theory = Hopfield(alpha=0.05, T=0.0)
    for names, span, kind, words in (
        (("m",), {}, ParameterError, "one parameter varies"),
        (("m",), {"T": (0, 1), "alpha": (0, 1)}, ParameterError, "one parameter varies"),
        ((), {"T": (0, 1)}, ParameterError, "a curve of what"),
        (("mm",), {"T": (0, 1)}, UnknownNameError, "order parameter of hopfield"),
        (("m",), {"S": (0, 1)}, UnknownNameError, "parameter of hopfield"),
        (("m",), {"T": (1, 1)}, ParameterError, "empty"),
        (("m",), {"T": (-1, 1)}, ParameterError, "T = -1 is not allowed"),
        (("m",), {"T": 1}, ParameterError, "two numbers"),
    ):
        with pytest.raises(kind, match=words):
            curve(theory, *names, **span)  # type: ignore[arg-type]
    with pytest.raises(LocateError, match="no state of"):
        curves(BlumeCapelWithout(T=0.5, D=0.0), "D", 2.0, 3.0)


class BlumeCapelWithout(BlumeCapel):
    """Only the branch that is not everywhere."""

    @property
    def available(self) -> tuple[str, ...]:
        return ("ferromagnet",)


# -- pictures and tables ------------------------------------------------------------------------------------


def test_a_picture_has_a_panel_for_each_name_and_says_what_is_unstable() -> None:
    found = curve(Hopfield(alpha=0.0, T=0.0), "m", "free_energy", alpha=(0.05, 0.15))
    diagram = found.diagram()
    assert [panel.axes[1].name for panel in (diagram, *diagram.beside)] == ["m", "free_energy"]
    assert {line.kind for line in diagram.lines} == {LineKind.STABLE, LineKind.UNSTABLE}
    (point,) = diagram.points
    assert point.x == found.special[0]["alpha"]
    first, second = found.plot()
    assert "unstable" in [text.get_text() for text in first.get_legend().get_texts()]
    assert second.get_ylabel() == "free energy $f$"
    assert diagram.to_json()["format"] == 7
    assert found._repr_svg_().lstrip().startswith("<?xml")


def test_the_axes_that_are_given_are_drawn_into() -> None:
    from matplotlib.figure import Figure

    found = curve(CurieWeiss(T=0.5), "m", T=(0.2, 1.2))
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    with pytest.raises(ParameterError, match="needs 1 axes, not 2"):
        found.plot([ax, ax])


def test_the_command_writes_every_kind_of_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = "curve curie-weiss m -x T=0.2:1.2"
    table = replica(f"{asked} -o -").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["branch"] for row in rows} == {"up", "down", "paramagnet"}
    assert [float(row["T"]) for row in rows if row["point"]] == [pytest.approx(1.0, abs=1e-15)] * 2
    for name in ("c.csv", "c.png", "c.svg", "c.json", "c.nc"):
        done = replica(f"{asked} -o {name}")
        assert (done.exit_code, done.stderr) == (0, f"wrote {name}\n")
    assert Path("c.csv").read_text(encoding="utf-8") == table
    assert load_diagram("c.json").axes[0].name == "T"
    import xarray as xr

    with xr.open_dataset("c.nc", engine="h5netcdf") as data:
        assert data["m"].size == len(rows)
        assert data.attrs["theory"] == "curie-weiss"
    told = json.loads(replica(f"{asked} --json").stdout)
    assert told["special"][0]["kind"] == "branch point"
    assert len(told["columns"]["m"]) == len(rows)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("curve hopfield m", "Missing option '-x'"),
        ("curve hopfield -x T", "Missing argument 'NAME...'"),
        ("curve hopfield m -x T=0:1:5", "curves are traced, not computed point by point; give -x T=0:1"),
        ("curve hopfield m -x T -p T=0.3", "T is what is computed here"),
        ("curve hopfield mm -x T -p alpha=0.1", "unknown order parameter of hopfield 'mm'"),
        ("curve curie-weiss replicon -x T", "curie-weiss defines no replicon; leave it out"),
        ("curve hopfield m -x T --dpi 100 -p alpha=0.1", "are for a picture"),
        ("curve hopfield m -x T -p alpha=0.1 -o c.txt", "must end in .csv or .png"),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(asked: str, words: str) -> None:
    done = replica(asked)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_model_files_and_classes_have_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert replica("new network.toml").exit_code == 0
    done = replica("curve network.toml free_energy -x T=0.5:1.5 -p alpha=0.05 -o -")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("branch,part,T,free_energy,")
    Path("my.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "import numpy as np\n"
        "from replica.theory import Branch, Theory, parameter\n"
        "@dataclass(frozen=True)\n"
        "class Magnet(Theory):\n"
        "    T: float = parameter('temperature', 'T', lower=0, open_lower=True)\n"
        "    name: ClassVar = 'magnet'\n"
        "    order: ClassVar = ('m',)\n"
        "    branches: ClassVar = {'up': Branch('m > 0', (1.0,))}\n"
        "    def update(self, x):\n"
        "        return np.tanh(x / self.T)\n"
        "    def free_energy(self, x):\n"
        "        return x[0]**2 / 2 - self.T * np.log(2 * np.cosh(x[0] / self.T))\n",
        encoding="utf-8",
    )
    done = replica("curve my.py:Magnet m -x T=0.3:0.9")
    assert done.exit_code == 0, done.stderr
    assert "up      stable" in done.stdout


def test_lines_diagrams_and_sweeps_as_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = "line blume-capel first-order -x T=0.2:0.4:3 -y D"
    text = replica(f"{asked} -o -").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    points = json.loads(replica(f"{asked} --json").stdout)["points"]
    assert [float(row["T"]) for row in rows] == [point["x"] for point in points]
    assert [float(row["D"]) if row["D"] else None for row in rows] == [point["y"] for point in points]
    assert [row["status"] for row in rows] == [point["status"] for point in points]
    done = replica(f"{asked} -o line.csv")
    assert (done.stdout, done.stderr) == ("", "wrote line.csv\n")
    assert Path("line.csv").read_text(encoding="utf-8") == text

    assert replica("sweep curie-weiss --over T=0.5:0.9:3 -o run.nc").exit_code == 0
    assert replica("export run.nc -o run.csv").exit_code == 0
    assert replica("export run.nc -o -").stdout == Path("run.csv").read_text(encoding="utf-8")

    diagram = load_diagram(EXAMPLES / "hopfield.json")
    write(diagram, Path("plane.csv"))  # what `replica diagram -o plane.csv` does with what it computed
    header, *rest = Path("plane.csv").read_text(encoding="utf-8").splitlines()
    assert len(rest) == sum(len(line.x) for line in diagram.lines)
    assert header == "panel,line,kind,x,y,x_error,y_error,broken,status,x_name,y_name"
