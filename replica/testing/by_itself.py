"""What a theory promises by itself: declarations, being a value, refusing what is wrong."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Collection
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.solving.systems import phases
from replica.testing.differences import room
from replica.testing.report import Wrong, ask
from replica.testing.subject import About, Subject, with_one
from replica.theory import Zero

__all__ = ["OF_THE_THEORY"]

NONSENSE: tuple[Any, ...] = (np.nan, np.inf, -np.inf, "0.1", "abc", [0.1, np.nan], 1j, object())
"""What no control parameter may be."""


def _value(on: Subject) -> str:
    theory = on.theory
    start = theory.start(on.branch)
    theory.update(start)  # whatever is cached must not be part of the value
    given = {name: value for name, value in theory.values.items() if value is not None}
    same = type(theory)(**given)
    ask(theory == same, "two theories of the same parameters differ", "equality by value")
    ask(hash(theory) == hash(same), "equal theories have different hashes", "the same hash")
    try:
        copy = pickle.loads(pickle.dumps(theory))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        told = f"it cannot be pickled: {error}"
        raise Wrong(told, "a class of a module, without lambdas in it") from error
    ask(copy == theory, "a pickled theory is another one", "the same theory")
    ask(
        np.array_equal(copy.update(start), theory.update(start), equal_nan=True),
        "a pickled theory computes something else",
        "the same numbers",
    )
    try:
        theory.__setattr__(next(iter(theory.values)), 1.0)
    except dataclasses.FrozenInstanceError:
        pass
    else:
        ask(False, "a parameter can be changed", "@dataclass(frozen=True)")
    ask(theory.name in theory.describe(), f"describe() = {theory.describe()!r}", "the name in it")
    return ""


def _replaced(on: Subject) -> str:
    theory = on.theory
    start = theory.start(on.branch)
    theory.update(start)  # fills caches, which a copy must not inherit
    for name in on.varied:
        value = getattr(theory, name)
        value = value + 0.01 if room(theory, name)[1] > 0.01 else value - 0.01
        fresh = with_one(theory, name, value)
        for how, copy in (
            ("dataclasses.replace", dataclasses.replace(theory, **{name: value})),  # type: ignore[type-var]
            ("at", theory.at(**{name: value})),
        ):
            ask(
                copy == fresh and copy != theory,
                f"{how} of {name} gives another theory",
                "one made with that value",
            )
            with np.errstate(all="ignore"):
                same = np.array_equal(copy.update(start), fresh.update(start), equal_nan=True)
            ask(
                same,
                f"update after {how} of {name} is not that of a new theory",
                "the same: nothing cached is kept",
            )
    return ""


def _validation(on: Subject) -> str:
    theory = on.theory
    for name, about in theory.parameters().items():
        wrong: list[Any] = []
        if about.kind == "number":
            wrong += NONSENSE
            for bound, sign in ((about.lower, -1), (about.upper, 1)):
                for beyond in (1e-12, 1e-3, 1.0, 1e300):
                    value = bound + sign * max(beyond, 1e-12 * abs(bound))
                    wrong += [value, np.array([bound + 0.0, value])] if np.isfinite(bound) else []
            wrong += [about.lower] if about.open_lower else []
            wrong += [about.upper] if about.open_upper else []
            wrong += [2.5] if about.integer else []
        elif about.kind in ("unit", "choice"):
            wrong += [object(), 0.1]
        for value in wrong:
            told = f"{theory.name}: {name}"
            try:
                with_one(theory, name, value)
            except ParameterError as error:
                text = str(error)
                ask(
                    text.startswith(told) and not text[len(told) : len(told) + 1].isalnum(),
                    f"{name} = {value!r} is refused as {text!r}",
                    f"a message that begins with {told!r}",
                )
            else:
                ask(False, f"{name} = {value!r} is accepted", "a ParameterError that names it")
        if about.kind == "number":
            for bound, open_ in ((about.lower, about.open_lower), (about.upper, about.open_upper)):
                if np.isfinite(bound) and not open_:
                    theory.check(**{name: bound})
    return ""


def _declared(on: Subject) -> str:
    theory = on.theory
    known = theory.parameters()
    names = [*theory.order, *theory.derived(theory.start(on.branch))]
    twice = sorted({name for name in names if names.count(name) > 1} | set(names) & set(known))
    ask(names and not twice, f"several quantities are named {', '.join(twice)}", "each name once")

    def named(what: str, name: Any, among: Collection[str]) -> None:
        ask(name in among, f"{what} names {name!r}", f"one of {', '.join(map(str, among))}")

    for name in theory.available:
        named("available", name, theory.branches)
    for name in theory.symmetry:
        named("symmetry", name, (*theory.order, *known))
    for label, line in theory.lines.items():
        for phase in phases(line):
            named(f"the line {label!r}", phase.branch, theory.branches)
            for parameter in {phase.over} - {None} | {parameter for parameter, _ in phase.at}:
                named(f"the line {label!r}", parameter, known)
        if isinstance(line, Zero):
            ask(
                line.test == "stability" or callable(getattr(theory, line.test, None)),
                f"the line {label!r} is the zero of {line.test!r}",
                "a method of the theory, or 'stability'",
            )
    if theory.limit is not None:
        named("limit", theory.limit.parameter, known)
        theory.check(**{theory.limit.parameter: theory.limit.value})
    if theory.critical is not None:
        named("critical", theory.critical.parameter, known)
        named("critical", theory.critical.boundary, theory.lines)
    for name, about in known.items():
        if about.kind == "number":
            low, high = about.typical
            ask(
                about.lower <= low < high <= about.upper,
                f"the typical range of {name} is {(low, high)}",
                f"a range inside its domain, {about.lower:g} to {about.upper:g}",
            )
    return ""


def _states(on: Subject) -> str:
    theory, first = on.theory, on.theory.default
    if first in theory.available:
        ask(
            np.array_equal(theory.state(), theory.start(first), equal_nan=True),
            "state() is not the first start",
            f"start({first!r})",
        )
        value = theory.state(**{theory.order[0]: 0.25})[0]
        ask(value == 0.25, f"state({theory.order[0]}=0.25) has {value}", "the value that is given")
    for what, call in (
        ("order parameter", lambda: theory.state(nonsense=1.0)),
        ("branch", lambda: theory.branch("nonsense")),
    ):
        try:
            call()
        except UnknownNameError as error:
            ask(f"{what} of {theory.name}" in str(error), f"an unknown {what}: {error}", "it is named")
        else:
            ask(False, f"an unknown {what} is accepted", "an UnknownNameError")
    return ""


OF_THE_THEORY: dict[str, About] = {
    "declarations": About(_declared, "order, branches, lines, limit, critical, symmetry, parameter(...)"),
    "value": About(_value, "@dataclass(frozen=True) on a class of a module; no state beside the parameters"),
    "replacement": About(_replaced, "what is cached: `at` drops a cached_property, and no other cache"),
    "validation": About(
        _validation, "parameter(..., lower, upper); an own __post_init__ calls super().__post_init__()"
    ),
    "states": About(_states, "state, start, branch, where they are overridden"),
}
"""The checks, and where to look if one fails."""
