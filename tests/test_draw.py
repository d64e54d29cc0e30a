"""Figures: asserted on artists and on what is written into the files, never on pixels."""

import ast
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.text import Annotation
from PIL import Image

import phase_diagrams.draw
from phase_diagrams.diagram import Axis, DiagramError, Inset, Line, LineKind, PhaseDiagram, Point, Region
from phase_diagrams.draw import (
    CURVES,
    FILLS,
    PALETTE,
    PANEL,
    PHASES,
    STYLE,
    draw,
    figure,
    phase_of,
    save_figure,
)
from phase_diagrams.draw.style import fills
from phase_diagrams.storage.diagrams import load_diagram
from phase_diagrams.storage.files import StorageError
from replica.errors import UnknownNameError

NAN = float("nan")
NO_BOUNDARIES = LineKind.CURVE, LineKind.MEASURED, LineKind.STABLE, LineKind.UNSTABLE
BOUNDARIES = [kind for kind in LineKind if kind not in NO_BOUNDARIES]
GRID = np.linspace(0.01, 0.15, 15)


def line(name: str, kind: LineKind, x: Any, y: Any, label: str = "") -> Line:
    status = ["lost" if math.isnan(one + two) else "converged" for one, two in zip(x, y, strict=True)]
    return Line(name, kind, list(x), list(y), status, label)


def make(**changes: Any) -> PhaseDiagram:
    """A diagram with a boundary of every kind, fanning out from the origin, and the fields changed."""
    parts: dict[str, Any] = {
        "name": "fan",
        "title": "Fan",
        "axes": (Axis("a", r"load $\alpha$", limits=(0, 0.2)), Axis("T", "temperature $T$", limits=(0, 1))),
        "lines": [line(k.name, k, GRID, (i + 1) * GRID, f"${k.name[0]}$") for i, k in enumerate(BOUNDARIES)],
        "points": [Point("c", r"$\alpha_c$", 0.1, 0.1), Point("end", "$E$", 0.15, 0.6)],
        "regions": [
            Region("low", "low", (0.18, 0.05), [(0, 0), (0.2, 0), (0.2, 0.2)]),
            Region("high", "high", (0.02, 0.8), [(0, 0), (0.2, 0.2), (0, 1)]),
            Region("somewhere", "somewhere", (0.02, 0.9)),
        ],
        "provenance": {"model": "Fan(a, T)", "date": "2024-05-17"},
    }
    return PhaseDiagram(**(parts | changes))


def curves(ax: Axes) -> list[Any]:
    return [artist for artist in ax.lines if artist.get_linestyle() != "None"]


def names(ax: Axes) -> set[str]:
    return {text.get_text() for text in ax.texts}


def markers(ax: Axes) -> list[tuple[float, float]]:
    dots = [artist for artist in ax.lines if artist.get_linestyle() == "None"]
    return [(float(x), float(y)) for dot in dots for x, y in np.asarray(dot.get_xydata())]


def dashes(artist: Any) -> Any:
    return artist._unscaled_dash_pattern


def grey(colour: Any) -> float:
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_labels_and_limits() -> None:
    ax = draw(make())
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"load $\alpha$", "temperature $T$")
    assert ax.get_title(loc="left") == "Fan"
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 0.2), (0, 1))
    assert names(ax) == {r"$\alpha_c$", "$E$", "low", "high", "somewhere"}


def test_lines_are_drawn_as_they_are() -> None:
    diagram = make()
    for artist, line in zip(curves(draw(diagram)), diagram.lines, strict=True):
        assert tuple(artist.get_xdata()) == line.x
        assert tuple(artist.get_ydata()) == line.y
        assert artist.get_label() == line.label


def test_gaps_stay_gaps_and_lonely_points_are_seen() -> None:
    y = [1, NAN, 2, NAN, 3, 4]
    ax = draw(make(lines=[line("gaps", LineKind.SPINODAL, range(6), y)], points=[]))
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), y)
    assert markers(ax) == [(0, 1), (2, 2)]


def test_a_line_without_points_is_no_trouble(tmp_path: Path) -> None:
    empty = [line("none", LineKind.CURVE, [], [], "none"), line("lost", LineKind.CURVE, [NAN], [NAN], "lost")]
    save_figure(figure(make(lines=empty)), tmp_path / "empty.png")


def test_every_boundary_has_its_own_dash_pattern() -> None:
    assert set(STYLE) == set(LineKind)
    patterns = {str(dashes(artist)) for artist in curves(draw(make()))}
    assert len(patterns) == len(BOUNDARIES)


def test_curves_are_thin_and_solid() -> None:
    kinds = LineKind.CURVE, LineKind.CONTINUOUS
    thin, thick = curves(draw(make(lines=[line(k.name, k, [0, 1], [0, 1]) for k in kinds])))
    assert thin.get_linestyle() == thick.get_linestyle() == "-"
    assert thin.get_linewidth() < 0.7 * thick.get_linewidth()


def test_curves_differ_in_dash_pattern_but_pieces_of_one_do_not() -> None:
    many = [line(str(i), LineKind.CURVE, GRID, i * GRID) for i in range(len(CURVES))]
    assert len({str(dashes(artist)) for artist in curves(draw(make(lines=many)))}) == len(CURVES)
    pieces = [line(str(i), LineKind.CURVE, GRID, i * GRID, "$f$") for i in range(2)]
    assert len({str(dashes(artist)) for artist in curves(draw(make(lines=pieces)))}) == 1


def test_lines_of_one_kind_differ_in_colour() -> None:
    many = [line(str(i), LineKind.SPINODAL, GRID, i * GRID) for i in range(len(PALETTE))]
    artists = curves(draw(make(lines=many)))
    assert len({artist.get_color() for artist in artists}) == len(PALETTE)
    assert len({str(dashes(artist)) for artist in artists}) == 1


def test_pieces_with_one_label_look_alike_and_stand_once_in_the_legend() -> None:
    pieces = [line(str(i), LineKind.SPINODAL, GRID, i * GRID, "$T_M$") for i in range(2)]
    ax = draw(make(lines=pieces))
    assert len({artist.get_color() for artist in curves(ax)}) == 1
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["$T_M$"]


def test_no_labels_no_legend() -> None:
    assert draw(make(lines=[line("plain", LineKind.CURVE, GRID, GRID)])).get_legend() is None


def test_fills_differ_in_grey_and_leave_text_readable() -> None:
    shades = [grey(fill) for fill in FILLS]
    assert all(one - two > 0.03 for one, two in pairwise(shades))
    assert min(shades) > 0.6
    fills = [patch for patch in draw(make()).patches if isinstance(patch, Polygon)]
    assert len({grey(patch.get_facecolor()) for patch in fills}) == 2
    np.testing.assert_allclose(fills[0].get_xy()[:3], [(0, 0), (0.2, 0), (0.2, 0.2)])


def luminance(colour: Any) -> float:
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(colour)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_phases_differ_without_colour_and_leave_text_readable() -> None:
    light = [luminance(fill) + 0.05 for fill in PHASES.values()]
    assert all(one / two > 1.2 for one, two in pairwise(light))
    assert min(light) / 0.05 > 7  # black letters on the darkest


EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "data").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_phase_has_one_colour_in_all_figures(path: Path) -> None:
    diagram = load_diagram(path)
    for panel in (diagram, *diagram.beside):
        outlined = [region for region in panel.regions if region.polygon]
        phases = [phase_of(region.label) for region in outlined]
        assert None not in phases
        assert fills(region.label for region in outlined) == [PHASES[str(phase)] for phase in phases]
        names = {region.label.split()[0] for region in outlined}
        assert len({*phases}) >= len(names) - 1


def test_thin_lines_and_ticks_follow_the_style() -> None:
    thin = line("thin", LineKind.CURVE, [0, 1], [0, 1])
    one, two = (figure(make(lines=[thin]), style=style).axes[0] for style in ("paper", "slides"))
    (narrow,), (wide,) = curves(one), curves(two)
    assert wide.get_linewidth() / narrow.get_linewidth() == pytest.approx(2.2 / 1.2)


def test_at_most_two_panels_stand_side_by_side() -> None:
    made = figure(replace(make(), beside=[make(), make()]))
    assert tuple(made.get_size_inches()) == (2 * PANEL[0], 2 * PANEL[1])


def test_ticks_point_inwards_on_all_sides() -> None:
    ax = draw(make())
    for axis in (ax.xaxis, ax.yaxis):
        assert axis.get_tick_params()["direction"] == "in"
        assert all(t.tick1line.get_visible() and t.tick2line.get_visible() for t in axis.get_major_ticks())


def crossings(ax: Axes, box: Any) -> int:
    paths = [artist.get_transform().transform_path(artist.get_path()) for artist in curves(ax)]
    return sum(path.intersects_bbox(box, filled=False) for path in paths)


def test_labels_of_points_keep_off_lines_and_names() -> None:
    made = figure(make())
    made.draw_without_rendering()
    ax = made.axes[0]
    (label,) = (text for text in ax.texts if text.get_text() == "$E$")
    assert isinstance(label, Annotation)
    assert label.xy == (0.15, 0.6)
    box = label.get_window_extent()
    assert crossings(ax, box) == 0
    assert not box.count_overlaps([text.get_window_extent() for text in ax.texts if text is not label])


def test_the_legend_keeps_inside_if_there_is_room() -> None:
    made = figure(make(points=[], regions=[]))
    made.draw_without_rendering()
    ax = made.axes[0]
    legend = ax.get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert ax.bbox.y0 < box.y0 < box.y1 < ax.bbox.y1
    assert crossings(ax, box) == 0


def test_the_legend_moves_above_a_crowded_frame() -> None:
    crowd = [line(str(i), LineKind.CURVE, [0, 0.2], [i / 20, i / 20], f"${i}$") for i in range(1, 20)]
    made = figure(make(lines=crowd))
    made.draw_without_rendering()
    ax = made.axes[0]
    legend = ax.get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert box.y0 >= ax.bbox.y1
    assert ax.title.get_window_extent().y0 >= 0
    assert ax._left_title.get_window_extent().y0 >= box.y1 - 1  # type: ignore[attr-defined]


def test_draw_uses_the_axes_it_is_given() -> None:
    mine = Figure().add_subplot()
    assert draw(make(), mine) is mine
    assert len(curves(mine)) == 4


def test_beside_is_left_to_figure() -> None:
    diagram = make(beside=[make(name="second", title="Second", beside=[make(name="third", title="Third")])])
    assert len(draw(diagram).figure.axes) == 1
    made = figure(diagram)
    assert [ax.get_title(loc="left") for ax in made.axes] == ["(a) Fan", "(b) Second", "(c) Third"]
    heights = {round(ax.get_position().height, 6) for ax in made.axes}
    assert len(heights) == 1
    assert made.get_size_inches() == pytest.approx(2 * figure(make()).get_size_inches())


def test_an_inset_magnifies_the_same_artists() -> None:
    diagram = make(insets=[Inset((0.5, 0.6, 0.3, 0.3), (0.09, 0.11), (0.05, 0.15))])
    ax = draw(diagram)
    (view,) = ax.child_axes
    assert isinstance(view, Axes)
    assert (view.get_xlim(), view.get_ylim()) == ((0.09, 0.11), (0.05, 0.15))
    for small, large in zip(curves(view), curves(ax), strict=True):
        assert small.get_color() == large.get_color()
        assert dashes(small) == dashes(large)
        np.testing.assert_array_equal(small.get_xydata(), large.get_xydata())
    assert view.get_legend() is None
    assert markers(view) == [(0.1, 0.1)]
    assert len(markers(ax)) == 2


def test_a_region_is_named_in_the_inset_or_outside_a_point_in_both() -> None:
    inset = Inset((0.5, 0.6, 0.3, 0.3), (0.09, 0.11), (0.05, 0.15))
    ax = draw(make(insets=[inset], regions=[Region("tiny", "tiny", (0.1, 0.12))]))
    assert names(ax.child_axes[0]) == {r"$\alpha_c$", "tiny"}  # type: ignore[arg-type]
    assert names(ax) == {r"$\alpha_c$", "$E$"}


def test_points_too_close_for_the_panel_are_left_to_the_inset() -> None:
    inset = Inset((0.5, 0.6, 0.3, 0.3), (0.09, 0.11), (0.05, 0.15))
    close = [Point("c", r"$\alpha_c$", 0.1, 0.1), Point("d", "$d$", 0.101, 0.101)]
    ax = draw(make(points=close, insets=[inset]))
    assert markers(ax) == [(0.1, 0.1)]
    assert "$d$" not in names(ax)
    assert markers(ax.child_axes[0]) == [(0.1, 0.1), (0.101, 0.101)]  # type: ignore[arg-type]
    assert len(markers(draw(make(points=close)))) == 2


def test_log_axes(tmp_path: Path) -> None:
    axes = Axis("l", "$l$", "log", (1e-3, 1)), Axis("f", "$f$", "log")
    curve = line("f", LineKind.CURVE, [0, 1e-3, 1e-2, 1], [1, 2, -1, 3], "$f$")
    point = Point("p", "$p$", 0.1, 0.1)
    inset = Inset((0.5, 0.5, 0.4, 0.4), (0.01, 0.1), (1, 2))
    made = figure(make(axes=axes, lines=[curve], points=[point], regions=[], insets=[inset]))
    ax = made.axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    save_figure(made, tmp_path / "log.png")


def test_reversed_limits() -> None:
    diagram = make(axes=(Axis("a", "$a$", limits=(1, 0)), Axis("b", "$b$")))
    assert draw(diagram).get_xlim() == (1, 0)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": r"$\alpa$"}, "title"),
        ({"axes": (Axis("a", r"$\frac{1}$"), Axis("b", "$b$"))}, "axes[0].label"),
        ({"lines": [line("f", LineKind.CURVE, [0], [0], "$x_$")]}, "lines[0].label"),
        ({"points": [Point("p", "good\n$bad{$", 0, 0)]}, "points[0].label"),
    ],
)
def test_bad_mathtext_is_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(DiagramError, match=f"^{re.escape(where)}: .* is not valid mathtext") as caught:
        figure(make(**changes))
    assert "\n" not in str(caught.value)


def test_a_lonely_dollar_is_a_dollar() -> None:
    assert draw(make(title="5 $")).get_title(loc="left") == "5 $"


def test_metadata_in_png(tmp_path: Path) -> None:
    diagram = make()
    save_figure(figure(diagram), tmp_path / "fan.png", diagram.provenance)
    with Image.open(tmp_path / "fan.png") as image:
        assert json.loads(image.info["Description"]) == diagram.provenance
        assert image.width == 1020


def test_metadata_in_svg(tmp_path: Path) -> None:
    provenance = {"model": 'Fan(<a>, "T") & \u03b1'}
    save_figure(figure(make()), tmp_path / "fan.svg", provenance)
    root = ET.parse(tmp_path / "fan.svg").getroot()
    (found,) = root.iter("{http://purl.org/dc/elements/1.1/}description")
    assert json.loads(found.text or "") == provenance


def test_metadata_and_fonts_in_pdf(tmp_path: Path) -> None:
    save_figure(figure(make()), tmp_path / "fan.pdf", {"model": "Fan"})
    content = (tmp_path / "fan.pdf").read_bytes()
    assert b'/Subject ({"model": "Fan"})' in content
    assert b"/FontFile2" in content
    assert b"/Subtype /Type3" not in content


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg", "PNG"])
def test_the_same_figure_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    inset = Inset((0.5, 0.6, 0.3, 0.3), (0.09, 0.11), (0.05, 0.15))
    for name in ("one", "two"):
        save_figure(figure(make(insets=[inset])), tmp_path / f"{name}.{suffix}", {"date": "2024-05-17"})
    one, two = (tmp_path / f"{name}.{suffix}" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", ["fan.jpg", "fan", "fan.json", ".png"])
def test_other_suffixes_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="figures are written as png, pdf, svg, pgf; choose one of these"):
        save_figure(Figure(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_figures_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "fan.png").mkdir()
    with pytest.raises(StorageError, match="it is a directory"):
        save_figure(Figure(), tmp_path / "fan.png")


def test_the_house_style_does_not_leak_and_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = figure(make()).axes[0].xaxis.label.get_fontfamily()
    with monkeypatch.context() as patch:
        patch.setitem(rcParams, "font.family", ["monospace"])
        assert figure(make()).axes[0].xaxis.label.get_fontfamily() == expected == ["STIXGeneral"]
        assert rcParams["font.family"] == ["monospace"]


def test_drawing_changes_no_diagram() -> None:
    diagram = make()
    figure(diagram)
    assert diagram == make() == replace(diagram)


def test_draw_never_computes() -> None:
    rooms = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in Path(phase_diagrams.draw.__path__[0]).glob("*.py")
    ]
    nodes = [node for tree in rooms for node in ast.walk(tree)]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    ours = {str(module) for module in modules if str(module).split(".")[0] in ("replica", "phase_diagrams")}
    ours -= {str(module) for module in modules if str(module).startswith("phase_diagrams.draw.")}
    guards = "replica.machines.data.guards"  # of files that come from outside: a style may
    assert ours <= {
        "replica.errors",
        "replica.typing",
        "phase_diagrams.diagram",
        "phase_diagrams.storage.files",
        guards,
    }
    assert not any("pyplot" in str(module) for module in modules)


def test_drawing_loads_neither_pyplot_nor_an_engine() -> None:
    code = (
        "import sys, phase_diagrams.draw as d; "
        "print(sorted(m for m in sys.modules if m.split('.')[0] == 'replica' or m == 'matplotlib.pyplot'))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    ours = ["replica", "replica._face", "replica.errors", "replica.showing"]
    ours += ["replica.theory", "replica.theory.boundaries", "replica.typing"]
    files = [f"replica.machines{room}" for room in ("", ".data", ".data.guards", ".data.temporary")]
    assert done.stdout.strip() == str(sorted([*ours, *files]))


# --- styles, sizes, titles ---------------------------------------------------------------------------------


def test_slides_are_larger_and_paper_is_the_house_style() -> None:
    plain, paper, slides = figure(make()), figure(make(), style="paper"), figure(make(), style="slides")
    assert tuple(plain.get_size_inches()) == tuple(paper.get_size_inches()) == PANEL
    assert slides.get_size_inches()[0] > 2 * PANEL[0]
    assert slides.axes[0].xaxis.label.get_size() > plain.axes[0].xaxis.label.get_size()
    one, two = ([dashes(artist) for artist in curves(made.axes[0])] for made in (plain, slides))
    assert one == two  # they carry meaning


@pytest.mark.parametrize(
    "name", ["ggplot", "dark_background", "classic", "seaborn-v0_8-talk", "fivethirtyeight"]
)
def test_styles_of_matplotlib(name: str, tmp_path: Path) -> None:
    made = figure(make(), style=name, size=(4.0, 3.0))
    save_figure(made, tmp_path / "a.png", style=name, dpi=50)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (200, 150)


def test_a_dark_style_has_light_text_and_dark_fills() -> None:
    (ax,) = figure(make(), style="dark_background").axes
    assert grey(ax.get_facecolor()) < 0.1
    assert grey(ax.xaxis.label.get_color()) > 0.9
    assert all(grey(patch.get_facecolor()) < 0.5 for patch in ax.patches)
    assert all(grey(line.get_color()) > 0.3 for line in ax.lines)


def test_a_style_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.mplstyle"
    path.write_text("font.size: 21\naxes.labelsize: 23\n")
    assert figure(make(), style=path).axes[0].xaxis.label.get_size() == 23
    assert figure(make()).axes[0].xaxis.label.get_size() == 9  # and the next figure is in the house style


def test_styles_that_do_not_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnknownNameError, match="unknown style 'slidse'; did you mean 'slides'"):
        figure(make(), style="slidse")
    with pytest.raises(StorageError, match=r"cannot read the style .*none.mplstyle: No such file"):
        figure(make(), style=tmp_path / "none.mplstyle")
    (tmp_path / "empty.mplstyle").write_text("# nothing\n")
    (tmp_path / "drawing.svg").write_text("<svg/>\n")
    with pytest.raises(StorageError, match="sets no parameter of matplotlib"):
        figure(make(), style=tmp_path / "drawing.svg")
    assert not capsys.readouterr().err
    assert not caplog.records
    with pytest.raises(StorageError, match="sets no parameter of matplotlib"):
        figure(make(), style=tmp_path / "empty.mplstyle")
    (tmp_path / "noise.mplstyle").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(StorageError, match="it is not a text file"):
        figure(make(), style=tmp_path / "noise.mplstyle")


def test_titles() -> None:
    assert figure(make(), title="New $x$").axes[0].get_title(loc="left") == "New $x$"
    assert figure(make(), title="").axes[0].get_title(loc="left") == ""
    two = figure(replace(make(), beside=[make()]), title="Both")
    assert two.get_suptitle() == "Both"
    assert two.axes[0].get_title(loc="left").startswith("(a) ")
    with pytest.raises(DiagramError, match=r"title: .* is not valid mathtext"):
        figure(make(), title=r"$\nonsense$")
