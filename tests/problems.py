"""Toy theories with exactly known roots, folds and transitions, and solvers that fail on purpose.

Each is a `Theory` like any other, small enough to be solved on paper. What is known of it stands in its
docstring; the engine's tests and the benchmarks use them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.numerics.functions import stack
from replica.solving import Solution, Status
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Fold,
    Limit,
    Phase,
    Theory,
    Value,
    Zero,
    parameter,
)


@dataclass(frozen=True)
class Slope(Theory):
    """A linear map of slope s: the root is `root`, whatever the slope (but 1).

    Damped iteration multiplies the error by 1 - damping (1 - s): it converges for
    1 - 2/damping < s < 1, slowly next to either end. Newton needs one step.
    """

    s: Value = parameter("slope of the map", "s", default=0.5)
    root: Value = parameter("the root", "x", default=1.0)

    name: ClassVar[str] = "slope"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("the only root", (0.0,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(self.root + self.s * (x - self.root))

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return (1 - self.s) * (x - self.root) ** 2 / 2


@dataclass(frozen=True)
class Spiral(Theory):
    """A linear map in the plane that turns by a right angle and stretches by `k`; root (1, 2).

    Its eigenvalues are +-ik: damped iteration converges for damping < 2/(1 + k^2).
    """

    k: Value = parameter("stretch", "k", default=2.0)

    name: ClassVar[str] = "spiral"
    order: ClassVar[tuple[str, ...]] = ("x", "y")
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("the only root", (0.0, 0.0))}

    def update(self, x: Any) -> Any:
        x, y = x
        return stack(1 - self.k * (y - 2), 2 + self.k * (x - 1))

    def free_energy(self, x: Any) -> Any:
        x, y = x
        return (x - 1) ** 2 + (y - 2) ** 2


@dataclass(frozen=True)
class Saddle(Theory):
    """x^2 = 1 - a: roots +-sqrt(1 - a), which merge in a fold at a = 1, x = 0."""

    a: Value = parameter("distance travelled", "a", default=0.0, typical=(0.0, 2.0))

    name: ClassVar[str] = "saddle"
    order: ClassVar[tuple[str, ...]] = ("x",)
    limit: ClassVar[Limit | None] = Limit("a", 0.0)
    branches: ClassVar[Mapping[str, Branch]] = {"upper": Branch("the root x > 0", (1.0,))}
    lines: ClassVar[Mapping[str, Boundary]] = {"fold": Fold("upper")}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x + 1 - self.a - x**2)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return x**3 / 3 - (1 - self.a) * x


@dataclass(frozen=True)
class Pitchfork(Theory):
    """x^3 = a x: x = 0 always, and +-sqrt(a) for a > 0; x = 0 loses stability at a = 0."""

    a: Value = parameter("distance from the transition", "a", default=1.0, typical=(-1.0, 1.5))

    name: ClassVar[str] = "pitchfork"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "broken": Branch("x > 0", (1.0,)),
        "symmetric": Branch("x = 0", (0.0,), explicit=True),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {"onset": Zero(Phase("symmetric"), "stability")}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x + self.a * x - x**3)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return x**4 / 4 - self.a * x**2 / 2

    def belongs(self, branch: str, x: Any) -> Any:
        (x,) = x
        return x > 1e-7 if branch == "broken" else np.abs(x) < 1e-7


@dataclass(frozen=True)
class Cusp(Theory):
    """x^3 = a x + b: two folds on 27 b^2 = 4 a^3, which meet in a cusp at a = b = 0.

    At b = 0 the outer roots +-sqrt(a) have the same free energy.
    """

    a: Value = parameter("width of the hysteresis", "a", default=1.0, typical=(0.0, 3.0))
    b: Value = parameter("field", "b", default=0.0, typical=(-1.0, 1.0))

    name: ClassVar[str] = "cusp"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {
        "right": Branch("the largest root, where it is positive", (2.0,)),
        "left": Branch("the smallest root, where it is negative", (-2.0,)),
    }
    lines: ClassVar[Mapping[str, Boundary]] = {
        "fold": Fold("right"),
        "first-order": Coexistence(Phase("right"), Phase("left")),
    }

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x + (self.a * x + self.b - x**3) / 8)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return x**4 / 4 - self.a * x**2 / 2 - self.b * x

    def jacobian(self, x: Any) -> Any:
        (x,) = x
        return stack(stack(1 + (self.a - 3 * x**2) / 8))

    def belongs(self, branch: str, x: Any) -> Any:
        (x,) = x
        return x > 0 if branch == "right" else x < 0


@dataclass(frozen=True)
class Four(Theory):
    """(x - 1)(x - 2)(x - 3)(x - 4) = 0, scaled by `k`: four roots, two of them minima of f."""

    k: Value = parameter("scale", "k", default=0.1)

    name: ClassVar[str] = "four"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"any": Branch("some root", (0.9,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x - self.k * (x - 1) * (x - 2) * (x - 3) * (x - 4))

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return self.k * (x**5 / 5 - 5 * x**4 / 2 + 35 * x**3 / 3 - 25 * x**2 + 24 * x)


@dataclass(frozen=True)
class Ring(Theory):
    """x^2 + a^2 = 1: a closed curve of roots, with folds at a = -1 and a = 1."""

    a: Value = parameter("position", "a", default=0.0, typical=(-2.0, 2.0))

    name: ClassVar[str] = "ring"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"upper": Branch("x > 0", (1.0,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x + 1 - self.a**2 - x**2)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return x**3 / 3 - (1 - self.a**2) * x


@dataclass(frozen=True)
class Cliff(Theory):
    """x = a while x < 1/2; there the formulas end, and a curve of roots with them."""

    a: Value = parameter("position", "a", default=0.0, typical=(0.0, 1.0))

    name: ClassVar[str] = "cliff"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("the only root", (0.0,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(self.a + 0 * x)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return (x - self.a) ** 2 / 2

    def physical(self, x: Any) -> Any:
        (x,) = x
        return x < 0.5


@dataclass(frozen=True)
class Spurious(Theory):
    """x^3 = x: of the roots -1, 0, 1 only 1 is in the domain x > 0.1, and iteration runs away from it."""

    a: Value = parameter("idle", "a", default=0.0)

    name: ClassVar[str] = "spurious"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("the meaningful root", (0.9,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x**3)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return x**4 / 4 - x**2 / 2

    def physical(self, x: Any) -> Any:
        (x,) = x
        return x > 0.1


@dataclass(frozen=True)
class Rootless(Theory):
    """x^2 + 1 = 0 has no real root."""

    a: Value = parameter("idle", "a", default=0.0)

    name: ClassVar[str] = "rootless"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("there is none", (0.3,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(x + 1 + x**2)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return -x - x**3 / 3


@dataclass(frozen=True)
class Nowhere(Theory):
    """Formulas that are NaN everywhere."""

    a: Value = parameter("idle", "a", default=0.0)

    name: ClassVar[str] = "nowhere"
    order: ClassVar[tuple[str, ...]] = ("x", "y")
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("there is none", (0.0, 0.0))}
    lines: ClassVar[Mapping[str, Boundary]] = {
        "fold": Fold("root"),
        "onset": Zero(Phase("root"), "stability"),
    }

    def update(self, x: Any) -> Any:
        return np.full(np.shape(x), np.nan)

    def free_energy(self, x: Any) -> Any:
        return np.full(np.shape(x)[1:], np.nan)


@dataclass(frozen=True)
class Valley(Theory):
    """x = l, with f = (x - l)^2/2 + `rise` (l - 2)^2/2 + `tilt` l along the curve of roots.

    Its minimum over l lies at l = 2 - tilt/rise, with f = 2 tilt - tilt^2/(2 rise); rise = 0 has none.
    """

    rise: Value = parameter("curvature of f(l)", "k", default=1.0)
    tilt: Value = parameter("slope of f(l)", "c", default=0.0)
    l: Value = parameter("position", "l", lower=0, default=1.0, typical=(0.0, 6.0))

    name: ClassVar[str] = "valley"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[Mapping[str, Branch]] = {"root": Branch("the only root", (0.0,))}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(self.l + 0 * x)

    def free_energy(self, x: Any) -> Any:
        (x,) = x
        return (x - self.l) ** 2 / 2 + self.rise * (self.l - 2) ** 2 / 2 + self.tilt * self.l


@dataclass(frozen=True)
class Failing:
    """A solver that never succeeds: it returns its start and says that it reached the iteration limit."""

    def run(self, theory: Theory, start: Any) -> Solution:
        shape = np.broadcast_shapes(np.shape(start)[1:], theory.batch)
        status = np.full(shape, Status.ITERATION_LIMIT.code)
        size = np.full(shape, np.inf)
        return Solution(theory, np.asarray(start, dtype=float), size, status[()], np.zeros(shape, dtype=int))
