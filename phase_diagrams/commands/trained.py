"""What the commands about trained machines ask for, and what their answers look like."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    from phase_diagrams.diagnosis import Diagnosis, Measured
    from replica.machines.training.epochs import Training

__all__ = ["Drawing", "Finding", "Lesson", "Weighing", "draw_weights"]


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


def _warn(doubt: str) -> None:
    if doubt:
        click.echo(f"Warning: {doubt}", err=True)


WEIGHED = 2000
"""Samples that tell whether a machine has learned more than the means of the data."""


def _untrained(rbm: RBM, values: Any) -> str:
    """Says that a machine knows of no correlations; empty where it does, or where its score has no ln Z."""
    from replica.machines.inference.likelihood import independent_score, no_better, pseudo_likelihood

    if not rbm.visible.discrete:
        return ""
    score = float(np.mean(pseudo_likelihood(rbm, values)))
    return no_better("pseudo-likelihood", score, independent_score(rbm.visible, values))


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
            trained = train(training, data.values, epochs, report=report)
        except TrainingError as error:
            write_atomic(target, files.dumps(error.solution, **about))
            raise
        click.echo(f"wrote {target}", err=True)
        _warn(_untrained(trained.rbm, data.values[:WEIGHED]))

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
            told: dict[str, Any] = {
                "file": self.machine,
                "data": self.source,
                "reliable": log_Z.reliable,
                "doubt": log_Z.doubt,
            }
            told |= {"log_Z": log_Z.value} | {k: v for k, v in vars(log_Z).items() if k != "value"}
            if found:
                told |= {
                    "log_likelihood": found.mean,
                    "spread": found.spread,
                    "pseudo_likelihood": found.pseudo,
                    "independent_units": found.independent,
                    "warning": found.doubt,
                }
            print_json(told)
        else:
            samples = "" if data is None else f"; {len(data)} samples of {self.source}"
            click.echo(f"{self.machine}: {_describe(rbm)}{samples}\n")
            error = "exact" if log_Z.method == "exact" else ""
            error = f"+- {number(log_Z.error, 2)}" if log_Z.error > 0 else error
            rows = [("log Z", number(log_Z.value, 7), error, f"by {log_Z.method}")]
            if found:
                words = "mean of ln P(v), in nats"
                if math.isnan(found.mean):
                    error, words = "", f"{words}: it would be above 0, which is impossible"
                rows.append(("log-likelihood", number(found.mean, 5), error, words))
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
            if not math.isnan(log_Z.bound):
                rows.append(("bound", number(log_Z.bound, 7), "", "log Z is at least that, by mean field"))
            print_table(rows)
        if found and not as_json:
            _warn(found.doubt)
        if log_Z.doubt:
            message = f"{log_Z.doubt}; take more --steps, or give --data where the weight may be"
            raise ConvergenceError(message)


# -- diagnose ------------------------------------------------------------------------------------------------


SHOWN = 5
"""Modes of a spectrum that are listed, the strongest."""


@dataclass(frozen=True)
class Finding:
    """A machine that is diagnosed."""

    machine: str
    source: str | None
    threshold: float | None
    key: str | None
    draws: int

    @cached_property
    def rbm(self) -> RBM:
        """The machine."""
        return files.load(self.machine)

    @cached_property
    def found(self) -> Diagnosis:
        """The diagnosis."""
        from phase_diagrams.diagnosis import diagnose

        data = _read(self.source, self.rbm, self.threshold, self.key)
        return diagnose(self.rbm, data, draws=self.draws)

    def print(self, as_json: bool) -> None:
        """Print the diagnosis."""
        if as_json:
            self._print_json()
            return
        from phase_diagrams.diagnosis import PHASES

        found = self.found
        click.echo(f"{self.machine}: {_describe(self.rbm)}\n")
        phase = found.phase or "-"
        rows = [("phase", phase, PHASES.get(phase, "there is no diagram for these units"))]
        if found.diagram:
            rows.append(("diagram", found.diagram, f"its theory: replica show {found.diagram}"))
            rows.append(
                (
                    "certainty",
                    number(found.certainty, 2),
                    "share of machines drawn within the errors that are in the same phase",
                )
            )
        rows.append(("alpha", number(found.alpha, 4), "hidden units per visible unit"))
        rows += self._sparse() + self._spectral() + self._observed()
        print_table(rows)
        for head, sentences in (("disagreements", found.disagreements), ("advice", found.advice)):
            if sentences:
                click.echo(f"\n{head}")
                for sentence in sentences:
                    click.echo(f"  {sentence}")

    def draw(self, output: Path, look: Look) -> None:
        """Draw the machine on its phase diagram."""
        from phase_diagrams.commands.drawing import paint
        from phase_diagrams.position import position

        diagram = position(self.found)
        about = {"machine": self.machine, "data": self.source}
        paint(dataclasses.replace(diagram, provenance={**diagram.provenance, **about}), output, look)

    def _sparse(self) -> list[tuple[str, str, str]]:
        sparse = self.found.sparse
        if sparse is None:
            return []
        from phase_diagrams.diagnosis import Measured

        l, m, q = map(Measured, (sparse.l, sparse.m, sparse.q), sparse.errors)
        strong = Measured(l.value / sparse.p.value, l.error / sparse.p.value)
        return [
            (
                "p",
                _measured(sparse.p),
                f"sparsity of the weights; the p_i spread by {number(sparse.p.spread, 2)}",
            ),
            ("A", number(sparse.amplitude, 4), "size of the weights, in units of 1/sqrt(N)"),
            ("theta", _measured(sparse.theta), "scaled threshold of the hidden units, theta/(A sqrt(p))"),
            ("g", _measured(sparse.g), "scaled field on the visible units, g/(A^2 p)"),
            ("T", _measured(sparse.T), "scaled temperature"),
            ("l*", _measured(l), "p times the number of strong hidden units, by theory"),
            ("l*/p", _measured(strong), "that number itself, at the p of this machine"),
            ("m", _measured(m), "overlap of the strong units with the visible ones, by theory"),
            ("q", _measured(q), "activity of the visible units, by theory"),
        ]

    def _spectral(self) -> list[tuple[str, str, str]]:
        found = self.found.placement.spectrum if self.found.placement else self.found.spectrum
        if found is None:
            return []
        from phase_diagrams.diagnosis import Measured, spectral_errors

        law = self.found.placement.law if self.found.placement else "rademacher"
        noise, strengths = spectral_errors(found, law)
        units = " (units -1, +1)" if self.found.placement else ""
        largest = found.modes[0].value if found.modes else found.largest
        rows = [
            ("sigma", _measured(Measured(found.sigma, noise)), f"width of the noise in the weights{units}"),
            ("edge", number(found.edge, 4), "largest singular value of noise alone (Marchenko-Pastur)"),
            ("largest", number(largest, 4), "largest singular value of the weights"),
            ("modes", str(len(found.modes)), "singular values beyond the edge and its fluctuations"),
        ]
        if self.found.placement:
            for i, (mode, error) in enumerate(zip(found.modes[:SHOWN], strengths, strict=False), start=1):
                about = f"strength of mode {i}, the noise removed"
                rows.append((f"w {i}", _measured(Measured(mode.w, error)), about))
            condensed = sum(self.found.placement.condensed)
            rows.append(("condensed", str(condensed), "modes with an overlap in the state of lowest energy"))
        return rows

    def _observed(self) -> list[tuple[str, str, str]]:
        seen = self.found.observed
        if seen is None:
            return []
        rows = [("L", _measured(seen.L), "PR_3 of the hidden units given the data: strongly active ones")]
        if self.found.sparse:
            l = seen.L.value * self.found.sparse.p.value
            rows.append(("L p", number(l, 3), "to be compared with l* of theory"))
            rows.append(
                (
                    "strong",
                    number(seen.strong, 3),
                    f"hidden units with a clear overlap, m = {number(seen.m, 2)}",
                )
            )
        rows.append(("activity", _measured(seen.q), "of the visible units in the data"))
        if seen.phase:
            rows.append(("seen", seen.phase, "phase by the look of the hidden units"))
        return rows

    def _print_json(self) -> None:
        found = self.found
        told: dict[str, Any] = {"file": self.machine, "data": self.source, "alpha": found.alpha}
        told |= {"phase": found.phase, "diagram": found.diagram, "certainty": found.certainty}
        for name in ("sparse", "spectrum", "observed"):
            part = getattr(found, name)
            told[name] = None if part is None else dataclasses.asdict(part)
        told["condensed"] = None if found.placement is None else list(found.placement.condensed)
        print_json(told | {"disagreements": list(found.disagreements), "advice": list(found.advice)})


def _measured(one: Measured) -> str:
    known = one.error > 0  # neither 0, given rather than estimated, nor NaN
    return f"{number(one.value, 4)} +- {number(one.error, 2)}" if known else number(one.value, 4)


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
