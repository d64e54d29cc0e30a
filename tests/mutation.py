"""Mutants of the theories: one sign or one constant of a formula wrong, and whether the suite notices.

A mutant is a theory in which one node of the source of `update` or `free_energy`, or of a method of the same
theory that these call, is changed: a sum becomes a difference (or the other way round), a sign is dropped or
put in front, a number becomes another one, a term without a number is doubled. So every term has a mutant
with a wrong sign, and one with a wrong factor. Three kinds of checks look at it, cheapest first:

contract    it has a solution next to the right one, where the free energy is stationary; its Jacobian is the
            derivative of its update
numbers     the values of `reference.toml`, published or computed by independent code
validation  finite machines, simulated with fixed seeds, lie within 4 sigmas

`python tests/mutation.py [THEORY ...]` (`make mutation`) tries them all; a mutant that nobody notices and
that is not in `EQUIVALENT` is an error. `tests/test_mutation.py` takes a sample. The names of rooms in
`planted` are taken beside those of theories: there the code around the formulas is changed. Each of its
mutants runs the tests that run its line; `--every 20` tries one in twenty.
"""

from __future__ import annotations

import argparse
import ast
import copy
import inspect
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import test_glasses
import test_memories
import test_numbers
import test_prior_channel as weights
import test_random_limits
import test_theories
from phase_diagrams.simulating.agreement import MOST, Measurement, Subject, confront
from phase_diagrams.simulating.machines import beside
from phase_diagrams.simulating.samples import measurements, simulate
from planted import TARGETS, survey
from reference import reference
from replica.errors import ReplicaError
from replica.solving import Newton, solve
from replica.solving.derivatives import jacobian, jacobian_errors
from replica.testing import richardson, shifted
from replica.theories import (
    THEORIES,
    Dreaming,
    Hopfield,
    Hopfield1RSB,
    PseudoInverse,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
)
from replica.theory import Theory

FORMULAS = (
    "replica.theories.",
    "replica.theory.two_layers",
    "replica.theory.one_step",
    "replica.theory.spectrum",
)
"""Modules that hold formulas."""

METHODS = ("update", "free_energy")

GUARD = "a guard against a division by zero, far below anything that counts"
EQUIVALENT: dict[str, str] = {
    "BernoulliReLU.field: 2 -> 3 #2": GUARD,
    "BernoulliReLU.field: TINY ** 2 -> 2 * TINY ** 2 #5": GUARD,
    "BernoulliReLU.hidden: q * 0 + TINY -> q * 0 - TINY #0": GUARD,
    "BernoulliReLU.hidden: 0 -> 1 #1": "max(q, q + TINY): " + GUARD,
    "BernoulliReLU.hidden: TINY -> 2 * TINY #8": GUARD,
    "BlumeCapel.heat: COLD -> 2 * COLD #4": GUARD,
    "SpinsWithSpectrum.delta: self._delta(x, known) -> 2 * self._delta(x, known) #0": "two pairs, one read",
    "SherringtonKirkpatrick1RSB.spins: 0 -> 1 #1": "max(q0, q0): an overlap is positive at every solution",
    "OneHiddenUnit.field: 0 -> 1 #0": "max(Q, Q): an overlap is positive at every solution",
    "PseudoInverse.parts: 1e-150 -> 1.5e-150 #0": GUARD,
    "PseudoInverse.parts: 0 -> 1 #1": "max(T, T + 1e-150): " + GUARD,
    "Exponential.free_energy: 1e-300 -> 1.5e-300 #1": GUARD,
    "Exponential.free_energy: 0 -> 1 #2": "max(dI/du, u): I grows at least as u^2/2 does",
    "Exponential._few: 1e-300 -> 1.5e-300 #2": GUARD,
    "Exponential._few: 0 -> 1 #3": "max(dI/du, u): I grows at least as u^2/2 does",
    "PottsHopfield.neurons: SHARP -> 2 * SHARP #2": GUARD,
    "SpikedSparse.fields: 0 -> 1 #0": "max(q, q): an overlap is positive at every solution",
    "HiddenUnit.weights: 0 -> 1 #0": "max(Q_hat, Q_hat): a variance is positive at every solution",
    "_Spins.input: 0 -> 1 #1": "max(qh, qh): a variance is positive at every solution",
    "_Spins.output: 0 -> 1 #1": "max(q, q): an overlap is positive at every solution",
    "Perceptron.output: 0 -> 1 #1": "max(q, q): an overlap is positive at every solution",
    "Perceptron.free_energy: 0 -> 1 #0": "infinity, whatever is added to it",
    "Perceptron.free_energy: np.inf -> 2 * np.inf #6": "infinity, twice",
    "PhaseRetrieval.measured: 0 -> 1 #0": "max(q, q): an overlap is positive at every solution",
    "PhaseRetrieval.measured: 1 -> 2 #3": "where the nodes of an average are",
    "PhaseRetrieval.measured: 0 -> 1 #4": "where the nodes of an average are",
    "CompressedSensing.update: r -> -r #5": "entries of the signal have no sign, nor has their field",
    "CompressedSensing.free_energy: r -> -r #8": "entries of the signal have no sign, nor has their field",
}
"""Mutants that change nothing that can be observed, by name, with the reason."""


# -- mutants -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """One change in one method.

    Attributes
    ----------
    owner : type
        The class that defines the method.
    method : str
    number : int
        Which of the changes of this method.
    text : str
        What was changed into what.
    """

    owner: type
    method: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """Unique name, stable under changes elsewhere."""
        return f"{self.owner.__name__}.{self.method}: {self.text} #{self.number}"

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Put the changed method in the place of the right one."""
        tree = copy.deepcopy(_parsed(self.owner, self.method))
        changes(tree)[self.number]()
        original = vars(self.owner)[self.method]
        function = _function(original)
        around = ast.parse(f"def made(__class__):\n    return {self.method}")  # what `super()` asks for
        around.body[0].body[:0] = tree.body  # type: ignore[attr-defined]
        space: dict[str, Any] = {}
        code = compile(ast.fix_missing_locations(around), f"<mutant {self.name}>", "exec")
        exec(code, function.__globals__, space)  # the source is our own
        made = space["made"](self.owner)
        if isinstance(original, property):
            made = property(made)
        try:
            setattr(self.owner, self.method, made)
            yield
        finally:
            setattr(self.owner, self.method, original)


def _function(member: Any) -> FunctionType:
    found = member.fget if isinstance(member, property) else member
    assert isinstance(found, FunctionType)
    return found


@cache
def _parsed(owner: type, method: str) -> ast.Module:
    function = _function(vars(owner)[method])
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    definition.returns = None
    for argument in definition.args.args:
        argument.annotation = None
    return tree


def changes(tree: ast.AST) -> list[Callable[[], str]]:
    """All changes of a tree; calling one makes it, in place, and tells what became of what."""
    nodes, places = _nodes(tree), _terms(tree)
    return [partial(_changed, node) for node in nodes] + [
        partial(_wrapped, place, how) for place, ways in places for how in ways
    ]


def _nodes(tree: ast.AST) -> list[Any]:
    """Signs between terms and in front of them, and numbers, in the order of the source."""
    out: list[Any] = []

    def walk(node: ast.AST, arithmetic: bool) -> None:
        if isinstance(node, ast.Subscript):  # indices are no formulas
            walk(node.value, False)
            return
        if isinstance(node, ast.keyword) and node.arg == "axis":
            return
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Add | ast.Sub) and not _is_zero(node.right):
                out.append(node)
            arithmetic = True
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            out.append(node)
        elif isinstance(node, ast.Constant):
            if arithmetic and isinstance(node.value, int | float) and not isinstance(node.value, bool):
                out.append(node)
            return
        elif not isinstance(node, ast.Tuple | ast.Return | ast.IfExp):
            arithmetic = False
        for child in ast.iter_child_nodes(node):
            walk(child, arithmetic)

    walk(tree, False)
    return out


def _changed(node: Any) -> str:
    """Change a sign or a number."""
    if isinstance(node, ast.BinOp):
        before = ast.unparse(node)
        node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    elif isinstance(node, ast.UnaryOp):
        before = ast.unparse(node)
        node.op = ast.UAdd()
    else:
        before = repr(node.value)
        node.value = node.value + 1 if node.value == int(node.value) else 1.5 * node.value
    return f"{before} -> {ast.unparse(node)}"


DOUBLE, NEGATE = "2 * ", "-"


class Place(NamedTuple):
    """Where an expression stands: what holds it, and under which name and index."""

    parent: Any
    name: str
    index: int | None

    @property
    def node(self) -> Any:
        """The expression."""
        held = getattr(self.parent, self.name)
        return held if self.index is None else held[self.index]

    def put(self, node: ast.expr) -> None:
        """Put another expression in its place."""
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node


def _terms(tree: ast.AST) -> list[tuple[Place, tuple[str, ...]]]:
    """Terms that have no number of their own, or no sign in front, and what is to be done with them."""
    out: list[tuple[Place, tuple[str, ...]]] = []

    def term(place: Place, leading: bool) -> None:
        ways = (() if _has_factor(place.node) else (DOUBLE,)) + ((NEGATE,) if leading else ())
        if ways and not _is_zero(place.node):
            out.append((place, ways))

    def added(place: Place, leading: bool) -> None:
        """The terms of a sum."""
        node = place.node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            added(Place(node, "left", None), leading)
            added(Place(node, "right", None), False)
        elif not isinstance(node, ast.Constant):
            term(place, leading and not ast.unparse(node).startswith("-"))

    def walk(node: ast.AST, inside: bool) -> None:
        """Whether a node is a formula, a part of one, or holds formulas, is told by what it stands in."""
        for place in _children(node):
            child = place.node
            if isinstance(node, ast.Subscript) and place.name == "slice":
                continue
            sum_ = isinstance(child, ast.BinOp) and isinstance(child.op, ast.Add | ast.Sub)
            answer = isinstance(node, ast.Return) or (isinstance(node, ast.Call) and _is_stack(node.func))
            if sum_ and not inside:
                added(place, leading=True)
            elif place.name in ("args", "value") and not sum_:
                product = isinstance(child, ast.BinOp)
                named = isinstance(child, ast.Call | ast.Attribute | ast.Name) and not _is_stack(
                    getattr(child, "func", None)
                )
                if product or (answer and named):
                    term(place, leading=answer)
            walk(child, sum_)

    walk(tree, False)
    return out


def _children(node: ast.AST) -> Iterator[Place]:
    for name, held in ast.iter_fields(node):
        if isinstance(held, ast.AST):
            yield Place(node, name, None)
        elif isinstance(held, list):
            yield from (Place(node, name, i) for i, one in enumerate(held) if isinstance(one, ast.AST))


def _is_stack(function: Any) -> bool:
    return isinstance(function, ast.Name) and function.id == "stack"


def _is_zero(node: ast.expr) -> bool:
    """Whether a product has the factor 0: it gives a result its shape, and has no sign."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and any(isinstance(one, ast.Constant) and one.value == 0 for one in (node.left, node.right))
    )


def _has_factor(node: ast.expr) -> bool:
    """Whether a product has a number among its factors, which is changed anyway."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return _has_factor(node.left) or _has_factor(node.right)
    if isinstance(node, ast.UnaryOp):
        return _has_factor(node.operand)
    return isinstance(node, ast.Constant)


def _wrapped(place: Place, how: str) -> str:
    """Double a term, or put a sign in front of it."""
    node = place.node
    before = ast.unparse(node)
    place.put(
        ast.BinOp(ast.Constant(2), ast.Mult(), node) if how == DOUBLE else ast.UnaryOp(ast.USub(), node)
    )
    return f"{before} -> {ast.unparse(place.node)}"


def mutants(kind: type[Theory]) -> list[Mutant]:
    """All mutants of a theory."""
    found, waiting, seen = [], list(METHODS), set()
    while waiting:
        method = waiting.pop(0)
        if method in seen:
            continue
        seen.add(method)
        owner = next((one for one in kind.__mro__ if method in vars(one)), None)
        if owner is None or not owner.__module__.startswith(FORMULAS):
            continue
        member = vars(owner)[method]
        if not isinstance(member, FunctionType | property):
            continue  # cached laws are laws of integers, tested by themselves
        if _function(member).__annotations__.get("return") in ("Booleans", "bool"):
            continue  # whether something is so has no sign
        tree = _parsed(owner, method)
        for number in range(len(changes(tree))):
            found.append(Mutant(owner, method, number, changes(copy.deepcopy(tree))[number]()))
        waiting += [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ]
    return found


# -- who notices ---------------------------------------------------------------------------------------------


@cache
def known(theory: Theory, branch: str) -> Any:
    """The right solution, where the search of the mutant's begins; called before there is a mutant."""
    return solve(theory, branch).x


def contract(kind: type[Theory], most: int = 6) -> bool:
    """Whether every case has a solution at which the free energy is stationary."""
    for theory, branch in cases(kind)[:most]:
        x0 = known(theory, branch)
        state = Newton(warmup=0).run(_fresh(theory), x0)
        if not state.success or not np.all(theory.belongs(branch, state.x)):
            return False
        if not np.allclose(state.x, x0, rtol=0.2, atol=0.2):
            return False  # the search has gone to another branch
        if not np.allclose(_fresh(theory).update(state.x), state.x, rtol=1e-6, atol=1e-6):
            return False  # the search asks a mismatch that is another formula
        fixed = _fresh(theory).tuned(state.x)
        for i in range(len(x0)):
            inside = np.all(fixed.physical(shifted(state.x, i, np.array([-1e-9]))))
            gradient, error = richardson(
                lambda h, i=i, fixed=fixed, x=state.x: fixed.free_energy(shifted(x, i, h)),
                0.02,
                side=0 if inside else 1,
            )
            if not abs(gradient) <= 10 * error + 1e-12:
                return False
        if not _differentiates(_fresh(theory), state.x + 1e-3 * (1 - 2 * (kind.name == "curie-weiss"))):
            return False
    return True


def _differentiates(theory: Theory, x: Any) -> bool:
    """Whether the Jacobian is the derivative of the update."""
    matrix = jacobian(theory, x)
    scale = max(1.0, float(np.max(np.abs(matrix))))
    for i in range(len(x)):
        column, error = richardson(lambda h, i=i: theory.update(shifted(x, i, h)), 1e-3)
        allowed = 10 * error + 1e-10 * scale + jacobian_errors(theory, x)[:, i]
        if not np.all(np.abs(matrix[:, i] - column) <= allowed):
            return False
    return True


def _fresh(theory: Theory) -> Theory:
    """A copy without caches, which may hold what the right formulas gave."""
    return theory.at()


def cases(kind: type[Theory]) -> list[tuple[Theory, str]]:
    """Cases of the contract tests."""
    return [(theory, branch) for theory, branch in test_theories.CASES if type(theory) is kind]


NUMBERS: dict[str, tuple[str, ...]] = {
    "hopfield": ("hopfield/finiteT/point/", "hopfield/T0/retrieval/alpha=0.05/", "hopfield/T0/spinglass/"),
    "mixtures": ("hopfield/mixtures/E_",),
    "thresholded-hopfield": ("thresholded_hopfield/tuned/",),
    "compositional": ("random_rbm/compositional/", "random_rbm/spin_glass/"),
    "spectral-rbm": ("spectral_rbm/point",),
    "one-hidden-unit": ("one_hidden_unit/alpha=",),
    "hopfield-hidden-unit": ("one_hidden_unit/hopfield",),
    "sherrington-kirkpatrick": ("SK/E_T0_RS", "SK/s_T0_RS", "SK/AT"),
    "sherrington-kirkpatrick-1rsb": ("SK/E_T0_1RSB", "SK/1RSB_T0"),
    "hopfield-1rsb": ("hopfield/alpha_c_1RSB_T0",),
    "random-energy": ("REM/",),
    "curie-weiss": ("curie_weiss/",),
}
"""Prefixes of the reference values that belong to a theory."""


def numbers(kind: type[Theory]) -> bool:
    """Whether the reference values come out, and what is exactly known."""
    for one in vars(test_numbers).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()
    for name, compute in test_numbers.RECIPES.items():
        if name.startswith(NUMBERS.get(kind.name, ("-",))) and "m_unstable" not in name:
            ours = reference(name)
            floor = 2e-16 if name.endswith(("/s", "/error_fraction")) else 1e-300
            if not abs(compute() - ours.number) <= max(ours.tolerance, 1e-12 * abs(ours.number), floor):
                return False
    for theory, values, error in test_memories.STATES:
        if type(theory) is kind:
            test_memories.test_states(theory, values, error)
    for test in EXACT.get(kind.name, ()):
        test()
    return True


def _capacity(name: str) -> Callable[[], None]:
    """The test of the first critical value that independent code gave for a memory."""
    return partial(
        test_memories.test_critical_values,
        *next(one for one in test_memories.CAPACITIES if one[0].name == name),
    )


EXACT: dict[str, tuple[Callable[[], None], ...]] = {
    "curie-weiss": (partial(test_numbers.test_curie_weiss_spinodal, 0.3),),
    "blume-capel": (partial(test_numbers.test_blume_capel_first_order_line, 0.2),),
    "mixtures": (partial(test_numbers.test_even_mixtures_are_never_stable, 4),),
    "general-priors": (partial(test_random_limits.test_retrieval_points_of_general_priors, 0.05, 0.02),),
    "sherrington-kirkpatrick-1rsb": (
        partial(
            test_glasses.test_without_breaking_the_equations_are_the_replica_symmetric_ones,
            SherringtonKirkpatrick1RSB(T=0.3, h=0.2),
            SherringtonKirkpatrick(T=0.3, h=0.2),
            "glass",
            0.3,
        ),
    ),
    "hopfield-1rsb": (
        partial(
            test_glasses.test_without_breaking_the_equations_are_the_replica_symmetric_ones,
            Hopfield1RSB(alpha=0.1),
            Hopfield(alpha=0.1),
            "glass",
            0.3,
        ),
    ),
    "perceptron": (
        weights.test_spherical_solutions_fill_the_volume_of_the_reference,
        weights.test_where_one_solution_is_left_there_is_no_volume,
    ),
    "binary-perceptron": (weights.test_spins_at_half_a_label_each,),
    "symmetric-perceptron": (partial(weights.test_between_walls_the_mean_number_of_solutions_counts, 1.0),),
    "teacher-student": (
        weights.test_a_student_of_spins_at_one_label_each,
        weights.test_the_teacher_himself_explains_all,
    ),
    "regression": (partial(weights.test_ridge_is_closed, 2.0, 0.1, 0.2), weights.test_ridge_of_the_reference),
    "compressed-sensing": (
        weights.test_sparse_estimation_is_that_of_a_student,
        weights.test_a_perfect_estimate_needs_perfect_measurements,
    ),
    "basis-pursuit": (
        weights.test_what_has_a_smaller_norm_becomes_the_signal,
        weights.test_the_norm_of_the_failure_reaches_that_of_the_signal,
    ),
    "phase-retrieval": (weights.test_blind_sizes_are_those_of_a_gaussian,),
    "noisy-hopfield": (
        _capacity("noisy-hopfield"),
        partial(test_memories.test_hopfield_comes_out_of_the_spectrum, 0.05, 0.2, "retrieval"),
        test_memories.test_clipping_is_dilution_with_two_over_pi,
        test_memories.test_folds_meet_in_the_cusp_of_the_cue,
        test_memories.test_synapses_by_quadrature,
    ),
    "rotation-invariant": (
        partial(test_memories.test_equal_eigenvalues_are_the_curie_weiss_magnet, 1.3, 0.2),
    ),
    "archetypes": (
        test_memories.test_archetypes_are_general_priors_at_any_temperature,
        test_memories.test_exact_archetypes_and_one_example,
        test_memories.test_the_law_of_a_mean_of_examples,
    ),
    "archetypes-unsupervised": (
        _capacity("archetypes-unsupervised"),
        test_memories.test_exact_archetypes_and_one_example,
        test_memories.test_many_unsupervised_examples_are_supervised,
        test_memories.test_the_law_of_a_mean_of_examples,
    ),
    "dreaming": (
        test_memories.test_no_dream_is_the_hopfield_network_with_its_diagonal,
        test_memories.test_a_glass_after_dreaming_is_that_of_its_spectrum,
        partial(test_memories.test_heat_leaves_half_the_trace, Dreaming(alpha=0.3, t=0.7)),
    ),
    "pseudo-inverse": (
        test_memories.test_a_long_dream_is_the_pseudo_inverse,
        test_memories.test_the_pseudo_inverse_where_the_discriminant_is_least,
        partial(test_memories.test_heat_leaves_half_the_trace, PseudoInverse(alpha=0.3)),
    ),
    "potts-hopfield": (
        test_memories.test_the_first_order_transition_of_potts_neurons_without_load,
        _capacity("potts-hopfield"),
    ),
    "exponential": (test_memories.test_condensed_noise_by_its_rate,),
}
"""Tests of the suite against exact results; they raise AssertionError."""


POINTS: dict[str, tuple[dict[str, Any], dict[str, list[float]], list[int], int]] = {
    "hopfield": ({}, {"alpha": [0.05, 0.1], "T": [0.1, 0.2]}, [500], 20),
    "sherrington-kirkpatrick": ({}, {"T": [1.5, 2.5]}, [10, 14], 200),
    "random-energy": ({}, {"T": [0.3, 0.9]}, [10, 14], 200),
    "one-hidden-unit": ({}, {"alpha": [3.0], "beta": [1.0]}, [200, 400], 10),
}
"""Fixed parameters, varied ones, sizes and samples of the machines that are simulated."""


@cache
def machines(name: str) -> list[Measurement]:
    """Samples of the machine; they do not depend on the theory."""
    fixed, over, sizes, samples = POINTS[name]
    subject = Subject(THEORIES[name], fixed)
    return measurements(simulate(subject, over, sizes, samples=samples, seed=1), subject)


def validation(kind: type[Theory]) -> bool:
    """Whether machines of finite size agree."""
    if kind.name not in POINTS:
        return True
    one = beside(kind.name)
    found = confront(Subject(kind, among=one.branches), machines(kind.name), one.finite_size, one.power)
    return found.worst is not None and all(abs(row.z) <= MOST for row in found.rows)


CHECKS = {"contract": contract, "numbers": numbers, "validation": validation}


def prepare(kind: type[Theory]) -> None:
    """Compute with the right formulas what the checks compare with; they must all be content."""
    for theory, branch in cases(kind):
        known(theory, branch)
    if kind.name in POINTS:
        machines(kind.name)
    for name, check in CHECKS.items():
        assert check(kind), f"{kind.name}: {name} fails without any mutant"


STILLBORN = "no formula at all"


def noticed(mutant: Mutant, kind: type[Theory]) -> str:
    """Which check notices a mutant; empty if none does."""
    with mutant.installed(), np.errstate(all="ignore"):
        for name, check in CHECKS.items():
            try:
                if not check(kind):
                    return name
            except TypeError:  # twice an object that is no number
                return STILLBORN
            except (
                ReplicaError,
                AssertionError,
                ArithmeticError,
                ValueError,
                IndexError,
                np.linalg.LinAlgError,
            ):
                return name
    return ""


def main(arguments: list[str]) -> int:
    """Try the mutants of theories and rooms, all by default; 1 if one is not noticed."""
    parser = argparse.ArgumentParser(description="Wrong signs, numbers, comparisons: do the tests notice?")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join([*THEORIES, *TARGETS])}")
    parser.add_argument("--every", type=int, default=1, help="one in so many mutants of a room")
    asked = parser.parse_args(arguments)
    names = asked.names or [*THEORIES, *TARGETS]
    if unknown := [name for name in names if name not in {*THEORIES, *TARGETS}]:
        parser.error(f"nothing is called {', '.join(unknown)}")
    bad = formulas([name for name in names if name in THEORIES])
    bad += survey([name for name in names if name in TARGETS], asked.every)
    for name in bad:
        print(f"NOT NOTICED: {name}")
    return int(bool(bad))


def formulas(names: list[str]) -> list[str]:
    """Try all mutants of theories; those that nobody notices.

    A method that several theories have in common is tried in each; one of them has to notice.
    """
    lost_in: dict[str, list[bool]] = {}
    total = dict.fromkeys(("mutants", *CHECKS), 0)
    for name in names:
        kind, start = THEORIES[name], time.perf_counter()
        prepare(kind)
        every = mutants(kind)
        who = {one: noticed(one, kind) for one in every}
        who = {one: found for one, found in who.items() if found != STILLBORN}
        counts = {check: sum(found == check for found in who.values()) for check in CHECKS}
        for check, count in ({"mutants": len(who)} | counts).items():
            total[check] += count
        lost = [one.name for one, found in who.items() if not found]
        for one, found in who.items():
            lost_in.setdefault(one.name, []).append(not found)
        told = ", ".join(f"{count} by {check}" for check, count in counts.items())
        seconds = time.perf_counter() - start
        print(f"{name}: {len(who)} mutants, {told}, {len(lost)} by nobody, {seconds:.0f} s", flush=True)
        for one in lost:
            print(f"    {one}: {EQUIVALENT.get(one, 'no reason known')}")
    print(f"{total['mutants']} mutants", *(f"{total[check]} by {check}" for check in CHECKS), sep=", ")
    return [name for name, lost in lost_in.items() if all(lost) and name not in EQUIVALENT]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
