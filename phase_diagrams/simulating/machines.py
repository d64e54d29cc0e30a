"""The machines that can be simulated: one small class each, in one table.

A class says which parameters the machine has, what one sample of it gives, by the names of its theory, and
how it stands beside that theory: on which branch, and what size N adds beyond powers of 1/N. How a sample is
drawn stands in `replica.machines.runs`. A new machine is a class and a line in `MACHINES`; one without a
theory can be simulated, but not validated.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.machines import memories, runs
from replica.machines.models.ensembles import pattern_count
from replica.solving import Solution
from replica.solving.derivatives import jacobian
from replica.theories import THEORIES
from replica.theory import Theory
from replica.theory.names import named
from replica.units import UNITS as KNOWN
from replica.units import Bernoulli, ReLU, Unit, parse
from replica.units.channels import CHANNELS
from replica.units.priors import PRIORS
from replica.units.scaled import scaled

if TYPE_CHECKING:
    from phase_diagrams.simulating.agreement import Subject

__all__ = ["LEFT", "MACHINES", "OK", "UNFINISHED", "Machine", "beside", "machine", "memory", "stream"]

OK, LEFT, UNFINISHED = 0, 1, 2
"""How a sample ended: measured; the state decayed into another one; the dynamics did not come to rest."""

UNITS: Mapping[str, Mapping[str, type[Unit]]] = {
    "visible": KNOWN,
    "hidden": KNOWN,
    "prior": PRIORS,
    "channel": CHANNELS,
}
"""Parameters that are units, not numbers, and the units by name."""

DIGITS = 12
"""Significant digits of a parameter that count for the stream of a sample: 0.1 + 0.2 and 0.3 are the same."""

Values = dict[str, Any]


class Machine:
    """Base class of the machines.

    Attributes
    ----------
    name : str
        That of its theory, where there is one.
    text : str
        What is simulated, in one line.
    parameters : dict of name to default
        Control parameters; None where there is no default.
    choices : dict of name to names
        Parameters that are names, and those that are allowed.
    told : dict of name to text
        How the run of a sample went; NaN where that means nothing.
    curves : dict of name to (text, name of the axis, its values)
        What one sample gives as a function of something.
    run, check : callable
        ``run(N, sweeps, seed, **parameters)`` draws a sample, ``check(N, **parameters)`` raises where there
        is none: functions of `replica.machines.runs`.
    theories : tuple of str
        Names of the theories beside which the machine stands.
    aliases : tuple of str
        Other names, besides those of the theories.
    branches : tuple of str
        Branches on which the machine may be, where the default branch of the theory is one of them: the first
        one that has a solution counts.
    sizes : tuple of int
        Sizes N at which it is validated unless others are asked for.
    sweeps : int
        Length of a run unless another one is asked for; its unit is that of the dynamics.
    made : str
        What tells it from other machines of that name; nothing for those in the table.
    rooms : tuple of str
        Rooms of the library whose source decides the numbers.
    """

    name: ClassVar[str]
    text: ClassVar[str]
    parameters: ClassVar[Mapping[str, Any]]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    told: ClassVar[Mapping[str, str]] = {}
    curves: ClassVar[Mapping[str, tuple[str, str, Any]]] = {}
    run: ClassVar[Callable[..., Values]]
    check: ClassVar[Callable[..., None]]
    theories: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    branches: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[tuple[int, ...]] = (500, 1000, 2000)
    sweeps: ClassVar[int] = 200
    made: ClassVar[str] = ""
    rooms: ClassVar[tuple[str, ...]] = ("numerics", "units", "machines")

    @property
    def called(self) -> tuple[str, ...]:
        """Other names: its own, and those of the theories beside which it stands."""
        return (*self.aliases, *(one for name in self.theories for one in (name, *THEORIES[name].aliases)))

    # -- samples ---------------------------------------------------------------------------------------

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
        return {name: self._value(name, value) for name, value in values.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name in UNITS:
            return _unit(name, value)
        if name in self.choices:
            if value not in self.choices[name]:
                raise UnknownNameError(what=name, name=str(value), known=self.choices[name])
            return value
        if isinstance(value, str):
            msg = f"{self.name}: {name} = {value} is not a decimal number, such as 0.3 or 1e-3"
            raise ParameterError(msg)
        return float(value)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """What one sample gives, and a text for each."""
        raise NotImplementedError

    def drawn(self, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Name and parameters of the machine that is drawn; another one's where this is a case of it."""
        return self.name, dict(parameters)

    def require(self, parameters: Mapping[str, Any], N: int) -> None:
        """Nothing, or ParameterError where there is no machine of such parameters and size."""
        _, values = self.drawn(parameters)
        type(self).check(N, **values)

    def sample(
        self, parameters: Mapping[str, Any], N: int, sweeps: int, number: int, seed: int
    ) -> tuple[Values, int]:
        """One sample: observables, how the run went, curves; and how it ended.

        Parameters
        ----------
        parameters : mapping
            All of them, as `complete` gives them.
        N : int
            Size of the machine.
        sweeps : int
            Length of the run.
        number, seed : int
            Number of the sample, and seed of all of them; see `stream`.
        """
        name, values = self.drawn(parameters)
        found = type(self).run(N, sweeps, stream(name, values, N, number, seed), **values)
        if all(math.isfinite(found[name]) for name in self.observables(parameters)):
            return found, OK
        return found, LEFT if found.get("left", 0.0) == 1 else UNFINISHED

    # -- beside a theory -------------------------------------------------------------------------------

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of the machine that stands beside a theory at a point.

        Raises
        ------
        ParameterError
            If there is no such machine; without the place, which the caller knows.
        """
        values = subject.at(point).values
        return {name: values[name] for name in self.parameters}

    def compared(self, theory: Theory) -> dict[str, str]:
        """What is put beside the theory: names of observables, and their names there."""
        return {name: name for name in self.observables(theory.values)}

    def finite_size(self, state: Solution, N: int) -> dict[str, float]:
        """What size N adds to the observables of the theory, as far as it is known."""
        return {}

    def power(self, state: Solution) -> float:
        """The power of 1/N with which the rest of the difference vanishes."""
        return 1.0

    def resolution(self, theory: Theory, N: int) -> dict[str, float]:
        """Smallest step of an observable; where all samples agree, the error is a step in one of them."""
        return {}


def machine(name: str) -> Machine:
    """The machine of that name.

    Examples
    --------
    >>> hopfield = machine("hopfield")
    >>> values, ended = hopfield.sample({"alpha": 0.05, "T": 0.2}, 1000, 100, number=0, seed=1)
    >>> print({name: round(values[name], 2) for name in hopfield.observables({})}, ended == OK)
    {'m': 1.0, 'q': 1.0, 'energy': -0.5} True
    """
    found = named(name, {key: one.called for key, one in MACHINES.items()}) if name not in MACHINES else name
    if found is None:
        raise UnknownNameError(what="machine", name=name, known=MACHINES)
    return MACHINES[found]


def beside(theory: str) -> Machine:
    """The machine that stands beside the theory of that name.

    Examples
    --------
    >>> beside("hopfield-1rsb").name
    'hopfield'
    """
    found: dict[str, Machine] = {name: one for one in MACHINES.values() for name in one.theories}
    if theory not in found:
        raise UnknownNameError(what="machine", name=theory, known=found)
    return found[theory]


def stream(
    name: str, parameters: Mapping[str, Any], N: int, number: int, seed: int
) -> np.random.SeedSequence:
    """The random numbers of one sample.

    They depend on what is drawn and on nothing else: not on the grid, the other samples, the length of the
    run, or who draws them, and when. The seed is a digest of the name of the machine, its parameters
    (decimal, to 12 digits), N, the number of the sample and the seed of all samples.

    Examples
    --------
    >>> first = stream("hopfield", {"alpha": 0.05, "T": 0.3}, 1000, number=0, seed=1)
    >>> again = stream("hopfield", {"T": 0.1 + 0.2, "alpha": 0.05}, 1000, number=0, seed=1)
    >>> print(first.entropy == again.entropy, first.entropy % 1000)
    True 442
    """
    values = {key: _written(value) for key, value in parameters.items()}
    text = json.dumps([name, values, int(N), int(number), int(seed)], sort_keys=True)
    return np.random.SeedSequence(int.from_bytes(hashlib.sha256(text.encode()).digest(), "little"))


def _written(value: Any) -> Any:
    """A parameter as text: numbers by their digits, units by what they are made of."""
    if isinstance(value, Unit):
        fields: Any = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
        return [type(value).__name__, *(_written(getattr(value, one.name)) for one in fields)]
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    if value is None or isinstance(value, str):
        return value
    return [f"{float(one) + 0.0:.{DIGITS}g}" for one in np.ravel(value)]


def _unit(name: str, value: Any) -> Unit:
    return value if isinstance(value, Unit) else parse(str(value), UNITS[name])


def memory(of: str) -> dict[str, str]:
    """What is told of a run that remembers where it was."""
    return {
        "tau": f"integrated autocorrelation time of the {of}, in sweeps",
        "effective": "effective number of independent measurements in a run",
    }


# -- networks ------------------------------------------------------------------------------------------------


class _Hopfield(Machine):
    """At any temperature; beside one step of symmetry breaking a run explores one cluster of states."""

    name = "hopfield"
    text = "heat-bath dynamics from the stored pattern; at T = 0 single flips until no neuron wants to flip"
    parameters: ClassVar[Mapping[str, float | None]] = {"alpha": None, "T": 0.0}
    told = memory("overlap")
    run = runs.hopfield_run
    check = runs.hopfield_check
    theories = ("hopfield", "hopfield-1rsb")
    sizes = (1000, 2000, 4000)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            "m": "overlap with the retrieved pattern",
            "q": "overlap of the time averages of the two halves of the run (Edwards-Anderson)",
            "energy": "energy per neuron",
        }

    def compared(self, theory: Theory) -> dict[str, str]:
        return {"m": "m", "q": "q1" if theory.name == "hopfield-1rsb" else "q", "energy": "energy"}

    def resolution(self, theory: Theory, N: int) -> dict[str, float]:
        return {name: 2 / N for name in ("m", "q", "q1")}  # one neuron


class _RandomRBM(Machine):
    """Any pair of units at T > 0, by block Gibbs sampling; single flips to a minimum at T = 0.

    Parameters and observables are unscaled, those in the energy of the machine.
    """

    name = "random-rbm"
    text = "sparse weights, L strong hidden units, from the state without noise: block Gibbs sampling of two \
chains on the same weights, at T = 0 single flips to a minimum of the energy"
    parameters: ClassVar[Mapping[str, float | None]] = {
        "visible": None,
        "hidden": None,
        "alpha": None,
        "T": 0.0,
        "p": 1.0,
        "L": 1.0,
    }
    told: ClassVar[Mapping[str, str]] = {
        **memory("energy"),
        "left": "share of samples that left the state; they are not in the means",
    }
    run = runs.random_rbm_run
    check = runs.random_rbm_check
    theories = ("random-rbm",)
    branches = ("glass", "paramagnet")  # without strong hidden units
    sizes = (1000, 2000, 4000)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        strong = {
            "m": "activity of the strong hidden units, h/sqrt(N)",
            "q": "overlap of the visible units of two chains; at T = 0 their mean square",
            "r": "overlap of the weak hidden units of two chains; at T = 0 their mean square",
        }
        warm = {"energy": "energy per visible unit"}
        return strong | (
            warm if parameters["T"] else {"free_energy": "energy of the minimum per visible unit"}
        )

    def units(self, theory: Theory) -> tuple[Unit, Unit]:
        """Visible and hidden unit of the machine beside a theory."""
        p = theory.values["p"]
        visible, hidden = theory.values["visible"], theory.values["hidden"]
        return scaled(visible, 1 / p, 1.0), scaled(hidden, 1 / p, 1 / math.sqrt(p))

    def own(self, theory: Theory) -> dict[str, Any]:
        """Parameters of the machine from the scaled ones of the theory."""
        visible, hidden = self.units(theory)
        return {"visible": visible, "hidden": hidden, "T": theory.values["T"] * theory.values["p"]}

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        theory = subject.at(point)
        values = theory.values
        if not values["p"] > 0 or (values["L"] is None and values["l"] is not None):
            msg = "a machine has a finite sparsity; give p > 0, and L"
            raise ParameterError(msg)
        if len(values.get("sites", (0,))) > 1:
            msg = "the machine has weights of one sparsity; leave --sites out"
            raise ParameterError(msg)
        found = self.own(theory) | {"alpha": values["alpha"], "p": values["p"], "L": values["L"] or 0}
        if subject.unscaled:  # as they were given: there and back again costs their last digit
            given = {**subject.fixed, **point}
            found |= {name: given[name] for name in found if given.get(name) is not None}
        return found

    def compared(self, theory: Theory) -> dict[str, str]:
        names = dict.fromkeys(self.observables({"T": theory.values.get("T", 0.0)}))
        return {name: name for name in names if name != "m" or theory.values["L"]}

    def resolution(self, theory: Theory, N: int) -> dict[str, float]:
        """One visible unit, or one hidden unit just above its threshold, h = 1/sqrt(N)."""
        p = float(theory.values["p"])
        M = pattern_count(N, float(theory.values["alpha"]))
        return {"m": 2 / (p * N), "q": 1 / N, "r": 1 / (M * N * p)}

    def finite_size(self, state: Solution, N: int) -> dict[str, float]:
        """What the strong units lack at size N: h = b - theta falls short of the field b ~ sqrt(N).

        The visible units then feel m less the shortage, the state follows, and the energy of the L units is
        that of their full potential.
        """
        theory, x = state.theory, np.array(state.x, dtype=float)
        L, p = int(theory.values["L"] or 0), float(theory.values["p"])
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
    """The random RBM with bits and ReLU at T = 0: the same machine, drawn from the same numbers."""

    name = "compositional"
    text = "bits and ReLU, sparse weights: single flips from the state without noise to a minimum of energy"
    parameters: ClassVar[Mapping[str, float | None]] = {
        "alpha": None,
        "theta": None,
        "g": None,
        "p": 1.0,
        "L": 1.0,
    }
    theories = ("compositional",)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return super().observables({"T": 0.0})

    def drawn(self, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        rest = {name: parameters[name] for name in ("alpha", "p", "L")}
        units = {"visible": Bernoulli(g=parameters["g"]), "hidden": ReLU(theta=parameters["theta"])}
        return super().name, {**units, **rest, "T": 0.0}

    def units(self, theory: Theory) -> tuple[Unit, Unit]:
        own = self.own(theory)
        return Bernoulli(g=own["g"]), ReLU(theta=own["theta"])

    def own(self, theory: Theory) -> dict[str, Any]:
        p = theory.values["p"]
        return {"g": theory.values["g"] * p, "theta": theory.values["theta"] * math.sqrt(p)}


# -- spin glasses --------------------------------------------------------------------------------------------


class _Glass(Machine):
    """Two replicas, tempered."""

    told: ClassVar[Mapping[str, str]] = {
        **memory("overlap"),
        "swaps": "smallest rate of swaps between neighbouring temperatures",
        "trips": "round trips between the lowest temperature and the highest",
    }
    curves: ClassVar[Mapping[str, tuple[str, str, Any]]] = {
        "P": ("distribution of the overlap of the two replicas", "overlap", runs.OVERLAPS)
    }

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            "q": "overlap of the two replicas, its absolute value",
            "m": "magnetisation, its absolute value",
            "energy": "energy per spin",
        }


class _SherringtonKirkpatrick(_Glass):
    name = "sherrington-kirkpatrick"
    text = f"two replicas, tempered over ten temperatures; all configurations up to N = {runs.FEW_SPINS}"
    parameters: ClassVar[Mapping[str, float | None]] = {"T": None, "J0": 0.0}
    run = runs.sherrington_kirkpatrick_run
    check = runs.sherrington_kirkpatrick_check
    theories = ("sherrington-kirkpatrick", "sherrington-kirkpatrick-1rsb")
    branches = ("ferromagnet", "glass", "paramagnet")
    sizes = (64, 96, 128)
    sweeps = 400

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        _warm_without_field(subject.at(point))
        return super().parameters_at(subject, point)

    def compared(self, theory: Theory) -> dict[str, str]:
        return {"energy": "energy"}

    def power(self, state: Solution) -> float:
        """N^(-2/3) in the glass (Parisi, Ritort and Slanina 1993; Billoire 2007)."""
        frozen = float(state.theory.values["T"]) <= 1 and abs(float(state["m"])) < 1e-6
        return 2 / 3 if frozen else 1.0


class _EdwardsAnderson(_Glass):
    """A lattice of N = L^d spins with Gaussian bonds. It has no theory."""

    name = "edwards-anderson"
    aliases = ("ea",)
    text = "two replicas on a periodic lattice of N = L^d spins with Gaussian bonds, tempered"
    parameters: ClassVar[Mapping[str, float | None]] = {"T": None, "d": 2.0}
    run = runs.edwards_anderson_run
    check = runs.edwards_anderson_check


class _RandomEnergy(Machine):
    name = "random-energy"
    text = "enumeration of all configurations"
    parameters: ClassVar[Mapping[str, float | None]] = {"T": None}
    run = runs.random_energy_run
    check = runs.random_energy_check
    theories = ("random-energy",)
    branches = ("condensed", "paramagnet")
    sizes = (10, 13, 16)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            "free_energy": "free energy per spin",
            "Y": "participation, the sum of the squared Boltzmann weights",
            "e0": "lowest energy per spin",
        }

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        _warm_without_field(subject.at(point))
        return super().parameters_at(subject, point)

    def compared(self, theory: Theory) -> dict[str, str]:
        return {"free_energy": "free_energy"}

    def finite_size(self, state: Solution, N: int) -> dict[str, float]:
        """Below T_c the lowest levels have a logarithm, (T_c/2) ln(N)/N (Derrida 1981)."""
        T_c = 1 / (2 * math.sqrt(math.log(2)))
        cold = float(state.theory.values["T"]) < T_c
        return {"free_energy": T_c * math.log(N) / (2 * N)} if cold else {}


def _warm_without_field(theory: Theory) -> None:
    """Refuse a point of the theory where there is no machine without a field."""
    if theory.values["h"]:
        msg = "the machine has no field; leave h out"
        raise ParameterError(msg)
    if not theory.values["T"] > 0:
        msg = "the machine needs T > 0"
        raise ParameterError(msg)


# -- inference -----------------------------------------------------------------------------------------------


class _OneHiddenUnit(Machine):
    name = "one-hidden-unit"
    text = "message passing (AMP) on the data of a teacher of strength beta_star, with the strength beta"
    parameters: ClassVar[Mapping[str, float | None]] = {"alpha": None, "beta": 1.0, "beta_star": 1.0}
    told: ClassVar[Mapping[str, str]] = {"steps": "steps until the messages were at rest"}
    run = runs.one_hidden_unit_run
    check = runs.one_hidden_unit_check
    theories = ("one-hidden-unit",)
    sizes = (200, 400, 800)
    sweeps = 500

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            "Q": "mean square of the posterior means",
            "r": "overlap with the teacher, its absolute value",
            "free_energy": "TAP free energy, -ln Z/N",
        }

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        found = super().parameters_at(subject, point)
        return found | {"beta_star": found["beta"] if found["beta_star"] is None else found["beta_star"]}


# -- memories --------------------------------------------------------------------------------------------


class _Memory(Machine):
    """Heat baths from the stored pattern; at T = 0 single flips until no neuron wants to flip."""

    told = memory("overlap")
    sizes = (400, 800, 1600)
    measured: ClassVar[Mapping[str, str]] = {"m": "overlap with the retrieved pattern"}

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            **self.measured,
            "q": "overlap of the time averages of the two halves of the run (Edwards-Anderson)",
            "energy": "energy per neuron",
        }

    def resolution(self, theory: Theory, N: int) -> dict[str, float]:
        return {name: 2 / N for name in (*self.measured, "q")}  # one neuron


class _NoisyHopfield(_Memory):
    name = "noisy-hopfield"
    text = "noisy, diluted, clipped couplings, built; heat baths from the pattern, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {
        "alpha": None,
        "T": 0.0,
        "noise": 0.0,
        "c": 1.0,
        "synapses": "linear",
        "cut": 0.612003,
        "h": 0.0,
    }
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"synapses": memories.SYNAPSES}
    run = memories.noisy_hopfield_run
    check = memories.noisy_hopfield_check
    theories = ("noisy-hopfield",)


class _Archetypes(_Memory):
    name = "archetypes"
    text = "couplings of the mean examples; heat baths from the archetype, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {"alpha": None, "rho": 0.1, "T": 0.0}
    measured: ClassVar[Mapping[str, str]] = {
        "m": "overlap with the archetype",
        "n": "overlap with the mean example",
    }
    run = memories.archetypes_run
    check = memories.archetypes_check
    theories = ("archetypes",)

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        if subject.at(point).values["M"] is not None:
            msg = "the machine has Gaussian means of examples; leave M out"
            raise ParameterError(msg)
        return super().parameters_at(subject, point)


class _Dreaming(_Memory):
    name = "dreaming"
    text = "couplings after unlearning; heat baths from the pattern, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {"alpha": None, "t": 1.0, "T": 0.0}
    run = memories.dreaming_run
    check = memories.dreaming_check
    theories = ("dreaming",)


class _PseudoInverse(_Memory):
    name = "pseudo-inverse"
    text = "couplings that project onto the patterns; heat baths from one of them, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {"alpha": None, "T": 0.1}
    run = memories.pseudo_inverse_run
    check = memories.pseudo_inverse_check
    theories = ("pseudo-inverse",)


class _Correlated(_Memory):
    name = "correlated"
    text = "13 patterns on a ring; heat baths from one of them, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {"a": None, "T": 0.0}
    measured: ClassVar[Mapping[str, str]] = {
        f"m{k}": f"overlap with the patterns {k} steps away" if k else "overlap with the pattern"
        for k in range(7)
    }
    run = memories.correlated_run
    check = memories.correlated_check
    theories = ("correlated",)

    def compared(self, theory: Theory) -> dict[str, str]:
        return {name: name for name in (*self.measured, "energy")}


class _Planted(_Memory):
    name = "planted"
    text = "weights of a student on data of a teacher: heat baths from the teacher, at T = 0 single flips"
    parameters: ClassVar[Mapping[str, Any]] = {"alpha": None, "T": None, "T_star": 1.5}
    measured: ClassVar[Mapping[str, str]] = {"m": "overlap with the teacher"}
    run = memories.planted_run
    check = memories.planted_check
    theories = ("planted",)


class _PottsHopfield(_Memory):
    name = "potts-hopfield"
    text = "neurons of Q states, one after the other, from the pattern; at T = 0 the best state of each"
    parameters: ClassVar[Mapping[str, Any]] = {"alpha": None, "Q": 3, "T": 0.0}
    measured: ClassVar[Mapping[str, str]] = {"M": "overlap with the retrieved pattern, at most Q - 1"}
    run = memories.potts_hopfield_run
    check = memories.potts_hopfield_check
    theories = ("potts-hopfield",)
    sizes = (150, 300, 600)
    sweeps = 60


class _TeacherStudent(Machine):
    name = "teacher-student"
    text = "message passing (AMP) on the examples of a teacher"
    parameters: ClassVar[Mapping[str, Any]] = {
        "alpha": None,
        "noise": 0.0,
        "prior": "spin",
        "channel": "sign",
    }
    told: ClassVar[Mapping[str, str]] = {"steps": "steps until the messages were at rest"}
    run = runs.teacher_student_run
    check = runs.teacher_student_check
    theories = ("teacher-student",)

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {
            "m": "overlap with the teacher",
            "q": "mean square of the posterior means",
            "V": "their variance",
        }

    def parameters_at(self, subject: Subject, point: Mapping[str, Any]) -> dict[str, Any]:
        theory: Any = subject.at(point)
        return super().parameters_at(subject, point) | {"noise": theory.spread}


class _Regression(Machine):
    name = "regression"
    text = "loss and penalty of the examples of a teacher, minimised"
    parameters: ClassVar[Mapping[str, Any]] = {
        "alpha": None,
        "penalty": 0.1,
        "noise": 0.0,
        "rho": 1.0,
        "prior": "gaussian",
        "channel": "square",
    }
    run = runs.trained_run
    check = runs.trained_check
    theories = ("regression",)
    sizes = (100, 200, 400)
    sweeps = 1

    def observables(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        return {"m": "overlap with the teacher", "q": "mean square of the weights"}


class _Classification(_Regression):
    name = "classification"
    parameters: ClassVar[Mapping[str, Any]] = {
        "alpha": None,
        "penalty": 0.1,
        "noise": 0.0,
        "prior": "gaussian",
        "channel": "logistic",
    }
    theories = ("classification",)

    def require(self, parameters: Mapping[str, Any], N: int) -> None:
        runs.trained_check(N, rho=1.0, **self.drawn(parameters)[1])


MACHINES: dict[str, Machine] = {
    one.name: one
    for one in (
        _Hopfield(),
        _RandomRBM(),
        _Compositional(),
        _SherringtonKirkpatrick(),
        _EdwardsAnderson(),
        _RandomEnergy(),
        _OneHiddenUnit(),
        _NoisyHopfield(),
        _Archetypes(),
        _Dreaming(),
        _PseudoInverse(),
        _Correlated(),
        _PottsHopfield(),
        _Planted(),
        _TeacherStudent(),
        _Regression(),
        _Classification(),
    )
}
"""The machines by name."""
