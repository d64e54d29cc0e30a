"""Machines in files, deep belief networks, and the scikit-learn estimator."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import replica.machines
from replica.errors import ParameterError, ReplicaWarning, UnknownNameError
from replica.machines import RBMTransformer
from replica.machines.inference import exact
from replica.machines.models.rbm import RBM
from replica.machines.training import dbn
from replica.machines.training.epochs import Settings, start, train
from replica.machines.training.files import (
    FileError,
    dumps,
    from_sklearn,
    kept_with,
    load_machine,
    load_training,
    save_machine,
    to_rbms,
)
from replica.units import Bernoulli, DoubleReLU, Gaussian, Potential, ReLU, Spin, Unit

BITS = np.random.default_rng(3).integers(0, 2, (60, 8)).astype(float)


def equal(one: RBM, two: RBM) -> bool:
    layers = [(one.visible, two.visible), (one.hidden, two.hidden)]
    return (
        np.array_equal(one.weights, two.weights)
        and one.T == two.T
        and all(type(a) is type(b) for a, b in layers)
        and all(
            np.array_equal(a.parameters[name], b.parameters[name]) for a, b in layers for name in a.parameters
        )
    )


@pytest.mark.parametrize(
    "hidden", [Bernoulli(g=0.5), Spin(g=[0.1, 0.2]), Gaussian(gamma=2.0), ReLU(theta=0.3), DoubleReLU()]
)
def test_a_machine_comes_back_as_it_was(tmp_path: Path, hidden: Unit) -> None:
    rbm = RBM(np.random.default_rng(1).normal(size=(3, 2)), Spin(g=0.1), hidden, T=0.7)
    save_machine(rbm, tmp_path / "a.npz")
    assert equal(load_machine(tmp_path / "a.npz"), rbm)
    assert kept_with(tmp_path / "a.npz") == {}
    save_machine(rbm, tmp_path / "a.npz", data="mine.npy", image=[1, 3])
    assert kept_with(tmp_path / "a.npz") == {"data": "mine.npy", "image": [1, 3]}
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("how", [{"optimizer": "adam"}, {"method": "tempered"}, {"method": "tap"}])
def test_a_stored_training_goes_on_to_the_last_bit(tmp_path: Path, how: dict[str, Any]) -> None:
    begun = start(BITS, Bernoulli(), Bernoulli(), 3, Settings(batch=25, seed=2, **how))
    save_machine(train(begun, BITS, 2), tmp_path / "a.npz", data="bits")
    again, about = load_training(tmp_path / "a.npz")
    assert about == {"data": "bits"}
    one, two = train(again, BITS, 3), train(begun, BITS, 5)
    assert equal(one.rbm, two.rbm)
    assert one.history == two.history
    assert dumps(one) == dumps(two)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("chains", lambda a: a[:, :5], r"chains has the shape \(100, 5\), not \(100, 8\)"),
        ("chains", lambda a: np.where(a == a, np.nan, a), "chains is not finite"),
        ("memory.0.weights", lambda a: a[:2], r"memory.0.weights has the shape \(2, 3\)"),
        ("counters", lambda a: -a, "counters -1 and -3"),
        ("settings", lambda _: np.array('{"rate": -1}'), "rate = -1"),
        ("settings", lambda _: np.array("rate"), "Expecting value"),
        ("settings", lambda _: np.array('{"speed": 1}'), "speed"),
    ],
)
def test_a_damaged_training_is_not_gone_on_with(tmp_path: Path, name: str, change: Any, says: str) -> None:
    begun = start(BITS, Bernoulli(), Bernoulli(), 3, Settings(batch=25))
    save_machine(train(begun, BITS, 1), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as stored:
        arrays = dict(stored)
    arrays[name] = change(arrays[name])
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(FileError, match=f"its training is damaged .*{says}"):
        load_training(tmp_path / "b.npz")


def test_scikit_learn_machines_are_read(tmp_path: Path) -> None:
    model = BernoulliRBM(4, n_iter=3, random_state=1).fit(BITS)
    rbm = from_sklearn(model)
    assert rbm.hidden_mean(BITS) == pytest.approx(model.transform(BITS), abs=1e-12)
    names = ("components_", "intercept_hidden_", "intercept_visible_")
    np.savez(tmp_path / "s.npz", **{name: getattr(model, name) for name in names})
    assert equal(load_machine(tmp_path / "s.npz"), rbm)
    assert kept_with(tmp_path / "s.npz") == {}
    with pytest.raises(ParameterError, match="fitted BernoulliRBM"):
        from_sklearn(BernoulliRBM())


@pytest.mark.parametrize("unit", [Bernoulli, Spin])
def test_files_of_rbms_are_read(tmp_path: Path, unit: Any) -> None:
    rbm = RBM(np.random.default_rng(1).normal(size=(3, 2)), unit(g=[0.1, 0.2, 0.3]), unit(g=[-0.1, 0.4]))
    to_rbms(rbm, tmp_path / "a.h5")
    assert equal(load_machine(tmp_path / "a.h5"), rbm)
    assert kept_with(tmp_path / "a.h5") == {}
    with h5py.File(
        tmp_path / "a.h5", "a"
    ) as file:  # a later update, in the older layout, is the one that counts
        for name, value in (
            ("weight_matrix", 2 * rbm.weights),
            ("vbias", np.zeros(3)),
            ("hbias", np.zeros(2)),
        ):
            file[f"update_20/{name}"] = value
    assert np.array_equal(load_machine(tmp_path / "a.h5").weights, 2 * rbm.weights)


def test_arrays_of_pgm_have_the_energy_that_pgm_gives_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    w, fields, up, down = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=2), rng.normal(size=2)
    arrays: dict[str, Any] = {"weights": w, "vlayer": "Spin", "vlayer.fields": fields, "hlayer": "dReLU"}
    arrays |= {"hlayer.gamma_plus": np.array([1.0, 2.0]), "hlayer.gamma_minus": np.array([1.5, 0.5])}
    arrays |= {"hlayer.theta_plus": up, "hlayer.theta_minus": down}
    np.savez(tmp_path / "p.npz", **arrays)
    v, h = np.array([1.0, -1.0, 1.0]), np.array([0.7, -0.3])
    wanted = 0.5 * 0.7**2 + up[0] * 0.7 + 0.25 * 0.3**2 + down[1] * 0.3 - fields @ v - h @ w @ v
    assert load_machine(tmp_path / "p.npz").energy(v, h) == pytest.approx(wanted, abs=1e-12)


def test_what_is_no_machine_is_refused(tmp_path: Path) -> None:
    good = RBM(np.ones((3, 2)), Spin(), Spin())
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "other": ({"W": np.ones((2, 2))}, "holds the arrays W"),
        "half": ({"components_": np.ones((2, 2))}, "no array intercept_hidden_"),
        "nature": ({"weights": np.ones((2, 2)), "vlayer": "Potts", "hlayer": "Spin"}, "unknown nature"),
        "shape": (
            {
                "components_": np.ones((2, 3)),
                "intercept_hidden_": np.ones(3),
                "intercept_visible_": np.ones(3),
            },
            "units that do not match",
        ),
    }
    for name, (arrays, says) in cases.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
        with pytest.raises((FileError, UnknownNameError), match=says):
            load_machine(tmp_path / f"{name}.npz")
    (tmp_path / "p.npz").write_bytes(pickle.dumps({"weights": 1}))
    (tmp_path / "c.npz").write_bytes(dumps(good)[:200])
    (tmp_path / "h.h5").write_bytes(b"\x89HDF\r\n\x1a\n rest")
    for name in ("p.npz", "c.npz", "h.h5"):
        with pytest.raises(FileError, match="cannot read"):
            load_machine(tmp_path / name)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["weights"] = np.ones(2)
    with pytest.raises(FileError, match="no group update_N"):
        load_machine(tmp_path / "x.h5")
    with pytest.raises(FileError, match="No such file"):
        load_machine(tmp_path / "none.npz")
    save_machine(good, tmp_path / "good.npz")
    with pytest.raises(FileError, match="no training to go on with"):
        load_training(tmp_path / "good.npz")
    with pytest.raises(ParameterError, match="no units of the package"):
        save_machine(RBM(np.ones((3, 2)), Spin(), Potential(lambda x: x**4)), tmp_path / "u.npz")
    for write, name in ((save_machine, "a.npz"), (to_rbms, "a.h5")):
        with pytest.raises(FileError, match="nothing was changed"):
            write(good, tmp_path / "no" / name)
    with pytest.raises(ParameterError, match="rbms has no machine with spin and relu"):
        to_rbms(RBM(np.ones((3, 2)), Spin(), ReLU()), tmp_path / "r.h5")


# -- deep belief networks ------------------------------------------------------------------------------------


def test_a_stack_generates_what_it_saw() -> None:
    data = np.repeat([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], 50, axis=0).astype(float)
    told: list[int] = []
    stack = dbn.fit(
        data,
        Bernoulli(),
        [(Bernoulli(), 4), (Bernoulli(), 3)],
        80,
        Settings(rate=0.3, batch=20, scale=0.1, seed=1),
        report=lambda i, _: told.append(i),
    )
    assert told == [0] * 80 + [1] * 80
    drawn = stack.generate(400, sweeps=200, seed=2)
    seen = np.mean([any(np.array_equal(row, known) for known in (data[0], data[-1])) for row in drawn])
    assert seen > 0.5  # by chance: 2/64
    one, two = stack.transform(data[[0, -1]])
    assert np.max(np.abs(one - two)) > 0.5


def test_the_way_down_has_the_exact_distribution_within_4_sigma() -> None:
    rng = np.random.default_rng(5)
    below, above = (
        RBM(rng.normal(size=(3, 2)), Bernoulli(), Bernoulli()),
        RBM(rng.normal(size=(2, 2)), Bernoulli(), Bernoulli()),
    )
    top, middle = exact.visible_distribution(above), exact.configurations(Bernoulli(), 2)
    wanted = top @ below.visible_mean(middle)
    drawn = dbn.DeepBeliefNetwork([below, above]).generate(20_000, sweeps=30, seed=1)
    assert np.all(np.abs(drawn.mean(axis=0) - wanted) < 4 * 0.5 / np.sqrt(20_000))


def test_stacks_that_do_not_fit() -> None:
    rbm = RBM(np.ones((3, 2)), Spin(), Spin())
    with pytest.raises(ParameterError, match="do not match"):
        dbn.DeepBeliefNetwork([rbm, rbm])
    with pytest.raises(ParameterError, match="at least one"):
        dbn.DeepBeliefNetwork([])


# -- the estimator -------------------------------------------------------------------------------------------


@parametrize_with_checks([RBMTransformer(n_hidden=5, epochs=2)])
def test_scikit_learn_accepts_the_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_estimator_in_a_pipeline_and_a_search() -> None:
    y = BITS[:, 0].astype(int)
    model = make_pipeline(RBMTransformer(n_hidden=6, epochs=3, random_state=1), LogisticRegression())
    search = GridSearchCV(model, {"rbmtransformer__rate": [0.01, 0.1]}, cv=2).fit(BITS, y)
    assert search.best_params_["rbmtransformer__rate"] in (0.01, 0.1)
    assert list(model[:1].fit(BITS).get_feature_names_out())[:1] == ["rbmtransformer0"]


def test_the_estimator_is_the_training() -> None:
    model = RBMTransformer(n_hidden=3, epochs=4, random_state=7)
    fitted = clone(model).fit(BITS)
    step = clone(model)
    for _ in range(4):
        step.partial_fit(BITS)
    assert np.array_equal(fitted.components_, step.components_)
    assert np.array_equal(fitted.transform(BITS), fitted.rbm_.hidden_mean(BITS))
    assert fitted.score_samples(BITS).shape == (60,)
    assert set(np.unique(fitted.sample(5, sweeps=2))) <= {0.0, 1.0}
    assert clone(model).set_params(hidden="relu").fit(2 * BITS - 1).rbm_.visible.name == "spin"
    with pytest.raises(UnknownNameError, match="unit"):
        clone(model).set_params(visible="bits").fit(BITS)


def test_the_score_of_an_untrained_machine_is_that_of_independent_units() -> None:
    X = np.repeat([[0, 0, 1, 1], [1, 1, 0, 0]], 50, axis=0)
    how = {"n_hidden": 2, "rate": 0.2, "batch": 20, "random_state": 1}
    with pytest.warns(ReplicaWarning, match=r"score \(pseudo-likelihood\), .* that of independent units"):
        RBMTransformer(epochs=1, **how).fit(X).score(X)
    assert RBMTransformer(epochs=100, **how).fit(X).score(X) > -1.5  # no warning
    Y = np.random.default_rng(1).normal(size=(200, 1)) * [[1, 1, -1]] + np.zeros((200, 3))
    Y += 0.3 * np.random.default_rng(2).normal(size=Y.shape)
    with pytest.warns(ReplicaWarning, match="varies from sample to sample as that of independent units"):
        RBMTransformer(epochs=1, scale=1e-4, rate=1e-4, visible="gaussian", random_state=1).fit(Y).score(Y)
    RBMTransformer(n_hidden=2, epochs=300, visible="gaussian", random_state=1).fit(Y).score(Y)


def test_the_estimator_advises_what_it_has() -> None:
    """It has no threshold, no --resume; a nearly constant column has scores of its own."""
    model = RBMTransformer(n_hidden=2, epochs=1, visible="bernoulli", random_state=0)
    with pytest.raises(ParameterError, match=r"0\.5 in row 0, column 0") as refused:
        model.fit([[0.5, 0.0], [1.0, 0.0]])
    assert "threshold" not in str(refused.value)
    assert "choose other visible units" in str(refused.value)
    X = np.random.default_rng(1).normal(size=(500, 3)) * [1, 1, 1e-9] + [0, 0, 7]
    scores = RBMTransformer(n_hidden=4, epochs=20, rate=0.01, random_state=0).fit(X).score_samples(X)
    assert np.std(scores) == pytest.approx(np.sqrt(3 / 2), rel=0.1)  # three Gaussian columns


def test_scikit_learn_is_imported_with_the_estimator_only() -> None:
    code = (
        "import sys, replica.machines.training.epochs, replica.machines.training.files; "
        "print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert "RBMTransformer" in dir(replica.machines)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = replica.machines.nonsense
