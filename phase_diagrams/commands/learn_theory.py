"""``learn-theory``: how the singular values of the weights of an RBM are learned, in theory."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, paint, write
from phase_diagrams.commands.shared.options import Numbers, OutputFile, Times, as_json, looks
from phase_diagrams.commands.shared.printing import DIGITS, number, print_json, print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.diagram import PhaseDiagram
    from replica.flows import GaussGauss, OneMode

__all__ = ["learn_theory"]

EXAMPLE = """\
$ replica learn-theory --variance 4,2,1.2,0.8 --time 0:20:5
Gauss-Gauss RBM: sigma_v = 1, sigma_h = 1, w(0) = 0.1, closed form

t     S = 4           S = 2           S = 1.2         S = 0.8
rate  3               1               0.2             -0.2
0     0.1             0.1             0.1             0.1
5     0.866025403784  0.707104995819  0.235608826177  0.0360134065129
10    0.866025403784  0.707106781187  0.369976706974  0.0132115764943
15    0.866025403784  0.707106781187  0.40413714122   0.0048584344114
20    0.866025403784  0.707106781187  0.407868760396  0.00178722694463
oo    0.866025403784  0.707106781187  0.408248290464  0

$ replica learn-theory --signal 0.6 --sigma 0.8 --time 0:20:5
one mode of a binary RBM in mean field: signal = 0.6, sigma = 0.8, kappa = 1, w(0) = 0.1, integrated

t   w             m               m_bar           q               q_bar
0   0.1           0               0               0               0
5   0.340615348   0               0               0               0
10  1.08138747    0.183904442     0.183904442     0.0752620836    0.0752620836
15  1.58708611    0.50296071      0.50296071      0.369914466     0.369914466
20  1.73251877    0.547145915     0.547145915     0.422805675     0.422805675
oo  1.8254562798  0.570284758667  0.570284758667  0.452191755526  0.452191755526
"""

GAUSSIAN = {"sigma_v": 1.0, "sigma_h": 1.0, "integrate": False, "random": None}
"""Options of a Gaussian machine, and their defaults."""
BINARY = {"sigma": 0.5, "kappa": 1.0}
"""Options of one mode of a binary machine."""


@click.command("learn-theory", cls=Verb, epilog=EXAMPLE)
@click.option(
    "--variance",
    "variances",
    metavar="S,S,...",
    type=Numbers(),
    help="Second moments of the data along their principal directions.",
)
@click.option(
    "--clusters",
    metavar="SEED",
    type=click.IntRange(0),
    help="In place of --variance: those above sigma_v^2 of 11 clusters in 5 of 100 dimensions.",
)
@click.option(
    "--signal",
    metavar="S",
    type=float,
    help="In place of both: one mode of a binary RBM in mean field, of data in two clusters at +-S on it.",
)
@click.option(
    "--time",
    "times",
    metavar="FROM:TO:COUNT",
    type=Times(),
    default="0:50:11",
    show_default=True,
    help="Learning times.",
)
@click.option("--initial", type=float, default=0.1, show_default=True, help="Singular values at t = 0.")
@click.option("--sigma-v", type=float, help="Width of the visible units.  [default: 1]")
@click.option("--sigma-h", type=float, help="Width of the hidden units.  [default: 1]")
@click.option("--integrate", is_flag=True, help="Integrate the flow in place of the closed form.")
@click.option(
    "--random",
    metavar="SEED",
    type=click.IntRange(0),
    help="Start from Gaussian weights, integrate, and say how far the singular vectors have turned.",
)
@click.option("--sigma", type=float, help="With --signal: strength of the random weights.  [default: 0.5]")
@click.option("--kappa", type=float, help="With --signal: hidden units per visible unit.  [default: 1]")
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".csv", ".json", ".png", ".pdf", ".svg"),
    help="A .csv table, a .json diagram for `replica draw`, or a figure.",
)
@looks
@click.pass_context
def learn_theory(
    ctx: click.Context, /, as_json: bool, as_csv: bool, output: Any, look: Look, **asked: Any
) -> None:
    """Learn the singular values of the weights of an RBM.

    Of a Gaussian RBM: prints the singular value w(t) of the weights along every principal direction of the
    data, its rate of growth while it is small, and what is learned in the end (oo). Modes whose second
    moment S is above sigma_v^2 grow, the others decay. With sigma_v = 1 the rates are also those of a machine
    with units +-1 and small weights. With --random, also the overlap (u.e)^2 of each singular vector with its
    principal direction.

    With --signal, of one mode of a binary RBM: its strength w(t), and the overlaps of the layers with it.
    """
    taught = lesson(**asked)
    if as_json and as_csv:
        sentence = "give either --json or --csv"
        raise ParameterError(sentence)
    if output is not None:
        taught.write(output, ctx.find_root().obj, look)
    if as_json:
        taught.print_json()
    elif as_csv:
        click.echo(taught.csv(), nl=False)
    elif output is None:
        taught.print()


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
        from phase_diagrams.storage.files import write_atomic

        kind = output.suffix.lower()
        if kind == ".csv":
            write_atomic(output, self.csv())
            click.echo(f"wrote {output}", err=True)
        elif kind == ".json":
            write(self.diagram(command), output)
        else:
            paint(self.diagram(command), output, look)


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
        from replica.flows import clusters, principal_moments

        spectrum = principal_moments(clusters(self.clusters or 0))
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
            values = self.rbm.integrated_values(self.times, self.initial, self.moments)
        else:
            values = self.rbm.singular_value(self.times, self.initial, np.array(self.moments)[:, None]).T
        return [list(map(float, column)) for column in np.transpose(values)]

    @cached_property
    def rotated(self) -> tuple[Any, Any]:
        """Squared overlaps of the vectors with the principal directions, and singular values, by time."""
        return self.rbm.turning(self.times, self.initial, self.moments, self.random)

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
        from replica.flows.flow import DIGITS as INTEGRATED

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
        from replica.flows.flow import DIGITS as INTEGRATED

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
