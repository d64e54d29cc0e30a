"""The random RBM of any two units: what is refused, how values convert, and batches of units."""

import json
import math

import numpy as np
import pytest

from console import replica
from replica import solve
from replica.errors import ConvergenceError, ParameterError
from replica.solving import search
from replica.theories import GeneralPriors, RandomRBM
from replica.units import Bernoulli, Gaussian, Potential, ReLU, Spin

BAD = [
    (
        "solve random-rbm --visible bernouli --hidden relu -p alpha=0.1 -p l=1",
        "unknown unit 'bernouli'; did you mean 'bernoulli'",
    ),
    ("solve random-rbm --visible spin --hidden relu:thta=1 -p alpha=0.1 -p l=1", "did you mean 'theta'"),
    ("solve random-rbm --visible spin --hidden relu:theta=x -p alpha=0.1 -p l=1", "theta=NUMBER"),
    ("solve random-rbm --visible spin --hidden spin -p p=1 -p alpha=0.1 -p L=1", "quadratic tail"),
    ("solve random-rbm --visible spin --hidden spin -p alpha=0.1 --branch retrieval", "quadratic tail"),
    ("solve random-rbm --visible spin --hidden gaussian -p alpha=0.1", "give l"),
    ("solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p p=0.1 -p l=1", "give L, not l"),
    ("solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p l=1 -p L=3", "give l = pL"),
    (
        "solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p l=1 --sites 0.5:1,0.4:1",
        "sum to 0.9",
    ),
    ("solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p l=1 --sites 0.5:1,0.5:2", "mean 1.5"),
    ("solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p l=1 --sites 0.5", "FRACTION:X"),
    (
        "solve random-rbm --visible spin --hidden gaussian -p alpha=0.1 -p p=1 -p L=1 --sites 0.5:0,0.5:2",
        "at most 1",
    ),
    ("solve random-rbm --visible spin -p alpha=0.1 -p l=1", "give --hidden UNIT"),
    ("solve hopfield --visible spin -p alpha=0.1", "unknown parameter of hopfield 'visible'"),
    ("solve random-rbm --visible spin --hidden relu -p alpha=0.1 -p l=1 --unscaled", "unscaled parameter"),
]


@pytest.mark.parametrize(("line", "sentence"), BAD, ids=[line for line, _ in BAD])
def test_bad_input_is_one_sentence(line: str, sentence: str) -> None:
    result = replica(line)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_potential_that_does_not_confine_is_named_with_the_condition() -> None:
    absolute = Potential(np.abs, breaks=(0.0,))
    for units in ((absolute, Gaussian()), (Spin(), absolute)):
        with pytest.raises(ParameterError, match=r"grows more slowly than a parabola.*kappa x\^2/2"):
            RandomRBM(*units, alpha=0.1, T=0.5)


def test_units_may_be_numerical_and_give_the_same_state() -> None:
    """A ReLU and a spin by their potentials alone, against their closed forms."""
    ours = RandomRBM(Spin(), ReLU(theta=0.5), alpha=0.1, T=0.3, p=1.0, L=1)
    visible = Potential(lambda s: 0 * s, values=(-1.0, 1.0))
    hidden = Potential(lambda h: h**2 / 2 + 0.5 * h, domain=(0.0, math.inf))
    theirs = RandomRBM(visible, hidden, alpha=0.1, T=0.3, p=1.0, L=1)
    a, b = solve(ours), solve(theirs)
    np.testing.assert_allclose(a.x, b.x, rtol=1e-11)
    assert a.free_energy == pytest.approx(b.free_energy, abs=1e-12)
    assert a.entropy == pytest.approx(b.entropy, abs=1e-11)


def test_a_grid_of_unit_parameters_is_one_call() -> None:
    """f(l) at a grid of (alpha, theta, g), against points solved alone."""
    l = np.linspace(0.1, 1.2, 8)
    alpha = np.array([0.1, 0.5])[:, None]
    theta, g = np.array([1.2, 1.5])[:, None, None], np.array([-0.22, -0.2])[:, None, None, None]
    many = solve(RandomRBM(Bernoulli(g=g), ReLU(theta=theta), alpha=alpha, l=l), throw=False)
    assert many.free_energy.shape == (2, 2, 2, 8)
    assert np.all(many.success)
    for index in [(0, 0, 0, 0), (1, 0, 1, 5), (0, 1, 1, 7)]:
        i, j, k, n = index
        alone = solve(
            RandomRBM(
                Bernoulli(g=float(g[i, 0, 0, 0])),
                ReLU(theta=float(theta[j, 0, 0])),
                alpha=float(alpha[k, 0]),
                l=l[n],
            )
        )
        assert many.free_energy[index] == pytest.approx(alone.free_energy, abs=1e-13)


def test_unscaled_and_scaled_are_one_call_apart() -> None:
    """Energy and free energy per neuron in unscaled units, from their definitions; ln p shifts f and s."""
    p, T = 0.1, 0.004
    theory = RandomRBM.from_unscaled("bernoulli:g=-0.02", "relu:theta=0.3", alpha=0.6, T=T, p=p, L=5)
    assert theory.visible.g == pytest.approx(-0.2)
    assert theory.hidden.theta == pytest.approx(0.3 / math.sqrt(p))
    assert pytest.approx(T / p) == theory.T
    state = solve(theory)
    f, e, s = (theory.unscaled(name, getattr(state, name)) for name in ("free_energy", "energy", "entropy"))
    assert f == pytest.approx(e - T * s, abs=1e-14)
    assert theory.unscaled("m", state["m"]) == pytest.approx(p * state["m"] / 2)
    assert theory.unscaled("q", state["q"]) == state["q"]


def test_only_the_branches_that_make_sense_are_searched() -> None:
    spins = RandomRBM("spin", "spin", alpha=0.5, T=0.4)
    assert spins.available == ("glass", "paramagnet")
    assert solve(spins).branch == "glass"
    assert {state.branch for state in search(spins)} == {"glass", "paramagnet"}
    lopsided = RandomRBM("bernoulli:g=-0.2", "relu:theta=0.8", alpha=0.1, T=0.08, l=1.0)
    assert lopsided.available == ("retrieval", "glass", "quiet")
    with pytest.raises(ConvergenceError):
        solve(lopsided, "paramagnet")


def test_show_units_prints_every_unit() -> None:
    from replica.units import UNITS

    result = replica("show units")
    assert result.exit_code == 0
    for name, unit in UNITS.items():
        assert f"\n{name}: " in result.stdout
        assert unit.about["activation"] in result.stdout


def test_general_priors_know_their_corners() -> None:
    """(0, 1, 0) is the Hopfield network up to the constants that its free energy leaves out."""
    from replica.theories import Hopfield

    alpha, T = 0.05, 0.2
    ours, theirs = solve(GeneralPriors(alpha=alpha, T=T)), solve(Hopfield(alpha=alpha, T=T))
    assert ours["m"] == pytest.approx(theirs["m"], abs=1e-13)
    assert ours["q"] == pytest.approx(theirs["q"], abs=1e-13)
    assert ours["p"] * T == pytest.approx(theirs["r"], abs=1e-12)
    assert ours.free_energy == pytest.approx(theirs.free_energy - alpha / 2 + T * math.log(2), abs=1e-13)
    assert ours.replicon == pytest.approx(theirs.replicon, abs=1e-12)


def test_a_capacity_is_read_and_printed_unscaled() -> None:
    """The published machine of Fig. 3b, in the units of its energy."""
    units = "--visible bernoulli:g=-0.02 --hidden relu:theta=0.3 -p p=0.1 -p L=13"
    result = replica(f"capacity random-rbm {units} --unscaled --json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["value"] == pytest.approx(0.6334590079341, abs=1e-11)
    assert told["order"]["m"] == pytest.approx(0.1 * 0.6198283376 / 2, abs=1e-9)
    assert told["parameters"]["hidden"] == "relu:theta=0.3"
    for line in (f"capacity random-rbm {units} --unscaled --digits 20", "capacity hopfield --unscaled"):
        assert replica(line).exit_code == 2


def test_a_line_is_read_and_printed_unscaled() -> None:
    """Spins with weights of variance p/N: a bipartite glass below T = sqrt(p) alpha^(1/4)."""
    fixed = "--visible spin --hidden spin -p p=0.25 -p L=0"
    result = replica(f"line random-rbm glass {fixed} -x alpha=0.1:0.9:3 -y T --unscaled --json")
    told = json.loads(result.stdout)
    assert told["parameters"]["hidden"] == "spin"
    for point in told["points"]:
        assert point["y"] == pytest.approx(0.5 * point["x"] ** 0.25, rel=1e-11)


def test_a_published_line_in_the_units_of_its_energy() -> None:
    """As in the diagram compositional-capacity; ranges and messages are unscaled, too."""
    line = "line compositional spinodal -p g=-0.02 -p p=0.1 -p L=5 --unscaled"
    result = replica(f"{line} -x theta=0.1:0.2:2 -y alpha=0.5:2")
    assert "0.2    0.680942364" in result.stdout
    assert "no such point at theta=0.1 in this range" in result.stdout
    result = replica(f"{line} -x theta=0.1:0.2 -y alpha=5:6")
    assert "theta in [0.1, 0.2]" in result.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "line random-rbm spinodal --visible spin --hidden gaussian -p L=3 -x p=0.1:0.9 -y T",
            "cannot be an axis",
        ),
        ("line compositional spinodal -p g=0 -p alpha=1 -p L=3 -x p=0.1:0.9 -y theta", "p sets the unscaled"),
        (
            "line compositional spinodal -p g=0 -p alpha=1 -p p=0.1 -x theta=0.1:0.9 -y l",
            "unscaled parameter",
        ),
        ("line hopfield spinodal -x alpha=0.1:0.2 -y T", "no scaled parameters"),
        (
            "sweep compositional -p g=0 -p p=0.1 -p L=2 --over alpha=0:1:3 -o x.nc",
            "hold scaled quantities only",
        ),
    ],
)
def test_what_has_no_unscaled_units_is_refused(line: str, sentence: str) -> None:
    result = replica(f"{line} --unscaled")
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_line_that_cannot_exist_says_why() -> None:
    line = "line random-rbm glass --visible bernoulli --hidden relu -p l=1 -x alpha=0.1:0.4:3 -y T"
    result = replica(line)
    assert result.exit_code == 3
    assert "unit bernoulli is not symmetric" in result.stderr
