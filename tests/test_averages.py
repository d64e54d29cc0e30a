"""Averages over quenched noise, against mpmath and against quadratures that share no code with the package.

Errors are absolute, in natural units. The local field h varies by u = max(width, T): <tanh> and the entropy
are of size 1, C and <sech^4>/T of size 1/u, the derivatives of C 1/u^2 and 1/u^3, T <ln 2cosh> max(u, |loc|).
"""

from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from replica.numerics import integers, quadrature
from replica.numerics.functions import exact
from replica.numerics.integers import skellam, trinomial
from replica.numerics.spins import spin_averages

TOLERANCE = {
    "tanh": 1e-13,
    "susceptibility": 1e-13,
    "log2cosh": 1e-13,
    "entropy": 1e-13,
    "sech4_over_T": 1e-13,
    "susceptibility_1": 1e-13,
    "susceptibility_2": 4e-13,  # reached; not promised: 6 sech^4 - 4 sech^2 over T^3 multiplies rounding most
}
SIZE = {
    "tanh": lambda u, loc: 1.0,
    "entropy": lambda u, loc: 1.0,
    "log2cosh": lambda u, loc: max(u, abs(loc)),
    "susceptibility": lambda u, loc: 1 / u,
    "sech4_over_T": lambda u, loc: 1 / u,
    "susceptibility_1": lambda u, loc: 1 / u**2,
    "susceptibility_2": lambda u, loc: 1 / u**3,
}
# where one rule takes over from the next (largest width/T of each): the errors are largest just below
BORDERS = [float(upper) for upper, _ in (*quadrature.NORMAL_STEPS, *quadrature.LOGISTIC_NODES)][:-1]
SIDES = [border * side for border in BORDERS for side in (1 - 1e-9, 1 + 1e-9)]

# (loc, width, T): every regime of width/T at every temperature that is promised, fields of several sizes
POINTS = [
    (loc * max(ratio * T, T), ratio * T, T)
    for T, loc, ratio in [
        *product([0.3], [0.0, 0.9], SIDES),
        *product([1e-5, 1e-3, 0.05, 1.0, 10.0], [0.6], [0.0, 0.05, 0.7, 3.0, 20.0, 1e3, 1e6]),
        *product([1e-5, 10.0], [3.0], [0.0, 0.9, 5.0, 100.0]),
    ]
]


def gauss_legendre(loc: float, width: float, T: float) -> dict[str, float]:
    """All averages from their definitions: integrals over y = h/T, on panels that are crowded at y = 0."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    lowest, highest = (loc - 11 * width) / T, (loc + 11 * width) / T
    layer = 2.0 ** np.arange(-1, 6)
    edges = np.concatenate([np.linspace(lowest, highest, 23), -layer, [0.0], layer])
    edges = np.unique(edges[(edges >= lowest) & (edges <= highest)])
    half = np.diff(edges)[:, None] / 2
    y = (edges[:-1, None] + half) + half * nodes
    z = (y * T - loc) / width
    weight = T / width * half * weights * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    fade = np.exp(-2 * np.abs(y))
    tanh, sech2 = np.sign(y) * (1 - fade) / (1 + fade), 4 * fade / (1 + fade) ** 2
    integrands = {
        "tanh": tanh,
        "susceptibility": sech2 / T,
        "susceptibility_1": -2 * tanh * sech2 / T**2,
        "susceptibility_2": sech2 * (4 - 6 * sech2) / T**3,
        "sech4_over_T": sech2**2 / T,
        "log2cosh": T * (np.abs(y) + np.log1p(fade)),
        "entropy": np.log1p(fade) + 2 * np.abs(y) * fade / (1 + fade),
    }
    return {name: float(np.sum(weight * value)) for name, value in integrands.items()}


@pytest.mark.parametrize("name", TOLERANCE)
def test_spin_averages_agree_with_an_independent_quadrature(name: str) -> None:
    # in wide fields the derivatives are what remains of far larger integrands: there this quadrature loses
    widest = {"susceptibility_1": 30.0, "susceptibility_2": 30.0}.get(name, np.inf)
    worst = 0.0, ()
    for loc, width, T in POINTS:
        if 0 < width <= widest * T:
            truth = gauss_legendre(loc, width, T)[name]
            error = abs(getattr(spin_averages(loc, width, T), name) - truth) / SIZE[name](max(width, T), loc)
            worst = max(worst, (error, (loc, width, T)))
    assert worst[0] < TOLERANCE[name], worst


@pytest.mark.parametrize("name", TOLERANCE)
def test_spin_averages_agree_with_mpmath(name: str) -> None:
    worst = 0.0, ()
    with mpmath.workdps(20):
        for loc, width, T in POINTS:
            truth = getattr(spin_averages(*(exact(v) for v in (loc, width, T))), name)
            value = exact(getattr(spin_averages(loc, width, T), name))
            error = float(abs(value - truth)) / SIZE[name](max(width, T), loc)
            worst = max(worst, (error, (loc, width, T)))
    assert worst[0] < TOLERANCE[name], worst


@pytest.mark.parametrize("width", ["0.02", "0.5", "3"])
def test_arbitrary_precision_agrees_with_tanh_sinh_quadrature(width: str) -> None:
    """The exact path, in both of its regimes, against mpmath's own adaptive rule at 30 digits."""
    with mpmath.workdps(30):
        loc, width, T = mpmath.mpf("0.4"), mpmath.mpf(width), mpmath.mpf("0.3")
        middle = -loc / width
        split = sorted(z for z in (-14, middle - 1, middle, middle + 1, 14) if abs(z) <= 14)
        average = spin_averages(loc, width, T)
        pairs = {
            "tanh": lambda y: mpmath.tanh(y),
            "susceptibility": lambda y: mpmath.sech(y) ** 2 / T,
            "sech4_over_T": lambda y: mpmath.sech(y) ** 4 / T,
            "log2cosh": lambda y: T * mpmath.log(2 * mpmath.cosh(y)),
            "entropy": lambda y: mpmath.log(2 * mpmath.cosh(y)) - y * mpmath.tanh(y),
        }
        for name, f in pairs.items():
            truth = mpmath.quad(lambda z, f=f: mpmath.npdf(z) * f((loc + width * z) / T), split)
            assert abs(getattr(average, name) - truth) < mpmath.mpf(10) ** -26, name


@pytest.mark.parametrize("loc", [0.0, 0.3, -2.0])
@pytest.mark.parametrize("width", [1e-4, 0.5, 40.0])
def test_zero_temperature_is_the_closed_form(loc: float, width: float) -> None:
    average, x = spin_averages(loc, width, 0.0), loc / width
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    truth = {
        "tanh": special.erf(x / np.sqrt(2)),
        "susceptibility": 2 * density / width,
        "susceptibility_1": -2 * x * density / width**2,
        "susceptibility_2": 2 * (x * x - 1) * density / width**3,
        "sech4_over_T": 4 * density / width / 3,
        "log2cosh": loc * special.erf(x / np.sqrt(2)) + 2 * width * density,
        "entropy": 0.0,
    }
    for name, value in truth.items():
        error = abs(getattr(average, name) - value) / SIZE[name](width, loc)
        assert error < 2e-15 * max(1.0, x * x), name  # a few roundings of exp(-x^2/2)


@pytest.mark.parametrize("T", [0.0, 1e-5, 0.2, 3.0])
def test_a_sharp_field_is_no_average(T: float) -> None:
    average = spin_averages(np.array([0.5, -0.5, 0.0]), 0.0, T)
    bare = np.tanh(np.array([0.5, -0.5, 0.0]) / T) if T else np.array([1.0, -1.0, 0.0])
    np.testing.assert_allclose(average.tanh, bare, rtol=4e-16)
    if T:
        y = np.array([0.5, -0.5, 0.0]) / T
        np.testing.assert_allclose(average.log2cosh, T * np.logaddexp(y, -y), rtol=4e-16)
        assert average.susceptibility[2] == pytest.approx(1 / T)


@given(st.floats(-3, 3), st.floats(0.01, 3), st.floats(0.01, 3))
def test_odd_and_even_in_the_mean_field(loc: float, width: float, T: float) -> None:
    here, there = spin_averages(loc, width, T), spin_averages(-loc, width, T)
    u = max(width, T)
    for name, sign in [("tanh", -1), ("susceptibility_1", -1), ("susceptibility", 1), ("log2cosh", 1)]:
        gap = abs(getattr(here, name) - sign * getattr(there, name))
        assert gap <= 1e-14 * SIZE[name](u, loc) * 10, name
    for name in ("tanh", "susceptibility_1"):
        assert getattr(spin_averages(0.0, width, T), name) == 0.0  # exactly: m = 0 must stay a solution


@pytest.mark.parametrize("width", ["0", "0.1", "3"])
@pytest.mark.parametrize("T", ["0", "0.2"])
def test_no_mean_field_no_magnetisation_in_either_arithmetic(width: str, T: str) -> None:
    """Exactly zero: rounding must neither break the symmetry nor be printed as digits."""
    with mpmath.workdps(40):
        average = spin_averages(mpmath.mpf(0), mpmath.mpf(width), mpmath.mpf(T))
        assert average.tanh == 0
        if width != "0" or T != "0":
            assert average.susceptibility_1 == 0
    assert spin_averages(0.0, float(width), float(T)).tanh == 0


@given(st.floats(-2, 2), st.floats(0.05, 2), st.floats(0.05, 2))
def test_susceptibilities_are_derivatives(loc: float, width: float, T: float) -> None:
    u = max(width, T)
    h = 1e-3 * u
    at = spin_averages(loc + h * np.array([-2, -1, 1, 2]), width, T)
    stencil = np.array([1, -8, 8, -1]) / 12
    here = spin_averages(loc, width, T)
    # fourth order: truncation h^4 f^(5)/30; the fifth derivatives of tanh are below 16/u^5 ... 272/u^7
    for value, slope, bound in [
        ("tanh", "susceptibility", 16 / u),
        ("susceptibility", "susceptibility_1", 272 / u**2),
        ("susceptibility_1", "susceptibility_2", 1e4 / u**3),
    ]:
        differenced = float(getattr(at, value) @ stencil) / h
        allowed = bound * (1e-3**4 / 30 + 4e-14)
        assert abs(differenced - getattr(here, slope)) <= allowed, (value, slope)
    assert (np.asarray(at.log2cosh) @ stencil) / h == pytest.approx(here.tanh, abs=16e-12 / 30 + 1e-11)


def test_temperature_zero_is_the_limit() -> None:
    """Averages over a smooth field differ from T = 0 by pi^2 T^2/24 times a second derivative."""
    for name in ("tanh", "susceptibility", "log2cosh"):
        cold = getattr(spin_averages(0.4, 0.5, 0.0), name)
        gaps = [abs(getattr(spin_averages(0.4, 0.5, T), name) - cold) for T in (1e-4, 1e-3, 1e-2)]
        assert gaps[1] / gaps[0] == pytest.approx(100, rel=1e-4), name  # rounding of the smallest gap
        assert gaps[2] / gaps[1] == pytest.approx(100, rel=1e-2), name  # the next term, T^4
    assert spin_averages(0.4, 0.5, 1e-5).entropy == pytest.approx(
        1e-5 * np.pi**2 / 6 * np.exp(-0.32) / 0.5 / np.sqrt(2 * np.pi), rel=1e-7
    )  # one level density times pi^2 T/6


def test_batches_of_any_shape_give_the_same_numbers() -> None:
    rng = np.random.default_rng(1)
    loc, width = rng.uniform(-1, 1, (3, 1, 700)), 10.0 ** rng.uniform(-3, 1, (1, 2, 700))
    T = np.where(rng.random((3, 2, 700)) < 0.1, 0.0, 10.0 ** rng.uniform(-3, 1, (3, 2, 700)))
    whole = spin_averages(loc, width, T)
    loc, width, T = np.broadcast_arrays(loc, width, T)
    some = [(0, 0, 0), (2, 1, 699), (1, 0, 333), (2, 0, 512), (0, 1, 511)]
    for name in TOLERANCE:
        values = getattr(whole, name)
        assert values.shape == (3, 2, 700)
        for i in some:
            alone = getattr(spin_averages(loc[i], width[i], T[i]), name)
            size = SIZE[name](max(width[i], T[i]), loc[i])
            assert abs(values[i] - alone) <= TOLERANCE[name] / 10 * size, name  # a matrix product may regroup
            assert np.ndim(alone) == 0
    assert spin_averages(np.zeros((0, 2)), 1.0, 1.0).tanh.shape == (0, 2)


def test_nan_stays_where_it_is() -> None:
    average = spin_averages(np.array([0.1, np.nan, 0.3]), 0.5, np.array([0.2, 0.2, np.nan]))
    for name in TOLERANCE:
        np.testing.assert_array_equal(np.isnan(getattr(average, name)), [False, True, True], err_msg=name)


# -- integer fields -----------------------------------------------------------------------------------------


def moment(law: integers.IntegerLaw, k: int) -> np.ndarray:
    return np.sum(law.weight * law.w.astype(float) ** k, axis=-1)


@pytest.mark.parametrize("l", [0.0, 1e-8, 0.3, 1.0, 6.0, 60.0])
def test_skellam_moments(l: float) -> None:
    """Difference of two Poisson counts of mean l/2: cumulants 0, l, 0, l; cut tails weigh less than 1e-16."""
    law = skellam(l)
    assert np.sum(law.weight) == pytest.approx(1, abs=2e-15)
    assert moment(law, 1) == pytest.approx(0, abs=1e-14)
    assert moment(law, 2) == pytest.approx(l, rel=1e-14, abs=1e-18)
    assert moment(law, 4) == pytest.approx(l + 3 * l * l, rel=1e-12, abs=1e-18)
    np.testing.assert_allclose(law.weight, law.weight[::-1], rtol=0)
    if l:
        np.testing.assert_allclose(law.tilted, 2 / l * law.w * law.weight, rtol=1e-9, atol=2e-16)
        truth = special.ive(np.abs(law.w), l)
        np.testing.assert_allclose(law.weight, truth, rtol=1e-13)


@pytest.mark.parametrize("l", [0.4, 3.0])
def test_skellam_slope_is_the_derivative_of_the_weight(l: float) -> None:
    h = 1e-2 * l
    stencil = [(-2, 1), (-1, -8), (1, 8), (2, -1)]
    law = skellam(l)

    def weight(at: float) -> np.ndarray:
        return special.ive(np.abs(law.w), at)

    differenced = sum(c * weight(l + k * h) for k, c in stencil) / (12 * h)
    # truncation is h^4/30 of the fifth derivative; dP/dl = (P+ + P-)/2 - P at most doubles a size: below 2^5
    np.testing.assert_allclose(law.slope, differenced, atol=h**4 * 32 / 30 + 1e-15 / h)
    assert np.sum(law.slope) == pytest.approx(0, abs=1e-16 * len(law.w))


def test_skellam_at_l_zero_is_a_legal_limit() -> None:
    law = skellam(0.0)
    assert law.weight[law.w == 0] == 1
    np.testing.assert_array_equal(law.tilted, np.where(np.abs(law.w) == 1, law.w, 0))
    np.testing.assert_array_equal(
        law.slope, np.where(law.w == 0, -1.0, np.where(np.abs(law.w) == 1, 0.5, 0.0))
    )


def test_skellam_batches() -> None:
    l = np.array([[0.0, 0.5], [2.0, 10.0]])
    law = skellam(l)
    assert law.weight.shape == (2, 2, len(law.w))
    np.testing.assert_allclose(moment(law, 2), l, rtol=1e-14, atol=1e-18)


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("L", [1, 2, 7, 20])
def test_trinomial_moments(p: float, L: int) -> None:
    """Sum of L independent steps of variance p and fourth moment p; rounding grows with L convolutions."""
    law = trinomial(p, L)
    rounding = 1e-15 * L
    assert np.sum(law.weight) == pytest.approx(1, abs=rounding)
    assert moment(law, 1) == pytest.approx(0, abs=rounding * L)
    assert moment(law, 2) == pytest.approx(p * L, rel=rounding)
    assert moment(law, 4) == pytest.approx(L * p + 3 * L * (L - 1) * p * p, rel=rounding)
    np.testing.assert_allclose(law.tilted, 2 / (p * L) * law.w * law.weight, atol=rounding)
    assert law.slope is None


def test_trinomial_counts_every_configuration() -> None:
    p, L = 0.3, 4
    counted = {w: 0.0 for w in range(-L, L + 1)}
    for steps in product([-1, 0, 1], repeat=L):
        counted[sum(steps)] += np.prod([p / 2 if step else 1 - p for step in steps])
    np.testing.assert_allclose(trinomial(p, L).weight, list(counted.values()), rtol=1e-14)


def test_trinomial_batches_pad_with_zeros() -> None:
    law = trinomial(np.array([0.1, 0.5]), np.array([[2], [5]]))
    assert law.weight.shape == (2, 2, 11)
    for i, j in product(range(2), range(2)):
        alone = trinomial([0.1, 0.5][j], [2, 5][i])
        inside = np.isin(law.w, alone.w)
        np.testing.assert_array_equal(law.weight[i, j, inside], alone.weight)
        np.testing.assert_array_equal(law.tilted[i, j, inside], alone.tilted)
        np.testing.assert_array_equal(law.weight[i, j, ~inside], 0)


def test_sparse_trinomial_tends_to_skellam() -> None:
    """At l = pL fixed the weights differ by O(p): ten times smaller p, ten times closer."""
    l, gaps = 2.0, []
    for p in (0.1, 0.01, 0.001):
        law = trinomial(p, round(l / p))
        near = np.abs(law.w) <= 10
        gaps.append(np.max(np.abs(law.weight[near] - special.ive(np.abs(law.w[near]), l))))
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(10, rel=0.01)


def test_laws_in_arbitrary_precision() -> None:
    with mpmath.workdps(40):
        law = skellam(mpmath.mpf("1.5"))
        assert abs(sum(law.weight) - 1) < mpmath.mpf(10) ** -38
        assert abs(sum(w * w * q for w, q in zip(law.w, law.weight, strict=True)) - mpmath.mpf("1.5")) < 1e-37
        assert abs(sum(law.slope)) < mpmath.mpf(10) ** -38
        law = trinomial(mpmath.mpf("0.1"), 6)
        assert abs(sum(law.weight) - 1) < mpmath.mpf(10) ** -38
        assert abs(sum(w * w * q for w, q in zip(law.w, law.weight, strict=True)) - mpmath.mpf("0.6")) < 1e-37
