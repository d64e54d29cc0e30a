"""Simulations that stand beside a theory of the same name: one sample of disorder, a few numbers.

`SIMULATIONS` lists them. The names of parameters and of what is measured are those of the theory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from replica.errors import ParameterError, UnknownNameError
from replica.machines import runs
from replica.units import Unit, parse

__all__ = ["SIMULATIONS", "Simulation", "simulation"]

UNITS = ("visible", "hidden")
"""Parameters that are units, not numbers."""


@dataclass(frozen=True)
class Simulation:
    """A machine that can be simulated by name.

    Attributes
    ----------
    name : str
        That of the theory, where there is one.
    text : str
        What is simulated, and from which start.
    parameters : dict of name to default
        Control parameters; None where there is no default.
    measured : dict of name to text
        What one sample gives.
    sample : callable
        ``sample(N, sweeps, seed, **parameters)`` returns a number for each name in `measured` and `told`, and
        an array for each in `curves`.
    told : dict of name to text
        How the run went; NaN where that means nothing.
    curves : dict of name to (text, name of the axis, its values)
        What one sample gives as a function of something.
    """

    name: str
    text: str
    parameters: Mapping[str, float | None]
    measured: Mapping[str, str]
    sample: Callable[..., dict[str, Any]]
    told: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, tuple[str, str, Any]] = field(default_factory=dict)

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their defaults; units may be given as text.

        Raises
        ------
        UnknownNameError
            For a parameter that the machine does not have, or an unknown unit.
        ParameterError
            For one that is missing.
        """
        for name in given:
            if name not in self.parameters:
                raise UnknownNameError(what=f"parameter of {self.name}", name=name, known=self.parameters)
        values = {**self.parameters, **given}
        missing = [name for name, value in values.items() if value is None]
        if missing:
            msg = f"{self.name}: {', '.join(missing)} must be given"
            raise ParameterError(msg)
        return {name: _unit(value) if name in UNITS else float(value) for name, value in values.items()}


def _unit(value: Any) -> Unit:
    return value if isinstance(value, Unit) else parse(str(value))


def simulation(name: str) -> Simulation:
    """The simulation of that name.

    Examples
    --------
    >>> hopfield = simulation("hopfield")
    >>> one = hopfield.sample(1000, 40, 1, alpha=0.05, T=0.2)
    >>> print({name: round(one[name], 2) for name in hopfield.measured})
    {'m': 1.0, 'q': 1.0, 'e': -0.5}
    """
    if name not in SIMULATIONS:
        raise UnknownNameError(what="machine", name=name, known=SIMULATIONS)
    return SIMULATIONS[name]


def _memory(of: str) -> dict[str, str]:
    return {
        "tau": f"integrated autocorrelation time of the {of}, in sweeps",
        "effective": "effective number of independent measurements in a run",
    }


_TEMPERED = {
    **_memory("overlap"),
    "swaps": "smallest rate of swaps between neighbouring temperatures",
    "trips": "round trips between the lowest temperature and the highest",
}
_REPLICAS = {
    "q": "overlap of the two replicas, its absolute value",
    "m": "magnetisation, its absolute value",
    "e": "energy per spin",
}
_P = {"P": ("distribution of the overlap of the two replicas", "overlap", runs.OVERLAPS)}

SIMULATIONS: dict[str, Simulation] = {
    "hopfield": Simulation(
        "hopfield",
        "Heat-bath dynamics from the first pattern; at T = 0 single flips until no spin wants to flip.",
        {"alpha": None, "T": 0.0},
        {
            "m": "overlap with the retrieved pattern",
            "q": "overlap of the time averages of the two halves of the run (Edwards-Anderson)",
            "e": "energy per neuron",
        },
        runs.hopfield_run,
        _memory("overlap"),
    ),
    "random-rbm": Simulation(
        "random-rbm",
        "Sparse weights, L strong hidden units; block Gibbs, at T = 0 single flips to a minimum.",
        {"visible": None, "hidden": None, "alpha": None, "T": 0.0, "p": 1.0, "L": 1.0},
        {
            "m": "activity of the strong hidden units, h/sqrt(N)",
            "q": "overlap of the visible units of two chains; at T = 0 their mean square",
            "r": "overlap of the weak hidden units of two chains; at T = 0 their mean square",
            "e": "energy per visible unit",
        },
        runs.random_rbm_run,
        {**_memory("energy"), "left": "share of samples that left the state; they are not in the means"},
    ),
    "sherrington-kirkpatrick": Simulation(
        "sherrington-kirkpatrick",
        "Two replicas, each in a tempering ladder of ten temperatures.",
        {"T": None, "J0": 0.0},
        _REPLICAS,
        runs.sherrington_kirkpatrick_run,
        _TEMPERED,
        _P,
    ),
    "edwards-anderson": Simulation(
        "edwards-anderson",
        "Two replicas on a periodic lattice of N = L^d spins with Gaussian bonds, tempered.",
        {"T": None, "d": 2.0},
        _REPLICAS,
        runs.edwards_anderson_run,
        _TEMPERED,
        _P,
    ),
    "random-energy": Simulation(
        "random-energy",
        "Enumeration of all 2^N configurations.",
        {"T": None},
        {
            "f": "free energy per spin",
            "Y": "participation, the sum of the squared Boltzmann weights",
            "e0": "lowest energy per spin",
        },
        runs.random_energy_run,
    ),
    "one-hidden-unit": Simulation(
        "one-hidden-unit",
        "AMP on the data of a teacher of strength beta_star, with a student of strength beta.",
        {"alpha": None, "beta": 1.0, "beta_star": 1.0},
        {
            "Q": "mean square of the posterior means",
            "r": "overlap with the teacher, its absolute value",
            "phi": "TAP free energy ln Z/N",
        },
        runs.one_hidden_unit_run,
        {"steps": "steps until the messages were at rest"},
    ),
}
