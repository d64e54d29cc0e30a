"""What a model declares where its author did not: branches, lines, limit, critical value, symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.functional.model import Model, raised
from replica.functional.passes import Ingredients
from replica.functional.structure import structure_of
from replica.theory.boundaries import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Optimum,
    Phase,
    Zero,
)

__all__ = ["Phases", "phases_of"]

TESTS = ("stability", "log_rho", "replicon", "condensation", "free_energy", "energy", "entropy")
"""What may vanish on a line."""


@dataclass(frozen=True)
class Phases:
    """Declarations of the theory of a model.

    Attributes
    ----------
    retrieved : dict of str to tuple of int
        The patterns that are retrieved in a branch, by its name.
    even : bool
        Whether there is a state without any overlap: all units are symmetric, no coupling is linear.
    branches, lines, limit, critical, symmetry
        As `Theory` has them.
    """

    retrieved: dict[str, tuple[int, ...]]
    even: bool
    branches: dict[str, Branch]
    lines: dict[str, Boundary]
    limit: Limit | None
    critical: Critical | None
    symmetry: tuple[str, ...]

    @property
    def felt(self) -> set[int]:
        """The patterns that feel themselves; what the others do follows from the state."""
        return set().union(*self.retrieved.values())


@cache
def phases_of(model: Model) -> Phases:
    """The declarations of a model: its own, and the default ones."""
    plan = structure_of(model)
    parts = _generic(model)
    symmetric = [False] * len(model.layers) if parts is None else [unit.symmetric for unit in parts.units]
    even = all(symmetric) and 1 not in map(len, plan.couplings)
    glassy = plan.lowest >= 2 or max(map(len, plan.couplings), default=0) >= 2
    retrieved = _retrieved(model)
    branches: dict[str, Branch] = {}
    for name, patterns in retrieved.items():
        told = " and ".join(model.patterns[k].name for k in patterns)
        branches[name] = Branch(f"{told} > 0: retrieved, or magnetised along it")
    if glassy:
        branches["glass"] = Branch("spin glass: no pattern is retrieved, the largest q")
    nothing = "q = 0: no unit knows where to point" if even else "no pattern is retrieved, the smallest q"
    branches["paramagnet"] = Branch(nothing, explicit=even)
    branches |= {one.name: Branch(one.text or one.name) for one in model.branches}
    limit = model.limit or (next(iter(model.quiet), None) if retrieved else None)
    lines = _lines(model, retrieved, even=even, glassy=glassy)
    for name, line in model.lines:
        for branch in _branches(line):
            if branch not in branches:
                msg = f"branch of the line {name} of {model.name}"
                raise UnknownNameError(msg, branch, branches)
        if isinstance(line, Zero) and line.test not in TESTS:
            msg = f"test of the line {name} of {model.name}"
            raise UnknownNameError(msg, line.test, TESTS)
        if isinstance(line, Optimum) and line.over not in model.names:
            msg = f"parameter of the line {name} of {model.name}"
            raise UnknownNameError(msg, line.over, model.names)
        lines[name] = line
    if model.critical is not None and model.critical.boundary not in lines:
        msg = f"line, given as critical of {model.name},"
        raise UnknownNameError(msg, model.critical.boundary, lines)
    return Phases(
        retrieved,
        even,
        branches,
        lines,
        None if limit is None else Limit(limit),
        model.critical or _critical(model, limit, lines),
        _symmetry(model, parts, symmetric),
    )


def _branches(line: Boundary) -> list[str]:
    """The branches that a line is about."""
    if isinstance(line, Fold):
        return [line.branch]
    phases = [line.first, line.second] if isinstance(line, Coexistence) else [line.phase]
    return [phase.branch for phase in phases]


def _retrieved(model: Model) -> dict[str, tuple[int, ...]]:
    """Branches in which patterns are retrieved: one for each group that feels itself, and one for all."""
    felt = {
        model.patterns[k].name
        for members in structure_of(model).energies
        if len(members) > 1
        for k in members
    }
    groups = [group for group in model.groups if any(model.patterns[k].name in felt for k in group)]
    if len(groups) == 1:
        return {"retrieval": groups[0]}
    found = {f"retrieval-{model.patterns[group[0]].name}": group for group in groups}
    if groups:
        found["mixture"] = tuple(sorted(k for group in groups for k in group))
    return found


def _lines(
    model: Model, retrieved: dict[str, tuple[int, ...]], *, even: bool, glassy: bool
) -> dict[str, Boundary]:
    lowest = structure_of(model).lowest
    lines: dict[str, Boundary] = {}
    for name in retrieved:
        if name == "mixture":
            continue
        tail = name.removeprefix("retrieval")
        lines[f"spinodal{tail}"] = Fold(name)
        others = ["glass", "paramagnet"] if glassy else ["paramagnet"]
        lines[f"first-order{tail}"] = Coexistence(Phase(name), Phase(others[0]))
        if others[1:]:
            lines[f"first-order-paramagnet{tail}"] = Coexistence(Phase(name), Phase(others[1]))
    if glassy and even and lowest == 2:
        lines["glass"] = Zero(Phase("paramagnet"), "log_rho", text="spin glass order sets in")
    elif glassy and lowest > 2:
        lines["glass"] = Fold("glass")
    if retrieved and even:
        text = "overlaps with patterns grow out of the "
        lines["condensation"] = Zero(Phase("paramagnet"), "condensation", text=text + "paramagnet")
        if glassy:
            lines["condensation-in-glass"] = Zero(Phase("glass"), "condensation", text=text + "spin glass")
    for name in retrieved:
        if glassy and name != "mixture":
            text = "replica symmetry breaks where a pattern is retrieved (replicon = 0)"
            lines[f"stability{name.removeprefix('retrieval')}"] = Zero(
                Phase(name), "log_rho", "stability", text=text
            )
    if glassy and not retrieved and not even:
        lines["stability"] = Zero(
            Phase("glass"), "log_rho", "stability", text="replica symmetry breaks (replicon = 0)"
        )
    return lines


def _critical(model: Model, limit: str | None, lines: dict[str, Boundary]) -> Critical | None:
    spinodal = next((name for name in lines if name.startswith("spinodal")), None)
    heat = model.temperature.text
    if limit not in (None, heat) and spinodal is not None:
        symbol = f"{limit}_c"
        return Critical(limit, spinodal, symbol, f"largest {limit} at which a pattern is retrieved")
    for name, symbol, text in (
        ("glass", "T_g", "temperature below which there is spin glass order"),
        ("condensation", "T_c", "temperature below which a pattern is retrieved"),
        ("spinodal", "T_M", "highest temperature at which a pattern is retrieved"),
        ("stability", "T_AT", "temperature below which replica symmetry is broken"),
    ):
        if name in lines and heat in model.names:
            return Critical(heat, name, symbol if heat == "T" else f"{heat}_c", text, highest=True)
    return None


def _symmetry(model: Model, parts: Ingredients | None, symmetric: list[bool]) -> tuple[str, ...]:
    """Order parameters, and fields on them, that may change sign together."""
    if parts is None or not model.patterns:
        return ()
    fields = []
    for energy in model.energies:
        if any(raised(entry)[1] in model.powers for entry in energy.patterns):  # even or odd
            return ()
        if len(energy.patterns) % 2:
            if energy.strength.text not in model.names or len(energy.patterns) != 1:
                return ()
            fields.append(energy.strength.text)
    for s, on in enumerate(parts.structure.on):
        if on and not symmetric[s] and not parts.laws[s].even:
            return ()
    return (*(pattern.name for pattern in model.patterns), *dict.fromkeys(fields))


def _generic(model: Model) -> Ingredients | None:
    """The model at parameters of no special value; None if there are none where it makes sense."""
    values: dict[str, Any] = {}
    for i, about in enumerate(model.parameters):
        low, high = (float(np.clip(end, about.lower, about.upper)) for end in about.typical)
        value = low + (0.37 + 0.0113 * i) * (high - low) if high > low else low
        values[about.name] = round(value) if about.integer else value
    try:
        parts = Ingredients(model, values)
        _ = parts.laws
    except ParameterError:
        return None
    return parts
