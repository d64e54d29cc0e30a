"""Models at finite size: enumerated, sampled, trained, measured; none of them knows a theory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from replica.machines.data.loading import Data as Data
    from replica.machines.data.loading import load_data as load_data
    from replica.machines.inference import enumeration as enumeration
    from replica.machines.inference import exact as exact
    from replica.machines.inference import likelihood as likelihood
    from replica.machines.inference import mean_field as mean_field
    from replica.machines.inference.likelihood import Annealed as Annealed
    from replica.machines.inference.likelihood import Likelihood as Likelihood
    from replica.machines.inference.likelihood import LogPartition as LogPartition
    from replica.machines.inference.likelihood import annealed as annealed
    from replica.machines.inference.likelihood import bennett as bennett
    from replica.machines.inference.likelihood import log_partition as log_partition
    from replica.machines.inference.likelihood import pseudo_likelihood as pseudo_likelihood
    from replica.machines.inference.message_passing import Inference as Inference
    from replica.machines.inference.message_passing import amp as amp
    from replica.machines.inference.message_passing import belief_propagation as belief_propagation
    from replica.machines.inference.message_passing import infer_beta as infer_beta
    from replica.machines.inference.sampling import Estimate as Estimate
    from replica.machines.inference.sampling import ParallelTempering as ParallelTempering
    from replica.machines.inference.sampling import SingleSpin as SingleSpin
    from replica.machines.inference.sampling import autocorrelation_time as autocorrelation_time
    from replica.machines.inference.sampling import draw_samples as draw_samples
    from replica.machines.inference.sampling import estimate as estimate
    from replica.machines.inference.sampling import record as record
    from replica.machines.inference.sampling import temperatures as temperatures
    from replica.machines.models.ensembles import Draw as Draw
    from replica.machines.models.ensembles import patterns as patterns
    from replica.machines.models.ensembles import sparse_weights as sparse_weights
    from replica.machines.models.ensembles import spectral_weights as spectral_weights
    from replica.machines.models.ensembles import teacher_data as teacher_data
    from replica.machines.models.hopfield import HopfieldNetwork as HopfieldNetwork
    from replica.machines.models.measures import HiddenActivity as HiddenActivity
    from replica.machines.models.measures import activity as activity
    from replica.machines.models.measures import hidden_activity as hidden_activity
    from replica.machines.models.measures import overlap_distribution as overlap_distribution
    from replica.machines.models.measures import overlaps as overlaps
    from replica.machines.models.measures import participation_ratio as participation_ratio
    from replica.machines.models.measures import singular_values as singular_values
    from replica.machines.models.measures import weight_sparsity as weight_sparsity
    from replica.machines.models.rbm import RBM as RBM
    from replica.machines.models.rbm import BlockGibbs as BlockGibbs
    from replica.machines.models.rbm import EffectiveCouplings as EffectiveCouplings
    from replica.machines.models.rbm import cumulants as cumulants
    from replica.machines.models.rbm import effective_couplings as effective_couplings
    from replica.machines.models.rbm import hopfield_as_rbm as hopfield_as_rbm
    from replica.machines.models.rbm import to_bits as to_bits
    from replica.machines.models.rbm import to_spins as to_spins
    from replica.machines.models.sparse_rbm import SparseRBM as SparseRBM
    from replica.machines.models.spin_glass import DenseIsing as DenseIsing
    from replica.machines.models.spin_glass import EdwardsAnderson as EdwardsAnderson
    from replica.machines.models.spin_glass import edwards_anderson as edwards_anderson
    from replica.machines.models.spin_glass import sherrington_kirkpatrick as sherrington_kirkpatrick
    from replica.machines.training.dbn import DeepBeliefNetwork as DeepBeliefNetwork
    from replica.machines.training.epochs import Epoch as Epoch
    from replica.machines.training.epochs import Training as Training
    from replica.machines.training.epochs import start as start
    from replica.machines.training.epochs import train as train
    from replica.machines.training.estimator import RBMTransformer as RBMTransformer
    from replica.machines.training.files import from_sklearn as from_sklearn
    from replica.machines.training.files import load_machine as load_machine
    from replica.machines.training.files import load_training as load_training
    from replica.machines.training.files import save_machine as save_machine
    from replica.machines.training.files import to_rbms as to_rbms
    from replica.machines.training.settings import Settings as Settings

_HOMES = {
    "data.loading": "Data load_data",
    "inference.enumeration": "enumeration",
    "inference.exact": "exact",
    "inference.likelihood": (
        "Annealed Likelihood LogPartition annealed bennett likelihood log_partition pseudo_likelihood"
    ),
    "inference.mean_field": "mean_field",
    "inference.message_passing": "Inference amp belief_propagation infer_beta",
    "inference.sampling": (
        "Estimate ParallelTempering SingleSpin autocorrelation_time draw_samples estimate record temperatures"
    ),
    "models.ensembles": "Draw patterns sparse_weights spectral_weights teacher_data",
    "models.hopfield": "HopfieldNetwork",
    "models.measures": (
        "HiddenActivity activity hidden_activity overlap_distribution overlaps participation_ratio "
        "singular_values weight_sparsity"
    ),
    "models.rbm": (
        "BlockGibbs EffectiveCouplings RBM cumulants effective_couplings hopfield_as_rbm to_bits to_spins"
    ),
    "models.sparse_rbm": "SparseRBM",
    "models.spin_glass": "DenseIsing EdwardsAnderson edwards_anderson sherrington_kirkpatrick",
    "training.dbn": "DeepBeliefNetwork",
    "training.epochs": "Epoch Training start train",
    "training.estimator": "RBMTransformer",
    "training.files": "from_sklearn load_machine load_training save_machine to_rbms",
    "training.settings": "Settings",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}
    )
