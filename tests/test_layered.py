"""Machines of models: exact at small sizes, minima at T = 0, beside named machines and theories, commands.

Statistical tests have fixed seeds; the number of sigmas stands beside each.
"""

import itertools
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from console import replica
from phase_diagrams.simulating import Alone, Subject, machine, machine_of, measurements, simulate, validate
from phase_diagrams.simulating.machines import OK
from replica.errors import ParameterError, UnknownNameError
from replica.functional import Coupling, Energy, Family, Layer, Model, Pattern, theory_of
from replica.functional.files import template
from replica.machines.models.layered import Direction, LayeredGibbs, LayeredMachine, Layout
from replica.theories import Hopfield
from replica.theory import Parameter, Theory
from replica.units import Bernoulli, Gaussian, Levels, ReLU, Spin

HALF = np.array([0.5, 0.5])
SPIN_1 = Levels(values=(-1.0, 0.0, 1.0), energies=(0.1, 0.0, 0.1))


def signs(layer: int) -> Direction:
    return Direction(layer, np.array([-1.0, 1.0]), np.zeros(2), HALF)


BIASED = Direction(0, np.array([-0.2, 0.8]), np.zeros(2), np.array([0.8, 0.2]), norm=0.16)


# -- one sample, exactly -------------------------------------------------------------------------------------

LAYOUTS = {
    "glass": Layout(["a"], [Spin(g=0.1)], [1.0], [((0, 0), 0.5)]),
    "two orders": Layout(["a"], [Bernoulli(g=-0.1)], [1.0], [((0, 0, 0), 0.5), ((0, 0), 0.3)]),
    "square": Layout(
        ["a", "b"], [Spin(), Bernoulli(g=0.2)], [1.0, 0.5], [((0, 1), 1.0)], [signs(0)], [((0, 0), 0.5)]
    ),
    "not a square": Layout(["a"], [SPIN_1], [1.0], [], [signs(0)], [((0, 0), -0.7)]),
    "all of it": Layout(
        ["a", "b"],
        [Spin(), SPIN_1],
        [0.6, 0.5],
        [((0, 0, 1), 1.0), ((1,), 0.2)],
        [signs(0), BIASED, signs(1)],
        [((0, 1), 0.4), ((2, 0), 0.3), ((1, 1, 1), 0.5), ((2,), 0.1)],
    ),
}


def every_state(one: LayeredMachine) -> list[Any]:
    values = [unit.values for unit, n in zip(one.layout.units, one.counts, strict=True) for _ in range(n)]
    states = np.array(list(itertools.product(*values))).T
    return np.split(states, np.cumsum(one.counts)[:-1])


def hamiltonian(one: LayeredMachine, states: list[Any]) -> Any:
    """Term by term, as it is defined."""
    plan = one.layout
    total = sum(np.sum(unit.potential(x), axis=0) for unit, x in zip(plan.units, states, strict=True))
    for (layers, _), J in zip(plan.couplings, one.couplings, strict=True):
        for place in itertools.product(*(range(one.counts[s]) for s in layers)):
            total = total - J[place] * math.prod(states[s][i] for s, i in zip(layers, place, strict=True))
    m = [w @ states[p.layer] / (len(w) * p.norm) for w, p in zip(one.entries, plan.patterns, strict=True)]
    for indices, strength in plan.energies:
        size = math.prod(
            one.counts[plan.patterns[k].layer] / one.N * plan.patterns[k].norm for k in set(indices)
        )
        total = total - one.N * strength * size * math.prod(m[k] for k in indices)
    return total


@pytest.mark.parametrize("name", LAYOUTS)
def test_heat_bath_draws_from_the_boltzmann_distribution(name: str) -> None:
    """All states of 8 units; energies, means and squares of overlaps, within 4 sigma of 6000 draws."""
    one, T = LAYOUTS[name].draw(8, 3), 1.0
    states = every_state(one)
    energy = one.energy(states)
    np.testing.assert_allclose(energy, hamiltonian(one, states), atol=1e-12)
    weight = special.softmax(-energy / T)
    gibbs = LayeredGibbs(one, 6000, 2, T=T)
    gibbs.sweep(60)
    drawn = [(gibbs.energy(), energy)]
    for k, row in enumerate(one.overlaps(states)):
        drawn += [(gibbs.overlaps()[k], row), (gibbs.overlaps()[k] ** 2, row**2)]
    for s, x in enumerate(states):
        drawn += list(zip(gibbs.states[s], x, strict=True))
    for found, known in drawn:
        mean = known @ weight
        error = math.sqrt((known - mean) ** 2 @ weight / found.size)
        assert abs(found.mean() - mean) < 4 * error


def test_temperatures_are_those_of_the_chains() -> None:
    """A free layer in a random field, two temperatures side by side: <s_i> = tanh(J_i/T), within 4 sigma."""
    one = Layout(["a"], [Spin()], [1.0], [((0,), 0.3)]).draw(6, 2)
    T = np.repeat([0.4, 1.5], 4000)
    gibbs = LayeredGibbs(one, 8000, 1, T=T)
    gibbs.sweep()
    for hot in (0.4, 1.5):
        mean = np.tanh(one.couplings[0] / hot)
        error = np.sqrt((1 - mean**2) / 4000)
        assert np.all(np.abs(gibbs.states[0][:, hot == T].mean(axis=1) - mean) < 4 * error + 1e-12)


@pytest.mark.parametrize("layers", [(0,), (0, 0), (0, 1), (0, 0, 0), (0, 0, 1)])
def test_the_covariance_of_the_energy_is_that_of_the_model(layers: tuple[int, ...]) -> None:
    """E[V V'] = N xi(R), less the terms in which a unit would stand twice; within 4 sigma of 1500 draws."""
    layout = Layout(["a", "b"], [Spin(), Spin()], [1.0, 0.5], [(layers, 0.7)])
    rng, N = np.random.default_rng(1), 8
    first, second = ([rng.choice([-1.0, 1.0], (n, 1)) for n in (8, 4)] for _ in range(2))
    second[0] = first[0] * np.where(np.arange(8) < 1, -1, 1)[:, None]
    energies = np.array(
        [
            [float(one.energy(x)[0]) for x in (first, second)]
            for one in (layout.draw(N, seed) for seed in range(1500))
        ]
    )
    covariance = 0.7 * N * math.prod({0: 1.0, 1: 0.5}[s] for s in set(layers))
    for s in set(layers):
        r, power = (first[s] * second[s]).ravel(), layers.count(s)
        places = itertools.permutations(range(len(r)), power)
        covariance *= sum(math.prod(r[i] for i in place) for place in places) / len(r) ** power
    product = energies[:, 0] * energies[:, 1]
    assert abs(product.mean() - covariance) < 4 * product.std() / math.sqrt(len(product))


@pytest.mark.parametrize("hidden", [Gaussian(), ReLU(theta=0.2), Spin()])
def test_at_zero_temperature_no_move_pays(hidden: Any) -> None:
    """With the hidden units in their ground states; the parallel dynamics would keep more states."""
    layout = Layout(["v", "h"], [Spin(), hidden], [1.0, 0.25], [((0, 1), 1.0)], [signs(0)], [((0, 0), 0.5)])
    one = layout.draw(60, 4)
    rng = np.random.default_rng(2)
    end = one.descend([rng.choice([-1.0, 1.0], (60, 1)), np.zeros((15, 1))])
    assert end.converged
    assert end.energy == pytest.approx(float(one.energy(end.states)[0]) / 60, abs=1e-14)
    for i in range(60):
        v = end.states[0].copy()
        v[i] *= -1
        h = np.asarray(hidden.ground(one.couplings[0].T @ v, 0.0)[1])
        assert one.energy([v, h])[0] >= 60 * end.energy - 1e-9


def test_continuous_units_come_to_rest_where_the_force_is_zero() -> None:
    """Two coupled Gaussian layers in a random field: the minimum of a quadratic form."""
    layout = Layout(["a", "b"], [Gaussian(gamma=2.0), Gaussian()], [1.0, 1.0], [((0, 1), 0.1), ((0,), 1.0)])
    one = layout.draw(20, 1)
    W, h = one.couplings
    exact = np.linalg.solve(2 * np.eye(20) - W @ W.T, h)
    end = one.descend([np.zeros((20, 1)), np.zeros((20, 1))], 200)
    assert end.converged
    np.testing.assert_allclose(end.states[0][:, 0], exact, atol=1e-8)


# -- beside named machines and theories ----------------------------------------------------------------------


def glass(**more: Any) -> Model:
    return Model("my-glass", layers=[Layer("spins")], couplings=[Coupling("spins spins", "1/2")], **more)


def hopfield() -> Model:
    return Model(
        "my-hopfield",
        parameters={"alpha": Parameter("load", "a", lower=0.0, required=True), "T": 0.0},
        layers=[Layer("neurons"), Layer("hidden", "gaussian", size="alpha", normalised=True)],
        couplings=[Coupling("neurons hidden")],
        patterns=[Pattern("m", "neurons")],
        energies=[Energy("m m")],
        offset="alpha/2",
    )


def compared(mine: Any, named: Any, names: tuple[str, ...], shift: float = 0.0) -> None:
    """Means of two runs, within 3 sigma."""
    (a,), (b,) = measurements(mine), measurements(named)
    for name in names:
        gap = a.values[name] - b.values[name] + (shift if name == "energy" else 0.0)
        assert abs(gap) < 3 * math.hypot(a.errors[name], b.errors[name])


def test_a_glass_is_the_named_glass() -> None:
    """N = 12, of which the named machine has all states: energy and |q|, in the glass."""
    kind = theory_of(glass())
    mine = simulate(Alone(machine_of(kind, "glass"), {"T": 0.6}), {}, [12], samples=30, seed=1, sweeps=60)
    named = simulate(Alone(machine("sherrington-kirkpatrick"), {"T": 0.6}), {}, [12], samples=60, seed=2)
    compared(mine, named, ("energy", "q"))
    assert np.all(mine["trips"] > 0)


@pytest.mark.parametrize(("alpha", "T"), [(0.11, 0.0), (0.06, 0.35)])
def test_a_hopfield_network_is_the_named_one(alpha: float, T: float) -> None:
    """Its condensed pattern has a diagonal, -1/2 in H; the named machine has a pattern less in its noise."""
    given = {"alpha": alpha, "T": T}
    mine = simulate(Alone(machine_of(theory_of(hopfield())), given), {}, [200], samples=20, seed=1, sweeps=60)
    named = simulate(Alone(machine("hopfield"), given), {}, [200], samples=20, seed=2, sweeps=60)
    compared(mine, named, ("m", "q", "energy") if T else ("m", "energy"), shift=1 / 400)


def test_a_magnet_of_levels_at_its_size() -> None:
    """Blume-Capel at N = 40: all numbers of units -1, 0 and +1, within 4 sigma of 3000 draws."""
    N, T, D = 40, 0.4, 0.3
    model = Model(
        "my-magnet",
        parameters={"T": T, "D": D},
        layers=[Layer("s", "levels", {"values": [-1, 0, 1], "energies": ["D", 0, "D"]})],
        patterns=[Pattern("m", "s", "one")],
        energies=[Energy("m m")],
    )
    up, down = (one.ravel() for one in np.meshgrid(range(N + 1), range(N + 1)))
    up, down = up[up + down <= N], down[up + down <= N]
    energy = D * (up + down) - (up - down) ** 2 / (2 * N)
    ways = special.gammaln(N + 1) - sum(special.gammaln(n + 1) for n in (up, down, N - up - down))
    weight = special.softmax(ways - energy / T)
    from phase_diagrams.simulating.models import layout_of

    one = layout_of(theory_of(model)()).draw(N, 1)
    gibbs = LayeredGibbs(one, 3000, 1, T=T)
    gibbs.sweep(60)
    for found, known in (
        (gibbs.energy(), energy),
        (gibbs.overlaps()[0] ** 2, ((up - down) / N) ** 2),
        ((gibbs.states[0] ** 2).mean(axis=0), (up + down) / N),
    ):
        mean = known @ weight
        error = math.sqrt((known - mean) ** 2 @ weight / found.size)
        assert abs(found.mean() - mean) < 4 * error


BIPARTITE = Model(
    "two-layers",
    parameters={"T": 1.2},
    layers=[Layer("a"), Layer("b", "levels", {"values": [-1, 0, 1], "energies": [0.2, 0, 0.2]}, size="1/2")],
    couplings=[Coupling("a b")],
)
MEMORY = Model(
    "two-way",
    parameters={"T": 0.4},
    layers=[Layer("a"), Layer("b", size="1/2")],
    couplings=[Coupling("a b", 0.05)],
    patterns=[Pattern("m", "a"), Pattern("n", "b")],
    energies=[Energy("m n", 1)],
)
FIELD = glass(
    parameters={"T": 1.0, "h": 0.4}, patterns=[Pattern("m", "spins", "one")], energies=[Energy("m", "h")]
)
THREE = Model(
    "three-body",
    parameters={"T": 0.9},
    layers=[Layer("s")],
    couplings=[Coupling("s s s", "1/2")],
)


@pytest.mark.parametrize(
    ("model", "sizes", "names"),
    [
        (BIPARTITE, [60, 120], ["q", "C", "q_b", "C_b", "energy"]),
        (MEMORY, [100, 200], ["m", "n", "q_a", "C_a", "q_b", "C_b", "energy"]),
        (FIELD, [24, 48], ["m", "q", "C", "energy"]),
        (THREE, [16, 32], ["q", "C", "energy"]),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_machines_agree_with_theories(model: Model, sizes: list[int], names: list[str]) -> None:
    """|z| < 4 in everything, also what is energy and what is none."""
    found = validate(Subject(theory_of(model)), {}, sizes, samples=8, seed=3, sweeps=40)
    assert [row.name for row in found.rows] == names
    assert found.judged == found.rows
    assert found.require() is found


def test_theories_that_are_ingredients_have_machines() -> None:
    from replica.theories import THEORIES

    found = validate(
        Subject(THEORIES["dense"], {"a": 0.02, "T": 0.2}), {}, [20, 40], samples=8, seed=1, sweeps=40
    )
    assert {row.name for row in found.rows} == {"m", "q", "C", "energy"}
    assert found.require() is found


# -- where it starts -----------------------------------------------------------------------------------------


def test_a_machine_starts_where_the_branch_is() -> None:
    kind = theory_of(hopfield())
    cold, full, hot = {"alpha": 0.05, "T": 0.2}, {"alpha": 0.5, "T": 0.3}, {"alpha": 0.05, "T": 1.5}
    start = {}
    for name, given, branch in (
        ("pattern", cold, None),
        ("glass", full, "glass"),
        ("nothing", hot, None),
    ):
        values, ended = machine_of(kind, branch).sample(given, 200, 30, number=0, seed=1)
        assert ended == OK
        start[name] = values
    assert start["pattern"]["m"] > 0.97
    assert abs(start["glass"]["m"]) < 0.5
    assert not math.isnan(start["glass"]["swaps"])
    assert math.isnan(start["nothing"]["swaps"])
    assert abs(start["nothing"]["m"]) < 0.2


def test_a_branch_of_ones_own_starts_along_its_patterns() -> None:
    """Three patterns at once, a mixture: m = 1/2 each, where one alone would be 1."""
    three = Model(
        "three",
        parameters={"T": 0.1},
        layers=[Layer("s")],
        patterns=[Pattern(name, "s") for name in ("k", "m", "n")],
        energies=[Energy(f"{name} {name}") for name in ("k", "m", "n")],
        branches=[Family("all-three", {"k": 0.5, "m": 0.5, "n": 0.5})],
    )
    kind = theory_of(three)
    for T in (0.0, 0.1):
        mixed, _ = machine_of(kind, "all-three").sample({"T": T}, 400, 20, number=0, seed=1)
        assert [mixed[name] for name in ("k", "m", "n")] == pytest.approx([0.5] * 3, abs=0.15)
    one, _ = machine_of(kind, "retrieval-m").sample({"T": 0.1}, 400, 20, number=0, seed=1)
    assert one["m"] > 0.95
    assert abs(one["n"]) < 0.2


def test_a_sample_depends_on_itself_alone() -> None:
    """Alone, beside the theory, on a grid, in another process: bit for bit."""
    kind = theory_of(hopfield())
    one = machine_of(kind)
    assert pickle.loads(pickle.dumps(one)) == one
    alone = simulate(Alone(one, {"alpha": 0.05, "T": 0.3}), {}, [60], samples=3, seed=1, sweeps=20)
    grid = simulate(
        Subject(kind, {"T": 0.3}), {"alpha": [0.04, 0.05]}, [40, 60], samples=2, seed=1, sweeps=20
    )
    for name in (*one.observables({"alpha": 0.05, "T": 0.3}), "status"):
        np.testing.assert_array_equal(
            grid[name].sel(N=60).isel(alpha=1).values, alone[name].isel(N=0, sample=slice(2)).values
        )


# -- what has no machine -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "N", "why"),
    [
        (
            Model("x", layers=[Layer("s")], couplings=[Coupling("s s s", 1)]),
            1000,
            r"7\.45 GiB; at most 1e\+08 .* N <= 464",
        ),
        (glass(), 10**6, "couplings spins - spins at N = 1000000 would take"),
        (
            Model("x", layers=[Layer("s", "spherical")], couplings=[Coupling("s s", 1)]),
            10,
            "layer s cannot be sampled",
        ),
        (
            Model("x", layers=[Layer("s"), Layer("t", size=0.01)], couplings=[Coupling("s t", 1)]),
            40,
            r"layer t has 0\.4 units at N = 40, less than one; take N >= 100",
        ),
        (
            Model(
                "x",
                layers=[Layer("s", "gaussian")],
                patterns=[Pattern("m", "s")],
                energies=[Energy("m m m", 0.1)],
            ),
            10,
            "third order in patterns on the layer s, whose units are continuous",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(model: Model, N: int, why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        machine_of(theory_of(model), "paramagnet").require({"T": 1.0}, N)


def test_at_zero_temperature_only_patterns_are_found() -> None:
    with pytest.raises(ParameterError, match="nothing about the lowest energy; take T > 0"):
        machine_of(theory_of(glass()), "glass").require({"T": 0.0}, 20)


def test_equations_alone_have_no_machine() -> None:
    class Mine(Theory):
        name = "mine"

    with pytest.raises(ParameterError, match="mine has no machine: it is a theory by its equations"):
        machine_of(Mine)
    with pytest.raises(UnknownNameError, match="branch of my-glass 'retrieval'"):
        Subject(theory_of(glass()), branch="retrieval")


def test_the_named_machine_goes_before_a_model() -> None:
    assert machine_of(Hopfield) is machine("hopfield")


# -- on the command line -------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.toml").write_text(template())
    return tmp_path


def test_model_files_are_simulated_and_validated(here: Path) -> None:
    line = "network.toml -p alpha=0.05 -p T=0.3 --N 100 --sweeps 20 --seed 4"
    first = replica(f"simulate {line} --samples 2 -o x.nc")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("network, N = 100, alpha=0.05, T=0.3: 2 samples of 20 sweeps, seed 4\n")
    more = replica(f"validate {line} --samples 4 -o x.nc --resume --json")
    assert more.exit_code == 0, more.stderr
    rows = json.loads(more.stdout)["rows"]
    assert [row["observable"] for row in rows] == ["m", "q", "C", "q_hidden", "C_hidden", "energy"]
    (here / "network.toml").write_text(template().replace('strength = "1/2"', 'strength = "0.6"'))
    other = replica(f"simulate {line} --samples 2 -o x.nc --resume")
    assert other.exit_code == 1
    assert "made of" in other.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("simulate network.toml -p T=0.1", "network: alpha must be given"),
        ("simulate network.toml -p alpha=0.05 --branch glas", "did you mean 'glass'?"),
        ("simulate network.toml -p alpha=-1", "alpha = -1"),
        ("simulate hopfield -p alpha=0.05 --branch glass", "leave --branch out"),
        ("simulate nobody", "unknown machine 'nobody'"),
        ("simulate curie-weiss -p T=0.5", "curie-weiss has no machine: it is a theory by its equations"),
        ("simulate missing.toml", "missing.toml"),
        ("validate network.toml -p alpha=0.05 --branch glass", "at T = 0 the machine descends"),
    ],
)
def test_bad_input_is_one_sentence(here: Path, line: str, message: str) -> None:
    result = replica(line)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
