"""A state with infinitely many steps of replica symmetry breaking: what `solve --rsb full` prints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from phase_diagrams.commands.shared.asking import Asked
from phase_diagrams.commands.shared.drawing import write_table
from phase_diagrams.commands.shared.names import theory_named
from phase_diagrams.commands.shared.printing import known, number, print_json, print_table, where

if TYPE_CHECKING:
    from replica.breaking import Continuous
    from replica.theory import Theory

__all__ = ["FullRequest"]

MEANT = {
    "q0": "smallest overlap",
    "q_EA": "overlap of two replicas in the same state (Edwards-Anderson)",
    "x": "weight of pairs in different states",
    "chi": "response of the whole",
}


@dataclass(frozen=True, kw_only=True)
class FullRequest(Asked):
    """A point at which Parisi's function is asked for; the attributes are options of the command."""

    branch: str | None

    @cached_property
    def kind(self) -> type[Theory]:
        """The theory without breaking."""
        return theory_named(self.name)

    def run(self) -> Continuous:
        """Solve."""
        from replica.breaking import parisi

        return parisi(self.build(), self.branch)

    def print(self, state: Continuous, as_json: bool, profile: Path | str | None) -> None:
        """Print the state, and write its function where that was asked for."""
        values = self.parameters(state.theory)
        if as_json:
            measures = ("free_energy", "error", "energy", "entropy", "replicon", "cells", "residual")
            print_json(
                {
                    "theory": self.kind.name,
                    "parameters": values,
                    "branch": state.branch,
                    "order": state.order,
                    **{name: getattr(state, name) for name in measures},
                }
            )
        else:
            click.echo(f"{self.kind.name} at {where(values)}\n")
            print_table(self.rows(state))
        if profile is not None:
            table = {name: list(map(float, column)) for name, column in state.profile().items()}
            write_table(table, profile)

    def rows(self, state: Continuous) -> list[tuple[str, ...]]:
        """The table."""
        words = self.kind.symbols
        rough = 10 * max(state.residual, state.error)  # f is stationary, what it is taken at is less precise
        rows: list[tuple[str, ...]] = [("branch", state.branch, "broken at every overlap from q0 to q_EA")]
        for name, value in state.order.items():
            rows.append((name, known(value, rough), MEANT.get(name, words.get(name, ""))))
        rows.append(("free energy", known(state.free_energy, state.error), f"+- {number(state.error, 1)}"))
        rows.append(("energy", known(state.energy, max(state.error, state.residual)), ""))
        rows.append(("entropy", known(state.entropy, max(state.error, state.residual)), ""))
        rows.append(("replicon", number(state.replicon, 2), f"0 with more than {state.cells} cells"))
        rows.append(("residual", number(state.residual, 2), "of q = E[phi'^2] on the cells, largest"))
        return rows
