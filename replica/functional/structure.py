"""What follows from a model before any number is known: unknowns, eliminated layers, who feels whom."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from replica.errors import ParameterError
from replica.functional.model import Model, repeated
from replica.units import UNITS, Unit

__all__ = ["Structure", "Term", "numbered", "structure_of", "terms"]

FEW = 12
"""Layers of which every subset is tried for elimination; of more, one after the other."""


@dataclass(frozen=True)
class Term:
    """A term of a derivative by one member: of xi by an overlap, of g by an order parameter.

    Attributes
    ----------
    number : int
        Which coupling, or which energy, it comes from.
    factor : int
        The power of the member in it.
    others : tuple of int
        The other distinct members, whose sizes are factors; the own size is left out, never divided by.
    indices : tuple of int
        The members that are left, repeated for powers.
    """

    number: int
    factor: int
    others: tuple[int, ...]
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Structure:
    """What every theory of a model has in common.

    Attributes
    ----------
    couplings, energies : tuple of tuple of int
        The layers of each coupling, the patterns of each energy, as numbers; where a power is a parameter,
        at its lowest value: who feels whom is the same at all of them.
    on : tuple of tuple of int
        The patterns on each layer.
    kept : tuple of int
        Layers whose overlap and response are unknowns.
    eliminated : tuple of int
        Layers that are explicit functions of the kept ones: xi is linear in them, no two are coupled, and
        they bear no pattern.
    silent : tuple of int
        Layers that nothing feels; they follow from all others.
    rigid : frozenset of int
        Layers of units +-1: q = 1 - T C, one unknown.
    fields, pulls : tuple of tuple of Term
        The terms of dxi/dR_s over the size of the layer; of dg/dm_k over size and norm.
    neighbours : tuple of tuple of int
        Layers whose overlap stands in the field of a layer.
    colours : (tuple of int, tuple of int) or None
        Layers in two groups inside which nothing is coupled, if there are two.
    order : tuple of str
        Names of the unknowns.
    overlaps, responses : tuple of str
        The names of q and C of each layer.
    """

    couplings: tuple[tuple[int, ...], ...]
    energies: tuple[tuple[int, ...], ...]
    on: tuple[tuple[int, ...], ...]
    kept: tuple[int, ...]
    eliminated: tuple[int, ...]
    silent: tuple[int, ...]
    rigid: frozenset[int]
    fields: tuple[tuple[Term, ...], ...]
    pulls: tuple[tuple[Term, ...], ...]
    neighbours: tuple[tuple[int, ...], ...]
    colours: tuple[tuple[int, ...], tuple[int, ...]] | None
    order: tuple[str, ...]
    overlaps: tuple[str, ...]
    responses: tuple[str, ...]

    @property
    def layers(self) -> range:
        """The numbers of the layers."""
        return range(len(self.on))

    @property
    def lowest(self) -> int:
        """The lowest power in the covariance; 0 without couplings."""
        return min(map(len, self.couplings), default=0)


@cache
def structure_of(model: Model) -> Structure:
    """What follows from a model before any number is known.

    Raises
    ------
    ParameterError
        If an order parameter would have the name of another, or of a parameter.
    """
    couplings = tuple(numbered(one.layers, model.layer_index, model.powers) for one in model.couplings)
    energies = tuple(numbered(one.patterns, model.pattern_index, model.powers) for one in model.energies)
    n_layers, n_patterns = len(model.layers), len(model.patterns)
    on = tuple(
        tuple(k for k, pattern in enumerate(model.patterns) if model.layer_index[pattern.layer] == s)
        for s in range(n_layers)
    )
    rigid = frozenset(s for s, layer in enumerate(model.layers) if _is_rigid(layer.unit))
    fields = terms(couplings, n_layers)
    neighbours = tuple(tuple(sorted({t for term in own for t in term.indices})) for own in fields)
    felt = sorted({t for around in neighbours for t in around})
    eliminated = _eliminated(couplings, [s for s in felt if not on[s]], rigid)
    kept = tuple(s for s in felt if s not in eliminated)
    if not kept and not n_patterns:  # nothing is coupled to itself: the state of the first layer is asked for
        kept = (0,)
    silent = tuple(s for s in range(n_layers) if s not in kept and s not in eliminated)
    names = [layer.name for layer in model.layers]
    alone = kept[0] if len(kept) == 1 else None
    alone = 0 if n_layers == 1 else alone
    overlaps, responses = (
        tuple(letter if s == alone else f"{letter}_{name}" for s, name in enumerate(names)) for letter in "qC"
    )
    order = [pattern.name for pattern in model.patterns]
    for s in kept:
        order += [responses[s]] if s in rigid else [overlaps[s], responses[s]]
    known = [*order, *(overlaps[s] for s in range(n_layers)), *model.names]
    for name in order:
        if known.count(name) > 1 + (name in overlaps):
            msg = f"{model.name}: {name} is the name of an order parameter and of something else; rename it"
            raise ParameterError(msg)
    return Structure(
        couplings,
        energies,
        on,
        kept,
        eliminated,
        silent,
        rigid,
        fields,
        terms(energies, n_patterns),
        neighbours,
        _colours(neighbours),
        tuple(order),
        overlaps,
        responses,
    )


def _is_rigid(unit: str | Unit) -> bool:
    """Whether the unit squares to 1."""
    if isinstance(unit, Unit):
        return unit.rigid
    kind = UNITS[unit]
    values = kind.values if isinstance(kind.values, tuple) else ()
    return getattr(kind, "rigid", None) is True or (bool(values) and bool(np.all(np.abs(values) == 1)))


def numbered(entries: Iterable[str], index: Mapping[str, int], powers: Mapping[str, int]) -> tuple[int, ...]:
    """The members of a product as numbers, in order, at given powers."""
    return tuple(sorted(index[name] for name in repeated(entries, powers)))


@cache
def terms(products: tuple[tuple[int, ...], ...], count: int) -> tuple[tuple[Term, ...], ...]:
    """The terms of the derivative of a sum of products by each of `count` members."""
    return tuple(_terms(products, member) for member in range(count))


def _terms(products: Sequence[tuple[int, ...]], member: int) -> tuple[Term, ...]:
    found = []
    for number, indices in enumerate(products):
        power = indices.count(member)
        if power:
            left = list(indices)
            left.remove(member)
            found.append(Term(number, power, tuple(sorted(set(indices) - {member})), tuple(left)))
    return tuple(found)


def _eliminated(
    couplings: Iterable[tuple[int, ...]], candidates: list[int], rigid: frozenset[int]
) -> tuple[int, ...]:
    """The layers without which fewest unknowns are left: none in a power, no two in one coupling."""
    powers = {s for indices in couplings for s, power in Counter(indices).items() if power > 1}
    free = [s for s in candidates if s not in powers]
    apart = {s: {t for indices in couplings if s in indices for t in indices} - {s} for s in free}

    def unknowns(chosen: Iterable[int]) -> tuple[int, tuple[int, ...]]:
        return sum(1 if s in rigid else 2 for s in chosen), tuple(chosen)

    if len(free) > FEW:
        chosen: list[int] = []
        for s in sorted(free, key=lambda s: (len(apart[s]), -s)):
            if not apart[s] & set(chosen):
                chosen.append(s)
        return tuple(sorted(chosen))
    sets = (
        subset
        for size in range(len(free) + 1)
        for subset in itertools.combinations(free, size)
        if all(not apart[s] & set(subset) for s in subset)
    )
    return max(sets, key=unknowns)  # of two that save as much, the layers that are named later


def _colours(neighbours: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Two groups of layers inside which nothing is coupled; None if there are no two."""
    colour: dict[int, int] = {}
    for first, around in enumerate(neighbours):
        if first in colour or not around:
            continue
        colour[first], todo = 0, [first]
        while todo:
            s = todo.pop()
            for t in neighbours[s]:
                if t == s or colour.get(t) == colour[s]:
                    return None
                if t not in colour:
                    colour[t] = 1 - colour[s]
                    todo.append(t)
    groups = (tuple(s for s in colour if colour[s] == side) for side in (0, 1))
    first_group, second_group = groups
    return (first_group, second_group) if second_group else None
