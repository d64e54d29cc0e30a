"""Simulations that stand beside a theory of the same name: one sample of disorder, a few numbers.

`SIMULATIONS` lists them. The names of parameters and of what is measured are those of the theory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.machines import ensembles
from replica.machines.ensembles import Seed, spawned
from replica.machines.hopfield import HopfieldNetwork
from replica.machines.message_passing import amp, overlap
from replica.machines.sampling import ParallelTempering, temperatures
from replica.machines.spin_glass import DenseIsing, sherrington_kirkpatrick

__all__ = ["SIMULATIONS", "Simulation", "simulation"]


@dataclass(frozen=True)
class Simulation:
    """A machine that can be simulated by name.

    Attributes
    ----------
    name : str
        That of the theory.
    text : str
        What is simulated, and from which start.
    parameters : dict of name to default
        Control parameters; None where there is no default.
    measured : dict of name to text
        What one sample gives.
    sample : callable
        ``sample(N, sweeps, seed, **parameters)`` returns a number for each name in `measured`.
    """

    name: str
    text: str
    parameters: Mapping[str, float | None]
    measured: Mapping[str, str]
    sample: Callable[..., dict[str, float]]

    def complete(self, given: Mapping[str, float]) -> dict[str, float]:
        """The parameters with their defaults.

        Raises
        ------
        UnknownNameError
            For a parameter that the machine does not have.
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
        return {name: float(value) for name, value in values.items() if value is not None}


def simulation(name: str) -> Simulation:
    """The simulation of that name.

    Examples
    --------
    >>> one = simulation("hopfield").sample(1000, 40, 1, alpha=0.05, T=0.2)
    >>> print({name: round(value, 2) for name, value in one.items()})
    {'m': 1.0, 'q': 1.0, 'e': -0.5}
    """
    if name not in SIMULATIONS:
        raise UnknownNameError(what="machine", name=name, known=SIMULATIONS)
    return SIMULATIONS[name]


def _hopfield(N: int, sweeps: int, seed: Seed, *, alpha: float, T: float) -> dict[str, float]:
    disorder, dynamics, later = spawned(seed, 3)
    network = HopfieldNetwork.random(N, alpha, disorder)
    start = network.patterns[0]
    if T == 0:
        end = network.relax(start, most_sweeps=max(sweeps, 1))
        lost = np.nan if not end.converged else 1.0
        return {"m": float(end.overlaps[0]) * lost, "q": lost, "e": end.energy * lost}
    burn = network.glauber(start, T, sweeps=max(sweeps // 2, 1), seed=dynamics)
    first, second = spawned(later, 2)
    half = network.glauber(burn.spins, T, sweeps=-(-sweeps // 2), seed=first)
    rest = network.glauber(half.spins, T, sweeps=-(-sweeps // 2), seed=second)
    return {
        "m": float(np.mean([half.overlaps[:, 0], rest.overlaps[:, 0]])),
        "q": float(half.mean_spins @ rest.mean_spins / N),  # two halves: no bias from their own noise
        "e": float(np.mean([half.energy, rest.energy])),
    }


def _sherrington_kirkpatrick(N: int, sweeps: int, seed: Seed, *, T: float, J0: float) -> dict[str, float]:
    if not 0 < T < math.inf:
        msg = f"T = {T} must be a positive number; tempering needs one"
        raise ParameterError(msg)
    disorder, start, exchange = spawned(seed, 3)
    J = sherrington_kirkpatrick(N, disorder, J0).values
    ladder = temperatures(T, max(1.6, 1.6 * T), 10)
    ising = DenseIsing(J, chains=2 * ladder.size, seed=start, T=1.0)
    tempering = ParallelTempering(ising, ladder, exchange)

    tempering.step(max(sweeps // 2, 1))
    rows = np.empty((sweeps, 3))
    for row in rows:
        tempering.step()
        cold = tempering.at(0)
        a, b = ising.spins[cold]
        row[:] = abs(a @ b) / N, (abs(a.mean()) + abs(b.mean())) / 2, ising.energy()[cold].mean() / N
    q, m, e = rows.mean(axis=0)
    return {"q": float(q), "m": float(m), "e": float(e)}


def _one_hidden_unit(
    N: int, sweeps: int, seed: Seed, *, alpha: float, beta: float, beta_star: float
) -> dict[str, float]:
    draw = ensembles.teacher_data(N, ensembles.pattern_count(N, alpha), beta_star, seed)
    found = amp(draw.values, beta, tolerance=1e-8, most_steps=sweeps)
    sure = 1.0 if found.converged else np.nan
    return {
        "Q": found.Q * sure,
        "r": overlap(found.mean, draw.parts["feature"]) * sure,
        "phi": found.log_Z / N * sure,
    }


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
        _hopfield,
    ),
    "sherrington-kirkpatrick": Simulation(
        "sherrington-kirkpatrick",
        "Two replicas, each in a tempering ladder of ten temperatures.",
        {"T": None, "J0": 0.0},
        {
            "q": "overlap of the two replicas, its absolute value",
            "m": "magnetisation, its absolute value",
            "e": "energy per spin",
        },
        _sherrington_kirkpatrick,
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
        _one_hidden_unit,
    ),
}
