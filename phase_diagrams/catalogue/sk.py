"""Sherrington-Kirkpatrick spin glass in the plane of ferromagnetic bias and temperature."""

from __future__ import annotations

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, Line, PhaseDiagram, Point, Region
from phase_diagrams.diagram.outline import join, outline
from phase_diagrams.tracing.lines import boundary_line
from replica.errors import ParameterError
from replica.solving import locate, solve
from replica.theories import SherringtonKirkpatrick, SherringtonKirkpatrick1RSB

__all__ = ["build"]


@recorded
def build(*, J0_max: float = 2.0, step: float = 0.02) -> PhaseDiagram:
    r"""Phase diagram of the spin glass with ferromagnetic bias, without field [SK75]_ [AT78]_ [T80]_.

    Replica symmetry holds above ``T_AT``, where the boundaries are exact. Below, the mixed phase is
    magnetised and glassy. Its border to the glass is ``J0 = 1``, exactly [T80]_. The replica-symmetric
    equations put it on ``mixed``, which bends to J0 = sqrt(pi/2) at T = 0; one step of symmetry breaking
    brings it to ``mixed, 1RSB``, at most J0 = 1.051.

    Parameters
    ----------
    J0_max : float
        Right edge of the diagram, at least 1.5.
    step : float
        Largest step along a line, as a fraction of the plane.

    References
    ----------
    .. [SK75] D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975).
    .. [AT78] J. R. L. de Almeida, D. J. Thouless, J. Phys. A 11, 983 (1978).
    .. [T80] G. Toulouse, J. Phys. Lett. (Paris) 41, L447 (1980).

    Examples
    --------
    >>> print(f"{build().point('J0_RS').x:.9f}")
    1.253314137
    """
    if J0_max < 1.5:
        msg = f"J0_max is at least 1.5, to show the mixed phase; it cannot be {J0_max:g}"
        raise ParameterError(msg)
    theory = SherringtonKirkpatrick(T=0.5)
    T_max = max(1.5, J0_max)

    def line(boundary: str, label: str, xlim: tuple[float, float], ylim: tuple[float, float]) -> Line:
        return boundary_line(
            theory, boundary, "J0", "T", xlim=xlim, ylim=ylim, name=boundary, label=label, step=step
        )

    corner = (1.0, 1.0)  # all four phases meet here, exactly
    freezing = join(line("glass", "$T_f = 1$", (0, 1), (0, T_max)))
    magnetised = join(line("ferromagnet", "$T_c = J_0$", (1, J0_max), (1, T_max)))
    near = line("stability", "$T_{\\mathrm{AT}}$", (1.0001, 1.1), (0.6, 1))
    far = line("stability", "$T_{\\mathrm{AT}}$", (1.1, J0_max), (0, 1))
    stability = join([corner], near, far)
    onset = join([corner], line("mixed", "$m > 0$ (RS)", (1, 1.3), (0, 1)))
    # without magnetisation the bias is in no equation: it is 1/(C + B) where the glass magnetises
    T = np.linspace(0, 0.95, 20)
    broken = solve(SherringtonKirkpatrick1RSB(T=T), "glass")
    one_step = curve("mixed, 1RSB", broken["J0_c"], T, "$m > 0$ (1RSB)", of=broken)
    one_step = join(one_step, [corner])
    vertical = curve("J0 = 1", [1, 1], [0, 1], "$m > 0$ (exact)")
    edge = locate(theory.at(T=0.0), "mixed", "J0")
    return PhaseDiagram(
        "sk",
        "Sherrington-Kirkpatrick model",
        (
            Axis("J0", "ferromagnetic bias $J_0/J$", limits=(0, J0_max)),
            Axis("T", "temperature $T/J$", limits=(0, T_max)),
        ),
        [freezing, magnetised, stability, vertical, one_step, onset],
        [Point("multicritical", "", *corner), Point("J0_RS", r"$\sqrt{\pi/2}$", edge.value, 0)],
        [
            Region("paramagnet", "paramagnet", (0.6, 1.4), outline([(0, T_max)], freezing, magnetised)),
            Region("spin glass", "spin glass", (0.5, 0.5), outline(freezing, [corner, (1, 0), (0, 0)])),
            Region(
                "mixed",
                "mixed",
                (1.69, 0.075),
                outline([(1, 0), corner], stability, [(J0_max, 0)]),
            ),
            Region(
                "ferromagnet", "ferromagnet", (1.55, 0.85), outline(stability, [(J0_max, T_max)], magnetised)
            ),
        ],
        about(theory, ["J0", "T"]),
    )
