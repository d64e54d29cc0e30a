"""A theory that the package does not ship: sparsely coded patterns in a Hopfield network of neurons 0 and 1.

Run ``python examples/sparse_coding.py``. Written from the page docs/add_a_theory.md; of what is optional
there it has a Jacobian, for the sake of accurate folds, and a replicon, but no entropy and no symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from phase_diagrams import boundary_line
from replica import critical, polish, solve
from replica.numerics.functions import log, maximum, ratio, sqrt, stack
from replica.numerics.spins import SpinAverages, spin_averages
from replica.testing import check_theory
from replica.theory import Branch, Critical, Fold, Limit, Phase, Theory, Value, Zero, parameter


@dataclass(frozen=True)
class SparseCoding(Theory):
    r"""Neurons V = 0, 1 that store P = alpha N patterns xi = 0, 1 of activity a, replica symmetric.

    With the weights w = (xi - a)/sqrt(a(1 - a)), of mean 0 and variance 1,

        H = -(1/2N) sum_mu (sum_i w_i^mu V_i)^2 - g sum_i V_i,

    diagonal included. Gaussian variables for the P overlaps give the load its noise: with q the overlap of
    two replicas and C = (<V> - q)/T the susceptibility of a neuron, they have r = q/(1 - C)^2 and the
    response B = 1/(1 - C), and a neuron feels g + w m + sqrt(alpha r) z + alpha B/2, for V^2 = V.

    The overlap of the literature, E[(xi - a) V]/(a(1 - a)), is m/sqrt(a(1 - a)). The model is that of
    M. V. Tsodyks and M. V. Feigelman, Europhys. Lett. 6, 101 (1988), whose threshold is -g - alpha B/2.
    """

    alpha: Value = parameter("load, patterns per neuron", r"\alpha", lower=0, typical=(0.0, 0.5))
    a: Value = parameter(
        "activity of the patterns", "a", lower=0, open_lower=True, upper=0.5, default=0.1, typical=(0.01, 0.5)
    )
    g: Value = parameter("constant field", "g", default=-0.5, unit="J", typical=(-1.0, 0.0))
    T: Value = parameter("temperature", "T", lower=0, default=0.0, unit="J", typical=(0.0, 0.3))

    name: ClassVar[str] = "sparse-coding"
    order: ClassVar[tuple[str, ...]] = ("m", "q", "C")
    limit: ClassVar[Limit] = Limit("alpha")
    branches: ClassVar[dict[str, Branch]] = {"retrieval": Branch("one pattern retrieved")}
    lines: ClassVar[dict[str, Any]] = {
        "spinodal": Fold("retrieval"),
        "stability": Zero(Phase("retrieval"), "replicon", "stability"),
    }
    critical: ClassVar[Critical] = Critical("alpha", "spinodal", "alpha_c", "largest load with retrieval")

    @property
    def contrast(self) -> Any:
        """Square root of a(1 - a), the width of the patterns."""
        return sqrt(self.a * (1 - self.a))

    def start(self, branch: str) -> Any:
        """Return the pattern itself, exact without load at T = 0."""
        self.branch(branch)
        return self.state(m=self.contrast, q=self.a, C=0.0)

    def derived(self, x: Any) -> dict[str, Any]:
        """Return the noise, the response, the activity <V>, and the overlap as the literature has it."""
        m, q, C = x
        return {
            "r": q / (1 - C) ** 2,
            "B": 1 / (1 - C),
            "activity": q + self.T * C,
            "overlap": m / self.contrast,
        }

    def sites(self, x: Any) -> tuple[Any, Any, Any, SpinAverages]:
        """Laws of w, its values, half the mean field, and averages; the two values stand on a last axis."""
        m, q, C = (np.expand_dims(np.asarray(v), -1) for v in x)
        alpha, a, g, T = (np.expand_dims(np.asarray(v), -1) for v in (self.alpha, self.a, self.g, self.T))
        law = np.concatenate([a, 1 - a], axis=-1)
        w = np.concatenate([1 - a, -a], axis=-1) / sqrt(a * (1 - a))
        half = (g + w * m + alpha / (1 - C) / 2) / 2  # V = (1 + s)/2, and the spin s feels half of the field
        width = sqrt(maximum(alpha * q, 0 * q)) / (1 - C) / 2
        return law, w, half, spin_averages(half, width, T)

    def update(self, x: Any) -> Any:
        """Return m = E[w <V>], q = E <V>^2, C = E[<V> - <V>^2]/T."""
        law, w, _, spin = self.sites(x)
        T = np.expand_dims(np.asarray(self.T), -1)
        V, C = (1 + spin.tanh) / 2, spin.susceptibility / 4
        return stack(*(np.sum(law * v, axis=-1) for v in (w * V, V - T * C, C)))

    def free_energy(self, x: Any) -> Any:
        """Return f = m^2/2 + alpha/2 [r C + T B C + T ln(1 - C)] - T E <ln(1 + exp(field/T))>."""
        m, q, C = x
        law, _, half, spin = self.sites(x)
        noise = q * C / (1 - C) ** 2 + self.T * C / (1 - C) + self.T * log(1 - C)
        return m**2 / 2 + self.alpha / 2 * noise - np.sum(law * (half + spin.log2cosh), axis=-1)

    def jacobian(self, x: Any) -> Any:
        """Return d update/d(m, q, C), by way of the mean and of the variance of the field."""
        law, w, _, spin = self.sites(x)
        _, q, C = (np.expand_dims(np.asarray(v), -1) for v in x)
        alpha, T = (np.expand_dims(np.asarray(v), -1) for v in (self.alpha, self.T))
        k = alpha / (1 - C) ** 2 / 4
        columns = []
        for loc, variance in ((w / 2, 0 * k), (0 * k, k), (k, 2 * k * q / (1 - C))):
            V = spin.susceptibility / 2 * loc + spin.susceptibility_1 / 4 * variance
            response = spin.susceptibility_1 / 4 * loc + spin.susceptibility_2 / 8 * variance
            rows = (w * V, V - T * response, response)
            columns.append([np.sum(law * row, axis=-1) for row in rows])
        return stack(*(stack(*row) for row in zip(*columns, strict=True)))

    def physical(self, x: Any) -> Any:
        """Whether the patterns that are not retrieved stay confined."""
        _, q, C = x
        return (C < 1) & (q > 0)

    def belongs(self, branch: str, x: Any) -> Any:
        """Tell retrieval from the state without an overlap."""
        return x[0] > 1e-7

    def replicon(self, x: Any) -> Any:
        """Return 1 - alpha E[(<V^2> - <V>^2)^2/T^2]/(1 - C)^2; at T = 0 never positive."""
        law, _, _, spin = self.sites(x)
        square = np.sum(law * spin.sech4_over_T, axis=-1) / 16
        return 1 - self.alpha * ratio(square, self.T) / (1 - x[2]) ** 2


def main() -> None:
    """Check, solve, and find the capacity, at one field and at the best one."""
    theory = SparseCoding(alpha=0.1, a=0.1, g=-0.5, T=0.05)
    print(check_theory(theory))

    state = solve(theory)
    print("solve    ", *(f"{name} = {state[name]:.11f}" for name in ("m", "q", "C")))
    print(f"solve     f = {state.free_energy:.11e}  activity = {state['activity']:.8f}")

    for g in (-0.5, -0.6, -0.72):
        point = critical(SparseCoding(alpha=0.0, g=g))
        print(f"capacity  g = {g:5.2f}  alpha_c = {point.value:.12f}  overlap = {point.order['overlap']:.6f}")
    print(f"polish    g = -0.72  alpha_c = {polish(point, 30).value}")

    fold = boundary_line(
        theory.at(T=0.0), "spinodal", "g", "alpha", xlim=(-0.8, -0.7), ylim=(0.4, 0.5), start=point
    )
    best = max(fold.points, key=lambda point: point.y)
    print(f"best      g = {best.x:.9f}  alpha_c = {best.y:.12f}  ({best.kind.value})")


if __name__ == "__main__":
    main()
