"""Training against exact maximum likelihood, exact resume, and what is refused."""

import dataclasses
import gzip
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replica.errors import ParameterError, ReplicaError, UnknownNameError
from replica.machines.data.loading import DataError, load_data, read_idx
from replica.machines.inference import exact
from replica.machines.models.rbm import RBM, BlockGibbs, with_field
from replica.machines.training.epochs import (
    FROZEN,
    Settings,
    Training,
    TrainingError,
    field_spread,
    start,
    train,
    update_direction,
)
from replica.machines.training.settings import Use
from replica.units import Bernoulli, DoubleReLU, Gaussian, ReLU, Spin, Unit

HIDDEN: dict[str, Unit] = {
    "bernoulli": Bernoulli(),
    "spin": Spin(),
    "gaussian": Gaussian(gamma=2.0),
    "relu": ReLU(theta=0.3),
    "double-relu": DoubleReLU(theta_plus=0.2, theta_minus=-0.3),
}


def teacher(visible: Unit, count: int = 400, N: int = 6) -> Any:
    """Data with two modes: a weak machine sampled exactly."""
    rng = np.random.default_rng(11)
    low, high = sorted(visible.values) if visible.discrete else (-1.0, 1.0)
    pattern = np.where(np.arange(N) % 2, 1, -1) * rng.choice([-1, 1], (count, 1))
    flipped = np.where(rng.random((count, N)) < 0.25, -pattern, pattern)
    data = np.where(flipped > 0, high, low)
    return data if visible.discrete else data + 0.5 * rng.standard_normal(data.shape)


def likelihood(rbm: RBM, data: Any) -> float:
    return float(np.mean(-rbm.visible_free_energy(data)) - exact.log_partition(rbm))


def same(one: Training, two: Training) -> bool:
    arrays = [
        (one.rbm.weights, two.rbm.weights),
        (one.rbm.visible.g, two.rbm.visible.g),  # type: ignore[attr-defined]
        (one.chains, two.chains),
        *(
            (getattr(a, n), getattr(b, n))
            for a, b in zip(one.memory, two.memory, strict=True)
            for n in vars(a)
        ),
    ]
    return all(np.array_equal(a, b) for a, b in arrays) and one.history == two.history


# -- gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("visible", [Bernoulli(), Spin()], ids=["bernoulli", "spin"])
def test_the_exact_gradient_passes_finite_differences(visible: Unit, hidden: str) -> None:
    data = teacher(visible, 20, 4)
    training = start(data, visible, HIDDEN[hidden], 3, Settings(method="exact", scale=0.4, seed=2))
    slope, _ = update_direction(training, data)
    rbm, h = training.rbm, 1e-4
    rng = np.random.default_rng(0)
    for _ in range(4):
        dw, da, db = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=3)

        def at(t: float, dw: Any = dw, da: Any = da, db: Any = db) -> float:
            moved = RBM(rbm.weights + t * dw, with_field(rbm.visible, t * da), with_field(rbm.hidden, t * db))
            return likelihood(moved, data)

        numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        analytic = np.sum(slope.weights * dw) + slope.visible @ da + slope.hidden @ db
        assert numeric == pytest.approx(analytic, abs=2e-9)


def test_the_gradient_of_gaussian_visible_units_passes_finite_differences() -> None:
    data = teacher(Gaussian(), 30, 4)
    training = start(data, Gaussian(), Bernoulli(), 3, Settings(method="exact", scale=0.3, seed=2))
    slope, _ = update_direction(training, data)
    rbm, h = training.rbm, 1e-4
    for i, j in [(0, 0), (3, 2), (1, 1)]:
        step = np.zeros((4, 3))
        step[i, j] = h

        def at(k: int, step: Any = step) -> float:
            return likelihood(RBM(rbm.weights + k * step, rbm.visible, rbm.hidden), data)

        numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
        assert numeric == pytest.approx(slope.weights[i, j], abs=1e-9)


@pytest.mark.parametrize("k", [1, 3])
def test_the_mean_of_sampled_cd_is_its_expectation_within_4_sigma(k: int) -> None:
    data = teacher(Bernoulli(), 50, 5)
    training = start(data, Bernoulli(), Bernoulli(), 3, Settings(method="cd", k=k, scale=1.0, seed=3))
    expected = exact.contrastive_divergence(training.rbm, data, k)
    drawn = []
    for update in range(600):
        gradient, _ = update_direction(dataclasses.replace(training, update=update), data)
        drawn.append(np.concatenate([gradient.weights.ravel(), gradient.visible, gradient.hidden]))
    error = np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn))
    wanted = np.concatenate([expected.weights.ravel(), expected.visible, expected.hidden])
    assert np.all(np.abs(np.mean(drawn, axis=0) - wanted) < 4 * error)


@pytest.mark.parametrize("method", ["pcd", "tempered"])
def test_chains_of_a_fixed_machine_give_the_exact_gradient_within_4_sigma(method: str) -> None:
    data = teacher(Spin(), 50, 5)
    how = Settings(method=method, k=4, chains=50, temperatures=3, scale=0.5, seed=5)
    training = start(data, Spin(), ReLU(theta=0.5), 4, how)
    drawn = []
    for update in range(220):
        gradient, chains = update_direction(dataclasses.replace(training, update=update), data)
        training = dataclasses.replace(training, chains=chains)
        if update >= 20:
            drawn.append(gradient.weights.ravel())
    error = np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn))
    wanted = exact.gradient(training.rbm, data).weights.ravel()
    assert np.all(
        np.abs(np.mean(drawn, axis=0) - wanted) < 4 * 1.5 * error
    )  # neighbours are correlated a little


@pytest.mark.parametrize(("method", "power"), [("mean-field", 1), ("tap", 2)])
def test_mean_field_gradients_err_by_their_order_in_the_weights(method: str, power: int) -> None:
    data = teacher(Spin(), 50, 5)

    def gap(scale: float) -> float:
        training = start(
            data, Spin(), Spin(), 4, Settings(method=method, k=300, chains=2, scale=scale, seed=4)
        )
        rbm = RBM(training.rbm.weights, Spin(g=np.full(5, 0.3)), Spin(g=np.full(4, 0.4)))
        estimate, _ = update_direction(dataclasses.replace(training, rbm=rbm), data)
        return float(np.max(np.abs(estimate.weights - exact.gradient(rbm, data).weights)))

    assert gap(0.05) / gap(0.025) == pytest.approx(2**power, rel=0.1)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("dtype", "error"), [("float32", 1e-6), ("float64", 1e-12)])
def test_means_in_training_are_those_of_the_machine(hidden: str, dtype: str, error: float) -> None:
    rbm = RBM(np.random.default_rng(1).normal(0, 20, (6, 5)), Spin(), HIDDEN[hidden])
    v = np.random.default_rng(2).choice([-1.0, 1.0], (40, 6))
    gibbs, found = BlockGibbs(rbm, 40, 0, dtype=dtype), np.empty((40, 5), dtype)
    gibbs.turn_into_means(v.astype(dtype), found)
    scale = np.max(np.abs(rbm.hidden_field(v)))  # single precision rounds the fields
    assert found == pytest.approx(rbm.hidden_mean(v), rel=2 * error, abs=scale * error)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_chains_go_on_in_a_changed_machine_as_in_a_new_one(hidden: str) -> None:
    rng = np.random.default_rng(3)
    rbm = RBM(rng.normal(size=(6, 5)), Spin(g=0.1), HIDDEN[hidden])
    weights, visible, field = rng.normal(size=(6, 5)), rng.normal(size=6), rng.normal(size=5)
    changed = BlockGibbs(rbm, 20, 1, dtype="float64")
    new = RBM(weights, with_field(rbm.visible, visible), with_field(rbm.hidden, field))
    made = BlockGibbs(new, 20, 2, visible=changed.visible, dtype="float64")
    changed.change(weights, visible, field, 2)
    for gibbs in (changed, made):
        gibbs.sweep(3)
    assert np.array_equal(changed.visible, made.visible)
    assert changed.hidden == pytest.approx(made.hidden, rel=1e-9)


def test_single_precision_changes_the_gradient_by_less_than_a_thousandth_of_its_noise() -> None:
    data = teacher(Spin(), 100, 5)
    training = start(data, Spin(), ReLU(theta=0.5), 4, Settings(method="cd", scale=0.5, seed=5))
    training = train(training, data, 20, monitor=False)
    drawn, off = [], []
    for update in range(40):
        here = dataclasses.replace(training, update=update)
        single, _ = update_direction(here, data)
        gibbs = BlockGibbs(here.rbm, 100, here.settings.random(Use.UPDATE, update), visible=data)
        gibbs.sweep()
        v, mean = gibbs.visible.astype(float), here.rbm.hidden_mean
        double = (data.T @ mean(data) - v.T @ mean(v)) / 100
        drawn.append(double)
        off.append(np.max(np.abs(single.weights - double)))
    assert np.max(off) < 1e-3 * np.min(np.std(drawn, axis=0))


# -- learning ------------------------------------------------------------------------------------------------

HOW: dict[str, dict[str, Any]] = {
    "exact": {"method": "exact", "batch": 400, "rate": 1.0},
    "cd": {"method": "cd", "k": 5},
    "pcd": {"method": "pcd", "k": 2},
    "tempered": {"method": "tempered", "temperatures": 4},
    "tap": {"method": "tap", "k": 5, "chains": 20},
    "adam": {"method": "pcd", "optimizer": "adam", "rate": 0.05},
    "momentum": {"method": "pcd", "momentum": 0.5, "rate": 0.2},
    "plain": {"method": "pcd", "centred": False},
    "slower": {"method": "pcd", "schedule": "inverse", "halving": 60.0, "rate": 0.6},
}


@pytest.fixture(scope="module")
def most_likely() -> float:
    """Likelihood of two hidden units trained exactly, for a long time."""
    data = teacher(Bernoulli())
    training = start(data, Bernoulli(), Bernoulli(), 2, Settings(**HOW["exact"], scale=0.3, seed=1))
    return likelihood(train(training, data, 1000, monitor=False).rbm, data)


@pytest.mark.parametrize("name", [name for name in HOW if name != "exact"])
def test_every_method_comes_close_to_maximum_likelihood(name: str, most_likely: float) -> None:
    data = teacher(Bernoulli())
    without = likelihood(start(data, Bernoulli(), Bernoulli(), 2, Settings(scale=0.0)).rbm, data)
    how = Settings(**{"rate": 0.5, "scale": 0.3, "seed": 1} | HOW[name])
    training = start(data, Bernoulli(), Bernoulli(), 2, how)
    found = likelihood(train(training, data, 100, monitor=False).rbm, data)
    lost = 0.6 if name == "tap" else 0.3  # strong couplings: TAP stops half way
    assert most_likely - without > 0.3
    assert found > most_likely - lost * (most_likely - without)
    assert found < most_likely + 0.05


MARKS = (5, 10, 20, 40, 100)


def learning_curve(**how: Any) -> Any:
    """Exact mean log-likelihood after some epochs, always with the same batches and the same start."""
    data = teacher(Bernoulli())
    training = start(data, Bernoulli(), Bernoulli(), 2, Settings(rate=0.5, scale=0.3, seed=1, **how))
    curve = []
    for epoch in MARKS:
        training = train(training, data, epoch - training.epoch, monitor=False)
        curve.append(likelihood(training.rbm, data))
    return np.array(curve)


@pytest.fixture(scope="module")
def exactly() -> Any:
    return learning_curve(method="exact")


@pytest.mark.parametrize(
    "how", [{"method": "cd"}, {"method": "cd", "k": 5}, {"method": "pcd"}, {"method": "tempered"}], ids=str
)
def test_sampled_gradients_follow_the_curve_of_exact_maximum_likelihood(
    how: dict[str, Any], exactly: Any
) -> None:
    assert exactly[-1] - exactly[0] > 0.3
    # 100 chains: moments err by 0.1, the curve by a few percent of its height
    assert learning_curve(**how) == pytest.approx(exactly, abs=0.03)


@pytest.mark.parametrize(("method", "until"), [("mean-field", 2), ("tap", 3)])
def test_mean_field_follows_the_curve_while_weights_are_small_and_not_further(
    method: str, until: int, exactly: Any
) -> None:
    found = learning_curve(method=method, k=5, chains=20)
    assert found[:until] == pytest.approx(exactly[:until], abs=0.08)
    assert found[-1] < exactly[-1] - 0.1


@pytest.mark.parametrize("hidden", ["spin", "gaussian", "relu", "double-relu"])
def test_every_hidden_unit_learns(hidden: str) -> None:
    data = teacher(Spin())
    training = start(data, Spin(), HIDDEN[hidden], 3, Settings(rate=0.06, scale=0.1, seed=1))
    after = likelihood(train(training, data, 70, monitor=False).rbm, data)
    before = likelihood(training.rbm, data)
    assert after > before + 0.15


def test_gaussian_visible_units_learn() -> None:
    data = teacher(Gaussian())
    training = start(data, Gaussian(), Spin(), 2, Settings(rate=0.02, scale=0.1, seed=1))
    after = train(training, data, 100)
    assert likelihood(after.rbm, data) > likelihood(training.rbm, data) + 0.15
    assert np.isnan(after.history[-1].pseudo_likelihood)


def test_penalties_do_what_they_say() -> None:
    data = teacher(Spin())
    one = {"method": "exact", "batch": 400, "rate": 0.1, "scale": 0.3, "seed": 1}

    def weights(**more: float) -> Any:
        return train(
            start(data, Spin(), Spin(), 4, Settings(**one, **more)), data, 150, monitor=False
        ).rbm.weights

    plain = weights()
    assert np.sum(weights(weight_decay=0.1) ** 2) < 0.5 * np.sum(plain**2)
    assert np.sum(np.abs(weights(l1=0.05)) < 0.01) > np.sum(np.abs(plain) < 0.01)
    spread = [
        np.std(np.abs(w).sum(axis=0)) / np.mean(np.abs(w).sum(axis=0))
        for w in (weights(l1_squared=0.1), plain)
    ]
    assert spread[0] < spread[1]


# -- going on ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOW)
def test_going_on_is_the_same_to_the_last_bit(name: str) -> None:
    data = teacher(Bernoulli(), 130)
    training = start(data, Bernoulli(), Bernoulli(), 3, Settings(**{"batch": 50, "seed": 9} | HOW[name]))
    assert same(train(train(training, data, 2), data, 3), train(training, data, 5))
    assert not same(train(training, data, 4), train(training, data, 5))


def test_a_training_that_runs_away_keeps_the_last_good_state() -> None:
    data = teacher(Gaussian())
    training = start(data, Gaussian(), ReLU(), 3, Settings(rate=5.0, seed=1))
    with pytest.raises(TrainingError, match="the state after epoch") as caught:
        train(training, data, 50)
    good = caught.value.solution
    assert np.all(np.isfinite(good.rbm.weights))
    assert len(good.history) == good.epoch < 50
    assert same(good, train(training, data, good.epoch))


@pytest.mark.parametrize(
    ("hidden", "how", "says"),
    [
        (ReLU(), {"rate": 1.0, "l1_squared": 2.05}, r"a smaller l1_squared: their product is 2.05"),
        (
            ReLU(),
            {"rate": 0.3, "l1_squared": 30.0},
            r"the visible units differ by .* T from sample",
        ),
        (Bernoulli(), {"rate": 1.0, "weight_decay": 3.0}, "on the hidden units differ by"),
        (Gaussian(), {"rate": 40.0}, "try a smaller learning rate, or a penalty"),
    ],
    ids=["l1-squared", "l1-squared-strong", "weight-decay", "gaussian"],
)
def test_weights_that_diverge_stop_the_training(hidden: Unit, how: dict[str, Any], says: str) -> None:
    data = teacher(Bernoulli())
    training = start(data, Bernoulli(), hidden, 5, Settings(seed=1, scale=0.1, **how))
    with pytest.raises(TrainingError, match="the weights diverge: they have grown") as caught:
        train(training, data, 200, monitor=False)
    assert says in str(caught.value) or re.search(says, str(caught.value))
    assert np.max(np.abs(caught.value.solution.rbm.weights)) < 1e3
    assert max(field_spread(caught.value.solution.rbm, data).values()) < FROZEN


def test_wide_columns_are_named_when_training_runs_away() -> None:
    data = np.random.default_rng(1).normal(size=(300, 4)) * [1, 2e3, 1, 1e4]
    training = start(data, Gaussian(), Bernoulli(), 3, Settings(rate=0.01, seed=1))
    with pytest.raises(TrainingError) as caught:
        train(training, data, 20, monitor=False)
    says = str(caught.value)
    assert re.search(r"try standardising the data.* column 3 \(9.85e\+03\), column 1 \(2.04e\+03\)$", says)
    assert "smaller" not in says
    scaled = (data - data.mean(axis=0)) / data.std(axis=0)
    train(start(scaled, Gaussian(), Bernoulli(), 3, Settings(rate=0.01, seed=1)), scaled, 20, monitor=False)


def test_columns_that_are_constant_but_for_rounding_are_constant() -> None:
    """0.1 three times has a mean that is not 0.1, and a variance of 1e-34."""
    data = np.random.default_rng(1).normal(size=(30, 3))
    data[:, 1] = 0.1
    data[:, 2] = 7 + 1e-9 * data[:, 2]
    gamma = start(data, Gaussian(), Bernoulli(), 2).rbm.visible.gamma
    assert gamma[1] == 1
    assert gamma[[0, 2]] == pytest.approx(1 / data[:, [0, 2]].var(axis=0))


def test_a_large_mean_of_the_data_is_no_divergence() -> None:
    data = teacher(Gaussian()) + 1000.0
    training = start(data, Gaussian(), Bernoulli(), 3, Settings(rate=0.1, scale=0.0003, seed=1))
    trained = train(training, data, 150, monitor=False)
    assert np.max(np.abs(data @ trained.rbm.weights)) > FROZEN
    assert likelihood(trained.rbm, data) > likelihood(training.rbm, data) + 0.05


@pytest.mark.parametrize("offset", [1e3, 2.0**20, 2.0**30])
@pytest.mark.parametrize(
    "how",
    [{}, {"method": "cd", "centred": False, "momentum": 0.5}, {"optimizer": "adam", "weight_decay": 0.1}],
)
def test_a_machine_does_not_depend_on_the_offset_of_its_data(offset: float, how: dict[str, Any]) -> None:
    """The same weights, and the same machine in v - offset, to the digits that the data carry."""
    data = np.round(np.random.default_rng(3).normal(size=(60, 3)) * 2**20) / 2**20
    settings = Settings(rate=0.05, batch=20, seed=1, **how)
    here, there = (
        train(start(v, Gaussian(), ReLU(theta=0.3), 2, settings), v, 4).rbm for v in (data, data + offset)
    )
    back, digits = there.moved(-offset), 1e-14 * offset
    assert there.weights == pytest.approx(here.weights, abs=digits)
    assert back.visible.g == pytest.approx(here.visible.g, abs=10 * digits)
    assert back.hidden.theta == pytest.approx(here.hidden.theta, abs=10 * digits)


def test_frozen_units_may_thaw() -> None:
    """A first step far too large, and a weight decay that brings the weights back: no reason to stop."""
    data = teacher(Bernoulli())
    how = Settings(rate=0.1, weight_decay=1.0, scale=100.0, seed=1)
    trained = train(start(data, Bernoulli(), Bernoulli(), 3, how), data, 30, monitor=False)
    assert np.max(np.abs(trained.rbm.weights)) < 1


def test_every_epoch_is_reported() -> None:
    data, told = teacher(Spin(), 40), []
    trained = train(start(data, Spin(), Spin(), 2), data, 3, report=lambda t: told.append(t.epoch))
    assert told == [1, 2, 3] == [row.epoch for row in trained.history]
    assert all(row.gradient_norm > 0 and row.pseudo_likelihood < 0 for row in trained.history)


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rate": -0.1}, r"rate = -0.1 must be a number > 0"),
        ({"rate": float("nan")}, "rate = nan"),
        ({"k": 0}, "k = 0"),
        ({"batch": 0}, "batch = 0"),
        ({"momentum": 1.0}, "momentum"),
        ({"seed": -1}, "seed"),
        ({"hottest": 1.0}, "hottest"),
        ({"chains": 10**30}, "chains = 1000000000000000000000000000000 is too large"),
        ({"rate": "fast"}, "rate = fast must be a number"),
        ({"rate": 1j}, "rate = 1j must be a number"),
    ],
)
def test_settings_outside_their_domain(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Settings(**settings)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'pcd'"):
        Settings(method="pdc")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([[0.0, 0.5]], "0.5 in row 0, column 1 is no value of bernoulli units"),
        ([[0.0, 1.0], [np.nan, 1.0]], "row 1, column 0"),
        ([0.0, 1.0], r"shape \(2,\)"),
        (np.empty((0, 3)), r"shape \(0, 3\)"),
        ([["a"]], "table of numbers"),
    ],
)
def test_bad_data(data: Any, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        start(data, Bernoulli(), Bernoulli(), 2)


def test_impossible_machines() -> None:
    data = teacher(Bernoulli(), 10)
    with pytest.raises(ParameterError, match="0 hidden units"):
        start(data, Bernoulli(), Bernoulli(), 0)
    with pytest.raises(ParameterError, match="two values"):
        start(data, Bernoulli(), ReLU(), 2, Settings(method="tap"))
    with pytest.raises(ParameterError, match="exact training"):
        start(np.tile(data, 5), Bernoulli(), Bernoulli(), 25, Settings(method="exact"))
    with pytest.raises(ParameterError, match="100000000000 hidden units would take"):
        start(data, Bernoulli(), Bernoulli(), 10**11)
    with pytest.raises(ParameterError, match="1000000000000 chains would take"):
        start(data, Bernoulli(), Bernoulli(), 2, Settings(chains=10**12))
    with pytest.raises(ParameterError, match="7 columns"):
        train(start(data, Bernoulli(), Bernoulli(), 2), np.zeros((3, 7)), 1)


# -- files of data -------------------------------------------------------------------------------------------


def idx(values: Any) -> bytes:
    values = np.asarray(values, dtype=np.uint8)
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def test_files_are_read(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 3, 2))
    (tmp_path / "a-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "a-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    for name in ("a-idx3-ubyte", "a-idx3-ubyte.gz"):
        assert np.array_equal(read_idx(tmp_path / name), images)
        data = load_data(tmp_path / name, Bernoulli())
        assert data.image == (3, 2)
        assert np.array_equal(data.values, (images > 127).reshape(5, 6))
    bits = (images > 127).reshape(5, 6).astype(float)
    np.save(tmp_path / "a.npy", bits)
    np.savez(tmp_path / "a.npz", data=bits, labels=np.arange(5))
    np.savetxt(tmp_path / "a.csv", bits, delimiter=",", header="a,b,c,d,e,f", comments="")
    for name in ("a.npy", "a.npz", "a.csv"):
        assert np.array_equal(load_data(tmp_path / name, Bernoulli()).values, bits)
    assert np.array_equal(load_data(tmp_path / "a.npy", Spin(), threshold=0.5).values, 2 * bits - 1)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    whole = idx(np.zeros((5, 3, 2)))
    cases = {
        "short": (whole[:-1], "cut off"),
        "header": (whole[:9], "cut off: the header alone has 16 bytes, this one 9"),
        "long": (whole + b"x", "too long"),
        "magic": (b"\x01\x02\x03\x04" + whole[4:], "01 02 03 04, which is no magic number"),
        "empty": (b"", "there is nothing in it"),
        "half.gz": (gzip.compress(whole)[:-9], "damaged or cut off"),
        "a.npy": (b"no", "no .npy"),
        "a.npz": (b"PK\x03\x04", "no .npy"),
        "a.csv": (b"1,0\n1,x\n", "row 1"),
        "b.csv": (b"1,0\n1\n", "row 1"),
    }
    for name, (content, says) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=says):
            load_data(tmp_path / name, Bernoulli())
    np.save(tmp_path / "o.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"no \.npy"):
        load_data(tmp_path / "o.npy", Bernoulli())
    with pytest.raises(ReplicaError, match="No such file"):
        load_data(tmp_path / "none.npy", Bernoulli())
    for threshold, how in ((np.nan, "no"), (3.0, "no"), (-1.0, "all")):
        with pytest.raises(ParameterError, match=f"{how} values of digits are above it; .* between 0 and 1"):
            load_data("digits", Bernoulli(), threshold=threshold)
    np.save(tmp_path / "two.npy", np.full((2, 2), 2.0))
    with pytest.raises(ParameterError, match="2 in row 0, column 0"):
        load_data(tmp_path / "two.npy", Bernoulli())
