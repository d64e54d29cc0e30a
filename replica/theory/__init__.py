"""What a theory is: control parameters, order parameters, saddle-point equations, free energy.

A theory is a frozen dataclass that derives from `Theory`, with two formulas, `Theory.update` and
`Theory.free_energy`. Its fields are declared by `parameter`; branches, phase boundaries and the critical
value that people ask for are data (`Branch`, `Fold`, `Optimum`, `Coexistence`, `Zero`, `Critical`). It
knows no solver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from replica.theory.base import Theory as Theory
    from replica.theory.boundaries import Boundary as Boundary
    from replica.theory.boundaries import Branch as Branch
    from replica.theory.boundaries import Coexistence as Coexistence
    from replica.theory.boundaries import Critical as Critical
    from replica.theory.boundaries import Fold as Fold
    from replica.theory.boundaries import Kind as Kind
    from replica.theory.boundaries import Limit as Limit
    from replica.theory.boundaries import Optimum as Optimum
    from replica.theory.boundaries import Phase as Phase
    from replica.theory.boundaries import Zero as Zero
    from replica.theory.parameters import Parameter as Parameter
    from replica.theory.parameters import Value as Value
    from replica.theory.parameters import parameter as parameter
else:
    __getattr__, __dir__, __all__ = face(
        __name__,
        {
            "Theory": "base",
            "Boundary": "boundaries",
            "Branch": "boundaries",
            "Coexistence": "boundaries",
            "Critical": "boundaries",
            "Fold": "boundaries",
            "Kind": "boundaries",
            "Limit": "boundaries",
            "Optimum": "boundaries",
            "Phase": "boundaries",
            "Zero": "boundaries",
            "Parameter": "parameters",
            "Value": "parameters",
            "parameter": "parameters",
        },
    )
