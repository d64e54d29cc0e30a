"""What a shell offers where a value stands: theories, diagrams, parameters, branches, lines, units.

click asks while a line is half typed: what cannot be found out yet is not offered, and nothing is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from replica.errors import ReplicaError

if TYPE_CHECKING:
    import click

    from replica.theory import Theory

__all__ = [
    "arguments",
    "boundaries",
    "branches",
    "diagrams",
    "named",
    "parameters",
    "quantities",
    "ranges",
    "shown",
    "theories",
    "units",
]

Offer = Callable[["click.Context", "click.Parameter", str], list[str]]


def offered(find: Callable[[click.Context], Iterable[str]]) -> Offer:
    """What begins like the word that is being typed."""

    def offer(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            return [one for one in find(ctx) if one.startswith(incomplete)]
        except ReplicaError:
            return []

    return offer


def _name(ctx: click.Context) -> str:
    """The first word behind the command; where an option has no value yet, click leaves the words aside."""
    return str(ctx.params.get("name") or next(iter(ctx.args), ""))


def _kind(ctx: click.Context) -> type[Theory]:
    from phase_diagrams.commands.shared.names import theory_named

    return theory_named(_name(ctx), int(ctx.params.get("rsb") or 0))


def _theories(_: click.Context) -> Iterable[str]:
    from replica.theories import THEORIES

    return list(THEORIES)


def _diagrams(_: click.Context) -> Iterable[str]:
    from phase_diagrams.catalogue import DIAGRAMS

    return list(DIAGRAMS)


def _shown(ctx: click.Context) -> Iterable[str]:
    from phase_diagrams.commands.shared.glossary import glossary

    return [*_theories(ctx), "units", *sorted(glossary())]


def _arguments(ctx: click.Context) -> Iterable[str]:
    from phase_diagrams.catalogue import DIAGRAMS
    from phase_diagrams.commands.shared.arguments import arguments as known

    name = _name(ctx)
    return [f"{one}=" for one in known(DIAGRAMS[name].build)] if name in DIAGRAMS else []


def _ranges(ctx: click.Context) -> Iterable[str]:
    """Parameters with their typical range."""
    numbers = {name: one for name, one in _kind(ctx).parameters().items() if one.kind == "number"}
    return [f"{name}={one.typical[0]:g}:{one.typical[1]:g}" for name, one in numbers.items()]


def _quantities(ctx: click.Context) -> Iterable[str]:
    return [*_kind(ctx).symbols, "free_energy", "energy", "entropy", "replicon"]


def _units(_: click.Context) -> Iterable[str]:
    from replica.units import UNITS

    return list(UNITS)


theories = offered(_theories)
diagrams = offered(_diagrams)
named = offered(lambda ctx: dict.fromkeys([*_diagrams(ctx), *_theories(ctx)]))
shown = offered(_shown)
arguments = offered(_arguments)
parameters = offered(lambda ctx: [f"{name}=" for name in _kind(ctx).parameters()])
ranges = offered(_ranges)
branches = offered(lambda ctx: [*_kind(ctx).branches, "all"])
boundaries = offered(lambda ctx: _kind(ctx).lines)
quantities = offered(_quantities)
units = offered(_units)
