"""The theories, by name."""

from __future__ import annotations

from replica.theories.blume_capel import BlumeCapel
from replica.theories.compositional import Compositional, ThresholdedHopfield
from replica.theories.curie_weiss import CurieWeiss
from replica.theories.general_priors import GeneralPriors
from replica.theories.hopfield import Hopfield
from replica.theories.hopfield_1rsb import Hopfield1RSB
from replica.theories.mixtures import Mixtures
from replica.theories.one_hidden_unit import HopfieldHiddenUnit, OneHiddenUnit
from replica.theories.random_energy import RandomEnergy
from replica.theories.random_rbm import RandomRBM
from replica.theories.sherrington_kirkpatrick import SherringtonKirkpatrick
from replica.theories.sherrington_kirkpatrick_1rsb import SherringtonKirkpatrick1RSB
from replica.theories.spectral_rbm import SpectralRBM
from replica.theory import Theory

__all__ = [
    "THEORIES",
    "BlumeCapel",
    "Compositional",
    "CurieWeiss",
    "GeneralPriors",
    "Hopfield",
    "Hopfield1RSB",
    "HopfieldHiddenUnit",
    "Mixtures",
    "OneHiddenUnit",
    "RandomEnergy",
    "RandomRBM",
    "SherringtonKirkpatrick",
    "SherringtonKirkpatrick1RSB",
    "SpectralRBM",
    "ThresholdedHopfield",
]

THEORIES: dict[str, type[Theory]] = {
    "hopfield": Hopfield,
    "mixtures": Mixtures,
    "thresholded-hopfield": ThresholdedHopfield,
    "compositional": Compositional,
    "random-rbm": RandomRBM,
    "general-priors": GeneralPriors,
    "curie-weiss": CurieWeiss,
    "blume-capel": BlumeCapel,
    "spectral-rbm": SpectralRBM,
    "sherrington-kirkpatrick": SherringtonKirkpatrick,
    "sherrington-kirkpatrick-1rsb": SherringtonKirkpatrick1RSB,
    "hopfield-1rsb": Hopfield1RSB,
    "random-energy": RandomEnergy,
    "one-hidden-unit": OneHiddenUnit,
    "hopfield-hidden-unit": HopfieldHiddenUnit,
}
