"""Any theory of the functional with k steps of replica symmetry breaking: `broken` makes its class."""

from __future__ import annotations

import copyreg
import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from itertools import islice
from typing import Any, ClassVar, Self

import numpy as np

from replica.breaking.passes import BrokenPass
from replica.breaking.starts import broken_states, is_broken, last_symmetric
from replica.errors import ParameterError
from replica.functional import FullyConnected, Model, theory_of
from replica.numerics.functions import log
from replica.theory import Boundary, Branch, Coexistence, Critical, Fold, Limit, Phase, Theory, Value, Zero
from replica.typing import Array, Booleans, Number, Numbers

__all__ = ["Broken", "broken", "functional_of"]

BEFORE = 0.99
"""Share of the value at which the replica-symmetric state ends where a search for the broken one begins."""
TRIED = 3
"""Starts on a branch at one point, at most."""


class _Kind(type):
    """The metaclass of broken theories: a class pickles as what it was made of."""

    def __call__(cls, *args: Any, **given: Any) -> Any:
        if cls is Broken:  # Broken(theory, steps=2)
            return broken(*args, **given)
        return super().__call__(*args, **given)


def _reduced(kind: Any) -> Any:
    made = kind.__dict__.get("made")
    return (broken, made) if made is not None else kind.__qualname__


copyreg.pickle(_Kind, _reduced)


class Broken(Theory, metaclass=_Kind):
    """A theory with k steps of replica symmetry breaking, as a theory like any other.

    Replicas fall into states within states: two of them have the overlap q_k inside the innermost state, and
    q_i where they part at level i. The unknowns are the order parameters of the patterns; q_0 to q_k and the
    response C inside a state of each layer that is no function of the others; and mu_i = x_i/T, finite at
    T = 0, with Parisi's breaking parameters 0 < x_1 < ... < x_k <= 1. f is a maximum in overlaps and mu
    where all couplings are within layers, a saddle in general: further steps raise it there, and no number of
    steps is to be chosen by the lowest f.

    ``Broken(theory, steps=2)`` is the point of another theory with two steps; `broken` makes classes, too.

    Attributes
    ----------
    base : type of Theory
        The theory without breaking.
    steps : int
        The number of steps k.
    """

    base: ClassVar[type[Theory]]
    steps: ClassVar[int]
    made: ClassVar[tuple[type[Theory], int] | None] = None
    meant: ClassVar[Mapping[str, str]]
    """The branches of the functional that the branches are, by their names."""

    def __post_init__(self) -> None:
        """Read and check the parameters as the theory without breaking does."""
        given = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}  # type: ignore[arg-type]
        if any(isinstance(value, str) for value in given.values()):  # units by their names
            for name, value in self.base(**given).values.items():
                if isinstance(given[name], str):
                    object.__setattr__(self, name, value)
        super().__post_init__()
        _ = self.base(**self.values)

    # -- points --------------------------------------------------------------------------------------------

    @cached_property
    def points(self) -> list[FullyConnected]:
        """The theories without breaking at the points of the flattened batch."""
        size = int(np.prod(self.batch, dtype=int))
        every = [(self.take(n) if self.batch else self).values for n in range(size)]
        if "T" in self.values:  # a trace steps beyond the end at which it stops
            every = [{**values, "T": max(values["T"], 0.0)} for values in every]
        return [functional_of(self.base, values) for values in every]

    def _each(self, x: Numbers, what: Callable[[BrokenPass], Any], *, slopes: bool = False) -> Any:
        """What is asked of the pass at every point; axes of the answer come before those of the batch."""
        shape = np.broadcast_shapes(np.shape(x)[1:], self.batch)
        x = np.asarray(x, dtype=float)
        if not shape:
            return what(self._pass(0, x, slopes=slopes))
        columns = np.broadcast_to(
            x.reshape(len(x), *(1,) * (len(shape) - x.ndim + 1), *x.shape[1:]), (len(x), *shape)
        )
        columns = columns.reshape(len(x), -1)
        numbers = np.broadcast_to(np.arange(len(self.points)).reshape(self.batch), shape).ravel()
        found = [
            np.asarray(what(self._pass(int(n), column, slopes=slopes)))
            for n, column in zip(numbers, columns.T, strict=True)
        ]
        if not found:
            return np.zeros((*np.shape(x)[:1], *shape))
        together = np.stack(found, axis=-1)
        return together.reshape(*together.shape[:-1], *shape)

    def _pass(self, n: int, x: Array, *, slopes: bool) -> BrokenPass:
        """The pass at one point; the last one is kept for what is asked next."""
        theory = self.points[n]
        known = theory.__dict__.get("broken")
        if known is not None and (known.slopes or not slopes) and np.array_equal(known.x, x):
            return known
        with np.errstate(all="ignore"):
            here = BrokenPass(theory.parts, x, self.steps, slopes=slopes)
        theory.__dict__["broken"] = here
        return here

    def at(self, **changes: Value) -> Self:
        copy = super().at(**changes)
        if not changes and "points" in self.__dict__:
            copy.__dict__["points"] = self.points
        return copy

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the parameters; what follows is not."""
        return {name: v for name, v in self.__dict__.items() if name not in ("points", "batch", "found")}

    # -- equations -----------------------------------------------------------------------------------------

    def update(self, x: Numbers) -> Numbers:
        return x + self.mismatch(x)

    def mismatch(self, x: Numbers) -> Numbers:
        with np.errstate(all="ignore"):
            return self._each(x, BrokenPass.mismatch)

    def jacobian(self, x: Numbers) -> Numbers | None:
        if self.is_exact:
            return None
        with np.errstate(all="ignore"):
            return self._each(x, BrokenPass.jacobian, slopes=True)

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers] | None:
        slopes = self.jacobian(x)
        return None if slopes is None else (self.mismatch(x), slopes)

    def free_energy(self, x: Numbers) -> Number:
        return self._each(x, BrokenPass.free_energy)

    def entropy(self, x: Numbers) -> Number:
        with np.errstate(all="ignore"):
            return self._each(x, BrokenPass.entropy)

    def energy(self, x: Numbers) -> Number:
        T = np.asarray(self._each(x, lambda here: here.T))
        with np.errstate(invalid="ignore"):
            return (self.free_energy(x) + np.where(T > 0, T * self.entropy(x), 0.0))[()]

    def physical(self, x: Numbers) -> Booleans:
        return np.asarray(self._each(x, BrokenPass.confined), dtype=bool)[()]

    def rho(self, x: Numbers) -> Number:
        """A state is stable against falling into further ones below 1; infinite at T = 0 where units jump."""
        with np.errstate(all="ignore"):
            return self._each(x, BrokenPass.rho)

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.rho(x)

    def log_rho(self, x: Numbers) -> Number:
        """Zero where the innermost states fall into further ones."""
        return log(self.rho(x))

    def derived(self, x: Numbers) -> dict[str, Number]:
        T = self._each(x, lambda here: here.T)
        return {f"x{i}": T * x[i - self.steps - 1] for i in range(1, self.steps + 1)}

    # -- branches ------------------------------------------------------------------------------------------

    @cached_property
    def found(self) -> dict[str, list[tuple[list[Array], Iterator[Array]]]]:
        """By branch and point: the states that were found, and the search for further ones."""
        return {}

    def _nth(self, branch: str, n: int) -> Numbers:
        """The n-th states that are found on a branch, ``(n_order, *batch)``; NaN where there is none."""
        self.branch(branch)
        if branch not in self.found:
            meant = self.meant[branch]
            self.found[branch] = [([], broken_states(theory, meant, self.steps)) for theory in self.points]
        rows = []
        for known, search in self.found[branch]:
            known += islice(search, max(n + 1 - len(known), 0))
            rows.append(known[n] if len(known) > n else np.full(len(self.order), np.nan))
        return np.stack(rows, axis=-1).reshape(len(self.order), *self.batch)

    def start(self, branch: str) -> Numbers:
        return self._nth(branch, 0)

    def other_starts(self, branch: str) -> Iterator[Numbers]:
        for n in range(1, TRIED):
            start = self._nth(branch, n)
            if np.all(np.isnan(start)):
                return
            yield start

    def origins(self, branch: str, parameter: str, low: float, high: float) -> tuple[float, ...]:
        """Just before the replica-symmetric state ends, which it does not do much before the broken one."""
        theory, meant = self.points[0], self.meant[branch]
        limit = theory.phases.limit
        if meant in theory.phases.retrieved:
            if limit is None or limit.parameter != parameter:
                return ()
            lowest = float(limit.value)
        elif parameter == "T":
            lowest = 0.0
        else:
            return ()
        end = last_symmetric(theory, meant, parameter, lowest, high)
        return () if end is None else (BEFORE * end,)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        meant = self.meant[branch]

        def on(here: BrokenPass) -> bool:
            theory = self.points[0] if not self.batch else None
            return is_broken(here.parts, here.x, here.k) and _is_on(here, meant, theory)

        return np.asarray(self._each(x, on), dtype=bool)[()]

    def hint(self, branch: str) -> str:
        return (
            "replica symmetry breaks only where the replicon of the replica-symmetric state is negative, and "
            "next to that line the breaking is below double precision"
        )


def _is_on(here: BrokenPass, branch: str, theory: FullyConnected | None) -> bool:
    """Whether a state is on a branch of the functional: as its innermost states are."""
    rows = list(here.m)
    for s in here.plan.kept:
        rows += [here.C[s]] if s in here.plan.rigid else [here.q[s][-1], here.C[s]]
    kind = theory if theory is not None else theory_of(here.parts.model)(**_known(here.parts))
    return bool(kind.belongs(branch, np.array(rows)))


def _known(parts: Any) -> dict[str, Any]:
    return {name: parts.values[name] for name in parts.model.names}


def functional_of(kind: type[Theory], values: Mapping[str, Any]) -> FullyConnected:
    """The point of the functional that a theory is at these parameters."""
    model = kind.model_of(values)
    if model is None:
        msg = f"{kind.name}: with these parameters its ingredients are not known, so it has no breaking here"
        raise ParameterError(msg)
    given = {name: 0.0 if values[name] is None else values[name] for name in model.names}
    return theory_of(model)(**given)


def broken(theory: Any, steps: int = 1) -> Any:
    """A theory with so many steps of replica symmetry breaking: of a point its point, of a class its class.

    Parameters
    ----------
    theory : Theory or type of Theory
        One whose ingredients are known: made by `theory_of`, or with a method `model_of`.
    steps : int
        The number of steps, at least 1.

    Raises
    ------
    ParameterError
        If the theory is no fully connected model, or the number is none.

    Examples
    --------
    >>> from replica import solve
    >>> from replica.functional import Coupling, Layer, Model, theory_of
    >>> spins = Model("my-glass", layers=[Layer("spins")], couplings=[Coupling("spins spins", "1/2")])
    >>> state = solve(broken(theory_of(spins), 2)(T=0.0))
    >>> print(f"{state['q0']:.9f} {state['q1']:.9f} {state.free_energy:.12f}")
    0.321399054 0.849497216 -0.763608010538
    """
    if isinstance(theory, Theory):
        return broken(type(theory), steps)(**theory.values)
    if isinstance(theory, Model):
        theory = theory_of(theory)
    if not (isinstance(theory, type) and issubclass(theory, Theory)):
        msg = f"broken takes a theory, its class or a Model, not {theory!r}"
        raise ParameterError(msg)
    if not isinstance(steps, int) or steps < 1:
        msg = (
            f"steps = {steps!r} is not allowed; replica symmetry breaks in a whole number of them, at least 1"
        )
        raise ParameterError(msg)
    return _made(theory, steps)  # type: ignore[arg-type]


@cache
def _made(kind: type[Theory], steps: int) -> type[Broken]:
    model = kind.model_of(None)
    if model is None:
        msg = f"{kind.name} has no {steps}-step replica symmetry breaking here: its ingredients are not known"
        raise ParameterError(msg)
    functional = theory_of(model)
    if not functional.structure.couplings:
        msg = f"{kind.name} has no disorder in its couplings, so there is no replica symmetry to be broken"
        raise ParameterError(msg)
    plan, phases = functional.structure, functional.phases
    order = [pattern.name for pattern in model.patterns]
    symbols: dict[str, str] = {}
    for s in plan.kept:
        tail = plan.overlaps[s][1:]
        names = [f"q{i}{tail}" for i in range(steps + 1)]
        where = f" in the layer {model.layers[s].name}" if tail else ""
        symbols |= {
            name: f"overlap of replicas that part at level {i}{where}" for i, name in enumerate(names)
        }
        symbols[names[-1]] = f"overlap of replicas in the same innermost state{where}"
        symbols[plan.responses[s]] = f"response inside an innermost state{where}"
        order += [*names, plan.responses[s]]
    order += [f"mu{i}" for i in range(1, steps + 1)]
    for i in range(1, steps + 1):
        symbols[f"mu{i}"] = f"x{i}/T of level {i}"
        symbols[f"x{i}"] = f"Parisi's breaking parameter of level {i}"
    for name in {*order, *symbols} & set(kind.parameters()):
        msg = f"{kind.name}: {name} is a parameter, and an order parameter with {steps} steps; rename it"
        raise ParameterError(msg)
    meant = {
        name: name if name in phases.branches else next(iter(phases.retrieved), "glass")
        for name in kind.branches
        if name != "paramagnet"
    }
    branches = {
        name: Branch(f"many states, {steps} step{'s' * (steps > 1)}: {kind.branches[name].text}")
        for name in meant
    }
    lines: dict[str, Boundary] = {}
    for name, line in kind.lines.items():
        if isinstance(line, Fold) and line.branch in meant:
            lines[name] = Fold(line.branch)
        elif (
            isinstance(line, Coexistence)
            and line.first.over is None
            and {line.first.branch, line.second.branch} <= set(meant)
        ):
            lines[name] = Coexistence(Phase(line.first.branch), Phase(line.second.branch))
    lines |= {
        f"{line}{name.removeprefix('glass')}": Zero(Phase(name), test, text=text)
        for name in meant
        if meant[name] == "glass"
        for line, (test, text) in GLASS_LINES.items()
    }
    jumps = isinstance(lines.pop("glass", None), Fold)
    critical = kind.critical if kind.critical is not None and kind.critical.boundary in lines else None
    if jumps and "T" in kind.parameters():
        critical = Critical("T", "gardner", "T_G", "temperature below which states fall into further ones")
    fields = []
    for one in dataclasses.fields(kind):  # type: ignore[arg-type]
        default = dataclasses.MISSING if one.default is dataclasses.MISSING else one.default
        fields.append((one.name, Any, dataclasses.field(default=default, metadata=one.metadata)))
    known = kind.known if steps == 1 else {}
    made: Any = dataclasses.make_dataclass(
        f"{kind.__name__}{steps}RSB",
        fields,
        bases=(Broken,),
        namespace={
            "base": kind,
            "steps": steps,
            "made": (kind, steps),
            "meant": meant,
            "name": f"{kind.name}-{steps}rsb",
            "order": tuple(order),
            "branches": branches,
            "lines": lines,
            "critical": critical,
            "limit": Limit("T") if "T" in kind.parameters() and not jumps else None,
            "symmetry": kind.symmetry,
            "symbols": {**kind.symbols, **symbols},
            "line_names": {key: name for key, name in kind.line_names.items() if name in lines},
            "equations": EQUATIONS,
            "references": (*kind.references, *REFERENCES),
            "known": known,
            "notes": (MAXIMUM,),
            "__module__": __name__,
            "__doc__": f"{kind.name} with {steps} step{'s' * (steps > 1)} of replica symmetry breaking.",
        },
        frozen=True,
    )
    made.__signature__ = inspect.signature(kind)  # not that of the metaclass
    return made


GLASS_LINES = {
    "gardner": ("log_rho", "the innermost states fall into further ones"),
}
MAXIMUM = "f is no minimum in the overlaps and mu: do not choose the number of steps by the lowest f."
EQUATIONS = {
    "levels": "phi_(i-1)(y) = ln E_z exp{mu_i phi_i(y + sqrt(d_i) z)}/mu_i, phi_k = T ln Z",
    "q_i": "q_i = E_i[phi_i'^2]",
    "C": "C = E_k[phi_k'']",
    "mu_i": "[Theta(q_i) - Theta(q_(i-1))]/2 = sum_s size_s [E_i phi_i - E_(i-1) phi_(i-1)]/mu_i",
    "f": (
        "f = {[Theta(Q) - Theta(q_k)]/T + sum_i mu_i [Theta(q_i) - Theta(q_(i-1))]}/2"
        " - sum_s size_s E phi_0 + m dg/dm - g"
    ),
}
REFERENCES = (
    "G. Parisi, J. Phys. A 13, L115 (1980)",
    "M. Mezard, G. Parisi, M. A. Virasoro, Spin Glass Theory and Beyond (World Scientific, 1987)",
)
