"""What ``learn-theory`` asks for, and what its answer looks like."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.printing import number, print_json, print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look
    from phase_diagrams.diagram import PhaseDiagram
    from replica.learning import GaussGauss

__all__ = ["Lesson"]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What is learned, and when it is looked at; the attributes are the options of the command."""

    variances: list[float] | None
    clusters: int | None
    times: list[float]
    initial: float
    sigma_v: float
    sigma_h: float
    integrate: bool

    def __post_init__(self) -> None:
        """Refuse two kinds of data, and none."""
        if (self.variances is None) == (self.clusters is None):
            message = "give the data: either --variance, such as --variance 4,2,1.2, or --clusters SEED"
            raise ParameterError(message)
        if self.times[-1] < self.times[0]:
            message = f"time runs forward: give --time {self.times[-1]:g}:{self.times[0]:g}:{len(self.times)}"
            raise ParameterError(message)

    @cached_property
    def rbm(self) -> GaussGauss:
        """The machine."""
        from replica.learning import GaussGauss

        return GaussGauss(self.sigma_v, self.sigma_h)

    @cached_property
    def moments(self) -> list[float]:
        """Second moments of the data, as given or largest first."""
        if self.variances is not None:
            return self.variances
        import numpy as np

        from replica.learning import clusters, second_moments

        spectrum = np.linalg.eigvalsh(second_moments(clusters(self.clusters or 0)))[::-1]
        noise = self.sigma_v**2
        found = [float(S) for S in spectrum[spectrum > noise]]
        if not found:
            message = (
                f"no second moment of the clusters is above sigma_v^2 = {noise:g}; give a smaller --sigma-v"
            )
            raise ParameterError(message)
        return found

    @cached_property
    def table(self) -> list[list[float]]:
        """Singular values: for every mode those at all times."""
        import numpy as np

        if not self.integrate:
            S = np.array(self.moments)[:, None]
            values: list[list[float]] = self.rbm.singular_value(self.times, self.initial, S).tolist()
            return values
        start = self.initial * np.eye(len(self.moments))
        W = self.rbm.integrate(start, np.diag(self.moments), self.times)
        return [W[:, a, a].tolist() for a in range(len(self.moments))]

    @property
    def method(self) -> str:
        """How the singular values are computed."""
        return "integrated" if self.integrate else "closed form"

    def print(self) -> None:
        """Print the answer."""
        widths = f"sigma_v = {self.sigma_v:g}, sigma_h = {self.sigma_h:g}"
        rows = [("t", *(f"S = {number(S, 6)}" for S in self.moments))]
        rows.append(("rate", *(number(self.rbm.growth(S)) for S in self.moments)))
        rows += [
            (number(t), *map(number, values)) for t, *values in zip(self.times, *self.table, strict=True)
        ]
        rows.append(("oo", *(number(self.rbm.fixed_point(S)) for S in self.moments)))
        click.echo(f"Gauss-Gauss RBM: {widths}, w(0) = {self.initial:g}, {self.method}\n")
        print_table(rows)

    def print_json(self) -> None:
        """Print the JSON object."""
        print_json(
            {
                "model": "gauss-gauss",
                "sigma_v": self.sigma_v,
                "sigma_h": self.sigma_h,
                "initial": self.initial,
                "method": self.method,
                "t": self.times,
                "modes": [
                    {"variance": S, "rate": self.rbm.growth(S), "limit": self.rbm.fixed_point(S), "w": w}
                    for S, w in zip(self.moments, self.table, strict=True)
                ],
            }
        )

    def csv(self) -> str:
        """Return the singular values, one row per time and one column per mode, with all their digits."""
        head = ",".join(["t", *(f"w(S={S!r})" for S in self.moments)])
        rows = (",".join(map(repr, row)) for row in zip(self.times, *self.table, strict=True))
        return "\n".join([head, *rows]) + "\n"

    def write(self, output: Path, command: Sequence[str], look: Look) -> None:
        """Write a table, a diagram or a figure; the suffix decides."""
        from phase_diagrams.commands import drawing
        from phase_diagrams.storage import write_atomic

        kind = output.suffix.lower()
        if kind == ".csv":
            write_atomic(output, self.csv())
            click.echo(f"wrote {output}", err=True)
        elif kind == ".json":
            drawing.write(self.diagram(command), output)
        else:
            drawing.paint(self.diagram(command), output, look)

    def diagram(self, command: Sequence[str]) -> PhaseDiagram:
        """The diagram of the singular values against time."""
        from phase_diagrams.catalogue._parts import origin
        from phase_diagrams.catalogue.learning_dynamics import singular_values

        settings: dict[str, Any] = {"variances": self.moments, "initial": self.initial, "times": self.times}
        model = f"Gauss-Gauss RBM, sigma_v = {self.sigma_v:g}, sigma_h = {self.sigma_h:g}"
        came_from = origin(model, **settings) | {"command": shlex.join(command)}
        return singular_values(self.rbm, self.moments, self.initial, self.times, came_from)
