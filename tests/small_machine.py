"""The exact numbers of a machine of six visible and four hidden units, in three conventions.

``small_machine.json`` was computed by plain loops over all configurations, independently of this package.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from replica.machines.models.rbm import RBM
from replica.units import Bernoulli, Spin

CONVENTIONS = ("convention_01", "convention_pm1_equivalent_model", "convention_pm1_same_numbers")


@dataclass(frozen=True)
class Case:
    """A machine, its data, and what is known of both."""

    rbm: RBM
    data: Any
    target: Any
    known: dict[str, Any]


@cache
def reference() -> dict[str, Any]:
    with Path(__file__).with_name("small_machine.json").open() as file:
        told: dict[str, Any] = json.load(file)
    return told


@cache
def case(convention: str) -> Case:
    told = reference()
    known = told[convention]
    numbers = known["parameters"]
    unit: Any = Bernoulli if convention == "convention_01" else Spin
    rbm = RBM(numbers["W"], unit(g=numbers["visible_bias"]), unit(g=numbers["hidden_bias"]))
    bits = np.array(told["data_01"])
    v = np.array(np.meshgrid(*[[0, 1]] * 6, indexing="ij")).reshape(6, -1).T
    target = 0.6 * np.prod(np.where(v, 0.8, 0.2), axis=1) + 0.4 * np.prod(np.where(v, 0.3, 0.7), axis=1)
    return Case(rbm, bits if unit is Bernoulli else 2 * bits - 1, target, known)
