"""Every fully connected model as a theory: `theory_of` makes its class, and the engine does the rest."""

from __future__ import annotations

import copyreg
import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, Self

import numpy as np

from replica.errors import ParameterError
from replica.functional import starts, text
from replica.functional.model import Model, Settings
from replica.functional.passes import Ingredients, Pass
from replica.functional.phases import Phases, phases_of
from replica.functional.structure import Structure, structure_of
from replica.numerics.functions import is_exact, log, stack
from replica.theory import Theory, Value
from replica.typing import Booleans, Number, Numbers

__all__ = ["FullyConnected", "theory_of"]

SMALL = 1e-7
"""An order parameter below this is that of a state without it."""


class _Made(type):
    """The metaclass of theories of models: a class pickles as what made it, a function and its arguments."""


def _reduced(kind: type) -> Any:
    return kind.__dict__.get("made", kind.__qualname__)


copyreg.pickle(_Made, _reduced)


class FullyConnected(Theory, metaclass=_Made):
    """The functional: free energy, equations, entropy, replicon and Jacobian of any fully connected model.

    Not used by itself: `theory_of` makes the class of a model. A theory of the package derives from one, to
    add names, lines or starts of its own.

    Attributes
    ----------
    model : Model
        The ingredients.
    structure : Structure
        Unknowns and eliminated layers.
    phases : Phases
        Branches, lines and what belongs to them.
    own_starts : mapping of str to settings
        Starts of the branches that the model itself declares.
    """

    model: ClassVar[Model]
    structure: ClassVar[Structure]
    phases: ClassVar[Phases]
    own_starts: ClassVar[Mapping[str, Settings]] = {}

    def __post_init__(self) -> None:
        """Check the parameters, and the numbers of the model that follow from them."""
        super().__post_init__()
        if type(self) is FullyConnected:
            msg = "FullyConnected is the theory of no model; theory_of(model) makes the class of one"
            raise ParameterError(msg)
        self.parts.check()

    @classmethod
    def model_of(cls, values: Mapping[str, Value] | None = None) -> Model:
        return cls.model

    # -- one pass, shared ------------------------------------------------------------------------------

    @cached_property
    def parts(self) -> Ingredients:
        """The numbers of the model here."""
        return Ingredients(self.model, self.values)

    def read(self, x: Numbers) -> Pass:
        """The pass over the averages at order parameters; the last one is kept for what is asked next."""
        known = self.parts.last
        if known is not None and _same(known[0], x):
            return known[1]
        with np.errstate(all="ignore"):
            here = Pass.at(self.parts, x)
        self.parts.last = (np.array(x), here)
        return here

    def at(self, **changes: Value) -> Self:
        copy = super().at(**changes)
        if not changes and "parts" in self.__dict__:  # nothing to evaluate again
            copy.__dict__["parts"] = self.parts
        return copy

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the parameters; the numbers that follow are not."""
        return {name: value for name, value in self.__dict__.items() if name not in ("parts", "free")}

    # -- equations -------------------------------------------------------------------------------------

    def update(self, x: Numbers) -> Numbers:
        return stack(*self.read(x).update())

    def free_energy(self, x: Numbers) -> Number:
        return self.read(x).free_energy()

    def entropy(self, x: Numbers) -> Number:
        with np.errstate(invalid="ignore"):
            return self.read(x).entropy()

    def energy(self, x: Numbers) -> Number:
        f, T = self.free_energy(x), self.parts.T
        if is_exact(T):
            return f + T * self.entropy(x) if T else f
        cold = np.equal(T, 0)
        return f if np.all(cold) else f + T * np.where(cold, 0.0, self.entropy(x))[()]

    def physical(self, x: Numbers) -> Booleans:
        return self.read(x).confined()

    def jacobian(self, x: Numbers) -> Numbers | None:
        try:
            return stack(*(stack(*row) for row in self.read(x).jacobian()))
        except ParameterError:  # a unit whose slopes are known in double precision only
            if self.is_exact:
                return None
            raise

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers] | None:
        """Equations and Jacobian from one pass, slopes first: what comes with them is not asked again."""
        slopes = self.jacobian(x)
        return None if slopes is None else (self.mismatch(x), slopes)

    def derived(self, x: Numbers) -> dict[str, Number]:
        here, plan = self.read(x), self.structure
        found: dict[str, Number] = {}
        for s in plan.layers:
            found |= {plan.overlaps[s]: here.q[s], plan.responses[s]: here.C[s]}
        return {name: value for name, value in found.items() if name not in self.order}

    def rho(self, x: Numbers) -> Number:
        """Replica symmetry is stable below 1: see `Pass.rho`."""
        with np.errstate(invalid="ignore"):
            return self.read(x).rho()

    def replicon(self, x: Numbers) -> Number:
        return 1 - self.rho(x) if self.structure.couplings else None

    def log_rho(self, x: Numbers) -> Number:
        """Zero where replica symmetry becomes unstable; nearly linear in log T at low temperatures."""
        return log(self.rho(x))

    def condensation(self, x: Numbers) -> Number:
        """Determinant of 1 - d update/dm: zero where order parameters of patterns grow out of 0."""
        n = len(self.model.patterns)
        rows = self.read(x).jacobian()
        matrix = np.stack([np.stack(np.broadcast_arrays(*row[:n]), axis=-1) for row in rows[:n]], axis=-2)
        if is_exact(matrix):
            import mpmath

            return mpmath.det(mpmath.eye(n) - mpmath.matrix(matrix.tolist()))
        return np.linalg.det(np.eye(n) - matrix)

    # -- branches --------------------------------------------------------------------------------------

    def start(self, branch: str) -> Numbers:
        self.branch(branch)
        if branch in self.own_starts:
            known = {name: self.parts.number(value) for name, value in self.own_starts[branch]}
            first = next(name for name in self.branches if name not in self.own_starts)
            return self.state(**dict(zip(self.order, self.start(first), strict=True)) | known)
        if branch == "paramagnet":
            return starts.paramagnet(self.parts, self.batch, even=self.phases.even)
        parts = self.plain.parts
        if branch == "glass":
            return starts.glass(parts, self.batch)
        return starts.retrieval(parts, self.phases.retrieved[branch], self.batch)

    def other_starts(self, branch: str) -> Iterator[Numbers]:
        if branch == "glass":
            yield from starts.other_glasses(self.parts, self.batch)
        elif branch in self.phases.retrieved and branch not in self.own_starts:
            yield from starts.retrieval_in_noise(self.parts, self.phases.retrieved[branch], self.batch)

    @property
    def plain(self) -> Self:
        """The theory in double precision: guesses need no more."""
        if not self.is_exact:
            return self
        return self.at(
            **{k: v if v is None else np.asarray(v, dtype=float)[()] for k, v in self.values.items()}
        )

    def rank(self, branch: str, x: Numbers) -> Number | None:
        plan = self.structure
        if branch != "glass" or len(plan.kept) == 1 or all(s in plan.rigid for s in plan.kept):
            return None  # one overlap is followed from its largest value; that of spins is 1
        here = self.read(x)
        return sum((here.q[s] for s in plan.kept), here.zero)

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        here = self.read(x)
        free, q = self.free, sum((here.q[s] for s in self.structure.kept), here.zero)
        inside = np.ones(np.shape(x)[1:], dtype=bool)
        for k, m in enumerate(here.m):
            if k in self.phases.retrieved.get(branch, ()):
                first = self.phases.retrieved[branch][0]
                inside = inside & ((m > SMALL) if branch == "mixture" or k == first else (np.abs(m) > SMALL))
            elif k in self.phases.felt and branch not in self.own_starts:
                along = m * self.parts.pulls[k].value([0.0] * len(here.m)) >= 0
                inside = inside & np.where(free[k], np.abs(m) < SMALL, along)
        if branch == "glass":
            return inside & (q > SMALL)
        if branch == "paramagnet":
            return inside & (np.abs(q) < SMALL if self.phases.even else q >= 0)
        return inside

    @cached_property
    def free(self) -> list[Any]:
        """Whether the order parameter of each pattern may be 0."""
        return starts.vanishing(self.parts)

    def hint(self, branch: str) -> str:
        alone = [
            self.model.layers[s].name
            for s in self.parts.curvatures
            if any(indices.count(s) > 1 for indices in self.structure.couplings)
        ]
        if not alone:
            return ""
        verb = "is" if len(alone) == 1 else "are"
        return (
            f"{' and '.join(alone)} {verb} coupled to itself, and such units resist a quadratic term only "
            "up to a point: take units in walls, or smaller couplings"
        )

    @classmethod
    def written(cls, **powers: float) -> Mapping[str, str]:
        for name, power in powers.items():
            if name not in cls.model.powers:
                return super().written(**powers)
            cls.parameters()[name].check(cls.name, power)
        known = {name: int(power) for name, power in powers.items()}
        return text.equations(cls.model, known) if known else cls.equations

    # -- states ----------------------------------------------------------------------------------------

    def state(self, **known: Number) -> Numbers:
        for s in self.structure.rigid & set(self.structure.kept):
            name = self.structure.overlaps[s]
            if name in known:
                q, T = known.pop(name), np.asarray(self.parts.T)
                if np.any((T == 0) & (np.asarray(q) != 1)):
                    response = self.structure.responses[s]
                    msg = f"{self.name}: at T = 0 the overlap {name} is 1; start from {response} instead"
                    raise ParameterError(msg)
                known[self.structure.responses[s]] = (1 - q) / np.maximum(T, 1e-300)
        return super().state(**known)


def _same(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same numbers; asked at every operation, so that bytes are compared."""
    b = np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


@cache
def theory_of(model: Model) -> type[FullyConnected]:
    """The theory of a model: a class, whose instances are points of its parameters.

    Parameters
    ----------
    model : Model

    Returns
    -------
    type of FullyConnected
        The same class for equal models. It pickles, and so do its instances.

    Examples
    --------
    >>> from replica import solve
    >>> from replica.functional import Coupling, Layer, Model, theory_of
    >>> spins = Model("my-glass", layers=[Layer("spins")], couplings=[Coupling("spins spins", "1/2")])
    >>> state = solve(theory_of(spins)(T=0.5), "glass")
    >>> print(f"{state['q']:.9f} {state.free_energy:.9f}")
    0.530368392 -0.792392945
    """
    if not isinstance(model, Model):
        msg = f"theory_of takes a Model, not {model!r}"
        raise ParameterError(msg)
    structure, phases = structure_of(model), phases_of(model)
    required = [one for one in model.parameters if one.required]
    optional = [one for one in model.parameters if not one.required]
    fields = []
    for about in (*required, *optional):
        if hasattr(FullyConnected, about.name):
            msg = f"{model.name}: {about.name} means something else; choose another name for that parameter"
            raise ParameterError(msg)
        default = dataclasses.MISSING if about.required else about.default
        fields.append((about.name, Any, dataclasses.field(default=default, metadata={"parameter": about})))
    title = "".join(word[:1].upper() + word[1:] for word in model.name.replace("_", "-").split("-"))
    namespace: dict[str, Any] = {
        "made": (theory_of, (model,)),
        "model": model,
        "structure": structure,
        "name": model.name,
        "order": structure.order,
        "phases": phases,
        "own_starts": {one.name: one.start for one in model.branches},
        "branches": phases.branches,
        "lines": phases.lines,
        "limit": phases.limit,
        "critical": phases.critical,
        "symmetry": phases.symmetry,
        "equations": text.equations(model),
        "symbols": text.symbols(model),
        "notes": text.notes(model),
        "__module__": __name__,
        "__doc__": model.text or f"The fully connected model {model.name}.",
    }
    return dataclasses.make_dataclass(
        title, fields, bases=(FullyConnected,), namespace=namespace, frozen=True
    )
