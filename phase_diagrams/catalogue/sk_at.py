"""Sherrington-Kirkpatrick spin glass in a field: the line of de Almeida and Thouless."""

from __future__ import annotations

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.tracing.lines import boundary_line
from replica.theories import SherringtonKirkpatrick

__all__ = ["build"]


@recorded
def build(*, h_max: float = 2.0, step: float = 0.02) -> PhaseDiagram:
    r"""Stability of replica symmetry in the plane of field and temperature [AT78]_.

    Beside the line stand its limits: T = 1 - (3/4)^(1/3) h^(2/3) at weak fields, and
    T = (4/3) exp(-h^2/2)/sqrt(2 pi) at strong ones.

    Parameters
    ----------
    h_max : float
        Largest field.
    step : float
        Largest step along the line, as a fraction of the plane.

    References
    ----------
    .. [AT78] J. R. L. de Almeida, D. J. Thouless, J. Phys. A 11, 983 (1978).

    Examples
    --------
    >>> line = build().line("T_AT")
    >>> print(line.x[0], line.y[0])
    0.0 1.0
    """
    theory = SherringtonKirkpatrick(T=0.5)

    def piece(low: float, high: float, step: float) -> Line:
        return boundary_line(
            theory,
            "stability",
            "h",
            "T",
            xlim=(low, high),
            ylim=(0, 1),
            name="T_AT",
            label=r"$T_{\mathrm{AT}}$",
            step=step,
        )

    small = min(0.1, h_max / 2)  # at h = 0 the line starts at T = 1 with a vertical tangent
    line = join([(0, 1)], piece(1e-5, small, step / 2), piece(small, h_max, step))
    weak = np.linspace(0, 0.6 ** (1 / 3), 60) ** 3
    strong = np.linspace(0.5, h_max, 60)
    return PhaseDiagram(
        "sk-at",
        "Stability in a field, $J_0 = 0$",
        (
            Axis("h", "field $h/J$", limits=(0, h_max)),
            Axis("T", "temperature $T/J$", limits=(0, 1.2)),
        ),
        [
            line,
            curve("weak field", weak, 1 - 0.75 ** (1 / 3) * weak ** (2 / 3), r"$1-(3/4)^{1/3}h^{2/3}$"),
            curve(
                "strong field",
                strong,
                4 / 3 * np.exp(-strong * strong / 2) / np.sqrt(2 * np.pi),
                r"$(4/3)\,e^{-h^2/2}/\sqrt{2\pi}$",
            ),
        ],
        [],
        [
            Region(
                "symmetric",
                "replica symmetry",
                (0.35 * h_max, 0.75),
                outline([(0, 1.2)], line, [(h_max, 0), (h_max, 1.2)]),
            ),
            Region("broken", "broken", (0.1 * h_max, 0.2), outline(line, [(h_max, 0), (0, 0)])),
        ],
        about(theory, ["h", "T"]),
    )
