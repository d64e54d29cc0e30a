"""Machines of finite size, alone or beside their theory; measurements beside a theory, in sigmas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from phase_diagrams.simulating.agreement import Agreement as Agreement
    from phase_diagrams.simulating.agreement import DisagreementError as DisagreementError
    from phase_diagrams.simulating.agreement import Measurement as Measurement
    from phase_diagrams.simulating.agreement import Row as Row
    from phase_diagrams.simulating.agreement import Subject as Subject
    from phase_diagrams.simulating.agreement import confront as confront
    from phase_diagrams.simulating.machines import MACHINES as MACHINES
    from phase_diagrams.simulating.machines import Machine as Machine
    from phase_diagrams.simulating.machines import beside as beside
    from phase_diagrams.simulating.machines import machine as machine
    from phase_diagrams.simulating.models import machine_of as machine_of
    from phase_diagrams.simulating.pictures import picture as picture
    from phase_diagrams.simulating.samples import Alone as Alone
    from phase_diagrams.simulating.samples import judge as judge
    from phase_diagrams.simulating.samples import measurements as measurements
    from phase_diagrams.simulating.samples import simulate as simulate
    from phase_diagrams.simulating.samples import validate as validate
    from phase_diagrams.simulating.tables import TableError as TableError
    from phase_diagrams.simulating.tables import read_table as read_table
    from phase_diagrams.simulating.tables import write_table as write_table

_HOMES = {
    "agreement": "Agreement DisagreementError Measurement Row Subject confront",
    "machines": "MACHINES Machine beside machine",
    "models": "machine_of",
    "pictures": "picture",
    "samples": "Alone judge measurements simulate validate",
    "tables": "TableError read_table write_table",
}

if not TYPE_CHECKING:
    __getattr__, __dir__, __all__ = face(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}
    )
