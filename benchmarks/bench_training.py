"""Training beside scikit-learn's BernoulliRBM at equal settings: time of an epoch, exact log-likelihood.

Both train the same number of hidden bits on the digits by persistent contrastive divergence with one sweep,
with as many chains as samples in a batch, the same rate and no centring, from weights of the same size. The
log-likelihood is exact, by enumeration of the hidden layer. Then ours alone with other hidden units and
methods, 100 units. Run: ``python benchmarks/bench_training.py``.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.neural_network import BernoulliRBM

from replica.machines.data.loading import load_data
from replica.machines.inference import exact
from replica.machines.training.epochs import Settings, start, train
from replica.machines.training.files import from_sklearn
from replica.units import Bernoulli, Gaussian, ReLU

MANY = 100
OTHERS = (
    ("bits", Bernoulli(), "pcd"),
    ("gaussian", Gaussian(), "pcd"),
    ("relu", ReLU(), "pcd"),
    ("relu, 8 temperatures", ReLU(), "tempered"),
)


def theirs(data: Any, units: int, epochs: int, batch: int, rate: float, seed: int) -> tuple[Any, float]:
    """A machine of scikit-learn, and the seconds of an epoch."""
    model = BernoulliRBM(units, learning_rate=rate, batch_size=batch, n_iter=epochs, random_state=seed)
    begin = time.perf_counter()
    model.fit(data)
    return from_sklearn(model), (time.perf_counter() - begin) / epochs


def ours(data: Any, units: int, epochs: int, batch: int, rate: float, seed: int) -> tuple[Any, float]:
    """A machine of ours, and the seconds of an epoch."""
    settings = Settings(rate=rate, batch=batch, chains=batch, centred=False, seed=seed)
    training = start(data, Bernoulli(), Bernoulli(), units, settings)
    begin = time.perf_counter()
    training = train(training, data, epochs, monitor=False)
    return training.rbm, (time.perf_counter() - begin) / epochs


def main() -> None:
    """Train both with several seeds and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    data = load_data("digits", Bernoulli()).values
    print(f"digits, {asked.units} hidden bits, {asked.epochs} epochs, batch {asked.batch}, rate {asked.rate}")
    for name, run in (("scikit-learn", theirs), ("replica", ours)):
        found = [
            run(data, asked.units, asked.epochs, asked.batch, asked.rate, seed) for seed in range(asked.seeds)
        ]
        logs = [float(np.mean(exact.log_likelihood(machine, data))) for machine, _ in found]
        spent = [1e3 * seconds for _, seconds in found]
        print(
            f"{name:13} {min(spent):7.1f} ms an epoch   log-likelihood {np.mean(logs):.3f} +- "
            f"{np.std(logs, ddof=1) / len(logs) ** 0.5:.3f}"
        )
    print(f"replica, {MANY} hidden units, time of an epoch")
    for name, unit, method in OTHERS:
        settings = Settings(method=method, rate=asked.rate / 5, batch=asked.batch, chains=asked.batch)
        training = train(start(data, Bernoulli(), unit, MANY, settings), data, 2, monitor=False)
        begin = time.perf_counter()
        train(training, data, 10, monitor=False)
        print(f"{name:22} {1e2 * (time.perf_counter() - begin):7.1f} ms")


if __name__ == "__main__":
    main()
