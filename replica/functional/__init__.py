"""One functional for every fully connected model: layers of units, Gaussian couplings, patterns.

A `Model` is data; `theory_of` makes a theory of it. Its equations follow from the averages of its units, its
couplings are a polynomial in the overlaps, its patterns have laws (docs/functional.md); `read` reads a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from replica.functional.expressions import Expression as Expression
    from replica.functional.files import read as read
    from replica.functional.fully_connected import FullyConnected as FullyConnected
    from replica.functional.fully_connected import theory_of as theory_of
    from replica.functional.model import Coupling as Coupling
    from replica.functional.model import Energy as Energy
    from replica.functional.model import Family as Family
    from replica.functional.model import Layer as Layer
    from replica.functional.model import Model as Model
    from replica.functional.model import Pattern as Pattern
else:
    __getattr__, __dir__, __all__ = face(
        __name__,
        {
            "Expression": "expressions",
            "read": "files",
            "FullyConnected": "fully_connected",
            "theory_of": "fully_connected",
            "Coupling": "model",
            "Energy": "model",
            "Family": "model",
            "Layer": "model",
            "Model": "model",
            "Pattern": "model",
        },
    )
