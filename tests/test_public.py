"""What a user imports: names, laziness, documented examples."""

import ast
import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
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

PUBLIC = {
    "replica": (
        "BlumeCapel Compositional CurieWeiss FixedPoint GeneralPriors Hopfield Hopfield1RSB "
        "HopfieldHiddenUnit Located Mixtures Newton OneHiddenUnit Precise RandomEnergy RandomRBM "
        "SherringtonKirkpatrick Solution Solver SpecialPoint SpectralRBM Status Stepping THEORIES Theory "
        "ThresholdedHopfield Trace UNITS __version__ critical find locate minimise polish profile search "
        "solve trace"
    ),
    "replica.machines": (
        "Annealed BlockGibbs Data DeepBeliefNetwork DenseIsing Draw EdwardsAnderson EffectiveCouplings "
        "Epoch Estimate HiddenActivity HopfieldNetwork Inference Likelihood LogPartition "
        "ParallelTempering RBM RBMTransformer Settings SingleSpin SparseRBM Training activity amp "
        "annealed autocorrelation_time belief_propagation bennett cumulants draw_samples edwards_anderson "
        "effective_couplings enumeration estimate exact from_sklearn hidden_activity hopfield_as_rbm "
        "infer_beta likelihood load_data load_machine load_training log_partition mean_field "
        "overlap_distribution overlaps participation_ratio patterns pseudo_likelihood record save_machine "
        "sherrington_kirkpatrick singular_values sparse_weights spectral_weights start teacher_data "
        "temperatures to_bits to_rbms to_spins train weight_sparsity"
    ),
    "phase_diagrams": (
        "Agreement Axis Curve DIAGRAMS DiagramError Found HeatMap Images Inset Line LineKind Measurement "
        "PhaseDiagram Point Region StorageError Subject SweepError automatic_diagram boundary_line confront "
        "curve diagnose export figure find_points load_diagram map_of_sweep open_sweep place save_diagram "
        "save_figure simulate sweep validate"
    ),
}
"""Everything that is meant for users, by the package that they import it from."""

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
    assert not imported_by("import phase_diagrams.commands") & {*HEAVY, "xarray"}


def test_a_verb_is_imported_when_it_is_asked_for_and_brings_no_numerics_and_no_other_verb() -> None:
    code = (
        "import sys; from phase_diagrams.commands import VERBS, main; main.commands[sys.argv[1]]\n"
        "print(*(set(sys.argv[2:]) & set(sys.modules)))\n"
        "home = main.commands.package + '.'\n"
        "print(*(verb for verb in VERBS if home + verb.replace('-', '_') in sys.modules))"
    )
    heavy = [*HEAVY, "xarray", "replica.theory", "replica.theories", "replica.solving", "phase_diagrams.draw"]
    for verb in ("capacity", "learn-theory", "list", "figure", "train"):
        done = subprocess.run([sys.executable, "-c", code, verb, *heavy], capture_output=True, text=True)
        assert done.stdout == f"\n{verb}\n", done.stderr


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_pinned(name: str) -> None:
    """A name that appears or goes is a change that users see; tab completion shows these and no other."""
    package = importlib.import_module(name)
    assert dir(package) == sorted(package.__all__) == PUBLIC[name].split()
    for public in dir(package):
        assert getattr(package, public) is not None
    assert dir(package) == PUBLIC[name].split(), "what was loaded does not show"


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
    figures = {entry.build.__module__: figure for figure, entry in DIAGRAMS.items()}
    shared = {"build": builder(figures[name])} if name in figures else {}  # no figure is built twice
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


@pytest.mark.parametrize("name", ["check_theory", "theory_checks", "richardson"])
def test_the_door_for_theories_shows_an_example(name: str) -> None:
    assert ">>> " in getattr(importlib.import_module("replica.testing"), name).__doc__


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
        project = tomllib.load(file)
    assert project["project"]["dynamic"] == ["version"]
    path = Path(__file__).parents[1] / project["tool"]["hatch"]["version"]["path"]
    source = path.read_text(encoding="utf-8")
    assert f'\n__version__ = "{replica.__version__}"\n' in source


# --- faces: packages that load a name when it is used ------------------------------------------------------

FACES = ["replica.theory", "replica.theories", "replica.units"]


@pytest.mark.parametrize("name", FACES)
def test_type_checkers_see_what_a_face_shows(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    guarded = next(
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    told = {
        (alias.name, str(node.module))
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    own = {public for public in module.__all__ if (public, name) not in told and public in OWN[name]}
    assert {public for public, _ in told} | own == set(module.__all__)
    for public, home in told:
        assert getattr(module, public) is getattr(importlib.import_module(home), public)
    modules = {found.name for found in pkgutil.iter_modules(module.__path__)}
    assert not modules & set(module.__all__), "a module of the package hides the name"
    assert dir(module) == sorted(module.__all__)


OWN = {"replica.theory": set(), "replica.theories": {"THEORIES"}, "replica.units": {"UNITS", "parse"}}
"""Names that a package with a face defines itself."""


def loaded_by(statement: str) -> set[str]:
    """Modules of ours that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys; print(*(name for name in sys.modules if name.startswith('replica')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_theory_is_loaded_when_it_is_asked_for() -> None:
    def theories(statement: str) -> set[str]:
        return {name for name in loaded_by(statement) if name.startswith("replica.theories.")}

    assert not theories("from replica.theories import THEORIES; list(THEORIES); 'hopfield' in THEORIES")
    assert theories("from replica.theories import THEORIES; THEORIES['hopfield']") == {
        "replica.theories.hopfield"
    }
    assert theories("from replica.theories import Mixtures") == {"replica.theories.mixtures"}


def test_a_capacity_loads_what_it_uses() -> None:
    ask = "critical(Hopfield(alpha=0.0, T=0.3))"
    loaded = loaded_by(f"from replica import Hopfield; from replica.solving import critical; {ask}")
    assert "replica.solving.locate" in loaded
    idle = {"replica.numerics.modes", "replica.numerics.broken_spins", "replica.units.continuous"}
    assert not idle & loaded
    assert len(loaded) <= 37
