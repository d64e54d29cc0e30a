"""The theories, by name."""

from __future__ import annotations

from replica.theories.blume_capel import BlumeCapel
from replica.theories.compositional import Compositional, ThresholdedHopfield
from replica.theories.curie_weiss import CurieWeiss
from replica.theories.hopfield import Hopfield
from replica.theories.mixtures import Mixtures
from replica.theories.one_hidden_unit import HopfieldHiddenUnit, OneHiddenUnit
from replica.theory import Theory

__all__ = [
    "THEORIES",
    "BlumeCapel",
    "Compositional",
    "CurieWeiss",
    "Hopfield",
    "HopfieldHiddenUnit",
    "Mixtures",
    "OneHiddenUnit",
    "ThresholdedHopfield",
]

THEORIES: dict[str, type[Theory]] = {
    "hopfield": Hopfield,
    "mixtures": Mixtures,
    "thresholded-hopfield": ThresholdedHopfield,
    "compositional": Compositional,
    "curie-weiss": CurieWeiss,
    "blume-capel": BlumeCapel,
    "one-hidden-unit": OneHiddenUnit,
    "hopfield-hidden-unit": HopfieldHiddenUnit,
}
