"""What a theory is: control parameters, order parameters, saddle-point equations, free energy.

A theory is a frozen dataclass with two formulas, `Theory.update` and `Theory.free_energy`. It knows no
solver. Everything else in this module is either derived from the two formulas or a declaration that
solvers, lines, figures and commands read: named branches, phase boundaries, the critical value people ask
for. `docs/add_a_theory.md` goes through one line by line.

Shapes: order parameters travel as ``(n_order, *batch)``, so ``m, q = x`` works for one point and for a
million; a control parameter is a float or an array that broadcasts against the batch. Units: J = k_B = 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from replica.errors import ParameterError, UnknownNameError, nearest
from replica.numerics.functions import Number, exact, is_exact, stack
from replica.units import Unit

__all__ = [
    "Branch",
    "Coexistence",
    "Critical",
    "Fold",
    "Limit",
    "Parameter",
    "Phase",
    "Theory",
    "Zero",
    "parameter",
]

Parameter = Any
"""A control parameter: a float, an array that broadcasts against the batch, or an mpmath number."""


def parameter(
    text: str,
    symbol: str,
    *,
    lower: float = -np.inf,
    upper: float = np.inf,
    open_lower: bool = False,
    default: Any = dataclasses.MISSING,
    unit: str = "1",
    typical: tuple[float, float] = (0.0, 1.0),
    integer: bool = False,
    kind: str = "number",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a control parameter of a theory, with its domain.

    Parameters
    ----------
    text, symbol : str
        What it is, in words and in LaTeX.
    lower, upper : float
        Domain; the bounds belong to it unless `open_lower`.
    default : float or None, optional
        Without it the parameter must be given.
    unit : str
        The unit, "1" for a number.
    typical : (float, float)
        The range in which the physics happens; searches start there.
    integer : bool
        Whether only whole numbers are allowed.
    kind : {"number", "unit", "sites"}
        What the field holds: a number, a `replica.units.Unit`, or groups of sites as (fraction, x) pairs; a
        field with `choices` is of the kind "choice".
    choices : tuple of str
        The names that are allowed, for a parameter that is no number but a name (the law of something).
    """
    about = {
        "text": text,
        "symbol": symbol,
        "lower": lower,
        "upper": upper,
        "open_lower": open_lower,
        "unit": unit,
        "typical": typical,
        "integer": integer,
        "kind": "choice" if choices else kind,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=about)


def domain(about: Mapping[str, Any]) -> str:
    """Domain of a parameter in words, such as ``0 < p <= 1``.

    Examples
    --------
    >>> domain({"lower": 0.0, "upper": 1.0, "open_lower": True, "integer": False})
    'in (0, 1]'
    """
    if about.get("choices"):
        return f"one of {', '.join(about['choices'])}"
    if about.get("kind", "number") != "number":
        return "see `replica show units`" if about["kind"] == "unit" else "fractions sum to 1, mean of x is 1"
    low, high = about["lower"], about["upper"]
    kind = "a whole number " if about.get("integer") else ""
    if np.isinf(low) and np.isinf(high):
        return f"{kind}any finite number".strip()
    if np.isinf(high):
        return f"{kind}{'>' if about['open_lower'] else '>='} {low:g}"
    if np.isinf(low):
        return f"{kind}<= {high:g}"
    return f"{kind}in {'(' if about['open_lower'] else '['}{low:g}, {high:g}]"


@dataclass(frozen=True)
class Branch:
    """A named family of solutions.

    Attributes
    ----------
    text : str
        One line for people.
    start : tuple of float
        Order parameters to start from, exact or nearly so in the theory's `limit`. A theory with starts that
        depend on its parameters overrides `Theory.start` instead.
    explicit : bool
        Whether the start is the exact solution at every parameter value (a trivial branch, such as m = 0 of
        a ferromagnet). Boundaries on it then have no order parameters among their unknowns.
    """

    text: str
    start: tuple[float, ...] = ()
    explicit: bool = False


@dataclass(frozen=True)
class Limit:
    """The limit in which every branch start is exact: `parameter` tends to `value`."""

    parameter: str
    value: float = 0.0


@dataclass(frozen=True)
class Phase:
    """A branch; or its minimum over one control parameter; or its limit at fixed values of some.

    Attributes
    ----------
    branch : str
    over : str or None
        Control parameter over which the free energy is minimised.
    at : tuple of (str, float)
        Control parameters held at these values, whatever the theory says.
    """

    branch: str
    over: str | None = None
    at: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Fold:
    """Boundary where a branch ends in a saddle-node (spinodal)."""

    branch: str
    kind: ClassVar[str] = "spinodal"


@dataclass(frozen=True)
class Coexistence:
    """Boundary where two phases have the same free energy (first order)."""

    first: Phase
    second: Phase
    kind: ClassVar[str] = "first-order"


@dataclass(frozen=True)
class Zero:
    """Boundary where a function of the state vanishes on a phase.

    `test` names a method of the theory (``"log_rho"``, ``"free_energy"``, ...), or ``"stability"``: the
    determinant of 1 - d update/dx, which vanishes where another branch grows out of this one. `text` says in
    words what happens there.
    """

    phase: Phase
    test: str
    kind: str = "continuous"
    text: str = ""


Boundary = Fold | Coexistence | Zero


@dataclass(frozen=True)
class Critical:
    """The critical value that people ask a theory for: `parameter` at which `boundary` is met.

    Where it is met more than once, the smallest value counts; the largest if `highest`.
    """

    parameter: str
    boundary: str
    symbol: str
    text: str
    highest: bool = False


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
        What `replica show` prints: plain text, of which `replica.equations` makes LaTeX.
    jacobian_error
        Error of one's own `jacobian`; not 0 where that is itself a numerical derivative.
    references, known, notes, symbols
        Papers; published numbers with their source; conventions; order parameters in words.
    next_step : str or None
        Name of the theory with one more step of replica symmetry breaking, if there is one.
    """

    name: ClassVar[str]
    order: ClassVar[tuple[str, ...]]
    branches: ClassVar[Mapping[str, Branch]]
    lines: ClassVar[Mapping[str, Boundary]] = {}
    limit: ClassVar[Limit | None] = None
    jacobian_error: ClassVar[float] = 0.0
    critical: ClassVar[Critical | None] = None
    equations: ClassVar[Mapping[str, str]] = {}
    references: ClassVar[tuple[str, ...]] = ()
    known: ClassVar[Mapping[str, str]] = {}
    notes: ClassVar[tuple[str, ...]] = ()
    symbols: ClassVar[Mapping[str, str]] = {}
    next_step: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        """Check every control parameter against its domain."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            _check(type(self).name, field.name, getattr(self, field.name), field.metadata)

    # -- what a theory must write down -------------------------------------------------------------

    def update(self, x: Any) -> Any:
        """Right-hand sides of the saddle-point equations ``x = update(x)``, shape ``(n_order, *batch)``."""
        raise NotImplementedError

    def free_energy(self, x: Any) -> Any:
        """Free energy per neuron, stationary where ``update(x) == x``; shape ``(*batch)``."""
        raise NotImplementedError

    # -- what it may add ------------------------------------------------------------------------------

    def physical(self, x: Any) -> Any:
        """Domain of the formulas: False where a root would be spurious; shape ``(*batch)``."""
        return np.ones(np.shape(x)[1:], dtype=bool)

    def jacobian(self, x: Any) -> Any:
        """``d update / dx``, shape ``(n_order, n_order, *batch)``, or None: then it is differenced."""
        return None

    def start(self, branch: str) -> Any:
        """Order parameters from which to look for a branch, shape ``(n_order, *batch)``."""
        return self.state(**dict(zip(self.order, self.branch(branch).start, strict=True)))

    def belongs(self, branch: str, x: Any) -> Any:
        """Whether a solution is on the named branch (besides stability); shape ``(*batch)``."""
        return np.ones(np.shape(x)[1:], dtype=bool)

    def state(self, **known: Number) -> Any:
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

    def derived(self, x: Any) -> dict[str, Any]:
        """Order parameters that follow from ``x`` (r in the Hopfield network)."""
        return {}

    def entropy(self, x: Any) -> Any:
        """Entropy per neuron, minus the explicit temperature derivative of the free energy; or None."""
        return None

    def energy(self, x: Any) -> Any:
        """Energy per neuron, f + T s; or None where the entropy is not defined."""
        entropy = self.entropy(x)
        return None if entropy is None else self.free_energy(x) + getattr(self, "T", 0.0) * entropy

    def hint(self, branch: str) -> str:
        """One clause for people: where a branch exists; added to the message if it is not found."""
        return ""

    def absence(self, line: str) -> str:
        """Why a line does not exist at these parameters, if the theory knows; else an empty text."""
        return ""

    def slope(self, parameter: str, x: Any) -> Any:
        """Explicit derivative of the free energy by a control parameter; shape ``(*batch)``.

        At a solution it is the total derivative. Differenced to fourth order unless a theory knows better,
        one-sided next to the parameter's lower bound.
        """
        self.check_varied(parameter)
        value = getattr(self, parameter)
        step = 1e-3 * np.maximum(np.abs(value), 0.1)
        near = np.asarray(value - 2 * step < self.parameters()[parameter].metadata["lower"])

        def f(shift: int) -> Any:
            return self.at(**{parameter: value + shift * step}).free_energy(x)

        def forward() -> Any:
            return (-25 * f(0) + 48 * f(1) - 36 * f(2) + 16 * f(3) - 3 * f(4)) / (12 * step)

        if near.all():
            return forward()
        central = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * step)
        return np.where(near, forward(), central) if near.any() else central

    def replicon(self, x: Any) -> Any:
        """1 - rho: positive where replica symmetry is stable; None for a theory without disorder."""
        return None

    def tuned(self, x: Any) -> Self:
        """The theory whose free energy is stationary at x; differs where a field follows the state."""
        return self

    # -- derived ---------------------------------------------------------------------------------------

    @classmethod
    def parameters(cls) -> dict[str, dataclasses.Field[Any]]:
        """Control parameters by name, with their metadata."""
        return {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]

    @property
    def values(self) -> dict[str, Any]:
        """The control parameters and their values."""
        return {name: getattr(self, name) for name in self.parameters()}

    @property
    def numbers(self) -> dict[str, Any]:
        """The control parameters that are numbers, or units with numbers in them."""
        known = self.parameters()
        idle = ("sites", "choice")
        return {k: v for k, v in self.values.items() if known[k].metadata.get("kind") not in idle}

    @property
    def folding(self) -> set[str]:
        """Branches that end in a fold, hence whose far side must not be mistaken for them."""
        return {line.branch for line in self.lines.values() if isinstance(line, Fold)}

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape to which the control parameters broadcast; ``()`` for one point."""
        shapes = (
            value.shape if isinstance(value, Unit) else np.shape(value) for value in self.numbers.values()
        )
        return np.broadcast_shapes(*shapes)

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

    def at(self, **changes: Parameter) -> Self:
        """Copy with other parameter values, unchecked: continuation may probe just beyond a bound."""
        copy = object.__new__(type(self))  # without what was cached for the old values
        copy.__dict__.update(self.values | changes)
        return copy

    def check(self, **values: Parameter) -> None:
        """Raise `ParameterError` for a value outside the domain of its parameter."""
        for name, value in values.items():
            _check(self.name, name, value, self.parameters()[name].metadata)

    def check_varied(self, *names: str) -> None:
        """Raise for a name that is no control parameter, or one that counts and so takes no value between."""
        for name in names:
            if name not in self.parameters():
                msg = f"parameter of {self.name}"
                raise UnknownNameError(msg, name, self.parameters())
            about = self.parameters()[name].metadata
            if about["integer"] or about["kind"] != "number":
                what = "a whole number" if about["integer"] else "no number"
                msg = f"{self.name}: {name} is {what} and cannot be varied continuously"
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
                changes[name] = np.broadcast_to(value, shape).ravel()[index]
        return self.at(**changes)

    def exact(self) -> Self:
        """Copy whose parameters are mpmath numbers at the current precision."""
        changes: dict[str, Any] = {}
        for name, value in self.numbers.items():
            if isinstance(value, Unit):
                changes[name] = value.exact()
            elif value is not None and not isinstance(value, int):
                changes[name] = exact(value)
        return self.at(**changes)

    def residual(self, x: Any) -> Any:
        """``update(x) - x``, NaN outside the physical domain; shape ``(n_order, *batch)``."""
        if is_exact(x):
            return self.update(x) - x
        with np.errstate(all="ignore"):
            return np.where(self.physical(x), self.update(x) - x, np.nan)

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
    def told(self) -> dict[str, Any]:
        """The control parameters that a person is told: groups of sites only where there are several."""
        known = self.parameters()
        return {
            name: value
            for name, value in self.values.items()
            if not (known[name].metadata["kind"] == "sites" and value == known[name].default)
        }

    @property
    def where(self) -> str:
        """Parameter values, as messages print them."""
        return ", ".join(f"{name}={short(value)}" for name, value in self.told.items() if value is not None)


def short(value: Any) -> str:
    """A value in a message: a number, a unit, groups of sites, or the shape of an array."""
    if isinstance(value, str | Unit):
        return str(value)
    if isinstance(value, tuple):  # groups of sites
        return ",".join(f"{fraction:g}:{x:g}" for fraction, x in value)
    return f"array{np.shape(value)}" if np.ndim(value) else f"{float(value):.10g}"


def _check(theory: str, name: str, value: Any, about: Mapping[str, Any]) -> None:
    if value is None or not about or about["kind"] == "sites":
        return
    if about["kind"] == "unit":
        if not isinstance(value, Unit):
            msg = f"{theory}: {name} must be a unit, such as units.ReLU(theta=1.5), not {value!r}"
            raise ParameterError(msg)
        return
    if about["choices"]:
        if not (isinstance(value, str) and value in about["choices"]):
            hint = nearest(str(value), about["choices"])
            msg = f"{theory}: {name} = {value!r} is not allowed; {name} is {domain(about)}{hint}"
            raise ParameterError(msg)
        return
    try:
        number = np.asarray(None if isinstance(value, str) else value, dtype=float)
    except (TypeError, ValueError):
        number = np.asarray(np.nan)
    if isinstance(value, str) or number.dtype != float:
        msg = f"{theory}: {name} must be a number, not {value!r}"
        raise ParameterError(msg)
    bad = ~np.isfinite(number)
    bad |= (number <= about["lower"]) if about["open_lower"] else (number < about["lower"])
    bad |= number > about["upper"]
    if about["integer"]:
        bad |= number != np.round(number)
    if np.any(bad):
        wrong = number[bad].flat[0] if number.ndim else number
        msg = f"{theory}: {name} = {float(wrong):g} is not allowed; {name} is {domain(about)}"
        raise ParameterError(msg)
