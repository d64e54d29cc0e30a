"""The machines that can stand beside a theory: one small class each, in one table.

A machine draws one sample of the disorder at size N, runs its dynamics, and returns a number for each
observable, by the name that it has in the theory and in the theory's units. What is known of its dependence
on N beyond powers of 1/N it adds to the theory (`finite_size`). A new machine is a class and a line in
`MACHINES`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.machines.inference.enumeration import MOST_SPINS, spin_glass_energies
from replica.machines.models.ensembles import pattern_count
from replica.machines.runs import random_rbm_run
from replica.machines.simulations import simulation
from replica.solving import Solution
from replica.solving.derivatives import jacobian
from replica.theory import Theory
from replica.units import Bernoulli, ReLU, Unit

__all__ = ["LEFT", "MACHINES", "OK", "UNFINISHED", "Machine", "machine"]

OK, LEFT, UNFINISHED = 0, 1, 2
"""How a sample ended: measured; the state decayed into another one; the dynamics did not come to rest."""

Values = dict[str, float]


class Machine:
    """Base class of the machines.

    Attributes
    ----------
    text : str
        What is simulated, in one line.
    branches : tuple of str
        Branches on which the machine may be, where the default branch of the theory is one of them: the first
        one that has a solution counts.
    sizes : tuple of int
        Sizes N unless others are asked for.
    sweeps : int
        Length of a run unless another one is asked for; its unit is that of the dynamics.
    """

    text: ClassVar[str]
    branches: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[tuple[int, ...]] = (500, 1000, 2000)
    sweeps: ClassVar[int] = 200

    def observables(self, theory: Theory) -> tuple[str, ...]:
        """What is measured, by the names of the theory."""
        raise NotImplementedError

    def refusal(self, theory: Theory, N: int) -> str:
        """Why there is no such machine; an empty text where there is one."""
        return ""

    def sample(self, theory: Theory, N: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[Values, int]:
        """One sample: the observables, and how it ended."""
        raise NotImplementedError

    def finite_size(self, state: Solution, N: int) -> Values:
        """What size N adds to the observables of the theory, as far as it is known."""
        return {}

    def power(self, state: Solution) -> float:
        """The power of 1/N with which the rest of the difference vanishes."""
        return 1.0

    def resolution(self, theory: Theory, N: int) -> Values:
        """Smallest step of an observable; where all samples agree, the error is a step in one of them."""
        return {}


def machine(name: str) -> Machine:
    """The machine beside the theory of that name.

    Examples
    --------
    >>> from replica.theories import Hopfield
    >>> theory = Hopfield(alpha=0.05, T=0.2)
    >>> values, ended = machine("hopfield").sample(theory, 1000, 100, np.random.SeedSequence(1))
    >>> print({name: round(value, 2) for name, value in values.items()}, ended == OK)
    {'m': 1.0, 'q': 1.0, 'energy': -0.5} True
    """
    if name not in MACHINES:
        what = "machine"
        raise UnknownNameError(what, name, MACHINES)
    return MACHINES[name]


class _Simulated(Machine):
    """A machine of `replica.machines.simulations`; `names` are its observables and those of the theory."""

    name: ClassVar[str]
    names: ClassVar[Mapping[str, str]]

    def parameters(self, theory: Theory) -> dict[str, Any]:
        return dict(theory.values)

    def observables(self, theory: Theory) -> tuple[str, ...]:
        return tuple(self.names.values())

    def sample(self, theory: Theory, N: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[Values, int]:
        found = simulation(self.name).sample(N, sweeps, seed, **self.parameters(theory))
        values = {ours: found[theirs] for theirs, ours in self.names.items()}
        return values, OK if all(map(math.isfinite, values.values())) else UNFINISHED


class _Hopfield(_Simulated):
    text = "heat-bath dynamics from the stored pattern; at T = 0 single flips until no neuron wants to flip"
    sizes = (1000, 2000, 4000)
    name = "hopfield"
    names: ClassVar[Mapping[str, str]] = {"m": "m", "q": "q", "e": "energy"}

    def refusal(self, theory: Theory, N: int) -> str:
        return _without_pattern(float(theory.values["alpha"]), N)

    def resolution(self, theory: Theory, N: int) -> Values:
        return {"m": 2 / N, "q": 2 / N}  # one neuron


class _BrokenHopfield(_Hopfield):
    """Beside one step of replica symmetry breaking: a run explores one cluster of states."""

    names: ClassVar[Mapping[str, str]] = {"m": "m", "q": "q1", "e": "energy"}

    def resolution(self, theory: Theory, N: int) -> Values:
        return {"m": 2 / N, "q1": 2 / N}


class _OneHiddenUnit(_Simulated):
    text = "message passing (AMP) on the data of a teacher"
    sizes = (200, 400, 800)
    sweeps = 500
    name = "one-hidden-unit"
    names: ClassVar[Mapping[str, str]] = {"Q": "Q", "r": "r", "phi": "free_energy"}

    def parameters(self, theory: Theory) -> dict[str, Any]:
        values = dict(theory.values)
        return values | {"beta_star": values["beta"] if values["beta_star"] is None else values["beta_star"]}

    def sample(self, theory: Theory, N: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[Values, int]:
        values, ended = super().sample(theory, N, sweeps, seed)
        return values | {"free_energy": -values["free_energy"]}, ended


class _SherringtonKirkpatrick(_Simulated):
    text = "heat-bath dynamics with parallel tempering; enumeration of all configurations up to N = 16"
    sizes = (64, 96, 128)
    sweeps = 400
    name = "sherrington-kirkpatrick"
    branches = ("ferromagnet", "glass", "paramagnet")
    names: ClassVar[Mapping[str, str]] = {"e": "energy"}

    def enumerates(self, N: int) -> bool:
        """Whether the size is small enough to go through all configurations."""
        return N <= 16

    def refusal(self, theory: Theory, N: int) -> str:
        return _warm_without_field(theory)

    def parameters(self, theory: Theory) -> dict[str, Any]:
        return {name: theory.values[name] for name in ("T", "J0")}

    def sample(self, theory: Theory, N: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[Values, int]:
        if not self.enumerates(N):
            return super().sample(theory, N, sweeps, seed)
        T, J0 = theory.values["T"], theory.values["J0"]
        energies = spin_glass_energies(N, np.random.default_rng(seed), J0=J0)
        return {"energy": _thermal(energies, T) / N}, OK

    def power(self, state: Solution) -> float:
        """N^(-2/3) in the glass (Parisi, Ritort and Slanina 1993; Billoire 2007)."""
        frozen = float(state.theory.values["T"]) <= 1 and abs(float(state["m"])) < 1e-6
        return 2 / 3 if frozen else 1.0


class _RandomEnergy(_Simulated):
    text = "enumeration of all configurations"
    branches = ("condensed", "paramagnet")
    sizes = (10, 13, 16)
    name = "random-energy"
    names: ClassVar[Mapping[str, str]] = {"f": "free_energy"}

    def parameters(self, theory: Theory) -> dict[str, Any]:
        return {"T": theory.values["T"]}

    def refusal(self, theory: Theory, N: int) -> str:
        if N > MOST_SPINS:
            return f"its 2^{N} configurations cannot be enumerated; N is at most {MOST_SPINS}"
        return _warm_without_field(theory)

    def finite_size(self, state: Solution, N: int) -> Values:
        """Below T_c the lowest levels have a logarithm, (T_c/2) ln(N)/N (Derrida 1981)."""
        T_c = 1 / (2 * math.sqrt(math.log(2)))
        cold = float(state.theory.values["T"]) < T_c
        return {"free_energy": T_c * math.log(N) / (2 * N)} if cold else {}


def _without_pattern(alpha: float, N: int) -> str:
    """Why there is no network of so few patterns; empty where there is one."""
    if round(alpha * N) >= 1:
        return ""
    more = f"; take alpha >= {1 / N:g}" + (f" or N >= {math.ceil(1 / alpha)}" if alpha else "")
    return f"that is {alpha * N:g} patterns, less than one pattern{more}"


def _warm_without_field(theory: Theory) -> str:
    """Why a machine without a field cannot be at this point; empty where it can."""
    if theory.values["h"]:
        return "the machine has no field; leave h out"
    if not theory.values["T"] > 0:
        return "the machine needs T > 0"
    return ""


def _thermal(energies: Any, T: float) -> float:
    """Boltzmann mean of the energies."""
    weight = np.exp(-(energies - energies.min()) / T)
    return float(weight @ energies / weight.sum())


class _RandomRBM(Machine):
    """Any pair of units at T > 0, by block Gibbs sampling; single flips to a minimum at T = 0."""

    text = "single flips to a minimum of the energy at T = 0, block Gibbs sampling at T > 0, from the state \
without noise"
    branches = ("glass", "paramagnet")  # without strong hidden units
    sizes = (1000, 2000, 4000)

    def units(self, theory: Theory) -> tuple[Unit, Unit]:
        """Visible and hidden unit, unscaled."""
        p = theory.values["p"]
        visible, hidden = theory.values["visible"], theory.values["hidden"]
        return visible.scaled(1 / p, 1.0), hidden.scaled(1 / p, 1 / math.sqrt(p))

    def observables(self, theory: Theory) -> tuple[str, ...]:
        overlap = ("m",) if self.strong(theory) else ()
        return (*overlap, "q", "r", "energy" if self.warmth(theory) else "free_energy")

    def strong(self, theory: Theory) -> int:
        return int(theory.values["L"] or 0)

    def warmth(self, theory: Theory) -> float:
        """Unscaled temperature."""
        return float(theory.values.get("T", 0.0)) * float(theory.values["p"])

    def refusal(self, theory: Theory, N: int) -> str:
        values = theory.values
        if not values["p"] > 0:
            return "a machine has a finite sparsity; give p > 0, and L"
        if len(values.get("sites", (0,))) > 1:
            return "the machine has weights of one sparsity; leave --sites out"
        visible, _ = self.units(theory)
        if not self.warmth(theory) and len(visible.values) != 2:
            return f"single flips at T = 0 need visible units with two values, not {visible}"
        M, L = pattern_count(N, float(values["alpha"])), self.strong(theory)
        if M <= L:
            return (
                f"that is {M} hidden unit{'s' * (M != 1)}, but more than the L = {L} strong ones are "
                f"needed; take N > {L / float(values['alpha']):.0f}"
            )
        return ""

    def sample(self, theory: Theory, N: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[Values, int]:
        visible, hidden = self.units(theory)
        p, T = float(theory.values["p"]), self.warmth(theory)
        found = random_rbm_run(
            N,
            sweeps,
            seed,
            visible=visible,
            hidden=hidden,
            alpha=float(theory.values["alpha"]),
            T=T,
            p=p,
            L=self.strong(theory),
        )
        scaled = {
            "m": 2 * found["m"] / p,
            "q": found["q"],
            "r": found["r"] / p,
            "energy" if T else "free_energy": found["e"] / p,
        }
        finished = math.isfinite(found["e"])
        return scaled, OK if finished else LEFT if found["left"] else UNFINISHED

    def resolution(self, theory: Theory, N: int) -> Values:
        """One visible unit, or one hidden unit just above its threshold, h = 1/sqrt(N)."""
        p = float(theory.values["p"])
        M = pattern_count(N, float(theory.values["alpha"]))
        return {"m": 2 / (p * N), "q": 1 / N, "r": 1 / (M * N * p)}

    def finite_size(self, state: Solution, N: int) -> Values:
        """What the strong units lack at size N: h = b - theta falls short of the field b ~ sqrt(N).

        The visible units then feel m less the shortage, the state follows, and the energy of the L units is
        that of their full potential.
        """
        theory, x = state.theory, np.array(state.x, dtype=float)
        L, p = self.strong(theory), float(theory.values["p"])
        if not L or not np.all(np.isfinite(x)):
            return {}
        _, hidden = self.units(theory)
        tail = 1.0 if hidden.tail is None else float(hidden.tail)
        m = float(x[0]) * p / 2
        energy, h = (float(part) for part in hidden.ground(tail * m * math.sqrt(N), 0.0))
        lack = np.zeros(len(x))
        lack[0] = (m - h / math.sqrt(N)) * 2 / p
        moved = x.copy()
        for _ in range(30):
            felt = moved - lack
            step = np.linalg.solve(np.eye(len(x)) - jacobian(theory, felt), theory.update(felt) - moved)
            moved = moved + step
            if np.max(np.abs(step)) < 1e-12:
                break
        else:  # no such state at this size
            return dict.fromkeys(("m", "q", "r", "free_energy", "energy"), math.nan)
        at = {**dict(zip(theory.order, moved, strict=True)), **theory.derived(moved)}
        values = {name: float(at[name] - state[name]) for name in ("m", "q", "r")}
        cost = L * (energy / N + tail * m**2 / 2) / p
        return values | dict.fromkeys(("free_energy", "energy"), cost)


class _Compositional(_RandomRBM):
    def units(self, theory: Theory) -> tuple[Unit, Unit]:
        p = theory.values["p"]
        return Bernoulli(g=theory.values["g"] * p), ReLU(theta=theory.values["theta"] * math.sqrt(p))


MACHINES: dict[str, Machine] = {
    "hopfield": _Hopfield(),
    "hopfield-1rsb": _BrokenHopfield(),
    "random-rbm": _RandomRBM(),
    "compositional": _Compositional(),
    "sherrington-kirkpatrick": _SherringtonKirkpatrick(),
    "sherrington-kirkpatrick-1rsb": _SherringtonKirkpatrick(),
    "random-energy": _RandomEnergy(),
    "one-hidden-unit": _OneHiddenUnit(),
}
"""The machines, by the names of their theories."""


def check(name: str, theory: Theory, N: int) -> Machine:
    """The machine, or an error that says why there is none for this theory at this size."""
    found = machine(name)
    reason = found.refusal(theory, N)
    if reason:
        message = f"no machine for {theory.describe()} at N = {N}: {reason}"
        raise ParameterError(message)
    return found
