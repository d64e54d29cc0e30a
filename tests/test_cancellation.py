"""Differences of nearly equal numbers, against the same formulas in many digits."""

import mpmath
import numpy as np
import pytest

from replica import solve
from replica.numerics.functions import lag, log1p_lack
from replica.numerics.spins import spin_averages
from replica.theories import (
    BlumeCapel,
    CurieWeiss,
    Hopfield,
    HopfieldHiddenUnit,
    OneHiddenUnit,
    SherringtonKirkpatrick,
    SpectralRBM,
)


@pytest.mark.parametrize(
    ("short", "plain"),
    [
        (lag, lambda x: mpmath.tanh(x) / x - mpmath.sech(x) ** 2),
        (log1p_lack, lambda x: x - mpmath.log(1 + x)),
    ],
)
def test_short_differences_keep_their_digits(short, plain):
    with mpmath.workdps(60):
        for x in (1e-9, 1e-4, 0.1, 0.4999, 0.5, 0.7, 2.0, 30.0):
            truth = plain(mpmath.mpf(x))
            assert abs(short(x) / truth - 1) < 1e-14
            assert abs(short(mpmath.mpf(x)) / truth - 1) < 1e-40


@pytest.mark.parametrize("loc", [0.0, 1e-4, 0.3])
@pytest.mark.parametrize("width", [1e-4, 0.02, 0.8])
def test_small_overlaps_are_known_to_rounding(loc, width):
    average = spin_averages(loc, width, 0.9)
    with mpmath.workdps(50):
        exact = spin_averages(*(mpmath.mpf(value) for value in (loc, width, 0.9)))
        excess = exact.tanh2 - (exact.width / exact.T) ** 2 * exact.sech4_over_T * exact.T
        assert abs(average.tanh2 / exact.tanh2 - 1) < 1e-14
        # in a field that hardly shows beside its noise an odd function is averaged
        assert abs(average.excess - excess) < 1e-14 * abs(excess) + 1e-16 * loc * width
        assert abs(exact.excess / excess - 1) < 1e-25


GLASSES = {
    # replicon/(distance from the transition)^2, exactly, as the distance vanishes; None: from many digits
    "SK": (lambda e: SherringtonKirkpatrick(T=1 - e), -4 / 3),
    "Hopfield": (lambda e: Hopfield(alpha=0.25, T=1.5 - e), None),
    "spectral": (lambda e: SpectralRBM(w=0.0, T=1 - e, kappa=1.0), -8 / 3),
    "hidden": (lambda e: OneHiddenUnit(alpha=(1 + e) / 0.8**4, beta=0.8, beta_star=0.4), None),
}


@pytest.mark.parametrize("name", GLASSES)
def test_a_glass_without_field_breaks_replica_symmetry_up_to_its_transition(name):
    """The sign held down to 1e-4 only, and no digit below: differences of 1 and rho."""
    make, limit = GLASSES[name]
    scaled = [float(solve(make(e), "glass").replicon) / e**2 for e in (1e-4, 1e-5, 1e-6)]
    limit = scaled[0] if limit is None else limit
    assert limit < 0
    assert scaled == pytest.approx([limit] * 3, rel=1e-3)


def test_replicon_of_sk_has_the_digits_of_many():
    """From the root of <tanh^2>/q = 1 in 40 digits; 1 - rho gave -1.3329(9)e-8 and +6.9e-11."""
    for distance, digits in (("1e-4", 1e-9), ("1e-6", 1e-5)):
        with mpmath.workdps(40):
            T = 1 - mpmath.mpf(distance)

            def overlap(q, T=T):
                return spin_averages(mpmath.mpf(0), mpmath.sqrt(q), T).tanh2 / q - 1

            q = mpmath.findroot(overlap, mpmath.mpf(distance), solver="secant")
            replicon = 1 - spin_averages(mpmath.mpf(0), mpmath.sqrt(q), T).sech4_over_T / T
        state = solve(SherringtonKirkpatrick(T=float(T)), "glass")
        assert float(state["q"]) == pytest.approx(float(q), rel=digits)
        assert float(state.replicon) == pytest.approx(float(replicon), rel=3 * digits)


def test_bayes_optimal_states_keep_replica_symmetry_at_their_onset():
    for e in (1e-4, 1e-6):
        state = solve(OneHiddenUnit(alpha=(1 + e) / 0.8**4, beta=0.8), "informative")
        assert float(state.replicon) == pytest.approx(e, rel=1e-3)


def test_hopfield_hidden_unit_breaks_it_at_its_onset():
    onset = (1 - 0.8**2) ** 2 / 0.8**4
    theories = (HopfieldHiddenUnit(alpha=onset * (1 + e), beta=0.8, beta_star=0.5) for e in (1e-4, 1e-6))
    near, nearer = (
        float(solve(theory, "glass").replicon) / e**2
        for theory, e in zip(theories, (1e-4, 1e-6), strict=True)
    )
    assert nearer == pytest.approx(near, rel=1e-3)
    assert near < 0


def test_entropies_that_vanish_with_the_temperature():
    """Few excited spins: exp(-2/T) of the ferromagnet, and of the saturated tail of a Gaussian."""
    for T in (0.05, 0.01):
        d = np.exp(-2 / T)
        assert float(solve(CurieWeiss(T=T)).entropy) == pytest.approx(d * (1 + 2 / T), rel=1e-12)
        assert float(solve(Hopfield(alpha=0.0, T=T))["C"]) == pytest.approx(4 * d / T, rel=1e-12)
    # the largest share: 1 - exp(-(1/2 + 1/2 - D)/T), exactly to this order
    d = np.exp(-(1 - 0.1) / 0.01)
    assert float(solve(BlumeCapel(T=0.01, D=0.1)).entropy) == pytest.approx(d * (1 + 0.9 / 0.01), rel=1e-10)
    cold = solve(Hopfield(alpha=0.005, T=1e-6))
    width = np.sqrt(0.005)
    tail = np.exp(-0.5 / 0.005) / np.sqrt(2 * np.pi) / width
    assert float(cold.entropy) == pytest.approx(np.pi**2 / 6 * tail * 1e-6, rel=1e-4)
