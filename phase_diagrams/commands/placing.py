"""What ``place`` says about a weight matrix, and how it draws it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.printing import number, print_json, print_table
from replica.errors import ParameterError

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look
    from phase_diagrams.placement import Placement

__all__ = ["Report"]

DIGITS = 5
"""Significant digits: more than a finite matrix can tell."""
NAMED = 5
"""Modes that are numbered in the figure."""


@dataclass(frozen=True)
class Report:
    """A weight matrix on the phase diagram; `given` says whether its law was."""

    source: str
    placed: Placement
    given: bool

    def print(self, as_json: bool) -> None:
        """Print the answer."""
        if as_json:
            self.print_json()
            return
        found, state = self.placed.spectrum, self.placed.state
        bulk = min(found.visible, found.hidden) - len(found.modes)
        nearest = f"the nearest to their kurtosis {self.placed.kurtosis:.2f}" if found.modes else "by default"
        how = "as given" if self.given else nearest
        if self.placed.p is not None:
            how += f", p = {_short(self.placed.p)}"
        click.echo(f"{self.source}: {found.visible} visible, {found.hidden} hidden units\n")
        rows = [
            ("kappa", _short(found.kappa), "hidden units per visible unit"),
            ("sigma", _short(found.sigma), f"width of the noise; 1/sigma = {_short(_inverse(found.sigma))}"),
            ("edge", _short(found.edge), f"of Marchenko-Pastur; {bulk} singular values of noise"),
            ("largest", _short(found.largest), "singular value among them"),
            ("distance", _short(found.distance), "of their distribution from Marchenko-Pastur (Kolmogorov)"),
            ("modes", str(len(found.modes)), "singular values outside"),
            ("law", self.placed.law, f"of the components of the modes, {how}"),
            ("phase", self.placed.phase, "at T = 1"),
        ]
        if state is not None:
            rows += [
                ("w_c", _short(state["w_c"]), "strength above which a further mode condenses"),
                ("replicon", _short(state.replicon), "positive where replica symmetry is stable"),
            ]
        print_table([(name, value.ljust(8), text) for name, value, text in rows])
        if found.modes:
            click.echo()
            self.print_modes()

    def print_modes(self) -> None:
        """Print a table of the modes."""
        rows: list[tuple[str, ...]] = [
            ("mode", "singular value", "w", "w/sigma", "kurtosis u", "kurtosis v", "condensed")
        ]
        sigma = self.placed.spectrum.sigma
        for i, (mode, condensed) in enumerate(
            zip(self.placed.spectrum.modes, self.placed.condensed, strict=True), start=1
        ):
            rows.append(
                (
                    str(i),
                    _short(mode.value),
                    _short(mode.w),
                    _short(mode.w * _inverse(sigma)),
                    f"{mode.kurtosis_u:.2f} +- {mode.error_u:.2f}",
                    f"{mode.kurtosis_v:.2f} +- {mode.error_v:.2f}",
                    "yes" if condensed else "no",
                )
            )
        print_table(rows)

    def print_json(self) -> None:
        """Print the JSON object."""
        placed, found = self.placed, self.placed.spectrum
        state = placed.state
        modes = [
            {**dataclasses.asdict(mode), "condensed": condensed}
            for mode, condensed in zip(found.modes, placed.condensed, strict=True)
        ]
        told: dict[str, Any] = {"file": self.source, "visible": found.visible, "hidden": found.hidden}
        told |= {name: getattr(found, name) for name in ("kappa", "sigma", "edge", "largest", "distance")}
        told |= {"law": placed.law, "p": placed.p, "kurtosis": placed.kurtosis, "phase": placed.phase}
        told |= {
            "w_c": None if state is None else state["w_c"],
            "replicon": None if state is None else state.replicon,
        }
        print_json(told | {"modes": modes})

    def draw(self, output: Path, look: Look) -> None:
        """Draw the modes into the phase diagram of their law."""
        from phase_diagrams.catalogue.spectral_rbm import panel
        from phase_diagrams.commands.shared.drawing import paint
        from phase_diagrams.diagram import Point

        found = self.placed.spectrum
        if not found.sigma:
            message = f"{self.source} has no noise: 1/sigma is infinite and cannot be drawn; leave -o out"
            raise ParameterError(message)
        x = 1 / found.sigma
        heights = [mode.w * x for mode in found.modes]
        diagram = panel(
            self.placed.law,
            self.placed.p,
            kappa=found.kappa,
            T_max=max(2.0, 1.25 * x),
            w_max=max(3.0, 1.15 * max(heights, default=0.0)),
        )
        points = [  # the names of more modes would cover each other
            Point(f"mode {i}", f"{i}" if i <= NAMED else "", x, height)
            for i, height in enumerate(heights, start=1)
        ]
        points = points or [Point("no mode", "no mode", x, 0.0)]
        origin = {**diagram.provenance, "weights": self.source}
        title = f"{Path(self.source).name}, {diagram.title.lower()}"
        paint(
            dataclasses.replace(diagram, title=title, points=[*diagram.points, *points], provenance=origin),
            output,
            look,
        )


def _inverse(value: float) -> float:
    return 1 / value if value else math.inf


def _short(value: Any) -> str:
    return number(value, DIGITS)
