"""Units known by their potential alone: batches of them, bad potentials, other units of measurement."""

import math
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest

from replica import solve
from replica.errors import ParameterError
from replica.theories import RandomRBM
from replica.units import (
    Averages,
    Bernoulli,
    DoubleReLU,
    Gaussian,
    Interpolating,
    Potential,
    ReLU,
    Scaled,
    Spin,
    Unit,
)
from replica.units.scaled import scaled

AVERAGES = tuple(Averages.__dataclass_fields__)
MEASURES = ("log_partition", "mean", "variance", "response", "entropy")


@dataclass(frozen=True)
class Well(Unit):
    height: Any = 1.0

    def potential(self, x: Any) -> Any:
        return self.height * (x**2 - 1) ** 2


@dataclass(frozen=True)
class ThreeStates(Unit):
    cost: Any = 0.0
    values = (-1.0, 0.0, 1.0)

    def potential(self, x: Any) -> Any:
        return self.cost * x**2


@dataclass(frozen=True)
class Trough(Unit):
    stiffness: Any = 1.0

    def potential(self, x: Any) -> Any:
        return self.stiffness * x**2 / 2


# three parameters, as many as there are values: shapes that fit by accident must not be mistaken
BATCHES = [
    (Well, "height", (1.0, 2.0, 0.5)),
    (Well, "height", (1.0, 2.0)),
    (ThreeStates, "cost", (0.1, 0.2, 0.3)),
    (ThreeStates, "cost", (0.1, 0.2)),
    (Trough, "stiffness", (1.0, 3.0)),
    (Interpolating, "omega", (0.2, 0.5, 0.0)),
]


@pytest.mark.parametrize(("kind", "name", "given"), BATCHES)
@pytest.mark.parametrize("T", [0.0, 0.2, 1.0])
def test_a_batch_of_units_is_each_unit_alone(kind: Any, name: str, given: Any, T: float) -> None:
    many, alone = kind(**{name: np.array(given)}), [kind(**{name: one}) for one in given]
    together = many.averages(0.1, 0.5, 0.05, T)
    for measure in AVERAGES:
        expected = [getattr(unit.averages(0.1, 0.5, 0.05, T), measure) for unit in alone]
        if kind is Interpolating and T == 0 and measure in ("response_square", "entropy"):
            continue  # a discrete one among continuous ones: they differ in kind there
        np.testing.assert_allclose(getattr(together, measure), expected, rtol=1e-11, err_msg=measure)
    for measure in MEASURES if T else ("mean",):
        expected = [getattr(unit, measure)(0.1, 0.05, T) for unit in alone]
        np.testing.assert_allclose(getattr(many, measure)(0.1, 0.05, T), expected, rtol=1e-11)
    np.testing.assert_allclose(many.ground(0.1, 0.05), np.transpose([u.ground(0.1, 0.05) for u in alone]))
    assert many.symmetric == all(unit.symmetric for unit in alone)
    drawn = many.sample(0.1, 0.05, T, np.random.default_rng(0))
    assert drawn.shape == (len(given),)


def test_the_curvatures_of_a_batch_are_those_of_its_units() -> None:
    many = Trough(np.array([[1.0, 3.0]]))
    np.testing.assert_allclose(many.curvature, [[1.0, 3.0]])
    np.testing.assert_allclose(many.tail, [[1.0, 3.0]])
    assert Trough(2.0).curvature == 2.0
    np.testing.assert_array_equal(np.isnan(many.mean(0.1, 2.0, 0.3)), [[True, False]])


def test_a_theory_with_a_batch_of_numerical_units_is_a_batch_of_theories() -> None:
    costs = np.array([0.0, 0.1, 0.2])
    many = solve(RandomRBM(ThreeStates(costs), "gaussian", alpha=0.05, T=0.2, p=1.0, L=1))
    for i, cost in enumerate(costs):
        alone = solve(RandomRBM(ThreeStates(float(cost)), "gaussian", alpha=0.05, T=0.2, p=1.0, L=1))
        np.testing.assert_allclose(many.x[:, i], alone.x, rtol=1e-11)


def test_units_of_a_batch_are_drawn_independently() -> None:
    """20,000 pairs of equal units, seed 3: their correlation is 0 within 4 standard errors."""
    for unit in (DoubleReLU(np.zeros(2)), Spin(np.zeros(2)), ReLU(np.zeros(2)), Well(np.ones(2))):
        rng = np.random.default_rng(3)
        n = 20_000
        s = unit.sample(np.zeros((n, 2)), 0.1, 0.4, rng)
        assert abs(np.corrcoef(s.T)[0, 1]) < 4 / math.sqrt(n)
    assert len(set(DoubleReLU(np.zeros(5)).sample(0.0, 0.1, 0.4, np.random.default_rng(1)))) == 5


def test_a_potential_may_be_a_constant_but_not_of_another_shape() -> None:
    box = Potential(lambda x: 0.0, domain=(-1.0, 1.0))
    T, b = 0.4, 0.3
    assert box.mean(b, 0.0, T) == pytest.approx(1 / math.tanh(b / T) - T / b, abs=1e-12)  # Langevin
    with pytest.raises(ParameterError, match="must be elementwise"):
        Potential(lambda x: x[:1]).mean(0.1, 0.0, 0.5)


def test_what_nothing_confines_is_nan_and_no_warning() -> None:
    absolute = Potential(np.abs, breaks=(0.0,))
    assert np.isnan(absolute.mean(0.3, 0.2, 0.5))
    assert np.isnan(absolute.ground(0.3, 0.2)[1])
    for T in (0.0, 0.5):
        average = absolute.averages(0.3, 0.4, np.array([-0.5, 0.2]), T).mean
        np.testing.assert_array_equal(np.isfinite(average), [True, False])
    with pytest.raises(ParameterError, match="nothing confines it"):
        absolute.sample(0.3, 0.2, 0.5, np.random.default_rng(0))
    assert Potential(lambda x: -(x**2)).mean(0.3, -3.0, 0.5) == pytest.approx(0.3)


def test_barriers_at_the_ends_may_be_infinite() -> None:
    """U = -ln(1 - s^2) on (-1, 1) at T = 1: the density 3(1 - s^2)/4, of variance 1/5."""
    with np.errstate(divide="ignore"):
        unit = Potential(lambda x: -np.log1p(-x * x), domain=(-1.0, 1.0))
        assert unit.log_partition(0.0, 0.0, 1.0) == pytest.approx(math.log(4 / 3), abs=1e-12)
        assert unit.variance(0.0, 0.0, 1.0) == pytest.approx(0.2, abs=1e-12)


# -- in other units of energy and length --------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    [
        Spin(0.2),
        Bernoulli(-0.1),
        Gaussian(0.1, 1.3),
        ReLU(0.4, 1.2),
        DoubleReLU(0.2, -0.3),
        Interpolating(0.3),
        Well(1.0),
        ThreeStates(0.2),
    ],
    ids=str,
)
@pytest.mark.parametrize("T", [0.0, 0.3, 1 / 0.3])
def test_a_scaled_unit_is_its_scaled_potential(unit: Unit, T: float) -> None:
    energy, length = 0.3, 0.7
    ours = Scaled(unit, energy, length)
    breaks = tuple(x / length for x in unit.breaks)
    theirs = Potential(ours.potential, ours.domain, ours.values, breaks)
    a, b = ours.averages(0.2, 0.5, 0.1, T), theirs.averages(0.2, 0.5, 0.1, T)
    for name in AVERAGES:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-9, atol=1e-10, err_msg=name)
    for name in MEASURES:
        if T or name != "log_partition":
            np.testing.assert_allclose(
                getattr(ours, name)(0.2, 0.1, T), getattr(theirs, name)(0.2, 0.1, T), atol=1e-10, err_msg=name
            )
    assert ours.symmetric == unit.symmetric
    known = scaled(unit, energy, length)
    if not isinstance(known, Scaled):
        assert ours.curvature == pytest.approx(known.curvature, rel=1e-14)
        assert a.free_energy == pytest.approx(known.averages(0.2, 0.5, 0.1, T).free_energy, abs=1e-13)


def test_a_unit_is_scaled_within_its_kind_where_it_can_be() -> None:
    assert scaled(Spin(g=0.3), 0.5, 1.0) == Spin(g=0.6)
    assert scaled(Bernoulli(g=0.3), 0.5, 1.0) == Bernoulli(g=0.6)
    assert scaled(Gaussian(g=0.3, gamma=2.0), 0.5, 0.5) == Gaussian(g=0.3, gamma=1.0)
    assert scaled(ReLU(theta=0.3, gamma=2.0), 0.5, 0.5) == ReLU(theta=0.3, gamma=1.0)
    assert scaled(Spin(), 0.5, 0.5) == Scaled(Spin(), 0.5, 0.5)
    assert scaled(scaled(Spin(), 0.5, 0.5), 4.0, 3.0) == Scaled(Spin(), 2.0, 1.5)
    other = Interpolating()
    assert scaled(other, 1.0, 1.0) is other
    assert scaled(other, 2.0, 1.0) == Scaled(other, 2.0, 1.0)


def test_unscaled_parameters_are_read_for_every_pair_of_units() -> None:
    """Spins in both layers at p = 0.2: hidden ones are +-1 unscaled, so r + T B/p = E<h^2> is 1."""
    T, p = 0.05, 0.2
    theory = RandomRBM.from_unscaled("spin", "spin", alpha=0.5, T=T, p=p, L=0)
    state = solve(theory, "glass")
    r, B = (theory.unscaled(name, state[name]) for name in ("r", "B"))
    assert r + T * B / p == pytest.approx(1.0, abs=1e-12)
    # sparse weights of variance p/N are full ones at the temperature T/sqrt(p)
    full = RandomRBM("spin", "spin", alpha=0.5, T=T / math.sqrt(p), p=1.0, L=0)
    same = solve(full, "glass")
    assert state["q"] == pytest.approx(same["q"], abs=1e-12)
    assert r == pytest.approx(same["r"], abs=1e-12)
    assert theory.unscaled("free_energy", state.free_energy) == pytest.approx(
        math.sqrt(p) * float(same.free_energy), abs=1e-12
    )


# -- accuracy --------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [1e-4, 1e-2])
@pytest.mark.parametrize(("loc", "width"), [(0.2, 0.7), (0.36, 0.02), (-1.2, 2.5)])
def test_steps_anywhere_keep_twelve_digits(loc: float, width: float, T: float) -> None:
    """Bernoulli and a two-well unit with steps at b = 0.295 and b = 0.1, against mpmath split at the step."""
    a = 0.15
    with mpmath.workdps(25):
        for unit, kink in ((Bernoulli(g=-0.37), 0.295), (DoubleReLU(-0.4, 0.6), 0.1)):
            average = unit.averages(loc, width, a, T)
            centre, layer = (mpmath.mpf(kink) - loc) / width, mpmath.mpf(T) / width
            spots = [centre + k * layer for k in (-60, -20, -8, -3, 0, 3, 8, 20, 60)]
            edges = sorted({-9, -3, 0, 3, 9, *(x for x in spots if -9 < x < 9)})

            def mean(z: Any, unit: Unit = unit) -> Any:
                return _mean(unit, loc + width * z, a, T)

            for name, power in (("mean", 1), ("square", 2)):
                value = mpmath.quad(lambda z, n=power: mean(z) ** n * mpmath.npdf(z), edges)
                assert float(getattr(average, name)) == pytest.approx(float(value), rel=1e-12, abs=1e-14)


def _mean(unit: Unit, b: Any, a: float, T: float) -> Any:
    """<s> of a Bernoulli or a double rectified unit with mpmath."""
    if isinstance(unit, Bernoulli):
        return 1 / (1 + mpmath.exp(-(b + mpmath.mpf(repr(unit.g)) + mpmath.mpf(a) / 2) / T))
    A = 1 - mpmath.mpf(a)
    s = mpmath.sqrt(T / A)

    def half(field: Any) -> tuple[Any, Any]:  # relative ln Z and mean
        x = field / (A * s)
        phi = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        return x * x / 2 + mpmath.log(phi), s * (x + mpmath.npdf(x) / phi)

    with mpmath.workdps(50):
        (up_log, up), (down_log, down) = half(b - unit.theta_plus), half(unit.theta_minus - b)
        share = 1 / (1 + mpmath.exp(down_log - up_log))
        return share * up - (1 - share) * down


def test_the_entropy_of_an_interpolating_unit_is_minus_the_slope_of_its_free_energy() -> None:
    """At T = 1, too, where everything else has a closed form."""
    unit, h = Interpolating(omega=0.3), 1e-3

    def f(T: float) -> float:
        return float(unit.averages(0.2, 0.6, 0.1, T).free_energy)

    slope = (8 * (f(1 + h) - f(1 - h)) - (f(1 + 2 * h) - f(1 - 2 * h))) / (12 * h)
    assert unit.averages(0.2, 0.6, 0.1, 1.0).entropy == pytest.approx(-slope, abs=1e-9)


def test_a_theory_of_interpolating_units_knows_its_entropy_at_temperature_one() -> None:
    theory, h = RandomRBM("interpolating:omega=0.1", "gaussian:gamma=2", alpha=0.05, T=1.0), 1e-3

    def f(T: float) -> float:
        return float(solve(theory.at(T=T), "paramagnet").free_energy)

    slope = (8 * (f(1 + h) - f(1 - h)) - (f(1 + 2 * h) - f(1 - 2 * h))) / (12 * h)
    assert solve(theory, "paramagnet").entropy == pytest.approx(-slope, abs=1e-9)


def test_a_binary_prior_weighs_each_sign_one_half() -> None:
    """The limit omega -> 0 of ln Z at every temperature is that of the potential ln 2."""
    for T in (0.4, 1.0):
        known = math.log(2 * math.cosh(0.3 / T)) + (0.1 / 2 - math.log(2)) / T
        assert Interpolating(omega=0.0).log_partition(0.3, 0.1, T) == pytest.approx(known, abs=1e-13)


# -- every pair of units ---------------------------------------------------------------------------

FULL = {"p": 1.0, "L": 1}
PAIRS = [
    ("bernoulli:g=-0.2", "relu:theta=1", {"l": 0.8}, (0.2, 0.4), (0.0, 0.04), "retrieval"),
    ("bernoulli:g=-0.25", "double-relu:theta_plus=1,theta_minus=-1", {"l": 0.6}, (0.1, 0.2), (0.0, 0.03), ""),
    ("bernoulli:g=-0.08", "gaussian:gamma=2", {"l": 0.3}, (0.002, 0.004), (0.0, 0.01), "retrieval"),
    ("spin", "gaussian", FULL, (0.03, 0.08), (0.0, 0.3), "retrieval"),
    ("spin", "relu:theta=0.5", FULL, (0.1, 0.3), (0.0, 0.3), "retrieval"),
    ("spin:g=0.1", "double-relu:theta_plus=0.4,theta_minus=0.1", FULL, (0.03, 0.08), (0.0, 0.2), "retrieval"),
    ("spin", "spin", {}, (0.5, 1.0), (0.0, 0.5), "glass"),
    ("spin:g=0.1", "bernoulli:g=-0.3", {}, (0.5, 1.0), (0.0, 0.5), "glass"),
    ("bernoulli:g=-0.1", "spin", {}, (0.5, 1.0), (0.0, 0.3), "glass"),
    ("bernoulli:g=-0.1", "bernoulli:g=-0.2", {}, (0.5, 1.0), (0.05, 0.3), "glass"),
    ("bernoulli:g=-0.2", "relu:theta=1", {}, (0.3, 0.5), (0.0, 0.05), "glass"),
    ("relu:theta=0.2,gamma=4", "gaussian:gamma=2", {}, (0.3, 0.5), (0.1, 0.5), "quiet"),
    ("relu:theta=0.2", "spin", {}, (0.1, 0.3), (0.1, 0.4), "glass"),
    ("gaussian:g=0.3,gamma=4", "relu:theta=0.1,gamma=2", {}, (0.2, 0.4), (0.1, 0.4), "glass"),
    ("double-relu:gamma_plus=4,gamma_minus=3,theta_plus=0.2", "spin", {}, (0.2, 0.4), (0.1, 0.3), "glass"),
]


@pytest.mark.parametrize(("visible", "hidden", "rest", "loads", "temperatures", "branch"), PAIRS)
def test_the_free_energy_is_stationary_at_ten_solutions_of_each_pair(
    visible: str, hidden: str, rest: Any, loads: Any, temperatures: Any, branch: str
) -> None:
    """Fourth-order differences of f in all order parameters, at steps on their own scales."""
    alpha, T = (np.linspace(*ends, n) for ends, n in ((loads, 2), (temperatures, 5)))
    theory = RandomRBM(visible, hidden, alpha=alpha[:, None], T=T, **rest)
    state = solve(theory, branch or None, throw=False)
    assert state.success.all()
    x, scale = state.x, theory.scales(state.x)
    for i in range(5):
        if i == 0 and not np.any(x[0]):
            continue  # m = 0: nothing to move
        h = 2e-3 * scale[i] * np.eye(5)[i][:, None, None]
        f = [theory.free_energy(x + k * h) for k in (-2, -1, 1, 2)]
        slope = (8 * (f[2] - f[1]) - (f[3] - f[0])) / 12  # times the step
        np.testing.assert_allclose(slope, 0, atol=2e-13 + 2e-10 * np.max(np.abs(scale[i] * 2e-3)))
