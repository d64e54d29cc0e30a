"""Self-averaging: the free energy of a sample fluctuates less and less as the system grows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phase_diagrams.catalogue._parts import about, bars, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram
from replica.errors import ParameterError
from replica.machines.inference.enumeration import sample
from replica.theories import RandomEnergy

__all__ = ["build"]

TITLES = {"sherrington-kirkpatrick": "SK", "random-energy": "REM"}


@recorded
def build(
    *, sizes: Sequence[int] = (4, 6, 8, 10, 12, 14), T: float = 0.4, samples: int = 300, seed: int = 1
) -> PhaseDiagram:
    r"""Standard deviation of the free energy per spin against N, by enumeration of samples.

    It vanishes as N grows, and so one large sample is like the mean over all: ln Z is what has to be
    averaged. Thin lines show 1/sqrt(N), the fluctuation of a mean of N independent terms, and 1/N, which
    holds where the fluctuations of ln Z stay finite, as in the random energy model.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of spins.
    T : float
        Temperature, in the glass phase of both models.
    samples : int
        Samples of the disorder for each size.
    seed : int
        Of the samples.

    Examples
    --------
    >>> sorted(line.name for line in build(sizes=(4, 6), samples=20).lines if "bar" not in line.name)
    ['1/N', '1/sqrt(N)', 'random-energy', 'sherrington-kirkpatrick']
    """
    if len(sizes) < 2 or min(sizes) < 2:
        msg = f"sizes are at least two numbers of at least 2 spins; they cannot be {tuple(sizes)}"
        raise ParameterError(msg)
    lines, top = [], 0.0
    for model, title in TITLES.items():
        spread = np.array(
            [np.std(sample(model, N, T, samples=samples, seed=seed).free_energy, ddof=1) for N in sizes]
        )
        # the error of a standard deviation of nearly Gaussian samples
        lines += bars(model, sizes, spread, spread / np.sqrt(2 * (samples - 1)), f"{title}, $T = {T:g}$")
        top = max(top, float(spread[0]))
    N = np.linspace(sizes[0], sizes[-1], 41)
    guides = [
        curve("1/sqrt(N)", N, 1.15 * top * np.sqrt(N[0] / N), r"$\propto N^{-1/2}$"),
        curve("1/N", N, 0.5 * top * N[0] / N, r"$\propto N^{-1}$"),
    ]
    return PhaseDiagram(
        "self-averaging",
        "Fluctuations between samples",
        (
            Axis("N", "number of spins $N$", scale="log", limits=(0.9 * sizes[0], 1.1 * sizes[-1])),
            Axis("sigma", r"$\sigma(f)/J$", scale="log", limits=(0.35 * top * N[0] / N[-1], 1.6 * top)),
        ),
        [*lines, *guides],
        [],
        [],
        about(RandomEnergy(T=T), []),
    )
