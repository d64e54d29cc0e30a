"""The functional: any fully connected model, held to named theories, published numbers and exact limits."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from phase_diagrams.sweeping.chunk import fingerprint
from replica import critical, locate, polish, search, solve
from replica.errors import ParameterError, UnknownNameError
from replica.functional import Coupling, Energy, Family, Layer, Model, Pattern, theory_of
from replica.solving.derivatives import difference
from replica.testing import check_theory
from replica.theories import (
    BlumeCapel,
    Compositional,
    CurieWeiss,
    GeneralPriors,
    Hopfield,
    Mixtures,
    RandomRBM,
    SherringtonKirkpatrick,
    SpectralRBM,
    ThresholdedHopfield,
)
from replica.theory import Parameter, Theory
from replica.units import Potential

MEASURES = ("free_energy", "entropy", "energy", "replicon")


def given(name: str, lower: float = -np.inf, typical: tuple[float, float] = (0.0, 1.0)) -> Parameter:
    """A parameter that must be given."""
    return Parameter(name, name, lower=lower, required=True, typical=typical)


HOPFIELD = Model(
    "my-hopfield",
    parameters={"alpha": given("alpha", 0.0, (0.0, 0.14)), "T": 0.0},
    layers=[Layer("neurons"), Layer("hidden", "gaussian", size="alpha", normalised=True)],
    couplings=[Coupling("neurons hidden")],
    patterns=[Pattern("m", "neurons")],
    energies=[Energy("m m")],
    offset="alpha/2",
)
SK = Model(
    "my-sk",
    parameters={"T": given("T", 0.0), "J0": 0.0, "h": 0.0},
    layers=[Layer("spins")],
    couplings=[Coupling("spins spins", "1/2")],
    patterns=[Pattern("m", "spins", "one")],
    energies=[Energy("m m", "J0/2"), Energy("m", "h")],
)
RBM = Model(
    "my-rbm",
    parameters={"alpha": given("alpha", 0.0), "T": 0.0, "l": given("l", 0.0), "g": -0.21, "theta": 1.5},
    layers=[Layer("v", "bernoulli", {"g": "g"}), Layer("h", "relu", {"theta": "theta"}, size="alpha")],
    couplings=[Coupling("v h")],
    patterns=[Pattern("m", "v", "skellam", {"l": "l"})],
    energies=[Energy("m m")],
)
SPECTRAL = Model(
    "my-spectral",
    parameters={"w": given("w"), "sigma": 1.0, "kappa": 1.0, "T": 1.0},
    layers=[Layer("v", size="1/sqrt(kappa)"), Layer("h", size="sqrt(kappa)")],
    couplings=[Coupling("v h", "sigma^2")],
    patterns=[Pattern("m", "h", "laplace"), Pattern("mbar", "v", "laplace")],
    energies=[Energy("m mbar", "w")],
)
SPARSE_CODING = Model(
    "my-sparse-coding",
    parameters={"alpha": given("alpha", 0.0, (0.0, 0.5)), "T": 0.0, "a": 0.1, "g": -0.5},
    layers=[
        Layer("neurons", "bernoulli", {"g": "g"}),
        Layer("hidden", "gaussian", size="alpha", normalised=True),
    ],
    couplings=[Coupling("neurons hidden")],
    patterns=[Pattern("m", "neurons", "two-point", {"a": "a", "scale": "sqrt(a*(1-a))"})],
    energies=[Energy("m m")],
)


def chain(*sizes: float | str, variance: float | str = 1.0) -> type[Theory]:
    """Layers of spins, each coupled to the next."""
    names = [f"layer{i}" for i in range(len(sizes))]
    return theory_of(
        Model(
            "my-chain",
            parameters={"T": given("T", 0.0)},
            layers=[Layer(name, size=size) for name, size in zip(names, sizes, strict=True)],
            couplings=[Coupling(pair, variance) for pair in itertools.pairwise(names)],
        )
    )


def same(mine: Theory, x: Any, named: Theory, y: Any, tolerance: float = 1e-12, f: float = 0.0) -> None:
    """Both say the same of a state, in every measure; f differs by a constant."""
    for name in MEASURES:
        one, other = getattr(mine, name)(x), getattr(named, name)(y)
        other = other + (f if name in ("free_energy", "energy") else 0.0)
        assert one == pytest.approx(other, rel=tolerance, abs=tolerance, nan_ok=True), name


@pytest.mark.parametrize("T", [0.2, 0.01, 0.001, 0.0])
@pytest.mark.parametrize("branch", ["retrieval", "glass"])
def test_hopfield_is_spins_and_gaussians(T: float, branch: str) -> None:
    mine, named = (solve(kind(alpha=0.05, T=T), branch) for kind in (theory_of(HOPFIELD), Hopfield))
    assert mine.x == pytest.approx(named.x, rel=1e-12, abs=1e-14)
    same(mine.theory, mine.x, named.theory, named.x)
    mine_derived, derived = mine.theory.derived(mine.x), named.theory.derived(named.x)
    assert mine_derived["q"] == pytest.approx(derived["q"], rel=1e-12)
    assert mine_derived["q_hidden"] == pytest.approx(derived["r"], rel=1e-12)
    assert mine.theory.jacobian(mine.x) == pytest.approx(named.theory.jacobian(named.x), rel=1e-12, abs=1e-14)


def test_lines_of_hopfield() -> None:
    mine, named = theory_of(HOPFIELD)(alpha=0.05, T=0.2), Hopfield(alpha=0.05, T=0.2)
    for line in ("glass", "first-order", "stability"):
        assert locate(mine, line, "T").value == pytest.approx(locate(named, line, "T").value, rel=1e-10)
    digits = polish(critical(mine.at(T=0.0)), 30)
    assert str(digits.value).startswith("0.1379055664949317378436361232")


@pytest.mark.parametrize(
    ("point", "branch"),
    [
        ({"T": 0.5, "h": 0.3}, "glass"),
        ({"T": 0.5, "J0": 1.5}, "ferromagnet"),
        ({"T": 0.3, "J0": 1.1, "h": 0.1}, "ferromagnet"),
        ({"T": 0.0}, "glass"),
        ({"T": 1.5}, "paramagnet"),
    ],
)
def test_sherrington_kirkpatrick_is_one_layer_of_spins(point: dict[str, float], branch: str) -> None:
    mine = solve(theory_of(SK)(**point), {"ferromagnet": "retrieval"}.get(branch, branch))
    named = solve(SherringtonKirkpatrick(**point), branch)
    assert mine.x == pytest.approx(named.x, rel=1e-12, abs=1e-14)
    same(mine.theory, mine.x, named.theory, named.x)
    assert theory_of(SK).symmetry == ("m", "h")


@pytest.mark.parametrize("T", [0.1, 0.02, 0.0])
@pytest.mark.parametrize("branch", ["retrieval", "glass"])
def test_random_rbm_keeps_three_unknowns(T: float, branch: str) -> None:
    kind = theory_of(RBM)
    assert kind.order == ("m", "q", "C")
    mine = solve(kind(alpha=0.3, T=T, l=0.5), branch)
    named = solve(RandomRBM("bernoulli:g=-0.21", "relu:theta=1.5", alpha=0.3, T=T, l=0.5), branch)
    assert [2 * mine["m"], mine["q"], mine["C"]] == pytest.approx(
        [named["m"], named["q"], named["C"]], rel=1e-11, abs=1e-13
    )
    with np.errstate(invalid="ignore"):
        same(mine.theory, mine.x, named.theory, named.x, 1e-11)
    derived = mine.theory.derived(mine.x)
    assert (derived["q_h"], derived["C_h"]) == pytest.approx((named["r"], named["B"]), rel=1e-11)


@pytest.mark.parametrize("T", [0.7, 0.05, 0.0])
def test_spectral_rbm_is_one_mode_on_two_layers(T: float) -> None:
    kind = theory_of(SPECTRAL)
    assert list(kind.branches) == ["retrieval", "glass", "paramagnet"]
    named = solve(SpectralRBM(w=1.6, kappa=0.6, T=T, law="laplace"), "ferromagnet")
    root = 0.6**0.25
    m, mbar, C, Cbar = named.x
    x = np.array([m / root, mbar * root, Cbar, C])
    theory = kind(w=1.6, kappa=0.6, T=T)
    assert theory.update(x) == pytest.approx(x, rel=1e-12, abs=1e-13)
    same(theory, x, named.theory, named.x)
    assert solve(theory, "retrieval").x == pytest.approx(x, rel=1e-10)


PRIORS = Model(
    "my-priors",
    parameters={"alpha": given("alpha", 0.0), "T": given("T", 0.0, (0.02, 2.0)), "v": 0.0, "h": 1.0},
    temperature=1,
    layers=[
        Layer("visible", "interpolating", {"omega": "v"}),
        Layer("hidden", "interpolating", {"omega": "h"}, size="alpha"),
    ],
    couplings=[Coupling("visible hidden", "1/T")],
    patterns=[Pattern("m", "visible")],
    energies=[Energy("m m", "h/(2*T)")],
    limit="alpha",
)
SPINS = Model(
    "my-spins",
    parameters={"T": given("T", 0.0), "h": 0.0},
    layers=[Layer("s")],
    patterns=[Pattern("m", "s", "one")],
    energies=[Energy("m m"), Energy("m", "h")],
)
LEVELS = Model(
    "my-levels",
    parameters={"T": given("T", 0.0), "D": 0.3},
    layers=[Layer("s", "levels", {"values": [-1, 0, 1], "energies": ["D", 0, "D"]})],
    patterns=[Pattern("m", "s", "one")],
    energies=[Energy("m m")],
)
MIXED = Model(
    "my-mixture",
    parameters={"T": given("T", 0.0), "n": Parameter("n", "n", lower=1, integer=True, default=3)},
    layers=[Layer("s")],
    patterns=[Pattern("m", "s", "signs", {"n": "n"})],
    energies=[Energy("m m")],
)


def sites(law: str, **settings: str) -> Model:
    """Bits and rectified units, with one pattern of some law on the bits."""
    return replace(RBM, name=f"my-{law}", patterns=(Pattern("m", "v", law, settings),))


SIGNS, FEW = sites("sign"), sites("trinomial", p="l", L="2")
BITS = {"alpha": 0.2, "theta": 0.5, "g": -0.1}
SPARSE = {"alpha": 0.3, "theta": 1.5, "g": -0.21}
SAME: list[tuple[Theory, str, Model, dict[str, Any], Any]] = [
    (CurieWeiss(T=0.4, h=0.1), "up", SPINS, {"T": 0.4, "h": 0.1}, None),
    (CurieWeiss(T=0.4, h=0.1), "down", SPINS, {"T": 0.4, "h": 0.1}, None),
    (CurieWeiss(T=0.0), "up", SPINS, {"T": 0.0}, None),
    *((BlumeCapel(T=T, D=0.3), "ferromagnet", LEVELS, {"T": T}, None) for T in (0.4, 0.1, 0.0)),
    *((Mixtures(n=n, T=0.3), "mixture", MIXED, {"T": 0.3, "n": n}, None) for n in (1, 3, 5)),
    (Mixtures(n=3, T=0.0), "mixture", MIXED, {"T": 0.0, "n": 3}, None),
    *(
        (ThresholdedHopfield(**BITS), branch, SIGNS, BITS | {"l": 1.0, "T": 0.0}, None)
        for branch in ("retrieval", "glass")
    ),
    *(
        (Compositional(**SPARSE, l=0.5), branch, RBM, SPARSE | {"l": 0.5, "T": 0.0}, [0.5, 1, 1])
        for branch in ("retrieval", "glass")
    ),
    (Compositional(**SPARSE, p=0.3, L=2), "retrieval", FEW, SPARSE | {"l": 0.3, "T": 0.0}, [0.5, 1, 1]),
]
"""Named theories, the models that they are, and the unknowns of the one in units of the other."""


@pytest.mark.parametrize(
    ("named", "branch", "model", "point", "scale"),
    SAME,
    ids=[f"{one[0].name}-{one[1]}-{i}" for i, one in enumerate(SAME)],
)
def test_named_theories_are_their_ingredients(
    named: Theory, branch: str, model: Model, point: dict[str, Any], scale: Any
) -> None:
    state, theory = solve(named, branch), theory_of(model)(**point)
    scale = np.ones(len(state.x)) if scale is None else np.array(scale)
    x = state.x * scale
    assert theory.update(x) == pytest.approx(x, rel=1e-12, abs=1e-14)
    slopes = named.jacobian(state.x) * scale[:, None] / scale
    assert theory.jacobian(x) == pytest.approx(slopes, rel=1e-9, abs=1e-11)
    mine = [getattr(theory, name)(x) for name in MEASURES[:3]]
    known = [getattr(named, name)(state.x) for name in MEASURES[:3]]
    for one, other in zip(mine, known, strict=True):
        assert other is None or one == pytest.approx(other, rel=1e-12, abs=1e-14)
    derived, other = theory.derived(x), named.derived(state.x)
    for name, value in {"q_h": other.get("r"), "C_h": other.get("B")}.items():
        assert value is None or derived[name] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("point", "priors", "branch"),
    [
        ({"alpha": 0.02, "T": 0.2}, (0.0, 1.0), "retrieval"),
        ({"alpha": 0.02, "T": 0.3}, (0.1, 0.7), "retrieval"),
        ({"alpha": 0.3, "T": 0.4}, (0.2, 0.0), "glass"),
    ],
)
def test_general_priors_are_units_at_temperature_1(
    point: dict[str, float], priors: tuple[float, float], branch: str
) -> None:
    named = solve(GeneralPriors(**point, omega_visible=priors[0], omega_hidden=priors[1]), branch)
    theory = theory_of(PRIORS)(**point, v=priors[0], h=priors[1])
    m, q, qd, p, pd = named.x
    x = np.array([m, q, qd - q])
    assert theory.update(x) == pytest.approx(x, rel=1e-12, abs=1e-14)
    derived = theory.derived(x)
    assert (derived["q_hidden"], derived["C_hidden"]) == pytest.approx((p, pd - p), rel=1e-12)
    assert point["T"] * theory.free_energy(x) == pytest.approx(named.free_energy, rel=1e-12)
    assert theory.replicon(x) == pytest.approx(named.replicon, abs=1e-12)


def test_lines_of_named_theories_are_those_of_their_ingredients() -> None:
    tuned = locate(theory_of(SPINS)(T=0.5), "condensation", "T").value
    assert tuned == pytest.approx(critical(CurieWeiss(T=0.5)).value, abs=1e-14)
    mine, named = critical(theory_of(RBM)(**SPARSE, l=0.5, T=0.0)), critical(Compositional(**SPARSE, l=0.5))
    assert mine.value == pytest.approx(named.value, rel=1e-10)
    assert critical(theory_of(SIGNS)(**BITS, l=1.0, T=0.0)).value == pytest.approx(
        critical(ThresholdedHopfield(**BITS)).value, rel=1e-10
    )
    meets = locate(theory_of(LEVELS)(T=0.3, D=0.3), "first-order", "D").value
    assert meets == pytest.approx(locate(BlumeCapel(T=0.3, D=0.3), "first-order", "D").value, abs=1e-11)


def test_models_without_couplings() -> None:
    levels = Model(
        "my-blume-capel",
        parameters={"T": 0.4, "D": 0.3},
        layers=[Layer("spins", "levels", {"values": [-1, 0, 1], "energies": ["D", 0, "D"]})],
        patterns=[Pattern("m", "spins", "one")],
        energies=[Energy("m m")],
    )
    mine, named = solve(theory_of(levels)()), solve(BlumeCapel(T=0.4, D=0.3))
    assert mine["m"] == pytest.approx(named["m"], abs=1e-12)
    assert mine.free_energy == pytest.approx(named.free_energy, abs=1e-12)
    spins = Model("my-cw", layers=[Layer("s")], patterns=[Pattern("m", "s", "one")], energies=[Energy("m m")])
    state, known = solve(theory_of(spins)(T=0.5)), solve(CurieWeiss(T=0.5))
    assert state["m"] == pytest.approx(known["m"], abs=1e-14)
    assert theory_of(spins).order == ("m",)
    assert critical(theory_of(spins)(T=0.5)).value == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("T", [0.0, 0.3, 0.7])
def test_a_spherical_glass_is_marginal(T: float) -> None:
    model = Model("my-sphere", layers=[Layer("s", "spherical")], couplings=[Coupling("s s", "1/2")])
    state = solve(theory_of(model)(T=T), "glass")
    assert state.theory.derived(state.x)["q"] == pytest.approx(1 - T, abs=1e-12)
    assert state.replicon == pytest.approx(0.0, abs=1e-12)


def test_published_layers() -> None:
    state = solve(chain(1, 0.7, 0.4)(T=0.3), "glass")  # sizes not divided by their sum
    derived = state.theory.derived(state.x)
    assert derived["q_layer0"] == pytest.approx(0.69288777, abs=5e-9)
    assert state.free_energy == pytest.approx(-1.5599204910, abs=5e-11)
    assert np.sqrt(1 - state.replicon) == pytest.approx(2.0253475, abs=5e-8)
    state = solve(chain(0.5, 0.3, 0.2)(T=0.3), "glass")
    derived = state.theory.derived(state.x)
    found = (derived["q_layer0"], derived["q"], derived["q_layer2"], state.free_energy)
    assert found == pytest.approx(
        (0.531420363497, 0.640269350687, 0.531420363497, -0.505768847875), abs=1e-12
    )
    assert critical(state.theory).value == pytest.approx(0.676947242771, abs=1e-12)


@pytest.mark.parametrize("K", [2, 3, 4, 5, 6])
def test_equal_layers_freeze(K: int) -> None:
    found = critical(chain(*[f"1/{K}"] * K)(T=1.0))
    assert found.value**2 == pytest.approx(2 / K * np.cos(np.pi / (K + 1)), rel=1e-12)


def test_bipartite_spins_freeze() -> None:
    model = Model(
        "my-pair",
        parameters={"alpha": 0.3},
        layers=[Layer("a"), Layer("b", size="alpha")],
        couplings=[Coupling("a b")],
    )
    for alpha in (0.05, 0.3, 1.0):
        assert critical(theory_of(model)(alpha=alpha)).value == pytest.approx(alpha**0.25, rel=1e-12)


@pytest.mark.parametrize(("g", "load"), [(-0.45, 0.2253), (-0.5, 0.2618), (-0.55, 0.2987), (-0.6, 0.3353)])
def test_capacity_of_sparse_coding(g: float, load: float) -> None:
    assert critical(theory_of(SPARSE_CODING)(alpha=0.05, g=g)).value == pytest.approx(load, abs=5e-5)


@pytest.mark.parametrize(("p", "load"), [(3, 0.252190430770671), (4, 0.197860119195381)])
def test_capacity_of_dense_memories(p: int, load: float) -> None:
    model = Model(
        "my-dense",
        parameters={"a": given("a", 0.0, (0.0, 0.3))},
        layers=[Layer("s")],
        couplings=[Coupling(("s",) * p, f"a/{p}")],
        patterns=[Pattern("m", "s")],
        energies=[Energy(("m",) * p, f"1/{p}")],
    )
    assert critical(theory_of(model)(a=0.05)).value == pytest.approx(load, abs=1e-14)


def test_three_spin_couplings() -> None:
    model = Model(
        "my-p-spin",
        parameters={"T": given("T", 0.0), "J0": 0.0},
        layers=[Layer("s")],
        couplings=[Coupling("s s s", "1/2")],
        patterns=[Pattern("m", "s", "one")],
        energies=[Energy("m m m", "J0")],
    )
    kind = theory_of(model)
    assert locate(kind(T=0.3), "glass", "T").value == pytest.approx(0.48486586, abs=5e-9)
    meets = locate(kind(T=0.9, J0=0.9), "first-order-paramagnet", "J0")
    assert meets.value == pytest.approx(0.82867, abs=5e-6)


def test_each_group_of_patterns_is_retrieved() -> None:
    model = Model(
        "my-two",
        parameters={"alpha": given("alpha", 0.0)},
        layers=[Layer("s"), Layer("h", "gaussian", size="alpha", normalised=True)],
        couplings=[Coupling("s h")],
        patterns=[Pattern("one", "s"), Pattern("two", "s")],
        energies=[Energy("one one"), Energy("two two")],
    )
    found = search(theory_of(model)(alpha=0.02, T=0.2))
    assert {state.branch for state in found} == {"retrieval-one", "retrieval-two", "glass"}
    first, second = (state.free_energy for state in found if state.branch.startswith("retrieval"))
    assert first == pytest.approx(second, abs=1e-13)
    one = Hopfield(alpha=0.02, T=0.2)
    assert first == pytest.approx(solve(one).free_energy - 0.01, abs=1e-12)  # its diagonal is left out


# -- any model -------------------------------------------------------------------------------------------

UNITS: tuple[tuple[str, dict[str, float]], ...] = (
    ("spin", {}),
    ("spin", {"g": 0.2}),
    ("bernoulli", {"g": -0.3}),
    ("relu", {"theta": 0.3}),
    ("gaussian", {"gamma": 1.5}),
    ("double-relu", {}),
)
LAWS: tuple[tuple[str, dict[str, float]], ...] = (
    ("sign", {}),
    ("gaussian", {}),
    ("two-point", {"a": 0.2}),
    ("one", {}),
    ("laplace", {}),
    ("sparse", {"p": 0.4}),
    ("skellam", {"l": 0.7}),
    ("trinomial", {"p": 0.5, "L": 2}),
    ("signs", {"n": 3}),
)


def random_model(seed: int) -> Model:
    """One to three layers, couplings of order one to three, up to two patterns."""
    rng = np.random.default_rng(seed)
    names = [f"a{i}" for i in range(rng.integers(1, 4))]
    couplings = [
        Coupling(
            tuple(map(str, rng.choice(names, rng.choice([1, 2, 2, 2, 3])))), round(rng.uniform(0.02, 0.15), 3)
        )
        for _ in range(rng.integers(1, 4))
    ]
    patterns = [
        Pattern(f"m{k}", str(rng.choice(names)), *LAWS[rng.integers(len(LAWS))])
        for k in range(rng.integers(0, 3))
    ]
    labels = [one.name for one in patterns]
    energies = [Energy((name, name), 0.3) for name in labels]
    if labels and rng.random() < 0.6:
        energies += [
            Energy((labels[0], labels[-1]), 0.4),
            Energy((labels[0],), 0.1),
            Energy((labels[-1],) * 3, 0.1),
        ]
    layers = [Layer(n, *UNITS[rng.integers(len(UNITS))], size=round(rng.uniform(0.3, 1.5), 2)) for n in names]
    return Model(f"random-{seed}", layers=layers, couplings=couplings, patterns=patterns, energies=energies)


def random_states(kind: type[Theory], seed: int, count: int) -> list[tuple[Theory, Any]]:
    """States that solve nothing, at three temperatures."""
    rng = np.random.default_rng(1000 + seed)
    patterns = len(kind.model.patterns)  # type: ignore[attr-defined]
    found: list[tuple[Theory, Any]] = []
    for i in range(5 * count):
        theory = kind(T=(0.0, 0.3, 0.8)[i % 3])
        x = np.concatenate(
            [rng.uniform(-0.7, 0.7, patterns), rng.uniform(0.2, 0.6, len(kind.order) - patterns)]
        )
        if theory.physical(x) and np.all(np.isfinite(theory.update(x))):
            found.append((theory, x))
        if len(found) == count:
            break
    assert len(found) == count
    return found


def gradient(theory: Theory, x: Any) -> Any:
    """Differences of the free energy, of fourth order."""
    step = 1e-3 * np.maximum(np.abs(x), 0.1)
    shift = np.array([-2.0, -1.0, 1.0, 2.0])
    moved = x[:, None, None] + (np.eye(len(x)) * step)[:, :, None] * shift
    return theory.free_energy(moved) @ np.array([1.0, -8.0, 8.0, -1.0]) / (12 * step)


def gradient_from_residuals(theory: Any, x: Any) -> Any:
    """The gradient as a linear function of how far every equation is from being solved."""
    here, new = theory.read(x), theory.update(x)
    parts, T, layers = here.parts, here.parts.T, theory.structure.layers
    lack = [
        (here.q[s] - here.answer(s).over("square"), here.C[s] - here.answer(s).over("response"))
        for s in layers
    ]
    patterns = range(len(here.m))
    out = np.zeros(len(x))
    for j in patterns:
        out[j] = sum(parts.g.d(j).d(k).value(here.m) * (here.m[k] - new[k]) for k in patterns)

    def follow(y: Any) -> Any:  # q and C of all layers
        there = theory.read(y)
        return np.stack([row + 0 * y[0] for s in layers for row in (there.q[s], there.C[s])])

    chain_rule = difference(follow, x)
    Q = [q + T * C for q, C in zip(here.q, here.C, strict=True)]
    for t in layers:
        for s in layers:
            xi, (q, C) = parts.xi.d(s).d(t), lack[s]
            by_q = (C * xi.value(here.q) + (q + T * C) * xi.divided(here.q, here.C, T)) / 2
            out = out + by_q * chain_rule[2 * t] + xi.value(Q) * (q + T * C) / 2 * chain_rule[2 * t + 1]
    return out


@pytest.mark.parametrize("seed", range(20))
def test_the_free_energy_is_stationary_where_the_equations_hold_and_nowhere_else(seed: int) -> None:
    for theory, x in random_states(theory_of(random_model(seed)), seed, 10):
        assert gradient(theory, x) == pytest.approx(gradient_from_residuals(theory, x), abs=2e-9)


@pytest.mark.parametrize("seed", range(20))
def test_the_jacobian_is_that_of_the_equations(seed: int) -> None:
    for theory, x in random_states(theory_of(random_model(seed)), seed, 3):
        jacobian = theory.jacobian(x)
        assert jacobian == pytest.approx(difference(theory.update, x), abs=2e-7)


@pytest.mark.parametrize(
    ("model", "point", "branch"),
    [
        (SK, {"T": 0.5, "h": 0.3}, "glass"),
        (RBM, {"alpha": 0.3, "T": 0.1, "l": 0.5}, "retrieval"),
        (SPARSE_CODING, {"alpha": 0.05, "T": 0.1}, "retrieval"),
        (HOPFIELD, {"alpha": 0.05, "T": 0.0}, "glass"),
    ],
    ids=["SK", "random RBM", "sparse coding", "Hopfield at T = 0"],
)
def test_models_keep_what_every_theory_promises(model: Model, point: dict[str, float], branch: str) -> None:
    check_theory(theory_of(model)(**point), [branch])


# -- the class of a model ---------------------------------------------------------------------------------


def test_one_class_for_each_model() -> None:
    kind = theory_of(HOPFIELD)
    assert theory_of(pickle.loads(pickle.dumps(HOPFIELD))) is kind
    assert pickle.loads(pickle.dumps(kind)) is kind
    theory = kind(alpha=0.05)
    solve(theory)
    assert pickle.loads(pickle.dumps(theory)) == theory
    assert repr(theory) == "MyHopfield(alpha=0.05, T=0.0)"
    assert "parts" not in pickle.loads(pickle.dumps(theory)).__dict__


def test_models_of_one_name_have_their_own_identity() -> None:
    kinds = [
        theory_of(
            Model(
                "my-cw", layers=[Layer("s")], patterns=[Pattern("m", "s", "one")], energies=[Energy("m m", J)]
            )
        )
        for J in (0.5, 0.6)
    ]
    assert fingerprint(kinds[0]) != fingerprint(kinds[1])
    assert len(fingerprint(kinds[0])) == 16


def test_one_pass_serves_update_and_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    from replica.units import ReLU

    asked = []
    moments = ReLU.moments
    monkeypatch.setattr(ReLU, "moments", lambda self, *fields: asked.append(1) or moments(self, *fields))
    theory = theory_of(RBM)(alpha=0.3, T=0.1, l=0.5)
    x = np.array([0.3, 0.12, 0.9])
    theory.update(x)
    theory.jacobian(x.copy())
    theory.free_energy(x)
    theory.derived(x)
    assert theory.physical(x)
    assert len(asked) == 1


def test_elimination_takes_one_colour() -> None:
    assert [chain(*[1] * K).order for K in (2, 3)] == [("C",), ("C",)]
    five = chain(*[1] * 5)
    assert five.structure.kept == (1, 3)
    assert five.order == ("C_layer1", "C_layer3")


def test_branches_of_ones_own() -> None:
    model = Model(
        "my-start",
        parameters={"begin": 0.8},
        layers=[Layer("s")],
        patterns=[Pattern("m", "s", "one")],
        energies=[Energy("m m")],
        branches=[Family("up", {"m": "begin"}, "upwards")],
    )
    theory = theory_of(model)(T=0.5)
    assert theory.branches["up"].text == "upwards"
    assert theory.start("up") == pytest.approx([0.8])
    assert solve(theory, "up")["m"] == pytest.approx(solve(theory, "retrieval")["m"])


# -- what cannot be ----------------------------------------------------------------------------------------


def test_numbers_that_make_no_sense_are_refused_where_they_are_given() -> None:
    variance = Model("my-v", parameters={"v": 0.5}, layers=[Layer("s")], couplings=[Coupling("s s", "1 - v")])
    with pytest.raises(ParameterError, match=r"variance of the coupling s - s is -0\.5, and must be >= 0"):
        theory_of(variance)(v=1.5)
    size = Model("my-s", parameters={"n": 0.5}, layers=[Layer("s", size="n - 1")])
    with pytest.raises(ParameterError, match=r"size of layer s is -0\.5"):
        theory_of(size)()
    loose = Model(
        "my-u", layers=[Layer("s", Potential(lambda s: np.abs(s))), Layer("h")], couplings=[Coupling("s h")]
    )
    with pytest.raises(ParameterError, match="nothing confines"):
        theory_of(loose)(T=0.5)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"couplings": [Coupling("s s", -0.5)]}, "must be >= 0"),
        ({"patterns": [Pattern("m", "t")]}, "did you mean|known: s"),
        ({"patterns": [Pattern("m", "s")]}, "stands in no energy"),
        ({"energies": [Energy("m m")]}, "there are no patterns"),
        ({"couplings": [Coupling("s z")]}, "unknown layer of a coupling"),
        ({"parameters": {"a": "b", "b": "a"}}, "in a circle"),
        ({"parameters": {"order": 1.0}}, "means something else"),
        ({"couplings": [Coupling("s s", "J^2")], "parameters": {"K": 1.0}}, "unknown parameter in variance"),
        ({"limit": "load"}, "given as limit"),
        ({"layers": [Layer("s"), Layer("s")]}, "two layers are called s"),
    ],
)
def test_what_does_not_fit_together_is_refused(parts: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=sentence):
        Model("wrong", **{"layers": [Layer("s")]} | parts)


def test_spheres_feel_second_moments_only() -> None:
    for laws, good in (
        (["sign"], True),
        (["gaussian", "gaussian"], True),
        (["sign", "sign"], False),
        (["sparse"], False),
    ):
        patterns = [
            Pattern(f"m{i}", "s", law, {"p": 0.5} if law == "sparse" else {}) for i, law in enumerate(laws)
        ]
        energies = [Energy((one.name, one.name)) for one in patterns]
        made = {"layers": [Layer("s", "spherical")], "patterns": patterns, "energies": energies}
        if good:
            assert Model("sphere", **made).layers
        else:
            with pytest.raises(ParameterError, match="second moments only"):
                Model("sphere", **made)
