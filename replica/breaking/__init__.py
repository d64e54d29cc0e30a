"""Beyond replica symmetry: any fully connected model with k steps of breaking.

`broken` makes of a theory, or of its class, the one with so many steps; it is a theory like any other.
`parisi` takes infinitely many (docs/breaking.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica._face import face

if TYPE_CHECKING:
    from replica.breaking.continuous import Continuous as Continuous
    from replica.breaking.continuous import parisi as parisi
    from replica.breaking.steps import Broken as Broken
    from replica.breaking.steps import broken as broken
else:
    __getattr__, __dir__, __all__ = face(
        __name__, {"Broken": "steps", "Continuous": "continuous", "broken": "steps", "parisi": "continuous"}
    )
