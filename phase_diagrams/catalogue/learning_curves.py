"""Learning curves of regression and classification: errors against the number of examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from phase_diagrams.catalogue._parts import about, curve, recorded
from phase_diagrams.diagram import Axis, PhaseDiagram
from replica.solving import solve
from replica.theories import Classification, Regression
from replica.units.channels import Hinge, Logistic

__all__ = ["build"]


@recorded
def build(*, noise: float = 0.2, penalty: float = 0.1, points: int = 37) -> PhaseDiagram:
    r"""Errors against examples per weight: ridge regression, logistic and hinge loss [TAH18]_.

    With a weak penalty the error of ridge regression has a peak where there are as many examples as weights,
    and falls again on either side (double descent); with the best penalty, the variance of the noise, there
    is none.

    Parameters
    ----------
    noise : float
        Variance of the noise of the values of the regression, above 0.
    penalty : float
        Penalty of the classification.
    points : int
        Points of a curve of the classification; those of the regression have twice as many.

    References
    ----------
    .. [TAH18] C. Thrampoulidis, E. Abbasi, B. Hassibi, IEEE Trans. Inform. Theory 64, 5592 (2018).

    Examples
    --------
    >>> weak = build(points=10).line("lambda = noise/100")
    >>> print(f"{weak.x[int(np.argmax(weak.y))]:.2f}")
    1.00
    """
    ridge, alpha = Regression(alpha=1.0, noise=noise), np.linspace(0.1, 1.9, 2 * points - 1)
    lines = []
    for part, name in ((100, "noise/100"), (5, "noise/5"), (1, "noise")):
        states = solve(ridge.at(alpha=alpha, penalty=noise / part))
        label = rf"$\lambda = {noise / part:g}$" + ("" if part > 1 else ", the best")
        lines.append(curve(f"lambda = {name}", alpha, np.asarray(states["error"]), label, of=states))
    top = max(np.nanmax(line.y) for line in lines)
    regression = PhaseDiagram(
        "learning-curves",
        rf"Ridge regression, $\sigma^2 = {noise:g}$",
        (
            Axis("alpha", r"examples per weight $\alpha$", limits=(0.0, 2.0)),
            Axis("error", "mean square error", limits=(0.0, round(1.2 * float(top), 1))),
        ),
        lines,
        [],
        [],
        about(ridge, ["alpha", "penalty"]),
    )
    many, lines = np.linspace(0.2, 6.0, points), []
    for channel in (Logistic(), Hinge()):
        labels = Classification(alpha=many, penalty=penalty, channel=channel)
        states = solve(labels)
        lines.append(
            curve(channel.name, many, np.asarray(states["error"]), f"{channel.name} loss", of=states)
        )
    classification = PhaseDiagram(
        "learning-curves-labels",
        rf"Classification, $\lambda = {penalty:g}$",
        (
            Axis("alpha", r"examples per weight $\alpha$", limits=(0.0, 6.0)),
            Axis("error", "fraction of wrong labels", limits=(0.0, 0.5)),
        ),
        lines,
        [],
        [],
        {"model": f"classification(penalty={penalty:g})"},
    )
    return replace(regression, beside=[classification])
