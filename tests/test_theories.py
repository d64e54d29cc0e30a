"""What every theory promises, whatever it is about. A new theory joins with a line in CASES.

Derivatives are compared with extrapolated central differences (`richardson`), which estimate their own error;
the tolerance of every such test is ten times that estimate, and the estimate has to be small for the test to
mean anything.
"""

import dataclasses
import pickle
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from replica.errors import ParameterError, UnknownNameError
from replica.solving import Newton, solve
from replica.solving.derivatives import jacobian
from replica.theories import (
    THEORIES,
    BlumeCapel,
    Compositional,
    CurieWeiss,
    GeneralPriors,
    Hopfield,
    Hopfield1RSB,
    HopfieldHiddenUnit,
    Mixtures,
    OneHiddenUnit,
    RandomEnergy,
    RandomRBM,
    SherringtonKirkpatrick,
    SherringtonKirkpatrick1RSB,
    SpectralRBM,
    ThresholdedHopfield,
)
from replica.theory import Coexistence, Fold, Theory, Zero
from replica.units import Unit

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


def richardson(f: Callable[[Any], Any], size: float) -> tuple[Any, Any]:
    """Derivative at 0 of a function of offsets, shape (k,) to (..., k), and an estimate of its error.

    Central differences of steps size/2^i, extrapolated; of all entries of the table the one that differs
    least from its neighbours, with the rounding of f added to its error.
    """
    step = size * 0.5 ** np.arange(10)
    values = np.asarray(f(np.concatenate([step, -step])), dtype=float)
    column = (values[..., :10] - values[..., 10:]) / (2 * step)
    rounding = 1e-15 * np.max(np.abs(values), axis=-1, keepdims=True) / step
    best, error = column[..., -1], np.full(column.shape[:-1], np.inf)
    for order in range(1, 6):
        finer = column[..., 1:] + (column[..., 1:] - column[..., :-1]) / (4**order - 1)
        gap = (
            np.maximum(np.abs(finer - column[..., 1:]), np.abs(finer - column[..., :-1]))
            + rounding[..., order:]
        )
        pick = np.argmin(gap, axis=-1)[..., None]
        least = np.take_along_axis(gap, pick, -1)[..., 0]
        best = np.where(least < error, np.take_along_axis(finer, pick, -1)[..., 0], best)
        error, column = np.minimum(least, error), finer
    return best, error


def shifted(x: Any, index: int, offsets: Any) -> Any:
    """Copies of x with one component moved, shape (n_order, k)."""
    moved = np.repeat(np.asarray(x)[:, None], len(offsets), axis=1)
    moved[index] += offsets
    return moved


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


# -- the equations and the free energy belong together ------------------------------------------------------


@every_case
def test_a_solution_is_a_fixed_point(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    # Newton ends when its last step is at rounding: a few units in the last place of x, C ~ 1/T included
    np.testing.assert_allclose(theory.update(x), x, atol=4e-15 * max(1, np.max(np.abs(x))), rtol=0)
    assert theory.physical(x)
    assert theory.belongs(branch, x)


@every_case
def test_free_energy_is_stationary_at_a_solution(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    fixed = theory.tuned(x)
    for i, name in enumerate(theory.order):
        gradient, error = richardson(lambda h, i=i: fixed.free_energy(shifted(x, i, h)), 0.02)
        assert error < 1e-10, f"the test is blind in {name}"
        assert abs(gradient) <= 10 * error, name


@every_case
def test_free_energy_is_stationary_nowhere_near(theory: Theory, branch: str) -> None:
    """The test above can fail: 0.001 beside the solution the gradient is a thousand times its tolerance."""
    x = solution(theory, branch) - 1e-3
    fixed = theory.tuned(x)
    gradients = [
        richardson(lambda h, i=i: fixed.free_energy(shifted(x, i, h)), 0.01)[0]
        for i in range(len(theory.order))
    ]
    moved = np.max(np.abs(theory.update(x) - x))
    assert np.max(np.abs(gradients)) > 1e-3 * moved


@every_case
def test_jacobian_is_the_derivative_of_update(theory: Theory, branch: str) -> None:
    x = solution(theory, branch) + 1e-3 * (1 - 2 * (theory.name == "curie-weiss"))  # anywhere will do
    matrix = jacobian(theory, x)
    assert matrix.shape == (len(x), len(x))
    for i, name in enumerate(theory.order):
        column, error = richardson(lambda h, i=i: theory.update(shifted(x, i, h)), 1e-3)
        scale = np.maximum(1, np.max(np.abs(matrix)))
        assert np.all(error < 1e-8 * scale), f"the test is blind in {name}"
        tolerance = 10 * error + (1e-11 + theory.jacobian_error) * scale
        np.testing.assert_array_less(np.abs(matrix[:, i] - column), tolerance, err_msg=name)


@every_case
def test_slope_is_the_explicit_derivative_of_the_free_energy(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    fixed = theory.tuned(x)
    for name in continuous(fixed):
        value = getattr(fixed, name)
        size = 0.05 * max(abs(value), 0.1)
        if at_lower_bound(theory, name):
            continue
        slope, error = richardson(lambda h, n=name, v=value: fixed.at(**{n: v + h}).free_energy(x), size)
        assert error < 1e-9, f"the test is blind in {name}"
        # the default slope is a fourth-order difference, h = size/50: good to h^4 f^(5)/30 and rounding/h
        assert fixed.slope(name, x) == pytest.approx(slope, abs=10 * error + 1e-10), name


@every_case
def test_entropy_is_minus_the_slope_in_temperature(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    entropy = theory.entropy(x)
    if entropy is None:
        # T = 0 only, priors, or no temperature: a theory with two entropies gives each of them its own name
        assert (
            theory.name in {"compositional", "thresholded-hopfield", "general-priors"}
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
        "sherrington-kirkpatrick",
        "sherrington-kirkpatrick-1rsb",
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


@every_case
def test_slope_is_the_total_derivative_along_solutions(theory: Theory, branch: str) -> None:
    """Envelope theorem, through the solver: what an explicit derivative leaves out vanishes at a solution."""
    x = solution(theory, branch)
    fixed = theory.tuned(x)
    for name in continuous(fixed):
        value = getattr(fixed, name)
        if at_lower_bound(theory, name) or (theory.branch(branch).explicit and name == "h"):
            continue

        def along(offsets: Any, name: str = name, value: float = value) -> Any:
            moved = Newton(warmup=0).run(fixed.at(**{name: value + offsets}), x[:, None])
            assert np.all(moved.success)
            return moved.free_energy

        total, error = richardson(along, 2e-3 * max(abs(value), 0.1))
        assert error < 1e-7, f"the test is blind in {name}"
        assert fixed.slope(name, x) == pytest.approx(total, abs=10 * error + 1e-10), name


def continuous(theory: Theory) -> list[str]:
    """Parameters that can be varied: neither counted nor left out."""
    counted = {name for name, field in theory.parameters().items() if field.integer or field.kind != "number"}
    idle = {"p"} | ({"l"} if theory.values.get("L") else set())
    return [name for name, value in theory.values.items() if value is not None and name not in counted | idle]


def at_lower_bound(theory: Theory, name: str) -> bool:
    return bool(getattr(theory, name) == theory.parameters()[name].lower)


# -- one formula, any batch, any arithmetic -----------------------------------------------------------------


MEASURES = ("free_energy", "entropy", "energy", "replicon", "physical")


@every_case
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1, 3), (0,), (0, 2)])
def test_a_batch_is_a_loop(theory: Theory, branch: str, shape: tuple[int, ...]) -> None:
    x0 = solution(theory, branch)
    factor = 1 + 0.01 * np.arange(np.prod(shape)).reshape(shape)
    varied = continuous(theory)
    many = theory.at(**{name: getattr(theory, name) * factor for name in varied})
    x = x0.reshape(-1, *(1,) * len(shape)) * factor
    assert many.batch == shape
    assert many.start(branch).shape == (len(x0), *shape)
    assert np.shape(many.belongs(branch, x)) == shape

    update, matrix, derived = many.update(x), jacobian(many, x), many.derived(x)
    assert update.shape == x.shape
    assert matrix.shape == (len(x0), *x.shape)
    for index in np.ndindex(shape):
        alone = theory.at(**{name: getattr(theory, name) * factor[index] for name in varied})
        here = x[(slice(None), *index)]
        pairs = [(update, alone.update(here)), (matrix, jacobian(alone, here))]
        pairs += [(np.asarray(value), alone.derived(here)[name]) for name, value in derived.items()]
        pairs += [(np.asarray(getattr(many, m)(x)), getattr(alone, m)(here)) for m in MEASURES]
        for all_of_them, one in pairs:
            if one is not None:
                mine = all_of_them[(..., *index)]
                # sums over nodes may be grouped otherwise: rounding, relative to a natural size of 1 or more
                np.testing.assert_allclose(mine, one, rtol=1e-13, atol=1e-13)


@every_case
def test_start_of_a_batch_is_the_starts_of_its_points(theory: Theory, branch: str) -> None:
    factor = np.array([1.0, 1.05])
    varied = continuous(theory)
    starts = theory.at(**{name: getattr(theory, name) * factor for name in varied}).start(branch)
    for i, f in enumerate(factor):
        alone = theory.at(**{name: getattr(theory, name) * f for name in varied}).start(branch)
        np.testing.assert_allclose(starts[:, i], alone, rtol=1e-13)
        assert alone.shape == (len(theory.order),)


def as_binary(theory: Theory) -> Theory:
    """The theory in mpmath arithmetic at exactly the same binary numbers (`exact` means the decimal ones)."""

    def binary(value: Any) -> Any:
        return value if value is None or isinstance(value, int) else mpmath.mpf(float(value))

    changes = {
        name: value._changed(binary) if isinstance(value, Unit) else binary(value)
        for name, value in theory.numbers.items()
    }
    return theory.at(**changes)


def has_digits(theory: Theory) -> bool:
    """Whether more digits than those of float64 can be had: not for a ReLU at T > 0."""
    closed = "spin", "bernoulli", "gaussian"
    units = [value for value in theory.values.values() if isinstance(value, Unit)]
    return all(unit.name in closed or (unit.name == "relu" and theory.T == 0) for unit in units)


# a double integral of thousands of nodes for each of some ten evaluations: minutes in mpmath
QUICK = [case for case in CASES if not (case[0].name.endswith("1rsb") and case[0].T > 0)]
LONG = [case for case in QUICK if "laplace" in NAMES[CASES.index(case)] or case[0].name == "one-hidden-unit"]
"""Half a minute each, for the same reason."""


@pytest.mark.parametrize(
    ("theory", "branch"),
    [pytest.param(*case, marks=[pytest.mark.slow] if case in LONG else []) for case in QUICK],
    ids=[f"{t.describe()} {b}" for t, b in QUICK],
)
def test_mpmath_agrees_with_float64(theory: Theory, branch: str) -> None:
    x = solution(theory, branch)
    with mpmath.workdps(30):
        precise = as_binary(theory)
        if not has_digits(theory):
            with pytest.raises(ParameterError, match="double precision only"):
                precise.update(np.array([mpmath.mpf(float(v)) for v in x], dtype=object))
            return
        y = np.array([mpmath.mpf(float(v)) for v in x], dtype=object)
        pairs = list(zip(theory.update(x), precise.update(y), strict=True))
        matrix, truths = jacobian(theory, x), jacobian(precise, y).astype(float)
        scale = max(1, np.max(np.abs(truths)))
        np.testing.assert_allclose(matrix, truths, atol=scale * (1e-13 + 4 * theory.jacobian_error), rtol=0)
        pairs += [(value, precise.derived(y)[name]) for name, value in theory.derived(x).items()]
        pairs += [(getattr(theory, name)(x), getattr(precise, name)(y)) for name in MEASURES[:-1]]
        for value, truth in pairs:
            if value is None:
                assert truth is None
            elif np.isinf(value):
                assert float(truth) == value
            else:
                assert isinstance(truth, mpmath.mpf)
                assert float(abs(truth - mpmath.mpf(float(value)))) <= 1e-13 * max(1.0, abs(float(truth)))


# -- limits and symmetries ----------------------------------------------------------------------------------


@every_case
def test_reversing_all_spins_changes_nothing(theory: Theory, branch: str) -> None:
    x = solution(theory, branch) + 0.0
    odd = "r" if theory.name.endswith("hidden-unit") else "m(bar)?[23]?"  # r is a variance elsewhere
    turn = np.where([bool(re.fullmatch(odd, name)) for name in theory.order], -1.0, 1.0)
    mirrored = theory.at(h=-theory.h) if "h" in theory.values else theory
    np.testing.assert_allclose(mirrored.update(turn * x), turn * theory.update(x), rtol=1e-14, atol=1e-16)
    assert mirrored.free_energy(turn * x) == pytest.approx(theory.free_energy(x), rel=1e-14)
    np.testing.assert_array_equal(
        theory.update(x * (turn > 0))[turn < 0][theory.values.get("h", 0) != 0 :], 0.0
    )


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


def with_one(theory: Theory, name: str, value: Any) -> Theory:
    given = {n: v for n, v in theory.values.items() if v is not None}
    return type(theory)(**(given | {name: value}))


FIELDS = [
    (name, field)
    for name, theory in THEORIES.items()
    for field, about in theory.parameters().items()
    if about.kind == "number"
]


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize(
    "bad", [np.nan, np.inf, -np.inf, "0.1", "abc", [0.1, np.nan], 1j, object()], ids=lambda bad: str(bad)[:12]
)
def test_what_is_no_finite_number_is_refused_by_name(name: str, field: str, bad: Any) -> None:
    with pytest.raises(ParameterError, match=rf"{name}: {field}\b") as caught:
        with_one(example(name), field, bad)
    assert isinstance(caught.value, ValueError)


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
    with pytest.raises(TypeError, match="alpha"):
        Hopfield()
    with pytest.raises(TypeError, match="beta"):
        Hopfield(alpha=0.1, beta=2)


# -- theories are values ------------------------------------------------------------------------------------


@every_case
def test_a_theory_is_a_value(theory: Theory, branch: str) -> None:
    theory.update(theory.start(branch))  # whatever is cached must not be part of the value
    given = {name: value for name, value in theory.values.items() if value is not None}
    same = type(theory)(**given)
    assert theory == same
    assert hash(theory) == hash(same)
    copy = pickle.loads(pickle.dumps(theory))
    assert copy == theory
    np.testing.assert_array_equal(copy.update(theory.start(branch)), theory.update(theory.start(branch)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        theory.__setattr__(next(iter(theory.values)), 1.0)
    assert theory.name in theory.describe()


@every_case
def test_one_parameter_can_be_replaced(theory: Theory, branch: str) -> None:
    theory.update(theory.start(branch))  # fills caches, which a copy must not inherit
    for name in continuous(theory):
        value = getattr(theory, name) + 0.01
        copies = dataclasses.replace(theory, **{name: value}), theory.at(**{name: value})
        fresh = with_one(theory, name, value)
        for copy in copies:
            assert copy == fresh
            assert copy != theory
            np.testing.assert_array_equal(
                copy.update(theory.start(branch)), fresh.update(theory.start(branch))
            )


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
def test_declarations_name_things_that_exist(name: str) -> None:
    theory = THEORIES[name]
    parameters = theory.parameters()
    own = example(name)
    names = [*theory.order, *own.derived(own.start(next(iter(theory.branches))))]
    assert len(set(names)) == len(names)
    assert not set(names) & set(parameters), "an order parameter is named like a control parameter"
    for line in theory.lines.values():
        phases = (
            [line.first, line.second]
            if isinstance(line, Coexistence)
            else [line.phase]
            if isinstance(line, Zero)
            else []
        )
        branches = [line.branch] if isinstance(line, Fold) else [phase.branch for phase in phases]
        assert set(branches) <= set(theory.branches)
        for phase in phases:
            assert {phase.over} - {None} | {parameter for parameter, _ in phase.at} <= set(parameters)
        if isinstance(line, Zero):
            assert line.test == "stability" or callable(getattr(theory, line.test))
    if theory.limit is not None:
        assert theory.limit.parameter in parameters
    assert theory.critical is not None
    assert theory.critical.parameter in parameters
    assert theory.critical.boundary in theory.lines


@every_theory
def test_a_theory_explains_itself(name: str) -> None:
    theory = THEORIES[name]
    own = example(name)
    derived = own.derived(own.start(next(iter(theory.branches))))
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


@every_theory
def test_states_are_made_from_names(name: str) -> None:
    theory = example(name)
    first = next(iter(theory.branches))
    np.testing.assert_array_equal(theory.state(), theory.start(first))
    assert theory.state(**{theory.order[0]: 0.25})[0] == 0.25
    with pytest.raises(UnknownNameError, match=f"order parameter of {name}"):
        theory.state(nonsense=1.0)
    with pytest.raises(UnknownNameError, match=f"branch of {name}"):
        theory.branch("nonsense")


def test_hopfield_takes_q_where_it_means_something() -> None:
    assert Hopfield(alpha=0.1, T=0.5).state(m=1, q=0.8)[1] == pytest.approx(0.4)
    np.testing.assert_array_equal(Hopfield(alpha=0.1, T=0.0).state(m=1, q=1), [1, 0])
    with pytest.raises(ParameterError, match="C = "):
        Hopfield(alpha=0.1, T=0.0).state(m=1, q=0.9)
