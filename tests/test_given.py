"""Every public function of the machines that takes an array refuses what is no array of real numbers."""

from collections.abc import Callable
from typing import Any

import finite_machines as experiments
import numpy as np
import pytest

from replica.errors import ParameterError
from replica.machines.data.given import numbers, room, spins, states, table, whole
from replica.machines.inference import (
    enumeration,
    exact,
    likelihood,
    mean_field,
    message_passing,
    sampling,
)
from replica.machines.models import ensembles, measures, sparse_rbm, spin_glass
from replica.machines.models.hopfield import HopfieldNetwork
from replica.machines.models.rbm import RBM, BlockGibbs, effective_couplings, hopfield_as_rbm
from replica.machines.training import dbn
from replica.machines.training import epochs as training
from replica.units import Bernoulli, Gaussian, ReLU, Spin

RNG = np.random.default_rng(0)
S, H = RNG.choice([-1.0, 1.0], (4, 6)), np.ones((4, 3))
W, J = RNG.normal(0, 0.3, (6, 3)), spin_glass.sherrington_kirkpatrick(6, 1).values
MACHINE, SOFT = RBM(W, Spin(), Spin()), RBM(W, Gaussian(), ReLU())
NETWORK, CHAIN = HopfieldNetwork(S), exact.transition_matrix(MACHINE)
LESSON = training.start(S, Spin(), Spin(), 2)
STACK = dbn.DeepBeliefNetwork([MACHINE])
SPARSE = sparse_rbm.SparseRBM(np.sign(W), Spin(), ReLU())
HALF = np.ones(2) / 2

TAKERS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "weights": (lambda a: RBM(a, Spin(), Spin()), W),
    "fields": (lambda a: RBM(W, Spin(g=a), Spin()), np.zeros(6)),
    "hidden fields": (lambda a: RBM(W, Spin(), ReLU(theta=a)), np.zeros(3)),
    "energy": (lambda a: MACHINE.energy(a, H), S),
    "energy, hidden": (lambda a: MACHINE.energy(S, a), H),
    "hidden_field": (MACHINE.hidden_field, S),
    "visible_field": (MACHINE.visible_field, H),
    "hidden_mean": (MACHINE.hidden_mean, S),
    "visible_mean": (MACHINE.visible_mean, H),
    "sample_hidden": (lambda a: MACHINE.sample_hidden(a, RNG), S),
    "visible_free_energy": (MACHINE.visible_free_energy, S),
    "hidden_free_energy": (MACHINE.hidden_free_energy, H),
    "continuous units": (SOFT.visible_free_energy, S),
    "BlockGibbs": (lambda a: BlockGibbs(MACHINE, 4, 1, visible=a), S),
    "BlockGibbs, T": (lambda a: BlockGibbs(MACHINE, 4, 1, T=a), np.ones(4)),
    "hopfield_as_rbm": (hopfield_as_rbm, S),
    "effective_couplings": (effective_couplings(MACHINE).energy, S),
    "HopfieldNetwork": (HopfieldNetwork, S),
    "HopfieldNetwork.overlaps": (NETWORK.overlaps, S[0]),
    "HopfieldNetwork.energy": (NETWORK.energy, S[0]),
    "HopfieldNetwork.relax": (NETWORK.relax, S[0]),
    "HopfieldNetwork.glauber": (lambda a: NETWORK.glauber(a, 0.1, 2, 1), S[0]),
    "overlaps": (lambda a: measures.overlaps(a, S), S),
    "overlaps, patterns": (lambda a: measures.overlaps(S, a), S),
    "overlap_distribution": (measures.overlap_distribution, S),
    "participation_ratio": (measures.participation_ratio, S),
    "weight_sparsity": (measures.weight_sparsity, W),
    "hidden_activity": (lambda a: measures.hidden_activity(a, 0.1), S),
    "activity": (measures.activity, S),
    "singular_values": (measures.singular_values, W),
    "log_likelihood": (lambda a: exact.log_likelihood(MACHINE, a), S),
    "empirical_distribution": (lambda a: exact.empirical_distribution(MACHINE, a), S),
    "gradient": (lambda a: exact.gradient(MACHINE, a), S),
    "contrastive_divergence": (lambda a: exact.contrastive_divergence(MACHINE, a, 1), S),
    "kl_divergence": (lambda a: exact.kl_divergence(a, HALF), HALF),
    "stationary": (exact.stationary, CHAIN),
    "mixing_time": (exact.mixing_time, CHAIN),
    "relaxation_time": (exact.relaxation_time, CHAIN),
    "pseudo_likelihood": (lambda a: likelihood.pseudo_likelihood(MACHINE, a), S),
    "likelihood": (lambda a: likelihood.likelihood(MACHINE, a), S),
    "annealed, data": (lambda a: likelihood.annealed(MACHINE, data=a, steps=3), S),
    "annealed, begin": (lambda a: likelihood.annealed(MACHINE, begin=a, steps=3), S),
    "independent_score": (lambda a: likelihood.independent_score(Spin(), a), S),
    "fixed_points": (lambda a: mean_field.fixed_points(MACHINE, starts=[a]), S[0]),
    "lower_bound": (lambda a: mean_field.lower_bound(MACHINE, a), S),
    "amp": (lambda a: message_passing.amp(a, 1.0, most_steps=3), S),
    "amp, start": (lambda a: message_passing.amp(S, 1.0, start=a, most_steps=3), np.zeros(6)),
    "belief_propagation": (lambda a: message_passing.belief_propagation(a, 1.0, most_steps=3), S),
    "overlap": (lambda a: message_passing.overlap(a, np.ones(6)), np.ones(6)),
    "posterior": (lambda a: message_passing.posterior(a, 1.0), S),
    "start": (lambda a: training.start(a, Spin(), Spin(), 2), S),
    "train": (lambda a: training.train(LESSON, a, 1), S),
    "update_direction": (lambda a: training.update_direction(LESSON, a), S),
    "field_spread": (lambda a: training.field_spread(MACHINE, a), S),
    "fit": (lambda a: dbn.fit(a, Spin(), [(Spin(), 2)], 1), S),
    "transform": (STACK.transform, S),
    "generate": (lambda a: STACK.generate(4, sweeps=1, start=a), S),
    "log_partition": (lambda a: enumeration.log_partition(a, 1.0), S[0]),
    "log_partition, T": (lambda a: enumeration.log_partition(S[0], a), np.ones(2)),
    "random_energy_moments": (lambda a: enumeration.random_energy_moments(a, 10, 0.5), HALF),
    "sample, T": (lambda a: enumeration.sample("random-energy", 5, a, samples=2, seed=1), np.ones(2)),
    "count_hops": (lambda a: experiments.count_hops(a, 0.5), S),
    "DenseIsing": (lambda a: spin_glass.DenseIsing(a, 2, 1, T=1.0), J),
    "DenseIsing, spins": (lambda a: spin_glass.DenseIsing(J, 4, 1, T=1.0, spins=a), S),
    "DenseIsing, field": (lambda a: spin_glass.DenseIsing(J, 4, 1, T=1.0, field=a), np.zeros(6)),
    "DenseIsing, T": (lambda a: spin_glass.DenseIsing(J, 4, 1, T=a), np.ones(4)),
    "EdwardsAnderson": (lambda a: spin_glass.EdwardsAnderson(a, 2, 1, T=1.0), np.ones((2, 4, 4))),
    "SingleSpin": (lambda a: sampling.SingleSpin(MACHINE, 4, 1, visible=a), S),
    "estimate": (sampling.estimate, S),
    "autocorrelation_time": (sampling.autocorrelation_time, S),
    "ParallelTempering": (
        lambda a: sampling.ParallelTempering(BlockGibbs(MACHINE, 4, 1), a, 1),
        np.arange(1.0, 5.0),
    ),
    "SparseRBM": (lambda a: sparse_rbm.SparseRBM(a, Spin(), ReLU()), np.sign(W)),
    "SparseRBM.energy": (SPARSE.energy, S[0]),
    "SparseRBM.descend": (SPARSE.descend, S[0]),
    "sparse_weights": (lambda a: ensembles.sparse_weights(6, 3, a, 1), np.ones(6) / 2),
    "spectral_weights": (lambda a: ensembles.spectral_weights(6, 3, a, 0.1, 1), np.ones(2)),
}


def spoilt(a: Any, value: Any) -> Any:
    a = np.array(a)
    a.flat[0] = value
    return a


SPOIL: dict[str, Callable[[Any], Any]] = {
    "complex": lambda a: a + 0j,
    "phases": lambda a: 1j ** np.arange(a.size).reshape(a.shape),
    "objects": lambda a: a.astype(object),
    "bools": lambda a: a > 0,
    "texts": lambda a: a.astype(str),
    "dates": lambda a: a.astype(int).astype("datetime64[s]"),
    "records": lambda a: np.zeros(a.shape, [("x", float)]),
    "NaN": lambda a: spoilt(a, np.nan),
    "infinity": lambda a: spoilt(a, np.inf),
    "masked": lambda a: np.ma.masked_array(a, spoilt(np.zeros(a.shape, bool), True)),
    "ragged": lambda _: [[1.0, -1.0], [1.0]],
}


@pytest.mark.parametrize("name", TAKERS)
def test_what_is_no_array_of_real_numbers_is_refused(name: str) -> None:
    take, good = TAKERS[name]
    take(good)
    take(np.ma.masked_array(good))  # a mask that hides nothing
    for kind, spoil in SPOIL.items():
        with pytest.raises(ParameterError) as refused:
            take(spoil(good))
        assert str(refused.value), kind


@pytest.mark.parametrize(
    "name", ["energy", "visible_free_energy", "BlockGibbs", "likelihood", "start", "generate"]
)
@pytest.mark.parametrize("value", [0.0, 0.5, 2.0, -1.0 + 1e-6])
def test_values_that_the_units_cannot_take_are_named(name: str, value: float) -> None:
    take, good = TAKERS[name]
    with pytest.raises(ParameterError, match=f"{value:g} in row 0, column 0 is no value of spin units"):
        take(spoilt(good, value))


def test_true_and_false_are_bits() -> None:
    bits = S > 0
    machine = RBM(W, Bernoulli(), Spin())
    assert np.array_equal(machine.visible_free_energy(bits), machine.visible_free_energy(bits.astype(float)))
    assert training.start(bits, Bernoulli(), Spin(), 2).rbm.n_visible == 6


def test_sizes_and_whole_numbers() -> None:
    assert whole("n", np.int64(3)) == 3
    for bad in (0, 1.0, True, "3", None, 2**63):
        with pytest.raises(ParameterError, match="n = "):
            whole("n", bad)
    room("little", 10, 10)
    for count, size in ((10**6, "7.28 TiB"), (10**8, "71.1 PiB"), (10**40, "more than 10\\^6 PiB")):
        with pytest.raises(ParameterError, match=f"a table would take {size} of memory.*; take less"):
            room("a table", count, count, hint="take less")


def test_numbers_keep_what_is_good() -> None:
    for given in ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], np.uint8), np.array([[1, 2], [3, 4]], "f2")):
        assert numbers("x", given).dtype == float
        assert numbers("x", given).tolist() == [[1, 2], [3, 4]]
    whole_array = np.ones((3, 4), np.int8)
    assert spins("x", whole_array, "an array") is whole_array
    assert states("x", [0.3, -0.2], Spin(), 2, means=True).tolist() == [0.3, -0.2]
    with pytest.raises(ParameterError, match=r"data of shape \(3,\): give an array \(samples, 2\)"):
        table("data", [1, 1, 1], Spin(), 2)
    with pytest.raises(ParameterError, match="3 columns for a machine with 2 visible units"):
        table("data", [[1, 1, 1]], Spin(), 2)
