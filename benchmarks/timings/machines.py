"""Machines of finite size: sampling, descent, training."""

from typing import Any

import numpy as np
from bench_training import ours

from replica.machines.data.loading import load_data
from replica.machines.models.hopfield import HopfieldNetwork
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.units import Bernoulli


class Gibbs:
    """1,000 chains of 784 x 500 bits."""

    params = ("float32", "float64")
    param_names = ("dtype",)

    def setup(self, dtype: str) -> None:
        """A machine with random weights."""
        rng = np.random.default_rng(0)
        rbm = RBM(rng.normal(0, 0.05, (784, 500)), Bernoulli(g=rng.normal(0, 0.1, 784)), Bernoulli())
        self.chains = BlockGibbs(rbm, 1000, seed=1, dtype=np.dtype(dtype))

    def time_sweep(self, dtype: str) -> None:
        """Both layers once."""
        self.chains.sweep()


class Descent:
    """Hopfield network of 10,000 neurons, never with its couplings in memory."""

    def setup(self) -> None:
        """Patterns, and one of them with a tenth of its bits wrong."""
        self.network = HopfieldNetwork.random(10_000, 0.1, seed=1)
        self.start = self.network.corrupted(0, 0.9, seed=2)

    def time_relax(self) -> None:
        """To a minimum at T = 0."""
        self.network.relax(self.start)

    def peakmem_relax(self) -> None:
        """Patterns included."""
        self.network.relax(self.start)


class Training:
    """Persistent contrastive divergence on the digits."""

    def setup(self) -> None:
        """1,797 images of 64 pixels."""
        self.data: Any = load_data("digits", Bernoulli()).values

    def time_epochs(self) -> None:
        """Two epochs of 100 hidden bits."""
        ours(self.data, units=100, epochs=2, batch=100, rate=0.01, seed=0)
