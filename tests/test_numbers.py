"""Published numbers and our own digits (`reference.toml`), and what is known exactly.

A recipe computes each own value with the package. Against the own digits it is a regression test: it allows
half a unit of the last stated digit or 1e-12 of the value, whichever is coarser. Against a paper it is a
validation: it allows half a unit of the last printed digit, or the stated error bar.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special
from scipy.optimize import brentq

from reference import reference, references
from replica.flows import GaussGauss, clusters, second_moments
from replica.numerics.functions import H
from replica.solving import (
    Located,
    Solution,
    critical,
    locate,
    minimise,
    polish,
    solve,
    trace,
)
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    Hopfield,
    Hopfield1RSB,
    HopfieldHiddenUnit,
    Mixtures,
    OneHiddenUnit,
    RandomEnergy,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
    SpectralRBM,
    ThresholdedHopfield,
)
from replica.theory import Theory

located = cache(locate)
solved = cache(solve)
capacity = cache(critical)
minimum = cache(minimise)


# -- recipes: own value -> how this package computes it -----------------------------------------------------

RECIPES: dict[str, Callable[[], Any]] = {}
MEASURE = {"f": "free_energy", "E": "energy", "e": "energy", "s": "entropy"}
MEASURE |= {"E_T0_RS": "energy", "s_T0_RS": "entropy"}


def state_value(theory: Theory, x: Any, quantity: str) -> float:
    """An order parameter or a measure of a state by its name in `reference.toml`."""
    if quantity in MEASURE:
        return getattr(theory.tuned(x), MEASURE[quantity])(x)
    if quantity == "replicon_ratio":
        return 1 - theory.replicon(x)
    if quantity == "error_fraction":
        return (1 - x[0]) / 2
    if quantity == "y":
        return x[0] / np.sqrt(2 * theory.alpha * theory.derived(x)["r"])
    order = dict(zip(theory.order, x, strict=True)) | theory.derived(x)
    return order["q" if quantity == "activity" else quantity]


def at_point(find: Callable[[], Located | Solution], quantity: str) -> float:
    point = find()
    return state_value(point.theory, point.x, quantity)


def recipe(name: str, compute: Callable[[], Any]) -> None:
    assert name in references(), name
    RECIPES[name] = compute


def recipes(prefix: str, find: Callable[[], Any], quantities: str) -> None:
    for quantity in quantities.split():
        recipe(prefix + quantity, partial(at_point, find, quantity))


COLD = partial(capacity, Hopfield(alpha=0.0, T=0.0))
recipe("hopfield/alpha_c_T0", lambda: COLD().value)
recipes("hopfield/alpha_c_T0/", COLD, "m C r y E s error_fraction")
recipes("hopfield/alpha_c_T0/SG_", lambda: solved(COLD().theory, "glass"), "C r E s")
recipe("hopfield/alpha_1_T0", lambda: located(Hopfield(alpha=0.0, T=0.0), "first-order", "alpha").value)
recipes(
    "hopfield/T0/retrieval/alpha=0.05/",
    partial(solved, Hopfield(alpha=0.05, T=0.0)),
    "m C r y E s error_fraction",
)
recipes("hopfield/T0/spinglass/alpha=0.1/", partial(solved, Hopfield(alpha=0.1, T=0.0), "glass"), "C r E s")
for alpha in (0.1, 0.13):
    recipes(f"hopfield/T0/retrieval/{alpha=}/", partial(solved, Hopfield(alpha=alpha, T=0.0)), "m")

LINES = {"T_M": "spinodal", "T_c": "first-order", "T_R": "stability", "T_g": "glass"}
for name in references("hopfield/finiteT/alpha="):
    alpha, line = re.fullmatch(r"hopfield/finiteT/alpha=([\d.]+)/(T_\w)", name).groups()
    recipe(name, lambda a=float(alpha), line=line: located(Hopfield(alpha=a, T=0.1), LINES[line], "T").value)

POINTS = r"hopfield/finiteT/point/alpha=([\d.]+)/T=([\d.]+)/(retrieval|spinglass)/(\w+)"
for name in references("hopfield/finiteT/point/"):
    alpha, T, branch, quantity = re.fullmatch(POINTS, name).groups()
    theory = Hopfield(alpha=float(alpha), T=float(T))
    find = partial(solved, theory, {"spinglass": "glass"}.get(branch, branch))
    recipe(name, partial(at_point, find, quantity))

for n in (3, 5, 7, 9):
    recipe(f"hopfield/mixtures/T_{n}", lambda n=n: capacity(Mixtures(n=n)).value)
for n in (1, 3, 5, 7):
    recipe(f"hopfield/mixtures/E_{n}_T0", lambda n=n: solved(Mixtures(n=n, T=0.0)).energy)

for theta in ("0", "0.5", "1", "-0.5"):
    recipe(
        f"thresholded_hopfield/tuned/theta={theta}/alpha_c",
        lambda theta=theta: capacity(ThresholdedHopfield(alpha=0.0, theta=float(theta))).value,
    )
for name, g in [("g=0", 0.0), ("best_g", -0.0515)]:
    recipe(
        f"thresholded_hopfield/{name}/theta=0/alpha_c",
        lambda g=g: capacity(ThresholdedHopfield(alpha=0.0, theta=0.0, g=g)).value,
    )

RBM = r"random_rbm/compositional/alpha=([\d.]+),theta=([\d.]+),g=(-[\d.]+),l=([\d.]+|l_star)/(\w+)"
for name in references("random_rbm/compositional/"):
    alpha, theta, g, l, quantity = re.fullmatch(RBM, name).groups()
    theory = Compositional(alpha=float(alpha), theta=float(theta), g=float(g), l=1.0)
    find = partial(minimum, theory) if l == "l_star" else partial(solved, theory.at(l=float(l)))
    recipe(
        name, (lambda find=find: find().theory.l) if quantity == "l" else partial(at_point, find, quantity)
    )

GLASS = Compositional(alpha=0.5, theta=1.5, g=-0.21)


@cache
def glass(number: int) -> Solution:
    """The two m = 0 states with q > 0; the named branch is the one with the larger q.

    For a given q both C and g follow in closed form, which gives a start for the other one.
    """
    if number == 0:
        return solve(GLASS, "glass")

    def explicit(q: float) -> tuple[float, float]:
        x, u = special.ndtri(q), GLASS.theta / np.sqrt(q)
        noise = np.sqrt(GLASS.alpha * q * H(2, u))
        k = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) / noise
        return k / (1 + k), (1 + k) * (x * noise - GLASS.alpha * H(0, u) / 2)

    q = brentq(lambda q: explicit(q)[1] - GLASS.g, 0.03, 0.15)
    return solve(GLASS, start={"m": 0.0, "q": q, "C": explicit(q)[0]})


for number in (0, 1):
    recipes(
        f"random_rbm/spin_glass/alpha=0.5,theta=1.5,g=-0.21/solution={number}/",
        partial(glass, number),
        "m q r B C f activity",
    )

CAPACITY = r"random_rbm/capacity/compositional/theta=([\d.]+),g=(-[\d.]+),l=([\d.]+)/(\w+)"
for name in references("random_rbm/capacity/compositional/"):
    *numbers, quantity = re.fullmatch(CAPACITY, name).groups()
    theta, g, l = (float(number) for number in numbers)
    find = partial(capacity, Compositional(alpha=0.0, theta=theta, g=g, l=l))
    recipe(
        name,
        (lambda find=find: find().value) if quantity == "alpha_c" else partial(at_point, find, quantity),
    )
CAPACITY = (
    r"random_rbm/capacity/finite_p/p=([\d.]+),L=(\d+),theta_unscaled=([\d.]+),g_unscaled=(-[\d.]+)/(\w+)"
)
for name in references("random_rbm/capacity/finite_p/"):
    p, L, theta, g, quantity = re.fullmatch(CAPACITY, name).groups()
    theory = Compositional.from_unscaled(0.0, float(theta), float(g), float(p), int(L))
    find = partial(capacity, theory)
    recipe(
        name,
        (lambda find=find: find().value) if quantity == "alpha_c" else partial(at_point, find, quantity),
    )

for prefix, theory, parameter in [
    ("alpha=0.5,theta=1.5", Compositional(alpha=0.5, theta=1.5, g=-0.2), "g"),
    ("alpha=0.5,theta=2", Compositional(alpha=0.5, theta=2.0, g=-0.2), "g"),
    ("alpha=0.5,g=-0.21", Compositional(alpha=0.5, theta=1.5, g=-0.21), "theta"),
    ("alpha=1,g=-0.21", Compositional(alpha=1.0, theta=1.5, g=-0.21), "theta"),
]:
    prefix = f"random_rbm/line/compositional_SG/{prefix}/"
    find = partial(located, theory, "compositional-glass", parameter)
    recipe(prefix + parameter, lambda find=find: find().value)
    if prefix + "m" in references():
        recipes(prefix, find, "m q C f")
        recipe(prefix + "l_star", lambda find=find: find().theory.l)
        recipe(prefix + "q_SG", lambda find=find: solved(find().theory, "glass")["q"])

recipe(
    "random_rbm/line/ferromagnetic_compositional/g",
    lambda: located(Compositional(alpha=0.5, theta=1.5, g=-0.2), "ferromagnet-compositional", "g").value,
)
for alpha in ("0.5", "1"):
    recipe(
        f"random_rbm/triple_point/alpha={alpha}/theta",
        lambda a=float(alpha): (
            located(Compositional(alpha=a, theta=1.0, g=-0.25), "ferromagnet-glass", "theta").value
        ),
    )
for g in (-0.1, -0.21):
    recipe(
        f"random_rbm/noise_free/{g=}/l_star",
        lambda g=g: minimum(Compositional(alpha=0.0, theta=1.5, g=g, l=1.0)).theory.l,
    )
for l in (0.2, 1.5):
    recipe(
        f"random_rbm/noise_free/{l=}/m",
        lambda l=l: solved(Compositional(alpha=0.0, theta=1.5, g=-0.2, l=l))["m"],
    )


def energy_of_two_over_one(g: float) -> float:
    f = [solve(Compositional(alpha=0.0, theta=1.0, g=g, p=0.1, L=L)).free_energy for L in (1, 2)]
    return f[1] - f[0]


recipe(
    "random_rbm/noise_free/p=0.1/g_of_switch_L=1_to_L=2",
    lambda: brentq(energy_of_two_over_one, -0.3, -0.2, xtol=1e-15),
)


@cache
def tuned_energy_at_capacity(theta: float) -> float:
    point = capacity(ThresholdedHopfield(alpha=0.0, theta=theta))
    return point.theory.tuned(point.x).free_energy(point.x)


recipe("thresholded_hopfield/tuned/theta_of_zero_f", lambda: brentq(tuned_energy_at_capacity, 2.15, 2.16))


@cache
def reentrance() -> tuple[float, float]:
    """Where alpha_M(T) is largest: the stationary point of a polynomial through eleven located folds."""
    T = 0.023 + 0.004 * np.cos(np.pi * (np.arange(11) + 0.5) / 11)
    alpha = [locate(Hopfield(alpha=0.0, T=t), "spinodal", "alpha").value for t in T]
    fit = np.polynomial.Polynomial.fit(T, alpha, 10)
    (top,) = [float(r.real) for r in fit.deriv().roots() if abs(r.imag) < 1e-9 and 0.019 < r.real < 0.027]
    return top, float(fit(top))


recipe("hopfield/finiteT/reentrance/T_at_alpha_max", lambda: reentrance()[0])
recipe("hopfield/finiteT/reentrance/alpha_max", lambda: reentrance()[1])
recipe(
    "hopfield/finiteT/reentrance/T_end_at_alpha_c_T0",
    lambda: brentq(
        lambda T: locate(Hopfield(alpha=0.0, T=T), "spinodal", "alpha").value - COLD().value,
        0.04,
        0.05,
        xtol=1e-9,
    ),
)


def spectral(given: str) -> SpectralRBM:
    """The spectral RBM with parameters as they stand in a name, such as law=laplace,kappa=1,T=1.5,w=2."""
    values: dict[str, Any] = dict(pair.split("=") for pair in given.split(","))
    law, modes = values.pop("law"), int(values.pop("modes", 1))
    return SpectralRBM(
        law=law, modes=modes, **{"w": 1.0} | {key: float(value) for key, value in values.items()}
    )


def spectral_value(find: Callable[[], Any], quantity: str) -> float:
    point = find()
    if quantity == "phi":
        return -float(point.theory.free_energy(point.x) / point.theory.T)
    return point.value if quantity == "w" else at_point(find, quantity)


for name in references("spectral_rbm/"):
    kind, given, quantity = re.fullmatch(r"spectral_rbm/(\w+)/(.*)/(\w+)", name).groups()
    theory, branch = spectral(given), "ferromagnet"
    if kind == "degenerate":
        theory, branch = theory.at(sigma=0.0), "ferromagnet" if theory.modes == 1 else "mixture"
    if quantity == "phi_paramagnet":
        quantity, branch = "phi", "paramagnet"
    find = partial(located, theory, "stability", "w") if kind == "AT" else partial(solved, theory, branch)
    recipe(name, partial(spectral_value, find, quantity))
for h in ("0.1", "1"):
    recipe(f"SK/AT/h={h}/T_AT", lambda h=float(h): capacity(SherringtonKirkpatrick(T=0.5, h=h)).value)
recipes("SK/", partial(solved, SherringtonKirkpatrick(T=0.0), "glass"), "E_T0_RS s_T0_RS")
BROKEN = partial(solved, SherringtonKirkpatrick1RSB(T=0.0), "glass")
recipe("SK/E_T0_1RSB", lambda: BROKEN().energy)
recipe("SK/1RSB_T0/q0", lambda: BROKEN()["q0"])
recipe("SK/1RSB_T0/mu", lambda: 1 / BROKEN()["tau"])
recipe("REM/T_c", lambda: capacity(RandomEnergy(T=0.5)).value)
recipe("REM/f_frozen", lambda: solved(RandomEnergy(T=0.3)).free_energy)
recipe("hopfield/alpha_c_1RSB_T0", lambda: capacity(Hopfield1RSB(alpha=0.1, T=0.0)).value)
recipe(
    "hopfield/alpha_1_1RSB_T0",
    lambda: located(Hopfield1RSB(alpha=0.1, T=0.0), "first-order", "alpha").value,
)
recipe("curie_weiss/T_c", lambda: capacity(CurieWeiss(T=0.5, h=0.0)).value)


@cache
def unstable(alpha: float) -> Solution:
    """The state beyond the fold: the branch is followed through it and back to this load."""
    theory = Hopfield(alpha=0.01, T=0.0)
    curve = trace(theory, "alpha", 0.2, through_folds=True, events={"back": lambda t, x: t.alpha - alpha})
    (_, there, _), (_, back, x) = curve.events
    assert (there, back) == (pytest.approx(alpha), pytest.approx(alpha))
    return solve(theory.at(alpha=alpha), start=x)


recipe("hopfield/T0/retrieval/alpha=0.05/m_unstable_branch", lambda: unstable(0.05)["m"])


# -- one hidden unit, and learning --------------------------------------------------------------------------


def inferred(values: str, quantity: str) -> float:
    """A number of the informative state, by its names in `reference.toml`."""
    state = solved(OneHiddenUnit(**{k: float(v) for k, v in (one.split("=") for one in values.split(","))}))
    if quantity == "dphi_dbeta":
        return state.theory.alpha * state["beta_hat"]
    return {"phi": -state.free_energy, "rho": 1 - state.replicon}.get(quantity, state.order.get(quantity))


for name in references("one_hidden_unit/alpha="):
    recipe(name, partial(inferred, *name.split("/")[1:]))
for model, line, name in (
    (OneHiddenUnit, "teacher", "beta=0.8/alpha_c"),
    (OneHiddenUnit, "joint-entropy", "beta=0.8/alpha_joint_entropy"),
    (HopfieldHiddenUnit, "teacher", "hopfield/beta=0.8/alpha_c"),
    (HopfieldHiddenUnit, "glass", "hopfield/beta=0.8/alpha_glass"),
):
    recipe(
        f"one_hidden_unit/{name}",
        lambda model=model, line=line: located(model(alpha=1.0, beta=0.8), line, "alpha").value,
    )


def learned(values: str, when: str) -> float:
    """A singular value of a Gauss-Gauss RBM, by its names in `reference.toml`."""
    w0, S = (float(one.partition("=")[2]) for one in values.split(","))
    rbm = GaussGauss()
    return rbm.fixed_point(S) if when == "limit" else rbm.singular_value(float(when[2:]), w0, S)


for name in references("learning/gauss_gauss/"):
    recipe(name, partial(learned, *name.split("/")[2:]))


@cache
def cluster_spectrum() -> Any:
    return np.linalg.eigvalsh(second_moments(clusters()))[::-1]


for rank in range(8):
    recipe(f"learning/clusters/S_{rank + 1}", lambda rank=rank: cluster_spectrum()[rank])

EXTRAPOLATED = {
    "hopfield/near_T1/T_M_coefficient": "spinodal",
    "hopfield/near_T1/T_c_coefficient": "first-order",
}
"""Limits as alpha -> 0; a test of their own below."""
PRECISE_ONLY = {"hopfield/T0/retrieval/alpha=0.01/1-m"}
"""Zero in float64; below with 50 digits."""
EXACT_ONLY = {
    "hopfield/mixtures/E_infinity_T0",
    "blume_capel/tricritical/T",
    "blume_capel/tricritical/D",
}
"""Limits of series of points; tests of their own below."""
NOT_OURS = (
    "SK/E_T0_2RSB",
    "SK/E_T0_3RSB",
    "SK/E_T0_4RSB",
    "potts/",
    "random_field_ising/",
    "random_rbm/finite_T/",
    "general_priors/",
    "hopfield/alpha_NLT",
    "thresholded_hopfield/linear_hidden/",
)
"""What no theory here covers; finite_T and general_priors are compared in test_random_limits.py."""


def test_no_reference_value_is_forgotten() -> None:
    own = {name for name in references() if not name.startswith(("published/", *NOT_OURS))}
    assert own == set(RECIPES) | set(EXTRAPOLATED) | PRECISE_ONLY | EXACT_ONLY


@pytest.mark.parametrize("name", RECIPES)
def test_regression(name: str) -> None:
    ours = reference(name)
    # 1 - m and s are differences of numbers of size 1; C below 1e-300 is zero in float64
    floor = 2e-16 if name.endswith(("/s", "/error_fraction")) else 1e-300
    allowed = max(ours.tolerance, 1e-12 * abs(ours.number), floor)
    assert RECIPES[name]() == pytest.approx(ours.number, rel=0, abs=allowed)


PUBLISHED = [
    name
    for name, entry in references("published/").items()
    if entry.agrees_with in RECIPES.keys() | EXTRAPOLATED
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_validation(name: str) -> None:
    printed = reference(name)
    if printed.agrees_with in EXTRAPOLATED:
        value, _ = coefficient(EXTRAPOLATED[printed.agrees_with])
    else:
        value = RECIPES[printed.agrees_with]()
    assert value == pytest.approx(printed.number, rel=0, abs=printed.tolerance * (1 + 1e-12))


# -- fifty digits -------------------------------------------------------------------------------------------


def agrees(digits: str, name: str) -> None:
    """The digits are the reference's, to half a unit of the last one that both state."""
    ours = reference(name)
    with mpmath.workdps(60):
        stated = min(ours.digits, len(re.sub(r"^-?0\.0*|e.*|[-.]", "", digits)))
        unit = mpmath.mpf(10) ** (mpmath.floor(mpmath.log10(abs(ours.mpf()))) - stated + 1)
        assert abs(mpmath.mpf(digits) - ours.mpf()) <= unit, (digits, ours.value)


def test_hopfield_capacity_to_fifty_digits() -> None:
    precise = polish(COLD(), 50)
    assert precise.value == reference("hopfield/alpha_c_T0").value
    for quantity in ("m", "C", "r"):
        agrees(precise.order[quantity], f"hopfield/alpha_c_T0/{quantity}")
    agrees(precise.measures["energy"], "hopfield/alpha_c_T0/E")
    agrees(precise.measures["entropy"], "hopfield/alpha_c_T0/s")


def test_first_order_load_to_forty_five_digits() -> None:
    agrees(
        polish(located(Hopfield(alpha=0.0, T=0.0), "first-order", "alpha"), 45).value, "hopfield/alpha_1_T0"
    )


@pytest.mark.parametrize(
    ("find", "prefix", "quantities"),
    [
        (partial(solved, Hopfield(alpha=0.05, T=0.0)), "hopfield/T0/retrieval/alpha=0.05/", "m C r E s"),
        (partial(solved, Hopfield(alpha=0.1, T=0.0), "glass"), "hopfield/T0/spinglass/alpha=0.1/", "C r E s"),
        (partial(solved, Hopfield(alpha=0.13, T=0.0)), "hopfield/T0/retrieval/alpha=0.13/", "m"),
        (partial(glass, 0), "random_rbm/spin_glass/alpha=0.5,theta=1.5,g=-0.21/solution=0/", "q r B C f"),
        (partial(glass, 1), "random_rbm/spin_glass/alpha=0.5,theta=1.5,g=-0.21/solution=1/", "q r B C f"),
        (
            partial(solved, Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.38)),
            "random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=0.38/",
            "m q r B C f",
        ),
    ],
)
def test_states_to_all_stated_digits(find: Callable[[], Solution], prefix: str, quantities: str) -> None:
    for quantity in quantities.split():
        digits = reference(prefix + quantity).digits
        precise = polish(find(), digits)
        value = precise.measures[MEASURE[quantity]] if quantity in MEASURE else precise.order[quantity]
        agrees(value, prefix + quantity)


def test_unstable_branch_to_forty_digits() -> None:
    agrees(polish(unstable(0.05), 40).order["m"], "hopfield/T0/retrieval/alpha=0.05/m_unstable_branch")


def test_retrieval_errors_far_below_rounding() -> None:
    """At alpha = 0.01 one neuron in 10^23 is wrong."""
    precise = polish(solve(Hopfield(alpha=0.01, T=0.0)), 50)
    with mpmath.workdps(60):
        agrees(mpmath.nstr(1 - mpmath.mpf(precise.order["m"]), 4), "hopfield/T0/retrieval/alpha=0.01/1-m")


@pytest.mark.parametrize("n", [3, 5, 7, 9])
def test_mixture_temperatures_to_nineteen_digits(n: int) -> None:
    agrees(polish(capacity(Mixtures(n=n)), 19).value, f"hopfield/mixtures/T_{n}")


@pytest.mark.parametrize("theta", ["0", "0.5", "1", "-0.5"])
def test_thresholded_capacities_to_nineteen_digits(theta: str) -> None:
    point = capacity(ThresholdedHopfield(alpha=0.0, theta=float(theta)))
    agrees(polish(point, 19).value, f"thresholded_hopfield/tuned/theta={theta}/alpha_c")


# -- exact laws ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.01, 0.1, 1.0, 10.0])
def test_cold_glass_is_known_in_closed_form(alpha: float) -> None:
    """sqrt(r) = 1 + sqrt(2/(pi alpha)) and E = -1/pi - sqrt(2 alpha/pi)."""
    state = solve(Hopfield(alpha=alpha, T=0.0), "glass")
    assert state["r"] == pytest.approx((1 + np.sqrt(2 / (np.pi * alpha))) ** 2, rel=1e-13)
    assert state.energy == pytest.approx(-1 / np.pi - np.sqrt(2 * alpha / np.pi), rel=1e-13)


@pytest.mark.parametrize("alpha", [1e-4, 0.05, 1.0, 7.0])
def test_glass_sets_in_at_one_plus_root_alpha(alpha: float) -> None:
    Tg = 1 + np.sqrt(alpha)
    assert locate(Hopfield(alpha=alpha, T=0.0), "glass", "T", value=Tg, near=[]).value == pytest.approx(Tg)
    below = solve(Hopfield(alpha=alpha, T=Tg * (1 - 1e-3)), "glass")
    # q grows linearly below T_g, with a coefficient between 1 and 2
    assert 0 < below["q"] < 3e-3
    assert not solve(Hopfield(alpha=alpha, T=Tg * (1 + 1e-3)), "glass", throw=False).success


@pytest.mark.parametrize("theta", [-1.0, -0.2, 0.25, 0.8, 1.5])
def test_thresholded_capacity_is_the_hopfield_one_rescaled(theta: float) -> None:
    exact = COLD().value / (2 * H(2, np.sqrt(2) * theta))
    assert critical(ThresholdedHopfield(alpha=0.0, theta=theta)).value == pytest.approx(exact, rel=1e-12)


def test_the_tuned_field_is_not_the_best_constant_one() -> None:
    values = [
        critical(ThresholdedHopfield(alpha=0.0, theta=0.0, g=g)).value for g in (-0.053, -0.0515, -0.05)
    ]
    assert values[1] == max(values)
    assert values[1] > COLD().value > reference("thresholded_hopfield/g=0/theta=0/alpha_c").number


def test_mixtures_tend_to_the_glass_of_no_load() -> None:
    """E_n = -1/pi - c/n: at n = 201 within 1/n, and twice as close as at n = 101."""
    limit = reference("hopfield/mixtures/E_infinity_T0").number
    gaps = [solve(Mixtures(n=n, T=0.0)).energy - limit for n in (101, 201)]
    assert -1 / 201 < gaps[1] < 0
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("n", [2, 4, 6])
def test_even_mixtures_are_never_stable(n: int) -> None:
    for T in (0.05, 0.2, 0.5, 0.8):
        state = solve(Mixtures(n=n, T=T))
        assert state.theory.transverse(state.x) < 0


def test_largest_number_of_strong_units_in_the_published_figure() -> None:
    """PRL 118, 138301 Fig. 3b: at alpha = 0.6 a solution exists up to L = 13."""
    printed = reference("published/random_rbm/fig3b/L_max")
    exists = [
        bool(solve(Compositional.from_unscaled(0.6, 0.3, -0.02, 0.1, L), throw=False).success)
        for L in range(1, 17)
    ]
    assert sum(exists) == printed.number
    assert exists == sorted(exists, reverse=True)


@pytest.mark.parametrize("theta", [1.0, 2.0])
@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_ferromagnet_turns_compositional_at_minus_a_quarter(alpha: float, theta: float) -> None:
    point = locate(Compositional(alpha=alpha, theta=theta, g=-0.2), "ferromagnet-compositional", "g")
    assert point.value == pytest.approx(-0.25, abs=1e-12)


def test_glass_energy_does_not_depend_on_l() -> None:
    energies = [solve(GLASS.at(l=l), "glass").free_energy for l in (0.1, 1.0, 4.0)]
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)


@pytest.mark.parametrize(("l", "g"), [(0.3, -0.2), (1.0, -0.1), (2.5, -0.15)])
def test_noise_free_limit(l: float, g: float) -> None:
    """v = 1 iff W >= 1: m = e^-l (I0 + I1)(l), q = (1 - e^-l I0(l))/2, f = -l m^2/8 - g q."""
    state = solve(Compositional(alpha=0.0, theta=1.0, g=g, l=l))
    i0, i1 = (float(mpmath.exp(-l) * mpmath.besseli(k, l)) for k in (0, 1))
    m, q = i0 + i1, (1 - i0) / 2
    assert state["m"] == pytest.approx(m, rel=1e-14)
    assert state["q"] == pytest.approx(q, rel=1e-14)
    assert state.free_energy == pytest.approx(-l * m * m / 8 - g * q, rel=1e-13)


# -- T -> 1 -------------------------------------------------------------------------------------------------


@cache
def coefficient(line: str) -> tuple[float, float]:
    """c in T = 1 - c sqrt(alpha) as alpha -> 0, by extrapolation in sqrt(alpha), and the last correction."""
    root = 0.01 * 0.5 ** np.arange(5)
    rows = [
        (1 - np.array([located(Hopfield(alpha=float(s * s), T=0.1), line, "T").value for s in root])) / root
    ]
    for order in range(1, 5):
        rows.append(rows[-1][1:] + np.diff(rows[-1]) / (2**order - 1))
    return float(rows[-1][-1]), float(abs(rows[-1][-1] - rows[-2][-1]))


@pytest.mark.parametrize("name", EXTRAPOLATED)
def test_lines_near_T_one(name: str) -> None:
    value, last = coefficient(EXTRAPOLATED[name])
    # the last correction bounds the truncation; temperatures are good to 1e-14, over sqrt(alpha) = 6e-4 2e-11
    error = last + 1e-9
    assert error < 1e-7
    assert abs(value - reference(name).number) < error


# -- ferromagnets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.05, 0.3, 0.9, 0.99])
def test_curie_weiss_spinodal(T: float) -> None:
    m = np.sqrt(1 - T)
    point = locate(CurieWeiss(T=T, h=0.0), "spinodal", "h")
    assert point.value == pytest.approx(m - T * np.arctanh(m), abs=1e-13)
    assert point.x[0] == pytest.approx(-m, abs=1e-7)  # at a fold x is good to the root of rounding


@pytest.mark.parametrize("T", [0.05, 0.2, 0.3, 0.33])
def test_blume_capel_first_order_line(T: float) -> None:
    """Both states solved for here, from their own formulas, at the D that was located."""
    D = locate(BlumeCapel(T=T, D=0.0), "first-order", "D").value

    def f(m: float) -> float:
        return m * m / 2 - T * np.log1p(2 * np.exp(-D / T) * np.cosh(m / T))

    def slope(m: float) -> float:
        return m - 2 * np.sinh(m / T) / (np.exp(D / T) + 2 * np.cosh(m / T))

    # f'(m) changes sign at the ordered state, above the barrier; m^2 = O(1/3 - T) near the tricritical point
    grid = np.linspace(1e-3, 1, 4000)
    sign = np.sign([slope(m) for m in grid])
    last = np.flatnonzero(np.diff(sign) != 0)[-1]
    m = brentq(slope, grid[last], grid[last + 1], xtol=1e-15)
    assert f(m) == pytest.approx(f(0), abs=1e-14)


def test_blume_capel_lines_meet_at_the_tricritical_point() -> None:
    """Towards T = 1/3 the jump of m along the first-order line closes, m^2 ~ 1/3 - T, on the other line."""
    T = np.array([0.3333 - 0.002 * k for k in range(5)])
    points = [locate(BlumeCapel(T=float(t), D=0.0), "first-order", "D") for t in T]
    square = np.array([point.x[0] ** 2 for point in points])
    exact_T, exact_D = (reference(f"blume_capel/tricritical/{name}").number for name in "TD")
    # T and D as quartics in m^2, read at m = 0, just beyond the smallest m^2 = 5e-4
    fit = np.polynomial.Polynomial.fit(square, T, 4)
    assert fit(0.0) == pytest.approx(exact_T, abs=1e-8)
    D = np.polynomial.Polynomial.fit(square, [point.value for point in points], 4)
    assert D(0.0) == pytest.approx(exact_D, abs=1e-8)
    continuous = locate(BlumeCapel(T=exact_T, D=0.0), "continuous", "D")
    assert continuous.value == pytest.approx(exact_D, abs=1e-14)


@pytest.mark.parametrize("D", [0.0, 0.2, 0.4, 0.46])
def test_blume_capel_continuous_line(D: float) -> None:
    """exp(D/T) = 2 (1 - T)/T, the larger root: the ordered phase sets in there."""
    exact = brentq(lambda T: 2 * (1 - T) - T * np.exp(D / T), 1 / 3, 0.7, xtol=1e-15)
    assert critical(BlumeCapel(T=0.5, D=D)).value == pytest.approx(exact, abs=1e-13)
