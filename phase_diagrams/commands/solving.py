"""What ``solve`` asks for, and what its answer looks like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.asking import Asked, best_whole_number, chosen_solver
from phase_diagrams.commands.printing import number, print_json, print_table, where
from replica.errors import BranchError, ConvergenceError, ParameterError

if TYPE_CHECKING:
    from replica.solving import Solution, Solver
    from replica.theory import Theory

__all__ = ["Request"]

MEASURES = ("free_energy", "energy", "entropy", "replicon")
EVERY = "all"


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """A point, and how it is to be solved; the attributes are the options of the command."""

    branch: str | None
    over: str | None
    start: dict[str, float]
    solver: str | None
    damping: float | None
    tol: float | None
    max_iter: int | None
    digits: int | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        clashes = {
            "give either --branch or a start (-x)": self.branch and self.start,
            "--minimise follows one branch; leave --branch all out": self.over and self.branch == EVERY,
            "--minimise has its own solver and start; leave -x, --solver, --tol and --max-iter out": self.over
            and (self.start or self.method),
            "--digits does not go with --minimise; minimise first, then solve at the minimum": self.over
            and self.digits,
            "--digits does not go with --unscaled; leave one of them out": self.unscaled and self.digits,
        }
        for sentence, clash in clashes.items():
            if clash:
                raise ParameterError(sentence)

    @cached_property
    def method(self) -> Solver | None:
        """The solver that was described, if any was."""
        return chosen_solver(self.solver, self.damping, self.tol, self.max_iter)

    @cached_property
    def theory(self) -> Theory:
        """The theory at the point; a parameter that is minimised over has a value to begin with."""
        return self.build([self.over] if self.over else [])

    def run(self) -> list[Solution]:
        """Solve; every state in the answer has converged."""
        from replica.solving import minimise, search, solve

        theory = self.theory
        if self.branch == EVERY:
            states = search(theory, solver=self.method)
            if not states:
                message = f"{theory.describe()}: none of the named branches has a solution here"
                raise BranchError(message)
            return states
        if self.over and self.kind.parameters()[self.over].integer:
            highest = int(self.kind.parameters()[self.over].typical[1])
            return [best_whole_number(self.theory_with, self.branch, self.over, highest)]
        if self.over:
            return [minimise(theory, self.branch, self.over)]
        if self.start:
            return [solve(theory, start=self.scaled_start, solver=self.method, throw=False).require()]
        if self.method:
            return [solve(theory, self.branch, solver=self.method, throw=False).require()]
        return [solve(theory, self.branch)]

    def theory_with(self, value: int) -> Theory:
        """The theory at a value of the parameter that is minimised over."""
        return self.build(further={str(self.over): value})

    @property
    def scaled_start(self) -> dict[str, float]:
        """The start, in the units of the theory."""
        return {name: value / self.rescaled(self.theory, name, 1.0) for name, value in self.start.items()}

    def report(self, state: Solution) -> dict[str, Any]:
        """All there is to say about a state."""
        from replica.solving import polish
        from replica.solving.derivatives import signature

        order, residual = state.order, state.residual
        measures = {name: getattr(state, name) for name in MEASURES}
        if self.digits and state.success:
            precise = polish(state, self.digits)
            order, measures, residual = precise.order, precise.measures, precise.residual
        return {
            "branch": state.branch,
            "order": {name: self.rescaled(state.theory, name, value) for name, value in order.items()},
            **{name: self.rescaled(state.theory, name, value) for name, value in measures.items()},
            "hessian_signature": signature(state.theory, state.x),
            "status": state.outcome.value,
            "residual": residual,
            "iterations": int(state.iterations),
        }

    def print(self, states: list[Solution], as_json: bool) -> None:
        """Print the answer."""
        reports = [self.report(state) for state in states]
        values = self.parameters(states[0].theory, [self.over or ""])
        if as_json:
            told = {"solutions": reports} if self.branch == EVERY else reports[0]
            print_json({"theory": self.kind.name, "parameters": values, **told})
            return
        click.echo(f"{self.kind.name} at {where(values)}\n")
        print_table(self.rows(reports))

    def rows(self, reports: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        """A table with one column per state."""
        words = self.kind.symbols

        def row(label: str, values: Any, note: str = "") -> tuple[str, ...]:
            return (label, *values, note)

        rows = [row("branch", (one["branch"] or "from the start given" for one in reports))]
        for name in reports[0]["order"]:
            rows.append(row(name, (number(one["order"][name]) for one in reports), words.get(name, "")))
        for name in MEASURES:
            if any(one[name] is not None for one in reports):
                rows.append(row(name.replace("_", " "), (number(one[name]) for one in reports)))
        signs = (_signs(one["hessian_signature"]) for one in reports)
        rows.append(row("Hessian of f", signs, "signs of its eigenvalues"))
        rows.append(row("status", (one["status"] for one in reports)))
        rows.append(row("residual", (number(one["residual"], 2) for one in reports), "largest, undamped"))
        rows.append(row("iterations", (str(one["iterations"]) for one in reports)))
        return rows

    def print_failure(self, error: ConvergenceError) -> None:
        """Print the JSON object of a run that did not converge: where it stood, or only why."""
        state = error.solution
        told = {"branch": self.branch, "status": "not found"} if state is None else self.report(state)
        values = {name: value for name, value in self.parameters(self.theory).items() if name != self.over}
        print_json({"theory": self.kind.name, "parameters": values, **told, "reason": str(error)})


def _signs(signature: list[int]) -> str:
    """Signs of the eigenvalues of the Hessian; a question mark where it is beyond its differences."""
    if not signature:
        return "?"
    return (
        "  ".join(" ".join(sign * count) for sign, count in zip("+-", signature, strict=True) if count) or "-"
    )
