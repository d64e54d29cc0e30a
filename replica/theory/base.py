"""The base class of every theory.

Everything here is either derived from the two formulas of a theory or a declaration that solvers, lines,
figures and commands read. `docs/add_a_theory.md` goes through one line by line.

Shapes: order parameters travel as ``(n_order, *batch)``, so ``m, q = x`` works for one point and for a
million; a control parameter is a float or an array that broadcasts against the batch. Units: J = k_B = 1.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.numerics.functions import exact, is_exact, stack, taken
from replica.theory.boundaries import Boundary, Branch, Critical, Fold, Limit
from replica.theory.equations import aligned
from replica.theory.parameters import Parameter, Value, short
from replica.typing import Booleans, Number, Numbers
from replica.units import Unit

__all__ = ["Theory", "required"]

MARGINAL = 1e-12
"""A replicon above minus this is not called negative: rounding."""


class Theory:
    """Base class of every theory.

    A subclass is a frozen dataclass. It must define `order`, `update` and `free_energy`; everything else
    has a default. See `docs/add_a_theory.md`.

    Attributes
    ----------
    name, order : str, tuple of str
        The theory's name on the command line; the names of the unknowns.
    branches, lines, limit, critical
        Declarations that the engine reads.
    equations : mapping of str to str
        What `replica show` prints: plain text, of which `replica.theory.equations` makes LaTeX.
    symmetry : tuple of str
        Order parameters and fields that may change sign together: `free_energy` stays, and so does `update`
        but for the signs. None by default.
    jacobian_error
        Error of one's own `jacobian`, if one number says it; else `jacobian_errors` estimates it.
    references, known, notes, symbols
        Papers; published numbers with their source; conventions; order parameters in words.
    aliases, line_names : tuple of str, mapping of str to str
        Other names of the theory; names of its lines on figures and in papers, and which line each is.
    without_integrals : bool
        Whether no integral is left in the equations at T = 0, and where T itself is what is asked for: then
        digits are cheap.
    next_step : str or None
        Name of the theory with one more step of replica symmetry breaking, if there is one.
    functional : str
        What `free_energy` is called: "potential" where it is stationary at solutions, and no free energy.
    carried : tuple of str
        Cached properties that points of a batch take along, each with a method ``take(index, shape)``.
    """

    name: ClassVar[str]
    order: ClassVar[tuple[str, ...]]
    branches: ClassVar[Mapping[str, Branch]]
    lines: ClassVar[Mapping[str, Boundary]] = {}
    limit: ClassVar[Limit | None] = None
    symmetry: ClassVar[tuple[str, ...]] = ()
    jacobian_error: ClassVar[float] = 0.0
    critical: ClassVar[Critical | None] = None
    equations: ClassVar[Mapping[str, str]] = {}
    references: ClassVar[tuple[str, ...]] = ()
    known: ClassVar[Mapping[str, str]] = {}
    notes: ClassVar[tuple[str, ...]] = ()
    symbols: ClassVar[Mapping[str, str]] = {}
    aliases: ClassVar[tuple[str, ...]] = ()
    line_names: ClassVar[Mapping[str, str]] = {}
    without_integrals: ClassVar[bool] = False
    next_step: ClassVar[str | None] = None
    functional: ClassVar[str] = "free energy"
    carried: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *args: Any, **given: Any) -> Self:
        """Refuse names that no parameter has, and missing ones, with a sentence and the nearest name."""
        known, kinds = _signature(cls)  # type: ignore[arg-type]  # a class is hashable
        if inspect.Parameter.VAR_KEYWORD not in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
            for name in given:
                if name not in known:
                    msg = f"parameter of {getattr(cls, 'name', cls.__name__)}"
                    raise UnknownNameError(msg, name, known)
            missing = [
                name for name in list(known)[len(args) :] if known[name].default is inspect.Parameter.empty
            ]
            missing = [name for name in missing if name not in given]
            if missing:
                example = ", ".join(f"{name}=..." for name in missing)
                who = getattr(cls, "name", cls.__name__)
                msg = f"{who}: missing {', '.join(missing)}; write {cls.__name__}({example})"
                raise ParameterError(msg)
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Value]]:
        """What `__new__` asks for when a theory is copied or unpickled."""
        return (), self.values

    def __post_init__(self) -> None:
        """Check every control parameter against its domain."""
        self.check(**self.values)

    # -- what a theory must write down -------------------------------------------------------------

    def update(self, x: Numbers) -> Numbers:
        """Right-hand sides of the saddle-point equations ``x = update(x)``, shape ``(n_order, *batch)``."""
        raise NotImplementedError

    def free_energy(self, x: Numbers) -> Number:
        """Free energy per neuron, stationary where ``update(x) == x``; shape ``(*batch)``."""
        raise NotImplementedError

    # -- what it may add ------------------------------------------------------------------------------

    def physical(self, x: Numbers) -> Booleans:
        """Domain of the formulas: False where a root would be spurious; shape ``(*batch)``."""
        return np.ones(np.shape(x)[1:], dtype=bool)

    def jacobian(self, x: Numbers) -> Numbers | None:
        """``d update / dx``, shape ``(n_order, n_order, *batch)``, or None: then it is differenced."""
        return None

    def linearised(self, x: Numbers) -> tuple[Numbers, Numbers] | None:
        """`mismatch` and `jacobian` at x in one pass over their averages; None where that saves nothing."""
        return None

    def jacobian_errors(self, x: Numbers) -> Numbers:
        """How far the entries of one's own `jacobian` may be off, shape ``(n_order, n_order, *batch)``."""
        n = len(self.order)
        return np.full((n, n, *np.shape(x)[1:]), self.jacobian_error)

    def start(self, branch: str) -> Numbers:
        """Order parameters from which to look for a branch, shape ``(n_order, *batch)``."""
        return self.state(**dict(zip(self.order, self.branch(branch).start, strict=True)))

    def other_starts(self, branch: str) -> Iterator[Numbers]:
        """Further order parameters from which to look for a branch, each of the shape of `start`.

        They are tried one after the other, at the points where none before led to the branch.
        """
        return iter(())

    def origins(self, branch: str, parameter: str, low: float, high: float) -> tuple[float, ...]:
        """Values of a parameter at which the theory knows that a branch is there, for a search along it."""
        return ()

    def rank(self, branch: str, x: Numbers) -> Number | None:
        """Of several solutions on a branch the one with the largest rank is meant; None: the first one found.

        With a rank every start is tried, at every point: "the largest q" says something about all of them.
        """
        return None

    def belongs(self, branch: str, x: Numbers) -> Booleans:
        """Whether a solution is on the named branch (besides stability); shape ``(*batch)``."""
        return np.ones(np.shape(x)[1:], dtype=bool)

    def state(self, **known: Number) -> Numbers:
        """Order parameters from named values, missing ones taken from the first branch's start."""
        unknown = [name for name in known if name not in self.order]
        if unknown:
            msg = f"order parameter of {self.name}"
            raise UnknownNameError(msg, unknown[0], self.order)
        missing = [name for name in self.order if name not in known]
        if missing:
            start = self.start(self.default)
            known = {name: start[i] for i, name in enumerate(self.order)} | known
        shape = self.batch
        return stack(*(np.broadcast_to(known[name], shape) if shape else known[name] for name in self.order))

    def mirrored(self, x: Numbers) -> Numbers | None:
        """The state with the signs of `symmetry` changed; None where a field of one sign forbids it."""
        signs = np.array([-1.0 if name in self.symmetry else 1.0 for name in self.order])
        fields = (getattr(self, name) for name in self.symmetry if name not in self.order)
        if np.all(signs > 0) or any(np.any(np.not_equal(field, 0)) for field in fields):
            return None
        return x * signs.reshape(-1, *(1,) * (np.ndim(x) - 1))

    def derived(self, x: Numbers) -> dict[str, Number]:
        """Order parameters that follow from ``x`` (r in the Hopfield network)."""
        return {}

    def entropy(self, x: Numbers) -> Number:
        """Entropy per neuron, minus the explicit temperature derivative of the free energy; or None."""
        return None

    def energy(self, x: Numbers) -> Number:
        """Energy per neuron, f + T s; or None where the entropy is not defined."""
        entropy = self.entropy(x)
        return None if entropy is None else self.free_energy(x) + getattr(self, "T", 0.0) * entropy

    def mismatch(self, x: Numbers) -> Numbers:
        """``update(x) - x``; a theory writes it without cancellation where it knows how."""
        return self.update(x) - x

    def hint(self, branch: str) -> str:
        """One clause for people: where a branch exists; added to the message if it is not found."""
        return ""

    def absence(self, line: str) -> str:
        """Why a line does not exist at these parameters, if the theory knows; else an empty text."""
        return ""

    @classmethod
    def among(cls, given: Mapping[str, Any]) -> str:
        """Name of the theory that is meant with these units: its own, where it has formulas for them."""
        return cls.name

    @classmethod
    def model_of(cls, values: Mapping[str, Value] | None = None) -> Any:
        """The ingredients, a `replica.functional.Model`, at these parameters; None if there are none.

        Without parameters those at any: what they are made of may differ, and its names not. Numbers among
        the parameters are those of the model. With it, replica symmetry can be broken.
        """
        return None

    def slope(self, parameter: str, x: Numbers) -> Number:
        """Explicit derivative of the free energy by a control parameter; shape ``(*batch)``.

        At a solution it is the total derivative. Differenced unless a theory knows better.
        """
        return self.derivative(parameter, lambda here: here.free_energy(x))

    def derivative(self, parameter: str, function: Callable[[Self], Number]) -> Number:
        """Derivative of a function of the theory by a control parameter, differenced to fourth order.

        One-sided next to the parameter's lower bound; where that is open, a function may be singular there,
        and the distance from it is the scale.
        """
        self.check_varied(parameter)
        value, about = getattr(self, parameter), self.parameters()[parameter]
        away = value - about.lower if about.open_lower else np.inf
        if is_exact(value):
            import mpmath

            step = mpmath.mpf(2) ** (-mpmath.mp.prec // 5) * min(max(abs(value), mpmath.mpf("0.1")), away)
        else:
            step = 1e-3 * np.minimum(np.maximum(np.abs(value), 0.1), away)
        near = np.asarray(value - 2 * step < about.lower)

        def f(shift: int) -> Number:
            return function(self.at(**{parameter: value + shift * step}))

        def forward() -> Number:
            return (-25 * f(0) + 48 * f(1) - 36 * f(2) + 16 * f(3) - 3 * f(4)) / (12 * step)

        if near.all():
            return forward()
        central = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * step)
        return np.where(near, forward(), central) if near.any() else central

    def replicon(self, x: Numbers) -> Number:
        """1 - rho: positive where replica symmetry is stable; None for a theory without disorder."""
        return None

    def broken(self, x: Numbers, margin: float = MARGINAL) -> Booleans:
        """Whether replica symmetry is broken in a state: replicon < -margin; shape (*batch)."""
        with np.errstate(all="ignore"):
            replicon = self.tuned(x).replicon(x)
        shape = np.broadcast_shapes(np.shape(x)[1:], self.batch)
        return np.broadcast_to(False if replicon is None else np.asarray(replicon) < -margin, shape)

    def tuned(self, x: Numbers) -> Self:
        """The theory whose free energy is stationary at x; differs where a field follows the state."""
        return self

    # -- derived ---------------------------------------------------------------------------------------

    @classmethod
    @cache
    def parameters(cls) -> Mapping[str, Parameter]:
        """Control parameters by name, in the order of their declaration."""
        known = {}
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            if "parameter" not in field.metadata:
                msg = f"{cls.__name__}: declare the field {field.name} by parameter(...)"
                raise ParameterError(msg)
            known[field.name] = dataclasses.replace(field.metadata["parameter"], name=field.name)
        return MappingProxyType(known)

    @property
    def values(self) -> dict[str, Value]:
        """The control parameters and their values."""
        return {name: getattr(self, name) for name in self.parameters()}

    @property
    def numbers(self) -> dict[str, Value]:
        """The control parameters that are numbers, or units with numbers in them."""
        known = self.parameters()
        return {k: v for k, v in self.values.items() if known[k].kind in ("number", "unit")}

    @property
    def folding(self) -> set[str]:
        """Branches that end in a fold, hence whose far side must not be mistaken for them."""
        return {line.branch for line in self.lines.values() if isinstance(line, Fold)}

    @cached_property
    def batch(self) -> tuple[int, ...]:
        """Shape to which the control parameters broadcast; ``()`` for one point."""
        shapes = {
            value.shape if isinstance(value, Unit) else np.shape(value) for value in self.numbers.values()
        }
        return np.broadcast_shapes(*shapes) if shapes != {()} else ()

    @property
    def available(self) -> tuple[str, ...]:
        """Names of the branches that make sense at these parameters."""
        return tuple(self.branches)

    @property
    def default(self) -> str:
        """The branch that is meant where none is named."""
        return next(iter(self.branches))

    def branch(self, name: str) -> Branch:
        """Look a branch up by name."""
        if name not in self.branches:
            msg = f"branch of {self.name}"
            raise UnknownNameError(msg, name, self.branches)
        return self.branches[name]

    def at(self, **changes: Value) -> Self:
        """Copy with other parameter values, unchecked: continuation may probe just beyond a bound."""
        copy = object.__new__(type(self))  # without what was cached for the old values
        copy.__dict__.update(self.values | changes)
        copy.__dict__["is_exact"] = self.is_exact or is_exact(*changes.values())
        return copy

    def check(self, **values: Value) -> None:
        """Raise `ParameterError` for a value outside the domain of its parameter."""
        for name, value in values.items():
            self.parameters()[name].check(self.name, value)

    def check_varied(self, *names: str) -> None:
        """Raise for a name that is no control parameter, or one that counts and so takes no value between."""
        for name in names:
            if name not in self.parameters():
                msg = f"parameter of {self.name}"
                raise UnknownNameError(msg, name, self.parameters())
            about = self.parameters()[name]
            if not about.continuous:
                what = "a whole number" if about.integer else "no number"
                msg = f"{self.name}: {name} is {what} and cannot be varied continuously"
                raise ParameterError(msg)

    def check_double(self) -> None:
        """Raise for mpmath numbers where a solver calculates in double precision."""
        if self.is_exact:
            names = [
                name
                for name, value in self.numbers.items()
                if not isinstance(value, Unit) and is_exact(value)
            ]
            what = f"{', '.join(names)} given as mpmath numbers" if names else "units with mpmath numbers"
            msg = (
                f"{self.name}: {what}, but solvers calculate in double precision; solve with plain numbers, "
                "then polish(solution, digits) gives digits (on the command line: --digits)"
            )
            raise ParameterError(msg)

    def check_single(self, *, ignoring: str | None = None) -> None:
        """Raise for a batch where one point is needed; the value of one parameter may be ignored."""
        shape = self.batch if ignoring is None else self.at(**{ignoring: None}).batch
        if shape:
            msg = f"{self.name}: one point is needed here, not a batch of shape {shape}"
            raise ParameterError(msg)

    def take(self, index: Any, shape: tuple[int, ...] | None = None) -> Self:
        """The points `index` of the flattened batch, which may be broadcast to a larger shape first."""
        shape = self.batch if shape is None else shape
        changes: dict[str, Any] = {}
        for name, value in self.numbers.items():
            if isinstance(value, Unit):
                changes[name] = value.take(index, shape) if value.shape else value
            elif np.ndim(value):
                changes[name] = taken(value, index, shape)
        part = self.at(**changes)
        for name in self.carried:
            if name in self.__dict__:
                part.__dict__[name] = self.__dict__[name].take(index, shape)
        return part

    def exact(self) -> Self:
        """Copy whose parameters are mpmath numbers at the current precision."""
        changes: dict[str, Any] = {}
        for name, value in self.numbers.items():
            if isinstance(value, Unit):
                changes[name] = value.exact()
            elif value is not None and not isinstance(value, int):
                changes[name] = exact(value)
        copy = self.at(**changes)
        copy.__dict__["is_exact"] = True  # whole numbers stay what they are, and say nothing
        return copy

    @cached_property
    def is_exact(self) -> bool:
        """Whether this theory calculates with mpmath numbers: `exact` made it, or it was given some."""
        return is_exact(*self.numbers.values())

    def residual(self, x: Numbers) -> Numbers:
        """``update(x) - x``, NaN outside the physical domain; shape ``(n_order, *batch)``."""
        if self.is_exact:
            return self.mismatch(x)
        with np.errstate(all="ignore"):
            return self.within(x, self.mismatch(x))

    def within(self, x: Numbers, values: Numbers) -> Numbers:
        """Values that are known in the physical domain; NaN outside."""
        inside = self.physical(x)
        known = bool(inside) if isinstance(inside, bool | np.bool_) else np.all(inside)
        return values if known else np.where(inside, values, np.nan)

    @classmethod
    def written(cls, **powers: float) -> Mapping[str, str]:
        """The equations at given values of parameters that are powers in them, such as p of `p-spin`.

        Raises
        ------
        ParameterError
            For another parameter: its letter stands in the equations whatever its value is.
        """
        for name in powers:
            if name not in cls.parameters():
                what = f"parameter of {cls.name}"
                raise UnknownNameError(what, name, cls.parameters())
            msg = f"{cls.name}: {name} is no power in its equations, which are the same for every value of it"
            raise ParameterError(msg)
        return cls.equations

    def _repr_latex_(self) -> str | None:
        """The equations, typeset in a notebook; None where the theory writes none out."""
        if not self.equations:
            return None
        body = aligned(self.equations.values(), (*self.parameters(), *self.order, *self.symbols))
        return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"

    def curve(self, *names: str, **span: tuple[float, float]) -> Any:
        """Order parameters against a control parameter, through every fold: `phase_diagrams.curve`.

        Parameters
        ----------
        *names : str
            What is wanted: order parameters, "free_energy", "energy", "entropy", "replicon".
        **span : (float, float)
            The one parameter that varies, and its range.

        Examples
        --------
        >>> from replica.theories import Hopfield
        >>> Hopfield(alpha=0.0, T=0.0).curve("m", alpha=(0, 0.15))
        <Curve of m against alpha: hopfield, retrieval, glass; fold at 0.137905566494932>
        """
        from phase_diagrams.tracing.curves import curve  # what shows a theory knows it, as a notebook does

        return curve(self, *names, **span)

    def describe(self) -> str:
        """Name and parameter values, as messages print them.

        Examples
        --------
        >>> from replica.theories import Hopfield
        >>> Hopfield(alpha=0.05, T=0.2).describe()
        'hopfield(alpha=0.05, T=0.2)'
        """
        return f"{self.name}({self.where})"

    @property
    def told(self) -> dict[str, Value]:
        """The control parameters that a person is told: groups of sites only where there are several."""
        known = self.parameters()
        return {
            name: value
            for name, value in self.values.items()
            if not (known[name].kind == "sites" and value == known[name].default)
        }

    @property
    def where(self) -> str:
        """Parameter values, as messages print them."""
        return ", ".join(f"{name}={short(value)}" for name, value in self.told.items() if value is not None)


@cache
def _signature(cls: type) -> tuple[dict[str, inspect.Parameter], set[Any]]:
    """What a class is made of, by name, and of which kinds these are."""
    known = dict(list(inspect.signature(cls.__init__).parameters.items())[1:])  # type: ignore[misc]
    return known, {one.kind for one in known.values()}


def required(theory: object) -> None:
    """Raise `ParameterError` for what is no theory with its parameters: a name, a class, anything else.

    Examples
    --------
    >>> required(3)
    Traceback (most recent call last):
    replica.errors.ParameterError: a theory with its parameters is needed, not 3
    """
    if isinstance(theory, Theory):
        return
    what = f"not {theory!r}"
    if isinstance(theory, str):
        make = f"THEORIES[{theory!r}](...), where THEORIES is in replica.theories"
        what = f"not the text {theory!r}; make one: {make}"
    elif isinstance(theory, type) and issubclass(theory, Theory):
        known = inspect.signature(theory).parameters.values()
        needed = ", ".join(f"{one.name}=..." for one in known if one.default is one.empty)
        what = f"not the class {theory.__name__}; make one: {theory.__name__}({needed or ''})"
    msg = f"a theory with its parameters is needed, {what}"
    raise ParameterError(msg)
