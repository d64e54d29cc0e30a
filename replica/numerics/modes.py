r"""Laws of the components of singular vectors, and averages of a spin in the field of several modes.

Every law here is a mixture of Gaussians, :math:`U = u + \sqrt{v}\, z` with random (u, v) and a standard
Gaussian z: a sign has v = 0; a Laplace variable has u = 0 and an exponential variance v (its scale mixture).
A field that is a sum of modes and Gaussian noise is then Gaussian at fixed (u, v), where the averages of
`replica.numerics.spins` apply, at every temperature; what is left is a sum over a few nodes, exact for
discrete laws. A component in front of a spin is removed by partial integration (Stein's lemma),
:math:`\langle z f(h)\rangle = \sqrt{v}\, c\, \langle f'(h)\rangle` for a field h = c U + ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from replica.errors import ParameterError, UnknownNameError
from replica.numerics.functions import exact, is_exact, maximum, sqrt, taken
from replica.numerics.spins import TINY, SpinAverages, spin_averages
from replica.typing import Booleans, Number

__all__ = ["LAWS", "ComponentAverages", "ComponentLaw", "component_law"]

LAWS = ("gaussian", "laplace", "rademacher", "bernoulli")
"""The laws, all of mean 0 and variance 1; ``bernoulli`` is +-1/sqrt(p) with probability p, else 0."""


_STEPS = (0.1, 0.1, 0.125, 0.2)
"""Step of the rule for exponential variances, by the number of modes: the nodes of modes multiply."""
NEGLIGIBLE = 1e-18
"""Joint probability below which a node of several modes is left out; all of them together have 1e-15."""


@dataclass(frozen=True)
class ComponentLaw:
    """Laws of independent components U_a = u_a + sqrt(v_a) z_a, one for each mode, as a mixture of Gaussians.

    Attributes
    ----------
    shift, variance : sequence of arrays, shape (*batch, n)
        u_a and v_a at the n nodes.
    weight : array, shape (*batch, n)
        Probabilities of the nodes.
    """

    shift: Sequence[Any]
    variance: Sequence[Any]
    weight: Any

    def take(self, index: Any, shape: tuple[int, ...]) -> ComponentLaw:
        """The laws of the points `index` of a flattened batch of that shape."""
        shift, variance = (
            [taken(rows, index, shape, 1) for rows in every] for every in (self.shift, self.variance)
        )
        return ComponentLaw(shift, variance, taken(self.weight, index, shape, 1))


def component_law(
    name: str, p: Number | None = None, *, modes: int = 1, like: Number = 0.0, among: int = 0
) -> ComponentLaw:
    """Law of components of singular vectors, of mean 0 and variance 1.

    Parameters
    ----------
    name : str
        One of `LAWS`.
    p : float, array of shape (*batch,), or mpmath number, optional
        Probability that a component is not zero; for ``bernoulli``, and only there.
    modes : int
        Number of independent components.
    like : number
        An mpmath number asks for nodes at the current precision.
    among : int
        How many components there will be in all, where others are joined to these.

    Raises
    ------
    UnknownNameError, ParameterError
        If there is no such law, or if `p` is missing or out of place.

    Examples
    --------
    >>> law = component_law("laplace")
    >>> second, fourth = (np.sum(v * law.weight) for v in (law.variance[0], 3 * law.variance[0] ** 2))
    >>> print(f"{second:.12f} {fourth:.12f}")
    1.000000000000 6.000000000000
    """
    if name not in LAWS:
        msg = "component law"
        raise UnknownNameError(msg, name, LAWS)
    if (p is None) == (name == "bernoulli"):
        msg = (
            "the law bernoulli needs the probability p of a component that is not zero; no other law has one"
        )
        raise ParameterError(msg)
    one = exact(1.0) if is_exact(like) or is_exact(p) else 1.0
    if name == "laplace":
        variance, weight = (
            _exponential_rule(_STEPS[min(max(modes, among), 3)])
            if isinstance(one, float)
            else _exponential_rule_exact()
        )
        shift = 0 * variance
    elif name == "bernoulli":
        p = np.asarray(p)[..., None]
        shift = np.concatenate([0 * p, 1 / sqrt(p), -1 / sqrt(p)], axis=-1)
        weight = np.concatenate([1 - p, p / 2, p / 2], axis=-1)
        variance = 0 * shift
    elif name == "rademacher":
        shift, variance, weight = np.array([one, -one]), np.array([0 * one] * 2), np.array([one / 2] * 2)
    else:
        shift, variance, weight = np.array([0 * one]), np.array([one]), np.array([one])
    n = weight.shape[-1]
    grid = np.indices((n,) * modes).reshape(modes, n**modes)
    joint = np.prod([weight[..., index] for index in grid], axis=0) if modes else np.array([one])
    if name == "laplace" and modes > 1:  # half of the nodes have no weight to speak of
        keep = joint > NEGLIGIBLE
        grid, joint = grid[:, keep], joint[keep]
    return ComponentLaw(
        [shift[..., index] for index in grid], [variance[..., index] for index in grid], joint
    )


@dataclass(frozen=True)
class ComponentAverages:
    """Averages of a spin in the field h = sum_a c_a U_a + sqrt(noise) z, at temperature T >= 0.

    Attributes
    ----------
    strengths : sequence of arrays, shape (*batch)
        c_a, one for each mode; there may be none.
    noise : float, array or mpmath number
        Variance of the Gaussian noise.
    T : float, array or mpmath number
    law : ComponentLaw
        Of the components U_a, as many as there are strengths.

    Notes
    -----
    Every average has the broadcast shape of strengths, noise and T. Tests compare with mpmath: the absolute
    error is below 1e-13 in units of the natural size.

    Examples
    --------
    >>> average = ComponentAverages([0.9], 0.16, 0.2, component_law("rademacher"))
    >>> print(f"{average.projection(0):.12f}")
    0.959273405573
    """

    strengths: Sequence[Number]
    noise: Number
    T: Number
    law: ComponentLaw

    @cached_property
    def _strengths(self) -> list[Number]:
        """With an axis for the nodes."""
        return [np.asarray(c)[..., None] for c in self.strengths]

    @cached_property
    def _spins(self) -> SpinAverages:
        noise, T = np.asarray(self.noise)[..., None], np.asarray(self.T)[..., None]
        loc, variance = 0 * noise, maximum(noise, 0 * noise)
        for c, u, v in zip(self._strengths, self.law.shift, self.law.variance, strict=True):
            loc, variance = loc + c * u, variance + c * c * v
        return spin_averages(loc, sqrt(variance), T)

    def with_slopes(self) -> ComponentAverages:
        """The same, values and their derivatives taken in one pass: for who reads both."""
        self._spins.with_slopes()
        return self

    def _mean(self, values: Number) -> Number:
        return np.sum(values * self.law.weight, axis=-1)

    def projection(self, a: int) -> Number:
        """<U_a tanh(h/T)>."""
        (c, u, v), spin = self._mode(a), self._spins
        return self._mean(u * spin.tanh + c * v * spin.susceptibility)

    @property
    def susceptibility(self) -> Number:
        """C = <1 - tanh^2(h/T)>/T."""
        return self._mean(self._spins.susceptibility)

    @property
    def log2cosh(self) -> Number:
        """T <ln 2cosh(h/T)>."""
        return self._mean(self._spins.log2cosh)

    @property
    def entropy(self) -> Number:
        """<ln 2cosh(h/T) - (h/T) tanh(h/T)>."""
        return self._mean(self._spins.entropy)

    @property
    def sech4_over_T(self) -> Number:
        """<sech^4(h/T)>/T, which enters the replicon."""
        return self._mean(self._spins.sech4_over_T)

    @property
    def tanh2(self) -> Number:
        """<tanh^2(h/T)>, to rounding error also where it is small."""
        return self._mean(self._spins.tanh2)

    @property
    def excess(self) -> Number:
        """<tanh^2(h/T)> - (noise/T^2) <sech^4(h/T)>, without cancellation; NaN of a wide field."""
        spin, T = self._spins, maximum(self._spins.T, TINY)
        ordered = spin.loc * 0
        for c, v in zip(self._strengths, self.law.variance, strict=True):
            ordered = ordered + c * c * v
        return self._mean(spin.excess + ordered / T * (spin.sech4_over_T))

    def response_mismatch(self, C: Number) -> Number:
        """<1 - tanh^2>/T - C for a guess of C; of a narrow field as the difference of two overlaps."""
        small = (1 - self.T * C - self.tanh2) / maximum(self.T, TINY)
        return np.where(self.narrow & (self.tanh2 < 0.5), small, self.susceptibility - C)[()]

    @property
    def narrow(self) -> Booleans:
        """Whether the fields are narrow beside the temperature, for every node of the law."""
        return np.all(self._spins.narrow, axis=-1)

    def projection_by_strength(self, a: int, b: int) -> Number:
        """d<U_a tanh(h/T)>/dc_b."""
        (c, u, v), (d, s, t), spin = self._mode(a), self._mode(b), self._spins
        value = (
            u * s * spin.susceptibility
            + (u * d * t + c * v * s) * spin.susceptibility_1
            + c * v * d * t * spin.susceptibility_2
        )
        return self._mean(value + v * spin.susceptibility if a == b else value)

    def susceptibility_by_strength(self, a: int) -> Number:
        """dC/dc_a, which is also 2 d<U_a tanh(h/T)>/d noise, by the heat equation."""
        (c, u, v), spin = self._mode(a), self._spins
        return self._mean(u * spin.susceptibility_1 + c * v * spin.susceptibility_2)

    @property
    def susceptibility_by_noise(self) -> Number:
        """dC/d noise."""
        return self._mean(self._spins.susceptibility_2) / 2

    def _mode(self, a: int) -> tuple[Number, Number, Number]:
        return self._strengths[a], self.law.shift[a], self.law.variance[a]


@cache
def _exponential_rule(step: float) -> tuple[Number, Number]:
    """Rule for the weight exp(-v) on v > 0: trapezoidal in t with v = exp(t - exp(-t))."""
    return _double_exponential(step * np.arange(int(-4.4 / step), int(3.9 / step)), np.exp)


def _exponential_rule_exact() -> tuple[Number, Number]:
    import mpmath

    return _exponential_rule_at(mpmath.mp.prec)


@cache
def _exponential_rule_at(precision: int) -> tuple[Number, Number]:
    import mpmath

    log_error = precision * mpmath.log(2) + 10
    step = mpmath.pi**2 / log_error
    first, last = int(-mpmath.log(2 * log_error) / step) - 1, int(mpmath.log(log_error) / step) + 1
    t = np.array([step * i for i in range(first, last + 1)], dtype=object)
    return _double_exponential(t, np.frompyfunc(mpmath.exp, 1, 1))


def _double_exponential(t: Number, exp: Callable[[Number], Number]) -> tuple[Number, Number]:
    v = exp(t - exp(-t))
    weight = exp(-v) * v * (1 + exp(-t))
    return v, weight / np.sum(weight)
