"""Model files: what is read is what was meant, what is written reads back, every mistake is one sentence."""

import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replica.errors import ParameterError, ReplicaError, UnknownNameError, clean
from replica.functional import (
    Coupling,
    Energy,
    Family,
    FullyConnected,
    Layer,
    Model,
    Pattern,
    read,
    theory_of,
)
from replica.functional.files import parse, template, write
from replica.functional.text import equations, notes, symbols
from replica.solving import solve
from replica.theories import Dense, Hopfield, MixedPSpin, PSpin
from replica.theory import Coexistence, Fold, Parameter, Phase, Zero
from replica.theory.equations import latex
from replica.units import Potential

BASE = """\
[parameters]
alpha = {lower = 0}
T = 0.2
[layers]
spins = {unit = "spin"}
hidden = {unit = "gaussian", size = "alpha"}
[[couplings]]
layers = ["spins", "hidden"]
variance = 1
[patterns]
m = {layer = "spins"}
[[energy]]
patterns = ["m", "m"]
"""
SPARSE = """\
[model]
name = "sparse-coding"
limit = "alpha"
[parameters]
alpha = {text = "load", lower = 0, typical = [0, 0.5]}
T = {lower = 0, default = 0.0}
a = 0.1
g = -0.45
[layers]
neurons = {unit = "bernoulli", g = "g"}
hidden = {unit = "gaussian", size = "alpha", normalised = true}
[[couplings]]
layers = ["neurons", "hidden"]
[patterns]
m = {layer = "neurons", law = "two-point", a = "a", scale = "sqrt(a*(1-a))"}
[[energy]]
patterns = ["m", "m"]
"""


# -- what is read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "T"), [(0.05, 0.3), (0.1, 0.2), (0.12, 0.0), (0.05, 1e-3)])
def test_the_template_is_the_hopfield_network(alpha: float, T: float) -> None:
    kind, hopfield = theory_of(parse(template())), Hopfield(alpha=alpha, T=T)
    mine = kind(alpha=alpha, T=T)
    for branch in ("retrieval", "glass"):
        ours, theirs = solve(mine, branch), solve(hopfield, branch)
        pairs = [(ours[name], theirs[name]) for name in ("m", "q", "C")]
        pairs += [(ours["q_hidden"], theirs["r"])]
        pairs += [
            (getattr(ours, name), getattr(theirs, name))
            for name in ("free_energy", "entropy", "energy", "replicon")
        ]
        for one, other in pairs:
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12)


def test_every_key_of_a_file_arrives() -> None:
    model = parse(
        BASE.replace(
            "[parameters]", '[model]\nname = "all"\ntext = "words"\noffset = "alpha/2"\n[parameters]'
        )
        + '[branches]\nweak = {start = {m = "alpha"}, text = "weak"}\n'
        + '[lines]\nend = {fold = "weak"}\nsame = {coexistence = ["weak", "glass"]}\n'
        + 'edge = {zero = "log_rho", branch = "weak", kind = "stability", text = "edge"}\n'
    )
    assert (model.name, model.text, str(model.offset)) == ("all", "words", "alpha/2")
    assert model.branches == (Family("weak", {"m": "alpha"}, "weak"),)  # type: ignore[arg-type]
    assert dict(model.lines) == {
        "end": Fold("weak"),
        "same": Coexistence(Phase("weak"), Phase("glass")),
        "edge": Zero(Phase("weak"), "log_rho", "stability", "edge"),
    }
    about = {one.name: one for one in model.parameters}
    assert about["alpha"].required
    assert about["alpha"].symbol == r"\alpha"
    assert (about["T"].default, about["T"].lower) == (0.2, 0.0)


def test_a_file_gives_the_model_its_name(tmp_path: Path) -> None:
    file = tmp_path / "my-network.toml"
    file.write_text(BASE)
    assert read(file).name == "my-network"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.encode())  # as an editor of Windows may write it
    assert read(file).names == ("alpha", "T")


def test_the_model_of_a_file_is_that_of_python() -> None:
    alpha = Parameter("load", r"\alpha", lower=0.0, required=True, typical=(0.0, 0.5))
    T = Parameter("temperature", "T", lower=0.0, default=0.0)
    assert parse(SPARSE) == Model(
        "sparse-coding",
        parameters={"alpha": alpha, "T": T, "a": 0.1, "g": -0.45},  # type: ignore[arg-type]
        layers=[  # type: ignore[arg-type]
            Layer("neurons", "bernoulli", {"g": "g"}),  # type: ignore[arg-type]
            Layer("hidden", "gaussian", size="alpha", normalised=True),  # type: ignore[arg-type]
        ],
        couplings=[Coupling(("neurons", "hidden"))],  # type: ignore[arg-type]
        patterns=[Pattern("m", "neurons", "two-point", {"a": "a", "scale": "sqrt(a*(1-a))"})],  # type: ignore[arg-type]
        energies=[Energy(("m", "m"))],  # type: ignore[arg-type]
        limit="alpha",
    )


# -- what is written ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [template(), BASE, SPARSE])
def test_what_is_written_reads_back(text: str) -> None:
    model = parse(text)
    assert parse(write(model)) == model


NUMBERS = st.one_of(
    st.floats(0, 1e3, allow_nan=False), st.sampled_from(["alpha", "alpha/2", "width", "sqrt(alpha)*width"])
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_models_read_back(data: st.DataObject) -> None:
    draw = data.draw
    names = [f"layer{i}" for i in range(draw(st.integers(1, 3)))]
    units = st.sampled_from([("spin", {}), ("relu", {"theta": "alpha"}), ("levels", {"values": [-1, 0, 1]})])
    layers = [Layer(name, *draw(units), size=draw(NUMBERS)) for name in names]  # type: ignore[arg-type]
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3)
    couplings = [Coupling(draw(some), draw(NUMBERS)) for _ in range(draw(st.integers(0, 3)))]  # type: ignore[arg-type]
    patterns = [Pattern("m", names[0], "two-point", {"a": 0.2})] if draw(st.booleans()) else []  # type: ignore[arg-type]
    energies = [Energy(("m",) * draw(st.integers(1, 3)), draw(NUMBERS)) for _ in patterns]  # type: ignore[arg-type]
    model = Model(
        "my-model",
        parameters={"alpha": draw(st.floats(0, 1)), "T": 0.3, "width": "alpha^2"},  # type: ignore[arg-type]
        layers=layers,  # type: ignore[arg-type]
        couplings=couplings,  # type: ignore[arg-type]
        patterns=patterns,  # type: ignore[arg-type]
        energies=energies,  # type: ignore[arg-type]
        text=clean(draw(TEXTS)),
    )
    assert parse(write(model)) == model


def test_a_unit_of_python_is_in_no_file() -> None:
    model = Model("mine", layers=[Layer("s", Potential(lambda x: x**4))])  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"of layer s is written in Python; no file holds it"):
        write(model)


# -- mistakes -------------------------------------------------------------------------------------------

MISTAKES = [
    ("[layers]", "[layers", "no TOML: expected ']' .* (at line 4, column 8)"),
    ("alpha = {lower = 0}", "alpha = {lower = 0", "no TOML: .* (at line 2, column 1"),
    ('"spins", "hidden"]', '"spin", "hidden"]', "unknown layer of a coupling .*'spin'; did you mean 'spins'"),
    ("variance = 1", "variance = -1", "variance of the coupling spins - hidden is -1, and must be >= 0"),
    ("variance = 1", 'variance = "1/0"', "spins - hidden is inf, and must be a finite number"),
    ('"spins", "hidden"]', '"spins^2.5"]', "the power of spins\\^2.5 is a whole number from 1 to 64"),
    ("variance = 1", 'variance = "alhpa/2"', "'alhpa'; did you mean 'alpha'"),
    ("variance = 1", 'variance = "__import__(1)"', "line 7: .*'__import__(1)' is not allowed"),
    ("variance = 1", 'variance = "alpha.real"', "line 7: .*'alpha.real' is not allowed"),
    ("variance = 1", 'variance = "9^9^9^9"', "line 7: "),
    ("variance = 1", "variance = true", "line 7: True is neither a number nor an expression"),
    ("variance = 1", "variance = nan", "line 7: .* finite, not nan"),
    ("variance = 1", "varance = 1", "line 7: 'varance'; did you mean 'variance'"),
    ("T = 0.2", 'T = 0.2\na = "b"\nb = "a+1"', "a, b are defined by each other in a circle"),
    ("T = 0.2", "T = 0.2\nupdate = 1", "update means something else"),
    ("T = 0.2", "T = 0.2\nlambda = 1", "not 'lambda'"),
    ('unit = "spin"', 'unit = "spinn"', "unknown unit in .*line 5: 'spinn'; did you mean 'spin'"),
    ('unit = "spin"', 'unit = "spin", gg = 1', "line 5: 'gg'; did you mean 'g'"),
    ("spins = {", "spins = 3 #{", 'line 5: write {unit = "spin"}, not 3'),
    (
        '{layer = "spins"}',
        '{layer = "spins", law = "sgn"}',
        "unknown law in .*line 11: 'sgn'; did you mean 'sign'",
    ),
    ('{layer = "spins"}', '{layer = "spins", law = "two-point"}', "line 11: .*two-point.* a"),
    (
        '{layer = "spins"}',
        '{layer = "spns"}',
        "unknown layer of the pattern m .*'spns'; did you mean 'spins'",
    ),
    ('{layer = "spins"}', '{law = "sign"}', "line 11: which layer bears it"),
    ('["m", "m"]', '["m", "k"]', "unknown pattern of an energy .*'k'"),
    ('["m", "m"]', '"m m"', 'line 12: patterns is a list, patterns = ["m m"'),
    ("[[couplings]]", "[couplings]", r"write \[\[couplings\]\] with two brackets"),
    ("[layers]", "[layer]", "unknown section of .*'layer'; did you mean 'layers'"),
    ("{lower = 0}", "{lower = 1, upper = 0}", "line 2: lower = 1 is not below upper = 0"),
    ("{lower = 0}", "{lower = 0, default = -1}", "alpha = -1 is not allowed; alpha is >= 0"),
    ("{lower = 0}", "{lower = 0, typical = 3}", r"line 2: write \[FROM, TO\], not 3"),
    ("{lower = 0}", "{lwer = 0}", "line 2: 'lwer'; did you mean 'lower'"),
    ("{lower = 0}", "{lower = 0, text = 3}", "line 2: text is a text in quotes, not 3"),
    ("[parameters]", "[model]\nlimit = 'alpa'\n[parameters]", "'alpa'; did you mean 'alpha'"),
    ("[parameters]", "[model]\ncritical = 'alpha'\n[parameters]", r"line 2: write \[PARAMETER, LINE\]"),
    ("[parameters]", "[model]\nname = 'a b'\n[parameters]", "line 1: .*such as my-network, not 'a b'"),
    ("[parameters]", "[model]\nname = 3\n[parameters]", "line 2: name is a text in quotes, not 3"),
    ("[[energy]]", "[lines]\nx = {}\n[[energy]]", "line 13: a line is one of {fold = BRANCH}"),
    ("[[energy]]", "[branches]\nx = {start = 1}\n[[energy]]", "line 13: write {m = 1}, not 1"),
]


@pytest.mark.parametrize(("piece", "instead", "sentence"), MISTAKES, ids=[one[1] for one in MISTAKES])
def test_a_mistake_is_one_sentence_with_its_place(piece: str, instead: str, sentence: str) -> None:
    text = BASE.replace(piece, instead, 1)
    assert text != BASE
    with pytest.raises(ReplicaError) as caught:
        theory_of(parse(text, "network.toml"))
    assert isinstance(caught.value, ParameterError | UnknownNameError)
    told = str(caught.value)
    pattern = re.sub(r"\(at (.*?)(\)?)$", r"\\(at \1", sentence).replace("{", r"\{").replace("(1)", r"\(1\)")
    pattern = pattern.replace('["m m"', r'\["m m"')
    assert re.search(pattern, told), told
    assert "network.toml" in told or "alhpa" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "at least one layer"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
        (b"a = " + b"[" * 5000, "brackets|no TOML"),
        (b"#" * (2 << 20), "more than 1 MiB"),
        (b"layers = 1", r"write \[layers\] above the rows"),
        (b"model = 1", r"write \[model\] above the rows"),
    ],
    ids=["empty", "binary", "deep", "large", "layers", "model"],
)
def test_files_that_are_no_models(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "network.toml"
    file.write_bytes(content)
    with pytest.raises(ParameterError, match=sentence):
        read(file)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file"):
        read(tmp_path / "no.toml")
    with pytest.raises(ParameterError, match="cannot read"):
        read(tmp_path)


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, len(SPARSE)), put=TEXTS, drop=st.integers(0, 12))
def test_a_damaged_file_is_refused_or_read_but_never_breaks(cut: int, put: str, drop: int) -> None:
    text = SPARSE[:cut] + put + SPARSE[cut + drop :]
    with suppress(ParameterError, UnknownNameError):
        model = parse(text)
        assert parse(write(model)) == model


# -- what is written out --------------------------------------------------------------------------------

DEEP = """\
[parameters]
width = 1.2
T = 0.35
[layers]
bottom = {unit = "spin", g = 0.1}
middle = {unit = "bernoulli", g = "width/4", size = 0.7}
top = {unit = "relu", theta = 0.2, gamma = 3, size = "width/2"}
[[couplings]]
layers = ["bottom", "middle"]
variance = "width/3"
[[couplings]]
layers = ["middle", "top"]
variance = 0.4
[[couplings]]
layers = ["bottom", "bottom", "bottom"]
variance = "(1 + width)/7"
[patterns]
m = {layer = "bottom", law = "sign"}
k = {layer = "middle", law = "trinomial", p = 0.4, L = 2}
[[energy]]
patterns = ["m", "m"]
strength = 0.3
[[energy]]
patterns = ["m", "k", "k"]
strength = "width/5"
"""
MODELS = {
    "hopfield": (template(), {"alpha": 0.05, "T": 0.3}),
    "sparse": (SPARSE, {"alpha": 0.05, "T": 0.05}),
    "deep": (DEEP, {}),
}


def value(text: str, known: dict[str, Any]) -> float:
    """The number that an equation gives, in the grammar of equations: a space is a product."""
    text = re.sub(r"E\[ln (Z\w*)\]", r"ln\1", text.partition("; ")[0])
    text = text.replace("[", "(").replace("]", ")").replace("^", "**")
    text = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", text)
    return float(eval(text, {"sqrt": math.sqrt, "__builtins__": {}}, known))


@pytest.mark.parametrize("name", MODELS)
def test_the_written_equations_are_those_that_are_solved(name: str) -> None:
    text, parameters = MODELS[name]
    written_as_solved(theory_of(parse(text))(**parameters), {})


@pytest.mark.parametrize("powers", [{}, {"p": 5}])
@pytest.mark.parametrize("kind", [PSpin, MixedPSpin, Dense])
def test_equations_of_a_power_are_those_that_are_solved(
    kind: type[FullyConnected], powers: dict[str, int]
) -> None:
    """With the letter p, and with its value."""
    some = {"J0": 0.3, "h": 0.3, "a": 0.2, "T": 0.4, "p": 5}
    theory = kind(**{name: value for name, value in some.items() if name in kind.parameters()})
    written_as_solved(theory, powers)


def written_as_solved(theory: FullyConnected, powers: dict[str, int]) -> None:
    """Compare what is printed with what is computed."""
    model = theory.model
    made, T = theory.structure, float(theory.parts.T)
    x = np.linspace(0.3, 0.6, len(theory.order))
    here = theory.read(x)
    known: dict[str, Any] = {**theory.values, "T": T, **dict(zip(theory.order, x, strict=True))}
    for s, layer in enumerate(model.layers):
        tail, q, C = made.overlaps[s][1:], float(here.q[s]), float(here.C[s])
        log_z = -float(here.answer(s).over("free_energy")) / T
        log_z -= 0.5 * math.log(2 * math.pi * T) * layer.normalised
        known |= {f"q{tail}": q, f"C{tail}": C, f"Q{tail}": q + T * C, f"lnZ{tail}": log_z}
        known[f"chi{tail}"] = float(here.answer(s).over("response_square"))
    told = equations(model, powers)
    written = {key: one.split(" = ", 1)[1] for key, one in told.items() if " = " in one}
    for s in made.layers:
        tail = made.overlaps[s][1:]
        assert value(written[f"v{tail}"], known) == pytest.approx(float(here.variance(s)), rel=1e-13)
        assert value(written[f"a{tail}"], known) == pytest.approx(float(here.quadratic(s)), rel=1e-13)
    for k, pattern in enumerate(model.patterns):
        s = model.layer_index[pattern.layer]
        field = written[f"b{made.overlaps[s][1:]}"].split(" + sqrt")[0]
        one = {"w": 1.0, f"w_{pattern.name}": 1.0}
        assert value(field, known | one) == pytest.approx(float(here.c[k]), rel=1e-13)
    assert value(written["f"], known) == pytest.approx(float(theory.free_energy(x)), rel=1e-12)
    if len(made.layers) < 3:
        assert value(written["rho"], known) == pytest.approx(float(theory.rho(x)), rel=1e-12)
        return
    matrix = np.zeros((3, 3))
    for key, entry in written.items():
        if key.startswith("M_"):
            s, t = (model.layer_index[layer] for layer in key.split("_")[1:])
            matrix[s, t] = matrix[t, s] = value(entry, known)
    assert max(np.linalg.eigvalsh(matrix)) == pytest.approx(float(theory.rho(x)), rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_equations_become_latex(name: str) -> None:
    model = parse(MODELS[name][0])
    for text in equations(model).values():
        found = latex(text, (*model.names, *symbols(model)))
        assert found.count("{") == found.count("}")
    assert notes(model)
    assert set(symbols(model)) >= set(theory_of(model).order)


def test_the_equations_of_a_power_become_latex() -> None:
    told = " ".join(latex(text, ("p", "J0")) for text in PSpin.equations.values())
    assert r"J_{ijk} s_i s_j s_k \cdots -N g" in told
    assert r"\sim N\left(0,\ \frac{p!}{2 N^{p-1}}\right)" in told
    with pytest.raises(ParameterError, match="has no partner"):
        latex("a = ! b")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"p": 2}, "p-spin: p = 2 is not allowed"),
        ({"T": 1}, "p-spin: T is no power in its equations"),
        ({"q": 1}, "unknown parameter of p-spin 'q'"),
    ],
)
def test_what_is_no_power_is_not_written_out(given: dict[str, int], sentence: str) -> None:
    with pytest.raises(ReplicaError, match=sentence):
        PSpin.written(**given)


def test_a_parameter_that_looks_like_a_word_is_a_symbol() -> None:
    assert latex("g = width^2 m", ["width"]) == r"g = \mathrm{width}^2 m"
