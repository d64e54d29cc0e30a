"""Machines of 5 x 4 units against sums and integrals written out anew, with nothing of the package in them.

A machine is ln Z = ln sum_v sum_h exp(sum v w h - U(v) - U(h)). Discrete layers are enumerated. Given them, a
Gaussian unit of curvature gamma in a field b gives sqrt(2 pi/gamma) exp(b^2/2 gamma), a rectified one a
quadrature; two continuous layers are a determinant or, with ReLU, a quadrature over four h.
"""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import integrate

from phase_diagrams.commands import main
from replica.machines.inference import exact, mean_field
from replica.machines.inference.likelihood import annealed
from replica.machines.models.rbm import RBM
from replica.machines.training.files import save_machine
from replica.units import Bernoulli, Gaussian, ReLU, Spin, Unit

N, M = 5, 4
A, B = np.array([0.3, -0.2, 0.1, 0.4, -0.5]), np.array([-0.4, 0.3, 0.2, -0.1])
W = np.array(
    [
        [0.42, -0.31, 0.15, 0.27],
        [-0.18, 0.36, -0.44, 0.09],
        [0.25, 0.12, 0.33, -0.38],
        [-0.29, 0.41, 0.07, 0.22],
        [0.11, -0.16, 0.35, -0.24],
    ]
)
STIFF = {"gaussian": 2.0, "relu": 1.5}
PAIRS = list(itertools.product(["bernoulli", "spin", "gaussian"], ["bernoulli", "spin", "gaussian", "relu"]))
pairs = pytest.mark.parametrize(("visible", "hidden"), PAIRS)
UNITS = {
    "bernoulli": Bernoulli,
    "spin": Spin,
    "gaussian": lambda g: Gaussian(g=g, gamma=STIFF["gaussian"]),
    "relu": lambda g: ReLU(theta=-g, gamma=STIFF["relu"]),
}
VALUES = {"bernoulli": (0.0, 1.0), "spin": (-1.0, 1.0)}


def machine(visible: str, hidden: str, w: Any = W, a: Any = A, b: Any = B) -> RBM:
    made: tuple[Unit, Unit] = UNITS[visible](a), UNITS[hidden](b)
    return RBM(w, *made)


def one(kind: str, field: float) -> float:
    """Sum or integral over one unit in a field."""
    if kind in VALUES:
        return sum(math.exp(field * s) for s in VALUES[kind])
    gamma = STIFF[kind]
    if kind == "gaussian":
        return math.sqrt(2 * math.pi / gamma) * math.exp(field**2 / (2 * gamma))
    value, _ = integrate.quad(
        lambda s: math.exp(field * s - gamma * s * s / 2), 0, 30, epsabs=0, epsrel=1e-12
    )
    return float(value)


def log_sum(visible: str, hidden: str, w: Any = W, a: Any = A, b: Any = B) -> float:
    """Ln Z, written out."""
    if visible in VALUES:
        return math.log(
            sum(
                math.exp(np.dot(a, v)) * math.prod(one(hidden, b[j] + np.dot(v, w[:, j])) for j in range(M))
                for v in itertools.product(VALUES[visible], repeat=N)
            )
        )
    if hidden in VALUES:
        return math.log(
            sum(
                math.exp(np.dot(b, h)) * math.prod(one(visible, a[i] + np.dot(w[i], h)) for i in range(N))
                for h in itertools.product(VALUES[hidden], repeat=M)
            )
        )
    # v is integrated: what is left of h is exp(f h - h K h/2) over the whole space, or where all h >= 0
    gamma = STIFF["gaussian"]
    K = STIFF[hidden] * np.eye(M) - w.T @ w / gamma
    f = b + w.T @ a / gamma
    rest = N / 2 * math.log(2 * math.pi / gamma) + np.dot(a, a) / (2 * gamma)
    if hidden == "gaussian":
        return (
            rest + M / 2 * math.log(2 * math.pi) - np.linalg.slogdet(K)[1] / 2 + f @ np.linalg.solve(K, f) / 2
        )
    x, weight = np.polynomial.legendre.leggauss(24)
    x, weight = 4.5 * (x + 1), 4.5 * weight  # 0 to 9, where exp(-K h^2/2) is below 1e-12
    h = np.stack(np.meshgrid(*[x] * M, indexing="ij"), axis=-1).reshape(-1, M)
    each = np.prod(np.stack(np.meshgrid(*[weight] * M, indexing="ij"), axis=-1).reshape(-1, M), axis=1)
    return rest + math.log(np.sum(each * np.exp(h @ f - np.sum((h @ K) * h, axis=1) / 2)))


@pairs
def test_log_z_of_the_command_is_the_sum(visible: str, hidden: str, tmp_path: Path) -> None:
    name = tmp_path / "rbm.npz"
    save_machine(machine(visible, hidden), name)
    method = "exact" if visible in VALUES or hidden in VALUES else "ais"
    asked = ["likelihood", str(name), "--method", method, "--steps", "100", "--seed", "1", "--json"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    wanted = log_sum(visible, hidden)
    if method == "exact":
        assert told["log_Z"] == pytest.approx(wanted, rel=1e-11)
    else:
        assert abs(told["log_Z"] - wanted) < 4 * told["error"]


@pairs
def test_annealing_errs_by_its_error_bars(visible: str, hidden: str) -> None:
    """20 seeds: scores with mean 0 +- 0.22 and spread 1 +- 0.16, both within 4 sigma."""
    rbm, known = machine(visible, hidden), log_sum(visible, hidden)
    found = [annealed(rbm, runs=50, steps=20, seed=seed) for seed in range(20)]
    scores = [(one.log_Z - known) / one.error for one in found]
    assert abs(np.mean(scores)) < 4 / math.sqrt(20)
    assert abs(np.std(scores, ddof=1) - 1) < 4 / math.sqrt(40)


@pytest.mark.parametrize(("visible", "hidden"), [pair for pair in PAIRS if VALUES.keys() & set(pair)])
def test_the_exact_gradient_is_that_of_the_sum(visible: str, hidden: str) -> None:
    rng = np.random.default_rng(4)
    data = rng.choice(VALUES[visible], (7, N)) if visible in VALUES else rng.normal(size=(7, N))
    slope = exact.gradient(machine(visible, hidden), data)

    def likelihood(w: Any, a: Any, b: Any) -> float:
        stiff = 0.0 if visible in VALUES else STIFF[visible] / 2
        each = [
            a @ v - stiff * v @ v + sum(math.log(one(hidden, b[j] + v @ w[:, j])) for j in range(M))
            for v in data
        ]
        return float(np.mean(each)) - log_sum(visible, hidden, w, a, b)

    dw, da, db = rng.normal(size=(N, M)), rng.normal(size=N), rng.normal(size=M)
    h = 1e-3
    up, down, far, near = (likelihood(W + t * dw, A + t * da, B + t * db) for t in (h, -h, 2 * h, -2 * h))
    numeric = (8 * (up - down) - (far - near)) / (12 * h)
    analytic = np.sum(slope.weights * dw) + slope.visible @ da + slope.hidden @ db
    assert analytic == pytest.approx(numeric, abs=1e-8)


@pytest.mark.parametrize(("visible", "hidden"), [pair for pair in PAIRS if set(pair) <= VALUES.keys()])
def test_tap_errs_by_the_third_order_of_the_weights(visible: str, hidden: str) -> None:
    gaps = []
    for part in (0.2, 0.4):
        found = mean_field.solve(machine(visible, hidden, w=part * W), order=2)
        gaps.append(abs(found.log_Z - log_sum(visible, hidden, w=part * W)))
    assert gaps[1] / gaps[0] > 2**2.5  # the fourth order may have the other sign
    assert gaps[1] < 2e-3
