"""The machine of a fully connected model: a sample of its layers, couplings and patterns at size N.

It needs no table: what a model file, or a theory made of ingredients, says of itself is what is drawn. Names
of observables are those of the theory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from phase_diagrams.simulating.machines import (
    MACHINES,
    OK,
    UNFINISHED,
    Machine,
    Values,
    beside,
    memory,
    stream,
)
from replica.errors import ParameterError
from replica.functional.fully_connected import FullyConnected
from replica.functional.laws import law
from replica.machines import runs
from replica.machines.models.layered import Direction, Layout
from replica.solving import Solution, solve
from replica.theory import Theory

__all__ = ["machine_of"]

GLASS, HIGHER = (64, 96, 128), (32, 48, 64)
"""Sizes where units act on each other within a layer, and where three or more act on each other."""


def machine_of(kind: type[Theory], branch: str | None = None) -> Machine:
    """The machine that stands beside a theory: its own, or the one that its model describes.

    Parameters
    ----------
    kind : type of Theory
    branch : str, optional
        Of a model: the state at which the machine starts; by default the first one that has a solution.

    Raises
    ------
    ParameterError
        If there is none.

    Examples
    --------
    >>> from replica.functional import Coupling, Layer, Model, theory_of
    >>> pairs = Coupling("spins spins", "1/2")
    >>> glass = Model("my-glass", layers=[Layer("spins")], couplings=[pairs])
    >>> found = machine_of(theory_of(glass), "paramagnet")
    >>> values, ended = found.sample({"T": 2.0}, 100, 50, number=0, seed=1)
    >>> print(f"{values['energy']:.2f}", ended == OK)  # -1/(2 T)
    -0.25 True
    """
    named = {name for one in MACHINES.values() for name in one.theories}
    if kind.name in named and "made" not in vars(kind):
        return beside(kind.name)
    if issubclass(kind, FullyConnected):
        return _OfModel(kind, branch)
    msg = (
        f"{kind.name} has no machine: it is a theory by its equations, which do not say what to simulate. "
        "One follows from a model of layers, couplings and patterns (`replica new network.toml`)"
    )
    raise ParameterError(msg)


@dataclass(frozen=True)
class _OfModel(Machine):
    """Retrieval from the state without noise; paramagnets from random units; glasses tempered.

    Parameters
    ----------
    kind : type of FullyConnected
    branch : str, optional
        At which it starts; by default the first one that has a solution.
    """

    kind: type[FullyConnected]
    branch: str | None = None
    rooms: ClassVar[tuple[str, ...]] = (*Machine.rooms, "functional")
    told: ClassVar[Mapping[str, str]] = {
        **memory("energy"),
        "swaps": "smallest rate of swaps between neighbouring temperatures",
        "trips": "round trips between the lowest temperature and the highest",
    }

    @property
    def name(self) -> str:  # type: ignore[override]
        """That of the theory."""
        return self.kind.name

    @property
    def text(self) -> str:  # type: ignore[override]
        """What is simulated."""
        return "heat bath of two chains, layer by layer; single moves to a minimum at T = 0; glasses tempered"

    @property
    def made(self) -> str:  # type: ignore[override]
        """What tells it from another machine of that name."""
        return f"{self.kind.model!r}, branch {self.branch}"

    @property
    def theories(self) -> tuple[str, ...]:  # type: ignore[override]
        """None of the table."""
        return ()

    @property
    def called(self) -> tuple[str, ...]:
        """No other names."""
        return ()

    @property
    def parameters(self) -> Mapping[str, float | None]:  # type: ignore[override]
        """Those of the theory."""
        return {
            name: None if about.required else about.default for name, about in self.kind.parameters().items()
        }

    @property
    def branches(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the theory, in its order."""
        return tuple(self.kind.branches)

    @property
    def sizes(self) -> tuple[int, ...]:  # type: ignore[override]
        """Smaller where units are drawn one after the other."""
        plan = self.kind.structure
        if any(len(layers) > 2 for layers in plan.couplings):
            return HIGHER
        rough = Layout(
            [],
            [],
            [],
            [(layers, 1.0) for layers in plan.couplings],
            [Direction(s, *_NONE) for s in _layers(plan)],
            [(patterns, 1.0) for patterns in plan.energies],
        )
        return GLASS if any(rough.alone(s) for s in plan.layers) else (250, 500, 1000)

    # -- samples ---------------------------------------------------------------------------------------

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values = super().complete(given)
        self._theory(values)  # checks their domains
        return values

    def _theory(self, parameters: Mapping[str, Any]) -> FullyConnected:
        fields = self.kind.parameters()
        return self.kind(
            **{name: int(value) if fields[name].integer else value for name, value in parameters.items()}
        )

    def _branch(self, theory: FullyConnected) -> str:
        return self.branch or _first(theory)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        plan, model = self.kind.structure, self.kind.model
        found = {one.name: f"overlap of {one.layer} with the pattern {one.name}" for one in model.patterns}
        hot = bool(self._theory(parameters).parts.T > 0)
        for s, layer in enumerate(model.layers):
            two = "overlap of two chains" if hot else "mean square"
            found[plan.overlaps[s]] = f"{two} of the units of {layer.name}"
            if hot:
                found[plan.responses[s]] = f"response of the units of {layer.name}, their variance over T"
        return found | {"energy": "energy per N"}

    def require(self, parameters: Mapping[str, Any], N: int) -> None:
        runs.layered_check(N, **{name: self._setup(parameters)[name] for name in ("layout", "T", "along")})

    def sample(
        self, parameters: Mapping[str, Any], N: int, sweeps: int, number: int, seed: int
    ) -> tuple[Values, int]:
        theory, setup, plan = self._theory(parameters), self._setup(parameters), self.kind.structure
        found = runs.layered_run(N, sweeps, stream(self.name, parameters, N, number, seed), **setup)
        values = dict(zip((one.name for one in self.kind.model.patterns), found["m"], strict=True))
        for letter, names in (("q", plan.overlaps), ("C", plan.responses)):
            values |= dict(zip(names, found[letter], strict=True)) if letter in found else {}
        values["energy"] = found["energy"] + self._constant(theory, setup["layout"].counts(N), N)
        values |= {name: found[name] for name in self.told}
        fine = all(math.isfinite(values[name]) for name in self.observables(parameters))
        return values, OK if fine else UNFINISHED

    def _setup(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of `runs.layered_run`."""
        theory = self._theory(parameters)
        branch = self._branch(theory)
        return {
            "layout": layout_of(theory),
            "T": float(theory.parts.T),
            "along": self._along(theory, branch),
            "temper": branch == "glass" and self.kind.phases.even,
            "absolute": self._mirrored(theory, branch),
        }

    def _along(self, theory: FullyConnected, branch: str) -> list[float] | None:
        """The patterns from which the machine starts on a branch."""
        patterns = self.kind.model.patterns
        if branch in theory.own_starts:
            given = {name: float(theory.parts.number(value)) for name, value in theory.own_starts[branch]}
            along = [given.get(one.name, 0.0) for one in patterns]
            return along if any(along) else None
        some = self.kind.phases.retrieved.get(branch)
        return None if some is None else [float(k in some) for k in range(len(patterns))]

    def _mirrored(self, theory: FullyConnected, branch: str) -> bool:
        """Whether all units may change sign together, so that a glass has two states for one."""
        parts = theory.parts
        return (
            branch == "glass"
            and self.kind.phases.even
            and all(len(one) % 2 == 0 for one in (*parts.couplings, *parts.energies))
        )

    def _constant(self, theory: FullyConnected, counts: tuple[int, ...], N: int) -> float:
        """What the energy of the theory has besides H: the offset, and less T/2 for each normalised unit."""
        parts, layers = theory.parts, self.kind.model.layers
        measure = sum(count for count, layer in zip(counts, layers, strict=True) if layer.normalised)
        return float(parts.number(theory.model.offset) - measure / N * parts.T / 2)

    # -- beside the theory -----------------------------------------------------------------------------

    def compared(self, theory: Theory) -> dict[str, str]:
        """Everything; in a glass that may change its sign only the energy, which all its states share."""
        assert isinstance(theory, FullyConnected)
        if self._mirrored(theory, self._branch(theory)):
            return {"energy": "energy"}
        return super().compared(theory)

    def power(self, state: Solution) -> float:
        """As of a Sherrington-Kirkpatrick glass, N^(-2/3), where a glass of pairs may change its sign."""
        assert isinstance(state.theory, FullyConnected)
        pairs = all(len(layers) == 2 for layers in state.theory.parts.couplings)
        return 2 / 3 if pairs and self._mirrored(state.theory, self._branch(state.theory)) else 1.0

    def resolution(self, theory: Theory, N: int) -> dict[str, float]:
        """One unit of a layer, by 2: spins."""
        assert isinstance(theory, FullyConnected)
        plan, sizes = self.kind.structure, theory.parts.sizes
        step = {
            name: 2 / (N * float(size)) for name, size in zip(plan.overlaps, sizes, strict=True) if size > 0
        }
        for pattern in self.kind.model.patterns:
            step[pattern.name] = step[plan.overlaps[self.kind.model.layer_index[pattern.layer]]]
        return step


_NONE = (np.zeros(1), np.zeros(1), np.ones(1))


def _layers(plan: Any) -> list[int]:
    """The layer of each pattern."""
    place = {k: s for s, on in enumerate(plan.on) for k in on}
    return [place[k] for k in sorted(place)]


@lru_cache(maxsize=4096)
def _first(theory: FullyConnected) -> str:
    """The first branch of a theory that has a solution; the last one where none has."""
    *others, last = theory.branches
    for name in others:
        if solve(theory, name, throw=False).success:
            return name
    return last


def layout_of(theory: FullyConnected) -> Layout:
    """What the machine of a model is made of, at one point of its parameters."""
    parts, model = theory.parts, theory.model
    directions = []
    for s, pattern in zip(_layers(theory.structure), model.patterns, strict=True):
        known = law(pattern.law, **{name: parts.number(value) for name, value in pattern.settings})
        (shift,), (variance,), (norm,) = known.shift, known.variance, known.norm
        directions.append(
            Direction(s, np.array(shift), np.array(variance), np.array(known.weight), float(norm))
        )
    return Layout(
        [layer.name for layer in model.layers],
        parts.units,
        [float(size) for size in parts.sizes],
        [(layers, float(v)) for layers, v in zip(parts.couplings, parts.variances, strict=True)],
        directions,
        [(patterns, float(v)) for patterns, v in zip(parts.energies, parts.strengths, strict=True)],
    )
