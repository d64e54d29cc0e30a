"""What rests on a state of negative replicon says so: lines, their files and figures, what commands print."""

import json
from dataclasses import replace

import numpy as np
import pytest

from console import replica
from phase_diagrams.diagram import Axis, DiagramError, Line, LineKind, PhaseDiagram
from phase_diagrams.diagram.outline import join
from phase_diagrams.draw import draw
from phase_diagrams.tracing.lines import boundary_line
from replica import solve
from replica.solving import critical, locate
from replica.theories import Compositional, CurieWeiss, Hopfield, SherringtonKirkpatrick

AXES = Axis("x", "$x$"), Axis("y", "$y$")
FLAGS = [False, True, True]
LINE = Line("T", LineKind.FIRST_ORDER, [0, 1, 2], [1, 2, 3], ["converged"] * 3, "$T$", broken=FLAGS)


def diagram(*lines: Line) -> PhaseDiagram:
    return PhaseDiagram("d", "", AXES, list(lines), [], [], {})


def test_a_state_knows_whether_replica_symmetry_is_broken():
    assert solve(Hopfield(alpha=0.05, T=0.2), "glass").broken
    assert not solve(Hopfield(alpha=0.05, T=0.2), "retrieval").broken
    assert not solve(CurieWeiss(T=0.5)).broken  # no disorder, no replicon
    both = solve(Hopfield(alpha=np.array([0.05, 0.1]), T=0.0), "retrieval")
    assert both.broken.tolist() == [False, True] or both.broken.shape == (2,)


def test_lines_between_states_of_which_one_is_broken_are_flagged():
    """Coexistence of retrieval with the glass rests on the glass; T_g on the paramagnet, on the verge."""
    theory = Hopfield(alpha=0.05, T=0.2)
    assert boundary_line(theory, "first-order", "alpha", "T", at=[0.02, 0.05]).broken == (True, True)
    assert boundary_line(theory, "glass", "alpha", "T", at=[0.02, 0.05]).broken == ()
    assert boundary_line(theory, "glass", "alpha", "T", xlim=(0, 0.1), ylim=(0, 1.5)).broken == ()
    assert boundary_line(theory, "spinodal", "alpha", "T", at=[0.05, 0.1]).broken == ()


def test_the_paramagnet_below_its_freezing_is_broken():
    line = boundary_line(SherringtonKirkpatrick(T=0.5), "ferromagnet", "J0", "T", at=[0.5, 1.5])
    assert line.broken == (True, False)


def test_the_compositional_glass_line_is_flagged():
    theory = Compositional(alpha=0.5, theta=1.5, g=-0.2, l=0.5)
    line = boundary_line(theory, "compositional-glass", "theta", "g", at=[1.5])
    assert line.status == ("converged",)
    assert line.broken == (True,)


def test_a_critical_value_knows_it_too():
    assert critical(Hopfield(alpha=0.0, T=0.0)).broken
    assert not critical(Hopfield(alpha=0.0, T=0.3)).broken
    assert not locate(SherringtonKirkpatrick(T=0.5, h=0.3), "stability", "T").broken  # on the verge


def test_flags_go_through_a_file_and_old_files_have_none():
    told = json.loads(json.dumps(diagram(LINE).to_json()))
    assert told["format"] == 5
    assert PhaseDiagram.from_json(told).lines[0].broken == (False, True, True)
    plain = diagram(replace(LINE, broken=())).to_json()
    assert plain["format"] == 1
    assert "broken" not in plain["lines"][0]
    assert PhaseDiagram.from_json(plain).lines[0].broken == ()


@pytest.mark.parametrize("broken", [[True], [1, 0, 1], "yes"])
def test_flags_that_do_not_fit_are_refused(broken):
    with pytest.raises(DiagramError, match="broken"):
        replace(LINE, broken=broken)


def test_joined_lines_keep_their_flags():
    assert join([(-1, 0)], LINE).broken == (False, False, True, True)


def test_figures_draw_such_lines_hollow_and_say_so():
    ax = draw(diagram(LINE))
    assert "hollow: replica symmetry broken" in [text.get_text() for text in ax.get_legend().get_texts()]
    double = [line for line in ax.lines if line.get_path_effects() and len(line.get_xdata())]
    assert len(double) == 1
    assert np.isfinite(double[0].get_ydata()).tolist() == [True, True, True]  # up to the point before
    assert np.isfinite(ax.lines[-1].get_ydata()).tolist() == [True, False, False]
    words = [text.get_text() for text in draw(diagram(replace(LINE, broken=()))).get_legend().get_texts()]
    assert words == ["$T$"]


def test_commands_say_it():
    assert "replica symmetry is broken there" in replica("capacity hopfield").stdout
    assert "broken" not in replica("capacity hopfield -p T=0.3").stdout
    line = replica("line hopfield first-order -x alpha=0.02:0.05:2 -y T").stdout
    assert "rests on a state of negative replicon" in line
    state = replica("solve sherrington-kirkpatrick -p T=0.999999 --branch glass").stdout
    assert "replica symmetry  broken" in state


def test_a_sign_that_is_not_known_is_no_minus():
    """At T_c the replicon of the paramagnet is 0, and f does not depend on m to second order there."""
    told = json.loads(replica("solve sherrington-kirkpatrick -p T=1 --branch paramagnet --json").stdout)
    assert told["replica_symmetry"] == "undetermined"
    assert told["hessian_undetermined"] + sum(told["hessian_signature"]) == 2
    assert told["hessian_undetermined"] > 0
    printed = replica("solve sherrington-kirkpatrick -p T=1 --branch paramagnet").stdout
    assert "0 +- " in printed
    assert "?" in printed
