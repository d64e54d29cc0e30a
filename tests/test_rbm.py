"""Restricted Boltzmann machines: energies, conditionals, maps between conventions, sampling."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from replica.errors import ParameterError
from replica.machines.inference import exact
from replica.machines.models.rbm import (
    RBM,
    BlockGibbs,
    cumulants,
    effective_couplings,
    hopfield_as_rbm,
    to_bits,
    to_spins,
    with_field,
)
from replica.units import Bernoulli, DoubleReLU, Gaussian, Interpolating, Potential, ReLU, Spin, Unit

UNITS: dict[str, Any] = {
    "bernoulli": Bernoulli(g=0.3),
    "spin": Spin(g=-0.2),
    "gaussian": Gaussian(g=0.1, gamma=1.5),
    "relu": ReLU(theta=0.4, gamma=1.2),
    "double-relu": DoubleReLU(theta_plus=0.5, theta_minus=-0.2),
    "three-values": Potential(lambda x: 0.3 * x**2, values=(-1.0, 0.0, 1.0)),
    "quartic": Potential(lambda x: x**4 / 4 - x**2 / 2),
}


def machine(visible: Unit, hidden: Unit, shape: tuple[int, int] = (4, 3), T: float = 0.8) -> RBM:
    return RBM(np.random.default_rng(5).normal(0, 0.4, shape), visible, hidden, T)


def hidden_integral(unit: Unit, field: float, T: float) -> float:
    """Partition function of one unit by plain quadrature or summation."""

    def weight(x: Any) -> Any:
        return np.exp((field * x - unit.potential(np.asarray(x))) / T)

    if unit.discrete:
        return float(np.sum(weight(np.array(unit.values))))
    low = max(unit.domain[0], -12.0)
    parts = [quad(weight, a, b, epsabs=1e-13, epsrel=1e-13)[0] for a, b in ((low, 0.0), (0.0, 12.0)) if a < b]
    return float(sum(parts))


@pytest.mark.parametrize("visible", ["bernoulli", "spin", "three-values"])
@pytest.mark.parametrize("hidden", UNITS)
def test_free_energy_and_log_z_against_sums_and_quadrature(visible: str, hidden: str) -> None:
    rbm = machine(UNITS[visible], UNITS[hidden], (3, 2))
    total = 0.0
    for v in product(rbm.visible.values, repeat=3):
        fields = np.array(v) @ rbm.weights
        part = np.prod([hidden_integral(rbm.hidden, b, rbm.T) for b in fields])
        part *= np.exp(-np.sum(rbm.visible.potential(np.array(v))) / rbm.T)
        assert rbm.visible_free_energy(v) == pytest.approx(-rbm.T * np.log(part), abs=1e-10)
        total += part
    assert exact.log_partition(rbm) == pytest.approx(np.log(total), abs=1e-10)


def test_energy_is_what_it_says() -> None:
    rbm = machine(UNITS["bernoulli"], UNITS["relu"])
    v, h = np.array([1.0, 0, 1, 1]), np.array([0.2, 0.0, 1.3])
    by_hand = -sum(v[i] * rbm.weights[i, j] * h[j] for i in range(4) for j in range(3))
    by_hand += -0.3 * v.sum() + (0.6 * h**2 + 0.4 * h).sum()
    assert rbm.energy(v, h) == pytest.approx(by_hand, abs=1e-14)
    assert rbm.transposed.energy(h, v) == pytest.approx(by_hand, abs=1e-14)
    assert rbm.energy(np.tile(v, (5, 1)), np.tile(h, (5, 1))).shape == (5,)


def test_conditionals_are_ratios_of_joint_probabilities() -> None:
    rbm = machine(UNITS["spin"], UNITS["bernoulli"], T=1.3)
    v = np.array([1.0, -1, -1, 1])
    h = exact.configurations(rbm.hidden, 3)
    weight = np.exp(-rbm.energy(np.tile(v, (8, 1)), h) / rbm.T)
    np.testing.assert_allclose(rbm.hidden_mean(v), weight @ h / weight.sum(), atol=1e-12)


@pytest.mark.parametrize("hidden", ["bernoulli", "spin", "gaussian", "relu", "double-relu"])
@pytest.mark.parametrize("visible", ["bernoulli", "spin"])
def test_bits_and_spins_have_equal_probabilities(visible: str, hidden: str) -> None:
    rbm = machine(UNITS[visible], UNITS[hidden])
    other, constant = (to_spins if visible == "bernoulli" else to_bits)(rbm)
    v, w = (exact.configurations(m.visible, 4) for m in (rbm, other))
    np.testing.assert_allclose(
        rbm.visible_free_energy(v), other.visible_free_energy(w) + constant, atol=1e-12
    )
    np.testing.assert_allclose(exact.visible_distribution(rbm), exact.visible_distribution(other), rtol=1e-12)
    back, again = (to_bits if visible == "bernoulli" else to_spins)(other)
    assert (
        again == pytest.approx(-constant, abs=1e-14) or hidden == visible or hidden in ("bernoulli", "spin")
    )
    np.testing.assert_allclose(exact.visible_distribution(back), exact.visible_distribution(rbm), rtol=1e-12)


def test_a_unit_without_a_field_is_refused_by_the_map() -> None:
    with pytest.raises(ParameterError, match="no parameter of it is a field"):
        to_spins(machine(Bernoulli(), UNITS["quartic"]))
    assert with_field(Gaussian(), 0.5) == Gaussian(g=0.5)


def test_hopfield_marginal_is_the_hopfield_energy_with_its_diagonal() -> None:
    xi = np.random.default_rng(2).choice([-1, 1], (3, 7))
    rbm = hopfield_as_rbm(xi, T=0.6)
    s = exact.configurations(Spin(), 7)
    J = xi.T @ xi / 7
    energy = -np.einsum("ni,ij,nj->n", s, J, s) / 2
    shift = -3 * 0.6 / 2 * np.log(2 * np.pi * 0.6)
    np.testing.assert_allclose(rbm.visible_free_energy(s), energy + shift, atol=1e-10)


# -- effective couplings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNITS)
def test_cumulants_against_quadrature(name: str) -> None:
    unit, T = UNITS[name], 0.7

    def moment(n: int) -> float:
        if unit.discrete:
            s = np.array(unit.values)
            return float(np.sum(s**n * np.exp(-unit.potential(s) / T)))
        return sum(
            quad(
                lambda s: s**n * np.exp(-unit.potential(np.asarray(s)) / T), a, b, epsabs=1e-14, epsrel=1e-13
            )[0]
            for a, b in ((max(unit.domain[0], -12.0), 0.0), (0.0, 12.0))
            if a < b
        )

    m = [moment(n) / moment(0) for n in range(5)]
    known = [
        m[1],
        m[2] - m[1] ** 2,
        m[3] - 3 * m[2] * m[1] + 2 * m[1] ** 3,
        m[4] - 4 * m[3] * m[1] - 3 * m[2] ** 2 + 12 * m[2] * m[1] ** 2 - 6 * m[1] ** 4,
    ]
    np.testing.assert_allclose(cumulants(unit, T)[:, 0], known, atol=1e-10)


def test_effective_couplings_are_exact_for_gaussian_hidden_units() -> None:
    rbm = machine(Bernoulli(g=0.2), Gaussian(g=[0.1, -0.3, 0.2], gamma=1.4))
    couplings = effective_couplings(rbm)
    v = exact.configurations(rbm.visible, 4)
    np.testing.assert_allclose(couplings.energy(v), rbm.visible_free_energy(v), atol=1e-12)
    by_hand = couplings.constant - 0.2 * v.sum(axis=1) - v @ couplings.order(1)
    by_hand -= np.einsum("ni,ij,nj->n", v, couplings.order(2), v) / 2
    np.testing.assert_allclose(by_hand, rbm.visible_free_energy(v), atol=1e-12)
    assert not np.any(couplings.order(3))


@pytest.mark.parametrize(("hidden", "power"), [("bernoulli", 5), ("relu", 5), ("spin0", 6)])
def test_the_error_of_effective_couplings_has_the_stated_order(hidden: str, power: int) -> None:
    unit = Spin() if hidden == "spin0" else UNITS[hidden]
    errors = []
    for size in (0.05, 0.1):
        base = machine(Spin(), unit)
        rbm = RBM(size * base.weights / 0.4, base.visible, base.hidden, base.T)
        v = exact.configurations(Spin(), 4)
        errors.append(np.max(np.abs(effective_couplings(rbm).energy(v) - rbm.visible_free_energy(v))))
    assert np.log2(errors[1] / errors[0]) == pytest.approx(power, abs=0.3)


def test_arrays_of_couplings_are_those_of_the_energy() -> None:
    rbm = machine(Bernoulli(), Bernoulli(g=0.5))
    couplings = effective_couplings(rbm)
    v = exact.configurations(rbm.visible, 4)
    terms = [
        np.einsum("ni,i->n", v, couplings.order(1)),
        np.einsum("ni,nj,ij->n", v, v, couplings.order(2)) / 2,
        np.einsum("ni,nj,nk,ijk->n", v, v, v, couplings.order(3)) / 6,
        np.einsum("ni,nj,nk,nl,ijkl->n", v, v, v, v, couplings.order(4)) / 24,
    ]
    np.testing.assert_allclose(couplings.energy(v), couplings.constant - sum(terms), atol=1e-12)


# -- sampling ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("visible", "hidden", "T"),
    [
        ("bernoulli", "bernoulli", 1.0),
        ("spin", "spin", 0.8),
        ("bernoulli", "spin", 1.5),
        ("spin", "gaussian", 0.8),
        ("bernoulli", "relu", 0.8),
        ("three-values", "double-relu", 1.0),
    ],
)
def test_block_gibbs_meets_enumeration(visible: str, hidden: str, T: float, dtype: Any) -> None:
    """10,000 independent chains after 15 sweeps: every mean and correlation within 4.5 sigma."""
    rbm = machine(UNITS[visible], UNITS[hidden], T=T)
    gibbs = BlockGibbs(rbm, 10_000, seed=11, dtype=dtype)
    gibbs.sweep(15)
    gibbs.draw_hidden()
    known = exact.moments(rbm)
    v, h = gibbs.visible.astype(float), gibbs.hidden.astype(float)
    for samples, mean in (
        (v, known.visible),
        (h, known.hidden),
        (v[:, :, None] * h[:, None, :], known.visible_hidden),
    ):
        sigma = np.std(samples, axis=0) / np.sqrt(len(samples))
        assert np.max(np.abs(samples.mean(axis=0) - mean) / sigma) < 4.5


def test_units_of_any_potential_are_sampled() -> None:
    rbm = machine(UNITS["three-values"], UNITS["quartic"], (2, 2), T=1.0)
    gibbs = BlockGibbs(rbm, 2000, seed=8, dtype=np.float64)
    gibbs.sweep(6)
    known = exact.moments(rbm)
    for samples, mean in ((gibbs.visible, known.visible), (gibbs.visible**2, np.diag(known.visible_visible))):
        sigma = np.std(samples, axis=0) / np.sqrt(len(samples))
        assert np.max(np.abs(samples.mean(axis=0) - mean) / sigma) < 4.5


def test_each_chain_can_have_its_temperature() -> None:
    rbm = machine(Spin(g=0.3), Spin(), T=1.0)
    T = np.repeat([0.5, 2.0], 8000)
    gibbs = BlockGibbs(rbm, 16_000, seed=4, T=T)
    gibbs.sweep(40)
    for t in (0.5, 2.0):
        v = gibbs.visible[t == T].astype(float)
        known = exact.moments(RBM(rbm.weights, rbm.visible, rbm.hidden, t)).visible
        sigma = np.sqrt((1 - known**2) / len(v))
        assert np.max(np.abs(v.mean(axis=0) - known) / sigma) < 4.5


@pytest.mark.parametrize("hidden", ["bernoulli", "spin", "gaussian", "relu"])
def test_zero_temperature_descends_to_a_state_that_stays(hidden: str) -> None:
    rbm = machine(Spin(), UNITS[hidden], (30, 12), T=0.0)
    gibbs = BlockGibbs(rbm, 50, seed=3, dtype=np.float64)
    gibbs.draw_hidden()
    energies = [gibbs.energy()]
    for _ in range(60):
        gibbs.sweep()
        gibbs.draw_hidden()
        energies.append(gibbs.energy())
    assert np.all(np.diff(energies, axis=0) < 1e-12)
    before = gibbs.visible.copy()
    gibbs.sweep()
    np.testing.assert_array_equal(gibbs.visible, before)


def test_the_seed_decides_everything() -> None:
    def run(seed: Any) -> Any:
        gibbs = BlockGibbs(machine(Bernoulli(), Bernoulli()), 7, seed=seed)
        gibbs.sweep(3)
        return gibbs.visible

    np.testing.assert_array_equal(run(1), run(np.random.SeedSequence(1)))
    assert np.any(run(1) != run(2))


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: RBM([1.0, 2.0], Spin(), Spin()), "give a matrix"),
        (lambda: RBM([[1.0, np.nan]], Spin(), Spin()), "1 of 2 are not finite"),
        (lambda: RBM(np.ones((6, 4)), Spin(g=np.ones(5)), Spin()), "units that do not match.*have 6 visible"),
        (
            lambda: RBM(np.ones((6, 4)), Spin(), Spin(g=[1, 2])),
            "shape \\(2,\\), but the weights have 4 hidden",
        ),
        (lambda: RBM(np.ones((6, 4)), "spin", Spin()), "give a unit such as"),
        (lambda: RBM(np.ones((6, 4)), Spin(), Spin(), T=-0.1), "T = -0.1 must be a number >= 0"),
        (lambda: RBM(np.ones((6, 4)), Spin(g=np.inf), Spin()), "g must be a finite real number, not inf"),
        (lambda: RBM(np.ones((2, 2)), Gaussian(), Gaussian()), "cannot be normalised"),
        (lambda: machine(Spin(), Spin()).energy([1, 1], [1, 1, 1]), "this layer has 4 units"),
        (lambda: BlockGibbs(machine(Spin(), Spin()), 0, 1), "at least 1"),
        (lambda: BlockGibbs(machine(Spin(), Spin()), 2, -1), "seed = -1 must be a whole number"),
        (lambda: BlockGibbs(machine(Spin(), Spin()), 2, 1, dtype=np.int8), "float32 or float64"),
        (lambda: BlockGibbs(machine(Spin(), Spin()), 2, 1, T=[1.0, -1.0]), "must be >= 0"),
        (lambda: effective_couplings(machine(Spin(), Spin(), T=0.0)), "T must be positive"),
        (lambda: effective_couplings(machine(Spin(), Spin(), (200, 2))).order(4), "at most 100 units"),
        (lambda: hopfield_as_rbm([]), "at least one of each"),
    ],
)
def test_bad_input_gets_a_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_interpolating_units_serve_as_spins_at_omega_zero() -> None:
    """Their prior is normalised: each sign weighs one half."""
    rbm = RBM([[0.4]], Interpolating(omega=0.0), Spin())
    assert exact.log_partition(rbm) == pytest.approx(np.log(2 * np.cosh(0.4)), abs=1e-12)


@pytest.mark.parametrize("field", [-700.0, -3.0, 0.0, 0.2, 40.0, 700.0])
@pytest.mark.parametrize(("unit", "values"), [(Spin(g=0.1), (-1.0, 1.0)), (Bernoulli(g=0.1), (0.0, 1.0))])
def test_closed_forms_of_binary_units_are_the_sums_over_their_values(
    unit: Unit, values: tuple[float, ...], field: float
) -> None:
    summed = Potential(lambda x: -0.1 * x, values=values)
    for name in ("log_partition", "mean", "variance", "entropy"):
        known = getattr(summed, name)(field, 0.3, 0.7)
        assert getattr(unit, name)(field, 0.3, 0.7) == pytest.approx(known, rel=1e-11, abs=1e-14)
    # one parameter for each unit, fields in batches
    many = type(unit)(g=np.array([0.1, -0.5, 0.3]))  # type: ignore[call-arg]
    batch = many.mean(np.full((4, 3), field / 700), 0.3, 0.7)
    assert batch.shape == (4, 3)
    assert batch[2, 0] == pytest.approx(unit.mean(field / 700, 0.3, 0.7), rel=1e-14)


@pytest.mark.parametrize(
    ("visible", "hidden", "weights", "fine"),
    [
        (Gaussian(), ReLU(), [[1.2, -1.2]], False),
        (Gaussian(), ReLU(), [[0.9, -0.9]], True),  # singular value 1.27, but h >= 0 cannot add them up
        (Gaussian(), ReLU(), [[0.9, 0.9]], False),
        (ReLU(), Gaussian(), [[0.9], [-0.9]], True),
        (ReLU(), ReLU(), [[-3.0, 0.9], [0.9, -3.0]], True),
        (ReLU(), ReLU(), [[-3.0, 1.1], [0.9, -3.0]], False),
        (Gaussian(gamma=4.0), ReLU(gamma=0.5), [[1.4]], True),
        (Gaussian(gamma=4.0), ReLU(gamma=0.5), [[1.5]], False),
    ],
    ids=str,
)
def test_layers_of_gaussian_and_relu_units_must_be_confined(
    visible: Unit, hidden: Unit, weights: Any, fine: bool
) -> None:
    if fine:
        assert np.array_equal(RBM(weights, visible, hidden).weights, weights)
    else:
        with pytest.raises(ParameterError, match="cannot be normalised"):
            RBM(weights, visible, hidden)
