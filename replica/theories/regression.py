"""Regression: a loss of values and a penalty, minimised, in the limit of many weights and examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from replica.numerics.functions import stack
from replica.theory import Value, parameter
from replica.theory.prior_channel import LOAD, PENALTY, Mixture, Trained, sparse
from replica.typing import Number, Numbers
from replica.units import Gaussian, Unit
from replica.units.channels import Channel, Square

__all__ = ["Regression"]


@dataclass(frozen=True)
class Regression(Trained):
    r"""Values learned from alpha N examples by minimising a loss and a penalty, replica symmetric [TAH18]_.

    The weights w are at the minimum of sum U(w.x/sqrt(N) - y) + lambda sum r(w), where the values are
    y = w0.x/sqrt(N) + noise. Channels: square (ridge regression with the Gaussian prior), absolute. Priors:
    gaussian, r = w^2/2; laplace, r = |w|; non-negative; box.

    Parameters
    ----------
    alpha : float or array
        Examples per weight, > 0.
    penalty : float or array
        Strength lambda of the penalty, > 0; the loss is a sum over the examples, and not divided by anything.
    noise : float or array
        Variance of the noise of the values, >= 0.
    rho : float or array
        Share of the teacher's weights that are not 0; those are Gaussian of variance 1.
    prior, channel : Unit or str
        Penalty and loss.

    References
    ----------
    .. [TAH18] C. Thrampoulidis, E. Abbasi, B. Hassibi, IEEE Trans. Inform. Theory 64, 5592 (2018).

    Examples
    --------
    >>> from replica import critical, solve
    >>> state = solve(Regression(alpha=2.0, penalty=0.1, noise=0.2))
    >>> print(f"{state['m']:.12f} {state['q']:.12f} {state['error']:.12f}")
    0.915571122978 0.987728235945 0.156585989990
    >>> print(f"{critical(state.theory).value:.9f}")
    0.200000000
    """

    alpha: Value = parameter(**LOAD, open_lower=True, typical=(0.1, 4.0))
    penalty: Value = parameter(**PENALTY, typical=(0.01, 2.0))
    noise: Value = parameter("variance of the noise", r"\sigma^2", lower=0, default=0.0, typical=(0.0, 1.0))
    rho: Value = parameter(
        "share of the teacher's weights that are not 0",
        r"\rho",
        lower=0,
        upper=1,
        open_lower=True,
        default=1.0,
        typical=(0.05, 1.0),
    )
    prior: Unit = parameter("prior of the weights, the penalty", "r", kind="unit", default=Gaussian())
    channel: Channel = parameter("channel, the loss", "U", kind="unit", default=Square())

    name: ClassVar[str] = "regression"
    aliases: ClassVar[tuple[str, ...]] = ("ridge", "lasso")
    losses: ClassVar[tuple[str, ...]] = ("square", "absolute")
    equations: ClassVar[Mapping[str, str]] = {
        "H": "H = sum_k U(y_k - h_k) + lambda sum_i r(w_i), h_k = sum_i x_ik w_i/sqrt(N)",
        "w": "w = x with the least e_w = lambda r(x) + Vh x^2/2 - (mh w0 + sqrt(qh) z) x",
        "g": "g = (x - h)/V with the least e_x = U(x) + (x - h)^2/(2 V), h = sqrt(q - 2 m + rho + noise) z",
        "Vh": "Vh = -alpha E[g1], g1 the slope of g",
        "mh": "mh = Vh",
        "qh": "qh = alpha E[g^2]",
        "m": "m = E[w0 w]",
        "q": "q = E[w^2]",
        "V": "V = E[w1], w1 the slope of w by its field",
        "f": "f = m mh + (qh V - Vh q)/2 + E[e_w] + alpha E[e_x]",
        "error": "error = q - 2 m + rho",
        "training": "training = E[U(h + V g)]",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "m": "overlap of the weights with the teacher's",
        "q": "mean square of a weight",
        "V": "response of a weight to a field",
        "error": "mean square error on new examples, without their noise",
        "training": "mean loss on the examples of the training",
    }
    references: ClassVar[tuple[str, ...]] = (
        "C. Thrampoulidis, E. Abbasi, B. Hassibi, IEEE Trans. Inform. Theory 64, 5592 (2018)",
        "M. Bayati, A. Montanari, IEEE Trans. Inform. Theory 58, 1997 (2012)",
    )
    known: ClassVar[Mapping[str, str]] = {
        "best lambda, gaussian and square, rho = 1": "the variance of the noise, exact (Bayes)",
        "V, gaussian and square": "V = 1/[lambda + alpha/(1 + V)], exact",
    }
    notes: ClassVar[tuple[str, ...]] = (
        "-p lambda=0.1 is the penalty. Other texts divide the loss by N, or write 1/lambda.",
        "As lambda -> 0 the error has a peak at alpha = 1 (double descent).",
    )

    @property
    def teacher(self) -> Mixture:
        return sparse(self.rho)

    def error(self, x: Numbers) -> Number:
        m, q, _ = x
        return q - 2 * m + self.size

    def error_slopes(self, x: Numbers) -> Numbers:
        one = 1 + 0 * x[0]
        return stack(-2 * one, one, 0 * one)
