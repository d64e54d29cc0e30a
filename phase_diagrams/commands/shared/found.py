"""How a machine that was placed is told, by ``place`` and by ``diagnose``: rows, JSON, and a picture."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phase_diagrams.commands.shared.printing import number

if TYPE_CHECKING:
    from phase_diagrams.commands.shared.drawing import Look
    from phase_diagrams.placing.found import Estimate, Found

__all__ = ["draw", "measured", "modes", "short", "spectral_rows", "spectrum_rows", "told"]

DIGITS = 5
"""Significant digits: more than a finite matrix can tell."""

Row = tuple[str, ...]


def short(value: Any) -> str:
    """A number of a finite machine, or a dash."""
    return number(value, DIGITS)


def measured(one: Estimate) -> str:
    """A number to the second digit of its error; without one if it is given rather than estimated, or NaN.

    Examples
    --------
    >>> from phase_diagrams.placing.found import Estimate
    >>> measured(Estimate(-0.009155, 0.0512)), measured(Estimate(1234.5, 260.0)), measured(Estimate(0.25))
    ('-0.009 +- 0.051', '1230 +- 260', '0.25')
    """
    if not 0 < one.error < math.inf:
        return number(one.value, 4)
    value = round(one.value, 1 - math.floor(math.log10(one.error)))
    return f"{number(value)} +- {number(float(f'{one.error:.2g}'))}"


def inverse(value: float) -> float:
    """1/value, and infinity for 0."""
    return 1 / value if value else math.inf


def spectrum_rows(found: Found, *, errors: bool) -> list[Row]:
    """Noise and modes of the weights, in the variables of the diagram."""
    seen = found.spectrum
    if seen is None:
        return []
    bulk = min(seen.visible, seen.hidden) - len(seen.modes)
    sigma = measured(seen.noise) if errors else short(seen.sigma)
    return [
        ("sigma", sigma, f"width of the noise{_variables(found)}; 1/sigma = {short(inverse(seen.sigma))}"),
        ("edge", short(seen.edge), f"of Marchenko-Pastur; {bulk} singular values of noise"),
        ("largest", short(seen.largest), "singular value among them"),
        ("distance", short(seen.distance), "of their distribution from Marchenko-Pastur (Kolmogorov)"),
        ("modes", str(len(seen.modes)), "singular values outside"),
    ]


def _variables(found: Found) -> str:
    """How weights are counted, where that is not as the file has them."""
    before, after = found.rbm, found.compared
    changed = any(
        getattr(before, layer).name != getattr(after, layer).name for layer in ("visible", "hidden")
    )
    units = "0, 1" if found.sparse else "-1, +1"
    told = [f"units {units}"] if changed else []
    told += [f"T = {before.T:g} as 1"] if after.T != before.T else []
    return f" ({', '.join(told)})" if told else ""


def spectral_rows(found: Found, *, given: bool = False) -> list[Row]:
    """The law of the components, and the state; `given` says whether the law was."""
    placed = found.spectral
    if placed is None:
        return []
    nearest = f"the nearest to their kurtosis {placed.kurtosis:.2f}" if placed.strengths else "by default"
    how = "as given" if given else nearest
    if placed.p is not None:
        how += f", p = {short(placed.p)}"
    rows: list[Row] = [("law", placed.law, f"of the components of the modes, {how}")]
    if placed.state is not None:
        rows += [
            ("w_c", short(placed.state["w_c"]), "strength above which a further mode condenses"),
            ("replicon", short(placed.state.replicon), "positive where replica symmetry is stable"),
        ]
    return rows


def modes(found: Found) -> Sequence[Row]:
    """A table of the modes, if there are any."""
    seen, placed = found.spectrum, found.spectral
    if seen is None or not seen.modes:
        return []
    condensed = placed.condensed if placed else (None,) * len(seen.modes)
    head = ("mode", "singular value", "w", "w/sigma", "kurtosis u", "kurtosis v", "condensed")
    return [head] + [
        (
            str(i),
            short(mode.value),
            short(mode.w),
            short(mode.w * inverse(seen.sigma)),
            f"{mode.kurtosis_u:.2f} +- {mode.error_u:.2f}",
            f"{mode.kurtosis_v:.2f} +- {mode.error_v:.2f}",
            "-" if here is None else "yes" if here else "no",
        )
        for i, (mode, here) in enumerate(zip(seen.modes, condensed, strict=True), start=1)
    ]


def told(found: Found) -> dict[str, Any]:
    """What the spectral diagram says, as JSON has it."""
    placed = found.spectral
    state = placed.state if placed else None
    return {
        "law": placed.law if placed else None,
        "p": placed.p if placed else None,
        "kurtosis": placed.kurtosis if placed else None,
        "w_c": None if state is None else state["w_c"],
        "replicon": None if state is None else state.replicon,
    }


def draw(found: Found, output: Path, look: Look, **about: Any) -> None:
    """Draw the machine on its phase diagram; `about` goes to the provenance."""
    from phase_diagrams.catalogue.placed import placed
    from phase_diagrams.commands.shared.drawing import paint

    diagram = placed(found)
    paint(dataclasses.replace(diagram, provenance={**diagram.provenance, **about}), output, look)
