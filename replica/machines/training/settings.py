"""How a machine is trained: methods, steps, penalties, seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.machines.data.given import whole

__all__ = ["METHODS", "Settings", "Use", "count_chains"]

METHODS = {
    "cd": "contrastive divergence: k sweeps from the batch",
    "pcd": "persistent contrastive divergence: k sweeps of chains that go on",
    "tempered": "persistent chains at several temperatures that are exchanged",
    "mean-field": "persistent magnetisations, k steps of naive mean field",
    "tap": "persistent magnetisations, k steps of the TAP equations",
    "exact": "sum over all configurations of the smaller layer",
}
OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("constant", "inverse", "exponential")


class Use(IntEnum):
    """What random numbers are for: the first entry of their key."""

    WEIGHTS = 0
    CHAINS = 1
    SHUFFLE = 2
    UPDATE = 3
    MONITOR = 4


@dataclass(frozen=True)
class Settings:
    """How to train.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    k : int
        Sweeps (or mean-field steps) for each update. A sweep of ``tempered`` is one before the exchange of
        the even, and one before that of the odd pairs of temperatures.
    batch : int
        Samples for each update.
    rate : float
        Learning rate, > 0.
    schedule : {"constant", "inverse", "exponential"}
        The rate in epoch e is rate, rate/(1 + e/halving), or rate 2^(-e/halving).
    halving : float
        Epochs after which the rate is half of what it was.
    optimizer : {"sgd", "adam"}
    momentum : float
        Part of the last step that is repeated, in [0, 1); for sgd.
    weight_decay, l1, l1_squared : float
        Penalties (weight_decay/2) sum w^2, l1 sum |w| and (l1_squared/2N) sum_j (sum_i |w_ij|)^2; the last
        one makes all hidden units equally sparse (Tubiana, Cocco and Monasson 2019).
    centred : bool
        Subtract the means of the data from both layers in the gradient (Melchior, Fischer and Wiskott 2016).
    chains : int
        Persistent chains; for ``tempered`` at each temperature.
    temperatures, hottest : int, float
        Ladder of ``tempered``, from 1 to the hottest in equal ratios.
    scale : float
        Standard deviation of the weights at the start.
    seed : int
        Where all random numbers come from.

    Raises
    ------
    ParameterError, UnknownNameError
        For a setting outside its domain.
    """

    method: str = "pcd"
    k: int = 1
    batch: int = 100
    rate: float = 0.1
    schedule: str = "constant"
    halving: float = 10.0
    optimizer: str = "sgd"
    momentum: float = 0.0
    weight_decay: float = 0.0
    l1: float = 0.0
    l1_squared: float = 0.0
    centred: bool = True
    chains: int = 100
    temperatures: int = 8
    hottest: float = 5.0
    scale: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        for what, name, known in (
            ("training method", self.method, METHODS),
            ("schedule", self.schedule, SCHEDULES),
            ("optimizer", self.optimizer, OPTIMIZERS),
        ):
            if name not in known:
                raise UnknownNameError(what, name, known)
        for name in ("k", "batch", "chains", "temperatures"):
            whole(name, getattr(self, name))
        fine: Callable[[float], bool]
        for name, allowed, fine in (
            ("rate", "> 0", lambda x: x > 0),
            ("halving", "> 0", lambda x: x > 0),
            ("momentum", "in [0, 1)", lambda x: 0 <= x < 1),
            ("weight_decay", ">= 0", lambda x: x >= 0),
            ("l1", ">= 0", lambda x: x >= 0),
            ("l1_squared", ">= 0", lambda x: x >= 0),
            ("hottest", "> 1", lambda x: x > 1),
            ("scale", ">= 0", lambda x: x >= 0),
        ):
            value = getattr(self, name)
            real = isinstance(value, int | float | np.integer | np.floating) and math.isfinite(value)
            if not (real and fine(value)):
                msg = f"{name} = {value} must be a number {allowed}"
                raise ParameterError(msg)
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer) or self.seed < 0:
            msg = f"seed = {self.seed!r} must be a whole number >= 0"
            raise ParameterError(msg)

    def rate_in(self, epoch: int) -> float:
        """Learning rate in an epoch, counted from 0.

        Examples
        --------
        >>> Settings(rate=0.1, schedule="exponential", halving=5).rate_in(10)
        0.025
        """
        age = epoch / self.halving
        return (
            self.rate * {"constant": 1.0, "inverse": 1 / (1 + age), "exponential": 2.0**-age}[self.schedule]
        )

    def random(self, *key: int) -> np.random.SeedSequence:
        """Where the random numbers of one use come from: a `Use`, and the number of the update or epoch."""
        return np.random.SeedSequence(int(self.seed), spawn_key=key)


def count_chains(settings: Settings) -> int:
    """Number of chains that a training keeps from update to update.

    Examples
    --------
    >>> [count_chains(Settings(method=method, chains=20, temperatures=4)) for method in ("cd", "tempered")]
    [0, 80]
    """
    if settings.method in ("cd", "exact"):
        return 0
    return settings.chains * (settings.temperatures if settings.method == "tempered" else 1)
