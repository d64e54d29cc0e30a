"""What a user imports: names, laziness, documented examples."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import phase_diagrams
import replica
from figures import builder
from phase_diagrams.catalogue import DIAGRAMS
from replica.errors import (
    BranchError,
    ConvergenceError,
    LocateError,
    ParameterError,
    ReplicaError,
    UnknownNameError,
)

PACKAGES = [replica, phase_diagrams]
DOORS = {"replica.__main__", "phase_diagrams.commands.__main__"}
"""Modules that run the command line when they are imported."""
MODULES = sorted(
    {package.__name__ for package in PACKAGES}
    | {
        found.name
        for package in PACKAGES
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if found.name not in DOORS
    }
)


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {"numpy", "scipy", "mpmath", "matplotlib"}


@pytest.mark.parametrize("statement", ["import replica", "import phase_diagrams", "import replica.errors"])
def test_importing_a_package_costs_nothing(statement: str) -> None:
    assert not imported_by(statement) & HEAVY


def test_a_name_brings_what_it_needs_and_no_more() -> None:
    loaded = imported_by("from replica import Hopfield, solve; solve(Hopfield(alpha=0.1, T=0.0))")
    assert {"numpy", "scipy"} <= loaded
    assert not loaded & {"matplotlib", "phase_diagrams", "click", "pytest"}


def test_the_command_line_starts_without_numerics() -> None:
    assert not imported_by("import phase_diagrams.commands") & HEAVY


def test_public_names_of_the_library() -> None:
    """Pinned: a name that appears or disappears is a change that users see."""
    assert set(replica.__all__) >= {
        "FixedPoint",
        "Hopfield",
        "Newton",
        "THEORIES",
        "Theory",
        "__version__",
        "search",
        "solve",
        "trace",
    }
    assert replica.__all__ == sorted(replica.__all__, key=replica.__all__.index)
    assert len(set(replica.__all__)) == len(replica.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_resolves(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} does not say what it is"
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    for public in names:
        assert getattr(module, public) is not None
    assert set(names) <= set(dir(module))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_an_unknown_name_is_an_attribute_error(package: Any) -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = package.nonsense


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    figure = name.rpartition(".")[2].replace("_", "-") if ".catalogue." in name else ""
    shared = {"build": builder(figure)} if figure in DIAGRAMS else {}  # no figure is built twice
    result = doctest.testmod(module, extraglobs=shared, optionflags=doctest.ELLIPSIS, verbose=False)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples of {name} fail"


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    count = sum(
        len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name), name)
    )
    assert count > 50


PUBLIC_CALLABLES = [
    "solve",
    "search",
    "trace",
    "locate",
    "critical",
    "minimise",
    "polish",
    "Newton",
    "FixedPoint",
]


@pytest.mark.parametrize("name", PUBLIC_CALLABLES)
def test_every_entry_point_shows_an_example(name: str) -> None:
    assert ">>> " in getattr(importlib.import_module("replica.solving"), name).__doc__


def test_errors_have_one_root_and_carry_evidence() -> None:
    for error in (BranchError, ConvergenceError, LocateError, ParameterError, UnknownNameError):
        assert issubclass(error, ReplicaError)
    assert issubclass(ParameterError, ValueError)
    assert issubclass(UnknownNameError, LookupError)
    assert LocateError("lost", (1.0, 2.0)).bracket == (1.0, 2.0)
    assert ConvergenceError("lost", "where it stood").solution == "where it stood"
    assert BranchError("ended", ends="here").ends == "here"
    unknown = UnknownNameError("theory", "hopfeild", ["hopfield"])
    assert (unknown.name, unknown.known) == ("hopfeild", ("hopfield",))


def test_the_version_is_the_one_of_the_distribution() -> None:
    import tomllib
    from pathlib import Path

    with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == replica.__version__
