"""What ``learn-theory`` asks for, and what its answer looks like."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.printing import DIGITS, number, print_json, print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look
    from phase_diagrams.diagram import PhaseDiagram
    from replica.flows import GaussGauss, OneMode

__all__ = ["Lesson", "lesson"]

GAUSSIAN = {"sigma_v": 1.0, "sigma_h": 1.0, "integrate": False, "random": None}
"""Options of a Gaussian machine, and their defaults."""
BINARY = {"sigma": 0.5, "kappa": 1.0}
"""Options of one mode of a binary machine."""


INTEGRATED = 9
"""Significant digits of a number from a flow that was integrated to 1e-10."""


def lesson(
    *, variances: list[float] | None, clusters: int | None, signal: float | None, **asked: Any
) -> Lesson:
    """Return what the options ask for; they must be those of one machine and one kind of data."""
    if sum(data is not None for data in (variances, clusters, signal)) != 1:
        message = (
            "give the data: one of --variance, such as --variance 4,2,1.2, --clusters SEED and --signal S"
        )
        raise ParameterError(message)
    own, other, name = (GAUSSIAN, BINARY, "--signal") if signal is None else (BINARY, GAUSSIAN, "--variance")
    given = {key: asked.pop(key) for key in other}
    out_of_place = [key for key, value in given.items() if value is not None and value is not False]
    if out_of_place:
        message = f"--{out_of_place[0].replace('_', '-')} belongs to {name}; leave it out here"
        raise ParameterError(message)
    asked |= {key: value for key, value in own.items() if asked[key] is None}
    if asked["times"][-1] < asked["times"][0]:
        first, *_, last = times = asked["times"]
        message = f"time runs forward: give --time {last:g}:{first:g}:{len(times)}"
        raise ParameterError(message)
    if signal is not None:
        return ModeLesson(signal=signal, **asked)
    return GaussLesson(variances=variances, clusters=clusters, **asked)


@dataclass(frozen=True, kw_only=True)
class Lesson(ABC):
    """What is learned, and when it is looked at; the attributes are the options of the command."""

    times: list[float]
    initial: float

    @abstractmethod
    def print(self) -> None:
        """Print the answer."""

    @abstractmethod
    def print_json(self) -> None:
        """Print the JSON object."""

    @abstractmethod
    def columns(self) -> list[tuple[str, list[float]]]:
        """Columns of the table and their names; the first one is the time."""

    @abstractmethod
    def diagram(self, command: Sequence[str]) -> PhaseDiagram:
        """What is learned, against time."""

    def csv(self) -> str:
        """Return the table, one row per time, with all digits."""
        columns = self.columns()
        rows = (",".join(map(repr, row)) for row in zip(*(column for _, column in columns), strict=True))
        return "\n".join([",".join(name for name, _ in columns), *rows]) + "\n"

    def write(self, output: Path, command: Sequence[str], look: Look) -> None:
        """Write a table, a diagram or a figure; the suffix decides."""
        from phase_diagrams.commands import drawing
        from phase_diagrams.storage.files import write_atomic

        kind = output.suffix.lower()
        if kind == ".csv":
            write_atomic(output, self.csv())
            click.echo(f"wrote {output}", err=True)
        elif kind == ".json":
            drawing.write(self.diagram(command), output)
        else:
            drawing.paint(self.diagram(command), output, look)


@dataclass(frozen=True, kw_only=True)
class GaussLesson(Lesson):
    """A Gaussian machine that learns the second moments of its data."""

    variances: list[float] | None
    clusters: int | None
    sigma_v: float
    sigma_h: float
    integrate: bool
    random: int | None

    @cached_property
    def rbm(self) -> GaussGauss:
        """The machine."""
        from replica.flows import GaussGauss

        return GaussGauss(self.sigma_v, self.sigma_h)

    @cached_property
    def moments(self) -> list[float]:
        """Second moments of the data, as given or largest first."""
        if self.variances is not None:
            ordered = sorted(self.variances, reverse=True)
            return self.variances if self.random is None else ordered
        import numpy as np

        from replica.flows import clusters, second_moments

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

        if self.random is not None:
            values = self.rotated[1]
        elif self.integrate:
            W = self.rbm.integrate(
                self.initial * np.eye(len(self.moments)), np.diag(self.moments), self.times
            )
            values = np.diagonal(W, axis1=1, axis2=2)
        else:
            values = self.rbm.singular_value(self.times, self.initial, np.array(self.moments)[:, None]).T
        return [list(map(float, column)) for column in np.transpose(values)]

    @cached_property
    def rotated(self) -> tuple[Any, Any]:
        """Squared overlaps of the vectors with the principal directions, and singular values, by time."""
        import numpy as np

        n = len(self.moments)
        W = self.initial / np.sqrt(n) * np.random.default_rng(self.random).normal(size=(n, n))
        u, values, _ = np.linalg.svd(self.rbm.integrate(W, np.diag(self.moments), self.times))
        return np.diagonal(u, axis1=1, axis2=2) ** 2, values

    @property
    def overlaps(self) -> list[list[float]]:
        """For every mode (u.e)^2 at all times, from random weights; else nothing."""
        return [] if self.random is None else [list(map(float, column)) for column in self.rotated[0].T]

    @property
    def method(self) -> str:
        """How the singular values are computed."""
        if self.random is not None:
            return "integrated from random weights"
        return "integrated" if self.integrate else "closed form"

    def print(self) -> None:
        """Print the answer."""
        widths = f"sigma_v = {self.sigma_v:g}, sigma_h = {self.sigma_h:g}"
        heads = [f"S = {number(S, 6)}" for S in self.moments]
        overlaps, digits = self.overlaps, DIGITS if self.method == "closed form" else INTEGRATED
        rows = [("t", *heads, *(f"(u.e)^2, {head}" for head, _ in zip(heads, overlaps, strict=False)))]
        rows.append(("rate", *(number(self.rbm.growth(S)) for S in self.moments), *("" for _ in overlaps)))
        rows += [
            (number(t), *(number(value, digits) for value in values))
            for t, *values in zip(self.times, *self.table, *overlaps, strict=True)
        ]
        limits = ("1" if self.sigma_v**2 < S else "" for S, _ in zip(self.moments, overlaps, strict=False))
        rows.append(("oo", *(number(self.rbm.fixed_point(S)) for S in self.moments), *limits))
        click.echo(f"Gauss-Gauss RBM: {widths}, w(0) = {self.initial:g}, {self.method}\n")
        print_table(rows)

    def print_json(self) -> None:
        """Print the JSON object."""
        told: list[dict[str, Any]] = [
            {"variance": S, "rate": self.rbm.growth(S), "limit": self.rbm.fixed_point(S), "w": w}
            for S, w in zip(self.moments, self.table, strict=True)
        ]
        for mode, overlap in zip(told, self.overlaps, strict=False):
            mode["overlap"] = overlap
        print_json(
            {
                "model": "gauss-gauss",
                "sigma_v": self.sigma_v,
                "sigma_h": self.sigma_h,
                "initial": self.initial,
                "method": self.method,
                "t": self.times,
                "modes": told,
            }
        )

    def columns(self) -> list[tuple[str, list[float]]]:
        """Time, singular values, and overlaps of the vectors."""
        values = [(f"w(S={S!r})", w) for S, w in zip(self.moments, self.table, strict=True)]
        turned = [(f"overlap(S={S!r})", one) for S, one in zip(self.moments, self.overlaps, strict=False)]
        return [("t", self.times), *values, *turned]

    def diagram(self, command: Sequence[str]) -> PhaseDiagram:
        """The diagram of the singular values against time; from random weights, of the vectors too."""
        from phase_diagrams.catalogue._parts import origin
        from phase_diagrams.catalogue.learning_dynamics import singular_values, singular_vectors

        settings: dict[str, Any] = {"variances": self.moments, "initial": self.initial, "times": self.times}
        model = f"Gauss-Gauss RBM, sigma_v = {self.sigma_v:g}, sigma_h = {self.sigma_h:g}"
        came_from = origin(model, **settings) | {"command": shlex.join(command)}
        if self.random is None:
            return singular_values(self.rbm, self.moments, self.initial, self.times, came_from)
        left, right = singular_vectors(self.rbm, self.moments, self.times, *self.rotated)
        return replace(left, provenance=came_from, beside=[replace(right, provenance=came_from)])


@dataclass(frozen=True, kw_only=True)
class ModeLesson(Lesson):
    """One mode of a binary machine, in mean field."""

    signal: float
    sigma: float
    kappa: float

    @cached_property
    def mode(self) -> OneMode:
        """The mode."""
        from replica.flows import OneMode

        return OneMode(self.signal, self.sigma, self.kappa)

    @cached_property
    def strengths(self) -> list[float]:
        """Its strength at all times."""
        return [float(w) for w in self.mode.integrate(self.times, self.initial)]

    def columns(self) -> list[tuple[str, list[float]]]:
        """Time, strength, and the overlaps of the model."""
        states = [self.mode.order(w) for w in self.strengths]
        overlaps = [(name, [float(state[name]) for state in states]) for name in ("m", "m_bar", "q", "q_bar")]
        return [("t", self.times), ("w", self.strengths), *overlaps]

    def print(self) -> None:
        """Print the answer."""
        end = self.mode.fixed_point()
        names, columns = zip(*self.columns(), strict=True)
        rows = [names]
        rows += [
            (number(t), *(number(value, INTEGRATED) for value in values))
            for t, *values in zip(*columns, strict=True)
        ]
        state = self.mode.order(end)
        rows.append(("oo", number(end), *(number(state[name]) for name in names[2:])))
        where = f"signal = {self.signal:g}, sigma = {self.sigma:g}, kappa = {self.kappa:g}"
        click.echo(f"one mode of a binary RBM in mean field: {where}, w(0) = {self.initial:g}, integrated\n")
        print_table(rows)

    def print_json(self) -> None:
        """Print the JSON object."""
        told: dict[str, Any] = {"model": "one-mode", "signal": self.signal, "sigma": self.sigma}
        told |= {"kappa": self.kappa, "initial": self.initial, "limit": self.mode.fixed_point()}
        print_json(told | dict(self.columns()))

    def diagram(self, command: Sequence[str]) -> PhaseDiagram:
        """The way of the mode through the phases, beside its strength against time."""
        from phase_diagrams.catalogue.learning_trajectory import build

        diagram = build(
            signal=self.signal,
            sigmas=[self.sigma],
            kappa=self.kappa,
            initial=self.initial,
            time_max=self.times[-1],
        )
        came_from = {**diagram.provenance, "command": shlex.join(command)}
        beside = [replace(panel, provenance=came_from) for panel in diagram.beside]
        return replace(diagram, provenance=came_from, beside=beside)
