"""Phase diagrams: many saddle points become lines, and lines become a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from phase_diagrams.catalogue import DIAGRAMS as DIAGRAMS
    from phase_diagrams.diagram import Axis as Axis
    from phase_diagrams.diagram import DiagramError as DiagramError
    from phase_diagrams.diagram import HeatMap as HeatMap
    from phase_diagrams.diagram import Images as Images
    from phase_diagrams.diagram import Inset as Inset
    from phase_diagrams.diagram import Line as Line
    from phase_diagrams.diagram import LineKind as LineKind
    from phase_diagrams.diagram import PhaseDiagram as PhaseDiagram
    from phase_diagrams.diagram import Point as Point
    from phase_diagrams.diagram import Region as Region
    from phase_diagrams.draw import figure as figure
    from phase_diagrams.draw import save_figure as save_figure
    from phase_diagrams.mapping.automatic import automatic_diagram as automatic_diagram
    from phase_diagrams.mapping.stored import map_of_sweep as map_of_sweep
    from phase_diagrams.placing import diagnose as diagnose
    from phase_diagrams.placing import place as place
    from phase_diagrams.placing.found import Found as Found
    from phase_diagrams.simulating import Agreement as Agreement
    from phase_diagrams.simulating import Measurement as Measurement
    from phase_diagrams.simulating import Subject as Subject
    from phase_diagrams.simulating import confront as confront
    from phase_diagrams.simulating import simulate as simulate
    from phase_diagrams.simulating import validate as validate
    from phase_diagrams.storage.diagrams import load_diagram as load_diagram
    from phase_diagrams.storage.diagrams import save_diagram as save_diagram
    from phase_diagrams.storage.files import StorageError as StorageError
    from phase_diagrams.sweeping.files import export as export
    from phase_diagrams.sweeping.run import SweepError as SweepError
    from phase_diagrams.sweeping.run import sweep as sweep
    from phase_diagrams.sweeping.store import open_sweep as open_sweep
    from phase_diagrams.tracing.curves import Curve as Curve
    from phase_diagrams.tracing.curves import curve as curve
    from phase_diagrams.tracing.lines import boundary_line as boundary_line
    from phase_diagrams.tracing.lines import find_points as find_points

_HOMES = {
    "catalogue": "DIAGRAMS",
    "diagram": "Axis DiagramError HeatMap Images Inset Line LineKind PhaseDiagram Point Region",
    "draw": "figure save_figure",
    "mapping.automatic": "automatic_diagram",
    "mapping.stored": "map_of_sweep",
    "placing.diagnose": "diagnose",
    "placing.found": "Found",
    "placing.place": "place",
    "simulating": "Agreement Measurement Subject confront simulate validate",
    "storage.diagrams": "load_diagram save_diagram",
    "storage.files": "StorageError",
    "sweeping.files": "export",
    "sweeping.run": "SweepError sweep",
    "sweeping.store": "open_sweep",
    "tracing.curves": "Curve curve",
    "tracing.lines": "boundary_line find_points",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}
    )
