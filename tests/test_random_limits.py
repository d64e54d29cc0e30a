"""The random RBM and general priors where other theories, exact formulas or brute force know the answer."""

import itertools
import re

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from reference import reference, references
from replica import units
from replica.solving import locate, minimise, solve
from replica.solving.derivatives import jacobian
from replica.theories import Compositional, GeneralPriors, Hopfield, RandomRBM, ThresholdedHopfield

FIG4A = ("bernoulli:g=-0.21", "relu:theta=1.5")
NOISY = {"visible": "bernoulli:g=-0.2", "hidden": "relu:theta=0", "alpha": 0.02, "l": 1.0}
CAPACITY = 0.137905566494932


def values(solution, names="mqCrB"):  # type: ignore[no-untyped-def]
    order = solution.order
    return np.array([float(order[name]) for name in names])


# --- a spin visible layer ----------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 2.0])
def test_two_layers_of_spins_freeze_at_the_fourth_root_of_the_load(alpha: float) -> None:
    theory = RandomRBM("spin", "spin", alpha=alpha, T=0.1)
    assert locate(theory, "glass", "T").value == pytest.approx(alpha**0.25, rel=1e-12)


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
@pytest.mark.parametrize("T", [0.0, 0.05, 0.2, 0.5])
def test_spins_and_gaussian_units_are_the_hopfield_network(T: float, branch: str) -> None:
    """F differs by -alpha/2 - (alpha T/2) ln(2 pi T): the diagonal, and the Gaussian integral of h."""
    alpha = 0.05
    known = solve(Hopfield(alpha=alpha, T=T), branch)
    found = solve(RandomRBM("spin", "gaussian", alpha=alpha, T=T, p=1.0, L=1), branch)
    entropy = alpha / 2 * (np.log(2 * np.pi * T) + 1) if T else -np.inf
    shift = -alpha / 2 - (alpha * T / 2 * np.log(2 * np.pi * T) if T else 0)
    assert values(found, "m") / 2 == pytest.approx(values(known, "m"), abs=1e-12)
    assert values(found, "qCr") == pytest.approx(values(known, "qCr"), rel=1e-12)
    assert float(found.free_energy) == pytest.approx(float(known.free_energy) + shift, abs=1e-12)
    assert float(found.entropy) == pytest.approx(float(known.entropy) + entropy, abs=1e-12)
    assert float(found.replicon) == pytest.approx(float(known.replicon), abs=1e-12)


def test_capacity_of_spins_and_gaussian_units() -> None:
    point = locate(RandomRBM("spin", "gaussian", alpha=0.1, p=1.0, L=1), "spinodal", "alpha")
    assert point.value == pytest.approx(CAPACITY, rel=1e-12)


# --- T = 0, {0, 1} and rectified units ------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {"alpha": 0.5, "theta": 1.0, "g": -0.2, "l": 1.0},
        {"alpha": 0.1, "theta": 0.8, "g": -0.2, "l": 1.4},
        {"alpha": 0.5, "theta": 1.5, "g": -0.21, "l": 0.38},
        {"alpha": 0.6, "theta": 0.2 / 0.1**0.5, "g": -0.2, "p": 0.1, "L": 5},
        {"alpha": 0.1, "theta": 0.3, "g": -0.05, "p": 1.0, "L": 1},
    ],
)
def test_zero_temperature_is_the_compositional_theory(parameters: dict[str, float]) -> None:
    known = solve(Compositional(**parameters))
    rest = {k: v for k, v in parameters.items() if k not in ("theta", "g")}
    found = solve(
        RandomRBM(units.Bernoulli(g=parameters["g"]), units.ReLU(theta=parameters["theta"]), **rest)
    )
    np.testing.assert_allclose(values(found), values(known), rtol=0, atol=1e-12)
    assert float(found.free_energy) == pytest.approx(float(known.free_energy), abs=1e-12)


@pytest.mark.parametrize(
    ("alpha", "theta", "g"),
    [*itertools.product([0.1, 0.5, 1.0], [0.0, 0.8, 1.5], [-0.21]), (0.5, 1.5, -0.24), (0.3, 1.2, -0.1)],
)
def test_the_glass_at_zero_temperature_is_that_of_the_compositional_theory(
    alpha: float, theta: float, g: float
) -> None:
    known = solve(Compositional(alpha=alpha, theta=theta, g=g), "glass")
    found = solve(RandomRBM(units.Bernoulli(g=g), units.ReLU(theta=theta), alpha=alpha), "glass")
    np.testing.assert_allclose(values(found), values(known), rtol=0, atol=1e-9)
    assert float(found.free_energy) == pytest.approx(float(known.free_energy), abs=1e-12)


def test_the_glass_is_found_at_every_temperature() -> None:
    """At fixed q three responses solve the equations here: the glass has the largest."""
    T = np.linspace(0, 0.1, 6)
    found = solve(RandomRBM(*FIG4A, alpha=0.5, T=T), "glass", throw=False)
    assert found.success.all()
    assert np.all(found["q"] > 0.2)
    assert np.all(np.diff(found["q"]) < 0)


@pytest.mark.parametrize("theta", [0.0, 0.5])
def test_the_tuned_field_is_the_thresholded_hopfield_network(theta: float) -> None:
    alpha = 0.1
    known = solve(ThresholdedHopfield(alpha=alpha, theta=theta))
    g = -alpha * float(known["B"]) / 2
    found = solve(RandomRBM(units.Bernoulli(g=g), units.ReLU(theta=theta), alpha=alpha, p=1.0, L=1))
    assert values(found, "m") / 2 == pytest.approx(values(known, "m"), abs=1e-12)
    assert values(found, "qCrB") == pytest.approx(values(known, "qCrB"), abs=1e-12)
    assert float(found.free_energy) == pytest.approx(float(known.free_energy), abs=1e-12)


def test_published_points_of_the_compositional_phase() -> None:
    theory = RandomRBM(*FIG4A, alpha=0.5, l=1.4)
    best = minimise(theory)
    for name, value in (
        ("l_star", best.theory.values["l"]),
        ("f_at_l_star", best.free_energy),
        ("f_at_1.4", solve(theory).free_energy),
    ):
        printed = reference(f"published/random_rbm/fig4a/{name}")
        assert abs(float(value) - printed.number) <= printed.tolerance
    own = "random_rbm/compositional/alpha=0.5,theta=1.5,g=-0.21,l=l_star"
    for name, value in (("l", best.theory.values["l"]), ("f", best.free_energy)):
        ours = reference(f"{own}/{name}")
        assert abs(float(value) - ours.number) <= ours.tolerance


def test_thirteen_hidden_units_and_no_more() -> None:
    """Fig. 3b of Tubiana and Monasson: p = 0.1, alpha = 0.6, unscaled theta = 0.3, g = -0.02."""

    def machine(L: int) -> RandomRBM:
        return RandomRBM.from_unscaled("bernoulli:g=-0.02", "relu:theta=0.3", alpha=0.6, p=0.1, L=L)

    exists = [bool(solve(machine(L), throw=False).success) for L in range(1, 17)]
    assert exists == [True] * 13 + [False] * 3
    capacity = locate(machine(13), "spinodal", "alpha").value
    name = "random_rbm/capacity/finite_p/p=0.1,L=13,theta_unscaled=0.3,g_unscaled=-0.02/alpha_c"
    assert capacity == pytest.approx(reference(name).number, rel=1e-11)


# --- one unit: the ground state by brute force -----------------------------------------------------------

UNITS = [
    units.Spin(g=0.1),
    units.Bernoulli(g=-0.2),
    units.Gaussian(g=0.1, gamma=1.5),
    units.ReLU(theta=0.7),
    units.DoubleReLU(theta_plus=0.5, theta_minus=-0.3, gamma_plus=1.2),
    units.DoubleReLU(theta_plus=-0.4, theta_minus=0.6),
    units.Interpolating(omega=0.3),
    units.Potential(lambda x: (x**2 - 1) ** 2),
    units.Potential(np.cosh, domain=(-1.0, 2.0)),
]


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_ground_states_are_found_by_brute_force(unit: units.Unit) -> None:
    rng = np.random.default_rng(7)
    b, a = rng.normal(0, 1.5, 12), rng.uniform(0, 0.6, 12)
    energy, s = unit.ground(b, a)
    for i in range(b.size):

        def cost(x: float, i: int = i) -> float:
            return float(unit.potential(np.array(x)) - a[i] * x**2 / 2 - b[i] * x)

        if unit.discrete:
            least = min(cost(x) for x in unit.values)
        else:
            low, high = (max(unit.domain[0], -12.0), min(unit.domain[1], 12.0))
            grid = np.linspace(low, high, 2401)
            start = min(grid, key=cost)
            step = grid[1] - grid[0]
            around = (max(low, start - step), min(high, start + step))
            found = minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 1e-12})
            least = min(float(found.fun), cost(start))
            assert s[i] == pytest.approx(float(found.x), abs=1e-6)
        assert energy[i] == pytest.approx(least, abs=1e-12)
        assert cost(s[i]) == pytest.approx(least, abs=1e-12)


@pytest.mark.parametrize(
    ("visible", "hidden"), [(UNITS[1], UNITS[3]), (UNITS[0], UNITS[4]), (UNITS[7], UNITS[8])], ids=str
)
def test_averages_at_zero_temperature_are_those_of_the_ground_states(
    visible: units.Unit, hidden: units.Unit
) -> None:
    """Average over the field with plain Gauss-Legendre panels, the unit's ground state node by node."""
    edges = np.linspace(-9, 9, 4001)
    node, weight = np.polynomial.legendre.leggauss(3)
    half = np.diff(edges)[:, None] / 2
    z = ((edges[:-1] + edges[1:])[:, None] / 2 + half * node).ravel()
    w = (half * weight).ravel() * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    for unit, loc, width, a in ((visible, 0.2, 0.7, 0.3), (hidden, 0.0, 0.8, 0.4)):
        energy, s = unit.ground(loc + width * z, np.full(z.shape, a))
        average = unit.averages(loc, width, a, 0.0)
        assert average.free_energy == pytest.approx(w @ energy, abs=1e-5)
        assert average.mean == pytest.approx(w @ s, abs=5e-3)
        assert average.square == pytest.approx(w @ s**2, abs=5e-3)
        assert average.response == pytest.approx(w @ (z * s) / width, abs=5e-3)  # Stein's lemma


def test_a_field_that_a_solver_strayed_to_is_no_error() -> None:
    """Numerical sums reach only so far; the other fields of the batch do not suffer."""
    unit = units.Potential(lambda x: x**2 / 2 + 0.5 * np.abs(x), breaks=(0.0,))
    width, a = np.array([0.8, 1e14, 0.8]), np.array([0.2, 0.2, -1e28])
    mean = unit.averages(0.3, width, a, 0.2).mean
    exact = units.DoubleReLU(theta_plus=0.5, theta_minus=-0.5).averages(0.3, 0.8, 0.2, 0.2).mean
    assert np.isfinite(mean).tolist() == [True, False, False]
    assert mean[0] == pytest.approx(exact, abs=1e-11)


# --- finite temperature, and how it tends to T = 0 ----------------------------------------------------------


def test_finite_temperature_reference_points() -> None:
    found = references("random_rbm/finite_T/")
    points = sorted({name.rpartition("/")[0] for name in found})
    assert len(points) == 5
    for point in points:
        kind = re.search(r"finite_T/(.*)/", point)[1]  # type: ignore[index]
        p = {k: float(v) for k, v in (item.split("=") for item in point.rpartition("/")[2].split(","))}
        visible = units.Spin() if kind.startswith("spin") else units.Bernoulli(g=p["g"])
        rest = {k: v for k, v in p.items() if k in ("alpha", "T", "l", "p")}
        if "L" in p:
            rest["L"] = int(p["L"])
        theory = RandomRBM(visible, units.ReLU(theta=p["theta"]), **rest)
        state = solve(theory, "quiet" if kind.endswith("m=0") else "retrieval")
        for name in "mqrBC":
            ours = found[f"{point}/{name}"]
            assert float(state[name]) == pytest.approx(ours.number, rel=2e-11, abs=1e-12), (point, name)
        assert float(state.free_energy) == pytest.approx(found[f"{point}/f"].number, abs=1e-12)


def change(T: float) -> np.ndarray:  # type: ignore[type-arg]
    """Change of (m, q, C, r, B) between T = 0 and T, on the noisy state."""
    return values(solve(RandomRBM(**NOISY, T=T))) - values(solve(RandomRBM(**NOISY, T=0.0)))


def test_the_limit_of_zero_temperature() -> None:
    """Q is off by -T C; m, C and r by T^2 on the scale of 1e-3; their terms of order T are far smaller."""
    C = float(solve(RandomRBM(**NOISY, T=0.0))["C"])
    one, two = change(1e-3), change(2e-3)
    for i in (0, 2, 3):  # m, C, r
        assert np.log2(two[i] / one[i]) == pytest.approx(2, abs=0.12)
    corrected = [d[1] + T * C for d, T in ((one, 1e-3), (two, 2e-3))]
    assert np.log2(corrected[1] / corrected[0]) == pytest.approx(2, abs=0.12)
    assert change(1e-4)[1] == pytest.approx(-1e-4 * C, rel=0.05)


def test_the_response_of_rectified_units_tends_to_its_limit_more_slowly() -> None:
    """The tail of var(h) below the threshold falls as 1/b^2: B is off by a multiple of T ln(1/T)."""
    parameters = {"visible": "bernoulli:g=-0.2", "hidden": "relu:theta=0.8", "alpha": 0.1, "l": 1.4}
    cold = float(solve(RandomRBM(**parameters, T=0.0))["B"])
    slopes = [(float(solve(RandomRBM(**parameters, T=T))["B"]) - cold) / T for T in (5e-4, 1e-3, 2e-3)]
    assert slopes[0] - slopes[1] == pytest.approx(slopes[1] - slopes[2], rel=0.1)  # linear in ln T
    assert slopes[0] > slopes[1] > slopes[2] > 0


def test_the_terms_of_order_T_follow_from_that_of_q() -> None:
    """Gaussian units: d(m, q, r, B, C)/dT = (1 - J)^-1 (0, -C, 0, 0, 0) at T = 0."""
    parameters = {"visible": "spin", "hidden": "gaussian", "alpha": 0.1, "p": 1.0, "L": 1}
    cold, T = solve(RandomRBM(**parameters, T=0.0)), 1e-5
    warm = solve(RandomRBM(**parameters, T=T))
    push = np.array([0, -float(cold["C"]), 0, 0, 0])
    expected = np.linalg.solve(np.eye(5) - jacobian(cold.theory, cold.x), push)
    np.testing.assert_allclose((warm.x - cold.x) / T, expected, rtol=0.03, atol=1e-6)


@pytest.mark.parametrize(("hidden", "k"), [("gaussian", 0.5), ("relu:theta=0", 0.75)])
def test_the_free_energy_has_a_logarithm_of_the_temperature(hidden: str, k: float) -> None:
    """F = f(0) - k alpha T ln T: an active continuous unit contributes 1/2 to k, a silent one 1.

    At zero threshold half of the rectified units are silent.
    """
    parameters = {"visible": "spin", "hidden": hidden, "alpha": 0.05, "p": 1.0, "L": 1}
    cold = solve(RandomRBM(**parameters, T=0.0)).free_energy

    def slope(T: float) -> float:
        return float(solve(RandomRBM(**parameters, T=T)).free_energy - cold) / T

    assert (slope(2e-5) - slope(4e-5)) / (0.05 * np.log(2)) == pytest.approx(k, rel=5e-3)


# --- general priors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pattern", "alpha"), [(0.05, 0.02), (0.1, 0.005)])
def test_retrieval_points_of_general_priors(pattern: float, alpha: float) -> None:
    state = solve(GeneralPriors(alpha=alpha, T=0.2, omega_pattern=pattern))
    for name in ("m", "q", "qd", "p", "pd", "ln_Z"):
        ours = reference(f"general_priors/omega=(0,1,{pattern:g}),alpha={alpha:g},T=0.2/{name}")
        value = -state.free_energy / 0.2 if name == "ln_Z" else state[name]
        assert float(value) == pytest.approx(ours.number, rel=1e-12)


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
@pytest.mark.parametrize(("alpha", "T"), [(0.02, 0.3), (0.08, 0.2), (0.05, 0.05)])
def test_binary_and_gaussian_priors_are_the_hopfield_network(alpha: float, T: float, branch: str) -> None:
    known = solve(Hopfield(alpha=alpha, T=T), branch)
    found = solve(GeneralPriors(alpha=alpha, T=T), branch)
    assert values(found, "mq") == pytest.approx(values(known, "mq"), abs=1e-12)
    assert T * float(found["p"]) == pytest.approx(float(known["r"]), rel=1e-11)
    shift = T * np.log(2) - alpha / 2
    assert float(found.free_energy) == pytest.approx(float(known.free_energy) + shift, abs=1e-12)
    assert float(found.replicon) == pytest.approx(float(known.replicon), abs=1e-10)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(
    ("visible", "hidden", "exact"),
    [
        (0.0, 0.0, lambda a: a**0.5),
        (0.0, 1.0, lambda a: 1 + a**0.5),
        (1.0, 0.0, lambda a: a**0.5 + a),
    ],
    ids=["binary-binary", "hopfield", "gaussian-binary"],
)
def test_glass_temperatures_of_general_priors(visible: float, hidden: float, exact, alpha: float) -> None:  # type: ignore[no-untyped-def]
    theory = GeneralPriors(alpha=alpha, T=1.0, omega_visible=visible, omega_hidden=hidden)
    point = locate(theory, "glass", "T", near=np.zeros(0), value=(1 + alpha**0.5) ** 2)
    assert point.value == pytest.approx(exact(alpha), rel=1e-12)


def test_low_load_retrieves_below_the_share_of_the_hidden_prior() -> None:
    T = np.array([0.55, 0.65])
    for pattern in (0.0, 0.5, 0.8):
        theory = GeneralPriors(alpha=0.0, T=T, omega_hidden=0.6, omega_pattern=pattern)
        assert solve(theory, throw=False).success.tolist() == [True, False]


def test_binary_hidden_units_do_not_retrieve() -> None:
    theory = GeneralPriors(alpha=np.array([0.0, 0.01, 0.1]), T=0.2, omega_hidden=0.0)
    assert not solve(theory, "retrieval", throw=False).success.any()


def test_gaussian_patterns_are_not_retrieved_at_any_load() -> None:
    """Stein's lemma: m > 0 asks for 1 - q = T, which makes the noise p of the other patterns infinite."""
    nearly = np.array([0.5, 0.7, 0.9])
    found = solve(GeneralPriors(alpha=0.0, T=0.2, omega_pattern=nearly))
    gap = 0.2 - (1 - found["q"])
    assert np.all(np.diff(gap) < 0)
    assert 0 < gap[2] < 1e-3
    assert found["p"] * gap**2 == pytest.approx(0.2 * found["q"], rel=1e-6)
    assert np.all(np.diff(found["p"]) > 5 * found["p"][:-1])
    loaded = GeneralPriors(alpha=np.array([1e-3, 0.01, 0.05]), T=0.2, omega_pattern=1.0)
    assert not solve(loaded, "retrieval", throw=False).success.any()


def test_binary_layers_are_the_bipartite_spin_glass() -> None:
    """Q and p of two layers of spins at temperature T^(1/2): beta enters the weights there."""
    alpha, T = 0.5, 0.3
    found = solve(GeneralPriors(alpha=alpha, T=T, omega_hidden=0.0), "glass")
    layers = solve(RandomRBM("spin", "spin", alpha=alpha, T=T**0.5), "glass")
    assert float(found["q"]) == pytest.approx(float(layers["q"]), abs=1e-12)
    assert float(found["p"]) == pytest.approx(float(layers["r"]), abs=1e-12)


# --- states that do not exist without noise -----------------------------------------------------------


def test_free_spins_are_held_by_the_noise_of_the_hidden_units() -> None:
    """At p = 0.9 and L = 3 a spin in seven feels no pattern: its free response exceeds 1 below T = 0.13.

    The state is then found from the noise; it obeys the equations of Gaussian hidden units, r = q/(1 - C)^2,
    with the averages of a spin over W = +-1, +-2, +-3 and 0, and C tends to 1 as alpha falls.
    """
    theory = RandomRBM("spin", "gaussian", alpha=0.005, T=0.1, p=0.9, L=3)
    assert theory.at(alpha=0.0).start("retrieval")[4] > 1
    state = solve(theory)
    m, q, r, B, C = state.x
    assert r == pytest.approx(q / (1 - C) ** 2, rel=1e-12)
    assert pytest.approx(1 / (1 - C), rel=1e-12) == B
    z, width = np.linspace(-9, 9, 4001), np.sqrt(0.005 * r)
    weight = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    chance = {0: 0.1**3 + 6 * 0.1 * 0.45**2, 1: 3 * 0.45 * 0.1**2 + 3 * 0.45**3}
    chance |= {2: 3 * 0.45**2 * 0.1, 3: 0.45**3}
    overlap, square = 0.0, 0.0
    for w, one in chance.items():
        for sign in (-1, 1):
            s = np.tanh((m * sign * w / 2 + width * z) / 0.1)
            overlap += one * (0.5 if w == 0 else 1) * sign * w * np.sum(s * weight)
            square += one * (0.5 if w == 0 else 1) * np.sum(s**2 * weight)
    assert m == pytest.approx(2 / 2.7 * overlap, abs=1e-12)
    assert q == pytest.approx(square, abs=1e-12)
    assert pytest.approx((1 - square) / 0.1, abs=1e-11) == C
    assert locate(theory, "spinodal", "alpha").value == pytest.approx(0.007171895295, abs=1e-12)
    assert locate(theory.at(T=0.0), "spinodal", "alpha").value == pytest.approx(0.007860636821, abs=1e-12)
    less = [float(solve(theory.at(alpha=alpha)).order["C"]) for alpha in (1e-3, 1e-4)]
    assert 0.59 < C < less[0] < less[1] < 1


def test_states_that_need_two_hidden_units_are_another_branch() -> None:
    """At T = 0 v = 1 iff W >= 1 is the retrieval branch; v = 1 iff W >= 2 is a solution with another name."""
    theory = RandomRBM("bernoulli:g=-0.2", "relu:theta=1.5", alpha=1e-3, l=3.0)
    two = solve(theory, start={"m": 0.308609, "q": 0.2, "r": 0.0, "B": 0.0, "C": 0.0})
    assert two["m"] == pytest.approx(0.308609, abs=1e-6)
    assert not theory.belongs("retrieval", two.x)
    assert solve(theory)["m"] == pytest.approx(0.439827, abs=1e-6)
    alpha = np.linspace(0.001, 0.6, 60)  # the branch ends, states of the other one do not
    ours = solve(RandomRBM("bernoulli:g=-0.21", "relu:theta=0.5", alpha=alpha, l=4.0), throw=False)
    theirs = solve(Compositional(alpha=alpha, theta=0.5, g=-0.21, l=4.0), throw=False)
    assert list(ours.success) == list(theirs.success)


@pytest.mark.parametrize(
    ("omega", "value"), [(0.3, 0.0115929610490), (0.5, 0.0017915311257), (0.8, 2.49152056e-5)]
)
def test_capacity_with_patterns_that_are_half_gaussian(omega: float, value: float) -> None:
    """The overlap p of the hidden units is up to 4e4 there; a state exists below, and none above."""
    theory = GeneralPriors(alpha=0.01, T=0.2, omega_pattern=omega)
    assert locate(theory, "spinodal", "alpha").value == pytest.approx(value, abs=1e-12)
    assert solve(theory.at(alpha=0.98 * value), throw=False).success
    assert not solve(theory.at(alpha=1.02 * value), "retrieval", throw=False).success


@pytest.mark.parametrize(
    "parameters",
    [
        {"alpha": 0.02, "T": 0.2, "omega_pattern": 0.05},
        {"alpha": 0.005, "T": 0.5, "omega_hidden": 0.8, "omega_visible": 0.05, "omega_pattern": 0.05},
    ],
)
def test_energy_and_entropy_of_general_priors(parameters: dict[str, float]) -> None:
    """S = -df/dT with f at a solution, and e = f + T s."""
    state, h, T = solve(GeneralPriors(**parameters)), 1e-3, parameters["T"]

    def f(T: float) -> float:
        return float(solve(GeneralPriors(**(parameters | {"T": T}))).free_energy)

    slope = (8 * (f(T + h) - f(T - h)) - (f(T + 2 * h) - f(T - 2 * h))) / (12 * h)
    assert state.entropy == pytest.approx(-slope, abs=1e-8)
    assert state.energy == pytest.approx(float(state.free_energy) + T * float(state.entropy), abs=1e-13)


def test_general_priors_have_the_energy_of_the_hopfield_network() -> None:
    """The diagonal of the couplings is kept, and priors are normalised."""
    ours, theirs = solve(GeneralPriors(alpha=0.05, T=0.3)), solve(Hopfield(alpha=0.05, T=0.3))
    assert ours.energy == pytest.approx(float(theirs.energy) - 0.05 / 2, abs=1e-13)
    assert ours.entropy == pytest.approx(float(theirs.entropy) - np.log(2), abs=1e-13)
