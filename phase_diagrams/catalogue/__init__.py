"""Published phase diagrams and figures, one file each; every ``build`` takes other values too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phase_diagrams.catalogue import (
    activation_functions,
    archetypes,
    compositional,
    compositional_capacity,
    compositional_energy,
    compositional_evidence,
    compositional_temperature,
    compressed_sensing,
    deep_belief_network,
    dreaming,
    finite_sparsity,
    general_priors,
    heterogeneous,
    hidden_units,
    hopfield,
    hopfield_error,
    hopfield_graphical,
    ingredients,
    learning_curves,
    learning_dynamics,
    learning_spectrum,
    learning_trained,
    learning_trajectory,
    memories,
    mixtures,
    mode_coexistence,
    one_hidden_unit,
    one_hidden_unit_entropy,
    p_spin,
    perceptron,
    potts_hopfield,
    random_energy,
    replica_trick,
    self_averaging,
    sk,
    sk_at,
    sk_parisi,
    sparse_coding,
    spectral_rbm,
    thresholded_hopfield,
    validation_hopfield,
)
from phase_diagrams.catalogue._parts import recorded
from phase_diagrams.diagram import PhaseDiagram

__all__ = ["DIAGRAMS", "Entry"]


@dataclass(frozen=True)
class Entry:
    """A diagram that can be built by name.

    Parameters
    ----------
    title : str
        One line for people.
    build : callable
        Computes the diagram; all its arguments are keywords with defaults.

    Examples
    --------
    >>> DIAGRAMS["hopfield-error"].title
    'Hopfield network at T = 0: fraction of errors against load'
    """

    title: str
    build: Callable[..., PhaseDiagram]


DIAGRAMS: dict[str, Entry] = {
    "hopfield": Entry("Hopfield network: phases in load and temperature", hopfield.build),
    "hopfield-error": Entry(
        "Hopfield network at T = 0: fraction of errors against load", hopfield_error.build
    ),
    "hopfield-graphical": Entry(
        "Hopfield network at T = 0: graphical solution of the saddle-point equation", hopfield_graphical.build
    ),
    "mixtures": Entry(
        "Hopfield network at alpha = 0: symmetric mixtures, their energies and temperatures", mixtures.build
    ),
    "memories": Entry("Associative memories: the largest load of each, in one picture", memories.build),
    "dreaming": Entry("Hopfield network after unlearning: capacity, and retrieval against T", dreaming.build),
    "archetypes": Entry(
        "Hopfield network that knows noisy examples: capacity, and two overlaps", archetypes.build
    ),
    "potts-hopfield": Entry(
        "Hopfield network of Potts neurons: capacity, and phases in load and temperature",
        potts_hopfield.build,
    ),
    "perceptron": Entry("Perceptrons: capacity against the margin", perceptron.build),
    "learning-curves": Entry(
        "Learning curves: ridge regression, and classification by two losses", learning_curves.build
    ),
    "compressed-sensing": Entry(
        "Sparse signals: measurements that they take, by norm and by messages", compressed_sensing.build
    ),
    "thresholded-hopfield": Entry(
        "Hopfield network with thresholded hidden units: capacity against threshold",
        thresholded_hopfield.build,
    ),
    "compositional-energy": Entry(
        "Random RBM: energy against the number of active hidden units", compositional_energy.build
    ),
    "compositional": Entry(
        "Random RBM: ferromagnetic, compositional and spin-glass phase", compositional.build
    ),
    "compositional-capacity": Entry(
        "Random RBM at finite sparsity: capacity against threshold", compositional_capacity.build
    ),
    "activation-functions": Entry(
        "Units: mean against field, at T = 0 and at a finite temperature", activation_functions.build
    ),
    "hidden-units": Entry(
        "Random RBM of spins: retrieval with Gaussian and with rectified hidden units", hidden_units.build
    ),
    "compositional-temperature": Entry(
        "Random RBM: compositional phase at finite temperature", compositional_temperature.build
    ),
    "general-priors": Entry(
        "General priors: glass and retrieval lines between binary and Gaussian units", general_priors.build
    ),
    "heterogeneous": Entry(
        "Random RBM: energy for homogeneous and for heterogeneous weights", heterogeneous.build
    ),
    "finite-sparsity": Entry(
        "Random RBM: energy at finite sparsity and in the limit of sparse weights", finite_sparsity.build
    ),
    "spectral-rbm": Entry(
        "RBM with one mode and noise: phases in the plane of the paper, for three laws", spectral_rbm.build
    ),
    "mode-coexistence": Entry(
        "RBM with two modes and noise: where both condense, for three laws", mode_coexistence.build
    ),
    "sk": Entry("Sherrington-Kirkpatrick spin glass: phases in bias and temperature", sk.build),
    "sk-at": Entry(
        "Sherrington-Kirkpatrick spin glass: stability of replica symmetry in a field", sk_at.build
    ),
    "sk-parisi": Entry(
        "Sherrington-Kirkpatrick spin glass: Parisi's function, and the energy of k steps", sk_parisi.build
    ),
    "p-spin": Entry("Couplings of p spins: where states appear, and how many there are", p_spin.build),
    "random-energy": Entry("Random energy model: condensation, with enumerated systems", random_energy.build),
    "replica-trick": Entry(
        "Replica trick: moments of the partition function as n tends to 0", replica_trick.build
    ),
    "self-averaging": Entry(
        "Self-averaging: fluctuations of the free energy against size", self_averaging.build
    ),
    "one-hidden-unit": Entry(
        "One hidden unit: overlap with the teacher, and phases of a mistaken student",
        one_hidden_unit.build,
    ),
    "one-hidden-unit-entropy": Entry(
        "One hidden unit: two entropies, and the Hopfield approximation",
        one_hidden_unit_entropy.build,
    ),
    "learning-dynamics": Entry(
        "Gauss-Gauss RBM: singular values and vectors against learning time", learning_dynamics.build
    ),
    "learning-trajectory-theory": Entry(
        "Binary RBM, mean field: the way of one mode through the phase diagram", learning_trajectory.build
    ),
    "validation-hopfield": Entry(
        "Hopfield network: theory and simulation beside each other", validation_hopfield.build
    ),
    "learning-spectrum": Entry(
        "RBMs in training: singular values and vectors beside the theory", learning_spectrum.build
    ),
    "learning-trajectory": Entry(
        "RBM of spins in training: its way through the phases of the spectral RBM", learning_trained.build
    ),
    "compositional-evidence": Entry(
        "RBM trained on digits: signs of the compositional phase, for ReLU and Gaussian units",
        compositional_evidence.build,
    ),
    "deep-belief-network": Entry(
        "Deep belief network trained on digits: features of its layers, and samples",
        deep_belief_network.build,
    ),
    "sparse-coding": Entry(
        "Sparse coding at T = 0: capacity against the threshold, and the best one against the activity",
        sparse_coding.build,
    ),
    **{plane.name: Entry(plane.about, recorded(plane.build)) for plane in ingredients.PLANES},
}
"""The diagrams, by the names they have on the command line."""
