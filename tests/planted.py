"""Mutants of the code around the formulas: one operator, sign, bound or number of a module wrong.

A pytest plugin plants the mutant that the environment names, before anything is imported:

    MUTANT="replica.solving.locate 12" pytest -p planted tests/test_engine.py

`TARGETS` says which modules are mutated and which test files should notice; `python tests/mutation.py ROOM`
(`make mutation ARGS=solving`) tries them. The files are run once without a mutant, to see which tests run
which lines: a mutant is put before those that run its line, the quickest first, and no others.

What is changed, in the bodies of functions:

    + and -, * and /        one for the other
    -x, not x, abs(x)       x
    < <= > >= == != is in   the opposite
    and, or                 one for the other
    min, max                one for the other
    whole numbers           one more, indices included
    other numbers           twice as much

Messages, annotations and module constants stay as they are: a constant with a name has its reason beside it.
A number without one that only says how fast or how finely something is done is in `TUNED`, with the reason.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]


class Target(NamedTuple):
    """A module to mutate, and the test files that should notice, the quickest first."""

    module: str
    tests: tuple[str, ...]


TARGETS: dict[str, tuple[Target, ...]] = {
    "solving": (
        Target("replica.solving.solvers", ("test_steps", "test_engine")),
        Target("replica.solving.derivatives", ("test_steps", "test_engine")),
        Target("replica.solving.search", ("test_steps", "test_engine")),
        Target("replica.solving.minimise", ("test_steps", "test_engine")),
        Target("replica.solving.continuation", ("test_steps", "test_engine", "test_lines")),
        Target("replica.solving.locate", ("test_steps", "test_engine", "test_lines", "test_numbers")),
        Target("replica.solving.systems", ("test_steps", "test_engine", "test_lines", "test_numbers")),
        Target("replica.solving.codimension_two", ("test_special", "test_lines")),
        Target("replica.solving.contact", ("test_special", "test_lines")),
        Target("replica.solving.polish", ("test_precise",)),
    ),
    "lines": (
        Target("phase_diagrams.tracing.lines", ("test_steps", "test_lines", "test_special")),
        Target("phase_diagrams.tracing.special_points", ("test_special", "test_lines")),
    ),
    "placing": (
        Target("phase_diagrams.placing.spectrum", ("test_place", "test_placed", "test_diagnose")),
        Target("phase_diagrams.placing.variables", ("test_place", "test_diagnose")),
        Target("phase_diagrams.placing.sparse", ("test_diagnose", "test_training_commands")),
        Target("phase_diagrams.placing.observe", ("test_diagnose", "test_training_commands")),
        Target("phase_diagrams.placing.place", ("test_place", "test_placed", "test_diagnose")),
        Target("phase_diagrams.placing.diagnose", ("test_diagnose", "test_training_commands")),
        Target("phase_diagrams.placing.found", ("test_place", "test_diagnose")),
        Target("phase_diagrams.placing.advice", ("test_diagnose", "test_training_commands")),
    ),
    "agreement": (Target("phase_diagrams.simulating.agreement", ("test_validation",)),),
    "flows": (
        Target("replica.flows.gauss_gauss", ("test_learning",)),
        Target("replica.flows.one_mode", ("test_learning",)),
        Target("replica.flows.flow", ("test_learning",)),
        Target("replica.flows.clusters", ("test_learning",)),
    ),
}
"""Rooms, by the name under which they are asked for."""


ENOUGH = "how often at most: what converges does so long before"
CLOSE = "how close is close: what counts is far from it on either side"
FINE = "how finely is looked before anything is refined: a balance of time and what may be missed"
STEP = "how far a step may go: shorter ones follow those that fail"
FLOOR = "a guard against a division by zero, far below anything that counts"
SLACK = "a slack of rounding, far below anything that counts"

TUNED: dict[tuple[str, str, str], str] = {
    ("replica.solving.solvers", "_newton_step", "8"): ENOUGH,
    ("replica.solving.solvers", "_newton_step", "2.0"): STEP,
    ("replica.solving.solvers", "_newton_step", "1e-09"): SLACK,
    ("replica.solving.locate", "Located.digits", "1e-300"): FLOOR,
    ("replica.solving.systems", "refine", "30"): ENOUGH,
    ("replica.solving.systems", "refine", "0.001"): CLOSE,
    ("replica.solving.systems", "refine", "1e-15"): CLOSE,
    ("replica.solving.systems", "newton_exact", "200"): ENOUGH,
    (
        "replica.solving.systems",
        "newton_exact",
        "1000",
    ): "when derivatives are taken again: only the time depends on it",
    ("replica.solving.systems", "_refine_exact", "20"): STEP,
    ("replica.solving.locate", "_islands", "130"): FINE,
    ("replica.solving.locate", "_along", "0.05"): STEP,
    ("replica.solving.locate", "_sign_changes", "0.05"): "where in its interval a root is first looked for",
    ("replica.solving.locate", "_sign_changes", "np.sign(tests[i]) * np.sign(tests[i + 1])"): (
        "a quotient has the sign of the product, and a zero is asked for beside it"
    ),
    ("replica.solving.locate", "_by_decades", "300"): ENOUGH,
    ("replica.solving.locate", "_scan", "41"): FINE,
    ("phase_diagrams.tracing.lines", "_around", "0.02"): FINE,
    ("phase_diagrams.tracing.lines", "_curve", "1e-06"): "decides between two equal directions",
    ("phase_diagrams.tracing.lines", "_curve", "1e-30"): FLOOR,
    ("phase_diagrams.tracing.lines", "_curve", "0.01"): STEP,
    ("phase_diagrams.tracing.lines", "_curve", "0.0001"): STEP,
    ("phase_diagrams.tracing.lines", "_curve", "1000"): ENOUGH,
    ("phase_diagrams.tracing.lines", "_crossing", "1e-300"): FLOOR,
    ("phase_diagrams.tracing.lines", "_at", "1e-09 * abs(ylim[1] - ylim[0])"): SLACK,
    ("phase_diagrams.tracing.lines", "_at", "1e-09"): SLACK,
    ("phase_diagrams.tracing.lines", "_at", "1e-300"): FLOOR,
}
"""What may be changed without consequences: module, function and source, with the reason."""


# -- what is changed ----------------------------------------------------------------------------------------

OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Mult: ast.Div,
    ast.FloorDiv: ast.Mult,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,
    ast.And: ast.Or,
    ast.BitAnd: ast.BitOr,
}
OPPOSITE |= {there: here for here, there in OPPOSITE.items() if here is not ast.FloorDiv}
EXTREME = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}
MODULUS = ("abs", "fabs")
SIGNS = (ast.USub, ast.Not, ast.Invert)


class Change(NamedTuple):
    """One change of a tree: where, what becomes of what, and how to make it."""

    function: str
    text: str
    line: int
    make: Callable[[], None]


def changes(tree: ast.Module) -> list[Change]:
    """All changes of a module, in the order of the source; `make` changes the tree in place."""
    found: list[Change] = []

    def add(function: str, node: Any, put: Callable[[Any], None], alter: Callable[[], Any]) -> None:
        before = ast.unparse(node)
        other = alter()
        text = f"{before} -> {ast.unparse(other)}"
        found.append(Change(function, text, node.lineno, lambda: put(other)))

    def look(function: str, node: Any, put: Callable[[Any], None]) -> None:
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPPOSITE:
            add(function, node, put, lambda: _with(node, op=OPPOSITE[type(node.op)]()))
        elif isinstance(node, ast.Compare):
            for i, op in enumerate(node.ops):
                others = [*node.ops[:i], OPPOSITE[type(op)](), *node.ops[i + 1 :]]
                add(function, node, put, lambda others=others: _with(node, ops=others))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, SIGNS):
            add(function, node, put, lambda: node.operand)
        elif isinstance(node, ast.Call) and _name(node.func) in MODULUS:
            add(function, node, put, lambda: node.args[0])
        elif isinstance(node, ast.Name | ast.Attribute) and _name(node) in EXTREME:
            field = "id" if isinstance(node, ast.Name) else "attr"
            add(function, node, put, lambda: _with(node, **{field: EXTREME[_name(node)]}))
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            value = 2 * node.value if isinstance(node.value, float) and node.value else node.value + 1
            add(function, node, put, lambda: ast.Constant(value))

    def walk(function: str, node: Any, inside: bool = False) -> None:
        for child, put in _children(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{function}.{child.name}".lstrip(".")
                walk(name, child, inside or isinstance(child, ast.FunctionDef))
            elif inside and not _is_words(child):
                look(function, child, put)
                walk(function, child, inside)

    walk("", tree)
    return found


def _with(node: Any, **changed: Any) -> Any:
    other = copy.copy(node)
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def _name(node: Any) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _children(node: Any) -> Iterator[tuple[Any, Callable[[Any], None]]]:
    """The parts of a node that are code, and how to put another one in their place."""
    for field, held in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        if isinstance(held, ast.AST):
            yield held, lambda other, field=field: setattr(node, field, other)
        elif isinstance(held, list):
            for i, one in enumerate(held):
                if isinstance(one, ast.AST):
                    yield one, lambda other, held=held, i=i: held.__setitem__(i, other)


def _is_words(node: Any) -> bool:
    """Whether a node only makes a sentence: a message, its condition of plural, a warning filter."""
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return True
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(target, ast.Name) and target.id in ("msg", "text", "why")


# -- mutants ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """One change of a module.

    Attributes
    ----------
    module : str
    number : int
        Which of its changes.
    name : str
        Module, function, change and number.
    line : int
        Where it is.
    """

    module: str
    number: int
    name: str
    line: int


def _path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


@cache
def _source(module: str) -> str:
    return _path(module).read_text(encoding="utf-8")


def mutants(module: str) -> list[Planted]:
    """All mutants of a module, but for those that are declared to change no result."""
    made = []
    for number, change in enumerate(changes(ast.parse(_source(module)))):
        if (module, change.function, change.text.partition(" -> ")[0]) not in TUNED:
            name = f"{module} {change.function}: {change.text} #{number}"
            made.append(Planted(module, number, name, change.line))
    return made


def mutated(module: str, number: int) -> ast.Module:
    """The tree of a module with one change made."""
    tree = ast.parse(_source(module))
    changes(tree)[number].make()
    return ast.fix_missing_locations(tree)


class _Loader(SourceFileLoader):
    """Loads the changed module in place of the right one, whatever is cached."""

    number = -1

    def get_code(self, fullname: str) -> CodeType:
        return compile(mutated(fullname, self.number), self.path, "exec")


class _Finder:
    """Finds the one module that is changed."""

    def __init__(self, module: str, number: int) -> None:
        self.module, self.number = module, number

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.module:
            return None
        loader = _Loader(name, str(_path(name)))
        loader.number = self.number
        return importlib.util.spec_from_file_location(name, loader.path, loader=loader)


def plant(module: str, number: int) -> None:
    """Have every later import of a module find the changed one."""
    assert module not in sys.modules, f"{module} was imported before it could be changed"
    sys.meta_path.insert(0, _Finder(module, number))  # type: ignore[arg-type]


# -- who notices --------------------------------------------------------------------------------------------

PATIENCE = 4.0
"""A mutant that takes so many times as long as the right code hangs, which is noticed, too."""


def run(
    target: Target, number: int | None = None, timeout: float | None = None, nearest: Sequence[str] = ()
) -> str:
    """The test file that fails with a mutant, or "hangs"; empty if all pass.

    With `nearest`, the names of tests, these are run in place of the files.
    """
    told = {} if number is None else {"MUTANT": f"{target.module} {number}"}
    files = [(name, [str(ROOT / "tests" / f"{name}.py")]) for name in target.tests]
    for name, tests in [(nearest[0], [*nearest])] if nearest else files:
        try:
            if _pytest(tests, told, timeout):
                return name
        except subprocess.TimeoutExpired:
            return "hangs"
    return ""


def _pytest(tests: Sequence[str], told: Mapping[str, str], timeout: float | None = None) -> int:
    options = ["-x", "-q", "-m", "not slow", "-p", "planted", "-p", "no:cacheprovider", "--no-header"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **told},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    return done.returncode


class Reach(NamedTuple):
    """Which tests run a line of a module, and how long a test takes."""

    lines: dict[int, list[str]]
    seconds: dict[str, float]

    def nearest(self, line: int) -> list[str]:
        """The tests that run a line, or one a little above it in the same statement, the quickest first."""
        near = next((self.lines[one] for one in range(line, line - 8, -1) if one in self.lines), [])
        return sorted(near, key=self.seconds.__getitem__)


def reach(target: Target) -> Reach:
    """Run the right code once, and see which tests run which line; AssertionError if one fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"REACH": f"{target.module} {folder}/reach.json"}
        failing = _pytest([str(ROOT / "tests" / f"{name}.py") for name in target.tests], told)
        assert not failing, f"{target.module}: a test of {', '.join(target.tests)} fails without any mutant"
        lines, seconds = json.loads(Path(folder, "reach.json").read_text())
    return Reach({int(line): tests for line, tests in lines.items()}, seconds)


class _Recorder:
    """Notes which tests run which lines of a module: a plugin of pytest."""

    def __init__(self, module: str, output: str) -> None:
        import coverage

        self.path, self.output, self.seconds = str(_path(module)), Path(output), dict[str, float]()
        self.coverage = coverage.Coverage(data_file=None, include=[self.path], config_file=False)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_unconfigure(self) -> None:
        self.coverage.stop()
        lines = self.coverage.get_data().contexts_by_lineno(self.path)
        told = {line: [test for test in tests if test] for line, tests in lines.items()}
        self.output.write_text(
            json.dumps(({line: some for line, some in told.items() if some}, self.seconds))
        )


def sample(found: list[Planted], every: int) -> list[Planted]:
    """Every so many of the mutants, spread over the module."""
    return found[every // 2 :: every]


def survey(rooms: Sequence[str], every: int = 1) -> list[str]:
    """Try the mutants of rooms, and tell of each module how many nobody noticed; their names."""
    survived: list[str] = []
    for target in (target for room in rooms for target in TARGETS[room]):
        start = time.perf_counter()
        found = reach(target)
        who: dict[Planted, str] = {}
        for one in sample(mutants(target.module), every):
            nearest = found.nearest(one.line)
            timeout = 30 + PATIENCE * sum(map(found.seconds.__getitem__, nearest))
            who[one] = run(target, one.number, timeout, nearest) if nearest else ""
        lost = [one.name for one, noticed in who.items() if not noticed]
        seconds = time.perf_counter() - start
        print(f"{target.module}: {len(who)} mutants, {len(lost)} by nobody, {seconds:.0f} s", flush=True)
        for name in lost:
            print(f"    {name}", flush=True)
        survived += lost
    return survived


def pytest_configure(config: Any) -> None:
    """As a plugin of pytest, where tests are run to see what they reach."""
    if "REACH" in os.environ:
        config.pluginmanager.register(_Recorder(*os.environ["REACH"].split()))


if "MUTANT" in os.environ:  # as a plugin of pytest
    _module, _number = os.environ["MUTANT"].split()
    plant(_module, int(_number))
