"""One search: NaN is no sign, a typical range is no bound, and no line depends on the points asked for."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from phase_diagrams.tracing.lines import boundary_line
from problems import Cusp, Valley
from replica.errors import LocateError
from replica.numerics.functions import stack
from replica.solving import critical, find, locate, minimise
from replica.theories import (
    BlumeCapel,
    CurieWeiss,
    GeneralPriors,
    Hopfield,
    RandomEnergy,
    SherringtonKirkpatrick,
    SpectralRBM,
)
from replica.theory import Boundary, Branch, Phase, Theory, Value, Zero, parameter


@dataclass(frozen=True)
class Edge(Theory):
    """The test function is NaN below a = `edge`, and changes sign at a = `edge` + `gap`."""

    a: Value = parameter("position", "a", default=0.5)
    edge: Value = parameter("where the formulas end", "e", default=0.3)
    gap: Value = parameter("from there to the zero", "g", default=1e-3)

    name: ClassVar[str] = "edge"
    order: ClassVar[tuple[str, ...]] = ("x",)
    branches: ClassVar[dict[str, Branch]] = {"root": Branch("x = 0", (0.0,), explicit=True)}
    lines: ClassVar[dict[str, Boundary]] = {"zero": Zero(Phase("root"), "test")}

    def update(self, x: Any) -> Any:
        (x,) = x
        return stack(0 * x)

    def test(self, x: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return np.sqrt(self.edge + self.gap) - np.sqrt(np.where(self.a < self.edge, np.nan, self.a))


@pytest.mark.parametrize("gap", [1e-1, 1e-3, 1e-6])
@pytest.mark.parametrize("edge", [0.3, 7.3, 730.0])
def test_a_zero_next_to_what_is_not_known_is_found(gap: float, edge: float) -> None:
    point = locate(Edge(edge=edge, gap=gap), "zero", "a")
    assert point.value == pytest.approx(edge + gap, rel=1e-12)


def test_the_glass_line_of_mixed_priors() -> None:
    point = locate(GeneralPriors(alpha=0.5, T=1, omega_visible=0.5, omega_hidden=0.5), "glass", "T")
    assert point.value == pytest.approx(2.11393178324967, rel=1e-13)


def test_a_typical_range_is_no_bound() -> None:
    w_c = critical(SpectralRBM(w=1.0, sigma=3.5)).value
    scaled = critical(SpectralRBM(w=1.0, T=1 / 3.5, sigma=1.0)).value  # all energies in units of sigma
    assert w_c == pytest.approx(3.5 * scaled, rel=1e-12)
    assert locate(SherringtonKirkpatrick(T=0.02, h=0.0), "stability", "J0").value > 2
    assert minimise(Valley(tilt=-40.0), over="l").theory.l == pytest.approx(42.0, rel=1e-12)
    with pytest.raises(LocateError, match="no minimum in l up to 600"):
        minimise(Valley(rise=0.0, tilt=-1.0), over="l")


def test_a_test_function_that_does_not_depend_on_the_parameter_has_no_zero() -> None:
    with pytest.raises(LocateError, match="no continuous point met for h"):
        locate(CurieWeiss(T=0.5, h=0.1), "continuous", "h")


def test_a_fold_on_the_edge_of_the_box() -> None:
    fold = -np.sqrt(4 * 1.2**3 / 27)
    line = boundary_line(Cusp(), "fold", "a", "b", at=[1.2], ylim=(-0.9, fold))
    assert line.y[0] == pytest.approx(fold, rel=1e-12)


def test_a_line_does_not_depend_on_the_points_asked_for() -> None:
    theory = SherringtonKirkpatrick(T=0.5)
    every = boundary_line(theory, "mixed", "T", "J0", at=[0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99])
    few = boundary_line(theory, "mixed", "T", "J0", at=[0.0, 0.9])
    assert np.all(np.isfinite(every.y))
    assert few.y == pytest.approx((every.y[0], every.y[-2]), rel=1e-13)


SLOW = (Hopfield, SpectralRBM)
RANDOM = [
    (CurieWeiss, "continuous", "T", {"h": (0.0, 0.0)}, (0.0, 50.0)),
    (BlumeCapel, "continuous", "T", {"D": (-3.0, 0.45)}, (1e-3, 50.0)),
    (BlumeCapel, "first-order", "D", {"T": (0.02, 0.3)}, (-5.0, 5.0)),
    (Hopfield, "spinodal", "alpha", {"T": (0.0, 0.9)}, (0.0, 1.0)),
    (Hopfield, "glass", "T", {"alpha": (0.01, 30.0)}, (0.0, 100.0)),
    (RandomEnergy, "condensation", "T", {"h": (0.0, 3.0)}, (1e-3, 50.0)),
    (SherringtonKirkpatrick, "mixed", "J0", {"T": (0.0, 0.95)}, (-10.0, 10.0)),
    (SherringtonKirkpatrick, "stability", "J0", {"T": (0.02, 0.5), "h": (0.0, 0.5)}, (0.0, 20.0)),
    (SpectralRBM, "ferromagnet-glass", "w", {"sigma": (1.2, 6.0), "T": (0.2, 1.0)}, (0.0, 50.0)),
    (SpectralRBM, "paramagnet-glass", "T", {"sigma": (0.1, 9.0), "w": (0.0, 0.0)}, (0.0, 50.0)),
]


@pytest.mark.parametrize(
    ("kind", "line", "along", "ranges", "span", "seed"),
    [(*case, seed) for case in RANDOM for seed in range(1 if case[0] in SLOW else 2)],
)
def test_what_a_generous_span_holds_is_found_by_every_search(
    kind: type[Theory], line: str, along: str, ranges: dict[str, Any], span: tuple[float, float], seed: int
) -> None:
    """`locate`, `critical` and a line meet a point wherever `find` in a wide span does."""
    rng = np.random.default_rng([seed, len(line)])
    given = {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
    theory = kind(**given, **({} if along in given else {along: 1.0}))
    known = [p for p in find(theory, theory.lines[line], along, span=span) if p.located]
    if not known:
        pytest.skip(f"{theory.describe()}: there is no point in {span}")
    point = locate(theory, line, along)
    assert point.located
    assert any(point.value == pytest.approx(one.value, rel=1e-8, abs=1e-10) for one in known)
    if theory.critical and (theory.critical.boundary, theory.critical.parameter) == (line, along):
        assert critical(theory).located
    x = next(name for name, (low, high) in ranges.items() if high > low or len(ranges) == 1)
    if x in ("h",) and line == "continuous":
        return  # the line has no extent in the field
    traced = boundary_line(theory, line, x, along, at=[given[x]])
    assert any(y == pytest.approx(point.value, rel=1e-7) for y in traced.y)
