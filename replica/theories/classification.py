"""Classification: a loss of labels and a penalty, minimised, in the limit of many weights and examples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.numerics.functions import maximum, sqrt, stack
from replica.theory import Value, parameter
from replica.theory.prior_channel import LOAD, PENALTY, Trained
from replica.typing import Number, Numbers
from replica.units import Gaussian, Unit
from replica.units.channels import Channel, Logistic

__all__ = ["Classification"]


@dataclass(frozen=True)
class Classification(Trained):
    r"""Labels learned from alpha N examples by minimising a loss and a penalty, replica symmetric [TAH18]_.

    The weights w are at the minimum of sum U(y w.x/sqrt(N)) + lambda sum r(w), where the labels are
    y = sign(w0.x/sqrt(N) + noise). Channels: logistic, hinge, and step, all labels right by a margin: with
    the Gaussian prior that is the perceptron of maximal stability, of margin kappa/sqrt(q).

    Parameters
    ----------
    alpha : float or array
        Examples per weight, > 0.
    penalty : float or array
        Strength lambda of the penalty, > 0; the loss is a sum over the examples, and not divided by anything.
    noise : float or array
        Variance of the noise before the sign, >= 0.
    prior, channel : Unit or str
        Penalty and loss.

    References
    ----------
    .. [TAH18] C. Thrampoulidis, E. Abbasi, B. Hassibi, IEEE Trans. Inform. Theory 64, 5592 (2018).

    Examples
    --------
    >>> from replica import solve
    >>> for channel in ("logistic", "hinge"):
    ...     state = solve(Classification(alpha=3.0, penalty=0.1, channel=channel))
    ...     print(f"{state['m']:.9f} {state['q']:.9f} {state['error']:.9f}")
    2.171495380 5.730814439 0.138297999
    2.025051057 5.011105835 0.140150037
    >>> print(f"{1 / solve(Classification(alpha=2.0, channel='step:kappa=1'))['q'] ** 0.5:.8f}")
    0.45457756
    """

    alpha: Value = parameter(**LOAD, open_lower=True, typical=(0.1, 4.0))
    penalty: Value = parameter(**PENALTY, typical=(0.01, 5.0))
    noise: Value = parameter(
        "variance of the noise before the sign", r"\sigma^2", lower=0, default=0.0, typical=(0.0, 1.0)
    )
    prior: Unit = parameter("prior of the weights, the penalty", "r", kind="unit", default=Gaussian())
    channel: Channel = parameter("channel, the loss", "U", kind="unit", default=Logistic())

    name: ClassVar[str] = "classification"
    aliases: ClassVar[tuple[str, ...]] = ("logistic-regression", "svm")
    losses: ClassVar[tuple[str, ...]] = ("logistic", "hinge", "step")
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k U(y_k h_k) + lambda sum_i r(w_i), h_k = sum_i x_ik w_i/sqrt(N)",
        "w": "w = x with the least e_w = lambda r(x) + Vh x^2/2 - (mh w0 + sqrt(qh) z) x",
        "g": "g(h) = (x - h)/V with the least e_x = U(x) + (x - h)^2/(2 V)",
        "W": "W = 2 H(-m z/sqrt(q (1 + noise) - m^2))",
        "mh": "mh = alpha sqrt(2/(pi (1 + noise))) E[g(sqrt(q - m^2/(1 + noise)) z)]",
        "qh": "qh = alpha E[W g(sqrt(q) z)^2]",
        "Vh": "Vh = -alpha E[W g1(sqrt(q) z)], g1 the slope of g",
        "m": "m = E[w0 w]",
        "q": "q = E[w^2]",
        "V": "V = E[w1], w1 the slope of w by its field",
        "f": "f = m mh + (qh V - Vh q)/2 + E[e_w] + alpha E[W e_x]",
        "error": "cos(pi error) = m/sqrt(q)",
        "training": "training = E[W U(h + V g)]",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap of the weights with the teacher's",
        "q": "mean square of a weight",
        "V": "response of a weight to a field",
        "error": "fraction of new examples that are classified as the teacher without noise would not",
        "training": "mean loss on the examples of the training",
    }
    references: ClassVar[tuple[str, ...]] = (
        "C. Thrampoulidis, E. Abbasi, B. Hassibi, IEEE Trans. Inform. Theory 64, 5592 (2018)",
        "M. Opper, W. Kinzel, J. Kleinz, R. Nehl, J. Phys. A 23, L581 (1990): maximal stability",
    )
    known: ClassVar[Mapping[str, str]] = {
        "q at a step": "independent of lambda, exact: the norm of the weights of maximal stability",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "-p lambda=0.1 is the penalty. Other texts divide the loss by N, or write 1/lambda.",
        "Where the labels can be separated the weights of logistic loss diverge as lambda -> 0.",
    )

    def error(self, x: Numbers) -> Number:
        m, q, _ = x
        return np.arccos(m / sqrt(q)) / math.pi

    def error_slopes(self, x: Numbers) -> Numbers:
        m, q, _ = x
        slope = -1 / (math.pi * sqrt(maximum(q - m**2, 0 * q + 1e-300)))
        return stack(slope, -slope * m / (2 * q), 0 * q)
