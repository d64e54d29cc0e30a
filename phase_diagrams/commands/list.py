"""``list``: the theories and the diagrams."""

from __future__ import annotations

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import as_json
from phase_diagrams.commands.shared.printing import print_json, print_table
from replica.showing import headline

__all__ = ["list"]

EXAMPLE = """\
$ replica list
Theories
  hopfield                      Hopfield network with extensively many patterns, replica symmetric
  mixtures                      States that overlap equally with n patterns, few patterns among many neurons
  thresholded-hopfield          Hopfield network with thresholded hidden units: the ReLU-RBM at p = 1, L = 1 and T = 0
  compositional                 Homogeneous random RBM with {0,1} visible and ReLU hidden units at T = 0
  random-rbm                    Random RBM with any pair of units and sparse random weights
  general-priors                Hopfield-like network with priors between binary and Gaussian
  curie-weiss                   Ising spins with infinite-range coupling, H = -(sum S)^2/(2N) - h sum S
  blume-capel                   Spins S = -1, 0, 1 with infinite-range coupling, H = -(sum S)^2/(2N) + D sum S^2
  spectral-rbm                  RBM of spins whose weights are a few modes and Gaussian noise, replica symmetric
  sherrington-kirkpatrick       Spin glass of infinite range with ferromagnetic bias and field, replica symmetric
  sherrington-kirkpatrick-1rsb  Spin glass of infinite range, one step of replica symmetry breaking
  hopfield-1rsb                 Hopfield network with extensively many patterns, one step of replica symmetry breaking
  random-energy                 2^N independent Gaussian energies of variance N/2, in a field
  one-hidden-unit               Binary weights of one hidden unit, inferred from data that a teacher generated
  hopfield-hidden-unit          Inference of binary weights in the Hopfield approximation, ln cosh(beta x) = (beta x)^2/2
  p-spin                        Ising spins with Gaussian couplings of p at a time and a bias, replica symmetric
  planted-p-spin                The states of which the paramagnet of p-spin couplings is made: Ising spins, exact
  spherical-p-spin              Spins on a sphere with Gaussian couplings of p at a time and a bias, replica symmetric
  mixed-p-spin                  Ising spins with Gaussian couplings of pairs and of p at a time, replica symmetric
  bipartite-sk                  Two layers of spins with Gaussian couplings between them, replica symmetric
  deep                          Layers of spins, Gaussian couplings of variance 1/N between neighbours, replica symmetric
  bidirectional                 Bidirectional memory of few pairs of patterns, with noisy synapses, replica symmetric
  semi-restricted               Hopfield network with Gaussian couplings of variance Delta/N besides, replica symmetric
  semi-restricted-bits          Boltzmann machine of visible units 0, 1 with couplings among them, replica symmetric
  sparse-coding                 Hopfield network of {0,1} neurons and patterns of activity a, replica symmetric
  biased-patterns               Hopfield network of patterns of mean b, stored as differences from it, replica symmetric
  dense                         Dense memory of p-body couplings, H = -(N/p) sum m^p, replica symmetric
  noisy-hopfield                Hopfield network with noise on its couplings, whatever makes them noisy
  rotation-invariant            Spins whose couplings have given eigenvalues, in random directions, replica symmetric
  archetypes                    Hopfield network whose patterns are means of noisy examples: supervised learning
  archetypes-unsupervised       Hopfield network of all the examples of its archetypes: unsupervised learning
  dreaming                      Hopfield network after a time t of dreaming, J = xi^T (1 + t)(1 + t K)^{-1} xi/N
  pseudo-inverse                Couplings that project onto the span of the patterns, J = xi^T K^{-1} xi/N
  exponential                   Energy -(1/lambda) ln sum_mu exp(lambda xi_mu . x) of exp(alpha N) patterns, at a pattern
  correlated                    Ring of 13 patterns, J = (1/N) sum xi_mu X_munu xi_nu with X = 1 + a (neighbours), alpha = 0
  diluted                       Hopfield network in which K of N bonds per neuron are left, each in one direction, K << ln N
  potts-hopfield                Hopfield network of Potts neurons, s in 1 ... Q, replica symmetric
  planted                       Student and teacher with one Gaussian hidden unit: the planted Hopfield network
  spiked                        Signal of signs in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, replica symmetric
  spiked-gaussian               Gaussian signal in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, seen with its prior
  spiked-sparse                 Sparse signal in a noisy matrix, Y = sqrt(gamma/N) x x^T + noise, seen with its prior
  perceptron                    Perceptron of spherical weights that stores random labels, replica symmetric
  binary-perceptron             Perceptron of weights -1 and +1 that stores random labels, replica symmetric
  symmetric-perceptron          Perceptron of weights -1 and +1 between two walls, |w.x|/sqrt(N) < kappa, replica symmetric
  teacher-student               Student who samples the posterior of a teacher's weights, replica symmetric
  regression                    Values learned from alpha N examples by minimising a loss and a penalty, replica symmetric
  classification                Labels learned from alpha N examples by minimising a loss and a penalty, replica symmetric
  compressed-sensing            Sparse signal from linear measurements, seen with its prior, replica symmetric
  basis-pursuit                 Sparse signal from linear measurements, as that of least L1 norm, replica symmetric
  phase-retrieval               Gaussian signal from the sizes of its measurements, y = |w0.x|/sqrt(N), replica symmetric
Diagrams
  hopfield                    Hopfield network: phases in load and temperature
  hopfield-error              Hopfield network at T = 0: fraction of errors against load
  hopfield-graphical          Hopfield network at T = 0: graphical solution of the saddle-point equation
  mixtures                    Hopfield network at alpha = 0: symmetric mixtures, their energies and temperatures
  memories                    Associative memories: the largest load of each, in one picture
  dreaming                    Hopfield network after unlearning: capacity, and retrieval against T
  archetypes                  Hopfield network that knows noisy examples: capacity, and two overlaps
  potts-hopfield              Hopfield network of Potts neurons: capacity, and phases in load and temperature
  perceptron                  Perceptrons: capacity against the margin
  learning-curves             Learning curves: ridge regression, and classification by two losses
  compressed-sensing          Sparse signals: measurements that they take, by norm and by messages
  thresholded-hopfield        Hopfield network with thresholded hidden units: capacity against threshold
  compositional-energy        Random RBM: energy against the number of active hidden units
  compositional               Random RBM: ferromagnetic, compositional and spin-glass phase
  compositional-capacity      Random RBM at finite sparsity: capacity against threshold
  activation-functions        Units: mean against field, at T = 0 and at a finite temperature
  hidden-units                Random RBM of spins: retrieval with Gaussian and with rectified hidden units
  compositional-temperature   Random RBM: compositional phase at finite temperature
  general-priors              General priors: glass and retrieval lines between binary and Gaussian units
  heterogeneous               Random RBM: energy for homogeneous and for heterogeneous weights
  finite-sparsity             Random RBM: energy at finite sparsity and in the limit of sparse weights
  spectral-rbm                RBM with one mode and noise: phases in the plane of the paper, for three laws
  mode-coexistence            RBM with two modes and noise: where both condense, for three laws
  sk                          Sherrington-Kirkpatrick spin glass: phases in bias and temperature
  sk-at                       Sherrington-Kirkpatrick spin glass: stability of replica symmetry in a field
  sk-parisi                   Sherrington-Kirkpatrick spin glass: Parisi's function, and the energy of k steps
  p-spin                      Couplings of p spins: where states appear, and how many there are
  random-energy               Random energy model: condensation, with enumerated systems
  replica-trick               Replica trick: moments of the partition function as n tends to 0
  self-averaging              Self-averaging: fluctuations of the free energy against size
  one-hidden-unit             One hidden unit: overlap with the teacher, and phases of a mistaken student
  one-hidden-unit-entropy     One hidden unit: two entropies, and the Hopfield approximation
  learning-dynamics           Gauss-Gauss RBM: singular values and vectors against learning time
  learning-trajectory-theory  Binary RBM, mean field: the way of one mode through the phase diagram
  validation-hopfield         Hopfield network: theory and simulation beside each other
  learning-spectrum           RBMs in training: singular values and vectors beside the theory
  learning-trajectory         RBM of spins in training: its way through the phases of the spectral RBM
  compositional-evidence      RBM trained on digits: signs of the compositional phase, for ReLU and Gaussian units
  deep-belief-network         Deep belief network trained on digits: features of its layers, and samples
  sparse-coding               Sparse coding at T = 0: capacity against the threshold, and the best one against the activity
  p-spin-field                Ising p-spin model, p = 3: phases in bias and temperature
  bipartite-sk                Bipartite spin glass: freezing against the ratio of the layers
  deep                        Deep Boltzmann machine of three layers: freezing against the share of the middle one
  semi-restricted             Hopfield network with lateral couplings at T = 0: capacity
  biased-patterns             Hopfield network with biased patterns at T = 0: capacity
  dense                       Dense memory, p = 3: phases in load and temperature
  bidirectional               Bidirectional memory: phases in noise and temperature
  spiked                      Signs in a noisy matrix: phases in signal-to-noise ratio and temperature
"""


@click.command("list", cls=Verb, epilog=EXAMPLE)
@as_json
def list(as_json: bool) -> None:
    """List the theories and the diagrams, one line each."""
    from phase_diagrams.catalogue import DIAGRAMS
    from replica.theories import THEORIES

    tables = {
        "theories": {name: headline(kind) for name, kind in THEORIES.items()},
        "diagrams": {name: entry.title for name, entry in DIAGRAMS.items()},
    }
    if as_json:
        print_json(tables)
        return
    for title, table in tables.items():
        click.echo(title.capitalize())
        print_table(table.items(), indent="  ")
