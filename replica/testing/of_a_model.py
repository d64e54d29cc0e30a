"""What a model of layers and couplings promises besides: its covariance, its replicon."""

from __future__ import annotations

import itertools

from replica.functional import FullyConnected
from replica.functional.checks import one_step, series, weakened
from replica.solving.search import solve
from replica.testing.report import ask
from replica.testing.subject import About, Subject

__all__ = ["OF_A_MODEL", "OF_A_STATE"]


def _expansion(on: Subject) -> str:
    """The free energy in powers of the covariance, against moments of free units."""
    theory = on.theory
    assert isinstance(theory, FullyConnected)
    T = float(theory.parts.T)
    if not theory.model.couplings:
        return "no couplings"
    if not T > 0:
        return "T = 0: there is no expansion in 1/T"
    expected = series(theory)
    if expected is None:
        return "a unit has no moments without a field"
    one, two = expected
    scale = max(abs(one) / T, abs(two / one) if one else 0.0, 1e-3)  # one over the radius of such a series
    t = 1e-3 / scale
    states = [solve(weakened(theory, u), "paramagnet", throw=False) for u in (0.0, t, t / 2)]
    ask(all(state.success for state in states), "no state for a weak covariance", "one")
    zero, far, near = (float(state.free_energy) for state in states)
    first = 4 * (near - zero) / t - (far - zero) / t
    far, near = ((f - zero - u * one) / u**2 for f, u in ((far, t), (near, t / 2)))
    for power, computed, wanted, size in (
        ("covariance", first, one, T * scale),
        ("square of the covariance", 2 * near - far, two, T * scale**2),
    ):
        allowed = 1e-4 * max(abs(wanted), 0.1 * size)
        ask(
            abs(computed - wanted) <= allowed * on.loose,
            f"f has the coefficient {computed:.9g} before the {power}",
            f"{wanted:.9g}, from moments of free units and integration by parts",
        )
    return ""


def _one_step(on: Subject) -> str:
    """The replicon, against the curvature of the free energy with one step of symmetry breaking."""
    theory = on.theory
    assert isinstance(theory, FullyConnected)
    if not (float(theory.parts.T) > 0 and theory.model.couplings):
        return "asked for couplings at T > 0"
    here = theory.read(on.x)
    noise = [float(here.variance(s)) for s in theory.structure.layers if theory.structure.neighbours[s]]
    if min(noise) < 1e-6 or not 1e-6 < theory.rho(on.x) < 1e6:
        return "asked where overlaps are larger than 0"
    size = 0.02 * min(1.0, min(noise))
    steps = [one_step(theory, on.x, size / 2**n) for n in range(4)]
    if steps[0] is None:
        return "a spherical layer is no product of units"
    row = [found[0] / (size / 2**n) ** 2 for n, found in enumerate(steps) if found is not None]
    wanted = steps[0][1] / size**2
    for order in (1, 2, 3):
        row = [(2**order * near - far) / (2**order - 1) for far, near in itertools.pairwise(row)]
        if order == 2:
            error = abs(row[1] - row[0])
    allowed = 10 * error + 1e-5 * max(abs(wanted), 1e-3 / float(theory.parts.T))
    ask(
        abs(row[0] - wanted) <= allowed,
        f"curvature {row[0]:.8g} of f towards one step of symmetry breaking at {on.point}",
        f"{wanted:.8g}, to {allowed:.1g}, from the replicon",
    )
    return ""


OF_A_MODEL: dict[str, About] = {
    "expansion": About(_expansion, "the covariance: couplings, sizes, v, a and Theta"),
}
"""Asked of the model once."""
OF_A_STATE: dict[str, About] = {
    "one-step": About(_one_step, "rho: its second derivatives of the covariance, and response_square"),
}
"""Asked on every branch."""
