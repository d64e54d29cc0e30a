"""What the commands about trained machines ask for, and what their answers look like."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from phase_diagrams.commands.printing import number, print_json, print_table
from phase_diagrams.storage.files import check_writable, write_atomic
from replica.errors import ConvergenceError, ParameterError
from replica.machines.data import loading as data_files
from replica.machines.models.rbm import RBM
from replica.machines.training import files
from replica.units import parse

if TYPE_CHECKING:
    from phase_diagrams.commands.drawing import Look
    from replica.machines.training.epochs import Training

__all__ = ["Drawing", "Lesson", "Weighing", "draw_weights"]


def _about(path: str) -> dict[str, Any]:
    """What was kept with a machine of ours; nothing for those of others."""
    if Path(path).suffix != ".npz":
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return dict(json.loads(str(arrays["about"]))) if "about" in arrays else {}


def _describe(rbm: RBM) -> str:
    return f"{rbm.n_visible} {rbm.visible.name} visible, {rbm.n_hidden} {rbm.hidden.name} hidden units"


def _read(source: str | None, rbm: RBM, threshold: float | None, key: str | None) -> Any:
    if source is None:
        return None
    values = data_files.load(source, rbm.visible, threshold=threshold, key=key).values
    if values.shape[1] != rbm.n_visible:
        message = f"{source} has {values.shape[1]} columns, the machine {rbm.n_visible} visible units"
        raise ParameterError(message)
    return values


# -- train ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lesson:
    """A training that is asked for: from the start, or from a file."""

    source: str
    resume: str | None
    output: Path | None
    threshold: float | None
    key: str | None
    asked: dict[str, Any]
    given: Sequence[str]

    def run(self, epochs: int, command: Sequence[str]) -> None:
        """Train, print a row for each epoch, and write the machine after each."""
        from replica.machines.training.epochs import TrainingError, train

        target = self.output or (Path(self.resume) if self.resume else None)
        if target is None:
            message = "say where the machine goes: -o FILE.npz"
            raise ParameterError(message)
        check_writable(target)
        training, data, about = self._begin()
        about |= {"command": shlex.join(command)}
        rows = [("epoch", "pseudo-likelihood", "reconstruction error", "gradient norm", "rate")]
        click.echo(f"{self.source}: {len(data.values)} samples; {_describe(training.rbm)}\n")
        click.echo("  ".join(rows[0]))

        def report(now: Training) -> None:
            row = now.history[-1]
            cells = (
                str(row.epoch),
                number(row.pseudo_likelihood, 4),
                number(row.reconstruction_error, 4),
                number(row.gradient_norm, 4),
                number(row.rate, 4),
            )
            click.echo("  ".join(c.ljust(len(h)) for c, h in zip(cells, rows[0], strict=True)).rstrip())
            write_atomic(target, files.dumps(now, **about))

        try:
            train(training, data.values, epochs, report=report)
        except TrainingError as error:
            write_atomic(target, files.dumps(error.solution, **about))
            raise
        click.echo(f"wrote {target}", err=True)

    def _begin(self) -> tuple[Training, data_files.Data, dict[str, Any]]:
        from replica.machines.training.epochs import Settings, start

        if self.resume is None:
            options = dict(self.asked)
            visible, hidden, units = (options.pop(name) for name in ("visible", "hidden", "units"))
            settings, unit = Settings(**options), parse(visible)
            data = data_files.load(self.source, unit, threshold=self.threshold, key=self.key)
            about = {"data": self.source, "digest": data.digest, "image": data.image}
            return start(data.values, unit, parse(hidden), units, settings), data, about
        training, about = files.load_training(self.resume)
        self._check_same(training)
        data = data_files.load(self.source, training.rbm.visible, threshold=self.threshold, key=self.key)
        if about.get("digest", data.digest) != data.digest:
            before = about.get("data")
            message = (
                f"{self.resume} was trained on other data ({before}) and cannot go on with {self.source}"
            )
            raise ParameterError(message)
        return training, data, about

    def _check_same(self, training: Training) -> None:
        """Options given along with --resume may only repeat what the training began with."""
        rbm = training.rbm
        before = dataclasses.asdict(training.settings) | {
            "visible": rbm.visible.name,
            "hidden": rbm.hidden.name,
            "units": rbm.n_hidden,
        }
        for name in self.given:
            new = self.asked[name]
            if name in ("visible", "hidden"):
                new = parse(new).name
            if new != before[name]:
                option = "--" + name.replace("_", "-")
                message = (
                    f"{option} was {before[name]} when the training in {self.resume} began, and is {new} "
                    "now; leave it out to go on, or begin another training without --resume"
                )
                raise ParameterError(message)


# -- likelihood ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weighing:
    """A machine that is weighed."""

    machine: str
    source: str | None
    threshold: float | None
    key: str | None
    method: str
    runs: int
    steps: int
    seed: int

    def print(self, as_json: bool) -> None:
        """Print log Z, and the likelihood if there are data."""
        from replica.machines.inference.likelihood import likelihood, log_partition

        rbm = files.load(self.machine)
        data = _read(self.source, rbm, self.threshold, self.key)
        settings: dict[str, Any] = {"runs": self.runs, "steps": self.steps, "seed": self.seed}
        found = None if data is None else likelihood(rbm, data, self.method, **settings)
        log_Z = found.log_Z if found else log_partition(rbm, self.method, **settings)
        if as_json:
            told: dict[str, Any] = {"file": self.machine, "data": self.source, "reliable": log_Z.reliable}
            told |= {"log_Z": log_Z.value} | {k: v for k, v in vars(log_Z).items() if k != "value"}
            if found:
                told |= {
                    "log_likelihood": found.mean,
                    "spread": found.spread,
                    "pseudo_likelihood": found.pseudo,
                }
            print_json(told)
        else:
            samples = "" if data is None else f"; {len(data)} samples of {self.source}"
            click.echo(f"{self.machine}: {_describe(rbm)}{samples}\n")
            error = "exact" if log_Z.error == 0 else f"+- {number(log_Z.error, 2)}"
            rows = [("log Z", number(log_Z.value, 7), error, f"by {log_Z.method}")]
            if found:
                rows.append(("log-likelihood", number(found.mean, 5), error, "mean of ln P(v), in nats"))
                rows.append(
                    ("spread", number(found.spread, 2), "", "its standard error for a finite number of data")
                )
                rows.append(
                    ("pseudo-likelihood", number(found.pseudo, 5), "", "mean of sum ln P(v_i | others)")
                )
            if not math.isnan(log_Z.effective):
                rows.append(("effective", number(log_Z.effective, 3), "", f"runs out of {self.runs}"))
            if not math.isnan(log_Z.upper):
                rows.append(("forward", number(log_Z.lower, 7), "", "log Z of the runs towards the machine"))
                rows.append(("back", number(log_Z.upper, 7), "", "log Z of the runs from it"))
            print_table(rows)
        if log_Z.method in ("ais", "bridge") and not log_Z.reliable:
            message = "too few runs carry weight, or the two sides do not meet: take more --steps"
            raise ConvergenceError(message)


# -- sample, and pictures ------------------------------------------------------------------------------------


def _image(path: str, count: int) -> tuple[int, int]:
    """Height and width of a sample: those of the data, or a square if there is one, or a row."""
    shape = _about(path).get("image")
    if shape and shape[0] * shape[1] == count:
        return int(shape[0]), int(shape[1])
    side = math.isqrt(count)
    return (side, side) if side * side == count else (1, count)


@dataclass(frozen=True)
class Drawing:
    """Samples that are drawn from a machine."""

    machine: str
    count: int
    sweeps: int
    temper: int
    hottest: float
    seed: int

    def write(self, output: Path, look: Look) -> None:
        """Draw the samples, and write them as a picture or as numbers."""
        from replica.machines.inference.sampling import ParallelTempering, temperatures
        from replica.machines.models.rbm import BlockGibbs

        rbm = files.load(self.machine)
        if self.temper > 1 and not (1 < self.hottest < math.inf):
            message = f"--hottest {self.hottest:g} must be a number above 1, the temperature of the samples"
            raise ParameterError(message)
        if self.seed < 0:
            message = f"--seed {self.seed} must be a whole number >= 0"
            raise ParameterError(message)
        one, two = np.random.SeedSequence(self.seed).spawn(2)
        gibbs = BlockGibbs(rbm, self.count * self.temper, one)
        chains: Any = slice(None)
        if self.temper == 1:
            gibbs.sweep(self.sweeps)
        else:
            ladder = rbm.T * temperatures(1.0, self.hottest, self.temper)
            tempering = ParallelTempering(gibbs, ladder, two)
            tempering.step(self.sweeps)
            chains = tempering.at(0)
            lowest = number(float(np.min(tempering.swap_rates)), 2)
            click.echo(f"{self.temper} temperatures; exchanges accepted at least {lowest}", err=True)
        if output.suffix.lower() in (".npy", ".csv"):
            values = gibbs.visible[chains].astype(float)
            buffer = io.BytesIO()
            if output.suffix.lower() == ".npy":
                np.save(buffer, values)
            else:
                np.savetxt(buffer, values, delimiter=",", fmt="%.8g")
            write_atomic(output, buffer.getvalue())
            click.echo(f"wrote {output}", err=True)
            return
        means = rbm.visible_mean(gibbs.hidden[chains])
        shape = _image(self.machine, rbm.n_visible)
        settings = {"sweeps": self.sweeps, "temper": self.temper, "seed": self.seed}
        _paint(
            means.reshape(-1, *shape),
            f"Samples of {Path(self.machine).name}",
            False,
            self.machine,
            settings,
            output,
            look,
        )


def draw_weights(machine: str, output: Path, look: Look) -> None:
    """Draw the weights of each hidden unit as an image; those with the largest norms first, at most 100."""
    rbm = files.load(machine)
    order = np.argsort(-np.sum(rbm.weights**2, axis=0), kind="stable")[:100]
    tiles = rbm.weights.T[order].reshape(len(order), *_image(machine, rbm.n_visible))
    _paint(tiles, f"Weights of {Path(machine).name}", True, machine, {}, output, look)


def _paint(
    tiles: Any, title: str, signed: bool, machine: str, settings: dict[str, Any], output: Path, look: Look
) -> None:
    from phase_diagrams.draw import mosaic, save_figure

    made = mosaic(
        tiles, title if look.title is None else look.title, signed=signed, style=look.style, size=look.size
    )
    save_figure(made, output, {"machine": machine, **settings, **look.asked}, style=look.style, dpi=look.dpi)
    click.echo(f"wrote {output}", err=True)
