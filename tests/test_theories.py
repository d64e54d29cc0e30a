"""Every theory of the package keeps what every theory promises, which is `replica.testing`; and what it adds.

A new theory joins with a line in CASES.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from replica.errors import ParameterError, UnknownNameError
from replica.functional import FullyConnected
from replica.solving import solve
from replica.testing import Check, explicit_slope, richardson, theory_checks, varied, with_one
from replica.theories import (
    THEORIES,
    Archetypes,
    ArchetypesUnsupervised,
    BasisPursuit,
    BiasedPatterns,
    Bidirectional,
    BinaryPerceptron,
    BipartiteSK,
    BlumeCapel,
    Classification,
    Compositional,
    CompressedSensing,
    Correlated,
    CurieWeiss,
    Deep,
    Dense,
    Diluted,
    Dreaming,
    Exponential,
    GeneralPriors,
    Hopfield,
    Hopfield1RSB,
    HopfieldHiddenUnit,
    MixedPSpin,
    Mixtures,
    NoisyHopfield,
    OneHiddenUnit,
    Perceptron,
    PhaseRetrieval,
    Planted,
    PlantedPSpin,
    PottsHopfield,
    PseudoInverse,
    PSpin,
    RandomEnergy,
    RandomRBM,
    Regression,
    RotationInvariant,
    SemiRestricted,
    SemiRestrictedBits,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
    SparseCoding,
    SpectralRBM,
    SphericalPSpin,
    Spiked,
    SpikedGaussian,
    SpikedSparse,
    SymmetricPerceptron,
    TeacherStudent,
    ThresholdedHopfield,
)
from replica.theory import Theory
from replica.theory.prior_channel import PriorChannel
from replica.units import Spherical, Unit

SOME = (-1.7, -1.0, -0.4, 0.1, 0.5, 1.1, 1.6)
"""Eigenvalues, without symmetry."""

CASES = [
    (Hopfield(alpha=0.05, T=0.2), "retrieval"),
    (Hopfield(alpha=0.05, T=0.2), "glass"),
    (Hopfield(alpha=0.1, T=0.0), "retrieval"),
    (Hopfield(alpha=0.1, T=0.0), "glass"),
    (Hopfield(alpha=0.13, T=0.02), "retrieval"),
    (Hopfield(alpha=0.001, T=0.9), "retrieval"),
    (Hopfield(alpha=0.3, T=1.3), "glass"),
    (Mixtures(n=1, T=0.5), "mixture"),
    (Mixtures(n=3, T=0.2), "mixture"),
    (Mixtures(n=4, T=0.3), "mixture"),
    (Mixtures(n=5, T=0.0), "mixture"),
    (ThresholdedHopfield(alpha=0.2, theta=0.5), "retrieval"),
    (ThresholdedHopfield(alpha=0.1, theta=-0.3), "glass"),
    (ThresholdedHopfield(alpha=0.1, theta=0.0, g=-0.05), "retrieval"),
    (ThresholdedHopfield(alpha=0.1, theta=0.2, g=-0.05), "glass"),
    (Compositional(alpha=0.5, theta=1.0, g=-0.2, l=1.0), "retrieval"),
    (Compositional(alpha=0.1, theta=0.8, g=-0.2, l=1.4), "retrieval"),
    (Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.38), "retrieval"),
    (Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.38), "glass"),
    (Compositional(alpha=0.1, theta=0.0, g=-0.2, l=2.0), "glass"),
    (Compositional(alpha=0.6, theta=0.2 / np.sqrt(0.1), g=-0.2, p=0.1, L=5), "retrieval"),
    (Compositional(alpha=0.1, theta=0.3, g=-0.05, p=1.0, L=1), "retrieval"),
    (RandomRBM("spin", "gaussian", alpha=0.05, T=0.2, p=1.0, L=1), "retrieval"),
    (RandomRBM("spin", "gaussian", alpha=0.1, T=0.0, p=1.0, L=1), "glass"),
    (RandomRBM("bernoulli:g=-0.2", "relu:theta=1", alpha=0.5, l=1.0), "retrieval"),
    (RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", alpha=0.5, T=0.02, l=0.38), "retrieval"),
    (RandomRBM("bernoulli:g=-0.2", "relu:theta=0.8", alpha=0.1, T=0.08), "glass"),
    (RandomRBM("bernoulli:g=-0.2", "relu:theta=0.8", alpha=0.1, T=0.08), "quiet"),
    (RandomRBM("spin", "relu:theta=0.5", alpha=0.3, T=0.1, p=1.0, L=1), "retrieval"),
    (RandomRBM("spin", "spin", alpha=0.5, T=0.4), "glass"),
    (
        RandomRBM("spin", "double-relu:theta_plus=0.3,theta_minus=-0.3", alpha=0.1, T=0.1, p=1.0, L=1),
        "retrieval",
    ),
    (
        RandomRBM(
            "bernoulli:g=-0.21", "relu:theta=0.7", alpha=0.1, T=0.03, l=0.5, sites=((0.5, 0.5), (0.5, 1.5))
        ),
        "retrieval",
    ),
    (GeneralPriors(alpha=0.01, T=0.2, omega_hidden=0.9, omega_pattern=0.05), "retrieval"),
    (GeneralPriors(alpha=0.1, T=0.8, omega_visible=0.1, omega_hidden=0.6), "glass"),
    (CurieWeiss(T=0.5, h=0.1), "up"),
    (CurieWeiss(T=0.5, h=0.1), "down"),
    (CurieWeiss(T=0.0, h=0.2), "up"),
    (CurieWeiss(T=1.5, h=0.0), "paramagnet"),
    (BlumeCapel(T=0.4, D=0.3), "ferromagnet"),
    (BlumeCapel(T=0.2, D=0.45), "ferromagnet"),
    (BlumeCapel(T=0.0, D=0.3), "ferromagnet"),
    (BlumeCapel(T=0.6, D=0.1), "paramagnet"),
    (SpectralRBM(w=1.5, T=0.6, kappa=0.5), "ferromagnet"),
    (SpectralRBM(w=1.2, sigma=0.3, kappa=2.0, law="laplace"), "ferromagnet"),
    (SpectralRBM(w=1.4, T=0.2, law="rademacher"), "ferromagnet"),
    (SpectralRBM(w=1.4, sigma=0.5, law="bernoulli", p=0.2), "ferromagnet"),
    (SpectralRBM(w=1.6, T=0.0, kappa=0.7, law="bernoulli", p=0.3), "ferromagnet"),
    (SpectralRBM(w=1.5, w2=1.4, sigma=0.5, law="bernoulli", p=0.1, modes=2, kappa=1.5), "mixture"),
    (SpectralRBM(w=1.5, w2=1.3, w3=1.2, sigma=0.5, law="rademacher", modes=3), "ferromagnet"),
    (SpectralRBM(w=1.0, T=0.5, kappa=0.3), "glass"),
    (SpectralRBM(w=1.0, T=0.0, kappa=3.0), "glass"),
    (SherringtonKirkpatrick(T=0.5), "glass"),
    (SherringtonKirkpatrick(T=0.3, J0=0.5, h=0.2), "glass"),
    (SherringtonKirkpatrick(T=0.0, J0=1.4), "ferromagnet"),
    (SherringtonKirkpatrick(T=0.7, J0=1.3), "ferromagnet"),
    (SherringtonKirkpatrick1RSB(T=0.2), "glass"),
    (SherringtonKirkpatrick1RSB(T=0.0, J0=1.3), "ferromagnet"),
    (SherringtonKirkpatrick1RSB(T=0.3, J0=0.2, h=0.2), "glass"),
    (Hopfield1RSB(alpha=0.1378, T=0.0), "retrieval"),  # the steps in tau and alpha must not leave the branch
    (Hopfield1RSB(alpha=0.1, T=0.0), "glass"),
    (Hopfield1RSB(alpha=0.2, T=0.1), "glass"),
    (RandomEnergy(T=0.3), "condensed"),
    (RandomEnergy(T=0.4, h=0.5), "condensed"),
    (RandomEnergy(T=0.0, h=0.2), "condensed"),
    (OneHiddenUnit(alpha=1.1, beta=1.0), "informative"),
    (OneHiddenUnit(alpha=2.2, beta=0.7, beta_star=1.0), "informative"),
    (OneHiddenUnit(alpha=1.4, beta=0.95, beta_star=0.4), "glass"),
    (HopfieldHiddenUnit(alpha=4.0, beta=0.8), "informative"),
    (HopfieldHiddenUnit(alpha=4.0, beta=0.7, beta_star=1.2), "informative"),
    (HopfieldHiddenUnit(alpha=1.5, beta=0.7, beta_star=0.4), "glass"),
    (PSpin(T=0.3, J0=0.8), "retrieval"),
    (PSpin(T=0.4), "glass"),
    (PSpin(T=0.3, p=5, J0=0.8), "retrieval"),
    (PlantedPSpin(T=0.6), "retrieval"),
    (PlantedPSpin(T=0.5, p=4), "retrieval"),
    (PlantedPSpin(T=0.4), "glass"),
    (SphericalPSpin(T=0.3, p=4), "glass"),
    (SphericalPSpin(T=0.3, p=4, J0=1.0), "retrieval"),
    (SphericalPSpin(T=0.5, J0=1.0), "retrieval"),
    (MixedPSpin(T=0.5, c=0.3, h=0.1), "glass"),
    (BipartiteSK(alpha=0.5, T=0.4), "glass"),
    (Deep(T=0.3), "glass"),
    (SemiRestricted(alpha=0.05, Delta=0.1, T=0.2), "retrieval"),
    (SemiRestricted(alpha=0.05, Delta=0.1), "glass"),
    (SemiRestrictedBits(alpha=0.02, Delta=0.05, T=0.05), "retrieval"),
    (SemiRestrictedBits(alpha=0.1, Delta=0.3, T=0.05), "glass"),
    (SemiRestrictedBits(alpha=0.02, Delta=0.05, T=0.5), "paramagnet"),
    (Bidirectional(Delta=0.2, kappa=0.7, T=0.3), "retrieval"),
    (Bidirectional(Delta=0.5, kappa=0.7, T=0.3), "glass"),
    (SparseCoding(alpha=0.05, T=0.1), "retrieval"),
    (SparseCoding(alpha=0.05, T=0.1), "glass"),
    (SparseCoding(alpha=0.05, g=-0.2, T=0.2), "paramagnet"),
    (BiasedPatterns(alpha=0.05, b=0.3, g=0.2, T=0.1), "retrieval"),
    (BiasedPatterns(alpha=0.05, b=0.3, g=0.2, T=0.3), "glass"),
    (BiasedPatterns(alpha=0.05, b=0.3, g=0.2, T=2.0), "paramagnet"),
    (Dense(a=0.1, T=0.2), "retrieval"),
    (Dense(a=0.1, p=4, T=0.2), "retrieval"),
    (Dense(a=0.5, T=0.1), "glass"),
    (NoisyHopfield(alpha=0.03, noise=0.1, c=0.7, synapses="saturated", T=0.2), "retrieval"),
    (NoisyHopfield(alpha=0.2, synapses="three-level", h=0.1), "glass"),
    (RotationInvariant(eigenvalues=SOME, T=0.0, J0=1.8), "ferromagnet"),
    (RotationInvariant(eigenvalues=SOME, T=0.05, J0=0.3), "glass"),
    (Archetypes(alpha=0.03, rho=0.1, T=0.2), "retrieval"),
    (Archetypes(alpha=0.1, rho=0.1, M=3), "glass"),
    (ArchetypesUnsupervised(alpha=0.03, r=0.5, M=40, T=0.1), "retrieval"),
    (ArchetypesUnsupervised(alpha=0.1, r=0.5, M=3, mean="lattice"), "glass"),
    (Dreaming(alpha=0.1, t=1.0, T=0.2), "retrieval"),
    (Dreaming(alpha=0.2, t=0.5), "glass"),
    (PseudoInverse(alpha=0.4, T=0.2), "retrieval"),
    (Exponential(alpha=0.3, lambda_=2.0), "noise"),
    (Exponential(alpha=0.3, lambda_=2.0, patterns="gauss"), "noise"),
    (Exponential(alpha=0.7, lambda_=1.0, patterns="sphere"), "noise"),
    (Exponential(alpha=0.2, lambda_=2.0, patterns="sphere"), "noise"),
    (Correlated(a=0.7, T=0.1), "retrieval"),
    (Diluted(alpha=0.3, T=0.2), "retrieval"),
    (PottsHopfield(alpha=0.2, Q=3), "retrieval"),
    (PottsHopfield(alpha=0.2, Q=4), "glass"),
    (Planted(alpha=0.3, T=2.0, T_star=1.2), "learning"),
    (Planted(alpha=1.0, T=0.0, T_star=1.5), "learning"),
    (Planted(alpha=0.5, T=1.2, T_star=1.5), "glass"),
    (Spiked(gamma=2.0), "retrieval"),
    (Spiked(gamma=1.5, T=0.5), "glass"),
    (SpikedGaussian(gamma=2.0, T=0.8), "retrieval"),
    (SpikedGaussian(gamma=3.0, T=0.5), "glass"),
    (SpikedSparse(gamma=1.5, p=0.2), "retrieval"),
    (Perceptron(alpha=1.2, kappa=0.3), "solutions"),
    (BinaryPerceptron(alpha=0.5, kappa=0.2), "solutions"),
    (SymmetricPerceptron(alpha=1.0), "solutions"),
    (TeacherStudent(alpha=1.0), "uninformed"),
    (TeacherStudent(alpha=1.0, prior="spherical", channel="step:kappa=0.1", noise=0.2), "uninformed"),
    (TeacherStudent(alpha=0.6, prior="gauss-bernoulli:rho=0.3", channel="square:noise=0.1"), "uninformed"),
    (Regression(alpha=2.0, penalty=0.1, noise=0.2), "trained"),
    (Regression(alpha=1.5, penalty=0.1, noise=0.1, rho=0.3, prior="laplace", channel="absolute"), "trained"),
    (Classification(alpha=3.0, penalty=0.1), "trained"),
    (Classification(alpha=3.0, penalty=0.1, noise=0.1, prior="box", channel="hinge"), "trained"),
    (CompressedSensing(alpha=0.15), "failure"),
    (CompressedSensing(alpha=0.3, noise=0.1), "failure"),
    (BasisPursuit(alpha=0.2), "failure"),
    (PhaseRetrieval(alpha=1.0), "retrieval"),
]
NAMES = [f"{theory.describe()} {branch}" for theory, branch in CASES]
every_case = pytest.mark.parametrize(("theory", "branch"), CASES, ids=NAMES)
every_theory = pytest.mark.parametrize("name", THEORIES)


@cache
def solution(theory: Theory, branch: str) -> Any:
    """Order parameters on a branch; read-only, for the tests share them."""
    x = solve(theory, branch).x
    x.flags.writeable = False
    return x


def example(name: str) -> Theory:
    return next(theory for theory, _ in CASES if theory.name == name)


def test_richardson_knows_its_error() -> None:
    value, error = richardson(np.exp, 0.02)
    assert abs(value - 1) <= 10 * error < 1e-11
    value, error = richardson(lambda h: np.abs(h - 1e-3), 0.02)
    assert abs(value + 1) <= 10 * error


# -- every theory is tested ---------------------------------------------------------------------------------


def test_every_theory_has_cases_and_is_named_after_its_key() -> None:
    assert {theory.name for theory, _ in CASES} == set(THEORIES)
    for name, theory in THEORIES.items():
        assert theory.name == name
        assert isinstance(example(name), theory)
    tested = {(theory.name, branch) for theory, branch in CASES}
    for name, theory in THEORIES.items():
        for branch, about in theory.branches.items():
            assert about.explicit or (name, branch) in tested, f"no case on branch {branch} of {name}"


def test_classes_are_found_by_name() -> None:
    assert len(THEORIES) == len(set(THEORIES)) == len(set(THEORIES.values()))
    for name, kind in THEORIES.items():
        assert name in THEORIES
        assert THEORIES[name] is kind
        assert issubclass(kind, Theory)
        assert kind.name == name
    assert "hopfeild" not in THEORIES
    assert THEORIES.get("hopfeild") is None
    with pytest.raises(KeyError, match="hopfeild"):
        THEORIES["hopfeild"]


# -- what every theory promises ------------------------------------------------------------------------------


def idle(theory: Theory) -> set[str]:
    """Parameters that cannot be varied by themselves."""
    return {"p"} | ({"l"} if theory.values.get("L") else set())


def has_digits(theory: Theory) -> bool:
    """Whether more digits than those of float64 can be had: not for a ReLU at T > 0."""
    if isinstance(theory, PriorChannel) or theory.name.endswith(("perceptron", "-retrieval")):
        return False
    closed = "spin", "bernoulli", "gaussian"
    units = [value for value in theory.values.values() if isinstance(value, Unit)]
    return all(unit.name in closed or (unit.name == "relu" and theory.T == 0) for unit in units)


# a double integral of thousands of nodes for each of some ten evaluations: minutes in mpmath
QUICK = [case for case in CASES if not (case[0].name.endswith("1rsb") and case[0].T > 0)]
LONG = [
    case
    for case in QUICK
    if "laplace" in NAMES[CASES.index(case)]
    or case[0].name in {"one-hidden-unit", "correlated", "rotation-invariant", "potts-hopfield"}
]
"""Up to half a minute each, for the same reason."""
PRECISE = {"mpmath", "digits"}
"""Checks in mpmath arithmetic."""


def promises() -> Iterator[Any]:
    """The checks of every theory, and those of every branch in CASES."""
    seen = set()
    for case, name in zip(CASES, NAMES, strict=True):
        theory, branch = case
        for check in theory_checks(theory, [branch], fixed=idle(theory)):
            if check.name in PRECISE and case not in QUICK:
                continue
            if not check.branch and (check.name, theory) in seen:
                continue
            seen.add((check.name, theory))
            marks = [pytest.mark.slow] if check.name in PRECISE and case in LONG else []
            yield pytest.param(
                check, id=f"{name if check.branch else theory.describe()}-{check.name}", marks=marks
            )


def without_symmetry(theory: Theory) -> bool:
    """A model may have none, or weights with a teacher; others if an overlap is never negative."""
    none = theory.order in {("q",), ("u",), ("M", "C")}  # or if neurons have more than two states
    return isinstance(theory, FullyConnected | PriorChannel) or none


def spherical(theory: Theory) -> bool:
    return isinstance(theory, FullyConnected) and any(isinstance(u, Spherical) for u in theory.parts.units)


@pytest.mark.parametrize("check", list(promises()))
def test_a_theory_keeps_its_promises(check: Check) -> None:
    note = check()
    if check.name in PRECISE:
        known = check.name == "digits" and check.theory.branch(check.branch).explicit
        assert bool(note) == (known or not has_digits(check.theory))
    elif check.name == "symmetry" and not check.theory.symmetry and without_symmetry(check.theory):
        assert note == "none is declared"  # no patterns, odd energies, or units that are not symmetric
    elif check.name in {"expansion", "one-step"} and spherical(check.theory):
        assert "moments" in note or "no product of units" in note
    elif check.name in {"expansion", "one-step"} and check.theory.T == 0:  # type: ignore[attr-defined]
        assert "T > 0" in note or "1/T" in note
    elif check.name not in {"slope", "entropy", "cold", "converse"}:
        assert not note, "every theory of the package has a Jacobian and a symmetry, and a solution here"


@every_case
def test_the_inherited_slope_is_the_explicit_derivative(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    fixed = theory.tuned(x)
    for name in varied(fixed, idle(theory)):
        if at_lower_bound(theory, name):
            continue
        slope, error = explicit_slope(fixed, name, x)
        assert error < 1e-9, f"the test is blind in {name}"
        # the default slope is a fourth-order difference, h = size/50: good to h^4 f^(5)/30 and rounding/h
        assert fixed.slope(name, x) == pytest.approx(slope, abs=10 * error + 1e-10), name


def at_lower_bound(theory: Theory, name: str) -> bool:
    return bool(getattr(theory, name) == theory.parameters()[name].lower)


@every_case
def test_entropy_is_minus_the_slope_in_temperature(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    entropy = theory.entropy(x)
    if entropy is None:
        # T = 0 only, priors, or no temperature: a theory with two entropies gives each of them its own name
        assert (
            theory.name in {"compositional", "thresholded-hopfield", "general-priors", "diluted"}
            or "T" not in theory.parameters()
        )
        return
    if theory.name == "random-rbm" and theory.T == 0:
        assert entropy == -np.inf  # continuous hidden units
        assert theory.energy(x) == theory.free_energy(x)
        return
    glassy = {
        "spectral-rbm",
        "hopfield",
        "hopfield-1rsb",
        "semi-restricted",
        "sherrington-kirkpatrick",
        "sherrington-kirkpatrick-1rsb",
        "noisy-hopfield",
        "rotation-invariant",
        "archetypes",
        "archetypes-unsupervised",
        "dreaming",
        "potts-hopfield",
        "planted",
    }
    if theory.T > 0 or theory.name in glassy:
        assert theory.slope("T", x) == pytest.approx(-entropy, abs=1e-10)
    else:
        assert entropy == pytest.approx(0, abs=1e-15)  # no site without a field
    assert theory.energy(x) == pytest.approx(theory.free_energy(x) + theory.T * entropy, abs=1e-15)


@pytest.mark.parametrize("theory", [CurieWeiss(T=0.0, h=0.2), BlumeCapel(T=0.0, D=0.3), Mixtures(n=3, T=0.0)])
def test_slope_at_a_bound_stays_inside_the_domain(theory: Theory) -> None:
    """f = E + O(exp(-1/T)) in these frozen states, so df/dT = 0 at T = 0; a step to T < 0 gives anything."""
    assert theory.slope("T", solve(theory).x) == pytest.approx(0, abs=1e-10)


def test_slope_in_the_load_at_no_load() -> None:
    """At alpha = 0 the noise r C/2 of f and the noise in ln 2cosh cancel; what remains is written here."""
    theory = Hopfield(alpha=0.0, T=0.5)
    x = solve(theory).x
    C, q = x[1], 1 - 0.5 * x[1]
    exact = 0.5 + 0.5 * (0.5 * np.log(1 - C) - q / (1 - C))
    # a one-sided fourth-order difference of step 1e-4 is far better; across alpha = 0 it is off by half
    assert theory.slope("alpha", x) == pytest.approx(exact, abs=1e-6)


# -- limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.13])
def test_hopfield_at_zero_temperature_is_the_limit(alpha: float, branch: str) -> None:
    """Order parameters and entropy differ by c T + d T^2, and f by -s(0) T + e T^2, with finite c, d, e."""
    T = np.array([0.0, 1e-5, 1e-4, 1e-3])
    states = solve(Hopfield(alpha=alpha, T=T), branch).require()
    for values in (states["C"], states["r"], states.entropy):
        rate = (values[1:] - values[0]) / T[1:]
        if abs(rate[0]) * 1e-5 > 1e-10:  # else rounding hides it: a gap exponentially small in 1/alpha
            # 10 from d T, but for the next term: at alpha = 0.1, T = 1e-3 a third of it, as T_R = 1.5e-3
            assert 5 < (rate[2] - rate[1]) / (rate[1] - rate[0]) < 20
        assert abs(rate[0]) < 100 * max(1, abs(values[0]))
    second = (states.free_energy - states.free_energy[0] + states.entropy[0] * T)[1:] / T[1:] ** 2
    # -1/2 ds/dT, the same from every temperature at which rounding 1e-16/T^2 lets it be seen
    assert second[2] == pytest.approx(second[1], rel=0.05, abs=1e-6)
    assert abs(states.free_energy[1] - states.free_energy[0] + states.entropy[0] * 1e-5) < 1e-9


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_cold_mixtures_are_frozen_but_for_the_sites_without_a_field(n: int) -> None:
    """Corrections are exp(-2 m/T) where m z != 0; sites with z = 0 are free, so f = f(0) - T P(0) ln 2."""
    free = special.comb(n, n // 2) / 2**n if n % 2 == 0 else 0.0
    cold, frozen = solve(Mixtures(n=n, T=0.01)), solve(Mixtures(n=n, T=0.0))
    assert cold["m"] == pytest.approx(frozen["m"], abs=1e-15)
    assert cold.free_energy == pytest.approx(frozen.free_energy - 0.01 * free * np.log(2), abs=1e-15)
    assert cold.entropy == pytest.approx(free * np.log(2), abs=1e-15)


@pytest.mark.parametrize("T", [0.0, 1e-5, 1e-3, 0.02])
def test_cold_ferromagnets_are_saturated(T: float) -> None:
    """The gap is exp(-2 (1 + h)/T) and exp(-(1 - D)/T): below 1e-13 for all of these temperatures."""
    assert solve(CurieWeiss(T=T, h=0.1), "up")["m"] == pytest.approx(1, abs=1e-13)
    assert solve(CurieWeiss(T=T, h=0.1), "up").free_energy == pytest.approx(-0.6, abs=1e-13)
    assert solve(BlumeCapel(T=T, D=0.3))["m"] == pytest.approx(1, abs=1e-13)
    assert solve(BlumeCapel(T=T, D=0.3)).free_energy == pytest.approx(-0.2, abs=1e-13)
    assert solve(BlumeCapel(T=T, D=0.7), "paramagnet").free_energy == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("T", [0.0, 0.3, 0.8])
def test_hopfield_without_load_is_the_ferromagnet(T: float) -> None:
    for other in (CurieWeiss(T=T, h=0.0), Mixtures(n=1, T=T)):
        ours, theirs = solve(Hopfield(alpha=0.0, T=T)), solve(other)
        assert ours["m"] == pytest.approx(theirs["m"], abs=1e-14)
        assert ours.free_energy == pytest.approx(theirs.free_energy, abs=1e-14)


def test_compositional_at_full_density_is_the_thresholded_hopfield_network() -> None:
    """p = 1, L = 1: the scaled variables are the unscaled ones, but for m, which is twice as large."""
    dense = Compositional(alpha=0.1, theta=0.3, g=-0.05, p=1.0, L=1)
    thresholded = ThresholdedHopfield(alpha=0.1, theta=0.3, g=-0.05)
    for branch in ("retrieval", "glass"):
        a, b = solve(dense, branch), solve(thresholded, branch)
        for name, factor in [("m", 2), ("q", 1), ("C", 1), ("r", 1), ("B", 1)]:
            assert a[name] == pytest.approx(factor * b[name], abs=1e-13), name
        assert a.free_energy == pytest.approx(b.free_energy, abs=1e-14)


@pytest.mark.parametrize("p", [0.05, 0.1, 1.0])
@pytest.mark.parametrize("branch", ["retrieval", "glass"])
def test_unscaled_variables_solve_the_unscaled_equations(p: float, branch: str) -> None:
    """The equations as derived, with every power of p in its place, written again here."""
    alpha, theta, g, L = {0.05: (0.1, 0.1, -0.01, 8), 0.1: (0.1, 0.15, -0.02, 4), 1.0: (0.05, 0.2, -0.02, 1)}[
        p
    ]
    theory = Compositional.from_unscaled(alpha, theta, g, p, L)
    assert theory.unscaled("theta", theory.theta) == pytest.approx(theta, rel=1e-15)
    assert theory.unscaled("g", theory.g) == pytest.approx(g, rel=1e-15)
    assert theory.unscaled("alpha", theory.alpha) == alpha
    state = solve(theory, branch)
    m, q, C, r, B = (float(theory.unscaled(name, state[name])) for name in ("m", "q", "C", "r", "B"))

    steps = np.array([p / 2, 1 - p, p / 2])
    weight = np.ones(1)
    for _ in range(L):
        weight = np.convolve(weight, steps)
    W = np.arange(-L, L + 1)

    def H(k: int, x: Any) -> Any:
        tail, density = special.ndtr(-x), np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        return (tail, density - x * tail, (1 + x * x) * tail - x * density)[k]

    noise = np.sqrt(alpha * p * r)
    X, u = (g + m * W + alpha * B / 2) / noise, theta / np.sqrt(p * q)
    # H2 by subtraction is good to 1e-16 absolutely; u stays below 2, where it is above 0.006
    assert u < 2
    right = {
        "m": (m, weight @ (W * H(0, -X)) / L),
        "q": (q, weight @ H(0, -X)),
        "C": (C, np.sqrt(p / (alpha * r)) * (weight @ (np.exp(-X * X / 2) / np.sqrt(2 * np.pi)))),
        "r": (r, p * q / (1 - C) ** 2 * H(2, u)),
        "B": (B, p / (1 - C) * H(0, u)),
    }
    for name, (value, formula) in right.items():
        assert value == pytest.approx(formula, abs=1e-12), name
    f = (
        L * m * m / 2
        + alpha / 2 * (r * C + B * q)
        - noise * (weight @ H(1, -X))
        - alpha * p * q / (2 * (1 - C)) * H(2, u)
    )
    assert theory.unscaled("free_energy", state.free_energy) == pytest.approx(f, abs=1e-13)


def test_unscaled_parameters_need_a_finite_sparsity() -> None:
    with pytest.raises(ParameterError, match="sparsity"):
        Compositional.from_unscaled(0.5, 0.3, -0.02, 0.0, 5)


# -- control parameters -------------------------------------------------------------------------------------


FIELDS = [
    (name, field)
    for name, theory in THEORIES.items()
    for field, about in theory.parameters().items()
    if about.kind == "number"
]


@given(st.sampled_from(FIELDS), st.floats(min_value=1e-12, max_value=1e300))
def test_what_is_outside_the_domain_is_refused_by_name(place: tuple[str, str], beyond: float) -> None:
    name, field = place
    about = THEORIES[name].parameters()[field]
    for bound, sign in ((about.lower, -1), (about.upper, 1)):
        if np.isfinite(bound):
            value = bound + sign * max(beyond, 1e-12 * abs(bound))
            with pytest.raises(ParameterError, match=rf"{name}: {field} = .* is not allowed"):
                with_one(example(name), field, value)
            with pytest.raises(ParameterError, match=rf"{name}: {field} = .* is not allowed"):
                with_one(example(name), field, np.array([bound + 0.0, value]))


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_whole_numbers_are_asked_for_where_things_are_counted(name: str, field: str) -> None:
    if THEORIES[name].parameters()[field].integer:
        with pytest.raises(ParameterError, match=rf"{field} .*whole number"):
            with_one(example(name), field, 2.5)


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_bounds_belong_to_the_domain(name: str, field: str) -> None:
    about = THEORIES[name].parameters()[field]
    if np.isfinite(about.lower) and not about.open_lower and (name, field) != ("compositional", "p"):
        base = example(name)
        if (name, field) == ("compositional", "L"):
            base = Compositional(alpha=0.1, theta=1.0, g=-0.2, p=0.1, L=2)
        if (name, field) in {("random-rbm", "l"), ("random-rbm", "p")}:
            base = RandomRBM("spin", "relu", alpha=0.1, T=0.1, l=0.5)
        assert getattr(with_one(base, field, about.lower), field) == about.lower


def test_l_and_L_are_asked_for_where_each_belongs() -> None:
    with pytest.raises(ParameterError, match="give L, not l"):
        Compositional(alpha=0.5, theta=1.0, g=-0.2, p=0.1, l=1.0, L=10)
    with pytest.raises(ParameterError, match="L of strong hidden units is needed"):
        Compositional(alpha=0.5, theta=1.0, g=-0.2, p=0.1)
    with pytest.raises(ParameterError, match="give l = pL"):
        Compositional(alpha=0.5, theta=1.0, g=-0.2, L=10)
    with pytest.raises(ParameterError, match="mixed"):
        Compositional(alpha=0.5, theta=1.0, g=-0.2, p=np.array([0.0, 0.1]), L=10)
    with pytest.raises(ParameterError, match="l = pL"):
        solve(Compositional(alpha=0.5, theta=1.0, g=-0.2), "retrieval")


def test_a_required_parameter_is_required() -> None:
    with pytest.raises(ParameterError, match=r"hopfield: missing alpha; write Hopfield\(alpha=\.\.\.\)"):
        Hopfield()
    with pytest.raises(UnknownNameError, match="beta"):
        Hopfield(alpha=0.1, beta=2)


# -- theories are values ------------------------------------------------------------------------------------


def test_at_drops_what_was_cached_for_other_values() -> None:
    theory = Compositional(alpha=0.1, theta=0.5, g=-0.2, p=0.1, L=2)
    x = solve(theory).x
    moved, fresh = theory.at(L=3, p=0.2), Compositional(alpha=0.1, theta=0.5, g=-0.2, p=0.2, L=3)
    np.testing.assert_array_equal(moved.update(x), fresh.update(x))
    assert moved.free_energy(x) == fresh.free_energy(x)


def test_take_picks_points_of_the_batch() -> None:
    theory = Hopfield(alpha=np.array([[0.01], [0.02]]), T=np.array([0.1, 0.2, 0.3]))
    some = theory.take([1, 5])
    np.testing.assert_array_equal(some.alpha, [0.01, 0.02])
    np.testing.assert_array_equal(some.T, [0.2, 0.3])
    assert Hopfield(alpha=0.1, T=np.ones(3)).take([0]).alpha == 0.1


# -- declarations -------------------------------------------------------------------------------------------


@every_theory
def test_a_theory_explains_itself(name: str) -> None:
    theory = THEORIES[name]
    own = example(name)
    derived = own.derived(own.start(next(iter(theory.branches))))
    assert theory.critical is not None
    assert theory.__doc__
    assert theory.references
    for order in (*theory.order, *derived):
        assert theory.symbols[order], order
        assert order in theory.equations, order
    assert "f" in theory.equations
    for about in theory.parameters().values():
        assert about.text
        assert about.symbol
        low, high = about.typical
        assert about.lower <= low < high <= about.upper


def test_hopfield_takes_q_where_it_means_something() -> None:
    assert Hopfield(alpha=0.1, T=0.5).state(m=1, q=0.8)[1] == pytest.approx(0.4)
    np.testing.assert_array_equal(Hopfield(alpha=0.1, T=0.0).state(m=1, q=1), [1, 0])
    with pytest.raises(ParameterError, match="C = "):
        Hopfield(alpha=0.1, T=0.0).state(m=1, q=0.9)
