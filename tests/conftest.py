"""What every test may rely on: a fixed number of examples for properties, and mpmath as it was found."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import mpmath
import pytest
from hypothesis import settings

# One thread a process, set before numpy loads its BLAS and inherited by every process of a test: threads of
# several processes wait for each other on the same cores, and small matrices gain nothing from a second one.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

settings.register_profile("steady", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def precision_is_restored() -> Iterator[None]:
    """No test and no function of the package leaves another working precision behind."""
    before = mpmath.mp.prec
    yield
    after, mpmath.mp.prec = mpmath.mp.prec, before
    assert after == before, f"mpmath was left at {after} bits"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share what takes long to compute run in one process: caches are those of a process.

    Those of a diagram of the catalogue, and its docstring; the numbers of one point of a theory; the promises
    of a theory on one branch. By the names of the tests: marks of groups do not reach the scheduler of
    xdist 3.8 from pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            test, _, case = nodeid.partition("[")
            if test.endswith("test_examples_in_docstrings") and ".catalogue." in case:
                return case.rpartition(".")[2].replace("_", "-")
            file, name = test.split("::")[0], test.rpartition("::")[2]
            if file.endswith("test_catalogue.py") and case:
                return case
            if name == "test_regression":
                return case.rpartition("/")[0]
            if name == "test_a_theory_keeps_its_promises":
                return case.rpartition("-")[0]
            return "placed]" if name == "test_a_sparse_machine_stands_in_its_phase" else nodeid

    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_configure(config: pytest.Config) -> None:
    """A folder for the figures of this run (`figures.SHARED`), which its processes inherit."""
    if not hasattr(config, "workerinput"):
        os.environ["REPLICA_TEST_FIGURES"] = tempfile.mkdtemp(prefix="figures-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The figures go with the run."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("REPLICA_TEST_FIGURES"), ignore_errors=True)
