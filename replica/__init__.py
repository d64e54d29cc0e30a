"""Replica theories of Hopfield networks and restricted Boltzmann machines, and how they are solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from replica.solving import FixedPoint as FixedPoint
    from replica.solving import Located as Located
    from replica.solving import Newton as Newton
    from replica.solving import Precise as Precise
    from replica.solving import Solution as Solution
    from replica.solving import Solver as Solver
    from replica.solving import SpecialPoint as SpecialPoint
    from replica.solving import Status as Status
    from replica.solving import Stepping as Stepping
    from replica.solving import Trace as Trace
    from replica.solving import critical as critical
    from replica.solving import find as find
    from replica.solving import locate as locate
    from replica.solving import minimise as minimise
    from replica.solving import polish as polish
    from replica.solving import profile as profile
    from replica.solving import search as search
    from replica.solving import solve as solve
    from replica.solving import trace as trace
    from replica.theories import THEORIES as THEORIES
    from replica.theories import BlumeCapel as BlumeCapel
    from replica.theories import Compositional as Compositional
    from replica.theories import CurieWeiss as CurieWeiss
    from replica.theories import GeneralPriors as GeneralPriors
    from replica.theories import Hopfield as Hopfield
    from replica.theories import Hopfield1RSB as Hopfield1RSB
    from replica.theories import HopfieldHiddenUnit as HopfieldHiddenUnit
    from replica.theories import Mixtures as Mixtures
    from replica.theories import OneHiddenUnit as OneHiddenUnit
    from replica.theories import RandomEnergy as RandomEnergy
    from replica.theories import RandomRBM as RandomRBM
    from replica.theories import SherringtonKirkpatrick as SherringtonKirkpatrick
    from replica.theories import SpectralRBM as SpectralRBM
    from replica.theories import ThresholdedHopfield as ThresholdedHopfield
    from replica.theory import Theory as Theory
    from replica.units import UNITS as UNITS

__version__ = "0.1.0"

_HOMES = {
    "solving": (
        "FixedPoint Located Newton Precise Solution Solver SpecialPoint Status Stepping Trace "
        "critical find locate minimise polish profile search solve trace"
    ),
    "theories": (
        "BlumeCapel Compositional CurieWeiss GeneralPriors Hopfield Hopfield1RSB HopfieldHiddenUnit "
        "Mixtures OneHiddenUnit RandomEnergy RandomRBM SherringtonKirkpatrick SpectralRBM THEORIES "
        "ThresholdedHopfield"
    ),
    "theory": "Theory",
    "units": "UNITS",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}, "__version__"
    )
