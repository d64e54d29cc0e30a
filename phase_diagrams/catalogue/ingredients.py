"""Theories that are only ingredients: the automatic diagram of each, in a plane that shows its phases."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from phase_diagrams.diagram import PhaseDiagram
from phase_diagrams.mapping.automatic import automatic_diagram
from replica.theories import THEORIES
from replica.theory import Theory

__all__ = ["PLANES", "Plane"]

GROWS = ("glass", "condensation", "condensation-in-glass", "stability")
"""Lines where overlaps with a pattern grow from zero, and nothing jumps."""


@dataclass(frozen=True)
class Plane:
    """A plane of a theory, as a figure.

    Attributes
    ----------
    name : str
        Of the figure.
    about : str
        One line for people.
    theory : str
    title : str
    x, y : (str, float, float)
        The parameters that vary, and their limits.
    at : mapping of str to float
        Values of the others.
    lines : tuple of str
        The lines that are traced; those of the theory if empty.
    """

    name: str
    about: str
    theory: str
    title: str
    x: tuple[str, float, float]
    y: tuple[str, float, float]
    at: Mapping[str, float]
    lines: tuple[str, ...] = ()

    @property
    def point(self) -> Theory:
        """The theory in the middle of the plane."""
        middle = {name: (low + high) / 2 for name, low, high in (self.x, self.y)}
        return THEORIES[self.theory](**self.at, **middle)

    def build(
        self, *, points: int = 12, step: float = 0.05, executor: Executor | None = None
    ) -> PhaseDiagram:
        """Make the diagram.

        Parameters
        ----------
        points : int
            Points of the coarse map along an axis.
        step : float
            Largest step along a line, as a fraction of the plane.
        executor : concurrent.futures.Executor, optional
            Traces the lines; by default this process does.
        """
        found = automatic_diagram(
            self.point,
            self.x[0],
            self.y[0],
            xlim=self.x[1:],
            ylim=self.y[1:],
            lines=self.lines or None,
            title=self.title,
            points=points,
            step=step,
            executor=executor,
        )
        return replace(found, name=self.name)


PLANES = (
    Plane(
        "p-spin-field",
        "Ising p-spin model, p = 3: phases in bias and temperature",
        "p-spin",
        "Ising $p$-spin model with a bias, $p = 3$",
        *(("J0", 0.6, 1.4), ("T", 0.65, 1.2)),  # replica symmetry holds above T_K = 0.651
        {"p": 3},
        ("spinodal", "first-order-paramagnet"),
    ),
    Plane(
        "bipartite-sk",
        "Bipartite spin glass: freezing against the ratio of the layers",
        "bipartite-sk",
        "Bipartite spin glass",
        *(("alpha", 0, 2), ("T", 0, 1.4)),
        {},
    ),
    Plane(
        "deep",
        "Deep Boltzmann machine of three layers: freezing against the share of the middle one",
        "deep",
        "Three layers of spins, the first a tenth of all",
        *(("l2", 0, 0.9), ("T", 0, 1)),
        {"l1": 0.1},
    ),
    Plane(
        "semi-restricted",
        "Hopfield network with lateral couplings at T = 0: capacity",
        "semi-restricted",
        "Hopfield network with lateral couplings, $T = 0$",
        *(("Delta", 0, 0.7), ("alpha", 0, 0.15)),
        {"T": 0},
        ("spinodal", "first-order"),
    ),
    Plane(
        "biased-patterns",
        "Hopfield network with biased patterns at T = 0: capacity",
        "biased-patterns",
        "Hopfield network with biased patterns, $T = 0$",
        *(("b", 0, 0.6), ("alpha", 0, 0.15)),
        {"T": 0, "g": 0},
        ("spinodal", "first-order"),
    ),
    Plane(
        "dense",
        "Dense memory, p = 3: phases in load and temperature",
        "dense",
        "Dense memory, $p = 3$",
        *(("a", 0, 0.14), ("T", 0.2, 0.65)),  # above T_K = 0.651 sqrt(2 a/3) of the other patterns' glass
        {"p": 3},
        ("spinodal", "first-order-paramagnet"),
    ),
    Plane(
        "bidirectional",
        "Bidirectional memory: phases in noise and temperature",
        "bidirectional",
        "Bidirectional memory, equal layers",
        *(("Delta", 0, 1.6), ("T", 0.05, 1.4)),
        {"kappa": 1.0},
        GROWS,
    ),
    Plane(
        "spiked",
        "Signs in a noisy matrix: phases in signal-to-noise ratio and temperature",
        "spiked",
        "Signs in a noisy matrix",
        *(("gamma", 0, 3), ("T", 0, 2)),
        {},
        GROWS,
    ),
)
"""Figures of one plane."""
