"""The spectral RBM: exact limits, equivalences to models written again here, coexistence of modes."""

from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize

from phase_diagrams.tracing.lines import boundary_line
from replica.errors import BranchError, LocateError, ParameterError, UnknownNameError
from replica.numerics.functions import log2cosh
from replica.numerics.modes import LAWS, ComponentAverages, component_law
from replica.solving import critical, locate, polish, solve
from replica.theories import GeneralPriors, SherringtonKirkpatrick, SpectralRBM

KURTOSIS = {"gaussian": 0.0, "laplace": 3.0, "rademacher": -2.0}
ALL_LAWS = [{"law": "gaussian"}, {"law": "laplace"}, {"law": "rademacher"}, {"law": "bernoulli", "p": 0.2}]
every_law = pytest.mark.parametrize("law", ALL_LAWS, ids=lambda law: law["law"])


def gauss(f: Any) -> float:
    """<f(z)> over a standard Gaussian, by adaptive quadrature."""
    value, _ = integrate.quad(
        lambda z: f(z) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -12, 12, limit=400, epsabs=1e-13
    )
    return value


# -- averages over the laws of the components ---------------------------------------------------------------


def laplace_mean(f: Any, c: Any, s: Any, T: Any) -> Any:
    """<f(h)> of an even function, h = c U + s z with a Laplace component U: the density is known."""
    b = c / mpmath.sqrt(2)
    if s:

        def density(h: Any) -> Any:
            near, far = (s / b - sign * h / s for sign in (1, -1))
            terms = mpmath.exp(-h / b) * mpmath.erfc(near / mpmath.sqrt(2)) + mpmath.exp(h / b) * mpmath.erfc(
                far / mpmath.sqrt(2)
            )
            return mpmath.exp(s * s / (2 * b * b)) * terms / (4 * b)
    else:

        def density(h: Any) -> Any:
            return mpmath.exp(-h / b) / (2 * b)

    cuts = sorted({mpmath.mpf(0), T, 5 * T, 20 * T, s, 3 * s, 8 * s, b, 5 * b, 20 * b, 8 * s + 60 * b})
    return 2 * mpmath.quad(lambda h: density(h) * f(h), cuts)


def functions(T: Any) -> dict[str, Any]:
    return {
        "susceptibility": lambda h: mpmath.sech(h / T) ** 2 / T,
        "log2cosh": lambda h: h + T * mpmath.log1p(mpmath.exp(-2 * h / T)),
        "sech4_over_T": lambda h: mpmath.sech(h / T) ** 4 / T,
    }


@pytest.mark.parametrize(
    ("c", "s", "T"), [(1.3, 0.5, 1.0), (1.3, 0.0, 1.0), (3.0, 1.0, 0.01), (2.0, 0.1, 0.05), (1.0, 1e-3, 0.1)]
)
def test_laplace_averages_are_those_of_mpmath(c: float, s: float, T: float) -> None:
    ours = ComponentAverages([c], s * s, T, component_law("laplace"))
    with mpmath.workdps(30):
        exact = [mpmath.mpf(repr(value)) for value in (c, s, T)]
        for name, f in functions(exact[2]).items():
            assert getattr(ours, name) == pytest.approx(float(laplace_mean(f, *exact)), rel=0, abs=5e-15), (
                name
            )


def test_two_laplace_modes_are_a_mixture_of_one() -> None:
    """c U + d V is c U with weight c^2/(c^2 - d^2) and d V with the rest: partial fractions."""
    c, d, s, T = 1.1, 0.7, 0.4, 0.5
    ours = ComponentAverages([c, d], s * s, T, component_law("laplace", modes=2))
    share = c**2 / (c**2 - d**2)
    one, two = (ComponentAverages([value], s * s, T, component_law("laplace")) for value in (c, d))
    for name in ("susceptibility", "log2cosh", "sech4_over_T", "entropy"):
        expected = share * getattr(one, name) + (1 - share) * getattr(two, name)
        assert getattr(ours, name) == pytest.approx(expected, abs=1e-14)


def test_three_laplace_modes_of_equal_strength_have_a_gamma_variance() -> None:
    c, s, T = 0.6, 0.3, 0.7
    ours = ComponentAverages([c] * 3, s * s, T, component_law("laplace", modes=3))
    law = component_law("laplace")
    v, weight = law.variance[0], law.weight
    gamma = ComponentAverages([], s * s + c * c * v, T, component_law("gaussian", modes=0)).log2cosh
    assert ours.log2cosh == pytest.approx(np.sum(gamma * weight * v**2 / 2), abs=1e-14)


@every_law
def test_projections_are_derivatives_of_the_free_energy(law: dict[str, Any]) -> None:
    """d T<ln 2cosh>/dc_a = <U_a tanh>; and the derivatives that the Jacobian needs."""
    c, T, step = np.array([0.8, 0.5]), 0.6, 1e-4

    def at(shift: Any, noise: float = 0.3) -> ComponentAverages:
        return ComponentAverages(list(c + shift), noise, T, component_law(**with_name(law), modes=2))

    for a in (0, 1):
        e = step * np.eye(2)[a]
        slope = (at(e).log2cosh - at(-e).log2cosh) / (2 * step)
        assert at(0 * e).projection(a) == pytest.approx(slope, abs=1e-8)
        for b in (0, 1):
            slope = (at(e).projection(b) - at(-e).projection(b)) / (2 * step)
            assert at(0 * e).projection_by_strength(b, a) == pytest.approx(slope, abs=1e-7)
        slope = (at(e).susceptibility - at(-e).susceptibility) / (2 * step)
        assert at(0 * e).susceptibility_by_strength(a) == pytest.approx(slope, abs=1e-7)


def with_name(law: dict[str, Any]) -> dict[str, Any]:
    return {"name": law["law"], **{key: value for key, value in law.items() if key != "law"}}


@every_law
def test_components_have_variance_one(law: dict[str, Any]) -> None:
    nodes = component_law(**with_name(law))
    u, v = nodes.shift[0], nodes.variance[0]
    assert np.sum(nodes.weight) == pytest.approx(1, abs=1e-15)
    assert np.sum(nodes.weight * u) == 0
    assert np.sum(nodes.weight * (u**2 + v)) == pytest.approx(1, abs=1e-14)
    kurtosis = np.sum(nodes.weight * (u**4 + 6 * u**2 * v + 3 * v**2)) - 3
    assert kurtosis == pytest.approx(KURTOSIS.get(law["law"], 1 / 0.2 - 3), abs=1e-13)


def test_laws_are_known_by_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'laplace'"):
        component_law("laplac")
    with pytest.raises(ParameterError, match="bernoulli needs"):
        component_law("bernoulli")
    with pytest.raises(ParameterError, match="no other law"):
        component_law("gaussian", 0.5)
    assert set(SpectralRBM.parameters()["law"].choices) == set(LAWS)


# -- exact equivalences -------------------------------------------------------------------------------------


def sherrington_kirkpatrick(J: float, J0: float, T: float) -> tuple[float, float, float, float]:
    """m, q, f and rho of the replica-symmetric SK model, by quadrature and a root finder."""

    def average(f: Any, m: float, q: float) -> float:
        return gauss(lambda z: f((J0 * m + J * np.sqrt(max(q, 0.0)) * z) / T))

    def residual(x: Any) -> list[float]:
        m, q = x
        return [average(np.tanh, m, q) - m, average(lambda h: np.tanh(h) ** 2, m, q) - q]

    m, q = optimize.fsolve(residual, [0.8, 0.8], xtol=1e-13)
    f = -(J**2) * (1 - q) ** 2 / (4 * T) + J0 * m**2 / 2 - T * average(log2cosh, m, q)
    return m, q, f, (J / T) ** 2 * average(lambda h: np.cosh(h) ** -4, m, q)


@pytest.mark.parametrize(("J", "J0", "T"), [(1.0, 1.5, 0.5), (0.6, 1.4, 1.0), (1.0, 1.2, 0.7)])
def test_signs_at_kappa_1_are_the_sherrington_kirkpatrick_model(J: float, J0: float, T: float) -> None:
    m, q, f, rho = sherrington_kirkpatrick(J, J0, T)
    state = solve(SpectralRBM(w=J0, sigma=J, T=T, law="rademacher"))
    for name, value in (("m", m), ("mbar", m), ("q", q), ("qbar", q)):
        assert state[name] == pytest.approx(value, abs=1e-11), name
    assert state.free_energy == pytest.approx(2 * f, abs=1e-11)  # both layers
    assert state.replicon == pytest.approx(1 - rho**2, abs=1e-10)


def test_the_stability_line_of_signs_is_that_of_almeida_and_thouless() -> None:
    there = locate(SpectralRBM(w=1.0, T=0.5, law="rademacher"), "stability", "w")
    J0 = optimize.brentq(lambda J0: sherrington_kirkpatrick(1.0, J0, 0.5)[3] - 1, 1.1, 1.6, xtol=1e-12)
    assert there.value == pytest.approx(J0, abs=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 3.0), (2.0, 1.0)])
def test_without_modes_it_is_the_rbm_with_binary_priors(alpha: float, beta: float) -> None:
    """Barra, Genovese, Sollich, Tantari: sigma^2 = beta sqrt(alpha), kappa = alpha; no patterns retrieved."""
    q, p = 0.5, 0.5
    for _ in range(400):
        q, p = (
            gauss(lambda z, p=p: np.tanh(np.sqrt(alpha * beta * p) * z) ** 2),
            gauss(lambda z, q=q: np.tanh(np.sqrt(beta * q) * z) ** 2),
        )
    phi = (
        -alpha * beta / 2 * (1 - q * p)
        + alpha * beta * (1 - p) / 2
        + alpha * beta * (1 - q) / 2
        + gauss(lambda z: log2cosh(np.sqrt(alpha * beta * p) * z))
        + alpha * gauss(lambda z: log2cosh(np.sqrt(beta * q) * z))
    )
    theory = SpectralRBM(w=1.0, modes=0, sigma=np.sqrt(beta * np.sqrt(alpha)), kappa=alpha)
    state = solve(theory, "glass")
    assert state["qbar"] == pytest.approx(q, abs=1e-11)
    assert state["q"] == pytest.approx(p, abs=1e-11)
    assert -state.free_energy * np.sqrt(alpha) == pytest.approx(phi, abs=1e-11)


@pytest.mark.parametrize(("J0", "T"), [(1.4, 0.0), (1.4, 0.05), (1.4, 0.6), (1.9, 1.1)])
def test_signs_are_the_theory_of_sherrington_and_kirkpatrick(J0: float, T: float) -> None:
    """J = sigma, J0 = w: the other theory of this package, which shares only the averages with this one."""
    state = solve(SpectralRBM(w=J0, T=T, law="rademacher"))
    glass = solve(SherringtonKirkpatrick(T=T, J0=J0), "ferromagnet")
    for name, value in (("m", glass["m"]), ("mbar", glass["m"]), ("C", glass["C"]), ("Cbar", glass["C"])):
        assert state[name] == pytest.approx(value, abs=1e-13), name
    assert state.free_energy == pytest.approx(2 * glass.free_energy, abs=1e-13)
    assert state.entropy == pytest.approx(2 * glass.entropy, abs=1e-13)
    if T:
        assert 1 - state.replicon == pytest.approx((1 - glass.replicon) ** 2, rel=1e-11)


def test_lines_of_signs_are_those_of_sherrington_and_kirkpatrick() -> None:
    signs, glass = SpectralRBM(w=1.3, T=0.4, law="rademacher"), SherringtonKirkpatrick(T=0.4, J0=1.3)
    for ours, theirs in (("stability", "stability"), ("ferromagnet-glass", "mixed")):
        J0 = locate(glass, theirs, "J0").value
        assert locate(signs, ours, "w").value == pytest.approx(J0, rel=1e-12)


@pytest.mark.parametrize(("alpha", "T"), [(0.5, 0.35), (2.0, 0.9)])
def test_without_modes_it_is_the_theory_of_general_priors(alpha: float, T: float) -> None:
    """All binary, m = 0; priors of that theory are normalised, and its free energy is per visible unit."""
    state = solve(SpectralRBM(w=1.0, modes=0, sigma=np.sqrt(np.sqrt(alpha) / T), kappa=alpha), "glass")
    binary = solve(GeneralPriors(alpha=alpha, T=T, omega_visible=0.0, omega_hidden=0.0), "glass")
    assert state["qbar"] == pytest.approx(binary["q"], abs=1e-11)
    assert state["q"] == pytest.approx(binary["p"], abs=1e-11)
    shift = (1 + alpha) * np.log(2)
    assert np.sqrt(alpha) * state.free_energy == pytest.approx(binary.free_energy / T - shift, abs=1e-11)


@pytest.mark.parametrize("kappa", [0.3, 1.0, 4.0])
def test_gaussian_components_pin_the_threshold_to_the_strength(kappa: float) -> None:
    """Stein's lemma: w^2 (1 - q)(1 - qbar) = T^2 in the whole ferromagnet; q = 1 - T/w at kappa = 1."""
    w, T = np.meshgrid([1.3, 2.0, 4.0], [0.0, 0.3, 1.1])
    states = solve(SpectralRBM(w=w, T=T, kappa=kappa)).require()
    np.testing.assert_allclose(states["w_c"], w, rtol=1e-13)
    if kappa == 1:
        np.testing.assert_allclose(states["q"], 1 - T / w, atol=1e-14)


@every_law
def test_layers_can_be_exchanged(law: dict[str, Any]) -> None:
    one, two = (solve(SpectralRBM(w=1.7, T=0.8, kappa=kappa, **law)) for kappa in (2.5, 0.4))
    for a, b in (("m", "mbar"), ("mbar", "m"), ("q", "qbar"), ("C", "Cbar"), ("w_c", "w_c")):
        assert one[a] == pytest.approx(two[b], abs=1e-13)
    assert one.free_energy == pytest.approx(two.free_energy, abs=1e-13)
    assert one.replicon == pytest.approx(two.replicon, abs=1e-13)


@every_law
def test_only_ratios_of_energies_count(law: dict[str, Any]) -> None:
    one = solve(SpectralRBM(w=1.5, T=0.75, **law))
    two = solve(SpectralRBM(w=2.0, T=1.0, sigma=4 / 3, **law))
    for name in ("m", "mbar", "q", "qbar"):
        assert one[name] == pytest.approx(two[name], abs=1e-14)
    assert two.free_energy == pytest.approx(4 / 3 * one.free_energy, abs=1e-13)
    assert two.entropy == pytest.approx(one.entropy, abs=1e-13)


def test_dense_bernoulli_components_are_signs() -> None:
    one, two = (
        solve(SpectralRBM(w=1.5, **law)) for law in ({"law": "bernoulli", "p": 1.0}, {"law": "rademacher"})
    )
    np.testing.assert_allclose(one.x, two.x, rtol=0, atol=1e-15)


# -- phases and lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [0.1, 1.0, 7.0])
def test_lines_that_are_known_exactly(kappa: float) -> None:
    theory = SpectralRBM(w=0.5, kappa=kappa)
    assert locate(theory, "paramagnet-glass", "T").value == pytest.approx(1, abs=1e-14)
    assert locate(theory.at(T=1.4), "paramagnet-ferromagnet", "w").value == pytest.approx(1.4, abs=1e-14)
    assert critical(theory.at(T=0.0)).value == pytest.approx(np.sqrt(np.pi / 2), abs=1e-14)
    assert float(solve(theory.at(T=0.0), "glass").entropy) == pytest.approx(-1 / np.pi, abs=1e-14)


def test_the_glass_line_is_the_same_for_every_law_and_ends_in_the_triple_point() -> None:
    lines = [
        boundary_line(SpectralRBM(w=1.0, **law), "ferromagnet-glass", "T", "w", step=0.05)
        for law in ALL_LAWS[:2]
    ]
    np.testing.assert_array_equal(lines[0].y, lines[1].y)
    points = [(x, y) for x, y in zip(lines[0].x, lines[0].y, strict=True) if np.isfinite(y)]
    cold, hot = sorted([points[0], points[-1]])
    assert cold == (0, pytest.approx(np.sqrt(np.pi / 2), abs=1e-12))
    assert hot == (pytest.approx(1, abs=2e-3), pytest.approx(1, abs=1e-5))


@every_law
def test_a_mode_condenses_continuously(law: dict[str, Any]) -> None:
    """m grows as the square root of the distance, in the paramagnet and in the glass; below is nothing."""
    for T in (0.4, 1.5):
        w_c = critical(SpectralRBM(w=1.0, T=T)).value if T < 1 else T
        with pytest.raises(BranchError, match="no ferromagnet solution"):
            solve(SpectralRBM(w=0.999 * w_c, T=T, **law))
        near, far = (solve(SpectralRBM(w=w_c * (1 + d), T=T, **law))["m"] for d in (1e-5, 4e-5))
        assert far / near == pytest.approx(2, rel=1e-3)


def test_stability_line_goes_from_the_triple_point_to_zero_temperature() -> None:
    line = boundary_line(
        SpectralRBM(w=1.0, law="rademacher"), "stability", "T", "w", ylim=(1, 2.5), step=0.05
    )
    assert max(zip(line.x, line.y, strict=True)) == (pytest.approx(1, abs=1e-2), pytest.approx(1, abs=1e-3))
    assert min(line.x) < 0.04


def test_sparse_components_leave_a_glass_of_the_sites_without_them() -> None:
    """p = 0.2, T = 0.3 sigma: replica symmetry is broken for every strength; 4/5 of the sites see no mode."""
    states = solve(SpectralRBM(w=np.array([1.3, 3.0, 30.0, 300.0]), T=0.3, law="bernoulli", p=0.2)).require()
    assert np.all(states.replicon < -0.5)
    assert np.all(solve(SpectralRBM(w=300.0, T=0.3, law="rademacher")).replicon > 0)


def test_there_is_no_glass_at_high_temperature() -> None:
    with pytest.raises(BranchError, match="no glass solution"):
        solve(SpectralRBM(w=0.5, T=1.1), "glass")
    with pytest.raises(LocateError, match="T < sigma only"):
        critical(SpectralRBM(w=1.0))


def test_fifty_digits() -> None:
    point = critical(SpectralRBM(w=1.0, T=0.0))
    with mpmath.workdps(60):
        assert abs(mpmath.mpf(polish(point, 50).value) - mpmath.sqrt(mpmath.pi / 2)) < mpmath.mpf(10) ** -49


# -- several modes ------------------------------------------------------------------------------------------


def test_the_unknowns_follow_the_number_of_modes() -> None:
    assert SpectralRBM.order == ("m", "mbar", "C", "Cbar")
    orders = [SpectralRBM(w=1.5, modes=modes).order for modes in range(4)]
    assert [len(order) for order in orders] == [2, 4, 6, 8]
    assert orders[2] == ("m", "mbar", "m2", "mbar2", "C", "Cbar")
    theory = SpectralRBM(w=1.5, modes=3)
    assert theory.strengths == [1.5] * 3
    assert theory.at(w2=1.4).strengths == [1.5, 1.4, 1.4]
    assert theory.at(w2=1.4, w3=1.3).strengths == [1.5, 1.4, 1.3]
    assert solve(theory.at(law="rademacher"))["m2"] == 0
    with pytest.raises(BranchError, match="no mixture solution"):
        solve(SpectralRBM(w=1.5, sigma=0.5), "mixture")


@cache
def equal_modes(law: str, count: int) -> Any:
    theory = SpectralRBM(w=1.2, sigma=0.0, law=law, modes=count)
    return solve(theory, "ferromagnet" if count == 1 else "mixture")


@pytest.mark.parametrize("law", KURTOSIS)
def test_equal_modes_mix_by_the_sign_of_the_kurtosis(law: str) -> None:
    """Coexistence lowers f where the kurtosis is positive; gaussian modes are free to rotate."""
    gain = float(equal_modes(law, 1).free_energy - equal_modes(law, 2).free_energy)
    if law == "gaussian":
        assert gain == pytest.approx(0, abs=1e-14)
    else:
        assert gain * KURTOSIS[law] > 1e-3
    if law == "rademacher":
        assert equal_modes(law, 3).free_energy > equal_modes(law, 2).free_energy


@pytest.mark.parametrize("kappa", [1.0, 0.5])
@pytest.mark.parametrize("law", ["laplace", "rademacher"])
def test_the_threshold_near_the_onset_is_that_of_the_expansion(law: str, kappa: float) -> None:
    """At sigma = 0, kappa = 1, e = w - 1 -> 0: w_c/w - 1 = -k e/(3 + k), with the excess kurtosis k.

    m = <U tanh(w m U)> gives (w m)^2 = 3 e/<U^4> = 3 e/(3 + k), which is q; and w_c = 1/(1 - q).
    For other kappa the sign is tested.
    """
    e = 1e-4
    state = solve(SpectralRBM(w=1 + e, sigma=0.0, kappa=kappa, law=law))
    shift = float(state["w_c"]) / (1 + e) - 1
    assert shift * KURTOSIS[law] < 0
    if kappa == 1:
        k = KURTOSIS[law]
        assert shift == pytest.approx(-k * e / (3 + k), rel=1e-2)


def test_a_second_mode_condenses_beside_the_first_at_the_located_strength() -> None:
    theory = SpectralRBM(w=1.8, sigma=0.5, law="laplace")
    point = locate(theory, "coexistence", "w2")
    assert 1 < point.value < 1.8
    assert point.value == pytest.approx(float(solve(theory)["w_c"]), rel=1e-13)
    beyond = [solve(theory.at(modes=2, w2=point.value * (1 + d)), "mixture") for d in (1e-4, 4e-4)]
    assert beyond[1]["m2"] / beyond[0]["m2"] == pytest.approx(2, rel=0.01)  # continuous
    assert all(state.free_energy < solve(state.theory, "ferromagnet").free_energy for state in beyond)
    with pytest.raises(BranchError, match="no mixture solution"):
        solve(theory.at(modes=2, w2=point.value * 0.999), "mixture")


def test_modes_of_signs_exclude_each_other() -> None:
    """Dual states: the weaker mode alone is metastable, and there is no stable mixture at equal strengths."""
    theory = SpectralRBM(w=1.5, sigma=0.5, law="rademacher")
    assert locate(theory, "coexistence", "w2").value > 1.5
    pure, mixed = (solve(theory.at(modes=2), branch) for branch in ("ferromagnet", "mixture"))
    assert pure.free_energy < mixed.free_energy - 1e-2


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.5])
def test_equal_sparse_modes_coexist_below_a_third_at_the_onset(sigma: float) -> None:
    """The excess kurtosis 1/p - 3 of the components vanishes at p = 1/3, where the line begins."""
    theory = SpectralRBM(w=1.0, sigma=sigma, law="bernoulli", p=0.3)
    onset = 1.0 if sigma < 1 else critical(theory).value
    near, far = (locate(theory.at(w=onset * (1 + d)), "coexistence", "p").value for d in (1e-4, 1e-2))
    assert near == pytest.approx(1 / 3, abs=1e-4)
    assert 1 / 3 < near < far < 0.36


def test_a_mixture_of_unequal_sparse_modes_is_the_state_below_the_line() -> None:
    theory = SpectralRBM(w=1.5, sigma=0.5, law="bernoulli", p=0.3)
    p = locate(theory, "coexistence", "p").value
    inside = theory.at(p=p - 0.003, modes=2)
    pure = solve(inside)
    x = dict(zip(inside.order, pure.x, strict=True)) | {"m2": 0.1, "mbar2": 0.1}
    mixed = solve(inside, start=x)
    assert 0.05 < mixed["m2"] < 0.2 < mixed["m"]
    assert mixed.free_energy < pure.free_energy - 1e-6


# -- names and starts ---------------------------------------------------------------------------------------


def test_q_is_a_legal_start() -> None:
    x = SpectralRBM(w=1.5, T=0.5).state(m=0.7, q=0.6, qbar=0.5)
    np.testing.assert_allclose(x, [0.7, 0.8, 0.8, 1.0])
    with pytest.raises(ParameterError, match="at T = 0 the overlap q is 1"):
        SpectralRBM(w=1.5, T=0.0).state(q=0.6)


def test_p_belongs_to_bernoulli() -> None:
    with pytest.raises(ParameterError, match="needs p"):
        SpectralRBM(w=1.0, law="bernoulli")
    with pytest.raises(ParameterError, match="leave it out"):
        SpectralRBM(w=1.0, p=0.5)
    with pytest.raises(ParameterError, match="did you mean 'rademacher'"):
        SpectralRBM(w=1.0, law="radmacher")


def test_a_batch_over_p_is_a_loop() -> None:
    p = np.array([[0.1, 0.4], [0.7, 1.0]])
    batch = solve(SpectralRBM(w=1.6, w2=1.5, T=0.9, law="bernoulli", p=p, modes=2)).require()
    for index in np.ndindex(p.shape):
        alone = solve(SpectralRBM(w=1.6, w2=1.5, T=0.9, law="bernoulli", p=float(p[index]), modes=2))
        np.testing.assert_allclose(batch.x[(slice(None), *index)], alone.x, rtol=0, atol=1e-14)


def test_starts_are_good_everywhere() -> None:
    """Newton's method finds both states from their starts, from T = 0 to next to the end of each."""
    T = np.concatenate([[0, 1e-6, 1e-3], np.linspace(0.01, 0.99, 25), [0.999]])
    for kappa in (0.02, 1.0, 5.0):
        glass = solve(SpectralRBM(w=1.0, T=T, kappa=kappa), "glass").require()
        for law in (*ALL_LAWS, {"law": "bernoulli", "p": 0.05}):
            for factor in (1.0005, 1.1, 10.0):
                solve(SpectralRBM(w=factor * glass["w_c"], T=T, kappa=kappa, **law)).require()
