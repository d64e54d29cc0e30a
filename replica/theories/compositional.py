"""Random RBM with {0,1} visible and ReLU hidden units at T = 0: compositional phase, thresholded Hopfield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import special

from replica.averages import TINY, IntegerLaw, skellam, trinomial
from replica.errors import ParameterError
from replica.functions import H, exact, is_exact, maximum, pdf, sqrt, stack
from replica.theory import (
    Boundary,
    Branch,
    Coexistence,
    Critical,
    Fold,
    Limit,
    Parameter,
    Phase,
    Theory,
    Zero,
    parameter,
)

__all__ = ["Compositional", "ThresholdedHopfield"]

_BRANCHES = {
    "retrieval": Branch("m > 0: L hidden units strongly active, continued from v = 1 iff W >= 1"),
    "glass": Branch("spin glass: m = 0, the solution with the largest q"),
}


class BernoulliReLU(Theory):
    r"""The equations of both theories of this module [TM17]_: eqs. (3.1), (3.2) of docs/theory/compositional.md.

    Unknowns m (overlap of the L strong hidden units), q (activity) and C (response of the visible layer);
    r and B follow in closed form. A subclass gives `alpha`, `theta`, `g`, the integer field's `law` and `l`.
    `overlap_unit` is the local field of one strong hidden unit at m = 1: 1/2 in scaled variables, else 1.
    """

    alpha: Parameter
    theta: Parameter
    g: Parameter
    l: Parameter  # noqa: E741
    overlap_unit: ClassVar[float] = 0.5
    order: ClassVar[tuple[str, ...]] = ("m", "q", "C")
    limit: ClassVar[Limit | None] = Limit("alpha")
    branches: ClassVar[Mapping[str, Branch]] = _BRANCHES

    @cached_property
    def law(self) -> IntegerLaw:
        """Law of W, the sum of the weights to the strong hidden units."""
        raise NotImplementedError

    def hidden(self, x: Any) -> tuple[Any, Any, Any]:
        """Threshold theta/sqrt(q) of the weak hidden units, their response B and mean square r."""
        _, q, C = x
        u = self.theta / sqrt(maximum(q, q * 0 + TINY))
        return u, H(0, u) / (1 - C), q * H(2, u) / (1 - C) ** 2

    def field(self, x: Any) -> tuple[Any, Any, Any]:
        """Local field over its noise, t(W), with the noise s = sqrt(alpha r) and the bias g + alpha B/2."""
        m, _, _ = x
        _, B, r = self.hidden(x)
        s = sqrt(maximum(self.alpha * r, r * 0 + TINY**2))
        bias = 0 * m if self.g is None else self.g + self.alpha * B / 2
        return (_last(bias) + self.overlap_unit * _last(m) * self.law.w) / _last(s), s, bias

    def update(self, x: Any) -> Any:
        t, s, _ = self.field(x)
        active, law = H(0, -t), self.law
        return stack(
            _mean((active - active[..., ::-1]) / 2, law.tilted) / (2 * self.overlap_unit),  # odd: exactly 0 at m = 0
            _mean(active, law.weight),
            _mean(pdf(t), law.weight) / s,
        )

    def free_energy(self, x: Any) -> Any:
        m, q, C = x
        u, B, r = self.hidden(x)
        t, s, _ = self.field(x)
        return (
            self.l * (self.overlap_unit * m) ** 2 / 2
            + self.alpha / 2 * (r * C + B * q)
            - s * _mean(H(1, -t), self.law.weight)
            - self.alpha * q / (2 * (1 - C)) * H(2, u)
        )

    def physical(self, x: Any) -> Any:
        _, _, C = x
        return C < 1  # C >= 0 and 0 <= q <= 1 hold at every root by themselves

    def jacobian(self, x: Any) -> Any:
        m, q, C = x
        u, B, r = self.hidden(x)
        t, s, _ = self.field(x)
        law, density = self.law, pdf(t)
        floor = maximum(q, q * 0 + TINY)
        # how r and B answer to q and C: dr/dq = H0/(1-C)^2 since H0 = H2 + u H1
        to_r = (H(0, u) / (1 - C) ** 2, 2 * r / (1 - C))
        to_B = (pdf(u) * u / (2 * floor * (1 - C)), B / (1 - C))
        rows = []
        columns = [(self.overlap_unit * law.w / _last(s), 0 * m)]
        for dr, dB in zip(to_r, to_B, strict=True):
            log_s = dr / (2 * maximum(r, r * 0 + TINY**2))
            bias = 0 * dB if self.g is None else self.alpha * dB / 2
            columns.append((_last(bias / s) - t * _last(log_s), log_s))
        for weight, unit in ((law.tilted, 2 * self.overlap_unit), (law.weight, 1)):
            rows.append(stack(*(_mean(density * dt, weight) / unit for dt, _ in columns)))
        responses = (-_mean(t * density * dt, law.weight) / s for dt, _ in columns)
        here = _mean(density, law.weight) / s
        rows.append(stack(*(one - here * log_s for one, (_, log_s) in zip(responses, columns, strict=True))))
        return stack(*rows)

    def start(self, branch: str) -> Any:
        self.branch(branch)
        if branch == "retrieval":  # noise-free: v = 1 iff W >= 1
            law = self.law
            on = np.where(law.w >= 1, 1.0, 0.0)
            return self.state(m=_mean(on, law.tilted) / (2 * self.overlap_unit), q=_mean(on, law.weight), C=0.0)
        return self._glass_start()

    def _glass_start(self) -> Any:
        """Largest q on the explicit glass curve g(q) = (1 + k)[X sqrt(alpha q H2) - alpha H0/2]."""
        alpha, theta = (np.asarray(v, dtype=float) for v in (self.alpha, self.theta))
        x = np.linspace(6.0, -6.0, 241)
        q = special.ndtr(x)
        u = _last(theta) / np.sqrt(q)
        s = np.sqrt(_last(alpha) * q * H(2, u))  # (1 - C) times the noise
        k = pdf(x) / np.maximum(s, TINY)
        C = k / (1 + k)
        if self.g is None:
            middle = np.argmin(np.abs(x))
            return self.state(m=0.0, q=0.5, C=np.broadcast_to(C[..., middle], self.batch))
        curve = (1 + k) * (x * s - _last(alpha) * H(0, u) / 2) - _last(np.asarray(self.g, dtype=float))
        crossing = (curve[..., :-1] * curve[..., 1:] <= 0) & np.isfinite(curve[..., :-1] * curve[..., 1:])
        first = _last(np.argmax(crossing, axis=-1))
        a, b = np.take_along_axis(curve, first, -1), np.take_along_axis(curve, first + 1, -1)
        share = np.divide(a, a - b, out=np.zeros_like(a), where=a != b)
        between = [
            (1 - share) * np.take_along_axis(v, first, -1) + share * np.take_along_axis(v, first + 1, -1)
            for v in np.broadcast_arrays(q, C, curve)[:2]
        ]
        none = ~np.any(crossing, axis=-1)
        q0, C0 = (np.where(none, np.nan, v[..., 0]) for v in between)
        return self.state(m=0.0, q=q0, C=C0)

    def belongs(self, branch: str, x: Any) -> Any:
        m, _, _ = x
        return np.abs(m) > 1e-7 if branch == "retrieval" else np.abs(m) < 1e-7

    def derived(self, x: Any) -> dict[str, Any]:
        _, B, r = self.hidden(x)
        return {"r": r, "B": B}

    def energy(self, x: Any) -> Any:
        return self.free_energy(x)

    def replicon(self, x: Any) -> Any:
        """Discrete visible units at T = 0 answer with a jump: replica symmetry is unstable."""
        return np.full(np.shape(x)[1:], -np.inf)[()]


def _last(value: Any) -> Any:
    """Append the axis of W."""
    return np.expand_dims(np.asarray(value), -1)


def _mean(values: Any, weight: Any) -> Any:
    return np.sum(values * weight, axis=-1)


@dataclass(frozen=True)
class Compositional(BernoulliReLU):
    r"""Homogeneous random RBM with {0,1} visible and ReLU hidden units at T = 0 [TM17]_.

    Parameters are the scaled ones: L = l/p strong hidden units, threshold theta sqrt(p), field g p. At p = 0
    (the limit p -> 0, the default) W is Skellam distributed and `l` is continuous; at finite p it is trinomial
    and the integer `L` is given instead, l = p L. The equations are the same.

    Parameters
    ----------
    alpha : float or array
        Hidden units per visible unit, >= 0.
    theta : float or array
        Scaled threshold of the hidden units, theta / sqrt(p).
    g : float or array
        Scaled field on the visible units, g / p.
    l : float or array, optional
        Scaled number of strong hidden units, l = p L >= 0; needed at p = 0.
    p : float, optional
        Weight sparsity in [0, 1]; 0 stands for the limit.
    L : int, optional
        Number of strong hidden units; needed at p > 0.

    References
    ----------
    .. [TM17] J. Tubiana, R. Monasson, Phys. Rev. Lett. 118, 138301 (2017).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(Compositional(alpha=0.5, theta=1.5, g=-0.21, l=0.5))
    >>> print(f"{state['m']:.9f} {state['q']:.9f} {state.free_energy:.9e}")
    0.801456074 0.177482365 -2.875404249e-03
    """

    alpha: Parameter = parameter(
        "load, hidden units per visible unit", r"\alpha", lower=0, unit="hidden/visible", typical=(0.0, 2.0)
    )
    theta: Parameter = parameter("scaled threshold, theta/sqrt(p)", r"\tilde\theta", typical=(0.0, 2.5))
    g: Parameter = parameter("scaled visible field, g/p", r"\tilde g", typical=(-0.6, 0.0))
    l: Parameter = parameter(  # noqa: E741
        "scaled number of strong hidden units, l = pL", r"\ell", lower=0, default=None, typical=(0.0, 6.0)
    )
    p: Parameter = parameter("weight sparsity; 0 is the limit p -> 0", "p", lower=0, upper=1, default=0.0)
    L: Parameter = parameter(
        "number of strong hidden units, at p > 0", "L", lower=1, default=None, integer=True, typical=(1, 20)
    )

    name: ClassVar[str] = "compositional"
    lines: ClassVar[Mapping[str, Boundary]] = {
        "spinodal": Fold("retrieval"),
        "compositional-glass": Coexistence(Phase("retrieval", over="l"), Phase("glass")),
        "ferromagnet-glass": Zero(Phase("glass"), "free_energy", "first-order"),
        "ferromagnet-compositional": Zero(Phase("retrieval", at=(("l", 0.0),)), "slope_l", "continuous"),
    }
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with an m > 0 solution at fixed l"
    )

    def __post_init__(self) -> None:
        """Check the domain, and that l and L are given where each belongs."""
        super().__post_init__()
        sparse = np.asarray(self.p, dtype=float)
        if np.any(sparse > 0) and not np.all(sparse > 0):
            raise ParameterError("compositional: p = 0 (the limit) and p > 0 cannot be mixed in one batch")
        if np.all(sparse > 0):
            if self.l is not None:
                raise ParameterError("compositional: l follows from l = p L at p > 0; give L, not l")
            if self.L is None:
                raise ParameterError("compositional: at p > 0 the number L of strong hidden units is needed")
            object.__setattr__(self, "l", np.multiply(self.p, self.L)[()])
        elif self.L is not None:
            raise ParameterError("compositional: L is infinite in the limit p -> 0; give l = pL, or p > 0 with L")

    @cached_property
    def law(self) -> IntegerLaw:
        return skellam(self.l) if np.all(np.asarray(self.p) == 0) else trinomial(self.p, self.L)

    def slope(self, parameter: str, x: Any) -> Any:
        if parameter != "l" or self.law.slope is None:
            return super().slope(parameter, x)
        m, _, _ = x
        t, s, _ = self.field(x)
        return (self.overlap_unit * m) ** 2 / 2 - s * _mean(H(1, -t), self.law.slope)

    def slope_l(self, x: Any) -> Any:
        """df/dl; at l = 0 its sign tells whether one strong hidden unit wants company."""
        return self.slope("l", x)

    @classmethod
    def from_unscaled(cls, alpha: Any, theta: Any, g: Any, p: Any, L: Any) -> Self:
        """Theory from unscaled parameters: theta and g as they stand in the energy; 0 < p <= 1."""
        if not np.all(np.asarray(p) > 0):
            raise ParameterError("compositional: unscaled parameters need a finite sparsity, 0 < p <= 1")
        return cls(alpha=alpha, theta=theta / np.sqrt(p), g=g / p, p=p, L=L)

    def unscaled(self, name: str, value: Any) -> Any:
        """A scaled quantity (order parameter, parameter or free energy) in unscaled units, at p > 0."""
        powers = {"m": 1, "r": 1, "B": 1, "g": 1, "theta": 0.5, "free_energy": 1, "energy": 1}
        factor = np.power(self.p, powers.get(name, 0)) * (0.5 if name == "m" else 1)
        return value * factor


@dataclass(frozen=True)
class ThresholdedHopfield(BernoulliReLU):
    r"""Hopfield network with thresholded hidden units: the ReLU-RBM at p = 1, L = 1 and T = 0 [M21]_.

    By default the visible field follows the state, g = -alpha B/2, which centres the visible units (q = 1/2);
    the theory then maps onto the Hopfield network with alpha_c(theta) = alpha_c(0)/(2 H_2(sqrt2 theta)).
    A constant field `g` is allowed too. Variables are unscaled: m = 1/2 is perfect retrieval.

    Parameters
    ----------
    alpha : float or array
        Patterns per neuron, >= 0.
    theta : float or array
        Threshold of the hidden units.
    g : float or array, optional
        Constant visible field; by default the tuned one.

    References
    ----------
    .. [M21] G. Manzan, Restricted Boltzmann Machines (slides, University of Padova, 2021).

    Examples
    --------
    >>> from replica import solve
    >>> state = solve(ThresholdedHopfield(alpha=0.2, theta=0.5))
    >>> print(f"{state['m']:.9f} {state['q']:.3f}")
    0.499943092 0.500
    """

    alpha: Parameter = parameter("load, patterns per neuron", r"\alpha", lower=0, unit="patterns/neuron")
    theta: Parameter = parameter("threshold of the hidden units", r"\theta", default=0.0, typical=(-1.0, 2.0))
    g: Parameter = parameter("constant visible field; tuned to -alpha B/2 by default", "g", default=None)

    name: ClassVar[str] = "thresholded-hopfield"
    overlap_unit: ClassVar[float] = 1.0
    lines: ClassVar[Mapping[str, Boundary]] = {"spinodal": Fold("retrieval")}
    critical: ClassVar[Critical | None] = Critical(
        "alpha", "spinodal", "alpha_c", "largest load with a retrieval solution"
    )

    @property
    def l(self) -> Any:  # noqa: E743
        """One strong hidden unit."""
        return 1.0

    @cached_property
    def law(self) -> IntegerLaw:
        return trinomial(exact(1.0) if is_exact(self.alpha) else 1.0, 1)

    def tuned(self, x: Any) -> Self:
        """The same machine with its field held at the value it has in the state x."""
        return self.at(g=-self.alpha * self.hidden(x)[1] / 2) if self.g is None else self
