"""The theories, by name; each is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import Classes, face

if TYPE_CHECKING:
    from replica.theories.archetypes import Archetypes as Archetypes
    from replica.theories.archetypes import ArchetypesUnsupervised as ArchetypesUnsupervised
    from replica.theories.bidirectional import Bidirectional as Bidirectional
    from replica.theories.bipartite_sk import BipartiteSK as BipartiteSK
    from replica.theories.blume_capel import BlumeCapel as BlumeCapel
    from replica.theories.classification import Classification as Classification
    from replica.theories.compositional import Compositional as Compositional
    from replica.theories.compositional import ThresholdedHopfield as ThresholdedHopfield
    from replica.theories.compressed_sensing import BasisPursuit as BasisPursuit
    from replica.theories.compressed_sensing import CompressedSensing as CompressedSensing
    from replica.theories.correlated import Correlated as Correlated
    from replica.theories.curie_weiss import CurieWeiss as CurieWeiss
    from replica.theories.deep import Deep as Deep
    from replica.theories.dense import Dense as Dense
    from replica.theories.diluted import Diluted as Diluted
    from replica.theories.dreaming import Dreaming as Dreaming
    from replica.theories.dreaming import PseudoInverse as PseudoInverse
    from replica.theories.exponential import Exponential as Exponential
    from replica.theories.general_priors import GeneralPriors as GeneralPriors
    from replica.theories.hopfield import Hopfield as Hopfield
    from replica.theories.hopfield_1rsb import Hopfield1RSB as Hopfield1RSB
    from replica.theories.mixtures import Mixtures as Mixtures
    from replica.theories.noisy_hopfield import NoisyHopfield as NoisyHopfield
    from replica.theories.one_hidden_unit import HopfieldHiddenUnit as HopfieldHiddenUnit
    from replica.theories.one_hidden_unit import OneHiddenUnit as OneHiddenUnit
    from replica.theories.p_spin import MixedPSpin as MixedPSpin
    from replica.theories.p_spin import PlantedPSpin as PlantedPSpin
    from replica.theories.p_spin import PSpin as PSpin
    from replica.theories.p_spin import SphericalPSpin as SphericalPSpin
    from replica.theories.perceptron import BinaryPerceptron as BinaryPerceptron
    from replica.theories.perceptron import Perceptron as Perceptron
    from replica.theories.perceptron import SymmetricPerceptron as SymmetricPerceptron
    from replica.theories.phase_retrieval import PhaseRetrieval as PhaseRetrieval
    from replica.theories.planted import Planted as Planted
    from replica.theories.potts_hopfield import PottsHopfield as PottsHopfield
    from replica.theories.random_energy import RandomEnergy as RandomEnergy
    from replica.theories.random_rbm import RandomRBM as RandomRBM
    from replica.theories.regression import Regression as Regression
    from replica.theories.rotation_invariant import RotationInvariant as RotationInvariant
    from replica.theories.semi_restricted import SemiRestricted as SemiRestricted
    from replica.theories.semi_restricted import SemiRestrictedBits as SemiRestrictedBits
    from replica.theories.sherrington_kirkpatrick import SherringtonKirkpatrick as SherringtonKirkpatrick
    from replica.theories.sherrington_kirkpatrick_1rsb import (
        SherringtonKirkpatrick1RSB as SherringtonKirkpatrick1RSB,
    )
    from replica.theories.sparse_coding import BiasedPatterns as BiasedPatterns
    from replica.theories.sparse_coding import SparseCoding as SparseCoding
    from replica.theories.spectral_rbm import SpectralRBM as SpectralRBM
    from replica.theories.spiked import Spiked as Spiked
    from replica.theories.spiked import SpikedGaussian as SpikedGaussian
    from replica.theories.spiked import SpikedSparse as SpikedSparse
    from replica.theories.teacher_student import TeacherStudent as TeacherStudent
    from replica.theory import Theory

_HOMES = {
    "hopfield": ("hopfield", "Hopfield"),
    "mixtures": ("mixtures", "Mixtures"),
    "thresholded-hopfield": ("compositional", "ThresholdedHopfield"),
    "compositional": ("compositional", "Compositional"),
    "random-rbm": ("random_rbm", "RandomRBM"),
    "general-priors": ("general_priors", "GeneralPriors"),
    "curie-weiss": ("curie_weiss", "CurieWeiss"),
    "blume-capel": ("blume_capel", "BlumeCapel"),
    "spectral-rbm": ("spectral_rbm", "SpectralRBM"),
    "sherrington-kirkpatrick": ("sherrington_kirkpatrick", "SherringtonKirkpatrick"),
    "sherrington-kirkpatrick-1rsb": ("sherrington_kirkpatrick_1rsb", "SherringtonKirkpatrick1RSB"),
    "hopfield-1rsb": ("hopfield_1rsb", "Hopfield1RSB"),
    "random-energy": ("random_energy", "RandomEnergy"),
    "one-hidden-unit": ("one_hidden_unit", "OneHiddenUnit"),
    "hopfield-hidden-unit": ("one_hidden_unit", "HopfieldHiddenUnit"),
    "p-spin": ("p_spin", "PSpin"),
    "planted-p-spin": ("p_spin", "PlantedPSpin"),
    "spherical-p-spin": ("p_spin", "SphericalPSpin"),
    "mixed-p-spin": ("p_spin", "MixedPSpin"),
    "bipartite-sk": ("bipartite_sk", "BipartiteSK"),
    "deep": ("deep", "Deep"),
    "bidirectional": ("bidirectional", "Bidirectional"),
    "semi-restricted": ("semi_restricted", "SemiRestricted"),
    "semi-restricted-bits": ("semi_restricted", "SemiRestrictedBits"),
    "sparse-coding": ("sparse_coding", "SparseCoding"),
    "biased-patterns": ("sparse_coding", "BiasedPatterns"),
    "dense": ("dense", "Dense"),
    "noisy-hopfield": ("noisy_hopfield", "NoisyHopfield"),
    "rotation-invariant": ("rotation_invariant", "RotationInvariant"),
    "archetypes": ("archetypes", "Archetypes"),
    "archetypes-unsupervised": ("archetypes", "ArchetypesUnsupervised"),
    "dreaming": ("dreaming", "Dreaming"),
    "pseudo-inverse": ("dreaming", "PseudoInverse"),
    "exponential": ("exponential", "Exponential"),
    "correlated": ("correlated", "Correlated"),
    "diluted": ("diluted", "Diluted"),
    "potts-hopfield": ("potts_hopfield", "PottsHopfield"),
    "planted": ("planted", "Planted"),
    "spiked": ("spiked", "Spiked"),
    "spiked-gaussian": ("spiked", "SpikedGaussian"),
    "spiked-sparse": ("spiked", "SpikedSparse"),
    "perceptron": ("perceptron", "Perceptron"),
    "binary-perceptron": ("perceptron", "BinaryPerceptron"),
    "symmetric-perceptron": ("perceptron", "SymmetricPerceptron"),
    "teacher-student": ("teacher_student", "TeacherStudent"),
    "regression": ("regression", "Regression"),
    "classification": ("classification", "Classification"),
    "compressed-sensing": ("compressed_sensing", "CompressedSensing"),
    "basis-pursuit": ("compressed_sensing", "BasisPursuit"),
    "phase-retrieval": ("phase_retrieval", "PhaseRetrieval"),
}

THEORIES: Classes[Theory] = Classes(__name__, _HOMES, "replica.theories")
"""The classes, by the name on the command line; going through the names loads none of them."""

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(__name__, {kind: home for home, kind in _HOMES.values()}, "THEORIES")
