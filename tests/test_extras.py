"""A plain installation: the first day runs, and what needs an extra says which."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from replica._face import EXTRAS

ROOT = Path(__file__).parents[1]
PLAIN = """
import importlib, pkgutil, sys
HIDDEN = {hidden!r}

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
lacking = {{}}
for package in ("replica", "phase_diagrams"):
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        try:
            info.name.endswith("__main__") or importlib.import_module(info.name)
        except ModuleNotFoundError as error:
            lacking[info.name] = error.name
print(lacking)
from click.testing import CliRunner
from phase_diagrams.commands import main
for line in {lines!r}:
    result = CliRunner().invoke(main, line.split(), prog_name="replica")
    print(result.exit_code, "|", result.output.strip().splitlines()[-1])
try:
    from replica.machines import RBMTransformer
except ImportError as error:
    print(error)
"""
RUN = (
    "list",
    "show hopfield",
    "solve curie-weiss -p T=0.5 --json",
    "capacity mixtures -p n=3",
    "curve curie-weiss m -x T=0.2:1.4 -o c.csv",
    "line curie-weiss spinodal -x T=0.2:0.8:3 -y h",
    "figure hopfield-error -p step=0.1",
    "reproduce hopfield-error.png",
    "cite hopfield",
)
LACK = (
    "sweep curie-weiss --over T=0.2:1.4:3 -o r.nc",
    "curve curie-weiss m -x T=0.2:1.4 -o c.nc",
    "train digits --units 3 --epochs 1 -o m.npz",
)


def test_a_plain_installation(tmp_path: Path) -> None:
    code = PLAIN.format(hidden={*EXTRAS, "dask"}, lines=RUN + LACK)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    lacking, *rows, face = done.stdout.splitlines()
    listed = re.search(r"EXTRAS = (\{.*?\})", (ROOT / ".ci" / "run").read_text(), re.DOTALL)
    assert listed is not None
    assert eval(lacking) == eval(listed[1])
    for line, row in zip(RUN, rows, strict=False):
        assert row.startswith("0 |"), (line, row)
    for line, row in zip(LACK, rows[len(RUN) :], strict=True):
        assert re.fullmatch(r"1 \| Error: .*replica-theory\[(sweeps|machines)\].*", row), (line, row)
    assert "replica-theory[machines]" in face


def test_extras_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for package, extra in EXTRAS.items():
        name = {"sklearn": "scikit-learn", "flint": "python-flint"}.get(package, package)
        declared = project["optional-dependencies"][extra]
        assert any(re.split("[<>=]", one)[0] == name for one in declared), package
        assert not any(re.split("[<>=]", one)[0] == name for one in project["dependencies"]), package


@pytest.mark.parametrize("name", ["xarray", "sklearn"])
def test_a_module_of_ones_own_is_no_extra(name: str) -> None:
    from replica._face import lacks

    assert lacks(ModuleNotFoundError(name="my_module")) == ""
    assert EXTRAS[name] in lacks(ModuleNotFoundError(name=f"{name}.sub"))
