"""Deep belief networks: machines stacked greedily, each on the hidden means of the one below."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from replica.errors import ParameterError
from replica.machines.data.given import whole
from replica.machines.models.ensembles import Seed, seed_sequence
from replica.machines.models.rbm import RBM, BlockGibbs
from replica.machines.training.epochs import Settings, Training, start, train
from replica.typing import Array
from replica.units import Unit

__all__ = ["DeepBeliefNetwork", "fit"]


@dataclass(frozen=True, eq=False)
class DeepBeliefNetwork:
    """A stack of machines: the topmost is sampled, those below pass on what it says.

    Parameters
    ----------
    machines : sequence of RBM
        From the bottom to the top; the hidden units of one are the visible ones of the next.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> stack = DeepBeliefNetwork([RBM(np.ones((4, 3)), Bernoulli(), Bernoulli()),
    ...                            RBM(np.ones((3, 2)), Bernoulli(), Bernoulli())])
    >>> print(stack.transform([[0, 1, 1, 0]]).shape, stack.generate(5, sweeps=3, seed=1).shape)
    (1, 2) (5, 4)
    """

    machines: Sequence[RBM]

    def __post_init__(self) -> None:
        machines = tuple(self.machines)
        if not machines:
            msg = "a deep belief network needs at least one machine"
            raise ParameterError(msg)
        for i, (below, above) in enumerate(pairwise(machines)):
            if below.n_hidden != above.n_visible or type(below.hidden) is not type(above.visible):
                msg = (
                    f"machine {i} has {below.n_hidden} hidden {below.hidden.name} units, the one above "
                    f"{above.n_visible} visible {above.visible.name} units: they do not match"
                )
                raise ParameterError(msg)
        object.__setattr__(self, "machines", machines)

    def transform(self, v: ArrayLike) -> Array:
        """Means of the topmost hidden units, passed upwards layer by layer; shape (*batch, n_top)."""
        first, *above = self.machines
        mean = first.hidden_mean(v)
        for machine in above:
            mean = machine.hidden_mean(mean)
        return mean

    def features(self) -> list[Array]:
        """What the hidden units of each layer look for, as visible configurations.

        Those of the first layer are its weights; those further up are the features below, summed by the
        weights.

        Returns
        -------
        list of arrays, shape (n_visible, n_hidden)
            From the bottom to the top.

        Examples
        --------
        >>> from replica.units import Spin
        >>> below, above = (RBM(w, Spin(), Spin()) for w in ([[1, 0], [0, 2]], [[3], [4]]))
        >>> print(DeepBeliefNetwork([below, above]).features()[1].T)
        [[3. 8.]]
        """
        found: list[Array] = []
        for machine in self.machines:
            found.append(found[-1] @ machine.weights if found else machine.weights)
        return found

    def generate(
        self,
        n: int,
        *,
        sweeps: int = 1000,
        seed: Seed = 0,
        start: ArrayLike | None = None,
        means: bool = False,
    ) -> Array:
        """Sample the topmost machine, then each layer below given the one above it; shape (n, n_visible).

        Parameters
        ----------
        n : int
            Independent chains.
        sweeps : int
            Of the topmost machine, before the way down.
        seed : int or SeedSequence
        start : array, optional
            Visible configurations of the whole stack, passed upwards to begin at.
        means : bool
            Whether the lowest layer is given by its means, given the one above it, and not drawn.
        """
        whole("sweeps", sweeps, 0)
        one, two = seed_sequence(seed).spawn(2)
        rng = np.random.default_rng(two)
        top = None
        if start is not None:
            top = self.machines[0]._states(start, "the start of the chains")
            for machine in self.machines[:-1]:
                top = machine.sample_hidden(top, rng)
        gibbs = BlockGibbs(self.machines[-1], n, one, visible=top)
        gibbs.sweep(sweeps)
        h = (gibbs.visible if len(self.machines) > 1 else gibbs.hidden).astype(float)
        for machine in self.machines[-2:0:-1]:
            h = machine.sample_visible(h, rng)
        bottom = self.machines[0]
        return bottom.visible_mean(h) if means else bottom.sample_visible(h, rng)


def fit(
    data: ArrayLike,
    visible: Unit,
    layers: Sequence[tuple[Unit, int]],
    epochs: int,
    settings: Settings | None = None,
    *,
    report: Callable[[int, Training], None] | None = None,
) -> DeepBeliefNetwork:
    """Train a stack greedily: each machine on configurations of the hidden units below, drawn given the data.

    Parameters
    ----------
    data : array, shape (samples, n_visible)
    visible : Unit
    layers : sequence of (Unit, int)
        Kind and number of the hidden units, from the bottom to the top. The fields of a layer are learned
        anew by the machine above it.
    epochs : int
        For each machine.
    settings : Settings
        Of the first one; machine i takes seed + i.
    report : callable, optional
        Is given the number of the machine and its training, after each epoch.

    Examples
    --------
    >>> from replica.units import Bernoulli
    >>> bits = np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 20, axis=0)
    >>> stack = fit(bits, Bernoulli(), [(Bernoulli(), 3), (Bernoulli(), 2)], 5)
    >>> print([machine.weights.shape for machine in stack.machines])
    [(4, 3), (3, 2)]
    """
    settings = settings or Settings()
    machines: list[RBM] = []
    seeds = [settings.seed + i for i in range(len(layers))]
    for i, ((unit, count), seed) in enumerate(zip(layers, seeds, strict=True)):
        training = start(data, visible, unit, count, dataclasses.replace(settings, seed=seed))

        def told(now: Training, i: int = i) -> None:
            if report is not None:
                report(i, now)

        trained = train(training, data, epochs, report=told)
        machines.append(trained.rbm)
        data = trained.rbm.sample_hidden(data, np.random.default_rng([seed, i]))
        visible = unit
    return DeepBeliefNetwork(machines)
