"""From names and numbers on the command line to a theory."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phase_diagrams.commands.shared.names import theory_named
from phase_diagrams.commands.shared.printing import parameters
from replica.errors import ParameterError, UnknownNameError

if TYPE_CHECKING:
    from replica.theory import Boundary, Theory
    from replica.typing import Number

__all__ = ["Asked", "build", "check_free"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A theory and its parameters, in the units of the user; the attributes are options of the command."""

    name: str
    rsb: int | str
    given: dict[str, Any]
    unscaled: bool

    @cached_property
    def kind(self) -> type[Theory]:
        """The theory that was named, with the steps of breaking that were asked for."""
        return theory_named(self.name, self.rsb)

    def build(self, computed: Iterable[str] = (), further: Mapping[str, Any] | None = None) -> Theory:
        """The theory; parameters that are computed have a value to begin with."""
        return build(self.kind, self.given | dict(further or {}), computed, unscaled=self.unscaled)

    def rescaled(self, theory: Any, name: str, value: Number) -> Number:
        """A quantity of the theory in the units that were asked for."""
        return theory.unscaled(name, value) if self.unscaled and value is not None else value

    def parameters(self, theory: Theory, computed: Iterable[str] = ()) -> dict[str, Any]:
        """The parameters and their values in these units: as given, but for those that were computed."""
        values = parameters(theory)
        if not self.unscaled:
            return values
        known = {name: value for name, value in values.items() if name in self.given or name in computed}
        return {
            name: self.given[name]
            if name in self.given and not isinstance(value, int)
            else self.rescaled(theory, name, value)
            for name, value in known.items()
        }


def build(
    kind: type[Theory],
    given: Mapping[str, Any],
    computed: Iterable[str] = (),
    *,
    unscaled: bool = False,
) -> Theory:
    """Make a theory from the given parameters.

    Parameters
    ----------
    kind : type of Theory
    given : mapping of str to float or str
        Parameters by name, as given on the command line.
    computed : iterable of str
        Parameters that are computed: they must not be given, and get a value to begin with.
    unscaled : bool
        Whether the parameters are unscaled ones.
    """
    make = _maker(kind, unscaled)
    known = inspect.signature(make).parameters
    fields = kind.parameters()
    values: dict[str, Any] = dict(given)
    for name in computed:
        if name in given:
            from replica.theory.parameters import short

            message = (
                f"{kind.name}: {name} is what is computed here; leave -p {name}={short(given[name])} out"
            )
            raise ParameterError(message)
        if name in fields and fields[name].choices:
            message = f"{kind.name}: {name} is a name, {fields[name].domain}; it cannot be varied"
            raise ParameterError(message)
        values[name] = sum(fields[name].typical) / 2 if name in fields else None
    for name in values:
        if name not in known:
            what = f"{'unscaled ' if unscaled else ''}parameter of {kind.name}"
            raise UnknownNameError(what, name, known)
    missing = [name for name, one in known.items() if one.default is one.empty and name not in values]
    if missing:
        names = ", ".join(f"{name} ({fields[name].text})" for name in missing)
        kinds = {name: fields[name].kind for name in missing}
        how = " ".join(f"--{n} UNIT" if what == "unit" else f"-p {n}=VALUE" for n, what in kinds.items())
        message = f"{kind.name}: missing {names}; give {how}"
        raise ParameterError(message)
    for name, value in values.items():
        if isinstance(value, str):
            if fields[name].kind == "number":
                message = f"{name}={value} is not a decimal number, such as 0.3 or 1e-3"
                raise ParameterError(message)
        elif fields[name].integer and (name not in given or value == int(value)):
            values[name] = int(value)
    return make(**values)


def check_free(kind: type[Theory], boundary: Boundary, names: Iterable[str]) -> None:
    """Refuse parameters that a phase boundary fixes by itself, and would ignore."""
    from replica.solving.systems import phases
    from replica.theory import Optimum

    how = "the best one" if isinstance(boundary, Optimum) else "minimised over"
    fixed = {phase.over: how for phase in phases(boundary) if phase.over}
    fixed |= {name: f"held at {value:g}" for phase in phases(boundary) for name, value in phase.at}
    for name in names:
        if name in fixed:
            message = f"{kind.name}: {name} is {fixed[name]} on this phase boundary; leave it out"
            raise ParameterError(message)


def _maker(kind: type[Theory], unscaled: bool) -> Callable[..., Theory]:
    """What makes the theory from its parameters: the class, or its reading of unscaled ones."""
    if unscaled and not hasattr(kind, "from_unscaled"):
        message = f"{kind.name} has no scaled parameters; leave --unscaled out"
        raise ParameterError(message)
    make: Callable[..., Theory] = getattr(kind, "from_unscaled", kind) if unscaled else kind
    return make
