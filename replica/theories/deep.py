"""Layers of units with Gaussian couplings between neighbours: a deep Boltzmann machine."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from replica.errors import ParameterError
from replica.functional import Coupling, FullyConnected, Layer, Model, theory_of
from replica.theory import Parameter
from replica.units import Unit, parse

__all__ = ["Deep", "deep"]

MOST = 24
"""Layers of a machine."""


def model(*units: str | Unit) -> Model:
    """Layers in a chain; the last one has the share that the others leave."""
    count = len(units)
    names = [f"layer{i}" for i in range(1, count + 1)]
    shares = {
        f"l{i}": Parameter(
            f"share of layer {i}", rf"\lambda_{{{i}}}", lower=0.0, upper=1.0, default=1 / count
        )
        for i in range(1, count)
    }
    temperature = Parameter("temperature", "T", lower=0.0, default=0.0, unit="J", typical=(0.0, 1.0))
    return Model(
        "deep",
        parameters={**shares, f"l{count}": " - ".join(["1", *shares]), "T": temperature},
        layers=[
            Layer(name, unit, size=share)
            for name, unit, share in zip(names, units, [*shares, f"l{count}"], strict=True)
        ],
        couplings=[Coupling(pair) for pair in itertools.pairwise(names)],
    )


class Deep(theory_of(model(*["spin"] * 3))):  # type: ignore[misc]
    """Layers of spins, Gaussian couplings of variance 1/N between neighbours, replica symmetric [ABCM20]_.

    This is the machine of three layers. `deep` makes that of any number of layers, of any units; on the
    command line it is called ``deep:5``, or ``deep:spin+relu:theta=0.5+spin``.

    Parameters
    ----------
    l1, l2 : float or array
        Shares of the first and of the second layer in all units; the third has the rest.
    T : float or array
        Temperature, >= 0.

    References
    ----------
    .. [ABCM20] D. Alberici, A. Barra, P. Contucci, E. Mingione, J. Stat. Phys. 180, 665 (2020).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Deep(l1=0.5, l2=0.3, T=0.3), "glass")
    >>> print(f"{state['q']:.9f} {state.free_energy:.9f} {critical(state.theory).value:.9f}")
    0.640269351 -0.505768848 0.676947243
    """

    aliases: ClassVar[tuple[str, ...]] = ("deep-boltzmann-machine", "dbm")
    line_names: ClassVar[Mapping[str, str]] = {"T_c": "glass"}
    known: ClassVar[Mapping[str, str]] = {
        "T_c": "[l2 (l1 + l3)]^(1/4), exact",
        "T_c of K equal layers": "T_c^2 = (2/K) cos(pi/(K + 1)), exact",
        "f at (0.5, 0.3, 0.2), T = 0.3": "-0.505768847875, replica symmetric",
    }
    references: ClassVar[tuple[str, ...]] = (
        "D. Alberici, A. Barra, P. Contucci, E. Mingione, J. Stat. Phys. 180, 665 (2020)",
    )
    notes: ClassVar[tuple[str, ...]] = (
        "Of neighbours every second one follows from the others: with three layers q is that of the middle.",
        "Other depths and units: deep:5 has five layers of spins; deep:spin+relu:theta=0.5+spin.",
        "Replica symmetric: below T_c replica symmetry is broken.",
    )

    @classmethod
    def variant(cls, text: str) -> type[FullyConnected]:
        """The machine that is called so: a number of layers of spins, or units with + between them."""
        if text.isdecimal():
            return deep(*["spin"] * min(int(text), MOST + 1))
        return deep(*(one if ":" not in one else parse(one) for one in text.split("+")))


@cache
def deep(*units: str | Unit) -> type[FullyConnected]:
    """The theory of a machine with these units, from the first layer to the last one.

    Parameters
    ----------
    *units : str or Unit
        Names of `replica.units.UNITS`, or units with their numbers.

    Returns
    -------
    type of FullyConnected
        Its parameters are T and the shares l1, l2, ... of all layers but the last one, equal by default.

    Raises
    ------
    ParameterError
        For less than two layers, or more than 24.

    Examples
    --------
    >>> from replica import critical
    >>> print(f"{critical(deep(*['spin'] * 5)()).value ** 2:.12f}")  # (2/5) cos(pi/6)
    0.346410161514
    """
    if not 2 <= len(units) <= MOST:
        msg = f"deep: a machine has from 2 to {MOST} layers, such as deep:4 or deep:spin+relu+spin"
        raise ParameterError(msg)
    if units == ("spin",) * 3:
        return Deep
    spins = set(units) == {"spin"}
    base = theory_of(model(*units))
    namespace: dict[str, Any] = {
        "made": (deep, units),
        "name": f"deep:{len(units) if spins else '+'.join(map(str, units))}",
        "line_names": Deep.line_names if "glass" in base.lines else {},
        "known": {name: Deep.known[name] for name in ["T_c of K equal layers"] if spins},
        "references": Deep.references,
        "__module__": __name__,
        "__doc__": f"{len(units)} layers of units, Gaussian couplings between neighbours, replica symmetric.",
    }
    kind: type[Any] = type(base)
    return kind(f"Deep{len(units)}", (base,), namespace)
