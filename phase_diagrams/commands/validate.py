"""``validate``: the machine of a theory is simulated, and put beside the theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.comparison import PICTURE, at, draw, report_on, subject_of
from phase_diagrams.commands.shared.completing import branches
from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.names import theory_named
from phase_diagrams.commands.shared.options import Numbers, OutputFile, Setting, Values, looks, theory
from phase_diagrams.commands.shared.sampling import keeping, remark, sampled

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look

__all__ = ["validate"]

VALIDATE = """\
$ replica validate hopfield -p alpha=0.02:0.06:2 -p T=0.3 --N 250,500,1000 \\
      --samples 10
hopfield at T = 0.3: 10 samples at N = 250, 500, 1000, 200 sweeps, seed 0

alpha  observable  theory      N = 1000            N -> oo             chi2/dof  z
0.02   m           0.9958516   0.99578 +- 0.00017  0.99560 +- 0.00021  0.0/1     -1.1
0.02   q           0.9917463   0.99160 +- 0.00033  0.99125 +- 0.00041  0.0/1     -1.1
0.02   energy      -0.4964316  -0.4969 +- 0.0013   -0.4986 +- 0.0017   0.2/1     -1.3
0.06   m           0.988428    0.98887 +- 0.00084  0.9890 +- 0.0013    0.0/1     +0.4
0.06   q           0.9782404   0.9791 +- 0.0014    0.9793 +- 0.0021    0.0/1     +0.5
0.06   energy      -0.4933156  -0.4925 +- 0.0014   -0.4937 +- 0.0020   0.2/1     -0.2

hopfield: theory and measurement agree; of 6 observables the worst is energy at alpha = 0.02, -0.498644 \
+- 0.0017 against -0.496432: z = -1.3
"""


class Several(Setting):
    """``NAME=VALUE``, or several: ``NAME=FROM:TO:COUNT`` or ``NAME=VALUE,VALUE,...``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name, and the value or the list of values."""
        if isinstance(value, str) and ("," in value or ":" in value):
            return Values().convert(value, param, ctx)
        return super().convert(value, param, ctx)


class Sizes(Numbers):
    """``N,N,...``: whole numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the list of sizes."""
        sizes = super().convert(value, param, ctx)
        for size in sizes:
            if size != int(size) or size < 1:
                self.fail(f"{size:g} is not a whole number of at least 1", param, ctx)
        return [int(size) for size in sizes]


def several(command: Any) -> Any:
    """Let ``-p`` of a command take ranges."""
    for one in command.params:
        if one.name == "given":
            one.type = Several()
            one.metavar = "NAME=VALUE"
            one.help = "A control parameter: T=0.3, or several values: T=0.1:0.5:5, T=0.1,0.3. Once for each."
    return command


@several
@click.command(cls=Verb, epilog=VALIDATE)
@theory
@click.option(
    "--branch",
    shell_complete=branches,
    help="The branch of the theory; without it the one that the machine is on.",
)
@click.option("--scaled", is_flag=True, help="Parameters and observables of an RBM are the scaled ones.")
@click.option("--N", "sizes", metavar="N,N,...", type=Sizes(), help="Sizes; several are extrapolated.")
@click.option(
    "--samples", type=click.IntRange(2), default=20, show_default=True, help="Samples of the disorder."
)
@keeping
@click.option("--csv", metavar="FILE", type=OutputFile(".csv"), help="Means and errors, for compare.")
@click.option("--figure", metavar="FILE", type=PICTURE, help="A figure, or a .json diagram for draw.")
@looks
@click.pass_context
def validate(ctx: click.Context, /, as_json: bool, look: Look, **asked: Any) -> None:
    """Simulate the machine of a theory and compare.

    Prints, for every observable, theory and simulation, its extrapolation in 1/N, and their distance z in
    sigmas. Ends with code 3 if some |z| is above 4. Machines: hopfield, random-rbm, compositional,
    sherrington-kirkpatrick, random-energy, one-hidden-unit, noisy-hopfield, archetypes, dreaming, pseudo-
    inverse, correlated, potts-hopfield, planted, teacher-student, regression, classification; hopfield
    and sherrington-kirkpatrick also with --rsb 1; every model file, and every theory that is made of
    layers, couplings and patterns. Parameters of an RBM are those in its energy, unless --scaled is
    given. With -o every sample is stored as soon as it is finished.
    """
    Validation(**asked).run(as_json, ctx.find_root().obj, look)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """A run of a machine beside its theory; the attributes are the options of the command."""

    name: str
    rsb: int
    given: dict[str, Any]
    branch: str | None
    scaled: bool
    sizes: list[int] | None
    samples: int
    sweeps: int | None
    seed: int
    jobs: int
    output: Path | None
    csv: Path | None
    figure: Path | None
    resume: bool
    overwrite: bool

    def run(self, as_json: bool, command: Sequence[str], look: Look) -> None:
        """Simulate, compare, print, write; the last word is the verdict."""
        from phase_diagrams.simulating import judge, machine_of, measurements, write_table

        kind = theory_named(self.name, self.rsb)
        one = machine_of(kind, self.branch)
        over = {name: value for name, value in self.given.items() if isinstance(value, list)}
        fixed = {name: value for name, value in self.given.items() if name not in over}
        subject = subject_of(kind, fixed, over, self.branch, self.scaled)
        sizes = self.sizes or list(one.sizes)
        with sampled(
            subject,
            over,
            sizes,
            samples=self.samples,
            seed=self.seed,
            sweeps=self.sweeps,
            jobs=self.jobs,
            output=self.output,
            resume=self.resume,
            overwrite=self.overwrite,
        ) as data:
            if self.csv is not None:
                write_table(measurements(data, subject), self.csv)
            agreement = judge(subject, data)
            told = {"samples": self.samples, "sweeps": int(data.attrs["sweeps"]), "seed": self.seed}
            listed = ", ".join(str(N) for N in sorted(set(sizes)))
            headline = (
                f"{kind.name}{at(kind, fixed, over)}: {self.samples} samples at N = {listed}, "
                f"{told['sweeps']} sweeps, seed {self.seed}"
            )
            report_on(agreement, headline, told, as_json)
            remark(data)
        for file in (self.output, self.csv):
            if file is not None:
                click.echo(f"wrote {file}", err=True)
        if self.figure is not None:
            draw(agreement, headline, self.figure, command, look)
        agreement.require()
