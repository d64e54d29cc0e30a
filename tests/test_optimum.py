"""The best value of one more parameter, along a fold: solved for, not scanned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phase_diagrams import boundary_line
from phase_diagrams.tracing.special_points import holds
from replica import critical, locate
from replica.errors import ParameterError, UnknownNameError
from replica.functional import Coupling, Energy, Layer, Model, Pattern, files, theory_of
from replica.theories import Hopfield, SparseCoding
from replica.theory import Fold, Optimum, Parameter

LOAD = Parameter("load", r"\alpha", lower=0.0, required=True, typical=(0.0, 0.5))
SHARE = Parameter("activity", "a", lower=0.0, upper=1.0, open_lower=True, open_upper=True, default=0.1)


def _memory(name: str, neurons: Layer, field: tuple[float, float], **more: object) -> Model:
    """Patterns of activity a in neurons of any kind."""
    return Model(
        name,
        parameters={"alpha": LOAD, "a": SHARE, "g": Parameter("field", "g", default=0.0, typical=field)},
        layers=[neurons, Layer("hidden", "gaussian", size="alpha", normalised=True)],
        couplings=[Coupling("neurons hidden")],
        **more,  # type: ignore[arg-type]
    )


ENTRIES = ("two-point", {"a": "a", "scale": "sqrt(a*(1-a))"})
BIASED = _memory(
    "my-biased",
    Layer("neurons"),
    (-1.0, 1.0),
    patterns=[Pattern("m", "neurons", *ENTRIES), Pattern("M", "neurons", "one")],
    energies=[Energy("m m"), Energy("M", "g")],
)
CENTRED = _memory(
    "my-centred",
    Layer("neurons", "levels", {"values": ["-a", "1 - a"], "energies": [0, "-g"]}),
    (-1.0, 0.0),
    patterns=[Pattern("m", "neurons", *ENTRIES)],
    energies=[Energy("m m")],
)


@pytest.mark.parametrize("T", [0.0, 0.1])
def test_the_tip_of_a_line_is_an_optimum(T: float) -> None:
    """The largest load of the Hopfield network at any temperature, which the traced line turns round."""
    point = locate(Hopfield(alpha=0.1, T=T), Optimum("retrieval", "T"), "alpha")
    assert point.value == pytest.approx(0.138188511165, abs=1e-12)
    assert float(point.theory.T) == pytest.approx(0.02287355, abs=5e-9)
    assert point.bracket is not None
    assert point.bracket[0] < point.value


def test_capacity_at_the_best_threshold() -> None:
    """An independent value; beside it the fold, known from the same unknowns, is lower."""
    point = locate(SparseCoding(alpha=0.1, a=0.1, g=-0.7), Optimum("retrieval", "g"), "alpha")
    assert point.value == pytest.approx(0.4409672442, abs=5e-11)
    fold = np.concatenate([point.z[:3], point.z[4:7]])  # the state and its direction
    for shift in (-0.003, 0.003):
        beside = locate(
            point.theory.at(g=point.theory.g + shift), "spinodal", "alpha", near=fold, value=point.value
        )
        assert beside.located
        assert beside.value < point.value


def test_capacity_at_the_best_threshold_of_centred_neurons() -> None:
    point = locate(theory_of(CENTRED)(alpha=0.1, g=-0.7), Optimum("retrieval", "g"), "alpha")
    assert point.value == pytest.approx(0.4841584575, abs=5e-11)


def test_capacity_of_biased_patterns() -> None:
    """Spins and patterns of mean b = 0.4, without a field, and in the best one."""
    theory = theory_of(BIASED)(alpha=0.01, a=0.7)
    assert critical(theory).value == pytest.approx(0.04810108077, abs=5e-12)
    point = locate(theory.at(g=0.05), Optimum("retrieval", "g"), "alpha")
    assert point.value == pytest.approx(0.14326647834, abs=5e-12)


def test_an_optimum_is_followed_through_a_second_merging_state() -> None:
    """At a = 0.061 two directions are soft: the state moves infinitely fast with the threshold."""
    point = locate(SparseCoding(alpha=0.1, a=0.1, g=-0.75), Optimum("retrieval", "g"), "alpha")
    shares = []
    for a in (0.08, 0.065, 0.06, 0.05):
        start = point.z, point.value
        point = locate(point.theory.at(a=a), point.boundary, "alpha", near=start[0], value=start[1])
        assert point.located
        shares.append(float(point.z[-1]))
    assert shares[1] > 0 > shares[2]
    assert point.value == pytest.approx(0.94294653623, abs=5e-11)


def test_the_line_of_the_best_field() -> None:
    line = boundary_line(
        theory_of(BIASED)(alpha=0.1, g=0.4),
        Optimum("retrieval", "g"),
        "a",
        "alpha",
        xlim=(0.6, 0.7),
        ylim=(0.0, 0.2),
        step=0.1,
    )
    order = np.argsort(line.x)
    loads = np.array(line.y)[order]
    assert loads[-1] == pytest.approx(0.14326647834, abs=5e-11)
    assert np.all(np.diff(loads) > 0)


def test_the_line_of_a_model_file() -> None:
    best = replace(CENTRED, lines={"best-threshold": Optimum("retrieval", "g")})
    assert files.parse(files.write(best), "here") == best
    with pytest.raises(UnknownNameError, match="parameter of the line best-threshold"):
        theory_of(replace(CENTRED, lines={"best-threshold": Optimum("retrieval", "G")}))


def test_what_is_the_best_is_no_axis() -> None:
    best = Optimum("retrieval", "g")
    assert best != Fold("retrieval")
    assert holds(best, ("alpha", "g"))
    with pytest.raises(ParameterError, match="g is the best one by this boundary"):
        boundary_line(SparseCoding(alpha=0.1), best, "g", "alpha")
