"""Digits that are right to the last one: against more digits, and against equations written here."""

import math
import pickle
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import mpmath
import numpy as np
import pytest

from problems import Cusp, Saddle, Slope
from reference import reference
from replica.errors import LocateError, ParameterError
from replica.solving import Located, Precise, Solution, critical, locate, polish, quick_digits, solve
from replica.theories import (
    THEORIES,
    BasisPursuit,
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Dense,
    Dreaming,
    Hopfield,
    Mixtures,
    Perceptron,
    SemiRestricted,
    ThresholdedHopfield,
)

located = cache(locate)
solved = cache(solve)


def significant(text: str) -> int:
    """Number of significant digits that a decimal states."""
    return len(re.sub(r"^-?0\.0*|e.*|[-.]", "", text))


POINTS: dict[str, Callable[[], Located | Solution]] = {
    "hopfield alpha_c": partial(located, Hopfield(alpha=0.0, T=0.0), "spinodal", "alpha"),
    "hopfield alpha_1": partial(located, Hopfield(alpha=0.0, T=0.0), "first-order", "alpha"),
    "hopfield T_g": partial(located, Hopfield(alpha=0.05, T=0.0), "glass", "T"),
    "hopfield retrieval": partial(solved, Hopfield(alpha=0.1, T=0.0)),
    "hopfield glass": partial(solved, Hopfield(alpha=0.1, T=0.0), "glass"),
    "mixtures T_5": partial(located, Mixtures(n=5), "stability", "T"),
    "mixtures": partial(solved, Mixtures(n=3, T=0.3)),
    "thresholded alpha_c": partial(located, ThresholdedHopfield(alpha=0.0, theta=0.7), "spinodal", "alpha"),
    "thresholded glass": partial(solved, ThresholdedHopfield(alpha=0.2, theta=0.3, g=-0.05), "glass"),
    "compositional retrieval": partial(solved, Compositional(alpha=0.5, theta=1.0, g=-0.2, l=1.0)),
    "compositional glass": partial(solved, Compositional(alpha=0.5, theta=1.5, g=-0.21), "glass"),
    "compositional finite p": partial(solved, Compositional(alpha=0.1, theta=0.5, g=-0.2, p=0.1, L=3)),
    "curie-weiss spinodal": partial(located, CurieWeiss(T=0.3), "spinodal", "h"),
    "curie-weiss": partial(solved, CurieWeiss(T=0.9, h=0.01), "up"),
    "blume-capel first-order": partial(located, BlumeCapel(T=0.25), "first-order", "D"),
    "blume-capel": partial(solved, BlumeCapel(T=0.5, D=0.2)),
}


@pytest.mark.parametrize("name", POINTS)
def test_forty_digits_are_the_first_of_sixty(name: str) -> None:
    """Each printed digit is that of the number itself, rounded: so it is of the number to more digits."""
    point = POINTS[name]()
    short, long = polish(point, 40), polish(point, 60)
    pairs = [(short.value, long.value)] if isinstance(point, Located) else []
    pairs += [(short.order[key], long.order[key]) for key in long.order]
    pairs += [(short.measures[key], long.measures[key]) for key in long.measures]
    compared = 0
    for forty, sixty in pairs:
        if sixty is None:
            assert forty is None
            continue
        with mpmath.workdps(80):
            a, b = mpmath.mpf(forty), mpmath.mpf(sixty)
            if not mpmath.isfinite(b):
                assert a == b
                continue
            if abs(b) < mpmath.mpf(10) ** -60 and name == "hopfield T_g":  # q = 0 at T_g, up to rounding
                assert abs(a) < mpmath.mpf(10) ** -40
                continue
            if b == 0:
                assert a == b
                continue
            unit = mpmath.mpf(10) ** (mpmath.floor(mpmath.log10(abs(b))) - 39)
            assert abs(a - b) <= unit * mpmath.mpf("0.5001"), (forty, sixty)
        compared += 1
    assert compared >= 1


@pytest.mark.parametrize("name", POINTS)
def test_digits_continue_the_float(name: str) -> None:
    point = POINTS[name]()
    precise = polish(point, 25)
    if isinstance(point, Located):
        assert abs(float(precise.value) - point.value) <= point.uncertainty
    for key, value in precise.order.items():
        # at a fold x is good to the root of rounding only
        assert float(value) == pytest.approx(float(point.order[key]), rel=1e-6, abs=1e-8), key


@pytest.mark.parametrize("digits", [1, 2, 5, 16, 17, 50, 100])
def test_as_many_digits_as_were_asked_for(digits: int) -> None:
    precise = polish(POINTS["hopfield alpha_c"](), digits)
    assert isinstance(precise, Precise)
    assert precise.digits == digits
    assert significant(precise.value) == digits
    with mpmath.workdps(digits + 10):
        exact = reference("hopfield/alpha_c_T0").mpf()
        wanted = mpmath.nstr(exact, min(digits, 50), strip_zeros=False)
        assert precise.value.startswith(wanted[: min(digits, 49)])


def test_a_hundred_digits_start_with_the_reference() -> None:
    value = polish(POINTS["hopfield alpha_c"](), 100).value
    assert value.startswith(reference("hopfield/alpha_c_T0").value[:-1])


# -- equations written again, with mpmath's own quadrature --------------------------------------------------


def gaussian(f: Callable[[Any], Any], loc: Any, width: Any) -> Any:
    """Average over a Gaussian field by tanh-sinh quadrature, split where the field changes sign."""
    zero = -loc / width
    ends = {-15, 15, *(z for z in (zero - 1, zero, zero + 1) if abs(z) < 15)}
    return mpmath.quad(lambda z: mpmath.npdf(z) * f(loc + width * z), sorted(ends))


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
def test_hopfield_at_finite_temperature_solves_its_equations(branch: str) -> None:
    precise = polish(solve(Hopfield(alpha=0.05, T=0.2), branch), 25)
    with mpmath.workdps(35):
        alpha, T = mpmath.mpf("0.05"), mpmath.mpf("0.2")
        m, q, r = (mpmath.mpf(precise.order[name]) for name in ("m", "q", "r"))
        width = mpmath.sqrt(alpha * r)
        small = mpmath.mpf(10) ** -23  # half a unit of the 25th digit, times the conditioning of r
        assert abs(gaussian(lambda h: mpmath.tanh(h / T), m, width) - m) < small
        assert abs(gaussian(lambda h: mpmath.tanh(h / T) ** 2, m, width) - q) < small
        C = (1 - q) / T
        assert abs(q / (1 - C) ** 2 / r - 1) < small
        logs = gaussian(lambda h: T * mpmath.log(2 * mpmath.cosh(h / T)), m, width)
        f = alpha / 2 + m * m / 2 + alpha / 2 * (T * mpmath.log(1 - C) - q / (1 - C) + r * C) - logs
        assert abs(f - mpmath.mpf(precise.measures["free_energy"])) < small
        rho = alpha / (T * (1 - C)) ** 2 * gaussian(lambda h: mpmath.sech(h / T) ** 4, m, width)
        assert abs(1 - rho - mpmath.mpf(precise.measures["replicon"])) < 10 * small


@pytest.mark.parametrize(("n", "digits"), [(3, 30), (5, 30), (7, 30)])
def test_mixture_temperature_solves_its_equations(n: int, digits: int) -> None:
    """m = <z tanh(m z/T)>/n and 1 - (1 - q)/T = Q/T, sums over the n bits of a site counted here."""
    precise = polish(critical(Mixtures(n=n)), digits)
    with mpmath.workdps(digits + 10):
        m, T = mpmath.mpf(precise.order["m"]), mpmath.mpf(precise.value)
        states = [(n - 2 * k, mpmath.binomial(n, k) / mpmath.mpf(2) ** n) for k in range(n + 1)]
        t = {z: mpmath.tanh(m * z / T) for z, _ in states}
        small = mpmath.mpf(10) ** (1 - digits)
        assert abs(sum(p * z * t[z] for z, p in states) / n - m) < small
        q = sum(p * t[z] ** 2 for z, p in states)
        # <xi_1 xi_2> at a site where the bits add up to z: (z^2 - n)/(n (n - 1))
        Q = sum(p * t[z] ** 2 * (mpmath.mpf(z * z - n) / (n * (n - 1))) for z, p in states)
        assert abs(1 - (1 - q) / T - Q / T) < 10 * small


def test_curie_weiss_and_blume_capel_are_exact() -> None:
    with mpmath.workdps(60):
        T = mpmath.mpf("0.3")
        m = mpmath.sqrt(1 - T)
        exact = mpmath.nstr(m - T * mpmath.atanh(m), 50)
        assert polish(POINTS["curie-weiss spinodal"](), 50).value == exact
        D = mpmath.mpf(polish(POINTS["blume-capel first-order"](), 50).value)
        T = mpmath.mpf("0.25")

        def f(m: Any) -> Any:
            return m * m / 2 - T * mpmath.log(1 + 2 * mpmath.exp(-D / T) * mpmath.cosh(m / T))

        m = mpmath.findroot(lambda m: mpmath.diff(f, m), mpmath.mpf("0.9"))
        assert abs(f(m) - f(0)) < mpmath.mpf(10) ** -49
    assert polish(critical(CurieWeiss(T=0.3, h=0.0)), 30).value == "1." + 29 * "0"


def test_toys_are_exact() -> None:
    with mpmath.workdps(50):
        exact = mpmath.nstr(-2 / (3 * mpmath.sqrt(3)), 40)
        assert polish(locate(Cusp(a=1.0), "fold", "b"), 40).value == exact
        assert float(polish(locate(Saddle(), "fold", "a"), 40).value) == 1
        third = polish(solve(Slope(s=0.3, root=0.1)), 40)
        assert third.order["x"] == "0.1" + 39 * "0"


def test_a_parameter_means_the_decimal_that_was_typed() -> None:
    """T = 0.3 is 3/10 and h = 0.1 is 1/10, not the binary numbers next to them."""
    precise = polish(solve(CurieWeiss(T=0.3, h=0.1), "up"), 40)
    with mpmath.workdps(50):
        m = mpmath.findroot(lambda m: mpmath.tanh((m + mpmath.mpf("0.1")) / mpmath.mpf("0.3")) - m, 1.0)
        assert precise.order["m"] == mpmath.nstr(m, 40)


def test_the_free_energy_at_finite_p_knows_l_exactly() -> None:
    """l = p L = 3/10 at p = 0.1, L = 3, though 0.1 * 3 is not 0.3 in binary."""
    precise = polish(POINTS["compositional finite p"](), 30)
    with mpmath.workdps(40):
        m, q, C, r, B = (mpmath.mpf(precise.order[name]) for name in ("m", "q", "C", "r", "B"))
        alpha, g, theta, l = (mpmath.mpf(v) / 10 for v in (1, -2, 5, 3))
        # eq. (3.4): f at a solution
        u = theta / mpmath.sqrt(q)
        H1 = mpmath.npdf(u) - u * mpmath.erfc(u / mpmath.sqrt(2)) / 2
        f = -l / 8 * m * m - alpha / 2 * (r * C + B * q) - g * q
        f += alpha * mpmath.sqrt(q) * theta * H1 / (2 * (1 - C))
        assert abs(f - mpmath.mpf(precise.measures["free_energy"])) < mpmath.mpf(10) ** -29


def test_tiny_numbers_keep_their_digits() -> None:
    """C = 5e-4111 is zero in float64."""
    precise = polish(solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.5)), 19)
    ours = reference("random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=0.5/C")
    with mpmath.workdps(30):
        assert abs(mpmath.mpf(precise.order["C"]) / ours.mpf() - 1) < mpmath.mpf(10) ** -18


@pytest.mark.parametrize("digits", [1, 5])
def test_tiny_is_not_zero(digits: int) -> None:
    """C = 1e-6443673134044 at l = 0.1, however few digits of it are asked for."""
    precise = polish(solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.1)), digits)
    ours = reference("random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=0.1/C")
    with mpmath.workdps(30):
        assert abs(mpmath.mpf(precise.order["C"]) / ours.mpf() - 1) < mpmath.mpf(10) ** (1 - digits)


@pytest.mark.slow
@pytest.mark.parametrize("digits", [1, 5])
def test_few_digits_of_a_tiny_temperature(digits: int) -> None:
    precise = polish(locate(Hopfield(alpha=0.01), "stability", "T"), digits)
    ours = reference("hopfield/finiteT/alpha=0.01/T_R")
    assert float(precise.value) == pytest.approx(ours.number, rel=10.0 ** (1 - digits))


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.01, 0.1])
def test_stability_temperatures_over_many_decades(alpha: float) -> None:
    """T_R = 1e-23 and 1e-3, to more digits than the reference has."""
    precise = polish(locate(Hopfield(alpha=alpha), "stability", "T"), 13)
    ours = reference(f"hopfield/finiteT/{alpha=}/T_R")
    assert float(precise.value) == pytest.approx(ours.number, rel=0, abs=ours.tolerance)


# -- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [0, -1, 1001, 2.5, math.nan, "ten"])
def test_numbers_of_digits_that_make_no_sense(digits: Any) -> None:
    with pytest.raises(ParameterError, match="digits"):
        polish(POINTS["hopfield alpha_c"](), digits)


def test_digits_are_quick_where_there_is_no_integral() -> None:
    quick = {"hopfield", "mixtures", "thresholded-hopfield", "curie-weiss", "blume-capel"}
    quick |= {"dense", "semi-restricted", "noisy-hopfield", "rotation-invariant", "archetypes", "diluted"}
    quick |= {"archetypes-unsupervised", "dreaming", "pseudo-inverse", "perceptron", "basis-pursuit"}
    assert {name for name, kind in THEORIES.items() if kind.without_integrals} == quick
    for point in (
        critical(Hopfield(alpha=0.0, T=0.0)),
        critical(ThresholdedHopfield(alpha=0.0, theta=0.3)),
        critical(Mixtures(n=3)),  # T itself is asked for
        critical(CurieWeiss(T=0.5)),
        critical(Dense(a=0.1)),
        critical(SemiRestricted(alpha=0.05, Delta=0.1)),
        critical(Dreaming(alpha=0.1, t=1.0)),
        critical(Perceptron(alpha=1.0)),
        critical(BasisPursuit(alpha=0.2)),
    ):
        assert quick_digits(point) == 15
        assert polish(point, 15).value is not None
    assert quick_digits(critical(Hopfield(alpha=0.0, T=0.3))) == 0
    assert quick_digits(locate(BlumeCapel(T=0.2), "first-order", "D")) == 0
    assert quick_digits(critical(Compositional(alpha=0.5, theta=1.0, g=-0.2, l=1.0))) == 0


def test_what_was_not_located_has_no_digits() -> None:
    lost = locate(Cusp(a=1.0), "fold", "b", near=[50.0, 1.0], value=-40.0)
    lost = Located(**{name: getattr(lost, name) for name in lost.__dataclass_fields__} | {"located": False})
    with pytest.raises(LocateError, match="not located"):
        polish(lost, 20)


def test_a_batch_has_no_digits() -> None:
    with pytest.raises(ParameterError, match="one point"):
        polish(solve(Hopfield(alpha=np.array([0.05, 0.1]), T=0.0)), 20)


def test_a_theory_knows_its_arithmetic() -> None:
    theory = Hopfield(alpha=0.05, T=0.2)
    assert not theory.is_exact
    assert not theory.at(T=0.3).is_exact
    assert theory.at(T=mpmath.mpf("0.3")).is_exact
    assert Hopfield(alpha=mpmath.mpf("0.05")).is_exact
    exact = theory.exact()
    assert exact.is_exact
    assert exact.at(T=0.3).is_exact
    assert Hopfield(alpha=0, T=0).exact().is_exact  # whole numbers stay what they are
    assert exact == exact.at()
    assert pickle.loads(pickle.dumps(exact)).is_exact
