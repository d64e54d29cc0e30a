"""Associative memories beyond the Hopfield network: exact limits, values of independent code."""

from typing import Any

import numpy as np
import pytest

from console import answer, replica
from replica.errors import LocateError, ParameterError
from replica.numerics.free_probability import Eigenvalues, Rational
from replica.numerics.spins import spin_averages
from replica.solving import critical, locate, solve
from replica.solving.codimension_two import cusp
from replica.theories import (
    Archetypes,
    ArchetypesUnsupervised,
    Correlated,
    Diluted,
    Dreaming,
    Exponential,
    GeneralPriors,
    Hopfield,
    NoisyHopfield,
    Planted,
    PottsHopfield,
    PseudoInverse,
    RotationInvariant,
    SherringtonKirkpatrick,
)
from replica.theory import Coexistence, Phase, Theory
from replica.units.potts import Potts

# -- numbers of independent code, to the digits that it vouches for -----------------------------------------

CAPACITIES = [
    (NoisyHopfield(alpha=0.1, synapses="clipped"), 0.10183873304595460332, 1e-14),
    (NoisyHopfield(alpha=0.1, noise=0.2), 0.040641706149240150318, 1e-14),
    (NoisyHopfield(alpha=0.1, c=0.5), 0.086541948208081501923, 1e-14),
    (NoisyHopfield(alpha=0.1, synapses="three-level", cut=0.612003), 0.11968735018195345, 1e-14),
    (NoisyHopfield(alpha=0.1, h=0.05), 0.15606144872085317431, 1e-14),
    (Archetypes(alpha=0.05, rho=0.1), 0.07154129674411747459, 1e-14),
    (ArchetypesUnsupervised(alpha=0.05, r=0.5, M=40), 0.076816333875523541197, 1e-14),
    (Dreaming(alpha=0.1, t=0.1), 0.16513977386589, 1e-12),
    (Dreaming(alpha=0.1, t=1.0), 0.38659596383948, 1e-12),
    (Dreaming(alpha=0.1, t=1.0, T=0.1), 0.3778810123821765, 1e-9),
    (Exponential(alpha=0.1, lambda_=1.0), 0.566219169516972813, 1e-14),
    (Exponential(alpha=0.1, lambda_=1.0, patterns="sphere"), 0.622571923779906876, 1e-14),
    (Exponential(alpha=0.1, lambda_=1.0, patterns="gauss"), 0.5, 1e-14),
    (Exponential(alpha=0.1, lambda_=2.0, patterns="gauss"), 0.5, 1e-14),
    (Exponential(alpha=0.1, lambda_=0.5, patterns="gauss"), 0.375, 1e-14),
    (Diluted(alpha=0.1), 2 / np.pi, 1e-14),
    (Diluted(alpha=0.1, T=0.4), 0.512006390876914, 1e-13),
    (PottsHopfield(alpha=0.1), 0.41441244037637015, 1e-12),
    (PottsHopfield(alpha=0.1, Q=4), 0.82764161006717, 1e-12),
    (PottsHopfield(alpha=0.1, Q=10), 6.01912691, 5e-9),
    (Planted(alpha=0.1, T=1.5, T_star=1.5), 0.25, 1e-14),
    (Planted(alpha=0.1, T=1.2, T_star=1.5), 0.1, 1e-14),
    (Correlated(a=0.6, T=1.0), 2.2, 1e-14),
]


@pytest.mark.parametrize(("theory", "value", "error"), CAPACITIES, ids=lambda one: str(one)[:60])
def test_critical_values(theory: Theory, value: float, error: float) -> None:
    point = critical(theory)
    assert point.located
    assert point.value == pytest.approx(value, abs=error)


STATES: list[tuple[Theory, dict[str, float], float]] = [
    (
        NoisyHopfield(alpha=0.03, noise=0.1, T=0.3),
        {"m": 0.9625885369254982, "q": 0.943343540778531, "f": -0.5057127719200742},
        1e-11,
    ),
    (
        Archetypes(alpha=0.05, rho=0.1, T=0.2),
        {
            "n": 0.9318980368377795,
            "m": 0.9566791642189822,
            "q": 0.9533977594751744,
            "f": -0.4594750989595899,
        },
        1e-11,
    ),
    (
        Dreaming(alpha=0.1, t=1.0, T=0.2),
        {"m": 0.9993932073754512, "q": 0.9987900487842587, "f": -0.5125523549020842},
        1e-10,
    ),
    (
        PottsHopfield(alpha=0.1, T=0.8),
        {
            "M": 1.9910559863969066,
            "q": 1.9823137947136105,
            "r": 2.0729575109348155,
            "f": -2.102320552890581,
        },
        1e-8,
    ),
    (
        Planted(alpha=0.5, T=1.5, T_star=1.5),
        {
            "m": 0.2659728403623205,
            "q": 0.2659728403623205,
            "r": 1.5625590341614402,
            "f": -1.4595132844440855,
        },
        1e-10,
    ),
    (
        Planted(alpha=0.5, T=1.2, T_star=1.5),
        {
            "m": 0.33038993642457937,
            "q": 0.4192313915437301,
            "r": 2.3942437854518213,
            "f": -1.3318934635062734,
        },
        1e-10,
    ),
    (Diluted(alpha=0.3), {"m": 0.899440153662201007}, 1e-15),
    (
        Correlated(a=0.7, T=0.1),
        {
            "m0": 0.5993837626378395,
            "m1": 0.3969244036584005,
            "m2": 0.10675075559363484,
            "m3": 0.02323097842492744,
            "m4": 0.005503682769352349,
            "m5": 0.0013332501276193493,
        },
        1e-12,
    ),
]


@pytest.mark.parametrize(("theory", "values", "error"), STATES, ids=lambda one: str(one)[:40])
def test_states(theory: Theory, values: dict[str, float], error: float) -> None:
    state = solve(theory)
    for name, value in values.items():
        found = state.free_energy if name == "f" else state[name]
        assert found == pytest.approx(value, abs=error), name


# -- one base: spins with a spectrum ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "T", "branch"), [(0.05, 0.2, "retrieval"), (0.1, 0.0, "glass"), (0.1, 0.0, "retrieval")]
)
def test_hopfield_comes_out_of_the_spectrum(alpha: float, T: float, branch: str) -> None:
    one, known = solve(NoisyHopfield(alpha=alpha, T=T), branch), solve(Hopfield(alpha=alpha, T=T), branch)
    assert one.x == pytest.approx(known.x, abs=1e-12)
    assert one.free_energy == pytest.approx(known.free_energy, abs=1e-12)
    assert one.entropy == pytest.approx(known.entropy, abs=1e-12)
    assert one.replicon == known.replicon or one.replicon == pytest.approx(known.replicon, abs=1e-12)


@pytest.mark.parametrize("T", [0.0, 0.5])
def test_the_sk_model_comes_out_of_the_spectrum(T: float) -> None:
    one, known = (
        solve(NoisyHopfield(alpha=0.0, noise=1.0, T=T), "glass"),
        solve(SherringtonKirkpatrick(T=T, J0=1.0), "glass"),
    )
    assert one.x == pytest.approx(known.x, abs=1e-12)
    assert one.free_energy == pytest.approx(known.free_energy, abs=1e-12)
    assert one.entropy == pytest.approx(known.entropy, abs=1e-12)


def test_clipping_is_dilution_with_two_over_pi() -> None:
    clipped = solve(NoisyHopfield(alpha=0.05, T=0.1, synapses="clipped"))
    diluted = solve(NoisyHopfield(alpha=0.05, T=0.1, c=2 / np.pi))
    assert clipped.x == pytest.approx(diluted.x, abs=1e-14)
    sharp = solve(NoisyHopfield(alpha=0.05, T=0.1, synapses="three-level", cut=1e-9))
    full = solve(NoisyHopfield(alpha=0.05, T=0.1, synapses="saturated", cut=1e-6))
    assert sharp.x == pytest.approx(clipped.x, abs=1e-8)
    assert full.x == pytest.approx(clipped.x, abs=1e-5)
    wide = solve(NoisyHopfield(alpha=0.05, T=0.1, synapses="saturated", cut=9.0))
    assert wide.x == pytest.approx(solve(Hopfield(alpha=0.05, T=0.1)).x, abs=1e-13)


def test_synapses_by_quadrature() -> None:
    x = 1e-4 * (np.arange(240_000) - 119_999.5)  # jumps lie between two points of the grid
    weight = np.exp(-(x**2) / 2) / np.sum(np.exp(-(x**2) / 2))
    functions = {
        "linear": x,
        "clipped": np.sign(x),
        "three-level": np.sign(x) * (np.abs(x) > 0.8),
        "saturated": np.clip(x, -0.8, 0.8),
    }
    for synapses, phi in functions.items():
        theory = NoisyHopfield(alpha=0.1, synapses=synapses, cut=0.8, c=0.7)
        known = np.sum(weight * phi**2) / np.sum(weight * x * phi) ** 2 / 0.7 - 1
        assert theory.excess == pytest.approx(known, abs=1e-7)


def test_the_best_cut_is_where_the_noise_is_least() -> None:
    best = locate(NoisyHopfield(alpha=0.1, synapses="three-level"), "best-cut", "alpha")
    assert best.value == pytest.approx(0.11968735018195345, abs=1e-12)
    with pytest.raises(LocateError, match="linear synapses have no cut"):
        locate(NoisyHopfield(alpha=0.1), "best-cut", "alpha")


def test_retrieval_of_a_pattern_without_load_ends_at_two_over_pi() -> None:
    """Alpha_c vanishes where the noise of the synapses alone destroys retrieval: the SK model with J0."""
    assert critical(NoisyHopfield(alpha=0.1, noise=0.999 * 2 / np.pi)).value < 2e-4
    assert not solve(NoisyHopfield(alpha=0.0, noise=1.001 * 2 / np.pi), throw=False).success


def test_folds_meet_in_the_cusp_of_the_cue() -> None:
    theory = NoisyHopfield(alpha=0.33, h=0.39)
    point = cusp(theory, ("alpha", "h"), solve(theory).x, np.array([1.0, -0.3]))
    assert point.located
    alpha, h = 8 / (np.pi * np.e**2), 6 / (np.e * np.sqrt(np.pi)) - 0.8427007929497149
    assert point.values == pytest.approx((alpha, h), abs=1e-12)
    assert point.order["m"] == pytest.approx(0.8427007929497149, abs=1e-12)


def test_with_a_cue_there_are_two_folds() -> None:
    h = locate(NoisyHopfield(alpha=0.2, h=0.1), "cue", "h").value
    y = np.linspace(0.01, 1, 100_000)
    from scipy.special import erf

    # h at which y is the state of a given load, and its largest value below the cusp
    fields = np.sqrt(0.4) * y - erf(y) + 2 * y * np.exp(-(y**2)) / np.sqrt(np.pi)
    assert h == pytest.approx(np.max(fields), abs=1e-9)
    assert solve(NoisyHopfield(alpha=0.2, h=0.99 * h), "glass")["m"] < 0.7
    assert solve(NoisyHopfield(alpha=0.2, h=0.99 * h))["m"] > 0.98
    assert not solve(NoisyHopfield(alpha=0.2, h=1.01 * h), "glass", throw=False).success


# -- R-transforms -------------------------------------------------------------------------------------------


def test_two_eigenvalues() -> None:
    x = np.array([0.0, 1e-9, 0.1, 0.5, 3.0, 50.0])
    known = Eigenvalues((-1.0, 1.0)).at(x)
    exact = np.where(x > 0, 2 * x / (1 + np.sqrt(1 + 4 * x**2)), 0)
    assert known.value == pytest.approx(exact, rel=1e-13)
    assert Eigenvalues((4.0, 6.0)).at(x).value == pytest.approx(exact, rel=1e-13)  # the mean does not count


@pytest.mark.parametrize(
    "transform",
    [Eigenvalues((-1.0, 0.3, 2.0, 2.0)), Rational(((0.1, 1.0), (0.3, 0.2)), 0.2)],
    ids=["list", "sum"],
)
def test_derivatives_of_a_transform(transform: Any) -> None:
    from replica.testing import richardson

    for x in (0.05, 0.5):
        for name, derivative in (("value", "slope"), ("slope", "bend"), ("integral", "value")):
            found, error = richardson(lambda h, n=name, x=x: getattr(transform.at(x + h), n), 0.01)
            assert getattr(transform.at(x), derivative) == pytest.approx(found, abs=10 * error + 1e-12)
        known = transform.at(x)
        assert known.gain == pytest.approx(x * known.value - known.integral, abs=1e-14)


def test_eigenvalues_of_a_wishart_matrix_are_those_of_hebb() -> None:
    rng = np.random.default_rng(1)
    N, P = 300, 30
    xi = rng.choice([-1.0, 1.0], (P, N))
    values = Eigenvalues(tuple(np.linalg.eigvalsh(xi.T @ xi / N)))
    for x in (0.2, 0.5):
        assert values.at(x).value == pytest.approx(Rational(((0.1, 1.0),)).at(x).value, rel=0.05)


@pytest.mark.parametrize(("J0", "h"), [(1.3, 0.2), (1.3, -0.2), (0.6, 0.5)])
def test_equal_eigenvalues_are_the_curie_weiss_magnet(J0: float, h: float) -> None:
    one = RotationInvariant(eigenvalues=(2.0, 2.0), T=0.5, J0=J0, h=h)
    for m in (0.9, -0.4):
        x = one.state(m=m, C=(1 - np.tanh((J0 * m + h) / 0.5) ** 2) / 0.5)
        assert one.update(x)[0] == pytest.approx(np.tanh((J0 * m + h) / 0.5), abs=1e-14)
        known = J0 * m**2 / 2 - 0.5 * np.log(2 * np.cosh((J0 * m + h) / 0.5))
        assert one.free_energy(x) == pytest.approx(known, abs=1e-14)


def test_a_list_of_eigenvalues_is_checked() -> None:
    for wrong in ((), ("a",), (np.nan,), 3.0, ((1.0, 2.0), (3.0, 4.0))):
        with pytest.raises(ParameterError, match="list of finite numbers"):
            RotationInvariant(eigenvalues=wrong, T=0.5)
    assert "equal eigenvalues" in RotationInvariant(eigenvalues=(2.0, 2.0), T=0.5).absence("glass")


# -- archetypes ---------------------------------------------------------------------------------------------


def test_archetypes_are_general_priors_at_any_temperature() -> None:
    rho, T, alpha = 0.2, 0.3, 0.02
    one = solve(Archetypes(alpha=alpha, rho=rho, T=T))
    known = solve(GeneralPriors(alpha=alpha, T=T, omega_pattern=rho / (1 + rho)))
    assert (one["n"], one["q"]) == pytest.approx((known["m"], known["q"]), abs=1e-12)
    assert one["n"] == pytest.approx(
        one["m"] / np.sqrt(1 + rho) + rho / (1 + rho) * one["n"] * one["C"], abs=1e-14
    )


def test_exact_archetypes_and_one_example() -> None:
    known = solve(Hopfield(alpha=0.05, T=0.3))
    perfect = solve(Archetypes(alpha=0.05, rho=0.0, T=0.3))
    single = solve(ArchetypesUnsupervised(alpha=0.05, r=0.5, M=1, mean="lattice", T=0.3))
    assert perfect.x == pytest.approx(known.x, abs=1e-13)
    assert single.x == pytest.approx(known.x, abs=1e-13)
    assert single["m"] == pytest.approx(0.5 * single["n"], abs=1e-14)


def test_the_law_of_a_mean_of_examples() -> None:
    """By the 2^M sets of examples; the Gaussian law has their mean and variance."""
    r, M = 0.5, 3
    rho = (1 - r**2) / (r**2 * M)
    known: dict[float, float] = {}
    for signs in np.ndindex(*[2] * M):
        w = round((2 * sum(signs) - M) / (M * r * np.sqrt(1 + rho)), 12)
        known[w] = known.get(w, 0.0) + ((1 + r) / 2) ** sum(signs) * ((1 - r) / 2) ** (M - sum(signs))
    mean = sum(weight * w for w, weight in known.items())
    spread = sum(weight * (w - mean) ** 2 for w, weight in known.items())
    for lattice, smooth in (
        (Archetypes(alpha=0.05, rho=rho, M=M), Archetypes(alpha=0.05, rho=rho)),
        (
            ArchetypesUnsupervised(alpha=0.05, r=r, M=M, mean="lattice"),
            ArchetypesUnsupervised(alpha=0.05, r=r, M=M),
        ),
    ):
        assert {round(w, 12): weight for weight, w, _ in lattice.law} == pytest.approx(known, abs=1e-14)
        assert not any(own for _, _, own in lattice.law)
        assert smooth.law == (pytest.approx((1, mean, spread), abs=1e-11),)


def test_many_unsupervised_examples_are_supervised() -> None:
    r = 0.5
    gaps = [
        critical(ArchetypesUnsupervised(alpha=0.05, r=r, M=M)).value
        - critical(Archetypes(alpha=0.05, rho=(1 - r**2) / (r**2 * M))).value
        for M in (10_000, 100_000)
    ]
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.02)
    assert abs(gaps[1]) < 1e-4


def test_the_mean_of_many_examples_is_gaussian() -> None:
    lattice = critical(Archetypes(alpha=0.05, rho=0.1, M=41)).value
    assert lattice == pytest.approx(critical(Archetypes(alpha=0.05, rho=0.1)).value, abs=2e-4)
    with pytest.raises(ParameterError, match="at most 400"):
        Archetypes(alpha=0.05, rho=0.1, M=401)


# -- dreaming -----------------------------------------------------------------------------------------------


def test_no_dream_is_the_hopfield_network_with_its_diagonal() -> None:
    for T, branch in ((0.2, "retrieval"), (0.0, "retrieval"), (0.2, "glass")):
        one, known = solve(Dreaming(alpha=0.05, t=0.0, T=T), branch), solve(Hopfield(alpha=0.05, T=T), branch)
        assert one.x == pytest.approx(known.x, abs=1e-12)
        assert one.free_energy == pytest.approx(known.free_energy - 0.025, abs=1e-13)
        assert one.entropy == pytest.approx(known.entropy, abs=1e-13)


def test_a_long_dream_is_the_pseudo_inverse() -> None:
    one, known = solve(Dreaming(alpha=0.4, t=1e7, T=0.2)), solve(PseudoInverse(alpha=0.4, T=0.2))
    assert one["m"] == pytest.approx(known["m"], abs=1e-8)
    assert one["q"] == pytest.approx(known["m"] ** 2, abs=1e-7)
    assert one.free_energy == pytest.approx(known.free_energy, abs=1e-6)


def test_a_glass_after_dreaming_is_that_of_its_spectrum() -> None:
    """m = 0: couplings of eigenvalues (1 + t) l/(1 + t l), l of a Wishart matrix, in random directions."""
    alpha, t, T = 0.2, 0.5, 0.2
    one = solve(Dreaming(alpha=alpha, t=t, T=T), "glass")
    edge, n = np.sqrt(alpha), 1500
    l = np.linspace((1 - edge) ** 2, (1 + edge) ** 2, 200_001)[1:-1]
    density = np.sqrt((l - l[0]) * (l[-1] - l)) / (2 * np.pi * l)
    below = np.cumsum(density) / np.sum(density)
    mp = np.interp((np.arange(int(alpha * n)) + 0.5) / (alpha * n), below, l)
    values = np.concatenate([np.zeros(n - len(mp)), (1 + t) * mp / (1 + t * mp)])
    other = solve(RotationInvariant(eigenvalues=tuple(values), T=T), "glass")
    assert other["q"] == pytest.approx(one["q"], abs=2e-3)
    assert other.free_energy - np.mean(values) / 2 == pytest.approx(one.free_energy, abs=2e-3)


def test_the_pseudo_inverse_where_the_discriminant_is_least() -> None:
    D = solve(PseudoInverse(alpha=0.1, T=1.0), "paramagnet")["D"]
    assert pytest.approx((1 + np.sqrt(0.1)) / 0.9, abs=1e-14) == D  # 0.9 D^2 - 2 D + 1 = 0


@pytest.mark.parametrize("theory", [Dreaming(alpha=0.3, t=0.7), PseudoInverse(alpha=0.3)])
def test_heat_leaves_half_the_trace(theory: Theory) -> None:
    """f = -T ln 2 - trace of J/(2 N) at high temperature; K has the eigenvalues of a Wishart matrix."""
    T, edge = 1e4, np.sqrt(0.3)
    l = np.linspace((1 - edge) ** 2, (1 + edge) ** 2, 200_001)
    density = np.sqrt((l - l[0]) * (l[-1] - l)) / l
    kept = 1.7 * l / (1 + 0.7 * l) if isinstance(theory, Dreaming) else 1 + 0 * l
    trace = 0.3 * np.sum(kept * density) / np.sum(density)
    hot = solve(theory.at(T=T), "paramagnet")
    assert hot.free_energy + T * np.log(2) == pytest.approx(-trace / 2, abs=1e-4)


def test_condensed_noise_by_its_rate() -> None:
    """Few patterns carry the noise where alpha < I(tilted): f = -u, I(u) = alpha; else the tilted do."""
    rates = {
        "bits": lambda u: ((1 + u) * np.log(1 + u) + (1 - u) * np.log(1 - u)) / 2,
        "sphere": lambda u: -np.log(1 - u**2) / 2,
        "gauss": lambda u: u**2 / 2,
    }
    grid = np.linspace(0, 1, 200_001)[:-1]
    for patterns, rate in rates.items():
        few = solve(Exponential(alpha=0.1, lambda_=2.0, patterns=patterns))
        assert rate(few["u"]) == pytest.approx(0.1, abs=1e-12)
        assert few.free_energy == pytest.approx(-few["u"], abs=1e-12)
        many = solve(Exponential(alpha=0.6, lambda_=0.8, patterns=patterns))
        zeta = np.max(0.8 * grid - rate(grid))
        assert many["zeta"] == pytest.approx(zeta, abs=1e-9)
        assert many.free_energy == pytest.approx(-(0.6 + zeta) / 0.8, abs=1e-9)


def test_the_pseudo_inverse_keeps_every_load_as_it_cools() -> None:
    loads = [critical(PseudoInverse(alpha=0.1, T=T)).value for T in (0.1, 0.02, 0.002)]
    assert loads[0] < loads[1] < 0.95 < loads[2] < 1
    assert critical(Dreaming(alpha=0.1, t=40.0)).value > 1


# -- neurons of Q states ------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.0, 0.3, 1.5])
def test_two_states_are_a_spin(T: float) -> None:
    gap, width = 0.8, 0.6
    two, spin = Potts(2).averages(gap, width, T), spin_averages(gap / 2, width / 2**0.5, T)
    assert 2 * two.first - 1 == pytest.approx(spin.tanh, abs=1e-13)
    assert two.response == pytest.approx(spin.susceptibility / 2, abs=1e-13)
    assert -two.free_energy == pytest.approx(spin.log2cosh + gap / 2, abs=1e-13)
    assert two.entropy == pytest.approx(spin.entropy if T else 0, abs=1e-12)
    assert two.square == pytest.approx(spin.sech4_over_T / 4, abs=1e-13)


@pytest.mark.parametrize(("Q", "width", "T"), [(3, 0.7, 0.4), (4, 0.2, 0.5), (5, 1.0, 1.0)])
def test_averages_of_states_by_drawing_fields(Q: int, width: float, T: float) -> None:
    known = Potts(Q).averages(0.5, width, T)
    h = width * np.random.default_rng(1).standard_normal((200_000, Q))
    h[:, 0] += 0.5
    p = np.exp(h / T)
    total = p.sum(axis=1)
    p /= total[:, None]
    slopes = (p[:, :, None] * np.eye(Q) - p[:, :, None] * p[:, None, :]) / T
    drawn = {
        "first": p[:, 0],
        "response": (1 - np.sum(p**2, axis=1)) / T,
        "free_energy": -T * np.log(total),
        "entropy": -np.sum(p * np.log(p), axis=1),
        "square": T * np.sum(slopes**2, axis=(1, 2)),
    }
    for name, values in drawn.items():
        assert abs(values.mean() - getattr(known, name)) < 5 * values.std() / 200_000**0.5, name


def test_slopes_of_the_averages_of_states() -> None:
    for Q, gap, width, T in ((3, 0.4, 0.5, 0.3), (4, 0.0, 0.8, 0.0), (2, 0.5, 0.2, 0.6)):
        known, unit = Potts(Q).averages(gap, width, T), Potts(Q)
        for name in ("first", "response"):
            step = 1e-4

            def at(
                dg: float, dv: float, name: str = name, unit: Potts = unit, of: Any = (gap, width, T)
            ) -> float:
                return float(getattr(unit.averages(of[0] + dg, (of[1] ** 2 + dv) ** 0.5, of[2]), name))

            by_gap, by_variance = getattr(known, f"{name}_by")
            assert by_gap == pytest.approx((at(step, 0) - at(-step, 0)) / (2 * step), abs=1e-6)
            assert by_variance == pytest.approx((at(0, step) - at(0, -step)) / (2 * step), abs=1e-6)


def test_potts_neurons_of_two_states_are_the_hopfield_network() -> None:
    for T, branch in ((0.2, "retrieval"), (0.0, "glass")):
        one, known = (
            solve(PottsHopfield(alpha=0.05, Q=2, T=T), branch),
            solve(Hopfield(alpha=0.05, T=T), branch),
        )
        assert one.x == pytest.approx(known.x, abs=1e-13)
        assert one.free_energy == pytest.approx(known.free_energy - 0.025, abs=1e-13)


def test_the_first_order_transition_of_potts_neurons_without_load() -> None:
    Q, T = 3, 3 / (2 * np.log(2))
    theory = PottsHopfield(alpha=0.0, Q=Q, T=T)
    there, paramagnet = solve(theory, start={"M": Q - 2.0, "C": 0.5}), solve(theory, "paramagnet")
    assert there["M"] == pytest.approx(Q - 2, abs=1e-12)
    assert there.free_energy == pytest.approx(paramagnet.free_energy, abs=1e-12)


# -- dynamics, correlated patterns, teacher and student -----------------------------------------------------


def test_extreme_dilution_has_no_free_energy() -> None:
    boundary = Coexistence(Phase("retrieval"), Phase("paramagnet"))
    with pytest.raises(LocateError, match="potential is no free energy"):
        locate(Diluted(alpha=0.3), boundary, "alpha")
    shown = replica("solve diluted -p alpha=0.3").stdout
    assert "potential" in shown
    assert "free energy" not in shown


def test_overlaps_with_the_neighbours_of_a_pattern() -> None:
    assert list(128 * solve(Correlated(a=0.6)).x) == [77, 51, 13, 3, 1, 0, 0]
    assert list(solve(Correlated(a=0.4)).x) == [1, 0, 0, 0, 0, 0, 0]


def test_the_nishimori_line_of_teacher_and_student() -> None:
    for alpha in (0.4, 1.0, 2.0):
        state = solve(Planted(alpha=alpha, T=1.4, T_star=1.4))
        assert state["m"] == pytest.approx(state["q"], abs=1e-12)
        assert state.replicon > 0


# -- on the command line ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("capacity noisy-hopfield --synapses clipped", 0.10183873304595460),
        ("capacity dreaming -p t=1", 0.38659596383948),
        ("capacity potts-hopfield -p Q=3", 0.41441244037637),
        ("capacity exponential -p lambda=1 --patterns sphere", 0.622571923779906876),
    ],
)
def test_capacities_on_the_command_line(command: str, value: float) -> None:
    assert answer(command)["value"] == pytest.approx(value, abs=1e-11)


def test_eigenvalues_on_the_command_line(tmp_path: Any) -> None:
    file = tmp_path / "values.npy"
    np.save(file, np.array([-1.0, 1.0]))
    rest = "-p T=0.2 -p J0=1.5 --branch ferromagnet"
    for values in ("-1,1", str(file)):
        told = answer(f"solve rotation-invariant --eigenvalues={values} {rest}")["order"]
        assert told["m"] == pytest.approx(0.858696166751, abs=1e-11)
    refused = replica(f"solve rotation-invariant --eigenvalues=x {rest}")
    assert refused.exit_code == 2
    assert "neither numbers" in refused.stderr
